"""Quirks of FastTransfer streams and synchronisations. What each of them must come to: tests/e2e/94-mapi-cases.py."""
import struct

from fakemapi import Cut, FakeMapi
from mapi import fx, ics, items, rops, wire
from mapi.wire import u16, u32
from mapicases_wire import Case, bag_octets


class Buffers(Case):
    """Buffers of 1 to 13 octets: they end within markers, properties, UTF-16."""
    name = "buffers-tiny"
    source = "MS-OXCFXICS 2.2.4.1"
    turn = 0

    def get_buffer(self, context, d, n):
        self.turn = self.turn % 13 + 1
        return super().get_buffer(context, d, min(n, self.turn if d.done < 2 else 4000 + self.turn))


class BuffersOdd(Case):
    """Buffers of 4,099 octets, which end anywhere; the last one is empty."""
    name = "buffers-odd-last-empty"
    source = "MS-OXCFXICS 2.2.3.1.1.5.2: Done may come with no octets"

    def get_buffer(self, context, d, n):
        if d.__dict__.get("over"):
            return 0, rops.DONE, d.done, d.total, b"", b""
        code, status, done, total, octets, more = super().get_buffer(context, d, min(n, 4099))
        d.over = status == rops.DONE
        return code, rops.PARTIAL, done, total, octets, more


class BuffersEmpty(Case):
    """Every second buffer has no octets."""
    name = "buffers-empty-in-between"
    source = "MS-OXCFXICS 3.2.5.8.1.5: a server may return fewer octets"
    turn = 0

    def get_buffer(self, context, d, n):
        self.turn += 1
        return (0, rops.PARTIAL, d.done, d.total, b"", b"") if self.turn % 2 else super().get_buffer(context, d, n)


class BuffersEmptyForEver(Case):
    """One folder's stream has no octets, for ever."""
    name = "buffers-empty-for-ever"
    source = "robustness"
    code, says = 3, "Calendar"
    lost = ("Lunch", "Dinner")

    def get_buffer(self, context, d, n):
        return (0, rops.PARTIAL, 0, 1, b"", b"") if d.folder.use == "calendar" else super().get_buffer(context, d, n)

    def check(self):
        assert len(self.requests) < 3000, "%d requests" % len(self.requests)


class NoRoomStatus(Case):
    """TransferStatus NoRoom where Partial is meant."""
    name = "status-no-room"
    source = "MS-OXCFXICS 2.2.3.1.1.5.2, NoRoom"

    def get_buffer(self, context, d, n):
        code, status, *more = super().get_buffer(context, d, min(n, 3000))
        return (code, rops.NO_ROOM if status == rops.PARTIAL else status, *more)


class CountsLie(Case):
    """InProgressCount and TotalStepCount go down, and past the end."""
    name = "step-counts-lie"
    source = "MS-OXCFXICS 2.2.3.1.1.5.2: usable for display only"

    def get_buffer(self, context, d, n):
        code, status, _, _, *more = super().get_buffer(context, d, n)
        return (code, status, 0xffff, 0, *more)


class Failing(Case):
    """A base: Inbox's stream ends with an error behind two messages; by RopFastTransferSourceCopyMessages all of them come."""
    name = "status-error-midway"
    source = "MS-OXCFXICS 2.2.3.1.1.5.2, Error"
    short = False

    def get_buffer(self, context, d, n):
        if d.kind == "sync" and d.folder.use == "inbox" and d.done >= 2:
            return self.error()
        return super().get_buffer(context, d, min(n, 1500) if d.folder.use == "inbox" else n)

    def error(self):
        return rops.ABORT, rops.ERROR, 0, 0, b"", b""


class FailingShort(Failing):
    """The same, where nothing follows ReturnValue."""
    name = "status-error-short"
    source = "gromox: an answer that failed is six octets, whatever its ROP"

    def rop_answer(self, context, rop, answer):
        return answer[:6] if rop == 0x4e and answer[2:6] != bytes(4) else answer


class FailingZero(Failing):
    """TransferStatus Error while ReturnValue is 0."""
    name = "status-error-return-ok"
    source = "robustness"

    def error(self):
        return 0, rops.ERROR, 0, 0, b"", b""


