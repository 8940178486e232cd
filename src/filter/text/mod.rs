//! CQL2 Text (21-065r2, annex B) to nodes.
//!
//! One grammar for conditions and values. What may stand where is for the check to say, which knows the layer.

pub mod bare; // names without quotes, as GDAL writes them
mod lexer; // words and signs
mod wkt; // geometry

use super::node::{At, DEPTH, Fault, Node, Said};
use crate::geo::Crs;
use lexer::{Kind, Token};

/// How long a filter in text may be.
pub const LENGTH: usize = 16 * 1024;

// How strongly an operator holds together what it joins.
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const COMPARISON: u8 = 4;
const SUM: u8 = 5;
const PRODUCT: u8 = 6;
const POWER: u8 = 7;
const ALONE: u8 = 8;

/// Words that no function is called.
const KEYWORDS: [&str; 11] = ["AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "TRUE", "FALSE", "DIV"];

pub fn read(text: &str, crs: Crs) -> Result<Node, Fault> {
    if text.len() > LENGTH {
        return At::Byte(text.floor_char_boundary(LENGTH))
            .fault(format!("the filter is longer than {LENGTH} bytes; shorten it"));
    }
    let tokens = lexer::tokens(text)?;
    let mut parser = Parser { tokens: &tokens, here: 0, depth: 0, crs };
    if parser.peek().kind == Kind::End {
        return At::Byte(0).fault("the filter is empty; write a condition, such as `maDat = 'ONT'`");
    }
    let node = parser.any()?;
    match parser.peek() {
        Token { kind: Kind::End, .. } => Ok(node),
        token => At::Byte(token.at).fault(format!(
            "{} is not expected here; join conditions with `AND` or `OR`, write names with spaces in double quotes",
            token.kind.say()
        )),
    }
}

pub struct Parser<'a> {
    tokens: &'a [Token],
    here: usize,
    depth: usize,
    crs: Crs,
}

