#!/bin/bash
# valise setup: from an empty home and an address to a section of accounts.ini with which "valise backup NAME" works; by options alone, and by questions.
. "$(dirname "$0")/../lib.sh"

launch d dovecot SPECIAL=1 USERS="alice bob"
launch r radicale USERS="alice bob"
landed d
landed r
"$TOOLS/genaccount.py" small --env "$T/d/env" --user alice >"$T/gen.out" 2>&1 || { cat "$T/gen.out"; exit 1; }

# fresh : an empty home, but for a table that knows old.example
fresh() {
	rm -rf "$T/home"
	mkdir -p "$T/home/config/valise" "$T/home/here"
	export HOME=$T/home XDG_CONFIG_HOME=$T/home/config XDG_STATE_HOME=$T/home/state
	cat > "$XDG_CONFIG_HOME/valise/providers.ini" <<-I
	[old]
	name = The old one
	domains = old.example
	imap = imaps://localhost:$d_IMAPS_PORT
	caldav = http://localhost:$r_HTTP_PORT/
	user = local part
	sign-in = password
	limits = A thousand MB a day.
	I
	ini=$XDG_CONFIG_HOME/valise/accounts.ini
	cd "$HOME/here"
}
# shown CODE QUESTION ANSWER ... -- ARGS : valise ARGS on a terminal
shown() {
	local want=$1 pairs=() rc=0
	shift
	while [ "$1" != -- ]; do pairs+=("$1"); shift; done
	shift
	"$TOOLS/dialog.py" "${pairs[@]}" -- "$VALISE" "$@" >"$T/out" 2>&1 || rc=$?
	: > "$T/err"
	[ $rc = "$want" ] || { cat "$T/out"; fail "exit code $rc instead of $want: $*"; }
}
no_section() { [ ! -e "$ini" ] || { cat "$ini"; fail "accounts.ini was written"; }; }
tls="--ca-file $d_CA --cleartext"

say "by options alone: a section that a backup needs nothing else for"
fresh
run 0 "$VALISE" setup alice@old.example --yes $tls --password-command "printf '%s-%s' pw alice" -o my.valise --name old --exclude Junk --max-rate 50M
says 'imap: imaps://localhost'
says 'A thousand MB a day'
says 'imap: signed in as alice: [1-9][0-9]* items in '
says 'caldav: signed in as alice'
says 'valise backup old'
[ "$(stat -c %a "$ini")" = 600 ] || fail "accounts.ini is not private"
cd /
run 0 "$VALISE" backup old
[ -d "$HOME/here/my.valise" ] || fail "the archive is not where it was said"
run 0 "$VALISE" list "$HOME/here/my.valise" --json
$PYTHON - "$T/out" <<'P'
import json, sys
heads = {h["name"]: h for h in map(json.loads, open(sys.argv[1]))}
assert heads["INBOX"]["items"] == 12 and "Junk" not in heads, heads
P

say "--exclude-use becomes a key, that a backup goes by"
run 0 "$VALISE" setup alice@old.example --yes $tls --password-command 'echo pw-alice' --only mail --name uses --exclude-use junk,trash
grep -q '^exclude-use = junk,trash$' "$ini" || { cat "$ini"; fail "no key"; }
cd "$HOME/here"
run 0 "$VALISE" backup uses -o uses.valise
says 'Junk: left out by --exclude-use'
run 0 "$VALISE" list uses.valise
! grep -qw Junk "$T/out" || { cat "$T/out"; fail "what was to be left out is there"; }
run 2 "$VALISE" setup alice@old.example --yes $tls --password-command 'echo pw-alice' --only mail --name slip --exclude-use jnuk
says 'exclude-use takes junk'
! grep -q slip "$ini" || fail "a slip was written"

say "what stands in the file stays, as does a link; a name is taken once"
cd "$HOME/here"
mkdir -p "$HOME/dotfiles"
printf '# mine\n[other]\nimap = imaps://other.example\nuser = x' > "$HOME/dotfiles/a.ini"
ln -sf "$HOME/dotfiles/a.ini" "$ini"
run 0 "$VALISE" setup alice@old.example --yes $tls --password-command 'echo pw-alice' --only mail
[ -L "$ini" ] && [ "$(head -4 "$ini")" = "$(printf '# mine\n[other]\nimap = imaps://other.example\nuser = x')" ] || { cat "$ini"; fail "the file changed"; }
run 0 "$VALISE" check alice@old.example
cp "$ini" "$T/before"
run 2 "$VALISE" setup alice@old.example --yes $tls --password-command 'echo pw-alice' --only mail
says 'has an account alice@old.example already'
run 2 "$VALISE" setup alice@old.example --yes $tls --password-command 'echo pw-alice' --only mail --name defaults
run 2 "$VALISE" setup alice@old.example --yes $tls --password-command 'echo pw-alice' --only mail --name 'a]b'
run 2 "$VALISE" setup alice@old.example --yes $tls --password-command "$(printf 'echo pw-alice\n')x
y" --only mail --name c
cmp "$ini" "$T/before" || fail "a refused setup wrote"

say "nothing is written where somebody does not get in, or nobody can answer"
fresh
run 12 "$VALISE" setup alice@old.example --yes $tls --password-command 'echo no'
says 'accounts.ini was not written'
no_section
run 2 setsid "$VALISE" setup
says 'which account'
run 2 setsid "$VALISE" setup alice
says 'is no address'
run 2 setsid "$VALISE" setup alice@old.example $tls
says 'password-command'
no_section

