#!/usr/bin/python3
"""outlook_compare.py OURS THEIRS [KNOWN...]: two lists of what is in one of Outlook's files (outlook_dump.c, tests/servers/outlook/readers.mjs).

Prints a line for each difference, and how much was compared. KNOWN are regular expressions of differences that docs/OUTLOOK.md explains; one that
fits nothing is wrong, too."""
import collections
import json
import re
import sys

FIELDS = ["class", "subject", "sender", "sender_address", "message_id", "headers", "body", "submitted", "delivered", "created"]


def read(path):
    with open(path, encoding="utf-8") as f:
        lines = [json.loads(line) for line in f if line.startswith("{")]
    return [x for x in lines if "folder" in x], [x for x in lines if "recipients" in x], [x for x in lines if "lost" in x]


def top_of(folders):
    """The user's own top folder, which our paths leave out: of an OST it has a name of its own, else it has the most below it."""
    paths = [f["folder"] for f in folders]
    for p in paths:
        if p.endswith("/IPM_SUBTREE") and sum(q.startswith(p + "/") for q in paths) > 1:
            return p
    tops = collections.Counter(p.split("/")[0] for p in paths if "/" in p)
    return tops.most_common(1)[0][0] if tops else None


def strip(path, top):
    return "" if path == top else path[len(top) + 1:] if top and path.startswith(top + "/") else path


class Compare:
    def __init__(self):
        self.wrong, self.count = [], collections.Counter()

    def same(self, where, field, ours, theirs):
        self.count[field.split(" of ")[0]] += 1
        if (ours or None) != (theirs or None):
            self.wrong.append(f"{where}: {field}: ours {str(ours)[:150]!r}, theirs {str(theirs)[:150]!r}")

    def item(self, where, ours, theirs):
        for field in FIELDS:
            if field in theirs or field in ours:
                self.same(where, field, ours.get(field), theirs.get(field))
        self.same(where, "recipients", len(ours["recipients"]), len(theirs["recipients"]))
        for a, b in zip(ours["recipients"], theirs["recipients"]):
            for field in "name", "address", "type":
                self.same(where, "recipient's " + field, a.get(field), b.get(field))
        self.same(where, "attachments", len(ours["attachments"]), len(theirs["attachments"]))
        for n, (a, b) in enumerate(zip(ours["attachments"], theirs["attachments"])):
            for field in "name", "short", "method", "sha256":
                if field in b:
                    self.same(f"{where}, attachment {n}", "attachment's " + field, a.get(field), b.get(field))
            if "item" in b or "item" in a:
                self.same(where, "embedded item", "item" in a, "item" in b)
                if "item" in a and "item" in b:
                    self.item(f"{where}, attachment {n}", a["item"], b["item"])


def key(item):
    return json.dumps([item.get("subject") or "", item.get("message_id") or "", item.get("created") or 0, item.get("submitted") or 0, item.get("body") or ""])


def main():
    _, ours, lost = read(sys.argv[1])
    folders, theirs, _ = read(sys.argv[2])
    top, c = top_of(folders), Compare()
    c.wrong += [f"lost: {x}" for x in lost]
    pairs = collections.defaultdict(lambda: ([], []))
    for side, items in enumerate((ours, theirs)):
        for i in items:
            pairs[(strip(i["in"], top) if side else i["in"], i.get("class") or "")][side].append(i)
    for (path, kind), (a, b) in sorted(pairs.items()):
        c.same(path, f"items of {kind}", len(a), len(b))
        b.sort(key=key)
        if len(a) != len(b):  # those that they have
            have = {key(i) for i in b}
            a = [i for i in a if key(i) in have]
        for x, y in zip(sorted(a, key=key), b):
            c.item(f"{path}: {x.get('subject')}", x, y)
    known = {k: 0 for k in sys.argv[3:]}
    wrong = 0
    for line in c.wrong:
        fits = [k for k in known if re.search(k, line)]
        for k in fits:
            known[k] += 1
        wrong += not fits
        print("known" if fits else "DIFFERS", line)
    for k, n in known.items():
        if not n:
            print("NOT SEEN", k)
    print("compared", len(ours), "items with", len(theirs), dict(c.count))
    return 1 if wrong or not all(known.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
