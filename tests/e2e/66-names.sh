#!/bin/bash
# A catalog that a person can read: zcat and grep find mail, events and cards by what names them, without valise, whatever the octets were. Real servers:
# Dovecot and Radicale.
. "$(dirname "$0")/../lib.sh"

launch A dovecot SEP=/
launch B radicale USERS="alice"
landed A B
imap A alice
$PYTHON - "$T" <<'P'
import sys
t = sys.argv[1]
def put(name, data):
    with open("%s/%s.eml" % (t, name), "wb") as f:
        f.write(data)
multi = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSubject: not this one\r\n"
put("plain", b"From: Ann Example <ann@example.org>\r\nTo: Bob <bob@example.org>\r\nCc: carol@example.org\r\nDate: Sun, 3 Nov 2024 10:00:00 +0100\r\n"
    b"Message-ID: <plain@example.org>\r\nSubject: Lunch on Sunday\r\n" + multi +
    b"--b\r\nContent-Disposition: attachment;\r\n filename*0*=utf-8''Men%C3%BC;\r\n filename*1=\" of the week.pdf\"\r\n\r\nx\r\n--b--\r\n")
put("words", b"From: =?iso-8859-1?Q?J=F6rg?= <j@example.org>\r\nSubject: =?utf-8?B?R3LDvMOf?= =?utf-8?B?ZSBhdXMgS8O2bG4=?=\r\n\r\nx\r\n")
put("eight", b"From: j@example.org\r\nSubject: Gr\xfc\xdfe ohne MIME\r\n\r\nx\r\n")
put("charset", b"Subject: =?no-such?Q?a=FF?= =?utf-8?Q?caf=C3=A9=FF_broken?= =?utf-8?Q?=00nul?=\r\nFrom: x@example.org\r\n\r\nx\r\n")
put("hostile", b"From: \"\x1b]0;owned\x07\" <evil@example.org>\r\nSubject: \x1b[31mred =?utf-8?Q?=E2=80=AEgpj.exe=C2=9B1m=0AInjected=3A_yes?=\r\n" + multi +
    b"--b\r\nContent-Disposition: attachment; filename=\"../../\xe2\x80\xaeetc/passwd\r\n .exe\"\r\n\r\nx\r\n--b--\r\n")
put("huge", b"Subject: huge " + b"\xc3\xbc" * 500000 + b"\r\nFrom: after-a-megabyte@example.org\r\n" + multi +
    b"".join(b"--b\r\nContent-Disposition: attachment; filename=part%d\r\n\r\nx\r\n" % i for i in range(3000)) + b"--b--\r\n")
put("none", b"\r\nno header\r\n")
P
for m in plain words eight charset hostile huge none; do run 0 "$TOOLS/imaptool.py" "$T/A/env" alice append INBOX "$T/$m.eml"; done
run 0 "$TOOLS/imaptool.py" "$T/A/env" alice create Other
home=$B_DAV_URL$B_CALDAV_HOME1
printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:x BEGIN:VEVENT UID:1 DTSTAMP:20240101T000000Z 'DTSTART;TZID=Europe/Berlin:20241103T100000' \
	'SUMMARY:Zahnärztin\, Termin' 'LOCATION:Köln' 'ORGANIZER;CN=Ann Example:mailto:ann@example.org' END:VEVENT END:VCALENDAR > "$T/1.ics"
printf '%s\r\n' BEGIN:VCARD VERSION:3.0 UID:1 'FN:Jörg Müller' 'N:Müller;Jörg;;;' EMAIL:j@example.org EMAIL:joerg@example.net TEL:+49221123 END:VCARD > "$T/1.vcf"
curl -sf -u alice:pw-alice -X MKCALENDAR "${home}dates/" || fail MKCALENDAR
curl -sf -u alice:pw-alice -X MKCOL -H 'Content-Type: application/xml' "${B_DAV_URL}${B_CARDDAV_HOME1}people/" --data '<?xml version="1.0"?>
<mkcol xmlns="DAV:"><set><prop><resourcetype><collection/><C:addressbook xmlns:C="urn:ietf:params:xml:ns:carddav"/></resourcetype></prop></set></mkcol>' || fail MKCOL
curl -sf -u alice:pw-alice -T "$T/1.ics" "${home}dates/1.ics" || fail PUT
curl -sf -u alice:pw-alice -T "$T/1.vcf" "${B_DAV_URL}${B_CARDDAV_HOME1}people/1.vcf" || fail PUT
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/m.valise"
DAV=(--caldav "$home" --carddav "$B_DAV_URL$B_CARDDAV_HOME1" --user alice --password-command 'echo pw-alice' --cleartext)
run 0 "$VALISE" backup "${DAV[@]}" -o "$T/d.valise"

