#!/usr/bin/python3
"""Odd file systems (tools/fsshim.c plays them): without locks, modes, links, times, fsync of directories, with names that they refuse, with removed files
that linger: a run is complete, says once what is not there, and two runs never work at a time. Then what a crash could leave at any moment: nothing is
named before it is on the disk. FIFOs and links where files belong are refused at once."""
import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import TESTS, environment, imap, run  # noqa: E402
from fakeimap import FakeImap  # noqa: E402

SHIM = os.path.join(os.environ.get("VALISE_BUILD", os.path.join(TESTS, "../build/test")), "tests/libfsshim.so")
ODD = ["Fragen?", "A*B", "x<y>z", "p|q", 'quote "', "Aux", "con.2020", "end.", "COM1", "INBOX/nul", "straße", "STRASSE", "Ärger", "A\u0308rger", "a:b"]


class Names(FakeImap):
    name = "odd-file-names"

    def populate(self):
        self.mailbox("INBOX").add(b"Subject: x\r\n\r\nx\r\n")
        for name in ODD:
            self.mailbox(mutf7(name)).add(b"Subject: %s\r\n\r\nx\r\n" % name.encode())


def mutf7(name):
    """Modified UTF-7 (RFC 3501 5.1.3)."""
    out, run = b"", ""
    for c in name + "\0":
        if c != "\0" and not 0x20 <= ord(c) <= 0x7e:
            run += c
            continue
        if run:
            out += b"&" + base64.b64encode(run.encode("utf-16-be")).rstrip(b"=").replace(b"/", b",") + b"-"
            run = ""
        out += {"&": b"&-", "\0": b""}.get(c, c.encode())
    return out.decode()


class Lab:
    def __init__(self, scratch, server):
        self.server, self.dir, self.login = server, scratch, imap(server.port)

    def env(self, refuse, log=None):
        e = environment(self.dir)
        if refuse is not None:
            e.update(LD_PRELOAD=SHIM, SHIM_REFUSE=refuse, ASAN_OPTIONS="verify_asan_link_order=0:" + e.get("ASAN_OPTIONS", ""))
        if log:
            e["SHIM_LOG"] = log
        return e

    def run(self, code, *args, refuse=None, log=None):
        return run(code, *args, env=self.env(refuse, log))

    def backup(self, code, name, refuse=None, log=None):
        return self.run(code, "backup", "-o", os.path.join(self.dir, name), *self.login, refuse=refuse, log=log)


def check_refusals(lab):
    words = {"flock": "no locks", "enolck": "no locks", "chmod": "no modes", "utime,link": None, "dirsync": None, "flock,chmod,utime,link,dirsync,names,linger": "no locks"}
    for refuse, word in words.items():
        shutil.rmtree(lab.dir + "/a", ignore_errors=True)
        shutil.rmtree(lab.dir + "/t", ignore_errors=True)
        said = lab.backup(0, "a", refuse)
        assert word is None or said.count(word) == 1, (refuse, said)
        assert "nothing changed" in lab.backup(0, "a", refuse)
        assert not os.path.exists(lab.dir + "/a/.work"), refuse
        said = lab.run(0, "verify", lab.dir + "/a", refuse=refuse)
        assert "at work" not in said, said
        lab.run(0, "unpack", lab.dir + "/a", "-t", lab.dir + "/t", refuse=refuse)
        lab.run(0, "fetch", *lab.login, "-t", lab.dir + "/t", refuse=refuse)


def held(lab, **changes):
    """What stands in lock.held of a run of this machine, changed."""
    def word(path):
        try:
            with open(path) as f:
                return f.read().strip() or "?"
        except OSError:
            return "?"
    o = dict(machine=word("/etc/machine-id"), host=os.uname().nodename, boot=word("/proc/sys/kernel/random/boot_id"), space=os.readlink("/proc/self/ns/pid"),
             pid=str(os.getpid()), start=word("/proc/self/stat").rsplit(")", 1)[1].split()[19])
    o.update(changes)
    os.makedirs(lab.dir + "/a/.work", exist_ok=True)
    with open(lab.dir + "/a/.work/lock.held", "w") as f:
        f.write("%(machine)s %(host)s %(boot)s %(space)s %(pid)s %(start)s\n" % o)


