#!/bin/bash
# POP3 from real servers: what valise reads is byte for byte what IMAP gives of the same mailbox; the servers keep everything.
. "$(dirname "$0")/../lib.sh"
inbox=$TOOLS/inbox.py

pop3() { # NAME USER
	local port=$1_POP3S_PORT ca=$1_CA
	POP3=(--pop3 "pop3s://localhost:${!port}" --user "$2" --ca-file "${!ca}" --password-command "echo pw-$2")
}
pop3_stls() {
	local port=$1_POP3_PORT ca=$1_CA
	POP3=(--pop3 "pop3://localhost:${!port}" --user "$2" --ca-file "${!ca}" --password-command "echo pw-$2")
}
# no_quit_after_retr TRACE : leave on server, as seen on the wire
no_quit_after_retr() {
	! grep -aqE 'DELE' "$1" || fail "DELE in $1"
	grep -aq 'RETR' "$1" || fail "no RETR in $1"
}

# said HOW : how many messages the last run says were fetched so
said() { sed -n "s/^\([0-9,]*\) messages\{0,1\} w.* fetched by $1, .*/\1/p" "$T/err" "$T/out" | tr -d , | grep . || echo 0; }

# reads NAME COUNT HOW : COUNT messages of NAME, fetched by HOW (TOP or RETR), over TLS from the first byte into an archive and over STLS into a tree
reads() {
	local name=$1 how=$3 n
	say "$name"
	"$inbox" fill "$T/$name/env" alice "$2"
	n=$("$inbox" count "$T/$name/env" alice)
	pop3 "$name" alice
	run 0 "$VALISE" backup "${POP3[@]}" -o "$T/$name.valise" --tree "$T/$name.tree" --trace "$T/$name.trace" --stats
	cat "$T/out" "$T/err" | tail -3
	no_quit_after_retr "$T/$name.trace"
	[ "$(said "$how")" -ge $((n - 1)) ] || fail "$name: not by $how"
	[ "$("$inbox" seen "$T/$name/env" alice)" -le "$(said RETR)" ] || fail "$name: more is marked as read than was said"
	"$inbox" compare "$T/$name/env" alice "$T/$name.tree"
	gzip -dc "$T/$name.valise/data/000001/mail/INBOX.jsonl.gz" | sed -n 1p | grep -q '"props":{"capa":"[^"]*UIDL.*"capa_before":"[^"]' || fail "$name: CAPA is not in the archive"
	[ "$("$inbox" count "$T/$name/env" alice)" -ge "$n" ] || fail "$name lost mail"
	run 0 "$VALISE" verify "$T/$name.valise"
	run 0 "$VALISE" backup "${POP3[@]}" -o "$T/$name.valise" --trace "$T/$name.trace2"
	says 'nothing changed'
	! grep -aqE 'RETR|TOP ' "$T/$name.trace2" || fail "$name: read again"
}

server A dovecot
reads A 5000 TOP
gzip -dc "$T/A.valise/data/000001/mail/INBOX.jsonl.gz" | sed -n 2p | grep -q '"warnings":\["date"\]' || fail "the date is not marked as derived"
run 0 "$VALISE" list "$T/A.valise" INBOX
! grep -v '\[date' "$T/out" || fail "list does not say that the dates are derived"
run 0 "$VALISE" list "$T/A.valise" --items --json
[ "$(grep -c '"warnings":\["date"' "$T/out")" = 5000 ] || fail "list --json does not say that the dates are derived"
say "STLS, QUIT, mechanisms"
"$inbox" fill "$T/A/env" bob 12
pop3_stls A bob
run 0 "$VALISE" fetch "${POP3[@]}" -t "$T/stls" --pop3-end quit
"$inbox" compare "$T/A/env" bob "$T/stls"
for mech in PLAIN LOGIN SCRAM-SHA-1 SCRAM-SHA-256 USER; do
	pop3 A bob
	run 0 "$VALISE" fetch "${POP3[@]}" --auth $mech -t "$T/mech-$mech"
	"$inbox" compare "$T/A/env" bob "$T/mech-$mech"
done

say "restored over IMAP, like any other mail"
run 0 "$VALISE" backup "${POP3[@]}" -o "$T/bob.valise"
imap A carol
run 0 "$VALISE" restore "$T/bob.valise" "${IMAP[@]}"
"$inbox" compare "$T/A/env" carol "$T/stls"

say "beside IMAP: nothing twice, and nothing read again"
imap A bob
pop3 A bob
run 0 "$VALISE" backup "${IMAP[@]}" --pop3 "${POP3[1]}" -o "$T/both.valise" --tree "$T/both"
"$inbox" compare "$T/A/env" bob "$T/both"
[ ! -e "$T/both/mail/INBOX (POP3)" ] || fail "doubles of IMAP"
run 0 "$VALISE" backup "${IMAP[@]}" --pop3 "${POP3[1]}" -o "$T/both.valise" --trace "$T/both.trace"
says 'nothing changed'
! grep -aqE 'RETR|TOP ' "$T/both.trace" || fail "read again"

server C cyrus
reads C 300 TOP
server U courier
reads U 100 TOP
server M mailutils
reads M 100 RETR # its TOP (3.15) adds a line

say "mailutils pop3d that deletes what was retrieved"
server D mailutils EXPIRE=0
"$inbox" fill "$T/D/env" alice 40
files() { find "$T/D/spool/alice/cur" "$T/D/spool/alice/new" -type f | wc -l; }
n=$(files)
[ "$n" -ge 35 ] || fail "$n files"
pop3 D alice
run 1 "$VALISE" backup "${POP3[@]}" -o "$T/D.valise" --trace "$T/D.trace"
says 'EXPIRE 0.*deletes mail once it was retrieved.*--pop3-accept-deletion-by-server'
! grep -aq 'RETR' "$T/D.trace" || fail "it was read"
run 0 "$VALISE" backup "${POP3[@]}" -o "$T/D.valise" --tree "$T/D.tree" --pop3-accept-deletion-by-server
[ "$(files)" = "$n" ] || fail "the server deleted mail"
"$inbox" compare "$T/D/env" alice "$T/D.tree"
# With QUIT this server does delete: the second canary is the one message that it costs.
run 3 "$VALISE" fetch "${POP3[@]}" -t "$T/D.quit" --pop3-accept-deletion-by-server --pop3-end quit
says 'removed a message that was only read'
[ "$(files)" = $((n - 1)) ] || fail "$(files) of $n files are left"
