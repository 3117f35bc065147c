#!/usr/bin/python3
"""valise audit finds each of more than thirty kinds of differences between a source, its archive and a target, by name, and invents none where the three
are equal: on Dovecot with Radicale, and on Cyrus. Nothing is written at either account meanwhile."""
import base64
import hashlib
import imaplib
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import SERVERS, Failed, environment, execute, expect  # noqa: E402

DATE = '"01-Mar-2024 10:00:00 +0000"'
BOXES = {"INBOX": 14, "Work": 14, "Mine": 4, "Old": 3, "Renamed": 2, "Dropped": 2}
CALENDARS = {"work": 9, "home": 3, "lost": 2}
CARDS = 8


def message(box, i, text="the text"):
    return ("Message-ID: <%s-%d@planted>\r\nDate: Fri, 1 Mar 2024 10:00:00 +0000\r\nFrom: Ann <ann@x.example>\r\nTo: alice@x.example\r\n"
            "Subject: %s-%d\r\n\r\n%s\r\n" % (box, i, box, i, text)).encode()


def event(uid, summary, more="", alarm=True):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//planted//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20240301T100000Z\r\nDTSTART:20240401T190000Z\r\n"
            "DTEND:20240401T200000Z\r\nSUMMARY:%s\r\n%s%sEND:VEVENT\r\nEND:VCALENDAR\r\n" % (uid, summary, more,
            "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n" if alarm else "")).encode()


def task(uid, summary, status="NEEDS-ACTION"):
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//planted//EN\r\nBEGIN:VTODO\r\nUID:%s\r\nDTSTAMP:20240301T100000Z\r\nSUMMARY:%s\r\nSTATUS:%s\r\n"
            "END:VTODO\r\nEND:VCALENDAR\r\n" % (uid, summary, status)).encode()


def card(uid, name, mail="x@x.example"):
    return ("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%s\r\nFN:%s\r\nN:%s;;;;\r\nEMAIL:%s\r\nEND:VCARD\r\n" % (uid, name, name, mail)).encode()


