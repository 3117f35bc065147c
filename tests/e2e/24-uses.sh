#!/bin/bash
# --exclude-use: mailboxes left out by what they are for, announced or by their names; each is named, INBOX stays, what was kept before is kept.
. "$(dirname "$0")/../lib.sh"

launch d dovecot SPECIAL=1 USERS="alice bob"
launch p dovecot USERS="alice bob"
landed d p
for port in "$d_IMAPS_PORT" "$p_IMAPS_PORT"; do
	"$PYTHON" - "$port" <<'P'
import imaplib, ssl, sys
m = imaplib.IMAP4_SSL("127.0.0.1", int(sys.argv[1]), ssl_context=ssl._create_unverified_context())
m.login("alice", "pw-alice")
for box in "INBOX", "Work", "Junk", "Trash", "Papierkorb", "Trash/Old":
    m.create('"%s"' % box)
    m.append('"%s"' % box, None, None, b"Subject: %s\r\n\r\nx\r\n" % box.encode())
P
done
cd "$T"
at() { # SERVER USER
	local port=${1}_IMAPS_PORT ca=${1}_CA
	AT=(--imap "imaps://localhost:${!port}" --ca-file "${!ca}" --user "$2" --password-command "echo pw-$2")
}
boxes() { # ARCHIVE SNAPSHOT : names that hold something
	$PYTHON -c 'import json, sys; print(" ".join(sorted(c["content_name"] for c in json.load(open(sys.argv[1]))["collections"] if c["items"])))' "$1/data/00000$2/seal.json"
}
holds() { # ARCHIVE SNAPSHOT NAMES
	[ "$(boxes "$1" "$2")" = "$3" ] || fail "$1/$2 has $(boxes "$1" "$2"), not $3"
}

say "what the server announces; a name where it announces nothing"
at d alice
run 0 "$VALISE" backup "${AT[@]}" -o a.valise --exclude-use junk,trash
says '^Junk: left out by --exclude-use: the server calls it .Junk$'
says 'Papierkorb: left out by --exclude-use: its name means .Trash$'
holds a.valise 1 'INBOX Trash/Old Work'
at p alice
run 0 "$VALISE" backup "${AT[@]}" -o p.valise --exclude-use junk --exclude-use trash
says 'Trash: left out by --exclude-use: its name means'
holds p.valise 1 'INBOX Trash/Old Work'

say "left out is kept as it was"
run 0 "$VALISE" backup "${AT[@]}" -o k.valise
"$PYTHON" - "$p_IMAPS_PORT" <<'P'
import imaplib, ssl, sys
m = imaplib.IMAP4_SSL("127.0.0.1", int(sys.argv[1]), ssl_context=ssl._create_unverified_context())
m.login("alice", "pw-alice")
for box in "Work", "Junk":
    m.append(box, None, None, b"Subject: more\r\n\r\nx\r\n")
P
run 0 "$VALISE" backup "${AT[@]}" -o k.valise --exclude-use junk,trash,all,flagged,important,sent,drafts,archive
run 0 "$VALISE" list k.valise --json
$PYTHON - "$T/out" <<'P'
import json, sys
heads = {h["name"]: h for h in map(json.loads, open(sys.argv[1]))}
assert heads["Work"]["items"] == 2 and heads["Junk"]["items"] == 1 and heads["Junk"]["status"] == "skipped", heads
P

say "restore, by what the source announced; no use that is met is no mistake, an unknown word is"
at d alice
run 0 "$VALISE" backup "${AT[@]}" -o all.valise
at p bob
run 0 "$VALISE" restore all.valise "${AT[@]}" --exclude-use junk,trash,important --dry-run
says 'Junk: left out by --exclude-use: its server called it'
says '^dry run: 3 items'
run 2 "$VALISE" restore all.valise "${AT[@]}" --exclude-use jnuk
says 'not "jnuk"; do you mean "junk"\?'
run 2 "$VALISE" backup "${AT[@]}" -o no.valise --exclude-use trash,
says 'exclude-use takes junk, .*, not ""'
run 2 "$VALISE" restore all.valise "${AT[@]}" --include Junk --exclude-use junk
says 'leave nothing'

say "of an account, and as events"
printf '[bob]\nimap = imaps://localhost:%s\nca-file = %s\nuser = alice\npassword-command = echo pw-alice\nexclude-use = junk\nexclude-use = trash\n' \
	"$p_IMAPS_PORT" "$p_CA" > accounts.ini
run 0 "$VALISE" fetch bob --config accounts.ini -t tree --json
says '"text":"Papierkorb: left out by --exclude-use: its name means \\\\Trash"'
sed -i 's/= trash/= thrash/' accounts.ini
run 2 "$VALISE" fetch bob --config accounts.ini -t tree
says 'accounts.ini, line 7: exclude-use takes junk,.* not "thrash"'
