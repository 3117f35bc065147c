"""How servers misbehave: listings, hrefs, ETags, changes, content. See fakedav.py."""
import base64
import re
import urllib.parse

from fakedav import CAL, CS, DAV, XML_HEAD, Answer, FakeDav, card, element, error, escape, event

# ---- hrefs --------------------------------------------------------------------------------------


class AbsoluteHrefs(FakeDav):
    name = "absolute-hrefs"
    source = "python-caldav response.py (caldav issues 435, 471)"

    def href(self, path):
        return self.url(super().href(path))


class RelativeHrefs(FakeDav):
    """References relative to the URL of the request."""
    name = "relative-hrefs"
    source = "RFC 4918 8.3 forbids them; seen in python-caldav response.py"

    def do_propfind(self, rq):
        self.base = rq.path.rstrip("/") + "/"
        return super().do_propfind(rq)

    def do_report(self, rq):
        self.base = rq.path.rstrip("/") + "/"
        return super().do_report(rq)

    def href(self, path):
        full = super().href(path)
        base = super().href(self.base)
        return full[len(base):] or "./" if full.startswith(base) else full


class RawHrefs(FakeDav):
    """Blanks and umlauts unescaped."""
    name = "unescaped-hrefs"
    source = "Zimbra (vdirsyncer issues 83, 88)"

    def populate(self):
        super().populate()
        self.collections["/dav/calendars/alice/work/"].put("größe 100.ics", event(11))

    def href(self, path):
        return path


class EscapedOtherwise(FakeDav):
    """Listed with @ and lower-case escapes, answered with %40 and upper-case ones; a name with %2F and one with %25."""
    name = "hrefs-escaped-otherwise"
    source = "iCloud (evolution-data-server e-cal-backend-caldav.c); Confluence double escapes (caldav issue 471)"
    listing_now = False

    def populate(self):
        super().populate()
        work = self.collections["/dav/calendars/alice/work/"]
        for n, name in enumerate(("größe@home.ics", "100%25 sure.ics", "per%cent.ics", "semi;colon,comma.ics", "q?mark#hash.ics", "plus+and&.ics")):
            work.put(name, event(12 + n))

    def do_propfind(self, rq):
        self.listing_now = True
        rs = super().do_propfind(rq)
        self.listing_now = False
        return rs

    def href(self, path):
        if self.listing_now:
            return re.sub("%[0-9A-F]{2}", lambda m: m.group().lower(), urllib.parse.quote(path, safe="/@"))
        return urllib.parse.quote(path, safe="/").replace("%2B", "+")


class SlashInName(FakeDav):
    """Names with an escaped slash, in both spellings, are not other collections."""
    name = "escaped-slash-in-name"
    source = "etesync-dav issue 73; Cyrus with UIDs that hold slashes"

    def populate(self):
        super().populate()
        self.collections["/dav/calendars/alice/work/"].resources.update({"a%2Fb.ics": event(15), "a%2fc.ics": event(16)})

    def answer(self, rq):
        # One level of escapes belongs to the name here.
        rq.path = urllib.parse.unquote(rq.target.replace("%2F", "%252F").replace("%2f", "%252f"))
        return super().answer(rq)

    def multiget_one(self, rq, c, href):
        return super().multiget_one(rq, c, href.replace("%2F", "%252F").replace("%2f", "%252f"))

    def href(self, path):
        return super().href(path).replace("%252F", "%2F").replace("%252f", "%2f")


class TwiceListed(FakeDav):
    """Every resource is listed twice, the collection itself and a collection below it among them."""
    name = "listed-twice"
    source = "Zimbra (vdirsyncer issue 88); iCloud lists the collection as its own member"

    def listing(self, c, asked):
        own = self.response(c.path, self.coll_props(c), asked)
        below = self.response(c.path + "sub/", {DAV + "resourcetype": element(DAV + "collection"), DAV + "getetag": '"x"'}, asked)
        return super().listing(c, asked) * 2 + [own, below]


class OtherNames(FakeDav):
    """Extensions that say nothing, or the wrong thing; other namespaces prefixes than one expects; no multistatus root's head."""
    name = "odd-names"
    source = "Kerio names resources .eml (twentyhq/twenty issue 25648)"

    def populate(self):
        super().populate()
        work = self.collections["/dav/calendars/alice/work/"]
        for n, s in enumerate(("message.eml", "noextension", ".hidden.ics", "CON.ics", "UPPER.ICS", "x" * 200 + ".ics", "-rf", "a:b.ics", "tab\there.ics")):
            work.put(s, event(n, "odd-%d" % n))


