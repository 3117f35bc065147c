#!/usr/bin/python3
"""valise show: octet for octet where standard output is no terminal and with --raw, for people on one and with --decoded. Texts and attachments of messages are
those that Python's email library decodes; what is hostile is inert; files of --save are new ones with safe names; events and cards are told in words."""
import base64
import email
import email.policy
import hashlib
import json
import os
import pty
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import VALISE, environment, expect, imap, run  # noqa: E402
import fakeimap  # noqa: E402
import genmessages  # noqa: E402
from fakedav import FakeDav  # noqa: E402

HARD = 120


def crlf(text):
    return text.replace("\n", "\r\n").encode("latin-1") if isinstance(text, str) else text.replace(b"\n", b"\r\n")


INVITATION = """From: =?utf-8?Q?J=C3=B6rg_M=C3=BCller?= <joerg@example.org>
To: a@example.org
Cc: =?iso-8859-1?Q?Zo=EB?= <zoe@example.org>
Date: Sun, 03 Nov 2024 10:00:00 +0100
Subject: =?utf-8?B?R3LDvMOfZQ==?= \x1b[2J\x1b]0;owned\x07 =?utf-8?B?4oCuZmRw?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>Log in at <a href=3D"http://evil.example/login">https://bank.example</a>,=
 d=C3=A9j=C3=A0</p><script>alert(1)</script><table><tr><td>Figs<td>5</table>
--inner
Content-Type: text/calendar; method=REQUEST

BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
SUMMARY:Lunch\\, late
DTSTART;TZID=Europe/Berlin:20241103T130000
DURATION:PT1H30M
LOCATION:Canteen
ORGANIZER;CN=Ann:mailto:ann@example.org
ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.org
RRULE:FREQ=MONTHLY;BYDAY=1SU;COUNT=3
END:VEVENT
END:VCALENDAR
--inner--
--outer
Content-Type: application/octet-stream
Content-Disposition: attachment; filename="../../etc/pa\x07sswd"
Content-Transfer-Encoding: base64

aGVsbG8=
--outer
Content-Type: image/png; name="a.png"

one
--outer
Content-Type: image/png; name="A.PNG"

two
--outer
Content-Type: image/png; name="a.png"

three
--outer
Content-Type: message/rfc822

From: Carol <carol@example.org>
Subject: inner subject

inner text
--outer
Content-Type: application/pdf; name="%s.pdf"

long
--outer--
""" % ("x" * 400)


class Mail(fakeimap.FakeImap):
    def populate(self):
        box = self.mailbox("INBOX")
        box.add(crlf(INVITATION), flags=("\\Seen", "work"))
        box.add(crlf("Subject: bomb\nContent-Type: multipart/mixed; boundary=b\n\n" + "--b\nContent-Type: application/x\n\nx\n" * 10000 + "--b--\n"))
        box.add(crlf("Subject: deep\n" + "Content-Type: message/rfc822\n\n" * 1000 + "\nbottom\n"))
        rng = random.Random("show")
        pool = genmessages.Pool(rng, 200000, 60000)
        for i in range(HARD):
            box.add(genmessages.hard_message(rng, pool, i, 2025).data)
        box.add(crlf("Subject: quotes\n\n" + "> " * 16000 + "word " * 6000 + "\n"))


class Resources(FakeDav):
    def populate(self):
        self.add("calendar", "work", "Work").put("dinner.ics", crlf("""BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:1/a
DTSTAMP:20240101T000000Z
DESCRIPTION:Bring\\nwine\\u001b[2J
SUMMARY:Dinner \x1b[2J
DTSTART;VALUE=DATE:20241103
DTEND;VALUE=DATE:20241105
RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,-1FR;UNTIL=20251231T000000Z
ATTENDEE;CN=Bob;PARTSTAT=DECLINED;ROLE=OPT-PARTICIPANT:mailto:bob@example.org
BEGIN:VALARM
TRIGGER:-PT15M
ACTION:DISPLAY
DESCRIPTION:no
END:VALARM
END:VEVENT
END:VCALENDAR
"""))
        self.add("addressbook", "people", "People").put("ann.vcf", crlf("""BEGIN:VCARD
VERSION:3.0
UID:c1
N:Lee;Ann;;;
FN:Ann Lee
ORG:Example\\, Inc.;Sales
TEL;TYPE=CELL:+49 1
EMAIL;TYPE=WORK;TYPE=INTERNET:ann@example.org
ADR;TYPE=HOME:;;Main St. 1;Town;;12345;Land
BDAY:19800229
NOTE:two\\nlines
END:VCARD
"""))


def on_terminal(*args):
    """valise ARGS with standard output at a terminal of 80 columns: what it shows."""
    master, slave = pty.openpty()
    subprocess.run(["stty", "cols", "80", "-onlcr"], stdin=slave, check=True)
    p = subprocess.Popen([VALISE, *args], stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.PIPE)
    os.close(slave)
    shown = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    said = p.communicate()[1].decode()
    os.close(master)
    return p.returncode, shown.decode(), said


