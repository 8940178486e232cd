//! Bytes of any encoding found in Vietnamese files → text in NFC.
//!
//! GDAL hands text over in one of three ways ([`Arrival`]); the reader always goes back to the bytes of the file and
//! decodes them itself. glibc's converters, which GDAL would use for CP1258 and TCVN, drop the last letter of every
//! value (vietnam.md 2.2), and VNI they do not know.

pub mod detect; // which encoding a layer's text is in
pub mod encode; // text → the bytes it came from
pub mod syllable; // whether a word can be Vietnamese
#[cfg(test)]
mod detect_tests; // … held against thousands of files
mod tcvn3; // ABC, the .Vn fonts
mod viscii; // RFC 1456
mod vni; // VNI-Windows

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Tcvn3,
    Vni,
    Viscii,
    /// One that browsers know: windows-1258, windows-1252 and forty others.
    Web(&'static encoding_rs::Encoding),
}

pub const WINDOWS_1258: Encoding = Encoding::Web(encoding_rs::WINDOWS_1258);
pub const WINDOWS_1252: Encoding = Encoding::Web(encoding_rs::WINDOWS_1252);

impl Encoding {
    /// The encoding of a name as people, `.cpg` files and drawings write it.
    pub fn named(name: &str) -> Option<Self> {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
        Some(match plain.as_str() {
            "UTF8" | "65001" | "CP65001" => Encoding::Utf8,
            "TCVN3" | "ABC" | "TCVN" | "TCVN5712" | "TCVN57121" | "TCVN3ABC" => Encoding::Tcvn3,
            "VNI" | "VNIWINDOWS" | "VNIWIN" => Encoding::Vni,
            "VISCII" => Encoding::Viscii,
            // Charsets of MapInfo.
            "WINDOWSVIETNAMESE" => WINDOWS_1258,
            "WINDOWSLATIN1" => WINDOWS_1252,
            "88591" | "ISO88591" | "LATIN1" => WINDOWS_1252,
            _ => {
                let digits = plain.trim_start_matches("WINDOWS").trim_start_matches("ANSI").trim_start_matches("CP");
                let page = match digits {
                    "874" | "1250" | "1251" | "1252" | "1253" | "1254" | "1255" | "1256" | "1257" | "1258" => {
                        format!("windows-{digits}")
                    }
                    "932" => "shift_jis".into(),
                    "936" => "gbk".into(),
                    "949" => "euc-kr".into(),
                    "950" => "big5".into(),
                    _ => name.trim().into(),
                };
                match encoding_rs::Encoding::for_label_no_replacement(page.as_bytes())? {
                    utf8 if utf8 == encoding_rs::UTF_8 => Encoding::Utf8,
                    // Not a superset of ASCII: cannot be in a table of bytes that ends at NUL.
                    wide if !wide.is_ascii_compatible() => return None,
                    web => Encoding::Web(web),
                }
            }
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Tcvn3 => "TCVN3",
            Encoding::Vni => "VNI",
            Encoding::Viscii => "VISCII",
            Encoding::Web(web) => web.name(),
        }
    }

    /// Appends the text of `bytes`, not yet in NFC; false if a byte has no meaning.
    fn push(self, bytes: &[u8], out: &mut String) -> bool {
        match self {
            Encoding::Utf8 => match std::str::from_utf8(bytes) {
                Ok(text) => out.push_str(text),
                Err(_) => return false,
            },
            Encoding::Tcvn3 => return tcvn3::push(bytes, out),
            Encoding::Vni => return vni::push(bytes, out),
            Encoding::Viscii => viscii::push(bytes, out),
            Encoding::Web(web) => match web.decode_without_bom_handling_and_without_replacement(bytes) {
                Some(text) => out.push_str(&text),
                None => return false,
            },
        }
        true
    }

    /// The text of `bytes` in NFC.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        let mut text = String::new();
        self.push(bytes, &mut text).then(|| text.nfc().collect())
    }
}

/// The degree, plus-minus and diameter signs, which GDAL puts into the text of drawings.
pub const SIGNS: [u8; 3] = [0xB0, 0xB1, 0xD8];

/// The punctuation of windows-1252 that Word puts into text in any 8-bit font.
fn punctuation(byte: u8) -> Option<char> {
    Some(match byte {
        0x85 => '…',
        0x91 => '‘',
        0x92 => '’',
        0x93 => '“',
        0x94 => '”',
        0x95 => '•',
        0x96 => '–',
        0x97 => '—',
        0xA0 => '\u{A0}',
        _ => return None,
    })
}

