#!/bin/bash
# What POP3 users are told: that the host (or its neighbour imap.) speaks IMAP, which gives more, and what Gmail does with POP3.
# Needs root: the ports and names are the real ones, in a network and mount namespace of their own.
. "$(dirname "$0")/../lib.sh"

unshared "${1:-}" -n -m
ip link set lo up
printf '127.0.0.1 localhost pop.example.net imap.example.net mail.example.org pop.other.example pop.gmail.com imap.gmail.com\n' > "$T/hosts"
mount --bind "$T/hosts" /etc/hosts
servers=()
trap 'rc=$?; kill "${servers[@]}" 2>/dev/null || true; finish $rc' EXIT

leaf() { # NAME DNS... : a certificate for these names, by the authority of this test
	local name=$1 san
	shift
	san=$(printf ',DNS:%s' "$@")
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout "$T/$name.key" -out "$T/req" 2>/dev/null
	openssl x509 -req -in "$T/req" -CA "$T/ca.pem" -CAkey "$T/ca.key" -days 30 -extfile <(echo "subjectAltName=${san#,}") -out "$T/$name.pem" 2>/dev/null
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=ca -keyout "$T/ca.key" -out "$T/ca.pem" 2>/dev/null
leaf pop pop.example.net mail.example.org pop.other.example pop.gmail.com
leaf imap imap.example.net mail.example.org imap.gmail.com

# serve SCRIPT CASE PORT CERTIFICATE : without TLS on PORT, with TLS on the next
serve() {
	"$SERVERS/$1" "$2" --port "$3" --cert "$T/$4.pem" --key "$T/$4.key" --log "$T/$1.log" > "$T/$1.ports" &
	servers+=($!)
	for _ in $(seq 2400); do grep -q PORT "$T/$1.ports" && return; sleep 0.05; done
	fail "$1 did not start"
}
check() { # URL USER
	run 0 "$VALISE" check --pop3 "$1" --user "$2" --password-command 'echo pw-alice' --ca-file "$T/ca.pem"
}
says_nothing() { ! grep -qE "$1" "$T/err" || { cat "$T/err"; fail "it said: $1"; }; }

serve fakepop3.py gmail 994 pop
say "no IMAP there: no word of it"
check pop3s://mail.example.org alice
says_nothing 'speaks IMAP'
serve fakeimap.py correct 992 imap
say "the host speaks IMAP, too; its neighbour does; nobody with a good certificate does"
check pop3s://mail.example.org alice
says 'mail.example.org also speaks IMAP.*--imap imaps://mail.example.org$'
says_nothing Gmail
check pop3s://pop.example.net alice
says 'pop.example.net also speaks IMAP.*--imap imaps://imap.example.net$'
check pop3s://pop.other.example alice
says_nothing 'also speaks'
! grep -aiqE 'LOGIN|AUTHENTICATE|alice' "$T/fakeimap.py.log" || fail "a password went to the IMAP server"
say "with IMAP in the account there is nothing to suggest, and IMAP gives the mail"
run 0 "$VALISE" fetch --pop3 pop3s://mail.example.org --imap imaps://mail.example.org --user alice --password-command 'echo pw-alice' --ca-file "$T/ca.pem" \
	--exclude 'INBOX (POP3)' -t "$T/both"
says_nothing 'also speaks'
[ -n "$(ls "$T/both/mail/INBOX/cur")" ] || fail "no mail over IMAP"

say "Gmail"
check pop3s://pop.gmail.com alice
says 'When messages are accessed with POP.*keep Gmail.s copy.*use IMAP.*recent:alice'
says 'imaps://imap.gmail.com'
gmail() { run "$1" "$VALISE" fetch --pop3 pop3s://pop.gmail.com --user "$2" --password-command 'echo pw-alice' --ca-file "$T/ca.pem" -t "$T/$3" --trace "$T/trace"; }
gmail 3 alice gmail
says 'When messages are accessed with POP'
says 'lists only a part of the maildrop'
[ "$(ls "$T/gmail/mail/INBOX/cur" | wc -l)" = 600 ] || fail "not all 600 messages in several sessions"
for _ in 1 2; do
	rm -f "$T/trace"
	gmail 0 recent:alice recent
	says 'recent:alice is shown'
	[ "$(ls "$T/recent/mail/INBOX/cur" | wc -l)" = 100 ] || fail "not the 100 of recent:"
done
! grep -aq RETR "$T/trace" || fail "read again"
