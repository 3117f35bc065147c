#!/bin/bash
# Damage in what a backup builds on is noticed and said (3), and --heal fetches again what is not whole: afterwards the newest snapshot is sound and
# right to the octet, whatever was hit; what the server has no more is named; an interrupted --heal is brought to its end. IMAP, POP3, CalDAV, CardDAV.
. "$(dirname "$0")/../lib.sh"
launch A dovecot SEP=/ USERS="alice bob"
launch B radicale USERS="alice bob"
landed A B
"$TOOLS/inbox.py" fill "$T/A/env" alice 160
"$TOOLS/inbox.py" fill "$T/A/env" bob 60
"$TOOLS/gendav.py" --env "$T/B/env" --resources 60 > "$T/out" || fail "gendav"
{
	echo "[alice]"
	echo "imap = imaps://localhost:$A_IMAPS_PORT"
	echo "caldav = $B_DAV_URL$B_CALDAV_HOME1"
	echo "carddav = $B_DAV_URL$B_CARDDAV_HOME1"
	printf '%s\n' "ca-file = $A_CA" "user = alice" "cleartext = yes" "password-command = echo pw-alice"
	echo "[bob]"
	printf '%s\n' "pop3 = pop3s://localhost:$A_POP3S_PORT" "ca-file = $A_CA" "user = bob" "password-command = echo pw-bob"
} > "$T/accounts.ini"

# put USER N... : small messages of these numbers into INBOX; expunge by doveadm
put() {
	$PYTHON - "$A_IMAP_PORT" "$@" <<'P'
import imaplib, sys
m = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]))
m.login(sys.argv[2], "pw-" + sys.argv[2])
for i in sys.argv[3:]:
    m.append("INBOX", None, None, ("Message-ID: <%s@heal.example>\r\nSubject: healed %s\r\n\r\n%s\r\n" % (i, i, i)).encode())
P
}
# flip FILE AT : one bit at that fraction of it
flip() {
	$PYTHON - "$@" <<'P'
import os, sys
path, at = sys.argv[1], float(sys.argv[2])
os.chmod(path, 0o600)
with open(path, "r+b") as f:
    f.seek(int(os.path.getsize(path) * at))
    byte = f.read(1)
    f.seek(-1, 1)
    f.write(bytes([byte[0] ^ 4]))
P
}
backup() { # EXIT NAME [OPTION...]
	local want=$1 name=$2
	shift 2
	run "$want" "$VALISE" backup --config "$T/accounts.ini" "$name" -o "$T/$name.valise" "$@"
}
quiet() { ! grep -iE 'warning|damage|heal|lost' "$T/err" "$T/out" || fail "there was nothing to say"; }
tree() { # NAME TO [EXIT]
	rm -rf "$2"
	run "${3:-0}" "$VALISE" unpack "$T/$1.valise" -t "$2"
}
# again NAME : the archive as it was before it was damaged
again() { chmod -R u+w "$T/$1.valise" 2>/dev/null || true; rm -rf "$T/$1.valise"; cp -r "$T/$1.base" "$T/$1.valise"; }
# sound NAME [EXIT] : its newest snapshot, to valise, sha256sum and the second reader, and what it holds is what it was
sound() {
	local dir
	dir=$(ls "$T/$1.valise/data" | tail -1)
	run "${2:-0}" "$VALISE" verify "$T/$1.valise" --newest
	says ': sound '
	(cd "$T/$1.valise" && sha256sum --quiet --strict -c "data/$dir/seal.sha256") || fail "its sums are not right"
	[ "${2:-0}" = 0 ] || return 0
	tree "$1" "$T/have"
	diff -r -x catalog "$T/$1.want" "$T/have" > "$T/diff" || fail "it does not hold what it held: $(head "$T/diff")"
}
# healed NAME WHAT [EXIT] : by one run, after which there is nothing more to say
healed() {
	local old
	say "$1: $2"
	old=$(cd "$T/$1.valise" && find data -type f -exec sha256sum {} + | sort -k2)
	backup "${3:-0}" "$1" --heal
	sound "$1"
	[ "$(cd "$T/$1.valise" && echo "$old" | sha256sum --quiet -c | wc -l)" = 0 ] || fail "what was damaged is touched"
	backup 0 "$1"
	says 'nothing changed'
	quiet
}

