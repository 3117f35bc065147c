#!/usr/bin/python3
"""CalDAV and CardDAV servers that misbehave, one by one, several at a time (servers/fakedav.py): what is in the tree is what the server
holds; what is not is named; the second run reads nothing again where the server allows it; what is restored is there, and only that."""
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import environment, execute, expect  # noqa: E402
import fakedav  # noqa: E402



def crlf(data):
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


class Run:
    """One case with a directory of its own."""

    def __init__(self, case, scratch):
        self.case, self.dir = case, os.path.join(scratch, case.name)
        os.mkdir(self.dir)
        self.tree = os.path.join(self.dir, "tree")
        self.env = environment(self.dir)

    def valise(self, command, *args):
        c = self.case
        password = getattr(c, "password", "echo pw-alice").replace("FLAG", self.dir + "/flag")
        call = [command, *args, "--caldav", c.url(c.start), "--carddav", c.url(c.start), "--user", "alice", "--password-command", password, *c.options]
        call += ["--ca-file", c.tls[0]] if c.tls else ["--cleartext"]
        rc, out, err = execute(*call, env=self.env)
        self.text = out + err
        return rc

    def catalog(self):
        """{(collection, segment): (path, line)} of what the tree has, and its error lines."""
        items, errors = {}, []
        with open(self.tree + "/catalog/tree.json") as f:
            self.case.manifest = json.load(f)
        for head in self.case.manifest["collections"]:
            with open(os.path.join(self.tree, head["catalog"]), "rb") as f:
                lines = [json.loads(x) for x in f]
            for line in lines[1:-1]:
                if "error" in line:
                    errors.append(line)
                elif "gone" not in line:
                    items[head["name"], line["href"]] = os.path.join(self.tree, head["path"], line["path"])
        return items, errors

    def check_tree(self):
        c = self.case
        if not os.path.exists(self.tree + "/catalog/tree.json"):
            return expect(not c.expected(), "there is no tree")
        items, errors = self.catalog()
        want = {k: v for k, v in c.expected().items() if k[1] not in c.lost}
        expect(len(items) == len(want), "%d resources instead of %d\n%s" % (len(items), len(want), self.text))
        left = dict(want)
        for (name, href), path in items.items():
            with open(path, "rb") as f:
                data = f.read()
            keys = [k for k in left if k[0] == name and (left[k] if getattr(c, "exact", False) else crlf(left[k])) == data]
            expect(keys, "%s %s is not as on the server: %r" % (name, href, data[:300]))
            del left[keys[0]]
        for segment in c.lost:
            expect(any(segment in e["href"] for e in errors), "no error line for " + segment)
            expect(segment in self.text, "%s is not named\n%s" % (segment, self.text))

    def fetch(self):
        c = self.case
        rc = self.valise("fetch", "-t", self.tree)
        expect(rc == c.code, "exit code %d\n%s" % (rc, self.text))
        expect(not c.says or re.search(c.says, self.text), "did not say %r\n%s" % (c.says, self.text))
        self.check_tree()
        if c.code == 1:
            return c.check()
        c.changed()
        before, c.bodies = c.bodies, 0
        rc = self.valise("fetch", "-t", self.tree)
        expect(rc == (c.code if c.again_code is None else c.again_code), "second run: exit code %d\n%s" % (rc, self.text))
        self.check_tree()
        expect(c.bodies <= c.again, "second run: %d bodies were sent (first: %d)" % (c.bodies, before))
        c.check()

    def restore(self, archive):
        c = self.case
        held = {p: dict(k.resources) for p, k in c.collections.items()}
        rc = self.valise("restore", archive)
        expect(rc == c.code, "exit code %d\n%s" % (rc, self.text))
        expect(not c.says or re.search(c.says, self.text, re.S), "did not say %r\n%s" % (c.says, self.text))
        expect(not c.never_says or not re.search(c.never_says, self.text), "said %r\n%s" % (c.never_says, self.text))
        for p, resources in held.items():
            for s, data in resources.items():
                expect(c.collections[p].resources.get(s) == data, "%s%s was overwritten" % (p, s))
        self.check_target()
        for segment in c.lost:
            expect(segment in self.text, "%s is not named\n%s" % (segment, self.text))
        c.check()
        self.again("second restore")
        shutil.rmtree(self.env["XDG_STATE_HOME"], ignore_errors=True)
        self.again("restore without the journal")

    def again(self, what):
        c = self.case
        state, c.puts = c.contents(), 0
        rc = self.valise("restore", self.archive)
        expect(rc == (c.code if c.again_code is None else c.again_code), "%s: exit code %d\n%s" % (what, rc, self.text))
        expect(c.contents() == state, "%s: something changed\n%s" % (what, self.text))
        expect(c.again_adds or c.puts == 0, "%s: %d PUTs" % (what, c.puts))

    def check_target(self):
        c = self.case
        have = {}
        for k in c.collections.values():
            for data in k.resources.values():
                have.setdefault(fakedav.uid_of(data), []).append((k, data))
        for (name, segment), data in fakedav.FakeDav().expected().items():
            there = have.get(fakedav.uid_of(data), [])
            if c.partial and not there and c.code == 3:
                expect(segment in self.text, "%s is neither there nor named\n%s" % (segment, self.text))
            if segment in c.lost or (c.partial and not there):
                continue
            expect(len(there) == 1, "%s is there %d times\n%s" % (segment, len(there), self.text))
            if not c.rewrites:
                expect(there[0][1] == data, "%s was altered: %r" % (segment, there[0][1]))
            if c.keeps_names:
                expect(there[0][0].props.get(fakedav.DAV + "displayname") == name, "%s is in %s" % (segment, there[0][0].props))


def run_case(case, scratch, archive):
    started = time.monotonic()
    with case() as server:
        run = Run(server, scratch)
        run.archive = archive
        try:
            run.restore(archive) if server.target else run.fetch()
            return case.name, None, time.monotonic() - started
        except (AssertionError, subprocess.TimeoutExpired, OSError, KeyError) as e:
            return case.name, "%s: %s" % (type(e).__name__, e), time.monotonic() - started


def named_run(case, name, scratch):
    """A Run in a directory of another name than the case's."""
    case.name = name
    return Run(case, scratch)


