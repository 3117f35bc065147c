#!/usr/bin/python3
"""valise import of a part (--since, --from ...): what is meant of mail, calendars and cards, by dates, sizes, flags and names; what was left out is said, counted in the
catalog, and brought by a wider import; what the archive has stays, however narrow the options are."""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import execute, expect, run  # noqa: E402


def write(path, text):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def done(code, *args):
    rc, out, err = execute("import", *args, "--json")
    expect(rc == code, "exit code %d instead of %d: %s\n%s%s" % (rc, code, args, out, err))
    return json.loads(out.splitlines()[-1])


def holds(archive):
    """{collection: (items, left out, by what)}"""
    _, out, _ = execute("list", archive, "--json")
    return {o["name"]: (o["items"], o.get("left_out", 0), o.get("selection")) for o in map(json.loads, out.splitlines()) if "path" in o}


def same(a, b):
    expect(a == b, "%s instead of %s" % (a, b))


def mbox(path, years, size=0):
    write(path, "".join("From ann%d@example.org Sat Nov  3 10:00:00 %d\nFrom: Ann <ann%d@example.org>\nTo: =?utf-8?Q?Zo=C3=AB?= <zoe@example.org>\nSubject: number %d\n"
                        "Status: %s\n\nhello\n%s\n" % (y, y, y, y, "RO" if y % 2 else "O", "x" * 70 * size + "\n" if y == 2020 else "") for y in years))


def mail():
    mbox("m/Work.mbox", range(2015, 2025), 30)
    mbox("m/Old.mbox", range(2001, 2004))
    a = "a.valise"
    o = done(0, "m", "-o", a, "--since", "2020", "--dry-run")
    same((o["found"], o["added"], o["left_out"], os.path.exists(a)), (13, 5, 8, False))
    o = done(0, "m", "-o", a, "--since", "2020")
    same((o["found"], o["added"], o["left_out"], sorted((f["name"], f["added"], f.get("left_out")) for f in o["folders"])), (13, 5, 8, [("Old", 0, 3), ("Work", 5, 5)]))
    words = "--since 2020-01-01"
    same(holds(a), {"Work": (5, 5, words), "Old": (0, 3, words)})
    same(done(0, "m", "-o", a, "--since", "2020")["changed"], False)
    # one after the other: what is there is not left out, whatever the options are
    done(0, "m", "-o", a, "--until", "2016")
    same(holds(a), {"Work": (7, 3, "--until 2016-12-31"), "Old": (3, 0, None)})
    o = done(0, "m", "-o", a, "--larger", "1M")
    same((o["added"], holds(a)["Work"]), (0, (7, 3, "--larger 1000000")))
    # another file in the same mailbox
    mbox("n/Work.mbox", [2030])
    done(0, "n", "-o", a, "--from", "ann2030@example.org", "--from", "nobody")
    same(holds(a)["Work"][:2], (8, 2))
    done(0, "m", "-o", a)
    same(holds(a), {"Work": (11, 0, None), "Old": (3, 0, None)})
    same(done(0, "m", "-o", a, "--subject", "nowhere").get("left_out", 0), 0)
    run(None, "verify", a)
    _, out, _ = execute("import", "m", "-o", "b.valise", "--to", "zoë", "--smaller", "1K", "--unseen", "--subject", 'a"b', "--subject", "number 202")
    expect('11 items are left out (--smaller 1000 --unseen --to "zoë" --subject "a\\"b" --subject "number 202")' in out, out)
    same(holds("b.valise")["Work"][:2], (2, 8))
    # as an archive of the same selection by list
    _, out, _ = execute("list", a, "Work", "--to", "zoë", "--smaller", "1K", "--unseen", "--subject", "number 202", "--json")
    same(sum('"uid"' in line for line in out.splitlines()), 2)


def others():
    maildir = "md/cur/%d.x:2,%s"
    for i, flags in enumerate(["S", "F", "", "FS"]):
        write(maildir % (1500000000 + i, flags), "Subject: %d\n\nx\n" % i)
    os.makedirs("md/new")
    os.makedirs("md/tmp")
    same(done(0, "md", "-o", "f.valise", "--flagged")["added"], 2)
    same(done(0, "md", "-o", "f.valise", "--unseen")["added"], 1)
    same(holds("f.valise")["INBOX"], (3, 1, "--unseen"))
    # Gmail's: left out of each of its mailboxes
    write("t/All.mbox", "".join("From 1234%d@xxx Sat Nov 03 10:00:00 +0000 %d\nX-GM-THRID: 1\nX-Gmail-Labels: Inbox,Mine\nSubject: %d\n\nx\n\n" % (y, y, y) for y in (2018, 2020)))
    same(done(0, "t", "-o", "t.valise", "--since", "2019")["left_out"], 3)
    same({k: v[:2] for k, v in holds("t.valise").items()}, {"INBOX": (1, 1), "Mine": (1, 1), "[Gmail]/All Mail": (1, 1)})
    event = "BEGIN:VEVENT\nUID:%s\nSUMMARY:%s\nORGANIZER:mailto:%s@example.org\nDTSTART:%s\nDTEND:%s\n%sEND:VEVENT\n"
    write("p/Cal.ics", "BEGIN:VCALENDAR\nVERSION:2.0\n" + event % ("1", "old", "ann", "20180101T100000", "20180101T110000", "") +
          event % ("2", "long", "bob", "20181230T100000", "20190102T110000", "") + event % ("3", "weekly", "ann", "20100101T100000", "20100101T110000", "RRULE:FREQ=WEEKLY\n") +
          "BEGIN:VTODO\nUID:4\nSUMMARY:undated\nEND:VTODO\n" + "END:VCALENDAR\n")
    write("p/Book.vcf", "".join("BEGIN:VCARD\nVERSION:3.0\nUID:%s\nFN:%s\nEMAIL:%s@example.org\nEND:VCARD\n" % (n, n, n) for n in ("ann", "bob")))
    done(0, "p", "-o", "p.valise", "--since", "2019")
    same({k: v[:2] for k, v in holds("p.valise").items()}, {"Cal": (3, 1), "Book": (2, 0)})
    done(0, "p", "-o", "q.valise", "--from", "ANN@")
    same({k: v[:2] for k, v in holds("q.valise").items()}, {"Cal": (2, 2), "Book": (1, 1)})
    done(0, "p", "-o", "q.valise")
    same({k: v[:2] for k, v in holds("q.valise").items()}, {"Cal": (4, 0), "Book": (2, 0)})


def usage():
    for words in ["--since", "soon"], ["--since", "2020", "--until", "2019"], ["--text", "x"], ["--from", " "]:
        rc, _, _ = execute("import", "m", "-o", "z.valise", *words)
        expect(rc == 2 and not os.path.exists("z.valise"), "%s: %d" % (words, rc))


with tempfile.TemporaryDirectory() as top:
    os.chdir(top)
    mail()
    others()
    usage()
