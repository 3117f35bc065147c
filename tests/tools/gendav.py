#!/usr/bin/python3
"""A calendar and address book account that is hard to carry, made over CalDAV and CardDAV.

gendav.py --env FILE [--user alice] [--resources 150] [--big BYTES] [--attendees]

6 calendars and 3 address books, with properties; the resources are spread over them. The same arguments
give the same account. What the server refuses is named on standard output and left out: the account is what
the server then has. FILE: the KEY=VALUE lines of tests/servers. Nothing but the standard library is used.
"""
import argparse
import base64
import http.client
import random
import sys
import urllib.parse

CALENDARS = [
    # segment, display name, components, color, order, description, transparent
    ("work", "Work & <Play>", "VEVENT", "#FF2968FF", 1, "Appointments, “quoted”", False),
    ("home", "Zu Hause – Größe", "VEVENT", "#1BADF8", 2, "", True),
    ("tasks", "Tasks", "VTODO", "#63DA38", 3, "What is to be done", False),
    ("journal", "Journal", "VJOURNAL", "#CC73E1", 4, "", False),
    ("mixed", "Mixed", "VEVENT VTODO", "#A2845E", 5, "Two kinds", False),
    ("empty", "Empty", "VEVENT", "#000000", 6, "Nothing in it", False),
]
BOOKS = [
    ("friends", "Friends ☂", "People"),
    ("firm", "Firm, Inc.", "Colleagues; others"),
    ("groups", "Groups", ""),
]
BERLIN = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""
ODD_ZONE = """BEGIN:VTIMEZONE
TZID:Half past (own zone)
BEGIN:STANDARD
TZOFFSETFROM:+0845
TZOFFSETTO:+0845
TZNAME:OWN
DTSTART:19700101T000000
END:STANDARD
END:VTIMEZONE
"""
# One pixel.
PNG = base64.b64encode(bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000" "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)).decode()


def fold(text):
    """CRLF, and lines of at most 75 octets, cut between characters."""
    out = []
    for line in text.split("\n"):
        raw, first = line.encode(), True
        while len(raw) > 75:
            cut = 75 if first else 74
            while raw[cut] & 0xC0 == 0x80:
                cut -= 1
            out.append((b"" if first else b" ") + raw[:cut])
            raw, first = raw[cut:], False
        out.append((b"" if first else b" ") + raw)
    return b"\r\n".join(out)


