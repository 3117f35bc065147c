#!/usr/bin/python3
"""Google Takeout: zip files in two volumes, made here of a scripted Gmail account (mail with its labels, a calendar, contacts with a group, JSON and pictures
beside), imported without being unpacked, and restored to another scripted Gmail with its labels and to Dovecot with folders. What is expected is worked out from the account."""
import csv
import email.header
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import SERVERS, Failed, expect, files, imap, run  # noqa: E402
import fakecases  # noqa: E402
import imaptool  # noqa: E402

CASES = fakecases.cases()
ENGLISH = {r"\Inbox": "Inbox", r"\Sent": "Sent", r"\Draft": "Drafts", r"\Starred": "Starred", r"\Important": "Important", r"\Trash": "Trash", r"\Junk": "Spam",
           "read": "Opened", "unread": "Unread", "archived": "Archived", "category": "Category Updates"}
GERMAN = {r"\Inbox": "Posteingang", r"\Sent": "Gesendet", r"\Draft": "Entwürfe", r"\Starred": "Markiert", r"\Important": "Wichtig", r"\Trash": "Papierkorb", r"\Junk": "Spam",
          "read": "Geöffnet", "unread": "Ungelesen", "archived": "Archiviert", "category": 'Kategorie: "Neuigkeiten"'}
ON_DOVECOT = {r"\Inbox": "INBOX", r"\Sent": "Sent", r"\Draft": "Drafts", r"\Trash": "Trash", r"\Junk": "Junk", r"\Starred": "[Gmail]/Starred", r"\Important": "[Gmail]/Important"}
CALENDAR = ("BEGIN:VCALENDAR\r\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\r\nVERSION:2.0\r\nCALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\nX-WR-CALNAME:Arbeit & mehr\r\n"
            "X-WR-TIMEZONE:Europe/Berlin\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nX-LIC-LOCATION:Europe/Berlin\r\nBEGIN:STANDARD\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
            "TZNAME:CET\r\nDTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n%sEND:VCALENDAR\r\n")


def event(uid, more):
    return "BEGIN:VEVENT\r\nUID:%s@google.com\r\nDTSTAMP:20240101T000000Z\r\nSUMMARY:%s\r\n%sEND:VEVENT\r\n" % (uid, uid, more)


EVENTS = {"weekly@google.com": event("weekly", "DTSTART;TZID=Europe/Berlin:20240101T100000\r\nRRULE:FREQ=WEEKLY\r\n")
          + event("weekly", "RECURRENCE-ID;TZID=Europe/Berlin:20240108T100000\r\nDTSTART;TZID=Europe/Berlin:20240108T120000\r\n"),
          "once@google.com": event("once", "DTSTART:20240102T100000Z\r\n")}


def card(name, more=""):
    """As Takeout writes it: no UID."""
    return "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:%s\r\nN:;%s;;;\r\nEMAIL;TYPE=INTERNET:%s@example.org\r\nCATEGORIES:myContacts%s\r\nEND:VCARD\r\n" % (name, name, name.lower(), more)


CARDS = [card("Ann"), card("Bob", ",Friends"), card("Carol")]


def same(have, want, what):
    for key in sorted(set(have) | set(want), key=str):
        expect(have.get(key) == want.get(key), "%s: %s is %.600r instead of %.600r" % (what, key, have.get(key), want.get(key)))


def says(text, pattern):
    expect(re.search(pattern, text), "did not say %r\n%s" % (pattern, text))


def subject(body):
    return re.search(rb"Subject: ([^\r]*)", body)[1].decode()


# ---- what Takeout would give -------------------------------------------------------------------------


def label_line(m, words):
    """X-Gmail-Labels: CSV, encoded where it is not ASCII."""
    mine = sorted(m.labels, key=lambda x: x[0] != "\\")
    cells = [words.get(x, x) for x in mine] + [words["category"]] * (r"\Inbox" in mine)
    cells += [words["archived"]] * (r"\Inbox" not in mine) + [words["read" if r"\Seen" in m.flags else "unread"]]
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return "X-Gmail-Labels: " + email.header.Header(out.getvalue(), "ascii" if out.getvalue().isascii() else "utf-8", header_name="X-Gmail-Labels").encode()


