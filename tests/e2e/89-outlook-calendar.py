#!/usr/bin/python3
"""Recurrences of Outlook (MS-OXOCAL 2.2.1.44), made into calendar objects: their instances, as libical finds them and as icalendar and dateutil do, are those of the
calendar on the wall, from winter to summer time and back, for every pattern type; so are those of MS-OXOCAL's own examples."""
import calendar
import datetime
import os
import subprocess
import sys
import tempfile
import zoneinfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import TESTS, expect  # noqa: E402
import icalendar  # noqa: E402
import recurring_ical_events  # noqa: E402

TOOL = os.path.join(os.environ.get("VALISE_BUILD", os.path.join(TESTS, "../build/test")), "tests/outlook_calendar")
BERLIN, PACIFIC, UTC = zoneinfo.ZoneInfo("Europe/Berlin"), zoneinfo.ZoneInfo("America/Los_Angeles"), datetime.timezone.utc
MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
SHOWN = 40


def days(start, is_one, until=None, count=None):
    """The days from ${start} on that are one, by looking at each."""
    day, found = datetime.date(*start), []
    while len(found) < min(count or SHOWN, SHOWN) and day <= (datetime.date(*until) if until else datetime.date(2070, 1, 1)):
        if is_one(day):
            found.append(day)
        day += datetime.timedelta(1)
    return found


def last(day):
    return calendar.monthrange(day.year, day.month)[1]


def nth(day, weekdays, n):
    """Is it the nth of these weekdays in its month; -1: the last one?"""
    all_ = [d for d in range(1, last(day) + 1) if datetime.date(day.year, day.month, d).weekday() in weekdays]
    return day.day == all_[n - 1 if n > 0 else -1]


def months(day, start, period):
    return (day.year * 12 + day.month - start[0] * 12 - start[1]) % period == 0


def weeks(day, start, period):
    """Weeks from Monday on."""
    first = datetime.date(*start) - datetime.timedelta(datetime.date(*start).weekday())
    return (day - first).days // 7 % period == 0


def hijri(day):
    """Year, month and day, by the 30 years of 11 leap years, from 15 July 622 (Julian) on."""
    left, year = day.toordinal() - 227014, 1
    while left >= 354 + ((11 * year + 14) % 30 < 11):
        left -= 354 + ((11 * year + 14) % 30 < 11)
        year += 1
    for month in range(1, 13):
        length = 30 if month % 2 or (month == 12 and (11 * year + 14) % 30 < 11) else 29
        if left < length:
            return year, month, left + 1, length
        left -= length
    raise AssertionError(day)


def at(day, hour, minute=0, minutes=60, zone=BERLIN):
    start = datetime.datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
    # an hour on the wall
    end = (start.replace(tzinfo=None) + datetime.timedelta(minutes=minutes)).replace(tzinfo=zone)
    return start.astimezone(UTC), end.astimezone(UTC)


def nines(*args, **more):
    return [at(d, 9) for d in days(*args, **more)]


def example(list_of_days, hour, minute, minutes, changes=()):
    """In the Pacific zone; changes: {day: (day, hour, minute)}."""
    changes = dict(changes)
    return sorted(at(*(changes.get(d) or (d, hour, minute)), minutes=minutes, zone=PACIFIC) for d in list_of_days)


