#!/usr/bin/python3
"""outlook_mail.py ITEMS FOLDER...: messages that came of Outlook's items (.eml files below FOLDER), beside what another reader sees in the items (ITEMS: lines of
JSON of servers/outlook.sh). By Python's email, which shares no code with the product: headers in their order, subjects, texts, SHA-256 of the attachments."""
import collections
import email
import email.policy
import hashlib
import json
import os
import re
import sys

MIME = {"mime-version", *("content-" + w for w in "type transfer-encoding disposition id description length md5 location features duration".split())}


def fields(text):
    """The fields of a header, each with its folded lines, but for MIME's own; None, if a line is no field."""
    found = []
    for line in re.split(r"\r\n|\n|\r", text.strip("\r\n")):
        if line == "":
            break
        if line[0] in " \t" and found:
            found[-1] += "\n" + line
        elif re.match(r"[!-9;-~]+:", line):
            found.append(line)
        elif found or not line.startswith("Microsoft Mail Internet Headers"):
            return None
    return [f for f in found if f.split(":")[0].lower() not in MIME]


def parts(message):
    """Leaves of a message, and messages in it as they are."""
    if message.get_content_maintype() == "multipart":
        for p in message.iter_parts():
            yield from parts(p)
    else:
        yield message


def octets(part):
    data = part.get_payload(decode=True)
    return data if data is not None else b""


def look(path):
    with open(path, "rb") as f:
        raw = f.read()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw), f"{path}: line ends"
    assert all(len(line) <= 998 for line in raw.split(b"\r\n")), f"{path}: a long line"
    assert raw.isascii() and b"\0" not in raw, f"{path}: not 7-bit"
    m = email.message_from_bytes(raw, policy=email.policy.default)
    for p in m.walk():
        assert not p.defects, f"{path}: {p.defects}"
    leaves = list(parts(m))
    return {
        "path": path,
        "fields": fields(raw.split(b"\r\n\r\n")[0].decode("ascii")),
        "subject": " ".join((m["subject"] or "").split()),
        "files": collections.Counter(hashlib.sha256(octets(p)).hexdigest() for p in leaves if p.get_filename() and not p.is_multipart()),
        "items": sum(p.get_content_type() == "message/rfc822" or (p.get_filename() or "").endswith((".ics", ".vcf")) for p in leaves),
        "text": "".join("".join(p.get_content().split()) for p in leaves if p.get_content_type() == "text/plain" and not p.get_filename()),
    }


def same(item, m):
    """Is it that item? Else what speaks against it."""
    want = fields(item.get("headers") or "")
    if " ".join((item.get("subject") or "").split()) != m["subject"]:
        return "subject"
    if want and (item["headers"].isascii()) and m["fields"][:len(want)] != want:
        return "headers"
    wanted = collections.Counter(a["sha256"] for a in item["attachments"] if a.get("sha256") and not a.get("item"))
    if wanted - m["files"]:
        return "attachments"
    if m["items"] < sum(1 for a in item["attachments"] if a.get("item")):
        return "items in it"
    body = "".join((item.get("body") or "").split())
    if body and m["text"] and body != m["text"]:
        return "text"
    return None


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        items = [o for o in map(json.loads, f) if re.match(r"(?i)(IPM\.(Note|Post|Schedule|Document)|REPORT)\b", o.get("class") or "")]
    left = [look(os.path.join(at, n)) for top in sys.argv[2:] for at, _, names in os.walk(top) for n in sorted(names) if n.endswith(".eml")]
    wrong = []
    assert len(items) == len(left), f"{len(items)} items, {len(left)} messages"
    for item in items:
        near = []
        for m in left:
            why = same(item, m)
            if why is None:
                left.remove(m)
                break
            near += [(why, m["path"])] if why != "subject" else []
        else:
            wrong.append(f"{item.get('class')} {item.get('subject')!r}: no message is that; nearest: {near[:3]}")
    print("\n".join(wrong))
    kept = sum(1 for o in items if o.get("headers"))
    print(f"{len(items)} messages, {kept} with the headers that they came with, {sum(len(o['attachments']) for o in items)} attachments")
    return bool(wrong)


sys.exit(main())
