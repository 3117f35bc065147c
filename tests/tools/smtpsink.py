#!/usr/bin/python3
"""smtpsink.py PORTFILE MAILBOX : an SMTP server on a loopback port that takes every message and appends it to the file MAILBOX."""
import os
import socketserver
import sys


class Session(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 sink ESMTP")
        for raw in self.rfile:
            word = raw.strip().upper()
            if word.startswith(b"EHLO"):
                self.say("250-sink")
                self.say("250 8BITMIME")
            elif word == b"DATA":
                self.say("354 go on")
                with open(sys.argv[2], "ab") as out:
                    for line in self.rfile:
                        if line == b".\r\n":
                            break
                        out.write(line)
                self.say("250 taken")
            elif word == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")


open(sys.argv[2], "ab").close()
with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
    with open(sys.argv[1] + ".new", "w") as f:
        f.write(str(server.server_address[1]))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    server.serve_forever()
