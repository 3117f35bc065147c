#!/usr/bin/python3
"""MAPI over HTTP: servers that are odd or lie, one by one, several at a time (servers/fakemapi.py). What is in the tree is what the server holds, property
by property; what is not is named and makes exit code 3; nothing that could change a mailbox is asked for, and nothing in it changes; a second run has no
more to fetch than what changed. What is restored is there, once, and only that.

94-mapi-cases.py [--long | CASE...]: all cases but those that take the program's patience to its end; these alone. Of a case (class attributes of the server):
code: exit code of the first run (None: 0, 1 or 3, all that counts is that what is in the tree is right; "no": one that says that nothing was read); again_code: of the second one
says: what the first run has to say; lost: subjects of items that cannot be read, each of them an error
again: how many items the second run may ask for (None: as many as it likes); late: subjects that may be missing
after the first run; exact_items: False: subjects are compared alone; may_miss: items may be missing;
alters_itself: the mailbox changes while it is read. Of targets: partial: some are not there, and named; rewrites: they are there in another form;
doubles: these may be there twice; in the run without a journal what is there is not looked at property by property, so that it may end well"""
import concurrent.futures
import email
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import environment, execute, expect  # noqa: E402
import fakemapi  # noqa: E402
import test_fakemapi  # noqa: E402
from mapi import fx  # noqa: E402
from mapi.store import OWN  # noqa: E402
from mapicases_wire import Case  # noqa: E402

TEXTS = (0x1e, 0x1f)
# what changes while the item stays the same: PidTagMessageFlags; what only a stream has
NOT_COMPARED = OWN | {0x0e07, 0x4016}


def alike(p):
    """A property as far as the one form of docs/FORMAT.md keeps it."""
    value = p.value
    if p.kind == 0x1f:
        value = value.rstrip(b"\0")
    elif p.kind == 0x1e:
        value = value.rstrip(b"\0")
    return (p.name, 0 if p.name else p.number, p.kind, value)


def likeness(bag):
    """What two bags of one item have in common, to be compared."""
    def of(some):
        return sorted((alike(p) for p in some if p.name or p.number not in NOT_COMPARED), key=repr)
    return of(bag.props), [of(r) for r in bag.recipients], [(of(some), likeness(inner) if inner else None) for some, inner in bag.attachments]