class OneBad(Case):
    """A base: "Inbox 3" cannot be given, by no way; all others can."""
    name = "one-item-unreadable"
    source = "MS-OXCFXICS 2.2.4.3.4: errorInfo"
    code, lost, bad = 3, ("Inbox 3",), "Inbox 3"

    def message_change(self, d, m):
        return self.spoilt(d, m, True) if m.small.get(0x0037001f) == self.bad else super().message_change(d, m)

    def copied(self, d, m):
        return self.spoilt(d, m, False) if m.small.get(0x0037001f) == self.bad else super().copied(d, m)

    def begin(self, d, m, sync):
        return fx.marker(fx.SYNC_CHANGE) + d.store.header(m, d.extra) + fx.marker(fx.SYNC_MESSAGE) if sync else fx.marker(fx.START_MESSAGE)

    def end(self, sync):
        return b"" if sync else fx.marker(fx.END_MESSAGE)

    def spoilt(self, d, m, sync):
        """ExtendedErrorInfo, 2.2.2.10, of that message: GIDs of its folder and itself, each followed by two octets of padding."""
        info = u16(0) + u16(0) + u32(0x80004005) + d.store.xid(d.folder.counter) + u16(0) + d.store.xid(m.counter) + bytes(2 + 24) + u32(0) * 2
        return fx.marker(fx.ERROR_INFO) + fx.prop(fx.PROGRESS_VALUE, info)


class ErrorInfoInside(OneBad):
    """FXErrorInfo in the middle of a message, which is not ended."""
    name = "error-info-inside-a-message"
    source = "MS-OXCFXICS 2.2.4.1: an error may occur anywhere"

    def spoilt(self, d, m, sync):
        return self.begin(d, m, sync) + fx.text(0x001a001f, "IPM.Note") + super().spoilt(d, m, sync)


class ErrorInfoSyncOnly(OneBad):
    """FXErrorInfo in place of an item in a synchronisation; by RopFastTransferSourceCopyMessages it comes."""
    name = "error-info-sync-only"
    source = "MS-OXCFXICS 2.2.4.3.4"
    code, lost = 0, ()

    def copied(self, d, m):
        return FakeMapi.copied(self, d, m)


class ErrorInfoUnknown(OneBad):
    """The ExtendedErrorInfo names no message."""
    name = "error-info-without-ids"
    source = "MS-OXCFXICS 2.2.2.10"
    lost = ("Inbox 3",)

    def spoilt(self, d, m, sync):
        return fx.marker(fx.ERROR_INFO) + fx.prop(fx.PROGRESS_VALUE, b"\1\0")


class Partial(Case):
    """An item comes as IncrSyncChgPartial although nobody asked for that: what is not there must not be taken for deleted."""
    name = "partial-item"
    source = "MS-OXCFXICS 2.2.4.3.13: messageChangePartial"

    def message_change(self, d, m):
        if m.small.get(0x0037001f) != "Inbox 3":
            return super().message_change(d, m)
        group = fx.marker(fx.GROUP_INFO) + fx.prop(fx.PROGRESS_VALUE, u32(1) + u32(0) + u32(1) + u32(1) + u32(0x0037001f))
        part = fx.number(0x407c0003, 1) + fx.marker(fx.SYNC_PARTIAL) + d.store.header(m, d.extra) + fx.number(0x407a0003, 0)
        return group + part + fx.text(0x0037001f, "Half of it")


class UnknownMarker(OneBad):
    """A marker that no specification names is in an item."""
    name = "unknown-marker"
    source = "robustness: MS-OXCFXICS 2.2.4.1.4 has them all"
    code, lost = 3, ("Inbox 3",)

    def spoilt(self, d, m, sync):
        return self.begin(d, m, sync) + fx.text(0x001a001f, "IPM.Note") + fx.marker(0x40990003) + fx.text(0x0037001f, self.bad) + self.end(sync)


