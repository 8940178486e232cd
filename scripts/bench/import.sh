#!/usr/bin/env bash
# Imports, beside ogr2ogr in the same run; prints figures and ratios, fails on nothing but breakage.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/bench/database.sh

seconds() { local from; from=$(date +%s.%N); "$@" >/dev/null; python3 -c "print($(date +%s.%N) - $from)"; }
median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
peer() {
  ogr2ogr -f PostgreSQL "PG:host=$socket port=5432 dbname=dothi user=dothi" target/bench/thua.shp -nln peer -overwrite \
    -nlt PROMOTE_TO_MULTI -a_srs EPSG:9217 -lco GEOMETRY_NAME=geom --config PG_USE_COPY YES
}
ours() { "$bin" --data-dir "$dir/var" import target/bench/thua.shp --layer thua; }

: >"$dir/peer"; : >"$dir/ours"
for _ in $(seq "$runs"); do
  seconds peer >>"$dir/peer"
  seconds ours >>"$dir/ours"
done
a=$(median <"$dir/peer"); b=$(median <"$dir/ours")
python3 - "$rows" "$runs" "$a" "$b" <<'PY'
import sys
rows, runs, peer, ours = int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
print(f"import of {rows:,} parcels from a shapefile, median of {runs} runs, index included")
print(f"  ogr2ogr (COPY)   {peer:6.2f} s  {rows / peer:9,.0f} features/s")
print(f"  dothi import     {ours:6.2f} s  {rows / ours:9,.0f} features/s   checks validity, account of every row, swap")
print(f"  ratio            {peer / ours:6.2f}")
PY
