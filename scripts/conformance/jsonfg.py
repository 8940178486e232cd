"""JSON-FG 1.0 (OGC 21-045r1): documents of every layer against the schemas of the standard and its abstract tests (Annex A: core,
types-schemas, profiles and api). The schemas are read from the clone of ogc-feat-geo-json that `ETS_SOURCES` has.

As a program, `jsonfg.py SCHEMAS DOCUMENT…` validates files; it runs in an environment of its own, which has jsonschema.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

STANDARD = ("ogc-feat-geo-json", "91d70fb81835352b7199eb4fecd22bdac1401127")
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CORE, TYPES, PROFILES, API = (f"http://www.opengis.net/spec/json-fg-1/1.0/conf/{c}" for c in ("core", "types-schemas", "profiles", "api"))
PROFILE = "http://www.opengis.net/def/profile/OGC/0/"
DIMENSION = {"Point": 0, "MultiPoint": 0, "LineString": 1, "MultiLineString": 1, "Polygon": 2, "MultiPolygon": 2}


def run(base):
    from part3 import ask
    from served import environment
    from suites import WORK, sources
    from table import Result

    result = Result("json-fg", note="the schemas of 1.0 and its abstract tests, our own")
    standard = sources(*STANDARD)
    if not standard:
        result.note += ": no registry has the schemas; `ETS_SOURCES=DIR` reads them from a clone"
        return result
    shutil.rmtree(WORK / "json-fg", ignore_errors=True)
    files = []

    def held(address, tests):
        for test, wrong in tests.items():
            if wrong:
                result.failed(test, f"{address}: {str(wrong)[:300]}")
            else:
                result.passed += 1

    def kept(doc):
        files.append(WORK / "json-fg" / f"{len(files)}.{doc['type']}.json")
        files[-1].parent.mkdir(parents=True, exist_ok=True)
        files[-1].write_text(json.dumps(doc), encoding="utf-8")

    def asked(address, **parameters):
        """The answer to this, in JSON-FG or in a profile; its parts are held against the abstract tests and kept for the schemas."""
        status, headers, doc = ask(address, **parameters)
        place = f"{address} {parameters}"
        profile = parameters.get("profile")
        if profile:
            held(place, negotiated(status, headers, profile) | profiled(doc, profile))
        if profile != "rfc7946":
            held(place, abstract(doc, parameters["crs"]))
            kept(doc)
        return doc

    declared = ask(f"{base}/conformance")[2]["conformsTo"]
    held("/conformance", {"get-conformance": [c for c in (CORE, TYPES, PROFILES, API) if c not in declared]})
    for collection in ask(f"{base}/collections")[2]["collections"]:
        here = f"{base}/collections/{collection['id']}"
        for crs in collection.get("crs", [CRS84]):
            page = asked(f"{here}/items", f="jsonfg", crs=crs, limit=1000)
            one = f"{here}/items/{page['features'][0]['id']}"
            asked(one, f="jsonfg", crs=crs)
            for profile in ("rfc7946", "jsonfg", "jsonfg-plus"):
                asked(f"{here}/items", profile=profile, crs=crs, limit=100)
                asked(one, profile=profile, crs=crs)
        status, headers, issues = ask(f"{here}/quality/items", profile="jsonfg")
        if status == 200:
            held(f"{here}/quality/items", negotiated(status, headers, "jsonfg"))
            kept(issues)
        schema = ask(page["featureSchema"])[2]
        good = schema["$schema"] == "https://json-schema.org/draft/2020-12/schema" and schema["$id"] == page["featureSchema"]
        held(page["featureSchema"], {"feature-schemas": None if good else schema})
    python = environment("jsonschema", "jsonschema==4.26.0") / "python"
    done = subprocess.run([python, __file__, standard / "core" / "schemas", *files], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        result.failed("the run", done.stderr[-600:])
        return result
    for line in json.loads(done.stdout):
        if line["wrong"]:
            result.failed("schema-valid", f"{Path(line['file']).name}: {line['wrong']}")
        else:
            result.passed += 1
    return result


def negotiated(status, headers, profile):
    """What is wrong with an answer of which GeoJSON in this profile was asked (annex A, api)."""
    links = [link for link in headers.get_all("Link", []) if 'rel="profile"' in link]
    good = status == 200 and headers["Content-Type"] == "application/geo+json" and [link[1:link.index(">")] for link in links] == [PROFILE + profile]
    return {f"profile-parameter-{profile}": None if good else (status, headers["Content-Type"], links)}


def profiled(doc, profile):
    """What is wrong in a document of this profile (annex A, profiles)."""
    features = doc.get("features", [doc])
    linked = [link["href"] for link in doc["links"] if link["rel"] == "profile"] == [PROFILE + profile]
    wrong = None if linked else doc["links"]
    if profile == "rfc7946":
        wrong = wrong or doc.get("conformsTo") or next((f["id"] for f in features if "place" in f), None)
    elif profile == "jsonfg-plus":
        wrong = wrong or next((f["id"] for f in features if f["place"] and not f["geometry"]), None)
    return {profile: wrong}


def abstract(doc, crs):
    """What is wrong by each abstract test that goes beyond the schemas; None where nothing is."""
    features = doc.get("features", [doc])
    shown = [f[where] for f in features for where in ("geometry", "place") if f[where]]
    times = [f["time"]["interval"] for f in features if f["time"] and "interval" in f["time"]]
    degrees = [p for f in features for p in positions(f["geometry"])]
    sizes = {where: {len(p) for f in features for p in positions(f[where])} for where in ("geometry", "place")}
    dimensions = {DIMENSION.get(g["type"]) for g in shown}
    return {
        "metadata-types-schemas": None if {CORE, TYPES} <= set(doc["conformsTo"]) else doc["conformsTo"],
        "interval-start-end": next((t for t in times if ".." not in t and t[0] > t[1]), None),
        "coordinate-dimension": None if all(len(s) <= 1 for s in sizes.values()) else sizes,
        "geometry-wgs84": next((p for p in degrees if abs(p[0]) > 180 or abs(p[1]) > 90), None),
        "place-geometries": next((f["id"] for f in features if f["place"] and crs == CRS84), None),
        "fallback": next((f["id"] for f in features if f["place"] and f["place"] == f["geometry"]), None),
        "same-crs": None if doc["coordRefSys"] == crs and all("coordRefSys" not in g for g in shown) else doc["coordRefSys"],
        "feature-type": None if doc.get("featureType") else "there is none",
        "geometry-dimension": dimensions if doc.get("geometryDimension") is not None and dimensions - {doc["geometryDimension"]} else None,
    }


def positions(geometry):
    """The positions of a geometry, none for null."""
    def inside(part):
        if part and not isinstance(part[0], list):
            yield part
        else:
            for one in part:
                yield from inside(one)
    if geometry:
        parts = geometry.get("geometries") or [geometry]
        for part in parts:
            yield from inside(part["coordinates"])


def validate(schemas, files):
    from jsonschema import Draft202012Validator, FormatChecker
    from referencing import Registry, Resource

    known = [Resource.from_contents(json.loads(f.read_text(encoding="utf-8"))) for f in Path(schemas).glob("*.json") if ".min." not in f.name]
    registry = Registry().with_resources((r.contents["$id"], r) for r in known)
    root = registry.contents("https://schemas.opengis.net/json-fg/jsonfg-root-object.json")
    validator = Draft202012Validator(root, registry=registry, format_checker=FormatChecker())
    for file in files:
        wrong = next(validator.iter_errors(json.loads(Path(file).read_text(encoding="utf-8"))), None)
        while wrong is not None and wrong.context:
            # The alternative that came furthest says what is wrong.
            wrong = max(wrong.context, key=lambda e: len(e.absolute_path))
        yield {"file": file, "wrong": wrong and f"{wrong.json_path}: {wrong.message[:300]}"}


if __name__ == "__main__":
    print(json.dumps(list(validate(sys.argv[1], sys.argv[2:]))))
