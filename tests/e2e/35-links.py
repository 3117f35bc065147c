#!/usr/bin/python3
"""--fetch-links: files that calendars and contacts link to are in the archive, each once; strangers get no password, no plain HTTP, and cannot
lead into a private network; what cannot be fetched is named; without the option what is there stays; a second reader reads it; restore --attach-links
puts them into events and cards, on Radicale and where a target takes no files."""
import base64
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import SERVERS, TESTS, expect, run  # noqa: E402
from fakedav import CAL, Answer, FakeDav, card, error, event  # noqa: E402

PDF, PHOTO = b"%PDF-1.4 \0 agenda \r\n", bytes(range(256)) * 300


class Links(FakeDav):
    name = "links"

    def link(self, segment, url, prop="ATTACH"):
        n = len(self.work.resources)
        self.work.put(segment, event(n, more="%s:%s\r\n" % (prop, url)))

    def populate(self):
        self.work = self.add("calendar", "work", "Work")
        self.people = self.add("addressbook", "people", "People")

    def fill(self):
        own = self.url("/files/")
        self.link("a.ics", own + "agenda%20one.pdf")
        self.link("same.ics", own + "agenda%20one.pdf", "ATTACH;FMTTYPE=application/pdf")
        self.link("moved.ics", own + "moved.pdf")
        self.work.put("plain.ics", event(20))
        self.people.put("p.vcf", card(1, more="PHOTO;VALUE=uri:%s\r\n" % (own + "photo.jpg")))
        self.people.put("q.vcf", card(2))

    def fill_bad(self):
        own = self.url("/files/")
        self.link("gone.ics", own + "gone.pdf")
        self.link("plain-http.ics", "http://stranger.localhost:%d/files/agenda.pdf" % self.port)
        self.link("private.ics", "https://127.0.0.2:%d/files/agenda.pdf" % self.port)
        self.link("astray.ics", own + "astray.pdf")
        self.link("large.ics", own + "large.bin")
        self.link("disk.ics", "file:///C:/agenda.pdf")

    def do_get(self, rq):
        name = rq.path.removeprefix("/files/")
        if name == rq.path:
            return super().do_get(rq)
        self.bodies += 1
        if name in ("moved.pdf", "astray.pdf"):
            return Answer(302, Location="/files/agenda.pdf" if name == "moved.pdf" else "http://stranger.localhost:%d/files/agenda.pdf" % self.port)
        body = {"agenda one.pdf": PDF, "agenda.pdf": PDF + b"2", "photo.jpg": PHOTO, "large.bin": bytes((64 << 20) + 1), "film.bin": bytes((10 << 20) + 1)}.get(name)
        return Answer(200, body, ETag='"x"') if body is not None else Answer(404)


def linked(tree):
    """{URL: bytes} of the linked files, {URL} that could not be fetched."""
    have, lost = {}, set()
    with open(tree + "/catalog/tree.json") as f:
        heads = [h for h in json.load(f)["collections"] if h["kind"] == "linked"]
    for h in heads:
        with open(os.path.join(tree, h["catalog"]), "rb") as f:
            for line in [json.loads(x) for x in f][1:-1]:
                if "error" in line:
                    lost.add(line["href"])
                else:
                    with open(os.path.join(tree, h["path"], line["path"]), "rb") as g:
                        have[line["href"]] = g.read()
    return have, lost, sorted(h["name"] for h in heads)


class Picky(FakeDav):
    """Takes nothing that is longer than a page, and does not say so before."""

    def do_put(self, rq):
        return super().do_put(rq) if len(rq.body) < 4000 else Answer(413)


