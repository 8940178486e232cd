#!/usr/bin/env bash
# The conformance suites that can be had, against a server of their own; docs/conformance.md says what they found.
# `scripts/conformance.sh features tiles` runs some of them. DOTHI_BIN names another binary, ETS_JARS a folder with the suites' jars,
# ETS_SOURCES one with clones of their repositories.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${DOTHI_BIN:-target/debug/dothi}
[ -n "${DOTHI_BIN:-}" ] || cargo build --locked --quiet
exec python3 scripts/conformance/run.py "$bin" "$@"