class Prefixes(FakeDav):
    """No prefixes but default namespaces, declared again in each element; blank lines before the XML; trailing junk after it."""
    name = "odd-xml"
    source = "PHP servers; Confluence (caldav issue 435)"

    def multistatus(self, responses, more=""):
        rs = super().multistatus(responses, more)
        text = rs.body.decode()
        for p, space in re.findall(r' xmlns:(\w)="([^"]*)"', text[:600]):
            text = text.replace(' xmlns:%s="%s"' % (p, space), "", 1)
            text = re.sub(r"<%s:([\w-]+)" % p, r'<\1 xmlns="%s"' % space, text).replace("</%s:" % p, "</")
        rs.body = b"\n\n" + text.encode() + b"\n<!-- 12 ms -->\0"
        return rs


class RootMissing(FakeDav):
    """A single response without its multistatus."""
    name = "root-missing"
    source = "Confluence (python-caldav response.py, caldav issue 435)"

    def multistatus(self, responses, more=""):
        rs = super().multistatus(responses, more)
        if len(responses) == 1 and not more:
            spaces = re.search(rb"<D:multistatus([^>]*)>", rs.body).group(1)
            rs.body = XML_HEAD.encode() + responses[0].encode().replace(b"<D:response>", b"<D:response%s>" % spaces, 1)
        return rs


# ---- listings -----------------------------------------------------------------------------------


class ListingCut(FakeDav):
    """A listing that says of itself, with 507 for the collection, that it is not whole."""
    name = "listing-507"
    source = "RFC 6578 3.6, RFC 5323 5.16; seen as server limits on PROPFIND (Nextcloud server issue 48678)"
    code, says = 3, "not whole"

    def listing(self, c, asked):
        return super().listing(c, asked)[:4] + ([self.status_response(c.path, "507 Insufficient Storage")] if len(c.resources) > 4 else [])

    def expected(self):
        return {k: v for k, v in super().expected().items() if k[1] in ("event-0.ics", "event-1.ics", "event-2.ics", "event-3.ics") or k[0] == "People"}


class Phantom(FakeDav):
    """A resource is listed, and no request fetches it."""
    name = "listed-but-gone"
    source = "iCloud: a 404 inside a multiget (AvengeMedia/dankcalendar issue 108)"
    code, lost, again = 3, ("phantom.ics",), 1

    def listing(self, c, asked):
        return super().listing(c, asked) + [self.response(c.path + "phantom.ics", {DAV + "getetag": '"p"'}, asked)]


class MultigetCap(FakeDav):
    """A multiget answers three of what it was asked, with 207 and no word."""
    name = "multiget-cap"
    source = "Zoho, 1000 (ridafkih/keeper.sh issue 461)"

    def multiget(self, rq, c):
        return self.multistatus([self.multiget_one(rq, c, h) for h in rq.hrefs()[:3]])


class Multiget404(FakeDav):
    """One resource is a 404 in every multiget and there for a GET."""
    name = "multiget-404"
    source = "iCloud (AvengeMedia/dankcalendar issue 108 lost a calendar)"

    def multiget_one(self, rq, c, href):
        return self.status_response(href, "404 Not Found") if "event-2" in href else super().multiget_one(rq, c, href)


class MultigetPropstat404(FakeDav):
    """calendar-data in a propstat of 404, at first with text in it."""
    name = "multiget-propstat-404"
    source = "RFC 4918 9.1.2: missing properties; Bedework"

    def multiget_one(self, rq, c, href):
        if "event-2" not in href:
            return super().multiget_one(rq, c, href)
        return "<D:response><D:href>%s</D:href>%s%s</D:response>" % (escape(href), self.propstat({DAV + "getetag": '"q"'}, "200 OK"), self.propstat({self.data_name(c): "not this"}, "404 Not Found"))


class MultigetEmptyHref(FakeDav):
    """The hrefs in multiget answers are empty."""
    name = "multiget-empty-hrefs"
    source = "iCloud, formerly (evolution-data-server e-cal-backend-caldav.c)"

    def multiget(self, rq, c):
        rs = super().multiget(rq, c)
        rs.body = re.sub(rb"<D:href>[^<]*</D:href>", b"<D:href></D:href>", rs.body)
        self.bodies = 0
        return rs


