#!/usr/bin/python3
"""valise list: on a terminal a table as wide as that, cut at characters; elsewhere stable lines with nothing cut; sorted, and chosen by the words of a selection;
hostile subjects are inert, and the items are those that --json has."""
import json
import os
import pty
import subprocess
import sys
import tempfile
import unicodedata

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import VALISE, environment, expect, imap, run  # noqa: E402
import fakeimap  # noqa: E402
from fakedav import FakeDav, event  # noqa: E402

MAILS = [  # From, subject, INTERNALDATE, flags, octets of text
    ("Zoë <zoe@example.org>", "Re: apples", "05-Mar-2024 10:00:00 +0100", ["\\Seen"], 10),
    ("ann@example.org", "\x1b[2JBananas\u202e", "03-Mar-2024 23:30:00 -0800", ["\\Flagged", "\\Answered", "\\Seen"], 3000),
    ("\"Bob, Jr.\" <bob@example.org>", "日本の友人からの長い手紙" * 6, "04-Mar-2024 10:00:00 +0000", [], 200),
    ("émile@example.org", "AW: FW: apples", "06-Mar-2024 10:00:00 +0000", ["\\Draft", "work"], 1500000),
]


class Mail(fakeimap.FakeImap):
    def populate(self):
        for name, more in ("INBOX", ()), ("Sent", ("\\Sent",)):
            box = self.mailbox(name, *more)
            for who, subject, date, flags, n in MAILS:
                box.add(("From: %s\r\nTo: \"Carol\" <carol@example.org>\r\nSubject: %s\r\n\r\n%s" % (who, subject, "x" * n)).encode(), flags=flags, date=date)
        self.mailbox("Empty")


class Work(FakeDav):
    def populate(self):
        work = self.add("calendar", "work", "Work")
        for i in 2, 1:
            work.put("long-name-of-a-resource-%d.ics" % i, event(i))


