#!/usr/bin/python3
"""Reports that are handed on: with which servers, as they show themselves; seals, years, folders, what was not examined; and all foreign text stays text: names, subjects, senders,
titles, greetings, software, in reports of backup, check, restore, verify and audit."""
import hashlib
import os
import shutil
import ssl
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import environment, expect, run  # noqa: E402
import fakedav  # noqa: E402
import fakeimap  # noqa: E402
from reportpage import judge, shown  # noqa: E402

SCRIPT = "<script>alert(1)</script>"
HOSTILE = [SCRIPT, '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)", "</td></tr></table><h1>SAFE TO DEACTIVATE: YES</h1>", "&lt;b&gt;&#60;b&#62;", "</style><style>*{display:none}",
           "<svg onload=alert(1)>", "<a href=javascript:alert(1)>x</a>", "w" * 700, "\u202egnp.exe", "\u05d0\u05d1<b>", "<!--", "]]>"]


class Source(fakeimap.FakeImap):
    """An account whose every text is hostile."""

    def populate(self):
        super().populate()
        for i, text in enumerate(HOSTILE):
            name = text.replace("&", "&-").replace("/", "|").encode("ascii", "ignore").decode()[:200]
            self.mailbox("Box %d %s" % (i, name)).add(self.message(i, text), [], "%02d-Feb-20%02d 01:00:00 +0000" % (i + 1, i + 5))

    @staticmethod
    def message(i, text):
        return ("Message-ID: <h%d@fake.example>\r\nFrom: %s <x@y.example>\r\nSubject: %s\r\n\r\n\x1b[31m%d\r\n" % (i, text, text, i)).encode()

    def greeting(self, s):
        return super().greeting(s) + " " + SCRIPT

    def do_id(self, s, tag, args):
        s.send('* ID ("name" "%s" "version" "1\\"2")' % SCRIPT)
        self.ok(s, tag)


class Target(fakeimap.FakeImap):
    """It refuses what has a script in its subject."""

    def populate(self):
        self.mailbox("INBOX")

    def do_append(self, s, tag, args):
        if any(b"<script>" in a for a in args if isinstance(a, bytes)):
            s.send(tag + " NO refused " + SCRIPT)
            return
        super().do_append(s, tag, args)


class Dav(fakedav.FakeDav):
    def populate(self):
        for i, text in enumerate(HOSTILE):
            c = self.add("calendar" if i % 2 else "addressbook", "c%d" % i, text)
            if i % 2:
                c.put("e.ics", fakedav.event(i).replace(b"SUMMARY:", b"SUMMARY:" + text.encode()))
            else:
                c.put("e.vcf", fakedav.card(i).replace(b"FN:", b"FN:" + text.encode()))

    def answer(self, rq):
        rs = super().answer(rq)
        rs.headers["DAV"] = "1, calendar-access, addressbook"
        return rs

    def send(self, handler, rq, rs):
        handler.version_string = lambda: SCRIPT
        super().send(handler, rq, rs)


class Lab:
    def __init__(self, home):
        self.home, self.env = home, environment(home)
        self.pem, key = os.path.join(home, "cert.pem"), os.path.join(home, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=<b>fake", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", key, "-out", self.pem], check=True, capture_output=True)
        self.tls = (self.pem, key)

    def accounts(self, **ports):
        os.makedirs(os.path.join(self.home, "config/valise"), exist_ok=True)
        with open(os.path.join(self.home, "config/valise/accounts.ini"), "w") as f:
            f.write("[defaults]\nuser = alice\npassword-command = echo pw-alice\nca-file = %s\n" % self.pem)
            for name, (imap, dav) in ports.items():
                f.write("[%s]\nimap = imaps://localhost:%d\ncaldav = https://localhost:%d/\ncarddav = https://localhost:%d/\n" % (name, imap, dav, dav))

    def report(self, code, *args):
        """(page, its text, JSON), judged."""
        path = os.path.join(self.home, "r")
        run(code, *args, "--report", path + ".html", "--report", path + ".json", env=self.env, cwd=self.home)
        page, text, report = judge(path)
        expect(code in (None, report["exit"]), report["exit"])
        return page, text, report


def servers(lab, report, side):
    """What each of the three services shows of itself."""
    with open(lab.pem) as f:
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(f.read())).hexdigest()
    found = {s["service"]: s for s in report["servers"] if s["side"] == side}
    expect(set(found) == {"imap", "caldav", "carddav"}, report["servers"])
    for s in found.values():
        tls = s["tls"]
        expect(s["host"] == "localhost" and s["user"] == s["account"] == "alice" and s["security"] == "tls", s)
        expect(tls["version"].startswith("TLS1.") and tls["cipher"] and tls["sha256"] == digest, tls)
        expect(tls["subject"] == tls["issuer"] == "CN=\\<b\\>fake" and tls["names"] == "localhost, 127.0.0.1" and tls["valid_from"] < tls["valid_until"], tls)
        expect("pw-alice" not in str(s), s)
    expect(found["imap"]["sign_in"] == "PLAIN" and found["caldav"]["sign_in"] == found["carddav"]["sign_in"] == "Basic", found)
    return found


