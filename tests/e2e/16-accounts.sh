#!/bin/bash
# Accounts in number: each in a process of its own; what goes wrong with one is a line of the table and an exit code, and no harm to the others.
. "$(dirname "$0")/../lib.sh"

server A dovecot USERS="alice bob carol dave"
for u in alice bob; do
	"$TOOLS/genaccount.py" small --env "$T/A/env" --user $u >"$T/gen.out" 2>&1 || { cat "$T/gen.out"; exit 1; }
done
url=imaps://localhost:$A_IMAPS_PORT
ini=$T/all.ini

# account NAME USER COMMAND [URL] : a section; the command gives the password
account() { printf '[%s]\nimap = %s\nuser = %s\nca-file = %s\npassword-command = %s\n\n' "$1" "${4:-$url}" "$2" "$A_CA" "$3"; }
row() { # NAME WORDS : the table's row for the account says so
	grep -E "^$1 +$2" "$T/out" >/dev/null || { cat "$T/out" "$T/err"; fail "no row: $1 $2"; }
}
once() { [ "$(cat "$T/out" "$T/err" | grep -cE "$1")" = 1 ] || { cat "$T/out" "$T/err"; fail "not told once: $1"; }; }
sealed() { [ "$(ls "$T/$1/$2.valise/data" | wc -l)" = "$3" ] || fail "$2: not $3 snapshots"; }
good() { account alice alice 'echo pw-alice'; account bob bob 'echo pw-bob'; account ../sly/x carol 'echo pw-carol'; account dave dave 'echo pw-dave'; }
wait_for() { for _ in $(seq 1200); do [ -s "$1" ] && return; sleep 0.05; done; fail "waited for $1"; }
# gone PID : it ended, whether or not its parent has asked how
gone() { for _ in $(seq 1200); do grep -qs '^State:.[^ZX]' "/proc/$1/status" || return 0; sleep 0.05; done; fail "process $1 is still there"; }

