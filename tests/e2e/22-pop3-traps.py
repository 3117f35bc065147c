#!/usr/bin/python3
"""POP3 servers that misbehave, one by one (servers/fakepop3.py): what is in the tree is what the server holds, byte for byte and as
often; the second run retrieves nothing again where UIDLs allow it; nothing that deletes is ever sent; exit codes and words."""
import gzip
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import VALISE, Failed, execute, expect, pop3, run, side_by_side  # noqa: E402
import fakecases  # noqa: E402
import fakeimap  # noqa: E402
import fakepop3  # noqa: E402

# case: exit code, words, messages retrieved by a second run (None: all), and options
CASES = {
    "correct": (0, "11 messages were fetched by TOP, which leaves.*\n1 message was fetched by RETR", 0),
    "expire0": (1, "EXPIRE 0", 0),
    "expire0-after-login": (1, "EXPIRE 0", 0),
    "expire0-before-login": (1, "EXPIRE 0", 0),
    "expire-never-for-user": (0, None, 0),
    "expire-never-glued": (0, None, 0),
    "expire-odd": (0, None, 0),
    "expire7": (0, r"7 days only.* may vanish from 20\d\d-\d\d-\d\d on", 0),
    "deletes-on-retr": (3, "removed a message that was only read", 0),
    "deletes-after-quit": (0, None, 0),
    "deletes-later": (3, "listed earlier (is|are) gone from the server", 0),
    "no-uidl": (0, "11 messages were fetched by TOP", None),
    "blank-uidl": (0, None, 6),
    "doubled-uidl": (0, None, 3),
    "long-uidl": (0, None, 2),
    "odd-uidl": (0, None, 5),
    "changing-uidl": (0, "names its messages otherwise in each session", None),
    "equal-messages": (0, None, 0),
    "equal-no-uidl": (0, None, None),
    "no-uidl-cut": (0, None, None),
    "newest250": (0, "exactly 250", 0),
    "stat-counts-more": (3, "counts 42 messages and lists 12", 0),
    "stat-counts-none": (0, "11 messages were fetched by TOP", 0),
    "cuts-some": (3, "message 3 .uid-3.: the server gives no octets of it(.*\n)*.*message 5 .uid-5.: the server gives 92 of 344 octets: it may be cut", 1),
    "gives-more": (3, "message 5 .uid-5.: the server gives 354 octets instead of 344: it may be another message", 0),
    "once-more": (3, "message 5 .uid-5.: the server gives 354 octets instead of 344: it may be another message", 0),
    "swaps": (3, r"message 1 .uid-1.: the server gives (\d+) octets instead of (\d+)(.*\n)*.*message 2 .uid-2.: the server gives \2 octets instead of \1", 0),
    "window": (3, "lists only a part", 0, "--pop3-end=close"),
    "empty": (0, None, 0),
    "refuses-listing": (1, "refused STAT: .nothing here", 0),
    "hostile-list": (3, "message 1 .uid-1.: the server gives 196 octets instead of 99: it may be another message", 0),
    "odd-bodies": (0, None, 0),
    "lying-sizes": (0, None, 0),
    "wild-sizes": (0, None, 0),
    "counts-stuffing": (0, "by TOP, which leaves", 0),
    "no-stuffing": (0, "does not double the dots", 0),
    "no-stuffing-no-top": (0, "does not double the dots", 0),
    "no-stuffing-wild-sizes": (3, "does not tell what is meant(.*\n)*.*what follows is no answer: not kept", 4),
    "stuffs-lone-dots": (0, "does not double the dots", 0),
    "top-differs": (0, "12 messages were fetched by RETR.*TOP was not seen", 0),
    "top-cuts": (0, "messages were fetched by RETR", 0),
    "top-breaks": (0, "12 messages were fetched by RETR", 0),
    "top-endless": (0, "12 messages were fetched by RETR", 0),
    "retr-endless": (3, "uid-3.*lists it with 270 octets and sends more than 67109404: not kept", 1),
    "uidl-endless": (1, "UIDL has more than 100024 lines", 0),
    "list-endless": (1, "LIST has more than 100024 lines", 0),
    "refuses-one": (3, "damaged(.*\n)*.*1 message was fetched by RETR", 1),
    "breaks-at-one": (3, "uid-3", 1),
    "in-use": (0, "IN-USE", 0),
    "in-use-plain": (0, "already locked.*waiting 2 s(.*\n)*.*--pop3-end quit would spare the waiting", 0),
    "busy-greeting": (0, "try again later.*waiting 1 s", 0),
    "locked-for-good": (1, "is locked by POP server.*--pop3-end quit ends them by it", 0, "--max-wait=4"),
    "login-delay": (0, None, 0),
    "sys-temp": (0, "SYS/TEMP", 0),
    "wrong-password": (12, "AUTH", 0),
    "utf8": (0, None, 0),
    "apop-only": (0, None, 0, "--auth=APOP"),
    "old-server": (0, "11 messages were fetched by TOP", 0),
    "no-quit-answer": (0, None, 0),
}
NAMED_ONCE = ("hostile-list", "gives-more", "once-more", "swaps")
LOSES = {"refuses-one": ["uid-3"], "breaks-at-one": ["uid-3"], "retr-endless": ["uid-3"], "no-stuffing-wild-sizes": ["uid-3", "uid-5", "uid-7", "uid-12"]}


