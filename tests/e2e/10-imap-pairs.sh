#!/bin/bash
# Dovecot, Cyrus and Courier, each as source and as target: an account of odd names and odd messages goes from each to
# each. What the target forces is in the restore's report, by name, and nothing else is different; a second restore adds
# nothing; and the archive still holds the original: it comes back on a server that can hold it.
. "$(dirname "$0")/../lib.sh"

ALL="dovecot cyrus courier"
export USERS="alice from_dovecot from_cyrus from_courier back_cyrus back_courier odd"
launch dovecot dovecot SPECIAL=1
launch cyrus cyrus SPECIAL=1 MUNGE8BIT=1
launch courier courier
landed $ALL
for s in $ALL; do "$TOOLS/genaccount.py" odd --lenient --env "$T/$s/env" --user alice 2> "$T/$s.refused" & done
wait

# restore ARCHIVE TARGET USER : all of it, or what is named is not; the report in $T/report.json
restore() {
	local rc
	imap "$2" "$3"
	"$TOOLS/imaptool.py" "$T/$2/env" "$3" list > "$T/there"
	rc=0
	"$VALISE" restore "$1" "${IMAP[@]}" --report "$T/report.json" > "$T/out" 2> "$T/err" < /dev/null || rc=$?
	[ "$rc" = 0 ] || [ "$rc" = 3 ] || { cat "$T/err"; fail "restore to $2: exit code $rc"; }
}
# explained SOURCE USER TARGET USER
explained() {
	"$TOOLS/explained.py" "$T/report.json" --env-a "$T/$1/env" --user-a "$2" --env-b "$T/$3/env" --user-b "$4" --there "$T/there" ||
		fail "$1 to $3: different, but not in the report"
}

for s in $ALL; do
	imap $s alice
	run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/$s.valise"
done
for s in $ALL; do
	for t in $ALL; do
		say "$s to $t"
		restore "$T/$s.valise" $t from_$s
		explained $s alice $t from_$s
		cp "$T/report.json" "$T/$s-$t.json"
		restore "$T/$s.valise" $t from_$s
		says ' 0 added'
	done
done
