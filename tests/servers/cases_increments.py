"""Mod-sequences (RFC 7162), right and wrong, and servers that renumber. The account changes when its owner signs in for the second time
and the third time: change(n) says how."""
from fakeimap import Bad, FakeImap


class Modseq(FakeImap):
    """CONDSTORE and QRESYNC as they should be."""
    name = "modseq"
    source = "RFC 7162"
    extensions = FakeImap.extensions + ["CONDSTORE", "QRESYNC"]

    def populate(self):
        self.logins, self.modseq, self.expunged = 0, 10, {}
        for name, count in (("INBOX", 9), ("Archive", 6), ("Quiet", 4)):
            box = self.mailbox(name)
            for i in range(1, count + 1):
                self.add(box, b"Message-ID: <%s.%d@fake.example>\r\nSubject: %d\r\n\r\nbody of %d\r\n" % (box.name, i, i, i), [r"\Seen"] if i % 2 else [],
                         date="17-Jul-1996 02:%02d:25 -0700" % (i // 3))

    # ---- what happens to the account

    def add(self, box, body, flags=(), **more):
        self.modseq += 1
        message = box.add(body, flags, **more)
        message.modseq = self.modseq
        return message

    def flag(self, box, uid, *flags):
        self.modseq += 1
        message = next(m for m in box.messages if m.uid == uid)
        message.flags, message.modseq = list(flags), self.modseq

    def expunge(self, box, uid):
        self.modseq += 1
        box.messages = [m for m in box.messages if m.uid != uid]
        self.expunged.setdefault(box.name, []).append((uid, self.modseq))

    def change(self, n):
        """One of everything in INBOX at the second sign-in; nothing later."""
        if n == 2:
            inbox = self.mailbox("INBOX")
            self.add(inbox, b"Message-ID: <new@fake.example>\r\nSubject: new\r\n\r\nnew\r\n", ["work"])
            self.flag(inbox, 2, r"\Flagged", r"\Seen")
            self.expunge(inbox, 4)

    def sign_in(self, s, tag, user, password):
        self.logins += 1
        self.change(self.logins)
        super().sign_in(s, tag, user, password)

    # ---- what the server says of it

    def highest(self, box):
        return max([1] + [m.modseq for m in box.messages] + [n for _, n in self.expunged.get(box.name, [])])

    def status_line(self, box, items):
        line = super().status_line(box, [i for i in items if i.upper() != "HIGHESTMODSEQ"])
        if any(i.upper() == "HIGHESTMODSEQ" for i in items):
            line = line[:-1] + b" HIGHESTMODSEQ %d)" % self.highest(box)
        return line

    def do_enable(self, s, tag, args):
        s.qresync = "QRESYNC" in [a.upper() for a in args] and "QRESYNC" in self.extensions
        super().do_enable(s, tag, args)

    def modseq_code(self, box):
        return "* OK [HIGHESTMODSEQ %d] highest" % self.highest(box)

    def ok(self, s, tag, text="done"):
        if "examined" in text:
            s.send(self.modseq_code(s.mailbox))
        super().ok(s, tag, text)

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        more = [str(x).upper() for x in args[2]] if len(args) > 2 else []
        s.since = int(more[more.index("CHANGEDSINCE") + 1]) if "CHANGEDSINCE" in more else None
        if "VANISHED" in more:
            if not getattr(s, "qresync", False):
                raise Bad("QRESYNC is not on")
            gone = self.vanished(s, s.since)
            if gone:
                s.send("* VANISHED (EARLIER) " + ",".join(map(str, gone)))
        super().do_uid_fetch(s, tag, args[:2], by_uid)
        s.since = None

    def vanished(self, s, since):
        return [uid for uid, n in self.expunged.get(s.mailbox.name, []) if n > since]

    def is_changed(self, m, since):
        return m.modseq > since

    def fetch_answer(self, s, n, m, items):
        if s.since is None:
            return super().fetch_answer(s, n, m, items)
        if not self.is_changed(m, s.since):
            return None
        return super().fetch_answer(s, n, m, items)[:-1] + b" MODSEQ (%d))" % m.modseq


class ModseqOnly(Modseq):
    """CONDSTORE without QRESYNC: what is gone has to be found."""
    name = "modseq-only"
    source = "Gmail's IMAP extensions"
    extensions = FakeImap.extensions + ["CONDSTORE"]


class VanishedShort(Modseq):
    """VANISHED leaves out what it should name."""
    name = "vanished-short"
    source = "RFC 7162 3.2.5.2: a server may forget expunges; seen with pruned transaction logs"

    def vanished(self, s, since):
        return []


class VanishedWrong(Modseq):
    """VANISHED names a message that is there, and not the one that is gone."""
    name = "vanished-wrong"
    source = "as vanished-short"

    def vanished(self, s, since):
        return [5, 6]


class ModseqForgets(Modseq):
    """CHANGEDSINCE gives neither new nor changed messages."""
    name = "modseq-forgets"
    source = "proxies that answer FETCH from a cache of their own"

    def is_changed(self, m, since):
        return False


class ModseqStuck(Modseq):
    """HIGHESTMODSEQ never moves, new messages or not."""
    name = "modseq-stuck"
    source = "servers that offer CONDSTORE for one of their stores alone"

    def highest(self, box):
        return 7


class ModseqBack(Modseq):
    """HIGHESTMODSEQ goes back, as after a restore of the server's index."""
    name = "modseq-back"
    source = "Dovecot after its index was rebuilt"

    def highest(self, box):
        return super().highest(box) // (2 if self.logins > 1 else 1)


class ModseqNone(Modseq):
    """STATUS has a HIGHESTMODSEQ, but the mailbox answers NOMODSEQ when it is opened."""
    name = "modseq-none"
    source = "RFC 7162 3.1.2.2"

    def modseq_code(self, box):
        return "* OK [NOMODSEQ] none here"


class ModseqWanders(Modseq):
    """HIGHESTMODSEQ grows by itself, and nothing has changed."""
    name = "modseq-wanders"
    source = "servers that count their own housekeeping"

    def highest(self, box):
        return super().highest(box) + 100 * self.logins

    def change(self, n):
        pass


class UidsReused(Modseq):
    """The messages of INBOX are numbered again under the same UIDVALIDITY, another one among them."""
    name = "uids-reused"
    source = "GNU mailutils (paperless#8939), proton-bridge#220"
    extensions = FakeImap.extensions

    def change(self, n):
        if n != 2:
            return
        inbox = self.mailbox("INBOX")
        first = inbox.messages.pop(0)
        for i, m in enumerate(inbox.messages, 1):
            m.uid = i
        inbox.uidnext = len(inbox.messages) + 1
        self.add(inbox, first.body.replace(b"body of 1", b"another one"))

    def ok(self, s, tag, text="done"):
        FakeImap.ok(self, s, tag, text)


class TwinsAfterRenumbering(Modseq):
    """UIDVALIDITY changes; among the messages are some that agree in size and date and even in their header, and are not the same."""
    name = "twins-renumbered"
    source = "imap-backup#234, and what can go wrong with it"

    def populate(self):
        super().populate()
        inbox = self.mailbox("INBOX")
        head = b"Message-ID: <%s@fake.example>\r\nDate: Mon, 1 Jan 2001 00:00:00 +0000\r\n\r\n"
        for text in (b"aaaa", b"bbbb"):  # the whole header is the same
            self.add(inbox, head % b"twin" + text)
        self.add(inbox, head % b"was" + b"cccc")
        self.add(inbox, b"Subject: without an id\r\n\r\none")
        self.add(inbox, b"Subject: without an id\r\n\r\ntwo")

    def change(self, n):
        if n != 2:
            return
        inbox = self.mailbox("INBOX")
        inbox.uidvalidity = 77
        inbox.messages.reverse()
        for i, m in enumerate(inbox.messages, 1):
            m.uid = i
        inbox.messages[2].body = inbox.messages[2].body.replace(b"<was@", b"<now@").replace(b"cccc", b"dddd")  # same size and date
        self.modseq += 50
        for m in inbox.messages:
            m.modseq = self.modseq


class InboxTwice(FakeImap):
    """INBOX and INBOX.inbox: two mailboxes, which both are INBOX once the prefix is left out."""
    name = "inbox-twice"
    source = "Courier and Cyrus without altnamespace"
    delimiter, prefix = ".", "INBOX."

    def populate(self):
        self.mailbox("INBOX").add(b"Subject: in INBOX\r\n\r\n")
        self.mailbox("INBOX.inbox").add(b"Subject: in INBOX.inbox\r\n\r\n")
        self.mailbox("INBOX.inbox.Below").add(b"Subject: below\r\n\r\n")
        self.mailbox("INBOX.INBOX").add(b"Subject: in INBOX.INBOX\r\n\r\n")
