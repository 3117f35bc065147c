"""reader_members.py : the lower half of reader.py, from docs/FORMAT.md alone: canonical JSON, files of members, tar."""
import contextlib
import functools
import hashlib
import json
import os
import re
import stat
import struct
import zlib
from collections import namedtuple

KINDS = {"mail": "eml", "calendars": "ics", "contacts": "vcf", "linked": "bin", "mapi": "fx"}
GZIP = bytes.fromhex("1f8b08040000000000ff")
DATA, END = struct.Struct("<10sH2sHIQQI"), struct.Struct("<10sH2sHIQQQII2s8s")
MAX_PLAIN = 1 << 22
OBJECT = re.compile(rb"objects/([0-9a-f]{2})/(\1[0-9a-f]{62})\.(eml|ics|vcf|bin|fx)")

Member = namedtuple("Member", "number plain next")
End = namedtuple("End", "number size plain count")


class Damage(Exception):
    pass


def must(condition, what, *args):
    if not condition:
        raise Damage(what % args if args else what)


@contextlib.contextmanager
def within(place):
    """Name the place in what goes wrong there; values of other types than the document's are damage, too."""
    try:
        yield
    except Damage as e:
        raise Damage("%s: %s" % (place, e)) from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, struct.error, zlib.error, OSError) as e:
        raise Damage("%s: %s: %s" % (place, type(e).__name__, e)) from None


def sha256(data):
    return hashlib.sha256(data).hexdigest()


# ---- canonical JSON ------------------------------------------------------------------------------------------------

def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse(line):
    """The object of one line of canonical JSON."""
    value = json.loads(line.decode(), parse_float=no_integer, parse_constant=no_integer)
    must(isinstance(value, dict) and canonical(value) == line, "not canonical: %.60r", line)
    must(not re.search(rb"(?<!\\)(\\\\)*\\u0000", line), "a string holds NUL: %.60r", line)
    return value


def no_integer(text):
    raise Damage("%s is no integer" % text)


# ---- members -------------------------------------------------------------------------------------------------------

class Files:
    """The plain files of an archive, by their path from its root."""

    def __init__(self, root):
        self.root = root
        self.member = functools.lru_cache(4)(self.read_member)

    def open(self, path):
        at = self.root
        for component in path.split("/"):
            must(component not in ("", ".", ".."), "path %s", path)
            at = os.path.join(at, component)
            must(not stat.S_ISLNK(os.lstat(at).st_mode), "a symbolic link")
        must(stat.S_ISREG(os.lstat(at).st_mode), "not a plain file")
        return open(at, "rb")

    def read(self, path):
        with self.open(path) as f:
            return f.read()

    def size(self, path):
        with self.open(path) as f:
            return os.fstat(f.fileno()).st_size

    def sha256(self, path):
        with self.open(path) as f:
            return hashlib.file_digest(f, "sha256").hexdigest()

    def read_member(self, path, at):
        """The data member of ${path} at ${at}, or the end member."""
        with self.open(path) as f:
            f.seek(at)
            head = f.read(END.size)
            if head[12:14] == b"VE":
                must(not f.read(1), "bytes after the end member")
                return end_member(head)
            f.seek(at + DATA.size)
            return data_member(head[:DATA.size], f, at)

    def members(self, path):
        """(offset, plain bytes) of each data member; then None and the count of the end member."""
        at = number = plain = 0
        while True:
            m = self.member(path, at)
            must(m.number == number, "member %d where %d is due", m.number, number)
            if isinstance(m, End):
                must(m.plain == plain and m.size == at + END.size, "end member: wrong sizes")
                yield None, m.count
                return
            yield at, m.plain
            at, number, plain = m.next, number + 1, plain + len(m.plain)


def check_head(head, layout, name, crc_at):
    must(len(head) == layout.size, "cut off: no end member")
    must(head[:10] == GZIP and head[10:16] == struct.pack("<H2sH", crc_at - 8, name, crc_at - 12), "not a member's head")
    must(zlib.crc32(head[12:14] + head[16:crc_at]) == struct.unpack_from("<I", head, crc_at)[0], "CRC of a member's head")
    return layout.unpack(head)