def octets(*args):
    return subprocess.run([VALISE, "show", *args], stdout=subprocess.PIPE, check=True).stdout


def words(text):
    return re.sub(r"\s+", " ", text).strip()


def is_inert(text):
    expect(not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text), "controls reach the terminal: %r" % text)


def check_decoded(archive):
    rc, shown, said = on_terminal("show", archive, "INBOX/1")
    expect(rc == 0 and not said, said)
    is_inert(shown)
    for want in ("From:         Jörg Müller <joerg@example.org>\n", "To:           a@example.org\n", "Cc:           Zoë <zoe@example.org>\n", "Subject:      Grüße  [2J ]0;owned  fdp\n",
                 "Date:         Sun, 03 Nov 2024 10:00:00 +0100\n", "Flags:        \\Seen work\n", "Folder:       INBOX, UID 1\n",
                 "\nLog in at https://bank.example <http://evil.example/login>, déjà\n\nFigs   5\n",
                 "What:         Invitation to an event\nTitle:        Lunch, late\nStart:        Sun, 3 Nov 2024 13:00 Europe/Berlin\nLasts:        1 hour 30 minutes\n"
                 "Repeats:      every month on the first Sun, 3 times\nWhere:        Canteen\nOrganizer:    Ann <ann@example.org>\nAttendee:     Bob <bob@example.org> (ACCEPTED)\n",
                 "-------- Message in part 6 --------\nFrom: Carol <carol@example.org>\nSubject: inner subject\n\ninner text\n",
                 "  2         5 bytes  application/octet-stream  ../../etc/pa sswd\n"):
        expect(want in shown, "%r is not in\n%s" % (want, shown))
    expect("alert" not in shown, shown)
    expect(run(0, "show", archive, "INBOX/1", "--decoded") == shown, "--decoded is not what a terminal shows")
    for wrong in ("+1", " 1", "-18446744073709551615", "1x", ""):
        run(2, "show", archive, "INBOX/" + wrong)
    expect(octets(archive, "INBOX/1") == crlf(INVITATION), "not byte for byte where there is no terminal")
    expect(on_terminal("show", archive, "INBOX/1", "--raw")[1].encode("latin-1") == crlf(INVITATION), "not byte for byte with --raw")


def check_parts(archive, d):
    expect(octets(archive, "INBOX/1", "--part", "2") == b"hello", "--part 2")
    expect(octets(archive, "INBOX/1", "--part", "6").endswith(b"inner text"), "--part of a message")
    expect(octets(archive, "INBOX/1", "--part", "6.1") == b"inner text", "--part within a message")
    expect("its parts are 1.1, 1.2, 2" in run(2, "show", archive, "INBOX/1", "--part", "9"), "a part that is not there")
    rc, shown, said = on_terminal("show", archive, "INBOX/1", "--part", "3")
    expect(rc == 2 and not shown and "is image/png" in said, (rc, shown, said))
    expect("Log in at" in on_terminal("show", archive, "INBOX/1", "--part", "1.1")[1], "a text part on a terminal")
    for wrong in (["--raw", "--decoded"], ["--part", "1", "--raw"], ["--save", d, "--raw"], ["--json", "--decoded"]):
        run(2, "show", archive, "INBOX/1", *wrong)


def check_saved(archive, d):
    there = os.path.join(d, "files", "new")
    for again in (1, 2):
        said = run(0, "show", archive, "INBOX/1", "--save", there)
        is_inert(said)
        expect(len(os.listdir(there)) == 6 * again, os.listdir(there))
    expect(os.listdir(os.path.join(d, "files")) == ["new"] and not os.path.exists(os.path.join(d, "etc")), "a name became a path")
    names = sorted(os.listdir(there))
    for name in names:
        expect(len(name.encode()) < 200 and not set(name) & set('/\\:*?"<>|\x07') and name[0] not in ".-", name)
        expect(os.stat(os.path.join(there, name)).st_mode & 0o777 == 0o600, "mode of " + name)
    read = {name: open(os.path.join(there, name), "rb").read() for name in names}
    expect(sorted(v for k, v in read.items() if k.lower().startswith("a")) == [b"one", b"one", b"three", b"three", b"two", b"two"], read.keys())
    expect(len({k.lower() for k in names}) == len(names), "twins on a file system that folds case")
    expect(any(k.endswith(".pdf") for k in names) and "part-6.eml" in names, names)
    told = json.loads(run(0, "show", archive, "INBOX/1", "--save", os.path.join(d, "one"), "--part", "2", "--json").splitlines()[-1])
    expect([x["number"] for x in told["saved"]] == ["2"] and open(told["saved"][0]["file"], "rb").read() == b"hello", told)
    expect(told["exit"] == 0 and told["uid"] == 1, told)


