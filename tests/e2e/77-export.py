#!/usr/bin/python3
"""valise export of a scripted account in each format for mail, read back by Python's mailbox: octets, flags, keywords, dates, names. The place is taken as a whole or not
at all: by a run that is killed anywhere, by a full disk, beside another run; what is damaged or missing is named, and costs only itself."""
import calendar
import fcntl
import glob
import hashlib
import json
import mailbox
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import VALISE, environment, expect, files, imap, run  # noqa: E402
import fakeimap  # noqa: E402

DATES = ["17-Jul-1996 02:44:25 -0700", "05-Mar-2024 23:30:00 +0930", "01-Jan-1970 00:00:00 +0000", "29-Feb-2024 12:00:00 +0000"]
TOP = b"From: Ann <ann@example.org>\r\nSubject: "
ODD = [
    (TOP + b"plain\r\n\r\nbody\r\n", [r"\Seen"]),
    (TOP + b"plain\r\n\r\nFrom here on\r\n>From there\r\n>>From\r\n\r\nFrom x Sun Nov  3 12:00:00 2024\r\nA: b\r\n", [r"\Answered", r"\Flagged", "work"]),
    (TOP + b"its own fields\r\nStatus: RO\r\nX-Keywords: a b\r\nX-Status: D\r\nx-mozilla-status: 0009\r\nX-Original-Status: x\r\nContent-Length: 7\r\n\r\nStatus: RO\r\n", []),
    (TOP + b"no end\r\n\r\nlast", [r"\Draft", "$Forwarded"]),
    (TOP + b"bare\nlf\r\n\r\na\nb\rc\r\r\nd\r\n", [r"\Deleted"]),
    (b"", []),
    (b"no header at all", [r"\Seen"]),
    (b"From ann@example.org Sun Nov  3 12:00:00 2024\r\nSubject: from an mbox\r\n\r\n>\r\n", []),
    (b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\r\nX-IMAP: 1 2\r\nStatus: RO\r\n\r\n", []),
    (TOP + b"=?UTF-8?Q?a/b\\c=3A_CON*=E2=80=AE_evil..?=\r\n\r\n8bit \xff\xfe\r\n", [r"\Seen", "work", "To-Do"]),
    (TOP + b"nul\r\n\r\na\0b\r\n", [r"\Seen"]),
    (TOP + b"long\r\n\r\n" + b">" * 5000 + b"From x\r\n" + b"x" * 100000 + b"\r\n", []),
]
# mailboxes: content name, and what each format calls it
BOXES = {"INBOX": {}, "Work": {}, "work": {"mbox": "work_2", "eml": "work_2", "mh": "work_2"}, "Work/2023": {"mh": "Work/=32023"}, "Work/2023.mbox": {"mbox": "Work/2023=2Embox", "eml": "Work/2023=2Embox", "mh": "Work/2023=2Embox", "maildir": "Work/2023_mbox"},
         "Entwürfe": {}, "v1.2": {"maildir": "v1_2"}, "a:b": {f: "a=3Ab" for f in ("mbox", "eml", "mh")}, "Empty": {}, "Level/Below": {}}
WIRE = {"Entwürfe": "Entw&APw-rfe"}
FORMATS = "mbox", "eml", "maildir", "mh"
LOST = {"mbox": {2, 3, 4, 6, 8}, "mh": {4}, "eml": set(), "maildir": set()}  # of ODD
FIELDS = rb"(?i)x-original-(x-original-)*(status|x-status|x-keywords|x-imap|x-imapbase|x-mozilla-(status2?|keys))[ \t:]"


def messages(box):
    return [] if box == "Empty" else ODD if box == "INBOX" else ODD[:2]


class Source(fakeimap.FakeImap):
    def populate(self):
        self.mailbox("Level", r"\Noselect")
        for i, name in enumerate(BOXES):
            box = self.mailbox(WIRE.get(name, name), uidvalidity=100 + i, subscribed=name != "Empty")
            for k, (body, flags) in enumerate(messages(name)):
                box.add(body, flags, DATES[k % len(DATES)], uid=3 * k + 1)


class Refusing(fakeimap.FakeImap):
    """One message is not given."""
    def do_uid_fetch(self, s, tag, args, by_uid=True):
        if "BODY" in str(args[1]) and any(m.uid == 4 and s.mailbox.name == b"INBOX" for _, m in self.chosen(s, args[0], by_uid)):
            return s.send("%s NO not this one" % tag)
        return super().do_uid_fetch(s, tag, args, by_uid)


def utc(date):
    sign = -1 if date[21] == "-" else 1
    return calendar.timegm(time.strptime(date[:20], "%d-%b-%Y %H:%M:%S")) - sign * (int(date[22:24]) * 60 + int(date[24:26])) * 60


class Lab:
    def __init__(self, home):
        self.home, self.env = home, dict(environment(home), LC_ALL="C")  # names in zip files are UTF-8 whatever the locale is

    def path(self, name):
        return os.path.join(self.home, name)

    def export(self, code, form, to, *more, archive="a", **env):
        return run(code, "export", archive, "-o", to, "--format", form, *more, env=dict(self.env, **env), cwd=self.home)

    def names(self):
        return sorted(n for n in os.listdir(self.home) if "valise-export" in n)


def of_mbox(octets, number, flags):
    """A message of our mbox as it was: without what stands on top, which must say the flags."""
    top = "".join(c for f, c in ((r"\Seen", "R"),) if f in flags) + "O", "".join(c for f, c in ((r"\Answered", "A"), (r"\Flagged", "F"), (r"\Deleted", "D"), (r"\Draft", "T")) if f in flags)
    words = " ".join(sorted(f for f in flags if f[0] != "\\"))
    want = ("Status: %s\nX-Status: %s\nX-Keywords: %s\n" % (*top, words)).encode()
    if number == 0:  # which names all keywords
        want = re.match(rb"(X-IMAPbase: 10\d 0000000000( [\w$-]+)+\n)?", octets)[0] + want
    expect(octets.startswith(want), "message %d: %r, not %r" % (number, octets[:80], want))
    lines, out, header = octets[len(want):].split(b"\n"), [], True
    for line in lines:
        header = header and line not in (b"", b"\r")
        if re.match(rb">+From ", line):
            line = line[1:]
        elif header and re.match(FIELDS, line):
            line = line[len(b"X-Original-"):]
        out.append(line)
    return b"\r\n".join(out)


def check_losses(form, said):
    for k, what in (2, "its own fields"), (3, "no end"), (4, "bare"), (6, 'UID 19'), (8, "INTERNAL DATA"):
        named = re.search(r"(?m)^INBOX, .*%s.*(line|X-Original)" % what, said)
        expect(bool(named) == (k in LOST[form]), "%s: %s is %snamed:\n%s" % (form, what, "" if named else "not ", said))
    for box, called in BOXES.items():
        expect(("%s: it is called \"%s\" here" % (box, called.get(form)) in said) == (form in called), "%s: %s\n%s" % (form, box, said))


def mbox_of(t, said):
    for box, called in BOXES.items():
        path = "%s/mbox/%s.mbox" % (t, called.get("mbox", box))
        with open(path, "rb") as f:
            text = f.read()
        parts = re.split(rb"(?m)^From (?=\S+ \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\n)", text)[1:]
        expect(len(parts) == len(messages(box)) and len(mailbox.mbox(path, create=False)) == len(parts), "%s: %d messages" % (path, len(parts)))
        for k, ((body, flags), part, theirs) in enumerate(zip(messages(box), parts, mailbox.mbox(path, create=False))):
            line, _, rest = part.partition(b"\n")
            sender = b"ann@example.org" if body.startswith(TOP) else b"MAILER-DAEMON"
            expect(line == sender + b" " + time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(utc(DATES[k % 4]))).encode(), line)
            expect(rest.endswith(b"\n"), rest[-20:])
            back = of_mbox(rest[:-1], k, flags)
            expect(back == body or k in LOST["mbox"], "message %d of %s is\n%r" % (k, box, back[:300]))
            expect(set(theirs.get_flags()) - {"O"} == {dict(Seen="R", Answered="A", Flagged="F", Deleted="D", Draft="T")[f[1:]] for f in flags if f[0] == "\\"} - {"T"}
                   | ({"T"} if r"\Draft" in flags and "T" in theirs.get_flags() else set()), "%s: %s" % (flags, theirs.get_flags()))


