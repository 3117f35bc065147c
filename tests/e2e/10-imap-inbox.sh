#!/bin/bash
# INBOX and what is called like it or lies below it, between servers without a prefix (Dovecot) and with the prefix INBOX. (Dovecot, Courier):
# each mailbox has one of its own, a second restore, with the journal and without, and a dry run agree with the first, what is new goes where the rest is.
. "$(dirname "$0")/../lib.sh"

export USERS="alice bob carol"
launch flat dovecot SEP=/
launch pre dovecot SEP=. PREFIX=INBOX LAYOUT=maildir++
launch courier courier
landed flat pre courier

# mail SERVER USER MAILBOX... : the mailbox made, and a message in it that tells its place
mail() {
	local port=$1_IMAP_PORT
	$PYTHON - "${!port}" "$2" "${@:3}" <<'P'
import imaplib, sys
port, user, boxes = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
m = imaplib.IMAP4("127.0.0.1", port)
m.login(user, "pw-" + user)
for b in boxes:
    m.create('"%s"' % b)
    assert m.append('"%s"' % b, None, '" 1-Jan-2020 00:00:00 +0000"', ("Message-ID: <%s@old.example>\r\nSubject: %s\r\n\r\nx\r\n" % (b, b)).encode())[0] == "OK", b
P
}
# holds SERVER USER MAILBOX=WAS:WAS ... : what was where, by subject; nothing else is there
holds() {
	local port=$1_IMAP_PORT
	$PYTHON - "${!port}" "$2" "${@:3}" <<'P' || fail "$1, $2"
import imaplib, re, sys
port, user, want = int(sys.argv[1]), sys.argv[2], dict(w.split("=") for w in sys.argv[3:])
m = imaplib.IMAP4("127.0.0.1", port)
m.login(user, "pw-" + user)
got = {}
for line in m.list()[1]:
    name = re.search(rb'"?([^" ]+)"?$', line)[1].decode()
    if b"\\Noselect" in line or m.select('"%s"' % name, True)[0] != "OK":
        continue
    uids = m.uid("SEARCH", "ALL")[1][0].split()
    said = [m.uid("FETCH", u, "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1][0][1].decode().split(":")[1].strip() for u in uids]
    if said:
        got[name] = ":".join(sorted(said))
if got != want:
    sys.exit("there: %s\nexpected: %s" % (got, want))
P
}
# thrice ARCHIVE SERVER USER ADDED : restored; again, and again without the journal, nothing is added; a dry run says the same
thrice() {
	imap "$2" "$3"
	run 0 "$VALISE" restore "$1" "${IMAP[@]}"
	says " $4 added"
	run 0 "$VALISE" restore "$1" "${IMAP[@]}" --dry-run
	says ' 0 to add'
	! grep -q 'will be made' "$T/out" "$T/err" || { cat "$T/out" "$T/err"; fail "the dry run would make a mailbox"; }
	run 0 "$VALISE" restore "$1" "${IMAP[@]}"
	says ' 0 added'
	! grep -q 'no mailbox for it' "$T/err" || fail "a mailbox is not known any more"
	XDG_STATE_HOME=$T/nothing run 0 "$VALISE" restore "$1" "${IMAP[@]}"
	says ' 0 added'
}
backup() {
	imap "$2" "$3"
	run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/$1"
}

say "without prefix, to INBOX."
mail flat alice INBOX INBOX/Clients INBOX/Only Clients Work INBOX/Inbox
backup flat.valise flat alice
for t in pre courier; do
	thrice "$T/flat.valise" $t alice 6
	holds $t alice INBOX=INBOX INBOX.Clients=Clients INBOX.Clients_2=INBOX/Clients INBOX.Only=INBOX/Only INBOX.Work=Work INBOX.Inbox=INBOX/Inbox
done

say "what is new goes where the rest is"
mail flat alice INBOX INBOX/Clients
backup flat.valise flat alice
for t in pre courier; do
	thrice "$T/flat.valise" $t alice 2
	holds $t alice INBOX=INBOX:INBOX INBOX.Clients=Clients INBOX.Clients_2=INBOX/Clients:INBOX/Clients INBOX.Only=INBOX/Only INBOX.Work=Work INBOX.Inbox=INBOX/Inbox
done

say "into itself, into another of its kind, to one without prefix, and back from there"
for s in pre courier; do
	mail $s bob INBOX INBOX.Inbox INBOX.Inbox.Deep INBOX.Work
	backup $s.valise $s bob
	thrice "$T/$s.valise" $s bob 0
	thrice "$T/$s.valise" $s carol 4
	holds $s carol INBOX=INBOX INBOX.Inbox=INBOX.Inbox INBOX.Inbox.Deep=INBOX.Inbox.Deep INBOX.Work=INBOX.Work
done
thrice "$T/pre.valise" flat bob 4
holds flat bob INBOX=INBOX INBOX/Inbox=INBOX.Inbox INBOX/Inbox/Deep=INBOX.Inbox.Deep Work=INBOX.Work
backup back.valise flat bob
thrice "$T/back.valise" pre bob 0
backup home.valise pre alice
thrice "$T/home.valise" flat alice 2 # Clients_2, which has no namesake there
