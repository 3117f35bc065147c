"""A small client of MAPI over HTTP, for tests of the server: it believes everything."""
import base64
import http.client
import ssl
import struct
import urllib.parse

from mapi import wire
from mapi.wire import u8, u16, u32, u64

NONE = 0xffffffff


class Problem(Exception):
    """What the server said: (kind, code)."""


class Client:
    def __init__(self, url, user="alice", dn=None, flags=4):
        at = urllib.parse.urlsplit(url)
        self.path = at.path + "?" + at.query
        self.http = http.client.HTTPSConnection(at.hostname, at.port, context=ssl._create_unverified_context()) if at.scheme == "https" else \
            http.client.HTTPConnection(at.hostname, at.port)
        self.auth = "Basic " + base64.b64encode(("%s:pw-%s" % (user, user)).encode()).decode()
        self.cookies, self.count, self.flags = {}, 0, flags
        self.dn = dn or "/o=Fake/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=" + user

    def post(self, kind, body):
        self.count += 1
        head = {"Authorization": self.auth, "Content-Type": "application/mapi-http", "X-RequestType": kind, "X-RequestId": "{%036d}:%d" % (1, self.count),
                "X-ClientInfo": "{x}:1"}
        if self.cookies:
            head["Cookie"] = "; ".join("%s=%s" % c for c in self.cookies.items())
        self.http.request("POST", self.path, body, head)
        rs = self.http.getresponse()
        data = rs.read()
        if rs.status != 200:
            raise Problem("http", rs.status)
        if int(rs.getheader("X-ResponseCode")):
            raise Problem("code", int(rs.getheader("X-ResponseCode")))
        for k, v in rs.getheaders():
            if k.lower() == "set-cookie":
                name, _, value = v.split(";")[0].partition("=")
                self.cookies[name] = value
        head, _, rest = data.partition(b"DONE\r\n")
        assert set(head.split(b"\r\n")) <= {b"PROCESSING", b"PENDING", b""}, head
        self.raw = data
        return rest.partition(b"\r\n\r\n")[2]

    def connect(self):
        r = wire.Reader(self.post("Connect", self.dn.encode() + b"\0" + u32(0) + u32(1252) + u32(0x409) + u32(0x409) + u32(0)))
        if r.u32() or r.u32():
            raise Problem("connect", 0)
        r.take(12)
        r.asciiz()
        self.display = r.wide()
        return self

    def execute(self, rops, handles, chain=False, room=0x40000):
        """[(octets of the ROPs, handles)] of the answer."""
        payload = u16(len(rops) + 2) + rops + b"".join(u32(h) for h in handles)
        ext = wire.wrap(payload)
        r = wire.Reader(self.post("Execute", u32(self.flags & ~4 | (4 if chain else 0)) + u32(len(ext)) + ext + u32(room) + u32(0)))
        if r.u32():
            raise Problem("status", 0)
        code = r.u32()
        if code:
            raise Problem("execute", code)
        r.u32()
        out = []
        for p in wire.unwrap(r.take(r.u32())):
            n = struct.unpack_from("<H", p)[0]
            out.append((p[2:n], [x[0] for x in struct.iter_unpack("<I", p[n:])]))
        return out

    def rop(self, number, index, *parts, handles, chain=False):
        """One ROP: (Reader behind ReturnValue, handles)."""
        octets, table = self.execute(u8(number) + u8(0) + u8(index) + b"".join(parts), handles, chain)[0]
        r = wire.Reader(octets)
        assert r.u8() == number, octets[:16].hex()
        r.u8()
        code = r.u32()
        if code:
            raise Problem("rop", code)
        return r, table

    def logon(self, private=True):
        dn = self.dn.encode() + b"\0" if private else b""
        r, table = self.rop(0xfe, 0, u8(private) + u32(0x01000000) + u32(0) + u16(len(dn)) + dn, handles=[NONE])
        r.u8()
        self.ids = [r.u64() for _ in range(13)]
        if private:
            r.u8()
            self.guid = r.take(16)
        self.replica_id, self.replica = r.u16(), r.take(16)
        self.root = table[0]
        return self

    def open_folder(self, wire_id):
        return self.rop(0x02, 0, u8(1), u64(wire_id), u8(0), handles=[self.root, NONE])[1][1]

    def rows(self, folder, kind, flags, tags, most=4096):
        table = self.rop(kind, 0, u8(1), u8(flags), handles=[folder, NONE])[1][1]
        self.rop(0x12, 0, u8(0), u16(len(tags)), b"".join(u32(t) for t in tags), handles=[table])
        out = []
        while True:
            for octets, _ in self.execute(u8(0x15) + u8(0) + u8(0) + u8(0) + u8(1) + u16(most), [table], True):
                r = wire.Reader(octets)
                if r.take(2) != b"\x15\0" or r.u32():
                    raise Problem("rows", 0)
                origin, n = r.u8(), r.u16()
                out += [self.row(r, tags) for _ in range(n)]
            if origin == 2 or n == 0:
                return out

    def row(self, r, tags):
        if r.u8() == 0:
            return {t: wire.read_value(r, t) for t in tags}
        out = {}
        for t in tags:
            flag = r.u8()
            if flag == 0:
                out[t] = wire.read_value(r, t)
            elif flag == 0x0a:
                r.u32()
        return out

    def get(self, handle, tags):
        r, _ = self.rop(0x07, 0, u16(0), u16(1), u16(len(tags)), b"".join(u32(t) for t in tags), handles=[handle])
        return self.row(r, tags)

    def folders(self):
        tags = [0x67480014, 0x3001001f, 0x36020003, 0x3613001f, 0x67490014]
        return self.rows(self.open_folder(self.ids[3]), 0x04, 4, tags)

    def stream(self, handle, size=0x7bc0, chain=True):
        out = []
        while True:
            for octets, _ in self.execute(b"\x4e\0\0" + u16(0xbabe) + u16(size), [handle], chain):
                r = wire.Reader(octets)
                if r.take(2) != b"\x4e\0":
                    raise Problem("stream", octets[0])
                code = r.u32()
                if code:
                    raise Problem("buffer", code)
                status = r.u16()
                r.take(5)
                out.append(r.take(r.u16()))
            if status == 3:
                return b"".join(out)

    def sync(self, folder, state=None, flags=0xa039 & ~0x2000, extra=7):
        """The stream of a content synchronisation; ${state}: {tag: octets}."""
        h = self.rop(0x70, 0, u8(1), u8(1), u8(1), u16(flags), u16(0), u32(extra), u16(0), handles=[folder, NONE])[1][1]
        for tag, octets in (state or {}).items():
            rops = b"\x75\0\0" + u32(tag) + u32(len(octets)) + b"\x76\0\0" + u32(len(octets)) + octets + b"\x77\0\0"
            self.execute(rops, [h])
        out = self.stream(h)
        self.execute(b"\x01\0\0", [h])
        return out

    def copy(self, folder, ids):
        h = self.rop(0x4b, 0, u8(1), u16(len(ids)), b"".join(u64(i) for i in ids), u8(0), u8(1), handles=[folder, NONE])[1][1]
        return self.stream(h)

    def put(self, folder, octets, size=30000):
        h = self.rop(0x53, 0, u8(1), u8(3), u8(0), handles=[folder, NONE])[1][1]
        for i in range(0, len(octets), size):
            part = octets[i:i + size]
            self.rop(0x54, 0, u16(len(part)), part, handles=[h])
        self.execute(b"\x01\0\0", [h])

    def make_folder(self, parent, name, container):
        rops = b"\x1c\0\0\1" + u8(1) + u8(1) + u8(0) + u8(0) + wire.wide(name) + wire.wide("")
        value = u16(1) + u32(0x3613001f) + wire.wide(container)
        rops += b"\x0a\0\1" + u16(len(value)) + value
        octets, table = self.execute(rops, [parent, NONE])[0]
        r = wire.Reader(octets)
        r.take(2)
        code = r.u32()
        if code:
            raise Problem("rop", code)
        return r.u64(), table[1]

    def disconnect(self):
        self.post("Disconnect", u32(0))
