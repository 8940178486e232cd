//! Temporal operators (OGC 09-026r2, 7.9) and times: GML 3.2 (OGC 07-036, 14.2).

use super::super::Instant;
use super::super::node::{At, Fault, Node, Said, quoted};
use super::{Reader, exactly};
use crate::xml::read::Element;

/// Each operator with the relation of CQL2 that it is.
pub const OPERATORS: [(&str, &str); 14] = [
    ("After", "t_after"),
    ("Before", "t_before"),
    ("Begins", "t_starts"),
    ("BegunBy", "t_startedby"),
    ("TContains", "t_contains"),
    ("During", "t_during"),
    ("EndedBy", "t_finishedby"),
    ("Ends", "t_finishes"),
    ("TEquals", "t_equals"),
    ("Meets", "t_meets"),
    ("MetBy", "t_metby"),
    ("TOverlaps", "t_overlaps"),
    ("OverlappedBy", "t_overlappedby"),
    ("AnyInteracts", "t_intersects"),
];
pub const OPERANDS: [&str; 2] = ["TimeInstant", "TimePeriod"];

/// The relation that an operator is.
pub fn relation(operator: &str) -> Option<&'static str> {
    OPERATORS.iter().find(|(name, _)| *name == operator).map(|(_, relation)| *relation)
}

impl Reader<'_> {
    /// A moment is, does or suffers what a period does that begins and ends at once, but neither meets nor is met: at the ends
    /// of a period it begins and ends it (ISO 19108, 5.2.3.5).
    pub fn temporal(&self, at: At, relation: &str, element: &Element) -> Result<Node, Fault> {
        let [a, b] = exactly(element)?;
        let times = [self.time(a)?, self.time(b)?];
        let moments = times.each_ref().map(|time| !matches!(time.said, Said::Interval(_)));
        let args = match relation {
            "t_after" | "t_before" | "t_equals" | "t_intersects" => times.into(),
            "t_meets" | "t_metby" if moments.contains(&true) => return Node::new(at, Said::Bool(false)),
            _ => times.into_iter().map(lasting).collect::<Result<_, _>>()?,
        };
        Node::call(at, relation, args)
    }

    /// A time of GML, with or without a `Literal` round it, or a value.
    fn time(&self, element: &Element) -> Result<Node, Fault> {
        let at = At::Byte(element.at);
        match (element.name.as_str(), element.children.first()) {
            ("Literal", Some(time)) => self.time(time),
            ("Literal", None) => Node::new(at, Said::Text(element.text.trim().into())),
            ("TimeInstant", _) => self.position(element),
            ("TimePeriod", _) => {
                let end = |names: [&str; 2]| {
                    let child = element.children.iter().find(|c| names.contains(&&*c.name));
                    let missing = || at.fault(format!("the period has no `{}`", names[0]));
                    child.map_or_else(missing, |c| self.position(c))
                };
                let ends = vec![end(["beginPosition", "begin"])?, end(["endPosition", "end"])?];
                Node::new(at, Said::Interval(ends))
            }
            _ => self.value(element, None),
        }
    }

    /// A position in time: ISO 8601, `now`, or one that is unknown, which leaves a period open.
    fn position(&self, element: &Element) -> Result<Node, Fault> {
        let at = At::Byte(element.at);
        let inside = match element.name.as_str() {
            "begin" | "end" => Some("TimeInstant"),
            "TimeInstant" => Some("timePosition"),
            _ => None,
        };
        if let Some(inside) = inside {
            let missing = || at.fault(format!("{} has no `{inside}`", quoted(&element.name)));
            return element.child(inside).map_or_else(missing, |c| self.position(c));
        }
        if let Some(frame) = element.attribute("frame").filter(|f| !f.contains("8601")) {
            return at.fault(format!("{} is not a calendar that is known here; write `#ISO-8601`", quoted(frame)));
        }
        let text = match (element.text.trim(), element.attribute("indeterminatePosition")) {
            ("", Some("now")) => Instant::now().sql_timestamp("Z"),
            ("", Some("unknown")) => "..".into(),
            (_, Some(other)) => return at.fault(format!("a time that is {} is not known here", quoted(other))),
            // A date may have the zone of its day (XML Schema, part 2, 3.2.9).
            (text, None) => text.strip_suffix('Z').filter(|t| t.len() == 10).unwrap_or(text).into(),
        };
        Node::new(at, Said::Text(text))
    }
}

/// A period; a moment begins and ends at once.
fn lasting(time: Node) -> Result<Node, Fault> {
    match time.said {
        Said::Interval(_) => Ok(time),
        _ => Node::new(time.at.clone(), Said::Interval(vec![time.clone(), time])),
    }
}
