"""How servers misbehave: XML that is none, and what stands around it. See fakedav.py."""
from fakedav import DAV, XML_HEAD, Answer, FakeDav, event


class As200(FakeDav):
    """Every multistatus comes with the status 200."""
    name = "multistatus-as-200"
    source = "sabre-io/Baikal issues 834 and 1394"

    def multistatus(self, responses, more=""):
        rs = super().multistatus(responses, more)
        rs.status = 200
        return rs


class TextBefore(FakeDav):
    """A script's warning, with tags, or a byte order mark stands before the XML declaration, or there is none."""
    name = "text-before-xml"
    source = "sabre-io/Baikal issue 1413: PHP's display_errors"
    n = 0

    def multistatus(self, responses, more=""):
        rs = super().multistatus(responses, more)
        self.n += 1
        before = (b"<br />\n<b>Deprecated</b>: Return type of X::y() in <b>/srv/x.php</b> on line <b>12</b><br />\n", b"\xef\xbb\xbf", b"\xef\xbb\xbfnotice: x < y & z\n", b"x" * 20000)[self.n % 4]
        rs.body = before + (rs.body if self.n % 3 else rs.body.replace(XML_HEAD.encode(), b""))
        return rs


class OddEncoding(FakeDav):
    """The declaration names an encoding that no parser knows, or not the one that is used."""
    name = "odd-encoding-names"
    source = "scripts that say utf8; .NET writes utf-16 over strings"
    n = 0

    def multistatus(self, responses, more=""):
        rs = super().multistatus(responses, more)
        self.n += 1
        rs.body = rs.body.replace(b'encoding="utf-8"', (b'encoding="utf8"', b"encoding='UTF8'", b'encoding="utf-16"', b'encoding="none"', b'encoding="us-ascii"')[self.n % 5])
        return rs

    def populate(self):
        super().populate()
        self.add("calendar", "office", "B\u00fcro").put("b.ics", event(3, "office"))


class Cp1252(OddEncoding):
    """windows-1252, declared as such."""
    name = "windows-1252"
    source = "Exchange connectors"

    def multistatus(self, responses, more=""):
        rs = FakeDav.multistatus(self, responses, more)
        rs.body = rs.body.replace(b'"utf-8"', b'"windows-1252"').decode().encode("cp1252")
        return rs


class NoCoding(FakeDav):
    """Content-Encoding with words that are no coding."""
    name = "content-encoding-none"
    source = "PHP scripts; servers that write the character set there"
    n = 0

    def answer(self, rq):
        rs = super().answer(rq)
        self.n += 1
        rs.headers["Content-Encoding"] = ("none", "UTF-8", "", "text/xml; charset=utf-8")[self.n % 4]
        return rs


class OddCharacters(FakeDav):
    """Single characters that cannot stand in XML, in names of calendars and in hrefs."""
    name = "one-bad-character"
    source = "outlookcaldavsynchronizer issues 349 and 375, nextcloud/server issue 9123, Baikal: names put into XML as they are"
    raw = {"NAME0": b"R&D", "NAME1": b"a < b", "NAME2": b"x\x0by", "NAME3": b"x&#11;y", "NAME4": b"a&nbsp;b", "NAME5": b"B\xfcro", "NAME6": b"a & b <c", "NAME7": b"&&;&#;&#x;<>"}
    names = {"NAME0": "R&D", "NAME1": "a < b", "NAME2": "x\ufffdy", "NAME3": "x\ufffdy", "NAME4": "a\u00a0b", "NAME5": "B\u00fcro", "NAME6": "a & b <c", "NAME7": "&&;&#;&#x;<>"}
    hrefs = {"amp0.ics": b"a&b.ics", "less0.ics": b"x<y.ics", "latin0.ics": b"gr\xfcn.ics"}
    again = 3  # what a multiget cannot bring

    def populate(self):
        super().populate()
        for n, name in enumerate(self.raw):
            self.add("calendar", "odd%d" % n, name).put("o.ics", event(n, "odd-%d" % n))
        for n, segment in enumerate(self.hrefs):
            self.collections["/dav/calendars/alice/work/"].put(segment, event(n, "href-%d" % n))

    def multistatus(self, responses, more=""):
        rs = super().multistatus(responses, more)
        for k, v in {**self.raw, **self.hrefs}.items():
            rs.body = rs.body.replace(b">" + k.encode() + b"<", b">" + v + b"<").replace(b"/" + k.encode(), b"/" + v)
        return rs

    def answer(self, rq):
        for k, v in self.hrefs.items():
            raw = "".join(chr(b) if b < 128 and b != 60 else "%%%02X" % b for b in v)
            rq.path = rq.path if raw not in rq.target else rq.target.replace(raw, k)
        return super().answer(rq)

    def multiget_one(self, rq, c, href):
        return super().multiget_one(rq, c, href.replace("a&b", "amp0"))

    def expected(self):
        names = dict(self.names, NAME3="x\ufffdy_2")
        return {(names.get(k[0], k[0]), k[1]): v for k, v in super().expected().items()}


class BrokenName(FakeDav):
    """A tag in one calendar's name that nothing closes: the home is read collection by collection, and this one without its properties."""
    name = "broken-name"
    source = "kind of outlookcaldavsynchronizer issue 349"
    code, says, again = 3, "its properties: .*XML", 0

    def populate(self):
        super().populate()
        self.add("calendar", "bold", "RAWNAME").put("b.ics", event(3, "bold"))
        self.add("calendar", "zoo", "Zoo").put("z.ics", event(4, "zoo"))

    def multistatus(self, responses, more=""):
        rs = super().multistatus(responses, more)
        rs.body = rs.body.replace(b"RAWNAME", b"<b>Bold")
        return rs

    def expected(self):
        return {("bold" if k[0] == "RAWNAME" else k[0], k[1]): v for k, v in super().expected().items()}


class BrokenEtag(FakeDav):
    """A listing in which one ETag cannot be read: the names alone are enough."""
    name = "broken-etag"
    source = "kind of outlookcaldavsynchronizer issue 375"
    again = 100

    def item_props(self, c, segment):
        props = super().item_props(c, segment)
        return {**props, DAV + "getetag": "</x>"} if segment == "event-4.ics" else props


class BrokenListing(FakeDav):
    """A listing that ends in nonsense after some resources: these are taken, the rest is said to be missing, and what was fetched before stays."""
    name = "broken-listing"
    source = "scripts that die in the middle with a message"
    code, again_code, says, again, broken = 0, 3, None, 100, False

    def changed(self):
        self.broken = True
        self.collections["/dav/calendars/alice/work/"].put("event-9.ics", event(9))

    def sync(self, rq, c):
        return Answer(501)

    def listing(self, c, asked):
        out = super().listing(c, asked)
        return out[:3] + ["</D:fatal>"] + out[3:] if self.broken and c.name == "Work" else out

    def expected(self):
        return {k: v for k, v in super().expected().items() if k[1] != "event-9.ics"}
