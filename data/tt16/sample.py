#!/usr/bin/env python3
"""Makes a planning package after Circular 16/2025/TT-BXD: `python3 data/tt16/sample.py FOLDER [--as gdb|gpkg|shp] [--zip] [--fault NAME …]`.

Invented and without legal value, as its titles and every feature say (dữ liệu minh họa). Classes and fields are those of
the tables beside this file. Without `--fault` the package conforms; each fault is one thing that does not. Needs ogr2ogr.
"""

import argparse
import csv
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from plan.write import wkb, WKT  # noqa: E402

PLAN = "CSDL_PhanKhuMinhHoa"
NOTE = "Dữ liệu minh họa"
SRID, DOSSIER, INFORMATION = 9217, "56QPK0010001", "562621012345"
EAST, NORTH = 579000, 1279000
STATES = {"GL": "Giữ lại", "CT": "Cải tạo", "XM": "Xây dựng mới"}
SQL = {"text": "TEXT", "real": "FLOAT", "whole": "SMALLINT", "date": "DATETIME"}
FAULTS = ["theme", "plan", "field", "type", "length", "geometry", "crs", "zone", "unknown_layer", "unknown_field",
          "long", "code", "empty", "domain", "dossiers", "coverage", "indicator"]
# Level 1, 2 and 3 of what a lot is for, symbol, coverage, storeys, ratio.
USES = [("Đất dân dụng", "Nhóm nhà ở", "Nhóm nhà ở", "NO", "≤80", "3–5", "≤4,0"),
        ("Đất dân dụng", "Hỗn hợp nhóm nhà ở và dịch vụ", "Hỗn hợp", "HH", "≤60", "5–15", "≤6,0"),
        ("Đất dân dụng", "Trường mầm non, tiểu học, THCS", "Trường tiểu học", "TH", "≤40", "≤3", "≤1,2"),
        ("Đất dân dụng", "Y tế", "Trạm y tế", "YT", "≤40", "≤3", "≤1,2"),
        ("Đất dân dụng", "Cây xanh sử dụng công cộng", "Công viên", "CX", "≤5", "1", "≤0,05"),
        ("Đất dân dụng", "Văn hóa", "Nhà văn hóa", "VH", "≤40", "≤3", "≤1,2"),
        ("Đất dân dụng", "Bãi đỗ xe", "Bãi đỗ xe", "BX", "≤60", "1–3", "≤1,8"),
        ("Đất ngoài dân dụng", "Khu dịch vụ du lịch", "Dịch vụ du lịch", "DL", "≤40", "3–9", "≤3,0"),
        ("Đất khác", "Hồ, ao, đầm", "Hồ điều hòa", "MN", "0", "0", "0")]


