"""Quirks in how mailboxes are listed and opened."""
import re

from cases_quirks import Quirk
from fakeimap import quoted, raw


class NoStatusText(Quirk):
    """Response codes without text: * OK [HIGHESTMODSEQ 12345]."""
    name = "codes-without-text"
    source = "Gmail: HIGHESTMODSEQ without text (modern-email/defects#28)"

    def do_examine(self, s, tag, args, read_only=True):
        s.mailbox = box = self.find(s, tag, args[0])
        if box:
            s.send(r"* FLAGS (\Seen)", "* %d EXISTS" % len(box.messages), "* OK [UIDVALIDITY 1]", "* OK [UIDNEXT %d]" % box.uidnext, "* OK [HIGHESTMODSEQ 12345]", "* OK [PERMANENTFLAGS ()]")
            s.send("%s OK [READ-ONLY]" % tag)


class NoText(Quirk):
    """Tagged OK without any text."""
    name = "ok-without-text"
    source = "robustness: libetpan refuses it"

    def ok(self, s, tag, text="done"):
        s.send("%s OK" % tag)


class OddCodes(Quirk):
    """Response codes that are unknown, malformed, or never end."""
    name = "codes-malformed"
    source = "RFC 5530 codes and beyond; [BADCHARSET (\"x\")] crashes libetpan"

    def ok(self, s, tag, text="done"):
        s.send('* OK [X-FOO (bar "]" (baz))] known to nobody', "* OK [UNCLOSED and no end", "* OK [] empty", '* OK [BADCHARSET ("x")] odd', "* OK [PERMANENTFLAGS ((\\Seen))] nested",
               "* OK [REFERRAL imap://x/]", "* NO [ALERT] [ALERT]", "* OK [UIDNEXT] no number", "* OK [UIDVALIDITY x] no number")
        s.send("%s OK [X-DONE (a b)] %s" % (tag, text if not text.startswith("[") else text.partition("]")[2]))


class NoUidnext(Quirk):
    """EXAMINE does not tell UIDNEXT, UIDVALIDITY is of STATUS alone."""
    name = "no-uidnext"
    source = "Courier: no UIDNEXT on SELECT (dovecot core, imapc-storage.c)"

    def mangle(self, s, data):
        return re.sub(rb"\* OK \[UID(NEXT|VALIDITY) \d+\][^\r]*\r\n", b"", data)


class UidvalidityNone(Quirk):
    """No UIDVALIDITY anywhere: nothing can be known again, all is fetched again."""
    name = "uidvalidity-none"
    source = "robustness: RFC 3501 2.3.1.1 demands it"
    again = "some"

    def mangle(self, s, data):
        return re.sub(rb"\* OK \[UIDVALIDITY \d+\][^\r]*\r\n|UIDVALIDITY \d+", b"", data)


class UidvalidityZero(Quirk):
    """UIDVALIDITY 0."""
    name = "uidvalidity-zero"
    source = "robustness: RFC 3501 9 demands nz-number"
    again = "some"

    def mangle(self, s, data):
        return re.sub(rb"UIDVALIDITY \d+", b"UIDVALIDITY 0", data)


class UidvalidityMoves(Quirk):
    """UIDVALIDITY changes between listing and bodies, and the UIDs with it."""
    name = "uidvalidity-midrun"
    source = "Microsoft changed UIDVALIDITY (imap-backup#234)"
    again = "some"
    moved = False

    def held(self):
        return {k if k[0] != "INBOX" else ("INBOX", k[1] + 100): m for k, m in super().held().items()}

    def held_again(self, held):
        return held

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        if not self.moved and "BODY.PEEK[]" in args[1] and s.mailbox.name == b"INBOX":
            self.moved, inbox = True, s.mailbox
            inbox.uidvalidity += 1
            for m in inbox.messages:
                m.uid += 100
            inbox.uidnext += 100
            s.send("* BYE the mailbox was rebuilt")
            s.cut()
        super().do_uid_fetch(s, tag, args, by_uid)


class ListLiterals(Quirk):
    """Names come as literals, also plain ones."""
    name = "list-literals"
    source = "RFC 3501 9: mailbox is an astring, which may be a literal"

    def populate(self):
        super().populate()
        for name in (b'a "quoted" name', b"back\\slash", b"Entw&APw-rfe", b"two  blanks", b"(paren)", b"per%cent"):
            self.mailbox(name).add(b"Subject: in " + name + b"\r\n\r\n")

    def held(self):
        return {(n.replace("&APw-", "\u00fc"), u): m for (n, u), m in ((((box.name.decode()), m.uid), m) for box in self.mailboxes.values() for m in box.messages)}

    def list_line(self, box, subscribed=False, kind=b"LIST"):
        line = super().list_line(box, subscribed, kind)
        return line[:-len(quoted(box.name))] + b"{%d}\r\n%s" % (len(box.name), box.name)


