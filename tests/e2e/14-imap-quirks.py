#!/usr/bin/python3
"""IMAP servers that misbehave (servers/cases_quirks_*.py), several at once: the archive holds what the server holds, octet for octet and with its flags
and dates, read by the second reader; what cannot be fetched is named; nothing but reading commands is sent; a second run fetches nothing again.
14-imap-quirks.py [CASE...] ; without arguments all but those that take minutes."""
import concurrent.futures
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import TESTS, Failed, execute, expect, imap  # noqa: E402
import fakecases  # noqa: E402
import reader  # noqa: E402
from cases_quirks import Quirk  # noqa: E402

AT_ONCE = 6
READING = re.compile(rb"\d+ (CAPABILITY|ID |LOGIN |AUTHENTICATE |ENABLE |NAMESPACE|LIST |LSUB |XLIST |STATUS |EXAMINE |UNSELECT|UID FETCH |UID SEARCH |NOOP|LOGOUT)|\(|[A-Za-z0-9+/=]*$")
# Bases of other cases, not played themselves.
BASES = {"quirk-none", "one-odd"}


def backup(server, archive):
    rc, out, err = execute("backup", *imap(server.port), "-o", archive, *server.options)
    return rc, out + err


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def as_kept(message, date):
    """What the catalog must say of a message: SHA-256, flags and keywords, date."""
    flags = sorted(set(message.flags))
    return sha256(message.body), flags, re.sub("^0", " ", date)


def held(archive):
    """({(mailbox, UID): item}, {(mailbox, UID): error line}, {mailbox: head of the manifest}) of the newest snapshot."""
    a = reader.Archive(archive)
    a.check(a.seals)
    items, errors, heads = {}, {}, {}
    for head, catalog in a.catalogs(a.seals[-1]):
        heads[head["name"]] = dict(head, **{k: catalog.head[k] for k in ("raw",) if k in catalog.head})
        for i in catalog.items:
            items[head["name"], i["uid"]] = i
        for e in catalog.errors:
            errors[head["name"], e.get("uid", 0)] = e
    return len(a.seals), items, errors, heads


def check_items(server, items, want):
    have = {k: (i["sha256"], sorted(i.get("flags", []) + i.get("keywords", [])), i.get("date", reader.EPOCH)) for k, i in items.items()}
    wanted = {k: as_kept(m, server.dates.get(k, m.date)) for k, m in want.items()}
    for k in sorted(set(have) | set(wanted)):
        expect(have.get(k) == wanted.get(k), "%s %d: the archive holds %s instead of %s" % (*k, have.get(k), wanted.get(k)))


def check_words(found, wanted, what):
    expect(set(found) == set(wanted), "%s: %s instead of %s" % (what, sorted(found), sorted(wanted)))
    for k, pattern in wanted.items():
        expect(re.search(pattern, found[k] or ""), "%s %s: %r does not match %r" % (what, k, found[k], pattern))


def check_archive(server, archive, want):
    count, items, errors, heads = held(archive)
    check_items(server, items, want)
    check_words({k: e["error"] for k, e in errors.items()}, server.lost, "errors")
    check_words({k: i.get("note", "") for k, i in items.items() if "rescued" in i.get("warnings", [])}, server.rescued, "rescued")
    check_words({n: h.get("reason") for n, h in heads.items() if h["status"] == "stale"}, server.stale, "stale")
    warned = {k: [w for w in i.get("warnings", []) if w != "rescued"] for k, i in items.items()}
    expect({k: w for k, w in warned.items() if w} == server.warnings, "warnings %s" % warned)
    server.heads = heads
    return count


def check_log(server):
    for _, line in server.log:
        expect(READING.match(line), "the client sent %r" % line)


def run_case(case, scratch):
    archive = os.path.join(scratch, case.name)
    with case() as server:
        want = server.held()
        flags = [list(m.flags) for b in server.mailboxes.values() for m in b.messages]
        code, text = backup(server, archive)
        server.settle()
        expect(code == server.code, "exit code %d\n%s" % (code, text))
        expect(re.search(server.words, text), "did not say %r\n%s" % (server.words, text))
        check_log(server)
        if code != 1:
            expect(check_archive(server, archive, want) == 1, "snapshots")
        wrong = server.check()
        expect(not wrong, "%s\n%s" % (wrong, text))
        if code == 1 or not server.again:
            return
        expect(flags == [list(m.flags) for b in server.mailboxes.values() for m in b.messages], "flags changed")
        server.log.clear()
        server.next_run()
        want = server.held_again(want)
        server.stale = server.stale if server.stale_again is None else server.stale_again
        server.lost = server.lost if server.lost_again is None else server.lost_again
        code, text = backup(server, archive)
        server.settle()
        expect(code == (server.code if server.code_again is None else server.code_again), "second run: exit code %d\n%s" % (code, text))
        count = check_archive(server, archive, want)
        if server.again == "nothing":
            expect(count == 1, "second run: another snapshot\n" + text)
            if not (server.lost or server.rescued):
                expect(not any(b"BODY.PEEK" in line for _, line in server.log), "second run: fetched again")


def timed(case, scratch):
    start = time.monotonic()
    try:
        run_case(case, scratch)
        return None, time.monotonic() - start
    except (Failed, reader.Damage, subprocess.TimeoutExpired, OSError) as e:
        return e, time.monotonic() - start


def main():
    cases = {c.name: c for c in fakecases.cases().values() if issubclass(c, Quirk) and c.name not in BASES}
    with open(os.path.join(TESTS, "../docs/INTEROP.md"), encoding="utf-8") as f:
        documented = f.read()
    for name, case in cases.items():
        expect(case.source and case.source != "-" and case.__doc__, "%s: whose quirk?" % name)
        expect("| `%s` " % name in documented, "%s: not in docs/INTEROP.md" % name)
    chosen = [cases[n] for n in sys.argv[1:]] or sorted((c for c in cases.values() if not c.minutes), key=lambda c: (not c.slow, c.name))
    scratch, failures = tempfile.mkdtemp(prefix="valise-quirks-"), 0
    os.environ.update(HOME=scratch, XDG_STATE_HOME=scratch + "/state", XDG_CONFIG_HOME=scratch + "/config")
    try:
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for case, (error, took) in zip(chosen, pool.map(lambda c: timed(c, scratch), chosen)):
                failures += error is not None
                print("%-8s %5.1f s  %-26s %s" % ("FAILED" if error else "ok", took, case.name, case.source), flush=True)
                if error:
                    print("    " + str(error).replace("\n", "\n    "), flush=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print("%d cases, %d failed" % (len(chosen), failures))
    sys.exit(1 if failures or (len(sys.argv) == 1 and len(chosen) < 40) else 0)


if __name__ == "__main__":
    main()
