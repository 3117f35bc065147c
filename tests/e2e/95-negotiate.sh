#!/bin/bash
# Sign-in of connections: Negotiate with a ticket of a Kerberos realm of our own, at Apache and mod_auth_gssapi; NTLM at a scripted server that checks
# NTLMv2 answers and keeps count of connections. Radicale is behind both. Which way is taken, and that a password is in none of it.
. "$(dirname "$0")/../lib.sh"

launch R radicale USERS="alice bob"
landed R
server A apache UPSTREAM="$R_HTTP_PORT" USERS="alice bob"
hosts=()
trap 'rc=$?; kill "${hosts[@]}" 2>/dev/null || true; wait "${hosts[@]}" 2>/dev/null || true; finish $rc' EXIT
ntlm() { # NAME ARG... : a server of NTLM, its port in NAME, that of TLS in NAME_TLS, what it saw in T/NAME.log
	local name=$1
	shift
	: > "$T/$name.port"
	"$SERVERS/ntlmhost.py" "$R_HTTP_PORT" "$T/$name.log" --cert "$A_TLS/cert.pem" --key "$A_TLS/key.pem" "$@" > "$T/$name.port" &
	hosts+=($!)
	for _ in $(seq 2400); do grep -q PORT "$T/$name.port" && break; sleep 0.05; done
	read -r _ "$name" "${name}_TLS" < "$T/$name.port"
}
ntlm N
ntlm BOTH --offer "Negotiate NTLM"
ntlm BASIC --offer "NTLM Basic"
ntlm SHORT --close 3

dav() { curl -sf -u "$1:pw-$1" "http://127.0.0.1:$R_HTTP_PORT$2" "${@:3}" >/dev/null; }
dav alice /alice/diary/ -X MKCALENDAR
for i in $(seq 30); do
	dav alice "/alice/diary/$i.ics" -X PUT -H 'Content-Type: text/calendar' --data-binary "$(printf 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:e%s\r\nDTSTAMP:20240101T000000Z\r\nDTSTART:20240101T000000Z\r\nSUMMARY:s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n' "$i")"
done
n=0
v() { # CODE URL ARG... : a backup of that calendar home into a new archive
	local want=$1 url=$2
	n=$((n + 1))
	shift 2
	run "$want" "$VALISE" backup -o "$T/a$n" --caldav "$url" --ca-file "$A_CA" --user alice --timeout 20 "$@"
}
with() { PASSWORD=(--password-command "echo pw-$1"); }
with alice

say "NTLM, where it is all that is offered: one sign-in a connection, and no body goes along with it"
v 0 "https://localhost:$N_TLS/alice/" "${PASSWORD[@]}" --trace "$T/trace" --exact
says '30 resources in 1 calendar'
awk '$4 == "1" { if ($5) bad = 1; seen[$1]++ } $4 == "3" { third[$1]++ } END { for (c in seen) { if (seen[c] != 1 || third[c] != 1) bad = 1; n++ } exit bad || n < 2 }' "$T/N.log" || { cat "$T/N.log"; fail "not one handshake a connection, or not several connections"; }
! grep -q basic "$T/N.log" || fail "Basic was sent"
! grep -E 'pw-alice|TlRMTVNTUAAD|cHctYWxpY2U' "$T/trace" || fail "a secret in the trace"
v 0 "https://localhost:$N_TLS/alice/" "${PASSWORD[@]}" --caldav-user 'VALISE\alice'
v 0 "https://localhost:$BOTH_TLS/alice/" "${PASSWORD[@]}"
grep -q ' 3 ' "$T/BOTH.log" || fail "no NTLM"
v 0 "https://localhost:$SHORT_TLS/alice/" "${PASSWORD[@]}" --exact
says '30 resources in 1 calendar'
v 0 "http://127.0.0.1:$N/alice/" "${PASSWORD[@]}" --cleartext

say "a restore: what is written goes out once, over a connection that is signed in"
: > "$T/N.log"
run 0 "$VALISE" restore "$T/a1" --caldav "https://localhost:$N_TLS/bob/" --ca-file "$A_CA" --user bob --password-command 'echo pw-bob'
says '30 added'
[ "$(grep -c ' PUT .* 201$' "$T/N.log")" = 30 ] || fail "$(grep PUT "$T/N.log" | head -40)"
! awk '$2 == "PUT" && $4 == "1" && $5' "$T/N.log" | grep . || fail "a body went along with a sign-in"

