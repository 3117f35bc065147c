#!/bin/bash
# Others take what export --format ics and vcf writes: khal imports a calendar, vdirsyncer takes the files apart and puts what is in them into a Radicale and a Cyrus,
# and there each resource is the one of the account that was backed up; valise import makes the same of them.
. "$(dirname "$0")/../lib.sh"
for p in khal vdirsyncer; do command -v $p >/dev/null || fail "$p is missing (scripts/deps test)"; done

launch A radicale USERS=alice
launch B radicale USERS=alice
launch C cyrus USERS="alice bob"
landed A B C
"$TOOLS/gendav.py" --env "$T/A/env" --resources 90 > "$T/out" || fail "gendav"
for s in B C; do "$TOOLS/gendav.py" --env "$T/$s/env" --resources 0 > "$T/out" || fail "gendav: $s"; done # its collections, empty
DAV=(--caldav "$A_DAV_URL$A_CALDAV_HOME1" --carddav "$A_DAV_URL$A_CARDDAV_HOME1" --user alice --password-command 'echo pw-alice' --cleartext)
run 0 "$VALISE" backup "${DAV[@]}" --exact -o "$T/a.valise"
run 0 "$VALISE" export "$T/a.valise" -o "$T/ics" --format ics
run 0 "$VALISE" export "$T/a.valise" -o "$T/vcf" --format vcf
cp -r "$T/ics" "$T/vds-ics" # vdirsyncer writes into its files
cp -r "$T/vcf" "$T/vds-vcf"

say "vdirsyncer"
pairs() { # pairs NAME TYPE URL USER-PASSWORD : both kinds of one server
	cat <<C
[pair events_$1]
a = "ics"
b = "cal_$1"
collections = [["work", "Work & =3CPlay=3E", "work"], ["home", "Zu Hause – Größe", "home"], ["tasks", "Tasks", "tasks"], ["journal", "Journal", "journal"], ["mixed", "Mixed", "mixed"]]
[storage cal_$1]
type = "caldav"
url = "$2"
username = "alice"
password = "pw-alice"
$4
[pair cards_$1]
a = "vcf"
b = "card_$1"
collections = [["friends", "Friends ☂", "friends"], ["firm", "Firm, Inc=2E", "firm"], ["groups", "Groups", "groups"]]
[storage card_$1]
type = "carddav"
url = "$3"
username = "alice"
password = "pw-alice"
$4
C
}
{
	cat <<C
[general]
status_path = "$T/vds"
[storage ics]
type = "singlefile"
path = "$T/vds-ics/%s.ics"
[storage vcf]
type = "singlefile"
path = "$T/vds-vcf/%s.vcf"
C
	pairs B "$B_DAV_URL$B_CALDAV_HOME1" "$B_DAV_URL$B_CARDDAV_HOME1" ""
	pairs C "$C_DAV_URL$C_CALDAV_HOME1" "$C_DAV_URL$C_CARDDAV_HOME1" ""
} > "$T/vds.conf"
yes | vdirsyncer -c "$T/vds.conf" discover > "$T/out" 2>&1 || true
# One after the other: vdirsyncer 0.19 closes what pairs that run at the same time still use.
for c in events_B/{work,home,tasks,journal,mixed} cards_B/{friends,firm,groups} events_C/{work,mixed} cards_C/friends; do
	run 0 vdirsyncer -c "$T/vds.conf" sync "$c"
	! grep -iE 'error|exception|skipping|warning' "$T/err" "$T/out" || fail "$c: vdirsyncer complains"
done
# held SERVER-A USER-A SERVER-B COLLECTION... : what alice has there is what is in the account of A, but for what vdirsyncer gives each object of the file that it takes apart: all time zones, name and colour
held() {
	local a=$1 user=$2 server=$3 c
	shift 3
	"$TOOLS/comparedav.py" --env-a "$T/$a/env" --user-a "$user" --env-b "$T/$server/env" --user-b alice > "$T/differences" || true
	for c; do
		grep "^$c, " "$T/differences" | sed 's/.*: differs in//' | tr ' ' '\n' | grep -vE '^(|VTIMEZONE|NAME|COLOR|X-WR-CALNAME|X-APPLE-CALENDAR-COLOR)$' | sort | uniq -c > "$T/others" || true
		[ ! -s "$T/others" ] || { grep "^$c, " "$T/differences" | head; cat "$T/others"; fail "$server: $c"; }
	done
}
held A alice B 'Work & <Play>' 'Zu Hause – Größe' Tasks Journal Mixed 'Friends ☂' 'Firm, Inc.' Groups
# Cyrus alters some: it has to make the same of them as when they are restored.
run 3 "$VALISE" restore "$T/a.valise" --caldav "$C_DAV_URL${C_CALDAV_HOME1//alice/bob}" --carddav "$C_DAV_URL${C_CARDDAV_HOME1//alice/bob}" --user bob --password-command 'echo pw-bob' --cleartext
held C bob C 'Work & <Play>' Mixed 'Friends ☂'

say "khal"
cat > "$T/khal.conf" <<C
[calendars]
[[all]]
path = $T/khal
[sqlite]
path = $T/khal.db
[locale]
local_timezone = UTC
default_timezone = UTC
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
timeformat = %H:%M
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
C
mkdir "$T/khal"
run 0 khal -c "$T/khal.conf" import --batch -a all "$T/ics/Work & =3CPlay=3E.ics"
! grep -iE 'error|exception|skipping|broken' "$T/err" || fail "khal complains"
uids() { cat "$@" | tr -d '\r' | sed -n '/^BEGIN:VEVENT/,/^END:VEVENT/s/^UID://p' | sort -u; }
uids "$T/ics/Work & =3CPlay=3E.ics" > "$T/a"
uids "$T"/khal/*.ics > "$T/b"
[ "$(wc -l < "$T/a")" -ge 20 ] || fail "only $(wc -l < "$T/a") events: the test proves nothing"
same "$T/a" "$T/b"

say "valise import"
run 0 "$VALISE" import "$T/vcf" -o "$T/cards.valise"
run 0 "$VALISE" import "$T/ics" -o "$T/events.valise"
run 0 "$VALISE" unpack "$T/a.valise" -t "$T/before"
run 0 "$VALISE" unpack "$T/cards.valise" -t "$T/after"
run 0 "$VALISE" unpack "$T/events.valise" -t "$T/after.events"
# Cards come back octet for octet.
sums() { find "$1/contacts" -name '*.vcf' -exec sha256sum {} + | cut -c1-64 | sort; }
sums "$T/before" > "$T/a"
sums "$T/after" > "$T/b"
[ "$(wc -l < "$T/a")" = 30 ] || fail "$(wc -l < "$T/a") cards"
same "$T/a" "$T/b"
# Of calendar objects what differs is what was said before: what stands around their components.
objects() { find "$1/calendars" -name '*.ics' -print0 | xargs -0 cat | tr -d '\r' | awk '/^BEGIN:VTIMEZONE/{z=1} /^BEGIN:(VEVENT|VTODO|VJOURNAL)/{d=1} d&&!z{print} /^END:(VEVENT|VTODO|VJOURNAL)/{d=0} /^END:VTIMEZONE/{z=0}' | sort; }
objects "$T/before" > "$T/a"
objects "$T/after.events" > "$T/b"
[ "$(grep -c ^UID: "$T/a")" -ge 60 ] || fail "only $(grep -c ^UID: "$T/a") components: the test proves nothing"
same "$T/a" "$T/b"
