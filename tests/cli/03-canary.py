#!/usr/bin/python3
"""A random password or token, taken in each way in which one is taken and sent in each in which one is sent, to servers that repeat it in all their words
(as it is, in base64, beside NULs): it stands in nothing that is printed or written, in nobody's arguments and environment, and no core file may be made of
it. What asks for a password on the command line or in a URL is refused, and not repeated."""
import base64
import gzip
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import VALISE, environment, expect, visible  # noqa: E402
import fakedav  # noqa: E402
import fakeimap  # noqa: E402
import fakepop3  # noqa: E402

SECRET = secrets.token_urlsafe(9) + "&\"<\u00e4 " + secrets.token_urlsafe(9)
B64 = base64.b64encode(SECRET.encode()).decode()
WORDS = "x\0 %s, %s\0%s %s" % (SECRET, B64, SECRET, urllib.parse.quote(SECRET))


class Imap(fakeimap.FakeImap):
    mech = None

    def capabilities(self, s):
        return ["IMAP4rev1", "SASL-IR"] + (["AUTH=" + self.mech] if self.mech else [])

    def signed_in(self, s, tag, got):
        self.got, self.seen, s.user = got, visible(SECRET), "alice"
        s.send("* OK [ALERT] " + WORDS)
        self.ok(s, tag, "welcome, " + WORDS.replace("\0", " "))

    def do_login(self, s, tag, args):
        self.signed_in(s, tag, fakeimap.raw(args[1]))

    def do_authenticate(self, s, tag, args):
        self.signed_in(s, tag, base64.b64decode(fakeimap.raw(args[1])))

    def do_examine(self, s, tag, args):
        s.send("* NO " + WORDS, tag + " NO " + WORDS.replace("\0", " "))


class Pop3(fakepop3.FakePop3):
    count = 2
    caps = ["USER", "TOP", "UIDL"]
    caps_after = caps + ["X-" + SECRET, "IMPLEMENTATION " + WORDS]

    def do_apop(self, s, args):
        self.got, self.seen = SECRET.encode(), visible(SECRET)
        self.sign_in(s, True)

    def do_retr(self, s, args):
        s.send("-ERR no message, " + WORDS)

    do_top = do_retr


class Dav(fakedav.FakeDav):
    mech = "Basic"

    def answer(self, rq):
        known = rq.header("Authorization")
        known = known and known.encode("latin-1").decode()
        if not known:
            return fakedav.Answer(401, WWW_Authenticate=self.mech + ' realm="x"')
        self.got, self.seen = base64.b64decode(known.split()[1]) if self.mech == "Basic" else known.encode(), visible(SECRET)
        return fakedav.Answer(403, "no %s for %s" % (WORDS.replace("\0", " "), known), Content_Type="text/plain", X_Was=urllib.parse.quote(SECRET))


def holds_none(here, text, what):
    texts = {"output": text}
    for d, _, names in os.walk(here):
        for path in (os.path.join(d, n) for n in names):
            with open(path, "rb") as f:
                data = f.read()
            texts[path] = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    forms = [SECRET[:12], SECRET[-12:], B64, urllib.parse.quote(SECRET)] + [base64.b64encode((x + SECRET).encode()).decode() for x in ("\0alice\0", "alice:")]
    for where, data in texts.items():
        for form in forms:
            expect(form.encode() not in data, "%s: %s in %s: %r" % (what, form, where, data[:3000]))


def run(here, *args, stdin=None):
    p = subprocess.run([VALISE, *args], cwd=here, stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100, env=environment(here))
    return p.returncode, p.stdout


