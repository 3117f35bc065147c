"""Quirks of HTTP, the envelope and the session. What each of them must come to: tests/e2e/94-mapi-cases.py."""
import gzip
import itertools
import struct
import time

from fakemapi import Answer, Cut, FakeMapi
from mapi import items, rops, wire
from mapi.wire import u16, u32


class Case(FakeMapi):
    """A small mailbox: Inbox, two folders below, a calendar, contacts, tasks. In words: what is expected of a client by default is that all
    of it arrives (code 0), nothing is asked for twice (second run), and nothing is changed."""
    name = "small-mailbox"
    mails = 6

    def populate(self):
        self.put("inbox", *(items.mail("Inbox %d" % n, "Text %d\r\n" % n * 20, n, n & 1) for n in range(self.mails)))
        work = self.store.add_folder("Work")
        deep = self.store.add_folder("Deep", work)
        self.put(work, *(items.mail("Work %d" % n, number=20 + n) for n in range(3)))
        self.put(deep, items.attach(items.mail("With attachment", number=30), "a.bin", bytes(range(256)) * 20), items.embed(items.mail("With message", number=31), items.mail("Inner", number=32)))
        self.put("calendar", items.event("Lunch", 1), items.event("Dinner", 2))
        self.put("contacts", items.contact("Ada Lovelace"))
        self.put("tasks", items.task("Write report"))

    def put(self, folder, *bags, **more):
        folder = self.store.by_use(folder) if isinstance(folder, str) else folder
        out = [self.store.add(folder, bag_octets(b), **more) for b in bags]
        return out[0] if len(out) == 1 else out

    def find(self, subject):
        return next(m for m in self.store.all() if m.small.get(0x0037001f) == subject)

    def once(self, key=None):
        """True the first time, for each key."""
        seen = self.__dict__.setdefault("onces", set())
        if key in seen:
            return False
        seen.add(key)
        return True


def bag_octets(bag):
    from mapi import fx
    return fx.body(bag.sort())


class Counted(Case):
    """A base: the ${at}th Execute of the server is answered otherwise, once."""
    name = "counted"
    at, executes = 6, 0

    def do_execute(self, rq):
        with self.lock:
            self.executes += 1
            hit = self.executes == self.at
        return self.otherwise(rq) if hit else super().do_execute(rq)

    def otherwise(self, rq):
        return super().do_execute(rq)


# ---- PENDING, chunks, cuts ----

class PendingLong(Case):
    """PENDING for minutes, accelerated: 200 of them before an answer."""
    name = "pending-for-minutes"
    source = "MS-OXCMAPIHTTP 2.2.2.2, 3.2.5.2"

    def chunks(self, rq, rest):
        if rq.kind == "Execute" and self.once():
            return [b"PROCESSING\r\n"] + list(itertools.chain(*([0.005, b"PENDING\r\n"] for _ in range(200)))) + [rest]
        return super().chunks(rq, rest)


class PendingPieces(Case):
    """A chunk for each octet of the head; chunks end within PENDING and within the blank line."""
    name = "pending-in-pieces"
    source = "RFC 9112 7.1: chunks mean nothing; MS-OXCMAPIHTTP 2.2.2.2"

    def chunks(self, rq, rest):
        head = b"PROCESSING\r\nPENDING\r\nPENDING\r\n" + rest[:80]
        return [head[i:i + 1] for i in range(len(head))] + [rest[80:]]


class PendingOneLine(Case):
    """PENDING is in the same chunk as PROCESSING, DONE in one with the headers, the body in many."""
    name = "body-in-many-chunks"
    source = "Exchange behind reverse proxies, which cut chunks anew"

    def chunks(self, rq, rest):
        return [b"PROCESSING\r\nPENDING\r\n"] + [rest[i:i + 997] for i in range(0, len(rest), 997)]


