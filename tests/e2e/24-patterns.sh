#!/bin/bash
# --include, --exclude, --folder: a pattern that means nothing ends the command before anything is done; what is not chosen asks for no service.
. "$(dirname "$0")/../lib.sh"

launch d dovecot
launch r radicale
landed d r
"$PYTHON" - "$d_IMAPS_PORT" "$r_HTTPS_PORT" <<'P'
import base64, imaplib, ssl, sys, urllib.request
m = imaplib.IMAP4_SSL("127.0.0.1", int(sys.argv[1]), ssl_context=ssl._create_unverified_context())
m.login("alice", "pw-alice")
for box in "INBOX", "[Gmail]/All Mail", "[Gmail]/Spam", "Projects", "Projects/Alpha", "Invoices", "Entw&APw-rfe", "a*b", "axb", "a[b]", "ab":
    m.create('"%s"' % box)
    m.append('"%s"' % box, None, None, b"Subject: %s\r\n\r\nx\r\n" % box.encode())

def ask(method, path, text=None):
    r = urllib.request.Request("https://localhost:%s/alice/%s" % (sys.argv[2], path), text and text.encode(), method=method)
    r.add_header("Authorization", "Basic " + base64.b64encode(b"alice:pw-alice").decode())
    urllib.request.urlopen(r, context=ssl._create_unverified_context())

