#!/bin/bash
# valise check. Without --for: what it counts is what a backup brings, folder by folder, on servers that say sizes in a sum (Dovecot, Cyrus), in a
# listing (Courier, POP3) and by getcontentlength; the archive is as large as it said; the source is as it was, \Recent too.
. "$(dirname "$0")/../lib.sh"

export USERS="alice bob"
launch S dovecot SEP=/ SPECIAL=1 CLOCK=+5y
launch C cyrus
launch K courier
launch R radicale
landed S C K R
"$TOOLS/genaccount.py" small --env "$T/S/env" --huge 3000000 > /dev/null
"$TOOLS/genaccount.py" small --lenient --env "$T/C/env" > /dev/null 2>&1
"$TOOLS/genaccount.py" small --lenient --env "$T/K/env" > /dev/null 2>&1
"$TOOLS/gendav.py" --env "$T/R/env" --resources 60 --big 20000 > /dev/null

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
