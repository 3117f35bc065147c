#!/usr/bin/python3
"""inbox.py fill ENV USER COUNT [SEED] : COUNT messages into INBOX, odd shapes among them.
inbox.py seen ENV USER : how many of them have \\Seen.
inbox.py compare ENV USER TREE [FOLDER...] : the INBOX as IMAP gives it, against the files of a Maildir tree, byte for byte and as often;
FOLDER: folders of the tree (default INBOX). inbox.py count ENV USER. Python's standard library only."""
import hashlib
import os
import sys
from collections import Counter

import genmessages as gm
import imaptool
from imaptool import Message


def messages(count, seed):
    rng = gm.rng_for(seed, "inbox")
    pool = gm.Pool(rng, 1 << 18, 1 << 18)
    for i in range(count):
        if i % 10 == 0:
            yield gm.hard_message(rng, pool, i, 2025)
        else:
            yield Message(gm.message(rng, pool, gm.instant(2015) + 86400 * i // 5, i, 700 + (i * 7919) % 6000), (), None)


def fill(env, user, count, seed=1):
    with imaptool.Account.open(env, user) as a:
        # one by one, shapes that a server does not take are left out
        refused = None if imaptool.read_env(env).get("SERVER") == "dovecot" else []
        a.append_many("INBOX", (m._replace(flags=()) for m in messages(int(count), int(seed))), refused)


def over_imap(env, user):
    out = Counter()
    with imaptool.Account.open(env, user) as a:
        uids = a.uids("INBOX")
        for i in range(0, len(uids), 200):
            for m in a.fetch("INBOX", "%d:%d" % (uids[i], uids[i:i + 200][-1]), "UID BODY.PEEK[]").values():
                body = m["BODY[]"]
                out[hashlib.sha256(body if isinstance(body, bytes) else b"").hexdigest()] += 1
    return out


def seen(env, user):
    with imaptool.Account.open(env, user) as a:
        uids = a.uids("INBOX")
        return sum(r"\seen" in str(m["FLAGS"]).lower() for m in a.fetch("INBOX", "1:*", "UID FLAGS").values()) if uids else 0


def in_tree(tree, folders):
    out = Counter()
    for folder in folders:
        cur = os.path.join(tree, "mail", folder, "cur")
        for n in os.listdir(cur) if os.path.isdir(cur) else ():
            with open(os.path.join(cur, n), "rb") as f:
                out[hashlib.sha256(f.read()).hexdigest()] += 1
    return out


def compare(env, user, tree, *folders):
    want, have = over_imap(env, user), in_tree(tree, folders or ["INBOX"])
    for name, diff in (("missing", want - have), ("too many", have - want)):
        if diff:
            print("%s: %d, such as %s" % (name, sum(diff.values()), next(iter(diff))))
    print("%d messages over IMAP, %d in the tree" % (sum(want.values()), sum(have.values())))
    return 0 if want == have and want else 1


def main():
    command, args = sys.argv[1], sys.argv[2:]
    if command == "fill":
        fill(*args)
    elif command == "seen":
        print(seen(*args))
    elif command == "compare":
        sys.exit(compare(*args))
    else:
        print(sum(over_imap(*args).values()))


if __name__ == "__main__":
    main()
