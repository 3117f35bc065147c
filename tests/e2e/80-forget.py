#!/usr/bin/python3
"""valise forget: only the snapshots that were asked for stay, with their numbers, roots, gone items and statuses, and no octet that only the others had;
backups and restores go on as if nothing had been. Whatever kills it, or fills the disk, leaves the old ones or the new ones, whole. A damaged archive, one
that is locked, and one with an interrupted backup are left alone.

VALISE_EVERY=1 kills it at every call."""
import fcntl
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import TESTS, VALISE, environment, execute, expect, files, imap, run  # noqa: E402
from fakedav import FakeDav, event  # noqa: E402
from fakeimap import FakeImap  # noqa: E402

EVERY = os.environ.get("VALISE_EVERY")
SHIM = os.path.join(os.environ.get("VALISE_BUILD", os.path.join(TESTS, "../build/test")), "tests/libfsshim.so")
WORK = "/dav/calendars/alice/work/"
RULES = ["--keep-monthly", "3", "--keep-snapshot", "2"]
KEPT, FORGOTTEN = [2, 4, 6, 8], [1, 3, 5, 7]


class Source(FakeImap):
    def populate(self):
        super().populate()
        for i in range(30):
            self.mailbox("Big").add(b"Message-ID: <big%d@fake.example>\r\nSubject: big %d\r\n\r\n%d\r\n" % (i, i, i))
        self.mailbox("Old/Deep").add(b"Subject: deep\r\n\r\n")


def message(word):
    return b"Message-ID: <%s@fake.example>\r\nSubject: %s\r\n\r\nOCTETS-OF-%s %s\r\n" % (word, word, word, os.urandom(1500).hex().encode())


class Lab:
    def __init__(self, scratch, source, calendars):
        self.dir, self.env, self.archive = scratch, dict(environment(scratch), XDG_CACHE_HOME=os.path.join(scratch, "cache")), os.path.join(scratch, "base.valise")
        self.source, self.calendars = source, calendars
        self.login = [*imap(source.port), "--caldav", calendars.url()]
        self.want = {}

    def backup(self, day, *more, code=0):
        """What then is in the newest snapshot, by its number."""
        p = subprocess.run(["faketime", day, VALISE, "backup", *self.login, "-o", self.archive, *more], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=self.env)
        expect(p.returncode == code, "%s: exit code %d\n%s%s" % (day, p.returncode, p.stdout, p.stderr))
        number = max(int(n) for n in os.listdir(self.archive + "/data"))
        expect(number == len(self.want) + 1, "%s: no snapshot was made\n%s" % (day, p.stdout))
        self.want[number] = self.state(self.archive, number)

    def make(self):
        """Eight snapshots, in which things come, go, come back, are left out and vanish all at once."""
        inbox, big, calendar = self.source.mailboxes[b"INBOX"], self.source.mailboxes[b"Big"], self.calendars.collections[WORK]
        inbox.add(message(b"first"))
        self.backup("2026-01-01 10:00")
        inbox.messages.pop()
        inbox.add(message(b"second"))
        self.backup("2026-01-01 12:00")
        inbox.messages.pop()
        inbox.add(message(b"third"), [r"\Flagged"])
        calendar.put("event-9.ics", event(9, more="LOCATION:OCTETS-OF-event\r\n"))
        self.backup("2026-01-31 23:00")
        del self.source.mailboxes[b"Old/Deep"]
        inbox.messages[0].flags = [r"\Seen", "later"]
        calendar.remove("event-9.ics")
        self.backup("2026-01-31 23:30", "--exclude", "Sent")
        big.messages = []  # all at once: they are gone from here on
        self.backup("2026-02-01 10:00", code=3)
        inbox.add(message(b"sixth"))
        self.backup("2026-02-28 10:00")
        inbox.messages[0].flags = []
        self.backup("2026-03-01 10:00")
        inbox.add(message(b"eighth"))
        calendar.put("event-1.ics", event(1, more="LOCATION:here\r\n"))
        self.backup("2026-03-05 10:00")
        expect("gone" in self.want[6] and "skipped" in self.want[4], "the archive does not hold what this test is about")

    def state(self, archive, number):
        """All that a snapshot says, but where its octets are."""
        return "".join(run(0, "list", archive, "--snapshot", str(number), *more, "--json", env=self.env) for more in ([], ["--items", "--with-gone"]))

    def forget(self, code, archive, *more, **env):
        return run(code, "forget", archive, *(more or RULES), env=dict(self.env, **env))

    def numbers(self, archive):
        return [json.loads(line)["snapshot"] for line in run(0, "snapshots", archive, "--json", env=self.env).splitlines()]

    def holds(self, archive, numbers):
        """These snapshots, as they were, and nothing is wrong with anything."""
        expect(self.numbers(archive) == numbers, "%s instead of %s" % (self.numbers(archive), numbers))
        for n in numbers:
            expect(self.state(archive, n) == self.want[n], "snapshot %d is another" % n)
        run(0, "verify", archive, env=self.env)

    def copy(self, name):
        path = os.path.join(self.dir, name)
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.archive, path)
        return path


