#!/usr/bin/python3
"""What a backup builds on is looked at first: whatever file of the archive is missing, cut, grown, damaged or something else, the next run takes from
the server what the newest state needs of it, and never says that nothing changed; what the server no longer has is named. A damaged newest seal, an
empty directory or a lost catalog stops nothing that does not need it."""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import imap, run  # noqa: E402
from fakedav import FakeDav, card, event  # noqa: E402
from fakeimap import FakeImap  # noqa: E402
from fakepop3 import FakePop3  # noqa: E402

PART1, PART2 = "data/000001/part-000001.tar.gz", "data/000002/part-000001.tar.gz"


def mail(n):
    return b"Message-ID: <%d@past.example>\r\nSubject: %d\r\n\r\n" % (n, n) + b"%d " % n * 400 + b"\r\n"


class Mail(FakeImap):
    name = "own-past"

    def populate(self):
        for name, n in (("INBOX", 0), ("Work", 100), ("Old", 200)):
            for i in range(6):
                self.mailbox(name).add(mail(n + i)) if i == 0 else self.mailboxes[name.encode()].add(mail(n + i))


class Dav(FakeDav):
    name = "own-past"

    def populate(self):
        self.work, self.people = self.add("calendar", "work", "Work"), self.add("addressbook", "people", "People")
        for i in range(4):
            self.work.put("%d.ics" % i, event(i))
            self.people.put("%d.vcf" % i, card(i))


def backup(code, archive, account, *more):
    return run(code, "backup", "-o", archive, *account, "--user", "alice", "--cleartext", "--password-command", "echo pw-alice", *more)


def contents(archive, scratch, *more):
    """What a snapshot holds: {folder: sorted bodies}."""
    tree = tempfile.mkdtemp(dir=scratch)
    run(0, "unpack", archive, "-t", tree + "/t", *more)
    found = {}
    for path in glob.glob(tree + "/t/[mc]*/**/*", recursive=True):
        if os.path.isfile(path) and "/catalog/" not in path and os.path.basename(path) not in ("displayname", "color"):
            with open(path, "rb") as f:
                found.setdefault(os.path.relpath(path, tree + "/t").split("/cur/")[0].rsplit("/" + os.path.basename(path), 1)[0], []).append(f.read())
    shutil.rmtree(tree)
    return {k: sorted(v) for k, v in found.items()}


def newest(archive):
    return sorted(n for n in os.listdir(archive + "/data") if os.listdir(archive + "/data/" + n))[-1]


def sums(archive):
    return subprocess.run(["sha256sum", "--strict", "--quiet", "-c", "data/%s/seal.sha256" % newest(archive)], cwd=archive, capture_output=True).returncode


# ---- damages: each takes the archive's directory -------------------------------------------------------------------

def remove(path):
    return lambda a: os.remove(a + "/" + path)


def truncate(path, by):
    def f(a):
        os.chmod(a + "/" + path, 0o600)
        os.truncate(a + "/" + path, os.path.getsize(a + "/" + path) + by)
    return f


def replace(path, make):
    def f(a):
        os.remove(a + "/" + path)
        make(a + "/" + path)
    return f


def link_away(path):
    os.symlink("/dev/null", path)


def flip(path):
    def f(a):
        os.chmod(a + "/" + path, 0o600)
        with open(a + "/" + path, "r+b") as g:
            g.seek(100)
            byte = g.read(1)
            g.seek(100)
            g.write(bytes([byte[0] ^ 1]))
    return f


def both(*some):
    def f(a):
        for one in some:
            one(a)
    return f


def one(name, damage, base, account, scratch, want):
    """The damage, then a run: everything is in a new, whole snapshot, and older ones have lost something (3); the next run finds nothing amiss."""
    archive = os.path.join(scratch, "a")
    shutil.rmtree(archive, ignore_errors=True)
    shutil.copytree(base, archive)
    damage(archive)
    said = backup(3, archive, account)
    assert "nothing changed" not in said and " sealed: " in said, (name, said)
    assert "warning: " in said, (name, said)
    assert sums(archive) == 0, (name, "the new snapshot names what is not there")
    have = contents(archive, scratch)
    assert have == want, (name, {k: (len(have.get(k, [])), len(v)) for k, v in want.items()})
    text = run(None, "verify", archive)
    assert "000003" not in text, (name, text)
    said = backup(0, archive, account)
    # What only an older snapshot needs is left to verify.
    assert "nothing changed" in said and "warning: " not in said, (name, said)
    assert newest(archive) == "000003", name


