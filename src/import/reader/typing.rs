//! Which CSV columns are numbers or dates beyond doubt.
//!
//! GDAL's own typing turns the code `007` into 7 and the section `1.10` into 1.1. A column becomes a number here only
//! if every value comes back letter by letter from it.

use crate::schema::Kind;

#[derive(Clone)]
pub struct Typing {
    seen: bool,
    integer: bool,
    /// Every value is what its number prints as.
    real: bool,
    /// Every value has this many decimals, so the column's format gives the zeros back.
    decimals: Option<usize>,
    fixed: bool,
    date: bool,
}

impl Default for Typing {
    fn default() -> Self {
        Typing { seen: false, integer: true, real: true, decimals: None, fixed: true, date: true }
    }
}

impl Typing {
    pub fn see(&mut self, value: &[u8]) {
        if !(self.integer || self.real || self.fixed || self.date) {
            return;
        }
        self.seen = true;
        let text = std::str::from_utf8(value).unwrap_or("?");
        self.integer &= integer(text).is_some();
        let number = real(text);
        self.real &= number.is_some_and(|number| number.to_string() == text);
        let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        self.fixed &= number.is_some() && *self.decimals.get_or_insert(decimals) == decimals;
        self.date &= date(text).is_some();
    }

    pub fn kind(&self) -> Kind {
        match self {
            Typing { seen: false, .. } => Kind::Text,
            Typing { integer: true, .. } => Kind::Int8,
            Typing { real: true, .. } | Typing { fixed: true, .. } => Kind::Float8,
            Typing { date: true, .. } => Kind::Date,
            _ => Kind::Text,
        }
    }
}

/// An integer written as it would be printed: no sign but minus, no zeros in front.
pub fn integer(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A decimal number of at most 15 digits (which a double holds), no exponent, no zeros in front.
pub fn real(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let plain = all_digits(whole) && all_digits(decimals) && (whole == "0" || !whole.starts_with('0'));
    let fits = whole.len() + decimals.len() <= 15;
    (plain && fits && text != "-0").then(|| text.parse().ok())?
}

/// `2025-07-01`: year, month, day.
pub fn date(text: &str) -> Option<(i32, i32, i32)> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(i, b)| if matches!(i, 4 | 7) { *b == b'-' } else { b.is_ascii_digit() });
    let (year, month, day) =
        shaped.then(|| Some((text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?)))??;
    let moment = super::copy::Moment { year, month, day, ..Default::default() };
    moment.days().map(|_| (year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stay_text_and_numbers_become_numbers() {
        for (values, kind) in [
            (&["7", "12", "-3"][..], Kind::Int8),
            (&["007", "012"], Kind::Text),
            (&["7", "012"], Kind::Text),
            (&["1.10", "1.2"], Kind::Text),
            (&["1.10", "1.25"], Kind::Float8),
            (&["1", "1.5", "-0.25"], Kind::Float8),
            (&["1e5"], Kind::Text),
            (&["+84"], Kind::Text),
            (&["12345678901234567890"], Kind::Text),
            (&["2025-07-01"], Kind::Date),
            (&["2025-02-30"], Kind::Text),
            (&["ODT", "7"], Kind::Text),
            (&[], Kind::Text),
        ] {
            let mut typing = Typing::default();
            values.iter().for_each(|value| typing.see(value.as_bytes()));
            assert_eq!(typing.kind(), kind, "{values:?}");
        }
    }
}
