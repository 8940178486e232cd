//! DXF of AutoCAD 2007 (AC1021), text: points, and outlines that a drawing can be worked on with, on a layer a class. x is
//! the easting. From this release on text is UTF-8 whatever `$DWGCODEPAGE` says; that is for GDAL, which reads by it alone.

mod frame; // header, tables, blocks, objects

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::Row;

use super::encode::Encode;
use super::rows::{Job, Record, Value};
use super::shape::{self, Body, Positions, Shape};
use crate::db::{Db, run};
use crate::error::Result;
use crate::geo::{Crs, Transform};
use crate::layer::number;
use crate::sql::{Sql, ident};

/// Layers that a drawing describes; more of them are drawn on nevertheless.
const MOST_LAYERS: u32 = 4_096;

pub struct Dxf {
    head: Vec<u8>,
    places: u8,
    /// Features are written at once in several places, so handles are apart from each other, but in no order.
    handle: AtomicU64,
}

/// A layer of the drawing.
struct Drawn {
    name: String,
    /// 0xRRGGBB
    color: Option<u32>,
}

/// A drawing has no attributes but the layer that something is drawn on: the class.
pub fn of_classes(mut job: Job) -> Job {
    let class = job.layer.class_field.clone();
    job.selection.fields.retain(|f| class.as_ref() == Some(&f.name));
    job
}

impl Dxf {
    /// `job` is one [`of_classes`].
    pub async fn new(db: &Db, job: &Job) -> Result<Dxf> {
        let crs = job.selection.crs;
        let head = frame::head(&layers(db, job).await?, extent(job), !crs.degrees);
        Ok(Dxf { head, places: crs.decimals(), handle: frame::FIRST_HANDLE.into() })
    }

    fn draw(&self, shape: &Shape, on: &[u8], out: &mut Vec<u8>) {
        match &shape.body {
            Body::Positions(positions) if shape.kind == shape::Kind::Point => {
                positions.iter().for_each(|at| {
                    self.begin(out, b"POINT", on, b"AcDbPoint");
                    self.position(out, at.0, at.1, Some(at.2.unwrap_or(0.0)));
                });
            }
            Body::Positions(line) => self.line(line, false, on, out),
            Body::Rings(rings) => rings.iter().for_each(|ring| self.line(ring, true, on, out)),
            Body::Parts(parts) => parts.iter().for_each(|part| self.draw(part, on, out)),
        }
    }

    /// Flat where all of it has one height, which is then its elevation.
    fn line(&self, positions: &Positions, closed: bool, on: &[u8], out: &mut Vec<u8>) {
        let count = positions.count().saturating_sub(closed.into());
        let corners = || positions.iter().take(count);
        let Some(height) = corners().next().map(|at| at.2) else { return };
        if corners().all(|at| at.2 == height) {
            self.begin(out, b"LWPOLYLINE", on, b"AcDbPolyline");
            out.extend_from_slice(b"90\n");
            number::integer(out, count as u64);
            out.extend_from_slice(if closed { b"\n70\n1\n" } else { b"\n70\n0\n" });
            if let Some(height) = height {
                self.number(out, b"38", height);
            }
            return corners().for_each(|at| self.position(out, at.0, at.1, None));
        }
        self.begin(out, b"POLYLINE", on, b"AcDb3dPolyline");
        out.extend_from_slice(b"66\n1\n10\n0\n20\n0\n30\n0\n70\n");
        out.extend_from_slice(if closed { b"9\n" } else { b"8\n" });
        for at in corners() {
            self.begin(out, b"VERTEX", on, b"AcDbVertex");
            out.extend_from_slice(b"100\nAcDb3dPolylineVertex\n");
            self.position(out, at.0, at.1, at.2);
            out.extend_from_slice(b"70\n32\n");
        }
        self.entity(out, b"SEQEND", on);
    }

    fn begin(&self, out: &mut Vec<u8>, kind: &[u8], on: &[u8], class: &[u8]) {
        self.entity(out, kind, on);
        out.extend_from_slice(b"100\n");
        out.extend_from_slice(class);
        out.push(b'\n');
    }

    fn entity(&self, out: &mut Vec<u8>, kind: &[u8], on: &[u8]) {
        out.extend_from_slice(b"0\n");
        out.extend_from_slice(kind);
        out.extend_from_slice(b"\n5\n");
        hexadecimal(out, self.handle.fetch_add(1, Ordering::Relaxed));
        out.extend_from_slice(b"\n100\nAcDbEntity\n8\n");
        out.extend_from_slice(on);
        out.push(b'\n');
    }