def eml_of(t, said):
    for box, called in BOXES.items():
        at = os.path.join(t, "eml", called.get("eml", box))
        there = {f: open(os.path.join(at, f), "rb").read() for f in os.listdir(at) if f.endswith(".eml")}
        expect(sorted(there.values()) == sorted(b for b, _ in messages(box)), "%s: %s" % (box, sorted(there)))
        for f, octets in there.items():
            k = [b for b, _ in messages(box)].index(octets)
            day, month, year, hour, minute = DATES[k % 4][:2], time.strptime(DATES[k % 4][3:6], "%b").tm_mon, *re.match(r".{7}(\d+) (\d\d):(\d\d)", DATES[k % 4]).groups()
            expect(f.startswith("%s-%02d-%s %s%s" % (year, month, day, hour, minute)), f)
            expect(os.path.getmtime(os.path.join(at, f)) == utc(DATES[k % 4]), f)
            expect(not re.search(r'[\\:*?"<>|\u202e]', f) and len(f.encode()) < 200 and not f.endswith((" .eml", "..eml")), f)
    expect(os.path.exists(t + "/eml/INBOX/2024-03-05 2330 plain.eml"), os.listdir(t + "/eml/INBOX"))
    expect(os.path.exists(t + "/eml/INBOX/2024-03-05 2330 a_b_c_ CON_ evil.eml"), os.listdir(t + "/eml/INBOX"))


