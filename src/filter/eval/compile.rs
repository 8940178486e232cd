//! Expressions to tests that look fields up by their places.

use std::borrow::Cow;

use super::super::{Arithmetic, Comparison, Expr, Literal, Operand, Scalar, Sort};
use super::value::{Val, call};
use super::{NotInMemory, Predicate, Term, Test};
use crate::schema::Field;

/// The condition for use in memory, as far as it asks about attributes; geometry and lists are for the database.
pub fn compile(expr: &Expr) -> Result<Predicate, NotInMemory> {
    let mut fields = Vec::new();
    let test = test(expr, &mut fields)?;
    Ok(Predicate { test, fields })
}

fn test(expr: &Expr, fields: &mut Vec<Field>) -> Result<Test, NotInMemory> {
    let mut all = |list: &[Expr]| list.iter().map(|e| test(e, fields)).collect::<Result<Vec<_>, _>>();
    Ok(match expr {
        Expr::True => Test::Always(true),
        Expr::False => Test::Always(false),
        Expr::And(list) => Test::All(all(list)?),
        Expr::Or(list) => Test::Any(all(list)?),
        Expr::Not(inner) => Test::Not(Box::new(test(inner, fields)?)),
        Expr::Equals(field, literal) => {
            let value = term(&Scalar::Field(field.clone()), fields);
            Test::Compare(Comparison::Equal, value, Term::Value(constant(literal)))
        }
        Expr::Compare(comparison, a, b) => Test::Compare(*comparison, term(a, fields), term(b, fields)),
        Expr::Like(value, pattern) => Test::Like(term(value, fields), term(pattern, fields)),
        Expr::Between(value, low, high) => Test::Between(term(value, fields), term(low, fields), term(high, fields)),
        Expr::In(value, items) => Test::In(term(value, fields), items.iter().map(|s| term(s, fields)).collect()),
        Expr::IsNull(Operand::Scalar(value)) => Test::IsNull(term(value, fields)),
        Expr::IsNull(Operand::Condition(inner)) => Test::IsUnknown(Box::new(test(inner, fields)?)),
        Expr::IsNull(Operand::Field(_)) => return Err(NotInMemory("a list, JSON or bytes")),
        Expr::Holds(value) => Test::Holds(term(value, fields)),
        Expr::Intersects(_)
        | Expr::Overlaps(_)
        | Expr::Spatial(..)
        | Expr::Near(..)
        | Expr::IsNull(Operand::Geometry) => {
            return Err(NotInMemory("geometry"));
        }
        Expr::Array(..) => return Err(NotInMemory("a list")),
    })
}

fn term(scalar: &Scalar, fields: &mut Vec<Field>) -> Term {
    match scalar {
        Scalar::Field(field) => Term::Slot(slot(field, fields), field.kind),
        Scalar::Fid => Term::Fid,
        Scalar::Literal(literal) => Term::Value(constant(literal)),
        // What has no zone counts as UTC anyway.
        Scalar::Zoned(inner) => term(inner, fields),
        Scalar::Arithmetic(arithmetic, a, b) => {
            let real = matches!(arithmetic, Arithmetic::Divide | Arithmetic::Power);
            let whole = !real && a.sort() == Sort::Int && b.sort() == Sort::Int;
            Term::Arithmetic(*arithmetic, whole, Box::new(term(a, fields)), Box::new(term(b, fields)))
        }
        Scalar::Call(function, argument) => match term(argument, fields) {
            Term::Value(value) => Term::Value(call(function.what, value)),
            argument => Term::Call(function, Box::new(argument)),
        },
    }
}

fn constant(literal: &Literal) -> Val<'static> {
    match literal {
        Literal::Bool(v) => Val::Bool(*v),
        Literal::Int(v) => Val::Int(*v),
        Literal::Float(v) => Val::Float(*v),
        Literal::Single(v) => Val::Float(f64::from(*v)),
        Literal::Text(v) => Val::Text(Cow::Owned(v.clone())),
        Literal::Date(v) | Literal::Timestamp(v) | Literal::Timestamptz(v) => Val::Moment(*v),
        Literal::Time(v) => Val::Time(*v),
    }
}

fn slot(field: &Field, fields: &mut Vec<Field>) -> usize {
    fields.iter().position(|f| f.column == field.column).unwrap_or_else(|| {
        fields.push(field.clone());
        fields.len() - 1
    })
}
