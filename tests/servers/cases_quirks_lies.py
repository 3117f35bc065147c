"""Lengths that lie: a literal is announced longer or shorter than it is."""
import re

from cases_quirks import Quirk, is_body, is_whole
from fakeimap import Message


class LiteralLies(Quirk):
    """The length of BODY[] alone is a lie, by few and by many octets; pieces are right."""
    name = "literal-lies"
    source = "Domino (MailKit#361, #954)"
    slow = True
    lies = {2: 1, 4: 2, 6: 3, 8: 4000, 10: -1, 12: -2, 14: -3, 16: -40}
    lying = staticmethod(is_whole)

    def populate(self):
        inbox = self.mailbox("INBOX")
        for n in range(1, 19):
            inbox.add(b"Message-ID: <%d@lies.example>\r\nSubject: number %d\r\n\r\n" % (n, n) + b"words and (words) in lines\r\n" * 90 + b"(end)\r\n", [r"\Seen"][:n % 2])
        self.mailbox("Other").add(b"Subject: in Other\r\n\r\n")

    def fetch_item(self, s, m, item):
        out = super().fetch_item(s, m, item)
        if not (self.lying(item) and s.mailbox.name == b"INBOX" and m.uid in self.lies):
            return out
        return re.sub(rb"\{(\d+)\}", lambda k: b"{%d}" % max(0, int(k[1]) + self.lies[m.uid]), out, count=1)


class LiteralLiesEver(LiteralLies):
    """Pieces lie, too: header and text are right."""
    name = "literal-lies-in-pieces"
    lies = {2: 1, 9: 4000, 18: -2}
    lying = staticmethod(is_body)
    code = 3
    rescued = {("INBOX", uid): "only as header and text" for uid in lies}


class LiteralLiesSize(LiteralLies):
    """RFC822.SIZE tells the same lie as the literal."""
    name = "literal-lies-as-size"
    lies = {3: 500, 9: -3}
    code = 3
    rescued = {("INBOX", uid): "given only in pieces" for uid in lies}
    warnings = {("INBOX", uid): ["size"] for uid in lies}

    def fetch_item(self, s, m, item):
        if item == "RFC822.SIZE" and s.mailbox.name == b"INBOX":
            return b"RFC822.SIZE %d" % (len(m.body) + self.lies.get(m.uid, 0))
        return super().fetch_item(s, m, item)


class LiteralLiesLast(LiteralLies):
    """The last message of the mailbox and the only one of another are too long: nothing comes after them."""
    name = "literal-lies-last"
    lies = {18: 2000}

    def fetch_item(self, s, m, item):
        out = super().fetch_item(s, m, item)
        if is_whole(item) and s.mailbox.name == b"Other":
            return re.sub(rb"\{\d+\}", b"{60}", out)
        return out


class LiteralSwallows(LiteralLies):
    """One literal takes in the whole next answer but for its ")"; another leaves behind what looks like an answer."""
    name = "literal-swallows"
    lies = {}
    again = "nothing"

    def populate(self):
        super().populate()
        self.mailboxes[b"INBOX"].messages[9].body += b"\r\n)\r\n* 99 FETCH (UID 99 BODY[] {3}\r\nabc)\r\n* OK still"

    def fetch_item(self, s, m, item):
        out = super().fetch_item(s, m, item)
        if is_whole(item) and s.mailbox.name == b"INBOX" and m.uid == 3:
            more = len(b")\r\n") + len(self.next_answer(s, m))
            return out.replace(b"{%d}" % len(m.body), b"{%d}" % (len(m.body) + more))
        if is_whole(item) and s.mailbox.name == b"INBOX" and m.uid == 10:
            return out.replace(b"{%d}" % len(m.body), b"{%d}" % m.body.index(b")\r\n* 99"))
        return out

    def next_answer(self, s, m):
        after = self.mailboxes[b"INBOX"].messages[m.uid]
        return b"* %d FETCH (UID %d BODY[] {%d}\r\n%s" % (after.uid, after.uid, len(after.body), after.body)


class QuotedLies(Quirk):
    """A quoted body holds quotes that are not escaped."""
    name = "body-quoted-unescaped"
    source = "robustness: RFC 3501 9, quoted"
    code = 3
    rescued = {("INBOX", 2): "only as header and text"}

    def populate(self):
        inbox = self.mailbox("INBOX")
        for body in (b"Subject: one", b'Subject: he said "x" FLAGS (a)) and left\r\n\r\ntext', b"Subject: three"):
            inbox.add(body)

    def fetch_item(self, s, m, item):
        out = super().fetch_item(s, m, item)
        return b'BODY[] "%s"' % m.body.replace(b"\r\n", b" ") if is_body(item) and m.uid == 2 else out


