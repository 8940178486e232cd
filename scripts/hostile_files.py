"""Files made to do harm, for scripts/hostile.py: bombs, lies, ways out of the sandbox."""

import io
import math
import os
import random
import struct
import zipfile
import zlib

import hostile_mutants
import hostile_rasters
from hostile_make import CONTENTS, geopackage, link, packed

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
    systems(put, canary)
    special(folder, canary)
    noise(put)
    hostile_rasters.make(put, canary)
    hostile_mutants.make(put, canary.parent)


def bomb(name, megabytes):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z, z.open(name, "w", force_zip64=True) as f:
        for _ in range(megabytes):
            f.write(bytes(1 << 20))
    return out.getvalue()


def entry_of_mode(name, mode, data):
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, mode << 16
    return packed((entry, data))


def raw_zip(locals_, entries):
    """A zip by hand: local parts as they are, and central entries (name, offset, packed size, size, checksum)."""
    out, central = b"".join(locals_), b""
    for name, offset, packed_size, size, crc in entries:
        central += struct.pack("<4s6HIIIHHHHHII", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, packed_size, size, len(name), 0, 0, 0, 0, 0, offset) + name
    return out + central + struct.pack("<4s4HIIH", b"PK\5\6", 0, 0, len(entries) & 0xFFFF, len(entries) & 0xFFFF, len(central), len(out), 0)


def overlapping(put, kind):
    """Many names for one entry (Fifield, A better zip bomb, WOOT 2019), and entries that are larger than they say."""
    def local(name, data, claimed):
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        body = packer.compress(data) + packer.flush()
        head = struct.pack("<4s5HIIIHH", b"PK\3\4", 20, 0, 8, 0, 0, zlib.crc32(data), len(body), claimed, len(name), 0) + name
        return head + body, len(body), zlib.crc32(data)

    zeros = bytes(10 << 20)
    part, size, crc = local(b"a.dbf", zeros, len(zeros))
    put(kind, "bomb_overlap.zip", raw_zip([part], [(f"{n}.dbf".encode(), 0, size, len(zeros), crc) for n in range(5000)]))
    part, size, crc = local(b"a.geojson", SQUARE, len(SQUARE))
    put(kind, "one_entry_of_300_names.zip", raw_zip([part], [(f"{n}.geojson".encode(), 0, size, len(SQUARE), crc) for n in range(300)]))
    text = b"ten,lon,lat\n" + b"a,108.9,11.5\n" * 25_000_000
    part, size, crc = local(b"a.csv", text, 100)
    put(kind, "claims_100_bytes.zip", raw_zip([part], [(b"a.csv", 0, size, 100, crc)]))
    part, size, crc = local(b"a.geojson", b'{"type":"FeatureCollection","features":[' + SQUARE + b"," * 400_000_000, 300)
    put(kind, "claims_300_bytes.zip", raw_zip([part], [(b"a.geojson", 0, size, 300, crc)]))


