//! Comma-separated values (RFC 4180), UTF-8. Points are two columns, every other geometry is WKT.

use super::encode::{Encode, list};
use super::rows::{Job, Record, Value};
use super::shape::{self, Body, Positions, Shape};
use crate::error::Result;
use crate::layer::number;

pub struct Csv {
    head: Vec<u8>,
    place: Place,
    places: u8,
    y_first: bool,
    /// For Excel: a byte order mark, and texts that it would take for formulas are told to be texts.
    excel: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    None,
    /// Two columns.
    Point,
    Wkt,
}

impl Csv {
    /// `excel` asks for a byte order mark; texts that begin as formulas do then get an apostrophe before them, which
    /// changes the data and is therefore not done for programs.
    pub fn new(job: &Job, excel: bool) -> Csv {
        let crs = job.selection.crs;
        let mut names = vec![job.id_name()];
        names.extend(job.selection.fields.iter().map(|f| f.name.clone()));
        let columns = if crs.degrees { ["lon", "lat"] } else { ["x", "y"] };
        let free = |name: &str| !names.iter().any(|n| n.eq_ignore_ascii_case(name));
        let point = job.layer.geometry.as_ref().is_some_and(|g| g.r#type == "Point" && !g.z && !g.m);
        let place = match job.is_spatial() {
            false => Place::None,
            true if point && columns.iter().all(|c| free(c)) => Place::Point,
            true => Place::Wkt,
        };
        match place {
            Place::None => {}
            Place::Point => names.extend(columns.map(String::from)),
            Place::Wkt => {
                let mut name = "WKT".to_string();
                while names.iter().any(|n| n.eq_ignore_ascii_case(&name)) {
                    name.insert(0, '_');
                }
                names.push(name);
            }
        }
        let mut head = if excel { "\u{feff}".as_bytes().to_vec() } else { Vec::new() };
        for (n, name) in names.iter().enumerate() {
            if n > 0 {
                head.push(b',');
            }
            cell(&mut head, name, excel);
        }
        head.extend_from_slice(b"\r\n");
        Csv { head, place, places: crs.decimals(), y_first: crs.y_first, excel }
    }

    fn place(&self, record: &Record, out: &mut Vec<u8>) -> Result<()> {
        let shape = record.geometry.as_deref().map(shape::read).transpose()?;
        match (self.place, &shape) {
            (Place::None, _) => {}
            (Place::Point, shape) => {
                out.push(b',');
                let at = shape.as_ref().and_then(|s| match &s.body {
                    Body::Positions(positions) => positions.iter().next(),
                    _ => None,
                });
                // `lon` and `lat` say themselves which is which.
                if let Some((x, y, ..)) = at {
                    number::coordinate(out, x, self.places);
                    out.push(b',');
                    number::coordinate(out, y, self.places);
                } else {
                    out.push(b',');
                }
            }
            (Place::Wkt, None) => out.push(b','),
            (Place::Wkt, Some(shape)) => {
                out.extend_from_slice(b",\"");
                self.wkt(shape, out);
                out.push(b'"');
            }
        }
        Ok(())
    }

    fn wkt(&self, shape: &Shape, out: &mut Vec<u8>) {
        out.extend(shape.kind.name().bytes().map(|b| b.to_ascii_uppercase()));
        if shape.z {
            out.extend_from_slice(b" Z");
        }
        out.push(b' ');
        self.body(shape, out);
    }

    fn body(&self, shape: &Shape, out: &mut Vec<u8>) {
        match &shape.body {
            _ if shape.is_empty() => out.extend_from_slice(b"EMPTY"),
            Body::Positions(positions) => self.positions(positions, out),
            Body::Rings(rings) => list(out, *b"()", rings, |out, ring| self.positions(ring, out)),
            Body::Parts(parts) if shape.kind == shape::Kind::Collection => {
                list(out, *b"()", parts, |out, part| self.wkt(part, out));
            }
            Body::Parts(parts) => list(out, *b"()", parts, |out, part| self.body(part, out)),
        }
    }

    fn positions(&self, positions: &Positions, out: &mut Vec<u8>) {
        out.push(b'(');
        for (n, (x, y, z, _)) in positions.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            let (first, second) = if self.y_first { (y, x) } else { (x, y) };
            number::coordinate(out, first, self.places);
            out.push(b' ');
            number::coordinate(out, second, self.places);
            if let Some(z) = z {
                out.push(b' ');
                number::coordinate(out, z, self.places);
            }
        }
        out.push(b')');
    }
}

impl Encode for Csv {
    fn head(&self) -> Vec<u8> {
        self.head.clone()
    }

    fn feature(&self, record: &Record, out: &mut Vec<u8>) -> Result<()> {
        number::signed(out, record.fid);
        for value in &record.values {
            out.push(b',');
            match value {
                Value::Text(text) | Value::Json(text) => cell(out, text, self.excel),
                other => other.plain(out),
            }
        }
        self.place(record, out)?;
        out.extend_from_slice(b"\r\n");
        Ok(())
    }
}

/// A text; in quotes where it needs them. An empty text is told from nothing by its quotes.
fn cell(out: &mut Vec<u8>, text: &str, excel: bool) {
    let formula = excel && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let quoted = text.is_empty()
        || text.starts_with(' ')
        || text.ends_with(' ')
        || text.bytes().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r'));
    if quoted {
        out.push(b'"');
    }
    if formula {
        out.push(b'\'');
    }
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    if quoted {
        out.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_text_is_quoted_where_it_must_be_and_no_formula_for_excel() {
        let said = |text: &str, excel: bool| {
            let mut out = Vec::new();
            cell(&mut out, text, excel);
            String::from_utf8(out).unwrap()
        };
        for (text, plain, excel) in [
            ("Đất ở", "Đất ở", "Đất ở"),
            ("", "\"\"", "\"\""),
            ("a,\"b\"", "\"a,\"\"b\"\"\"", "\"a,\"\"b\"\"\""),
            ("=1+1", "=1+1", "'=1+1"),
            ("@SUM(A1)", "@SUM(A1)", "'@SUM(A1)"),
            ("-5 m, cao", "\"-5 m, cao\"", "\"'-5 m, cao\""),
        ] {
            assert_eq!((said(text, false).as_str(), said(text, true).as_str()), (plain, excel));
        }
    }
}
