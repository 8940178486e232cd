"""Cuts polygons into a coverage whose neighbours share every vertex.

Points are pairs of whole centimetres, so "the same point" is exact. A polygon is one ring (list of points, not closed,
counter-clockwise). Whoever puts a point on an edge writes it down in `Cover.splits`; a neighbour that knows only the old
edge learns of the point through `expand`. Therefore there are no gaps and no overlaps, not even of a millimetre, and the
two plan periods, which are cut from the same edges, agree as well.
"""

import math

SNAP = 60  # a cut that would end this close (cm) to a corner ends in the corner


def area(ring):
    """Signed area in cm²; positive when counter-clockwise."""
    total = 0
    x1, y1 = ring[-1]
    for x2, y2 in ring:
        total += x1 * y2 - x2 * y1
        x1, y1 = x2, y2
    return total / 2


def perimeter(ring):
    return sum(math.dist(ring[i - 1], ring[i]) for i in range(len(ring)))


def compactness(ring):
    """1 for a circle, towards 0 for a sliver."""
    return 4 * math.pi * abs(area(ring)) / perimeter(ring) ** 2


def inner_point(ring):
    """A point well inside: the middle of the longest of a few level chords."""
    ys = sorted(y for _, y in ring)
    best = (0, ring[0])
    for share in (0.5, 0.35, 0.65, 0.2, 0.8):
        y = ys[0] + (ys[-1] - ys[0]) * share + 0.5
        xs = []
        for i in range(len(ring)):
            (x1, y1), (x2, y2) = ring[i - 1], ring[i]
            if (y1 > y) != (y2 > y):
                xs.append(x1 + (y - y1) * (x2 - x1) / (y2 - y1))
        xs.sort()
        for a, b in zip(xs[::2], xs[1::2]):
            if b - a > best[0] * 1.2:
                best = (b - a, ((a + b) / 2, y))
    return best[1]


def inside(point, ring):
    x, y = point
    odd = False
    for i in range(len(ring)):
        (x1, y1), (x2, y2) = ring[i - 1], ring[i]
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            odd = not odd
    return odd


def box(points):
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)


def crossings(ring, line):
    """Where `line` crosses `ring`: (position along the line, ring edge, point), in order along the line."""
    out = []
    rb = box(ring)
    for k in range(len(line) - 1):
        (ax, ay), (bx, by) = line[k], line[k + 1]
        if max(ax, bx) < rb[0] or min(ax, bx) > rb[2] or max(ay, by) < rb[1] or min(ay, by) > rb[3]:
            continue
        dx, dy = bx - ax, by - ay
        for i in range(len(ring)):
            (px, py), (qx, qy) = ring[i - 1], ring[i]
            sp, sq = dx * (py - ay) - dy * (px - ax), dx * (qy - ay) - dy * (qx - ax)
            if (sp > 0) == (sq > 0):
                continue
            s = sp / (sp - sq)
            x, y = px + s * (qx - px), py + s * (qy - py)
            t = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)
            if 0 <= t < 1:
                out.append((k + t, (ring[i - 1], ring[i]), (x, y)))
    out.sort(key=lambda c: c[0])
    return out


def offset(line, distance):
    """`line` moved to its left by `distance` (cm), with mitred corners."""
    out = []
    for i, (x, y) in enumerate(line):
        a, b = line[max(i - 1, 0)], line[min(i + 1, len(line) - 1)]
        dx, dy = b[0] - a[0], b[1] - a[1]
        n = math.hypot(dx, dy)
        out.append((x - dy / n * distance, y + dx / n * distance))
    return out


def smooth(points, step=12000):
    """A curve through `points` (Catmull-Rom), a point about every `step` cm."""
    ends = [points[0]] + list(points) + [points[-1]]
    out = []
    for p0, p1, p2, p3 in zip(ends, ends[1:], ends[2:], ends[3:]):
        n = max(1, round(math.dist(p1, p2) / step))
        for i in range(n):
            t = i / n
            out.append(tuple(
                0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t ** 3)
                for a, b, c, d in zip(p0, p1, p2, p3)))
    return out + [tuple(points[-1])]


def long_axis(ring):
    """The smallest box around `ring` at any angle: (centre, unit vector along its longer side, long side, short side)."""
    best = None
    for i in range(len(ring)):
        (x1, y1), (x2, y2) = ring[i - 1], ring[i]
        n = math.hypot(x2 - x1, y2 - y1)
        if n < 400:
            continue
        ux, uy = (x2 - x1) / n, (y2 - y1) / n
        us = [x * ux + y * uy for x, y in ring]
        vs = [y * ux - x * uy for x, y in ring]
        w, h = max(us) - min(us), max(vs) - min(vs)
        if best is None or w * h < best[0]:
            u, v = (max(us) + min(us)) / 2, (max(vs) + min(vs)) / 2
            centre = (u * ux - v * uy, u * uy + v * ux)
            best = (w * h, centre, (ux, uy) if w >= h else (-uy, ux), max(w, h), min(w, h))
    return best[1:]


