#!/usr/bin/python3
"""A web server for many hosts, over HTTP and HTTPS, of what lies in a directory.

webhost.py DIR --cert FILE --key FILE [--http PORT] [--https PORT]

A request for https://HOST/PATH is answered with the file DIR/https/HOST/PATH, one for http with DIR/http/HOST/PATH, whatever its
query; a file NAME.status beside it (or without one) holds another status and, after a blank, a Location. Each request is a line of
DIR/log: method, URL, and the Authorization it had. Prints PORT when it listens."""
import argparse
import http.server
import os
import ssl
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        scheme = self.server.scheme
        host = self.headers.get("Host", "").split(":")[0]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open(os.path.join(self.server.top, "log"), "a", encoding="utf-8") as f:
            f.write("%s %s://%s%s %s %d\n" % (self.command, scheme, host, self.path, self.headers.get("Authorization", "-"), len(body)))
        path = os.path.join(self.server.top, scheme, host, self.path.split("?")[0].strip("/"))
        status, location, data = 404, None, b"no"
        if os.path.isfile(path):
            status = 200
            with open(path, "rb") as f:
                data = f.read()
        if os.path.isfile(path + ".status"):
            with open(path + ".status", encoding="utf-8") as f:
                words = f.read().split()
            status, location = int(words[0]), (words + [None])[1]
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PROPFIND = do_OPTIONS = answer

    def log_message(self, *args):
        pass


def serve(top, scheme, port, context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.scheme, server.top = scheme, top
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("top")
    p.add_argument("--cert", required=True)
    p.add_argument("--key", required=True)
    p.add_argument("--http", type=int, default=80)
    p.add_argument("--https", type=int, default=443)
    a = p.parse_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(a.cert, a.key)
    serve(a.top, "http", a.http)
    serve(a.top, "https", a.https, context)
    print("PORT", a.https, flush=True)
    threading.Event().wait()


main()
