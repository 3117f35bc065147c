#!/usr/bin/python3
"""One selection and Gmail: a message in many mailboxes is left out, or fetched once, in all of them; labels that are set or taken away later fetch nothing again and lose nothing;
what is restored of a part comes back with all of its labels."""
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import expect, imap, run  # noqa: E402
import fakecases  # noqa: E402

CASES = fakecases.cases()


def day(m):
    return int(m.date.split("-")[0])


def fetched(g):
    return [m.fetched for m in g.stored]


def labels(g, chosen):
    return {re.search(rb"Subject: ([^\r]*)", m.body)[1]: (sorted(m.labels), sorted(m.flags)) for m in g.stored if chosen(m)}


def main():
    t = tempfile.mkdtemp(prefix="valise-select-gmail-")
    os.environ.update(XDG_STATE_HOME=t + "/state", XDG_CONFIG_HOME=t + "/config", HOME=t)
    try:
        with CASES["gmail"]() as g:
            run(0, "backup", *imap(g.port), "-o", t + "/a", "--since", "2020-03-10")
            expect(fetched(g) == [int(day(m) >= 10) for m in g.stored], "fetched: %s" % fetched(g))
            out = run(0, "backup", *imap(g.port), "-o", t + "/a", "--since", "2020-03-10")
            expect("nothing changed" in out, out)
            # one that was left out gets a label: it stays out; one that is here gets one: it is not fetched again
            g.label(g.stored[2], "Later")
            g.label(g.stored[11], "Later")
            g.unlabel(g.stored[11], "Arbeit/Kunde")
            run(0, "backup", *imap(g.port), "-o", t + "/a", "--since", "2020-03-10")
            expect(fetched(g) == [int(day(m) >= 10) for m in g.stored], "fetched after labels: %s" % fetched(g))
            run(0, "backup", *imap(g.port), "-o", t + "/a")
            expect(set(fetched(g)) == {1}, "all: %s" % fetched(g))
            # narrower than what is here, with other labels
            g.label(g.stored[0], "Later")
            g.unlabel(g.stored[0], r"\Inbox")
            run(0, "backup", *imap(g.port), "-o", t + "/a", "--since", "2030")
            expect(set(fetched(g)) == {1}, "fetched again: %s" % fetched(g))
            out = run(0, "list", t + "/a")
            expect("left out" not in out, out)
            run(0, "verify", t + "/a")
            with CASES["gmail-empty"]() as e:
                run(0, "restore", t + "/a", *imap(e.port), "--since", "2020-03-10")
                expect(labels(e, lambda m: True) == labels(g, lambda m: day(m) >= 10), "a part: %s" % labels(e, lambda m: True))
                run(0, "restore", t + "/a", *imap(e.port))
                expect(labels(e, lambda m: True) == labels(g, lambda m: True), "the rest: %s" % labels(e, lambda m: True))
    finally:
        shutil.rmtree(t, ignore_errors=True)


if __name__ == "__main__":
    main()
