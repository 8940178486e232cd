//! Unicode text that is really something else: TCVN3, VNI or UTF-8 which a program read as Latin letters and saved.
//!
//! `§Êt ë` is TCVN3 for Đất ở, `Ñaát ôû` VNI, `Äáº¥t á»Ÿ` UTF-8. No language is written so; but a word or two may look it.

use super::text::detect::{self, Verdict};
use super::text::{Arrival, Decoder, Encoding};
use super::words::TWICE;
use crate::import::frames::Reading;

/// Below this share of Vietnamese words a text is no Vietnamese as it stands.
const DOUBT: f64 = 0.5;

pub enum Surface {
    /// The text is what it looks like.
    None,
    /// Surely read wrongly before; the decoder goes back to its bytes.
    Behind(Decoder, f64),
    Unsure(Vec<Reading>),
}

/// Looks behind values in UTF-8.
pub fn look(values: &[&[u8]]) -> Surface {
    let all: Vec<&[u8]> = values.iter().copied().filter(|v| !v.is_ascii() && std::str::from_utf8(v).is_ok()).collect();
    let bytes: Vec<Vec<u8>> = all.iter().filter_map(|v| Arrival::Windows1252.bytes(v)).collect();
    // A value with letters beyond Latin was written by a program that knows Unicode.
    if bytes.is_empty() || bytes.len() * 10 < all.len() * 9 {
        return Surface::None;
    }
    let sample = || bytes.iter().map(Vec::as_slice);
    let twice = bytes.iter().filter(|b| std::str::from_utf8(b).is_ok()).count();
    if twice * 10 >= bytes.len() * 9 && bytes.iter().all(|b| !b.is_ascii()) {
        let decoder = Decoder { encoding: Encoding::Utf8, arrival: Arrival::Windows1252 };
        let share = detect::plausibility(Encoding::Utf8, sample());
        let sure = twice >= 3 || share >= DOUBT;
        return if sure { Surface::Behind(decoder, share) } else { unsure(&all, decoder, TWICE, share) };
    }
    if detect::plausibility(Encoding::Utf8, all.iter().copied()) >= DOUBT {
        return Surface::None;
    }
    let font = |e: &Encoding| matches!(e, Encoding::Tcvn3 | Encoding::Vni);
    match detect::detect(sample(), None) {
        Verdict::Detected(encoding, share) if font(&encoding) => {
            Surface::Behind(Decoder { encoding, arrival: Arrival::Windows1252 }, share)
        }
        Verdict::Ambiguous(readings) => {
            let best = readings.iter().find_map(|r| Encoding::named(&r.encoding).filter(font).zip(Some(r.score)));
            match best {
                Some((encoding, share)) if share > 0.9 && odd(&all) => {
                    unsure(&all, Decoder { encoding, arrival: Arrival::Windows1252 }, encoding.name(), share)
                }
                _ => Surface::None,
            }
        }
        _ => Surface::None,
    }
}

/// Whether every value has what no language has: signs inside of words, or marks where letters should be (`ôøng`).
fn odd(values: &[&[u8]]) -> bool {
    let sign = |c: char| ('\u{A1}'..='\u{BF}').contains(&c) || matches!(c, '×' | '÷' | 'Þ' | 'þ' | 'Ð' | '\u{AD}');
    let pair = |text: &str| {
        let letters: Vec<char> = text.chars().collect();
        letters.windows(2).any(|w| w.iter().all(|c| !c.is_ascii() && c.is_alphabetic()))
    };
    values.iter().filter_map(|v| std::str::from_utf8(v).ok()).all(|text| text.chars().any(sign) || pair(text))
}

fn unsure(values: &[&[u8]], decoder: Decoder, name: &str, score: f64) -> Surface {
    let values = || values.iter().take(detect::SAMPLES);
    let as_is = values().filter_map(|v| Decoder::UTF8.string(v)).collect();
    let behind = values().filter_map(|v| decoder.string(v)).collect();
    Surface::Unsure(vec![
        Reading { encoding: name.into(), score, sample: behind },
        Reading { encoding: "UTF-8".into(), score: 0.0, sample: as_is },
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[&str]) -> Option<Vec<String>> {
        let values: Vec<&[u8]> = text.iter().map(|t| t.as_bytes()).collect();
        match look(&values) {
            Surface::Behind(decoder, _) => Some(values.iter().map(|v| decoder.string(v).unwrap()).collect()),
            Surface::None => None,
            Surface::Unsure(readings) => panic!("{readings:?}"),
        }
    }

    #[test]
    fn wrong_readings_are_gone_back_on() {
        let tcvn3 = ["§Êt ë t¹i ®« thÞ", "Ph\u{AD}êng B¶o An", "Khu d©n c\u{AD} hiÖn tr¹ng"];
        assert_eq!(read(&tcvn3).unwrap()[0], "Đất ở tại đô thị");
        let vni = ["Ñaát ôû taïi ñoâ thò", "Phöôøng Baûo An", "Khu daân cö hieän traïng"];
        assert_eq!(read(&vni).unwrap()[2], "Khu dân cư hiện trạng");
        let twice: Vec<String> = ["Đất ở", "Phường Đô Vinh", "hiện trạng"]
            .iter()
            .map(|t| encoding_rs::WINDOWS_1252.decode_without_bom_handling(t.as_bytes()).0.into_owned())
            .collect();
        let twice: Vec<&str> = twice.iter().map(String::as_str).collect();
        assert_eq!(read(&twice).unwrap()[1], "Phường Đô Vinh");
    }

    #[test]
    fn other_languages_stay_what_they_are() {
        for text in [
            &["Orléans", "Besançon", "Saint-Étienne", "né à Nîmes"][..],
            &["São Paulo", "Conceição", "Açores"],
            &["Hà Nam", "Cà Mau", "Lâm Hà", "Tây Hòa"],
            &["Straße", "Köln", "Düsseldorf"],
            &["né"],
            &["Αθήνα", "Москва"],
            &["5 m²", "±0"],
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_word_or_two_are_asked_about() {
        let values: [&[u8]; 1] = ["§Êt ë".as_bytes()];
        let Surface::Unsure(readings) = look(&values) else { panic!() };
        assert_eq!((readings[0].sample[0].as_str(), readings[1].sample[0].as_str()), ("Đất ở", "§Êt ë"));
    }
}
