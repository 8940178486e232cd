//! The words, names, values and signs of CQL2 Text, each with its place.

use super::super::node::{At, Fault, quoted};

#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub at: usize,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// An identifier without quotes: a keyword, a function or a property.
    Word(String),
    /// An identifier in double quotes: a property.
    Name(String),
    Text(String),
    Int(i64),
    Float(f64),
    Sign(&'static str),
    End,
}

impl Kind {
    /// As a message repeats it.
    pub fn say(&self) -> String {
        match self {
            Kind::Word(w) => quoted(w),
            Kind::Name(n) => quoted(format!("\"{n}\"")),
            Kind::Text(t) => quoted(format!("'{t}'")),
            Kind::Int(v) => quoted(v),
            Kind::Float(v) => quoted(v),
            Kind::Sign(s) => quoted(s),
            Kind::End => "the end".into(),
        }
    }
}

/// Two-letter signs before the one-letter ones that begin them.
const SIGNS: [&str; 16] = ["<>", "<=", ">=", "=", "<", ">", "(", ")", ",", "+", "-", "*", "/", "%", "^", "!="];

pub fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let here = At::Byte(at);
        let rest = &text[at..];
        let (kind, length) = match c {
            '\'' => literal(rest, &here)?,
            '"' => name(rest, &here)?,
            '0'..='9' => number(rest, &here)?,
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => number(rest, &here)?,
            c if starts_name(c) => {
                let end = rest.find(|c| !goes_on(c)).unwrap_or(rest.len());
                (Kind::Word(rest[..end].into()), end)
            }
            c => match SIGNS.iter().find(|s| rest.starts_with(**s)) {
                Some(&"!=") => return here.fault("`!=` is not an operator of CQL2; write `<>`"),
                Some(sign) => (Kind::Sign(sign), sign.len()),
                None => return here.fault(format!("{} means nothing here; {}", quoted(c), instead(c))),
            },
        };
        out.push(Token { at, kind });
        at += length;
    }
    out.push(Token { at: text.len(), kind: Kind::End });
    Ok(out)
}

fn instead(c: char) -> &'static str {
    match c {
        '‘' | '’' | '`' | '´' => "write texts in straight quotes, `'…'`",
        '“' | '”' | '„' => "write names in straight quotes, `\"…\"`",
        _ => "write names with other letters in double quotes, texts in single quotes",
    }
}

/// A text in single quotes. A quote inside is doubled or has a backslash before it; `\a \b \t \n \v \f \r \\` are what
/// they are elsewhere. A backslash before anything else stays, as `LIKE` reads it.
fn literal(rest: &str, here: &At) -> Result<(Kind, usize), Fault> {
    let mut value = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match (c, chars.peek().map(|(_, c)| *c)) {
            ('\0', _) => return here.fault("the text holds a NUL character, which no data here can contain"),
            ('\'', Some('\'')) => {
                value.push('\'');
                chars.next();
            }
            ('\'', _) => return Ok((Kind::Text(value), at + 1)),
            ('\\', Some(next)) => {
                let control = match next {
                    'a' => '\x07',
                    'b' => '\x08',
                    't' => '\t',
                    'n' => '\n',
                    'v' => '\x0b',
                    'f' => '\x0c',
                    'r' => '\r',
                    '\'' | '\\' => next,
                    _ => {
                        value.push('\\');
                        continue;
                    }
                };
                value.push(control);
                chars.next();
            }
            _ => value.push(c),
        }
    }
    here.fault("the text that begins here has no closing `'`")
}

/// A name in double quotes; a double quote inside is doubled.
fn name(rest: &str, here: &At) -> Result<(Kind, usize), Fault> {
    let mut value = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != '"' {
            value.push(c);
        } else if chars.peek().is_some_and(|(_, c)| *c == '"') {
            value.push('"');
            chars.next();
        } else if value.is_empty() {
            return here.fault("the name is empty; write it between the quotes");
        } else {
            return Ok((Kind::Name(value), at + 1));
        }
    }
    here.fault("the name that begins here has no closing `\"`")
}

/// Digits, with a fraction and an exponent where they are written.
fn number(rest: &str, here: &At) -> Result<(Kind, usize), Fault> {
    let digits = |from: usize| from + rest[from..].bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(0);
    let mut end = whole;
    if rest[end..].starts_with('.') {
        end = digits(end + 1);
    }
    if rest[end..].starts_with(['e', 'E']) {
        let sign = usize::from(rest[end + 1..].starts_with(['+', '-']));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    if rest[end..].chars().next().is_some_and(starts_name) {
        let wrong = &rest[..rest.find(|c| !goes_on(c)).unwrap_or(rest.len())];
        let wrong = if wrong.len() > end { wrong } else { &rest[..end] };
        let say = "put a space after the number, or quotes around a text or name";
        return here.fault(format!("{} is neither a number nor a name; {say}", quoted(wrong)));
    }
    if end == whole
        && let Ok(value) = rest[..end].parse::<i64>()
    {
        return Ok((Kind::Int(value), end));
    }
    match rest[..end].parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((Kind::Float(value), end)),
        _ => here.fault(format!("{} is too large a number", quoted(&rest[..end]))),
    }
}

/// Letters that begin an identifier (21-065r2, annex B, `identifierStart`).
fn starts_name(c: char) -> bool {
    matches!(c, ':' | '_' | 'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1ffe}' | '\u{200c}' | '\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

/// Letters that an identifier goes on with (`identifierPart`).
fn goes_on(c: char) -> bool {
    starts_name(c) || matches!(c, '.' | '0'..='9' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        tokens(text).unwrap().into_iter().map(|t| t.kind).collect()
    }

    #[test]
    fn names_values_and_signs_are_told_apart() {
        let want = [
            Kind::Word("mãĐất".into()),
            Kind::Sign(">="),
            Kind::Sign("-"),
            Kind::Float(5.0),
            Kind::Word("AND".into()),
            Kind::Name("Mã \"x\"".into()),
            Kind::Sign("<>"),
            Kind::Text("Via dell'Avvento".into()),
            Kind::End,
        ];
        assert_eq!(kinds("mãĐất>=-.5e1 AND\"Mã \"\"x\"\"\"<>'Via dell''Avvento'"), want);
    }

    #[test]
    fn a_backslash_writes_what_cannot_be_typed_and_stays_before_a_wildcard() {
        assert_eq!(kinds(r"'a\tb\'c\\d\%e\_'")[0], Kind::Text("a\tb'c\\d\\%e\\_".into()));
        assert!(tokens("'a\0'").unwrap_err().message.contains("NUL"));
    }

    #[test]
    fn what_is_no_word_of_cql2_is_shown_with_its_place() {
        let fault = |text| tokens(text).unwrap_err().to_string();
        assert!(fault("đất = ‘ONT’").starts_with("at position 9: `‘` means nothing here; write texts in straight"));
        assert!(fault("a != 1").contains("write `<>`"));
        assert!(fault("a = 'ONT").starts_with("at position 4: the text that begins here"));
        assert!(fault("a = 5m").contains("`5m`"));
        assert!(fault("a = 1e999").contains("too large"));
        assert_eq!(kinds("99999999999999999999")[0], Kind::Float(1e20));
    }
}
