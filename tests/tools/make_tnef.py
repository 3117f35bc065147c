#!/usr/bin/python3
"""TNEF (MS-OXTNEF) of one kind each, as winmail.dat has it: make_tnef.py DIR writes them all, make_tnef.py CASE one to standard output."""
import os
import struct
import sys
import zlib

MESSAGE, ATTACHMENT = 1, 2
I2, I4, BOOL, OBJECT, S8, W, TIME, BIN, MV = 2, 3, 0xB, 0xD, 0x1E, 0x1F, 0x40, 0x102, 0x1000
FROM, SUBJECT, CLASS, DATE_SENT, STATUS, ID = 0x8000, 0x18004, 0x78008, 0x38005, 0x68007, 0x18009
BODY, PRIORITY, DATA, TITLE, META, MODIFIED = 0x2800C, 0x4800D, 0x6800F, 0x18010, 0x68011, 0x38013
RENDDATA, PROPS, RECIPS, ATTACH, VERSION, CODEPAGE = 0x69002, 0x69003, 0x69004, 0x69005, 0x89006, 0x69007
OWNER, AID, REQUEST, START, END = 0x60000, 0x50008, 0x40009, 0x30006, 0x30007
IID_MESSAGE = bytes.fromhex("0703020000000000c000000000000046")
IID_STORAGE = bytes.fromhex("0b00000000000000c000000000000046")
PUBLIC = bytes.fromhex("2903020000000000c000000000000046")
ADDRESS = bytes.fromhex("0420060000000000c000000000000046")
APPOINTMENT = bytes.fromhex("0220060000000000c000000000000046")
COMMON = bytes.fromhex("0820060000000000c000000000000046")
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(56)


def attr(level, tag, data, checksum=None, length=None):
    checksum = sum(data) & 0xFFFF if checksum is None else checksum
    return struct.pack("<BII", level, tag, len(data) if length is None else length) + data + struct.pack("<H", checksum)


def pad(data):
    return data + bytes(-len(data) % 4)


def counted(data):
    return struct.pack("<I", len(data)) + pad(data)


def octets(kind, value):
    if kind == S8:
        return value + b"\0"
    return value.encode("utf-16-le") + b"\0\0" if kind == W else value


def fixed(kind, value):
    if kind == TIME:
        return struct.pack("<Q", (value + 11644473600) * 10**7)
    return pad(struct.pack("<h" if kind in (I2, BOOL) else "<i", value))


def prop(kind, tag, value, name=None):
    out = struct.pack("<HH", kind, tag)
    if name:
        out += name[0]
        out += struct.pack("<II", 0, name[1]) if isinstance(name[1], int) else struct.pack("<I", 1) + counted(octets(W, name[1]))
    if kind & MV:
        each = [fixed(kind & ~MV, v) if kind & ~MV in (I2, I4, TIME) else counted(octets(kind & ~MV, v)) for v in value]
        return out + struct.pack("<I", len(each)) + b"".join(each)
    if kind in (S8, W, BIN, OBJECT):
        return out + struct.pack("<I", 1) + counted(octets(kind, value))
    return out + fixed(kind, value)


def props(*all_of_them):
    return struct.pack("<I", len(all_of_them)) + b"".join(all_of_them)


def stream(*attributes, kind=b"IPM.Microsoft Mail.Note"):
    head = [attr(MESSAGE, VERSION, struct.pack("<I", 0x10000)), attr(MESSAGE, CODEPAGE, struct.pack("<II", 1252, 0)), attr(MESSAGE, CLASS, kind + b"\0")]
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(head + list(attributes))


def date(*parts):
    return struct.pack("<7H", *parts)


def renddata(kind=1):
    return attr(ATTACHMENT, RENDDATA, struct.pack("<HIHHI", kind, 0xFFFFFFFF, 32, 32, 0))


def attachment(name, data, *more):
    return renddata() + attr(ATTACHMENT, TITLE, name + b"\0") + attr(ATTACHMENT, DATA, data) + b"".join(more)


