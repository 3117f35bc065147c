#!/usr/bin/python3
"""fakeimap.py CASE [--cert FILE --key FILE] [--port N] [--log FILE] : an IMAP server from memory that can misbehave.

FakeImap is a small, correct, byte-exact IMAP4rev1 server: what a client may do with a source or a target, nothing that
deletes. A case (fakecases.py) is a subclass that overrides what it plays:
  populate                    the account                    capabilities       what is announced
  greeting, do_COMMAND        an answer                      before, after      around each command
  fetch_item, fetch_answer    parts of a FETCH               mangle             all bytes that go out
with s.send(...), s.cut(), s.stall() on the session. Each client line is kept in log (literals as their size), and with
--log written to a file. Prints PORT= and, with a certificate, TLS_PORT= (port N and N+1, else free ones).
--list names the cases. As a module: with SomeCase(cert, key) as server: ... server.port ... server.log"""
import argparse
import base64
import re
import socket
import sys

from listener import Connection, Cut, Listener, ended_by_signal

TOKEN = re.compile(rb'\s+|(?P<open>\()|(?P<close>\))|"(?P<quoted>(?:\\.|[^"\\])*)"|(?P<atom>[^\s()"\[]*(?:\[[^\]]*\](?:<[\d.]+>)?)?)')
DATE = "17-Jul-1996 02:44:25 -0700"


class Literal(bytes):
    """A literal of a command, as opposed to a quoted string."""


class Bad(Exception):
    """The command is answered BAD."""


def tokens(segments):
    """Nested lists; atoms are str, quoted strings and literals are bytes."""
    stack = [[]]
    for segment in segments:
        if isinstance(segment, Literal):
            stack[-1].append(segment)
            continue
        at = 0
        while at < len(segment):
            m = TOKEN.match(segment, at)
            if not m or m.end() == at:
                raise Bad("syntax")
            at = m.end()
            if m["open"]:
                stack.append([])
            elif m["close"]:
                if len(stack) == 1:
                    raise Bad("parenthesis")
                done = stack.pop()
                stack[-1].append(done)
            elif m["quoted"] is not None:
                stack[-1].append(re.sub(rb"\\(.)", rb"\1", m["quoted"]))
            elif m["atom"]:
                stack[-1].append(m["atom"].decode("latin-1"))
    if len(stack) != 1:
        raise Bad("parenthesis")
    return stack[0]


def raw(token):
    return token if isinstance(token, bytes) else token.encode("latin-1")


def quoted(value):
    """A quoted string, or a literal where no quoted string can hold it."""
    if re.search(rb"[^\x20-\x7e]", value):
        return b"{%d}\r\n" % len(value) + value
    return b'"' + re.sub(rb'(["\\])', rb"\\\1", value) + b'"'


def numbers(text, highest):
    """Predicate of a sequence set (RFC 3501 9)."""
    if not re.fullmatch(r"(\d+|\*)(:(\d+|\*))?(,(\d+|\*)(:(\d+|\*))?)*", text):
        raise Bad("sequence set")
    ranges = []
    for part in text.split(","):
        ends = [highest if e == "*" else int(e) for e in part.split(":")]
        ranges.append((min(ends), max(ends)))
    return lambda n: any(low <= n <= high for low, high in ranges)


class Message:
    def __init__(self, uid, body, flags=(), date=DATE, **extra):
        self.uid, self.body, self.flags, self.date = uid, body, list(flags), date
        self.extra = {k.replace("_", "-"): v for k, v in extra.items()}  # other FETCH items, such as X_GM_MSGID=b"1"


class Mailbox:
    def __init__(self, name, attributes=(), subscribed=True, uidvalidity=1):
        self.name, self.attributes, self.subscribed = name, list(attributes), subscribed
        self.uidvalidity, self.uidnext, self.messages = uidvalidity, 1, []

    def add(self, body, flags=(), date=DATE, uid=None, **extra):
        message = Message(uid or self.uidnext, body, flags, date, **extra)
        self.uidnext = message.uid + 1
        self.messages.append(message)
        return message