def fetch(port, tree, *more, password="pw-alice"):
    rc, out, err = execute("fetch", *pop3(port, password if " " in password else "echo " + password), "-t", tree, *more)
    return rc, out + err


def held(tree):
    """The messages of the tree, as often as they are there."""
    out = Counter()
    for d, _, names in os.walk(os.path.join(tree, "mail")):
        for n in names:
            with open(os.path.join(d, n), "rb") as f:
                out[f.read()] += 1
    return out


def retrieved(server):
    return sum(line.upper().startswith((b"RETR", b"TOP")) for _, line in server.log)


def check_sessions(server, quit):
    """No DELE ever, and no QUIT in a session with RETR."""
    seen = {}
    for number, line in server.log:
        word = line.split(b" ")[0].upper()
        expect(word != b"DELE", "DELE was sent")
        if word in (b"RETR", b"TOP"):
            seen[number] = True
        expect(quit or word != b"QUIT" or not seen.get(number), "QUIT after RETR or TOP")


def same(tree, want, lost=()):
    have = held(tree)
    expect(have == want, "%d messages instead of %d; missing %r, too many %r" % (
        sum(have.values()), sum(want.values()), [m[:60] for m in want - have], [m[:60] for m in have - want]))


def run_case(name, scratch):
    code, words, again, *more = CASES[name]
    tree = os.path.join(scratch, name)
    with fakepop3.cases()[name]() as server:
        all_messages = list(server.messages)
        want = Counter(m.body for m in all_messages if m.uidl not in LOSES.get(name, ()))
        rc, text = fetch(server.port, tree, *more)
        server.settle()
        expect(rc == code, "exit code %d\n%s" % (rc, text))
        expect(not words or re.search(words, text), "did not say %r\n%s" % (words, text))
        check_sessions(server, False)
        if name == "no-uidl-cut":
            want[fakepop3.letter(99, 50)] += 1
        if name in ("expire0", "expire0-after-login", "expire0-before-login"):
            expect(retrieved(server) == 0 and server.messages == all_messages, "it was read")
            return
        if code in (1, 12):
            return
        if name == "deletes-on-retr":
            gone = [m for m in all_messages if m not in server.messages]
            expect(len(gone) == 1 and retrieved(server) == 1, "more than the canary was read")
            same(tree, Counter(m.body for m in gone))
            return
        if name == "newest250":
            want = Counter(m.body for m in all_messages[-250:])
        if name in ("cuts-some", "gives-more", "once-more"):
            want = Counter(server.shown(i, m.body) for i, m in enumerate(all_messages, 1) if i != 3 or name != "cuts-some")
        same(tree, want)
        if name == "deletes-later":
            expect(len(server.messages) == len(all_messages) - 3, "the case is wrong")
            return
        expect(len(server.messages) >= len(all_messages), "the server lost mail")
        server.log.clear()
        if name == "newest250":  # the window moves on: what it showed before stays
            server.messages += [fakepop3.Message(fakepop3.letter(1000 + i), "new-%d" % i) for i in range(3)]
            want += Counter(m.body for m in server.messages[-3:])
            code, again = 3, 3
        if name == "window":
            for m in server.messages:
                m.seen = False
        if name in NAMED_ONCE:
            code = 0
        rc, text = fetch(server.port, tree, *more)
        server.settle()
        expect(rc == code, "second run: exit code %d\n%s" % (rc, text))
        same(tree, want)
        most = len(all_messages) * 3 if again is None else again * 5 + 1  # one to see that TOP is as RETR
        expect(retrieved(server) <= most, "second run: %d retrieved" % retrieved(server))
        check_sessions(server, False)


