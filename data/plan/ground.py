"""Cuts the planned area into river, roads, canals and blocks."""

import math
import random
from dataclasses import dataclass, field

from . import city
from .coverage import (Cover, area, compactness, crossings, distance, inner_point, inside, long_axis, offset, smooth)

HA = 1e8  # cm² in a hectare


def cm(points):
    return [(x * 100, y * 100) for x, y in points]


def metres(point):
    return point[0] / 100, point[1] / 100


@dataclass
class Block:
    """Land between roads. `land` is what the lie of the land says: hills, beach, belt (along the beach), river bank or plain."""
    ring: list
    land: str = "plain"
    place: tuple = field(init=False)

    def __post_init__(self):
        self.place = metres(inner_point(self.ring))


@dataclass
class Road:
    name: str
    kind: str
    width: float
    today: bool
    line: list


@dataclass
class Strip:
    """Ground of a road, railway, canal or river: code today (None: whatever grows there) and code planned."""
    ring: list
    today: str
    planned: str


class Ground:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.cover = Cover()
        self.blocks, self.strips, self.roads = [], [], []
        self.near = {}  # road segments by 200 m cell, for `_meet`
        coast = smooth(cm(city.COAST))
        coast = [(x + 1800 * city.noise(x / 100, y / 100, 260, 1), y) for x, y in coast]
        edge = smooth(cm([city.COAST[-1]] + city.EDGE + [city.COAST[0]]), 30000)
        ring = [(round(x), round(y)) for x, y in coast[:-1] + edge[:-1]]
        self.outline = ring if area(ring) > 0 else ring[::-1]
        self.coast = coast
        self._cut()

    def _cut(self):
        pieces = self._river([self.outline])
        long_coast = [(self.coast[0][0], self.coast[0][1] + 50000), *self.coast, (self.coast[-1][0], self.coast[-1][1] - 50000)]
        beach = offset(long_coast, -9000)
        pieces = [p for piece in pieces for p in self.cover.cut(piece, beach)]
        shore = [p for p in pieces if self._sea(p) < 9000]
        pieces = [p for p in pieces if self._sea(p) >= 9000]
        for piece in shore:
            self.blocks += [Block(p, "beach") for p in self._slice(piece, 9 * HA)]
        number, kind, width, today = city.COAST_ROAD
        lines = [(number, kind, width, today, offset(long_coast, -43000))]
        number, kind, width, today = city.RIVER_ROAD
        lines.append((number, kind, width, today, offset(self.banks[0], 6500)))
        lines += [(n, k, w, t, smooth(cm(points), 15000)) for n, k, w, t, points in city.MAIN_ROADS]
        for number, kind, width, today, line in sorted(lines):
            pieces = self._strip(pieces, line, width, None if not today else "DGT", "DGT")
            for a, b in self._within(line):
                self._road(Road(f"Đường minh họa số {number}", kind, width, today, self._part(line, a, b)))
        rail = smooth(cm(city.RAILWAY), 15000)
        pieces = self._strip(pieces, rail, 16, "DGT", "DGT")
        for a, b in self._within(rail):
            self._road(Road("Đường sắt minh họa", "Đường sắt", 16, True, self._part(rail, a, b)))
        for canal in city.CANALS:
            pieces = self._strip(pieces, smooth(cm(canal), 15000), 12, "DTL", "DTL")
        self.number = 20
        for piece in pieces:
            for part in self.cover.cut(piece, smooth(cm(city.HILLS), 20000), least=2 * HA, thin=0.08):
                self._grow(part)

    def _river(self, pieces):
        line = smooth(cm(city.RIVER), 12000)
        half = [city.river_width(x / 100) * 50 * (1 + 0.18 * city.noise(x / 100, y / 100, 330, 2)) for x, y in line]
        left, right = offset(line, 1), offset(line, -1)
        self.banks = [[(x + (a - x) * w, y + (b - y) * w) for (x, y), (a, b), w in zip(line, side, half)] for side in (left, right)]
        pieces = [p for piece in pieces for p in self.cover.cut(piece, self.banks[0])]
        pieces = [p for piece in pieces for p in self.cover.cut(piece, self.banks[1])]
        water = [p for p in pieces if distance(inner_point(p), line) < city.river_width(inner_point(p)[0] / 100) * 45]
        for piece in water:
            self.strips += [Strip(p, "SON", "SON") for p in self._slice(piece, 25 * HA)]
        return [p for p in pieces if p not in water]

    def _sea(self, ring):
        return distance(inner_point(ring), self.coast)

    def _slice(self, ring, most):
        """Cuts a long piece across until no part is larger than `most`."""
        ring = self.cover.expand(ring)
        if area(ring) <= most:
            return [ring]
        parts = self._halve(ring, 0)[0]
        return [ring] if len(parts) < 2 else [p for part in parts for p in self._slice(part, most)]

    def _halve(self, ring, width, thin=0.0, least=0.0):
        """Cuts `ring` across its long axis, with a street of `width` metres if that is not 0: (parts, street, its line)."""
        centre, (ux, uy), long, _ = long_axis(ring)
        for attempt in range(5):
            shift = long * self.random.uniform(-0.08, 0.08) * (1 + attempt)
            turn = self.random.uniform(-0.05, 0.05) * (1 + attempt)
            x, y = centre[0] + ux * shift, centre[1] + uy * shift
            vx, vy = -uy + ux * turn, ux + uy * turn
            line = [(x - vx * long * 2, y - vy * long * 2), (x + vx * long * 2, y + vy * long * 2)]
            if width:
                parts, street = self.cover.strip(ring, line, width * 100, least, thin)
                if street:
                    return parts, street, line
            else:
                parts = self.cover.cut(ring, line, least, thin)
                if len(parts) > 1:
                    return parts, [], None
        return [ring], [], None

    def _strip(self, pieces, line, width, today, planned):
        out = []
        for piece in pieces:
            beside, road = self.cover.strip(piece, line, width * 100)
            out += beside
            for part in road:
                self.strips += [Strip(p, today, planned) for p in self._slice(part, 4 * HA)]
        return out

    def _within(self, line):
        """The stretches of `line` inside the planned area, as pairs of positions along it."""
        at = [t for t, _, _ in crossings(self.outline, line)]
        if inside(line[0], self.outline):
            at.insert(0, 0.0)
        if len(at) % 2:
            at.append(len(line) - 1.0)
        return list(zip(at[::2], at[1::2]))

    @staticmethod
    def _part(line, start, end):
        def at(t):
            k = min(int(t), len(line) - 2)
            return tuple(a + (b - a) * (t - k) for a, b in zip(line[k], line[k + 1]))
        return [at(start)] + [line[k] for k in range(int(start) + 1, math.ceil(end))] + [at(end)]

    def street(self, ring, line, width, kind, name, today):
        """Notes the middle line of a street cut through `ring`, drawn on to the middle of the roads that it meets."""
        at = [p for _, _, p in crossings(ring, line)]
        for a, b in zip(at[::2], at[1::2]):
            n = math.dist(a, b)
            if n < 3000:
                continue
            dx, dy = (b[0] - a[0]) / n, (b[1] - a[1]) / n
            ends = [self._meet(a, (-dx, -dy)), self._meet(b, (dx, dy))]
            self._road(Road(name, kind, width, today, ends))

    def _road(self, road):
        self.roads.append(road)
        for a, b in zip(road.line, road.line[1:]):
            for cell in {(int((a[0] + (b[0] - a[0]) * k / 50) // 20000), int((a[1] + (b[1] - a[1]) * k / 50) // 20000)) for k in range(51)}:
                self.near.setdefault(cell, []).append((a, b))

    def _meet(self, start, direction, reach=2600):
        """The nearest point of another road straight on from `start`, or `start`."""
        ex, ey = start[0] + direction[0] * reach, start[1] + direction[1] * reach
        best, found = 1.0, start
        cells = {(int(x // 20000), int(y // 20000)) for x, y in (start, (ex, ey))}
        for cell in sorted(cells):
            for (ax, ay), (bx, by) in self.near.get(cell, ()):
                den = (ex - start[0]) * (by - ay) - (ey - start[1]) * (bx - ax)
                if den == 0:
                    continue
                t = ((ax - start[0]) * (by - ay) - (ay - start[1]) * (bx - ax)) / den
                s = ((ax - start[0]) * (ey - start[1]) - (ay - start[1]) * (ex - start[0])) / den
                if 0 < t < best and -0.001 <= s <= 1.001:
                    best, found = t, (start[0] + t * (ex - start[0]), start[1] + t * (ey - start[1]))
        return found

    def _grow(self, ring):
        """Cuts a piece between main roads into blocks, with collector roads between them."""
        ring = self.cover.expand(ring)
        block = Block(ring)
        hills = self._west_of_hills(block.place)
        sea = distance(inner_point(ring), self.coast)
        block.land = "hills" if hills else "belt" if sea < 44000 else "bank" if compactness(ring) < 0.18 and self._river_near(block.place) else "plain"
        now, later = city.urban(block.place, False), city.urban(block.place, True)
        most = 60 if hills else 8 if block.land == "belt" else 11 if later > 0.75 else 16 if later > 0.3 else 38
        if block.land == "bank":
            self.blocks += [Block(p, "bank") for p in self._slice(ring, 2.5 * HA)]
            return
        if area(ring) > most * HA:
            if hills:
                parts = self._halve(ring, 0, 0.12, HA)[0]
                if len(parts) > 1:
                    for part in parts:
                        self._grow(part)
                    return
            else:
                width = 20 if later > 0.75 else 15 if later > 0.3 else 7
                parts, street, line = self._halve(ring, width, 0.16, 0.6 * HA)
                if street:
                    today = now > 0.2 or later <= 0.3
                    self.strips += [Strip(p, "DGT" if today else None, "DGT") for p in street]
                    name = f"Đường minh họa số {self.number}" if width > 7 else ""
                    self.number += width > 7
                    self.street(ring, line, width, "Đường khu vực" if width > 7 else "Đường nội đồng", name, today)
                    for part in parts:
                        self._grow(part)
                    return
        self.blocks.append(block)

    def _west_of_hills(self, place):
        line = city.HILLS
        for (x1, y1), (x2, y2) in zip(line, line[1:]):
            if min(y1, y2) <= place[1] < max(y1, y2):
                return place[0] < x1 + (place[1] - y1) * (x2 - x1) / (y2 - y1)
        return False

    def _river_near(self, place):
        return distance((place[0] * 100, place[1] * 100), self.banks[0]) < 8000