class Account:
    """One account of real servers, with what the test changes in it."""

    def __init__(self, mail, dav, user):
        self.mail, self.dav, self.user = mail, dav, user
        self.trust = ssl._create_unverified_context()

    def options(self, env):
        return ["imap = imaps://localhost:%s" % self.mail["IMAPS_PORT"], "caldav = " + self.home("CALDAV"), "carddav = " + self.home("CARDDAV"),
            "user = " + self.user, "ca-file = " + self.mail["CA"], "password-command = echo pw-" + self.user]

    def home(self, kind):
        return self.dav["DAVS_URL"] + self.dav[kind + "_HOME1"].replace("alice", self.user)

    def imap(self):
        m = imaplib.IMAP4_SSL("127.0.0.1", int(self.mail["IMAPS_PORT"]), ssl_context=self.trust)
        m.login(self.user, "pw-" + self.user)
        return m

    def http(self, method, kind, path, body=None, content=None):
        r = urllib.request.Request(self.home(kind) + path, body, {"Content-Type": content} if content else {"Depth": "1"} if method == "PROPFIND" else {}, method=method)
        r.add_header("Authorization", "Basic " + base64.b64encode(("%s:pw-%s" % (self.user, self.user)).encode()).decode())
        with urllib.request.urlopen(r, context=self.trust) as answer:
            return answer.read()

    def put(self, calendar, name, body):
        self.http("PUT", "CALDAV", "%s/%s.ics" % (calendar, name), body, "text/calendar")

    def put_card(self, name, body):
        self.http("PUT", "CARDDAV", "people/%s.vcf" % name, body, "text/vcard")

    def calendar(self, name):
        self.http("MKCALENDAR", "CALDAV", name + "/", ('<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop><D:displayname>%s'
            '</D:displayname></D:prop></D:set></C:mkcalendar>' % name).encode(), "text/xml")

    def drop(self, calendar):
        try:
            self.http("DELETE", "CALDAV", calendar + "/")
        except urllib.error.HTTPError as e:
            expect(e.code == 404, "DELETE: %s" % e)  # Cyrus deletes it, and says that it is not there

    def book(self, name):
        self.http("MKCOL", "CARDDAV", name + "/", ('<D:mkcol xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:set><D:prop><D:resourcetype><D:collection/>'
            '<C:addressbook/></D:resourcetype><D:displayname>%s</D:displayname></D:prop></D:set></D:mkcol>' % name).encode(), "text/xml")

    def fill(self):
        m = self.imap()
        for box, n in BOXES.items():
            if box != "INBOX":
                m.create(box)
            m.subscribe(box)
            for i in range(n):
                m.append(box, "(\\Seen $Label1)", DATE, message(box, i))
        m.logout()
        for name, n in CALENDARS.items():
            self.calendar(name)
            for i in range(n):
                uid = "%s-%d" % (name, i)
                self.put(name, uid, task(uid, uid) if uid == "work-8" else event(uid, uid))
        self.book("people")
        for i in range(CARDS):
            self.put_card("card-%d" % i, card("card-%d" % i, "Card %d" % i))

    def state(self):
        """All that could be seen if somebody had written here."""
        seen, m = [], self.imap()
        seen.append(sorted(map(str, m.lsub()[1])))
        for line in sorted(m.list()[1]):
            seen.append(line)
            box = line.decode().rpartition(" ")[2]
            if b"\\Noselect" in line:
                continue
            seen.append(m.status(box, "(MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ UNSEEN)"))
            m.select(box, readonly=True)
            seen.append(m.uid("fetch", "1:*", "(FLAGS)"))
        m.logout()
        for kind in "CALDAV", "CARDDAV":
            seen.append(self.http("PROPFIND", kind, "", None))
        return hashlib.sha256(repr(seen).encode()).hexdigest()

    # what happens to items; each is named by the end of its subject

    def uid(self, m, box, i):
        m.select(box)
        found = m.uid("search", None, 'HEADER Message-ID "<%s-%d@planted>"' % (box, i))[1][0].split()
        expect(found, "%s-%d is not at %s" % (box, i, self.user))
        return found[0]

    def store(self, box, i, what, flags):
        m = self.imap()
        m.uid("store", self.uid(m, box, i), what, flags)
        m.logout()

    def delete(self, box, i):
        m = self.imap()
        m.uid("store", self.uid(m, box, i), "+FLAGS", "(\\Deleted)")
        m.expunge()
        m.logout()

    def copy(self, box, i, to, then_delete=False):
        m = self.imap()
        m.uid("copy", self.uid(m, box, i), to)
        m.logout()
        if then_delete:
            self.delete(box, i)

    def append(self, box, data, flags="(\\Seen $Label1)", date=DATE):
        m = self.imap()
        m.create(box)
        expect(m.append(box, flags, date, data)[0] == "OK", "APPEND")
        m.logout()

    def box(self, verb, *names):
        m = self.imap()
        expect(getattr(m, verb)(*names)[0] == "OK", "%s %s" % (verb, names))
        m.logout()


