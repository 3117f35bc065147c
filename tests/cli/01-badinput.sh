#!/bin/bash
# What goes wrong outside: one clear line, the right exit code, nothing half done.
. "$(dirname "$0")/../lib.sh"

server A dovecot SEP=/
"$TOOLS/genaccount.py" small --env "$T/A/env"
imap A alice
good=("${IMAP[@]}")
port=$A_IMAPS_PORT
one_line() { [ "$(wc -l < "$T/err")" = 1 ] || { cat "$T/err"; fail "not one line"; }; }
nothing() { [ ! -e "$T/x.valise" ] || [ -z "$(find "$T/x.valise" -name 'seal*')" ] || fail "something was sealed"; rm -rf "$T/x.valise"; }
backup() { run "$1" "$VALISE" backup "${@:2}" -o "$T/x.valise"; }

say "sign-in and addresses"
backup 12 --imap imaps://localhost:$port --user alice --ca-file "$A_CA" --password-command 'echo wrong'
says 'alice|password|AUTHENTICATIONFAILED|sign'
nothing
backup 1 --imap imaps://localhost:$port --user alice --ca-file "$A_CA" --password-command 'exit 7'
says '7'
nothing
backup 1 --imap imaps://no-such-host.invalid --user alice --password-command 'echo x'
says 'no-such-host.invalid'
nothing
backup 1 --imap imaps://localhost:1 --user alice --password-command 'echo x'
says 'refused'
nothing
backup 2 --imap http://localhost --user alice --password-command 'echo x'
backup 2 --imap imaps://alice:secret@localhost --password-command 'echo x'
! grep -q secret "$T/err" || fail "a password was printed"
run 2 "$VALISE" backup "${good[@]}" --password=secret -o "$T/x.valise"
run 2 "$VALISE" backup nobody-of-this-name -o "$T/x.valise"
says 'nobody-of-this-name'
run 2 "$VALISE" frobnicate
run 2 "$VALISE" backup "${good[@]}" --frobnicate
run 2 "$VALISE" list
run 2 "$VALISE"
run 0 "$VALISE" help
run 0 "$VALISE" help backup
run 0 "$VALISE" --version

say "certificates"
bad() { # NAME PATTERN [badtls options]
	local cert=$1 want=$2 p
	shift 2
	rm -f "$T/bad.port" # of the one before
	"$SERVERS/badtls.py" --cert "$T/A/tls/$cert.pem" --key "$T/A/tls/$cert.key" --log "$T/bad.log" "$@" > "$T/bad.port" &
	p=$!
	for _ in $(seq 2400); do grep -qs PORT= "$T/bad.port" && break; sleep 0.05; done
	badport=$(sed -n 's/PORT=//p' "$T/bad.port")
	scheme=imaps
	case "$*" in *starttls*|*no-tls*) scheme=imap ;; esac
	backup 1 --imap $scheme://localhost:$badport --user alice --ca-file "$A_CA" --password-command 'echo secret-word'
	kill $p; wait $p 2>/dev/null || true
	says "$want"
	nothing
	! grep -qiE 'LOGIN|AUTHENTICATE|secret-word' "$T/bad.log" 2>/dev/null || fail "credentials went out to $cert"
	rm -f "$T/bad.log"
}
for how in "" --starttls; do
	bad expired 'expired' $how
	bad wrongname 'name|host' $how
	bad selfsigned 'self-signed|issuer|authority|trust' $how
	bad other 'issuer|authority|trust' $how
done
bad cert 'STARTTLS|TLS' --no-tls
pin=$(openssl x509 -in "$T/A/tls/cert.pem" -outform DER | sha256sum | cut -d' ' -f1)
backup 0 --imap imaps://localhost:$port --user alice --password-command 'echo pw-alice' --pin sha256:$pin
rm -rf "$T/x.valise"
backup 1 --imap imaps://localhost:$port --user alice --password-command 'echo pw-alice' --pin sha256:${pin//[0-9]/0}
nothing

backup 1 --imap imap://localhost:$port --user alice --ca-file "$A_CA" --password-command 'echo secret-word'
says 'this port begins with TLS: write imaps://'
nothing