def unread_home(scratch, archive):
    """A home set that the backup could not read is not made a calendar by the restore."""
    cases, own = fakedav.cases(), os.path.join(scratch, "home.valise")
    with cases["one-home-fails"]() as server:
        run = named_run(server, "unread-home", scratch)
        expect(run.valise("backup", "-o", own) == 3, run.text)
    with cases["target-correct"]() as server:
        run = named_run(server, "unread-home-target", scratch)
        expect(run.valise("restore", own) == 0 and "was not read by the backup" in run.text, run.text)
        run.check_target()
        expect(len(server.collections) == 2, sorted(server.collections))


def exact_later(scratch, archive):
    """What came by multiget is fetched once more with --exact, and then no more; a later run without it costs only what that run fetched."""
    for name, times in (("odd-content-exact", 2), ("multiget-differs", 1)):  # what seems cut is asked for twice
        with fakedav.cases()[name]() as server:
            run, work = named_run(server, "exact-later-" + name, scratch), server.collections["/dav/calendars/alice/work/"]

            def fetch(*options):
                server.options, server.bodies = options, 0
                expect(run.valise("fetch", "-t", run.tree) == 0, run.text)
                return server.bodies

            fetch()
            expect(0 < fetch("--exact") <= times * len(server.expected()), "%s: %d bodies with --exact" % (name, server.bodies))
            run.check_tree()
            expect(fetch("--exact") == 0, "%s: %d bodies" % (name, server.bodies))
            work.put("late.ics", fakedav.event(1, "late", "CATEGORIES:one\\, two\r\n"))
            fetch()
            expect(fetch("--exact") == 1, "%s: %d bodies for one that came by multiget" % (name, server.bodies))
            run.check_tree()


class Several(fakedav.FakeDav):
    """Calendars that a user may want to put together."""

    def populate(self):
        for n, name in enumerate(("Work", "Old work", "Trips")):
            c = self.add("calendar", "c%d" % n, name, **{fakedav.CAL + "supported-calendar-component-set": '<C:comp name="%s"/>' % ("VTODO" if n == 1 else "VEVENT")})
            for k in range(3):
                body = fakedav.event(10 * n + k)
                c.put("%d.ics" % (10 * n + k), body.replace(b"VEVENT", b"VTODO") if n == 1 else body)
        self.add("addressbook", "people", "People").put("1.vcf", fakedav.card(1))


def mapped(scratch, archive):
    """--map: into what is there, by its name or its last segment; into what is made; several into one; beside what goes there anyway."""
    own = os.path.join(scratch, "several.valise")
    with Several() as server:
        expect(named_run(server, "mapped-source", scratch).valise("backup", "-o", own) == 0, "backup")

    def restored(name, *maps, code=0, there=(), says=None):
        with fakedav.cases()["target-correct"]() as server:
            for kind, segment, title in there:
                server.add(kind, segment, title, **{fakedav.APPLE + "calendar-color": "#112233"})
            run = named_run(server, "mapped-" + name, scratch)
            maps = [w for m in maps for w in ("--map", m)]
            expect(run.valise("restore", own, *maps, "--dry-run") == code, "%s, dry: %s" % (name, run.text))
            expect(len(server.collections) == len(there), "%s: the dry run made something" % name)
            dry = run.text
            expect(run.valise("restore", own, *maps) == code, "%s: %s" % (name, run.text))
            expect(not says or says in run.text, run.text)
            if code == 0:
                made = re.findall(r"10 items in 4 collections: 10 (?:added|to add)", dry + run.text)
                expect(len(made) == 2, "%s: %s%s" % (name, dry, run.text))
            for journal in (True, False):
                before = server.contents()
                journal or shutil.rmtree(run.env["XDG_STATE_HOME"], ignore_errors=True)
                expect(run.valise("restore", own, *maps) == code and server.contents() == before, "%s, again: %s" % (name, run.text))
            return {c.props.get(fakedav.DAV + "displayname"): (sorted(c.resources), c.props) for c in server.collections.values()}

    have = restored("new", "Old work=Work", "Trips=Travel", "People=Friends")
    expect(sorted(have) == ["Friends", "Travel", "Work"] and len(have["Work"][0]) == 6 and len(have["Travel"][0]) == 3, have)
    comps = have["Work"][1][fakedav.CAL + "supported-calendar-component-set"]
    expect("VEVENT" in comps and "VTODO" in comps, "the components of both: " + comps)
    have = restored("together", "Old work=All", "Trips=All", "Work=All")
    expect(sorted(have) == ["All", "People"] and len(have["All"][0]) == 9, have)
    have = restored("there", "Old work=Private", "Trips=x1", there=(("calendar", "x0", "Private"), ("calendar", "x1", "Journeys")))
    expect(sorted(have) == ["Journeys", "People", "Private", "Work"] and len(have["Journeys"][0]) == 3 and len(have["Private"][0]) == 3, have)
    expect(have["Private"][1][fakedav.APPLE + "calendar-color"] == "#112233", "what was there keeps its properties")
    restored("slip", "Wrok=All", code=2, says='is called "Wrok"')


COMPS = fakedav.CAL + "supported-calendar-component-set"


class Mixed(fakedav.FakeDav):
    """A calendar of events, tasks and a journal entry; one that could hold them, and does not."""

    def populate(self):
        comps = "".join('<C:comp name="%s"/>' % c for c in ("VEVENT", "VTODO", "VJOURNAL"))
        mixed = self.add("calendar", "mixed", "Mixed", **{COMPS: comps, fakedav.APPLE + "calendar-color": "#445566"})
        for n in range(9):
            kind = b"VEVENT" if n < 5 else b"VTODO" if n < 8 else b"VJOURNAL"
            mixed.put("%d.ics" % n, fakedav.event(n).replace(b"VEVENT", kind))
        self.add("calendar", "plain", "Plain", **{COMPS: comps}).put("20.ics", fakedav.event(20))

    def later(self):
        self.collections[fakedav.HOME["calendar"] + "mixed/"].put("30.ics", fakedav.event(30).replace(b"VEVENT", b"VTODO"))


