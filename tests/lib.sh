# lib.sh - what the end-to-end tests share (bash). Each test has a scratch directory of its own, T, and leaves
# neither processes nor files behind.
set -euo pipefail
export LC_ALL=C.UTF-8
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOOLS=$HERE/tools SERVERS=$HERE/servers
VALISE=${VALISE:-$HERE/../build/test/valise}
PYTHON=/usr/bin/python3
T=$(mktemp -d "${TMPDIR:-/tmp}/valise-XXXXXX")
chmod 755 "$T"
export XDG_STATE_HOME=$T/state XDG_CONFIG_HOME=$T/config HOME=$T
export DBUS_SESSION_BUS_ADDRESS=disabled: # nobody's keyring is asked
export TERM=xterm-256color # a terminal that a test opens is one, whatever the suite itself runs at
unset NO_COLOR
started=() launched=()
aside= # a process group that a test leaves running until its end

finish() {
	local rc=${1:-$?} # given, where a trap did something before it
	[ -z "$aside" ] || { kill -- "-$aside" 2>/dev/null || true; wait "$aside" 2>/dev/null || true; }
	for s in "${started[@]}"; do "$SERVERS/${s%%:*}.sh" stop "${s#*:}" >/dev/null 2>&1 || true; done
	[ $rc = 0 ] || { echo "FAILED ($rc) in $0"; for f in "$T"/out "$T"/err; do [ -s "$f" ] && { echo "-- $f"; tail -20 "$f"; }; done; }
	if [ -n "${KEEP:-}" ]; then echo "kept: $T"; else chmod -R u+rwX "$T" 2>/dev/null || true; rm -rf "$T" || true; fi
	exit $rc
}
trap finish EXIT
trap 'exit 130' INT TERM

# server NAME KIND [VAR=VALUE ...] : start KIND.sh; its settings become NAME_IMAPS_PORT, NAME_CA ...
server() { launch "$@"; landed "$1"; }
# launch NAME KIND [VAR=VALUE ...], then landed NAME... : the same for several servers that start together
launch() {
	local name=$1 kind=$2
	shift 2
	started+=("$kind:$T/$name")
	mkdir -p "$T/$name" # stop waits for nothing that is not there
	[ ! -d "$T/tls" ] || cp -r "$T/tls" "$T/$name/tls" # certificates are made once
	{ env "$@" "$SERVERS/$kind.sh" start "$T/$name" >/dev/null 2>"$T/$name.err" || echo "$kind" >"$T/$name.failed"; } &
	launched+=($!)
}
landed() {
	local name line
	[ ${#launched[@]} = 0 ] || wait "${launched[@]}" # not for what a test has in the background besides
	launched=()
	for name in "$@"; do
		[ ! -e "$T/$name.failed" ] || { cat "$T/$name.err"; fail "$(cat "$T/$name.failed") did not start"; }
		while IFS= read -r line; do
			printf -v "${name}_${line%%=*}" '%s' "${line#*=}"
		done < "$T/$name/env"
		[ -d "$T/tls" ] || [ ! -d "$T/$name/tls" ] || cp -r "$T/$name/tls" "$T/tls"
	done
}
fail() { echo "FAILED: $*"; exit 1; }
# unshared "${1:-}" FLAG... : the test goes on in namespaces of its own (those of unshare's FLAGs), where it begins again with the argument "inside"
unshared() {
	[ "$1" != inside ] || return 0
	shift
	[ "$(id -u)" = 0 ] || fail "needs root"
	trap - EXIT
	rm -rf "$T"
	exec unshare "$@" --propagation private "$0" inside
}
say() { echo "-- $* ($SECONDS s)"; } # for whoever looks where a test spends its time

# run EXPECTED COMMAND... : its exit code must be EXPECTED; output in $T/out and $T/err
run() {
	local want=$1 rc=0
	shift
	"$@" >"$T/out" 2>"$T/err" </dev/null || rc=$?
	[ "$rc" = "$want" ] || { echo "exit code $rc instead of $want: $*"; cat "$T/out" "$T/err" | tail -30; exit 1; }
}
# says PATTERN : the last run said so, on either stream
says() { grep -qE -- "$1" "$T/out" "$T/err" || { echo "did not say: $1"; cat "$T/out" "$T/err"; exit 1; }; }

# imap NAME USER : the options for that account, in IMAP
imap() {
	local port=$1_IMAPS_PORT ca=$1_CA
	IMAP=(--imap "imaps://localhost:${!port}" --user "$2" --ca-file "${!ca}" --password-command "echo pw-$2")
}
# login NAME USER : host, port and so on as the tools want them, in LOGIN
same() { cmp -s "$1" "$2" || { diff "$1" "$2" | head -20; fail "$1 and $2 differ"; }; }
# roots ARCHIVE [--snapshot N] : content and state of every collection
roots() { "$VALISE" list "$@" --json | $PYTHON -c '
import json, sys
for l in sys.stdin:
    o = json.loads(l)
    print(o["kind"], o["name"], o["status"], o["items"], o["content"], o["state"])' ; }
