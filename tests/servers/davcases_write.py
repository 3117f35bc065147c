"""How servers misbehave when something is restored into them. See fakedav.py."""
import re

from fakedav import APPLE, CAL, CARD, CS, DAV, HOME, Answer, FakeDav, card, element, error, event, uid_of


class Target(FakeDav):
    """Empty homes, a server that does everything."""
    name = "target-correct"
    target = True


class EmptyOfSameName(Target):
    """The collections are there already, with one of the resources and one of somebody else."""
    name = "target-has-some"
    source = "a restore into an account that is in use"

    def __init__(self):
        super().__init__()
        work = self.add("calendar", "w", "Work")
        work.put("other-name.ics", event(2))
        work.put("mine.ics", event(27, "mine"))


class TooLarge(Target):
    """413 for one resource: named, the others are stored."""
    name = "put-413"
    source = "nginx client_max_body_size before Nextcloud"
    code, lost = 3, ("event-2.ics",)
    again_adds = True
    says = "event-2.ics.*HTTP 413 too large"

    def refuse(self):
        return Answer(413, "<html>Request Entity Too Large</html>")

    def store(self, rq, c, segment):
        if uid_of(rq.body) == b"event-2":
            return self.refuse()
        return super().store(rq, c, segment)


class MaxResourceSize(TooLarge):
    name = "put-403-max-resource-size"
    source = "RFC 4791 5.3.2.1; Cyrus and sabre"
    says = "event-2.ics.*max-resource-size"

    def refuse(self):
        return error(403, CAL + "max-resource-size")


class Too412(TooLarge):
    """412 although there is nothing at the URL: not taken for "is there already"."""
    name = "put-412-too-large"
    source = "Radicale answers 412 when a resource is too large (app/put.py)"
    says = "event-2.ics.*HTTP 412"

    def refuse(self):
        return Answer(412)


class Invalid404(TooLarge):
    name = "put-404-invalid"
    source = "iCloud: 404 for an event without DTEND (bitfireAT/davx5-ose issue 1859)"
    says = "event-2.ics.*HTTP 404"

    def refuse(self):
        return Answer(404)


class Trash(TooLarge):
    name = "put-400-trash-bin"
    source = "Nextcloud's trash bin (server issue 30096)"
    says = "event-2.ics.*Deleted calendar object with uid"

    def refuse(self):
        return Answer(400, '<?xml version="1.0"?><d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:exception>Sabre\\DAV\\Exception\\BadRequest</s:exception>'
                           "<s:message>Deleted calendar object with uid already exists in this calendar collection.</s:message></d:error>", Content_Type="application/xml")


class Inner207(TooLarge):
    """A PUT answered with 207 and the refusal inside."""
    name = "put-207-inner-403"
    source = "Xandikos 0.2.8, measured"
    says = "event-2.ics.*HTTP 403"

    def refuse(self):
        return self.multistatus([self.status_response("/x", "403 Forbidden", element(DAV + "error", element(CAL + "valid-calendar-data")))])


class Full(Target):
    """507 from the third resource on: that collection is full, nothing more is sent there; the other collection is filled."""
    name = "put-507"
    source = "RFC 4331; Nextcloud and Cyrus quotas"
    code, says, partial, again_adds = 3, "event-5.ics.*HTTP 507.*quota-not-exceeded", True, True

    def store(self, rq, c, segment):
        if c.kind == "calendar" and len(c.resources) >= 2:
            return error(507, DAV + "quota-not-exceeded")
        return super().store(rq, c, segment)

    def check(self):
        assert sum(len(c.resources) for c in self.collections.values()) == 6, "two events and four cards"


class Existing412(Target):
    """A resource with the same name and content appears between the listing and the PUT."""
    name = "put-412-present"
    source = "RFC 9110 13.1.2: two clients at once"

    def store(self, rq, c, segment):
        if segment == "event-3.ics" and segment not in c.resources:
            super().store(rq, c, segment)
            return Answer(412)
        return super().store(rq, c, segment)