class Session(Connection):
    """One connection: its state, and what an answer needs."""

    def __init__(self, server, sock, number, tls):
        self.server, self.sock, self.number, self.tls = server, sock, number, tls
        self.user = self.mailbox = None
        self.read_only = True
        self.file = sock.makefile("rb")

    def send(self, *lines):
        """Each line gets its CRLF; bytes go as they are, text as UTF-8."""
        data = b"".join((x if isinstance(x, bytes) else x.encode()) + b"\r\n" for x in lines)
        self.send_raw(self.server.mangle(self, data))

    def send_raw(self, data):
        self.sock.sendall(data)

    def stall(self, seconds=None):
        """Say nothing, for so long or until the server stops; then end the connection if it was for ever."""
        if self.server.stopping.wait(seconds) or seconds is None:
            raise Cut()

    def line(self):
        line = self.file.readline(1 << 20)
        if not line.endswith(b"\n"):
            raise Cut()
        return line.rstrip(b"\r\n")

    def command(self):
        """(tag, name, tokens) of the next command, its literals asked for and read."""
        segments, shown = [], b""
        while True:
            line = self.line()
            m = re.search(rb"~?\{(\d+)(\+?)\}$", line)
            shown += line
            if not m:
                segments.append(line)
                break
            if not m[2]:
                self.server.continuation(self, int(m[1]))
            data = self.file.read(int(m[1]))
            if len(data) != int(m[1]):
                raise Cut()
            segments += [line[:m.start()], Literal(data)]
        self.server.note(self, shown)
        tag, _, segments[0] = segments[0].partition(b" ")
        name, _, segments[0] = segments[0].partition(b" ")
        if name.upper() == b"UID":
            sub, _, segments[0] = segments[0].partition(b" ")
            name += b"_" + sub
        return tag.decode("latin-1"), name.upper().decode("latin-1"), segments


