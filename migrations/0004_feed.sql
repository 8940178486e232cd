-- The journal with what a feature was and what it became, for the change feed and for histories.
ALTER TABLE dothi.change
  ADD COLUMN geom              geometry,    -- as the feature is after the change; of a delete, as it was
  ADD COLUMN attributes        json,        -- the same: the table's other columns by name, values letter by letter
  ADD COLUMN moved             boolean,     -- of an update: whether `geom_before` is what the geometry was; else it is `geom`
  ADD COLUMN geom_before       geometry,
  ADD COLUMN attributes_before json;        -- of an update: null where they are as before

DROP INDEX dothi.change_layer_version;
CREATE INDEX change_version ON dothi.change (layer, version, fid);
CREATE INDEX change_feature ON dothi.change (layer, fid, version);
CREATE INDEX change_replaced ON dothi.change (layer, version) WHERE op = 'r';

ALTER TABLE dothi.layer
  -- The journal has every change after this version, with its images.
  ADD COLUMN kept_since bigint NOT NULL DEFAULT 0,
  -- How long: null for what is usual, -1 for ever.
  ADD COLUMN keep_days  integer CHECK (keep_days >= -1);
UPDATE dothi.layer SET kept_since = version;

-- As before, and with images. What is written must not depend on the settings of whoever edits.
CREATE OR REPLACE FUNCTION dothi.journal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = dothi, public, pg_temp
SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET intervalstyle = 'iso_8601' SET bytea_output = 'hex' SET extra_float_digits = 1
AS $$
DECLARE
  layer_id text := TG_ARGV[0];
  v bigint;
  n bigint;
  spatial boolean;
  image text;    -- SQL for the image of row `w`, and of row `o`
  image_before text;
  grown geometry;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    v := dothi.bump(layer_id, 0, NULL);
    UPDATE dothi.layer SET feature_count = 0 WHERE id = layer_id;
    INSERT INTO dothi.change (layer, version, op) VALUES (layer_id, v, 'r');
    RETURN NULL;
  END IF;
  -- The columns as they are now: an administrator may have added or dropped some.
  SELECT string_agg(format('w.%I', attname), ', ' ORDER BY attnum) FILTER (WHERE attname NOT IN ('fid', 'geom')),
         string_agg(format('o.%I', attname), ', ' ORDER BY attnum) FILTER (WHERE attname NOT IN ('fid', 'geom')),
         coalesce(bool_or(attname = 'geom' AND TG_ARGV[1]::boolean), false)
  INTO image, image_before, spatial FROM pg_attribute WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped;
  image := CASE WHEN image IS NULL THEN '''{}''::json' ELSE format('(SELECT row_to_json(i) FROM (SELECT %s) i)', image) END;
  image_before := CASE WHEN image_before IS NULL THEN '''{}''::json' ELSE format('(SELECT row_to_json(i) FROM (SELECT %s) i)', image_before) END;
  IF TG_OP = 'DELETE' THEN
    SELECT count(*) INTO n FROM old_rows;
  ELSIF spatial THEN
    SELECT count(*), ST_SetSRID(ST_Extent(geom), max(ST_SRID(geom))) INTO n, grown FROM new_rows;
  ELSE
    SELECT count(*) INTO n FROM new_rows;
  END IF;
  IF n = 0 THEN
    RETURN NULL;
  END IF;
  v := dothi.bump(layer_id, CASE TG_OP WHEN 'INSERT' THEN n WHEN 'DELETE' THEN -n ELSE 0 END, grown);
  IF TG_OP = 'UPDATE' THEN
    -- An update of the key itself is a delete and an insert.
    EXECUTE format($sql$
      INSERT INTO dothi.change (layer, version, op, fid, box, geom, attributes, moved, geom_before, attributes_before)
      SELECT $1, $2, CASE WHEN was IS NULL THEN 'i' WHEN became IS NULL THEN 'd' ELSE 'u' END, coalesce(became, was), box, geom,
             coalesce(attributes, attributes_before), CASE WHEN was = became THEN moved END, CASE WHEN moved AND was = became THEN geom_before END,
             CASE WHEN was = became AND attributes::text <> attributes_before::text THEN attributes_before END
      FROM (SELECT o.fid AS was, w.fid AS became, %s,
                   CASE WHEN w.fid IS NOT NULL THEN %s END AS attributes,
                   CASE WHEN o.fid IS NOT NULL THEN %s END AS attributes_before
            FROM old_rows o FULL JOIN new_rows w ON o.fid = w.fid OFFSET 0) change
      $sql$,
      CASE WHEN spatial THEN 'Box2D(ST_Collect(o.geom, w.geom)) AS box, CASE WHEN w.fid IS NULL THEN o.geom ELSE w.geom END AS geom, '
                             'o.geom AS geom_before, o.geom::bytea IS DISTINCT FROM w.geom::bytea AS moved'
           ELSE 'NULL::box2d AS box, NULL::geometry AS geom, NULL::geometry AS geom_before, false AS moved' END, image, image_before)
    USING layer_id, v;
  ELSE
    EXECUTE format('INSERT INTO dothi.change (layer, version, op, fid, box, geom, attributes) SELECT $1, $2, $3, fid, %s, %s FROM %s w',
                   CASE WHEN spatial THEN 'Box2D(geom), geom' ELSE 'NULL, NULL' END, image,
                   CASE TG_OP WHEN 'INSERT' THEN 'new_rows' ELSE 'old_rows' END)
    USING layer_id, v, CASE TG_OP WHEN 'INSERT' THEN 'i'::"char" ELSE 'd' END;
  END IF;
  RETURN NULL;
END $$;

-- Geometry as GeoJSON in another system; null for what has no place there, or no form in GeoJSON: one such feature must not
-- stop a whole feed.
CREATE FUNCTION dothi.geojson(geom geometry, srid integer, flip boolean, decimals integer) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  told text;
BEGIN
  IF ST_SRID(geom) <> srid THEN geom := ST_Transform(geom, srid); END IF;
  IF flip THEN geom := ST_FlipCoordinates(geom); END IF;
  told := ST_AsGeoJSON(geom, decimals, 0);
  RETURN CASE WHEN told !~ '[[,](-?Infinity|-?NaN|-?inf|-?nan)' THEN told END;
EXCEPTION WHEN internal_error OR data_exception THEN
  RETURN NULL;
END $$;
