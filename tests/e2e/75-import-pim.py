#!/usr/bin/python3
"""Calendars and address books as files: what an import makes of them is what vdirsyncer and khal make of them, Radicale and Cyrus take it and give it back with the
same meaning, and importing again adds nothing. Read back by Python and those programs alone."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import SERVERS, TOOLS, VALISE, Failed, expect, files, run  # noqa: E402
import comparedav  # noqa: E402

assert TOOLS
FIXTURES = os.path.join(os.environ.get("TESTED_SOURCE") or os.path.join(SERVERS, "../.."), "fixtures/import")
OWN_UID = rb"UID:valise-[0-9a-f]{32}\r?\n"


def says(text, pattern):
    expect(re.search(pattern, text), "did not say %r\n%s" % (pattern, text))


def blocks(text):
    """{UID: the events, tasks, journals or cards of it, their lines unfolded}; what has none below ''."""
    out, stack = {}, []
    text = re.sub(rb"\r?\n[ \t]", b"", text)
    for m in re.finditer(rb"(?ms)^BEGIN:(VEVENT|VTODO|VJOURNAL|VCARD)\r?$.*?^END:\1\r?$", text):
        lines = [x.rstrip(b"\r") for x in m[0].split(b"\n")]
        stack = [x for x in lines if x.startswith(b"UID:") and not x.startswith(b"UID:alarm")]
        out.setdefault(stack[0][4:].decode() if stack else "", Counter())[b"\n".join(sorted(lines))] += 1
    return out


def unpacked(t, archive):
    """{path: octets} of the collections' files."""
    shutil.rmtree(t + "/tree", ignore_errors=True)
    run(0, "unpack", archive, "-t", t + "/tree")
    return {os.path.relpath(k, t + "/tree"): v for k, v in files(t + "/tree").items() if k.startswith((t + "/tree/calendars/", t + "/tree/contacts/"))}


def resources(have, end):
    return {k: v for k, v in have.items() if k.endswith(end)}


def big_calendar(n):
    """${n} events, each third with an override at the other end of the file, in three zones that stand behind them."""
    event = "BEGIN:VEVENT\r\nUID:e%d@example.org\r\nDTSTAMP:20240101T000000Z\r\nDTSTART;TZID=Zone/%d:20240101T%02d0000\r\nDURATION:PT1H\r\n%sSUMMARY:Event %d, %s\r\nEND:VEVENT\r\n"
    out = ["BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//\r\n"]
    out += [event % (i, i % 3, i % 24, "RRULE:FREQ=DAILY;COUNT=9\r\n" if i % 3 == 0 else "", i, "x" * (i % 300)) for i in range(n)]
    out += [event % (i, i % 3, (i + 1) % 24, "RECURRENCE-ID;TZID=Zone/%d:20240103T%02d0000\r\n" % (i % 3, i % 24), i, "moved") for i in range(0, n, 3)]
    out += ["BEGIN:VTIMEZONE\r\nTZID:Zone/%d\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0%d00\r\nTZOFFSETTO:+0%d00\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n" % (i, i, i) for i in range(3)]
    return "".join(out + ["END:VCALENDAR\r\n"]).encode()