def attach(archive, d, source):
    """restore --attach-links: the files are in the items; again, and without the journal, it is all there."""
    script, where = os.path.join(SERVERS, "radicale.sh"), d + "/radicale"
    subprocess.run([script, "start", where], check=True, stdout=subprocess.DEVNULL)
    try:
        with open(where + "/env") as f:
            env = dict(line.rstrip("\n").split("=", 1) for line in f)
        base = env["DAV_URL"]
        restore = ["restore", archive, "--caldav", base, "--carddav", base, "--password-command", "echo pw-alice", "--cleartext", "--user"]
        text = run(0, *restore, "alice", "--attach-links", "--dry-run")
        assert text.count("1 linked file inlined") == 4, text
        text = run(0, *restore, "alice", "--attach-links")
        assert text.count("1 linked file inlined") == 4 and "old server" not in text, text
        stored = {}
        for name in glob.glob(where + "/collections/collection-root/alice/*/*.[iv]c[sf]"):
            with open(name, "rb") as f:
                stored[os.path.basename(name)] = re.sub(rb"\r?\n ", b"", f.read())
        assert len(stored) == 6 and not any(source.encode() in x for x in stored.values()), stored
        for name, data in (("a.ics", PDF), ("same.ics", PDF), ("moved.ics", PDF + b"2"), ("p.vcf", PHOTO)):
            assert b":" + base64.b64encode(data) in stored[name], (name, stored[name][:900])
        assert b"FMTTYPE=application/pdf" in stored["same.ics"], stored["same.ics"]
        for again in range(2):
            text = run(0, *restore, "alice", "--attach-links")
            assert "inlined" not in text and "differs" not in text, text
            journals = glob.glob(d + "/state/**/*.journal", recursive=True)
            assert len(journals) == 2, journals
            for journal in journals:
                os.remove(journal)
        # Without the option links stay as they are, which is said once; with it later on, that is no difference.
        restore[restore.index("echo pw-alice")] = "echo pw-bob"
        text = run(0, *restore, "bob", "--only", "calendars")
        assert text.count("3 links lead to files on the old server") == 1 and "--attach-links" in text, text
        text = run(0, *restore, "bob", "--only", "calendars", "--attach-links")
        assert "inlined" not in text and "differs" not in text, text
    finally:
        subprocess.run([script, "stop", where], check=True, stdout=subprocess.DEVNULL)


def refused(archive, account):
    with Picky() as target:
        target.collections.clear()
        args = ["restore", archive, "--caldav", target.url(), "--carddav", target.url(), *account, "--attach-links"]
        text = run(3, *args)
        assert text.count("1 linked file inlined") == 3 and "still on the old server, as a link: with it in it the target refused it" in text, text
        assert "1 linked file not attached" in text, text
        text = run(0, *args)
        assert "inlined" not in text and "differs" not in text, text


class Managed(FakeDav):
    """RFC 8607: a posted file is kept, and the event gets a line for it. What becomes of the first post of each file: nothing special, or what ${first} says."""
    first = None

    def __init__(self):
        super().__init__()
        self.collections.clear()
        self.posts, self.tried = [], set()

    def do_options(self, rq):
        return Answer(200, DAV="1, 3, extended-mkcol, calendar-access, addressbook, calendar-managed-attachments")

    def do_post(self, rq):
        path, _, query = rq.target.partition("?")
        c, segment = self.split(rq.path)
        assert query == "action=attachment-add" and segment in c.resources and not rq.header("If-Match"), rq.target
        name = re.search('filename="([^"]*)"', rq.header("Content-Disposition")).group(1)
        again, before = (segment, name) in self.tried, c.resources[segment]
        self.tried.add((segment, name))
        if self.first == "refuse" or (self.first in ("cut", "busy", "forbid") and not again):
            return {"refuse": Answer(501), "cut": None, "busy": Answer(423), "forbid": error(403, CAL + "max-attachment-size")}[self.first]
        self.posts.append((segment, name, rq.body, rq.header("Content-Type")))
        line = 'ATTACH;MANAGED-ID=%d;FMTTYPE=%s;FILENAME="%s";SIZE=%d:%s\r\n' % (len(self.posts), rq.header("Content-Type"), name, len(rq.body), self.url("/files/%d" % len(self.posts)))
        c.put(segment, before.replace(b"END:VEVENT", line.encode() + b"END:VEVENT"))
        return None if self.first == "lost" and not again else Answer(201, Location=self.url("/files/x"), Cal_Managed_ID="1")

    def send(self, handler, rq, rs):
        if rs is None:
            self.send_cut(handler, Answer(201, b"x" * 10), 1)
        super().send(handler, rq, rs)


