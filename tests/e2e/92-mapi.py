#!/usr/bin/python3
"""A mailbox over MAPI (servers/fakemapi.py): all of it arrives and nothing in it changes; a second run asks next to nothing, and of changes just these;
what was recorded from a server is what was put into it; options choose, and what they leave out comes when they are gone. 92-mapi.py [TEST...]"""
import email
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import TESTS, Failed, environment, execute, expect  # noqa: E402
import fakemapi  # noqa: E402
from mapi import fx, items  # noqa: E402
from mapicases_wire import Case, bag_octets  # noqa: E402

RECORDED = os.path.join(TESTS, "../fixtures/mapi/recorded")
MOST = 10  # requests where nothing is new


def ask(t, server, command, *args, code=0):
    """What it says; nothing in the mailbox changes, and no ROP asks for that."""
    before, server.requests[:], server.rops[:] = server.store.dump(), [], []
    rc, out, err = execute(command, *args, "--mapi", server.url(), "--mapi-mailbox", server.store.dn, "--user", "alice", "--password-command",
                           "echo pw-alice", "--cleartext", env=environment(t))
    expect(rc == code, "exit code %d instead of %d\n%s%s" % (rc, code, out, err))
    expect(not server.changes_asked() and server.store.dump() == before, "the mailbox is not as before")
    expect(not server.problems, server.problems)
    return out + err


def backup(t, server, *args, code=0):
    return ask(t, server, "backup", "-o", t + "/a", *args, code=code)


def tree(t):
    """{(kind, name): [catalog line]} of the newest snapshot; the octets of an item are at its "file"."""
    shutil.rmtree(t + "/tree", ignore_errors=True)
    rc, out, err = execute("unpack", t + "/a", "-t", t + "/tree", env=environment(t))
    expect(rc in (0, 3), out + err)
    found = {}
    with open(t + "/tree/catalog/tree.json") as f:
        heads = json.load(f)["collections"]
    for h in heads:
        with open(os.path.join(t, "tree", h["catalog"])) as f:
            lines = [json.loads(x) for x in f][1:-1]
        for line in lines:
            line["file"] = os.path.join(t, "tree", h["path"], line.get("path", ""))
        found[h["kind"], h["name"]] = lines
    return found


def octets(line):
    with open(line["file"], "rb") as f:
        return f.read()


def subjects(found, kind="mail", name="INBOX"):
    return sorted(x["what"].get("subject") or x["what"].get("summary") for x in found.get((kind, name), []) if "error" not in x)


class Made(fakemapi.FakeMapi):
    name = "made"

    def populate(self):
        pass


