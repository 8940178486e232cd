#!/usr/bin/env bash
# Real clients against a server of their own; docs/clients.md says what they can do. `scripts/clients.sh qgis` runs one of them.
# DOTHI_BIN names another binary.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${DOTHI_BIN:-target/debug/dothi}
[ -n "${DOTHI_BIN:-}" ] || cargo build --locked --quiet
exec python3 scripts/clients/run.py "$bin" "$@"
