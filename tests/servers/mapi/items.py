"""Items put together property by property, in the order of docs/FORMAT.md. Part of fakemapi.py and of tools/genmapi.py."""
import datetime
import struct

from mapi import fx
from mapi.wire import to_fx, u16, u32


def set_of(number):
    """A property set of Outlook, {000620xx-0000-0000-C000-000000000046}."""
    return struct.pack("<IHH", number, 0, 0) + bytes.fromhex("c000000000000046")


ADDRESS, APPOINTMENT, COMMON, TASK, LOG, NOTE = (set_of(n) for n in (0x62004, 0x62002, 0x62008, 0x62003, 0x6200a, 0x6200e))
STRINGS = bytes.fromhex("2903020000000000c000000000000046")
MEETING = bytes.fromhex("90dad86e0b451b1098da00aa003f1305")
ONE_OFF = bytes.fromhex("812b1fa4bea310199d6e00dd010f5402")


def one_off(name, mail):
    """A one-off entry id, MS-OXCDATA 2.2.5.1."""
    return bytes(4) + ONE_OFF + u16(0) + u16(0x9001) + "".join(x + "\0" for x in (name, "SMTP", mail)).encode("utf-16-le")


def filetime(t):
    return int((t - datetime.datetime(1601, 1, 1)).total_seconds()) * 10_000_000


class Item(fx.Bag):
    def put(self, tag, value, name=None):
        self.props.append(fx.Property(tag, to_fx(tag, value), name))
        return self

    def named(self, guid, what, kind, value):
        return self.put(0x80000000 | kind, value, (guid, what))

    def sort(self):
        order(self.props)
        for _, inner in self.attachments:
            if inner:
                inner.sort()
        return self


def order(some):
    """As docs/FORMAT.md has it, with the ids of named properties in their place."""
    def key(p):
        if p.name is None:
            return 0, p.number, p.tag & 0xffff, b"", 0, b"", 0
        guid, what = p.name
        return 1, 0, 0, guid, isinstance(what, str), what.encode() if isinstance(what, str) else struct.pack(">I", what), p.tag & 0xffff
    some.sort(key=key)
    for n, p in enumerate(p for p in some if p.name):
        p.tag = 0x8000 + n << 16 | p.tag & 0xffff


def part(first, *more):
    """Properties of a recipient or attachment: its number first."""
    props = [fx.Property(t, to_fx(t, v)) for t, v in more]
    order(props)
    return [fx.Property(*first)] + props


def mail(subject, text="Hello.\r\n", number=1, flags=1):
    """A message with a recipient."""
    when = filetime(datetime.datetime(2026, 1, 1, 12, 0, number % 60))
    b = Item().put(0x001a001f, "IPM.Note").put(0x0037001f, subject).put(0x0e070003, flags).put(0x1000001f, text).put(0x1035001f, "<%d@fake.example>" % number)
    b.put(0x0042001f, "Ann").put(0x0065001f, "ann@example.org").put(0x0064001f, "SMTP").put(0x0c1a001f, "Ann").put(0x0c1e001f, "SMTP").put(0x0c1f001f, "ann@example.org")
    b.put(0x00390040, when).put(0x0e060040, when).put(0x300b0102, struct.pack("<IIII", number, 0, 0, 0x46414b45))
    b.recipients.append(part((0x30000003, u32(0)), (0x0c150003, 1), (0x3001001f, "Bob"), (0x3002001f, "SMTP"), (0x3003001f, "bob@example.org"), (0x39fe001f, "bob@example.org")))
    return b


def attach(bag, name, data, *more):
    bag.attachments.append((part((0x0e210003, u32(len(bag.attachments))), (0x37010102, data), (0x37050003, 1), (0x3707001f, name), *more), None))
    return bag


def embed(bag, inner):
    bag.attachments.append((part((0x0e210003, u32(len(bag.attachments))), (0x37050003, 5), (0x370b0003, 0xffffffff)), inner))
    return bag


def event(subject, number=1):
    begin = filetime(datetime.datetime(2026, 2, 1 + number % 27, 9))
    uid = bytes.fromhex("040000008200e00074c5b7101a82e008") + bytes(20) + u32(16) + struct.pack("<IIII", number, 1, 2, 3)
    b = Item().put(0x001a001f, "IPM.Appointment").put(0x0037001f, subject).put(0x0e070003, 1).put(0x00600040, begin).put(0x00610040, begin + 36_000_000_000)
    b.named(APPOINTMENT, 0x820d, 0x40, begin).named(APPOINTMENT, 0x820e, 0x40, begin + 36_000_000_000).named(APPOINTMENT, 0x8205, 3, 2).named(MEETING, 3, 0x102, uid)
    return b.named(MEETING, 0x23, 0x102, uid).put(0x300b0102, struct.pack("<IIII", number, 1, 0, 0x46414b45))


def contact(name, number=1):
    b = Item().put(0x001a001f, "IPM.Contact").put(0x0037001f, name).put(0x3001001f, name).put(0x3a11001f, name).put(0x0e070003, 1)
    b.named(ADDRESS, 0x8080, 0x1f, name).named(ADDRESS, 0x8082, 0x1f, "SMTP").named(ADDRESS, 0x8083, 0x1f, "c%d@example.org" % number)
    return b.put(0x300b0102, struct.pack("<IIII", number, 2, 0, 0x46414b45))


def task(subject, number=1):
    b = Item().put(0x001a001f, "IPM.Task").put(0x0037001f, subject).put(0x0e070003, 1).put(0x300b0102, struct.pack("<IIII", number, 3, 0, 0x46414b45))
    return b.named(TASK, 0x8101, 3, 1)
