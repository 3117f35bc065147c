#!/bin/bash
# What the readers see in a PST and two OSTs is what others see, which share no code with them: pst-extractor and msgreader (npm), readpst. pffexport stands on
# libpff, too, but goes its own way through a file. Differences are explained in docs/OUTLOOK.md.
. "$(dirname "$0")/../lib.sh"
for p in lspst pffexport; do command -v $p >/dev/null || fail "$p is missing (scripts/deps test)"; done
DUMP=${VALISE_BUILD:-$HERE/../build/test}/tests/outlook_dump
[ -x "$DUMP" ] || fail "$DUMP is missing"
server O outlook

# see FILE [KNOWN...] : both sides of it, compared
see() {
	local file=$1 name
	shift
	name=$(basename "$file")
	say "$name"
	"$DUMP" "$file" > "$T/$name.ours" || fail "$name: cannot be read"
	node "$O_NODE_READERS" "$file" > "$T/$name.theirs" 2> "$T/err" || fail "$name: the other reader cannot read it"
	$PYTHON "$TOOLS/outlook_compare.py" "$T/$name.ours" "$T/$name.theirs" "$@" > "$T/out" || fail "$name"
	tail -1 "$T/out"
}
HOLIDAYS="^Calendar/United States holidays: items of IPM.Appointment: ours '160', theirs '24'"
see "$O_SAMPLES/enron.pst"
see "$O_SAMPLES/pstextractortest@outlook.com.ost" "$HOLIDAYS"
see "$O_SAMPLES/pstextractortestpdf@outlook.com.ost" "$HOLIDAYS"

say "readpst and pffexport count the same"
lspst "$O_SAMPLES/enron.pst" > "$T/lspst"
$PYTHON - "$T/lspst" "$T/enron.pst.ours" << 'PY' || fail "readpst"
import collections, json, sys
theirs, ours = collections.Counter(), collections.Counter()
for line in open(sys.argv[1], encoding="utf-8", errors="replace"):
    if line.startswith("Email\t"):
        theirs[line.rstrip("\n").partition("Subject: ")[2]] += 1
for line in open(sys.argv[2], encoding="utf-8"):
    o = json.loads(line)
    if "fx_sha256" in o:
        ours[o.get("subject") or ""] += 1
sys.exit(0 if ours == theirs else f"{ours - theirs} {theirs - ours}")
PY
for f in "$O_SAMPLES"/*st; do
	n=$(basename "$f")
	pffexport -q -m items -t "$T/$n" "$f" > "$T/out" 2>&1 || fail "pffexport $n"
	(cd "$T/$n.export" && find . -type d -regex '.*/[A-Z][a-z]*[0-9][0-9][0-9][0-9][0-9]' -not -path '*/Attachments/*' -exec dirname {} \; | sed -E 's#^\./(Root - Mailbox/IPM_SUBTREE|Top of Personal Folders)/##') |
		LC_ALL=C sort | uniq -c > "$T/theirs"
	$PYTHON -c 'import json, sys
for l in open(sys.argv[1]):
    o = json.loads(l)
    if "fx_sha256" in o: print(o["in"])' "$T/$n.ours" | LC_ALL=C sort | uniq -c > "$T/ours"
	diff "$T/ours" "$T/theirs" > "$T/out" || fail "pffexport counts otherwise in $n"
done

say "special folders of an OST, in whatever language its names are"
for u in Inbox Sent Trash Drafts Junk Archive; do
	grep -c "\"use\":\"\\\\\\\\$u\"" "$T/pstextractortest@outlook.com.ost.ours" | grep -qx 1 || fail "no folder, or several, is \\$u"
done
# The same file gives the same octets.
"$DUMP" "$O_SAMPLES/enron.pst" | cmp - "$T/enron.pst.ours" || fail "a second reading gives something else"
echo ok
