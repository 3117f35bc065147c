#!/bin/bash
# Fast increments: nothing new costs a few round trips, changes are asked for by mod-sequence (CONDSTORE, QRESYNC) where the
# server has them, messages are known again after UIDVALIDITY changed or a mailbox was renamed. What comes out is always what a
# fresh backup of the same account holds.
. "$(dirname "$0")/../lib.sh"

# trips MAX : the last run needed no more round trips
trips() {
	local n
	n=$(sed -n 's/^.*\b\([0-9]\+\) round trips.*/\1/p' "$T/err")
	echo "   $n round trips (at most $1)"
	[ -n "$n" ] && [ "$n" -le "$1" ] || fail "$n round trips instead of at most $1"
}
# bodies N : the last run with --trace asked for so many messages
bodies() {
	local n
	n=$(grep -c 'BODY.PEEK\[\]' "$T/trace" || true)
	[ "$n" = "$1" ] || { grep 'UID FETCH' "$T/trace"; fail "bodies were asked for by $n commands instead of $1"; }
}
# again NAME [OPTION...] : an increment of the archive NAME
again() {
	local name=$1
	shift
	rm -f "$T/trace"
	run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/$name.valise" --stats --trace "$T/trace" "$@"
}
# as_fresh NAME : the newest snapshot has the content of a backup that begins again
as_fresh() {
	rm -rf "$T/fresh.valise"
	run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/fresh.valise"
	roots "$T/$1.valise" | sed 's/ [0-9a-f]*$//' > "$T/have"
	roots "$T/fresh.valise" | sed 's/ [0-9a-f]*$//' > "$T/want"
	same "$T/have" "$T/want"
	run 0 "$VALISE" verify "$T/$1.valise" --quick
}
printf 'From: x@example.org\r\nSubject: new\r\n\r\nnew\r\n' > "$T/new.eml"

for kind in cyrus courier dovecot; do # the last one stays
	say "$kind: nothing new, then a little"
	server S $kind
	S() { "$TOOLS/imaptool.py" "$T/S/env" alice "$@"; }
	"$TOOLS/genaccount.py" small --lenient --env "$T/S/env"
	imap S alice
	again $kind
	folders=$("$VALISE" list "$T/$kind.valise" --json | wc -l)
	again $kind
	says 'nothing (has )?changed|unchanged'
	trips $((5 * folders))
	bodies 0
	if [ $kind != courier ]; then
		trips 10 # of the whole account
		! grep -q EXAMINE "$T/trace" || fail "an unchanged mailbox was examined"
	fi
	read -r first second third _ < <(S uids INBOX)
	S append INBOX "$T/new.eml" '11-Nov-2011 11:11:11 +0100' '\Seen'
	S store INBOX "$first" '+\Flagged' '-\Seen'
	S expunge INBOX "$second"
	again $kind
	trips 20
	bodies 1
	case $kind in
	courier) ! grep -q CHANGEDSINCE "$T/trace" || fail "Courier has no mod-sequences" ;;
	*) grep -q 'CHANGEDSINCE [0-9]* VANISHED' "$T/trace" || fail "the changes were not asked for"
	   ! grep 'UID FETCH' "$T/trace" | grep 'INTERNALDATE' | grep -vE 'CHANGEDSINCE|FETCH [0-9]+:\*' || fail "everything was listed" ;;
	esac
	as_fresh $kind
	[ $kind != dovecot ] || continue
	"$SERVERS/$kind.sh" stop "$T/S" > /dev/null
	rm -rf "$T/S"
done

say "dovecot: UIDVALIDITY changed, mailboxes renamed, many messages moved: no body is fetched again"
dm() { doveadm -c "$S_CONF" "$@"; }
run 0 "$VALISE" fetch "${IMAP[@]}" -t "$T/tree"
dm mailbox update -u alice --uid-validity 4242 INBOX
S rename Work Werk
again dovecot
bodies 0
says 'under other UIDs'
as_fresh dovecot
for f in Sent "Müll & more"; do dm mailbox update -u alice --uid-validity 4243 "$f"; done # one for both, as when made in the same second
S rename Sent Gesendet
S move Werk 1:5 Gesendet
again dovecot
bodies 0
as_fresh dovecot
run 0 "$VALISE" fetch "${IMAP[@]}" -t "$T/tree" --trace "$T/trace2"
! grep -q 'BODY.PEEK\[\]' "$T/trace2" || fail "the tree fetched bodies again"
run 0 "$VALISE" pack "$T/tree" -o "$T/packed.valise"
roots "$T/packed.valise" | sed 's/ [0-9a-f]*$//' > "$T/have"
same "$T/have" "$T/want"
"$SERVERS/dovecot.sh" stop "$T/S" > /dev/null
rm -rf "$T/S"

# The newest snapshot holds just what the scripted server's model holds: bytes, flags, UIDs.
as_model() { # CASE ARCHIVE
	$PYTHON -B - "$1" "$2" "$VALISE" "$SERVERS" <<'P'
import hashlib, json, subprocess, sys
case, archive, valise, servers = sys.argv[1:]
sys.path.insert(0, servers)
import fakecases
model = fakecases.cases()[case]()
model.change(2)
want = sorted((name.decode(), m.uid, hashlib.sha256(m.body).hexdigest(), sorted(m.flags)) for name, box in model.mailboxes.items() for m in box.messages)
out = subprocess.run([valise, "list", archive, "--json", "--items"], capture_output=True, check=True).stdout
got = sorted((o["collection"], o["uid"], o["sha256"], sorted(o.get("flags", []) + o.get("keywords", []))) for o in map(json.loads, out.splitlines()))
assert want == got, (case, [w for w in want if w not in got], [g for g in got if g not in want])
P
}
say "mod-sequences, right and wrong"
for case in modseq modseq-only vanished-short vanished-wrong modseq-forgets modseq-stuck modseq-back modseq-none modseq-wanders uids-reused twins-renumbered; do
	mkdir -p "$T/S"
	server S fake CASE=$case
	imap S alice
	run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/$case.valise"
	again $case
	as_model $case "$T/$case.valise"
	listed=$(grep -c 'UID FETCH 1:\* (UID FLAGS INTERNALDATE RFC822.SIZE)$' "$T/trace" || true)
	case $case in
	modseq|modseq-only) [ "$listed" = 0 ] || fail "$case: everything was listed" ;;
	*) [ "$listed" != 0 ] || fail "$case: was believed" ;;
	esac
	case $case in
	twins-renumbered) bodies 1 ;;
	esac
	again $case
	says 'nothing (has )?changed|unchanged'
	as_model $case "$T/$case.valise"
	case $case in
	modseq-wanders) [ ! -d "$T/$case.valise/data/000002" ] || fail "a snapshot of nothing new" ;;
	esac
	"$SERVERS/fake.sh" stop "$T/S" > /dev/null
	rm -rf "$T/S"
done

say "INBOX, INBOX.inbox and INBOX.INBOX have one content name: nothing is lost, there and back"
server S fake CASE=inbox-twice
imap S alice
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/twice.valise"
run 0 "$VALISE" verify "$T/twice.valise"
server B fake CASE=empty
imap B alice
run 0 "$VALISE" restore "$T/twice.valise" "${IMAP[@]}"
says '4 added'
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/back.valise"
hashes() { "$VALISE" list "$1" --items --json | sed 's/.*"sha256":"\([0-9a-f]*\)".*/\1/' | sort; }
same <(hashes "$T/twice.valise") <(hashes "$T/back.valise")
