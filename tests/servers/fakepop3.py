#!/usr/bin/python3
"""fakepop3.py CASE [--cert FILE --key FILE] [--port N] [--log FILE] [--state FILE] : a POP3 server from memory that can misbehave.

FakePop3 is a small, correct, byte-exact POP3 server (RFC 1939, 2449, 5034). A case is a subclass below that overrides what it
plays. Each client line is kept in log, and with --log written to a file. Messages live as long as the server. --state FILE: after
each connection the messages that are still there, one hash a line. Prints PORT= and, with a certificate, TLS_PORT=. --list names the cases.
--cut N: connections end after N bytes from the server; --cut-only K: only the K-th.
As a module: with SomeCase() as server: ... server.port ... server.log"""
import argparse
import base64
import hashlib
import socket
import sys
import time

from listener import Connection, Cut, Listener, ended_by_signal


class Message:
    def __init__(self, body, uidl=None):
        self.body, self.uidl, self.seen = body, uidl, False


def letter(i, size=0):
    body = b"Received: from a by b; Sat, %02d Feb 2003 04:05:%02d +0100\r\nDate: Mon, 1 Jan 2001 00:00:00 +0000\r\n" % (i % 28 + 1, i % 60)
    body += b"Message-ID: <%d@fake.example>\r\nSubject: message %d\r\n\r\nbody of %d\r\n" % (i, i, i)
    return body + b"x" * size + (b"\r\n" if size else b"")


class Session(Connection):
    def __init__(self, server, sock, number, tls):
        self.server, self.sock, self.number, self.tls = server, sock, number, tls
        self.file = sock.makefile("rb")
        self.user = None
        self.signed_in = False
        self.sent = 0
        self.listed, self.retrieved = [], []
        self.stamp = b"<%d.%d@fake.example>" % (number, server.port)

    def send(self, *lines):
        for x in lines:
            self.send_raw((x if isinstance(x, bytes) else x.encode()) + b"\r\n")

    def send_raw(self, data):
        cut = self.server.cut_after
        if cut is not None and self.number == (self.server.cut_only or self.number) and self.sent + len(data) >= cut:
            self.sock.sendall(data[:cut - self.sent])
            self.cut()
        self.sent += len(data)
        self.sock.sendall(data)

    def stuffed(self, body):
        """The multi-line answer of a message: dots doubled, a final CRLF lent to one without."""
        out = (b"." if body.startswith(b".") else b"") + body.replace(b"\r\n.", b"\r\n..")
        self.send_raw(out + (b"" if body.endswith(b"\r\n") or not body else b"\r\n") + b".\r\n")

    def line(self):
        line = self.file.readline(1 << 20)
        if not line.endswith(b"\n"):
            raise Cut()
        return line.rstrip(b"\r\n")


