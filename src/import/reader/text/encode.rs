//! Text → the bytes that it was decoded from, for the report: what can be written back by rule need not be kept.

use unicode_normalization::UnicodeNormalization;

use super::{Encoding, WINDOWS_1258, tcvn3, viscii, vni};

/// How an encoding writes letters that it can write in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As one code where there is one.
    Composed,
    /// Tones after their letters (windows-1258), every mark after its letter (UTF-8).
    Decomposed,
}

impl Encoding {
    /// The forms that files of this encoding are found in.
    pub fn forms(self) -> &'static [Form] {
        match self {
            Encoding::Utf8 => &[Form::Composed, Form::Decomposed],
            _ if self == WINDOWS_1258 => &[Form::Composed, Form::Decomposed],
            _ => &[Form::Composed],
        }
    }

    /// The bytes of `text` (in NFC); none where the encoding has no code for a letter. What [`Encoding::decode`] makes of
    /// them differs from `text` at most in capitals that TCVN3 lacks.
    pub fn encode(self, text: &str, form: Form) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(text.len());
        match self {
            Encoding::Utf8 if form == Form::Decomposed => out.extend(text.nfd().collect::<String>().into_bytes()),
            Encoding::Utf8 => out.extend(text.as_bytes()),
            Encoding::Tcvn3 => text.chars().try_for_each(|c| tcvn3::code(c).map(|byte| out.push(byte)))?,
            Encoding::Viscii => text.chars().try_for_each(|c| viscii::code(c).map(|byte| out.push(byte)))?,
            Encoding::Vni => text.chars().try_for_each(|c| vni::code(c, &mut out))?,
            Encoding::Web(web) if self == WINDOWS_1258 => {
                for c in text.chars() {
                    let single = form == Form::Composed && coded(web, &c.to_string(), &mut out);
                    if !single && !coded(web, &toned(c), &mut out) {
                        return None;
                    }
                }
            }
            Encoding::Web(web) => coded(web, text, &mut out).then_some(())?,
        }
        Some(out)
    }
}

fn coded(web: &'static encoding_rs::Encoding, text: &str, out: &mut Vec<u8>) -> bool {
    let (bytes, _, unmappable) = web.encode(text);
    if !unmappable {
        out.extend_from_slice(&bytes);
    }
    !unmappable
}

/// The letter with its shape, and its tone after it.
fn toned(c: char) -> String {
    let parts: Vec<char> = std::iter::once(c).nfd().collect();
    let (tones, letter): (Vec<char>, Vec<char>) = parts.iter().partition(|c| super::syllable::TONES.contains(c));
    letter.into_iter().nfc().chain(tones).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::reader::text::WINDOWS_1252;

    #[test]
    fn what_is_decoded_can_be_written_back() {
        let text = "Phường Đô Vinh, xã Ỷ La – ĐẤT Ở tại đô thị Ẵ ặ ỹ Ỵ ũ Ĩ ợ";
        for encoding in [Encoding::Utf8, Encoding::Vni, Encoding::Viscii, WINDOWS_1258] {
            let dash = if encoding == Encoding::Viscii { "" } else { "– " };
            let text = text.replace("– ", dash);
            for form in encoding.forms() {
                let bytes = encoding.encode(&text, *form).unwrap_or_else(|| panic!("{encoding:?}"));
                assert_eq!(encoding.decode(&bytes).as_deref(), Some(text.as_str()), "{encoding:?} {form:?}");
            }
        }
        let bytes = Encoding::Tcvn3.encode(text, Form::Composed).unwrap();
        assert_eq!(Encoding::Tcvn3.decode(&bytes).unwrap().to_lowercase(), text.to_lowercase());
        assert_eq!(WINDOWS_1252.encode("Phường", Form::Composed), None);
        assert_eq!(Encoding::Vni.encode("ß", Form::Composed), None);
    }
}