class Cover:
    def __init__(self):
        self.splits = {}

    def expand(self, ring):
        """`ring` with every point that anybody has put on its edges."""
        out = []
        for i in range(len(ring)):
            stack = [(ring[i - 1], ring[i])]
            while stack:
                a, b = stack.pop()
                p = self.splits.get((a, b) if a < b else (b, a))
                if p is None:
                    out.append(b)
                else:
                    stack += [(p, b), (a, p)]
        return out

    def _mark(self, edge, point):
        """The corner of `edge` that `point` is, or a new one between its ends."""
        a, b = edge
        for corner in (a, b):
            if math.dist(corner, point) < SNAP:
                return corner
        p = (round(point[0]), round(point[1]))
        self.splits[(a, b) if a < b else (b, a)] = p
        return p

    def cut(self, ring, line, least=0.0, thin=0.0):
        """The pieces that `line` cuts `ring` into.

        Nothing is cut where a piece would have less than `least` cm² or be thinner than `thin` (see `compactness`).
        """
        ring = self.expand(ring)
        found = crossings(ring, line)
        if len(found) < 2:
            return [ring]
        # A line that begins inside has no cut there; drop the lone crossing at that end.
        if inside(line[0], ring):
            found = found[1:]
        if len(found) % 2:
            found = found[:-1]
        pieces = [ring]
        for (ta, ea, pa), (tb, eb, pb) in zip(found[::2], found[1::2]):
            if ea == eb:
                continue
            inner = [(round(line[k][0]), round(line[k][1])) for k in range(math.floor(ta) + 1, math.floor(tb) + 1)]
            done = self._chord(pieces, ea, pa, inner, eb, pb, least, thin)
            if done:
                pieces = done
        return pieces

    def _chord(self, pieces, ea, pa, inner, eb, pb, least, thin):
        for n, piece in enumerate(pieces):
            places = set(piece)
            if not all(p in places for p in ea + eb):
                continue
            if any(tuple(sorted(e)) in self.splits for e in (ea, eb)):
                return None
            trial = Cover()
            a, b = trial._mark(ea, pa), trial._mark(eb, pb)
            full = trial.expand(piece)
            while inner and math.dist(inner[0], a) < SNAP:
                inner = inner[1:]
            while inner and math.dist(inner[-1], b) < SNAP:
                inner = inner[:-1]
            if a == b or a not in full or b not in full:
                return None
            i, j = full.index(a), full.index(b)
            if not inner and abs(i - j) in (1, len(full) - 1):
                return None
            one = full[i:j + 1] if i < j else full[i:] + full[:j + 1]      # a … b
            two = full[j:i + 1] if j < i else full[j:] + full[:i + 1]      # b … a
            one, two = one + inner[::-1], two + inner
            if min(area(one), area(two)) <= max(least, 1) or (thin and min(compactness(one), compactness(two)) < thin):
                return None
            self.splits.update(trial.splits)
            return pieces[:n] + [one, two] + pieces[n + 1:]
        return None

    def strip(self, ring, line, width, least=0.0, thin=0.0):
        """Cuts a road of `width` cm along `line` out of `ring`: (pieces beside it, pieces of the road).

        When only one of its two sides can be cut, nothing is.
        """
        before = dict(self.splits)
        left, right = offset(line, width / 2), offset(line, -width / 2)
        pieces = [p for first in self.cut(ring, left) for p in self.cut(first, right)]
        beside, road = [], []
        for piece in pieces:
            near = distance(inner_point(piece), line) < width / 2
            (road if near else beside).append(piece)
        if len(pieces) < 2 or not road or any(area(p) < least or (thin and compactness(p) < thin) for p in beside):
            self.splits = before
            return [ring], []
        return beside, road


def distance(point, line):
    """Shortest distance from `point` to `line`."""
    px, py = point
    best = math.inf
    for (ax, ay), (bx, by) in zip(line, line[1:]):
        dx, dy = bx - ax, by - ay
        n = dx * dx + dy * dy
        t = max(0.0, min(1.0, ((px - ax) * dx + (py - ay) * dy) / n)) if n else 0.0
        best = min(best, (px - ax - t * dx) ** 2 + (py - ay - t * dy) ** 2)
    return math.sqrt(best)


def join(rings):
    """One ring around neighbours that share all their common points, or None when that is not one simple ring."""
    edges = {}
    for ring in rings:
        for i in range(len(ring)):
            a, b = ring[i - 1], ring[i]
            if edges.get(b) == a:
                del edges[b]
            elif a in edges:
                return None
            else:
                edges[a] = b
    if not edges:
        return None
    start = at = min(edges)
    out = []
    while True:
        out.append(at)
        at = edges.pop(at, None)
        if at is None:
            return None
        if at == start:
            break
    return out if not edges else None
