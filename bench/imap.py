#!/usr/bin/python3
"""imap.py [--messages 20000] [--bytes 500000000] [--rounds 3] [--delay MS] [--restore 2000] : valise beside mbsync.

One run on this machine: a private Dovecot over TLS, the same mailboxes, the two programs in turn, medians, and their
ratio. valise backup is durable, packed, read back and sealed; mbsync only fetches, with FSync no. Restore is set beside
mbsync's push. --delay MS puts a proxy with that one-way latency before the server (25: a round trip of 50 ms).
Python's standard library only; mbsync comes from the package isync (scripts/deps bench)."""
import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.join(os.path.dirname(HERE), "tests")
sys.path.insert(0, os.path.join(TESTS, "tools"))
import imaptool  # noqa: E402


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--valise", default=os.path.join(os.path.dirname(HERE), "build/release/valise"))
    p.add_argument("--messages", type=int, default=20000)
    p.add_argument("--bytes", type=int, default=500_000_000)
    p.add_argument("--restore", type=int, default=2000, help="messages to restore; 0: no restore")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--delay", type=float, default=0, help="one-way latency in ms")
    p.add_argument("--connections", type=int, default=0)
    p.add_argument("--only", choices=("backup", "restore"))
    return p.parse_args()


def read_env(path):
    with open(path, encoding="utf-8") as f:
        return dict(line.rstrip("\n").split("=", 1) for line in f if "=" in line)


