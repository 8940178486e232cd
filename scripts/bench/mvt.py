"""Reads Mapbox vector tiles (version 2.1), as much as measuring needs: names, feature ids and attributes of each layer."""

import gzip
import struct


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data):
    """(field number, value) of a protobuf message: an int, or the bytes of what has a length or a fixed width."""
    at, end = 0, len(data)
    while at < end:
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        else:
            if kind == 2:
                size, at = varint(data, at)
            elif kind in (1, 5):
                size = 8 if kind == 1 else 4
            else:
                raise ValueError(f"wire type {kind} in a vector tile")
            if at + size > end:
                raise ValueError("a vector tile ends too early")
            value, at = data[at:at + size], at + size
        yield key >> 3, value


def packed(data):
    at, out = 0, []
    while at < len(data):
        value, at = varint(data, at)
        out.append(value)
    return out


def value(data):
    for number, v in fields(data):
        if number == 1:
            return v.decode()
        if number in (2, 3):
            return struct.unpack("<f" if number == 2 else "<d", v)[0]
        if number in (4, 5):
            return v - (1 << 64) if number == 4 and v >> 63 else v
        if number == 6:
            return (v >> 1) ^ -(v & 1)
        if number == 7:
            return bool(v)
    return None


def plain(body):
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


def layers(body):
    """{name: (keys, values, features as bytes)}; features are read by those who want them."""
    out = {}
    for number, layer in fields(plain(body)):
        if number != 3:
            continue
        name, keys, values, features = "", [], [], []
        for field, v in fields(layer):
            if field == 1:
                name = v.decode()
            elif field == 2:
                features.append(v)
            elif field == 3:
                keys.append(v.decode())
            elif field == 4:
                values.append(v)
        out[name] = (keys, values, features)
    return out


def features(layer):
    """(id or None, {name: value}) of each feature."""
    keys, values, rows = layer
    known = [value(v) for v in values]
    for row in rows:
        fid, tags = None, []
        for number, v in fields(row):
            if number == 1:
                fid = v
            elif number == 2:
                tags = packed(v)
        yield fid, {keys[k]: known[v] for k, v in zip(tags[::2], tags[1::2])}
