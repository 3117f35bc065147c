#!/usr/bin/python3
"""The look at a target for the audit, calendars and contacts (servers/fakedav.py): each item is told once and rightly, nothing that writes
leaves, the journal stays as it is, and what nobody can tell is not called missing."""
import json
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import environment, execute, expect, files, run  # noqa: E402
import fakedav  # noqa: E402
from fakedav import Answer, FakeDav, card, event  # noqa: E402

READS = {"OPTIONS", "GET", "HEAD", "PROPFIND", "REPORT"}
WORK, PEOPLE = "/dav/calendars/alice/work/", "/dav/contacts/alice/people/"


class Target(FakeDav):
    """Whole, until a case sets one of these."""
    target = True
    blind = ()  # segments that no multiget brings and no GET, but ${status}
    status = 500
    unlisted, faulty = (), ()  # segments that no listing has; that it has with an error
    broken = {}  # path of a collection: status of its PROPFIND, or "507": it says that more is there
    homeless, faulty_home = (), ()  # collections that their home set does not list, lists with an error

    def do_get(self, rq):
        coll, _, segment = rq.path.rpartition("/")
        if self.broken.get(coll + "/") == 404:
            return Answer(404)
        return Answer(self.status) if segment in self.blind else super().do_get(rq)

    def multiget_one(self, rq, c, href):
        hole = href.rpartition("/")[2] in self.blind
        return self.status_response(href, "%d no" % self.status) if hole else super().multiget_one(rq, c, href)

    def listing(self, c, asked):
        out = []
        for s in c.resources:
            if s in self.faulty:
                out.append(self.status_response(c.path + s, "500 no"))
            elif s not in self.unlisted:
                out.append(self.response(c.path + s, self.item_props(c, s), asked))
        return out + ([self.status_response(c.path, "507 Insufficient Storage")] if self.broken.get(c.path) == "507" else [])

    def do_propfind(self, rq):
        status = self.broken.get(rq.path.rstrip("/") + "/")
        if isinstance(status, int) and (rq.header("Depth") == "1" or rq.path in self.faulty_home or status == 404):
            return Answer(status)
        answer = super().do_propfind(rq)
        for path in (*self.homeless, *self.faulty_home):
            if path not in rq.path:
                bad = self.status_response(path, "500 no") if path in self.faulty_home else ""
                answer.body = re.sub(rb"<D:response><D:href>%s</D:href>.*?</D:response>" % path.encode(), bad.encode(), answer.body, flags=re.S)
        return answer


def options(server):
    return ["--caldav", server.url(), "--carddav", server.url(), "--user", "alice", "--password-command", "echo pw-alice", "--cleartext"]