def maildir_of(t, said):
    for i, (box, called) in enumerate(BOXES.items()):
        name = called.get("maildir", box)
        at = os.path.join(t, "maildir", "" if box == "INBOX" else "." + WIRE.get(name, name).replace("/", "."))
        words = dict(line.split() for line in open(at + "/dovecot-keywords")) if any(f[0] != "\\" for _, flags in messages(box) for f in flags) else {}
        expect(words or not os.path.exists(at + "/dovecot-keywords"), at)
        head, *uids = open(at + "/dovecot-uidlist").read().splitlines()
        expect(head == "3 V%d N%d" % (100 + i, 3 * len(messages(box)) - 1 if messages(box) else 1) and len(uids) == len(messages(box)), "%s: %s" % (at, head))
        there = {f.partition(":2,")[0]: f for f in os.listdir(at + "/cur")}
        for k, ((body, flags), line) in enumerate(zip(messages(box), uids)):
            uid, _, base = line.partition(" :")
            path = os.path.join(at, "cur", there.pop(base))
            letters = path.partition(":2,")[2]
            expect(int(uid) == 3 * k + 1 and open(path, "rb").read() == body and base.endswith(",S=%d" % len(body)), line)
            system = {"D": r"\Draft", "F": r"\Flagged", "R": r"\Answered", "S": r"\Seen", "T": r"\Deleted"}
            got = {system[c] if c in system else words[str(ord(c) - 97)] for c in letters if c != "P"}
            expect(got == set(flags) and ("P" in letters) == ("$Forwarded" in flags) and sorted(letters) == list(letters), "%s: %s" % (flags, path))
            expect(os.path.getmtime(path) == utc(DATES[k % 4]), path)
        expect(not there and os.listdir(at + "/new") == os.listdir(at + "/tmp") == [], "%s: %s" % (at, there))
    lines = open(t + "/maildir/subscriptions").read().split("\n")
    want = sorted("\t".join(WIRE.get(b.get("maildir", n), b.get("maildir", n)).split("/")) for n, b in BOXES.items() if n != "Empty")
    expect(lines[:2] == ["V\t2", ""] and sorted(lines[2:-1]) == want, lines)
    expect(sorted(mailbox.Maildir(t + "/maildir", create=False).list_folders()) == sorted(
        WIRE.get(b.get("maildir", n), b.get("maildir", n)).replace("/", ".") for n, b in BOXES.items() if n != "INBOX"), "folders")


def mh_of(t, said):
    for box, called in BOXES.items():
        path = os.path.join(t, "mh", called.get("mh", box))
        m = mailbox.MH(path, create=False)
        expect(sorted(m.keys()) == list(range(1, len(messages(box)) + 1)), "%s: %s" % (path, m.keys()))
        for k, (body, flags) in enumerate(messages(box)):
            octets = m.get_bytes(k + 1)
            expect(octets.replace(b"\n", b"\r\n") == body or (k in LOST["mh"] and octets == body.replace(b"\r\n", b"\n")), "message %d of %s: %r" % (k, box, octets[:200]))
            expect(os.path.getmtime("%s/%d" % (path, k + 1)) == utc(DATES[k % 4]), path)
            want = {s for s, f in (("replied", r"\Answered"), ("flagged", r"\Flagged")) if f in flags} | ({"unseen"} if r"\Seen" not in flags else set())
            expect(set(m.get_message(k + 1).get_sequences()) == want, "%s: %s" % (flags, m.get_message(k + 1).get_sequences()))


