#!/usr/bin/python3
"""genaccount.py PROFILE --env DIR/env [--user alice] [options] : fills an IMAP account with generated mail.
The same profile, seed and options give the same mail on every run. Python's standard library only.

Profiles
  hard     2,000 messages in 25 folders: nested, unicode, quotes, 200 characters, the delimiter of another server,
           empty and \\Noselect ones, twins in case, with and without subscription; every system flag, keywords, dates
           of 1985 to 2030 in odd zones, equal messages, odd headers and bodies, one message of 60 MiB (--big BYTES)
  bench    --messages 20000 --bytes 500000000 in 8 folders, sizes as in real mailboxes
  small    31 messages in 6 folders, one of them empty, equal messages among them, under 200 kB
  odd      62 messages in 25 folders, what servers like to refuse or rewrite: names with blanks at their ends, quotes,
           wildcards, delimiters, controls, twins in case; keywords; 8-bit headers, NUL, bare CR and LF, no end; dates
           of 1985 on. For --lenient: each server keeps what it can hold
Options
  --huge BYTES        one more message of this size, in INBOX
  --until YEAR        the last year of INTERNALDATEs in hard and small. Dovecot stores none of the future, so the
                      default is 2030 only where the server's clock is ahead (CLOCK in ENV), else 2025
  --seed N            other content
  --connections N     connections that load at the same time (4)
  --lenient           what the server refuses is left out and counted, instead of the end
Prints one line: profile, folders, messages, bytes, seconds."""
import argparse
import sys
import threading
import time

import genmessages as gm
import imaptool
import names
from imaptool import ImapError, Message

LONG = "Long " + "name of a mailbox that has two hundred characters " * 3
LONG = (LONG + "x" * 200)[:199] + "!"


class Folder:
    """A mailbox to make: paths in order of preference (a server may refuse some), and its messages."""

    def __init__(self, *paths, messages=(), size=0, subscribed=True):
        self.paths, self.messages, self.size, self.subscribed = list(paths), messages, size, subscribed


class Profile:
    """folders; parents: paths that are made and then deleted, so that they are left as \\Noselect."""

    def __init__(self, folders, parents=()):
        self.folders, self.parents = folders, parents


def hard_names(delimiter):
    other = "v1.2 notes" if delimiter == "/" else "either/or"
    unicode_long = ("\u00dcber " * 5 + "x" * 200)[:200]
    return [[("INBOX",)], [("Drafts",)], [("Sent",)], [("Trash",)], [("Archive",)],
            [("Work",)], [("Work", "2023")], [("Work", "2023", "Q1")], [("Work", "2023", "Q1", "a", "b", "deepest")],
            [("M\u00fcller & S\u00f6hne",)], [("\u65e5\u672c\u8a9e",)], [("\u65e5\u672c\u8a9e", "\u53d7\u4fe1\u7bb1")], [("emoji \U0001f4ec box",), ("emoji box",)],
            [('quote " and \\ backslash',), ('quote " mark',), ("quote ' mark",)], [(other,), ("no other delimiter",)],
            [(LONG,), (LONG[:100],)], [("Work", unicode_long), ("Work", unicode_long[:60])],
            [("Gone", "Child", "Grandchild")], [("CaseTwin",)], [("casetwin",), ("casetwin 2",)],
            [("100% sure & *starred*",), ("100 percent",)], [("INBOX", "under inbox")], [("a & b &- c",)],
            [("Empty",)], [("Empty", "Also empty")]]


def hard(options, delimiter):
    rng = gm.rng_for(options.seed, "hard")
    pool = gm.Pool(rng, 1 << 20, 1 << 20)
    paths = hard_names(delimiter)
    filled = len(paths) - 2
    utc, zone = gm.odd_date(rng, options.until)
    equal = Message(gm.message(rng, pool, utc, 0, 2500), (r"\Seen", "work"), gm.internal_date(utc, zone))
    folders, left = [], 2000
    for i, p in enumerate(paths):
        count = 0 if i >= filled else left if i == filled - 1 else 300 if i == 0 else 40 + 10 * (i % 8)
        left -= count
        folders.append(Folder(*p, messages=hard_messages(options, pool, i, count, equal), size=count, subscribed=i % 4 != 2))
    return Profile(folders, [("Gone",), ("Gone", "Child"), ("Work", "2023", "Q1", "a")])