def check_locks(lab):
    shutil.rmtree(lab.dir + "/a", ignore_errors=True)
    lab.backup(0, "a", "flock")
    known = os.path.exists("/etc/machine-id") and os.path.getsize("/etc/machine-id") > 0
    gone = subprocess.Popen(["true"])
    gone.wait()
    cases = [({}, 11), ({"pid": str(gone.pid)}, 0), ({"start": "1"}, 0), ({"boot": "of-before"}, 0), ({"host": "elsewhere"}, 11), ({"machine": "f" * 32}, 11),
             ({"pid": str(gone.pid), "space": "pid:[1]"}, 11), ({"pid": str(gone.pid), "host": "elsewhere"}, 11), ({"pid": str(gone.pid), "boot": "?"}, 11)]
    for changes, code in cases:
        held(lab, **changes)
        said = lab.backup(code if known else 11, "a", "flock")
        assert code == 0 or ("another run is at work" in said and "remove that file" in said), (changes, said)
        assert (code == 0) == (not os.path.exists(lab.dir + "/a/.work/lock.held")) or not known, changes
    with open(lab.dir + "/a/.work/lock.held", "w") as f:
        f.write("")
    assert "remove that file" in lab.backup(11, "a", "enolck")
    os.remove(lab.dir + "/a/.work/lock.held")
    lab.backup(0, "a", "enolck")


def order(log, top, commits):
    """Of a record of calls: nothing below ${top} is renamed before its bytes are on the disk. At a rename of which ${commits}(from, to) gives a directory,
    all below that is, names too, and the names of the directories above it. Returns how many those were, and what is not on the disk at the end."""
    with open(log) as f:
        calls = [line.rstrip("\n").split(" ", 1) for line in f]
    dirty, names, n = set(), set(), 0  # files with bytes, directories with names that are not on the disk
    for call, rest in [c if len(c) == 2 else (c[0], "") for c in calls]:
        if not rest.startswith(top) and call != "syncfs":
            continue
        if call in ("create", "mkdir", "unlink"):
            names.add(os.path.dirname(rest))
        elif call == "write":
            dirty.add(rest)
        elif call == "sync":
            dirty.discard(rest)
            names.discard(os.path.normpath(rest))
        elif call == "syncfs":
            dirty.clear()
            names.clear()
        elif call == "rename":
            a, _, b = rest.partition(" " + top)
            b = top + b
            assert a not in dirty, "renamed before its bytes are on the disk: %s" % a
            below = commits(a, b)
            if below:
                n += 1
                late = sorted(p for p in dirty | names if p.startswith(below))
                assert not late, "not on the disk at the commit: %s" % late
                above = [p for p in names if below.startswith(p + "/")]
                assert not above, "the names of what is committed are not on the disk: %s" % above
            names |= {os.path.dirname(a), os.path.dirname(b)}
            moved = {p for p in dirty if p.startswith(a)}
            dirty = dirty - moved | {b + p[len(a):] for p in moved}
    return n, dirty, names


def check_order(lab):
    """At each rename that commits, everything below the name is on the disk, and so are the names of its directories; then the name itself. So for archives
    (first snapshot, second, of a tree) and for trees, whose catalog says what is there."""
    root, tree = lab.dir + "/deep/er/b", lab.dir + "/deep/tree"

    def archive(at):
        return lambda a, b: a + "/" if os.path.dirname(b) == at + "/data" else None

    def of_tree(a, b):
        return tree + "/mail/" if b == tree + "/catalog/tree.json" else None

    def one(what, commits, want, *args):
        log = lab.dir + "/log-" + what
        lab.run(0, *args, refuse="", log=log)
        n, dirty, names = order(log, lab.dir, commits)
        assert n == want, (what, n)
        return names
    backup = ["backup", *lab.login, "-o", root]
    names = one("first", archive(root), 1, *backup)
    assert root + "/data" not in names, "the commit itself is not on the disk"
    box = lab.server.mailbox("INBOX")
    box.add(b"Subject: another\r\n\r\none\r\n")
    assert root + "/data" not in one("second", archive(root), 1, *backup), "the commit itself is not on the disk"
    for what in "unpacked", "salvaged", "fetched":
        shutil.rmtree(tree, ignore_errors=True)
        one(what, of_tree, 1, *{"unpacked": ["unpack", root], "salvaged": ["salvage", root], "fetched": ["fetch", *lab.login]}[what], "-t", tree)
    box.add(b"Subject: a third\r\n\r\none\r\n")
    one("fetched again", of_tree, 1, "fetch", *lab.login, "-t", tree)
    assert lab.dir + "/p/data" not in one("packed", archive(lab.dir + "/p"), 1, "pack", tree, "-o", lab.dir + "/p")
    del box.messages[-2:]


def check_names(lab):
    """Paths in archive and tree travel, and each mailbox has its own."""
    shutil.rmtree(lab.dir + "/a", ignore_errors=True)
    lab.backup(0, "a", "names")
    heads = [json.loads(line) for line in lab.run(0, "list", lab.dir + "/a", "--json").splitlines()]
    assert {h["name"] for h in heads} == set(ODD) | {"INBOX"}, heads
    paths = [h["path"] for h in heads]
    assert len({p.upper() for p in paths}) == len(paths) and not any(c in "".join(paths) for c in '"*?<>|:'), paths
    for plain in ("mail/Aux", "mail/con.2020", "mail/COM1", "mail/INBOX/nul"):
        assert plain not in paths, paths


