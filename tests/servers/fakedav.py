#!/usr/bin/python3
"""fakedav.py CASE [--port N] [--log FILE] : a CalDAV and CardDAV server from memory that can misbehave. --list names the cases.

FakeDav is a small, correct server (RFC 4918, 4791, 6352, 6578, 5689). A case is a subclass in davcases_*.py that overrides what it
plays; source says where it was seen. The port answers for every host name. Every request is kept in log.
As a module: with SomeCase() as server: ... server.port ... server.log"""
import argparse
import base64
import gzip
import hashlib
import http.server
import importlib
import pathlib
import re
import ssl
import sys
import threading
import time
import urllib.parse
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

sys.modules.setdefault("fakedav", sys.modules[__name__])
DAV, CAL, CARD, CS, APPLE = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}", "{urn:ietf:params:xml:ns:carddav}", "{http://calendarserver.org/ns/}", "{http://apple.com/ns/ical/}"
PREFIX = {DAV: "D", CAL: "C", CARD: "R", CS: "S", APPLE: "A"}
XML_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
HOME = {"calendar": "/dav/calendars/alice/", "addressbook": "/dav/contacts/alice/"}
KIND = {"calendar": CAL + "calendar", "addressbook": CARD + "addressbook"}


class Cut(Exception):
    """The connection ends here."""


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.path = urllib.parse.unquote(urllib.parse.urlsplit(target).path)
        self.xml = None
        if body and "xml" in headers.get("Content-Type", ""):
            self.xml = ET.fromstring(body)

    def header(self, name):
        return self.headers.get(name, "")

    def hrefs(self):
        return [e.text for e in self.xml.findall(DAV + "href")]

    def asked(self):
        """The names of the properties that a PROPFIND or REPORT wants; None: all of them."""
        prop = self.xml.find(DAV + "prop") if self.xml is not None else None
        return None if prop is None else [e.tag for e in prop]

    def set(self):
        """{name: inner XML} of a MKCALENDAR, MKCOL or PROPPATCH."""
        out = {}
        for prop in self.xml.iter(DAV + "prop") if self.xml is not None else ():
            for e in prop:
                out[e.tag] = escape(e.text or "") + "".join(ET.tostring(k, encoding="unicode") for k in e)
        return out


class Answer:
    def __init__(self, status, body=b"", **headers):
        self.status, self.body = status, body if isinstance(body, bytes) else body.encode()
        self.headers = {k.replace("_", "-"): v for k, v in headers.items()}


def element(name, inner=""):
    """An element by its Clark name."""
    space, local = name[:name.index("}") + 1], name[name.index("}") + 1:]
    if space in PREFIX:
        return "<%s:%s>%s</%s:%s>" % (PREFIX[space], local, inner, PREFIX[space], local)
    return '<x:%s xmlns:x="%s">%s</x:%s>' % (local, escape(space[1:-1]), inner, local)


def error(status, condition, inner=""):
    return Answer(status, XML_HEAD + '<D:error xmlns:D="DAV:" xmlns:C="%s" xmlns:R="%s">%s</D:error>' % (CAL[1:-1], CARD[1:-1], element(condition, inner)), Content_Type="application/xml")


class Collection:
    def __init__(self, path, kind, name, **props):
        self.path, self.kind, self.name = path, kind, name
        self.types = [DAV + "collection", KIND[kind]]
        self.props = {DAV + "displayname": escape(name), **props}
        self.resources = {}  # segment: bytes
        self.changes = []  # (segment, gone) in order

    def put(self, segment, data):
        self.resources[segment] = data
        self.changes.append((segment, False))

    def remove(self, segment):
        del self.resources[segment]
        self.changes.append((segment, True))


def event(n, uid=None, more=""):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//fake//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:202601%02dT090000Z\r\n"
            "SUMMARY:Event %d\r\n%sEND:VEVENT\r\nEND:VCALENDAR\r\n" % (uid or "event-%d" % n, n % 28 + 1, n, more)).encode()


def card(n, uid=None, more="", version="3.0"):
    return ("BEGIN:VCARD\r\nVERSION:%s\r\nUID:%s\r\nFN:Person %d\r\nN:Person;No. %d;;;\r\n%sEND:VCARD\r\n" % (version, uid or "card-%d" % n, n, n, more)).encode()


class Listener(http.server.ThreadingHTTPServer):
    request_queue_size, daemon_threads = 64, True


