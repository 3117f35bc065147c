#!/bin/bash
# Somebody else signs in (Dovecot's master user, Cyrus' proxy): whatever is kept by account is kept by who is read or written.
. "$(dirname "$0")/../lib.sh"

launch d dovecot MASTER=1 USERS="alice bob carol dave erin frank master"
launch c cyrus USERS="alice bob carol"
launch r radicale RIGHTS=authenticated USERS="alice bob carol erin admin"
landed d c r
"$TOOLS/genaccount.py" small --env "$T/d/env" --user alice >"$T/gen.out" 2>&1 || { cat "$T/gen.out"; exit 1; }
"$TOOLS/genaccount.py" small --env "$T/d/env" --user erin --seed 7 >"$T/gen.out" 2>&1 || { cat "$T/gen.out"; exit 1; }

# by SERVER LOGIN [OPTION...] : WHO, the options of a service where LOGIN signs in
by() {
	local port=$1_IMAPS_PORT ca=$1_CA
	WHO=(--imap "imaps://localhost:${!port}" --ca-file "${!ca}" --user "$2" --password-command "echo pw-${2#*\*}" "${@:3}")
}
# holds SERVER USER N : as many messages as that
holds() {
	local port=$1_IMAPS_PORT
	$PYTHON - "${!port}" "$2" "$3" <<'P'
import imaplib, re, ssl, sys
port, user, want = sys.argv[1:]
m = imaplib.IMAP4_SSL("127.0.0.1", int(port), ssl_context=ssl._create_unverified_context())
m.login(user, "pw-" + user)
n = 0
for line in m.list()[1]:
    flags, name = re.match(rb'\(([^)]*)\) (?:"."|NIL) (.*)', line).groups()
    if b"oselect" not in flags and b"onExistent" not in flags:
        n += int(m.status(name.decode(), "(MESSAGES)")[1][0].rsplit(b" ", 1)[1].rstrip(b")"))
assert n == int(want), "%s has %d messages, not %s" % (user, n, want)
P
}
json() { $PYTHON -c "import json, sys; a = json.load(open(sys.argv[1])); print($2)" "$1"; }

say "a backup by the master user is alice's"
cd "$T"
by d master --authzid alice
run 0 "$VALISE" backup "${WHO[@]}"
[ -d alice@localhost.valise ] && [ ! -e master@localhost.valise ] || { ls; fail "its name is not alice's"; }
seal=alice@localhost.valise/data/000001/seal.json
[ "$(json "$seal" 'a["account"]["services"][0]["login"], a["account"]["services"][0]["authcid"]')" = "alice master" ] || fail "the seal does not say it"
run 0 "$VALISE" snapshots alice@localhost.valise
says 'imap alice at localhost, signed in as master'
run 0 "$VALISE" snapshots alice@localhost.valise --json
says '"account":"imap alice at localhost, signed in as master"'
run 0 "$VALISE" list alice@localhost.valise
says '^account: imap alice at localhost, signed in as master'
N=$(json "$seal" 'a["counts"]["mail"]["items"]')
[ "$N" -gt 20 ] || fail "only $N messages"
run 0 $PYTHON "$HERE/reader.py" alice@localhost.valise
by d alice
run 0 "$VALISE" backup "${WHO[@]}" # she herself
says 'nothing changed'

say "another person does not go into it"
for other in "master --authzid bob" "bob*master" "master" "bob" "ALICE" "alice*master"; do
	by d $other
	run 1 "$VALISE" backup "${WHO[@]}" -o alice@localhost.valise
	says 'belongs to imap login "alice", not ".*": give each account a place of its own'
	run 1 "$VALISE" backup "${WHO[@]}" -o alice@localhost.valise --same-account
done
by d master --authzid erin
run 0 "$VALISE" fetch "${WHO[@]}" -t tree
by d master --authzid alice
run 1 "$VALISE" fetch "${WHO[@]}" -t tree
says 'belongs to imap login "erin"'
run 0 "$VALISE" check "${WHO[@]}"
says 'signed in as master for alice'

say "an archive of an older version, that names the login alone"
by d master
run 0 "$VALISE" backup "${WHO[@]}" -o old.valise
by d master --authzid alice
run 1 "$VALISE" backup "${WHO[@]}" -o old.valise
says 'old.valise: this was taken by imap login "master", and it is not written down that it was for "alice".*--same-account once'
run 0 "$VALISE" backup "${WHO[@]}" -o old.valise --same-account
run 0 "$VALISE" backup "${WHO[@]}" -o old.valise
by d master --authzid erin
run 1 "$VALISE" backup "${WHO[@]}" -o old.valise --same-account

say "a file of accounts that share the login"
for u in alice erin; do printf '[%s]\nimap = imaps://localhost:%s\nuser = master\nauthzid = %s\nca-file = %s\npassword-command = echo pw-master\n\n' $u "$d_IMAPS_PORT" $u "$d_CA"; done > all.ini
run 0 "$VALISE" backup --accounts all.ini -o many
[ "$(json many/alice.valise/data/000001/seal.json 'a["content"]')" != "$(json many/erin.valise/data/000001/seal.json 'a["content"]')" ] || fail "the same mail twice"
sed -i 's/^authzid = erin/authzid = alice/' all.ini
run 1 "$VALISE" backup --accounts all.ini -o many
says '^erin .*belongs to imap login "erin", not "alice"'

