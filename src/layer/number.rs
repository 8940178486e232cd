//! Numbers as PostgreSQL and PostGIS write them, digit by digit, so that a page and an export of a feature are the same.

use std::io::Write;

/// Where PostGIS turns to exponents (`OUT_MIN_DOUBLE`, `OUT_MAX_DOUBLE` of liblwgeom).
const LEAST: f64 = 1e-8;
const MOST: f64 = 1e15;

/// A coordinate with at most `places` (0 to 9) decimals, without zeros at the end. PostGIS takes the shortest decimals that
/// read back as the number and rounds those, half to even.
pub fn coordinate(out: &mut Vec<u8>, value: f64, places: u8) {
    let size = value.abs();
    if !(size > LEAST && size < MOST) {
        return exponent(out, value, places);
    }
    // value = m * 2^-shift exactly, and m * 10^places fits into 83 bits.
    let ten = TEN[usize::from(places)];
    let bits = size.to_bits();
    let shift = 1075 - (bits >> 52) as u32;
    let m = u128::from((bits & ((1 << 52) - 1)) | (1 << 52)) * u128::from(ten);
    let (whole, rest, half) = (m >> shift, m & ((1 << shift) - 1), 1u128 << (shift - 1));
    // The shortest decimals lie within half a unit of m's last place: away from the middle they round as the number does.
    // Where there are more places than digits, they are what there is.
    if whole >= 1 << 53 || rest.abs_diff(half) <= u128::from(ten) {
        return rounded(out, value, places);
    }
    let scaled = whole as u64 + u64::from(rest > half);
    if scaled == 0 {
        return out.push(b'0');
    }
    if value < 0.0 {
        out.push(b'-');
    }
    integer(out, scaled / ten);
    let mut left = scaled % ten;
    if left > 0 {
        out.push(b'.');
        let mut digits = [b'0'; 9];
        let digits = &mut digits[..usize::from(places)];
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (left % 10) as u8;
            left /= 10;
        }
        let end = digits.iter().rposition(|d| *d != b'0').map_or(0, |at| at + 1);
        out.extend_from_slice(&digits[..end]);
    }
}

/// The same by way of the decimals themselves.
fn rounded(out: &mut Vec<u8>, value: f64, places: u8) {
    let (mut digits, mut power) = shortest_digits(value);
    let n = power + 1 + i32::from(places);
    cut(&mut digits, &mut power, n);
    if digits.is_empty() {
        return out.push(b'0');
    }
    if value < 0.0 {
        out.push(b'-');
    }
    plain(out, &digits, power);
}

/// The shortest digits that read back, without zeros at the end, and the power of ten of the first.
fn shortest_digits(value: f64) -> (Vec<u8>, i32) {
    parted(ryu::Buffer::new().format_finite(value.abs()))
}

