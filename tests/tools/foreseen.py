#!/usr/bin/python3
"""foreseen.py RESTORE.md CHECK.jsonl REPORT.json: what a restore's report names, that "check --for --json" before it did not foresee.

An item has to be foreseen by name, a collection by what is said of it (or by a general line); what docs/RESTORE.md lists as not foreseen is
left out, by the texts in that table. Prints what was not foreseen, and how much was; exit code 0 if nothing is left."""
import collections
import json
import re
import sys


def key(note):
    """A collection and what names the item there: the UID of a message, else the whole name."""
    uid = re.match(r"UID (\d+),", note.get("item") or "")
    return note.get("collection"), uid[1] if uid else note.get("item")


def unforeseen_texts(path):
    with open(path) as f:
        table = f.read().partition("### Not foreseen")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", table, re.M)


def is_foreseen(note, items, colls):
    text = note["text"]
    if note.get("item"):
        return key(note) in items["named"] or any(p["what"] == "quota" for p in colls[None])
    of = colls[note.get("collection")]
    if any(p["text"] == text for p in of):
        return True
    word = re.match(r"the target does not keep the (?:keyword|flag) (\S+):", text)
    if word:
        return any(p["what"] == "keyword" and word[1] in p["text"] for p in of) or note["collection"] in items["keeps none"]
    if text.startswith("goes to "):
        return any(p["what"] == "name" for p in of)
    if "the target did not keep: " in text:
        return any(p["what"] == "property" for p in (of or [p for all_of in colls.values() for p in all_of]))
    return "over quota" in text and any(p["what"] == "quota" for p in colls[None])


def unforeseen(predicted, notes, left_out):
    """The notes of a report that none of the events "predicted" stands for."""
    notes = [n for n in notes if n["level"] != "info"]
    items = {"named": {key(p) for p in predicted if p.get("item")},
             "keeps none": {p["collection"] for p in predicted if p.get("item") and "the target keeps none" in p["text"]}}
    colls = collections.defaultdict(list)
    for p in predicted:
        if not p.get("item"):
            colls[p.get("collection")].append(p)
    return [n for n in notes if not is_foreseen(n, items, colls) and not any(text in n["text"] for text in left_out)]


def main():
    docs, check, report = sys.argv[1:]
    with open(check) as f:
        predicted = [e for e in map(json.loads, f) if e.get("event") == "predicted"]
    with open(report) as f:
        notes = json.load(f)["notes"]
    left_out = unforeseen_texts(docs)
    assert left_out, "docs/RESTORE.md lists nothing"
    bad = unforeseen(predicted, notes, left_out)
    for n in bad:
        print("not foreseen:", json.dumps(n, ensure_ascii=False))
    kinds = collections.Counter(p["what"] for p in predicted)
    print("   %d lines of a report, %d foreseen: %s" % (sum(n["level"] != "info" for n in notes), len(predicted), dict(kinds)))
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
