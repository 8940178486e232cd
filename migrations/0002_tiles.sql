-- Tiles from snapshots: a mark of the layer's own, which no namesake has, and the zoom from which features are drawn one by
-- one (null: what fits).
ALTER TABLE dothi.layer
  ADD COLUMN identity uuid NOT NULL DEFAULT gen_random_uuid(),
  ADD COLUMN detail_zoom smallint CHECK (detail_zoom BETWEEN 0 AND 24);
