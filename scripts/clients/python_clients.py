"""GDAL 3.6 (ogr2ogr), pyogrio with the newer GDAL that it carries, OWSLib: what they read equals the file that was imported."""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import numpy
import owslib
import pyogrio
import shapely
from checks import KEY, OGC, URL, Client

FILES = Path(os.environ["DOTHI_SAMPLES"])
WORK = Path(tempfile.mkdtemp())
# What tells the parcels of the sample plan apart.
PARCEL = ("soTo", "soThua", "khuVuc")


def read(path, **more):
    """Columns by name (`geometry` among them) of a file or an address."""
    meta, fids, geometry, data = pyogrio.raw.read(path, return_fids=True, **more)
    columns = dict(zip(meta["fields"], data))
    columns["geometry"] = shapely.from_wkb(geometry)
    columns["crs"], columns["ids"] = meta["crs"], fids
    return columns


def same(want, found, key, tolerance):
    """Every feature, attribute and vertex; `tolerance` in units of the coordinates. The text says how many were compared."""
    assert len(want["geometry"]) == len(found["geometry"]), f"{len(found['geometry'])} features rather than {len(want['geometry'])}"
    left, right = ([i for _, i in sorted((tuple(str(read[k][i]) for k in key), i) for i in range(len(read["ids"])))] for read in (want, found))
    names = [n for n in want if n not in ("geometry", "crs", "ids")]
    for name in names:
        assert name in found, f"no field `{name}`"
        a, b = want[name][left], found[name][right]
        for x, y in zip(a, b):
            empty = [v is None or v != v or str(v) in ("NaT", "nan") for v in (x, y)]
            if any(empty):
                assert all(empty), f"{name}: {x} became {y}"
            elif isinstance(x, (float, numpy.floating)):
                assert abs(float(x) - float(y)) <= 1e-9 * max(1, abs(float(x))), f"{name}: {x} became {y}"
            else:
                assert str(x) == str(y), f"{name}: {x} became {y}"
    vertices = 0
    for a, b in zip(want["geometry"][left], found["geometry"][right]):
        one, two = shapely.get_coordinates(a), shapely.get_coordinates(b)
        assert one.shape == two.shape, f"{len(two)} vertices rather than {len(one)}"
        assert numpy.abs(one - two).max() <= tolerance, f"a vertex moved by {numpy.abs(one - two).max()}"
        vertices += len(one)
    return f"{len(left)} features, {len(names)} fields, {vertices} vertices equal"


