#!/usr/bin/env python3
"""Makes the illustrative land-use plan: `python3 data/generate.py` writes importable files to data/cache/layers/.

Everything is made up from a fixed seed, so every run writes the same. Only Python's own library is needed.
"""

import csv
import time
from pathlib import Path

from plan import city, write
from plan.coverage import Cover, area, inner_point, inside
from plan.ground import Ground, cm, metres
from plan.coverage import smooth
from plan.use import Uses

HERE = Path(__file__).resolve().parent
OUT = HERE / "cache" / "layers"
NOTE = "Dữ liệu minh họa"
SEED = 108_15

ALIASES = {"maDat": "Mã loại đất", "tenLoaiDat": "Tên loại đất", "dienTich": "Diện tích (m²)", "soTo": "Số tờ bản đồ", "soThua": "Số thửa",
           "khuVuc": "Khu vực", "kyQuyHoach": "Kỳ quy hoạch", "ghiChu": "Ghi chú", "kyHieuOQH": "Ký hiệu ô quy hoạch", "danSo": "Dân số (người)",
           "matDoXayDung": "Mật độ xây dựng (%)", "tangCaoXayDung": "Tầng cao xây dựng (tầng)", "heSoSuDungDat": "Hệ số sử dụng đất (lần)",
           "chucNang": "Chức năng sử dụng đất"}
FACILITIES = {"DGD": "Trường học", "DYT": "Cơ sở y tế", "DVH": "Công trình văn hóa", "DCH": "Chợ", "TSC": "Trụ sở cơ quan", "DTT": "Cơ sở thể thao",
              "DKV": "Công viên", "DBV": "Bưu điện", "DNL": "Trạm điện", "TON": "Cơ sở tôn giáo", "TIN": "Cơ sở tín ngưỡng", "DXH": "Cơ sở xã hội"}
# Building rules by kind of block: function, coverage %, storeys, floor-area ratio, people per hectare.
RULES = {"core": ("Khu trung tâm hỗn hợp", "≤60", "5–15", "≤6,0", 210), "town": ("Khu dân cư đô thị", "≤70", "3–7", "≤4,2", 160),
         "suburb": ("Khu dân cư mật độ thấp", "≤60", "2–4", "≤2,4", 70), "belt": ("Khu dịch vụ, du lịch biển", "≤40", "3–25", "≤5,0", 20),
         "park": ("Công viên, cây xanh", "≤5", "1", "≤0,05", 0)}


def quarters(outline):
    """The illustrative quarters: the planned area cut along the river and the main roads. [(name, ring)]"""
    cover, roads = Cover(), {n: smooth(cm(points), 15000) for n, _, _, _, points in city.MAIN_ROADS}
    river = smooth(cm(city.RIVER), 12000)

    def cut(pieces, line, where=lambda p: True):
        return [part for piece in pieces for part in (cover.cut(piece, line, 1e10, 0.1) if where(metres(inner_point(piece))) else [piece])]

    pieces = cut([outline], river)
    north = lambda p: p[1] > 1277300 + max(0, 576000 - p[0])
    pieces = cut(pieces, roads[4], north)
    pieces = cut(pieces, roads[5])
    pieces = cut(pieces, roads[1])
    pieces = cut(pieces, roads[7], north)
    pieces = [cover.expand(p) for p in pieces]
    pieces.sort(key=lambda p: (-metres(inner_point(p))[1] // 2500, metres(inner_point(p))[0]))
    return [(f"Khu vực minh họa {chr(65 + n)}", ring) for n, ring in enumerate(pieces)]


def land_use(parcels, period, names, areas):
    rows, count = [], {}
    for parcel in sorted(parcels, key=lambda p: (p.sheet, -p.place[1], p.place[0])):
        count[parcel.sheet] = count.get(parcel.sheet, 0) + 1
        point = (parcel.place[0] * 100, parcel.place[1] * 100)
        quarter = next((name for name, ring in areas if inside(point, ring)), None)
        rows.append(("Polygon", parcel.ring, {
            "maDat": parcel.code, "tenLoaiDat": names[parcel.code], "dienTich": round(area(parcel.ring) / 1e4, 2), "soTo": parcel.sheet,
            "soThua": count[parcel.sheet], "khuVuc": quarter, "kyQuyHoach": period, "ghiChu": NOTE}))
    return rows


def main():
    started = time.monotonic()
    OUT.mkdir(parents=True, exist_ok=True)
    with open(HERE / "land-use.csv", encoding="utf-8") as table:
        names = {row["code"]: row["name_vi"] for row in csv.DictReader(table)}
    ground = Ground(SEED)
    uses = Uses(ground)
    areas = quarters(ground.outline)

    today = land_use(uses.today, "Hiện trạng 2020", names, areas)
    write.shapefile(OUT / "sdd_2020.zip", today)
    planned = land_use(uses.planned, "Quy hoạch đến 2030", names, areas)
    write.geopackage(OUT / "qhsdd_2030.gpkg", planned, "Quy hoạch sử dụng đất đến 2030 (minh họa)", NOTE, ALIASES)

    roads = [("LineString", [(round(x), round(y)) for x, y in r.line], {
        "tenDuong": r.name or None, "loaiDuong": r.kind, "loGioi": r.width,
        "giaiDoan": "Hiện trạng" if r.today else "Quy hoạch", "ghiChu": NOTE}) for r in ground.roads]
    write.geojson(OUT / "duong.geojson", roads)

    write.geojson(OUT / "khu_vuc.geojson", [("Polygon", ring, {
        "tenKhuVuc": name, "kyHieu": name[-1], "dienTich": round(area(ring) / 1e4, 2), "ghiChu": NOTE}) for name, ring in areas])

    units = []
    for n, (block, kind) in enumerate(uses.units, 1):
        function, cover, storeys, ratio, people = RULES[kind]
        ring = ground.cover.expand(block.ring)
        units.append(("Polygon", ring, {
            "kyHieuOQH": f"OQH-{n:03}", "chucNang": function, "dienTich": round(area(ring) / 1e4, 2), "danSo": round(area(ring) / 1e8 * people),
            "matDoXayDung": cover, "tangCaoXayDung": storeys, "heSoSuDungDat": ratio, "ghiChu": NOTE}))
    write.geopackage(OUT / "o_quy_hoach.gpkg", units, "Ô quy hoạch (minh họa)", NOTE, ALIASES)

    points, count = [], {}
    for parcel in sorted(uses.planned, key=lambda p: (-p.place[1], p.place[0])):
        if parcel.code in FACILITIES and parcel.kind in ("core", "town", "suburb", "park"):
            count[parcel.code] = count.get(parcel.code, 0) + 1
            at = inner_point(parcel.ring)
            points.append(("Point", [(round(at[0]), round(at[1]))], {
                "tenCongTrinh": f"{FACILITIES[parcel.code]} minh họa số {count[parcel.code]}", "loaiCongTrinh": FACILITIES[parcel.code],
                "maDat": parcel.code, "ghiChu": NOTE}))
    write.geojson(OUT / "cong_trinh.geojson", points)

    for name, rows in (("sdd_2020", today), ("qhsdd_2030", planned), ("duong", roads), ("khu_vuc", areas), ("o_quy_hoach", units), ("cong_trinh", points)):
        print(f"{name}: {len(rows)}")
    print(f"written to {OUT.relative_to(HERE.parent)} in {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
