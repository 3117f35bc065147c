#!/usr/bin/python3
"""Every line that --json prints fits docs/valise.schema.json: listings and events of each command, with what went wrong: usage errors, refused sign-ins,
locks, missing and damaged archives, interrupts. Each command but a listing ends with one event that has the process's exit code."""
import html
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import TESTS, VALISE, environment, expect, imap  # noqa: E402
import fakedav  # noqa: E402
import fakeimap  # noqa: E402
from cases_target import Target  # noqa: E402
import jsonschema  # noqa: E402

with open(os.path.join(os.environ.get("TESTED_SOURCE", os.path.dirname(TESTS)), "docs/valise.schema.json")) as f:
    SCHEMA = json.load(f)
CHECK = {name: jsonschema.Draft202012Validator(dict(SCHEMA["$defs"][name], **{"$defs": SCHEMA["$defs"]})) for name in SCHEMA["$defs"]}
SEEN = set()


def fits(line):
    """The one definition that the line fits."""
    o = json.loads(line)
    names = [n for n in (ref["$ref"].rpartition("/")[2] for ref in SCHEMA["oneOf"]) if CHECK[n].is_valid(o)]
    if len(names) != 1:
        near = [n for n in CHECK if n.startswith("done" if o.get("event") == "done" else o.get("event", "listed"))]
        expect(False, "%s fits %s\n%s" % (line, names, "\n".join("%s: %s" % (n, e.message) for n in near for e in CHECK[n].iter_errors(o))))
    SEEN.add(names[0])
    return o


