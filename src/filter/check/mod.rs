//! Nodes to the typed tree, against a layer's fields: names, types, how many arguments.

mod name; // properties, and the nearest one to a wrong name
mod scalar; // values
mod unify; // values that are compared with one another
mod sets; // geometry and lists
mod time; // relations of moments and intervals

use super::function;
use super::node::{Fault, Node, Said, quoted};
use super::{Comparison, Expr, Operand, Scalar, Sort};
use crate::schema::Field;
use name::Property;

/// What a filter may speak of.
pub struct Layer<'a> {
    pub fields: &'a [Field],
    pub geometry: bool,
    /// Whether literals are also taken as GDAL writes them.
    pub lenient: bool,
}

impl Layer<'_> {
    pub fn condition(&self, node: &Node) -> Result<Expr, Fault> {
        match &node.said {
            Said::Group(inner) => self.condition(inner),
            Said::Bool(true) => Ok(Expr::True),
            Said::Bool(false) => Ok(Expr::False),
            Said::Property(_) => {
                let value = self.scalar(node)?;
                if value.sort() == Sort::Bool {
                    return Ok(Expr::Holds(value));
                }
                node.at.fault(format!("{} is a value, not a condition; compare it, as in `… = …`", say(node)))
            }
            Said::Call(op, args) => self.call(node, op, args),
            _ => node.at.fault(format!("{} is a value, not a condition; compare it, as in `… = …`", say(node))),
        }
    }

    fn call(&self, node: &Node, op: &str, args: &[Node]) -> Result<Expr, Fault> {
        let conditions = || args.iter().map(|a| self.condition(a)).collect::<Result<Vec<_>, _>>();
        if let Some(comparison) = Comparison::named(op) {
            let [a, b] = self.values(node, op, args)?;
            return Ok(Expr::Compare(comparison, a, b));
        }
        match op {
            "and" | "or" if args.len() < 2 => {
                node.at.fault(format!("`{op}` joins at least 2 conditions, not {}", args.len()))
            }
            "and" => Ok(Expr::And(conditions()?)),
            "or" => Ok(Expr::Or(conditions()?)),
            "not" => {
                let [inner] = exactly(node, op, args)?;
                Ok(Expr::Not(Box::new(self.condition(inner)?)))
            }
            "between" => {
                let [value, low, high] = self.values(node, op, args)?;
                Ok(Expr::Between(value, low, high))
            }
            "like" => self.like(node, args),
            "in" => self.is_in(node, args),
            "s_dwithin" => self.near(node, args),
            "isnull" => {
                let [of] = exactly(node, op, args)?;
                self.is_null(of)
            }
            _ => {
                if let Some(relation) = super::Relation::named(op) {
                    return self.spatial(node, relation, args);
                }
                if let Some(relation) = super::SetRelation::named(op) {
                    return self.sets(node, relation, args);
                }
                if let Some(relation) = time::Relation::named(op) {
                    return self.temporal(node, relation, args);
                }
                let value = self.scalar(node)?;
                match value.sort() {
                    Sort::Bool => Ok(Expr::Holds(value)),
                    _ => node.at.fault(format!("{} is a value, not a condition; compare it, as in `… = …`", say(node))),
                }
            }
        }
    }

    /// As many values as are wanted, made comparable with one another.
    fn values<const N: usize>(&self, node: &Node, op: &str, args: &[Node]) -> Result<[Scalar; N], Fault> {
        let args: [&Node; N] = exactly(node, op, args)?;
        let values = args.iter().map(|a| Ok((self.scalar(a)?, *a))).collect::<Result<Vec<_>, Fault>>()?;
        let values = self.unify(values)?;
        values.try_into().or_else(|_| node.at.fault("the operator takes other arguments"))
    }

    fn like(&self, node: &Node, args: &[Node]) -> Result<Expr, Fault> {
        let [of, pattern] = exactly(node, "like", args)?;
        let value = self.scalar(of)?;
        if value.sort() != Sort::Text {
            let say = "`LIKE` compares texts; use `=`, `<` or `BETWEEN`";
            return of.at.fault(format!("{} is {}, not a text; {say}", self::say(of), unify::name(value.sort())));
        }
        let folded = self.pattern(pattern)?;
        if function::ends_open(&folded) {
            return pattern.at.fault("the pattern ends with a backslash; write two for one, or leave it out");
        }
        Ok(Expr::Like(value, self.scalar(pattern)?))
    }

    /// What a pattern is when its functions are done.
    fn pattern(&self, node: &Node) -> Result<String, Fault> {
        match &node.bare().said {
            Said::Text(text) => Ok(text.clone()),
            Said::Call(name, args) if args.len() == 1 && name == "casei" => {
                Ok(function::casei(&self.pattern(&args[0])?))
            }
            Said::Call(name, args) if args.len() == 1 && name == "accenti" => {
                Ok(function::accenti(&self.pattern(&args[0])?))
            }
            _ => node.at.fault(format!("{} is not a pattern; write a text, such as `'Đường%'`", say(node))),
        }
    }

    fn is_in(&self, node: &Node, args: &[Node]) -> Result<Expr, Fault> {
        let [of, list] = exactly(node, "in", args)?;
        let Said::List(items) = &list.said else {
            return list.at.fault(format!("{} is not a list of values", say(list)));
        };
        let mut values = vec![(self.scalar(of)?, of)];
        for item in items {
            values.push((self.scalar(item)?, item));
        }
        let mut values = self.unify(values)?;
        let items = values.split_off(1);
        Ok(Expr::In(values.remove(0), items))
    }

    fn is_null(&self, node: &Node) -> Result<Expr, Fault> {
        let of = node.bare();
        let operand = match &of.said {
            Said::Property(name) => match self.property(&of.at, name)? {
                Property::Geometry => Operand::Geometry,
                Property::Field(field) if Sort::of(field.kind).is_none() => Operand::Field(field.clone()),
                _ => Operand::Scalar(self.scalar(of)?),
            },
            Said::Shape(_) | Said::List(_) => return Ok(Expr::False),
            Said::Interval(_) => return of.at.fault("an interval is never null as a whole; ask for its start or end"),
            Said::Bool(_) => Operand::Scalar(self.scalar(of)?),
            Said::Call(op, _) if function::find(op).is_none() && super::Arithmetic::named(op).is_none() => {
                Operand::Condition(Box::new(self.condition(of)?))
            }
            _ => Operand::Scalar(self.scalar(of)?),
        };
        Ok(Expr::IsNull(operand))
    }
}