def second_reader(archive, *more):
    p = subprocess.run([sys.executable, "-B", os.path.join(TESTS, "reader.py"), archive, *more], capture_output=True, text=True)
    expect(p.returncode == 0, p.stdout + p.stderr)
    return p.stdout


def octets(archive):
    return b"".join(gzip.decompress(data) for path, data in files(archive).items() if os.path.basename(path).startswith("part-"))


def check_kept(lab):
    before = files(lab.archive)
    said = lab.forget(0, lab.archive, *RULES, "--dry-run")
    expect(files(lab.archive) == before and said.count("would be forgotten\n") == len(FORGOTTEN), said)
    expect(all(b"OCTETS-OF-" + w in octets(lab.archive) for w in (b"first", b"second", b"third", b"event", b"sixth")), "the parts are not what this test takes them for")
    trial = lab.copy("kept.valise")
    run(0, "find", trial, "OCTETS-OF-second", "--snapshot", "2", env=lab.env)
    indexes = os.path.join(lab.env["XDG_CACHE_HOME"], "valise/find")
    expect([n for n in os.listdir(indexes) if n.endswith(".db")], "there is no index")
    said = lab.forget(0, trial)
    expect(not [n for n in os.listdir(indexes) if not n.endswith(".lock")], "the index has what was forgotten")
    lab.holds(trial, KEPT)
    expect(sum(n in said for n in ("stays: monthly", "stays: snapshot", "\nseal ")) == 3, said)
    expect(os.listdir(trial).count(".work") == 0, "something was left")
    all_octets = octets(trial)
    expect(all(b"OCTETS-OF-" + w in all_octets for w in (b"second", b"sixth", b"eighth")), "octets are missing")
    expect(not any(b"OCTETS-OF-" + w in all_octets for w in (b"first", b"event")), "octets of forgotten snapshots are there")
    expect("sound: 4 snapshots" in second_reader(trial, "--check"), "the second reader")
    for n in KEPT:
        expect(second_reader(trial, "--snapshot", str(n), "--list", "--with-gone") in lab.want[n], "the second reader sees another snapshot %d" % n)
    expect("nothing to forget" in lab.forget(0, trial), "once more")
    lab.forget(0, trial, "--keep-snapshot", "4", "--keep-snapshot", "6")  # what was left out, and what is gone, without what was there before
    lab.holds(trial, [4, 6, 8])
    expect(json.loads(lab.forget(0, trial, "--keep-last", "1", "--json"))["changed"], "there was something to forget")
    lab.holds(trial, KEPT[-1:])
    second_reader(trial, "--check")


class Target(FakeDav):
    target = True