class Lab:
    def __init__(self, home):
        self.home, self.env = home, dict(environment(home), LC_ALL="C.UTF-8")

    def judge(self, code, rc, out, err, args):
        listing = args[0] in ("list", "snapshots")
        lines = [fits(line) for line in out.splitlines()]
        expect(rc == code, "exit code %d instead of %d: %s\n%s%s" % (rc, code, args, out, err))
        ends = [o for o in lines if o.get("event") in ("done", "failed")]
        if listing and code == 0:
            expect(not ends, "%s: %s" % (args, ends))
        else:
            expect(len(ends) == 1 and ends[0] is lines[-1], "%s: not one last event: %s" % (args, lines))
            expect(ends[0]["exit"] == code and ends[0].get("command", args[0]) == args[0], "%s: %s" % (args, ends))
            expect((ends[0]["event"] == "failed") == (code not in (0, 3)) or args[0] in ("verify", "backup"), ends)
        return lines

    def run(self, code, *args, word=None, **variables):
        p = subprocess.run([VALISE, *args, "--json"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, env=dict(self.env, **variables), cwd=self.home)
        lines = self.judge(code, p.returncode, p.stdout, p.stderr, args)
        expect(word is None or lines[-1].get("code") == word, "%s: %s" % (args, lines[-1:]))
        if lines and lines[-1].get("event") == "failed":
            expect(any(lines[-1]["text"][:60] in text for text in (p.stderr, p.stdout)), p.stderr)
        return lines


def files(lab):
    """Files into an archive: told before, done, and again; beside a server's archive refused."""
    with open(os.path.join(lab.home, "notes.txt"), "w") as f:
        f.write("nothing of an account")
    with open(os.path.join(lab.home, "old.pst"), "w") as f:
        f.write("!BDN")
    for dry in (["--dry-run"], []):
        done = lab.run(3, "import", "eml", "old.pst", "-o", "files", "--into", "Old", "--report", "import.json", *dry)[-1]
        expect(done["added"] and done["unread"] == 1 and done["folders"][0]["name"].startswith("Old/"), done)
    expect(lab.run(0, "import", "eml", "-o", "files", "--into", "Old")[-1]["changed"] is False, "changed")
    tnef = os.path.join(lab.home, "tnef")
    os.mkdir(tnef)
    subprocess.run([sys.executable, "-B", os.path.join(TESTS, "tools/make_tnef.py"), tnef], check=True)
    of_items = [o for o in lab.run(3, "import", "tnef", "-o", "outlook") if o["event"] == "homeless"]
    expect(of_items and all(o["properties"] for o in of_items), of_items)
    raw = next(o for o in lab.run(0, "list", "outlook", "--items") if o.get("kind") == "mapi")
    expect(lab.run(0, "show", "outlook", "mapi/%s/%s" % (raw["collection"], raw["href"]))[-1]["properties"], raw)
    lab.run(2, "import", "notes.txt", "-o", "files", word="usage")
    lab.run(2, "import", "eml", word="usage")
    lab.run(1, "import", "eml", "-o", "a", word="other-account")
    lab.run(1, "import", "nothing", "-o", "files", word="not-found")


def plain(lab, source, dav):
    who = [*imap(source.port), "--caldav", dav.url(), "--carddav", dav.url()]
    lab.run(0, "check", *who)
    done = lab.run(0, "backup", *who, "-o", "a", "--progress", "--stats")[-1]
    expect(done["archive"] == "a" and done["changed"] and done["mail"]["items"] == 6 and done["seal"], done)
    source.mailbox("Work").add(b"Subject: second\r\n\r\n", [])
    source.mailbox("Sent").subscribed = False
    lab.run(0, "backup", *who, "-o", "a")
    expect(not lab.run(0, "backup", *who, "-o", "a")[-1]["changed"], "changed")
    lab.run(0, "fetch", *who, "-t", "tree")
    lab.run(0, "pack", "tree", "-o", "packed")
    lab.run(0, "unpack", "a", "-t", "unpacked")
    lab.run(0, "salvage", "a", "-t", "salvaged")
    lab.run(0, "export", "a", "-o", "eml", "--format", "eml")
    lab.run(0, "find", "a", "message")
    files(lab)
    lab.run(0, "verify", "a", "--content")
    lab.run(0, "verify", "a", "--quick", "--report", "r.json")
    lab.run(0, "forget", "a", "--keep-last", "1", "--dry-run")
    lab.run(2, "forget", "a", word="usage")
    lab.run(10, "forget", "none", "--keep-last", "1", word="no-archive")
    shutil.copytree(os.path.join(lab.home, "a"), os.path.join(lab.home, "few"))
    lab.run(0, "forget", "few", "--keep-last", "1", "--keep-daily", "1")
    seals = [o["seal"] for o in lab.run(0, "snapshots", "a")]
    expect(len(seals) == 2, "snapshots")
    expect(lab.run(0, "verify", "a", "--expect", seals[0])[-1]["expected_snapshot"] == 1, "expected_snapshot")
    expect(lab.run(1, "verify", "a", "--expect", "0" * 64)[-1]["unexpected"] is True, "unexpected")
    lab.run(0, "diff", "a")
    lab.run(0, "diff", "a", "--stat")
    lab.run(2, "diff", "few", word="usage")
    lab.run(0, "list", "a")
    items = lab.run(0, "list", "a", "--items", "--with-gone")
    lab.run(0, "list", "a", "INBOX")
    shown = lab.run(0, "show", "a", "INBOX/1")[-1]
    lab.run(0, "show", "a", "INBOX/1", "--save", "saved")
    import base64
    import hashlib
    expect(hashlib.sha256(base64.b64decode(shown["base64"])).hexdigest() == shown["sha256"] and any(o.get("sha256") == shown["sha256"] for o in items), shown)
    with Target() as target:
        source.mailbox("Odd").add(b"Subject: no line end\r\n\r\nx", [])
        lab.run(0, "backup", *imap(source.port), "-o", "odd")
        foreseen = lab.run(3, "check", "--for", "odd", *imap(target.port), "--only", "mail")
        expect(any(o.get("event") == "predicted" and o["what"] == "final-crlf" and not o["sure"] for o in foreseen) and foreseen[-1]["may"], foreseen)
        lab.run(0, "restore", "a", *imap(target.port), "--only", "mail", "--dry-run")
        lab.run(0, "restore", "a", *imap(target.port), "--only", "mail")
        lab.run(0, "restore", "a", *imap(target.port), "--only", "mail", "--verify", "full", VALISE_PROGRESS="1")


def refused_check(lab, source):
    """Each service that could not be read is named, in the events and in the reports, not the last one alone."""
    lines = lab.run(1, "check", *imap(source.port, "echo wrong"), "--caldav", "http://127.0.0.1:1/", "--report", "c.json", "--report", "c.html")
    events = {o["service"]: o for o in lines if o.get("event") == "service"}
    expect(events["imap"]["code"] == "sign-in" and events["caldav"]["code"] == "network", lines)
    with open(os.path.join(lab.home, "c.json")) as f:
        notes = {n.get("collection"): n for n in json.load(f)["notes"]}
    with open(os.path.join(lab.home, "c.html")) as f:
        page = f.read().replace("<wbr>", "")
    for name in "imap", "caldav":
        expect(notes[name]["text"] == events[name]["text"] and notes[name]["level"] == "warning", notes)
        expect(">%s</th>" % name in page and html.escape(events[name]["text"], quote=True).replace("&#x27;", "&#39;") in page, page)


def failures(lab, source):
    who = imap(source.port)
    for args in ("backup", "--frob"), ("backup", "--only", "foo", *who), ("list",), ("show", "a", "INBOX/99"), ("restore", "a", "b", "c"), ("unpack", "a"), ("check",), ("dns", "x"), ("dns", "old.example", "--expect", "MX"):
        lab.run(2, *args, word="usage")
    lab.run(2, "frob", word="usage")
    lab.run(0, "logout", *who)
    lab.run(2, "check", "nobody", word="not-found")
    lab.run(2, "list", "a", word="usage", VALISE_SNAPSHOT="x")
    lab.run(1, "list", "a", "--snapshot", "9", word="not-found")
    for args in ("list", "x"), ("snapshots", "x"), ("verify", "x"), ("show", "x", "a/1"), ("unpack", "x", "-t", "y"), ("salvage", "x", "-t", "y"), ("restore", "x", *who):
        lab.run(10, *args, word="no-archive")
    lab.run(1, "pack", "x", "-o", "y", word="not-found")
    for command, more in ("check", ()), ("backup", ("-o", "x")), ("fetch", ("-t", "x")), ("restore", ("--only", "mail")):
        first = ["a"] if command == "restore" else []
        lab.run(12, command, *first, *imap(source.port, "echo wrong"), *more, word="sign-in")
        lab.run(1, command, *first, *imap(1), *more, word="network")
        lab.run(1, command, *first, *imap(source.port, "exit 3"), *more, word="no-password")
    refused_check(lab, source)
    lab.run(1, "backup", *who, "-o", "tree", word="exists")
    damaged = os.path.join(lab.home, "damaged")
    shutil.copytree(os.path.join(lab.home, "a"), damaged)
    with open(os.path.join(damaged, "data/000002/seal.json"), "r+b") as f:
        f.write(b"x")
    expect(lab.run(1, "verify", "damaged")[-1]["sound"] is False, "sound")
    lab.run(1, "snapshots", "damaged", word="damaged")
    lab.run(1, "list", "damaged", word="damaged")
    lab.run(3, "salvage", "damaged", "-t", "saved")


def held(lab, command, release):
    """Start it; once its password command has begun, do ${release} with the process."""
    os.mkfifo(os.path.join(lab.home, "begun"))
    p = subprocess.Popen([VALISE, *command, "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=lab.env, cwd=lab.home)
    with open(os.path.join(lab.home, "begun")) as f:  # until it is there
        expect(f.read(), "it did not begin")
    os.unlink(os.path.join(lab.home, "begun"))
    release(p)
    out, err = p.communicate(timeout=300)
    return p.returncode, out, err


def stopped(lab, source):
    slow = "echo here > begun; exec sleep 600"
    who = imap(source.port, slow)
    for command in ("backup", *who, "-o", "slow"), ("check", *who), ("restore", "a", *who, "--only", "mail"):
        def release(p):
            if command[0] == "backup":
                lab.run(11, "backup", *imap(source.port), "-o", "slow", word="locked")
            p.send_signal(signal.SIGINT)
        lines = lab.judge(130, *held(lab, command, release), command)
        expect(lines[-1]["code"] == "interrupted", lines)


def batch(lab, source):
    ini = os.path.join(lab.home, "all.ini")
    section = "[%s]\nimap = imap://127.0.0.1:%d\nuser = %s\ncleartext = yes\npassword-command = %s\n"
    with open(ini, "w") as f:
        f.write(section % ("alice", source.port, "alice", "echo pw-alice"))
    lab.run(0, "backup", "--accounts", ini, "-o", "many")
    with open(ini, "a") as f:
        f.write(section % ("wrong", source.port, "bob", "echo wrong"))
    lines = lab.run(1, "backup", "--accounts", ini, "-o", "many", "--report", "many.json")
    ends = {o["account"]: o for o in lines if o.get("event") == "account"}
    expect(ends["wrong"]["code"] == "sign-in" and ends["wrong"]["exit"] == 12 and ends["alice"]["outcome"] == "unchanged", ends)
    expect(lines[-1]["event"] == "done" and lines[-1]["failed"] == 1, lines[-1])
    with open(ini, "a") as f:
        f.write(section % ("slow", source.port, "carol", "echo here > begun; exec sleep 600"))
    command = ("backup", "--accounts", ini, "-o", "many")
    lines = lab.judge(130, *held(lab, command, lambda p: p.send_signal(signal.SIGINT)), command)
    expect(lines[-1]["event"] == "failed" and lines[-1]["code"] == "interrupted" and lines[-1]["stopped"] >= 1, lines[-1])


def moved(lab, source):
    ini = os.path.join(lab.home, "move.ini")
    section = "[%s]\nimap = imap://127.0.0.1:%d\nuser = %s\ncleartext = yes\npassword-command = %s\n"
    with fakeimap.FakeImap() as target, open(ini, "w") as f:
        f.write(section % ("from", source.port, "alice", "echo pw-alice") + section % ("to", target.port, "alice", "echo pw-alice") + section % ("wrong", target.port, "alice", "echo no"))
        f.flush()
        lines = lab.run(3, "move", "from", "to", "--config", ini, "-o", "moved", "--only", "mail")
        steps = [(o["step"], o["exit"]) for o in lines if o.get("event") == "step"]
        expect([s for s, _ in steps] == ["sign-in", "backup", "verify", "check", "restore"] and lines[-1]["now"] == "switch", lines)
        lab.run(12, "move", "from", "wrong", "--config", ini, "-o", "moved2", "--only", "mail", word="sign-in")
        lab.run(2, "move", "from", "to", "--imap", "imap://x", word="usage")


def main():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    home = tempfile.mkdtemp(prefix="valise-")
    try:
        lab = Lab(home)
        with fakeimap.FakeImap() as source, fakedav.cases()["correct"]() as dav:
            plain(lab, source, dav)
            failures(lab, source)
            stopped(lab, source)
            batch(lab, source)
            moved(lab, source)
        never = {n["$ref"].rpartition("/")[2] for n in SCHEMA["oneOf"]} - SEEN - {"progress", "found", "listed_missing", "listed_owner", "sign_in", "signed_in", "signed_out", "done_login", "event_finding", "done_audit", "done_dns"}  # slow servers, 50-discover.py, 51-oauth.py, 60-audit.sh, 63-dns.py
        expect(not never, "no command printed %s" % never)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print("ok")


main()