def suite(account, add, scratch, where):
    base = os.path.join(scratch, "base")
    shutil.rmtree(base, ignore_errors=True)
    backup(0, base, account)
    add()
    backup(0, base, account)
    want = contents(base, scratch)
    for name, damage in damages(where).items():
        one(name, damage, base, account, scratch, want)
    return base, want


def damages(where):
    c, links = "data/000001/%s.jsonl.gz" % where, "data/000001/%s.links.tar.gz" % where
    return {
        "part removed": remove(PART1),
        "part cut by one": truncate(PART1, -1),
        "part grown": truncate(PART1, 1),
        "part a directory": replace(PART1, os.mkdir),
        "part a FIFO": replace(PART1, os.mkfifo),
        "part a symlink": replace(PART1, link_away),
        "newest part removed": remove(PART2),
        "all parts removed": both(remove(PART1), remove(PART2)),
        "links removed": remove(links),
        "links cut": truncate(links, -1),
        "catalog removed": remove(c),
        "catalog a FIFO": replace(c, os.mkfifo),
        "catalog flipped": flip(c),
        "part, links and catalog": both(remove(PART1), remove(links), remove(c)),
        "newest seal.json removed": remove("data/000002/seal.json"),
        "newest seal.sha256 removed": remove("data/000002/seal.sha256"),
        "newest seal flipped": flip("data/000002/seal.json"),
        "newest seal gone, and a part": both(remove("data/000002/seal.json"), remove("data/000002/seal.sha256"), remove(PART1)),
        "first snapshot removed": lambda a: shutil.rmtree(a + "/data/000001"),
    }


def check_imap(scratch):
    with Mail().start() as server:
        account = ["--imap", "imap://127.0.0.1:%d" % server.port]
        base, want = suite(account, lambda: server.mailboxes[b"INBOX"].add(mail(50)), scratch, "mail/Work")
        archive = scratch + "/b"

        # What the server has no more is named; what it has is there.
        shutil.copytree(base, archive)
        os.remove(archive + "/" + PART1)
        lost = server.mailboxes[b"Work"].messages.pop(2)
        said = backup(3, archive, account)
        listed = run(0, "list", archive, "Work", "--items")
        assert "lost: %s is missing" % PART1 in listed and str(lost.uid) in listed, (said, listed)
        have = contents_of(archive, scratch)
        assert len(have["mail/Work"]) == 5 and have["mail/INBOX"] == want["mail/INBOX"], {k: len(v) for k, v in have.items()}
        assert backup(0, archive, account).count("sealed") == 1
        shutil.rmtree(archive)

        # What is not asked for this time is named, and taken the next time.
        shutil.copytree(base, archive)
        os.remove(archive + "/" + PART1)
        server.mailboxes[b"Work"].messages.insert(2, lost)
        said = backup(3, archive, account, "--exclude", "Work")
        assert sums(archive) == 0 and "lost: " in run(0, "list", archive, "Work", "--items"), said
        backup(0, archive, account)
        assert contents(archive, scratch) == want
        shutil.rmtree(archive)

        # Readers: an older snapshot needs no newer seal, and the message says what to do.
        shutil.copytree(base, archive)
        os.remove(archive + "/data/000002/seal.json")
        assert "--snapshot 1" in run(1, "list", archive)
        assert "DAMAGED" in run(1, "snapshots", archive)
        target = Mail()
        target.populate = lambda: target.mailbox("INBOX")
        with target.start():
            run(0, "restore", archive, "--snapshot", "1", *imap(target.port))
            assert sum(len(m.messages) for m in target.mailboxes.values()) == 18
        shutil.rmtree(archive)

        # An empty directory is no snapshot.
        shutil.copytree(base, archive)
        os.mkdir(archive + "/data/000003")
        assert contents(archive, scratch) == want
        assert "000003" in run(1, "verify", archive)
        assert "000003 is empty" in backup(0, archive, account)
        run(0, "verify", archive)
        shutil.rmtree(archive)

        # What vanishes while the run is at work is in no new seal, whether there is anything to seal or not; the next run mends it.
        for new in (), (51,):
            shutil.copytree(base, archive)
            for n in new:
                server.mailboxes[b"INBOX"].add(mail(n))

            def meanwhile(s, tag, name, args):
                if name in ("STATUS", "EXAMINE") and os.path.exists(archive + "/" + PART1):
                    os.remove(archive + "/" + PART1)
                return FakeImap.before(server, s, tag, name, args)
            server.before = meanwhile
            said = backup(1, archive, account)
            del server.before
            assert "changes while this run is at work" in said and PART1 in said and newest(archive) == "000002", said
            backup(3, archive, account)
            assert sums(archive) == 0 and len(contents(archive, scratch)["mail/Work"]) == 6
            shutil.rmtree(archive)
        server.mailboxes[b"INBOX"].messages.pop()

        # Without any seal nobody knows whose it is.
        shutil.copytree(base, archive)
        for n in ("000001", "000002"):
            os.remove(archive + "/data/%s/seal.json" % n)
        assert "--same-account" in backup(1, archive, account)
        backup(0, archive, account, "--same-account")
        assert contents(archive, scratch) == want
        shutil.rmtree(archive)


