#!/usr/bin/python3
"""compare.py --env-a ENV --user-a USER --env-b ENV --user-b USER [options] | compare.py URL-A URL-B [options]

Compares two IMAP accounts folder by folder and names every difference. ENV is the env file of a server script, where
the password of USER is pw-USER; a URL is imap://USER:PASSWORD@HOST:PORT or imaps://... (--ca FILE: its authority).
  --map OLD=NEW      folder OLD of A, and what is below it, is NEW in B (several times)
  --under FOLDER     all folders of A are below FOLDER in B
  --special-use      special-use attributes must be equal too
  --allow FILE       lines of FILE are shell patterns; a difference that matches one is excused ('#': comment)
Folders are shown with '/' between components, a '/' or '=' inside one as =2F or =3D.

Compared: which folders there are, which can be selected, which are subscribed; and the messages of each folder as a
multiset of (SHA-256 of the bytes, system flags, keywords, INTERNALDATE as an instant). One line a difference:
  KIND FOLDER: what        KIND: folder-missing folder-extra noselect subscription special-use unreadable
                                 missing extra duplicate-lost duplicate-added bytes flags keywords date
missing and -lost: A has it, B has not. Exit code: 0 equal, 1 differences, 2 could not compare.

Python's standard library only (imaplib speaks to the servers; messages are hashed as they come in, never kept)."""
import argparse
import calendar
import fnmatch
import hashlib
import imaplib
import re
import ssl
import sys
import urllib.parse
from collections import Counter, defaultdict, namedtuple
from concurrent.futures import ThreadPoolExecutor

import names

CHUNK = 1 << 20
SPECIAL_USE = {"\\all", "\\archive", "\\drafts", "\\flagged", "\\junk", "\\sent", "\\trash", "\\important"}
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()

Folder = namedtuple("Folder", "raw selectable use")


class Item(namedtuple("Item", "sha flags keywords date uid size label")):
    @property
    def key(self):
        return self[:4]

    def __str__(self):
        return "UID %d (%s, %d bytes)" % (self.uid, self.label or "sha256 " + self.sha[:12], self.size)


def instant(text):
    """Seconds since 1970 of an INTERNALDATE; the text itself where it is none."""
    m = re.fullmatch(r" ?(\d{1,2})-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", text)
    if not m or m[2].lower() not in MONTHS:
        return text
    offset = (int(m[8]) * 60 + int(m[9])) * 60 * (-1 if m[7] == "-" else 1)
    return calendar.timegm((int(m[3]), MONTHS.index(m[2].lower()) + 1, int(m[1]), int(m[4]), int(m[5]), int(m[6]))) - offset


def unquote(raw):
    return re.sub(rb"\\(.)", rb"\1", raw[1:-1]) if raw[:1] == b'"' else raw


