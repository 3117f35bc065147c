#!/bin/bash
# Backups of a part: the snapshot says what options left out, nothing of that is taken for deleted, and a wider backup brings it, whatever the server says that is unchanged.
# Dovecot with QRESYNC and without CONDSTORE, POP3, Radicale; an archive and a directory.
. "$(dirname "$0")/../lib.sh"

launch d dovecot USERS="alice bob" FSYNC=never
launch p dovecot USERS="alice bob" FSYNC=never CAPS="IMAP4rev1 LITERAL+ UIDPLUS NAMESPACE UNSELECT CHILDREN"
launch r radicale USERS=alice
landed d p r
cd "$T"
cat > mail.py <<'P'
import imaplib, ssl, sys
m = imaplib.IMAP4_SSL("localhost", int(sys.argv[1]), ssl_context=ssl._create_unverified_context())
m.login("alice", "pw-alice")
def put(folder, number, year, size=100, flags="()"):
    body = "From: a@example.org\r\nSubject: number %d\r\nMessage-ID: <%d@x>\r\nDate: Tue, 15 Mar %d 08:00:00 +0000\r\n\r\n" % (number, number, year)
    rc, text = m.append(folder, flags, '"15-Mar-%d 08:%02d:%02d +0000"' % (year, number // 60, number % 60), (body + "%070d\r\n" % number * (size // 72)).encode())
    assert rc == "OK", text
def do(rc): assert rc[0] == "OK", rc
def search(folder, *what):
    m.select(folder)
    return m.uid("SEARCH", None, *what)[1][0].decode().replace(" ", ",")
exec(sys.argv[2])
P
mail() { $PYTHON mail.py "$d_IMAPS_PORT" "$1"; }
LOAD='
m.create("Old"), m.create("Work")
for i in range(30): put("Old", i, 2020)
for i in range(5): put("INBOX", 100 + i, 2021 + i)
put("Work", 200, 2022, 60000), put("Work", 201, 2024, 60000)'
mail "$LOAD"
# holds ARCHIVE ITEMS LEFT_OUT [WORDS] : of mail
holds() {
	run 0 "$VALISE" list "$1" --json
	$PYTHON - "${@:2}" <<'P' || { cat out; fail "$* expected"; }
import json, sys
o = [json.loads(l) for l in open("out")]
o = [x for x in o if x["kind"] == "mail"]
items, left = sum(x["items"] for x in o), sum(x.get("left_out", 0) for x in o)
words = {x["selection"] for x in o if "left_out" in x}
sys.exit((items, left, words) != (int(sys.argv[1]), int(sys.argv[2]), set(sys.argv[3:])))
P
	"$PYTHON" "$HERE/reader.py" --check "$1" >reader.out 2>&1 || { cat reader.out; fail "reader.py"; }
}

say "a part, the same again, a wider part, all"
imap d alice
backup() { run "$1" "$VALISE" backup "${IMAP[@]}" -o a.valise "${@:2}"; }
backup 0 --since 2023
says '33 left out by options'
says 'Old: 30 messages are left out \(--since 2023-01-01\)'
holds a.valise 4 33 '--since 2023-01-01'
run 0 "$VALISE" verify a.valise
says '33 items were left out'
printf '[bob]\nimap = imaps://localhost:%s\nuser = bob\nca-file = %s\npassword-command = echo pw-bob\n' "$d_IMAPS_PORT" "$d_CA" > accounts.ini
run 3 "$VALISE" audit a.valise --target bob --config accounts.ini
says 'Old: 30 items were left out by the newest backup: --since 2023-01-01'
run 0 "$VALISE" list a.valise
says 'Old .*30 items are left out \(--since 2023-01-01\)'
backup 0 --since 2023
says 'nothing changed since snapshot 1'
backup 0 --since 2022 --smaller 50K
holds a.valise 5 32 '--since 2022-01-01 --smaller 50000'
backup 0 --since 2022 --report report.html --report report.json
grep -q 'Done: all that was asked for. Options left out the rest' report.html || fail "report.html"
grep -q '"why":"30 items are left out by options of this backup or an earlier one: --since 2022-01-01"' report.json || fail "report.json"
holds a.valise 6 31 '--since 2022-01-01'
backup 0
says 'snapshot 4 sealed'
holds a.valise 37 0

say "what the archive has stays, however narrow the options are"
backup 0 --since 2025-03 --larger 1M
says 'nothing changed'
holds a.valise 37 0

say "moved, renamed, its UIDs void: known all the same, not gone"
mail 'do(m.rename("Old", "Older")); do(m.create("Old"))'
backup 0 --since 2025
holds a.valise 37 0
mail 'uids = search("Older", "ALL").split(",")[:3]; m.uid("COPY", ",".join(uids), "Work"); m.uid("STORE", ",".join(uids), "+FLAGS", r"(\Deleted)"); m.expunge()'
backup 0 --since 2025
holds a.valise 37 0
run 0 "$VALISE" list a.valise Work --json
[ "$(grep -c '"uid"' out)" = 5 ] || fail "moved messages"
mail 'do(m.create("New")); m.select("Older"); do(m.uid("COPY", "1:*", "New")); m.select("INBOX"); do(m.delete("Older")); do(m.rename("New", "Older"))'
backup 0 --since 2025
holds a.valise 37 0

say "and those that nobody can tell apart by their headers: they are fetched once more"
TWINS='
m.create("Twins")
for text in "one", "two": do(m.append("Twins", "()", "\"15-Mar-2020 08:00:00 +0000\"", ("Subject: twin\r\n\r\n%s\r\n" % text).encode()))'
mail "$TWINS"
backup 0
holds a.valise 39 0
mail 'do(m.rename("Twins", "Others"))'
backup 0 --since 2025
holds a.valise 39 0
mail 'do(m.delete("Others"))'
backup 0
holds a.valise 37 0

say "new ones of the past are left out, and named by a number; what happens to them later is seen"
mail 'put("Work", 300, 2019), put("Work", 301, 2019), put("Older", 302, 2019)'
backup 0 --since 2025
holds a.valise 37 3 '--since 2025-01-01'
mail 'm.select("Work"); do(m.uid("STORE", search("Work", "SUBJECT", "\"number 300\""), "+FLAGS", r"(\Flagged)"))'
backup 0 --flagged
holds a.valise 38 2 '--flagged'
mail 'm.select("Work"); do(m.uid("STORE", search("Work", "SUBJECT", "\"number 301\""), "+FLAGS", r"(\Deleted)")); m.expunge()'
backup 0 --since 2025
holds a.valise 38 1 '--since 2025-01-01'

say "deleted for good: as ever"
mail 'm.select("INBOX"); do(m.uid("STORE", search("INBOX", "SUBJECT", "\"number 100\""), "+FLAGS", r"(\Deleted)")); m.expunge()'
backup 0 --since 2025
holds a.valise 37 1 '--since 2025-01-01'
mail 'm.select("Older"); do(m.uid("STORE", "1:*", "+FLAGS", r"(\Deleted)")); m.expunge()'
backup 3 --since 2025
says 'Older.*gone|GONE'
backup 0 --accept-shrink

say "a section says it for backups alone; the command line wins"
cat accounts.ini - > since.ini <<I
[part]
imap = imaps://localhost:$d_IMAPS_PORT
user = alice
ca-file = $d_CA
password-command = echo pw-alice
since = 2025
I
run 0 "$VALISE" backup part --config since.ini -o part.valise
holds part.valise 1 9 '--since 2025-01-01'
run 0 "$VALISE" backup part --config since.ini -o part.valise --since 2024
run 0 "$VALISE" restore part.valise part --config since.ini --dry-run
! grep -q 'not meant' out || fail "restore took since from the section"
run 0 "$VALISE" backup --accounts since.ini -o many --since 2024
holds many/part.valise 3 7 '--since 2024-01-01'
run 0 "$VALISE" forget part.valise --keep-last 1
holds part.valise 3 7 '--since 2024-01-01'
run 0 "$VALISE" unpack part.valise -t part
run 0 "$VALISE" pack part -o packed.valise
same <(roots part.valise) <(roots packed.valise)

say "an age: no new snapshot a day for its words alone"
mail 'put("Work", 400, 2018)'
run 0 "$VALISE" backup "${IMAP[@]}" -o b.valise --since 2y
run 0 "$VALISE" backup "${IMAP[@]}" -o b.valise --since 700d
says 'nothing changed since snapshot 1'
run 0 "$VALISE" backup "${IMAP[@]}" -o b.valise
run 0 "$VALISE" list b.valise --json
! grep left_out out || fail "b.valise"

say "a directory"
run 0 "$VALISE" fetch "${IMAP[@]}" -t tree --until 2023
run 0 "$VALISE" fetch "${IMAP[@]}" -t tree
run 0 "$VALISE" fetch "${IMAP[@]}" -t tree2
same <(cd tree/mail && find . -type f | sort) <(cd tree2/mail && find . -type f | sort)

say "a server without mod-sequences"
$PYTHON mail.py "$p_IMAPS_PORT" "$LOAD"
imap p alice
run 0 "$VALISE" backup "${IMAP[@]}" -o p.valise --since 2023
holds p.valise 4 33 '--since 2023-01-01'
run 0 "$VALISE" backup "${IMAP[@]}" -o p.valise --since 2023
says 'nothing changed'
$PYTHON mail.py "$p_IMAPS_PORT" 'm.rename("Old", "Older")'
run 0 "$VALISE" backup "${IMAP[@]}" -o p.valise --since 2021
holds p.valise 7 30 '--since 2021-01-01'
run 0 "$VALISE" backup "${IMAP[@]}" -o p.valise
holds p.valise 37 0

say "POP3: by size alone, and nothing of it is lost"
POP=(--pop3 "pop3s://localhost:$p_POP3S_PORT" --user alice --ca-file "$p_CA" --password-command "echo pw-alice")
$PYTHON mail.py "$p_IMAPS_PORT" 'put("INBOX", 500, 2024, 60000)'
run 0 "$VALISE" backup "${POP[@]}" -o pop.valise --smaller 50K
holds pop.valise 5 1 '--smaller 50000'
run 0 "$VALISE" backup "${POP[@]}" -o pop.valise --smaller 50K
says 'nothing changed'
run 0 "$VALISE" backup "${POP[@]}" -o pop.valise
holds pop.valise 6 0
run 0 "$VALISE" backup "${POP[@]}" -o pop.valise --smaller 1K
holds pop.valise 6 0
run 2 "$VALISE" backup "${POP[@]}" -o pop.valise --since 2024
says 'POP3 tells the size'
run 2 "$VALISE" backup "${POP[@]}" -o pop.valise --unseen

say "calendars and contacts: whole, and that is said; what no server tells is refused"
curl -sS -o /dev/null --fail -k -u alice:pw-alice -X MKCALENDAR "$r_DAVS_URL/alice/cal/"
printf 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:e\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20200101T190000Z\r\nSUMMARY:old\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n' |
	curl -sS -o /dev/null --fail -k -u alice:pw-alice -X PUT -H 'Content-Type: text/calendar' --data-binary @- "$r_DAVS_URL/alice/cal/e.ics"
DAV=(--caldav "$r_DAVS_URL" --caldav-ca-file "$r_CA")
run 0 "$VALISE" backup "${IMAP[@]}" "${DAV[@]}" -o all.valise --since 2024
says 'calendars and contacts are taken whole'
says '1 resource in 1 calendar'
holds all.valise 4 34 '--since 2024-01-01'
run 0 "$VALISE" backup "${IMAP[@]}" "${DAV[@]}" -o flagged.valise --flagged
says ': 0 messages in 3 mailboxes, 0 bytes; 38 left out'
run 2 "$VALISE" backup "${IMAP[@]}" -o x.valise --from ann
says 'tells its date, size and flags, not what is in it'
run 2 "$VALISE" backup "${IMAP[@]}" -o x.valise --since 2024 --until 2023
[ ! -e x.valise ] || fail "x.valise"