say "six accounts, of which two fail"
{ good; account wrong alice 'echo no'; account nohost alice 'echo x' imaps://no-such-host.invalid; } > "$ini"
run 1 "$VALISE" backup --accounts "$ini" -o "$T/one" --jobs 3 --exclude 'Arch*' --report "$T/r.json" --report "$T/r.html"
row alice 'sealed +[0-9]+ +[0-9]+ '
row bob sealed
row '\.\./sly/x' sealed
row dave sealed
row wrong 'failed .*alice'
row nohost 'failed .*no-such-host.invalid'
says '^6 accounts: 2 failed, 4 sealed'
once no-such-host.invalid
once '^wrong'
[ "$(ls "$T/one")" = "$(printf '%s\n' =2E.=2Fsly=2Fx.valise alice.valise bob.valise dave.valise)" ] || { ls "$T/one"; fail "other archives"; }
[ ! -e "$T/sly" ] || fail "a name became a path"
for u in alice bob dave; do
	run 0 "$VALISE" verify "$T/one/$u.valise"
	imap A $u
	run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/one/$u.valise"
	says 'nothing changed'
done
$PYTHON - "$T/r.json" <<'P'
import json, sys
r = json.load(open(sys.argv[1]))
assert r["total"] == 6 and r["sealed"] == 4 and r["failed"] == 2, r
assert [a["outcome"] for a in r["accounts"]] == ["failed"] * 2 + ["sealed"] * 4, r
assert r["accounts"][2]["mail"]["items"] > 20 and r["accounts"][2]["seal"] and "alice" in r["accounts"][0]["error"], r
P
grep -q 'no-such-host.invalid' "$T/r.html" || fail "the page does not name the host"

say "what went wrong is told once, whatever the command: the reason in the table, the rest before it"
{ account two alice 'echo x' imaps://no-such-host.invalid | sed 's|^user|caldav = https://nor-this-one.invalid/\n&|'; account alice alice 'echo no'; } > "$ini"
told() { # COMMAND ... : it fails, and each account's trouble is told once
	run 1 "$VALISE" "$@" --accounts "$ini"
	[ "$(sed -n 2,3p "$T/out" | grep -c ' failed ')" = 2 ] || { cat "$T/out"; fail "not in the table: $*"; }
	once no-such-host.invalid
	once '^alice'
}
for quiet in "" -q; do
	told backup -o "$T/none" $quiet
	told check $quiet
	once nor-this-one.invalid
	grep -q '^two: .*nor-this-one.invalid' "$T/err" || { cat "$T/out" "$T/err"; fail "the second reason is not in the stream"; }
done
told check --report "$T/r.json"
$PYTHON - "$T/r.json" <<'P'
import json, sys
a = {a["account"]: a for a in json.load(open(sys.argv[1]))["accounts"]}
assert "no-such-host.invalid" in a["two"]["error"] and a["alice"]["error"] and a["alice"]["code"] == "sign-in", a
P
run 1 "$VALISE" check --accounts "$ini" --json
grep -q '^two: .*no-such-host.invalid' "$T/err" || { cat "$T/err"; fail "not told beside JSON"; }
mkdir "$T/sick"
cp -r "$T/one/alice.valise" "$T/sick/alice.valise"
rm -rf "$T/none"
truncate -s -1 "$T"/sick/alice.valise/data/000001/*.tar.gz
account alice alice 'echo no' > "$ini"
for quiet in "" -q; do
	run 1 "$VALISE" verify "$T/sick" --accounts "$ini" $quiet
	row alice 'failed .*part-'
	[ -z "$(cat "$T/out" "$T/err" | sed 's/^alice.* s  //;s/^alice: warning: //' | sort | uniq -d)" ] || { cat "$T/out" "$T/err"; fail "told twice"; }
	run 1 "$VALISE" restore "$T/one" --accounts "$ini" $quiet
	once '^alice'
done

say "again: nothing changed"
good > "$ini"
run 0 "$VALISE" backup --accounts "$ini" -o "$T/one" --jobs 3 --exclude 'Arch*'
says '^4 accounts: 4 unchanged'
sealed one alice 1
run 0 "$VALISE" backup --accounts "$ini" -o "$T/one" --json --exclude 'Arch*'
$PYTHON - "$T/out" <<'P'
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
assert sorted(e["account"] for e in events if e["event"] == "account") == ["../sly/x", "alice", "bob", "dave"], events
assert all(e["outcome"] == "unchanged" and e["exit"] == 0 for e in events if e["event"] == "account"), events
assert events[-1]["event"] == "done" and events[-1]["unchanged"] == 4, events[-1]
P

say "a worker is killed; an archive is locked; a password would have to be asked for"
slow="echo \$PPID \$\$ > $T/slow; exec sleep 60"
{ account slow carol "$slow"; good; account mute dave x | grep -v password; account locked bob 'echo pw-bob'; } > "$ini"
account locked bob "echo \$PPID \$\$ > $T/holder; exec sleep 60" > "$T/holder.ini"
"$VALISE" backup locked --config "$T/holder.ini" -o "$T/two/locked.valise" >/dev/null 2>&1 &
holder=$!
wait_for "$T/holder"
(rc=0; "$VALISE" backup --accounts "$ini" -o "$T/two" -j 2 >"$T/out" 2>"$T/err" || rc=$?; echo $rc > "$T/rc") &
wait_for "$T/slow"
read -r worker sleeper < "$T/slow"
! tr '\0' '\n' < "/proc/$worker/cmdline" | grep -q 'pw-' || fail "a password in the arguments"
! tr '\0' '\n' < "/proc/$worker/environ" | grep -q 'pw-' || fail "a password in the environment"
kill -KILL "$worker"
wait_for "$T/rc"
kill "$sleeper"
kill -KILL $holder; kill "$(cut -d' ' -f2 "$T/holder")"; wait $holder 2>/dev/null || true
[ "$(cat "$T/rc")" = 1 ] || fail "exit code $(cat "$T/rc")"
row slow 'failed .*killed by signal 9'
row mute 'failed .*no password.*password-command'
row locked 'failed .*(another|lock)'
for u in alice bob dave; do row $u sealed; done
for u in alice bob dave; do run 0 "$VALISE" verify "$T/two/$u.valise"; done

say "SIGINT: clean ends, and the next run goes on"
rm -f "$T/slow" "$T/rc"
{ account alice alice 'echo pw-alice'; account slow carol "$slow"; account dave dave 'echo pw-dave'; } > "$ini"
"$VALISE" backup --accounts "$ini" -o "$T/three" --jobs 1 >"$T/out" 2>"$T/err" &
parent=$!
wait_for "$T/slow"
read -r worker sleeper < "$T/slow"
kill -INT $parent
rc=0; wait $parent || rc=$?
[ $rc = 130 ] || fail "exit code $rc after SIGINT"
gone "$worker"; gone "$sleeper"
row alice sealed
row slow 'stopped .*goes on from here'
row dave 'not started'
rm "$T/slow"
say "the parent is killed: no worker stays"
"$VALISE" backup --accounts "$ini" -o "$T/three" >/dev/null 2>&1 &
parent=$!
wait_for "$T/slow"
read -r worker sleeper < "$T/slow"
kill -STOP $parent
workers=$(ps -o pid= --ppid $parent)
kill -KILL $parent; wait $parent 2>/dev/null || true
for p in $workers "$worker" "$sleeper"; do gone "$p"; done
{ account alice alice 'echo pw-alice'; account slow carol 'echo pw-carol'; account dave dave 'echo pw-dave'; } > "$ini"
run 0 "$VALISE" backup --accounts "$ini" -o "$T/three"
row slow sealed

say "a line of progress on a terminal"
# the second account waits until the line is there, or long enough to know that it does not come
{ account alice alice 'echo pw-alice'; account slow carol "timeout 45 sh -c \"until grep -aq '1 of 2 accounts done' $T/tty; do sleep 0.1; done\"; echo pw-carol"; } > "$ini"
script -qec "'$VALISE' backup --accounts '$ini' -o '$T/three'" /dev/null </dev/null >"$T/tty"
grep -aq '1 of 2 accounts done: slow' "$T/tty" || { cat -v "$T/tty"; fail "no line of progress"; }

say "what is wrong before anything starts"
bad() { run 2 "$VALISE" backup --accounts "$ini" -o "$T/none" "${@:2}"; says "$1"; [ ! -e "$T/none" ] || fail "something was started"; }
bad 'not both' alice
bad 'jobs.*1 to 64' --jobs 0
bad 'does not go with --accounts' --tree "$T/tree"
bad 'password-fd does not go' --password-fd 3
run 2 "$VALISE" backup alice --jobs 2
says 'goes with --accounts'
good >> "$ini"
bad 'section stands in the file twice'
printf '[a]\nfrob = 1\n' > "$ini"
bad 'frob'
printf '# nobody\n' > "$ini"
bad 'holds no account'
{ good; printf '[eve]\nimap = gopher://x\n'; } > "$ini"
bad 'account eve'
{ good; printf '[nothing]\n'; } > "$ini"
bad 'account nothing: .*no service'
run 2 "$VALISE" backup --accounts <(good) -o "$T/none"
says 'not a regular file'
