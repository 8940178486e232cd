"""Writes features as Shapefile (zipped), GeoPackage and GeoJSON with nothing but Python's own library.

A feature is (geometry type, coordinates in centimetres, dict of fields). Polygons are one ring, not closed, counter-clockwise.
"""

import io
import json
import sqlite3
import struct
import zipfile

SRID = 9217
WKT = ('PROJCS["VN-2000 / TM-3 108-15",GEOGCS["VN-2000",DATUM["Vietnam_2000",SPHEROID["WGS 84",6378137,298.257223563]],'
       'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4756"]],PROJECTION["Transverse_Mercator"],'
       'PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",108.25],PARAMETER["scale_factor",0.9999],'
       'PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1],AUTHORITY["EPSG","9217"]]')
# Esri's spelling of the same, which is what a .prj holds.
ESRI = ('PROJCS["VN_2000_TM-3_108-15",GEOGCS["GCS_VN_2000",DATUM["D_Vietnam_2000",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
        'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
        'PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",108.25],'
        'PARAMETER["Scale_Factor",0.9999],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]')
# Zip entries and GeoPackages carry a date; a fixed one keeps the files the same on every run.
DAY = (2026, 1, 1, 0, 0, 0)


def metres(kind, points):
    """The parts of a geometry in metres; rings closed."""
    at = [(x / 100, y / 100) for x, y in points]
    return at + at[:1] if kind == "Polygon" else at


def geojson(path, features, srid=SRID):
    """GeoJSON in a projected system: the `crs` member of the 2008 format, which GDAL and QGIS read."""
    with open(path, "w", encoding="utf-8") as out:
        crs = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{srid}"}}
        out.write(f'{{"type":"FeatureCollection","name":{json.dumps(path.stem)},"crs":{json.dumps(crs)},"features":[\n')
        for n, (kind, points, fields) in enumerate(features):
            at = metres(kind, points)
            coordinates = {"Point": lambda: at[0], "LineString": lambda: at, "Polygon": lambda: [at]}[kind]()
            row = {"type": "Feature", "properties": fields, "geometry": {"type": kind, "coordinates": coordinates}}
            out.write((",\n" if n else "") + json.dumps(row, ensure_ascii=False, separators=(",", ":")))
        out.write("\n]}\n")


def columns(features):
    """Field names and kinds in the order of the first feature; a text's width is in bytes of UTF-8."""
    out = {}
    for _, _, fields in features:
        for name, value in fields.items():
            kind, width = out.get(name, ("", 1))
            if value is not None:
                kind = "N" if isinstance(value, int) and kind != "F" else "F" if isinstance(value, (int, float)) else "C"
                width = max(width, len(str(value).encode()))
            out[name] = (kind, width)
    return out


