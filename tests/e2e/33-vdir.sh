#!/bin/bash
# Others read the tree: khal lists the events and khard the cards of a fetched and of an unpacked tree, vdirsyncer carries it into another directory
# and into a Radicale, every resource, without a word of complaint and without touching the tree.
. "$(dirname "$0")/../lib.sh"
for p in khal khard vdirsyncer; do command -v $p >/dev/null || fail "$p is missing (scripts/deps test)"; done

server A radicale USERS="alice bob"
"$TOOLS/gendav.py" --env "$T/A/env" --resources 90 > "$T/out" || fail "gendav"
DAV=(--caldav "$A_DAV_URL$A_CALDAV_HOME1" --carddav "$A_DAV_URL$A_CARDDAV_HOME1" --user alice --password-command 'echo pw-alice' --cleartext)
run 0 "$VALISE" fetch "${DAV[@]}" -t "$T/fetched"
run 0 "$VALISE" backup "${DAV[@]}" -o "$T/a.valise"
run 0 "$VALISE" unpack "$T/a.valise" -t "$T/unpacked"
diff -r -x catalog "$T/fetched" "$T/unpacked" || fail "fetch and unpack give two trees"

sums() { (cd "$1" && find . -path ./catalog -prune -o -type f -exec sha256sum {} + | sort -k2); }
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

# khard_conf DIR : its address books, in $T/khard.conf
khard_conf() {
	local b
	{
		echo '[addressbooks]'
		for b in "$1"/contacts/*/; do b=${b%/}; printf '[[%s]]\npath = "%s"\n' "${b##*/}" "$b"; done
		printf '[general]\ndebug = no\n[contact table]\nlocalize_dates = no\n[vcard]\nskip_unparsable = no\n'
	} > "$T/khard.conf"
}
# cards DIR : UID, name and address book of each card
cards() {
	local f
	for f in "$1"/contacts/*/*.vcf; do
		printf '%s\t%s\t%s\n' "$(sed -n 's/^UID:\(.*\)\r$/\1/p' "$f")" "$(sed -n 's/^FN:\(.*\)\r$/\1/p' "$f" | tail -1)" "$(basename "$(dirname "$f")")"
	done | sort
}

say "khard"
for tree in fetched unpacked; do
	khard_conf "$T/$tree"
	run 0 khard -c "$T/khard.conf" list --parsable --display formatted_name
	[ ! -s "$T/err" ] || fail "khard complains"
	sort "$T/out" > "$T/khard.cards"
	cards "$T/$tree" > "$T/tree.cards"
	[ "$(wc -l < "$T/tree.cards")" -ge 25 ] || fail "only $(wc -l < "$T/tree.cards") cards: the test proves nothing"
	same "$T/tree.cards" "$T/khard.cards"
done

say "khard and odd cards"
# Xandikos keeps what it is given. Of vCard 2.1 khard reads all but two ways to break a line, which Xandikos 0.2.12 refuses, too; and it
# lists no card without a UID.
server X xandikos USERS=alice
url=$X_DAV_URL${X_CARDDAV_HOME1}odd/
curl -sf -u alice:pw-alice -X MKCOL -H 'Content-Type: application/xml' "$url" \
	-d '<D:mkcol xmlns:D="DAV:" xmlns:R="urn:ietf:params:xml:ns:carddav"><D:set><D:prop><D:resourcetype><D:collection/><R:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>' > "$T/out" || fail "MKCOL"
# odd NAME VERSION LINES
odd() { printf "BEGIN:VCARD\r\nVERSION:$2\r\n$3N:$1;Odd;;;\r\nFN:Odd $1\r\nEND:VCARD\r\n" | curl -sf -u alice:pw-alice -T - -H 'Content-Type: text/vcard' "$url$1.vcf" || fail "PUT $1"; }
odd old 2.1 'UID:old\r\nTEL;HOME;VOICE:5\r\nNOTE;CHARSET=UTF-8;QUOTED-PRINTABLE:=C3=A4\r\nPHOTO;BASE64;JPEG:\r\n AAAA\r\n BBBB\r\n\r\n'
odd agent 2.1 'UID:agent\r\nAGENT:\r\nBEGIN:VCARD\r\nVERSION:2.1\r\nFN:Other\r\nEND:VCARD\r\n'
odd data 4.0 'UID:data\r\nPHOTO:data:image/png;base64\\,AAAA\r\n'
odd soft 2.1 'UID:soft\r\nNOTE;QUOTED-PRINTABLE:a=\r\nb\r\n' > "$T/out"
odd bare 2.1 'UID:bare\r\nPHOTO;BASE64;JPEG:AAAA\r\nBBBB\r\n\r\n' > "$T/out"
broken=0 # Xandikos 0.2.12 says 412, in an answer that is 207
for n in soft bare; do ! curl -sf -u alice:pw-alice -o "$T/out" "$url$n.vcf" || broken=$((broken + 1)); done
odd nobody 3.0 ''
run 0 "$VALISE" fetch --carddav "$X_DAV_URL$X_CARDDAV_HOME1" --user alice --password-command 'echo pw-alice' --cleartext -t "$T/odd"
[ "$(ls "$T"/odd/contacts/odd/*.vcf | wc -l)" = $((4 + broken)) ] || fail "not every card is in the tree"
sums "$T/odd" > "$T/odd.before"
khard_conf "$T/odd"
run 0 khard -c "$T/khard.conf" --skip-unparsable list --parsable --display formatted_name
cards "$T/odd" | grep -vE '^(soft|bare|)	' > "$T/tree.cards"
sort "$T/out" > "$T/khard.cards"
same "$T/tree.cards" "$T/khard.cards"
[ $broken = 0 ] || says "$broken of [0-9]+ vCard files of address book odd could not be parsed"
[ "$(grep -c 'Could not parse file' "$T/err")" = $broken ] || fail "khard refuses others"
says 'odd has no UID'
sums "$T/odd" > "$T/odd.after"
same "$T/odd.before" "$T/odd.after"

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
