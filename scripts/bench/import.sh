#!/usr/bin/env bash
# Imports, beside ogr2ogr in the same run; prints figures and ratios, fails on nothing but breakage.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/bench/database.sh
rows=${ROWS:-300000}
python3 scripts/bench/parcels.py target/bench "$rows"
city=target/bench/thua-$rows.gpkg
[ -f "$city" ] || python3 scripts/bench/city.py "$city" "$rows"
ogr2ogr -f GPKG "$dir/vn2000.gpkg" "$city" -t_srs EPSG:9217
ogr2ogr "$dir/vn2000.shp" "$dir/vn2000.gpkg" -lco ENCODING=UTF-8

seconds() { local from; from=$(date +%s.%N); "$@" >/dev/null; python3 -c "print($(date +%s.%N) - $from)"; }
median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
peer() {
  ogr2ogr -f PostgreSQL "PG:host=$socket port=5432 dbname=dothi user=dothi" "$1" -nln peer -overwrite \
    -nlt PROMOTE_TO_MULTI -lco GEOMETRY_NAME=geom --config PG_USE_COPY YES
}
ours() { "$bin" --data-dir "$dir/var" import "$1" --layer thua; }

echo "import of $rows parcels, median of $runs runs by turns; index, checks, quality report and swap included"
measure() {
  : >"$dir/peer"; : >"$dir/ours"
  for _ in $(seq "$runs"); do
    seconds peer "$2" >>"$dir/peer"
    seconds ours "$2" >>"$dir/ours"
  done
  python3 - "$1" "$(median <"$dir/peer")" "$(median <"$dir/ours")" <<'PY'
import sys
what, peer, ours = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
print(f"  {what:44} ogr2ogr (COPY) {peer:5.2f} s   dothi {ours:5.2f} s   {peer / ours:.2f}x", flush=True)
PY
}
measure "Shapefile, VN-2000, apart from one another" target/bench/thua.shp
measure "Shapefile, VN-2000, sharing borders" "$dir/vn2000.shp"
measure "GeoPackage, VN-2000, sharing borders" "$dir/vn2000.gpkg"
measure "GeoPackage, Web Mercator, sharing borders" "$city"
