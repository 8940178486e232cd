"""Failures of suites that are the suite's own, each with its reason: (suite, test, words of the message, why).

Nothing of the server is excused here. A line that no run needs any more is taken out.
"""

OLD_EPSG = ("the suite transforms with proj4j 1.1.3, whose EPSG table lacks the VN-2000 zones of 2019 and their neighbours; "
            "PROJ's own answers are compared in tests/it/crs.rs and by pyogrio in `make clients`")
LAT_FIRST = "the suite reads EPSG:4756 as longitude, latitude; the EPSG register puts latitude first, as it does for EPSG:4326"
CRS_TESTS = r"verify(BboxCrsParameter|FeaturesCrsParameterTransformWithCrsParameter|FeatureCrsParameterTransformWithoutCrsParameter)"
LIMIT = "a `limit` above the maximum is served as the maximum, which 17-069r4, 7.15.2 permits and GDAL counts on"

OGCTESTS_VALUE = "the test asks for the text `valid-value` to be found and `[invalid-value]` to be refused, whatever the property; both are texts"
OGCTESTS_BROKEN = "the test cannot pass anywhere: it sends a Python dict as filter-lang, or uses names that it does not define"

KNOWN = [
    ("features10", CRS_TESTS, r"^EPSG:(5896|5897|5898|5899|92(0[5-9]|1[0-8]))\b", OLD_EPSG),
    ("features10", CRS_TESTS, r"EPSG/0/4756\b", LAT_FIRST),
    ("ogctests", "test_ct5", r"invalid|valid-value|assert (200|400) in", OGCTESTS_VALUE),
    ("ogctests", "test_ct(7|8|10)", r"NameError|KeyError|assert 400 in|IndexError", OGCTESTS_BROKEN),
    ("schemathesis", r"GET /collections/[^/]+/items", r"parameter `limit` in query - limit: Value greater than maximum", LIMIT),
]
