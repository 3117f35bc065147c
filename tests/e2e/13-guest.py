#!/usr/bin/python3
"""Being a good guest, against scripted servers (servers/cases_guest.py): the server's wish to wait, lost connections, limits of the user's, tokens that
expire, and what signing in may ask for. Each time all is in the archive, or on the server, once, or named; and the words and exit codes."""
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import VALISE, Failed, execute, expect, imap, run, side_by_side  # noqa: E402
import fakecases  # noqa: E402

CASES = fakecases.cases()


def valise(*args, code=0):
    return run(code, *map(str, args))


def account(server, *password):
    return imap(server.port, *password)


def says(text, *patterns):
    for p in patterns:
        expect(re.search(p, text), "did not say %r:\n%s" % (p, text))


def served(server):
    return {name.decode(): Counter(m.body for m in box.messages) for name, box in server.mailboxes.items() if box.messages}


def archived(archive):
    """What tar has of it, by folder and as often as it is there; nothing is written to disk."""
    objects, folders = {}, {}
    for snapshot in sorted(os.listdir(archive + "/data")):
        files = sorted(os.path.join(d, n) for d, _, names in os.walk(os.path.join(archive, "data", snapshot)) for n in names if n.endswith(".tar.gz"))
        for path in files:
            parts = os.path.basename(path).startswith("part-")
            with tarfile.open(path) as tar:
                members = [m for m in tar if not m.isdir()]
                if parts:
                    objects.update((m.name, tar.extractfile(m).read()) for m in members)
                    continue
            name = os.path.dirname(os.path.dirname(members[0].name))[len("mail/"):] if members else ""
            folders[name] = [m.linkname for m in members]
    return {name: Counter(objects[link] for link in links) for name, links in folders.items() if links}


def same(a, b):
    for folder in sorted(set(a) | set(b)):
        x, y = a.get(folder, Counter()), b.get(folder, Counter())
        expect(x == y, "%s: %d against %d messages, %d missing, %d too many" % (folder, sum(x.values()), sum(y.values()), sum((y - x).values()), sum((x - y).values())))


def backup_through(t):
    """Three lost connections and two wishes to wait: complete, nothing fetched twice but what was on the way."""
    with CASES["throttles"]() as server:
        began = time.monotonic()
        text = valise("backup", *account(server), "-o", t + "/a", "--connections=1")
        expect(time.monotonic() - began >= 0.5, "it did not wait")
        says(text, r"the server asks to wait 0\.3 s; going on at UID \d+ of INBOX", r"the server asks to wait 0\.2 s; going on at UID \d+ of INBOX")
        expect(sorted(server.script.done) == ["backoff", "bye", "cut", "cut", "cut"], "the case is wrong: %s" % server.script.done)
        same(archived(t + "/a"), served(server))
        valise("verify", t + "/a")
        server.settle()
        server.log.clear()
        says(valise("backup", *account(server), "-o", t + "/a"), "nothing changed")
        expect(not any(b"BODY" in line for _, line in server.log), "fetched again")
    with CASES["throttles"]() as server:  # several connections: half of them go on
        says(valise("backup", *account(server), "-o", t + "/b"), "going on with one connection less")
        expect(len(server.script.done) == 5, "the case is wrong: %s" % server.script.done)
        same(archived(t + "/b"), served(server))


def restore_through(t):
    """The same for restore: three lost connections, two wishes to wait, no double, none missing."""
    with CASES["many"]() as server:
        del server.mailboxes[b"INBOX"].messages[200:]
        valise("backup", *account(server), "-o", t + "/a")
        want = served(server)
    with CASES["throttles-append"]() as server:
        text = valise("restore", t + "/a", *account(server))
        says(text, r"the server asks to wait 0\.3 s; going on at INBOX", r"the server asks to wait 1\.0 s", "200 added")
        expect(len(server.script.done) == 5, "the case is wrong: %s" % server.script.done)
        same(served(server), want)
        says(valise("restore", t + "/a", *account(server)), "0 added, 200 already there")
        same(served(server), want)


def everything_throttled(t):
    """LIST, STATUS, EXAMINE, CREATE ... are refused so, too, and no folder is given up for that."""
    with CASES["throttles-all"]() as server:
        for name in "Work", "Sent/2020", "Empty":
            server.mailbox(name).add(b"Subject: %s\r\n\r\n" % name.encode())
        valise("backup", *account(server), "-o", t + "/a")
        same(archived(t + "/a"), served(server))
        want = served(server)
    with CASES["throttles-all"]() as server:
        server.mailboxes.clear()
        server.mailbox("INBOX")
        valise("restore", t + "/a", *account(server))
        same(served(server), want)


