#!/usr/bin/python3
"""--proxy: every connection of every service goes through it and no other way, names are looked up by it, and what it refuses is said in plain
words, without its password. A scripted proxy before scripted servers, and before Dovecot. Names that end in .invalid are known to it alone."""
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import SERVERS, execute, environment, expect, run  # noqa: E402
from fakedav import FakeDav  # noqa: E402
from fakeimap import FakeImap  # noqa: E402
from fakepop3 import FakePop3  # noqa: E402
from fakeproxy import FakeProxy  # noqa: E402

SECRET = "hunter2-is-long"
KINDS = ("socks5h", "socks5", "http")


class Named(FakeDav):
    host = "old.invalid"


def services(imap, pop3, dav, host):
    out = ["--user", "alice", "--password-command", "echo pw-alice", "--cleartext"]
    for kind, port in ("imap", imap.port), ("pop3", pop3.port), ("caldav", dav.port), ("carddav", dav.port):
        out += ["--" + kind, "%s://%s:%d" % ("http" if "dav" in kind else kind, host, port)]
    return out


def through(scratch, kind, signed):
    """All four services, read and written."""
    where = os.path.join(scratch, kind + str(signed))
    env = dict(environment(where), http_proxy="http://127.0.0.1:1", HTTPS_PROXY="http://127.0.0.1:1", ALL_PROXY="http://127.0.0.1:1", no_proxy="*", NO_PROXY="*")
    host = "127.0.0.1" if kind == "socks5" else "old.invalid"
    with FakeImap() as imap, FakePop3() as pop3, (FakeDav if kind == "socks5" else Named)() as dav, \
            FakeProxy(http=kind == "http", user=signed and "al@ice", password=signed and SECRET) as proxy:
        url = "%s://%s127.0.0.1:%d" % (kind, "al%%40ice:%s@" % SECRET if signed else "", proxy.port)
        said = run(0, "backup", *services(imap, pop3, dav, host), "-o", where + ".valise", "--proxy", url, "--trace", where + ".trace", "--stats", env=env)
        proxy.settle()
        expect(len(proxy.asked) >= 4 and {a for a in proxy.asked} == {"%s:%d" % (host, p) for p in (imap.port, pop3.port, dav.port)}, "asked for %s" % proxy.asked)
        mail = [a for a in proxy.asked if a.endswith(":%d" % imap.port)]
        expect(len(mail) == imap.connections, "%d of %d connections went through the proxy" % (len(mail), imap.connections))
        expect(set(proxy.kinds) <= ({1} if kind == "socks5" else {3}), "kinds of addresses %s" % proxy.kinds)
        # the environment is as good as the option
        said += run(0, "check", *services(imap, pop3, dav, host), env=dict(env, VALISE_PROXY=url))
        with open(where + ".trace", encoding="utf-8") as f:
            said += f.read()
        for root, _, names in os.walk(scratch):
            for n in names:
                with open(os.path.join(root, n), "rb") as f:
                    expect(SECRET.encode() not in f.read(), "the password stands in %s/%s" % (root, n))
        expect(SECRET not in said and "Proxy-Authorization: Basic" not in said, "the password is told")


def refusals(scratch):
    """What a proxy refuses, over SOCKS5 and CONNECT, to IMAP and to CalDAV: one line, soon, and nothing reaches the server."""
    words = {"failure": "it failed|it answers 500", "forbidden": "it does not allow connections to this server", "unreachable": "it cannot reach this (host|server)",
             "refused": "the server refused the connection|it cannot reach this server", "no-connect": "it makes no connections for others|no proxy for connections",
             "cut": "closed the connection in its handshake", "cut-late": "closed the connection in its handshake", "half": "closed the connection in its handshake",
             "noise": "does not speak|in its handshake", "smtp": "does not speak|in its handshake", "odd-address": "is not understood|in its handshake",
             "odd-method": "not offered|no sign-in|wants a sign-in|in its handshake", "endless": "longer than any|header|not speak|too large", "long": "longer than any|header|not speak|too large"}

    def one(http, case, want, kind):
        with FakeProxy(case, http=http) as proxy, (FakeImap() if kind == "imap" else FakeDav()) as server:
            at = "%s://srv.invalid:%d" % ("http" if kind == "caldav" else kind, server.port)
            rc, out, err = execute("check", "--" + kind, at, "--user", "alice", "--password-command", "echo pw-alice", "--cleartext", "--timeout", "20",
                                   "--proxy", "%s://127.0.0.1:%d" % ("http" if http else "socks5h", proxy.port), env=environment(scratch))
            named = "the proxy 127.0.0.1:%d" % proxy.port in out + err
            expect(rc == 1 and re.search(want, out + err) and (named or case in ("endless", "long")), "%s %s %s: %d %s%s" % (case, kind, http, rc, out, err))
            expect(kind == "caldav" or server.connections == 0, "%s: the server was reached" % case)

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(one, http, case, want, kind) for http in (False, True) for case, want in words.items() for kind in ("imap", "caldav")
                if not (http and case.startswith("odd")) and (http or case not in ("endless", "long"))]
        for job in jobs:
            job.result()


