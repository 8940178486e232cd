#!/usr/bin/env bash
# Installs what is missing from Debian's packages, and says what. `setup.sh` for running, `setup.sh test` for the tests too, `setup.sh bench` for measuring, `conformance` and `clients` for what looks at the server from outside.
set -euo pipefail

packages=(ca-certificates build-essential pkg-config libgdal-dev libsqlite3-dev postgresql-15 postgresql-15-postgis-3 postgresql-client-15 python3 python3-pip)
case "${1:-run}" in
  test) packages+=(gdal-bin chromium curl unzip) ;;
  bench) packages+=(gdal-bin wrk) ;;
  conformance) packages+=(openjdk-17-jre-headless maven python3-venv) ;;
  clients) packages+=(gdal-bin chromium python3-qgis qgis-providers python3-venv) ;;
esac
# Any Node.js from 18 on will do; Debian's is 18.
if ! node --version 2>/dev/null | grep -qE '^v(1[89]|[2-9][0-9])\.' || ! command -v npm >/dev/null; then
  packages+=(nodejs npm)
fi
# Any Python with pip will do.
if python3 -m pip --version >/dev/null 2>&1; then
  packages=("${packages[@]/python3-pip/}")
fi

# Any Java from 17 on, and any Python that can make environments.
if java -version 2>&1 | grep -qE 'version "(1[7-9]|[2-9][0-9])'; then
  packages=("${packages[@]/openjdk-17-jre-headless/}")
fi
if python3 -c 'import ensurepip' 2>/dev/null; then
  packages=("${packages[@]/python3-venv/}")
fi

missing=()
for package in "${packages[@]}"; do
  [ -n "$package" ] || continue
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done

if [ ${#missing[@]} -gt 0 ]; then
  sudo=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "setup: not root and no sudo; install by hand: ${missing[*]}" >&2; exit 1; }
    sudo=(sudo)
  fi
  echo "setup: installing Debian packages: ${missing[*]}"
  log=$(mktemp)
  quiet() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive "$@" >"$log" 2>&1 || { tail -n 30 "$log" >&2; echo "setup: failed: $*" >&2; exit 1; }; }
  quiet apt-get update
  case " ${missing[*]} " in
    *" postgresql-15 "*)
      # Debian's package makes a cluster of its own and opens a TCP port; nothing here wants one.
      quiet apt-get install -y --no-install-recommends postgresql-common
      if [ ! -d /etc/postgresql/15 ]; then
        "${sudo[@]}" mkdir -p /etc/postgresql-common/createcluster.d
        echo 'create_main_cluster = false' | "${sudo[@]}" tee /etc/postgresql-common/createcluster.d/dothi.conf >/dev/null
      fi ;;
  esac
  quiet apt-get install -y --no-install-recommends "${missing[@]}"
  rm -f "$log"
fi

if ! command -v cargo >/dev/null; then
  echo "setup: Rust is missing; install it with rustup, then try again" >&2
  exit 1
fi
