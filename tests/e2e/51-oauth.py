#!/usr/bin/python3
"""Signing in by OAuth at oidc-provider, a certified implementation: by a browser (scripted) and by the device flow, used at Dovecot, which asks the same
server about each token, and at scripted IMAP and DAV servers, which do so, too; renewed in the middle of a run, revoked, refused. What is not of this
sign-in counts for nothing, and no token stands in anything that is printed or written, in arguments or in environments."""
import base64
import gzip
import hashlib
import http.server
import json
import os
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import SERVERS, TESTS, VALISE, environment, expect, visible  # noqa: E402
import browser  # noqa: E402
from bus import Bus  # noqa: E402
import fakedav  # noqa: E402
import fakeimap  # noqa: E402
import jsonschema  # noqa: E402

with open(os.path.join(os.environ.get("TESTED_SOURCE", os.path.dirname(TESTS)), "docs/valise.schema.json")) as f:
    SCHEMA = jsonschema.Draft202012Validator(json.load(f))


class Server:
    """One of tests/servers; its settings are attributes."""

    def __init__(self, kind, folder, **env):
        self.script, self.folder = os.path.join(SERVERS, kind + ".sh"), folder
        os.mkdir(folder)
        p = subprocess.run([self.script, "start", folder], env=dict(os.environ, **env), capture_output=True, timeout=300)
        expect(p.returncode == 0, p.stderr.decode())
        with open(folder + "/env") as f:
            self.__dict__.update(line.rstrip("\n").split("=", 1) for line in f)

    def stop(self):
        subprocess.run([self.script, "stop", self.folder], capture_output=True, timeout=100)


class Provider(Server):
    def post(self, path, form, who=None):
        headers = {"Authorization": "Basic " + base64.b64encode(who.encode()).decode()} if who else {}
        rq = urllib.request.Request(self.ISSUER + path, urllib.parse.urlencode(form).encode(), headers)
        with urllib.request.urlopen(rq, context=ssl.create_default_context(cafile=self.CA), timeout=60) as r:
            return r.read().decode()

    def user_of(self, token):
        """Whose token this is, or None."""
        return json.loads(self.post("/token/introspection", {"token": token}, "dovecot:introspect")).get("sub")

    def revoke(self, token):
        self.post("/token/revocation", {"token": token, "client_id": "valise"})

    def count(self, grant):
        with open(self.REQUESTS) as f:
            return sum(" 200 " + grant in line for line in f)