class MultigetTooMany(FakeDav):
    """More than two at once are refused."""
    name = "multiget-too-many"
    source = "Apple Calendar Server: 403 'Too many components' (planify issue 2613)"

    def multiget(self, rq, c):
        return Answer(403, "Too many components") if len(rq.hrefs()) > 2 else super().multiget(rq, c)


class NoReports(FakeDav):
    """No REPORT at all."""
    name = "no-reports"
    source = "plain WebDAV servers with .ics files"

    def do_report(self, rq):
        return Answer(501)


class GetCut(NoReports):
    """Answers to GET that are cut without a word, once or each time, or are a page for people: what did not come whole is fetched by another GET or named. What the
    server really has like that comes twice alike."""
    name = "get-cut"
    source = "RFC 9112 6.3 and 8: without a length, or with two, an end is no proof; portals of hotels and proxies answer 200"
    code, lost, again = 3, ("event-2.ics", "event-3.ics", "card-1.vcf"), 6

    def populate(self):
        super().populate()
        self.cut = set()
        self.collections["/dav/calendars/alice/work/"].put("broken.ics", event(20)[:-20])

    def send(self, handler, rq, rs):
        segment, half, first = rq.path.rsplit("/", 1)[-1], rs.body[:len(rs.body) // 2], rq.path not in self.cut
        if rq.method != "GET" or segment not in ("event-1.ics", "event-2.ics", "event-3.ics", "card-1.vcf", "card-2.vcf") or (segment in ("event-1.ics", "card-2.vcf") and not first):
            return super().send(handler, rq, rs)
        self.cut.add(rq.path)
        if segment == "event-3.ics":
            fields = b"Content-Length: %d\r\nContent-Length: %d\r\n" % (len(rs.body), len(half))
        elif segment == "card-1.vcf":
            fields, half = b"Content-Type: text/html; charset=utf-8\r\n", b"<html>Please sign in" + b" " * 2000 + b"</html>"
        else:
            fields = b"Content-Type: text/calendar\r\n"
        handler.close_connection = True
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + fields + b"\r\n" + half)


class WantsAt(FakeDav):
    """GET takes @ and not %40; multigets leave such names out."""
    name = "get-wants-at"
    source = "iCloud (evolution-data-server e-cal-backend-caldav.c l. 668)"

    def multiget_one(self, rq, c, href):
        return self.status_response(href, "404 Not Found") if "%40" in href else super().multiget_one(rq, c, href)

    def do_get(self, rq):
        return Answer(404) if "%40" in rq.target else super().do_get(rq)


class ControlCharacters(FakeDav):
    """A control character in one resource makes the XML of every multiget that holds it ill-formed."""
    name = "control-characters"
    source = "vdirsyncer issue 626"

    def populate(self):
        super().populate()
        self.collections["/dav/calendars/alice/work/"].put("control.ics", event(19, more="DESCRIPTION:a\x0bb\x01c\r\n"))


class Doctype(FakeDav):
    """Entities that grow: refused, and the resources come by GET."""
    name = "entity-bomb"
    source = "CVE-2003-1564 and each XML library since"

    def multiget(self, rq, c):
        rs = super().multiget(rq, c)
        self.bodies = 0
        bomb = "<!DOCTYPE b [<!ENTITY a0 \"%s\">%s]>" % ("x" * 100, "".join('<!ENTITY a%d "%s">' % (i, "&a%d;" % (i - 1) * 50) for i in range(1, 9)))
        rs.body = rs.body.replace(b"?>\n", b"?>\n" + bomb.encode(), 1).replace(b"SUMMARY:", b"SUMMARY:&a8;")
        return rs


class DoctypeListing(FakeDav):
    """A document type in the listing of one calendar: that calendar is not read, the address book is."""
    name = "doctype-in-listing"
    source = "CVE-2003-1564; RFC 4918 20.6"
    code, says = 3, "document type"

    def do_propfind(self, rq):
        rs = super().do_propfind(rq)
        if "work" in rq.path:
            rs.body = rs.body.replace(b"?>\n", b'?>\n<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd">', 1)
        return rs

    def expected(self):
        return {k: v for k, v in super().expected().items() if k[0] == "People"}