for name in alice bob; do
	backup 0 "$name"
	put "$name" 1 2 3
	backup 0 "$name"
	quiet
	cp -r "$T/$name.valise" "$T/$name.base"
	tree "$name" "$T/$name.want"
done
P1=data/000001/part-000001.tar.gz P2=data/000002/part-000001.tar.gz

for name in alice bob; do
	say "$name: a bit is flipped: said each time until it is healed"
	again "$name"
	flip "$T/$name.valise/$P1" 0.5
	flip "$T/$name.valise/$P1" 0.01
	backup 3 "$name" --report "$T/page.html"
	grep -q 'class="verdict bad"' "$T/page.html" && grep -q 'DAMAGED: the newest snapshot needs what is named below' "$T/page.html" || fail "the page does not say so"
	[ "$(cat "$T/out" "$T/err" | grep -c -e '--heal')" = 1 ] || fail "--heal is told more than once"
	says "warning: .*$P1 is damaged"
	says 'DAMAGED: [0-9]+ items of '
	says 'older ones.*--heal'
	put "$name" 4 # what is new is saved all the same
	backup 3 "$name" -q
	says '--heal'
	says 'DAMAGED'
	"$VALISE" unpack "$T/$name.valise" -t "$T/damaged" > "$T/out" 2>&1 || true
	grep -rqx $'Subject: healed 4\r' "$T/damaged/mail" || fail "what is new is not saved"
	rm -rf "$T/damaged"
	run 0 doveadm -c "$A_CONF" expunge -u "$name" mailbox INBOX HEADER Subject "healed 4"
	if [ "$name" = bob ]; then # POP3 keeps what is gone
		backup 0 bob --heal
		run 0 "$VALISE" verify "$T/bob.valise" --newest
	else
		healed "$name" "flipped bits"
		run 1 "$VALISE" verify "$T/$name.valise"
		says 'the newest snapshot is sound'
	fi
	again "$name"
	flip "$T/$name.valise/$P1" 0.5
	healed "$name" "one bit"
	again "$name"
	chmod u+w "$T/$name.valise/$P1"
	truncate -s -3000 "$T/$name.valise/$P1"
	healed "$name" "a part that was cut"
	again "$name"
	rm -f "$T/$name.valise/$P1"
	healed "$name" "a part that is gone"
	again "$name"
	flip "$T/$name.valise/data/000002/mail/INBOX.jsonl.gz" 0.5
	flip "$T/$name.valise/$P1" 0.4
	rm -f "$T/$name.valise/$P2"
	healed "$name" "all of it" 3 # what only the lost catalog named, nobody can tell
	again "$name"
	backup 0 "$name" --heal
	says 'nothing to heal'
done

say "many: all accounts of a list"
for name in alice bob; do
	again "$name"
	flip "$T/$name.valise/$P1" 0.3
done
run 3 "$VALISE" backup --accounts "$T/accounts.ini" -o "$T"
says 'alice: .*--heal'
says 'bob: .*--heal'
run 0 "$VALISE" backup --accounts "$T/accounts.ini" -o "$T" --heal
sound alice
sound bob
run 0 "$VALISE" backup --accounts "$T/accounts.ini" -o "$T" -q
quiet

say "killed on the way, and run again"
again alice
flip "$T/alice.valise/$P1" 0.5
VALISE_FAULT_COUNT=$T/calls backup 0 alice --heal
calls=$(cat "$T/calls")
for tenth in 4 8; do
	again alice
	flip "$T/alice.valise/$P1" 0.5
	VALISE_FAULT=kill:$((calls * tenth / 10)) backup 137 alice --heal
	healed alice "killed at $tenth/10"
done

