"""The abstract tests of Part 3 (OGC 19-079r2, Annex A: queryables, queryables as parameters, filter) over HTTP.

ogctests has them too, but most of its cannot pass anywhere (known.py); these are the same tests done.
"""

import json
import urllib.error
import urllib.parse
import urllib.request

from table import Result

REL = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
CLASSES = [f"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/{c}" for c in ("queryables", "queryables-query-parameters", "filter", "features-filter")]
WRONG = {"string": None, "integer": "ba", "number": "ba", "boolean": "ba"}


def ask(address, method="GET", **parameters):
    """Status, headers, JSON of the answer (none for HEAD)."""
    query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
    request = urllib.request.Request(address + query, method=method, headers={"Accept": "application/geo+json, application/schema+json, application/json;q=0.9"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, None if method == "HEAD" else json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.load(error)


class Tests:
    def __init__(self, base):
        self.base, self.result = base, Result("part 3", note="the abstract tests, our own")

    def holds(self, test, condition, message):
        if condition:
            self.result.passed += 1
        else:
            self.result.failed(test, str(message)[:500])

    def run(self):
        declared = ask(f"{self.base}/conformance")[2]["conformsTo"]
        for one in CLASSES:
            self.holds("get-conformance", one in declared, f"{one} is not declared")
        for collection in ask(f"{self.base}/collections")[2]["collections"]:
            self.collection(collection["id"])
        return self.result

    def collection(self, id_):
        items = f"{self.base}/collections/{id_}/items"
        status, headers, _ = ask(items, "HEAD")
        links = [link for link in headers.get_all("Link", []) if f'rel="{REL}"' in link]
        self.holds("get-queryables-uris", status == 200 and len(links) == 1, f"{id_}: {headers.get_all('Link')}")
        address = links[0][1:links[0].index(">")]
        status, headers, schema = ask(address)
        self.holds("get-queryables", status == 200 and headers["Content-Type"] == "application/schema+json", headers["Content-Type"])
        self.holds("get-queryables", schema["$schema"].startswith("https://json-schema.org/draft/20") and schema["$id"] == address and schema["type"] == "object", schema)
        places = [name for name, one in schema["properties"].items() if str(one.get("format", "")).startswith("geometry-")]
        plain = {name: one["type"] for name, one in schema["properties"].items() if one.get("type") in WRONG and one.get("format", "int") in ("int", "int32", "int64", "float", "double")}
        self.holds("get-queryables", plain and len(places) <= 1, schema["properties"])
        feature = ask(items, limit=1)[2]["features"][0]
        for name, kind in plain.items():
            self.property(items, name, kind, feature["properties"].get(name))
        for lang in ("cql2-text", "cql2-json"):
            unknown = "khong_co = 1" if lang == "cql2-text" else '{"op":"=","args":[{"property":"khong_co"},1]}'
            self.holds("expression-construction", ask(items, **{"filter-lang": lang, "filter": unknown})[0] == 400, f"{id_}: an unknown queryable")
            self.holds("filter-param", ask(items, **{"filter-lang": lang, "filter": "= =)"})[0] == 400, f"{id_}: no expression")
        if places:
            self.place(items, places[0])

    def property(self, items, name, kind, value):
        """One queryable: as a parameter, in text, in JSON, and in the language that is the default."""
        bad = WRONG[kind]
        if bad:
            self.holds("query-param", ask(items, **{name: bad})[0] == 400, f"{items}: {name}={bad}")
        if value is None:
            self.result.skipped += 1
            return
        said = str(value).lower() if kind == "boolean" else str(value)
        literal = "'" + said.replace("\\", "\\\\").replace("'", "''") + "'" if kind == "string" else said
        quoted = '"' + name.replace('"', '""') + '"'
        tree = json.dumps({"op": "=", "args": [{"property": name}, value]})
        ways = {"query-param": {name: said}, "filter-lang-default": {"filter": f"{quoted} = {literal}"},
                "filter-param": {"filter-lang": "cql2-text", "filter": f"{quoted} = {literal}"}, "filter-param ": {"filter-lang": "cql2-json", "filter": tree}}
        counts = set()
        for test, parameters in ways.items():
            status, _, answer = ask(items, limit=100, **parameters)
            good = status == 200 and answer["features"] and all(f["properties"][name] == value for f in answer["features"])
            self.holds(test.strip(), good, f"{items} {parameters}: {status} {str(answer)[:300]}")
            counts.add(answer.get("numberMatched"))
        self.holds("filter-param", len(counts) == 1, f"{items} {name}: {counts}")

    def place(self, items, name):
        """Spatial predicates are in CRS84 unless something else is said."""
        west, south, east, north = ask(items.removesuffix("/items"))[2]["extent"]["spatial"]["bbox"][0]
        box = [west - 0.01, max(-90, south - 0.01), east + 0.01, min(90, north + 0.01)]
        tree = {"op": "s_within", "args": [{"property": name}, {"bbox": box}]}
        if west > -179.9 and east < 179.9:
            inside = ask(items, limit=1, **{"filter-lang": "cql2-json", "filter": json.dumps(tree)})[2]
            every = ask(items, limit=1, filter=f"{name} IS NOT NULL")[2]
            self.holds("filter-crs-wgs84", inside["numberMatched"] == every["numberMatched"] > 0, (inside.get("numberMatched"), every.get("numberMatched")))
        status = ask(items, **{"filter": f"S_INTERSECTS({name}, POINT(200 10))"})[0]
        self.holds("filter-crs-wgs84", status == 400, f"{items}: longitude 200 is {status}")


def run(base):
    return Tests(base).run()
