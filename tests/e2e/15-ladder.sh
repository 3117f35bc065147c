#!/bin/bash
# Hard messages into servers that refuse some of them as they are: Cyrus, which also refuses 8-bit headers here, and Courier. Every
# message has a place there; what is not as it was is named, and nothing else is different; a second
# restore adds nothing, also without its journal. INBOX and Work; VALISE_EVERY=1: all 2,000. (Scripted servers: 15-refusals.py.)
. "$(dirname "$0")/../lib.sh"

launch S dovecot SEP=/ SPECIAL=1 CLOCK=+5y
launch C cyrus REJECT8BIT=1
launch K courier
landed S C K
"$TOOLS/genaccount.py" hard --env "$T/S/env" --big 300000 --until 2025 > /dev/null
folders=(--folder INBOX --folder Work --exclude 'INBOX/*' --exclude 'Work/*') only=(--only INBOX --only Work)
[ -z "${VALISE_EVERY:-}" ] || folders=() only=()
imap S alice
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/a.valise"

# A message in another form stays one, and so does one to which Courier added a CRLF or that lacks a keyword which it does not
# have: each run says so, a dry run as well (exit code 3).
for name in C K; do
	say "$name"
	imap $name bob
	"$TOOLS/imaptool.py" "$T/$name/env" bob list > "$T/there"
	run 3 "$VALISE" restore "$T/a.valise" "${folders[@]}" "${IMAP[@]}" --report "$T/report.json"
	says ', 0 already there'
	! grep -q REFUSED "$T/out" || fail "something is not there"
	altered=$(grep -o '[0-9]* not exactly as in the archive' "$T/out")
	"$TOOLS/explained.py" "$T/report.json" --env-a "$T/S/env" --user-a alice --env-b "$T/$name/env" --user-b bob --there "$T/there" "${only[@]}" ||
		fail "different, but not in the report"
	"$TOOLS/snapshot_source.py" --no-recent --env "$T/$name/env" --user bob > "$T/before"
	for dry in --dry-run ''; do
		run 3 "$VALISE" restore "$T/a.valise" "${folders[@]}" "${IMAP[@]}" $dry
		says ' 0 (added|to add)'
		says " $altered"
	done
	rm -r "$T/state"
	run 3 "$VALISE" restore "$T/a.valise" "${folders[@]}" "${IMAP[@]}"
	says ' 0 added'
	"$TOOLS/snapshot_source.py" --no-recent --env "$T/$name/env" --user bob > "$T/after"
	same "$T/before" "$T/after"
done