def lzfu(rtf):
    out = b"".join(b"\0" + rtf[i : i + 8] for i in range(0, len(rtf) - len(rtf) % 8, 8))
    rest = rtf[len(rtf) - len(rtf) % 8 :]
    at = (207 + len(rtf)) % 4096
    out += bytes([1 << len(rest)]) + rest + struct.pack(">H", at << 4)
    return struct.pack("<III", len(out) + 12, len(rtf), 0x75465A4C) + struct.pack("<I", zlib.crc32(out, 0xFFFFFFFF) ^ 0xFFFFFFFF) + out


def person(name, address):
    return struct.pack("<H", len(name) + 1) + name + b"\0" + struct.pack("<H", len(address) + 1) + address + b"\0"


def triples(name, address):
    return struct.pack("<4H", 4, 16 + len(name) + len(address) + 2, len(name) + 1, len(address) + 1) + name + b"\0" + address + b"\0"


RTF_TEXT = rb"{\rtf1\ansi\ansicpg1252\fromtext \deff0{\fonttbl{\f0\fswiss Arial;}}\pard caf\'e9 in RTF\par}"
RTF_HTML = rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\*\htmltag <p>}\htmlrtf {\htmlrtf0 HTML in RTF{\*\htmltag </p>}}}"
SUBJ = attr(MESSAGE, SUBJECT, b"A subject\0")
INNER = stream(
    attr(MESSAGE, SUBJECT, b"The inner one\0"),
    attr(MESSAGE, BODY, b"inner text\0"),
    attachment(b"inner.txt", b"in it\n"),
)
TWO_DEEP = stream(
    attr(MESSAGE, SUBJECT, b"The one between\0"),
    renddata() + attr(ATTACHMENT, ATTACH, props(prop(I4, 0x3705, 5), prop(OBJECT, 0x3701, IID_MESSAGE + INNER))),
)
RECIPIENTS = attr(
    MESSAGE,
    RECIPS,
    struct.pack("<I", 2)
    + props(prop(I4, 0x0C15, 1), prop(W, 0x3001, "Zoë"), prop(S8, 0x3002, b"SMTP"), prop(S8, 0x3003, b"zoe@there.example"))
    + props(prop(I4, 0x0C15, 2), prop(W, 0x3001, "Ada"), prop(W, 0x39FE, "ada@there.example")),
)

