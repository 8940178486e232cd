//! GDAL's handles with owners: a dataset closes itself, a feature destroys itself, text is bytes.
//!
//! The `gdal` crate turns every C string into a `String` with replacement characters, which destroys text in TCVN3 or
//! VNI, and allocates for every value; the row loop must do neither.

use std::ffi::{CStr, CString, c_char};
use std::marker::PhantomData;

use gdal_sys as sys;
use sys::{OGRErr, OGRFieldType, OGRwkbGeometryType as wkb};

/// The bytes of a C string; empty for NULL.
///
/// # Safety
/// `text` is NULL or a C string that outlives `'a` unchanged.
pub unsafe fn bytes<'a>(text: *const c_char) -> &'a [u8] {
    if text.is_null() { &[] } else { unsafe { CStr::from_ptr(text) }.to_bytes() }
}

/// A C string for GDAL; a NUL inside ends it.
pub fn c(text: &str) -> CString {
    CString::new(text.split('\0').next().unwrap_or_default()).unwrap_or_default()
}

/// A NULL-terminated list of C strings for GDAL.
pub struct List(Vec<CString>, Vec<*const c_char>);

impl List {
    pub fn new<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> Self {
        let strings: Vec<CString> = items.into_iter().map(|item| c(item.as_ref())).collect();
        let pointers = strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect();
        List(strings, pointers)
    }

    pub fn as_ptr(&self) -> *const *const c_char {
        debug_assert_eq!(self.0.len() + 1, self.1.len());
        self.1.as_ptr()
    }
}

pub struct Dataset(sys::GDALDatasetH);

impl Dataset {
    /// Opens for reading with one of the named drivers.
    pub fn open(path: &str, drivers: &[&str], options: &[String]) -> Option<Self> {
        Dataset::open_as(0x04, path, drivers, options) // GDAL_OF_VECTOR; gdal.h
    }

    /// Opens what may hold pictures and no features.
    pub fn open_any(path: &str, drivers: &[&str]) -> Option<Self> {
        Dataset::open_as(0x02 | 0x04, path, drivers, &[]) // GDAL_OF_RASTER, GDAL_OF_VECTOR
    }

    fn open_as(kind: u32, path: &str, drivers: &[&str], options: &[String]) -> Option<Self> {
        const VERBOSE: u32 = 0x40; // GDAL_OF_VERBOSE_ERROR
        let (path, drivers, options) = (c(path), List::new(drivers), List::new(options));
        // SAFETY: all pointers live for the call.
        let handle = unsafe {
            sys::GDALOpenEx(path.as_ptr(), kind | VERBOSE, drivers.as_ptr(), options.as_ptr(), std::ptr::null())
        };
        (!handle.is_null()).then_some(Dataset(handle))
    }

    pub fn driver(&self) -> String {
        // SAFETY: the dataset is open; the driver and its name outlive it.
        let name = unsafe { bytes(sys::GDALGetDriverShortName(sys::GDALGetDatasetDriver(self.0))) };
        String::from_utf8_lossy(name).into_owned()
    }

    pub fn layers(&self) -> impl Iterator<Item = Layer<'_>> {
        // SAFETY: the dataset is open; layers belong to it, which the lifetime says.
        let count = unsafe { sys::GDALDatasetGetLayerCount(self.0) };
        (0..count).filter_map(|i| self.layer(i))
    }

    pub fn layer(&self, index: i32) -> Option<Layer<'_>> {
        // SAFETY: as above; GDAL checks the index.
        let handle = unsafe { sys::GDALDatasetGetLayer(self.0, index) };
        (!handle.is_null()).then_some(Layer { handle, dataset: PhantomData })
    }
}

