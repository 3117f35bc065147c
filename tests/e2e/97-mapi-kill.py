#!/usr/bin/python3
"""A backup over MAPI that is killed, at calls of the seam that are spread over all of it, and one whose server is gone in the middle: the next run ends with
what an undisturbed one has, flags of mail included, and what was durable is not fetched again. VALISE_EVERY=1 tries every call."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import TESTS, environment, execute, expect  # noqa: E402
import fakemapi  # noqa: E402
from mapi import items  # noqa: E402
from mapicases_wire import bag_octets  # noqa: E402

TRIES = 12


class Made(fakemapi.FakeMapi):
    name = "made"
    answers = 0  # to RopFastTransferSourceGetBuffer, until the server is gone; 0: it stays

    def populate(self):
        pass

    def get_buffer(self, context, d, n):
        if self.answers:
            self.answers -= 1
            if not self.answers:
                self.answers = 1
                raise fakemapi.Cut
        return super().get_buffer(context, d, n)


def backup(t, server, archive, fault=None, want=(0,), more=()):
    env = environment(t)
    env.pop("VALISE_FAULT", None)
    env.update(fault or {})
    rc, out, err = execute("backup", "-o", archive, "--mapi", server.url(), "--mapi-mailbox", server.store.dn, "--user", "alice", "--password-command",
                           "echo pw-alice", "--cleartext", *more, env=env)
    expect(rc in want, "exit code %d instead of %s, %s\n%s%s" % (rc, want, fault, out, err))
    return rc


def contents(t, archive):
    """[(kind, name, status, items, root)]: flags of mail are in the roots, UIDs are not."""
    rc, out, err = execute("list", archive, "--json", env=environment(t))
    expect(rc == 0, out + err)
    return sorted((o["kind"], o["name"], o["status"], o.get("items"), o["content"]) for o in map(json.loads, out.splitlines()) if "content" in o)


def calls(t, server, archive):
    backup(t, server, archive, {"VALISE_FAULT_COUNT": t + "/calls"})
    with open(t + "/calls") as f:
        return int(f.read().split()[0])


def killed(t, server, prepare, what):
    """${prepare} makes an archive to begin with, or none."""
    shutil.rmtree(t + "/whole", ignore_errors=True)
    prepare(t + "/whole")
    total, wanted = calls(t, server, t + "/whole"), contents(t, t + "/whole")
    step = 1 if os.environ.get("VALISE_EVERY") else max(1, total // TRIES)
    for n in range(1, total, step):
        archive = t + "/killed"
        shutil.rmtree(archive, ignore_errors=True)
        prepare(archive)
        backup(t, server, archive, {"VALISE_FAULT": "kill:%d" % n}, (-9, 0))
        backup(t, server, archive)
        have = contents(t, archive)
        expect(have == wanted, "%s, killed at %d of %d: %s instead of %s" % (what, n, total, [x for x in have if x not in wanted], [x for x in wanted if x not in have]))
        rc, out, err = execute("verify", archive, env=environment(t))
        expect(rc == 0, out + err)


def test_killed(t, box):
    with Made(box) as server:
        killed(t, server, lambda archive: None, "the first backup")
        backup(t, server, t + "/first")
        for n in range(5):
            server.store.add(server.store.by_use("inbox"), bag_octets(items.mail("New %d" % n, number=900 + n)))
        inbox = server.store.by_use("inbox").normal()
        for m in inbox[:5]:
            server.store.set_read(m, not m.read)
        server.store.remove(inbox[6])
        killed(t, server, lambda archive: shutil.copytree(t + "/first", archive), "the second backup")


def test_resumed(t, box):
    """What is durable (64 MiB of octets and properties together) is not asked for again."""
    with Made(box) as server:
        total, wanted = calls(t, server, t + "/whole"), contents(t, t + "/whole")
        all_of_it = server.bodies
        backup(t, server, t + "/late", {"VALISE_FAULT": "kill:%d" % (total * 9 // 10)}, (-9,))
        server.bodies = 0
        backup(t, server, t + "/late")
        expect(contents(t, t + "/late") == wanted, "not as a whole run")
        expect(server.bodies < all_of_it // 2, "%d of %d items were asked for again" % (server.bodies, all_of_it))


def test_gone(t, box):
    """The server is gone in the middle: what came is sealed, the rest is named, and the next run brings it alone."""
    with Made(box) as server:
        backup(t, server, t + "/whole")
        wanted, all_of_it = contents(t, t + "/whole"), server.bodies
        server.bodies, server.answers = 0, 12
        backup(t, server, t + "/part", want=(3,), more=("--max-wait", "3"))
        came = server.bodies
        server.bodies, server.answers = 0, 0
        backup(t, server, t + "/part")
        expect(contents(t, t + "/part") == wanted, "not as a whole run")
        expect(0 < came and server.bodies < all_of_it, "%d came, %d were asked for again" % (came, server.bodies))


def main():
    with tempfile.TemporaryDirectory(prefix="valise-97-") as t:
        for name, size in ("small", "1000000"), ("large", "45000000"):
            subprocess.run([sys.executable, TESTS + "/tools/genmapi.py", "%s/%s" % (t, name), "--items", "100", "--octets", size], check=True, stdout=subprocess.DEVNULL)
        for test, box in ((test_killed, "small"), (test_resumed, "large"), (test_gone, "small")):
            if sys.argv[1:] and test.__name__ not in sys.argv[1:]:
                continue
            os.mkdir("%s/%s" % (t, test.__name__))
            test("%s/%s" % (t, test.__name__), "%s/%s" % (t, box))


main()