def strange_names(put, kind):
    for name, inside in [
        ("name_with_nul.zip", b"a.geojson\0.txt"),
        ("name_with_newline.zip", b"a\n\r\x1b[31m.geojson"),
        ("name_of_60000_letters.zip", b"a" * 60_000 + b".geojson"),
        ("name_not_utf8.zip", b"\xff\xfe\xa7\xb6t.geojson"),
        ("name_backwards.zip", "a\u202enosjoeg.geojson".encode()),
        ("name_of_points.zip", b"....//....//x.geojson"),
        ("name_with_quotes.zip", b"a';DROP TABLE layers.x;--\".geojson"),
        ("name_of_vsi.zip", b"vsicurl/http:/127.0.0.1/a.geojson"),
        ("name_empty.zip", b""),
        ("name_brace.zip", b"}/a.geojson"),
    ]:
        head = struct.pack("<4s5HIIIHH", b"PK\3\4", 20, 0, 0, 0, 0, zlib.crc32(SQUARE), len(SQUARE), len(SQUARE), len(inside), 0)
        central = struct.pack("<4s6HIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 0, zlib.crc32(SQUARE), len(SQUARE), len(SQUARE), len(inside), 0, 0, 0, 0, 0, 0) + inside
        out = head + inside + SQUARE
        put(kind, name, out + central + struct.pack("<4s4HIIH", b"PK\5\6", 0, 0, 1, 1, len(central), len(out), 0))


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
    put(kind, "link_canary.zip", packed(link("a.csv", canary)))
    put(kind, "link_passwd.zip", packed(link("a.csv", "/etc/passwd")))
    put(kind, "many_entries.zip", packed(*((f"{n}.txt", b"") for n in range(70_000)), method=zipfile.ZIP_STORED))
    put(kind, "deep.zip", packed(("a/" * 200 + "x.geojson", SQUARE)))
    good = packed(("a.geojson", SQUARE))
    put(kind, "cut.zip", good[: len(good) // 2])
    at = good.index(b"PK\x01\x02")
    put(kind, "claims_10_gb.zip", good[: at + 24] + struct.pack("<I", 0xFFFFFFF0) + good[at + 28 :])
    put(kind, "wrong_crc.zip", good[:14] + b"\0\0\0\0" + good[18:])
    put(kind, "same_name_twice.zip", packed(("a.geojson", SQUARE), ("A.GEOJSON", SQUARE)))
    put(kind, "shp_without_parts.zip", packed(("a.shp", shp(1)[0])))
    overlapping(put, kind)
    strange_names(put, kind)
    nested = packed(("a.geojson", SQUARE))
    for _ in range(20):
        nested = packed(("a.zip", nested))
    put(kind, "nested_20.zip", nested)
    put(kind, "in_itself.zip", packed(("a.gml", "x"), ("a.zip/a.geojson", SQUARE)))
    put(kind, "device.zip", entry_of_mode("a.csv", 0o020666, b""))
    put(kind, "pipe.zip", entry_of_mode("a.csv", 0o010666, b""))
    put(kind, "folder_link.zip", packed(link("a", canary.parent)))
    put(kind, "setuid.zip", entry_of_mode("a.geojson", 0o104755, SQUARE))
    put(kind, "locked.zip", good[:6] + b"\1\0" + good[8:at + 8] + b"\1\0" + good[at + 10 :])
    put(kind, "unknown_method.zip", good[:8] + b"\x63\0" + good[10:at + 10] + b"\x63\0" + good[at + 12 :])
    put(kind, "two_ends.zip", good + packed(("b.geojson", SQUARE)))
    put(kind, "end_in_comment.zip", good[:-2] + struct.pack("<H", 22) + b"PK\5\6" + bytes(18))
    put(kind, "something_before.zip", b"#!/bin/sh\n" + good)
    put(kind, "no_entries.zip", b"PK\5\6" + bytes(18))
    put(kind, "claims_65535_entries.zip", good[:-14] + b"\xff\xff\xff\xff" + good[-10:])
    put(kind, "directory_past_end.zip", good[:-6] + b"\xf0\xff\xff\x7f" + good[-2:])
    put(kind, "many_shapefiles.zip", packed(*((f"l{n}.{e}", d) for n in range(200) for e, d in zip(("shp", "shx", "dbf"), (*shp(1), dbf())))))
    put(kind, "many_datasets.zip", packed(*((f"l{n}.csv", "ten,lon,lat\na,108.9,11.5\n") for n in range(1500))))
    put(kind, "out_of.kmz", packed(("../../doc.kml", "<kml/>"), ("doc.kml", "<kml/>")))
    put(kind, "out_of.xlsx", packed(("../xl/workbook.xml", "<x/>"), ("xl/workbook.xml", "<x/>")))
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

    put(kind, "schema_inside.zip", packed(("a.gml", gml.format(dtd="", schema="", text="a", geometry=point)), ("a.xsd", f"<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:include schemaLocation='{host}/b.xsd'/><xs:import namespace='x' schemaLocation='{canary}'/></xs:schema>")))
    put(kind, "template_inside.zip", packed(("a.gml", gml.format(dtd="", schema="", text="a", geometry=point)), ("a.gfs", f"<GMLFeatureClassList><GMLFeatureClass><Name>a</Name><ElementPath>a</ElementPath><SRSName>{canary}</SRSName><PropertyDefn><Name>ten</Name><ElementPath>../../{canary}</ElementPath><Type>String</Type><Width>2000000000</Width></PropertyDefn></GMLFeatureClass></GMLFeatureClassList>")))
    put(kind, "stylesheet.kml", kml.format(dtd=f"<?xml-stylesheet href='{host}/x.xsl'?>", text="a", more=f"<Schema><SimpleField type='string' name='x'/></Schema><Link><href>file://{canary}</href></Link>").encode())
    put(kind, "include.gpx", f"<?xml version='1.0'?><!DOCTYPE gpx [<!ENTITY % d SYSTEM '{host}/d'> %d;]><gpx version='1.1' xmlns='http://www.topografix.com/GPX/1/1'><wpt lat='11' lon='108'><link href='file://{canary}'/></wpt></gpx>".encode())
    inside = f"<!DOCTYPE x [<!ENTITY e SYSTEM 'file://{canary}'>]>"
    put(kind, "entity_file.xlsx", workbook(inside, "&e;"))
    put(kind, "entity_file.ods", spreadsheet(inside, "<table:table-row><table:table-cell office:value-type='string'><text:p>&e;</text:p></table:table-cell></table:table-row>"))

    kind = "XML and JSON"
    laughs = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)) + "]>"
    put(kind, "laughs.kml", kml.format(dtd=laughs, text="&a11;", more="").encode())
    put(kind, "laughs.gml", gml.format(dtd=laughs, schema="", text="&a11;", geometry=point).encode())
    put(kind, "laughs.gpx", f"<?xml version='1.0'?>{laughs}<gpx version='1.1' xmlns='http://www.topografix.com/GPX/1/1'><wpt lat='11' lon='108'><name>&a11;</name></wpt></gpx>".encode())
    quadratic = "<!DOCTYPE x [<!ENTITY a '" + "h" * 100_000 + "'>]>"
    put(kind, "quadratic.kml", kml.format(dtd=quadratic, text="&a;" * 20_000, more="").encode())
    put(kind, "laughs.xlsx", workbook(laughs, "&a11;"))
    put(kind, "laughs_shared.xlsx", workbook("", "0", kind="s", strings=f"<?xml version='1.0'?>{laughs}<sst><si><t>&a11;</t></si></sst>"))
    put(kind, "shared_past_end.xlsx", workbook("", "2000000000", kind="s", strings="<sst><si><t>x</t></si></sst>"))
    put(kind, "far_cell.xlsx", workbook("", "x", cell="XFD1048576", row=1048576))
    put(kind, "negative_cell.xlsx", workbook("", "x", cell="-1", row=-5))
    put(kind, "repeated.ods", spreadsheet("", "<table:table-row table:number-rows-repeated='900000000'><table:table-cell table:number-columns-repeated='900000000' office:value-type='string'><text:p>x</text:p></table:table-cell></table:table-row>"))
    put(kind, "laughs.ods", spreadsheet(laughs, "<table:table-row><table:table-cell office:value-type='string'><text:p>&a11;</text:p></table:table-cell></table:table-row>"))
    formula = "of:=" + "(" * 50_000 + "1" + ")" * 50_000
    put(kind, "deep_formula.ods", spreadsheet("", f"<table:table-row><table:table-cell table:formula='{formula}' office:value-type='float' office:value='1'/></table:table-row>"))
    put(kind, "formula_in_itself.ods", spreadsheet("", "<table:table-row><table:table-cell table:formula='of:=[.A1]+[.A1]' office:value-type='float'/></table:table-row>"))
    put(kind, "utf16.kml", kml.format(dtd="", text="đất", more="").replace("<?xml version='1.0'?>", "<?xml version='1.0' encoding='UTF-16'?>").encode("utf-16"))
    put(kind, "lying_encoding.kml", kml.format(dtd="", text="đất", more="").replace("<?xml version='1.0'?>", "<?xml version='1.0' encoding='UTF-32'?>").encode())
    put(kind, "wrong_utf8.kml", kml.format(dtd="", text="x", more="").encode().replace(b">x<", b">\xff\xfe\xc0\x80<"))
    put(kind, "many_folders.kml", ("<?xml version='1.0'?><kml xmlns='http://www.opengis.net/kml/2.2'><Document>" + "".join(f"<Folder><name>l{n}</name><Placemark><Point><coordinates>108.9,11.5</coordinates></Point></Placemark></Folder>" for n in range(5000)) + "</Document></kml>").encode())
    put(kind, "many_attributes.kml", ("<kml " + " ".join(f"a{n}='1'" for n in range(100_000)) + "></kml>").encode())
    put(kind, "many_coordinates.kml", kml.format(dtd="", text="a", more="<Placemark><LineString><coordinates>" + "108.9,11.5 " * 500_000 + "</coordinates></LineString></Placemark>").encode())
    put(kind, "dimension.gml", gml.format(dtd="", schema="", text="a", geometry="<ogr:geometryProperty><gml:LineString srsDimension='2000000000'><gml:posList>1 2 3 4</gml:posList></gml:LineString></ogr:geometryProperty>").encode())
    put(kind, "deep_geometry.gml", gml.format(dtd="", schema="", text="a", geometry="<ogr:geometryProperty>" + "<gml:MultiGeometry><gml:geometryMember>" * 20_000 + "</gml:geometryMember></gml:MultiGeometry>" * 20_000 + "</ogr:geometryProperty>").encode())
    put(kind, "arc_of_a_million_steps.gml", gml.format(dtd="", schema="", text="a", geometry="<ogr:geometryProperty><gml:Curve srsName='EPSG:32649'><gml:segments><gml:ArcByCenterPoint numArc='1'><gml:pos>1 2</gml:pos><gml:radius>1e300</gml:radius><gml:startAngle>-1e300</gml:startAngle><gml:endAngle>1e300</gml:endAngle></gml:ArcByCenterPoint></gml:segments></gml:Curve></ogr:geometryProperty>").encode())
    put(kind, "million_deep.geojson", SQUARE[: SQUARE.index(b"[[[")] + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}}")
    collection = b'{"type":"GeometryCollection","geometries":['
    put(kind, "deep_collection.geojson", SQUARE[: SQUARE.index(b'{"type":"Polygon"')] + collection * 5000 + b"]}" * 5000 + b"}")
    put(kind, "collection_40_deep.geojson", SQUARE[: SQUARE.index(b'{"type":"Polygon"')] + collection * 40 + b'{"type":"Point","coordinates":[108.9,11.5]}' + b"]}" * 40 + b"}")
    put(kind, "same_key_twice.geojson", SQUARE.replace(b'"ten":"a"', b'"ten":"a","ten":1,"TEN":[1],"Ten":{}'))
    put(kind, "reserved_fields.geojson", SQUARE.replace(b'"ten":"a"', b'"fid":"x","geom":1,"ctid":2,"\\";DROP TABLE dothi.layer;--":3,"":4," ":5,"\\u0000":6,"tableoid":7'))
    put(kind, "ids.geojson", b'{"type":"FeatureCollection","features":[' + b",".join(SQUARE.replace(b'"Feature"', b'"Feature","id":' + i) for i in (b"-9223372036854775808", b"9223372036854775807", b"1e300", b'"x"', b"{}", b"null", b"1", b"1")) + b"]}")
    put(kind, "bom.geojson", b"\xef\xbb\xbf" + SQUARE)
    put(kind, "far_coordinates.geojson", SQUARE.replace(b"108.91", b"1e308", 1))
    put(kind, "five_thousand_fields.geojson", SQUARE.replace(b'"ten":"a"', ",".join(f'"f{n}":{n}' for n in range(5000)).encode()))
    put(kind, "arcs_of_themselves.topojson", b'{"type":"Topology","objects":{"a":{"type":"GeometryCollection","geometries":[' + b'{"type":"GeometryCollection","geometries":[' * 3000 + b"]}" * 3000 + b']}},"arcs":[[[0,0],[1e300,1e300],[-1,"x"]]]}')
    put(kind, "transform.topojson", b'{"type":"Topology","transform":{"scale":[1e308,1e308],"translate":[1e308,0]},"objects":{"a":{"type":"LineString","arcs":[0]}},"arcs":[[[9,9],[9,9]]]}')
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


