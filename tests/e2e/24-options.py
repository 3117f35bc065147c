#!/usr/bin/python3
"""No command ends with 0 while something that its options asked for is missing: each option that chooses, alone and in pairs, against a model of our own
(Dovecot, Radicale); what means nothing is exit code 2, before anything is done; a second run agrees with the first. --map in all its spellings."""
import base64
import imaplib
import itertools
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import SERVERS, execute, expect, run  # noqa: E402
import fakedav  # noqa: E402
from cases_target import Target  # noqa: E402

CONTEXT = ssl._create_unverified_context()
BOXES = {"INBOX": "INBOX", "Work": "Work", "Work/2024": "Work/2024", "Entwürfe": "Entw&APw-rfe", "Entwürfe/alt": "Entw&APw-rfe/alt", "Bills": "Bills"}
CALENDARS = {"Work": "work", "A": "a", "A/B": "ab"}
BOOKS = {"People": "people"}
HOLDS = {"mail": set(BOXES), "calendars": set(CALENDARS), "contacts": set(BOOKS)}
VERBS = ("backup", "restore", "verify", "list", "show", "snapshots", "check", "fetch", "pack", "unpack", "salvage")


class Server(dict):
    def __init__(self, kind, where):
        super().__init__()
        self.script, self.where = os.path.join(SERVERS, kind + ".sh"), os.path.join(where, kind)
        os.mkdir(self.where)

    def __enter__(self):
        text = subprocess.run([self.script, "start", self.where], check=True, capture_output=True, text=True).stdout
        self.update(line.split("=", 1) for line in text.splitlines())
        return self

    def __exit__(self, *_):
        subprocess.run([self.script, "stop", self.where], check=True, capture_output=True)


def dav(port, method, path, text):
    r = urllib.request.Request("https://localhost:%s/alice/%s" % (port, path), text.encode(), method=method)
    r.add_header("Authorization", "Basic " + base64.b64encode(b"alice:pw-alice").decode())
    urllib.request.urlopen(r, context=CONTEXT)


def login(imap, user):
    m = imaplib.IMAP4_SSL("127.0.0.1", int(imap["IMAPS_PORT"]), ssl_context=CONTEXT)
    m.login(user, "pw-" + user)
    return m


def fill(imap, http):
    m = login(imap, "alice")
    for name, wire in BOXES.items():
        m.create('"%s"' % wire)
        m.append('"%s"' % wire, None, None, b"Message-ID: <%s@options.example>\r\nSubject: %s\r\n\r\nx\r\n" % (wire.encode(), wire.encode()))
    port, show = http["HTTPS_PORT"], "<displayname>%s</displayname>"
    for name, segment in CALENDARS.items():
        dav(port, "MKCALENDAR", segment + "/", '<C:mkcalendar xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop>%s</prop></set></C:mkcalendar>' % show % name)
        dav(port, "PUT", segment + "/1.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20200101T000000Z\r\n"
            "DTSTART:20200101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n" % segment)
    for name, segment in BOOKS.items():
        dav(port, "MKCOL", segment + "/", '<mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><set><prop>%s<resourcetype><collection/><C:addressbook/></resourcetype>'
            '</prop></set></mkcol>' % show % name)
        dav(port, "PUT", segment + "/1.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:x\r\nN:x;;;;\r\nEND:VCARD\r\n")


# ---- the model ----

def matches(pattern, kind, name, below):
    rx = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    names = [name] + ([BOXES[name]] if kind == "mail" else [])
    tail = "(/.*)?" if below and kind == "mail" else ""
    return any(re.fullmatch(rx + tail, n, re.S) for n in names) or (kind == "mail" and name == "INBOX" and pattern.upper() == "INBOX")


FOR = {"--exact": ("calendars", "contacts"), "--fetch-links": ("calendars", "contacts"), "--all-namespaces": ("mail",), "--strict": ("mail",), "--pop3-end": (),
       "--labels": ("mail",), "--verify": ("mail",), "--attach-links": ("calendars", "contacts"), "--with-attendees": ("calendars",)}


def model(options, holds, strict_everywhere=False):
    """The collections that the options ask for, or None: they mean nothing."""
    only, include, exclude = set(), [], []
    for name, value in options:
        if name == "--only":
            if only and only != set(value.split(",")):
                return None
            only |= set(value.split(","))
        include += [value] if name in ("--include", "--folder") else []
        exclude += [value] if name == "--exclude" else []
    if only - set(holds):
        return None
    field = [(kind, name) for kind, names in holds.items() if not only or kind in only for name in names]
    if any(not any(matches(p, *c, True) for c in field) for p in include) or any(not any(matches(p, *c, False) for c in field) for p in exclude):
        return None
    chosen = {c for c in field if (not include or any(matches(p, *c, True) for p in include)) and not any(matches(p, *c, False) for p in exclude)}
    kinds = {kind for kind, _ in chosen} if strict_everywhere else only or set(holds)
    for name, _ in options:
        if name in FOR and not (name == "--strict" and strict_everywhere) and not kinds & set(FOR[name]):
            return None
    return chosen or None


