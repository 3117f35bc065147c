"""Messages for generated accounts: deterministic, from a random.Random, in the shapes that break mail tools."""
import base64
import calendar
import random
import time

from imaptool import Message

ZONES = ["+0000", "-1200", "+1345", "-0930", "+0530", "+1400", "-0330", "+0545", "-0730", "+1245", "+0100", "-0800"]
SYSTEM_FLAGS = [r"\Seen", r"\Answered", r"\Flagged", r"\Deleted", r"\Draft"]
KEYWORDS = ["$Forwarded", "$MDNSent", "$Junk", "$NotJunk", "$label1", "NonJunk", "work", "To-Do", "a.b/c", "x_y=z", "~tilde'", "KeyWord"]
NAMES = ["Alice Muster", "Bob O'Neil", "Carol Ng", "Dave \"The\" Rave", "Zo\u00eb \u0141ukasz", "\u5c71\u7530\u592a\u90ce"]
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def instant(year, month=1, day=1, hour=0, minute=0, second=0):
    return calendar.timegm((year, month, day, hour, minute, second))


def internal_date(utc, zone):
    """How IMAP writes the instant in this zone (RFC 3501 date-time)."""
    sign = -1 if zone[0] == "-" else 1
    t = time.gmtime(utc + sign * (int(zone[1:3]) * 60 + int(zone[3:])) * 60)
    return "%2d-%s-%04d %02d:%02d:%02d %s" % (t.tm_mday, MONTHS[t.tm_mon - 1], t.tm_year, *t[3:6], zone)


class Pool:
    """Text and base64 that messages are cut from: far cheaper than making each byte, and neither repeats within
    the window of a compressor."""

    def __init__(self, rng, text_bytes, binary_bytes):
        letters = "etaoinshrdlucmfwypvbgkjqxz"
        vocabulary = ["".join(rng.choices(letters, weights=range(26, 0, -1), k=rng.randint(2, 11))) for _ in range(3000)]
        vocabulary += ["stra\u00dfe", "caf\u00e9", "\u043f\u0440\u0438\u0432\u0435\u0442", "http://www.example.org/index.html"]
        weights = [1 / (i + 3) for i in range(len(vocabulary))]
        lines, size = [], 0
        while size < text_bytes:
            line = " ".join(rng.choices(vocabulary, weights, k=rng.randint(3, 12))).encode()
            lines.append(line if rng.random() > 0.08 else b"")
            size += len(line) + 2
        self.text = b"\r\n".join(lines) + b"\r\n"
        binary = base64.b64encode(rng.randbytes(binary_bytes))
        self.base64 = b"".join(binary[i:i + 76] + b"\r\n" for i in range(0, len(binary), 76))

    def cut(self, rng, pool, size):
        """${size} bytes of whole lines, the last one cut short."""
        if size < 2:
            return b"x" * size
        out = []
        left = size
        while left > 0:
            start = pool.find(b"\n", rng.randrange(len(pool) // 2)) + 1
            piece = pool[start:start + left]
            out.append(piece)
            left -= len(piece)
        data = b"".join(out)[:size - 2]
        return (data[:-1] + b"." if data.endswith(b"\r") else data) + b"\r\n"


def address(rng):
    n = rng.randrange(len(NAMES))
    return '"%s" <user%d@old.example>' % (NAMES[n].encode("ascii", "replace").decode().replace('"', "'"), rng.randrange(500))


def header(rng, utc, number, subject, extra=()):
    stamp = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(utc))
    lines = ["Return-Path: <user%d@old.example>" % rng.randrange(500),
             "Received: from mx%d.old.example (mx.old.example [192.0.2.%d])\r\n\tby mail.old.example with ESMTPS id %08X\r\n\tfor <alice@old.example>; %s"
             % (rng.randrange(9), rng.randrange(255), rng.getrandbits(32), stamp),
             "Message-ID: <%d.%016x@old.example>" % (number, rng.getrandbits(64)),
             "Date: " + stamp, "From: " + address(rng), "To: " + address(rng), "Subject: " + subject, "MIME-Version: 1.0"]
    return "\r\n".join(lines + list(extra)).encode() + b"\r\n"


def message(rng, pool, utc, number, size):
    """An ordinary message of exactly ${size} bytes (at least 900); large ones carry an attachment."""
    subject = "Message %d: %s" % (number, " ".join(rng.choices(["report", "meeting", "Re:", "invoice", "photos", "lunch"], k=3)))
    if size < 24000:
        head = header(rng, utc, number, subject, ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]) + b"\r\n"
        return head + pool.cut(rng, pool.text, size - len(head))
    boundary = "=_%016x" % rng.getrandbits(64)
    head = header(rng, utc, number, subject, ['Content-Type: multipart/mixed;\r\n boundary="%s"' % boundary])
    text = pool.cut(rng, pool.text, rng.randint(500, 3000))
    top = head + ("\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" % boundary).encode() + text
    top += ("--%s\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment;\r\n filename=\"file %d.pdf\"\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n" % (boundary, number)).encode()
    end = ("--%s--\r\n" % boundary).encode()
    return top + pool.cut(rng, pool.base64, size - len(top) - len(end)) + end


# Odd shapes: each takes (rng, pool, utc, number) and gives the bytes.

def no_message_id(rng, pool, utc, n):
    return b"Date: Thu, 01 Jan 1998 00:00:00 -0500\r\nSubject: no id %d\r\n\r\nshort\r\n" % n


