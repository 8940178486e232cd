"""How soon an edit is in a tile: 100 edits a second, tiles being read, and some of the edits looked for in their tile until they are there."""

import os
import random
import subprocess
import threading
import time

import mvt

RATE = float(os.environ.get("EDITS_PER_SECOND", 100))
SECONDS = float(os.environ.get("EDIT_SECONDS", 30))
READERS = int(os.environ.get("EDIT_READERS", 4))
LOOK_EVERY = 20  # of so many edits one is looked for
ZOOM = 18
MARK = 900_000_000


class Looker(threading.Thread):
    """Asks for the tile of one edit after the other until the value is there."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.waiting, self.seen, self.lost = server, [], [], 0
        self.lock, self.over = threading.Lock(), threading.Event()

    def run(self):
        while not (self.over.is_set() and not self.waiting):
            with self.lock:
                now = list(self.waiting)
            for probe in now:
                mark, path, since = probe
                status, body = self.server.get(path)
                at = time.monotonic()
                if status == 200 and any(mvt.value(v) == mark for v in mvt.layers(body)["thua"][1]):
                    self.seen.append(at - since)
                elif at - since < 20:
                    continue
                else:
                    self.lost += 1
                with self.lock:
                    self.waiting.remove(probe)
            time.sleep(0.001)


def share(sorted_values, part):
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * part))] if sorted_values else None


def measure(database, server, load, say):
    draw = random.Random(9)
    rows = database.ask(
        f"SELECT fid, floor((ST_X(p) + 20037508.342789244) / 40075016.685578488 * 2 ^ {ZOOM})::int, "
        f"floor((20037508.342789244 - ST_Y(p)) / 40075016.685578488 * 2 ^ {ZOOM})::int "
        "FROM (SELECT fid, ST_PointOnSurface(geom) p FROM layers.thua ORDER BY fid) s")
    looker = Looker(server)
    looker.start()
    readers = {}
    reading = threading.Thread(target=lambda: readers.update(load(SECONDS)), daemon=True)
    reading.start()
    # One long-lived psql; the answer to each statement says that its transaction is over.
    psql = subprocess.Popen(database.psql(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    commits, done, started = [], 0, time.monotonic()
    while (now := time.monotonic()) - started < SECONDS:
        due = started + done / RATE
        if due > now:
            time.sleep(due - now)
        fid, x, y = draw.choice(rows)
        mark = MARK + done
        before = time.monotonic()
        psql.stdin.write(f'UPDATE layers.thua SET "soThua" = {mark} WHERE fid = {fid} RETURNING 1;\n')
        psql.stdin.flush()
        if psql.stdout.readline().strip() != "1":
            break
        after = time.monotonic()
        commits.append(after - before)
        if done % LOOK_EVERY == 0:
            with looker.lock:
                looker.waiting.append((mark, f"/thua/{ZOOM}/{x}/{y}", after))
        done += 1
    took = time.monotonic() - started
    psql.stdin.close()
    code = psql.wait()
    reading.join()
    looker.over.set()
    looker.join(60)
    commits.sort()
    seen = sorted(looker.seen)
    out = {"edits": done, "edits_s": done / took, "commit_p50_ms": share(commits, 0.5) * 1000, "commit_p99_ms": share(commits, 0.99) * 1000,
           "looked_for": len(seen) + looker.lost + len(looker.waiting), "lost": looker.lost + len(looker.waiting), "code": code, "zoom": ZOOM,
           "readers": READERS, "read_s": readers["requests"] / readers["seconds"], "read_p99_ms": readers["p99"], "read_failed": readers["failed"]}
    if seen:
        out |= {"seen_p50_ms": share(seen, 0.5) * 1000, "seen_p99_ms": share(seen, 0.99) * 1000, "seen_max_ms": seen[-1] * 1000}
    say(f"  {out}")
    return out