def test_all(t):
    """Some hundred items of all kinds, once and again."""
    subprocess.run([sys.executable, TESTS + "/tools/genmapi.py", t + "/box", "--items", "300", "--octets", "4000000"], check=True, stdout=subprocess.DEVNULL)
    with Made(t + "/box") as server:
        said = backup(t, server)
        n = sum(len(f.normal()) for f in server.store.below(server.store.by_use("top")) if not f.search and not f.hidden)
        expect(n == 300 and "%d raw items" % n in said, said)
        expect(execute("verify", t + "/a")[0] == 0, "verify")
        # of the 16 folders each stream comes by one request for each 256 KiB, and one to open it
        expect(len(server.requests) < 32 + 4_000_000 // 200_000, "%d requests" % len(server.requests))
        said = backup(t, server)
        expect("nothing changed since snapshot 1" in said and len(server.requests) <= MOST, "%d requests\n%s" % (len(server.requests), said))
        found = tree(t)
        for (kind, name), lines in found.items():
            if kind != "mapi":
                continue
            of, _, beside = name.partition(": ")
            hrefs = {str(x.get("uid", x.get("href"))) for x in found[of, beside]}
            expect(all(x["href"] in hrefs or "note" in x for x in lines), "an item of %s that stands beside nothing" % name)


class Recorded(fakemapi.FakeMapi):
    name = "recorded-items"

    def populate(self):
        for name in "Inbox", "Calendar", "Contacts", "Tasks":
            with open("%s/%s.copymessages.fx" % (RECORDED, name), "rb") as f:
                for _, bag in fx.messages(f.read()):
                    self.store.add(self.store.by_use(name.lower()), fx.body(bag))


def given(name):
    with open(os.path.join(RECORDED, "input", name), "rb") as f:
        return f.read()


def test_recorded(t):
    """What gromox gave of items that were put into it: all header fields, texts and attachments; instances and fields."""
    with Recorded() as server:
        backup(t, server)
    found = tree(t)
    mails = {m["Message-ID"]: m for m in (email.message_from_bytes(octets(x)) for x in found["mail", "INBOX"])}
    expect(len(mails) == 5, mails)
    for name in "m1.eml", "m2.eml", "bulk000.eml", "bulk001.eml", "bulk002.eml":
        was = email.message_from_bytes(given(name))
        now = mails[was["Message-ID"]]
        own = [(k, v) for k, v in was.items() if not k.lower().startswith(("content-", "mime-"))]
        expect([(k, v) for k, v in now.items() if not k.lower().startswith(("content-", "mime-"))] == own, "%s: %s" % (name, now.items()))
        for part in was.walk():
            data = part.get_payload(decode=True)
            if part.is_multipart():
                continue
            like = [p.get_payload(decode=True) for p in now.walk() if p.get_content_type() == part.get_content_type()]
            plain = b"\n".join(data.splitlines()).strip()
            expect(any(plain == b"\n".join(x.splitlines()).strip() for x in like if x is not None), "%s: %s is not there" % (name, part.get_content_type()))
    lines = {uid: set(re.sub(r"\r?\n[ \t]", "", octets(x).decode()).splitlines()) for k in ("calendars", "contacts") for x in sum((v for n, v in found.items() if n[0] == k), [])
             for uid in [x["id"]]}
    # what gromox itself does not give: participants, a task's UID, state and percent, a card's URL and the FAX of its number
    expected = {
        "allday1@example.org": ["DTSTART;VALUE=DATE:20260501", "DTEND;VALUE=DATE:20260503", "SUMMARY:All day", "CATEGORIES:Red,Travel", "TRANSP:TRANSPARENT"],
        "e1@example.org": ["DTSTART;TZID=Europe/Berlin:20260302T090000", "DTEND;TZID=Europe/Berlin:20260302T100000", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=10",
                           "EXDATE;TZID=Europe/Berlin:20260309T090000", "SUMMARY:Weekly meeting Ä", "LOCATION:Köln", "TRIGGER:-PT15M",
                           "RECURRENCE-ID;TZID=Europe/Berlin:20260316T090000", "DTSTART;TZID=Europe/Berlin:20260317T110000",
                           "DTEND;TZID=Europe/Berlin:20260317T120000", "SUMMARY:Weekly meeting moved"],
        "c1@example.org": ["N:Müller;Änne;;Dr.;", "FN:Dr. Änne Müller", "ORG:ACME GmbH;R&D", "TITLE:Engineer", "ADR;TYPE=WORK:;;Domplatz 1;Köln;NRW;50667;Germany",
                           "BDAY:1980-04-05", "NOTE:likes\\, commas", "EMAIL;TYPE=INTERNET,PREF:anne@example.org", "TEL;TYPE=WORK,VOICE:+49 221 12345",
                           "TEL;TYPE=CELL,VOICE:+49 170 12345"],
        "c2@example.org": ["N:Lee;Bruce;;;", "FN:Bruce Lee", "EMAIL;TYPE=INTERNET,PREF:bruce@example.org", "EMAIL;TYPE=INTERNET:bruce2@example.org",
                           "TEL;TYPE=HOME,VOICE:+1 555 1", "TEL;TYPE=WORK,VOICE:+1 555 2", "CATEGORIES:Friends"]}
    for uid, wanted in expected.items():
        expect(set(wanted) <= lines[uid], "%s: %s" % (uid, set(wanted) - lines[uid]))
    (task,) = (v for k, v in lines.items() if k not in expected)
    expect({"DUE;VALUE=DATE:20260401", "SUMMARY:Write report Ä", "DESCRIPTION:two\\nlines"} <= task, task)


def uids(found, name="INBOX"):
    return {x["what"]["subject"]: x["uid"] for x in found["mail", name]}


def test_increments(t):
    """One new, one changed, one deleted, one read: these are asked for, all else is as it was, and UIDs stay."""
    with Case() as server:
        backup(t, server)
        first = tree(t)
        server.put("inbox", items.mail("New", number=60))
        server.store.alter(server.find("Inbox 2"), bag_octets(items.mail("Inbox 2, altered", number=2)))
        server.store.remove(server.find("Inbox 1"))
        server.store.set_read(server.find("Inbox 4"), True)
        server.bodies = 0
        said = backup(t, server)
        expect("snapshot 2 sealed" in said and server.bodies == 2 and len(server.requests) <= MOST, "%d bodies, %d requests\n%s" % (server.bodies, len(server.requests), said))
        second = tree(t)
        was, now = uids(first), uids(second)
        expect(set(now) == set(was) - {"Inbox 1", "Inbox 2"} | {"New", "Inbox 2, altered"}, now)
        expect(all(now[s] == was[s] for s in set(was) & set(now)) and now["Inbox 2, altered"] == was["Inbox 2"] and now["New"] == max(was.values()) + 1, (was, now))
        flags = {x["what"]["subject"]: x.get("flags", []) for x in second["mail", "INBOX"]}
        expect("\\Seen" in flags["Inbox 4"], flags)
        same = {x["etag"]: x["sha256"] for x in first["mapi", "mail: INBOX"]}
        expect(all(same.get(x["etag"], x["sha256"]) == x["sha256"] for x in second["mapi", "mail: INBOX"]), "other octets of the same version")
        server.store.set_read(server.find("Inbox 4"), False)
        server.bodies = 0
        backup(t, server)
        flags = {x["what"]["subject"]: x.get("flags", []) for x in tree(t)["mail", "INBOX"]}
        expect("\\Seen" not in flags["Inbox 4"] and server.bodies == 0, flags)


def test_chosen(t):
    """Kinds, folders, dates; what is left out comes by a later run without the options, and nothing comes twice."""
    with Case() as server:
        backup(t, server, "--only", "calendars")
        found = tree(t)
        expect({k[0] for k in found} == {"calendars", "mapi"} and subjects(found, "calendars", "Calendar") == ["Dinner", "Lunch"], found)
        backup(t, server, "--include", "Work")
        found = tree(t)
        expect(subjects(found, name="Work") == ["Work 0", "Work 1", "Work 2"] and not subjects(found) and subjects(found, "calendars", "Calendar"), list(found))
        said = backup(t, server, "--larger", "1000000000")
        found = tree(t)
        expect(re.search("INBOX: 6 items are left out", said) and not subjects(found) and len(subjects(found, name="Work")) == 3, said)
        server.bodies = 0
        backup(t, server)
        found = tree(t)
        expect(len(subjects(found)) == 6 and len(subjects(found, name="Work")) == 3, list(found))
        expect("nothing changed" in backup(t, server), "something changed")


def test_associated(t):
    """Associated items and hidden folders only when they are asked for."""
    with Case() as server:
        server.store.add(server.store.by_use("inbox"), bag_octets(items.mail("A rule", number=90)), associated=True)
        backup(t, server)
        expect("A rule" not in subjects(tree(t)), "an associated item")
        backup(t, server, "--associated")
        expect("A rule" in subjects(tree(t)) and len(subjects(tree(t))) == 7, subjects(tree(t)))
        backup(t, server)
        expect("A rule" not in subjects(tree(t)) and len(subjects(tree(t))) == 6, subjects(tree(t)))


def test_kinds(t):
    """An item in a folder that is for others, its kind not asked for at first: it comes when it is."""
    with Case() as server:
        server.put("inbox", items.contact("A card in the inbox", 77))
        backup(t, server, "--only", "mail")
        expect(("contacts", "Inbox") not in tree(t), "a card")
        backup(t, server)
        expect(len(tree(t).get(("contacts", "Inbox"), [])) == 1, "the card did not come")


def test_reads(t):
    """One is read, another one unread: as many are unread as before, and the server says of no change in the folder."""
    with Case() as server:
        backup(t, server)
        server.store.set_read(server.find("Inbox 4"), True)
        server.store.set_read(server.find("Inbox 3"), False)
        backup(t, server)
        seen = {x["what"]["subject"] for x in tree(t)["mail", "INBOX"] if "\\Seen" in x.get("flags", [])}
        expect(seen == {"Inbox 1", "Inbox 4", "Inbox 5"}, seen)


class Empty(Case):
    """A mailbox that is restored to."""
    name = "empty"

    def populate(self):
        pass


def test_reads_back(t):
    """An item that was read after it was fetched is restored as read."""
    with Case() as server:
        backup(t, server)
        server.store.set_read(server.find("Inbox 4"), True)
        server.store.set_read(server.find("Inbox 3"), False)
        backup(t, server)
    with Empty() as server:
        rc, out, err = execute("restore", t + "/a", "--mapi", server.url(), "--mapi-mailbox", server.store.dn, "--user", "alice", "--password-command",
                               "echo pw-alice", "--cleartext", env=environment(t))
        expect(rc == 0, out + err)
        expect([server.find("Inbox %d" % n).read for n in (1, 3, 4, 5)] == [True, False, True, True], "read states")


class Silent(Case):
    """Passes over an item, and says that it was seen: fewer come than the folder has."""
    name = "silent"

    def in_order(self, messages):
        return [m for m in messages if m.small.get(0x0037001f) != "Inbox 2"]


def test_passed_over(t):
    """What a synchronization leaves out without a word is found by the folder's table."""
    with Silent() as server:
        backup(t, server)
        expect(len(subjects(tree(t))) == 6, subjects(tree(t)))
        expect("nothing changed" in backup(t, server), "something changed")


def main():
    tests = {k[5:]: v for k, v in globals().items() if k.startswith("test_")}
    failed = []
    for name in sys.argv[1:] or tests:
        with tempfile.TemporaryDirectory(prefix="valise-92-") as t:
            try:
                tests[name](t)
            except Failed as e:
                failed.append(name)
                print("%s: %s" % (name, e))
    sys.exit("failed: " + " ".join(failed) if failed else 0)


main()