def vdirsyncer(t, path, end):
    """The contents of the files into which vdirsyncer splits it."""
    os.makedirs(t + "/split")
    with open(t + "/conf", "w") as f:
        f.write('[general]\nstatus_path = "%s/status/"\n[pair p]\na = "one"\nb = "many"\ncollections = null\n[storage one]\ntype = "singlefile"\npath = "%s"\n'
                '[storage many]\ntype = "filesystem"\npath = "%s/split/"\nfileext = "%s"\n' % (t, path, t, end))
    for what in "discover", "sync":
        p = subprocess.run(["vdirsyncer", "-c", t + "/conf", what], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        expect(p.returncode == 0, "vdirsyncer: " + p.stdout + p.stderr)
    return files(t + "/split").values()


def test_split_as_vdirsyncer(t):
    """Each resource has the components that vdirsyncer's has, octet for octet but for folds and their order; and the zones that it uses, no other."""
    with open(t + "/big.ics", "wb") as f:
        f.write(big_calendar(600))
    run(0, "import", t + "/big.ics", "-o", t + "/a")
    ours = [blocks(x) for x in resources(unpacked(t, t + "/a"), ".ics").values()]
    theirs = [blocks(x) for x in vdirsyncer(t, t + "/big.ics", ".ics")]
    expect(all(len(x) == 1 for x in ours) and len(ours) == 600, "%d resources" % len(ours))
    expect({k: v for x in ours for k, v in x.items()} == {k: v for x in theirs for k, v in x.items()}, "the contents differ")
    for text in resources(unpacked(t, t + "/a"), ".ics").values():
        used, there = set(re.findall(rb"TZID=([^:;]+):", text)), re.findall(rb"(?m)^TZID:(\S+)", text)
        expect(sorted(used) == sorted(there), text)
    says(run(0, "import", t + "/big.ics", "-o", t + "/a"), "nothing new since snapshot 1")


def test_fixtures(t):
    """Everything that files have: folds in a character, no UID, doubles, versions, names, colours; octets of each object stay."""
    text = run(0, "import", FIXTURES + "/calendar.ics", FIXTURES + "/cards.vcf", FIXTURES + "/cards-2.1.vcf", FIXTURES + "/address-book-utf16.vcf", FIXTURES + "/vdir", "-o", t + "/a")
    for line in run(0, "list", t + "/a", "--items", "--json").splitlines():  # show takes what list calls it
        item = json.loads(line)
        if "href" in item:
            run(0, "show", t + "/a", "%(kind)s/%(collection)s/%(href)s" % item)
    for what in (r"METHOD:PUBLISH is left out", "1 without a UID", "1 stand there twice", "1 are other versions of a UID", "2 without a UID", "it is UTF-16"):
        says(text, what)
    have = unpacked(t, t + "/a")
    with open(FIXTURES + "/calendar.ics", "rb") as f:
        source = f.read()
    home = {k: v for k, v in resources(have, ".ics").items() if "personal" not in k}
    expect(len(home) == 7 and len({os.path.dirname(k) for k in home}) == 1, sorted(home))
    for name, text in home.items():
        for block in re.findall(rb"(?ms)^BEGIN:VEVENT.*?^END:VEVENT\r\n", re.sub(OWN_UID, b"", text)):
            expect(block in source, "%s has %r" % (name, block))
        expect(b"METHOD" not in text and b"CALNAME" not in text, text)
    whole = b"".join(home.values())
    expect(whole.count(b"BEGIN:VEVENT") == 6 and whole.count(b"BEGIN:VTIMEZONE") == 3, "events and zones")
    where = os.path.dirname(next(iter(home)))
    expect(have[where + "/displayname"] == b"Home, sweet <home>" and have[where + "/color"] == b"#CC0099", "name and colour")
    personal = [k for k in have if "personal" in k]
    expect(len([k for k in personal if k.endswith(".ics")]) == 2 and have[os.path.dirname(personal[0]) + "/displayname"] == b"Personal & private", personal)
    for name in resources(have, ".ics"):
        if "personal" in name:
            with open(FIXTURES + "/vdir/personal/" + os.path.basename(name), "rb") as f:
                expect(f.read() == have[name], name)
    cards = [re.sub(OWN_UID, b"", x) for k, x in resources(have, ".vcf").items()]
    with open(FIXTURES + "/cards.vcf", "rb") as f, open(FIXTURES + "/cards-2.1.vcf", "rb") as g:
        source = f.read() + g.read()
    expect(len(cards) == 8 and sum(x in source for x in cards) == 7, "%d cards" % len(cards))
    expect(any("Женя".encode() in x for x in cards), "UTF-16")
    says(run(0, "import", FIXTURES + "/vdir", FIXTURES + "/cards.vcf", FIXTURES + "/cards-2.1.vcf", FIXTURES + "/calendar.ics", FIXTURES + "/address-book-utf16.vcf", "-o", t + "/a"), "nothing new since snapshot 1")


def test_khal(t):
    """khal lists the same of the imported tree as of what it imports itself."""
    with open(t + "/big.ics", "wb") as f:
        text = big_calendar(60)
        for number, name in enumerate((b"Europe/Berlin", b"America/New_York", b"Asia/Tokyo")):
            text = text.replace(b"Zone/%d" % number, name)
        f.write(text)
    run(0, "import", t + "/big.ics", "-o", t + "/a")
    unpacked(t, t + "/a")
    listed = []
    for number, path in enumerate((t + "/tree/calendars/big", t + "/own")):
        os.makedirs(path, exist_ok=True)
        with open(t + "/khal", "w") as f:
            f.write("[calendars]\n[[one]]\npath = %s\n[sqlite]\npath = %s/khal-%d.db\n[default]\ndefault_calendar = one\n[locale]\nlocal_timezone = UTC\ndefault_timezone = UTC\ndateformat = %%Y-%%m-%%d\nlongdateformat = %%Y-%%m-%%d\n"
                    "timeformat = %%H:%%M\ndatetimeformat = %%Y-%%m-%%d %%H:%%M\nlongdatetimeformat = %%Y-%%m-%%d %%H:%%M\n" % (path, t, number))
        if number:
            subprocess.run(["khal", "-c", t + "/khal", "import", "--batch", t + "/big.ics"], check=True, capture_output=True, stdin=subprocess.DEVNULL)
        p = subprocess.run(["khal", "-c", t + "/khal", "list", "--day-format", "", "--format", "{uid} {start} {title}", "2024-01-01", "2024-01-20"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        expect(p.returncode == 0 and not re.search("(?i)error|exception|skipping", p.stderr), p.stderr)
        listed.append(sorted(x.strip() for x in p.stdout.splitlines() if x.strip()))
    expect(len(listed[0]) > 200 and listed[0] == listed[1], "khal lists %d and %d, different: %s" % (len(listed[0]), len(listed[1]), sorted(set(listed[0]) ^ set(listed[1]))[:4]))


def server(t, name):
    script = os.path.join(SERVERS, name + ".sh")
    subprocess.run([script, "start", t + "/" + name], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return script, t + "/" + name


def test_servers(t):
    """Radicale and Cyrus hold each resource with its meaning; what a server alters is named."""
    run(0, "import", FIXTURES + "/calendar.ics", FIXTURES + "/cards.vcf", FIXTURES + "/vdir", "-o", t + "/a")
    have = unpacked(t, t + "/a")
    for name in "radicale", "cyrus":
        script, where = server(t, name)
        try:
            env = comparedav.read_env(where + "/env", "alice")
            base = "http://127.0.0.1:%d" % env[0]
            account = ["--caldav", base + env[2][0], "--carddav", base + env[2][1], "--user", "alice", "--password-command", "echo pw-alice", "--cleartext"]
            text = run(None, "restore", t + "/a", *account)
            there = comparedav.read_account(*env)
            # Cyrus 3.10 gives a card 4.0 whose UID is a URN also as 3.0, with the UUID alone
            stored = {(kind, uid.removeprefix("urn:uuid:")): [y for forms in x for y in forms] for (kind, _), (_, items, _) in there.items() for uid, x in items.items()}
            for path, body in have.items():
                if not path.endswith((".ics", ".vcf")):
                    continue
                key = ("calendar" if path.endswith(".ics") else "address book", comparedav.uid_of(body).removeprefix("urn:uuid:"))
                mine = comparedav.properties(re.sub(rb"\r\n[ \t]", b"", body))
                same = [x for x in stored.get(key, []) if not comparedav.names(mine, comparedav.properties(x))]
                named = re.search(re.escape(key[1]), text)
                expect(same or named, "%s: %s is not there as it was, and not named: %s\n%s" % (
                    name, path, [comparedav.names(mine, comparedav.properties(x)) for x in stored.get(key, [])], text))
            calendars = {k[1]: v[0] for k, v in there.items() if k[0] == "calendar"}
            expect("Home, sweet <home>" in calendars and "Personal & private" in calendars, sorted(calendars))
            says(run(None, "restore", t + "/a", *account), " 0 added")
        finally:
            subprocess.run([script, "stop", where], check=False)


def test_memory(t):
    """A calendar of 60 MB is not held in memory, and is read in seconds."""
    with open(t + "/large.ics", "wb") as f:
        f.write(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
        for i in range(30):
            f.write(b"BEGIN:VEVENT\r\nUID:%d\r\nDTSTAMP:20240101T000000Z\r\nDTSTART:20240101T100000Z\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:" % i + b"".join(b"%064d\r\n " % (i * k) for k in range(30000)) + b"\r\nEND:VEVENT\r\n")
        f.write(b"END:VCALENDAR\r\n")
    began = time.monotonic()
    p = subprocess.Popen([VALISE, "import", t + "/large.ics", "-o", t + "/a"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out = p.stdout.read()
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = 0
    expect(status == 0, out)
    print("60 MB in %.1f s, %d MiB of memory" % (time.monotonic() - began, usage.ru_maxrss >> 10))
    with open(VALISE, "rb") as f:
        sanitized = b"__asan_init" in f.read()  # which needs memory of its own
    expect(sanitized or usage.ru_maxrss < 64 << 10, "%d KiB" % usage.ru_maxrss)


def main():
    base, failed = tempfile.mkdtemp(prefix="valise-import-pim-"), 0
    os.chmod(base, 0o755)
    try:
        for test in test_split_as_vdirsyncer, test_fixtures, test_khal, test_servers, test_memory:
            t = os.path.join(base, test.__name__)
            os.mkdir(t)
            os.chmod(t, 0o755)
            os.environ.update(XDG_STATE_HOME=t + "/state", XDG_CONFIG_HOME=t + "/config", XDG_CACHE_HOME=t + "/cache", HOME=t)
            try:
                test(t)
                print("ok", test.__name__)
            except Failed as e:
                failed += 1
                print("FAILED %s: %s" % (test.__name__, e))
    finally:
        shutil.rmtree(base, ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