def check_portable(lab):
    """unpack --names portable, and by itself where a colon is refused; such a tree is read, updated and packed like any other."""
    lab.backup(0, "a")
    content = json.loads(lab.run(0, "snapshots", lab.dir + "/a", "--json").splitlines()[-1])["content"]
    for refuse, more in ((None, ("--names", "portable")), ("names", ())):
        tree = lab.dir + "/portable"
        shutil.rmtree(tree, ignore_errors=True)
        said = lab.run(0, "unpack", lab.dir + "/a", "-t", tree, *more, refuse=refuse)
        assert ("takes no colon" in said) == (refuse is not None), said
        files = [os.path.join(d, f) for d, _, fs in os.walk(tree) for f in fs]
        assert not any(":" in f for f in files) and sum(";2," in f for f in files) == len(ODD) + 1, files
        lab.run(0, "fetch", *lab.login, "-t", tree, refuse=refuse)
        assert sorted(files) == sorted(os.path.join(d, f) for d, _, fs in os.walk(tree) for f in fs)
        # A mail program on Windows gave it a flag, another file has been deleted: both as in any other tree.
        one, two = sorted(f for f in files if ";2," in f)[:2]
        os.rename(one, one + "S" if refuse else one.replace(";2,", "!2,S"))
        os.remove(two)
        lab.run(0, "fetch", *lab.login, "-t", tree, refuse=refuse)
        assert os.path.exists(two), two
        lab.run(0, "pack", tree, "-o", lab.dir + "/again", refuse=refuse)
        assert json.loads(lab.run(0, "snapshots", lab.dir + "/again", "--json").splitlines()[-1])["content"] == content
        shutil.rmtree(lab.dir + "/again")
        assert "is there already" in lab.run(1, "fetch", *lab.login, "-t", tree, "--names", "maildir")
    shutil.rmtree(tree)
    lab.run(0, "unpack", lab.dir + "/a", "-t", tree)
    assert sum(":2," in f for _, _, fs in os.walk(tree) for f in fs) == len(ODD) + 1
    lab.run(1, "unpack", lab.dir + "/a", "-t", tree, "--names", "portable")
    lab.run(2, "unpack", lab.dir + "/a", "-t", tree, "--names", "dos")


def check_fifos(lab):
    """Whatever stands where a file of ours belongs: refused at once."""
    lab.backup(0, "a")
    for path in ("catalog/tree.json", "catalog/mail/INBOX.jsonl"):
        for make in (os.mkfifo, lambda p: os.symlink("/dev/zero", p), os.mkdir):
            tree = lab.dir + "/fifo"
            shutil.rmtree(tree, ignore_errors=True)
            lab.run(0, "fetch", *lab.login, "-t", tree)
            os.remove(tree + "/" + path)
            make(tree + "/" + path)
            lab.run(1 if path.endswith("tree.json") else 3, "pack", tree, "-o", lab.dir + "/packed")
            shutil.rmtree(lab.dir + "/packed", ignore_errors=True)
    for path in ("bag-info.txt", "manifest-sha256.txt", "README.txt", "data/000001/seal.json", "data/000001/part-000001.tar.gz", "data/000001/mail/INBOX.links.tar.gz"):
        copy = lab.dir + "/copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(lab.dir + "/a", copy)
        os.remove(copy + "/" + path)
        os.mkfifo(copy + "/" + path)
        lab.run(1, "verify", copy)
    given = lab.dir + "/given"
    for make in (os.mkfifo, os.mkdir, lambda p: os.symlink("/dev/zero", p), lambda p: socket.socket(socket.AF_UNIX).bind(p)):
        make(given)
        for option in (*lab.login, "--ca-file", given), ("alice", "--config", given):
            assert "no regular file" in lab.run(2, "backup", "-o", lab.dir + "/n", *option)
        text = lab.run(2, "backup", *lab.login, "-o", lab.dir + "/n", "--report", given)
        assert ("this is a directory" if os.path.isdir(given) else "no regular file") in text, text
        assert "not a regular file" in lab.run(2, "backup", "--accounts", given)
        os.rmdir(given) if os.path.isdir(given) else os.remove(given)
    assert "No such file" in lab.run(2, "backup", *lab.login, "-o", lab.dir + "/n", "--report", given + "/r.json")


def main():
    with tempfile.TemporaryDirectory(prefix="valise-fs-") as scratch, Names().start() as server:
        lab = Lab(os.path.realpath(scratch), server)
        for check in (check_refusals, check_locks, check_order, check_names, check_portable, check_fifos):
            if not sys.argv[1:] or check.__name__ in sys.argv[1:]:
                check(lab)
                print("ok", check.__name__, flush=True)


main()
