//! Conditions in memory, for features that are not in the database at hand. Answers are those of the SQL that `render`
//! makes, null included; where SQL would fail on a row's numbers (an overflow), the value is null.

mod compile; // expressions to tests on slots
mod value; // values, their order, arithmetic

pub use compile::compile;

use super::function::{Function, like};
use super::{Arithmetic, Comparison};
use crate::schema::{Field, Kind};
use value::Val;

/// A feature as its maker has it.
pub trait Row {
    fn fid(&self) -> i64;
    /// The value of [`Predicate::fields`]`[slot]`.
    fn cell(&self, slot: usize) -> Cell<'_>;
}

/// A value of a feature. Numbers of single precision come widened or as the shortest decimal that is them; dates and
/// times as PostgreSQL prints them (ISO).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
}

/// Why a condition is for the database to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotInMemory(pub &'static str);

impl std::fmt::Display for NotInMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} cannot be evaluated in memory; ask the database", self.0)
    }
}

impl std::error::Error for NotInMemory {}

/// A condition ready to be asked of many features.
#[derive(Debug, Clone)]
pub struct Predicate {
    test: Test,
    fields: Vec<Field>,
}

impl Predicate {
    /// The fields that it reads; a row gives their values by their places here.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Whether it asks for ids, which what stands for many features has not.
    pub fn reads_id(&self) -> bool {
        self.test.reads_id()
    }

    /// Whether the feature is one of those asked for.
    pub fn accepts(&self, row: &dyn Row) -> bool {
        self.test.holds(row) == Some(true)
    }
}

#[derive(Debug, Clone)]
enum Test {
    Always(bool),
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    Compare(Comparison, Term, Term),
    Like(Term, Term),
    Between(Term, Term, Term),
    In(Term, Vec<Term>),
    IsNull(Term),
    IsUnknown(Box<Test>),
    Holds(Term),
}

#[derive(Debug, Clone)]
enum Term {
    Slot(usize, Kind),
    Fid,
    Value(Val<'static>),
    /// Between whole numbers, or not.
    Arithmetic(Arithmetic, bool, Box<Term>, Box<Term>),
    Call(&'static Function, Box<Term>),
}

impl Test {
    fn reads_id(&self) -> bool {
        match self {
            Test::Always(_) => false,
            Test::All(tests) | Test::Any(tests) => tests.iter().any(Test::reads_id),
            Test::Not(test) | Test::IsUnknown(test) => test.reads_id(),
            Test::Compare(_, a, b) | Test::Like(a, b) => a.reads_id() || b.reads_id(),
            Test::Between(a, b, c) => a.reads_id() || b.reads_id() || c.reads_id(),
            Test::In(a, items) => a.reads_id() || items.iter().any(Term::reads_id),
            Test::IsNull(a) | Test::Holds(a) => a.reads_id(),
        }
    }

    /// True, false, or unknown.
    fn holds(&self, row: &dyn Row) -> Option<bool> {
        match self {
            Test::Always(v) => Some(*v),
            Test::All(all) => {
                let mut answer = Some(true);
                for test in all {
                    match test.holds(row) {
                        Some(false) => return Some(false),
                        None => answer = None,
                        Some(true) => {}
                    }
                }
                answer
            }
            Test::Any(all) => any(all.iter().map(|t| t.holds(row))),
            Test::Not(inner) => inner.holds(row).map(|v| !v),
            Test::Compare(comparison, a, b) => Some(holds(*comparison, a.value(row).order(&b.value(row))?)),
            Test::Like(a, pattern) => match (a.value(row), pattern.value(row)) {
                (Val::Text(a), Val::Text(pattern)) => Some(like(&a, &pattern)),
                _ => None,
            },
            Test::Between(v, low, high) => {
                let v = v.value(row);
                let from = v.order(&low.value(row)).map(|o| o.is_ge());
                let to = v.order(&high.value(row)).map(|o| o.is_le());
                match (from, to) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                }
            }
            Test::In(v, items) => {
                let v = v.value(row);
                any(items.iter().map(|item| v.order(&item.value(row)).map(|o| o.is_eq())))
            }
            Test::IsNull(v) => Some(matches!(v.value(row), Val::Null)),
            Test::IsUnknown(inner) => Some(inner.holds(row).is_none()),
            Test::Holds(v) => match v.value(row) {
                Val::Bool(v) => Some(v),
                _ => None,
            },
        }
    }
}

/// SQL's `OR`.
fn any(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut answer = Some(false);
    for one in answers {
        match one {
            Some(true) => return Some(true),
            None => answer = None,
            Some(false) => {}
        }
    }
    answer
}

fn holds(comparison: Comparison, order: std::cmp::Ordering) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::Greater => order.is_gt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}

impl Term {
    fn reads_id(&self) -> bool {
        match self {
            Term::Fid => true,
            Term::Slot(..) | Term::Value(_) => false,
            Term::Arithmetic(_, _, a, b) => a.reads_id() || b.reads_id(),
            Term::Call(_, a) => a.reads_id(),
        }
    }

    fn value<'r>(&'r self, row: &'r dyn Row) -> Val<'r> {
        match self {
            Term::Slot(slot, kind) => Val::read(row.cell(*slot), *kind),
            Term::Fid => Val::Int(row.fid()),
            Term::Value(v) => v.borrow(),
            Term::Arithmetic(arithmetic, whole, a, b) => {
                value::computed(*arithmetic, *whole, &a.value(row), &b.value(row))
            }
            Term::Call(function, argument) => value::call(function.what, argument.value(row)),
        }
    }
}
