#!/bin/bash
# A short run of every fuzz target with libFuzzer: SECONDS each (default 3). Findings are left in the build directory.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --preset fuzz >"$work/log" && cmake --build --preset fuzz >"$work/log" || { tail -40 "$work/log"; exit 1; }
for f in build/fuzz/tests/fuzz_*; do
	[ -x "$f" ] && [ -f "$f" ] || continue
	name=$(basename "$f")
	mkdir -p "$work/$name"
	"$f" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1024 -max_len=65536 -print_final_stats=0 \
		-artifact_prefix="build/fuzz/" "$work/$name" "fixtures/fuzz/${name#fuzz_}" >"$work/log" 2>&1 ||
		{ tail -40 "$work/log"; echo "$name: FOUND SOMETHING, see build/fuzz/"; exit 1; }
	echo "$name: ok"
done
