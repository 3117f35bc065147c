#!/bin/bash
# Into a mailbox over MAPI and back again. What came from Outlook's files is there property by property (tools/mapi_same.c), what came as messages, calendar objects and
# cards as these; again nothing is added, with the journal or without it, and killed anywhere nothing is there twice or missing; a dry run writes nothing; a large attachment
# takes no memory; events and tasks of one calendar get a folder each, of their class; beside IMAP only what that does not take goes over MAPI; an audit says YES.
. "$(dirname "$0")/../lib.sh"
SAME=${VALISE_BUILD:-$HERE/../build/test}/tests/mapi_same
launch O outlook
for m in M N K P; do launch $m fakemapi; done
launch D dovecot USERS=alice
landed O M N K P D

# mapi NAME : the options for that mailbox, in MAPI
mapi() {
	local url=$1_MAPIS_URL dn=$1_MAPI_DN ca=$1_CA
	MAPI=(--mapi "${!url}" --mapi-mailbox "${!dn}" --user alice --ca-file "${!ca}" --password-command "echo pw-alice")
}
# changes NAME : how many operations would have changed that mailbox so far
changes() { local log=$1_LOG; grep -c '!' "${!log}" || true; }
# dump NAME : every message with its id, flags and octets
dump() { local control=$1_CONTROL; $PYTHON -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1] + "/dump").read().decode())' "${!control}"; }
messages() { dump "$1" | grep -c '^message' || true; }
# tree ARCHIVE DIR : the archive as a directory
tree() { run 0 "$VALISE" unpack "$1" -t "$2"; }
# items DIR : kind, SHA-256 of what people see. Boundaries follow from lengths, of which a file has one for an item in an item, and a server has none; where an item
# does not say when it was changed last, the server does
items() { $PYTHON -c '
import hashlib, pathlib, re, sys
for p in pathlib.Path(sys.argv[1]).rglob("*"):
    kind = p.relative_to(sys.argv[1]).parts[0]
    if p.is_file() and (p.parent.name == "cur" or p.suffix in (".ics", ".vcf")):
        print(kind, hashlib.sha256(re.sub(rb"=_[a-z][0-9]+_[0-9a-f]{24}|(DTSTAMP|LAST-MODIFIED):.*?\r\n", b"", p.read_bytes())).hexdigest())' "$1" | sort; }

say "Outlook's files"
A=$T/a.valise
for f in "$O_SAMPLES"/*.pst "$O_SAMPLES"/*.ost; do
	"$VALISE" import "$f" -o "$A" > "$T/out" 2> "$T/err" || [ $? = 3 ] || fail "not imported: $f"
done
mapi M
run 0 "$VALISE" restore "$A" "${MAPI[@]}" --dry-run
[ "$(changes M)" = 0 ] || fail "a dry run changed something: $(grep '!' "$M_LOG" | head -3)"
"$VALISE" restore "$A" "${MAPI[@]}" --verify full > "$T/out" 2> "$T/err" || fail "restore: $?"
says ' 0 already there$'
dump M > "$T/first"
run 0 "$VALISE" restore "$A" "${MAPI[@]}"
says ': 0 added'
rm -rf "$XDG_STATE_HOME"
run 0 "$VALISE" restore "$A" "${MAPI[@]}"
says ': 0 added'
dump M > "$T/second"
cmp "$T/first" "$T/second" || fail "a restore again changed something"
! grep -q 'Submit\|Delete\|SetReadFlags' "$M_LOG" || fail "more than what adds was asked for"

say "and back"
B=$T/b.valise
run 0 "$VALISE" backup "${MAPI[@]}" -o "$B"
tree "$A" "$T/tree.a"
tree "$B" "$T/tree.b"
items "$T/tree.a" > "$T/items.a"
items "$T/tree.b" > "$T/items.b"
grep -q ^mail "$T/items.a" && grep -q ^calendars "$T/items.a" || fail "no items"
diff "$T/items.a" "$T/items.b" || fail "messages, calendar objects or cards are others"
$PYTHON -B - "$T/tree.a" "$T/tree.b" "$SAME" <<'P' || fail "properties are others"
import pathlib, subprocess, sys
def key(path):
    octets = path.read_bytes()
    at = octets.find(b"\x02\x01\x0b\x30")  # PidTagSearchKey
    return octets[at + 8:at + 8 + int.from_bytes(octets[at + 4:at + 8], "little")] if at >= 0 else path.stem.encode()
a, b = ({}, {})
for found, top in ((a, sys.argv[1]), (b, sys.argv[2])):
    for p in pathlib.Path(top).rglob("*.fx"):
        found.setdefault(key(p), []).append(p)
assert a and sorted(a) == sorted(b), (len(a), len(b), [x for x in a if x not in b][:3], [x for x in b if x not in a][:3])
bad = 0
for k in a:
    assert len(a[k]) == len(b[k]), (a[k], b[k])
    for one in a[k]:
        told = [subprocess.run([sys.argv[3], one, other], capture_output=True, text=True) for other in b[k]]
        if all(t.returncode for t in told):
            bad += 1
            print(one, told[0].stdout[:1000], told[0].stderr)
print(sum(map(len, a.values())), "items,", bad, "differ")
sys.exit(bad > 0)
P

say "killed"
mapi K
want=$(messages M)
for pause in 0.15 0.3 0.2 0.5 0.25 0.4 0.7; do
	rm -rf "$XDG_STATE_HOME" # it is the look that tells
	"$VALISE" restore "$A" "${MAPI[@]}" > /dev/null 2>&1 &
	pid=$!
	sleep $pause
	kill -9 $pid 2> /dev/null || true
	wait $pid 2> /dev/null || true
done
run 0 "$VALISE" restore "$A" "${MAPI[@]}"
[ "$(messages K)" = "$want" ] || fail "$(messages K) messages instead of $want"
dump M | sed -n 's/.* sha256=//p' | sort > "$T/m"
dump K | sed -n 's/.* sha256=//p' | sort > "$T/k"
cmp "$T/m" "$T/k" || fail "other messages after runs that were killed"

say "what is not Outlook's"
mkdir -p "$T/md/cur" "$T/md/new" "$T/md/tmp" "$T/pim"
$PYTHON - "$T" <<'P'
import base64, email.message, os, random, sys
rng = random.Random(93)
for i in range(40):
    m = email.message.EmailMessage()
    m["From"], m["To"], m["Subject"], m["Message-ID"] = "Ann <ann@example.org>", "Bob <bob@example.org>", "Lunch %d ü" % i, "<m%d@example.org>" % i
    m["Date"], m["X-Custom"] = "Tue, %02d Jan 2024 10:00:00 +0100" % (i % 28 + 1), "kept %d" % i
    m.set_content("Hello %d\n" % i)
    if i % 5 == 2:
        m.add_attachment(rng.randbytes(16_000_000 if i == 2 else 50_000), maintype="application", subtype="octet-stream", filename="file.bin")
    if i % 5 == 3:
        m.add_alternative("<p>Hello</p>", subtype="html")
    with open("%s/md/cur/%d.x%d.h:2,%s" % (sys.argv[1], 1700000000 + i, i, ["", "S", "FS", "RS", ""][i % 5]), "wb") as f:
        f.write(m.as_bytes(policy=email.policy.SMTP))
def calendar(*parts):
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN", *parts, "END:VCALENDAR", ""))
event = ("BEGIN:VEVENT", "UID:e%d@example.org", "DTSTAMP:20240101T000000Z", "DTSTART:20240105T100000Z", "DTEND:20240105T110000Z", "SUMMARY:Meeting %d",
         "ORGANIZER;CN=Ann:mailto:ann@example.org", "ATTENDEE;CN=Bob:mailto:bob@example.org", "END:VEVENT")
task = ("BEGIN:VTODO", "UID:t1@example.org", "DTSTAMP:20240101T000000Z", "DUE:20240105T100000Z", "SUMMARY:A task", "END:VTODO")
with open(sys.argv[1] + "/pim/Work.ics", "w", newline="") as f:
    f.write(calendar(*(x % i if "%" in x else x for i in range(3) for x in event), *task))
with open(sys.argv[1] + "/pim/People.vcf", "w", newline="") as f:
    f.write("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c1\r\nFN:Ann Example\r\nN:Example;Ann;;;\r\nEMAIL:ann@example.org\r\nEND:VCARD\r\n")
P
C=$T/c.valise
run 0 "$VALISE" import "$T/md" "$T/pim/Work.ics" "$T/pim/People.vcf" -o "$C"
mapi N
$PYTHON - "$VALISE" restore "$C" "${MAPI[@]}" --verify full > "$T/out" 2> "$T/err" <<'P' || fail "restore: $?"
import resource, subprocess, sys
rc = subprocess.run(sys.argv[1:]).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
assert peak < 64, "%d MiB" % peak
sys.exit(rc)
P
says '45 items in 3 collections: 45 added'
run 0 "$VALISE" restore "$C" "${MAPI[@]}"
says ': 0 added, 45 already there'
run 0 "$VALISE" backup "${MAPI[@]}" -o "$T/d.valise"
"$VALISE" list "$T/d.valise" --json > "$T/list"
$PYTHON - "$T/list" <<'P' || fail "collections"
import json, sys
got = {(o["kind"], o["name"]): o["items"] for o in map(json.loads, open(sys.argv[1])) if "name" in o and o["kind"] != "mapi"}
assert got["mail", "INBOX"] == 40 and got["calendars", "Work"] == 3 and got["calendars", "Work (tasks)"] == 1 and got["contacts", "People"] == 1, got
P
dump N > "$T/dump"
for folder in "'Work (tasks)' class=IPF.Task " "'Work' class=IPF.Appointment " "'People' class=IPF.Contact "; do
	grep -qF "$folder" "$T/dump" || fail "no folder $folder: $(grep ^folder "$T/dump")"
done
$PYTHON -B - "$VALISE" "$C" "$T/d.valise" <<'P' || fail "messages"
import collections, email, email.policy, json, subprocess, sys
def read(archive):
    got = {}
    for o in map(json.loads, subprocess.run([sys.argv[1], "list", archive, "--items", "--json"], capture_output=True, check=True).stdout.splitlines()):
        if o.get("kind") == "mail" and "uid" in o:
            m = email.message_from_bytes(subprocess.run([sys.argv[1], "show", archive, "%s/%d" % (o["collection"], o["uid"]), "--raw"], capture_output=True, check=True).stdout, policy=email.policy.default)
            body = m.get_body(("plain",)).get_content()
            got[m["Message-ID"]] = (m["Subject"], m["X-Custom"], m["Date"], body.strip(), [a.get_content() for a in m.iter_attachments()], o["date"], sorted(o.get("flags", [])))
    return got
a, b = read(sys.argv[2]), read(sys.argv[3])
assert len(a) == 40 and a == b, [(x, a[x][:4], b.get(x, ())[:4], a[x][5:], b.get(x, ())[5:]) for x in a if a[x] != b.get(x)][:3]
P

say "an audit"
mkdir -p "$XDG_CONFIG_HOME/valise"
printf '[new]\nmapi = %s\nmapi-mailbox = %s\nuser = alice\nca-file = %s\npassword-command = echo pw-alice\n' "$N_MAPIS_URL" "$N_MAPI_DN" "$N_CA" > "$XDG_CONFIG_HOME/valise/accounts.ini"
before=$(changes N)
run 3 "$VALISE" audit "$C" --target new --full
says '^1 no-source'
! grep -q 'missing\|altered\|differs' "$T/out" || fail "an audit finds what is not: $(cat "$T/out")"
[ "$(changes N)" = "$before" ] || fail "an audit changed something"

say "beside IMAP"
printf '[both]\nimap = imaps://localhost:%s\nimap-ca-file = %s\nmapi = %s\nmapi-mailbox = %s\nmapi-ca-file = %s\nuser = alice\npassword-command = echo pw-alice\n' \
	"$D_IMAPS_PORT" "$D_CA" "$P_MAPIS_URL" "$P_MAPI_DN" "$P_CA" > "$XDG_CONFIG_HOME/valise/accounts.ini"
"$VALISE" restore "$A" both --json > "$T/out" 2> "$T/err" || [ $? = 3 ] || fail "restore: $?"
says 'mail over imap, calendars over mapi, contacts over mapi, items of Outlook.s without another form over mapi'
[ "$(messages P)" = "$(grep -vc ^mail "$T/items.a")" ] || fail "other items over MAPI than those that IMAP does not take: $(messages P)"

say "what no property says"
mkdir -p "$T/odd"
printf 'From: ann@example.org\r\nDate: Tue, 02 Jan 2024 10:00:00 +0100\r\nMessage-ID: <odd@example.org>\r\nSubject: odd\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b--\r\nbehind it\r\n' > "$T/odd/odd.eml"
run 0 "$VALISE" import "$T/odd" -o "$T/odd.valise"
server R fakemapi
mapi R
run 3 "$VALISE" check --for "$T/odd.valise" "${MAPI[@]}"
says 'what stands behind the last part of the message'
says 'is not known before'
for _ in 1 2; do # it is said again: the journal knows it
	run 3 "$VALISE" restore "$T/odd.valise" "${MAPI[@]}" --json
	says '"altered":1'
	says 'what stands behind the last part of the message'
done

say "an item that has no other form"
mkdir "$T/mailbox"
$PYTHON -B - "$SERVERS" "$T/mailbox" <<'P'
import sys
sys.path.insert(0, sys.argv[1])
from mapi import items, store
s = store.Store(path=sys.argv[2])
s.standard()
thing = items.Item().put(0x001a001f, "IPM.Microsoft.Thing").put(0x0037001f, "A thing").put(0x300b0102, b"a thing's own key")
s.upload(s.add_folder("Things"), thing.sort(), False)
P
server Q fakemapi MAILBOX="$T/mailbox"
mapi Q
run 0 "$VALISE" backup "${MAPI[@]}" -o "$T/q.valise"
"$VALISE" restore "$T/q.valise" both > "$T/out" 2> "$T/err" || fail "restore: $?"
says ': 1 added'
dump P > "$T/dump"
sed -n "/'Things'/{n;p}" "$T/dump" | grep -q ^message || fail "it is not in its folder: $(tail -5 "$T/dump")"
run 0 "$VALISE" restore "$T/q.valise" both
says ': 0 added, 1 already there'