/// The arguments, if they are as many as the operator takes.
fn exactly<'n, const N: usize>(node: &Node, op: &str, args: &'n [Node]) -> Result<[&'n Node; N], Fault> {
    let all: Vec<&Node> = args.iter().collect();
    let n = all.len();
    all.try_into().or_else(|_| {
        let s = if N == 1 { "" } else { "s" };
        node.at.fault(format!("{} takes {N} argument{s}, not {n}", quoted(op)))
    })
}

/// A node as a message repeats it.
fn say(node: &Node) -> String {
    match &node.said {
        Said::Bool(v) => quoted(v),
        Said::Int(v) => quoted(v),
        Said::Float(v) => quoted(v),
        Said::Text(t) => quoted(format!("'{t}'")),
        Said::Property(p) => quoted(p),
        Said::Date(t) => quoted(format!("DATE('{t}')")),
        Said::Timestamp(t) => quoted(format!("TIMESTAMP('{t}')")),
        Said::Interval(_) => "the interval".into(),
        Said::Shape(_) => "the geometry".into(),
        Said::List(_) => "the list".into(),
        Said::Group(inner) => say(inner),
        Said::Call(op, _) => quoted(op),
    }
}

impl Comparison {
    fn named(op: &str) -> Option<Comparison> {
        Some(match op {
            "=" => Comparison::Equal,
            "<>" => Comparison::NotEqual,
            "<" => Comparison::Less,
            ">" => Comparison::Greater,
            "<=" => Comparison::LessOrEqual,
            ">=" => Comparison::GreaterOrEqual,
            _ => return None,
        })
    }
}