class FakeDav:
    """The correct server. The attributes tell the test what is expected; tests/e2e/32-dav-quirks.py explains them."""
    name = "correct"
    source = None
    target = False  # something to restore into
    code, says, lost, options, scheme, start, again, again_code = 0, None, (), (), "http", "/", 0, None
    never_says, rewrites, keeps_names, again_adds, partial = None, False, True, False, False
    tls = None  # (certificate, key)
    realm = "fake"
    host = "127.0.0.1"
    parts = 0  # > 0: bodies go out chunked, in pieces of this size

    def __init__(self):
        self.log, self.bodies, self.puts, self.lock = [], 0, 0, threading.RLock()
        self.collections, self.lost_connections = {}, 0
        if not self.target:
            self.populate()

    # ---- content ----

    def populate(self):
        work = self.add("calendar", "work", "Work", **{APPLE + "calendar-color": "#FF2968FF"})
        for n in range(6):
            work.put("event-%d.ics" % n, event(n, more="CATEGORIES:one\\, two,three\r\n" if n == 1 else ""))
        work.put("with blank@home.ics", event(7))
        work.put("meeting.ics", event(8, more="ORGANIZER:mailto:alice@example.org\r\nATTENDEE;RSVP=TRUE:mailto:bob@example.org\r\n"))
        people = self.add("addressbook", "people", "People")
        for n in range(4):
            people.put("card-%d.vcf" % n, card(n))

    def add(self, kind, segment, name, home=None, **props):
        c = Collection((home or HOME[kind]) + segment + "/", kind, name, **props)
        self.collections[c.path] = c
        return c

    def expected(self):
        """{(collection's name, segment): bytes} that the tree must hold."""
        return {(c.name, s): data for c in self.collections.values() for s, data in c.resources.items()}

    def changed(self):
        """Called between the first and the second run."""

    def check(self):
        """What else must be true at the end."""

    # ---- serving ----

    def __enter__(self):
        case = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except (Cut, ConnectionError, ssl.SSLError):
                    self.close_connection = True

            def serve(self):
                n = int(self.headers.get("Content-Length") or 0)
                rq = Request(self.command, self.path, self.headers, self.rfile.read(n))
                with case.lock:
                    case.log.append(rq)
                    rs = case.answer(rq)
                case.send(self, rq, rs)

            def log_message(self, *a):
                pass

        for m in ("OPTIONS", "GET", "HEAD", "PUT", "POST", "PROPFIND", "REPORT", "MKCALENDAR", "MKCOL", "PROPPATCH", "DELETE", "MOVE"):
            setattr(Handler, "do_" + m, Handler.serve)
        self.http = Listener(("127.0.0.1", getattr(self, "want_port", 0)), Handler)
        self.port = self.http.server_address[1]
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.tls)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *a):
        self.http.shutdown()
        self.http.server_close()

    def url(self, path="/"):
        return "%s://%s:%d%s" % (self.scheme, self.host, self.port, path)

    def send(self, handler, rq, rs):
        """The answer on the wire."""
        handler.send_response(rs.status)
        for k, v in rs.headers.items():
            handler.send_header(k, v)
        if self.parts and rs.body:
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            for i in range(0, len(rs.body), self.parts):
                self.chunk(handler, rs.body[i:i + self.parts])
            handler.wfile.write(b"0\r\n\r\n")
            return
        handler.send_header("Content-Length", str(len(rs.body)))
        handler.end_headers()
        if rq.method != "HEAD":
            self.send_body(handler, rq, rs.body)

    def chunk(self, handler, data):
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def send_body(self, handler, rq, body):
        handler.wfile.write(body)

    def send_cut(self, handler, rs, n):
        """Header and the first ${n} octets of the body, then the end of the connection."""
        handler.send_response(rs.status)
        for k, v in rs.headers.items():
            handler.send_header(k, v)
        handler.send_header("Content-Length", str(len(rs.body)))
        handler.end_headers()
        handler.wfile.write(rs.body[:n])
        raise Cut()

    # ---- what a server does ----

    def answer(self, rq):
        refused = self.authorize(rq)
        if refused:
            return refused
        if rq.path.startswith("/.well-known/"):
            return self.well_known(rq)
        return getattr(self, "do_" + rq.method.lower(), self.not_allowed)(rq)

    def not_allowed(self, rq):
        return Answer(405)

    def authorize(self, rq):
        want = "Basic " + base64.b64encode(b"alice:pw-alice").decode()
        if rq.header("Authorization") == want:
            return None
        return Answer(401, WWW_Authenticate='Basic realm="%s"' % self.realm)

    def well_known(self, rq):
        return Answer(301, Location=self.url("/dav/"))

    def do_options(self, rq):
        return Answer(200, DAV="1, 3, extended-mkcol, calendar-access, addressbook")

    def split(self, path):
        """The collection that a path lies in, and the segment below; (None, None) elsewhere."""
        cut = path.rstrip("/").rfind("/") + 1
        if path.rstrip("/") + "/" in self.collections:
            return self.collections[path.rstrip("/") + "/"], ""
        return self.collections.get(path[:cut]), path[cut:]

    def href(self, path):
        return urllib.parse.quote(path, safe="/")

    def etag(self, c, segment):
        return '"%s"' % hashlib.sha256(c.resources[segment]).hexdigest()[:16]

    def token(self, c):
        return "http://fake.example/sync/%d" % len(c.changes)

    def root_props(self, path):
        """Everything that is not a collection with resources."""
        props = {DAV + "resourcetype": element(DAV + "collection"), DAV + "current-user-principal": element(DAV + "href", "/dav/principals/alice/")}
        if path == "/dav/principals/alice/":
            props[CAL + "calendar-home-set"] = "".join(element(DAV + "href", h) for h in self.homes("calendar"))
            props[CARD + "addressbook-home-set"] = "".join(element(DAV + "href", h) for h in self.homes("addressbook"))
        return props

    def homes(self, kind):
        return [HOME[kind]]

    def places(self):
        return ["/dav/", "/dav/principals/alice/", *self.homes("calendar"), *self.homes("addressbook")]

    def coll_props(self, c):
        props = {DAV + "resourcetype": "".join(element(t) for t in c.types), DAV + "sync-token": escape(self.token(c)), **c.props}
        props[DAV + "current-user-privilege-set"] = element(DAV + "privilege", element(DAV + "all"))
        return props

    def item_props(self, c, segment):
        return {DAV + "getetag": escape(self.etag(c, segment)), DAV + "getcontentlength": str(len(c.resources[segment])), DAV + "resourcetype": "",
                DAV + "getcontenttype": "text/calendar" if c.kind == "calendar" else "text/vcard"}

    def response(self, path, props, asked):
        """One <response> with what there is of ${asked} and, in a propstat of its own, what is not."""
        have = {k: v for k, v in props.items() if asked is None or k in asked}
        out = "<D:response><D:href>%s</D:href>" % escape(self.href(path))
        out += self.propstat(have, "200 OK")
        missing = [k for k in asked or () if k not in have]
        return out + (self.propstat(dict.fromkeys(missing, ""), "404 Not Found") if missing else "") + "</D:response>"

    def propstat(self, props, status):
        return "<D:propstat><D:prop>%s</D:prop><D:status>HTTP/1.1 %s</D:status></D:propstat>" % ("".join(element(k, v) for k, v in props.items()), status)

    def status_response(self, path, status, more=""):
        return "<D:response><D:href>%s</D:href><D:status>HTTP/1.1 %s</D:status>%s</D:response>" % (escape(self.href(path)), status, more)

    def multistatus(self, responses, more=""):
        spaces = "".join(' xmlns:%s="%s"' % (p, escape(s[1:-1])) for s, p in PREFIX.items())
        return Answer(207, XML_HEAD + "<D:multistatus%s>%s%s</D:multistatus>" % (spaces, "".join(responses), more), Content_Type='application/xml; charset="utf-8"')

    def listing(self, c, asked):
        """Responses for the members of a collection."""
        return [self.response(c.path + s, self.item_props(c, s), asked) for s in c.resources]

    def do_propfind(self, rq):
        c, segment = self.split(rq.path)
        asked = rq.asked()
        if asked is None:  # allprop does not bring the live properties of CalDAV
            asked = [DAV + "resourcetype", DAV + "displayname", DAV + "getetag"]
        deep = rq.header("Depth") == "1"
        if c and segment == "":
            return self.multistatus([self.response(c.path, self.coll_props(c), asked)] + (self.listing(c, asked) if deep else []))
        if c and segment in c.resources:
            return self.multistatus([self.response(rq.path, self.item_props(c, segment), asked)])
        path = rq.path.rstrip("/") + "/"
        if path not in self.places():
            return Answer(404)
        below = [k for k in self.collections.values() if deep and k.path[:k.path.rstrip("/").rfind("/") + 1] == path]
        return self.multistatus([self.response(path, self.root_props(path), asked)] + [self.response(k.path, self.coll_props(k), asked) for k in below])

    def do_report(self, rq):
        c, segment = self.split(rq.path)
        if not c or segment:
            return Answer(404)
        if rq.xml.tag == DAV + "sync-collection":
            return self.sync(rq, c)
        return self.multiget(rq, c)

    def data_name(self, c):
        return CAL + "calendar-data" if c.kind == "calendar" else CARD + "address-data"

    def data_xml(self, rq, c, segment):
        self.bodies += 1
        return escape(self.data(c, segment).decode(errors="replace").replace("\r\n", "\n"))

    def data(self, c, segment):
        """What the server says that a resource holds."""
        return c.resources[segment]

    def multiget(self, rq, c):
        return self.multistatus([self.multiget_one(rq, c, h) for h in rq.hrefs()])

    def multiget_one(self, rq, c, href):
        path = urllib.parse.unquote(urllib.parse.urlsplit(href).path)
        at, segment = self.split(path)
        if at is not c or segment not in c.resources:
            return self.status_response(path, "404 Not Found")
        return self.response(path, {DAV + "getetag": escape(self.etag(c, segment)), self.data_name(c): self.data_xml(rq, c, segment)}, None)

    def changes_since(self, c, token):
        """{segment: gone}, or None for a token of somewhere else."""
        number = token.rpartition("/")[2]
        if token and not (token.startswith("http://fake.example/sync/") and number.isdigit() and int(number) <= len(c.changes)):
            return None
        return dict(c.changes[int(number or 0):])

    def sync(self, rq, c):
        token = rq.xml.findtext(DAV + "sync-token") or ""
        changes = self.changes_since(c, token)
        if changes is None:
            return error(403, DAV + "valid-sync-token")
        out = [self.status_response(c.path + s, "404 Not Found") if gone else self.response(c.path + s, self.item_props(c, s), rq.asked()) for s, gone in changes.items()]
        return self.multistatus(out, element(DAV + "sync-token", escape(self.token(c))))

    def do_get(self, rq):
        c, segment = self.split(rq.path)
        if not c or segment not in c.resources:
            return Answer(404)
        self.bodies += 1
        return Answer(200, self.data(c, segment), ETag=self.etag(c, segment), Content_Type="text/calendar" if c.kind == "calendar" else "text/vcard; charset=utf-8")

    do_head = do_get

    def do_put(self, rq):
        c, segment = self.split(rq.path)
        if not c or not segment:
            return Answer(409)
        if segment in c.resources and rq.header("If-None-Match") == "*":
            return Answer(412)
        self.puts += 1
        return self.store(rq, c, segment)

    def store(self, rq, c, segment):
        c.put(segment, rq.body)
        return Answer(201, ETag=self.etag(c, segment))

    def do_mkcalendar(self, rq):
        return self.make(rq, "calendar")

    def do_mkcol(self, rq):
        types = rq.set().get(DAV + "resourcetype", "")
        return self.make(rq, "addressbook" if "addressbook" in types else "calendar") if types else Answer(403)

    def make(self, rq, kind):
        path = rq.path.rstrip("/") + "/"
        if path in self.collections:
            return error(405, DAV + "resource-must-be-null")
        props = rq.set()
        props.pop(DAV + "resourcetype", None)
        self.collections[path] = c = Collection(path, kind, path.rstrip("/").rpartition("/")[2])
        c.props.update(props)
        return Answer(201)

    def do_proppatch(self, rq):
        c, segment = self.split(rq.path)
        if not c or segment:
            return Answer(404)
        c.props.update(rq.set())
        return self.multistatus(["<D:response><D:href>%s</D:href>%s</D:response>" % (self.href(c.path), self.propstat(dict.fromkeys(rq.set(), ""), "200 OK"))])

    # ---- for checks ----

    def contents(self):
        return {p: (dict(c.resources), dict(c.props)) for p, c in self.collections.items()}

    def count(self, method, path="", depth=None):
        return sum(rq.method == method and path in rq.target and rq.header("Depth") == (depth or rq.header("Depth")) for rq in self.log)