def pairs(options):
    yield ()
    yield from ((o,) for o in options)
    yield from itertools.combinations(options, 2)


def words(options):
    return [w for o in options for w in o if w]


def took(archive):
    """What the newest snapshot read."""
    heads = [json.loads(line) for line in run(0, "list", archive, "--json").splitlines()]
    return {(h["kind"], h["name"]) for h in heads if h["items"] and h["status"] != "skipped"}


# ---- the verbs ----

def backup(account, holds, d):
    options = [("--only", "mail"), ("--only", "calendars,contacts"), ("--include", "Work"), ("--include", "inbox"), ("--include", "Entw&APw-rfe"),
               ("--exclude", "Work*"), ("--exclude", "People"), ("--exact", None), ("--all-namespaces", None), ("--pop3-end", "quit")]
    done = 0
    for chosen in pairs(options):
        want, archive = model(chosen, holds), os.path.join(d, "b")
        args = ("backup", *account, "-o", archive, *words(chosen))
        if want is None:
            run(2, *args)
            expect(not os.path.exists(os.path.join(archive, "data")), "%s: something was sealed" % words(chosen))
            continue
        run(0, *args)
        expect(took(archive) == want, "%s: took %s, not %s" % (words(chosen), sorted(took(archive)), sorted(want)))
        if len(chosen) == 1:
            expect("nothing changed" in run(0, *args), "%s: a second run does not agree" % words(chosen))
        shutil.rmtree(archive)
        done += 1
    expect(done > 20, "only %d were done" % done)


def restore(account, full, d):
    options = [("--only", "mail"), ("--folder", "Work"), ("--include", "A/B"), ("--include", "Entw*"), ("--exclude", "Work*"), ("--exclude", "inbox"),
               ("--labels", "first"), ("--verify", "full"), ("--with-attendees", None)]
    for chosen in pairs(options):
        want = model(chosen, HOLDS, True)
        rc, out, said = execute("restore", full, *account, "--dry-run", "--json", *words(chosen))
        expect(rc == (2 if want is None else 0), "exit code %d: %s\n%s%s" % (rc, words(chosen), out, said))
        if want is not None:
            done = json.loads(out.splitlines()[-1])
            expect((done["collections"], done["items"]) == (len(want), len(want)), "%s: %s, not %s" % (words(chosen), done, sorted(want)))


def local(mail, full, d):
    """Verbs that need no server."""
    tree = os.path.join(d, "tree")
    for args in (("--only", "calendars"), ("--only", "mail,calendars"), ("--only", ""), ("--only", "post"), ("--snapshot", "0"), ("--snapshot", "4294967297"),
                 ("--snapshot", "1", "--snapshot", "2"), ("--names", "dos"), ("--only", "mail", "--only", "contacts")):
        run(2, "unpack", mail, "-t", tree, *args)
        expect(not os.path.exists(tree), "unpack %s wrote something" % (args,))
    run(0, "unpack", full, "-t", tree, "--only", "mail,contacts")
    run(0, "unpack", full, "-t", tree, "--only", "calendars")
    expect(sorted(os.listdir(tree)) == ["calendars", "catalog", "contacts", "mail"], os.listdir(tree))
    run(0, "pack", tree, "-o", d + "/again.valise")
    heads = [json.loads(line) for line in run(0, "list", d + "/again.valise", "--json").splitlines()]
    expect({(h["kind"], h["name"]) for h in heads} == took(full), "unpacked in two parts, and not all is there")
    run(2, "list", mail, "--with-gone")
    run(2, "list", mail, "Nope")
    run(2, "list", mail, "--snapshot", "4294967297")
    expect(run(0, "list", full, "Work").count("\n") == 2 + 2, "list names two collections called Work, and shows one")
    run(2, "show", mail, "INBOX/1", "--snapshot", "0")
    run(1, "show", mail, "INBOX/1", "--snapshot", "2")
    known = {verb: set(re.findall(r" (--[a-z0-9-]+)", run(0, "help", verb))) for verb in VERBS}
    place = {"backup": (), "fetch": ("-t", tree), "check": (), "pack": (tree, "-o", d + "/p"), "unpack": (mail, "-t", d + "/u"), "salvage": (mail, "-t", d + "/u"), "show": (mail, "INBOX/1")}
    for verb in VERBS:
        for option in set().union(*known.values()) - known[verb]:
            text = run(2, verb, *place.get(verb, (mail,)), option + "=1")
            expect("unknown option" in text or " is not for %s: " % verb in text, "%s %s: %s" % (verb, option, text))


