#!/usr/bin/python3
"""Calendar objects and cards as MAPI items and back: the instances that icalendar and dateutil find are the same, by the item's properties alone (what it keeps of the object
taken out), for many rules in three time zones, and for our own objects; whatever the machine's clock and language, the item is the same. Items of Outlook's own files, made
into an object or card and into an item again, differ in what the table here names, and no more."""
import collections
import datetime
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import SERVERS, TESTS, expect, files, run  # noqa: E402
import icalendar  # noqa: E402
import recurring_ical_events  # noqa: E402

BUILD = os.path.join(os.environ.get("VALISE_BUILD", os.path.join(TESTS, "../build/test")), "tests")
BACK, CALENDAR, CONTACTS = (os.path.join(BUILD, n) for n in ("outlook_back", "outlook_calendar", "outlook_contacts"))
SHOWN = 60


def back(path, *how, **env):
    p = subprocess.run([BACK, *how, path], stdin=subprocess.DEVNULL, capture_output=True, env=dict(os.environ, **env))
    expect(p.returncode == 0, "%s: %s" % (path, p.stderr.decode()))
    return p.stdout, p.stderr.decode()


def instant(value):
    return value.astimezone(datetime.timezone.utc) if isinstance(value, datetime.datetime) and value.tzinfo else value


def instances(octets, year):
    """The first ones from that year on: start, end, title."""
    cal, found = icalendar.Calendar.from_ical(octets), []
    expect(not any(c.errors for c in cal.walk()), "icalendar: %s" % octets.decode())
    for years in 1, 12, 40:
        found = [(instant(e["DTSTART"].dt), instant(e["DTEND"].dt), str(e.get("SUMMARY", "")), str(e.get("LOCATION", "")))
                 for e in recurring_ical_events.of(cal).between(datetime.date(year, 1, 1), datetime.date(year + years, 1, 1))]
        if len(found) >= SHOWN:
            break
    return sorted(found, key=str)[:SHOWN]


ZONES = {
    "Europe/Berlin": ("+0100", "+0200", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "19700329T020000", "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "19701025T030000"),
    "America/New_York": ("-0500", "-0400", "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", "20070311T020000", "FREQ=YEARLY;BYMONTH=11;BYDAY=1SU", "20071104T020000"),
    "Australia/Sydney": ("+1000", "+1100", "FREQ=YEARLY;BYMONTH=10;BYDAY=1SU", "20081005T020000", "FREQ=YEARLY;BYMONTH=4;BYDAY=1SU", "20080406T030000"),
}


def zone(name):
    standard, summer, on, first_on, off, first_off = ZONES[name]
    return ["BEGIN:VTIMEZONE", "TZID:" + name, "BEGIN:DAYLIGHT", "DTSTART:" + first_on, "RRULE:" + on, "TZOFFSETFROM:" + standard, "TZOFFSETTO:" + summer, "END:DAYLIGHT",
            "BEGIN:STANDARD", "DTSTART:" + first_off, "RRULE:" + off, "TZOFFSETFROM:" + summer, "TZOFFSETTO:" + standard, "END:STANDARD", "END:VTIMEZONE"]


# A rule with its first day; each of these is one of MAPI.
RULES = [
    ("FREQ=DAILY;COUNT=100", "20260301"), ("FREQ=DAILY;INTERVAL=3;UNTIL=20261101T080000Z", "20260302"), ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "20260302"),
    ("FREQ=WEEKLY", "20260304"), ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;COUNT=50", "20260302"), ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU", "20260301"),
    ("FREQ=WEEKLY;INTERVAL=3;BYDAY=TU,TH;WKST=MO", "20260303"), ("FREQ=MONTHLY", "20260302"), ("FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=28", "20260228"),
    ("FREQ=MONTHLY;BYMONTHDAY=-1", "20260331"), ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=30", "20260331"), ("FREQ=MONTHLY;BYMONTHDAY=30;UNTIL=20321231", "20260330"),
    ("FREQ=MONTHLY;BYDAY=2TU", "20260310"), ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=40", "20260327"), ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "20260331"),
    ("FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=3;INTERVAL=2", "20260308"), ("FREQ=MONTHLY;BYDAY=SU;BYMONTHDAY=8,9,10,11,12,13,14", "20260308"), ("FREQ=YEARLY", "20260301"),
    ("FREQ=YEARLY;INTERVAL=2;BYMONTH=12;BYMONTHDAY=31", "20261231"), ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "20261126"), ("FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "20261025"),
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1", "20240229"), ("FREQ=YEARLY;COUNT=20", "20240228"), ("FREQ=YEARLY;BYMONTHDAY=29;BYMONTH=2;COUNT=5", "20240229"),
]
# Not one of MAPI: kept whole, and named.
OTHERS = [("FREQ=HOURLY;COUNT=30", "20260302"), ("FREQ=MONTHLY;BYMONTHDAY=1,15", "20260301"), ("FREQ=MONTHLY;BYMONTHDAY=31", "20260331"), ("FREQ=YEARLY;BYYEARDAY=100", "20260410"),
          ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "20260313"), ("FREQ=YEARLY;BYMONTH=3,9;BYMONTHDAY=2", "20260302"), ("FREQ=DAILY;BYHOUR=9,17;COUNT=30", "20260302")]


