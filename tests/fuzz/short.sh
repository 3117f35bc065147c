#!/bin/bash
# A short run of every fuzz target with libFuzzer: SECONDS each (default 1), two at a time, always by the same seed, so that what it finds
# is due to what was changed. Findings are left in the build directory.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --preset fuzz >"$work/log" && cmake --build --preset fuzz >"$work/log" || { tail -40 "$work/log"; exit 1; }

one() { # one WORK SECONDS TARGET
	name=$(basename "$3")
	mkdir -p "$1/$name"
	"$3" -seed=1 -max_total_time="$2" -timeout=60 -rss_limit_mb=1024 -max_len=65536 -print_final_stats=0 \
		-artifact_prefix="build/fuzz/" "$1/$name" "fixtures/fuzz/${name#fuzz_}" >"$1/$name.log" 2>&1 ||
		{ tail -40 "$1/$name.log"; echo "$name: FOUND SOMETHING, see build/fuzz/"; return 1; }
	echo "$name: ok"
}
export -f one
find build/fuzz/tests -maxdepth 1 -name 'fuzz_*' -type f -executable | sort |
	xargs -P 2 -I TARGET bash -c 'one "$@"' - "$work" "${1:-1}" TARGET