class NamesNul(ListLiterals):
    """Names with a NUL in their literal, beside one that is the same up to there: they cannot be asked for."""
    name = "names-nul"
    source = "robustness: RFC 3501 9 has no NUL in a literal; a C string ends at it"
    code = 3
    stale = {"Work=00x": "holds a NUL", "=00": "holds a NUL"}
    names = (b"Work\0x", b"\0")

    def populate(self):
        super().populate()
        for name in self.names:
            self.mailbox(name).add(b"Subject: never seen\r\n\r\n")

    def held(self):
        return {(n, u): m for (n, u), m in super().held().items() if "\0" not in n}


class ListForms(ListLiterals):
    """LIST lines without quotes, with a delimiter of two characters, without flags' parentheses, with CHILDINFO, with blanks at the end."""
    name = "list-malformed"
    source = "robustness: each of these is fatal for libetpan"
    forms = [b'* LIST (\\HasNoChildren) "/" %s', b'* LIST () / "%s"', b'* LIST () "//" "%s"', b'* LIST \\HasNoChildren "/" "%s"', b'* LIST (\\HasNoChildren) "/" "%s" ("CHILDINFO" ("SUBSCRIBED"))',
             b'* LIST (\\HasNoChildren \\X-[odd]  x) "/" "%s"', b'* list ( ) "/" "%s"  ', b'*  LIST  ()  "/"  "%s"']

    def populate(self):
        Quirk.populate(self)
        for i in range(8):
            self.mailbox(b"box %d" % i).add(b"Subject: in %d\r\n\r\n" % i)

    def list_line(self, box, subscribed=False, kind=b"LIST"):
        m = re.fullmatch(rb"box (\d)", box.name)
        if not m or kind != b"LIST":
            return Quirk.list_line(self, box, subscribed, kind)
        return self.forms[int(m[1])] % box.name


class ListNil(Quirk):
    """The delimiter is NIL."""
    name = "list-nil-delimiter"
    source = "RFC 3501 7.2.2: a flat name space (mbox servers)"

    def list_line(self, box, subscribed=False, kind=b"LIST"):
        return b"* %s () NIL %s" % (kind, quoted(box.name))


class NamesOdd(Quirk):
    """Names that are 8 bit, invalid modified UTF-7, not normalised, with blanks at the ends, twins in other case."""
    name = "names-odd"
    source = "Dovecot: invalid UTF-7 names; Exchange: trailing blank; imapsync#451"
    again = "nothing"
    names = {"caf\u00e9".encode(): "caf\u00e9", b"latin1 \xe9": "latin1 =E9", b"bad &AOQ": "bad &AOQ", b"bad &-&": "bad &-&", b" lead": " lead", b"trail ": "trail ", b"INBOX.x": "INBOX.x", b"Work&AC8-x": None,
             b"a&AOQ-": "a\u00e4", b"case": "case", b"CASE": "CASE", b"&IC4-gpj.exe": "\u202egpj.exe"}

    def populate(self):
        super().populate()
        for name in self.names:
            self.mailbox(name).add(b"Subject: in " + name + b"\r\n\r\n")

    def held(self):
        out = {}
        for box in self.mailboxes.values():
            for m in box.messages:
                out[self.names.get(box.name) or box.name.decode(), m.uid] = m
        return out

    def check(self):
        path = self.heads["\u202egpj.exe"]["path"]
        return None if path == "mail/=E2=80=AEgpj.exe" else "path %r" % path

    def list_line(self, box, subscribed=False, kind=b"LIST"):
        return super().list_line(box, subscribed, kind)


class ListEmpty(Quirk):
    """LIST "" "*" gives nothing; level by level works."""
    name = "list-star-empty"
    source = "iCloud: LIST with a root returns nothing (defects#36); Zimbra (imapsync#426)"

    def populate(self):
        super().populate()
        for name in (b"Work/2003", b"Work/2003/deep", b"Empty/child"):
            self.mailbox(name, subscribed=False).add(b"Subject: in " + name + b"\r\n\r\n")

    def matching(self, reference, patterns):
        return [] if b"*" in b"".join(patterns) else super().matching(reference, patterns)


