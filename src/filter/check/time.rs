//! Relations of moments and intervals, as comparisons of their starts and ends (21-065r2, tables 8 and 9; OWL-Time).

use super::super::node::{Fault, Node, Said, quoted};
use super::super::{Comparison, Expr, Instant, Literal, Scalar, Sort};
use super::{Layer, exactly, say, unify};

#[derive(Clone, Copy, PartialEq)]
pub enum Relation {
    After,
    Before,
    Contains,
    Disjoint,
    During,
    Equals,
    FinishedBy,
    Finishes,
    Intersects,
    Meets,
    MetBy,
    OverlappedBy,
    Overlaps,
    StartedBy,
    Starts,
}

impl Relation {
    pub fn named(op: &str) -> Option<Relation> {
        Some(match op {
            "t_after" => Relation::After,
            "t_before" => Relation::Before,
            "t_contains" => Relation::Contains,
            "t_disjoint" => Relation::Disjoint,
            "t_during" => Relation::During,
            "t_equals" => Relation::Equals,
            "t_finishedby" => Relation::FinishedBy,
            "t_finishes" => Relation::Finishes,
            "t_intersects" => Relation::Intersects,
            "t_meets" => Relation::Meets,
            "t_metby" => Relation::MetBy,
            "t_overlappedby" => Relation::OverlappedBy,
            "t_overlaps" => Relation::Overlaps,
            "t_startedby" => Relation::StartedBy,
            "t_starts" => Relation::Starts,
            _ => return None,
        })
    }

    /// Whether it is defined for moments too, and not for intervals alone.
    fn takes_moments(self) -> bool {
        use Relation::*;
        matches!(self, After | Before | Disjoint | Equals | Intersects)
    }
}

/// A stretch of time with both its ends; a moment starts and ends at once.
struct Span<'n> {
    start: Scalar,
    end: Scalar,
    nodes: [&'n Node; 2],
}

/// Which end of which span: 0 the start, 1 the end.
type End = (usize, usize);
const S1: End = (0, 0);
const E1: End = (0, 1);
const S2: End = (1, 0);
const E2: End = (1, 1);

impl Layer<'_> {
    pub fn temporal(&self, node: &Node, relation: Relation, args: &[Node]) -> Result<Expr, Fault> {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
        let Said::Call(op, _) = &node.said else { return node.at.fault("the operator is missing") };
        let [a, b] = exactly(node, op, args)?;
        let spans = [self.span(a)?, self.span(b)?];
        if !relation.takes_moments() {
            for arg in [a, b] {
                if !matches!(arg.bare().said, Said::Interval(_)) {
                    let use_ = "use `T_INTERSECTS`, `T_AFTER`, `T_BEFORE`, `T_EQUALS` or `T_DISJOINT`";
                    return arg.at.fault(format!(
                        "{} is a moment, but {} compares intervals; {use_}",
                        say(arg),
                        quoted(op)
                    ));
                }
            }
        }
        let all = |parts: &[(End, Comparison, End)]| -> Result<Vec<Expr>, Fault> {
            parts.iter().map(|(x, c, y)| self.compare(&spans, *x, *c, *y)).collect()
        };
        let parts: &[(End, Comparison, End)] = match relation {
            Relation::After => &[(S1, Greater, E2)],
            Relation::Before => &[(E1, Less, S2)],
            Relation::Disjoint => return Ok(Expr::Or(all(&[(E1, Less, S2), (S1, Greater, E2)])?)),
            Relation::Equals => &[(S1, Equal, S2), (E1, Equal, E2)],
            Relation::Intersects => &[(S1, LessOrEqual, E2), (E1, GreaterOrEqual, S2)],
            Relation::Contains => &[(S1, Less, S2), (E1, Greater, E2)],
            Relation::During => &[(S1, Greater, S2), (E1, Less, E2)],
            Relation::FinishedBy => &[(S1, Less, S2), (E1, Equal, E2)],
            Relation::Finishes => &[(S1, Greater, S2), (E1, Equal, E2)],
            Relation::Meets => &[(E1, Equal, S2)],
            Relation::MetBy => &[(S1, Equal, E2)],
            Relation::OverlappedBy => &[(S1, Greater, S2), (S1, Less, E2), (E1, Greater, E2)],
            Relation::Overlaps => &[(S1, Less, S2), (E1, Greater, S2), (E1, Less, E2)],
            Relation::StartedBy => &[(S1, Equal, S2), (E1, Greater, E2)],
            Relation::Starts => &[(S1, Equal, S2), (E1, Less, E2)],
        };
        let mut found = all(parts)?;
        Ok(if found.len() == 1 { found.remove(0) } else { Expr::And(found) })
    }

    fn span<'n>(&self, node: &'n Node) -> Result<Span<'n>, Fault> {
        let node = node.bare();
        if let Said::Interval(ends) = &node.said
            && let [from, to] = ends.as_slice()
        {
            let start = self.end(from, Instant::FIRST)?;
            let end = self.end(to, Instant::LAST)?;
            // Compared only to see that they can be.
            self.unify(vec![(start.clone(), from), (end.clone(), to)])?;
            return Ok(Span { start, end, nodes: [from, to] });
        }
        let moment = self.moment(node)?;
        Ok(Span { start: moment.clone(), end: moment, nodes: [node, node] })
    }

    /// One end of an interval; `..` is open.
    fn end(&self, node: &Node, open: Instant) -> Result<Scalar, Fault> {
        match &node.bare().said {
            Said::Text(t) if t == ".." => Ok(Scalar::Literal(Literal::Date(open))),
            _ => self.moment(node),
        }
    }

    fn moment(&self, node: &Node) -> Result<Scalar, Fault> {
        let value = match &node.bare().said {
            Said::Text(t) => Scalar::Literal(self.instant(t, node)?),
            _ => self.scalar(node)?,
        };
        match value.sort() {
            Sort::Date | Sort::Timestamp | Sort::Timestamptz => Ok(value),
            sort => node.at.fault(format!("{} is {}, not a date or timestamp", say(node), unify::name(sort))),
        }
    }

    fn compare(&self, spans: &[Span; 2], x: End, comparison: Comparison, y: End) -> Result<Expr, Fault> {
        let end = |(span, end): End| if end == 0 { &spans[span].start } else { &spans[span].end };
        // A day that is an end lasts to its last moment when it is compared with something finer than days.
        let whole = |this: End, other: End| match end(this) {
            Scalar::Literal(Literal::Date(day))
                if this.1 == 1 && day.is_finite() && end(other).sort() != Sort::Date =>
            {
                Scalar::Literal(Literal::Timestamptz(day.end_of_day()))
            }
            value => value.clone(),
        };
        let values = vec![(whole(x, y), spans[x.0].nodes[x.1]), (whole(y, x), spans[y.0].nodes[y.1])];
        let values: Result<[Scalar; 2], _> = self.unify(values)?.try_into();
        match values {
            Ok([a, b]) => Ok(Expr::Compare(comparison, a, b)),
            Err(_) => spans[0].nodes[0].at.fault("the operator takes two arguments"),
        }
    }
}