def latin1_header(rng, pool, utc, n):
    return header(rng, utc, n, "x").replace(b"Subject: x", b"Subject: Gr\xfc\xdfe aus K\xf6ln %d \x80\xff" % n) + b"\r\nbody\r\n"


def utf8_header(rng, pool, utc, n):
    return header(rng, utc, n, "\u65e5\u672c\u8a9e \U0001f4ec %d" % n) + "\r\nna\u00efve\r\n".encode()


def empty_body(rng, pool, utc, n):
    return header(rng, utc, n, "empty body") + b"\r\n"


def header_only(rng, pool, utc, n):
    return header(rng, utc, n, "no blank line")


def no_header(rng, pool, utc, n):
    return b"\r\njust a body, number %d, From: nobody\r\n" % n


def not_a_header(rng, pool, utc, n):
    return b"this line is no header field %d\r\nSubject: after it\r\n\r\nbody\r\n" % n


def no_final_newline(rng, pool, utc, n):
    return header(rng, utc, n, "no newline at the end") + b"\r\nlast line without end %d" % n


def long_lines(rng, pool, utc, n):
    return header(rng, utc, n, "long " + "lines " * 300) + b"\r\n" + b"x" * rng.randint(9000, 70000) + b"\r\n"


def dot_lines(rng, pool, utc, n):
    return header(rng, utc, n, "dots") + b"\r\n.\r\n..\r\n.%d\r\n.\r\n\r\n.\r\n" % n


def from_lines(rng, pool, utc, n):
    return header(rng, utc, n, "mbox") + b"\r\nFrom alice Thu Jan  1 00:00:00 1998\r\n>From %d\r\nFrom \r\n" % n


def eight_bit_body(rng, pool, utc, n):
    return header(rng, utc, n, "8 bit") + b"\r\n" + bytes(c for c in rng.randbytes(2000) if c not in (0, 10, 13)) + b"\r\n"


def literal_bait(rng, pool, utc, n):
    return header(rng, utc, n, 'a) {5} "quoted \\" FLAGS (\\Seen)') + b"\r\n)\r\n* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\nt%d OK done {12}\r\n" % n


def nested(rng, pool, utc, n):
    inner = message(rng, pool, utc, n, 1500)
    return header(rng, utc, n, "Fwd:", ['Content-Type: multipart/digest; boundary="d"']) + b"\r\n--d\r\n\r\n" + inner + b"--d--\r\n"


ODD = [no_message_id, latin1_header, utf8_header, empty_body, header_only, no_header, not_a_header, no_final_newline,
       long_lines, dot_lines, from_lines, eight_bit_body, literal_bait, nested]


# What some servers refuse and others rewrite.

def with_nul(rng, pool, utc, n):
    return header(rng, utc, n, "NUL %d" % n) + b"\r\na\0b\0\0\r\n"


def bare_lf(rng, pool, utc, n):
    return header(rng, utc, n, "bare LF") + b"\r\none\ntwo\n\nthree %d\r\n" % n


def bare_cr(rng, pool, utc, n):
    return header(rng, utc, n, "bare CR") + b"\r\none\rtwo\r\r\nthree %d\r\n" % n


def nul_header(rng, pool, utc, n):
    return header(rng, utc, n, "x").replace(b"Subject: x", b"Subject: nul \0 in %d" % n) + b"\r\nbody\r\n"


HARMFUL = [with_nul, bare_lf, bare_cr, nul_header]


def odd_date(rng, until):
    """An instant between 1985 and the end of ${until} in one of the odd zones; now and then the edge of a year."""
    utc = rng.randint(instant(1985), instant(until, 12, 31))
    if rng.random() < 0.1:
        utc = instant(rng.randint(1985, until), 12, 31, 23, 59, 58) + rng.randint(0, 1)
    return utc, rng.choice(ZONES)


def hard_message(rng, pool, number, until):
    utc, zone = odd_date(rng, until)
    if number % 4 == 0:
        data = ODD[number // 4 % len(ODD)](rng, pool, utc, number)
    else:
        data = message(rng, pool, utc, number, int(min(900 + rng.expovariate(1 / 6000), 300000)))
    flags = rng.sample(SYSTEM_FLAGS, rng.choice([0, 0, 1, 1, 2, 5])) + rng.sample(KEYWORDS, rng.choice([0, 0, 0, 1, 3]))
    return Message(data, tuple(flags), internal_date(utc, zone))


def bench_message(rng, pool, number, size):
    utc = rng.randint(instant(2012), instant(2025))
    flags = (r"\Seen",) if rng.random() < 0.8 else ()
    flags += (r"\Answered",) if rng.random() < 0.2 else ()
    flags += ("$Forwarded",) if rng.random() < 0.05 else ()
    return Message(message(rng, pool, utc, number, size), flags, internal_date(utc, "+0000"))


def bench_sizes(rng, count, total):
    """${count} sizes that add up to ${total}: many small ones, a few of megabytes, as in real mailboxes."""
    least = 900
    weights = [min(rng.lognormvariate(0, 1.7), 150) for _ in range(count)]
    scale = max(0, total - least * count) / sum(weights)
    sizes = [least + int(w * scale) for w in weights]
    sizes[0] += max(0, total - sum(sizes))
    return sizes


def rng_for(seed, *what):
    return random.Random("/".join(str(x) for x in (seed,) + what))
