"""How servers misbehave: finding the collections, redirects, sign-in, HTTP. See fakedav.py."""
import email.utils
import hashlib
import re
import time
import urllib.parse

from fakedav import APPLE, CAL, CARD, CS, DAV, Answer, FakeDav, card, element, event, gzipped


class WellKnownOtherHost(FakeDav):
    """.well-known leads to another host below the same registrable name: the password goes along."""
    name = "well-known-other-host"
    source = "iCloud pods (vdirsyncer docs/tutorials/icloud.rst); RFC 6764 5"
    host = "caldav.example.localhost"

    def well_known(self, rq):
        return Answer(302, Location="http://p42-caldav.example.localhost:%d/dav/" % self.port)

    def check(self):
        assert any(rq.header("Host").startswith("p42") and rq.header("Authorization") for rq in self.log), "no sign-in at the pod"


class WellKnownForeign(FakeDav):
    """.well-known leads to a stranger, who asks for the password."""
    name = "well-known-foreign"
    source = "python-caldav discovery.py: targets outside the domain are refused; libcurl drops credentials when the host changes"
    host = "caldav.example.localhost"
    code, says = 12, "does not get the password"

    def well_known(self, rq):
        return Answer(301, Location="http://stranger.other.localhost:%d/dav/" % self.port)

    def expected(self):
        return {}

    def check(self):
        strangers = [rq for rq in self.log if rq.header("Host").startswith("stranger")]
        assert strangers and not any(rq.header("Authorization") for rq in strangers), "the password went to a stranger"


class WellKnownHops(FakeDav):
    """Three redirects in a row, one of them relative."""
    name = "well-known-hops"
    source = "Nextcloud behind a proxy: .well-known -> /remote.php/dav -> /remote.php/dav/"

    def well_known(self, rq):
        return Answer(301, Location="/hop1")

    def do_propfind(self, rq):
        if rq.path in ("/hop1", "/hop2", "/hop3"):
            return Answer(308, Location={"/hop1": "hop2", "/hop2": "//127.0.0.1:%d/hop3" % self.port, "/hop3": "/dav/"}[rq.path])
        return super().do_propfind(rq)


class RedirectLoop(FakeDav):
    name = "redirect-loop"
    source = "vdirsyncer issue 586"
    code, says = 1, "redirects"

    def do_propfind(self, rq):
        return Answer(302, Location=rq.target + "x")

    def well_known(self, rq):
        return Answer(302, Location="/.well-known/caldav")

    def expected(self):
        return {}


class SlashRedirect(FakeDav):
    """Collections without their slash are redirected: a client that drops the body with the 301 asks for allprop and sees no principal."""
    name = "slash-redirect-301"
    source = "vdirsyncer PR 585, issue 586; libcurl drops the body of a PROPFIND at a 301"
    start = "/dav"
    status = 301

    def do_propfind(self, rq):
        if not rq.target.endswith("/"):
            return Answer(self.status, Location=rq.target + "/")
        return super().do_propfind(rq)

    def check(self):
        assert all(rq.body and rq.header("Depth") for rq in self.log if rq.method == "PROPFIND"), "a PROPFIND lost its body or depth"


class SlashRedirect302(SlashRedirect):
    name = "slash-redirect-302"
    source = "Xandikos redirects with 302"
    status = 302


class SlashRedirect307(SlashRedirect):
    name = "slash-redirect-307"
    source = "RFC 9110 15.4.8"
    status = 307


class ReportRedirected(FakeDav):
    """The collection moved after it was listed: REPORT and PROPFIND below it are redirected, hrefs are those of the new place."""
    name = "collection-redirected"
    source = "Zimbra redirects an account to its home server (vdirsyncer issue 88)"

    def answer(self, rq):
        if rq.path.startswith("/dav/calendars/") and "Work" not in rq.target and rq.path != "/dav/calendars/alice/":
            return self.authorize(rq) or Answer(307, Location=self.url(rq.target.replace("/dav/calendars/", "/moved/")))
        rq.path = rq.path.replace("/moved/", "/dav/calendars/")
        return super().answer(rq)


