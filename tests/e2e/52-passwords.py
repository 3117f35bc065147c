#!/usr/bin/python3
"""Passwords that a person types, on a terminal: asked once a place, with every service that gets it in the question; a wrong one may be typed three times,
over each protocol, and what the server said is told; login --password puts it into the keyring, where it is used without a question, and logout takes it
out. A keyring that does not answer is left."""
import base64
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import VALISE, environment, expect  # noqa: E402
from bus import Bus  # noqa: E402
from dialog import converse  # noqa: E402
import fakedav  # noqa: E402
import fakeimap  # noqa: E402
import fakepop3  # noqa: E402


class Imap(fakeimap.FakeImap):
    tries, hangs_up = 0, False

    def sign_in(self, s, tag, user, password):
        Imap.tries += 1
        super().sign_in(s, tag, user, password)
        if self.hangs_up and not s.user:
            s.cut()


class Dav(fakedav.FakeDav):
    tries = 0

    def authorize(self, rq):
        Dav.tries += rq.header("Authorization") != ""
        return super().authorize(rq)


def typed(home, answers, *args, env=None):
    """valise ARGS on a terminal where each question is answered by the next of ${answers}: (exit code, all that is shown)."""
    asked = 0

    def answer(shown):
        nonlocal asked
        n, asked = asked, min(shown.count(b"): "), len(answers))
        if shown.count(b"): ") > len(answers):  # one question too many
            return None
        return b"".join(a.encode() + b"\n" for a in answers[n:asked])

    status, shown = converse([VALISE, *args], answer, cwd=home, env=dict(environment(home), **(env or {})))
    for answer in answers:
        expect(answer.encode() not in shown, "a password on the screen: %r" % shown)
    return status, shown.decode(errors="replace")


def quiet(home, code, *args, env=None):
    p = subprocess.run([VALISE, *args], cwd=home, env=dict(environment(home), **(env or {})), stdin=subprocess.DEVNULL, capture_output=True, timeout=100, start_new_session=True)
    text = (p.stdout + p.stderr).decode(errors="replace")
    expect(p.returncode == code, "%s: %d\n%s" % (args, p.returncode, text))
    return text


def at(**services):
    out = ["--user", "alice", "--cleartext"]
    for kind, server in services.items():
        out += ["--" + kind, "%s://127.0.0.1:%d" % ({"imap": "imap", "pop3": "pop3"}.get(kind, "http"), server.port)]
    return out


class Split(fakedav.FakeDav):
    """CardDAV wants a password of its own: not the one for calendars."""

    def authorize(self, rq):
        sent = base64.b64decode(rq.header("Authorization")[6:])
        wanted = [b"alice:pw-alice", b"alice:pw-cards"]
        for i, kind in enumerate(("calendar", "addressbook")):
            if rq.path.startswith(fakedav.HOME[kind]):
                wanted = wanted[i:i + 1]
        return None if sent in wanted else fakedav.Answer(401, WWW_Authenticate='Basic realm="x"')


def questions(home):
    with Imap() as imap, Dav() as dav:
        # another port of this machine may be a tunnel to another host
        rc, shown = typed(home, ["pw-alice", "pw-alice"], "check", *at(imap=imap, caldav=dav, carddav=dav))
        expect(rc == 0 and shown.count("Password for") == 2, shown)
        expect("(imap at 127.0.0.1:%d): " % imap.port in shown and "(caldav and carddav at 127.0.0.1:%d): " % dav.port in shown, shown)
        # another name of a host is another host
        rc, shown = typed(home, ["pw-alice", "pw-alice"], "check", "--user", "alice", "--cleartext", "--imap", "imap://localhost:%d" % imap.port, "--caldav", dav.url())
        expect(rc == 0 and "(imap at localhost:%d)" % imap.port in shown and "(caldav at 127.0.0.1:%d)" % dav.port in shown, shown)


