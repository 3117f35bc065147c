#!/usr/bin/python3
"""A short POP3 session cut at every byte that the server sends: in the first connection (which retrieves the canary), in the second
(the bulk), in the third (the proof), and in every one. Afterwards the
next run, with a sound line, has every message once and nothing else.
By default every byte of the bulk, and some of the rest; VALISE_EVERY=1: every byte of everything, which takes minutes.
VALISE_STRIDE=N: only every N-th byte."""
import os
import shutil
import sys
import tempfile
import threading
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import execute, pop3  # noqa: E402
import fakepop3  # noqa: E402

STRIDE = int(os.environ.get("VALISE_STRIDE", "1"))
EVERY = bool(os.environ.get("VALISE_EVERY"))
WORKERS = 6


class Short(fakepop3.FakePop3):
    caps = ["UIDL", "USER", "PIPELINING", "EXPIRE NEVER"]
    bodies = [b"A: 1\r\n\r\n.dots\r\n..\r\n", b"A: 2\r\n\r\nno end", b"A: 1\r\n\r\n.dots\r\n..\r\n", b"A: 4\r\n\r\n" + b"text of some length\r\n" * 2]

    def populate(self):
        for i, body in enumerate(self.bodies):
            self.messages.append(fakepop3.Message(body, "u%d" % i))


class ShortNoUidl(Short, fakepop3.NoUidl):
    caps = ["USER"]


def fetch(port, tree):
    rc, out, err = execute("fetch", *pop3(port), "-t", tree)
    return rc, out + err


def held(tree):
    out = Counter()
    for d, _, names in os.walk(os.path.join(tree, "mail")):
        for n in names:
            with open(os.path.join(d, n), "rb") as f:
                out[f.read()] += 1
    return out


def one(case, cut, only, scratch):
    """A message where something is wrong, or None."""
    tree = os.path.join(scratch, "%s-%d-%s" % (case.__name__, cut, only))
    want = Counter(case.bodies)
    with case() as server:
        server.cut_after, server.cut_only = cut, only
        rc, text = fetch(server.port, tree)
        if only and rc not in (0, 3):
            return "did not go on by itself: %d %s" % (rc, text)
        if rc == 0 and held(tree) != want:
            return "done, and not all there"
        server.cut_after = None
        rc, text = fetch(server.port, tree)
        if rc != 0:
            return "the next run: %d %s" % (rc, text)
        if held(tree) != want:
            return "missing %r, too many %r" % (want - held(tree), held(tree) - want)
        if any(line.upper().startswith(b"DELE") for _, line in server.log):
            return "DELE"
    shutil.rmtree(tree)
    return None


def lengths(case, scratch):
    """How many bytes each connection of an undisturbed run has."""
    out = []

    class Measured(case):
        def on_end(self, s, quit):
            out.append((s.number, s.sent))
    with Measured() as server:
        fetch(server.port, os.path.join(scratch, "measure-" + case.__name__))
    return [n for _, n in sorted(out)]


def main():
    scratch = tempfile.mkdtemp(prefix="valise-cuts-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    os.environ.update(HOME=scratch, XDG_STATE_HOME=scratch + "/state", XDG_CONFIG_HOME=scratch + "/config")
    todo, problems, lock = [], [], threading.Lock()
    for case in Short, ShortNoUidl:
        sizes = lengths(case, scratch)
        print(case.__name__, sizes, "bytes", flush=True)
        for number, n in enumerate(sizes, 1):
            step = STRIDE if EVERY or (number == 2 and case is Short) else 30
            todo += [(case, cut, number) for cut in range(0, n, step)]
        # every connection cut: a run that cannot sign in gives up after some pauses, so that few of these suffice
        todo += [(case, cut, None) for cut in range(5, max(sizes), 1 if EVERY else 120)]
    done = len(todo)

    def work():
        while True:
            with lock:
                if not todo:
                    return
                job = todo.pop()
            try:
                problem = one(*job, scratch)
            except Exception as e:  # a thread that dies must not look like success
                problem = repr(e)
            if problem:
                with lock:
                    problems.append((job[0].__name__, job[1:], problem))
    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    shutil.rmtree(scratch, ignore_errors=True)
    for p in problems[:20]:
        print("FAILED", *p)
    print("%d cuts, %d problems" % (done, len(problems)))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