class SeveralHomes(FakeDav):
    """Calendars in two home sets, one of them listed twice."""
    name = "several-homes"
    source = "RFC 4791 6.2.1; DAVx5 DavResourceFinder"

    def homes(self, kind):
        return [HOME_OF[kind], "/dav/team/", HOME_OF[kind].rstrip("/")] if kind == "calendar" else [HOME_OF[kind]]

    def places(self):
        return super().places() + ["/dav/team/"]

    def populate(self):
        super().populate()
        self.add("calendar", "plan", "Plan", "/dav/team/").put("p.ics", event(20))


HOME_OF = {"calendar": "/dav/calendars/alice/", "addressbook": "/dav/contacts/alice/"}


class OneHomeFails(SeveralHomes):
    """One of two home sets cannot be read: what it holds is not gone, and the other is taken."""
    name = "one-home-fails"
    source = "shared homes of accounts that were deleted (SOGo, Zimbra)"
    code, says = 3, "/dav/team/"

    def do_propfind(self, rq):
        return Answer(403) if rq.path == "/dav/team/" else super().do_propfind(rq)

    def expected(self):
        return {k: v for k, v in super().expected().items() if k[0] != "Plan"}


class NoHomeSet(FakeDav):
    """The principal has no home sets; the URL that was given is the home itself."""
    name = "no-home-set"
    source = "python-caldav compatibility_hints.py: Robur, GMX"
    start = "/dav/calendars/alice/"
    options = ("--only", "calendars")

    def homes(self, kind):
        return []

    def places(self):
        return ["/dav/", "/dav/principals/alice/", *HOME_OF.values()]

    def expected(self):
        return {k: v for k, v in super().expected().items() if k[0] == "Work"}


class NoPrincipal(NoHomeSet):
    """No current-user-principal at all."""
    name = "no-principal"
    source = "Synology (vdirsyncer issue 498), mail.ru (python-caldav compatibility_hints.py)"

    def root_props(self, path):
        return {DAV + "resourcetype": element(DAV + "collection")}


class PrincipalFails(FakeDav):
    """The principal cannot be read: that is no empty account."""
    name = "principal-500"
    source = "Nextcloud while an app is updated; LDAP behind a server that is away"
    code, says = 1, "no calendars found.*HTTP 500"

    def do_propfind(self, rq):
        return Answer(500) if "principals" in rq.path else super().do_propfind(rq)

    def expected(self):
        return {}


class HomeSetWithheld(PrincipalFails):
    """The principal can be read, but not where the calendars are."""
    name = "home-set-403"
    source = "RFC 3744: the read privilege for a property of the principal"
    says = "no calendars found.*HTTP 403"

    def do_propfind(self, rq):
        rs = FakeDav.do_propfind(self, rq)
        if "principals" in rq.path:
            rs.body = rs.body.replace(b"HTTP/1.1 200 OK", b"HTTP/1.1 403 Forbidden")
        return rs


class SingleCollection(NoPrincipal):
    """The URL is that of one calendar."""
    name = "single-collection"
    source = "vdirsyncer docs/config.rst: collections = null"
    start = "/dav/calendars/alice/work/"


class Unauthenticated(FakeDav):
    """PROPFIND answers strangers, and says that nobody signed in."""
    name = "answers-strangers"
    source = "RFC 5397 3; Xandikos, Apple CCS"

    def authorize(self, rq):
        if rq.path == "/dav/" and not rq.header("Authorization"):
            return self.multistatus([self.response("/dav/", {DAV + "current-user-principal": element(DAV + "unauthenticated")}, None)])
        return super().authorize(rq)

    # In the clear nobody signs in unasked: a path that asks is needed.
    start = "/dav/principals/alice/"


class PrincipalElsewhere(FakeDav):
    """The principal and the home set are absolute URLs on another host of the provider."""
    name = "principal-on-pod"
    source = "iCloud: per-user pod host (python-caldav collection.py)"
    host = "contacts.example.localhost"

    def pod(self, path):
        return "http://p7.example.localhost:%d%s" % (self.port, path)

    def root_props(self, path):
        props = super().root_props(path)
        props[DAV + "current-user-principal"] = element(DAV + "href", self.pod("/dav/principals/alice/"))
        return props

    def homes(self, kind):
        return [HOME_OF[kind]]


