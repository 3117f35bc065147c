#!/usr/bin/python3
"""audit.py [--messages 20000] [--bytes 100000000] [--rounds 5] [--delay MS] [--full] : an audit of equal sides beside a backup with nothing new.

One run on this machine: a private Dovecot over TLS, an account and its restored copy, the two commands in turn, medians, and
their ratio, which is to be 2 at most. --delay MS puts a proxy with that one-way latency before the server. Python's standard library only."""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile

import imap as bench  # the neighbour: measured(), read_env()


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--valise", default=os.path.join(os.path.dirname(bench.HERE), "build/release/valise"))
    p.add_argument("--messages", type=int, default=20000)
    p.add_argument("--bytes", type=int, default=100_000_000)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--delay", type=float, default=0, help="one-way latency in ms")
    p.add_argument("--full", action="store_true", help="also audit --full, once")
    o = p.parse_args()
    o.connections = 0
    return o


def told(name, rows):
    wall, cpu, rss = (statistics.median(r[i] for r in rows) for i in range(3))
    print(f"  {name}: median {wall:.2f} s wall ({', '.join(f'{r[0]:.2f}' for r in rows)}), {cpu:.2f} s CPU, {rss / 1024:.1f} MiB peak")
    return wall


def main():
    o = arguments()
    with tempfile.TemporaryDirectory(prefix="valise-bench-") as folder:
        os.chmod(folder, 0o755)
        b = bench.Bench(o, folder)
        try:
            b.load("alice", o.messages, o.bytes)
            if o.delay:
                b.delay()
            archive, ini = os.path.join(folder, "a.valise"), os.path.join(folder, "accounts.ini")
            with open(ini, "w", encoding="utf-8") as f:
                f.write(f"[defaults]\nimap = imaps://localhost:{b.port}\nuser = %{{name}}\nca-file = {b.env['CA']}\npassword-command = echo pw-%{{name}}\n[alice]\n[bob]\n")
            os.chmod(ini, 0o600)
            env = dict(os.environ, XDG_STATE_HOME=os.path.join(folder, "state"))

            def valise(*argv):
                return bench.measured([o.valise, *argv, "--config", ini, "--quiet"], env)

            valise("backup", "alice", "-o", archive)
            valise("restore", archive, "bob")
            audit = ("audit", archive, "--source", "alice", "--target", "bob")
            print(f"  audit that verifies the archive first: {valise(*audit)[0]:.2f} s")
            ours, theirs = [], []
            for _ in range(o.rounds):
                theirs.append(valise("backup", "alice", "-o", archive))
                ours.append(valise(*audit))
            backup, both = told("backup, nothing new", theirs), told("audit of both sides", ours)
            print(f"  ratio {both / backup:.2f} (2 at most), {o.messages} messages, one-way delay {o.delay} ms")
            if o.full:
                told("audit --full", [valise(*audit, "--full")])
            return 0 if both <= 2 * backup else 1
        finally:
            b.stop()


if __name__ == "__main__":
    sys.exit(main())