def again(home):
    with Imap() as imap, fakepop3.FakePop3() as pop3, Dav() as dav:
        for hangs_up in False, True:
            imap.hangs_up = hangs_up
            rc, shown = typed(home, ["no-1", "no-2", "pw-alice"], "check", *at(imap=imap))
            expect(rc == 0 and shown.count("It was refused. Password for") == 2, shown)
        rc, shown = typed(home, ["no-1", "no-2", "pw-alice"], "check", *at(pop3=pop3))
        expect(rc == 0 and shown.count("Password for") == 3, shown)
        rc, shown = typed(home, ["no-1", "no-2", "pw-alice"], "check", *at(caldav=dav))
        expect(rc == 0 and shown.count("Password for") == 3, shown)
        # three times, and none of the services tries it once more
        imap.hangs_up, Dav.tries = False, 0
        rc, shown = typed(home, ["no-1", "no-2", "no-3"], "check", *at(caldav=dav, carddav=dav))
        expect(rc == 12 and shown.count("Password for") == 3 and "refused" in shown, "%d %s" % (rc, shown))
        expect(Dav.tries == 3, "%d tries" % Dav.tries)
        # a wrong one in the keyring is one of the three, and without a terminal sent once, not by each service
        env = dict(DBUS_SESSION_BUS_ADDRESS="unix:path=" + home, PATH=home + "/bin:" + os.environ["PATH"])
        put_tool(home, "printf wrong-1")
        Dav.tries = 0
        rc, shown = typed(home, ["no-1", "no-2"], "check", *at(caldav=dav, carddav=dav), env=env)
        expect(rc == 12 and shown.count("It was refused. Password for") == 2 and Dav.tries == 3, "%d %d %s" % (rc, Dav.tries, shown))
        Dav.tries = 0
        text = quiet(home, 12, "check", *at(caldav=dav, carddav=dav), env=env)
        expect(Dav.tries == 1 and "refused the sign-in" in text and "no terminal to ask on" in text, "%d %s" % (Dav.tries, text))
        # one service takes the third, and another one none of those: it is asked for by itself, and the first one keeps its own
        put_tool(home, "exit 1")
        with Split() as split:
            urls = ["--caldav", split.url(fakedav.HOME["calendar"]), "--carddav", split.url(fakedav.HOME["addressbook"])]
            rc, shown = typed(home, ["no-1", "no-2", "pw-alice", "pw-cards"], "check", "--user", "alice", "--cleartext", *urls, env=env)
            expect(rc == 0 and shown.count("Password for") == 4 and "It was refused. Password for alice (carddav at " in shown, "%d %s" % (rc, shown))
        # what does not come from a terminal is tried once
        Imap.tries = 0
        quiet(home, 12, "check", *at(imap=imap), "--password-command", "echo no-1")
        expect(Imap.tries == 1, "%d tries" % Imap.tries)


def put_tool(home, text):
    """A secret-tool of ours."""
    os.makedirs(home + "/bin", exist_ok=True)
    with open(home + "/bin/new", "w") as f:
        f.write("#!/bin/sh\n" + text)
    os.chmod(home + "/bin/new", 0o755)
    os.rename(home + "/bin/new", home + "/bin/secret-tool")