def workbook(dtd, value, cell="A1", row=1, kind="inlineStr", strings=None):
    text = f"<v>{value}</v>" if kind == "s" else f"<is><t>{value}</t></is>"
    sheet = f"<?xml version='1.0'?>{dtd}<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData><row r='{row}'><c r='{cell}' t='{kind}'>{text}</c></row></sheetData></worksheet>"
    book = "<?xml version='1.0'?><workbook xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main' xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'><sheets><sheet name='a' sheetId='1' r:id='rId1'/></sheets></workbook>"
    rels = "<?xml version='1.0'?><Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'><Relationship Id='rId1' Type='x/worksheet' Target='worksheets/sheet1.xml'/></Relationships>"
    types = "<?xml version='1.0'?><Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'><Override PartName='/xl/workbook.xml' ContentType='application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml'/></Types>"
    parts = [("[Content_Types].xml", types), ("xl/workbook.xml", book), ("xl/_rels/workbook.xml.rels", rels), ("xl/worksheets/sheet1.xml", sheet)]
    return packed(*parts, *([("xl/sharedStrings.xml", strings)] if strings else []))


def spreadsheet(dtd, rows):
    content = f"<?xml version='1.0'?>{dtd}<office:document-content xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0' xmlns:table='urn:oasis:names:tc:opendocument:xmlns:table:1.0' xmlns:text='urn:oasis:names:tc:opendocument:xmlns:text:1.0'><office:body><office:spreadsheet><table:table table:name='a'>{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    return packed(("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", content), method=zipfile.ZIP_STORED)


