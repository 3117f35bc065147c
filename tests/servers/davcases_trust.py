"""How servers withhold, contradict themselves and break off: what was fetched once must not be lost over it. See fakedav.py."""
from fakedav import CS, DAV, Answer, Cut, FakeDav, card, element, event

WORK = "/dav/calendars/alice/work/"


class MemberWithheld(FakeDav):
    """The home set's listing gives a calendar as forbidden, at first: the backup is not whole, and says so."""
    name = "home-member-403"
    source = "Apache mod_dav lists what it does not let read so; RFC 4918 14.24"
    code, says, again_code, again, withheld = 3, "/plan/.*403", 0, 1, True

    def populate(self):
        super().populate()
        self.add("calendar", "plan", "Plan").put("p.ics", event(20))

    def changed(self):
        self.withheld = False

    def expected(self):
        return {k: v for k, v in super().expected().items() if k[0] != "Plan" or not self.withheld}

    def withhold(self, path):
        return self.status_response(path, "403 Forbidden")

    def response(self, path, props, asked):
        if self.withheld and path.endswith("/plan/"):
            return self.withhold(path)
        return super().response(path, props, asked)

    def check(self):
        heads = {h["name"]: h["status"] for h in self.manifest["collections"]}
        assert heads == {"Work": "complete", "Plan": "complete", "People": "complete"}, heads


class TypeWithheld(MemberWithheld):
    """Its properties have the status 500."""
    name = "home-member-type-500"
    source = "SOGo and Zimbra, mounted calendars of accounts that are out of order"
    says = "/plan/.*500"

    def withhold(self, path):
        return "<D:response><D:href>%s</D:href>%s</D:response>" % (path, self.propstat({DAV + "resourcetype": ""}, "500 Internal Server Error"))


class HomeNotWhole(MemberWithheld):
    """The listing of the home set ends with 507 for itself: there is more."""
    name = "home-listing-507"
    source = "RFC 5323 5.16"
    says = "calendars/alice/.*507"

    def withhold(self, path):
        return self.status_response("/dav/calendars/alice/", "507 Insufficient Storage")


class CollectionForbidden(FakeDav):
    """One collection may be seen but not listed."""
    name = "collection-403"
    source = "free-busy shares (Cyrus, SOGo)"
    code, says = 3, "Work cannot be read.*403"

    def do_propfind(self, rq):
        return Answer(403) if rq.path == WORK else super().do_propfind(rq)

    def expected(self):
        return {k: v for k, v in super().expected().items() if k[0] == "People"}


class CollectionElsewhere(FakeDav):
    """What is below a collection is redirected to another host; between the runs one resource changed and one went."""
    name = "collection-on-other-host"
    source = "Zimbra redirects an account to its home server (vdirsyncer issue 88)"
    host = "dav.example.localhost"
    again = 1

    def answer(self, rq):
        if rq.path.startswith(WORK) and not rq.header("Host").startswith("store7."):
            return Answer(307, Location="http://store7.example.localhost:%d%s" % (self.port, rq.target))
        return super().answer(rq)

    def changed(self):
        work = self.collections[WORK]
        work.put("event-1.ics", event(21, "event-1"))
        work.remove("event-4.ics")


class InternalHost(FakeDav):
    """hrefs with scheme and host of the server behind the proxy."""
    name = "hrefs-of-internal-host"
    source = "reverse proxies without X-Forwarded-Host; vdirsyncer dav.py and python-caldav take the path alone"

    def href(self, path):
        return ("http://10.255.255.1:8080" if "work" in path else "//internal") + super().href(path)


class ListingCutOnce(FakeDav):
    """The connection is lost in the middle of each PROPFIND that lists something, once."""
    name = "listing-cut-once"
    source = "proxies with a time limit"

    def send(self, handler, rq, rs):
        cut = self.__dict__.setdefault("cut", set())
        if rq.method == "PROPFIND" and rs.body.count(b"</D:response>") > 1 and rq.path not in cut:
            cut.add(rq.path)
            self.send_cut(handler, rs, rs.body.rindex(b"<D:response>") + 20)
        super().send(handler, rq, rs)

    def check(self):
        assert WORK in self.cut and "/dav/calendars/alice/" in self.cut, self.cut


class SyncResponse(FakeDav):
    """Changes come as <sync-response>, the element of the draft."""
    name = "sync-response-element"
    source = "SOGo, SOGoGCSFolder.m; draft-daboo-webdav-sync"
    again = 2

    def changed(self):
        work = self.collections[WORK]
        work.put("event-1.ics", event(21, "event-1"))
        work.put("new.ics", event(22))
        work.remove("event-4.ics")

    def sync(self, rq, c):
        rs = super().sync(rq, c)
        rs.body = rs.body.replace(b"D:response>", b"D:sync-response>")
        return rs


class Unreadable(FakeDav):
    """A resource changes, and then cannot be read: its last version stays, and it is named."""
    name = "changed-but-unreadable"
    source = "sabre: 500 for data that its own parser refuses"
    again, again_code, broken = 8, 3, False

    def changed(self):
        self.before = super().expected()
        self.broken = True
        self.collections[WORK].put("event-1.ics", event(21, "event-1"))

    def multiget_one(self, rq, c, href):
        return self.status_response(href, "500 Internal Server Error") if self.broken and "event-1" in href else super().multiget_one(rq, c, href)

    def do_get(self, rq):
        return Answer(500) if self.broken and "event-1" in rq.path else super().do_get(rq)

    def expected(self):
        return self.__dict__.get("before") or super().expected()

    def check(self):
        head = next(h for h in self.manifest["collections"] if h["name"] == "Work")
        assert (head["status"], head["errors"]) == ("partial", 1), head


