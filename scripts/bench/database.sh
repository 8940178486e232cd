# A database of its own that goes when the script ends; for scripts that source it in the project's folder.
bin=${DOTHI_BIN:-target/release/dothi}
runs=${RUNS:-3}
dir=$(mktemp -d)
trap '"$bin" --data-dir "$dir/var" db stop --force >/dev/null 2>&1; rm -rf "$dir"' EXIT
"$bin" --data-dir "$dir/var" db start >/dev/null
socket=$("$bin" --data-dir "$dir/var" db status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["socket_dir"])')
