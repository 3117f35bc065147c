#!/usr/bin/python3
"""An archive that an older version made, whose catalogs do not name what they hold (fixtures/archives/unnamed), is read as any other; the next backup
writes its catalogs again, once, with names read from its own bodies: nothing is fetched, nothing is stored twice, the roots stay. A tree gets them, too.

66-names-past.py --make DIR makes the archive anew, with an older program in VALISE."""
import glob
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import TESTS, expect, run  # noqa: E402
from fakedav import FakeDav, card, event  # noqa: E402
from fakeimap import FakeImap  # noqa: E402

PAST = os.path.join(os.environ.get("VALISE_SOURCE", os.path.dirname(TESTS)), "fixtures/archives/unnamed")


def mail(n, more=b""):
    return b"Message-ID: <%d@past.example>\r\nFrom: Ann <ann@past.example>\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_%d?=\r\n%s\r\n%d\r\n" % (n, n, more, n)


ATTACHED = (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment; filename*=utf-8''%C3%BC.pdf\r\n\r\n"
            + b"x" * 300000 + b"\r\n--b--\r\n")


class Mail(FakeImap):
    name = "names-past"
    fetched = 0

    def before(self, s, tag, name, args):
        self.fetched += "BODY.PEEK[]" in str(args) or "BODY.PEEK[]<" in str(args)

    def populate(self):
        for n, name in enumerate(("INBOX", "Work")):
            self.mailbox(name)
            for i in range(3):
                self.mailboxes[name.encode()].add(mail(10 * n + i, ATTACHED if i == 2 else b""))


class Dav(FakeDav):
    name = "names-past"

    def populate(self):
        self.work, self.people = self.add("calendar", "work", "Work"), self.add("addressbook", "people", "People")
        for i in range(2):
            self.work.put("%d.ics" % i, event(i))
            self.people.put("%d.vcf" % i, card(i, more="EMAIL:%d@past.example\r\n" % i))


def backup(archive, mail_server, url, *more, code=0):
    return run(code, "backup", "-o", archive, "--imap", "imap://127.0.0.1:%d" % mail_server.port, "--caldav", url, "--carddav", url, "--user", "alice",
               "--cleartext", "--same-account", "--password-command", "echo pw-alice", *more)


def newest(archive):
    return sorted(os.listdir(archive + "/data"))[-1]


def seal(archive, n=None):
    with open("%s/data/%s/seal.json" % (archive, n or newest(archive)), encoding="utf-8") as f:
        return json.load(f)


def names(archive):
    """What names each item of the newest snapshot, by collection, in order."""
    out = {}
    for head in seal(archive)["collections"]:
        with gzip.open(os.path.join(archive, head["catalog"])) as f:
            out[head["path"]] = [json.loads(x).get("what") for x in f.read().splitlines()[1:-1]]
    return out


def wanted():
    def one(n, attached):
        return dict({"from": "Ann <ann@past.example>", "message-id": "<%d@past.example>" % n, "subject": "Grüße %d" % n},
                    **({"attachments": ["ü.pdf"]} if attached else {}))
    return {"INBOX": [one(i, i == 2) for i in range(3)], "Work": [one(10 + i, i == 2) for i in range(3)],
            "calendars/Work": [{"start": "2026-01-%02dT09:00:00Z" % (i + 1), "summary": "Event %d" % i} for i in range(2)],
            "People": [{"mail": ["%d@past.example" % i], "name": "Person %d" % i} for i in range(2)]}


def check_names(archive, what):
    have, want = names(archive), wanted()
    for key, path in (("INBOX", "mail/INBOX"), ("Work", "mail/Work"), ("calendars/Work", "calendars/Work"), ("People", "contacts/People")):
        expect(have[path][:len(want[key])] == want[key], "%s, %s: %s" % (what, path, have[path]))


def sound(archive):
    run(0, "verify", archive)
    p = subprocess.run([sys.executable, "-B", os.path.join(TESTS, "reader.py"), archive, "--check"], capture_output=True)
    expect(p.returncode == 0, p.stdout)


def unnamed_tree(tree):
    """Takes the names out of a tree's catalogs, as an older version would have written them: they are in no root."""
    for path in glob.glob(tree + "/catalog/**/*.jsonl", recursive=True):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        expect(',"what":{' in text, "no names in " + path)
        with open(path, "w", encoding="utf-8") as f:
            f.write(re.sub(r',"what":\{.*\}\}\n', "}\n", text))
    path = tree + "/catalog/tree.json"
    with open(path, encoding="utf-8") as f:
        text = f.read()
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace(',"what":1', ""))


def check_tree(scratch, server, url):
    tree = scratch + "/tree"
    run(0, "unpack", PAST, "-t", tree)
    before = {p: open(p, "rb").read() for p in glob.glob(tree + "/catalog/**/*.jsonl", recursive=True)}
    unnamed_tree(tree)
    args = ("fetch", "-t", tree, "--imap", "imap://127.0.0.1:%d" % server.port, "--caldav", url, "--carddav", url, "--user", "alice",
            "--cleartext", "--same-account", "--password-command", "echo pw-alice")
    run(0, *args)
    after = {p: open(p, "rb").read() for p in glob.glob(tree + "/catalog/**/*.jsonl", recursive=True)}
    expect(sorted(before) == sorted(after) and all(b'"what":{' in t for t in after.values()), "a tree without names")
    run(0, *args)
    packed = scratch + "/packed"
    run(0, "pack", tree, "-o", packed)
    check_names(packed, "a tree, packed")


def main():
    with Mail().start() as server, Dav() as dav:
        url = dav.url(dav.start)
        if sys.argv[1:2] == ["--make"]:
            print(backup(sys.argv[2], server, url))
            return
        scratch = tempfile.mkdtemp(prefix="valise-names-")
        try:
            archive = scratch + "/a"
            shutil.copytree(PAST, archive)
            sound(archive)
            expect(not any(any(v) for v in names(archive).values()), "the archive of an older version has names")
            expect("Gr" not in run(0, "list", archive, "--items", "--json"), "an older archive is listed with names")
            said = backup(archive, server, url)
            expect(newest(archive) == "000002" and " sealed: " in said, said)
            expect(not glob.glob(archive + "/data/000002/part-*"), "bodies were stored again")
            check_names(archive, "at the next snapshot")
            old, new = seal(archive, "000001"), seal(archive)
            expect(old["content"] == new["content"] and old["state"] == new["state"], "a root changed")
            expect(server.fetched == 0, "bodies were fetched again")
            sound(archive)
            listed = [json.loads(x) for x in run(0, "list", archive, "--items", "--json").splitlines()]
            expect([x["what"]["subject"] for x in listed if x["collection"] == "INBOX"] == ["Grüße %d" % i for i in range(3)], listed)
            expect("nothing changed" in backup(archive, server, url) and newest(archive) == "000002", "it was named once more")

            # Where one collection changed, all of them get their names, too; so do those that are left out this time.
            for more in (), ("--exclude", "Work"):
                other = scratch + "/b"
                shutil.rmtree(other, ignore_errors=True)
                shutil.copytree(PAST, other)
                server.mailboxes[b"INBOX"].add(mail(50 + len(more)))
                backup(other, server, url, *more)
                check_names(other, "with a new message %s" % (more,))
                expect(server.fetched, "the test does not see bodies being fetched")
                expect(names(other)["mail/INBOX"][-1]["subject"] == "Grüße %d" % (50 + len(more)), "the new one has no name")
                sound(other)
            check_tree(scratch, server, url)
        finally:
            shutil.rmtree(scratch)


main()
