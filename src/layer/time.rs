//! When features are: an instant or an interval that fields give, and the question about it (OGC 17-069r4, 7.15.4).

use super::catalog::shorten;
use super::{Layer, Query};
use crate::filter::{Comparison, Expr, Instant, Literal, Operand, Scalar};
use crate::schema::{Field, Kind};
use crate::sql::{Sql, ident};

/// The fields that say when a feature is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When<'a> {
    Instant(&'a Field),
    /// Start and end; one that is not there is open.
    Interval(Option<&'a Field>, Option<&'a Field>),
}

/// Whether values of a kind are dates or timestamps.
pub fn temporal(kind: Kind) -> bool {
    matches!(kind, Kind::Date | Kind::Timestamp | Kind::Timestamptz)
}

impl Layer {
    /// What the catalog says, else the only date or timestamp that there is; none: features are at no time.
    pub fn when(&self) -> Option<When<'_>> {
        if self.time_field.as_deref() == Some("") {
            return None;
        }
        let named = |name: &Option<String>| self.field(name.as_deref()?).filter(|f| temporal(f.kind));
        match (named(&self.time_field), named(&self.time_end_field)) {
            (Some(at), None) => Some(When::Instant(at)),
            (None, None) => {
                let mut all = self.fields.iter().filter(|f| temporal(f.kind));
                all.next().filter(|_| all.next().is_none()).map(When::Instant)
            }
            (start, end) => Some(When::Interval(start, end)),
        }
    }
}

impl When<'_> {
    /// The fields of the start and of the end; of an instant they are the same.
    fn ends(self) -> [Option<Field>; 2] {
        match self {
            When::Instant(at) => [Some(at.clone()), Some(at.clone())],
            When::Interval(start, end) => [start.cloned(), end.cloned()],
        }
    }

    /// SQL of the first and the last moment of a layer, each RFC 3339 in UTC or null, which is open.
    pub(super) fn span(self, layer: &Layer) -> Sql {
        let [start, end] = self.ends();
        let side = |field: Option<Field>, which: &str, day: &str| {
            let Some(field) = field else { return "NULL".to_string() };
            let column = ident(&field.column);
            let moment = match field.kind {
                Kind::Timestamptz => format!("({column} AT TIME ZONE 'UTC')"),
                Kind::Date => format!("({column}::timestamp{day})"),
                _ => column.clone(),
            };
            let open = match self {
                When::Instant(_) => format!("NOT isfinite({column})"),
                When::Interval(..) => format!("{column} IS NULL OR NOT isfinite({column})"),
            };
            let there = format!("isfinite({column}) AND {column} >= '0001-01-01' AND {column} < '10000-01-01'");
            let format = "YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"";
            format!(
                "CASE WHEN NOT bool_or({open}) THEN to_char({which}({moment}) FILTER (WHERE {there}), '{format}') END"
            )
        };
        let (start, end) = (side(start, "min", ""), side(end, "max", " + interval '86399 seconds'"));
        Sql::new(format!("SELECT {start} AS start, {end} AS stop FROM {}", layer.table()))
    }
}

/// A stretch of time, its ends included; none is open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    pub from: Option<Instant>,
    pub to: Option<Instant>,
}

impl Stretch {
    /// An RFC 3339 date or timestamp, or an interval of them; `..` and nothing are open. A date is its whole day (UTC). The
    /// message says which part is wrong.
    pub fn parse(text: &str) -> Result<Stretch, String> {
        let say = "write `2026-01-31`, `2026-01-31T12:00:00Z` or an interval such as `2026-01-01/..`";
        let moment = |t: &str| -> Result<(Instant, Instant), String> {
            let day = Instant::date(t).map(|day| (day, day.end_of_day()));
            let found = day.or_else(|| Instant::timestamp(t).map(|at| (at, at)));
            found.ok_or_else(|| format!("`{}` is neither a date nor a time; {say}", shorten(t)))
        };
        let Some((from, to)) = text.split_once('/') else {
            let (from, to) = moment(text)?;
            return Ok(Stretch { from: Some(from), to: Some(to) });
        };
        let end = |t: &str| if matches!(t, "" | "..") { Ok(None) } else { moment(t).map(Some) };
        let (start, stop) = (end(from)?.map(|m| m.0), end(to)?.map(|m| m.1));
        match (start, stop) {
            (None, None) => Err(format!("both ends are open; {say}")),
            (Some(a), Some(b)) if a > b => {
                Err(format!("`{}` begins after it ends; write the earlier time first", shorten(text)))
            }
            (from, to) => Ok(Stretch { from, to }),
        }
    }

    /// Whether it has a moment in common with another.
    pub fn meets(self, other: Stretch) -> bool {
        let before = |a: Option<Instant>, b: Option<Instant>| a.zip(b).is_none_or(|(a, b)| a <= b);
        before(self.from, other.to) && before(other.from, self.to)
    }
}

impl Query {
    /// Features that are at some moment of the stretch, or at no time at all (7.15.4, requirement C). A layer without times
    /// has all of them.
    pub fn during(self, layer: &Layer, stretch: Stretch) -> Query {
        let Some(when) = layer.when() else { return self };
        let [start, end] = when.ends();
        let not_after = start.zip(stretch.to).map(|(f, to)| compare(f, Comparison::LessOrEqual, to));
        let not_before = end.zip(stretch.from).map(|(f, from)| compare(f, Comparison::GreaterOrEqual, from));
        match when {
            When::Instant(at) => {
                let both: Vec<Expr> = [not_before, not_after].into_iter().flatten().map(|(_, e)| e).collect();
                self.and(Expr::Or(vec![missing(at), Expr::And(both)]))
            }
            When::Interval(..) => {
                let open = |side: Option<(Field, Expr)>| side.map(|(f, e)| Expr::Or(vec![missing(&f), e]));
                [open(not_after), open(not_before)].into_iter().flatten().fold(self, Query::and)
            }
        }
    }
}

fn missing(field: &Field) -> Expr {
    Expr::IsNull(Operand::Scalar(Scalar::Field(field.clone())))
}

/// The field compared with a moment, in its own kind: a date with its day.
fn compare(field: Field, comparison: Comparison, moment: Instant) -> (Field, Expr) {
    let literal = match field.kind {
        Kind::Date => Literal::Date(moment.start_of_day()),
        Kind::Timestamp => Literal::Timestamp(moment),
        _ => Literal::Timestamptz(moment),
    };
    let expr = Expr::Compare(comparison, Scalar::Field(field.clone()), Scalar::Literal(literal));
    (field, expr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_a_day_a_moment_or_an_interval() {
        let day = Stretch::parse("2026-01-31").unwrap();
        assert!(day.meets(Stretch::parse("2026-01-31T23:59:59Z").unwrap()));
        assert!(!day.meets(Stretch::parse("2026-02-01T00:00:00Z").unwrap()));
        assert!(day.meets(Stretch::parse("../2026-01-31T00:00:00Z").unwrap()));
        assert!(!day.meets(Stretch::parse("2026-02-01/").unwrap()));
        assert_eq!(Stretch::parse("2026-01-01/.."), Stretch::parse("2026-01-01/"));
        for bad in ["", "..", "../..", "/", "2026", "2026-13-01", "2026-01-02/2026-01-01", "2026-01-01/2026-01-02/x"] {
            assert!(Stretch::parse(bad).is_err(), "{bad}");
        }
    }
}
