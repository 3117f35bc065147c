"""What the scripted servers for mail share: the two ports, a thread for each connection, the log."""
import signal
import socket
import ssl
import struct
import threading


class Cut(Exception):
    """The connection ends here."""


class Connection:
    """A base of sessions, which have server, sock, file and tls."""

    def start_tls(self):
        self.sock = self.server.context.wrap_socket(self.sock, server_side=True)
        self.file, self.tls = self.sock.makefile("rb"), True

    def cut(self, reset=False):
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Cut()


class Listener:
    """A base of servers: serve(sock, number, tls) is called in a thread for each connection, counted from 1.
    With a certificate there is a second port, for TLS: port N and N+1, else free ones."""

    def __init__(self, cert=None, key=None, port=0, log=None):
        self.log, self.log_file, self.lock = [], open(log, "ab", 0) if log else None, threading.RLock()
        self.stopping, self.connections, self.threads = threading.Event(), 0, []
        self.listening = []
        self.context, self.listeners = None, [socket.create_server(("127.0.0.1", port), backlog=50)]
        if cert:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(cert, key)
            self.listeners.append(socket.create_server(("127.0.0.1", port and port + 1), backlog=50))
        self.port, self.tls_port = [s.getsockname()[1] for s in self.listeners + self.listeners[-1:]][:2]

    def start(self):
        self.listening = [threading.Thread(target=self.listen, args=(x, bool(tls)), daemon=True) for tls, x in enumerate(self.listeners)]
        for t in self.listening:
            t.start()
        return self

    def stop(self):
        self.stopping.set()
        for listener in self.listeners:
            try:  # a socket that is closed while a thread is in accept() goes on taking connections
                listener.shutdown(socket.SHUT_RDWR)
            except OSError:  # a case closed it
                pass
        for t in self.listening:
            t.join(60)
        for listener in self.listeners:
            listener.close()

    def settle(self):
        """Until every session has ended whose client is gone: then the log is whole, and what an end changes is changed."""
        for t in list(self.threads):
            t.join(60)

    __enter__ = start

    def __exit__(self, *_):
        self.stop()

    def listen(self, listener, tls):
        while not self.stopping.is_set():
            try:
                sock = listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            self.threads.append(threading.Thread(target=self.serve, args=(sock, self.connections, tls), daemon=True))
            self.threads[-1].start()

    def note(self, s, line):
        """A line of session ${s}, or of none."""
        number = s.number if s else 0
        with self.lock:
            self.log.append((number, line))
            if self.log_file:
                self.log_file.write(b"%d %s\n" % (number, line))


def ended_by_signal():
    """An event that SIGTERM and SIGINT set."""
    end = threading.Event()
    for number in signal.SIGTERM, signal.SIGINT:
        signal.signal(number, lambda *_: end.set())
    return end