class NoEtagAfterPut(Target):
    """201 without an ETag: the server changed something."""
    name = "put-no-etag"
    source = "sabre (X-Sabre-Ew-Gross), Cyrus issue 2456"

    def store(self, rq, c, segment):
        super().store(rq, c, segment)
        return Answer(201)


class Rewrites(Target):
    """Everything is folded, sorted and stamped again; a second restore adds nothing."""
    name = "rewrites-harmlessly"
    source = "Radicale, Google, mail.ru: their own serializer"
    rewrites = True

    def rewrite(self, data):
        lines = data.replace(b"DTSTAMP:20260101T000000Z", b"DTSTAMP:20261122T111111Z").split(b"\r\n")
        at = [i for i, x in enumerate(lines) if x.startswith((b"SUMMARY", b"FN"))]
        if at:
            lines.insert(2, lines.pop(at[0])) if b"BEGIN:VCARD" in data else lines.insert(4, lines.pop(at[0]))
        return b"\r\n".join(lines).replace(b"PRODID:-//fake//EN", b"PRODID:-//other//EN")

    def store(self, rq, c, segment):
        c.put(segment, self.rewrite(rq.body))
        return Answer(201)


class Drops(Rewrites):
    """A property is dropped, and the ETag says nothing of it: graded altered, the property named."""
    name = "drops-a-property"
    source = "Radicale 3.1.8 drops what follows an unescaped comma; Stalwart stored a truncated card with 201 (issue 1607)"
    code, says = 3, "event-1.ics.*the server dropped the categories .CATEGORIES."

    def store(self, rq, c, segment):
        c.put(segment, re.sub(rb"CATEGORIES:[^\r]*\r\n", b"", rq.body))
        return Answer(201, ETag=self.etag(c, segment))


class NotThereAfterPut(Target):
    """201, and the resource cannot be read."""
    name = "put-201-get-404"
    source = "Baikal drops vCards above 1 MB (sabre-io/Baikal issue 897)"
    code, says, lost, again_adds = 3, "event-4.ics.*said that it stored it", ("event-4.ics",), True

    def store(self, rq, c, segment):
        return Answer(201, ETag='"lie"') if uid_of(rq.body) == b"event-4" else super().store(rq, c, segment)


class Renames(Target):
    """Another name than the one that was asked for, told in Location."""
    name = "put-location"
    source = "Google contacts, Zimbra: the server names resources itself"

    def store(self, rq, c, segment):
        c.put("srv-" + str(len(c.resources)), rq.body)
        return Answer(201, Location=c.path + "srv-%d" % (len(c.resources) - 1))


class RenamesSilently(Target):
    """Another name without a word: found by UID."""
    name = "put-renamed-silently"
    source = "Google CardDAV (carddavclient QUIRKS.md), DavMail (issue 462)"

    def store(self, rq, c, segment):
        c.put("srv-" + str(len(c.resources)), rq.body)
        return Answer(201)


class UidConflict(Target):
    """A UID may be only once in a collection, whatever its name; the conflict names the one that is there, which is equal."""
    name = "uid-conflict-403-href"
    source = "RFC 4791 5.3.2.1 no-uid-conflict; sabre"

    keeps_names, again_adds = False, True  # tried again each time, and found each time

    def __init__(self):
        super().__init__()
        self.hidden = self.add("calendar", "hidden", "Hidden")
        self.hidden.types = [DAV + "collection"]  # no calendar, so it is not looked at
        self.hidden.put("there.ics", event(3))

    def store(self, rq, c, segment):
        if uid_of(rq.body) == b"event-3":
            return error(403, CAL + "no-uid-conflict", element(DAV + "href", self.hidden.path + "there.ics"))
        return super().store(rq, c, segment)


class UniqueScheduling(UidConflict):
    name = "uid-conflict-cyrus"
    source = "Cyrus http_caldav.c: unique-scheduling-object-resource"

    def store(self, rq, c, segment):
        if uid_of(rq.body) == b"event-3":
            return error(403, CAL + "unique-scheduling-object-resource", element(DAV + "href", self.hidden.path + "there.ics"))
        return super().store(rq, c, segment)


