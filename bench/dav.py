#!/usr/bin/python3
"""dav.py [--server radicale|cyrus] [--events 3000] [--cards 1000] [--rounds 3] [--delay MS] : valise beside vdirsyncer.

One run on this machine, the same calendar and address book on a private server, the two programs in turn, medians, and their ratio: a first
fetch, one with nothing new, and the way back into an empty account. valise backup is durable, packed, read back and sealed, valise restore reads
back what it stored; vdirsyncer copies into files and back (its discover is not counted). The server's own time is in both. --delay: through a proxy
with that one-way delay. Python's standard library only; vdirsyncer is in scripts/deps bench."""
import argparse
import base64
import http.client
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.join(os.path.dirname(HERE), "tests")
CONF = """[general]
status_path = "%(status)s"
[pair work]
a = "work_here"
b = "work_there"
collections = %(collections)s
[pair people]
a = "people_here"
b = "people_there"
collections = %(collections)s
[storage work_here]
type = "filesystem"
path = "%(dir)s/calendars"
fileext = ".ics"
[storage people_here]
type = "filesystem"
path = "%(dir)s/contacts"
fileext = ".vcf"
[storage work_there]
type = "caldav"
url = "%(caldav)s"
username = "%(user)s"
password = "pw-%(user)s"
[storage people_there]
type = "carddav"
url = "%(carddav)s"
username = "%(user)s"
password = "pw-%(user)s"
"""


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--valise", default=os.path.join(os.path.dirname(HERE), "build/release/valise"))
    p.add_argument("--server", choices=("radicale", "cyrus"), default="radicale")
    p.add_argument("--delay", type=int, default=0)
    p.add_argument("--events", type=int, default=3000)
    p.add_argument("--cards", type=int, default=1000)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--table", action="store_true", help="rows for the table of bench/all")
    return p.parse_args()


def measured(argv, env=None):
    """(seconds, user+system seconds) of one command, which must succeed."""
    began = time.monotonic()
    p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
    out = p.stdout.read()
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode != 0:
        sys.exit("%s: exit %d\n%s" % (argv, p.returncode, out.decode(errors="replace")[-2000:]))
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime


