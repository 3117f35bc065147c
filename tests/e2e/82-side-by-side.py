#!/usr/bin/python3
"""The services of an account are read, and written to, at the same time: each scripted server answers only when all of them have been asked. One that
fails costs what it gives and nothing else; of a sign-in that several have in common the reason is told once."""
import hashlib
import os
import re
import socket
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import environment, execute, expect, imap, pop3, run  # noqa: E402
import fakedav  # noqa: E402
import fakeimap  # noqa: E402
import fakepop3  # noqa: E402


class Meeting:
    """Whoever comes waits until all are there, once."""
    def __init__(self, n):
        self.barrier = threading.Barrier(n)
        self.done = set()

    def wait(self, who):
        if who not in self.done:
            self.done.add(who)
            self.barrier.wait(60)


class Mail(fakeimap.FakeImap):
    meeting = None

    def populate(self):
        self.mailbox("INBOX").add(b"Subject: one\r\n\r\nbody\r\n", [])

    def sign_in(self, s, tag, user, password):
        if self.meeting:
            self.meeting.wait("imap")
        super().sign_in(s, tag, user, password)


class EmptyMail(Mail):
    def populate(self):
        self.mailbox("INBOX")


class Dav(fakedav.FakeDav):
    meeting, who = None, None

    def send(self, handler, rq, rs):
        if self.meeting and rs.status != 401:
            self.meeting.wait(self.who)
        super().send(handler, rq, rs)


class Refused(Dav):
    def authorize(self, rq):
        return fakedav.Answer(401, WWW_Authenticate='Basic realm="no"')


def dav(server, kind):
    return ["--" + kind, server.url("/")]


def accounts(scratch, mail, calendars, contacts):
    """An account of three servers, for options and as a section of accounts.ini."""
    options = imap(mail.port) + dav(calendars, "caldav") + dav(contacts, "carddav")
    home = environment(scratch)
    os.makedirs(home["XDG_CONFIG_HOME"] + "/valise", exist_ok=True)
    with open(home["XDG_CONFIG_HOME"] + "/valise/accounts.ini", "w") as f:
        f.write("[alice]\nimap = imap://127.0.0.1:%d\ncaldav = %s\ncarddav = %s\nuser = alice\npassword-command = echo pw-alice\ncleartext = yes\n"
                % (mail.port, calendars.url("/"), contacts.url("/")))
    return options, home


def all_at_once(scratch):
    with Mail() as mail, Dav() as calendars, Dav() as contacts:
        options, home = accounts(scratch, mail, calendars, contacts)
        calendars.who, contacts.who = "caldav", "carddav"
        for command in (["backup", "-o", scratch + "/a.valise", *options], ["fetch", "-t", scratch + "/tree", *options],
                        ["audit", scratch + "/a.valise", "--source", "alice"]):
            mail.meeting = calendars.meeting = contacts.meeting = Meeting(3)
            rc, out, err = execute(*command, env=home)
            expect(not mail.meeting.barrier.broken, "%s: the services are not asked at the same time: %s%s" % (command[0], out, err))
            expect(rc == 0 if command[0] != "audit" else "source" in out, "%s: exit code %d: %s%s" % (command[0], rc, out, err))


def one_fails(scratch):
    with Mail() as mail, Dav() as calendars, Refused() as contacts:
        options, home = accounts(scratch, mail, calendars, contacts)
        rc, out, err = execute("backup", "-o", scratch + "/b.valise", *options, env=home)
        expect(rc == 3 and "carddav" in err and "2 calendars" not in err, "CardDAV refused: exit code %d: %s%s" % (rc, out, err))
        rc, out, err = execute("list", scratch + "/b.valise", env=home)
        expect("INBOX" in out and "calendars" in out and "contacts  " not in out, "what the others gave: " + out + err)


def both_refused(scratch):
    """Two services of one server: one reason, one line."""
    with Mail() as mail, Refused() as server:
        options, home = accounts(scratch, mail, server, server)
        rc, out, err = execute("backup", "-o", scratch + "/c.valise", *options, env=home)
        expect(rc == 3 and err.count("for the same reason") == 1, "both refused: exit code %d: %s%s" % (rc, out, err))
        expect(err.index("caldav") < err.index("carddav"), "in the order of the services: " + err)


