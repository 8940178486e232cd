#!/usr/bin/env python3
"""Runs `dothi import --dry-run` over broken and dangerous files and writes docs/hostile.md.

    scripts/hostile.py [FOLDER…]      DOTHI_BIN, default target/debug/dothi; WRITE=0 leaves the document alone

Besides the files of the folders it makes its own (hostile_files.py). It fails if a file crashes or hangs the program, if
an account does not add up, if a refusal is not one line, if anything was written beside a source, or if the content of
the canary file or a connection to the canary port shows up.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import hostile_files

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = os.environ.get("DOTHI_BIN", str(ROOT / "target/debug/dothi"))
PATIENCE = 150
# Parts of a dataset, licences and notes are no files to import.
PARTS = {".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".aux", ".csvt", ".xsd", ".gfs", ".dat", ".map", ".id", ".ind",
         ".mid", ".txt", ".md", ".license", ".mit", ".apache", ""}
KNOWN = "shp dbf gpkg geojson json topojson geojsonl kml kmz csv tsv fgb gml tab mif dxf gdb gpx xlsx ods dgn dwg zip".split()
ANSWERS = ["--srs", "EPSG:9217", "--encoding", "windows-1252"]


class Canary:
    """A port that nobody must connect to, and a file whose text must not show up."""

    def __init__(self, folder):
        self.connections = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()
        self.text = "CANARY-7f3a91"
        self.file = folder / "canary.csv"
        self.file.write_text(f"ten,lon,lat\n{self.text},108.9,11.5\n")

    def listen(self):
        while True:
            connection, address = self.server.accept()
            self.connections.append(address)
            connection.close()


def run(var, file, more=()):
    """Outcome, seconds and what was said."""
    began = time.monotonic()
    command = [BIN, "--data-dir", str(var), "--json", "import", "--dry-run", *more, str(file)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return "hang", time.monotonic() - began, {}, ""
    seconds = time.monotonic() - began
    said = done.stderr.decode(errors="replace").strip()
    try:
        answer = json.loads(done.stdout or b"{}")
    except ValueError:
        answer = {}
    if done.returncode == 0:
        return "imported", seconds, answer, said
    if done.returncode < 0 or done.returncode in (1, 101):
        return "failed", seconds, answer, said
    return ("asked" if answer.get("questions") else "refused"), seconds, answer, answer.get("error", said)


def examine(var, canary, file):
    """One file: what happened, and what is wrong with that."""
    outcome, seconds, answer, said = run(var, file)
    while "another import of layer" in said:  # two of these files have layers of one name
        outcome, seconds, answer, said = run(var, file)
    asked = outcome == "asked"
    if asked:
        outcome, more, answer, said = run(var, file, ANSWERS)
        seconds += more
        if outcome == "asked":
            outcome = "refused"
    faults = []
    if outcome in ("hang", "failed"):
        faults.append(f"{outcome}: {said[:300]}")
    rows = mended = aside = 0
    for report in answer.get("imports", []):
        rows, mended, aside = rows + report["read"], mended + report["repaired"], aside + report["set_aside"]
        if report["read"] != report["imported"] + report["set_aside"]:
            faults.append("the account does not add up")
    if outcome == "refused" and ("\n" in said or not said):
        faults.append(f"the refusal is not one line: {said[:200]!r}")
    if canary.text in json.dumps(answer) + said and pathlib.Path(file) != canary.file:
        faults.append("the canary's text came out")
    if outcome == "imported":
        outcome = "imported, rows set aside" if aside else "imported, mended" if mended else "imported"
    return {"outcome": outcome, "asked": asked, "seconds": seconds, "rows": rows, "said": said, "faults": faults}


def listed(folder):
    return {str(p) for p in folder.rglob("*")}


def main():
    folders = [pathlib.Path(a) for a in sys.argv[1:]]
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="dothi-hostile-"))
    canary = Canary(scratch)
    made = scratch / "made"
    hostile_files.make(made, canary.port, canary.file)
    var = scratch / "var"
    subprocess.run([BIN, "--data-dir", str(var), "db", "start"], check=True, capture_output=True)
    kinds_made = hostile_files.KINDS.items()
    work = [("made here: " + kind, made / name) for name, kind in kinds_made if not (made / name).is_file()]
    for folder in [*folders, made]:
        for file in sorted(folder.rglob("*")):
            inside = any(part.endswith((".gdb", ".folder")) for part in file.relative_to(folder).parts[:-1])
            if file.suffix.lower() in PARTS or inside or file.name in ("MANIFEST.csv",):
                continue
            if file.is_file() and not (file.suffix.lower() == ".dbf" and file.with_suffix(".shp").exists()):
                ending = file.suffix.lower().lstrip(".")
                kind = "made here: " + hostile_files.KINDS[file.name] if folder == made else ending if ending in KNOWN else "other endings"
                work.append((kind, file))
    before = {folder: listed(folder) for folder in [*folders, made]}
    faults, kinds, slowest = [], collections.defaultdict(collections.Counter), []
    try:
        with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", "2"))) as pool:
            jobs = {pool.submit(examine, var, canary, file): (kind, file) for kind, file in work}
            for job in concurrent.futures.as_completed(jobs):
                kind, file = jobs[job]
                found = job.result()
                kinds[kind][found["outcome"]] += 1
                kinds[kind]["asked"] += found["asked"]
                kinds[kind]["rows"] += found["rows"]
                slowest.append((found["seconds"], file.name))
                faults += [f"{file}: {fault}" for fault in found["faults"]]
                if os.environ.get("VERBOSE"):
                    print(f"{found['outcome']:26} {found['seconds']:6.2f} s  {file}  {found['said'][:300]}", flush=True)
    finally:
        subprocess.run([BIN, "--data-dir", str(var), "db", "stop", "--force"], capture_output=True)
    after = {folder: listed(folder) for folder in before}
    shutil.rmtree(scratch)
    for folder, names in before.items():
        faults += [f"{name}: written beside the sources" for name in after[folder] - names]
    faults += [f"somebody connected to the canary port from {a}" for a in canary.connections]
    if os.environ.get("WRITE", "1") != "0":
        write(kinds, len(work), max(slowest)[0], faults)
    print(f"{len(work)} files, slowest {sorted(slowest)[-3:]}")
    for fault in faults:
        print("FAULT", fault)
    return 1 if faults else 0


def write(kinds, files, slowest, faults):
    outcomes = ["imported", "imported, mended", "imported, rows set aside", "refused", "hang", "failed"]
    head = "| kind | files | " + " | ".join(outcomes) + " | asked first | rows read |"
    lines = [head, "|---|" + "--:|" * (len(outcomes) + 3)]
    total = collections.Counter()
    for kind, counts in sorted(kinds.items(), key=lambda item: (item[0].startswith("made"), item[0])):
        total.update(counts)
        cells = [sum(counts[o] for o in outcomes), *(counts[o] for o in outcomes), counts["asked"], counts["rows"]]
        lines.append(f"| {kind} | " + " | ".join(str(c or "") for c in cells) + " |")
    cells = [files, *(total[o] for o in outcomes), total["asked"], total["rows"]]
    lines.append("| **all** | " + " | ".join(f"**{c}**" for c in cells) + " |")
    (ROOT / "docs/hostile.md").write_text(
        f"""# Broken and dangerous files