impl Dataset {
    /// Rows of texts that the dataset's own SQL answers, at most `most`; none where it does not understand.
    pub fn ask(&self, sql: &str, most: usize) -> Vec<Vec<String>> {
        let sql = c(sql);
        // SAFETY: the dataset is open; the result is ours until it is released, and its features until they are dropped.
        unsafe {
            let result = sys::GDALDatasetExecuteSQL(self.0, sql.as_ptr(), std::ptr::null_mut(), std::ptr::null());
            if result.is_null() {
                return Vec::new();
            }
            let answer = Layer { handle: result, dataset: PhantomData };
            let fields = 0..answer.fields().len() as i32;
            let row = |feature: Feature| {
                fields.clone().map(|i| String::from_utf8_lossy(feature.text(i)).into_owned()).collect()
            };
            let rows = std::iter::from_fn(|| answer.next()).take(most).map(row).collect();
            sys::GDALDatasetReleaseResultSet(self.0, result);
            rows
        }
    }

    /// Codes and labels of a coded-value domain, at most `most`; empty for another kind of domain. The format is Unicode.
    pub fn codes(&self, domain: &[u8], most: usize) -> Vec<(String, String)> {
        let Ok(name) = CString::new(domain) else { return Vec::new() };
        let text = |text: *const c_char| String::from_utf8_lossy(unsafe { bytes(text) }).into_owned();
        let mut codes = Vec::new();
        // SAFETY: the dataset is open and owns the domain; its list ends with a NULL code.
        unsafe {
            let domain = sys::GDALDatasetGetFieldDomain(self.0, name.as_ptr());
            if domain.is_null() || sys::OGR_FldDomain_GetDomainType(domain) != sys::OGRFieldDomainType::OFDT_CODED {
                return codes;
            }
            let mut at = sys::OGR_CodedFldDomain_GetEnumeration(domain);
            while !at.is_null() && !(*at).pszCode.is_null() && codes.len() < most {
                codes.push((text((*at).pszCode), text((*at).pszValue)));
                at = at.add(1);
            }
        }
        codes
    }
}

impl Drop for Dataset {
    fn drop(&mut self) {
        // SAFETY: opened by us, closed once.
        unsafe { sys::GDALClose(self.0) };
    }
}

pub struct Layer<'d> {
    handle: sys::OGRLayerH,
    dataset: PhantomData<&'d Dataset>,
}

/// A field as GDAL declares it; the name still as bytes.
pub struct RawField {
    pub name: Vec<u8>,
    pub alias: Vec<u8>,
    pub r#type: OGRFieldType::Type,
    pub subtype: sys::OGRFieldSubType::Type,
    pub width: i32,
    pub precision: i32,
    /// The name of its domain, empty where it has none.
    pub domain: Vec<u8>,
}

