#!/usr/bin/python3
"""The look at a target for the audit, mail (servers/fakeimap.py, cases_target.py): each item is told once and rightly, fast, without the
restore journal and by every octet; nothing that writes leaves, the journal stays as it is, and what nobody can tell is not called missing."""
import json
import os
import re
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import Failed, environment, execute, expect, files, imap, run  # noqa: E402
import cases_target as ct  # noqa: E402
import fakecases  # noqa: E402
from fakeimap import FakeImap, raw  # noqa: E402

CASES = fakecases.cases()
MESSAGES = ct.flawed()
NAMES = list(MESSAGES)
WRITES = re.compile(r"^\S+ (SELECT|CREATE|SUBSCRIBE|UNSUBSCRIBE|APPEND|UID STORE|STORE|UID COPY|UID MOVE|EXPUNGE|DELETE|RENAME)\b", re.I)
WAYS = {"fast": {}, "no journal": {"journal": False}, "full": {"full": True}}


def message(n, text="text", more="", to="bob"):
    return ("Message-ID: <%s@old.example>\r\nDate: Mon, 01 Jan 2001 00:00:00 +0000\r\nFrom: a@old.example\r\nTo: %s@x\r\nSubject: number %s\r\n%s\r\n%s of %s\r\n" % (n, to, n, more, text, n)).encode()


class Source(FakeImap):
    """Twelve messages in three mailboxes, two of them equal, and an empty one."""

    def populate(self):
        for i in range(8):
            self.mailbox("INBOX").add(message(i), [[], [r"\Seen"], [r"\Flagged", "work"]][i % 3], "%2d-Feb-2003 10:00:00 +0000" % (i + 1))
        for i in range(8, 11):
            self.mailbox("Work").add(message(i), [], "%2d-Feb-2003 10:00:00 +0000" % (i + 1))
        self.mailbox("Work").add(message(8), [], " 9-Feb-2003 10:00:00 +0000")
        self.mailbox("Empty")


class Target(ct.Target):
    """Whole, until a case sets one of these."""
    sizes, shut, hollow = (), (), ()  # bodies whose RFC822.SIZE is a lie; mailboxes that do not open; bodies that are not given

    def fetch_item(self, s, m, item):
        if m.body in self.sizes and item == "RFC822.SIZE":
            return b"RFC822.SIZE %d" % (len(m.body) + 7)
        return super().fetch_item(s, m, item)

    def before(self, s, tag, name, args):
        if name == "EXAMINE" and raw(args[0]).decode() in self.shut:
            s.send(tag + " NO [SERVERBUG] it is damaged")
            return True
        held = {str(m.uid) for m in s.mailbox.messages if m.body in self.hollow} if s.mailbox else ()
        if name == "UID_FETCH" and "BODY" in str(args) and held & set(re.findall(r"\d+", str(args[0]))):
            s.send(tag + " NO cannot read it")
            return True


