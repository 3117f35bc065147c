#!/bin/bash
# valise check. Without --for: what it counts is what a backup brings, folder by folder, on servers that say sizes in a sum (Dovecot, Cyrus), in a
# listing (Courier, POP3) and by getcontentlength; the archive is as large as it said; the source is as it was, \Recent too. With --for: what the
# restores into each of these servers name was foreseen, or docs/RESTORE.md says why it cannot be; nothing is written; 0 where all goes.
. "$(dirname "$0")/../lib.sh"

export USERS="alice bob carol dave"
launch S dovecot SEP=/ SPECIAL=1
launch C cyrus REJECT8BIT=1
launch K courier
launch M mailutils
launch R radicale
launch X xandikos
launch D davical
landed S C K M R X D
"$TOOLS/genaccount.py" small --env "$T/S/env" --huge 3000000 > /dev/null
"$TOOLS/genaccount.py" small --lenient --env "$T/C/env" > /dev/null 2>&1
"$TOOLS/genaccount.py" small --lenient --env "$T/K/env" > /dev/null 2>&1
"$TOOLS/gendav.py" --env "$T/R/env" --resources 60 --big 20000 --attendees 2 > /dev/null

# counted NAME SIZE OPTION... : check says of each collection what a backup brings; the sizes are known by SIZE
counted() {
	local name=$1 how=$2
	shift 2
	run 0 "$VALISE" check "$@" --json
	cp "$T/out" "$T/$name.check"
	run 0 "$VALISE" backup "$@" -o "$T/$name.valise"
	find "$T/$name.valise" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }' > "$T/$name.size"
	run 0 "$VALISE" list "$T/$name.valise" --json
	$PYTHON - "$T/$name" "$T/out" "$how" <<'P'
import json, sys
name, listed, how = sys.argv[1:]
events = [json.loads(line) for line in open(name + ".check")]
is_said = {(e["kind"], e["name"]): (e["items"], e.get("bytes")) for e in events if e["event"] == "collection"}
is_there = {(o["kind"], o["name"]): (o["items"], o["bytes"]) for o in map(json.loads, open(listed)) if "kind" in o}
for key in is_said.keys() | is_there.keys():
    a, b = is_said.get(key, (0, 0)), is_there.get(key, (0, 0))
    # A multiget's line ends become CRLF in the archive: of calendars and contacts the bytes are near.
    assert a[0] == b[0] and (a[1] == b[1] if key[0] == "mail" else abs(a[1] - b[1]) <= b[1] / 20), (key, a, b)
assert {e["size"] for e in events if e["event"] == "collection" and e["items"]} == {how}, events
done, services = events[-1], [e for e in events if e["event"] == "service"]
assert done["bytes"] == sum(e["bytes"] for e in services) == sum(b or 0 for _, b in is_said.values()), done
assert done["sampled_items"] and done["seconds_low"] <= done["seconds_high"], done
size = int(open(name + ".size").read())
print("  ", size, "octets;", done["archive_bytes_low"], done["archive_bytes"], done["archive_bytes_high"], "said")
assert done["archive_bytes_low"] <= size <= done["archive_bytes_high"], done
P
}

for name in S C K; do
	say "IMAP of $name"
	imap $name alice
	"$TOOLS/snapshot_source.py" --env "$T/$name/env" --user alice > "$T/before"
	counted $name "$([ $name = K ] && echo listed || echo said)" "${IMAP[@]}"
	"$TOOLS/snapshot_source.py" --env "$T/$name/env" --user alice > "$T/after"
	same "$T/before" "$T/after"
done

say "calendars and contacts"
counted R listed --caldav "$R_DAV_URL$R_CALDAV_HOME1" --carddav "$R_DAV_URL$R_CARDDAV_HOME1" --user alice --password-command 'echo pw-alice' --cleartext

say "POP3: sampled by TOP, nothing becomes read"
"$TOOLS/snapshot_source.py" --no-recent --env "$T/S/env" --user alice > "$T/before"
run 0 "$VALISE" check --pop3 "pop3s://localhost:$S_POP3S_PORT" --user alice --ca-file "$S_CA" --password-command 'echo pw-alice' --trace "$T/trace"
says '^  INBOX +[0-9]+ +[0-9.]+ [kM]B$'
says 'a backup takes .*; the archive will have about '
grep -q ' TOP ' "$T/trace" || fail "no sample"
! grep -qE ' (RETR|DELE) ' "$T/trace" || fail "a sample by RETR"
"$TOOLS/snapshot_source.py" --no-recent --env "$T/S/env" --user alice > "$T/after"
same "$T/before" "$T/after"

