"""Testers that PyPI has: ogctests (Parts 1 and 3), ogcapi-registry (the API definition), schemathesis (anything that the definition allows)."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

from served import ROOT, environment
from table import Result

WORK = ROOT / "target" / "conformance"


def ogctests(url, scope):
    """One scope at a time: its tests of Part 1 and of Part 3 do not share a run."""
    result = Result(f"ogctests {scope}", note="ogctests 0.1.15")
    python = environment("ogctests", "ogctests==0.1.15") / "python"
    report = WORK / f"ogctests-{scope}.xml"
    # Its command line passes nothing on to pytest, which is what writes a report.
    done = subprocess.run([python, "-m", "ogctests", f"features/{scope}", "-i", url], env=dict(os.environ, PYTEST_ADDOPTS=f"--junitxml={report} -p no:cacheprovider"),
                          cwd=WORK, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900)
    if not report.exists():
        result.failed("the run", done.stdout[-600:])
        return result
    for case in xml.parse(report).getroot().iter("testcase"):
        bad = case.find("failure") if case.find("failure") is not None else case.find("error")
        if bad is not None:
            result.failed(case.get("name"), bad.get("message") or "")
        elif case.find("skipped") is not None:
            result.skipped += 1
        else:
            result.passed += 1
    report.unlink()
    return result


def registry(url):
    """The API definition against the rules of ogcapi-registry for what the server says that it conforms to."""
    result = Result("ogcapi-registry", note="ogcapi-registry 0.4.0")
    python = environment("registry", "ogcapi-registry==0.4.0") / "python"
    done = subprocess.run([python, Path(__file__).with_name("registry.py"), url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        result.failed("the run", done.stderr[-600:])
        return result
    for line in json.loads(done.stdout):
        if line["passed"]:
            result.passed += 1
        else:
            result.failed(line["name"], line["message"])
    return result


def schemathesis(url, suite, only, key=None, seconds=120):
    """Requests made up from the API definition, good and bad, for `only` (a pattern of paths); with a key, writes too."""
    result = Result(f"schemathesis {suite}", note=f"schemathesis 4.32.5, {seconds} s at most, seed 2026")
    st = environment("schemathesis", "schemathesis==4.32.5") / "schemathesis"
    out = WORK / f"schemathesis-{suite}"
    out.mkdir(parents=True, exist_ok=True)
    report = out / "junit.xml"
    report.unlink(missing_ok=True)
    words = [st, "run", f"{url}/api", "--include-path-regex", only, "--phases", "examples,coverage,fuzzing", "--max-time", str(seconds), "--max-examples", "60",
             "--seed", "2026", "--continue-on-failure", "--report", "junit", "--report-junit-path", report,
             "--request-timeout", "30", "--suppress-health-check", "all", "--exclude-checks", ",".join(NOT_PROMISED)]
    words += ["--header", f"Authorization: Bearer {key}"] if key else ["--exclude-method-regex", "^(POST|PUT|PATCH|DELETE)$"]
    with (out / "log").open("w") as log:
        subprocess.run(words, cwd=out, stdout=log, stderr=subprocess.STDOUT, timeout=seconds * 4 + 300)
    if not report.exists():
        result.failed("the run", (out / "log").read_text()[-1200:])
        return result
    for case in xml.parse(report).getroot().iter("testcase"):
        bad = [*case.iter("failure"), *case.iter("error")]
        for one in bad:
            # One failure holds every finding of the operation.
            for finding in re.split(r"(?m)^\d+\. Test Case ID.*$", one.text or one.get("message") or "")[1:] or ["an error"]:
                result.failed(case.get("name"), re.sub(r"\s+", " ", finding).strip())
        if not bad:
            result.skipped += case.find("skipped") is not None
            result.passed += case.find("skipped") is None
    return result


# What a definition in OpenAPI cannot say of this server, so that the check would only count what is meant:
NOT_PROMISED = [
    "positive_data_acceptance",  # a filter or a field's value may be well-formed and still name what is not there: 400
    "unsupported_method",        # OPTIONS is answered everywhere, TRACE by nobody
]

if __name__ == "__main__":
    sys.exit("run scripts/conformance.sh")