class Vanishes(FakeDav):
    """A calendar is deleted after it was listed: not every resource of it is asked for."""
    name = "vanishes-after-listing"
    source = "any client beside us"
    code, says, gone = 3, "70 of 70 resources could not be fetched", False

    def populate(self):
        super().populate()
        for n in range(62):
            self.collections[WORK].put("more-%d.ics" % n, event(n, "more-%d" % n))

    def answer(self, rq):
        if rq.path.startswith(WORK):
            self.gone = self.gone or rq.method == "REPORT"
            if self.gone:
                return Answer(404)
        return super().answer(rq)

    def changed(self):
        self.deleted = True
        del self.collections[WORK]

    def expected(self):
        return {k: v for k, v in super().expected().items() if k[0] == "People"}

    again_code = 0

    def check(self):
        assert self.count("GET") <= 16, "%d GETs" % self.count("GET")


class DiesMidway(FakeDav):
    """With --exact the server ends every connection after twenty resources of a calendar: what was fetched is kept, the next run goes on."""
    name = "dies-midway"
    source = "Baikal on shared hosting: processes with a limit"
    options, exact = ("--exact",), True
    code, again_code, again, says = 3, 0, 30, r"\d+ of 48 resources could not be fetched"
    dead = False

    def populate(self):
        super().populate()
        self.had = set()
        for n in range(40):
            self.collections[WORK].put("more-%d.ics" % n, event(n, "more-%d" % n))

    def do_get(self, rq):
        if rq.path.startswith(WORK) and not self.__dict__.get("mended"):
            self.dead = self.dead or len(self.had) == 20
            if self.dead:
                raise Cut()
            self.had.add(rq.path[len(WORK):])
        return super().do_get(rq)

    def do_propfind(self, rq):
        if self.dead and rq.path.startswith(WORK) and not self.__dict__.get("mended"):
            raise Cut()
        return super().do_propfind(rq)

    def changed(self):
        self.mended = True

    def expected(self):
        return {k: v for k, v in super().expected().items() if self.__dict__.get("mended") or k[0] == "People" or k[1] in self.had}


class NamesSwapped(FakeDav):
    """Two calendars with the same names of resources, relative hrefs and the same ETags exchange their names: so do their contents."""
    name = "names-swapped"
    source = "users; ETags that count versions (SOGo: gcs00000001)"
    again = 4

    def populate(self):
        for n, s in enumerate(("one", "two")):
            self.add("calendar", s, s.upper()).put("x.ics", event(30 + n))

    def etag(self, c, segment):
        return '"1"'

    def href(self, path):
        return path.rpartition("/")[2] if path.endswith(".ics") else super().href(path)

    def multiget_one(self, rq, c, href):
        return super().multiget_one(rq, c, c.path + href)

    def changed(self):
        one, two = self.collections.values()
        one.name, two.name = two.name, one.name
        for c in (one, two):
            c.props[DAV + "displayname"] = c.name


class OddNames(FakeDav):
    """Display names with line ends, controls and marks that turn text around."""
    name = "odd-display-names"
    source = "Unicode Technical Report 36"

    def populate(self):
        self.add("calendar", "work", "a\u202e\u009b31mb/../c\u0085")
        self.add("calendar", "dots", "..").put("x.ics", event(2))
        self.add("addressbook", "cur", "cur").put("y.vcf", card(2))
        next(iter(self.collections.values())).put("z\u202e\u009b.ics", event(3))

    def check(self):
        assert len(self.manifest["collections"]) == 3, self.manifest


class Length(FakeDav):
    """One resource claims to be of an exabyte."""
    name = "length-immense"
    source = "RFC 9110 8.6 has no upper bound"

    def item_props(self, c, segment):
        return {**super().item_props(c, segment), **({DAV + "getcontentlength": "1" + "0" * 18} if segment == "event-1.ics" else {})}


class Nested(FakeDav):
    """A calendar below a calendar, one below that, and a plain collection: the listing of the upper one shows them."""
    name = "nested-calendars"
    source = "Zimbra folders, Bedework; RFC 4791 4.2 forbids it"

    def populate(self):
        super().populate()
        self.add("calendar", "sub", "Work", WORK).put("s.ics", event(20))
        self.add("calendar", "deep", "Deep", WORK + "sub/").put("d.ics", event(21))

    def expected(self):
        return {("Work_2" if "s.ics" in k[1] else k[0], k[1]): v for k, v in super().expected().items()}

    def listing(self, c, asked):
        below = [self.response(k.path, self.coll_props(k), asked) for k in self.collections.values() if k.path.rpartition(k.path.split("/")[-2])[0] == c.path]
        plain = {DAV + "resourcetype": element(DAV + "collection")}
        return super().listing(c, asked) + below + [self.response(c.path + "plain/", plain, asked)]


class NestedCtag(Nested):
    """The same where nothing but a getctag says that the upper one is unchanged."""
    name = "nested-calendars-ctag"

    def coll_props(self, c):
        props = {**super().coll_props(c), CS + "getctag": str(len(c.changes))}
        del props[DAV + "sync-token"]
        return props