def for_ever(t):
    """Longer than anybody waits: what was fetched is sealed as incomplete, the next run has the rest."""
    with CASES["throttles-for-ever"]() as server:
        server.mailbox("Work").add(b"Subject: in Work\r\n\r\n")
        text = valise("backup", *account(server), "-o", t + "/a", "--max-wait=1", code=3)
        says(text, "given up after .* without progress", r"INBOX: \d+ messages were not fetched this time", "INCOMPLETE", "snapshot 1 sealed")
        have = archived(t + "/a")
        expect(0 < sum(have["INBOX"].values()) < 1000, "%d messages" % sum(have["INBOX"].values()))
        valise("verify", t + "/a", code=3)
        server.script.actions = {}
        server.log.clear()
        valise("backup", *account(server), "-o", t + "/a")
        same(archived(t + "/a"), served(server))
    with CASES["many"]() as server:
        server.before = lambda s, tag, name, args: name == "APPEND" and (s.send(tag + " NO [THROTTLED] wait 1 hour") or True)
        text = valise("restore", t + "/a", *account(server), "--under", "Old", code=3)
        says(text, "given up after")
        del server.before
        valise("restore", t + "/a", *account(server), "--under", "Old")


def gone(t):
    """The server goes away in the middle, for good: what was fetched is sealed, exit code 3; a server that was never there is 1."""
    with CASES["many"]() as server:
        fetches = []

        def before(s, tag, name, args):
            if name == "UID_FETCH" and "BODY" in str(args[1]):
                fetches.append(1)
                if len(fetches) > 2:
                    server.listeners[0].close()
                    s.cut(reset=True)
        server.before = before
        text = valise("backup", *account(server), "-o", t + "/a", "--max-wait=1", "--connections=1", code=3)
        says(text, "given up after", "not fetched this time")
    expect(0 < sum(archived(t + "/a")["INBOX"].values()) < 1000, "nothing was kept")
    text = valise("backup", *account(server), "-o", t + "/b", code=1)
    expect(text.count("trying again") == 1, "insisted on a server that is not there:\n" + text)


def one_connection(t):
    with CASES["connection-limit"]() as server:
        for i in range(4):
            box = server.mailbox("Box %d" % i)
            for m in server.mailboxes[b"INBOX"].messages[:300]:
                box.add(m.body)
        valise("backup", *account(server), "-o", t + "/a")
        same(archived(t + "/a"), served(server))


def quota(t):
    with CASES["correct"]() as server:
        valise("backup", *account(server), "-o", t + "/a")
        want = served(server)
    with CASES["over-quota"]() as server:
        says(valise("restore", t + "/a", *account(server), code=3), "over quota: make room there, then run this again")
        server.before = lambda *_: False
        valise("restore", t + "/a", *account(server))
        same(served(server), want)


def rates(t):
    """--max-rate and --daily-limit."""
    with CASES["many"]() as server:
        began = time.monotonic()
        valise("backup", *account(server), "-o", t + "/a", "--max-rate=300K")
        took = time.monotonic() - began
        size = sum(len(m.body) for m in server.mailboxes[b"INBOX"].messages)
        expect(took > size / 300e3 - 0.3, "%d bytes in %.2f s" % (size, took))
        same(archived(t + "/a"), served(server))
        for bad in "0", "1.5M", "K", "-1", "1KB", "99999999999999999999", "99999999999999T":
            says(valise("backup", *account(server), "--max-rate=" + bad, code=2), "--max-rate wants")
        runs = 0
        for runs in range(1, 10):
            server.log.clear()
            archive = t + "/b"
            rc, out, err = execute("backup", *account(server), "-o", archive, "--daily-limit=200K")
            if rc == 0:
                break
            expect(rc == 3, out + err)
            says(out + err, "the daily limit is reached: run this again tomorrow")
            if runs == 1:
                had = sum(archived(archive)["INBOX"].values())
                expect(100 < had < 1000, "%d messages of a day" % had)
                # the same day: not one message more
                text = valise("backup", *account(server), "-o", archive, "--daily-limit=200K", code=3)
                says(text, "the daily limit is reached")
                expect(sum(archived(archive)["INBOX"].values()) == had, "more than a day's worth")
            for name in os.listdir(t + "/state/valise/daily"):  # the next day
                with open(t + "/state/valise/daily/" + name) as f:
                    day, n = f.read().split()
                expect(150e3 < int(n) <= 200e3, "%s bytes in the ledger" % n)
                with open(t + "/state/valise/daily/" + name, "w") as f:
                    f.write("2001-01-01 %s\n" % n)
        expect(2 <= runs < 9, "%d runs" % runs)
        same(archived(t + "/b"), served(server))
    with CASES["empty"]() as server:
        says(valise("restore", t + "/b", *account(server), "--daily-limit=100K", code=3), "the daily limit is reached", r"\d+ added")
        shutil.rmtree(t + "/state/valise/daily")
        valise("restore", t + "/b", *account(server))
        same(served(server), archived(t + "/b"))