fn punctuation_code(c: char) -> Option<u8> {
    (0x80..=0xA0).find(|byte| punctuation(*byte) == Some(c))
}

/// How GDAL hands over the bytes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// As they are.
    Bytes,
    /// Each byte as the character of that number, written in UTF-8.
    Latin1,
    /// Each byte as windows-1252 reads it, written in UTF-8.
    Windows1252,
}

impl Arrival {
    fn byte(self, c: char) -> Option<u8> {
        match self {
            Arrival::Bytes => None,
            _ if (c as u32) < 0x80 || (0xA0..=0xFF).contains(&(c as u32)) => Some(c as u8),
            Arrival::Latin1 => u8::try_from(c as u32).ok(),
            Arrival::Windows1252 => {
                let mut buffer = [0; 4];
                match *encoding_rs::WINDOWS_1252.encode(c.encode_utf8(&mut buffer)).0 {
                    [byte] => Some(byte),
                    _ => None,
                }
            }
        }
    }

    /// The file's bytes behind a value; none if it holds characters that are not a byte each.
    pub fn bytes(self, value: &[u8]) -> Option<Vec<u8>> {
        match self {
            Arrival::Bytes => Some(value.to_vec()),
            _ => std::str::from_utf8(value).ok()?.chars().map(|c| self.byte(c)).collect(),
        }
    }
}

/// Turns what GDAL hands over into text.
#[derive(Debug, Clone, Copy)]
pub struct Decoder {
    pub encoding: Encoding,
    pub arrival: Arrival,
}

impl Decoder {
    pub const UTF8: Decoder = Decoder { encoding: Encoding::Utf8, arrival: Arrival::Bytes };

