#!/usr/bin/python3
"""badtls.py --cert FILE --key FILE [--starttls | --no-tls] [--port N] : a server that has just enough IMAP to be
distrusted. It shows the given certificate, on connect or after STARTTLS, greets, and refuses every login.

Prints PORT=N when it listens; ends with SIGTERM. --log FILE keeps each line that a client sent: after a
certificate that must be refused, no LOGIN or AUTHENTICATE may stand there."""
import argparse
import socketserver
import ssl
import sys


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        o = self.server.options
        if not (o.starttls or o.no_tls) and not self.secure():
            return
        self.send("* OK [CAPABILITY %s] ready" % self.capabilities())
        while line := self.rfile.readline(65536):
            self.server.note(line)
            tag, _, rest = line.decode("latin-1").strip().partition(" ")
            command = rest.split(" ")[0].upper()
            if command == "CAPABILITY":
                self.send("* CAPABILITY " + self.capabilities(), tag + " OK done")
            elif command == "STARTTLS" and o.starttls:
                self.send(tag + " OK begin")
                if not self.secure():
                    return
            elif command == "LOGOUT":
                self.send("* BYE", tag + " OK bye")
                return
            else:
                self.send(tag + " NO refused")

    def capabilities(self):
        plain = self.server.options.starttls and not isinstance(self.connection, ssl.SSLSocket)
        return "IMAP4rev1 " + ("STARTTLS LOGINDISABLED" if plain else "AUTH=PLAIN")

    def secure(self):
        try:
            self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError) as e:
            self.server.note(b"handshake failed: %s\n" % str(e).encode())
            return False
        self.server.note(b"handshake done\n")
        self.rfile = self.connection.makefile("rb")
        return True

    def send(self, *lines):
        self.connection.sendall("".join(line + "\r\n" for line in lines).encode())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, options):
        super().__init__(("127.0.0.1", options.port), Session)
        self.options = options
        self.log = open(options.log, "ab", 0) if options.log else None
        if not options.no_tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(options.cert, options.key)

    def note(self, line):
        if self.log:
            self.log.write(line)

    def handle_error(self, request, client_address):
        self.note(b"%s\n" % str(sys.exc_info()[1]).encode())


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cert")
    p.add_argument("--key")
    p.add_argument("--starttls", action="store_true", help="plain port that offers STARTTLS")
    p.add_argument("--no-tls", action="store_true", help="plain port without STARTTLS")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--log")
    server = Server(p.parse_args())
    print("PORT=%d" % server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