def kept(home):
    with Imap() as imap, Dav() as dav:
        Imap.tries = 0
        where = at(caldav=dav, carddav=dav)
        with Bus(tempfile.mkdtemp(dir=home)) as env:
            rc, shown = typed(home, ["pw-alice"], "login", "--password", *where, env=env)
            expect(rc == 0 and shown.count("Password for") == 1 and "kept in the keyring" in shown, shown)
            quiet(home, 0, "check", *where, env=env)
            rc, shown = typed(home, [], "check", *where, env=env)
            expect(rc == 0 and "Password for" not in shown, shown)
            # no other port gets it
            expect("no terminal to ask on" in quiet(home, 2, "check", *at(imap=imap), env=env), "sent to another port")
            expect(Imap.tries == 0, "%d tries" % Imap.tries)
            # a wrong one there: a person may type another one, and without a terminal the server's word is told
            typed(home, ["wrong-1"], "login", "--password", *where, env=env)
            rc, shown = typed(home, ["pw-alice"], "check", *where, env=env)
            expect(rc == 0 and shown.count("Password for") == 1, shown)
            expect("refused the sign-in" in quiet(home, 12, "check", *where, env=env), "not told")
            expect("deleted" in quiet(home, 0, "logout", *where, env=env), "not deleted")
            expect("no terminal to ask on" in quiet(home, 2, "check", *where, env=env), "it is still there")
        for bus in False, None:  # a bus without a keyring, and no bus
            with Bus(tempfile.mkdtemp(dir=home), keyring=False) as env:
                rc, shown = typed(home, ["pw-alice"], "login", "--password", *where, env=env if bus is False else None)
                expect(rc == 1 and "the password is not kept" in shown, "%d %s" % (rc, shown))
        expect(not any(b"pw-alice" in open(os.path.join(d, n), "rb").read() for d, _, names in os.walk(home) for n in names if os.path.isfile(os.path.join(d, n))), "in a file")
        env = dict(environment(home), DBUS_SESSION_BUS_ADDRESS="unix:path=" + home, PATH=home + "/bin:" + os.environ["PATH"])
        put_tool(home, "")  # an empty answer is none
        rc, shown = typed(home, ["pw-alice"], "check", *where, env=env)
        expect(rc == 0 and "It was refused" not in shown, shown)
        # one that stays without a word is left after a while, and not asked again; one that is slow is told
        put_tool(home, "echo x >> %s/asked\nexec <&- >&- 2>&- sleep 1000\n" % home)
        quiet(home, 2, "check", *at(imap=imap, caldav=dav), env=dict(env, DISPLAY="", WAYLAND_DISPLAY=""))
        with open(home + "/asked") as f:
            expect(f.read() == "x\n", "asked more than once")
        put_tool(home, "sleep 3; exit 1\n")
        rc, shown = typed(home, ["pw-alice"], "check", *where, env=env)
        expect(rc == 0 and shown.count("waiting for the keyring") == 1, shown)
        # one that hangs is ended by ^C
        put_tool(home, "echo $$ > %s/hangs\nexec sleep 1000\n" % home)
        p = subprocess.Popen([VALISE, "check", *where], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(home + "/hangs") or not os.path.getsize(home + "/hangs"):
            expect(p.poll() is None, "it ended")
        p.send_signal(signal.SIGINT)
        expect(p.wait(60) == 130, "exit code %d" % p.returncode)
        with open(home + "/hangs") as f:
            expect(not os.path.exists("/proc/" + f.read().strip()), "secret-tool was left")


def opened(home):
    """valise login before a display: the address is handed to xdg-open, as well as shown; without a terminal it is only shown."""
    os.mkdir(home + "/bin")
    with open(home + "/bin/xdg-open", "w") as f:
        f.write("#!/bin/sh\nprintf %%s \"$*\" > %s/at.new; mv %s/at.new %s/at\n" % (home, home, home))
    os.chmod(home + "/bin/xdg-open", 0o755)
    env = {"DISPLAY": ":77", "PATH": home + "/bin:" + os.environ["PATH"]}
    args = ["login", "--imap", "imaps://localhost:1", "--user", "alice", "--oauth-authorize", "https://as.example/a", "--oauth-token", "https://as.example/t",
            "--oauth-device", "https://as.example/d", "--oauth-client-id", "me", "--wait", "1"]
    expect("nobody signed in" in quiet(home, 12, *args, env=env), "somebody did")
    rc, shown = typed(home, [], *args, env=env)
    expect(rc == 12 and "https://as.example/a?response_type=code" in shown, shown)
    while not os.path.exists(home + "/at"):
        time.sleep(0.02)
    with open(home + "/at") as f:
        at = f.read()
    expect(at.startswith("https://as.example/a?response_type=code&client_id=me&redirect_uri=http%3A%2F%2F127.0.0.1%3A") and at in shown, at)


def main():
    scratch = tempfile.mkdtemp(prefix="valise-passwords-")
    try:
        for case in questions, again, kept, opened:
            if not sys.argv[1:] or case.__name__ in sys.argv[1:]:
                os.mkdir(os.path.join(scratch, case.__name__))
                case(os.path.join(scratch, case.__name__))
                print("ok ", case.__name__, flush=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