class FakeImap(Listener):
    """The correct server. Class attributes are what most cases change."""
    name = "correct"
    source = ""  # where this behaviour was seen
    delimiter = "/"
    prefix = ""
    extensions = ["LITERAL+", "MULTIAPPEND", "UIDPLUS", "NAMESPACE", "SPECIAL-USE", "LIST-EXTENDED", "ID", "ENABLE", "UNSELECT", "SASL-IR", "CHILDREN"]
    users = {u: "pw-" + u for u in ("alice", "bob", "carol", "dave")}
    plain_login = True  # also without TLS

    def __init__(self, cert=None, key=None, port=0, log=None):
        super().__init__(cert, key, port, log)
        self.sessions, self.mailboxes = set(), {}
        self.populate()

    # ---- the account --------------------------------------------------------------------------------

    def mailbox(self, name, *attributes, **more):
        return self.mailboxes.setdefault(raw(name), Mailbox(raw(name), attributes, **more))

    def populate(self):
        inbox = self.mailbox("INBOX")
        for i in range(1, 6):
            inbox.add(b"Message-ID: <%d@fake.example>\r\nSubject: message %d\r\n\r\nbody of %d\r\n" % (i, i, i), [[], [r"\Seen"], [r"\Answered", "work"]][i % 3],
                      "%02d-Feb-200%d 0%d:00:00 +0%d30" % (i, i, i, i))
        self.mailbox("Work").add(b"Subject: in Work\r\n\r\n", [r"\Flagged"])
        self.mailbox("Sent", r"\Sent")
        self.mailbox("Empty", subscribed=False)

    # ---- hooks --------------------------------------------------------------------------------------

    def capabilities(self, s):
        out = ["IMAP4rev1"] + self.extensions
        if self.context and not s.tls:
            out.append("STARTTLS")
        return out + (["AUTH=PLAIN"] if s.tls or self.plain_login else ["LOGINDISABLED"])

    def greeting(self, s):
        return "* OK [CAPABILITY %s] fake server ready" % " ".join(self.capabilities(s))

    def before(self, s, tag, name, args):
        """True: this command has been answered."""

    def after(self, s, tag, name, args):
        pass

    def mangle(self, s, data):
        return data

    def continuation(self, s, size):
        s.send("+ go on")

    # ---- life ---------------------------------------------------------------------------------------

    def stop(self):
        super().stop()
        for s in list(self.sessions):
            try:
                s.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve(self, sock, number, tls):
        s = None
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            s = Session(self, self.context.wrap_socket(sock, server_side=True) if tls else sock, number, tls)
            self.sessions.add(s)
            self.note(s, b"(connected)")
            s.send(self.greeting(s))
            while self.one_command(s):
                pass
        except (Cut, OSError) as e:
            self.note(s, b"(ended: %s)" % (str(e) or type(e).__name__).encode())
        finally:
            self.sessions.discard(s)
            (s.sock if s else sock).close()

    def one_command(self, s):
        tag, name, segments = s.command()
        try:
            args = tokens(segments)
            if not self.before(s, tag, name, args):
                run = getattr(self, "do_" + name.lower(), None)
                if not run:
                    raise Bad("unknown command")
                if not s.user and name not in ("CAPABILITY", "STARTTLS", "LOGIN", "AUTHENTICATE", "LOGOUT", "NOOP", "ID"):
                    raise Bad("not signed in")
                run(s, tag, args)
            self.after(s, tag, name, args)
        except Bad as e:
            s.send("%s BAD %s" % (tag, e))
        except (IndexError, ValueError, AttributeError, TypeError) as e:  # arguments that no command of ours has
            self.note(s, b"(%s: %s)" % (type(e).__name__.encode(), str(e).encode()))
            s.send("%s BAD arguments (%s)" % (tag, e))
        return name != "LOGOUT"

    # ---- any state ----------------------------------------------------------------------------------

    def ok(self, s, tag, text="done"):
        s.send("%s OK %s" % (tag, text))

    def do_capability(self, s, tag, args):
        s.send("* CAPABILITY " + " ".join(self.capabilities(s)))
        self.ok(s, tag)

    def do_noop(self, s, tag, args):
        self.ok(s, tag)

    def do_id(self, s, tag, args):
        s.send('* ID ("name" "fake")')
        self.ok(s, tag)

    def do_logout(self, s, tag, args):
        s.send("* BYE good-bye")
        self.ok(s, tag)

    def do_starttls(self, s, tag, args):
        if not self.context or s.tls:
            raise Bad("no TLS here")
        self.ok(s, tag, "begin")
        s.start_tls()

    def do_login(self, s, tag, args):
        self.sign_in(s, tag, raw(args[0]).decode(), raw(args[1]).decode())

    def do_authenticate(self, s, tag, args):
        if args[0].upper() != "PLAIN":
            raise Bad("mechanism")
        if len(args) < 2:
            s.send("+ ")
            answer = s.line()
            self.note(s, answer)
        else:
            answer = raw(args[1])
        _, user, password = base64.b64decode(answer).decode().split("\0")
        self.sign_in(s, tag, user, password)

    def sign_in(self, s, tag, user, password):
        if not (s.tls or self.plain_login) or self.users.get(user) != password:
            s.send(tag + " NO [AUTHENTICATIONFAILED] wrong name or password")
            return
        s.user = user
        self.ok(s, tag, "[CAPABILITY %s] signed in" % " ".join(self.capabilities(s)))

    # ---- signed in ----------------------------------------------------------------------------------

    def do_enable(self, s, tag, args):
        s.send("* ENABLED " + " ".join(a for a in args if a.upper() in self.extensions))
        self.ok(s, tag)

    def do_namespace(self, s, tag, args):
        s.send(b"* NAMESPACE ((" + quoted(self.prefix.encode()) + b" " + quoted(self.delimiter.encode()) + b")) NIL NIL")
        self.ok(s, tag)

    def list_line(self, box, subscribed=False, kind=b"LIST"):
        """One answer to LIST or LSUB."""
        attributes = list(box.attributes) + [r"\Subscribed"] * (subscribed and box.subscribed)
        children = any(n.startswith(box.name + self.delimiter.encode()) for n in self.mailboxes)
        attributes.append(r"\HasChildren" if children else r"\HasNoChildren")
        return b"* %s (%s) %s %s" % (kind, " ".join(attributes).encode(), quoted(self.delimiter.encode()), quoted(box.name))

    def matching(self, reference, patterns):
        for box in list(self.mailboxes.values()):
            for p in patterns:
                regex = b"".join({b"*": b".*", b"%": b"[^" + re.escape(self.delimiter.encode()) + b"]*"}.get(c, re.escape(c)) for c in re.findall(rb"(?s).", reference + p))
                if re.fullmatch(regex, box.name, re.S | (re.I if box.name == b"INBOX" else 0)):
                    yield box
                    break

    def do_list(self, s, tag, args):
        selection = [x.upper() for x in args.pop(0)] if isinstance(args[0], list) else []
        options = [x.upper() if isinstance(x, str) else x for x in args[3]] if len(args) > 3 else []
        patterns = [raw(p) for p in args[1]] if isinstance(args[1], list) else [raw(args[1])]
        if patterns == [b""]:
            s.send(b'* LIST (\\Noselect) %s ""' % quoted(self.delimiter.encode()))
        for box in self.matching(raw(args[0]), patterns):
            if "SUBSCRIBED" in selection and not box.subscribed:
                continue
            s.send(self.list_line(box, "SUBSCRIBED" in selection + options))
            if "STATUS" in options and r"\Noselect" not in box.attributes:
                s.send(self.status_line(box, options[options.index("STATUS") + 1]))
        self.ok(s, tag)

    def do_lsub(self, s, tag, args):
        for box in self.matching(raw(args[0]), [raw(args[1])]):
            if box.subscribed:
                s.send(self.list_line(box, kind=b"LSUB"))
        self.ok(s, tag)

    def status_line(self, box, items):
        values = {"MESSAGES": len(box.messages), "RECENT": 0, "UIDNEXT": box.uidnext, "UIDVALIDITY": box.uidvalidity,
                  "UNSEEN": sum(r"\Seen" not in m.flags for m in box.messages), "SIZE": sum(len(m.body) for m in box.messages)}
        try:
            pairs = " ".join("%s %d" % (i, values[i.upper()]) for i in items)
        except KeyError as e:
            raise Bad("no STATUS item %s" % e)
        return b"* STATUS %s (%s)" % (quoted(box.name), pairs.encode())

    def find(self, s, tag, name, hint=""):
        """The mailbox, or None after the refusal has been sent."""
        name = raw(name)
        box = self.mailboxes.get(b"INBOX" if name.upper() == b"INBOX" else name)
        if not box or r"\Noselect" in box.attributes:
            s.send("%s NO [%s] no such mailbox" % (tag, hint or "NONEXISTENT"))
            return None
        return box

    def do_status(self, s, tag, args):
        box = self.find(s, tag, args[0])
        if box:
            s.send(self.status_line(box, args[1]))
            self.ok(s, tag)

    def do_create(self, s, tag, args):
        name = raw(args[0]).rstrip(self.delimiter.encode())
        with self.lock:
            if name in self.mailboxes or name.upper() == b"INBOX":
                s.send(tag + " NO [ALREADYEXISTS] there already")
                return
            self.mailbox(name, subscribed=False)
        self.ok(s, tag)

    def do_subscribe(self, s, tag, args, value=True):
        box = self.mailboxes.get(raw(args[0]))
        if not box:
            s.send(tag + " NO [NONEXISTENT] no such mailbox")
            return
        box.subscribed = value
        self.ok(s, tag)

    def do_unsubscribe(self, s, tag, args):
        self.do_subscribe(s, tag, args, False)

    def do_append(self, s, tag, args):
        """APPEND mailbox 1*([flags] [date] literal), RFC 3501 6.3.11 and 3502."""
        new, rest = [], args[1:]
        while rest:
            flags = rest.pop(0) if isinstance(rest[0], list) else []
            date = rest.pop(0).decode() if not isinstance(rest[0], Literal) else DATE
            new.append((rest.pop(0), flags, date))
        if not new or len(new) > 1 and "MULTIAPPEND" not in self.extensions:
            raise Bad("APPEND takes one message")
        box = self.find(s, tag, args[0], "TRYCREATE")
        if box:
            with self.lock:
                uids = [box.add(bytes(body), flags, date).uid for body, flags, date in new]
            code = "[APPENDUID %d %s] " % (box.uidvalidity, ",".join(map(str, uids))) if "UIDPLUS" in self.extensions else ""
            self.ok(s, tag, code + "appended")

    # ---- a mailbox is open --------------------------------------------------------------------------

    def do_examine(self, s, tag, args, read_only=True):
        s.mailbox = box = self.find(s, tag, args[0])
        if not box:
            return
        s.read_only = read_only
        keywords = sorted({f for m in box.messages for f in m.flags if f[0] != "\\"})
        flags = " ".join([r"\Answered \Flagged \Deleted \Seen \Draft"] + keywords)
        s.send("* FLAGS (%s)" % flags, "* %d EXISTS" % len(box.messages), "* 0 RECENT",
               r"* OK [PERMANENTFLAGS (%s)] may be kept" % ("" if read_only else flags + r" \*"),
               "* OK [UIDVALIDITY %d] valid" % box.uidvalidity, "* OK [UIDNEXT %d] next" % box.uidnext)
        self.ok(s, tag, "[READ-ONLY] examined" if read_only else "[READ-WRITE] selected")

    def do_select(self, s, tag, args):
        self.do_examine(s, tag, args, False)

    def do_unselect(self, s, tag, args):
        s.mailbox = None
        self.ok(s, tag)

    def chosen(self, s, uids, by_uid):
        """[(sequence number, message)] of a set of UIDs or of sequence numbers."""
        if not s.mailbox:
            raise Bad("no mailbox is open")
        messages = list(s.mailbox.messages)
        inside = numbers(uids, (messages[-1].uid if by_uid else len(messages)) if messages else 0)
        return [(n, m) for n, m in enumerate(messages, 1) if inside(m.uid if by_uid else n)]

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        items = [i.upper() for i in (args[1] if isinstance(args[1], list) else [args[1]])]
        if by_uid and "UID" not in items:
            items.insert(0, "UID")
        for n, m in self.chosen(s, args[0], by_uid):
            answer = self.fetch_answer(s, n, m, items)
            if answer is not None:
                s.send(answer)
        self.ok(s, tag)

    def do_fetch(self, s, tag, args):
        self.do_uid_fetch(s, tag, args, False)

    def fetch_answer(self, s, n, m, items):
        """The whole answer for one message; None: it is left out."""
        return b"* %d FETCH (%s)" % (n, b" ".join(self.fetch_item(s, m, i) for i in items))

    def fetch_item(self, s, m, item):
        """NAME value, for one item of one message."""
        body = re.fullmatch(r"BODY(\.PEEK)?\[([^\]]*)\](?:<(\d+)\.(\d+)>)?", item)
        if body:
            if not body[1] and not s.read_only and r"\Seen" not in m.flags:
                m.flags.append(r"\Seen")
            data, at = self.section(m.body, body[2]), ""
            if body[3]:
                data, at = data[int(body[3]):int(body[3]) + int(body[4])], "<%s>" % body[3]
            return b"BODY[%s]%s {%d}\r\n%s" % (body[2].encode(), at.encode(), len(data), data)
        values = {"UID": b"%d" % m.uid, "FLAGS": b"(%s)" % " ".join(m.flags).encode(), "INTERNALDATE": b'"%s"' % m.date.encode(),
                  "RFC822.SIZE": b"%d" % len(m.body), **m.extra}
        if item not in values:
            raise Bad("no item %s" % item)
        return item.encode() + b" " + values[item]

    @staticmethod
    def section(data, name):
        m = re.search(rb"\A\r\n|\r\n\r\n", data)
        header, text = (data[:m.end()], data[m.end():]) if m else (data, b"")
        if name in ("", "TEXT", "HEADER"):
            return {"": data, "TEXT": text, "HEADER": header}[name]
        fields = re.fullmatch(r"HEADER\.FIELDS \(([^)]*)\)", name)
        if not fields:
            raise Bad("section %s" % name)
        wanted = [f.encode().lower() for f in fields[1].replace('"', "").split()]
        found = re.findall(rb"(?m)^[^\s:]+:[^\n]*\n(?:[ \t][^\n]*\n)*", header)
        return b"".join(f for f in found if f.split(b":")[0].lower() in wanted) + b"\r\n"

    def do_uid_search(self, s, tag, args, by_uid=True):
        found = [m.uid if by_uid else n for n, m in self.chosen(s, "1:*", True) if self.matches(s, n, m, list(args))]
        s.send(" ".join(["* SEARCH"] + [str(x) for x in found]))
        self.ok(s, tag)

    def do_search(self, s, tag, args):
        self.do_uid_search(s, tag, args, False)

    def matches(self, s, n, m, keys):
        result = True
        while keys:
            key = keys.pop(0).upper()
            negate = key.startswith("UN") and key != "UNKEYWORD"
            flag = "\\" + (key[2:] if negate else key).capitalize()
            if key == "UID":
                result &= numbers(keys.pop(0), s.mailbox.messages[-1].uid)(m.uid)
            elif key == "HEADER":
                field, value = raw(keys.pop(0)), raw(keys.pop(0)).lower()
                got = self.section(m.body, "HEADER.FIELDS (%s)" % field.decode())
                result &= bool(got.strip()) and value in got.lower()
            elif key in ("KEYWORD", "UNKEYWORD"):
                result &= (keys.pop(0) in m.flags) == (key == "KEYWORD")
            elif flag in (r"\Seen", r"\Answered", r"\Flagged", r"\Deleted", r"\Draft"):
                result &= (flag in m.flags) != negate
            elif key != "ALL":
                result &= numbers(key, len(s.mailbox.messages))(n)
        return result

    def do_uid_store(self, s, tag, args):
        how, flags = args[1].upper(), args[2]
        if s.read_only:
            s.send(tag + " NO read-only")
            return
        for n, m in self.chosen(s, args[0], True):
            with self.lock:
                kept = [] if how[0] == "F" else [f for f in m.flags if f not in flags]
                m.flags = kept + (flags if how[0] != "-" else [])
            if not how.endswith(".SILENT"):
                s.send("* %d FETCH (UID %d FLAGS (%s))" % (n, m.uid, " ".join(m.flags)))
        self.ok(s, tag)


def main():
    import fakecases
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("case", nargs="?", default="correct")
    p.add_argument("--cert")
    p.add_argument("--key")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--log")
    p.add_argument("--list", action="store_true")
    o = p.parse_args()
    if o.list:
        for name, case in sorted(fakecases.cases().items()):
            print("%-24s %s%s" % (name, (case.__doc__ or "").strip().split("\n")[0], " [%s]" % case.source if case.source else ""))
        return
    if o.case not in fakecases.cases():
        sys.exit("fakeimap.py: no case %s (see --list)" % o.case)
    end = ended_by_signal()
    with fakecases.cases()[o.case](o.cert, o.key, o.port, o.log) as server:
        print("PORT=%d" % server.port, *(["TLS_PORT=%d" % server.tls_port] if o.cert else []), sep="\n", flush=True)
        end.wait()


if __name__ == "__main__":
    sys.modules["fakeimap"] = sys.modules["__main__"]  # the cases are subclasses of these classes, not of a second copy
    main()
