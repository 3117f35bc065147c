#!/usr/bin/python3
"""valise import of files that are not what they seem: nothing of them is lost without a word. Downloads that failed, mailboxes with something else before their first message,
messages that only look deleted, two files with one UID, an archive below what is imported, files that are damaged and then whole; and mailboxes made at random, read by Python."""
import collections
import gzip
import json
import os
import random
import re
import shutil
import sys
import tempfile
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import environment, expect, execute, run  # noqa: E402

FROM = "From a@example.org Sat Nov  3 10:00:00 2018\n"


def message(i, more="", text="text %d\n"):
    return FROM + more + "From: a@example.org\nSubject: n%d\n\n" % i + (text % i if "%" in text else text) + "\n"


def write(path, text):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode("latin-1"))
    return path


def done(code, *args):
    rc, out, err = execute("import", *args, "--json")
    expect(rc == code, "exit code %d instead of %d: %s\n%s%s" % (rc, code, args, out, err))
    return json.loads(out.splitlines()[-1])


def catalog(archive):
    """{collection: [(octets, flags), ...]} of the newest snapshot, by way of a tree."""
    shutil.rmtree("tree", ignore_errors=True)
    run(None, "unpack", archive, "-t", "tree")
    boxes = {}
    for at, _, names in os.walk("tree/catalog"):
        for name in names:
            if not name.endswith(".jsonl"):
                continue
            with open(os.path.join(at, name), encoding="utf-8") as f:
                head, *lines = map(json.loads, f)
            box = boxes.setdefault(head.get("name", ""), [])
            for o in lines:
                if "path" in o and "path" in head:
                    with open(os.path.join("tree", head["path"], o["path"]), "rb") as f:
                        box.append((f.read(), sorted(o.get("flags", []))))
    return boxes


def not_what_they_seem():
    """A volume that is empty, or a page that says why; in a folder, too. An empty zip file is one."""
    os.mkdir("zip")
    with zipfile.ZipFile("zip/t-001.zip", "w") as z:
        z.writestr("Takeout/Mail/a.mbox", message(1))
    write("zip/t-002.zip", "")
    write("zip/t-003.zip", "<html>try again later</html>")
    with zipfile.ZipFile("zip/empty.zip", "w"):
        pass
    o = done(3, "zip/t-001.zip", "-o", "zip.valise")
    expect((o["added"], o["unread"]) == (1, 2), o)
    o = done(3, "zip", "-o", "zip.valise")
    expect((o["added"], o["unread"]) == (0, 2), o)

    three = "".join(map(message, range(3)))
    write("odd/before.mbox", "what is this?\n\n" + three)
    write("odd/blank.mbox", "\n" * 9 + three)
    write("odd/nul.mbox", "\0" * 600 + "\n" + three)
    write("odd/none.mbox", "nothing\n")
    write("odd/cr.mbox", three.replace("\n", "\r"))
    write("odd/readme", "nothing\n")
    o = done(3, "odd", "-o", "odd.valise")
    expect((o["found"], o["failed"], o["unread"], o["ignored"]) == (9, 3, 1, 1), o)
    o = done(3, "odd", "-o", "odd.valise")
    expect((o["added"], o["failed"]) == (0, 3), o)


def not_deleted():
    """X-Mozilla-Status says so at the top alone, and nothing of it, nor a Status, in a Takeout."""
    mozilla = "X-Account-Key: account1\nX-UIDL: 7\nX-Mozilla-Status: 0009\n"
    write("moz/a.mbox", message(1, mozilla) + message(2, "Received: x\nX-Mozilla-Status: 0009\n") +
          message(3, "X-GM-THRID: 1\nX-Gmail-Labels: Inbox,Unread\nX-Mozilla-Status: 0009\nX-Status: D\n"))
    done(0, "moz", "-o", "moz.valise")
    got = catalog("moz.valise")
    expect({n: [f for _, f in b] for n, b in got.items() if b} == {"a": [["\\Seen"]], "INBOX": [[]], "[Gmail]/All Mail": [[]]}, got)


def one_uid():
    """Of two files in one run both are kept, and again nothing is new; a later run replaces."""
    event = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u1\r\nDTSTAMP:20200101T000000Z\r\nDTSTART:20200101T000000Z\r\nSUMMARY:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    write("cal/color", "#ff0000")
    write("cal/a.ics", event % "A")
    write("cal/b.ics", event % "B")
    o = done(0, "cal", "-o", "cal.valise")
    expect((o["added"], o["updated"]) == (2, 0), o)
    for _ in range(2):
        o = done(0, "cal", "-o", "cal.valise")
        expect((o["added"], o["updated"]) == (0, 0), o)
    got = sorted(re.findall(b"SUMMARY:(.)", b"".join(b for b, _ in catalog("cal.valise")["cal"])))
    expect(got == [b"A", b"B"], got)
    write("cal/a.ics", event % "C")
    os.unlink("cal/b.ics")
    o = done(0, "cal", "-o", "cal.valise")
    expect((o["added"], o["updated"]) == (0, 1), o)


