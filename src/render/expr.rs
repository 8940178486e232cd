//! Expressions of MapLibre's style specification (version 8, "Expressions"), read once for a zoom and asked of every feature.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use super::color::Color;
use crate::tiles::wkb::Kind;

/// What an expression gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Val<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
}

/// A feature as expressions see it: the values of the [`Names`] that they ask for, in their order.
pub struct Facts<'a> {
    pub kind: Kind,
    pub values: &'a [Val<'a>],
}

/// The fields that expressions ask for.
#[derive(Debug, Default)]
pub struct Names(pub Vec<String>);

impl Names {
    fn place(&mut self, name: &str) -> usize {
        self.0.iter().position(|n| n == name).unwrap_or_else(|| {
            self.0.push(name.to_string());
            self.0.len() - 1
        })
    }
}

#[derive(Debug)]
pub enum Expr {
    Constant(Val<'static>),
    Get(usize),
    Has(usize),
    Geometry,
    Not(Box<Expr>),
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    In(Box<Expr>, Vec<Val<'static>>),
    Match {
        input: Box<Expr>,
        arms: HashMap<String, usize>,
        outputs: Vec<Expr>,
        otherwise: Box<Expr>,
    },
    Case(Vec<(Expr, Expr)>, Box<Expr>),
    Coalesce(Vec<Expr>),
    Letters {
        of: Box<Expr>,
        upper: bool,
    },
    Slice(Box<Expr>, i64, Option<i64>),
    ToText(Box<Expr>),
    ToNumber(Box<Expr>),
    Concat(Vec<Expr>),
    Arithmetic(char, Vec<Expr>),
    /// Linear where the base is 1, by steps where it is 0.
    Curve {
        base: f64,
        input: Box<Expr>,
        stops: Vec<(f64, Expr)>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Expr {
    /// Reads an expression as it is at `zoom`; none where it says something that is not known here.
    pub fn read(json: &Value, zoom: f64, names: &mut Names) -> Option<Expr> {
        let Value::Array(all) = json else { return Some(Expr::Constant(constant(json)?)) };
        let (op, args) = (all.first()?.as_str()?, &all[1..]);
        let mut one = |at: usize| Expr::read(args.get(at)?, zoom, names);
        Some(match op {
            "literal" => Expr::Constant(constant(args.first()?)?),
            "zoom" => Expr::Constant(Val::Number(zoom)),
            "get" => Expr::Get(names.place(args.first()?.as_str()?)),
            "has" => Expr::Has(names.place(args.first()?.as_str()?)),
            "geometry-type" => Expr::Geometry,
            "!" => Expr::Not(Box::new(one(0)?)),
            "all" => Expr::All(many(args, zoom, names)?),
            "any" => Expr::Any(many(args, zoom, names)?),
            "coalesce" => Expr::Coalesce(many(args, zoom, names)?),
            "concat" => Expr::Concat(many(args, zoom, names)?),
            "to-string" | "string" => Expr::ToText(Box::new(one(0)?)),
            "to-number" | "number" => Expr::ToNumber(Box::new(one(0)?)),
            "to-color" | "to-boolean" | "boolean" => one(0)?,
            "upcase" | "downcase" => Expr::Letters { of: Box::new(one(0)?), upper: op == "upcase" },
            "slice" => {
                let to = args.get(2).and_then(Value::as_i64);
                Expr::Slice(Box::new(one(0)?), args.get(1)?.as_i64()?, to)
            }
            "+" | "-" | "*" | "/" | "%" | "^" => Expr::Arithmetic(op.chars().next()?, many(args, zoom, names)?),
            "in" => match args.get(1)? {
                Value::Array(list) if list.first().and_then(Value::as_str) == Some("literal") => {
                    let items = list.get(1)?.as_array()?.iter().map(constant).collect::<Option<_>>()?;
                    Expr::In(Box::new(one(0)?), items)
                }
                _ => return None,
            },
            "match" => read_match(args, zoom, names)?,
            "case" => {
                let (pairs, otherwise) = args.split_at(args.len().checked_sub(1)?);
                let pairs = pairs
                    .chunks_exact(2)
                    .map(|p| Some((Expr::read(&p[0], zoom, names)?, Expr::read(&p[1], zoom, names)?)))
                    .collect::<Option<_>>()?;
                Expr::Case(pairs, Box::new(Expr::read(otherwise.first()?, zoom, names)?))
            }
            "step" => {
                let input = Box::new(one(0)?);
                let mut stops = vec![(f64::NEG_INFINITY, one(1)?)];
                stops.extend(read_stops(args.get(2..)?, zoom, names)?);
                Expr::Curve { base: 0.0, input, stops }
            }
            "interpolate" => {
                let how = args.first()?.as_array()?;
                let base = match how.first()?.as_str()? {
                    "exponential" => how.get(1)?.as_f64()?,
                    _ => 1.0,
                };
                let input = Box::new(one(1)?);
                Expr::Curve { base, input, stops: read_stops(args.get(2..)?, zoom, names)? }
            }
            _ => {
                let comparison = match op {
                    "==" => Comparison::Equal,
                    "!=" => Comparison::NotEqual,
                    "<" => Comparison::Less,
                    "<=" => Comparison::LessOrEqual,
                    ">" => Comparison::Greater,
                    ">=" => Comparison::GreaterOrEqual,
                    _ => return None,
                };
                Expr::Compare(comparison, Box::new(one(0)?), Box::new(one(1)?))
            }
        })
    }

    pub fn of<'a>(&'a self, facts: &Facts<'a>) -> Val<'a> {
        match self {
            Expr::Constant(v) => v.clone(),
            Expr::Get(at) => facts.values.get(*at).cloned().unwrap_or(Val::Null),
            Expr::Has(at) => Val::Bool(facts.values.get(*at).is_some_and(|v| *v != Val::Null)),
            Expr::Geometry => Val::Text(Cow::Borrowed(match facts.kind {
                Kind::Point => "Point",
                Kind::Line => "LineString",
                Kind::Polygon => "Polygon",
            })),
            Expr::Not(e) => Val::Bool(!e.holds(facts)),
            Expr::All(all) => Val::Bool(all.iter().all(|e| e.holds(facts))),
            Expr::Any(all) => Val::Bool(all.iter().any(|e| e.holds(facts))),
            Expr::Compare(how, a, b) => Val::Bool(compare(*how, &a.of(facts), &b.of(facts))),
            Expr::In(e, items) => Val::Bool(items.contains(&e.of(facts))),
            Expr::Match { input, arms, outputs, otherwise } => {
                match arms.get(input.of(facts).text().as_ref()).and_then(|at| outputs.get(*at)) {
                    Some(output) => output.of(facts),
                    None => otherwise.of(facts),
                }
            }
            Expr::Case(pairs, otherwise) => {
                let met = pairs.iter().find(|(condition, _)| condition.holds(facts));
                met.map_or(&**otherwise, |(_, output)| output).of(facts)
            }
            Expr::Coalesce(all) => all.iter().map(|e| e.of(facts)).find(|v| *v != Val::Null).unwrap_or(Val::Null),
            Expr::Letters { of, upper } => {
                let text = of.of(facts).text().into_owned();
                Val::Text(Cow::Owned(if *upper { text.to_uppercase() } else { text.to_lowercase() }))
            }
            Expr::Slice(e, from, to) => {
                let text = e.of(facts).text().into_owned();
                let n = text.chars().count() as i64;
                let at = |v: i64| (if v < 0 { v + n } else { v }).clamp(0, n) as usize;
                let (from, to) = (at(*from), to.map_or(n as usize, at));
                Val::Text(Cow::Owned(text.chars().skip(from).take(to.saturating_sub(from)).collect()))
            }
            Expr::ToText(e) => Val::Text(Cow::Owned(e.of(facts).text().into_owned())),
            Expr::ToNumber(e) => Val::Number(e.number(facts).unwrap_or(0.0)),
            Expr::Concat(all) => {
                Val::Text(Cow::Owned(all.iter().map(|e| e.of(facts).text().into_owned()).collect::<String>()))
            }
            Expr::Arithmetic(op, all) => arithmetic(*op, all, facts).map_or(Val::Null, Val::Number),
            Expr::Curve { base, input, stops } => {
                input.number(facts).map_or(Val::Null, |x| curve(*base, x, stops, facts))
            }
        }
    }

    pub fn holds<'a>(&'a self, facts: &Facts<'a>) -> bool {
        self.of(facts) == Val::Bool(true)
    }

    pub fn number<'a>(&'a self, facts: &Facts<'a>) -> Option<f64> {
        match self.of(facts) {
            Val::Number(n) => Some(n),
            Val::Bool(b) => Some(f64::from(u8::from(b))),
            Val::Text(t) => t.trim().parse().ok(),
            Val::Null => None,
        }
        .filter(|n| n.is_finite())
    }

    pub fn color<'a>(&'a self, facts: &Facts<'a>) -> Option<Color> {
        match self.of(facts) {
            Val::Text(t) => Color::parse(&t),
            _ => None,
        }
    }
}

impl Val<'_> {
    /// As a label shows it.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Val::Null => Cow::Borrowed(""),
            Val::Bool(b) => Cow::Borrowed(if *b { "true" } else { "false" }),
            Val::Number(n) => Cow::Owned(n.to_string()),
            Val::Text(t) => Cow::Borrowed(t),
        }
    }
}

