#!/usr/bin/env bash
# Builds the newest Martin that builds here, for `make bench` only, into target/peers/martin. What measuring needs of it and no more:
# its map renderer and its page fetch things at build time, and have no part in serving tiles of a table.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=${PEER_DIR:-target/peers}/martin
[ -x "$root/bin/martin" ] && [ -x "$root/bin/martin-cp" ] && exit 0
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
# Versions, newest first; each says it wants a newer Rust than is stable here, which nightly has in all but name.
for try in "nightly 1.16.1" "stable 1.16.1" "stable 1.14.0"; do
  read -r toolchain version <<<"$try"
  rustup toolchain list 2>/dev/null | grep -q "^$toolchain" || continue
  echo "bench: building Martin $version with Rust $toolchain; this takes about ten minutes, once" >&2
  from=$SECONDS
  if CARGO_TARGET_DIR="$build" cargo "+$toolchain" install martin --version "$version" --locked --ignore-rust-version --no-default-features \
      --features postgres,mbtiles,metrics --root "$root" >"$build/log" 2>&1; then
    echo "bench: Martin $version built in $((SECONDS - from)) s" >&2
    exit 0
  fi
  tail -n 5 "$build/log" >&2
  echo "bench: Martin $version does not build with Rust $toolchain" >&2
done
echo "bench: no Martin could be built; set PEERS=none to measure without it" >&2
exit 1