def quit_mode(scratch):
    with fakepop3.FakePop3() as server:
        tree = os.path.join(scratch, "quit")
        rc, text = fetch(server.port, tree, "--pop3-end", "quit")
        server.settle()
        expect(rc == 0, text)
        same(tree, Counter(m.body for m in server.messages))
        sessions = [b" ".join(line.split(b" ")[0] for n, line in server.log if n == k) for k in range(1, server.connections + 1)]
        expect(b"RETR (ended)" in sessions[0] and b"QUIT" not in sessions[0], "the first canary ended by QUIT")
        expect(b"QUIT" in sessions[1] and sessions[1].count(b"RETR") == 1, "no second canary")
    with fakepop3.DeletesAfterQuit() as server:
        rc, text = fetch(server.port, os.path.join(scratch, "quit2"), "--pop3-end=quit")
        server.settle()
        expect(rc == 3 and "removed a message that was only read" in text, text)
        expect(len(server.messages) == server.count - 1, "more than one message was lost")
    expect(fetch(1, os.path.join(scratch, "x"), "--pop3-end=never")[0] == 2, "--pop3-end=never")


def override(scratch):
    with fakepop3.Expire0() as server:
        tree = os.path.join(scratch, "override")
        rc, text = fetch(server.port, tree, "--pop3-accept-deletion-by-server")
        server.settle()
        expect(rc == 0 and "EXPIRE 0" in text, text)
        same(tree, Counter(m.body for m in server.messages))
        expect(len(server.messages) == server.count, "the server lost mail")
        check_sessions(server, False)


def echoed(scratch):
    """A password that comes back in the server's words leaves by no way."""
    secret, paths = "pa55 w0rd&x", [os.path.join(scratch, "echo" + end) for end in (".trace", ".html", ".json", ".valise")]
    for more in (), ("--json",), ("--report", paths[1]), ("--report", paths[2]):
        with fakepop3.EchoesPassword() as server:
            rc, *texts = execute("backup", *pop3(server.port, "echo '%s'" % secret), "--auth", "USER", "-o", paths[3], "--trace", paths[0], *more)
        expect(rc == 12, "".join(texts))
        for path in paths[:3]:
            if os.path.exists(path):
                with open(path) as f:
                    texts.append(f.read())
        for d, _, names in os.walk(paths[3]):
            for n in names:
                with open(os.path.join(d, n), errors="replace") as f:
                    texts.append(f.read())
        for text in texts:
            for form in secret, secret.upper(), "".join("%%%02x" % c for c in secret.encode()), "cGE1NSB3MHJkJn", "pa55":
                expect(form not in text, "%r in %s" % (form, text))
        expect("*** is not right, nor *** or *** (***)" in texts[1], texts[1])


def migrated(scratch):
    """All UIDLs change between two runs: everything is read once more, and is the same."""
    tree = os.path.join(scratch, "migrated")
    with fakepop3.MigratedUidl(state=os.path.join(scratch, "migrated.state")) as server:
        expect(fetch(server.port, tree)[0] == 0, "first")
        with open(os.path.join(scratch, "catalog"), "w") as f:
            f.write(str(sorted(os.listdir(os.path.join(tree, "mail/INBOX/cur")))))
        open(server.state + ".migrated", "w").close()
        rc, text = fetch(server.port, tree)
        expect(rc == 0, text)
        same(tree, Counter(m.body for m in server.messages))
        expect(str(sorted(os.listdir(os.path.join(tree, "mail/INBOX/cur")))) == open(os.path.join(scratch, "catalog")).read(), "names changed")
        server.settle()
        server.log.clear()
        expect(fetch(server.port, tree)[0] == 0 and retrieved(server) == 0, "third run reads again")


