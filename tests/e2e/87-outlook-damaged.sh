#!/bin/bash
# 240 PST, OST and .msg files with octets that were changed: each reading ends by itself, and what is not there any more is named. SEED=N for others, COPIES=N for more,
# FILES="..." for other files; a .msg has no checksums, so what is altered in it cannot be seen.
. "$(dirname "$0")/../lib.sh"
DUMP=${VALISE_BUILD:-$HERE/../build/test}/tests/outlook_dump
server O outlook
[ -n "${FILES:-}" ] || {
	two="$O_SAMPLES/pstextractortest@outlook.com.ost $O_SAMPLES/pstextractortestpdf@outlook.com.ost"
	FILES="$two $two $two $two $O_SAMPLES/enron.pst" # which is the largest
}
$PYTHON "$TOOLS/outlook_damage.py" "$DUMP" "${COPIES:-240}" "${SEED:-1}" $FILES || fail "seed ${SEED:-1}"
echo ok