class UnknownType(OneBad):
    """A property of a type that nobody knows: where it ends is not to be told."""
    name = "unknown-property-type"
    source = "robustness: MS-OXCDATA 2.11.1"

    def spoilt(self, d, m, sync):
        return self.begin(d, m, sync) + fx.text(0x001a001f, "IPM.Note") + u32(0x66aa00ee) + b"????" + d.store.content(m) + self.end(sync)


class NamelessKind(OneBad):
    """A named property whose kind of name is 0xFF."""
    name = "named-property-without-name"
    source = "MS-OXCDATA 2.6.1: kind FF, no name; not in a FastTransfer stream"

    def spoilt(self, d, m, sync):
        return self.begin(d, m, sync) + fx.text(0x001a001f, "IPM.Note") + u32(0x8005001f) + items.COMMON + b"\xff" + u32(4) + b"a\0\0\0" + self.end(sync)


class LengthLies(OneBad):
    """A property says that it has 4 GB."""
    name = "length-of-4-gigabytes"
    source = "robustness: MS-OXCFXICS 2.2.4.1.1"

    def spoilt(self, d, m, sync):
        return self.begin(d, m, sync) + u32(0x1000001f) + u32(0xfffffffe) + b"x\0" * 50 + self.end(sync)


class CountLies(OneBad):
    """A property of several values says that it has 4 G of them."""
    name = "count-of-4-gigavalues"
    source = "robustness: MS-OXCFXICS 2.2.4.1.1"

    def spoilt(self, d, m, sync):
        return self.begin(d, m, sync) + u32(0x66bb1003) + u32(0xffffffff) + b"x\0" * 50 + self.end(sync)


class SameIdTwice(Case):
    """Named properties have one id for two names, and two ids for one name."""
    name = "named-property-ids-odd"
    source = "stores that were merged; MS-OXCPRPT 3.2.5.10"
    exact_items = False

    def change_content(self, d, m):
        octets = super().change_content(d, m)
        if m.small.get(0x0037001f) == "Inbox 2":
            named = fx.prop(0x8001001f, wire.wide("one"), (items.COMMON, 0x8580)) + fx.prop(0x8001001f, wire.wide("two"), (items.STRINGS, "Two"))
            octets = named + fx.prop(0x8777001f, wire.wide("three"), (items.STRINGS, "Three")) + octets
        return octets


class PropertyTwice(Case):
    """A property stands twice in one item, the second time with another value."""
    name = "property-twice"
    source = "robustness: MS-OXCFXICS 2.2.4.3.20"
    exact_items = False

    def change_content(self, d, m):
        return fx.text(0x1035001f, "<first@fake.example>") + super().change_content(d, m)


class TextsOdd(Case):
    """UTF-16 of an odd number of octets, lone surrogates, no NUL at its end, NULs within; STRING8 without a code page."""
    name = "texts-odd"
    source = "robustness: MS-OXCDATA 2.11.1"
    exact_items = False

    def change_content(self, d, m):
        octets = super().change_content(d, m)
        if m.small.get(0x0037001f) == "Inbox 2":
            octets = (fx.prop(0x6601001f, b"a\0b\0c") + fx.prop(0x6602001f, b"\0\xd8\0\0") + fx.prop(0x6603001f, b"a\0b\0") + fx.prop(0x6604001f, b"a\0\0\0b\0\0\0") +
                      fx.prop(0x6605001f, b"") + fx.prop(0x6606001e, b"\x80\xff\0") + fx.prop(0x660784e4, b"\xd6\0") + octets)
        return octets


class TypesOdd(Case):
    """Booleans of the value 7, an object, a restriction, rules, errors, a GUID, several of each."""
    name = "types-odd"
    source = "MS-OXCDATA 2.11.1"
    exact_items = False

    def change_content(self, d, m):
        octets = super().change_content(d, m)
        if m.small.get(0x0037001f) == "Inbox 2":
            more = fx.number(0x6610000b, 7) + fx.prop(0x6611000d, b"object") + fx.prop(0x661200fd, b"\0\1\2") + fx.prop(0x661300fe, b"\0\0") + fx.number(0x6614000a, 5)
            more += fx.prop(0x66150048, bytes(16)) + fx.prop(0x6616101f, u32(2) + u32(2) + b"\0\0" + u32(0)) + fx.prop(0x66171048, u32(1) + bytes(16))
            octets = more + fx.prop(0x66181102, u32(0)) + fx.number(0x66190014, 1 << 63) + fx.prop(0x661a00fb, b"\1") + octets
        return octets


