#!/bin/bash
# valise move: an account whose owner keeps working is carried through several rounds, until nothing is left behind; it is stopped in each step and goes on.
. "$(dirname "$0")/../lib.sh"

server old dovecot SPECIAL=1 USERS="alice" # makes the certificates that all use
launch olddav radicale USERS="alice"
launch new dovecot SEP=. PREFIX=INBOX. SPECIAL=1 USERS="alice"
launch newdav radicale USERS="alice"
landed olddav new newdav
"$TOOLS/genaccount.py" small --env "$T/old/env" --user alice >"$T/gen.out" 2>&1 || { cat "$T/gen.out"; exit 1; }
"$TOOLS/gendav.py" --env "$T/olddav/env" --resources 30 >"$T/gen.out" 2>&1 || { cat "$T/gen.out"; exit 1; }
cd "$T"
section() { # NAME MAIL DAV
	local port=$2_IMAPS_PORT ca=$2_CA dav=$3_DAVS_URL
	printf '[%s]\nimap = imaps://localhost:%s\ncaldav = %s\ncarddav = %s\nuser = alice\nca-file = %s\npassword-command = %s\n' \
		"$1" "${!port}" "${!dav}" "${!dav}" "${!ca}" "${4:-echo pw-alice}"
}
{ section old old olddav; section new new newdav; } > accounts.ini
move() { # EXIT [OPTIONS]
	local want=$1
	shift
	run "$want" "$VALISE" move old new --config accounts.ini -o a.valise "$@"
}
steps() { # ROUND EXPECTED : the steps of that round that are done, from the state file
	$PYTHON - a.valise.move.json "$1" "$2" <<'P'
import json, sys
r = next(r for r in json.load(open(sys.argv[1]))["rounds"] if r["round"] == int(sys.argv[2]))
did = " ".join(s["step"] for s in r["steps"] if s["done"])
assert did == sys.argv[3], (did, r)
P
}
# work N : what the owner does between two rounds: mail comes, is moved, deleted, read and flagged; events come and change
work() {
	$PYTHON - "$1" "$old_IMAPS_PORT" "$olddav_HTTPS_PORT" <<'P'
import base64, imaplib, ssl, sys, urllib.request
n, imaps, https = sys.argv[1:]
trust = ssl._create_unverified_context()
m = imaplib.IMAP4_SSL("127.0.0.1", int(imaps), ssl_context=trust)
m.login("alice", "pw-alice")
for i in range(3):
    m.append("INBOX", None, None, b"Message-ID: <%s-%d@work>\r\nFrom: ann@x.example\r\nSubject: round %s, %d\r\n\r\ncame meanwhile\r\n" % (n.encode(), i, n.encode(), i))
m.create("Round" + n)
m.select("INBOX")
ids = m.search(None, "ALL")[1][0].split()
m.copy(ids[0], "Round" + n)
m.store(ids[0], "+FLAGS", "\\Deleted")
m.store(ids[1], "+FLAGS", "\\Deleted")
m.expunge()
m.store("1:2", "+FLAGS", "(\\Flagged $Round%s)" % n)
m.logout()

def event(name, summary):
    body = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T190000Z\r\nSUMMARY:%s\r\n"
            "END:VEVENT\r\nEND:VCALENDAR\r\n" % (name, summary))
    r = urllib.request.Request("https://localhost:%s/alice/work/%s.ics" % (https, name), body.encode(), {"Content-Type": "text/calendar"}, method="PUT")
    r.add_header("Authorization", "Basic " + base64.b64encode(b"alice:pw-alice").decode())
    urllib.request.urlopen(r, context=trust).close()
event("came-" + n, "Came in round " + n)
event("changes", "As of round " + n)
P
}

say "the plan is shown, and nothing is done"
move 0 --dry-run
says 'this is round 1, the copy'
says '^  5\. restore into new$'
[ ! -e a.valise ] && [ ! -e a.valise.move.json ] || fail "a dry run left something"

say "who answers by ^D or ^C says no"
for key in 4 3; do
	run 130 $PYTHON "$TOOLS/dialog.py" "Begin? [Y/n] " "$(printf "\\$key")" -- "$VALISE" move old new --config accounts.ini -o a.valise
	[ ! -e a.valise.move.json ] || fail "it began"
done

