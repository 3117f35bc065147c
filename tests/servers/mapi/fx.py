"""FastTransfer streams, MS-OXCFXICS 2.2.4: a lexer, messages as plain objects, and these as octets again. Part of fakemapi.py."""
import struct

START_MESSAGE, START_FAI, END_MESSAGE = 0x400c0003, 0x40100003, 0x400d0003
START_RECIPIENT, END_RECIPIENT = 0x40030003, 0x40040003
NEW_ATTACHMENT, END_ATTACHMENT = 0x40000003, 0x400e0003
START_EMBED, END_EMBED = 0x40010003, 0x40020003
SYNC_CHANGE, SYNC_PARTIAL, SYNC_MESSAGE, SYNC_DELETED, SYNC_READ, SYNC_END = 0x40120003, 0x407d0003, 0x40150003, 0x40130003, 0x402f0003, 0x40140003
STATE_BEGIN, STATE_END = 0x403a0003, 0x403b0003
PROGRESS_MODE, PROGRESS_ITEM, GROUP_INFO, ERROR_INFO = 0x4074000b, 0x4075000b, 0x407b0102, 0x40180003
FOLDER_MARKERS = {0x40090003, 0x400a0003, 0x400b0003}
MARKERS = {START_MESSAGE, START_FAI, END_MESSAGE, START_RECIPIENT, END_RECIPIENT, NEW_ATTACHMENT, END_ATTACHMENT, START_EMBED, END_EMBED,
           SYNC_CHANGE, SYNC_PARTIAL, SYNC_MESSAGE, SYNC_DELETED, SYNC_READ, SYNC_END, STATE_BEGIN, STATE_END, PROGRESS_MODE, PROGRESS_ITEM, GROUP_INFO,
           ERROR_INFO} | FOLDER_MARKERS
FIXED = {0x2: 2, 0xb: 2, 0x3: 4, 0x4: 4, 0xa: 4, 0x5: 8, 0x6: 8, 0x7: 8, 0x14: 8, 0x40: 8, 0x48: 16}
LONG = {0xd, 0x1e, 0x1f, 0xfb, 0xfd, 0xfe, 0x102}
SEVERAL = 0x1000
IDSET_GIVEN = 0x40170003  # its type says a number, its octets are binary: 2.2.1.1.1
PROGRESS_VALUE = 0x00000102


class Malformed(Exception):
    """The octets are no FastTransfer stream."""


class Short(Malformed):
    """They end too early."""


class Property:
    __slots__ = ("tag", "name", "value")

    def __init__(self, tag, value, name=None):
        self.tag, self.value, self.name = tag, value, name

    @property
    def kind(self):
        kind = self.tag & 0xffff
        return 0x1e if kind & 0x8000 else kind

    @property
    def number(self):
        return self.tag >> 16

    def __repr__(self):
        return "%08x%s=%r" % (self.tag, " %s" % (self.name,) if self.name else "", self.value[:24])


class Lexer:
    """What is next in octets: a marker (int) or a property; None at the end."""

    def __init__(self, octets, at=0):
        self.octets, self.at = octets, at

    def take(self, n):
        if self.at + n > len(self.octets):
            raise Short("%d octets at %d of %d" % (n, self.at, len(self.octets)))
        self.at += n
        return self.octets[self.at - n:self.at]

    def u32(self):
        return struct.unpack("<I", self.take(4))[0]

    def peek(self):
        return struct.unpack_from("<I", self.octets, self.at)[0] if self.at + 4 <= len(self.octets) else None

    def name(self):
        guid, kind = self.take(16), self.take(1)[0]
        if kind == 0:
            return guid, self.u32()
        if kind != 1:
            raise Malformed("a name of kind %d at %d" % (kind, self.at))
        text = b""
        while (c := self.take(2)) != b"\0\0":
            text += c
        return guid, text.decode("utf-16-le")

    def one(self, kind):
        if kind in FIXED:
            return self.take(FIXED[kind])
        if kind not in LONG:
            raise Malformed("a property of type %04x at %d" % (kind, self.at))
        return self.take(self.u32())

    def next(self):
        if self.at == len(self.octets):
            return None
        tag = self.u32()
        if tag in MARKERS:
            return tag
        name = self.name() if tag >> 16 >= 0x8000 else None
        kind = tag & 0xffff
        if tag == IDSET_GIVEN:
            kind = 0x102
        elif kind & 0x8000:
            kind = 0x1e
        start = self.at
        if kind & SEVERAL:
            for _ in range(self.u32()):
                self.one(kind & ~SEVERAL)
            return Property(tag, self.octets[start:self.at], name)
        return Property(tag, self.one(kind), name)


