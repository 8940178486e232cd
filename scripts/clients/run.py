"""Real clients against a server of its own, and a table: `run.py BINARY [gdal36|pyogrio|owslib|qgis|browser]…`

Ends with 1 when something that a client tried did not go well.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from served import ROOT, Server, environment  # noqa: E402

HERE = Path(__file__).resolve().parent
LAYERS = ("qhsdd_2030", "khu_vuc", "cong_trinh", "nen_dat")
PYTHON = ("gdal36", "pyogrio", "owslib")
PARTS = (*PYTHON, "qgis", "browser")
SCRATCH = {"type": "FeatureCollection", "features": [
    {"type": "Feature", "properties": {"ten": "một", "so": 1}, "geometry": {"type": "Point", "coordinates": [108.99, 11.57]}}]}


def run(words, settings):
    """The lines that a client's script prints; a script that dies is a line too."""
    done = subprocess.run(words, env={**os.environ, **settings}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=1200)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode:
        lines.append({"client": Path(words[1]).stem, "version": "", "did": "the script", "good": False, "detail": done.stderr[-800:]})
    return lines


def commands(parts):
    if python := [part for part in parts if part in PYTHON]:
        bin_ = environment("clients", "pyogrio==0.13.0", "shapely==2.2.0", "OWSLib==0.35.0", "numpy")
        yield from ([bin_ / "python", HERE / "python_clients.py", part] for part in python)
    if "qgis" in parts:
        # QGIS belongs to Debian's Python, whatever other one stands first in the path.
        yield ["/usr/bin/python3", HERE / "qgis_client.py"]
    if "browser" in parts:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=ROOT / "tests" / "clients", check=True, stdout=subprocess.DEVNULL)
        yield ["node", ROOT / "tests" / "clients" / "browser.mjs"]


def main():
    binary, *parts = sys.argv[1:] or sys.exit(__doc__)
    parts = parts or PARTS
    if unknown := set(parts) - set(PARTS):
        sys.exit(f"{', '.join(unknown)}: there are {', '.join(PARTS)}")
    lines = []
    with Server(binary) as city:
        city.samples(*LAYERS)
        scratch = city.dir / "nhap.geojson"
        scratch.write_text(json.dumps(SCRATCH, ensure_ascii=False), encoding="utf-8")
        city.layer(scratch, "nhap")
        settings = {"DOTHI_URL": city.url, "DOTHI_KEY": city.key("nhap"), "DOTHI_SAMPLES": str(ROOT / "data" / "cache" / "layers"), "DOTHI_PG": city.postgres()}
        for words in commands(parts):
            for line in run([str(word) for word in words], settings):
                print(f"{'ok ' if line['good'] else 'BAD'} {line['client']} {line['version']}: {line['did']}: {line.get('detail') or ''}", flush=True)
                lines.append(line)
        complaints = city.complaints()
    for line in complaints[:20]:
        print(f"the server logged: {line[:400]}")
    print("\nclient | version | went well | did not")
    for client, version in dict.fromkeys((line["client"], line["version"]) for line in lines):
        good = [line["good"] for line in lines if line["client"] == client]
        print(f"{client} | {version} | {sum(good)} | {len(good) - sum(good)}")
    if complaints or not lines or not all(line["good"] for line in lines):
        sys.exit(1)


if __name__ == "__main__":
    main()