class Pair:
    """An archive of a server, restored into another one."""

    def __init__(self, scratch, source=FakeDav, target=Target, restore=True, code=0, more=(), backup=(), restoring=()):
        self.env = environment(tempfile.mkdtemp(dir=scratch))
        self.archive, self.more = os.path.join(self.env["HOME"], "a.valise"), list(more)
        with source() as server:
            run(None, "backup", *backup, *options(server), "-o", self.archive, env=self.env)
        self.server = target()
        self.server.__enter__()
        if restore:
            run(code, "restore", self.archive, *self.more, *restoring, *options(self.server), env=self.env)

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.server.__exit__()

    def at(self, path):
        return self.server.collections[path]

    def look(self, *more, full=False, journal=True):
        """{last segment of an item: (finding, place, differs)} of what is not the same; same, items and extra are counted."""
        env = dict(self.env) if journal else dict(self.env, XDG_STATE_HOME=tempfile.mkdtemp(dir=self.env["HOME"]))
        config = os.path.join(self.env["XDG_CONFIG_HOME"], "valise")
        os.makedirs(config, exist_ok=True)
        with open(config + "/accounts.ini", "w") as f:
            f.write("[new]\nuser = alice\npassword-command = echo pw-alice\n")
            f.writelines("%s = %s\n%s-cleartext = yes\n" % (k, self.server.url(), k) for k in ("caldav", "carddav"))
        before, self.server.log, self.server.bodies = files(env["XDG_STATE_HOME"]), [], 0
        rc, out, self.text = execute("audit", self.archive, "--target", "new", "--json", *self.more, *more, *(["--full"] if full else []), env=env)
        expect(rc == 3, "exit code %d\n%s%s" % (rc, out, self.text))
        done = json.loads(out.rstrip("\n").rpartition("\n")[2])
        self.text += json.dumps(done, indent=1)
        found = {}
        for f in done["findings"]:
            if f["side"] == "target" and "href" in f:
                expect(f["href"] not in found, "told twice: %s" % f)
                found[f["href"]] = f["finding"], f.get("place", "-"), f.get("differs", "-")
        self.items, self.same, self.extra = (done["target"][k] for k in ("items", "same", "extra"))
        self.others = [f["finding"] for f in done["findings"] if f["side"] == "target" and "href" not in f]
        expect(self.same + len(found) == self.items, "%d and %d of %d items\n%s" % (self.same, len(found), self.items, self.text))
        sent = {r.method for r in self.server.log}
        expect(sent <= READS, "sent %s" % sent)
        after = files(env["XDG_STATE_HOME"])
        expect({k: v for k, v in after.items() if "/restore/" in k} == {k: v for k, v in before.items() if "/restore/" in k}, "the journal was written")
        return {s.rpartition("/")[2]: v for s, v in found.items()}

    def expects(self, want, extra=0, n=12, others=(), **how):
        """What is found of the items named; all others are the same."""
        found = self.look(**how)
        expect(self.items == n, "%d items\n%s" % (self.items, self.text))
        for name in set(want) | set(found):
            word, place, differs = found.get(name, ("same", "-", "-"))
            wish = want.get(name, "same")
            wish = wish if isinstance(wish, tuple) else (wish, None, None)
            expect(word == wish[0], "%s: %s (%s) instead of %s\n%s" % (name, word, differs, wish[0], self.text))
            expect(wish[1] in (None, place), "%s: in %s instead of %s" % (name, place, wish[1]))
            expect(wish[2] is None or re.search(wish[2], differs), "%s: %r instead of %r" % (name, differs, wish[2]))
        expect(self.extra == extra, "%d extra instead of %d\n%s" % (self.extra, extra, self.text))
        expect(self.others == list(others), "%s instead of %s" % (self.others, others))


def equal(scratch):
    """After a restore there is nothing to be found: fast without a body, in full or without the journal by reading each once."""
    with Pair(scratch) as p:
        p.expects({})
        expect(p.server.bodies == 0, "%d bodies" % p.server.bodies)
        p.expects({}, full=True)
        expect(p.server.bodies == 12, "%d bodies" % p.server.bodies)
        p.expects({}, journal=False)
        expect(p.server.bodies == 12, "%d bodies" % p.server.bodies)


def planted(scratch):
    with Pair(scratch) as p:
        work, people = p.at(WORK), p.at(PEOPLE)
        private = p.server.add("calendar", "private", "Private")
        work.remove("event-0.ics")
        work.put("event-1.ics", event(1, more="CATEGORIES:one\\, two,three\r\n").replace(b"Event 1", b"Changed \xe2\x80\xae"))
        work.put("event-2.ics", event(2, more="X-RADICALE-NAME:x\r\nCLASS:PUBLIC\r\n"))  # says the same
        private.put("moved.ics", work.resources["event-3.ics"])
        work.remove("event-3.ics")
        private.put("again.ics", work.resources["event-4.ics"])
        work.put("again.ics", work.resources["event-5.ics"])
        work.put("a-copy.ics", work.resources["meeting.ics"].replace(b"Event 8", b"Changed"))  # the other one is as it was
        work.put("new.ics", event(20))
        private.put("own.ics", event(21))
        people.remove("card-0.vcf")
        people.put("card-1.vcf", card(1, more="EMAIL:x@example.org\r\n"))
        for how in {}, {"full": True}, {"journal": False}:
            p.expects({"event-0.ics": ("missing", "Work", None), "event-1.ics": ("altered", "Work", r'title \(SUMMARY\) of VEVENT: "Event 1" -> "Changed .*"$'),
                       "event-3.ics": ("elsewhere", "Private", 'a restore puts it into "Work"'), "event-4.ics": ("doubled", "Work", 'also in "Private" as http.*/again.ics'),
                       "event-5.ics": ("doubled", "Work", 'also in "Work"'),
                       "meeting.ics": ("doubled", "Work", "a-copy.ics"), "card-0.vcf": "missing", "card-1.vcf": ("altered", "People", 'EMAIL\\) of VCARD: none -> "x@')},
                      extra=2, **how)


