//! Values that are compared with one another: of one class, literals in the form that the others have.

use super::super::instant;
use super::super::literal::single;
use super::super::node::{Fault, Node, quoted};
use super::super::{Instant, Literal, Scalar, Sort};
use super::{Layer, say};
use crate::schema::Kind;

/// What can be compared with what.
#[derive(PartialEq, Clone, Copy)]
enum Class {
    Bool,
    Number,
    Text,
    Moment,
    Time,
}

fn class(sort: Sort) -> Class {
    match sort {
        Sort::Bool => Class::Bool,
        Sort::Int | Sort::Float => Class::Number,
        Sort::Text => Class::Text,
        Sort::Date | Sort::Timestamp | Sort::Timestamptz => Class::Moment,
        Sort::Time => Class::Time,
    }
}

/// A sort in words.
pub fn name(sort: Sort) -> &'static str {
    match sort {
        Sort::Bool => "true or false",
        Sort::Int => "a whole number",
        Sort::Float => "a number",
        Sort::Text => "a text",
        Sort::Date => "a date",
        Sort::Timestamp | Sort::Timestamptz => "a timestamp",
        Sort::Time => "a time of day",
    }
}

impl Layer<'_> {
    /// The values, comparable with one another; a fault names the first that is not.
    pub fn unify(&self, values: Vec<(Scalar, &Node)>) -> Result<Vec<Scalar>, Fault> {
        let written = |s: &Scalar| matches!(s, Scalar::Literal(_));
        let text = |s: &Scalar| matches!(s, Scalar::Literal(Literal::Text(_)));
        // A field says what the values should be; without one, a literal that can be nothing else.
        let lead = values.iter().find(|(s, _)| !written(s)).or(values.iter().find(|(s, _)| !text(s)));
        let Some((lead, lead_node)) = lead else { return Ok(values.into_iter().map(|(s, _)| s).collect()) };
        let (lead, lead_node) = (lead.sort(), *lead_node);
        let mut all = Vec::with_capacity(values.len());
        for (value, node) in values {
            let value = match (value, class(lead)) {
                (Scalar::Literal(Literal::Text(t)), Class::Moment) => Scalar::Literal(self.instant(&t, node)?),
                (Scalar::Literal(Literal::Int(v @ (0 | 1))), Class::Bool) if self.lenient => {
                    Scalar::Literal(Literal::Bool(v == 1))
                }
                (Scalar::Literal(Literal::Text(t)), Class::Time) => match instant::time(&t) {
                    Some(time) => Scalar::Literal(Literal::Time(time)),
                    None => return node.at.fault(format!("{} is not a time of day; write `08:30:00`", quoted(t))),
                },
                (value, _) => value,
            };
            if class(value.sort()) != class(lead) {
                let (what, is) = (say(node), name(value.sort()));
                let wants = name(lead);
                let mend = match (&value, class(lead)) {
                    (Scalar::Literal(Literal::Int(_) | Literal::Float(_)), Class::Text) => {
                        format!("; write `'{}'`", say(node).trim_matches('`'))
                    }
                    (Scalar::Literal(Literal::Text(t)), Class::Number) if t.trim().parse::<f64>().is_ok() => {
                        format!("; write {}", quoted(t.trim()))
                    }
                    _ => String::new(),
                };
                return node.at.fault(format!("{what} is {is}, but {} is {wants}{mend}", say(lead_node)));
            }
            all.push(value);
        }
        match class(lead) {
            Class::Number => numbers(&mut all),
            Class::Moment => moments(&mut all),
            _ => {}
        }
        Ok(all)
    }

    /// A text where a moment belongs: a date or a timestamp.
    pub fn instant(&self, text: &str, node: &Node) -> Result<Literal, Fault> {
        let text = if self.lenient { text.strip_suffix('T').unwrap_or(text) } else { text };
        if let Some(day) = Instant::date(text) {
            return Ok(Literal::Date(day));
        }
        match Instant::timestamp(text) {
            Some(moment) => Ok(Literal::Timestamptz(moment)),
            None => node.at.fault(format!(
                "{} is neither a date nor a timestamp; write `2026-01-31` or `2026-01-31T12:00:00Z`",
                quoted(text)
            )),
        }
    }
}

/// Literals beside fields of single precision have single precision; beside whole numbers they are whole where they can
/// be; otherwise they are all of one form.
fn numbers(all: &mut [Scalar]) {
    let short = |s: &Scalar| matches!(s, Scalar::Field(f) if f.kind == Kind::Float4);
    let value = |s: &Scalar| match s {
        Scalar::Literal(Literal::Int(v)) => Some(*v as f64),
        Scalar::Literal(Literal::Float(v)) => Some(*v),
        _ => None,
    };
    if all.iter().any(short) && all.iter().all(|s| short(s) || value(s).is_some()) {
        let singles: Option<Vec<Literal>> = all.iter().filter_map(value).map(single).collect();
        if let Some(singles) = singles {
            let places = all.iter_mut().filter(|s| value(s).is_some());
            places.zip(singles).for_each(|(place, literal)| *place = Scalar::Literal(literal));
            return;
        }
    }
    let whole = |v: f64| v.fract() == 0.0 && v.abs() < 9e15;
    let fits = |s: &Scalar| match s {
        Scalar::Literal(Literal::Float(v)) => whole(*v),
        other => other.sort() == Sort::Int,
    };
    if all.iter().all(fits) {
        for s in all.iter_mut() {
            if let Scalar::Literal(Literal::Float(v)) = *s {
                *s = Scalar::Literal(Literal::Int(v as i64));
            }
        }
    } else if all.iter().any(|s| matches!(s, Scalar::Literal(Literal::Float(_)))) {
        for s in all.iter_mut() {
            if let Scalar::Literal(Literal::Int(v)) = *s {
                *s = Scalar::Literal(Literal::Float(v as f64));
            }
        }
    }
}

/// Literals have the form of the fields; a field without a zone is brought to UTC where another has one.
fn moments(all: &mut [Scalar]) {
    let has = |all: &[Scalar], sort: Sort, written: bool| {
        all.iter().any(|s| s.sort() == sort && matches!(s, Scalar::Literal(_)) == written)
    };
    let timed = has(all, Sort::Timestamptz, true) || has(all, Sort::Timestamp, true);
    let target = if has(all, Sort::Timestamptz, false) {
        Sort::Timestamptz
    } else if has(all, Sort::Timestamp, false) || (timed && has(all, Sort::Date, false)) {
        Sort::Timestamp
    } else if timed {
        Sort::Timestamptz
    } else {
        Sort::Date
    };
    for s in all {
        match s {
            Scalar::Literal(Literal::Date(m) | Literal::Timestamp(m) | Literal::Timestamptz(m)) => {
                *s = Scalar::Literal(match target {
                    Sort::Date => Literal::Date(*m),
                    Sort::Timestamp => Literal::Timestamp(*m),
                    _ => Literal::Timestamptz(*m),
                });
            }
            other if target == Sort::Timestamptz && other.sort() != Sort::Timestamptz => {
                *other = Scalar::Zoned(Box::new(other.clone()));
            }
            _ => {}
        }
    }
}
