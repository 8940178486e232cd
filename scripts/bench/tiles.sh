#!/usr/bin/env bash
# Tiles, edits and archives, beside Martin and tippecanoe; see tiles.py for the settings.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ -z "${CEILING_BIN:-}" ]; then
  cargo build --release --locked --quiet --example ceiling
fi
case " ${PEERS:-martin tippecanoe} " in *" martin "*) scripts/bench/martin.sh ;; esac
exec python3 scripts/bench/tiles.py
