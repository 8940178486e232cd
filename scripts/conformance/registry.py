"""Prints what ogcapi-registry says of the landing page given, as JSON; runs in its own environment (testers.py)."""

import json
import sys
from urllib.request import urlopen

import ogcapi_registry


def read(address):
    with urlopen(address, timeout=30) as answer:
        return json.load(answer)


base = sys.argv[1]
document, classes = read(f"{base}/api"), read(f"{base}/conformance")["conformsTo"]
found = ogcapi_registry.validate_ogc_api(document, classes)
lines = [{"name": error["path"], "message": error["message"], "passed": False} for error in found.errors]
if found.is_valid or not lines:
    lines.append({"name": "definition", "message": "the definition is not valid for every class that is declared", "passed": found.is_valid})
print(json.dumps(lines))
