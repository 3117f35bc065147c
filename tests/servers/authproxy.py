#!/usr/bin/python3
"""authproxy.py --port N [--cert FILE --key FILE] USER=PASSWORD=PORT... : Basic authentication for servers without logins.

Each user is passed on to an own server on 127.0.0.1:PORT, and may see /, /.well-known/ and what is below /USER/."""
import argparse
import base64
import http.client
import http.server
import ssl
import sys

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
        user, port = self.server.users.get(self.headers.get("Authorization", ""), (None, None))
        if not user:
            return self.refuse(401, ("WWW-Authenticate", 'Basic realm="valise test"'))
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


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--cert")
    p.add_argument("--key")
    p.add_argument("users", nargs="+")
    o = p.parse_args()
    server = Server(("127.0.0.1", o.port), Handler)
    server.users = {}
    for spec in o.users:
        user, password, port = spec.split("=")
        server.users["Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()] = (user, int(port))
    if o.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(o.cert, o.key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main()
