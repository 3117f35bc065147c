"""Quirks of sessions: greeting, commands, connections."""
import re
import threading

from cases_quirks import Quirk, wants_body
from fakeimap import Bad, Cut


class LfOnly(Quirk):
    """Lines end in LF alone; literals keep what they hold."""
    name = "lf-only"
    source = "robustness: CRLF, RFC 3501 2.2"

    def greeting(self, s):
        s.send_raw, send = (lambda data: send(re.sub(rb"\A(.*)\r\n\Z", rb"\1\n", data, flags=re.S))), s.send_raw
        return super().greeting(s)


class LongLines(Quirk):
    """Lines of 100 KB: texts, flags, unknown responses."""
    name = "lines-100k"
    source = "robustness: libetpan reads any line into memory"

    def ok(self, s, tag, text="done"):
        s.send("* OK " + "long " * 20_000, "* X-LONG (" + "a " * 50_000 + ")", "* FLAGS (" + " ".join("k%05d" % i for i in range(14_000)) + ")")
        super().ok(s, tag, text + " " + "x" * 100_000)


class CapsChange(Quirk):
    """Before signing in less is offered than after, and OK does not tell."""
    name = "capability-changes"
    source = "RFC 3501 6.1.1; Dovecot"

    def capabilities(self, s):
        return ["IMAP4", "IMAP4rev1", "AUTH=PLAIN", "LOGIN-REFERRALS"] if not s.user else super().capabilities(s)

    def sign_in(self, s, tag, user, password):
        s.user = user
        s.send("%s OK Logged in" % tag)


class NoSaslIr(Quirk):
    """The continuation is "+" alone, without blank and text."""
    name = "plus-without-text"
    source = "modern-email/defects#7"
    extensions = [e for e in Quirk.extensions if e not in ("LITERAL+", "SASL-IR")]

    def populate(self):
        super().populate()
        self.mailbox("caf\u00e9".encode()).add(b"Subject: needs a literal\r\n\r\n")  # 8 bit: a synchronising one

    def do_authenticate(self, s, tag, args):
        send = s.send
        s.send = lambda *lines: send(*("+" if x == "+ " else x for x in lines))
        super().do_authenticate(s, tag, args)
        s.send = send

    def continuation(self, s, size):
        s.send("+")


class Preauth(Quirk):
    """The greeting is PREAUTH: there is nothing to sign in."""
    name = "preauth"
    source = "RFC 3501 7.1.4"

    def greeting(self, s):
        s.user = "alice"
        return "* PREAUTH welcome"

    def check(self):
        if self.commands(b"LOGIN") or self.commands(b"AUTHENTICATE"):
            return "a password was sent"


class GreetingBye(Quirk):
    """The greeting is BYE."""
    name = "greeting-bye"
    source = "RFC 3501 7.1.5; too many connections"
    code = 1
    words = "Too many connections from your address"

    def greeting(self, s):
        return "* BYE [UNAVAILABLE] Too many connections from your address"


class GreetingLater(Quirk):
    """Every connection but the first is greeted with BYE, until the first is gone."""
    name = "one-connection-only"
    source = "Yahoo, Gmail: connection limits"

    def populate(self):
        for name in ("INBOX", "A", "B"):
            box = self.mailbox(name)
            for i in range(3):
                box.add(b"Subject: %d\r\n\r\n" % i + b"x" * 3_000_000)

    def greeting(self, s):
        if len(self.sessions) > 1:
            return "* BYE only one connection"
        return super().greeting(s)


class Banner(Quirk):
    """An alert stands in the greeting, and a line before each answer."""
    name = "alerts"
    source = "robustness: RFC 3501 7.1, text that looks like a literal"

    def greeting(self, s):
        return "* OK [ALERT] Read our new terms (now) {12}"

    def ok(self, s, tag, text="done"):
        s.send("* OK [ALERT] {5} not a literal", "* NO [ALERT] \"quoted")
        super().ok(s, tag, text)


class TenBad(Quirk):
    """After ten bad commands the connection ends; CONDSTORE and LIST options are offered and BAD."""
    name = "ten-bad-then-bye"
    source = "Exchange: 10 bad commands -> BYE (MS-STANXIMAP)"
    extensions = Quirk.extensions + ["CONDSTORE", "LIST-STATUS"]
    limit = 10

    def bad(self, s, tag):
        s.bad = getattr(s, "bad", 0) + 1
        if s.bad >= self.limit:
            s.send("* BYE too many bad commands")
            s.cut()
        s.send("%s BAD Command Argument Error. 11" % tag)
        return True

    def before(self, s, tag, name, args):
        if name == "EXAMINE" and len(args) > 1 or name == "LIST" and len(args) > 2 or name == "STATUS" and "HIGHESTMODSEQ" in args[1]:
            return self.bad(s, tag)
        return False


class Drops(Quirk):
    """The connection ends after every seven commands."""
    name = "drops-every-7"
    source = "Zoho: EOF in the middle (nixpkgs#352446), offlineimap#666"
    served = 7

    def before(self, s, tag, name, args):
        s.served = getattr(s, "served", 0) + (s.user is not None)
        if s.served > self.served:
            s.cut(reset=s.number % 2 == 0)
        return False


class ByeInside(Quirk):
    """BYE in the middle of the answers to a FETCH, twice."""
    name = "bye-midway"
    source = "Yahoo: * BYE in the middle (dovecot core)"
    byes = 2

    def fetch_answer(self, s, n, m, items):
        if wants_body(items) and n == 3 and self.byes:
            self.byes -= 1
            s.send("* BYE session ended, try again")
            s.cut()
        return super().fetch_answer(s, n, m, items)


