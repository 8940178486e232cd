"""Measures pages of features beside tipg on the same database; docs/benchmarks.md says how to read what comes out.

Starts and stops everything itself. Settings are environment variables: ROWS (300000), SECONDS_PER_CELL (5), CONNECTIONS ("1 8"),
PEERS ("tipg"; anything else for none). Timings never fail.
"""

import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import report
from tiles import BIN, HOME, OUT, PEER_DIR, ROWS, SECONDS, Database, Server, cell, free_port, line, run, say

CONNECTIONS = [int(c) for c in os.environ.get("CONNECTIONS", "1 8").split()]
TIPG = PEER_DIR / "tipg" / "bin" / "uvicorn"
PEER = "tipg" in os.environ.get("PEERS", "tipg").split()
# Degrees; round the middle of the densest town such boxes hold about 1,200 and about 30 parcels.
BOXES = {"1,000 in a box": (0.0072, 1000), "10 in a box": (0.0012, 10)}
FAR = 1000
PLAIN = {"Accept-Encoding": "identity"}


def boxes(width, n=60):
    """The same in every run."""
    draw, out = random.Random(7), []
    for _ in range(n):
        west, south = 108.9985 + draw.uniform(-0.004, 0.004), 11.5875 + draw.uniform(-0.004, 0.004)
        out.append(f"{west:.6f},{south:.6f},{west + width:.6f},{south + width:.6f}")
    return out


def rates(servers, name, query, results):
    """Pages a second of every server, one after the other, at every number of connections."""
    for connections in CONNECTIONS:
        row = {"what": name, "connections": connections}
        for server in servers:
            file = OUT / f"pages-{server.name}.txt"
            file.write_text("".join(f"{server.prefix}?{q}\n" for q in query))
            row[server.name] = cell(server, f"{name} {connections}", file, connections, SECONDS, 0, "identity")
            line(f"{name} {server.name}", connections, row[server.name])
        results.append(row)


def far(server):
    """How long the first page and page 1,000 take, in milliseconds, by turns; each page found through `next`."""
    out = []
    for name, query in {"by id": "limit=100", "by a text": "limit=100&sortby=maDat", "by a number, descending": "limit=100&sortby=-dienTich"}.items():
        first = f"?{query}&count=none"
        # Pages are long steps here: page 1,000 of 100 is page 10 of 10,000, and one step of 9,900 features.
        steps, at = (FAR - 1) * 100, first
        while steps:
            size = min(10_000, steps)
            status, body = server.get(at.replace("limit=100", f"limit={size}"), PLAIN)
            if status != 200:
                sys.exit(f"pages.py: `{at}` answered {status}: {body[:300]}")
            at = next((x["href"] for x in json.loads(body)["links"] if x["rel"] == "next"), None)
            if not at:
                break
            at = at[at.index("?"):].replace(f"limit={size}", "limit=100")
            steps -= size
        taken = {"first": [], "far": []}
        for _ in range(15):
            for which, path in (("first", first), ("far", at)):
                begin = time.perf_counter()
                server.get(path, PLAIN)
                taken[which].append((time.perf_counter() - begin) * 1000)
        row = {"what": name, **{which: statistics.median(ms) for which, ms in taken.items()}}
        say(f"  {name:24} page 1: {row['first']:.2f} ms, page {FAR}: {row['far']:.2f} ms")
        out.append(row)
    return out


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    city = OUT / f"thua-{ROWS}.gpkg"
    run(sys.executable, HOME / "scripts/bench/city.py", city, ROWS)
    folder = Path(tempfile.mkdtemp(prefix="dothi-pages-"))
    database, servers, result = None, [], {"rates": [], "far": []}
    try:
        database = Database(folder)
        say("importing")
        run(BIN, "--data-dir", database.var, "import", city, "--layer", "thua")
        database.ask("VACUUM ANALYZE layers.thua")
        port = free_port()
        command = [str(BIN), "serve", "--data-dir", str(database.var), "--listen", f"127.0.0.1:{port}"]
        servers.append(Server("dothi", command, "/ogc/collections/thua/items", "?limit=1", database))
        if PEER:
            os.environ.update(DATABASE_URL=database.url.replace("postgres://", "postgresql://"), TIPG_DB_SCHEMAS='["layers"]', TIPG_MAX_FEATURES_PER_QUERY="10000")
            command = [str(TIPG), "tipg.main:app", "--host", "127.0.0.1", "--port", str(free_port()), "--log-level", "warning", "--workers", str(os.cpu_count())]
            servers.append(Server("tipg", command, "/collections/layers.thua/items", "?limit=1"))
        for name, (width, limit) in BOXES.items():
            rates(servers, name, [f"limit={limit}&bbox={box}" for box in boxes(width)], result["rates"])
        rates(servers, "the first 10", ["limit=10"], result["rates"])
        result["far"] = far(servers[0])
    finally:
        for server in servers:
            server.stop()
        if database:
            database.stop()
        shutil.rmtree(folder, ignore_errors=True)
    (OUT / "pages.json").write_text(json.dumps(result, indent=1) + "\n")
    names = [s.name for s in servers]
    head = ["page", "conn.", *[f"{n}/s" for n in names], *[f"p50 {n}, ms" for n in names], *[f"kB {n}" for n in names]]
    rows = [[r["what"], str(r["connections"]), *[report.number(r[n]["tiles_s"]) for n in names], *[report.number(r[n]["p50_ms"]) for n in names],
             *[report.number(r[n]["bytes"] / 1000) for n in names]] for r in result["rates"]]
    text = report.table(head, rows)
    text += "\n" + report.table(["order", "page 1, ms", f"page {FAR}, ms"], [[r["what"], report.number(r["first"]), report.number(r["far"])] for r in result["far"]])
    (OUT / "pages.md").write_text(text)
    print(text)


main()