def contents_of(archive, scratch):
    """As contents, of a snapshot that says of itself that it is incomplete."""
    tree = tempfile.mkdtemp(dir=scratch)
    run(3, "unpack", archive, "-t", tree + "/t")
    found = {}
    for path in glob.glob(tree + "/t/mail/*/cur/*"):
        with open(path, "rb") as f:
            found.setdefault("mail/" + path.split("/")[-3], []).append(f.read())
    shutil.rmtree(tree)
    return {k: sorted(v) for k, v in found.items()}


def check_dav(scratch):
    with Dav() as server:
        url = server.url(server.start)
        account = ["--caldav", url, "--carddav", url]
        suite(account, lambda: server.work.put("new.ics", event(50)), scratch, "contacts/People")


def check_tree(scratch):
    """A directory tree whose files somebody deleted, by fetch and by backup --tree."""
    with Mail().start() as server:
        account = ["--imap", "imap://127.0.0.1:%d" % server.port]
        tree = scratch + "/tree"
        common = [*account, "--user", "alice", "--cleartext", "--password-command", "echo pw-alice"]
        for first, again in ((["fetch", "-t", tree], ["fetch", "-t", tree]), (["backup", "-o", scratch + "/t.valise", "--tree", tree],) * 2):
            run(0, *first, *common)
            files = sorted(glob.glob(tree + "/mail/*/cur/*"))
            want = {p: open(p, "rb").read() for p in files}
            assert len(want) == 18
            os.remove(files[1])
            os.truncate(files[8], 10)
            os.remove(tree + "/catalog/mail/Old.jsonl")
            run(0, *again, *common)
            assert {p: open(p, "rb").read() for p in glob.glob(tree + "/mail/*/cur/*")} == want, first
            with open(tree + "/catalog/tree.json", "w") as f:
                f.write("{")
            assert "remove it" in run(1, *again, *common)
            os.remove(tree + "/catalog/tree.json")
            run(0, *again, *common)
            assert {p: open(p, "rb").read() for p in glob.glob(tree + "/mail/*/cur/*")} == want, first
            shutil.rmtree(tree)


def check_pop3(scratch):
    with FakePop3().start() as server:
        account = ["--pop3", "pop3://127.0.0.1:%d" % server.port]
        archive = scratch + "/p"
        backup(0, archive, account)
        want = contents(archive, scratch)
        os.remove(archive + "/" + PART1)
        said = backup(3, archive, account)
        assert "nothing changed" not in said and contents(archive, scratch) == want, said


def main():
    with tempfile.TemporaryDirectory(prefix="valise-past-") as scratch:
        os.environ.update(HOME=scratch, XDG_STATE_HOME=scratch + "/state", XDG_CONFIG_HOME=scratch + "/config")
        for check in (check_imap, check_dav, check_pop3, check_tree):
            if sys.argv[1:] and check.__name__ not in sys.argv[1:]:
                continue
            check(scratch)
            print("ok", check.__name__)


main()
