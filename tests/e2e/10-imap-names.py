#!/usr/bin/python3
"""Mailbox names between servers that disagree about them: scripted ones (tests/servers/cases_names.py), looked into from within.

An account with every odd name goes to each: whatever the target makes of the names, each mailbox of the archive lands in one of its
own, what is called otherwise is in the report, and a second restore, with and without its journal, adds nothing. Then special uses by
XLIST and by name, --map, --include and --exclude, other people's mailboxes, UTF8=ACCEPT."""
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import environment, imap, run  # noqa: E402
import cases_names  # noqa: E402
import fakeimap  # noqa: E402
import names  # noqa: E402

T = tempfile.mkdtemp(prefix="valise-")
STATE = os.path.join(T, "state")
ENV = dict(environment(T, STATE), LC_ALL="C.UTF-8")


def valise(want, server, *args):
    """Runs it against ${server}; its exit code must be ${want}. Returns (text, report)."""
    report = os.path.join(T, "report.json")
    text = run(want, *args, *imap(server.port), "--report", report, env=ENV)
    if want in (0, 3):
        with open(report) as f:
            return text, json.load(f)
    return text, None


def backup(case, *options):
    """Into an archive of its own: each of these servers has a port of its own, and may be another."""
    archive = os.path.join(tempfile.mkdtemp(dir=T), case.name + ".valise")
    with case() as server:
        valise(0, server, "backup", "-o", archive, *options)
    return archive


def collections(archive):
    out = run(0, "list", archive, "--json", env=ENV)
    return {c["name"]: c for c in map(json.loads, out.splitlines())}


def went(report):
    """{mailbox of the archive: mailbox of the target, as the report names it}"""
    found = {}
    for n in report["notes"]:
        m = re.match(r'goes to "(.*?)"(: |$)', n["text"])
        if m:
            found[n["collection"]] = m[1]
    return found


def holds(server):
    """{mailbox of the target: whose messages it has}, from within"""
    out = {}
    for wire, box in server.mailboxes.items():
        subjects = [re.search(rb"Subject: ([^\r]*)", m.body)[1] for m in box.messages]
        if subjects:
            out[names.from_mutf7(wire)] = subjects
    return out


def check_names(case, archive, expected):
    """Every mailbox of the archive in one of its own; the renamed ones named; again: nothing."""
    with case() as server:
        dry = went(valise(0, server, "restore", archive, "--dry-run")[1])
        report = valise(0, server, "restore", archive)[1]
        told, there = went(report), holds(server)
        for source in cases_names.Names.boxes:
            mine = names.to_mutf7(source)
            at = [n for n, subjects in there.items() if mine in subjects]
            assert len(at) == 1 and there[at[0]] == [mine] * 2, "%s: %r is in %s" % (case.name, source, {n: there[n] for n in at})
            plain = source if source == "INBOX" else server.prefix + source.replace("/", server.delimiter)
            assert told.get(source, plain) == at[0], "%s: %r is in %r, told %r" % (case.name, source, at[0], told.get(source))
            assert source not in dry or source in told, "%s: planned otherwise: %s" % (case.name, source)
            if source in expected:
                assert at[0] == expected[source], "%s: %r went to %r instead of %r" % (case.name, source, at[0], expected[source])
        for state in "with", "without":
            if state == "without":
                shutil.rmtree(STATE)
            again = valise(0, server, "restore", archive)[1]
            assert again["added"] == 0, "%s: %d added again %s the journal" % (case.name, again["added"], state)
        assert holds(server) == there, case.name
        print("%s: %d mailboxes, %d of them renamed" % (case.name, len(there), len(told)))


def odd_names():
    archive = backup(cases_names.Names)
    check_names(cases_names.GmailNames, archive, {"Sent Items": "[Gmail]/Gesendet", " lead": "lead", "trail ": "trail", "two  blanks": "two blanks", "a^b": "a_b",
                                                  "twin": "twin_3", "Twin ": "Twin_2"})
    check_names(cases_names.ExchangeNames, archive, {"trail ": "trail", 'quote"': "quote_", "star*%": "star__", "Twin ": "Twin_2", "twin": "twin_3", "tab\there": "tab_here",
                                                     "y" * 150: "y" * 40 + "~" + hashlib.sha256(b"y" * 150).hexdigest()[:8]})
    check_names(cases_names.SilentNames, archive, {"trail ": "trail", "Twin ": "Twin_2", "twin": "twin_3"})
    check_names(cases_names.DominoNames, archive, {"INBOX/under": "INBOX_under", "back\\slash": "back_slash", "Sent Items": "Sent", "Work/2024/Q1": "Work\\2024\\Q1"})
    check_names(cases_names.HmailNames, archive, {"v1.2": "v1_2_2", "Outbox": "INBOX.Outbox"})
    check_names(cases_names.BelowInboxOnly, archive, {"Work/2024/Q1": "INBOX.Work.2024.Q1", "Sent Items": "INBOX.Sent"})
    check_names(cases_names.GmxNames, archive, {"Sent Items": "INBOX.Gesendet"})
    check_names(cases_names.FlatNames, archive, {"Work/2024/Q1": "Work_2024_Q1"})


