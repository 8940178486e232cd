//! Conditions as SQL. The query's geometry is transformed, never the column, so that the spatial index serves.

mod place; // geometry
mod scalar; // values

use super::{Comparison, Expr, List, Literal, Operand, Scalar, SetRelation, Sort};
use crate::geo::Bbox;
use crate::schema::GEOM;
use crate::sql::{Sql, Value};
use scalar::{kind, literal, scalar, text};

pub use place::envelope;

/// The condition as SQL on a layer's table; `srid` is the storage CRS, none for a table without geometry.
pub fn render(expr: &Expr, srid: Option<i32>) -> Sql {
    match expr {
        Expr::True => Sql::new("TRUE"),
        Expr::False => Sql::new("FALSE"),
        Expr::And(all) => join(all.iter().map(|e| render(e, srid)), " AND "),
        Expr::Or(all) => join(all.iter().map(|e| render(e, srid)), " OR "),
        Expr::Not(inner) => Sql::new("(NOT ").append(&render(inner, srid)).push(")"),
        Expr::Intersects(boxes) | Expr::Overlaps(boxes) => match srid {
            Some(srid) => join(boxes.iter().map(|b| touches(*b, srid, matches!(expr, Expr::Intersects(_)))), " OR "),
            None => Sql::new("FALSE"),
        },
        Expr::Equals(field, value) => Sql::new("").ident(&field.column).push(" = ").append(&literal(value)),
        Expr::Compare(comparison, a, b) => {
            let side = |s: &Scalar| if comparison.orders() { ordered(s) } else { scalar(s) };
            let sign = comparison.sign();
            Sql::new("(").append(&side(a)).push(&format!(" {sign} ")).append(&side(b)).push(")")
        }
        Expr::Like(value, pattern) => {
            Sql::new("(").append(&scalar(value)).push(" LIKE ").append(&scalar(pattern)).push(")")
        }
        Expr::Between(value, low, high) => Sql::new("(")
            .append(&ordered(value))
            .push(" BETWEEN ")
            .append(&ordered(low))
            .push(" AND ")
            .append(&ordered(high))
            .push(")"),
        Expr::In(_, items) if items.is_empty() => Sql::new("FALSE"),
        Expr::In(value, items) => {
            let value = Sql::new("(").append(&scalar(value));
            match array(items) {
                Some(all) => value.push(" = ANY(").append(&all).push("))"),
                None => value.push(" IN ").append(&join(items.iter().map(scalar), ", ")).push(")"),
            }
        }
        Expr::IsNull(operand) => {
            let of = match operand {
                Operand::Scalar(value) => scalar(value),
                Operand::Geometry => Sql::new(if srid.is_some() { GEOM } else { "NULL" }),
                Operand::Field(field) => Sql::new("").ident(&field.column),
                Operand::Condition(inner) => render(inner, srid),
            };
            Sql::new("(").append(&of).push(" IS NULL)")
        }
        Expr::Holds(value) => scalar(value),
        Expr::Near(shape, metres) => place::near(shape, *metres, srid),
        Expr::Spatial(relation, a, b) => place::relation(*relation, a, b, srid),
        Expr::Array(relation, a, b) => {
            let (a, b) = (list(a), list(b));
            let pair = |sign: &str| Sql::new("(").append(&a).push(sign).append(&b).push(")");
            match relation {
                SetRelation::Contains => pair(" @> "),
                SetRelation::ContainedBy => pair(" <@ "),
                SetRelation::Overlaps => pair(" && "),
                SetRelation::Equals => join([pair(" @> "), pair(" <@ ")].into_iter(), " AND "),
            }
        }
    }
}

fn join(parts: impl Iterator<Item = Sql>, word: &str) -> Sql {
    let mut sql = Sql::new("(");
    for (i, part) in parts.enumerate() {
        sql = sql.push(if i == 0 { "" } else { word }).append(&part);
    }
    sql.push(")")
}

/// A value whose order counts: texts by their code points, whatever the database's collation.
fn ordered(value: &Scalar) -> Sql {
    match value.sort() {
        Sort::Text => text(value, "C"),
        _ => scalar(value),
    }
}

