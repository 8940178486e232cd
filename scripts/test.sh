#!/usr/bin/env bash
# Every test, on real PostgreSQL and in a real browser. Called by `make test`.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "== map: unit tests"
(cd web && npm test --silent)

echo "== server: unit and integration tests"
cargo test --locked

echo "== map: in the browser"
tests/e2e/run.sh
