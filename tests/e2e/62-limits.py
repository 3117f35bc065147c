#!/usr/bin/python3
"""check --for against scripted servers that say their limits, or none: APPENDLIMIT, a quota, PERMANENTFLAGS; what the restore then names
was foreseen, for certain where the server says it; nothing but what looks is sent before. With names of cases as arguments: only these."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tools"))
sys.dont_write_bytecode = True
from lib import VALISE, environment, expect, imap, run as valise  # noqa: E402
import cases_target as ct  # noqa: E402
import fakedav  # noqa: E402
import foreseen  # noqa: E402

MESSAGES = ct.flawed()
WRITES = b" APPEND ", b" CREATE ", b" STORE ", b" SUBSCRIBE "


class Limited(ct.Target):
    """Says APPENDLIMIT and a quota of 60,000 octets, of which 50,000 are used."""
    name = "limited"
    extensions = [e for e in ct.Target.extensions if e != "MULTIAPPEND"] + ["APPENDLIMIT=20000", "QUOTA"]

    def do_getquotaroot(self, s, tag, args):
        s.send('* QUOTAROOT INBOX ""')
        s.send('* QUOTA "" (STORAGE 49 59)')
        self.ok(s, tag)

    def refusal(self, s, body, flags, date):
        if len(body) > 20000:
            return "NO [TOOBIG] too large"
        return "NO [OVERQUOTA] Quota exceeded" if sum(len(m.body) for m in self.mailboxes[b"INBOX"].messages) + len(body) > 10000 else None


class Few(ct.Target):
    """A quota of three messages, of which none is used; octets have no limit."""
    name = "few"
    extensions = [e for e in ct.Target.extensions if e != "MULTIAPPEND"] + ["QUOTA"]

    def do_getquotaroot(self, s, tag, args):
        s.send('* QUOTAROOT INBOX "user" "all"')
        s.send('* QUOTA "all" (MESSAGE 100 200)')
        s.send('* QUOTA "user" (MESSAGE 0 3)')
        self.ok(s, tag)

    def refusal(self, s, body, flags, date):
        return "NO [OVERQUOTA] Too many messages" if len(self.mailboxes[b"INBOX"].messages) >= 3 else None


def both(case, archive, scratch, code):
    """Events of the check, and the report of the restore after it."""
    env = environment(os.path.join(scratch, case.name), os.path.join(scratch, case.name))
    report = os.path.join(scratch, case.name + ".json")
    with case() as server:
        p = subprocess.run([VALISE, "check", "--for", archive, "--json", *imap(server.port)], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env)
        expect(p.returncode == code, "check --for: %d\n%s%s" % (p.returncode, p.stdout, p.stderr))
        sent = [line for _, line in server.log if any(w in line for w in WRITES)]
        expect(not sent, sent)
        valise(code, "restore", archive, "--report", report, *imap(server.port), env=env)
    with open(report) as f:
        report = json.load(f)
    events = [json.loads(line) for line in p.stdout.splitlines()]
    predicted = [e for e in events if e["event"] == "predicted"]
    left = foreseen.unforeseen(predicted, report["notes"], ["could not be looked at afterwards"])
    expect(not left, "not foreseen: %s\nforeseen: %s" % (left, predicted))
    return predicted, events[-1], report


def scripted(case):
    def do(archive, scratch):
        both(case, archive, scratch, 3)
    return do


def limited(archive, scratch):
    predicted, done, report = both(Limited, archive, scratch, 3)
    large = [p for p in predicted if "larger than the target's limit of 20000 octets" in p["text"]]
    expect(len(large) == 1 and large[0]["sure"] and "large" in large[0]["item"], large)
    quota = [p for p in predicted if p["what"] == "quota"]
    expect(len(quota) == 1 and quota[0]["sure"] and done["will"] and done["failed"] == 1 and report["failed"] > 1, (quota, done))


def few(archive, scratch):
    predicted, done, report = both(Few, archive, scratch, 3)
    quota = [p for p in predicted if p["what"] == "quota"]
    expect(len(quota) == 1 and quota[0]["sure"] and "room for 3 of the %d messages" % done["added"] in quota[0]["text"], quota)


class Closed(fakedav.FakeDav):
    """Nobody may make a collection, and the homes say so."""
    name = "closed"
    options = ()

    def root_props(self, path):
        props = super().root_props(path)
        if path in self.homes("calendar") + self.homes("addressbook"):
            props[fakedav.DAV + "current-user-privilege-set"] = fakedav.element(fakedav.DAV + "privilege", fakedav.element(fakedav.DAV + "read"))
        return props

    def make(self, rq, kind):
        return fakedav.error(403, fakedav.DAV + "need-privileges")


def closed(_, scratch):
    def account(server):
        return ["--caldav", server.url(server.start), "--carddav", server.url(server.start), "--user", "alice", "--password-command", "echo pw-alice", "--cleartext"]

    env, archive = environment(os.path.join(scratch, "closed"), scratch), os.path.join(scratch, "dav")
    with fakedav.FakeDav() as source:
        source.add("calendar", "plans", "Plans").put("p.ics", fakedav.event(70))
        valise(0, "backup", *account(source), "-o", archive, env=env)
    with Closed() as server:
        p = subprocess.run([VALISE, "check", "--for", archive, "--json", *account(server)], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env)
        expect(p.returncode == 3, p.stdout + p.stderr)
        valise(3, "restore", archive, *account(server), env=env)
    place = [e for e in map(json.loads, p.stdout.splitlines()) if e.get("what") == "place"]
    expect([(e["collection"], e["items"]) for e in place] == [("Plans", 1)], place)


def seen_only(archive, scratch):
    predicted, done, _ = both(ct.SeenOnly, archive, scratch, 3)
    lost = [p["text"] for p in predicted if p["what"] == "noted" and p["sure"]]
    expect(any("keyword work" in t for t in lost) and any(r"\Flagged" in t for t in lost), lost)
    expect(done["altered"] == 3, done)


CASES = {"limited": limited, "few": few, "closed": closed, "seen-only": seen_only,
         **{c.name: scripted(c) for c in (ct.ExchangeError11, ct.YahooFinalCrlf, ct.Strict, ct.CutsAtNul, ct.KeepsNoFlags)}}


def main():
    scratch = tempfile.mkdtemp(prefix="valise-")
    try:
        archive = os.path.join(scratch, "a")
        with ct.Target() as source:
            for body, flags, date in MESSAGES.values():
                source.mailboxes[b"INBOX"].add(body, flags, date)
            valise(0, "backup", *imap(source.port), "-o", archive, env=environment(scratch, scratch))
        chosen = sys.argv[1:] or list(CASES)
        with ThreadPoolExecutor(4) as pool:
            for name, done in [(n, pool.submit(CASES[n], archive, scratch)) for n in chosen]:
                try:
                    done.result()
                except Exception:
                    print("FAILED:", name)
                    raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print("ok")


main()