class SameEtag(Target):
    """Its ETag stays with the name."""

    def etag(self, c, segment):
        return '"%s"' % segment


def etags(scratch):
    """What the journal knows under an ETag is believed, but not in full."""
    with Pair(scratch, target=SameEtag) as p:
        p.at(WORK).put("event-1.ics", event(1))
        p.expects({})
        p.expects({"event-1.ics": "altered"}, full=True)
        p.expects({"event-1.ics": "altered"}, journal=False)


def holes(scratch):
    """What is answered with an error, or is not in an answer, is not missing; a 404 says that it is."""
    work_items = ["event-%d.ics" % n for n in range(6)] + ["meeting.ics", "with%20blank%40home.ics"]
    with Pair(scratch) as p:
        fake, work = p.server, p.at(WORK)
        fake.blind = ("event-2.ics",)
        p.expects({})  # as the journal knows it
        for how in {"journal": False}, {"full": True}:
            p.expects({"event-2.ics": ("unseen", "Work", "HTTP 500")}, **how)
        fake.status = 404  # listed, but not there
        p.expects({"event-2.ics": "missing"}, journal=False)
        fake.status, fake.blind, fake.faulty = 500, (), ("event-2.ics",)
        p.expects({})
        fake.faulty, fake.unlisted = (), ("event-2.ics",)
        p.expects({})
        p.expects({}, journal=False)
        fake.blind = ("event-2.ics",)
        p.expects({"event-2.ics": ("unseen", "Work", "HTTP 500")})
        fake.blind = fake.unlisted = ()
        # one that is there under another name and cannot be read may be any that is not found
        work.put("renamed.ics", work.resources["event-3.ics"])
        work.remove("event-3.ics")
        work.remove("event-4.ics")
        fake.blind = ("renamed.ics",)
        p.expects(dict.fromkeys(["event-3.ics", "event-4.ics"], ("unseen", "Work", "1 resource there cannot be read")))
        fake.blind = ()
        p.expects({"event-4.ics": "missing"})
    with Pair(scratch) as p:
        fake = p.server
        p.at(WORK).remove("event-1.ics")
        for broken in 500, "507":
            fake.broken = {WORK: broken}
            p.expects({"event-1.ics": "missing"})
            p.expects({"event-1.ics": ("unseen", "Work", "cannot be listed: ")}, journal=False)
        fake.broken = {WORK: 404}
        p.expects(dict.fromkeys(work_items, ("missing", "Work", None)))
        fake.broken, fake.faulty_home = {}, (WORK,)
        p.expects({"event-1.ics": "missing"}, journal=False)
        fake.broken = {WORK: 500}
        p.expects(dict.fromkeys(work_items, ("unseen", "-", "HTTP 500")), journal=False)
        p.expects(dict.fromkeys(work_items, ("unseen", "-", "HTTP 500")))
        fake.broken, fake.faulty_home, fake.homeless = {}, (), (WORK,)
        p.expects({"event-1.ics": "missing"})
        fake.broken = {WORK: 404}
        p.expects(dict.fromkeys(work_items, ("missing", "-", None)))


