#!/usr/bin/python3
"""--report of every ending: a run that failed or was stopped writes its page, too, with the reason, and what an earlier run wrote does not stay."""
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import VALISE, environment, expect, imap, run  # noqa: E402
import fakedav  # noqa: E402
import fakeimap  # noqa: E402
from cases_target import Target  # noqa: E402


class Lab:
    def __init__(self, home):
        self.home, self.env = home, environment(home)

    def valise(self, code, *args):
        return run(code, *args, env=self.env, cwd=self.home)

    def report(self, code, *args):
        """What both reports of the run say: (page, JSON)."""
        self.valise(code, *args, "--report", "r.html", "--report", "r.json")
        return self.read(code)

    def read(self, code):
        with open(os.path.join(self.home, "r.html")) as f:
            page = f.read()
        with open(os.path.join(self.home, "r.json")) as f:
            o = json.load(f)
        expect(code in (None, o["exit"]), o)
        return page, o

    def failed(self, code, word, *args, verdict="Failed"):
        page, o = self.report(code, *args)
        expect(o["code"] == word and o["text"] and o["command"] == args[0], o)
        expect(verdict in page and "Why: " in page and "Complete:" not in page and "Nothing: " not in page, page)
        return page, o

    def stopped(self, *args):
        """^C while its password command runs."""
        begun = os.path.join(self.home, "begun")
        os.mkfifo(begun)
        p = subprocess.Popen([VALISE, *args, "--report", "r.html", "--report", "r.json"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=self.env, cwd=self.home)
        with open(begun) as f:  # until it is there
            expect(f.read(), "it did not begin")
        os.unlink(begun)
        p.send_signal(signal.SIGINT)
        err = p.communicate(timeout=300)[1]
        expect(p.returncode == 130, err)
        page, o = self.read(130)
        expect(o["code"] == "interrupted" and "Why: " in page and o["text"] in page, page)


def every_ending(lab, source):
    who, wrong = imap(source.port), imap(source.port, "echo wrong")
    for command, *more in ("backup", "-o", "a"), ("fetch", "-t", "tree"):
        page, o = lab.report(0, command, *who, *more)
        expect("Complete: " in page and "Why: " not in page and "text" not in o and o["folders"], page)
        page, o = lab.failed(12, "sign-in", command, *wrong, *more)
        expect("folders" not in o and o["servers"], o)
        lab.failed(1, "network", command, *imap(1), "--same-account", *more)
        lab.failed(1, "other-account", command, *imap(1), *more)
        lab.failed(2, "usage", command, *who, "--only", "frob", *more)
        lab.stopped(command, *imap(source.port, "echo here > begun; exec sleep 600"), *more)
    lab.failed(2, "not-found", "backup", "nobody", "-o", "a")
    lab.failed(1, "exists", "backup", *who, "-o", "tree")
    lab.failed(1, "exists", "backup", *who, "-o", "b", "--tree", "a")
    lab.failed(12, "sign-in", "check", *wrong, verdict="A service could not be read.")
    lab.failed(12, "sign-in", "restore", "a", *wrong)
    lab.failed(10, "no-archive", "restore", "x", *who)
    lab.failed(10, "no-archive", "verify", "x", verdict="Failed: ")
    lab.failed(12, "sign-in", "restore", "a", *wrong, "--dry-run")
    page, o = lab.report(1, "verify", "a", "--expect", "0" * 64)
    expect("Not the expected archive" in page and o["unexpected"] and not o.get("text"), page)
    lab.stopped("restore", "a", *imap(source.port, "echo here > begun; exec sleep 600"))
    lab.stopped("check", *imap(source.port, "echo here > begun; exec sleep 600"))


def damaged(lab, source):
    """A part that is damaged: each item that it costs is named by its folder and UID, the reason once, and no server is blamed."""
    lab.valise(0, "backup", *imap(source.port), "-o", "d")
    part = glob.glob(os.path.join(lab.home, "d/data/000001/part-*"))[0]
    os.chmod(part, 0o600)
    with open(part, "r+b") as f:
        f.truncate(os.path.getsize(part) // 8)
    lines = [json.loads(x) for x in lab.valise(3, "unpack", "d", "-t", "whole", "--json").splitlines() if x.startswith("{")]
    notes = [o for o in lines if o.get("event") == "note" and "item" in o]
    expect(any('"Hello' in o["item"] or ", \"" in o["item"] for o in notes), "not named by its subject: %s" % notes)
    names = {(o["collection"], o["item"].split(",")[0]): o["text"] for o in notes}
    expect(set(names) == {("INBOX", "UID %d" % n) for n in (1, 2, 3, 4, 5)} | {("Work", "UID 1")} and lines[-1]["errors"] == 6, lines)
    again = [t for t in names.values() if t.endswith("cannot be read, for the same reason")]
    expect(0 < len(again) < 6 and len(set(names.values())) == len(names) - len(again) + 1, names)
    with Target() as target:
        text = lab.valise(3, "restore", "d", *imap(target.port), "--report", "r.json", "--report", "r.html")
        _, o = lab.read(3)
        expect(o["failed"] == o["unreadable"] == 6 and "REFUSED" not in text and "6 could not be read from the archive" in text, text)


def folders(lab, source):
    """A restore's folders: what was added, there and not restored in each, and blank where it did not get to."""
    with Target() as target:
        lab.valise(0, "restore", "a", *imap(target.port), "--include", "Work")
        page, o = lab.report(0, "restore", "a", *imap(target.port))
        counts = {f["name"]: (f["added"], f["already"], f["failed"]) for f in o["folders"]}
        expect(counts["INBOX"] == (5, 0, 0) and counts["Work"] == (0, 1, 0), counts)
        expect(">Added</th>" in page and ">There already</th>" in page and ">Not restored</th>" not in page, page)
        expect("<dt>More often than in the archive</dt>" in page and "<dt>Flags added</dt>" in page and "<dt>Already</dt>" not in page, page)
        page, o = lab.report(3, "restore", "d", *imap(target.port), "--map", "INBOX=Damaged", "--map", "Work=Worse")
        counts = {f["name"]: (f["added"], f["already"], f["failed"]) for f in o["folders"]}
        expect(counts["INBOX"] == (0, 0, 5) and counts["Work"] == (0, 0, 1) and ">Not restored</th>" in page, counts)
    _, o = lab.report(12, "restore", "a", *imap(source.port, "echo wrong"))
    expect(o["folders"] and not any("added" in f for f in o["folders"]), o["folders"])
    with fakedav.cases()["correct"]() as dav, fakedav.cases()["correct"]() as target:
        def at(server):
            return ["--caldav", server.url(), "--user", "alice", "--password-command", "echo pw-alice", "--cleartext"]
        lab.valise(0, "backup", *at(dav), "-o", "c")
        _, o = lab.report(None, "restore", "c", *at(target))
        expect(o["folders"] and sum(f["added"] for f in o["folders"]) == o["added"] and sum(f["already"] for f in o["folders"]) == o["already"] and o["added"] + o["already"], o)


def main():
    home = tempfile.mkdtemp(prefix="valise-")
    try:
        lab = Lab(home)
        with fakeimap.FakeImap() as source:
            every_ending(lab, source)
            damaged(lab, source)
            folders(lab, source)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print("ok")


main()