class FakePop3(Listener):
    """The correct server."""
    name = "correct"
    count = 12
    caps = ["TOP", "USER", "UIDL", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE", "SASL PLAIN LOGIN", "EXPIRE NEVER", "IMPLEMENTATION fake"]
    caps_after = None  # as caps
    users = {u: "pw-" + u for u in ("alice", "bob", "carol", "dave")}
    cut_after, cut_only = None, None
    top_reads = False  # TOP counts as RETR does

    def __init__(self, cert=None, key=None, port=0, log=None, state=None):
        super().__init__(cert, key, port, log)
        self.state = state
        self.messages = []
        self.populate()

    def populate(self):
        for i in range(1, self.count + 1):
            self.messages.append(Message(letter(i, 37 * i), "uid-%d" % i))

    # ---- hooks --------------------------------------------------------------------------------------

    def before(self, s, name, args):
        """True: this command has been answered."""

    def capabilities(self, s):
        out = self.caps_after if s.signed_in and self.caps_after is not None else self.caps
        return list(out) + (["STLS"] if self.context and not s.tls else [])

    def on_login(self, s):
        """A refusal, or None."""

    def wait_for_lock(self, s):
        """The lock of the maildrop (RFC 1939 4), where a case needs it."""

    def select(self, s):
        return list(self.messages)

    def uidl(self, s, message, number):
        return message.uidl

    def size(self, s, message):
        return len(message.body)

    def on_retr(self, s, message):
        pass

    def on_end(self, s, quit):
        pass

    # ---- life ---------------------------------------------------------------------------------------

    def serve(self, sock, number, tls):
        s, quit = None, False
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            s = Session(self, self.context.wrap_socket(sock, server_side=True) if tls else sock, number, tls)
            self.note(s, b"(connected)")
            s.send(b"+OK fake POP3 ready " + s.stamp)
            while not quit:
                quit = self.command(s)
        except (Cut, OSError):
            pass
        finally:
            if s:
                self.note(s, b"(ended)")
                with self.lock:
                    self.on_end(s, quit)
                    self.write_state()
                s.file.close()
            (s.sock if s else sock).close()

    def write_state(self):
        if self.state:
            with open(self.state, "w") as f:
                f.writelines(sorted(hashlib.sha256(m.body).hexdigest() + "\n" for m in self.messages))

    def command(self, s):
        line = s.line()
        name, _, args = line.partition(b" ")
        name = name.decode("latin-1").upper()
        self.note(s, line if name != "PASS" else b"PASS")
        if self.before(s, name, args):
            return False
        run = getattr(self, "do_" + name.lower(), None)
        if not run or (not s.signed_in and name not in ("CAPA", "STLS", "USER", "PASS", "APOP", "AUTH", "QUIT", "UTF8")):
            s.send("-ERR what?")
            return False
        return run(s, args) == "quit"

    # ---- commands -----------------------------------------------------------------------------------

    def do_capa(self, s, args):
        s.send("+OK", *self.capabilities(s), ".")

    def do_stls(self, s, args):
        s.send("+OK")
        s.start_tls()

    def do_utf8(self, s, args):
        s.send("+OK")

    def do_user(self, s, args):
        s.user = args.decode()
        s.send("+OK")

    def do_pass(self, s, args):
        self.sign_in(s, self.users.get(s.user) == args.decode())

    def do_apop(self, s, args):
        user, _, digest = args.decode().partition(" ")
        secret = self.users.get(user, "").encode()
        self.sign_in(s, digest == hashlib.md5(s.stamp + secret).hexdigest())

    def do_auth(self, s, args):
        if args.upper() == b"PLAIN":
            s.send("+ ")
            parts = base64.b64decode(s.line()).split(b"\0")
            s.user = parts[1].decode() if len(parts) == 3 else None
            return self.sign_in(s, s.user is not None and self.users.get(s.user) == parts[2].decode())
        if args.upper() == b"LOGIN":
            s.send("+ " + base64.b64encode(b"Username:").decode())
            s.user = base64.b64decode(s.line()).decode()
            s.send("+ " + base64.b64encode(b"Password:").decode())
            return self.sign_in(s, self.users.get(s.user) == base64.b64decode(s.line()).decode())
        if args.upper() in (b"XOAUTH2", b"OAUTHBEARER"):
            s.send("+ ")
            if b"fresh-token" in base64.b64decode(s.line()):
                return self.sign_in(s, True)
            s.send("+ " + base64.b64encode(b'{"status":"401"}').decode())
            s.line()
            return self.sign_in(s, False)
        s.send("-ERR unknown mechanism")

    def sign_in(self, s, ok):
        if not ok:
            return s.send("-ERR [AUTH] no")
        self.wait_for_lock(s)
        with self.lock:
            refusal = self.on_login(s)
            if refusal:
                return s.send(refusal)
            s.signed_in = True
            s.listed = self.select(s)
        s.send("+OK signed in")

    def do_stat(self, s, args):
        s.send("+OK %d %d" % (len(s.listed), sum(self.size(s, m) for m in s.listed)))

    def do_list(self, s, args):
        s.send_raw(b"".join([b"+OK\r\n"] + [b"%d %d\r\n" % (n, self.size(s, m)) for n, m in enumerate(s.listed, 1)] + [b".\r\n"]))

    def do_uidl(self, s, args):
        out = b"+OK\r\n"
        for n, m in enumerate(s.listed, 1):
            u = self.uidl(s, m, n)
            if u is not None:
                out += b"%d %s\r\n" % (n, u if isinstance(u, bytes) else u.encode())
        s.send_raw(out + b".\r\n")

    def do_retr(self, s, args):
        n = int(args)
        if not 1 <= n <= len(s.listed):
            return s.send("-ERR no such message")
        m = s.listed[n - 1]
        s.send("+OK %d octets" % len(m.body))
        s.stuffed(m.body)
        s.retrieved.append(m)
        with self.lock:
            self.on_retr(s, m)

    def do_top(self, s, args):
        """RFC 1939 7: the header, the empty line and some lines; what a server thinks of it is up to a case."""
        number, lines = (int(x) for x in args.split())
        if not 1 <= number <= len(s.listed):
            return s.send("-ERR no such message")
        m = s.listed[number - 1]
        head, sep, body = m.body.partition(b"\r\n\r\n")
        parts = body.split(b"\r\n")
        s.send("+OK")
        s.stuffed(m.body if lines >= len(parts) else head + sep + b"".join(p + b"\r\n" for p in parts[:lines]))
        if self.top_reads:
            s.retrieved.append(m)
            with self.lock:
                self.on_retr(s, m)

    def do_noop(self, s, args):
        s.send("+OK")

    do_rset = do_noop

    def do_quit(self, s, args):
        s.send("+OK bye")
        return "quit"

    def remove(self, messages):
        gone = {id(m) for m in messages}
        self.messages = [m for m in self.messages if id(m) not in gone]


# ---- EXPIRE, and servers that delete what was read ------------------------------------------------------

class Expire0(FakePop3):
    caps = ["TOP", "UIDL", "USER", "EXPIRE 0"]

    def on_end(self, s, quit):
        if quit:
            self.remove(s.retrieved)


class Expire0AfterLogin(Expire0):
    caps = ["TOP", "UIDL", "USER", "EXPIRE 30 USER"]
    caps_after = ["TOP", "UIDL", "USER", "EXPIRE 0"]


class Expire0BeforeLogin(FakePop3):
    caps = ["UIDL", "USER", "EXPIRE 0"]
    caps_after = ["UIDL", "USER"]


class ExpireNeverForUser(FakePop3):
    caps = ["UIDL", "USER", "EXPIRE 0 USER"]
    caps_after = ["UIDL", "USER", "EXPIRE NEVER"]


class Expire7(FakePop3):
    caps = ["UIDL", "USER", "EXPIRE 7"]


class ExpireOdd(FakePop3):
    caps = ["UIDL", "USER", "EXPIRE soon"]


class ExpireNeverGlued(FakePop3):
    """GNU mailutils 3.15."""
    caps = ["UIDL", "USER", "EXPIRENEVER"]


class Locking(FakePop3):
    """A session shows what the one before did, however late that is noticed to have ended."""
    holder = None

    def wait_for_lock(self, s):
        for _ in range(3000):
            with self.lock:
                if self.holder is None:
                    self.holder = s
                    return
            time.sleep(0.02)

    def on_end(self, s, quit):
        if self.holder is s:
            self.holder = None


class DeletesOnRetr(Locking):
    """MercuryP/NLM, after the fetchmail manual: marks messages deleted when seen."""
    caps = ["UIDL", "USER"]

    def on_end(self, s, quit):
        self.remove(s.retrieved)
        super().on_end(s, quit)


class DeletesAfterQuit(Locking):
    """RFC 1939 8: a session that ends by QUIT removes what it retrieved."""
    caps = ["UIDL", "USER"]

    def on_end(self, s, quit):
        if quit:
            self.remove(s.retrieved)
        super().on_end(s, quit)


class DeletesLater(Locking):
    """Removes the bulk at its end, but not the canary."""
    caps = [c for c in FakePop3.caps if c != "TOP"]

    def on_end(self, s, quit):
        if len(s.retrieved) > 3:
            self.remove(s.retrieved[:3])
        super().on_end(s, quit)


# ---- UIDL -----------------------------------------------------------------------------------------------

class NoUidl(FakePop3):
    caps = ["TOP", "USER"]

    def do_uidl(self, s, args):
        s.send("-ERR unknown command")


class BlankUidl(FakePop3):
    def uidl(self, s, m, n):
        return "" if n % 2 else m.uidl


class DoubledUidl(FakePop3):
    """Three messages share one, two of them equal."""

    def populate(self):
        super().populate()
        for i in 2, 5, 7:
            self.messages[i].uidl = "shared"
        self.messages[7].body = self.messages[2].body


class LongUidl(FakePop3):
    def uidl(self, s, m, n):
        return m.uidl + "-" + "u" * {1: 69, 2: 200, 3: 900, 4: 5000, 5: 100000}.get(n, 1)


class OddUidl(FakePop3):
    """Octets that no UIDL may have."""

    def uidl(self, s, m, n):
        return {1: b"with blank", 2: b"\xc3\xa4\xff", 3: b"nul\0nul", 4: b"tab\tbed", 5: b" ", 6: b"\x7f"}.get(n, m.uidl.encode())


class ChangingUidl(FakePop3):
    """Other UIDLs in every session."""

    def uidl(self, s, m, n):
        return "%d-%s" % (s.number, m.uidl)


class MigratedUidl(FakePop3):
    """Other UIDLs once the file "migrated" is there, beside the state file."""

    def uidl(self, s, m, n):
        import os
        return ("new-" if os.path.exists(self.state + ".migrated") else "") + m.uidl


class EqualMessages(FakePop3):
    def populate(self):
        super().populate()
        for i in 3, 4, 8:
            self.messages[i].body = self.messages[1].body


class EqualNoUidl(EqualMessages, NoUidl):
    pass


class NoUidlCut(NoUidl):
    """Without UIDL, connections break, and a message appears in the middle of the list meanwhile."""
    top_reads = True

    def on_login(self, s):
        if s.number == 4:
            self.messages.insert(2, Message(letter(99, 50), "uid-99"))

    def on_retr(self, s, m):
        if s.number in (2, 3, 4) and len(s.retrieved) == 4:
            s.cut()


# ---- listings -------------------------------------------------------------------------------------------

class Newest250(FakePop3):
    """wildduck: only the newest 250 are listed, and STAT counts no more."""
    count = 400

    def select(self, s):
        return self.messages[-250:]


class StatCountsMore(FakePop3):
    def do_stat(self, s, args):
        s.send("+OK %d 99999" % (len(s.listed) + 30))


class Window(Locking):
    """As Gmail: each session lists the oldest 250 that no earlier session retrieved."""
    count = 600
    top_reads = True

    def select(self, s):
        return [m for m in self.messages if not m.seen][:250]

    def on_end(self, s, quit):
        for m in s.retrieved:
            m.seen = True
        super().on_end(s, quit)


class Gmail(Window):
    """Window, but "recent:" before the user's name shows the newest of all (Google help, "Read Gmail messages on other email clients using POP")."""
    users = dict(FakePop3.users, **{"recent:alice": "pw-alice"})

    def select(self, s):
        return self.messages[-100:] if s.user.startswith("recent:") else super().select(s)


class Empty(FakePop3):
    count = 0

    def do_list(self, s, args):
        s.send("-ERR nothing here")

    do_uidl = do_list


class RefusesListing(Empty):
    """STAT, too, is refused, and the maildrop is not empty (Gmail after a change of password: getmail6#252)."""
    count = 12
    do_stat = Empty.do_list


class HostileList(FakePop3):
    """Numbers that are none, doubles, gaps, lines without end."""

    def do_list(self, s, args):
        s.send_raw(b"+OK\r\n0 10\r\n1 99\r\n99999999999999999999 5\r\nx\r\n\r\n-1 5\r\n")
        s.send_raw(b"".join(b"%d %d\r\n" % (n, self.size(s, m)) for n, m in enumerate(s.listed, 1) if n > 1))
        s.send_raw(b"3 77\r\n" + b"4 " + b"9" * 20000 + b"\r\n.\r\n")


# ---- messages -------------------------------------------------------------------------------------------

class OddBodies(FakePop3):
    """What a reader gets wrong."""
    bodies = [b"", b".", b"..\r\n.\r\n", b".\r\n", b"\r\n", b"\r\n.\r\n..\r\n", b"no end", b"A: b\r\n\r\nbare\nlf\n.\nend\r\n", b"nul\0nul\r\n",
              b"cr\rcr\r\r\n", b"A: b\r\n\r\n.\rx\r\n", b"\r", b"\n", b"ends with cr\r", b"x" * 70000, b"y" * 65531 + b"\r\n.\r\n", b"\xff\xfe\r\n" * 3,
              b"A: b\r\n\r\n" + b".\r\n" * 3000]

    def populate(self):
        for i, body in enumerate(self.bodies):
            self.messages.append(Message(body, "odd-%d" % i))


class LyingSizes(FakePop3):
    def size(self, s, m):
        return len(m.body) - m.body.count(b"\n")


class WildSizes(FakePop3):
    def size(self, s, m):
        return [0, 1, 1 << 40][len(m.body) % 3]


class StatCountsNone(FakePop3):
    """STAT says that there is nothing, LIST lists it."""

    def do_stat(self, s, args):
        s.send("+OK 0 0")


class CutsSome(FakePop3):
    """Of the third message nothing comes, of the fifth its beginning, by RETR and by TOP; each ends as it must, and the sizes are right."""
    count = 16

    def shown(self, number, body):
        return b"" if number == 3 else body[:90] + b"\r\n" if number == 5 else body

    def do_retr(self, s, args):
        s.send("+OK")
        s.stuffed(self.shown(int(args), s.listed[int(args) - 1].body))

    def do_top(self, s, args):
        self.do_retr(s, args.split()[0])


class GivesMore(CutsSome):
    """The fifth message is longer than LIST says, by RETR and by TOP, and the other sizes are right."""

    def shown(self, number, body):
        return body + b"and more\r\n" if number == 5 else body


class OnceMore(GivesMore):
    """The same, and the ninth is longer when it is asked for by RETR for the first two times."""
    asked = 0

    def do_retr(self, s, args):
        number = int(args)
        self.asked += number == 9
        s.send("+OK")
        s.stuffed(self.shown(number, s.listed[number - 1].body) + (b"too much\r\n" if number == 9 and self.asked < 3 else b""))


class Swaps(FakePop3):
    """Two of three messages come under each other's number."""
    count = 3

    def do_retr(self, s, args):
        number = int(args)
        s.send("+OK")
        s.stuffed(s.listed[number - 1 if number == 3 else 2 - number].body)

    def do_top(self, s, args):
        self.do_retr(s, args.split()[0])


class CountsStuffing(FakePop3):
    """LIST counts the octets as they go over the wire."""

    def populate(self):
        super().populate()
        for m in self.messages[::2]:
            m.body += b".one\r\n..two\r\n.\r\n"

    def size(self, s, m):
        return len(m.body) + m.body.count(b"\r\n.")


class NoStuffing(FakePop3):
    """Lines that begin with a dot are sent as they are: the third has two, the fifth a lone dot, the seventh one that an answer seems to follow, the last
    one that half of the message follows (axllent/mailpit#299, hivesolutions/netius#96, greenmail#1049)."""
    lines = {2: b".one\r\n..two\r\nend\r\n", 4: b"before\r\n.\r\nRETR is no command here\r\n+OK neither\r\nafter\r\n",
             6: b"before\r\n.\r\n+OK 13 345\r\nTOP is none, too\r\n", 11: b"z\r\n.\r\n+OK" + b" more" * 400}

    def populate(self):
        super().populate()
        for i, more in self.lines.items():
            self.messages[i].body += more

    def raw(self, s, m):
        s.send_raw(m.body + (b".\r\n" if m.body.endswith(b"\r\n") else b"\r\n.\r\n"))

    def do_retr(self, s, args):
        m = s.listed[int(args) - 1]
        s.send("+OK %d octets" % len(m.body))
        self.raw(s, m)
        s.retrieved.append(m)

    def do_top(self, s, args):
        s.send("+OK")
        self.raw(s, s.listed[int(args.split()[0]) - 1])


class NoStuffingNoTop(NoStuffing):
    caps = ["UIDL", "USER"]


class NoStuffingWildSizes(NoStuffing):
    """Nothing tells where three of the messages end."""

    def size(self, s, m):
        return len(m.body) + 7


class StuffsLoneDots(NoStuffing):
    """Only a line that is nothing but a dot gets a second one."""

    def raw(self, s, m):
        super().raw(s, Message(m.body.replace(b"\r\n.\r\n", b"\r\n..\r\n")))


class TopDiffers(FakePop3):
    """TOP gives as many octets as RETR, and others."""

    def do_top(self, s, args):
        m = s.listed[int(args.split()[0]) - 1]
        s.send("+OK")
        s.stuffed(m.body.replace(b"Subject: ", b"subject: "))


class TopCuts(FakePop3):
    """TOP leaves out what is beyond a few lines, but for the smallest message."""

    def do_top(self, s, args):
        n = int(args.split()[0])
        m = s.listed[n - 1]
        s.send("+OK")
        s.stuffed(m.body if n == 1 else m.body[:len(m.body) // 2])


class TopBreaks(FakePop3):
    """TOP ends the connection, and CAPA does not say whether there is one."""

    def do_capa(self, s, args):
        s.send("-ERR unknown command")

    def do_top(self, s, args):
        s.cut()


class TopEndless(FakePop3):
    """TOP has no end."""

    def do_top(self, s, args):
        s.send("+OK")
        while True:
            s.send_raw(b"a line of a message without end\r\n" * 3000)


class RetrEndless(FakePop3):
    """One message has no end."""

    def before(self, s, name, args):
        if name in ("RETR", "TOP") and s.listed[int(args.split()[0]) - 1].uidl == "uid-3":
            s.send("+OK")
            while True:
                s.send_raw(b"a line of a message without end\r\n" * 3000)


class UidlEndless(FakePop3):
    def do_uidl(self, s, args):
        s.send("+OK")
        n = 0
        while True:
            s.send_raw(b"".join(b"%d u%d\r\n" % (k, k) for k in range(n + 1, n + 5001)))
            n += 5000


class ListEndless(FakePop3):
    def do_list(self, s, args):
        s.send("+OK")
        n = 0
        while True:
            s.send_raw(b"".join(b"%d 100\r\n" % k for k in range(n + 1, n + 5001)))
            n += 5000


class RefusesOne(FakePop3):
    def before(self, s, name, args):
        if name in ("RETR", "TOP") and s.listed[int(args.split()[0]) - 1].uidl == "uid-3":
            s.send("-ERR [SYS/PERM] damaged")
            return True


class BreaksAtOne(FakePop3):
    """One message always ends the connection."""

    def before(self, s, name, args):
        if name in ("RETR", "TOP") and s.listed[int(args.split()[0]) - 1].uidl == "uid-3":
            s.send("+OK")
            s.send_raw(b"Subject: half\r\n")
            s.cut()


# ---- sign-in --------------------------------------------------------------------------------------------

class InUse(FakePop3):
    """Locked twice; later a session that was not ended by QUIT keeps its lock for a while."""

    def on_login(self, s):
        if s.number in (1, 2, 4):
            return "-ERR [IN-USE] Do you have another POP session running?"


class InUsePlain(InUse):
    """As InUse, in the words of hMailServer: without a code."""
    caps = ["TOP", "UIDL", "USER"]

    def on_login(self, s):
        if s.number in (1, 2, 4):
            return "-ERR Your mailbox is already locked"


class BusyGreeting(FakePop3):
    """Refuses the first connection at once."""

    def serve(self, sock, number, tls):
        if number > 1:
            return super().serve(sock, number, tls)
        sock.sendall(b"-ERR Server busy, try again later\r\n")
        sock.close()


class LockedForGood(FakePop3):
    """Whoever ends without QUIT finds the maildrop locked."""
    caps = ["TOP", "UIDL", "USER"]
    holder = None  # from its sign-in on: when this server notices an end without QUIT does not count

    def on_login(self, s):
        if self.holder:
            return "-ERR Unable to lock maildrop: Mailbox is locked by POP server"
        self.holder = s

    def on_end(self, s, quit):
        if quit and self.holder is s:
            self.holder = None


class EchoesPassword(FakePop3):
    """Says what it was sent, in many ways."""

    def do_pass(self, s, args):
        b64 = base64.b64encode(b"\0alice\0" + args).decode()
        s.send("-ERR no, %s is not right, nor %s or %s (%s)" % (args.decode(), args.decode().upper(), "".join("%%%02x" % c for c in args), b64))

    do_apop = do_auth = do_pass


class LoginDelay(FakePop3):
    caps = FakePop3.caps + ["LOGIN-DELAY 2"]
    last = 0

    def on_login(self, s):
        import time
        now, last = time.monotonic(), self.last
        if now - last < 2:
            return "-ERR [LOGIN-DELAY] minimum time between sign-ins"
        self.last = now


class SysTemp(FakePop3):
    def on_login(self, s):
        if s.number == 1:
            return "-ERR [SYS/TEMP] try later"


class WrongPassword(FakePop3):
    users = {}


class Token(FakePop3):
    """Takes the token "fresh-token" only."""
    caps = ["UIDL", "SASL XOAUTH2 OAUTHBEARER", "RESP-CODES", "UTF8"]


class Utf8(FakePop3):
    caps = FakePop3.caps + ["UTF8 USER"]


class ApopOnly(FakePop3):
    caps = ["UIDL"]

    def before(self, s, name, args):
        if name in ("USER", "PASS", "AUTH"):
            s.send("-ERR use APOP")
            return True


class OldServer(FakePop3):
    """No CAPA."""

    def do_capa(self, s, args):
        s.send("-ERR unknown command")


class NoQuitAnswer(FakePop3):
    def do_quit(self, s, args):
        s.cut()


def cases():
    out, todo = {}, [FakePop3]
    while todo:
        c = todo.pop()
        todo += c.__subclasses__()
        out["correct" if c is FakePop3 else "".join("-" + x.lower() if x.isupper() else x for x in c.__name__).strip("-")] = c
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("case", nargs="?", default="correct")
    p.add_argument("--list", action="store_true")
    for name in "cert", "key", "log", "state":
        p.add_argument("--" + name)
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--cut", type=int)
    p.add_argument("--cut-only", type=int)
    o = p.parse_args()
    if o.list:
        print("\n".join(sorted(cases())))
        return
    if o.case not in cases():
        sys.exit("no such case: " + o.case)
    end = ended_by_signal()
    server = cases()[o.case](o.cert, o.key, o.port, o.log, o.state)
    server.cut_after, server.cut_only = o.cut, o.cut_only
    server.write_state()
    with server:
        print("PORT=%d" % server.port, "TLS_PORT=%d" % server.tls_port, flush=True)
        end.wait()


if __name__ == "__main__":
    main()