def gone(scratch):
    """Whole collections are no more, or nothing was ever restored."""
    with Pair(scratch) as p:
        del p.server.collections[WORK]
        people = ["card-%d.vcf" % n for n in range(4)]
        found = p.look()
        expect(not set(people) & set(found) and len(found) == 8 and p.same == 4, found)
        expect({v[:2] for v in found.values()} == {("missing", "-")}, found)
    with Pair(scratch, restore=False) as p:
        found = p.look()
        expect(len(found) == 12 and {v[0] for v in found.values()} == {"missing"} and p.extra == 0, found)
        expect(not p.server.collections, "made something")


class Uids(Target):
    """Gives each event a name and a UID of its own."""

    def store(self, rq, c, segment):
        n = len(c.changes)
        c.put("srv-%d" % n, re.sub(rb"UID:[^\r]*", b"UID:srv-%d" % n, rq.body) if c.kind == "calendar" else rq.body)
        return Answer(201, Location=c.path + "srv-%d" % n)


class Renames(Target):
    """Gives each a name of its own."""

    def store(self, rq, c, segment):
        c.put("srv-%d" % len(c.changes), rq.body)
        return Answer(201, Location=c.path + "srv-%d" % (len(c.changes) - 1))


def uids(scratch):
    with Pair(scratch, target=Uids, code=3) as p:
        work = p.at(WORK)
        changed = {s: ("altered", "Work", "^UID of VEVENT: ") for s in ["event-%d.ics" % n for n in range(6)] + ["meeting.ics", "with%20blank%40home.ics"]}
        for how in {}, {"full": True}, {"journal": False}:
            p.expects(changed, **how)
        gone = next(s for s, data in work.resources.items() if b"Event 3\r" in data)
        work.remove(gone)
        for how in {}, {"full": True}, {"journal": False}:
            p.expects({**changed, "event-3.ics": "missing"}, **how)


class Mails(Target):
    def do_options(self, rq):
        return Answer(200, DAV="1, 3, extended-mkcol, calendar-access, calendar-auto-schedule, addressbook")


def attendees(scratch):
    with Pair(scratch, target=Mails, code=3) as p:
        p.expects({"meeting.ics": ("held-back", "Work", "it has attendees")})
        p.more = ["--with-attendees"]
        p.expects({"meeting.ics": "missing"})
        run(0, "restore", p.archive, "--with-attendees", *options(p.server), env=p.env)
        p.more = []
        p.expects({})
        p.expects({}, journal=False)


class Forms(FakeDav):
    """Two events in one resource, and one that a strict server wants in another form."""

    def populate(self):
        super().populate()
        work = self.collections[WORK]
        two = event(10).replace(b"END:VCALENDAR\r\n", b"") + event(11).partition(b"BEGIN:VEVENT")[1] + event(11).partition(b"BEGIN:VEVENT")[2]
        work.put("two.ics", two)
        work.put("scale.ics", event(12).replace(b"VERSION:2.0\r\n", b"VERSION:2.0\r\nMETHOD:PUBLISH\r\n"))
        work.put("twice.ics", event(13, more="LOCATION:here\r\nLOCATION:there\r\n"))


class Strict(Target):
    def store(self, rq, c, segment):
        if rq.body.count(b"BEGIN:VEVENT") > 1 or b"METHOD:" in rq.body or rq.body.count(b"LOCATION") > 1:
            return Answer(400, "no good: more than once")
        return super().store(rq, c, segment)


def forms(scratch):
    """As the restore graded it: several resources are the same, a form that lost something is another."""
    with Pair(scratch, source=Forms, target=Strict, code=3) as p:
        work = p.at(WORK)
        want = {"twice.ics": ("altered", "Work", r'the place .LOCATION. of VEVENT: "there" -> none')}
        for how in {}, {"full": True}, {"journal": False}:
            p.expects(want, n=15, **how)
        other = next(s for s, data in work.resources.items() if b"UID:event-11" in data)
        body = work.resources[other]
        work.put(other, body.replace(b"Event 11", b"Other"))
        for how in {}, {"full": True}, {"journal": False}:
            p.expects({**want, "two.ics": ("altered", "Work", 'objects UID event-11 is there in another form: the title .SUMMARY. of VEVENT: "Event 11" -> "Other"')}, n=15, **how)
        work.remove(other)
        for how in {}, {"full": True}:
            p.expects({**want, "two.ics": ("altered", "Work", "objects UID event-11 is missing")}, n=15, **how)
        found = p.look(journal=False)
        expect(found["two.ics"][0] == "altered", found["two.ics"])


