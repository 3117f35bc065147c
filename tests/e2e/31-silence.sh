#!/bin/bash
# Silence: on a Cyrus with scheduling on, a plain PUT of an event with a guest reaches the SMTP sink; a restore of such events does not.
. "$(dirname "$0")/../lib.sh"

"$TOOLS/smtpsink.py" "$T/port" "$T/mail" & sink=$!
trap 'kill $sink 2>/dev/null || true; finish' EXIT
for _ in $(seq 100); do [ -s "$T/port" ] && break; sleep 0.1; done
server A radicale
server C cyrus SCHED_SMTP="$(cat "$T/port")"
"$TOOLS/gendav.py" --env "$T/A/env" --resources 20 --attendees 3 > "$T/out" || fail "gendav"

say "a plain PUT mails"
cat > "$T/event.ics" <<'I'
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//valise//test//EN
BEGIN:VEVENT
UID:plain-put
DTSTAMP:20260101T000000Z
DTSTART:20330601T090000Z
DTEND:20330601T100000Z
SUMMARY:Loud
ORGANIZER:mailto:bob@valise-test
ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@valise-test
ATTENDEE;RSVP=TRUE:mailto:guest@elsewhere.example
END:VEVENT
END:VCALENDAR
I
sed -i 's/$/\r/' "$T/event.ics"
curl -sf -u bob:pw-bob -H 'Content-Type: text/calendar' -T "$T/event.ics" "$C_DAV_URL${C_CALDAV_HOME2}Default/plain-put.ics" || fail "PUT"
for _ in $(seq 50); do [ -s "$T/mail" ] && break; sleep 0.2; done
grep -q 'Loud' "$T/mail" || fail "the plain PUT sent no mail: this Cyrus proves nothing"
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
