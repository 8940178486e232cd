"""Divides blocks into parcels and says what each is used for, today and in the plan."""

import math
from dataclasses import dataclass

from . import city
from .coverage import area, compactness, distance, inner_point, join
from .ground import HA, metres

BUILT = ("core", "town", "suburb")
# Largest street block and largest parcel, in hectares, and width of streets in metres.
GRAIN = {"core": (2.6, 1.0, 10), "town": (4.6, 2.0, 9), "suburb": (8.0, 3.6, 7)}
# Largest parcel elsewhere, in hectares.
FIELD = {"farm": 7.5, "hills": 40, "beach": 10, "belt": 3.2, "bank": 5, "salt": 5, "ponds": 2.6, "factory": 3.5, "grave": 9, "solar": 22,
         "waste": 9, "park": 6}
# What a city needs: (code, today, added by the plan, least and largest area in ha, least distance apart in m, how urban).
NEEDS = [("DYT", 9, 4, 0.30, 2.6, 800, 0.30), ("DGD", 34, 18, 0.30, 2.6, 380, 0.22), ("TSC", 18, 4, 0.20, 1.5, 200, 0.45),
         ("DCH", 9, 5, 0.25, 1.6, 700, 0.22), ("DVH", 9, 6, 0.22, 2.0, 600, 0.30), ("DTT", 5, 5, 0.50, 3.0, 900, 0.25),
         ("DBV", 5, 1, 0.15, 0.6, 700, 0.40), ("DNL", 4, 3, 0.20, 1.5, 900, 0.15), ("TON", 20, 0, 0.15, 0.9, 420, 0.20),
         ("TIN", 14, 0, 0.12, 0.7, 420, 0.12), ("DKV", 20, 60, 0.15, 3.0, 260, 0.22), ("SKC", 12, 4, 0.40, 3.0, 420, 0.18),
         ("DXH", 2, 2, 0.25, 1.5, 900, 0.25), ("DRA", 1, 1, 0.40, 3.0, 900, 0.12)]


@dataclass
class Parcel:
    ring: list
    code: str
    place: tuple
    sheet: int = 0      # number of the block it lies in
    kind: str = ""
    fixed: bool = False  # ground of roads and water, and whatever a later step must leave alone

    @property
    def hectares(self):
        return area(self.ring) / HA


def block_kind(block, planned):
    """What a block is as a whole, today or in the plan."""
    place = block.place
    if block.land in ("hills", "beach", "bank"):
        return block.land
    if planned and city.near(place, city.SOLAR):
        return "solar"
    if math.dist(place, city.WASTE[:2]) < city.WASTE[2]:
        return "waste"
    if city.near(place, city.FACTORIES, 3 if planned else 2):
        return "factory"
    if city.near(place, city.GRAVES):
        return "grave"
    if city.near(place, city.SALT):
        return "salt"
    if block.land == "belt":
        return "belt"
    if planned and city.near(place, city.PARKS):
        return "park"
    if city.near(place, city.PONDS):
        return "ponds"
    how = city.urban(place, planned)
    return "core" if how > 0.72 else "town" if how > 0.42 else "suburb" if how > 0.22 else "farm"