class DeepXml(DoctypeListing):
    """A property a thousand elements deep."""
    name = "deep-xml"
    source = "CVE-2015-1283 class; libxml2 stops at 256"
    says = "nested too deeply"

    def do_propfind(self, rq):
        rs = FakeDav.do_propfind(self, rq)
        if "work" in rq.path:
            rs.body = rs.body.replace(b"<D:resourcetype>", b"<D:acl>" + b"<D:ace>" * 1000 + b"</D:ace>" * 1000 + b"</D:acl><D:resourcetype>", 1)
        return rs


class HugeEtag(FakeDav):
    """An ETag of three megabytes is none."""
    name = "huge-etag"
    source = "libxml2 cuts such text at 10 MB without a word, measured"

    def do_propfind(self, rq):
        rs = FakeDav.do_propfind(self, rq)
        rs.body = rs.body.replace(b"<D:getetag>", b"<D:getetag>" + b"x" * 3_000_000, 1)
        return rs


class HugeProperty(FakeDav):
    """A description of two megabytes costs itself, and is named."""
    name = "huge-property"
    source = "calendars with base64 icons in their properties"
    code, says = 3, "calendar-description.*too large"

    def populate(self):
        super().populate()
        self.collections["/dav/calendars/alice/work/"].props[CAL + "calendar-description"] = "<b>x</b>" * 250_000


class EndlessTag(DoctypeListing):
    """A tag that does not end."""
    name = "endless-tag"
    source = "expat reads a token again with each piece of it (CVE-2023-52425)"
    says = "too long|broken"

    def do_propfind(self, rq):
        rs = FakeDav.do_propfind(self, rq)
        if "work" in rq.path:
            rs.body = rs.body.replace(b"<D:getetag>", b"<D:getetag " + b"a" * 6_000_000, 1)
        return rs


class SizeLies(FakeDav):
    """getcontentlength is 0, too small, too large, no number, immense."""
    name = "length-lies"
    source = "SOGo counts before it rewrites; Exchange gateways"
    lies = ("0", "3", "999999", "many", "18446744073709551616")

    def item_props(self, c, segment):
        props = super().item_props(c, segment)
        props[DAV + "getcontentlength"] = self.lies[sum(segment.encode()) % 5]
        return props


# ---- ETags and changes --------------------------------------------------------------------------


class WeakEtags(FakeDav):
    name = "weak-etags"
    source = "nginx makes ETags weak when it compresses"

    def etag(self, c, segment):
        return "W/" + super().etag(c, segment)


class BareEtags(FakeDav):
    """ETags without quotes in listings, with &quot; in multigets."""
    name = "bare-etags"
    source = "python-caldav, SOGo"

    def item_props(self, c, segment):
        props = super().item_props(c, segment)
        props[DAV + "getetag"] = props[DAV + "getetag"].strip('"')
        return props


class NoEtags(FakeDav):
    """No ETags and no sync-tokens: everything is read again, and nothing changes."""
    name = "no-etags"
    source = "SmarterMail (twentyhq/twenty issue 25648); vdirsyncer skips such items"
    again = 12

    def item_props(self, c, segment):
        props = super().item_props(c, segment)
        del props[DAV + "getetag"]
        return props

    def coll_props(self, c):
        props = super().coll_props(c)
        del props[DAV + "sync-token"]
        return props


class NoSync(FakeDav):
    """No sync-collection; one resource changed, one gone, one new."""
    name = "no-sync"
    source = "RFC 6578 is optional; Zimbra, SOGo for address books"
    again = 2

    def coll_props(self, c):
        props = super().coll_props(c)
        del props[DAV + "sync-token"]
        return props

    def do_report(self, rq):
        return error(403, DAV + "supported-report") if "sync-collection" in rq.xml.tag else super().do_report(rq)

    def changed(self):
        work = self.collections["/dav/calendars/alice/work/"]
        work.put("event-1.ics", event(21, "event-1"))
        work.put("new.ics", event(22))
        work.remove("event-4.ics")