def at_the_source(s):
    """Changes of the old account since the backup: (finding, what names it, is it safe), in the order of docs/AUDIT.md."""
    s.append("INBOX", message("new", 1))
    yield "not-in-archive", "new-1", False
    s.append("Fresh", message("fresh", 1))
    yield "not-in-archive", "fresh-1", False
    s.box("create", "Empty")
    yield "folder-new", "Empty", True
    s.delete("INBOX", 0)
    yield "gone-at-source", "INBOX-0", True
    s.copy("INBOX", 1, "Work", True)
    yield "moved", "INBOX-1", False
    s.store("INBOX", 2, "+FLAGS", "(\\Flagged)")
    yield "flags", "INBOX-2", False
    s.store("INBOX", 3, "-FLAGS", "(\\Seen)")
    yield "flags", "INBOX-3", False
    s.store("INBOX", 4, "+FLAGS", "(todo)")
    yield "flags", "INBOX-4", False
    s.store("INBOX", 5, "-FLAGS", "($Label1)")
    yield "flags", "INBOX-5", False
    s.store("INBOX", 6, "+FLAGS", "($NotJunk)")
    yield "marks", "INBOX-6", True
    # a draft that is written on: the old one goes, another one comes
    s.delete("INBOX", 7)
    yield "gone-at-source", "INBOX-7", True
    s.append("INBOX", message("INBOX", 7, "the text, continued"))
    yield "not-in-archive", "INBOX-7", False
    s.box("delete", "Dropped")
    yield "folder-gone", "Dropped", True
    s.put("work", "new", event("new", "new event"))
    yield "not-in-archive", "new event", False
    s.put("work", "work-0", event("work-0", "work-0 changed"))
    yield "newer", "work-0 changed", False
    s.put("work", "work-1", event("work-1", "work-1", alarm=False))
    yield "newer", "work-1", False
    s.put("work", "work-8", task("work-8", "work-8", "COMPLETED"))
    yield "newer", "work-8", False
    s.http("DELETE", "CALDAV", "work/work-2.ics")
    yield "gone-at-source", "work-2", True
    s.calendar("later")
    s.put("later", "later-0", event("later-0", "later-0"))
    yield "not-in-archive", "later-0", False
    s.put_card("new", card("new", "New Card"))
    yield "not-in-archive", "New Card", False
    s.put_card("card-0", card("card-0", "Card 0", "changed@x.example"))
    yield "newer", "Card 0", False
    s.http("DELETE", "CARDDAV", "people/card-1.vcf")
    yield "gone-at-source", "Card 1", True


def at_the_target(t):
    """What is otherwise at the new account than a restore made it."""
    t.delete("Work", 0)
    yield "missing", "Work-0", False
    t.delete("Work", 1)
    t.append("Work", message("Work", 1, "another text"))
    yield "altered", "Work-1", False
    t.store("Work", 2, "-FLAGS", "(\\Seen)")
    yield "flags-lost", "Work-2", False
    t.store("Work", 3, "-FLAGS", "($Label1)")
    yield "flags-lost", "Work-3", False
    t.delete("Work", 4)
    t.append("Work", message("Work", 4), date='"02-Apr-2024 11:11:11 +0000"')
    yield "altered", "Work-4", False
    t.copy("Work", 5, "Mine", True)
    yield "elsewhere", "Work-5", True
    t.append("Work", message("Work", 6))
    yield "doubled", "Work-6", True
    t.box("delete", "Old")
    for i in range(BOXES["Old"]):
        yield "missing", "Old-%d" % i, False
    # read, flagged, new mail: their owner works there already
    t.store("Work", 7, "+FLAGS", "(\\Flagged later)")
    t.append("INBOX", message("theirs", 1))
    t.put("home", "theirs", event("theirs", "theirs"))
    t.http("DELETE", "CALDAV", "work/work-3.ics")
    yield "missing", "work-3", False
    t.put("work", "work-4", event("work-4", "work-4 changed there"))
    yield "altered", "work-4", False
    t.put("work", "work-5", event("work-5", "work-5", alarm=False))
    yield "altered", "work-5", False
    t.put("work", "work-6", event("work-6", "work-6", "LOCATION:there\r\n"))
    yield "altered", "work-6", False
    t.http("DELETE", "CALDAV", "work/work-7.ics")
    t.put("home", "work-7", event("work-7", "work-7"))
    yield "elsewhere", "work-7", True
    t.drop("lost")
    for i in range(CALENDARS["lost"]):
        yield "missing", "lost-%d" % i, False
    t.http("DELETE", "CARDDAV", "people/card-2.vcf")
    yield "missing", "Card 2", False
    t.put_card("card-3", card("card-3", "Card 3", "there@x.example"))
    yield "altered", "Card 3", False


