//! Features as GML 3.2 (OGC 07-036, ISO 19136) and 3.1.1 (OGC 03-105r1). The geometry comes as WKB, the values as
//! PostgreSQL's text, which for numbers, dates and moments is that of XML Schema but for a few letters.

use sqlx::Row;
use sqlx::postgres::PgPool;

use super::features::{self, Ask};
use super::{Cursor, Layer, Selection};
use crate::error::{Error, Result};
use crate::schema::{FID, Field, GEOM, Kind};
use crate::sql::ident;
use crate::xml::{Xml, name};

/// The namespace of the layers' types, and its prefix.
pub const NAMESPACE: &str = "urn:dothi:layer";
pub const PREFIX: &str = "dothi";

/// How features are written.
#[derive(Debug, Clone)]
pub struct Style {
    /// GML 3.2; else 3.1.1.
    pub modern: bool,
    /// The name of the coordinate system as the caller wrote it.
    pub srs: String,
}

/// Each feature as an element of the layer's type, and the last one when there are more after it.
pub async fn page(pool: &PgPool, ask: Ask<'_>, style: &Style) -> Result<(Vec<String>, Option<Cursor>)> {
    let Ask { layer, selection, .. } = ask;
    let geometry = match (selection.geometry, layer.spatial()) {
        (true, Some((_, srid))) if srid == selection.crs.srid => format!("ST_AsBinary(ST_Force2D(t.{GEOM}), 'NDR')"),
        (true, Some(_)) => {
            format!("ST_AsBinary(ST_Transform(ST_Force2D(t.{GEOM}), {}), 'NDR')", selection.crs.srid)
        }
        _ => "NULL::bytea".into(),
    };
    let values: String = selection.fields.iter().enumerate().map(|(n, f)| format!(", {} AS v{n}", value(f))).collect();
    let columns = format!("{geometry} AS \"dothi geometry\"{values}");
    let names: Vec<String> = selection.fields.iter().map(|f| format!("{PREFIX}:{}", name::encode(&f.name))).collect();
    let own = format!("{PREFIX}:{}", name::encode(&layer.id));
    let geometry = format!("{PREFIX}:{}", geometry_name(layer));
    let mut out = Vec::new();
    let next = features::rows(pool, ask, &columns, |row| {
        let fid: i64 = row.try_get(FID)?;
        let id = format!("{}.{fid}", layer.id);
        let mut xml = Xml::default();
        xml.open(&own, &[("gml:id", &id)]);
        if let Some(wkb) = row.try_get::<Option<Vec<u8>>, _>("dothi geometry")? {
            xml.open(&geometry, &[]);
            let mut writer = Writer { xml: &mut xml, style, selection, id: format!("{id}.g"), parts: 0 };
            let written = writer.geometry(&mut &*wkb, true);
            written.ok_or_else(|| {
                Error::Internal(format!("feature {fid} of layer `{}` has no geometry that GML has", layer.id))
            })?;
            xml.close(&geometry);
        }
        for (n, name) in names.iter().enumerate() {
            if let Some(text) = row.try_get::<Option<String>, _>(format!("v{n}").as_str())? {
                xml.leaf(name, &text);
            }
        }
        xml.close(&own);
        out.push(xml.finish());
        Ok(())
    });
    let next = next.await?;
    Ok((out, next))
}

/// The element that holds the geometry: `geom`, unless a field has that name.
pub fn geometry_name(layer: &Layer) -> String {
    let mut name = GEOM.to_string();
    while layer.field(&name).is_some() {
        name.push('_');
    }
    name
}

/// The type of XML Schema that a field's values have.
pub fn xsd(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "xsd:boolean",
        Kind::Int2 => "xsd:short",
        Kind::Int4 => "xsd:int",
        Kind::Int8 => "xsd:long",
        Kind::Float4 => "xsd:float",
        Kind::Float8 => "xsd:double",
        Kind::Date => "xsd:date",
        Kind::Time => "xsd:time",
        Kind::Timestamp | Kind::Timestamptz => "xsd:dateTime",
        Kind::Bytes => "xsd:base64Binary",
        Kind::Text | Kind::Json | Kind::Int4List | Kind::Int8List | Kind::Float8List | Kind::TextList => "xsd:string",
    }
}

/// The property type of GML for the layer's geometry.
pub fn property_type(layer: &Layer) -> &'static str {
    match layer.geometry.as_ref().map(|g| g.r#type.as_str()) {
        Some("Point") => "gml:PointPropertyType",
        Some("MultiPoint") => "gml:MultiPointPropertyType",
        Some("LineString") => "gml:CurvePropertyType",
        Some("MultiLineString") => "gml:MultiCurvePropertyType",
        Some("Polygon") => "gml:SurfacePropertyType",
        Some("MultiPolygon") => "gml:MultiSurfacePropertyType",
        _ => "gml:GeometryPropertyType",
    }
}

