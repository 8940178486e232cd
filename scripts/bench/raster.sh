#!/usr/bin/env bash
# A raster of SIDE x SIDE pixels (20,000) in VN-2000 beside gdal_translate in the same run; prints seconds and the largest
# memory of one process, fails on nothing but breakage.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/bench/database.sh
side=${SIDE:-20000}

# Noise of four pixels a wave: harder to pack than most photographs.
mkdir -p target/bench
source=target/bench/anh_$side.tif
if [ ! -f "$source" ]; then
  python3 - "$((side / 4))" "$dir/noise.ppm" <<'PY'
import random, sys
side, dice = int(sys.argv[1]), random.Random(7)
with open(sys.argv[2], "wb") as out:
    out.write(b"P6 %d %d 255\n" % (side, side))
    for _ in range(side):
        out.write(dice.randbytes(side * 3))
PY
  gdal_translate -q -r cubic -outsize "$side" "$side" -scale 0 255 60 200 -ot Byte -a_srs EPSG:9217 \
    -a_ullr 570000 1290000 "$(python3 -c "print(570000 + $side * 0.2)")" "$(python3 -c "print(1290000 - $side * 0.2)")" \
    -co TILED=YES -co PHOTOMETRIC=RGB "$dir/noise.ppm" "$dir/source.tif"
  mv "$dir/source.tif" "$source"
  rm -f "$dir/noise.ppm"
fi

# Writes what was measured: name, seconds, largest memory of a process (kB), processor seconds, bytes made.
measure() {
  local name=$1 made=$2; shift 2
  python3 - "$name" "$made" "$@" <<'PY'
import glob, os, resource, subprocess, sys, time
name, made, command = sys.argv[1], sys.argv[2], sys.argv[3:]
start = time.time()
subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
took, used = time.time() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
size = max(os.path.getsize(file) for file in glob.glob(made))
print(f"{name}\t{took:.2f}\t{used.ru_maxrss}\t{used.ru_utime + used.ru_stime:.1f}\t{size}")
PY
}
peer() { rm -f "$dir/peer.tif"; measure "$1" "$dir/peer.tif" gdal_translate -q -of COG -co TILING_SCHEME=GoogleMapsCompatible "${@:2}" "$source" "$dir/peer.tif"; }
ours() { measure "dothi import" "$dir/var/rasters/*/*.pmtiles" "$bin" --data-dir "$dir/var" import "$source" --layer anh; }

for _ in $(seq "$runs"); do
  peer "gdal_translate -of COG"
  peer "the same, WebP as ours, all cores" -co COMPRESS=WEBP -co QUALITY=80 -co OVERVIEW_QUALITY=80 -co NUM_THREADS=ALL_CPUS
  ours
done >"$dir/figures"
python3 - "$side" "$runs" "$dir/figures" <<'PY'
import statistics, sys
side, runs = int(sys.argv[1]), sys.argv[2]
rows = {}
for line in open(sys.argv[3]):
    name, *figures = line.rstrip("\n").split("\t")
    rows.setdefault(name, []).append([float(f) for f in figures])
print(f"a raster of {side:,} x {side:,} pixels, RGB, in VN-2000, median of {runs} runs\n")
print("| | seconds | Mpixel/s | processor s | peak memory MB | MB made |")
print("|---|---:|---:|---:|---:|---:|")
for name, figures in rows.items():
    took, _, used, size = (statistics.median(column) for column in zip(*figures))
    peak = max(row[1] for row in figures)
    print(f"| {name} | {took:.1f} | {side * side / took / 1e6:.1f} | {used:.1f} | {peak / 1024:.0f} | {size / 1e6:.0f} |")
PY