class Trio:
    def __init__(self, scratch, source, target):
        self.scratch, self.source, self.target = scratch, source, target
        self.env = environment(scratch)
        self.archive = os.path.join(scratch, "a.valise")
        with open(os.path.join(scratch, "accounts.ini"), "w") as f:
            for name, account in ("old", source), ("new", target):
                f.write("\n".join(["[%s]" % name, *account.options(self.env), "", ""]))

    def run(self, code, *args):
        rc, out, err = execute(*args, "--config", os.path.join(self.scratch, "accounts.ini"), env=self.env)
        expect(code in (None, rc), "exit code %d instead of %s: %s\n%s%s" % (rc, code, " ".join(args), out[-3000:], err[-3000:]))
        return out

    def audit(self, code, *args):
        """The outcome; whoever is told by text alone learns the same verdict."""
        lines = [json.loads(line) for line in self.run(code, "audit", self.archive, "--json", *args).splitlines()]
        expect(lines[-1]["event"] == "done", lines[-1])
        expect(lines[-1]["verdict"] == ("yes" if code == 0 else "no"), lines[-1]["verdict"])
        return lines[-1]

    def both(self, code, *args):
        return self.audit(code, "--source", "old", "--target", "new", *args)


def key_of(f):
    return f["side"], f["finding"], f.get("subject") or f.get("summary") or f.get("name") or f.get("collection"), f["safe"]


def compare(outcome, side, planted, what):
    got = sorted(key_of(f) for f in outcome["findings"] if f["side"] == side)
    want = sorted((side, *p) for p in planted)
    missing, invented = [w for w in want if w not in got], [g for g in got if g not in want]
    expect(got == want, "%s: not found: %s; invented: %s" % (what, missing, invented))


def each_kind(trio, name):
    trio.source.fill()
    trio.run(0, "backup", "old", "-o", trio.archive)
    rc_restore = trio.run(None, "restore", trio.archive, "new")
    print("--", name, "equal: nothing is invented, and nothing is written", flush=True)
    before = trio.source.state(), trio.target.state()
    for more in [], ["--full"]:
        outcome = trio.both(0, *more)
        no = [f for f in outcome["findings"] if not f["safe"]]
        expect(not no, "%s: invented: %s\n%s" % (name, no, rc_restore))
        expect(not outcome["findings"] or name == "Cyrus", "%s: invented: %s" % (name, outcome["findings"]))
    equal = {key_of(f) for f in outcome["findings"]}
    expect((trio.source.state(), trio.target.state()) == before, "%s: an audit wrote something" % name)

    print("--", name, "each difference is found", flush=True)
    planted = {"source": list(at_the_source(trio.source)), "target": list(at_the_target(trio.target))}
    before = trio.source.state(), trio.target.state()
    for more in [], ["--full"]:
        outcome = trio.both(3, *more)
        outcome["findings"] = [f for f in outcome["findings"] if key_of(f) not in equal]
        for side in planted:
            compare(outcome, side, planted[side], "%s, %s%s" % (name, side, "".join(more)))
        expect(not any(f["side"] == "archive" for f in outcome["findings"]), outcome["findings"])
    expect((trio.source.state(), trio.target.state()) == before, "%s: an audit wrote something" % name)
    kinds = {p[0] for side in planted.values() for p in side}
    print("  ", sum(map(len, planted.values())), "differences of", len(kinds), "findings", flush=True)


