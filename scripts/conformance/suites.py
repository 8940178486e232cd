"""The suites of the OGC from their sources, where no registry has them: `ETS_SOURCES` names a folder with clones of
ets-ogcapi-features10, ets-ogcapi-tiles10, ets-wms13, teamengine, ets-wfs20, ets-gml32, schema-utils and geomatics-geotk
(github.com/opengeospatial), of which the tags below are taken.
"""

import io
import os
import re
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORK = HERE.parents[1] / "target" / "conformance"
MAVEN = ["mvn", "--quiet", "--batch-mode"]
TEAM_ENGINE, WMS = ("teamengine", "6.0.0"), ("ets-wms13", "1.34")
WFS, GML, SCHEMAS, GEOMATICS = ("ets-wfs20", "1.43"), ("ets-gml32", "1.33"), ("schema-utils", "1.8"), ("geomatics-geotk", "1.18")


def sources(name, tag):
    """The sources of a tag, laid out anew; none without a clone."""
    clone = Path(os.environ.get("ETS_SOURCES", "/nonexistent")) / name
    if not clone.exists():
        return None
    packed = subprocess.run(["git", "-C", clone, "archive", tag], stdout=subprocess.PIPE, check=True).stdout
    out = WORK / "sources" / name
    shutil.rmtree(out, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(out, filter="data")
    return out


def classpath(pom):
    """The libraries that a pom names, from Maven Central."""
    path = WORK / f"{pom.stem}.classpath"
    if not path.exists() or path.stat().st_mtime < pom.stat().st_mtime:
        subprocess.run([*MAVEN, "-f", pom, "dependency:build-classpath", f"-Dmdep.outputFile={path}"], check=True, stdout=subprocess.DEVNULL)
    return path.read_text().strip()


def compiled(roots, libraries, name, without=()):
    """A folder with the classes of the sources below `roots`, but of those that mention one of `without`, and their resources."""
    if not shutil.which("javac"):
        raise SystemExit("suites are compiled by javac, which is not here (Debian: openjdk-17-jdk-headless)")
    classes = WORK / "classes" / name
    shutil.rmtree(classes, ignore_errors=True)
    classes.mkdir(parents=True)
    files = [f for root in roots for f in sorted(root.glob("src/main/java/**/*.java"))]
    files = [f for f in files if not any(word in f.read_text(encoding="utf-8") for word in without)]
    subprocess.run(["javac", "-nowarn", "-proc:none", "-d", classes, "-cp", libraries, *files], check=True, stderr=subprocess.DEVNULL)
    for root in roots:
        if (root / "src/main/resources").exists():
            shutil.copytree(root / "src/main/resources", classes, dirs_exist_ok=True)
    return classes


def testng(name, tag):
    """A TestNG suite without the part that runs inside TEAM Engine."""
    root = sources(name, tag)
    if not root:
        return None
    return packed(compiled([root], classpath(HERE / "pom.xml"), name, without=["import com.occamlab"]), f"{name}-{tag}")


def wfs20(name, tag):
    """The suite of WFS 2.0 with those of GML that it runs. What of it stands on Geotk, which Maven Central does not have, is its
    geometry, which `geomatics` does by Apache SIS and JTS, and its times, which `geomatics/temporal` does."""
    roots = [sources(*suite) for suite in (WFS, GML, SCHEMAS, GEOMATICS)]
    if not all(roots):
        return None
    suite, gml, _, geomatics = roots
    edited(suite, "src/main/java/org/opengis/cite/iso19142", WFS_EDITS)
    shutil.rmtree(gml / "src/main/java/org/opengis/cite/iso19136/data")
    (gml / "src/main/resources/org/opengis/cite/iso19136/testng.xml").unlink()
    here = geomatics / "src/main/java/org/opengis/cite/geomatics"
    for file in [f for f in here.rglob("*.java") if f.name != "SpatialOperator.java" and f.parent.name != "time"]:
        file.unlink()
    edited(geomatics, "src/main/java/org/opengis/cite/geomatics", {"time/TemporalUtils.java": [TIMES]})
    shutil.copytree(HERE / "geomatics" / "temporal", geomatics / "src/main/java/org/opengis/temporal")
    for file in (HERE / "geomatics").glob("*.java"):
        shutil.copy(file, here / ("gml" if file.name == "GmlUtils.java" else "."))
    without = ["import com.occamlab", "org.apache.commons.io"]
    return packed(compiled(roots, classpath(HERE / "wfs20.xml"), name, without), f"{name}-{tag}")


def packed(classes, name):
    """A jar of these classes."""
    jar = WORK / f"{name}.jar"
    with zipfile.ZipFile(jar, "w") as out:
        for file in sorted(classes.rglob("*")):
            out.write(file, file.relative_to(classes))
    return jar


def team_engine():
    """What of TEAM Engine runs scripts in CTL from a command line, on the Saxon that Maven Central has (9.1 instead of the
    engine's own 9.0, hence the edits); classes and libraries. None without a clone."""
    root = sources(*TEAM_ENGINE)
    if not root:
        return None
    edited(root, "teamengine-core/src/main/java/com/occamlab/te", EDITS)
    shutil.copy(HERE / "Convert.java", root / "teamengine-core/src/main/java/com/occamlab/te/saxon")
    libraries = classpath(HERE / "teamengine.xml")
    modules = [root / f"teamengine-{m}" for m in ("core", "spi", "spi-ctl", "resources")]
    classes = compiled(modules, libraries, "teamengine", without=["org.glassfish", "TestRunResource", "TestSuiteSetResource"])
    return classes, libraries


def edited(root, folder, edits):
    """Edits sources: for each file below `folder` patterns, each of which is there, and what they become."""
    for path, all_edits in edits.items():
        file = root / folder / path
        text = file.read_text(encoding="utf-8")
        for pattern, to in all_edits:
            text, n = re.subn(pattern, to, text, flags=re.DOTALL)
            assert n, f"{path} has no {pattern}"
        file.write_text(text, encoding="utf-8")


TIMES = (r"org\.geotoolkit\.temporal\.factory\.DefaultTemporalFactory", "org.opengis.temporal.DefaultTemporalFactory")
# The suite of WFS 2.0 with times of our own, and with its own copies of the schemas: after the first test it would read them from the network.
WFS_EDITS = {
    "basic/BasicGetFeatureTests.java": [(r"this\.hintsValidator\.reset\(\);", "buildValidator();")],
    "basic/filter/temporal/TemporalQuery.java": [TIMES],
}
PARSER = (r"TransformerFactory\.newInstance\(\)", "TransformerFactory.newDefaultInstance()")
EDITS = {
    "saxon/TEJavaFunctionCall.java": [
        (r"Value\.asValue\(vr\)\.convertToJava\((types\[\w+\]), context\)", r"Convert.toJava(vr, \1, context)"),
        (r"Value\.convertJavaObjectToXPath\(result, [\w.]+, context\)", "Convert.toXPath(result, context)"),
    ],
    "saxon/GetTypeFunctionCall.java": [(r"Value\.convertJavaObjectToXPath\(type, [\w.]+, context\)", "Convert.toXPath(type, context)")],
    "saxon/TEXSLFunctionCall.java": [(r"v\.convertToJava\(Node\.class, context\)", "Convert.toJava(v, Node.class, context)")],
    "util/DomUtils.java": [PARSER],
    "TECore.java": [
        PARSER,
        # A list of nodes that is a node was one to Saxon 9.0, and is a list to 9.1.
        (r"public NodeList (request\(Document.*?return content_e)\.getChildNodes\(\)(.*?return content)\.getChildNodes\(\)", r"public Node \1\2"),
        # What is declared as an object is wrapped by 9.1, not read.
        (r"public Object callFunction\((XPathContext context, String localName, String namespaceURI, NodeInfo params)\)",
         r"public net.sf.saxon.om.ValueRepresentation callFunction(\1) throws Exception {"
         r" return com.occamlab.te.saxon.Convert.value(called(context, localName, namespaceURI, params), context); }"
         r" private Object called(\1)"),
    ],
}
