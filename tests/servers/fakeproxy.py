"""A proxy that speaks SOCKS5 (RFC 1928, 1929) and CONNECT (RFC 9110 9.3.6), and can misbehave. Names that end in .invalid, which nobody
else resolves, are this machine. What was asked for stands in asked, as "HOST:PORT"; a case is a name of BAD or REPLIES, or one of those below."""
import base64
import select
import socket
import struct

from listener import Listener

# What comes instead of an answer.
BAD = {"noise": b"\x00\x01\x02\x03", "smtp": b"220 mail.example\r\n"}
REPLIES = {"failure": 1, "forbidden": 2, "unreachable": 4, "refused": 5, "no-connect": 7, "nonsense": 200}
STATUS = {"failure": 500, "forbidden": 403, "unreachable": 502, "refused": 503, "no-connect": 405, "nonsense": 299}


class FakeProxy(Listener):
    def __init__(self, case=None, user=None, password=None, http=False):
        super().__init__()
        self.case, self.user, self.password, self.http, self.asked, self.kinds = case, user, password, http, [], []

    def serve(self, sock, number, tls):
        try:
            with sock:
                sock.settimeout(60)
                (self.connect if self.http else self.socks)(sock)
        except (OSError, EOFError):
            pass

    def exactly(self, sock, n):
        data = b""
        while len(data) < n:
            more = sock.recv(n - len(data))
            if not more:
                raise EOFError()
            data += more
        return data

    def relay(self, sock, host, port):
        with socket.create_connection(("127.0.0.1" if host.endswith(".invalid") else host, port), 60) as server:
            while True:
                for s in select.select([sock, server], [], [], 60)[0]:
                    data = s.recv(65536)
                    if not data:
                        return
                    (server if s is sock else sock).sendall(data)

    def socks(self, sock):
        version, n = self.exactly(sock, 2)
        if version != 5:
            return
        methods = self.exactly(sock, n)
        if self.case == "cut":
            return
        if self.case in ("noise", "smtp"):
            return sock.sendall(BAD[self.case])
        if self.case == "half":
            return sock.sendall(b"\5")
        if self.case == "odd-method":
            return sock.sendall(b"\5\1")
        want = 2 if self.user else 0
        if want not in methods:
            return sock.sendall(b"\5\xff")
        sock.sendall(bytes([5, want]))
        if self.user:
            self.exactly(sock, 1)
            given = []
            for _ in range(2):
                given.append(self.exactly(sock, self.exactly(sock, 1)[0]).decode())
            good = given == [self.user, self.password]
            sock.sendall(b"\1\0" if good else b"\1\1")
            if not good:
                return
        kind = self.exactly(sock, 4)[3]
        if kind == 3:
            host = self.exactly(sock, self.exactly(sock, 1)[0]).decode()
        else:
            host = socket.inet_ntop(*((socket.AF_INET, self.exactly(sock, 4)) if kind == 1 else (socket.AF_INET6, self.exactly(sock, 16))))
        port = struct.unpack(">H", self.exactly(sock, 2))[0]
        self.asked.append("%s:%d" % (host, port))
        self.kinds.append(kind)
        if self.case == "cut-late":
            return
        if self.case == "odd-address":
            return sock.sendall(b"\5\0\0\x09")
        if self.case in REPLIES:
            return sock.sendall(bytes([5, REPLIES[self.case], 0, 1, 0, 0, 0, 0, 0, 0]))
        if kind == 4:  # no IPv6 here
            return sock.sendall(b"\5\x08\0\1\0\0\0\0\0\0")
        # a name as the bound address, as RFC 1928 allows
        sock.sendall(b"\5\0\0\3\5proxy\0\0")
        self.relay(sock, host, port)

    def connect(self, sock):
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.exactly(sock, 1)
        lines = head.decode().split("\r\n")
        host, port = lines[0].split(" ")[1].rsplit(":", 1)
        self.asked.append("%s:%s" % (host, port))
        fields = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:] if line)}
        if self.case in ("cut", "cut-late"):
            return
        if self.case == "half":
            return sock.sendall(b"HTTP/1.1 20")
        if self.case in ("noise", "smtp"):
            return sock.sendall(BAD[self.case])
        if self.case in ("endless", "long"):
            line = b"X: y\r\n" if self.case == "endless" else b"x" * 4096
            sock.sendall(b"HTTP/1.1 200 Fine\r\n")
            while True:
                sock.sendall(line * 16)
        want = self.user and "Basic " + base64.b64encode(("%s:%s" % (self.user, self.password)).encode()).decode()
        if want and fields.get("proxy-authorization") != want:
            return sock.sendall(b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n")
        if self.case in STATUS and self.case != "nonsense":
            return sock.sendall(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % STATUS[self.case])
        sock.sendall(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n")
        self.relay(sock, host, int(port))