fn constant(json: &Value) -> Option<Val<'static>> {
    Some(match json {
        Value::Null => Val::Null,
        Value::Bool(b) => Val::Bool(*b),
        Value::Number(n) => Val::Number(n.as_f64()?),
        Value::String(t) => Val::Text(Cow::Owned(t.clone())),
        _ => return None,
    })
}

fn many(args: &[Value], zoom: f64, names: &mut Names) -> Option<Vec<Expr>> {
    args.iter().map(|a| Expr::read(a, zoom, names)).collect()
}

fn read_stops(args: &[Value], zoom: f64, names: &mut Names) -> Option<Vec<(f64, Expr)>> {
    args.chunks_exact(2).map(|p| Some((p[0].as_f64()?, Expr::read(&p[1], zoom, names)?))).collect()
}

fn read_match(args: &[Value], zoom: f64, names: &mut Names) -> Option<Expr> {
    let input = Box::new(Expr::read(args.first()?, zoom, names)?);
    let (pairs, otherwise) = args[1..].split_at(args.len().checked_sub(2)?);
    let (mut arms, mut outputs) = (HashMap::new(), Vec::new());
    for pair in pairs.chunks_exact(2) {
        for label in pair[0].as_array().map_or(std::slice::from_ref(&pair[0]), Vec::as_slice) {
            arms.entry(constant(label)?.text().into_owned()).or_insert(outputs.len());
        }
        outputs.push(Expr::read(&pair[1], zoom, names)?);
    }
    Some(Expr::Match { input, arms, outputs, otherwise: Box::new(Expr::read(otherwise.first()?, zoom, names)?) })
}

