#!/bin/bash
# Calendars and address books between Radicale, Xandikos and Cyrus, every pair and direction: a backup of A, a restore into B. The
# independent comparer finds only differences that the restore report names, a second restore adds nothing, also without its journal.
# RESOURCES=3000 for the long run.
. "$(dirname "$0")/../lib.sh"

N=${RESOURCES:-150}
SERVERS_HERE=(radicale xandikos cyrus)
for s in "${SERVERS_HERE[@]}"; do
	server "$s" "$s" USERS="alice bob carol dave"
	"$TOOLS/gendav.py" --env "$T/$s/env" --resources "$N" > "$T/gen.$s" || { cat "$T/gen.$s"; fail "$s"; }
	tail -1 "$T/gen.$s"
done

# dav SERVER USER : the options for that account, in DAV
dav() {
	local port=$1_HTTP_PORT cal=$1_CALDAV_HOME1 card=$1_CARDDAV_HOME1
	DAV=(--caldav "http://127.0.0.1:${!port}${!cal//alice/$2}" --carddav "http://127.0.0.1:${!port}${!card//alice/$2}"
		--user "$2" --password-command "echo pw-$2" --cleartext)
}
# restore ARCHIVE REPORT : 0, or 3 where something was altered
restore() {
	local rc=0
	"$VALISE" restore "$1" "${DAV[@]}" --report "$2" > "$T/out" 2> "$T/err" < /dev/null || rc=$?
	[ $rc = 0 ] || [ $rc = 3 ] || { cat "$T/out" "$T/err"; fail "restore: $rc"; }
}
total() { $PYTHON -c 'import json, sys; o = json.load(open(sys.argv[1])); print(o[sys.argv[2]])' "$1" "$2"; }

for a in "${SERVERS_HERE[@]}"; do
	dav "$a" alice
	run 0 "$VALISE" backup "${DAV[@]}" -o "$T/$a.valise"
	run 0 "$VALISE" verify "$T/$a.valise"
done

user=(bob carol dave)
for i in 0 1 2; do
	a=${SERVERS_HERE[$i]}
	for b in "${SERVERS_HERE[@]}"; do
		to=${user[$i]} r=$T/$a-$b
		dav "$b" "$to"
		run 0 "$VALISE" restore "$T/$a.valise" "${DAV[@]}" --dry-run
		restore "$T/$a.valise" "$r.json"
		items=$(total "$r.json" items) added=$(total "$r.json" added) failed=$(total "$r.json" failed)
		say "$a -> $b: $items items, $added added, $(total "$r.json" altered) altered, $failed refused"
		[ $((added + failed)) = "$items" ] || fail "not every item was accounted for"
		"$TOOLS/comparedav.py" --env-a "$T/$a/env" --user-a alice --env-b "$T/$b/env" --user-b "$to" --report "$r.json" > "$T/out" || fail "differences that the report does not name"
		tail -1 "$T/out"
		restore "$T/$a.valise" "$r-2.json"
		[ "$(total "$r-2.json" added)" = 0 ] && [ "$(total "$r-2.json" collections_made)" = 0 ] || fail "the second restore added something"
		mv "$T/state" "$T/state.away"
		restore "$T/$a.valise" "$r-3.json"
		[ "$(total "$r-3.json" added)" = 0 ] && [ "$(total "$r-3.json" collections_made)" = 0 ] || fail "without its journal the restore added something"
		rm -rf "$T/state"
		mv "$T/state.away" "$T/state"
		"$TOOLS/comparedav.py" --env-a "$T/$a/env" --user-a alice --env-b "$T/$b/env" --user-b "$to" --report "$r.json" > "$T/out" || fail "the later restores changed something"
	done
done