def exported(m, words):
    """The message as Takeout writes it: two fields above the header that Gmail has."""
    return ("X-GM-THRID: %d\n%s\n" % (m.thrid, label_line(m, words))).encode() + m.body.replace(b"\r\n", b"\n")


def mbox(messages, words):
    out = b""
    for m in messages:
        day, month, year = m.date.split()[0].split("-")
        out += b"From %d@xxx Mon %s %s 10:00:00 +0000 %s\n" % (m.msgid, month.encode(), day.encode(), year.encode()) + exported(m, words) + b"\n"
    return out


def entries(messages, words):
    """[the files of the first volume, those of the second]"""
    return [{"Takeout/archive_browser.html": b"<html>an index</html>",
             "Takeout/Mail/All mail Including Spam and Trash.mbox": mbox(messages, words),
             "Takeout/Mail/User Settings/Filters.json": b'{"filter": []}',
             "Takeout/Calendar/ann@example.org.ics": (CALENDAR % "".join(EVENTS.values())).encode()},
            {"Takeout/Contacts/My Contacts/My Contacts.vcf": (CARDS[0] + CARDS[1]).encode(),
             "Takeout/Contacts/All Contacts/All Contacts.vcf": "".join(CARDS).encode(),
             "Takeout/Contacts/All Contacts/Ann.jpg": b"\xff\xd8\xff\xe0 a picture",
             "Takeout/Contacts/Friends/Friends.vcf": CARDS[1].encode()}]


def zips(t, messages, words, name="takeout-20260101T000000Z"):
    for number, volume in enumerate(entries(messages, words), 1):
        with zipfile.ZipFile("%s/%s-%03d.zip" % (t, name, number), "w", zipfile.ZIP_DEFLATED) as z:
            for path, data in volume.items():
                z.writestr(path, data)
    return "%s/%s-001.zip" % (t, name)


def dav(t, archive):
    """{calendars/..., contacts/...: contents} of the archive's tree."""
    shutil.rmtree(t + "/tree", ignore_errors=True)
    run(None, "unpack", archive, "-t", t + "/tree")
    return {os.path.relpath(k, t + "/tree"): v.decode() for k, v in files(t + "/tree").items() if k.startswith((t + "/tree/calendars/", t + "/tree/contacts/"))}


# ---- tests -------------------------------------------------------------------------------------------


def labels(server):
    return {subject(m.body): (sorted(m.labels), sorted(m.flags - {r"\Answered"}), m.date.strip().lstrip("0")) for m in server.stored}


def wanted(g):
    return {k: (a, b, re.sub(r"\d\d:\d\d:\d\d", "10:00:00", c)) for k, (a, b, c) in labels(g).items()}


def test_to_gmail(t):
    """In English and in German: each message once, all its labels; again: nothing; as a tgz, and as unpacked folder: nothing either."""
    with CASES["gmail"]() as g:
        for words in ENGLISH, GERMAN:
            a = "%s/%s.valise" % (t, words["read"])
            path = zips(t, g.stored, words)
            text = run(0, "import", path, "-o", a)
            says(text, r"3 files hold nothing of an account")
            with CASES["gmail-empty"]() as e:
                e.hidden.clear()
                run(0, "restore", a, *imap(e.port), "--only", "mail")
                same(labels(e), wanted(g), words["read"])
                same({subject(m.body): m.body for m in e.stored}, {subject(m.body): m.body for m in g.stored}, "octets")
                expect(e.appended == len(g.stored), "%d appended" % e.appended)
                says(run(0, "restore", a, *imap(e.port), "--only", "mail"), " 0 added")
            says(run(0, "import", path, "-o", a), "nothing new since snapshot 1")
        with tarfile.open(t + "/all.tgz", "w:gz") as tar:
            for volume in entries(g.stored, GERMAN):
                for name, data in volume.items():
                    info = tarfile.TarInfo(name)
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))
        says(run(0, "import", t + "/all.tgz", "-o", a), "nothing new since snapshot 1")
        with zipfile.ZipFile(path) as one, zipfile.ZipFile(path.replace("-001", "-002")) as two:
            one.extractall(t + "/plain")
            two.extractall(t + "/plain")
        for top in "/plain", "/plain/Takeout":
            says(run(0, "import", t + top, "-o", a), "nothing new since snapshot 1")


