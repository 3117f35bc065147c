#!/usr/bin/python3
"""tokens.py PORT FILE : token introspection (RFC 7662) for servers that take OAuth 2 tokens. FILE holds lines "TOKEN USER", and is read each time."""
import http.server
import json
import sys
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        size = int(self.headers.get("Content-Length") or 0)
        token = urllib.parse.parse_qs(self.rfile.read(size).decode()).get("token", [""])[0]
        with open(sys.argv[2]) as f:
            user = dict(line.split() for line in f).get(token)
        data = json.dumps({"active": True, "username": user} if user else {"active": False}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