def split(scratch, archive):
    """Where a calendar takes one component only, tasks and journal go into calendars of their own; a list of the same name is used; so is, later, what was made."""
    own = os.path.join(scratch, "mixed.valise")
    with Mixed() as server:
        source = named_run(server, "split-source", scratch)
        expect(source.valise("backup", "-o", own) == 0, source.text)
        for tasks in (None, "Mixed"):
            with fakedav.cases()["one-component"]() as target:
                if tasks:
                    target.add("calendar", "reminders", tasks, **{COMPS: '<C:comp name="VTODO"/>'})
                run = named_run(target, "split-%s" % tasks, scratch)
                for added in (10, 0):
                    expect(run.valise("restore", own) == 0 and "%d added" % added in run.text and "is in" not in run.text, run.text)
                    held = {c.props[fakedav.DAV + "displayname"] + " " + re.search("V[A-Z]+", c.props[COMPS]).group(): len(c.resources) for c in target.collections.values()}
                    want = {"Mixed VEVENT": 5, (tasks or "Mixed (tasks)") + " VTODO": 3, "Mixed (journal) VJOURNAL": 1, "Plain VEVENT": 1}
                    expect(held == want, "%s\n%s" % (held, run.text))
                if tasks:
                    server.later()
                    expect(source.valise("backup", "-o", own) == 0, source.text)
                    expect(run.valise("restore", own) == 0 and "1 added" in run.text and len(target.collections) == 4, run.text)


def cut_over(scratch, archive):
    """A newer snapshot over an older restore: what is new is added; what was changed, moved or deleted at the source since is named and left."""
    own = os.path.join(scratch, "cut-over.valise")
    with fakedav.FakeDav() as server, fakedav.cases()["target-correct"]() as target:
        source, run = named_run(server, "cut-over-source", scratch), named_run(target, "cut-over", scratch)
        home = server.add("calendar", "home", "Home")
        home.put("home.ics", fakedav.event(20))
        expect(source.valise("backup", "-o", own) == 0, source.text)
        expect(run.valise("restore", own) == 0, run.text)
        work = server.collections[fakedav.HOME["calendar"] + "work/"]
        home.put("event-3.ics", work.resources["event-3.ics"])
        for gone in ("event-1.ics", "event-3.ics"):
            work.remove(gone)
        work.put("event-2.ics", fakedav.event(2).replace(b"SUMMARY:Event 2", b"SUMMARY:Put off"))
        work.put("event-9.ics", fakedav.event(9))
        expect(source.valise("backup", "-o", own) == 0, source.text)
        held = {p: dict(c.resources) for p, c in target.collections.items()}
        for again in range(2):
            expect(run.valise("restore", own) == 3 and "%d added" % (not again) in run.text, run.text)
            expect(re.search("event-1.ics, UID event-1: deleted at the source since", run.text), run.text)
            expect(re.search('event-3.ics.*is in "Work" on the target', run.text), run.text)
            expect(re.search(r"event-2.ics.*changed at the source since .*different there: the title \(SUMMARY\)", run.text), run.text)
        for p, resources in held.items():
            expect(all(target.collections[p].resources[s] == data for s, data in resources.items()), "%s: something was changed" % p)
        expect(run.valise("restore", own, "--folder", "Home") == 0 and "deleted" not in run.text, run.text)


def no_journal(scratch, archive):
    """Where no calendar takes a journal, none is made in vain a second time; the entries are named each time."""
    from davcases_others import Journals
    own = os.path.join(scratch, "journals.valise")
    with Journals() as server:
        expect(named_run(server, "no-journal-source", scratch).valise("backup", "-o", own) == 0, "backup")
    with fakedav.cases()["sogo-no-journal"]() as target:
        run = named_run(target, "no-journal-target", scratch)
        for journal in (True, True, False):
            journal or shutil.rmtree(run.env["XDG_STATE_HOME"], ignore_errors=True)
            before = set(target.collections)
            expect(run.valise("restore", own) == 3 and len(re.findall("not restored: the target's calendar takes only", run.text)) == 4, run.text)
            expect(not before or before == set(target.collections), "calendars were made again: %s\n%s" % (sorted(target.collections), run.text))
        names = sorted(c.props[fakedav.DAV + "displayname"] for c in target.collections.values())
        expect(names == ["Journal", "Work &amp; &lt;Play&gt;", "Work &amp; &lt;Play&gt; (journal)"], names)


def escaped_names(scratch, archive):
    """What is new in a later snapshot goes into the calendar that the first restore made, although the server shows its name otherwise."""
    from davcases_others import Journals
    own = os.path.join(scratch, "escaped.valise")
    with Journals() as server, fakedav.cases()["davical-names-twice"]() as target:
        source, run = named_run(server, "escaped-source", scratch), named_run(target, "escaped-target", scratch)
        for n, added in ((0, 5), (1, 1), (1, 0)):
            server.later(n)
            expect(source.valise("backup", "-o", own) == 0, source.text)
            expect(run.valise("restore", own) == 0 and "%d added" % added in run.text, run.text)
            expect(len(target.collections) == 2, "%s\n%s" % (sorted(target.collections), run.text))


class Owned(fakedav.FakeDav):
    """Somebody is said to own what we make."""
    target, owner = True, "http://backend.internal/dav/principals/alice/"

    def coll_props(self, c):
        return {**super().coll_props(c), fakedav.DAV + "owner": fakedav.element(fakedav.DAV + "href", self.owner)}


class Renames(fakedav.FakeDav):
    """Google: name and UID are the server's own; where it is, says Location, or nothing."""
    target, says_where, invents, props = True, True, b"srv-%d", b""

    def store(self, rq, c, segment):
        n = len(c.resources)
        data = re.sub(rb"UID:[^\r]*", b"UID:" + (self.invents % n if b"%" in self.invents else self.invents), rq.body)
        c.put("srv-%d" % n, data.replace(b"END:VEVENT", self.props + b"END:VEVENT"))
        return fakedav.Answer(201, **({"Location": c.path + "srv-%d" % n} if self.says_where else {}))


class Trims(fakedav.FakeDav):
    """The name is kept, of the UID the first five octets."""
    target = True

    def store(self, rq, c, segment):
        c.put(segment, re.sub(rb"UID:([^\r]{5})[^\r]*", rb"UID:\1", rq.body))
        return fakedav.Answer(201)


class Twins(fakedav.FakeDav):
    """Events that differ in nothing but their UID."""

    def populate(self):
        work = self.add("calendar", "work", "Work")
        for n in range(5):
            work.put("t%d.ics" % n, fakedav.event(1, uid="twin-%d" % n))


class LaterBase(Renames):
    says_where, props = False, b"SEQUENCE:1\r\nX-SRV:1\r\n"