class EndsEarly(OneBad):
    """The stream of Inbox is Done in the middle of a message."""
    name = "stream-ends-within-a-message"
    source = "robustness"
    code, lost = 0, ()

    def copied(self, d, m):
        return FakeMapi.copied(self, d, m)

    def spoilt(self, d, m, sync):
        d.cut = True
        return self.begin(d, m, sync) + fx.text(0x001a001f, "IPM.Note") + fx.text(0x0037001f, "cut off")

    def sync_stream(self, d):
        for piece in super().sync_stream(d):
            yield piece
            if d.__dict__.get("cut"):
                return


class GoesOn(Case):
    """Octets behind IncrSyncEnd."""
    name = "stream-goes-on"
    source = "robustness"
    code = None

    def sync_stream(self, d):
        yield from super().sync_stream(d)
        yield fx.marker(fx.SYNC_CHANGE) + b"\xff" * 100


class NoState(Case):
    """There is no state at the end of a synchronisation: the next one asks for all of it again, and stores nothing twice."""
    name = "state-missing"
    source = "robustness: MS-OXCFXICS 2.2.4.3.25"

    def state_stream(self, d):
        return b""


class StateHuge(Case):
    """A state of more than a megabyte, which has to come back as it was."""
    name = "state-of-a-megabyte"
    source = "MS-OXCFXICS 2.2.1.1.1: MetaTagIdsetGiven does not compress well"
    more = None

    def state_stream(self, d):
        octets, cls = super().state_stream(d), type(self)
        if cls.more is None:
            cls.more = bytes(range(16)) + ics.globset([(n, n) for n in range(1 << 32, (1 << 32) + 30_000_000, 200)], False)
        if not d.folder.use == "inbox":
            return octets
        lexer, out = fx.Lexer(octets), b""
        while (t := lexer.next()) is not None:
            if not isinstance(t, int) and t.tag == 0x67960102:
                t.value += self.more
            out += fx.marker(t) if isinstance(t, int) else fx.props([t])
        return out

    def take_state(self, d, tag, octets):
        if d.folder.use == "inbox" and tag == 0x67960102:
            self.huge = len(octets)
            octets = octets[:16 + 16]
            return ics.IdSet().add(d.store.replica, 1, d.store.change) if self.huge > 1_000_000 else ics.parse(octets)
        return super().take_state(d, tag, octets)

    def check(self):
        assert self.__dict__.get("huge", 0) > 1_000_000, "the state did not come back"


class StateRefused(Case):
    """The server refuses the state of the last time: all is synchronised anew, and nothing is doubled or lost."""
    name = "state-refused"
    source = "MS-OXCFXICS 3.2.5.9.2.2: ecFmtError; stores that were restored from a backup"
    refuses = False

    def changed(self):
        self.refuses = True

    def take_state(self, d, tag, octets):
        if self.refuses and octets:
            raise ValueError("no")
        return super().take_state(d, tag, octets)


class StateForgotten(Case):
    """The session that takes a state ends by it, each time a state is uploaded."""
    name = "state-ends-session"
    source = "robustness"
    code, again_code, kills, long = 0, None, False, True

    def changed(self):
        self.kills = True

    def take_state(self, d, tag, octets):
        if self.kills and octets and len(self.requests) < 200:
            self.sessions.clear()
            raise Cut()
        return super().take_state(d, tag, octets)


class SyncDenied(Case):
    """One folder may not be synchronised: ecAccessDenied; nor its contents be listed."""
    name = "sync-no-access"
    source = "MS-OXCFXICS 3.2.5.9.1.1; shared folders"
    code, says, lost = 3, "Calendar", ("Lunch", "Dinner")

    def may_sync(self, context, o, kind, options, flags):
        if o.folder.use == "calendar":
            raise rops.Refused(rops.NO_ACCESS)

    def contents(self, store, folder, associated):
        if folder.use == "calendar":
            raise rops.Refused(rops.NO_ACCESS)
        return super().contents(store, folder, associated)