/// Literals of one form as one bound array, so that lists of any length are one statement.
fn array(items: &[Scalar]) -> Option<Sql> {
    let literals: Option<Vec<&Literal>> =
        items.iter().map(|s| if let Scalar::Literal(l) = s { Some(l) } else { None }).collect();
    let literals = literals?;
    let cast = match literals.first()? {
        Literal::Text(_) => "::text[]",
        Literal::Int(_) => "::int8[]",
        Literal::Float(_) => "::float8[]",
        Literal::Single(_) => "::float4[]",
        Literal::Date(_) => "::date[]",
        Literal::Timestamp(_) => "::timestamp[]",
        Literal::Timestamptz(_) => "::timestamptz[]",
        Literal::Time(_) => "::time[]",
        Literal::Bool(_) => return None,
    };
    let values: Vec<Value> = literals.iter().flat_map(|l| literal(l).values).collect();
    let one = |v: &Value| std::mem::discriminant(v);
    if literals.iter().any(|l| std::mem::discriminant(*l) != std::mem::discriminant(literals[0]))
        || values.iter().any(|v| one(v) != one(&values[0]))
    {
        return None;
    }
    let bound = match &values[0] {
        Value::Int(_) => {
            Value::Ints(values.iter().filter_map(|v| if let Value::Int(v) = v { Some(*v) } else { None }).collect())
        }
        Value::Float(_) => {
            Value::Floats(values.iter().filter_map(|v| if let Value::Float(v) = v { Some(*v) } else { None }).collect())
        }
        _ => Value::Texts(
            values.into_iter().filter_map(|v| if let Value::Text(v) = v { Some(v) } else { None }).collect(),
        ),
    };
    Some(Sql::new("").bind(bound).push(cast))
}

fn list(list: &List) -> Sql {
    let (sql, sort) = match list {
        List::Field(field, sort) => (Sql::new("").ident(&field.column), sort),
        List::Items(items, sort) => match array(items) {
            Some(all) => (all, sort),
            None => {
                let all = join(items.iter().map(scalar), ", ");
                (Sql { text: format!("ARRAY[{}]", &all.text[1..all.text.len() - 1]), ..all }, sort)
            }
        },
    };
    sql.push(&format!("::{}[]", kind(*sort)))
}

/// True intersection with the box, or of bounding boxes only.
fn touches(b: Bbox, srid: i32, exact: bool) -> Sql {
    match exact {
        true => place::intersects(envelope(b, srid), place::inner(b.into(), 4326, srid), srid),
        false => Sql::new(GEOM).push(" && ").append(&envelope(b, srid)),
    }
}

impl Comparison {
    fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "<>",
            Comparison::Less => "<",
            Comparison::Greater => ">",
            Comparison::LessOrEqual => "<=",
            Comparison::GreaterOrEqual => ">=",
        }
    }

    /// Whether it needs an order, and not equality alone.
    fn orders(self) -> bool {
        !matches!(self, Comparison::Equal | Comparison::NotEqual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Field, Kind};

    #[test]
    fn conditions_bind_their_values_and_quote_their_columns() {
        let field = Field {
            name: "Tên \"lạ\"".into(),
            column: "Tên \"lạ\"".into(),
            kind: Kind::Text,
            title: None,
            domain: Vec::new(),
        };
        let expr = Expr::Equals(field, Literal::Text("' OR 1=1 --".into()))
            .and(Expr::Holds(Scalar::Literal(Literal::Bool(true))));
        let sql = render(&expr, Some(9217));
        assert_eq!(sql.text, r#"("Tên ""lạ""" = $1::text AND $2::boolean)"#);
        assert_eq!(sql.values.len(), 2);
        assert!(!sql.anew);
    }

    #[test]
    fn a_box_is_transformed_to_the_layer_and_not_the_layer_to_the_box() {
        let b = Bbox::new(108.9, 11.5, 109.0, 11.6).unwrap();
        let text = |srid| render(&Expr::Intersects(vec![b]), Some(srid)).text;
        assert_eq!(
            text(2193),
            "(ST_Intersects(geom, ST_Transform(ST_Segmentize(ST_MakeEnvelope($1, $2, $3, $4, 4326), $5), 2193)))"
        );
        assert_eq!(
            text(9217),
            "((geom && ST_Transform(ST_Segmentize(ST_MakeEnvelope($1, $2, $3, $4, 4326), $5), 9217) AND \
             CASE WHEN geom @ ST_MakeEnvelope($6, $7, $8, $9, 9217) THEN TRUE ELSE \
             ST_Intersects(geom, ST_Transform(ST_Segmentize(ST_MakeEnvelope($10, $11, $12, $13, 4326), $14), 9217)) END))"
        );
        assert_eq!(render(&Expr::Intersects(vec![b]), None).text, "FALSE");
        assert!(
            render(&Expr::Intersects(vec![b]).and(Expr::True), Some(9217)).anew,
            "how much a box holds is in the box"
        );
    }
}
