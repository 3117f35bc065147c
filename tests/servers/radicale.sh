#!/bin/bash
# radicale.sh start DIR | stop DIR : Radicale 3, CalDAV and CardDAV over HTTP and HTTPS.
# Choices at start: MAX_CONTENT=BYTES (largest request), RIGHTS=authenticated (anyone reads and writes everything), USERS="alice bob ..."
. "$(dirname "$0")/common.sh"
INSTALL="radicale openssl"

conf() { # PORT SSL
	cat <<C
[server]
hosts = 127.0.0.1:$1
max_connections = 50
max_content_length = ${MAX_CONTENT:-100000000}
ssl = $2
certificate = $DIR/tls/cert.pem
key = $DIR/tls/key.pem
[auth]
type = htpasswd
htpasswd_filename = $DIR/users
htpasswd_encryption = plain
delay = 0
[rights]
type = ${RIGHTS:-owner_only}
[storage]
filesystem_folder = $DIR/collections
[web]
type = none
C
}

do_start() {
	local u
	make_tls
	free_slot
	mkdir -p "$DIR/collections"
	for u in $(test_users); do echo "$u:pw-$u"; done > "$DIR/users"
	conf $P0 False > "$DIR/config"
	conf $((P0 + 1)) True > "$DIR/config.tls"
	hand_over
	spawn /usr/bin/python3 -m radicale -C "$DIR/config"
	spawn /usr/bin/python3 -m radicale -C "$DIR/config.tls"
	wait_ports $P0 $((P0 + 1))
	emit SERVER=radicale "VERSION=$(dpkg-query -W -f='${Version}' radicale)" HOST=127.0.0.1 "CA=$DIR/tls/ca.pem" "TLS=$DIR/tls" "LOG=$DIR/out"
	emit_dav /%u/ /%u/ $P0
}
server_main "$@"
