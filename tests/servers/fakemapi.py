#!/usr/bin/python3
"""fakemapi.py CASE [--port N] [--cert FILE --key FILE] [--log FILE] [--mailbox DIR] [--public DIR] [--replay DIR] [--host NAME] : MAPI over HTTP.
--list names the cases.

FakeMapi is a server written from MS-OXCMAPIHTTP, MS-OXCROPS, MS-OXCFXICS, MS-OXCTABL, MS-OXCSTOR and MS-OXDISCO and from recorded exchanges, not
from the client that it tests. It keeps a store of bags (mapi/store.py); every ROP is in rops, and as a line in the log. A case is a subclass in
mapicases_*.py that overrides what it plays; source says where it was seen. Port N is plain, N+1 TLS. What a test may ask of it is at /control/ (do_control).
As a module: with SomeCase() as server: ... server.url() ... server.rops"""
import argparse
import base64
import http.server
import importlib
import pathlib
import secrets
import ssl
import struct
import sys
import threading
import time
import traceback
import urllib.parse
from xml.sax.saxutils import escape

sys.modules.setdefault("fakemapi", sys.modules[__name__])
from listener import ended_by_signal  # noqa: E402
from mapi import fx, ics, replay, rops, wire  # noqa: E402
from mapi.store import ADDITIONAL, BY_PROPERTY, LOGON, PERSIST, Store  # noqa: E402
from mapi.wire import u16, u32  # noqa: E402

MISSING_HEADER, CONTEXT_NOT_FOUND, BAD_BODY, MISSING_COOKIE, BAD_SEQUENCE, BAD_TYPE = 7, 10, 12, 13, 15, 5  # X-ResponseCode, MS-OXCMAPIHTTP 2.2.3.3.3
UNKNOWN_USER, TIMES = 0x3eb, "X-ElapsedTime: 1\r\nX-StartTime: Mon, 30 Nov 2026 00:00:00 GMT\r\n"


class Cut(Exception):
    """The connection ends here."""


class Request:
    def __init__(self, method, target, headers, body, tls):
        self.method, self.target, self.headers, self.body, self.tls = method, target, headers, body, tls
        parts = urllib.parse.urlsplit(target)
        self.path, self.query = parts.path, dict(urllib.parse.parse_qsl(parts.query))
        self.kind = headers.get("X-RequestType", "")
        self.cookies = dict(c.strip().split("=", 1) for c in headers.get("Cookie", "").split(";") if "=" in c)
        self.user = None

    def header(self, name):
        return self.headers.get(name, "")


class Answer:
    def __init__(self, status, body=b"", **headers):
        self.status, self.body = status, body if isinstance(body, bytes) else body.encode()
        self.headers = [(k.replace("_", "-"), v) for k, v in headers.items()]
        self.chunks = None  # the body in pieces that are chunks, if it is to be chunked; a number among them is a pause in seconds


class Session:
    def __init__(self, server, number, user):
        self.number, self.user, self.context, self.sequence, self.used = number, user, rops.Context(server), secrets.token_hex(8), False


class Listener(http.server.ThreadingHTTPServer):
    request_queue_size, daemon_threads, allow_reuse_address = 64, True, True

    def handle_error(self, request, client_address):
        """What a test must see: the server itself is wrong."""
        if not isinstance(sys.exc_info()[1], (OSError, Cut)):
            self.case.problems.append(traceback.format_exc())


