#!/bin/bash
# nginx.sh start DIR | stop DIR : nginx as an HTTPS and HTTP/2 proxy before a DAV server. Its Debian package is unpacked below
# VALISE_TEST_HOME, not installed: nothing of it is ever started as a service.
# Choices at start:
#   UPSTREAM=PORT      the server behind it, on 127.0.0.1, HTTP (needed)
#   REQUESTS=N         requests on one connection before GOAWAY, or its close (default 1000), on SHORT_PORT alone
#   MAX_BODY=BYTES     larger request bodies are refused with 413 (default 0: none), on SMALL_PORT and SMALL1_PORT alone
# Ports: HTTPS_PORT; SHORT_PORT; SMALL_PORT; SMALL1_PORT, HTTP/1.1; EXPIRED_PORT and WRONGNAME_PORT, with such a certificate.
# One line a request in ACCESS: port protocol connection request-of-the-connection method status end-time seconds path
. "$(dirname "$0")/common.sh"
INSTALL=openssl UNPACK=nginx

listener() { # PORT PROTOCOL CERT KEY SETTINGS
	cat <<C
	server {
		listen 127.0.0.1:$1 ssl $2;
		ssl_certificate $DIR/tls/$3.pem;
		ssl_certificate_key $DIR/tls/$4;
		$5
		location / { proxy_pass http://127.0.0.1:$UPSTREAM; }
	}
C
}

conf() {
	cat <<C
daemon off;
worker_processes 1;
pid $DIR/nginx.pid;
error_log $DIR/error.log;
events { worker_connections 256; }
http {
	log_format requests '\$server_port \$server_protocol \$connection \$connection_requests \$request_method \$status \$msec \$request_time \$request_uri';
	access_log $DIR/access requests;
	client_body_temp_path $DIR/tmp/body;
	proxy_temp_path $DIR/tmp/proxy;
	fastcgi_temp_path $DIR/tmp/fastcgi;
	uwsgi_temp_path $DIR/tmp/uwsgi;
	scgi_temp_path $DIR/tmp/scgi;
	client_max_body_size 0;
	proxy_read_timeout 60s;
	proxy_set_header Host \$http_host;
	ssl_protocols TLSv1.2 TLSv1.3;
	ssl_session_cache shared:all:1m;
C
	listener $P0 http2 cert key.pem ''
	listener $((P0 + 1)) http2 cert key.pem "keepalive_requests ${REQUESTS:-1000};"
	listener $((P0 + 2)) http2 cert key.pem "client_max_body_size ${MAX_BODY:-0};"
	listener $((P0 + 3)) '' cert key.pem "client_max_body_size ${MAX_BODY:-0};"
	listener $((P0 + 4)) http2 expired expired.key ''
	listener $((P0 + 5)) http2 wrongname wrongname.key ''
	echo "}"
}

do_start() {
	[ -n "${UPSTREAM:-}" ] || die "UPSTREAM is not set"
	make_tls
	free_slot
	mkdir -p "$DIR/tmp"
	conf > "$DIR/nginx.conf"
	hand_over
	spawn "$UNPACKED/usr/sbin/nginx" -p "$DIR" -e "$DIR/error.log" -c "$DIR/nginx.conf"
	wait_ports $P0 $((P0 + 1)) $((P0 + 2)) $((P0 + 3)) $((P0 + 4)) $((P0 + 5))
	emit SERVER=nginx "VERSION=$(cat "$UNPACKED/.have-nginx")" HOST=127.0.0.1 "CA=$DIR/tls/ca.pem" "TLS=$DIR/tls" "LOG=$DIR/error.log" "ACCESS=$DIR/access"
	emit HTTPS_PORT=$P0 SHORT_PORT=$((P0 + 1)) SMALL_PORT=$((P0 + 2)) SMALL1_PORT=$((P0 + 3)) EXPIRED_PORT=$((P0 + 4)) WRONGNAME_PORT=$((P0 + 5))
}
server_main "$@"