class ListBroken(ListEmpty):
    """LIST "*" names a few mailboxes and then says NO; so does the level under the broken mount point."""
    name = "list-broken-mount"
    source = "Zimbra: a broken mount point makes LIST fail (imapsync#426, #148)"
    code = 3
    words = "Empty: mailboxes below it may be missing"
    lost = {("Empty", 0): "mount point"}

    def held(self):
        return {k: m for k, m in super().held().items() if k[0] != "Empty/child"}

    def matching(self, reference, patterns):
        return Quirk.matching(self, reference, patterns)

    def do_list(self, s, tag, args):
        pattern = raw(args[1]) if not isinstance(args[1], list) else b""
        if pattern in (b"*", b"Empty/%"):
            s.send(self.list_line(self.mailboxes[b"INBOX"]))
            s.send("%s NO LIST failed: no such mailbox: mount point" % tag)
        else:
            super().do_list(s, tag, args)


class ListBreaks(ListBroken):
    """LIST breaks in the second run: a mailbox that is not listed any more is not gone."""
    name = "list-breaks-later"
    source = "Zimbra: a broken mount point makes LIST fail (imapsync#426, #148)"
    code, words, lost = 0, "", {}
    code_again, lost_again, stale_again = 3, ListBroken.lost, {"Empty/child": "did not list"}
    again = "some"
    breaks = False

    def held(self):
        return ListEmpty.held(self)

    def next_run(self):
        self.breaks = True

    def do_list(self, s, tag, args):
        (super().do_list if self.breaks else super(ListBroken, self).do_list)(s, tag, args)


class ListLsub(ListBroken):
    """LIST is refused altogether; LSUB tells the names."""
    name = "list-refused-lsub-works"
    source = "Zimbra: a broken mount point makes LIST fail (imapsync#426)"
    words = "INBOX: mailboxes below it may be missing"
    lost = {("INBOX", 0): "mount point"}

    def held(self):
        return {k: m for k, m in Quirk.held(self).items() if self.mailboxes[k[0].encode()].subscribed}

    def do_list(self, s, tag, args):
        if raw(args[1]) == b"INBOX":
            return Quirk.do_list(self, s, tag, args)
        s.send("%s NO LIST failed: no such mailbox: mount point" % tag)


class ReturnSelects(Quirk):
    """RETURN (SUBSCRIBED) lists the subscribed mailboxes alone, children of others too; two runs."""
    name = "list-return-selects"
    source = "Strato (MailKit#1957), a Cyrus (MailKit#1639, cyrus-imapd#1500)"
    words = "Empty/child: of the server's lists only that of plain LIST has it"
    options_that_select = ("SUBSCRIBED",)

    def populate(self):
        super().populate()
        self.mailbox("Empty/child", subscribed=False).add(b"Subject: below\r\n\r\n")
        self.mailboxes[b"INBOX"].subscribed = False

    def do_list(self, s, tag, args):
        options = [x.upper() for x in args[3]] if len(args) > 3 and isinstance(args[3], list) else []
        chosen = [o for o in self.options_that_select if o in options]
        if chosen:
            for box in self.matching(raw(args[0]), [raw(args[1])]):
                if (box.subscribed if chosen == ["SUBSCRIBED"] else "\\Sent" in box.attributes):
                    s.send(self.list_line(box, True))
            return self.ok(s, tag)
        super().do_list(s, tag, args)


class ReturnSelectsUses(ReturnSelects):
    """RETURN (SPECIAL-USE) lists mailboxes with a use alone; there is no LIST-EXTENDED."""
    name = "list-return-selects-uses"
    source = "the same kind"
    extensions = ["LITERAL+", "NAMESPACE", "SPECIAL-USE"]
    options_that_select = ("SPECIAL-USE",)


class LsubKnowsMore(Quirk):
    """LIST hides a mailbox that is subscribed, and its children; another subscription is of a mailbox that is gone."""
    name = "lsub-knows-more"
    source = "robustness: folders that an administrator hides; RFC 3501 6.3.6, a subscription outlives its mailbox"
    words = "Hidden: of the server's lists only that of LSUB has it"

    def populate(self):
        super().populate()
        self.mailbox("Hidden").add(b"Subject: hidden\r\n\r\n")
        self.mailbox("Hidden/child", subscribed=False).add(b"Subject: hidden, too\r\n\r\n")

    def matching(self, reference, patterns):
        return [b for b in super().matching(reference, patterns) if not b.name.startswith(b"Hidden") or patterns != [b"*"]]

    def do_lsub(self, s, tag, args):
        s.send('* LSUB () "/" Gone', '* LSUB () "/" Hidden')
        super().do_lsub(s, tag, args)


