#!/bin/bash
# COMPRESS=DEFLATE (RFC 4978) at real servers: there and back, byte for byte, and not where it is not offered. Loopback names
# switch it off, so that the servers get another name, in a mount namespace of its own. Needs root.
. "$(dirname "$0")/../lib.sh"

unshared "${1:-}" -m
printf '127.0.0.1 localhost mail.example.net\n' > "$T/hosts"
mount --bind "$T/hosts" /etc/hosts

launch A dovecot
launch B dovecot SEP=.
launch N dovecot COMPRESS=0
landed A B N
"$TOOLS/genaccount.py" small --env "$T/A/env"

# away NAME USER : as imap, but from afar
away() {
	local port=$1_IMAPS_PORT tls=$1_TLS pin
	pin=$(openssl x509 -in "${!tls}/cert.pem" -outform DER | sha256sum | cut -d' ' -f1)
	IMAP=(--imap "imaps://mail.example.net:${!port}" --user "$2" --pin "sha256:$pin" --password-command "echo pw-$2" --trace "$T/trace")
	rm -f "$T/trace"
}
# squeezed TIMES-AT-LEAST : COMPRESS was sent on each connection, and answered with OK
squeezed() {
	local asked on open
	asked=$(grep -ac 'COMPRESS DEFLATE' "$T/trace") || true
	on=$(grep -ac 'compressed both ways' "$T/trace") || true
	open=$(grep -ac 'connected to' "$T/trace") || true
	[ "$asked" -ge 1 ] && [ "$asked" = "$on" ] && [ "$on" = "$open" ] || fail "$open connections, COMPRESS sent $asked times, switched on $on times"
}
plain() { ! grep -aqE 'C: .*COMPRESS|compressed' "$T/trace" || fail "COMPRESS was sent"; }

say "backup and restore, compressed both ways"
away A alice
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/a.valise" --stats
squeezed
away B bob
run 0 "$VALISE" restore "$T/a.valise" "${IMAP[@]}"
squeezed
"$TOOLS/compare.py" --env-a "$T/A/env" --user-a alice --env-b "$T/B/env" --user-b bob
run 0 "$VALISE" verify "$T/a.valise"

say "the same archive without compression: on loopback, and where it is not offered"
rm -f "$T/trace"
imap A alice
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/b.valise" --trace "$T/trace"
plain
roots "$T/a.valise" > "$T/roots1"
roots "$T/b.valise" > "$T/roots2"
same "$T/roots1" "$T/roots2"
away N carol
run 0 "$VALISE" restore "$T/a.valise" "${IMAP[@]}"
plain
"$TOOLS/compare.py" --env-a "$T/A/env" --user-a alice --env-b "$T/N/env" --user-b carol
