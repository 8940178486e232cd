"""Writes 300,000 made-up parcels (8 to 24 vertices, six fields, Vietnamese text) as a shapefile, for measuring imports."""

import math
import random
import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "data"))
from plan.write import shapefile  # noqa: E402

CODES = ["ONT", "ODT", "LUC", "CLN", "HNK", "DGT", "TMD", "DGD", "NTS", "RSX", "SKC", "DVH"]
WARDS = ["Khu vực minh họa A", "Khu vực minh họa B", "Khu vực minh họa C", "Khu vực minh họa Đ"]


def parcels(n):
    draw = random.Random(7)
    side = math.isqrt(n)
    for i in range(n):
        e, north = 57_000_000 + i % side * 3_600, 127_000_000 + i // side * 2_700
        corners = draw.randint(8, 24)
        turn = draw.random()
        ring = [
            (e + round(math.cos(a) * 1_500 * r), north + round(math.sin(a) * 1_200 * r))
            for k in range(corners)
            for a, r in [((k + turn) / corners * math.tau, draw.uniform(0.8, 1.0))]
        ]
        yield "Polygon", ring, {
            "soThua": i + 1,
            "maDat": draw.choice(CODES),
            "khuVuc": draw.choice(WARDS),
            "chuSD": "Hộ gia đình minh họa",
            "dienTich": round(draw.uniform(60, 20_000), 2),
            "ghiChu": "Dữ liệu minh họa",
        }


def main():
    folder = Path(sys.argv[1])
    if (folder / "thua.shp").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / "thua.zip"
    shapefile(archive, list(parcels(int(sys.argv[2]))))
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    archive.unlink()


if __name__ == "__main__":
    main()
