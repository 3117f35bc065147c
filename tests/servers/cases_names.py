"""Servers with their own ideas of what a mailbox may be called: no packaged one has them."""
import os
import re
import sys
import unicodedata

from fakeimap import FakeImap, quoted, raw

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from names import from_mutf7, to_mutf7  # noqa: E402

PLAIN = [e for e in FakeImap.extensions if e not in ("SPECIAL-USE", "LIST-EXTENDED")]


class Names(FakeImap):
    """A server that takes every name: what comes from it is hard for the others."""
    name = "names"
    source = "names seen in imapsync's FAQ and issues 125, 154, 247, 335, 440, 451"
    boxes = ["INBOX", "INBOX/under", "Work", "Work/2024", "Work/2024/Q1", "v1.2", "v1_2", "Twin", "twin", "Twin ", " lead", "trail ", "two  blanks", "a^b", "star*%",
             "back\\slash", 'quote"', "tab\there", "cafe\u0301", "caf\u00e9", "M\u00fcller & S\u00f6hne", "\u65e5\u672c\u8a9e/\u53d7\u4fe1\u7bb1", "y" * 150, "Outbox", "#hash", "Sent Items"]

    def populate(self):
        for i, name in enumerate(self.boxes):
            box = self.mailbox(to_mutf7(name), uidvalidity=10 + i)
            for k in range(2):
                box.add(b"Message-ID: <%d.%d@fake.example>\r\nSubject: %s\r\n\r\n%d\r\n" % (i, k, to_mutf7(name), k))


class Picky(FakeImap):
    """An empty account on a server that refuses names (refuses) or makes something else of them (becomes)."""
    name = "picky"
    start = ["INBOX"]

    def populate(self):
        for entry in self.start:
            name, *attributes = entry if isinstance(entry, tuple) else (entry,)
            self.mailbox(to_mutf7(name), *attributes)

    def refuses(self, name):
        """Why the mailbox ${name} (text) cannot be made; None: it can."""

    def becomes(self, name):
        return name

    def key(self, wire):
        """What decides whether two names are the same mailbox."""
        return to_mutf7(self.becomes(from_mutf7(wire)))

    def known(self, wire):
        wire = b"INBOX" if wire.upper() == b"INBOX" else wire
        return next((n for n in self.mailboxes if self.key(n) == self.key(wire)), to_mutf7(self.becomes(from_mutf7(wire))))

    def do_create(self, s, tag, args):
        why = self.refuses(from_mutf7(raw(args[0])))
        if why:
            s.send("%s NO [CANNOT] %s" % (tag, why))
            return
        super().do_create(s, tag, [self.known(raw(args[0]))])

    def do_subscribe(self, s, tag, args, value=True):
        super().do_subscribe(s, tag, [self.known(raw(args[0]))], value)

    def find(self, s, tag, name, hint=""):
        return super().find(s, tag, self.known(raw(name)), hint)


class GmailNames(Picky):
    """No blanks at the ends, no double ones, no "^", at most 225 characters, no case twins."""
    name = "gmail-names"
    source = "Google's IMAP notes; imapsync FAQ.Gmail"
    start = ["INBOX", ("[Gmail]", r"\Noselect"), ("[Gmail]/Gesendet", r"\Sent"), ("[Gmail]/Papierkorb", r"\Trash")]

    def key(self, wire):
        return super().key(wire).lower()

    def refuses(self, name):
        if re.search(r"^ | $|  |/ | /|\^", name) or len(name) > 225:
            return "Invalid folder name"
        return None


class ExchangeNames(Picky):
    """Case does not count; some characters and long names are refused; an existing name is answered without a code."""
    name = "exchange-names"
    source = "imapsync FAQ.Exchange; MS-STANXIMAP"
    extensions = [e for e in PLAIN if e not in ("MULTIAPPEND", "LIST-EXTENDED")]
    start = ["INBOX", "Sent Items", "Deleted Items", "Drafts", "Junk Email", "Outbox"]

    def key(self, wire):
        return super().key(wire).lower()

    def becomes(self, name):
        return name.rstrip(" ")

    def refuses(self, name):
        if self.key(to_mutf7(name)) in map(self.key, self.mailboxes):
            return "CREATE failed."
        if re.search(r'[\\*%"^#]|[^/]{100}', name) or re.search(r"[\x00-\x1f]", name):
            return "CREATE failed."
        return None


class SilentNames(Picky):
    """Composes characters, folds case and trims blanks without a word: CREATE says OK, LIST shows another name."""
    name = "silent-names"
    source = "servers on case-folding or composing file systems (Communigate, macOS Server)"

    def becomes(self, name):
        return unicodedata.normalize("NFC", name).strip(" ")

    def key(self, wire):
        return super().key(wire).lower()

    def do_create(self, s, tag, args):
        wire = self.known(raw(args[0]))
        if wire in self.mailboxes:
            self.ok(s, tag)
        else:
            super().do_create(s, tag, args)