def tables(put):
    kind = "CSV"
    put(kind, "wide.csv", ",".join(f"c{n}" for n in range(100_000)).encode() + b"\n")
    put(kind, "one_line.csv", b"ten,lon,lat\n" + b"a" * 30_000_000)
    put(kind, "quoted_line.csv", b'ten,lon,lat\n"' + b"a\n" * 15_000_000)
    put(kind, "no_line_at_all.csv", b",")
    put(kind, "same_names.csv", b"ten,TEN,ten,,,lon,lat\na,b,c,d,e,108.9,11.5\n")
    put(kind, "reserved_names.csv", b"fid,geom,ctid,lon,lat\n1,2,3,108.9,11.5\n1,2,3,108.9,11.5\n")
    put(kind, "ragged.csv", b"ten,lon,lat\na\n" + b"b,108.9,11.5,x,y,z\n" + b"c,108.9,11.5\n")
    put(kind, "bom_lines.csv", b"\xef\xbb\xbften,lon,lat\r\na,108.9,11.5\rb,108.9,11.5\n\n\n")
    put(kind, "huge_values.csv", b"ten,lon,lat\n" + b"9" * 400 + b",108.9,11.5\n" + b"1e999,1e308,-1e308\n")
    put(kind, "aside_of_megabytes.csv", b"ten,lon,lat\n" + (b"a" * 200_000 + b",x,y\n") * 500 + b"b,108.9,11.5\n" * 600)
    put(kind, "million_wide_wkt.csv", b"ten,wkt\na,\"MULTIPOINT(" + b"108.9 11.5," * 999_999 + b"108.9 11.5)\"\n")
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
    ring = [(580_000 + 5000 * math.cos(a), 1_280_000 + 5000 * math.sin(a)) for a in (-2 * math.pi * n / 1_000_000 for n in range(1_000_000))]
    ring.append(ring[0])
    circle = b"".join(struct.pack("<2d", *p) for p in ring)
    zipped("ring_of_a_million.zip", *shp(5, struct.pack("<i4diii", 5, 575_000, 1_275_000, 585_000, 1_285_000, 1, len(ring), 0) + circle))
    dice = random.Random(5)
    star = b"".join(struct.pack("<2d", 580_000 + dice.random() * 5000, 1_280_000 + dice.random() * 5000) for _ in range(3000))
    zipped("ring_that_crosses_itself_everywhere.zip", *shp(5, struct.pack("<i4diii", 5, 580_000, 1_280_000, 585_000, 1_285_000, 1, 3001, 0) + star + star[:16]))
    put(kind, "no_shp.dbf", dbf(rows=1000))
    put(kind, "cut.dbf", dbf()[:40])


