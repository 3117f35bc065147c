#!/usr/bin/python3
"""valise export --format ics and vcf: what is hard to bring into one file. Time zones of one name that differ: no time moves for who goes by the definitions;
what would damage a file stands beside it; what is lost is named; every file, those of --split too, can be read by icalendar, vobject and dateutil."""
import datetime
import io
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import environment, execute, expect, files, run  # noqa: E402
from fakedav import APPLE, FakeDav, card, event  # noqa: E402
import dateutil.tz  # noqa: E402
import icalendar  # noqa: E402
import vobject  # noqa: E402


def rules(*parts):
    """VTIMEZONE's parts: (STANDARD or DAYLIGHT, DTSTART, from, to, more)."""
    return "".join("BEGIN:%s\r\nDTSTART:%s\r\nTZOFFSETFROM:%s\r\nTZOFFSETTO:%s\r\n%sEND:%s\r\n" % (k, at, a, b, more, k) for k, at, a, b, more in parts)


def yearly(month, nth):
    return "RRULE:FREQ=YEARLY;BYMONTH=%d;BYDAY=%s\r\n" % (month, nth)


EU = rules(("DAYLIGHT", "19700329T020000", "+0100", "+0200", yearly(3, "-1SU")), ("STANDARD", "19701025T030000", "+0200", "+0100", yearly(10, "-1SU")))
CUT = rules(("STANDARD", "20071028T030000", "+0200", "+0100", "TZNAME:CET\r\n" + yearly(10, "-1SU")), ("DAYLIGHT", "20070325T020000", "+0100", "+0200", "TZNAME:CEST\r\n" + yearly(3, "-1SU")))
BRAZIL_OLD = rules(("DAYLIGHT", "20081019T000000", "-0300", "-0200", yearly(10, "3SU")), ("STANDARD", "20080217T000000", "-0200", "-0300", yearly(2, "3SU")))
BRAZIL = BRAZIL_OLD.replace("BYDAY=3SU\r\nEND:DAY", "BYDAY=3SU;UNTIL=20181021T030000Z\r\nEND:DAY").replace("BYDAY=3SU\r\nEND:STA", "BYDAY=3SU;UNTIL=20190217T020000Z\r\nEND:STA")


def own(summer, winter):
    return EU.replace("+0100", winter).replace("+0200", summer)


def zoned(n, tzid, parts, start, more=""):
    """An event of an object that defines ${tzid} by ${parts}."""
    zone = "BEGIN:VTIMEZONE\r\nTZID:%s\r\n%sEND:VTIMEZONE\r\n" % (tzid, parts) if parts else ""
    times = "DTSTART;TZID=%s:%s\r\nDTEND;TZID=%s:%s" % (tzid, start, tzid, start[:9] + "235900")
    text = re.sub(r"DTSTART:\w+", times, event(n, more=more).decode(), count=1)
    return text.replace("BEGIN:VEVENT", zone + "BEGIN:VEVENT", 1).encode()


