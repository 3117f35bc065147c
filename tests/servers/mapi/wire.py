"""What MAPI over HTTP is made of below the ROPs: numbers, extended buffers (MS-OXCRPC 2.2.2.1, 3.1.4.11), values in rows (MS-OXCDATA 2.11).
Part of fakemapi.py."""
import struct

COMPRESSED, XORED, LAST = 1, 2, 4
XOR = bytes(i ^ 0xa5 for i in range(256))


class Reader:
    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def take(self, n):
        if n < 0 or self.at + n > len(self.octets):
            raise ValueError("%d octets wanted at %d of %d" % (n, self.at, len(self.octets)))
        self.at += n
        return self.octets[self.at - n:self.at]

    def left(self):
        return len(self.octets) - self.at

    def u8(self):
        return self.take(1)[0]

    def u16(self):
        return struct.unpack("<H", self.take(2))[0]

    def u32(self):
        return struct.unpack("<I", self.take(4))[0]

    def u64(self):
        return struct.unpack("<Q", self.take(8))[0]

    def asciiz(self):
        end = self.octets.index(b"\0", self.at)
        text, self.at = self.octets[self.at:end], end + 1
        return text.decode("latin-1")

    def wide(self):
        out = b""
        while (c := self.take(2)) != b"\0\0":
            out += c
        return out.decode("utf-16-le", "replace")


def u8(n):
    return struct.pack("<B", n)


def u16(n):
    return struct.pack("<H", n)


def u32(n):
    return struct.pack("<I", n & 0xffffffff)


def u64(n):
    return struct.pack("<Q", n)


def wide(text):
    return text.encode("utf-16-le", "surrogatepass") + b"\0\0"


# ---- extended buffers ----

def wrap(payload, last=True, xor=False, compress=False):
    """RPC_HEADER_EXT and the payload behind it."""
    flags, actual = LAST if last else 0, len(payload)
    if compress and len(small := lz_pack(payload)) < len(payload):
        payload, flags = small, flags | COMPRESSED
    if xor:
        payload, flags = payload.translate(XOR), flags | XORED
    return struct.pack("<HHHH", 0, flags, len(payload), actual) + payload


def unwrap(octets):
    """[payload] of extended buffers."""
    r, out = Reader(octets), []
    while r.left():
        version, flags, size, actual = struct.unpack("<HHHH", r.take(8))
        if version:
            raise ValueError("an extended buffer of version %d" % version)
        payload = r.take(size)
        if flags & XORED:
            payload = payload.translate(XOR)
        if flags & COMPRESSED:
            payload = lz_unpack(payload, actual)
        if len(payload) != actual:
            raise ValueError("SizeActual %d of %d octets" % (actual, len(payload)))
        out.append(payload)
        if flags & LAST:
            break
    if r.left():
        raise ValueError("octets behind the last extended buffer")
    return out


# ---- LZXPRESS: "DIRECT2" of MS-OXCRPC 3.1.4.11.1 ----

def lz_pack(data):
    """Greedy, with a table of three octets; both forms of long matches come out of it."""
    out, seen, at, n, half = bytearray(), {}, 0, len(data), None
    flags_at, flags, bits = 0, 0, 0
    out += b"\0\0\0\0"

    def flag(bit):
        nonlocal flags_at, flags, bits
        flags |= bit << 31 - bits
        bits += 1
        if bits == 32:
            struct.pack_into("<I", out, flags_at, flags)
            flags_at, flags, bits = len(out), 0, 0
            out.extend(b"\0\0\0\0")

    while at < n:
        found = seen.get(data[at:at + 3]) if at + 3 <= n else None
        if found is None or at - found > 8192:
            out.append(data[at])
            seen[data[at:at + 3]] = at
            at += 1
            flag(0)
            continue
        length = 3
        while at + length < n and data[found + length] == data[at + length] and length < 20000:
            length += 1
        half = lz_match(out, at - found - 1, length - 3, half)
        for i in range(at, min(at + length, at + 16)):
            seen[data[i:i + 3]] = i
        at += length
        flag(1)
    flags |= (1 << 32 - bits) - 1
    struct.pack_into("<I", out, flags_at, flags)
    return bytes(out)