def no_second_copy(scratch, archive):
    """Whatever the server makes of owners, names and UIDs: a second restore adds nothing, with the journal and without; what is stored is not told as refused."""
    kinds = {"owner": (Owned, {}, 0), "stranger": (Owned, {"owner": "/dav/principals/backup-operator/"}, 0), "google": (Renames, {}, 3), "silent": (LaterBase, {}, 3),
             "trims": (Trims, {}, 3)}
    twins = os.path.join(scratch, "twins.valise")
    with Twins() as server:
        expect(named_run(server, "twins-source", scratch).valise("backup", "-o", twins) == 0, "backup")
    with Renames() as target:
        run = named_run(target, "copies-twins", scratch)
        for added in (5, 0):
            expect(run.valise("restore", twins) == 3 and "%d added" % added in run.text and "more often" not in run.text, run.text)
            shutil.rmtree(run.env["XDG_STATE_HOME"])
    for name, (cls, attributes, code) in kinds.items():
        with type(name, (cls,), attributes)() as target:
            run = named_run(target, "copies-" + name, scratch)
            for added in (12, 0, 0):
                expect(run.valise("restore", archive) == code and "%d added" % added in run.text, "%s: %s" % (name, run.text))
                expect("not restored" not in run.text and (code == 0 or "changed UID" in run.text or "different there: UID" in run.text), "%s: %s" % (name, run.text))
                if added:
                    held = target.contents()
                expect(target.contents() == held and len(held) == 2, "%s: there are others now\n%s" % (name, run.text))
            shutil.rmtree(run.env["XDG_STATE_HOME"])
            expect(run.valise("restore", archive) == code and "0 added" in run.text and target.contents() == held, "%s, without journal: %s" % (name, run.text))


class Twice(fakedav.FakeDav):
    """Another machine stores the same events at the same time, under other names."""
    target = True

    def store(self, rq, c, segment):
        if segment == "event-2.ics":
            c.put("other-2.ics", rq.body)
        return super().store(rq, c, segment)


def counted(scratch, archive):
    """What is there more often than in the archive is named, but not what was there twice before the first restore."""
    with Twice() as target:
        work = target.add("calendar", "work", "Work")
        work.put("a.ics", fakedav.event(3))
        work.put("b.ics", fakedav.event(3))
        run = named_run(target, "counted", scratch)
        for journal in (False, True):
            expect(run.valise("restore", archive) == 3 and "1 more often than in the archive" in run.text, run.text)
            expect(re.search("event-2.ics.*more often.*other-2.ics|event-2.ics.*more often.*event-2.ics", run.text) and not re.search("event-3.*more often", run.text), run.text)
        work.remove("other-2.ics")
        expect(run.valise("restore", archive) == 0 and "more often" not in run.text, run.text)


class Late(fakedav.FakeDav):
    """The connection ends, and some time later the write is there, under a name of the server's own."""
    target, late, names, n = True, 0.7, True, 0

    def __enter__(self):
        self.done = set()
        return super().__enter__()

    def later(self, rq, do):
        threading.Timer(self.late, do).start()
        rs = fakedav.Answer(201, b"x" * 10)
        rs.lost = True
        return rs

    def send(self, handler, rq, rs):
        if getattr(rs, "lost", False):
            self.send_cut(handler, rs, 1)
        super().send(handler, rq, rs)

    def store(self, rq, c, segment):
        uid = fakedav.uid_of(rq.body)
        self.n += 1
        name = "srv-%d" % self.n if self.names else segment
        if uid not in self.done and b"event-2" in uid + rq.body:
            self.done.add(uid)
            return self.later(rq, lambda: c.put(name, rq.body))
        c.put(name, rq.body)
        return fakedav.Answer(201)


class LateCalendar(Late):
    """The same for MKCALENDAR: the collection gets a name of the server's own."""

    def make(self, rq, kind):
        path = rq.path

        def do():
            self.n += 1
            rq.path = path.rstrip("/") + "-%d/" % self.n
            fakedav.FakeDav.make(self, rq, kind)
        if kind == "calendar" and "make" not in self.done:
            self.done.add("make")
            return self.later(rq, do)
        do()
        return fakedav.Answer(201)

    def store(self, rq, c, segment):
        return fakedav.FakeDav.store(self, rq, c, segment)


class MadeElsewhere(fakedav.FakeDav):
    """201, but the collection has a name of the server's own, said by Location or not at all."""
    target, says_where = True, True

    def make(self, rq, kind):
        rq.path = rq.path.rstrip("/") + "-x%d/" % len(self.collections)
        rs = super().make(rq, kind)
        if self.says_where:
            rs.headers["Location"] = rq.path
        return rs


def late(scratch, archive):
    """A write that comes late is waited for, wherever the server puts it: nothing is there twice."""
    for name, cls, attributes in (("put", Late, {}), ("put-kept", Late, {"names": False}), ("mkcalendar", LateCalendar, {}), ("made-elsewhere", MadeElsewhere, {}),
                                  ("made-somewhere", MadeElsewhere, {"says_where": False})):
        with type(name, (cls,), attributes)() as target:
            run = named_run(target, "late-" + name, scratch)
            expect(run.valise("restore", archive) == 0, "%s: %s" % (name, run.text))
            time.sleep(getattr(target, "late", 0))
            held = sorted(len(c.resources) for c in target.collections.values())
            expect(held == [4, 8], "%s: %s\n%s" % (name, held, run.text))
            expect(run.valise("restore", archive) == 0 and "0 added" in run.text, "%s, again: %s" % (name, run.text))


class Hidden(fakedav.FakeDav):
    """A source whose resources are called as no other server calls them."""

    def populate(self):
        work = self.add("calendar", "work", "Work")
        for n, segment in enumerate(("AAMk1.EML", "noext", "a.txt", "b.ICS", "c.ics", "two@x.org", "two@x.org.ics")):
            work.put(segment, fakedav.event(n))
        people = self.add("addressbook", "people", "People")
        people.put("Bob", fakedav.card(1))
        people.put("nouid.eml", fakedav.card(2).replace(b"UID:card-2\r\n", b""))


