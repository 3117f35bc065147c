"""Objects of the kind mapi: a message of FastTransfer in its one form, as docs/FORMAT.md has it. For reader.py."""
import struct

from reader_members import must

START, END = 0x400c0003, 0x400d0003
START_RECIPIENT, END_RECIPIENT = 0x40030003, 0x40040003
NEW_ATTACHMENT, END_ATTACHMENT = 0x40000003, 0x400e0003
START_EMBED, END_EMBED = 0x40010003, 0x40020003
MARKERS = {START, END, START_RECIPIENT, END_RECIPIENT, NEW_ATTACHMENT, END_ATTACHMENT, START_EMBED, END_EMBED}
FIXED = {0x2: 2, 0xb: 2, 0x3: 4, 0x4: 4, 0xa: 4, 0x5: 8, 0x6: 8, 0x7: 8, 0x14: 8, 0x40: 8, 0x48: 16}
LONG = {0xd, 0x1e, 0x1f, 0xfb, 0xfd, 0xfe, 0x102}
SEVERAL = 0x1000
NUL = {0x1e: b"\0", 0x1f: b"\0\0"}


class Stream:
    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def take(self, n):
        must(self.at + n <= len(self.octets), "a FastTransfer message that ends too early")
        self.at += n
        return self.octets[self.at - n:self.at]

    def number(self, n=4):
        return int.from_bytes(self.take(n), "little")

    def tag(self):
        """What comes next, without taking it; None at the end."""
        return struct.unpack_from("<I", self.octets, self.at)[0] if self.at < len(self.octets) else None

    def marker(self, which):
        must(self.number() == which, "the marker %08x is missing at %d", which, self.at)


def name(s):
    """What a named property is sorted by."""
    guid, kind = s.take(16), s.number(1)
    must(kind in (0, 1), "a name of kind %d", kind)
    if kind == 0:
        return guid, 0, s.number(), b""
    text = b""
    while (c := s.take(2)) != b"\0\0":
        text += c
    return guid, 1, 0, text.decode("utf-16-le").encode()


def text_value(kind, value):
    must(value.endswith(NUL[kind]), "a text without its NUL")
    return value


def one_value(s, kind):
    value = s.take(FIXED[kind]) if kind in FIXED else s.take(s.number())
    return text_value(kind, value) if kind in NUL else value


def properties(s, first=None):
    """[(id or None, name or None, type, value)], in their order. ${first}: the id that comes first."""
    out, keys, named = [], [], 0
    while s.tag() is not None and s.tag() not in MARKERS:
        kind, number = s.number(2), s.number(2)
        page = kind & 0x8000
        kind = 0x1e if page else kind
        must(kind & ~SEVERAL in FIXED or kind & ~SEVERAL in LONG, "a property of type %04x", kind)
        who = None
        if number >= 0x8000:
            must(number == 0x8000 + named % 0x7fff, "the id %04x of a named property", number)
            named += 1
            who = name(s)
        value = [one_value(s, kind & ~SEVERAL) for _ in range(s.number())] if kind & SEVERAL else one_value(s, kind)
        if first is not None and not out:
            must(number == first and kind == 3, "a part that does not begin with its number")
        else:
            keys.append((1, who, kind) if who else (0, number, kind))
        out.append((None if who else number, who, kind, value))
    must(first is None or out, "a part without its number")
    must(keys == sorted(set(keys)), "properties out of order, or twice")
    return out


def content(s):
    properties(s)
    while s.tag() == START_RECIPIENT:
        s.marker(START_RECIPIENT)
        properties(s, 0x3000)
        s.marker(END_RECIPIENT)
    while s.tag() == NEW_ATTACHMENT:
        s.marker(NEW_ATTACHMENT)
        properties(s, 0x0e21)
        if s.tag() == START_EMBED:
            s.marker(START_EMBED)
            content(s)
            s.marker(END_EMBED)
        s.marker(END_ATTACHMENT)


def check_mapi(octets):
    """Is it one message, in the one form that it has?"""
    s = Stream(octets)
    s.marker(START)
    content(s)
    s.marker(END)
    must(s.at == len(octets), "octets behind a FastTransfer message")