def table(name):
    with open(HERE / f"{name}.tsv", encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


MINIMUM = ["maThongTinQH", "maHoSoQH", "maDoiTuong", "tenDoiTuong", "phanLoai", "ghiChu"]
LENGTHS = dict(zip(MINIMUM, [15, 15, 100, 100, 250, 250]))
CLASSES = {(c["theme"], c["class"]): c for c in table("classes")}


def fields(theme, name):
    """Field → kind of a class, in the circular's order."""
    own = [f.partition(":") for f in CLASSES[theme, name]["fields"].split()]
    planned = ["loaiQuyHoach", "loaiDieuChinh", "capDoQuyHoach"] if theme == "QuyHoach" else []
    return dict([(f, "text") for f in MINIMUM] + [(f, kind or "text") for f, _, kind in own] + [(f, "text") for f in planned])


def cm(*points):
    return [(round((EAST + x) * 100), round((NORTH + y) * 100)) for x, y in points]


def box(x, y, w, h):
    return cm((x, y), (x + w, y), (x + w, y + h), (x, y + h))


def lots():
    """Three rows of six lots of 90 by 70 metres, with streets of 20 metres between them."""
    for n in range(18):
        col, row = n % 6, n // 6
        yield n, 110 * col, 90 * row, USES[(n * 4 + row) % len(USES)]


def features():
    """{(theme, class): [(kind, points, values)]}"""
    width, height = 6 * 110 + 20, 3 * 90 + 20
    site = box(-20, -20, width, height)
    plan = {"tyLe": "1/2000", "tenDoAn": "Quy hoạch phân khu minh họa", "diaDiemQH": "Khu vực Phan Rang – Tháp Chàm (minh họa)",
            "dienTichQH": round(width * height / 1e4, 2), "danSoHienTrang": 1200, "danSoQuyHoach": 3400, "soQDQH": "00/QĐ-MH",
            "ngayQDQH": "2026-01-01T00:00:00Z", "coQuanPheduyet": "Cơ quan phê duyệt (minh họa)", "donViTuVan": "Đơn vị tư vấn (minh họa)",
            "tenDoiTuong": "Ranh giới quy hoạch"}
    streets = [("Đường D%d" % (i + 1), cm((110 * i - 10, -20), (110 * i - 10, height - 20))) for i in range(7)]
    streets += [("Đường N%d" % (i + 1), cm((-20, 90 * i - 10), (width - 20, 90 * i - 10))) for i in range(4)]
    road = lambda name, line: ("LineString", line, {"tenDuong": name, "loaiDuong": "Đường khu vực", "loGioi": "20", "longDuong": "12", "viaHe": "4",
                               "chieuDai": float(abs(line[0][0] - line[-1][0]) + abs(line[0][1] - line[-1][1])) / 100, "trangThaiQuyHoach": "XM"})
    land, cells, red, build, trees = [], [], [], [], []
    for n, x, y, (one, two, three, symbol, cover, storeys, ratio) in lots():
        land.append(("Polygon", box(x, y, 90, 70), {
            "chucNangSuDungDatMuc1": one, "chucNangSuDungDatMuc2": two, "chucNangSuDungDatMuc3": three, "kyHieuLoDat": f"{symbol}-{n + 1:02d}",
            "dienTich": 6300.0, "danSo": 180 if symbol in ("NO", "HH") else 0, "matDoXayDung": cover, "tangCaoXayDung": storeys,
            "heSoSuDungDat": ratio, "trangThaiQuyHoach": ["XM", "CT", "GL"][n % 3]}))
        red.append(("LineString", box(x, y, 90, 70) + box(x, y, 90, 70)[:1], {"trangThaiQuyHoach": "XM", "chieuDai": 320.0}))
        build.append(("LineString", box(x + 5, y + 5, 80, 60) + box(x + 5, y + 5, 80, 60)[:1], {"khoangLuiXayDung": "5", "chieuDai": 280.0}))
        trees += [("Point", cm((x + 15 * k + 7, y - 4)), {"loaiCayXanh": "Bàng Đài Loan", "trangThaiQuyHoach": "XM"}) for k in range(6)]
    for n in range(3):
        cells.append(("Polygon", box(220 * n - 10, -10, 220, height - 20), {"kyHieuOQH": f"A{n + 1}", "dienTich": 6.05, "danSo": 1100, "matDoXayDung": "≤60"}))
    levels = [("Point", cm((110 * i - 10, 90 * j - 10)), {"caoDoTuNhien": 2.0 + 0.1 * i, "caoDoThietKe": 2.5 + 0.1 * i}) for i in range(7) for j in range(4)]
    pipes = [("LineString", line, {"loaiOngCapNuoc": "Ống phân phối", "duongKinh": "D110", "chatLieu": "HDPE", "soOng": 1}) for _, line in streets[7:]]
    current = [(kind, at, {**values, "trangThaiQuyHoach": "GL"}) for kind, at, values in land[:6]]
    corners = [("Point", [at], {"loaiMocTimDuong": "Mốc ranh giới", "toaDoX": at[1] / 100, "toaDoY": at[0] / 100, "caoDo": 2.5, "tenDoiTuong": f"M{n + 1}"})
               for n, at in enumerate(site)]
    return {
        ("HienTrang", "ChucNangSuDungDat_A"): current,
        ("HienTrang", "RanhGioiQuyHoach_A"): [("Polygon", site, plan)],
        ("HienTrang", "MangLuoiGiaoThongDuongBo_L"): [road(*s) for s in streets[:2]],
        ("QuyHoach", "ChucNangSuDungDat_A"): land,
        ("QuyHoach", "PhanOQuyHoach_A"): cells,
        ("QuyHoach", "RanhGioiQuyHoach_A"): [("Polygon", site, plan)],
        ("QuyHoach", "MangLuoiGiaoThongDuongBo_L"): [road(*s) for s in streets],
        ("QuyHoach", "ChiGioiDuongDo_L"): red,
        ("QuyHoach", "ChiGioiXayDung_L"): build,
        ("QuyHoach", "CayXanh_P"): trees,
        ("QuyHoach", "CaoDoNen_P"): levels,
        ("QuyHoach", "MangLuoiCapNuoc_L"): pipes,
        ("QuyHoach", "MangLuoiChieuSang_L"): [],
        ("MocGioi", "MocGioiQuyHoach_P"): corners,
        ("MocGioi", "MocGioiQuyHoach_A"): [("Polygon", site, {"loaiMocRanhGioi": "Ranh giới quy hoạch"})],
        ("NenDiaHinh", "DiemDoCao_P"): [("Point", at, {"caoDo": v["caoDoTuNhien"]}) for _, at, v in levels],
        ("NenDiaHinh", "DuongDongMuc_L"): [("LineString", cm((-20, 60 * i), (200, 60 * i + 15), (640, 60 * i - 10)), {"caoDo": 2.0 + 0.5 * i}) for i in range(4)],
    }


class Layer:
    """A class on its way to a file."""

    def __init__(self, theme, name, rows):
        self.theme, self.name, self.srid = theme, name, SRID
        known = (theme, name) in CLASSES
        self.fields = fields(theme, name) if known else dict.fromkeys(MINIMUM, "text")
        self.dataset = CLASSES[theme, name]["dataset"] if known else None
        self.kind = {"P": "Point", "L": "LineString", "A": "Polygon"}[name[-1]]
        self.lengths, self.domains = dict(LENGTHS), {"trangThaiQuyHoach"} & set(self.fields)
        self.rows = []
        for n, (kind, points, values) in enumerate(rows):
            common = {"maThongTinQH": INFORMATION, "maHoSoQH": DOSSIER, "maDoiTuong": f"{name}.{n + 1}", "tenDoiTuong": NOTE, "ghiChu": NOTE}
            self.rows.append([kind, points, {**common, **values}])


def spoil(layers, fault):
    """Puts one fault into the package."""
    of = lambda name: next(l for l in layers if l.theme == "QuyHoach" and l.name == name)
    land, trees = of("ChucNangSuDungDat_A"), of("CayXanh_P")
    values = lambda n: land.rows[n][2]
    if fault == "theme":
        layers[:] = [l for l in layers if l.theme != "MocGioi"]
    elif fault == "plan":
        layers[:] = [l for l in layers if l.theme != "QuyHoach"]
    elif fault == "field":
        del trees.fields["maHoSoQH"]
        del trees.fields["loaiCayXanh"]
    elif fault == "type":
        land.fields["dienTich"] = "text"
        land.fields["maDoiTuong"] = "whole"
        for n, row in enumerate(land.rows):
            row[2]["maDoiTuong"] = n
    elif fault == "length":
        cells = of("PhanOQuyHoach_A")
        cells.lengths["maHoSoQH"] = 10
        for row in cells.rows:
            row[2]["maHoSoQH"] = "56QPK"
    elif fault == "geometry":
        red = of("ChiGioiDuongDo_L")
        red.kind, red.rows = "Polygon", [["Polygon", points[:-1], values] for _, points, values in red.rows]
    elif fault == "crs":
        trees.srid = 4326
        trees.rows = [[kind, [(10898 + n, 1156)], v] for n, (kind, _, v) in enumerate(trees.rows)]
    elif fault == "zone":
        of("CaoDoNen_P").srid = 9218
    elif fault == "unknown_layer":
        layers.append(Layer("QuyHoach", "LopRieng_A", [("Polygon", box(0, 0, 10, 10), {})]))
    elif fault == "unknown_field":
        land.fields["truongRieng"] = "text"
        values(0)["truongRieng"] = "x"
    elif fault == "long":
        values(1)["phanLoai"] = "x" * 300
        land.lengths.pop("phanLoai")
    elif fault == "code":
        values(2)["maHoSoQH"] = "56ABC0010001"
        values(3)["maThongTinQH"] = "1"
    elif fault == "empty":
        values(4)["maHoSoQH"] = None
        values(5)["maThongTinQH"] = " "
    elif fault == "domain":
        values(6)["trangThaiQuyHoach"] = "??"
    elif fault == "dossiers":
        values(7)["maHoSoQH"] = "56QHC0010002"
    elif fault == "coverage":
        values(8)["matDoXayDung"] = "≤160"
    elif fault == "indicator":
        values(9)["tangCaoXayDung"], values(10)["heSoSuDungDat"] = "theo thiết kế", "4–2"


def database(path, layers):
    """A GeoPackage of several layers (OGC 12-128r14) with its coded domain."""
    db = sqlite3.connect(path)
    db.executescript("""
        PRAGMA application_id = 0x47504B47; PRAGMA user_version = 10200;
        CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
          organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
        CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
          last_change DATETIME NOT NULL DEFAULT '2026-01-01T00:00:00.000Z', min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER);
        CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL UNIQUE, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
          srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL, PRIMARY KEY (table_name, column_name));
        CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
          UNIQUE (table_name, column_name, extension_name));
        CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
          constraint_name TEXT, PRIMARY KEY (table_name, column_name), UNIQUE (table_name, name));
        CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC,
          min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT, UNIQUE (constraint_name, constraint_type, value));
    """)
    definition = {4326: 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]',
                  9217: WKT, 9218: WKT.replace("108.25", "108.5").replace("108-15", "108-30").replace('"9217"', '"9218"')}
    db.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,NULL)",
                   [("Undefined cartesian", -1, "NONE", -1, "undefined"), ("Undefined geographic", 0, "NONE", 0, "undefined")]
                   + [(f"EPSG:{code}", code, "EPSG", code, text) for code, text in definition.items()])
    for name in ("gpkg_data_columns", "gpkg_data_column_constraints"):
        db.execute("INSERT INTO gpkg_extensions VALUES (?,NULL,'gpkg_schema','http://www.geopackage.org/spec121/#extension_schema','read-write')", (name,))
    db.executemany("INSERT INTO gpkg_data_column_constraints (constraint_name, constraint_type, value, description) VALUES ('TrangThai','enum',?,?)", STATES.items())
    for layer in layers:
        kind = layer.kind.upper()
        db.execute("INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES (?,'features',?,?)", (layer.name, layer.name, layer.srid))
        db.execute("INSERT INTO gpkg_geometry_columns VALUES (?,'geom',?,?,0,0)", (layer.name, kind, layer.srid))
        db.executemany("INSERT INTO gpkg_data_columns (table_name, column_name, constraint_name) VALUES (?,?,'TrangThai')", [(layer.name, f) for f in layer.domains])
        types = {f: f"TEXT({layer.lengths[f]})" if kind == "text" and f in layer.lengths else SQL[kind] for f, kind in layer.fields.items()}
        db.execute(f'CREATE TABLE "{layer.name}" (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {kind}' + "".join(f', "{f}" {t}' for f, t in types.items()) + ")")
        head = b"GP\x00\x01" + layer.srid.to_bytes(4, "little")
        names = ["geom", *types]
        db.executemany(f'INSERT INTO "{layer.name}" ({", ".join(chr(34) + n + chr(34) for n in names)}) VALUES ({",".join("?" * len(names))})',
                       [(head + wkb(k, points), *(values.get(f) for f in types)) for k, points, values in layer.rows])
    db.commit()
    db.close()