def told_once(scratch, archive):
    """What a target does not keep of several calendars is one line, whatever run it is; the report has each."""
    own = os.path.join(scratch, "told-once.valise")
    with fakedav.FakeDav() as server:
        for n in range(3):
            calendar = server.add("calendar", "more-%d" % n, "More %d" % n)
            calendar.props["{http://apple.com/ns/ical/}calendar-color"] = "#11223%dFF" % n
            calendar.props["{http://apple.com/ns/ical/}calendar-order"] = str(n)
            calendar.put("e.ics", fakedav.event(50 + n))
        expect(named_run(server, "told-once-source", scratch).valise("backup", "-o", own) == 0, "backup")
    with fakedav.cases()["mkcalendar-drops-properties"]() as target:
        run = named_run(target, "told-once", scratch)
        for n in range(2):
            report = os.path.join(scratch, "told-once-%d.json" % n)
            expect(run.valise("restore", own, "--only", "calendars", "--include", "More*", "--report", report) == 0, run.text)
            want = "3 calendars: the target did not keep: the name (displayname), the place in the list (calendar-order)"
            expect(run.text.count(want) == 1 and run.text.count("displayname") == 1, run.text)
            with open(report) as f:
                told = [x["collection"] for x in json.load(f)["notes"] if "displayname" in x["text"] and "collection" in x]
            expect(told == ["More 0", "More 1", "More 2"], told)
            expect("3 identical" in run.text or "3 the same, written differently" in run.text, run.text)


def names(scratch, archive):
    """What is restored is called so that every client sees it; what an older version called otherwise is not stored again."""
    own = os.path.join(scratch, "names.valise")
    with Hidden() as server:
        expect(named_run(server, "names-source", scratch).valise("backup", "-o", own) == 0, "backup")
    for old in (False, True):
        with fakedav.cases()["target-correct"]() as target:
            if old:
                for kind, segment, title in (("calendar", "work", "Work"), ("addressbook", "people", "People")):
                    target.add(kind, segment, title).resources.update(server.collections[fakedav.HOME[kind] + segment + "/"].resources)
            run = named_run(target, "names-%s" % old, scratch)
            for added in (0 if old else 9, 0):
                expect(run.valise("restore", own) == 0 and "%d added" % added in run.text, run.text)
            called = sorted(s for c in target.collections.values() for s in c.resources)
            expect(len(called) == 9 and (old or all(s.endswith((".ics", ".vcf")) for s in called)), called)
            expect(old or {"AAMk1.ics", "noext.ics", "c.ics", "two@x.org.ics", "Bob.vcf"} <= set(called), called)


class HomeIsCalendar(fakedav.FakeDav):
    """DavMail: the home is the main calendar; others lie below it."""
    target = True

    def __init__(self):
        super().__init__()
        home = fakedav.HOME["calendar"]
        self.collections[home] = fakedav.Collection(home, "calendar", "calendar")
        self.add("calendar", "extra", "Extra")

    def listing(self, c, asked):
        below = [k for k in self.collections.values() if k is not c and k.path.startswith(c.path)]
        return super().listing(c, asked) + [self.response(k.path, self.coll_props(k), asked) for k in below]


def one_url(scratch, archive):
    """Where home and calendar are one, others of the home are seen by its URL, and made."""
    for name, args, held in (("map", ("--map", "Work=Extra"), [0, 8]), ("into", ("--into", "calendar"), [0, 8]), ("new", (), [0, 0, 8])):
        with HomeIsCalendar() as target:
            target.start = fakedav.HOME["calendar"]
            run = named_run(target, "one-url-" + name, scratch)
            for added in (8, 0):
                expect(run.valise("restore", archive, "--only", "calendars", *args) == 0 and "%d added" % added in run.text, "%s: %s" % (name, run.text))
                expect(sorted(len(c.resources) for c in target.collections.values()) == held, "%s: %s" % (name, run.text))


class FreeBusy(fakedav.FakeDav):
    def populate(self):
        super().populate()
        self.collections[fakedav.HOME["calendar"] + "work/"].put("fb.ics", fakedav.event(9).replace(b"VEVENT", b"VFREEBUSY"))


def free_busy(scratch, archive):
    """No calendar is made for free-busy time alone, which many take nowhere."""
    own = os.path.join(scratch, "free-busy.valise")
    with FreeBusy() as server:
        expect(named_run(server, "free-busy-source", scratch).valise("backup", "-o", own) == 0, "backup")
    with fakedav.cases()["one-component"]() as target:
        run = named_run(target, "free-busy", scratch)
        run.valise("restore", own)
        expect(len([c for c in target.collections.values() if c.kind == "calendar"]) == 1, "%s\n%s" % (sorted(target.collections), run.text))


def into_one_kind(scratch, archive):
    """--into wants a collection of the kinds that are chosen alone."""
    with fakedav.cases()["target-correct"]() as target:
        target.add("calendar", "w", "Mine")
        run = named_run(target, "into", scratch)
        expect(run.valise("restore", archive, "--include", "Work", "--into", "Mine") == 0 and "8 added" in run.text, run.text)
    for kind, other, added, left in (("calendar", "contacts", 8, 4), ("addressbook", "calendars", 4, 8)):
        with fakedav.cases()["target-correct"]() as target:
            target.add(kind, "w", "Mine")
            run = named_run(target, "into-" + kind, scratch)
            for n, words in enumerate(("%d to add" % added, "%d added" % added, "0 added, %d already" % added)):
                expect(run.valise("restore", archive, "--into", "Mine", *(() if n else ("--dry-run",))) == 3 and words in run.text and "%d REFUSED" % left in run.text, run.text)
                expect(re.search('--into: the target has no .* "Mine": the archive.s %s are not restored' % other, run.text) and len(target.collections) == 1, run.text)
            expect(run.valise("restore", archive, "--into", "Nowhere") == 1 and run.text.count('"Nowhere"') == 2 and len(target.collections) == 1, run.text)


def is_utf8(octets):
    try:
        return bool(octets.decode()) or True
    except UnicodeDecodeError:
        return False


