"""Quirks in what a server says of messages: UIDs, numbers, flags, dates."""
import re

from fakeimap import Message
from cases_quirks import Quirk, wants_body

DATED = b"Message-ID: <%d@fake.example>\r\nDate: Thu, 13 Feb 2003 17:07:%02d +0100\r\nSubject: dated %d\r\n\r\nbody\r\n"


class UidsDescending(Quirk):
    """Answers come in descending order of UIDs, and some twice."""
    name = "uids-descending-doubled"
    source = "Exchange: items in unusual order (dovecot core, imapc-mailbox.c)"

    def chosen(self, s, uids, by_uid):
        found = super().chosen(s, uids, by_uid)[::-1]
        return found + found[:2]


class AboveExists(Quirk):
    """FETCH answers for sequence numbers above EXISTS, without UID or with one that was never seen."""
    name = "seq-above-exists"
    source = "Exchange (dovecot core, imapc-mailbox.c)"

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        s.send("* 4711 FETCH (FLAGS (\\Seen))", "* 0 FETCH (FLAGS ())", "* 4712 FETCH (FLAGS (\\Deleted) X (1))")
        super().do_uid_fetch(s, tag, args, by_uid)


class Unsolicited(Quirk):
    """Between any two lines the server says something that nobody asked for."""
    name = "unsolicited-anything"
    source = "RFC 3501 5.2"
    lines = ["* 7 EXISTS", "* 5 EXISTS", "* 2 RECENT", "* FLAGS (\\Seen $Later)", "* OK [ALERT] the disk is full ]", "* NO a warning", "* BAD something older",
             "* OK", "* OK [UNKNOWN-CTE (a \"]\" b)] x", "* X-UNKNOWN (deep (deeper)) {3}\r\nabc tail", "* CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS AUTH=PLAIN", "* 1 FETCH (FLAGS (\\Seen))",
             "* VANISHED (EARLIER) 300:310", "* ESEARCH (TAG \"x\") UID ALL 1:3", "* METADATA \"\" (/shared/comment \"x\")", ""]

    def greeting(self, s):
        s.turn, send = 0, s.send

        def more(*lines):
            for line in lines:
                if s.user:
                    extra = self.lines[s.turn % len(self.lines)]
                    s.turn += 1
                    if extra and not (s.mailbox and "EXISTS" in extra and s.examining):
                        send(extra)
                send(line)
        s.send, s.examining = more, False
        return super().greeting(s)

    def do_examine(self, s, tag, args, read_only=True):
        s.examining = True
        super().do_examine(s, tag, args, read_only)
        s.examining = False


class ExistsMany(Quirk):
    """EXAMINE says EXISTS several times, growing."""
    name = "exists-grows"
    source = "Zimbra: many EXISTS lines while opening (dovecot core)"

    def do_examine(self, s, tag, args, read_only=True):
        s.send("* 1 EXISTS", "* 3 EXISTS")
        super().do_examine(s, tag, args, read_only)


class ExistsShrinks(Quirk):
    """Another client expunges two messages while ours are fetched."""
    name = "exists-shrinks"
    source = "RFC 2180 4.1; any shared mailbox"
    again = None

    def held(self):
        return {k: m for k, m in super().held().items() if k not in (("INBOX", 2), ("INBOX", 4))}

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        inbox = self.mailboxes[b"INBOX"]
        if wants_body(args[1]) and s.mailbox is inbox and len(inbox.messages) == 5:
            inbox.messages = [m for m in inbox.messages if m.uid not in (2, 4)]
            s.send("* 4 EXPUNGE", "* 2 EXPUNGE", "* 3 EXISTS")
        super().do_uid_fetch(s, tag, args, by_uid)


class ExistsTooLarge(Quirk):
    """EXISTS and STATUS count more than there is."""
    name = "exists-too-large"
    source = "robustness: EXISTS is never trusted alone"
    words = r"the server counts 7 messages \(EXISTS\) and lists 5"

    def do_examine(self, s, tag, args, read_only=True):
        super().do_examine(s, "*", args, read_only)
        if s.mailbox.name == b"INBOX":
            s.send("* 7 EXISTS")
        self.ok(s, tag)

    def status_line(self, box, items):
        return super().status_line(box, items).replace(b"MESSAGES 5", b"MESSAGES 7")