say "accounts.ini"
mkdir -p "$T/config/valise"
printf '[old]\nimap = imaps://localhost:%s\nuser = alice\nca-file = %s\npassword-command = echo pw-alice\n' "$port" "$A_CA" > "$T/config/valise/accounts.ini"
run 0 "$VALISE" backup old -o "$T/y.valise"
(cd "$T" && run 0 "$VALISE" backup old && [ -d "$T/old.valise" ]) || fail "the default name of the archive"
run 0 "$VALISE" check old
says 'signed in as alice'
run 12 "$VALISE" backup old --imap-password-command 'echo no' -o "$T/x.valise"
nothing
exec 3<<<"pw-alice"
run 0 "$VALISE" backup old --password-fd 3 --same-account -o "$T/y.valise" 3<&3 || true
exec 3<&-
printf 'frob = 1\n' >> "$T/config/valise/accounts.ini"
run 2 "$VALISE" backup old -o "$T/x.valise"
says 'frob'

say "where the archive goes"
mkdir "$T/x.valise"; touch "$T/x.valise/a file"
run 1 "$VALISE" backup "${good[@]}" -o "$T/x.valise"
[ "$(ls "$T/x.valise")" = "a file" ] || fail "something was written into a foreign directory"
rm -r "$T/x.valise"; touch "$T/x.valise"
run 1 "$VALISE" backup "${good[@]}" -o "$T/x.valise"
rm "$T/x.valise"
run 1 "$VALISE" backup "${good[@]}" -o "$T/A/env/x.valise"
run 10 "$VALISE" verify "$T"
run 10 "$VALISE" verify "$T/not-there.valise"
run 10 "$VALISE" restore "$T/not-there.valise" "${good[@]}"
mkdir -m 555 "$T/ro"
if [ "$(id -u)" = 0 ]; then
	as=(setpriv --reuid nobody --regid nogroup --clear-groups env HOME="$T" XDG_STATE_HOME="$T/state")
	chmod o+rx "$(dirname "$VALISE")"
else
	as=()
fi
if "${as[@]}" test -x "$VALISE"; then
	run 1 "${as[@]}" "$VALISE" backup "${good[@]}" -o "$T/ro/x.valise"
	says 'Permission denied'
	[ -z "$(ls -A "$T/ro")" ] || fail "files in a read-only directory"
fi

say "two runs at once"
run 0 "$VALISE" backup "${good[@]}" -o "$T/x.valise"
mkdir -p "$T/x.valise/.work"
flock "$T/x.valise/.work/lock" "$VALISE" backup "${good[@]}" -o "$T/x.valise" > "$T/out" 2> "$T/err" && fail "the lock is not respected"
says 'another|lock'
rm -rf "$T/x.valise"

say "a full disk"
if unshare -Urm true 2>/dev/null || [ "$(id -u)" = 0 ]; then
	ns=(unshare -m); [ "$(id -u)" = 0 ] || ns=(unshare -Urm)
	mkdir "$T/small"
	for size in 16k 64k; do
		rc=0
		"${ns[@]}" sh -c 'mount -t tmpfs -o size='$size' tmpfs "$1" && shift && "$@"' sh "$T/small" \
			"$VALISE" backup "${good[@]}" -o "$T/small/x.valise" > "$T/out" 2> "$T/err" || rc=$?
		[ $rc = 1 ] || { cat "$T/err"; fail "full disk: exit code $rc"; }
		says 'free|space|full'
	done
fi
# the same through the seam, at a write in the middle, and then it goes on
for n in 20 60 120; do
	rc=0
	VALISE_FAULT=failfrom:$n:ENOSPC "$VALISE" backup "${good[@]}" -o "$T/x.valise" > "$T/out" 2> "$T/err" || rc=$?
	[ $rc = 1 ] || [ $rc = 0 ] || { cat "$T/err"; fail "ENOSPC: exit code $rc"; }
	run 0 "$VALISE" backup "${good[@]}" -o "$T/x.valise"
	run 0 "$VALISE" verify "$T/x.valise"
	rm -rf "$T/x.valise"
done

say "an account with no mail"
imap A carol
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/empty.valise"
run 0 "$VALISE" verify "$T/empty.valise"
imap A dave
run 0 "$VALISE" restore "$T/empty.valise" "${IMAP[@]}"

say "no secret in a trace"
run 0 "$VALISE" backup "${good[@]}" --trace "$T/trace" -o "$T/x.valise"
grep -q 'C: ' "$T/trace" || fail "no trace"
! grep -qE 'pw-alice|cHctYWxpY2|AGFsaWNlAHB3LWFsaWNl' "$T/trace" || fail "the password is in the trace"

say "interrupted"
"$VALISE" backup "${good[@]}" -o "$T/i.valise" > "$T/out" 2> "$T/err" & p=$!
sleep 0.05; kill -INT $p; rc=0; wait $p || rc=$?
[ $rc = 130 ] || [ $rc = 0 ] || fail "SIGINT: exit code $rc"
run 0 "$VALISE" backup "${good[@]}" -o "$T/i.valise"
