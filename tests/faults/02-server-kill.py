#!/usr/bin/python3
"""A restore is killed at the n-th call of the seam and its server with it, or the server alone while the restore goes on; the server is
back at once, with the same port and files. In the end each item is there once, or named if it is there twice.

VALISE_EVERY=1 tries every n, by default some that are spread. WORKERS: so many servers at a time."""
import collections
import contextlib
import imaplib
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import TESTS, VALISE  # noqa: E402
from fakedav import FakeDav, card, event  # noqa: E402
from fakeimap import FakeImap  # noqa: E402

EVERY = os.environ.get("VALISE_EVERY") == "1"
WORKERS = int(os.environ.get("WORKERS", "6"))
TRIES = 6  # of each kind, by default
T = tempfile.mkdtemp(prefix="valise-kill-")
os.chmod(T, 0o755)


def start(*argv, state, **fault):
    env = {k: v for k, v in os.environ.items() if not k.startswith("VALISE_FAULT")}
    return subprocess.Popen([VALISE, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env=dict(env, XDG_STATE_HOME=f"{T}/{state}", HOME=T, **fault))


def remove(path):
    while os.path.exists(path):  # a session that is about to end may write there
        shutil.rmtree(path, ignore_errors=True)


def end(p, want):
    text = p.communicate(timeout=600)[0]
    assert p.returncode in want, f"exit {p.returncode}: {p.args}\n{text}"
    return text


class Mail:
    """Into Dovecot."""
    script, port, workers = "dovecot.sh", "IMAPS_PORT", WORKERS

    class Source(FakeImap):
        def populate(self):
            for box in "INBOX", "Work":
                for i in range(40):
                    self.mailbox(box).add(b"Message-ID: <%d@%s.example>\r\nSubject: %d\r\n\r\n" % (i, box.encode(), i) + b"%d\r\n" % i * 400,
                                          [r"\Seen"] if i % 3 else [], "%02d-Jan-2001 00:00:00 +0000" % (i % 28 + 1))

    @staticmethod
    def login(port, ca=None):
        return ["--imap", f"imaps://localhost:{port}", "--ca-file", ca] if ca else ["--imap", f"imap://127.0.0.1:{port}", "--cleartext"]

    @staticmethod
    def want(source):
        return collections.Counter((b.name, m.body, r"\Seen" in m.flags, m.date) for b in source.mailboxes.values() for m in b.messages)

    @staticmethod
    def forget(folder):
        remove(f"{folder}/mail/alice")

    @staticmethod
    def there(env):
        found = collections.Counter()
        m = imaplib.IMAP4("127.0.0.1", int(env["IMAP_PORT"]))
        m.login("alice", "pw-alice")
        for box in (line.rsplit(b" ", 1)[1].strip(b'"') for line in m.list()[1]):
            if m.select(box.decode(), readonly=True)[1] == [b"0"]:
                continue
            for part in m.fetch("1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")[1]:
                if isinstance(part, tuple):
                    date = re.search(rb'INTERNALDATE "([^"]*)"', part[0])[1].decode().strip()
                    found[(box, part[1], rb"\Seen" in part[0], date)] += 1
        m.logout()
        return found


class Dav:
    """Into Radicale."""
    script, port, workers = "radicale.sh", "HTTPS_PORT", WORKERS // 3  # nothing has to be waited for

    class Source(FakeDav):
        def populate(self):
            work, people = self.add("calendar", "work", "Work"), self.add("addressbook", "people", "People")
            for n in range(12):
                work.put(f"e{n}.ics", event(n))
                people.put(f"p{n}.vcf", card(n))

    @staticmethod
    def login(port, ca=None):
        at = [f"https://localhost:{port}/", "--ca-file", ca] if ca else [f"http://127.0.0.1:{port}/", "--cleartext"]
        return ["--caldav", at[0], "--carddav", at[0], *at[1:]]

    @staticmethod
    def want(_):
        return collections.Counter([f"event-{n}" for n in range(12)] + [f"card-{n}" for n in range(12)])

    @staticmethod
    def forget(folder):
        remove(f"{folder}/collections/collection-root/alice")

    @staticmethod
    def there(env):
        """By UID: each file of the store is a resource."""
        found = collections.Counter()
        for d, _, files in os.walk(os.path.dirname(env["LOG"]) + "/collections/collection-root/alice"):
            for f in files:
                if f.endswith((".ics", ".vcf")) and ".Radicale" not in d:
                    with open(f"{d}/{f}", encoding="utf-8") as h:
                        found[re.search("UID:(.*)", h.read())[1].strip()] += 1
        return found


class Server:
    def __init__(self, kind, number):
        self.kind, self.name = kind, f"{kind.__name__}{number}"
        self.folder = f"{T}/{self.name}"
        if number:  # the same certificates
            shutil.copytree(f"{T}/{kind.__name__}0/tls", f"{self.folder}/tls")
        self.run("start")
        with open(f"{self.folder}/env", encoding="utf-8") as f:
            self.env = dict(line.rstrip("\n").split("=", 1) for line in f if "=" in line)
        self.who = kind.login(self.env[kind.port], f"{self.folder}/tls/ca.pem") + ["--user", "alice", "--password-command", "echo pw-alice"]

    def run(self, verb):
        subprocess.run([f"{TESTS}/servers/{self.kind.script}", verb, self.folder], check=True, stdout=subprocess.DEVNULL, env=dict(os.environ, USERS="alice"))

    def crash(self):
        """All of it at once, before a script could begin."""
        with open(f"{self.folder}/pids", encoding="utf-8") as f:
            for line in f:
                os.killpg(int(line.split()[0]), signal.SIGKILL)
        self.run("crash")

    def fresh(self, step):
        self.kind.forget(self.folder)
        return f"state-{self.name}-{step}"

    def restore(self, state, **fault):
        return start("restore", f"{T}/{self.kind.__name__}.valise", *self.who, state=state, **fault)


class Trial:
    """One kind of account: an archive of it, servers to restore it into."""

    def __init__(self, kind):
        self.kind, self.servers, self.doubled = kind, queue.Queue(), 0
        with kind.Source() as source:
            end(start("backup", *kind.login(source.port), "--user", "alice", "--password-command", "echo pw-alice", "-o", f"{T}/{kind.__name__}.valise", state="source"), (0,))
            self.want = kind.want(source)
        self.servers.put(Server(kind, 0))
        began = time.monotonic()
        with self.server() as s:
            end(s.restore(s.fresh("count"), VALISE_FAULT_COUNT=f"{T}/calls"), (0,))
            self.check(s, "undisturbed", [""])
        self.seconds = time.monotonic() - began
        with open(f"{T}/calls", encoding="utf-8") as f:
            self.total = int(f.read().split()[0])

    @contextlib.contextmanager
    def server(self):
        s = self.servers.get()
        try:
            yield s
        finally:
            self.servers.put(s)

    def more(self, n):
        for i in range(1, n):
            self.servers.put(Server(self.kind, i))

    def check(self, s, what, texts):
        found = self.kind.there(s.env)
        missing, extra = self.want - found, found - self.want
        assert not missing, f"{what}: missing {list(missing)[:3]}\n{texts}"
        assert not set(extra) - set(self.want), f"{what}: strange {list(extra)[:3]}\n{texts}"
        named = len(set(re.findall(r"UID (\d+) of the target", "".join(texts))))
        assert sum(extra.values()) <= named, f"{what}: {sum(extra.values())} twice, {named} named\n{texts}"
        self.doubled += sum(extra.values())

    def both(self, n):
        """The restore is killed before its n-th call, the server with it."""
        with self.server() as s:
            state = s.fresh(n)
            texts = [end(s.restore(state, VALISE_FAULT=f"kill:{n}"), (0, -9))]
            s.crash()
            texts.append(end(s.restore(state), (0, 3)))
            self.check(s, f"both, kill:{n}", texts)
            shutil.rmtree(f"{T}/{state}", ignore_errors=True)

    def alone(self, share):
        """The server is killed when the restore has had ${share} of its time."""
        with self.server() as s:
            state = s.fresh(share)
            p = s.restore(state)
            time.sleep(share * self.seconds)
            s.crash()
            texts = [end(p, (0, 1, 3))]  # 1: it had not begun
            texts.append(end(s.restore(state), (0, 3)))
            self.check(s, f"server, after {share} of {self.seconds} s", texts)
            shutil.rmtree(f"{T}/{state}", ignore_errors=True)


def attempt(job):
    try:
        job[0](job[1])
    except Exception as e:
        print(f"FAILED {type(e).__name__}: {e}", flush=True)
        return 1
    return 0


def trials(all):
    jobs = []
    for kind in Mail, Dav:
        t = Trial(kind)
        all.append(t)
        step = 1 if EVERY else max(1, t.total // TRIES)
        times = t.total // 10 if EVERY else 2
        t.more(kind.workers)
        jobs += [(t.both, n) for n in range(1 + step // 2, t.total + 1, step)]
        jobs += [(t.alone, (i + 0.5) / times) for i in range(times)]
    with ThreadPoolExecutor(2 * WORKERS) as pool:
        failed = sum(pool.map(attempt, jobs))
    for t in all:
        print(f"{t.kind.__name__}: {t.total} calls, {sum(j[0].__self__ is t for j in jobs)} kills, {t.doubled} twice and named")
    return failed


def main():
    try:
        failed = trials([])
    finally:
        for kind in Mail, Dav:
            for i in range(kind.workers):
                subprocess.run([f"{TESTS}/servers/{kind.script}", "stop", f"{T}/{kind.__name__}{i}"], check=True)
        shutil.rmtree(T, ignore_errors=True)
    sys.exit(bool(failed))


main()