fn compare(how: Comparison, a: &Val<'_>, b: &Val<'_>) -> bool {
    use std::cmp::Ordering;
    let order = match (a, b) {
        (Val::Number(a), Val::Number(b)) => a.partial_cmp(b),
        (Val::Text(a), Val::Text(b)) => Some(a.cmp(b)),
        _ => None,
    };
    match how {
        Comparison::Equal => a == b,
        Comparison::NotEqual => a != b,
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}

fn arithmetic<'a>(op: char, all: &'a [Expr], facts: &Facts<'a>) -> Option<f64> {
    let mut numbers = all.iter().map(|e| e.number(facts));
    let first = numbers.next()??;
    if op == '-' && all.len() == 1 {
        return Some(-first);
    }
    numbers.try_fold(first, |a, b| {
        let b = b?;
        Some(match op {
            '+' => a + b,
            '-' => a - b,
            '*' => a * b,
            '/' => a / b,
            '%' => a % b,
            _ => a.powf(b),
        })
    })
}

fn curve<'a>(base: f64, x: f64, stops: &'a [(f64, Expr)], facts: &Facts<'a>) -> Val<'a> {
    let after = stops.iter().position(|(at, _)| *at > x).unwrap_or(stops.len());
    let Some((low, first)) = stops.get(after.saturating_sub(1)) else { return Val::Null };
    let Some((high, second)) = stops.get(after).filter(|_| after > 0 && base != 0.0) else { return first.of(facts) };
    let share =
        if base == 1.0 { (x - low) / (high - low) } else { (base.powf(x - low) - 1.0) / (base.powf(high - low) - 1.0) };
    match (first.of(facts), second.of(facts)) {
        (Val::Number(a), Val::Number(b)) => Val::Number(a + (b - a) * share),
        (Val::Text(a), Val::Text(b)) => match (Color::parse(&a), Color::parse(&b)) {
            (Some(a), Some(b)) => Val::Text(Cow::Owned(a.mix(b, share as f32).text())),
            _ => Val::Text(a),
        },
        (a, _) => a,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(expr: Value, zoom: f64, values: &[(&str, Val<'static>)]) -> Val<'static> {
        let mut names = Names::default();
        let expr = Expr::read(&expr, zoom, &mut names).expect("it is known");
        let values: Vec<Val> = names
            .0
            .iter()
            .map(|n| values.iter().find(|(name, _)| name == n).map_or(Val::Null, |(_, v)| v.clone()))
            .collect();
        match expr.of(&Facts { kind: Kind::Polygon, values: &values }) {
            Val::Text(t) => Val::Text(Cow::Owned(t.into_owned())),
            Val::Number(n) => Val::Number(n),
            Val::Bool(b) => Val::Bool(b),
            Val::Null => Val::Null,
        }
    }

    fn text(t: &'static str) -> Val<'static> {
        Val::Text(Cow::Borrowed(t))
    }

    #[test]
    fn the_expressions_of_our_own_styles_give_what_maplibre_gives() {
        let by_code = json!([
            "match",
            ["upcase", ["slice", ["to-string", ["get", "ma"]], 0, 3]],
            "ONT",
            "#FFD0FF",
            ["CLN", "LNK"],
            "#FFD2A0",
            "#BDBDBD"
        ]);
        for (code, color) in [("ont+cln", "#FFD0FF"), ("LNK", "#FFD2A0"), ("?", "#BDBDBD")] {
            assert_eq!(value(by_code.clone(), 14.0, &[("ma", text(code))]), text(color));
        }
        let width = json!(["interpolate", ["exponential", 1.4], ["zoom"], 12, 1.2, 18, 5.0]);
        assert_eq!(value(width.clone(), 9.0, &[]), Val::Number(1.2));
        assert_eq!(value(width.clone(), 22.0, &[]), Val::Number(5.0));
        let Val::Number(n) = value(width, 15.0, &[]) else { panic!() };
        let expected = 1.2 + 3.8 * (1.4f64.powf(3.0) - 1.0) / (1.4f64.powf(6.0) - 1.0);
        assert!((n - expected).abs() < 1e-12);
        assert_eq!(value(json!(["==", ["geometry-type"], "Polygon"]), 1.0, &[]), Val::Bool(true));
        assert_eq!(value(json!(["has", "ten"]), 1.0, &[]), Val::Bool(false));
    }

    #[test]
    fn steps_cases_and_colours_between_two() {
        let step = json!(["step", ["get", "n"], "a", 10, "b", 20, "c"]);
        for (n, t) in [(0.0, "a"), (10.0, "b"), (19.0, "b"), (20.0, "c")] {
            assert_eq!(value(step.clone(), 1.0, &[("n", Val::Number(n))]), text(t));
        }
        let case = json!(["case", [">", ["get", "n"], 5], "lớn", ["coalesce", ["get", "ten"], "?"]]);
        assert_eq!(value(case.clone(), 1.0, &[("n", Val::Number(6.0))]), text("lớn"));
        assert_eq!(value(case, 1.0, &[("n", Val::Number(5.0))]), text("?"));
        let between = json!(["interpolate", ["linear"], ["zoom"], 0, "#000000", 10, "#FFFFFF"]);
        assert_eq!(value(between, 5.0, &[]), text("rgba(128,128,128,1)"));
        assert!(Expr::read(&json!(["no-such", 1]), 1.0, &mut Names::default()).is_none());
    }
}
