#!/usr/bin/python3
"""What somebody relies on day by day: --quiet prints nothing where nothing is wrong, a failure is told once, numbers agree, an older seal is not damage,
and a report that cannot be written is told before anything is done."""
import html.parser
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import VALISE, environment, execute, expect, imap  # noqa: E402
import fakeimap  # noqa: E402


class Target(fakeimap.FakeImap):
    """Empty; refuses what has "message 2" for its subject."""

    def populate(self):
        self.mailbox("INBOX")

    def do_append(self, s, tag, args):
        if b"Subject: message 2" in b"".join(a for a in args if isinstance(a, bytes)):
            s.send(tag + " NO not this one")
            return
        super().do_append(s, tag, args)


class Scene:
    def __init__(self, scratch):
        self.scratch, self.env = scratch, environment(scratch)
        self.archive = os.path.join(scratch, "a.valise")

    def run(self, code, *args):
        rc, out, err = execute(*args, env=self.env)
        expect(rc == code, "exit code %d instead of %d: %s\n%s%s" % (rc, code, " ".join(args), out, err))
        return out, err

    def silent(self, *args):
        out, err = self.run(0, *args, "-q")
        expect(out == err == "", "%s -q: %r %r" % (args[0], out, err))


def on_disk(path):
    return sum(os.path.getsize(os.path.join(at, f)) for at, _, files in os.walk(path) for f in files)


def human(n):
    return "%d bytes" % n if n < 1000 else "%.1f kB" % (n / 1000)


def numbers(s, source):
    """What backup, snapshots and the disk say of a snapshot's size, first and second."""
    for snapshot in 1, 2:
        out, _ = s.run(0, "backup", *imap(source.port), "-o", s.archive)
        size = on_disk(os.path.join(s.archive, "data", "%06d" % snapshot))
        expect(", %s on disk" % human(size) in out, "%d octets are on disk: %s" % (size, out))
        listing = s.run(0, "snapshots", s.archive)[0].splitlines()
        expect(re.match(r" +%d .* %s on disk " % (snapshot, human(size)), listing[-1]), listing)
        as_json = json.loads(s.run(0, "snapshots", s.archive, "--json")[0].splitlines()[-1])
        expect(as_json["stored_bytes"] == size, as_json)
        source.mailbox("INBOX").add(b"Subject: one more\r\n\r\nx\r\n")
    expect("1 message in 1 mailbox," in s.run(0, "backup", *imap(source.port), "-o", s.archive + "1", "--include", "Work")[0], "plural")


def seals(s):
    """verify --expect: the newest, an older one, none of this archive, no seal at all."""
    newest, older = (json.loads(x)["seal"] for x in reversed(s.run(0, "snapshots", s.archive, "--json")[0].splitlines()))
    out, _ = s.run(0, "verify", s.archive, "--expect", newest.upper())
    expect(": sound (every byte read)" in out, out)
    out, err = s.run(0, "verify", s.archive, "--expect", older)
    expect(": sound, and newer than expected (" in out and "the expected seal is that of snapshot 1" in out and not err, out + err)
    out, _ = s.run(0, "verify", s.archive, "--expect", older, "--json")
    expect(json.loads(out)["expected_snapshot"] == 1 and json.loads(out)["sound"], out)
    s.silent("verify", s.archive, "--expect", older)
    out, err = s.run(1, "verify", s.archive, "--expect", "0" * 64)
    expect("DAMAGED" not in out and "salvage" not in out and ": not the expected archive: " in out and "the newest seal is" in err, out + err)
    for bad in "", "x", newest[1:], newest + "0", newest[1:] + "g":
        _, err = s.run(2, "verify", s.archive, "--expect", bad)
        expect("--expect takes the number" in err, err)


def quiet(s, source):
    with Target() as target:
        s.silent("backup", *imap(source.port), "-o", s.archive)
        s.silent("fetch", *imap(source.port), "-t", s.scratch + "/tree")
        s.silent("check", *imap(source.port))
        s.silent("verify", s.archive)
        s.silent("verify", s.archive, "--content")
        s.silent("unpack", s.archive, "-t", s.scratch + "/unpacked")
        # a note on where it goes is nothing wrong
        moved = "restore", s.archive, *imap(target.port), "--map", "Work=Elsewhere"
        expect("goes to" in s.run(0, *moved, "--include", "Work", "--dry-run")[1], "no note")
        s.silent(*moved, "--include", "Work")
        out, err = s.run(3, *moved, "--strict", "-q")
        expect(err.count("not this one") == 1 and "Elsewhere" in err and "1 REFUSED" in out, out + err)


def once(s, source):
    """One line, that says it."""
    for command in ["backup", "-o", s.scratch + "/x"], ["fetch", "-t", s.scratch + "/y"], ["check"], ["restore", s.archive]:
        out, err = s.run(12, *command, *imap(source.port, "echo wrong"))
        expect(out == "" and err.count("\n") == 1 and err.count("wrong name or password") == 1, out + err)