def check_zip(t, form):
    with zipfile.ZipFile("%s/%s.zip" % (t, form)) as z:
        expect(z.testzip() is None, "a sum of the zip file is wrong")
        top = os.path.join(t, form)
        there = {os.path.relpath(p, top): o for p, o in files(top).items()}
        expect({i.filename: z.read(i) for i in z.infolist() if not i.is_dir()} == there, "%s: the zip file has something else" % form)
        dirs = {os.path.relpath(os.path.join(at, d), top) + "/" for at, ds, fs in os.walk(top) for d in ds if not os.listdir(os.path.join(at, d))}
        expect(dirs <= {i.filename for i in z.infolist() if i.is_dir()}, dirs)
        for i in z.infolist():
            if form == "eml" and not i.is_dir() and "plain" in i.filename:
                expect(i.extract_version == 20, "%s needs version %d" % (i.filename, i.extract_version))  # no Zip64 where sizes are known
    p = subprocess.run(["bsdtar", "-tf", "%s/%s.zip" % (t, form)], capture_output=True, env=dict(os.environ, LC_ALL="C.UTF-8"))
    expect(p.returncode == 0 and len(p.stdout.splitlines()) >= len(there), p.stderr)


def check_formats(lab):
    for form, look in ("mbox", mbox_of), ("eml", eml_of), ("maildir", maildir_of), ("mh", mh_of):
        said = lab.export(3 if LOST[form] else 0, form, form)
        expect("%s: " % form in said and "are left out" in said, said)
        check_losses(form, said)
        look(lab.home, said)
        lab.export(3 if LOST[form] else 0, form, form + ".zip")
        check_zip(lab.home, form)
    report = lab.path("r.json")
    done, = [json.loads(line) for line in lab.export(3, "mbox", "again", "--json", "--report", "r.json", "--report", "r.html").splitlines() if '"event":"done"' in line]
    expect(done["items"] == sum(len(messages(b)) for b in BOXES) and done["altered"] == len(LOST["mbox"]) and done["files"] == len(BOXES) and done["failed"] == done["missing"] == 0, done)
    with open(report) as f:
        notes = [n for n in json.load(f)["notes"] if n.get("item")]
    expect(len(notes) == len(LOST["mbox"]), notes)
    expect(not lab.export(0, "eml", "quiet", "-q"), "-q says something")
    expect(lab.names() == [], lab.names())


def listed(lab, archive):
    """{mailbox: [(SHA-256, INTERNALDATE, flags and keywords)]}, and how many mailboxes there are."""
    found = {}
    for o in map(json.loads, subprocess.run([VALISE, "list", archive, "--items", "--json"], capture_output=True, check=True, env=lab.env, cwd=lab.home).stdout.splitlines()):
        if "sha256" in o:
            found.setdefault(o["collection"], []).append((o["sha256"], utc(o["date"].rjust(26)), frozenset(o["flags"] + o["keywords"])))
    return found


def check_back(lab):
    """Into an archive again: equal, or exactly what was named."""
    keeps = {"mbox": set("\\Seen \\Answered \\Flagged \\Deleted \\Draft work To-Do $Forwarded".split()), "eml": set(), "mh": set("\\Seen \\Answered \\Flagged".split())}
    keeps["maildir"] = keeps["mbox"]
    for form in FORMATS:
        for to in form, form + ".zip":
            run(0, "import", to, "-o", "back-" + to, env=lab.env, cwd=lab.home)
            found = listed(lab, "back-" + to)
            for box, called in BOXES.items():
                got, want = found.pop(called.get(form, box), []), []
                for k, (body, flags) in enumerate(messages(box)):
                    kept = {f for f in flags if f in keeps[form]}
                    if form == "eml":  # a Status field is all that says anything there; one that begins with a From_ line is an mbox
                        kept = {2: {r"\Seen", r"\Deleted", "a", "b"}, 8: {r"\Seen"}}.get(k, set()) if box == "INBOX" else set()
                    want.append((hashlib.sha256(body).hexdigest(), utc(DATES[k % 4]), frozenset(kept)))
                lost = [w for k, w in enumerate(want) if w not in got]
                named = [w for k, w in enumerate(want) if k in LOST[form] | ({7} if form == "eml" else set())] if box == "INBOX" else []
                expect(len(got) == len(want) and all(w in named for w in lost), "%s, %s: lost %s\n%s" % (to, box, [want.index(w) for w in lost], sorted(got)))
                for g in got:  # of what is named nothing else is another
                    expect(g in want or (g[1:] in [n[1:] for n in named] or form == "eml"), "%s, %s: %s" % (to, box, g))
            expect(not found, "%s: %s" % (to, list(found)))