class Fussy(fakedav.FakeDav):
    """Takes nothing but what is as some servers want it."""
    target = True

    def store(self, rq, c, segment):
        b = rq.body
        wrong = [(b.startswith(b"\xef\xbb\xbf"), 400, "not a calendar"), (b"MANAGED-ID" in b, 403, fakedav.CAL + "valid-managed-id"),
                 (b"METHOD:" in b, 415, "METHOD"), (b"VERSION:2.1" in b, 403, fakedav.CARD + "supported-address-data"),
                 (b"BEGIN:VEVENT" in b and b"DTEND" not in b and b"DURATION" not in b, 412, "DTEND must occur after DTSTART"),
                 (b"BEGIN:VCARD" in b and b"\nN:" not in b, 422, "N is missing"), (b"\nUID:" not in b, 409, ""),
                 (b"UID:named" in b and segment.encode().rpartition(b".")[0] != fakedav.uid_of(b), 400, "file name and UID must match"),
                 (b"SUMMARY:never" in b, 400, "never"), (re.search(rb"[\x00-\x08\x0b\x0e-\x1f]", b), 400, "Invalid character"),
                 (b.count(b"DTSTAMP") > 1 or (b"DTEND" in b and b"DURATION" in b), 403, "must not have both"), (not is_utf8(b), 400, ""), (len(set(re.findall(rb"\nUID:[^\r]*", b))) > 1, 403, fakedav.CAL + "valid-calendar-object-resource")]
        for is_so, status, text in wrong:
            if is_so:
                return fakedav.error(status, text) if text.startswith("{") else fakedav.Answer(status, text)
        return super().store(rq, c, segment)


class Odd(fakedav.FakeDav):
    """What such servers refuse."""

    def populate(self):
        work, people = self.add("calendar", "work", "Work"), self.add("addressbook", "people", "People")
        end = b"DTEND:20260131T100000Z\r\n"

        def ended(n, more=b""):
            return fakedav.event(n).replace(b"SUMMARY", end + more + b"SUMMARY")
        work.put("bom.ics", b"\xef\xbb\xbf" + ended(0))
        work.put("att.ics", ended(1, b"ATTACH;MANAGED-ID=97S;FMTTYPE=text/plain:https://files.example/dav/x\r\n"))
        work.put("method.ics", ended(2).replace(b"VERSION:2.0", b"VERSION:2.0\r\nMETHOD:PUBLISH"))
        for n in (3, 4, 5):
            work.put("noend-%d.ics" % n, fakedav.event(n))
        work.put("both.ics", b"\xef\xbb\xbf" + fakedav.event(6))
        work.put("other name.ics", ended(7).replace(b"UID:event-7", b"UID:named-7"))
        for n in range(20, 34):
            work.put("hopeless-%d.ics" % n, ended(n).replace(b"SUMMARY:Event", b"SUMMARY:never"))
        work.put("never.ics", ended(8).replace(b"SUMMARY:Event 8", b"SUMMARY:never"))
        work.put("good.ics", ended(9))
        work.put("two.ics", ended(10).replace(b"BEGIN:VEVENT", ended(11)[ended(11).index(b"BEGIN:VEVENT"):ended(11).index(b"END:VCALENDAR")] + b"BEGIN:VEVENT", 1))
        work.put("control.ics", ended(12, b"X-FOO:a\x0bb\x01\r\n"))
        work.put("twice.ics", ended(13, b"DTSTAMP:20260101T000000Z\r\nDURATION:PT1H\r\n"))
        work.put("latin.ics", ended(14, b"LOCATION:B\xfcro\r\n"))
        work.put("folded.ics", ended(15, b"LOCATION:B\xc3\r\n \xbcro\r\n"))
        people.put("agent.vcf", b"BEGIN:VCARD\r\nVERSION:2.1\r\nUID:boss\r\nN:Boss\r\nAGENT:\r\nBEGIN:VCARD\r\nVERSION:2.1\r\nN:Aide;A\r\nEND:VCARD\r\nEND:VCARD\r\n")
        people.put("old.vcf", b"BEGIN:VCARD\r\nVERSION:2.1\r\nUID:old\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J\r\nTEL;CELL:1\r\nEND:VCARD\r\n")
        people.put("no-n.vcf", fakedav.card(1).replace(b"N:Person;No. 1;;;\r\n", b""))
        people.put("no-uid.vcf", fakedav.card(2).replace(b"UID:card-2\r\n", b""))


def forms(scratch, archive):
    """What is refused is stored in the form that the answer asks for, each named; a second restore adds nothing; --strict sends nothing else."""
    own = os.path.join(scratch, "forms.valise")
    with Odd() as server:
        expect(named_run(server, "forms-source", scratch).valise("backup", "--exact", "-o", own) == 0, "backup")
    with type("strict", (Fussy,), {})() as target:
        run = named_run(target, "forms-strict", scratch)
        expect(run.valise("restore", own, "--strict") == 3 and "1 added" in run.text and "32 REFUSED" in run.text, run.text)
    with Fussy() as target:
        run = named_run(target, "forms", scratch)
        for journal in (True, True, False):
            journal or shutil.rmtree(run.env["XDG_STATE_HOME"], ignore_errors=True)
            added = 0 if target.log and hasattr(target, "held") else 18
            expect(run.valise("restore", own) == 3 and "%d added" % added in run.text and "15 REFUSED" in run.text, run.text)
            if added:
                target.held = target.contents()
                for name, word in (("bom", "stray octets"), ("att", "MANAGED-ID taken off"), ("method", "METHOD taken off"), ("noend-3", "an end added"), ("both", "stray octets.*an end added"),
                                   ("other name", "under the name of its UID"), ("old", "made vCard 3.0"), ("two", "apart, as 2 resources"), ("no-n", "missing properties added"), ("control", "stray octets"), ("twice", "second ones"), ("latin", "made UTF-8"), ("folded", "made UTF-8"), ("agent", "made vCard 3.0"), ("no-uid", "missing properties added")):
                    expect(re.search(name + r"\.(ics|vcf).*refused it as it is \(HTTP.*" + word, run.text), "%s: %s\n%s" % (name, word, run.text))
            expect(re.search("never.ics.*not restored: HTTP 400 bad request: never", run.text), run.text)
            expect(target.contents() == target.held, run.text)
        have = b"".join(d for c in target.collections.values() for d in c.resources.values())
        expect("Müller".encode() in have and b"TEL;TYPE=CELL:1" in have and b"UID:valise-" in have, have)
        expect(b"AGENT:BEGIN:VCARD\\n" in have and "LOCATION:Büro".encode() in have, have)
        expect(b"UID:event-10" in have and b"UID:event-11" in have, "both objects of one resource")
        # what is learnt is used: the second and third event without an end take two tries each
        puts = [rq.target.rpartition("/")[2] for rq in target.log if rq.method == "PUT"]
        expect(puts.count("good.ics") == 1 and max(puts.count("noend-%d.ics" % n) for n in (3, 4, 5)) == 2, puts)


