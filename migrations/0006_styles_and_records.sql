-- Styles that somebody made: under the id of a layer, or `default`, instead of the generated one; under others beside it.
CREATE TABLE dothi.style (
  id       text PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9_]{0,49}$'),
  document json NOT NULL,                   -- MapLibre; addresses of this server begin with `/`
  state    text NOT NULL,                   -- a hash of the document
  who      text NOT NULL,
  created  timestamptz NOT NULL DEFAULT now(),
  updated  timestamptz NOT NULL DEFAULT now()
);

-- What the record of a layer says beside what the catalog knows anyway: agency, lineage, dates, legal basis (layer::about).
ALTER TABLE dothi.layer ADD COLUMN about jsonb NOT NULL DEFAULT '{}';