class BodyShort(Quirk):
    """Of two messages BODY[] is shorter than it is, as its literal says; RFC822.SIZE and pieces are right."""
    name = "body-short"
    source = "robustness: a message that a server cuts, in good order"
    cuts = (2, 9)
    cut = staticmethod(is_whole)

    def populate(self):
        for n in range(1, 13):
            self.mailbox("INBOX").add(b"Subject: number %d\r\n\r\n" % n + b"line\r\n" * 9 * n, [r"\Seen"][:n % 2])

    def fetch_item(self, s, m, item):
        cut = m.uid in self.cuts and self.cut(item)
        return super().fetch_item(s, Message(m.uid, m.body[:-20]) if cut else m, item)


class BodyShortEver(BodyShort):
    """A message is shorter than RFC822.SIZE says by whatever way, and the other sizes are right: it may be cut, which is said once."""
    name = "body-short-ever"
    cuts = (9,)
    cut = staticmethod(is_body)
    code, code_again = 3, 0
    again = "some"
    lost = {("INBOX", 9): "gives 487 of 507 octets: it may be cut"}
    lost_again = {}
    warnings = {("INBOX", 9): ["size"]}

    def held(self):
        held = super().held()
        held["INBOX", 9] = Message(9, held["INBOX", 9].body[:-20], [r"\Seen"])
        return held


class BodyShortBesideLarge(BodyShort):
    """The message after the short one is so large that it is taken up first: the short one is asked for alone all the same."""
    name = "body-short-beside-large"
    slow = True
    cuts = (1,)

    def populate(self):
        self.mailbox("INBOX").add(b"Subject: number 1\r\n\r\n" + b"line\r\n" * 9)
        self.mailbox("INBOX").add(b"Subject: large\r\n\r\n" + (b"-" * 1022 + b"\r\n") * (50 << 10))
        for n in range(3, 6):
            self.mailbox("INBOX").add(b"Subject: number %d\r\n\r\n" % n)


class BodyShortBreaks(BodyShortEver):
    """Asked for what follows the end of a short message, the server ends the connection: it does not go on for ever."""
    name = "body-short-breaks"
    slow = True

    def fetch_answer(self, s, n, m, items):
        if m.uid == 9 and any(i.endswith(".1>") for i in items):
            s.cut()
        return super().fetch_answer(s, n, m, items)


class BodyLongEver(BodyShortEver):
    """A message is longer than RFC822.SIZE says by whatever way, and the other sizes are right."""
    name = "body-long-ever"
    source = "robustness: it may be another message"
    lost = {("INBOX", 9): "gives 523 octets instead of 507: it may be another message"}

    def held(self):
        held = super().held()
        held["INBOX", 9] = Message(9, self.longer(held["INBOX", 9].body), [r"\Seen"])
        return held

    def longer(self, body):
        return Quirk.held(self)["INBOX", 9].body + b"sixteen octets\r\n"

    def fetch_item(self, s, m, item):
        odd = m.uid == 9 and is_body(item)
        return Quirk.fetch_item(self, s, Message(9, self.longer(m.body)) if odd else m, item)


class BodiesSwapped(BodyShortEver):
    """Two of three messages come under each other's UID."""
    name = "bodies-swapped"
    source = "robustness: a lie that only RFC822.SIZE can show"
    lost = {("INBOX", 1): "gives 129 octets, as UID 2 should have, instead of 75", ("INBOX", 2): "gives 75 octets, as UID 1 should have, instead of 129"}
    warnings = {("INBOX", 1): ["size"], ("INBOX", 2): ["size"]}

    def populate(self):
        for n in range(1, 4):
            self.mailbox("INBOX").add(b"Subject: number %d\r\n\r\n" % n + b"line\r\n" * 9 * n)

    def other(self, m):
        inbox = self.mailboxes[b"INBOX"].messages
        return inbox[2 - m.uid] if m.uid < 3 else m

    def held(self):
        held = Quirk.held(self)
        return {k: Message(m.uid, self.other(m).body, [], m.date) if k[0] == "INBOX" else m for k, m in held.items()}

    def fetch_item(self, s, m, item):
        return Quirk.fetch_item(self, s, Message(m.uid, self.other(m).body) if is_body(item) else m, item)
