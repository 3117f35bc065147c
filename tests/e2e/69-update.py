#!/usr/bin/python3
"""restore --update against servers that are odd (servers/fakedav.py): what a person changed there, what is of a newer snapshot, and what nobody can tell is left
and named, exit code 3; what is replaced is replaced once."""
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import environment, expect, run  # noqa: E402
from fakedav import Answer, FakeDav, event  # noqa: E402

WORK = "/dav/calendars/alice/work/"


class Target(FakeDav):
    """It passes over If-Match."""
    target = True

    def store(self, rq, c, segment):
        self.matches = getattr(self, "matches", []) + [(segment, rq.header("If-Match"))] * bool(rq.header("If-Match"))
        return super().store(rq, c, segment)


class Meanwhile(Target):
    """event-1 is changed there after it was read for the first time."""
    armed = False

    def do_get(self, rq):
        answer = super().do_get(rq)
        if self.armed and rq.path.endswith("/event-1.ics"):
            self.collections[WORK].put("event-1.ics", titled(1, "theirs"))
            self.armed = False
        return answer


class Reused(Target):
    """An ETag stays when the content changes, until the next PUT."""
    def etag(self, c, segment):
        return '"%s-%d"' % (segment, getattr(self, "stored", {}).get(segment, 0))

    def store(self, rq, c, segment):
        self.stored = getattr(self, "stored", {})
        self.stored[segment] = self.stored.get(segment, 0) + 1
        return super().store(rq, c, segment)


class Weak(Target):
    def etag(self, c, segment):
        return "W/" + super().etag(c, segment)


class Stamps(Target):
    """DTSTAMP is the time of the answer."""
    answers = 0

    def data(self, c, segment):
        self.answers += 1
        return re.sub(rb"DTSTAMP:\d{8}", b"DTSTAMP:%d" % (20260201 + self.answers), c.resources[segment])


class Refuses(Target):
    def do_put(self, rq):
        return Answer(403) if rq.header("If-Match") else super().do_put(rq)


class Alters(Target):
    """It drops what it does not know."""
    def store(self, rq, c, segment):
        rq.body = re.sub(rb"LOCATION:[^\r]*\r\n", b"", rq.body)
        return super().store(rq, c, segment)


def titled(n, title, more=""):
    return event(n, more=more).replace(b"Event %d" % n, title.encode())


class Move:
    """An archive that gets snapshots, and a target."""
    def __init__(self, scratch, target):
        self.env = environment(tempfile.mkdtemp(dir=scratch))
        self.archive = os.path.join(self.env["HOME"], "a.valise")
        self.source, self.target = FakeDav(), target()
        self.source.__enter__()
        self.target.__enter__()
        self.old, self.new = self.source.collections[WORK], None
        self.backup()
        self.restore(None)
        self.new = self.target.collections[WORK]

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.source.__exit__()
        self.target.__exit__()

    def backup(self):
        run(0, "backup", *options(self.source), "-o", self.archive, env=self.env)

    def changed(self, *numbers, title="newer", more=""):
        """These events have another title at the source, and there is a snapshot of it."""
        for n in numbers:
            self.old.put("event-%d.ics" % n, titled(n, title, more))
        self.backup()

    def restore(self, code, *more):
        self.target.matches, self.target.log = [], []
        return run(code, "restore", self.archive, *options(self.target), "--with-attendees", *more, env=self.env)

    def updates(self, code, *numbers, more=()):
        """--update replaces just these."""
        said = self.restore(code, "--update", *more)
        expect([s for s, _ in self.target.matches] == ["event-%d.ics" % n for n in numbers], "%s\n%s" % (self.target.matches, said))
        expect("%d replaced" % len(numbers) in said or not numbers, said)
        return said

    def holds(self, n, title):
        text = self.new.resources["event-%d.ics" % n].decode()
        expect("SUMMARY:%s\r\n" % title in text, text)


def options(server):
    return ["--caldav", server.url(), "--user", "alice", "--password-command", "echo pw-alice", "--cleartext"]


def meanwhile(scratch):
    with Move(scratch, Meanwhile) as m:
        m.changed(1, 2)
        m.target.armed = True
        said = m.updates(3, 2)
        expect(not m.target.armed and re.search("event-1.*is left", said), said)
        m.holds(1, "theirs")
        m.holds(2, "newer")


def reused(scratch):
    with Move(scratch, Reused) as m:
        m.changed(1, 2)
        m.new.put("event-1.ics", titled(1, "theirs"))
        for how in (), ("--update",), ("--update",):
            said = m.restore(3, *how)
            expect("event-1" in said, said)
        m.holds(1, "theirs")
        m.holds(2, "newer")


def without_first(scratch):
    """A restore without --update comes between: what the journal knows then is read before it is replaced."""
    with Move(scratch, Reused) as m:
        m.changed(1, 2)
        m.restore(3)
        m.new.put("event-1.ics", titled(1, "theirs"))
        m.updates(3, 2)
        m.holds(1, "theirs")


def weak(scratch):
    with Move(scratch, Weak) as m:
        m.changed(1)
        expect("event-1" in m.updates(3), "not named")


def stamps(scratch):
    with Move(scratch, Stamps) as m:
        m.changed(1)
        m.updates(0, 1)
        m.updates(0)


def refuses(scratch):
    with Move(scratch, Refuses) as m:
        m.changed(1)
        for _ in range(2):
            said = m.updates(3)
            expect(len(re.findall("event-1.*not restored: the older version is left on the target: HTTP 403", said)) == 1 and ", 1 REFUSED" in said, said)


def alters(scratch):
    """What the server alters is stored once."""
    with Move(scratch, Alters) as m:
        m.changed(1, more="LOCATION:here\r\n")
        m.updates(3, 1)
        expect("event-1" in m.updates(3), "not named")


def ages(scratch):
    """Of the snapshots the newest that was ever restored: an older one replaces nothing, also where an item is again as it once was."""
    with Move(scratch, Target) as m:
        first = m.old.resources["event-1.ics"]
        m.changed(1, 2, title="second")
        m.old.put("event-1.ics", first)
        m.changed(2, title="third")
        m.updates(0, 2)
        for snapshot in "1", "2":
            m.updates(3, more=("--snapshot", snapshot))
        m.holds(1, "Event 1")
        m.holds(2, "third")
        m.updates(0)


def twins(scratch):
    """Two items of a UID in one collection: nobody knows which of them that was."""
    with Move(scratch, Target) as m:
        m.old.put("again.ics", event(1, more="RECURRENCE-ID:20260102T090000Z\r\n"))
        m.backup()
        m.restore(None, "--update")
        before = {s: m.new.resources[s] for s in m.new.resources if b"UID:event-1\r\n" in m.new.resources[s]}
        expect(len(before) == 2, before)
        m.changed(1)
        said = m.restore(3, "--update")
        expect(not m.target.matches and all(m.new.resources[s] == v for s, v in before.items()), said)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="valise-") as top:
        for case in meanwhile, reused, without_first, weak, stamps, refuses, alters, ages, twins:
            case(top)
            print("-- " + case.__name__, flush=True)
    print("ok")