ask("MKCALENDAR", "Work/", """<C:mkcalendar xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop><displayname>Work</displayname></prop></set></C:mkcalendar>""")
ask("PUT", "Work/1.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20200101T000000Z\r\nDTSTART:20200101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
ask("MKCOL", "People/", """<mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><set><prop><displayname>People</displayname><resourcetype><collection/><C:addressbook/></resourcetype></prop></set></mkcol>""")
ask("PUT", "People/1.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:x\r\nN:x;;;;\r\nEND:VCARD\r\n")
P
cd "$T"
cal=(--caldav "https://localhost:$r_HTTPS_PORT/" --caldav-ca-file "$r_CA")
card=(--carddav "https://localhost:$r_HTTPS_PORT/" --carddav-ca-file "$r_CA")
who() { WHO=(--imap "imaps://localhost:$d_IMAPS_PORT" --imap-ca-file "$d_CA" --user "$1" --password-command "echo pw-$1"); }
who alice
boxes() { # ARCHIVE SNAPSHOT : names that were read
	$PYTHON -c 'import json, sys; print(" ".join(sorted(c["content_name"].replace(" ", "_") for c in json.load(open(sys.argv[1]))["collections"] if c["items"])))' "$1/data/00000$2/seal.json"
}
chosen() { # NAMES OPTION... : a backup takes just these
	local want=$1 got
	shift
	rm -rf x.valise
	run 0 "$VALISE" backup "${WHO[@]}" -o x.valise "$@"
	got=$(boxes x.valise 1)
	[ "$got" = "$want" ] || fail "$*: took $got, not $want"
}

say "what a pattern takes"
chosen '[Gmail]/All_Mail' --include '[Gmail]/All Mail'
chosen 'INBOX Invoices Projects Projects/Alpha' --include inbox --include Projects --include 'I?voices'
chosen '[Gmail]/All_Mail [Gmail]/Spam' --include '[Gmail]'
chosen 'Projects [Gmail]/All_Mail' --include '[[]Gmail]/*' --include Projects --exclude '[Gmail]/Spam' --exclude Projects/Alpha
chosen 'a*b' --include 'a\*b'
chosen 'a[b]' --include 'a[b]'
chosen 'Entwürfe' --include 'Entw&APw-rfe'
chosen 'Entwürfe' --include 'Entwürfe'

say "one that means nothing"
refused() { # SAYS COMMAND... : exit code 2, and nothing is done
	local want=$1
	shift
	run 2 "$VALISE" "$@"
	says "$want"
}
rm -rf x.valise
refused '"Invoicez": nothing is called so; near to it: "Invoices"' backup "${WHO[@]}" -o x.valise --include Invoicez
refused '"alpha": .* near to it: "Projects/Alpha"' backup "${WHO[@]}" -o x.valise --include alpha
refused 'exclude "\[Gmail\]/spam": .*near to it: "\[Gmail\]/Spam"' backup "${WHO[@]}" -o x.valise --exclude '[Gmail]/spam'
refused 'leave nothing' backup "${WHO[@]}" -o x.valise --include Projects --exclude 'Proj*'
refused '"work": .*near to it: "Work"' backup "${WHO[@]}" "${cal[@]}" "${card[@]}" -o x.valise --include work
refused 'nothing is called so' fetch "${WHO[@]}" -t tree --include Nope
refused 'nothing is called so' backup --pop3 "pop3s://localhost:$d_POP3S_PORT" --ca-file "$d_CA" --user alice --password-command 'echo pw-alice' -o x.valise --include Nope
[ ! -e x.valise/data ] && [ ! -e tree/mail ] || fail "something was done"

say "one that the last snapshot knows, or another service"
run 0 "$VALISE" backup "${WHO[@]}" "${cal[@]}" "${card[@]}" -o x.valise --include Work --include Invoices
$PYTHON - "$d_IMAPS_PORT" <<'P'
import imaplib, ssl, sys
m = imaplib.IMAP4_SSL("127.0.0.1", int(sys.argv[1]), ssl_context=ssl._create_unverified_context())
m.login("alice", "pw-alice")
m.rename("Invoices", "Bills")
P
refused '"Invoicez"' backup "${WHO[@]}" "${cal[@]}" "${card[@]}" -o x.valise --include Work --include Invoicez

say "restore"
rm -rf y.valise
run 0 "$VALISE" backup "${WHO[@]}" "${cal[@]}" "${card[@]}" -o y.valise
who bob
refused '"invoices": ' restore y.valise "${WHO[@]}" --folder invoices
refused '"Nope": ' restore y.valise "${WHO[@]}" --exclude Nope --only mail
refused '"INBOX/3": .*near to it: "INBOX"' restore y.valise "${WHO[@]}" --include INBOX/3
refused 'Wrok.*near to it: "Work"' restore y.valise "${WHO[@]}" "${cal[@]}" --only mail,calendars --map Wrok=X
refused '"Work": ' restore y.valise "${WHO[@]}" --include Work --only mail
refused '"work": .*near to it: "Work"' restore y.valise "${cal[@]}" --user bob --password-command 'echo pw-bob' --include work
run 0 "$VALISE" restore y.valise "${WHO[@]}" --folder 'a[b]' --dry-run
says '^dry run: 1 item in 1 collection: 1 to add'
refused 'no collection "Projects/alpha" .*near to it: "Projects/Alpha"' list y.valise Projects/alpha
refused 'no collection "Billz" .*near to it: "Bills"' show y.valise Billz/1
run 0 "$VALISE" restore y.valise "${WHO[@]}" --include Projects
says '^2 items in 2 collections: 2 added'
run 0 "$VALISE" restore y.valise "${cal[@]}" --user bob --password-command 'echo pw-bob' --include Work
says '^1 item in 1 collection: 1 added'
run 2 "$VALISE" restore y.valise "${cal[@]}" --user bob --password-command 'echo pw-bob' --include Work --include People
says 'the archive holds contacts, and no --carddav'

say "what is said: once, in number, and as JSON where that is asked for"
who nobody
run 12 "$VALISE" backup "${WHO[@]}" -o z.valise
[ "$(grep -c 'signing in as nobody' "$T/err")" = 1 ] || fail "the failure is said twice"
run 12 "$VALISE" backup "${WHO[@]}" "${cal[@]}" -o z.valise
[ "$(grep -c 'signing in as nobody' "$T/err")" = 1 ] || fail "the failure is said twice"
says 'none of the services could be read'
who alice
run 0 "$VALISE" check "${WHO[@]}" --json
says '"account":"alice".*"items":11'
run 0 "$VALISE" verify y.valise
says '1 snapshot, '
run 0 "$VALISE" unpack y.valise -t unpacked --json
says '"event":"done"'
[ "$(grep -vc '^{' "$T/out")" = 0 ] || fail "not JSON alone"
run 0 "$VALISE" show y.valise INBOX/1 --json