class Pair:
    """An archive of a server, restored into another one."""

    def __init__(self, scratch, source=Source, target=Target, restore=True, code=0, more=()):
        self.env = environment(tempfile.mkdtemp(dir=scratch))
        self.archive, self.more = os.path.join(self.env["HOME"], "a.valise"), list(more)
        with source() as server:
            run(0, "backup", *imap(server.port), "-o", self.archive, env=self.env)
        self.server = target()
        self.server.__enter__()
        if restore:
            run(code, "restore", self.archive, *self.more, *imap(self.server.port), env=self.env)

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.server.__exit__()

    def box(self, name="INBOX"):
        return self.server.mailboxes[name.encode()]

    def number(self, n, box="INBOX"):
        """A message of Source."""
        return next(m for m in self.box(box).messages if b"<%d@" % n in m.body)

    def look(self, *more, full=False, journal=True):
        """{(mailbox, UID): (finding, place, differs)} of what is not the same; same, items and extra are counted."""
        env = dict(self.env) if journal else dict(self.env, XDG_STATE_HOME=tempfile.mkdtemp(dir=self.env["HOME"]))
        config = os.path.join(self.env["XDG_CONFIG_HOME"], "valise")
        os.makedirs(config, exist_ok=True)
        with open(config + "/accounts.ini", "w") as f:
            f.write("[new]\nuser = alice\npassword-command = echo pw-alice\nimap = imap://127.0.0.1:%d\nimap-cleartext = yes\n" % self.server.port)
        before, seen = files(env["XDG_STATE_HOME"]), len(self.server.log)
        held = {n: [(m.uid, m.body, list(m.flags)) for m in b.messages] for n, b in self.server.mailboxes.items()}
        rc, out, self.text = execute("audit", self.archive, "--target", "new", "--json", *self.more, *more, *(["--full"] if full else []), env=env)
        expect(rc == 3, "exit code %d\n%s%s" % (rc, out, self.text))
        done = json.loads(out.rstrip("\n").rpartition("\n")[2])
        self.text += json.dumps(done, indent=1)
        found = {}
        for f in done["findings"]:
            if f["side"] == "target" and "uid" in f:
                key = f["collection"], f["uid"]
                expect(key not in found, "told twice: %s" % f)
                found[key] = f["finding"], f.get("place", "-"), f.get("differs", "-")
        self.items, self.same, self.extra = (done["target"][k] for k in ("items", "same", "extra"))
        expect(self.same + len(found) == self.items, "%d and %d of %d items\n%s" % (self.same, len(found), self.items, self.text))
        self.sent = [line.decode("latin-1") for _, line in self.server.log[seen:]]
        expect(not [line for line in self.sent if WRITES.search(line)], "sent %s" % self.sent)
        expect(held == {n: [(m.uid, m.body, list(m.flags)) for m in b.messages] for n, b in self.server.mailboxes.items()}, "the account is another one")
        after = files(env["XDG_STATE_HOME"])
        journals = [{k: v for k, v in state.items() if k.endswith(".journal")} for state in (before, after)]
        expect(journals[0] == journals[1], "the journal was written")
        return found

    def expects(self, want, extra=0, n=12, ways=WAYS, more=()):
        """What is found of the items named, {UID in INBOX or (mailbox, UID): finding or (finding, place, differs)}; all others are the same."""
        want = {k if isinstance(k, tuple) else ("INBOX", k): v if isinstance(v, tuple) else (v, None, None) for k, v in want.items()}
        for way in ways:
            found = self.look(*more, **WAYS[way])
            expect(self.items == n, "%s: %d items\n%s" % (way, self.items, self.text))
            for key in set(want) | set(found):
                word, place, differs = found.get(key, ("same", "-", "-"))
                wish = want.get(key, ("same", None, None))
                expect(word == wish[0], "%s: %s: %s (%s) instead of %s\n%s" % (way, key, word, differs, wish[0], self.text))
                expect(wish[1] in (None, place), "%s: %s: in %s instead of %s" % (way, key, place, wish[1]))
                expect(wish[2] is None or re.search(wish[2], differs), "%s: %s: %r instead of %r" % (way, key, differs, wish[2]))
            expect(self.extra == extra, "%s: %d extra instead of %d\n%s" % (way, self.extra, extra, self.text))

    def asked(self, pattern):
        return sum(re.search(pattern, line) is not None for line in self.sent)


# ---- what is there ------------------------------------------------------------------------------------


def equal(scratch):
    """After a restore there is nothing to be found: of what the journal knows no body is read, else headers, in full all."""
    with Pair(scratch) as p:
        p.expects({}, ways=["fast"])
        expect(p.asked(r"UID FETCH") == 3 and not p.asked(r"BODY"), p.sent)
        p.expects({}, ways=["no journal"])
        expect(p.asked(r"BODY.PEEK\[HEADER\]") == 2 and not p.asked(r"BODY.PEEK\[\]"), p.sent)
        p.expects({}, ways=["full"])
        expect(p.asked(r"BODY.PEEK\[\]") == 2 and not p.asked(r"HEADER"), p.sent)
    with Pair(scratch, restore=False) as p:
        p.expects({k: ("missing", "-", None) for k in [("INBOX", n) for n in range(1, 9)] + [("Work", n) for n in range(1, 5)]})


def planted(scratch):
    with Pair(scratch) as p:
        inbox, work, own = p.box(), p.box("Work"), p.server.mailbox("Own")
        inbox.messages.remove(p.number(0))
        p.number(1).flags = []
        p.number(2).flags = [r"\Flagged", r"\Seen", "home"]
        work.messages.append(p.number(3))
        inbox.messages.remove(p.number(3))
        work.messages[-1].uid = work.uidnext
        own.add(p.number(4).body, p.number(4).flags, p.number(4).date)
        inbox.messages.remove(p.number(4))
        inbox.add(p.number(5).body, p.number(5).flags, p.number(5).date)
        p.number(6).date = "11-Nov-2011 11:11:11 +0000"
        inbox.add(b"Subject: not of the archive\r\n\r\n", [])
        work.messages = [m for m in work.messages if m.uid != 4]  # one of two that are equal
        p.expects({1: ("missing", "-", None), 2: ("flags-lost", "INBOX", r"^without \\Seen$"), 3: ("flags-lost", "INBOX", "^without work$"), 4: ("elsewhere", "Work", "^-$"),
                   5: ("elsewhere", "Own", "^-$"), 6: ("doubled", "INBOX", "as UID 9"), 7: ("altered", "INBOX", "INTERNALDATE 11-Nov-2011 .* instead of"), ("Work", 4): "missing"}, extra=1)