def lz_match(out, back, length, half):
    """One match; ${half}: where an octet is whose high half is free, or None. The new one."""
    out += struct.pack("<H", back << 3 | min(length, 7))
    if length < 7:
        return half
    length -= 7
    if half is None:
        half, keep = len(out), len(out)
        out.append(min(length, 15))
    else:
        out[half] |= min(length, 15) << 4
        half, keep = None, half
    if length < 15:
        return half
    length -= 15
    if length < 255:
        out.append(length)
    else:
        out.append(255)
        out.extend(struct.pack("<H", length + 15 + 7))
    assert keep is not None
    return half


def lz_unpack(data, size):
    r, out, half, flags, bits = Reader(data), bytearray(), None, 0, 0
    while len(out) < size:
        if bits == 0:
            flags, bits = r.u32(), 32
        bits -= 1
        if not flags >> bits & 1:
            out.append(r.u8())
            continue
        word = r.u16()
        back, length = (word >> 3) + 1, word & 7
        if length == 7:
            if half is None:
                half = r.u8()
                length, more = half & 15, True
            else:
                length, half = half >> 4, None
            if length == 15:
                length = r.u8()
                if length == 255:
                    length = r.u16() - 22
                length += 15
            length += 7
        length += 3
        if back > len(out):
            raise ValueError("a match that begins before the first octet")
        for _ in range(length):
            out.append(out[-back])
    return bytes(out)


# ---- values ----

NOT_FOUND, TOO_LARGE = 0x8004010f, 0x8007000e
SIZES = {0x2: 2, 0x3: 4, 0x4: 4, 0x5: 8, 0x6: 8, 0x7: 8, 0xa: 4, 0xb: 1, 0x14: 8, 0x40: 8, 0x48: 16}


def value(tag, v):
    """A value in a row: numbers as int, texts as str, binary as bytes, several as a list."""
    kind = tag & 0xffff
    if kind & 0x1000:
        return u32(len(v)) + b"".join(value(kind & 0xfff, x) for x in v)
    if kind == 0x1f:
        return wide(v)
    if kind == 0x1e:
        return v.encode("cp1252", "replace") + b"\0"
    if kind in (0x102, 0xfb):
        return u16(len(v)) + v
    if kind == 0x48:
        return v
    return (v & (1 << 8 * SIZES[kind]) - 1).to_bytes(SIZES[kind], "little")


def read_value(r, tag):
    kind = tag & 0xffff
    if kind & 0x1000:
        return [read_value(r, kind & 0xfff) for _ in range(r.u32())]
    if kind == 0x1f:
        return r.wide()
    if kind == 0x1e:
        return r.asciiz()
    if kind in (0x102, 0xfb):
        return r.take(r.u16())
    if kind == 0x48:
        return r.take(16)
    return int.from_bytes(r.take(SIZES[kind]), "little")


def row(tags, values, limit=None):
    """A PropertyRow (MS-OXCDATA 2.8.1): standard where all is there, else flagged. A text or binary value of a table ends at ${limit}."""
    cut = {t: cut_value(v, limit) for t, v in values.items()} if limit else values
    if all(t in cut for t in tags):
        return b"\0" + b"".join(value(t, cut[t]) for t in tags)
    out = b"\1"
    for t in tags:
        out += b"\0" + value(t, cut[t]) if t in cut else b"\x0a" + u32(NOT_FOUND)
    return out


def cut_value(v, limit):
    return v[:limit] if isinstance(v, (str, bytes)) else v


def from_fx(p):
    """The value of a property of a FastTransfer stream, as value() takes it; None: too odd for a row."""
    kind = p.kind
    if kind == 0x1f:
        return p.value.decode("utf-16-le", "replace").rstrip("\0")
    if kind == 0x1e:
        return p.value.decode("cp1252", "replace").rstrip("\0")
    if kind in (0x102, 0xfb, 0x48):
        return p.value
    if kind in SIZES:
        return int.from_bytes(p.value, "little")
    return None


def to_fx(tag, v):
    """The octets of a value in a FastTransfer stream."""
    kind = tag & 0xffff
    if kind & 0x1000:
        long = kind & 0xfff in (0x1e, 0x1f, 0x102)
        each = [to_fx(kind & 0xfff, x) for x in v]
        return u32(len(v)) + b"".join((u32(len(x)) if long else b"") + x for x in each)
    if kind in (0x102, 0xfb, 0x48):
        return v
    if kind == 0xb:
        return u16(v)
    return value(tag, v)