def signing_in(scratch):
    for http in False, True:
        for kind in "imap", "caldav":
            for given, want in ("alice:wrong-" + SECRET + "@", "it refused the sign-in"), ("", "wants a sign-in"):
                with FakeProxy(http=http, user="alice", password=SECRET) as proxy, (FakeImap() if kind == "imap" else FakeDav()) as server:
                    said = run(1, "check", "--" + kind, "%s://srv.invalid:%d" % ("http" if kind == "caldav" else kind, server.port), "--user", "alice", "--password-command",
                               "echo pw-alice", "--cleartext", "--json", "--proxy", "%s://%s127.0.0.1:%d" % ("http" if http else "socks5h", given, proxy.port),
                               env=environment(scratch))
                    expect(want in said and SECRET not in said, said)
    # the other protocol, and nobody there
    with FakeProxy() as proxy:
        port = "imap://srv.invalid:1", "--user", "alice", "--password-command", "echo x", "--cleartext"
        expect("it closed the connection" in (said := run(1, "check", "--imap", *port, "--proxy", "http://127.0.0.1:%d" % proxy.port, env=environment(scratch))) or
               "does not speak HTTP" in said, said)
        proxy.stop()
        said = run(1, "check", "--imap", *port, "--proxy", "socks5h://127.0.0.1:%d" % proxy.port, env=environment(scratch))
        expect("the proxy 127.0.0.1:%d: cannot connect" % proxy.port in said, said)
    for bad in "127.0.0.1:1080", "https://h:1", "socks5h://u:%s@h" % SECRET, "socks5h://u:%%zz%s@h:1" % SECRET:
        said = run(2, "check", "--imap", *port, "--proxy", bad, env=environment(scratch))
        expect("a proxy is socks5h://" in said and SECRET not in said, said)


def accounts(scratch):
    """The key of accounts.ini, of one service, and for many: never among the arguments of a worker."""
    ini = os.path.join(scratch, "accounts.ini")
    with FakeImap() as imap, Named() as dav, FakeProxy(user="u", password=SECRET) as proxy, FakeProxy(http=True) as other:
        with open(ini, "w", encoding="utf-8") as f:
            f.write("[defaults]\nproxy = socks5h://u:%s@127.0.0.1:%d\ncleartext = yes\n[alice]\nimap = imap://old.invalid:%d\ncaldav = http://old.invalid:%d\n"
                    "caldav-proxy = http://127.0.0.1:%d\nuser = alice\npassword-command = tr '\\0' ' ' < /proc/$PPID/cmdline >> %s/seen; echo pw-alice\n" %
                    (SECRET, proxy.port, imap.port, dav.port, other.port, scratch))
        os.chmod(ini, 0o600)
        run(0, "backup", "alice", "--config", ini, "-o", scratch + "/ini.valise", env=environment(scratch))
        expect(set(proxy.asked) == {"old.invalid:%d" % imap.port} and set(other.asked) == {"old.invalid:%d" % dav.port}, "%s %s" % (proxy.asked, other.asked))
        before = len(proxy.asked)
        run(0, "backup", "--accounts", ini, "-o", scratch + "/many", "--proxy", "socks5h://u:%s@127.0.0.1:%d" % (SECRET, proxy.port), env=environment(scratch))
        expect(len(proxy.asked) > before, "the workers went another way")
        with open(scratch + "/seen", encoding="utf-8") as f:
            seen = f.read()
        expect("valise" in seen and SECRET not in seen, "the arguments of a worker: " + seen)


def discovery(scratch):
    """An address: web servers are asked through the proxy, name servers not at all."""
    with FakeProxy() as proxy:
        said = run(None, "check", "alice@old.invalid", "--password-command", "echo x", "--proxy", "socks5h://127.0.0.1:%d" % proxy.port, env=environment(scratch))
        expect("a proxy does not answer such questions; --nameserver names who is asked" in said, said)
        expect("autoconfig.old.invalid:443" in proxy.asked and "old.invalid:443" in proxy.asked, "asked for %s" % proxy.asked)


def dovecot(scratch):
    """A real server, by TLS, through each kind."""
    at = os.path.join(scratch, "dovecot")
    script = os.path.join(SERVERS, "dovecot.sh")
    subprocess.run([script, "start", at], check=True, capture_output=True)
    try:
        with open(os.path.join(at, "env"), encoding="utf-8") as f:
            env = dict(line.rstrip("\n").split("=", 1) for line in f if "=" in line)
        for kind in KINDS:
            with FakeProxy(http=kind == "http", user="u", password=SECRET) as proxy:
                run(0, "backup", "--imap", "imaps://localhost:" + env["IMAPS_PORT"], "--ca-file", env["CA"], "--user", "alice", "--password-command", "echo pw-alice",
                    "-o", scratch + "/dovecot-" + kind, "--proxy", "%s://u:%s@127.0.0.1:%d" % (kind, SECRET, proxy.port), env=environment(scratch))
                expect(len(proxy.asked) >= 1, "nothing was asked for")
                run(0, "backup", "--imap", "imap://localhost:" + env["IMAP_PORT"], "--ca-file", env["CA"], "--user", "alice", "--password-command", "echo pw-alice",
                    "-o", scratch + "/starttls-" + kind, "--proxy", "%s://u:%s@127.0.0.1:%d" % (kind, SECRET, proxy.port), env=environment(scratch))
    finally:
        subprocess.run([script, "stop", at], check=False, capture_output=True)


def main():
    with tempfile.TemporaryDirectory() as scratch:
        for kind in KINDS:
            for signed in False, True:
                through(scratch, kind, signed)
                print("through %s, %s: as it should be" % (kind, "signed in" if signed else "open"))
        for case in refusals, signing_in, accounts, discovery, dovecot:
            os.mkdir(os.path.join(scratch, case.__name__))
            case(os.path.join(scratch, case.__name__))
            print("%s: as it should be" % case.__name__, flush=True)


main()
