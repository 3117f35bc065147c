#!/usr/bin/python3
"""A small IMAP client for tests: it fills, changes and reads accounts. Python's standard library only.

As a module: Account.open("DIR/env", "alice") and its methods. Folders are given as paths: tuples of components or
text such as "Work/2024" (see names.py), whatever delimiter and prefix the server has.

As a program:
  imaptool.py ENV USER list                           folders, one a line
  imaptool.py ENV USER uids FOLDER
  imaptool.py ENV USER append FOLDER FILE [DATE [FLAG...]]    DATE "" is now
  imaptool.py ENV USER store FOLDER UIDS +FLAG|-FLAG...
  imaptool.py ENV USER move|copy FOLDER UIDS TO
  imaptool.py ENV USER expunge FOLDER UIDS
  imaptool.py ENV USER create|delete|subscribe|unsubscribe FOLDER
  imaptool.py ENV USER rename FOLDER TO
ENV is the env file of a server script; the password of USER is pw-USER."""
import re
import socket
import ssl
import sys
from collections import namedtuple

import names

Message = namedtuple("Message", "data flags date", defaults=((), None))
BATCH_BYTES = 4 << 20
BATCH_MESSAGES = 100
IN_FLIGHT = 3


class ImapError(Exception):
    pass


class Literal(bytes):
    """Bytes that were quoted or sent as a literal: never an atom, a number or NIL."""


def quote(value):
    raw = value if isinstance(value, bytes) else value.encode()
    if re.search(rb"[^\x20-\x7e]", raw):
        raise ImapError("%r cannot be quoted" % raw)
    return b'"' + re.sub(rb'(["\\])', rb"\\\1", raw) + b'"'


TOKEN = re.compile(rb'\s+|(?P<open>\()|(?P<close>\))|"(?P<quoted>(?:\\.|[^"\\])*)"|(?P<atom>(?:BODY|BINARY)\[[^\]]*\](?:<\d+>)?|[^\s()"]+)', re.I)


def tokens(segments):
    """Nested lists of an answer whose literals are Literal items of segments."""
    stack = [[]]
    for segment in segments:
        if isinstance(segment, Literal):
            stack[-1].append(segment)
            continue
        for m in TOKEN.finditer(segment):
            if m["open"]:
                stack.append([])
            elif m["close"]:
                if len(stack) > 1:
                    done = stack.pop()
                    stack[-1].append(done)
            elif m["quoted"] is not None:
                stack[-1].append(Literal(re.sub(rb"\\(.)", rb"\1", m["quoted"])))
            elif m["atom"]:
                atom = m["atom"].decode("latin-1")
                stack[-1].append(None if atom.upper() == "NIL" else atom)
    return stack[0]


