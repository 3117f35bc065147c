#!/usr/bin/python3
"""import.py [--bytes 500000000] [--rounds 3] [--huge BYTES] : what an import of files costs.

Mail of sizes as in real mailboxes, as one mbox, as a Maildir and as the mbox in a zip: into an empty archive (durable, packed, read back, sealed), and once more with nothing
new. Beside them cat and sha256sum of the same octets. Medians of seconds and CPU seconds, MB/s, and the largest peak of memory. --huge: an mbox of so many octets that
comes through a pipe, for its memory alone. Python's standard library only."""
import argparse
import base64
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))


def messages(total):
    """Header and body of each, LF."""
    r = random.Random(1)
    words = ["%x" % r.getrandbits(28) for _ in range(5000)]
    made = i = 0
    while made < total:
        size = int(min(5e6, r.lognormvariate(9.2, 1.3)))
        head = ("Return-Path: <a%d@example.org>\nReceived: from x by y; Sat, 03 Nov 2018 10:00:00 +0000\nFrom: A B <a%d@example.org>\nTo: c@example.org\nSubject: number %d\n"
                "Message-ID: <%d@example.org>\nDate: Sat, 03 Nov 2018 10:00:00 +0000\nStatus: RO\nMIME-Version: 1.0\n\n" % (i, i, i, i)).encode()
        if size > 20000:
            body = base64.encodebytes(r.randbytes(size * 3 // 4))
        else:
            body = b"".join((" ".join(r.choices(words, k=9)) + "\n").encode() for _ in range(size // 70 + 1))
        yield head + body
        made += len(head) + len(body)
        i += 1


def put_mbox(f, total):
    n = 0
    for i, m in enumerate(messages(total)):
        f.write(b"From a@example.org Sat Nov  3 10:%02d:%02d 2018\n" % (i // 60 % 60, i % 60) + m + b"\n")
        n += 1
    return n


def make(top, total):
    with open(top + "/Box.mbox", "wb") as f:
        n = put_mbox(f, total)
    for sub in "cur", "new", "tmp":
        os.makedirs(top + "/Maildir/" + sub)
    for i, m in enumerate(messages(total)):
        with open(top + "/Maildir/cur/%d.M%d.host:2,S" % (1541239200 + i, i), "wb") as f:
            f.write(m)
    with zipfile.ZipFile(top + "/Box.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as z:
        z.write(top + "/Box.mbox", "Box.mbox")
    return n, os.path.getsize(top + "/Box.mbox")


def timed(words, code=0, **more):
    """Seconds, CPU seconds, KiB."""
    begun = time.monotonic()
    p = subprocess.Popen(words, stdout=subprocess.DEVNULL, **more)
    _, status, used = os.wait4(p.pid, 0)
    seconds = time.monotonic() - begun
    if os.waitstatus_to_exitcode(status) != code:
        sys.exit("exit code %d: %s" % (os.waitstatus_to_exitcode(status), words))
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss


def huge(valise, top, total):
    """An mbox that stands on no disk."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(r)
        with os.fdopen(w, "wb") as f:
            put_mbox(f, total)
        os._exit(0)
    os.close(w)
    seconds, cpu, kib = timed([valise, "import", "/dev/fd/%d" % r, "-o", top + "/huge.valise"], pass_fds=(r,))
    os.waitpid(pid, 0)
    print("%d octets through a pipe: %.1f s (the generator's time in it), CPU %.1f s, peak %.1f MiB" % (total, seconds, cpu, kib / 1024))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--valise", default=os.path.join(os.path.dirname(HERE), "build/release/valise"))
    p.add_argument("--bytes", type=int, default=500000000)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--huge", type=int, default=0)
    o = p.parse_args()
    top = tempfile.mkdtemp(prefix="valise-bench-", dir="/var/tmp")
    try:
        if o.huge:
            huge(o.valise, top, o.huge)
            return
        n, size = make(top, o.bytes)
        print("%d messages, %d octets, %d rounds" % (n, size, o.rounds))
        found = {}
        for _ in range(o.rounds):
            for name, words in ("cat", ["cat", top + "/Box.mbox"]), ("sha256sum", ["sha256sum", top + "/Box.mbox"]):
                found.setdefault(name, []).append(timed(words))
            for name in "Box.mbox", "Maildir", "Box.zip":
                shutil.rmtree(top + "/a.valise", ignore_errors=True)
                for again in "", ", nothing new":
                    found.setdefault(name + again, []).append(timed([o.valise, "import", top + "/" + name, "-o", top + "/a.valise"]))
        for name, times in found.items():
            seconds, cpu = statistics.median(t[0] for t in times), statistics.median(t[1] for t in times)
            print("%-24s %7.2f s  %7.2f CPU  %6.0f MB/s  %5.1f MiB" % (name, seconds, cpu, size / 1e6 / seconds, max(t[2] for t in times) / 1024))
    finally:
        shutil.rmtree(top)


main()
