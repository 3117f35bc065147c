#!/usr/bin/python3
"""pst.py FILE.pst [--rounds 5] : what an import of a PST costs, beside readpst and pffexport (Debian's pst-utils, pff-tools) in one run.

Into an empty archive (durable, packed, read back, sealed), with the properties of each item beside it and without, and once more with nothing new. Medians of seconds and
CPU seconds, MB/s of the file by CPU, and the largest peak of memory. The tests install a PST of 14 MB: /var/tmp/valise-test-*/outlook/node_modules/pst-extractor/example."""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def timed(words, codes):
    """Seconds, CPU seconds with those of its own processes, KiB."""
    before, begun = os.times(), time.monotonic()
    p = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(p.pid, 0)
    seconds, after = time.monotonic() - begun, os.times()
    if os.waitstatus_to_exitcode(status) not in codes:
        sys.exit("exit code %d: %s" % (os.waitstatus_to_exitcode(status), words))
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return seconds, cpu, used.ru_maxrss


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("file")
    p.add_argument("--valise", default=os.path.join(os.path.dirname(HERE), "build/release/valise"))
    p.add_argument("--rounds", type=int, default=5)
    o = p.parse_args()
    size = os.path.getsize(o.file)
    top = tempfile.mkdtemp(prefix="valise-bench-", dir="/var/tmp")
    into = [o.valise, "import", o.file, "-o", top + "/a.valise"]
    # name, what is removed and made before, words, exit codes (3: the file has what no converter took over)
    rows = (("valise import", "a.valise", into, (0, 3)), ("nothing new", None, into, (0, 3)), ("valise import --no-raw", "a.valise", into + ["--no-raw"], (0, 3)),
            ("readpst -D -e", "readpst", ["readpst", "-D", "-e", "-o", top + "/readpst", o.file], (0,)),
            ("pffexport", "pff.export", ["pffexport", "-q", "-t", top + "/pff", o.file], (0,)))
    found = {}
    try:
        for _ in range(o.rounds):
            for name, fresh, words, codes in rows:
                if fresh:
                    shutil.rmtree(top + "/" + fresh, ignore_errors=True)
                if fresh == "readpst":
                    os.mkdir(top + "/readpst")
                found.setdefault(name, []).append(timed(words, codes))
    finally:
        shutil.rmtree(top)
    print("%s, %d octets, %d rounds" % (os.path.basename(o.file), size, o.rounds))
    for name, times in found.items():
        seconds, cpu = statistics.median(t[0] for t in times), statistics.median(t[1] for t in times)
        print("%-24s %6.2f s  %6.2f CPU  %5.0f MB/s  %5.1f MiB" % (name, seconds, cpu, size / 1e6 / cpu if cpu else 0, max(t[2] for t in times) / 1024))


main()
