#!/bin/bash
# The Maildir of a Dovecot imported from the disk is what its IMAP shows: each mailbox has the content root of a backup. In both layouts, with messages kept with CRLF
# and with LF; and such an archive goes into a Dovecot as any other, and is the same there.
. "$(dirname "$0")/../lib.sh"

# content ARCHIVE : name (its levels parted by a slash), number and content root of each mailbox that has messages
content() { "$VALISE" list "$1" --json | $PYTHON -c '
import json, sys
for o in map(json.loads, sys.stdin):
    if o["items"]:
        print(o["name"].replace(".", "/"), o["items"], o["content"])' | sort; }
# compare_both SERVER DIR : a backup and an import of the same account, compared
compare_both() {
	local at=$1
	imap "$at" alice
	run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/$at-imap.valise"
	run 0 "$VALISE" import "$2/mail/alice/Maildir" -o "$T/$at-files.valise"
	content "$T/$at-imap.valise" > "$T/want"
	content "$T/$at-files.valise" > "$T/got"
	same "$T/want" "$T/got"
	[ "$(wc -l < "$T/got")" -ge 4 ] || fail "too few mailboxes"
	run 0 "$VALISE" verify "$T/$at-files.valise"
	run 0 "$VALISE" import "$2/mail/alice/Maildir" -o "$T/$at-files.valise"
	says 'nothing new since snapshot 1'
}
fill() { $PYTHON "$TOOLS/genaccount.py" small --env "$1/env" --user alice > /dev/null; }

server d dovecot SAVE_CRLF=no LAYOUT=maildir++ ESCAPE=0 SEP=. USERS="alice bob"
fill "$T/d"
$PYTHON - "$d_IMAP_PORT" <<'P'
import imaplib, sys
m = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]))
m.login("alice", "pw-alice")
for name, sub in ("Entw&APw-rfe", True), ("R&-D", False), ("Work.Deep.Deeper", True), ("Empty", True):
    m.create(name)
    if sub:
        m.subscribe(name)
for i, flags in enumerate((r"(\Seen $Forwarded)", r"(\Flagged \Deleted work)", "($label1 NonJunk)", "()")):
    for name in "Entw&APw-rfe", "R&-D", "Work.Deep.Deeper":
        assert m.append(name, flags, '"%02d-Feb-2012 10:11:12 +0500"' % (i + 1), b"Subject: %d\r\nFrom: a@example.org\r\n\r\nFrom here\r\n>From there\r\n" % i)[0] == "OK"
P
say "maildir++, LF"
compare_both d "$T/d"
$PYTHON - "$T/d-files.valise/data/000001/seal.json" <<'P'
import json, sys
boxes = {o["name"]: o for o in json.load(open(sys.argv[1]))["collections"]}
assert "Entwürfe" in boxes and "Work/Deep/Deeper" in boxes and "R&D" in boxes and "Empty" in boxes, sorted(boxes)
shown = {n: "subscribed" in o.get("attrs", []) for n, o in boxes.items()}
assert shown["Entwürfe"] and shown["Empty"] and not shown["R&D"], shown
P

say "into a Dovecot, and back"
imap d bob
run 0 "$VALISE" restore "$T/d-files.valise" "${IMAP[@]}"
printf '[bob]\nimap = imaps://localhost:%s\nuser = bob\nca-file = %s\npassword-command = echo pw-bob\n' "$d_IMAPS_PORT" "$d_CA" > "$T/a.ini"
run 3 "$VALISE" audit "$T/d-files.valise" --target bob --config "$T/a.ini"
says '43 as in the archive'
says 'no-source'
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/bob.valise"
content "$T/bob.valise" > "$T/got"
same "$T/want" "$T/got"

say "fs, CRLF"
server e dovecot LAYOUT=fs USERS=alice
fill "$T/e"
compare_both e "$T/e"

say "neither a backup of it nor an import beside it"
imap d alice
run 1 "$VALISE" backup "${IMAP[@]}" -o "$T/d-files.valise"
says 'holds what was imported from files'
run 1 "$VALISE" backup "${IMAP[@]}" -o "$T/d-files.valise" --same-account
run 1 "$VALISE" import "$T/d/mail/alice/Maildir" -o "$T/d-imap.valise"
says 'read from a server'
run 1 "$VALISE" import "$T/d/mail/alice/Maildir" -o "$T/d-imap.valise" --dry-run