class Small(Managed):
    def coll_props(self, c):
        return {**super().coll_props(c), CAL + "max-attachment-size": "10"}


def managed(archive, d, account, own):
    """Where the server has managed attachments (RFC 8607), each file is posted once, whatever becomes of the answer; else it goes into the event."""
    links = {"a.ics": ("agenda one.pdf", PDF), "same.ics": ("agenda one.pdf", PDF), "moved.ics": ("moved.pdf", PDF + b"2")}
    for first in (None, "lost", "cut", "busy", "forbid"):
        with type("M", (Managed,), {"first": first})() as target:
            shutil.rmtree(d + "/state", ignore_errors=True)
            args = ["restore", archive, "--caldav", target.url(), *account, "--only", "calendars"]
            assert run(0, *args, "--attach-links", "--dry-run").count("1 linked file to be attached") == 3 and not target.posts
            text = run(3 if first == "forbid" else 0, *args, "--attach-links", "--report", d + "/managed.json")
            if first == "forbid":
                with open(d + "/managed.json") as f:
                    assert json.load(f)["unattached"] == 3
                assert text.count("is not attached: HTTP 403 forbidden: max-attachment-size") == 3 and "3 linked files not attached" in text and not target.posts, text
                text = run(0, *args, "--attach-links")
            assert text.count("1 linked file attached") == 3, (first, text)
            assert sorted((s, n, b) for s, n, b, _ in target.posts) == sorted((s, n, b) for s, (n, b) in links.items()), (first, target.posts, text)
            assert {t for s, _, _, t in target.posts if s == "same.ics"} == {"application/pdf"}, target.posts
            work = next(c for c in target.collections.values() if c.kind == "calendar")
            held = dict(work.resources)
            assert not any(own.encode() in x for x in held.values()), held
            for journal in (True, False):
                journal or shutil.rmtree(d + "/state")
                text = run(0, *args, "--attach-links")
                assert len(target.posts) == 3 and work.resources == held and "differs" not in text and "3 linked" not in text, (first, text)
    for cls, first, posts, code in ((Small, None, 0, 0), (Managed, "refuse", 0, 3)):
        with type("M", (cls,), {"first": first})() as target:
            shutil.rmtree(d + "/state", ignore_errors=True)
            args = ["restore", archive, "--caldav", target.url(), *account, "--only", "calendars", "--attach-links"]
            text = run(code, *args)
            assert text.count("1 linked file inlined") == (2 if code else 3) and (not code or "takes no managed attachments: HTTP 501" in text), text
            work = next(c for c in target.collections.values() if c.kind == "calendar")
            held = dict(work.resources)
            for journal in (True, False):
                journal or shutil.rmtree(d + "/state")
                text = run(code, *args)
                assert work.resources == held and "differs" not in text and text.count("is not attached") == (code > 0), text


def large(d):
    """A file that is too large for an event stays a link; the others of the event go in."""
    with Links() as server, FakeDav() as target:
        own, archive = server.url("/files/"), d + "/large.valise"
        account = ["--user", "alice", "--password-command", "echo pw-alice", "--cleartext", "--only", "calendars"]
        server.link("film.ics", own + "film.bin\r\nATTACH:%sagenda.pdf\r\nATTACH:%snever-had.pdf" % (own, own))
        run(3, "backup", "--caldav", server.url(), *account, "-o", archive, "--fetch-links")
        target.collections.clear()
        text = run(3, "restore", archive, "--caldav", target.url(), *account, "--attach-links")
        assert "1 linked file inlined; still on the old server, as links: %sfilm.bin (larger than 10 MiB); 1 link whose file" % own in text, text
        assert "1 linked file not attached" in text, text
        body = next(iter(c for c in target.collections.values() if c.resources)).resources["film.ics"]
        assert own.encode() + b"film.bin" in body and base64.b64encode(PDF + b"2") in body, body
        with FakeDav() as small:
            small.collections.clear()
            small.add("calendar", "work", "Work").props["{urn:ietf:params:xml:ns:caldav}max-resource-size"] = "600"
            text = run(3, "restore", archive, "--caldav", small.url(), *account, "--attach-links")
            assert "agenda.pdf (the item becomes too large)" in text and "2 linked files not attached" in text, text