class UidConflict409(TooLarge):
    """409 for a UID that is somewhere else, without a name for it: named as such."""
    name = "uid-conflict-409"
    source = "SOGo: 'Event UID already in use'; Radicale 409 without href"
    says = "event-2.ics.*only once"

    def refuse(self):
        return Answer(409, "Event UID already in use")


class OtherCalendar(Target):
    """The UID is in another calendar of the account: not put a second time."""
    name = "uid-in-other-calendar"
    source = "Zimbra moves the event; Cyrus and Apple refuse it (python-caldav compatibility_hints.py)"
    keeps_names = False

    def __init__(self):
        super().__init__()
        self.add("calendar", "elsewhere", "Elsewhere").put("there.ics", event(3))


class Strict(Target):
    """415 with Prefer: handling=strict, stored without it."""
    name = "strict-415"
    source = "sabre-io/dav CalDAV/Plugin.php: repair level 1"

    def store(self, rq, c, segment):
        return Answer(415, "Validation error") if "strict" in rq.header("Prefer") and "event" in segment else super().store(rq, c, segment)


class CutAfterStore(Target):
    """Stored, but the answer never comes: looked for, not sent again."""
    name = "put-answer-lost"
    source = "proxies with a time-out (Nextcloud behind a tunnel)"
    lost_answers = 0

    def store(self, rq, c, segment):
        rs = super().store(rq, c, segment)
        rs.lost = c.kind == "calendar"
        return rs

    def send(self, handler, rq, rs):
        if getattr(rs, "lost", False):
            self.lost_answers += 1
            self.send_cut(handler, Answer(201, b"x" * 10), 1)
        super().send(handler, rq, rs)

    def check(self):
        assert self.puts == 12, "%d PUTs" % self.puts


class CutBeforeStore(Target):
    """The connection ends before the resource is stored: sent again."""
    name = "put-lost-once"
    source = "restarts of the server"

    def do_put(self, rq):
        if rq.target not in self.__dict__.setdefault("seen", set()) and "event-1" in rq.target:
            self.seen.add(rq.target)
            rs = Answer(201, b"x" * 10)
            rs.lost = True
            return rs
        return super().do_put(rq)

    def send(self, handler, rq, rs):
        if getattr(rs, "lost", False):
            self.send_cut(handler, rs, 1)
        super().send(handler, rq, rs)


class Cut207(CutBeforeStore):
    """Stored, and the 207 that tells of a refused property is cut: whether it is there is looked at."""
    name = "put-207-cut"
    source = "robustness"

    def do_put(self, rq):
        rs = super(CutBeforeStore, self).do_put(rq)
        if "event-1" in rq.target:
            rs = self.multistatus([self.status_response(rq.target, "403 Forbidden"), self.status_response("/y", "200 OK")])
            rs.lost = True
        return rs

    def send(self, handler, rq, rs):
        if getattr(rs, "lost", False):
            self.send_cut(handler, rs, len(rs.body) - 30)
        super().send(handler, rq, rs)


class PutBusy(Target):
    """429 in the middle, with Retry-After."""
    name = "put-429"
    source = "Nextcloud rate limits (server issue 43732), mailbox.org (vdirsyncer issue 733)"
    says = "waiting"

    def do_put(self, rq):
        if "event-2" in rq.target and not self.lost_connections:
            self.lost_connections = 1
            return Answer(429, Retry_After="1")
        return super().do_put(rq)


class PutRedirected(Target):
    """PUT is redirected on the same host, method and body kept."""
    name = "put-307"
    source = "Zimbra (vdirsyncer CHANGELOG 0.4.2)"

    def answer(self, rq):
        if rq.method == "PUT" and rq.path.startswith("/dav/"):
            return Answer(307, Location=rq.target.replace("/dav/", "/real/", 1))
        rq.path = rq.path.replace("/real/", "/dav/")
        return super().answer(rq)


