"""Makes the layer that tiles are measured on: `city.py FILE [ROWS]`, with nothing but Python's own library.

300,000 invented parcels on 20 x 15 km round 108.99 E 11.58 N, the same on every machine. Neighbours share their borders vertex by
vertex, seven towns are dense, a parcel has 8 to 40 vertices. A GeoPackage in EPSG:3857, so that no server has to transform.
Fewer rows make a smaller city of the same density.

The ground is a grid of blocks whose corners are moved, turned round each town; a block is cut into rows, a row into parcels. Whatever
two parcels share lies on one line: its points are made once, and each parcel takes the stretch between its own two cuts.
"""

import csv
import math
import random
import sqlite3
import struct
import sys
from itertools import accumulate, chain
from pathlib import Path

ROWS = 300_000
LON, LAT = 108.99, 11.58
R = 6378137.0
SCALE = 1 / math.cos(math.radians(LAT))  # metres of EPSG:3857 in a metre on the ground
X0, Y0 = math.radians(LON) * R, math.log(math.tan(math.pi / 4 + math.radians(LAT) / 2)) * R
BLOCK = (200.0, 150.0)
# Where, how wide (km, on the whole city), area of a parcel in the middle (m2), how far the streets are turned (radians).
TOWNS = [(-6.4, 3.6, 3.0, 280, 0.5), (1.2, 1.0, 3.4, 255, -0.35), (6.6, -3.4, 2.9, 300, 0.7), (-2.6, -4.5, 2.6, 300, -0.6),
         (7.0, 4.6, 2.2, 320, 0.3), (-7.6, -3.0, 2.0, 340, -0.8), (-0.9, 5.8, 1.9, 340, 0.9)]
RURAL = 4_700
WARDS = [f"Phường minh họa {letter}" for letter in "A B C D Đ E G H I K L M N P Q R".split()]
OWNERS = ["Hộ gia đình, cá nhân", "Tổ chức kinh tế", "Cơ quan nhà nước", "Đơn vị sự nghiệp công lập", "Cộng đồng dân cư",
          "Tổ chức tôn giáo", "Ủy ban nhân dân cấp xã"]
NOISE = 0.28  # share of parcels whose use is not that of the neighbourhood