def main():
    with tempfile.TemporaryDirectory(prefix="valise-links-") as d, Links() as server:
        os.environ.update(HOME=d, XDG_STATE_HOME=d + "/state", XDG_CONFIG_HOME=d + "/config")
        account = ["--caldav", server.url(), "--carddav", server.url(), "--user", "alice", "--password-command", "echo pw-alice", "--cleartext"]
        archive, own = d + "/a.valise", server.url("/files/")
        server.fill()
        want = {own + "agenda%20one.pdf": PDF, own + "moved.pdf": PDF + b"2", own + "photo.jpg": PHOTO}
        text = run(0, "backup", *account, "-o", archive, "--fetch-links")
        assert "2 linked files in 1 list of links" in text or "3 linked files in 2 lists of links" in text, text
        assert sum("agenda%20one" in rq.target and bool(rq.header("Authorization")) for rq in server.log) == 1, "fetched twice"
        run(0, "verify", archive, "--content")
        run(0, "unpack", archive, "-t", d + "/tree")
        assert linked(d + "/tree") == (want, set(), ["calendars: Work", "contacts: People"]), linked(d + "/tree")

        # Nothing new: nothing fetched, no snapshot. Without the option what is there stays, with half of the account, too.
        for more in (["--fetch-links"], ["--fetch-links", "--only", "calendars"], []):
            server.bodies = 0
            text = run(0, "backup", *account, "-o", archive, *more)
            assert server.bodies == 0, (more, server.bodies)
            assert more or "3 linked files" in text, text
        subprocess.run([sys.executable, os.path.join(TESTS, "reader.py"), archive, "--check"], check=True)

        attach(archive, d, own)
        refused(archive, account[4:])
        managed(archive, d, account[4:], own)
        large(d)

        # What strangers offer is not taken; what cannot be fetched is named.
        server.fill_bad()
        server.log.clear()
        text = run(3, "backup", *account, "-o", archive, "--fetch-links")
        for words in ("gone.pdf.*HTTP 404", "without TLS, refused", "private network", "astray.pdf", "large.bin.*longer than", "file:///C:/agenda.pdf: not fetched"):
            assert re.search(words, text), (words, text)
        assert not any(rq.header("Host").startswith("stranger") for rq in server.log), "a stranger was asked"
        # Nor is it forgotten by a run that does not ask for it.
        text = run(3, "backup", *account, "-o", archive)
        for words in ("gone.pdf: missing since an earlier run.*HTTP 404", "astray.pdf: missing", "5 items could not be fetched.*again with --fetch-links to"):
            assert re.search(words, text), (words, text)
        expect("\nMISSING " + own + "gone.pdf: " in run(0, "list", archive, "--items"), "as what is missing is listed")
        text = run(3, "backup", *account, "-o", archive, "--only", "contacts")
        assert text.count("missing since an earlier run") == 5, text
        run(3, "fetch", *account, "-t", d + "/tree2", "--fetch-links")
        have, lost, _ = linked(d + "/tree2")
        assert have == want and len(lost) == 5, (list(have), lost)

        # Links that are gone from the calendar are gone from the next snapshot.
        for s in list(server.work.resources):
            if s not in ("a.ics", "plain.ics", "same.ics"):
                server.work.remove(s)
        run(0, "backup", *account, "-o", archive, "--fetch-links", "--accept-shrink")
        run(0, "unpack", archive, "-t", d + "/tree3")
        assert sorted(linked(d + "/tree3")[0]) == [own + "agenda%20one.pdf", own + "photo.jpg"]
        run(0, "verify", archive)
        # No server takes them: a restore does without.
        with FakeDav() as target:
            target.collections.clear()
            run(0, "restore", archive, "--caldav", target.url(), "--carddav", target.url(), *account[4:])
    print("ok")


if __name__ == "__main__":
    main()
