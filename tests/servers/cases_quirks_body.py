"""Quirks in how a message's octets are given."""
import re

from cases_quirks import Quirk, is_body, is_whole, wants_body

BAD = ("INBOX", 3)  # the message that is played with


class Literal8(Quirk):
    """Bodies come as literal8."""
    name = "literal8"
    source = "RFC 3516 4.2: servers that store binary answer ~{n}"

    def fetch_item(self, s, m, item):
        return re.sub(rb"(BODY\[\]\S*) \{", rb"\1 ~{", super().fetch_item(s, m, item), count=1)


class BodyQuoted(Quirk):
    """Bodies without control characters come as quoted strings."""
    name = "body-quoted"
    source = "RFC 3501 9: nstring may be quoted; dovecot core, imapc"

    def populate(self):
        inbox = self.mailbox("INBOX")
        for body in (b'Subject: one line', b'Subject: a "quoted" \\ word', b"x" * 9000, b"Subject: plain\r\n\r\nbody\r\n"):
            inbox.add(body)

    def fetch_item(self, s, m, item):
        if is_whole(item) and b"\r" not in m.body:
            return b'BODY[] "%s"' % re.sub(rb'(["\\])', rb"\\\1", m.body)
        return super().fetch_item(s, m, item)


class BodyFirst(Quirk):
    """The body stands before the UID, and attributes come that nobody asked for."""
    name = "body-before-uid"
    source = "Exchange gives items in unusual order (dovecot core, imapc-mailbox.c)"

    def fetch_answer(self, s, n, m, items):
        extra = [b"FLAGS (%s)" % " ".join(m.flags).encode(), b"MODSEQ (77)", b'X-UNASKED ("a" (b {3}\r\nc)d NIL))'] if wants_body(items) else []
        return b"* %d FETCH (%s)" % (n, b" ".join([self.fetch_item(s, m, i) for i in reversed(items)] + extra))


class OriginAnswered(Quirk):
    """A whole body is answered as BODY[]<0>."""
    name = "origin-answered"
    source = "robustness: an origin octet that nobody asked for (libetpan reads it)"

    def fetch_item(self, s, m, item):
        return super().fetch_item(s, m, item).replace(b"BODY[] ", b"BODY[]<0> ", 1)


class PeekAnswered(Quirk):
    """The item is answered under the name that asked for it."""
    name = "peek-answered"
    source = "robustness: no server known; RFC 3501 7.4.2 wants BODY[]"

    def fetch_item(self, s, m, item):
        return super().fetch_item(s, m, item).replace(b"BODY[", b"BODY.PEEK[", 1)


class SizeLies(Quirk):
    """RFC822.SIZE is too small, too large, 0, 4 GiB - 1, 5 GiB, a little off, right; the literal is right."""
    name = "size-lies"
    source = "Exchange (vandelay#12) computes sizes from its own store; IceWarp, hMailServer 4.4"
    sizes = [7, 0, 4294967295, 5368709120, 100_000_000]
    warnings = {("INBOX", i): ["size"] for i in range(1, 8)}

    def populate(self):
        super().populate()
        for i in range(6, 9):
            self.mailbox("INBOX").add(b"Subject: message %d\r\n\r\nbody of %d\r\n" % (i, i))

    def fetch_item(self, s, m, item):
        if item == "RFC822.SIZE" and s.mailbox.name == b"INBOX":
            return b"RFC822.SIZE %d" % [*self.sizes, len(m.body) - 7, len(m.body) + 4096, len(m.body)][m.uid - 1]
        return super().fetch_item(s, m, item)


class NoSize(Quirk):
    """RFC822.SIZE is never given."""
    name = "no-size"
    source = "robustness: RFC822.SIZE is never trusted alone"

    def fetch_answer(self, s, n, m, items):
        return super().fetch_answer(s, n, m, [i for i in items if i != "RFC822.SIZE"])