class Sync(NoSync):
    """The same changes by sync-collection."""
    name = "sync"
    source = "RFC 6578"

    def coll_props(self, c):
        return FakeDav.coll_props(self, c)

    def do_report(self, rq):
        return FakeDav.do_report(self, rq)

    def changed(self):
        self.listings = self.count("PROPFIND", "work", "1")
        super().changed()

    def check(self):
        assert self.count("PROPFIND", "work", "1") == self.listings, "the calendar was listed again"


class MixedHome(Sync):
    """Calendars and address books in one home set, on a server that reads all resources to make a sync-token: none is asked for the other kind's."""
    name = "mixed-home"
    source = "Radicale 3.1.8, measured; DAViCal"

    def homes(self, kind):
        return ["/dav/calendars/alice/"]

    def add(self, kind, segment, name, home=None, **props):
        return super().add(kind, segment, name, "/dav/calendars/alice/", **props)

    def check(self):
        super().check()
        asked = [rq for rq in self.log if rq.method == "PROPFIND" and DAV + "sync-token" in rq.asked()]
        assert len(asked) == 4 and all(rq.header("Depth") == "0" for rq in asked), [rq.target for rq in asked]


class SyncTokenForgotten(Sync):
    """The server does not know its token of yesterday."""
    name = "sync-token-403"
    source = "RFC 6578 3.2: valid-sync-token"
    refusal = error(403, DAV + "valid-sync-token")

    def sync(self, rq, c):
        return self.refusal

    def check(self):
        assert self.count("PROPFIND", "work", "1") > self.listings, "no full listing followed"


class SyncToken409(SyncTokenForgotten):
    name = "sync-token-409"
    source = "Radicale, Apple: 409 for an invalid token"
    refusal = error(409, DAV + "valid-sync-token")


class SyncToken400(SyncTokenForgotten):
    name = "sync-token-400"
    source = "Google answers 400 (carddavclient QUIRKS.md)"
    refusal = Answer(400, "Bad sync token")


class Sync507(SyncTokenForgotten):
    name = "sync-507-whole"
    source = "Nextcloud (server issue 48678): 507 for the whole request is an error, not a truncation"
    refusal = Answer(507)


class SyncNoToken(SyncTokenForgotten):
    """A sync answer without a new token."""
    name = "sync-no-new-token"
    source = "RFC 6578 6.4 demands it; DAViCal (python-caldav compatibility_hints.py)"

    def sync(self, rq, c):
        rs = FakeDav.sync(self, rq, c)
        rs.body = re.sub(rb"<D:sync-token>.*?</D:sync-token>", b"", rs.body)
        return rs


class SyncPieces(Sync):
    """Changes come one at a time, each answer with 507 for the collection but the last."""
    name = "sync-in-pieces"
    source = "RFC 6578 3.6; Google, Fastmail"

    def sync(self, rq, c):
        token = rq.xml.findtext(DAV + "sync-token")
        at = int(token.rpartition("/")[2])
        part = c.changes[at:at + 1]
        out = [self.status_response(c.path + s, "404 Not Found") if gone else self.response(c.path + s, self.item_props(c, s), rq.asked()) for s, gone in part]
        if at + 1 < len(c.changes):
            out.append(self.status_response(c.path, "507 Insufficient Storage", element(DAV + "error", element(DAV + "number-of-matches-within-limits"))))
        return self.multistatus(out, element(DAV + "sync-token", "http://fake.example/sync/%d" % (at + len(part))))


class SyncStuck(SyncTokenForgotten):
    """507 for ever, with the same token."""
    name = "sync-stuck"
    source = "carddavclient NOTES.md"

    def sync(self, rq, c):
        return self.multistatus([self.status_response(c.path, "507 Insufficient Storage")], element(DAV + "sync-token", rq.xml.findtext(DAV + "sync-token")))


class SyncAllGone(SyncTokenForgotten):
    """The changes say that everything was deleted; the listing knows better."""
    name = "sync-all-gone"
    source = "Google: phantom deletions (carddavclient NOTES.md)"

    def sync(self, rq, c):
        return self.multistatus([self.status_response(c.path + s, "404 Not Found") for s, _ in c.changes], element(DAV + "sync-token", self.token(c)))


class TokenMoves(FakeDav):
    """The token moves although nothing changed: the second run asks for changes and reads nothing."""
    name = "token-moves"
    source = "SOGo: tokens are times with a second's resolution"
    ticks = 0

    def token(self, c):
        return "http://fake.example/sync/%d" % len(c.changes) + "?%d" % self.ticks

    def coll_props(self, c):
        self.ticks += 1
        return super().coll_props(c)

    def changes_since(self, c, token):
        return super().changes_since(c, token.partition("?")[0])