class Silent(fakeimap.FakeImap):
    """Greets, and answers no sign-in."""

    def before(self, s, tag, name, args):
        if name in ("LOGIN", "AUTHENTICATE"):
            s.stall()


def timeouts(s):
    """Whoever speaks to a server takes --timeout."""
    with Silent() as server:
        for command in ["backup", "-o", s.scratch + "/t", "--max-wait", "1"], ["fetch", "-t", s.scratch + "/t", "--max-wait", "1"], ["check"], \
                ["restore", s.archive, "--max-wait", "1"]:
            _, err = s.run(1, *command, *imap(server.port), "--timeout", "1")
            expect("no answer for 1 second (--timeout allows for more)" in err, err)
        setup = ["setup", *imap(server.port), "--yes", "--timeout", "1", "--config", s.scratch + "/none.ini"]
        _, err = s.run(1, *setup)
        expect("no answer for 1 second (--timeout allows for more)" in err and not os.path.exists(s.scratch + "/none.ini"), err)
    with socket.create_server(("127.0.0.1", 0), backlog=50) as mute:  # takes connections, and says nothing
        at = "http://127.0.0.1:%d" % mute.getsockname()[1]
        ini = s.scratch + "/mute.ini"
        with open(os.open(ini, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write("[defaults]\nimap = imap://127.0.0.1:1\nuser = a\ncleartext = yes\noauth-client-id = c\n"
                    "[issuer]\noauth = %s\n[endpoints]\noauth-device = %s/d\noauth-token = %s/t\noauth-scopes = s\n" % (at, at, at))
        for name in "issuer", "endpoints":
            _, err = s.run(1, "login", name, "--device", "--timeout", "1", "--config", ini)
            expect("nothing came for" in err and "--timeout allows for more" in err, err)
        _, err = s.run(1, "setup", "--imap", "imap" + at[4:], "--user", "a", "--cleartext", "--password-command", "echo x", "--yes", "--timeout", "1", "--config", s.scratch + "/none.ini")
        expect("no answer for 1 second (--timeout allows for more)" in err, err)


def twice(s):
    """A second ^C ends at once what the first one waits for: the answer of a token server."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as mute:
        at = "http://127.0.0.1:%d" % mute.getsockname()[1]
        with open(os.open(s.scratch + "/twice.ini", os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write("[a]\nimap = imap://127.0.0.1:1\nuser = a\ncleartext = yes\noauth-client-id = c\noauth-device = %s/d\noauth-token = %s/t\noauth-scopes = s\n" % (at, at))
        p = subprocess.Popen([VALISE, "login", "a", "--device", "--config", s.scratch + "/twice.ini"], env=s.env, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        asked = mute.accept()[0]
        expect(asked.recv(99).startswith(b"POST"), "no request")
        p.send_signal(signal.SIGINT)
        while not taken(p.pid):
            time.sleep(0.01)
        p.send_signal(signal.SIGINT)
        out = p.communicate(timeout=300)[0]
        expect(p.returncode == 130 and b"stopped as asked" not in out, "%s %s" % (p.returncode, out))
        asked.close()


def taken(pid):
    """No signal is on its way to the process any more."""
    with open("/proc/%d/status" % pid) as f:
        return all(int(line.split()[1], 16) == 0 for line in f if line.startswith(("SigPnd", "ShdPnd")))


def reports(s, source):
    """Told before anything is done, by whichever command takes --report."""
    for command in ["backup", "-o", s.scratch + "/r"], ["fetch", "-t", s.scratch + "/r"], ["restore", s.archive], ["verify", s.archive]:
        account = imap(source.port) if command[0] != "verify" else []
        os.makedirs(s.scratch + "/dir.html", exist_ok=True)
        for name, want in (("missing/x.html", "cannot create"), ("dir.html", "is a directory"), ("x.txt", r"has to end in \.html or \.json"), ("html", "has to end"),
                           ("x.html.bak", "has to end"), (".json", "has to end"), ("/proc/x.json", "cannot create")):
            before = len(source.log)
            _, err = s.run(2, *command, *account, "--report", os.path.join(s.scratch, name))
            expect(re.search(want, err) and err.count("\n") == 1, err)
            expect(len(source.log) == before and not os.path.exists(s.scratch + "/r"), "something was done")
        expect(os.listdir(s.scratch + "/dir.html") == [], "something is left")
    s.run(0, "verify", s.archive, "--report", s.scratch + "/v.html", "--report", s.scratch + "/v.json")
    expect(sorted(x for x in os.listdir(s.scratch) if x.startswith("v.")) == ["v.html", "v.json"], os.listdir(s.scratch))


class Page(html.parser.HTMLParser):
    """Rows of cells; what is open at the end, or closed in another order; the tags that there are."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.open, self.tags, self.texts, self.wrong, self.facts = [], [], set(), {}, [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.wrong += [a for a in attrs if a[0].startswith("on") or a[0] in ("src", "href")]
        if tag not in ("meta", "wbr"):
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag == "dt":
            self.facts.append(["", ""])

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] in ("dt", "dd"):
            self.facts[-1][self.open[-1] == "dd"] += data
        elif "dd" in self.open:  # a time
            self.facts[-1][1] += data
        elif self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data
        elif self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data


EVIL = '<script>alert("1")</script>&amp;\'x'


class Evil(fakeimap.FakeImap):
    """Names that would be HTML; one message is not given."""

    def populate(self):
        super().populate()
        self.mailbox(EVIL.replace("&", "&-")).add(b"Subject: <b>one</b>\r\n\r\n" + b"x" * 5000 + b"\r\n")
        self.mailbox("Lost").add(b"Subject: <i>two</i>\r\n\r\n")

    def fetch_answer(self, s, n, m, items):
        if s.mailbox.name == b"Lost" and any(i.startswith("BODY") and "HEADER" not in i for i in items):
            return None
        return super().fetch_answer(s, n, m, items)


def pages(s):
    """A report in HTML can be handed on: it says whose, from where, when, by what, how it ended, what each folder holds and what is missing."""
    archive, page = s.scratch + "/evil.valise", s.scratch + "/evil.html"
    with Evil() as source, fakeimap.FakeImap() as target:
        for code, command, title, verdict in (
                (3, ["backup", *imap(source.port), "-o", archive], "Backup of alice@127.0.0.1", "Incomplete: what is missing is named below."),
                (3, ["fetch", *imap(source.port), "-t", s.scratch + "/evil"], "Fetch of alice@127.0.0.1", "Incomplete: what is missing is named below."),
                (3, ["verify", archive], "Verification of " + archive, "Sound, but the newest snapshot says of itself that it is incomplete."),
                (0, ["restore", archive, *imap(target.port), "--dry-run"], "Restore into alice@127.0.0.1", "Dry run: nothing was done."),
                (0, ["restore", archive, *imap(target.port)], "Restore into alice@127.0.0.1", "Done: the target has all that was to be restored.")):
            s.run(code, *command, "--report", page, "--report", page.replace("html", "json"))
            with open(page, encoding="utf-8") as f:
                text = f.read()
            p = Page(text)
            expect(not p.wrong and not p.open and not p.tags & {"script", "i", "img", "link"}, (command[0], p.wrong, p.open, p.tags))
            expect(p.texts["title"] == p.texts["h1"] == title and verdict in p.texts["p"], p.texts)
            expect("prefers-color-scheme:dark" in text and "@media print" in text and "default-src 'none'" in text, "styles")
            facts = dict(p.facts)
            expect(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(local: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d\)$", facts["Began"]) and facts["Ended"] >= facts["Began"] and facts["Made by"].startswith("valise "), facts)
            if command[0] != "verify":
                port = (target if command[0] == "restore" else source).port
                expect(facts["Account"] == "alice@127.0.0.1" and facts["Server"] == "127.0.0.1:%d" % port and facts["Signed in as"].startswith("alice ("), facts)
            titles = next(r for r in p.rows if r[:3] == ["Name", "Share", "Items"])
            folders = {r[0]: dict(zip(titles, r)) for r in p.rows if len(r) == len(titles)}
            expect(folders[EVIL]["Items"] == "1" and folders[EVIL]["Bytes"] == "5.0 kB" and folders[EVIL]["Missing"] == "0" and folders["Lost"]["Missing"] == "1", folders)
            expect(folders["Together"]["Items"] == "7" and (command[0] != "restore" or folders[EVIL]["Added"] == "1"), folders)
            with open(page.replace("html", "json")) as f:
                report = json.load(f)
            expect(report["exit"] == code and {c["name"]: c["items"] for c in report["folders"]}[EVIL] == 1 and report["version"], report)
            if command[0] in ("backup", "fetch"):
                expect(any(re.search("Lost: UID 1, .*could not be fetched", r[-1]) for r in p.rows if r), p.rows)


def main():
    scratch = tempfile.mkdtemp(prefix="valise-")
    try:
        with fakeimap.FakeImap() as source:
            s = Scene(scratch)
            for name, case in (("numbers", lambda: numbers(s, source)), ("seals", lambda: seals(s)), ("quiet", lambda: quiet(s, source)),
                               ("once", lambda: once(s, source)), ("timeouts", lambda: timeouts(s)), ("twice", lambda: twice(s)), ("reports", lambda: reports(s, source)), ("pages", lambda: pages(s))):
                print("--", name, flush=True)
                case()
    finally:
        shutil.rmtree(scratch)
    print("ok")


main()