def codes():
    """Sixty official land-use codes, those without further division, in official order."""
    with open(Path(__file__).resolve().parents[2] / "data" / "land-use.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    parents = {row["parent"] for row in rows}
    return [row["code"] for row in rows if row["code"] not in parents][:60]


def plan(n, draw):
    """How many parcels each block has; exactly n together."""
    size = math.sqrt(n / ROWS)
    wide, high = max(4, round(100 * size)), max(4, round(100 * size))
    towns = [(x * 1000 * size, y * 1000 * size, r * 1000 * size, area, turn) for x, y, r, area, turn in TOWNS]

    def area(x, y):
        least = RURAL
        for tx, ty, r, middle, _ in towns:
            away = math.hypot(x - tx, y - ty) / r
            least = min(least, RURAL if away > 1 else middle * (RURAL / middle) ** (away ** 4))
        return least

    at = [((bx + 0.5 - wide / 2) * BLOCK[0], (by + 0.5 - high / 2) * BLOCK[1]) for by in range(high) for bx in range(wide)]
    weights = [math.exp(draw.gauss(0, 0.15)) / area(x, y) for x, y in at]
    whole = sum(weights)
    exact = [w / whole * n for w in weights]
    counts = [max(2, int(e)) for e in exact]
    order = sorted(range(len(exact)), key=lambda i: (int(exact[i]) - exact[i], i))
    missing, i = n - sum(counts), 0
    while missing:
        step = 1 if missing > 0 else -1
        if step > 0 or counts[order[-1 - i]] > 3:
            counts[order[i] if step > 0 else order[-1 - i]] += step
            missing -= step
        i = (i + 1) % len(order)
    return wide, high, towns, counts


def cuts(n, least, most, draw):
    """n pieces of uneven width: where each ends, from 0 to 1."""
    at = list(accumulate(draw.uniform(least, most) for _ in range(n)))
    return [0.0] + [a / at[-1] for a in at[:-1]] + [1.0]


def line(a, b, params, most, draw):
    """The points from a to b: one at each parameter, some between, off the straight. And where each parameter is."""
    (ax, ay), (bx, by) = a, b
    dx, dy = bx - ax, by - ay
    length = math.hypot(dx, dy)
    near = 0.4 / length
    out, where, before = [a], {0.0: 0}, 0.0
    for p in chain(sorted(params), (1.0,)):
        gap = p - before
        if p < 1.0 and (gap < near or 1.0 - p < near):
            # Cuts of two neighbours that nearly meet do meet; those that nearly meet the end are the end.
            where[p] = len(out) - 1 if gap < near else -1
            continue
        k = 1 + int(draw.random() * most + gap * length / 55) if gap * length > 3 else 0
        for i in range(1, k + 1):
            along = before + gap * (i + 0.3 * draw.random() - 0.15) / (k + 1)
            off = gap * (0.1 * draw.random() - 0.05)
            out.append((round(ax + dx * along - dy * off, 2), round(ay + dy * along + dx * off, 2)))
        out.append(b if p == 1.0 else (round(ax + dx * p, 2), round(ay + dy * p, 2)))
        where[p], before = len(out) - 1, p
    last = len(out) - 1
    return out, {p: last if i < 0 else i for p, i in where.items()}


def city(n, seed=11):
    """Yields (ward, block, area in m2, ring, zone, is it town) of every parcel; rings are not closed, counter-clockwise."""
    draw = random.Random(seed)
    wide, high, towns, counts = plan(n, draw)

    def corner(cx, cy):
        x, y = (cx - wide / 2) * BLOCK[0], (cy - high / 2) * BLOCK[1]
        if 0 < cx < wide:
            x += draw.uniform(-0.12, 0.12) * BLOCK[0]
        if 0 < cy < high:
            y += draw.uniform(-0.12, 0.12) * BLOCK[1]
        for tx, ty, r, _, turn in towns:
            u, v = x - tx, y - ty
            t = turn * math.exp(-(u * u + v * v) / (0.6 * r * r))
            x, y = tx + u * math.cos(t) - v * math.sin(t), ty + u * math.sin(t) + v * math.cos(t)
        return round(X0 + x * SCALE, 2), round(Y0 + y * SCALE, 2)

    corners = [[corner(cx, cy) for cx in range(wide + 1)] for cy in range(high + 1)]

    # A block: where its inner lines begin on the left and end on the right, and the cuts of each row at its foot and at its head.
    blocks = []
    for count in counts:
        rows = max(1, min(count // 2, round(math.sqrt(count * BLOCK[1] / BLOCK[0] * 0.8))))
        at = cuts(rows, 0.6, 1.4, draw)
        left = [0.0] + [a + draw.uniform(-0.08, 0.08) / rows for a in at[1:-1]] + [1.0]
        right = [0.0] + [a + draw.uniform(-0.08, 0.08) / rows for a in at[1:-1]] + [1.0]
        share = [count // rows + (i < count % rows) for i in range(rows)]
        draw.shuffle(share)
        feet = [cuts(m, 0.5, 1.6, draw) for m in share]
        heads = [[0.0] + [u + draw.uniform(-0.1, 0.1) / (len(f) - 1) for u in f[1:-1]] + [1.0] for f in feet]
        blocks.append((left, right, feet, heads))

    def block(bx, by):
        return blocks[by * wide + bx] if 0 <= bx < wide and 0 <= by < high else ([], [], [[]], [[]])

    lying = [[line(corners[by][bx], corners[by][bx + 1], set(block(bx, by)[2][0][1:-1] + block(bx, by - 1)[3][-1][1:-1]), 2, draw)
              for bx in range(wide)] for by in range(high + 1)]
    standing = [[line(corners[by][bx], corners[by + 1][bx], set(block(bx, by)[0][1:-1] + block(bx - 1, by)[1][1:-1]), 2, draw)
                 for bx in range(wide + 1)] for by in range(high)]

    sites = [((i % 4 + draw.uniform(0.2, 0.8)) / 4 * wide, (i // 4 + draw.uniform(0.2, 0.8)) / 4 * high) for i in range(len(WARDS))]
    for by in range(high):
        for bx in range(wide):
            left, right, feet, heads = block(bx, by)
            rows = len(feet)
            ward = min(range(len(sites)), key=lambda i: (bx - sites[i][0]) ** 2 + (by - sites[i][1]) ** 2)
            zone = (bx + (by // 3) % 2) // 3, by // 3
            west, west_at = standing[by][bx]
            east, east_at = standing[by][bx + 1]
            foot, foot_at = lying[by][bx]
            for row in range(rows):
                if row == rows - 1:
                    head, head_at = lying[by + 1][bx]
                else:
                    head, head_at = line(west[west_at[left[row + 1]]], east[east_at[right[row + 1]]],
                                         set(heads[row][1:-1] + feet[row + 1][1:-1]), 1.15, draw)
                low, top = feet[row], heads[row]
                side = west[west_at[left[row]]:west_at[left[row + 1]] + 1]
                for j in range(len(low) - 1):
                    if j == len(low) - 2:
                        other = east[east_at[right[row]]:east_at[right[row + 1]] + 1]
                    else:
                        other, _ = line(foot[foot_at[low[j + 1]]], head[head_at[top[j + 1]]], (), 2.2, draw)
                    ring = (foot[foot_at[low[j]]:foot_at[low[j + 1]]] + other[:-1]
                            + head[head_at[top[j]] + 1:head_at[top[j + 1]] + 1][::-1] + side[:0:-1])
                    yield ward, by * wide + bx, ring, zone, counts[by * wide + bx] > 25
                    side = other
                foot, foot_at = head, head_at


def area(ring):
    x0, y0 = ring[0]
    twice, (px, py) = 0.0, ring[-1]
    px, py = px - x0, py - y0
    for x, y in ring:
        x, y = x - x0, y - y0
        twice += px * y - x * py
        px, py = x, y
    return twice / 2 / SCALE ** 2


def records(n):
    """(header and WKB of the GeoPackage, fields) in the order of a land register: by ward, then by block."""
    draw = random.Random(12)
    all_codes = codes()
    shuffled = all_codes[:]
    draw.shuffle(shuffled)
    weights = [1 / (i + 1) for i in range(len(all_codes))]
    in_town, outside = sorted(all_codes, key=lambda c: (c not in ("ODT", "TMD", "DGT"), shuffled.index(c))), shuffled[:]
    outside.sort(key=lambda c: (c not in ("ONT", "LUC", "CLN", "HNK", "RSX"), shuffled.index(c)))
    zones, numbers, sizes, areas = {}, {}, [], []
    head = b"GP\x00\x01" + struct.pack("<iBII", 3857, 1, 3, 1)
    for ward, _, ring, zone, town in sorted(city(n), key=lambda p: (p[0], p[1])):
        pool = in_town if town else outside
        usual = zones.get((zone, town)) or zones.setdefault((zone, town), draw.choices(pool, weights)[0])
        code = usual if draw.random() >= NOISE else draw.choice(all_codes)
        number = numbers[ward] = numbers.get(ward, 0) + 1
        size = area(ring)
        sizes.append(len(ring))
        areas.append(size)
        ring.append(ring[0])
        body = struct.pack(f"<I{2 * len(ring)}d", len(ring), *chain.from_iterable(ring))
        owner = OWNERS[min(int(draw.expovariate(1.1)), len(OWNERS) - 1)]
        yield head + body, len(areas), number, code, owner, WARDS[ward], round(size, 1)
    sizes.sort()
    areas.sort()
    print(f"{len(sizes):,} parcels: {sizes[0]} to {sizes[-1]} vertices, mean {sum(sizes) / len(sizes):.1f}; {areas[0]:,.0f} to {areas[-1]:,.0f} m2, "
          f"median {areas[len(areas) // 2]:,.0f}, together {sum(areas) / 1e6:,.1f} km2")
    if sizes[0] < 8 or sizes[-1] > 40 or areas[0] < 30:
        sys.exit("city.py: parcels are not what they should be")


def write(path, n):
    """GeoPackage 1.2 (OGC 12-128r14), one layer."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    db = sqlite3.connect(part)
    db.executescript("""
        PRAGMA application_id = 0x47504B47; PRAGMA user_version = 10200; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
        CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
          organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
        CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
          last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER REFERENCES gpkg_spatial_ref_sys (srs_id));
        CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL UNIQUE REFERENCES gpkg_contents (table_name), column_name TEXT NOT NULL,
          geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL REFERENCES gpkg_spatial_ref_sys (srs_id), z TINYINT NOT NULL, m TINYINT NOT NULL,
          PRIMARY KEY (table_name, column_name));
        CREATE TABLE thua (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom POLYGON, "maThua" INTEGER, "soThua" INTEGER, "maDat" TEXT,
          "doiTuong" TEXT, "khuVuc" TEXT, "dienTich" REAL);
        INSERT INTO gpkg_geometry_columns VALUES ('thua', 'geom', 'POLYGON', 3857, 0, 0);
        INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id)
          VALUES ('thua', 'features', 'thua', 'Dữ liệu minh họa', '2026-01-01T00:00:00.000Z', 3857);
    """)
    wgs84 = ('GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
             'UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]')
    mercator = (f'PROJCS["WGS 84 / Pseudo-Mercator",{wgs84},PROJECTION["Mercator_1SP"],PARAMETER["central_meridian",0],PARAMETER["scale_factor",1],'
                'PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1],AXIS["X",EAST],AXIS["Y",NORTH],AUTHORITY["EPSG","3857"]]')
    db.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,NULL)", [
        ("Undefined cartesian", -1, "NONE", -1, "undefined"), ("Undefined geographic", 0, "NONE", 0, "undefined"),
        ("WGS 84", 4326, "EPSG", 4326, wgs84), ("WGS 84 / Pseudo-Mercator", 3857, "EPSG", 3857, mercator)])
    db.executemany('INSERT INTO thua (geom, "maThua", "soThua", "maDat", "doiTuong", "khuVuc", "dienTich") VALUES (?,?,?,?,?,?,?)', records(n))
    db.commit()
    db.close()
    part.rename(path)


if __name__ == "__main__":
    file = Path(sys.argv[1])
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write(file, int(sys.argv[2]) if len(sys.argv) > 2 else ROWS)
