//! Whether a word can be a Vietnamese syllable: onset, rhyme, coda, at most one tone (vietnam.md 2.4).

use unicode_normalization::UnicodeNormalization;

const ONSETS: [&str; 28] = [
    "ngh", "ng", "nh", "gh", "gi", "kh", "ph", "th", "tr", "ch", "qu", "b", "c", "d", "đ", "g", "h", "k", "l", "m",
    "n", "p", "r", "s", "t", "v", "x", "",
];
const RHYMES: [&str; 56] = [
    "a", "ă", "â", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y", "ai", "ao", "au", "ay", "âu", "ây", "eo", "êu", "ia",
    "iê", "iu", "oa", "oă", "oe", "oi", "oo", "ôi", "ơi", "ua", "uâ", "uê", "ui", "uô", "uơ", "uy", "ưa", "ưi", "ươ",
    "ưu", "yê", "iêu", "oai", "oay", "oeo", "uây", "uôi", "uya", "uyê", "uyu", "ươi", "ươu", "yêu", "uêu", "uao",
];
const CODAS: [&str; 9] = ["ch", "nh", "ng", "c", "m", "n", "p", "t", ""];

/// Whether `word` (in NFC, any case) is built like a Vietnamese syllable.
pub fn is_vietnamese(word: &str) -> bool {
    let mut tone = None;
    let mut letters = String::with_capacity(word.len());
    for c in word.to_lowercase().nfd() {
        match c {
            '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}' if tone.is_none() => tone = Some(c),
            '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}' => return false,
            _ => letters.push(c),
        }
    }
    let letters: String = letters.nfc().collect();
    ONSETS.iter().any(|onset| {
        let Some(rest) = letters.strip_prefix(onset) else {
            return false;
        };
        CODAS.iter().any(|coda| {
            let Some(rhyme) = rest.strip_suffix(coda) else {
                return false;
            };
            // A stop takes the acute, the dot, or nothing in names of other peoples (Đắk, Kon Tum).
            let stopped =
                matches!(*coda, "c" | "ch" | "p" | "t") && matches!(tone, Some('\u{300}' | '\u{303}' | '\u{309}'));
            // gì, gìn: the onset has taken the vowel.
            !stopped && (RHYMES.contains(&rhyme) || (rhyme.is_empty() && *onset == "gi"))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::is_vietnamese;

    #[test]
    fn words_of_maps_are_vietnamese() {
        let words = "Phường Đô Vinh Bảo An Đông Hải Ninh Chử Khánh Hòa Mỹ Hải Đất ở tại đô thị quy hoạch sử dụng đường nghĩa \
                     giếng gì quốc lộ thuỷ sản khuyến nguyễn ruộng rượu trồng cây lâu năm nước kênh mương Ỷ La Thượng Ấm hoà oanh";
        for word in words.split_whitespace() {
            assert!(is_vietnamese(word), "{word}");
        }
    }

    #[test]
    fn other_words_and_wrong_decodings_are_not() {
        for word in ["§Êt", "®«", "Phöôøng", "Café", "Straße", "Phýõng", "Ñoâ", "thÞ", "Đấậ", "hảt", "Saint-Étienne"]
        {
            assert!(!is_vietnamese(word), "{word}");
        }
    }
}
