"""What real DAViCal 1.1.12 and SOGo 5.8 do (Debian 12, tests/e2e/long-dav-others.sh), so that the suite needs neither. See fakedav.py."""
import re

from davcases_write import Rewrites, Target
from fakedav import CAL, DAV, Answer, FakeDav, escape

COMPS = CAL + "supported-calendar-component-set"


class AclFails(FakeDav):
    """A home cannot be listed with {DAV:}acl, for what it shows beside the calendars has none: it is asked for without it."""
    name = "sogo-acl-501"
    source = "SOGo 5.8: 'SOGoAppointmentFolderICS-defaultUserID should be overridden by subclass'"

    def do_propfind(self, rq):
        if rq.path == "/dav/calendars/alice/" and DAV + "acl" in (rq.asked() or ()):
            return Answer(501)
        return super().do_propfind(rq)


class FirstIsOutbox(FakeDav):
    """The user's first calendar says that it is an outbox as well: it is a calendar."""
    name = "sogo-calendar-is-outbox"
    source = "SOGo 5.8: resourcetype of Calendar/personal/"

    def populate(self):
        super().populate()
        self.collections["/dav/calendars/alice/work/"].types.append(CAL + "schedule-outbox")


class FirstIsOutboxTarget(Target):
    """The same in a target: what it has already is not put there a second time."""
    name = "sogo-target-calendar-is-outbox"
    source = FirstIsOutbox.source

    def __init__(self):
        super().__init__()
        work = self.add("calendar", "personal", "Work")
        work.types.append(CAL + "schedule-outbox")

    def check(self):
        assert len(self.collections) == 2, list(self.collections)


class ClassPublic(Rewrites):
    """Every event gets CLASS:PUBLIC, which is what none means: not told as altered."""
    name = "sogo-class-public"
    source = "SOGo 5.8; RFC 5545 3.8.1.3"

    def rewrite(self, data):
        return data.replace(b"END:VEVENT", b"CLASS:PUBLIC\r\nEND:VEVENT")


class NoJournal(Target):
    """Every calendar takes events and tasks, whatever was asked for. The test no_journal restores a journal into it."""
    name = "sogo-no-journal"
    source = "SOGo 5.8"

    def make(self, rq, kind):
        answer = super().make(rq, kind)
        if answer.status == 201 and kind == "calendar":
            self.collections[rq.path.rstrip("/") + "/"].props[COMPS] = "".join('<C:comp name="%s"/>' % c for c in ("VEVENT", "VTODO", "VFREEBUSY"))
        return answer

    def store(self, rq, c, segment):
        return Answer(404) if b"BEGIN:VJOURNAL" in rq.body else super().store(rq, c, segment)


class NamesTwice(Target):
    """Names are shown escaped twice. The test escaped_names restores one with & into it."""
    name = "davical-names-twice"
    source = "DAViCal 1.1.12"

    def coll_props(self, c):
        props = super().coll_props(c)
        return {**props, DAV + "displayname": escape(props[DAV + "displayname"])}


class Journals(FakeDav):
    """A calendar of journal entries alone, one of journal entries and events, and one whose name has to be escaped."""

    def populate(self):
        for segment, name, comps in (("journal", "Journal", "VJOURNAL"), ("both", "Work & <Play>", "VEVENT VJOURNAL")):
            c = self.add("calendar", segment, name, **{COMPS: "".join('<C:comp name="%s"/>' % x for x in comps.split())})
            for n in range(2):
                c.put("j-%s-%d.ics" % (segment, n), self.entry(segment, n))
        self.later(0)

    def entry(self, segment, n):
        return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//fake//EN\r\nBEGIN:VJOURNAL\r\nUID:j-%s-%d\r\nDTSTAMP:20260101T000000Z\r\n"
                "SUMMARY:Day %d\r\nEND:VJOURNAL\r\nEND:VCALENDAR\r\n" % (segment, n, n)).encode()

    def later(self, n):
        body = re.sub(b"VJOURNAL", b"VEVENT", self.entry("event", n)).replace(b"SUMMARY", b"DTSTART:20260101T090000Z\r\nSUMMARY")
        self.collections["/dav/calendars/alice/both/"].put("e-%d.ics" % n, body)
