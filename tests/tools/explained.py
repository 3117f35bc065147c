#!/usr/bin/python3
"""explained.py REPORT.json --env-a ENV --user-a USER --env-b ENV --user-b USER [--there FILE] [--names ENV]

After a restore of A into B: what compare.py finds different between the two accounts must be what the restore's report
names, each message by its folder and UID, and nothing else; and what the report names must be different.
  --there FILE   what "imaptool.py ENV USER list" said of B before: mailboxes that were there are not missed in A
  --only FOLDER  of A (several times): the others were not restored
  --names ENV    the server whose names the report gives for B's, if not B itself: the mail went on from there to B
Not counted: a mailbox that only holds others in A (\\Noselect) may be an ordinary one in B, where it has to be.
Prints what is not explained; exit code 0 if there is nothing."""
import argparse
import json
import re
import sys
from collections import Counter, defaultdict

import compare
import imaptool
import names


class Report:
    """maps: folder of A -> folder of B; items: (folder of A, UID) -> text; keywords: folder of A -> {word: messages}"""

    def __init__(self, path, env_a, env_b):
        self.maps, self.items, self.keywords = {}, {}, defaultdict(dict)
        with open(path) as f:
            notes = json.load(f)["notes"]
        for n in notes:
            if "collection" not in n or n["level"] == "info":
                continue
            folder = self.path(n["collection"], env_a)
            uid = re.match(r"UID (\d+)", n.get("item", ""))
            to = re.match(r'goes to "(.*)"(: .*)?$', n["text"])
            word = re.match(r"the target does not keep the keyword (\S+): ([\d,]+) messages? ", n["text"])
            if uid:
                self.items[folder, int(uid[1])] = n["text"]
            elif to:
                self.maps[folder] = self.path(to[1], env_b)
            elif word:
                self.keywords[folder][word[1]] = int(word[2].replace(",", ""))

    @staticmethod
    def path(name, env):
        """A name as valise shows it: the server's own, in UTF-8."""
        return names.from_wire(names.to_mutf7(name), env["SEP"], env["PREFIX"])


def unexplained(comparison, report, there, only):
    """Yields what is different and not in the report, then what is in the report and not different."""
    back, said, gone, extra, lacking = {}, set(), Counter(), Counter(), Counter()
    for path in list(comparison.a.folders()):
        back[comparison.there(path)] = path
    for kind, path, what in comparison.run():
        line = "%s %s: %s" % (kind, names.show(path), what)
        uid = re.match(r"UID (\d+)", what)
        a = back.get(path)
        if only and a not in only:
            continue
        if kind in ("folder-extra", "subscription") and a is None and path in there:
            continue
        if kind == "subscription" and what.endswith("B only") and path in there:
            continue
        if kind == "noselect" and what.endswith("B only"):
            continue
        if kind == "extra":
            extra[a] += 1
        elif kind == "keywords" and a in report.keywords and what.endswith(" only in A"):
            words = re.search(r": ([^:]*) only in A$", what)[1].split()
            lacking.update((a, w) for w in words)
            if not set(words) <= set(report.keywords[a]):
                yield line
            else:
                said.add((a, int(uid[1])))
        elif uid and (a, int(uid[1])) in report.items:
            said.add((a, int(uid[1])))
            gone[a] += kind == "missing"
        else:
            yield line
    for a in extra:  # a message that was put in place of a refused one
        if extra[a] > gone[a]:
            yield "%s has %d messages that A has not" % (names.show(a), extra[a] - gone[a])
    for key, text in report.items.items():
        if key not in said:
            yield "%s UID %d is as it was, but the report says: %s" % (names.show(key[0]), key[1], text)
    for a, words in report.keywords.items():
        for w, n in words.items():
            if lacking[a, w] != n:
                yield "%s: %d messages lack %s, the report says %d" % (names.show(a), lacking[a, w], w, n)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("report")
    for side in "ab":
        p.add_argument("--env-" + side, required=True)
        p.add_argument("--user-" + side, required=True)
    p.add_argument("--there")
    p.add_argument("--names")
    p.add_argument("--only", action="append", default=[])
    o = p.parse_args()
    report = Report(o.report, imaptool.read_env(o.env_a), imaptool.read_env(o.names or o.env_b))
    there = set()
    if o.there:
        with open(o.there) as f:
            there = {names.read(re.sub(r"( \\\S+)*\n$", "", line)) for line in f}
    o.map, o.under, o.special_use = ["%s=%s" % (names.show(a), names.show(b)) for a, b in report.maps.items()], None, False
    comparison = compare.Comparison(compare.Side((o.env_a, o.user_a), None), compare.Side((o.env_b, o.user_b), None), o)
    found = list(unexplained(comparison, report, there, {names.read(f) for f in o.only}))
    print(*found, sep="\n", end="\n" if found else "")
    print("%d folders, %d messages: %d renamed, %d messages and %d keywords named, %d not explained"
          % (comparison.folders, comparison.messages, len(report.maps), len(report.items), sum(map(len, report.keywords.values())), len(found)))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
