#!/usr/bin/python3
"""A mailbox as a directory that fakemapi.py serves: folders of .fx messages in their one form (docs/FORMAT.md), made without valise.

genmapi.py DIR [--items 500] [--octets 8000000] [--seed 1]

Mail with headers, HTML, recipients, attachments, messages in messages and states; appointments (lone, recurring with an exception), contacts, a
distribution list, tasks, notes, journal entries; folders of odd names, a hidden one, associated items. The same arguments give the same octets."""
import argparse
import datetime
import json
import os
import random
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "servers"))
from mapi import fx  # noqa: E402
from mapi.items import ADDRESS, APPOINTMENT, COMMON, LOG, MEETING, NOTE, STRINGS, TASK, Item, filetime, one_off, part  # noqa: E402
from mapi.wire import u16, u32  # noqa: E402

WORDS = "report lunch Größe 会議 invoice Ελλάδα плюс draft café naïve plan 🎉 release budget holiday minutes agenda train offer".split()
FOLDERS = [  # directory, .folder, share of the items
    ("sent", {"use": "sent", "name": "Sent Items"}, 12), ("trash", {"use": "trash", "name": "Deleted Items"}, 3),
    ("drafts", {"use": "drafts", "name": "Drafts"}, 2), ("junk", {"use": "junk", "name": "Junk Email"}, 2),
    ("work", {"name": "Work"}, 8), ("work/deep", {"name": "Größe / 会議"}, 5), ("work/deep/deeper", {"name": "a.b\\c"}, 2), ("empty", {"name": "Empty"}, 0),
    ("calendar", {"use": "calendar", "name": "Calendar"}, 10), ("calendar/second", {"name": "Birthdays & co", "class": "IPF.Appointment"}, 2),
    ("contacts", {"use": "contacts", "name": "Contacts"}, 7), ("tasks", {"use": "tasks", "name": "Tasks"}, 4), ("notes", {"use": "notes", "name": "Notes"}, 2),
    ("journal", {"use": "journal", "name": "Journal"}, 1), ("hidden", {"name": "Conversation Action Settings", "class": "IPF.Configuration", "hidden": True}, 0),
    ("inbox", {"use": "inbox", "name": "Inbox"}, 40)]  # takes what octets are left