class LoginPage(FakeDav):
    """An expired web session: 200 and a page of HTML for everything."""
    name = "login-page"
    source = "captive portals, SSO proxies before Nextcloud (nextcloud/android issues)"
    code, says = 1, "HTTP 200"

    def answer(self, rq):
        return Answer(200, "<!DOCTYPE html><html><body>Please sign in</body></html>", Content_Type="text/html")

    def expected(self):
        return {}


class Generated(FakeDav):
    """Birthdays, a subscription, somebody else's calendar, an inbox, a trash bin, an empty collection."""
    name = "special-collections"
    source = "Nextcloud (rcmcarddav issue 481, nextcloud-mcp-server issue 832, server PR 34375)"

    def populate(self):
        super().populate()
        self.add("calendar", "empty", "Empty")
        self.add("calendar", "contact_birthdays", "Birthdays").put("b.ics", event(3, "birthday"))
        shared = self.add("calendar", "shared", "Of Bob", **{DAV + "owner": element(DAV + "href", "/dav/principals/bob/")})
        shared.put("s.ics", event(4, "shared"))
        news = self.add("calendar", "holidays", "Holidays", **{CS + "source": element(DAV + "href", "https://cal.example/h.ics")})
        news.types = [DAV + "collection", CS + "subscribed"]
        for segment, kind in (("inbox", CAL + "schedule-inbox"), ("outbox", CAL + "schedule-outbox"), ("trashbin", "{http://nextcloud.com/ns}trash-bin")):
            box = self.add("calendar", segment, segment)
            box.types = [DAV + "collection", kind]
            box.resources["left-alone.ics"] = b"left alone"

    def coll_props(self, c):
        props = super().coll_props(c)
        if c.name == "Of Bob":
            props[DAV + "current-user-privilege-set"] = element(DAV + "privilege", element(DAV + "read"))
        return props

    def expected(self):
        return {k: v for k, v in super().expected().items() if k[1] != "left-alone.ics"}

    def check(self):
        assert not any(self.count(m, box) for m in ("REPORT", "GET") for box in ("inbox", "outbox", "trashbin")), "a box was read"
        heads = {h["name"]: h for h in self.manifest["collections"]}
        assert set(heads) == {"Work", "People", "Empty", "Birthdays", "Of Bob", "Holidays"}, heads
        want = {"Birthdays": ["generated"], "Of Bob": ["readonly", "shared"], "Holidays": ["subscription"]}
        for name, attrs in want.items():
            assert sorted(heads[name].get("attrs", [])) == attrs, heads[name]


class SharedBelowHome(FakeDav):
    """The URL is that of the home set: who the user is, is known all the same, and so what belongs to somebody else."""
    name = "shared-below-home"
    source = "Cyrus: home sets do not say that they are one"
    start = "/dav/calendars/alice/"
    options = ("--only", "calendars")

    def populate(self):
        super().populate()
        self.add("calendar", "shared", "Of Bob", **{DAV + "owner": element(DAV + "href", "/dav/principals/bob/")}).put("s.ics", event(4, "shared"))
        self.add("calendar", "own", "Own", **{DAV + "owner": element(DAV + "href", "/dav/principals/alice/")}).put("o.ics", event(5, "own"))

    def expected(self):
        return {k: v for k, v in super().expected().items() if k[0] != "People"}

    def check(self):
        assert {h["name"]: h.get("attrs", []) for h in self.manifest["collections"]} == {"Work": [], "Of Bob": ["shared"], "Own": []}, self.manifest


class OwnerOtherwise(FakeDav):
    """The owner of the user's own calendars is written in other ways than the principal."""
    name = "owner-otherwise"
    source = "emersion/go-webdav issue 61 (iCloud), tine20 issue 3150 (internal host), Mailspring-Sync issue 129 (/user), Cyrus, CCS (__uids__)"
    forms = ("http://backend.internal:8443/dav/principals/alice/", "/dav/principals/ALICE", "/dav/principals/users/alice/", "/dav/principals/__uids__/0815f00d-0000-4711-8888-0123456789ab/",
             "/dav/principals/alice@example.org/", "/dav/principals/alice/user", "mailto:a.lias@example.org", "Alice Example")

    def populate(self):
        super().populate()
        for n, form in enumerate(self.forms):
            self.add("calendar", "own%d" % n, "Own %d" % n, **{DAV + "owner": element(DAV + "href", form)}).put("o.ics", event(n, "own-%d" % n))

    def check(self):
        assert not [h for h in self.manifest["collections"] if h.get("attrs")], self.manifest


