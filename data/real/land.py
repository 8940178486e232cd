"""Land and coast for the base map, from the TopoJSON of the package `world-atlas` (Natural Earth).

The region around Viet Nam comes from the 1:10 million set, the rest of the world from 1:50 million. Land is cut into small
polygons, so that a map tile need not read a continent. No borders of states are taken.
"""

import json
import tarfile

REGION = (95.003, -8.003, 130.003, 30.003)  # west, south, east, north; odd figures, so that no vertex lies on the edge
SOUTH = -84.000003  # beyond, a web map shows nothing
MOST = 700  # points of a polygon


def make(archive, out):
    with tarfile.open(archive) as tar:
        fine, coarse = (json.load(tar.extractfile(f"package/land-{scale}.json")) for scale in ("10m", "50m"))
    near, far = clip(polygons(fine), True), clip(polygons(coarse), False)
    pieces = [piece for polygon in near + far for piece in shrink(polygon)]
    land = [("Polygon", [ring + ring[:1] for ring in p], {}) for p in pieces]
    coast = [("LineString", line, {}) for line in lines(fine, True) + lines(coarse, False)]
    return write(out / "nen_dat.geojson", land), write(out / "nen_bo_bien.geojson", coast)


def arcs(topology):
    """The lines that a TopoJSON file is made of; there they are differences of whole numbers."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        yield points


def polygons(topology):
    """Lists of rings, the outer one first, not closed."""
    all_arcs = list(arcs(topology))
    out = []
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]:
            rings = []
            for ring in polygon:
                points = []
                for n in ring:
                    points += (all_arcs[n] if n >= 0 else all_arcs[~n][::-1])[:-1]
                # A hole in the land around the pole is of no use on a web map.
                if len(points) >= 3 and not (rings and min(y for _, y in points) < SOUTH):
                    rings.append(unroll(points))
            if rings:
                out += fold(rings)
    return out


def unroll(ring):
    """Lets a ring that jumps from 180° to -180° go on beyond 180°; one that goes round the pole is closed along the pole."""
    out, turns = [], 0
    for a, b in zip(ring, ring[1:] + ring[:1]):
        out.append((a[0] + turns, a[1]))
        if abs(b[0] - a[0]) > 180:
            turns += 360 if b[0] < a[0] else -360
    if turns:
        out += [(ring[0][0] + turns, ring[0][1]), (ring[0][0] + turns, -90.0), (ring[0][0], -90.0)]
    middle = sum(x for x, _ in out) / len(out)
    turn = -360 if middle > 180 else 360 if middle < -180 else 0
    return [(x + turn, y) for x, y in out]


def fold(polygon):
    """Cuts off the far south, and brings what lies beyond 180° back to the other side."""
    out = []
    for part in halve(polygon, 1, SOUTH):
        if max(p[1] for p in part[0]) > SOUTH + 1e-9:
            for piece in halve(part, 0, 180.0000002):
                for last in halve(piece, 0, -180.0000002):
                    middle = sum(p[0] for p in last[0]) / len(last[0])
                    turn = -360 if middle > 180 else 360 if middle < -180 else 0
                    out.append([[(min(180.0, max(-180.0, x + turn)), y) for x, y in ring] for ring in last])
    return out


def inside(x, y):
    return REGION[0] < x < REGION[2] and REGION[1] < y < REGION[3]


def clip(found, keep_near):
    for axis, at in ((0, REGION[0]), (0, REGION[2]), (1, REGION[1]), (1, REGION[3])):
        found = [piece for polygon in found for piece in halve(polygon, axis, at)]
    # After the cuts a polygon lies wholly inside or outside the region.
    def within(polygon):
        xs, ys = [p[0] for p in polygon[0]], [p[1] for p in polygon[0]]
        return inside((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    return [polygon for polygon in found if within(polygon) == keep_near]


def shrink(polygon):
    """Cuts a polygon in halves until no part has more than `MOST` points."""
    if sum(map(len, polygon)) <= MOST:
        return [polygon]
    spans = [(max(p[axis] for p in polygon[0]) - min(p[axis] for p in polygon[0]), axis) for axis in (0, 1)]
    axis = max(spans)[1]
    low = min(p[axis] for p in polygon[0])
    at = round(low + max(spans)[0] / 2, 2) + 0.00000317
    parts = halve(polygon, axis, at)
    return [polygon] if len(parts) < 2 else [p for part in parts for p in shrink(part)]


def halve(polygon, axis, at):
    """Cuts a polygon with holes along the line where coordinate `axis` is `at`; no vertex may lie on that line."""
    out = []
    for side in (-1, 1):
        whole, chains = [], []
        for ring in polygon:
            on = [(p[axis] > at) == (side > 0) for p in ring]
            if all(on):
                whole.append(ring)
            elif any(on):
                chains += runs(ring, on, axis, at)
        if chains:
            rings = link(chains, axis)
            made = [[ring] for ring in rings]
            for hole in whole:
                next(m for m in made if holds(m[0], hole[0])).append(hole)
            out += made
        elif whole and whole[0] is polygon[0]:
            out.append(whole)
    return out


def runs(ring, on, axis, at):
    """The parts of a ring on one side, each from the point where it comes over the line to the point where it leaves."""
    n = len(ring)
    start = next(i for i in range(n) if on[i] and not on[i - 1])
    found, run = [], []
    for k in range(n):
        i = (start + k) % n
        if on[i]:
            if not run:
                run = [cross(ring[i - 1], ring[i], axis, at)]
            run.append(ring[i])
            if not on[(i + 1) % n]:
                run.append(cross(ring[i], ring[(i + 1) % n], axis, at))
                found.append(run)
                run = []
    return found


def cross(a, b, axis, at):
    a, b = sorted((a, b))  # the same point from both sides
    other = a[1 - axis] + (b[1 - axis] - a[1 - axis]) * (at - a[axis]) / (b[axis] - a[axis])
    return (at, other) if axis == 0 else (other, at)


def link(chains, axis):
    """Joins chains along the line: its crossings, in order, are in turn where land begins and ends."""
    ends = sorted([(c[0][1 - axis], n, 0) for n, c in enumerate(chains)] + [(c[-1][1 - axis], n, 1) for n, c in enumerate(chains)])
    partner = {}
    for one, two in zip(ends[::2], ends[1::2]):
        partner[one[1:]], partner[two[1:]] = two[1:], one[1:]
    rings, left = [], set(range(len(chains)))
    while left:
        first = at = min(left)
        ring = []
        while True:
            left.discard(at)
            ring += chains[at]
            at, end = partner[at, 1]
            if end == 1:
                raise ValueError("a ring of the land runs the wrong way round")
            if at == first:
                break
        rings.append(ring)
    return rings


def holds(ring, point):
    x, y = point
    odd = False
    for i in range(len(ring)):
        (x1, y1), (x2, y2) = ring[i - 1], ring[i]
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            odd = not odd
    return odd


def lines(topology, near):
    """The coast, in stretches of at most 300 points; without the edges of the sheet at the poles and at 180°."""
    out = []
    for arc in arcs(topology):
        run = arc[:1]
        for a, b in zip(arc, arc[1:]):
            edge = b[1] < SOUTH or abs(a[0] - b[0]) > 180 or (abs(a[0]) > 179.99 and abs(b[0]) > 179.99)
            if edge or inside(*b) != near or len(run) == 300:
                out.append(run)
                run = [a] if not edge and inside(*b) == near else []
            if not edge and inside(*b) == near or not run:
                run = run + [b]
        out.append(run)
    return [line for line in out if len(line) > 1 and inside(*line[-1]) == near]


def write(path, features):
    with open(path, "w", encoding="utf-8") as out:
        out.write('{"type":"FeatureCollection","features":[\n')
        for n, (kind, coordinates, fields) in enumerate(features):
            rounded = json.loads(json.dumps(coordinates), parse_float=lambda x: round(float(x), 6))
            # GeoJSON wants outer rings counter-clockwise.
            if kind == "Polygon":
                rounded = [turn(ring, n == 0) for n, ring in enumerate(rounded)]
            row = {"type": "Feature", "properties": {"id": n, **fields}, "geometry": {"type": kind, "coordinates": rounded}}
            out.write((",\n" if n else "") + json.dumps(row, separators=(",", ":")))
        out.write("\n]}\n")
    return len(features)


def turn(ring, left):
    twice = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:]))
    return ring if (twice > 0) == left else ring[::-1]