class OneOdd(Quirk):
    """One message is not given by BODY.PEEK[]; a base of cases."""
    name = "one-odd"
    source = "-"
    code = 3

    def odd(self, s, m):
        return s.mailbox.name == b"INBOX" and m.uid == BAD[1]

    def broken(self, item):
        return is_whole(item)

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        items = args[1] if isinstance(args[1], list) else [args[1]]
        if any(self.odd(s, m) for _, m in self.chosen(s, args[0], by_uid)) and any(self.broken(i) for i in items):
            return self.play(s, tag, args)
        return super().do_uid_fetch(s, tag, args, by_uid)

    def play(self, s, tag, args):
        super().do_uid_fetch(s, tag, args)

    def fetch_answer(self, s, n, m, items):
        if self.odd(s, m) and any(self.broken(i) for i in items):
            return self.answer(n, m)
        return super().fetch_answer(s, n, m, items)

    def answer(self, n, m):
        """What is said about the odd one; None: nothing."""


class FetchEmpty(OneOdd):
    """One message: OK, and nothing else, however it is asked for."""
    name = "fetch-says-nothing"
    source = "Office 365 (MailKit#1615), Gmail (larch README)"
    lost = {BAD: "does not give it"}

    def broken(self, item):
        return item.startswith("BODY")

    def held(self):
        return {k: m for k, m in super().held().items() if k != BAD}


class FetchEmptyWhole(OneOdd):
    """One message comes only in pieces: they are all there, so it is verbatim."""
    name = "only-in-pieces"
    source = "Office 365 (MailKit#1615)"
    code = 0


class BodyNil(OneOdd):
    """One body is NIL; its header and text can be fetched."""
    name = "body-nil"
    source = "Gmail: some old mails cannot be fetched (larch README)"
    rescued = {BAD: "header and text"}

    def broken(self, item):
        return is_body(item)

    def answer(self, n, m):
        return b"* %d FETCH (UID %d BODY[] NIL)" % (n, m.uid)


class BodyEmpty(BodyNil):
    """One body is "" although its size is not 0."""
    name = "body-empty"
    source = "Yahoo gives an empty string (dovecot core, imapc-mail.c)"

    def answer(self, n, m):
        return b'* %d FETCH (UID %d BODY[] "")' % (n, m.uid)


class BodyEmptyEver(OneOdd):
    """One body is "" by whatever way; only its subject can be fetched."""
    name = "body-empty-ever"
    source = "Yahoo gives an empty string (dovecot core, imapc-mail.c)"
    lost = {BAD: "no octets"}

    def broken(self, item):
        return item.startswith("BODY") and "FIELDS" not in item

    def answer(self, n, m):
        return b'* %d FETCH (UID %d BODY[] "")' % (n, m.uid)

    def held(self):
        return {k: m for k, m in super().held().items() if k != BAD}


class Refused(BodyNil):
    """Whatever holds this message is answered NO."""
    name = "body-refused"
    source = "Exchange, Office 365 refuse single messages (MailKit#1615)"

    def play(self, s, tag, args):
        s.send("%s NO The specified message set is invalid." % tag)


class ServerBug(BodyNil):
    """Whatever holds this message is answered NO [SERVERBUG]."""
    name = "body-serverbug"
    slow = True
    again = None
    source = "Yahoo (dovecot core, imapc-mail.c)"

    def play(self, s, tag, args):
        s.send("%s NO [SERVERBUG] UID FETCH Server error - Please try again later" % tag)


class RefusedLate(BodyNil):
    """The messages before the odd one are given, then NO."""
    name = "body-refused-midway"
    source = "Dovecot with a damaged file: some answers, then NO"

    def play(self, s, tag, args):
        for n, m in self.chosen(s, args[0], True):
            if self.odd(s, m):
                break
            s.send(super().fetch_answer(s, n, m, [i.upper() for i in args[1]]))
        s.send("%s NO Internal error occurred. Refer to server log" % tag)


class Cuts(BodyNil):
    """The connection ends each time that this message is asked for whole."""
    name = "body-cuts-connection"
    slow = True
    source = "Yahoo: stuck for ever at one bad message (imap-backup#218)"

    def play(self, s, tag, args):
        s.cut()


class CutsInside(OneOdd):
    """The connection ends inside the body of this message, by whatever way."""
    name = "body-cut-inside"
    slow = True
    again = None
    source = "Zoho: EOF in the middle (nixpkgs#352446)"
    lost = {BAD: "connection breaks"}

    def broken(self, item):
        return item.startswith("BODY") and "FIELDS" not in item

    def play(self, s, tag, args):
        s.send_raw(b"* 3 FETCH (UID 3 BODY[] {5000}\r\nSubject: half\r\n")
        s.cut()

    def held(self):
        return {k: m for k, m in super().held().items() if k != BAD}


