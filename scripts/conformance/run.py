"""Runs the suites against a server of its own and prints a table: `run.py BINARY [features|tiles|wms|wfs|ogctests|part3|jsonfg|registry|schemathesis]…`

Ends with 1 when a test failed that known.py does not explain. A suite that cannot be had here is named and not counted.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import ets  # noqa: E402
import jsonfg  # noqa: E402
import part3  # noqa: E402
import testers  # noqa: E402
import wms  # noqa: E402
from served import Server  # noqa: E402
from table import table  # noqa: E402

# Layers in systems that every suite knows, and layers of VN-2000, whose zones some do not.
WORLD = ("helsinki_cong_trinh", "helsinki_duong", "nen_dat")
VIETNAM = ("cong_trinh", "duong", "khu_vuc", "o_quy_hoach", "qhsdd_2030")
PARTS = ("features", "tiles", "wms", "wfs", "ogctests", "part3", "jsonfg", "registry", "schemathesis")


def main():
    binary, *parts = sys.argv[1:] or sys.exit(__doc__)
    parts = parts or PARTS
    if unknown := set(parts) - set(PARTS):
        sys.exit(f"{', '.join(unknown)}: there are {', '.join(PARTS)}")
    testers.WORK.mkdir(parents=True, exist_ok=True)
    results = []

    def said(result):
        print(f"== {result.suite}: {result.passed} passed, {len(result.failures)} failed", flush=True)
        result.show()
        results.append(result)

    if "wms" in parts:
        said(wms.run(binary, Server))
    with Server(binary) as city:
        ogc = f"{city.url}/ogc"
        city.samples(*WORLD)
        city.layer(city.file("su_kien", EVENTS), "su_kien")
        if "features" in parts:
            said(ets.features(ogc))
        if "wfs" in parts:
            said(ets.wfs(f"{city.url}/wfs"))
        if "ogctests" in parts:
            said(testers.ogctests(ogc, "core"))
            said(testers.ogctests(ogc, "filtering"))
        if "registry" in parts:
            said(testers.registry(ogc))
        city.samples(*VIETNAM)
        if "tiles" in parts:
            said(ets.tiles(ogc, "nen_dat"))
        if "features" in parts:
            said(ets.features(ogc, "features10 VN-2000"))
        if "wfs" in parts:
            said(ets.wfs(f"{city.url}/wfs", "wfs20 VN-2000"))
        if "part3" in parts:
            said(part3.run(ogc))
        if "jsonfg" in parts:
            said(jsonfg.run(ogc))
        if "schemathesis" in parts:
            said(testers.schemathesis(ogc, "read", "^/(conformance|collections|functions|tiles.*|styles.*|collections/(cong_trinh|qhsdd_2030).*)?$"))
            city.layer(city.file("nhap", SCRATCH), "nhap")
            said(testers.schemathesis(ogc, "write", "^/collections/nhap.*$", city.key("nhap")))
        complaints = city.complaints()
    for line in complaints[:20]:
        print(f"the server logged: {line[:400]}")
    print()
    table(results)
    if complaints or any(r.failures for r in results):
        sys.exit(1)


# Moments over a year, for questions about time. They lie apart in both directions and are a page, as the suite of Features takes the two
# corners of a layer into another system for a box, and compares first pages. Those of whole seconds the suite of WFS 2.0 prints as it cannot read them.
EVENTS = json.dumps({"type": "FeatureCollection", "features": [
    {"type": "Feature", "geometry": {"type": "Point", "coordinates": [108.9 + n / 100, 11.5 + n / 100]},
     "properties": {"ten": f"sự kiện {n}", "luc": f"2025-{n:02}-15T{n + 6:02}:30:00.125Z"}} for n in range(1, 11)]})
# A layer to write into: every kind of value that GeoJSON has.
SCRATCH = """{"type": "FeatureCollection", "features": [
  {"type": "Feature", "geometry": {"type": "Point", "coordinates": [108.99, 11.57]},
   "properties": {"ten": "một", "so": 1, "rong": 2.5, "chinh": true, "ngay": "2026-01-31", "luc": "2026-01-31T10:20:30Z"}},
  {"type": "Feature", "geometry": {"type": "Point", "coordinates": [108.98, 11.56]},
   "properties": {"ten": "hai", "so": 2, "rong": 0.25, "chinh": false, "ngay": "2026-02-28", "luc": "2026-02-28T23:59:59Z"}}]}"""

if __name__ == "__main__":
    main()