say "round 1: the copy; it says what to do now, and is not done"
work 1
run 3 $PYTHON "$TOOLS/dialog.py" "Begin? [Y/n] " y "it says [Y/n] " n -- "$VALISE" move old new --config accounts.ini -o a.valise
steps 1 'sign-in backup verify' # what was refused is looked at, and asked about, again
move 3
says 'now: new has what old had\. Now let new mail come'
steps 1 'sign-in backup verify check restore'
[ ! -e a.valise.certificate.html ] || fail "a certificate of a copy"
[ ! -e a.valise.move.lock ] || fail "the lock stays"

say "round 2: meanwhile the owner worked; a password that fails stops it, and the same command goes on with the step"
work 2
cp accounts.ini good.ini
{ section old old olddav; section new new newdav 'exit 1'; } > accounts.ini
move 1
steps 2 'backup verify'
says 'the round is not done; the same command goes on with it'
cp good.ini accounts.ini
work 3 # after the backup of the round: its audit finds that
move 3
says 'going on with round 2'
says '^  1\. backup of old into a\.valise \(done\)$'
steps 2 'backup verify restore audit'
says 'SAFE TO DEACTIVATE: NO'
says 'round 3, 2'
says 'now: old must not be closed yet'

say "round 3: nothing is left behind"
move 0 --json
$PYTHON - "$T/out" a.valise.certificate.json <<'P'
import json, sys
events = [json.loads(l) for l in open(sys.argv[1])]
last = events[-1]
assert last["event"] == "done" and last["command"] == "move" and last["safe"] and last["now"] == "close" and last["round"] == 3, last
assert [e["step"] for e in events if e["event"] == "step"] == ["backup", "verify", "restore", "audit"], events
assert json.load(open(sys.argv[2]))["verdict"] == "yes"
P
grep -q 'SAFE TO DEACTIVATE' a.valise.certificate.html || fail "no verdict on the certificate"

say "killed in each step, it goes on there"
kills=0
for n in 50 200 800 1600; do
	work "4$n"
	rc=0
	VALISE_FAULT=kill:$n "$VALISE" move old new --config accounts.ini -o a.valise >/dev/null 2>&1 </dev/null || rc=$?
	[ $rc = 0 ] || kills=$((kills + 1))
	move 0
	says 'old may be closed\. Keep a\.valise'
done
[ $kills -ge 3 ] || fail "killed $kills times"

# stopped LIST : the last round as if it had been stopped a moment ago with these steps done, and a yes from somewhere
stopped() {
	$PYTHON - a.valise.move.json "$@" <<'P'
import datetime, json, sys
state = json.load(open(sys.argv[1]))
state["rounds"][-1].update(over=False, safe=True, copy="check" in sys.argv, began=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
                           steps=[{"step": s, "done": True, "exit": 0} for s in sys.argv[2:]])
json.dump(state, open(sys.argv[1], "w"))
P
}
say "an audit of an earlier run is none of this one; a round of which nothing is left ends; an archive that was taken away is made again"
stopped verify audit
work 5
run 0 "$VALISE" move old new --config accounts.ini -o a.valise/
says '== audit: may old be closed'
[ ! -e a.valise/.move.json ] || fail "the state is in the archive"
stopped sign-in backup verify check restore
move 3
says 'now: new has what old had'
stopped backup verify
rm -r a.valise
move 0
says '^  1\. backup of old into a\.valise$'

say "not to itself; not with another account; not two at once"
run 2 "$VALISE" move old old --config accounts.ini -o b.valise
says 'cannot be moved to itself'
{ cat good.ini; section again old olddav; } > accounts.ini
run 2 "$VALISE" move old again --config accounts.ini -o b.valise
says 'same account of the same server'
run 2 "$VALISE" move again new --config accounts.ini -o a.valise
says 'used for a move from old to new'
[ ! -e b.valise ] && [ ! -e b.valise.move.json ] || fail "a refused move left something"
exec 8>a.valise.move.lock
flock 8
run 11 "$VALISE" move old new --config accounts.ini -o a.valise
says 'another move is at work'
exec 8>&-
run 2 "$VALISE" move old new --config accounts.ini -o a.valise --for x.ini
says 'name it'
run 2 "$VALISE" move old
echo '{"format":1}' > a.valise.move.json
move 1
says 'this is no file of a move'
