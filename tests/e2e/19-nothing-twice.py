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

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "servers"))
sys.dont_write_bytecode = True
from fakeimap import DATE, FakeImap, Literal, raw  # noqa: E402

VALISE = os.environ.get("VALISE", os.path.join(HERE, "../../build/test/valise"))
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
    return subprocess.Popen([VALISE, *args, "--imap", "imap://127.0.0.1:%d" % server.port, "--user", "alice", "--password-command", "echo pw-alice", "--cleartext"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ, XDG_STATE_HOME=os.path.join(T, state), HOME=T))


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
        text = run(1, t, "one", "restore", archive())
        assert "another restore of this archive into this account is at work" in text, text
        run(0, t, "one", "restore", archive(), "--dry-run")
        t.go.set()
        end(first, 0)
        assert t.total() == 40, t.total()
        assert " 0 added" in run(0, t, "one", "restore", archive())


# ---- stored late ------------------------------------------------------------------------------------


class Late(Target):
    """Ends the connection when the octets of the first APPEND are there, and stores them SECONDS later (None: when it is told), or never."""
    seconds, cuts = 1, 1

    def do_append(self, s, tag, args):
        with self.lock:
            cut, self.cuts = self.cuts > 0, self.cuts - 1
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


# ---- another machine --------------------------------------------------------------------------------


class Many(FakeImap):
    def populate(self):
        for i in range(1800):
            self.mailbox("INBOX").add(b"Message-ID: <%d@many.example>\r\nSubject: %d\r\n\r\nbody %d\r\n" % (i, i, i) + b"x" * (i % 97))


class Paced(Target):
    def before(self, s, tag, name, args):
        if name == "APPEND":
            time.sleep(0.15)


def test_two_machines():
    """Each with a journal of its own: what the other one stored is seen before each batch, and what is doubled is named by one of them."""
    path = os.path.join(T, "many.valise")
    with Many() as s:
        run(0, s, "source", "backup", "-o", path)
    with Paced() as t:
        both = []
        for state in "first", "second":
            both.append(start(t, state, "restore", path, "--connections", "1"))
            while not t.total() and both[0].poll() is None:
                time.sleep(0.05)
        texts = [p.communicate(timeout=300)[0] for p in both]
        n = doubles(t)
        assert len(t.held()) == 1800 and n <= 800, (len(t.held()), n)
        assert n == 0 or 3 in [p.returncode for p in both], texts
        named = set(re.findall(r"\(UID (\d+) of the target\)", "".join(texts)))
        assert len(named) >= n, (n, len(named))
        print("     %d of 1800 doubled and named" % n)


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