# ---- sign-in ------------------------------------------------------------------------------------


class Digest(FakeDav):
    """Digest alone; a nonce lives for five requests; a REPORT without a body before sign-in is a 500."""
    name = "digest-short-nonce"
    source = "Baikal (sabre-io/dav issue 932, carddavclient QUIRKS.md)"
    lives = 5

    def __init__(self):
        super().__init__()
        self.used = {}

    def challenge(self, stale):
        nonce = "n%d" % len(self.used)
        self.used[nonce] = 0
        return Answer(401, WWW_Authenticate='Digest realm="fake", nonce="%s", qop="auth", algorithm=MD5%s' % (nonce, ", stale=true" if stale else ""))

    def authorize(self, rq):
        got = dict(re.findall(r'(\w+)="?([^",]*)"?', rq.header("Authorization").partition(" ")[2]))
        if not got:
            return Answer(500) if rq.method == "REPORT" and not rq.body else self.challenge(False)
        h = lambda *parts: hashlib.md5(":".join(parts).encode()).hexdigest()  # noqa: E731
        want = h(h("alice", "fake", "pw-alice"), got["nonce"], got["nc"], got["cnonce"], "auth", h(rq.method, rq.target))
        if got["response"] != want or got["uri"] != rq.target:
            return self.challenge(False)
        self.used[got["nonce"]] += 1
        return self.challenge(True) if self.used[got["nonce"]] > self.lives else None


class TwoDigests(Digest):
    """SHA-256 is offered first, and the hash that the server has of the password is an MD5 one."""
    name = "digest-sha256-and-md5"
    source = "RFC 7616 3.7"

    def challenge(self, stale):
        rs = super().challenge(stale)
        md5 = rs.headers["WWW-Authenticate"]
        rs.headers["WWW-Authenticate"] = md5.replace("MD5", "SHA-256") + ", " + md5
        return rs


class Bearer(FakeDav):
    """A token that is refused in the middle of the run; the next one works."""
    name = "token-expires"
    source = "Google, Fastmail: access tokens live an hour"
    options = ("--auth", "BEARER")
    password = "if [ -e FLAG ]; then echo fresh; else : > FLAG; echo old; fi"
    served = 0

    def authorize(self, rq):
        self.served += 1
        token = rq.header("Authorization").removeprefix("Bearer ")
        if token == "fresh" or (token == "old" and self.served < 9):
            return None
        return Answer(401, WWW_Authenticate='Bearer realm="fake", error="invalid_token"')


class OneChallenge(FakeDav):
    """Three clients read the calendars; one of them has to be asked for the sign-in."""
    name = "one-challenge"
    source = "RFC 7617 2.2"

    def populate(self):
        super().populate()
        for n in range(5):
            self.add("calendar", "more%d" % n, "More %d" % n).put("m.ics", event(n, "more-%d" % n))

    def check(self):
        strangers = sum(not rq.header("Authorization") for rq in self.log)
        assert strangers == 4, "%d requests without a sign-in for two services in two runs" % strangers


class Collection401(OneChallenge):
    """One calendar answers 401 although the sign-in is good everywhere else, whichever client asks for it first."""
    name = "one-collection-401"
    source = "python-caldav compatibility_hints.py: 401 for what others answer 403"
    code, says = 3, "More 1 cannot be read"

    def answer(self, rq):
        return Answer(401, WWW_Authenticate='Basic realm="fake"') if "more1" in rq.path else super().answer(rq)

    def expected(self):
        return {k: v for k, v in super().expected().items() if k[0] != "More 1"}

    def check(self):
        heads = {h["name"]: h["status"] for h in self.manifest["collections"]}
        assert heads.pop("More 1") == "stale" and set(heads.values()) == {"complete"}, heads


