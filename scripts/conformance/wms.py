"""The suite of WMS 1.3.0 (ets-wms13, scripts in CTL) by the part of TEAM Engine that needs no web server, on the suite's own data."""

import re
import shutil
import subprocess
import zipfile

from suites import HERE, WMS, WORK, sources, team_engine
from table import Result

# The layers that the suite asks for by these titles; ids here are lower case.
LAYERS = ("Autos", "BasicPolygons", "Bridges", "BuildingCenters", "Buildings", "DividedRoutes", "Forests", "Lakes", "MapNeatline", "NamedPlaces",
          "Ponds", "RoadSegments", "Streams")


def run(binary, serve):
    """`serve` makes a server; it has no other layers than the suite's."""
    result = Result("wms13", note=" ".join(WMS))
    engine = team_engine()
    suite = engine and sources(*WMS)
    if not suite:
        result.note += ": written for TEAM Engine, which no registry has; `ETS_SOURCES=DIR` takes both from clones"
        return result
    classes, libraries = engine
    home = WORK / "wms13"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(suite / "src/main/scripts/ctl", home / "ctl")
    for script in (home / "ctl").glob("*.xml"):
        text = script.read_text(encoding="utf-8")
        text = re.sub(r"wms:Name ?= ?'([A-Z]\w*)'", lambda m: f"wms:Name = '{m[1].lower()}'", text)
        text = re.sub(r"wms:Name = \$name\b", "wms:Name = lower-case($name)", text)
        text = text.replace("http://schemas.opengis.net/wms/1.3.0/exceptions", f"{HERE.as_uri()}/exceptions")
        script.write_text(text, encoding="utf-8")
    with zipfile.ZipFile(suite / "src/site/resources/data-wms-1.3.0.zip") as data:
        data.extractall(home / "data")
    with serve(binary) as city:
        for name in LAYERS:
            city.layer(home / "data/shapefile" / f"{name}.shp", name.lower())
            city.run("layers", "set", name.lower(), "--title", f"cite:{name}")
        words = ["-source=" + str(home / "ctl/main-auto.xml"), f"-logdir={home}", "-session=wms", "-test=main:main-auto",
                 f"@capabilities-url={city.url}/wms?service=WMS&request=GetCapabilities&version=1.3.0", "@updatesequence=auto", "@basic=basic",
                 "@queryable=queryable", "@recommended=", "@raster_elevation=", "@vector_elevation=", "@time="]
        with (home / "said").open("w") as said:
            subprocess.run(["java", "-cp", f"{classes}:{libraries}", f"-DTE_BASE={home}", "com.occamlab.te.Test", *words], stdout=said,
                           stderr=subprocess.STDOUT, timeout=900)
    read(result, (home / "said").read_text(errors="replace").splitlines())
    return result


def read(result, lines):
    """Tests begin and end in the text; what stands between is why."""
    open_tests = []
    for line in lines:
        if begin := re.match(r" *Testing (\S+) ", line):
            open_tests.append((begin[1], []))
        elif (end := re.match(r" *Test (\S+) (Passed|Failed|\S.*)", line)) and open_tests and open_tests[-1][0] == end[1]:
            name, why = open_tests.pop()
            if "Inherited" in line:
                continue
            if end[2] == "Passed":
                result.passed += 1
            elif end[2] == "Failed":
                result.failed(name, " ".join(why)[:600])
            else:
                result.skipped += 1
        elif open_tests:
            open_tests[-1][1].append(line.strip())
    if not result.passed:
        result.failed("the run", "it left no results; see target/conformance/wms13/said")
