#!/usr/bin/python3
"""snapshot_source.py --env DIR/env --user alice [--no-recent] : everything about an IMAP account that a mere reader must not change.

Prints, in a fixed order, a line per mailbox (attributes, subscribed, UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ, MESSAGES)
and one per message (UID, flags, INTERNALDATE, size). Take it before and after, and compare the two with diff. It uses
STATUS and EXAMINE alone; \\Recent is printed too, as a SELECT would take it away."""
import argparse

import imaptool
import names


def lines(account, recent=True):
    subscribed = account.folders("LSUB")
    modseq = " HIGHESTMODSEQ" if "CONDSTORE" in account.imap.caps else ""
    for path, attributes in sorted(account.folders().items()):
        yield "mailbox %s: %s%s" % (names.show(path), " ".join(sorted(attributes - {"\\marked", "\\unmarked"})), " subscribed" if path in subscribed else "")
        status, _, untagged = account.imap.wait(account.imap.send("STATUS", imaptool.quote(account.wire(path)), "(MESSAGES UIDNEXT UIDVALIDITY%s)" % modseq))
        if status != "OK":  # it cannot be opened
            continue
        values = next(a[2] for a in untagged if a[:1] == ["STATUS"])
        yield "  " + " ".join("%s %s" % pair for pair in sorted(zip(values[::2], values[1::2])))
        if dict(zip(values[::2], values[1::2]))["MESSAGES"] == "0":
            continue
        for uid, m in sorted(account.fetch(path, items="UID FLAGS INTERNALDATE RFC822.SIZE").items()):
            flags = sorted(f for f in m["FLAGS"] if recent or f != "\\Recent")
            yield "  %d (%s) %s %s" % (uid, " ".join(flags), m["INTERNALDATE"].decode().strip(), m["RFC822.SIZE"])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--env", required=True, help="env file of a server script")
    p.add_argument("--user", default="alice")
    p.add_argument("--no-recent", action="store_true")
    options = p.parse_args()
    with imaptool.Account.open(options.env, options.user) as account:
        for line in lines(account, not options.no_recent):
            print(line)


if __name__ == "__main__":
    main()
