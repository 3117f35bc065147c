#!/usr/bin/python3
"""find.py [--messages 100000] [--bytes 2500000000] [--rounds 5] [--peers notmuch,mu] : valise find beside notmuch and mu.

One run on this machine: generated mail as a Maildir, imported into an archive. First the index: seconds, CPU, messages a second, size, peak memory; the peers
index the same Maildir. Then searches of a word of each, of two words and of a phrase, medians: valise prints the items that it found, newest first, the peers
theirs. Last a search without an index. Python's standard library only; the peers are packages of Debian (scripts/deps bench)."""
import argparse
import glob
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "tools"))
import genmessages as gm  # noqa: E402

SEARCHES = [("rare", "4711"), ("common", "lunch"), ("two words", "invoice meeting"), ("phrase", '"photos lunch"'), ("nowhere", "neverthere")]


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--valise", default=os.path.join(os.path.dirname(HERE), "build/release/valise"))
    p.add_argument("--messages", type=int, default=100000)
    p.add_argument("--bytes", type=int, default=2_500_000_000)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--peers", default="notmuch,mu")
    p.add_argument("--dir", help="where the mail is made (default: TMPDIR)")
    return p.parse_args()


def measured(argv, env):
    """(seconds, CPU seconds, peak MiB, lines of output) of one command, which must succeed."""
    began = time.monotonic()
    # time(1) has the peak of the program, not of what forked it
    p = subprocess.run(["time", "-f", "%U %S %M", *argv], stdin=subprocess.DEVNULL, capture_output=True, env=env)
    if p.returncode not in ((0, 2, 4) if argv[0] == "mu" else (0,)):  # of mu: nothing found
        sys.exit("%s: exit %d\n%s" % (argv, p.returncode, (p.stdout + p.stderr).decode(errors="replace")[-2000:]))
    user, system, peak = p.stderr.split()[-3:]
    return time.monotonic() - began, float(user) + float(system), int(peak) / 1024, p.stdout.count(b"\n")


def size(path):
    return sum(os.path.getsize(f) for f in glob.glob(path + "/**", recursive=True) if os.path.isfile(f))


def make_mail(o, maildir):
    rng = gm.rng_for(1, "find")
    pool = gm.Pool(rng, 8 << 20, 8 << 20)
    sizes = gm.bench_sizes(rng, o.messages, o.bytes)
    rng.shuffle(sizes)
    for name in "cur", "new", "tmp":
        os.makedirs(os.path.join(maildir, name))
    for i, n in enumerate(sizes):
        utc = rng.randint(gm.instant(2012), gm.instant(2025))
        with open(os.path.join(maildir, "cur", "%d.%d.bench:2,S" % (utc, i)), "wb") as f:
            f.write(gm.message(rng, pool, utc, i, n))


class Valise:
    def __init__(self, o, top, maildir):
        self.o, self.archive, self.cache = o, os.path.join(top, "a.valise"), os.path.join(top, "cache")
        self.env = dict(os.environ, XDG_CACHE_HOME=self.cache, XDG_STATE_HOME=os.path.join(top, "state"))
        measured([o.valise, "import", maildir, "-o", self.archive, "--quiet"], self.env)

    def index(self):
        return measured([self.o.valise, "find", self.archive, "neverthere"], self.env), size(self.cache)

    def search(self, words, *more):
        return measured([self.o.valise, "find", self.archive, words, *more], self.env)


class Notmuch:
    def __init__(self, o, top, maildir):
        config = os.path.join(top, "notmuch-config")
        with open(config, "w", encoding="utf-8") as f:
            f.write("[database]\npath=%s\nmail_root=%s\n[new]\ntags=\n[user]\nname=x\nprimary_email=x@example.org\n" % (os.path.join(top, "notmuch"), maildir))
        os.makedirs(os.path.join(top, "notmuch"))
        self.db, self.env = os.path.join(top, "notmuch"), dict(os.environ, NOTMUCH_CONFIG=config)

    def index(self):
        return measured(["notmuch", "new", "--quiet"], self.env), size(self.db)

    def search(self, words):
        return measured(["notmuch", "search", "--output=summary", "--exclude=false", words], self.env)


class Mu:
    def __init__(self, o, top, maildir):
        self.db, self.maildir = os.path.join(top, "mu"), maildir
        self.env = dict(os.environ, LC_ALL="C.UTF-8")
        measured(["mu", "init", "--muhome", self.db, "--maildir", maildir, "--quiet"], self.env)

    def index(self):
        return measured(["mu", "index", "--muhome", self.db, "--quiet"], self.env), size(self.db)

    def search(self, words):
        return measured(["mu", "find", "--muhome", self.db, "--sortfield=date", "--reverse", words], self.env)


def main():
    o = arguments()
    peers = [p for p in o.peers.split(",") if p]
    top = tempfile.mkdtemp(prefix="valise-bench-", dir=o.dir)
    try:
        maildir = os.path.join(top, "mail", "INBOX")
        make_mail(o, maildir)
        programs = {"valise": Valise}
        programs.update((n, {"notmuch": Notmuch, "mu": Mu}[n]) for n in peers if shutil.which(n))
        programs = {n: c(o, top, os.path.dirname(maildir)) for n, c in programs.items()}
        for name, p in programs.items():
            (seconds, cpu, peak, _), octets = p.index()
            print("%-8s index: %.1f s, CPU %.1f s, %d messages/s, %.0f MB, peak %.0f MiB" % (name, seconds, cpu, o.messages / seconds, octets / 1e6, peak), flush=True)
        for what, words in SEARCHES:
            for name, p in programs.items():
                rounds = [p.search(words) for _ in range(o.rounds)]
                print("%-8s %s (%s): %.3f s, CPU %.3f s, %d lines" % (name, what, words, *(statistics.median(r[i] for r in rounds) for i in (0, 1)), rounds[0][3]), flush=True)
        seconds, cpu, peak, lines = programs["valise"].search("lunch", "--no-index")
        print("valise   without an index (lunch): %.1f s, CPU %.1f s, peak %.0f MiB, %d lines" % (seconds, cpu, peak, lines))
    finally:
        shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    main()
