#!/usr/bin/python3
"""What a run tells is what happened: what the archive does not give is no refusal of the server."""
import glob
import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import environment, execute, expect, imap  # noqa: E402
import fakeimap  # noqa: E402


class Target(fakeimap.FakeImap):
    """Empty."""

    def populate(self):
        self.mailbox("INBOX")


class Scene:
    def __init__(self, scratch, source):
        self.scratch, self.source, self.env = scratch, source, environment(scratch)
        self.archive = os.path.join(scratch, "a.valise")
        self.run(0, "backup", *imap(source.port), "-o", self.archive)

    def run(self, code, *args, **more):
        rc, out, err = execute(*args, **{"env": self.env, **more})
        expect(rc == code, "exit code %d instead of %d: %s\n%s%s" % (rc, code, " ".join(args), out, err))
        return out, err

    def damaged(self, name):
        """A copy of the archive with every other octet of its first part in zeros."""
        copy = os.path.join(self.scratch, name)
        shutil.copytree(self.archive, copy)
        part = sorted(glob.glob(copy + "/data/000001/part-*"))[0]
        os.chmod(part, 0o600)
        with open(part, "r+b") as f:
            f.seek(20)
            f.write(bytes(os.path.getsize(part) - 40))
        return copy


def unreadable(s):
    archive = s.damaged("unreadable.valise")
    with Target() as target:
        out, _ = s.run(3, "restore", archive, *imap(target.port))
        expect(" could not be read from the archive (named above; see valise verify)" in out and "REFUSED" not in out, out)
        done = json.loads(s.run(3, "restore", archive, *imap(target.port), "--json")[0].splitlines()[-1])
        expect(done["unreadable"] == done["failed"] > 0, done)


def salvaged(s):
    """--quiet keeps nothing back of a run that does not end with 0."""
    archive = os.path.join(s.scratch, "salvaged.valise")
    shutil.copytree(s.archive, archive)
    seal = archive + "/data/000001/seal.sha256"
    os.chmod(seal, 0o600)
    with open(seal, "w") as f:  # which costs no item
        f.write("x")
    out, _ = s.run(3, "salvage", archive, "-t", s.scratch + "/salvaged", "-q")
    expect("/salvaged: " in out, out)


def failures(s):
    """Each is told once, with the server that it is about; a trace that is cut is told, too."""
    with fakeimap.FakeImap() as server:
        port = server.port
        _, err = s.run(12, "check", *imap(port, "echo wrong"))
        expect("127.0.0.1:%d: signing in as alice" % port in err, err)
        _, err = s.run(0, "check", *imap(port), "--trace", "/dev/full")
        expect(err.count("the trace is not whole") == 1, err)
    _, err = s.run(1, "check", *imap(port))
    expect(err.count("refused") == 1 and err.count("trying again") == 1, err)


def letters(s):
    """Short options may stand in one word."""
    out, err = s.run(0, "backup", *imap(s.source.port), "-qo", s.archive)
    expect(out == err == "", out + err)
    for bad in "-oq", "-qx":
        expect("unknown option" in s.run(2, "backup", *imap(s.source.port), bad, s.archive)[1], bad)


def helped(s):
    for args in ["help", "help"], ["completion", "--help"]:
        expect("valise" in s.run(0, *args)[0], args)
    expect("valise setup alice@old.example" in s.run(0, "help")[0], "how to begin")
    fish = s.run(0, "completion", "fish")[0]
    expect(" -l report -r -F " in fish and "__fish_append , mail calendars" in fish, fish)


CASES = [unreadable, salvaged, failures, letters, helped]


def main():
    scratch = tempfile.mkdtemp(prefix="valise-")
    try:
        with fakeimap.FakeImap() as source:
            s = Scene(scratch, source)
            for case in CASES:
                print("--", case.__name__, flush=True)
                case(s)
    finally:
        shutil.rmtree(scratch)
    print("ok")


main()
