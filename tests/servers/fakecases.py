"""How servers misbehave: one small class a case, each with where it was seen. Run by fakeimap.py. More of them are in cases_*.py."""
import importlib
import pathlib
import threading

from fakeimap import FakeImap


def cases():
    """{name: class} of every case, the correct server among them."""
    for more in sorted(pathlib.Path(__file__).parent.glob("cases_*.py")):
        importlib.import_module(more.stem)
    found, queue = {}, [FakeImap]
    while queue:
        case = queue.pop()
        found[case.name] = case
        queue += case.__subclasses__()
    return found


class BytesVerbatim(FakeImap):
    """Messages with NUL, bare CR, bare LF, no line end at all: the client must keep every byte."""
    name = "bytes-verbatim"
    source = "RFC 3501 forbids NUL in a literal, servers with old stores send it"

    def populate(self):
        inbox = self.mailbox("INBOX")
        head = b"Message-ID: <%d@fake.example>\r\nSubject: bytes\r\n\r\n"
        bodies = [b"a\0b\0\r\n", b"bare\nline\nfeeds\n", b"bare\rreturns\r", b"\r\r\n\r\r\n", b"\n\r\n\r", b"no end",
                  bytes(range(256)) * 4, b")\r\n* 9 FETCH (UID 9)\r\nx OK\r\n", b"\0" * 5000, b"\xff\xfe\xfd"]
        for i, body in enumerate(bodies, 1):
            inbox.add(head % i + body, [r"\Seen"] if i % 2 else [])
        inbox.add(b"only\nunix\nlines\n\nbody\n")
        inbox.add(b"\r\n")
        inbox.add(b"x")


class EmptyAccount(FakeImap):
    """An INBOX without messages: something to restore into."""
    name = "empty"

    def populate(self):
        self.mailbox("INBOX")


class OkLate(FakeImap):
    """The data of the next FETCH comes before the tagged OK of the one before, as RFC 3501 5.5 allows."""
    name = "ok-late"
    source = "Dovecot 2.3 under load, measured"

    def populate(self):
        for name in ("INBOX", "Second", "Third"):
            box = self.mailbox(name)
            for i in range(12):
                text = b"%s %d\r\n" % (name.encode(), i)
                box.add(b"Subject: %s" % text + b"\r\n" + text * (600_000 // len(text) * (i % 3 + 1) // 3))

    def greeting(self, s):
        s.late, s.to_come, one = False, [], threading.Lock()
        send = s.send_raw

        def send_raw(data):
            with one:
                send(data)
        s.send_raw = send_raw
        return super().greeting(s)

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        s.late = True
        super().do_uid_fetch(s, tag, args, by_uid)
        s.late = False

    def ok(self, s, tag, *more):
        if s.late:
            s.to_come.append(threading.Timer(0.05, super().ok, (s, tag, *more)))
            s.to_come[-1].start()
        else:
            super().ok(s, tag, *more)

    def do_examine(self, s, tag, args, read_only=True):
        for t in s.to_come:  # what is of another mailbox comes when all of this one is answered
            t.join()
        s.to_come = []
        super().do_examine(s, tag, args, read_only)


class FetchMissingUid(FakeImap):
    """Where several messages are asked for, the answer for the second has no UID."""
    name = "fetch-missing-uid"
    source = "RFC 3501 6.4.8 demands it; seen with proxies that merge unsolicited FETCH answers"

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        s.several = len(self.chosen(s, args[0], by_uid)) > 1
        super().do_uid_fetch(s, tag, args, by_uid)

    def fetch_answer(self, s, n, m, items):
        if n == 2 and s.several:
            items = [i for i in items if i != "UID"]
        return super().fetch_answer(s, n, m, items)


class PreauthBeforeTls(FakeImap):
    """The plain port greets with PREAUTH: STARTTLS is no longer allowed, and all would go in the clear."""
    name = "preauth-before-tls"
    source = "CVE-2020-12398 and the NO STARTTLS study of 2021"

    def greeting(self, s):
        if s.tls:
            return super().greeting(s)
        s.user = "alice"
        return "* PREAUTH [CAPABILITY %s] welcome back" % " ".join(self.capabilities(s))


class StarttlsInjection(FakeImap):
    """More answers in the same packet as the OK to STARTTLS, before the handshake."""
    name = "starttls-injection"
    source = "NO STARTTLS study of 2021, response injection"

    def do_starttls(self, s, tag, args):
        s.send(tag + " OK begin", "* CAPABILITY IMAP4rev1 LOGINDISABLED", "* OK [ALERT] injected")
        s.start_tls()