class Side:
    """One account: imaplib for the commands, its connection for a FETCH whose answers are read as a stream."""

    def __init__(self, spec, ca):
        host, port, user, password, tls, ca = self.read_spec(spec, ca)
        if tls:
            self.imap = imaplib.IMAP4_SSL(host, port, ssl_context=ssl.create_default_context(cafile=ca))
        else:
            self.imap = imaplib.IMAP4(host, port)
        if not tls and "LOGINDISABLED" in self.imap.capabilities:
            self.imap.starttls(ssl.create_default_context(cafile=ca))
        self.imap.login(user, password)
        self.delimiter, self.prefix = self.namespace()

    @staticmethod
    def read_spec(spec, ca):
        """${spec} is a URL or (env file, user)."""
        if isinstance(spec, str):
            u = urllib.parse.urlsplit(spec)
            return u.hostname, u.port, urllib.parse.unquote(u.username), urllib.parse.unquote(u.password), u.scheme == "imaps", ca
        path, user = spec
        with open(path) as f:
            env = dict(line.rstrip("\n").split("=", 1) for line in f if "=" in line)
        return env["HOST"], int(env["IMAP_PORT"]), user, "pw-" + user, False, env["CA"]

    def namespace(self):
        if "NAMESPACE" in self.imap.capability()[1][0].decode().upper().split():
            raw = self.imap.namespace()[1][0] or b""
            m = re.match(rb'\(\(("(?:\\.|[^"\\])*"|[^\s()"]+) ("(?:\\.|[^"\\])*"|NIL)', raw)
            if m and m[2] != b"NIL":
                return unquote(m[2]).decode(), names.from_mutf7(unquote(m[1]))
        return None, ""

    def listing(self, command):
        """[(attributes, delimiter, raw name)] of LIST or LSUB."""
        out = []
        for a in getattr(self.imap, command)()[1]:
            head, literal = a if isinstance(a, tuple) else (a, None)
            m = re.match(rb'\(([^)]*)\) ("(?:\\.|[^"\\])"|NIL) (.*)$', head or b"", re.S)
            if m:
                raw = unquote(m[3]) if literal is None else literal
                delimiter = None if m[2] == b"NIL" else unquote(m[2]).decode()
                out.append(({x.lower() for x in m[1].decode("latin-1").split()}, delimiter, raw))
        return out

    def folders(self):
        out = {}
        for attributes, delimiter, raw in self.listing("list"):
            path = names.from_wire(raw, delimiter, self.prefix)
            if path == ("INBOX",) and raw.upper() != b"INBOX":
                continue
            selectable = not attributes & {"\\noselect", "\\nonexistent"} and self.examine(raw)
            out[path] = Folder(raw, selectable, attributes & SPECIAL_USE)
        return out

    def subscribed(self):
        return {names.from_wire(raw, delimiter, self.prefix) for attributes, delimiter, raw in self.listing("lsub")
                if "\\noselect" not in attributes}

    def examine(self, raw):
        quoted = b'"' + re.sub(rb'(["\\])', rb"\\\1", raw) + b'"'
        return self.imap.select(quoted, readonly=True)[0] == "OK"

    def items(self, folder):
        """(items, problem) of a folder: every message as the server sends it."""
        if not folder or not folder.selectable:
            return [], None
        self.examine(folder.raw)
        exists = int(self.imap.untagged_responses.get("EXISTS", [b"0"])[-1] or 0)
        if not exists:
            return [], None
        found, status = {}, None
        tag = self.imap._new_tag()
        self.imap.send(tag + b" UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n")
        while status is None:
            text, body = self.answer()
            if text.startswith(tag + b" "):
                status = text[len(tag) + 1:].decode("utf-8", "replace")
            elif item := self.item(text, body):
                found[item.uid] = item
        problem = None
        if not status.upper().startswith("OK") or len(found) != exists:
            problem = "%d of %d messages came, then %s" % (len(found), exists, status)
        return list(found.values()), problem

    def answer(self):
        """(text without literals, (sha, size, start) of BODY[] or None) of the next answer."""
        text, body = b"", None
        while True:
            line = self.imap.readline()
            if not line.endswith(b"\n"):
                raise OSError("connection closed")
            m = re.search(rb"\{(\d+)\}\r\n$", line)
            if not m:
                return text + line.rstrip(b"\r\n"), body
            text += line[:m.start()]
            content = self.literal(int(m[1]))
            if text.upper().endswith(b"BODY[] "):
                body = content
            text += b"NIL"

    def literal(self, size):
        digest, left, start = hashlib.sha256(), size, b""
        while left:
            data = self.imap.read(min(left, CHUNK))
            if not data:
                raise OSError("connection closed inside a message")
            digest.update(data)
            left -= len(data)
            if len(start) < 16384:
                start += data[:16384]
        return digest.hexdigest(), size, start

    @staticmethod
    def item(text, body):
        if not re.match(rb"\* \d+ FETCH ", text, re.I):
            return None
        short = re.search(rb'BODY\[\] ("(?:\\.|[^"\\])*")', text)
        if short:
            content = unquote(short[1])
            body = hashlib.sha256(content).hexdigest(), len(content), content
            text = text[:short.start()] + text[short.end():]
        uid, flags, date = (re.search(p, text, re.I) for p in (rb"\bUID (\d+)", rb"\bFLAGS \(([^)]*)\)", rb'\bINTERNALDATE "([^"]*)"'))
        if not (uid and flags and date and body):
            return None
        words = set(flags[1].decode("latin-1").split())
        label = re.search(rb"^(?:Message-ID|Subject):[ \t]*([^\r\n]*)", body[2].split(b"\r\n\r\n")[0], re.I | re.M)
        return Item(body[0], frozenset(w.lower() for w in words if w[0] == "\\" and w.lower() != "\\recent"),
                    frozenset(w for w in words if w[0] != "\\"), instant(date[1].decode("latin-1")),
                    int(uid[1]), body[1], ascii(label[1].decode("latin-1").strip())[1:-1][:60] if label else "")


# ---- what differs ---------------------------------------------------------------------------------

def only(a, b):
    """The words that one side has and the other has not."""
    return "; ".join("%s only in %s" % (" ".join(sorted(x - y)), side) for x, y, side in ((a, b, "A"), (b, a, "B")) if x - y)


def pair_differences(a, b):
    """[(kind, what)] of two messages with the same bytes."""
    out = []
    if a.flags != b.flags:
        out.append(("flags", only(a.flags, b.flags)))
    if a.keywords != b.keywords:
        out.append(("keywords", only(a.keywords, b.keywords)))
    if a.date != b.date:
        by = " (%+d s)" % (b.date - a.date) if isinstance(a.date, int) and isinstance(b.date, int) else ""
        out.append(("date", "%s in A, %s in B%s" % (a.date, b.date, by)))
    return out


def same_bytes(left, right):
    """Pairs what is left of equal messages, the most alike first; yields differences and returns the unpaired."""
    found = []
    while left and right:
        a, b = min(((a, b) for a in left for b in right), key=lambda p: len(pair_differences(*p)))
        found += [(kind, "%s: %s" % (a, what)) for kind, what in pair_differences(a, b)]
        left.remove(a)
        right.remove(b)
    return found


