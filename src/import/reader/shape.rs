//! GDAL's geometries → EWKB that fits the column, and what has to be known about them on the way.

use gdal_sys as sys;
use sys::OGRwkbGeometryType as wkb;

use super::validity::{self, Rings};
use crate::geo::ewkb;
use crate::schema::Geometry;

/// GDAL's type without dimensions, as ISO numbers it.
pub fn flat(geometry: sys::OGRGeometryH) -> wkb::Type {
    // SAFETY: the geometry is alive; the second call is arithmetic.
    unsafe { sys::OGR_GT_Flatten(sys::OGR_G_GetGeometryType(geometry)) }
}

/// PostGIS' name of a type; none for what is not stored as it is.
pub fn name(flat: wkb::Type) -> Option<&'static str> {
    Some(match flat {
        wkb::wkbPoint => "Point",
        wkb::wkbLineString => "LineString",
        wkb::wkbPolygon => "Polygon",
        wkb::wkbMultiPoint => "MultiPoint",
        wkb::wkbMultiLineString => "MultiLineString",
        wkb::wkbMultiPolygon => "MultiPolygon",
        wkb::wkbGeometryCollection => "GeometryCollection",
        _ => return None,
    })
}

/// The type that a geometry has after [`storable`].
pub fn stored_type(flat: wkb::Type) -> wkb::Type {
    match flat {
        wkb::wkbCircularString | wkb::wkbCompoundCurve | wkb::wkbCurve => wkb::wkbLineString,
        wkb::wkbCurvePolygon => wkb::wkbPolygon,
        wkb::wkbMultiCurve => wkb::wkbMultiLineString,
        wkb::wkbMultiSurface => wkb::wkbMultiPolygon,
        wkb::wkbTriangle => wkb::wkbPolygon,
        wkb::wkbPolyhedralSurface | wkb::wkbTIN => wkb::wkbMultiPolygon,
        other => other,
    }
}

/// The type that this geometry has after [`storable`].
pub fn will_be(geometry: sys::OGRGeometryH) -> wkb::Type {
    match flat(geometry) {
        wkb::wkbGeometryCollection if is_solid(geometry) => wkb::wkbMultiPolygon,
        other => stored_type(other),
    }
}

/// A geometry of our own making.
pub struct Owned(pub sys::OGRGeometryH);

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: ours, destroyed once.
        unsafe { sys::OGR_G_DestroyGeometry(self.0) }
    }
}

/// What was done to make a geometry one of the seven types.
pub enum Change {
    Linearised,
    Faceted,
    /// The same in another object.
    Same,
}

/// The geometry with its curves as lines and its surfaces as polygons; none if it is one of the seven types already.
pub fn storable(geometry: sys::OGRGeometryH) -> Option<(Owned, Change)> {
    let flat = flat(geometry);
    if flat == wkb::wkbGeometryCollection && has_surfaces(geometry) {
        return Some((without_surfaces(geometry), Change::Faceted));
    }
    // SAFETY: the geometry is alive; what the calls return is ours.
    let (changed, change) = unsafe {
        if matches!(flat, wkb::wkbTriangle | wkb::wkbPolyhedralSurface | wkb::wkbTIN) {
            let copy = sys::OGR_G_Clone(geometry);
            let to_polygon = flat == wkb::wkbTriangle;
            let forced =
                if to_polygon { sys::OGR_G_ForceToPolygon(copy) } else { sys::OGR_G_ForceToMultiPolygon(copy) };
            (forced, Change::Faceted)
        } else if sys::OGR_G_HasCurveGeometry(geometry, 0) != 0 {
            (sys::OGR_G_GetLinearGeometry(geometry, 0.0, std::ptr::null_mut()), Change::Linearised)
        } else if flat == wkb::wkbLineString && super::ogr::bytes(sys::OGR_G_GetGeometryName(geometry)) == b"LINEARRING"
        {
            // KML has rings on their own; GDAL writes no WKB for them.
            let line = sys::OGR_G_CreateGeometry(wkb::wkbLineString);
            for i in 0..sys::OGR_G_GetPointCount(geometry) {
                let (x, y, z) =
                    (sys::OGR_G_GetX(geometry, i), sys::OGR_G_GetY(geometry, i), sys::OGR_G_GetZ(geometry, i));
                match sys::OGR_G_Is3D(geometry) {
                    0 => sys::OGR_G_AddPoint_2D(line, x, y),
                    _ => sys::OGR_G_AddPoint(line, x, y, z),
                }
            }
            (line, Change::Same)
        } else {
            return None;
        }
    };
    (!changed.is_null()).then(|| (Owned(changed), change))
}

fn members(geometry: sys::OGRGeometryH) -> impl Iterator<Item = sys::OGRGeometryH> {
    // SAFETY: the geometry is alive; members belong to it.
    let count = unsafe { sys::OGR_G_GetGeometryCount(geometry) };
    (0..count).map(move |i| unsafe { sys::OGR_G_GetGeometryRef(geometry, i) })
}

/// Which dimensions a geometry has beyond two: a part of it may have more than it says of itself.
#[derive(Clone, Copy)]
pub struct Dimensions {
    pub z: bool,
    pub m: bool,
    /// Whether each part has them.
    each_z: bool,
    each_m: bool,
}

pub fn dimensions(geometry: sys::OGRGeometryH) -> Dimensions {
    // SAFETY: the geometry is alive.
    let (z, m) = unsafe { (sys::OGR_G_Is3D(geometry) != 0, sys::OGR_G_IsMeasured(geometry) != 0) };
    members(geometry).map(dimensions).fold(Dimensions { z, m, each_z: z, each_m: m }, |all, part| Dimensions {
        z: all.z || part.z,
        m: all.m || part.m,
        each_z: all.each_z && part.each_z,
        each_m: all.each_m && part.each_m,
    })
}

