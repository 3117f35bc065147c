"""Gmail as Google's documentation of its IMAP extensions describes it (developers.google.com/workspace/gmail/imap/imap-extensions), scripted:
one message in many mailboxes, each with a UID of its own and one X-GM-MSGID, labels, [Gmail] in German."""
import base64
import re

from fakeimap import DATE, Bad, FakeImap, Mailbox, quoted, raw

SYSTEM = {r"\Inbox": ("INBOX", None), r"\Sent": ("Gesendet", r"\Sent"), r"\Draft": ("Entwürfe", r"\Drafts"), r"\Starred": ("Markiert", r"\Flagged"),
          r"\Important": ("Wichtig", r"\Important"), r"\All": ("Alle Nachrichten", r"\All"), r"\Trash": ("Papierkorb", r"\Trash"), r"\Junk": ("Spam", r"\Junk")}
ENGLISH = {r"\Sent": "Sent Mail", r"\Draft": "Drafts", r"\Starred": "Starred", r"\Important": "Important", r"\All": "All Mail", r"\Trash": "Trash", r"\Junk": "Spam"}
RESERVED = {"inbox", "sent", "drafts", "draft", "spam", "junk", "trash", "starred", "important", "all mail", "chats", "muted"}  # no user label may be called so
SET_BY_GMAIL = {r"\Sent", r"\Draft", r"\All", r"\Muted"}  # cannot be set by hand