class DominoNames(Picky):
    """The delimiter is a backslash, INBOX takes nothing below it, no SPECIAL-USE."""
    name = "domino-names"
    source = "imapsync FAQ.Domino"
    delimiter = "\\"
    extensions = PLAIN
    start = [("INBOX", r"\Noinferiors"), "Drafts", "Sent", "Trash"]

    def refuses(self, name):
        return "not below INBOX" if name.upper().startswith("INBOX\\") else None


class HmailNames(Picky):
    """No NAMESPACE; delimiter "."; reserved names."""
    name = "hmail-names"
    source = "hMailServer 4.4 (imapsync FAQ)"
    delimiter = "."
    extensions = [e for e in PLAIN if e != "NAMESPACE"]

    def refuses(self, name):
        return "reserved" if name.split(".")[0] in ("#hash", "Outbox") else None


class BelowInboxOnly(Picky):
    """No NAMESPACE, and nothing can be made beside INBOX, only below it."""
    name = "below-inbox-only"
    source = "Courier and Cyrus behind proxies that hide NAMESPACE; imap-backup issues 113, 129"
    delimiter = "."
    extensions = [e for e in PLAIN if e != "NAMESPACE"]
    start = ["INBOX", "INBOX.Sent"]

    def refuses(self, name):
        return None if name.upper().startswith("INBOX.") else "Invalid mailbox name"


class GmxNames(Picky):
    """Everything below "INBOX." with the delimiter ".", German names, no SPECIAL-USE; at most 60 bytes."""
    name = "gmx-names"
    source = "GMX and web.de (imapsync FAQ)"
    delimiter, prefix = ".", "INBOX."
    extensions = PLAIN
    start = ["INBOX", "INBOX.Entw\u00fcrfe", "INBOX.Gesendet", "INBOX.Papierkorb", "INBOX.Spamverdacht"]

    def refuses(self, name):
        return "too long" if len(to_mutf7(name)) > 60 else None


class FlatNames(Picky):
    """No hierarchy at all: the delimiter is NIL."""
    name = "flat-names"
    source = "RFC 3501 6.3.8"

    def do_namespace(self, s, tag, args):
        s.send('* NAMESPACE (("" NIL)) NIL NIL')
        self.ok(s, tag)

    def list_line(self, box, subscribed=False, kind=b"LIST"):
        return b"* %s (%s) NIL %s" % (kind, " ".join(box.attributes).encode(), quoted(box.name))

    def refuses(self, name):
        return "no hierarchy here" if "/" in name else None


class Xlist(FakeImap):
    """XLIST instead of SPECIAL-USE; INBOX under its name in the user's language."""
    name = "xlist"
    source = "Gmail before 2013; Apple's and Outlook's XLIST"
    extensions = PLAIN + ["XLIST"]

    def populate(self):
        self.shown = {b"INBOX": b"Posteingang"}
        for name, flag in (("INBOX", r"\Inbox"), ("[Gmail]/Alle Nachrichten", r"\AllMail"), ("[Gmail]/Gesendet", r"\Sent"), ("[Gmail]/Spam", r"\Spam"),
                           ("[Gmail]/Papierkorb", r"\Trash"), ("[Gmail]/Entw\u00fcrfe", r"\Drafts"), ("[Gmail]/Markiert", r"\Starred"), ("Arbeit", "")):
            box = self.mailbox(to_mutf7(name))
            box.flag = flag
            box.add(b"Subject: %s\r\n\r\n" % to_mutf7(name))
        self.mailbox("[Gmail]", r"\Noselect").flag = ""

    def do_xlist(self, s, tag, args):
        for box in self.mailboxes.values():
            flags = " ".join(box.attributes + [box.flag] * bool(box.flag))
            s.send(b'* XLIST (%s) "/" %s' % (flags.encode(), quoted(self.shown.get(box.name, box.name))))
        self.ok(s, tag)


class RawUtf8(FakeImap):
    """Offers UTF8=ACCEPT, gives modified UTF-7 as long as that is not enabled, and some names in raw UTF-8 all the same."""
    name = "raw-utf8"
    source = "RFC 6855 3; servers that hand out their file names"
    extensions = FakeImap.extensions + ["UTF8=ACCEPT"]

    def populate(self):
        for name in (b"INBOX", to_mutf7("Entw\u00fcrfe"), "M\u00fcll".encode(), to_mutf7("M\u00fcll")):
            self.mailbox(name.decode("latin-1")).add(b"Subject: %s\r\n\r\n" % name)


class Shared(FakeImap):
    """Mailboxes of other users, and shared ones that LIST "*" does not show."""
    name = "shared"
    source = "RFC 2342; Courier's #shared."

    def populate(self):
        for name in ("INBOX", "Sent", "user.bob", "user.bob.Sent", "#shared.team"):
            self.mailbox(name).add(b"Subject: %s\r\n\r\n" % name.encode())

    delimiter = "."

    def do_namespace(self, s, tag, args):
        s.send('* NAMESPACE (("" ".")) (("user." ".")) (("#shared." "."))')
        self.ok(s, tag)

    def matching(self, reference, patterns):
        for box in super().matching(reference, patterns):
            if not box.name.startswith(b"#") or (reference + patterns[0]).startswith(b"#"):
                yield box
