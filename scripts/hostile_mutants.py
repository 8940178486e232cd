"""Good files of every format, written by ogr2ogr, and what becomes of them when bytes are changed or cut off."""

import pathlib
import random
import shutil
import subprocess
import tempfile
import zipfile

# Ending, GDAL's driver, more options.
FORMATS = [
    ("fgb", "FlatGeobuf", []),
    ("gpkg", "GPKG", []),
    ("shp", "ESRI Shapefile", []),
    ("geojson", "GeoJSON", []),
    ("kml", "LIBKML", []),
    ("kmz", "LIBKML", []),
    ("gml", "GML", []),
    ("csv", "CSV", ["-lco", "GEOMETRY=AS_WKT"]),
    ("tab", "MapInfo File", []),
    ("mif", "MapInfo File", []),
    ("dxf", "DXF", ["-select", ""]),
    ("dgn", "DGN", ["-select", ""]),
    ("xlsx", "XLSX", []),
    ("ods", "ODS", []),
]
MUTANTS = 8
SOURCE = """{"type":"FeatureCollection","features":[%s]}"""
FEATURE = """{"type":"Feature","properties":{"ten":"Đất ở %d","so":%d,"ngay":"2026-01-31"},
"geometry":{"type":"Polygon","coordinates":[[[%f,11.5],[%f,11.5],[%f,11.51],[%f,11.5]]]}}"""


def make(put, scratch):
    """Hands mutants of each format to `put`; without ogr2ogr there are none."""
    if not shutil.which("ogr2ogr"):
        return
    folder = pathlib.Path(tempfile.mkdtemp(dir=scratch))
    source = folder / "source.geojson"
    features = (FEATURE % (n, n, 108.9 + n / 1000, 108.9009 + n / 1000, 108.9009 + n / 1000, 108.9 + n / 1000) for n in range(50))
    source.write_text(SOURCE % ",".join(features))
    for ending, driver, options in FORMATS:
        to = folder / ending / f"a.{ending}"
        to.parent.mkdir()
        subprocess.run(["ogr2ogr", "-f", driver, *options, to, source], check=True, capture_output=True)
        parts = {p.name: p.read_bytes() for p in sorted(to.parent.iterdir())}
        mutants(put, ending, parts)
    shutil.rmtree(folder)


def mutants(put, ending, parts):
    """Of a format of several files one is changed at a time; they come as a zip."""
    dice = random.Random(ending)
    for n in range(MUTANTS):
        part = dice.choice(sorted(parts))
        whole = bytearray(parts[part])
        if n % 4 == 3:
            del whole[dice.randrange(len(whole)) :]
        elif n % 4 == 2:
            # Numbers of the head become the largest.
            at = dice.randrange(min(len(whole), 120))
            whole[at : at + 4] = b"\xff\xff\xff\x7f"
        else:
            for _ in range(dice.choice([1, 20, 200])):
                whole[dice.randrange(len(whole))] = dice.randrange(256)
        if len(parts) == 1:
            put("changed bytes", f"changed_{n}.{ending}", bytes(whole))
            continue
        name = f"changed_{n}_{ending}.zip"
        path = pathlib.Path(tempfile.mkstemp()[1])
        with zipfile.ZipFile(path, "w") as z:
            for other, data in parts.items():
                z.writestr(other, bytes(whole) if other == part else data)
        put("changed bytes", name, path.read_bytes())
        path.unlink()