class PendingForEver(Case):
    """Nothing but PENDING, fast: it has to end somewhere."""
    name = "pending-without-end"
    source = "robustness: MS-OXCMAPIHTTP has no limit"
    code = 1

    def chunks(self, rq, rest):
        return [b"PROCESSING\r\n"] + [b"PENDING\r\n" * 50_000] * 40 + ["cut"] if rq.kind == "Execute" else super().chunks(rq, rest)


def cut_case(where, at=8):
    class CutAt(Counted):
        __doc__ = "An answer ends after %d octets of its body, once." % where
        name = "cut-after-%d" % where
        source = "proxies with a time limit; MS-OXCMAPIHTTP 3.1.5.6: the session may be gone"

        def otherwise(self, rq):
            rs = FakeMapi.do_execute(self, rq)
            body = b"".join(c for c in rs.chunks if isinstance(c, bytes))
            rs.chunks = [body[:where], "cut"]
            return rs
    CutAt.at = at
    return CutAt


CUTS = [cut_case(n, 6 + i % 3) for i, n in enumerate((0, 5, 14, 60, 90, 96, 110, 500))]


class CutAlways(Case):
    """Every answer to RopFastTransferSourceGetBuffer is cut: there is no way to the items."""
    name = "cut-always"
    source = "proxies with a limit for bodies"
    code, long = None, True

    def do_execute(self, rq):
        before = len(self.asked(0x4e))
        rs = super().do_execute(rq)
        if rs.chunks and len(self.asked(0x4e)) > before:
            rs.chunks = [rs.chunks[0][:200], "cut"]
        return rs

    def check(self):
        assert len(self.requests) < 400, "%d requests" % len(self.requests)


class WithLength(Case):
    """Content-Length in place of chunks."""
    name = "content-length"
    source = "reverse proxies that buffer"

    def envelope(self, rq, pair, body):
        rs = super().envelope(rq, pair, body)
        rs.body, rs.chunks = b"".join(c for c in rs.chunks if isinstance(c, bytes)), None
        return rs


class NoDone(Counted):
    """A body without DONE, once."""
    name = "done-missing"
    source = "robustness: MS-OXCMAPIHTTP 2.2.2.2"

    def otherwise(self, rq):
        rs = FakeMapi.do_execute(self, rq)
        rs.chunks = [b"".join(rs.chunks).replace(b"DONE\r\n", b"")]
        return rs


# ---- HTTP ----

class LoginPage(Case):
    """200 with an HTML page to sign in."""
    name = "login-page"
    source = "pre-authenticating proxies (TMG, F5) and captive portals"
    code = 1

    def mapi(self, rq):
        return Answer(200, "<html><form action=login><input name=password></form></html>", Content_Type="text/html")


class Gzip(Case):
    """Answers are compressed by HTTP, for who says that he takes it."""
    name = "gzip"
    source = "IIS dynamic compression; RFC 9110 8.4"

    def envelope(self, rq, pair, body):
        rs = super().envelope(rq, pair, body)
        if "gzip" in rq.header("Accept-Encoding"):
            rs.body, rs.chunks = gzip.compress(b"".join(rs.chunks)), None
            rs.headers.append(("Content-Encoding", "gzip"))
        return rs


class GzipUnasked(Counted):
    """One answer is compressed although nobody asked for it."""
    name = "gzip-unasked"
    source = "proxies; what cannot be read is no answer"

    def otherwise(self, rq):
        rs = FakeMapi.do_execute(self, rq)
        rs.body, rs.chunks = gzip.compress(b"".join(rs.chunks)), None
        rs.headers.append(("Content-Encoding", "gzip"))
        return rs