class Imap:
    """One connection. Commands may be in flight: send(), then wait() for each tag in any order."""

    def __init__(self, host, port, ca=None, starttls=False, timeout=120):
        self.sock = socket.create_connection((host, int(port)), timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host, self.ca, self.count, self.caps, self.finished, self.untagged = host, ca, 0, set(), {}, []
        if ca and not starttls:
            self._tls()
        self.file = self.sock.makefile("rb", 1 << 18)
        self._answer()
        self.capability()
        if starttls:
            self.ok("STARTTLS")
            self._tls()
            self.file = self.sock.makefile("rb", 1 << 18)
            self.capability()

    def _tls(self):
        context = ssl.create_default_context(cafile=self.ca)
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host)

    def capability(self):
        self.caps = {str(c).upper() for a in self.ok("CAPABILITY") if a[:1] == ["CAPABILITY"] for c in a[1:]}

    def _answer(self):
        """The next answer: (tag, tokens of an untagged one or [status, text])."""
        segments = []
        while True:
            line = self.file.readline(1 << 24)
            if not line.endswith(b"\n"):
                raise ImapError("connection closed by the server")
            m = re.search(rb"\{(\d+)\}\r\n$", line)
            if not m:
                segments.append(line.rstrip(b"\r\n"))
                break
            data = self.file.read(int(m.group(1)))
            if len(data) != int(m.group(1)):
                raise ImapError("connection closed inside a literal")
            segments += [line[:m.start()], Literal(data)]
        tag, _, rest = segments[0].partition(b" ")
        word, _, text = rest.partition(b" ")
        if word.upper() in (b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH") or tag == b"+":
            return tag.decode(), [word.decode().upper(), text.decode("utf-8", "replace")]
        return tag.decode(), tokens([rest] + segments[1:])

    def send(self, *parts):
        """Send a command; bytes go as they are, Literal as a literal. Returns its tag."""
        self.count += 1
        tag, out, plus = "t%d" % self.count, [], "LITERAL+" in self.caps
        out.append(tag.encode())
        for part in parts:
            if isinstance(part, Literal):
                out.append(b" {%d%s}\r\n" % (len(part), b"+" if plus else b""))
                if not plus:
                    self.sock.sendall(b"".join(out))
                    out = []
                    if not self._continued(tag):
                        return tag
                out.append(part)
            else:
                out.append(b" " + (part if isinstance(part, bytes) else part.encode()))
        self.sock.sendall(b"".join(out) + b"\r\n")
        return tag

    def _continued(self, tag):
        while tag not in self.finished:
            got, answer = self._answer()
            if got == "+":
                return True
            self._file(got, answer)
        return False

    def _file(self, tag, answer):
        if tag == "*":
            self.untagged.append(answer)
        else:
            self.finished[tag] = answer

    def wait(self, tag):
        """(status, text, untagged answers so far) of a command that was sent."""
        while tag not in self.finished:
            self._file(*self._answer())
        status, text = self.finished.pop(tag)
        untagged, self.untagged = self.untagged, []
        return status, text, untagged

    def ok(self, *parts):
        status, text, untagged = self.wait(self.send(*parts))
        if status != "OK":
            raise ImapError("%s: %s %s" % (b" ".join(p[:80] if isinstance(p, bytes) else p.encode() for p in parts[:2]).decode("utf-8", "replace"), status, text))
        return untagged


class Account:
    def __init__(self, imap, user, password):
        self.imap = imap
        imap.ok("LOGIN", quote(user), quote(password))
        imap.capability()
        self.delimiter, self.prefix = self._namespace()

    @classmethod
    def open(cls, env, user, password=None):
        """Log in as ${user} on the server of an env file (a path or a dict)."""
        if not isinstance(env, dict):
            env = read_env(env)
        imap = Imap(env["HOST"], env["IMAP_PORT"])
        if "LOGINDISABLED" in imap.caps:
            imap = Imap(env["HOST"], env["IMAPS_PORT"], env["CA"])
        return cls(imap, user, password or "pw-" + user)

    def _namespace(self):
        if "NAMESPACE" in self.imap.caps:
            for a in self.imap.ok("NAMESPACE"):
                if a[:1] == ["NAMESPACE"] and a[1]:
                    prefix, delimiter = a[1][0][:2]
                    if delimiter is not None:
                        return delimiter.decode(), names.from_mutf7(prefix or b"")
        for a in self.imap.ok("LIST", '""', '"*"'):
            if a[:1] == ["LIST"] and a[2] is not None:
                return a[2].decode(), ""
        return None, ""

    def wire(self, path):
        return names.to_wire(path, self.delimiter, self.prefix)

    # folders

    def folders(self, command="LIST"):
        """{path: set of attributes in lower case}"""
        out = {}
        for a in self.imap.ok(command, '""', '"*"'):
            if a[:1] == [command]:
                raw = a[3] if isinstance(a[3], bytes) else str(a[3]).encode()
                delimiter = a[2].decode() if a[2] is not None else None
                path = names.from_wire(raw, delimiter, self.prefix)
                if path != ("INBOX",) or raw.upper() == b"INBOX":  # with a prefix there may be an INBOX.INBOX
                    out[path] = {x.lower() for x in a[1]}
        return out

    def create(self, path):
        self.imap.ok("CREATE", quote(self.wire(path)))

    def delete(self, path):
        self.imap.ok("DELETE", quote(self.wire(path)))

    def rename(self, path, to):
        self.imap.ok("RENAME", quote(self.wire(path)), quote(self.wire(to)))

    def subscribe(self, path):
        self.imap.ok("SUBSCRIBE", quote(self.wire(path)))

    def unsubscribe(self, path):
        self.imap.ok("UNSUBSCRIBE", quote(self.wire(path)))

    # messages

    def append(self, path, data, flags=(), date=None):
        self.append_many(path, [Message(data, flags, date)])

    def append_many(self, path, messages, refused=None):
        """Append in this order, in batches and with commands in flight where the server can. Returns the bytes.
        With a list ${refused}, each message goes by itself, and one that the server refuses is noted there."""
        raw, many = quote(self.wire(path)), "MULTIAPPEND" in self.imap.caps and refused is None
        flying, batch, size, total = [], [], 0, 0

        def flush():
            nonlocal batch, size
            if batch:
                flying.append(self.imap.send("APPEND", raw, *batch))
            batch, size = [], 0
            while len(flying) > (IN_FLIGHT if "LITERAL+" in self.imap.caps else 0):
                self._appended(path, flying.pop(0), refused)

        for m in messages:
            batch.append("(%s)" % " ".join(m.flags))
            if m.date:
                batch.append('"%s"' % m.date)
            batch.append(Literal(m.data))
            size += len(m.data)
            total += len(m.data)
            if not many or size >= BATCH_BYTES or len(batch) >= 3 * BATCH_MESSAGES:
                flush()
        flush()
        for tag in flying:
            self._appended(path, tag, refused)
        return total

    def _appended(self, path, tag, refused):
        status, text, _ = self.imap.wait(tag)
        if status == "OK":
            return
        if refused is None:
            raise ImapError("APPEND to %s: %s %s" % (path, status, text))
        refused.append((path, text))

    def select(self, path, command="SELECT"):
        self.imap.ok(command, quote(self.wire(path)))

    def uids(self, path):
        self.select(path, "EXAMINE")
        return sorted(int(u) for a in self.imap.ok("UID", "SEARCH", "ALL") if a[:1] == ["SEARCH"] for u in a[1:])

    def fetch(self, path, uids="1:*", items="UID FLAGS INTERNALDATE BODY.PEEK[]"):
        """{uid: {item: value}}, the mailbox opened by EXAMINE."""
        self.select(path, "EXAMINE")
        out = {}
        for a in self.imap.ok("UID", "FETCH", uid_set(uids), "(%s)" % items):
            if a[1:2] == ["FETCH"]:
                got = {str(k).upper(): v for k, v in zip(a[2][::2], a[2][1::2])}
                if "UID" in got:
                    out.setdefault(int(got["UID"]), {}).update(got)
        return out

    def store(self, path, uids, how, flags):
        """${how} is +FLAGS, -FLAGS or FLAGS."""
        self.select(path)
        self.imap.ok("UID", "STORE", uid_set(uids), how + ".SILENT", "(%s)" % " ".join(flags))

    def copy(self, path, uids, to):
        self.select(path)
        self.imap.ok("UID", "COPY", uid_set(uids), quote(self.wire(to)))

    def move(self, path, uids, to):
        if "MOVE" in self.imap.caps:
            self.select(path)
            self.imap.ok("UID", "MOVE", uid_set(uids), quote(self.wire(to)))
        else:
            self.copy(path, uids, to)
            self.expunge(path, uids)

    def expunge(self, path, uids):
        """Only these: without UIDPLUS any other \\Deleted message of the mailbox goes too."""
        self.store(path, uids, "+FLAGS", [r"\Deleted"])
        self.imap.ok(*(["UID", "EXPUNGE", uid_set(uids)] if "UIDPLUS" in self.imap.caps else ["EXPUNGE"]))

    def clear(self):
        """Remove every mailbox that can be removed and every message of INBOX."""
        for path, attributes in sorted(self.folders().items(), key=lambda f: -len(f[0])):
            if path != ("INBOX",) and "\\noselect" not in attributes:
                self.delete(path)
        for path in self.folders("LSUB"):
            self.unsubscribe(path)
        if self.uids("INBOX"):
            self.expunge("INBOX", "1:*")

    def close(self):
        try:
            self.imap.wait(self.imap.send("LOGOUT"))
        except (ImapError, OSError):
            pass
        self.imap.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def uid_set(uids):
    return uids if isinstance(uids, str) else ",".join(str(u) for u in ([uids] if isinstance(uids, int) else uids))


def read_env(path):
    with open(path) as f:
        return dict(line.rstrip("\n").split("=", 1) for line in f if "=" in line)


def main(env, user, command, *args):
    with Account.open(env, user) as account:
        if command == "list":
            for path, attributes in sorted(account.folders().items()):
                print(names.show(path), *sorted(attributes))
        elif command == "uids":
            print(*account.uids(args[0]))
        elif command == "append":
            with open(args[1], "rb") as f:
                account.append(args[0], f.read(), args[3:], args[2] if len(args) > 2 else None)
        elif command == "store":
            for change in args[2:]:
                account.store(args[0], args[1], change[0] + "FLAGS", [change[1:]])
        elif command in ("move", "copy", "expunge", "create", "delete", "subscribe", "unsubscribe", "rename"):
            getattr(account, command)(*args)
        else:
            sys.exit("imaptool.py: no command %s" % command)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except ImapError as e:
        sys.exit("imaptool.py: %s" % e)