def tokens(scratch):
    """A token that expired is asked for again, on a connection of its own."""
    flag = os.path.join(scratch, "asked")
    command = "if [ -e %s ]; then echo fresh-token; else : > %s; echo old-token; fi" % (flag, flag)
    for mech in "XOAUTH2", "OAUTHBEARER":
        if os.path.exists(flag):
            os.unlink(flag)
        with fakepop3.Token() as server:
            tree = os.path.join(scratch, mech)
            rc, text = fetch(server.port, tree, "--auth", mech, password=command)
            expect(rc == 0, mech + text)
            same(tree, Counter(m.body for m in server.messages))
            expect(any(line == b"UTF8" for _, line in server.log), "UTF8 was not asked for")


def backup(port, archive, *more, **environment):
    rc, out, err = execute("backup", *pop3(port), "-o", archive, *more, env=dict(os.environ, **environment))
    return rc, out + err


def durable_first(scratch):
    """What was retrieved is on the disk before more is asked for: where the disk fails, nothing more is retrieved."""
    class Many(fakepop3.FakePop3):
        count = 450
    for n, most in (1, 2), (2, 202), (3, 402):
        with Many() as server:
            rc, text = backup(server.port, os.path.join(scratch, "durable-%d" % n), VALISE_FAULT="failfrom:%d:EIO:fdatasync" % n)
            server.settle()
            expect(rc == 1, text)
            expect(0 < retrieved(server) <= most, "%d retrieved before barrier %d" % (retrieved(server), n))


def named_after_all(scratch):
    """What a run would have named that is not sealed is named by the next one; over IMAP, too, whose items POP3 makes durable here."""
    for name in "gives-more", "swaps", "body-short-ever", "bodies-swapped":
        beside = name not in CASES
        with fakecases.cases()[name if beside else "quirk-none"]() as imap, fakepop3.cases()["correct" if beside else name]() as pop3:
            words = "INBOX: UID %d: the server gives" % max(uid for _, uid in imap.lost) if beside else CASES[name][1]
            more = ["--imap", "imap://127.0.0.1:%d" % imap.port] if beside else []
            archive = os.path.join(scratch, "resumed-" + name)
            rc, text = backup(pop3.port, archive, *more, VALISE_FAULT="failfrom:1:EIO:renameat")
            expect(rc == 1, text)
            rc, text = backup(pop3.port, archive, *more)
            expect(rc == 3 and "is taken up" in text and re.search(words, text), text)


def stored_once(scratch):
    """Equal messages count as often as they are there and are stored once; dates are those of the topmost Received, else of Date."""
    archive = os.path.join(scratch, "equal.valise")
    with fakepop3.EqualMessages() as server:
        del server.messages[10:]
        server.messages.append(fakepop3.Message(b"Subject: no way\r\nDate: Tue, 2 Jan 2001 03:04:05 +0600\r\n\r\nx\r\n", "dated"))
        server.messages.append(fakepop3.Message(b"Subject: no date\r\n\r\nx\r\n", "undated"))
        rc, text = backup(server.port, archive)
        expect(rc == 0, text)
    text = run(0, "verify", archive)
    expect("9 objects, 12 items" in text, text)
    listed = run(0, "list", archive, "INBOX", "--long").splitlines()
    dates = [line[12:].split("  ")[0].strip() for line in listed]  # in the order of arrival here: first the canary, the smallest
    expect([dates[i] for i in (0, 1, 11)] == ["1-Jan-1970 00:00:00 +0000", "2-Feb-2003 04:05:01 +0100", "2-Jan-2001 03:04:05 +0600"], dates)
    expect(all("[date" in line for line in listed), listed)