def check_bombs(archive):
    shown = run(0, "show", archive, "INBOX/2", "--decoded")
    expect("(it has more than 1000 parts: the others are left out)" in shown and shown.count("application/x") == 999, shown[-200:])
    shown = run(0, "show", archive, "INBOX/3", "--decoded")
    expect("(parts that are deeper than 50 levels are left as they are)" in shown, shown[-200:])
    shown = on_terminal("show", archive, "INBOX/%d" % (4 + HARD))[1]
    expect(shown.count("word") == 6000 and len(shown) < 300000, "%d characters of quotes" % len(shown))


def python_parts(message):
    """{number as in IMAP: (type, octets)} of the leaves, as the email library has them."""
    found = {}

    def walk(part, number, whole):
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            for i, child in enumerate(part.iter_parts(), 1):
                walk(child, "%s%s%d" % (number, "." if number else "", i), False)
            return
        own = "%s%s1" % (number, "." if number else "") if whole else number
        if part.get_content_type() == "message/rfc822" and part.is_multipart():
            walk(part.get_payload(0), own, True)
        else:
            found[own] = (part.get_content_type(), part.get_payload(decode=True))

    walk(message, "", True)
    return found


def check_against_python(archive):
    """The hard messages: fields, leaves and their octets, the text."""
    compared = 0
    for uid in range(4, 4 + HARD):
        told = json.loads(run(0, "show", archive, "INBOX/%d" % uid, "--json").splitlines()[-1])
        raw = base64.b64decode(told["base64"])
        message = email.message_from_bytes(raw, policy=email.policy.default)
        if message.defects or b"\0" in raw or not message.keys():
            continue  # what is no message any two readers read in two ways
        want = python_parts(message)
        have = {p["number"]: p for p in told["parts"] if p["type"] != "message/rfc822"}
        expect(list(have) == list(want), (uid, list(have), list(want)))
        for number, (kind, data) in want.items():
            expect(have[number]["type"] == kind, (uid, number, kind))
            if have[number]["attachment"]:
                got = octets(archive, "INBOX/%d" % uid, "--part", number)
                expect(hashlib.sha256(got).digest() == hashlib.sha256(data).digest(), "octets of %d part %s" % (uid, number))
                compared += 1
        body = message.get_body(("plain",))
        if body and body["content-type"]:  # without one the library takes what is 8 bit for nothing
            expect(words(body.get_content()) in words(told["text"]), (uid, body.get_content()[:200], told["text"][:200]))
            compared += 1
    expect(compared > HARD / 2, "%d texts and files were compared" % compared)


def check_resources(archive):
    shown = run(0, "show", archive, "calendars/Work/dinner.ics", "--decoded")
    is_inert(shown)
    expect(shown.startswith("What:         Event\nTitle:        Dinner \\x1b[2J\nStart:        Sun, 3 Nov 2024\nEnd:          Mon, 4 Nov 2024\n"
                            "Repeats:      every 2 weeks on Mon, the last Fri, until Wed, 31 Dec 2025 00:00 UTC\n"
                            "Attendee:     Bob <bob@example.org> (DECLINED, OPT-PARTICIPANT)\nNotes:        Bring\n              wine"), shown)
    shown = run(0, "show", archive, "contacts/People/ann.vcf", "--decoded")
    expect(shown.startswith("What:         Contact\nName:         Ann Lee\nOrganization: Example, Inc., Sales\nMail:         ann@example.org (WORK)\nPhone:        +49 1 (CELL)\n"
                            "Address:      Main St. 1, Town, 12345, Land\nBirthday:     Fri, 29 Feb 1980\nNotes:        two\n              lines\n"), shown)
    expect(octets(archive, "contacts/People/ann.vcf").startswith(b"BEGIN:VCARD\r\n"), "a card as it is")
    told = json.loads(run(0, "show", archive, "calendars/Work/dinner.ics", "--json").splitlines()[-1])
    expect({"label": "Start", "text": "Sun, 3 Nov 2024"} in told["told"], told)
    href = json.loads(run(0, "list", archive, "calendars/Work", "--json").splitlines()[0])["href"]
    for name in ("Work/1/a", "calendars/Work/1/a", "Work/" + href):
        expect(octets(archive, name).startswith(b"BEGIN:VCALENDAR"), name)
    run(2, "show", archive, "calendars/Work/dinner.ics", "--save", "x")


def main():
    with tempfile.TemporaryDirectory(prefix="valise-show-") as d:
        os.environ.update(environment(d))
        mail, other = os.path.join(d, "mail.valise"), os.path.join(d, "other.valise")
        with Mail() as server:
            run(0, "backup", *imap(server.port), "-o", mail)
        with Resources() as server:
            run(0, "backup", "--caldav", server.url(), "--carddav", server.url(), "--user", "alice", "--password-command", "echo pw-alice", "--cleartext", "--exact", "-o", other)
        check_decoded(mail)
        check_parts(mail, d)
        check_saved(mail, d)
        check_bombs(mail)
        check_against_python(mail)
        check_resources(other)
    print("shown: decoded and raw, parts, files, hostile messages, %d hard ones as Python reads them, events and cards" % HARD)


main()