// SAFETY for this block: the handle belongs to a dataset that is open as long as `'d`; what GDAL returns by reference is
// copied before the next call.
impl Layer<'_> {
    pub fn name(&self) -> Vec<u8> {
        unsafe { bytes(sys::OGR_L_GetName(self.handle)) }.to_vec()
    }

    pub fn metadata(&self, key: &str) -> Option<String> {
        let key = c(key);
        let value = unsafe { bytes(sys::GDALGetMetadataItem(self.handle, key.as_ptr(), std::ptr::null())) };
        let value = std::str::from_utf8(value).ok()?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Whether the driver keeps the source's own feature ids.
    pub fn has_fid_column(&self) -> bool {
        unsafe { !bytes(sys::OGR_L_GetFIDColumn(self.handle)).is_empty() }
    }

    pub fn geometry_type(&self) -> wkb::Type {
        unsafe { sys::OGR_L_GetGeomType(self.handle) }
    }

    pub fn geometry_fields(&self) -> i32 {
        unsafe { sys::OGR_FD_GetGeomFieldCount(sys::OGR_L_GetLayerDefn(self.handle)) }
    }

    pub fn spatial_ref(&self) -> sys::OGRSpatialReferenceH {
        unsafe { sys::OGR_L_GetSpatialRef(self.handle) }
    }

    pub fn fields(&self) -> Vec<RawField> {
        unsafe {
            let definition = sys::OGR_L_GetLayerDefn(self.handle);
            let field = |i| {
                let field = sys::OGR_FD_GetFieldDefn(definition, i);
                RawField {
                    name: bytes(sys::OGR_Fld_GetNameRef(field)).to_vec(),
                    alias: bytes(sys::OGR_Fld_GetAlternativeNameRef(field)).to_vec(),
                    r#type: sys::OGR_Fld_GetType(field),
                    subtype: sys::OGR_Fld_GetSubType(field),
                    width: sys::OGR_Fld_GetWidth(field),
                    precision: sys::OGR_Fld_GetPrecision(field),
                    domain: bytes(sys::OGR_Fld_GetDomainName(field)).to_vec(),
                }
            };
            (0..sys::OGR_FD_GetFieldCount(definition)).map(field).collect()
        }
    }

    fn can(&self, capability: &CStr) -> bool {
        unsafe { sys::OGR_L_TestCapability(self.handle, capability.as_ptr()) != 0 }
    }

    /// The number of rows, where it costs nothing to ask.
    pub fn count(&self) -> Option<u64> {
        let count = self.can(c"FastFeatureCount").then(|| unsafe { sys::OGR_L_GetFeatureCount(self.handle, 0) });
        count.and_then(|count| u64::try_from(count).ok())
    }

    /// The box around all geometries, where it costs nothing to ask.
    pub fn extent(&self) -> Option<[f64; 4]> {
        let mut e = sys::OGREnvelope { MinX: 0.0, MaxX: 0.0, MinY: 0.0, MaxY: 0.0 };
        let fast = self.can(c"FastGetExtent");
        let known = fast && unsafe { sys::OGR_L_GetExtent(self.handle, &mut e, 0) } == OGRErr::OGRERR_NONE;
        known.then_some([e.MinX, e.MinY, e.MaxX, e.MaxY]).filter(|e| e.iter().all(|v| v.is_finite()))
    }

    pub fn rewind(&self) {
        unsafe { sys::OGR_L_ResetReading(self.handle) }
    }

    /// Reads geometries only from here on, or everything again. Drivers that cannot, go on reading everything.
    pub fn geometry_only(&self, only: bool) {
        let names: Vec<CString> = if only {
            self.fields().into_iter().filter_map(|f| CString::new(f.name).ok()).collect()
        } else {
            Vec::new()
        };
        let mut pointers: Vec<*const c_char> = names.iter().map(|n| n.as_ptr()).chain([std::ptr::null()]).collect();
        if self.can(c"IgnoreFields") {
            unsafe { sys::OGR_L_SetIgnoredFields(self.handle, pointers.as_mut_ptr()) };
        }
    }

    pub fn next(&self) -> Option<Feature> {
        let handle = unsafe { sys::OGR_L_GetNextFeature(self.handle) };
        (!handle.is_null()).then_some(Feature(handle))
    }
}

pub struct Feature(pub sys::OGRFeatureH);

// SAFETY for this block: the feature is ours until dropped; indexes come from its own layer's definition; what GDAL
// returns by reference lives until the same value is asked for again, and the borrow of `self` ends before.
impl Feature {
    pub fn fid(&self) -> i64 {
        unsafe { sys::OGR_F_GetFID(self.0) }
    }

    pub fn is_null(&self, i: i32) -> bool {
        unsafe { sys::OGR_F_IsFieldSetAndNotNull(self.0, i) == 0 }
    }

    /// The value as text, without a copy for text fields.
    pub fn text(&self, i: i32) -> &[u8] {
        unsafe { bytes(sys::OGR_F_GetFieldAsString(self.0, i)) }
    }

    pub fn geometry(&self) -> Option<sys::OGRGeometryH> {
        let handle = unsafe { sys::OGR_F_GetGeometryRef(self.0) };
        (!handle.is_null()).then_some(handle)
    }
}

impl Drop for Feature {
    fn drop(&mut self) {
        unsafe { sys::OGR_F_Destroy(self.0) }
    }
}
