//! Which of GDAL's drivers stay, and which of them may try a file.

use super::{errors, raster, vsi};

/// The drivers that stay; all others are removed, so that nothing can open a VRT, a database or an address on the way.
pub const DRIVERS: [&str; 19] = [
    "ESRI Shapefile",
    "GPKG",
    "GeoJSON",
    "GeoJSONSeq",
    "TopoJSON",
    "LIBKML",
    "KML",
    "CSV",
    "FlatGeobuf",
    "GML",
    "MapInfo File",
    "DXF",
    "OpenFileGDB",
    "GPX",
    "XLSX",
    "ODS",
    "DGN",
    "CAD",
    "ESRIJSON",
];

/// Endings that name a dataset inside a zip or a folder, and the drivers that may try each.
pub const ENDINGS: [(&str, &[&str]); 23] = [
    ("shp", &["ESRI Shapefile"]),
    ("dbf", &["ESRI Shapefile"]),
    ("gpkg", &["GPKG"]),
    ("geojson", &["GeoJSON", "TopoJSON", "GeoJSONSeq"]),
    ("json", &["GeoJSON", "TopoJSON", "GeoJSONSeq", "ESRIJSON"]),
    ("topojson", &["TopoJSON"]),
    ("geojsonl", &["GeoJSONSeq"]),
    ("geojsons", &["GeoJSONSeq"]),
    ("kml", &["LIBKML", "KML"]),
    ("kmz", &["LIBKML"]),
    ("csv", &["CSV"]),
    ("tsv", &["CSV"]),
    ("fgb", &["FlatGeobuf"]),
    ("gml", &["GML"]),
    ("tab", &["MapInfo File"]),
    ("mif", &["MapInfo File"]),
    ("dxf", &["DXF"]),
    ("gdb", &["OpenFileGDB"]),
    ("gpx", &["GPX"]),
    ("xlsx", &["XLSX"]),
    ("ods", &["ODS"]),
    ("dgn", &["DGN"]),
    ("dwg", &["CAD"]),
];

/// Formats that say in their first bytes what they are, whatever the file is called.
pub const BY_CONTENT: [&str; 10] =
    ["GPKG", "GeoJSON", "GeoJSONSeq", "TopoJSON", "LIBKML", "KML", "FlatGeobuf", "GML", "DXF", "GPX"];

/// Prepares GDAL: errors collected, drivers reduced, no network, no files of its own.
pub fn prepare() {
    errors::collect();
    for (name, value) in [
        (c"GDAL_DRIVER_PATH", c"disable"),
        (c"GDAL_PAM_ENABLED", c"NO"),
        (c"CPL_VSIL_CURL_ALLOWED_EXTENSIONS", c"{none}"),
        (c"PROJ_NETWORK", c"OFF"),
        (c"GML_PARSER", c"EXPAT"),
        (c"GML_DOWNLOAD_SCHEMA", c"NO"),
        (c"SHAPE_RESTORE_SHX", c"NO"),
        // Else it would go by EPSG's code where a shift of ours is set (`place::to_lonlat`).
        (c"OGR_CT_PREFER_OFFICIAL_SRS_DEF", c"NO"),
        (c"OGR_SQLITE_LOAD_EXTENSIONS", c""),
    ] {
        vsi::option(name, value);
    }
    // SAFETY: registration happens once, before any dataset is open; indexes are walked downwards while drivers go.
    unsafe {
        gdal_sys::GDALAllRegister();
        for i in (0..gdal_sys::GDALGetDriverCount()).rev() {
            let driver = gdal_sys::GDALGetDriver(i);
            let name = super::ogr::bytes(gdal_sys::GDALGetDriverShortName(driver));
            // `Memory` opens no file; drivers use it for layers that they build.
            let known = DRIVERS.iter().chain(&raster::DRIVERS).any(|known| known.as_bytes() == name);
            if name != b"Memory" && !known {
                gdal_sys::GDALDeregisterDriver(driver);
            }
        }
    }
}