class Full(Dav):
    """With something in it, so that there is something to restore."""
    def populate(self):
        self.add("calendar", "work", "Work").put("77.ics", fakedav.event(5077))
        self.add("addressbook", "friends", "Friends").put("1.vcf", b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:77\r\nFN:Ann\r\nN:;Ann;;;\r\nEND:VCARD\r\n")


def restored_at_once(scratch):
    """One that refuses costs what it was to take, and its exit code is the run's; the next run has only that to do."""
    with Mail() as mail, Full() as source:
        options, home = accounts(scratch, mail, source, source)
        run(0, "backup", "-o", scratch + "/r.valise", *options, env=home)
    with EmptyMail() as mail, Dav() as calendars, Dav() as contacts, Refused() as nobody:
        options, _ = accounts(scratch, mail, calendars, nobody)
        rc, out, err = execute("restore", scratch + "/r.valise", *options, env=home)
        expect(rc == 12 and "2 items in 2 collections: 2 added" in out, "CardDAV refused: exit code %d: %s%s" % (rc, out, err))
        options, _ = accounts(scratch, mail, calendars, contacts)
        calendars.who, contacts.who = "caldav", "carddav"
        mail.meeting = calendars.meeting = contacts.meeting = Meeting(3)
        rc, out, err = execute("restore", scratch + "/r.valise", *options, env=home)
        expect(not mail.meeting.barrier.broken, "the services are not asked at the same time: " + out + err)
        expect(rc == 0 and "3 items in 3 collections: 1 added, 2 already there" in out, "the rest: exit code %d: %s%s" % (rc, out, err))


class Maildrop(fakepop3.FakePop3):
    """After some messages it lets nobody in any more."""
    count, patience, given, top_reads = 30, 12, 0, True

    def on_retr(self, s, message):
        self.given += 1
        if self.given == self.patience:
            s.sock.shutdown(socket.SHUT_WR)  # what was sent arrives: a close with commands unread would take it back
            while s.sock.recv(4096):
                pass
            s.cut()

    def on_login(self, s):
        return "-ERR [AUTH] not now" if self.given >= self.patience else None


def pop3_fails_late(scratch):
    """What POP3 gave until then is sealed with what others gave, and is not asked for again: the rest is named, and comes the next time."""
    with Dav() as calendars, Mail() as mail, Maildrop() as drop:
        for i, others in enumerate((dav(calendars, "caldav"), imap(mail.port)[:2])):
            drop.messages.clear()
            drop.populate()
            drop.patience, drop.given = 12, 0
            archive, account = "%s/%d.valise" % (scratch, i), [*pop3(drop.port), *others]
            want = {hashlib.sha256(m.body).hexdigest() for m in drop.messages}
            rc, out, err = execute("backup", "-o", archive, *account, env=environment(scratch))
            left = re.search(r"INBOX.*: (\d+) messages were not fetched this time: .*not now", err)
            expect(rc == 3 and left, "POP3 fails late: exit code %d: %s%s" % (rc, out, err))
            expect(int(left[1]) + len(want & sums(archive)) == 30 and len(want & sums(archive)) >= 10, "%s and %d messages" % (left[1], len(want & sums(archive))))
            drop.patience, drop.given = 1000, 0
            run(0, "backup", "-o", archive, *account, env=environment(scratch))
            expect(want <= sums(archive) and drop.given <= int(left[1]) + 2, "%d are there, %d were fetched" % (len(want & sums(archive)), drop.given))


class Ending(Dav):
    """After some answers with content it knows nobody any more."""
    patience, asked = 2, 0

    def populate(self):
        work = self.add("calendar", "work", "Work")
        for i in range(300):
            work.put("%d.ics" % i, fakedav.event(i))

    def authorize(self, rq):
        self.asked += rq.method == "GET" or b"multiget" in rq.body
        return fakedav.Answer(401, WWW_Authenticate='Basic realm="no"') if self.asked > self.patience else super().authorize(rq)


def dav_fails_late(scratch):
    """The same of a calendar."""
    with Ending() as calendars, Dav() as contacts:
        archive, account = scratch + "/d.valise", [*dav(calendars, "caldav"), *dav(contacts, "carddav"), *imap(1)[2:]]
        rc, out, err = execute("backup", "-o", archive, *account, env=environment(scratch))
        left = re.search(r"(\d+) of 300 resources could not be fetched", err)
        expect(rc == 3 and left and 0 < int(left[1]) < 300, "CalDAV fails late: exit code %d: %s%s" % (rc, out, err))
        calendars.patience, calendars.asked = 1000, 0
        run(0, "backup", "-o", archive, *account, env=environment(scratch))
        expect(len(sums(archive)) >= 300, "%d are there" % len(sums(archive)))
        fetched = calendars.asked
        run(0, "backup", "-o", scratch + "/new.valise", *account, env=environment(scratch))
        expect(fetched < calendars.asked - fetched, "%d requests, %d for all" % (fetched, calendars.asked - fetched))


def sums(archive):
    return set(re.findall(r'"sha256":"(\w+)"', run(0, "list", archive, "--items", "--json")))


with tempfile.TemporaryDirectory() as top:
    for case in (all_at_once, one_fails, both_refused, restored_at_once, pop3_fails_late, dav_fails_late):
        where = os.path.join(top, case.__name__)
        os.mkdir(where)
        case(where)
        print("ok", case.__name__)