def hard_messages(options, pool, folder, count, equal):
    """Every folder holds one message that all hold; the even ones hold it three times, once with other flags."""
    rng = gm.rng_for(options.seed, "hard", folder)
    for i in range(count):
        if i == 5 or (i in (6, 9) and folder % 2 == 0):
            yield equal
        elif i == 7 and folder % 2 == 0:
            yield equal._replace(flags=(r"\Flagged",))
        elif i == 8 and folder % 3 == 0:
            yield equal._replace(date=gm.internal_date(gm.instant(1999, 12, 31, 23, 59, 59), "-0930"))
        elif i == 20 and folder == 5:
            yield Message(gm.message(rng, pool, gm.instant(2020), i, options.big), (r"\Seen",), "29-Feb-2020 23:59:59 +1345")
        else:
            yield gm.hard_message(rng, pool, folder * 1000 + i, options.until)


def bench(options, delimiter):
    rng = gm.rng_for(options.seed, "bench")
    pool = gm.Pool(rng, 6 << 20, 12 << 20)
    paths = [("INBOX",), ("Archive",), ("Archive", "2019"), ("Archive", "2020"), ("Lists",), ("Lists", "devel"), ("Projects",), ("Sent",)]
    shares = [20, 10, 15, 15, 8, 14, 8, 10]
    sizes = gm.bench_sizes(rng, options.messages, options.bytes)
    folders, start = [], 0
    for i, p in enumerate(paths):
        end = len(sizes) if i == len(paths) - 1 else start + len(sizes) * shares[i] // 100
        folders.append(Folder(p, messages=bench_messages(options, pool, i, start, sizes[start:end]), size=sum(sizes[start:end])))
        start = end
    return Profile(folders)


def bench_messages(options, pool, folder, start, sizes):
    rng = gm.rng_for(options.seed, "bench", folder)
    for i, size in enumerate(sizes):
        yield gm.bench_message(rng, pool, start + i, size)


def small(options, delimiter):
    rng = gm.rng_for(options.seed, "small")
    pool = gm.Pool(rng, 1 << 18, 1 << 18)
    utc, zone = gm.odd_date(rng, options.until)
    equal = Message(gm.message(rng, pool, utc, 0, 1200), (r"\Seen",), gm.internal_date(utc, zone))
    other = equal._replace(flags=(r"\Flagged", "work"))
    plain = [gm.hard_message(rng, pool, 4 * i, options.until) if i % 3 == 0 else
             Message(gm.message(rng, pool, utc + i, i, 900 + 137 * i), ((), (r"\Seen",), (r"\Answered", "$Forwarded"))[i % 3], gm.internal_date(utc + i, zone))
             for i in range(25)]
    # the shape with long lines is the one that is not small
    plain = [m if len(m.data) < 9000 else m._replace(data=m.data[:8000] + b"\r\n") for m in plain]
    content = [(("INBOX",), plain[:10] + [equal, equal]), (("Work",), plain[10:16] + [equal]), (("Work", "2024"), plain[16:20]),
               (("M\u00fcll & more",), plain[20:23] + [equal, other, equal]), (("Empty",), []), (("Sent",), plain[23:])]
    return Profile([Folder(p, messages=m, size=len(m)) for p, m in content])


def odd_names():
    return [("INBOX",), ("Sent",), ("Drafts",), ("Work",), ("Work", "2024"), ("Work", "2024", "Q1"), ("M\u00fcller & S\u00f6hne",), ("\u65e5\u672c\u8a9e", "\u53d7\u4fe1\u7bb1"),
            ('quote " and \\ back',), ("v1.2 notes",), ("a/b",), ("~tilde",), ("100% *",), (" lead",), ("trail ",), ("two  blanks",), ("-dash",), ("#hash",),
            ("Twin",), ("twin",), ("Re: (all) [x] {y}",), ("e\u0301 not NFC",), ("x" * 100,), ("INBOX", "under inbox"), ("Empty",)]