class FakeMapi:
    """The correct server. The attributes tell a test what is expected; tests/e2e/94-mapi-cases.py explains them."""
    name = "correct"
    source = None
    target = False  # something to restore into
    code, says, lost, options, again, again_code, doubles = 0, None, (), (), None, "same", ()
    late, long, by_host = (), False, False
    exact_items, may_miss, alters_itself, partial, rewrites, again_adds = True, False, False, False, False, False
    host = "127.0.0.1"
    realm = "fake"
    users = {"alice": "pw-alice", "bob": "pw-bob", "carol": "pw-carol", "dave": "pw-dave"}
    domain = "example.org"
    compress = xor = False
    rows_at_once, table_text = 1 << 16, 255  # MS-OXCTABL 2.2.1.5: a table may cut what is longer
    autodiscover = "settings"
    replay_from = None

    def __init__(self, mailbox=None, public=None, tls=None, log=None):
        self.lock, self.rops, self.requests, self.sessions, self.stores = threading.RLock(), [], [], {}, {}
        self.tls, self.log_file, self.numbers, self.want_port = tls, open(log, "ab", 0) if log else None, 0, 0
        self.public, self.problems, self.bodies = None, [], 0
        self.replay = replay.Replay(self.replay_from) if self.replay_from else None
        for user in self.users:
            self.stores[user] = Store(user, display=user.capitalize() + " Example")
        self.store = self.stores["alice"]
        if mailbox:
            self.store.path = mailbox
            self.store.load()
        for s in self.stores.values():
            s.standard()
        if public:
            self.public = Store("public", True, public).load()
        if not mailbox:
            self.populate()

    # ---- content: a case overrides it ----

    def populate(self):
        """Fills self.store."""

    def changed(self):
        """Called between the first and the second run."""

    def check(self):
        """What else must be true at the end."""

    # ---- serving ----

    def __enter__(self):
        self.plain = self.listen(self.want_port, None)
        self.port = self.plain.server_address[1]
        self.secure = self.listen(self.want_port and self.want_port + 1, self.tls) if self.tls else None
        self.tls_port = self.secure.server_address[1] if self.secure else None
        return self

    def listen(self, port, tls):
        case = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version, disable_nagle_algorithm, wbufsize = "HTTP/1.1", True, 65536

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except (Cut, ConnectionError, ssl.SSLError, TimeoutError):
                    self.close_connection = True

            def serve(self):
                rq = Request(self.command, self.path, self.headers, self.rfile.read(int(self.headers.get("Content-Length") or 0)), bool(tls))
                case.send(self, rq, case.answer(rq))

            def log_message(self, *a):
                pass

        for m in ("GET", "POST", "HEAD"):
            setattr(Handler, "do_" + m, Handler.serve)
        server = Listener(("127.0.0.1", port), Handler)
        server.case = self
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server

    def __exit__(self, *a):
        for s in (self.plain, self.secure):
            if s:
                s.shutdown()
                s.server_close()

    def url(self, path=None, tls=None):
        secure = self.tls_port if tls is None else tls
        return "%s://%s:%d%s" % ("https" if secure else "http", self.host, self.tls_port if secure else self.port, path or self.store_path())

    def store_path(self, user="alice"):
        h = self.stores[user].guid.hex()
        return "/mapi/emsmdb/?MailboxId=%s-%s-%s-%s-%s@%s" % (h[:8], h[8:12], h[12:16], h[16:20], h[20:], self.domain)

    def send(self, handler, rq, rs):
        """The answer on the wire."""
        handler.send_response(rs.status)
        for k, v in rs.headers:
            handler.send_header(k, v)
        if rs.chunks is None:
            handler.send_header("Content-Length", str(len(rs.body)))
            handler.end_headers()
            handler.wfile.write(rs.body)
            return
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for c in rs.chunks:
            if isinstance(c, bytes):
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(c), c) if c else b"")
            else:
                handler.wfile.flush()
                self.pause(c)
        handler.wfile.write(b"0\r\n\r\n")
        handler.wfile.flush()

    def pause(self, seconds):
        if seconds == "cut":
            raise Cut()
        time.sleep(seconds)

    def answer(self, rq):
        if rq.path.startswith("/control/"):
            return self.do_control(rq)
        with self.lock:
            self.requests.append(rq)
        refused = self.authorize(rq)
        if refused:
            return refused
        if rq.path.lower().startswith("/autodiscover/"):
            return self.do_autodiscover(rq)
        if rq.path.rstrip("/") != "/mapi/emsmdb":
            return Answer(404)
        if rq.method != "POST":
            return Answer(405)
        if self.replay:
            return self.replay.answer(rq, Answer)
        return self.mapi(rq)

    def authorize(self, rq):
        kind, _, what = rq.header("Authorization").partition(" ")
        if kind.lower() == "basic":
            user, _, password = base64.b64decode(what).decode().partition(":")
            user = user.partition("@")[0]
            if self.users.get(user) == password:
                rq.user = user
                return None
        return Answer(401, WWW_Authenticate='Basic realm="%s"' % self.realm)

    # ---- the envelope, MS-OXCMAPIHTTP 2.2 ----

    def mapi(self, rq):
        for name in ("X-RequestType", "X-RequestId", "Content-Type"):
            if not rq.header(name):
                return self.fault(rq, MISSING_HEADER, name + " is missing")
        if rq.kind == "PING":
            return self.envelope(rq, None, b"")
        work = {"Connect": self.do_connect, "Execute": self.do_execute, "Disconnect": self.do_disconnect}.get(rq.kind)
        if not work:
            return self.fault(rq, BAD_TYPE, "no such request type")
        try:
            return work(rq)
        except (ValueError, IndexError, struct.error) as e:
            with self.lock:
                self.problems.append("%s: %r" % (rq.kind, e))
            return self.fault(rq, BAD_BODY, str(e))

    def do_connect(self, rq):
        r = wire.Reader(rq.body)
        dn = r.asciiz()
        r.u32(), r.u32(), r.u32(), r.u32()
        r.take(r.u32())
        with self.lock:
            self.numbers += 1
            s = Session(self, self.numbers, rq.user)
            sid = secrets.token_hex(16)
        store = self.store_of(dn)
        if not store:
            return self.envelope(rq, None, u32(0) + u32(UNKNOWN_USER) + u32(0) * 3 + b"\0" + b"\0\0" + u32(0))
        self.sessions[sid] = s
        return self.envelope(rq, (sid, s), u32(0) + u32(0) + u32(60000) + u32(6) + u32(10000) + b"\0" + wire.wide(store.display) + u32(0))

    def store_of(self, dn):
        return next((s for s in self.stores.values() if s.dn.lower() == dn.lower()), None)

    def session_of(self, rq):
        """(sid, Session), or the answer that there is none."""
        if "sid" not in rq.cookies or "sequence" not in rq.cookies:
            return None, self.fault(rq, MISSING_COOKIE, "a cookie is missing")
        s = self.sessions.get(rq.cookies["sid"])
        if not s or s.user != rq.user:
            return None, self.fault(rq, CONTEXT_NOT_FOUND, "no such session")
        with self.lock:
            if rq.cookies["sequence"] != s.sequence or s.used:
                return None, self.fault(rq, BAD_SEQUENCE, "one request at a time")
            s.used = True
        return (rq.cookies["sid"], s), None

    def do_execute(self, rq):
        pair, refused = self.session_of(rq)
        if refused:
            return refused
        s = pair[1]
        try:
            r = wire.Reader(rq.body)
            flags = r.u32()
            payloads, room = wire.unwrap(r.take(r.u32())), r.u32()
            r.take(r.u32())
            if r.left():
                raise ValueError("octets behind an Execute")
            with self.lock:
                code, out = self.execute(s, payloads, flags, min(room, 0x40000))
        finally:
            s.used = False
        self.rotate(s)
        return self.envelope(rq, pair, u32(0) + u32(code) + u32(0) + u32(len(out)) + out + u32(0))

    def execute(self, s, payloads, flags, room):
        """(ErrorCode, the extended buffers)."""
        out = []
        for p in payloads:
            out += s.context.execute(p, bool(flags & 4), room)
        return 0, self.wrapped(out, flags)

    def wrapped(self, payloads, flags):
        """2.2.4.2.1: flag 1 forbids compression, 2 the XOR."""
        return b"".join(wire.wrap(p, p is payloads[-1], self.xor and not flags & 2, self.compress and not flags & 1) for p in payloads)

    def do_disconnect(self, rq):
        pair, refused = self.session_of(rq)
        if refused:
            return refused
        self.sessions.pop(pair[0], None)
        return self.envelope(rq, pair, u32(0) + u32(0) + u32(0))

    def rotate(self, s):
        s.sequence = secrets.token_hex(8)

    def common(self, rq, code):
        out = [("Cache-Control", "private"), ("X-RequestType", rq.kind), ("X-RequestId", rq.header("X-RequestId")), ("X-ClientInfo", rq.header("X-ClientInfo")),
               ("X-ResponseCode", str(code)), ("X-PendingPeriod", "30000"), ("X-ExpirationInfo", "900000"), ("X-ServerApplication", "Exchange/15.00.0847.4040")]
        return [x for x in out if x[1]]

    def cookies(self, rq, pair):
        return [("Set-Cookie", "sid=%s; path=/mapi; secure; HttpOnly" % pair[0]), ("Set-Cookie", "sequence=%s; path=/mapi/emsmdb" % pair[1].sequence)] if pair else []

    def envelope(self, rq, pair, body):
        rs = Answer(200)
        rs.headers = [("Content-Type", "application/mapi-http")] + self.common(rq, 0) + self.cookies(rq, pair)
        rs.chunks = self.chunks(rq, b"DONE\r\n" + TIMES.encode() + b"\r\n" + body)
        return rs

    def chunks(self, rq, rest):
        return [b"PROCESSING\r\n" + rest]

    def fault(self, rq, code, text):
        rs = Answer(200, "<html><body>%s</body></html>" % escape(text))
        rs.headers = [("Content-Type", "text/html")] + self.common(rq, code)
        return rs

    # ---- what the ROPs ask ----

    def note_rop(self, context, rop, octets, answer):
        code = struct.unpack_from("<I", answer, 2)[0] if len(answer) >= 6 and answer[0] == rop else 0
        with self.lock:
            self.rops.append((rop, octets, code))
            if self.log_file:
                self.log_file.write(b"%s%s %08x\n" % (b"!" if rop in rops.CHANGES else b"", rops.NAMES[rop].encode(), code))

    def asked(self, rop):
        return [x for x in self.rops if x[0] == rop]

    def changes_asked(self):
        return sorted({rops.NAMES[x[0]] for x in self.rops if x[0] in rops.CHANGES})

    def unknown_rop(self, rop):
        with self.lock:
            self.problems.append("ROP %02x is not known" % rop)
            if self.log_file:
                self.log_file.write(b"!unknown-%02x\n" % rop)
        return wire.u8(rop) + b"\0" + u32(rops.NO_SUPPORT)

    def rop_answer(self, context, rop, answer):
        return answer

    def released(self, context, handle):
        pass

    def log_on(self, context, flags, dn):
        if not flags & 1:
            if not self.public:
                raise rops.Refused(rops.NOT_FOUND)
            return self.public
        store = self.store_of(dn)
        if not store:
            raise rops.Refused(UNKNOWN_USER)
        return store

    def open_folder(self, context, folder):
        return folder

    def hierarchy(self, store, folder, deep):
        return store.below(folder, deep)

    def contents(self, store, folder, associated):
        return folder.normal(associated)

    def row_count(self, n):
        return n

    def row(self, table, thing):
        values = self.message_values(table.store, thing, False) if hasattr(thing, "own_flags") else self.folder_values(table.store, thing)
        return wire.row(table.columns, values, self.table_text)

    def may_query(self, table):
        """Before rows are given."""

    def store_values(self, store):
        v = {0x3001001f: store.display, 0x66180102: store.guid}
        if f := store.by_use("archive"):
            v[0x35ff0102] = store.entry_id(f)  # which Outlook sets; MS-OXOSFLD has it in 0x36d9
        return v

    def folder_values(self, store, f):
        depth, up = 0, f
        while up.parent and depth < 99:
            depth, up = depth + 1, up.parent
        v = {0x67480014: store.wire_id(f.counter), 0x67490014: store.wire_id(f.parent.counter if f.parent else f.counter), 0x3001001f: f.name,
             0x30050003: max(0, depth - 1), 0x36010003: 0 if f.use == "root" else 2 if f.search else 1, 0x36020003: len(f.normal()),
             0x36170003: len(f.normal(True)), 0x36030003: sum(not m.read for m in f.normal()), 0x360a000b: True, 0x10f4000b: f.hidden,
             0x0fff0102: store.entry_id(f), 0x65e00102: store.xid(f.counter), 0x30080040: f.modified, 0x670a0040: f.committed,
             0x670b0003: len(f.deleted), 0x0e080014: sum(m.size for m in f.messages.values()), **f.extra}
        if f.parent:
            v[0x65e10102] = store.xid(f.parent.counter)
        if f.container:
            v[0x3613001f] = f.container
        if f.use in ("inbox", "root"):
            v.update(self.default_ids(store))
        return v

    def default_ids(self, store):
        """MS-OXOSFLD 2.2.3 to 2.2.5: the entry ids of default folders."""
        v = {tag: store.entry_id(store.by_use(use)) for use, tag in BY_PROPERTY.items() if store.by_use(use)}
        v[0x36d81102] = [store.entry_id(f) if (f := store.by_use(use)) else b"" for use in ADDITIONAL]
        blocks = b""
        for use, number in PERSIST.items():
            if f := store.by_use(use):
                e = store.entry_id(f)
                blocks += u16(number) + u16(len(e) + 4) + u16(1) + u16(len(e)) + e
        v[0x36d90102] = blocks + bytes(4)
        return v

    def message_values(self, store, m, full):
        v = dict(m.small)
        if full:
            for p in m.bag.props:
                tag = (store.property_id(p.name) if p.name else p.number) << 16 | p.tag & 0xffff
                if len(p.value) < 8192 and (x := wire.from_fx(p)) is not None:
                    v[tag] = x
        v.update({0x67480014: store.wire_id(m.folder.counter), 0x674a0014: store.wire_id(m.counter), 0x0e070003: m.flags(), 0x0e080003: m.size,
                  0x30080040: m.modified, 0x65e00102: store.xid(m.counter), 0x65e20102: store.xid(m.change), 0x67aa000b: m.associated,
                  0x65e30102: b"".join(bytes([len(x)]) + x for x in m.pcl), 0x300b0102: store.search_key(m), 0x67a40014: store.wire_id(m.change),
                  0x65e10102: store.xid(m.folder.counter), 0x0fff0102: store.message_entry_id(m)})
        return v

    def property_name(self, name):
        if not name:
            return b"\xff" + bytes(16)
        guid, what = name
        if isinstance(what, int):
            return b"\0" + guid + u32(what)
        text = wire.wide(what)
        return b"\1" + guid + wire.u8(len(text)) + text

    def create_folder(self, context, o, kind, name, existing):
        old = next((f for f in o.folder.children() if f.name.lower() == name.lower()), None)
        if old and not existing:
            raise rops.Refused(rops.DUPLICATE)
        return old or o.store.add_folder(name, o.folder, container=""), bool(old)

    def set_properties(self, context, o, values):
        if isinstance(o, rops.OpenFolder):
            for tag, v in values.items():
                if tag >> 16 == 0x3613:
                    o.folder.container = v
                elif tag >> 16 == 0x3001:
                    o.folder.name = v
                else:
                    o.folder.extra[tag] = v
            if o.folder.path and o.store.path:
                o.store.rewrite(o.folder)
        elif isinstance(o, rops.OpenMessage):
            o.store.touch(o.message)

    # ---- synchronisation ----

    def may_sync(self, context, o, kind, options, flags):
        if kind != 1:
            raise rops.Refused(rops.NO_SUPPORT)

    def take_state(self, d, tag, octets):
        return ics.parse(octets)

    def sync_stream(self, d):
        """contentsSync, MS-OXCFXICS 2.2.4.3.2, in pieces."""
        store, replica = d.store, d.store.replica
        d.ids, d.change = list(d.folder.messages), store.change  # what comes later is of the next synchronisation
        seen = {False: d.state.get(0x6796, ics.IdSet()), True: d.state.get(0x67da, ics.IdSet())}
        wanted = [m for m in d.folder.messages.values() if d.flags & (0x10 if m.associated else 0x20)]
        new = [m for m in wanted if not seen[m.associated].has(replica, m.change)]
        d.total = len(new)
        if d.flags & 0x8000:
            yield self.progress(new)
        for m in self.in_order(new):
            self.bodies += 1
            yield self.message_change(d, m)
            d.done += 1
        yield self.deletions(d)
        if d.flags & 8:
            yield self.read_states(d, [m for m in wanted if m not in new])
        yield self.state_stream(d) + fx.marker(fx.SYNC_END)

    def in_order(self, messages):
        return messages

    def progress(self, new):
        """ProgressInformation, 2.2.2.7."""
        fai = [m for m in new if m.associated]
        value = u16(0) + u16(0) + u32(len(fai)) + wire.u64(sum(m.size for m in fai)) + u32(len(new) - len(fai)) + u32(0)
        return fx.marker(fx.PROGRESS_MODE) + fx.prop(fx.PROGRESS_VALUE, value + wire.u64(sum(m.size for m in new if not m.associated)))

    def message_change(self, d, m):
        out = b""
        if d.flags & 0x8000:
            out = fx.marker(fx.PROGRESS_ITEM) + fx.number(0x00000003, m.size) + fx.number(0x0000000b, m.associated)
        return out + fx.marker(fx.SYNC_CHANGE) + d.store.header(m, d.extra) + fx.marker(fx.SYNC_MESSAGE) + self.change_content(d, m)

    def change_content(self, d, m):
        return d.store.content(m)

    def gone(self, d):
        """The counters that the client has, and the folder has not."""
        given = d.state.get(0x4017, ics.IdSet())
        return [n for n in given.counters(d.store.replica) if n not in d.folder.messages]

    def deletions(self, d):
        gone = self.gone(d)
        if not gone or d.flags & 2:
            return b""
        s, replica = ics.IdSet(), u16(d.store.replica_id)
        for n in gone:
            s.add(replica, n)
        return fx.marker(fx.SYNC_DELETED) + fx.prop(0x67e50102, s.octets())

    def read_states(self, d, same):
        known, out = d.state.get(0x67d2, ics.IdSet()), b""
        told = [m for m in same if not known.has(d.store.replica, m.read_change)]
        for tag, read in ((0x402d0102, True), (0x402e0102, False)):
            s = ics.IdSet()
            for m in told:
                if m.read == read:
                    s.add(u16(d.store.replica_id), m.counter)
            if s.of:
                out += fx.prop(tag, s.octets())
        return fx.marker(fx.SYNC_READ) + out if out else b""

    def state_stream(self, d):
        given, seen = d.store.new_state(d.ids, d.change, d.state)
        out = fx.marker(fx.STATE_BEGIN) + fx.prop(fx.IDSET_GIVEN, given.octets()) + fx.prop(0x67960102, seen.octets())
        out += fx.prop(0x67da0102, seen.octets() if d.flags & 0x10 else b"") + fx.prop(0x67d20102, seen.octets() if d.flags & 8 else b"")
        return out + fx.marker(fx.STATE_END)

    def copy_stream(self, d, ids):
        """messageList."""
        for i in ids:
            m = d.folder.messages.get(d.store.counter_of(i))
            if m:
                self.bodies += 1
                yield self.copied(d, m)
            d.done += 1

    def copied(self, d, m):
        return d.store.message_stream(m)

    def get_buffer(self, context, d, n):
        """(ReturnValue, TransferStatus, InProgressCount, TotalStepCount, octets, what stands before them)."""
        octets, last = d.take(n)
        return 0, rops.DONE if last else rops.PARTIAL, d.done, d.total, octets, b""

    # ---- upload ----

    def may_upload(self, context, o, operation):
        if operation != 3:
            raise rops.Refused(rops.NO_SUPPORT)

    def put_buffer(self, context, up, octets):
        """(ReturnValue, BufferUsedSize)."""
        up.octets += octets
        if not up.octets.endswith(fx.marker(fx.END_MESSAGE)):
            return 0, len(octets)
        try:
            for associated, bag in fx.messages(bytes(up.octets)):
                if up.store.quota is not None and up.store.used() + len(up.octets) > up.store.quota:
                    return rops.QUOTA, 0
                self.taken(up, up.store.upload(up.folder, bag, associated))
        except fx.Short:
            return 0, len(octets)
        except fx.Malformed as e:
            with self.lock:
                self.problems.append("upload: %s" % e)
            return rops.FORMAT, 0
        up.octets = bytearray()
        return 0, len(octets)

    def taken(self, up, message):
        """A message was uploaded."""

    # ---- Autodiscover, MS-OXDSCLI; the Location and redirects of MS-OXDISCO ----

    def do_autodiscover(self, rq):
        from mapi import autodiscover
        return autodiscover.answer(self, rq)

    # ---- for tests ----

    def do_control(self, rq):
        """/control/dump: what the mailbox holds. log: the ROPs. requests: their number. read?id=&read=1, delete?id=, touch?id= : by somebody else.
        add?folder=PATH with a .fx message as the body."""
        word, q = rq.path.rpartition("/")[2], rq.query
        with self.lock:
            if word == "dump":
                return Answer(200, self.stores[q.get("user", "alice")].dump(), Content_Type="text/plain")
            if word == "log":
                return Answer(200, "".join("%s%s %08x\n" % ("!" if r in rops.CHANGES else "", rops.NAMES[r], c) for r, _, c in self.rops))
            if word == "requests":
                return Answer(200, "%d\n" % len(self.requests))
            if word == "problems":
                return Answer(200, "".join(p + "\n" for p in self.problems + (self.replay.problems if self.replay else [])))
            if word == "forget":
                self.rops, self.requests = [], []
                return Answer(200)
            if word == "add":
                folder = next(f for f in self.store.folders.values() if f.where() == q["folder"])
                return Answer(200, "%012x\n" % self.store.add(folder, rq.body[4:-4]).counter)
            m = next((m for m in self.store.all() if "%012x" % m.counter == q.get("id")), None)
            if m and word in ("read", "delete", "touch"):
                {"read": lambda: self.store.set_read(m, q.get("read") != "0"), "delete": lambda: self.store.remove(m), "touch": lambda: self.store.touch(m)}[word]()
                return Answer(200)
        return Answer(404)


def cases():
    """{name: class} of every case, the correct server among them."""
    for more in sorted(pathlib.Path(__file__).parent.glob("mapicases_*.py")):
        importlib.import_module(more.stem)
    found, queue = {}, [sys.modules["fakemapi"].FakeMapi]
    while queue:
        case = queue.pop()
        if case.__module__ in ("fakemapi", FakeMapi.__module__) or case.__module__.startswith("mapicases_"):
            found[case.name] = case
        queue += case.__subclasses__()
    return found


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("case", nargs="?", default="correct")
    for name in ("--cert", "--key", "--log", "--mailbox", "--public", "--replay", "--host"):
        p.add_argument(name)
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--list", action="store_true")
    args = p.parse_args()
    if args.list:
        for name, case in sorted(cases().items()):
            print(name, "-", " ".join((case.__doc__ or "").split()))
        return
    case = cases()[args.case]
    if args.replay:
        case.replay_from = args.replay
    if args.host:
        case.host = args.host
    end = ended_by_signal()
    server = case(args.mailbox, args.public, (args.cert, args.key) if args.cert else None, args.log)
    server.want_port = args.port
    with server:
        print(server.url(), flush=True)
        end.wait()


if __name__ == "__main__":
    main()
