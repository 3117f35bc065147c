#!/usr/bin/python3
"""Messages as MAPI items and back: the same fields in their order, octet for octet, the same texts, files (SHA-256, names, content ids) and messages within, by Python's
email, which shares no code with the product. What differs is in the table of docs/OUTLOOK.md, and here. Broken and hostile messages lose nothing, and cost no memory."""
import base64
import collections
import email
import email.header
import email.policy
import glob
import hashlib
import os
import quopri
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import TESTS, expect  # noqa: E402
import genmessages  # noqa: E402

TOOL = os.path.join(os.environ.get("VALISE_BUILD", os.path.join(TESTS, "../build/test")), "tests/outlook_remake")
FIXTURES = os.path.join(TESTS, "../fixtures")
MIME = {b"mime-version", *(b"content-" + w for w in b"type transfer-encoding disposition id description length md5 location features duration".split())}
NOTE = "This message is in the attached file as it came: "


# ---- what a message says ----

def fields(raw):
    """The fields of a header, octet for octet but for line ends, without those of MIME, and whether each line is a field."""
    found = []
    if raw[:1] in (b"\r", b"\n", b" ", b"\t"):
        return []
    for line in re.sub(rb"\r+\n", b"\n", raw).split(b"\n"):
        if line == b"":
            break
        if line[:1] in b" \t" and found:
            found[-1] += b"\r\n" + line
        elif re.match(rb"[!-9;-~]+[ \t]*:", line) or found:
            found.append(line)
        elif not line.startswith(b"From "):
            return []
    return [f for f in found if re.split(rb"[ \t]*:", f)[0].lower() not in MIME]


def says(field):
    """A field's text for people, one blank for each run of them."""
    out = []
    for text, charset in email.header.decode_header(re.sub(rb"[\r\n\0]", b" ", field).decode("utf-8", "surrogateescape")):
        if isinstance(text, str):
            text = text.encode("utf-8", "surrogateescape")
        try:
            text = text.decode(charset or "utf-8")
        except (LookupError, UnicodeDecodeError):
            text = "".join(bytes([c]).decode("cp1252", "ignore") or chr(c) for c in text)
        out.append(text)
    return "".join("".join(out).split())


def plain_text(octets, charset):
    text = None
    for name in (charset, "utf-8", "cp1252"):
        try:
            text = octets.decode(name) if name else None
        except (LookupError, UnicodeDecodeError):
            continue
        if text is not None:
            break
    text = octets.decode("latin-1") if text is None else text
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def leaves(message):
    """(type, octets, name, content id, charset, message or None) of each part that holds something."""
    if message.get_content_maintype() == "message" and message.get_content_subtype() in ("rfc822", "global") and message.is_multipart():
        yield "message/rfc822", b"", message.get_filename(), cid(message), None, message.get_payload(0)
    elif message.is_multipart() and message.get_content_maintype() == "multipart":
        for part in message.get_payload():
            yield from leaves(part)
    elif message.is_multipart():  # message/delivery-status and its like: Python takes them apart
        yield message.get_content_type(), b"".join(p.as_bytes() for p in message.get_payload()), message.get_filename(), cid(message), None, None
    else:
        octets = message.get_payload(decode=True)
        yield message.get_content_type(), octets or b"", message.get_filename(), cid(message), message.get_content_charset(), None


def cid(message):
    text = message["Content-ID"]
    return str(text).strip().strip("<>") if text else None


def name_is(want, got):
    return want == got or (want is None and got is not None) or (want is not None and got is not None and says_name(want) == says_name(got))


def says_name(name):
    return "".join(email.header.make_header(email.header.decode_header(name)).__str__().split())


def same_leaf(want, got):
    """Is it that part? None, or what differs."""
    if want[5] is not None:
        if got[5] is None:
            return "no message"
        return same(want[5].as_bytes(), got[5].as_bytes()) or (None if name_is(want[2], got[2]) else "name of a message")
    if got[5] is not None:
        return "a message"
    if hashlib.sha256(want[1]).digest() == hashlib.sha256(got[1]).digest() or want[0].startswith("message/") and want[1].split() == got[1].split():
        if not name_is(want[2], got[2]):
            return f"name {want[2]!r}, now {got[2]!r}"
        if want[3] != got[3] and got[0] not in ("text/plain", "text/html"):
            return f"content id {want[3]!r}, now {got[3]!r}"
        return None
    if want[0] in ("text/plain", "text/html") and got[0] == want[0] and plain_text(want[1], want[4]) == plain_text(got[1], got[4]):
        return None
    return f"octets of {want[0]}"


