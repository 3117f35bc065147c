"""The ROPs that a source and a target use, MS-OXCROPS 2.2, and those that would change a mailbox, which are carried out and logged. Part of fakemapi.py."""
from mapi import fx, ics, wire
from mapi.wire import u8, u16, u32, u64

OK, BUSY, NOT_FOUND, NO_SUPPORT, NULL_OBJECT, DUPLICATE, NO_ACCESS, FORMAT, WRONG_SERVER, QUOTA = (
    0, 0x480, 0x8004010f, 0x80040102, 0x4b9, 0x80040604, 0x80070005, 0x4ed, 0x478, 0x4d9)
INVALID, ABORT, NO_MEMORY, BAD_HANDLE = 0x80070057, 0x80004005, 0x8007000e, 0x4b9
NONE = 0xffffffff
ERROR, PARTIAL, NO_ROOM, DONE = 0, 1, 2, 3
BABE = 0xbabe
PAYLOAD = 0x7ff0  # octets of the largest payload, MS-OXCRPC 3.1.4.2.1.2
LEAST = 0x2000  # a chained answer needs this much room
NAMES = {0x01: "Release", 0x02: "OpenFolder", 0x03: "OpenMessage", 0x04: "GetHierarchyTable", 0x05: "GetContentsTable", 0x06: "CreateMessage",
         0x07: "GetPropertiesSpecific", 0x08: "GetPropertiesAll", 0x09: "GetPropertiesList", 0x0a: "SetProperties", 0x0b: "DeleteProperties",
         0x0c: "SaveChangesMessage", 0x11: "SetMessageReadFlag", 0x12: "SetColumns", 0x13: "SortTable", 0x14: "Restrict", 0x15: "QueryRows",
         0x17: "QueryPosition", 0x18: "SeekRow", 0x1c: "CreateFolder", 0x1d: "DeleteFolder", 0x1e: "DeleteMessages", 0x32: "SubmitMessage",
         0x33: "MoveCopyMessages", 0x43: "LongTermIdFromId", 0x44: "IdFromLongTermId", 0x4a: "TransportSend", 0x4b: "FastTransferSourceCopyMessages",
         0x4c: "FastTransferSourceCopyFolder", 0x4d: "FastTransferSourceCopyTo", 0x4e: "FastTransferSourceGetBuffer",
         0x53: "FastTransferDestinationConfigure", 0x54: "FastTransferDestinationPutBuffer", 0x55: "GetNamesFromPropertyIds",
         0x56: "GetPropertyIdsFromNames", 0x58: "EmptyFolder", 0x66: "SetReadFlags", 0x70: "SynchronizationConfigure",
         0x72: "SynchronizationImportMessageChange", 0x74: "SynchronizationImportDeletes", 0x75: "SynchronizationUploadStateStreamBegin",
         0x76: "SynchronizationUploadStateStreamContinue", 0x77: "SynchronizationUploadStateStreamEnd", 0x78: "SynchronizationImportMessageMove",
         0x7b: "GetStoreState", 0x7e: "SynchronizationOpenCollector", 0x7f: "GetLocalReplicaIds", 0x80: "SynchronizationImportReadStateChanges",
         0x82: "SynchronizationGetTransferState", 0x91: "HardDeleteMessages", 0x92: "HardDeleteMessagesAndSubfolders",
         0x9d: "FastTransferDestinationPutBufferExtended", 0xfe: "Logon"}
CHANGES = {0x06, 0x0a, 0x0b, 0x0c, 0x11, 0x1c, 0x1d, 0x1e, 0x32, 0x33, 0x4a, 0x53, 0x54, 0x58, 0x66, 0x72, 0x74, 0x78, 0x7e, 0x7f, 0x80, 0x91, 0x92, 0x9d}


class Refused(Exception):
    def __init__(self, code, more=b""):
        self.code, self.more = code, more


class TooSmall(Exception):
    """The answer does not fit: RopBufferTooSmall."""


class Logon:
    def __init__(self, store):
        self.store = store


class OpenFolder:
    def __init__(self, store, folder):
        self.store, self.folder = store, folder


class OpenMessage:
    def __init__(self, store, message):
        self.store, self.message = store, message