def test_places(t):
    """Mailboxes as Gmail shows them, with their uses; events with their zone and override; each card once, in one address book."""
    with CASES["gmail"]() as g:
        run(0, "import", zips(t, g.stored, ENGLISH), "-o", t + "/a")
        shown = {}
        for m in g.stored:
            out = m.labels & {r"\Trash", r"\Junk"}
            for label in m.labels - ({x for x in m.labels if x not in out} if out else set()):
                shown.setdefault({r"\Sent": "[Gmail]/Sent Mail", r"\Draft": "[Gmail]/Drafts", r"\Junk": "[Gmail]/Spam", r"\Trash": "[Gmail]/Trash"}.get(label) or ON_DOVECOT.get(label, label), []).append(m)
            if not out:
                shown.setdefault("[Gmail]/All Mail", []).append(m)
        heads = [json.loads(x) for x in run(0, "list", t + "/a", "--json").splitlines()]
        mail = {h["name"]: h for h in heads if h["kind"] == "mail"}
        same({k: v["items"] for k, v in mail.items()}, {k: len(v) for k, v in shown.items()}, "items")
        same({k: v.get("special_use") for k, v in mail.items() if v.get("special_use")},
             {"[Gmail]/Sent Mail": r"\Sent", "[Gmail]/Drafts": r"\Drafts", "[Gmail]/Spam": r"\Junk", "[Gmail]/Trash": r"\Trash", "[Gmail]/Starred": r"\Flagged",
              "[Gmail]/Important": r"\Important", "[Gmail]/All Mail": r"\All"}, "uses")
        have = dav(t, t + "/a")
        events = {k.rpartition("/")[2]: v for k, v in have.items() if k.endswith(".ics")}
        expect(set(events) == {"weekly@google.com.ics", "once@google.com.ics"}, "events: %s" % sorted(events))
        for uid, text in EVENTS.items():
            expect(text in events[uid + ".ics"] and "METHOD" not in events[uid + ".ics"] and "CALNAME" not in events[uid + ".ics"], events[uid + ".ics"])
        expect("BEGIN:VTIMEZONE" in events["weekly@google.com.ics"] and "BEGIN:VTIMEZONE" not in events["once@google.com.ics"], "zones")
        expect([v for k, v in have.items() if k.endswith("/displayname") and k.startswith("calendars")] == ["Arbeit & mehr"], "the calendar's name")
        cards = [re.sub(r"UID:valise-[0-9a-f]{32}\r\n", "", v) for k, v in have.items() if k.endswith(".vcf")]
        expect(Counter(cards) == Counter(CARDS), "cards: %r" % cards)
        expect(len({os.path.dirname(k) for k in have if k.endswith(".vcf")}) == 1, "address books")


def test_mbox_of_each_label(t):
    """Chosen labels, an mbox for each: a message that is in several of them is one, where its labels say."""
    with CASES["gmail"]() as g:
        run(0, "import", zips(t, g.stored, ENGLISH), "-o", t + "/a")
        with zipfile.ZipFile(t + "/x.zip", "w") as z:
            z.writestr("Takeout/Mail/Inbox.mbox", mbox([m for m in g.stored if r"\Inbox" in m.labels], ENGLISH))
            z.writestr("Takeout/Mail/Rest.mbox", mbox(g.stored, ENGLISH))
        run(0, "import", t + "/x.zip", "-o", t + "/b")
        run(0, "unpack", t + "/a", "-t", t + "/ta")
        run(0, "unpack", t + "/b", "-t", t + "/tb")
        mail = [Counter(os.path.dirname(os.path.relpath(k, t + "/" + x)) + "/" + str(hash(v)) for k, v in files(t + "/" + x + "/mail").items()) for x in ("ta", "tb")]
        same(mail[1], mail[0], "messages")


