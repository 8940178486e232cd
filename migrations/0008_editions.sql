-- Editions: every import of a layer is one, and the table of a superseded one is kept for a while in schema `editions`.
CREATE SCHEMA IF NOT EXISTS editions;

CREATE TABLE dothi.edition (
  layer   text NOT NULL,
  number  integer NOT NULL,
  how     text NOT NULL CHECK (how IN ('replace', 'append', 'upsert')),
  import  bigint REFERENCES dothi.import ON DELETE SET NULL,
  source  text,                  -- file name and source layer, never a path
  sha256  text,                  -- of the source file, in hexadecimal
  options jsonb NOT NULL DEFAULT '{}',
  who     text NOT NULL DEFAULT session_user,
  at      timestamptz NOT NULL DEFAULT now(),
  version bigint NOT NULL,       -- of the layer, when the edition came in
  -- What the catalog said when the table was put aside; null while the edition is the one that is served, and once its
  -- table is gone.
  aside   jsonb,
  until   timestamptz,           -- when it was last put aside
  PRIMARY KEY (layer, number)
);

ALTER TABLE dothi.layer
  ADD COLUMN edition integer,                                                 -- the one that is served
  ADD COLUMN keep_editions integer CHECK (keep_editions BETWEEN 0 AND 100);   -- earlier ones that are kept; null: as is usual

INSERT INTO dothi.edition (layer, number, how, import, source, who, at, version)
SELECT DISTINCT ON (i.layer) i.layer, 1, 'replace', i.id, i.source, i.who, i.at, i.version
FROM dothi.import i JOIN dothi.layer l ON l.id = i.layer ORDER BY i.layer, i.id DESC;
UPDATE dothi.layer l SET edition = 1 FROM dothi.edition e WHERE e.layer = l.id;