def measured(argv, env=None):
    """(seconds, user+system seconds, peak KiB) of one command, which must succeed."""
    # by time(1), which is small: a process that this one forks begins with the size of Python
    with tempfile.NamedTemporaryFile("r") as peak:
        began = time.monotonic()
        p = subprocess.Popen(["time", "-q", "-f", "%M", "-o", peak.name, *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
        out = p.stdout.read()
        _, status, usage = os.wait4(p.pid, 0)
        seconds = time.monotonic() - began
        p.returncode = os.waitstatus_to_exitcode(status)
        if p.returncode != 0:
            sys.exit(f"{argv}: exit {p.returncode}\n{out.decode(errors='replace')[-2000:]}")
        return seconds, usage.ru_utime + usage.ru_stime, int(peak.read())


class Bench:
    def __init__(self, o, folder):
        self.o, self.folder, self.proxy = o, folder, None
        self.server = os.path.join(folder, "server")
        subprocess.run([f"{TESTS}/servers/dovecot.sh", "start", self.server], check=True, stdout=subprocess.DEVNULL)
        self.env = read_env(os.path.join(self.server, "env"))
        self.port = int(self.env["IMAPS_PORT"])

    def delay(self):
        self.proxy = subprocess.Popen([sys.executable, f"{TESTS}/servers/slowproxy.py", "--to", str(self.port), "--delay",
                                       str(self.o.delay)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(self.proxy.stdout.readline().removeprefix("PORT="))

    def stop(self):
        if self.proxy:
            self.proxy.terminate()
            self.proxy.wait()
        subprocess.run([f"{TESTS}/servers/dovecot.sh", "stop", self.server], stdout=subprocess.DEVNULL)

    def load(self, user, messages, size):
        subprocess.run([f"{TESTS}/tools/genaccount.py", "bench", "--env", f"{self.server}/env", "--user", user,
                        "--messages", str(messages), "--bytes", str(size)], check=True, stdout=sys.stderr)

    def valise(self, command, user, *more):
        argv = [self.o.valise, command, *more, "--imap", f"imaps://localhost:{self.port}", "--user", user, "--ca-file",
                self.env["CA"], "--password-command", f"echo pw-{user}", "--quiet"]
        if self.o.connections:
            argv += ["--connections", str(self.o.connections)]
        env = dict(os.environ, XDG_STATE_HOME=os.path.join(self.folder, "state"))
        return measured(argv, env)

    def change(self, user, count, turn):
        with imaptool.Account.open(f"{self.server}/env", user) as account:
            folders = sorted(account.folders())
            for i, path in enumerate(folders):
                uids = account.uids(path)
                share = min(count // len(folders), len(uids) // 4)
                if share < 8:
                    continue
                account.store(path, uids[turn::4][:share * 3 // 4], "+-"[turn % 2] + "FLAGS", ["\\Flagged", "\\Answered"])
                account.expunge(path, uids[-share // 8:])
                account.append_many(path, [imaptool.Message(b"Message-ID: <%d.%d.%d@bench.example>\r\nSubject: new\r\n\r\nnew\r\n" % (i, turn, k))
                                           for k in range(share // 8)])

    def stats(self, user):
        """What one more run says of itself."""
        argv = [self.o.valise, "backup", "-o", os.path.join(self.folder, "a.valise"), "--imap", f"imaps://localhost:{self.port}", "--user", user,
                "--ca-file", self.env["CA"], "--password-command", f"echo pw-{user}", "--quiet", "--stats"]
        p = subprocess.run(argv, capture_output=True, check=True, text=True)
        return p.stderr.strip().splitlines()[-1] + " where nothing is new"

    def mbsync(self, user, maildir, direction):
        rc = os.path.join(self.folder, "mbsyncrc")
        with open(rc, "w", encoding="utf-8") as f:
            f.write(f"""FSync no
IMAPAccount a
Host localhost
Port {self.port}
User {user}
PassCmd "echo pw-{user}"
SSLType IMAPS
CertificateFile {self.env['CA']}

IMAPStore far
Account a

MaildirStore near
Path {maildir}/
Inbox {maildir}/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns *
Create Both
CopyArrivalDate yes
Sync {direction}
SyncState {self.folder}/syncstate-{user}/
""")
        os.makedirs(f"{self.folder}/syncstate-{user}", exist_ok=True)
        return measured(["mbsync", "-c", rc, "-q", "-a"])

    def put_away(self, path):
        """Out of the way, and removed at the end alone: for some seconds after a removal ext4 seeks long for inodes that were not in use lately, and
        whoever makes many files then would be measured with that (mbsync of 20,000 messages: 14 s of CPU instead of 2)."""
        if os.path.exists(path):
            os.makedirs(os.path.join(self.folder, "away"), exist_ok=True)
            os.rename(path, tempfile.mktemp(dir=os.path.join(self.folder, "away")))

    def remove(self, *names):
        for name in names:
            self.put_away(os.path.join(self.folder, name))

    def forget(self, user):
        self.put_away(os.path.join(self.server, "mail", user))


def table(title, ours, theirs):
    print(f"\n{title}")
    for name, rows in (("valise", ours), ("mbsync", theirs)):
        wall, cpu, rss = (statistics.median(r[i] for r in rows) for i in range(3))
        print(f"  {name}: median {wall:.2f} s wall ({', '.join(f'{r[0]:.2f}' for r in rows)}), {cpu:.2f} s CPU, "
              f"{rss / 1024:.1f} MiB peak")
    ratio = statistics.median(r[0] for r in theirs) / statistics.median(r[0] for r in ours)
    print(f"  valise takes 1/{ratio:.2f} of mbsync's time")


def bench_backup(b):
    ours, theirs = [], []
    for _ in range(b.o.rounds):
        b.remove("a.valise")
        ours.append(b.valise("backup", "alice", "-o", os.path.join(b.folder, "a.valise")))
        b.remove("maildir", "syncstate-alice")
        os.makedirs(os.path.join(b.folder, "maildir"))
        theirs.append(b.mbsync("alice", os.path.join(b.folder, "maildir"), "Pull"))
    stored = subprocess.run(["du", "-sb", os.path.join(b.folder, "a.valise")], capture_output=True, check=True, text=True)
    table(f"backup of {b.o.messages} messages, {b.o.bytes} bytes, one-way delay {b.o.delay} ms", ours, theirs)
    print(f"  the archive has {int(re.match(r'[0-9]+', stored.stdout)[0]) / b.o.bytes:.2f} of the mail's bytes")
    again = [b.valise("backup", "alice", "-o", os.path.join(b.folder, "a.valise")) for _ in range(3)]
    once = [b.mbsync("alice", os.path.join(b.folder, "maildir"), "Pull") for _ in range(3)]
    table("again, nothing new", again, once)
    bench_changed(b)


def bench_changed(b):
    """1 % of the messages changed between runs: three quarters have other flags, an eighth is new, an eighth gone."""
    ours, theirs = [], []
    for turn in range(b.o.rounds):
        b.change("alice", b.o.messages // 100, turn)
        ours.append(b.valise("backup", "alice", "-o", os.path.join(b.folder, "a.valise")))
        theirs.append(b.mbsync("alice", os.path.join(b.folder, "maildir"), "Pull"))
    table("again, 1 % changed", ours, theirs)
    print("  valise: " + b.stats("alice"))


def bench_restore(b):
    ours, theirs = [], []
    b.load("bob", b.o.restore, b.o.bytes * b.o.restore // b.o.messages)
    b.valise("backup", "bob", "-o", os.path.join(b.folder, "b.valise"))
    os.makedirs(os.path.join(b.folder, "push"), exist_ok=True)
    b.mbsync("bob", os.path.join(b.folder, "push"), "Pull")
    for _ in range(b.o.rounds):
        b.forget("carol")
        b.remove("state")
        ours.append(b.valise("restore", "carol", os.path.join(b.folder, "b.valise")))
        b.forget("dave")
        b.remove("copy", "syncstate-dave")
        shutil.copytree(os.path.join(b.folder, "push"), os.path.join(b.folder, "copy"))
        strip_uids(os.path.join(b.folder, "copy"))
        theirs.append(b.mbsync("dave", os.path.join(b.folder, "copy"), "Push"))
    table(f"restore of {b.o.restore} messages, one-way delay {b.o.delay} ms (mbsync: push)", ours, theirs)


def strip_uids(top):
    """A Maildir as another program would leave it: no UIDs of mbsync in the names."""
    for folder, _, files in os.walk(top):
        for name in files:
            if name.startswith(".uid") or name.startswith(".mbsync"):
                os.unlink(os.path.join(folder, name))
            elif ",U=" in name:
                os.rename(os.path.join(folder, name), os.path.join(folder, re.sub(r",U=[0-9]+", "", name)))


def main():
    o = arguments()
    folder = tempfile.mkdtemp(prefix="valise-bench-", dir=os.environ.get("TMPDIR", "/var/tmp"))
    os.chmod(folder, 0o755)
    b = Bench(o, folder)
    try:
        if o.only != "restore":
            b.load("alice", o.messages, o.bytes)
        if o.delay:
            b.delay()
        if o.only != "restore":
            bench_backup(b)
        if o.restore and o.only != "backup":
            bench_restore(b)
    finally:
        b.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