def databases(put, canary):
    kind = "GeoPackage"

    def gpkg(name, *statements):
        system = "'WGS 84', 4326, 'EPSG', 4326, 'GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563]],PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433],AUTHORITY[\"EPSG\",\"4326\"]]', NULL"
        script = (
            CONTENTS + "CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, geometry_type_name TEXT, srs_id INTEGER, z INTEGER, m INTEGER);"
            "INSERT INTO gpkg_contents VALUES ('a', 'features', 'a', '', '2026-01-01T00:00:00Z', 108, 11, 109, 12, 4326);"
            "INSERT INTO gpkg_geometry_columns VALUES ('a', 'geom', 'POINT', 4326, 0, 0);"
        )
        put(kind, name, geopackage(canary.parent / "make.gpkg", system, script, *statements))

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
    # Rows without end, without a row, or out of all proportion.
    gpkg("endless_join.gpkg", "CREATE TABLE b (x)", "INSERT INTO b WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 1000) SELECT x FROM c", f"CREATE VIEW a AS SELECT b.rowid AS fid, x'{blob.hex()}' AS geom, 'a' AS ten FROM b, b b2, b b3, b b4")
    gpkg("join_without_rows.gpkg", "CREATE TABLE b (x)", "INSERT INTO b WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 1000) SELECT x FROM c", "CREATE VIEW a AS SELECT b.rowid AS fid, NULL AS geom, 'a' AS ten FROM b, b b2, b b3, b b4 WHERE b.x + b2.x + b3.x + b4.x < 0")
    nowhere = blob[:13] + struct.pack("<dd", float("inf"), 1)
    many = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 90000)"
    gpkg("aside_of_gigabytes.gpkg", f"CREATE VIEW a AS {many} SELECT x AS fid, x'{nowhere.hex()}' AS geom, printf('%.*c', 200000, 'a') AS ten FROM c")
    gpkg("texts_of_gigabytes.gpkg", f"CREATE VIEW a AS {many} SELECT x AS fid, x'{blob.hex()}' AS geom, printf('%.*c', 900000, 'a') AS ten FROM c")
    gpkg("text_of_a_gigabyte.gpkg", "CREATE VIEW a AS SELECT 1 AS fid, NULL AS geom, printf('%.*c', 999999999, 'a') AS ten")
    # Ways to code and files.
    gpkg("load_extension_view.gpkg", f"CREATE VIEW a AS SELECT 1 AS fid, NULL AS geom, load_extension('{canary}') AS ten")
    gpkg("read_file_view.gpkg", f"CREATE VIEW a AS SELECT 1 AS fid, NULL AS geom, readfile('{canary}') AS ten")
    for name, module in [("ogr", f"VirtualOGR('{canary}')"), ("shape", f"VirtualShape('{canary}', 'UTF-8', 4326)"), ("text", f"VirtualText('{canary}', 'UTF-8')"), ("csv", f"csv(filename='{canary}')")]:
        gpkg(f"virtual_{name}.gpkg", table, "PRAGMA writable_schema=ON", f"INSERT INTO sqlite_master VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING {module.replace(chr(39), chr(39) * 2)}')", "INSERT INTO gpkg_contents VALUES ('v', 'attributes', 'v', '', '2026-01-01T00:00:00Z', NULL, NULL, NULL, NULL, NULL)")
    gpkg("attach_in_schema.gpkg", table, "PRAGMA writable_schema=ON", f"UPDATE sqlite_master SET sql = 'CREATE TABLE a (fid INTEGER PRIMARY KEY, geom POINT, ten TEXT); ATTACH ''{canary}'' AS x' WHERE name = 'a'")
    gpkg("trigger_on_read.gpkg", table, "CREATE TRIGGER t INSTEAD OF UPDATE ON v BEGIN SELECT 1; END" if False else "CREATE TABLE log (x)", "CREATE TRIGGER t AFTER UPDATE ON a BEGIN INSERT INTO log VALUES (1); END", f"INSERT INTO a VALUES (1, x'{blob.hex()}', 'a')")
    gpkg("deep_view.gpkg", table, *(f"CREATE VIEW v{n} AS SELECT * FROM {'a' if n == 0 else f'v{n - 1}'} UNION ALL SELECT * FROM {'a' if n == 0 else f'v{n - 1}'}" for n in range(40)), "INSERT INTO gpkg_contents VALUES ('v39', 'attributes', 'v39', '', '2026-01-01T00:00:00Z', NULL, NULL, NULL, NULL, NULL)")
    # Names and types.
    hard = '"";DROP TABLE dothi.layer;--'
    gpkg("hard_names.gpkg", f'CREATE TABLE a (fid INTEGER PRIMARY KEY, geom POINT, "{hard}" TEXT, "geom " TEXT, "FID " TEXT, "ctid" TEXT)', f"INSERT INTO a VALUES (1, x'{blob.hex()}', 'a', 'b', 'c', 'd')")
    gpkg("hard_layer_name.gpkg", table, f"INSERT INTO a VALUES (1, x'{blob.hex()}', 'a')", "UPDATE gpkg_contents SET identifier = '\";DROP TABLE dothi.layer;--' || char(10) || char(0) || char(27)")
    gpkg("two_thousand_columns.gpkg", "CREATE TABLE a (fid INTEGER PRIMARY KEY, geom POINT, " + ", ".join(f"c{n} TEXT" for n in range(1900)) + ")", f"INSERT INTO a (fid, geom) VALUES (1, x'{blob.hex()}')")
    gpkg("types_that_lie.gpkg", "CREATE TABLE a (fid INTEGER PRIMARY KEY, geom POINT, so INTEGER, thuc DOUBLE, ngay DATE, luc DATETIME, co BOOLEAN, anh BLOB)", f"INSERT INTO a VALUES (1, x'{blob.hex()}', 'chữ', 'chữ', '2026-99-99', 'không', 17, 5)", f"INSERT INTO a VALUES (2, x'{blob.hex()}', 9223372036854775807, 1e999, '', NULL, 'x', zeroblob(9))")
    gpkg("nan_and_far.gpkg", table, *(f"INSERT INTO a VALUES ({n}, x'{(blob[:13] + struct.pack('<dd', x, y)).hex()}', 'a')" for n, (x, y) in enumerate([(float("nan"), float("nan")), (float("inf"), 0), (1e308, -1e308), (108.9, 11.5)])))
    gpkg("table_that_is_not.gpkg")
    gpkg("contents_are_a_view.gpkg", table, "ALTER TABLE gpkg_contents RENAME TO c", "CREATE VIEW gpkg_contents AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT 'a' || x AS table_name, 'features' AS data_type, 'a' || x AS identifier, '' AS description, '2026-01-01T00:00:00Z' AS last_change, 0.0 AS min_x, 0.0 AS min_y, 1.0 AS max_x, 1.0 AS max_y, 4326 AS srs_id FROM n")
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