OBJECTS = {
    "full.ics": zoned(1, "Europe/Berlin", EU, "20240701T100000"),
    "cut.ics": zoned(2, "Europe/Berlin", CUT, "20241201T100000", "RRULE:FREQ=WEEKLY\r\nEXDATE;TZID=Europe/Berlin:20241208T100000\r\n"),
    "none.ics": zoned(3, "Europe/Berlin", "", "20240701T100000"),
    "own1.ics": zoned(4, "Customized Time Zone", own("+0200", "+0100"), "20240701T100000"),
    "own2.ics": zoned(5, "Customized Time Zone", own("+0630", "+0530"), "20240701T100000", "EXDATE;TZID=Customized Time Zone:20240801T100000,20240901T100000\r\n"),
    "own3.ics": zoned(6, "Customized Time Zone", own("+0200", "+0100"), "20240702T100000"),
    "own4.ics": zoned(25, "Customized Time Zone", "", "20240703T100000"),
    "brazil1.ics": zoned(7, "America/Sao_Paulo", BRAZIL, "20251201T100000", "RRULE:FREQ=DAILY\r\n"),
    "brazil2.ics": zoned(8, "America/Sao_Paulo", BRAZIL, "20151201T100000"),
    "brazil3.ics": zoned(9, "America/Sao_Paulo", BRAZIL_OLD, "20151202T100000"),
    "brazil4.ics": zoned(10, "America/Sao_Paulo", BRAZIL_OLD, "20151203T100000", "RRULE:FREQ=WEEKLY\r\n"),
    "series.ics": event(11, more="RRULE:FREQ=DAILY;COUNT=9\r\n").replace(b"END:VCALENDAR", event(11, more="RECURRENCE-ID:20260113T090000Z\r\n").split(b"//EN\r\n")[1]),
    "task.ics": event(12).replace(b"VEVENT", b"VTODO"),
    "journal.ics": event(13).replace(b"VEVENT", b"VJOURNAL"),
    "mail.ics": event(14).replace(b"BEGIN:VEVENT", b"METHOD:REQUEST\r\nBEGIN:VEVENT"),
    "lf.ics": event(15, more="DESCRIPTION:a\r\n b\r\n\r\n").replace(b"\r\n", b"\n"),
    "extra.ics": event(16).replace(b"BEGIN:VEVENT", b"X-WR-TIMEZONE:Asia/Tokyo\r\nX-FOO:bar\r\nBEGIN:VEVENT"),
    "twin1.ics": event(17, "twin"), "twin2.ics": event(18, "twin"),
    "latin.ics": event(19, more="LOCATION:Caf\u00e9 \x01\r\n").replace("\u00e9".encode(), b"\xe9"),
    "stray.ics": event(20, more="a line that is none\r\n"),
    "noend.ics": event(21)[:-20],
    "html.ics": b"<html>not found</html>",
    "two.ics": event(22) + event(23),
    "old.ics": event(24).replace(b"VERSION:2.0", b"VERSION:1.0"),
}
# What is named: beside the file, or in it and altered.
APART = {"stray.ics", "noend.ics", "html.ics", "two.ics", "old.ics"}
ALTERED = {"own4.ics": "does not define it itself", "brazil4.ics": "America/Sao_Paulo", "extra.ics": "X-WR-TIMEZONE, X-FOO", "twin2.ics": "UID", "latin.ics": "Windows-1252"}
CARDS = {
    "plain.vcf": card(1), "four.vcf": card(2, more="GENDER:F\r\nTEL;PREF=2;VALUE=uri:tel:+49-1\r\nANNIVERSARY:19900101\r\nPHOTO:data:image/png;base64,QUJD\r\n", version="4.0"),
    "old.vcf": card(3, more="NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:Gr=FC=DFe=\r\n aus\r\nTEL;HOME:1\r\n", version="2.1"),
    "group.vcf": card(4, more="KIND:group\r\nMEMBER:urn:uuid:card-1\r\n", version="4.0"), "folded.vcf": card(5, more="item1.URL:x\r\nitem1.X-ABLabel:y\r\nNOTE:a\n b\n"),
    "cut.vcf": card(6)[:-12], "bom.vcf": b"\xef\xbb\xbf" + card(7), "html.vcf": b"<html></html>",
}


class Hard(FakeDav):
    def populate(self):
        work = self.add("calendar", "work", "Work; a, b")
        work.props[APPLE + "calendar-color"] = "#FF2968FF"
        for name, octets in OBJECTS.items():
            work.put(name, octets)
        self.add("calendar", "none", "None")
        people = self.add("addressbook", "people", "People")
        for name, octets in CARDS.items():
            people.put(name, octets)


def unfold(octets):
    return octets.decode("utf-8", "replace").replace("\r\n ", "").replace("\r\n\t", "").replace("\n ", "")


def instants(octets):
    """{UID: instants of all times with a TZID} by the definitions that the file has itself, as dateutil reads them."""
    text, zones, out = unfold(octets), {}, {}
    if "BEGIN:VTIMEZONE" in text:
        try:
            tz = dateutil.tz.tzical(io.StringIO(text.replace("\r\n", "\n")))
            zones = {key: tz.get(key) for key in tz.keys()}
        except ValueError as e:
            raise AssertionError("dateutil: %s" % e)
    for component in re.findall(r"BEGIN:(?:VEVENT|VTODO|VJOURNAL)\r?\n.*?END:(?:VEVENT|VTODO|VJOURNAL)\r?\n", text, re.S):
        uid = re.search(r"^UID:(.*?)\r?$", component, re.M).group(1)
        for zone, values in re.findall(r"^[A-Z-]+;TZID=\"?([^:\"]+)\"?:(\S+)", component, re.M):
            for value in values.split(","):
                when = datetime.datetime.strptime(value, "%Y%m%dT%H%M%S")
                for years in (0, 2, 12):  # a series goes on
                    if zone in zones and (years == 0 or "RRULE" in component):
                        local = when.replace(year=when.year + years, tzinfo=zones[zone])
                        out.setdefault(uid, []).append(local.astimezone(datetime.timezone.utc))
    return out


