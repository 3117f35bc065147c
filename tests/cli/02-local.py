#!/usr/bin/python3
"""What lies on the local disk and what reaches a terminal: the trace is ours alone, accounts.ini with commands is, echo comes back after every signal, a
password in a server's words (IMAP, HTTP) leaves by no way, and nothing of a foreign archive controls a terminal or a reader of JSON."""
import base64
import gzip
import hashlib
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import VALISE, environment, execute, expect, imap as login  # noqa: E402
import fakeimap  # noqa: E402

PASSWORD = "canary pa55&w\u00f6rd"


def run(*args, **more):
    rc, out, err = execute(*args, **more)
    return rc, out + err


def imap(port, password="pw-alice"):
    return login(port, "printf '%%s\\n' '%s'" % password)


def trace(scratch):
    """0600, whatever umask says; a file that others can read becomes so; links, FIFOs and others' files are refused, /dev is not."""
    path, other = os.path.join(scratch, "trace"), os.path.join(scratch, "other")
    with fakeimap.FakeImap() as server:
        def check(*args, code=0):
            rc, text = run("check", *imap(server.port), *args, umask=0)
            expect(rc == code, text)
            return text
        check("--trace", path)
        expect(os.stat(path).st_mode & 0o777 == 0o600, oct(os.stat(path).st_mode))
        os.chmod(path, 0o664)
        size = os.stat(path).st_size
        check("--trace", path)
        expect(os.stat(path).st_mode & 0o777 == 0o600 and os.stat(path).st_size > size, "not made private, or not appended")
        open(other, "w").close()
        os.symlink(other, path + ".link")
        os.mkfifo(path + ".fifo")
        expect("this is a link" in check("--trace", path + ".link", code=1) and os.stat(other).st_size == 0, "a link was followed")
        check("--trace", path + ".fifo", code=1)
        fd = os.open(path + ".fifo", os.O_RDONLY | os.O_NONBLOCK)
        expect("no ordinary file" in check("--trace", path + ".fifo", code=1), "a FIFO was taken")
        os.close(fd)
        expect("C: " in check("--trace", "/dev/stderr"), "/dev/stderr")
        if os.geteuid() == 0:
            os.chown(other, 12345, -1)
            expect("somebody else" in check("--trace", other, code=1), "somebody else's file was taken")


