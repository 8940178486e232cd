#!/usr/bin/env python3
"""Imports the samples of samples.json: `python3 data/load.py BIN DATA_DIR` (after fetch.py and generate.py).

Layers that exist already are left as they are. DATABASE_URL and other settings of BIN hold as usual.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
LAYERS = HERE / "cache" / "layers"


def run(binary, data_dir, *words):
    done = subprocess.run([binary, *words, "--data-dir", data_dir], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"load.py: `{Path(binary).name} {' '.join(words[:2])} …` ended with {done.returncode}")
    return done.stdout


def describe(sample):
    """The words of `layers set` that say everything the manifest does."""
    texts = {"--title": "title", "--title-en": "titleEn", "--group": "group", "--group-en": "groupEn", "--description": "description",
             "--attribution": "attribution", "--licence": "licence", "--class-field": "classField", "--label-field": "labelField",
             "--color": "color", "--position": "position", "--min-zoom": "minZoom", "--max-zoom": "maxZoom"}
    words = [part for flag, key in texts.items() if sample[key] is not None for part in (flag, str(sample[key]))]
    words += [part for name, title in sample["fieldTitles"].items() for part in ("--field-title", f"{name}={title}")]
    words += [part for key, value in sample["record"].items() for part in (f"--{key}", value)]
    if sample["illustrative"]:
        words.append("--illustrative")
    return words + ["--visible" if sample["visible"] else "--hidden"]


def main():
    if len(sys.argv) != 3:
        sys.exit("use: load.py BIN DATA_DIR")
    binary, data_dir = sys.argv[1:]
    samples = json.loads((HERE / "samples.json").read_text(encoding="utf-8"))["samples"]
    missing = [s["file"] for s in samples if not (LAYERS / s["file"]).exists()]
    if missing:
        sys.exit(f"load.py: {missing[0]} is not there yet; run data/fetch.py and data/generate.py first")
    # One PostgreSQL for all the commands, which else each start and stop their own.
    private = "DATABASE_URL" not in os.environ
    ours = private and not (json.loads(run(binary, data_dir, "db", "status", "--json")) or {}).get("running")
    if ours:
        run(binary, data_dir, "db", "start")
    try:
        load(binary, data_dir, samples)
    finally:
        if ours:
            run(binary, data_dir, "db", "stop")


def load(binary, data_dir, samples):
    there = {layer["id"] for layer in json.loads(run(binary, data_dir, "layers", "list", "--json"))["layers"]}
    for sample in samples:
        if sample["id"] in there:
            continue
        started = time.monotonic()
        srs = ["--srs", sample["srs"]] if sample["srs"] else []
        report = json.loads(run(binary, data_dir, "import", str(LAYERS / sample["file"]), "--layer", sample["id"], "--title", sample["title"], *srs, "--json"))
        run(binary, data_dir, "layers", "set", sample["id"], *describe(sample))
        count = report["imports"][0]["imported"]
        short = "" if count == sample["count"] else f" (expected {sample['count']})"
        print(f"{sample['id']}: {count}{short}, {time.monotonic() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()