def own_archive():
    """The archive that is written lies in what is imported."""
    write("below/a.mbox", message(1))
    for target in "below/x/../out.valise", "below/out.valise/", "below/out.valise":
        os.makedirs("below/x", exist_ok=True)
        o = done(0, "below", "-o", target)
        expect((o["found"], o["ignored"], o["unread"]) == (1, 0, 0), o)
    done(3, "below", "-o", "else.valise")


def damaged_then_whole():
    """What an earlier import could not read is named once, and no more when the file is whole; what stands before the damage is there, in a small file, too."""
    for n, size in ("small", 1), ("large", 400):
        rng = random.Random(n)
        text = "".join(message(i, "X-GM-THRID: 1\nX-Gmail-Labels: Inbox\n", "".join("%08x\n" % rng.getrandbits(32) for _ in range(size))) for i in range(20))
        whole = gzip.compress(text.encode())
        write("hurt/All.mbox.gz", whole[:len(whole) * 3 // 4])
        for _ in range(2):
            o = done(3, "hurt", "-o", n + ".valise")
            expect(o["failed"] == 1 and o["unread"] == 0 and 10 <= o["found"] < 40 and o["errors"] == 1, o)
        write("hurt/All.mbox.gz", whole)
        o = done(0, "hurt", "-o", n + ".valise")
        expect(o["found"] == 40, o)


def maildir():
    """A name with a dot is no message; an empty folder is a mailbox all the same."""
    for part in "cur", "new", "tmp":
        write("Maildir/.Sub/%s/.keep" % part, "")
        write("Maildir/%s/1.a" % part, "Subject: x\n\n")
    o = done(0, "Maildir", "-o", "maildir.valise")
    expect((o["found"], o["ignored"]) == (2, 2), o)  # what is in tmp
    expect({n: len(b) for n, b in catalog("maildir.valise").items()} == {"INBOX": 2, "Sub": 0}, catalog("maildir.valise"))


def at_random():
    """mboxrd, and mboxcl with its lengths, or lengths that lie."""
    rng = random.Random(20)
    lines = ["", "text", "From here", "From bob Sat Nov  3 10:00:00 2018", ">From x", ">>From y", "> From z", "\0", "x" * 65535, "x" * 65536, "Content-Length: 5", "From: x", "\xe9", "a\rb"]
    # this length ends in the middle of the CRLF before the next message
    lies = message(1, "Content-Length: 1\n", "").replace("\n", "\r\n")
    write("random/lies.mbox", lies + message(2).replace("\n", "\r\n"))
    boxes = {"lies": collections.Counter([lies.split("\n", 1)[1][:-2].encode(), message(2)[len(FROM):-1].replace("\n", "\r\n").encode()])}
    for k in range(24):
        end, text, want = rng.choice(["\n", "\r\n"]), "", collections.Counter()
        for i in range(rng.randint(1, 5)):
            body = "".join(rng.choice(lines) + end for _ in range(rng.randint(0, 6)))
            head = "Subject: %d" % i + end + "From: a@example.org" + end
            if k % 2:
                head += "Content-Length: %d" % len(body) + end if body else ""
            elif rng.random() < .5:
                head += "Content-Length: %d" % rng.choice([99, 2 ** 40]) + end
            want[re.sub("(?<!\r)\n", "\r\n", head + end + body).encode("latin-1")] += 1
            text += FROM.strip() + end + head + end + (body if k % 2 else re.sub("(?m)^(>*From )", r">\1", body)) + end
        write("random/%d.mbox" % k, text)
        boxes[str(k)] = want
    done(0, "random", "-o", "random.valise")
    o = done(0, "random", "random", "random/3.mbox", "-o", "random.valise")
    expect(o["added"] == 0, o)
    got = catalog("random.valise")
    for name, want in boxes.items():
        expect(collections.Counter(b for b, _ in got[name]) == want, (name, [m[:200] for m in want], [m[:200] for m, _ in got[name]]))


def main():
    with tempfile.TemporaryDirectory() as home:
        os.chdir(home)
        os.environ.update(environment(home))
        for case in not_what_they_seem, not_deleted, one_uid, own_archive, damaged_then_whole, maildir, at_random:
            case()
        os.chdir("/")


main()
