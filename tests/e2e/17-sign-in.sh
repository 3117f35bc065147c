#!/bin/bash
# Signing in at real servers: OAuth 2 tokens at Dovecot, an administrator who reads another's mail at Dovecot and Cyrus.
. "$(dirname "$0")/../lib.sh"

launch d dovecot OAUTH=1 MASTER=1
launch c cyrus
landed d c

# deliver MARK PORT USER : a message whose subject is MARK
deliver() {
	$PYTHON - "$@" <<'P'
import imaplib, ssl, sys
mark, port, user = sys.argv[1:]
m = imaplib.IMAP4_SSL("127.0.0.1", int(port), ssl_context=ssl._create_unverified_context())
m.login(user, "pw-" + user)
m.append("INBOX", None, None, b"Subject: %s\r\n\r\nx\r\n" % mark.encode())
m.logout()
P
}
for s in d c; do
	port=${s}_IMAPS_PORT
	deliver "of alice at $s" "${!port}" alice
	deliver "of bob at $s" "${!port}" bob
done

# fetch EXIT SERVER USER PASSWORD-COMMAND OPTION... : into a new tree $T/tree
fetch() {
	local want=$1 port=$2_IMAPS_PORT ca=$2_CA user=$3 password=$4
	shift 4
	rm -rf "$T/tree" "$T/trace"
	run "$want" "$VALISE" fetch --imap "imaps://localhost:${!port}" --ca-file "${!ca}" --user "$user" --password-command "$password" -t "$T/tree" --trace "$T/trace" "$@"
}
# has MARK : the one message
has() {
	[ "$(find "$T/tree/mail/INBOX" -type f -path '*/cur/*' | wc -l)" = 1 ] && grep -rq "Subject: $1" "$T/tree/mail/INBOX/cur" || fail "not the mail of $1"
}
sent() { grep -aq "$1" "$T/trace" || { cat "$T/trace"; fail "did not send $1"; }; }

for mech in XOAUTH2 OAUTHBEARER; do
	say "$mech"
	fetch 0 d alice 'echo good-token' --auth "$mech"
	has "of alice at d"
	sent "AUTHENTICATE $mech"
	! grep -aq good-token "$T/trace" || fail "the token is in the trace"
	fetch 12 d alice "echo asked >> $T/asked-$mech; echo wrong-token" --auth "$mech"
	says "signing in as alice \($mech\).*"
	[ ! -e "$T/tree/mail/INBOX" ] || fail "a tree without sign-in"
	[ "$(wc -l < "$T/asked-$mech")" = 2 ] || fail "the password command was not asked once more for a fresh token"
	fetch 0 d alice "[ -e $T/fresh-$mech ] && echo good-token || echo stale-token; touch $T/fresh-$mech" --auth "$mech"
	has "of alice at d"
	fetch 12 d bob 'echo good-token' --auth "$mech" # alice's
done

say "a master user at Dovecot"
fetch 0 d master 'echo pw-master' --authzid bob
has "of bob at d"
sent "AUTHENTICATE PLAIN" # SCRAM, which it offers, would be held against bob's password
fetch 12 d master 'echo pw-master' --authzid bob --auth SCRAM-SHA-256
fetch 12 d master 'echo pw-wrong' --authzid bob
fetch 12 d master 'echo pw-master' --authzid nobody
fetch 12 d alice 'echo pw-alice' --authzid bob
says 'signing in as alice'

say "an authorization identity that would be dropped is refused, and no password goes out"
for mech in LOGIN XOAUTH2; do
	fetch 2 d master 'echo pw-master' --authzid bob --auth $mech
	says "--authzid bob: signing in by $mech cannot carry"
	! grep -aqE 'C: .*(AUTHENTICATE|LOGIN)' "$T/trace" || fail "it signed in"
done
fetch 0 d 'bob*master' 'echo pw-master' --auth LOGIN # what is left to do there
has "of bob at d"
run 2 "$VALISE" check --caldav http://127.0.0.1:9/ --cleartext --user alice --password-command true --authzid bob
says "HTTP carries no authorization identity"

say "a proxy at Cyrus"
for who in proxy admin; do
	fetch 0 c $who "echo pw-$who" --authzid bob
	has "of bob at c"
done
fetch 0 c proxy 'echo pw-proxy' --authzid bob --auth SCRAM-SHA-256
has "of bob at c"
