#!/bin/bash
# What somebody meets who mistypes: the likest word, the port that does not fit, the version.
. "$(dirname "$0")/../lib.sh"

meant() { # SAYS ARGUMENT... : exit code 2, in one line that names what is meant
	local want=$1
	shift
	run 2 "$VALISE" "$@"
	says "$want"
	[ "$(wc -l < "$T/err")" = 1 ] || { cat "$T/err"; fail "not one line"; }
}

say "did you mean"
meant 'no command "bakcup"; do you mean "backup"\?' bakcup x
meant 'no command "snapshot"; do you mean "snapshots"\?' help snapshot
run 2 "$VALISE" frobnicate
! grep -q 'do you mean' "$T/err" || fail "frobnicate is like nothing"
meant 'the command comes first' --imap=imaps://localhost backup
meant 'unknown option "--snapshto"; do you mean "--snapshot"\?' list --snapshto=1 x
meant 'unknown option "--imp"; do you mean "--imap"\?' backup --imp imaps://localhost
meant 'unknown option "--caldav-usr"; do you mean "--caldav-user"\?' backup --caldav-usr=secret x
! grep -q secret "$T/err" || fail "the value of an unknown option is shown"
meant 'unknown option "--pop3": not restore, but .*backup.* and .* have it' restore x --pop3 pop3s://localhost
meant 'unknown option "--map": not verify, but restore, check, audit and move have it' verify x --map=a=b
! grep -q 'do you mean' "$T/err" || fail "what was said is meant"
meant 'no command "json"; do you mean "help json"\?' json
meant 'no command "pattern"; do you mean "help patterns"\?' help pattern
meant 'unknown option "--exlude"; do you mean "--exclude"\?' backup --exlude x
mkdir -p "$T/config/valise"
printf '[alice]\nimap = imaps://localhost:1\nuser = alice\npassword-command = echo x\n' > "$T/config/valise/accounts.ini"
meant 'no account "alcie" in .*; do you mean "alice"\?' backup alcie
run 2 "$VALISE" backup somebody
! grep -q 'do you mean' "$T/err" || fail "somebody is like no account"
printf 'usr = alice\n' >> "$T/config/valise/accounts.ini"
meant 'line 5: there is no key "usr"; do you mean "user"\?' backup alice

say "a closed pipe is no news"
mkfifo "$T/pipe"
for more in "help" "completion bash" "list nothing --json" "snapshots nothing --json"; do
	exec 3<> "$T/pipe" 4> "$T/pipe" 3<&- # a pipe whose reader has gone
	rc=0
	"$VALISE" $more >&4 2> "$T/err" || rc=$?
	exec 4>&-
	[ "$rc" != 0 ] && ! grep -q 'standard output' "$T/err" || { cat "$T/err"; fail "$more: exit code $rc"; }
	rc=0
	"$VALISE" $more > /dev/full 2> "$T/err" || rc=$?
	[ "$rc" != 0 ] && grep -qE 'standard output: (No space left on device|not all was written)' "$T/err" || { cat "$T/err"; fail "$more: a full device, $rc"; }
done

say "ports of the other scheme"
meant 'imap: port 993 begins with TLS: write imaps://localhost' backup --imap imap://localhost:993 --user alice
meant 'imap: port 993 begins with TLS' check --imap imap://localhost:993 --user alice --cleartext
meant 'imap: port 143 does not begin with TLS.*: write imap://localhost' restore x --imap imaps://localhost:143 --user alice
meant 'pop3: port 995 begins with TLS: write pop3s://localhost' backup --pop3 pop3://localhost:995 --user alice
meant 'pop3: port 110 does not begin with TLS.*: write pop3://localhost' backup --pop3 pop3s://localhost:110 --user alice
meant 'caldav: port 443 begins with TLS: write https://localhost/' backup --caldav http://localhost:443/ --user alice --cleartext
meant 'carddav: port 80 is that of http://, without TLS' backup --carddav https://localhost:80/ --user alice

say "--version"
run 0 "$VALISE" -V
says '^valise [0-9]+\.[0-9]+\.[0-9]+'
says '^built with libetpan [0-9].*GnuTLS [0-9].*libcurl [0-9].*libical [0-9].*zlib [0-9]'
cp "$T/out" "$T/short"
run 0 "$VALISE" --version
cmp "$T/out" "$T/short"
if git -C "$TESTED_SOURCE" rev-parse HEAD >/dev/null 2>&1; then
	says "^valise .* \([0-9a-f]{12}"
fi
echo ok
