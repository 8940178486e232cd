"""Writes what was measured as text that people read: tables in Markdown."""

import platform
import time
from pathlib import Path

BEGIN, END = "<!-- written by `KEEP=1 make bench`: begin -->", "<!-- written by `KEEP=1 make bench`: end -->"
# By list: how many times Martin, neither keeping tiles.
COLD = {**{f"z{z}": 100 for z in (10, 11, 12)}, **{f"z{z}": 20 for z in (13, 14, 15, 16)}, **{f"z{z}": 10 for z in (17, 18)}, "mix": 50}


def machine():
    info = Path("/proc/cpuinfo").read_text()
    cores = info.count("processor\t:")
    model = next((row.partition(":")[2].strip() for row in info.splitlines() if row.startswith("model name")), platform.machine())
    total = int(Path("/proc/meminfo").read_text().split()[1]) / 2 ** 20
    release = Path("/etc/os-release")
    system = next((row.partition("=")[2].strip('"') for row in release.read_text().splitlines() if row.startswith("PRETTY_NAME")), "") if release.exists() else ""
    return {"cores": cores, "model": model, "memory_gib": round(total, 1), "system": system, "day": time.strftime("%Y-%m-%d")}


def number(value):
    if value is None:
        return "—"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def of(cell, key, scale=1):
    return number(cell[key] * scale) if cell and cell["requests"] else "—"


def rate(cell):
    if cell is None:
        return "too slow"
    if not cell["requests"]:
        return "none"
    return number(cell["tiles_s"]) + (f" ({cell['failed']} failed!)" if cell["failed"] else "")


def times(row, key="martin"):
    ours, theirs = row.get("dothi"), row.get(key)
    return ours["tiles_s"] / theirs["tiles_s"] if ours and theirs and ours["requests"] and theirs["requests"] else None


