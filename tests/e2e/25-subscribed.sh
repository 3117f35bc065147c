#!/bin/bash
# What mail programs showed at the source they show on the target: subscribed mailboxes, INBOX also where it gets another name, and everything
# of an account in which nothing is subscribed (POP3). What somebody had unsubscribed stays so.
. "$(dirname "$0")/../lib.sh"

server d dovecot USERS="alice bob carol dave"
doer() { $PYTHON - "$d_IMAP_PORT" "$@"; }
# fill USER SUBSCRIBED... : INBOX, Work, Hidden with a message each; these are subscribed
fill() {
	doer "$@" <<'P'
import imaplib, sys
port, user, shown = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
m = imaplib.IMAP4("127.0.0.1", port)
m.login(user, "pw-" + user)
for box in "INBOX", "Work", "Hidden":
    m.create(box)
    assert m.append(box, None, None, b"Subject: x\r\n\r\nx\r\n")[0] == "OK"
    if box in shown:
        m.subscribe(box)
P
}
# subscribed USER NAME... : these and no others are
subscribed() {
	doer "$@" <<'P' || fail "subscribed: $*"
import imaplib, re, sys
port, user, want = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
m = imaplib.IMAP4("127.0.0.1", port)
m.login(user, "pw-" + user)
got = sorted(re.search(rb'"([^"]+)"$|(\S+)$', l).group(0).decode().strip('"') for l in m.lsub()[1] if l)
if got != sorted(want):
    sys.exit("subscribed: %s\nexpected: %s" % (got, sorted(want)))
P
}

fill alice Work
imap d alice
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/a.valise"
imap d bob
run 0 "$VALISE" restore "$T/a.valise" "${IMAP[@]}" --under 'Old account'
subscribed bob 'Old account/INBOX' 'Old account/Work'
run 0 "$VALISE" restore "$T/a.valise" "${IMAP[@]}" --map INBOX=Post
subscribed bob 'Old account/INBOX' 'Old account/Work' Post Work

say "nothing is subscribed at the source"
fill carol
imap d carol
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/c.valise"
imap d dave
run 0 "$VALISE" restore "$T/c.valise" "${IMAP[@]}"
subscribed dave INBOX Work Hidden

say "POP3"
run 0 "$VALISE" backup --pop3 "pop3s://localhost:$d_POP3S_PORT" --ca-file "$d_CA" --user carol --password-command 'echo pw-carol' -o "$T/p.valise"
run 0 "$VALISE" restore "$T/p.valise" "${IMAP[@]}" --map INBOX=PopArchive
subscribed dave INBOX Work Hidden PopArchive