class ChangedMeanwhile(FakeDav):
    """A resource changes between the listing and the multiget: what came counts, and the next run finds nothing new."""
    name = "changed-meanwhile"
    source = "any client beside us; caldav_util.c of Cyrus"
    done, again = False, 1

    def multiget(self, rq, c):
        if c.kind == "calendar" and not self.done:
            self.done = True
            c.put("event-5.ics", event(25, "event-5"))
        return super().multiget(rq, c)


class Shrinks(FakeDav):
    """Between two runs the calendar loses all but one of its resources: said once, and the new state is what the server shows."""
    name = "shrinks"
    source = "vdirsyncer: 'Storage was completely emptied' (issues 694, 769, 1099)"
    again_code = 3

    def populate(self):
        super().populate()
        for n in range(100, 130):
            self.collections["/dav/calendars/alice/work/"].put("more-%d.ics" % n, event(n))

    def changed(self):
        work = self.collections["/dav/calendars/alice/work/"]
        for s in list(work.resources)[1:]:
            work.remove(s)


# ---- content ------------------------------------------------------------------------------------


class OddContent(FakeDav):
    """Content that no standard allows is kept as it is: BOM, LF alone, CR alone, a missing END, Latin-1, no UID, doubled UIDs, two events, nothing but text."""
    name = "odd-content"
    source = "python-caldav lib/vcal.py fix(); DavMail (vdirsyncer issue 1140)"

    def populate(self):
        work = self.add("calendar", "work", "Work")
        odd = [b"\xef\xbb\xbf" + event(1), event(2).replace(b"\r\n", b"\n"), event(4)[:-20], event(3).replace(b"UID:event-3\r\n", b""),
               event(5, "twin"), event(6, "twin"), event(7) + event(8), b"BEGIN:VCALENDAR\r\n", event(9).rstrip(), event(10).replace(b"SUMMARY", b"\r\n\r\nSUMMARY"),
               event(11, more="X-LONG:%s\r\n" % ("y" * 400_000)), event(12, more="DESCRIPTION:]]>&amp;<&lt;\r\n"), event(13, more="  leading blanks\r\n \r\n")]
        for n, data in enumerate(odd):
            work.put("odd-%d.ics" % n, data)
        people = self.add("addressbook", "people", "People")
        for n, data in enumerate((card(1, version="2.1"), card(2, more="PHOTO;ENCODING=b;TYPE=PNG:%s\r\n" % base64.b64encode(bytes(200_000)).decode()), card(3) + card(4))):
            people.put("odd-%d.vcf" % n, data)


class OddContentExact(OddContent):
    """With --exact the very octets: CR alone, mixed line ends, Latin-1, NUL."""
    name = "odd-content-exact"
    source = "Kerio: lone CR; Nextcloud with Latin-1 imports"
    options = ("--exact",)
    exact = True

    def populate(self):
        super().populate()
        work = self.collections["/dav/calendars/alice/work/"]
        for n, data in enumerate((event(1).replace(b"\r\n", b"\r"), event(2).replace(b"Event", b"\xc4rger"), event(3).replace(b"Event", b"E\0t"), b"\xff\xfe" + event(4), b"\n")):
            work.put("exact-%d.ics" % n, data)


class CrEscaped(FakeDav):
    """A server that writes CR as &#13; in a multiget: nothing is added to it."""
    name = "cr-escaped"
    source = "Cyrus, sabre: calendar-data with &#13;"

    def data_xml(self, rq, c, segment):
        self.bodies += 1
        return escape(self.data(c, segment).decode()).replace("\r", "&#13;")


class MultigetDiffers(CrEscaped):
    """A multiget with every CR, and yet other octets than a GET: only the GET's are exact."""
    name = "multiget-differs"
    source = "Cyrus 3.6 writes CATEGORIES otherwise in a multiget than in a GET, measured"
    options = ("--exact",)
    exact = True

    def data_xml(self, rq, c, segment):
        return super().data_xml(rq, c, segment).replace("one\\, two", "one, two")


