//! Conditions as SQL. The query's geometry is transformed, never the column, so that the spatial index serves.

use super::{Expr, Literal};
use crate::geo::Bbox;
use crate::schema::{FID, GEOM, Kind};
use crate::sql::Sql;

/// The condition as SQL on a layer's table; `srid` is the storage CRS, none for a table without geometry.
pub fn render(expr: &Expr, srid: Option<i32>) -> Sql {
    match expr {
        Expr::True => Sql::new("TRUE"),
        Expr::False => Sql::new("FALSE"),
        Expr::And(all) => join(all.iter().map(|e| render(e, srid)), " AND "),
        Expr::Intersects(boxes) | Expr::Overlaps(boxes) => match srid {
            Some(srid) => join(boxes.iter().map(|b| touches(*b, srid, matches!(expr, Expr::Intersects(_)))), " OR "),
            None => Sql::new("FALSE"),
        },
        Expr::Equals(field, literal) => {
            let sql = Sql::new("").ident(&field.column);
            match (literal, field.kind) {
                (Literal::Bool(v), _) => sql.push(" = ").bind(*v),
                (Literal::Int(v), _) => sql.push(" = ").bind(*v),
                (Literal::Float(v), Kind::Float4) => sql.push(" = ").bind(*v).push("::float4"),
                (Literal::Float(v), _) => sql.push(" = ").bind(*v),
                (Literal::Text(v), Kind::Text) => sql.push(" = ").bind(v),
                // Dates and times are compared with the text that answers show.
                (Literal::Text(v), _) => Sql::new("to_json(").append(&sql).push(") #>> '{}' = ").bind(v),
            }
        }
        Expr::After(fid) => Sql::new(FID).push(" > ").bind(*fid),
    }
}

fn join(parts: impl Iterator<Item = Sql>, word: &str) -> Sql {
    let mut sql = Sql::new("(");
    for (i, part) in parts.enumerate() {
        sql = sql.push(if i == 0 { "" } else { word }).append(&part);
    }
    sql.push(")")
}

/// True intersection with the box, or of bounding boxes only.
fn touches(b: Bbox, srid: i32, exact: bool) -> Sql {
    let (open, between, close) = if exact { ("ST_Intersects(", ", ", ")") } else { ("", " && ", "") };
    Sql::new(open).push(GEOM).push(between).append(&envelope(b, srid)).push(close)
}

/// The box as a polygon in `srid`. Its sides are divided before they are transformed, as straight lines in degrees are
/// curves in a projection.
pub fn envelope(b: Bbox, srid: i32) -> Sql {
    let sql = Sql::new("ST_MakeEnvelope(")
        .bind(b.west)
        .push(", ")
        .bind(b.south)
        .push(", ")
        .bind(b.east)
        .push(", ")
        .bind(b.north)
        .push(", 4326)");
    if srid == 4326 {
        return sql;
    }
    let step = ((b.east - b.west).max(b.north - b.south) / 16.0).max(1e-9);
    Sql::new("ST_Transform(ST_Segmentize(")
        .append(&sql)
        .push(", ")
        .bind(step)
        .push("), ")
        .push(&srid.to_string())
        .push(")")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Field;

    #[test]
    fn conditions_bind_their_values_and_quote_their_columns() {
        let field =
            Field { name: "Tên \"lạ\"".into(), column: "Tên \"lạ\"".into(), kind: Kind::Text, title: None };
        let expr = Expr::Equals(field, Literal::Text("' OR 1=1 --".into())).and(Expr::After(7));
        let sql = render(&expr, Some(9217));
        assert_eq!(sql.text, r#"("Tên ""lạ""" = $1 AND fid > $2)"#);
        assert_eq!(sql.values.len(), 2);
    }

    #[test]
    fn a_box_is_transformed_to_the_layer_and_not_the_layer_to_the_box() {
        let b = Bbox::new(108.9, 11.5, 109.0, 11.6).unwrap();
        let text = render(&Expr::Intersects(vec![b]), Some(9217)).text;
        assert_eq!(
            text,
            "(ST_Intersects(geom, ST_Transform(ST_Segmentize(ST_MakeEnvelope($1, $2, $3, $4, 4326), $5), 9217)))"
        );
        assert_eq!(render(&Expr::Intersects(vec![b]), None).text, "FALSE");
    }
}