def accounts(scratch):
    """A file that somebody else can change runs no command of theirs."""
    ini, flag = os.path.join(scratch, "accounts.ini"), os.path.join(scratch, "ran")
    with fakeimap.FakeImap() as server:
        def check(mode, code, words, uid=None):
            with open(ini, "w") as f:
                f.write("[a]\nimap = imap://127.0.0.1:%d\nuser = alice\ncleartext = yes\npassword-command = touch %s; echo pw-alice\n" % (server.port, flag))
            os.chmod(ini, mode)
            if uid is not None:
                os.chown(ini, uid, -1)
            rc, text = run("check", "a", "--config", ini)
            expect(rc == code and words in text, text)
            expect(os.path.exists(flag) == (code == 0), "the command ran" if code else "the command did not run")
            if code == 0:
                os.unlink(flag)
            os.unlink(ini)
        check(0o664, 2, "can be changed by others: chmod 600")
        check(0o606, 2, "can be changed by everyone")
        check(0o644, 0, "signed in as alice")
        if os.geteuid() == 0:
            check(0o644, 2, "belongs to somebody else", 12345)
        # what a shell gives is ours
        p = subprocess.run(["bash", "-c", "exec %s check a --config <(printf '[a]\\nimap = imap://127.0.0.1:%d\\nuser = alice\\ncleartext = yes\\npassword-command = echo pw-alice\\n')" % (
            VALISE, server.port)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        expect(p.returncode == 0, p.stderr)


def echo_is_on(fd):
    return bool(termios.tcgetattr(fd)[3] & termios.ECHO)


def wait_for(what, happens):
    for _ in range(5000):
        if happens():
            return
        time.sleep(0.02)
    expect(False, what)


def state(pid):
    with open("/proc/%d/stat" % pid) as f:
        return f.read().rpartition(")")[2].split()[0]


def start(command):
    """A command as the foreground job of a terminal: its process and the terminal. Who started it says at the end how it ended."""
    r, w = os.pipe()
    pid, fd = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        job = subprocess.Popen(command, preexec_fn=lambda: (os.setpgid(0, 0), os.tcsetpgrp(0, os.getpgrp()), [
            signal.signal(n, signal.SIG_DFL) for n in (signal.SIGTTOU, signal.SIGHUP)]))
        os.write(w, b"%d\n" % job.pid)
        job.wait()
        os.tcsetpgrp(0, os.getpgrp())
        print("status=%d" % job.returncode, flush=True)
        termios.tcdrain(1)
        os._exit(0)
    os.close(w)
    with os.fdopen(r) as f:
        return int(f.readline()), fd


def prompt(scratch):
    """Whatever ends or stops the question for a password, echo is on again; after a stop it goes on without."""
    with fakeimap.FakeImap() as server:
        for name in "INT", "TERM", "HUP", "QUIT", "TSTP":
            pid, fd = start([VALISE, "check", "--imap", "imap://127.0.0.1:%d" % server.port, "--user", "alice", "--cleartext"])
            shown = b""
            while b"Password for" not in shown:
                shown += os.read(fd, 999)
            wait_for("echo stayed on", lambda: not echo_is_on(fd))
            expect(name != "INT" or not select.select([fd], [], [], 1)[0], "the progress line was drawn over the question")
            os.kill(pid, getattr(signal, "SIG" + name))
            if name == "TSTP":
                wait_for("not stopped", lambda: state(pid) == "T")
                expect(echo_is_on(fd), "no echo while stopped")
                os.kill(pid, signal.SIGCONT)
                wait_for("echo stayed on after SIGCONT", lambda: not echo_is_on(fd))
                os.write(fd, b"pw-alice\n")
            wait_for("no echo after SIG" + name, lambda: echo_is_on(fd))
            while True:  # a pty's other side has to be read
                try:
                    more = os.read(fd, 999)
                except OSError:
                    more = b""
                shown += more
                if not more:
                    break
            status = int(re.search(rb"status=(-?[0-9]+)", shown)[1])
            if name == "TSTP":
                expect(status == 0 and b"pw-alice" not in shown, shown)
            else:
                expect(status == (-getattr(signal, "SIG" + name) if name in ("HUP", "QUIT") else 130), shown)
            os.close(fd)


class Echo(fakeimap.FakeImap):
    """Repeats the password when it is signed in to, and later."""
    users = {"alice": PASSWORD}
    extensions = []
    at = "LIST"
    forms = [PASSWORD, PASSWORD.upper(), '"%s"' % PASSWORD, "canary%20pa55%26w%C3%B6rd", base64.b64encode(("\0alice\0" + PASSWORD).encode()).decode()]

    def words(self):
        return "your password is " + " or ".join(self.forms)

    def do_login(self, s, tag, args):
        if self.at == "LOGIN":
            return s.send(tag + " NO " + self.words())
        s.send("* OK [ALERT] " + self.words())
        return super().do_login(s, tag, args)

    def do_list(self, s, tag, args):
        if self.at == "LIST":
            return s.send(tag + " NO " + self.words())
        return super().do_list(s, tag, args)

    def do_examine(self, s, tag, args):
        s.send(tag + " NO " + self.words())


class EchoHttp(BaseHTTPRequestHandler):
    def answer(self):
        known = self.headers.get("Authorization")
        words = "sent: %s; %s %s" % (PASSWORD, PASSWORD, known) if known else "who are you?"
        self.send_response(403 if known else 401, words.encode().decode("latin-1"))
        if not known:
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
        body = b"<html><body><p>" + words.encode() + b"</p></body></html>"
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PROPFIND = do_OPTIONS = do_REPORT = answer

    def log_message(self, *_):
        pass


def holds_none(scratch, text, what):
    """Neither the text nor any file that was made."""
    texts = {"output": text.encode()}
    for d, _, names in os.walk(scratch):
        for n in names:
            path = os.path.join(d, n)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as f:
                    data = f.read()
                texts[path] = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    for where, data in texts.items():
        for form in "pa55", "PA55", base64.b64encode(("\0alice\0" + PASSWORD).encode()).decode(), base64.b64encode(("alice:" + PASSWORD).encode()).decode():
            expect(form.encode() not in data, "%s: %s in %s: %s" % (what, form, where, data[:2000]))


def secrets(scratch):
    """T13: a secret that comes back leaves neither by stderr, --json, --report, the trace nor the archive."""
    for at in "LOGIN", "LIST", "EXAMINE":
        for n, more in enumerate(((), ("--json",), ("--report", "r.html"), ("--report", "r.json"))):
            here = os.path.join(scratch, "%s-%d" % (at, n))
            os.mkdir(here)
            with Echo() as server:
                server.at = at
                rc, text = run("backup", *imap(server.port, PASSWORD), "-o", "a", "--trace", "t", "--max-wait", "1", *more, cwd=here)
            expect(rc in (1, 3) and "***" in text, text)
            holds_none(here, text, at)
    http = HTTPServer(("127.0.0.1", 0), EchoHttp)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    here = os.path.join(scratch, "http")
    os.mkdir(here)
    rc, text = run("backup", "--caldav", "http://127.0.0.1:%d/" % http.server_port, "--user", "alice", "--cleartext", "--password-command", "echo '%s'" % PASSWORD,
                   "-o", "a", "--trace", "t", "--max-wait", "1", "--report", "r.json", cwd=here)
    http.shutdown()
    expect(rc == 1, text)
    holds_none(here, text, "HTTP")


def forge(archive, change):
    """The newest seal says other things, sums right."""
    d = os.path.join(archive, "data", sorted(os.listdir(archive + "/data"))[-1])
    with open(d + "/seal.json") as f:
        seal = json.load(f)
    change(seal)
    text = (json.dumps(seal, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n").encode()
    for name in "seal.json", "seal.sha256":
        os.chmod(d + "/" + name, 0o600)
    with open(d + "/seal.json", "wb") as f:
        f.write(text)
    with open(d + "/seal.sha256") as f:
        sums = re.sub(r"(?m)^[0-9a-f]{64}(  .*/seal\.json)$", lambda m: hashlib.sha256(text).hexdigest() + m[1], f.read())
    with open(d + "/seal.sha256", "w") as f:
        f.write(sums)


def terminal(scratch):
    """T14: names, uses and notes of a foreign archive, on a terminal and as JSON."""
    evil = "x\x1b]0;owned\x07\x9b2J\x7f\u202e\u2028\x85\nfake line"
    archive = os.path.join(scratch, "evil.valise")
    with fakeimap.FakeImap() as server:
        rc, text = run("backup", *imap(server.port), "-o", archive)
        expect(rc == 0, text)

    def change(seal):
        for c in seal["collections"]:
            c["special_use"] = "\\Sent" + evil
        for service in seal["account"]["services"]:
            service["login"] += evil
    forge(archive, change)
    rc, text = run("list", archive)
    expect(rc == 0 and len(text.split("\n")) == 5, text)  # a line for each mailbox
    for args in ("list", archive), ("list", archive, "--items"), ("list", archive, "--json"), ("snapshots", archive), ("snapshots", archive, "--json"), ("verify", archive):
        _, out, err = execute(*args)
        text = out + err
        expect("\ufffd" not in text and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]", text), "%r: %r" % (args, text))
        if args[-1] == "--json":
            for line in out.splitlines():
                expect(isinstance(json.loads(line), dict), "%r: %s" % (args, line))
    shown = [json.loads(x) for x in run("list", archive, "--json")[1].splitlines() if x[0] == "{"]
    expect(shown[0]["special_use"] == "\\Sent" + evil, "JSON gives another text: %r" % shown[0])


def tree(scratch):
    """pack of a tree that was worked in: flags that a mail program set are no change; what is lost, damaged or put in is named, exit code 3."""
    path, inbox = os.path.join(scratch, "tree"), os.path.join(scratch, "tree/mail/INBOX")

    def pack(name, code, *words):
        rc, text = run("pack", path, "-o", os.path.join(scratch, name))
        expect(rc == code and all(w in text for w in words) and text.count("warning") == len(words), "exit code %d: %s" % (rc, text))
    with fakeimap.FakeImap() as server:
        rc, text = run("fetch", *imap(server.port), "-t", path)
        expect(rc == 0, text)
    files = sorted(os.path.join(d, n) for d, _, names in os.walk(inbox) for n in names)
    os.rename(files[0], os.path.join(inbox, "cur", os.path.basename(files[0]).split(":")[0] + ":2,FS"))
    pack("as-it-is", 0)
    os.remove(files[1])
    with open(files[2], "ab") as f:
        f.write(b"more")
    with open(os.path.join(inbox, "new", "1234.draft"), "w") as f:
        f.write("Subject: of a mail program\n\n")
    pack("worked-in", 3, "its file is not in the tree", "does not have the bytes", "INBOX: 1 file of the tree is not of its catalog and left out (new/1234.draft)")


def main():
    scratch = tempfile.mkdtemp(prefix="valise-local-")
    os.environ.update(environment(scratch))
    try:
        for test in trace, accounts, prompt, secrets, terminal, tree:
            if sys.argv[1:] and test.__name__ not in sys.argv[1:]:
                continue
            here = os.path.join(scratch, test.__name__)
            os.mkdir(here)
            test(here)
            print("ok ", test.__name__, flush=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