def unmatched(items, counts):
    """{sha: items} of those that no message of the other side equals in everything."""
    counts, out = Counter(counts), defaultdict(list)
    for item in items:
        if counts[item.key] > 0:
            counts[item.key] -= 1
        else:
            out[item.sha].append(item)
    return out


def message_differences(a_items, b_items):
    a_left = unmatched(a_items, Counter(i.key for i in b_items))
    b_left = unmatched(b_items, Counter(i.key for i in a_items))
    a_shas, b_shas = {i.sha for i in a_items}, {i.sha for i in b_items}
    found, missing, extra = [], [], []
    for sha in list(a_left) + [s for s in b_left if s not in a_left]:
        left, right = a_left.get(sha, []), b_left.get(sha, [])
        found += same_bytes(left, right)
        for rest, others, gone, lone in ((left, b_shas, "duplicate-lost", missing), (right, a_shas, "duplicate-added", extra)):
            for item in rest:
                if sha in others:
                    found.append((gone, str(item)))
                else:
                    lone.append(item)
    for a in list(missing):  # the same message, by its own name, with other bytes
        b = next((b for b in extra if a.label and a.label == b.label), None)
        if b:
            missing.remove(a)
            extra.remove(b)
            found.append(("bytes", "%s: %d bytes, sha256 %s in B" % (a, b.size, b.sha[:12])))
            found += [(kind, "%s: %s" % (a, what)) for kind, what in pair_differences(a, b)]
    return found + [("missing", str(i)) for i in missing] + [("extra", str(i)) for i in extra]


class Comparison:
    def __init__(self, a, b, options):
        self.a, self.b, self.options = a, b, options
        self.maps = sorted((tuple(map(names.read, re.split("=(?!2F|3D)", m, maxsplit=1))) for m in options.map), key=lambda m: -len(m[0]))
        self.messages = self.folders = 0

    def there(self, path):
        """Where a folder of A is expected in B."""
        for old, new in self.maps:
            if path[:len(old)] == old:
                return new + path[len(old):]
        return (names.read(self.options.under) if self.options.under else ()) + path

    def run(self):
        """Yields (kind, folder, what)."""
        with ThreadPoolExecutor(2) as pool:
            a_folders, b_folders = pool.map(Side.folders, (self.a, self.b))
            a_folders = {self.there(p): f for p, f in a_folders.items()}
            a_subscribed, b_subscribed = {self.there(p) for p in self.a.subscribed()}, self.b.subscribed()
            for path in sorted(set(a_folders) | set(b_folders)):
                yield from self.folder(path, a_folders.get(path), b_folders.get(path), pool)
            for path in sorted(a_subscribed ^ b_subscribed):
                yield "subscription", path, "subscribed in %s only" % ("A" if path in a_subscribed else "B")

    def folder(self, path, a, b, pool):
        self.folders += 1
        if not b:
            yield "folder-missing", path, "not in B"
        elif not a:
            yield "folder-extra", path, "not in A"
        elif a.selectable != b.selectable:
            yield "noselect", path, "can be opened in %s only" % ("A" if a.selectable else "B")
        if a and b and self.options.special_use and a.use != b.use:
            yield "special-use", path, only(a.use, b.use)
        results = list(pool.map(Side.items, (self.a, self.b), (a, b)))
        for side, (_, problem) in zip("AB", results):
            if problem:
                yield "unreadable", path, "%s: %s" % (side, problem)
        self.messages += len(results[0][0])
        for kind, what in message_differences(results[0][0], results[1][0]):
            yield kind, path, what


def read_allowed(path):
    with open(path) as f:
        return [line.strip() for line in f if line.strip() and not line.startswith("#")]


def main(argv=None):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("url", nargs="*")
    for side in "ab":
        p.add_argument("--env-" + side)
        p.add_argument("--user-" + side, default="alice")
    p.add_argument("--ca")
    p.add_argument("--map", action="append", default=[])
    p.add_argument("--under")
    p.add_argument("--special-use", action="store_true")
    p.add_argument("--allow")
    options = p.parse_args(argv)
    sides = options.url or [(options.env_a, options.user_a), (options.env_b, options.user_b)]
    if len(sides) != 2 or not all(s[0] for s in sides):
        p.error("two accounts, please")
    allowed = read_allowed(options.allow) if options.allow else []
    found = excused = 0
    try:
        comparison = Comparison(*(Side(s, options.ca) for s in sides), options)
        for kind, path, what in comparison.run():
            line = "%s %s: %s" % (kind, names.show(path), what)
            if any(fnmatch.fnmatchcase(line, pattern) for pattern in allowed):
                excused += 1
                continue
            found += 1
            print(line)
    except (OSError, imaplib.IMAP4.error) as e:
        print("compare.py: %s" % e, file=sys.stderr)
        return 2
    print("%s: %d folders, %d messages in A%s" % ("%d differences" % found if found else "equal", comparison.folders, comparison.messages,
                                                  ", %d differences excused" % excused if excused else ""))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