class OneObject(fakedav.FakeDav):
    """Takes one object in a resource; of these some with a length, some without a word of what became of them, some not at all."""
    target, lies = True, True

    def store(self, rq, c, segment):
        b = rq.body
        if len(set(re.findall(rb"\nUID:[^\r]*", b))) > 1 or b.count(b"BEGIN:VCARD") > 1:
            return fakedav.error(403, fakedav.CAL + "valid-calendar-object-resource")
        if b"UID:never" in b or (b"UID:short" in b and b"DURATION" not in b):
            return fakedav.Answer(400, "never" if b"never" in b else "DTEND is required")
        if b"UID:lost" in b and self.lies:
            return fakedav.Answer(201)
        c.put(segment, re.sub(rb"CATEGORIES:[^\r]*\r\n", b"", b) if b"UID:drops" in b else b)
        return fakedav.Answer(201, ETag=self.etag(c, segment))


class KeepsFirst(fakedav.FakeDav):
    """Of several objects it keeps the first, without a word."""
    target = True

    def store(self, rq, c, segment):
        name = b"END:VEVENT\r\n" if c.kind == "calendar" else b"END:VCARD\r\n"
        end = rq.body.index(name) + len(name)
        c.put(segment, rq.body[:end] + (b"END:VCALENDAR\r\n" if c.kind == "calendar" else b""))
        return fakedav.Answer(201)


class Bundles(fakedav.FakeDav):
    """Several objects in one resource."""

    def populate(self):
        work, people = self.add("calendar", "work", "Work"), self.add("addressbook", "people", "People")

        def bundle(*uids):
            one = [fakedav.event(n, uid, "CATEGORIES:x\r\n") for n, uid in enumerate(uids)]
            return b"".join([one[0][:one[0].index(b"BEGIN:VEVENT")], *(x[x.index(b"BEGIN:VEVENT"):x.index(b"END:VCALENDAR")] for x in one), b"END:VCALENDAR\r\n"])
        work.put("good.ics", bundle("a", "b", "c"))
        work.put("bad.ics", bundle("d", "never", "drops", "lost", "short"))
        people.put("cards.vcf", fakedav.card(1) + fakedav.card(2) + fakedav.card(3).replace(b"UID:card-3\r\n", b""))


def apart(scratch, archive):
    """Objects of one resource that go apart are read back one by one: what one of them lost, or that it is not there, is named; the next run finds those that are."""
    own = os.path.join(scratch, "bundles.valise")
    with Bundles() as server:
        expect(named_run(server, "bundles-source", scratch).valise("backup", "--exact", "-o", own) == 0, "backup")
    with OneObject() as target:
        run = named_run(target, "bundles", scratch)
        for n in range(4):
            if n == 2:
                shutil.rmtree(run.env["XDG_STATE_HOME"])
            target.lies, target.puts = n < 3, 0
            expect(run.valise("restore", own) == 3 and "3 items in 2 collections: %d added, %d already" % ((0, 3) if n else (3, 0)) in run.text, run.text)
            for name, words in (("bad.ics, UID never", "not restored: HTTP 400 bad request: never"), ("bad.ics, UID drops", r"the categories \(CATEGORIES\)"), ("bad.ics, UID lost", "said that it stored it")):
                expect((name == "bad.ics, UID lost" and n == 3) or re.search(name + ".*" + words, run.text), "%d: %s: %s\n%s" % (n, name, words, run.text))
            expect(n or "(1 of them refused at first and taken otherwise: 1 in another form)" in run.text, run.text)
            expect(n or re.search("cards.vcf.*apart, as 3 resources", run.text) and re.search("UID short.*an end added", run.text), run.text)
            expect(not re.search("deleted at the source|more often|cards.vcf.*(differs|not restored)|good.ics.*(differs|not restored)", run.text), run.text)
            expect(("%d REFUSED" % (1 if n == 3 else 2)) in run.text, run.text)
            held = sorted(fakedav.uid_of(d) or b"" for c in target.collections.values() for d in c.resources.values())
            expect(held == sorted([b"a", b"b", b"c", b"d", b"drops", b"short", b"card-1", b"card-2", b""] + [b"lost"] * (n == 3)), (n, held, run.text))
            expect(not n or target.puts <= 12, "%d: %d PUTs" % (n, target.puts))
        target.collections[fakedav.HOME["calendar"] + "work/"].remove(next(s for s, d in target.collections[fakedav.HOME["calendar"] + "work/"].resources.items() if b"UID:b" in d))
        target.puts = 0
        run.valise("restore", own)
        expect(any(b"UID:b\r" in d for c in target.collections.values() for d in c.resources.values()), "an object that is gone from the target is put again\n" + run.text)
        expect(run.valise("restore", own, "--dry-run") == 3 and "0 to add" in run.text, run.text)
    with KeepsFirst() as target:
        run = named_run(target, "bundles-first", scratch)
        expect(run.valise("restore", own, "--strict") == 3 and run.text.count("the server dropped an event (VEVENT)") == 2 and sum(len(c.resources) for c in target.collections.values()) == 3, run.text)
        shutil.rmtree(run.env["XDG_STATE_HOME"])
        for n, code in enumerate((0, 0, 0)):
            n == 2 and shutil.rmtree(run.env["XDG_STATE_HOME"])
            expect(run.valise("restore", own) == code and run.text.count("was missing and is added") == (0 if n else 8), run.text)
            expect(sum(len(c.resources) for c in target.collections.values()) == 11, run.text)
    with KeepsFirst() as target:
        run = named_run(target, "bundles-first-2", scratch)
        for n, code in enumerate((3, 0)):
            expect(run.valise("restore", own) == code and run.text.count("was missing and is added") == (0 if n else 8), run.text)
            expect(sum(len(c.resources) for c in target.collections.values()) == 11, run.text)


class OneVersion(fakedav.FakeDav):
    """Takes cards of one version alone, and says so, or does not."""
    target, version, says = True, b"4.0", True

    def coll_props(self, c):
        said = {fakedav.CARD + "supported-address-data": '<R:address-data-type content-type="text/vcard" version="%s"/>' % self.version.decode()} if self.says and c.kind == "addressbook" else {}
        return {**super().coll_props(c), **said}

    def store(self, rq, c, segment):
        if c.kind == "addressbook" and b"\nVERSION:" + self.version not in rq.body:
            return fakedav.error(403, fakedav.CARD + "supported-address-data")
        return super().store(rq, c, segment)