def data_member(head, f, at):
    *_, number, size, plain, _ = check_head(head, DATA, b"VL", 36)
    must(1 <= plain <= MAX_PLAIN and 48 < size <= plain + plain // 256 + 128, "member %d: sizes out of bounds", number)
    body = f.read(size - DATA.size)
    must(len(body) == size - DATA.size, "member %d is cut off", number)
    inflate = zlib.decompressobj(-15)
    data = inflate.decompress(body[:-8], plain + 1)
    must(inflate.eof and not inflate.unused_data and len(data) == plain, "member %d: deflate data", number)
    must(struct.pack("<II", zlib.crc32(data), plain) == body[-8:], "member %d: CRC32 or ISIZE", number)
    return Member(number, data, at + size)


def end_member(head):
    *_, number, size, plain, count, zero, _, deflate, tail = check_head(head, END, b"VE", 48)
    must(zero == 0 and deflate == b"\3\0" and tail == bytes(8), "end member: fixed bytes")
    return End(number, size, plain, count)


# ---- tar -----------------------------------------------------------------------------------------------------------

def tar_header(name, size=0, kind=b"0", link=b"", mode=0o600, prefix=b"", device=b""):
    octal = b"%011o\0" % size if size < 1 << 33 else b"\x80" + size.to_bytes(11, "big")
    fields = [name, b"%07o\0" % mode, b"%07o\0" % 0, b"%07o\0" % 0, octal, b"%011o\0" % 0, b" " * 8, kind, link, b"ustar\00000", b"", b"", device, device, prefix]
    raw = struct.pack("100s8s8s8s12s12s8s1s100s8s32s32s8s8s155s12x", *fields)
    return raw[:148] + b"%06o\0 " % sum(raw) + raw[156:]


def link_entry(path, data=b"", kind=b"0", link=b"", mode=0o600):
    """The blocks of one entry of a links file."""
    name, prefix, before, zero = path.encode(), b"", b"", b"%07o\0" % 0
    if len(name) > 100:
        slash = next((i for i, c in enumerate(name) if c == 47 and 0 < len(name) - i - 1 <= 100), 156)
        if slash <= 155:
            prefix, name = name[:slash], name[slash + 1:]
        else:
            record = pax_record(name)
            before = tar_header(b"pax_header", len(record), b"x", device=zero) + padded(record)
            name = name[:100]
    return before + tar_header(name, len(data), kind, link, mode, prefix, zero) + padded(data)


def pax_record(name):
    size = len(name) + 7  # blank, path=, LF
    for digits in range(1, 6):
        if len(str(size + digits)) == digits:
            return b"%d path=%s\n" % (size + digits, name)
    raise Damage("a path too long")


def padded(data):
    return data + bytes(-len(data) % 512)


class Blocks:
    """The blocks of 512 bytes of a tar in members; ${member} and ${offset} are where the last one stood."""

    def __init__(self, members):
        self.members, self.data, self.next, self.offset, self.count = members, b"", 0, 0, None
        self.advance()

    def advance(self):
        self.at, data = next(self.members)
        if self.at is None:
            self.data, self.count = b"", data
        else:
            must(len(data) % 512 == 0, "member at %d: not in blocks", self.at)
            self.data, self.next = data, 0

    def block(self, size=512):
        """The next ${size} bytes at most, of one member, in blocks."""
        must(self.data, "the tar is cut off")
        self.member, self.offset = self.at, self.next
        out = self.data[self.next:self.next + size]
        self.next += len(out)
        if self.next == len(self.data):
            self.advance()
        return out

    def body(self, size):
        """The bytes of an entry, in pieces; what fills up the last block is zero."""
        while size > 0:
            piece = self.block(size + -size % 512)
            yield piece[:size]
            must(not any(piece[size:]), "an entry is not filled up with zeros")
            size -= len(piece)


def part_objects(files, path):
    """{(member, offset): (name, size)} of a part, every byte of it checked."""
    out, blocks = {}, Blocks(files.members(path))
    while True:
        header = blocks.block()
        if not any(header):
            member = blocks.member
            must(not any(blocks.block()) and blocks.member == member and blocks.count is not None, "the tar end is not the end")
            must(blocks.count == len(out), "%d entries, %d counted", len(out), blocks.count)
            return out
        where, name = (blocks.member, blocks.offset), header[:100].rstrip(b"\0")
        size = int.from_bytes(header[125:136], "big") if header[124] == 0x80 else int(header[124:135], 8)
        m = OBJECT.fullmatch(name)
        must(m and header == tar_header(name, size), "tar header at %s", where)
        digest = hashlib.sha256()
        for piece in blocks.body(size):
            digest.update(piece)
        must(digest.hexdigest().encode() == m[2], "%s: its bytes are others", name.decode())
        out[where] = name.decode(), size


def read_object(files, kind, item):
    """The bytes of an item by its `where`, checked."""
    path, at, offset = "data/" + item["where"]["part"], item["where"]["member"], item["where"]["offset"]
    m, size = files.member(path, at), item.get("size", 0)
    must(m.plain[offset:offset + 512] == tar_header(object_name(kind, item).encode(), size), "no such object at %s", item["where"])
    data = m.plain[offset + 512:offset + 512 + size]
    while len(data) < size:
        number, m = m.number, files.member(path, m.next)
        must(isinstance(m, Member) and m.number == number + 1, "the object goes on nowhere")
        data += m.plain[:size - len(data)]
    must(sha256(data) == item["sha256"], "object %s: its bytes are others", item["sha256"])
    return data


def object_name(kind, item):
    return "objects/%s/%s.%s" % (item["sha256"][:2], item["sha256"], KINDS[kind])
