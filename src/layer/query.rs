//! A question about one layer; the ending (GeoJSON page, tile, count) comes last.

use crate::filter::{Expr, Literal};
use crate::geo::Bbox;

use super::Layer;

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