def status_case(status, after=None, times=1):
    class Status(Counted):
        __doc__ = "HTTP %d%s in the middle, %d times." % (status, " with Retry-After" if after is not None else "", times)
        name = "http-%d%s%s" % (status, "-retry-after" if after is not None else "", "-%d-times" % times if times > 1 else "")
        source = "MS-OXCMAPIHTTP 3.2.5.1; RFC 9110 10.2.3; Exchange throttling"

        def do_execute(self, rq):
            with self.lock:
                self.executes += 1
                hit = self.at <= self.executes < self.at + times
            if not hit:
                return FakeMapi.do_execute(self, rq)
            return Answer(status, "busy", **({"Retry_After": str(after)} if after is not None else {}))
    return Status


STATUSES = [status_case(500), status_case(503), status_case(503, 1), status_case(429), status_case(429, 1), status_case(503, 0, 3), status_case(502)]


class ConnectBusy(Case):
    """The Connect itself is put off with 503 and Retry-After, once."""
    name = "connect-503"
    source = "MS-OXCMAPIHTTP 3.1.5.1"

    def do_connect(self, rq):
        return Answer(503, Retry_After="1") if self.once() else super().do_connect(rq)


class NotInTheMiddle(Counted):
    """401 once in the middle of the session: the credentials are good all the same."""
    name = "http-401-once"
    source = "front ends that restart; MS-OXCMAPIHTTP 3.1.5.3"

    def otherwise(self, rq):
        return Answer(401, WWW_Authenticate='Basic realm="fake"')


class PasswordChanges(Case):
    """From the middle on the password is refused: what came until then is kept, and no more than a few tries are made."""
    name = "http-401-for-good"
    source = "users who change their password"
    code, says, exact_items, may_miss = 3, "(?i)password|sign|401", False, True

    def authorize(self, rq):
        return Answer(401, WWW_Authenticate='Basic realm="fake"') if len(self.asked(0x4e)) >= 2 else super().authorize(rq)

    def check(self):
        late = [r for r in self.requests if r.user is None and r.header("Authorization")]
        assert len(late) < 16, "%d tries" % len(late)


class RedirectElsewhere(Counted):
    """302 to another host in the middle: the credentials must not go there."""
    name = "redirect-to-other-host"
    source = "RFC 9110 15.4; load balancers"
    code = None

    def otherwise(self, rq):
        return Answer(302, Location="http://localhost:%d%s" % (self.port, rq.target))

    def check(self):
        for r in self.requests:
            assert not (r.header("Host").startswith("localhost") and r.header("Authorization")), "the password went elsewhere"


# ---- cookies ----

class CookieOthers(Case):
    """More cookies of load balancers, which change and must come back, each in its session."""
    name = "cookies-of-load-balancers"
    source = "Exchange: X-BackEndCookie, MapiContext, MapiRouting, MapiSequence"

    def cookies(self, rq, pair):
        if not pair:
            return []
        pair[1].turn = getattr(pair[1], "turn", 0) + 1
        return super().cookies(rq, pair) + [("Set-Cookie", "X-BackEndCookie=S-1-5-21=%d; expires=Wed, 30-Dec-2099 00:00:00 GMT; path=/mapi; secure; HttpOnly" % pair[1].turn)]

    def session_of(self, rq):
        s = self.sessions.get(rq.cookies.get("sid"))
        if s and rq.cookies.get("X-BackEndCookie") != "S-1-5-21=%d" % s.turn:
            self.problems.append("X-BackEndCookie is %r, not %d" % (rq.cookies.get("X-BackEndCookie"), s.turn))
        return super().session_of(rq)


class CookieNames(Case):
    """Exchange's own names of cookies in place of gromox's."""
    name = "cookies-of-exchange"
    source = "MS-OXCMAPIHTTP 2.2.3.2.3: names are the server's business"

    def cookies(self, rq, pair):
        return [(k, v.replace("sid=", "MapiContext=").replace("sequence=", "MapiSequence=")) for k, v in super().cookies(rq, pair)]

    def session_of(self, rq):
        rq.cookies.update({n: rq.cookies[o] for n, o in (("sid", "MapiContext"), ("sequence", "MapiSequence")) if o in rq.cookies})
        return super().session_of(rq)