class Maker:
    def __init__(self, seed, big):
        self.rnd = random.Random(seed)
        self.big = big

    def calendar(self, zones, *components):
        return "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//gendav//EN\n" + zones + "".join(components) + "END:VCALENDAR\n"

    def event(self, uid, lines, start="DTSTART:20260{0}T090000Z\nDTEND:20260{0}T100000Z\n"):
        day = "%d%02d" % (self.rnd.randint(1, 9), self.rnd.randint(1, 28))
        return ("BEGIN:VEVENT\nUID:%s\nDTSTAMP:20260101T000000Z\n" % uid) + start.replace("{0}", day) + lines + "END:VEVENT\n"

    def vevent(self, kind, n, uid):
        e, plain = self.event, "SUMMARY:Event %d\n" % n
        if kind == "plain":
            return self.calendar("", e(uid, plain + "LOCATION:Room %d\\, upstairs\nDESCRIPTION:Line one\\nLine two\\; end\n" % n))
        if kind == "override":
            start = "DTSTART;TZID=Europe/Berlin:20260105T080000\nDTEND;TZID=Europe/Berlin:20260105T090000\n"
            other = "RECURRENCE-ID;TZID=Europe/Berlin:20260112T080000\nDTSTART;TZID=Europe/Berlin:20260112T110000\nDTEND;TZID=Europe/Berlin:20260112T120000\n"
            return self.calendar(BERLIN, e(uid, plain + "RRULE:FREQ=WEEKLY;COUNT=10;BYDAY=MO\nEXDATE;TZID=Europe/Berlin:20260119T080000\nEXDATE;TZID=Europe/Berlin:20260126T080000,20260202T080000\n", start),
                                 e(uid, "SUMMARY:Moved %d\n" % n, other))
        if kind == "allday":
            return self.calendar("", e(uid, plain + "RRULE:FREQ=YEARLY\nTRANSP:TRANSPARENT\n", "DTSTART;VALUE=DATE:20260{0}\n"))
        if kind == "floating":
            return self.calendar("", e(uid, plain, "DTSTART:20260{0}T070000\nDURATION:PT1H30M\n"))
        if kind == "oddzone":
            return self.calendar(ODD_ZONE, e(uid, plain, "DTSTART;TZID=Half past (own zone):20260{0}T070000\nDTEND;TZID=Half past (own zone):20260{0}T080000\n"))
        if kind == "alarm":
            return self.calendar("", e(uid, plain + "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nDESCRIPTION:Soon\nEND:VALARM\nBEGIN:VALARM\nACTION:AUDIO\nTRIGGER;RELATED=END:PT0S\nEND:VALARM\n"))
        if kind == "attach":
            data = base64.b64encode(self.rnd.randbytes(3000)).decode()
            return self.calendar("", e(uid, plain + "ATTACH;FMTTYPE=application/octet-stream;ENCODING=BASE64;VALUE=BINARY:" + data + "\n"))
        if kind == "categories":
            return self.calendar("", e(uid, plain + "CATEGORIES:one\\, two,three,Größe\nX-OWN;X-PARAM=\"a:b\":kept as it is\nX-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC\nGEO:48.85299;2.36885\nCLASS:PRIVATE\n"))
        if kind == "xcomma":
            return self.calendar("", e(uid, plain + "X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=\"Café\":geo:48.85,2.36\n"))
        if kind == "folded":
            return self.calendar("", e(uid, "SUMMARY:" + "ÄÖÜ 漢字 😀 " * 12 + "\nDESCRIPTION:" + "Ein sehr langer Text mit Umlauten äöüß. " * 20 + "\n"))
        if kind == "empty":
            return self.calendar("", e(uid, "SUMMARY:\nLOCATION:\nDESCRIPTION:\n"))
        if kind == "big":
            return self.calendar("", e(uid, plain + "DESCRIPTION:" + "x" * self.big + "\n"))
        if kind == "attendees":
            return self.calendar("", e(uid, plain + "ORGANIZER;CN=Alice:mailto:alice@valise-test\nATTENDEE;CN=Alice;PARTSTAT=ACCEPTED:mailto:alice@valise-test\nATTENDEE;CN=\"Guest, A.\";RSVP=TRUE:mailto:guest%d@elsewhere.example\n" % n, "DTSTART:20330{0}T090000Z\nDTEND:20330{0}T100000Z\n"))
        raise ValueError(kind)

    def vtodo(self, n, uid):
        extra = ["DUE:20260301T120000Z\n", "DUE;VALUE=DATE:20260401\nPERCENT-COMPLETE:40\nSTATUS:IN-PROCESS\n",
                 "STATUS:COMPLETED\nCOMPLETED:20260105T101112Z\n", "RELATED-TO:parent-%d\nPRIORITY:1\n" % n][n % 4]
        return self.calendar("", "BEGIN:VTODO\nUID:%s\nDTSTAMP:20260101T000000Z\nSUMMARY:Task %d\n%sEND:VTODO\n" % (uid, n, extra))

    def vjournal(self, n, uid):
        return self.calendar("", "BEGIN:VJOURNAL\nUID:%s\nDTSTAMP:20260101T000000Z\nDTSTART;VALUE=DATE:20260210\nSUMMARY:Day %d\nDESCRIPTION:Dear diary\\,\\nall is well.\nEND:VJOURNAL\n" % (uid, n))

    def card(self, kind, n, uid):
        head = "BEGIN:VCARD\nVERSION:%s\nUID:%s\nFN:Person %d\nN:Person;No. %d;;;\n" % ("4.0" if kind == "v4" else "3.0", uid, n, n)
        tail = "END:VCARD\n"
        if kind == "v3":
            return head + "EMAIL;TYPE=INTERNET,HOME:p%d@example.com\nTEL;TYPE=CELL:+49 30 %07d\nADR;TYPE=HOME:;;Straße %d;Berlin;;10115;Germany\nBDAY:1980-02-29\nNOTE:Commas\\, semicolons\\; and\\nlines\n" % (n, n, n) + tail
        if kind == "v4":
            return head + "EMAIL;PREF=1:p%d@example.org\nLANG;PREF=1:de\nANNIVERSARY:20090808T1430-0500\nRELATED;TYPE=friend:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6\n" % n + tail
        if kind == "photo":
            return head + "PHOTO;ENCODING=b;TYPE=PNG:" + PNG + "\n" + tail
        if kind == "bigphoto":
            return head + "PHOTO;ENCODING=b;TYPE=JPEG:" + base64.b64encode(self.rnd.randbytes(60000)).decode() + "\n" + tail
        if kind == "labels":
            return head + "item1.URL:https\\://example.com/\nitem1.X-ABLabel:_$!<HomePage>!$_\nitem2.EMAIL;TYPE=INTERNET:a@example.com\nitem2.X-ABLabel:Büro\n" + tail
        if kind == "categories":
            return head + "CATEGORIES:one\\, two,three\nORG:Firm\\, Inc.;Dept.\nX-OWN:kept\nX-EMPTY:\n" + tail
        if kind == "utf8":
            return head + "NICKNAME:" + "漢字 ÄÖÜ 😀 " * 10 + "\nTITLE:Dr. med. dent. " + "lang " * 30 + "\n" + tail
        raise ValueError(kind)

    def group(self, n, uid, members, apple):
        if apple:
            return ("BEGIN:VCARD\nVERSION:3.0\nUID:%s\nFN:Group %d\nN:Group %d;;;;\nX-ADDRESSBOOKSERVER-KIND:group\n" % (uid, n, n)
                    + "".join("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:%s\n" % m for m in members) + "END:VCARD\n")
        return ("BEGIN:VCARD\nVERSION:4.0\nUID:%s\nFN:Group %d\nKIND:group\n" % (uid, n)
                + "".join("MEMBER:urn:uuid:%s\n" % m for m in members) + "END:VCARD\n")


