#!/usr/bin/env bash
# Serves the sample layers from a data directory of its own and runs the browser tests against it.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=${DOTHI_BIN:-target/debug/dothi}
[ -x "$bin" ] || cargo build --locked
dir=$(mktemp -d)
server=
cleanup() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
  rm -rf "$dir"
}
trap cleanup EXIT
python3 data/load.py "$bin" "$dir/var"
"$bin" serve --data-dir "$dir/var" --listen 127.0.0.1:0 >"$dir/address" 2>"$dir/log" &
server=$!
for _ in $(seq 300); do
  [ -s "$dir/address" ] && break
  kill -0 "$server" 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
  sleep 0.1
done
DOTHI_URL=$(head -n 1 "$dir/address")
DOTHI_URL=${DOTHI_URL%/}
export DOTHI_URL DOTHI_BIN="$(realpath "$bin")" DOTHI_DATA_DIR="$dir/var"
(cd web && npm run --silent e2e) || { tail -n 40 "$dir/log" >&2; exit 1; }
# A warning or an error in the log is a defect even where the page hides it.
if grep -E ' (WARN|ERROR) ' "$dir/log" >&2; then echo "e2e: the server logged the lines above" >&2; exit 1; fi
