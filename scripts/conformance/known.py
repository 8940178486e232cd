"""Failures of suites that are the suite's own, each with its reason: (suite, test, words of the message, why).

Nothing of the server is excused here. A line that no run needs any more is taken out.
"""

OLD_EPSG = ("the suite transforms with proj4j 1.1.3, whose EPSG table lacks the VN-2000 zones of 2019 and their neighbours; "
            "PROJ's own answers are compared in tests/it/crs.rs and by pyogrio in `make clients`")
LAT_FIRST = "the suite reads EPSG:4756 as longitude, latitude; the EPSG register puts latitude first, as it does for EPSG:4326"
CRS_TESTS = r"verify(BboxCrsParameter|FeaturesCrsParameterTransformWithCrsParameter|FeatureCrsParameterTransformWithoutCrsParameter)"
LIMIT = "a `limit` above the maximum is served as the maximum, which 17-069r4, 7.15.2 permits and GDAL counts on"

EMPTY = "a parameter with nothing after the `=` counts as absent, as browsers' forms and older GIS software send it"

BY_PATH = ("the checker tells an endpoint by its path alone: it asks the items of features for the `q` of records, and records and what is wrong in a "
           "layer (`/quality/items`, no collection) for the parameters of features")

OGCTESTS = ("the test cannot pass where there is a collection and Link headers are as RFC 8288 has them: ct2 compares a relation with its quotes, ct3 reads an "
            "`href` that the parser calls `iri`, the others read what ct3 would have kept; part3.py does the same tests")

KNOWN = [
    ("features10", CRS_TESTS, r"^EPSG:(5896|5897|5898|5899|92(0[5-9]|1[0-8]))\b", OLD_EPSG),
    ("features10", CRS_TESTS, r"EPSG/0/4756\b", LAT_FIRST),
    ("features10", "timeParameterDefinition", r"with path '/collections/[^/]+/quality/items'", BY_PATH),
    ("ogctests", "test_ct(2|3|5|7|8|9|10)", r"No link with relation|No queryables_uri|TypeError|NameError|KeyError|IndexError|assert 400 in", OGCTESTS),
    ("ogcapi-registry", r"paths//collections/(_records|[^/]+/quality)/items.*", r"'(limit|bbox|crs|bbox-crs)' query parameter", BY_PATH),
    ("ogcapi-registry", r"paths//collections/[^/]+/items/\{featureId\}.*", r"^Records endpoint should have 'q'", BY_PATH),
    ("schemathesis", r"GET .*", r"^(?=.*(violates `(enum|type)`|not matching the 'uri' format)).*[?&][\w-]+=['&]", EMPTY),
    ("schemathesis", r"GET /collections/[^/]+/(items|export)", r"parameter `limit` in query - limit: Value greater than maximum", LIMIT),
]
