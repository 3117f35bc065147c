#!/bin/bash
# Every command for many: 500 accounts by a master user, killed in the middle and run again; checked, verified, restored by pairs, in shards.
. "$(dirname "$0")/../lib.sh"

# an account with one message of its own for each of 500 users, and empty ones to restore into
mkdir -p "$T/d/mail"
$PYTHON - "$T/d/mail" <<'P'
import os, sys
for i in range(1, 501):
    box = os.path.join(sys.argv[1], "u%03d" % i, "Maildir")
    for sub in "cur", "new", "tmp":
        os.makedirs(os.path.join(box, sub))
    with open(os.path.join(box, "new", "1700000000.M1P1.host"), "w", newline="") as f:
        f.write("From: a@old.example\r\nSubject: mark-u%03d\r\nMessage-ID: <%d@old.example>\r\n\r\nmark-u%03d\r\n" % (i, i, i))
P
server d dovecot MASTER=1 USERS="$(seq -f u%03g -s ' ' 1 500) $(seq -f n%03g -s ' ' 1 6)"
cd "$T"
cat > servers.ini <<I
[defaults]
imap = imaps://localhost:$d_IMAPS_PORT
ca-file = $d_CA
user = master
authzid = %{name}
password-command = echo pw-master
I
{ echo 'include = servers.ini'; seq -f '[u%03g]' 1 500; } > all.ini
sealed() { set -- arch/*.valise/data/000001/seal.json; [ -e "$1" ] && echo $# || echo 0; }
row() { grep -E "^$1 +$2" out >/dev/null || { cat out err; fail "no row: $1 $2"; }; }

say "500 accounts, killed in the middle"
"$VALISE" backup --accounts all.ini -o arch --jobs 8 >/dev/null 2>&1 &
parent=$!
until [ "$(sealed)" -ge 120 ]; do sleep 0.05; done
kill -STOP $parent
workers=$(ps -o pid= --ppid $parent || true)
kill -KILL $workers $parent 2>/dev/null || true
wait $parent 2>/dev/null || true
before=$(sealed)
[ "$before" -lt 500 ] || fail "it was over before it was killed"

say "run again: what was done is left out, the rest is brought to its end"
run 0 "$VALISE" backup --accounts all.ini -o arch --jobs 8 --skip-done --report r.json
$PYTHON - r.json "$before" <<'P'
import glob, gzip, json, re, sys
r, before = json.load(open(sys.argv[1])), int(sys.argv[2])
assert r["total"] == 500 and r["sealed"] + r["unchanged"] + r["skipped"] == 500, r
assert before - 8 <= r["skipped"] + r["unchanged"] <= before + 8 and r["skipped"] >= before - 16, (before, r)
assert len(r["accounts"]) == 500
for i in range(1, 501):
    name = "u%03d" % i
    seals = glob.glob("arch/%s.valise/data/*/seal.json" % name)
    assert len(seals) == 1, (name, seals)
    seal = json.load(open(seals[0]))
    assert seal["counts"]["mail"]["items"] == 1, (name, seal)
    found = set()
    for part in glob.glob("arch/%s.valise/data/000001/*.tar.gz" % name):
        found |= set(re.findall(rb"mark-u\d\d\d", gzip.open(part).read()))
    assert found == {b"mark-" + name.encode()}, (name, found)
P
run 0 "$VALISE" backup --accounts all.ini -o arch --jobs 8 --skip-done
says '^500 accounts: .*[0-9]+ skipped'
[ "$(grep -c ' skipped ' out)" -gt 480 ] || fail "not all are skipped"

say "shards are of the names alone"
for i in 1 2 3; do
	run 0 "$VALISE" backup --accounts all.ini -o arch --jobs 8 --skip-done --shard $i/3 --report s.json
	$PYTHON - $i <<'P'
import hashlib, json, sys
got = [a["account"] for a in json.load(open("s.json"))["accounts"]]
part = lambda name: int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % 3 + 1
assert sorted(got) == [n for n in ("u%03d" % i for i in range(1, 501)) if part(n) == int(sys.argv[1])] and len(got) > 100, got
P
done

head -6 all.ini > five.ini
say "check, verify"
run 0 "$VALISE" check --accounts five.ini
row u001 'signed in +1 +1 +1 '
says '^5 accounts: 5 signed in'
run 0 "$VALISE" verify arch --accounts five.ini
row u005 'sound +1 +1 '
run 0 "$VALISE" verify arch --accounts five.ini --skip-done
says '^5 accounts: 5 skipped'
run 0 "$VALISE" verify arch --accounts five.ini --skip-done --quick # another question
says '^5 accounts: 5 sound'
part=$(ls arch/u003.valise/data/000001/*.tar.gz | head -1)
cp "$part" part.good
printf X | dd of="$part" bs=1 seek=20 conv=notrunc status=none
run 1 "$VALISE" verify arch --accounts five.ini
sed -n 2p out | grep -q '^u003 *failed ' || { cat out; fail "what failed is not the first"; }
run 1 "$VALISE" verify arch --accounts five.ini --skip-done --json
$PYTHON - out <<'P'
import json, sys
events = [json.loads(l) for l in open(sys.argv[1])]
outcomes = {e["account"]: e["outcome"] for e in events if e["event"] == "account"}
assert outcomes == {"u003": "failed"} or outcomes["u003"] == "failed" and set(outcomes.values()) <= {"failed", "skipped"}, events
assert events[-1]["event"] == "done" and events[-1]["failed"] == 1 and events[-1]["skipped"] == 4, events[-1]
P
cp part.good "$part"

say "nothing is skipped that may be incomplete: another archive, other options, a seal that cannot be read, an old run"
run 0 "$VALISE" backup --accounts five.ini -o arch --skip-done --exclude Junk
says '^5 accounts: 5 unchanged'
run 0 "$VALISE" backup --accounts five.ini -o arch2 --skip-done
says '^5 accounts: 5 sealed'
run 0 "$VALISE" backup --accounts five.ini -o arch2 --skip-done
says '^5 accounts: 5 skipped'
rm -r arch2/u002.valise
run 0 "$VALISE" backup --accounts five.ini -o arch2 --skip-done
says '^5 accounts: 1 sealed, 4 skipped'
truncate -s -1 arch2/u004.valise/data/000001/part-*
"$VALISE" backup --accounts five.ini -o arch2 --skip-done --json > out 2> err || true
[ "$(grep -c '"outcome":"' out)" = 1 ] && grep -q '"account":"u004"' out || { cat out err; fail "a part that was cut is passed over"; }
sed -i 's/^[0-9]*/1000000000/' "$XDG_STATE_HOME"/valise/done/*
run 0 "$VALISE" backup --accounts five.ini -o arch2 --skip-done
says '^5 accounts: 5 unchanged'

say "restore by pairs: a table, with an archive or the old name, and what is wrong with it before anything starts"
common="imap,user,authzid,ca-file,password-command"
# row_of ARCHIVE NAME [WHO] : a line of the table
row_of() { echo "$1,$2,imaps://localhost:$d_IMAPS_PORT,master,${3:-$2},$d_CA,echo pw-master"; }
{ echo "old,new,$common"; row_of u001 n001; row_of u002 n002; } > pairs.csv
run 0 "$VALISE" restore arch --accounts pairs.csv --map Nowhere=Else --exclude Nothing
row n001 'restored +1 +1 +0 '
says '^2 accounts: 2 restored'
run 0 "$VALISE" restore arch --accounts pairs.csv --jobs 1 --labels first
row n002 'unchanged +1 +0 +1 '
run 0 "$VALISE" restore arch --accounts pairs.csv --labels first --skip-done
says '^2 accounts: 2 skipped'
{ printf '\xef\xbb\xbfarchive,name,%s\r\n' "$common"; row_of u003.valise n003; row_of "$T/arch/u004.valise" "n003, too" n003 | sed 's/n003, too/"&"/'; } > pairs2.csv
run 2 "$VALISE" restore arch --accounts pairs2.csv
says '"n003" and "n003, too" are one account, and are to get two archives'
{ cat pairs.csv; row_of u001 n006; } > pairs3.csv
run 2 "$VALISE" restore arch --accounts pairs3.csv
says '"n001" and "n006" are two accounts, and are both to get the archive arch/u001.valise'
run 0 "$VALISE" restore arch --accounts pairs2.csv --accept-pairs # two into one: they take turns
says '^2 accounts: 2 restored'
printf 'include = servers.ini\n[n004]\nold = u005\n[n005]\narchive = arch/u004.valise\n' > pairs.ini
sed -i 's/^old = u005/archive = arch\/u005.valise/' pairs.ini
run 0 "$VALISE" restore --accounts pairs.ini
$PYTHON - "$d_IMAPS_PORT" <<'P'
import imaplib, ssl, sys
for user, marks in ("n001", ["u001"]), ("n002", ["u002"]), ("n003", ["u003", "u004"]), ("n004", ["u005"]), ("n005", ["u004"]), ("n006", []):
    m = imaplib.IMAP4_SSL("127.0.0.1", int(sys.argv[1]), ssl_context=ssl._create_unverified_context())
    m.login(user, "pw-" + user)
    m.select("INBOX", readonly=True)
    got = [m.fetch(n, "BODY[TEXT]")[1][0][1].decode().strip() for n in m.search(None, "ALL")[1][0].split()]
    assert sorted(got) == ["mark-" + x for x in marks], (user, got)
P

say "the list is changed while the first row runs: the second one's archive goes to nobody else"
pair() { printf '[%s]\nauthzid = %s\nold = %s\n' "$1" "$2" "$3"; }
{ echo 'include = servers.ini'; pair one n006 u001; echo 'password-command = cp after.ini list.ini; echo pw-master'; pair two n005 u004; } > before.ini
for after in "$(pair three n005 u004)" "$(pair two n005 u003)" "$(pair two n002 u004)"; do
	cp before.ini list.ini
	{ sed '/^.two/,$d' before.ini; echo "$after"; } > after.ini
	run 1 "$VALISE" restore arch --accounts list.ini --jobs 1
	row two 'failed '
	says '^2 accounts: 1 failed, 1 (restored|unchanged)'
done
row two 'failed .*the list was changed since the run began'
$PYTHON - "$d_IMAPS_PORT" <<'P'
import imaplib, ssl, sys
def login(user):
    m = imaplib.IMAP4_SSL("127.0.0.1", int(sys.argv[1]), ssl_context=ssl._create_unverified_context())
    m.login(user, "pw-" + user)
    return m
assert login("n002").select("INBOX", readonly=True)[1] == [b"1"], "n002 got another account's archive"
login("u006").append("INBOX", None, None, b"Subject: second\r\n\r\nsecond\r\n")
P

say "a snapshot that is sealed during a restore was not restored: it is not skipped"
{ echo 'include = servers.ini'; pair n006 n006 u006; } > late.ini
echo "password-command = [ -e sealed2 ] || \"$VALISE\" backup u006 --config all.ini -o arch/u006.valise > sealed2; echo pw-master" >> late.ini
run 0 "$VALISE" restore arch --accounts late.ini
row n006 'restored +1 +1 '
[ -e arch/u006.valise/data/000002/seal.json ] || fail "no second snapshot"
run 0 "$VALISE" restore arch --accounts late.ini --skip-done
row n006 'restored +2 +1 '
run 0 "$VALISE" restore arch --accounts late.ini --skip-done
says '^1 account: 1 skipped'

say "a pattern is for all accounts, but not for none of them"
run 3 "$VALISE" backup --accounts five.ini -o arch3 --include INBOX --include Wrok --exclude Nothing
says '^warning: include "Wrok": nothing is called so in any account .5 looked at'
says '^warning: exclude "Nothing": nothing is called so in any account'
says '^5 accounts: 5 sealed'
run 3 "$VALISE" backup --accounts five.ini -o arch3 --include INBOX --include Wrok --exclude Nothing --skip-done --json
$PYTHON - out <<'P'
import json, sys
events = [json.loads(l) for l in open(sys.argv[1])]
accounts = [e for e in events if e["event"] == "account"]
want = [{"option": "include", "pattern": "Wrok"}, {"option": "exclude", "pattern": "Nothing"}]
assert len(accounts) == 5 and all(e["unmatched"] == want for e in accounts), events
P
run 3 "$VALISE" restore arch3 --accounts five.ini --dry-run --include INBOX --include Wrok -q
says '^warning: include "Wrok"'
$PYTHON - "$d_IMAPS_PORT" <<'P'
import imaplib, ssl, sys
m = imaplib.IMAP4_SSL("127.0.0.1", int(sys.argv[1]), ssl_context=ssl._create_unverified_context())
m.login("u003", "pw-u003")
m.create("Wrok")
P
run 0 "$VALISE" backup --accounts five.ini -o arch3 --include INBOX --include Wrok
says '^5 accounts: 1 sealed, 4 unchanged'
! grep -q warning err || { cat err; fail "one account has it"; }
run 0 "$VALISE" backup --accounts five.ini -o arch3 --include INBOX --include Wrok --skip-done
says '^5 accounts: 5 skipped'

say "mistakes are told before anything starts"
bad() { run 2 "$VALISE" "${@:2}"; says "$1"; }
{ cat pairs.csv; row_of u999 n006; } > bad.csv
bad 'account n006: bad.csv, line 4: old: there is no archive arch/u999.valise' restore arch --accounts bad.csv
{ cat pairs.csv; row_of u001 n006 | sed 's/imaps:/gopher:/'; } > bad.csv
bad 'account n006: bad.csv, line 4: imap: ' restore arch --accounts bad.csv
sed 's/authzid/autzid/' pairs.csv > bad.csv
bad 'bad.csv, line 1: there is no column "autzid"; do you mean "authzid"' restore arch --accounts bad.csv
printf 'include = servers.ini\n[a]\narchive = x.valise\n[b]\narchive = x.valise\n' > bad.ini
bad 'the accounts "a" and "b" have the same archive' backup --accounts bad.ini
printf 'include = servers.ini\n[a]\nold = x\narchive = x\n' > bad.ini
bad 'line 3: "archive" and "old" both say' restore --accounts bad.ini
bad 'with --accounts this is the directory in which the archives are' restore nowhere --accounts pairs.csv
bad 'not both' restore arch n001 --accounts pairs.csv
bad 'does not go with --accounts' verify --accounts five.ini --expect 00
bad 'takes I/N' verify arch --accounts five.ini --shard 4/3
bad 'takes I/N' verify arch --accounts five.ini --shard 0/3
bad 'takes an age' backup --accounts five.ini -o arch --skip-done --done-within 12
bad 'goes with --skip-done' backup --accounts five.ini -o arch --done-within 12h
bad 'goes with --accounts' verify arch/u001.valise --skip-done
run 1 "$VALISE" verify --accounts five.ini # no archives here: each is a row
says '^5 accounts: 5 failed'