class Versions(fakedav.FakeDav):
    def populate(self):
        people = self.add("addressbook", "people", "People")
        photo = "PHOTO;ENCODING=b;TYPE=JPEG:/9j/AAAA\r\nTEL;TYPE=HOME,PREF:1\r\n"
        people.put("three.vcf", fakedav.card(1, more=photo))
        people.put("four.vcf", fakedav.card(2, version="4.0", more="PHOTO:data:image/jpeg;base64,/9j/AAAA\r\nKIND:individual\r\n"))
        people.put("two.vcf", b"BEGIN:VCARD\r\nVERSION:2.1\r\nUID:two\r\nN:M\xc3\xbcller\r\nEND:VCARD\r\n")


def versions(scratch, archive):
    """A card goes in the version that the target takes, named; a second restore finds it; --strict sends none."""
    own = os.path.join(scratch, "versions.valise")
    with Versions() as server:
        expect(named_run(server, "versions-source", scratch).valise("backup", "--exact", "-o", own) == 0, "backup")
    for name, attributes in {"four": {}, "four-unsaid": {"says": False}, "three": {"version": b"3.0"}, "three-unsaid": {"version": b"3.0", "says": False}}.items():
        with type(name, (OneVersion,), attributes)() as target:
            run = named_run(target, "versions-" + name, scratch)
            expect(run.valise("restore", own, "--strict") == 3 and "1 added" in run.text and "2 REFUSED" in run.text and "supported-address-data" in run.text, run.text)
            for added in (2, 0, 0):
                added or shutil.rmtree(run.env["XDG_STATE_HOME"], ignore_errors=True)
                expect(run.valise("restore", own) == 3 and "%d added" % added in run.text and "REFUSED (" not in run.text, "%s: %s" % (name, run.text))
                expect(not added or run.text.count("supported-address-data), and took it in another form: made vCard " + target.version.decode()) == 2, run.text)
            have = b"".join(d for c in target.collections.values() for d in c.resources.values())
            want = [b"PHOTO:data:image/jpeg;base64,/9j/AAAA", b"TEL;TYPE=HOME;PREF=1:1"] if target.version == b"4.0" else [b"PHOTO;ENCODING=b;TYPE=JPEG:/9j/AAAA", b"N:M\xc3\xbcller"]
            expect(all(w in have for w in want), have)


class OneUid(fakedav.FakeDav):
    """Several cards of one UID; one of another; one that breaks each multiget."""

    def populate(self):
        people = self.add("addressbook", "people", "People")
        for n in range(3):
            people.put("same-%d.vcf" % n, fakedav.card(n, "same", "CATEGORIES:c\r\n"))
        people.put("ctl.vcf", fakedav.card(8, more="NOTE:a\x0bb\r\n"))
        people.put("own.vcf", fakedav.card(9))


class AltersAll(fakedav.FakeDav):
    """Takes a property off everything; names it itself, or not; gives cards as 4.0 to whoever prefers that."""
    target, renames = True, False

    def store(self, rq, c, segment):
        segment = "srv-%d" % len(c.resources) if self.renames else segment
        c.put(segment, re.sub(rb"CATEGORIES:[^\r]*\r\n", b"", rq.body))
        return fakedav.Answer(201, **({"Location": c.path + segment} if self.renames else {}))

    def do_get(self, rq):
        rs = super().do_get(rq)
        if rs.status == 200 and rq.header("Accept").startswith("text/vcard; version=4.0"):
            rs.body = rs.body.replace(b"VERSION:3.0", b"VERSION:4.0")
        return rs


def one_uid(scratch, archive):
    """Items of one UID that the target altered are each recognised, without the journal, too."""
    own = os.path.join(scratch, "one-uid.valise")
    with OneUid() as server:
        expect(named_run(server, "one-uid-source", scratch).valise("backup", "--exact", "-o", own) == 0, "backup")
    for renames in (False, True):
        with type("target", (AltersAll,), {"renames": renames})() as target:
            run = named_run(target, "one-uid-%s" % renames, scratch)
            for n in range(3):
                n == 2 and shutil.rmtree(run.env["XDG_STATE_HOME"])
                expect(run.valise("restore", own) == 3 and "%d added" % (0 if n else 5) in run.text and "more often" not in run.text, run.text)
                expect(run.text.count("the categories (CATEGORIES)") == 3 and "own.vcf" not in run.text and (renames or "(FN)" not in run.text), run.text)
            expect([len(c.resources) for c in target.collections.values()] == [5], run.text)


EXTRA = {f.__name__: f for f in (told_once, apart, one_uid, versions, forms, one_url, free_busy, into_one_kind, late, no_second_copy, counted, names, unread_home, exact_later, mapped, split, cut_over, no_journal, escaped_names)}


def run_extra(name, scratch, archive):
    started, failure = time.monotonic(), None
    try:
        EXTRA[name](scratch, archive)
    except (AssertionError, subprocess.TimeoutExpired, OSError) as e:
        failure = str(e)
    return name, failure, time.monotonic() - started


def make_archive(scratch):
    """What the correct server has, to be restored to the others."""
    with fakedav.FakeDav() as server:
        run = Run(server, scratch)
        archive = os.path.join(scratch, "a.valise")
        expect(run.valise("backup", "-o", archive) == 0, run.text)
        os.rename(run.dir, run.dir + ".archive")
    return archive


def main():
    scratch = tempfile.mkdtemp(prefix="valise-dav-")
    chosen, failures = sys.argv[1:], 0
    try:
        archive = make_archive(scratch)
        cases = [c for n, c in sorted(fakedav.cases().items()) if not chosen or n in chosen]
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            done = [pool.submit(run_case, c, scratch, archive) for c in cases]
            done += [pool.submit(run_extra, n, scratch, archive) for n in EXTRA if not chosen or n in chosen]
            for name, failure, seconds in (d.result() for d in done):
                failures += failure is not None
                print("%-8s %s (%.1f s)%s" % ("FAILED" if failure else "ok", name, seconds, "\n" + failure if failure else ""), flush=True)
        print("%d cases, %d failed" % (len(done), failures))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