def on_terminal(*args, **environment):
    """valise ARGS with standard error at a terminal: (exit code, what it shows)."""
    master, slave = pty.openpty()
    p = subprocess.Popen([VALISE, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave, env=dict(os.environ, **environment))
    os.close(slave)
    shown = b""
    while True:
        try:
            more = os.read(master, 4096)
        except OSError:  # EIO: the other side has ended
            break
        shown += more
    os.close(master)
    return p.wait(), shown


def red_line(scratch):
    """A server that loses mail after all: red, on a terminal that has colours and in the report."""
    report = os.path.join(scratch, "red.html")
    for environment in {}, {"TERM": "dumb"}, {"NO_COLOR": "1"}:
        with fakepop3.DeletesLater() as server:
            tree = os.path.join(scratch, "-".join(["red", *environment]))
            rc, shown = on_terminal("fetch", *pop3(server.port), "-t", tree, "--report", report, **environment)
        expect(rc == 3, shown)
        red = b"" if environment else b"\x1b[31m"
        expect(re.search(rb"(^|[\n\r]|\x1b8)" + re.escape(red) + b"warning: 3 messages listed earlier are gone", shown), shown)
    with open(report) as f:
        expect(re.search('<details open><summary>Warnings (.|\n)*3 messages listed earlier are gone(.|\n)*</details>', f.read()), "the report is not red")


def capa(scratch):
    """What CAPA says is in the catalog; when it alone changes, nothing does."""
    def props(snapshot):
        with gzip.open(os.path.join(archive, "data/%06d/mail/INBOX.jsonl.gz" % snapshot)) as f:
            return json.loads(f.readline()).get("props")

    def changes(server):
        rc, text = backup(server.port, archive)
        expect(rc == 0, text)
        return "nothing changed" not in text
    for case in fakepop3.FakePop3, fakepop3.NoUidl, fakepop3.OldServer:
        archive = os.path.join(scratch, "capa-%s.valise" % case.__name__)
        with case() as server:
            server.caps = ["USER", "EXPIRE 60 USER"] + ["UIDL"] * (case is fakepop3.FakePop3)
            server.caps_after = server.caps[:1] + ["EXPIRE NEVER", "X-ODD \x07\xe4"]
            expect(changes(server), "no snapshot")
            first = {"capa": "USER\nEXPIRE NEVER\nX-ODD \\x07\xe4\n", "capa_before": "".join(c + "\n" for c in server.caps)}
            if case is fakepop3.OldServer:  # as in an archive that was made before this was kept
                first = None
                server.do_capa = lambda s, args: fakepop3.FakePop3.do_capa(server, s, args)
            expect(props(1) == first, props(1))
            server.caps_after = ["USER", "X-NEW"]
            expect(not changes(server), "a snapshot for CAPA alone")
            server.messages.append(fakepop3.Message(fakepop3.letter(77), "uid-77"))
            expect(changes(server) and props(2)["capa"] == "USER\nX-NEW\n", props(2))


def taken_away(scratch):
    """Another client empties the maildrop: what was read stays, the same UIDLs and sizes are other messages, and what comes back is not there twice."""
    tree = os.path.join(scratch, "taken")

    class Numbered(fakepop3.FakePop3):
        def populate(self):
            self.fill("old", 12)

        def fill(self, word, n):
            self.messages = [fakepop3.Message(b"Subject: %s %02d\r\n\r\nx\r\n" % (word.encode(), i), str(i + 1)) for i in range(n)]

    with Numbered() as server:
        old = list(server.messages)
        want = Counter(m.body for m in old)
        for word, n in (("old", 12), ("", 0), ("new", 5), ("", 0), ("NEW", 3)):
            server.fill(word, n)
            want |= Counter(m.body for m in server.messages)
            for _ in range(2):
                rc, text = fetch(server.port, tree)
                expect(rc == 0 and "warning: 1" not in text and "gone" not in text, text)
                same(tree, want)
        server.messages = []
        expect(fetch(server.port, tree)[0] == 0, "empty")
        server.messages = old[3:] + old[:3]
        expect(fetch(server.port, tree)[0] == 0, "back again")
        same(tree, want)
        expect(fetch(server.port, tree, "--accept-shrink=INBOX")[0] == 0, "the user's word")
        same(tree, Counter(m.body for m in old))


def imap_comes_later(scratch):
    """What POP3 read and the server shows over neither protocol any more stays with the rest of POP3."""
    archive = os.path.join(scratch, "later.valise")
    with fakeimap.FakeImap() as imap, fakepop3.FakePop3() as pop3:
        expect(backup(pop3.port, archive)[0] == 0, "POP3 alone")
        want = Counter(m.body for m in pop3.messages)
        del pop3.messages[:4]
        for n in range(2):
            rc, text = backup(pop3.port, archive, "--imap", "imap://127.0.0.1:%d" % imap.port, "--same-account")
            expect(rc == 0 and "gone" not in text, text)
            tree = os.path.join(scratch, "later%d" % n)
            run(0, "unpack", archive, "-t", tree)
            have = Counter()
            for n in os.listdir(os.path.join(tree, "mail/INBOX (POP3)/cur")):
                with open(os.path.join(tree, "mail/INBOX (POP3)/cur", n), "rb") as f:
                    have[f.read()] += 1
            expect(have == want, "%d of %d" % (sum(have.values()), sum(want.values())))


def one_then_the_other(scratch):
    """A run over one of POP3 and IMAP leaves what the other one gave: all of it is there after each, once, and a run that finds nothing new says so."""
    steps = {"POP3 then IMAP": "PII", "IMAP then POP3": "IPP", "both then IMAP": "BII", "both then POP3": "BPPB", "there and back": "PBPIPB"}
    with fakeimap.FakeImap() as imap, fakepop3.FakePop3() as pop3:
        inbox = imap.mailbox("INBOX")
        for i, m in enumerate(inbox.messages[:3]):
            pop3.messages[2 * i].body = m.body
        given = {"I": Counter(m.body for b in imap.mailboxes.values() for m in b.messages), "P": Counter(m.body for m in pop3.messages)}
        given["B"] = given["I"] | given["P"]
        by_imap, by_pop3 = ["--imap", "imap://127.0.0.1:%d" % imap.port], ["--pop3", "pop3://127.0.0.1:%d" % pop3.port]
        for name, way in steps.items():
            for verb, to in ("backup", "-o"), ("fetch", "-t"):
                place, want = os.path.join(scratch, verb + name), Counter()
                for n, step in enumerate(way):
                    rc, out, err = execute(verb, to, place, "--same-account", "--user", "alice", "--password-command", "echo pw-alice", "--cleartext",
                                           *{"I": by_imap, "P": by_pop3, "B": by_imap + by_pop3}[step])
                    text = "%s %s, step %d\n%s%s" % (verb, name, n, out, err)
                    expect(rc == 0, text)
                    want |= given[step]
                    tree = place
                    if verb == "backup":
                        tree = place + ".tree%d" % n
                        run(0, "unpack", place, "-t", tree)
                    expect(held(tree) == want, "%d instead of %d: %s" % (sum(held(tree).values()), sum(want.values()), text))
                    expect(n == 0 or verb == "fetch" or step != way[n - 1] or "nothing changed" in text, text)
                    if way[:n + 1] == "PI":
                        expect('9 messages were read over POP3 and not shown by IMAP: kept, in "INBOX (POP3)"' in text, text)
        # until the user drops it
        rc, out, err = execute("fetch", "-t", place, "--same-account", "--user", "alice", "--password-command", "echo pw-alice", "--cleartext", *by_imap,
                               "--accept-shrink=INBOX (POP3)")
        expect(rc == 0 and held(place) == given["I"], out + err)


def beside_imap(scratch):
    """What IMAP gives is not given again; the rest has a mailbox of its own. The second run reads nothing."""
    tree = os.path.join(scratch, "beside")
    with fakeimap.FakeImap() as imap, fakepop3.FakePop3() as pop3:
        inbox = imap.mailbox("INBOX")
        for i, m in enumerate(inbox.messages[:3]):
            pop3.messages[2 * i].body = m.body
        own = Counter(m.body for m in pop3.messages) - Counter(m.body for m in inbox.messages)
        expect(sum(own.values()) == pop3.count - 3, "the case is wrong")
        url = "imap://127.0.0.1:%d" % imap.port
        for retrs in pop3.count + 1, 0:  # the smallest by both ways
            pop3.log.clear()
            rc, text = fetch(pop3.port, tree, "--imap", url)
            pop3.settle()
            expect(rc == 0, text)
            expect(retrieved(pop3) == retrs, "%d retrieved" % retrieved(pop3))
            check_sessions(pop3, False)
            have = Counter()
            for n in os.listdir(os.path.join(tree, "mail/INBOX (POP3)/cur")):
                with open(os.path.join(tree, "mail/INBOX (POP3)/cur", n), "rb") as f:
                    have[f.read()] += 1
            expect(have == own, "%d of %d" % (sum(have.values()), sum(own.values())))
        # a POP3 server that fails does not cost IMAP's mail, an IMAP server that fails leaves POP3 out
        pop3.users = {}
        rc, text = fetch(pop3.port, tree, "--imap", url)
        pop3.settle()
        expect(rc == 3, text)
        pop3.users, imap.users = fakepop3.FakePop3.users, {}
        pop3.log.clear()
        rc, text = fetch(pop3.port, tree, "--imap", url)
        expect(rc == 12 and not pop3.log and "left out" in text, text)


def uidl_memory(scratch):
    """What IMAP gives is known by UIDL and size, of this maildrop: another message under such a UIDL is retrieved."""
    with fakeimap.FakeImap() as imap, fakepop3.FakePop3() as one, fakepop3.FakePop3() as two:
        url = "imap://127.0.0.1:%d" % imap.port
        known = imap.mailbox("INBOX").messages[0].body
        one.messages[0].body = known
        rc, text = fetch(one.port, os.path.join(scratch, "memory-one"), "--imap", url)
        expect(rc == 0, text)
        other = known.replace(b"a", b"b").replace(b"e", b"f")
        expect(other != known and one.messages[0].uidl == two.messages[0].uidl, "the case is wrong")
        for name, server, body in ("port", two, other), ("size", one, other + b"longer\r\n"):
            server.messages[0].body = body
            tree = os.path.join(scratch, "memory-" + name)
            rc, text = fetch(server.port, tree, "--imap", url)
            expect(rc == 0, text)
            expect(held(tree)[body] == 1, "another %s: it is not there\n%s" % (name, text))


def another_port(scratch):
    """A server at another port of the same host is another one, until somebody says that it is the same."""
    tree = os.path.join(scratch, "port")
    with fakepop3.FakePop3() as one, fakepop3.FakePop3() as two:
        two.messages = [fakepop3.Message(fakepop3.letter(500), "other-1")]
        expect(fetch(one.port, tree)[0] == 0, "the first maildrop")
        rc, text = fetch(two.port, tree)
        expect(rc == 1 and 'was taken from pop3 port %d of "127.0.0.1", not port %d' % (one.port, two.port) in text, text)
        same(tree, Counter(m.body for m in one.messages))
        expect(fetch(one.port, tree)[0] == 0, "the first maildrop again")
        rc, text = fetch(two.port, tree, "--same-account")
        expect(rc == 0, text)
        expect(fetch(two.port, tree)[0] == 0, "it moved for good")
        same(tree, Counter(m.body for m in one.messages + two.messages))


def main():
    extra = {f.__name__: f for f in (quit_mode, override, echoed, migrated, tokens, durable_first, named_after_all, stored_once, red_line, capa, beside_imap, taken_away, imap_comes_later, one_then_the_other, uidl_memory, another_port)}
    names, parts = [*CASES, *extra], 4
    if not sys.argv[1:]:
        sys.exit(side_by_side(names[i::parts] for i in range(parts)))
    scratch, failures = tempfile.mkdtemp(prefix="valise-pop3-"), 0
    os.environ.update(HOME=scratch, XDG_STATE_HOME=scratch + "/state", XDG_CONFIG_HOME=scratch + "/config")
    try:
        for name in sys.argv[1:]:
            try:
                extra[name](scratch) if name in extra else run_case(name, scratch)
                print("ok      ", name, flush=True)
            except (Failed, subprocess.TimeoutExpired) as e:
                failures += 1
                print("FAILED  ", name + ":", e, flush=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
