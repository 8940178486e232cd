"""Files made to do harm, for scripts/hostile.py: bombs, lies, ways out of the sandbox."""

import io
import random
import sqlite3
import struct
import zipfile

# File name → what it is.
KINDS = {}

SQUARE = b'{"type":"Feature","properties":{"ten":"a"},"geometry":{"type":"Polygon","coordinates":[[[108.9,11.5],[108.91,11.5],[108.91,11.51],[108.9,11.5]]]}}'


def make(folder, port, canary):
    folder.mkdir()

    def put(kind, name, data):
        KINDS[name] = kind
        (folder / name).write_bytes(data)

    archives(put, canary)
    markup(put, port, canary)
    tables(put)
    shapefiles(put)
    databases(put, canary)
    drawings(put, canary)
    noise(put)


def packed(*entries, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in entries:
            z.writestr(name, data)
    return out.getvalue()


def bomb(name, megabytes):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z, z.open(name, "w", force_zip64=True) as f:
        for _ in range(megabytes):
            f.write(bytes(1 << 20))
    return out.getvalue()


def link(name, target):
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    return packed((entry, str(target)))


def archives(put, canary):
    kind = "archive"
    put(kind, "bomb_dbf.zip", bomb("a.dbf", 300))
    put(kind, "bomb_geojson.zip", bomb("a.geojson", 300))
    put(kind, "bomb_small_ratio.zip", packed(("a.csv", "ten,lon,lat\n" + "a,108.9,11.5\n" * 400_000)))
    put(kind, "bomb_nested.zip", packed(("b.zip", bomb("a.dbf", 64)), ("c.zip", packed(("a.geojson", SQUARE)))))
    put(kind, "bomb.kmz", bomb("doc.kml", 300))
    put(kind, "bomb.xlsx", bomb("xl/workbook.xml", 300))
    put(kind, "out_dotdot.zip", packed(("../../../../tmp/x.geojson", SQUARE)))
    put(kind, "out_absolute.zip", packed(("/etc/x.geojson", SQUARE)))
    put(kind, "out_backslash.zip", packed(("..\\..\\x.geojson", SQUARE)))
    put(kind, "out_drive.zip", packed(("C:\\x.geojson", SQUARE)))
    put(kind, "link_canary.zip", link("a.csv", canary))
    put(kind, "link_passwd.zip", link("a.csv", "/etc/passwd"))
    put(kind, "many_entries.zip", packed(*((f"{n}.txt", b"") for n in range(70_000)), method=zipfile.ZIP_STORED))
    put(kind, "deep.zip", packed(("a/" * 200 + "x.geojson", SQUARE)))
    good = packed(("a.geojson", SQUARE))
    put(kind, "cut.zip", good[: len(good) // 2])
    at = good.index(b"PK\x01\x02")
    put(kind, "claims_10_gb.zip", good[: at + 24] + struct.pack("<I", 0xFFFFFFF0) + good[at + 28 :])
    put(kind, "wrong_crc.zip", good[:14] + b"\0\0\0\0" + good[18:])
    put(kind, "same_name_twice.zip", packed(("a.geojson", SQUARE), ("A.GEOJSON", SQUARE)))
    put(kind, "shp_without_parts.zip", packed(("a.shp", shp(1)[0])))
    put(kind, "vrt_inside.zip", packed(("a.vrt", f"<OGRVRTDataSource><OGRVRTLayer name='canary'><SrcDataSource>{canary}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>")))


def markup(put, port, canary):
    kind, host = "reaches out", f"http://127.0.0.1:{port}"
    put(kind, "a.vrt", f"<OGRVRTDataSource><OGRVRTLayer name='canary'><SrcDataSource>{canary}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>".encode())
    gml = "<?xml version='1.0'?>{dtd}<ogr:FeatureCollection xmlns:ogr='http://ogr.maptools.org/' xmlns:gml='http://www.opengis.net/gml' xmlns:xlink='http://www.w3.org/1999/xlink' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' {schema}><gml:featureMember><ogr:a fid='1'><ogr:ten>{text}</ogr:ten>{geometry}</ogr:a></gml:featureMember></ogr:FeatureCollection>"
    point = "<ogr:geometryProperty><gml:Point srsName='EPSG:4326'><gml:coordinates>108.9,11.5</gml:coordinates></gml:Point></ogr:geometryProperty>"
    for name, dtd, schema, text, geometry in [
        ("entity_file.gml", f"<!DOCTYPE x [<!ENTITY e SYSTEM 'file://{canary}'>]>", "", "&e;", point),
        ("entity_http.gml", f"<!DOCTYPE x [<!ENTITY e SYSTEM '{host}/e'>]>", "", "&e;", point),
        ("dtd_http.gml", f"<!DOCTYPE x SYSTEM '{host}/x.dtd'>", "", "a", point),
        ("schema_http.gml", "", f"xsi:schemaLocation='http://ogr.maptools.org/ {host}/a.xsd'", "a", point),
        ("schema_file.gml", "", f"xsi:schemaLocation='http://ogr.maptools.org/ {canary}'", "a", point),
        ("xlink_http.gml", "", "", "a", f"<ogr:geometryProperty xlink:href='{host}/g'/>"),
        ("xlink_file.gml", "", "", "a", f"<ogr:geometryProperty xlink:href='file://{canary}#g'/>"),
        ("srs_http.gml", "", "", "a", point.replace("EPSG:4326", f"{host}/crs")),
    ]:
        put(kind, name, gml.format(dtd=dtd, schema=schema, text=text, geometry=geometry).encode())
    kml = "<?xml version='1.0'?>{dtd}<kml xmlns='http://www.opengis.net/kml/2.2'><Document><Placemark><name>{text}</name><Point><coordinates>108.9,11.5</coordinates></Point></Placemark>{more}</Document></kml>"
    put(kind, "network_link.kml", kml.format(dtd="", text="a", more=f"<NetworkLink><Link><href>{host}/n.kml</href></Link></NetworkLink>").encode())
    put(kind, "file_link.kml", kml.format(dtd="", text="a", more=f"<NetworkLink><Link><href>{canary}</href></Link></NetworkLink>").encode())
    put(kind, "schema_link.kml", kml.format(dtd="", text="a", more=f"<Style><IconStyle><Icon><href>{host}/i.png</href></Icon></IconStyle></Style>").encode())
    put(kind, "entity_file.kml", kml.format(dtd=f"<!DOCTYPE x [<!ENTITY e SYSTEM 'file://{canary}'>]>", text="&e;", more="").encode())
    put(kind, "link.geojson", SQUARE.replace(b'"ten"', f'"href":"{host}/x","ten"'.encode()))
    put(kind, "crs_link.geojson", SQUARE.replace(b'"type":"Feature"', f'"type":"Feature","crs":{{"type":"link","properties":{{"href":"{host}/crs","type":"proj4"}}}}'.encode(), 1))
    put(kind, "service.wfs", f"<OGRWFSDataSource><URL>{host}/wfs</URL></OGRWFSDataSource>".encode())
    put(kind, "address.csv", f"ten,wkt\nx,/vsicurl/{host}/a\n".encode())

    kind = "XML and JSON"
    laughs = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)) + "]>"
    put(kind, "laughs.kml", kml.format(dtd=laughs, text="&a11;", more="").encode())
    put(kind, "laughs.gml", gml.format(dtd=laughs, schema="", text="&a11;", geometry=point).encode())
    put(kind, "laughs.gpx", f"<?xml version='1.0'?>{laughs}<gpx version='1.1' xmlns='http://www.topografix.com/GPX/1/1'><wpt lat='11' lon='108'><name>&a11;</name></wpt></gpx>".encode())
    quadratic = "<!DOCTYPE x [<!ENTITY a '" + "h" * 100_000 + "'>]>"
    put(kind, "quadratic.kml", kml.format(dtd=quadratic, text="&a;" * 20_000, more="").encode())
    sheet = f"<?xml version='1.0'?>{laughs}<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData><row r='1'><c r='A1' t='inlineStr'><is><t>&a11;</t></is></c></row></sheetData></worksheet>"
    book = "<?xml version='1.0'?><workbook xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main' xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'><sheets><sheet name='a' sheetId='1' r:id='rId1'/></sheets></workbook>"
    rels = "<?xml version='1.0'?><Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'><Relationship Id='rId1' Type='x/worksheet' Target='worksheets/sheet1.xml'/></Relationships>"
    parts = [("[Content_Types].xml", "<Types/>"), ("xl/workbook.xml", book), ("xl/_rels/workbook.xml.rels", rels)]
    put(kind, "laughs.xlsx", packed(*parts, ("xl/worksheets/sheet1.xml", sheet)))
    far = sheet.replace(laughs, "").replace("&a11;", "x").replace("A1", "XFD1048576").replace("r='1'", "r='1048576'")
    put(kind, "far_cell.xlsx", packed(*parts, ("xl/worksheets/sheet1.xml", far)))
    ods = "<?xml version='1.0'?><office:document-content xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0' xmlns:table='urn:oasis:names:tc:opendocument:xmlns:table:1.0' xmlns:text='urn:oasis:names:tc:opendocument:xmlns:text:1.0'><office:body><office:spreadsheet><table:table table:name='a'><table:table-row table:number-rows-repeated='900000000'><table:table-cell table:number-columns-repeated='900000000' office:value-type='string'><text:p>x</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
    put(kind, "repeated.ods", packed(("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", ods), method=zipfile.ZIP_STORED))
    put(kind, "deep.geojson", b'{"type":"FeatureCollection","features":' + b"[" * 200_000)
    put(kind, "deep.kml", b"<kml>" + b"<Folder>" * 200_000)
    put(kind, "deep_properties.geojson", SQUARE.replace(b'"a"', b'{"a":' * 5000 + b"1" + b"}" * 5000))
    put(kind, "nan.geojson", SQUARE.replace(b"108.91", b"NaN", 1))
    put(kind, "infinite.geojson", SQUARE.replace(b"108.91", b"1e999", 1))
    put(kind, "huge_number.geojson", SQUARE.replace(b"108.91", b"9" * 100_000, 1))
    put(kind, "bom_utf16.geojson", SQUARE.decode().encode("utf-16"))
    put(kind, "many_fields.geojson", SQUARE.replace(b'"ten":"a"', ",".join(f'"f{n}":{n}' for n in range(30_000)).encode()))
    put(kind, "long_name.geojson", SQUARE.replace(b'"ten"', b'"' + b"a" * 1_000_000 + b'"'))
    put(kind, "nul_in_text.geojson", SQUARE.replace(b'"a"', b'"a\\u0000b"'))
    put(kind, "lone_surrogate.geojson", SQUARE.replace(b'"a"', b'"\\ud800"'))
    put(kind, "cut.geojson", SQUARE[: len(SQUARE) // 2])
    put(kind, "lines.geojsonl", SQUARE + b"\n{broken\n" + SQUARE + b"\n")
    ring = ",".join("[108.9,11.5]" for _ in range(200_000))
    put(kind, "one_point_ring.geojson", SQUARE[: SQUARE.index(b"[[[")] + f"[[{ring}]]}}}}".encode())
    put(kind, "topology_out_of_range.topojson", b'{"type":"Topology","objects":{"a":{"type":"LineString","arcs":[99999999]}},"arcs":[]}')
    put(kind, "quote\nnew line.geojson", SQUARE[:50])


def tables(put):
    kind = "CSV"
    put(kind, "wide.csv", ",".join(f"c{n}" for n in range(100_000)).encode() + b"\n")
    put(kind, "one_line.csv", b"ten,lon,lat\n" + b"a" * 30_000_000)
    put(kind, "open_quote.csv", b'ten,lon,lat\n"' + b"a,108.9,11.5\n" * 500_000)
    put(kind, "nul.csv", b"ten,lon,lat\na\0b,108.9,11.5\n")
    put(kind, "infinite.csv", b"ten,lon,lat\na,inf,11.5\nb,nan,nan\nc,1e400,1\nd,108.9,11.5\n")
    put(kind, "formula.csv", b"ten,lon,lat\n=cmd|' /C calc'!A0,108.9,11.5\n")
    put(kind, "sql.csv", b"ten\"; DROP TABLE dothi.layer; --,lon,lat\n'); DROP SCHEMA layers CASCADE; --,108.9,11.5\n")
    put(kind, "wkt_bomb.csv", b"ten,wkt\na,\"" + b"GEOMETRYCOLLECTION(" * 50_000 + b"\"\n")
    put(kind, "utf16.csv", "ten,lon,lat\nđất,108.9,11.5\n".encode("utf-16"))
    put(kind, "random_bytes.csv", b"ten,lon,lat\n" + random.Random(1).randbytes(200_000))


def shp(kind, record=None, claimed=None):
    """A shapefile of one record: .shp and .shx."""
    record = record or struct.pack("<idd", 1, 108.9, 11.5)
    length = claimed or (100 + 8 + len(record))
    box = struct.pack("<8d", 108, 11, 109, 12, 0, 0, 0, 0)
    head = lambda size: struct.pack(">i5ii", 9994, 0, 0, 0, 0, 0, size // 2) + struct.pack("<ii", 1000, kind) + box
    body = struct.pack(">ii", 1, len(record) // 2) + record
    return head(length) + body, head(108) + struct.pack(">ii", 50, len(record) // 2)


def dbf(rows=1, width=10, record=None, fields=1, claimed=None, header=None):
    names = b"".join(f"F{n:09}".encode() + b"\0C" + bytes(4) + bytes([width]) + bytes(15) for n in range(fields))
    record = record if record is not None else 1 + width * fields
    size = header if header is not None else 32 + 32 * fields + 1
    head = struct.pack("<BBBBIHH", 3, 124, 1, 1, claimed if claimed is not None else rows, size & 0xFFFF, record & 0xFFFF) + bytes(20)
    return head + names + b"\r" + b" aaaaaaaaaa" * rows


def shapefiles(put):
    kind = "shapefile"
    point, index = shp(1)
    table = dbf()

    def zipped(name, s=point, x=index, d=table):
        put(kind, name, packed(("a.shp", s), ("a.shx", x), ("a.dbf", d)))

    zipped("good.zip")
    zipped("claims_4_gb.zip", shp(1, claimed=0xFFFFFFF0)[0])
    zipped("index_past_end.zip", x=index[:100] + struct.pack(">ii", 0x7FFFFF00, 10))
    zipped("index_negative.zip", x=index[:100] + struct.pack(">ii", -50, -10))
    zipped("index_of_a_million.zip", x=index[:24] + struct.pack(">i", 4_000_050) + index[28:] + bytes(8_000_000))
    zipped("index_empty.zip", x=b"")
    zipped("polygon_of_2_billion_points.zip", *shp(5, struct.pack("<i4dii", 5, 108, 11, 109, 12, 1, 0x7FFFFFFF) + bytes(64)))
    zipped("polygon_of_2_billion_parts.zip", *shp(5, struct.pack("<i4dii", 5, 108, 11, 109, 12, 0x7FFFFFFF, 4) + bytes(64)))
    zipped("polygon_parts_backwards.zip", *shp(5, struct.pack("<i4dii3i", 5, 108, 11, 109, 12, 3, 4, 3, -1, 2) + bytes(64)))
    zipped("nan_point.zip", *shp(1, struct.pack("<idd", 1, float("nan"), float("inf"))))
    zipped("huge_point.zip", *shp(1, struct.pack("<idd", 1, 1e308, -1e308)))
    zipped("type_that_is_none.zip", *shp(77))
    zipped("type_differs.zip", shp(5, struct.pack("<idd", 1, 108.9, 11.5))[0])
    zipped("table_of_4_billion_rows.zip", d=dbf(claimed=0xFFFFFFFF))
    zipped("table_record_0.zip", d=dbf(record=0))
    zipped("table_record_too_short.zip", d=dbf(record=3))
    zipped("table_record_too_long.zip", d=dbf(record=60_000))
    zipped("table_header_0.zip", d=dbf(header=0))
    zipped("table_of_2000_fields.zip", d=dbf(rows=0, width=1, fields=2000))
    zipped("table_shorter.zip", d=dbf(rows=0))
    zipped("cut_point.zip", point[:105])
    put(kind, "no_shp.dbf", dbf(rows=1000))
    put(kind, "cut.dbf", dbf()[:40])


def databases(put, canary):
    kind = "GeoPackage"

    def gpkg(name, *statements):
        path = canary.parent / "make.gpkg"
        path.unlink(missing_ok=True)
        db = sqlite3.connect(path)
        db.executescript(
            "PRAGMA application_id=1196444487; PRAGMA user_version=10200;"
            "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization TEXT, organization_coordsys_id INTEGER, definition TEXT, description TEXT);"
            "INSERT INTO gpkg_spatial_ref_sys VALUES ('WGS 84', 4326, 'EPSG', 4326, 'GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563]],PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433],AUTHORITY[\"EPSG\",\"4326\"]]', NULL);"
            "CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT, identifier TEXT, description TEXT, last_change TEXT, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER);"
            "CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, geometry_type_name TEXT, srs_id INTEGER, z INTEGER, m INTEGER);"
            "INSERT INTO gpkg_contents VALUES ('a', 'features', 'a', '', '2026-01-01T00:00:00Z', 108, 11, 109, 12, 4326);"
            "INSERT INTO gpkg_geometry_columns VALUES ('a', 'geom', 'POINT', 4326, 0, 0);"
        )
        for statement in statements:
            db.execute(statement)
        db.commit()
        db.close()
        put(kind, name, path.read_bytes())
        path.unlink()

    blob = b"GP\0\1" + struct.pack("<i", 4326) + struct.pack("<BIdd", 1, 1, 108.9, 11.5)
    table = "CREATE TABLE a (fid INTEGER PRIMARY KEY, geom POINT, ten TEXT)"
    gpkg("good.gpkg", table, f"INSERT INTO a VALUES (1, x'{blob.hex()}', 'a')")
    gpkg("endless_view.gpkg", f"CREATE VIEW a AS WITH RECURSIVE c(fid) AS (SELECT 1 UNION ALL SELECT fid + 1 FROM c) SELECT fid, x'{blob.hex()}' AS geom, 'a' AS ten FROM c")
    gpkg("slow_view.gpkg", "CREATE VIEW a AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 4000000000) SELECT max(x) AS fid, NULL AS geom, 'a' AS ten FROM c")
    gpkg("big_blob_view.gpkg", "CREATE VIEW a AS SELECT 1 AS fid, zeroblob(900000000) AS geom, 'a' AS ten")
    gpkg("broken_blob.gpkg", table, "INSERT INTO a VALUES (1, x'47500001', 'a')", "INSERT INTO a VALUES (2, x'00', 'b')")
    lying = blob[:8] + struct.pack("<BII", 1, 2, 0x7FFFFFFF) + bytes(32)
    gpkg("line_of_2_billion.gpkg", table, f"INSERT INTO a VALUES (1, x'{lying.hex()}', 'a')")
    nested = blob[:8] + struct.pack("<BII", 1, 7, 1) * 20_000
    gpkg("nested_collections.gpkg", table, f"INSERT INTO a VALUES (1, x'{nested.hex()}', 'a')")
    gpkg("attach_view.gpkg", table, f"CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT load_extension('{canary}'); END")
    gpkg("invalid_utf8.gpkg", table, f"INSERT INTO a VALUES (1, x'{blob.hex()}', CAST(x'a7ca74ff' AS TEXT))")
    good = (canary.parent / "made/good.gpkg").read_bytes()
    put(kind, "cut.gpkg", good[: len(good) // 2])
    put(kind, "claims_10_gb.gpkg", good[:28] + struct.pack(">I", 2_600_000) + good[32:])
    dice = random.Random(2)
    for n in range(6):
        bytes_ = bytearray(good)
        for _ in range(200):
            bytes_[dice.randrange(100, len(bytes_))] = dice.randrange(256)
        put(kind, f"scratched_{n}.gpkg", bytes(bytes_))


def drawings(put, canary):
    kind = "drawing"
    pair = lambda *codes: "".join(f"{c}\n{v}\n" for c, v in codes)
    begin, end = pair((0, "SECTION"), (2, "ENTITIES")), pair((0, "ENDSEC"), (0, "EOF"))
    block = lambda name, *inside: pair((0, "BLOCK"), (2, name), (10, 0), (20, 0)) + "".join(inside) + pair((0, "ENDBLK"))
    insert = lambda name, *more: pair((0, "INSERT"), (2, name), (10, 0), (20, 0), *more)
    blocks = lambda *b: pair((0, "SECTION"), (2, "BLOCKS")) + "".join(b) + pair((0, "ENDSEC"))
    line = pair((0, "LINE"), (10, 0), (20, 0), (11, 1), (21, 1))
    put(kind, "insert_itself.dxf", (blocks(block("a", insert("a"))) + begin + insert("a") + end).encode())
    tree = [block("b0", line * 10)] + [block(f"b{n}", insert(f"b{n - 1}") * 10) for n in range(1, 10)]
    put(kind, "insert_tree.dxf", (blocks(*tree) + begin + insert("b9") + end).encode())
    put(kind, "insert_grid.dxf", (blocks(block("a", line)) + begin + insert("a", (70, 30000), (71, 30000), (44, 1), (45, 1)) + end).encode())
    put(kind, "polyline_of_a_billion.dxf", (begin + pair((0, "LWPOLYLINE"), (90, 999999999), (10, 0), (20, 0)) + end).encode())
    put(kind, "spline.dxf", (begin + pair((0, "SPLINE"), (70, 0), (71, 32767), (72, 2000000000), (73, 2000000000)) + end).encode())
    put(kind, "long_line.dxf", (begin + pair((0, "TEXT"), (1, "a" * 5_000_000), (10, 0), (20, 0)) + end).encode())
    put(kind, "nan.dxf", (begin + pair((0, "LINE"), (10, "nan"), (20, "inf"), (11, "1e999"), (21, 1)) + end).encode())
    put(kind, "cut.dxf", (begin + line)[:-9].encode())
    dice = random.Random(3)
    put(kind, "random.dwg", b"AC1015" + dice.randbytes(20_000))
    put(kind, "random.dgn", bytes.fromhex("0809fe02") + dice.randbytes(20_000))
    put(kind, "new.dwg", b"AC1032" + bytes(100))
    put(kind, "v8.dgn", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(500))
    tab = '!table\n!version 300\n!charset Neutral\n\nDefinition Table\n  Type NATIVE Charset "Neutral"\n  Fields 1\n    ten Char (10) ;\n'
    put(kind, "no_dat.tab", tab.encode())
    put(kind, "canary.tab", tab.replace("NATIVE", f'LINKED "{canary}"').encode())
    put(kind, "view.tab", f'!table\n!version 100\nopen table "{canary}" Hide\nopen table "../../etc/passwd" Hide\nCreate View v As\nSelect ten\nFrom a, b\nWhere a.x=b.x\n'.encode())
    put(kind, "claims.mif", b'Version 300\nCharset "Neutral"\nDelimiter ","\nColumns 1\n  ten Char(10)\nData\n\nPline 2000000000\n108 11\n109 12\n')


def noise(put):
    kind, dice = "noise", random.Random(4)
    endings = "shp dbf gpkg geojson json topojson geojsonl kml kmz csv tsv fgb gml tab mif dxf gdb gpx xlsx ods dgn dwg zip".split()
    for ending in endings:
        put(kind, f"noise.{ending}", dice.randbytes(5000))
        put(kind, f"empty.{ending}", b"")
        put(kind, f"zeros.{ending}", bytes(5000))
    put(kind, "noise.fgb.bin", bytes.fromhex("6667620366676201") + dice.randbytes(5000))
    put(kind, "magic.fgb", bytes.fromhex("6667620366676201") + struct.pack("<I", 0xFFFFFFF0) + dice.randbytes(500))
    for name, magic in [("a.pdf", b"%PDF-1.7"), ("a.rar", b"Rar!\x1a\x07\0"), ("a.7z", b"7z\xbc\xaf\x27\x1c"), ("a.mdb", b"\0\1\0\0Standard Jet DB"), ("a.ecw", b"ecw"), ("a.sid", b"msid"), ("a.tif", b"II*\0"), ("a.gz", b"\x1f\x8b\x08"), ("a.xls", bytes.fromhex("d0cf11e0a1b11ae1"))]:
        put(kind, name, magic + bytes(200))
