//! Coordinates as people write them in tables: 580361.427, 580361,427, 1.279.032,27, 11°33'53.3".

/// The sign before the decimals of a column; the other one groups thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decimal {
    Point,
    Comma,
}

impl Decimal {
    /// The one that every value of a column can have; where both fit (`108,988`), the one that gives degrees.
    pub fn of<'a>(values: impl Iterator<Item = &'a str> + Clone) -> Decimal {
        let fits = |decimal| values.clone().filter(|v| coordinate(v, decimal).is_some()).count();
        let (point, comma) = (fits(Decimal::Point), fits(Decimal::Comma));
        let grouped = || {
            let in_degrees = |v: &str| coordinate(v, Decimal::Comma).is_none_or(|n| n.abs() <= 180.0);
            values.clone().any(|v| v.contains(',')) && values.clone().all(in_degrees)
        };
        if comma > point || (comma == point && grouped()) { Decimal::Comma } else { Decimal::Point }
    }
}

/// The number that a text is; degrees, minutes and seconds as degrees.
pub fn coordinate(text: &str, decimal: Decimal) -> Option<f64> {
    let text = text.trim();
    if text.contains(['°', 'º']) {
        return degrees(text, decimal);
    }
    let (minus, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (point, group) = match decimal {
        Decimal::Point => ('.', ','),
        Decimal::Comma => (',', '.'),
    };
    let (whole, decimals) = digits.split_once(point).unwrap_or((digits, ""));
    let grouped = |c: char| c == group || c == ' ' || c == '\u{A0}';
    let groups: Vec<&str> = whole.split(grouped).collect();
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let first = groups[0];
    let well_grouped =
        groups.len() == 1 || ((1..=3).contains(&first.len()) && groups[1..].iter().all(|g| g.len() == 3));
    if first.is_empty() || !well_grouped || !groups.iter().all(|g| all_digits(g)) {
        return None;
    }
    // An exponent is a number too (Excel writes them), if it is one that a double holds.
    let plain = format!("{}{}.{}", if minus { "-" } else { "" }, groups.concat(), decimals);
    let exponent_at = decimals.find(['e', 'E']).unwrap_or(decimals.len());
    let (fraction, exponent) = decimals.split_at(exponent_at);
    let signless = exponent.trim_start_matches(['e', 'E']).trim_start_matches(['+', '-']);
    (all_digits(fraction) && all_digits(signless)).then(|| plain.parse().ok())?
}

fn degrees(text: &str, decimal: Decimal) -> Option<f64> {
    let (minus, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let text = text.trim_end_matches(|c: char| c.is_alphabetic());
    let parts = text.split(['°', 'º', '\'', '′', '’', '"', '″', '”']).map(str::trim).filter(|p| !p.is_empty());
    let numbers: Option<Vec<f64>> = parts.map(|p| coordinate(p, decimal)).collect();
    let value = match numbers?.as_slice() {
        [d] => *d,
        [d, m] if *m < 60.0 => d + m / 60.0,
        [d, m, s] if *m < 60.0 && *s < 60.0 => d + m / 60.0 + s / 3600.0,
        _ => return None,
    };
    Some(if minus { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, decimal, expected) in [
            ("580361.427", Decimal::Point, Some(580_361.427)),
            ("580361,427", Decimal::Comma, Some(580_361.427)),
            ("1.279.032,27", Decimal::Comma, Some(1_279_032.27)),
            ("1,279,032.27", Decimal::Point, Some(1_279_032.27)),
            ("1 279 032,27", Decimal::Comma, Some(1_279_032.27)),
            ("-5", Decimal::Point, Some(-5.0)),
            ("12,34", Decimal::Point, None),
            ("abc", Decimal::Point, None),
            ("", Decimal::Point, None),
            ("1.2.3", Decimal::Point, None),
        ] {
            assert_eq!(coordinate(text, decimal), expected, "{text}");
        }
        let vp1 = coordinate("12°33'36.0\"", Decimal::Point).unwrap();
        assert!((vp1 - 12.56).abs() < 1e-9);
    }

    #[test]
    fn a_column_has_one_decimal_sign() {
        assert_eq!(Decimal::of(["108,988", "109"].into_iter()), Decimal::Comma);
        assert_eq!(Decimal::of(["580,361", "581,002"].into_iter()), Decimal::Point);
        assert_eq!(Decimal::of(["580361,4", "581,002"].into_iter()), Decimal::Comma);
        assert_eq!(Decimal::of(["580361.4"].into_iter()), Decimal::Point);
    }
}
