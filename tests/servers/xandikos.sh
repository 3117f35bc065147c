#!/bin/bash
# xandikos.sh start DIR | stop DIR : Xandikos, CalDAV and CardDAV in git repositories, over HTTP and HTTPS.
# It has no logins of its own: each user has an instance, and authproxy.py stands before them.
# Choices at start: USERS="alice bob" (at most six); DIGEST=N: over HTTP Digest instead of Basic, each nonce for N requests
. "$(dirname "$0")/common.sh"
INSTALL="xandikos openssl"

do_start() {
	local u port backends=()
	make_tls
	free_slot
	mkdir -p "$DIR/home"
	cp "$SERVERS/authproxy.py" "$DIR/"
	port=$((P0 + 2))
	for u in $(test_users); do
		mkdir -p "$DIR/$u"
		backends+=("$u=pw-$u=$port")
		port=$((port + 1))
	done
	hand_over
	port=$((P0 + 2))
	for u in $(test_users); do
		spawn env HOME="$DIR/home" /usr/bin/python3 /usr/bin/xandikos -d "$DIR/$u" --current-user-principal "/$u/" --defaults -l 127.0.0.1 -p $port
		port=$((port + 1))
	done
	spawn /usr/bin/python3 -B "$DIR/authproxy.py" --port $P0 ${DIGEST:+--digest "$DIGEST"} "${backends[@]}"
	spawn /usr/bin/python3 -B "$DIR/authproxy.py" --port $((P0 + 1)) --cert "$DIR/tls/cert.pem" --key "$DIR/tls/key.pem" "${backends[@]}"
	wait_ports $P0 $((P0 + 1)) $(seq $((P0 + 2)) $((port - 1)))
	emit SERVER=xandikos "VERSION=$(dpkg-query -W -f='${Version}' xandikos)" HOST=127.0.0.1 "CA=$DIR/tls/ca.pem" "TLS=$DIR/tls" "LOG=$DIR/out"
	emit_dav /%u/calendars/ /%u/contacts/ $P0
}
server_main "$@"