say "people: a table, what the server has, what it means; with --quiet nothing"
imap S alice
run 0 "$VALISE" check "${IMAP[@]}"
says '^imap: signed in as alice: [0-9]+ items in [0-9]+ collections, [0-9.]+ MB$'
says '^  INBOX +[0-9]+ +[0-9.]+ MB$'
says '^  it has .*STATUS=SIZE'
says '^  measured on [0-9]+ items \('
run 0 "$VALISE" check "${IMAP[@]}" --quiet
[ ! -s "$T/out" ] || fail "it was not quiet"

# foreseen ARCHIVE OPTION... : check --for, then the restore, into an account
foreseen() {
	local archive=$1 rc=0
	shift
	"$VALISE" check --for "$archive" "$@" --json > "$T/check" 2> "$T/err" || rc=$?
	[ $rc = 0 ] || [ $rc = 3 ] || { cat "$T/err"; fail "check --for: $rc"; }
	rc=0
	"$VALISE" restore "$archive" "$@" --report "$T/report.json" > "$T/out" 2> "$T/err" < /dev/null || rc=$?
	[ $rc = 0 ] || [ $rc = 3 ] || { cat "$T/err"; fail "restore: $rc"; }
	"$TOOLS/foreseen.py" "$HERE/../docs/RESTORE.md" "$T/check" "$T/report.json" || fail "not foreseen"
}

# mail NAME, dav NAME : into a server; that a check writes nothing is seen over IMAP
empty='s/\(MESSAGES 0 .*\)UIDVALIDITY.*/\1/' # Courier and mailutils: that of a mailbox that was never opened is the time
mail() {
	imap "$1" bob
	[ "$1" != M ] || IMAP+=(--auth PLAIN) # its SCRAM knows no crypt()ed password
	"$TOOLS/snapshot_source.py" --env "$TOP/$1/env" --user bob | sed "$empty" > "$T/before"
	run 3 "$VALISE" check --for "$TOP/odd.valise" "${IMAP[@]}"
	says '^[0-9]+ items to be added, .* there already$'
	says '^a restore takes between '
	"$TOOLS/snapshot_source.py" --env "$TOP/$1/env" --user bob | sed "$empty" > "$T/after"
	same "$T/before" "$T/after"
	foreseen "$TOP/odd.valise" "${IMAP[@]}"
	[ "$1" != M ] || run 3 timeout 60 "$VALISE" check --for "$TOP/odd.valise" "${IMAP[@]}" # it tells names with '"' unquoted: that waited without end
}
dav() {
	local url=$1_DAV_URL cal=$1_CALDAV_HOME1 card=$1_CARDDAV_HOME1
	foreseen "$TOP/R.valise" --caldav "${!url}${!cal//alice/carol}" --carddav "${!url}${!card//alice/carol}" --user carol --password-command 'echo pw-carol' --cleartext
}

say "odd mail, calendars and contacts into each server: nothing that it names was not foreseen, and the check wrote nothing"
"$TOOLS/genaccount.py" odd --lenient --env "$T/S/env" --user dave > /dev/null 2>&1
imap S dave
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/odd.valise"
jobs=("mail S" "mail C" "mail K" "dav X" "dav D" "dav C") pids=()
case $M_VERSION in
*:3.19*) echo "   mailutils $M_VERSION refuses right passwords and stores messages twice now and then: left out" ;;
*) jobs+=("mail M") ;;
esac
for job in "${jobs[@]}"; do
	mkdir "$T/$job"
	(TOP=$T T="$T/$job"; export XDG_STATE_HOME=$T/state; $job) > "$T/$job.log" 2>&1 &
	pids+=($!)
done
failed=
for job in "${jobs[@]}"; do
	wait "${pids[0]}" || failed+=" $job;"
	pids=("${pids[@]:1}")
	echo "-- $job"
	cat "$T/$job.log"
done
[ -z "$failed" ] || fail "$failed"

say "plain mail: 0, and a second time nothing is to be added"
printf 'From: a@example.org\r\nSubject: plain\r\nDate: Thu, 1 Jan 2015 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\nHello\r\n' > "$T/plain.eml"
"$TOOLS/imaptool.py" "$T/C/env" dave append INBOX "$T/plain.eml" > /dev/null
imap C dave
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/plain.valise"
imap S carol
run 0 "$VALISE" check --for "$T/plain.valise" "${IMAP[@]}"
says '^1 item to be added, '
says '^all of it will go as it is$'
run 0 "$VALISE" restore "$T/plain.valise" "${IMAP[@]}"
run 0 "$VALISE" check --for "$T/plain.valise" "${IMAP[@]}"
says '^0 items to be added, 1 there already$'
run 0 "$VALISE" check --for "$T/plain.valise" "${IMAP[@]}" --only mail --under Old
says '^1 item to be added, '
run 2 "$VALISE" check "${IMAP[@]}" --under Old
says 'goes with --for'
run 10 "$VALISE" check "${IMAP[@]}" --for "$T/none.valise"