def rewritten(scratch):
    """Octets that are other ones, of another size or the same; what has the same size and header is told by what is read."""
    with Pair(scratch) as p:
        p.number(0).body = message(0).replace(b"\r\n", b"\n")
        p.number(1).body = message(1, more="X-Spam: no\r\n")
        p.number(2).body = message(2, text="other words")
        p.number(3).body = message(3, text="other words", to="carol")
        p.number(4).body = message(4, to="jim")  # the same size
        p.number(5).body = message(5, text="tExt")
        whole = {1: ("other-form", "INBOX", "line ends or NUL differ"), 2: ("altered", "INBOX", "^the header differs, "), 3: ("altered", "INBOX", "^the text differs, "),
                 4: ("altered", "INBOX", "header and text differ"), 5: ("altered", "INBOX", "^the header differs$"), 6: ("altered", "INBOX", "^the text differs$")}
        p.expects(whole, ways=["full"])
        p.expects({k: v for k, v in whole.items() if k != 6}, ways=["no journal"])
        p.expects({k: v for k, v in whole.items() if k < 5}, ways=["fast"])
        # moved, too
        own = p.server.mailbox("Own")
        for n in 1, 2:
            own.add(p.number(n).body, p.number(n).flags, p.number(n).date)
            p.box().messages.remove(p.number(n))
        p.expects({**whole, 2: ("altered", "Own", "^the header differs"), 3: ("altered", "Own", "^the text differs")}, ways=["full"])


# ---- what is said of it -------------------------------------------------------------------------------


def hints(scratch):
    """The journal says where something may be, no more."""
    with Pair(scratch) as p:
        one, two = p.number(0), p.number(1)
        for what in "body", "date", "flags":  # each stands under the UID of the other
            a, b = getattr(one, what), getattr(two, what)
            setattr(one, what, b)
            setattr(two, what, a)
        p.expects({})
        p.box().uidvalidity = 77
        p.expects({})
        p.box().uidvalidity = 1
        other = p.number(2)  # its UID is another message's, of the same size
        other.body, other.date = re.sub(rb"<2@|number 2|text of 2", lambda m: m[0].replace(b"2", b"9"), other.body), " 7-Jul-2007 07:07:07 +0000"
        p.expects({3: "missing"}, extra=1)


def lies(scratch):
    with Pair(scratch) as p:
        p.server.sizes = (p.number(0).body, p.number(9, "Work").body)
        p.expects({})  # the octets are right
        p.server.sizes = ()
        p.server.hollow = (p.number(2).body,)
        p.expects({}, ways=["fast"])
        p.expects({3: ("unseen", "INBOX", "does not give")}, ways=["no journal", "full"], extra=1)
        p.server.hollow, p.server.shut = (), ("INBOX",)
        p.expects({n: ("unseen", "INBOX", "it is damaged") for n in range(1, 9)})
        p.server.shut = ("Work", "Own")
        p.box().messages.remove(p.number(0))
        p.server.mailbox("Own").add(message(50), [])
        p.expects({1: "missing", **{("Work", n): ("unseen", "Work", "it is damaged") for n in range(1, 5)}})


def gone(scratch):
    """A mailbox that is no more, or is called otherwise now; --map and --under as the restore had them."""
    work = [("Work", n) for n in range(1, 5)]
    with Pair(scratch) as p:
        box = p.server.mailboxes.pop(b"Work")
        p.expects({k: ("missing", "-", 'no mailbox "Work"') for k in work})
        box.name = b"Arbeit"
        p.server.mailboxes[b"Arbeit"] = box
        p.expects({k: ("elsewhere", "Arbeit", "^-$") for k in work})
        p.expects({}, more=["--map", "Work=Arbeit"])
        p.server.hollow = (box.messages[1].body,)
        found = p.look(full=True)
        expect(found[work[1]][:2] == ("unseen", "Arbeit") and found[work[0]] == ("elsewhere", "Arbeit", "-") and p.asked("EXAMINE .Arbeit") < 6, "%s\n%s" % (found, [x for x in p.sent if "EXAM" in x]))
        p.server.hollow = ()
        p.expects({}, more=["--include", "INBOX"], n=8)
    with Pair(scratch, more=["--under", "Old"]) as p:
        p.expects({})
        p.more = []
        expect({v[:2] for v in p.look(journal=False).values()} == {("elsewhere", "Old/INBOX"), ("elsewhere", "Old/Work")}, p.text)


