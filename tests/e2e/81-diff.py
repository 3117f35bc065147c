#!/usr/bin/python3
"""valise diff: what happened to an account between two snapshots is told as it happened: new, removed, moved, changed with what changed, folders renamed;
the same by JSON and in numbers; the other way round it is undone; what vanished all at once is told as kept."""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import environment, expect, execute, imap, run  # noqa: E402
from fakedav import FakeDav, event  # noqa: E402
from fakeimap import FakeImap  # noqa: E402

WORK = "/dav/calendars/alice/work/"


class Lab:
    def __init__(self, scratch, source, calendars):
        self.env, self.archive, self.source, self.calendars = environment(scratch), os.path.join(scratch, "a.valise"), source, calendars

    def backup(self, code=0):
        run(code, "backup", *imap(self.source.port), "--caldav", self.calendars.url(), "-o", self.archive, env=self.env)

    def diff(self, *args, code=0):
        rc, out, err = execute("diff", self.archive, *args, env=self.env)
        expect(rc == code, "diff %s: %d\n%s%s" % (args, rc, out, err))
        return out + err if code else out

    def tells(self, want, *args):
        """Just these lines, in this order, and what they come to."""
        said = self.diff(*args).splitlines()
        have = [" ".join(line.split()) for line in said]
        expect(have == want, "%s\ninstead of\n%s" % ("\n".join(have), "\n".join(want)))


def rename(source, old, new):
    box = source.mailboxes.pop(old)
    box.name = new
    source.mailboxes[new] = box


def main(scratch):
    with FakeImap() as source, FakeDav() as calendars:
        lab = Lab(scratch, source, calendars)
        inbox, work = source.mailboxes[b"INBOX"], calendars.collections[WORK]
        for i in range(30):
            source.mailbox("Big").add(b"Subject: big %d\r\n\r\n%d\r\n" % (i, i))
        lab.backup()
        expect("one snapshot" in lab.diff(code=2), "there is nothing to compare")
        inbox.add(b"From: Ann <ann@example.org>\r\nSubject: to the \x1b[31mred\r\n\r\nx\r\n")
        first = inbox.messages.pop(0)
        source.mailboxes[b"Work"].add(first.body, [*first.flags, r"\Flagged"], first.date)
        inbox.messages.pop(0)
        inbox.messages[0].flags = [r"\Answered", "later"]
        rename(source, b"Empty", b"Bare")
        rename(source, b"Work", b"Job")
        work.put("event-1.ics", event(1, more="LOCATION:here\r\n").replace(b"Event 1", b"Lunch"))
        work.put("event-30.ics", event(30))
        work.remove("event-2.ics")
        lab.backup()
        lines = [
            "folder-new mail/Bare",
            "folder-removed mail/Empty",
            r'changed INBOX, 3 Feb 2003, "message 3": flags: +\Answered; keywords: +later',
            r'new INBOX, 17 Jul 1996, Ann <ann@example.org>, "to the [31mred"',
            'removed INBOX, 2 Feb 2002, "message 2"',
            "folder-renamed mail/Job, was Work",
            r'moved Job, 1 Feb 2001, "message 1", from INBOX: flags: +\Flagged',
            'changed Work, 2026-01-02T09:00:00Z, "Lunch": content: ',
            'new Work, 2026-01-03T09:00:00Z, "Event 30"',
            'removed Work, 2026-01-03T09:00:00Z, "Event 2"',
            "snapshot 1 to 2: 2 new, 2 removed, 1 moved, 2 changed; folders: 1 new, 1 removed, 1 renamed"]
        said = [" ".join(line.split()) for line in lab.diff().splitlines()]
        content = next(line for line in said if "content:" in line)
        expect(all(word in content for word in ('title (SUMMARY) of VEVENT: "Event 1" -> "Lunch"', 'place (LOCATION) of VEVENT: none -> "here"')), content)
        expect([line[:len(lines[7])] if "content:" in line else line for line in said] == lines, "\n".join(said))
        expect(lab.diff("1") == lab.diff() and lab.diff("1", "2") == lab.diff(), "the numbers stand for the newest two")
        lab.tells(["snapshot 2 to 2: 0 new, 0 removed, 0 moved, 0 changed"], "2", "2")
        back = lab.diff("2", "1")
        expect(back.count("\nmoved") == 2 and r"flags: -\Flagged" in back and r"flags: -\Answered; keywords: -later" in back and back.endswith("2 new, 2 removed, 2 moved, 2 changed; folders: 2 new, 2 removed\n"), back)
        lab.tells([
            "1 new 2 removed 0 moved 1 changed mail/INBOX", "snapshot 1 to 2: 1 new, 2 removed, 0 moved, 1 changed"], "--stat", "--folder", "INBOX")
        lab.tells(["1 new 1 removed 0 moved 1 changed calendars/Work", "snapshot 1 to 2: 1 new, 1 removed, 0 moved, 1 changed"], "--stat", "--only", "calendars")
        objects = [json.loads(line) for line in lab.diff("--json").splitlines()]
        expect([(o["change"], o["collection"]) for o in objects[:-1]] == [(line.split()[0], line.split(" ")[1].rstrip(",").rpartition("/")[2]) for line in lines[:-1]], objects)
        moved = next(o for o in objects if o.get("change") == "moved")
        expect((moved["from_collection"], moved["flags_added"], moved["flags_removed"], moved["changes"]) == ("INBOX", [r"\Flagged"], [], ["flags"]), moved)
        expect((objects[-1]["event"], objects[-1]["moved"], objects[-1]["folders_renamed"], objects[-1]["before"]) == ("done", 1, 1, 1), objects[-1])
        source.mailboxes[b"Big"].messages = []
        lab.backup(3)
        said = lab.diff("--folder", "Big")
        expect(said.count("(kept as gone)") == 30 and "30 removed" in said, said)
        source.mailboxes[b"INBOX"].uidvalidity += 1
        for n, m in enumerate(inbox.messages):
            m.uid = 100 + n
        inbox.uidnext = 200
        lab.backup(None)
        said = lab.diff("--folder", "INBOX")
        expect("folder-changed  mail/INBOX: uidvalidity" in said and "0 new, 0 removed, 0 moved, 0 changed" in said, said)
        source.mailbox("Part").add(b"Subject: of old\r\n\r\nx\r\n", date="01-Feb-2020 10:00:00 +0000")
        run(0, "backup", *imap(source.port), "--caldav", calendars.url(), "-o", lab.archive, "--since", "2021", env=lab.env)
        lab.backup(None)
        said = " ".join(lab.diff("--folder", "Part").split())
        expect("note mail/Part: snapshot 5 left out 1 item (--since 2021-01-01): what is new may be of these snapshot 5 to 6: 1 new" in said, said)
        done = json.loads(lab.diff("--json").splitlines()[-1])
        expect((done["new"], done["left_out"]) == (1, 1) and "left_out" not in objects[-1], done)
        for bad in ("x",), ("0",), ("-1",), ("1", "2", "3"):
            lab.diff(*bad, code=2)
        lab.diff("99", code=1)
        lab.diff("--folder", "Nowhere", code=2)


with tempfile.TemporaryDirectory(prefix="valise-diff-") as scratch:
    main(scratch)
