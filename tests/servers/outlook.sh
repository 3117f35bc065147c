#!/bin/bash
# outlook.sh start DIR | stop DIR : no server, but other readers of Outlook's files (outlook/readers.mjs: pst-extractor, msgreader) from npm at the versions of
# outlook/package-lock.json, and the files that the former ships.
# NODE_READERS (a script for node), SAMPLES
. "$(dirname "$0")/common.sh"
# Where Node.js is of another origin than the distribution, npm is no package of its own.
{ command -v node && command -v npm; } > /dev/null || INSTALL="nodejs npm"

is_unpacked() { cmp -s "$SERVERS/outlook/package-lock.json" "$UNPACKED/.have-lock"; }
unpack() {
	is_unpacked && return
	mkdir -p "$UNPACKED" && chmod 755 "$TEST_HOME" "$UNPACKED" || die "cannot write to $TEST_HOME"
	exec 9> "$UNPACKED/.lock" && flock 9 || die "cannot lock $UNPACKED"
	is_unpacked && return
	cp "$SERVERS/outlook/package.json" "$SERVERS/outlook/package-lock.json" "$UNPACKED" &&
		(cd "$UNPACKED" && npm ci --cache "$UNPACKED/cache" --ignore-scripts --no-audit --no-fund > npm.log 2>&1) || { tail -5 "$UNPACKED/npm.log" >&2; die "npm cannot install pst-extractor and msgreader"; }
	rm -rf "$UNPACKED/cache" # nothing in the home directory
	chmod -R a+rX "$UNPACKED/node_modules"
	cp "$SERVERS/outlook/package-lock.json" "$UNPACKED/.have-lock"
	exec 9>&-
}

do_start() {
	cp "$SERVERS/outlook/readers.mjs" "$DIR/readers.mjs" && ln -sfn "$UNPACKED/node_modules" "$DIR/node_modules" || die "cannot write to $DIR"
	emit SERVER=outlook "NODE_READERS=$DIR/readers.mjs" "SAMPLES=$UNPACKED/node_modules/pst-extractor/example/testdata"
}
server_main "$@"