def systems(put, canary):
    """Coordinate systems that name files, which PROJ would open, and ones that are none."""
    kind = "coordinate system"
    point, index = shp(1, struct.pack("<idd", 1, 580_361.4, 1_279_032.3))
    frame = 'PROJCS["x",GEOGCS["x",DATUM["x",SPHEROID["x",6378137,298.25]{more}],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",{meridian}],PARAMETER["scale_factor",{scale}],PARAMETER["false_easting",{east}],PARAMETER["false_northing",0],UNIT["metre",1]{end}]'
    usual = {"more": "", "meridian": 108.1, "scale": 0.99985, "east": 500_000, "end": ""}
    grid = f'EXTENSION["PROJ4_GRIDS","{canary}"]'
    for name, system in [
        ("grid.zip", frame.format(**{**usual, "more": "," + grid})),
        ("grid_device.zip", frame.format(**{**usual, "more": ',EXTENSION["PROJ4_GRIDS","/dev/zero"]'})),
        ("proj_text.zip", frame.format(**{**usual, "end": f',EXTENSION["PROJ4","+proj=tmerc +lon_0=108.1 +ellps=WGS84 +nadgrids={canary} +no_defs"]'})),
        ("proj_string.zip", f"+proj=longlat +ellps=WGS84 +nadgrids={canary} +no_defs"),
        ("init_string.zip", f"+init={canary}:1"),
        ("wrong_code.zip", frame.format(**{**usual, "end": ',AUTHORITY["EPSG","99999999"]'})),
        ("code_of_another.zip", frame.format(**{**usual, "end": ',AUTHORITY["EPSG","3857"]'})),
        ("infinite_scale.zip", frame.format(**{**usual, "scale": "1e999"})),
        ("nan_meridian.zip", frame.format(**{**usual, "meridian": "nan"})),
        ("scale_0.zip", frame.format(**{**usual, "scale": 0})),
        ("deep.zip", "PROJCS[" * 20_000),
        ("megabytes.zip", 'LOCAL_CS["' + "a" * 5_000_000 + '"]'),
        ("url.zip", "http://127.0.0.1:9/crs"),
        ("path.zip", str(canary)),
    ]:
        put(kind, f"crs_{name}", packed(("a.shp", point), ("a.shx", index), ("a.dbf", dbf()), ("a.prj", system)))


def special(folder, canary):
    """What is no plain file."""
    os.mkfifo(folder / "pipe.csv")
    (folder / "device.csv").symlink_to("/dev/zero")
    (folder / "link.csv").symlink_to(canary)
    (folder / "self.csv").symlink_to("self.csv")
    inside = folder / "pipe.folder"
    inside.mkdir()
    os.mkfifo(inside / "pipe.csv")
    outside = folder / "links.folder"
    outside.mkdir()
    (outside / "canary.csv").symlink_to(canary)
    (outside / "round").symlink_to(outside)
    (outside / "root").symlink_to("/")
    (outside / "good.geojson").write_bytes(SQUARE)
    with open(folder / "one_gigabyte_of_nothing.csv", "wb") as file:
        file.truncate(1 << 30)
    for name in ("pipe.csv", "device.csv", "link.csv", "self.csv", "pipe.folder", "links.folder", "one_gigabyte_of_nothing.csv"):
        KINDS[name] = "no plain file"


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