def series(rule, day, name, days=False, more=()):
    after = (datetime.datetime.strptime(day, "%Y%m%d") + datetime.timedelta(2)).strftime("%Y%m%d")
    start = [";VALUE=DATE:%s" % day, ";VALUE=DATE:%s" % after] if days else [";TZID=%s:%sT093000" % (name, day), ";TZID=%s:%sT104500" % (name, day)]
    rule = re.sub(r"(UNTIL=\d{8})T\d+Z", r"\1", rule) if days else rule
    if not days:
        rule = re.sub(r"(UNTIL=\d{8})(?!T)", r"\1T235959Z", rule)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN", *zone(name), "BEGIN:VEVENT", "UID:u", "DTSTAMP:20260101T000000Z", "SUMMARY:s", "DTSTART" + start[0],
             "DTEND" + start[1], "RRULE:" + rule, "END:VEVENT", *more, "END:VCALENDAR", ""]
    return "\r\n".join(lines).encode()


def check(t, octets, year, lost, what):
    path = os.path.join(t, "a.ics")
    with open(path, "wb") as f:
        f.write(octets)
    mine = instances(octets, year)
    whole, told = back(path)
    plain, _ = back(path, "--plain")
    expect(len(mine) > 1 and instances(whole, year) == mine, "%s: other instances\n%s\n%s" % (what, octets.decode(), whole.decode()))
    expect(("its recurrence" in told) == lost, "%s: told %s" % (what, told))
    if not lost:
        theirs = instances(plain, year)
        expect(theirs == mine, "%s: by the properties alone %s\n%s" % (what, [x for x in zip(mine, theirs) if x[0] != x[1]][:3], plain.decode()))


def test_rules(t):
    n = 0
    for rules, lost in (RULES, False), (OTHERS, True):
        for rule, day in rules:
            for name in ZONES:
                check(t, series(rule, day, name), int(day[:4]), lost, "%s %s" % (rule, name))
                n += 1
            if "HOUR" not in rule:
                check(t, series(rule, day, "Europe/Berlin", days=True), int(day[:4]), lost, rule + " days")
                n += 1
    print("%d series" % n)


def test_changed(t):
    """A series that is changed in all ways, at the change to summer time."""
    name = "Europe/Berlin"
    at = ";TZID=%s:" % name
    own = [["RECURRENCE-ID%s20260330T093000" % at, "DTSTART%s20260331T110000" % at, "DTEND%s20260331T120000" % at, "SUMMARY:moved"],
           ["RECURRENCE-ID:20260323T083000Z", "DTSTART:20260323T083000Z", "DTEND:20260323T113000Z", "SUMMARY:longer", "LOCATION:elsewhere"],
           ["RECURRENCE-ID%s20260406T093000" % at, "DTSTART;VALUE=DATE:20260406", "DTEND;VALUE=DATE:20260408", "SUMMARY:two days"]]
    more = [x for o in own for x in ("BEGIN:VEVENT", "UID:u", "DTSTAMP:20260101T000000Z", *o, "END:VEVENT")]
    octets = series("FREQ=WEEKLY;COUNT=12", "20260302", name, more=more).replace(b"SUMMARY:s\r\n", b"SUMMARY:s\r\nEXDATE" + at.encode() + b"20260309T093000,20260420T093000\r\n", 1)
    check(t, octets, 2026, False, "changed")


def test_own(t):
    """What Outlook's items became: the same octets, but for rules of time zones from before, and what no rule says."""
    top = os.path.join(t, "made")
    os.mkdir(top)
    subprocess.run([CALENDAR, "make", top], check=True)
    for path, octets in sorted(files(top).items()):
        if not path.endswith(".ics"):
            continue
        again, told = back(path)
        if "RRULE" in octets.decode() and b"BEGIN:VEVENT" in octets:
            year = int(re.search(rb"\nDTSTART[^:]*:(\d{4})", octets[octets.index(b"BEGIN:VEVENT"):]).group(1))
            expect(instances(again, year) == instances(octets, year), path)
        if not re.search("hebrew|hijri|ramadan|example-weekly", path):
            expect(again == octets and not told, "%s: %s\n%s" % (path, told, again.decode()))
    top = os.path.join(t, "cards")
    os.mkdir(top)
    subprocess.run([CONTACTS, top], check=True)
    for path, octets in sorted(files(top).items()):
        expect(back(path) == (octets, ""), path)


def test_machine(t):
    """No clock, language or time zone of the machine."""
    path = os.path.join(t, "a.ics")
    with open(path, "wb") as f:
        f.write(series("FREQ=WEEKLY;COUNT=12", "20260302", "Europe/Berlin"))
    expect(back(path, "--tell", TZ="Asia/Tokyo", LANG="C") == back(path, "--tell", TZ="America/New_York", LC_ALL="de_DE.UTF-8"), "another item")