class Uses:
    def __init__(self, ground):
        self.ground, self.random = ground, ground.random
        self.today, self.planned = [], []
        self.units = []  # (block, kind planned): what building rules are made for
        self.main = self._cells([r.line for r in ground.roads if r.width >= 20 and r.kind != "Đường sắt"], 4)
        self.canals = [[(x * 100, y * 100) for x, y in canal] for canal in city.CANALS]
        self.lane = 0
        for strip in ground.strips:
            place = metres(inner_point(strip.ring))
            self.today.append(Parcel(strip.ring, strip.today or self._wild(place), place, fixed=True))
            self.planned.append(Parcel(strip.ring, strip.planned, place, fixed=True))
        # Blocks are numbered from north-west to south-east, as sheets of a map are.
        for sheet, block in enumerate(sorted(ground.blocks, key=lambda b: (-b.place[1] // 1500, b.place[0])), 1):
            self._block(block, sheet)
        self._needs(self.today, None)
        self._carry()
        self._needs(self.planned, self.today)
        self._redraw()
        for parcels in (self.today, self.planned):
            for parcel in parcels:
                parcel.ring = ground.cover.expand(parcel.ring)
            self._tidy(parcels)

    @staticmethod
    def _cells(lines, grow):
        """The 25 m cells that `lines` run through, and `grow` cells to each side."""
        out = set()
        for line in lines:
            for a, b in zip(line, line[1:]):
                n = max(1, int(math.dist(a, b) / 2500))
                for k in range(n + 1):
                    i, j = int((a[0] + (b[0] - a[0]) * k / n) // 2500), int((a[1] + (b[1] - a[1]) * k / n) // 2500)
                    out.update((i + di, j + dj) for di in range(-grow, grow + 1) for dj in range(-grow, grow + 1))
        return out

    # -- blocks into parcels ------------------------------------------------------------------------------------------------

    def _block(self, block, sheet):
        now, later = block_kind(block, False), block_kind(block, True)
        if later in BUILT or later in ("belt", "park"):
            self.units.append((block, later))
        if now == later or (now in BUILT and later in BUILT):
            shape = later if later in BUILT and city.urban(block.place, False) < 0.4 else now
            cut = self._divide(block.ring, shape, True)
            self.today += self._parcels(cut, now, False, sheet)
            self.planned += self._parcels(cut, later, True, sheet)
        else:
            self.today += self._parcels(self._divide(block.ring, now, True), now, False, sheet)
            self.planned += self._parcels(self._divide(block.ring, later, False), later, True, sheet)

    def _divide(self, ring, kind, today):
        """[(ring, is it a street)]"""
        ring = self.ground.cover.expand(ring)
        if kind not in BUILT:
            return [(p, False) for p in self._lots(ring, FIELD[kind])]
        most, lot, width = GRAIN[kind]
        if area(ring) > most * HA:
            parts, street, line = self.ground._halve(ring, width, 0.2, 0.1 * HA)
            if street:
                self.lane += 1
                self.ground.street(ring, line, width, "Đường nội bộ", f"Đường nội bộ minh họa {self.lane}", today)
                return [(p, True) for p in street] + [x for part in parts for x in self._divide(part, kind, today)]
        return [(p, False) for p in self._lots(ring, lot)]

    def _lots(self, ring, most):
        ring = self.ground.cover.expand(ring)
        if area(ring) <= most * HA * self.random.uniform(0.75, 1.3):
            return [ring]
        parts = self.ground._halve(ring, 0, 0.25, most * HA * 0.12)[0]
        if len(parts) < 2:
            return [ring]
        return [p for part in parts for p in self._lots(part, most)]

    def _parcels(self, cut, kind, planned, sheet):
        out = []
        for ring, street in cut:
            place = metres(inner_point(ring))
            code = "DGT" if street else self._code(kind, place, planned, ring)
            out.append(Parcel(ring, code, place, sheet, kind, street))
        return out

    # -- what a parcel is used for ------------------------------------------------------------------------------------------

    def _pick(self, **shares):
        return self.random.choices(list(shares), list(shares.values()))[0]

    def _code(self, kind, place, planned, ring):
        home = "ODT" if self._in_city(place) else "ONT"
        main = (int(place[0] // 25), int(place[1] // 25)) in self.main
        if kind == "core":
            return self._pick(ODT=45, TMD=55 if planned else 40) if main else self._pick(ODT=93, TMD=7)
        if kind == "town":
            return self._pick(**{home: 60, "TMD": 40 if planned else 22}) if main else self._pick(**{home: 90, "TMD": 4, "HNK": 0 if planned else 4, "BCS": 0 if planned else 4})
        if kind == "suburb":
            return self._pick(**{home: 82, "TMD": 5, "CLN": 8, "HNK": 5}) if planned else self._pick(**{home: 58, "CLN": 20, "HNK": 14, "BCS": 6, "TMD": 2})
        if kind == "hills":
            high = city.noise(*place, 1500, 5) + (573000 - place[0]) / 2500
            return "RPH" if high > 0.45 else "RSX" if high > 0.1 else self._pick(RSX=3, DCS=4, NCS=2) if not planned else self._pick(RSX=6, DCS=2, NCS=2)
        if kind == "beach":
            return self._pick(DKV=6, BCS=4) if planned and city.urban(place, True) > 0.3 else "BCS"
        if kind == "bank":
            return self._pick(DKV=7, DTL=2, HNK=1) if planned and city.urban(place, True) > 0.3 else self._pick(HNK=5, BCS=3, CLN=3)
        if kind == "belt":
            if planned:
                return self._pick(TMD=66, DKV=14, ODT=12, RPH=8) if city.urban(place, True) > 0.25 else self._pick(RPH=4, TMD=4, HNK=2, BCS=1)
            return self._pick(TMD=30, ODT=34, BCS=16, HNK=20) if city.urban(place, False) > 0.35 else self._pick(RPH=4, HNK=4, BCS=3, CLN=1)
        if kind == "factory":
            return self._pick(SKN=85, DKV=9, DNL=3, DRA=3) if place[0] > 577000 else self._pick(SKK=85, DKV=9, DNL=3, DRA=3)
        if kind == "farm":
            return self._wild(place)
        return {"salt": "LMU", "ponds": "NTS", "grave": "NTD", "solar": "DNL", "waste": "DRA", "park": "DKV"}[kind]

    def _wild(self, place):
        """What grows in open country: rice along the river and canals, grapes and orchards further off, dry fields in the west."""
        if self.random.random() < 0.06:
            return self._pick(CLN=3, HNK=3, BCS=1, MNC=1)
        point = (place[0] * 100, place[1] * 100)
        wet = 1 - distance(point, self.ground.banks[0]) / 170000 + 0.55 * city.noise(*place, 900, 3)
        wet = max(wet, 0.9 - min(distance(point, c) for c in self.canals) / 90000 + 0.5 * city.noise(*place, 700, 4))
        dry = (575500 - place[0]) / 2500 + 0.8 * city.noise(*place, 1100, 6)
        if wet > 0.55:
            return "LUC"
        if wet > 0.35:
            return "LUK" if city.noise(*place, 500, 7) > 0.2 else "CLN"
        return "NKH" if dry > 1.0 else "HNK" if dry > 0.1 else "CLN"

    @staticmethod
    def _in_city(place):
        """Quarters count as urban (đô thị) between the hills and the sea, north of the southern fields."""
        return 574200 < place[0] and 1275900 < place[1] < 1283400

    def _needs(self, parcels, before):
        """Gives schools, markets and so on their parcels."""
        for code, today, more, least, largest, apart, how in NEEDS:
            taken = [p.place for p in parcels if p.code == code and p.kind in BUILT]
            left = more if before is not None else today
            choice = [p for p in parcels if p.kind in BUILT and not p.fixed and p.code in ("ODT", "ONT", "BCS", "HNK", "CLN")
                      and least <= p.hectares <= largest and compactness(p.ring) > 0.4 and city.urban(p.place, before is not None) > how]
            self.random.shuffle(choice)
            for parcel in choice:
                if left == 0:
                    break
                if all(math.dist(parcel.place, t) > apart for t in taken):
                    parcel.code, parcel.fixed = code, True
                    taken.append(parcel.place)
                    left -= 1

    def _carry(self):
        """The plan keeps what stands: parcels that are the same in both periods keep their use, but for a few."""
        standing = {tuple(p.ring): p for p in self.today if not p.fixed or p.code not in ("DGT", "DTL", "SON")}
        for parcel in self.planned:
            old = standing.get(tuple(parcel.ring))
            if old is None or parcel.sheet == 0:
                continue
            if old.fixed:
                parcel.code, parcel.fixed = old.code, True
            elif parcel.kind in ("farm", "salt", "ponds", "grave", "hills"):
                if parcel.kind != "hills" or self.random.random() < 0.7:
                    parcel.code = old.code
            elif old.code in ("ODT", "ONT", "TMD") and self.random.random() < 0.96:
                parcel.code = old.code

    def _redraw(self):
        """In built-up blocks the plan makes one parcel of two here and two of one there."""
        out, gone = [], set()
        for n, parcel in enumerate(self.planned):
            if n in gone:
                continue
            free = parcel.kind in BUILT and not parcel.fixed and parcel.sheet
            after = self.planned[n + 1] if n + 1 < len(self.planned) else None
            if free and after and after.sheet == parcel.sheet and not after.fixed and self.random.random() < 0.04:
                one = join([self.ground.cover.expand(parcel.ring), self.ground.cover.expand(after.ring)])
                if one and compactness(one) > 0.3:
                    gone.add(n + 1)
                    out.append(Parcel(one, self._pick(TMD=5, DKV=3, ODT=3), metres(inner_point(one)), parcel.sheet, parcel.kind))
                    continue
            if free and parcel.hectares > 0.35 and self.random.random() < 0.05:
                parts = self.ground._halve(self.ground.cover.expand(parcel.ring), 0, 0.3, 0.1 * HA)[0]
                if len(parts) == 2:
                    codes = [parcel.code, self._pick(TMD=5, DKV=3, ODT=2)]
                    out += [Parcel(p, c, metres(inner_point(p)), parcel.sheet, parcel.kind) for p, c in zip(parts, codes)]
                    continue
            out.append(parcel)
        self.planned[:] = out

    def _tidy(self, parcels):
        """Adds slivers to the neighbour that shares most of their edge."""
        owner = {}
        for parcel in parcels:
            for i in range(len(parcel.ring)):
                owner[parcel.ring[i - 1], parcel.ring[i]] = parcel
        for parcel in sorted((p for p in parcels if p.code != "SON"), key=lambda p: area(p.ring)):
            small = area(parcel.ring) < 120 * 1e4
            if not small and (compactness(parcel.ring) > 0.05 or parcel.fixed):
                continue
            shared = {}
            for i in range(len(parcel.ring)):
                a, b = parcel.ring[i - 1], parcel.ring[i]
                other = owner.get((b, a))
                if other is not None and other is not parcel:
                    shared[id(other)] = (shared.get(id(other), (0,))[0] + math.dist(a, b), other)
            for _, other in sorted(shared.values(), key=lambda s: (-s[0], s[1].place)):
                one = join([parcel.ring, other.ring])
                if one:
                    other.ring = one
                    for i in range(len(one)):
                        owner[one[i - 1], one[i]] = other
                    parcel.ring = None
                    break
        parcels[:] = [p for p in parcels if p.ring is not None]
