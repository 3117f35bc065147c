"""What servers do to the messages that they are given: refuse them, alter them, or forget what was said about them."""
import re

from fakeimap import FakeImap, Literal, raw

HEAD = b"Message-ID: <%s@old.example>\r\nDate: Mon, 01 Jan 2001 00:00:00 +0000\r\nFrom: Alice <alice@old.example>\r\nSubject: %s\r\n"


def flawed():
    """{name: (octets, flags, INTERNALDATE)} of messages that some server refuses, sound ones among them."""
    def m(name, body, extra=b""):
        return HEAD % (name, name) + extra + b"\r\n" + body
    long = b"long " * 3000 + b"\r\n"
    bodies = {
        "plain": m(b"plain", b"sound\r\n"),
        "flagged": m(b"flagged", b"sound, with flags\r\n"),
        "nul": m(b"nul", b"a\0b\r\nsecond = line \r\n"),
        "nul-header": HEAD % (b"nulh", b"zero\0zero") + b"\r\nbody\r\n",
        "bare-lf": m(b"bare", b"one\ntwo\r\nthree\rfour\r\n"),
        "no-end": m(b"noend", b"no line end"),
        "latin1": HEAD % (b"latin1", b"Gr\xfc\xdfe") + b"\r\nbody\r\n",
        "utf8": HEAD % (b"utf8", "日本語 📬".encode()) + b"\r\nbody\r\n",
        "no-field": b"this line is no header field\r\n" + m(b"nofield", b"body\r\n"),
        "long-line": m(b"long", long + b"end\xc3\xbc\r\n", b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"),
        "long-part": m(b"part", b"--b\r\n\r\nshort\xff\r\n--b\r\nContent-Type: text/html\r\n\r\n" + long + b"--b--\r\n", b"Content-Type: multipart/mixed; boundary=b\r\n"),
        "long-signed": m(b"signed", b"--b\r\n\r\n" + long + b"--b--\r\n", b"Content-Type: multipart/signed; boundary=b\r\n"),
        "no-id": b"Subject: no id\r\n\r\nbody of it\r\n",
        "no-id-flawed": b"no field\nSubject: no id, \xfc\r\n\r\na\0b",
        "twin": m(b"twin", b"equal\r\n"),
        "twin-2": m(b"twin", b"equal\r\n"),
        "old": m(b"old", b"of long ago\r\n"),
        "large": m(b"large", b"large\r\n" * 20000),
    }
    flags = {"flagged": [r"\Flagged", r"\Seen", "work", "$MDNSent"], "nul": [r"\Answered"], "no-end": ["work"], "long-line": [r"\Seen"]}
    dates = {"old": " 1-Jan-1984 00:00:00 +0000", "twin": " 1-Feb-2010 10:00:00 +0100", "twin-2": " 1-Feb-2010 10:00:00 +0100"}
    return {name: (body, flags.get(name, []), dates.get(name, "%2d-Mar-2009 0%d:00:00 +0000" % (i + 1, i % 10))) for i, (name, body) in enumerate(bodies.items())}


class LadderSource(FakeImap):
    """Messages that strict servers refuse, each for one reason."""
    name = "ladder-source"

    def populate(self):
        inbox = self.mailbox("INBOX")
        for body, flags, date in flawed().values():
            inbox.add(body, flags, date)


class Alike(FakeImap):
    """Messages of one date, most of one size."""
    name = "alike-source"

    def populate(self):
        for i in range(12):
            self.mailbox("INBOX").add(HEAD % (b"%x" % i, b"alike") + b"\r\nbody %x\r\n" % i + b"x" * (i if i > 8 else 0), [[], [r"\Flagged"], [r"\Seen", "work"]][i % 3])


class Target(FakeImap):
    """The parent of those below: an empty INBOX, and a word on each message that comes in."""
    name = "target"
    permanent = None  # PERMANENTFLAGS, if not all

    def populate(self):
        self.mailbox("INBOX")

    def refusal(self, s, body, flags, date):
        """None, or the answer without its tag."""

    def store(self, box, body, flags, date):
        """What becomes of a message that is taken: its UID."""
        return box.add(body, flags, date).uid

    def do_append(self, s, tag, args):
        new, rest = [], args[1:]
        while rest:
            flags = rest.pop(0) if isinstance(rest[0], list) else []
            date = rest.pop(0).decode() if not isinstance(rest[0], Literal) else "22-Nov-2026 12:00:00 +0000"
            new.append((bytes(rest.pop(0)), flags, date))
        for message in new:
            answer = self.refusal(s, *message)
            if answer:
                s.send("%s %s" % (tag, answer))
                return self.refused(s, *message)
        box = self.find(s, tag, args[0], "TRYCREATE")
        if box:
            with self.lock:
                uids = [self.store(box, *message) for message in new]
            self.ok(s, tag, (self.appenduid(box, uids) if "UIDPLUS" in self.extensions else "") + "appended")

    def refused(self, s, body, flags, date):
        pass

    def appenduid(self, box, uids):
        return "[APPENDUID %d %s] " % (box.uidvalidity, ",".join(map(str, uids)))

    def mangle(self, s, data):
        if self.permanent is not None:
            data = re.sub(rb"\[PERMANENTFLAGS \([^)]*\)\]", ("[PERMANENTFLAGS (%s)]" % self.permanent).replace("\\", r"\\").encode(), data)
        return data


class ExchangeError11(Target):
    """Refuses lines over 9,900 octets with BAD, forgets \\Flagged, knows no keyword but $MDNSent, and hangs up after ten bad commands."""
    name = "exchange-error-11"
    source = "imapsync FAQ.Exchange, imapsync#5 and #389"
    extensions = [e for e in FakeImap.extensions if e != "MULTIAPPEND"]
    permanent = r"\Seen \Answered \Flagged \Deleted \Draft $MDNSent"

    def refusal(self, s, body, flags, date):
        if any(len(line) > 9900 for line in body.split(b"\n")):
            return "BAD Command Argument Error. 11"

    def refused(self, s, *message):
        s.bad = getattr(s, "bad", 0) + 1
        if s.bad == 10:
            s.send("* BYE Connection closed. 14")
            s.cut()

    def store(self, box, body, flags, date):
        return super().store(box, body, [f for f in flags if f in (r"\Seen", r"\Answered", r"\Draft", "$MDNSent")], date)


class GmailNul(Target):
    """NUL ends the session; of equal messages one is kept, and APPENDUID says a UID that is nobody's."""
    name = "gmail-nul"
    source = "imapsync#124, imapsync FAQ.Gmail"
    extensions = [e for e in FakeImap.extensions if e != "MULTIAPPEND"]

    def refusal(self, s, body, flags, date):
        return "BAD Invalid character in literal" if b"\0" in body else None

    def refused(self, s, *message):
        s.send("* BYE Invalid character in literal")
        s.cut()

    def store(self, box, body, flags, date):
        if any(m.body == body for m in box.messages):
            box.uidnext += 1
            return box.uidnext - 1
        return super().store(box, body, flags, date)


class CutsAtNul(Target):
    """The connection ends without a word when a message holds NUL."""
    name = "cuts-at-nul"
    source = "as Gmail, seen through a proxy"

    def refusal(self, s, body, flags, date):
        if b"\0" in body:
            s.cut(reset=True)


class YahooFinalCrlf(Target):
    """Takes only messages that end in CRLF."""
    name = "yahoo-final-crlf"
    source = "imapsync#209"

    def refusal(self, s, body, flags, date):
        return None if body.endswith(b"\r\n") else "BAD [CLIENTBUG] APPEND Additional arguments found after last expected argument"


class Strict(Target):
    """Cyrus's words for all that it refuses, and no UIDPLUS."""
    name = "strict"
    source = "cyrus-imapd imap/message.c, imap_err.et"
    extensions = [e for e in FakeImap.extensions if e != "UIDPLUS"]

    def refusal(self, s, body, flags, date):
        header = re.split(rb"\r?\n\r?\n", body)[0]
        if b"\0" in body:
            return "NO Message contains NUL characters"
        if re.search(rb"(?<!\r)\n|\r(?!\n)", body):
            return "NO Message contains bare newlines"
        if re.search(rb"[\x80-\xff]", header):
            return "NO Message contains non-ASCII characters in headers"
        if not all(re.match(rb"[\x21-\x39\x3b-\x7e]+:|[ \t]", line) for line in header.split(b"\r\n")):
            return "NO Message contains invalid header"


class Mute(Strict):
    """Refuses the same without any reason."""
    name = "mute"
    source = "servers behind filters"
    extensions = FakeImap.extensions

    def refusal(self, s, *message):
        return super().refusal(s, *message) and "NO"


class OnlyWrapped(Target):
    """Refuses everything but plain text with an attachment, and says nothing of why."""
    name = "only-wrapped"
    source = "content filters"

    def refusal(self, s, body, flags, date):
        return None if b'name="original.eml"' in body else "NO rejected by policy"


class RefusesAll(Target):
    """Refuses every message."""
    name = "refuses-all"
    source = "disabled accounts"

    def refusal(self, s, *message):
        return "NO cannot store"


class TooBig(Target):
    """Refuses messages over 20,000 octets."""
    name = "too-big"
    source = "RFC 7889, vandelay#22"

    def refusal(self, s, body, flags, date):
        return "NO [TOOBIG] Message too large" if len(body) > 20000 else None


class OverQuota(Target):
    """Full after nine messages, until the test sets full = False."""
    name = "over-quota"
    source = "RFC 9208, imapsync#342"
    full = True

    def refusal(self, s, body, flags, date):
        return "NO [OVERQUOTA] Quota exceeded" if self.full and len(self.mailboxes[b"INBOX"].messages) >= 9 else None

    def do_append(self, s, tag, args):
        with self.lock:  # a MULTIAPPEND is one transaction
            return super().do_append(s, tag, args)


class SeenOnly(Target):
    """Keeps \\Seen and forgets all else, in APPEND and in STORE, without a word."""
    name = "seen-only"
    source = "webmail gateways, old Yahoo"
    permanent = r"\Seen"

    def store(self, box, body, flags, date):
        return super().store(box, body, [f for f in flags if f == r"\Seen"], date)

    def do_uid_store(self, s, tag, args):
        args[2] = [f for f in args[2] if f == r"\Seen"]
        super().do_uid_store(s, tag, args)


class KeepsNoFlags(SeenOnly):
    """Says PERMANENTFLAGS () and OK to each STORE, and keeps no flag at all."""
    name = "keeps-no-flags"
    source = "robustness: RFC 3501 7.1, PERMANENTFLAGS without any flag"
    permanent = ""

    def store(self, box, body, flags, date):
        return super().store(box, body, [], date)

    def do_uid_store(self, s, tag, args):
        args[2] = []
        super().do_uid_store(s, tag, args)


class KeywordsRefused(Target):
    """Refuses an APPEND and a STORE with a keyword, although PERMANENTFLAGS has \\*."""
    name = "keywords-refused"
    source = "Courier and ~ in a keyword; imap-backup#133, gmvault#317"

    def refusal(self, s, body, flags, date):
        return "BAD Error in IMAP command received by server." if any(f[0] != "\\" and f != "$MDNSent" for f in flags) else None

    def do_uid_store(self, s, tag, args):
        if any(f[0] != "\\" and f != "$MDNSent" for f in args[2]):
            s.send(tag + " NO Invalid keyword")
            return
        super().do_uid_store(s, tag, args)


class KeywordLimit(Target):
    """Has no room for keywords: an APPEND and a STORE with one are NO, in the words of a limit."""
    name = "keyword-limit"
    source = "Cyrus 3.6 (Too many user flags in mailbox); RFC 5530 3, LIMIT, whose example are flags"
    words = "NO Too many user flags in mailbox"

    def refusal(self, s, body, flags, date):
        return self.words if any(f[0] != "\\" for f in flags) else None

    def do_uid_store(self, s, tag, args):
        if any(f[0] != "\\" for f in args[2]):
            s.send(tag + " " + self.words)
            return
        super().do_uid_store(s, tag, args)


class KeywordLimitCode(KeywordLimit):
    """The same by its response code alone."""
    name = "keyword-limit-code"
    words = "NO [LIMIT] No"


class AltersOctets(Target):
    """Alters one octet of every third message; the size stays."""
    name = "alters-octets"
    source = "gateways that rewrite what they store; a size says nothing of the octets"
    taken = 0

    def store(self, box, body, flags, date):
        self.taken += 1
        return super().store(box, body[:-3] + b"#" + body[-2:] if self.taken % 3 == 0 else body, flags, date)


class Drops(Target):
    """Says OK, and a UID, to every message, and stores two of three."""
    name = "drops"
    source = "stalwartlabs/stalwart#1897, #1900: the import says success, nothing is there"
    taken = 0

    def store(self, box, body, flags, date):
        self.taken += 1
        if self.taken % 3 != 2:
            return super().store(box, body, flags, date)
        box.uidnext += 1
        return box.uidnext - 1


class DropsMute(Drops):
    """The same without a UID."""
    name = "drops-no-uidplus"
    extensions = [e for e in FakeImap.extensions if e not in ("UIDPLUS", "MULTIAPPEND")]


class ReadsNever(AltersOctets):
    """The same, and until it is told the connection ends where a message is to be read."""
    name = "reads-never"
    source = "robustness: what was stored cannot be looked at afterwards"
    cutting = True

    def before(self, s, tag, name, args):
        if self.cutting and name == "UID_FETCH" and "BODY" in str(args[1]):
            s.cut()


class ReadsOne(Target):
    """A connection gives one message, and ends at the next."""
    name = "reads-one"
    source = "Dovecot 2.3 over mbox, whose cache is wrong about the size of what was appended"

    def fetch_item(self, s, m, item):
        if item.startswith("BODY"):
            if getattr(s, "gave", m) is not m:
                s.cut()
            s.gave = m
        return super().fetch_item(s, m, item)


class ReadsAllButOne(Target):
    """A FETCH of bodies ends with NO at the second message, which cannot be read alone, either."""
    name = "reads-all-but-one"
    source = "robustness: a damaged message on the target; Dovecot, Cyrus end the command with NO [SERVERBUG] or NO"

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        chosen = [m.uid for _, m in self.chosen(s, args[0], by_uid)]
        if "BODY" not in str(args[1]) or 2 not in chosen:
            return super().do_uid_fetch(s, tag, args, by_uid)
        for n, m in self.chosen(s, args[0], by_uid)[:chosen.index(2)]:
            s.send(self.fetch_answer(s, n, m, ["UID"] + [i.upper() for i in args[1] if i.upper() != "UID"]))
        s.send(tag + " NO [SERVERBUG] this message is damaged")


class GoesAtTheEnd(Target):
    """Once all is stored nobody is let in any more: before the last look at eight mailboxes."""
    name = "goes-at-the-end"
    source = "robustness: a server that goes down"
    going = False

    def before(self, s, tag, name, args):
        if self.going and name in ("EXAMINE", "SELECT", "UID_FETCH", "LOGIN", "AUTHENTICATE") and sum(len(b.messages) for b in self.mailboxes.values()) == 8:
            if name in ("LOGIN", "AUTHENTICATE"):
                s.send(tag + " NO [AUTHENTICATIONFAILED] not any more")
                return True
            s.cut()


class GoesMidway(Target):
    """After the first messages of a mailbox it cannot be opened any more."""
    name = "goes-midway"
    source = "robustness: a mailbox that breaks while it is filled"
    extensions = [e for e in Target.extensions if e != "MULTIAPPEND"]
    going = True

    def before(self, s, tag, name, args):
        if self.going and self.mailboxes[b"INBOX"].messages:
            if name == "APPEND":
                s.cut()
            if name in ("SELECT", "EXAMINE"):
                s.send(tag + " NO the mailbox is damaged")
                return True


class SubscribeBusy(Target):
    """SUBSCRIBE fails for a reason of the server's own."""
    name = "subscribe-busy"
    source = "robustness: RFC 5530, [SERVERBUG]"

    def do_subscribe(self, s, tag, args, value=True):
        s.send(tag + " NO [SERVERBUG] no subscriptions today")


class SizesOff(Target):
    """RFC822.SIZE counts each CRLF as one octet."""
    name = "sizes-off"
    source = "servers that count their own line ends (Exchange, hMailServer 4.4, tests/servers/cases_quirks_body.py)"

    def fetch_item(self, s, m, item):
        if item == "RFC822.SIZE":
            return b"RFC822.SIZE %d" % (len(m.body) - m.body.count(b"\r\n"))
        return super().fetch_item(s, m, item)


class NoDate(Target):
    """Refuses dates before 1990."""
    name = "no-date"
    source = "servers with a 1990 epoch; imapsync FAQ.Dates"

    def refusal(self, s, body, flags, date):
        return "BAD Invalid date-time in Append command" if int(date[7:11]) < 1990 else None


class BusyCreate(Target):
    """CREATE is busy three times, then throttled, then done."""
    name = "busy-create"
    source = "robustness: RFC 5530 3, INUSE; the server's wish to wait is no failure, whichever try it comes at"
    creates = 0

    def do_create(self, s, tag, args):
        self.creates += 1
        if self.creates < 5:
            s.send(tag + (" NO [INUSE] busy" if self.creates < 4 else " NO [THROTTLED] wait 10 ms"))
            return
        super().do_create(s, tag, args)


class BusyAppend(Target):
    """One message is throttled seven times, then busy once, then taken."""
    name = "busy-append"
    source = "robustness: RFC 5530 3, INUSE; the server's wish to wait is no failure, however often it comes"
    extensions = [e for e in FakeImap.extensions if e != "MULTIAPPEND"]
    asked = 0

    def refusal(self, s, body, flags, date):
        if b"noend" not in body:
            return None
        self.asked += 1
        return "NO [THROTTLED] wait 10 ms" if self.asked < 8 else "NO [INUSE] busy" if self.asked == 8 else None


class NoUidplus(Target):
    """Says no UIDs."""
    name = "no-uidplus"
    source = "RFC 4315 is an extension"
    extensions = [e for e in FakeImap.extensions if e not in ("UIDPLUS", "MULTIAPPEND")]


class ExistsLate(NoUidplus):
    """New messages show only after a NOOP."""
    name = "exists-late"
    source = "Courier 5"
    extensions = NoUidplus.extensions

    def chosen(self, s, uids, by_uid):
        shown = getattr(s, "shown", 0)
        found = super().chosen(s, uids, by_uid)
        return [(n, m) for n, m in found if m.uid <= shown]

    def do_examine(self, s, tag, args, read_only=True):
        super().do_examine(s, tag, args, read_only)
        s.shown = s.mailbox.uidnext - 1 if s.mailbox else 0

    def do_noop(self, s, tag, args):
        if s.mailbox:
            s.shown = s.mailbox.uidnext - 1
            s.send("* %d EXISTS" % len(s.mailbox.messages))
        super().do_noop(s, tag, args)


class SelectLate(ExistsLate):
    """New messages show only after another SELECT."""
    name = "select-late"
    source = "GNU mailutils 3.15, whose imap4d scans a maildir when it is opened"
    extensions = NoUidplus.extensions

    def do_noop(self, s, tag, args):
        FakeImap.do_noop(self, s, tag, args)


class SelectLateUidplus(SelectLate):
    """The same with UIDs."""
    name = "select-late-uidplus"
    extensions = FakeImap.extensions


class ReversedAppenduid(Target):
    """APPENDUID of a MULTIAPPEND is a right set in the wrong order."""
    name = "reversed-appenduid"
    source = "robustness: RFC 4315 3, a set"

    def appenduid(self, box, uids):
        return super().appenduid(box, uids[::-1])


class WrongAppenduid(Target):
    """APPENDUID names other UIDs than those given."""
    name = "wrong-appenduid"
    source = "servers that guess UIDNEXT while others deliver"

    def appenduid(self, box, uids):
        return super().appenduid(box, [u + 3 for u in uids])


class AppenduidOfFirst(Target):
    """APPENDUID of two equal messages is the UID of the first one of the mailbox."""
    name = "appenduid-of-first"
    source = "robustness: RFC 4315 3, a UID that is another message's"

    def appenduid(self, box, uids):
        twins = {m.uid for m in box.messages if b"<twin@" in m.body}
        return "[APPENDUID %d %s] " % (box.uidvalidity, ",".join("1" if u in twins else str(u) for u in uids))


class AddsHeaders(Target):
    """Adds a Received field, and makes its own Message-ID of one that it knows."""
    name = "adds-headers"
    source = "DBmail, SmarterMail, FTGate, Yahoo (imapsync FAQ)"
    given = 0

    def store(self, box, body, flags, date):
        AddsHeaders.given += 1
        body = re.sub(rb"Message-ID: <plain@", b"Message-ID: <%d@" % self.given, body)
        return super().store(box, b"Received: by fake.example id %d\r\n" % self.given + body, flags, date)


class AddsHeadersMute(AddsHeaders):
    """The same, without UIDPLUS."""
    name = "adds-headers-no-uidplus"
    extensions = NoUidplus.extensions


class AltersBoth(NoUidplus):
    """Ends a message at its first NUL, makes each line end CRLF, and dates it now."""
    name = "alters-both"
    source = "GNU mailutils 3.15 (dates; no UIDs); C strings"
    extensions = NoUidplus.extensions
    delivers = False  # another message comes with the one that no field tells, as from another hand

    def store(self, box, body, flags, date):
        if self.delivers and body.startswith(b"no field"):
            box.add(b"Message-ID: <new@elsewhere.example>\r\n\r\nnew\r\n")
        return super().store(box, re.sub(rb"\r?\n", b"\r\n", body.split(b"\0")[0]), flags, "22-Nov-2026 12:00:00 +0000")


class AltersBothUidplus(AltersBoth):
    """The same with UIDs."""
    name = "alters-both-uidplus"
    extensions = FakeImap.extensions


class AltersBothAndDelivers(AltersBoth):
    """The same while somebody else's message comes in."""
    name = "alters-both-and-delivers"
    delivers = True


class EndsAtNul(NoUidplus):
    """Ends a message at its first NUL, and keeps its date."""
    name = "ends-at-nul"
    source = "C strings"
    extensions = NoUidplus.extensions

    def store(self, box, body, flags, date):
        return super().store(box, body.split(b"\0")[0], flags, date)