class Home:
    """A user of this machine, with an accounts.ini."""

    def __init__(self, scratch, provider, keys, **more):
        self.at = tempfile.mkdtemp(dir=scratch)
        self.ini = self.at + "/accounts.ini"
        lines = dict({"user": "alice", "ca-file": provider.CA, "oauth": provider.ISSUER, "oauth-client-id": "valise", "oauth-scopes": "openid offline_access"}, **keys)
        with open(os.open(self.ini, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write("[alice]\n" + "".join("%s = %s\n" % kv for kv in lines.items() if kv[1]))
        self.env = dict(environment(self.at), **more)
        self.env.setdefault("DBUS_SESSION_BUS_ADDRESS", "disabled:")
        for name in "DISPLAY", "WAYLAND_DISPLAY":
            self.env.pop(name, None)
        self.said = ""

    def start(self, *args):
        return subprocess.Popen([VALISE, args[0], "alice", "--config", self.ini, *args[1:]], cwd=self.at, env=self.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def end(self, p, code):
        text = p.communicate(timeout=300)[0].decode(errors="replace")
        self.said += text
        for line in text.splitlines():
            expect(not line.startswith("{") or SCHEMA.is_valid(json.loads(line)), "not in the schema: " + line)
        expect(p.returncode == code, "exit code %d instead of %d: %s\n%s" % (p.returncode, code, p.args, text))
        return text

    def run(self, code, *args):
        return self.end(self.start(*args), code)

    def login(self, code, *args, visit=None):
        """valise login; ${visit} is called with the address and the code."""
        p = self.start("login", "--json", *args)
        e = json.loads(p.stdout.readline())
        SCHEMA.validate(e)
        self.said += json.dumps(e)
        if visit:
            visit(e["url"], e.get("code"))
        return self.end(p, code)

    def tokens(self):
        folder = self.at + "/state/valise/tokens"
        return [os.path.join(folder, n) for n in os.listdir(folder) if len(n) == 32] if os.path.isdir(folder) else []

    def refresh_token(self):
        with open(self.tokens()[0]) as f:
            return json.load(f)["refresh_token"]


def by_browser(provider, user="alice"):
    """Signs in and brings the answer back."""
    def visit(url, code):
        back = browser.Browser(provider.CA).sign_in(url, user)
        expect(back and browser.get(back)[0] == 200, "no answer was taken: %s" % back)
    return visit


# ---- servers that take tokens ---------------------------------------------------------------------------

class Bearer(fakedav.FakeDav):
    """CalDAV and CardDAV for who has a token. Those in ${end} are revoked after so many requests with them."""

    def __init__(self, provider, end=None):
        super().__init__()
        self.provider, self.end, self.tokens, self.visible = provider, end, {}, []

    def authorize(self, rq):
        scheme, _, token = rq.header("Authorization").partition(" ")
        if scheme != "Bearer" or self.provider.user_of(token) != "alice":
            return fakedav.Answer(401, WWW_Authenticate='Bearer realm="x", error="invalid_token"')
        if token not in self.tokens:
            self.visible += visible(token)
        self.tokens[token] = self.tokens.get(token, 0) + 1
        return None

    def answer(self, rq):
        rs, token = super().answer(rq), rq.header("Authorization").partition(" ")[2]
        if self.tokens.get(token) == self.end:
            self.provider.revoke(token)
        return rs


class Imap(fakeimap.FakeImap):
    """IMAP by XOAUTH2 alone. The first connection ends in the middle, and its token is good no more."""
    ended = False
    provider = None

    def capabilities(self, s):
        return ["IMAP4rev1", "SASL-IR", "LOGINDISABLED", "AUTH=XOAUTH2"]

    def do_authenticate(self, s, tag, args):
        if args[0].upper() != "XOAUTH2":
            raise fakeimap.Bad("mechanism")
        user, token = re.fullmatch(r"user=(.*)\x01auth=Bearer (.*)\x01\x01", base64.b64decode(fakeimap.raw(args[1])).decode()).groups()
        if self.provider.user_of(token) != user:
            s.send("+ " + base64.b64encode(b'{"status":"400","schemes":"Bearer"}').decode())
            s.line()
            return s.send(tag + " NO [AUTHENTICATIONFAILED] no such token")
        s.token, s.user = token, user
        self.ok(s, tag)

    def do_uid_fetch(self, s, tag, args, by_uid=True):
        if not self.ended and "BODY" in str(args):
            self.ended = True
            self.provider.revoke(s.token)
            s.cut()
        super().do_uid_fetch(s, tag, args, by_uid)


def holds_none(home, secrets):
    """In no file but the one it is kept in, and in nothing that was said."""
    kept = home.tokens()
    texts = {"output": home.said.encode()}
    for d, _, names in os.walk(home.at):
        for path in (os.path.join(d, n) for n in names):
            if path not in kept:
                with open(path, "rb") as f:
                    data = f.read()
                texts[path] = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    expect(secrets and len(texts) > 3, "nothing to look at")
    for where, data in texts.items():
        for secret in secrets:
            for form in secret, base64.b64encode(secret.encode()).decode(), base64.b64encode(("user=alice\1auth=Bearer " + secret).encode()).decode():
                expect(form.encode() not in data and form[:16].encode() not in data, "a token in " + where)


# ---- cases ----------------------------------------------------------------------------------------------

def everything(scratch, provider, dovecot):
    """One sign-in for four services; the second run uses the token that the first one was given for its own."""
    with Bearer(provider) as dav:
        home = Home(scratch, provider, {
            "imap": "imaps://localhost:" + dovecot.IMAPS_PORT, "pop3": "pop3s://localhost:" + dovecot.POP3S_PORT, "caldav": dav.url(), "carddav": dav.url(), "cleartext": "yes"})
        text = home.run(12, "backup", "-o", "a")
        expect(text.count("valise login alice") == 1 and "nobody has signed in yet" in text, text)
        before = home.refresh_token() if home.tokens() else None
        expect(before is None, "a token from nowhere")
        text = home.login(0, "--browser", "--trace", "t", visit=by_browser(provider))
        expect("signed-in" in text and provider.count("authorization_code") >= 1, text)
        for path in home.tokens():
            expect(stat.S_IMODE(os.stat(path).st_mode) == 0o600 and stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700, "others can read it")
        seen = [home.refresh_token()]
        for n in range(2):
            text = home.run(0, "backup", "-o", "a", "--trace", "t", "--report", "r.html", "--report", "r.json", "--json")
            seen.append(home.refresh_token())
        expect(len(set(seen)) == 3, "refresh tokens were not rotated, or not kept")
        expect(not dav.visible and len(dav.tokens) == 2, "%s %d" % (dav.visible, len(dav.tokens)))
        with open(home.at + "/t") as f:
            trace = f.read()
        expect("AUTHENTICATE OAUTHBEARER" in trace and "AUTH OAUTHBEARER" in trace and "POST /token" in trace, trace[:3000])
        holds_none(home, seen + list(dav.tokens))
        # what others can read is not taken
        os.chmod(home.tokens()[0], 0o640)
        expect("can be read by others" in home.run(2, "check"), "taken all the same")
        logout(home, provider)  # and that ends what others could read


def logout(home, provider):
    refresh = home.refresh_token()
    expect(provider.user_of(refresh) == "alice", "not good any more")
    expect('"revoked":true' in home.run(0, "logout", "--json"), home.said[-300:])
    expect(not home.tokens() and provider.user_of(refresh) is None, "still there")
    expect("nothing is kept" in home.run(0, "logout"), home.said[-300:])


def expiry(scratch, provider, dovecot):
    """Tokens that end in the middle: of DAV's requests, and with a connection of IMAP."""
    with Bearer(provider, end=4) as dav:
        home = Home(scratch, provider, {"caldav": dav.url(), "carddav": dav.url(), "cleartext": "yes"})
        home.login(0, "--browser", visit=by_browser(provider))
        home.run(0, "backup", "-o", "a")
        expect(len(dav.tokens) > 1, "it never ended")
    Imap.provider = provider
    with Imap() as imap:
        home = Home(scratch, provider, {"imap": "imap://127.0.0.1:%d" % imap.port, "cleartext": "yes"})
        home.login(0, "--browser", visit=by_browser(provider))
        home.run(0, "backup", "-o", "a")
        expect(imap.ended, "it never ended")
    with open(provider.TTL, "w") as f:  # too old before it is used: asked for anew by the clock
        f.write("1")
    home = Home(scratch, provider, {"imap": "imaps://localhost:" + dovecot.IMAPS_PORT, "pop3": "pop3s://localhost:" + dovecot.POP3S_PORT})
    home.login(0, "--browser", visit=by_browser(provider))
    home.run(0, "check")
    with open(provider.TTL, "w") as f:
        f.write("3600")


def at_once(scratch, provider, dovecot):
    """Each renewing voids the token before: four runs at once lose none."""
    home = Home(scratch, provider, {"imap": "imaps://localhost:" + dovecot.IMAPS_PORT})
    home.login(0, "--browser", visit=by_browser(provider))
    for p in [home.start("check") for _ in range(4)]:
        home.end(p, 0)
    home.run(0, "check")


def revoked(scratch, provider, dovecot):
    """Somebody ended it at the provider: told once, with what to do; and a sign-in mends it."""
    home = Home(scratch, provider, {"imap": "imaps://localhost:" + dovecot.IMAPS_PORT})
    home.login(0, "--browser", visit=by_browser(provider))
    provider.revoke(home.refresh_token())
    text = home.run(12, "backup", "-o", "a")
    expect(text.count("valise login alice") == 1 and "invalid_grant" in text, text)
    home.login(0, "--browser", visit=by_browser(provider))
    home.run(0, "backup", "-o", "a")
    # the provider is not there: deleted here all the same, and said
    with open(home.ini) as f:
        text = f.read()
    with open(home.ini, "w") as f:
        f.write(text + "oauth-revoke = https://localhost:1/\n")
    expect("nothing is kept" in home.run(0, "logout"), home.said)  # what is kept for one endpoint goes to no other
    home.login(0, "--browser", visit=by_browser(provider))
    text = home.run(3, "logout")
    expect("deleted here, but not revoked" in text and len(home.tokens()) == 1, text)


def who(scratch, provider, dovecot):
    """The browser has a session of somebody else: refused and revoked, where the server says so, but for another name of the same."""
    keys = {"imap": "imaps://localhost:" + dovecot.IMAPS_PORT, "oauth-scopes": "openid offline_access profile"}
    home = Home(scratch, provider, keys)

    def revocations():
        with open(provider.REQUESTS) as f:
            return f.read().count("POST /token/revocation 200")
    before = revocations()
    text = home.login(12, "--browser", visit=by_browser(provider, "bob"))
    expect("says that bob signed in, not alice" in text and not home.tokens() and revocations() == before + 1, text)
    text = home.login(0, "--browser", "--yes", visit=by_browser(provider, "bob"))
    expect('"as_user":false' in text and '"signed_in_as":"bob"' in text and len(home.tokens()) == 1, text)
    home = Home(scratch, provider, dict(keys, user="ALICE"))
    expect('"as_user":true' in home.login(0, "--browser", visit=by_browser(provider)), home.said)
    # an address that is not the user's; a word for bob that says nothing
    home = Home(scratch, provider, dict(keys, user="alice@test.example", **{"oauth-scopes": "openid offline_access email"}))
    expect("says that bob@test.example signed in" in home.login(12, "--browser", visit=by_browser(provider, "bob")), home.said)
    expect('"as_user":true' in home.login(0, "--browser", visit=by_browser(provider)), home.said)
    home = Home(scratch, provider, dict(keys, **{"oauth-scopes": "openid offline_access"}))
    expect('"as_user":false' in home.login(0, "--browser", visit=by_browser(provider, "bob")), home.said)


def strangers(scratch, provider, dovecot):
    """What arrives at the port and is not the answer: 404, and the wait goes on; afterwards nobody listens."""
    home = Home(scratch, provider, {"imap": "imaps://localhost:" + dovecot.IMAPS_PORT})

    def visit(url, code):
        back = browser.Browser(provider.CA).sign_in(url, "alice")
        u = urllib.parse.urlsplit(back)
        q = dict(urllib.parse.parse_qsl(u.query))
        port = "http://" + u.netloc
        if os.geteuid() == 0:  # another user of this machine has read the address in the browser's arguments
            other = subprocess.run([sys.executable, "-c", "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])", back], user=65534, capture_output=True, timeout=60)
            expect(other.returncode != 0, "another user's answer was taken")
        idle = [socket.create_connection(("127.0.0.1", u.port)) for _ in range(20)]  # as browsers open them
        for path in ("/favicon.ico", "/", "/callback?" + u.query, "/?" + urllib.parse.urlencode(dict(q, state="x" * 43)), "/?code=" + q["code"], "/?error=access_denied"):
            expect(browser.get(port + path)[0] == 404, path)
        expect(browser.get(back)[0] == 200, "the answer was not taken")
        for s in idle:
            s.close()
        for _ in range(2):
            try:
                status = browser.get(back)[0]
            except OSError:
                status = 404
            expect(status == 404, "a second answer was taken")
    text = home.login(0, "--browser", visit=visit)
    expect(text.count("another user of this machine" if os.geteuid() == 0 else "wrong state") == 1, text)

    # of another issuer; refused; nobody comes; ^C
    def other(url, code):
        back = browser.Browser(provider.CA).sign_in(url, "alice")
        expect(browser.get(re.sub(r"iss=[^&]*", "iss=https%3A%2F%2Fevil.example", back))[0] == 200, "not taken")
    home = Home(scratch, provider, {"imap": "imaps://localhost:" + dovecot.IMAPS_PORT})
    before = provider.count("authorization_code")
    expect("of another server" in home.login(12, "--browser", visit=other), home.said)

    def refuse(url, code):
        back = browser.Browser(provider.CA).sign_in(url, "alice", refuse=True)
        expect("error=access_denied" in back and browser.get(back)[0] == 200, back)
    expect("access_denied" in home.login(12, "--browser", visit=refuse), home.said)
    expect("nobody signed in within 1 seconds" in home.login(12, "--browser", "--wait", "1"), home.said)
    p = home.start("login", "--browser")
    while "https://" not in p.stdout.readline().decode():
        pass
    p.send_signal(signal.SIGINT)
    home.end(p, 130)
    expect(not home.tokens() and provider.count("authorization_code") == before, "something was kept, or asked for")


def device(scratch, provider, dovecot):
    """By a browser elsewhere, which is what fits where there is no display."""
    homes = [Home(scratch, provider, {"imap": "imaps://localhost:" + dovecot.IMAPS_PORT}) for _ in range(2)]

    def visit(refuse):
        def at(url, code):
            b = browser.Browser(provider.CA)
            b.fetch(url)
            form = browser.Forms(b.text).forms[0]
            status, where = b.fetch(urllib.parse.urljoin(url, form[0]), dict(form[2], user_code=code))
            form = [f for f in browser.Forms(b.text).forms if "confirm" in str(f)][0] if not where else None
            fields = dict(form[2], **({"abort": "yes"} if refuse else {}))
            if not refuse:
                fields.pop("abort", None)
            status, where = b.fetch(urllib.parse.urljoin(url, form[0]), fields)
            if where:
                b.sign_in(urllib.parse.urljoin(url, where), "alice")
        return at
    ended = []

    def one(home, *args):
        ended.append(home.login(*args))
    threads = [threading.Thread(target=home.login, args=(12 if i else 0, *([] if i else ["--device"])), kwargs={"visit": visit(bool(i))}) for i, home in enumerate(homes)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    homes[0].run(0, "check")
    expect("access_denied" in homes[1].said and not homes[1].tokens(), homes[1].said)


def keyring(scratch, provider, dovecot):
    """The refresh token is in the keyring of the session and nowhere else; without a keyring on the bus, or where it is wished, in the file."""
    folder = tempfile.mkdtemp(dir=scratch)
    keys = {"imap": "imaps://localhost:" + dovecot.IMAPS_PORT}
    with Bus(folder) as env:
        home = Home(scratch, provider, keys, **env)
        expect('"kept_in":"the keyring"' in home.login(0, "--browser", visit=by_browser(provider)), home.said)
        expect(not home.tokens(), "a file as well")
        for _ in range(2):
            home.run(0, "check")
        # only here: what is kept is found by who it is for
        elsewhere = Home(scratch, provider, dict(keys, user="bob"), **env)
        expect("nobody has signed in yet" in elsewhere.run(12, "check"), elsewhere.said)
        home.login(0, "--browser", "--in-file", visit=by_browser(provider))
        expect(len(home.tokens()) == 1, "not in the file")
        home.run(0, "check")
        home.login(0, "--browser", visit=by_browser(provider))
        expect(not home.tokens(), "the file was left")
        # one that cannot be kept takes nothing away
        name = hashlib.sha256("\n".join(("oauth", provider.ISSUER, "valise", "alice", "openid offline_access")).encode()).hexdigest()[:32]
        os.makedirs(home.at + "/state/valise/tokens/" + name + "/taken")
        expect("cannot replace" in home.login(1, "--browser", "--in-file", visit=by_browser(provider)), home.said)
        shutil.rmtree(home.at + "/state/valise/tokens/" + name)
        home.run(0, "check")
        expect("revoked and deleted" in home.run(0, "logout"), home.said)
        expect("nobody has signed in yet" in home.run(12, "check"), home.said)
        shown = subprocess.run(["secret-tool", "search", "--all", "application", "valise"], env=dict(home.env), capture_output=True)
        expect(not shown.stdout, shown)
    # one that takes nothing any more: the renewed token is in the file, and found there
    home = Home(scratch, provider, keys, DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent", PATH=folder + "/bin:" + os.environ["PATH"])
    home.login(0, "--browser", "--in-file", visit=by_browser(provider))
    os.mkdir(folder + "/bin")
    os.rename(home.tokens()[0], folder + "/ring")
    with open(folder + "/bin/secret-tool", "w") as f:
        f.write("#!/bin/sh\n[ $1 = lookup ] && exec cat %s/ring\necho gone >&2; exit 1\n" % folder)
    os.chmod(folder + "/bin/secret-tool", 0o755)
    for _ in range(2):
        home.run(0, "check")
    expect(len(home.tokens()) == 1, "it was lost")
    folder = tempfile.mkdtemp(dir=scratch)
    with Bus(folder, keyring=False) as env:
        home = Home(scratch, provider, keys, **env)
        text = home.login(0, "--browser", visit=by_browser(provider))
        expect("tokens/" in text and len(home.tokens()) == 1, text)
        home.run(0, "check")


def by_address(scratch, provider, dovecot):
    """An address of a provider whose row says OAuth: login and backup need no more; without a registration it is told what is missing."""
    home = Home(scratch, provider, {})
    os.makedirs(home.at + "/config/valise")
    row = {"domains": "ex.test", "imap": "imaps://localhost:" + dovecot.IMAPS_PORT, "sign-in": "oauth app-password", "oauth-authorize": provider.ISSUER + "/auth",
           "oauth-token": provider.ISSUER + "/token", "oauth-revoke": provider.ISSUER + "/token/revocation", "oauth-scopes": "openid offline_access", "oauth-client-id": "valise"}

    def table(**more):
        with open(os.open(home.at + "/config/valise/providers.ini", os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as f:
            f.write("[ex]\n" + "".join("%s = %s\n" % kv for kv in dict(row, **more).items()))

    def run(code, command, *args):
        return home.end(subprocess.Popen([VALISE, command, "alice@ex.test", "--ca-file", provider.CA, *own, "--nameserver", "127.0.0.1:1", *args], cwd=home.at, env=home.env,
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT), code)
    own = ("--oauth-ca-file", provider.CA)  # the service's own does not stand for a provider of the table
    table(**{"oauth-client-id": ""})
    expect("oauth-client-id is missing" in run(2, "login"), home.said)
    expect("no terminal to ask on" in run(2, "check"), home.said)  # an app password
    table()
    expect("valise login alice@ex.test" in run(12, "check"), home.said)
    p = subprocess.Popen([VALISE, "login", "alice@ex.test", "--ca-file", provider.CA, *own, "--nameserver", "127.0.0.1:1", "--browser"], cwd=home.at, env=home.env,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    url = None
    while not url:
        url = re.match(r"  (https:\S+)", p.stdout.readline().decode())
    by_browser(provider, "alice@ex.test")(url[1], None)
    home.end(p, 0)
    run(0, "backup")
    expect(os.path.isdir(home.at + "/alice@ex.test.valise"), os.listdir(home.at))
    run(0, "logout")
    expect(not home.tokens(), "still there")


class Hostile(http.server.BaseHTTPRequestHandler):
    """A token server that answers as its paths say."""
    asked, sent = [], []

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        Hostile.asked.append(self.path)
        status, more, body = 200, {}, b"{}"
        if self.path.startswith("/device"):
            body = b'{"device_code":"dc","user_code":"\\u001b[2JCODE","verification_uri":"https://as.example/\\u202e","interval":0,"expires_in":60}'
        elif self.path == "/redirect":
            status, more = 307, {"Location": "/elsewhere"}
        elif self.path == "/endless":
            body = b" " * (1 << 20)
        elif self.path == "/escapes":
            status, body = 400, b'{"error":"expired_token\\u001b[2J","error_description":"x\\u009b"}'
        elif self.path == "/late":
            late = "device_code" in form and Hostile.asked.count("/late") < 3
            status, body = (400, b'{"error":"authorization_pending"}') if late else (400, b'{"error":"expired_token"}')
        elif self.path == "/stopped":  # asked to stop while the answer is on its way: it is not lost
            body = b'{"access_token":"at","token_type":"Bearer","refresh_token":"rotated","expires_in":60}'
            if "refresh_token" in form:
                os.kill(Hostile.pid, signal.SIGINT)
                time.sleep(1)
            else:
                body = body.replace(b"rotated", b"first")
        elif self.path == "/telling":  # repeats what it was sent
            said = " ".join(form[k][0] for k in ("client_secret", "code_verifier", "refresh_token") if k in form)
            status, body = 400, json.dumps({"error": "invalid_client", "error_description": said}).encode()
            Hostile.sent += said.split()
        elif self.path == "/full":  # when a token is renewed, its place is taken
            body = b'{"access_token":"at","token_type":"Bearer","refresh_token":"first","expires_in":60}'
            if "refresh_token" in form:
                body = body.replace(b"first", b"rotated")
                os.unlink(Hostile.place)
                os.makedirs(Hostile.place + "/taken")
        elif self.path in ("/busy", "/odd"):  # ... when a token is renewed
            body = b'{"access_token":"at","token_type":"Bearer","refresh_token":"first","expires_in":60}'
            if "refresh_token" in form and self.path == "/odd":
                body = b'{"token_type":"DPoP","access_token":"at","refresh_token":"rotated"}'
            elif "refresh_token" in form:
                status, more, body = (503, {"Retry-After": "1"}, b"later") if Hostile.asked.count("/busy") < 3 else (400, {}, b'{"error":"invalid_grant"}')
        elif self.path == "/none":
            body = b'{"access_token":"at","token_type":"Bearer","expires_in":60}'
        self.send_response(status)
        for k, v in more.items():
            self.send_header(k, v)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *a):
        pass


def hostile(scratch, provider, dovecot):
    """What a token server may try."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    at = "http://127.0.0.1:%d" % server.server_address[1]
    for path, code, says in (("/redirect", 1, "a redirect, which tokens do not follow"), ("/endless", 1, "longer than"), ("/escapes", 12, r"expired_token\x1b[2J (x\u009b)"),
                             ("/late", 12, "before the code was too old"), ("/none", 12, "gave no refresh token")):
        home = Home(scratch, provider, {"imap": "imaps://localhost:1", "cleartext": "yes", "oauth": None, "oauth-device": at + "/device", "oauth-token": at + path})
        text = home.run(code, "login", "--device")
        expect(says in text and "\x1b" not in text and "\u202e" not in text and r"\x1b[2JCODE" in text, "%s: %r" % (path, text))
        expect(not home.tokens() and "/elsewhere" not in Hostile.asked, path)
    home = Home(scratch, provider, {"imap": "imaps://localhost:" + dovecot.IMAPS_PORT, "cleartext": "yes", "oauth": None, "oauth-device": at + "/device", "oauth-token": at + "/stopped"})
    home.run(0, "login", "--device")
    expect(home.refresh_token() == "first", home.refresh_token())
    p = home.start("check")
    Hostile.pid = p.pid
    home.end(p, 130)
    expect(home.refresh_token() == "rotated", "the new token was lost")
    # what it repeats of secrets is masked
    home = Home(scratch, provider, {"imap": "imaps://localhost:1", "cleartext": "yes", "oauth": None, "oauth-authorize": at + "/authorize", "oauth-token": at + "/telling",
                                    "oauth-client-secret-command": "echo a-secret-of-this-client"})

    def answer(url, code):
        q = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        expect(browser.get(q["redirect_uri"] + "?code=c&state=" + q["state"])[0] == 200, "not taken")
    text = home.login(12, "--browser", visit=answer)
    expect("invalid_client" in text and len(Hostile.sent) == 2 and not [s for s in Hostile.sent if s in home.said], text)
    # busy: said, and not waited for in silence; of an answer that is odd the refresh token is kept; who signed in is not claimed
    for path, code, says, kept in ("/busy", 12, "HTTP 503", "first"), ("/odd", 1, "DPoP", "rotated"):
        home = Home(scratch, provider, {"imap": "imaps://localhost:" + dovecot.IMAPS_PORT, "cleartext": "yes", "oauth": None, "oauth-device": at + "/device", "oauth-token": at + path})
        expect("as whoever signed in in the browser, for alice" in home.run(0, "login", "--device"), home.said)
        text = home.run(code, "check")
        expect(says in text and home.refresh_token() == kept, "%s: %s" % (path, text))
    # no room for what will come: nothing is asked; no room after all: the run goes on, and says so
    with AnyToken() as imap:
        home = Home(scratch, provider, {"imap": "imap://127.0.0.1:%d" % imap.port, "cleartext": "yes", "oauth": None, "oauth-device": at + "/device", "oauth-token": at + "/full"})
        home.run(0, "login", "--device")
        Hostile.place = home.tokens()[0]
        os.makedirs(Hostile.place + ".new")
        text = home.run(1, "check")
        expect("no place for the token that is to come" in text and home.refresh_token() == "first" and Hostile.asked.count("/full") == 1, text)
        os.rmdir(Hostile.place + ".new")
        text = home.run(0, "backup", "-o", "a")
        expect(text.count("could not be kept") == 1 and "valise login alice" in text and Hostile.asked.count("/full") == 2, text)
        expect(not [n for n in os.listdir(os.path.dirname(Hostile.place)) if n.endswith(".new")], "something was left")
    server.shutdown()
    server.server_close()


class AnyToken(fakeimap.FakeImap):
    def capabilities(self, s):
        return ["IMAP4rev1", "SASL-IR", "LOGINDISABLED", "AUTH=XOAUTH2"]

    def do_authenticate(self, s, tag, args):
        s.user = "alice"
        self.ok(s, tag)


class TokensOnly(fakeimap.FakeImap):
    tokens = True

    def capabilities(self, s):
        return ["IMAP4rev1", "SASL-IR"] + (["LOGINDISABLED", "AUTH=XOAUTH2", "AUTH=OAUTHBEARER"] if self.tokens else ["AUTH=PLAIN"])

    def do_authenticate(self, s, tag, args):
        s.send(tag + " NO [AUTHENTICATIONFAILED] LOGIN failed: BasicAuthBlocked")


def no_passwords(scratch, provider, dovecot):
    """A server without passwords, or one that says so: the command is named. What cannot work is refused at once."""
    for tokens in True, False:
        with TokensOnly() as imap:
            imap.tokens = tokens
            home = Home(scratch, provider, {"imap": "imap://127.0.0.1:%d" % imap.port, "cleartext": "yes", "oauth": None, "password-command": "echo x"})
            text = home.run(12, "backup", "-o", "a")
            expect("sign in by OAuth: valise login alice" in text, text)
            expect("does not sign in by OAuth" in home.run(2, "login"), home.said)
    for keys, says in (({"oauth-client-id": None}, "oauth-client-id is missing"), ({"oauth": "nobody"}, "table of providers has none"), ({"auth": "PLAIN"}, "OAUTHBEARER or XOAUTH2"),
                       ({"oauth": "google"}, "google"), ({"oauth": None, "oauth-token": "http://as.example/t", "oauth-authorize": "https://as.example/a"}, "over which alone tokens go"),
                       ({"imap": "imap://mail.example:143", "cleartext": "yes"}, "sent over TLS alone"), ({"password-command": "echo x"}, "in two ways")):
        home = Home(scratch, provider, dict({"imap": "imaps://localhost:1"}, **keys))
        if keys.get("oauth") == "google":  # the table names the rest; the client id stays the user's own
            p = home.start("login", "--browser", "--wait", "1")
            expect("accounts.google.com" in home.end(p, 12), home.said)
            continue
        p = home.start("login", "--browser")
        text = home.end(p, 2 if "as.example" not in str(keys) else 1)
        expect(says in text, "%s: %s" % (says, text))


def main():
    scratch = tempfile.mkdtemp(prefix="valise-oauth-")
    os.chmod(scratch, 0o755)
    servers = []
    try:
        provider = Provider("oidc", scratch + "/oidc")
        servers.append(provider)
        servers.append(Server("dovecot", scratch + "/dovecot", OAUTH=provider.INTROSPECT))
        shutil.copy(servers[1].CA, scratch + "/ca.pem")
        with open(scratch + "/both.pem", "w") as f:
            for s in servers:
                with open(s.CA) as one:
                    f.write(one.read())
        provider.CA = scratch + "/both.pem"
        chosen = sys.argv[1:]
        for case in everything, expiry, at_once, revoked, who, strangers, device, keyring, by_address, hostile, no_passwords:
            if not chosen or case.__name__ in chosen:
                case(scratch, provider, servers[1])
                print("ok ", case.__name__, flush=True)
    finally:
        for s in servers:
            s.stop()
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