def check_selection(lab):
    lab.export(0, "eml", "some", "--folder", "Work", "--flagged", "--since", "2024")
    expect(sorted(files(lab.path("some"))) == sorted(lab.path("some/%s/2024-03-05 2330 plain.eml" % n) for n in ("Work", "Work/2023", "Work/2023=2Embox")), sorted(files(lab.path("some"))))
    lab.export(0, "eml", "one", "--item", "INBOX/4")
    expect(list(files(lab.path("one")).values()) == [ODD[1][0]], files(lab.path("one")))
    for more in ["--folder", "Nope"], ["--larger", "1G"], ["--only", "calendars"], ["--item", "INBOX/5"]:
        lab.export(2, "eml", "none", *more)
        expect(not os.path.exists(lab.path("none")) and lab.names() == [], more)


def check_split(lab):
    whole = sorted(files(lab.path("mbox")).values())
    for limit in 50000, 1000, 100:
        lab.export(3, "mbox", "split", "--split", str(limit))
        parts = files(lab.path("split"))
        joined = {}
        for path in sorted(parts, key=lambda p: (len(p), p)):
            base = re.sub(r"-\d+\.mbox$", ".mbox", path)
            joined[base] = joined.get(base, b"") + (re.sub(rb"\A(From .*\n)X-IMAPbase: .*\n", rb"\1", parts[path]) if path != base else parts[path])
            expect(len(parts[path]) <= limit or len(mailbox.mbox(path)) == 1, "%s has %d" % (path, len(parts[path])))
        expect(sorted(joined.values()) == whole and len(parts) > len(joined), "--split %d" % limit)
        for path in parts:
            following = re.sub(r"(-(\d+))?\.mbox$", lambda m: "-%d.mbox" % (int(m[2] or 1) + 1), path)
            if following in parts:  # it had no room for the next message
                first = parts[following].split(b"\nFrom ")[0]
                expect(len(parts[path]) + len(first) + 1 > limit, "%s had room" % path)
        shutil.rmtree(lab.path("split"))


def check_place(lab):
    os.mkdir(lab.path("full"))
    open(lab.path("full/x"), "w").close()
    open(lab.path("a-file"), "w").close()
    open(lab.path("there.zip"), "w").close()
    os.mkdir(lab.path("dir.zip"))
    os.symlink("nowhere", lab.path("link"))
    for to, code in ("full", 1), ("a-file", 1), ("there.zip", 1), ("dir.zip", 1), ("link", 1), (".", 2), ("full/..", 2), ("/", 2), (lab.home, 2), ("a-file/x", 1):
        lab.export(code, "eml", to)
        expect(lab.names() == [], "%s: %s" % (to, lab.names()))
    before = files(lab.path("a"))
    os.symlink("a", lab.path("to-a"))
    for to in "a/new", "a/data/deep/new.zip", "to-a/new", "./a//data/../new", "a":
        expect("in it: name a place outside" in lab.export(2, "eml", to) and files(lab.path("a")) == before and sorted(os.listdir(lab.path("a/data"))) == ["000001"], to)
    expect(not os.path.exists(lab.path("new")), "something was made on the way")
    for more in ["--split", "1"], ["--split", "x"]:
        lab.export(2, "eml", "new", *more)
    lab.export(2, "pst", "new")
    run(2, "export", "a", "-o", "new", env=lab.env, cwd=lab.home)
    run(2, "export", "a", "--format", "eml", env=lab.env, cwd=lab.home)
    run(10, "export", "nothing", "-o", "new", "--format", "eml", env=lab.env, cwd=lab.home)
    expect(not os.path.exists(lab.path("new")), "something was made")
    os.mkdir(lab.path("empty"), 0o750)
    lab.export(0, "eml", "empty/")
    expect(os.stat(lab.path("empty")).st_mode & 0o777 == 0o750, "its mode is another")
    lab.export(0, "eml", "deep/er/new")
    lab.export(0, "eml", "deep/NEW.ZIP")
    expect(zipfile.is_zipfile(lab.path("deep/NEW.ZIP")) and files(lab.path("empty")) and files(lab.path("deep/er/new")), "nothing is there")
    for name in "empty", "deep":
        shutil.rmtree(lab.path(name))


