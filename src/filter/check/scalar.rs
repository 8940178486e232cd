//! Values: fields, literals, arithmetic, functions.

use super::super::function::{self, functions};
use super::super::node::{Fault, Node, Said, quoted};
use super::super::{Arithmetic, Instant, Literal, Scalar, Sort};
use super::name::Property;
use super::{Layer, exactly, say, unify};
use crate::schema::Kind;

impl Layer<'_> {
    pub fn scalar(&self, node: &Node) -> Result<Scalar, Fault> {
        let literal = |l| Ok(Scalar::Literal(l));
        match &node.said {
            Said::Group(inner) => self.scalar(inner),
            Said::Bool(v) => literal(Literal::Bool(*v)),
            Said::Int(v) => literal(Literal::Int(*v)),
            Said::Float(v) => literal(Literal::Float(*v)),
            Said::Text(t) => literal(Literal::Text(t.clone())),
            Said::Date(t) => match Instant::date(t) {
                Some(day) => literal(Literal::Date(day)),
                None => node.at.fault(format!("{} is not a date; write `2026-01-31`", quoted(t))),
            },
            Said::Timestamp(t) => match Instant::timestamp(t) {
                Some(moment) => literal(Literal::Timestamptz(moment)),
                None => node.at.fault(format!("{} is not a timestamp; write `2026-01-31T12:00:00Z`", quoted(t))),
            },
            Said::Property(name) => match self.property(&node.at, name)? {
                Property::Fid => Ok(Scalar::Fid),
                Property::Geometry => {
                    let say = "use `S_INTERSECTS` or another spatial function";
                    node.at.fault(format!("{} is the geometry, which is not compared like this; {say}", quoted(name)))
                }
                Property::Field(field) if Sort::of(field.kind).is_some() => Ok(Scalar::Field(field.clone())),
                Property::Field(field) => {
                    let what = match field.kind {
                        Kind::Json => "JSON, of which only `IS NULL` can be asked",
                        Kind::Bytes => "bytes, of which only `IS NULL` can be asked",
                        _ => "a list; use `A_CONTAINS` or another array function",
                    };
                    node.at.fault(format!("field {} holds {what}", quoted(&field.name)))
                }
            },
            Said::Call(op, args) => self.computed(node, op, args),
            Said::Interval(_) | Said::Shape(_) | Said::List(_) => {
                node.at.fault(format!("{} is not a single value", say(node)))
            }
        }
    }

    fn computed(&self, node: &Node, op: &str, args: &[Node]) -> Result<Scalar, Fault> {
        if let Some(arithmetic) = Arithmetic::named(op) {
            let [a, b] = exactly(node, op, args)?;
            let [a, b] = [self.number(a)?, self.number(b)?];
            return Ok(Scalar::Arithmetic(arithmetic, Box::new(a), Box::new(b)));
        }
        let Some(function) = function::find(op) else {
            return if is_condition(op) {
                node.at.fault(format!("{} is a condition; there should be a value here", quoted(op)))
            } else {
                let all: Vec<String> = functions().iter().map(|f| format!("`{}`", f.name)).collect();
                node.at.fault(format!("{} is not a function here; there are {}", quoted(op), all.join(", ")))
            };
        };
        let [argument] = exactly(node, op, args)?;
        let value = self.scalar(argument)?;
        let sort = value.sort();
        let good = match function.takes {
            "string" => sort == Sort::Text,
            "number" => matches!(sort, Sort::Int | Sort::Float),
            _ => matches!(sort, Sort::Date | Sort::Timestamp | Sort::Timestamptz),
        };
        if !good {
            let wants = match function.takes {
                "string" => "a text",
                "number" => "a number",
                _ => "a date or timestamp",
            };
            let (what, is) = (say(argument), unify::name(sort));
            return argument.at.fault(format!("{what} is {is}, but {} takes {wants}", quoted(op)));
        }
        Ok(Scalar::Call(function, Box::new(value)))
    }

    fn number(&self, node: &Node) -> Result<Scalar, Fault> {
        let value = self.scalar(node)?;
        match value.sort() {
            Sort::Int | Sort::Float => Ok(value),
            sort => node.at.fault(format!("{} is {}, with which nothing is computed", say(node), unify::name(sort))),
        }
    }
}

fn is_condition(op: &str) -> bool {
    const ALL: [&str; 13] = ["and", "or", "not", "=", "<>", "<", ">", "<=", ">=", "like", "between", "in", "isnull"];
    ALL.contains(&op) || ["s_", "t_", "a_"].iter().any(|p| op.starts_with(p))
}

impl Arithmetic {
    pub(super) fn named(op: &str) -> Option<Arithmetic> {
        Some(match op {
            "+" => Arithmetic::Add,
            "-" => Arithmetic::Subtract,
            "*" => Arithmetic::Multiply,
            "/" => Arithmetic::Divide,
            "%" => Arithmetic::Modulo,
            "div" => Arithmetic::IntegerDivide,
            "^" => Arithmetic::Power,
            _ => return None,
        })
    }
}

impl Sort {
    /// The sort of a field's values; none for kinds that are not compared.
    pub fn of(kind: Kind) -> Option<Sort> {
        Some(match kind {
            Kind::Bool => Sort::Bool,
            Kind::Int2 | Kind::Int4 | Kind::Int8 => Sort::Int,
            Kind::Float4 | Kind::Float8 => Sort::Float,
            Kind::Text => Sort::Text,
            Kind::Date => Sort::Date,
            Kind::Time => Sort::Time,
            Kind::Timestamp => Sort::Timestamp,
            Kind::Timestamptz => Sort::Timestamptz,
            Kind::Json | Kind::Bytes | Kind::Int4List | Kind::Int8List | Kind::Float8List | Kind::TextList => {
                return None;
            }
        })
    }
}

impl Scalar {
    pub fn sort(&self) -> Sort {
        match self {
            // A kind without a sort is never a scalar; the check sees to that.
            Scalar::Field(field) => Sort::of(field.kind).unwrap_or(Sort::Text),
            Scalar::Fid => Sort::Int,
            Scalar::Literal(literal) => match literal {
                Literal::Bool(_) => Sort::Bool,
                Literal::Int(_) => Sort::Int,
                Literal::Float(_) | Literal::Single(_) => Sort::Float,
                Literal::Text(_) => Sort::Text,
                Literal::Date(_) => Sort::Date,
                Literal::Timestamp(_) => Sort::Timestamp,
                Literal::Timestamptz(_) => Sort::Timestamptz,
                Literal::Time(_) => Sort::Time,
            },
            Scalar::Arithmetic(Arithmetic::Divide | Arithmetic::Power, ..) => Sort::Float,
            Scalar::Arithmetic(_, a, b) if a.sort() == Sort::Int && b.sort() == Sort::Int => Sort::Int,
            Scalar::Arithmetic(..) => Sort::Float,
            Scalar::Call(function, argument) => function.sort(argument),
            Scalar::Zoned(_) => Sort::Timestamptz,
        }
    }
}