def convert(*words):
    done = subprocess.run(["ogr2ogr", *map(str, words)], stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"sample.py: ogr2ogr: {done.stderr.strip()}")


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("folder", type=Path)
    ask.add_argument("--as", dest="form", choices=["gdb", "gpkg", "shp"], default="gdb")
    ask.add_argument("--zip", action="store_true", help="pack it into FOLDER/NAME.zip")
    ask.add_argument("--fault", action="append", default=[], choices=FAULTS)
    said = ask.parse_args()
    layers = [Layer(theme, name, rows) for (theme, name), rows in features().items()]
    for fault in said.fault:
        spoil(layers, fault)
    root = said.folder / PLAN
    shutil.rmtree(root, ignore_errors=True)
    gis = root / "HoSoGIS"
    gis.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        for theme in dict.fromkeys(layer.theme for layer in layers):
            own = [layer for layer in layers if layer.theme == theme]
            source = Path(scratch) / f"{theme}.gpkg"
            database(source, own)
            if said.form == "gpkg":
                shutil.copy(source, gis / source.name)
            for layer in own if said.form != "gpkg" else []:
                if said.form == "shp":
                    folder = gis / theme / (layer.dataset or "Khac")
                    folder.mkdir(parents=True, exist_ok=True)
                    convert("-f", "ESRI Shapefile", "-lco", "ENCODING=UTF-8", folder / f"{layer.name}.shp", source, layer.name)
                else:
                    to = gis / f"{theme}.gdb"
                    more = ["-update"] if to.exists() else []
                    within = ["-lco", f"FEATURE_DATASET={layer.dataset}"] if layer.dataset and layer.srid == SRID else []
                    convert("-f", "OpenFileGDB", *more, *within, to, source, layer.name)
    if said.zip:
        shutil.make_archive(str(said.folder / PLAN), "zip", said.folder, PLAN)
        shutil.rmtree(root)
    print(said.folder / (f"{PLAN}.zip" if said.zip else PLAN))


if __name__ == "__main__":
    main()