def columns(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def on_terminal(width, *args):
    """valise list ARGS with standard output at a terminal of so many columns: its lines."""
    master, slave = pty.openpty()
    subprocess.run(["stty", "cols", str(width), "-onlcr"], stdin=slave, check=True)
    p = subprocess.Popen([VALISE, "list", *args], stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.PIPE)
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
    expect(p.returncode == 0 and not said, said)
    return shown.decode().splitlines()


def uids(*args):
    return [int(line.split()[0]) for line in run(0, "list", *args).splitlines()]


def check_table(archive):
    for width in 60, 80, 200:
        lines = on_terminal(width, archive, "INBOX")
        expect(len(lines) == 5 and lines[0].split() == ["UID", "DATE", "SIZE", "FROM", "SUBJECT"], lines)
        expect(all(columns(line) < width for line in lines) or width == 60, [(columns(line), line) for line in lines])
        expect("\x1b" not in "".join(lines) and "\u202e" not in "".join(lines), lines)
        expect("\ufffd" not in "".join(lines), "a character was cut: %s" % lines)
    expect("     2  2024-03-03 23:30  FR      3.1 kB  ann@example.org" in lines[2] and lines[2].endswith("[2JBananas"), lines[2])
    expect("  N  " in lines[3] and "  Bob, Jr. " in lines[3] and "  ND " in lines[4], lines)
    expect("To: Carol" in on_terminal(80, archive, "Sent")[1], "who sent mail went to")


def check_lines(archive):
    lines = run(0, "list", archive, "INBOX").splitlines()
    expect(lines[1].startswith("         2  2024-03-03 23:30:00 -0800  FR         ") and lines[1].endswith("  ann@example.org                 [2JBananas"), lines[1])
    expect(lines[2].endswith(MAILS[2][1]) and "\"Bob, Jr.\" <bob@example.org>" in lines[2], "something is cut: " + lines[2])
    expect(not any("\t" in line for line in lines), lines)
    long = run(0, "list", archive, "INBOX", "--long").splitlines()
    told = [json.loads(line) for line in run(0, "list", archive, "INBOX", "--json").splitlines()]
    expect([x["uid"] for x in told] == [1, 2, 3, 4] and all(x["sha256"][:16] in line for x, line in zip(told, long)) and long[3].endswith("  work"), long)


def check_order(archive):
    for sort, want in ("date", [2, 3, 1, 4]), ("from", [2, 3, 4, 1]), ("size", [1, 3, 2, 4]):
        expect(uids(archive, "INBOX", "--sort", sort) == want, (sort, uids(archive, "INBOX", "--sort", sort)))
        expect(uids(archive, "INBOX", "--sort", sort, "--reverse") == want[::-1], sort + " reversed")
    expect(uids(archive, "INBOX", "--sort", "subject")[1:] == [1, 4, 3], "Re: and AW: count")
    expect(uids(archive, "INBOX", "--reverse") == [4, 3, 2, 1], "--reverse alone")
    told = [json.loads(line)["uid"] for line in run(0, "list", archive, "INBOX", "--json", "--sort", "date").splitlines()]
    expect(told == [2, 3, 1, 4], told)
    expect("goes with --items" in run(2, "list", archive, "--sort", "date"), "--sort of collections")
    run(2, "list", archive, "INBOX", "--sort", "colour")


def check_selection(archive):
    expect(uids(archive, "INBOX", "--from", "zoe") == [1], "--from")
    expect(uids(archive, "INBOX", "--since", "2024-03-05", "--smaller", "1M") == [1], "--since, --smaller")
    expect(uids(archive, "INBOX", "--flagged") == [2] and uids(archive, "INBOX", "--unseen") == [3, 4], "flags")
    expect(uids(archive, "INBOX", "--text", "apples") == [1, 4], "--text")
    expect(run(0, "list", archive, "INBOX", "--from", "nobody") == "the options leave nothing of this folder\n", "nothing is meant, silently")
    expect(run(0, "list", archive, "--from", "nobody") == "the options leave nothing of this snapshot\n", "nothing is meant, silently")
    expect(run(0, "list", archive, "--from", "nobody", "--json") == "", "nothing is meant, in JSON")
    lines = run(0, "list", archive, "--subject", "bananas").splitlines()
    expect([line.split()[0] for line in lines] == ["mail", "2", "mail", "2"], lines)
    expect(len(run(0, "list", archive, "--exclude", "Sent").splitlines()) == 2, "--exclude of collections")
    expect("no-such" in run(2, "list", archive, "--folder", "no-such"), "a pattern that nothing is called by")
    expect("nothing" in run(2, "list", archive, "nothing", "--from", "zoe"), "a folder that is not there")
    expect(len(on_terminal(80, archive, "--items", "--only", "mail")) == 3 + 2 * 5, "--items")


def check_resources(archive):
    for width in 40, 80, 150:
        lines = on_terminal(width, archive, "Work")
        expect(lines[0].split() == ["START", "SIZE", "TITLE"] and lines[1].endswith("long-name-of-a-resource-1.ics"), lines)
    expect(columns(lines[1]) < 150, lines)
    names = [line.split()[-2] for line in run(0, "list", archive, "Work", "--sort", "date").splitlines()]
    run(0, "show", archive, "Work/" + names[0])


def main():
    with tempfile.TemporaryDirectory(prefix="valise-list-") as d:
        os.environ.update(environment(d))
        mail, work = os.path.join(d, "mail.valise"), os.path.join(d, "work.valise")
        with Mail() as server:
            run(0, "backup", *imap(server.port), "-o", mail)
        with Work() as server:
            run(0, "backup", "--caldav", server.url(), "--user", "alice", "--password-command", "echo pw-alice", "--cleartext", "--exact", "-o", work)
        check_table(mail)
        check_lines(mail)
        check_order(mail)
        check_selection(mail)
        check_resources(work)
    print("listed: tables of three widths, lines, orders, selections")


main()
