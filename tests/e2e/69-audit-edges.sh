#!/bin/bash
# valise audit where a YES would be wrong: what neither side says, what an earlier look does not know of, a look-alike elsewhere, an interruption.
. "$(dirname "$0")/../lib.sh"

server d dovecot USERS="alice bob"
mkdir -p "$T/config/valise"
ini=$T/config/valise/accounts.ini
cat > "$ini" <<I
[defaults]
imap = imaps://localhost:$d_IMAPS_PORT
imap-ca-file = $d_CA
user = %{name}
password-command = echo pw-%{name}
[alice]
[bob]
[hangs]
imap-cleartext = yes
I
archive=$T/a.valise
mail() { "$TOOLS/imaptool.py" "$T/d/env" "$@"; }
audit() { local want=$1; shift; run "$want" "$VALISE" audit "$archive" --source alice --target bob "$@"; }
# put USER MAILBOX SUBJECT [TEXT]
put() {
	printf 'Message-ID: <%s@x>\r\nDate: Mon, 1 Jan 2024 10:00:00 +0000\r\nFrom: a@x\r\nTo: b@x\r\nSubject: %s\r\n\r\n%s\r\n' "${5:-$3}" "$3" "${4:-text}" > "$T/m"
	mail "$1" append "$2" "$T/m" '11-Nov-2011 11:11:11 +0100'
}

put alice INBOX one
mail alice create Project
put alice Project two
run 0 "$VALISE" backup alice -o "$archive"
mail alice delete Project

say "a mailbox that options leave out of both sides, and that the source has no more: nobody would look for it"
run 0 "$VALISE" restore "$archive" bob --exclude Project
audit 3
says '1 missing'
audit 3 --exclude Project
says '1 excluded: '
says '    Project$'
audit 0 --exclude Project --accept excluded
run 0 "$VALISE" restore "$archive" bob
audit 0

say "what an earlier look found equal was without what is gone"
mail alice create Many
for i in $(seq 30); do put alice Many "many-$i"; done
run 0 "$VALISE" backup alice -o "$archive" --accept-shrink Project
mail alice expunge Many 1:28
run 3 "$VALISE" backup alice -o "$archive"
run 0 "$VALISE" restore "$archive" bob
audit 0
audit 0
audit 3 --with-gone
says '28 missing'
run 0 "$VALISE" restore "$archive" bob --with-gone
audit 0 --with-gone
audit 0 --with-gone --full

say "the Message-ID of one that is missing, in another mailbox, of its size and date, with another subject and text"
put alice INBOX 'contract AAAA' 'text one' contract
run 0 "$VALISE" backup alice -o "$archive"
mail bob create Other
put bob Other 'contract BBBB' 'text two' contract
audit 3
says '1 altered'
says 'contract AAAA.*there: Other.*header and text differ'
run 0 "$VALISE" restore "$archive" bob

say "an octet 0x80 less is no other line end"
printf 'Message-ID: <euro@x>\r\nFrom: a@x\r\nSubject: euro\r\nContent-Type: text/plain; charset=windows-1252\r\n\r\nthe price is \200 500\r\n' > "$T/euro"
mail alice append INBOX "$T/euro" '11-Nov-2011 11:11:11 +0100'
run 0 "$VALISE" backup alice -o "$archive"
tr -d '\200' < "$T/euro" > "$T/less"
mail bob append INBOX "$T/less" '11-Nov-2011 11:11:11 +0100'
audit 3
says '1 altered'
says '"euro": the text differs'
mail bob expunge INBOX "$(mail bob uids INBOX | sed 's/.* //')"
run 0 "$VALISE" restore "$archive" bob

say "marked \\Deleted at the target: it is there, and will not be"
uid=$(mail bob uids INBOX | cut -d ' ' -f 1)
mail bob store INBOX "$uid" '+\Deleted'
audit 3
says '1 flags-lost'
says '"one": marked .Deleted there'
audit 0 --accept flags-lost
mail bob store INBOX "$uid" '-\Deleted'
audit 0

say "an account of which nobody told whether it has calendars; what POP3 does not show"
says '    calendars of the old account: no service of it'
! grep 'mail of the old' "$T/out" || fail "mail was looked at"

say "--full believes no earlier verify"
run 0 "$VALISE" verify "$archive"
audit 0 --json
says '"depth":"full"'
audit 0 --full --json
says '"depth":"newest"'

say "interrupted: 130, and no report that says YES"
$PYTHON - "$VALISE" "$archive" "$ini" "$T/r" <<'P'
import json, signal, socket, subprocess, sys
valise, archive, ini, report = sys.argv[1:]
mute = socket.create_server(("127.0.0.1", 0))
text = open(ini).read().replace("[hangs]", "[hangs]\nimap = imap://127.0.0.1:%d" % mute.getsockname()[1])
open(ini, "w").write(text)
p = subprocess.Popen([valise, "audit", archive, "--source", "alice", "--target", "hangs", "--report", report + ".json", "--report", report + ".html"], stdout=subprocess.PIPE, text=True)
c, _ = mute.accept()
c.sendall(b"* OK ready\r\n")
c.recv(1)
p.send_signal(signal.SIGINT)
out = p.communicate()[0]
assert p.returncode == 130, p.returncode
assert "YES" not in out, out
o = json.load(open(report + ".json"))
assert o["verdict"] == "no" and o["reasons"] >= 1, o
assert "DEACTIVATE: YES" not in open(report + ".html").read()
P
