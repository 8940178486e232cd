//! Which features: everything that narrows a query is one [`Expr`].

mod literal; // values as a field's kind reads them
mod render; // to SQL, values bound

pub use literal::Literal;
pub use render::{envelope, render};

use crate::geo::Bbox;
use crate::schema::Field;

/// A condition on a feature.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// Every feature.
    True,
    /// No feature.
    False,
    And(Vec<Expr>),
    /// The geometry intersects one of the boxes (degrees); none of them crosses the antimeridian.
    Intersects(Vec<Bbox>),
    /// The geometry's own box overlaps one of the boxes: what the index knows, enough where clipping follows.
    Overlaps(Vec<Bbox>),
    /// The field has this value.
    Equals(Field, Literal),
    /// The feature's id is greater: how a page goes on after the last.
    After(i64),
}

impl Expr {
    /// Both conditions.
    pub fn and(self, other: Expr) -> Expr {
        match (self, other) {
            (Expr::True, e) | (e, Expr::True) => e,
            (Expr::False, _) | (_, Expr::False) => Expr::False,
            (Expr::And(mut all), e) => {
                all.push(e);
                Expr::And(all)
            }
            (a, b) => Expr::And(vec![a, b]),
        }
    }
}
