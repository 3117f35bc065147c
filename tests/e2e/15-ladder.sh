#!/bin/bash
# Hard messages into servers that refuse some of them as they are: Cyrus, which also refuses 8-bit headers here, and Courier. Every
# message has a place there; what is not as it was is named; an independent comparer finds no other difference; a second
# restore adds nothing, also without its journal. (Scripted servers: 15-refusals.py.)
. "$(dirname "$0")/../lib.sh"

server S dovecot SEP=/ SPECIAL=1 CLOCK=+5y
server C cyrus REJECT8BIT=1 CLOCK=+5y
server K courier
"$TOOLS/genaccount.py" hard --env "$T/S/env" --big 300000 --until 2025 >/dev/null
only=(INBOX Work) folders=(--folder INBOX --folder Work)
[ -z "${VALISE_EVERY:-}" ] || only=() folders=()
imap S alice
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/a.valise"

says_refused() { grep -q REFUSED "$T/out"; }

# as_named NAME : compare.py's differences against what the restore report names, message by message
as_named() {
	$PYTHON -B - "$T/S/env" "$T/$1/env" "$T/$1.json" "$TOOLS" "$T/a.valise" "$VALISE" "${only[@]}" <<'P'
import json, re, subprocess, sys
from collections import Counter
s, t, report, tools, archive, valise, *only = sys.argv[1:]
sys.path.insert(0, tools)
import imaptool, names
env = imaptool.read_env(t)
notes = json.load(open(report))["notes"]
listing = [json.loads(l) for l in subprocess.run([valise, "list", archive, "--json"], capture_output=True, check=True).stdout.splitlines()]
folders = {o["name"]: names.show(tuple(o["name"].split("/"))) for o in listing}
maps, named, keywords = {}, Counter(), Counter()
for n in notes:
    folder, text = folders.get(n["collection"]), n["text"]
    m = re.match(r'goes to "(.*)"(?:: .*)?$', text)
    uid = re.match(r"UID (\d+)", n.get("item") or "")
    lost = re.match(r"the target does not keep the keyword (\S+): (\d+) messages", text)
    if m:
        new = m[1][len(env["PREFIX"]):] if m[1].startswith(env["PREFIX"]) else m[1]
        maps[folder] = names.show(tuple(new.split(env["SEP"])))
    elif uid:
        named[folder, int(uid[1])] += 1
    elif lost:
        keywords[folder] += int(lost[2])
out = subprocess.run([tools + "/compare.py", "--env-a", s, "--env-b", t, "--user-b", "bob"] + ["--map=%s=%s" % m for m in maps.items()],
                     capture_output=True, text=True).stdout
back = {v: k for k, v in maps.items()}
wrong, differ, without = [], set(), Counter()
for line in out.splitlines():
    m = re.match(r"(\S+) (.*?): UID (\d+) ", line)
    folder = m and back.get(m[2], m[2])
    if not m or only and folder not in only:
        continue
    if m[1] == "keywords":
        without[folder] += 1
    elif m[1] in ("bytes", "missing") and (folder, int(m[3])) in named:
        differ.add((folder, int(m[3])))
    elif m[1] == "extra":
        differ.add(line)
    else:
        wrong.append(line)
extra = [d for d in differ if isinstance(d, str)]
missing = [l for l in out.splitlines() if re.match("missing (%s):" % ("|".join(map(re.escape, only)) or ".*"), l)]
if len(extra) != len(missing):
    wrong += extra + missing
if without != keywords:
    wrong.append("keywords lost in %s, named in %s" % (without, keywords))
if len([d for d in differ if not isinstance(d, str)]) != len(named):
    wrong.append("%d messages differ, %d are named" % (len(differ) - len(extra), len(named)))
print(out.splitlines()[-1], "| named: %d messages, %d keywords" % (len(named), sum(keywords.values())))
if wrong:
    print(*wrong[:20], sep="\n")
    sys.exit(1)
P
}

# A message in another form stays one (exit code 3); that Courier added a CRLF, or has no such keyword, is said once.
for name in C:3 K:0; do
	again=${name#*:} name=${name%:*}
	say "$name"
	imap $name bob
	run 3 "$VALISE" restore "$T/a.valise" "${folders[@]}" "${IMAP[@]}" --report "$T/$name.json"
	says ' 0 already there' && ! says_refused || fail "something is not there"
	as_named $name || fail "the report does not say it all"
	"$TOOLS/snapshot_source.py" --no-recent --env "$T/$name/env" --user bob > "$T/before"
	run $again "$VALISE" restore "$T/a.valise" "${folders[@]}" "${IMAP[@]}"
	says ' 0 added'
	rm -r "$T/state"
	run 3 "$VALISE" restore "$T/a.valise" "${folders[@]}" "${IMAP[@]}"
	says ' 0 added'
	"$TOOLS/snapshot_source.py" --no-recent --env "$T/$name/env" --user bob > "$T/after"
	same "$T/before" "$T/after"
done