class ForbiddenItem(FakeDav):
    """One resource answers 401 although everything else takes the sign-in."""
    name = "one-item-401"
    source = "Posteo and others: per-resource rights (python-caldav compatibility_hints.py)"
    code, lost = 3, ("event-3.ics",)

    def multiget_one(self, rq, c, href):
        return self.status_response(href, "403 Forbidden") if "event-3" in href else super().multiget_one(rq, c, href)

    def do_get(self, rq):
        return Answer(401, WWW_Authenticate='Basic realm="fake"') if "event-3" in rq.path else super().do_get(rq)


# ---- HTTP ---------------------------------------------------------------------------------------


class Busy(FakeDav):
    """429 with Retry-After in seconds, once for each method."""
    name = "busy-429-seconds"
    source = "mailbox.org (vdirsyncer issue 733), Nextcloud"
    status, says = 429, "waiting"

    def wait(self):
        return {"Retry-After": "1"}

    def answer(self, rq):
        rs = super().answer(rq)
        if rs.status < 300 and rq.method not in self.__dict__.setdefault("was_busy", set()):
            self.was_busy.add(rq.method)
            self.bodies = 0
            return Answer(self.status, b"slow down", **self.wait())
        return rs


class BusyDate(Busy):
    name = "busy-503-date"
    source = "RFC 9110 10.2.3: Retry-After as a date"
    status = 503

    def wait(self):
        return {"Retry-After": email.utils.formatdate(time.time() + 1, usegmt=True)}


class BusyNoWord(Busy):
    name = "busy-503-no-word"
    source = "SOGo answers 501 or 503 when overloaded (python-caldav compatibility_hints.py)"
    status, says = 503, None

    def wait(self):
        return {}


class RateLimit403(Busy):
    name = "google-403-usage-limits"
    source = "developers.google.com/calendar/api/guides/errors"
    status, says = 403, None

    def answer(self, rq):
        rs = super().answer(rq)
        if rs.status == 403:
            rs.body = b'{"error": {"errors": [{"domain": "usageLimits", "reason": "rateLimitExceeded"}], "code": 403}}'
        return rs


class Gzip(FakeDav):
    """Everything gzipped where it is accepted; GETs without a Content-Length."""
    name = "gzip"
    source = "nginx before most servers"

    def answer(self, rq):
        rs = super().answer(rq)
        return gzipped(rs) if "gzip" in rq.header("Accept-Encoding") and rs.body else rs


class GzipCut(Gzip):
    """A gzip stream that ends early, in a whole HTTP answer: not the whole multistatus. Once."""
    name = "gzip-cut-once"
    source = "proxies with a buffer limit"
    cut = False

    def answer(self, rq):
        rs = super().answer(rq)
        if rq.method == "REPORT" and rs.status == 207 and not self.cut:
            self.cut, self.bodies = True, 0
            rs.body = rs.body[:len(rs.body) // 2]
        return rs


class Chunked(FakeDav):
    """Answers in chunks of seven octets."""
    name = "chunked-small"
    source = "RFC 9112 7.1"
    parts = 7


class Slow(FakeDav):
    """Answers that trickle in."""
    name = "slow"
    source = "DAViCal with thousands of events"
    parts = 400

    def chunk(self, handler, data):
        super().chunk(handler, data)
        time.sleep(0.02)


class Http10(FakeDav):
    """HTTP/1.0: no length, the connection's end is the answer's."""
    name = "http10-close"
    source = "old CGI servers, RFC 9112 6.3"

    def send(self, handler, rq, rs):
        handler.protocol_version = "HTTP/1.0"
        handler.send_response(rs.status)
        for k, v in rs.headers.items():
            handler.send_header(k, v)
        handler.end_headers()
        handler.wfile.write(rs.body)
        handler.close_connection = True


class Interim(FakeDav):
    """100 Continue and 103 before every answer."""
    name = "interim-answers"
    source = "RFC 9110 15.2; SOGo sends 100 unasked"

    def send(self, handler, rq, rs):
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nETag: \"not-this\"\r\nLink: </x>\r\n\r\n")
        super().send(handler, rq, rs)


