"""QGIS without its window: layers through its providers, and an edit straight in PostGIS. Runs in the Python that QGIS belongs to."""

import os
import sys
import time
import urllib.request
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parent))

from checks import OGC, URL, Client  # noqa: E402
from qgis.core import (Qgis, QgsApplication, QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsFeatureRequest,  # noqa: E402
                       QgsGeometry, QgsMapRendererParallelJob, QgsMapSettings, QgsPointXY, QgsProject, QgsRasterLayer, QgsRectangle,
                       QgsVectorLayer, QgsVectorLayerUtils, QgsVectorTileLayer)
from qgis.PyQt.QtCore import QSize  # noqa: E402

FILES = Path(os.environ["DOTHI_SAMPLES"])


def service(path, name):
    try:
        with urllib.request.urlopen(f"{URL}/{path}?service={name}&request=GetCapabilities", timeout=30) as answer:
            return b"Capabilities" in answer.read()
    except OSError:
        return False


def valid(layer):
    assert layer.isValid(), layer.error().message() or "the layer is not valid"
    return layer


def equal(layer, file, key, tolerance):
    """Every feature of `layer`, in degrees, beside those of the file."""
    source = valid(QgsVectorLayer(str(FILES / file), "source", "ogr"))
    turn = QgsCoordinateTransform(source.crs(), layer.crs(), QgsProject.instance())
    want, found = {}, {}
    for feature in source.getFeatures():
        shape = QgsGeometry(feature.geometry())
        shape.transform(turn)
        want[tuple(str(feature[k]) for k in key)] = (shape, feature)
    for feature in layer.getFeatures():
        found[tuple(str(feature[k]) for k in key)] = (feature.geometry(), feature)
    assert want.keys() == found.keys(), f"{len(found)} features rather than {len(want)}"
    names = [f.name() for f in source.fields() if f.name() != "fid"]
    for name, (shape, feature) in want.items():
        there, other = found[name]
        assert len(list(shape.vertices())) == len(list(there.vertices())), f"vertices of {name}"
        moved = max((abs(a.x() - b.x()) + abs(a.y() - b.y()) for a, b in zip(shape.vertices(), there.vertices())), default=0)
        assert moved <= tolerance, f"a vertex of {name} moved by {moved}"
        for field in names:
            a, b = feature[field], other[field]
            assert str(a) == str(b) or abs(float(a) - float(b)) < 1e-9, f"{field} of {name}: {a} became {b}"
    return f"{len(want)} features, {len(names)} fields equal"


def drawn(layer, crs, box):
    """How many of the picture's pixels the layer coloured."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
    settings.setExtent(QgsRectangle(*box))
    settings.setOutputSize(QSize(256, 256))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    picture = job.renderedImage()
    blank = picture.pixel(0, 0)
    return sum(picture.pixel(x, y) != blank for x in range(0, 256, 4) for y in range(0, 256, 4))


CITY = (12127000, 1293000, 12137000, 1303000)


def main():
    qgis = Client("QGIS", Qgis.QGIS_VERSION.split("-")[0])
    application = QgsApplication([], False)
    application.initQgis()
    address = f"url='{OGC}' typename='{{}}' pagingEnabled='true'"

    def features():
        layer = valid(QgsVectorLayer(address.format("khu_vuc"), "khu_vuc", "OAPIF"))
        assert layer.crs().authid() == "OGC:CRS84" or layer.crs().isGeographic(), layer.crs().authid()
        return equal(layer, "khu_vuc.geojson", ["tenKhuVuc"], 4e-9)

    def large():
        layer = valid(QgsVectorLayer(address.format("qhsdd_2030"), "qh", "OAPIF"))
        return equal(layer, "qhsdd_2030.gpkg", ["soTo", "soThua", "khuVuc"], 4e-9)

    def box():
        layer = valid(QgsVectorLayer(address.format("qhsdd_2030"), "qh", "OAPIF"))
        request = QgsFeatureRequest(QgsRectangle(108.97, 11.55, 109.0, 11.58))
        request.setFlags(QgsFeatureRequest.ExactIntersect)
        found = sum(1 for _ in layer.getFeatures(request))
        with urllib.request.urlopen(f"{OGC}/collections/qhsdd_2030/items?limit=1&bbox=108.97,11.55,109,11.58") as answer:
            matched = int(answer.headers["OGC-NumberMatched"])
        assert found == matched > 0, f"{found} rather than {matched}"
        return f"{found} features"

    def tiles():
        layer = valid(QgsVectorTileLayer(f"type=xyz&url={URL}/tiles/qhsdd_2030/%7Bz%7D/%7Bx%7D/%7By%7D&zmin=0&zmax=22", "tiles"))
        coloured = drawn(layer, "EPSG:3857", CITY)
        assert coloured > 200, f"{coloured} pixels"
        return f"{coloured} of 4,096 pixels drawn"

    def editing():
        uri = os.environ["DOTHI_PG"]
        layer = valid(QgsVectorLayer(f"{uri} key='fid' srid=4326 type=Point table=\"layers\".\"nhap\" (geom)", "nhap", "postgres"))
        layer.startEditing()
        # As its window does it: what the table sets by itself is left to the table.
        feature = QgsVectorLayerUtils.createFeature(layer, QgsGeometry.fromPointXY(QgsPointXY(108.95, 11.55)))
        feature["ten"], feature["so"] = "QGIS vẽ", 77
        assert layer.addFeature(feature) and layer.commitChanges(), "; ".join(layer.commitErrors())
        for _ in range(40):
            with urllib.request.urlopen(f"{OGC}/collections/nhap/items?so=77") as answer:
                if b'"QGIS v' in answer.read():
                    return "the new point is in /items"
            time.sleep(0.05)
        raise AssertionError("after two seconds the edit is not in /items")

    def wfs():
        uri = f"pagingEnabled='true' srsname='EPSG:9217' typename='{{}}' url='{URL}/wfs' version='2.0.0'"
        names = ["khu_vuc", "dothi:khu_vuc"]
        layer = next((one for one in (QgsVectorLayer(uri.format(n), n, "WFS") for n in names) if one.isValid()), None)
        assert layer, "not valid under either name"
        return f"{equal(layer, 'khu_vuc.geojson', ['tenKhuVuc'], 2e-4)}, {layer.crs().authid()}"

    def wms():
        layer = valid(QgsRasterLayer(f"crs=EPSG:3857&format=image/png&layers=qhsdd_2030&styles&url={URL}/wms", "wms", "wms"))
        coloured = drawn(layer, "EPSG:3857", CITY)
        assert coloured > 200, f"{coloured} pixels"
        return f"{coloured} of 4,096 pixels drawn"

    qgis.tries("OAPIF: read a layer, equal to the source", features)
    qgis.tries("OAPIF: read 7,888 polygons in pages, equal to the source", large)
    qgis.tries("OAPIF: read what a box cuts", box)
    qgis.tries("vector tiles drawn", tiles)
    if os.environ.get("DOTHI_PG"):
        qgis.tries("edit straight in PostGIS shows in the API", editing)
    if service("wfs", "WFS"):
        qgis.tries("WFS 2.0: read a layer, equal to the source", wfs)
    if service("wms", "WMS"):
        qgis.tries("WMS 1.3: map drawn", wms)
    application.exitQgis()


if __name__ == "__main__":
    main()