def odd(options, delimiter):
    rng = gm.rng_for(options.seed, "odd")
    pool = gm.Pool(rng, 1 << 16, 1 << 16)
    shapes = [f for f in gm.ODD if f is not gm.long_lines] + gm.HARMFUL
    folders, number = [], 0
    for i, path in enumerate(odd_names()):
        messages = []
        for _ in range(0 if path == ("Empty",) else 14 if i == 0 else 2):
            utc, zone = gm.odd_date(rng, options.until)
            data = shapes[number // 2 % len(shapes)](rng, pool, utc, number) if number % 2 else gm.message(rng, pool, utc, number, 1000 + 17 * number)
            flags = rng.sample(gm.SYSTEM_FLAGS, number % 3) + rng.sample(gm.KEYWORDS, number % 4 // 2)
            messages.append(Message(data, tuple(flags), gm.internal_date(utc, zone)))
            number += 1
        folders.append(Folder(path, messages=messages, size=len(messages), subscribed=i % 3 != 2))
    return Profile(folders)


def make_folders(account, profile, lenient):
    """Create and subscribe; each folder gets the path that the server took."""
    for path in profile.parents:
        account.create(path)
    there = {path for path, attributes in account.folders().items() if "\\noselect" not in attributes}
    for f in profile.folders:
        for n, path in enumerate(f.paths):
            try:
                if path not in there and path != ("INBOX",):
                    account.create(path)
                f.path = path
                break
            except (ImapError, ValueError):
                if n == len(f.paths) - 1 and not lenient:
                    raise
                f.path = None
        if f.path:
            (account.subscribe if f.subscribed else account.unsubscribe)(f.path)
    profile.folders = [f for f in profile.folders if f.path]
    for path in reversed(profile.parents):
        try:
            account.delete(path)
        except ImapError:  # a server that keeps the parents of mailboxes
            if not lenient:
                raise


def load(open_account, folders, connections, refused):
    """Whole folders, the largest first, to a few connections: the order inside a folder is always the same."""
    queue = sorted((f for f in folders if f.size), key=lambda f: -f.size)
    lock, errors, totals = threading.Lock(), [], [0, 0]

    def counted(messages):
        for m in messages:
            with lock:
                totals[0] += 1
                totals[1] += len(m.data)
            yield m

    def work():
        try:
            with open_account() as account:
                while queue and not errors:
                    with lock:
                        f = queue.pop(0) if queue else None
                    if f:
                        account.append_many(f.path, counted(f.messages), refused)
        except Exception as e:
            errors.append(e)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if errors:
        raise errors[0]
    return totals


def generate(env, user, options):
    """Fill the account of ${user}; returns (folders, messages, bytes, refused messages)."""
    refused = [] if options.lenient else None
    profiles = {"hard": hard, "bench": bench, "small": small, "odd": odd}

    def open_account():
        return imaptool.Account.open(env, user, options.password)

    with open_account() as account:
        profile = profiles[options.profile](options, account.delimiter)
        make_folders(account, profile, options.lenient)
        if options.huge:
            rng = gm.rng_for(options.seed, "huge")
            data = gm.message(rng, gm.Pool(rng, 1 << 18, 8 << 20), gm.instant(2021), 0, options.huge)
            account.append("INBOX", data, (r"\Seen",), " 1-Jan-2021 00:00:00 +0000")
    messages, size = load(open_account, profile.folders, options.connections, refused)
    return len(profile.folders), messages + bool(options.huge), size + options.huge, refused or []


def arguments(argv=None):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("profile", choices=["hard", "bench", "small", "odd"])
    p.add_argument("--env", required=True, help="env file of a server script")
    p.add_argument("--user", default="alice")
    p.add_argument("--password", help="default pw-USER")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--until", type=int)
    p.add_argument("--messages", type=int, default=20000)
    p.add_argument("--bytes", type=int, default=500_000_000)
    p.add_argument("--big", type=int, default=60 << 20)
    p.add_argument("--huge", type=int, default=0)
    p.add_argument("--connections", type=int, default=4)
    p.add_argument("--lenient", action="store_true")
    options = p.parse_args(argv)
    options.env = imaptool.read_env(options.env)
    options.until = options.until or (2030 if options.env.get("CLOCK") else 2025)
    return options


def main():
    options = arguments()
    began = time.monotonic()
    folders, messages, size, refused = generate(options.env, options.user, options)
    for path, text in refused:
        print("refused in %s: %s" % (names.show(path), text), file=sys.stderr)
    print("%s: %d folders, %d messages, %d bytes in %.1f s%s" % (options.profile, folders, messages, size, time.monotonic() - began,
                                                                 ", %d of them refused" % len(refused) if refused else ""))


if __name__ == "__main__":
    main()