class SyncUnsupported(Case):
    """No folder can be synchronised: ecNotSupported; by lists and RopFastTransferSourceCopyMessages all of it comes."""
    name = "sync-not-supported"
    source = "servers without ICS; MS-OXCROPS 2.2.13.1"
    again_all = True

    def may_sync(self, context, o, kind, options, flags):
        raise rops.Refused(rops.NO_SUPPORT)


class SyncUnsupportedOne(Case):
    """One folder cannot be synchronised; what it has comes by the other way, and a later change of it, too."""
    name = "sync-not-supported-one"
    source = "public folders; MS-OXCROPS 2.2.13.1"

    def may_sync(self, context, o, kind, options, flags):
        if o.folder.use == "calendar":
            raise rops.Refused(rops.NO_SUPPORT)

    def changed(self):
        self.store.remove(self.find("Dinner"))
        self.store.alter(self.find("Lunch"), bag_octets(items.event("Breakfast", 1)))


class GoneMeanwhile(Case):
    """An item is deleted between the list of contents and the request for it."""
    name = "gone-meanwhile"
    source = "other clients"
    alters_itself, code, again_code = True, None, 0  # that it did not come is said

    def may_sync(self, context, o, kind, options, flags):
        raise rops.Refused(rops.NO_SUPPORT)

    def copy_stream(self, d, ids):
        if d.folder.use == "inbox" and self.once():
            self.store.remove(self.find("Inbox 3"))
        return super().copy_stream(d, ids)


class GrowsMeanwhile(Case):
    """An item comes, another one changes, while the folder is synchronised: they come with the next run at the latest."""
    name = "grows-meanwhile"
    source = "other clients"
    alters_itself, late = True, ("Late",)

    def get_buffer(self, context, d, n):
        if d.folder.use == "inbox" and d.done == 2 and self.once():
            self.put("inbox", items.mail("Late", number=77))
        return super().get_buffer(context, d, min(n, 2000))


class Huge(Case):
    """An attachment of 12 MB, and one of no octets."""
    name = "attachment-of-12-megabytes"
    source = "MS-OXCFXICS 1.3.1: one value of any size"

    def populate(self):
        super().populate()
        self.put("inbox", items.attach(items.attach(items.mail("Large", number=50), "large.bin", bytes(range(256)) * 48_000), "empty.bin", b""))


class AttachmentSizes(Case):
    """PidTagAttachSize lies, the number of an attachment stands twice, a method is unknown, data are missing."""
    name = "attachments-odd"
    source = "MS-OXCMSG 2.2.2"
    code = None

    def populate(self):
        super().populate()
        b = items.attach(items.mail("Odd attachments", number=51), "a.bin", b"12345", (0x0e200003, 4_000_000_000))
        items.attach(b, "b.bin", b"67890")
        b.attachments[1][0][0].value = u32(0)
        b.attachments.append((items.part((0x0e210003, u32(2)), (0x37050003, 99), (0x3707001f, "c.bin")), None))
        b.attachments.append((items.part((0x0e210003, u32(3)), (0x37050003, 1), (0x3707001f, "d.bin")), None))
        b.attachments.append((items.part((0x0e210003, u32(4)), (0x37050003, 5)), None))
        self.put("inbox", b)


class Deep(Case):
    """A message in a message, a hundred deep: named, all else comes."""
    name = "embedded-100-deep"
    source = "robustness: MS-OXCFXICS 2.2.4.3.6 has no limit"
    code, lost = 3, ("Deep 100",)

    def populate(self):
        super().populate()
        b = items.mail("innermost", number=100)
        for n in range(100):
            b = items.embed(items.mail("Deep %d" % (n + 1), number=200 + n), b)
        self.put("inbox", b)


