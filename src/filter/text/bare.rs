//! CQL as GDAL 3 writes it (`filter-lang=cql-text`): names stand bare even where they have spaces.

use crate::schema::Field;

use super::KEYWORDS;
use super::lexer::{Kind, tokens};

/// The filter with names in quotes where they need them; none when there is nothing to mend.
pub fn with_quotes(text: &str, fields: &[Field]) -> Option<String> {
    let mut names: Vec<&str> = fields.iter().map(|f| f.name.as_str()).filter(|n| needs_quotes(n)).collect();
    names.sort_by_key(|n| std::cmp::Reverse(n.len()));
    let mut out = String::with_capacity(text.len() + 16);
    let mut inside: Option<char> = None;
    let mut before = ' ';
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let whole = |n: &&&str| rest.starts_with(**n) && !rest[n.len()..].starts_with(char::is_alphanumeric);
        if inside.is_none()
            && !before.is_alphanumeric()
            && let Some(name) = names.iter().find(whole)
        {
            out.push_str(&format!("\"{}\"", name.replace('"', "\"\"")));
            at += name.len();
            before = '"';
            continue;
        }
        match inside {
            Some(quote) if quote == c => inside = None,
            None if c == '\'' || c == '"' => inside = Some(c),
            _ => {}
        }
        out.push(c);
        before = c;
        at += c.len_utf8();
    }
    (out != text).then_some(out)
}

fn needs_quotes(name: &str) -> bool {
    let keyword = KEYWORDS.contains(&name.to_ascii_uppercase().as_str());
    let plain = matches!(tokens(name).as_deref(), Ok([word, _]) if matches!(word.kind, Kind::Word(_)));
    !name.is_empty() && (keyword || !plain)
}
