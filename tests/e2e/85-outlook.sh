#!/bin/bash
# Outlook's files as an account: imported they are an archive like any other. Their folders and items are where they were, with special use in any language and the
# inbox as INBOX; what they came from stands beside them in the one form of FORMAT.md, as the second reader says; importing again, in whatever wrapping, adds nothing;
# unpack, pack, forget, export and a restore into a Dovecot and a Radicale treat the result as any other.
. "$(dirname "$0")/../lib.sh"
launch O outlook
launch D dovecot USERS=alice
launch R radicale USERS=alice
landed O D R
A=$T/a.valise

# kinds ARCHIVE : kind, name, special use, number of items of each collection
kinds() { "$VALISE" list "$1" --json | $PYTHON -c '
import json, sys
for o in map(json.loads, sys.stdin):
    if "event" not in o:
        print(o["kind"], o["name"], o.get("special_use", "-"), o["items"], sep="\t")'; }
# raw ARCHIVE : belongs to whom, and the octets, of each raw item
raw() { "$VALISE" list "$1" --items --json | $PYTHON -c '
import json, sys
for o in map(json.loads, sys.stdin):
    if o.get("kind") == "mapi":
        print(o["collection"], o["href"], o["sha256"], sep="\t")'; }

say "an OST"
OST=$O_SAMPLES/pstextractortest@outlook.com.ost
"$VALISE" import "$OST" -o "$A" --json --report "$T/r.json" --report "$T/r.html" > "$T/json" 2> "$T/err" || [ $? = 3 ] || fail "not imported"
$PYTHON -B - "$T/json" "$TOOLS" "$T/r" <<'P' || fail "the outcome"
import collections, json, os, sys
sys.path[:0] = [sys.argv[2], os.path.dirname(sys.argv[2])]
import reportpage
events = [json.loads(x) for x in open(sys.argv[1])]
done = events[-1]
assert done["event"] == "done" and done["unread"] == 0, done
assert done["mapi"]["items"] == done["mail"]["items"] + done["calendars"]["items"] + done["contacts"]["items"] + done.get("raw_only", 0), done
assert done["homeless"][0]["items"] >= done["homeless"][-1]["items"] and all(h["property"] and h["example"] for h in done["homeless"]), done["homeless"][:3]
assert not any(f["kind"] == "mapi" for f in done["folders"])
# By item the same as by property; the report has what the events say.
items = [o for o in events if o["event"] == "homeless"]
assert items and "homeless_items" not in done, done
names = collections.Counter(name for o in items for name in {p.partition(" (")[0] for p in o["properties"]})
assert any("more" in o for o in items) or names == {h["property"]: h["items"] for h in done["homeless"]}, (names, done["homeless"])
assert len({(o["collection"], o["item"]) for o in items}) == len(items) <= done["found"], items
for o in items:
    del o["event"]
page, text, report = reportpage.judge(sys.argv[3])
assert report["homeless_items"] == items and report["homeless"] == done["homeless"], report["homeless_items"]
P
run 0 "$VALISE" verify "$A"
$PYTHON "$HERE/reader.py" "$A" --check > "$T/out" || fail "the second reader: $(cat "$T/out")"
kinds "$A" > "$T/kinds"
grep -qP '^mail\tINBOX\t-\t[1-9]' "$T/kinds" || fail "no INBOX: $(cat "$T/kinds")"
for use in Sent Trash Drafts Junk; do grep -qP "^mail\t.*\t\\\\$use\t" "$T/kinds" || fail "no mailbox for $use: $(cat "$T/kinds")"; done
grep -qP '^calendars\tCalendar\t' "$T/kinds" && grep -qP '^mapi\tcalendars: Calendar\t' "$T/kinds" || fail "no calendar: $(cat "$T/kinds")"

say "each raw item belongs to an item that is there"
"$VALISE" list "$A" --items --json > "$T/items"
$PYTHON - "$T/items" <<'P' || fail "raw items"
import json, sys
items, raw, notes = set(), [], 0
for o in map(json.loads, open(sys.argv[1])):
    if o.get("kind") == "mapi":
        raw.append(o)
    elif "sha256" in o:
        items.add((o["kind"] + ": " + o["collection"], str(o["uid"]) if o["kind"] == "mail" else o["href"]))
assert len(raw) > 10
for o in raw:
    assert ("note" in o) == ((o["collection"], o["href"]) not in items), o
assert items == {(o["collection"], o["href"]) for o in raw if "note" not in o}
P

say "a part: nothing of what is left out; then all of it, and diff tells each item once"
"$VALISE" import "$OST" -o "$T/part.valise" --until 2000-01-01 --json > "$T/json" 2> "$T/err" || [ $? = 3 ] || fail "not imported"
kinds "$T/part.valise" > "$T/got" # grep -q ends before it has read all
for use in Sent Trash Drafts Junk; do grep -qP "^mail\t.*\t\\\\$use\t" "$T/got" || fail "a part: no mailbox for $use"; done
"$VALISE" list "$T/part.valise" --items --json > "$T/items"
"$VALISE" import "$OST" -o "$T/part.valise" --json > "$T/json2" 2> "$T/err" || [ $? = 3 ] || fail "not imported"
run 0 "$VALISE" diff "$T/part.valise" --json
$PYTHON - "$T/json" "$T/items" "$T/json2" "$T/out" <<'P' || fail "a part"
import json, sys
part, items, whole, diff = ([json.loads(x) for x in open(name)] for name in sys.argv[1:])
part, whole, counts = part[-1], whole[-1], diff[-1]
assert part["left_out"] > 10 and part["left_out"] + part["added"] == part["found"], part
raw = [o for o in items if o.get("kind") == "mapi"]
assert len(raw) == part["added"] + part.get("raw_only", 0), (len(raw), part)
assert "left_out" not in whole and whole["added"] == part["left_out"], whole
told = [o for o in diff if "sha256" in o]
assert len(told) == whole["added"] == counts["new"], (len(told), whole["added"], counts)
assert not any(o.get("kind") == "mapi" for o in diff if "change" in o), diff
P
same <(roots "$T/part.valise") <(roots "$A")

say "a raw item is shown as its properties"
raw "$A" > "$T/raw"
grep '^mail: INBOX' "$T/raw" > "$T/one"
IFS=$'\t' read -r collection href sum < "$T/one"
item="mapi/$collection/$href"
run 0 "$VALISE" show "$A" "$item" --decoded
says '^PidTagSubject unicode "'
says '^recipient 1: PidTag'
run 0 "$VALISE" show "$A" "$item" --json
$PYTHON -c 'import json, sys; o = json.load(open(sys.argv[1])); assert any(p.startswith("PidTagMessageClass ") for p in o["properties"]) and "told" not in o, o' "$T/out" || fail "as JSON"
"$VALISE" show "$A" "$item" --raw > "$T/got" || fail "--raw"
echo "$sum  $T/got" | sha256sum -c --quiet || fail "--raw: other octets"

say "again, in a zip file and in gzip: nothing new"
raw "$A" > "$T/raw"
mkdir "$T/zip"
cp "$OST" "$T/zip/other name.ost"
gzip -k "$T/zip/other name.ost"
(cd "$T/zip" && $PYTHON -m zipfile -c ../outlook.zip "other name.ost")
for f in "$OST" "$T/outlook.zip" "$T/zip/other name.ost.gz"; do
	run 0 "$VALISE" import "$f" -o "$A"
	says 'nothing new since snapshot 1|snapshot 2 sealed: .*; 0 bytes of it new'
	raw "$A" > "$T/got"
	same "$T/got" "$T/raw"
done

say "in another archive, octet for octet the same"
"$VALISE" import "$OST" -o "$T/b.valise" > /dev/null 2>&1
raw "$T/b.valise" > "$T/got"
same "$T/got" "$T/raw"

say "without raw items"
"$VALISE" import "$OST" -o "$T/c.valise" --no-raw --into Old > "$T/out" 2>&1
kinds "$T/c.valise" > "$T/got"
! grep -q '^mapi' "$T/got" || fail "raw items"
grep -qP '^mail\tOld/INBOX\t' "$T/got" || fail "--into: $(cat "$T/got")"

say "unpack, pack, forget, export"
run 0 "$VALISE" unpack "$A" -t "$T/tree"
ls "$T"/tree/mapi/*/*.fx > /dev/null || fail "no raw items in the tree"
run 0 "$VALISE" pack "$T/tree" -o "$T/d.valise"
raw "$T/d.valise" > "$T/got"
same "$T/got" "$T/raw"
roots "$A" > "$T/want"
roots "$T/d.valise" > "$T/got"
same "$T/got" "$T/want"
run 0 "$VALISE" export "$A" -o "$T/eml" --format eml
[ -z "$(find "$T/eml" -name '*.fx')" ] || fail "raw items are exported"

say "into a Dovecot and a Radicale"
imap D alice
url=${R_DAV_URL}
DAV=(--caldav "$url$R_CALDAV_HOME1" --carddav "$url$R_CARDDAV_HOME1")
run 0 "$VALISE" restore "$A" "${IMAP[@]}" --only mail
! grep -qi 'mapi\|raw item' "$T/out" "$T/err" || fail "a restore speaks of raw items"
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/back.valise"
content() { "$VALISE" list "$1" --json | $PYTHON -c '
import json, sys
for o in map(json.loads, sys.stdin):
    if o.get("kind") == "mail" and o["items"]:
        print(o["name"].replace(".", "/"), o["items"], o["content"])' | sort; }
content "$A" > "$T/want"
content "$T/back.valise" > "$T/got"
same "$T/got" "$T/want"
run 0 "$VALISE" restore "$A" "${DAV[@]}" --user alice --password-command 'echo pw-alice' --cleartext --only calendars,contacts
! grep -qi 'mapi\|raw item' "$T/out" "$T/err" || fail "a restore speaks of raw items"

say "winmail.dat alone, and what is no file of Outlook"
mkdir "$T/tnef"
$PYTHON -B "$TOOLS/make_tnef.py" "$T/tnef"
run 3 "$VALISE" import "$T/tnef" -o "$T/e.valise"
says '^INCOMPLETE: .* did not come over whole; valise list shows which$'
kinds "$T/e.valise" > "$T/got"
grep -q '^mapi' "$T/got" || fail "nothing of TNEF: $(cat "$T/got")"
$PYTHON "$HERE/reader.py" "$T/e.valise" --check > "$T/out" || fail "the second reader: $(cat "$T/out")"
printf '!BDN\0\0\0\0SM' > "$T/bad.pst"
head -c 4000 /dev/zero >> "$T/bad.pst"
"$VALISE" import "$T/bad.pst" -o "$T/f.valise" > "$T/out" 2> "$T/err" && fail "a PST of zeros is imported"
says 'bad.pst'
