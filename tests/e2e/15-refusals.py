#!/usr/bin/python3
"""What targets do to what they are given, case by case (servers/cases_target.py): every message has a place there or is named; what is
not as in the archive is named with how it got there; what can be read back from it is the original; a second restore adds nothing, with
the restore journal and without. With names of cases as arguments: only these."""
import email
import hashlib
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import VALISE, Failed, environment, execute, expect, imap, run as valise  # noqa: E402
import cases_target as ct  # noqa: E402

MESSAGES = ct.flawed()
NAMES = list(MESSAGES)


def check(fact, *what):
    expect(fact, " ".join(map(str, what)))


def run(args, port, state, want):
    return valise(want, *args, *imap(port), env=environment(state, state))


def on_terminal(args, port, state):
    """What a person sees."""
    ours, theirs = pty.openpty()
    with tempfile.TemporaryFile() as out:
        p = subprocess.Popen([VALISE, *args, *imap(port)], stdin=subprocess.DEVNULL, stdout=out, stderr=theirs, env=environment(state, state))
        os.close(theirs)
        text = b""
        try:
            while more := os.read(ours, 65536):
                text += more
        except OSError:  # the other end is closed
            pass
        os.close(ours)
        check(p.wait(120) == 3, "exit code", p.returncode)
    return text.decode(errors="replace")


class Report:
    def __init__(self, path):
        with open(path) as f:
            self.all = json.load(f)
        self.notes = {}
        for n in self.all["notes"]:
            m = re.match(r"UID (\d+)", n.get("item") or "")
            if m:
                self.notes.setdefault(NAMES[int(m[1]) - 1], []).append(n)

    def __getattr__(self, name):
        return self.all[name]


def original(body):
    """What a cover message holds."""
    part = email.message_from_bytes(body).get_payload()[1]
    return part.get_payload(decode=True)


def decoded(body):
    """The content of each leaf, its transfer encoding undone."""
    return [p.get_payload(decode=True).replace(b"\r\n", b"\n").rstrip(b"\n") for p in email.message_from_bytes(body).walk() if not p.is_multipart()]


def restore(case, server, archive, scratch, want, *more, again=None):
    """Restore, restore again, and again without the journal: (report of the first, text). ${again}: exit code of those."""
    state = os.path.join(scratch, case.name)
    path = state + ".json"
    run(["restore", archive, "--report", path, "--report", state + ".html", *more], server.port, state, want)
    report = Report(path)
    with open(state + ".html") as f:
        html = f.read().replace("<wbr>", "")
    for notes in report.notes.values():
        for n in notes:
            check("UID" in html and n["item"].split(",")[0] in html, "not in the HTML report:", n)
    before = [(m.uid, m.body) for m in server.mailboxes[b"INBOX"].messages]
    for journal in ("with", "without"):
        if again is None:
            break
        run(["restore", archive, "--report", path, *more], server.port, state, again)
        second = Report(path)
        check(second.added == 0, journal, "journal the second restore adds", second.added, [m.body[:200] for m in server.mailboxes[b"INBOX"].messages[len(before):]])
        after = [(m.uid, m.body) for m in server.mailboxes[b"INBOX"].messages]
        check(before == after, journal, "journal the second restore changed something")
        if journal == "with":
            check(second.rescued == report.rescued, "rescued: then", report.rescued, "now", second.rescued)
        shutil.rmtree(state)
    return report


def held(server):
    """{name: message} of what the server holds, by UID: UIDs follow the order of the archive unless something was tried again."""
    left, out = list(server.mailboxes[b"INBOX"].messages), {}
    for name, (body, _, date) in MESSAGES.items():
        for m in left:
            if m.body == body:
                out[name] = m
                left.remove(m)
                break
    return out, left


