#!/bin/bash
# long.sh [SECONDS [TARGET...]] : what nobody has found yet. Each fuzz target, or those named (import_ics), for SECONDS (default 300) from a seed
# that is new each time, two at a time. What is found is in build/fuzz/; its smallest form goes into fixtures/fuzz/TARGET, where every run of
# the tests reads it. Not part of scripts/test: a finding here says nothing about what was changed.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. tests/fuzz/common.sh
build_fuzzers "$work/log"

one() { # one WORK SECONDS TARGET
	name=$(basename "$3") seed=$((RANDOM * 32768 + RANDOM + 1))
	mkdir "$1/$name"
	"$3" -seed=$seed -max_total_time="$2" -timeout=60 -rss_limit_mb=1024 -max_len=65536 -artifact_prefix="build/fuzz/" \
		"$1/$name" "fixtures/fuzz/${name#fuzz_}" >"$1/$name.log" 2>&1 ||
		{ tail -40 "$1/$name.log"; echo "$name: FOUND SOMETHING (seed $seed), see build/fuzz/"; return 1; }
	echo "$name: ok (seed $seed), $(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$1/$name.log") inputs"
}
export -f one
seconds=${1:-300}
shift || true
{ [ $# = 0 ] && fuzzers || printf "build/fuzz/tests/fuzz_%s\n" "$@"; } |
	xargs -P 2 -I TARGET bash -c 'one "$@"' - "$work" "$seconds" TARGET