    fn position(&self, out: &mut Vec<u8>, x: f64, y: f64, z: Option<f64>) {
        self.number(out, b"10", x);
        self.number(out, b"20", y);
        if let Some(z) = z {
            self.number(out, b"30", z);
        }
    }

    fn number(&self, out: &mut Vec<u8>, code: &[u8], value: f64) {
        out.extend_from_slice(code);
        out.push(b'\n');
        number::coordinate(out, value, self.places);
        out.push(b'\n');
    }
}

impl Encode for Dxf {
    fn head(&self) -> Vec<u8> {
        self.head.clone()
    }

    fn feature(&self, record: &Record, out: &mut Vec<u8>) -> Result<()> {
        let Some(geometry) = &record.geometry else { return Ok(()) };
        let class = match record.values.first() {
            Some(Value::Text(text) | Value::Json(text)) => name(text),
            Some(value) => {
                let mut text = Vec::new();
                value.plain(&mut text);
                name(&String::from_utf8_lossy(&text))
            }
            None => name(""),
        };
        self.draw(&shape::read(geometry)?, class.as_bytes(), out);
        Ok(())
    }

    fn tail(&self) -> Vec<u8> {
        frame::tail()
    }
}

/// A class as the name of a layer: without what AutoCAD allows in none, at most 255 letters; that of nothing is `0`.
fn name(class: &str) -> String {
    let allowed = |c: char| !c.is_control() && !"<>/\\\":;?*|,=`".contains(c);
    let name: String = class.trim().chars().take(255).map(|c| if allowed(c) { c } else { '_' }).collect();
    if name.is_empty() { "0".into() } else { name }
}

fn hexadecimal(out: &mut Vec<u8>, value: u64) {
    let digits = (67 - (value | 1).leading_zeros()) / 4;
    out.extend((0..digits).rev().map(|n| b"0123456789ABCDEF"[(value >> (4 * n) & 15) as usize]));
}

/// The layers that there will be, in the official colours of land use. Names differ in more than small and capital letters.
async fn layers(db: &Db, job: &Job) -> Result<Vec<Drawn>> {
    let mut drawn = vec![Drawn { name: "0".into(), color: None }];
    let Some(class) = job.selection.fields.first() else { return Ok(drawn) };
    let sql = Sql::new(format!(
        "SELECT v, u.color FROM (SELECT DISTINCT {}::text AS v FROM {} LIMIT {MOST_LAYERS}) s \
         LEFT JOIN dothi.land_use u ON u.code = (dothi.land_use_codes(v))[1] WHERE v IS NOT NULL ORDER BY v COLLATE \"C\"",
        ident(&class.column),
        job.layer.table()
    ));
    let mut taken = HashSet::from(["0".to_string()]);
    for row in run::all(&db.pool, sql).await? {
        let name = name(row.try_get("v")?);
        let color: Option<&str> = row.try_get("color")?;
        if taken.insert(name.to_lowercase()) {
            drawn.push(Drawn { name, color: color.and_then(|c| u32::from_str_radix(c.get(1..)?, 16).ok()) });
        }
    }
    Ok(drawn)
}

/// Where the layer is, for what is first seen of the drawing; none where only PostGIS knows.
fn extent(job: &Job) -> Option<[[f64; 2]; 2]> {
    let (extent, to) = (job.layer.extent?, Transform::new(Crs::CRS84.srid, job.selection.crs)?);
    let corner = |x, y| <[f64; 2]>::from(to.position(x, y, 0.0));
    let corners = [corner(extent.west, extent.south), corner(extent.east, extent.north)];
    corners.as_flattened().iter().all(|n| n.is_finite()).then_some(corners)
}

#[cfg(test)]
mod tests {
    use super::{hexadecimal, name};

    #[test]
    fn classes_become_names_of_layers() {
        for (class, want) in
            [("Đất ở", "Đất ở"), ("ONT+CLN", "ONT+CLN"), (" a/b:<c>\n", "a_b__c_"), ("", "0"), (" ", "0")]
        {
            assert_eq!(name(class), want);
        }
    }

    #[test]
    fn handles_are_hexadecimal_without_zeros_before_them() {
        for value in [0, 1, 15, 16, 0x1234, 0x10000, 0xffff_ffff, u64::MAX] {
            let mut out = Vec::new();
            hexadecimal(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), format!("{value:X}"));
        }
    }
}
