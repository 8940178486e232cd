-- What is wrong in each edition of a layer, counted and, up to a limit, one by one.
CREATE TABLE dothi.quality (
  layer     text NOT NULL,
  edition   integer NOT NULL,
  at        timestamptz NOT NULL DEFAULT now(),
  version   bigint NOT NULL,       -- of the layer, when it was checked
  summary   jsonb NOT NULL,        -- quality::Summary
  PRIMARY KEY (layer, edition),
  FOREIGN KEY (layer, edition) REFERENCES dothi.edition ON DELETE CASCADE
);

CREATE TABLE dothi.issue (
  layer       text NOT NULL,
  edition     integer NOT NULL,
  id          integer NOT NULL,
  kind        text NOT NULL,
  severity    text NOT NULL CHECK (severity IN ('error', 'warning', 'note')),
  fids        bigint[] NOT NULL,   -- the first twenty
  row         bigint,              -- of the source, where it did not become a feature
  area        float8,              -- m²
  area_before float8,              -- m², of what was mended
  width       float8,              -- m
  detail      text,
  geom        geometry,            -- in the layer's CRS
  PRIMARY KEY (layer, edition, id),
  FOREIGN KEY (layer, edition) REFERENCES dothi.quality ON DELETE CASCADE
);
