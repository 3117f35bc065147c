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

say "of which nothing can be read: named, and no snapshot is made of it"
cd "$T"
mkdir none
printf '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1%0100000d' 0 > none/none.msg
printf '!BDN%0100000d' 0 > none/none.pst
run 1 "$VALISE" import none -o none.valise
says 'none.msg: it cannot be opened: .*[^.]$'
says 'none.pst: '
says 'nothing could be read'
[ ! -e none.valise/data ] || fail "a snapshot of nothing"
printf 'Subject: a\n\nb\n' > none/a.eml
run 3 "$VALISE" import none -o none.valise
says '1 item in 1 file: 1 new'
says 'NOT READ: 2 files'
echo ok