def same_fields(raw, back):
    want, got = fields(raw), fields(back)
    names = [f.split(b":")[0].strip().lower() for f in want]
    extra = [f for f in got[len(want):]]
    for w, g in zip(want, got):
        exact = w.isascii() and b"\0" not in w and b"\r" not in w.replace(b"\r\n", b"") and max(map(len, w.split(b"\r\n"))) <= 998 and re.match(rb"[!-9;-~]+:", w)
        if exact and w != g:
            return f"field {w!r}, now {g!r}"
        if not exact and says(w) not in says(g):
            return f"field {w!r} says {says(w)!r}, now {says(g)!r}"
    if len(got) < len(want):
        return f"fields {want[len(got):]!r} are missing"
    for f in extra:
        name = f.split(b":")[0].lower()
        # what a message must have; of one without a header all that is known
        if name not in ((b"date", b"from") if want else (b"date", b"keywords")) or name in names:
            return f"field {f!r} was not there"
    return None


def same(raw, back):
    """Does ${back} say what ${raw} says? None, or what differs."""
    why = same_fields(raw, back)
    if why:
        return why
    want, got = list(leaves(email.message_from_bytes(raw))), list(leaves(email.message_from_bytes(back)))
    for w in want:
        whys = []
        for g in got:
            why = same_leaf(w, g)
            whys.append(why)
            if why is None:
                got.remove(g)
                break
        else:
            if not (w[0] in ("text/plain", "text/html") and not w[1].strip()):  # an empty text beside another
                return f"part {w[0]} {w[2]!r}: {whys}"
    left = [g for g in got if g[1].strip() or g[5]]
    return f"parts that were not there: {[(g[0], g[1][:60]) for g in left]}" if left else None


# ---- messages ----

def head(subject, *more):
    return "\r\n".join(["Received: from a.example by b.example; Thu, 1 Jan 2026 00:00:05 +0100", "From: Ann Example <ann@a.example>",
                        'To: "Lee, Bob" <bob@b.example>, carol@c.example (Carol)', "Date: Thu, 1 Jan 2026 01:00:00 +0100", "Subject: " + subject,
                        "Message-ID: <1.%s@a.example>" % hashlib.sha256(subject.encode()).hexdigest()[:8], "MIME-Version: 1.0", *more]).encode() + b"\r\n"


TEXTS = ["plain words\r\nand more\r\n", "Grüße aus Köln – „so“\r\n", "Привет, мир\r\n", "日本語のテキスト\r\nです\r\n", "a\tb  c \r\n\r\n-- \r\nsig\r\n", "From x\r\n.\r\n"]
CHARSETS = ["us-ascii", "utf-8", "iso-8859-1", "windows-1252", "koi8-r", "shift_jis", "iso-2022-jp", "gb18030", "iso-8859-10", "utf-16"]
NAMES = [None, None, "report.pdf", "Übersicht 2026.xlsx", "資料.doc", 'quo"te.txt', "a" * 120 + ".bin", "no ending"]