class CookieChanges(Case):
    """The cookie of the context changes with each answer, too."""
    name = "cookie-sid-changes"
    source = "MS-OXCMAPIHTTP 3.1.1.1: each Set-Cookie replaces what was there"

    def envelope(self, rq, pair, body):
        if pair and rq.kind == "Execute":
            sid = "s%d" % len(self.requests)
            self.sessions[sid] = self.sessions.pop(pair[0])
            pair = (sid, pair[1])
        return super().envelope(rq, pair, body)


class CookieHuge(Case):
    """A cookie of a megabyte."""
    name = "cookie-of-a-megabyte"
    source = "robustness: RFC 6265 6.1 asks for 4096 octets"
    code = None

    def cookies(self, rq, pair):
        return super().cookies(rq, pair) + [("Set-Cookie", "big=" + "x" * (1 << 20))]

    def check(self):
        assert max(len(r.header("Cookie")) for r in self.requests) < 70_000


class CookieOdd(Case):
    """Quoted values, blanks, no path, capitals, and one that injects a line."""
    name = "cookies-odd"
    source = "RFC 6265 5.2"

    def cookies(self, rq, pair):
        return [("set-cookie", "sid=%s;PATH=/" % pair[0]), ("SET-COOKIE", "  sequence =  %s  " % pair[1].sequence), ("Set-Cookie", "=nameless"),
                ("Set-Cookie", "flag"), ("Set-Cookie", 'q="a b"; Max-Age=900'), ("Set-Cookie", "gone=1; Max-Age=0")] if pair else []


# ---- X-ResponseCode ----

def code_case(code, title, spec):
    class Code(Counted):
        __doc__ = "X-ResponseCode %d once in the middle: %s." % (code, title)
        name = "code-%d-%s" % (code, title.replace(" ", "-"))
        source = "MS-OXCMAPIHTTP " + spec

        def otherwise(self, rq):
            self.sessions.pop(rq.cookies.get("sid"), None)
            return self.fault(rq, code, title)
    return Code


CODES = [code_case(6, "invalid context cookie", "2.2.3.3.3"), code_case(10, "context not found", "3.1.5.6"), code_case(15, "invalid sequence", "3.1.5.5.1"),
         code_case(13, "missing cookie", "2.2.3.3.3"), code_case(18, "endpoint shutting down", "2.2.3.3.3"), code_case(99, "unknown", "2.2.3.3.3"),
         code_case(7, "another numbering", "2.2.3.3.3; gromox counts the codes in an order of its own")]


class NoCode(Counted):
    """An answer without X-ResponseCode, once."""
    name = "code-missing"
    source = "robustness: MS-OXCMAPIHTTP 2.2.3.3.3 demands it"

    def otherwise(self, rq):
        rs = FakeMapi.do_execute(self, rq)
        rs.headers = [h for h in rs.headers if h[0] != "X-ResponseCode"]
        return rs


class ShortLives(Case):
    """Each session lives for nine requests."""
    name = "sessions-of-nine-requests"
    source = "MS-OXCMAPIHTTP 3.2.2: X-ExpirationInfo; memory limits"
    code = None
    mails = 30

    def do_execute(self, rq):
        s = self.sessions.get(rq.cookies.get("sid"))
        if s:
            s.count = getattr(s, "count", 0) + 1
            if s.count > 9:
                del self.sessions[rq.cookies["sid"]]
        return super().do_execute(rq)

    def check(self):
        assert len(self.requests) < 500, "%d requests" % len(self.requests)


class ConnectRefused(Case):
    """Connect says that there is no such mailbox."""
    name = "connect-unknown-user"
    source = "MS-OXCMAPIHTTP 2.2.4.1.2: ErrorCode ecUnknownUser"
    code = 12

    def store_of(self, dn):
        return None


