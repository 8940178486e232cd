-- Tables that were imported before ids had a default of their own are numbered by one now: editors such as QGIS 3.22 send NULL
-- for what has no default that they can read, and an identity column is none.
DO $$
DECLARE
  place record;
  sequence text;
  following bigint;
BEGIN
  FOR place IN
    SELECT c.oid::regclass AS tab, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('layers', 'editions', 'staging') AND c.relkind = 'r' AND a.attname = 'fid' AND a.attidentity <> ''
  LOOP
    -- The identity's own sequence goes with it and leaves its name.
    sequence := pg_get_serial_sequence(place.name, 'fid');
    EXECUTE format('LOCK TABLE %s', place.tab);
    EXECUTE format('SELECT greatest(least(coalesce(max(fid), 0), %s - 1), (SELECT least(last_value, %s - 1) - 1 + is_called::int FROM %s)) + 1 FROM %s',
                   9223372036854775807, 9223372036854775807, sequence, place.tab) INTO following;
    EXECUTE format('ALTER TABLE %s ALTER fid DROP IDENTITY', place.tab);
    EXECUTE format('CREATE SEQUENCE %s START WITH %s OWNED BY %s.fid', sequence, following, place.tab);
    EXECUTE format('ALTER TABLE %s ALTER fid SET DEFAULT nextval(%L)', place.tab, sequence);
  END LOOP;
END $$;

-- The fields by which features are often ordered; each has an index (layers set --sort-index).
ALTER TABLE dothi.layer ADD COLUMN IF NOT EXISTS sort_fields text[] NOT NULL DEFAULT '{}';
