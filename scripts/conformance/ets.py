"""The suites of the OGC (Compliance and Interoperability Testing), as TestNG runs them without their web application."""

import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as xml
import zipfile
from pathlib import Path

import suites
from suites import HERE, MAVEN, WORK, classpath
from table import Result

# Tests of what a server declares not to do; each would be skipped.
NOT_DONE = ["Spatial joins", "Transactional WFS", "Locking WFS", "Manage stored queries", "Feature versions"]
FEATURES, TILES = ("ets-ogcapi-features10", "1.9"), ("ets-ogcapi-tiles10", "1.2")


def features(url, suite="features10"):
    """Parts 1 and 2 on every collection of the landing page `url`."""
    return run(suite, *FEATURES, {"iut": url, "noofcollections": "-1"})


def tiles(url, layer, suite="tiles10"):
    return run(suite, *TILES, {
        "iut": url, "noofcollections": "-1", "tilematrix": "4", "mintilerow": "6", "maxtilerow": "7", "mintilecol": "11", "maxtilecol": "12",
        "tilematrixsetdefinitionuri": "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad",
        "urltemplatefortiles": f"{url}/collections/{layer}/tiles/WebMercatorQuad/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?f=mvt",
    })


def wfs(url, suite="wfs20"):
    """Simple and Basic WFS, on every type that `url` (without a query) has."""
    return run(suite, *suites.WFS, {"wfs": f"{url}?service=WFS&request=GetCapabilities"}, HERE / "wfs20.xml", suites.wfs20)


def run(suite, name, version, parameters, libraries=HERE / "pom.xml", made=suites.testng):
    """Runs a suite with these parameters; `made` makes its jar from sources."""
    result = Result(suite, note=f"{name} {version}")
    jar = fetch(name, version, made)
    if not jar:
        result.note += ": not in Maven Central as it is reached from here; `ETS_JARS=DIR` takes the jar from a folder, `ETS_SOURCES=DIR` makes it from clones"
        return result
    out = WORK / suite.replace(" ", "-")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    plan = out / "testng.xml"
    plan.write_text(settings(jar, parameters))
    log = (out / "log").open("w")
    subprocess.run(["java", "-cp", f"{jar}:{classpath(libraries)}", "org.testng.TestNG", "-d", out, plan], cwd=out, stdout=log, stderr=log, timeout=1800)
    results = out / "testng-results.xml"
    if not results.exists():
        result.failed("the run", f"it left no results; see {out / 'log'}")
        return result
    for method in xml.parse(results).getroot().iter("test-method"):
        read(result, method)
    return result


def read(result, method):
    name, status = method.get("name"), method.get("status")
    message = (method.findtext(".//message") or "").strip()
    said = " ".join((value.text or "").strip() for value in method.iter("value"))
    if status == "FAIL":
        # The collection document in the parameters is long; its address is what tells.
        result.failed(name, f"{message} [{re.sub(r'{[^}]*}', '{…}', said)[:300]}]")
    elif method.get("is-config") == "true":
        return
    elif status == "PASS":
        result.passed += 1
    else:
        result.skipped += 1


def fetch(name, version, made):
    """The suite's jar: from Maven Central, from the folder that ETS_JARS names, or from sources that ETS_SOURCES has."""
    local = Path(os.environ.get("ETS_JARS", WORK)) / f"{name}-{version}.jar"
    if local.exists():
        return local
    WORK.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([*MAVEN, "dependency:copy", f"-Dartifact=org.opengis.cite:{name}:{version}", f"-DoutputDirectory={WORK}"],
                          cwd=WORK, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    here = WORK / f"{name}-{version}.jar"
    return here if done.returncode == 0 and here.exists() else made(name, version)


def settings(jar, parameters):
    """The suite's own plan with our values; one file of the jar."""
    with zipfile.ZipFile(jar) as archive:
        plan = next(n for n in archive.namelist() if n.endswith("/testng.xml"))
        root = xml.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", archive.read(plan).decode()))
    for old in [test for test in root.findall("test") if test.get("name") in NOT_DONE]:
        root.remove(old)
    for old in root.findall("parameter"):
        if old.get("name") in parameters:
            root.remove(old)
    for name, value in parameters.items():
        root.insert(0, xml.Element("parameter", name=name, value=value))
    return '<!DOCTYPE suite SYSTEM "http://testng.org/testng-1.0.dtd">\n' + xml.tostring(root, encoding="unicode")
