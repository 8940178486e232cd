//! Functions on values: their names, and what they do in memory. `render` has the same in SQL.

use unicode_normalization::UnicodeNormalization;

use super::{Scalar, Sort};

/// A function that a filter may call, each of one argument.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// In small letters; a filter may write it in any.
    pub name: &'static str,
    /// `string`, `number` or `datetime`.
    pub takes: &'static str,
    /// `string`, `number` or `integer`.
    pub gives: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    CaseI,
    AccentI,
    Lower,
    Upper,
    Trim,
    Length,
    Abs,
    Round,
    Floor,
    Ceil,
    Year,
    Month,
    Day,
}

macro_rules! table {
    ($($what:ident $name:literal $takes:literal $gives:literal $about:literal;)*) => {
        const TABLE: &[Function] = &[$(Function { name: $name, takes: $takes, gives: $gives, about: $about, what: What::$what }),*];
    };
}
table! {
    CaseI   "casei"   "string"   "string"  "the same for small and capital letters";
    AccentI "accenti" "string"   "string"  "without marks over and under letters; đ is d";
    Lower   "lower"   "string"   "string"  "in small letters";
    Upper   "upper"   "string"   "string"  "in capital letters";
    Trim    "trim"    "string"   "string"  "without spaces at both ends";
    Length  "length"  "string"   "integer" "the number of letters";
    Abs     "abs"     "number"   "number"  "without its sign";
    Round   "round"   "number"   "number"  "the nearest whole number, the even one of two";
    Floor   "floor"   "number"   "number"  "the whole number below";
    Ceil    "ceil"    "number"   "number"  "the whole number above";
    Year    "year"    "datetime" "integer" "the year, in UTC";
    Month   "month"   "datetime" "integer" "the month from 1 to 12, in UTC";
    Day     "day"     "datetime" "integer" "the day of the month, in UTC";
}

/// Every function that there is.
pub fn functions() -> &'static [Function] {
    TABLE
}

pub fn find(name: &str) -> Option<&'static Function> {
    TABLE.iter().find(|f| f.name == name)
}

impl Function {
    /// The sort of what it makes of a value.
    pub fn sort(&self, argument: &Scalar) -> Sort {
        match self.gives {
            "string" => Sort::Text,
            "integer" => Sort::Int,
            _ => argument.sort(),
        }
    }
}

/// Full case folding: the same for every spelling that differs in case alone, ß as ss.
pub fn casei(text: &str) -> String {
    text.to_uppercase().to_lowercase().replace('ς', "σ")
}

/// Without case and marks: how words are looked for.
pub fn folded(text: &str) -> String {
    accenti(&casei(text))
}

/// Decomposed (NFD), without combining marks; đ, which has no mark of its own in Unicode, as d.
pub fn accenti(text: &str) -> String {
    let letters = text.nfd().filter(|c| !('\u{300}'..='\u{36f}').contains(c));
    letters
        .map(|c| {
            if c == 'đ' {
                'd'
            } else if c == 'Đ' {
                'D'
            } else {
                c
            }
        })
        .collect()
}

/// Whether a text matches a pattern of `LIKE`.
pub fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let pattern: Vec<char> = pattern.chars().collect();
    let (mut t, mut p) = (0, 0);
    // Where to go on when what follows the last `%` does not match: one letter further.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let (matches, step) = match pattern.get(p) {
            Some('%') => {
                retry = Some((t, p + 1));
                p += 1;
                continue;
            }
            Some('_') => (t < text.len(), 1),
            Some('\\') => (text.get(t).is_some_and(|c| pattern.get(p + 1) == Some(c)), 2),
            Some(c) => (text.get(t) == Some(c), 1),
            None if t == text.len() => return true,
            None => (false, 0),
        };
        if matches {
            (t, p) = (t + 1, p + step);
            continue;
        }
        match retry {
            Some((from, after)) if from < text.len() => {
                retry = Some((from + 1, after));
                (t, p) = (from + 1, after);
            }
            _ => return false,
        }
    }
}

/// Whether a pattern ends with a backslash that nothing follows.
pub fn ends_open(pattern: &str) -> bool {
    pattern.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_takes_every_vietnamese_mark_and_the_case_of_every_letter() {
        let all = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ";
        assert!(accenti(all).chars().all(|c| "aeiouyd".contains(c)), "{}", accenti(all));
        assert_eq!(accenti(&all.to_uppercase()).to_lowercase(), accenti(all));
        assert_eq!(accenti("Đường Thống Nhất"), "Duong Thong Nhat");
        assert_eq!(accenti("Mỹ Hải".nfd().collect::<String>().as_str()), "My Hai");
        assert_eq!((casei("Straße"), casei("ΟΔΌΣ")), (casei("STRASSE"), casei("οδός")));
        assert_eq!(casei("ĐẤT Ở"), "đất ở");
    }

    #[test]
    fn like_takes_letters_not_bytes_and_a_backslash_takes_the_sign_off_a_wildcard() {
        for (text, pattern, want) in [
            ("Đất ở", "Đ_t%", true),
            ("Đất ở", "__t _", true),
            ("Đất ở", "đất ở", false),
            ("", "%", true),
            ("", "_", false),
            ("50%", r"50\%", true),
            ("50x", r"50\%", false),
            ("a_b", r"a\_b", true),
            (r"a\b", r"a\\b", true),
            ("aab", "%ab", true),
            ("mississippi", "m%iss%ip%i", true),
            ("mississippi", "m%iss%x%i", false),
            ("abc", "abc%%%", true),
            ("abc", "ab", false),
        ] {
            assert_eq!(like(text, pattern), want, "{text} LIKE {pattern}");
        }
        assert!(ends_open(r"a\") && !ends_open(r"a\\") && ends_open(r"\\\"));
        let slow = format!("{}b", "a%".repeat(200));
        assert!(!like(&"a".repeat(10_000), &slow), "and quickly");
    }
}