class Bag:
    """A message: its properties, recipients (lists of properties), attachments (properties and a Bag or None)."""

    def __init__(self):
        self.props, self.recipients, self.attachments = [], [], []

    def find(self, number, kind=None):
        for p in self.props:
            if p.name is None and p.number == number and (kind is None or p.kind == kind):
                return p
        return None

    def named(self, guid, name):
        for p in self.props:
            if p.name == (guid, name):
                return p
        return None

    def text(self, number):
        p = self.find(number)
        return text_of(p) if p else ""

    def number_of(self, number, default=0):
        p = self.find(number)
        return int.from_bytes(p.value, "little") if p else default


def text_of(p):
    if p.kind == 0x1f:
        return p.value.decode("utf-16-le", "replace").rstrip("\0")
    return p.value.decode("cp1252", "replace").rstrip("\0")


def properties(lexer):
    out = []
    while (tag := lexer.peek()) is not None and tag not in MARKERS:
        out.append(lexer.next())
    return out


def expect(lexer, marker):
    got = lexer.next()
    if got != marker:
        raise (Short if got is None else Malformed)("%08x expected at %d, not %r" % (marker, lexer.at, got))


def content(lexer, depth=0):
    """propList messageChildren."""
    if depth > 200:
        raise Malformed("too deep")
    bag = Bag()
    bag.props = properties(lexer)
    while lexer.peek() == START_RECIPIENT:
        lexer.next()
        bag.recipients.append(properties(lexer))
        expect(lexer, END_RECIPIENT)
    while lexer.peek() == NEW_ATTACHMENT:
        lexer.next()
        props, inner = properties(lexer), None
        if lexer.peek() == START_EMBED:
            lexer.next()
            inner = content(lexer, depth + 1)
            expect(lexer, END_EMBED)
        expect(lexer, END_ATTACHMENT)
        bag.attachments.append((props, inner))
    return bag


def messages(octets):
    """[(is it associated, Bag)] of a messageList."""
    lexer, out = Lexer(octets), []
    while (m := lexer.next()) is not None:
        if m not in (START_MESSAGE, START_FAI):
            raise Malformed("a message expected at %d, not %r" % (lexer.at, m))
        bag = content(lexer)
        expect(lexer, END_MESSAGE)
        out.append((m == START_FAI, bag))
    return out


# ---- as octets ----

def marker(which):
    return struct.pack("<I", which)


def prop(tag, value, name=None):
    """One property; ${value} is as in Property."""
    out = struct.pack("<I", tag)
    if name:
        guid, what = name
        out += guid + (b"\0" + struct.pack("<I", what) if isinstance(what, int) else b"\1" + what.encode("utf-16-le") + b"\0\0")
    kind = tag & 0xffff
    if tag == IDSET_GIVEN:
        kind = 0x102
    elif kind & 0x8000:
        kind = 0x1e
    if kind & SEVERAL or kind in FIXED:
        return out + value
    return out + struct.pack("<I", len(value)) + value


def props(some):
    return b"".join(prop(p.tag, p.value, p.name) for p in some)


def number(tag, value):
    """A property that is a number of 2, 4 or 8 octets."""
    return prop(tag, (value & (1 << 8 * FIXED[tag & 0xffff]) - 1).to_bytes(FIXED[tag & 0xffff], "little"))


def text(tag, value):
    return prop(tag, (value + "\0").encode("utf-16-le" if tag & 0xffff == 0x1f else "cp1252", "replace"))


def body(bag):
    """propList messageChildren of a Bag."""
    out = [props(bag.props)]
    for r in bag.recipients:
        out += [marker(START_RECIPIENT), props(r), marker(END_RECIPIENT)]
    for some, inner in bag.attachments:
        out += [marker(NEW_ATTACHMENT), props(some)]
        if inner:
            out += [marker(START_EMBED), body(inner), marker(END_EMBED)]
        out.append(marker(END_ATTACHMENT))
    return b"".join(out)


def message(bag, associated=False):
    return marker(START_FAI if associated else START_MESSAGE) + body(bag) + marker(END_MESSAGE)


def children_at(octets):
    """Where, in messageContent, the children begin."""
    lexer = Lexer(octets)
    properties(lexer)
    return lexer.at