CASES = {
    "one-file": lambda: stream(SUBJ, attachment(b"a.txt", b"octets of a\n")),
    "two-files": lambda: stream(SUBJ, attachment(b"a.txt", b"octets of a\n"), attachment(b"b.bin", bytes(range(256)))),
    "body": lambda: stream(SUBJ, attr(MESSAGE, BODY, b"caf\xe9, a text\r\n\0")),
    "rtf": lambda: stream(SUBJ, attr(MESSAGE, PROPS, props(prop(BIN, 0x1009, lzfu(RTF_TEXT))))),
    "rtf-html": lambda: stream(SUBJ, attr(MESSAGE, PROPS, props(prop(BIN, 0x1009, lzfu(RTF_HTML)), prop(BOOL, 0x0E1F, 1)))),
    "html": lambda: stream(SUBJ, attr(MESSAGE, PROPS, props(prop(BIN, 0x1013, b"<p>caf\xe9</p>"), prop(I4, 0x3FDE, 28591)))),
    "data-before-name": lambda: stream(
        SUBJ,
        renddata() + attr(ATTACHMENT, DATA, b"first\n") + attr(ATTACHMENT, TITLE, b"first.txt\0"),
        renddata() + attr(ATTACHMENT, DATA, b"second\n") + attr(ATTACHMENT, TITLE, b"second.txt\0"),
    ),
    "no-renddata": lambda: stream(
        SUBJ,
        attr(ATTACHMENT, DATA, b"first\n") + attr(ATTACHMENT, TITLE, b"first.txt\0"),
        attr(ATTACHMENT, DATA, b"second\n") + attr(ATTACHMENT, TITLE, b"second.txt\0"),
    ),
    "missing-filenames": lambda: stream(
        SUBJ,
        renddata() + attr(ATTACHMENT, DATA, b"nameless\n"),
        renddata() + attr(ATTACHMENT, DATA, b"named below\n") + attr(ATTACHMENT, ATTACH, props(prop(W, 0x3707, "a long name.txt"))),
    ),
    "long-filename": lambda: stream(
        SUBJ, attachment(b"ALONGN~1.TXT", b"long\n", attr(ATTACHMENT, ATTACH, props(prop(S8, 0x3707, b"a long name, caf\xe9.txt"))))
    ),
    "empty-file": lambda: stream(SUBJ, attachment(b"empty", b"")),
    "MAPI_ATTACH_DATA_OBJ": lambda: stream(
        SUBJ, renddata() + attr(ATTACHMENT, ATTACH, props(prop(OBJECT, 0x3701, IID_MESSAGE + INNER), prop(W, 0x3001, "The inner one")))
    ),
    "two-deep": lambda: stream(SUBJ, renddata() + attr(ATTACHMENT, ATTACH, props(prop(OBJECT, 0x3701, IID_MESSAGE + TWO_DEEP)))),
    "MAPI_OBJECT": lambda: stream(
        SUBJ, renddata(2) + attr(ATTACHMENT, META, b"\1\0\11\0") + attr(ATTACHMENT, ATTACH, props(prop(OBJECT, 0x3701, IID_STORAGE + OLE)))
    ),
    "multi-name-property": lambda: stream(
        SUBJ,
        attr(
            MESSAGE,
            PROPS,
            props(
                prop(W, 0x8001, "first", (PUBLIC, "x-first")),
                prop(S8, 0x8002, b"second", (PUBLIC, "x-sécond")),
                prop(I4, 0x8003, 7, (COMMON, 0x8510)),
                prop(W, 0x0037, "A subject of Unicode: Ελλάδα"),
            ),
        ),
    ),
    "multi-value-attribute": lambda: stream(
        SUBJ,
        attr(
            MESSAGE,
            PROPS,
            props(
                prop(MV | W, 0x8001, ["red", "", "Grün"], (PUBLIC, "Keywords")),
                prop(MV | S8, 0x3A58, [b"one", b"seven77"]),
                prop(MV | BIN, 0x3A59, [b"\1", b"", b"\1\2\3\4\5"]),
                prop(MV | I2, 0x3A5A, [1, -2, 3]),
                prop(MV | I4, 0x3A5B, [70000, -1]),
                prop(I2, 0x3A5C, -5),
            ),
        ),
    ),
    "triples": lambda: stream(
        attr(MESSAGE, FROM, triples(b"Ren\xe9", b"SMTP:rene@here.example")),
        SUBJ,
        attr(MESSAGE, DATE_SENT, date(2004, 2, 17, 11, 25, 35, 2)),
        attr(MESSAGE, STATUS, b"\x20"),
        attr(MESSAGE, ID, b"757BB19CDE936A4087D90BB784C58E3B\0"),
        attr(MESSAGE, PRIORITY, struct.pack("<H", 1)),
    ),
    "unicode-mapi-attr": lambda: stream(
        attr(MESSAGE, PROPS, props(prop(W, 0x0037, "Žluťoučký kůň"), prop(W, 0x1000, "日本語 text"), prop(TIME, 0x0039, 1077045935))),
        renddata() + attr(ATTACHMENT, TITLE, b"????.txt\0") + attr(ATTACHMENT, DATA, b"x") + attr(ATTACHMENT, ATTACH, props(prop(W, 0x3704, "日本.txt"))),
    ),
    "code-page": lambda: stream(
        attr(MESSAGE, CODEPAGE, struct.pack("<II", 1251, 0)), attr(MESSAGE, SUBJECT, "Привет".encode("cp1251") + b"\0"), attr(MESSAGE, BODY, "текст".encode("cp1251") + b"\0")
    ),
    "recipients": lambda: stream(SUBJ, RECIPIENTS, attr(MESSAGE, BODY, b"to two\0")),
    "contact": lambda: stream(
        attr(
            MESSAGE,
            PROPS,
            props(
                prop(W, 0x3001, "Zoë Ζήνων"),
                prop(W, 0x3A06, "Zoë"),
                prop(W, 0x3A11, "Ζήνων"),
                prop(TIME, 0x3A42, 315532800),
                prop(W, 0x8001, "zoe@there.example", (ADDRESS, 0x8083)),
                prop(W, 0x8002, "SMTP", (ADDRESS, 0x8082)),
            ),
        ),
        kind=b"IPM.Contact",
    ),
    "meeting": lambda: stream(
        attr(MESSAGE, OWNER, person(b"Ada", b"SMTP:ada@there.example")),
        attr(MESSAGE, REQUEST, struct.pack("<H", 1)),
        attr(MESSAGE, AID, struct.pack("<i", 99)),
        attr(MESSAGE, START, date(2026, 3, 2, 9, 0, 0, 1)),
        attr(MESSAGE, END, date(2026, 3, 2, 10, 0, 0, 1)),
        attr(
            MESSAGE,
            PROPS,
            props(
                prop(W, 0x0037, "A meeting"),
                prop(TIME, 0x8001, 1772442000, (APPOINTMENT, 0x820D)),
                prop(TIME, 0x8002, 1772445600, (APPOINTMENT, 0x820E)),
                prop(W, 0x8003, "Room 5", (APPOINTMENT, 0x8208)),
            ),
        ),
        RECIPIENTS,
        kind=b"IPM.Microsoft Schedule.MtgReq",
    ),
    "garbage-at-end": lambda: stream(SUBJ, attachment(b"a.txt", b"octets of a\n")) + b"\r\n--",
    "zeros-at-end": lambda: stream(SUBJ) + bytes(9),
    "bad-checksum": lambda: stream(attr(MESSAGE, SUBJECT, b"A subject\0", checksum=1), attachment(b"a.txt", b"octets of a\n")),
    "cut-off": lambda: stream(SUBJ, attachment(b"a.txt", b"octets of a\n"))[:-7],
    "cut-head": lambda: stream(SUBJ)[:-15],
    "lying-lengths": lambda: stream(
        attr(MESSAGE, PROPS, struct.pack("<I", 9) + prop(S8, 0x0037, b"nine are said, one is there")),
        attr(MESSAGE, PROPS, struct.pack("<IHHII", 1, S8, 0x1000, 1, 4000) + b"less"),
        attr(MESSAGE, RECIPS, struct.pack("<I", 0xFFFFFFFF)),
        attr(MESSAGE, PROPS, props(struct.pack("<HHI", 0x77, 0x3001, 4))),
        renddata() + attr(ATTACHMENT, ATTACH, props(prop(OBJECT, 0x3701, IID_MESSAGE + b"none"))),
    ),
    "types-left-out": lambda: struct.pack("<IH", 0x223E9F78, 0)
    + attr(ATTACHMENT, 0x9002, struct.pack("<HIHHI", 1, 0, 0, 0, 0))
    + attr(ATTACHMENT, 0x800F, b"octets"),
    "wrong-level": lambda: stream(attr(ATTACHMENT, SUBJECT, b"no\0"), attr(MESSAGE, DATA, b"no"), attr(MESSAGE, 0x7FFFF, b"?")),
    "winmail": lambda: stream(
        attr(MESSAGE, FROM, triples(b"Ada", b"SMTP:ada@there.example")),
        attr(MESSAGE, SUBJECT, b"Everything\0"),
        attr(MESSAGE, DATE_SENT, date(2026, 3, 2, 9, 0, 0, 1)),
        attr(
            MESSAGE,
            PROPS,
            props(
                prop(W, 0x0037, "Everything: Grüße"),
                prop(BIN, 0x1009, lzfu(RTF_HTML)),
                prop(TIME, 0x0039, 1772442000),
                prop(MV | W, 0x8001, ["Work"], (PUBLIC, "Keywords")),
                prop(W, 0x1035, "<winmail@there.example>"),
            ),
        ),
        RECIPIENTS,
        attachment(b"report.txt", b"The report\r\nhas two lines\r\n", attr(ATTACHMENT, ATTACH, props(prop(W, 0x3707, "Bericht für März.txt")))),
        attachment(b"b.bin", bytes(range(256)), attr(ATTACHMENT, MODIFIED, date(2026, 1, 2, 3, 4, 5, 5))),
        renddata() + attr(ATTACHMENT, ATTACH, props(prop(I4, 0x3705, 5), prop(OBJECT, 0x3701, IID_MESSAGE + INNER))),
    ),
}


def main():
    if len(sys.argv) == 2 and sys.argv[1] in CASES:
        sys.stdout.buffer.write(CASES[sys.argv[1]]())
    elif len(sys.argv) == 2 and os.path.isdir(sys.argv[1]):
        for name, make in CASES.items():
            with open(os.path.join(sys.argv[1], name), "wb") as f:
                f.write(make())
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