class Run:
    """One case with a directory of its own."""

    def __init__(self, case, scratch):
        self.case, self.dir = case, os.path.join(scratch, case.name)
        os.mkdir(self.dir)
        self.tree, self.env, self.text, self.is_again = os.path.join(self.dir, "tree"), environment(self.dir), "", False

    def valise(self, command, *args):
        c = self.case
        where = ["--mapi", c.url(), "--mapi-mailbox", c.store.dn, "--user", "alice", "--cleartext"]
        if c.by_host:
            where = ["--mapi", "localhost:%d" % c.tls_port, "--user", "alice@example.org", "--ca-file", c.tls[0]]
        rc, out, err = execute(command, *args, *where, "--password-command", "echo pw-alice", *c.options, env=self.env)
        self.text = out + err
        return rc

    def catalogs(self):
        """[(head, line)] of items, and of errors."""
        items, errors = [], []
        with open(self.tree + "/catalog/tree.json") as f:
            self.case.manifest = json.load(f)
        for head in self.case.manifest["collections"]:
            with open(os.path.join(self.tree, head["catalog"]), "rb") as f:
                lines = [json.loads(x) for x in f][1:-1]
            errors += [(head, x) for x in lines if "error" in x]
            items += [(head, x) for x in lines if "error" not in x and "gone" not in x] if "gone" not in head.get("attrs", ()) else []
        return items, errors

    def octets(self, head, line):
        with open(os.path.join(self.tree, head["path"], line["path"]), "rb") as f:
            return f.read()

    def expected(self):
        """[(subject, likeness)] of what the tree has to have."""
        c = self.case
        folders = c.store.below(c.store.by_use("top"))
        return [(m.bag.text(0x37), likeness(m.bag)) for f in folders if not f.search and not f.hidden for m in f.normal() if m.bag.text(0x37) not in c.lost]

    def check_tree(self):
        c = self.case
        if not os.path.exists(self.tree + "/catalog/tree.json"):
            return expect(c.code != 0, "there is no tree\n" + self.text)
        items, errors = self.catalogs()
        have = []
        for head, line in items:
            octets = self.octets(head, line)
            if head["kind"] == "mapi":
                ((_, bag),) = fx.messages(octets)
                have.append((bag.text(0x37), likeness(bag)))
            elif head["kind"] == "mail":
                expect(email.message_from_bytes(octets)["From"] is not None or b"\n" in octets, "a message that is none: %r" % octets[:200])
        self.compare(have, [w for w in self.expected() if self.is_again or w[0] not in c.late])
        for subject in c.lost:
            expect(errors or re.search("cannot be read", self.text), "no error line for %s\n%s" % (subject, self.text))

    def compare(self, have, want):
        c = self.case
        left = list(have)
        missing = []
        for w in want:
            if w in left:
                left.remove(w)
            else:
                missing.append(w)
        if c.exact_items:
            expect(not missing, "missing, or not as on the server: %s; beyond: %s\n%s\n%s" %
                   (sorted(m[0] for m in missing), sorted(x[0] for x in left), self.difference(missing, left), self.text))
            left = [x for x in left if x[0] not in c.late]
            expect(not left, "nobody has them: %s\n%s" % (sorted(x[0] for x in left), self.text))
            return
        have, want = sorted(h[0] for h in have), sorted(w[0] for w in want)
        expect(c.may_miss or have == want, "%s instead of %s\n%s" % (have, want, self.text))
        expect(set(have) <= set(want), "%s instead of %s\n%s" % (have, want, self.text))

    def difference(self, missing, left):
        """Of the first that is missing, against one of its subject."""
        for subject, w in missing:
            for other, h in left:
                if other == subject:
                    return "server alone: %s; tree alone: %s" % ([x for x in w[0] if x not in h[0]], [x for x in h[0] if x not in w[0]])
        return ""

    def fetch_once(self, what, code):
        c = self.case
        before, c.rops = c.store.dump(), []
        rc = self.valise("fetch", "-t", self.tree)
        expect(rc in ((0, 1, 3) if code is None else (1, 2, 12) if code == "no" else (code,)), "%s: exit code %d instead of %s\n%s" % (what, rc, code, self.text))
        expect(not c.changes_asked(), "%s: it asked for %s" % (what, c.changes_asked()))
        expect(c.alters_itself or c.store.dump() == before, "%s: the mailbox is not as before" % what)
        expect(not c.problems, "%s: %s" % (what, c.problems[:3]))
        return rc

    def fetch(self):
        c = self.case
        rc = self.fetch_once("first run", c.code)
        expect(not c.says or re.search(c.says, self.text), "did not say %r\n%s" % (c.says, self.text))
        if c.code in (1, 12, "no"):
            return c.check()
        if rc == 0 or c.code is not None:
            self.check_tree()
        c.changed()
        before, c.bodies, self.is_again = c.bodies, 0, True
        rc = self.fetch_once("second run", c.code if c.again_code == "same" else c.again_code)
        if rc == 0 or c.code is not None:
            c.again_code is None or self.check_tree()
        expect(c.again is None or c.bodies <= c.again, "second run: %d items were asked for (first: %d)\n%s" % (c.bodies, before, self.text))
        c.check()

    # ---- restore ----

    def restore(self, archive):
        c = self.case
        for turn, what in enumerate(("restore", "second restore", "restore without the journal")):
            if turn == 2:
                shutil.rmtree(self.env["XDG_STATE_HOME"], ignore_errors=True)
            held = self.held()
            rc = self.valise("restore", archive)
            expect(rc in ((0, 3) if c.code is None else (c.code, 0) if turn == 2 and c.rewrites else (c.code,)), "%s: exit code %d instead of %s\n%s" % (what, rc, c.code, self.text))
            expect(not c.problems, "%s: %s" % (what, c.problems[:3]))
            self.check_target(what, rc)
            expect(turn == 0 or c.again_adds or self.held() == held, "%s: something was added: %s, before: %s\n%s" % (what, sorted(self.held()), sorted(held), self.text))
            if turn == 0:
                expect(not c.says or re.search(c.says, self.text), "did not say %r\n%s" % (c.says, self.text))
        c.check()

    def held(self):
        return sorted(m.bag.text(0x37) for m in self.case.store.all())

    def check_target(self, what, rc):
        c = self.case
        there = [(m.bag.text(0x37), likeness(m.bag)) for m in c.store.all()]
        for subject, want in self.wanted:
            n = sum(s == subject for s, _ in there)
            if n == 0 and (subject in c.lost or c.partial or c.rewrites):
                expect(rc != 0, "%s: %s is not there, and nobody said so" % (what, subject))
                expect(c.partial or subject in self.text, "%s: %s is not named\n%s" % (what, subject, self.text))
                continue
            expect(n == 1 or subject in c.doubles, "%s: %s is there %d times\n%s" % (what, subject, n, self.text))
            expect(c.rewrites or (subject, want) in there, "%s: %s was altered: %s\n%s" % (what, subject, self.difference([(subject, want)], there), self.text))
        for s, _ in there:
            expect(c.rewrites or any(s == w for w, _ in self.wanted), "%s: %s came from nowhere" % (what, s))