def tokens(t):
    """A token expires in the middle of a run with several connections: the command is asked once for each new one."""
    for case, mech in ("tokens", "XOAUTH2"), ("tokens", "OAUTHBEARER"), ("tokens-no", "XOAUTH2"), ("tokens-no", "OAUTHBEARER"):
        with CASES[case]() as server:
            for name in "Two", "Three":
                box = server.mailbox(name)
                for m in server.mailboxes[b"INBOX"].messages[:400]:
                    box.add(m.body)
            asked = "%s/asked-%s-%s" % (t, case, mech)
            password = "echo x >> %s; echo token-$(wc -l < %s)" % (asked, asked)
            archive = "%s/%s-%s" % (t, case, mech)
            valise("backup", *account(server, password), "-o", archive, "--auth", mech)
            same(archived(archive), served(server))
            n = os.path.getsize(asked) // 2
            expect(server.valid == "token-%d" % n and n >= 2, "asked %d times, the token is %s" % (n, server.valid))


def token_refused(t):
    """A token that is refused for good is asked for twice, a password once."""
    for case, mech, times in ("tokens-no", "XOAUTH2", 2), ("tokens", "OAUTHBEARER", 2), ("correct", "PLAIN", 1):
        with CASES[case]() as server:
            asked = "%s/%s-%s" % (t, case, mech)
            text = valise("check", *account(server, "echo x >> %s; echo wrong" % asked), "--auth", mech, code=12)
            says(text, "signing in|ended the connection while signing in")
            expect(os.path.getsize(asked) == 2 * times, "%s: asked %d times" % (case, os.path.getsize(asked) // 2))


def sign_in(t):
    for case in "netease", "id-refused", "caps-change":
        with CASES[case]() as server:
            valise("backup", *account(server), "-o", t + "/" + case)
            same(archived(t + "/" + case), served(server))
            expect(not any(b"COMPRESS" in line for _, line in server.log), "COMPRESS was sent")
    for case, words in ("login-disabled", r"no way to sign in with a password.*XOAUTH2"), ("basic-auth-gone", "passwords are not taken.*valise login"), \
            ("app-password", "make an app password at https"):
        with CASES[case]() as server:
            says(valise("check", *account(server), code=12), words)


def first_sign_in(t):
    """Each kind of busy twice in a row, for each command; a wrong password is tried once."""
    case = CASES["first-sign-in-busy"]
    for words, command in zip(case.words, ("check", "backup", "fetch", "restore", "backup", "check")):
        with case() as server:
            server.queue = [words] * 2
            to = {"backup": ["-o", t + "/a-%d" % len(words)], "fetch": ["-t", t + "/tree"]}.get(command, [])
            says(valise(command, *([t + "/a-%d" % len(case.words[1])] if command == "restore" else []), *account(server), *to), "trying again")
            expect(not server.queue, "%s: it was not asked twice" % words)
    with case() as server:
        valise("check", *account(server, "echo wrong"), code=12)
        expect(server.tried == 1, "a wrong password was sent %d times" % server.tried)


class Raw:
    """A server of few words: ${talk}(sock, lines) serves a connection. With ${late} nobody listens until listen() is called."""

    def __init__(self, talk, late=False):
        self.talk, self.sock = talk, socket.socket()
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        if not late:
            self.listen()

    def listen(self):
        self.sock.listen(20)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        try:
            self.talk(sock, sock.makefile("rb"))
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


def drip(sock, data, rate=20):
    """For ever, ${rate} octets a second."""
    while True:
        sock.sendall(data)
        time.sleep(len(data) / rate)


def imap_talk(trickle):
    def talk(sock, lines):
        sock.sendall(b"* OK [CAPABILITY IMAP4rev1] hi\r\n")
        for line in lines:
            tag, verb = line.split(b" ", 2)[:2]
            if trickle and verb.strip() == trickle[0]:
                drip(sock, trickle[1])
            if verb.strip() == b"CAPABILITY":
                sock.sendall(b"* CAPABILITY IMAP4rev1\r\n")
            if verb.strip() == b"LIST":
                sock.sendall(b'* LIST () "/" INBOX\r\n')
            sock.sendall(tag + b" OK done\r\n")
    return talk


def pop3_talk(trickle):
    def talk(sock, lines):
        sock.sendall(b"+OK hi\r\n")
        for line in lines:
            verb = line.split()[0]
            lists = {b"UIDL": b"1 u1\r\n", b"LIST": b"1 100\r\n"} if trickle else {b"UIDL": b"", b"LIST": b""}
            if trickle and verb == trickle[0]:
                sock.sendall(b"+OK\r\n")
                drip(sock, trickle[1])
            sock.sendall(b"+OK 1 100\r\n" + (lists[verb] + b".\r\n" if verb in lists else b"") if verb != b"CAPA" else b"-ERR\r\n")
    return talk


def dav_talk(trickle):
    def talk(sock, lines):
        length = 0
        for line in lines:
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            if line != b"\r\n":
                continue
            lines.read(length)
            length = 0
            if trickle:
                sock.sendall(trickle[0])
                drip(sock, trickle[1])
            sock.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    return talk


SERVERS = {"imap": imap_talk, "pop3": pop3_talk, "caldav": dav_talk}


def started(kind, server, *args):
    scheme = "http" if kind == "caldav" else kind
    return subprocess.Popen([VALISE, "backup", "--" + kind, "%s://127.0.0.1:%d" % (scheme, server.port), "--user", "alice", "--password-command", "echo pw-alice", "--cleartext", *args],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def first_contact(t):
    """Nobody takes the very first connection: it is tried again, whatever the protocol; and a port where nobody ever listens is told soon."""
    for kind, talk in SERVERS.items():
        with Raw(talk(None), late=True) as server, started(kind, server, "-o", t + "/" + kind) as p:
            for line in p.stderr:
                if "trying again" in line:
                    break
            server.listen()
            text = p.stderr.read()
            expect("connect" not in text, "%s: it ended: %s" % (kind, text))
        with Raw(talk(None), late=True) as server, started(kind, server, "-o", t + "/" + kind + "-none") as p:
            text = p.stderr.read()
            expect(p.wait() == 1, "%s: exit code %d" % (kind, p.returncode))
            expect(text.count("trying again") == 1 and re.search("(?i)refused|could(n't| not) connect", text.splitlines()[-1]), "%s: %s" % (kind, text))


def trickles(t):
    """20 octets a second, for ever: never silent, never done. Each ends by the least rate, and says so."""
    ways = {"imap-list": ("imap", (b"LIST", b'* LIST () "/" INBOX\r\n')), "imap-ok": ("imap", (b"LIST", b"* OK Still here\r\n")),
            "pop3-message": ("pop3", (b"RETR", b"x")), "pop3-uidl": ("pop3", (b"UIDL", b"7 u7\r\n")),
            "dav-head": ("caldav", (b"HTTP/1.1 207 Multi-Status\r\n", b"X-A: b\r\n")), "dav-interim": ("caldav", (b"", b"HTTP/1.1 102 Processing\r\n\r\n")),
            "dav-body": ("caldav", (b"HTTP/1.1 207 Multi-Status\r\nContent-Type: text/xml\r\n\r\n<?xml version=\"1.0\"?>", b" "))}
    servers = {n: Raw(SERVERS[kind](what)) for n, (kind, what) in ways.items()}
    running = {n: started(ways[n][0], s, "-o", t + "/" + n, "--timeout", "1", "--max-wait", "3") for n, s in servers.items()}
    for n, p in running.items():
        text = p.stderr.read()
        expect(p.wait() in (1, 3), "%s: exit code %d\n%s" % (n, p.returncode, text))
        says(text, "less than 100 octets a second")
        servers[n].sock.close()


# the longest first
TESTS = [trickles, restore_through, for_ever, first_contact, first_sign_in, rates, backup_through, everything_throttled, tokens, gone, one_connection, quota, token_refused, sign_in]


def main():
    if not sys.argv[1:]:
        sys.exit(side_by_side([test.__name__] for test in TESTS))
    scratch = tempfile.mkdtemp(prefix="valise-guest-")
    os.environ.update(HOME=scratch, XDG_CONFIG_HOME=scratch + "/config", TZ="noon%+d" % (time.gmtime().tm_hour - 12))  # what counts by the day is of one day
    failures = 0
    try:
        for test in TESTS:
            if test.__name__ not in sys.argv[1:]:
                continue
            t = os.path.join(scratch, test.__name__)
            os.mkdir(t)
            os.environ["XDG_STATE_HOME"] = t + "/state"
            began = time.monotonic()
            try:
                test(t)
                print("ok       %s %.1f s" % (test.__name__, time.monotonic() - began), flush=True)
            except (Failed, subprocess.TimeoutExpired) as e:
                failures += 1
                print("FAILED   %s: %s" % (test.__name__, e), flush=True)
    finally:
        if not os.environ.get("KEEP"):
            shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
