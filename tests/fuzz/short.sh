#!/bin/bash
# short.sh [RUNS] : a short run of every fuzz target with libFuzzer, RUNS inputs each (default 5000), two targets at a time. It is the same each
# time: by one seed, from the corpus in the order of its names, with a number of inputs and not of seconds, and with addresses that stay, as
# libFuzzer takes what is compared, pointers too, for a hint. So what it finds is due to what was changed. A target that takes three minutes
# ends there, which is said. tests/fuzz/long.sh looks for what nobody has found yet.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. tests/fuzz/common.sh
build_fuzzers "$work/log"

one() { # one WORK RUNS TARGET
	name=$(basename "$3")
	# Inputs that it found are in memory alone; those of the corpus as a list, as a directory has an order of its own.
	printf '%s\n' "fixtures/fuzz/${name#fuzz_}"/* | LC_ALL=C sort | paste -sd, | tr -d '\n' >"$1/$name.seeds"
	$fixed "$3" -seed=1 -runs="$2" -max_total_time=180 -seed_inputs=@"$1/$name.seeds" -shuffle=0 -reload=0 -timeout=60 -rss_limit_mb=1024 \
		-max_len=65536 -artifact_prefix="build/fuzz/" >"$1/$name.log" 2>&1 ||
		{ tail -40 "$1/$name.log"; echo "$name: FOUND SOMETHING, see build/fuzz/"; return 1; }
	done=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$1/$name.log")
	echo "$name: ok$([ "$done" -ge "$2" ] || echo ", $done of $2 inputs in three minutes")"
}
export -f one
export LC_ALL=C fixed="setarch -R"
$fixed true 2>/dev/null || fixed= # which a container may forbid
fuzzers | xargs -P 2 -I TARGET bash -c 'one "$@"' - "$work" "${1:-5000}" TARGET