def mapped(scratch):
    """--map, --under and --into are those of the restore; what lies elsewhere is found."""
    for more, place in (["--map", "Work=Office"], "Office"), (["--under", "Old"], "Old/Work"):
        with Pair(scratch, more=more) as p:
            p.expects({})
            p.expects({}, journal=False)
            p.more = []
            found = p.look(journal=False)
            expect({v[:2] for k, v in found.items() if "event" in k} == {("elsewhere", place)}, found)
            expect("Work" in found["event-1.ics"][2], found)


class Ready(Target):
    """With a calendar and nothing else, where nothing can be made."""

    def __init__(self):
        super().__init__()
        self.add("calendar", "all", "All")

    def make(self, rq, kind):
        return Answer(403)


def into(scratch):
    with Pair(scratch, target=Ready, more=["--into", "All"], code=3) as p:
        for how in {}, {"journal": False}:
            p.expects(dict.fromkeys(["card-%d.vcf" % n for n in range(4)], ("missing", "-", 'the target has no address book "All"')), **how)


def chosen_only(scratch):
    """Of collections that were not chosen nothing is told, and nothing there is extra or a copy."""
    with Pair(scratch) as p:
        p.server.add("calendar", "other", "Other").put("x.ics", p.at(WORK).resources["event-1.ics"])
        p.server.collections["/dav/calendars/alice/other/"].put("y.ics", event(22))
        found = p.look("--include", "Work")
        expect(not found and p.same == 8 and p.extra == 0, p.text)
        p.expects({"event-1.ics": "doubled"}, extra=1)


class Twins(FakeDav):
    """Items of one UID, in one collection and in two; items without one; what is no calendar object."""

    def populate(self):
        super().populate()
        work, people = self.collections[WORK], self.collections[PEOPLE]
        work.put("same.ics", work.resources["event-0.ics"])
        work.put("other.ics", event(1).replace(b"Event 1", b"Another"))
        self.add("calendar", "home", "Home").put("both.ics", work.resources["event-2.ics"])
        people.put("none.vcf", card(8).replace(b"UID:card-8\r\n", b""))
        people.put("none-too.vcf", card(8).replace(b"UID:card-8\r\n", b""))
        work.put("words.ics", b"no calendar object\r\n")


def twins(scratch):
    for target in Target, Renames:
        with Pair(scratch, source=Twins, target=target) as p:
            for how in {}, {"full": True}, {"journal": False}:
                p.expects({}, n=18, **how)
            held = p.server.contents()
            for state in "state", "other":  # with the journal, and without
                run(0, "restore", p.archive, *options(p.server), env=dict(p.env, XDG_STATE_HOME=os.path.join(p.env["HOME"], state)))
                expect(p.server.contents() == held, "a further restore (%s) changed something" % state)


class Birthdays(FakeDav):
    """A calendar that the server makes of the cards, and a subscription."""

    def populate(self):
        super().populate()
        self.add("calendar", "contact_birthdays", "Birthdays").put("b.ics", event(14))
        feed = self.add("calendar", "feed", "Feed")
        feed.types.append(fakedav.CS + "subscribed")
        feed.put("f.ics", event(15))


def generated(scratch):
    """What no restore brings back is not looked at on either side."""
    left = ["not-restored", "not-restored"]
    with Pair(scratch, source=Birthdays) as p:
        p.server.add("calendar", "contact_birthdays", "Birthdays").put("own.ics", event(16))
        p.expects({}, others=left)
        p.expects({}, others=left, journal=False)


