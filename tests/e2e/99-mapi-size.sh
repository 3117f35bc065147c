#!/bin/bash
# 5,500 items of 87 MB over MAPI: as few requests, and as little memory, as docs/MAPI.md says. bench/mapi.py measures, and fails where it is more.
. "$(dirname "$0")/../lib.sh"
TMPDIR=$T VALISE=$VALISE "$PYTHON" -B "$HERE/../bench/mapi.py" > "$T/out" 2>&1 || fail "more than was promised"
grep -q 'nothing new' "$T/out" || fail "nothing was measured"