def test_later_takeout(t):
    """The next Takeout: what was read, starred or labelled since is the same message; only new mail is added."""
    with CASES["gmail"]() as g:
        run(0, "import", zips(t, g.stored, ENGLISH), "-o", t + "/a")
        g.stored[1].flags.add(r"\Seen")
        g.label(g.stored[2], "Later")
        g.store([r"\Inbox"], [r"\Seen"])
        text = run(0, "import", zips(t, g.stored, ENGLISH), "-o", t + "/a")
        says(text, r" items in 5 files: 3 new")  # the new one in INBOX and All Mail, the third one in Later
        items = [json.loads(x) for x in run(0, "list", t + "/a", "--items", "--json").splitlines()]
        held = Counter(x["collection"] for x in items)
        expect((held["Later"], held["[Gmail]/All Mail"]) == (1, len([m for m in g.stored if not m.labels & {r"\Trash", r"\Junk"}])), held)
        expect(len({x["sha256"] for x in items if x["kind"] == "mail"}) == len(g.stored), "contents")
        expect([x.get("flags") for x in items if x["collection"] == "INBOX" and x["sha256"] == hashlib.sha256(g.stored[1].body).hexdigest()] == [["\\Seen"]], "flags")


def test_damage(t):
    """A bad checksum, a volume that is missing, a name that goes up, an entry that is encrypted: named, with exit code 3; the rest is there."""
    with CASES["gmail"]() as g:
        path = zips(t, g.stored, ENGLISH)
        os.rename(path.replace("-001", "-002"), path.replace("-001", "-003"))
        text = run(3, "import", path, "-o", t + "/a")
        says(text, r"20260101T000000Z-002\.zip: this volume is missing")
        expect(len([k for k in dav(t, t + "/a") if k.endswith(".vcf")]) == 3, "cards")
        with zipfile.ZipFile(t + "/b.zip", "w") as z:
            z.writestr("../../up.ics", CALENDAR % EVENTS["once@google.com"])
            z.writestr("bad.vcf", "".join(CARDS).replace("N:;Ann", "NOTE:%s\r\nN:;Ann" % ("x" * 5000)))
            z.writestr("last.vcf", CARDS[0])
            z.write(path, "inner.zip")
        data = bytearray(open(t + "/b.zip", "rb").read())
        data[data.index(b"Carol")] ^= 1
        open(t + "/b.zip", "wb").write(data)
        text = run(3, "import", t + "/b.zip", "-o", t + "/b")
        says(text, r"bad\.vcf.*CRC")
        says(text, r"b\.zip: inner\.zip: a packed file inside of another one is not looked into")
        have = dav(t, t + "/b")
        expect(len([k for k in have if k.endswith(".ics")]) == 1 and all(".." not in k for k in have), sorted(have))
        expect(len([k for k in have if k.endswith(".vcf")]) == 4, "what was read before the damage was found: %s" % sorted(have))
        open(t + "/cut.zip", "wb").write(open(path, "rb").read()[:-400])
        says(run(3, "import", t + "/cut.zip", "-o", t + "/c"), "messages in 13 mailboxes")


