//! A question about one layer; the ending (GeoJSON page, tile, count) comes last.

use crate::filter::{Expr, Literal, Place, Relation, Shape};
use crate::geo::{Bbox, Crs, from_mercator, window};

use super::Layer;

/// Beyond every plane coordinate on earth.
const FAR: f64 = 1e8;

/// Which features of a layer.
#[derive(Debug, Clone)]
pub struct Query {
    pub filter: Expr,
}

impl Query {
    pub fn everything() -> Query {
        Query { filter: Expr::True }
    }

    pub fn and(self, expr: Expr) -> Query {
        Query { filter: self.filter.and(expr) }
    }

    /// Features that intersect the box.
    ///
    /// The box is first cut to where the layer has data: a world-wide box has no image in a projection of one zone, and
    /// what lies outside the data selects nothing anyway.
    pub fn intersecting(self, layer: &Layer, bbox: Bbox) -> Query {
        self.and(boxes(layer, bbox).map_or(Expr::False, Expr::Intersects))
    }

    /// Features that intersect a box in any system the layer is served in. Its sides are west, south, east, north; the
    /// message says which of them is wrong.
    pub fn inside(self, layer: &Layer, sides: [f64; 4], crs: Crs) -> Result<Query, String> {
        let degrees = |[west, south, east, north]: [f64; 4]| Bbox::new(west, south, east, north);
        if crs.srid == 4326 {
            return Ok(self.intersecting(layer, degrees(sides)?));
        }
        Shape::sides(sides, crs)?;
        let Some(extent) = layer.extent.filter(|_| layer.srid.is_some()) else { return Ok(self.and(Expr::False)) };
        let stored = layer.srid == Some(crs.srid);
        if crs.srid == 3857 && !stored {
            return Ok(self.intersecting(layer, degrees(from_mercator(sides))?));
        }
        // What lies beyond the layer may have no image in its own system.
        let window = window(crs, extent).filter(|_| !stored).unwrap_or([-FAR, -FAR, FAR, FAR]);
        let parts = match sides {
            [west, south, east, north] if crs.degrees && west > east => {
                vec![[west, south, 180.0, north], [-180.0, south, east, north]]
            }
            sides => vec![sides],
        };
        let mut all = Vec::new();
        for [west, south, east, north] in parts {
            let (west, south) = (west.max(window[0]), south.max(window[1]));
            let (east, north) = (east.min(window[2]), north.min(window[3]));
            if west <= east && south <= north {
                let shape = Shape::sides([west, south, east, north], crs)?;
                all.push(Expr::Spatial(Relation::Intersects, Place::Geometry, Place::Shape(shape)));
            }
        }
        Ok(self.and(match all.len() {
            0 => Expr::False,
            1 => all.remove(0),
            _ => Expr::Or(all),
        }))
    }

    /// Features whose own box overlaps the box; cheaper, and more than intersect it.
    pub fn overlapping(self, layer: &Layer, bbox: Bbox) -> Query {
        self.and(boxes(layer, bbox).map_or(Expr::False, Expr::Overlaps))
    }

    /// Features that a filter of the caller's accepts. What it carries is cut to where the layer has data, as boxes are.
    pub fn filtered(self, layer: &Layer, expr: Expr) -> Query {
        // A layer without features is nowhere.
        let nowhere =
            Bbox { west: f64::INFINITY, south: f64::INFINITY, east: f64::NEG_INFINITY, north: f64::NEG_INFINITY };
        self.and(expr.within(layer.extent.map_or(nowhere, |e| e.grow(0.001))))
    }

    /// Features whose field `name` has the value that `text` spells; the message says what is wrong with it.
    pub fn equals(self, layer: &Layer, name: &str, text: &str) -> Result<Query, String> {
        let field = layer.field(name).ok_or_else(|| format!("layer `{}` has no field `{name}`", layer.id))?;
        let literal = Literal::parse(field, text)?;
        Ok(self.and(Expr::Equals(field.clone(), literal)))
    }
}

/// The parts of the box where the layer has data.
fn boxes(layer: &Layer, bbox: Bbox) -> Option<Vec<Bbox>> {
    let extent = layer.extent.filter(|_| layer.srid.is_some())?.grow(0.001);
    let boxes: Vec<Bbox> = bbox.parts().into_iter().filter_map(|b| b.intersection(extent)).collect();
    (!boxes.is_empty()).then_some(boxes)
}