class Maker:
    def __init__(self, seed):
        self.random, self.count = random.Random(seed), 0

    def words(self, n):
        return " ".join(self.random.choice(WORDS) for _ in range(n))

    def when(self):
        return datetime.datetime(2015, 1, 1) + datetime.timedelta(seconds=self.random.randrange(330_000_000))

    def start(self, kind, subject):
        self.count += 1
        return Item().put(0x001a001f, kind).put(0x0037001f, subject).put(0x300b0102, self.random.randbytes(16)).put(0x30070040, filetime(self.when()))

    def address(self):
        n = self.random.randrange(200)
        return "Person %d" % n, "p%d@example.%s" % (n, "org" if n % 2 else "net")

    def recipient(self, bag, kind):
        name, mail = self.address()
        entry = one_off(name, mail)
        bag.recipients.append(part((0x30000003, u32(len(bag.recipients))), (0x0c150003, kind), (0x3001001f, name), (0x3002001f, "SMTP"), (0x3003001f, mail),
                                   (0x39fe001f, mail), (0x0ffe0003, 6), (0x0fff0102, entry)))
        return name, mail

    def attach(self, bag, name, data, kind="application/octet-stream", cid=None):
        more = [(0x3712001f, cid)] if cid else []
        bag.attachments.append((part((0x0e210003, u32(len(bag.attachments))), (0x37010102, data), (0x37050003, 1), (0x3707001f, name), (0x370e001f, kind), *more), None))

    def embed(self, bag, inner):
        bag.attachments.append((part((0x0e210003, u32(len(bag.attachments))), (0x3001001f, "inner"), (0x37050003, 5), (0x370b0003, 0xffffffff)), inner))

    def mail(self, size, depth=0):
        rnd, t = self.random, self.when()
        subject = self.words(rnd.randrange(1, 7))
        b = self.start("IPM.Note", subject)
        name, mail = self.address()
        ident = "<%d.%x@gen.example>" % (self.count, rnd.getrandbits(32))
        b.put(0x0042001f, name).put(0x0065001f, mail).put(0x0064001f, "SMTP").put(0x0c1a001f, name).put(0x0c1e001f, "SMTP").put(0x0c1f001f, mail)
        b.put(0x00390040, filetime(t)).put(0x0e060040, filetime(t) + 50_000_000).put(0x1035001f, ident).put(0x00170003, 1).put(0x3fde0003, 65001)
        to = [self.recipient(b, 1) for _ in range(rnd.randrange(1, 4))] + [self.recipient(b, 2) for _ in range(rnd.randrange(2))]
        text = "\r\n".join(self.words(8) for _ in range(rnd.randrange(1, 30)))
        b.put(0x1000001f, text)
        if rnd.random() < 0.6:
            b.put(0x10130102, ("<html><body><p>%s</p></body></html>" % text.replace("\r\n", "<br>")).encode())
        if rnd.random() < 0.8 and not depth:
            b.put(0x007d001f, self.header(t, subject, ident, mail, to))
        b.put(0x0e070003, rnd.choice((0, 1, 1, 1)) | (8 if depth else 0))
        if rnd.random() < 0.1:
            b.put(0x10900003, 2)
        if rnd.random() < 0.1:
            b.put(0x10810003, rnd.choice((102, 104)))
        if rnd.random() < 0.15:
            b.named(STRINGS, "Keywords", 0x101f, [rnd.choice(WORDS) for _ in range(rnd.randrange(1, 3))])
        while size > 3000:
            n = size if size < 20_000 or rnd.random() < 0.7 else rnd.randrange(3000, size)
            self.attach(b, "%s %d.bin" % (rnd.choice(WORDS), len(b.attachments)), rnd.randbytes(n))
            size -= n
        if not depth and rnd.random() < 0.04:
            self.embed(b, self.mail(0, 1))
        return b

    def header(self, t, subject, ident, sender, to):
        import email.header
        date = t.strftime("%a, %d %b %Y %H:%M:%S +0000")
        lines = ["Received: from relay.example by mx.example; " + date, "From: " + sender, "To: " + ", ".join(m for _, m in to),
                 "Subject: " + email.header.Header(subject, "utf-8").encode(linesep="\r\n"), "Date: " + date, "Message-ID: " + ident, "X-Custom: kept %d" % self.count]
        return "\r\n".join(lines) + "\r\n\r\n"

    def uid(self):
        text = b"vCal-Uid\1\0\0\0%d.%08x@gen.example\0" % (self.count, self.random.getrandbits(32))
        return bytes.fromhex("040000008200e00074c5b7101a82e008") + bytes(20) + u32(len(text)) + text

    def appointment(self, size):
        rnd = self.random
        begin = self.when().replace(second=0, minute=rnd.choice((0, 15, 30)))
        end = begin + datetime.timedelta(minutes=rnd.choice((15, 60, 90)))
        b, uid = self.start("IPM.Appointment", self.words(3)), self.uid()
        b.put(0x0e070003, 1).put(0x00600040, filetime(begin)).put(0x00610040, filetime(end)).put(0x1000001f, self.words(20))
        b.named(APPOINTMENT, 0x820d, 0x40, filetime(begin)).named(APPOINTMENT, 0x820e, 0x40, filetime(end)).named(APPOINTMENT, 0x8208, 0x1f, "Room %d" % rnd.randrange(9))
        b.named(APPOINTMENT, 0x8205, 3, 2).named(APPOINTMENT, 0x8215, 0xb, 0).named(APPOINTMENT, 0x8217, 3, 0).named(APPOINTMENT, 0x8213, 3, int((end - begin).seconds / 60))
        b.named(MEETING, 3, 0x102, uid).named(MEETING, 0x23, 0x102, uid)
        recurring = rnd.random() < 0.3
        b.named(APPOINTMENT, 0x8223, 0xb, recurring)
        if recurring:
            b.named(APPOINTMENT, 0x8216, 0x102, self.weekly(begin, end, rnd.randrange(2, 20)))
        if rnd.random() < 0.5:
            b.named(COMMON, 0x8503, 0xb, 1).named(COMMON, 0x8501, 3, 15).named(COMMON, 0x8502, 0x40, filetime(begin))
        if size > 8000:
            self.attach(b, "plan.bin", rnd.randbytes(size))
        return b

    def weekly(self, begin, end, n):
        """AppointmentRecurrencePattern, MS-OXOCAL 2.2.1.44.5: each week on that day, ${n} times, no exception."""
        day, first = 24 * 60, datetime.datetime(1601, 1, 1)
        start = int((begin.replace(hour=0, minute=0) - first).total_seconds() // 60)
        week = (start - (begin.isoweekday() % 7) * day) % (7 * day)
        bits = 1 << begin.isoweekday() % 7
        last = start + (n - 1) * 7 * day
        out = u16(0x3004) + u16(0x3004) + u16(0x200b) + u16(1) + u16(0) + u32(week) + u32(1) + u32(0) + u32(bits) + u32(0x2022) + u32(n) + u32(0) + u32(0) + u32(0)
        minute = begin.hour * 60 + begin.minute
        return out + u32(start) + u32(last) + u32(0x3006) + u32(0x3009) + u32(minute) + u32(minute + (end - begin).seconds // 60) + u16(0) + u32(0) + u32(0)

    def contact(self, size):
        rnd, (name, mail) = self.random, self.address()
        b = self.start("IPM.Contact", name).put(0x3001001f, name).put(0x3a06001f, "Person").put(0x3a11001f, "No. %d" % self.count).put(0x3a16001f, self.words(2))
        b.put(0x3a08001f, "+49 30 %d" % rnd.randrange(10**6)).put(0x1000001f, self.words(9)).put(0x0e070003, 1)
        b.named(ADDRESS, 0x8005, 0x1f, name).named(ADDRESS, 0x8080, 0x1f, name).named(ADDRESS, 0x8082, 0x1f, "SMTP").named(ADDRESS, 0x8083, 0x1f, mail)
        if rnd.random() < 0.2:
            self.attach(b, "ContactPicture.jpg", b"\xff\xd8\xff\xe0" + rnd.randbytes(max(300, size)), "image/jpeg")
        return b

    def dist_list(self):
        b, entries = self.start("IPM.DistList", "List " + self.words(1)), []
        for _ in range(4):
            name, mail = self.address()
            entries.append(one_off(name, mail))
        return b.put(0x3001001f, "List %d" % self.count).named(ADDRESS, 0x8053, 0x1f, "List %d" % self.count).named(ADDRESS, 0x8054, 0x1102, entries).named(ADDRESS, 0x8055, 0x1102, entries)

    def task(self):
        due = self.when().replace(hour=0, minute=0, second=0)
        b = self.start("IPM.Task", self.words(4)).put(0x1000001f, self.words(9)).put(0x0e070003, 1)
        done = self.random.random() < 0.3
        b.named(TASK, 0x8105, 0x40, filetime(due)).named(TASK, 0x8101, 3, 2 if done else 1).named(TASK, 0x8102, 5, 0)
        b.props[-1].value = struct.pack("<d", 1.0 if done else 0.25)
        return b.named(TASK, 0x811c, 0xb, done)

    def note(self):
        return self.start("IPM.StickyNote", self.words(3)).put(0x1000001f, self.words(12)).named(NOTE, 0x8b00, 3, self.random.randrange(5)).put(0x0e070003, 1)

    def activity(self):
        t = self.when()
        b = self.start("IPM.Activity", self.words(3)).put(0x1000001f, self.words(5)).put(0x0e070003, 1)
        return b.named(LOG, 0x8700, 0x1f, "Phone call").named(LOG, 0x8706, 0x40, filetime(t)).named(LOG, 0x8708, 0x40, filetime(t) + 9_000_000_000).named(LOG, 0x8707, 3, 15)

    def one(self, folder, size):
        kind = folder.split("/")[0]
        if kind == "contacts" and self.random.random() < 0.1:
            return self.dist_list()
        make = {"calendar": lambda: self.appointment(size), "contacts": lambda: self.contact(size), "tasks": self.task, "notes": self.note, "journal": self.activity}
        return make.get(kind, lambda: self.mail(size))()


def make(path, items, octets, seed):
    """The directory; (items, octets) that it has."""
    m, total = Maker(seed), 0
    whole = sum(share for _, _, share in FOLDERS)
    counts = [items * share // whole for _, _, share in FOLDERS]
    counts[-1] += items - sum(counts)
    n = 0
    for (name, what, _), count in zip(FOLDERS, counts):
        at = os.path.join(path, name)
        os.makedirs(at, exist_ok=True)
        with open(os.path.join(at, ".folder"), "w", encoding="utf-8") as f:
            json.dump(what, f, ensure_ascii=False)
        for i in range(count):
            # what is left for the items that are left, most of it in a few of them
            share = max(0, (octets - total) // (items - n) - 4500)
            size = int(share * m.random.choice((0.2, 0.2, 0.5, 1, 3.1)))
            total += write(os.path.join(at, "%06d.fx" % i), m.one(name, size))
            n += 1
    write(os.path.join(path, "inbox", "rule.fai.fx"), m.start("IPM.Rule.Version2.Message", "a rule").put(0x0e070003, 0x40), True)
    return n, total


def write(path, bag, associated=False):
    octets = fx.message(bag.sort(), associated)
    with open(path, "wb") as f:
        f.write(octets)
    return len(octets)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("dir")
    p.add_argument("--items", type=int, default=500)
    p.add_argument("--octets", type=int, default=8_000_000)
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    print("%d items, %d octets" % make(args.dir, args.items, args.octets, args.seed))


if __name__ == "__main__":
    main()