def rescued(report, server, how, names):
    """These messages, no others, are there in another form, named by the report with the reason; the others are verbatim."""
    found, left = held(server)
    check(set(NAMES) - set(found) == set(names), "not verbatim:", set(NAMES) - set(found), "instead of", set(names))
    check(len(left) == len(names), len(left), "messages there in another form instead of", len(names))
    check(report.rescued == len(names), report.rescued, "rescued instead of", len(names))
    check({k: v for k, v in report.rescued_by.items() if v} == how, report.rescued_by)
    for name in names:
        check(any("another form" in n["text"] and "refused" in n["text"] for n in report.notes.get(name, [])), name, "is not named")
    check(report.added == len(NAMES) and report.failed == 0, report.added, report.failed)
    for m in left:
        wanted = [n for n in names if MESSAGES[n][2].strip() == m.date.strip()]
        check(wanted, "no date", m.date, m.body[:300])
        yield wanted[0], m


def exchange(archive, scratch):
    with ct.ExchangeError11() as server:
        report = restore(ct.ExchangeError11, server, archive, scratch, 3, again=3)
        for name, m in rescued(report, server, {"long-lines": 2, "wrapped": 1}, ["long-line", "long-part", "long-signed"]):
            body = MESSAGES[name][0]
            if name == "long-signed":
                check(original(m.body) == body, "the cover does not hold", name)
            else:
                check(decoded(m.body) == decoded(body), "decoded, it is not the same:", name)
                check(max(map(len, m.body.split(b"\r\n"))) <= 998, "still a long line")
        flagged = held(server)[0]["flagged"]
        check(sorted(flagged.flags) == ["$MDNSent", r"\Flagged", r"\Seen"], "flags", flagged.flags)
        check(any("keyword work" in n["text"] for n in report.all["notes"]), "the keyword is not named")


def gmail(archive, scratch):
    with ct.GmailNul() as server:
        report = restore(ct.GmailNul, server, archive, scratch, 3, again=3)
        there = [m.body for m in server.mailboxes[b"INBOX"].messages]
        check(len(there) == len(NAMES) - 1, "one of the twins is kept:", len(there))
        check(report.rescued_by["nul"] == 3 and report.failed == 0 and report.added == len(NAMES) - 1, report.rescued_by, report.failed, report.added)
        check(any("one message for it and an equal one" in n["text"] for n in report.notes.get("twin", []) + report.notes.get("twin-2", [])), "the twin is not named")
        nul = next(b for b in there if b"nul@" in b)
        check(decoded(nul) == decoded(MESSAGES["nul"][0]), "NUL is not in it any more, decoded")


def cuts(archive, scratch):
    with ct.CutsAtNul() as server:
        report = restore(ct.CutsAtNul, server, archive, scratch, 3, again=3)
        found, left = held(server)
        check(len(server.mailboxes[b"INBOX"].messages) == len(NAMES) and report.rescued == 3, "rescued", report.rescued)
        check(set(NAMES) - set(found) == {"nul", "nul-header", "no-id-flawed"}, set(NAMES) - set(found))


def yahoo(archive, scratch):
    with ct.YahooFinalCrlf() as server:
        report = restore(ct.YahooFinalCrlf, server, archive, scratch, 3, again=3)
        for name, m in rescued(report, server, {"final-crlf": 2}, ["no-end", "no-id-flawed"]):
            check(m.body == MESSAGES[name][0] + b"\r\n", "more than a CRLF")
            check(sorted(m.flags) == sorted(MESSAGES[name][1]), "flags", m.flags)


