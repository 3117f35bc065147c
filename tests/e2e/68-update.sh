#!/bin/bash
# restore --update: an event or card that was changed at the source since it was restored is replaced where it is as the earlier restore left it, and nowhere else.
. "$(dirname "$0")/../lib.sh"

server r radicale USERS="alice bob"
launch x xandikos
launch c cyrus USERS="alice bob"
landed x c
cd "$T"
curl_as() { curl -sS -o /dev/null --fail -k -u "$1:pw-$1" "${@:2}"; }
# event UID SUMMARY [MORE], card UID NAME : to a file
event() { printf 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T190000Z\r\nDTEND:20260101T200000Z\r\nSUMMARY:%s\r\n%sEND:VEVENT\r\nEND:VCALENDAR\r\n' "$1" "$2" "${3:-}" > body; }
card() { printf 'BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%s\r\nFN:%s\r\nN:%s;;;;\r\nEND:VCARD\r\n' "$1" "$2" "$2" > body; }
put() { curl_as alice -X PUT -H "Content-Type: text/${2:-calendar}" --data-binary @body "$r_DAVS_URL/alice/$1"; } # PATH TYPE : at the source
curl_as alice -X MKCALENDAR "$r_DAVS_URL/alice/cal/"
curl_as alice -X MKCOL -H 'Content-Type: text/xml' --data '<D:mkcol xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:set><D:prop><D:resourcetype><D:collection/><C:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>' "$r_DAVS_URL/alice/book/"
for i in 1 2 3 4; do event "e$i" "one $i"; put "cal/e$i.ics"; done
for i in 1 2; do card "c$i" "One $i"; put "book/c$i.vcf" vcard; done
from() { ACCOUNT=(--caldav "$r_DAVS_URL" --carddav "$r_DAVS_URL" --user alice --ca-file "$r_CA" --password-command "echo pw-alice"); }
to() { # SERVER
	local dav=$1_DAVS_URL ca=$1_CA cal=$1_CALDAV_HOME1 card=$1_CARDDAV_HOME1
	HOME1=${!dav}${!cal//alice/bob}
	ACCOUNT=(--caldav "$HOME1" --carddav "${!dav}${!card//alice/bob}" --user bob --ca-file "${!ca}" --password-command "echo pw-bob")
}
from
run 0 "$VALISE" backup "${ACCOUNT[@]}" -o one.valise
cp -r one.valise two.valise
for i in 1 2 3; do event "e$i" "two $i"; put "cal/e$i.ics"; done
card c1 "Two 1"
put book/c1.vcf vcard
run 0 "$VALISE" backup "${ACCOUNT[@]}" -o two.valise

for s in r x c; do
	say "$s"
	to $s

	"$VALISE" restore one.valise "${ACCOUNT[@]}" >out 2>&1 </dev/null || [ $? = 3 ] || { cat out; fail "restore"; }
	# e2 is changed by its new owner
	run 0 "$VALISE" fetch "${ACCOUNT[@]}" -t tree.$s
	at=$($PYTHON - tree.$s "$HOME1" <<'P'
import glob, json, sys, urllib.parse
for path in glob.glob(sys.argv[1] + "/catalog/calendars/*.jsonl"):
    for line in map(json.loads, open(path)):
        if line.get("id") == "e2":
            print(urllib.parse.urljoin(sys.argv[2], line["href"]))
P
	)
	event e2 "theirs"
	curl_as bob -X PUT -H 'Content-Type: text/calendar' --data-binary @body "$at"
	say "$s: without --update all are left; a dry run says what would be done"
	run 3 "$VALISE" restore two.valise "${ACCOUNT[@]}"
	says 'was changed at the source since it was restored; the version here is left'
	run 3 "$VALISE" restore two.valise "${ACCOUNT[@]}" --update --dry-run
	says ', 3 to replace by a newer version'
	say "$s: with it those that nobody has touched are replaced"
	run 3 "$VALISE" restore two.valise "${ACCOUNT[@]}" --update --report rep.json
	says ', 3 replaced by a newer version'
	says 'UID e2.*(not as in the archive|is left)'
	$PYTHON -c 'import json, sys; o = json.load(open(sys.argv[1])); assert (o["updated"], o["added"], o["failed"]) == (3, 0, 0), o' rep.json
	run 3 "$VALISE" restore two.valise "${ACCOUNT[@]}" --update
	! grep -q replaced out || fail "replaced twice"
	run 0 "$VALISE" fetch "${ACCOUNT[@]}" -t tree.$s
	[ "$(cat tree.$s/calendars/*/*.ics | tr -d '\r' | sed -n 's/^SUMMARY://p' | sort | paste -sd,)" = "one 4,theirs,two 1,two 3" ] || fail "$(grep -rh SUMMARY tree.$s/calendars)"
	[ "$(cat tree.$s/contacts/*/*.vcf | tr -d '\r' | sed -n 's/^FN://p' | sort | paste -sd,)" = "One 2,Two 1" ] || fail "$(grep -rh FN tree.$s/contacts)"
	say "$s: an older archive is no newer version; what differed before any restore is nobody's to replace"
	rm -rf state
	run 3 "$VALISE" restore one.valise "${ACCOUNT[@]}" --update
	! grep -q replaced out || fail "replaced by what it was never restored from"
	run 3 "$VALISE" restore two.valise "${ACCOUNT[@]}" --update
	says 'UID e2.*(not as in the archive|left as it is)'
	! grep -q replaced out || fail "somebody's own was replaced"
done
