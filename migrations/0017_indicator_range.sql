-- What a building indicator of a plan allows (coverage, storeys, floor area ratio), which plans give as text: `≤60` is
-- (,60], `3–5` is [3,5], `1,2` is [1.2,1.2]. NULL where it is neither a number nor a range. The text itself stays as it is.
CREATE FUNCTION dothi.indicator_range(label text) RETURNS numrange
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN p[3] IS NOT NULL THEN
      CASE WHEN p[1] IS NULL AND p[2]::numeric <= p[3]::numeric THEN numrange(p[2]::numeric, p[3]::numeric, '[]') END
    WHEN p[1] IN ('≤', '<=') THEN numrange(NULL, p[2]::numeric, '(]')
    WHEN p[1] = '<' THEN numrange(NULL, p[2]::numeric, '()')
    WHEN p[1] IN ('≥', '>=') THEN numrange(p[2]::numeric, NULL, '[)')
    WHEN p[1] = '>' THEN numrange(p[2]::numeric, NULL, '()')
    WHEN p[2] IS NOT NULL THEN numrange(p[2]::numeric, p[2]::numeric, '[]')
  END
  FROM regexp_match(
    regexp_replace(replace(label, ',', '.'), '\s|%|[tT]ầng|TẦNG|[lL]ần|LẦN', '', 'g'),
    '^(≤|<=|<|≥|>=|>)?([0-9]{1,12}(?:\.[0-9]{1,6})?)(?:(?:-|–|—|÷|~|đến)([0-9]{1,12}(?:\.[0-9]{1,6})?))?$') AS p
$$;
COMMENT ON FUNCTION dothi.indicator_range(text) IS 'What a building indicator of a plan allows: ≤60 is (,60], 3–5 is [3,5]';