class German(cases_names.Picky):
    name = "german"
    extensions = cases_names.PLAIN
    boxes = ["INBOX", "Gesendet", "Gesendete Objekte", "Entw\u00fcrfe", "Papierkorb", "Spamverdacht", "Archiv", "Kos", "Work/Sent"]

    def populate(self):
        for i, name in enumerate(self.boxes):
            for k in range(1 + i):
                self.mailbox(names.to_mutf7(name)).add(b"Subject: %s\r\n\r\n%d\r\n" % (names.to_mutf7(name), k))


class English(cases_names.Picky):
    name = "english"
    extensions = cases_names.PLAIN
    start = ["INBOX", "Sent", "Sent Items", "Drafts", "Trash", "Spam", "Archive"]


class Announcing(cases_names.Picky):
    name = "announcing"
    start = ["INBOX", "Trash", "Drafts", "Sent", ("Outgoing", r"\Sent"), ("Unsent", r"\Drafts"), ("Bin", r"\Trash"), ("Dubious", r"\Junk")]


def special_uses():
    archive = backup(German)
    with English() as server:
        text, dry = valise(0, server, "restore", archive, "--dry-run")
        assert 'Papierkorb: goes to "Trash": by the name it is' in text, text
        told = went(valise(0, server, "restore", archive)[1])
        assert told == went(dry) == {"Gesendete Objekte": "Sent", "Entw\u00fcrfe": "Drafts", "Papierkorb": "Trash", "Spamverdacht": "Spam", "Archiv": "Archive"}, told
        there = holds(server)
        assert there["Sent"] == [b"Gesendete Objekte"] * 3 and there["Gesendet"] == [b"Gesendet"] * 2 and there["Kos"] == [b"Kos"] * 8, there
        # what is larger next time, or announced since, does not change where an earlier restore went
        with German() as old:
            for k in range(9):
                old.mailbox("Gesendet").add(b"Subject: Gesendet\r\n\r\nnew %d\r\n" % k)
            old.mailbox("Papierkorb").attributes = [r"\Junk"]
            valise(0, old, "backup", "-o", archive, "--same-account")
        dry = went(valise(0, server, "restore", archive, "--dry-run")[1])
        report = valise(0, server, "restore", archive)[1]
        assert dry == went(report), (dry, went(report))
        assert report["added"] == 9 and went(report)["Gesendete Objekte"] == "Sent", went(report)
        assert len(holds(server)["Gesendet"]) == 11
    shutil.rmtree(archive)
    archive = backup(German)
    with Announcing() as server:
        told = went(valise(0, server, "restore", archive)[1])
        assert told == {"Gesendete Objekte": "Outgoing", "Entw\u00fcrfe": "Unsent", "Papierkorb": "Bin", "Spamverdacht": "Dubious"}, told
    print("uses by name: as they should be, and as they were before")


def xlist():
    archive = backup(cases_names.Xlist)
    kept = collections(archive)
    assert "Posteingang" not in kept and kept["INBOX"]["items"] == 1, list(kept)
    with Announcing() as server:
        told = went(valise(0, server, "restore", archive)[1])
        assert told == {"[Gmail]/Gesendet": "Outgoing", "[Gmail]/Entw\u00fcrfe": "Unsent", "[Gmail]/Papierkorb": "Bin", "[Gmail]/Spam": "Dubious"}, told
    print("XLIST: read as SPECIAL-USE, INBOX once")