def flip_object(archive):
    """One octet in the middle of each file of objects."""
    for name, data in files(archive).items():
        if "/part-" in name:
            with open(name, "r+b") as f:
                f.seek(len(data) // 2)
                f.write(bytes([data[len(data) // 2] ^ 0x55]))


def unreadable(scratch):
    """What the archive does not give is not called equal where it was to be read, nor missing."""
    with Pair(scratch) as p:
        p.at(WORK).remove("event-0.ics")
        flip_object(p.archive)
        p.expects({"event-0.ics": "unreadable"})
        found = p.look(full=True)
        expect(len(found) == 12 and {v[0] for v in found.values()} == {"unreadable"}, p.text)


class Links(FakeDav):
    """Files that items link to, on the old server."""

    def populate(self):
        super().populate()
        self.linked = self.add("calendar", "linked", "Linked")

    def __enter__(self):
        super().__enter__()
        for n in range(2):
            self.linked.put("link-%d.ics" % n, event(n, uid="link-%d" % n, more="ATTACH:%s\r\n" % self.url("/files/%d.pdf" % n)))
        return self

    def do_get(self, rq):
        return Answer(200, b"%PDF " + rq.path.encode(), ETag='"x"') if rq.path.startswith("/files/") else super().do_get(rq)


class Managed(Target):
    """Keeps files that are posted to an event (RFC 8607)."""

    def do_options(self, rq):
        return Answer(200, DAV="1, 3, extended-mkcol, calendar-access, addressbook, calendar-managed-attachments")

    def do_post(self, rq):
        c, segment = self.split(rq.path)
        name = re.search('filename="([^"]*)"', rq.header("Content-Disposition")).group(1)
        line = 'ATTACH;MANAGED-ID=1;FILENAME="%s";SIZE=%d:%s\r\n' % (name, len(rq.body), self.url("/files/x"))
        c.put(segment, c.resources[segment].replace(b"END:VEVENT", line.encode() + b"END:VEVENT"))
        return Answer(201, Cal_Managed_ID="1")


def links(scratch):
    """With the files in the items or with links: as the restore was told, both are right, and other differences are told alone."""
    for how in [], ["--attach-links"]:
        with Pair(scratch, source=Links, backup=["--fetch-links"], restoring=how) as p:
            linked = p.at("/dav/calendars/alice/linked/")
            expect((b"ENCODING=BASE64" in linked.resources["link-0.ics"]) == bool(how), linked.resources)
            for mode in {}, {"full": True}, {"journal": False}:
                p.expects({}, n=14, **mode)
            linked.put("link-1.ics", linked.resources["link-1.ics"].replace(b"Event 1", b"Changed"))
            for mode in {}, {"full": True}, {"journal": False}:
                p.expects({"link-1.ics": ("altered", "Linked", 'title .SUMMARY. of VEVENT: "Event 1" -> "Changed"$')}, n=14, **mode)
    with Pair(scratch, source=Links, target=Managed, backup=["--fetch-links"], restoring=["--attach-links"]) as p:
        linked = p.at("/dav/calendars/alice/linked/")
        expect(b"MANAGED-ID" in linked.resources["link-0.ics"], linked.resources)
        linked.put("link-1.ics", re.sub(rb"ATTACH[^\r]*\r\n", b"", linked.resources["link-1.ics"]))
        for mode in {}, {"full": True}, {"journal": False}:
            p.expects({"link-1.ics": ("altered", "Linked", "^files that it links to are not there")}, n=14, **mode)


def main():
    chosen = sys.argv[1:] or ["equal", "planted", "etags", "holes", "gone", "uids", "attendees", "forms", "mapped", "into", "chosen_only", "generated", "twins", "links", "unreadable"]
    with tempfile.TemporaryDirectory() as scratch:
        for name in chosen:
            globals()[name](scratch)
            print("ok %s" % name, flush=True)


if __name__ == "__main__":
    main()