say "MAPI: a session over connections that are signed in, found by Autodiscover over one, and all of the mailbox"
"$TOOLS/genmapi.py" "$T/box" --items 60 --octets 2000000 > /dev/null
"$SERVERS/fakemapi.py" correct --mailbox "$T/box" > "$T/mapi.url" &
hosts+=($!)
for _ in $(seq 2400); do grep -q http "$T/mapi.url" && break; sleep 0.05; done
port=$(sed -E 's#.*127.0.0.1:([0-9]+)/.*#\1#' "$T/mapi.url") store=$(sed -E 's#.*127.0.0.1:[0-9]+##' "$T/mapi.url")
own=$R_HTTP_PORT
R_HTTP_PORT=$port ntlm MAPI
R_HTTP_PORT=$own
run 0 "$VALISE" backup -o "$T/mapi" --mapi "http://127.0.0.1:$MAPI$store" --mapi-mailbox '/o=Fake/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=alice' \
	--user 'VALISE\alice' "${PASSWORD[@]}" --cleartext
says '60 raw items'
awk '$4 == "1" && $5 { bad = 1 } $4 == "basic" { bad = 1 } END { exit bad }' "$T/MAPI.log" || fail "a body went along with a sign-in, or Basic was sent"
run 0 "$VALISE" check --mapi "http://127.0.0.1:$MAPI" --mapi-mailbox alice@example.org --user alice "${PASSWORD[@]}" --cleartext
says "mapi: http://127.0.0.1:$port/mapi/emsmdb/.*\(told by http://127.0.0.1:$MAPI/autodiscover/autodiscover.xml\)"
grep -q 'POST /autodiscover/autodiscover.xml 3 ' "$T/MAPI.log" || fail "Autodiscover was not asked over NTLM"

say "Basic inside TLS comes first, unless another way is asked for"
v 0 "https://localhost:$BASIC_TLS/alice/" "${PASSWORD[@]}"
! grep -q ' 1 ' "$T/BASIC.log" || fail "NTLM was begun"
: > "$T/BASIC.log"
v 0 "https://localhost:$BASIC_TLS/alice/" "${PASSWORD[@]}" --auth ntlm
! grep -q basic "$T/BASIC.log" || fail "Basic was sent"
v 12 "https://localhost:$N_TLS/alice/" "${PASSWORD[@]}" --auth basic
says 'does not fit --auth BASIC: it offers NTLM'

say "a wrong password is refused once"
: > "$T/N.log"
with bob
v 12 "https://localhost:$N_TLS/alice/" "${PASSWORD[@]}"
says 'refused the sign-in as alice'
[ "$(grep -c ' 3 ' "$T/N.log")" = 1 ] || { cat "$T/N.log"; fail "it was tried more than once"; }
with alice

say "Negotiate: a ticket, and nobody is asked for a password"
export KRB5_CONFIG=$A_CONFIG
v 12 "https://localhost:$A_HTTPS_PORT/alice/" --auth negotiate
says 'refused Negotiate, or there is no ticket for it \(klist\) as alice'
export KRB5CCNAME=FILE:$A_CCACHE
v 0 "https://localhost:$A_HTTPS_PORT/alice/" --exact
says '30 resources in 1 calendar'
grep -q "^$A_HTTPS_PORT .* alice@VALISE.TEST 20[07] " "$A_ACCESS" || fail "nobody signed in by Kerberos"
v 0 "https://localhost:$A_HTTPS_PORT/alice/" "${PASSWORD[@]}" --auth negotiate
dav alice /alice/diary/ -X DELETE
run 0 "$VALISE" restore "$T/a1" --caldav "https://localhost:$A_HTTPS_PORT/alice/" --ca-file "$A_CA" --user alice
says '30 added'

say "where a password is given it is sent, and no ticket; one that is refused is followed by the question for the password"
: > "$A_ACCESS"
v 12 "https://localhost:$A_HTTPS_PORT/alice/" "${PASSWORD[@]}" # it offers NTLM, too, and takes none
! grep VALISE.TEST "$A_ACCESS" || fail "the ticket was used"
v 12 "https://localhost:$A_BASIC_PORT/alice/" --password-command 'echo pw-bob'
v 0 "https://localhost:$A_BASIC_PORT/alice/" "${PASSWORD[@]}"
export KRB5CCNAME=FILE:$T/none
v 2 "https://localhost:$A_BASIC_PORT/alice/"
says 'password'
say ok