class NoPrivilege(Case):
    """Connect is refused with X-ResponseCode 11."""
    name = "connect-no-privilege"
    source = "MS-OXCMAPIHTTP 2.2.3.3.3"
    code = 12

    def do_connect(self, rq):
        return self.fault(rq, 11, "no privilege")


class HostileNames(Case):
    """Display name and server name with control characters and marks that turn text around."""
    name = "greeting-hostile"
    source = "Unicode Technical Report 36"

    def populate(self):
        super().populate()
        self.store.display = "Al\u202eice\x1b[31m\u009b\x07"


class AuxBuffers(Case):
    """Auxiliary buffers in each answer, some of them garbage."""
    name = "auxiliary-buffers"
    source = "MS-OXCRPC 2.2.2.2; the recorded Connect has one"

    def envelope(self, rq, pair, body):
        aux = struct.pack("<HHHH", 0, 4, 28, 28) + bytes(range(28))
        if rq.kind in ("Connect", "Execute") and body[:8] == bytes(8) and body[-4:] == bytes(4):
            body = body[:-4] + u32(len(aux)) + aux
        return super().envelope(rq, pair, body)


# ---- extended buffers ----

class Packed(Case):
    """Answers are compressed and masked, as far as the request allows it."""
    name = "xor-and-compressed"
    source = "MS-OXCRPC 3.1.4.11; MS-XCA"
    compress = xor = True


class PackedAlways(Case):
    """They are, although the request forbids it."""
    name = "xor-and-compressed-unasked"
    source = "MS-OXCRPC 2.2.2.1: the header says what is in it"

    def wrapped(self, payloads, flags):
        return b"".join(wire.wrap(p, p is payloads[-1], True, True) for p in payloads)


def wrapped_case(title, spoil, spec):
    class Wrapped(Case):
        __doc__ = "One answer's extended buffer: %s." % title
        name = "ext-" + title.replace(" ", "-")
        source = "robustness: MS-OXCRPC " + spec
        number = 0

        def wrapped(self, payloads, flags):
            self.number += 1
            out = super().wrapped(payloads, flags)
            return spoil(out, payloads) if self.number == 7 else out
    return Wrapped


def header(version=0, flags=4, size=None, actual=None, payload=b""):
    return struct.pack("<HHHH", version, flags, len(payload) if size is None else size, len(payload) if actual is None else actual) + payload


WRAPPED = [
    wrapped_case("size too large", lambda o, p: header(size=len(p[0]) + 9, payload=p[0]), "2.2.2.1"),
    wrapped_case("size too small", lambda o, p: header(size=len(p[0]) - 1, actual=len(p[0]) - 1, payload=p[0]), "2.2.2.1"),
    wrapped_case("size actual too large", lambda o, p: header(actual=0xffff, payload=p[0]), "2.2.2.1"),
    wrapped_case("compressed garbage", lambda o, p: header(flags=5, actual=5000, payload=b"\xff\xff\xff\x7f" * 20), "3.1.4.11.1"),
    wrapped_case("compressed match before the beginning", lambda o, p: header(flags=5, actual=500, payload=u32(0xffffffff) + u16(0xfff8)), "3.1.4.11.1"),
    wrapped_case("unknown flags", lambda o, p: header(flags=0x54, payload=p[0]), "2.2.2.1"),
    wrapped_case("version 7", lambda o, p: header(version=7, payload=p[0]), "2.2.2.1"),
    wrapped_case("never last", lambda o, p: header(flags=0, payload=p[0]), "2.2.2.1"),
    wrapped_case("octets behind the last", lambda o, p: o + b"\0" * 40, "2.2.2.1"),
    wrapped_case("empty", lambda o, p: b"", "2.2.2.1"),
    wrapped_case("rop size too large", lambda o, p: header(payload=u16(0x7fff) + p[0][2:]), "MS-OXCROPS 2.2.1"),
    wrapped_case("rop size zero", lambda o, p: header(payload=u16(0) + p[0][2:]), "MS-OXCROPS 2.2.1"),
    wrapped_case("handle table short", lambda o, p: header(payload=p[0][:-3]), "MS-OXCROPS 2.2.1"),
    wrapped_case("handle table missing", lambda o, p: header(payload=p[0][:struct.unpack_from("<H", p[0])[0]]), "MS-OXCROPS 2.2.1"),
    wrapped_case("wrong rop id", lambda o, p: header(payload=p[0][:2] + b"\x99" + p[0][3:]), "MS-OXCROPS 2.2.1"),
    wrapped_case("fewer answers", lambda o, p: header(payload=u16(2) + p[0][struct.unpack_from("<H", p[0])[0]:]), "MS-OXCROPS 2.2.1"),
]


