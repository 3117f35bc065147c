#!/bin/bash
# Between the servers of this machine's Debian and those of another release (SUITE, Debian 13): Dovecot 2.3 and 2.4, Cyrus 3.6 and 3.10,
# Courier 5.0 and 5.2, Radicale 3.1 and 3.5, Xandikos 0.2.8 and 0.2.12. An account goes from the old one to the new one and back. What the
# independent comparers find is in the report of the restore, and a further restore adds nothing.
# By hand, as root: it makes the other Debian by debootstrap. MAIL, DAV: which servers; ROOT=DIR keeps the other Debian there.
. "$(dirname "$0")/../lib.sh"

SUITE=${SUITE:-trixie} MAIL=${MAIL-dovecot cyrus courier} DAV=${DAV-radicale xandikos cyrus}
KINDS=$(printf '%s\n' $MAIL $DAV | sort -u)
export USERS="alice bob carol dave"
OTHER=${ROOT:-$T/debian}

# The other Debian runs until the end: its servers listen on the same loopback.
cat > "$T/servers" <<C
scripts/deps test
for s in $(echo $KINDS); do
	env USERS="$USERS" SPECIAL=1 tests/servers/\$s.sh start /srv/\$s || exit 1
done
touch /srv/ready
exec sleep infinity
C
mkdir -p "$OTHER/srv"
rm -rf "$OTHER/srv"/*
setsid env ROOT="$OTHER" "$HERE/../.ci/debian" "$SUITE" bash -c "$(cat "$T/servers")" > "$T/debian.log" 2>&1 &
aside=$!
for s in $KINDS; do launch "old_$s" "$s" SPECIAL=1; done
for s in $KINDS; do landed "old_$s"; done
until [ -e "$OTHER/srv/ready" ]; do
	kill -0 $aside 2>/dev/null || { tail -20 "$T/debian.log"; fail "the other Debian did not come up"; }
	sleep 1
done
for s in $KINDS; do
	mkdir -p "$T/new_$s"
	sed "s#/srv/#$OTHER/srv/#" "$OTHER/srv/$s/env" > "$T/new_$s/env"
	landed "new_$s"
	say "$s: $(sed -n 's/^VERSION=//p' "$T/old_$s/env") and $(sed -n 's/^VERSION=//p' "$T/new_$s/env")"
done

dav() { # SERVER USER : the options for that account, in OPTIONS
	local port=$1_HTTP_PORT cal=$1_CALDAV_HOME1 card=$1_CARDDAV_HOME1
	OPTIONS=(--caldav "http://127.0.0.1:${!port}${!cal//alice/$2}" --carddav "http://127.0.0.1:${!port}${!card//alice/$2}"
		--user "$2" --password-command "echo pw-$2" --cleartext)
}
mail() {
	imap "$1" "$2"
	OPTIONS=("${IMAP[@]}")
}
# totals REPORT NAME... : so many, in a line
totals() { $PYTHON -c 'import json, sys; o = json.load(open(sys.argv[1])); print(*(o[k] for k in sys.argv[2:]))' "$@"; }

# carry mail|dav FROM USER TO USER : backup and restore, the report in $T/report.json; a further restore adds nothing
carry() {
	local rc=0
	"$1" "$2" "$3"
	run 0 "$VALISE" backup "${OPTIONS[@]}" -o "$T/$1-$2-$3.valise"
	run 0 "$VALISE" verify "$T/$1-$2-$3.valise"
	"$1" "$4" "$5"
	"$VALISE" restore "$T/$1-$2-$3.valise" "${OPTIONS[@]}" --report "$T/report.json" > "$T/out" 2> "$T/err" < /dev/null || rc=$?
	[ $rc = 0 ] || [ $rc = 3 ] || { cat "$T/err"; fail "restore to $4: exit code $rc"; }
	"$VALISE" restore "$T/$1-$2-$3.valise" "${OPTIONS[@]}" --report "$T/again.json" > "$T/out" 2> "$T/err" < /dev/null || true
	[ "$(totals "$T/again.json" added)" = 0 ] || fail "a further restore added something"
	echo "   $1 $2 -> $4: $(totals "$T/report.json" items added) items, added"
}
mail_pair() { # FROM USER TO USER
	"$TOOLS/imaptool.py" "$T/$3/env" "$4" list > "$T/there"
	carry mail "$@"
	"$TOOLS/explained.py" "$T/report.json" --env-a "$T/$1/env" --user-a "$2" --env-b "$T/$3/env" --user-b "$4" --there "$T/there" "${@:5}" ||
		fail "$1 to $3: different, but not in the report"
}
dav_pair() {
	carry dav "$@"
	"$TOOLS/comparedav.py" --env-a "$T/$1/env" --user-a "$2" --env-b "$T/$3/env" --user-b "$4" --report "$T/report.json" > "$T/out" ||
		{ cat "$T/out"; fail "$1 to $3: different, but not in the report"; }
}

for s in $MAIL; do
	"$TOOLS/genaccount.py" odd --lenient --env "$T/old_$s/env" --user alice 2> /dev/null
	mail_pair "old_$s" alice "new_$s" bob
	mail_pair "new_$s" bob "old_$s" carol
done
for s in $DAV; do
	"$TOOLS/gendav.py" --env "$T/old_$s/env" --resources 150 --big 200000
	dav_pair "old_$s" alice "new_$s" bob
	dav_pair "new_$s" bob "old_$s" carol
done
