#!/usr/bin/python3
"""export.py [--archive DIR] [--messages 20000] [--bytes 500000000] [--rounds 3] : valise export in each format for mail, into folders and zip files, beside unpack.

One run on this machine, the formats in turn, medians; MB/s of mail, by the clock and by the CPU. Without --archive a private Dovecot is filled and backed up first.
Python's standard library only."""
import argparse
import os
import shutil
import statistics
import sys
import tempfile

import imap as bench  # the neighbour: Bench, measured()


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--valise", default=os.path.join(os.path.dirname(bench.HERE), "build/release/valise"))
    p.add_argument("--archive")
    p.add_argument("--messages", type=int, default=20000)
    p.add_argument("--bytes", type=int, default=500_000_000)
    p.add_argument("--rounds", type=int, default=3)
    o = p.parse_args()
    o.connections = 0
    return o


def filled(o, folder):
    b = bench.Bench(o, folder)
    try:
        b.load("alice", o.messages, o.bytes)
        b.valise("backup", "alice", "-o", os.path.join(folder, "a.valise"))
    finally:
        b.stop()
    return os.path.join(folder, "a.valise")


def main():
    o = arguments()
    with tempfile.TemporaryDirectory(prefix="valise-bench-", dir=os.environ.get("TMPDIR")) as folder:
        os.chmod(folder, 0o755)
        archive, rows = o.archive or filled(o, folder), {}
        ways = [("unpack", ["unpack", archive, "-t", "out"])]
        for to in "out", "out.zip":
            ways += [(f"{form}{'' if to == 'out' else ', zip'}", ["export", archive, "-o", to, "--format", form]) for form in ("mbox", "eml", "maildir", "mh")]
        os.chdir(folder)
        for _ in range(o.rounds):
            for name, argv in ways:
                rows.setdefault(name, []).append(bench.measured([o.valise, *argv, "-q"]))
                shutil.rmtree("out", ignore_errors=True)
                if os.path.exists("out.zip"):
                    os.unlink("out.zip")
        for name, found in rows.items():
            wall, cpu, rss = (statistics.median(r[i] for r in found) for i in range(3))
            print(f"{name:14} {wall:6.2f} s ({o.bytes / wall / 1e6:.0f} MB/s), {cpu:.2f} s CPU ({o.bytes / cpu / 1e6:.0f} MB/s), {rss / 1024:.1f} MiB")


if __name__ == "__main__":
    sys.exit(main())