def around(trio):
    """What is about the archive and the way it was made."""
    def quiet(archive, code, *args):
        trio.archive = archive
        return {(f["side"], f["finding"]) for f in trio.both(code, *args)["findings"] if not f["safe"]}

    whole = trio.archive
    trio.run(None, "backup", "old", "-o", whole)
    trio.run(None, "restore", whole, "new")
    base = quiet(whole, 3)  # what was changed at the target stays so: a restore only adds
    print("-- same size, other octets: by reading alone", flush=True)
    t = trio.target
    t.delete("Mine", 0)
    t.append("Mine", message("Mine", 0, "TEXT the"))
    expect(("target", "altered") in quiet(whole, 3, "--full"), "same size, other octets")
    print("-- a damaged part, a left out mailbox, another account, no source", flush=True)
    damaged = whole + "-damaged"
    shutil.copytree(whole, damaged)
    part = os.path.join(damaged, "data/000001/part-000001.tar.gz")
    with open(part, "r+b") as f:
        f.seek(200)
        byte = f.read(1)
        f.seek(200)
        f.write(bytes([byte[0] ^ 1]))
    expect(("archive", "damaged") in quiet(damaged, 3), "a damaged part")
    trio.run(None, "backup", "old", "-o", whole + "-less", "--exclude", "Mine", "--only", "mail")
    less = quiet(whole + "-less", 3)
    expect(less - base & {("source", "not-in-archive"), ("source", "excluded"), ("archive", "excluded"), ("source", "no-service"), ("archive", "no-service")},
        "what was left out: %s" % less)
    expect(("source", "excluded") in quiet(whole, 3, "--exclude", "Mine"), "left out of the audit")
    trio.archive = whole
    rc, out, err = execute("audit", whole, "--source", "new", "--target", "old", "--config", os.path.join(trio.scratch, "accounts.ini"), env=trio.env)
    expect(rc in (1, 3) and "another account" in out + err, "the wrong way round: %d %s%s" % (rc, out, err))
    f = trio.audit(3, "--target", "new")["findings"]
    expect("no-source" in {x["finding"] for x in f}, "without a source: %s" % f)


def start(kind, place, **choices):
    os.makedirs(place)
    p = subprocess.run([os.path.join(SERVERS, kind + ".sh"), "start", place], env=dict(os.environ, **choices), capture_output=True)
    expect(p.returncode == 0, p.stderr.decode())
    with open(os.path.join(place, "env")) as f:
        return dict(line.rstrip("\n").split("=", 1) for line in f)


def main():
    scratch, running = tempfile.mkdtemp(prefix="valise-"), []
    os.chmod(scratch, 0o755)
    rc = 1

    def server(kind, **choices):
        place = os.path.join(scratch, kind)
        running.append((kind, place))
        return start(kind, place, **choices)

    try:
        dovecot = server("dovecot", USERS="alice bob")
        radicale = server("radicale", USERS="alice bob")
        for name, mail, dav in ("Dovecot and Radicale", dovecot, radicale), ("Cyrus", None, None):
            if not mail:
                mail = dav = server("cyrus", USERS="alice bob")
            home = os.path.join(scratch, name.replace(" ", "-"))
            os.makedirs(home)
            with open(home + "/ca.pem", "w") as f:  # each server has an authority of its own
                for ca in {mail["CA"], dav["CA"]}:
                    with open(ca) as one:
                        f.write(one.read())
            mail = dict(mail, CA=home + "/ca.pem")
            trio = Trio(home, Account(mail, dav, "alice"), Account(mail, dav, "bob"))
            each_kind(trio, name)
            if name != "Cyrus":
                around(trio)
        rc = 0
    except Failed as e:
        print("FAILED:", e)
    finally:
        for kind, place in running:
            subprocess.run([os.path.join(SERVERS, kind + ".sh"), "stop", place], capture_output=True)
        if "KEEP" in os.environ:
            print("kept:", scratch)
        else:
            subprocess.run(["chmod", "-R", "u+rwX", scratch], check=False)
            shutil.rmtree(scratch, ignore_errors=True)
    return rc


if __name__ == "__main__":
    sys.exit(main())