class PutToStranger(TooLarge):
    """A PUT redirected to another host is not sent there."""
    name = "put-redirected-to-stranger"
    source = "RFC 9110 15.4: a redirect is not an order"
    says = "redirected to another host"

    def refuse(self):
        return Answer(307, Location="http://stranger.localhost:%d/dav/x.ics" % self.port)

    def check(self):
        assert not any(rq.header("Host").startswith("stranger") for rq in self.log), "something was sent to a stranger"


class NoMkcalendar(Target):
    """405 for MKCALENDAR, extended MKCOL works."""
    name = "no-mkcalendar"
    source = "older Baikal: mkcol-required (python-caldav compatibility_hints.py)"

    def do_mkcalendar(self, rq):
        return Answer(405)


class MkcolMinimal(NoMkcalendar):
    """Extended MKCOL with nothing but the type and the name."""
    name = "mkcol-minimal"
    source = "RFC 5689: all or nothing; Cyrus refuses unknown properties"

    def do_mkcol(self, rq):
        if set(rq.set()) - {DAV + "resourcetype", DAV + "displayname", CAL + "supported-calendar-component-set"}:
            return Answer(403)
        return super().do_mkcol(rq)

    def check(self):
        work = [c for c in self.collections.values() if c.props[DAV + "displayname"] == "Work"]
        assert work[0].props.get(APPLE + "calendar-color") == "#FF2968FF", "the colour was not set afterwards"


class MkcalendarProps207(Target):
    """MKCALENDAR is answered with 201 and keeps none of the properties; PROPPATCH takes the colour and refuses the rest."""
    name = "mkcalendar-drops-properties"
    source = "Xandikos 0.2.8, measured"
    keeps_names, code = False, 0
    says = "did not keep.*displayname"

    def make(self, rq, kind):
        rs = super().make(rq, kind)
        for c in self.collections.values():
            if c.path == rq.path.rstrip("/") + "/":
                c.props.clear()
        return rs

    def do_proppatch(self, rq):
        c, _ = self.split(rq.path)
        if APPLE + "calendar-color" in rq.set():
            return super().do_proppatch(rq)
        return self.multistatus(["<D:response><D:href>%s</D:href>%s</D:response>" % (c.path, self.propstat(dict.fromkeys(rq.set(), ""), "409 Conflict"))])

    def check(self):
        assert any(c.props.get(APPLE + "calendar-color") for c in self.collections.values()), "the colour"


class NoCreation(Target):
    """No collection can be made: nothing is stored, everything is named."""
    name = "no-creation"
    source = "Google, GMX, Posteo (python-caldav compatibility_hints.py)"
    code, says = 3, "would not make it.*8 items are not restored"
    again_adds, partial = True, True

    def make(self, rq, kind):
        return Answer(403)


class SegmentTaken(Target):
    """The name is taken by a calendar that nobody sees: one of our own is tried."""
    name = "mkcalendar-405-hidden"
    source = "owncloud/calendar issue 325, owncloud-archive/calendar issue 1043: a deleted calendar keeps its name"
    status = 405

    def make(self, rq, kind):
        return Answer(self.status, "exists") if rq.path.rstrip("/").endswith("/work") else super().make(rq, kind)


class SegmentTaken409(SegmentTaken):
    name = "mkcalendar-409-hidden"
    status = 409


class FirstHome(Target):
    """Of two home sets the first takes no collections."""
    name = "mkcalendar-first-home-403"
    source = "lennart-k/rustical issue 73, stalwartlabs/stalwart issue 2094: several home sets"

    def homes(self, kind):
        return ["/dav/shared/" + kind + "/", HOME[kind]]

    def make(self, rq, kind):
        return Answer(403, "no") if rq.path.startswith("/dav/shared/") else super().make(rq, kind)