impl Parser<'_> {
    /// A condition or a value, whichever it turns out to be.
    fn any(&mut self) -> Result<Node, Fault> {
        self.expression(OR)
    }

    /// What operators of this strength and stronger join. One function for all of them: the parser goes no deeper into
    /// the stack than the filter is nested.
    fn expression(&mut self, loosest: u8) -> Result<Node, Fault> {
        let negated = loosest <= NOT && self.is_word("NOT");
        let mut left = if negated { self.negation()? } else { self.factor()? };
        // The strength of what was joined last: what follows is as strong at most.
        let mut last = if negated { NOT } else { ALONE };
        while let Some((strength, sign)) = self.operator() {
            let again = strength == last && matches!(strength, COMPARISON | POWER);
            if strength < loosest || strength > last || again {
                break;
            }
            let at = self.at();
            left = match strength {
                COMPARISON => self.comparison(left)?,
                OR | AND => self.conditions(left, strength, sign)?,
                _ => {
                    self.next();
                    let right = self.expression(strength + 1)?;
                    Node::call(at, sign, vec![left, right])?
                }
            };
            last = strength;
        }
        if last == POWER && self.is_sign("^") {
            return self.at().fault("which `^` comes first is not said; write parentheses");
        }
        Ok(left)
    }

    /// The operator that comes next, and its strength.
    fn operator(&self) -> Option<(u8, &'static str)> {
        const ALL: [(u8, &[&str]); 6] = [
            (OR, &["or"]),
            (AND, &["and"]),
            (COMPARISON, &["=", "<>", "<", ">", "<=", ">=", "is", "not", "like", "between", "in"]),
            (SUM, &["+", "-"]),
            (PRODUCT, &["*", "/", "%", "div"]),
            (POWER, &["^"]),
        ];
        let said = match &self.peek().kind {
            Kind::Sign(sign) => sign,
            Kind::Word(word) => word.as_str(),
            _ => return None,
        };
        ALL.iter().find_map(|(n, signs)| Some((*n, *signs.iter().find(|s| s.eq_ignore_ascii_case(said))?)))
    }

    /// The rest of a chain of `AND` or of `OR`, as one node.
    fn conditions(&mut self, first: Node, strength: u8, word: &str) -> Result<Node, Fault> {
        let at = first.at.clone();
        let mut all = vec![first];
        while self.take_word(word) {
            all.push(self.expression(strength + 1)?);
        }
        Node::call(at, word, all)
    }

    fn negation(&mut self) -> Result<Node, Fault> {
        let at = self.at();
        self.next();
        self.enter()?;
        let inner = self.expression(NOT)?;
        self.leave();
        Node::call(at, "not", vec![inner])
    }

    fn comparison(&mut self, left: Node) -> Result<Node, Fault> {
        let at = self.at();
        if let Kind::Sign(sign) = self.peek().kind {
            self.next();
            let right = self.expression(SUM)?;
            return Node::call(at, sign, vec![left, right]);
        }
        if self.take_word("IS") {
            let not = self.take_word("NOT");
            self.word("NULL")?;
            return negated(not, at.clone(), Node::call(at, "isnull", vec![left])?);
        }
        let not = self.take_word("NOT");
        let found = if self.take_word("LIKE") {
            let pattern = self.expression(SUM)?;
            Node::call(at.clone(), "like", vec![left, pattern])?
        } else if self.take_word("BETWEEN") {
            let low = self.expression(SUM)?;
            self.word("AND")?;
            let high = self.expression(SUM)?;
            Node::call(at.clone(), "between", vec![left, low, high])?
        } else if self.take_word("IN") {
            let place = self.at();
            let items = self.list(|p| p.expression(SUM))?;
            Node::call(at.clone(), "in", vec![left, Node::new(place, Said::List(items))?])?
        } else {
            return self.unexpected("`LIKE`, `BETWEEN` or `IN`");
        };
        negated(not, at, found)
    }

    fn factor(&mut self) -> Result<Node, Fault> {
        let at = self.at();
        match self.peek().kind {
            Kind::Sign("-") => {
                self.next();
                self.enter()?;
                let inner = self.factor()?;
                self.leave();
                match inner.said {
                    Said::Int(v) => Node::new(at, Said::Int(-v)),
                    Said::Float(v) => Node::new(at, Said::Float(-v)),
                    _ => Node::call(at.clone(), "*", vec![Node::new(at, Said::Int(-1))?, inner]),
                }
            }
            Kind::Sign("+") => {
                self.next();
                match self.peek().kind {
                    Kind::Int(_) | Kind::Float(_) => self.primary(),
                    _ => self.unexpected("a number"),
                }
            }
            _ => self.primary(),
        }
    }

    fn primary(&mut self) -> Result<Node, Fault> {
        let Token { at, kind } = self.next();
        let at = At::Byte(at);
        match kind {
            Kind::Int(v) => Node::new(at, Said::Int(v)),
            Kind::Float(v) => Node::new(at, Said::Float(v)),
            Kind::Text(t) => Node::new(at, Said::Text(t)),
            Kind::Name(n) => Node::new(at, Said::Property(n)),
            Kind::Sign("(") => self.parentheses(at),
            Kind::Word(word) => self.named(at, word),
            other => at.fault(format!("there should be a condition, a name or a value here, not {}", other.say())),
        }
    }

    /// What one opening parenthesis begins: something inside parentheses, or a list.
    fn parentheses(&mut self, at: At) -> Result<Node, Fault> {
        self.here -= 1;
        self.enter()?;
        let mut items = self.list(Self::any)?;
        self.leave();
        match items.len() {
            1 => Node::new(at, Said::Group(Box::new(items.remove(0)))),
            _ => Node::new(at, Said::List(items)),
        }
    }

    /// What a word without quotes begins.
    fn named(&mut self, at: At, word: String) -> Result<Node, Fault> {
        let upper = word.to_ascii_uppercase();
        match upper.as_str() {
            "TRUE" => return Node::new(at, Said::Bool(true)),
            "FALSE" => return Node::new(at, Said::Bool(false)),
            keyword if KEYWORDS.contains(&keyword) => {
                let say = "if it is a name, write it in double quotes";
                return at.fault(format!("`{word}` is not expected here; {say}"));
            }
            _ => {}
        }
        if wkt::is_type(&upper) && (self.is_sign("(") || self.is_word("Z")) {
            return self.geometry(at, &upper);
        }
        if !self.is_sign("(") {
            return Node::new(at, Said::Property(word));
        }
        match upper.as_str() {
            "BBOX" => self.bbox(at),
            "DATE" | "TIMESTAMP" => {
                let place = self.at();
                let text = match self.list(Self::any)?.as_slice() {
                    [Node { said: Said::Text(text), .. }] => text.clone(),
                    _ => return place.fault(format!("{upper} takes one text, such as `DATE('2026-01-31')`")),
                };
                Node::new(at, if upper == "DATE" { Said::Date(text) } else { Said::Timestamp(text) })
            }
            "INTERVAL" => {
                self.enter()?;
                let ends = self.list(Self::any)?;
                self.leave();
                if ends.len() != 2 {
                    return at.fault(format!("INTERVAL takes a start and an end, not {} values", ends.len()));
                }
                Node::new(at, Said::Interval(ends))
            }
            _ => {
                self.enter()?;
                let args = self.list(Self::any)?;
                self.leave();
                Node::call(at, &word.to_lowercase(), args)
            }
        }
    }

    /// `(`, items with commas between them, `)`.
    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
        self.expect("(")?;
        let mut items = Vec::new();
        if self.is_sign(")") {
            self.next();
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.is_sign(",") {
                self.next();
                continue;
            }
            self.expect(")")?;
            return Ok(items);
        }
    }

    fn peek(&self) -> &Token {
        &self.tokens[self.here]
    }

    fn at(&self) -> At {
        At::Byte(self.peek().at)
    }

    /// Takes a token; the end stays.
    fn next(&mut self) -> Token {
        let token = self.tokens[self.here].clone();
        self.here = (self.here + 1).min(self.tokens.len() - 1);
        token
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(&self.peek().kind, Kind::Sign(s) if *s == sign)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(&self.peek().kind, Kind::Word(w) if w.eq_ignore_ascii_case(word))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), Fault> {
        if !self.is_sign(sign) {
            return self.unexpected(&format!("`{sign}`"));
        }
        self.next();
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Fault> {
        if self.take_word(word) { Ok(()) } else { self.unexpected(&format!("`{word}`")) }
    }

    fn unexpected<T>(&self, wanted: &str) -> Result<T, Fault> {
        self.at().fault(format!("there should be {wanted} here, not {}", self.peek().kind.say()))
    }

    fn enter(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEPTH {
            return self.at().fault(format!("the filter is nested more than {DEPTH} deep; write it flatter"));
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }
}

fn negated(not: bool, at: At, node: Node) -> Result<Node, Fault> {
    if not { Node::call(at, "not", vec![node]) } else { Ok(node) }
}
