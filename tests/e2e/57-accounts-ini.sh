#!/bin/bash
# accounts.ini: [defaults], variables, files that include others, options of the account; the master user reads for everybody.
. "$(dirname "$0")/../lib.sh"

launch d dovecot MASTER=1 SPECIAL=1 USERS="alice bob"
landed d
for u in alice bob; do
	"$TOOLS/genaccount.py" small --env "$T/d/env" --user $u >"$T/gen.out" 2>&1 || { cat "$T/gen.out"; exit 1; }
done
mkdir -p "$T/etc/sub" "$T/elsewhere"
cp "$d_CA" "$T/etc/sub/ca.pem"
cd "$T/elsewhere"
export XDG_CONFIG_HOME=$T/etc
mkdir -p "$T/etc/valise"
ini=$T/etc/valise/accounts.ini

cat > "$T/etc/sub/common.ini" <<I
[defaults]
imap = imaps://localhost:$d_IMAPS_PORT
ca-file = ca.pem
user = %{name}*master
auth = PLAIN
password-command = echo pw-%{name} | sed 's/.*/pw-master/'
exclude = No such folder
max-rate = 50M
I
cat > "$ini" <<I
# what the administrator wrote
include = ../sub/common.ini
[alice]
archive = ../archives/%{name}.valise
exclude = Trash
[bob]
I

say "backup by name: the section's archive and patterns, the common file's server and authority"
run 0 "$VALISE" backup alice
[ -d "$T/etc/archives/alice.valise" ] && [ -z "$(ls)" ] || { ls -R "$T/etc" .; fail "not where its section says"; }
run 0 "$VALISE" list "$T/etc/archives/alice.valise" --json
$PYTHON - "$T/out" <<'P'
import json, sys
heads = {h["name"]: h for h in map(json.loads, open(sys.argv[1]))}
assert heads["INBOX"]["status"] == "complete" and heads["Junk"] and "Trash" not in heads, heads
P
run 0 "$VALISE" backup alice
says 'nothing changed'

say "options win"
run 0 "$VALISE" backup alice -o mine.valise --exclude Junk
run 0 "$VALISE" list mine.valise --json
grep '"Trash"' "$T/out" | grep -q '"complete"' || fail "the file's pattern counted"
run 0 "$VALISE" backup bob # a pattern of [defaults] need not match; no archive: here
[ -d bob.valise ] || fail "no bob.valise"
run 0 "$VALISE" restore mine.valise bob --only mail --exclude Trash
run 2 "$VALISE" restore mine.valise alice --only mail --under Old --exclude Nowhere
says '--exclude "Nowhere": nothing is called so'

say "what [defaults] say need not have a meaning here"
printf 'include = %s\n[defaults]\nonly = contacts\nlabels = first\n[bob]\n' "$T/etc/sub/common.ini" > contacts.ini
run 0 "$VALISE" restore mine.valise bob --config contacts.ini
says '^0 items in 0 collections'

say "a section's own pattern is a slip of the pen where it matches nothing"
sed -i 's/^exclude = Trash/exclude = Trahs/' "$ini"
run 2 "$VALISE" backup alice -o other.valise
says 'accounts.ini, line 5: exclude "Trahs": nothing is called so; near to it: "Trash"'
[ -z "$(ls other.valise/data 2>/dev/null)" ] || fail "something was sealed"

say "what is wrong is told with file and line"
wrong() { # TEXT PATTERN : with that line in alice's section
	sed -i "5s|.*|$1|" "$ini"
	run 2 "$VALISE" backup alice
	says "$2"
}
wrong 'max-rate = fast' 'accounts.ini, line 5: max-rate takes a number of bytes'
wrong 'connections = some' 'line 5: connections takes a whole number'
wrong 'only = mail,news' 'line 5: only takes mail, calendars and contacts'
wrong 'labels = all' 'line 5: labels takes folders, keywords or first'
wrong 'maxrate = 1M' 'line 5: there is no key "maxrate"; do you mean "max-rate"'
wrong 'exclude = %{nam}' 'line 5: exclude: there is no %\{nam\}, do you mean %\{name\}\?'
wrong 'imap = gopher://x' 'line 5: imap: '
sed -i 5d "$ini"
run 0 "$VALISE" backup alice
run 2 "$VALISE" backup defaults
says 'no account can be called "defaults": \[defaults\] in .*accounts.ini is what all accounts share'
chmod 664 "$T/etc/sub/common.ini"
run 2 "$VALISE" backup alice
says 'accounts.ini, line 2: .*common.ini, line 6: this is a command to run, and the file can be changed by others'
chmod 600 "$T/etc/sub/common.ini"
sed -i '1i include = ../valise/accounts.ini' "$T/etc/sub/common.ini"
run 2 "$VALISE" backup alice
says 'includes itself'
