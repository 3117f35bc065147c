#!/bin/bash
# What is made of Outlook's appointments, tasks, journal entries and notes is taken by Radicale, Xandikos and Cyrus, and comes back equal; khal shows the events.
. "$(dirname "$0")/../lib.sh"
TOOL=${VALISE_BUILD:-$HERE/../build/test}/tests/outlook_calendar
command -v khal >/dev/null || fail "khal is missing (scripts/deps test)"

launch R radicale USERS=alice
launch X xandikos USERS=alice
launch C cyrus USERS=alice
mkdir -p "$T/made" "$T/in"
run 0 "$TOOL" make "$T/made"
mkdir "$T/in/Calendar"
cp "$T"/made/*.ics "$T/in/Calendar/"
n=$(ls "$T/in/Calendar" | wc -l)
[ "$n" -ge 20 ] || fail "only $n objects: the test proves nothing"
run 0 "$VALISE" import "$T/in" -o "$T/a.valise"
run 0 "$VALISE" verify "$T/a.valise"
landed R X C

# dav NAME : the calendars of alice there, as options
dav() {
	local url=$1_DAV_URL home=$1_CALDAV_HOME1
	DAV=(--caldav "${!url}${!home}" --user alice --password-command 'echo pw-alice' --cleartext)
}
for s in R X C; do
	say "$s"
	dav $s
	run 0 "$VALISE" restore "$T/a.valise" "${DAV[@]}"
	! grep -q altered "$T/out" "$T/err" || fail "$s alters objects"
	# they hold what was sent: a backup of it has the same objects
	run 0 "$VALISE" backup "${DAV[@]}" -o "$T/$s.valise"
	run 0 "$VALISE" unpack "$T/$s.valise" -t "$T/$s.tree"
	# Cyrus writes lists and rules in other words: that they mean the same the restore has said
	[ $s != C ] || continue
	$PYTHON - "$T/in/Calendar" "$T/$s.tree" <<'P'
import os, re, sys
def plain(line):
    """Parameters and parts of a rule in one order, without quotes that they do not need."""
    if line.startswith("RRULE:"):
        return "RRULE:" + ";".join(sorted(line[6:].split(";")))
    head = re.match(r'(?:[^:"]|"[^"]*")*', line).group(0)
    name, *params = re.findall(r'(?:[^;"]|"[^"]*")+', head)
    return ";".join([name, *sorted(p.replace('"', "") for p in params)]) + line[len(head):]
def unfold(octets):
    """Components, properties in one order: some servers sort them, or fold otherwise."""
    lines = []
    for line in map(plain, filter(None, octets.decode().replace("\r\n ", "").split("\r\n"))):
        head, _, value = line.partition(":")
        lists = line.startswith(("EXDATE", "RDATE", "CATEGORIES"))
        lines += [head + ":" + v for v in value.split(",")] if lists else [line]
    return sorted(lines)
def objects(top):
    found = {}
    for at, _, names in os.walk(top):
        for name in names:
            if name.endswith(".ics"):
                with open(os.path.join(at, name), "rb") as f:
                    octets = f.read()
                uid = re.search(rb"^UID:(.*?)\r$", octets, re.M).group(1)
                lines = [l for l in unfold(octets) if not l.startswith(("PRODID", "CALSCALE"))]
                assert uid not in found, uid
                found[uid] = lines
    return found
a, b = objects(sys.argv[1]), objects(sys.argv[2])
assert a.keys() == b.keys(), (a.keys() - b.keys(), b.keys() - a.keys())
for uid in a:
    if a[uid] != b[uid]:
        sys.exit("%s:\n- %s\n+ %s" % (uid, [l for l in a[uid] if l not in b[uid]], [l for l in b[uid] if l not in a[uid]]))
P
done

say "khal"
cat > "$T/khal.conf" <<C
[calendars]
[[all]]
path = $T/khal
[sqlite]
path = $T/khal.db
[locale]
local_timezone = Europe/Berlin
default_timezone = Europe/Berlin
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
timeformat = %H:%M
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
C
mkdir "$T/khal"
for f in "$T"/in/Calendar/*.ics; do
	grep -q BEGIN:VEVENT "$f" || continue
	run 0 khal -c "$T/khal.conf" import --batch -a all "$f"
	! grep -iE 'error|exception|skipping|broken|critical' "$T/err" || fail "khal complains of $f"
done
run 0 khal -c "$T/khal.conf" list --format '{start} {title}' 2026-03-16 2026-04-02
says '2026-03-17 11:00 Moved'
says '2026-03-23 09:00 Mondays'
# khal 0.10 shows an instance twice that became a whole day
! grep '2026-03-16 09:00 Mondays' "$T/out" || fail "an instance that was moved is there twice"
says '2026-03-31 09:00 day-31'