def strict(case, exact):
    def do(archive, scratch):
        names = ["nul", "nul-header", "bare-lf", "latin1", "utf8", "no-field", "no-id-flawed"]
        with case() as server:
            report = restore(case, server, archive, scratch, 3, again=3)
            found, left = held(server)
            check(set(NAMES) - set(found) == set(names) and len(left) == len(names), set(NAMES) - set(found))
            check(report.rescued == len(names) and report.failed == 0 and report.rescued_by["wrapped"] == 0, report.rescued, report.rescued_by)
            bodies = {n: m.body for m in left for n in names if MESSAGES[n][2].strip() == m.date.strip()}
            check(set(bodies) == set(names), "dates")
            if exact:
                check(bodies["bare-lf"] == MESSAGES["bare-lf"][0].replace(b"one\ntwo", b"one\r\ntwo").replace(b"three\rfour", b"three\r\nfour"), "line ends")
                check(bodies["utf8"].replace(b"=?utf-8?Q?=E6=97=A5=E6=9C=AC=E8=AA=9E_=F0=9F=93=AC?=", "日本語 📬".encode()) == MESSAGES["utf8"][0], bodies["utf8"])
                check(bodies["no-field"] == b"X-Invalid-Header: " + MESSAGES["no-field"][0], bodies["no-field"])
                check(bodies["nul-header"] == MESSAGES["nul-header"][0].replace(b"\0", b""), bodies["nul-header"])
            check(decoded(bodies["nul"]) == decoded(MESSAGES["nul"][0]), bodies["nul"])
    return do


def strict_option(archive, scratch):
    """--strict: the same server, nothing else tried."""
    with ct.Strict() as server:
        report = restore(ct.Strict, server, archive, scratch + "/s", 3, "--strict", again=None)
        check(report.failed == 7 and report.rescued == 0 and report.added == len(NAMES) - 7, report.failed, report.added)
        sent = b"".join(m.body for m in server.mailboxes[b"INBOX"].messages)
        check(b"X-Invalid-Header" not in sent and b"=?utf-8" not in sent, "something was changed")
        check("Message contains NUL characters" in json.dumps(report.notes["nul"]), report.notes["nul"])


def wrapped(archive, scratch):
    with ct.OnlyWrapped() as server:
        report = restore(ct.OnlyWrapped, server, archive, scratch, 3, again=3)
        got = sorted(hashlib.sha256(original(m.body)).hexdigest() for m in server.mailboxes[b"INBOX"].messages)
        check(got == sorted(hashlib.sha256(b).hexdigest() for b, _, _ in MESSAGES.values()), "what is wrapped is not what is archived")
        check(report.rescued_by["wrapped"] == len(NAMES), report.rescued_by)
        m = next(m for m in server.mailboxes[b"INBOX"].messages if b"Message-ID: <flagged@" in m.body)
        check(sorted(m.flags) == sorted(MESSAGES["flagged"][1]) and m.date.strip() == MESSAGES["flagged"][2].strip(), m.flags, m.date)


def refuses_all(archive, scratch):
    with ct.RefusesAll() as server:
        report = restore(ct.RefusesAll, server, archive, scratch, 3, again=3)
        check(report.failed == len(NAMES) and report.added == 0 and set(report.notes) == set(NAMES), report.failed)
        check(all("cannot store" in n[0]["text"] for n in report.notes.values()), "no reason")
        appends = sum(b" APPEND " in line for _, line in server.log)
        check(appends < 400, appends, "APPENDs")


def too_big(archive, scratch):
    with ct.TooBig() as server:
        report = restore(ct.TooBig, server, archive, scratch, 3, again=3)
        check(report.failed == 1 and report.rescued == 0, report.failed, report.rescued)
        note = report.notes["large"][0]
        check("TOOBIG" in note["text"] and "octets" in note["item"] and "large" in note["item"] and "alice@old.example" in note["item"], note)


def quota(archive, scratch):
    with ct.OverQuota() as server:
        report = restore(ct.OverQuota, server, archive, scratch, 3, again=None)
        check(report.failed and report.rescued == 0 and report.added + report.failed == len(NAMES), report.added, report.failed)
        check("quota" in json.dumps(report.all["notes"]).lower(), "quota is not named")
        text = run(["restore", archive], server.port, os.path.join(scratch, "over-quota"), 3)
        check(text.count("Quota exceeded") == 1 and text.count("not tried again") == 0, "not said once:", text)
        check("%d messages are not restored, as the target is over quota" % report.failed in text and len(report.notes) == report.failed, text)
        server.full = False
        run(["restore", archive], server.port, os.path.join(scratch, "over-quota"), 0)
        found, left = held(server)
        check(len(found) == len(NAMES) and not left, "not resumed", len(found), len(left))