def ways(kept, service, url, auth):
    """Options for each way to take the secret. accounts.ini lies where nothing is looked for."""
    with open(kept + "/secret", "w") as f:
        f.write(SECRET + "\nsecond line\n")
    common = ["%s = %s" % (service, url), "user = alice", "cleartext = yes"] + (["auth = " + auth] if auth else [])
    for name, line in ("key", "password = " + SECRET), ("command", "password-command = cat '%s/secret'" % kept):
        with open(os.open("%s/%s.ini" % (kept, name), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as f:
            f.write("\n".join(["[x]"] + common + [line, ""]))
    plain = ["--" + service, url, "--user", "alice", "--cleartext"] + (["--auth", auth] if auth else [])
    yield "command", plain + ["--password-command", "cat '%s/secret'" % kept]
    yield "descriptor", plain + ["--password-fd", "0"]
    yield "key of accounts.ini", ["x", "--config", kept + "/key.ini"]
    yield "command of accounts.ini", ["x", "--config", kept + "/command.ini"]


def sent(scratch):
    for cls, service, scheme, mechs in (Imap, "imap", "imap", (None, "PLAIN", "XOAUTH2", "OAUTHBEARER")), (Pop3, "pop3", "pop3", (None,)), (Dav, "caldav", "http", ("Basic", "Bearer")):
        for mech in mechs:
            auth = "OAUTHBEARER" if mech == "Bearer" else mech if mech != "Basic" else None
            kept = tempfile.mkdtemp(dir=scratch)
            with cls() as server:
                server.mech = mech
                for n, (way, options) in enumerate(ways(kept, service, "%s://127.0.0.1:%d" % (scheme, server.port), auth)):
                    what = "%s, %s, %s" % (service, mech, way)
                    here = tempfile.mkdtemp(dir=scratch)
                    server.got = None
                    more = (["--json"], ["--report", "r.html"], ["--report", "r.json"], [])[n]
                    for command in [["check"]] * (n == 0) + [["backup", "-o", "a"] + more]:
                        with open(kept + "/secret") as f:
                            rc, text = run(here, *command[:1], *options, *command[1:], "--trace", "t", stdin=f)
                        expect(server.got and SECRET.encode() in server.got, "%s: never sent, but %r: %s" % (what, server.got, text.decode()))
                        expect(not server.seen, "%s: %s" % (what, server.seen))
                        holds_none(here, text, what)
                    expect(rc in (1, 3) and b"***" in text, "%s: %d, %s" % (what, rc, text.decode()))
                    if os.path.exists(here + "/a"):
                        holds_none(here, run(here, "list", "a", "--items")[1] + run(here, "list", "a", "--json")[1], what)


def refused(scratch):
    """Where none may be: it is not repeated."""
    url, plain = "imaps://alice:%s@localhost:1" % urllib.parse.quote(SECRET), ["--imap", "imaps://localhost:1", "--user", "alice"]
    dav = url.replace("imaps", "https")
    for args in (["--imap", url], ["--imap", url + "@x"], ["--caldav", dav], ["--imap", url.replace("://", ":/")], [url], [dav], plain + ["--password=" + SECRET], plain + ["--password", SECRET],
                 plain + ["--imap-password=" + SECRET], plain + ["-p" + SECRET], plain + ["--pasword=" + SECRET], plain + ["--password-fd", SECRET], plain + ["--password-fd=" + SECRET]):
        for command in "backup", "check", "restore":
            rc, text = run(scratch, *([command, "a"] if command == "restore" else [command]), *args, *(["-o", "a"] if command == "backup" else []))
            expect(rc == 2, "%r: %d %s" % (args, rc, text))
            holds_none(scratch, text, repr(args))
    os.environ["VALISE_PASSWORD"] = "no"
    for line in "password " + SECRET, SECRET, "imap = " + url, "pasword = " + SECRET, "password-fd = " + SECRET, "[" + SECRET:
        with open(os.open(scratch + "/../x.ini", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as f:
            f.write("[x]\nuser = alice\ncaldav = https://localhost:1/\n%s\n" % line)
        rc, text = run(scratch, "check", "x", "--config", scratch + "/../x.ini")
        expect(rc == 2, "%r: %d %s" % (line, rc, text))
        holds_none(scratch, text, line)


def main():
    scratch = tempfile.mkdtemp(prefix="valise-canary-")
    try:
        for test in sent, refused:
            os.mkdir(os.path.join(scratch, test.__name__))
            test(os.path.join(scratch, test.__name__))
            print("ok ", test.__name__, flush=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