class EmptyBody(FakeDav):
    """One resource is empty, in a multiget and in a GET."""
    name = "empty-resource"
    source = "iCloud after a failed PUT; DAViCal"
    code, lost, again = 3, ("nothing.ics",), 6

    def populate(self):
        super().populate()
        self.collections["/dav/calendars/alice/work/"].put("nothing.ics", b"")


class EmptyAccount(FakeDav):
    """Homes without a single collection."""
    name = "empty-account"
    source = "fresh accounts"

    def populate(self):
        pass


class CtagOnly(FakeDav):
    """getctag and no sync-token: an equal ctag is believed, another one leads to a listing."""
    name = "ctag-only"
    source = "Bedework, Zimbra; calendarserver-ctag"
    again = 1

    def coll_props(self, c):
        props = super().coll_props(c)
        del props[DAV + "sync-token"]
        props[CS + "getctag"] = str(len(c.changes))
        return props

    def changed(self):
        self.listings = self.count("PROPFIND", "people", "1")
        self.collections["/dav/calendars/alice/work/"].put("event-1.ics", event(21, "event-1"))

    def check(self):
        assert self.count("PROPFIND", "people", "1") == self.listings, "the address book was listed again"


class ExpandQueries(FakeDav):
    """Queries hide what is old: the listing must not come from them."""
    name = "queries-hide"
    source = "SOGo DAVCalendarStartTimeLimit, OX one year, Bedework past events (python-caldav compatibility_hints.py)"

    def do_report(self, rq):
        assert rq.xml.tag not in (CAL + "calendar-query",), "a query was sent"
        return super().do_report(rq)


# ---- names as they are stored -----------------------------------------------------------------------


class StoredNames(FakeDav):
    """hrefs are the names as they are stored, '#', '?' and '%' unescaped; a multiget compares octets, a GET wants everything escaped. A collection is listed so, too."""
    name = "names-as-stored"
    source = "jelmer/xandikos issue 253, pimutils/vdirsyncer issues 83 (Zimbra) and 832, python-caldav issue 143 (Cyrus)"
    no_report, again = False, 0
    names = ("ev#1.ics", "ev#2.ics", "ev#3.ics", "q?1.ics", "q?2.ics", "x%15.ics", "a+b.ics", "a b.ics", "100%.ics", "semi;1.ics", "semi;2.ics", "gr\u00f6\u00dfe.ics")

    def populate(self):
        super().populate()
        work = self.collections["/dav/calendars/alice/work/"]
        for n, name in enumerate(self.names):
            work.put(name, event(n, "stored-%d" % n))
        for n, segment in enumerate(("plan#1", "plan#2", "plan?", "plan%20")):
            self.add("calendar", segment, "Plan %d" % n).put("p.ics", event(n, "plan-%d" % n))

    def href(self, path):
        return path

    def do_report(self, rq):
        return Answer(501) if self.no_report else super().do_report(rq)

    def multiget_one(self, rq, c, href):
        segment = href.rsplit("/", 1)[-1]
        if segment not in c.resources:
            return "<D:response><D:href>%s</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>" % escape(href)
        return self.response(c.path + segment, {DAV + "getetag": escape(self.etag(c, segment)), self.data_name(c): self.data_xml(rq, c, segment)}, None)


class StoredNamesGet(StoredNames):
    """The same without REPORT."""
    name = "names-as-stored-get"
    no_report = True


class TwoOfOneKey(FakeDav):
    """Two resources whose hrefs decode to one name, and one that is listed in two spellings."""
    name = "two-hrefs-of-one-key"
    source = "etesync-dav issue 73: names with escaped slashes; Confluence escapes twice"
    again = 0

    def populate(self):
        work = self.add("calendar", "work", "Work")
        work.put("a%40b.ics", event(1, "one"))
        work.put("a@b.ics", event(2, "two"))
        work.put("twice@home.ics", event(3, "three"))
        self.add("addressbook", "people", "People").put("p.vcf", card(1))

    def answer(self, rq):
        # Escapes are a part of the names, but for those of twice@home.
        rq.path = rq.target.replace("twice%40", "twice@")
        return super().answer(rq)

    def href(self, path):
        return path

    def listing(self, c, asked):
        twice = self.response(c.path + "twice@home.ics", self.item_props(c, "twice@home.ics"), asked) if "twice@home.ics" in c.resources else ""
        return super().listing(c, asked) + [twice.replace("twice@", "twice%40")]
