//! Which encoding a layer's text is in: judged on all its words together, never on one value (vietnam.md 2.4).
//!
//! A reading is plausible when its words are built like Vietnamese syllables. Of two plausible ones the words decide that
//! they read differently: by their build, and by how frequent their letters are. What stays close is asked about.

use std::collections::BTreeSet;

use super::{Encoding, WINDOWS_1252, WINDOWS_1258, syllable};
use crate::import::frames::Reading;

/// Share of Vietnamese words from which a decoding is taken for right.
const PLAUSIBLE: f64 = 0.75;
/// The same for Latin letters, which other languages are written in too.
const PLAUSIBLE_LATIN: f64 = 0.6;
/// By how much it must be likelier than any other, as a natural logarithm; less where many words have spoken for it.
const LEAD: f64 = 14.0;
const LEAD_OF_MANY: f64 = 8.0;
const MANY: usize = 12;
/// The same for Latin letters, which differ from others in few words.
const LEAD_LATIN: f64 = 5.0;
const MANY_LATIN: usize = 7;
/// What each word adds to a reading in Latin letters, which has 0.45 of all that Vietnamese text consists of: a text of
/// only those is likelier to be one that has no others.
const FEW_LETTERS: f64 = 0.87;
/// Different words needed: a handful of letters reads as something in every encoding.
const WORDS: usize = 4;
/// Values shown for each candidate.
pub const SAMPLES: usize = 10;

const CANDIDATES: [Encoding; 5] = [Encoding::Tcvn3, Encoding::Vni, WINDOWS_1258, Encoding::Viscii, WINDOWS_1252];

/// The letters beyond ASCII from frequent to rare, counted in the names of 10,000 communes.
const FREQUENT: &str = "ãưđâờàơêạôịệáảúấìậĩòồộăớếợắỹọềốứùủầỳíụũẩễằóổýựỉữửèểừỏéỗặởõỷẫẹẻỵẳỡẽẵ";
/// What a word costs that is no syllable, as a logarithm.
const FOREIGN: f64 = -12.0;

/// What Word puts around words; inside of one it is a letter that was read wrongly (`THU“N`).
const PUNCTUATION: [char; 8] = ['–', '—', '‘', '’', '“', '”', '…', '•'];

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

