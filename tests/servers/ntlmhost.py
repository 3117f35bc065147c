#!/usr/bin/python3
"""A server that signs connections in by NTLM (MS-NTHT, MS-NLMP), NTLMv2 alone, before another one.

ntlmhost.py UPSTREAM LOG [--port N] [--cert FILE --key FILE] [--offer WORDS] [--close N]

UPSTREAM: port on 127.0.0.1; what comes over a connection that is signed in goes there, with Basic USER:pw-USER. NAME and DOMAIN\\NAME have the password
pw-NAME. --offer: the schemes of a 401, "NTLM" or "Negotiate NTLM" or "NTLM Basic"; with Basic that is taken, too. --close N: a connection ends behind
N requests. Each request is a line of LOG: connection, method, path, what of NTLM it had (-, 1, 3, basic), octets of its body, status.
Port N is plain, N+1 TLS where there is a certificate; prints PORT when it listens. MD4 is RFC 1320, as hashlib has it no more."""
import argparse
import base64
import hmac
import http.client
import http.server
import itertools
import os
import ssl
import struct
import threading
import time


def md4(data):
    def f(x, y, z):
        return x & y | ~x & z

    def g(x, y, z):
        return x & y | x & z | y & z

    def h(x, y, z):
        return x ^ y ^ z

    def rol(x, n):
        return (x << n | (x & 0xffffffff) >> (32 - n)) & 0xffffffff
    state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
    padded = data + b"\x80" + bytes((55 - len(data)) % 64) + struct.pack("<Q", 8 * len(data))
    rounds = ((f, 0, range(16), (3, 7, 11, 19)), (g, 0x5a827999, (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), (3, 5, 9, 13)),
              (h, 0x6ed9eba1, (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15), (3, 9, 11, 15)))
    for at in range(0, len(padded), 64):
        x, (a, b, c, d) = struct.unpack("<16I", padded[at:at + 64]), state
        for function, constant, order, shifts in rounds:
            for i, k in enumerate(order):
                a, b, c, d = d, rol(a + function(b, c, d) + x[k] + constant & 0xffffffff, shifts[i % 4]), b, c
        state = [s + v & 0xffffffff for s, v in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


def challenge(nonce):
    """CHALLENGE_MESSAGE, MS-NLMP 2.2.1.2: Unicode, NTLM, extended session security, target info."""
    name = "VALISE".encode("utf-16le")
    info = struct.pack("<HH", 2, len(name)) + name + struct.pack("<HH", 1, len(name)) + name + struct.pack("<HH", 0, 0)
    head = b"NTLMSSP\0" + struct.pack("<IHHII", 2, len(name), len(name), 48, 0x00898205 & ~0x4 | 0x1)
    return head + nonce + bytes(8) + struct.pack("<HHI", len(info), len(info), 48 + len(name)) + name + info


def authenticated(message, nonce):
    """The user of an AUTHENTICATE_MESSAGE (2.2.1.3) whose NTLMv2 response (3.3.2) is right; or None."""
    def field(at):
        n, _, offset = struct.unpack_from("<HHI", message, at)
        return message[offset:offset + n]
    answer, domain, user = field(20), field(28).decode("utf-16le"), field(36).decode("utf-16le")
    key = hmac.new(md4(("pw-" + user).encode("utf-16le")), (user.upper() + domain).encode("utf-16le"), "md5").digest()
    proof = hmac.new(key, nonce + answer[16:], "md5").digest()
    return user if len(answer) > 24 and hmac.compare_digest(proof, answer[:16]) and domain in ("", "VALISE") else None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

    def setup(self):
        super().setup()
        self.number, self.user, self.nonce, self.served = next(self.server.numbers), None, None, 0

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) if self.headers.get("Transfer-Encoding") is None else self.chunks()
        had, token, user = "-", None, self.user
        word, _, value = self.headers.get("Authorization", "").partition(" ")
        if word == "NTLM":
            message = base64.b64decode(value)
            had = str(struct.unpack_from("<I", message, 8)[0])
            if had == "1":
                user, self.user, self.nonce = None, None, os.urandom(8)
                token = base64.b64encode(challenge(self.nonce)).decode()
            else:
                user = self.user = authenticated(message, self.nonce) if self.nonce else None
                self.nonce = None
        elif word == "Basic" and "Basic" in self.server.offer:
            name, _, password = base64.b64decode(value).decode().partition(":")
            had, user = "basic", name if password == "pw-" + name else None
        self.served += 1
        self.close_connection = bool(self.server.close and self.served >= self.server.close)
        status, headers, data = self.pass_on(user, body) if user else (401, [("WWW-Authenticate", w + (" " + token if token and w == "NTLM" else ""))
                                                                           for w in self.server.offer if not token or w == "NTLM"], b"no")
        with open(self.server.log, "a", encoding="utf-8") as f:
            f.write("%d %s %s %s %d %d\n" % (self.number, self.command, self.path, had, len(body), status))
        self.send_response(status)
        for k, v in headers:
            self.send_header(k, v)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def chunks(self):
        data = b""
        while True:
            n = int(self.rfile.readline().split(b";")[0], 16)
            data += self.rfile.read(n)
            self.rfile.readline()
            if not n:
                return data

    def pass_on(self, user, body):
        c = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("authorization", "connection", "transfer-encoding", "content-length")}
        headers["Authorization"] = "Basic " + base64.b64encode(("%s:pw-%s" % (user, user)).encode()).decode()
        c.request(self.command, self.path, body, headers)
        r = c.getresponse()
        data = r.read()
        c.close()
        return r.status, [(k, v) for k, v in r.getheaders() if k.lower() not in ("transfer-encoding", "content-length", "connection", "server", "date")], data

    def log_message(self, *args):
        pass


for method in "GET HEAD POST PUT OPTIONS PROPFIND REPORT MKCOL MKCALENDAR PROPPATCH".split():
    setattr(Handler, "do_" + method, Handler.serve)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("upstream", type=int)
    p.add_argument("log")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--cert")
    p.add_argument("--key")
    p.add_argument("--offer", default="NTLM")
    p.add_argument("--close", type=int, default=0)
    args = p.parse_args()
    ports, numbers = [], itertools.count(1)
    for tls in (False, True) if args.cert else (False,):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", args.port and args.port + tls), Handler)
        server.upstream, server.log, server.offer, server.close, server.numbers = args.upstream, args.log, args.offer.split(), args.close, numbers
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(args.cert, args.key)
            context.set_alpn_protocols(["http/1.1"])
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ports.append(server.server_address[1])
    print("PORT %d %s" % (ports[0], ports[-1]), flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
