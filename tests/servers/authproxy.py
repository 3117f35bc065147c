#!/usr/bin/python3
"""authproxy.py --port N [--cert FILE --key FILE] [--digest USES] USER=PASSWORD=PORT... : Basic authentication for servers without logins.
--digest: Digest instead (RFC 7616, SHA-256 or MD5), each nonce good for USES requests.

Each user is passed on to an own server on 127.0.0.1:PORT, and may see /, /.well-known/ and what is below /USER/."""
import argparse
import base64
import hashlib
import http.client
import http.server
import re
import secrets
import ssl
import sys
import threading

HOP_BY_HOP = ("authorization", "connection", "transfer-encoding", "content-length", "expect", "keep-alive")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *args):
        sys.stderr.write("%s\n" % (args[0] % args[1:]))

    def body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        out = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            out += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return out

    def refuse(self, code, *headers):
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self):
        data = self.body()
        given = self.headers.get("Authorization", "")
        if self.server.digest:
            user, port, challenges = self.server.digest.check(self.command, self.path, given)
        else:
            user, port = self.server.users.get(given, (None, None))
            challenges = ['Basic realm="valise test"']
        if not user:
            return self.refuse(401, *(("WWW-Authenticate", c) for c in challenges))
        path = self.path.split("?")[0]
        if path not in ("/", "/" + user) and not path.startswith(("/%s/" % user, "/.well-known/")):
            return self.refuse(403)
        there = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
        if data or self.command in ("PUT", "POST"):
            headers["Content-Length"] = str(len(data))
        there.request(self.command, self.path, data or None, headers)
        self.pass_back(there.getresponse())
        there.close()

    def pass_back(self, response):
        data = response.read()
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        if response.status not in (204, 304):
            size = response.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(data))
            self.send_header("Content-Length", size)
        self.end_headers()
        if self.command != "HEAD" and response.status not in (204, 304):
            self.wfile.write(data)


class Digest:
    """Who may sign in, and which nonces are out."""

    def __init__(self, uses, users):
        self.uses, self.users, self.nonces, self.lock = uses, users, {}, threading.Lock()

    def challenges(self, stale):
        nonce = secrets.token_hex(8)
        self.nonces[nonce] = set()
        rest = 'realm="valise, \\"test\\"", nonce="%s", qop="auth, auth-int", opaque="o,p"%s' % (nonce, ", stale=true" if stale else "")
        return ["Digest algorithm=%s, %s" % (a, rest) for a in ("SHA-256", "MD5")]

    def check(self, method, uri, given):
        """(user, port, None), or (None, None, challenges)."""
        field = {k: a or b for k, a, b in re.findall(r'(\w+)=(?:"((?:\\.|[^"\\])*)"|([^\s,"]+))', given)}
        password, port = self.users.get(field.get("username"), (None, None))
        with self.lock:
            if not given.startswith("Digest ") or port is None:
                return None, None, self.challenges(False)
            kind = hashlib.md5 if field.get("algorithm") == "MD5" else hashlib.sha256

            def h(*parts):
                return kind(":".join(parts).encode()).hexdigest()
            want = h(h(field["username"], 'valise, "test"', password), field["nonce"], field["nc"], field["cnonce"], "auth", h(method, field["uri"]))
            if want != field["response"] or field["uri"] != uri or field["opaque"] != "o,p":
                return None, None, self.challenges(False)
            used = self.nonces.get(field["nonce"])
            if used is None or len(used) >= self.uses or field["nc"] in used:
                return None, None, self.challenges(True)
            used.add(field["nc"])
            return field["username"], port, None


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--cert")
    p.add_argument("--key")
    p.add_argument("--digest", type=int, default=0)
    p.add_argument("users", nargs="+")
    o = p.parse_args()
    server = Server(("127.0.0.1", o.port), Handler)
    server.users = {}
    logins = {user: (password, int(port)) for user, password, port in (spec.split("=") for spec in o.users)}
    server.digest = Digest(o.digest, logins) if o.digest else None
    for user, (password, port) in logins.items():
        server.users["Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()] = (user, port)
    if o.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(o.cert, o.key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main()