def unreadable(scratch):
    """What the archive does not give is the same where its octets are there, and nobody can tell where they are not."""
    with Pair(scratch) as p:
        for name, data in files(p.archive).items():
            if "/part-" in name:
                with open(name, "r+b") as f:
                    f.seek(len(data) // 2)
                    f.write(bytes([data[len(data) // 2] ^ 0x55]))
        p.expects({})
        p.number(0).body = message(0, text="other words")
        p.expects({1: "unreadable"}, extra=1)


# ---- what targets make of messages --------------------------------------------------------------------


def instant(date):
    return datetime.strptime(date.strip(), "%d-%b-%Y %H:%M:%S %z")


def is_as_stored(case, p, way):
    """What stands there as it is in the archive is the same, and nothing else is."""
    found, left = p.look(**WAYS[way]), list(p.box().messages)
    same, wrong = Counter(), Counter()  # by content: twins are alike
    for uid, name in enumerate(NAMES, 1):
        body, flags, date = MESSAGES[name]
        there = [m for m in left if m.body == body and instant(m.date) == instant(date) and set(flags) <= set(m.flags)]
        if there:
            left.remove(there[0])
        same[body] += bool(there)
        wrong[body] += ("INBOX", uid) not in found
    expect(same == wrong, "%s, %s: %s" % (case, way, p.text))
    return found


def forms(scratch, name, journal_alone=()):
    case = CASES[name]
    with Pair(scratch, source=ct.LadderSource, target=case, code=None) as p:
        found = {}
        for way in WAYS:
            if way == "no journal" and journal_alone:
                continue  # what was altered without a trace in size, date and header
            found[way] = is_as_stored(name, p, way)
        fast, full = ({NAMES[k[1] - 1].replace("-2", ""): v for k, v in found[way].items()} for way in ("fast", "full"))  # twins are alike
        expect(fast == full, "%s: %s in full: %s" % (name, fast, full))
        return fast


def ladder(scratch):
    for name in "target", "exchange-error-11", "gmail-nul", "seen-only", "sizes-off", "no-date", "adds-headers", "drops", "no-uidplus", "wrong-appenduid":
        forms(scratch, name)
    found = forms(scratch, "strict")
    expect({n: found[n][0] for n in ("bare-lf", "utf8", "no-field", "nul")} == {"bare-lf": "other-form", "utf8": "other-form", "no-field": "other-form", "nul": "altered"}, found)
    expect(re.search("line ends made CRLF", found["bare-lf"][2]), found)
    found = forms(scratch, "only-wrapped")
    expect(len(found) == len(NAMES) - 1 and {v[0] for v in found.values()} == {"other-form"}, found)
    forms(scratch, "alters-octets", journal_alone=True)


def odd_readers(scratch):
    """What is read of what stands there breaks off, or the mailbox is shut."""
    with Pair(scratch, source=ct.LadderSource, target=CASES["reads-never"], code=None) as p:
        found = p.look()
        expect({NAMES[k[1] - 1]: v[0] for k, v in found.items()}.get("nul") == "unseen" and p.same > 10, p.text)
        expect({v[0] for v in p.look(full=True).values()} == {"unseen"}, p.text)


# ---- labels -------------------------------------------------------------------------------------------


def labels(scratch):
    """Each item of each mailbox is told, also of those that a target does not show, and what lost a label is named."""
    for target, policy in ("gmail-empty", "folders"), ("target", "folders"), ("target", "first"), ("target", "keywords"):
        with Pair(scratch, source=CASES["gmail"], target=CASES[target], more=["--labels", policy]) as p:
            p.expects({}, n=51)
            if target == "gmail-empty":
                m = next(m for m in p.server.stored if "Arbeit/Kunde" in m.labels)
                p.server.unlabel(m, "Arbeit/Kunde")
                found = p.look()
                expect(found and {v[0] for v in found.values()} == {"flags-lost"} and all("without Arbeit/Kunde" in v[2] for v in found.values()), p.text)


def main():
    tests = [equal, planted, rewritten, hints, lies, gone, unreadable, ladder, odd_readers, labels]
    chosen = [t for t in tests if t.__name__ in sys.argv[1:]] or tests
    with tempfile.TemporaryDirectory(prefix="valise-") as scratch, ThreadPoolExecutor(3) as pool:
        done = [(t, pool.submit(t, scratch)) for t in chosen]
        for t, future in done:
            try:
                future.result()
            except Failed as e:
                sys.exit("%s: %s" % (t.__name__, e))
            print("-- %s" % t.__name__)


if __name__ == "__main__":
    main()