class Locked(Target):
    """500 now and then, for two write at once: sent again after a pause."""
    name = "put-500-locked"
    source = "nextcloud/calendar issue 5647, lennart-k/rustical issue 131"
    status, text = 500, "SQLSTATE[HY000]: General error: 5 database is locked"

    def locked(self, rq):
        seen = self.__dict__.setdefault("seen", set())
        if rq.target in seen or len(seen) > 3:
            return None
        seen.add(rq.target)
        return Answer(self.status, '<?xml version="1.0"?><d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:message>%s</s:message></d:error>' % self.text, Content_Type="application/xml")

    def do_put(self, rq):
        return self.locked(rq) or super().do_put(rq)

    def make(self, rq, kind):
        return self.locked(rq) or super().make(rq, kind)


class Deadlock(Locked):
    """What the database says stands in the second paragraph."""
    name = "put-500-deadlock"
    text = "An exception occurred while executing 'INSERT INTO x VALUES (?)' with params [1]:\n\nSQLSTATE[40001]: 1213 Deadlock found when trying to get lock"


class DeadlockLate(Locked):
    """The same in one line, behind the text of the item."""
    name = "put-500-deadlock-late"
    text = "An exception occurred while executing 'INSERT INTO x VALUES (?)' with params [%s]: SQLSTATE[40001]: 1213 Deadlock found when trying to get lock" % ("x" * 300)


class Locked423(Locked):
    name = "put-423"
    status, text = 423, "Locked"


class CreationBusy(Target):
    """429 for the second collection, with a pause."""
    name = "creation-429"
    source = "Nextcloud: ten calendars an hour (nextcloud/tasks issue 2597)"
    says = "waiting"

    def make(self, rq, kind):
        if kind == "addressbook" and not self.lost_connections:
            self.lost_connections = 1
            return Answer(429, Retry_After="1")
        return super().make(rq, kind)


class ReadOnlyShare(Target):
    """A shared, read-only and a subscribed calendar of the same name are left alone; one of our own is made."""
    name = "same-name-not-writable"
    source = "Nextcloud shares and subscriptions"

    def __init__(self):
        super().__init__()
        shared = self.add("calendar", "work_shared_by_bob", "Work", **{DAV + "owner": element(DAV + "href", "/dav/principals/bob/")})
        shared.put("event-0.ics", event(9, "of-bob"))
        news = self.add("calendar", "news", "Work")
        news.types.append(CS + "subscribed")

    def check(self):
        assert set(self.collections["/dav/calendars/alice/work_shared_by_bob/"].resources) == {"event-0.ics"}, "the share was written to"


class Tasks(Target):
    """A calendar of the name that takes tasks alone: another one is made."""
    name = "component-set"
    source = "iCloud: one component type for each calendar (vdirsyncer PR 593)"

    def __init__(self):
        super().__init__()
        self.add("calendar", "work", "Work", **{CAL + "supported-calendar-component-set": '<C:comp name="VTODO"/>'})

    def store(self, rq, c, segment):
        if "VTODO" in c.props.get(CAL + "supported-calendar-component-set", "") and b"VTODO" not in rq.body:
            return error(403, CAL + "supported-calendar-component")
        return super().store(rq, c, segment)

    def check(self):
        assert not self.collections[HOME["calendar"] + "work/"].resources and len(self.collections) == 3, list(self.collections)


class DigestTarget(Target):
    """Digest with every PUT, a nonce that grows stale."""
    name = "target-digest"
    source = "Baikal"

    def __init__(self):
        super().__init__()
        from davcases_find import Digest
        self.digest = Digest()

    def authorize(self, rq):
        return self.digest.authorize(rq)


class Vanishes(Target):
    """Stored and read back, but not in the listing at the end."""
    name = "stored-not-listed"
    source = "Purelymail: the index is minutes late (python-caldav compatibility_hints.py)"
    code, says, again_adds = 3, "event-5.ics.*does not list it", True
    again_code = 0  # then it is found by its name

    def listing(self, c, asked):
        return [r for s, r in zip(c.resources, super().listing(c, asked)) if s != "event-5.ics"]


