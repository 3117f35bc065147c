#!/bin/bash
# Calendars and address books between Radicale, Xandikos and Cyrus, every pair and direction: a backup of A, a restore into B. The
# independent comparer finds only differences that the restore report names; a second restore adds nothing, with its journal and without.
# An audit of each target finds what the report calls altered, and nothing else.
# RESOURCES, BIG: the resources of an account, and the octets of its longest value (long-dav-pairs.sh: 3,000 and 10 MB).
. "$(dirname "$0")/../lib.sh"

RESOURCES=${RESOURCES:-150} BIG=${BIG:-1000000}
KINDS=(${KINDS:-radicale xandikos cyrus})
declare -A FROM=([radicale]=bob [xandikos]=carol [cyrus]=dave) # whose account a restore from there fills, on every server

# each FUNCTION : FUNCTION SERVER for the three servers side by side, each with a scratch directory of its own; all have to succeed
each() {
	local s failed='' pids=()
	say "$1"
	for s in "${KINDS[@]}"; do
		mkdir -p "$T/$1-$s"
		(TOP=$T T=$T/$1-$s; export XDG_STATE_HOME=$T/state; "$1" "$s") > "$T/$1-$s.log" 2>&1 &
		pids+=($!)
	done
	for s in "${KINDS[@]}"; do
		wait "${pids[0]}" || failed+=" $s"
		pids=("${pids[@]:1}")
		cat "$T/$1-$s.log"
	done
	[ -z "$failed" ] || fail "$1:$failed"
}

# dav SERVER USER : the options for that account, in DAV
dav() {
	local port=$1_HTTP_PORT cal=$1_CALDAV_HOME1 card=$1_CARDDAV_HOME1
	DAV=(--caldav "http://127.0.0.1:${!port}${!cal//alice/$2}" --carddav "http://127.0.0.1:${!port}${!card//alice/$2}"
		--user "$2" --password-command "echo pw-$2" --cleartext)
}

account() {
	"$TOOLS/gendav.py" --env "$TOP/$1/env" --resources "$RESOURCES" --big "$BIG"
}

backup() {
	dav "$1" alice
	run 0 "$VALISE" backup "${DAV[@]}" -o "$TOP/$1.valise"
	run 0 "$VALISE" verify "$TOP/$1.valise"
}

# --exact: the octets of a GET, also after a run without it; else the same after CRLF (but on Cyrus, which writes some properties otherwise in a multiget)
exact() {
	dav "$1" alice
	cp -r "$TOP/$1.valise" "$T/exact.valise"
	run 0 "$VALISE" backup "${DAV[@]}" --exact -o "$T/exact.valise"
	"$TOOLS/exactdav.py" --env "$TOP/$1/env" --user alice --valise "$VALISE" "$T/exact.valise"
	[ "$1" = cyrus ] || "$TOOLS/exactdav.py" --env "$TOP/$1/env" --user alice --valise "$VALISE" --lines "$TOP/$1.valise"
}

# restore FROM REPORT : 0, or 3 where something was altered
restore() {
	local rc=0
	"$VALISE" restore "$TOP/$1.valise" "${DAV[@]}" --report "$2" > "$T/out" 2> "$T/err" < /dev/null || rc=$?
	[ $rc = 0 ] || [ $rc = 3 ] || { cat "$T/out" "$T/err"; fail "restore: $rc"; }
}

# totals REPORT NAME... : so many, in a line
totals() { $PYTHON -c 'import json, sys; o = json.load(open(sys.argv[1])); print(*(o[k] for k in sys.argv[2:]))' "$@"; }

# adds_nothing REPORT
adds_nothing() { [ "$(totals "$1" added collections_made)" = "0 0" ] || fail "$1: a further restore added something"; }

# accounts : a section SERVER-USER for each account that is restored into
accounts() {
	local s a
	mkdir -p "$XDG_CONFIG_HOME/valise"
	for s in "${KINDS[@]}"; do
		for a in "${KINDS[@]}"; do
			dav "$s" "${FROM[$a]}"
			printf '[%s-%s]\ncaldav = %s\ncarddav = %s\nuser = %s\npassword-command = %s\ncaldav-cleartext = yes\ncarddav-cleartext = yes\n' \
				"$s" "${FROM[$a]}" "${DAV[1]}" "${DAV[3]}" "${DAV[5]}" "${DAV[7]}"
		done
	done > "$XDG_CONFIG_HOME/valise/accounts.ini"
}

# audited FROM TARGET ITEMS ALTERED
audited() {
	run 3 "$VALISE" audit "$TOP/$1.valise" --target "$2-${FROM[$1]}" --json # without a source it cannot be YES
	$PYTHON - "$T/out" "$3" "$4" <<'P'
import collections, json, sys
done = [json.loads(line) for line in open(sys.argv[1])][-1]
found = collections.Counter(f["finding"] for f in done["findings"] if f["side"] == "target")
want = {"altered": int(sys.argv[3])} if int(sys.argv[3]) else {}
if found != want or done["target"]["items"] != int(sys.argv[2]) or done["target"]["extra"]:
    sys.exit("%s of %s instead of %s: %s" % (found, done["target"], want, [f for f in done["findings"] if f["side"] == "target"]))
P
}

restores() {
	local a r items added altered failed
	for a in "${KINDS[@]}"; do
		r=$TOP/$a-$1
		dav "$1" "${FROM[$a]}"
		restore "$a" "$r.json"
		read -r items added altered failed <<< "$(totals "$r.json" items added altered failed)"
		echo "   $a -> $1: $items items, $added added, $altered altered, $failed refused"
		[ $((added + failed)) = "$items" ] || fail "not every item was accounted for"
		audited "$a" "$1" "$items" "$altered"
		restore "$a" "$r-2.json"
		adds_nothing "$r-2.json"
		rm -rf "$XDG_STATE_HOME" # its journal
		audited "$a" "$1" "$items" "$altered"
		restore "$a" "$r-3.json"
		adds_nothing "$r-3.json"
	done
}

# Last, so that it sees what the further restores did, too.
compare() {
	local b args=()
	for b in "${KINDS[@]}"; do
		args+=(--env-b "$TOP/$b/env" --user-b "${FROM[$1]}" --report "$TOP/$1-$b.json")
	done
	"$TOOLS/comparedav.py" --env-a "$TOP/$1/env" --user-a alice "${args[@]}" > "$T/out" || { cat "$T/out"; fail "differences that the report does not name"; }
	grep -v '^(named)' "$T/out"
}

for s in "${KINDS[@]}"; do launch "$s" "$s" USERS="alice bob carol dave"; done
landed "${KINDS[@]}"
accounts
each account
each backup
each exact
each restores
each compare
