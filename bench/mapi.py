#!/usr/bin/python3
"""MAPI at the scripted server (tests/servers/fakemapi.py): how many requests, how much memory and time a mailbox takes, and one where nothing is new.

mapi.py [--items 5500] [--octets 86900000]. The floor that was measured by a client without any of our checks: 335 requests for 5,500 items of 86.9 MB."""
import argparse
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests"))
sys.dont_write_bytecode = True
from lib import TESTS, VALISE, environment  # noqa: E402
import fakemapi  # noqa: E402

FLOOR, FLOOR_OCTETS, MEMORY, NOTHING_NEW = 335, 86_900_000, 48 << 20, 10


class Made(fakemapi.FakeMapi):
    name = "made"

    def populate(self):
        pass


def backup(t, server):
    """(seconds, CPU seconds, highest resident memory in octets, requests)"""
    server.requests[:] = []
    args = [VALISE, "backup", "-o", t + "/a", "--mapi", server.url(), "--mapi-mailbox", server.store.dn, "--user", "alice", "--password-command", "echo pw-alice", "--cleartext"]
    began = time.monotonic()
    p = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment(t))
    highest, done = 0, 0
    while not done:  # what wait4 says of memory is that of this program, too, from before exec
        try:
            with open("/proc/%d/status" % p.pid) as f:
                highest = max([highest] + [int(x.split()[1]) for x in f if x.startswith("VmHWM")])
        except OSError:
            pass
        done, status, used = os.wait4(p.pid, os.WNOHANG)
        time.sleep(0.005)
    if status:
        sys.exit("valise backup: status %d" % status)
    return time.monotonic() - began, used.ru_utime + used.ru_stime, highest << 10, len(server.requests)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--items", type=int, default=5500)
    p.add_argument("--octets", type=int, default=FLOOR_OCTETS)
    args = p.parse_args()
    with tempfile.TemporaryDirectory(prefix="valise-mapi-") as t:
        subprocess.run([sys.executable, TESTS + "/tools/genmapi.py", t + "/box", "--items", str(args.items), "--octets", str(args.octets)], check=True)
        with Made(t + "/box") as server:
            print("| | s | CPU s | MiB | requests | goal |\n|---|---|---|---|---|---|")
            first, second = backup(t, server), backup(t, server)
            floor = FLOOR * args.octets // FLOOR_OCTETS
            for name, r, goal in ("%d items, %d octets" % (args.items, args.octets), first, floor * 11 // 10), ("nothing new", second, NOTHING_NEW):
                print("| %s | %.2f | %.2f | %d | %d | %d |" % (name, r[0], r[1], r[2] >> 20, r[3], goal))
            if first[3] > floor * 11 // 10 or second[3] > NOTHING_NEW or max(first[2], second[2]) > MEMORY:
                sys.exit("more than was promised")


main()