def check_beside(lab):
    """Another run at the same place; what one that is dead has left."""
    os.mkdir(lab.path(".new.valise-export"))
    with open(lab.path(".new.valise-export/lock"), "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        lab.export(11, "eml", "new")
        expect(os.listdir(lab.path(".new.valise-export")) == ["lock"], "it is taken away from the other one")
    os.mkdir(lab.path(".new.valise-export/out"))
    open(lab.path(".new.valise-export/out/x"), "w").close()
    lab.export(0, "eml", "new")
    expect(not os.path.exists(lab.path("new/x")) and lab.names() == [], "what was left is not gone")
    shutil.rmtree(lab.path("new"))


def take_away(path):
    shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else os.path.exists(path) and os.unlink(path)


def check_deaths(lab):
    """Killed just before any of its calls, or out of disk: nothing half is there, and the next run is as if nothing had been."""
    for form, to in ("maildir", "m"), ("eml", "e.zip"), ("mbox", "x"):
        code = 3 if LOST[form] else 0
        lab.export(code, form, to, VALISE_FAULT="kill:0", VALISE_FAULT_COUNT="count")
        whole = files(lab.path(to)) if form != "eml" else len(zipfile.ZipFile(lab.path(to)).namelist())
        n = int(open(lab.path("count")).read())
        rng, seen = random.Random(77), set()
        for at in sorted(set(rng.sample(range(1, n), 4)) | set(range(n - 7, n + 1))):
            take_away(lab.path(to))
            lab.export(None, form, to, VALISE_FAULT="kill:%d" % at)
            there = os.path.exists(lab.path(to))
            seen.add(there)
            if there:
                expect((files(lab.path(to)) if form != "eml" else len(zipfile.ZipFile(lab.path(to)).namelist())) == whole, "killed at %d of %d: half of it is there" % (at, n))
                lab.export(1, form, to)  # refused, and takes away what is left
            else:
                lab.export(code, form, to)
            expect(lab.names() == [], "killed at %d of %d: %s" % (at, n, lab.names()))
        expect(seen == {True, False}, "killed before and after it is in place: %s" % seen)
        for at in rng.sample(range(1, n - 8), 3):
            take_away(lab.path(to))
            said = lab.export(None, form, to, VALISE_FAULT="failfrom:%d:ENOSPC" % at)
            expect(os.path.exists(lab.path(to)) or "No space" in said, said)
            take_away(lab.path(to))
            lab.export(code, form, to)
            expect(lab.names() == [], "disk full at %d of %d: %s" % (at, n, lab.names()))


def check_damage(lab, rng):
    """A damaged member costs its messages, which are named; the others are there."""
    source = fakeimap.FakeImap()
    for i in range(6):
        source.mailbox("Big").add(b"Subject: big %d\r\n\r\n" % i + rng.randbytes(150000).hex().encode() + b"\r\n", [])
    with source:
        run(0, "backup", *imap(source.port), "-o", "big", env=lab.env, cwd=lab.home)
    part, = glob.glob(lab.path("big/data/000001/part-*.tar.gz"))
    with open(part, "r+b") as f:
        f.seek(os.path.getsize(part) // 2)
        byte = f.read(1)
        f.seek(-1, 1)
        f.write(bytes([byte[0] ^ 1]))
    for form in FORMATS:
        said = lab.export(3, form, "damaged-" + form, archive="big")
        lost = re.findall(r'Big, UID \d, .*"big \d": cannot be read', said)
        expect(0 < len(lost) < 6 and "%d item%s could not be read" % (len(lost), "s" * (len(lost) > 1)) in said, said)
        text = b"".join(files(lab.path("damaged-" + form)).values())
        expect(text.count(b"Subject: big") == 6 - len(lost), "%s: half a message is there" % form)
    with Refusing() as source:
        run(3, "backup", *imap(source.port), "-o", "less", env=lab.env, cwd=lab.home)
    said = lab.export(3, "eml", "less-eml", archive="less")
    expect("INBOX, UID 4: is missing in the archive" in said and "1 item is missing" in said, said)


def main():
    home = tempfile.mkdtemp(prefix="valise-")
    try:
        lab = Lab(home)
        with Source() as source:
            run(0, "backup", *imap(source.port), "-o", "a", env=lab.env, cwd=home)
        check_formats(lab)
        check_back(lab)
        check_selection(lab)
        check_split(lab)
        check_place(lab)
        check_beside(lab)
        check_deaths(lab)
        check_damage(lab, random.Random(7))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print("ok")


if __name__ == "__main__":
    expect(os.access(VALISE, os.X_OK), VALISE)
    main()