def check_goes_on(lab):
    """The next backup fetches nothing again; a restore of an earlier one stores nothing twice, and knows its own events, which a newer version replaces."""
    with FakeImap() as mail, Target() as events:
        mail.mailboxes.clear()
        mail.mailbox("INBOX")
        to = ["restore", lab.archive, *imap(mail.port), "--caldav", events.url(), "--with-attendees"]
        run(None, *to, env=lab.env)  # 3 where the scripted server's answers alter something
        stored = {n: len(m.messages) for n, m in mail.mailboxes.items()}, {n: len(c.resources) for n, c in events.collections.items()}
        journals = sorted(os.listdir(os.path.join(lab.dir, "state/valise/restore")))
        lab.forget(0, lab.archive)
        said = run(None, *to, env=lab.env)
        expect(({n: len(m.messages) for n, m in mail.mailboxes.items()}, {n: len(c.resources) for n, c in events.collections.items()}) == stored, said)
        expect(sorted(os.listdir(os.path.join(lab.dir, "state/valise/restore"))) == journals, "there is a second journal")
        lab.calendars.collections[WORK].put("event-1.ics", event(1, more="LOCATION:elsewhere\r\n"))
        lab.source.log = []
        run(0, "backup", *lab.login, "-o", lab.archive, env=lab.env)
        said = run(None, *to, "--update", env=lab.env)
        there = [c.resources for c in events.collections.values() if "event-1.ics" in c.resources]
        expect(len(there) == 1 and b"LOCATION:elsewhere" in there[0]["event-1.ics"] and "1 replaced" in said, said)
    lab.source.mailboxes[b"INBOX"].add(message(b"ninth"))
    run(0, "backup", *lab.login, "-o", lab.archive, env=lab.env)
    fetched = [line for _, line in lab.source.log if b"BODY.PEEK" in line]
    expect(len(fetched) == 1, "what was there is fetched again: %s" % fetched)
    expect(lab.numbers(lab.archive)[:4] == KEPT and lab.numbers(lab.archive)[-1] > 8, "numbers are %s" % lab.numbers(lab.archive))
    run(0, "verify", lab.archive, env=lab.env)
    second_reader(lab.archive, "--check")
    lab.forget(0, lab.archive, "--keep-last", "2")
    run(0, "verify", lab.archive, env=lab.env)
    second_reader(lab.archive, "--check")


