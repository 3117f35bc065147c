#!/usr/bin/python3
"""One policy of certificates for IMAPS, POP3S, STARTTLS and HTTPS: what one refuses all refuse, before a word is said, and with a reason.
A connection that breaks in the first handshake is made again."""
import concurrent.futures
import os
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import environment, execute  # noqa: E402

EC = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
WEB = "extendedKeyUsage=serverAuth"
# name: (subject, extensions, host, expected reason; None: it is good)
CASES = {
    "good": ("/CN=x", "subjectAltName=DNS:localhost\n" + WEB, "localhost", None),
    "no-usage": ("/CN=x", "subjectAltName=DNS:localhost", "localhost", None),
    "address": ("/CN=x", "subjectAltName=IP:127.0.0.1", "127.0.0.1", None),
    "client": ("/CN=x", "subjectAltName=DNS:localhost\nextendedKeyUsage=clientAuth", "localhost", "purpose"),
    "common-name": ("/CN=localhost", WEB, "localhost", "common name alone"),
    "beside": ("/CN=localhost", "subjectAltName=DNS:other.example", "localhost", "another name: other.example"),
    "address-as-name": ("/CN=x", "subjectAltName=DNS:127.0.0.1", "127.0.0.1", "as a name, not as an address"),
    "star": ("/CN=x", "subjectAltName=DNS:*", "localhost", "another name"),
    "dropped": ("/CN=x", "subjectAltName=DNS:localhost", "localhost", None),
    "weak": ("/CN=x", "subjectAltName=DNS:localhost", "localhost", "1024 bits"),
    "sha1": ("/CN=x", "subjectAltName=DNS:localhost", "localhost", "not safe any more .SHA-1"),
    "expired": ("/CN=x", "subjectAltName=DNS:localhost", "localhost", "expired on .*must renew"),
    "no-authority": ("/CN=x", "subjectAltName=DNS:localhost", "localhost", "signs others, but is no authority"),
    "foreign": ("/CN=x", "subjectAltName=DNS:localhost", "localhost", "--ca-file"),
}


def sh(line, **more):
    subprocess.run(line, shell=True, check=True, capture_output=True, **more)


def make(d):
    for ca in ("ca", "other"):
        sh("openssl req -x509 %s -days 30 -subj /CN=%s -keyout %s.key -out %s.pem -addext basicConstraints=critical,CA:TRUE" % (EC, ca, ca, ca), cwd=d)
    for name, (subject, ext, host, why) in CASES.items():
        with open("%s/%s.ext" % (d, name), "w") as f:
            f.write(ext + "\n")
        ca = {"foreign": "other", "no-authority": "good"}.get(name, "ca")
        new, how = "-newkey rsa:1024 -nodes" if name == "weak" else EC, "-sha1" if name == "sha1" else ""
        sh("openssl req %s -subj %s -keyout %s.key -out %s.req" % (new, subject, name, name), cwd=d)
        when = "faketime -f -40d " if name == "expired" else ""  # newer OpenSSL takes no negative -days
        sh("%sopenssl x509 -req -in %s.req -CA %s.pem -CAkey %s.key -CAcreateserial -days 30 %s -extfile %s.ext -out %s.pem" % (when, name, ca, ca, how, name, name), cwd=d)
    sh("cat good.pem >> no-authority.pem", cwd=d)


class Server:
    """Shows a certificate, and keeps what is said to it inside TLS."""

    def __init__(self, d, name, proto):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.set_ciphers("ALL:@SECLEVEL=0")
        self.context.load_cert_chain("%s/%s.pem" % (d, name), "%s/%s.key" % (d, name))
        self.drop = 1 if name == "dropped" and proto == "https" else 0
        self.proto, self.heard, self.listener = proto, [], socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                c, _ = self.listener.accept()
            except OSError:
                return
            try:
                self.talk(c)
            except (OSError, ValueError, IndexError):
                c.close()

    def talk(self, c):
        c.settimeout(50)
        if self.drop:
            self.drop -= 1
            c.recv(1)
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return c.close()
        if self.proto == "imap":
            c.sendall(b"* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi\r\n")
            c.sendall(c.recv(999).split()[0] + b" OK go\r\n")
        s = self.context.wrap_socket(c, server_side=True)
        if self.proto in ("imaps", "pop3s"):
            s.sendall(b"* OK [CAPABILITY IMAP4rev1] hi\r\n" if self.proto == "imaps" else b"+OK hi\r\n")
        self.heard.append(s.recv(4000))
        s.close()


def trial(d, name, proto):
    host, why = CASES[name][2:]
    s = Server(d, name, proto)
    option = {"https": "--caldav", "pop3s": "--pop3"}.get(proto, "--imap")
    text = execute("check", option, "%s://%s:%d/" % (proto, host, s.port), "--user", "alice", "--ca-file", d + "/ca.pem", "--password-command", "echo secret", env=environment(d))[2]
    s.listener.close()
    heard = b"".join(s.heard)
    if why is None:
        assert heard, "%s was refused over %s: %s" % (name, proto, text)
    else:
        assert not heard, "%s was accepted over %s" % (name, proto)
        assert re.search(why, text), "%s over %s: %s" % (name, proto, text)


def failure(d, name, proto):
    try:
        trial(d, name, proto)
    except AssertionError as e:
        return e


def main():
    d, failed = tempfile.mkdtemp(prefix="valise-certificates-"), 0
    try:
        make(d)
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            for e in pool.map(lambda k: failure(d, *k), [(n, p) for n in CASES for p in ("imaps", "pop3s", "imap", "https")]):
                failed += e is not None
                print(e or "", end="\n" if e else "")
        print("%d certificates, %d failures" % (len(CASES), failed))
    finally:
        shutil.rmtree(d, ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