class ManyRecipients(Case):
    """An item with 100,000 recipients: named, all else comes."""
    name = "recipients-100000"
    source = "mailing lists; MS-OXCMSG 2.2.3 has no limit"
    code, lost = 3, ("To everybody",)

    def populate(self):
        super().populate()
        one = fx.number(0x0c150003, 1) + fx.text(0x3001001f, "B") + fx.marker(fx.END_RECIPIENT)
        all_of_them = b"".join(struct.pack("<III", fx.START_RECIPIENT, 0x30000003, n) + one for n in range(1, 100_001))
        self.store.add(self.store.by_use("inbox"), bag_octets(items.mail("To everybody", number=52)) + all_of_them)


class ItemTwice(Case):
    """A synchronisation has the same item twice; it is stored once."""
    name = "item-twice-in-a-sync"
    source = "MS-OXCFXICS 3.2.5.9.1: items that change meanwhile"

    def message_change(self, d, m):
        octets = super().message_change(d, m)
        return octets * 2 if m.small.get(0x0037001f) == "Inbox 3" else octets


class SourceKeyTwice(Case):
    """Two items have one source key."""
    name = "source-key-twice"
    source = "stores that were merged; MS-OXCFXICS 2.2.1.2.5"
    code, exact_items, may_miss = None, False, True  # the specification knows an item by that key

    def message_change(self, d, m):
        octets = super().message_change(d, m)
        if m.small.get(0x0037001f) == "Inbox 4":
            octets = octets.replace(fx.prop(0x65e00102, d.store.xid(m.counter)), fx.prop(0x65e00102, d.store.xid(self.find("Inbox 3").counter)))
        return octets


class NoEid(Case):
    """The extra properties that were asked for are not in the header of changes, as of servers that do not know them."""
    name = "header-without-extras"
    source = "MS-OXCFXICS 3.3.5.9.1: clients must look what was honoured"

    def message_change(self, d, m):
        extra, d.extra = d.extra, 0
        try:
            return super().message_change(d, m)
        finally:
            d.extra = extra


class NoSourceKey(OneBad):
    """A change without a source key."""
    name = "header-without-source-key"
    source = "robustness: MS-OXCFXICS 2.2.4.3.11"
    code, lost = None, ()

    def copied(self, d, m):
        return FakeMapi.copied(self, d, m)

    def spoilt(self, d, m, sync):
        head = fx.number(0x30080040, m.modified) + fx.number(0x67aa000b, 0)
        return fx.marker(fx.SYNC_CHANGE) + head + fx.marker(fx.SYNC_MESSAGE) + d.store.content(m)


class UnknownDeleted(Case):
    """Ids are deleted that nobody has had."""
    name = "deleted-unknown"
    source = "MS-OXCFXICS 2.2.1.3.1: it may have ids that the client never got"

    def gone(self, d):
        return [*super().gone(d), 7, 8, 9, 12345678]


class DeletedEverything(Case):
    """The second synchronisation says that all of a folder is deleted, and gives no item: what is in older snapshots stays."""
    name = "deleted-everything"
    source = "servers after a failed migration"
    again_code = None

    def changed(self):
        for m in self.store.by_use("inbox").normal():
            self.store.remove(m)


class IdsetMalformed(Case):
    """The set of deleted ids is none."""
    name = "idset-malformed"
    source = "robustness: MS-OXCFXICS 3.1.5.4"
    again_code = None

    def changed(self):
        self.store.remove(self.find("Inbox 1"))
        self.bad = True

    def deletions(self, d):
        if self.__dict__.get("bad") and self.gone(d):
            return fx.marker(fx.SYNC_DELETED) + fx.prop(0x67e50102, u16(1) + b"\x07\x99\x50\x50\x00")
        return super().deletions(d)


class IdsetHuge(Case):
    """The set of deleted ids has 2^47 of them."""
    name = "idset-of-everything"
    source = "robustness: MS-OXCFXICS 3.1.5.4.3.1.4"

    def deletions(self, d):
        s = ics.IdSet().add(u16(1), 1 << 40, (1 << 47) - 1)
        return fx.marker(fx.SYNC_DELETED) + fx.prop(0x67e50102, s.octets())