What `dothi import` does with {files} files that are broken, odd or made to do harm. Written by `scripts/hostile.py FOLDER…`,
which anybody can run again: kinds without a word before them are files of GDAL's and other projects' own tests, by their
ending; the rest the script makes (`scripts/hostile_files.py`).

- *imported*: every row is in the layer. *mended*: some polygons were made valid, each listed in the report. *rows set
  aside*: some rows cannot be stored; each is kept with its reason (`dothi export LAYER --set-aside`).
- *refused*: one line says why and, where there is one, what to do.
- *asked first*: the encoding or the coordinate system had to be said (`--encoding`, `--srs`); the run was repeated with an
  answer.
- *hang* (over {PATIENCE} s) and *failed* (anything but one of the above) must stay empty.

Watched in the same run: a file outside whose text must not appear in any answer, a port on 127.0.0.1 that nobody may
connect to, and the folders of the sources, in which nothing may be written. {"Nothing of the kind happened." if not faults else ""}
The slowest file took {slowest:.0f} s.

How the program is kept safe: [architecture](architecture.md), [import for administrators](admin/import.md).

"""
        + "\n".join(lines)
        + ("\n\n## Faults\n\n" + "\n".join(f"- {pathlib.Path(f).name}" for f in faults) if faults else "")
        + "\n"
    )


if __name__ == "__main__":
    sys.exit(main())