def load(port, o):
    """Radicale takes a PUT to a collection for its whole content."""
    events = "".join("BEGIN:VEVENT\r\nUID:event-%d@bench\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:202601%02dT%02d0000Z\r\nDURATION:PT1H\r\nSUMMARY:Event %d\r\nLOCATION:Room %d\r\n"
                     "DESCRIPTION:%s\r\nEND:VEVENT\r\n" % (n, n % 28 + 1, n % 24, n, n % 40, "some words on it\\n" * (n % 12 + 1)) for n in range(o.events))
    cards = "".join("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:card-%d@bench\r\nFN:Person %d\r\nN:Person;No. %d;;;\r\nEMAIL:p%d@example.org\r\nTEL:+49 30 %07d\r\nEND:VCARD\r\n" % (n, n, n, n, n) for n in range(o.cards))
    auth = {"Authorization": "Basic " + base64.b64encode(b"alice:pw-alice").decode()}
    for path, kind, body in (("/alice/work/", "text/calendar", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\n" + events + "END:VCALENDAR\r\n"), ("/alice/people/", "text/vcard", cards)):
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        c.request("PUT", path, body.encode(), {**auth, "Content-Type": kind})
        status = c.getresponse().status
        if status >= 300:
            sys.exit("PUT %s: HTTP %d" % (path, status))


def rows(o, title, ours, theirs):
    """what, who, wall s, CPU s"""
    where = "%s, %d resources%s" % (o.server, o.events + o.cards, ", %d ms" % (2 * o.delay) if o.delay else "")
    for who, times in (("valise", ours), ("vdirsyncer", theirs)):
        print("%s, %s\t%s\t%.2f\t%.2f" % (title, where, who, statistics.median(s for s, _ in times), statistics.median(c for _, c in times)), flush=True)


def table(o, title, ours, theirs):
    if o.table:
        return rows(o, title.partition(",")[0], ours, theirs)
    a, b = statistics.median(s for s, _ in ours), statistics.median(s for s, _ in theirs)
    print("%s\n  valise      %7.2f s  (%s)  CPU %.2f s" % (title, a, " ".join("%.2f" % s for s, _ in ours), statistics.median(c for _, c in ours)))
    print("  vdirsyncer  %7.2f s  (%s)  CPU %.2f s" % (b, " ".join("%.2f" % s for s, _ in theirs), statistics.median(c for _, c in theirs)))
    print("  ratio 1/%.2f" % (b / a), flush=True)


class Server:
    """A private server with a user for each thing that is measured."""

    def __init__(self, kind, where, users):
        self.kind, self.where, self.proxy = kind, where, None
        env = dict(os.environ, USERS=" ".join(users))
        subprocess.run(["%s/servers/%s.sh" % (TESTS, kind), "start", where], check=True, stdout=subprocess.DEVNULL, env=env)
        with open(where + "/env", encoding="utf-8") as f:
            self.env = dict(line.rstrip("\n").split("=", 1) for line in f if "=" in line)
        self.port = self.env["HTTP_PORT"]

    def slow(self, delay):
        self.proxy = subprocess.Popen([sys.executable, TESTS + "/servers/slowproxy.py", "--to", self.port, "--delay", str(delay)], stdout=subprocess.PIPE, text=True)
        self.port = self.proxy.stdout.readline().strip().partition("=")[2]

    def urls(self, user):
        return ["http://127.0.0.1:%s%s" % (self.port, self.env[k].replace("alice", user)) for k in ("CALDAV_HOME1", "CARDDAV_HOME1")]

    def options(self, user):
        caldav, carddav = self.urls(user)
        return ["--caldav", caldav, "--carddav", carddav, "--user", user, "--password-command", "echo pw-" + user, "--cleartext"]

    def vdirsyncer(self, where, user, collections):
        """The command that syncs ${where} with the account of ${user}; discover is done here."""
        caldav, carddav = self.urls(user)
        os.makedirs(where, exist_ok=True)
        conf = "%s/conf-%s" % (where, user)
        with open(conf, "w", encoding="utf-8") as f:
            f.write(CONF % {"dir": where, "status": where + "/status-" + user, "caldav": caldav, "carddav": carddav, "user": user, "collections": collections})
        subprocess.run(["vdirsyncer", "-c", conf, "discover"], input=b"y\n" * 20, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return ["vdirsyncer", "-c", conf, "sync"]

    def stop(self):
        if self.proxy:
            self.proxy.terminate()
            self.proxy.wait()
        subprocess.run(["%s/servers/%s.sh" % (TESTS, self.kind), "stop", self.where], check=False, stdout=subprocess.DEVNULL)


def make_archive(o, d):
    """What is measured, from a Radicale that took it in two requests."""
    server = Server("radicale", d + "/seed", ["alice"])
    try:
        load(int(server.port), o)
        measured([o.valise, "backup", "-o", d + "/seed.valise", *server.options("alice")])
    finally:
        server.stop()
    return d + "/seed.valise"


def files(where):
    return sum(len([n for n in names if n[-4:] in (".ics", ".vcf")]) for kind in ("calendars", "contacts") for _, _, names in os.walk(os.path.join(where, kind)))


def measure(o, d, server, archive):
    first, again, back = ([], []), ([], []), ([], [])
    measured([o.valise, "restore", archive, *server.options("alice")])
    # Radicale keeps what it once made of an item: nobody is to be measured making it.
    measured([o.valise, "fetch", "-t", d + "/warm", *server.options("alice")])
    if o.delay:
        server.slow(o.delay)
    for n in range(o.rounds):
        mine, copy = "%s/%d.valise" % (d, n), "%s/%d" % (d, n)
        backup = [o.valise, "backup", "-o", mine, *server.options("alice")]
        sync = server.vdirsyncer(copy, "alice", '["from b"]')
        for times in (first, again):
            times[0].append(measured(backup))
            times[1].append(measured(sync))
        if files(copy) < o.events + o.cards:
            sys.exit("vdirsyncer copied %d of %d" % (files(copy), o.events + o.cards))
        back[0].append(measured([o.valise, "restore", mine, *server.options("ours%d" % n)]))
        back[1].append(measured(server.vdirsyncer(copy, "theirs%d" % n, '["from a"]')))
    table(o, "first run, %d events and %d cards" % (o.events, o.cards), *first)
    table(o, "nothing new", *again)
    table(o, "into an empty account", *back)


def main():
    o = arguments()
    d = tempfile.mkdtemp(prefix="valise-bench-", dir=os.environ.get("TMPDIR", "/var/tmp"))
    os.chmod(d, 0o755)
    os.environ.update(XDG_STATE_HOME=d + "/state", HOME=d)
    server = None
    try:
        archive = make_archive(o, d)
        server = Server(o.server, d + "/server", ["alice"] + ["%s%d" % (w, n) for w in ("ours", "theirs") for n in range(o.rounds)])
        measure(o, d, server, archive)
    finally:
        if server:
            server.stop()
        shutil.rmtree(d, ignore_errors=True)


main()
