#!/bin/bash
# A second reader, written from docs/FORMAT.md alone, sees in an archive what valise sees, and finds every damage.
. "$(dirname "$0")/../lib.sh"
READER="$PYTHON -B $HERE/reader.py"

server A dovecot SEP=/
"$TOOLS/genaccount.py" hard --env "$T/A/env" --big 5000000
imap A alice
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/a.valise"
say "a message more, flags, a keyword, a move, an expunge, a mailbox more and one less"
change() { "$TOOLS/imaptool.py" "$T/A/env" alice "$@"; }
printf 'From: x@example.org\r\nSubject: new\r\n\r\nnew\r\n' > "$T/new.eml"
change append INBOX "$T/new.eml" "17-Jul-1996 02:44:25 -0700" '\Flagged' 'anew'
change store Work 1:9 +'\Answered' +'$Forwarded'
change move Archive 3:7 Sent
change expunge Drafts 2
change create "later/on & on"
change append "later/on & on" "$T/new.eml"
change delete casetwin
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/a.valise" --accept-shrink

for n in 1 2; do
	say "snapshot $n: sound, the same list, the same tree"
	run 0 $READER "$T/a.valise" --snapshot $n --check
	says sound
	"$VALISE" list "$T/a.valise" --snapshot $n --json --items > "$T/items"
	$READER "$T/a.valise" --snapshot $n --list > "$T/items2"
	[ -s "$T/items" ] && diff "$T/items" "$T/items2" > "$T/out" || fail "the items differ"
	"$VALISE" list "$T/a.valise" --snapshot $n --json > "$T/heads"
	$READER "$T/a.valise" --snapshot $n --heads > "$T/heads2"
	[ -s "$T/heads" ] && diff "$T/heads" "$T/heads2" > "$T/out" || fail "the collections differ"
	run 0 "$VALISE" unpack "$T/a.valise" --snapshot $n -t "$T/tree$n"
	run 0 $READER "$T/a.valise" --snapshot $n --extract "$T/other$n"
	diff -r --exclude=.lock "$T/tree$n" "$T/other$n" > "$T/out" || fail "the trees differ"
	for t in tree other; do (cd "$T/$t$n/mail" && find . -type f -printf '%P %s %n ' \( -links 1 -printf '%T@\n' -o -printf 'shared\n' \) | sort) > "$T/$t.files"; done
	same "$T/tree.files" "$T/other.files"
done
diff -rq "$T/tree1" "$T/tree2" > /dev/null && fail "both snapshots are the same"

say "a flipped byte, in 30 places of the files that the seal names"
$PYTHON -B - "$HERE" "$T/a.valise" <<'P'
import os, random, sys
here, archive = sys.argv[1:]
sys.path.insert(0, here)
import reader
import reader_members as members

def damage(read, *args):
    """What is found; other exceptions end the test."""
    try:
        read(*args)
    except members.Damage as e:
        return str(e)
    return None

def check():
    with members.within(archive):
        a = reader.Archive(archive)
        a.check(a.seals)
        a.check_bag()

def check_members(path):
    """Without any sum: the file's own members must tell."""
    with members.within(path):
        list(members.Files(archive).members(path))

random.seed(4)
lines = open(archive + "/data/000002/seal.sha256").read().splitlines()
names = [line.split("  ", 1)[1] for line in lines] + ["data/000002/seal.sha256"]
parts = [n for n in names if "/part-" in n]
for i in range(30):
    name = random.choice(parts) if i < 4 else names[-1 - i] if i < 9 else random.choice(names)
    path = os.path.join(archive, name)
    at = random.randrange(os.path.getsize(path))
    with open(path, "r+b") as f:
        f.seek(at)
        was = f.read(1)[0]
        f.seek(at)
        f.write(bytes([was ^ 0xFF]))
        f.flush()
        found, alone = damage(check), not name.endswith(".gz") or damage(check_members, name)
        f.seek(at)
        f.write(bytes([was]))
    assert found and alone, "%s: byte %d flipped: %s; by its members: %s" % (name, at, found, alone)
assert not damage(check)
P
say "the exit codes"
run 0 $READER "$T/a.valise" --check --no-sums
says sound
truncate -s -1 "$T/a.valise/data/000001/part-000001.tar.gz"
run 1 $READER "$T/a.valise" --check
says '^DAMAGE.*part-000001'
run 1 $READER "$T/a.valise" --check --no-sums
