#!/bin/bash
# The whole job over HTTP/2 and TLS: at Cyrus, which speaks it itself, and through nginx before Radicale and Xandikos. Several requests are in flight on one
# connection; a GOAWAY after every fifth loses nothing and lets nothing be written twice; Digest; a 413 before the body was sent; certificates that are not right.
. "$(dirname "$0")/../lib.sh"

# dav URL CALENDARS CARDS USER : the options for that account, in DAV
dav() { DAV=(--caldav "$1${2//alice/$4}" --carddav "$1${3//alice/$4}" --user "$4" --password-command "echo pw-$4" --ca-file "$T/tls/ca.pem"); }
radicale() { dav "https://localhost:$1" "$A_CALDAV_HOME1" "$A_CARDDAV_HOME1" "$2"; }
# backup ARCHIVE [OPTIONS], restore REPORT ARCHIVE EXIT-CODES [OPTIONS]
backup() { run 0 "$VALISE" backup "${DAV[@]}" -o "$T/$1" "${@:2}"; }
restore() {
	local rc=0
	"$VALISE" restore "$T/$2" "${DAV[@]}" --report "$T/$1.json" "${@:4}" > "$T/out" 2> "$T/err" < /dev/null || rc=$?
	[[ " $3 " == *" $rc "* ]] || { cat "$T/out" "$T/err"; fail "restore: exit code $rc"; }
}
total() { $PYTHON -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$T/$1.json" "$2"; }
compare() { "$TOOLS/comparedav.py" --env-a "$T/$1/env" --user-a "$2" --env-b "$T/$3/env" --user-b "$4" --report "$T/$5.json" > "$T/out" || { cat "$T/out"; fail "differences"; }; }
# spoke AT-LEAST ARGUMENTS-OF-h2log : only HTTP/2, no PUT twice, so many in flight together; leaves requests, connections and most
spoke() {
	local version flight twice
	read -r version requests connections most flight twice <<< "$("$TOOLS/h2log.py" "${@:2}")"
	echo "   $version: $requests requests, $connections connections, at most $most on one, $flight together"
	[[ $version == HTTP/2* ]] && [ "$flight" -ge "$1" ] || fail "not HTTP/2, or not $1 requests together"
	[ "$twice" = 0 ] || fail "$twice URLs were written more than once"
}

server A radicale USERS="alice bob carol dave erin" # first, for all certificates are its
launch C cyrus
launch X xandikos USERS=alice DIGEST=10
landed C X
launch N nginx UPSTREAM="$A_HTTP_PORT" REQUESTS=5 MAX_BODY=200000
launch D nginx UPSTREAM="$X_HTTP_PORT"
landed N D
for s in A C; do "$TOOLS/gendav.py" --env "$T/$s/env" --resources 60 --big 300000 > "$T/out" || fail "gendav"; done

say "Cyrus"
dav "$C_DAVS_URL" "$C_CALDAV_HOME1" "$C_CARDDAV_HOME1" alice
backup c.valise
backup c.valise
says 'nothing changed'
dav "$C_DAVS_URL" "$C_CALDAV_HOME1" "$C_CARDDAV_HOME1" bob
restore c c.valise "0 3" --trace "$T/c.trace"
spoke 4 trace "$T/c.trace"
[ "$(total c added)" = "$(total c items)" ] || fail "not everything was added"
restore c2 c.valise "0 3"
[ "$(total c2 added)" = 0 ] || fail "a second restore added something"
compare C alice C bob c

say "nginx"
radicale "$N_HTTPS_PORT" alice
backup a.valise --exact
spoke 3 access "$N_ACCESS" "$N_HTTPS_PORT"
backup a.valise --exact
says 'nothing changed'
radicale "$N_HTTPS_PORT" bob
restore a a.valise 0
spoke 3 access "$N_ACCESS" "$N_HTTPS_PORT"
compare A alice A bob a

say "GOAWAY after every fifth request"
radicale "$N_SHORT_PORT" alice
backup short.valise --exact
[ "$(roots "$T/short.valise" | cut -d' ' -f1-5)" = "$(roots "$T/a.valise" | cut -d' ' -f1-5)" ] || fail "the archive is another"
radicale "$N_SHORT_PORT" carol
restore s a.valise 0
[ "$(total s added)" = "$(total s items)" ] || fail "not everything was added"
spoke 2 access "$N_ACCESS" "$N_SHORT_PORT"
[ "$most" = 5 ] || fail "no GOAWAY after five"
compare A alice A carol s

say "Digest"
dav "https://localhost:$D_HTTPS_PORT" "$X_CALDAV_HOME1" "$X_CARDDAV_HOME1" alice
restore d a.valise "0 3" --auth DIGEST
[ "$(total d added)" = "$(total d items)" ] || fail "not everything was added"
backup d.valise
spoke 3 access "$D_ACCESS" "$D_HTTPS_PORT"

say "413 before the body was sent"
for p in "$N_SMALL_PORT" "$N_SMALL1_PORT"; do
	radicale "$p" "$([ "$p" = "$N_SMALL_PORT" ] && echo dave || echo erin)"
	restore large a.valise 3 --folder 'Work*'
	says 'big.ics.*not restored: HTTP 413 too large'
	[ "$(total large failed)" = 1 ] || fail "more than one was refused"
done

say "certificates"
# logged FILE : the log up to now. A line may come later than its answer, but not later than the answer to a request after it.
logged() {
	curl -sk -o "$T/out" "https://localhost:$N_HTTPS_PORT/mark" || fail "nginx does not answer"
	grep -v ' /mark$' "$N_ACCESS" > "$1"
}
# refused PORT PATTERN [OPTIONS] : nothing is asked and nothing written, neither there nor here
refused() {
	local port=$1 want=$2
	radicale "$port" bob
	run 1 "$VALISE" backup "${DAV[@]}" "${@:3}" -o "$T/no.valise"
	says "$want"
	[ ! -e "$T/no.valise" ] || [ -z "$(ls -A "$T/no.valise/data" 2>/dev/null)" ] || fail "an archive was made"
	run 1 "$VALISE" restore "$T/a.valise" "${DAV[@]}" "${@:3}"
	says "$want"
	logged "$T/after"
	same "$T/before" "$T/after"
}
pin=$(openssl x509 -in "$T/tls/cert.pem" -outform DER | sha256sum | cut -d' ' -f1)
radicale "$N_HTTPS_PORT" alice
backup a.valise --exact --pin "sha256:$pin"
logged "$T/before"
refused "$N_EXPIRED_PORT" 'localhost: the certificate expired on '
refused "$N_WRONGNAME_PORT" 'localhost: the certificate is for another name: mail.elsewhere.example, not localhost'
refused "$N_HTTPS_PORT" "localhost: the certificate is not the pinned one: the server shows sha256:$pin" --pin "sha256:${pin//[0-9]/0}"
