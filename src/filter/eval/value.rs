//! Values in memory: how they are read, ordered and computed, as PostgreSQL does.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::super::function::{What, accenti, casei};
use super::super::{Arithmetic, Instant, instant};
use super::Cell;
use crate::schema::Kind;

#[derive(Debug, Clone, PartialEq)]
pub enum Val<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    Moment(Instant),
    /// Microseconds since midnight.
    Time(i64),
}

impl<'a> Val<'a> {
    /// A cell as a field of this kind holds it; what cannot be one is null.
    pub fn read(cell: Cell<'a>, kind: Kind) -> Val<'a> {
        match (cell, kind) {
            (Cell::Bool(v), Kind::Bool) => Val::Bool(v),
            (Cell::Int(v), Kind::Int2 | Kind::Int4 | Kind::Int8) => Val::Int(v),
            (Cell::Int(v), Kind::Float8) => Val::Float(v as f64),
            (Cell::Int(v), Kind::Float4) => Val::Float(f64::from(v as f32)),
            (Cell::Float(v), Kind::Float4) => Val::Float(f64::from(v as f32)),
            (Cell::Float(v), Kind::Float8) => Val::Float(v),
            (Cell::Text(v), Kind::Text) => Val::Text(Cow::Borrowed(v)),
            (Cell::Text(v), Kind::Date | Kind::Timestamp | Kind::Timestamptz) => {
                Instant::printed(v).map_or(Val::Null, Val::Moment)
            }
            (Cell::Text(v), Kind::Time) => instant::time(v).map_or(Val::Null, Val::Time),
            _ => Val::Null,
        }
    }

    pub fn borrow(&self) -> Val<'_> {
        match self {
            Val::Text(t) => Val::Text(Cow::Borrowed(t)),
            Val::Null => Val::Null,
            Val::Bool(v) => Val::Bool(*v),
            Val::Int(v) => Val::Int(*v),
            Val::Float(v) => Val::Float(*v),
            Val::Moment(v) => Val::Moment(*v),
            Val::Time(v) => Val::Time(*v),
        }
    }

    /// How two values stand to one another; none when one is null. Texts by their bytes, which is by code points.
    pub fn order(&self, other: &Val) -> Option<Ordering> {
        Some(match (self, other) {
            (Val::Bool(a), Val::Bool(b)) => a.cmp(b),
            (Val::Int(a), Val::Int(b)) => a.cmp(b),
            (Val::Text(a), Val::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Val::Moment(a), Val::Moment(b)) => a.cmp(b),
            (Val::Time(a), Val::Time(b)) => a.cmp(b),
            (a, b) => float(a.number()?, b.number()?),
        })
    }

    fn number(&self) -> Option<f64> {
        match self {
            Val::Int(v) => Some(*v as f64),
            Val::Float(v) => Some(*v),
            _ => None,
        }
    }
}

/// PostgreSQL's order of floats: NaN equals itself and is greater than everything else.
fn float(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

pub fn computed(arithmetic: Arithmetic, whole: bool, a: &Val, b: &Val) -> Val<'static> {
    use Arithmetic::*;
    if let (true, Val::Int(a), Val::Int(b)) = (whole, a, b) {
        let value = match arithmetic {
            Add => a.checked_add(*b),
            Subtract => a.checked_sub(*b),
            Multiply => a.checked_mul(*b),
            IntegerDivide => a.checked_div(*b),
            Modulo if *b == 0 => None,
            Modulo => Some(a.wrapping_rem(*b)),
            Divide | Power => None,
        };
        return value.map_or(Val::Null, Val::Int);
    }
    let (Some(x), Some(y)) = (a.number(), b.number()) else { return Val::Null };
    if y == 0.0 && matches!(arithmetic, Divide | IntegerDivide | Modulo) {
        return Val::Null;
    }
    let value = match arithmetic {
        Add => x + y,
        Subtract => x - y,
        Multiply => x * y,
        Divide => x / y,
        IntegerDivide => (x / y).trunc(),
        Modulo => x - y * (x / y).trunc(),
        Power if (x == 0.0 && y < 0.0) || (x < 0.0 && float(y, y.trunc()).is_ne()) => return Val::Null,
        Power => x.powf(y),
    };
    let overflow = value.is_infinite() && x.is_finite() && y.is_finite();
    if overflow { Val::Null } else { Val::Float(value) }
}

pub fn call<'a>(what: What, value: Val<'a>) -> Val<'a> {
    let text = |t: String| Val::Text(Cow::Owned(t));
    match (what, value) {
        (What::CaseI, Val::Text(t)) => text(casei(&t)),
        (What::AccentI, Val::Text(t)) => text(accenti(&t)),
        (What::Lower, Val::Text(t)) => text(t.to_lowercase()),
        (What::Upper, Val::Text(t)) => text(t.to_uppercase()),
        (What::Trim, Val::Text(t)) => text(t.trim_matches(' ').to_string()),
        (What::Length, Val::Text(t)) => Val::Int(t.chars().count() as i64),
        (What::Abs, Val::Int(v)) => v.checked_abs().map_or(Val::Null, Val::Int),
        (What::Abs, Val::Float(v)) => Val::Float(v.abs()),
        (What::Round | What::Floor | What::Ceil, Val::Int(v)) => Val::Int(v),
        (What::Round, Val::Float(v)) => Val::Float(v.round_ties_even()),
        (What::Floor, Val::Float(v)) => Val::Float(v.floor()),
        (What::Ceil, Val::Float(v)) => Val::Float(v.ceil()),
        (What::Year | What::Month | What::Day, Val::Moment(m)) if m.is_finite() => {
            let (y, month, day) = m.civil();
            Val::Int(match what {
                // There is no year 0; before it, years count back from -1.
                What::Year => y - i64::from(y <= 0),
                What::Month => month,
                _ => day,
            })
        }
        _ => Val::Null,
    }
}