/// Digits and the power of ten of the first, of a number as `1.25`, `0.00125` or `1.25e20`.
fn parted(text: &str) -> (Vec<u8>, i32) {
    let (decimals, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = decimals.split_once('.').unwrap_or((decimals, ""));
    let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    let first = all.iter().position(|d| *d != b'0').unwrap_or(all.len());
    let end = all.iter().rposition(|d| *d != b'0').map_or(first, |at| at + 1);
    let power = exponent.parse::<i32>().unwrap_or(0) + whole.len() as i32 - 1 - first as i32;
    (all[first..end].to_vec(), power)
}

/// Leaves the first `n` digits, rounded half to even, without zeros at the end.
fn cut(digits: &mut Vec<u8>, power: &mut i32, n: i32) {
    let Ok(n) = usize::try_from(n) else { return digits.clear() };
    if digits.len() > n {
        let rest = digits.split_off(n);
        let odd = digits.last().is_some_and(|d| d % 2 == 1);
        let up = rest[0] > b'5' || (rest[0] == b'5' && (rest[1..].iter().any(|d| *d != b'0') || odd));
        let mut at = n;
        while up && at > 0 && digits[at - 1] == b'9' {
            at -= 1;
        }
        if up && at == 0 {
            *digits = vec![b'1'];
            *power += 1;
        } else if up {
            digits.truncate(at);
            digits[at - 1] += 1;
        }
    }
    let end = digits.iter().rposition(|d| *d != b'0').map_or(0, |at| at + 1);
    digits.truncate(end);
}

/// Digits with their point.
fn plain(out: &mut Vec<u8>, digits: &[u8], power: i32) {
    let mut digits = digits.iter().copied();
    if power < 0 {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', power.unsigned_abs() as usize - 1));
        return out.extend(digits);
    }
    for _ in 0..=power {
        out.push(digits.next().unwrap_or(b'0'));
    }
    if let Some(next) = digits.next() {
        out.extend([b'.', next]);
        out.extend(digits);
    }
}

const TEN: [u64; 10] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

pub fn integer(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

pub fn signed(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    integer(out, value.unsigned_abs());
}

fn exponent(out: &mut Vec<u8>, value: f64, places: u8) {
    if value == 0.0 {
        return out.push(b'0');
    }
    if !value.is_finite() {
        return word(out, value);
    }
    let (mut digits, mut power) = shortest_digits(value);
    cut(&mut digits, &mut power, 1 + i32::from(places));
    if value < 0.0 {
        out.push(b'-');
    }
    plain(out, &digits, 0);
    let _ = write!(out, "e{power:+}");
}

/// A double as PostgreSQL writes it: the shortest digits that read back, exponents below -4 and from 15 on.
pub fn double(out: &mut Vec<u8>, value: f64) {
    shortest(out, value, ryu::Buffer::new().format(value.abs()));
}

/// `text` is the number without its sign.
fn shortest(out: &mut Vec<u8>, value: f64, text: &str) {
    if !value.is_finite() {
        return word(out, value);
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    if value == 0.0 {
        return out.push(b'0');
    }
    let (digits, power) = parted(text);
    if (-4..15).contains(&power) {
        return plain(out, &digits, power);
    }
    plain(out, &digits, 0);
    // Writing to memory does not fail.
    let _ = write!(out, "e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs());
}

fn word(out: &mut Vec<u8>, value: f64) {
    let word: &[u8] = if value.is_nan() {
        b"NaN"
    } else if value > 0.0 {
        b"Infinity"
    } else {
        b"-Infinity"
    };
    out.extend_from_slice(word);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    /// The right column is what PostGIS 3.3.2 answers to `ST_AsGeoJSON(ST_MakePoint(…), 9)` and `, 4)`.
    #[test]
    fn coordinates_are_written_as_postgis_writes_them() {
        for (value, nine, four) in [
            (0.0, "0", "0"),
            (-0.0, "0", "0"),
            (1e-9, "1e-9", "1e-9"),
            (-4.9e-10, "-4.9e-10", "-4.9e-10"),
            (1e-8, "1e-8", "1e-8"),
            (1.23456789012e-8, "0.000000012", "0"),
            (123_456_789_012.123_46, "123456789012.12346", "123456789012.1235"),
            (123456789012345.0, "123456789012345", "123456789012345"),
            (1e15, "1e+15", "1e+15"),
            (123_456_789_012_345_680.0, "1.23456789e+17", "1.2346e+17"),
            (108.999_999_999_49, "108.999999999", "109"),
            (1234.56785, "1234.56785", "1234.5678"),
            (1234.56775, "1234.56775", "1234.5678"),
            (9999999.99999, "9999999.99999", "10000000"),
            (579999.99995, "579999.99995", "580000"),
            (-11.5, "-11.5", "-11.5"),
            (100.0009765625, "100.000976562", "100.001"),
            (2.0029296875, "2.002929688", "2.0029"),
            (1.0000000005, "1", "1"),
            (1.0000000015, "1.000000002", "1"),
            (2e-8, "0.00000002", "0"),
            (0.00005, "0.00005", "0"),
            (0.0000999999999, "0.0001", "0.0001"),
            (8.983_152_841_195_215e-15, "8.983152841e-15", "8.9832e-15"),
            (24_423_416_186_340.562, "24423416186340.562", "24423416186340.562"),
        ] {
            assert_eq!(said(|o| coordinate(o, value, 9)), nine, "{value}");
            assert_eq!(said(|o| coordinate(o, value, 4)), four, "{value}");
        }
    }

    #[test]
    fn numbers_are_written_as_postgresql_writes_them() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e15, "1.5e+15"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (100000000000000.0, "100000000000000"),
            (1234.5, "1234.5"),
            (1e300, "1e+300"),
            (-12.0, "-12"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(said(|o| double(o, value)), text, "{value}");
        }
        assert_eq!(said(|o| signed(o, i64::MIN)), "-9223372036854775808");
    }
}
