"""Rasters and planning packages made to do harm, for scripts/hostile.py."""

import random
import struct
import zlib

from hostile_make import CONTENTS, geopackage, link, packed

NAN, INFINITE = float("nan"), float("inf")
POINT = b'{"type":"Feature","properties":{"ten":"a"},"geometry":{"type":"Point","coordinates":[108.98,11.56]}}'
WORLD = "0.5\n0\n0\n-0.5\n580000\n1280000\n"


def make(put, canary):
    claims(put)
    directories(put)
    places(put)
    pictures(put, canary)
    pyramids(put, canary)
    packages(put, canary)


SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 12: 8, 13: 4}
CODES = {1: "B", 2: "s", 3: "H", 4: "I", 12: "d", 13: "I"}


def tiff(width=64, height=64, data=None, more=(), leave=(), after=0):
    """A TIFF of 8 bits in one strip, with a corner in EPSG:9217. `more` are entries (tag, type, values) in place of or beside
    the usual ones, `leave` tags that it goes without, `after` where the next directory is said to be."""
    data = bytes(range(256)) * (width * height // 256) if data is None else data
    entries = {256: (4, [width]), 257: (4, [height]), 258: (3, [8]), 259: (3, [1]), 262: (3, [1]), 273: (4, [8]), 277: (3, [1]), 278: (4, [height]),
               279: (4, [len(data)]), 33550: (12, [0.5, 0.5, 0]), 33922: (12, [0, 0, 0, 580_000, 1_280_000, 0]),
               34735: (3, [1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 9217])}
    entries.update({tag: (kind, values) for tag, kind, values in more})
    for tag in leave:
        entries.pop(tag, None)
    at = 8 + len(data) + len(data) % 2
    out, extra = b"", b""
    behind = at + 2 + 12 * len(entries) + 4
    for tag, (kind, values) in sorted(entries.items()):
        body = values if isinstance(values, bytes) else struct.pack(f"<{len(values)}{CODES[kind]}", *values)
        count = len(body) // SIZES[kind]
        if len(body) > 4:
            out += struct.pack("<HHII", tag, kind, count, behind + len(extra))
            extra += body + b"\0" * (len(body) % 2)
        else:
            out += struct.pack("<HHI", tag, kind, count) + body.ljust(4, b"\0")
    after = at if after == "itself" else after
    return b"II*\0" + struct.pack("<I", at) + data + b"\0" * (len(data) % 2) + struct.pack("<H", len(entries)) + out + struct.pack("<I", after) + extra


def png(width, height, bits=8, rows=None, color=0):
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    line = (width * bits + 7) // 8
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(bytes(line + 1)) for _ in range(height if rows is None else rows)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", width, height, bits, color, 0, 0, 0)) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def claims(put):
    """Sizes and counts that a file cannot have."""
    kind, tiny = "raster", b"\7" * 64
    put(kind, "raster_of_10_gb.tif", tiff(100_000, 100_000, tiny))
    put(kind, "raster_of_2_billion.tif", tiff(2**31 - 1, 2**31 - 1, tiny))
    put(kind, "raster_of_20000_blank.tif", tiff(20_000, 20_000, tiny))
    put(kind, "raster_of_no_pixels.tif", tiff(0, 0, tiny))
    put(kind, "bands_65535.tif", tiff(more=[(277, 3, [65_535])]))
    put(kind, "bits_64.tif", tiff(more=[(258, 3, [64])]))
    put(kind, "strip_past_end.tif", tiff(more=[(273, 4, [0xFFFFFFF0])]))
    put(kind, "strip_longer_than_file.tif", tiff(more=[(279, 4, [0xFFFFFFF0])]))
    put(kind, "tiles_of_one_pixel.tif", tiff(60_000, 60_000, tiny, [(322, 4, [1]), (323, 4, [1]), (324, 4, [8]), (325, 4, [64])], leave=[273, 278, 279]))
    put(kind, "tiles_of_2_billion.tif", tiff(64, 64, tiny, [(322, 4, [0x7FFFFFF0]), (323, 4, [0x7FFFFFF0]), (324, 4, [8]), (325, 4, [64])], leave=[273, 278, 279]))
    put(kind, "palette_short.tif", tiff(more=[(262, 3, [3]), (320, 3, [1, 2, 3])]))
    zeros = zlib.compress(bytes(400_000_000), 9)
    put(kind, "bomb_deflate.tif", tiff(20_000, 20_000, zeros, [(259, 3, [8])]))
    put(kind, "bomb_strip.tif", tiff(64, 64, zeros, [(259, 3, [8])]))
    put(kind, "bomb_picture.zip", packed(("a.png", png(50_000, 50_000, bits=1)), ("a.pgw", WORLD)))
    put(kind, "picture_of_2_billion.zip", packed(("a.png", png(2**31 - 1, 2**31 - 1, rows=1)), ("a.pgw", WORLD)))
    put(kind, "picture_cut.zip", packed(("a.png", png(4_000, 4_000)[:-3_000]), ("a.pgw", WORLD)))


def directories(put):
    """Directories that lead in circles, and files that end early."""
    kind = "raster"
    put(kind, "directory_in_circles.tif", tiff(after="itself"))
    put(kind, "directory_past_end.tif", tiff(after=0xFFFFFFF0))
    put(kind, "directory_in_itself.tif", tiff(more=[(330, 13, [8 + 4096])]))
    two = tiff(after=8 + 4096 + 2_000)
    put(kind, "two_directories_in_circles.tif", two.ljust(8 + 4096 + 2_000, b"\0") + struct.pack("<HHHII", 1, 256, 4, 1, 64) + struct.pack("<I", 8 + 4096))
    tiles = [(322, 4, [256]), (323, 4, [256]), (324, 4, [8 + 65_536 * n for n in range(16)]), (325, 4, [65_536] * 16)]
    dice = random.Random(8)
    whole = tiff(1024, 1024, dice.randbytes(16 * 65_536), tiles, leave=[273, 278, 279])
    put(kind, "tiled_whole.tif", whole)
    # The directory first, as in a COG: it is whole, most tiles are not there.
    at = struct.unpack_from("<I", whole, 4)[0]
    shift = len(whole) - at
    moved = tiff(1024, 1024, dice.randbytes(16 * 65_536), [*tiles[:2], (324, 4, [8 + shift + 65_536 * n for n in range(16)]), tiles[3]], leave=[273, 278, 279])
    start = struct.unpack_from("<I", moved, 4)[0]
    head = bytearray(moved[start:])
    for n in range(struct.unpack_from("<H", head)[0]):
        tag, form, count, offset = struct.unpack_from("<HHII", head, 2 + 12 * n)
        if count * SIZES[form] > 4:
            struct.pack_into("<I", head, 2 + 12 * n + 8, offset - start + 8)
    cog = b"II*\0" + struct.pack("<I", 8) + bytes(head) + moved[8:start]
    put(kind, "cog_whole.tif", cog)
    put(kind, "cog_cut.tif", cog[: len(cog) // 3])
    put(kind, "big_tiff_of_noise.tif", b"II+\0\x08\0\0\0" + struct.pack("<Q", 16) + dice.randbytes(4_000))
    for n in range(8):
        scratched = bytearray(whole[: 8 + 4096] + whole[at:] if n % 2 else whole)
        for _ in range(60):
            scratched[dice.randrange(max(0, len(scratched) - 600), len(scratched))] = dice.randrange(256)
        put(kind, f"scratched_{n}.tif", bytes(scratched))
    put(kind, "noise.jp2", b"\0\0\0\x0CjP  \r\n\x87\n" + dice.randbytes(4_000))
    put(kind, "noise.jpg", b"\xff\xd8\xff\xe0" + dice.randbytes(4_000))


def places(put):
    """Places that are none."""
    kind = "raster"
    for name, numbers in [("nan", [NAN] * 6), ("infinite", [INFINITE] * 6), ("zero", [0] * 6), ("far", [1e300] * 6), ("tiny", [1e-300, 0, 0, -1e-300, 580_000, 1_280_000])]:
        put(kind, f"world_{name}.zip", packed(("a.png", png(64, 64)), ("a.pgw", "\n".join(map(str, numbers)))))
    put(kind, "world_of_words.zip", packed(("a.png", png(64, 64)), ("a.pgw", "a\nb\nc\nd\ne\nf\n")))
    put(kind, "world_of_megabytes.zip", packed(("a.png", png(64, 64)), ("a.pgw", "0" * 20_000_000)))
    tie = lambda *points: [(33922, 12, [v for column, line, x, y in points for v in (column, line, 0, x, y, 0)])]
    good = [(0, 0, 580_000, 1_280_000), (64, 0, 580_032, 1_280_000), (64, 64, 580_032, 1_279_968), (0, 64, 580_000, 1_279_968)]
    for name, points in [
        ("nan", [(NAN, NAN, NAN, NAN)] * 4),
        ("nan_in_one", [*good[:3], (0, 64, NAN, 1_279_968)]),
        ("infinite", [(0, 0, INFINITE, -INFINITE)] * 4),
        ("in_one_place", [good[0]] * 9),
        ("on_a_line", [(n, n, 580_000 + n, 1_280_000 + n) for n in range(9)]),
        ("two", good[:2]),
        ("far", [(column, line, x * 1e200, y) for column, line, x, y in good]),
        ("folded", [*good, (10, 10, 580_500, 1_279_000), (50, 10, 579_000, 1_281_000), (10, 50, 580_001, 1_280_000), (33, 30, 580_016, 1_279_984)]),
        ("hundred_thousand", [(n % 64, n // 1_600, 580_000 + n % 64 / 2, 1_280_000 - n // 1_600 / 2) for n in range(100_000)]),
    ]:
        put(kind, f"points_{name}.tif", tiff(more=tie(*points), leave=[33550]))
    put(kind, "scale_nan.tif", tiff(more=[(33550, 12, [NAN, NAN, 0])]))
    put(kind, "matrix_of_zeros.tif", tiff(more=[(34264, 12, [0] * 16)], leave=[33550, 33922]))
    put(kind, "system_of_nonsense.tif", tiff(more=[(34735, 3, [1, 1, 0, 60_000] + [65_535] * 40)]))


def pictures(put, canary):
    """Side files that lead elsewhere, and pictures beside features."""
    kind, reach = "raster", "reaches out"
    aux = lambda inside: f"<PAMDataset>{inside}</PAMDataset>"
    put(reach, "overview_elsewhere.zip", packed(("a.tif", tiff()), ("a.tif.aux.xml", aux(f'<Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">{canary}</MDI></Metadata>'))))
    put(reach, "statistics_elsewhere.zip", packed(("a.tif", tiff()), link("a.tif.aux.xml", canary), link("a.tif.msk", canary), link("a.tif.ovr", canary)))
    put(reach, "world_elsewhere.zip", packed(("a.png", png(64, 64)), link("a.pgw", canary), link("a.prj", canary)))
    put(reach, "picture_elsewhere.zip", packed(link("a.tif", canary), ("a.geojson", POINT)))
    put(reach, "picture.vrt", f'<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand band="1"><SimpleSource><SourceFilename>{canary}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>'.encode())
    laughs = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)) + "]>"
    put(kind, "laughs.zip", packed(("a.tif", tiff()), ("a.tif.aux.xml", laughs + aux("<SRS>&a11;</SRS>"))))
    put(kind, "many_pictures_beside_a_layer.zip", packed(("a.geojson", POINT), *((f"anh/{n}.png", png(16, 16)) for n in range(900))))
    put(kind, "too_many_pictures.zip", packed(*((f"{n}.png", png(16, 16)) for n in range(1_500))))


def pyramids(put, canary):
    """Tables of pictures in GeoPackages whose matrices lie."""
    kind = "raster"

    def gpkg(name, *statements, size=256, wide=1, high=1, across=0.5, zoom=0, blob=None, contents=None):
        system = "'WGS 84 / UTM zone 49N', 32649, 'EPSG', 32649, 'PROJCS[\"WGS 84 / UTM zone 49N\",GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563]],PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433]],PROJECTION[\"Transverse_Mercator\"],PARAMETER[\"latitude_of_origin\",0],PARAMETER[\"central_meridian\",111],PARAMETER[\"scale_factor\",0.9996],PARAMETER[\"false_easting\",500000],PARAMETER[\"false_northing\",0],UNIT[\"metre\",1],AUTHORITY[\"EPSG\",\"32649\"]]', NULL"
        script = (
            (contents or CONTENTS + "INSERT INTO gpkg_contents VALUES ('a', 'tiles', 'a', '', '2026-01-01T00:00:00Z', 280000, 1279000, 280128, 1279128, 32649);")
            + "CREATE TABLE gpkg_tile_matrix_set (table_name TEXT PRIMARY KEY, srs_id INTEGER, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE);"
            "INSERT INTO gpkg_tile_matrix_set VALUES ('a', 32649, 280000, 1279000, 280128, 1279128);"
            "CREATE TABLE gpkg_tile_matrix (table_name TEXT, zoom_level INTEGER, matrix_width INTEGER, matrix_height INTEGER, tile_width INTEGER, tile_height INTEGER, pixel_x_size DOUBLE, pixel_y_size DOUBLE, PRIMARY KEY (table_name, zoom_level));"
            "CREATE TABLE a (id INTEGER PRIMARY KEY, zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB, UNIQUE (zoom_level, tile_column, tile_row));"
        )
        matrix = "INSERT INTO gpkg_tile_matrix VALUES ('a', ?, ?, ?, ?, ?, ?, ?)", (zoom, wide, high, size, size, across, across)
        tile = "INSERT INTO a VALUES (1, ?, 0, 0, ?)", (zoom, png(256, 256) if blob is None else blob)
        put(kind, name, geopackage(canary.parent / "make_raster.gpkg", system, script, matrix, tile, *statements))

    gpkg("tiles_good.gpkg")
    gpkg("tiles_matrix_of_2_billion.gpkg", wide=2**31 - 1, high=2**31 - 1)
    gpkg("tiles_matrix_negative.gpkg", wide=-5, high=-5)
    gpkg("tiles_matrix_of_no_tiles.gpkg", wide=0, high=0)
    gpkg("tiles_of_2_billion_pixels.gpkg", size=2**31 - 1)
    gpkg("tiles_of_0_pixels.gpkg", size=0)
    gpkg("tiles_pixels_of_nothing.gpkg", across=0)
    gpkg("tiles_pixels_infinite.gpkg", across=1e308)
    gpkg("tiles_pixels_tiny.gpkg", across=1e-9)
    gpkg("tiles_zoom_2_billion.gpkg", zoom=2**31 - 1)
    gpkg("tiles_bomb.gpkg", blob=png(40_000, 40_000, bits=1))
    gpkg("tiles_of_noise.gpkg", blob=random.Random(9).randbytes(3_000))
    gpkg("tiles_of_another_size.gpkg", blob=png(700, 3))
    gpkg("tiles_beyond_matrix.gpkg", "UPDATE a SET tile_column = 2000000000, tile_row = -7")
    gpkg("tiles_are_a_view.gpkg", "DROP TABLE a", "CREATE VIEW a AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS id, 0 AS zoom_level, x AS tile_column, 0 AS tile_row, zeroblob(1000000) AS tile_data FROM n")
    gpkg("tiles_in_endless_contents.gpkg", contents="CREATE VIEW gpkg_contents AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT 'a' || x AS table_name, 'tiles' AS data_type, 'a' AS identifier, '' AS description, '2026-01-01T00:00:00Z' AS last_change, 0.0 AS min_x, 0.0 AS min_y, 1.0 AS max_x, 1.0 AS max_y, 32649 AS srs_id FROM n;")
    gpkg("tiles_and_heights.gpkg", "INSERT INTO gpkg_contents VALUES ('b', '2d-gridded-coverage', 'b', '', '2026-01-01T00:00:00Z', 0, 0, 1, 1, 32649)")
    gpkg("tiles_table_is_missing.gpkg", "DROP TABLE a")
    gpkg("tiles_of_hard_name.gpkg", """UPDATE gpkg_contents SET table_name = '";DROP TABLE dothi.layer;--', identifier = char(10) || char(27) || '[31m'""")


def packages(put, canary):
    """Planning packages with more in them than a plan."""
    kind = "planning package"
    at = "CSDL_X/HoSoGIS"
    layer = b'{"type":"FeatureCollection","name":"CayXanh_P","features":[' + POINT + b"]}"
    put(kind, "package_small.zip", packed((f"{at}/QuyHoach/CayXanh_P.geojson", layer)))
    put(kind, "package_link.zip", packed((f"{at}/QuyHoach/CayXanh_P.geojson", layer), link(f"{at}/HienTrang.gpkg", canary), link(f"{at}/MocGioi", canary.parent)))
    put(kind, "package_of_links.zip", packed(link(f"{at}/QuyHoach.gpkg", canary), link("CSDL_X/HoSoScan/BanVe/a.tif", canary)))
    put(kind, "package_out.zip", packed((f"{at}/QuyHoach/CayXanh_P.geojson", layer), ("CSDL_X/HoSoScan/../../../x.tif", b"II*\0")))
    put(kind, "package_scans.zip", packed(
        (f"{at}/QuyHoach/CayXanh_P.geojson", layer), ("CSDL_X/HoSoScan/BanVe/a.tif", tiff(100_000, 100_000, b"\7" * 64)), ("CSDL_X/HoSoScan/BanVe/b.tif", tiff()),
        ("CSDL_X/HoSoScan/BanVe/c.jpg", b"\xff\xd8\xff" + bytes(99)), ("CSDL_X/HoSoScan/VanBan/d.pdf", b"%PDF-1.7"), ("CSDL_X/HoSoBASIC/BanVe/e.dwg", b"AC1032" + bytes(99))))
    put(kind, "package_of_many_documents.zip", packed((f"{at}/QuyHoach/CayXanh_P.geojson", layer), *((f"CSDL_X/HoSoScan/VanBan/{n}.pdf", b"%PDF") for n in range(5_000))))
    put(kind, "package_of_one_class_often.zip", packed(*((f"{at}/QuyHoach/{n}/CayXanh_P.geojson", layer) for n in range(60))))
    names = "".join(f"/{'a' * 200}" for _ in range(20))
    put(kind, "package_deep.zip", packed((f"CSDL_{'x' * 200}{names}/HoSoGIS/QuyHoach/CayXanh_P.geojson", layer)))