say "one archive into the accounts of several: each gets everything"
for u in bob carol; do
	by d master --authzid $u
	run 0 "$VALISE" restore alice@localhost.valise "${WHO[@]}"
	says " $N added, 0 already there"
	holds d $u "$N"
	run 0 "$VALISE" restore alice@localhost.valise "${WHO[@]}"
	says " 0 added, $N already there"
done
by d bob
run 0 "$VALISE" restore alice@localhost.valise "${WHO[@]}" # the journal is bob's
says " 0 added, $N already there"
by d 'dave*master' --auth PLAIN
run 0 "$VALISE" restore alice@localhost.valise "${WHO[@]}"
says " $N added, 0 already there"
holds d dave "$N"
for u in alice bob; do
	by c proxy --authzid $u
	run 3 "$VALISE" restore alice@localhost.valise "${WHO[@]}" # 3: Cyrus alters some
	says " $N added, 0 already there"
	holds c $u "$N"
done

say "a restore journal that an older version kept by the login alone is not hers; one is kept for a host, however it is typed"
by d master
run 0 "$VALISE" restore alice@localhost.valise "${WHO[@]}" # as the older one would have called it
says " $N added, 0 already there"
by d master --authzid frank
run 0 "$VALISE" restore alice@localhost.valise "${WHO[@]}"
says 'the restore journal of login "master" does not say for whom.*what "frank" has already is found by its content'
says " $N added, 0 already there"
journals=$(ls "$XDG_STATE_HOME/valise/restore" | wc -l)
WHO[1]=${WHO[1]/localhost/LOCALHOST}
run 0 "$VALISE" restore alice@localhost.valise "${WHO[@]}"
says " 0 added, $N already there"
[ "$(ls "$XDG_STATE_HOME/valise/restore" | wc -l)" = "$journals" ] || fail "another journal"

say "what a day's limit counts is the account's, not the administrator's"
by d master --authzid alice
run 0 "$VALISE" check "${WHO[@]}"
rm -rf "$XDG_STATE_HOME/valise/daily"
for u in alice erin; do
	by d master --authzid $u
	run 0 "$VALISE" fetch "${WHO[@]}" -t day-$u --daily-limit 100M
done
[ "$(ls "$XDG_STATE_HOME/valise/daily" | wc -l)" = 2 ] || fail "not a ledger for each"

say "POP3"
pop() { WHO=(--pop3 "pop3s://localhost:$d_POP3S_PORT" --ca-file "$d_CA" --user master --password-command 'echo pw-master' --authzid "$1"); }
pop alice
run 0 "$VALISE" backup "${WHO[@]}" -o pop.valise
pop erin
run 1 "$VALISE" backup "${WHO[@]}" -o pop.valise
says 'belongs to pop3 login "alice", not "erin"'

say "calendars and contacts: the URL says whose, and the archive where they were"
# dav SERVER USER LOGIN
dav() {
	local port=$1_HTTPS_PORT ca=$1_CA
	local u=https://localhost:${!port}
	WHO=(--caldav "$u/$2/" --carddav "$u/$2/" --ca-file "${!ca}" --user "$3" --password-command "echo pw-$3")
}
$PYTHON - "$r_HTTPS_PORT" <<'P'
import base64, ssl, sys, urllib.request

def ask(user, method, path, text=None):
    r = urllib.request.Request("https://localhost:%s/%s/%s" % (sys.argv[1], user, path), text and text.encode(), method=method)
    r.add_header("Authorization", "Basic " + base64.b64encode(("%s:pw-%s" % (user, user)).encode()).decode())
    urllib.request.urlopen(r, context=ssl._create_unverified_context())

for user in "alice", "erin":
    ask(user, "MKCALENDAR", "work/")
    for i in range(3):
        ask(user, "PUT", "work/%d.ics" % i, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:%d-%s\r\nDTSTAMP:20200101T000000Z\r\nDTSTART:20200101T000000Z\r\nSUMMARY:of %s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n" % (i, user, user))
P
dav r alice admin
run 0 "$VALISE" backup "${WHO[@]}" -o dav.valise
says '3 resources in 1 calendar'
dav r erin admin
run 1 "$VALISE" backup "${WHO[@]}" -o dav.valise
says "this holds the calendars at /alice/work/, and those at .*/erin/ are another person's: give each"
run 0 "$VALISE" snapshots dav.valise
[ "$(wc -l < "$T/out")" = 1 ] || fail "sealed all the same"
run 0 "$VALISE" fetch "${WHO[@]}" -t dav-tree --only calendars
dav r alice admin
run 1 "$VALISE" fetch "${WHO[@]}" -t dav-tree --only calendars
says "another person's"
run 0 "$VALISE" backup "${WHO[@]}" -o dav.valise
says 'nothing changed'
WHO[1]=${WHO[1]}work/ # one calendar of hers
run 0 "$VALISE" backup "${WHO[@]}" -o dav.valise --only calendars
dav r carol admin # who has no home there yet: not the administrator's in its place
run 1 "$VALISE" restore dav.valise "${WHO[@]}"
says "there is no home at /carol/ that \"admin\" may use"
dav r erin admin
run 0 "$VALISE" restore dav.valise "${WHO[@]}" --under "of alice"
says '3 added, 0 already there'
run 0 "$VALISE" restore dav.valise "${WHO[@]}" --under "of alice"
says '0 added, 3 already there'