    /// The text, and whether it had to be composed (NFC) beyond decoding; none if it does not decode.
    /// What is ASCII or UTF-8 in NFC already is not copied.
    pub fn text<'a>(&self, value: &'a [u8], scratch: &'a mut String) -> Option<(&'a str, bool)> {
        // Six capitals of VISCII lie among the control codes.
        let plain = self.encoding != Encoding::Viscii || !value.iter().any(u8::is_ascii_control);
        if value.is_ascii() && plain {
            // SAFETY of the claim, not of memory: ASCII is UTF-8.
            return std::str::from_utf8(value).ok().map(|text| (text, false));
        }
        if self.encoding == Encoding::Utf8 && self.arrival == Arrival::Bytes {
            let text = std::str::from_utf8(value).ok()?;
            if is_nfc_quick(text.chars()) == IsNormalized::Yes {
                return Some((text, false));
            }
            scratch.clear();
            scratch.extend(text.nfc());
            let changed = scratch != text;
            return Some((scratch, changed));
        }
        let mut decoded = String::with_capacity(value.len() * 2);
        if !self.push(value, &mut decoded) {
            return None;
        }
        scratch.clear();
        scratch.extend(decoded.nfc());
        // windows-1258 and VNI write letters in parts: composing them is decoding.
        Some((scratch, self.encoding == Encoding::Utf8 && *scratch != decoded))
    }

    /// Letters that stand for no byte (`\U+1EA1` in a drawing) stay; the runs between them are decoded.
    fn push(&self, value: &[u8], out: &mut String) -> bool {
        if self.arrival == Arrival::Bytes {
            return self.encoding.push(value, out);
        }
        let Ok(text) = std::str::from_utf8(value) else {
            return false;
        };
        let mut run = Vec::with_capacity(text.len());
        for c in text.chars() {
            match self.arrival.byte(c) {
                Some(byte) => run.push(byte),
                None => {
                    if !self.push_run(&run, out) {
                        return false;
                    }
                    run.clear();
                    out.push(c);
                }
            }
        }
        self.push_run(&run, out)
    }

    fn push_run(&self, run: &[u8], out: &mut String) -> bool {
        match self.encoding {
            // A sign between letters of UTF-8 is a stray byte there.
            Encoding::Utf8 if self.arrival == Arrival::Latin1 => run.utf8_chunks().all(|chunk| {
                out.push_str(chunk.valid());
                out.extend(chunk.invalid().iter().map(|b| char::from(*b)));
                chunk.invalid().iter().all(|b| SIGNS.contains(b))
            }),
            // They are no letters in the .Vn and VNI fonts.
            Encoding::Tcvn3 | Encoding::Vni if self.arrival == Arrival::Latin1 => {
                run.split_inclusive(|b| SIGNS[..2].contains(b)).all(|part| match part.split_last() {
                    Some((sign, text)) if SIGNS[..2].contains(sign) => {
                        let done = self.encoding.push(text, out);
                        out.push(char::from(*sign));
                        done
                    }
                    _ => self.encoding.push(part, out),
                })
            }
            encoding => encoding.push(run, out),
        }
    }

    pub fn string(&self, value: &[u8]) -> Option<String> {
        self.text(value, &mut String::new()).map(|(text, _)| text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_encodings_are_found_as_people_write_them() {
        for (name, expected) in [
            ("utf-8", "UTF-8"),
            ("65001", "UTF-8"),
            ("TCVN3", "TCVN3"),
            ("abc", "TCVN3"),
            ("VNI-Windows", "VNI"),
            ("1258", "windows-1258"),
            ("CP1258", "windows-1258"),
            ("windows-1258", "windows-1258"),
            ("ANSI_1258", "windows-1258"),
            ("ANSI 1252", "windows-1252"),
            ("ISO-8859-1", "windows-1252"),
            ("88591", "windows-1252"),
            ("ISO-8859-2", "ISO-8859-2"),
            ("ANSI_936", "GBK"),
            ("viscii", "VISCII"),
        ] {
            assert_eq!(Encoding::named(name).map(Encoding::name), Some(expected), "{name}");
        }
        assert_eq!(Encoding::named("utf-16"), None);
        assert_eq!(Encoding::named("klingon"), None);
    }

    #[test]
    fn every_encoding_gives_composed_letters() {
        let cases: [(Encoding, &[u8]); 5] = [
            (Encoding::Utf8, "Phươ\u{300}ng Đô Vinh".as_bytes()),
            (Encoding::Tcvn3, b"Ph\xAD\xEAng \xA7\xAB Vinh"),
            (Encoding::Vni, b"Ph\xF6\xF4\xF8ng \xD1o\xE2 Vinh"),
            (Encoding::Viscii, b"Ph\xDF\xB6ng \xD0\xF4 Vinh"),
            (WINDOWS_1258, b"Ph\xFD\xF5\xCCng \xD0\xF4 Vinh"),
        ];
        for (encoding, bytes) in cases {
            assert_eq!(encoding.decode(bytes).as_deref(), Some("Phường Đô Vinh"), "{encoding:?}");
        }
    }

    #[test]
    fn bytes_come_back_from_behind_a_latin_surface() {
        let decoder = Decoder { encoding: Encoding::Tcvn3, arrival: Arrival::Latin1 };
        assert_eq!(decoder.string("§Êt ë t¹i ®« thÞ".as_bytes()).as_deref(), Some("Đất ở tại đô thị"));
        assert_eq!(decoder.string("§« thạch".as_bytes()).as_deref(), Some("Đô thạch"), "letters of their own stay");
        let utf8 = Decoder { encoding: Encoding::Utf8, arrival: Arrival::Windows1252 };
        assert_eq!(utf8.string("Äáº¥t".as_bytes()), None, "a C1 byte is lost in windows-1252");
        assert_eq!(utf8.string("Ä\u{90}áº¥t".as_bytes()).as_deref(), Some("Đất"));
    }

    #[test]
    fn signs_of_drawings_stay_signs() {
        let tcvn3 = Decoder { encoding: Encoding::Tcvn3, arrival: Arrival::Latin1 };
        assert_eq!(tcvn3.string("§é dèc 5° ±2".as_bytes()).as_deref(), Some("Độ dốc 5° ±2"));
        let utf8 = Decoder { encoding: Encoding::Utf8, arrival: Arrival::Latin1 };
        let surface: String = "Độ dốc".bytes().map(char::from).chain(" 5°".chars()).collect();
        assert_eq!(utf8.string(surface.as_bytes()).as_deref(), Some("Độ dốc 5°"));
    }

    #[test]
    fn only_what_was_decomposed_counts_as_changed() {
        let mut scratch = String::new();
        assert!(!Decoder::UTF8.text("Phường".as_bytes(), &mut scratch).unwrap().1);
        assert!(Decoder::UTF8.text("Phươ\u{300}ng".as_bytes(), &mut scratch).unwrap().1);
        assert!(Decoder::UTF8.text(b"\xA7\xCAt", &mut scratch).is_none());
    }
}
