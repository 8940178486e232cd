//! GDAL's raster datasets with an owner, in the words that this folder asks.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use gdal_sys as sys;
use sys::{CPLErr::CE_None, GDALDataType::*, GDALRWFlag};

use super::super::ogr::{List, bytes, c};
use super::super::srs::Srs;
use super::control::{self, Point};
use super::site::Placement;

pub struct Dataset(pub sys::GDALDatasetH);

/// What a band is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Gray,
    Palette,
    Red,
    Green,
    Blue,
    Alpha,
    Unsaid,
    /// Ink or a colour space that is not RGB.
    Other,
}

/// A part of a raster, in its pixels.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}

// SAFETY for this block: the dataset is open until dropped; bands belong to it and are asked for by numbers from 1 to
// their count; what GDAL lends is copied before the next call; buffers have the size that the call is told.
impl Dataset {
    /// Opens for reading with one of the named drivers, of a GeoPackage the table that is named.
    pub fn open(path: &str, drivers: &[&str], table: Option<&str>) -> Option<Self> {
        const RASTER_READONLY_VERBOSE: u32 = 0x02 | 0x40; // GDAL_OF_RASTER, GDAL_OF_VERBOSE_ERROR; gdal.h
        let options = List::new(table.map(|table| format!("TABLE={table}")));
        let (path, drivers) = (c(path), List::new(drivers));
        let handle = unsafe {
            sys::GDALOpenEx(path.as_ptr(), RASTER_READONLY_VERBOSE, drivers.as_ptr(), options.as_ptr(), null())
        };
        (!handle.is_null()).then_some(Dataset(handle))
    }

    /// Pixels without values that lie as a raster does: what a way to elsewhere begins from.
    pub fn frame((width, height): (i32, i32), placement: &Placement) -> Option<Self> {
        let frame = Dataset::in_memory(width, height, 0, false)?;
        let done = match placement {
            Placement::Corner(six) => unsafe { sys::GDALSetGeoTransform(frame.0, six.as_ptr().cast_mut()) },
            Placement::Points(fit) => {
                let list = control::gcps(&fit.points);
                unsafe { sys::GDALSetGCPs2(frame.0, list.len() as i32, list.as_ptr(), null_mut()) }
            }
        };
        (done == CE_None).then_some(frame)
    }

    /// An empty raster in memory.
    pub fn in_memory(width: i32, height: i32, bands: i32, wide: bool) -> Option<Self> {
        let kind = if wide { GDT_UInt16 } else { GDT_Byte };
        let handle = unsafe {
            let driver = sys::GDALGetDriverByName(c"MEM".as_ptr());
            sys::GDALCreate(driver, c"".as_ptr(), width, height, bands, kind, null_mut())
        };
        (!handle.is_null()).then_some(Dataset(handle))
    }

    pub fn driver(&self) -> String {
        let name = unsafe { bytes(sys::GDALGetDriverShortName(sys::GDALGetDatasetDriver(self.0))) };
        String::from_utf8_lossy(name).into_owned()
    }

    pub fn size(&self) -> (i32, i32) {
        unsafe { (sys::GDALGetRasterXSize(self.0), sys::GDALGetRasterYSize(self.0)) }
    }

    pub fn bands(&self) -> i32 {
        unsafe { sys::GDALGetRasterCount(self.0) }
    }

    /// From pixels to coordinates; none where the file has none.
    pub fn placement(&self) -> Option<[f64; 6]> {
        let mut six = [0.0; 6];
        (unsafe { sys::GDALGetGeoTransform(self.0, six.as_mut_ptr()) } == CE_None).then_some(six)
    }

    /// Pixels that say where they are.
    pub fn control_points(&self) -> Vec<Point> {
        let points = unsafe {
            let (list, n) = (sys::GDALGetGCPs(self.0), sys::GDALGetGCPCount(self.0));
            if list.is_null() || n <= 0 { &[] } else { std::slice::from_raw_parts(list, n as usize) }
        };
        let point = |p: &sys::GDAL_GCP| Point { pixel: (p.dfGCPPixel, p.dfGCPLine), place: (p.dfGCPX, p.dfGCPY) };
        points.iter().map(point).collect()
    }

    /// Of the raster, or of its control points.
    pub fn srs(&self) -> Option<Srs> {
        let own = Srs::copy(unsafe { sys::GDALGetSpatialRef(self.0) });
        own.or_else(|| Srs::copy(unsafe { sys::GDALGetGCPSpatialRef(self.0) }))
    }

    /// Rasters of a file that has several.
    pub fn parts(&self) -> usize {
        let list = unsafe { sys::GDALGetMetadata(self.0, c"SUBDATASETS".as_ptr()) };
        unsafe { sys::CSLCount(list) as usize / 2 }
    }