class CutOnce(OneOdd):
    """The connection ends inside a body, once."""
    name = "body-cut-once"
    source = "Zoho: EOF in the middle (nixpkgs#352446)"
    code = 0
    cuts = 1

    def play(self, s, tag, args):
        if self.cuts:
            self.cuts -= 1
            s.send_raw(b"* 1 FETCH (UID 1 BODY[] {5000}\r\nSubject: half\r\n")
            s.cut()
        super().play(s, tag, args)

    def fetch_answer(self, s, n, m, items):
        return Quirk.fetch_answer(self, s, n, m, items)


class BadOnce(OneOdd):
    """A message is not given in one session, in another one it is."""
    name = "fresh-connection-helps"
    source = "robustness: a failure that a session remembers"
    code = 0

    def play(self, s, tag, args):
        if s.number == 1:
            s.send("%s NO Unable to read this message" % tag)
        else:
            Quirk.do_uid_fetch(self, s, tag, args)

    def fetch_answer(self, s, n, m, items):
        return Quirk.fetch_answer(self, s, n, m, items)


class LastPieceRefused(OneOdd):
    """Only in pieces, and what begins after the end is answered NO."""
    name = "piece-after-end-refused"
    source = "robustness: RFC 3501 6.4.5 does not say what an origin after the end is"
    code = 0

    def play(self, s, tag, args):
        s.send("%s NO no" % tag)

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        m = re.fullmatch(r"BODY\.PEEK\[\]<(\d+)\.\d+>", args[1][-1])
        if m and int(m[1]) >= len(dict((x.uid, x.body) for x in s.mailbox.messages)[int(args[0])]):
            return s.send("%s NO origin after the end" % tag)
        return super().do_uid_fetch(s, tag, args, by_uid)


class PiecesShort(OneOdd):
    """Only in pieces, and those of at most 10,000 octets, whatever was asked for."""
    name = "pieces-shorter-than-asked"
    source = "robustness: RFC 3501 6.4.5 lets only the last piece be shorter"
    code = 0
    words = "UID 3 is given only in pieces; all of them were fetched"

    def populate(self):
        super().populate()
        self.mailbox("INBOX").messages[2].body = b"Subject: long\r\n\r\n" + b"".join(b"line %d\r\n" % i for i in range(7000))

    def fetch_item(self, s, m, item):
        return super().fetch_item(s, m, re.sub(r"\.(\d+)>$", ".10000>", item))

    def play(self, s, tag, args):
        s.send("%s NO too large" % tag)


class Big(SizeLies):
    """A message of 20 MiB that is said to have 60 comes in pieces, others' octets between them; the connection ends in the second."""
    name = "big-in-pieces"
    source = "Exchange (vandelay#12); messages over 48 MiB are always asked for in pieces"
    sizes = [60 << 20] * 5
    cuts = 1
    warnings = {("INBOX", 1): ["size"]}

    def populate(self):
        self.mailbox("INBOX").add(b"Subject: big\r\n\r\n" + bytes(range(1, 256)) * (20 << 12))

    def fetch_answer(self, s, n, m, items):
        if "BODY.PEEK[]<8388608.8388608>" in items and self.cuts:
            self.cuts -= 1
            s.send_raw(b"* 1 FETCH (UID 1 BODY[]<8388608> {8388608}\r\n" + m.body[8388608:9_000_000])
            s.cut()
        if "BODY.PEEK[]<9000000.8388608>" in items:
            s.send(b"* 2 FETCH (UID 2 BODY[]<0> {6}\r\nforged)")
        return super().fetch_answer(s, n, m, items)


class PartialIgnored(SizeLies):
    """A message that is said to be huge is asked for in pieces, and given whole each time."""
    name = "partial-ignored"
    source = "robustness: partial fetch ignored"
    sizes = [60_000_000] * 5
    code = 0

    def fetch_item(self, s, m, item):
        return super().fetch_item(s, m, re.sub(r"<\d+\.\d+>$", "", item))


