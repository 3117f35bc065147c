#!/bin/bash
# oidc.sh start DIR | stop DIR : oidc-provider, a certified OpenID provider for Node.js (oidc/server.mjs), from npm at the version of oidc/package-lock.json.
#   TTL=3600    seconds that access tokens are good for; DIR/ttl changes that later
# ISSUER, and INTROSPECT for Dovecot (OAUTH=$INTROSPECT)
. "$(dirname "$0")/common.sh"
# Where Node.js is of another origin than the distribution, npm is no package of its own.
{ command -v node && command -v npm; } > /dev/null || INSTALL="nodejs npm"

is_unpacked() { cmp -s "$SERVERS/oidc/package-lock.json" "$UNPACKED/.have-lock"; }
unpack() {
	is_unpacked && return
	mkdir -p "$UNPACKED" && chmod 755 "$TEST_HOME" "$UNPACKED" || die "cannot write to $TEST_HOME"
	exec 9> "$UNPACKED/.lock" && flock 9 || die "cannot lock $UNPACKED"
	is_unpacked && return
	cp "$SERVERS/oidc/package.json" "$SERVERS/oidc/package-lock.json" "$UNPACKED" &&
		(cd "$UNPACKED" && npm ci --cache "$UNPACKED/cache" --ignore-scripts --no-audit --no-fund > npm.log 2>&1) || { tail -5 "$UNPACKED/npm.log" >&2; die "npm cannot install oidc-provider"; }
	rm -rf "$UNPACKED/cache" # nothing in the home directory
	chmod -R a+rX "$UNPACKED/node_modules"
	cp "$SERVERS/oidc/package-lock.json" "$UNPACKED/.have-lock"
	exec 9>&-
}

do_start() {
	make_tls
	free_slot
	echo "${TTL:-3600}" > "$DIR/ttl"
	: > "$DIR/requests"
	cp "$SERVERS/oidc/server.mjs" "$DIR/server.mjs" && ln -sfn "$UNPACKED/node_modules" "$DIR/node_modules" || die "cannot write to $DIR"
	hand_over
	spawn env NODE_ENV=production node "$DIR/server.mjs" "$DIR" $P0 $((P0 + 1))
	wait_ports $P0 $((P0 + 1))
	emit SERVER=oidc "ISSUER=https://localhost:$((P0 + 1))" "INTROSPECT=http://dovecot:introspect@127.0.0.1:$P0/token/introspection" "CA=$DIR/tls/ca.pem" "TLS=$DIR/tls" \
		"TTL=$DIR/ttl" "REQUESTS=$DIR/requests"
}
server_main "$@"
