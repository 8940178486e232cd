-- The official codes in a label of land use, in its order: `ONT+CLN` is {ONT,CLN}, `OCT` (a common slip) {OTC}; of the old
-- ones `T` (thổ cư) is OTC and `2L` (two crops of rice) LUC. NULL where the label does not begin with a code. Whether a
-- code is official, dothi.land_use says.
CREATE FUNCTION dothi.land_use_codes(label text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN upper(btrim(label)) = 'T' THEN '{OTC}'::text[]
    WHEN upper(btrim(label)) = '2L' THEN '{LUC}'::text[]
    WHEN upper(btrim(label)) ~ '^[A-Z]{3}([^[:alpha:]]|$)' THEN (
      SELECT array_agg(CASE m[1] WHEN 'OCT' THEN 'OTC' ELSE m[1] END ORDER BY n)
      FROM regexp_matches(upper(label), '[[:alpha:]]+', 'g') WITH ORDINALITY AS t (m, n)
      WHERE m[1] ~ '^[A-Z]{3}$')
  END
$$;
COMMENT ON FUNCTION dothi.land_use_codes(text) IS 'The official land-use codes in a label, the first of which rules its colour';

-- Which circulars have a code: 27/2018 (and older), 08/2024. Loaded with the list, anew at the next start.
ALTER TABLE dothi.land_use
  ADD in_2018 boolean NOT NULL DEFAULT true,
  ADD in_2024 boolean NOT NULL DEFAULT true;
COMMENT ON TABLE dothi.land_use IS NULL;
