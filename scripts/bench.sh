#!/usr/bin/env bash
# Measures beside peers in the same run; docs/benchmarks.md says how to read it. Fails on nothing but breakage.
# `scripts/bench.sh import`, `export`, `raster`, `tiles` or `pages` runs one part.
set -euo pipefail
cd "$(dirname "$0")/.."
for part in "${@:-import export raster tiles pages}"; do
  for name in $part; do
    case "$name" in
      import) scripts/bench/import.sh ;;
      export) scripts/bench/export.sh ;;
      raster) scripts/bench/raster.sh ;;
      tiles) scripts/bench/tiles.sh ;;
      pages) scripts/bench/pages.sh ;;
      *) echo "use: scripts/bench.sh [import|export|raster|tiles|pages]…" >&2; exit 2 ;;
    esac
  done
done