def make_archive(scratch):
    """Of the small mailbox: (path, [(subject, likeness)])."""
    with Case() as server:
        server.name = "for-restores"
        run, path = Run(server, scratch), os.path.join(scratch, "small.valise")
        expect(run.valise("backup", "-o", path) == 0, run.text)
        return path, run.expected()


def certificate(scratch):
    """(certificate, key) of localhost, its own authority."""
    pem, key = scratch + "/localhost.pem", scratch + "/localhost.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=localhost", "-keyout", key,
                    "-out", pem, "-addext", "subjectAltName=DNS:localhost"], check=True, stderr=subprocess.DEVNULL)
    return pem, key


def run_case(case, scratch, archive, tls):
    started = time.monotonic()
    with case(tls=tls if case.by_host else None) as server:
        run = Run(server, scratch)
        try:
            if server.target:
                path, run.wanted = archive.result()
                run.restore(path)
            else:
                run.fetch()
            return case.name, None, time.monotonic() - started
        except (AssertionError, subprocess.TimeoutExpired, OSError, KeyError, ValueError, fx.Malformed) as e:
            return case.name, "%s: %s" % (type(e).__name__, e), time.monotonic() - started


def main():
    found = {n: c for n, c in fakemapi.cases().items() if n not in ("counted",)}
    long = sys.argv[1:] == ["--long"]
    names = sys.argv[1:] if sys.argv[1:] and not long else sorted(n for n, c in found.items() if c.long == long)
    if not sys.argv[1:]:
        test_fakemapi.main()
        missing = [n for n, c in found.items() if not c.source and n not in ("correct", "small-mailbox", "target")]
        expect(not missing, "cases without a source: %s" % missing)
    scratch = tempfile.mkdtemp(prefix="valise-mapi-cases.")
    failed, tls = 0, certificate(scratch)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        archive = pool.submit(make_archive, scratch)
        for name, why, seconds in pool.map(lambda n: run_case(found[n], scratch, archive, tls), names):
            if why or seconds > 20:
                print("%s %s (%.1f s)%s" % ("FAILED" if why else "slow", name, seconds, ": " + why if why else ""), flush=True)
            failed += bool(why)
    shutil.rmtree(scratch, ignore_errors=True)
    print("%d cases, %d failed" % (len(names), failed))
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