def uid_of(data):
    found = re.search(rb"^UID:(.*?)\r?$", data, re.M)
    return found.group(1) if found else None


def gzipped(rs):
    return Answer(rs.status, gzip.compress(rs.body), **{**rs.headers, "Content-Encoding": "gzip"})


def cases():
    """{name: class} of every case, the correct server among them."""
    for more in sorted(pathlib.Path(__file__).parent.glob("davcases_*.py")):
        importlib.import_module(more.stem)
    found, queue = {}, [FakeDav]
    while queue:
        case = queue.pop()
        if case.__dict__.get("name"):
            found[case.name] = case
        queue += case.__subclasses__()
    return found


def main():
    p = argparse.ArgumentParser()
    p.add_argument("case", nargs="?", default="correct")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--log")
    p.add_argument("--list", action="store_true")
    a = p.parse_args()
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    if a.list:
        for name, case in sorted(cases().items()):
            print("%-28s %s" % (name, case.source or ""))
        return
    case = cases()[a.case]
    case.want_port = a.port
    with case() as server:
        print("PORT=%d" % server.port, flush=True)
        done = 0
        while True:
            time.sleep(0.2)
            if a.log:
                with open(a.log, "a") as f:
                    f.writelines("%s %s\n" % (rq.method, rq.target) for rq in server.log[done:])
                done = len(server.log)


if __name__ == "__main__":
    main()
