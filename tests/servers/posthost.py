#!/usr/bin/python3
"""A web server for many hosts that answers POX Autodiscover as a table says, to who signs in and to nobody else.

posthost.py TABLE LOG --cert FILE --key FILE [--http PORT] [--https PORT]

TABLE is JSON: {"https://HOST": [STATUS, LOCATION or null, FILE or null, "auth" or ""]}; what is not there is 404. Where it says auth, a request without
Basic credentials gets 401, and one with another password than pw-USER, too. Each request is a line of LOG: method, URL, user or -, the address asked for.
TABLE is read for each request. Prints PORT when it listens."""
import argparse
import base64
import http.server
import json
import re
import ssl
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        site = "%s://%s" % (self.server.scheme, self.headers.get("Host", "").split(":")[0])
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        word, _, basic = self.headers.get("Authorization", "").partition(" ")
        user, _, password = base64.b64decode(basic or "").decode().partition(":")
        asked = re.search(rb"<EMailAddress>(.*?)</EMailAddress>", body)
        with open(self.server.log, "a", encoding="utf-8") as f:
            f.write("%s %s%s %s %s\n" % (self.command, site, self.path, user or "-", asked.group(1).decode() if asked else "-"))
        with open(self.server.table, encoding="utf-8") as f:
            status, location, name, how = json.load(f).get(site, [404, None, None, ""])
        if how == "auth" and (word != "Basic" or password != "pw-" + user):
            status, location, name = 401, None, None
        data = b"no"
        if name:
            with open(name, "rb") as f:
                data = f.read()
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = answer

    def log_message(self, *args):
        pass


def serve(args, scheme, port, context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.scheme, server.table, server.log = scheme, args.table, args.log
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("table")
    p.add_argument("log")
    p.add_argument("--cert", required=True)
    p.add_argument("--key", required=True)
    p.add_argument("--http", type=int, default=80)
    p.add_argument("--https", type=int, default=443)
    args = p.parse_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(args.cert, args.key)
    serve(args, "http", args.http)
    serve(args, "https", args.https, context)
    print("PORT", flush=True)
    while True:
        time.sleep(3600)


main()
