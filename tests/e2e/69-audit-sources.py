#!/usr/bin/python3
"""valise audit beside sources that give a message otherwise than they list it: what a backup was in doubt of is asked for again, and is no YES."""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import Failed, environment, expect, run  # noqa: E402
import fakecases  # noqa: E402

CASES = fakecases.cases()


def doubtful(t, case, uids):
    """May be cut, or another message: also after a second backup, which does not fetch it again."""
    with CASES[case]() as server:
        valise, audit = account(t, server)
        valise(3, "backup", "a", "-o", t + "/a")
        for _ in range(2):
            for more in [], ["--full"]:
                said = audit(3, *more)
                expect("\n%d unread" % len(uids) in said, said)
                for uid in uids:
                    expect("INBOX, UID %d: the server gives" % uid in said, said)
            valise(None, "backup", "a", "-o", t + "/a")


def liar(t, case):
    """RFC822.SIZE is wrong, and the messages are not: nothing is in doubt."""
    with CASES[case]() as server:
        valise, audit = account(t, server)
        valise(0, "backup", "a", "-o", t + "/a")
        audit(0)
        audit(0, "--full")


def others(t, case):
    """What is somebody else's is nothing that an option leaves out."""
    with CASES[case]() as server:
        valise, audit = account(t, server)
        valise(0, "backup", "a", "-o", t + "/a")
        for more in [], ["--exclude-use", "junk"]:
            audit(0, *more)
        audit(3, "--all-namespaces")
        valise(0, "backup", "a", "-o", t + "/a", "--all-namespaces")
        expect("3 excluded" in audit(3, "--exclude-use", "junk"), "shared ones that are in the archive")


def account(t, server):
    os.makedirs(t + "/config/valise")
    with open(t + "/config/valise/accounts.ini", "w") as f:
        f.write("[a]\nimap = imap://127.0.0.1:%d\ncleartext = yes\nuser = alice\npassword-command = echo pw-alice\n" % server.port)

    def valise(code, *args):
        return run(code, *args, env=environment(t))
    return valise, lambda code, *more: valise(code, "audit", t + "/a", "--source", "a", *more)


def main():
    base, failed = tempfile.mkdtemp(prefix="valise-"), 0
    try:
        for test, *args in ((doubtful, "body-short-ever", [9]), (doubtful, "body-long-ever", [9]), (doubtful, "bodies-swapped", [1, 2]), (liar, "size-lies"), (liar, "sizes-off"), (others, "shared")):
            t = os.path.join(base, args[0])
            os.mkdir(t)
            try:
                test(t, *args)
                print("ok", args[0])
            except Failed as e:
                failed += 1
                print("FAILED %s: %s" % (args[0], e))
    finally:
        shutil.rmtree(base, ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
