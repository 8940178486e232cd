-- The catalog, the journal and the imports. Tables of layers live in schema `layers`, one real table a layer.

CREATE EXTENSION IF NOT EXISTS postgis;

CREATE SCHEMA IF NOT EXISTS layers;
CREATE SCHEMA IF NOT EXISTS staging;

-- PostGIS 3.3 knows VN-2000 zones 5896–5899 but not the provincial ones (EPSG:9205–9218).
-- TOWGS84 here is position-vector, so the rotations have the opposite sign of Decision 05/2007/QĐ-BTNMT.
INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text)
SELECT code, 'EPSG', code,
  format('PROJCS["VN-2000 / TM-3 %s",GEOGCS["VN-2000",DATUM["Vietnam_2000",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],'
    'TOWGS84[-191.90441429,-39.30318279,-111.45032835,0.00928836,-0.01975479,0.00427372,0.252906278],AUTHORITY["EPSG","6756"]],'
    'PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4756"]],'
    'PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",%s],PARAMETER["scale_factor",0.9999],'
    'PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1,AUTHORITY["EPSG","9001"]],AUTHORITY["EPSG","%s"]]', name, meridian, code),
  format('+proj=tmerc +lat_0=0 +lon_0=%s +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84 '
    '+towgs84=-191.90441429,-39.30318279,-111.45032835,0.00928836,-0.01975479,0.00427372,0.252906278 +units=m +no_defs', meridian)
FROM (VALUES
  (9205, '103-00', 103.0), (9206, '104-00', 104.0), (9207, '104-30', 104.5), (9208, '104-45', 104.75), (9209, '105-30', 105.5),
  (9210, '105-45', 105.75), (9211, '106-00', 106.0), (9212, '106-15', 106.25), (9213, '106-30', 106.5), (9214, '107-00', 107.0),
  (9215, '107-15', 107.25), (9216, '107-30', 107.5), (9217, '108-15', 108.25), (9218, '108-30', 108.5)
) AS zone (code, name, meridian)
ON CONFLICT (srid) DO NOTHING;

-- Everything that describes a layer is data here, never configuration in a file.
CREATE TABLE dothi.layer (
  id            text PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9_]{0,49}$'),
  title         text NOT NULL,
  title_en      text,
  description   text,
  "group"       text,
  group_en      text,
  attribution   text,
  licence       text,
  illustrative  boolean NOT NULL DEFAULT false,
  visible       boolean NOT NULL DEFAULT true,
  position      integer NOT NULL DEFAULT 100,
  min_zoom      smallint NOT NULL DEFAULT 0 CHECK (min_zoom BETWEEN 0 AND 24),
  max_zoom      smallint NOT NULL DEFAULT 18 CHECK (max_zoom BETWEEN min_zoom AND 24),
  color         text CHECK (color ~ '^#[0-9A-Fa-f]{6}$'),
  class_field   text,                       -- the field that carries land-use codes
  label_field   text,
  srid          integer,                    -- storage CRS; null: no geometry
  geometry      jsonb,                      -- schema::Geometry
  shape         text CHECK (shape IN ('point', 'line', 'polygon', 'mixed')),
  fields        jsonb NOT NULL,             -- [schema::Field]
  version       bigint NOT NULL DEFAULT 0,  -- no gaps; commit order is version order
  feature_count bigint NOT NULL DEFAULT 0,
  extent        float8[] CHECK (cardinality(extent) = 4),  -- west, south, east, north in degrees (CRS84)
  updated       timestamptz NOT NULL DEFAULT now()
);

