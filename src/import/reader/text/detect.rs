//! Which encoding a layer's text is in: judged on all its words together, never on one value (vietnam.md 2.4).

use std::collections::BTreeSet;

use super::{Encoding, WINDOWS_1252, WINDOWS_1258, syllable};
use crate::import::frames::Reading;

/// Share of Vietnamese words from which a decoding is taken for right, and its lead over any other.
const PLAUSIBLE: f64 = 0.75;
const LEAD: f64 = 0.25;
/// Different words needed: a handful of letters reads as something in every encoding.
const WORDS: usize = 4;
/// Values shown for each candidate.
const SAMPLES: usize = 3;

const CANDIDATES: [Encoding; 5] = [Encoding::Tcvn3, Encoding::Vni, WINDOWS_1258, Encoding::Viscii, WINDOWS_1252];

/// What the bytes of a layer's text are.
#[derive(Debug)]
pub enum Verdict {
    /// No letters beyond ASCII: it makes no difference.
    Ascii,
    Utf8,
    /// This one, with the share of words that read as Vietnamese.
    Detected(Encoding, f64),
    /// Nothing sure; the ways to read it, best first.
    Ambiguous(Vec<Reading>),
}

/// Judges values as the file has them.
pub fn detect<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Verdict {
    let values: BTreeSet<&[u8]> = values.into_iter().filter(|v| !v.is_ascii()).collect();
    if values.is_empty() {
        return Verdict::Ascii;
    }
    // A broken value among good ones does not make another encoding; hardly any text of those is UTF-8 by chance.
    let utf8 = values.iter().filter(|v| std::str::from_utf8(v).is_ok()).count();
    if utf8 * 2 >= values.len() {
        return Verdict::Utf8;
    }
    let mut scores: Vec<Score> = CANDIDATES.iter().map(|e| Score::of(*e, &values)).collect();
    scores.sort_by(|a, b| b.share.total_cmp(&a.share));
    let best = &scores[0];
    // One that reads every value the same way is no rival.
    let rival = scores[1..].iter().find(|s| s.text != best.text).map_or(0.0, |s| s.share);
    if best.share >= PLAUSIBLE && best.share - rival >= LEAD && best.words >= WORDS {
        return Verdict::Detected(best.encoding, best.share);
    }
    Verdict::Ambiguous(scores.into_iter().filter(|s| s.readable).map(Score::reading).collect())
}

/// The share of words with a letter beyond ASCII that read as Vietnamese in this encoding.
pub fn plausibility<'a>(encoding: Encoding, values: impl IntoIterator<Item = &'a [u8]>) -> f64 {
    Score::of(encoding, &values.into_iter().filter(|v| !v.is_ascii()).collect()).share
}

struct Score {
    encoding: Encoding,
    share: f64,
    words: usize,
    /// Every value decodes.
    readable: bool,
    text: Vec<Option<String>>,
}

impl Score {
    fn of(encoding: Encoding, values: &BTreeSet<&[u8]>) -> Self {
        let text: Vec<Option<String>> = values.iter().map(|v| encoding.decode(v)).collect();
        let mut words = BTreeSet::new();
        for value in text.iter().flatten() {
            words.extend(value.split(separates).filter(|w| !w.is_ascii()));
        }
        let unreadable = text.iter().filter(|t| t.is_none()).count();
        let good = words.iter().filter(|w| syllable::is_vietnamese(w)).count();
        let share = good as f64 / (words.len() + unreadable).max(1) as f64;
        Score { encoding, share, words: words.len(), readable: unreadable == 0, text }
    }

    fn reading(self) -> Reading {
        let sample = self.text.into_iter().flatten().take(SAMPLES).map(|t| t.chars().take(80).collect()).collect();
        Reading { encoding: self.encoding.name().into(), score: (self.share * 100.0).round() / 100.0, sample }
    }
}

/// Signs of other encodings (`§`, `©`, `¸`) stay in the word, so that it counts as a bad one.
fn separates(c: char) -> bool {
    c.is_whitespace() || (c.is_ascii() && !c.is_ascii_alphabetic()) || ('\u{2010}'..='\u{2026}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_real_names_are_enough() {
        let tcvn3: [&[u8]; 3] =
            [b"Ph\xAD\xEAng B\xB6o An", b"Ph\xAD\xEAng \xA7\xAB Vinh", b"\xA7\xCAt \xEB t\xB9i \xAE\xAB th\xDE"];
        assert!(matches!(detect(tcvn3), Verdict::Detected(Encoding::Tcvn3, _)), "{:?}", detect(tcvn3));
        let vni: [&[u8]; 3] =
            [b"Ph\xF6\xF4\xF8ng Ba\xFBo An", b"Ph\xF6\xF4\xF8ng \xD1o\xE2 Vinh", b"Ha\xFBi \xD1o\xE2ng Ch\xF6\xFB"];
        assert!(matches!(detect(vni), Verdict::Detected(Encoding::Vni, _)), "{:?}", detect(vni));
    }

    #[test]
    fn what_is_not_vietnamese_is_asked_about() {
        let french: [&[u8]; 3] = [b"Saint-\xC9tienne", b"Orl\xE9ans", b"Besan\xE7on"];
        let Verdict::Ambiguous(readings) = detect(french) else { panic!() };
        assert!(readings.iter().any(|r| r.encoding == "windows-1252" && r.sample.contains(&"Orléans".to_string())));
    }

    #[test]
    fn utf8_and_ascii_are_what_they_are() {
        assert!(matches!(detect(["Phường".as_bytes()]), Verdict::Utf8));
        assert!(matches!(detect([b"Phuong".as_slice()]), Verdict::Ascii));
    }
}
