#!/bin/bash
# fake.sh start DIR | stop DIR : fakeimap.py as one of its cases, on a plain port with STARTTLS and a TLS port.
# CASE=NAME chooses the case (fakeimap.py --list); each line that a client sent is in LOG.
. "$(dirname "$0")/common.sh"
do_start() {
	make_tls
	free_slot
	: > "$DIR/log"
	cp "$SERVERS"/listener.py "$SERVERS"/fakeimap.py "$SERVERS"/fakecases.py $(ls "$SERVERS"/cases_*.py 2>/dev/null) "$SERVERS/../tools/names.py" "$DIR/"
	hand_over
	spawn /usr/bin/python3 -B "$DIR/fakeimap.py" "${CASE:-correct}" --cert "$DIR/tls/cert.pem" --key "$DIR/tls/key.pem" --port $P0 --log "$DIR/log"
	wait_ports $P0 $((P0 + 1))
	emit SERVER=fake "CASE=${CASE:-correct}" HOST=127.0.0.1 IMAP_PORT=$P0 IMAPS_PORT=$((P0 + 1)) "CA=$DIR/tls/ca.pem" "TLS=$DIR/tls" "LOG=$DIR/log"
}
server_main "$@"