def said_again(case, server, archive, scratch, altered):
    """What is not as in the archive is that in a dry run and in a second run, too, and both say so."""
    state = os.path.join(scratch, case.name)
    for more in (["--dry-run"], []):
        run(["restore", archive, "--report", state + ".json", *more], server.port, state, 3)
        again = Report(state + ".json")
        check(again.added == 0 and again.altered == altered, more, "altered:", again.altered, "instead of", altered, again.all["notes"])


def seen_only(archive, scratch):
    with ct.SeenOnly() as server:
        report = restore(ct.SeenOnly, server, archive, scratch, 3)
        text = json.dumps(report.all["notes"])
        check(report.failed == 0 and report.altered == 3 and r"\\Flagged" in text and "work" in text and r"\\Answered" in text, report.altered, text)
        said_again(ct.SeenOnly, server, archive, scratch, 3)


def keeps_no_flags(archive, scratch):
    """Flags that a STORE was said OK to, and that are not there, are named, also by a restore that finds the messages there."""
    with ct.KeepsNoFlags() as server:
        report = restore(ct.KeepsNoFlags, server, archive, scratch, 3, again=None)
        text = json.dumps(report.all["notes"])
        check(report.failed == 0 and report.altered == 4 and all(w in text for w in (r"\\Flagged", r"\\Seen", r"\\Answered", "work", "$MDNSent")), report.altered, text)
        path = os.path.join(scratch, "keeps-no-flags.json")
        out = run(["restore", archive, "--report", path], server.port, os.path.join(scratch, "keeps-no-flags-fresh"), 3)
        check(Report(path).added == 0 and Report(path).altered == 4 and "flags added" not in out, Report(path).altered, out)
        said_again(ct.KeepsNoFlags, server, archive, scratch, 4)


def keywords(archive, scratch):
    with ct.KeywordsRefused() as server:
        report = restore(ct.KeywordsRefused, server, archive, scratch, 3, again=None)
        found, left = held(server)
        check(len(found) == len(NAMES) and not left and report.rescued == 0 and report.altered == 2, report.altered, report.rescued)
        check(sorted(found["flagged"].flags) == ["$MDNSent", r"\Flagged", r"\Seen"], found["flagged"].flags)
        said_again(ct.KeywordsRefused, server, archive, scratch, 2)


def keyword_limit(case):
    """All messages are there, as they are; that their keywords are not is named."""
    def do(archive, scratch):
        with case() as server:
            report = restore(case, server, archive, scratch, 3, again=None)
            found, left = held(server)
            check(len(found) == len(NAMES) and not left and report.rescued == 0 and report.failed == 0, report.failed, report.rescued)
            check(report.altered > 0 and "$MDNSent" in json.dumps(report.all["notes"]), report.all["notes"])
            for name, m in found.items():
                check(sorted(m.flags) == sorted(f for f in MESSAGES[name][1] if f[0] == "\\"), name, m.flags)
            said_again(case, server, archive, scratch, report.altered)
    return do


