#!/bin/bash
# Dovecot, Cyrus and Courier, each as source and as target: an account of odd names and odd messages goes from each to
# each. What the target forces is in the restore's report, by name, and nothing else is different; a second restore adds
# nothing; and it can be undone: the archive still gives the original to a server that can hold it, and what comes back
# from the other servers has no prefix and no other delimiter.
. "$(dirname "$0")/../lib.sh"

ALL="cyrus courier dovecot"
export USERS="alice from_dovecot from_cyrus from_courier back_cyrus back_courier"
launch dovecot dovecot SPECIAL=1
launch cyrus cyrus SPECIAL=1 MUNGE8BIT=1
launch courier courier
landed $ALL
# Courier offers UTF8=ACCEPT: never enabled, so the names stay modified UTF-7.
for s in $ALL; do
	"$TOOLS/genaccount.py" odd --lenient --env "$T/$s/env" --user alice 2> "$T/$s.refused" &
	"$TOOLS/imaptool.py" "$T/$s/env" from_$s list > "$T/$s.there" &
done
wait

# restore ARCHIVE TARGET USER : the report in $T/report.json; exit code 3 where something is not verbatim
restore() {
	local rc=0
	imap "$2" "$3"
	"$VALISE" restore "$1" "${IMAP[@]}" --report "$T/report.json" > "$T/out" 2> "$T/err" < /dev/null || rc=$?
	[ "$rc" = 0 ] || [ "$rc" = 3 ] || { cat "$T/err"; fail "restore to $2: exit code $rc"; }
}
# explained SOURCE USER TARGET USER [--names ENV]
explained() {
	"$TOOLS/explained.py" "$T/report.json" --env-a "$T/$1/env" --user-a "$2" --env-b "$T/$3/env" --user-b "$4" --there "$T/$3.there" "${@:5}" ||
		fail "$1 to $3: different, but not in the report"
}

for s in $ALL; do
	imap "$s" alice
	run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/$s.valise"
done
for t in $ALL; do
	for s in $ALL; do
		say "$s to $t"
		restore "$T/$s.valise" "$t" "from_$s"
		cp "$T/report.json" "$T/$s-$t.json"
		explained "$s" alice "$t" "from_$s"
		restore "$T/$s.valise" "$t" "from_$s"
		says ' 0 added'
	done
done
# After all this the archive of Dovecot's account gives back all of it (cases above: exactly what the report says, and it says nothing).
[ "$(grep -c '"collection"' "$T/dovecot-dovecot.json")" = 0 ] || fail "the original did not come back"

for t in cyrus courier; do
	say "from Dovecot to $t, and back to Dovecot: what $t forced is left, its prefix and delimiter are gone"
	imap $t from_dovecot
	run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/back_$t.valise"
	restore "$T/back_$t.valise" dovecot back_$t
	cp "$T/dovecot-$t.json" "$T/report.json"
	explained dovecot alice dovecot back_$t --names "$T/$t/env"
done