def check_calendar(octets, what):
    """One VCALENDAR that others read; its components by UID."""
    expect(octets.count(b"BEGIN:VCALENDAR") == 1 and octets.endswith(b"END:VCALENDAR\r\n"), "%s: not one calendar" % what)
    expect(b"\n" not in octets.replace(b"\r\n", b"") and b"\r\n\r\n" not in octets, "%s: line ends" % what)
    expect(b"METHOD" not in octets and not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", octets), "%s: METHOD or controls" % what)
    names = re.findall(rb"\r\nBEGIN:VTIMEZONE\r\nTZID:(.*?)\r\n", octets)
    expect(len(set(names)) == len(names), "%s: a time zone twice: %s" % (what, names))
    used = {n.strip(b'"') for n in re.findall(rb";TZID=([^:;]+)", octets)}
    expect(set(names) == used, "%s: time zones %s, used %s" % (what, names, used))
    expect(octets.rfind(b"BEGIN:VTIMEZONE") < octets.find(b"BEGIN:VEVENT"), "%s: a time zone behind what needs it" % what)
    parsed = icalendar.Calendar.from_ical(octets)
    expect(not parsed.errors and not any(c.errors for c in parsed.walk()), "%s: icalendar: %s" % (what, [c.errors for c in parsed.walk()]))
    list(vobject.readComponents(octets.decode()))
    found = {}
    for c in re.findall(rb"BEGIN:(?:VEVENT|VTODO|VJOURNAL)\r\n.*?END:(?:VEVENT|VTODO|VJOURNAL)\r\n", octets, re.S):
        found.setdefault(re.search(rb"^UID:(.*?)\r$", c, re.M).group(1).decode(), []).append(c)
    return found


def components(octets):
    """Of an object, with CRLF and without empty lines."""
    lines = re.sub(rb"(\r\n)+", b"\r\n", re.sub(rb"\r?\n", b"\r\n", octets))
    return re.findall(rb"BEGIN:(?:VEVENT|VTODO|VJOURNAL)\r\n.*?END:(?:VEVENT|VTODO|VJOURNAL)\r\n", lines, re.S)


def check_ics(archive, out):
    said = run(3, "export", archive, "-o", out, "--format", "ics")
    have = {os.path.relpath(k, out): v for k, v in files(out).items()}
    octets = have.pop("Work; a, b.ics")
    found = check_calendar(octets, "Work")
    expect(have.pop("None.ics").count(b"BEGIN:") == 1, "an empty calendar")
    text = unfold(octets)
    expect("\r\nNAME:Work\\; a\\, b\r\n" in text and "X-WR-CALNAME:Work\\; a\\, b\r\n" in text and "X-APPLE-CALENDAR-COLOR:#FF2968\r\n" in text
           and "\r\nCOLOR:" in text, "name and colour: " + text[:300])
    for name, source in OBJECTS.items():
        named = [line for line in said.splitlines() if "/" + name in line]
        expect(len(named) == (name in APART or name in ALTERED), "%s is named: %s" % (name, named))
        if name in APART:
            expect(source in have.values() and "(apart)" in named[0], "%s is nowhere as it is: %s" % (name, named))
            continue
        expect(name not in ALTERED or ALTERED[name] in named[0], "%s: %s" % (name, named))
        for c in components(source):
            uid = re.search(rb"^UID:(.*?)\r$", c, re.M).group(1).decode()
            if name not in ("own2.ics", "latin.ics"):
                expect(c in found[uid], "%s: other octets" % name)
    expect(len(have) == len(APART) and len(set(have.values())) == len(APART), "beside the file: %s" % list(have))
    expect("LOCATION:Caf\u00e9 \r\n" in text and "TZID=Customized Time Zone (2):20240801T100000,20240901T100000" in text, "other forms")
    expect(found["event-11"][0].count(b"RECURRENCE-ID") + found["event-11"][1].count(b"RECURRENCE-ID") == 1, "an override is lost")
    after = instants(octets)
    for name, source in OBJECTS.items():
        before = instants(source) if name not in APART and b"TZID" in source else {}
        for uid, times in before.items():
            same = after[uid] == times
            expect(same == (name != "brazil4.ics"), "%s: %s is %s" % (name, times, after[uid]))


def check_split(archive, out):
    run(3, "export", archive, "-o", out, "--format", "ics", "--split", "2K")
    whole, seen = [c for name, o in OBJECTS.items() if name not in APART for c in components(o)], 0
    parts = sorted(n for n in os.listdir(out) if n.startswith("Work") and n.endswith(".ics"))
    expect(len(parts) > 2 and "Work; a, b-2.ics" in parts, "files: %s" % parts)
    for name in parts:
        with open(os.path.join(out, name), "rb") as f:
            octets = f.read()
        found = check_calendar(octets, name)
        seen += sum(len(c) for c in found.values())
        expect(len(octets) <= 2048 or len(found) == 1, "%s has %d octets" % (name, len(octets)))
    expect(seen == len(whole), "%d components of %d" % (seen, len(whole)))


def check_vcf(archive, out):
    said = run(3, "export", archive, "-o", out, "--format", "vcf")
    have = {os.path.relpath(k, out): v for k, v in files(out).items()}
    octets = have.pop("People.vcf")
    good = {n: o for n, o in CARDS.items() if n not in ("cut.vcf", "html.vcf")}
    expect(octets == b"".join(re.sub(rb"\r?\n", b"\r\n", good[n].removeprefix(b"\xef\xbb\xbf")) for n in sorted(good)), "the cards are others")
    expect(sorted(have.values()) == sorted([CARDS["cut.vcf"], CARDS["html.vcf"]]), "beside the file: %s" % list(have))
    expect(said.count("/people/") == 2 and "cut.vcf" in said and "html.vcf" in said, said)


def check_versions(archive, out):
    for version, named in (("3", ["four.vcf"]), ("4", [])):
        said = run(3, "export", archive, "-o", out + version, "--format", "vcf", "--vcard", version)
        with open(os.path.join(out + version, "People.vcf"), "rb") as f:
            octets = f.read()
        cards = list(vobject.readComponents(octets.decode()))
        expect(len(cards) == 6 and {c.version.value for c in cards} == {version + ".0"}, "versions: %s" % [c.version.value for c in cards])
        expect([n for n in CARDS if "/" + n in said and n not in ("cut.vcf", "html.vcf")] == named, said)
        expect("no word for" not in said or "GENDER, PREF of TEL, ANNIVERSARY" in said, said)
        expect("Gr\u00fc\u00dfe" in octets.decode(), "charset of vCard 2.1")
    expect(b"X-ADDRESSBOOKSERVER-KIND:group" in files(out + "3")[os.path.join(out + "3", "People.vcf")], "a group in 3.0")


def main():
    with tempfile.TemporaryDirectory(prefix="valise-pim-") as d, Hard() as server:
        os.environ.update(environment(d))
        archive = os.path.join(d, "a.valise")
        run(0, "backup", "--caldav", server.url(), "--carddav", server.url(), "--user", "alice", "--password-command", "echo pw-alice", "--cleartext", "--exact", "-o", archive)
        check_ics(archive, os.path.join(d, "ics"))
        check_split(archive, os.path.join(d, "split"))
        check_vcf(archive, os.path.join(d, "vcf"))
        check_versions(archive, os.path.join(d, "version"))
        for bad in (["--format", "ics", "--vcard", "3"], ["--format", "eml", "--split", "1M"], ["--format", "vcf", "--vcard", "2"]):
            rc, _, err = execute("export", archive, "-o", os.path.join(d, "bad"), *bad)
            expect(rc == 2 and not os.path.exists(os.path.join(d, "bad")), err)
    print("ok")


if __name__ == "__main__":
    main()
