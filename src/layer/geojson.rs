//! Geometry as GeoJSON, written from PostGIS's own bytes (EWKB) and letter by letter as `ST_AsGeoJSON` writes it, which costs
//! several times as much. Web Mercator becomes degrees here too; every other transformation is PostGIS's.

use crate::geo::Crs;

/// Radius of the sphere of EPSG:3857.
const RADIUS: f64 = 6_378_137.0;
/// What nests deeper is not read.
const DEEPEST: u8 = 8;

/// How geometry is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pen {
    power: u64,
    y_first: bool,
    mercator: bool,
}

impl Pen {
    /// For geometry that is read in `stored` and written in `crs`: the pen, and the SRID that PostGIS must transform to
    /// first, where it must.
    pub fn new(stored: i32, crs: Crs) -> (Pen, Option<i32>) {
        let mercator = stored == 3857 && crs.srid == 4326;
        let power = 10u64.pow(u32::from(crs.decimals()));
        let first = (stored != crs.srid && !mercator).then_some(crs.srid);
        (Pen { power, y_first: crs.y_first, mercator }, first)
    }

    /// Adds the GeoJSON of an EWKB geometry. False, and nothing added, for what is not a simple feature (curves, surfaces of
    /// triangles) or not a geometry at all.
    ///
    /// Parts that are empty are left out, where `ST_AsGeoJSON` (3.3) writes `[[1,1],]`.
    pub fn write(self, ewkb: &[u8], out: &mut String) -> bool {
        let before = out.len();
        let mut bytes = Bytes { rest: ewkb };
        let done = self.geometry(&mut bytes, out, 0).is_some();
        if !done {
            out.truncate(before);
        }
        done
    }

    fn geometry(self, bytes: &mut Bytes, out: &mut String, depth: u8) -> Option<()> {
        let head = bytes.head()?;
        let name = match head.kind {
            1 => "Point",
            2 => "LineString",
            3 => "Polygon",
            4 => "MultiPoint",
            5 => "MultiLineString",
            6 => "MultiPolygon",
            7 if depth < DEEPEST => "GeometryCollection",
            _ => return None,
        };
        out.push_str("{\"type\":\"");
        out.push_str(name);
        out.push_str(if head.kind == 7 { "\",\"geometries\":" } else { "\",\"coordinates\":" });
        match head.kind {
            1..=3 => {
                if !self.simple(head, bytes, out)? {
                    out.push_str("[]");
                }
            }
            _ => list(bytes.count()?, out, |out| {
                if head.kind == 7 {
                    return self.geometry(bytes, out, depth + 1).map(|()| true);
                }
                let part = bytes.head().filter(|part| part.kind + 3 == head.kind)?;
                self.simple(part, bytes, out)
            })?,
        }
        out.push('}');
        Some(())
    }

    /// The coordinates of a point, a line or a polygon; false, and nothing written, for an empty one.
    fn simple(self, head: Head, bytes: &mut Bytes, out: &mut String) -> Option<bool> {
        if head.kind == 1 {
            return self.position(head, bytes, out);
        }
        let count = bytes.count()?;
        if count == 0 {
            return Some(false);
        }
        match head.kind {
            2 => list(count, out, |out| self.position(head, bytes, out))?,
            _ => list(count, out, |out| {
                list(bytes.count()?, out, |out| self.position(head, bytes, out))?;
                Some(true)
            })?,
        }
        Some(true)
    }

    /// False, and nothing written, for the point that is empty.
    fn position(self, head: Head, bytes: &mut Bytes, out: &mut String) -> Option<bool> {
        let (mut x, mut y) = (bytes.number()?, bytes.number()?);
        let z = if head.z { Some(bytes.number()?) } else { None };
        if head.m {
            bytes.number()?;
        }
        if x.is_nan() && y.is_nan() {
            return Some(false);
        }
        if self.mercator {
            // In the order of PROJ's steps, so that the last bit is the same.
            let degrees = 1.0 / 0.017_453_292_519_943_295;
            (x, y) = (x * (1.0 / RADIUS) * degrees, (y * (1.0 / RADIUS)).sinh().atan() * degrees);
        }
        let (a, b) = if self.y_first { (y, x) } else { (x, y) };
        out.push('[');
        number(a, self.power, out)?;
        out.push(',');
        number(b, self.power, out)?;
        if let Some(z) = z {
            out.push(',');
            number(z, self.power, out)?;
        }
        out.push(']');
        Some(true)
    }
}

/// `[…,…]` of `count` members; one that writes nothing is left out.
fn list(count: u32, out: &mut String, mut one: impl FnMut(&mut String) -> Option<bool>) -> Option<()> {
    out.push('[');
    let mut written = false;
    for _ in 0..count {
        let before = out.len();
        if written {
            out.push(',');
        }
        match one(out)? {
            true => written = true,
            false => out.truncate(before),
        }
    }
    out.push(']');
    Some(())
}

#[derive(Clone, Copy)]
struct Head {
    kind: u32,
    z: bool,
    m: bool,
}

struct Bytes<'a> {
    rest: &'a [u8],
}

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*first)
    }

    fn count(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn number(&mut self) -> Option<f64> {
        self.take().map(f64::from_le_bytes)
    }

    /// PostGIS writes the order of bytes of its machine, and its flags above the kind.
    fn head(&mut self) -> Option<Head> {
        let [1] = self.take()? else { return None };
        let kind = self.count()?;
        if kind & 0x2000_0000 != 0 {
            self.count()?;
        }
        Some(Head { kind: kind & 0xff, z: kind & 0x8000_0000 != 0, m: kind & 0x4000_0000 != 0 })
    }
}