def check_refused(lab):
    trial = lab.copy("refused.valise")
    expect("--keep-last" in run(2, "forget", trial, env=lab.env), "no rule")
    for bad in (["--keep-within", "soon"], ["--keep-last", "-1"], ["--keep-snapshot", "99"], ["--keep-snapshot", "x"], ["--keep-last", "0"]):
        lab.forget(2, trial, *bad)
    lab.forget(10, os.path.join(lab.dir, "none.valise"))
    os.mkdir(os.path.join(lab.dir, "empty"))
    lab.forget(10, os.path.join(lab.dir, "empty"))
    expect(os.listdir(os.path.join(lab.dir, "empty")) == [], "something was made in a directory that is no archive")
    before = files(trial)
    os.mkdir(trial + "/.work")
    with open(trial + "/.work/lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lab.forget(11, trial)
    with open(trial + "/.work/journal", "w") as f:
        f.write("of a backup\n")
    expect("interrupted backup" in lab.forget(1, trial), "a journal was passed over")
    expect(os.path.exists(trial + "/.work/journal"), "what the backup had fetched is lost")
    shutil.rmtree(trial + "/.work")
    root = os.open(trial, os.O_RDONLY)
    fcntl.flock(root, fcntl.LOCK_SH)  # as all that read an archive do
    expect("is being read" in lab.forget(11, trial), "a restore would have lost what it reads")
    os.close(root)
    check_damaged(lab, trial, before)


def check_damaged(lab, trial, before):
    for path in sorted(before):
        if not path.endswith(("seal.json", "part-000001.tar.gz", "INBOX.jsonl.gz")):
            continue
        with open(path, "rb") as f:
            data = f.read()
        os.chmod(path, 0o600)
        with open(path, "wb") as f:
            f.write(data[:len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1:])
        rc, out, err = execute("forget", trial, *RULES, env=lab.env)
        if rc == 0:  # only what was forgotten needed it
            expect("/data/0000%02d/" % FORGOTTEN[0] in path or any("/data/0000%02d/" % n in path for n in FORGOTTEN), path)
            lab.holds(trial, KEPT)
            trial = lab.copy("refused.valise")
            continue
        expect(rc == 1 and "valise verify" in err and "salvage" in err, "%s: %d %s%s" % (path, rc, out, err))
        with open(path, "wb") as f:
            f.write(data)
        expect(files(trial) == before, "%s: the archive was changed" % path)


def count(lab, name="", **env):
    """How many calls it takes, or of this name."""
    path = os.path.join(lab.dir, "calls")
    lab.forget(0, lab.copy("count.valise"), VALISE_FAULT_COUNT=path, VALISE_FAULT="kill:0%s" % name, **env)
    with open(path) as f:
        return int(f.read().split()[0])


def plans(lab, spread, **env):
    """Kills, spread over all calls, before what puts the new snapshots in place, and before what takes the old ones away."""
    total, renames, removed = count(lab, **env), count(lab, ":renameat", **env), count(lab, ":unlinkat", **env)
    yield from ("kill:%d" % n for n in range(1, total + 1, 1 if EVERY else total // spread))
    yield from ("kill:%d:renameat" % n for n in range(renames - 3, renames + 1))
    yield from ("kill:%d:unlinkat" % n for n in (removed - 40, removed - 1, removed))
    yield "kill:1:renameat2"


def check_killed(lab, spread, **env):
    halves, repaired = set(), False
    for plan in plans(lab, spread, **env):
        trial = lab.copy("killed.valise")
        rc, out, err = execute("forget", trial, *RULES, env=dict(lab.env, VALISE_FAULT=plan, **env))
        expect(rc in (0, -9), "%s: %d %s%s" % (plan, rc, out, err))
        rc, out, err = execute("snapshots", trial, "--json", env=lab.env)
        halves.add("none" if rc else "new" if len(out.splitlines()) == len(KEPT) else "old")
        if rc:
            expect("nothing is lost" in err, err)
            if repaired:
                lab.forget(0, trial)
            else:  # it says so, and puts the old ones back
                expect("as before" in run(0, "backup", *lab.login, "-o", trial, env=lab.env), "a backup went on without a word")
            repaired = True
        have = lab.numbers(trial)
        expect(have in (KEPT, sorted(KEPT + FORGOTTEN)), "%s: %s" % (plan, have))
        lab.holds(trial, have)
        lab.forget(0, trial)
        expect(lab.numbers(trial) == KEPT, "%s: not as undisturbed after the next run" % plan)
        run(0, "verify", trial, env=lab.env)
        expect(not os.path.exists(trial + "/.work"), "%s: something is left" % plan)
    return halves


def check_full(lab):
    before = files(lab.copy("full.valise"))
    trial = os.path.join(lab.dir, "full.valise")
    total, failed = count(lab), 0
    for n in range(1, total, total // 5):
        rc, out, err = execute("forget", trial, *RULES, env=dict(lab.env, VALISE_FAULT="failfrom:%d:ENOSPC" % n))
        if rc == 0:
            lab.holds(trial, KEPT)
            trial = lab.copy("full.valise")
            continue
        failed += 1
        expect(rc == 1, "failfrom:%d: %d %s%s" % (n, rc, out, err))
        expect(files(trial) == before, "failfrom:%d: the archive was changed: %s" % (n, err))
    expect(failed > 2, "the disk was never full")


def main(scratch):
    with Source() as source, FakeDav() as calendars:
        lab = Lab(scratch, source, calendars)
        lab.make()
        check_kept(lab)
        check_refused(lab)
        check_full(lab)
        halves = check_killed(lab, 5)
        expect(halves == {"old", "new"}, "killed at each call: %s" % halves)
        halves = check_killed(lab, 2, LD_PRELOAD=SHIM, SHIM_REFUSE="exchange", ASAN_OPTIONS="verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", ""))
        expect(halves == {"old", "none", "new"}, "killed at each call, without an exchange of names: %s" % halves)
        check_goes_on(lab)


with tempfile.TemporaryDirectory(prefix="valise-forget-") as scratch:
    main(scratch)