say "zcat and grep find it"
inbox=$T/m.valise/data/000001/mail/INBOX.jsonl.gz
found() { zcat "$1" | grep -cF -- "$2" | grep -qx 1 || { zcat "$1"; fail "not found once: $2"; }; }
found "$inbox" '"what":{"attachments":["Menü of the week.pdf"],"cc":"carol@example.org","date":"Sun, 3 Nov 2024 10:00:00 +0100","from":"Ann Example <ann@example.org>","message-id":"<plain@example.org>","subject":"Lunch on Sunday","to":"Bob <bob@example.org>"}'
found "$inbox" '"from":"Jörg <j@example.org>","subject":"Grüße aus Köln"'
found "$inbox" '"subject":"Grüße ohne MIME"'
found "$inbox" '"subject":"=?no-such?Q?a=FF?= café� broken nul"'
found "$inbox" '"from":"\" ]0;owned \" <evil@example.org>","subject":"[31mred gpj.exe 1m Injected: yes"'
found "$inbox" '"attachments":["../../etc/passwd .exe"]'
found "$inbox" '"from":"after-a-megabyte@example.org","subject":"huge üü'
found "$inbox" '"part14","part15"],'
[ "$(zcat "$inbox" | grep -c '"what":')" = 6 ] || fail "the one that says nothing of itself is named"
found "$T/d.valise/data/000001/calendars"/*.jsonl.gz '"what":{"location":"Köln","organizer":"Ann Example <ann@example.org>","start":"2024-11-03T10:00:00 Europe/Berlin","summary":"Zahnärztin, Termin"}'
found "$T/d.valise/data/000001/contacts"/*.jsonl.gz '"what":{"mail":["j@example.org","joerg@example.net"],"name":"Jörg Müller","phone":["+49221123"]}'

say "nothing of it acts on a terminal, all of it is UTF-8, lines are short"
zcat "$T"/?.valise/data/000001/*/*.jsonl.gz > "$T/all"
$PYTHON - "$T/all" <<'P' || fail "a line that is not fit for people"
import json, sys, unicodedata
for line in open(sys.argv[1], encoding="utf-8", errors="strict", newline="\n"):
    assert len(line.encode()) < 12000, len(line)
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in line[:-1]), line
    for v in json.loads(line).get("what", {}).values():
        assert all(0 < len(x.encode()) <= 512 for x in ([v] if isinstance(v, str) else v)), v
P

say "whoever reads it agrees, and so does what is made of it"
for a in m d; do
	run 0 "$VALISE" verify "$T/$a.valise"
	run 0 $PYTHON -B "$HERE/reader.py" "$T/$a.valise" --check
	"$VALISE" list "$T/$a.valise" --items --json > "$T/items"
	$PYTHON -B "$HERE/reader.py" "$T/$a.valise" --list > "$T/items2"
	same "$T/items" "$T/items2"
	grep -q '"what":{' "$T/items" || fail "list does not name them"
	run 0 "$VALISE" unpack "$T/$a.valise" -t "$T/$a.tree"
	run 0 $PYTHON -B "$HERE/reader.py" "$T/$a.valise" --extract "$T/$a.other"
	diff -r --exclude=.lock "$T/$a.tree" "$T/$a.other" > "$T/out" || fail "the trees differ"
	run 0 "$VALISE" pack "$T/$a.tree" -o "$T/$a.again"
	zcat "$T/$a.valise"/data/000001/*/*.jsonl.gz | grep -o '"what":{.*},"where"' | sort > "$T/names"
	zcat "$T/$a.again"/data/000001/*/*.jsonl.gz | grep -o '"what":{.*},"where"' | sort > "$T/names2"
	same "$T/names" "$T/names2"
	roots "$T/$a.valise" > "$T/roots"
	roots "$T/$a.again" > "$T/roots2"
	same "$T/roots" "$T/roots2"
done

say "what is lost is named by folder, date, sender and subject, without its body"
cp -r "$T/m.valise" "$T/lost.valise"
chmod u+w "$T/lost.valise"/data/000001/part-000001.tar.gz
truncate -s 2000 "$T/lost.valise"/data/000001/part-000001.tar.gz
run 1 "$VALISE" verify "$T/lost.valise"
says 'INBOX, UID 1, 3 Nov 2024, Ann Example <ann@example.org>, "Lunch on Sunday" \('
says 'INBOX, UID 2, [^,]*, Jörg <j@example.org>, "Grüße aus Köln" \('
run 3 "$VALISE" unpack "$T/lost.valise" -t "$T/lost.tree"
says 'UID 2, [^,]*, Jörg <j@example.org>, "Grüße aus Köln".*cannot be read'
grep -q '"from":"Jörg <j@example.org>",.*"subject":"Grüße aus Köln"' "$T/lost.tree/catalog/mail/INBOX.jsonl" || fail "the tree does not say what it lacks"
run 3 "$VALISE" backup "${IMAP[@]}" --exclude INBOX -o "$T/lost.valise"
says 'mail INBOX, UID 2, [^,]*, Jörg <j@example.org>, "Grüße aus Köln": lost:'
run 0 "$VALISE" list "$T/lost.valise" INBOX
says 'MISSING UID 2 .* Jörg <j@example.org> Grüße aus Köln: lost: '

say "a move, and a new message: the names go along; nothing new: nothing is written"
run 0 "$TOOLS/imaptool.py" "$T/A/env" alice create Old
run 0 "$TOOLS/imaptool.py" "$T/A/env" alice move INBOX 1:2 Old
run 0 "$TOOLS/imaptool.py" "$T/A/env" alice append INBOX "$T/eight.eml"
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/m.valise"
found "$T/m.valise/data/000002/mail/Old.jsonl.gz" '"subject":"Lunch on Sunday"'
found "$T/m.valise/data/000002/mail/Old.jsonl.gz" '"subject":"Grüße aus Köln"'
found "$T/m.valise/data/000002/mail/INBOX.jsonl.gz" '"from":"after-a-megabyte@example.org"'
[ "$(zcat "$T/m.valise/data/000002/mail/INBOX.jsonl.gz" | grep -c '"what":')" = 5 ] || fail "names were lost"
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/m.valise"
says "nothing changed"
run 0 $PYTHON -B "$HERE/reader.py" "$T/m.valise" --check

say "salvage has them again"
rm "$T/m.valise/data/000002/seal.json"
run 3 "$VALISE" salvage "$T/m.valise" -t "$T/s.tree"
grep -hrF '"subject":"Lunch on Sunday"' "$T/s.tree/catalog" > "$T/out" || fail "salvage lost the names"