def shapefile(path, features):
    """A zip of .shp, .shx, .dbf, .prj and .cpg. Polygons only; their outer ring runs clockwise there."""
    shp, shx, boxes, records = io.BytesIO(), io.BytesIO(), [], []
    for kind, points, _ in features:
        ring = metres(kind, points)[::-1]
        xs, ys = [p[0] for p in ring], [p[1] for p in ring]
        boxes.append((min(xs), min(ys), max(xs), max(ys)))
        records.append(struct.pack("<i4d2ii", 5, *boxes[-1], 1, len(ring), 0) + b"".join(struct.pack("<2d", *p) for p in ring))

    def header(words):
        whole = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
        return struct.pack(">7i", 9994, 0, 0, 0, 0, 0, words) + struct.pack("<2i8d", 1000, 5, *whole, 0, 0, 0, 0)

    shp.write(header(50 + sum(4 + len(r) // 2 for r in records)))
    shx.write(header(50 + 4 * len(records)))
    for n, record in enumerate(records, 1):
        shx.write(struct.pack(">2i", shp.tell() // 2, len(record) // 2))
        shp.write(struct.pack(">2i", n, len(record) // 2) + record)

    fields = columns(features)
    widths = {name: (14, 2) if kind == "F" else (10, 0) if kind == "N" else (min(width, 254), 0) for name, (kind, width) in fields.items()}
    dbf = io.BytesIO()
    dbf.write(struct.pack("<4BIHH20x", 3, DAY[0] - 1900, DAY[1], DAY[2], len(features), 33 + 32 * len(fields), 1 + sum(w for w, _ in widths.values())))
    for name, (kind, _) in fields.items():
        dbf.write(struct.pack("<11sc4xBB14x", name.encode()[:10], b"N" if kind in "NF" else b"C", *widths[name]))
    dbf.write(b"\r")
    for _, _, values in features:
        dbf.write(b" ")
        for name, (kind, _) in fields.items():
            width, decimals = widths[name]
            value = values[name]
            text = b"" if value is None else f"{value:.{decimals}f}".encode() if kind in "NF" else value.encode()
            dbf.write(text.rjust(width) if kind in "NF" else text.ljust(width))
    dbf.write(b"\x1a")

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for ending, data in ((".shp", shp.getvalue()), (".shx", shx.getvalue()), (".dbf", dbf.getvalue()), (".prj", ESRI), (".cpg", "UTF-8")):
            entry = zipfile.ZipInfo(path.name.removesuffix(".zip") + ending, DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(entry, data)


def wkb(kind, points):
    at = metres(kind, points)
    if kind == "Point":
        return struct.pack("<BI2d", 1, 1, *at[0])
    body = struct.pack("<I", len(at)) + b"".join(struct.pack("<2d", *p) for p in at)
    return struct.pack("<BI", 1, 2) + body if kind == "LineString" else struct.pack("<BII", 1, 3, 1) + body


def geopackage(path, features, title, note, aliases):
    """GeoPackage 1.2 (OGC 12-128r14) with one layer, named like the file; `aliases` are Vietnamese names of fields."""
    path.unlink(missing_ok=True)
    name, kind = path.stem, features[0][0].upper()
    fields = columns(features)
    box = [f(p[i] / 100 for _, points, _ in features for p in points) for f in (min, max) for i in (0, 1)]
    day = "%04d-%02d-%02dT00:00:00.000Z" % DAY[:3]
    db = sqlite3.connect(path)
    db.executescript("""
        PRAGMA application_id = 0x47504B47; PRAGMA user_version = 10200; PRAGMA page_size = 4096;
        CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
          organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
        CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
          last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER REFERENCES gpkg_spatial_ref_sys (srs_id));
        CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL UNIQUE REFERENCES gpkg_contents (table_name), column_name TEXT NOT NULL,
          geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL REFERENCES gpkg_spatial_ref_sys (srs_id), z TINYINT NOT NULL, m TINYINT NOT NULL,
          PRIMARY KEY (table_name, column_name));
        CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
          UNIQUE (table_name, column_name, extension_name));
        CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
          constraint_name TEXT, PRIMARY KEY (table_name, column_name), UNIQUE (table_name, name));
    """)
    db.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,NULL)", [
        ("Undefined cartesian", -1, "NONE", -1, "undefined"), ("Undefined geographic", 0, "NONE", 0, "undefined"),
        ("WGS 84", 4326, "EPSG", 4326, 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
         'UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]'),
        ("VN-2000 / TM-3 108-15", SRID, "EPSG", SRID, WKT)])
    db.execute("INSERT INTO gpkg_contents VALUES (?,'features',?,?,?,?,?,?,?,?)", (name, title, note, day, *box, SRID))
    db.execute("INSERT INTO gpkg_geometry_columns VALUES (?,'geom',?,?,0,0)", (name, kind, SRID))
    db.execute("INSERT INTO gpkg_extensions VALUES ('gpkg_data_columns',NULL,'gpkg_schema','http://www.geopackage.org/spec121/#extension_schema','read-write')")
    db.executemany("INSERT INTO gpkg_data_columns (table_name, column_name, name, title) VALUES (?,?,?,?)",
                   [(name, field, title, title) for field, title in aliases.items() if field in fields])
    types = {"C": "TEXT", "N": "INTEGER", "F": "REAL", "": "TEXT"}
    db.execute(f'CREATE TABLE "{name}" (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {kind}'
               + "".join(f', "{field}" {types[kind]}' for field, (kind, _) in fields.items()) + ")")
    head = b"GP\x00\x01" + struct.pack("<i", SRID)
    places = ",".join("?" * (len(fields) + 1))
    db.executemany(f'INSERT INTO "{name}" (geom, {",".join(chr(34) + f + chr(34) for f in fields)}) VALUES ({places})',
                   [(head + wkb(k, points), *(values[f] for f in fields)) for k, points, values in features])
    db.commit()
    db.execute("VACUUM")
    db.close()