say "what the servers have no more is named, each once"
again alice
rm -f "$T/alice.valise/$P1"
href=$("$VALISE" list "$T/alice.base" --items --json | sed -n 's/.*"href":"\([^"]*\.ics\)".*/\1/p' | head -1)
run 0 doveadm -c "$A_CONF" expunge -u alice mailbox INBOX UID 5
run 0 curl -sf -X DELETE -u alice:pw-alice "$B_DAV_URL$href"
backup 3 alice --heal
says 'warning: mail INBOX, UID 5, .*: lost: '
says "warning: calendars .*, $href, .*: lost: "
[ "$(grep -c 'warning: .*: lost: data' "$T/err")" = 2 ] || fail "not these two alone are named"
says 'INCOMPLETE: 2 items'
sound alice 3
run 0 "$VALISE" list "$T/alice.valise" INBOX --items
says 'lost: data/000001'
backup 0 alice
tree alice "$T/have"
diff -r -x catalog "$T/alice.want" "$T/have" > "$T/diff" || true
[ "$(wc -l < "$T/diff")" = 2 ] || fail "more is missing than the two"
backup 0 alice
says 'nothing changed'
quiet

CATALOG=data/000002/mail/INBOX.jsonl.gz
denies() { ! grep -E -- "$1" "$T/out" "$T/err" || fail "it said: $1"; }
is_stale() { run 0 "$VALISE" list "$T/$1.valise"; says 'INBOX.*(stale|STALE|an older state)'; }

say "alice: a collection that is not asked for goes back: named, and stale"
again alice
flip "$T/alice.valise/$CATALOG" 0.5
backup 3 alice --heal --exclude INBOX
says 'warning: mail INBOX: its last state could not be read; what only that named is lost$'
denies 'read from the source again'
is_stale alice

say "alice: what was gone from the server and is lost now counts, too"
again alice
run 0 doveadm -c "$A_CONF" expunge -u alice mailbox INBOX 1:100
backup 3 alice # the shrink rule keeps it
backup 0 alice --heal
rm -f "$T/alice.valise/$P1"
backup 3 alice --heal
says 'warning: mail INBOX: [0-9]+ items that are gone from the server are lost'

say "bob: nobody gives again what the newest catalog named"
run 0 doveadm -c "$A_CONF" expunge -u bob mailbox INBOX ALL
put bob 6
again bob
backup 0 bob --heal
says 'nothing to heal'
run 0 "$VALISE" list "$T/bob.valise" INBOX --items --json
right=$(wc -l < "$T/out")
again bob
flip "$T/bob.valise/$CATALOG" 0.5
backup 3 bob --heal
says 'lost: nobody can tell what'
says 'warning: mail INBOX: its last state could not be read; what only that named is lost; the collection was read'
denies 'no item'
backup 0 bob
says 'nothing changed'
again bob
flip "$T/bob.valise/data/000002/seal.json" 0.5
backup 3 bob --heal
says 'goes on from snapshot 1'
denies 'nothing to heal'

say "bob: what could not be read this once is not damaged"
again bob
ended=0
for n in $(seq 6 34); do
	for heal in '' --heal; do
		rc=0
		VALISE_FAULT=fail:$n:EIO:openat "$VALISE" backup --config "$T/accounts.ini" bob -o "$T/bob.valise" $heal > "$T/out" 2> "$T/err" || rc=$?
		if [ -d "$T/bob.valise/data/000003" ]; then
			run 0 "$VALISE" list "$T/bob.valise" INBOX --items --json
			[ "$(wc -l < "$T/out")" = "$right" ] || fail "openat $n $heal ($rc): an older state is sealed"
			again bob
		elif grep -q 'nothing was sealed, for nobody can tell' "$T/err"; then
			[ $rc = 1 ] || fail "openat $n $heal: $rc"
			ended=$((ended + 1))
		fi
	done
done
[ $ended -ge 8 ] || fail "only $ended runs ended"

say "bob: a part is read once a day, and whenever anything happened to it"
again bob
chmod u+w "$T"/bob.valise/data/* # the file system knows of what happens here; not of a disk that forgets
flip "$(echo "$T"/bob.valise/data/000001/part-*.gz)" 0.5
backup 3 bob
says 'part-000001.tar.gz is damaged'
for f in "$T"/bob.valise/data/*/seal.sha256; do cp -p "$f" "$f.new" && mv -f "$f.new" "$f"; done
if [ "$(date -u +%F)" = "$(date -u +%F -d "@$(stat -c %Y "$T/bob.base/data/000001/seal.json")")" ]; then # not at midnight
	backup 0 bob
	quiet
fi
run 3 faketime -f +1d "$VALISE" backup --config "$T/accounts.ini" bob -o "$T/bob.valise"
says 'part-000001.tar.gz is damaged'