run 2 "$VALISE" setup alice@old.example --yes $tls --password-command 'echo pw-alice' --exclude Jnuk
says '"Jnuk": nothing is called so'
run 2 "$VALISE" setup alice@old.example --yes $tls --password-command 'echo pw-alice' --only mial
run 2 "$VALISE" setup alice@old.example --yes $tls --password-command 'echo pw-alice' --max-rate fast
run 2 "$VALISE" setup alice@old.example --yes $tls --password-command 'echo pw-alice' --labels none
no_section

say "what is tried is what is written: a [defaults] for others, a table, a link to nothing, two at once"
setup=("$VALISE" setup alice@old.example --yes $tls --password-command 'echo pw-alice')
printf '[defaults]\npassword-command = echo MASTER\ncaldav = https://dav.company.example/\n' > "$ini"
cp "$ini" "$T/before"
run 2 "$VALISE" setup alice@old.example --yes --only mail $tls --password-fd 3 3< <(echo pw-alice)
says '\[defaults\] of .* would change caldav of this account'
sed -i '/caldav/d' "$ini"; cp "$ini" "$T/before"
run 2 "$VALISE" setup alice@old.example --yes --only mail $tls --password-fd 3 3< <(echo pw-alice)
says 'would change password of this account'
cmp "$ini" "$T/before"
run 0 "${setup[@]}" --only mail # with a password of its own
run 0 "$VALISE" check alice@old.example
printf 'name,user,imap\nx,x,imaps://x.example\n' > "$T/people.csv"
cp "$T/people.csv" "$T/table"; cp "$T/people.csv" "$T/before"
run 2 "${setup[@]}" --config "$T/people.csv"
says 'is a table'
run 2 "${setup[@]}" --config "$T/table"
cmp "$T/people.csv" "$T/before" && cmp "$T/table" "$T/before" || fail "a table was changed"
ln -s "$T/nowhere/x.ini" "$T/dangling.ini"
run 2 "${setup[@]}" --config "$T/dangling.ini"
says 'leads nowhere'
[ -L "$T/dangling.ini" ] || fail "the link is gone"
for i in 1 2; do "${setup[@]}" --config "$T/both.ini" >"$T/both.$i" 2>&1 & pids[i]=$!; done
ok=0; for i in 1 2; do wait "${pids[i]}" && ok=$((ok + 1)); done
[ $ok = 1 ] || { cat "$T"/both.[12]; fail "$ok of two wrote the same account"; }
run 0 "$VALISE" check alice@old.example --config "$T/both.ini"
ls "$T" | grep -E 'both.ini.|\.new-' && fail "files were left behind"

say "the next command can be pasted, whatever the name is"
run 0 "${setup[@]}" --name "a \$(touch hit) b'c" --config "$T/my file.ini"
next=$(sed -n 's/^    valise //p' "$T/out")
eval "run 0 \"\$VALISE\" $next -o $T/pasted.valise"
[ ! -e hit ] || fail "the shell ran a name"
says 'sealed'

say "by questions: an address, a name, a password that is wrong at first, and no keyring"
fresh
shown 0 'Address of the account: ' alice@old.example 'Name of the account in accounts.ini [alice@old.example]: ' work \
	'Password for alice' wrong 'It was refused. Password for' pw-alice 'Password for alice (caldav' pw-alice 'Keep the password' '' 'Keep the password' '' \
	-- setup $tls
says 'the password is not kept'
says 'asked for in each run'
says 'valise backup work'
! grep -rqs 'pw-alice' "$HOME" || fail "the password lies in a file"
shown 0 'Password for alice' pw-alice 'Password for alice' pw-alice -- backup work -o w.valise
says 'sealed'

say "by questions: a service that does not let in is left out, by a yes alone; interrupted, nothing is written"
fresh
sed -i "s|^caldav.*|caldav = http://localhost:1/|" "$XDG_CONFIG_HOME/valise/providers.ini"
shown 1 'Name of' work 'Password for' pw-alice 'Leave caldav out? [y/N] ' '' -- setup alice@old.example $tls
no_section
shown 0 'Name of' work 'Password for' pw-alice 'Leave caldav out? [y/N] ' y 'Keep the password' n -- setup alice@old.example $tls
grep -q '^imap = ' "$ini" && ! grep -q '^caldav' "$ini" || { cat "$ini"; fail "not what was agreed to"; }
fresh
shown 130 'Name of' $'\x03' -- setup alice@old.example $tls
no_section

say "a keyring keeps the password"
fresh
$PYTHON - "$T" "$TOOLS" "$VALISE" $tls <<'P'
import os, subprocess, sys
t, tools, valise, *tls = sys.argv[1:]
sys.path.insert(0, tools)
from bus import Bus
folder = t + "/bus"
os.mkdir(folder)
with Bus(folder) as env:
    whole = dict(os.environ, **env)
    run = lambda *a: subprocess.run(a, env=whole, stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True)
    p = run(tools + "/dialog.py", "Name of", "work", "Password for", "pw-alice", "Password for", "pw-alice", "Keep the password in the keyring? [Y/n] ", "",
            "Keep the password in the keyring? [Y/n] ", "", "--", valise, "setup", "alice@old.example", *tls)
    assert p.returncode == 0 and b"its password is in the keyring" in p.stdout, p
    p = run(valise, "backup", "work", "-o", t + "/kept.valise")
    assert p.returncode == 0, p
    p = run(valise, "logout", "work")
    assert p.returncode == 0, p
    p = run(valise, "backup", "work", "-o", t + "/kept.valise")
    assert p.returncode == 2 and b"no terminal" in p.stderr, p
P