def refused(imap, http, mail, full, d):
    """What can be told from the command line alone asks for no password."""
    asked = os.path.join(d, "asked")
    who = ["--user", "alice", "--password-command", "touch %s; echo pw-alice" % asked]
    one = imap + who
    for args in (["backup", *one, "--only", "mail,calendars"], ["backup", *one, "--user", "bob"], ["backup", *one, "--imap", "imaps://localhost:1"], ["fetch", *one, "--only", ""],
                 ["backup", *one, "--names", "portable"], ["backup", *one, "--fetch-links"], ["fetch", *one, "--exact"], ["backup", *http, *who, "--strict"],
                 ["restore", mail, *one, "--only", "mail,contacts"], ["restore", mail, *one, "--under", ""], ["restore", mail, *one, "--under", "x/"], ["restore", mail, *one, "--into", "X"],
                 ["restore", mail, *one, "--attach-links"], ["restore", mail, *one, "--pop3", "pop3s://localhost:1"], ["restore", full, *http, *who, "--only", "calendars", "--verify", "full"]):
        args += ["-o", d + "/no"] if args[0] == "backup" else ["-t", d + "/no"] if args[0] == "fetch" else []
        run(2, *args)
    for args in (["Work=X", "Bills=X"], ["Work=X", "Work=Y"], ["Work=X/"], ["Work=/X"], ["Work=X//Y"], ["Nope=X"], ["Work.2024=X"], ["=X"], ["Work="], ["Work"]):
        run(2, "restore", mail, *one, *(w for a in args for w in ("--map", a)))
    expect("left out by the other options" in run(2, "restore", mail, *one, "--include", "Bills", "--map", "Work=X"), "a map of what is not restored")
    expect(not os.path.exists(asked) and not os.path.exists(d + "/no/data") and not os.path.exists(d + "/no/mail"), "a password was asked for, or something written")


def mapped(imap, mail, server):
    """Where --map puts things; the second run and the one without it find them there."""
    cases = [(["inbox=Old"], {"INBOX": "Old"}), (["Entw&APw-rfe=X"], {"Entwürfe": "X", "Entwürfe/alt": "X/alt"}), (["Work=inbox"], {"Work": "INBOX", "Work/2024": "INBOX/2024"}),
             (["Work=X", "Bills=X/2024"], {"Work": "X", "Bills": "X/2024", "Work/2024": "X/2024_2"}), (["Work/2024=Y", "Work=X"], {"Work": "X", "Work/2024": "Y"}),
             (["Work=Bills"], {"Work": "Bills", "Work/2024": "Bills/2024", "Bills": "Bills_2"})]
    for maps, places in cases:
        who = [*imap, "--user", "bob", "--password-command", "echo pw-bob"]
        args = ["restore", mail, *who, *(w for a in maps for w in ("--map", a))]
        told = dict(re.findall(r'^(.*): goes to "(.*)": ', run(0, *args, "--dry-run"), re.M))
        expect({k: told[k] for k in places} == places, "%s: %s" % (maps, told))
    args = ["restore", mail, *who, "--include", "Work", "--map", "Work=inbox"]
    expect(" 2 added, 0 already" in run(0, *args) and " 0 added, 2 already" in run(0, *args) and " 0 added, 2 already" in run(0, *args[:-2]), "not found again")
    m = login(server, "bob")
    expect([m.status(b, "(MESSAGES)")[1][0].split()[-1] for b in ("INBOX", "INBOX/2024")] == [b"1)"] * 2, "Work is not in INBOX")


