#!/bin/bash
# Silence: on a Cyrus with scheduling on, a plain PUT of an event with a guest reaches the SMTP sink; a restore of the same event does not.
. "$(dirname "$0")/../lib.sh"

"$TOOLS/smtpsink.py" "$T/port" "$T/mail" & sink=$!
trap 'rc=$?; kill $sink 2>/dev/null || true; finish $rc' EXIT
for _ in $(seq 1200); do [ -s "$T/port" ] && break; sleep 0.1; done
server A radicale
server C cyrus SCHED_SMTP="$(cat "$T/port")"
"$TOOLS/gendav.py" --env "$T/A/env" --resources 20 --attendees 3 > "$T/out" || fail "gendav"

# mailed PATTERN : that reached the sink
mailed() {
	for _ in $(seq 600); do
		grep -q "$1" "$T/mail" && return
		sleep 0.2
	done
	fail "no mail with $1: this Cyrus proves nothing"
}

say "a plain PUT of an event mails, and so does its DELETE"
event=meeting-0.ics
curl -sf -u alice:pw-alice -o "$T/$event" "$A_DAV_URL${A_CALDAV_HOME1}work/$event" || fail "GET"
curl -sf -u alice:pw-alice -H 'Content-Type: text/calendar' -T "$T/$event" "$C_DAV_URL${C_CALDAV_HOME1}Default/$event" || fail "PUT"
mailed METHOD:REQUEST
curl -sf -u alice:pw-alice -X DELETE "$C_DAV_URL${C_CALDAV_HOME1}Default/$event" || fail "DELETE"
mailed METHOD:CANCEL
: > "$T/mail"

say "the restore does not"
run 0 "$VALISE" backup --caldav "$A_DAV_URL$A_CALDAV_HOME1" --user alice --password-command 'echo pw-alice' --cleartext -o "$T/a.valise"
rc=0
"$VALISE" restore "$T/a.valise" --caldav "$C_DAV_URL$C_CALDAV_HOME1" --user alice --password-command 'echo pw-alice' --cleartext > "$T/out" 2> "$T/err" || rc=$?
[ $rc = 0 ] || [ $rc = 3 ] || fail "restore: $rc"
says '16 added'
for n in 0 1 2; do
	curl -sf -u alice:pw-alice "$C_DAV_URL${C_CALDAV_HOME1}work/meeting-$n.ics" | grep -q "guest$n@elsewhere" || fail "meeting-$n is not there"
done
sleep 3
[ ! -s "$T/mail" ] || { cat "$T/mail"; fail "the restore mailed somebody"; }
