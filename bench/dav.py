#!/usr/bin/python3
"""dav.py [--events 3000] [--cards 1000] [--rounds 3] : valise beside vdirsyncer.

One run on this machine: a private Radicale, the same calendar and address book, the two programs in turn, medians, and their
ratio; then the same with nothing new. valise backup is durable, packed, read back and sealed; vdirsyncer copies into files (its discover
is not counted). The server's own time is in both. Python's standard library only; vdirsyncer is in scripts/deps bench."""
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
status_path = "%(dir)s/status"
[pair work]
a = "work_here"
b = "work_there"
collections = ["from b"]
[pair people]
a = "people_here"
b = "people_there"
collections = ["from b"]
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
url = "http://127.0.0.1:%(port)s/alice/"
username = "alice"
password = "pw-alice"
[storage people_there]
type = "carddav"
url = "http://127.0.0.1:%(port)s/alice/"
username = "alice"
password = "pw-alice"
"""


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--valise", default=os.path.join(os.path.dirname(HERE), "build/release/valise"))
    p.add_argument("--events", type=int, default=3000)
    p.add_argument("--cards", type=int, default=1000)
    p.add_argument("--rounds", type=int, default=3)
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
                     "DESCRIPTION:%s\r\nEND:VEVENT\r\n" % (n, n % 28 + 1, n % 24, n, n % 40, "some words on it\\n" * (n % 12)) for n in range(o.events))
    cards = "".join("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:card-%d@bench\r\nFN:Person %d\r\nN:Person;No. %d;;;\r\nEMAIL:p%d@example.org\r\nTEL:+49 30 %07d\r\nEND:VCARD\r\n" % (n, n, n, n, n) for n in range(o.cards))
    auth = {"Authorization": "Basic " + base64.b64encode(b"alice:pw-alice").decode()}
    for path, kind, body in (("/alice/work/", "text/calendar", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\n" + events + "END:VCALENDAR\r\n"), ("/alice/people/", "text/vcard", cards)):
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        c.request("PUT", path, body.encode(), {**auth, "Content-Type": kind})
        status = c.getresponse().status
        if status >= 300:
            sys.exit("PUT %s: HTTP %d" % (path, status))


def table(title, ours, theirs):
    a, b = statistics.median(s for s, _ in ours), statistics.median(s for s, _ in theirs)
    print("%s\n  valise      %7.2f s  (%s)  CPU %.2f s" % (title, a, " ".join("%.2f" % s for s, _ in ours), statistics.median(c for _, c in ours)))
    print("  vdirsyncer  %7.2f s  (%s)  CPU %.2f s" % (b, " ".join("%.2f" % s for s, _ in theirs), statistics.median(c for _, c in theirs)))
    print("  ratio 1/%.2f" % (b / a), flush=True)


def main():
    o = arguments()
    d = tempfile.mkdtemp(prefix="valise-bench-", dir=os.environ.get("TMPDIR", "/var/tmp"))
    os.chmod(d, 0o755)
    server, first, again = os.path.join(d, "server"), ([], []), ([], [])
    subprocess.run([TESTS + "/servers/radicale.sh", "start", server], check=True, stdout=subprocess.DEVNULL)
    try:
        with open(server + "/env", encoding="utf-8") as f:
            port = dict(line.rstrip("\n").split("=", 1) for line in f if "=" in line)["HTTP_PORT"]
        load(int(port), o)
        url = "http://127.0.0.1:%s/alice/" % port
        # Radicale keeps what it once made of an item: nobody is to be measured making it.
        warm = [o.valise, "fetch", "-t", d + "/warm", "--caldav", url, "--carddav", url, "--user", "alice", "--password-command", "echo pw-alice", "--cleartext"]
        measured(warm)
        for n in range(o.rounds):
            mine, copy = "%s/%d.valise" % (d, n), "%s/%d" % (d, n)
            os.mkdir(copy)
            with open(copy + "/conf", "w", encoding="utf-8") as f:
                f.write(CONF % {"dir": copy, "port": port})
            backup = [o.valise, "backup", "-o", mine, "--caldav", url, "--carddav", url, "--user", "alice", "--password-command", "echo pw-alice", "--cleartext"]
            sync = ["vdirsyncer", "-c", copy + "/conf", "sync"]
            subprocess.run(["vdirsyncer", "-c", copy + "/conf", "discover"], input=b"y\n" * 20, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            for times in (first, again):
                times[0].append(measured(backup))
                times[1].append(measured(sync))
            copied = sum(len(files) for kind in ("calendars", "contacts") for _, _, files in os.walk(os.path.join(copy, kind)))
            if copied != o.events + o.cards:
                sys.exit("vdirsyncer copied %d of %d" % (copied, o.events + o.cards))
        table("first run, %d events and %d cards" % (o.events, o.cards), *first)
        table("nothing new", *again)
    finally:
        subprocess.run([TESTS + "/servers/radicale.sh", "stop", server], check=False, stdout=subprocess.DEVNULL)
        shutil.rmtree(d, ignore_errors=True)


main()