/// Adds a number with as many decimals as `power` (of ten) has zeros, without zeros at its end. What is too small or too
/// large for that is written with an exponent.
fn number(value: f64, power: u64, out: &mut String) -> Option<()> {
    let size = value.abs();
    if size == 0.0 {
        out.push('0');
        return Some(());
    }
    if !size.is_finite() {
        return None;
    }
    if size <= 1e-8 || size >= 1e15 {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e')?;
        number(digits.parse().ok()?, power, out)?;
        out.push_str(if exponent.starts_with('-') { "e" } else { "e+" });
        out.push_str(exponent);
        return Some(());
    }
    let units = rounded(size, power)?;
    if units == 0 {
        out.push('0');
        return Some(());
    }
    // Written from the back.
    let mut text = [0u8; 40];
    let mut at = text.len();
    let mut put = |digit: u8| {
        at -= 1;
        text[at] = digit;
    };
    let (mut whole, mut part) = ((units / u128::from(power)) as u64, (units % u128::from(power)) as u64);
    if part != 0 {
        let mut left = power;
        while part.is_multiple_of(10) {
            (part, left) = (part / 10, left / 10);
        }
        while left > 1 {
            put(b'0' + (part % 10) as u8);
            (part, left) = (part / 10, left / 10);
        }
        put(b'.');
    }
    loop {
        put(b'0' + (whole % 10) as u8);
        whole /= 10;
        if whole == 0 {
            break;
        }
    }
    if value < 0.0 {
        put(b'-');
    }
    out.push_str(std::str::from_utf8(&text[at..]).ok()?);
    Some(())
}

/// `size` in units of `1 / power`, rounded. The shortest decimal that means the number is what is rounded, half to even, as
/// PostGIS does; that differs from the number itself only where it all but ends in a half.
fn rounded(size: f64, power: u64) -> Option<u128> {
    let bits = size.to_bits();
    let exponent = (bits >> 52) as i32 - 1075;
    let mantissa = (bits & ((1 << 52) - 1)) | 1 << 52;
    let shift = u32::try_from(-exponent).ok().filter(|s| (1..127).contains(s))?;
    let product = u128::from(mantissa) * u128::from(power);
    let (units, rest, half) = (product >> shift, product & ((1 << shift) - 1), 1u128 << (shift - 1));
    if rest.abs_diff(half) <= u128::from(power) {
        return by_digits(size, power);
    }
    Some(units + u128::from(rest > half))
}

fn by_digits(size: f64, power: u64) -> Option<u128> {
    let text = format!("{size:e}");
    let (digits, exponent) = text.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all: u128 = format!("{whole}{part}").parse().ok()?;
    // size = all * 10^scale
    let scale = exponent - i32::try_from(part.len()).ok()? + power.ilog10() as i32;
    if scale >= 0 {
        return all.checked_mul(10u128.checked_pow(scale.unsigned_abs())?);
    }
    let Some(ten) = 10u128.checked_pow(scale.unsigned_abs()) else { return Some(0) };
    let (units, rest) = (all / ten, all % ten);
    let up = rest * 2 > ten || rest * 2 == ten && units % 2 == 1;
    Some(units + u128::from(up))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_as_postgis_rounds_them() {
        let nine = |value: f64| {
            let mut out = String::new();
            number(value, 1_000_000_000, &mut out).unwrap();
            out
        };
        for (value, want) in [
            (100.0009765625, "100.000976562"),
            (2.0029296875, "2.002929688"),
            (1e-9, "1e-9"),
            (-1e-12, "-1e-12"),
            (1e-8, "1e-8"),
            (2e-8, "0.00000002"),
            (1.0000000005, "1"),
            (1.0000000015, "1.000000002"),
            (-108.99, "-108.99"),
            (0.0, "0"),
            (-0.0, "0"),
            (1e14, "100000000000000"),
            (-1.5e16, "-1.5e+16"),
            (8.983_152_841_195_215e-15, "8.983152841e-15"),
            (1279000.5, "1279000.5"),
        ] {
            assert_eq!(nine(value), want);
        }
        for (value, want) in
            [(0.00001, "0"), (0.00005, "0"), (12345678.12345679, "12345678.1235"), (0.0000999999999, "0.0001")]
        {
            let mut out = String::new();
            number(value, 10_000, &mut out).unwrap();
            assert_eq!(out, want);
        }
    }

    #[test]
    fn bytes_that_are_no_geometry_write_nothing() {
        let (pen, _) = Pen::new(4326, Crs::CRS84);
        let point = [&[1u8, 1, 0, 0, 0][..], &1.5f64.to_le_bytes(), &2f64.to_le_bytes()].concat();
        let mut out = String::from("x");
        assert!(pen.write(&point, &mut out) && out == r#"x{"type":"Point","coordinates":[1.5,2]}"#);
        for cut in 0..point.len() {
            assert!(!pen.write(&point[..cut], &mut out));
        }
        // A line of four thousand million points.
        assert!(!pen.write(&[1, 2, 0, 0, 0, 255, 255, 255, 255], &mut out));
        assert!(!pen.write(&[1, 8, 0, 0, 0, 0, 0, 0, 0], &mut out), "a curve");
        assert_eq!(out.len(), r#"x{"type":"Point","coordinates":[1.5,2]}"#.len());
    }
}
