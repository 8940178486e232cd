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
  local name=$1; shift
  rm -rf "$dir/out"; mkdir "$dir/out"
  python3 - "$name" "$dir/out" "$@" <<'PY'
import os, resource, subprocess, sys, time
name, folder, command = sys.argv[1], sys.argv[2], sys.argv[3:]
start = time.time()
subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
took = time.time() - start
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(f"{name}\t{took:.3f}\t{peak}\t{sum(e.stat().st_size for e in os.scandir(folder))}")
PY
}
postgres="PG:host=$socket port=5432 dbname=dothi user=dothi"
ogr() { measure "ogr2ogr $1" ogr2ogr "${@:3}" "$dir/out/$2" "$postgres" layers.thua; }
ours() { measure "dothi $1" "$bin" --data-dir "$dir/var" export thua -o "$dir/out/$2" "${@:3}"; }

for _ in $(seq "$runs"); do
  ogr "GeoJSON, stored system" a.geojson -f GeoJSON
  ours "GeoJSON, stored system" a.geojson --crs EPSG:9217
  ogr "GeoJSON, degrees" a.geojson -f GeoJSON -t_srs EPSG:4326
  ours "GeoJSON, degrees" a.geojson
  ogr "lines of GeoJSON" a.geojsonl -f GeoJSONSeq -t_srs EPSG:4326
  ours "lines of GeoJSON" a.ndjson
  ours "JSON-FG" a.jsonfg
  ogr "CSV, WKT" a.csv -f CSV -lco GEOMETRY=AS_WKT
  ours "CSV, WKT" a.csv
  ogr "FlatGeobuf" a.fgb -f FlatGeobuf -lco SPATIAL_INDEX=NO
  ours "FlatGeobuf" a.fgb
  ogr "GeoPackage" a.gpkg -f GPKG
  ours "GeoPackage" a.gpkg
  ogr "Shapefile" a.shp -f "ESRI Shapefile" -lco ENCODING=UTF-8
  ours "Shapefile" a.shp
  ogr "Shapefile, zipped" a.shp.zip -f "ESRI Shapefile" -lco ENCODING=UTF-8
  ours "Shapefile, zipped" a.zip
  ogr "KML" a.kml -f KML
  ours "KML" a.kml
  # Its layer is its class here too, and nothing else, as a drawing has no other fields.
  measure "ogr2ogr DXF" ogr2ogr -f DXF --config DXF_WRITE_HATCH NO "$dir/out/a.dxf" "$postgres" -sql 'SELECT "maDat" AS "Layer", geom FROM layers.thua'
  ours "DXF" a.dxf
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