/// A column as text of its type in XML Schema.
fn value(field: &Field) -> String {
    let column = format!("t.{}", ident(&field.column));
    match field.kind {
        Kind::Bytes => format!("encode({column}, 'base64')"),
        Kind::Float4 | Kind::Float8 => {
            format!("replace(({column})::text, 'Infinity', 'INF')")
        }
        Kind::Timestamp | Kind::Timestamptz => format!("(to_json({column}) #>> '{{}}')"),
        Kind::Int4List | Kind::Int8List | Kind::Float8List | Kind::TextList => format!("to_json({column})::text"),
        _ => format!("({column})::text"),
    }
}

struct Writer<'a> {
    xml: &'a mut Xml,
    style: &'a Style,
    selection: &'a Selection,
    id: String,
    parts: usize,
}

type Bytes<'a> = &'a [u8];

fn take<const N: usize>(from: &mut Bytes<'_>) -> Option<[u8; N]> {
    let (head, rest) = from.split_first_chunk::<N>()?;
    *from = rest;
    Some(*head)
}

fn number(from: &mut Bytes<'_>) -> Option<u32> {
    take(from).map(u32::from_le_bytes)
}

impl Writer<'_> {
    /// A geometry in little-endian WKB of two dimensions; `None` when it is none.
    fn geometry(&mut self, from: &mut Bytes<'_>, outermost: bool) -> Option<()> {
        if take::<1>(from)? != [1] {
            return None;
        }
        match number(from)? {
            1 => {
                self.start("gml:Point", outermost);
                let place = self.position(from)?;
                self.xml.leaf("gml:pos", &place).close("gml:Point");
            }
            2 => {
                self.start("gml:LineString", outermost);
                self.list(from)?;
                self.xml.close("gml:LineString");
            }
            3 => {
                self.start("gml:Polygon", outermost);
                for ring in 0..number(from)? {
                    let side = if ring == 0 { "gml:exterior" } else { "gml:interior" };
                    self.xml.open(side, &[]).open("gml:LinearRing", &[]);
                    self.list(from)?;
                    self.xml.close("gml:LinearRing").close(side);
                }
                self.xml.close("gml:Polygon");
            }
            kind @ 4..=7 => {
                let (name, member) = [
                    ("gml:MultiPoint", "gml:pointMember"),
                    ("gml:MultiCurve", "gml:curveMember"),
                    ("gml:MultiSurface", "gml:surfaceMember"),
                    ("gml:MultiGeometry", "gml:geometryMember"),
                ][kind as usize - 4];
                self.start(name, outermost);
                for _ in 0..number(from)? {
                    self.xml.open(member, &[]);
                    self.geometry(from, false)?;
                    self.xml.close(member);
                }
                self.xml.close(name);
            }
            _ => return None,
        }
        Some(())
    }

    /// Every geometry has an id in GML 3.2 (7.2.4.5); the outermost says which system all of it is in.
    fn start(&mut self, name: &str, outermost: bool) {
        let id = if self.parts == 0 { self.id.clone() } else { format!("{}.{}", self.id, self.parts) };
        self.parts += 1;
        let mut attributes = Vec::new();
        if self.style.modern {
            attributes.push(("gml:id", id.as_str()));
        }
        if outermost {
            attributes.extend([("srsName", self.style.srs.as_str()), ("srsDimension", "2")]);
        }
        self.xml.open(name, &attributes);
    }

    fn list(&mut self, from: &mut Bytes<'_>) -> Option<()> {
        let n = number(from)? as usize;
        if n.checked_mul(16)? > from.len() {
            return None;
        }
        self.xml.open("gml:posList", &[]);
        for i in 0..n {
            let place = self.position(from)?;
            self.xml.raw(if i == 0 { "" } else { " " }).raw(&place);
        }
        self.xml.close("gml:posList");
        Some(())
    }

    fn position(&self, from: &mut Bytes<'_>) -> Option<String> {
        let (x, y) = (f64::from_le_bytes(take(from)?), f64::from_le_bytes(take(from)?));
        let (a, b) = if self.selection.crs.y_first { (y, x) } else { (x, y) };
        let decimals = usize::from(self.selection.crs.decimals());
        let short = |v: f64| {
            let text = format!("{v:.decimals$}");
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        };
        Some(format!("{} {}", short(a), short(b)))
    }
}
