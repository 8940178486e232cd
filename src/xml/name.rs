//! Names of fields as names of elements. XML takes letters of every language, but no spaces and few signs; what it does not
//! take is written `_xHHHH_`, its code in hexadecimal (ISO/IEC 9075-14, 9.1), so that the name can be read back.

/// A name that may be an element's (Namespaces in XML 1.0, NCName).
pub fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for (at, c) in name.char_indices() {
        let plain = if at == 0 { starts(c) } else { goes_on(c) };
        // What looks like a code of this kind is not to be read as one.
        let lies = c == '_' && name[at + 1..].starts_with('x');
        if plain && !lies {
            out.push(c);
        } else {
            out.push_str(&format!("_x{:04X}_", c as u32));
        }
    }
    if out.is_empty() { "_x0000_".into() } else { out }
}

/// The name that [`encode`] wrote.
pub fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let code =
            rest.strip_prefix("_x").and_then(|r| r.split_once('_')).filter(|(hex, _)| (4..=6).contains(&hex.len()));
        let letter = code.and_then(|(hex, after)| Some((u32::from_str_radix(hex, 16).ok()?, after)));
        match letter {
            Some((0, after)) => rest = after,
            Some((code, after)) => {
                out.extend(char::from_u32(code));
                rest = after;
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

/// XML 1.0 (fifth edition), 2.3, NameStartChar without the colon.
fn starts(c: char) -> bool {
    matches!(c, 'A'..='Z' | 'a'..='z' | '_' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

fn goes_on(c: char) -> bool {
    starts(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_comes_back_and_is_one_that_xml_takes() {
        for (name, encoded) in [
            ("maDat", "maDat"),
            ("Mã_đất", "Mã_đất"),
            ("Diện tích (m²)", "Diện_x0020_tích_x0020__x0028_m_x00B2__x0029_"),
            ("2020", "_x0032_020"),
            ("_x0020_", "_x005F_x0020_"),
            ("a:b", "a_x003A_b"),
            ("", "_x0000_"),
        ] {
            assert_eq!((encode(name).as_str(), decode(encoded).as_str()), (encoded, name));
        }
    }
}