class ListingShort(ExistsTooLarge):
    """The listing leaves out a message that SEARCH tells of, and that can be fetched, flags and date beside the body."""
    name = "listing-leaves-out"
    source = "robustness: FETCH is never trusted alone"
    words = ""

    def populate(self):
        for i in range(1, 6):
            self.mailbox("INBOX").add(DATED % (i, i, i), [r"\Seen", "work"])

    def do_examine(self, s, tag, args, read_only=True):
        Quirk.do_examine(self, s, tag, args, read_only)

    def status_line(self, box, items):
        return Quirk.status_line(self, box, items)

    def fetch_answer(self, s, n, m, items):
        return None if m.uid == 3 and not wants_body(items) else super().fetch_answer(s, n, m, items)


class ListingHalves(ListingShort):
    """Whatever is listed, half of it is given, then NO: no flag and no date is lost."""
    name = "listing-refused-midway"
    source = "Dovecot with a damaged file; Gmail: NO Some messages could not be FETCHed (Failure)"

    def populate(self):
        for i in range(1, 41):
            self.mailbox("INBOX").add(DATED % (i, i % 60, i), [r"\Seen", r"\Flagged", "work"][i % 3:])

    def fetch_answer(self, s, n, m, items):
        return Quirk.fetch_answer(self, s, n, m, items)

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        chosen = self.chosen(s, args[0], by_uid)
        if wants_body(args[1]) or len(chosen) < 2:
            return super().do_uid_fetch(s, tag, args, by_uid)
        for n, m in chosen[:len(chosen) // 2]:
            s.send(self.fetch_answer(s, n, m, args[1]))
        s.send(tag + " NO Some messages could not be FETCHed (Failure)")


class FlagsNeverTold(ListingShort):
    """The flags of a message are told by no way: it is there without, and named."""
    name = "flags-never-told"
    source = "robustness: RFC 3501 7.4.2, FLAGS was asked for"
    code = 3
    again = "some"
    rescued = {("INBOX", 3): "its flags are not told"}

    def held(self):
        held = super().held()
        held["INBOX", 3] = Message(3, held["INBOX", 3].body, [], held["INBOX", 3].date)
        return held

    def fetch_answer(self, s, n, m, items):
        return Quirk.fetch_answer(self, s, n, m, [i for i in items if i != "FLAGS" or m.uid != 3])


class FlagsNeverToldSize(FlagsNeverTold):
    """The same of a message whose RFC822.SIZE is wrong, too."""
    name = "flags-never-told-size"
    warnings = {("INBOX", 3): ["size"]}

    def fetch_item(self, s, m, item):
        return b"RFC822.SIZE %d" % (len(m.body) - 1) if item == "RFC822.SIZE" and m.uid == 3 else super().fetch_item(s, m, item)


class ListingOtherUid(ListingShort):
    """The listing tells a message under a UID that nothing else knows; EXISTS stays: it was not expunged."""
    name = "listing-other-uid"
    source = "Exchange: UidCorruption (dovecot core)"
    code = 3
    again = "some"
    lost = {("INBOX", 77): "does not give it"}

    def held(self):
        return {k: m for k, m in super().held().items() if k != ("INBOX", 3)}

    def fetch_answer(self, s, n, m, items):
        answer = Quirk.fetch_answer(self, s, n, m, items)
        return answer if wants_body(items) or m.uid != 3 else answer.replace(b"UID 3 ", b"UID 77 ")


class TenThousand(Quirk):
    """Exactly 10,000 messages are shown."""
    name = "exactly-10000"
    slow = True
    again = None
    source = "Yahoo (bichon#271, mail-archiver#242, thunderbird/autoconfig#71)"
    words = "exactly 10000"

    def populate(self):
        inbox = self.mailbox("INBOX")
        for i in range(10000):
            inbox.add(b"Subject: %d\r\n\r\n" % (i % 50))


class UidsWide(Quirk):
    """UIDs up to 2^32 - 1, with wide gaps."""
    name = "uids-to-4294967295"
    source = "RFC 3501 2.3.1.1"

    def populate(self):
        inbox = self.mailbox("INBOX")
        for uid in (1, 2, 70_000, 2_147_483_648, 4_294_967_294):
            inbox.add(b"Subject: %d\r\n\r\n" % uid, uid=uid)


class UidTooWide(Quirk):
    """A FETCH answer names UID 2^32 + 1: it is not message 1."""
    name = "uid-beyond-32-bits"
    source = "numbers that a library cuts to 32 bits (libetpan)"

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        if wants_body(args[1]):
            s.send(b"* 9 FETCH (UID 4294967297 BODY[] {6}\r\nforged)", b"* 9 FETCH (UID 0 BODY[] {6}\r\nforged)")
        super().do_uid_fetch(s, tag, args, by_uid)


class FlagsOdd(Quirk):
    """Flags and keywords that break other programs."""
    name = "flags-odd"
    source = "gmvault#317 (numeric), imap-backup#133 (\\$NOTJUNK), Zimbra (EmailswithStickyNotes:FLAG)"

    def populate(self):
        inbox = self.mailbox("INBOX")
        for flags in (["90040", r"\Seen"], [r"\$NOTJUNK", "$NotJunk"], ["EmailswithStickyNotes:FLAG"], ["a]b", "]"], ["[x", "%", "*"], [r"\Unknown", r"\XtraSeen"],
                      ["caf\u00e9"], ["k%d" % i for i in range(300)], ["NIL"], ["+FLAGS", "a&b", "~"], ["{5}", "{900}", "{", r"\Seen"]):
            inbox.add(b"Subject: %s\r\n\r\n" % flags[0].encode(), flags)



class FlagsStar(Quirk):
    """FLAGS of a message hold \\* and \\Recent, and an empty word."""
    name = "flags-star"
    source = "robustness: \\* is of PERMANENTFLAGS"

    def fetch_item(self, s, m, item):
        if item == "FLAGS":
            return b"FLAGS (\\* %s  \\Recent)" % " ".join(m.flags).encode()
        return super().fetch_item(s, m, item)


class FlagsNil(Quirk):
    """FLAGS NIL where there are none."""
    name = "flags-nil"
    source = "robustness: NIL for the empty list"

    def fetch_item(self, s, m, item):
        return b"FLAGS NIL" if item == "FLAGS" and not m.flags else super().fetch_item(s, m, item)


class FlagsQuoted(Quirk):
    """Flags as quoted strings, in lower case."""
    name = "flags-quoted"
    source = "robustness: RFC 3501 9, flags are atoms"

    def fetch_item(self, s, m, item):
        if item == "FLAGS":
            return b"FLAGS (%s)" % " ".join('"%s"' % f.lower() for f in m.flags).encode()
        return super().fetch_item(s, m, item)


class Dates(Quirk):
    """INTERNALDATE is absent, NIL, empty, garbage, of day 0, of the year 1601: the message's own Date counts."""
    name = "internaldate-none"
    source = "imapsync#94; 1601 and 1899 are the first days of Microsoft's calendars"
    answers = [None, b"NIL", b'""', b'"yesterday"', b'" 0-Jan-2003 00:00:00 +0000"', b'"30-Dec-1899 00:00:00 +0000"', b'"01-Jan-1601 00:00:00 +0000"', b'"31-Foo-2003 00:00:00 +0000"',
               b'"13-Feb-2003 25:61:00 +0000"', b"12345", b"(1 2)"]
    warnings = {("INBOX", i + 1): ["date"] for i in range(len(answers))}
    dates = {("INBOX", i + 1): "13-Feb-2003 17:07:%02d +0100" % (i + 1) for i in range(len(answers))}

    def populate(self):
        for i in range(1, len(self.answers) + 1):
            self.mailbox("INBOX").add(DATED % (i, i, i))

    def fetch_answer(self, s, n, m, items):
        return super().fetch_answer(s, n, m, [i for i in items if i != "INTERNALDATE" or self.answers[m.uid - 1]])

    def fetch_item(self, s, m, item):
        return b"INTERNALDATE " + self.answers[m.uid - 1] if item == "INTERNALDATE" else super().fetch_item(s, m, item)


class DateForms(Quirk):
    """INTERNALDATE in other forms: blank-padded, one digit, lower case, no seconds, a zone by name."""
    name = "internaldate-forms"
    source = "RFC 3501 9: date-day-fixed is SP DIGIT; robustness"
    answers = [b'" 3-Feb-2003 04:05:06 +0130"', b'"3-Feb-2003 04:05:06 +0130"', b'"03-feb-2003 04:05:06 +0130"', b'"03-FEB-2003 4:05:06 +0130"']

    def populate(self):
        for i in range(1, len(self.answers) + 1):
            self.mailbox("INBOX").add(DATED % (i, i, i), date="03-Feb-2003 04:05:06 +0130")

    def fetch_item(self, s, m, item):
        return b"INTERNALDATE " + self.answers[m.uid - 1] if item == "INTERNALDATE" else super().fetch_item(s, m, item)


class Junk(Quirk):
    """A FETCH answer holds deeply nested lists, an ENVELOPE, literals in lists, unknown items."""
    name = "nested-junk"
    source = "robustness: items that nobody asked for"

    def fetch_answer(self, s, n, m, items):
        deep = b"(" * 25 + b"x" + b")" * 25
        junk = (b'ENVELOPE ("d" {9}\r\nsub(ject) (("A" NIL "a" "b.example")) NIL NIL NIL NIL NIL NIL "<m@x>")', b"X-DEEP " + deep, b"BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL \"7bit\" 3 1)",
                b"EMAILID (M6d99ac3275bb4e)", b"SAVEDATE NIL", b'PREVIEW "a ) b"')
        answer = super().fetch_answer(s, n, m, items)
        return answer[:-1] + b" " + b" ".join(junk[n % 6:] + junk[:n % 6]) + b")"


class TooDeep(Quirk):
    """Lists nested 2,000 deep beside what was asked for."""
    name = "nested-too-deep"
    source = "hostile or broken BODYSTRUCTURE (libetpan: 1,000,000 nested parentheses)"

    def fetch_answer(self, s, n, m, items):
        answer = super().fetch_answer(s, n, m, items)
        return answer if wants_body(items) else answer[:-1] + b" X-DEEP " + b"(" * 2000 + b"x" + b")" * 2000 + b")"


class Blanks(Quirk):
    """Blanks where none belong."""
    name = "extra-blanks"
    source = "robustness: single blanks, RFC 3501 9"

    def fetch_answer(self, s, n, m, items):
        return b"*  %d  FETCH  (  %s  ) " % (n, b"  ".join(self.fetch_item(s, m, i) for i in items))


class LowerCase(Quirk):
    """All words of the protocol in lower case."""
    name = "lower-case"
    source = "RFC 3501 9: case-insensitive"

    def fetch_answer(self, s, n, m, items):
        answer = b" ".join(re.sub(rb"^[^ ]+", lambda x: x[0].lower(), self.fetch_item(s, m, i)) for i in items)
        return b"* %d fetch (%s)" % (n, answer)

    def greeting(self, s):
        send = s.send
        s.send = lambda *lines: send(*(re.sub(r"^(\S+ )(OK|NO|BAD|LIST|LSUB|STATUS|FLAGS|\d+ EXISTS|CAPABILITY)", lambda m: m[0].lower(), x) if isinstance(x, str) else
                                       re.sub(rb"^\* (LIST|STATUS)", lambda m: m[0].lower(), x) for x in lines))
        return "* ok [capability %s] ready" % " ".join(self.capabilities(s)).lower()


class UidReused(Quirk):
    """The second run finds another message under an old UID, of another size and date."""
    name = "uid-reused"
    source = "GNU mailutils imap4d reuses UIDs (paperless#8939); Proton Bridge (proton-bridge#220)"
    again = "some"

    def next_run(self):
        m = self.mailboxes[b"INBOX"].messages[1]
        m.body, m.date, m.flags = b"Subject: quite another message\r\n\r\nwith another body\r\n", "09-Sep-2009 09:09:09 +0900", []


class UidnextBack(UidReused):
    """UIDNEXT goes back; the second run finds another message under an old UID, of the same size, date and flags."""
    name = "uidnext-back"
    source = "servers that keep UIDNEXT as the highest UID plus one; mailboxes restored from a backup of the server"

    def next_run(self):
        inbox = self.mailboxes[b"INBOX"]
        m = inbox.messages[-2]
        m.body = m.body.replace(b"e", b"f")
        inbox.uidnext = inbox.messages.pop().uid


class BodyRewritten(UidReused):
    """The second run finds the same message rewritten in place."""
    name = "body-rewritten"
    source = "Proton Bridge rewrites subjects and bodies (proton-bridge#27, #88)"

    def next_run(self):
        m = self.mailboxes[b"INBOX"].messages[1]
        m.body = m.body.replace(b"Subject: ", b"Subject: [SPAM] ")


class EmptyAfter(Quirk):
    """The second run shows an empty INBOX: said, and what it held stays beside the new state."""
    name = "empty-until-synced"
    source = "Proton Bridge: empty folders until it has synced (mailvault)"
    again = "some"
    code_again = 3

    def populate(self):
        super().populate()
        for n in range(25):
            self.mailboxes[b"INBOX"].add(b"Subject: one of many %d\r\n\r\nx\r\n" % n)

    def next_run(self):
        self.mailboxes[b"INBOX"].messages = []