def ogr2ogr(to, *words):
    done = subprocess.run(["ogr2ogr", "-f", "GPKG", WORK / to, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0 and "ERROR" not in done.stderr, done.stderr
    return WORK / to


def get(path, method="GET", body=None, **headers):
    request = urllib.request.Request(path, method=method, data=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer, answer.read()


def gdal36():
    version = subprocess.run(["ogrinfo", "--version"], stdout=subprocess.PIPE, text=True).stdout.split(",")[0].removeprefix("GDAL ")
    gdal = Client("GDAL (ogr2ogr)", version)
    plan = FILES / "qhsdd_2030.gpkg"
    paged = ["-oo", "PAGE_SIZE=1000"]

    def whole():
        want = read(ogr2ogr("want.gpkg", plan, "-t_srs", "OGC:CRS84"))
        return same(want, read(ogr2ogr("found.gpkg", f"OAPIF:{OGC}", "qhsdd_2030", *paged)), PARCEL, 2e-9)

    def small():
        want = read(ogr2ogr("small.gpkg", FILES / "khu_vuc.geojson", "-t_srs", "OGC:CRS84"))
        return same(want, read(ogr2ogr("small2.gpkg", f"OAPIF:{OGC}", "khu_vuc")), ["tenKhuVuc"], 2e-9)

    def pushed():
        want = len(read(plan, where="maDat = 'ODT' OR maDat = 'ONT'")["ids"])
        log = subprocess.run(["ogrinfo", "-ro", "-so", "-al", "--debug", "on", "-where", "maDat = 'ODT' OR maDat = 'ONT'", f"OAPIF:{OGC}/collections/qhsdd_2030", *paged],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert f"Feature Count: {want}" in log.stdout, log.stdout[-300:] + log.stderr[-300:]
        assert "filter-lang=cql-text" in log.stderr, "the filter was not pushed to the server"
        return f"{want} features, filter in the request"

    def box():
        west, south, east, north = 108.97, 11.55, 109.0, 11.58
        found = read(ogr2ogr("box.gpkg", f"OAPIF:{OGC}", "qhsdd_2030", *paged, "-spat", *map(str, (west, south, east, north))))
        want = read(ogr2ogr("want.gpkg", plan, "-t_srs", "OGC:CRS84"))
        inside = int(shapely.intersects(want["geometry"], shapely.box(west, south, east, north)).sum())
        assert len(found["ids"]) == inside, f"{len(found['ids'])} rather than {inside}"
        return f"{inside} features"

    gdal.tries("read a layer of 7,888 polygons, equal to the source", whole)
    gdal.tries("read a layer page by page of 10", small)
    gdal.tries("filter pushed to the server as CQL2", pushed)
    gdal.tries("box pushed to the server, true intersections", box)


def pyogrio_gdal():
    version = ".".join(map(str, pyogrio.__gdal_version__))
    gdal = Client("GDAL (pyogrio)", version)
    plan = FILES / "qhsdd_2030.gpkg"
    layer = f"OAPIF:{OGC}/collections/qhsdd_2030"

    def storage():
        found = read(layer)
        assert "9217" in str(found["crs"]) or "VN-2000" in str(found["crs"]), found["crs"]
        return same(read(plan), found, PARCEL, 5.1e-5)

    def latitude_first():
        found = read(layer, CRS="EPSG:4756", max_features=500)
        xs = shapely.get_coordinates(found["geometry"])
        assert "4756" in found["crs"] and ((xs[:, 0] > 108) & (xs[:, 0] < 110)).all(), "GDAL turns the axes back to longitude first"
        return f"{found['crs']}, {len(xs)} vertices where they should be"

    def filtered():
        where = "maDat = 'ODT' AND dienTich > 1000"
        want = len(read(plan, where=where)["ids"])
        found = len(read(layer, where=where)["ids"])
        assert want == found, f"{found} rather than {want}"
        return f"{found} features"

    def box():
        want = read(plan)
        x0, y0, x1, y1 = numpy.percentile(shapely.get_coordinates(want["geometry"]), [40, 60], axis=0).flatten()[[0, 1, 2, 3]]
        inside = int(shapely.intersects(want["geometry"], shapely.box(x0, y0, x1, y1)).sum())
        found = len(read(layer, bbox=(x0, y0, x1, y1))["ids"])
        assert found == inside, f"{found} rather than {inside}"
        return f"{found} features, box in EPSG:9217"

    def tile():
        z, x, y = 14, 13152, 7662
        (WORK / "tile.mvt").write_bytes(get(f"{URL}/tiles/qhsdd_2030/{z}/{x}/{y}")[1])
        found = read(WORK / "tile.mvt", Z=z, X=x, Y=y)
        fields = [n for n in found if n not in ("geometry", "crs", "ids")]
        assert len(found["ids"]) > 0 and "maDat" in fields, fields
        return f"{len(found['ids'])} features in a tile"

    def geojson_tile():
        z, x, y = 14, 13152, 7662
        (WORK / "tile.mvt").write_bytes(get(f"{URL}/tiles/qhsdd_2030/{z}/{x}/{y}")[1])
        (WORK / "tile.geojson").write_bytes(get(f"{OGC}/collections/qhsdd_2030/tiles/WebMercatorQuad/{z}/{y}/{x}?f=geojson")[1])
        # GDAL leaves out what lies in a vector tile's margin alone.
        found, vector = read(WORK / "tile.geojson"), read(WORK / "tile.mvt", Z=z, X=x, Y=y, CLIP="NO")
        assert "4326" in found["crs"] and len(found["ids"]) == len(vector["ids"]) > 0, f"{len(found['ids'])} rather than {len(vector['ids'])}"
        assert shapely.is_valid(found["geometry"]).mean() > 0.99
        return f"{len(found['ids'])} features, as many as in the vector tile"

    def jsonfg():
        (WORK / "plan.json").write_bytes(get(f"{OGC}/collections/qhsdd_2030/export?f=jsonfg&crs=EPSG:9217")[1])
        found = read("JSONFG:" + str(WORK / "plan.json"))
        assert "9217" in str(found["crs"]) or "VN-2000" in str(found["crs"]), found["crs"]
        return same(read(plan), found, PARCEL, 5.1e-5)

    def both_places():
        (WORK / "twice.json").write_bytes(get(f"{OGC}/collections/qhsdd_2030/export?profile=jsonfg-plus&crs=EPSG:9217")[1])
        own = read(f"JSONFG:{WORK / 'twice.json'}")
        # A reader that knows GeoJSON alone.
        degrees = read(ogr2ogr("twice.gpkg", WORK / "twice.json"))
        said = same(read(plan), own, PARCEL, 5.1e-5)
        west, south, east, north = shapely.total_bounds(degrees["geometry"])
        assert len(degrees["ids"]) == len(own["ids"]) and 102 < west < east < 110 and 8 < south < north < 24, (west, south, east, north)
        return f"{said}; in degrees for GDAL 3.6, which reads it as GeoJSON"

    gdal.tries("read the same layer in its own system (Part 2), equal to the source", storage)
    gdal.tries("ask for EPSG:4756 (VN-2000), latitude first", latitude_first)
    gdal.tries("filter", filtered)
    gdal.tries("box in the layer's system (bbox-crs)", box)
    gdal.tries("read a vector tile", tile)
    gdal.tries("read a tile in GeoJSON", geojson_tile)
    gdal.tries("read the whole layer as JSON-FG in its own system, equal to the source", jsonfg)
    gdal.tries("read one document as JSON-FG in its own system and as GeoJSON in degrees (profile=jsonfg-plus)", both_places)
    if service("wfs", "WFS"):
        gdal.tries("read through WFS 2.0, equal to the source", lambda: same(
            read(plan), read(f"WFS:{URL}/wfs?version=2.0.0", layer=wfs_name("qhsdd_2030")), PARCEL, 5.1e-5))


def service(path, name):
    """Whether the server has this older service."""
    try:
        return b"Capabilities" in get(f"{URL}/{path}?service={name}&request=GetCapabilities")[1]
    except OSError:
        return False


def wfs_name(layer):
    from owslib.wfs import WebFeatureService
    return next(n for n in WebFeatureService(f"{URL}/wfs", version="2.0.0").contents if n.split(":")[-1] == layer)


def owslib_client():
    from owslib.ogcapi.features import Features
    lib = Client("OWSLib", owslib.__version__)
    features = Features(f"{OGC}/")
    count = len(read(FILES / "qhsdd_2030.gpkg")["ids"])

    def described():
        assert features.conformance()["conformsTo"] and "qhsdd_2030" in features.feature_collections()
        return f"{len(features.feature_collections())} collections, OpenAPI {features.api()['openapi']}"

    def schemas():
        queryables = features.collection_queryables("qhsdd_2030")["properties"]
        schema = features.collection_schema("qhsdd_2030")["properties"]
        assert {"maDat", "soThua"} <= set(queryables) & set(schema), (list(queryables), list(schema))
        return f"{len(schema)} properties"

    def pages():
        first = features.collection_items("qhsdd_2030", limit=100)
        assert first["numberMatched"] == count and len(first["features"]) == 100
        some = features.collection_items("qhsdd_2030", bbox=[108.97, 11.55, 109.0, 11.58], limit=5, maDat="ODT")
        assert all(f["properties"]["maDat"] == "ODT" for f in some["features"])
        return f"{count} matched"

    def posted():
        filter_ = json.dumps({"op": "=", "args": [{"property": "maDat"}, "ODT"]})
        found = features.collection_items("qhsdd_2030", cql=filter_, limit=5)
        want = len(read(FILES / "qhsdd_2030.gpkg", where="maDat = 'ODT'")["ids"])
        assert found["numberMatched"] == want, f"{found['numberMatched']} rather than {want}"
        return f"{want} matched"

    def written():
        # Headers that one client is given are every client's from then on: OWSLib keeps one dictionary.
        writer = Features(f"{OGC}/", headers={"Authorization": f"Bearer {KEY}"})
        made = {"type": "Feature", "properties": {"ten": "Bãi Đông", "so": 3}, "geometry": {"type": "Point", "coordinates": [109.01, 11.6]}}
        assert writer.collection_item_create("nhap", json.dumps(made))
        found = features.collection_items("nhap", so=3)["features"]
        assert len(found) == 1 and found[0]["properties"]["ten"] == "Bãi Đông", found
        fid = str(found[0]["id"])
        made["properties"]["ten"] = "Bãi Tây"
        assert writer.collection_item_update("nhap", fid, json.dumps(made))
        assert features.collection_item("nhap", fid)["properties"]["ten"] == "Bãi Tây"
        assert writer.collection_item_delete("nhap", fid)
        assert not features.collection_items("nhap", so=3)["features"]
        return "created, read, replaced, deleted"

    def refused():
        try:
            features.collection_item_create("nhap", json.dumps({"type": "Feature", "properties": {}, "geometry": None}))
        except RuntimeError:
            return "401"
        raise AssertionError("a write without a key went through")

    def wms():
        from owslib.wms import WebMapService
        maps = WebMapService(f"{URL}/wms", version="1.3.0")
        assert "qhsdd_2030" in maps.contents, list(maps.contents)
        picture = maps.getmap(layers=["qhsdd_2030"], srs="EPSG:3857", bbox=(12127000, 1293000, 12137000, 1303000), size=(400, 400), format="image/png").read()
        assert picture[:8] == b"\x89PNG\r\n\x1a\n" and len(picture) > 2000, picture[:200]
        return f"{len(maps.contents)} layers, PNG of {len(picture)} bytes"

    def wfs():
        from owslib.wfs import WebFeatureService
        service = WebFeatureService(f"{URL}/wfs", version="2.0.0")
        text = service.getfeature(typename=[wfs_name("khu_vuc")]).read()
        assert (text if isinstance(text, bytes) else text.encode()).count(b"<wfs:member") == 11
        return f"{len(service.contents)} types, 11 members"

    lib.tries("landing page, conformance, collections, API definition", described)
    lib.tries("queryables and schema", schemas)
    lib.tries("pages, box, property filter", pages)
    lib.tries("CQL2 JSON by POST", posted)
    lib.tries("a write without a key is refused", refused)
    lib.tries("create, replace, delete with a key", written)
    if service("wms", "WMS"):
        lib.tries("WMS 1.3: capabilities, map", wms)
    if service("wfs", "WFS"):
        lib.tries("WFS 2.0: capabilities, features", wfs)


if __name__ == "__main__":
    parts = {"gdal36": gdal36, "pyogrio": pyogrio_gdal, "owslib": owslib_client}
    for part in sys.argv[1:] or parts:
        parts[part]()