/// Judges values as the file has them. A `hint` (a font's name) decides between readings that are plausible.
pub fn detect<'a>(values: impl IntoIterator<Item = &'a [u8]>, hint: Option<Encoding>) -> Verdict {
    let values: BTreeSet<&[u8]> = values.into_iter().filter(|v| !v.is_ascii()).collect();
    if values.is_empty() {
        return Verdict::Ascii;
    }
    let utf8 = values.iter().filter(|v| std::str::from_utf8(v).is_ok()).count();
    let mut scores: Vec<Score> = CANDIDATES.iter().map(|e| Score::of(*e, &values)).collect();
    scores.sort_by(|a, b| b.share.total_cmp(&a.share).then(b.likely().total_cmp(&a.likely())));
    // A broken value among good ones does not make another encoding.
    if utf8 * 2 >= values.len() {
        // Pairs of bytes may be valid by chance (`ươ` in VISCII is); longer letters are not.
        let long = |v: &&[u8]| std::str::from_utf8(v).is_ok_and(|text| text.chars().any(|c| c > '\u{7FF}'));
        let unicode = Score::of(Encoding::Utf8, &values);
        let nearly_all = utf8 * 10 >= values.len() * 9;
        if values.iter().any(long) || (nearly_all && (scores[0].share < PLAUSIBLE || unicode.share >= PLAUSIBLE)) {
            return Verdict::Utf8;
        }
        scores.push(unicode);
    }
    if let Some(hinted) = hint.and_then(|hint| scores.iter().find(|s| s.encoding == hint))
        && hinted.share >= PLAUSIBLE / 2.0
        && hinted.share >= scores[0].share / 2.0
    {
        return Verdict::Detected(hinted.encoding, hinted.share);
    }
    let (best, rivals) = (&scores[0], &scores[1..]);
    let words = best.words();
    let latin = best.encoding == WINDOWS_1252;
    let lead = match words {
        MANY_LATIN.. if latin => LEAD_LATIN,
        MANY.. => LEAD_OF_MANY,
        _ => LEAD,
    };
    let plausible = if latin { PLAUSIBLE_LATIN } else { PLAUSIBLE };
    if best.share >= plausible && words >= WORDS && rivals.iter().all(|rival| best.leads(rival, lead)) {
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
    /// Every value decodes.
    readable: bool,
    text: Vec<Option<String>>,
    /// For each value, its words with a letter beyond ASCII and what each weighs; none where it does not decode.
    weighed: Vec<Option<Vec<(String, f64)>>>,
}

impl Score {
    fn of(encoding: Encoding, values: &BTreeSet<&[u8]>) -> Self {
        let text: Vec<Option<String>> = values.iter().map(|v| encoding.decode(v)).collect();
        let words = |text: &String| -> Vec<(String, f64)> {
            // Among capitals a small letter is a wrong one; TCVN3, which lacks them, is decoded to capitals there.
            let upper = |w: &str| w.bytes().filter(u8::is_ascii_uppercase).count();
            let (some, more) = text
                .split(separates)
                .map(upper)
                .fold((0, 0), |(some, more), n| (some + usize::from(n > 0), more + usize::from(n > 1)));
            let capitals = !text.bytes().any(|b| b.is_ascii_lowercase()) && more > 0 && more * 2 >= some;
            let weight = |w: &str| if capitals && w.chars().any(char::is_lowercase) { FOREIGN } else { weight(w) };
            text.split(separates)
                .map(|w| w.trim_matches(PUNCTUATION))
                .filter(|w| !w.is_ascii() || w.contains(char::is_control))
                .map(|w| (w.to_owned(), weight(w)))
                .collect()
        };
        let weighed: Vec<Option<Vec<(String, f64)>>> = text.iter().map(|t| t.as_ref().map(words)).collect();
        let unreadable = text.iter().filter(|t| t.is_none()).count();
        let distinct: BTreeSet<(&str, bool)> =
            weighed.iter().flatten().flatten().map(|(word, weight)| (word.as_str(), *weight > FOREIGN)).collect();
        let good = distinct.iter().filter(|(_, good)| *good).count();
        let share = good as f64 / (distinct.len() + unreadable).max(1) as f64;
        Score { encoding, share, readable: unreadable == 0, text, weighed }
    }

    fn words(&self) -> usize {
        self.weighed.iter().flatten().flatten().map(|(word, _)| word).collect::<BTreeSet<_>>().len()
    }

    /// Whether this reading is likelier beyond doubt, judged on the words that the two read differently.
    fn leads(&self, rival: &Score, enough: f64) -> bool {
        let mut seen = BTreeSet::new();
        let (mut lead, mut differ, mut foreign) = (-rival.bonus(), false, false);
        for (ours, theirs) in self.weighed.iter().zip(&rival.weighed) {
            let Some(ours) = ours else { continue };
            let Some(theirs) = theirs else {
                differ = true;
                lead -= FOREIGN;
                continue;
            };
            // Where one sees letters and the other none, the one without has words less.
            if ours.len() != theirs.len() {
                let longest = ours.len().max(theirs.len());
                let weigh = |words: &[(String, f64)]| {
                    words.iter().map(|(_, weight)| weight).sum::<f64>() + FOREIGN * (longest - words.len()) as f64
                };
                differ = true;
                lead += weigh(ours) - weigh(theirs);
                continue;
            }
            for ((our, weight), (their, other)) in ours.iter().zip(theirs) {
                if our != their && seen.insert(our.as_str()) {
                    differ = true;
                    foreign |= *weight <= FOREIGN;
                    lead += weight - other;
                }
            }
        }
        // That it has few letters speaks for it only while they make words.
        let lead = if foreign { lead } else { lead + self.bonus() };
        // One that reads every value the same way is no rival.
        !differ || lead >= enough
    }

    fn bonus(&self) -> f64 {
        if self.encoding == WINDOWS_1252 { FEW_LETTERS * self.words() as f64 } else { 0.0 }
    }

    /// The mean weight of its words.
    fn likely(&self) -> f64 {
        let (sum, n) =
            self.weighed.iter().flatten().flatten().fold((0.0, 0usize), |(sum, n), (_, weight)| (sum + weight, n + 1));
        (sum + self.bonus()) / n.max(1) as f64
    }

    fn reading(self) -> Reading {
        let step = (self.text.len() / SAMPLES).max(1);
        let sample = self.text.into_iter().step_by(step).flatten().take(SAMPLES);
        Reading {
            encoding: self.encoding.name().into(),
            score: (self.share * 100.0).round() / 100.0,
            sample: sample.map(|t| t.chars().take(80).collect()).collect(),
        }
    }
}

/// How likely a word is, as a logarithm: the mean of its letters' frequencies, by their rank.
fn weight(word: &str) -> f64 {
    if !syllable::is_vietnamese(word) {
        return FOREIGN;
    }
    let ranks = word.to_lowercase().chars().filter(|c| !c.is_ascii()).map(rank).collect::<Vec<_>>();
    -2.5 - 0.09 * ranks.iter().sum::<usize>() as f64 / ranks.len().max(1) as f64
}

fn rank(letter: char) -> usize {
    FREQUENT.chars().position(|c| c == letter).unwrap_or(67)
}

/// Signs of other encodings (`§`, `©`, `¸`, control codes, which are letters in VISCII) stay in the word, so that it counts
/// as a bad one.
fn separates(c: char) -> bool {
    c.is_whitespace()
        || (c.is_ascii() && !c.is_ascii_alphabetic() && !c.is_control())
        || ('\u{2010}'..='\u{2026}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_real_names_are_enough() {
        let tcvn3: [&[u8]; 3] =
            [b"Ph\xAD\xEAng B\xB6o An", b"Ph\xAD\xEAng \xA7\xAB Vinh", b"\xA7\xCAt \xEB t\xB9i \xAE\xAB th\xDE"];
        assert!(matches!(detect(tcvn3, None), Verdict::Detected(Encoding::Tcvn3, _)), "{:?}", detect(tcvn3, None));
        let vni: [&[u8]; 3] =
            [b"Ph\xF6\xF4\xF8ng Ba\xFBo An", b"Ph\xF6\xF4\xF8ng \xD1o\xE2 Vinh", b"Ha\xFBi \xD1o\xE2ng Ch\xF6\xFB"];
        assert!(matches!(detect(vni, None), Verdict::Detected(Encoding::Vni, _)), "{:?}", detect(vni, None));
    }

    #[test]
    fn what_is_not_vietnamese_is_asked_about() {
        let french: [&[u8]; 3] = [b"Saint-\xC9tienne", b"Orl\xE9ans", b"Besan\xE7on"];
        let Verdict::Ambiguous(readings) = detect(french, None) else { panic!() };
        assert!(readings.iter().any(|r| r.encoding == "windows-1252" && r.sample.contains(&"Orléans".to_string())));
    }

    #[test]
    fn utf8_and_ascii_are_what_they_are() {
        assert!(matches!(detect(["Phường".as_bytes()], None), Verdict::Utf8));
        assert!(matches!(detect([b"Phuong".as_slice()], None), Verdict::Ascii));
    }
}