def mutf7(text):
    out = ""
    for plain, other in re.findall(r"([\x20-\x7e]+)|([^\x20-\x7e]+)", text):
        out += plain.replace("&", "&-") if plain else "&%s-" % base64.b64encode(other.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
    return out.encode()


def from_mutf7(name):
    def part(m):
        b64 = m[1].replace(",", "/")
        return base64.b64decode(b64 + "=" * (-len(b64) % 4)).decode("utf-16-be") if b64 else "&"
    return re.sub(r"&([A-Za-z0-9+,]*)-", part, raw(name).decode("ascii"))


class Stored:
    """A message of the account."""

    def __init__(self, number, body, flags, date):
        self.msgid, self.thrid = 1278455344230334865 + number, 1266894439832287888 + number // 2
        self.body, self.flags, self.date, self.labels, self.modseq, self.fetched = body, set(flags) - {r"\Flagged"}, date, set(), 1, 0


class Shown:
    """A message as one mailbox shows it; what the base class takes for a Message."""

    def __init__(self, uid, stored):
        self.uid, self.stored = uid, stored

    body = property(lambda self: self.stored.body)
    date = property(lambda self: self.stored.date)

    @property
    def flags(self):
        return sorted(self.stored.flags | ({r"\Flagged"} if r"\Starred" in self.stored.labels else set()))


class LabelMailbox(Mailbox):
    label = None

    def show(self, stored):
        shown = Shown(self.uidnext, stored)
        self.uidnext += 1
        self.messages.append(shown)
        return shown


class Gmail(FakeImap):
    """Gmail with a small account: labels of all kinds, in German."""
    name = "gmail"
    source = "Google's documentation; dlech/gmailbuttons#10 (the label of the open mailbox is left out)"
    extensions = ["UNSELECT", "NAMESPACE", "ID", "CHILDREN", "UIDPLUS", "ENABLE", "MOVE", "CONDSTORE", "ESEARCH", "LIST-EXTENDED", "LIST-STATUS", "LITERAL-", "SPECIAL-USE",
                  "APPENDLIMIT=35651584"]
    english = False

    def capabilities(self, s):
        out = super().capabilities(s)
        return out + (["X-GM-EXT-1"] if s.user else ["SASL-IR"])  # only after login

    # ---- the account --------------------------------------------------------------------------------

    def populate(self):
        self.make_mailboxes()
        add = self.store
        add([r"\Inbox", "Arbeit/Kunde", r"\Starred"], [r"\Seen"])
        add([r"\Inbox", r"\Important", 'Müll "x"'])
        add([], [r"\Seen", r"\Answered"])  # archived
        add([r"\Sent", "R&D"], [r"\Seen"])
        add([r"\Draft"], [r"\Draft", r"\Seen"])
        add([r"\Trash"])
        add([r"\Junk"])
        add(["Hidden", "Two Words"])
        add([r"\Inbox", r"\Sent"], [r"\Seen"])  # to myself
        add([r"\Inbox", r"\Important", "Arbeit/Kunde", "R&D", "Two Words"])
        for _ in range(12):
            add(["Arbeit/Kunde"], [r"\Seen"])
        self.add_mailbox("Unbenutzt")

    def make_mailboxes(self):
        self.stored, self.modseq, self.hidden, self.made = [], 1, {"Hidden"}, 0
        self.mailboxes[b"INBOX"] = self.new_box("INBOX", r"\Inbox")
        self.mailbox("[Gmail]", r"\Noselect", subscribed=False)
        for label, (name, use) in SYSTEM.items():
            if use:
                name = "[Gmail]/" + (ENGLISH[label] if self.english else name)
                self.mailboxes[mutf7(name)] = self.new_box(name, label, use)

    def new_box(self, name, label, *attributes):
        self.made += 1
        box = LabelMailbox(mutf7(name), attributes, True, 100 + self.made)
        box.label = label
        return box

    def add_mailbox(self, label):
        name = mutf7(label)
        if name not in self.mailboxes and label not in self.hidden:
            self.mailboxes[name] = self.new_box(label, label)
        return self.mailboxes.get(name)

    def boxes_of(self, label):
        return [b for b in self.mailboxes.values() if getattr(b, "label", None) == label]

    def store(self, labels, flags=(), body=None, date=None):
        n = len(self.stored) + 1
        body = body or b"Message-ID: <%d@gmail.example>\r\nSubject: message %d\r\n\r\nbody of %d %s\r\n" % (n, n, n, b"x" * (n * 37))
        m = Stored(n, body, flags, date or "%02d-Mar-2020 10:00:00 +0000" % (n % 28 + 1))
        self.stored.append(m)
        for label in labels:
            self.label(m, label)
        if not m.labels & {r"\Trash", r"\Junk"}:
            self.boxes_of(r"\All")[0].show(m)
        return m

    def touch(self, m):
        self.modseq += 1
        m.modseq = self.modseq

    def label(self, m, label):
        """The mailbox of a label shows what has it; what is new comes to be there."""
        with self.lock:
            self.touch(m)
            m.labels.add(label)
            if label[0] != "\\":
                self.add_mailbox(label)
            for box in self.boxes_of(label):
                if not any(x.stored is m for x in box.messages):
                    box.show(m)

    def unlabel(self, m, label):
        with self.lock:
            self.touch(m)
            m.labels.discard(label)
            for box in self.boxes_of(label):
                box.messages = [x for x in box.messages if x.stored is not m]

    # ---- answers ------------------------------------------------------------------------------------

    @staticmethod
    def label_text(label):
        """As an atom, a quoted string or a literal: all of them are sent."""
        if label[0] == "\\":
            return label.encode() if label != r"\Important" else b'"\\\\Important"'
        name = mutf7(label)
        if b'"' in name:
            return b"{%d}\r\n%s" % (len(name), name)
        return name if re.fullmatch(rb"[A-Za-z/]+", name) else quoted(name)

    def gm_labels(self, s, m):
        return b"X-GM-LABELS (%s)" % b" ".join(self.label_text(x) for x in sorted(m.labels) if x != getattr(s.mailbox, "label", None))

    def fetch_item(self, s, m, item):
        if item == "X-GM-LABELS":
            return self.gm_labels(s, m.stored)
        if item.startswith("BODY.PEEK[]"):
            m.stored.fetched += 1
        m.extra = {"X-GM-MSGID": b"%d" % m.stored.msgid, "X-GM-THRID": b"%d" % m.stored.thrid, "MODSEQ": b"(%d)" % m.stored.modseq}
        return super().fetch_item(s, m, item)

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        since = 0
        if len(args) > 2 and args[2][0].upper() == "CHANGEDSINCE":
            since = int(args[2][1])
            args[1] = (args[1] if isinstance(args[1], list) else [args[1]]) + ["MODSEQ"]
        s.since = since
        super().do_uid_fetch(s, tag, args, by_uid)
        s.since = 0

    def fetch_answer(self, s, n, m, items):
        return None if m.stored.modseq <= getattr(s, "since", 0) else super().fetch_answer(s, n, m, items)

    def highest(self, box):
        return max([1] + [m.stored.modseq for m in box.messages])

    def status_line(self, box, items):
        rest = [i for i in items if i.upper() != "HIGHESTMODSEQ"]
        line = super().status_line(box, rest)
        return line if len(rest) == len(items) else line[:-1] + b"%sHIGHESTMODSEQ %d)" % (b" " if rest else b"", self.highest(box))

    def do_examine(self, s, tag, args, read_only=True):
        box = self.mailboxes.get(raw(args[0]))
        if isinstance(box, LabelMailbox):
            s.send("* OK [HIGHESTMODSEQ %d]" % self.highest(box))
        super().do_examine(s, tag, args, read_only)

    # ---- changes ------------------------------------------------------------------------------------

    def refuses(self, name):
        """Why a label cannot be called so."""
        if not name or name.lower() in RESERVED or name.startswith("[Gmail]"):
            return "[CANNOT] Label name is reserved or not allowed: %s (Failure)" % mutf7(name).decode()
        return "[CANNOT] Invalid label name (Failure)" if len(name) > 225 or name != name.strip() else None

    def do_create(self, s, tag, args):
        label = from_mutf7(raw(args[0]).rstrip(b"/"))
        why = self.refuses(label)
        if why:
            s.send("%s NO %s" % (tag, why))
        elif mutf7(label) in self.mailboxes:
            s.send(tag + " NO [ALREADYEXISTS] Duplicate folder name %s (Failure)" % mutf7(label).decode())
        else:
            self.add_mailbox(label).subscribed = False
            self.ok(s, tag, "Success")

    def do_append(self, s, tag, args):
        """What is there is not stored again: it comes to be in this mailbox, too, and has a new UID there."""
        box, rest = self.find(s, tag, args[0], "TRYCREATE"), args[1:]
        if not box:
            return
        flags = rest.pop(0) if isinstance(rest[0], list) else []
        date = rest.pop(0).decode() if len(rest) > 1 else DATE
        body = bytes(rest[0])
        with self.lock:
            outside = box.label in (r"\Trash", r"\Junk")
            there = [m for m in self.stored if m.body == body and bool(m.labels & {r"\Trash", r"\Junk"}) == outside]
            m = there[0] if there else self.store([box.label] if outside else [], flags, body, date)
            m.flags |= set(flags) - {r"\Flagged"}
            if r"\Flagged" in flags:
                self.label(m, r"\Starred")
            if box.label != r"\All":
                m.labels.add(box.label)
            box.messages = [x for x in box.messages if x.stored is not m]
            shown = box.show(m)
            self.touch(m)
            self.appended = getattr(self, "appended", 0) + 1
        self.ok(s, tag, "[APPENDUID %d %d] (Success)" % (box.uidvalidity, shown.uid))

    def do_uid_store(self, s, tag, args):
        how, values = args[1].upper(), args[2]
        if s.read_only or how not in ("+FLAGS", "+FLAGS.SILENT", "+X-GM-LABELS"):
            raise Bad("STORE of that, or read-only")
        labels = [v if isinstance(v, str) and v.startswith("\\") else from_mutf7(v) for v in values] if "LABELS" in how else []
        wrong = [x for x in labels if x in SET_BY_GMAIL or (x[0] != "\\" and self.refuses(x))]
        if wrong:
            s.send("%s NO [CANNOT] Invalid label: %s (Failure)" % (tag, mutf7(wrong[0]).decode()))
            return
        for n, m in self.chosen(s, args[0], True):
            for label in labels or [r"\Starred"] * (r"\Flagged" in values):
                self.label(m.stored, label)
            if not labels:
                m.stored.flags |= set(values) - {r"\Flagged"}
                self.touch(m.stored)
            if not how.endswith(".SILENT"):
                s.send(b"* %d FETCH (%s UID %d)" % (n, self.gm_labels(s, m.stored) if labels else b"FLAGS (%s)" % " ".join(m.flags).encode(), m.uid))
        self.ok(s, tag, "Success")


class GmailEmpty(Gmail):
    """An empty account with English names, to restore into."""
    name = "gmail-empty"
    english = True

    def populate(self):
        self.make_mailboxes()


class GmailCutsStore(GmailEmpty):
    """The connection ends in the middle of the labels, once; another time they are to wait."""
    name = "gmail-cuts-store"
    source = "Gmail ends sessions and says [THROTTLED] when much is changed (imapsync's FAQ)"
    stores = 0

    def do_uid_store(self, s, tag, args):
        self.stores += 1
        if self.stores == 2:
            s.cut()
        if self.stores in (4, 5):
            s.send(tag + " NO [THROTTLED] System busy (Failure)")
            return
        super().do_uid_store(s, tag, args)


class GmailKeepsOne(Gmail):
    """All Mail does not give the body of a message that INBOX gives."""
    name = "gmail-keeps-one"
    source = "larch: 'Some messages could not be FETCHed', in one folder and not in the other"

    def fetch_answer(self, s, n, m, items):
        if s.mailbox.label == r"\All" and r"\Inbox" in m.stored.labels and m.stored is self.stored[1] and any(i.startswith("BODY") for i in items):
            return None
        return super().fetch_answer(s, n, m, items)


class GmailSameId(Gmail):
    """Two different messages have one X-GM-MSGID, their sizes differ."""
    name = "gmail-same-id"
    source = "none seen: a number of the server is not the content"

    def populate(self):
        super().populate()
        self.stored[2].msgid = self.stored[1].msgid
