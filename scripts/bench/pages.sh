#!/usr/bin/env bash
# Pages of features beside tipg; see pages.py for the settings.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -n "${DOTHI_BIN:-}" ] || cargo build --release --locked --quiet
peer=${PEER_DIR:-target/peers}/tipg
case " ${PEERS:-tipg} " in *" tipg "*)
  [ -x "$peer/bin/uvicorn" ] || { python3 -m venv "$peer" && "$peer/bin/pip" install --quiet --disable-pip-version-check tipg==1.6.1 uvicorn; }
esac
exec python3 scripts/bench/pages.py
