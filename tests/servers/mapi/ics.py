"""Sets of ids and change numbers of synchronisations, MS-OXCFXICS 2.2.2.3 and 3.1.5.4. Part of fakemapi.py."""


class IdSet:
    """Counters (48 bits) of replicas, by the replica's octets (a GUID, or the two of a replica id). Ranges, sorted."""

    def __init__(self):
        self.of = {}

    def add(self, replica, low, high=None):
        self.of.setdefault(replica, []).append((low, low if high is None else high))
        return self

    def merged(self, replica):
        out = []
        for low, high in sorted(self.of.get(replica, ())):
            if out and low <= out[-1][1] + 1:
                out[-1][1] = max(out[-1][1], high)
            else:
                out.append([low, high])
        self.of[replica] = [tuple(x) for x in out]
        return self.of[replica]

    def has(self, replica, counter):
        return any(low <= counter <= high for low, high in self.of.get(replica, ()))

    def counters(self, replica):
        return [n for low, high in self.merged(replica) for n in range(low, high + 1)]

    def octets(self):
        out = b""
        for replica in sorted(self.of):
            if self.merged(replica):
                out += replica + globset(self.of[replica])
        return out


def globset(ranges, bitmasks=True):
    """3.1.5.4.3: each range by the octets that its ends have in common; lone ones that lie close by as a bitmask."""
    out, i = [], 0
    while i < len(ranges):
        low, high = (n.to_bytes(6, "big") for n in ranges[i])
        near = close_by(ranges, i) if bitmasks else 0
        if near:
            out.append(push(low[:5]) + b"\x42" + low[5:] + bytes([bits(ranges, i, near)]) + b"\x50")
            i += near + 1
            continue
        i += 1
        if low == high:
            out.append(push(low))
            continue
        common = 0
        while low[common] == high[common]:
            common += 1
        out.append((push(low[:common]) if common else b"") + b"\x52" + low[common:] + high[common:] + (b"\x50" if common else b""))
    return b"".join(out) + b"\0"


def push(octets):
    return bytes([len(octets)]) + octets


def close_by(ranges, i):
    """How many ranges behind the ${i}th fit into one bitmask with it: same upper five octets, within 8 of its low end."""
    start, n = ranges[i][0], 0
    if ranges[i][1] > start + 8:
        return 0
    while i + n + 1 < len(ranges):
        low, high = ranges[i + n + 1]
        if high >> 8 != start >> 8 or high > start + 8 or low > start + 8:
            break
        n += 1
    return n


def bits(ranges, i, near):
    start, mask = ranges[i][0], 0
    for low, high in ranges[i:i + near + 1]:
        for n in range(low, high + 1):
            if n > start:
                mask |= 1 << n - start - 1
    return mask


def parse(octets, size=16):
    """An IdSet; ${size}: octets of a replica, 16 (GUID) or 2 (id)."""
    out, at = IdSet(), 0
    while at < len(octets):
        replica = octets[at:at + size]
        at = parse_globset(octets, at + size, out.of.setdefault(replica, []))
    return out


def parse_globset(octets, at, ranges):
    stack = []
    while True:
        command = octets[at]
        at += 1
        if command == 0:
            if stack:
                raise ValueError("a GLOBSET that ends with octets on its stack")
            return at
        have = b"".join(stack)
        if 1 <= command <= 6:
            stack.append(octets[at:at + command])
            at += command
            whole = b"".join(stack)
            if len(whole) > 6:
                raise ValueError("more than six octets on the stack")
            if len(whole) == 6:
                ranges.append((int.from_bytes(whole, "big"),) * 2)
                stack.pop()
        elif command == 0x50:
            stack.pop()
        elif command == 0x42:
            if len(have) != 5:
                raise ValueError("a bitmask with %d octets on the stack" % len(have))
            start = int.from_bytes(have + octets[at:at + 1], "big")
            ranges.append((start, start))
            ranges += [(start + 1 + n,) * 2 for n in range(8) if octets[at + 1] >> n & 1]
            at += 2
        elif command == 0x52:
            n = 6 - len(have)
            ranges.append(tuple(int.from_bytes(have + octets[i:i + n], "big") for i in (at, at + n)))
            at += 2 * n
        else:
            raise ValueError("command %02x of a GLOBSET" % command)