def nested(d):
    """Calendars in calendars, which only a look inside shows: on the first run, in the last snapshot, below a chosen one and below one that is not."""
    class Blind(fakedav.cases()["nested-calendars"]):
        blind = False

        def do_propfind(self, rq):
            return fakedav.Answer(500) if self.blind and rq.header("Depth") == "1" and "alice/work/" in rq.path else super().do_propfind(rq)

    with Blind() as server:
        server.add("calendar", "other", "Other").put("o.ics", fakedav.event(30))
        every = {"Work", "Work_2", "Deep", "Other"}

        def backup(name, code, *args):
            url = [] if "--caldav" in args else ["--caldav", server.url()]
            return run(code, "backup", *url, "--user", "alice", "--cleartext", "--password-command", "echo pw-alice", "-o", os.path.join(d, name), *args)

        for i, (args, want) in enumerate(((("--include", "Deep"), {"Deep"}), (("--include", "D*"), {"Deep"}), (("--include", "Work"), {"Work", "Work_2", "Deep"}),
                                          (("--include", "Work_2"), {"Work_2", "Deep"}), (("--exclude", "Work", "--exclude", "Other"), {"Work_2", "Deep"}),
                                          (("--include", "Work", "--exclude", "Deep"), {"Work", "Work_2"}), (("--include", "Other"), {"Other"}))):
            backup("nested%d" % i, 0, *args)
            got = {name for _, name in took(os.path.join(d, "nested%d" % i))}
            expect(got == want, "%s: took %s" % (args, got))
            expect("nothing changed" in backup("nested%d" % i, 0, *args), "%s: a second run does not agree" % (args,))
        backup("nope", 2, "--include", "Nope")
        backup("nested", 0)
        one, asked = server.collections["/dav/calendars/alice/other/"], server.count("PROPFIND", "alice/work/", "1")
        backup("nested", 0, "--include", "Other")
        expect(server.count("PROPFIND", "alice/work/", "1") == asked, "a second run looks into what nothing is lacking in")
        shutil.copytree(os.path.join(d, "nested"), os.path.join(d, "blind"))
        server.blind = True
        text = backup("blind", 3, "--include", "Deep")
        expect("could not be listed" in text + run(0, "list", os.path.join(d, "blind")), text)
        server.blind = False
        expect("sealed" in backup("blind", 0, "--include", "Deep"), "not whole again")
        for args in (("--include", "Other"), ("--exclude", "Work"), ("--include", "Work"), ("--caldav", server.url(one.path))):
            expect("nothing changed" in backup("nested", 0, *args), "%s lost something" % (args,))
            expect({name for _, name in took(os.path.join(d, "nested"))} == every, "%s: %s" % (args, took(os.path.join(d, "nested"))))
        one.props[fakedav.DAV + "displayname"] = "Renamed"
        one.put("p.ics", fakedav.event(31))
        backup("nested", 0, "--caldav", server.url(one.path))
        heads = [json.loads(line) for line in run(0, "list", os.path.join(d, "nested"), "--json").splitlines()]
        expect({h["name"] for h in heads} == every - {"Other"} | {"Renamed"}, "one calendar's URL, and it is called otherwise: %s" % heads)


def one_url(full):
    """What one calendar's URL cannot take is in the plan, too."""
    with fakedav.cases()["target-correct"]() as server:
        args = ["restore", full, "--only", "calendars", "--user", "alice", "--cleartext", "--password-command", "echo pw-alice", "--caldav"]
        run(0, *args, server.url(), "--include", "Work")
        for more in (["--dry-run"], []):
            expect("2 REFUSED" in run(3, *args, server.url("/dav/calendars/alice/work/"), *more), "one calendar's URL takes three")


class NoInbox(Target):
    """The target has no INBOX, which no program can make."""
    def populate(self):
        self.mailbox("Archive")


def inbox_lacking(mail):
    with NoInbox() as server:
        args = ["restore", mail, "--imap", "imap://127.0.0.1:%d" % server.port, "--user", "alice", "--cleartext", "--password-command", "echo pw-alice", "--include", "INBOX", "--include", "Bills"]
        expect("--map INBOX=NAME" in run(0, *args, "--dry-run"), "the plan does not say it")
        for already in (0, 1):
            text = run(3, *args)
            expect("%d added, %d already there, 1 REFUSED" % (1 - already, already) in text, text)
            expect(len(re.findall("not restored: .*no such mailbox.*: --map INBOX=NAME", text)) == 1, text)
        expect("1 added, 1 already there" in run(0, *args, "--map", "inbox=Restored"), "--map does not help")
        expect("0 added, 2 already there" in run(0, *args), "what --map did is not remembered")


def main():
    d = tempfile.mkdtemp(prefix="valise-")
    os.chmod(d, 0o755)
    os.environ.update(XDG_STATE_HOME=d + "/state", XDG_CONFIG_HOME=d + "/config", LC_ALL="C.UTF-8")
    try:
        with Server("dovecot", d) as server, Server("radicale", d) as davs:
            fill(server, davs)
            imap = ["--imap", "imaps://localhost:%s" % server["IMAPS_PORT"], "--imap-ca-file", server["CA"]]
            cal, card = ([w for s in kinds for w in ("--%s" % s, davs["DAVS_URL"], "--%s-ca-file" % s, davs["CA"])] for kinds in (("caldav",), ("carddav",)))
            alice = ["--user", "alice", "--password-command", "echo pw-alice"]
            mail, full = d + "/mail.valise", d + "/full.valise"
            run(0, "backup", *imap, *alice, "-o", mail)
            run(0, "backup", *imap, *cal, *card, *alice, "-o", full)
            local(mail, full, d)
            refused(imap, cal, mail, full, d)
            mapped(imap, mail, server)
            nested(d)
            inbox_lacking(mail)
            one_url(full)
            backup([*imap, *cal, *card, *alice], HOLDS, d)
            restore([*imap, *cal, *card, "--user", "bob", "--password-command", "echo pw-bob"], full, d)
    finally:
        shutil.rmtree(d, ignore_errors=True)
    print("ok")


main()