class InboxUnlisted(Quirk):
    """INBOX can be opened, and no list shows it."""
    name = "inbox-unlisted"
    source = "closeio/sync-engine#368, a neighbour; RFC 3501 5.1: it always exists"
    words = "INBOX: of the server's lists only that of STATUS has it"

    def matching(self, reference, patterns):
        return [b for b in super().matching(reference, patterns) if b.name != b"INBOX"]


class NoselectDiffers(Quirk):
    """One form of LIST says \\Noselect where another does not: what can be opened is read."""
    name = "noselect-differs"
    source = "robustness: RFC 5258 and RFC 3501 code apart"

    def do_list(self, s, tag, args):
        s.send('* LIST (\\Noselect) "/" %s' % ("Work" if len(args) > 3 else "Nowhere"))
        if len(args) > 3:
            s.send('* LIST () "/" Nowhere')
        box = self.mailboxes.pop(b"Work") if len(args) > 3 else None
        super().do_list(s, tag, args)
        if box:
            self.mailboxes[b"Work"] = box


class ListNothing(Quirk):
    """No mailbox at all is listed, by no way."""
    name = "list-nothing"
    source = "Zimbra: zero folders is an error (imapsync#426)"
    code = 1
    words = "no mailbox"

    def matching(self, reference, patterns):
        return []


class ListTwice(Quirk):
    """Mailboxes are listed twice, INBOX in other letters, one with its delimiter at the end, one without name."""
    name = "list-twice"
    source = "robustness: RFC 3501 5.1, INBOX in any case"

    def do_list(self, s, tag, args):
        s.send('* LIST () "/" inbox', '* LIST () "/" ""', '* LIST (\\HasChildren) "/" "Work"')
        super().do_list(s, tag, args)


class Noselect(Quirk):
    """Parents that cannot be opened: \\Noselect, \\NonExistent, or without any mark."""
    name = "noselect-parents"
    source = "imapsync#148; Gmail: [Gmail]; Dovecot maildir++ leaves the mark out"
    stale = {"ghost": "NONEXISTENT"}
    code = 3

    def populate(self):
        super().populate()
        self.mailbox("[Gmail]", r"\Noselect")
        self.mailbox("gone", r"\NonExistent")
        self.mailbox("ghost")
        for name in (b"[Gmail]/All", b"gone/child", b"ghost/child"):
            self.mailbox(name).add(b"Subject: in " + name + b"\r\n\r\n")

    def find(self, s, tag, name, hint=""):
        if raw(name) in (b"gone", b"ghost"):
            return s.send("%s NO [NONEXISTENT] no such mailbox" % tag)
        return super().find(s, tag, name, hint)


class ExamineRefused(Quirk):
    """One mailbox cannot be opened: NO."""
    name = "examine-no"
    source = "Dovecot: NOPERM on a shared mailbox; GroupWise: Sent is virtual"
    code = 3
    stale = {"Work": "permission"}
    answer = "NO [NOPERM] permission denied"

    def held(self):
        return {k: m for k, m in super().held().items() if k[0] != "Work"}

    def do_examine(self, s, tag, args, read_only=True):
        if raw(args[0]) != b"Work":
            return super().do_examine(s, tag, args, read_only)
        s.mailbox = None
        return self.refuse(s, tag)

    def refuse(self, s, tag):
        s.send("%s %s" % (tag, self.answer))

    def check(self):
        if self.commands(b"SELECT"):
            return "SELECT was sent"


class ExamineBad(ExamineRefused):
    """One mailbox cannot be opened: BAD."""
    name = "examine-bad"
    source = "FTGate: EXAMINE is buggy (imapsync, source comment)"
    stale = {"Work": "unknown"}
    answer = "BAD unknown command or arguments"


class ExamineCuts(ExamineRefused):
    """One mailbox ends the connection when it is opened."""
    name = "examine-cuts"
    slow = True
    source = "Exchange: a trailing blank in a folder's name ends the process"
    stale = {"Work": "closed|ended|BYE"}

    def refuse(self, s, tag):
        s.cut()


class NestedRefused(ExamineRefused):
    """A mailbox below another cannot be opened in the first run: its path in the archive is nested all the same."""
    name = "examine-no-nested"
    source = "robustness"
    stale, stale_again, code_again = {"Work/Sub": "permission"}, {}, 0
    again = "some"
    broken = True

    def populate(self):
        super().populate()
        self.mailbox("Work/Sub").add(b"Subject: below\r\n\r\n")

    def held(self):
        return {k: m for k, m in Quirk.held(self).items() if k[0] != "Work/Sub" or not self.broken}

    def next_run(self):
        self.broken = False

    def do_examine(self, s, tag, args, read_only=True):
        if raw(args[0]) != b"Work/Sub" or not self.broken:
            return Quirk.do_examine(self, s, tag, args, read_only)
        s.mailbox = None
        return self.refuse(s, tag)

    def check(self):
        if self.heads["Work/Sub"]["path"] != "mail/Work/Sub":
            return "path %s" % self.heads["Work/Sub"]["path"]