EVENTS = ["plain", "override", "allday", "floating", "oddzone", "alarm", "attach", "categories", "xcomma", "folded", "empty"]
CARDS = ["v3", "v4", "photo", "labels", "categories", "utf8", "bigphoto"]


def odd_uid(n):
    return ["uid-%d@valise-test" % n, "5F%06d-AAAA-4BBB-8CCC-0123456789AB" % n, "with/slash/%d" % n, "with blank %d" % n, "ümlaut-%d" % n][n % 5 if n % 10 < 5 else n % 2]


def odd_name(n, ext):
    return ["plain-%d", "with blank %d", "50%% off %d", "plus+and@%d", "größe-%d", "quote'%d"][n % 6 if n % 12 < 6 else 0] % n + ext


def account(resources, big, attendees):
    """(kind, collection segment, resource name, bytes) in a fixed order."""
    m = Maker(resources, big)
    n_cal = resources * 2 // 3
    for n in range(n_cal):
        where, uid = n % 10, odd_uid(n)
        if where < 4:
            yield "cal", "work", odd_name(n, ".ics"), fold(m.vevent(EVENTS[n // 2 % len(EVENTS)], n, uid))
        elif where < 6:
            yield "cal", "home", odd_name(n, ".ics"), fold(m.vevent(EVENTS[(n + 3) % len(EVENTS)], n, uid))
        elif where < 7:
            yield "cal", "tasks", odd_name(n, ".ics"), fold(m.vtodo(n // 10, uid))
        elif where < 8:
            yield "cal", "journal", odd_name(n, ".ics"), fold(m.vjournal(n, uid))
        else:
            text = m.vtodo(n, uid) if where == 8 else m.vevent(EVENTS[n // 10 % len(EVENTS)], n, uid)
            yield "cal", "mixed", odd_name(n, ".ics"), fold(text)
    if big:
        yield "cal", "work", "big.ics", fold(m.vevent("big", n_cal, "big-value"))
    for n in range(attendees):
        yield "cal", "work", "meeting-%d.ics" % n, fold(m.vevent("attendees", n, "meeting-%d" % n))
    members = []
    for n in range(n_cal, resources):
        uid = odd_uid(n)
        if n % 15 == 0 and members:
            yield "card", "groups", odd_name(n, ".vcf"), fold(m.group(n, uid, members[-5:] + ["dangling-%d" % n], n % 2))
            continue
        members.append(uid)
        yield "card", ["friends", "firm"][n % 2], odd_name(n, ".vcf"), fold(m.card(CARDS[n % len(CARDS)], n, uid))


class Server:
    def __init__(self, port, user):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.auth = "Basic " + base64.b64encode(("%s:pw-%s" % (user, user)).encode()).decode()

    def call(self, method, path, body=None, **headers):
        h = {"Authorization": self.auth}
        h.update({k.replace("_", "-"): v for k, v in headers.items()})
        try:
            return self.once(method, path, body, h)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):  # SOGo ends connections without a word
            self.http.close()
            return self.once(method, path, body, h)

    def once(self, method, path, body, headers):
        self.http.request(method, path, body, headers)
        r = self.http.getresponse()
        return r.status, r.read()


def xml(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


XML = {"Content_Type": "application/xml; charset=utf-8"}
NS = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:R="urn:ietf:params:xml:ns:carddav" xmlns:A="http://apple.com/ns/ical/"'


def set_props(s, path, props):
    for p in props:
        s.call("PROPPATCH", path, ('<D:propertyupdate %s><D:set><D:prop>%s</D:prop></D:set></D:propertyupdate>' % (NS, p)).encode(), **XML)


def make_calendar(s, home, c):
    segment, name, comps, color, order, note, transparent = c
    path = home + segment + "/"
    comp = "<C:supported-calendar-component-set>%s</C:supported-calendar-component-set>" % "".join('<C:comp name="%s"/>' % k for k in comps.split())
    title = "<D:displayname>%s</D:displayname>" % xml(name)
    status, body = s.call("MKCALENDAR", path, ('<C:mkcalendar %s><D:set><D:prop>%s%s</D:prop></D:set></C:mkcalendar>' % (NS, title, comp)).encode(), **XML)
    if status not in (200, 201, 207):
        sys.exit("MKCALENDAR %s: %d %s" % (path, status, body[:300]))
    props = [title, "<A:calendar-color>%s</A:calendar-color>" % color, "<A:calendar-order>%d</A:calendar-order>" % order]
    if note:
        props.append("<C:calendar-description>%s</C:calendar-description>" % xml(note))
    if transparent:
        props.append("<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>")
    set_props(s, path, props)


def make_book(s, home, b):
    segment, name, note = b
    path = home + segment + "/"
    title = "<D:displayname>%s</D:displayname>" % xml(name)
    body = '<D:mkcol %s><D:set><D:prop><D:resourcetype><D:collection/><R:addressbook/></D:resourcetype>%s</D:prop></D:set></D:mkcol>' % (NS, title)
    status, text = s.call("MKCOL", path, body.encode(), **XML)
    if status not in (200, 201, 207):
        sys.exit("MKCOL %s: %d %s" % (path, status, text[:300]))
    set_props(s, path, [title] + (["<R:addressbook-description>%s</R:addressbook-description>" % xml(note)] if note else []))


def read_env(path):
    with open(path) as f:
        return dict(line.rstrip("\n").split("=", 1) for line in f if "=" in line)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--env", required=True)
    p.add_argument("--user", default="alice")
    p.add_argument("--resources", type=int, default=150)
    p.add_argument("--big", type=int, default=0, help="octets of one very long value")
    p.add_argument("--attendees", type=int, default=0, help="so many events with attendees")
    a = p.parse_args()
    env = read_env(a.env)
    s = Server(int(env["HTTP_PORT"]), a.user)
    homes = {"cal": env["CALDAV_HOME1"].replace("alice", a.user), "card": env["CARDDAV_HOME1"].replace("alice", a.user)}
    for c in CALENDARS:
        make_calendar(s, homes["cal"], c)
    for b in BOOKS:
        make_book(s, homes["card"], b)
    stored = refused = 0
    for kind, segment, name, body in account(a.resources, a.big, a.attendees):
        path = homes[kind] + segment + "/" + urllib.parse.quote(name, safe="")
        status, text = s.call("PUT", path, body, If_None_Match="*", Schedule_Reply="F", Scheduling_Enabled="F",
                              Content_Type="text/calendar; charset=utf-8" if kind == "cal" else "text/vcard; charset=utf-8")
        inner = status == 207
        if status in (200, 201, 204) and not inner:
            stored += 1
        else:
            refused += 1
            print("refused %s: %d %s" % (path, status, text[:200].decode(errors="replace").replace("\n", " ")))
    print("stored %d, refused %d" % (stored, refused))
    if refused > a.resources // 5:
        sys.exit("too many were refused")


if __name__ == "__main__":
    main()
