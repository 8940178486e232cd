"""What a client script says of each thing it tried: a line of JSON, read by run.py. Only Python's own library: QGIS brings its Python."""

import json
import os
import traceback

URL = os.environ.get("DOTHI_URL", "")
OGC = f"{URL}/ogc"
KEY = os.environ.get("DOTHI_KEY", "")


class Client:
    def __init__(self, name, version):
        self.name, self.version = name, version

    def says(self, did, good, detail=""):
        print(json.dumps({"client": self.name, "version": self.version, "did": did, "good": bool(good), "detail": str(detail)[:600]}, ensure_ascii=False),
              flush=True)

    def tries(self, did, steps):
        """`steps()` returns what it found, or raises; an assertion's text says what differs."""
        try:
            self.says(did, True, steps() or "")
        except Exception as error:  # noqa: BLE001  whatever a client raises is its finding
            place = traceback.extract_tb(error.__traceback__)[-1]
            self.says(did, False, f"{type(error).__name__}: {error} (line {place.lineno})")