def table(head, rows):
    rows = [head, *rows]
    widths = [max(len(r[i]) for r in rows) for i in range(len(head))]
    cells = [" | ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(r, widths))) for r in rows]
    rule = " | ".join("-" * w if i == 0 else "-" * (w - 1) + ":" for i, w in enumerate(widths))
    return "\n".join(f"| {c} |" for c in [cells[0], rule, *cells[1:]]) + "\n"


def tiles(result, mode):
    rows = [r for r in result["tiles"] if r["mode"] == mode]
    if not rows:
        return ""
    peer = any(r.get("martin") for r in rows)
    top = any(r.get("ceiling") for r in rows)
    names = ["dothi", "martin"] if peer else ["dothi"]
    head = ["list", "conn."]
    for title in ("tiles/s", "p50 ms", "p99 ms", "kB", "CPU ms", "MB"):
        head += [f"{title} {n}" for n in names] + (["times"] if title == "tiles/s" and peer else [])
        head += ["ceiling/s", "of it", "from memory/s", "of it"] if title == "tiles/s" and top else []
    body = []
    for r in rows:
        line = [r["list"], str(r["connections"]), *(rate(r.get(n)) for n in names)]
        if peer:
            line.append(f"{number(times(r))}x" if times(r) else "—")
        if top:
            for key in ("ceiling", "memory"):
                share = times(r, key)
                line += [rate(r[key]) if r.get(key) else "—", f"{share:.0%}" if share else "—"]
        for key, scale in (("p50_ms", 1), ("p99_ms", 1), ("bytes", 1e-3), ("cpu_ms", 1), ("peak_bytes", 1e-6)):
            line += [of(r.get(n), key, scale) for n in names]
        body.append(line)
    return table(head, body)


def targets(result):
    """What was aimed at, what was measured. Where several numbers of connections were measured, the worst counts."""
    out = []

    def add(what, aim, got, met):
        out.append([what, aim, got, "—" if met is None else "yes" if met else "no"])

    cold = [r for r in result["tiles"] if r["mode"] == "cold"]
    for name, aim in COLD.items():
        ratios = [t for r in cold if r["list"] == name and (t := times(r))]
        if ratios:
            add(f"not cached, {name}, against Martin", f">= {aim}x", f"{number(min(ratios))}x", min(ratios) >= aim)
    slow = [(r["dothi"]["p99_ms"], r["list"]) for r in cold if r["connections"] == 1 and r["list"] in COLD and r["list"] != "mix" and r["dothi"] and r["dothi"]["requests"]]
    if slow:
        worst, where = max(slow)
        add("p99 of a tile that is not cached, one connection", "< 30 ms", f"{number(worst)} ms ({where})", worst < 30)
    cached = [r for r in result["tiles"] if r["mode"] == "cached" and r["list"] in COLD]
    shares = [(t, f"{r['list']}, {r['connections']} conn.") for r in cached if (t := times(r, "ceiling"))]
    if shares:
        worst, where = min(shares)
        add("cached, of the HTTP ceiling", ">= 90 %", f"{worst:.0%} ({where})", worst >= 0.9)
    shares = [(t, f"{r['list']}, {r['connections']} conn.") for r in cached if (t := times(r, "memory"))]
    if shares:
        worst, where = min(shares)
        add("the same, of the ceiling from memory", "", f"{worst:.0%} ({where})", None)
    beside = [(t, f"{r['list']}, {r['connections']} conn.") for r in cached if (t := times(r))]
    if beside:
        worst, where = min(beside)
        add("cached, against Martin's cache", ">= 1x", f"{number(worst)}x ({where})", worst >= 1)
    servers = result["servers"]
    built = result.get("snapshot_seconds")
    if built:
        add("snapshot built from PostGIS", "< 5 s", f"{built:.2f} s", built < 5)
    after = servers.get("dothi-cold", {}).get("rss_after_bytes")
    if after:
        add(f"resident memory after all that, of {result['table_bytes'] / 1e6:.0f} MB in PostGIS", "< 2x", f"{after / result['table_bytes']:.2f}x",
            after < 2 * result["table_bytes"])
    e = result["edits"]
    if e:
        add("an edit is in its tile, median", "< 200 ms", number(e.get("seen_p50_ms")) + " ms", None if "seen_p50_ms" not in e else e["seen_p50_ms"] < 200)
        add("an edit is in its tile, p99", "< 1,000 ms", number(e.get("seen_p99_ms")) + " ms", None if "seen_p99_ms" not in e else e["seen_p99_ms"] < 1000)
    files = {a["name"]: a for a in result["archives"] if not a["code"]}
    if "dothi" in files and len(files) > 1:
        best = min((a["seconds"], n) for n, a in files.items() if n != "dothi")
        add(f"archive z0-z16, against {best[1]}", "> 1x", f"{best[0] / files['dothi']['seconds']:.1f}x", files["dothi"]["seconds"] < best[0])
    return table(["target", "aim", "measured", "met"], out) if out else ""


def text(result):
    m, s = result["machine"], result["settings"]
    out = [f"{m['day']}: {m['cores']} cores ({m['model']}), {m['memory_gib']} GiB, {m['system']}. {result['dothi']}"
           + (f", {result['martin']}" if "martin" in result else "") + f". {s['rows']:,} parcels, {result['table_bytes'] / 1e6:.0f} MB in PostGIS, "
           f"imported in {result['import_seconds']:.1f} s; {s['seconds']:g} s a cell. The whole run took {result['took_seconds'] / 60:.0f} minutes.\n"]
    if result["load_before"] > 0.5:
        out.append(f"**The machine was busy with other things (load {result['load_before']:.1f} before the run).**\n")
    if s["rows"] != 300_000:
        out.append(f"**A small run of {s['rows']:,} parcels: the targets do not apply.**\n")
    aims = targets(result)
    if aims:
        out += ["### Targets\n", aims]
    for mode, title in (("cold", "Tiles, not cached"), ("cached", "Tiles, cached")):
        body = tiles(result, mode)
        if body:
            out += [f"### {title}\n", body]
    if result["contents"]:
        names = [n for n in ("dothi", "martin") if n in result["contents"][0]]
        out += ["### What is in the same tiles (three of each zoom)\n", table(
            ["list", *(f"{k} {n}" for k in ("features", "attributes", "plain kB") for n in names)],
            [[r["list"], *(number(r[n]["features"]) for n in names), *(str(r[n]["attributes"]) for n in names), *(number(r[n]["bytes"] / 1000) for n in names)]
             for r in result["contents"]])]
    if result["servers"]:
        out += ["### Servers\n", table(["server", "start to first tile s", "MB then", "MB at the end"], [
            [n, number(v.get("start_to_first_tile_seconds")), number(v["rss_bytes"] / 1e6) if "rss_bytes" in v else "—",
             number(v["rss_after_bytes"] / 1e6) if "rss_after_bytes" in v else "—"] for n, v in result["servers"].items()])]
    e = result["edits"]
    if e:
        out += ["### Edits\n", table(["edits/s", "commit p50 ms", "commit p99 ms", "looked for", "not seen", "seen p50 ms", "seen p99 ms", "seen max ms",
                                      "tiles/s read", "p99 ms of those"],
                                     [[number(e["edits_s"]), number(e["commit_p50_ms"]), number(e["commit_p99_ms"]), str(e["looked_for"]), str(e["lost"]),
                                       number(e.get("seen_p50_ms")), number(e.get("seen_p99_ms")), number(e.get("seen_max_ms")), number(e["read_s"]),
                                       number(e["read_p99_ms"]) + (f" ({e['read_failed']} failed!)" if e["read_failed"] else "")]])]
    if result["archives"]:
        out += ["### Archive of the whole city, zooms 0 to 16\n", table(["with", "seconds", "MB", "what"], [
            [a["name"], "failed" if a["code"] else number(a["seconds"]), number(a["bytes"] / 1e6), a["note"]] for a in result["archives"]])]
    return "\n".join(out)


def keep(document, words):
    """Puts a result into its place in the document."""
    whole = document.read_text(encoding="utf-8")
    before, found, rest = whole.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not found or not end:
        raise SystemExit(f"report.py: {document.name} has no place for the result")
    document.write_text(f"{before}{BEGIN}\n\n{words.strip()}\n\n{END}{after}", encoding="utf-8")
