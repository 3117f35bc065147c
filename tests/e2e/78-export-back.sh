#!/bin/bash
# 2,000 hard messages of a Dovecot, exported, as others have them: another Dovecot takes the Maildir as it is, with UIDs, flags, keywords, dates and every octet; the same program reads the
# mboxes; mutt and mblaze open each format.
. "$(dirname "$0")/../lib.sh"

launch A dovecot SEP=/ SPECIAL=1 CLOCK=+5y FSYNC=never
launch B dovecot SEP=. LAYOUT=maildir++ ESCAPE=0
landed A B
"$TOOLS/genaccount.py" hard --env "$T/A/env" --big 200000
imap A alice
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/a.valise"
"$VALISE" list "$T/a.valise" --items --json > "$T/items"

say "Maildir, by Dovecot"
run 0 "$VALISE" export "$T/a.valise" -o "$T/maildir" --format maildir
says 'v1.2 notes: it is called "v1_2 notes" here'
mkdir -p "$T/B/mail/alice"
cp -a "$T/maildir" "$T/B/mail/alice/Maildir"
chown -R --reference="$T/B/mail" "$T/B/mail/alice"
# levels that are no mailboxes
printf 'folder-missing %s: not in B\n' Gone Gone/Child Work/2023/Q1/a Work/2023/Q1/a/b > "$T/allowed"
"$TOOLS/compare.py" --env-a "$T/A/env" --env-b "$T/B/env" --map "v1.2 notes=v1_2 notes" --allow "$T/allowed"
for s in A B; do
	"$TOOLS/snapshot_source.py" --env "$T/$s/env" --user alice --no-recent | sed 's/HIGHESTMODSEQ [0-9]* //; s/v1.2 notes/v1_2 notes/' | grep '^ ' | sort > "$T/$s.uids"
done
same "$T/A.uids" "$T/B.uids"
! grep -iE 'error|panic|warning' "$T/B/log" || fail "Dovecot is not content"

say "Maildir, into an archive again: all mailboxes have their content roots, but for names and levels that a Maildir cannot say"
run 0 "$VALISE" import "$T/maildir" -o "$T/again.valise"
for a in a again; do roots "$T/$a.valise" | sed -nE 's/^(mail .* [1-9][0-9]* [0-9a-f]{64}) .*/\1/p' | sed 's/ complete / /' | grep -v 'v1.2 notes' | sort > "$T/$a.roots"; done
[ "$(wc -l < "$T/a.roots")" -gt 20 ] || fail "roots"
diff "$T/a.roots" <(grep -v 'v1_2 notes' "$T/again.roots") || fail "content roots differ"

say "mbox, by Dovecot"
run 3 "$VALISE" export "$T/a.valise" -o "$T/mbox" --format mbox --report "$T/mbox.json"
cp -a "$T/mbox" "$T/A/mbox"
chown -R --reference="$T/A/mail" "$T/A/mbox"
$PYTHON - "$T" "$A_CONF" "$A_VERSION" <<'P' || fail "Dovecot reads the mboxes otherwise"
import base64, calendar, hashlib, imaplib, json, os, pwd, re, shlex, sys, time
t, conf, version = sys.argv[1:]
at = t + "/A/mbox"
where = "-o mail_location=mbox:%s:UTF-8:INBOX=%s/INBOX.mbox" % (at, at) if version.startswith("2.3") else "-o mail_driver=mbox -o mailbox_list_utf8=yes -o mail_path=%s -o mail_inbox_path=%s/INBOX.mbox" % (at, at)
user = pwd.getpwuid(os.stat(t + "/A/mail").st_uid).pw_name
m = imaplib.IMAP4_stream("%sdoveadm -c %s exec imap -u alice %s" % ("runuser -u %s -- " % user if os.geteuid() == 0 else "", shlex.quote(conf), where))
items, altered = {}, set()
for o in map(json.loads, open(t + "/items")):
    if "sha256" in o:
        sign = -1 if o["date"][21] == "-" else 1
        utc = calendar.timegm(time.strptime(o["date"][:20].strip(), "%d-%b-%Y %H:%M:%S")) - sign * (int(o["date"][22:24]) * 60 + int(o["date"][24:26])) * 60
        items.setdefault(o["collection"], []).append((o["uid"], o["sha256"], utc, sorted(f.lower().lstrip("\\") for f in o["flags"] + o["keywords"])))
