//! Whether a word can be a Vietnamese syllable: onset, rhyme, coda, and at most one tone, on the letter where it belongs
//! (vietnam.md 2.4). The stricter this is, the fewer words of a wrong decoding pass.

use unicode_normalization::UnicodeNormalization;

/// Grave, acute, tilde, hook, dot below.
pub const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];
const ACUTE: char = '\u{301}';
const DOT_BELOW: char = '\u{323}';

const ONSETS: [&str; 28] = [
    "ngh", "ng", "nh", "gh", "gi", "kh", "ph", "th", "tr", "ch", "qu", "b", "c", "d", "đ", "g", "h", "k", "l", "m",
    "n", "p", "r", "s", "t", "v", "x", "",
];
/// Rhymes that take a coda or none.
const EITHER: [&str; 15] = ["a", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y", "oa", "oe", "oo", "uê", "uy"];
/// Rhymes that need a coda.
const CLOSED: [&str; 9] = ["ă", "â", "iê", "oă", "uâ", "uô", "ươ", "yê", "uyê"];
/// Rhymes that take none.
const OPEN: [&str; 31] = [
    "ai", "ao", "au", "ay", "âu", "ây", "eo", "êu", "ia", "iu", "oi", "ôi", "ơi", "ua", "ui", "uơ", "ưa", "ưi", "ưu",
    "iêu", "yêu", "oai", "oay", "oeo", "uây", "uôi", "uya", "uyu", "ươi", "ươu", "uêu",
];
const CODAS: [&str; 9] = ["ch", "nh", "ng", "c", "m", "n", "p", "t", ""];

/// Whether `word` (any case) is built like a Vietnamese syllable.
pub fn is_vietnamese(word: &str) -> bool {
    let Some((letters, tone)) = parts(word) else {
        return false;
    };
    // Wrong decodings put capitals into words.
    let mut before = ' ';
    if word.chars().any(|c| std::mem::replace(&mut before, c).is_lowercase() && c.is_uppercase()) {
        return false;
    }
    ONSETS.iter().any(|onset| {
        let Some(rest) = letters.strip_prefix(onset) else {
            return false;
        };
        CODAS.iter().chain(&["k"]).any(|coda| {
            rest.strip_suffix(coda).is_some_and(|rhyme| {
                let vowels = onset.chars().count()..onset.chars().count() + rhyme.chars().count();
                fits(onset, rhyme, coda) && tone.is_none_or(|(at, tone)| sits(rhyme, coda, vowels, at, tone))
            })
        })
    })
}

/// Small letters without their tone, and the tone with the position of its letter.
fn parts(word: &str) -> Option<(String, Option<(usize, char)>)> {
    let mut tone = None;
    let mut plain = String::with_capacity(word.len());
    let mut count = 0;
    for c in word.to_lowercase().nfd() {
        match c {
            _ if TONES.contains(&c) => {
                if count == 0 || tone.replace((count - 1, c)).is_some() {
                    return None;
                }
            }
            '\u{302}' | '\u{306}' | '\u{31B}' => plain.push(c),
            _ => {
                plain.push(c);
                count += 1;
            }
        }
    }
    Some((plain.nfc().collect(), tone))
}

/// Whether the parts of a syllable go together, whatever its tone.
fn fits(onset: &str, rhyme: &str, coda: &str) -> bool {
    let known =
        EITHER.contains(&rhyme) || (if coda.is_empty() { OPEN.contains(&rhyme) } else { CLOSED.contains(&rhyme) });
    let front = rhyme.starts_with(['e', 'ê', 'i', 'y']);
    let spelt = match onset {
        "c" | "ng" => !front,
        "g" => !rhyme.starts_with(['e', 'ê']),
        "gh" | "ngh" => front,
        "qu" => !rhyme.starts_with(['o', 'u', 'ư']),
        _ => true,
    };
    // Đắk, Búk: names of other peoples.
    let ended = match coda {
        "ch" | "nh" => rhyme.ends_with(['a', 'ê', 'i', 'y']),
        "k" => matches!(rhyme, "a" | "ă" | "u" | "o" | "ô"),
        _ => true,
    };
    known && spelt && ended
}

/// Whether a tone sits on the letter of its rhyme where it is written. `at` counts the letters of the word, of which
/// `vowels` are the rhyme's. Old and new places are both taken (hoà, hòa).
fn sits(rhyme: &str, coda: &str, vowels: std::ops::Range<usize>, at: usize, tone: char) -> bool {
    // A stop takes the acute or the dot.
    if matches!(coda, "c" | "ch" | "p" | "t" | "k") && !matches!(tone, ACUTE | DOT_BELOW) {
        return false;
    }
    let letters: Vec<char> = rhyme.chars().collect();
    let shaped = letters.iter().rposition(|c| "ăâêôơ".contains(*c)).or(letters.iter().position(|c| *c == 'ư'));
    let place = at.checked_sub(vowels.start).filter(|_| vowels.contains(&at));
    let Some(place) = place else { return false };
    match (shaped, letters.len()) {
        (Some(shaped), _) => place == shaped,
        (None, 2) if matches!(rhyme, "oa" | "oe" | "uy") && coda.is_empty() => true,
        (None, 2) if coda.is_empty() => place == 0,
        (None, n) => place == n / 2,
    }
}

#[cfg(test)]
mod tests {
    use super::is_vietnamese;

    #[test]
    fn words_of_maps_are_vietnamese() {
        let words = "Phường Đô Vinh Bảo An Đông Hải Ninh Chử Khánh Hòa Mỹ Hải Đất ở tại đô thị quy hoạch sử dụng đường nghĩa \
                     giếng gì quốc lộ thuỷ sản khuyến nguyễn ruộng rượu trồng cây lâu năm nước kênh mương Ỷ La Thượng Ấm hoà oanh Đắk \
                     quý quốc quyết giữa già gìn oán hoạ toàn toán uỷ khuỷu ngoèo xoong nghĩa ghềnh của mùa cười rượu yếu";
        for word in words.split_whitespace() {
            assert!(is_vietnamese(word), "{word}");
        }
    }

    #[test]
    fn other_words_and_wrong_decodings_are_not() {
        for word in [
            "§Êt",
            "®«",
            "Phöôøng",
            "Café",
            "Straße",
            "Phýõng",
            "Ñoâ",
            "thÞ",
            "Đấậ",
            "hảt",
            "Saint-Étienne",
            "Ḥa",
            "đưồng",
            "tịêng",
            "cề",
            "ăo",
        ] {
            assert!(!is_vietnamese(word), "{word}");
        }
    }
}
