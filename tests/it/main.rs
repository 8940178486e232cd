//! Integration tests: one binary, real PostgreSQL, real files, the real program.

mod support; // a cluster for the run, a database a test
mod mvt; // reads vector tiles

mod cluster; // the private PostgreSQL: killed, joined, left behind
mod city; // the program on a data directory
mod cli; // the command line
mod clients; // ogr2ogr reads what is served
mod stalled; // clients that go away, or take nothing
mod editions; // what a layer was
mod definition; // the API definition, beside what is served
mod crs; // coordinate systems by reference, HEAD
mod examples; // of the CQL2 standard, with their rows
mod feed; // what is built from the change feed equals the layer
mod files; // what our own writers make, opened
mod filter; // CQL2: memory and the database agree, the door answers
mod formats; // every format, read back
mod html; // pages for people
mod hostile; // files made to do harm
mod house; // which module may use which
mod http; // the API as its callers see it
mod items; // a page: order, properties, counts, times
mod import; // files in, every row accounted for
mod jobs; // uploads and imports, over HTTP and on the command line
mod journal; // whoever edits, everybody sees it
mod killed; // the program, the server, PostgreSQL
mod place; // every zone, every wrong declaration
mod killed_import; // an import, at any moment; a full disk
mod packages; // planning packages of Circular 16/2025
mod predicates; // real layers, counted by others too
mod proxy; // links behind a proxy
mod tiles; // the engine beside PostGIS
mod schemas; // what a layer's features are made of, the API definition, the list of layers
mod tilesets; // OGC API – Tiles, as clients walk it
mod quality; // what is wrong in a layer, found by PostGIS too
mod racing; // edits over HTTP with If-Match
mod spatial; // questions whose answers are known
mod records; // metadata, and what finds it
mod rasters; // pictures in, tiles out
mod reader; // the child that reads files
mod scans; // rasters in GeoPackages, on control points, beside features
mod styles; // generated, made instead, refused
mod wfs; // features as GML, filters in XML
mod wms; // maps as pictures
mod ows; // limits and overload, told by WMS and WFS
mod words; // letters out of every format and encoding
mod write; // features in: who may, what is refused, who wins