/// Multipatches of shapefiles and geodatabases come as collections of TINs.
fn has_surfaces(collection: sys::OGRGeometryH) -> bool {
    members(collection).any(|member| matches!(flat(member), wkb::wkbTIN | wkb::wkbTriangle | wkb::wkbPolyhedralSurface))
}

/// Whether a collection is made of surfaces and polygons alone: one thing, such as a building.
fn is_solid(collection: sys::OGRGeometryH) -> bool {
    let areal = |member| matches!(stored_type(flat(member)), wkb::wkbPolygon | wkb::wkbMultiPolygon);
    has_surfaces(collection) && members(collection).all(areal)
}

/// All faces as one multipolygon; among points and lines each surface stays a member.
fn without_surfaces(collection: sys::OGRGeometryH) -> Owned {
    let solid = is_solid(collection);
    let kind = if solid { wkb::wkbMultiPolygon } else { wkb::wkbGeometryCollection };
    // SAFETY: the new geometry is ours and copies what is added.
    unsafe {
        let out = Owned(sys::OGR_G_CreateGeometry(kind));
        for member in members(collection) {
            let changed = storable(member);
            let member = changed.as_ref().map_or(member, |(owned, _)| owned.0);
            if solid && flat(member) == wkb::wkbMultiPolygon {
                members(member).for_each(|face| _ = sys::OGR_G_AddGeometry(out.0, face));
            } else {
                sys::OGR_G_AddGeometry(out.0, member);
            }
        }
        out
    }
}

/// A geometry written as EWKB, and what was seen while writing.
pub struct Written {
    /// Heights or measures were added, as zero, because other rows have them.
    pub raised: bool,
    /// A polygon that is not surely valid.
    pub suspect: bool,
}

/// Writes a geometry of the seven types into `out`; the reason why not, if it does not fit the column.
pub fn write(
    geometry: sys::OGRGeometryH,
    column: &Geometry,
    srid: i32,
    rings: &mut Rings,
    out: &mut Vec<u8>,
) -> Result<Written, String> {
    let flat = flat(geometry);
    let Some(name) = name(flat) else {
        return Err(format!("geometry type {flat} cannot be stored"));
    };
    if column.r#type != "Geometry" && column.r#type != name {
        return Err(format!("a {name} in a layer of {}", column.r#type));
    }
    // SAFETY: the geometry is alive; the buffer has the size that GDAL names for what it writes.
    unsafe {
        let has = dimensions(geometry);
        let raised = (column.z && !has.each_z) || (column.m && !has.each_m);
        if (has.z && !column.z) || (has.m && !column.m) {
            return Err("heights or measures in a layer that declares none".into());
        }
        if raised {
            sys::OGR_G_Set3D(geometry, column.z.into());
            sys::OGR_G_SetMeasured(geometry, column.m.into());
        }
        let size = sys::OGR_G_WkbSizeEx(geometry);
        if size > i32::MAX as usize - 64 {
            return Err("a geometry of more than 2 GB".into());
        }
        // ISO WKB goes four bytes further on; its head is then rewritten with the SRID in it.
        out.clear();
        out.resize(size + 4, 0);
        if sys::OGR_G_ExportToIsoWkb(geometry, sys::OGRwkbByteOrder::wkbNDR, out.as_mut_ptr().add(4))
            != sys::OGRErr::OGRERR_NONE
        {
            return Err("GDAL cannot write the geometry".into());
        }
        let iso = u32::from_le_bytes([out[5], out[6], out[7], out[8]]);
        rings.clear();
        if !validity::walk(&out[4..], rings) {
            return Err(rings.problem.into());
        }
        out[0] = 1;
        // ISO's thousands for Z and M are read by PostGIS as well as its own bits.
        out[1..5].copy_from_slice(&(iso | ewkb::SRID).to_le_bytes());
        out[5..9].copy_from_slice(&srid.to_le_bytes());
        let areal = matches!(flat, wkb::wkbPolygon | wkb::wkbMultiPolygon | wkb::wkbGeometryCollection);
        let suspect = areal && !rings.surely_valid();
        if suspect && rings.tangled() {
            return Err(format!("a polygon whose sides cross more than {} times", validity::MOST_CROSSINGS));
        }
        Ok(Written { raised, suspect })
    }
}

/// A point as EWKB.
pub fn point(x: f64, y: f64, srid: i32) -> [u8; 25] {
    let mut out = [1; 25];
    out[1..5].copy_from_slice(&(1 | ewkb::SRID).to_le_bytes());
    out[5..9].copy_from_slice(&srid.to_le_bytes());
    out[9..17].copy_from_slice(&x.to_le_bytes());
    out[17..].copy_from_slice(&y.to_le_bytes());
    out
}

/// ISO WKB as hexadecimal digits, for a row that is set aside; none if it is long, or more than `most` digits.
pub fn hex(geometry: sys::OGRGeometryH, most: usize) -> Option<String> {
    const LONGEST: usize = 1 << 20;
    // SAFETY: as in `write`.
    unsafe {
        let size = sys::OGR_G_WkbSizeEx(geometry);
        let longest = LONGEST.min(most / 2);
        let mut wkb = vec![0u8; size.min(longest)];
        let fits = size <= longest
            && sys::OGR_G_ExportToIsoWkb(geometry, sys::OGRwkbByteOrder::wkbNDR, wkb.as_mut_ptr())
                == sys::OGRErr::OGRERR_NONE;
        fits.then(|| super::hex(&wkb))
    }
}
