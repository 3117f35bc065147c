#!/usr/bin/python3
"""No message is brought to a target twice without being named: two restores at once, servers that store late what they did not
acknowledge. With names of tests as arguments: only these."""
import collections
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import VALISE, environment, imap  # noqa: E402
from fakeimap import DATE, FakeImap, Literal, raw  # noqa: E402

T = tempfile.mkdtemp(prefix="valise-")
BOXES = ("INBOX", "Work")


class Source(FakeImap):
    def populate(self):
        for box in BOXES:
            for i in range(20):
                self.mailbox(box).add(b"Message-ID: <%s%d@old.example>\r\nSubject: %d\r\n\r\nbody %d\r\n" % (box.encode(), i, i, i), date="%02d-Jan-2001 00:00:00 +0000" % (i + 1))


class Target(FakeImap):
    def populate(self):
        self.mailbox("INBOX")

    def held(self):
        return collections.Counter(m.body for box in self.mailboxes.values() for m in box.messages)

    def total(self):
        return sum(self.held().values())


def start(server, state, *args):
    return subprocess.Popen([VALISE, *args, *imap(server.port)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env=environment(T, os.path.join(T, state)))


def end(p, want):
    text = p.communicate(timeout=300)[0]
    assert p.returncode == want, "exit code %d instead of %d\n%s" % (p.returncode, want, text)
    return text


def run(want, server, state, *args):
    return end(start(server, state, *args), want)


def archive():
    path = os.path.join(T, "a.valise")
    if not os.path.exists(path):
        with Source() as s:
            run(0, s, "source", "backup", "-o", path)
    return path


# ---- two at once ------------------------------------------------------------------------------------


class Waits(Target):
    """Holds back its answers to APPEND until it is told."""
    def populate(self):
        super().populate()
        self.go, self.began = threading.Event(), threading.Event()

    def before(self, s, tag, name, args):
        if name == "APPEND":
            self.began.set()
            self.go.wait(60)


def test_a_second_restore_is_told_so():
    with Waits() as t:
        first = start(t, "one", "restore", archive())
        assert t.began.wait(100)
        text = run(11, t, "one", "restore", archive())
        assert "another restore of this archive into this account is at work" in text, text
        run(0, t, "one", "restore", archive(), "--dry-run")
        t.go.set()
        end(first, 0)
        assert t.total() == 40, t.total()
        assert " 0 added" in run(0, t, "one", "restore", archive())


# ---- stored late ------------------------------------------------------------------------------------


class Late(Target):
    """
    Ends the connection when the octets of the second APPEND are there (the first is a message alone), and stores them SECONDS later (None: when it is
    told), or never.
    """
    seconds, appends = 1, 0

    def do_append(self, s, tag, args):
        with self.lock:
            self.appends += 1
            cut = self.appends == 2
        if not cut:
            return super().do_append(s, tag, args)
        box, new = raw(args[0]), messages(args[1:])

        def later():
            if self.told.wait(100) if self.seconds is None else not self.stopping.wait(self.seconds):
                with self.lock:
                    for body, flags, date in new:
                        self.mailboxes[box].add(body, flags, date)
                self.stored.set()
        self.arrived.set()
        threading.Thread(target=later, daemon=True).start()
        self.hold(s)

    def hold(self, s):
        s.cut()

    def populate(self):
        super().populate()
        self.stored, self.arrived, self.told = threading.Event(), threading.Event(), threading.Event()


def messages(rest):
    new = []
    while rest:
        flags = rest.pop(0) if isinstance(rest[0], list) else []
        date = rest.pop(0).decode() if not isinstance(rest[0], Literal) else DATE
        new.append((bytes(rest.pop(0)), flags, date))
    return new


def doubles(t):
    return sum(n - 1 for n in t.held().values())


def test_a_late_commit_is_waited_for():
    class T(Late):
        seconds, extensions = 1.5, [e for e in FakeImap.extensions if e not in ("UIDPLUS", "MULTIAPPEND")]
    for t in Late(), T():
        with t:
            text = run(0, t, "late", "restore", archive())
            assert doubles(t) == 0 and t.total() == 40 and "40 added" in text, (t.held(), text)
            assert " 0 added, 40 already" in run(0, t, "late", "restore", archive())


def test_a_late_commit_that_only_select_shows():
    class Hidden(Late):
        seconds, extensions = 1.5, [e for e in FakeImap.extensions if e not in ("UIDPLUS", "MULTIAPPEND")]

        def do_examine(self, s, tag, args, read_only=True):
            super().do_examine(s, tag, args, read_only)
            s.shown = s.mailbox.uidnext if s.mailbox else 0

        def chosen(self, s, uids, by_uid):
            return [(n, m) for n, m in super().chosen(s, uids, by_uid) if m.uid < s.shown]
    with Hidden() as t:
        text = run(0, t, "hidden", "restore", archive())
        assert doubles(t) == 0 and t.total() == 40 and "40 added" in text, (t.held(), text)


def test_what_never_comes_is_sent_again():
    class Never(Late):
        seconds = 1000
    with Never() as t:
        run(0, t, "never", "restore", archive())
        assert doubles(t) == 0 and t.total() == 40, t.held()


def test_what_comes_too_late_is_named():
    """After the end of the run: by the next one, and by each one after it until it is gone; also when the journal is there alone, as a dry run."""
    class VeryLate(Late):
        seconds = None
    with VeryLate() as t:
        run(0, t, "very", "restore", archive())
        t.told.set()
        assert t.stored.wait(30)
        n = doubles(t)
        assert n, t.held()
        for more in [], ["--dry-run"]:
            text = run(3, t, "very", "restore", archive(), *more)
            assert "%d more often than in the archive" % n in text and text.count("is there once more") == n, text
            assert "UID %d of the target" % next(iter(b for b in t.mailboxes.values() if doubled(b))).messages[-1].uid in text, text
        for box in t.mailboxes.values():
            for m in doubled(box):
                box.messages.remove(m)
        run(0, t, "very", "restore", archive())


def doubled(box):
    seen, out = set(), []
    for m in box.messages:
        if m.body in seen:
            out.append(m)
        seen.add(m.body)
    return out


def test_what_was_there_twice_before_is_nobodys_fault():
    with Source() as s:
        for box in s.mailboxes.values():
            for m in list(box.messages)[:3]:
                box.add(m.body, m.flags, m.date)
        for _ in range(2):
            assert " 0 added, 40 already" in run(0, s, "before", "restore", archive())


class Slow(Late):
    """The connection stays; the answer does not come."""
    seconds = None

    def hold(self, s):
        s.stall(30)


def test_a_killed_restore_asks_first():
    with Slow() as t:
        first = start(t, "killed", "restore", archive())
        assert t.arrived.wait(100)
        first.kill()
        first.communicate()
        second, text = start(t, "killed", "restore", archive()), ""
        for line in second.stdout:
            text += line
            if "waiting whether they arrive" in line:
                t.told.set()
        assert second.wait() == 0 and t.told.is_set(), text
        assert doubles(t) == 0 and t.total() == 40, (t.held(), text)
        assert "waiting" not in run(0, t, "killed", "restore", archive())


class Made(Target):
    """CREATE is carried out, and the connection ends without an answer; asked again, it is refused in words that tell nothing."""
    cut = ()

    def populate(self):
        super().populate()
        self.cut = []

    def do_create(self, s, tag, args):
        name = raw(args[0])
        if name in self.mailboxes:
            return s.send(tag + " NO cannot do that")
        self.mailbox(name, subscribed=False)
        self.cut.append(name)
        s.cut()


def test_a_mailbox_of_unknown_outcome_is_looked_for():
    with Made() as t:
        text = run(0, t, "made", "restore", archive())
        assert t.cut == [b"Work"] and sorted(t.mailboxes) == [b"INBOX", b"Work"] and t.total() == 40, (t.cut, list(t.mailboxes), text)
        assert t.mailboxes[b"Work"].subscribed, text
        assert " 0 added, 40 already" in run(0, t, "made", "restore", archive())


class Rewrites(Target):
    """Dates what it takes now, adds a line to every second message, and tells no UIDs; once armed, it falls silent when all is there and the client looks."""
    extensions, armed = [e for e in FakeImap.extensions if e not in ("UIDPLUS", "MULTIAPPEND")], 0

    def do_append(self, s, tag, args):
        with self.lock:
            for body, flags, _ in messages(args[1:]):
                odd = int(re.search(rb"body (\d+)", body)[1]) % 2
                self.mailboxes[raw(args[0])].add(body + b"added\r\n" * odd, flags, DATE)
        self.ok(s, tag)

    def populate(self):
        super().populate()
        self.quiet = threading.Event()

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        if self.armed and self.total() == self.armed:
            self.quiet.set()
            s.stall(30)
        super().do_uid_fetch(s, tag, args, by_uid)


def test_a_killed_restore_to_a_server_that_rewrites():
    """What was stored and not looked at yet is not in the journal, and nothing there is as it was sent: it is known by what was left alone."""
    path = os.path.join(T, "rewrites")
    with Source() as s:
        box = s.mailboxes[b"INBOX"]
        del s.mailboxes[b"Work"]
        rest = box.messages[10:]
        del box.messages[10:]
        run(0, s, "source", "backup", "-o", path)
        box.messages += rest
        run(0, s, "source", "backup", "-o", path)
    with Rewrites() as t:
        run(3, t, "rewrites", "restore", path, "--snapshot", "1")
        t.armed = 20
        first = start(t, "rewrites", "restore", path)
        assert t.quiet.wait(100)
        first.kill()
        first.communicate()
        t.armed = 0
        text = run(3, t, "rewrites", "restore", path)
        assert t.total() == 20 and " 0 added" in text, (t.held(), text)
        assert " 0 added" in run(3, t, "rewrites", "restore", path)


class Alters(Target):
    """Makes another octet of the last one; the second APPEND is carried out, and not answered."""
    def populate(self):
        super().populate()
        self.first, self.second = threading.Event(), threading.Event()

    def do_append(self, s, tag, args):
        with self.lock:
            cut = self.first.is_set() and not self.second.is_set()
            self.first.set()
        with self.lock:
            for body, flags, date in messages(args[1:]):
                self.mailboxes[raw(args[0])].add(body[:-3] + b"#\r\n", flags, date)
        if cut:
            self.second.set()
            s.stall(30)
        box = self.mailboxes[raw(args[0])]
        self.ok(s, tag, "[APPENDUID %d %d:%d] done" % (box.uidvalidity, box.uidnext - len(messages(args[1:])), box.uidnext - 1))


def test_what_a_killed_restore_stored_is_looked_at():
    """Of what was not looked at before the end, the next run says what it says of its own."""
    with Alters() as t:
        first = start(t, "unseen", "restore", archive(), "--folder", "INBOX")
        assert t.second.wait(100)
        first.kill()
        first.communicate()
        n = t.total()
        assert 1 < n < 20, n
        text = run(3, t, "unseen", "restore", archive(), "--folder", "INBOX")
        assert " %d added, %d already there, 20 not exactly as in the archive" % (20 - n, n) in text and len(set(re.findall(r"UID (\d+),.* other octets", text))) == 20, text
        assert t.total() == 20, t.total()
        assert " 0 added, 20 already there, 20 not exactly as in the archive" in run(3, t, "unseen", "restore", archive(), "--folder", "INBOX")


# ---- another machine --------------------------------------------------------------------------------


class Many(FakeImap):
    boxes, each = 1, 1800

    def populate(self):
        for k in range(self.boxes):
            box = self.mailbox("Box %d" % k if k else "INBOX")
            for i in range(self.each):
                box.add(b"Message-ID: <%d.%d@many.example>\r\nSubject: %d in %d\r\n\r\nbody %d\r\n" % (i, k, i, k, i) + b"x" * (i % 97))


class ManySmall(Many):
    boxes, each = 6, 20


class Paced(Target):
    """Two clients begin to store at the same moment."""
    def populate(self):
        super().populate()
        self.both, self.began = threading.Barrier(2), set()

    def before(self, s, tag, name, args):
        if name != "APPEND":
            return
        if s not in self.began and len(self.began) < 2:
            self.began.add(s)
            self.both.wait(200)
        time.sleep(0.05)


def in_lockstep(source, target=Paced):
    """Each with a journal of its own: what the other one stored is seen before it is sent, and each message that is doubled is named."""
    path = os.path.join(T, source.__name__ + target.__name__)
    with source() as s:
        run(0, s, "source", "backup", "-o", path)
    with target() as t:
        both = [start(t, source.__name__ + target.__name__ + state, "restore", path, "--connections", "1") for state in ("first", "second")]
        texts = [p.communicate(timeout=300)[0] for p in both]
        twice = [m.body for box in t.mailboxes.values() for m in doubled(box)]
        wanted = source.boxes * source.each
        assert len(t.held()) == wanted, (len(t.held()), wanted)
        assert len(twice) < min(400, wanted // 2), len(twice)  # one as a rule: the first batches are small
        assert not twice or 3 in [p.returncode for p in both], texts
        for p, text in zip(both, texts):
            assert p.returncode == (3 if "is there once more" in text else 0), text
            assert text.count("is there once more") == int((re.findall(r"(\d+) more often than in the archive", text) or [0])[0]), text
        named = set(re.findall(r'"(\d+ in \d+)": is there once more', "".join(texts)))
        actual = {re.search(rb"Subject: (.*)\r", body)[1].decode() for body in twice}
        assert named == actual, (named, actual, texts)
        print("     %d of %d doubled and named" % (len(twice), wanted))


def test_two_machines_in_lockstep():
    in_lockstep(Many)


def test_two_machines_with_small_mailboxes():
    class Bare(Paced):
        extensions = [e for e in FakeImap.extensions if e not in ("UIDPLUS", "MULTIAPPEND")]
    in_lockstep(ManySmall)
    in_lockstep(ManySmall, Bare)


def test_what_was_stored_without_a_uid_is_our_own():
    """Nobody else is suspected, and waited for, only because the server tells no UIDs."""
    class Bare(Target):
        extensions = [e for e in FakeImap.extensions if e not in ("UIDPLUS", "MULTIAPPEND")]
    path = os.path.join(T, "bare")
    with Many() as s:
        run(0, s, "source", "backup", "-o", path)
    with Bare() as t:
        run(0, t, "bare", "restore", path)
        assert t.total() == 1800
        fetched = [line for _, line in t.log if b"FETCH" in line and b":*" in line]
        assert len(fetched) <= 8, fetched  # one after each batch, one or two at the end


def main():
    tests = {n[5:]: f for n, f in globals().items() if n.startswith("test_")}
    archive()
    with ThreadPoolExecutor(8) as pool: # they mostly wait
        failed = [x for x in pool.map(lambda n: one(n, tests[n]), sys.argv[1:] or tests) if x]
    subprocess.run(["rm", "-rf", T], check=True)
    sys.exit(bool(failed))


def one(name, test):
    began = time.monotonic()
    try:
        test()
    except Exception as e:
        print("FAILED %s: %s %s" % (name, type(e).__name__, e), flush=True)
        return name
    print("ok   %-50s %.1f s" % (name, time.monotonic() - began), flush=True)


if __name__ == "__main__":
    main()