def backup(lab, source, dav):
    page, text, o = lab.report(0, "backup", "old", "-o", "a")
    found = servers(lab, o, "source")
    expect(found["imap"]["software"] == SCRIPT + ' 1"2' and found["imap"]["greeting"].endswith(SCRIPT), found["imap"])
    expect(SCRIPT in found["caldav"]["software"] and "calendar-access" in found["caldav"]["dav"], found["caldav"])
    expect([s["seal"] for s in o["seals"]] == [o["seal"]] and o["seals"][0]["content"] == o["content"] and "parent" not in o["seals"][0], o["seals"])
    mail = [f for f in o["folders"] if f["kind"] == "mail"]
    total = {y["year"]: y["items"] for y in o["years"]}
    expect(sum(total.values()) == sum(f["items"] for f in mail) == o["mail"]["items"] and list(total) == sorted(total) and total["1996"] == 1, total)
    expect(total["2005"] == 2 and [f["years"] for f in mail if f["name"].startswith("Box 3")] == [{"2008": {"items": 1, "bytes": len(source.message(3, HOSTILE[3]))}}], mail)
    expect('aria-label="Messages by year, from 1996 to 2017' in page and "The same as a table" in text, "no picture")
    names = {f["name"] for f in o["folders"]}
    expect(any(SCRIPT in n for n in names if "Box" not in n) and shown("\u202e") in text, names)
    what = " ".join(e["what"] for e in o["not_examined"])
    expect("forwarding" in what and "shared" in what and "links" in what, o["not_examined"])
    _, _, o = lab.report(0, "backup", "old", "-o", "a", "--exclude", "INBOX", "--only", "mail")
    left = [e["what"] for e in o["not_examined"]]
    expect("mail: INBOX" in left and "mail: Work" not in left, left)
    source.mailbox("Work").add(b"Subject: more\r\n\r\n")
    _, _, o = lab.report(0, "backup", "old", "-o", "a")
    expect(len(o["seals"]) == 2 and o["seals"][1]["parent"] == o["seals"][0]["seal"] and o["seals"][1]["seal"] == o["seal"], o["seals"])


def others(lab, target, dav):
    """restore, verify and check; a refused one is named as it is."""
    _, text, o = lab.report(3, "restore", "a", "new")
    servers(lab, o, "target")
    expect(o["failed"] and any(SCRIPT in n["text"] for n in o["notes"]) and len(o["seals"]) == 2 and "not_examined" not in o, o["notes"])
    _, _, o = lab.report(0, "verify", "a")
    expect("servers" not in o and len(o["seals"]) == 2 and o["years"], o)
    _, _, o = lab.report(0, "check", "old")
    servers(lab, o, "source")
    folders = {f["name"]: (f["kind"], f["items"]) for f in o["folders"]}
    expect(o["not_examined"] and folders["INBOX"] == ("mail", 5) and folders[HOSTILE[1]] == ("calendars", 1), folders)
    expect("LITERAL+" in {f["service"]: f["capabilities"] for f in o["offers"]}["imap"], o["offers"])


def audit(lab, source, dav):
    """The verdict with its reasons, and both sides."""
    source.mailbox("INBOX").add(source.message(99, SCRIPT))
    source.mailbox("New").add(source.message(98, "new"))
    page, text, o = lab.report(3, "audit", "a", "--source", "old", "--target", "new")
    servers(lab, o, "source")
    servers(lab, o, "target")
    expect(o["verdict"] == "no" and "SAFE TO DEACTIVATE: NO" in text and page.count("SAFE TO DEACTIVATE: YES</h1>") == 0, o["verdict"])
    new = [f for f in o["findings"] if f["finding"] == "not-in-archive"]
    expect(len(new) == 2 and new[0]["subject"] == SCRIPT and text.index("Reasons for NO") < text.index(SCRIPT, text.index("Reasons for NO")), new)
    sides = {f["name"]: (f["items"], f["source"]["items"], f.get("target", {}).get("items")) for f in o["folders"]}
    expect(sides["INBOX"] == (5, 6, 5) and sides["Work"] == (2, 2, 2) and sides["New"] == (0, 1, None), sides)
    box = next(f for f in o["folders"] if f["name"].startswith("Box 0 "))
    expect(box["items"] == 1 and box["source"] == {"items": 1, "bytes": box["bytes"]} and box["target"] == {"items": 0, "bytes": 0}, box)
    people = next(f for f in o["folders"] if f["kind"] == "contacts")
    expect(people["items"] == people["source"]["items"] == people["target"]["items"] == 1, people)
    page, text, o = lab.report(None, "audit", "a", "--source", "old", "--accept", "altered,held-back,flags-lost,flags")
    expect(o["exit"] == 3 and all(s["side"] == "source" for s in o["servers"]), o["servers"])


def failed(lab):
    """Nobody was reached: the page says so, and knows nothing of TLS."""
    lab.accounts(gone=(1, 1))
    _, text, o = lab.report(1, "backup", "gone", "-o", "b")
    expect("none came about" in text and "not signed in" in text and not any("tls" in s or "sign_in" in s for s in o["servers"]), o["servers"])


def main():
    home = tempfile.mkdtemp(prefix="valise-")
    try:
        lab = Lab(home)
        Dav.tls, Dav.scheme, Dav.host = lab.tls, "https", "localhost"
        NewDav = type("NewDav", (Dav,), {"target": True})
        with Source(*lab.tls) as source, Target(*lab.tls) as target, Dav() as dav, NewDav() as new:
            lab.accounts(old=(source.tls_port, dav.port), new=(target.tls_port, new.port))
            backup(lab, source, dav)
            others(lab, target, new)
            audit(lab, source, dav)
            failed(lab)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print("ok")


main()