# What differs between an item of Outlook and what is made of its object or card, and why.
DIFFER = {
    "of a store, of servers, of who made it and when": r"PidTagSearchKey|0x....|PidTagSent.*|PidTagSender.*|PidTagClientSubmitTime|PidTagMessageDeliveryTime|PidTagConversation(Topic|Index)"
    r"|PidTagMessageFlags|PidTagSubject(Prefix)?|PidTagPriority|PidTag(ReadReceipt|OriginatorDeliveryReport)Requested|PidTag(Reply|Response)Requested|PidTagInternet.*|PidTagReceived.*",
    "of Outlook's windows": r"PidTagIconIndex|PidLidSideEffects|PidLidTask(Mode|State|Version|Ordinal|Ownership|AcceptanceState|No.*|F.*|Role|Assigner|Status|Complete|.*Effort)|PidLidTeamTask"
    r"|PidLidPercentComplete|PidLidFileUnder(Id|List)?|PidLidAutoLog|PidLidContact(CharacterSet|ItemData)|PidLidCurrentVersion.*|\{.*|PidTagAttachRendering|PidTagRenderingPosition|PidTagAttach(Flags|Encoding)"
    r"|PidLidBusinessCard.*|PidLidToDo.*|PidTagLocal.*|PidLidReminder(Delta|Time|SignalTime|Set)|PidLidRecurrencePattern|PidLidTimeZoneDescription|PidLidAutoFillLocation|PidLidConferencing.*"
    r"|PidLidAllow.*|PidLidSendMeetingAsIcal|PidLid(Clip|Common)(Start|End)|PidTag(Start|End)Date|PidLidAppointment(Auxiliary.*|Proposal.*|Proposed.*|Counter.*|UpdateTime|StateFlags)|PidLidFInvited"
    r"|PidLidDepartment|PidLidHasPicture|PidLidAddressCountryCode|PidLidAddressBookProvider.*|PidLid(Fax|Email)..*|PidLidPostalAddressId|PidLid(Work|Home|Other)Address",
    "what it keeps": r"PidNameContent.*|PidNameVcardUid|PidLid(Clean)?GlobalObjectId|PidLidOwnerCriticalChange",
    "the looks of a body, and its code page": r"PidTagRtfCompressed|PidTagHtml",
    "a time zone by the rule of MS-OXOCAL, and without rules from before": r"PidLidAppointmentTimeZoneDefinition.*|PidLidTimeZoneStruct",
    "in UTC": r"PidTagException.*|PidLidExceptionReplaceTime",
    "whole days are those of UTC, times without what is less than a second": r"PidLidAppointment(Start|End)Whole|PidLidAppointment(Reply|Sequence)Time",
    "said by other properties": r"PidLid(All|To|Cc)AttendeesString|PidLidMeetingType|PidLidRecurrenceType|PidTagTransmittable.*|PidTagRecipientDisplayName|PidTagRecipientFlags|PidTagDisplayTypeEx"
    r"|PidTagLastVerbExecuted|PidTagMessageCodepage|PidTagRecipientTrackStatusTime",
    "addresses of Exchange by those of the Internet": r"PidTagAddressType|PidTagEmailAddress",
    "of attachments names and types alone": r"PidTagAttach(ContentId|Filename|Extension|MimeTag|Method|DataBinary)|PidTagLanguage|PidTagDisplayName|PidTagAttachLongFilename|attachments",
    "text of a body that was RTF alone": r"PidTagBody",
    "members are one-off": r"PidLidDistributionList.*",
}


def test_items(t):
    where = os.path.join(t, "samples")
    out = subprocess.run([os.path.join(SERVERS, "outlook.sh"), "start", where], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
    samples = re.search(r"^SAMPLES=(.*)$", out, re.M).group(1)
    for name in sorted(os.listdir(samples)):
        run(None, "import", os.path.join(samples, name), "-o", t + "/a.valise")
    run(0, "unpack", t + "/a.valise", "-t", t + "/tree")
    empty, seen, others = re.compile(r': lost, was (""|0|0x0+|false|-1|\d+ \(0\))?$'), 0, collections.defaultdict(set)
    for path in sorted(p for p in files(t + "/tree") if p.endswith(".fx")):
        out, _ = back(path, "--item")
        seen += bool(out)
        for line in out.decode().splitlines():
            text = line.split("\t")[1]
            name = re.match(r"\{[^}]*\} \S+|[^ :]+", text).group()
            if not empty.search(text) and not any(re.fullmatch(x, name) for x in DIFFER.values()):
                others[name].add(line[:200])
    expect(seen > 50, "%d items" % seen)
    expect(not others, "\n".join("%s: %s" % (k, sorted(v)[:3]) for k, v in sorted(others.items())))
    print("%d items of Outlook" % seen)


def main():
    for test in test_rules, test_changed, test_own, test_machine, test_items:
        with tempfile.TemporaryDirectory() as t:
            test(t)


main()
