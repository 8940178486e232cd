//! What a filter says, before a layer gives it meaning. Text and JSON make the same tree.

use std::fmt;

use super::shape::Shape;

/// How deep a filter may be nested.
pub const DEPTH: usize = 64;
/// How long a list may be: of alternatives, of arguments, of conditions joined by one `AND`.
pub const ITEMS: usize = 1000;

/// Where in a filter something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// Bytes from the start of the text.
    Byte(usize),
    /// A JSON pointer (RFC 6901).
    Pointer(String),
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Byte(n) => write!(f, "at position {n}"),
            At::Pointer(p) if p.is_empty() => write!(f, "at the top"),
            At::Pointer(p) => write!(f, "at `{p}`"),
        }
    }
}

impl From<At> for serde_json::Value {
    fn from(at: At) -> Self {
        match at {
            At::Byte(n) => n.into(),
            At::Pointer(p) => p.into(),
        }
    }
}

/// What is wrong with a filter, where, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub at: At,
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}

impl std::error::Error for Fault {}

impl At {
    pub fn fault<T>(&self, message: impl Into<String>) -> Result<T, Fault> {
        Err(Fault { at: self.clone(), message: message.into() })
    }
}

/// One part of a filter and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub at: At,
    pub said: Said,
    depth: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Property(String),
    Date(String),
    Timestamp(String),
    /// Start and end.
    Interval(Vec<Node>),
    Shape(Box<Shape>),
    List(Vec<Node>),
    /// One thing in parentheses: itself, or a list of one where a list belongs.
    Group(Box<Node>),
    /// An operator or function by its name in JSON, in small letters.
    Call(String, Vec<Node>),
}

impl Node {
    pub fn new(at: At, said: Said) -> Result<Node, Fault> {
        let inside = match &said {
            Said::Interval(all) | Said::List(all) | Said::Call(_, all) => all.as_slice(),
            Said::Group(one) => std::slice::from_ref(&**one),
            _ => &[],
        };
        if inside.len() > ITEMS {
            return at.fault(format!("there are {} items here; {ITEMS} are the most", inside.len()));
        }
        let depth = 1 + inside.iter().map(|n| n.depth).max().unwrap_or(0);
        if depth > DEPTH {
            return at.fault(format!("the filter is nested more than {DEPTH} deep; write it flatter"));
        }
        Ok(Node { at, said, depth })
    }

    pub fn call(at: At, name: &str, args: Vec<Node>) -> Result<Node, Fault> {
        Node::new(at, Said::Call(name.into(), args))
    }

    /// Without the parentheses around it.
    pub fn bare(&self) -> &Node {
        let mut node = self;
        while let Said::Group(inner) = &node.said {
            node = inner;
        }
        node
    }
}

/// A value as a message repeats it: in backticks, at most 60 letters.
pub fn quoted(value: impl fmt::Display) -> String {
    let value = value.to_string();
    match value.char_indices().nth(60) {
        Some((end, _)) => format!("`{}…`", &value[..end]),
        None => format!("`{value}`"),
    }
}