D = datetime.date
EXPECTED = {
    "every-second-day": nines((2026, 3, 20), lambda d: (d - D(2026, 3, 20)).days % 2 == 0),
    "workdays": nines((2026, 10, 19), lambda d: d.weekday() < SAT),
    "fortnight": nines((2026, 3, 9), lambda d: d.weekday() in (SUN, MON) and weeks(d, (2026, 3, 9), 2), count=12),
    "day-31": nines((2026, 1, 31), lambda d: d.day == last(d)),
    "day-30": nines((2026, 1, 30), lambda d: d.day == min(30, last(d))),
    "month-end": nines((2026, 2, 1), lambda d: d.day == last(d) and months(d, (2026, 2), 3)),
    "last-friday": nines((2026, 1, 1), lambda d: nth(d, (FRI,), -1)),
    "second-workday": nines((2026, 1, 1), lambda d: nth(d, range(5), 2) and months(d, (2026, 1), 2)),
    "leap-day": nines((2024, 2, 29), lambda d: d.month == 2 and d.day == last(d)),
    "fourth-thursday": nines((2026, 11, 1), lambda d: d.month == 11 and nth(d, (THU,), 4)),
    "ramadan": nines((2026, 2, 17), lambda d: hijri(d)[1:3] == (9, 1), count=10),
    "hijri-end": nines((2026, 1, 18), lambda d: hijri(d)[2] == hijri(d)[3], count=10),
    "hijri-friday": nines((2026, 1, 20), lambda d: d.weekday() == FRI and hijri(d)[2] <= 7, count=10),
    "changed": [at(D(2026, 3, 2), 9), at(D(2026, 3, 17), 11), at(D(2026, 3, 23), 9), at(D(2026, 4, 6), 9), at(D(2026, 4, 13), 9),
                at(D(2026, 4, 1), 0, zone=UTC, minutes=1440)],
    "weekends": [at(d, 0, zone=UTC, minutes=2880) for d in days((2026, 3, 14), lambda d: d.weekday() == SAT, count=6)],
    "example-weekly": example(days((2007, 3, 26), lambda d: d.weekday() in (MON, THU, FRI), count=12), 10, 0, 30),
    "example-weekly-changed": example(days((2007, 3, 26), lambda d: d.weekday() in (MON, THU, FRI), count=12), 10, 0, 30,
                                      {D(2007, 4, 16): (D(2007, 4, 16), 11, 0)}),
    "example-daily": example([d for d in days((2011, 4, 7), lambda d: (d - D(2011, 4, 7)).days % 3 == 0, until=(2011, 5, 4))
                              if d not in (D(2011, 4, 19), D(2011, 4, 22))], 8, 0, 30),
    "example-nth": example(days((2008, 2, 1), lambda d: nth(d, (SAT, SUN), 3) and months(d, (2008, 2), 3), count=10), 14, 0, 180,
                           {D(2008, 5, 10): (D(2008, 5, 11), 14, 0)}),
}
# 3 Nisan is twelve days before the first one of Passover, as calendars have it.
PASSOVER = ["2008-04-20", "2009-04-09", "2010-03-30", "2011-04-19", "2012-04-07", "2013-03-26", "2014-04-15", "2015-04-04", "2016-04-23", "2017-04-11", "2018-03-31",
            "2019-04-20", "2020-04-09", "2021-03-28", "2022-04-16", "2023-04-06", "2024-04-23"]
EXPECTED["example-hebrew"] = example([D.fromisoformat(p) - datetime.timedelta(12) for p in PASSOVER], 8, 0, 30)
BEGINNING = {"example-hebrew"}  # it goes on


def instant(value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(UTC)
    return datetime.datetime(value.year, value.month, value.day, tzinfo=UTC)


def by_python(octets, first):
    """Of the 40 first instances: icalendar reads, dateutil knows the rules."""
    cal = icalendar.Calendar.from_ical(octets)
    expect(not any(c.errors for c in cal.walk()), "icalendar: %s" % [c.errors for c in cal.walk()])
    begin, found = datetime.date(first.year, 1, 1), []
    for years in (1, 12, 43):  # as far as needed
        end = begin.replace(year=begin.year + years)
        found = sorted((instant(e["DTSTART"].dt), instant(e["DTEND"].dt)) for e in recurring_ical_events.of(cal).between(begin, end))
        if len(found) >= SHOWN:
            break
    return found[:SHOWN]


def by_libical(path, first):
    out = subprocess.run([TOOL, "expand", path, str(first.year)], check=True, capture_output=True, text=True).stdout
    return [tuple(datetime.datetime.strptime(t, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for t in line.split("/")) for line in out.split()]


def main():
    with tempfile.TemporaryDirectory() as top:
        subprocess.run([TOOL, "make", top], check=True)
        for name, expected in EXPECTED.items():
            path, expected = os.path.join(top, name + ".ics"), sorted(expected)
            with open(path, "rb") as f:
                octets = f.read()
            first = expected[0][0]
            for who, found in (("libical", by_libical(path, first)), ("icalendar", by_python(octets, first))):
                if name in BEGINNING:
                    found = found[:len(expected)]
                if found != expected:
                    more = [f for f in found if f not in expected][:5], [e for e in expected if e not in found][:5]
                    raise AssertionError("%s, by %s: %d instances of %d; too many %s; missing %s\n%s" % (name, who, len(found), len(expected), *more, octets.decode()))
        named = {n[:-5] for n in os.listdir(top) if n.endswith(".lost")}
        expect(named == {"example-hebrew"}, "something did not come over: %s" % named)
    print("%d objects" % len(EXPECTED))


main()