class Google(Target):
    """If-None-Match is ignored: what is there is not overwritten all the same, for names are looked at before."""
    name = "ignores-if-none-match"
    source = "developers.google.com/calendar/caldav/v2/guide"

    def __init__(self):
        super().__init__()
        work = self.add("calendar", "work", "Work")
        work.put("event-2.ics", event(26, "someone-else"))

    def do_put(self, rq):
        c, segment = self.split(rq.path)
        self.puts += 1
        return self.store(rq, c, segment)


class Schedules(Target):
    """A server that mails invitations, and is none of those that can be kept from it: the meeting is held back."""
    name = "schedules-unknown-server"
    source = "RFC 6638; Google ignores SCHEDULE-AGENT (aluxnimm/outlookcaldavsynchronizer issue 183)"
    code, says, lost = 3, "1 event with attendees was held back", ("meeting.ics",)

    def do_options(self, rq):
        return Answer(200, DAV="1, 3, extended-mkcol, calendar-access, calendar-auto-schedule, addressbook")

    def check(self):
        assert not any(b"ATTENDEE" in rq.body for rq in self.log), "the meeting was sent"


class SchedulesAtPrincipal(Schedules):
    """Only OPTIONS of the principal tells that the server mails."""
    name = "schedules-said-at-principal"
    source = "SOGo: the DAV header of the home set lacks what that of the principal has (caldav's davclient.py)"

    def do_options(self, rq):
        return super().do_options(rq) if "principals" in rq.path else FakeDav.do_options(self, rq)


class WithAttendees(Schedules):
    """The same with --with-attendees: it is sent, with every header that asks for silence."""
    name = "with-attendees"
    source = "sabre, Nextcloud, Cyrus and SOGo each have a header of their own"
    code, says, lost, options = 0, "may mail invitations", (), ("--with-attendees",)

    def check(self):
        sent = [rq for rq in self.log if b"ATTENDEE" in rq.body]
        assert len(sent) == 1, sent
        want = {"Scheduling-Enabled": "F", "Schedule-Reply": "F", "X-NC-Scheduling": "false", "X-SOGo-Send-Appointment-Notifications": "NO", "If-None-Match": "*"}
        assert all(sent[0].header(k) == v for k, v in want.items()), sent[0].headers


class OneComponent(Target):
    """A calendar is of one component: MKCALENDAR with more is refused, as is what does not fit."""
    name = "one-component"
    source = "iCloud: 400 only one calendar component type supported (vdirsyncer PR 593); Zimbra and Open-Xchange: tasks only in task lists"

    def make(self, rq, kind):
        comps = re.findall('name="(V[A-Z]+)"', rq.set().get(CAL + "supported-calendar-component-set", ""))
        if len(comps) > 1:
            return Answer(400, "only one calendar component type supported")
        answer = super().make(rq, kind)
        if answer.status == 201 and kind == "calendar":
            self.collections[rq.path.rstrip("/") + "/"].props[CAL + "supported-calendar-component-set"] = '<C:comp name="%s"/>' % (comps or ["VEVENT"])[0]
        return answer

    def store(self, rq, c, segment):
        taken = re.findall(b'name="(V[A-Z]+)"', c.props.get(CAL + "supported-calendar-component-set", "").encode())
        if taken and b"BEGIN:" + taken[0] not in rq.body:
            return error(403, CAL + "supported-calendar-component")
        return super().store(rq, c, segment)


class NoList(Target):
    """What the target has cannot be listed: nothing is written, for doubles could not be told."""
    name = "target-unlistable"
    source = "Zimbra and SOGo under load: 501 for one calendar"
    code, says, partial, again_adds = 1, "cannot be listed", True, True

    def __init__(self):
        super().__init__()
        self.add("calendar", "old", "Old").put("x.ics", event(9, "x"))

    def do_propfind(self, rq):
        if "/old/" in rq.path and rq.header("Depth") == "1":
            return Answer(501)
        return super().do_propfind(rq)