def test_proton(t):
    """The folder that Proton's export tool writes: folders, labels, flags and dates from the JSON beside each message."""
    os.makedirs(t + "/mail")
    with open(t + "/mail/labels.json", "w") as f:
        json.dump({"Version": 1, "Payload": [{"ID": "aa==", "Name": "2024", "Path": "Work/2024", "Type": 3}, {"ID": "bb==", "Name": "todo", "Path": "todo", "Type": 1}]}, f)
    for name, ids, unread in ("x1==", ["0", "5", "bb=="], 1), ("x2==", ["aa==", "5", "10"], 0), ("x3==", ["7", "2", "5"], 0):
        with open("%s/mail/%s.eml" % (t, name), "w") as f:
            f.write("From: a@example.org\r\nSubject: %s\r\n\r\ntext\r\n" % name)
        with open("%s/mail/%s.metadata.json" % (t, name), "w") as f:
            json.dump({"Version": 1, "Payload": {"ID": name, "LabelIDs": ids, "Unread": unread, "Time": 1600000000, "Subject": name}}, f)
    run(0, "import", t + "/mail", "-o", t + "/a")
    items = [json.loads(x) for x in run(0, "list", t + "/a", "--items", "--json").splitlines()]
    same({x["collection"]: (x.get("flags", []), x["date"]) for x in items}, {k: (v, "13-Sep-2020 12:26:40 +0000") for k, v in (
        ("INBOX", []), ("Labels/todo", []), ("Folders/Work/2024", ["\\Flagged", "\\Seen"]), ("Sent", ["\\Seen"]))}, "mailboxes")
    says(run(0, "import", t + "/mail", "-o", t + "/a"), "nothing new since snapshot 1")


# ---- Dovecot -----------------------------------------------------------------------------------------


def dovecot(t):
    script = os.path.join(SERVERS, "dovecot.sh")
    subprocess.run([script, "start", t + "/dovecot"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "SPECIAL": "1", "ALL": "1"})
    return t + "/dovecot/env"


def test_to_dovecot(t, env):
    """--labels folders and keywords on a real Dovecot."""
    e = imaptool.read_env(env)
    with CASES["gmail"]() as g:
        run(0, "import", zips(t, g.stored, GERMAN), "-o", t + "/a")
        for policy, user in ("folders", "bob"), ("keywords", "carol"):
            account = ["--imap", "imaps://localhost:" + e["IMAPS_PORT"], "--user", user, "--ca-file", e["CA"], "--password-command", "echo pw-" + user]
            run(0, "restore", t + "/a", *account, "--only", "mail", "--labels", policy)
            held = {}
            with imaptool.Account.open(env, user) as a:
                for path, attributes in a.folders().items():
                    if r"\noselect" not in attributes and path[0] != "virtual":
                        found = Counter((bytes(m["BODY[]"]), tuple(sorted(f for f in m["FLAGS"] if f[0] == "\\" and f != r"\Recent"))) for m in a.fetch(path).values())
                        held.update({"/".join(path): found} if found else {})
            want = {}
            for m in g.stored:
                flags = sorted((m.flags - {r"\Answered"}) | ({r"\Flagged"} if r"\Starred" in m.labels else set()))
                places = [ON_DOVECOT.get(x, x) for x in m.labels] or ["Archive"]
                if policy == "keywords":
                    places = [next((ON_DOVECOT[x] for x in (r"\Inbox", r"\Draft", r"\Sent", r"\Junk", r"\Trash") if x in m.labels), "Archive")]
                for place in places:
                    want.setdefault(place, Counter())[m.body, tuple(flags)] += 1
            same(held, want, policy)
            says(run(0, "restore", t + "/a", *account, "--only", "mail", "--labels", policy), " 0 added")


def main():
    alone = [test_to_gmail, test_places, test_mbox_of_each_label, test_later_takeout, test_damage, test_proton]
    base, failed, env = tempfile.mkdtemp(prefix="valise-takeout-"), 0, None
    os.chmod(base, 0o755)
    try:
        for test in alone + [test_to_dovecot]:
            if test is test_to_dovecot:
                env = dovecot(base)
            t = os.path.join(base, test.__name__)
            os.mkdir(t)
            os.environ.update(XDG_STATE_HOME=t + "/state", XDG_CONFIG_HOME=t + "/config", HOME=t)
            try:
                test(t, *[env] if env else [])
                print("ok", test.__name__)
            except Failed as e:
                failed += 1
                print("FAILED %s: %s" % (test.__name__, e))
    finally:
        if env:
            subprocess.run([os.path.join(SERVERS, "dovecot.sh"), "stop", base + "/dovecot"], check=False)
        shutil.rmtree(base, ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
