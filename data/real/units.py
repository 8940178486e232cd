"""Communes of Vietnam, those of today and those before 1 July 2025, from the tables of the package `vietnamadminunits`."""

import csv
import json
import zipfile

FOLDER = "vietnamadminunits/data/"


def make(archive, out):
    with zipfile.ZipFile(archive) as z:
        old, new, change = (json.loads(z.read(FOLDER + f)) for f in ("parser_legacy.json", "parser_from_2025.json", "converter_2025.json"))
    # Names that differ only in their tone marks are in tables of their own.
    today = {(p, k): u for part in ("DICT_PROVINCE_WARD_NO_ACCENTED", "DICT_PROVINCE_WARD_ACCENTED")
             for p, units in new[part].items() for k, u in units.items()}
    before = {(p, d, k): u for part in ("DICT_PROVINCE_DISTRICT_WARD_NO_ACCENTED", "DICT_PROVINCE_DISTRICT_WARD_ACCENTED")
              for p, districts in old[part].items() for d, units in districts.items() for k, u in units.items()}
    parts, became = {}, {}
    for province, units in change["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for key, sources in units.items():
            for source in sources:
                link(parts, became, (province, key), tuple(source.split("_", 2)))
    for province, sources in change["DICT_PROVINCE_WARD_DIVIDED"].items():
        for source, targets in sources.items():
            for target in targets:
                link(parts, became, (province, target["newWardKey"]), tuple(source.split("_", 2)))

    rows = []
    for (province, key), unit in today.items():
        above = new["DICT_PROVINCE"][province]
        merged = sorted({before[s]["ward"] for s in parts.get((province, key), ()) if s in before and isinstance(before[s]["ward"], str)})
        rows.append([unit["wardCode"], unit["ward"], unit["wardType"], above["provinceCode"], above["province"], ", ".join(merged), unit["wardLon"], unit["wardLat"]])
    hoang_sa = next(r for r in rows if r[1] == "Đặc khu Hoàng Sa")
    count = table(out / "xa_phuong_2025.csv", ["maXa", "tenXa", "loai", "maTinh", "tenTinh", "hopNhatTu", "lon", "lat"], rows)

    rows = []
    for (province, district, key), unit in before.items():
        above, upper = old["DICT_PROVINCE_DISTRICT"][province][district], old["DICT_PROVINCE"][province]
        after = sorted({today[t]["ward"] for t in became.get((province, district, key), ()) if t in today})
        if isinstance(unit["wardCode"], str):
            one = [unit["wardCode"], unit["ward"], unit["wardType"], unit["wardLon"], unit["wardLat"]]
        else:
            # Five island districts had no communes: the district stands for itself.
            one = [above["districtCode"], above["district"], above["districtType"], above["districtLon"], above["districtLat"]]
            if above["district"] == "Huyện Hoàng Sa":
                one[3:] = hoang_sa[6:]  # the package has its office on the mainland; the islands are where today's unit lies
        rows.append([*one[:3], above["districtCode"], above["district"], upper["provinceCode"], upper["province"], ", ".join(after), *one[3:]])
    head = ["maXa", "tenXa", "loai", "maHuyen", "tenHuyen", "maTinh", "tenTinh", "nayThuoc", "lon", "lat"]
    return count, table(out / "xa_phuong_truoc_2025.csv", head, rows)


def link(parts, became, target, source):
    parts.setdefault(target, set()).add(source)
    became.setdefault(source, set()).add(target)


def table(path, head, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(sorted(rows))
    return len(rows)
