#!/bin/bash
# Radicale -> DAViCal -> Radicale and Radicale -> SOGo -> Radicale: backup, verify, restore, backup, restore. After each restore the independent
# comparer finds only differences that its report names; a further one adds nothing, with its journal and without. Meetings are held back from SOGo.
# By hand, as root: it installs DAViCal, SOGo, PostgreSQL and memcached, and starts them for itself alone. KINDS: which of the two.
. "$(dirname "$0")/../lib.sh"

RESOURCES=${RESOURCES:-150} BIG=${BIG:-200000}
KINDS=(${KINDS:-davical sogo})
declare -A BACK=([davical]=carol [sogo]=dave) # whose account on Radicale takes what comes back

# dav SERVER USER : the options for that account, in DAV
dav() {
	local port=$1_HTTP_PORT cal=$1_CALDAV_HOME1 card=$1_CARDDAV_HOME1
	DAV=(--caldav "http://127.0.0.1:${!port}${!cal//alice/$2}" --carddav "http://127.0.0.1:${!port}${!card//alice/$2}"
		--user "$2" --password-command "echo pw-$2" --cleartext)
}

# backup SERVER USER NAME : into NAME.valise; then there is nothing new; --exact gives the octets of a GET
backup() {
	dav "$1" "$2"
	sleep 2 # SOGo's sync-tokens are seconds, and it gives the one before until the last change is older
	run 0 "$VALISE" backup "${DAV[@]}" -o "$T/$3.valise"
	run 0 "$VALISE" backup "${DAV[@]}" -o "$T/$3.valise"
	says "nothing changed"
	run 0 "$VALISE" verify "$T/$3.valise"
	cp -r "$T/$3.valise" "$T/exact.valise"
	run 0 "$VALISE" backup "${DAV[@]}" --exact -o "$T/exact.valise"
	"$TOOLS/exactdav.py" --env "$T/$1/env" --user "$2" --valise "$VALISE" "$T/exact.valise"
	rm -rf "$T/exact.valise"
}

# totals REPORT NAME... : so many, in a line
totals() { $PYTHON -c 'import json, sys; o = json.load(open(sys.argv[1])); print(*(o[k] for k in sys.argv[2:]))' "$@"; }

# restore NAME SERVER USER : three times; what the first adds or names is everything, the others add nothing
restore() {
	local n rc items added altered failed
	dav "$2" "$3"
	for n in 1 2 3; do
		[ $n != 3 ] || rm -rf "$XDG_STATE_HOME" # its journal
		rc=0
		"$VALISE" restore "$T/$1.valise" "${DAV[@]}" --report "$T/$1-$n.json" > "$T/out" 2> "$T/err" < /dev/null || rc=$?
		[ $rc = 0 ] || [ $rc = 3 ] || fail "restore: $rc"
		[ $n = 1 ] || [ "$(totals "$T/$1-$n.json" added collections_made)" = "0 0" ] || fail "a further restore added something"
		[ $n = 1 ] || continue
		read -r items added altered failed <<< "$(totals "$T/$1-1.json" items added altered failed)"
		echo "   $1 -> $2: $items items, $added added, $altered altered, $failed refused"
		[ $((added + failed)) = "$items" ] || fail "not every item was accounted for"
		[ "$2" != sogo ] || says "2 events with attendees were held back"
	done
}

# compare SERVER USER NAME SERVER USER : with the report of the restore of NAME
compare() {
	"$TOOLS/comparedav.py" --env-a "$T/$1/env" --user-a "$2" --env-b "$T/$4/env" --user-b "$5" --report "$T/$3-1.json" > "$T/out" ||
		fail "differences that the report does not name"
	tail -1 "$T/out"
}

for s in radicale "${KINDS[@]}"; do launch "$s" "$s" USERS="alice bob carol dave"; done
landed radicale "${KINDS[@]}"
say "account"
"$TOOLS/gendav.py" --env "$T/radicale/env" --resources "$RESOURCES" --big "$BIG" --attendees 2
backup radicale alice first
for s in "${KINDS[@]}"; do
	say "$s"
	cp -r "$T/first.valise" "$T/to-$s.valise"
	restore "to-$s" "$s" bob
	compare radicale alice "to-$s" "$s" bob
	backup "$s" bob "from-$s"
	restore "from-$s" radicale "${BACK[$s]}"
	compare "$s" bob "from-$s" radicale "${BACK[$s]}"
done