class CutOnce(FakeDav):
    """The connection is lost in the middle of the first multiget and of the first listing."""
    name = "cut-in-body-once"
    source = "Baikal and large cards (sabre-io/Baikal issues 262, 897)"
    cuts = 0

    def send(self, handler, rq, rs):
        if rq.method == "REPORT" and not self.cuts:
            self.cuts, self.bodies = 1, 0
            self.send_cut(handler, rs, len(rs.body) * 2 // 3)
        super().send(handler, rq, rs)


class CutAlways(FakeDav):
    """One resource ends the connection whenever it is asked for: it is named, the others are had."""
    name = "cut-at-one-always"
    source = "Baikal and vCards above 1 MB (sabre-io/Baikal issues 262, 897, 911)"
    code, lost, again = 3, ("event-3.ics",), 8

    def data(self, c, segment):
        if segment == "event-3.ics":
            self.poisoned = True
        return super().data(c, segment)

    def answer(self, rq):
        self.poisoned = False
        rs = super().answer(rq)
        rs.poisoned = self.poisoned
        return rs

    def send(self, handler, rq, rs):
        if rs.poisoned:
            self.send_cut(handler, rs, rs.body.index(b"UID:event-3"))
        super().send(handler, rq, rs)


class WrongType(FakeDav):
    """Content types that have nothing to do with the content."""
    name = "wrong-content-type"
    source = "SmarterMail, Kerio (twentyhq/twenty issue 25648)"

    def answer(self, rq):
        rs = super().answer(rq)
        if "Content-Type" in rs.headers:
            rs.headers["Content-Type"] = "text/html" if rs.status == 207 else "application/octet-stream"
        return rs


class NeedsXmlType(FakeDav):
    """415 for XML without its content type."""
    name = "needs-xml-type"
    source = "Xandikos 0.2.8, measured"

    def answer(self, rq):
        if rq.method in ("PROPFIND", "REPORT") and not rq.header("Content-Type").startswith("application/xml"):
            return Answer(415)
        return super().answer(rq)


class OptionsMissing(FakeDav):
    """OPTIONS is not there, HEAD neither."""
    name = "no-options"
    source = "iCloud, Google (evolution-data-server e-book-backend-carddav.c)"

    def do_options(self, rq):
        return Answer(404)

    do_head = do_options


class BigProperties(FakeDav):
    """A description of 900 kB, a colour with alpha, a property with elements of its own."""
    name = "large-properties"
    source = "Apple calendars with base64 icons in their properties"

    def populate(self):
        super().populate()
        c = next(iter(self.collections.values()))
        c.props[CAL + "calendar-description"] = "long & <text> ".replace("&", "&amp;").replace("<", "&lt;") * 30000
        c.props[CS + "publish-url"] = element(DAV + "href", self.quoted())

    def quoted(self):
        return urllib.parse.quote("http://127.0.0.1/ä b", safe=":/")


class NoCards(FakeDav):
    """An account that has calendars alone: its address books are not an error, but said."""
    name = "calendars-only"
    source = "Google (two hosts), Robur"
    options = ("--only", "calendars")

    def populate(self):
        super().populate()
        self.collections = {k: c for k, c in self.collections.items() if c.kind == "calendar"}


class VersionConverted(FakeDav):
    """A multiget turns vCard 4.0 into 3.0 unless 4.0 is asked for; GET gives what is stored."""
    name = "vcard-converted"
    source = "sabre-io/dav CardDAV/Plugin.php convertVCard; RFC 6352 10.4"

    def populate(self):
        people = self.add("addressbook", "people", "People", **{CARD + "supported-address-data": element(CARD + "address-data-type").replace("<R:address-data-type>", '<R:address-data-type content-type="text/vcard" version="4.0">')})
        people.put("v4.vcf", card(1, more="LANG;PREF=1:de\r\nKIND:individual\r\n", version="4.0"))
        people.put("v3.vcf", card(2))

    def data_xml(self, rq, c, segment):
        text = super().data_xml(rq, c, segment)
        asked = rq.xml.find(DAV + "prop/" + CARD + "address-data")
        if asked.get("version") != "4.0":
            text = text.replace("VERSION:4.0", "VERSION:3.0").replace("LANG;PREF=1:de\n", "")
        return text

    again = 1


class Passing(FakeDav):
    """A listing, a resource and the home are in somebody's way for a moment."""
    name = "locked-for-a-moment"
    source = "nextcloud/calendar issue 5647, lennart-k/rustical issue 131: SQLite under load; RFC 4918 11.3"
    says = None

    def do_report(self, rq):
        return Answer(501)

    def answer(self, rq):
        seen = self.__dict__.setdefault("seen", set())
        rs = super().answer(rq)
        if rs.status < 300 and rq.path not in seen and (rq.path.endswith("alice/work/") or rq.path.endswith("card-1.vcf") or rq.path.endswith("event-2.ics")):
            seen.add(rq.path)
            return Answer(423) if "card" in rq.path else Answer(500, "SQLSTATE[HY000]: General error: 5 database is locked")
        return rs


class SlowListing(FakeDav):
    """The first octet of a listing comes long after what --timeout says; one is asked for twice."""
    name = "listing-slow"
    source = "owncloud/core issue 16786 (629 s), Kozea/Radicale issue 691 (150 s), sabre-io/dav issue 925"
    options = ("--timeout", "1")

    def send(self, handler, rq, rs):
        slow = self.__dict__.setdefault("slow", {"alice/work/": 3, "alice/people/": 6})
        for end in list(slow):
            if rq.method == "PROPFIND" and rq.header("Depth") == "1" and rq.path.endswith(end):
                time.sleep(slow.pop(end))
        super().send(handler, rq, rs)


class NamesItself(FakeDav):
    """The principal and the home sets are named with the scheme, host and port of the server behind the proxy."""
    name = "names-of-internal-host"
    source = "tine20 issue 3150, nextcloud/docker issue 2437: overwriteprotocol"

    def root_props(self, path):
        props = super().root_props(path)
        props[DAV + "current-user-principal"] = element(DAV + "href", "http://backend.internal:8080/dav/principals/alice/")
        return props

    def homes(self, kind):
        return ["https://127.0.0.1" + HOME_OF[kind]]

    def places(self):
        return ["/dav/", "/dav/principals/alice/", *HOME_OF.values()]


class OnAnotherPort(FakeDav):
    """The principal is on another port, and not here: the password stays, and what to do is said."""
    name = "principal-on-another-port"
    source = "reliability: a redirect or href carries the password to no other port"
    code, says = 1, "http://127.0.0.1:9/dav/principals/alice/, another host or port.*give that URL"

    def root_props(self, path):
        return {**super().root_props(path), DAV + "current-user-principal": element(DAV + "href", "http://127.0.0.1:9/dav/principals/alice/")}

    def do_propfind(self, rq):
        return Answer(404) if "principals" in rq.path else super().do_propfind(rq)

    def expected(self):
        return {}


class ReasonBehind(FakeDav):
    """"/" is no DAV resource; what .well-known answers says more of what is wrong."""
    name = "reason-behind-405"
    source = "nextcloud/docker issue 2437, sabre-io/Baikal issue 1413: the first answer hid the one that helps"
    code, says = 1, "content coding.*br"

    def well_known(self, rq):
        return Answer(207, b"x", Content_Encoding="br")

    def do_propfind(self, rq):
        return Answer(405)

    def expected(self):
        return {}


class PathTaken(FakeDav):
    """A proxy takes the first part of the path away; hrefs lack it. By the URL of the home set."""
    name = "path-taken-by-proxy"
    source = "tine20/tine20 issue 3150"
    start = "/my.example/dav/calendars/alice/"
    options = ("--only", "calendars")

    def answer(self, rq):
        if not rq.target.startswith("/my.example/"):
            return Answer(404)
        rq.target = rq.target[len("/my.example"):]
        rq.path = rq.path[len("/my.example"):]
        return super().answer(rq)

    def expected(self):
        return {k: v for k, v in super().expected().items() if k[0] == "Work"}


class PathTakenRoot(PathTaken):
    """The same by the URL of the service, without REPORT."""
    name = "path-taken-by-proxy-root"
    start = "/my.example/dav/"
    options = ()

    def do_report(self, rq):
        return Answer(501)

    def expected(self):
        return FakeDav.expected(self)