called = {}
for n in json.load(open(t + "/mbox.json"))["notes"]:
    if n.get("item"):
        altered.add((n["collection"], int(re.match(r"UID (\d+)", n["item"])[1])))
    elif "it is called" in n["text"]:
        called[n["collection"]] = n["text"].split('"', 1)[1].rsplit('"', 1)[0]
assert 10 < len(altered) < 100, altered
quoted = seen = 0
for box, want in items.items():
    name = called.get(box, box) + ".mbox"
    wire = "INBOX" if box == "INBOX" else re.sub(r"[^\x20-\x7e]+|&", lambda x: "&-" if x[0] == "&" else "&" + base64.b64encode(x[0].encode("utf-16be")).decode().rstrip("=").replace("/", ",") + "-", name)
    ok, n = m.select('"%s"' % wire.replace("\\", "\\\\").replace('"', '\\"'), True)
    assert ok == "OK" and int(n[0]) == len(want), (box, name, ok, n, len(want))
    answers = [a for a in m.fetch("1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")[1] if isinstance(a, tuple)]
    for (uid, sha, utc, flags), (head, octets) in zip(want, answers):
        got = sorted(f.lower().lstrip("\\") for f in re.search(rb"FLAGS \(([^)]*)\)", head)[1].decode().split() if f != "\\Recent")
        assert got == flags, (box, uid, got, flags)
        when = imaplib.Internaldate2tuple(head)
        assert calendar.timegm(time.gmtime(time.mktime(when))) == utc, (box, uid, head, utc)
        if hashlib.sha256(octets).hexdigest() != sha:
            octets = re.sub(rb"(?m)^>(>*From )", rb"\1", octets)  # it shows what mboxrd put before "From "
            quoted += hashlib.sha256(octets).hexdigest() == sha
        if (box, uid) in altered:
            assert hashlib.sha256(octets).hexdigest() == sha or hashlib.sha256(octets[:-2]).hexdigest() == sha or b"\n\n" in octets, (box, uid)
        else:
            assert hashlib.sha256(octets).hexdigest() == sha, (box, uid, octets[:300])
        seen += 1
assert seen > 1900 and quoted > 5, (seen, quoted)
P

say "mutt and mblaze"
run 0 "$VALISE" export "$T/a.valise" -o "$T/mh" --format mh --folder INBOX --folder Work
run 0 "$VALISE" export "$T/a.valise" -o "$T/eml.zip" --format eml --folder Work
n=$(grep -c '"collection":"INBOX",.*"sha256"' "$T/items")
mkdir -p "$T/Mail"
for at in maildir mbox/INBOX.mbox mh/INBOX; do
	rm -f "$T/typescript"
	TERM=linux timeout 120 script -qec "stty rows 40 columns 120; mutt -n -F /dev/null -R -f '$T/$at' -e 'set timeout=1' -e 'push q'" "$T/typescript" </dev/null >/dev/null 2>&1 || true
	grep -qE "Msgs:$n" "$T/typescript" || { head -c 2000 "$T/typescript"; fail "mutt does not show $n messages of $at"; }
done
[ "$(mlist "$T/maildir" | wc -l)" = "$n" ] || fail "mlist"
[ "$(mlist -F "$T/maildir" | wc -l)" = "$(grep '"collection":"INBOX",' "$T/items" | grep -c 'Flagged')" ] || fail "mlist -F"
mlist "$T/maildir" | mhdr -h message-id | sort > "$T/ids"
grep '"collection":"INBOX",' "$T/items" | sed -n 's/.*"message-id":"\([^"]*\)".*/\1/p' | sort > "$T/ids.want"
same "$T/ids" "$T/ids.want"
[ "$($PYTHON -m zipfile -l "$T/eml.zip" | grep -c "Work/[^/]*[.]eml ")" = "$(grep -c '"collection":"Work",.*"sha256"' "$T/items")" ] || fail "zip"
bsdtar -xOf "$T/eml.zip" > "$T/all.eml"
say done
