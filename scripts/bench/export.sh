#!/usr/bin/env bash
# Exports, beside ogr2ogr from the same table in the same run; prints figures and ratios, fails on nothing but breakage.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/bench/database.sh
rows=${ROWS:-300000}
python3 scripts/bench/parcels.py target/bench "$rows"
"$bin" --data-dir "$dir/var" import target/bench/thua.shp --layer thua >/dev/null

# Writes what was made, the seconds and the largest memory (kB) of the process to a line.
measure() {
  local name=$1 file=$2; shift 2
  rm -f "$file" "${file%.zip}".shp
  python3 - "$name" "$file" "$@" <<'PY'
import os, resource, subprocess, sys, time
name, file, command = sys.argv[1], sys.argv[2], sys.argv[3:]
start = time.time()
subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
took = time.time() - start
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(f"{name}\t{took:.3f}\t{peak}\t{os.path.getsize(file)}")
PY
}
ogr() { measure "$1" "$2" ogr2ogr "${@:3}" "$2" "PG:host=$socket port=5432 dbname=dothi user=dothi" layers.thua; }
ours() { measure "$1" "$2" "$bin" --data-dir "$dir/var" export thua -o "$2" --force "${@:3}"; }

for _ in $(seq "$runs"); do
  ogr "ogr2ogr GeoJSON, stored system" "$dir/a.geojson" -f GeoJSON
  ours "dothi GeoJSON, stored system" "$dir/b.geojson" --crs EPSG:9217
  ogr "ogr2ogr GeoJSON, degrees" "$dir/a.geojson" -f GeoJSON -t_srs EPSG:4326
  ours "dothi GeoJSON, degrees" "$dir/b.geojson"
  ogr "ogr2ogr FlatGeobuf" "$dir/a.fgb" -f FlatGeobuf -lco SPATIAL_INDEX=NO
  ours "dothi FlatGeobuf" "$dir/b.fgb"
  ogr "ogr2ogr GeoPackage" "$dir/a.gpkg" -f GPKG
  ours "dothi GeoPackage" "$dir/b.gpkg"
  ours "dothi CSV" "$dir/b.csv"
  ours "dothi KML" "$dir/b.kml"
  ours "dothi Shapefile, zipped" "$dir/b.zip"
done >"$dir/figures"
python3 - "$rows" "$runs" "$dir/figures" <<'PY'
import statistics, sys
rows, runs = int(sys.argv[1]), sys.argv[2]
seconds, peak, size = {}, {}, {}
for line in open(sys.argv[3]):
    name, took, memory, length = line.rstrip("\n").split("\t")
    seconds.setdefault(name, []).append(float(took))
    peak[name] = max(peak.get(name, 0), int(memory))
    size[name] = int(length)
print(f"export of {rows:,} parcels, median of {runs} runs\n")
print("| | seconds | features/s | MB | peak memory MB | beside ogr2ogr |")
print("|---|---:|---:|---:|---:|---:|")
for name, took in seconds.items():
    took = statistics.median(took)
    peer = name.replace("dothi", "ogr2ogr")
    ratio = f"{statistics.median(seconds[peer]) / took:.1f}x" if peer != name and peer in seconds else ""
    print(f"| {name} | {took:.2f} | {rows / took:,.0f} | {size[name] / 1e6:.0f} | {peak[name] / 1024:.0f} | {ratio} |")
PY