    fn band(&self, band: i32) -> sys::GDALRasterBandH {
        unsafe { sys::GDALGetRasterBand(self.0, band) }
    }

    pub fn kind(&self, band: i32) -> sys::GDALDataType::Type {
        unsafe { sys::GDALGetRasterDataType(self.band(band)) }
    }

    pub fn kind_name(&self, band: i32) -> String {
        String::from_utf8_lossy(unsafe { bytes(sys::GDALGetDataTypeName(self.kind(band))) }).into_owned()
    }

    pub fn used_for(&self, band: i32) -> Use {
        use sys::GDALColorInterp as is;
        match unsafe { sys::GDALGetRasterColorInterpretation(self.band(band)) } {
            is::GCI_GrayIndex => Use::Gray,
            is::GCI_PaletteIndex => Use::Palette,
            is::GCI_RedBand => Use::Red,
            is::GCI_GreenBand => Use::Green,
            is::GCI_BlueBand => Use::Blue,
            is::GCI_AlphaBand => Use::Alpha,
            is::GCI_Undefined => Use::Unsaid,
            _ => Use::Other,
        }
    }

    /// Bits of each value where they are fewer than its type has.
    pub fn bits(&self, band: i32) -> Option<u32> {
        let value =
            unsafe { bytes(sys::GDALGetMetadataItem(self.band(band), c"NBITS".as_ptr(), c"IMAGE_STRUCTURE".as_ptr())) };
        std::str::from_utf8(value).ok()?.parse().ok()
    }

    /// The value that stands for nothing.
    pub fn nothing(&self, band: i32) -> Option<f64> {
        let mut there = 0;
        let value = unsafe { sys::GDALGetRasterNoDataValue(self.band(band), &mut there) };
        (there != 0).then_some(value)
    }

    /// Red, green, blue and alpha of each index.
    pub fn palette(&self, band: i32) -> Vec<[u8; 4]> {
        let mut colors = Vec::new();
        unsafe {
            let table = sys::GDALGetRasterColorTable(self.band(band));
            if table.is_null() {
                return colors;
            }
            for i in 0..sys::GDALGetColorEntryCount(table).min(256) {
                let mut entry = sys::GDALColorEntry { c1: 0, c2: 0, c3: 0, c4: 0 };
                sys::GDALGetColorEntryAsRGB(table, i, &mut entry);
                colors.push([entry.c1, entry.c2, entry.c3, entry.c4].map(|v| v.clamp(0, 255) as u8));
            }
        }
        colors
    }

    /// Reads a part of some bands, pixel by pixel, one value of 16 bits each.
    pub fn read(&self, at: Window, bands: &[i32], into: &mut Vec<u16>) -> bool {
        into.resize(at.width as usize * at.height as usize * bands.len(), 0);
        let buffer = into.as_mut_ptr().cast();
        self.transfer(GDALRWFlag::GF_Read, at, bands, buffer, GDT_UInt16)
    }

    /// Reads all bands, pixel by pixel, one byte for each value.
    pub fn read_bytes(&self, at: Window, into: &mut Vec<u8>) -> bool {
        let bands: Vec<i32> = (1..=self.bands()).collect();
        into.resize(at.width as usize * at.height as usize * bands.len(), 0);
        self.transfer(GDALRWFlag::GF_Read, at, &bands, into.as_mut_ptr().cast(), GDT_Byte)
    }

    /// Writes all bands, pixel by pixel; `from` has a byte for each value.
    pub fn write(&self, at: Window, from: &[u8]) -> bool {
        let bands: Vec<i32> = (1..=self.bands()).collect();
        assert_eq!(from.len(), at.width as usize * at.height as usize * bands.len());
        self.transfer(GDALRWFlag::GF_Write, at, &bands, from.as_ptr().cast_mut().cast(), GDT_Byte)
    }

    fn transfer(&self, way: GDALRWFlag::Type, at: Window, bands: &[i32], buffer: *mut c_void, kind: u32) -> bool {
        let value = if kind == GDT_Byte { 1 } else { 2 };
        let count = bands.len() as i32;
        let mut bands = bands.to_vec();
        let done = unsafe {
            sys::GDALDatasetRasterIO(
                self.0,
                way,
                at.x,
                at.y,
                at.width,
                at.height,
                buffer,
                at.width,
                at.height,
                kind,
                count,
                bands.as_mut_ptr(),
                count * value,
                count * value * at.width,
                value,
            )
        };
        done == CE_None
    }
}

impl Drop for Dataset {
    fn drop(&mut self) {
        // SAFETY: ours, closed once.
        unsafe { sys::GDALClose(self.0) };
    }
}
