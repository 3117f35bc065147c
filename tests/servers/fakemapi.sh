#!/bin/bash
# fakemapi.sh start DIR | stop DIR : fakemapi.py as one of its cases, on a plain port and a TLS port.
# CASE=NAME chooses the case (fakemapi.py --list); a copy of MAILBOX=DIR is served, with what is uploaded; PUBLIC=DIR: public folders;
# REPLAY=DIR: recorded exchanges. Each ROP is a line in LOG, with ! where it would change a mailbox. CONTROL/dump prints flags, change numbers and times.
. "$(dirname "$0")/common.sh"
do_start() {
	make_tls
	free_slot
	: > "$DIR/log"
	mkdir -p "$DIR/mapi"
	cp "$SERVERS"/mapi/*.py "$DIR/mapi/"
	cp "$SERVERS"/listener.py "$SERVERS"/fakemapi.py $(ls "$SERVERS"/mapicases_*.py 2>/dev/null) "$DIR/"
	local more=()
	[ -z "${PUBLIC:-}" ] || more+=(--public "$PUBLIC")
	[ -z "${REPLAY:-}" ] || more+=(--replay "$REPLAY")
	# a case without MAILBOX fills its own store; what is served from a directory is a copy of it
	if [ -n "${MAILBOX:-}" ] || [ -z "${CASE:-}" ]; then
		mkdir -p "$DIR/mailbox"
		[ -z "${MAILBOX:-}" ] || [ -n "$(ls -A "$DIR/mailbox")" ] || cp -r "$MAILBOX/." "$DIR/mailbox/"
		more+=(--mailbox "$DIR/mailbox")
	fi
	hand_over
	spawn /usr/bin/python3 -B "$DIR/fakemapi.py" "${CASE:-correct}" --cert "$DIR/tls/cert.pem" --key "$DIR/tls/key.pem" --port $P0 --log "$DIR/log" "${more[@]}"
	wait_ports $P0 $((P0 + 1))
	local path
	path=$(grep -m1 -o '/mapi/emsmdb/.*' "$DIR/out")
	emit SERVER=fakemapi "CASE=${CASE:-correct}" HOST=127.0.0.1 MAPI_PORT=$P0 MAPIS_PORT=$((P0 + 1)) "MAPI_URL=http://127.0.0.1:$P0$path" "MAPIS_URL=https://127.0.0.1:$((P0 + 1))$path" \
		"MAPI_DN=/o=Fake/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=alice" "CONTROL=http://127.0.0.1:$P0/control" \
		"CA=$DIR/tls/ca.pem" "TLS=$DIR/tls" "LOG=$DIR/log" "MAILBOX=$DIR/mailbox"
}
server_main "$@"
