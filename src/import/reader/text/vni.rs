//! VNI-Windows: a letter and a mark, each a byte (vietnam.md 2.1 and 2.3).
//!
//! The mark's byte says tone and shape at once, whatever letter it follows; the capital's mark lies 0x20 lower. It is
//! written here as combining characters and composed at the end, so the table has seventeen rows and not 134.

use unicode_normalization::UnicodeNormalization;

/// Mark (small) → combining characters.
fn mark(byte: u8) -> Option<&'static str> {
    Some(match byte | 0x20 {
        0xF8 => "\u{300}",
        0xF9 => "\u{301}",
        0xFB => "\u{309}",
        0xF5 => "\u{303}",
        0xEF => "\u{323}",
        0xE2 => "\u{302}",
        0xE0 => "\u{302}\u{300}",
        0xE1 => "\u{302}\u{301}",
        0xE5 => "\u{302}\u{309}",
        0xE3 => "\u{302}\u{303}",
        0xE4 => "\u{302}\u{323}",
        0xEA => "\u{306}",
        0xE8 => "\u{306}\u{300}",
        0xE9 => "\u{306}\u{301}",
        0xFA => "\u{306}\u{309}",
        0xFC => "\u{306}\u{303}",
        0xEB => "\u{306}\u{323}",
        _ => return None,
    })
}

/// Letters that are one byte.
fn single(byte: u8) -> Option<char> {
    Some(match byte {
        0xD1 => 'Đ',
        0xF1 => 'đ',
        0xD4 => 'Ơ',
        0xF4 => 'ơ',
        0xD6 => 'Ư',
        0xF6 => 'ư',
        0xCC => 'Ì',
        0xEC => 'ì',
        0xCD => 'Í',
        0xED => 'í',
        0xD3 => 'Ĩ',
        0xF3 => 'ĩ',
        0xC6 => 'Ỉ',
        0xE6 => 'ỉ',
        0xD2 => 'Ị',
        0xF2 => 'ị',
        0xCE => 'Ỵ',
        0xEE => 'ỵ',
        _ => return None,
    })
}

/// Whether a letter takes a mark: the circumflex sits on a, e, o; the breve on a; a tone alone on any vowel.
fn takes(letter: char, mark: &str) -> bool {
    let letters = match mark.chars().next() {
        Some('\u{302}') => "aeo",
        Some('\u{306}') => "a",
        _ => "aeouyơư",
    };
    letter.to_lowercase().all(|c| letters.contains(c))
}

/// Appends the bytes of a letter.
pub fn code(c: char, out: &mut Vec<u8>) -> Option<()> {
    let byte = match c {
        '\0'..='\x7F' => u8::try_from(c).ok(),
        _ => (0xA0..=0xFF).find(|b| single(*b) == Some(c)).or_else(|| super::punctuation_code(c)),
    };
    if let Some(byte) = byte {
        out.push(byte);
        return Some(());
    }
    let parts: Vec<char> = std::iter::once(c).nfd().collect();
    // The horn belongs to the letter, circumflex and breve to the mark.
    let horned = parts.get(1) == Some(&'\u{31B}');
    let (letter, marks) = parts.split_at(if horned { 2 } else { 1 });
    let letter = letter.iter().copied().nfc().next()?;
    // Canonical order puts a dot below before the circumflex; the table has the shape first.
    let mut marks: Vec<char> = marks.to_vec();
    marks.sort_by_key(|mark| !matches!(mark, '\u{302}' | '\u{306}'));
    let marks: String = marks.into_iter().collect();
    let small =
        (0xE0..=0xFF).find(|b| mark(*b) == Some(&marks)).filter(|_| !marks.is_empty() && takes(letter, &marks))?;
    out.push(if letter.is_ascii() {
        u8::try_from(letter).ok()?
    } else {
        (0xA0..=0xFF).find(|b| single(*b) == Some(letter))?
    });
    out.push(if letter.is_uppercase() { small - 0x20 } else { small });
    Some(())
}

pub fn push(bytes: &[u8], out: &mut String) -> bool {
    let mut before = None;
    for &byte in bytes {
        let letter = if byte < 0x80 { Some(byte.into()) } else { None };
        if let (Some(base), Some(mark)) = (before.take(), mark(byte).filter(|_| byte >= 0x80))
            && takes(base, mark)
        {
            out.push_str(mark);
            continue;
        }
        match letter.or_else(|| single(byte)).or_else(|| super::punctuation(byte)) {
            Some(c) => {
                out.push(c);
                before = Some(c);
            }
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use crate::import::reader::text::Encoding;

    #[test]
    fn every_sequence_reads_as_its_letter() {
        let path = crate::import::reader::shared("reference/vietnam/vni_to_unicode.csv");
        let Some(csv) = path.and_then(|p| std::fs::read_to_string(p).ok()) else {
            return;
        };
        let mut sequences = 0;
        for line in csv.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            let hex = cells[0].as_bytes().chunks(2);
            let bytes: Vec<u8> =
                hex.map(|h| u8::from_str_radix(std::str::from_utf8(h).unwrap(), 16).unwrap()).collect();
            assert_eq!(Encoding::Vni.decode(&bytes).as_deref(), Some(cells[2]), "{}", cells[0]);
            sequences += 1;
        }
        assert_eq!(sequences, 134);
    }

    #[test]
    fn a_mark_without_its_letter_is_no_text() {
        assert_eq!(Encoding::Vni.decode(b"Ph\xF6\xF4\xF8ng").as_deref(), Some("Phường"));
        assert_eq!(Encoding::Vni.decode(b"b\xF8"), None);
        assert_eq!(Encoding::Vni.decode(b"\xA7\xCAt"), None);
    }
}
