#!/usr/bin/python3
"""One account over IMAP, CalDAV, CardDAV and MAPI gives nothing twice: what another service gave comes from it, octet for octet, what MAPI alone shows comes
from MAPI, and how much was left out is told. What another service shows no more is brought; a run without one of them leaves what it gave as it is; a service
that fails takes its kind from MAPI along. 96-beside.py [TEST...]"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import TESTS, environment, execute, expect  # noqa: E402
import fakedav  # noqa: E402
import fakeimap  # noqa: E402
import fakemapi  # noqa: E402


class Box(fakemapi.FakeMapi):
    name = "box"

    def populate(self):
        pass


def tree(t, archive):
    """{(kind, name): [(subject, octets)]} of the newest snapshot."""
    where = t + "/tree"
    shutil.rmtree(where, ignore_errors=True)
    rc, out, err = execute("unpack", archive, "-t", where, env=environment(t))
    expect(rc in (0, 3), out + err)
    found = {}
    with open(where + "/catalog/tree.json") as f:
        heads = json.load(f)["collections"]
    for h in heads:
        with open(os.path.join(where, h["catalog"])) as f:
            lines = [json.loads(x) for x in f][1:-1]
        found[h["kind"], h["name"]] = [open(os.path.join(where, h["path"], x["path"]), "rb").read() for x in lines if "error" not in x]
    return found


def items(found, kind):
    return sorted(o for (k, _), list_ in found.items() if k == kind for o in list_)


def same_message(octets):
    """What proves it: the Message-ID, or the whole header."""
    head = octets.split(b"\r\n\r\n")[0]
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"message-id:"):
            return line.split(b":", 1)[1].strip()
    return head


MARK = b"X-Imap: this copy came over IMAP\r\n"


class Mail(fakeimap.FakeImap):
    boxes = {}
    refuse = False

    def populate(self):
        for name, messages in self.boxes.items():
            box = self.mailbox(name)
            for m in messages:
                box.add(MARK + m, [])

    def sign_in(self, s, tag, user, password):
        if self.refuse:
            s.send("%s NO [AUTHENTICATIONFAILED] no" % tag)
            return
        super().sign_in(s, tag, user, password)


class Dav(fakedav.FakeDav):
    calendars, books = {}, {}

    def populate(self):
        for kind, collections, end in (("calendar", self.calendars, "ics"), ("addressbook", self.books, "vcf")):
            for i, (name, objects) in enumerate(collections.items()):
                c = self.add(kind, "%s%d" % (kind, i), name)
                for n, o in enumerate(objects):
                    c.put("%d.%s" % (n, end), o)


class Lab:
    def __init__(self, t):
        self.t, self.archive = t, t + "/a"
        subprocess.run([sys.executable, TESTS + "/tools/genmapi.py", t + "/box", "--items", "120", "--octets", "600000"], check=True, stdout=subprocess.DEVNULL)
        with Box(t + "/box") as mapi:
            rc, out, err = execute("backup", "-o", t + "/alone", *self.mapi(mapi), "--user", "alice", "--password-command", "echo pw-alice", "--cleartext",
                                   env=environment(t))
            expect(rc == 0, out + err)
        self.alone = tree(t, t + "/alone")
        self.mail = {name: list_ for (kind, name), list_ in self.alone.items() if kind == "mail"}
        self.calendars = {name: list_ for (kind, name), list_ in self.alone.items() if kind == "calendars"}
        self.books = {name: list_ for (kind, name), list_ in self.alone.items() if kind == "contacts"}

    @staticmethod
    def mapi(server):
        return ["--mapi", server.url(), "--mapi-mailbox", server.store.dn]

    def run(self, code, mapi=None, mail=None, dav=None, archive=None, more=()):
        args = []
        if mail:
            args += ["--imap", "imap://127.0.0.1:%d" % mail.port]
        if dav:
            args += ["--caldav", dav.url("/"), "--carddav", dav.url("/")]
        if mapi:
            args += self.mapi(mapi)
        rc, out, err = execute("backup", "-o", archive or self.archive, *args, "--user", "alice", "--password-command", "echo pw-alice", "--cleartext", *more,
                               env=environment(self.t))
        expect(rc == code, "exit code %d instead of %d: %s%s" % (rc, code, out, err))
        return out + err


def test_no_doubles(t):
    lab = Lab(t)
    Mail.boxes = {n: list(m) for n, m in lab.mail.items() if n.isascii() and not set(n) & set("&\\")}  # the rest MAPI alone shows
    only_mapi = Mail.boxes["INBOX"].pop()  # MAPI alone shows it
    Mail.boxes["Sent"] = Mail.boxes.pop("Sent Items")  # the same for the same use
    Dav.calendars, Dav.books = {n: c for n, c in lab.calendars.items() if n != "Tasks"}, lab.books
    n_mail = sum(map(len, lab.mail.values()))
    with Box(t + "/box") as mapi, Mail() as mail, Dav() as dav:
        said = lab.run(0, mapi, mail, dav)
        found = tree(t, lab.archive)
        expect(len(items(found, "mail")) == n_mail, "%d messages, not %d: %s" % (len(items(found, "mail")), n_mail, {k: len(v) for k, v in found.items()}))
        expect(found["mail", "INBOX (MAPI)"] == [only_mapi], "what MAPI alone shows of the INBOX: %s" % {k: len(v) for k, v in found.items()})
        imap = [o for (k, n), v in found.items() if k == "mail" and not n.endswith("(MAPI)") for o in v]
        expect(sum(o.startswith(MARK) for o in imap) == sum(map(len, Mail.boxes.values())), "a message came over MAPI although IMAP shows it")
        expect(len(items(found, "calendars")) == sum(map(len, lab.calendars.values())), "calendars: %s" % {k: len(v) for k, v in found.items()})
        expect(len(items(found, "contacts")) == sum(map(len, lab.books.values())), "contacts: %s" % {k: len(v) for k, v in found.items()})
        left = sum(map(len, Mail.boxes.values())) + sum(map(len, Dav.calendars.values())) + sum(map(len, Dav.books.values()))
        expect("%d items are those that other services gave, and left out" % left in said, "what was left out, %d: %s" % (left, said))
        # again: nothing is new, and the same is left out
        said = lab.run(0, mapi, mail, dav)
        expect("nothing changed" in said or "unchanged" in said or tree(t, lab.archive) == found, said)
        expect("%d items are those" % left in said, said)
        # over IMAP a message is shown no more: MAPI brings it
        gone = mail.mailboxes[b"INBOX"].messages.pop(0)
        lab.run(0, mapi, mail, dav, more=("--accept-shrink",))
        found = tree(t, lab.archive)
        proofs = [same_message(o) for o in items(found, "mail")]
        expect(same_message(gone.body) in proofs, "a message that IMAP shows no more is lost")
        expect(len(proofs) == n_mail, "%d messages" % len(proofs))


def test_absent(t):
    """A run without MAPI, and one with MAPI alone, leave what the other gave as it is."""
    lab = Lab(t)
    Mail.boxes = {"INBOX": lab.mail["INBOX"][1:]}
    Dav.calendars, Dav.books = {}, {}
    with Box(t + "/box") as mapi, Mail() as mail:
        lab.run(0, mapi, mail)
        before = tree(t, lab.archive)
        lab.run(0, None, mail)
        expect(tree(t, lab.archive) == before, "without MAPI: something is gone")
        lab.run(0, mapi, None)
        after = tree(t, lab.archive)
        expect(after == before, "MAPI alone: %s, not %s" % ({k: len(v) for k, v in after.items()}, {k: len(v) for k, v in before.items()}))


def test_one_fails(t):
    """Without IMAP nobody knows which mail MAPI alone has: none of it; the rest comes."""
    lab = Lab(t)
    Mail.boxes = {"INBOX": lab.mail["INBOX"]}
    with Box(t + "/box") as mapi, Mail() as mail:
        mail.refuse = True
        said = lab.run(3, mapi, mail)
        expect("mail left out this time" in said, said)
        found = tree(t, lab.archive)
        expect(not items(found, "mail") and items(found, "calendars") == items(lab.alone, "calendars"), {k: len(v) for k, v in found.items()})
        mail.refuse = False
        lab.run(0, mapi, mail)
        expect(len(items(tree(t, lab.archive), "mail")) == sum(map(len, lab.mail.values())), "the mail did not come")


def test_audit(t):
    """What is left out is not called new, nor what is there gone."""
    lab = Lab(t)
    Mail.boxes = {"INBOX": lab.mail["INBOX"][1:]}
    Dav.calendars, Dav.books = {"Calendar": lab.calendars["Calendar"]}, {}
    with Box(t + "/box") as mapi, Mail() as mail, Dav() as dav:
        lab.run(0, mapi, mail, dav)
        os.makedirs(t + "/config/valise", exist_ok=True)
        with open(t + "/config/valise/accounts.ini", "w") as f:
            f.write("[alice]\nimap = imap://127.0.0.1:%d\ncaldav = %s\ncarddav = %s\nmapi = %s\nmapi-mailbox = %s\nuser = alice\n"
                    "password-command = echo pw-alice\ncleartext = yes\n" % (mail.port, dav.url("/"), dav.url("/"), mapi.url(), mapi.store.dn))
        for more in ((), ("--full",)):
            rc, out, err = execute("audit", lab.archive, "--source", "alice", "--json", *more, env=environment(t))
            events = [json.loads(x) for x in out.splitlines()]
            found = [e for e in events if e["event"] == "finding" and e["side"] == "source"]
            expect(rc in (0, 3) and not found, "%s: exit code %d: %s%s" % (more, rc, found[:3], err))


def main():
    tests = {n[5:]: f for n, f in globals().items() if n.startswith("test_")}
    for name in sys.argv[1:] or tests:
        t = tempfile.mkdtemp(prefix="valise-")
        try:
            tests[name](t)
        finally:
            shutil.rmtree(t, ignore_errors=True)
        print("--", name, flush=True)
    print("ok")


main()
