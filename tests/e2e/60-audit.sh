#!/bin/bash
# valise audit on Dovecot and Radicale: an equal trio invents nothing, each planted difference is found and named, and nothing is written.
. "$(dirname "$0")/../lib.sh"

launch d dovecot SPECIAL=1 USERS="alice bob"
launch r radicale USERS="alice bob"
landed d r
"$TOOLS/genaccount.py" small --env "$T/d/env" > "$T/gen.out" 2>&1 || { cat "$T/gen.out"; exit 1; }
"$TOOLS/gendav.py" --env "$T/r/env" --resources 40 > "$T/gen.out" 2>&1 || { cat "$T/gen.out"; exit 1; }
mkdir -p "$T/config/valise"
ini=$T/config/valise/accounts.ini
cat > "$ini" <<I
[defaults]
imap = imaps://localhost:$d_IMAPS_PORT
caldav = http://127.0.0.1:$r_HTTP_PORT/%{name}/
carddav = http://127.0.0.1:$r_HTTP_PORT/%{name}/
caldav-cleartext = yes
carddav-cleartext = yes
imap-ca-file = $d_CA
user = %{name}
password-command = echo pw-%{name}
[alice]
[bob]
I
archive=$T/alice.valise

mail() { "$TOOLS/imaptool.py" "$T/d/env" "$@"; }
# dav METHOD PATH [FILE] : as the owner of the path
dav() {
	local user=${2#/}
	user=${user%%/*}
	curl -sS -f -u "$user:pw-$user" -X "$1" ${3:+--data-binary "@$3"} -H "Content-Type: text/${4:-calendar}" "http://127.0.0.1:$r_HTTP_PORT$2" > /dev/null
}
# state : all that a mere reader must not change
state() {
	"$TOOLS/snapshot_source.py" --env "$T/d/env" --user alice
	"$TOOLS/snapshot_source.py" --env "$T/d/env" --user bob
	(cd "$T/r/collections" && find . -type f ! -path '*/.Radicale.*' -exec sha256sum {} + | sort -k2)
}
# audit EXPECTED OPTION... : what it prints is in $T/out, by the schema; the state of both servers and the archive are as before
audit() {
	local want=$1
	shift
	state > "$T/before"
	find "$archive" -type f -printf '%p %s %T@\n' | sort > "$T/archive-before"
	run "$want" "$VALISE" audit "$archive" --json "$@"
	state > "$T/after"
	find "$archive" -type f -printf '%p %s %T@\n' | sort > "$T/archive-after"
	same "$T/before" "$T/after"
	same "$T/archive-before" "$T/archive-after"
	$PYTHON - "$T/out" "$HERE/../docs/valise.schema.json" "$want" <<'P'
import json, sys
import jsonschema
lines = [json.loads(line) for line in open(sys.argv[1])]
schema = jsonschema.Draft202012Validator(json.load(open(sys.argv[2])))
for line in lines:
    for e in schema.iter_errors(line):
        sys.exit("not in the schema: %s\n%s" % (line, e.message[:500]))
done = lines[-1]
events = [{k: v for k, v in line.items() if k != "event"} for line in lines if line["event"] == "finding"]
assert sorted(map(str, events)) == sorted(map(str, done["findings"])), "the events are not the findings"
assert done["verdict"] == ("yes" if sys.argv[3] == "0" else "no"), done["verdict"]
assert done["reasons"] == sum(not f["safe"] for f in done["findings"]), done["reasons"]
P
}
# finds N SIDE WORD [MEMBER=PATTERN...] : N findings so, and each of these members matches in all of them
finds() {
	$PYTHON - "$T/out" "$@" <<'P'
import json, re, sys
done = [json.loads(line) for line in open(sys.argv[1])][-1]
n, side, word = int(sys.argv[2]), sys.argv[3], sys.argv[4]
found = [f for f in done["findings"] if f["side"] == side and f["finding"] == word]
if len(found) != n:
    sys.exit("%d of %s %s instead of %d: %s\nall: %s" % (len(found), side, word, n, found, [(f["side"], f["finding"]) for f in done["findings"]]))
for f in found:
    for want in sys.argv[5:]:
        member, _, pattern = want.partition("=")
        if not re.search(pattern, str(f.get(member, ""))):
            sys.exit("%s is not %s: %s" % (member, pattern, f))
P
}
# only N : so many findings in all
only() { $PYTHON -c 'import json, sys; f = [json.loads(l) for l in open(sys.argv[1])][-1]["findings"]; sys.exit(len(f) != int(sys.argv[2]) and "%d findings: %s" % (len(f), f))' "$T/out" "$1"; }

run 0 "$VALISE" backup alice -o "$archive"

say "an equal pair: YES, and nothing is invented"
audit 0 --source alice
only 0
audit 0 --source alice --full
only 0
run 0 "$VALISE" audit "$archive" --source alice
says '^SAFE TO DEACTIVATE: YES'
says 'only copy'

say "verify has passed since the snapshot was made, or is done now"
run 0 "$VALISE" audit "$archive" --source alice --stats
rm -r "$T/state/valise/verified"
run 0 "$VALISE" verify "$archive"
[ "$(ls "$T/state/valise/verified" | wc -l)" = 1 ] || fail "verify left no word"
stamp=$(cat "$T/state/valise/verified"/*)
(cd "$T" && run 0 "$VALISE" audit ./alice.valise/ --source alice)
[ "$(cat "$T/state/valise/verified"/*)" = "$stamp" ] || fail "verified once more"
cp -r "$archive" "$T/damaged.valise"
run 0 "$VALISE" verify "$T/damaged.valise" # what is written to afterwards is looked at once more
part=$(ls "$T/damaged.valise"/data/000001/*.tar.gz | head -1)
printf 'X' | dd of="$part" bs=1 seek=3000 conv=notrunc status=none
run 3 "$VALISE" audit "$T/damaged.valise" --source alice
says 'damaged: damaged in the archive'
says '^SAFE TO DEACTIVATE: NO'

say "an equal trio: YES, with the restore journal and without, and by every byte"
run 0 "$VALISE" restore "$archive" bob
for more in "" --full; do
	audit 0 --source alice --target bob $more
	only 0
done
audit 3 --target bob
finds 1 source no-source
only 1
mv "$T/state/valise/restore" "$T/journals"
audit 0 --source alice --target bob
only 0
rm -r "$T/state/valise/restore"
mv "$T/journals" "$T/state/valise/restore"

say "a mailbox that a look found equal is not listed again until it changes"
audit 0 --source alice --target bob --trace "$T/trace"
! grep -E 'C: .*(FETCH|EXAMINE)' "$T/trace" || fail "mailboxes were listed"
mail bob store Sent 1 '+\Flagged'
rm "$T/trace"
audit 0 --source alice --target bob --trace "$T/trace"
[ "$(grep -cE 'C: .*EXAMINE' "$T/trace")" = 1 ] || fail "not one mailbox was listed"
mail bob store Sent 1 '-\Flagged'

say "the target lacks something"
read -r -a uids < <(mail bob uids INBOX)
# resource CALENDAR USER : the first one whose name needs no escape
resource() { (cd "$T/r/collections/collection-root/$2/$1" && ls) | grep -x '[A-Za-z0-9._-]*\.\(ics\|vcf\)' | sort | head -1; }
mail bob expunge INBOX "${uids[0]}"
mail bob store INBOX "${uids[1]}" '-\Seen'
mail bob move INBOX "${uids[4]}" Archive
mail bob copy INBOX "${uids[5]}" INBOX
mail bob append INBOX <(printf 'Subject: mine\r\n\r\nmine\r\n') ''
dav DELETE "/bob/work/$(resource work bob)"
dav DELETE "/bob/firm/$(resource firm bob)"
changed=$(resource work bob)
sed 's/^SUMMARY[:;].*/SUMMARY:Changed there\r/' "$T/r/collections/collection-root/bob/work/$changed" > "$T/changed.ics"
dav PUT "/bob/work/$changed" "$T/changed.ics"
lacks() {
	finds 1 target flags-lost collection=^INBOX$ uid=^2$ 'differs=^without .Seen$' subject=.
	finds 1 target doubled collection=^INBOX$ uid=^6$ safe=True
	finds 1 target elsewhere collection=^INBOX$ uid=^5$ place=^Archive$ safe=True
	finds 3 target missing 'collection=^(INBOX|Work & <Play>|Firm, Inc\.)$'
	finds 1 target altered kind=calendars 'differs=SUMMARY.*"Changed there"' summary=^Event
	only 7
	$PYTHON -c 'import json, sys; o = [json.loads(l) for l in open(sys.argv[1])][-1]; sys.exit((o["target"]["extra"], o["target"]["same"], o["source"]["same"]) != (1, o["items"] - 7, o["items"]) and str(o))' "$T/out"
}
audit 3 --source alice --target bob
lacks
audit 3 --source alice --target bob --full
lacks
run 3 "$VALISE" audit "$archive" --source alice --target bob --report "$T/audit.json"
says 'Event .*SUMMARY.*Changed there'
says 'Person '
[ "$($PYTHON -c 'import json, sys; o = json.load(open(sys.argv[1])); print(o["verdict"], o["reasons"], len(o["findings"]))' "$T/audit.json")" = "no 5 7" ] || fail "the report"

say "the source moves on"
cat > "$T/new.eml" <<'M'
From: "Bob =?utf-8?q?Gr=C3=BCn?=" <bob@example.org>
Subject: =?utf-8?q?Lunch_at_=E2=82=AC_5=3F?=
Date: Mon, 1 Jan 2024 10:00:00 +0000

new
M
sed -i 's/$/\r/' "$T/new.eml"
mail alice append INBOX "$T/new.eml" '11-Nov-2011 11:11:11 +0100'
read -r u1 u2 u3 u4 u5 _ < <(mail alice uids INBOX)
mail alice store INBOX "$u1" '+\Flagged' '+work'
mail alice store INBOX "$u4" '+NonJunk'
mail alice move INBOX "$u2" Sent
mail alice copy INBOX "$u5" Sent
mail alice expunge INBOX "$u3"
mail alice create Neu
ics() { # FILE UID SUMMARY
	printf 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20240101T000000Z\r\nDTSTART:20240102T100000Z\r\nDTEND:20240102T110000Z\r\nSUMMARY:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n' "$2" "$3" > "$1"
}
first=$(resource work alice)
uid=$(sed -n 's/\r$//; s/^UID://p' "$T/r/collections/collection-root/alice/work/$first" | head -1)
ics "$T/1.ics" "$uid" 'Changed since'
dav PUT "/alice/work/$first" "$T/1.ics"
ics "$T/2.ics" new-event@x 'Dentist'
dav PUT /alice/work/new-event.ics "$T/2.ics"
printf 'BEGIN:VCARD\r\nVERSION:3.0\r\nUID:new-card\r\nFN:Nora New\r\nN:New;Nora;;;\r\nEND:VCARD\r\n' > "$T/1.vcf"
dav PUT /alice/firm/new-card.vcf "$T/1.vcf" vcard
dav DELETE "/alice/home/$(resource home alice)"
moved() {
	finds 3 source not-in-archive
	finds 1 source newer kind=calendars 'collection=Work' 'summary=^Changed since$' 'href=.' 'differs=.'
	finds 1 source flags collection=^INBOX$ uid=^"$u1"$ 'differs=there also .Flagged work'
	finds 1 source marks uid=^"$u4"$ differs=NonJunk safe=True
	finds 2 source moved collection=^Sent$ place=^INBOX$ subject=.
	finds 2 source gone-at-source
	finds 1 source folder-new collection=^Neu$
	only 11
}
audit 3 --source alice
moved
$PYTHON - "$T/out" <<'P'
import json, sys
new = [f for f in [json.loads(line) for line in open(sys.argv[1])][-1]["findings"] if f["finding"] == "not-in-archive"]
by = {f["kind"]: f for f in new}
assert by["mail"]["subject"] == "Lunch at \u20ac 5?" and "bob@example.org" in by["mail"]["from"] and by["mail"]["date"] == "2011-11-11T10:11:11Z" and by["mail"]["collection"] == "INBOX", by
assert by["calendars"]["summary"] == "Dentist" and "2024" in by["calendars"]["start"] and by["calendars"]["href"].endswith("new-event.ics"), by
assert by["contacts"]["name"] == "Nora New", by
P
audit 3 --source alice --full
moved
run 3 "$VALISE" audit "$archive" --source alice
says 'Lunch at € 5\?'
says 'Dentist'
says 'Nora New'
says '^SAFE TO DEACTIVATE: NO'

say "left out, accepted, another account, no source"
audit 3 --source alice --exclude Sent --exclude Junk
finds 1 source excluded collection=^Sent$ safe=False
finds 1 source excluded-junk collection=^Junk$ safe=True
audit 3 --source alice --only mail
finds 2 source no-service kind=calendars\|contacts
audit 3 --source bob
finds 1 source other-account differs=alice
only 1
run 2 "$VALISE" audit "$archive" --source alice --accept missing
says 'nobody can accept'
run 2 "$VALISE" audit "$archive"
says 'which accounts'
run 2 "$VALISE" audit "$archive" --source alice --target alice
says 'are one account'
run 0 "$VALISE" backup alice -o "$archive"
mail alice store INBOX "$u1" '-\Flagged'
audit 3 --source alice
finds 1 source flags
only 1
audit 0 --source alice --accept flags
finds 1 source flags accepted=True safe=True

say "UIDs that are void; what vanished all at once, and comes back"
for i in $(seq 30); do sed "s/^Subject:.*/Subject: one of many $i\r/" "$T/new.eml" > "$T/many.eml"; mail alice append Neu "$T/many.eml" ''; done
run 0 "$VALISE" backup alice -o "$archive"
doveadm -c "$d_CONF" mailbox update -u alice --uid-validity 4242 INBOX
audit 0 --source alice
only 0
read -r -a uids < <(mail alice uids Neu)
mail alice expunge Neu "${uids[0]}:${uids[27]}"
run 3 "$VALISE" backup alice -o "$archive"
audit 0 --source alice
finds 28 archive gone collection=^Neu$ 'subject=^one of many ' safe=True
only 28
sed "s/^Subject:.*/Subject: one of many 3\r/" "$T/new.eml" > "$T/many.eml"
mail alice append Neu "$T/many.eml" ''
audit 3 --source alice
finds 1 source came-back collection=^Neu$ 'subject=one of many 3$'
only 29

say "POP3, and an archive whose other half nobody looked at"
cat > "$T/pop.ini" <<I
[pop]
pop3 = pop3s://localhost:$d_POP3S_PORT
pop3-ca-file = $d_CA
user = alice
password-command = echo pw-alice
I
archive=$T/pop.valise
run 0 "$VALISE" backup pop --config "$T/pop.ini" -o "$archive"
audit 0 --config "$T/pop.ini" --source pop
only 0
audit 0 --config "$T/pop.ini" --source pop --full
only 0
mail alice append INBOX "$T/many.eml" ''
mail alice expunge INBOX "$(mail alice uids INBOX | cut -d ' ' -f 1)"
audit 3 --config "$T/pop.ini" --source pop
finds 1 source not-in-archive collection=^INBOX$ 'subject=one of many 3$'
finds 1 source gone-at-source collection=^INBOX$
only 2
archive=$T/alice.valise
audit 3 --config "$T/pop.ini" --source pop --same-account
finds 3 source no-service 'collection=imap|caldav|carddav'

say "a server that does not answer: exit code 1, and NO"
sed "s,^imap = .*,imap = imaps://localhost:1," "$ini" > "$T/dead.ini"
chmod 600 "$T/dead.ini"
run 1 "$VALISE" audit "$archive" --source alice --same-account --config "$T/dead.ini"
says 'service-unread'
says '^SAFE TO DEACTIVATE: NO'