class ExamineSlow(Quirk):
    """Opening and counting take longer than the time-out."""
    name = "examine-slow"
    source = "grommunio: SELECT of more than a minute (gromox#244); Gmail (node-imap#715)"
    slow = True
    options = ("--timeout", "1")

    def do_examine(self, s, tag, args, read_only=True):
        s.stall(1.5 if raw(args[0]) == b"INBOX" else 0)
        super().do_examine(s, tag, args, read_only)

    def do_list(self, s, tag, args):
        s.stall(1.5)
        super().do_list(s, tag, args)

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        if s.mailbox.name == b"Work" and "BODY.PEEK[]" not in args[1]:
            s.stall(1.5)
        super().do_uid_fetch(s, tag, args, by_uid)

    def check(self):
        last = {}
        for session, line in self.log:
            if b"(ended" in line and b"LOGOUT" not in last.get(session, b""):
                return "a connection was given up"
            last[session] = line
        opened = [line for line in self.commands(b"EXAMINE") if b"INBOX" in line]
        return None if len(opened) == 1 else "INBOX was opened %d times" % len(opened)


class StatusOdd(Quirk):
    """STATUS is refused for one mailbox, names another one, lacks attributes, has unknown ones, is empty."""
    name = "status-odd"
    source = "Netease: STATUS () (modern-email/defects#15, #25)"

    def do_status(self, s, tag, args):
        box = self.find(s, tag, args[0])
        if box.name == b"INBOX":
            s.send(b'* STATUS "inbox" ()')
        elif box.name == b"Work":
            return s.send("%s NO STATUS failed" % tag)
        elif box.name == b"Sent":
            s.send(b'* STATUS "Other" (MESSAGES 0 X-NEW (1 2) APPENDLIMIT NIL UIDNEXT 1)')
        self.ok(s, tag)


class StatusBad(Quirk):
    """STATUS is not known."""
    name = "status-bad"
    source = "robustness: STATUS came with RFC 2060"

    def do_status(self, s, tag, args):
        s.send("%s BAD unknown command" % tag)

    def mangle(self, s, data):
        return data


class StatusZero(Quirk):
    """STATUS counts no messages where there are some."""
    name = "status-zero"
    source = "robustness: no count is trusted alone"

    def status_line(self, box, items):
        return b"* STATUS %s (MESSAGES 0 UIDVALIDITY %d)" % (quoted(box.name), box.uidvalidity)


class SearchSilent(Quirk):
    """EXISTS counts too much, and SEARCH answers nothing at all where it finds nothing."""
    name = "search-silent"
    source = "iCloud: no untagged SEARCH when empty (defects#36)"
    words = "the server counts"

    def do_examine(self, s, tag, args, read_only=True):
        super().do_examine(s, "*", args, read_only)
        s.send("* 9 EXISTS")
        self.ok(s, tag)

    def do_uid_search(self, s, tag, args, by_uid=True):
        self.ok(s, tag)


class SearchRefused(SearchSilent):
    """EXISTS counts too much, and SEARCH is refused."""
    name = "search-refused"
    source = "Yandex, IceWarp, QQ: SEARCH unreliable or refused (imapsync --noabletosearch)"

    def do_uid_search(self, s, tag, args, by_uid=True):
        s.send("%s NO SEARCH failed" % tag)


class Domino(Quirk):
    """The delimiter is a backslash."""
    name = "delimiter-backslash"
    source = "Domino (imapsync FAQ)"
    delimiter = "\\"

    def populate(self):
        super().populate()
        self.mailbox(b"Work\\2003").add(b"Subject: below\r\n\r\n")

    def check(self):
        if self.heads["Work\\2003"]["content_name"] != "Work/2003":
            return "content name %r" % self.heads["Work\\2003"]["content_name"]


class NoNamespace(Quirk):
    """NAMESPACE is offered and refused; or has extension data."""
    name = "namespace-refused"
    source = "robustness: RFC 2342 extension data is fatal for libetpan"

    def do_namespace(self, s, tag, args):
        if s.number == 1:
            s.send('* NAMESPACE (("" "/" "X-PARAM" ("FLAG1" "FLAG2"))) NIL (("#shared/" "/"))')
            return self.ok(s, tag)
        return s.send("%s BAD not now" % tag)
