#!/usr/bin/python3
"""valise verify --content: what is wrong with calendars and contacts is listed, one line each, as text, as JSON and in the report; the archive
is sound all the same."""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import environment, execute  # noqa: E402
from fakedav import FakeDav, card, event  # noqa: E402


class Broken(FakeDav):
    name = "broken-content"

    def populate(self):
        work = self.add("calendar", "work", "Work")
        work.put("good.ics", event(1))
        work.put("good2.ics", event(2, more="LOCATION:\r\nCATEGORIES:a\\, b,c\r\nSTYLED-DESCRIPTION:x\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"))
        work.put("twin1.ics", event(3, "twin"))
        work.put("twin2.ics", event(4, "twin"))
        work.put("zone.ics", event(5).replace(b"DTSTART:", b"DTSTART;TZID=Mars/Olympus:").replace(b"090000Z", b"090000"))
        work.put("orphan.ics", event(6, more="RECURRENCE-ID:20260101T000000Z\r\n"))
        work.put("link.ics", event(7, more="ATTACH:https://files.example/a.pdf\r\n"))
        work.put("html.ics", b"<html>not found</html>")
        work.put("cut.ics", event(8)[:-20])
        work.put("geo.ics", event(9, more="GEO:north;south\r\n"))
        work.put("empty.ics", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n")
        work.put("long.ics", event(13, "u" * 5000000))
        work.put("date.ics", event(11, more="EXDATE:20260230T000000Z\r\n"))
        work.put("latin.ics", event(12, more="LOCATION:Caf\u00e9\r\n").replace("\u00e9".encode(), b"\xe9"))
        self.add("calendar", "home", "Home").put("again.ics", event(1))
        work.put("mail.ics", event(10).replace(b"BEGIN:VEVENT", b"METHOD:REQUEST\r\nBEGIN:VEVENT"))
        people = self.add("addressbook", "people", "People")
        people.put("good.vcf", card(1))
        people.put("photo.vcf", card(2, more="PHOTO;VALUE=uri:https://photos.example/2.jpg\r\n"))
        people.put("group.vcf", card(4, more="KIND:group\r\nMEMBER:urn:uuid:CARD-1\r\nMEMBER:urn:uuid:gone\r\nMEMBER:mailto:x@example.com\r\n", version="4.0"))
        people.put("apple.vcf", card(5, more="X-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:card-6\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:lost\r\n"))
        self.add("addressbook", "firm", "Firm").put("six.vcf", card(6, "urn:uuid:card-6"))
        people.put("nobody.vcf", card(3).replace(b"UID:card-3\r\n", b""))


WANT = {("twin2.ics", "doubled-uid"), ("zone.ics", "no-zone"), ("orphan.ics", "no-master"), ("link.ics", "link"), ("html.ics", "unreadable"),
        ("cut.ics", "malformed"), ("geo.ics", "second-opinion"), ("mail.ics", "method"), ("empty.ics", "empty"), ("long.ics", "no-uid"),
        ("date.ics", "date"), ("latin.ics", "malformed"), ("good.ics", "doubled-uid"), ("group.vcf", "dangling-member"), ("apple.vcf", "dangling-member"), ("photo.vcf", "link"), ("nobody.vcf", "no-uid")}


def main():
    with tempfile.TemporaryDirectory(prefix="valise-lint-") as d, Broken() as server:
        os.environ.update(environment(d))
        archive, report = d + "/a.valise", d + "/report.json"
        rc, out, err = execute("backup", "--caldav", server.url(), "--carddav", server.url(), "--user", "alice", "--password-command", "echo pw-alice", "--cleartext", "--exact", "-o", archive)
        assert rc == 0, (rc, out, err)
        rc, out, err = execute("verify", archive)
        assert rc == 0 and "content" not in out and "twin" not in err, (rc, out, err)
        rc, out, err = execute("verify", archive, "--content", "--report", report)
        assert rc == 0, (rc, out, err)
        assert "22 resources read, 17 with findings" in out, out
        assert "Mars/Olympus" in err and "https://files.example/a.pdf" in err and "same UID as twin1.ics" in err, err
        assert "same UID as again.ics in Home" in err and "the member gone is in no card" in err and "EXDATE:20260230T000000Z is no date" in err, err
        with open(report) as f:
            found = json.load(f)
        # What else libical finds in those that we find broken, too, is its own affair.
        have = {(n["item"].split(",")[0], n["text"].split(":")[0]) for n in found["notes"] if n["level"] == "note"}
        have = {(i, p) for i, p in have if p != "second-opinion" or i == "geo.ics"}
        assert have == WANT, have ^ WANT
        assert found["content"]["problems"]["link"] == 2 and found["content"]["with_findings"] == 17, found["content"]
        rc, out, err = execute("verify", archive, "--content", "--json")
        lines = [json.loads(x) for x in out.splitlines()]
        assert rc == 0 and lines[-1]["event"] == "done" and lines[-1]["content"] == found["content"], out
        assert {n["item"].split(",")[0] for n in lines if n["event"] == "note"} == {i for i, _ in WANT}, out
    print("ok")


if __name__ == "__main__":
    main()