class ProgressLies(Case):
    """ProgressInformation promises 4 G of items, and is cut."""
    name = "progress-lies"
    source = "MS-OXCFXICS 2.2.2.7"

    def progress(self, new):
        return fx.marker(fx.PROGRESS_MODE) + fx.prop(fx.PROGRESS_VALUE, u16(9) + bytes(6) + b"\xff" * 20)


class ReadStates(Case):
    """Between the runs flags of items change: no body is fetched again."""
    name = "read-states-alone"
    source = "MS-OXCFXICS 2.2.4.3.20: readStateChanges"
    again = 0

    def changed(self):
        for n in range(3):
            m = self.find("Inbox %d" % (2 * n))
            self.store.set_read(m, not m.read)


class Changes(Case):
    """Between the runs items come, change, go: what is fetched again is just that."""
    name = "changes-between"
    source = "MS-OXCFXICS 3.2.5.3"
    again = 3

    def changed(self):
        self.store.remove(self.find("Inbox 1"))
        self.store.remove(self.find("Dinner"))
        self.store.alter(self.find("Inbox 2"), bag_octets(items.mail("Inbox 2, altered", number=2)))
        self.store.alter(self.find("Lunch"), bag_octets(items.event("Brunch", 1)))
        self.put("inbox", items.mail("New", number=60))


class MovedItem(Case):
    """An item is moved to another folder between the runs: it has another id there, and is gone here."""
    name = "moved-between-folders"
    source = "MS-OXCFXICS 3.2.5.9.4.4"
    again = 1

    def changed(self):
        m = self.find("Inbox 1")
        octets = m.octets
        self.store.remove(m)
        self.store.add(next(f for f in self.store.folders.values() if f.name == "Work"), octets)


class MovedStore(Case):
    """The mailbox lies in another store between the runs: other GUIDs, other ids, the same items. Nothing is doubled."""
    name = "store-moved"
    source = "mailbox moves; MS-OXCSTOR 2.2.1.1.3: ReplGuid"

    def changed(self):
        s = self.store
        s.guid, s.replica = bytes(range(16)), bytes(range(16, 32))
        for f in s.folders.values():
            old, f.messages = list(f.messages.values()), {}
            for m in old:
                m.counter = s.fresh() + 0x5000
                s.touch(m)
                f.messages[m.counter] = m


class StoreReset(Case):
    """The store was put back to an older state between the runs: change numbers begin anew, and are given a second time."""
    name = "store-put-back"
    source = "restores of servers; MS-OXCFXICS 3.1.5.3"
    again_code = None

    def changed(self):
        self.store.change = 3
        self.store.alter(self.find("Inbox 2"), bag_octets(items.mail("Inbox 2, later", number=2)))


class Associated(Case):
    """Folders have associated items, which nobody asked for."""
    name = "associated-items"
    source = "MS-OXCMSG 1.3.2"

    def populate(self):
        super().populate()
        self.put("inbox", items.mail("A rule", number=70), associated=True)
        self.put("inbox", items.mail("A view", number=71), associated=True)


class OddClasses(Case):
    """Items of odd classes among mail: none, one of 5,000 characters, reports, signed mail, rules, a document."""
    name = "classes-odd"
    source = "MS-OXCMSG 2.2.1.3"
    code = None

    def populate(self):
        super().populate()
        for n, c in enumerate(("", "IPM." + "x" * 5000, "REPORT.IPM.Note.NDR", "IPM.Note.SMIME", "IPM.Document.txt", "ipm.note", "IPM", "IPM.Appointment")):
            b = items.mail("Class %d" % n, number=80 + n)
            b.find(0x001a).value = wire.wide(c)
            self.put("inbox", b)
        self.store.add(self.store.by_use("inbox"), b"")


class SearchKeyTwice(Case):
    """Copies: five items that differ in nothing but their ids."""
    name = "copies"
    source = "users; MS-OXCPRPT 2.2.1.9: copies keep PidTagSearchKey"

    def populate(self):
        super().populate()
        self.put("inbox", *(items.mail("Copy", number=90) for _ in range(5)))
        self.put("calendar", *(items.event("Copied", 9) for _ in range(2)))