class Table:
    def __init__(self, store, rows):
        self.store, self.rows, self.at, self.columns = store, rows, 0, []


class Download:
    """A FastTransfer stream that goes out; ${make} gives it in pieces."""

    def __init__(self, store, folder, kind):
        self.store, self.folder, self.kind = store, folder, kind
        self.pieces, self.buffer, self.at, self.done, self.total, self.ended = None, b"", 0, 0, 1, False
        self.flags = self.extra = 0
        self.ids, self.change = [], 0
        self.state, self.state_tag, self.state_octets = {}, None, b""

    def fill(self, n):
        while len(self.buffer) - self.at < n and not self.ended:
            try:
                self.buffer, self.at = self.buffer[self.at:] + next(self.pieces), 0
            except StopIteration:
                self.ended = True

    def take(self, n):
        self.fill(n + 1)
        out = self.buffer[self.at:self.at + n]
        self.at += len(out)
        return out, self.at == len(self.buffer) and self.ended


class Upload:
    def __init__(self, store, folder, operation):
        self.store, self.folder, self.operation, self.octets, self.taken = store, folder, operation, bytearray(), 0


class Context:
    """A session: its handles and what it has logged on to."""

    def __init__(self, server):
        self.server, self.handles, self.next = server, {}, 0
        self.logons = {}

    def put(self, thing):
        handle = self.next
        self.next += 1
        self.handles[handle] = thing
        return handle

    # ---- one request ----

    def execute(self, payload, chain, room):
        """The payloads that answer one payload."""
        r = wire.Reader(payload)
        size = r.u16()
        rops = wire.Reader(r.take(size - 2))
        table = [r.u32() for _ in range(r.left() // 4)]
        out, last = [], None
        body, repeat = self.run(rops, table, min(room, PAYLOAD))
        out.append(self.payload(body, table))
        room -= len(out[0]) + 8
        while chain and repeat and room >= LEAST and len(out) < 96:
            last = repeat(min(room - 8, PAYLOAD) - 4 * len(table) - 2)
            if last is None:
                break
            more, repeat = last
            out.append(self.payload(more, table))
            room -= len(out[-1]) + 8
        return out

    def payload(self, body, table):
        return u16(len(body) + 2) + body + b"".join(u32(h) for h in table)

    def run(self, r, table, room):
        out, repeat = b"", None
        while r.left():
            start = r.at
            rop = r.u8()
            try:
                answer, repeat = self.one(rop, r, table, room - len(out) - 4 * len(table) - 2)
            except TooSmall:
                out += b"\xff" + u16(PAYLOAD) + r.octets[start:]
                break
            if answer is None:
                out += self.server.unknown_rop(rop)
                break
            self.server.note_rop(self, rop, r.octets[start:r.at], answer)
            out += self.server.rop_answer(self, rop, answer)
        return out, repeat

    def one(self, rop, r, table, room):
        """(answer, how it may be repeated or None)."""
        logon = r.u8()
        self.logon_id = logon
        self.table, self.room, self.repeat = table, room, None
        index = r.u8()
        self.index = index
        work = getattr(self, "rop_%02x" % rop, None)
        if not work:
            return None, None
        self.out_index = index
        try:
            body = work(r)
            if body is None:
                return b"", None
            return u8(rop) + u8(self.out_index) + u32(OK) + body, self.repeat
        except Refused as e:
            return u8(rop) + u8(self.out_index) + u32(e.code) + e.more, None

    # ---- handles ----

    def handle(self, kind=None):
        h = self.table[self.index] if self.index < len(self.table) else NONE
        thing = self.handles.get(h)
        if thing is None or kind and not isinstance(thing, kind):
            raise Refused(NULL_OBJECT)
        return thing

    def store(self):
        return self.handle().store

    def output(self, r):
        """The index of the handle that comes out; what is refused is answered with it."""
        self.out_index = r.u8()

    def give(self, thing):
        while self.out_index >= len(self.table):
            raise Refused(BAD_HANDLE)
        self.table[self.out_index] = self.put(thing)

    # ---- logon and ids ----

    def rop_fe(self, r):
        flags, _open, _state = r.u8(), r.u32(), r.u32()
        essdn = r.take(r.u16()).rstrip(b"\0").decode("latin-1")
        store = self.server.log_on(self, flags, essdn)
        self.logons[self.logon_id] = store
        self.give(Logon(store))
        ids = b"".join(u64(store.wire_id(n)) for n in range(1, 14))
        if store.public:
            return u8(flags) + ids + u16(store.replica_id) + store.replica + bytes(16)
        return u8(flags) + ids + u8(7) + store.guid + u16(store.replica_id) + store.replica + bytes([10, 23, 13, 0, 22, 11]) + u16(2026) + u64(0) + u32(0)

    def rop_01(self, r):
        h = self.table[self.index] if self.index < len(self.table) else NONE
        self.handles.pop(h, None)
        self.server.released(self, h)

    def rop_43(self, r):
        store, i = self.store(), r.take(8)
        if i[:2] != u16(store.replica_id):
            raise Refused(NOT_FOUND)
        return store.replica + i[2:] + bytes(2)

    def rop_44(self, r):
        store, i = self.store(), r.take(24)
        if i[:16] != store.replica:
            raise Refused(NOT_FOUND)
        return u16(store.replica_id) + i[16:22]

    def rop_7b(self, r):
        self.store()
        return u32(0)

    def rop_55(self, r):
        store = self.store()
        out = [store.name_ids.get(r.u16()) for _ in range(r.u16())]
        return u16(len(out)) + b"".join(self.server.property_name(n) for n in out)

    def rop_56(self, r):
        store, make, out = self.store(), r.u8() & 2, b""
        n = r.u16()
        for _ in range(n):
            kind, guid = r.u8(), r.take(16)
            out += u16(store.property_id((guid, r.u32() if kind == 0 else r.take(r.u8()).decode("utf-16-le").rstrip("\0")), make))
        return u16(n) + out

    # ---- folders ----

    def folder_by_id(self, store, wire_id):
        f = store.folders.get(store.counter_of(wire_id))
        if not f:
            raise Refused(NOT_FOUND)
        return f

    def rop_02(self, r):
        self.output(r)
        wire_id, _mode = r.u64(), r.u8()
        store = self.store()
        self.give(OpenFolder(store, self.server.open_folder(self, self.folder_by_id(store, wire_id))))
        return b"\0\0"

    def rop_04(self, r):
        self.output(r)
        flags, o = r.u8(), self.handle(OpenFolder)
        rows = self.server.hierarchy(o.store, o.folder, bool(flags & 4))
        self.give(Table(o.store, rows))
        return u32(self.server.row_count(len(rows)))

    def rop_05(self, r):
        self.output(r)
        flags, o = r.u8(), self.handle(OpenFolder)
        rows = self.server.contents(o.store, o.folder, bool(flags & 2))
        self.give(Table(o.store, rows))
        return u32(self.server.row_count(len(rows)))

    def rop_12(self, r):
        r.u8()
        tags = [r.u32() for _ in range(r.u16())]
        self.handle(Table).columns = tags
        return b"\0"

    def rop_13(self, r):
        r.u8()
        n = r.u16()
        r.take(4)
        r.take(5 * n)
        self.handle(Table)
        return b"\0"

    def rop_14(self, r):
        r.u8()
        r.take(r.u16())
        self.handle(Table)
        return b"\0"

    def rop_17(self, r):
        t = self.handle(Table)
        return u32(t.at) + u32(len(t.rows))

    def rop_18(self, r):
        origin, count, want = r.u8(), int.from_bytes(r.take(4), "little", signed=True), r.u8()
        t = self.handle(Table)
        start = {0: 0, 1: t.at, 2: len(t.rows)}[origin]
        at = max(0, min(len(t.rows), start + count))
        t.at = at
        return u8(want and start + count != at) + u32(at - start if want else 0)

    def rop_15(self, r):
        flags, forward, count = r.u8(), r.u8(), r.u16()
        t = self.handle(Table)
        if not t.columns:
            raise Refused(NULL_OBJECT)
        self.server.may_query(t)
        return self.rows(t, flags, forward, count, self.room - 9)

    def rows(self, t, flags, forward, count, room):
        out, n, at, end = b"", 0, t.at, len(t.rows)
        count = min(count, self.server.rows_at_once)
        while n < count and (at < end if forward else at > 0):
            one = self.server.row(t, t.rows[at if forward else at - 1])
            if len(out) + len(one) > room:
                break
            out += one
            n += 1
            at += 1 if forward else -1
        if n == 0 and 0 < count and (at < end if forward else at > 0):
            raise TooSmall()
        if not flags & 1:
            t.at = at
        index = self.out_index

        def again(more):
            if at == end and forward:
                return None
            try:
                return u8(0x15) + u8(index) + u32(OK) + self.rows(t, flags, forward, count, more - 9), self.repeat
            except TooSmall:
                return None
        self.repeat = again if forward and not flags & 1 and at < end else None
        return u8(2 if at == end else 1 if at else 0) + u16(n) + out

    def rop_1c(self, r):
        self.output(r)
        kind, unicode, existing, _ = r.u8(), r.u8(), r.u8(), r.u8()
        text = r.wide if unicode else r.asciiz
        name, _comment = text(), text()
        o = self.handle(OpenFolder)
        f, old = self.server.create_folder(self, o, kind, name, existing)
        self.give(OpenFolder(o.store, f))
        return u64(o.store.wire_id(f.counter)) + u8(old) + (b"\0\0" if old else b"")

    def rop_1d(self, r):
        _flags, wire_id = r.u8(), r.u64()
        o = self.handle(OpenFolder)
        del o.store.folders[self.folder_by_id(o.store, wire_id).counter]
        return b"\0"

    # ---- properties ----

    def rop_03(self, r):
        self.output(r)
        _page, folder, _mode, message = r.u16(), r.u64(), r.u8(), r.u64()
        store = self.store()
        m = self.folder_by_id(store, folder).messages.get(store.counter_of(message))
        if not m:
            raise Refused(NOT_FOUND)
        self.give(OpenMessage(store, m))
        return u8(any(p.name for p in m.bag.props)) + b"\1\4" + wire.wide(m.bag.text(0x37)) + u16(len(m.bag.recipients)) + u16(0) + u8(0)

    def values(self, o):
        return self.server.folder_values(o.store, o.folder) if isinstance(o, OpenFolder) else self.server.store_values(o.store) if isinstance(o, Logon) else \
            self.server.message_values(o.store, o.message, True)

    def rop_07(self, r):
        limit, _unicode = r.u16(), r.u16()
        tags = [r.u32() for _ in range(r.u16())]
        return wire.row(tags, self.values(self.handle()), limit or None)

    def rop_08(self, r):
        r.take(4)
        values = self.values(self.handle())
        return u16(len(values)) + b"".join(u32(t) + wire.value(t, v) for t, v in values.items())

    def rop_09(self, r):
        values = self.values(self.handle())
        return u16(len(values)) + b"".join(u32(t) for t in values)

    def rop_0a(self, r):
        r = wire.Reader(r.take(r.u16()))
        values = {}
        for _ in range(r.u16()):
            tag = r.u32()
            values[tag] = wire.read_value(r, tag)
        self.server.set_properties(self, self.handle(), values)
        return u16(0)

    def rop_0b(self, r):
        [r.u32() for _ in range(r.u16())]
        self.handle()
        return u16(0)

    # ---- FastTransfer, downwards ----

    def rop_70(self, r):
        self.output(r)
        kind, options, flags, restriction = r.u8(), r.u8(), r.u16(), r.u16()
        r.take(restriction)
        extra = r.u32()
        [r.u32() for _ in range(r.u16())]
        o = self.handle(OpenFolder)
        self.server.may_sync(self, o, kind, options, flags)
        d = Download(o.store, o.folder, "sync")
        d.flags, d.extra = flags, extra
        self.give(d)
        return b""

    def rop_75(self, r):
        tag, _size = r.u32(), r.u32()
        d = self.handle(Download)
        if d.state_tag is not None or d.pieces:
            raise Refused(ABORT)
        d.state_tag, d.state_octets = tag, b""
        return b""

    def rop_76(self, r):
        octets = r.take(r.u32())
        d = self.handle(Download)
        if d.state_tag is None:
            raise Refused(ABORT)
        d.state_octets += octets
        return b""

    def rop_77(self, r):
        d = self.handle(Download)
        if d.state_tag is None:
            raise Refused(ABORT)
        try:
            d.state[d.state_tag >> 16] = self.server.take_state(d, d.state_tag, d.state_octets)
        except (ValueError, IndexError):
            raise Refused(FORMAT)
        d.state_tag = None
        return b""

    def rop_82(self, r):
        self.output(r)
        d = self.handle(Download)
        out = Download(d.store, d.folder, "state")
        out.pieces = iter([self.server.state_stream(d)])
        self.give(out)
        return b""

    def rop_4b(self, r):
        self.output(r)
        ids = [r.u64() for _ in range(r.u16())]
        r.take(2)
        o = self.handle(OpenFolder)
        d = Download(o.store, o.folder, "copy")
        d.pieces = self.server.copy_stream(d, ids)
        d.total = len(ids)
        self.give(d)
        return b""

    def rop_4e(self, r):
        size, most = r.u16(), PAYLOAD
        if size == BABE:
            most = r.u16()
        d = self.handle(Download)
        if d.pieces is None:
            d.pieces = self.server.sync_stream(d)
        if size != BABE and size + 15 > self.room:
            raise TooSmall()
        return self.buffer(d, min(most, self.room - 15) if size == BABE else size, most)

    def buffer(self, d, n, most):
        code, status, done, total, octets, more = self.server.get_buffer(self, d, max(n, 0))
        body = u16(status) + u16(done & 0xffff) + u16(total & 0xffff) + b"\0" + u16(len(octets)) + more + octets
        index = self.out_index
        if code:
            raise Refused(code, body)

        def again(room):
            self.out_index = index
            try:
                return u8(0x4e) + u8(index) + u32(OK) + self.buffer(d, min(most, room - 15), most), self.repeat
            except Refused as e:
                return u8(0x4e) + u8(index) + u32(e.code) + e.more, None
        self.repeat = again if status in (PARTIAL, NO_ROOM) else None
        return body

    # ---- FastTransfer, upwards ----

    def rop_53(self, r):
        self.output(r)
        operation, _flags = r.u8(), r.u8()
        o = self.handle(OpenFolder)
        self.server.may_upload(self, o, operation)
        self.give(Upload(o.store, o.folder, operation))
        return b""

    def rop_54(self, r, counts=u16):
        octets = r.take(r.u16())
        up = self.handle(Upload)
        code, used = self.server.put_buffer(self, up, octets)
        body = u16(0) + counts(0) + counts(1) + b"\0" + u16(used)
        if code:
            raise Refused(code, body)
        return body

    def rop_9d(self, r):
        return self.rop_54(r, u32)

    # ---- what changes a mailbox, and no source asks for ----

    def rop_1e(self, r):
        r.take(2)
        ids = [r.u64() for _ in range(r.u16())]
        o = self.handle(OpenFolder)
        for i in ids:
            if m := o.folder.messages.get(o.store.counter_of(i)):
                o.store.remove(m)
        return b"\0"

    rop_91 = rop_1e

    def rop_58(self, r):
        r.take(2)
        o = self.handle(OpenFolder)
        for m in list(o.folder.messages.values()):
            o.store.remove(m)
        return b"\0"

    rop_92 = rop_58

    def rop_66(self, r):
        _async, flags = r.u8(), r.u8()
        ids = [r.u64() for _ in range(r.u16())]
        o = self.handle(OpenFolder)
        for i in ids:
            if m := o.folder.messages.get(o.store.counter_of(i)):
                o.store.set_read(m, not flags & 4)
        return b"\0"

    def rop_11(self, r):
        self.index = r.u8()  # the first one is that of the answer
        flags = r.u8()
        o = self.handle(OpenMessage)
        o.store.set_read(o.message, not flags & 4)
        return b"\0"

    def rop_06(self, r):
        self.output(r)
        _page, folder, _fai = r.u16(), r.u64(), r.u8()
        store = self.store()
        m = store.add(self.folder_by_id(store, folder), b"")
        self.give(OpenMessage(store, m))
        return b"\0"

    def rop_0c(self, r):
        self.index = r.u8()
        r.u8()
        o = self.handle(OpenMessage)
        o.store.touch(o.message)
        return u8(self.index) + u64(o.store.wire_id(o.message.counter))

    def rop_32(self, r):
        r.u8()
        self.handle()
        return b""

    def rop_4a(self, r):
        self.handle()
        return b"\1"
