#!/usr/bin/python3
"""No message is brought to a target twice without being named: two restores at once, servers that store late what they did not
acknowledge. With names of tests as arguments: only these."""
import collections
import os
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "servers"))
sys.dont_write_bytecode = True
from fakeimap import FakeImap  # noqa: E402

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
    text = p.communicate(timeout=200)[0]
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
        assert t.began.wait(30)
        text = run(1, t, "one", "restore", archive())
        assert "another restore of this archive into this account is at work" in text, text
        run(0, t, "one", "restore", archive(), "--dry-run")
        t.go.set()
        end(first, 0)
        assert t.total() == 40, t.total()
        assert " 0 added" in run(0, t, "one", "restore", archive())


def main():
    tests = {n[5:]: f for n, f in globals().items() if n.startswith("test_")}
    failed = []
    for name in sys.argv[1:] or tests:
        began = time.monotonic()
        try:
            tests[name]()
            print("ok   %-50s %.1f s" % (name, time.monotonic() - began), flush=True)
        except (AssertionError, subprocess.TimeoutExpired) as e:
            failed.append(name)
            print("FAILED %s: %s" % (name, e), flush=True)
    subprocess.run(["rm", "-rf", T], check=True)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