class Shuffled(Quirk):
    """Commands in flight are answered in any order."""
    name = "answers-out-of-order"
    source = "RFC 3501 5.5; Dovecot under load"

    def populate(self):
        inbox = self.mailbox("INBOX")
        for i in range(60):
            inbox.add(b"Subject: %d\r\n\r\n" % i + b"%d" % i * 90_000)

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        s.waiting = getattr(s, "waiting", [])
        s.waiting.append((tag, args))
        s.send("* OK still here")
        if len(s.waiting) > 1 or not s.more(0.05):
            for t, a in s.waiting[::-1]:
                super().do_uid_fetch(s, t, a, by_uid)
            s.waiting = []

    def greeting(self, s):
        import select
        s.more = lambda seconds: bool(s.file.peek(1)) if select.select([s.sock], [], [], seconds)[0] else False
        return super().greeting(s)


class ShortLines(Quirk):
    """Command lines of more than 1,000 octets are BAD."""
    name = "line-limit-1000"
    source = "RFC 2683 3.2.1.5; nextcloud/mail#6038: a UID list of 40 KB"
    limit = 1000

    def populate(self):
        inbox = self.mailbox("INBOX")
        for i in range(400):
            inbox.add(b"Subject: %d\r\n\r\n" % i, uid=100_000 + 3 * i)

    def before(self, s, tag, name, args):
        if len(self.log[-1][1]) > self.limit:
            raise Bad("line too long")
        return False

    def check(self):
        if len(self.commands(b"UID FETCH")) > 30:
            return "%d UID FETCH" % len(self.commands(b"UID FETCH"))


class Descending(Quirk):
    """Sets that are not ascending are BAD, also 9:* where * is less."""
    name = "descending-sets-bad"
    source = "QQ, exmail (modern-email/defects#40)"

    def populate(self):
        inbox = self.mailbox("INBOX")
        for i in range(300):
            inbox.add(b"Subject: %d\r\n\r\n" % (i % 9), uid=1 + i * 41)
        inbox.uidnext = 5_000_000

    def before(self, s, tag, name, args):
        if name == "UID_FETCH":
            last, at = s.mailbox.messages[-1].uid, 0
            for part in args[0].split(","):
                low, _, high = part.partition(":")
                if not at < int(low) or high and (last if high == "*" else int(high)) < int(low):
                    raise Bad("set not ascending")
                at = int(high or low) if high != "*" else last
        return False


class IdFirst(Quirk):
    """Without ID after signing in nothing can be opened; ID () is BAD."""
    name = "id-first"
    source = "163.com, 126.com, yeah.net: Unsafe Login (isync-netease-fix, offlineimap#696, defects#13)"

    def do_id(self, s, tag, args):
        if not args or args[0] == []:
            raise Bad("ID ()")
        s.told = s.user is not None
        super().do_id(s, tag, args)

    def do_examine(self, s, tag, args, read_only=True):
        if not getattr(s, "told", False):
            return s.send("%s NO EXAMINE Unsafe Login. Please contact kefu@188.com for help" % tag)
        return super().do_examine(s, tag, args, read_only)


class IdBad(Quirk):
    """ID is offered and BAD."""
    name = "id-bad"
    source = "modern-email/defects#13"

    def do_id(self, s, tag, args):
        raise Bad("ID")


class NoPipelining(Quirk):
    """Only the first of several commands in one packet is carried out; the others are never answered."""
    name = "no-pipelining"
    source = "robustness: RFC 3501 5.5 allows pipelining"
    minutes = True
    again = None
    words = "going on with one at a time"

    def populate(self):
        for name in ("INBOX", "A", "B", "C"):
            for i in range(3):
                self.mailbox(name).add(b"Subject: %d\r\n\r\n" % i)

    def greeting(self, s):
        s.line = lambda: self.first_line(s)
        return super().greeting(s)

    @staticmethod
    def first_line(s):
        packet = s.sock.recv(65536)
        if not packet:
            raise Cut()
        return packet.split(b"\r\n")[0]


class TwoSlow(Quirk):
    """Each line comes in pieces of a few octets."""
    name = "packets-of-7-octets"
    source = "robustness: packets end anywhere"

    def greeting(self, s):
        send, lock = s.send_raw, threading.Lock()

        def pieces(data):
            with lock:
                for i in range(0, len(data), 7):
                    send(data[i:i + 7])
        s.send_raw = pieces
        return super().greeting(s)


class SelectNever(Quirk):
    """A server that counts what would change it: EXAMINE and BODY.PEEK only."""
    name = "marks-read-otherwise"
    source = "iCloud: \\Seen even under EXAMINE when BODY[] is used; Purelymail#204, imap-backup#118"

    def check(self):
        for _, line in self.log:
            if re.search(rb"SELECT|STORE|BODY\[|RFC822(?!\.SIZE)|EXPUNGE|CLOSE", line):
                return "sent %r" % line


class Names8bitLogin(Quirk):
    """The signed-in OK says things that look like codes, and the user is told twice."""
    name = "login-chatter"
    source = "robustness: RFC 3501 7, untagged lines at any time"

    def sign_in(self, s, tag, user, password):
        s.send("* CAPABILITY IMAP4rev1", "* 5 EXISTS", "* OK [ALERT] quota 99%", "* NO [UNKNOWN] x")
        super().sign_in(s, tag, user, password)