class Maker:
    """Random trees of parts, well-formed."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.n = 0

    def encoded(self, octets, text):
        coding = self.rng.choice(["7bit", "8bit", "quoted-printable", "base64"])
        if coding in ("7bit", "8bit") and (not text or b"\0" in octets or (coding == "7bit" and not octets.isascii()) or b"\r" in octets.replace(b"\r\n", b"") or b"\n" in octets.replace(b"\r\n", b"")):
            coding = "base64"
        body = {"7bit": octets, "8bit": octets, "quoted-printable": re.sub(rb"(?<!\r)\n", b"\r\n", quopri.encodestring(octets.replace(b"\r\n", b"\n"))) if text and b"\r" not in octets.replace(b"\r\n", b"") else None,
                "base64": base64.encodebytes(octets).replace(b"\n", b"\r\n")}[coding]
        if body is None:
            coding, body = "base64", base64.encodebytes(octets).replace(b"\n", b"\r\n")
        return coding, body

    def fields(self, kind, params, coding, more=()):
        return ("Content-Type: " + kind + "".join(";\r\n " + p for p in params) + "\r\nContent-Transfer-Encoding: " + coding + "\r\n" + "".join(m + "\r\n" for m in more)).encode()

    def text(self, html=False):
        text = self.rng.choice(TEXTS)
        charset = self.rng.choice(CHARSETS)
        try:
            octets = text.encode(charset)
        except UnicodeEncodeError:
            charset, octets = "utf-8", text.encode()
        if html:
            octets = ("<html><body><p>" + text + "</p></body></html>\r\n").encode(charset)
        coding, body = self.encoded(octets, charset != "utf-16")
        return self.fields("text/" + ("html" if html else "plain"), ["charset=" + charset], coding) + b"\r\n" + body

    def file(self, shown=None):
        octets = self.rng.randbytes(self.rng.choice([0, 1, 2, 3, 57, 1000, 70000]))
        name = self.rng.choice(NAMES)
        params, more = [], []
        if name and self.rng.random() < 0.5:
            more.append("Content-Disposition: attachment;\r\n filename*=utf-8''" + "".join("%%%02X" % c for c in name.encode()))
        elif name and name.isascii():
            more.append('Content-Disposition: %s; filename="%s"' % (self.rng.choice(["attachment", "inline"]), name.replace('"', '\\"')))
        else:
            more.append("Content-Disposition: attachment")
        if shown:
            more.append("Content-ID: <%s>" % shown)
        coding, body = "base64", base64.encodebytes(octets).replace(b"\n", b"\r\n")
        return self.fields(self.rng.choice(["application/pdf", "image/png", "application/octet-stream", "audio/x-odd"]), params, coding, more) + b"\r\n" + body

    def multipart(self, kind, parts, more=""):
        self.n += 1
        boundary = "b%d_%d" % (self.n, self.rng.randrange(10**9))
        out = ('Content-Type: multipart/%s; boundary="%s"%s\r\n\r\n' % (kind, boundary, more)).encode()
        if self.rng.random() < 0.3:
            out += b"This is a multi-part message in MIME format.\r\n"
        for p in parts:
            out += b"--" + boundary.encode() + b"\r\n" + p + b"\r\n"
        return out + b"--" + boundary.encode() + b"--\r\n"

    def tree(self, depth=0):
        r = self.rng.random()
        if depth > 3 or r < 0.25:
            return self.text(self.rng.random() < 0.4)
        if r < 0.45:
            return self.multipart("alternative", [self.text(), self.text(True)])
        if r < 0.6:
            n = self.rng.randint(1, 3)
            return self.multipart("related", [self.text(True)] + [self.file("img%d.%d@x.example" % (self.n, i)) for i in range(n)], '; type="text/html"')
        if r < 0.7:
            return self.multipart("alternative", [self.text(), self.multipart("related", [self.text(True), self.file("p%d@y.example" % self.n)])])
        if r < 0.78:
            return self.file()
        parts = [self.tree(depth + 1)]
        for _ in range(self.rng.randint(0, 3)):
            parts.append(self.rng.choice([self.file, self.text, self.file, self.message])())
        return self.multipart("mixed", parts)

    def message(self):
        inner = head("Inner %d grüße" % self.n if self.rng.random() < 0.2 else "Inner %d" % self.n) + self.tree(3)
        return b"Content-Type: message/rfc822\r\n\r\n" + inner

    def whole(self):
        self.n += 1
        extra = self.rng.choice([[], ["X-Priority: 1"], ["Importance: high"], ["References: <a@b> <c@d>", "In-Reply-To: <c@d>"], ["List-Unsubscribe: <mailto:x@y.example>"],
                                 ["Keywords: a, b"], ["Thread-Index: " + base64.b64encode(bytes(22)).decode()], ["Sender: Dan <dan@d.example>", "Reply-To: r@r.example"],
                                 ["Disposition-Notification-To: Ann <ann@a.example>"], ["Cc: group: x@y.example, \"Z, Q\" <z@q.example>;, undisclosed:;"]])
        return head("Tree %d" % self.n, *extra) + self.tree()


SIGNED = head("signed", 'Content-Type: multipart/signed; micalg=sha-256;\r\n protocol="application/pkcs7-signature"; boundary=s') + (
    b"\r\nThis is signed.\r\n--s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9fe  \r\n\r\n--s\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHAqCAMIACAQExDzAN\r\n--s--\r\n\r\n")
PGP_SIGNED = SIGNED.replace(b"pkcs7-signature", b"pgp-signature").replace(b"MIAGCSqGSIb3DQEHAqCAMIACAQExDzAN", b"LS0tLS1CRUdJTg==")
OPAQUE = head("opaque", 'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"', "Content-Transfer-Encoding: base64") + b"\r\n" + \
    base64.encodebytes(bytes.fromhex("308006092a864886f70d010703a080") + bytes(200)) + b""
ENCRYPTED = head("encrypted", 'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=e') + (
    b"\r\n--e\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--e\r\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\r\n\r\n"
    b"-----BEGIN PGP MESSAGE-----\r\n\r\nabc\r\n-----END PGP MESSAGE-----\r\n\r\n--e--\r\n")


def report(action, kind="delivery-status"):
    status = (b"Reporting-MTA: dns; a.example\r\n\r\n" + b"".join(b"Final-Recipient: rfc822;x@y.example\r\nAction: %s\r\nStatus: 5.1.1\r\n\r\n" % a for a in action)) if kind == "delivery-status" else \
        b"Final-Recipient: rfc822;x@y.example\r\nDisposition: manual-action/MDN-sent-manually; %s\r\n" % action[0]
    return head("report " + str(action), "Content-Type: multipart/report; report-type=%s; boundary=r" % kind) + (
        b"\r\n--r\r\nContent-Type: text/plain\r\n\r\nIt was so.\r\n\r\n--r\r\nContent-Type: message/%s\r\n\r\n%s\r\n--r\r\nContent-Type: message/rfc822\r\n\r\n" % (kind.encode(), status)
    ) + head("the original") + b"\r\ntext\r\n\r\n--r--\r\n"


def deep(n):
    out = head("deep")
    for i in range(n):
        out += b"Content-Type: multipart/mixed; boundary=d%d\r\n\r\n--d%d\r\n" % (i, i)
    return out + b"\r\nat last\r\n"


def wide(n):
    return head("wide", "Content-Type: multipart/mixed; boundary=w") + b"\r\n" + b"--w\r\n\r\nx\r\n" * n + b"--w--\r\n"


def messages_deep(n):
    return (head("m") + b"Content-Type: message/rfc822\r\n\r\n") * n + head("the last") + b"\r\ntext\r\n"


def cases():
    rng = genmessages.rng_for(7, "make")
    pool = genmessages.Pool(rng, 60000, 60000)
    for i, odd in enumerate(genmessages.ODD + genmessages.HARMFUL):
        yield odd.__name__, odd(rng, pool, genmessages.instant(2024, 5, 6), i)
    for i in range(40):
        yield "hard-%d" % i, genmessages.hard_message(rng, pool, 4 * i + 1, 2024).data
    maker = Maker(11)
    for i in range(300):
        yield "tree-%d" % i, maker.whole()
    for action in ([b"failed"], [b"delayed"], [b"delivered", b"delivered"], [b"failed", b"delivered"], [b"odd"]):
        yield "report-" + b"-".join(action).decode(), report(action)
    yield "read", report([b"displayed"], "disposition-notification")
    yield "unread", report([b"deleted"], "disposition-notification")
    yield "encrypted", ENCRYPTED
    yield "opaque", OPAQUE
    yield "list-footer", head("list", "Content-Type: multipart/mixed; boundary=l") + b"\r\n--l\r\nContent-Type: text/plain\r\n\r\nbody\r\n--l\r\nContent-Type: text/plain\r\n\r\nfooter\r\n--l--\r\n"
    yield "html-between", head("apple", "Content-Type: multipart/mixed; boundary=l") + (
        b"\r\n--l\r\nContent-Type: text/html\r\n\r\n<p>one\r\n--l\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nAAECAw==\r\n--l\r\nContent-Type: text/html\r\n\r\n<p>two\r\n--l--\r\n")
    yield "plain-then-html", head("both", "Content-Type: multipart/mixed; boundary=l") + b"\r\n--l\r\nContent-Type: text/plain\r\n\r\none\r\n--l\r\nContent-Type: text/html\r\n\r\n<p>two\r\n--l--\r\n"
    yield "invitation", head("invite", "Content-Type: multipart/alternative; boundary=l") + (
        b"\r\n--l\r\nContent-Type: text/plain\r\n\r\none\r\n--l\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n--l--\r\n")
    yield "pdf-alone", head("pdf", "Content-Type: application/pdf; name=x.pdf", "Content-Transfer-Encoding: base64") + b"\r\nAAECAw==\r\n"
    yield "latin1-attachment-name", head("n", "Content-Type: multipart/mixed; boundary=l") + "\r\n--l\r\n\r\nx\r\n--l\r\nContent-Type: image/png; name=\"=?iso-8859-1?Q?gr=FC=DFe.png?=\"\r\n\r\npng\r\n--l--\r\n".encode()
    yield "lf-only", (head("lf") + b"\r\nline\r\nline\r\n").replace(b"\r\n", b"\n")
    yield "lf-tree", maker.whole().replace(b"\r\n", b"\n")
    yield "crcrlf", (head("crcrlf") + b"\r\nline\r\n").replace(b"\r\n", b"\r\r\n")
    yield "mbox-from", b"From ann@a.example Thu Jan  1 00:00:00 2026\r\n" + head("with a From line") + b"\r\ntext\r\n"
    yield "empty", b""
    yield "one-line", b"\r\n"
    yield "no-boundary", head("none", "Content-Type: multipart/mixed") + b"\r\n--x\r\n\r\ntext\r\n--x--\r\n"
    yield "boundary-missing", head("none", "Content-Type: multipart/mixed; boundary=zzz") + b"\r\nonly text\r\n"
    yield "cut", head("cut", "Content-Type: multipart/mixed; boundary=l") + b"\r\n--l\r\nContent-Type: text/plain\r\n\r\none\r\n--l\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC"
    yield "many-recipients", head("many").replace(b"carol@c.example (Carol)", b",\r\n ".join(b"u%d@x.example" % i for i in range(12000))) + b"\r\ntext\r\n"
    yield "blanks-before-colon", head("old").replace(b"From:", b"From  :").replace(b"To:", b"To\t:") + b"\r\ntext\r\n"
    yield "two-semicolons", head("two", "Content-Type: multipart/mixed;; boundary=l") + b"\r\n--l\r\n\r\none\r\n--l\r\nContent-Type: image/png\r\n\r\ntwo\r\n--l--\r\n"
    yield "report-lf", report([b"failed"]).replace(b"\r\n", b"\n")
    yield "yenc", head("octets in a text") + b"\r\n=ybegin line=128\r\n\xa3o\x98\x8dJW\r\n=yend\r\n"
    yield "sender-alone", b"Sender: dan@d.example\r\nSubject: x\r\n\r\ntext\r\n"
    yield "broken-line", head("broken").replace(b"Subject:", b"this is no field\r\nSubject:") + b"\r\ntext\r\n"
    for path in sorted(glob.glob(FIXTURES + "/fuzz/mime_message/*") + glob.glob(FIXTURES + "/fuzz/format_mend/*") + glob.glob(FIXTURES + "/fuzz/format_header/*")):
        with open(path, "rb") as f:
            yield "fixture-" + "-".join(path.split("/")[-2:]), f.read()[path.split("/")[-2] == "format_mend":]


# Which octets come back as they are: those of the whole message but its header, or (files) the message as one.
VERBATIM = {"signed": SIGNED, "pgp-signed": PGP_SIGNED, "signed-lf": SIGNED.replace(b"\r\n", b"\n")}
AS_FILE = {"deep": deep(1000), "wide": wide(10000), "long-header": head("x" * 10, "X-Long: " + "y" * 900 * 2) + b"X-More: z\r\n" * 200000 + b"\r\ntext\r\n"}
# Python's email takes these otherwise; what becomes of them is looked at below.
OTHERWISE = {
    "eight_bit_body": "what is no text of a charset is a file beside the text",
    "yenc": "the same",
    "with_nul": "the same",
    "crcrlf": "Python takes CR CR LF for two lines, and so the second field for text",
    "blanks-before-colon": "Python takes such a line for no field",
    "broken-line": "Python ends the header at a line that is no field",
    "fixture-format_mend-crs": "NUL and CR between what is no header",
    "fixture-format_mend-wrap": "Python ends lines at CR",
    "fixture-format_mend-hard": "Python takes a quote within quotes for one of the text",
    "fixture-mime_message-nested": "two multiparts, one within the other, have one boundary",
    "fixture-mime_message-mixed": "lines of format=flowed are put together",
}


def remake(directory, name, raw):
    path = os.path.join(directory, name)
    with open(path, "wb") as f:
        f.write(raw)
    return path


def read(path):
    with open(path, "rb") as f:
        return f.read()


def by_hand(paths):
    """Messages of other collections: what differs."""
    for path in paths:
        done = subprocess.run([TOOL, path], capture_output=True, text=True, timeout=600)
        if done.returncode:
            print(f"{path}: {done.returncode} {done.stderr}")
            continue
        try:
            why = same(read(path), read(path + ".back"))
        except Exception as e:  # Python's email does not take each of them
            why = repr(e)
        for line in ([why] if why else []) + [e + ": " + read(path + "." + e).decode().strip() for e in ("lost", "homeless") if read(path + "." + e)]:
            print(f"{path}: {line}")


def main():
    if sys.argv[1:]:
        return by_hand(sys.argv[1:])
    wrong = []
    with tempfile.TemporaryDirectory(prefix="valise-") as directory:
        all_cases = dict(cases())
        paths = {name: remake(directory, name, raw) for name, raw in {**all_cases, **VERBATIM, **AS_FILE, "messages-deep": messages_deep(40)}.items()}
        done = subprocess.run([TOOL, *paths.values()], capture_output=True, text=True, timeout=600)
        expect(done.returncode == 0, done.stderr)
        lost, homeless = collections.Counter(), collections.Counter()
        for name, raw in all_cases.items():
            back = read(paths[name] + ".back")
            why = (same if name not in OTHERWISE else same_fields)(raw, back)
            if why and name != "fixture-format_mend-hard":
                wrong.append(f"{name}: {why}")
            lost.update(re.sub(r"\d+", "N", line) for line in read(paths[name] + ".lost").decode().splitlines())
            homeless.update(read(paths[name] + ".homeless").decode().splitlines())
        for name, raw in VERBATIM.items():
            body = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[1]
            if body not in read(paths[name] + ".back") or same_fields(raw, read(paths[name] + ".back")):
                wrong.append(f"{name}: not as it was")
        for name, raw in AS_FILE.items():
            octets = read(paths[name] + ".back")
            lines = re.sub(rb"(.{76})(?=.)", rb"\1\r\n", base64.b64encode(raw))
            if NOTE.encode() not in octets.replace(b"=\r\n", b"") or b'filename="message.eml"' not in octets or (raw not in octets and lines not in octets):
                wrong.append(f"{name}: not in a file")
        back, n = email.message_from_bytes(read(paths["messages-deep"] + ".back")), 0
        while back["Subject"] != "the last" and n < 100:
            back = [x[5] for x in leaves(back) if x[5] is not None]
            back, n = (back[0], n + 1) if back else ({"Subject": "the last"}, 999)
        if n != 40:
            wrong.append(f"messages-deep: {n}")
        print(f"{len(paths)} messages; {done.stdout.strip()}")
        print("lost:", dict(lost))
        wrong += [f"{n} times without a home: {what}" for what, n in homeless.items()]
        kib = int(re.search(r"(\d+) KiB", done.stdout)[1])
        if not os.environ.get("ASAN_OPTIONS") and kib > 200 << 10:
            wrong.append(f"{kib} KiB of memory")
    print("\n".join(wrong))
    return bool(wrong)


sys.exit(main())