class WrongUid(OneOdd):
    """Asked for one message, the server gives it under a UID that does not exist."""
    name = "wrong-uid"
    source = "Exchange: UidCorruption (dovecot core)"
    lost = {BAD: "does not give it"}

    def broken(self, item):
        return item.startswith("BODY")

    def answer(self, n, m):
        return b"* %d FETCH (UID 4000 BODY[] {%d}\r\n%s)" % (n, len(m.body), m.body)

    def held(self):
        return {k: m for k, m in super().held().items() if k != BAD}


class OthersToo(Quirk):
    """Bodies of messages that were not asked for come along, and bodies twice."""
    name = "bodies-unasked"
    source = "unsolicited FETCH, RFC 3501 7"

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        if wants_body(args[1]):
            s.send(b"* 99 FETCH (UID 99 BODY[] {6}\r\nforged)", b"* 98 FETCH (BODY[] {6}\r\nforged)", b"* 1 FETCH (UID 1 FLAGS (\\Seen))")
            super().do_uid_fetch(s, "*", args, by_uid)
        super().do_uid_fetch(s, tag, args, by_uid)

    def ok(self, s, tag, text="done"):
        super().ok(s, tag, text)


class BodyNoUid(Quirk):
    """Answers with a body never tell the UID."""
    name = "body-never-names-uid"
    source = "Zoho (offlineimap#93)"

    def fetch_answer(self, s, n, m, items):
        return super().fetch_answer(s, n, m, [i for i in items if i != "UID" or not wants_body(items)])


class Split(Quirk):
    """UID and body come in two answers for one message."""
    name = "answer-in-two"
    source = "RFC 3501 7.4.2: several FETCH responses for one message"

    def fetch_answer(self, s, n, m, items):
        if wants_body(items):
            s.send(b"* %d FETCH (UID %d)" % (n, m.uid))
            items = [i for i in items if i != "UID"]
        return super().fetch_answer(s, n, m, items)


class Parts(OneOdd):
    """One message cannot be fetched whole; its header and its parts can."""
    name = "only-parts"
    source = "larch README, imap-backup#218: what else of a message can be fetched"
    rescued = {BAD: "header and parts"}
    head = b"Message-ID: <parts@fake.example>\r\nSubject: in parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n"
    parts = [(b"Content-Type: text/plain\r\n\r\n", b"first\r\n"), (b"Content-Type: application/octet-stream\r\n\r\n", b"second")]

    def populate(self):
        super().populate()
        message = self.mailbox("INBOX").messages[2]
        message.body = self.head + b"".join(b"--=_b\r\n" + h + t + b"\r\n" for h, t in self.parts) + b"--=_b--\r\n"

    def broken(self, item):
        return is_body(item) or item == "BODY.PEEK[TEXT]"

    def section(self, data, name):
        m = re.fullmatch(r"(\d+)(\.MIME)?", name)
        if not m:
            return super().section(data, name)
        if int(m[1]) > len(self.parts):
            return None
        return self.parts[int(m[1]) - 1][0 if m[2] else 1]

    def fetch_item(self, s, m, item):
        number = re.fullmatch(r"BODY\.PEEK\[((\d+)(?:\.MIME)?)\]", item)
        if number and int(number[2]) > len(self.parts):
            return b"BODY[%s] NIL" % number[1].encode()
        return super().fetch_item(s, m, item)


class Strict(Refused):
    """--strict: what is not given plainly is named, and nothing is tried beyond a fresh connection."""
    name = "strict"
    source = "valise backup --strict"
    options = ("--strict",)
    rescued = {}
    lost = {BAD: "does not give it"}

    def held(self):
        return {k: m for k, m in super().held().items() if k != BAD}

    def check(self):
        if any(b"<0." in line or b"[TEXT]" in line for _, line in self.log):
            return "something else than a plain fetch was tried"


class NoHeader(Quirk):
    """Messages without header, without anything, of an empty line."""
    name = "void-messages"
    source = "imapsync#256, imapsync#437: mails without header are ignored by others"

    def populate(self):
        inbox = self.mailbox("INBOX")
        for body in (b"", b"\r\n", b"no header, no line end", b"\r\n\r\nbody alone\r\n", b"Subject: only a header", b" \r\n"):
            inbox.add(body)
        inbox.add(b"", [r"\Seen"])
