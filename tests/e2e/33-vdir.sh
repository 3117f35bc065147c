#!/bin/bash
# Others read the tree: khal lists the events of a fetched and of an unpacked tree, vdirsyncer carries it into another directory and into a
# Radicale, every resource, without a word of complaint and without touching the tree.
. "$(dirname "$0")/../lib.sh"
for p in khal vdirsyncer; do command -v $p >/dev/null || fail "$p is missing (scripts/deps test)"; done

server A radicale USERS="alice bob"
"$TOOLS/gendav.py" --env "$T/A/env" --resources 90 > "$T/out" || fail "gendav"
DAV=(--caldav "$A_DAV_URL$A_CALDAV_HOME1" --carddav "$A_DAV_URL$A_CARDDAV_HOME1" --user alice --password-command 'echo pw-alice' --cleartext)
run 0 "$VALISE" fetch "${DAV[@]}" -t "$T/fetched"
run 0 "$VALISE" backup "${DAV[@]}" -o "$T/a.valise"
run 0 "$VALISE" unpack "$T/a.valise" -t "$T/unpacked"
diff -r -x catalog "$T/fetched" "$T/unpacked" || fail "fetch and unpack give two trees"

sums() { (cd "$1" && find calendars contacts -type f -exec sha256sum {} + | sort -k2); }
# contents DIR : the resources of each collection by content alone
contents() { (cd "$1" && for c in */; do echo "== $c"; find "$c" -name '*.??[sf]' -type f -exec sha256sum {} + | cut -c1-64 | sort; done); }
sums "$T/fetched" > "$T/before"

say "khal"
for tree in fetched unpacked; do
	cat > "$T/khal.conf" <<C
[calendars]
[[all]]
path = $T/$tree/calendars/*
type = discover
readonly = True
[sqlite]
path = $T/khal-$tree.db
[locale]
local_timezone = UTC
default_timezone = UTC
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
timeformat = %H:%M
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
C
	run 0 khal -c "$T/khal.conf" list --day-format '' --format '{uid}' 2026-01-01 2026-12-31
	! grep -iE 'error|exception|skipping|broken' "$T/err" || fail "khal complains"
	sed 's/ *$//; /^$/d' "$T/out" | sort -u > "$T/khal.uids"
	# Folded or not, every UID of an event is one line here.
	grep -lr '^BEGIN:VEVENT' "$T/$tree/calendars" | while IFS= read -r f; do sed -n '/^BEGIN:VEVENT/,/^END:VEVENT/{s/^UID:\(.*\)\r$/\1/p}' "$f"; done | sort -u > "$T/tree.uids"
	[ "$(wc -l < "$T/tree.uids")" -ge 40 ] || fail "only $(wc -l < "$T/tree.uids") events: the test proves nothing"
	diff "$T/tree.uids" "$T/khal.uids" || fail "khal does not see every event of $tree"
done

say "vdirsyncer"
cat > "$T/vds.conf" <<C
[general]
status_path = "$T/vds"
[pair calendars]
a = "tree_calendars"
b = "copy_calendars"
collections = ["from a"]
metadata = ["displayname", "color"]
[pair contacts]
a = "tree_contacts"
b = "copy_contacts"
collections = ["from a"]
metadata = ["displayname"]
[pair up]
a = "tree_contacts"
b = "server"
collections = [["friends", "$(cd "$T/fetched/contacts" && ls | head -1)", "friends"]]
[storage tree_calendars]
type = "filesystem"
path = "$T/fetched/calendars"
fileext = ".ics"
[storage tree_contacts]
type = "filesystem"
path = "$T/fetched/contacts"
fileext = ".vcf"
[storage copy_calendars]
type = "filesystem"
path = "$T/copy/calendars"
fileext = ".ics"
[storage copy_contacts]
type = "filesystem"
path = "$T/copy/contacts"
fileext = ".vcf"
[storage server]
type = "carddav"
url = "$A_DAV_URL${A_CARDDAV_HOME1//alice/bob}"
username = "bob"
password = "pw-bob"
C
yes | vdirsyncer -c "$T/vds.conf" discover > "$T/out" 2>&1 || true
run 0 vdirsyncer -c "$T/vds.conf" metasync calendars contacts
run 0 vdirsyncer -c "$T/vds.conf" sync
! grep -iE 'error|warning|skip' "$T/out" "$T/err" || fail "vdirsyncer complains"
for kind in calendars contacts; do
	contents "$T/fetched/$kind" > "$T/a"
	contents "$T/copy/$kind" > "$T/b"
	[ -s "$T/a" ] || fail "no $kind"
	same "$T/a" "$T/b"
done
for c in "$T"/fetched/calendars/*/; do same "$c/displayname" "$T/copy/calendars/$(basename "$c")/displayname"; done
first=$(cd "$T/fetched/contacts" && ls | head -1)
n=$(curl -sf -u bob:pw-bob -X PROPFIND -H 'Depth: 1' "$A_DAV_URL${A_CARDDAV_HOME1//alice/bob}friends/" | grep -o '\.vcf</[A-Za-z:]*href>' | wc -l)
[ "$n" = "$(ls "$T/fetched/contacts/$first"/*.vcf | wc -l)" ] || fail "$n cards arrived"
run 0 vdirsyncer -c "$T/vds.conf" sync
! grep -E 'Copying|Deleting' "$T/out" "$T/err" || fail "a second sync finds something to do"
sums "$T/fetched" > "$T/after"
same "$T/before" "$T/after"