-- The journal: one row a changed feature; op `r` says that the whole layer was replaced (fid and box are null).
CREATE TABLE dothi.change (
  layer   text NOT NULL,
  version bigint NOT NULL,
  op      "char" NOT NULL CHECK (op IN ('i', 'u', 'd', 'r')),
  fid     bigint,
  box     box2d,                            -- in the layer's CRS; of an update, around before and after
  who     text NOT NULL DEFAULT session_user,
  at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX change_layer_version ON dothi.change (layer, version);

-- One row an imported layer, with the account of every source row.
CREATE TABLE dothi.import (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  layer    text NOT NULL,
  version  bigint NOT NULL,
  source   text NOT NULL,                   -- file name and source layer, never a path
  who      text NOT NULL DEFAULT session_user,
  at       timestamptz NOT NULL DEFAULT now(),
  report   jsonb NOT NULL
);
CREATE INDEX import_layer ON dothi.import (layer, id);

-- Source rows that could not be imported, as far as they could be read.
CREATE TABLE dothi.set_aside (
  import     bigint NOT NULL REFERENCES dothi.import ON DELETE CASCADE,
  row        bigint NOT NULL,               -- number of the row in the source, as GDAL counts it
  reason     text NOT NULL,
  attributes jsonb NOT NULL,
  wkb        bytea
);
CREATE INDEX set_aside_import ON dothi.set_aside (import);

-- Features whose geometry was mended on import: what was wrong, where, and what it did to the area.
CREATE TABLE dothi.repair (
  import      bigint NOT NULL REFERENCES dothi.import ON DELETE CASCADE,
  fid         bigint NOT NULL,
  reason      text NOT NULL,
  place       geometry(Point),              -- in the layer's CRS
  area_before float8,
  area_after  float8
);
CREATE INDEX repair_import ON dothi.repair (import);

-- Official land-use codes; loaded from data/land-use.csv at every start.
CREATE TABLE dothi.land_use (
  code   text PRIMARY KEY,
  name   text NOT NULL,
  name_en text NOT NULL,
  parent text,
  color  text NOT NULL,
  rank   integer NOT NULL
);

-- Takes the next version of a layer under a lock on its catalog row, so that versions have no gaps and are in commit order.
CREATE FUNCTION dothi.bump(layer_id text, delta bigint, grown geometry) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = dothi, public AS $$
DECLARE
  v bigint;
  b geometry;
BEGIN
  IF NOT ST_IsEmpty(grown) THEN
    BEGIN
      -- Sides are divided before they are transformed: straight in a projection is curved in degrees.
      b := ST_Transform(ST_Segmentize(grown, greatest(ST_XMax(grown) - ST_XMin(grown), ST_YMax(grown) - ST_YMin(grown), 1e-6) / 32), 4326);
      IF ST_XMin(b) IN ('Infinity', '-Infinity', 'NaN') OR ST_YMin(b) IN ('Infinity', '-Infinity', 'NaN')
         OR ST_XMax(b) IN ('Infinity', 'NaN') OR ST_YMax(b) IN ('Infinity', 'NaN') THEN b := NULL; END IF;
    EXCEPTION WHEN OTHERS THEN
      b := NULL;  -- coordinates without a place on earth are no reason to refuse an edit
    END;
  END IF;
  UPDATE dothi.layer SET version = version + 1, updated = now(), feature_count = feature_count + delta,
    extent = CASE WHEN b IS NULL THEN extent ELSE ARRAY[least(extent[1], ST_XMin(b)), least(extent[2], ST_YMin(b)),
                                                        greatest(extent[3], ST_XMax(b)), greatest(extent[4], ST_YMax(b))] END
  WHERE id = layer_id RETURNING version INTO v;
  PERFORM pg_notify('dothi_change', layer_id || ' ' || v);
  RETURN v;
END $$;

-- Statement triggers with transition tables: whoever edits (the API, QGIS, psql), every change reaches the journal.
CREATE FUNCTION dothi.journal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = dothi, public AS $$
DECLARE
  layer_id text := TG_ARGV[0];
  v bigint;
  n bigint;
  spatial boolean := TG_ARGV[1]::boolean;
  grown geometry;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    v := dothi.bump(layer_id, 0, NULL);
    UPDATE dothi.layer SET feature_count = 0 WHERE id = layer_id;
    INSERT INTO dothi.change (layer, version, op) VALUES (layer_id, v, 'r');
  ELSIF TG_OP = 'INSERT' THEN
    IF spatial THEN SELECT count(*), ST_SetSRID(ST_Extent(geom), max(ST_SRID(geom))) INTO n, grown FROM new_rows;
    ELSE SELECT count(*) INTO n FROM new_rows; END IF;
    IF n > 0 THEN
      v := dothi.bump(layer_id, n, grown);
      IF spatial THEN INSERT INTO dothi.change (layer, version, op, fid, box) SELECT layer_id, v, 'i', fid, Box2D(geom) FROM new_rows;
      ELSE INSERT INTO dothi.change (layer, version, op, fid) SELECT layer_id, v, 'i', fid FROM new_rows; END IF;
    END IF;
  ELSIF TG_OP = 'DELETE' THEN
    SELECT count(*) INTO n FROM old_rows;
    IF n > 0 THEN
      v := dothi.bump(layer_id, -n, NULL);
      IF spatial THEN INSERT INTO dothi.change (layer, version, op, fid, box) SELECT layer_id, v, 'd', fid, Box2D(geom) FROM old_rows;
      ELSE INSERT INTO dothi.change (layer, version, op, fid) SELECT layer_id, v, 'd', fid FROM old_rows; END IF;
    END IF;
  ELSE
    IF spatial THEN SELECT count(*), ST_SetSRID(ST_Extent(geom), max(ST_SRID(geom))) INTO n, grown FROM new_rows;
    ELSE SELECT count(*) INTO n FROM new_rows; END IF;
    IF n > 0 THEN
      v := dothi.bump(layer_id, 0, grown);
      -- An update of the key itself is a delete and an insert.
      IF spatial THEN
        INSERT INTO dothi.change (layer, version, op, fid, box)
        SELECT layer_id, v, CASE WHEN o.fid IS NULL THEN 'i' WHEN w.fid IS NULL THEN 'd' ELSE 'u' END,
               coalesce(w.fid, o.fid), Box2D(ST_Collect(o.geom, w.geom))
        FROM old_rows o FULL JOIN new_rows w ON o.fid = w.fid;
      ELSE
        INSERT INTO dothi.change (layer, version, op, fid)
        SELECT layer_id, v, CASE WHEN o.fid IS NULL THEN 'i' WHEN w.fid IS NULL THEN 'd' ELSE 'u' END, coalesce(w.fid, o.fid)
        FROM old_rows o FULL JOIN new_rows w ON o.fid = w.fid;
      END IF;
    END IF;
  END IF;
  RETURN NULL;
END $$;

-- Puts the journal's triggers on a layer's table.
CREATE FUNCTION dothi.watch(layer_id text, spatial boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TRIGGER journal_insert AFTER INSERT ON layers.%I REFERENCING NEW TABLE AS new_rows '
                 'FOR EACH STATEMENT EXECUTE FUNCTION dothi.journal(%L, %L)', layer_id, layer_id, spatial);
  EXECUTE format('CREATE TRIGGER journal_update AFTER UPDATE ON layers.%I REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows '
                 'FOR EACH STATEMENT EXECUTE FUNCTION dothi.journal(%L, %L)', layer_id, layer_id, spatial);
  EXECUTE format('CREATE TRIGGER journal_delete AFTER DELETE ON layers.%I REFERENCING OLD TABLE AS old_rows '
                 'FOR EACH STATEMENT EXECUTE FUNCTION dothi.journal(%L, %L)', layer_id, layer_id, spatial);
  EXECUTE format('CREATE TRIGGER journal_truncate AFTER TRUNCATE ON layers.%I '
                 'FOR EACH STATEMENT EXECUTE FUNCTION dothi.journal(%L, %L)', layer_id, layer_id, spatial);
END $$;