def options():
    archive = backup(cases_names.Names)
    with English() as server:
        text = valise(2, server, "restore", archive, "--map", "Wrok=Old")[0]
        assert 'is called "Wrok"' in text and not holds(server), text
        valise(2, server, "restore", archive, "--map", "Work")
        valise(0, server, "restore", archive, "--include", "Work*", "--folder", "v1*", "--exclude", "*/Q1", "--map", "Work=Old/Job", "--map", "v1_2=Sent=2FItems")
        assert set(holds(server)) == {"Old/Job", "Old/Job/2024", "v1.2", "Sent_Items"}, list(holds(server))
        told = went(valise(0, server, "restore", archive, "--map", "Work=Old/Job", "--under", "Attic", "--dry-run")[1])
        assert told["Work/2024/Q1"] == "Old/Job/2024/Q1" and told["INBOX"] == "Attic/INBOX", told
    print("--map, --include, --exclude: as said")


def remapped():
    """Another --map than before: what the earlier one brought elsewhere is left there, and nothing of it is said to be deleted at the source."""
    archive = os.path.join(T, "remapped.valise")
    notes = lambda report: [(n["collection"], n["text"]) for n in report["notes"] if "goes to" not in n["text"] or "is left" in n["text"]]  # noqa: E731
    with fakeimap.FakeImap() as source, English() as server:
        source.mailboxes.clear()
        for name, n in ("INBOX", 1), ("A", 2), ("B", 1):
            for i in range(n):
                source.mailbox(name).add(b"Subject: %d in %s\r\n\r\nbody\r\n" % (i, name.encode()))
        valise(0, source, "backup", "-o", archive)
        valise(0, server, "restore", archive, "--map", "A=X")
        said = notes(valise(0, server, "restore", archive, "--map", "A=Y", "--map", "B=X")[1])
        assert sorted(said) == [("B", '"A" was restored to this mailbox earlier; of that 2 messages are left here'), ("B", 'what was restored to this mailbox earlier is left; its mailbox "B" goes to "X" now')], said
        said = notes(valise(0, server, "restore", archive, "--map", "B=Z")[1])
        assert ("X", 'what was restored to this mailbox earlier is left; its mailbox "B" goes to "Z" now') in said and not any("snapshot" in t or "deleted" in t for _, t in said), said
        assert {k: len(v) for k, v in holds(server).items()} == {"INBOX": 1, "X": 3, "B": 1, "Y": 2, "Z": 1}, holds(server)
        del source.mailboxes[b"A"].messages[0], source.mailboxes[b"B"]
        valise(0, source, "backup", "-o", archive)
        said = notes(valise(0, server, "restore", archive)[1])
        assert ("A", "deleted at the source since it was restored; the message here is left") in said and ("Z", "what was restored to this mailbox earlier is left; the snapshot has no mailbox for it") in said, said
    print("--map, another than before: nothing is said to be deleted")


def others():
    archive = os.path.join(T, "shared.valise")
    with cases_names.Shared() as server:
        text = valise(0, server, "backup", "-o", archive)[0]
        assert "2 mailboxes of other users" in text and set(collections(archive)) == {"INBOX", "Sent"}, text
        valise(0, server, "backup", "-o", archive, "--all-namespaces")
        assert set(collections(archive)) == {"INBOX", "Sent", "user.bob", "user.bob.Sent", "#shared.team"}, collections(archive)
        server.mailbox("INBOX").add(b"Subject: more\r\n\r\n")
        valise(0, server, "backup", "-o", archive)
        kept = collections(archive)
        for name in "user.bob", "#shared.team": # the second is not even shown to who does not ask for it
            assert kept[name]["status"] == "skipped" and kept[name]["items"] == 1, "left out, and lost"
    print("other people's mailboxes: only when asked for, and not lost afterwards")


def utf8():
    archive = os.path.join(T, "utf8.valise")
    with cases_names.RawUtf8() as server:
        valise(0, server, "backup", "-o", archive)
        assert not any(b"ACCEPT" in line.upper() for _, line in server.log), "UTF8=ACCEPT was enabled"
    kept = collections(archive)
    assert set(kept) == {"INBOX", "Entw\u00fcrfe", "M\u00fcll", "M\u00fcll_2"}, list(kept)
    print("UTF8=ACCEPT: never enabled; raw UTF-8 and modified UTF-7 told apart")


def main():
    odd_names()
    special_uses()
    xlist()
    options()
    remapped()
    others()
    utf8()


if __name__ == "__main__":
    try:
        main()
    finally:
        if os.environ.get("KEEP"):
            print("kept:", T)
        else:
            shutil.rmtree(T)