def alters_octets(archive, scratch):
    """Every altered message is named, though sizes agree; nothing is added for it a second time."""
    with ct.AltersOctets() as server:
        report = restore(ct.AltersOctets, server, archive, scratch, 3, again=None)
        check(report.altered == len(NAMES) // 3 and report.failed == 0, report.altered, report.failed)
        check(json.dumps(report.all["notes"]).count("other octets") == len(NAMES) // 3, report.all["notes"])
        # without the journal they are known by Message-ID and date, though their size is the same
        path = os.path.join(scratch, "forgot.json")
        run(["restore", archive, "--report", path], server.port, os.path.join(scratch, "forgot"), 3)
        report_again = Report(path)
        check(report_again.added == 0 and report_again.altered == report.altered, report_again.added, report_again.all["notes"])
        said_again(ct.AltersOctets, server, archive, scratch, report.altered)


def reads_never(archive, scratch):
    """What could not be looked at is no success, and the next restore looks; a dry run, too."""
    state = os.path.join(scratch, "reads-never")
    with ct.ReadsNever() as server:
        for n, (code, more, unseen, altered) in enumerate(((3, [], len(NAMES), 0), (3, [], len(NAMES), 0), (3, ["--dry-run"], 0, len(NAMES) // 3), (3, [], 0, len(NAMES) // 3),
                                                           (3, [], 0, len(NAMES) // 3))):
            server.cutting = n < 2
            server.log.clear()
            run(["restore", archive, "--report", state + ".json", *more], server.port, state, code)
            report = Report(state + ".json")
            check(report.all["unseen"] == unseen and report.altered == altered and report.added == (0 if n else len(NAMES)), n, report.all)
            check(json.dumps(report.all["notes"]).count("other octets") == altered, n, report.all["notes"])
            check(n < 4 or not any(b"BODY.PEEK[]" in line for _, line in server.log), "looked once more")


def reads_one(archive, scratch):
    """As long as each connection brings one more, the reading goes on."""
    state = os.path.join(scratch, "reads-one")
    with ct.ReadsOne() as server:
        for _ in range(2):
            text = run(["restore", archive], server.port, state, 0)
            check("looked at" not in text, text)


def reads_all_but_one(archive, scratch):
    """What stands beside a message that cannot be read is read all the same; that one is named."""
    state = os.path.join(scratch, "reads-all-but-one")
    with ct.ReadsAllButOne() as server:
        for more in ([], [], ["--verify", "full"]):
            text = run(["restore", archive, "--report", state + ".json", *more], server.port, state, 3)
            check("1 message on the target cannot be read" in text and Report(state + ".json").all["unseen"] == 1, text)
        shutil.rmtree(state)
        text = run(["restore", archive, "--report", state + ".json"], server.port, state, 3)
        check(Report(state + ".json").added == 1 and "1 message on the target cannot be read: what is the same is stored once more" in text, text)


def goes_at_the_end(_, scratch):
    """The mailboxes that wait for their last look are counted, as not looked at, when no connection is left; the next run looks."""
    state, archive = os.path.join(scratch, "goes-at-the-end"), os.path.join(scratch, "eight")
    names = "ABCDEFGH"
    with ct.Target() as server:
        for name in names:
            server.mailbox(name).add(b"Subject: %s\r\nMessage-ID: <%s@x>\r\n\r\nx\r\n" % (name.encode(), name.encode()))
        run(["backup", "-o", archive], server.port, state, 0)
    with ct.GoesAtTheEnd() as server:
        server.going = True
        run(["restore", archive, "--exclude", "INBOX", "--report", state + ".json", "--connections", "1", "--max-wait", "2"], server.port, state, 3)
        report = Report(state + ".json")
        check(report.added == report.all["unseen"] == len(names), report.all)
        server.going = False
        run(["restore", archive, "--report", state + ".json"], server.port, state, 0)
        check(Report(state + ".json").all["unseen"] == 0, Report(state + ".json").all)


def goes_midway(archive, scratch):
    """Of a mailbox that cannot be opened any more, what was stored is named as not looked at, and looked at by the next run."""
    state = os.path.join(scratch, "goes-midway")
    with ct.GoesMidway() as server:
        run(["restore", archive, "--report", state + ".json"], server.port, state, 3)
        report = Report(state + ".json")
        check(report.added > 0 and report.all["unseen"] == report.added and report.added + report.all["failed"] == len(NAMES), report.all)
        server.going = False
        server.log.clear()
        run(["restore", archive, "--report", state + ".json"], server.port, state, 0)
        check(Report(state + ".json").all["unseen"] == 0 and any(b"BODY.PEEK[]" in line for _, line in server.log), "not looked at")


def subscribe_busy(archive, scratch):
    """That a mailbox cannot be subscribed costs no message."""
    state = os.path.join(scratch, "subscribe-busy")
    with ct.SubscribeBusy() as server:
        text = run(["restore", archive, "--under", "New"], server.port, state, None)
        check("cannot be subscribed" in text and len(server.mailboxes[b"New/INBOX"].messages) == len(NAMES), text)


def sizes_off(archive, scratch):
    """A size that is wrong is no difference where the octets are right."""
    with ct.SizesOff() as server:
        report = restore(ct.SizesOff, server, archive, scratch, 0, again=None)
        check(report.altered == 0 and report.added == len(NAMES), report.altered, report.all["notes"])
        run(["restore", archive], server.port, os.path.join(scratch, "sizes-off"), 0)


def verify_full(archive, scratch):
    """What was altered at the target after a restore is noticed by restore --verify full, and by that alone."""
    state = os.path.join(scratch, "verify-full")
    with ct.Target() as server:
        run(["restore", archive], server.port, state, 0)
        m = server.mailboxes[b"INBOX"].messages[-1]
        m.body = m.body[:-3] + b"#" + m.body[-2:]
        run(["restore", archive], server.port, state, 0)
        run(["restore", archive, "--verify", "full", "--report", state + ".json"], server.port, state, 3)
        report = Report(state + ".json")
        check(report.added == 0 and report.altered == 1 and "other octets" in json.dumps(report.all["notes"]), report.added, report.altered)
        run(["restore", archive, "--verify", "all"], server.port, state, 2)


def busy_create(archive, scratch):
    with ct.BusyCreate() as server:
        run(["restore", archive, "--map", "INBOX=New"], server.port, os.path.join(scratch, "busy-create"), 0)
        check(server.creates == 5 and len(server.mailboxes[b"New"].messages) == len(NAMES), server.creates)


def busy_append(archive, scratch):
    with ct.BusyAppend() as server:
        run(["restore", archive], server.port, os.path.join(scratch, "busy-append"), 0)
        check(server.asked == 9 and len(server.mailboxes[b"INBOX"].messages) == len(NAMES), server.asked)


def no_date(archive, scratch):
    with ct.NoDate() as server:
        report = restore(ct.NoDate, server, archive, scratch, 3, again=3)
        found, left = held(server)
        check(len(found) == len(NAMES) and report.rescued_by == {**dict.fromkeys(report.rescued_by, 0), "no-date": 1}, report.rescued_by)


def sound(case):
    def do(archive, scratch):
        with case() as server:
            report = restore(case, server, archive, scratch, 0, again=0)
            found, left = held(server)
            check(len(found) == len(NAMES) and not left and report.altered == 0, report.altered, report.all["notes"])
            for name, m in found.items():
                check(sorted(m.flags) == sorted(MESSAGES[name][1]), name, m.flags)
    return do


def reversed_alike(archive, scratch):
    """The same of messages of one date, most of one size, which only their octets tell apart: the flags are each one's own."""
    path, state = os.path.join(scratch, "alike.valise"), os.path.join(scratch, "alike")
    with ct.Alike() as source:
        run(["backup", "-o", path], source.port, state, 0)
        want = [(m.body, m.flags) for m in source.mailboxes[b"INBOX"].messages]
    with ct.ReversedAppenduid() as server:
        for _ in range(2):
            run(["restore", path], server.port, state, 0)
            check([(m.body, m.flags) for m in server.mailboxes[b"INBOX"].messages] == want, "flags of others", [m.flags for m in server.mailboxes[b"INBOX"].messages])


def stored_unsure(report):
    """What nothing tells is stored, as nothing may be lost, and named."""
    check(report.added == 1 and report.doubled == 1, "added without the journal:", report.added, "named:", report.doubled)
    check("may be what an earlier restore made of it" in report.notes["no-id-flawed"][0]["text"], report.notes["no-id-flawed"])


def ends_at_nul(archive, scratch):
    state = os.path.join(scratch, "ends-at-nul")
    with ct.EndsAtNul() as server:
        report = restore(ct.EndsAtNul, server, archive, scratch, 3, again=None)
        said_again(ct.EndsAtNul, server, archive, scratch, report.altered)
        shutil.rmtree(state)
        run(["restore", archive, "--report", state + ".json"], server.port, state, 3)
        stored_unsure(Report(state + ".json"))
        said_again(ct.EndsAtNul, server, archive, scratch, report.altered)


def forwarded(archive, scratch):
    """Copies that came by another way, with fields and a date of their own, are no restored messages, although one that is equal has another date, too."""
    with ct.Target() as server:
        box = server.mailboxes[b"INBOX"]
        box.add(MESSAGES["plain"][0])
        for name in NAMES[1:]:
            box.add(b"Received: by another way\r\n" + MESSAGES[name][0])
        run(["restore", archive, "--report", scratch + "/forwarded.json"], server.port, os.path.join(scratch, "forwarded"), 3)
        report = Report(scratch + "/forwarded.json")
        check(report.added == len(NAMES) - 1 and report.already == report.altered == 1, report.added, report.already, report.altered)


def alters_both(case):
    """
    Neither octets nor date are as sent: each message is named, and known again by the journal; what cannot be told is not stored once more while it may be
    there. The source's "no-id-flawed" is the one that nothing tells: its body ends at NUL.
    """
    def do(archive, scratch):
        state = os.path.join(scratch, case.name)
        with case() as server:
            box = server.mailboxes[b"INBOX"]
            report = restore(case, server, archive, scratch, 3, again=None)
            check(report.added == report.altered == len(NAMES) and report.failed == 0, report.added, report.altered, report.failed)
            total = len(box.messages)
            check(total == len(NAMES) + case.delivers, total)
            said_again(case, server, archive, scratch, len(NAMES))
            lost = [n["text"] for n in report.notes["no-id-flawed"]]
            check(("UIDPLUS" in case.extensions) == ("cannot be found again" not in lost[0]), lost)
            run(["restore", archive, "--report", state + ".json"], server.port, state, 3)
            again = [n["text"] for n in Report(state + ".json").notes["no-id-flawed"]]
            check("UIDPLUS" in case.extensions or "an earlier restore stored it" in again[0] and ("one of the UIDs 14 to 15" if case.delivers else "UID 14 perhaps") in again[0], again)
            check(len(box.messages) == total, "it grows")
            box.messages[:] = [m for m in box.messages if m.body.endswith((b"\r\n", b"line end"))]
            box.messages[:] = [m for m in box.messages if b"@elsewhere" not in m.body]
            gone = total - case.delivers - len(box.messages)
            run(["restore", archive, "--report", state + ".json"], server.port, state, 3)
            check(Report(state + ".json").added == gone and gone, "what was deleted there comes back:", gone, Report(state + ".json").added)
            # without the journal: what is the same but for its date and line ends, or has its Message-ID, is there
            shutil.rmtree(state)
            run(["restore", archive, "--report", state + ".json"], server.port, state, 3)
            stored_unsure(Report(state + ".json"))
    return do


def adds_headers(case):
    def do(archive, scratch):
        with case() as server:
            report = restore(case, server, archive, scratch, 3, again=None)
            check(report.altered == len(NAMES) and report.failed == 0, report.altered, report.failed)
            check(json.dumps(report.all["notes"]).count("other octets") == len(NAMES), "named more than once, or not", report.all["notes"])
            said_again(case, server, archive, scratch, report.altered)
            text = on_terminal(["restore", archive], server.port, os.path.join(scratch, case.name))
            check(text.count("with other octets") == 11 and "%d more of these (--report FILE names each)" % (len(NAMES) - 10) in text, "a flood:", text)
            state = os.path.join(scratch, case.name)
            for _ in range(2):
                path = state + ".json"
                rc, out, err = execute("restore", archive, "--report", path, *imap(server.port), env=environment(state, state))
                check(rc in (0, 3) and Report(path).added == 0, "added again:", Report(path).added, out, err)
                shutil.rmtree(state)
    return do


def drops(case):
    def do(archive, scratch):
        """What the target said OK to and does not hold is named, each once, and brought again by the next restore."""
        with case() as server:
            report = restore(case, server, archive, scratch, 3, again=None)
            found, left = held(server)
            missing = set(NAMES) - set(found)
            check(len(missing) == len(NAMES) // 3 and not left, missing, left)
            named = {k for k, notes in report.notes.items() if any("said that it stored it, but it is not in the mailbox" in n["text"] for n in notes)}
            check(named == missing and report.failed == len(missing), named, missing, report.failed)
            check(report.added == len(found), report.added)
            server.store = lambda box, body, flags, date: box.add(body, flags, date).uid
            run(["restore", archive], server.port, os.path.join(scratch, case.name), 0)
            found, left = held(server)
            check(set(found) == set(NAMES) and not left, "the second restore leaves out", set(NAMES) - set(found))
    return do


CASES = {"reads-never": reads_never, "reads-one": reads_one, "reads-all-but-one": reads_all_but_one, "goes-at-the-end": goes_at_the_end, "goes-midway": goes_midway, "subscribe-busy": subscribe_busy, "drops": drops(ct.Drops), "drops-no-uidplus": drops(ct.DropsMute), "alters-octets": alters_octets, "sizes-off": sizes_off, "verify-full": verify_full, "exchange-error-11": exchange, "gmail-nul": gmail, "cuts-at-nul": cuts, "yahoo-final-crlf": yahoo, "strict": strict(ct.Strict, True),
         "mute": strict(ct.Mute, False), "--strict": strict_option, "only-wrapped": wrapped, "refuses-all": refuses_all, "too-big": too_big, "over-quota": quota,
         "seen-only": seen_only, "keeps-no-flags": keeps_no_flags, "keywords-refused": keywords,
         "keyword-limit": keyword_limit(ct.KeywordLimit), "keyword-limit-code": keyword_limit(ct.KeywordLimitCode), "no-date": no_date, "busy-create": busy_create, "busy-append": busy_append, "no-uidplus": sound(ct.NoUidplus), "exists-late": sound(ct.ExistsLate), "select-late": sound(ct.SelectLate), "select-late-uidplus": sound(ct.SelectLateUidplus),
         "reversed-appenduid": sound(ct.ReversedAppenduid), "reversed-alike": reversed_alike,
         "wrong-appenduid": sound(ct.WrongAppenduid), "appenduid-of-first": sound(ct.AppenduidOfFirst), "ends-at-nul": ends_at_nul, "forwarded": forwarded, "alters-both": alters_both(ct.AltersBoth), "alters-both-uidplus": alters_both(ct.AltersBothUidplus), "alters-both-and-delivers": alters_both(ct.AltersBothAndDelivers),
         "adds-headers": adds_headers(ct.AddsHeaders), "adds-headers-no-uidplus": adds_headers(ct.AddsHeadersMute)}


def main():
    scratch = tempfile.mkdtemp(prefix="valise-ladder-")
    os.mkdir(scratch + "/s")
    archive = os.path.join(scratch, "a.valise")
    wrong = 0

    def one(name):
        try:
            CASES[name](archive, scratch)
            return name, None
        except (Failed, OSError, subprocess.TimeoutExpired, KeyError, StopIteration) as e:
            return name, "%s: %s" % (type(e).__name__, e)
    try:
        with ct.LadderSource() as server:
            run(["backup", "-o", archive], server.port, scratch, 0)
        with ThreadPoolExecutor(4) as pool:
            for name, what in pool.map(one, sys.argv[1:] or CASES):
                print("%s: %s" % (name, what or "ok"), flush=True)
                wrong += what is not None
    finally:
        if not os.environ.get("KEEP"):
            shutil.rmtree(scratch)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