class ExecuteRefused(Case):
    """One Execute comes back with ErrorCode ecRpcFormat and nothing else."""
    name = "execute-error-code"
    source = "MS-OXCMAPIHTTP 2.2.4.2.2; MS-OXCRPC 3.1.4.2: ecRpcFormat"
    number = 0

    def execute(self, s, payloads, flags, room):
        self.number += 1
        return (0x4b6, b"") if self.number == 7 else super().execute(s, payloads, flags, room)


class StatusCode(Counted):
    """StatusCode is not 0, once."""
    name = "status-code"
    source = "MS-OXCMAPIHTTP 2.2.4.2.3"

    def otherwise(self, rq):
        rs = FakeMapi.do_execute(self, rq)
        rs.chunks = [b"PROCESSING\r\nDONE\r\n\r\n" + u32(0x80040115) + u32(0)]
        return rs


# ---- busy ROPs ----

class BusyBuffer(Case):
    """RopFastTransferSourceGetBuffer is busy and says for how long, now and then; BackoffTime behind the counts."""
    name = "getbuffer-busy"
    source = "MS-OXCFXICS 3.3.5.7.1 <50>: ecServerBusy with BackoffTime"
    times = 0

    def get_buffer(self, context, d, n):
        self.times += 1
        if self.times in (2, 3, 7):
            return rops.BUSY, rops.PARTIAL, 0, 1, b"", u32(40)
        return super().get_buffer(context, d, n)


class BusyFor(Case):
    """A folder's stream is busy for ever."""
    name = "getbuffer-busy-for-ever"
    source = "MS-OXCFXICS 3.3.5.7.1"
    code, lost = 3, ("Lunch", "Dinner")

    def get_buffer(self, context, d, n):
        if d.folder.use == "calendar":
            return rops.BUSY, rops.PARTIAL, 0, 1, b"", u32(5)
        return super().get_buffer(context, d, n)


class Backoff(Case):
    """RopBackoff in place of an answer, once."""
    name = "rop-backoff"
    source = "MS-OXCROPS 2.2.15.2, 3.1.5.1.1"

    def rop_answer(self, context, rop, answer):
        if rop == 0x70 and self.once():
            return b"\xf9\0" + u32(0) + b"\1\x70" + u32(50) + u16(0)
        return answer


class TooSmall(Case):
    """RopBufferTooSmall in place of rows, once: the request stays to be made."""
    name = "rop-buffer-too-small"
    source = "MS-OXCROPS 2.2.15.1"

    def may_query(self, table):
        if self.once():
            raise rops.TooSmall()


class Slow(Case):
    """Each answer takes a tenth of a second: nothing is done in parallel that must not be."""
    name = "one-request-at-a-time"
    source = "MS-OXCMAPIHTTP 3.1.5.5.1"

    def execute(self, s, payloads, flags, room):
        time.sleep(0.02)
        return super().execute(s, payloads, flags, room)


class ClosesAfterEach(Case):
    """The connection is closed behind each answer."""
    name = "connection-close"
    source = "RFC 9112 9.6; servers without keep-alive"

    def send(self, handler, rq, rs):
        rs.headers.append(("Connection", "close"))
        super().send(handler, rq, rs)
        raise Cut()
