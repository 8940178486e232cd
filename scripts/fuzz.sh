#!/usr/bin/env bash
# Fuzzes each target of fuzz/ for SECONDS (60); `TARGETS="cql2_text words"` takes some. A crash is kept in fuzz/artifacts and ends this with 1.
# The targets are safe code, so no sanitizer and no nightly compiler is needed: panics, overflows, hangs and broken promises are what is sought.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$PWD/target/peers/cargo-fuzz
command -v cargo-fuzz >/dev/null || [ -x "$tools/bin/cargo-fuzz" ] || cargo install --quiet --locked --root "$tools" cargo-fuzz --version 0.13.2
export PATH=$PATH:$tools/bin
for target in ${TARGETS:-cql2_text cql2_json feature words}; do
  mkdir -p "fuzz/corpus/$target"
  echo "== $target"
  # -rss_limit and -timeout: a filter or a body may not cost more, however it is written.
  cargo fuzz run --fuzz-dir fuzz --sanitizer none "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
    -max_total_time="${SECONDS_EACH:-60}" -timeout=5 -rss_limit_mb=1024 -max_len=4096 -print_final_stats=1 -verbosity=0
done
