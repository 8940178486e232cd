-- Layers that are pictures: what their tiles are, and which archive beside the database holds them (null: a layer of features
-- or a table). The archive belongs to the edition, and comes back with it.
ALTER TABLE dothi.layer ADD COLUMN raster jsonb;
UPDATE dothi.edition SET aside = aside || '{"raster": null}' WHERE aside IS NOT NULL;

-- Names the folder of this database's archives, which may lie beside those of others.
CREATE TABLE dothi.raster_store (mark uuid NOT NULL DEFAULT gen_random_uuid());
INSERT INTO dothi.raster_store DEFAULT VALUES;
