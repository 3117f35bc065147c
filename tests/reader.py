#!/usr/bin/python3
"""reader.py ARCHIVE [--snapshot N] --list | --heads | --extract DIR | --check [--no-sums]
A second reader of valise archives, written from docs/FORMAT.md alone, with Python's standard library (members and
tars: reader_members.py). It shares no line with valise, so that what both say is what the document says.

  --list         one canonical JSON line for each item and error, as `valise list ARCHIVE --items --json` prints them
  --heads        one for each collection, as `valise list ARCHIVE --json` prints them
  --extract DIR  writes the tree, as `valise unpack ARCHIVE -t DIR` does
  --with-gone    of both: also what is marked as gone, as the commands do with this option
  --check        reads every byte that the snapshots up to N name (all snapshots without N), and the bag's own files
  --no-sums      leaves out the sums of the files: what is damaged must show in the members, tars and catalogs themselves

Exit code 0: done, sound. 1: damage, named on standard output."""
import argparse
import base64
import calendar
import datetime
import os
import re
import sys
from collections import namedtuple

from reader_mapi import check_mapi
from reader_members import KINDS, Blocks, Files, canonical, link_entry, must, object_name, parse, part_objects, read_object, sha256, within, Damage

TAGS = ["bagit.txt", "README.txt", "FORMAT.txt"]
LINE_MAX = 1 << 22
PART = re.compile(r"data/(\d{6})/part-(\d{6})\.tar\.gz")
FLAGS = [r"\Answered", r"\Deleted", r"\Draft", r"\Flagged", r"\Seen"]
LETTERS = {r"\Draft": "D", r"\Flagged": "F", r"\Answered": "R", r"\Seen": "S", r"\Deleted": "T"}
EPOCH = " 1-Jan-1970 00:00:00 +0000"
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
ROOT = re.compile(r"[0-9a-f]{64}")

# What lines may have: anything else is refused.
HEAD = set("attrs catalog delimiter highestmodseq href kind left_out name path prefix props raw reason selection special_use status sync_token uidnext uidvalidity".split())
ATTRS = set("generated gone noinferiors nonexistent noselect readonly shared subscribed subscription".split())
ITEM = set("date etag flags gone href id keywords labels msgid note path sha256 size thrid uid warnings what where".split())
# What names an item: the members of each kind, those that are lists, and caps in bytes.
WHAT = {"mail": "attachments cc date from message-id subject to", "calendars": "location organizer start summary", "contacts": "mail name phone", "linked": "", "mapi": ""}
LISTS, VALUE_MAX, LIST_MAX, LIST_VALUES = {"attachments", "mail", "phone"}, 512, 1024, 16
UNSEEN = re.compile("[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|^ | $")
ERROR = set("date error from href subject uid".split())
STATUS, WARNINGS = {"partial", "stale", "skipped"}, {"date", "exact", "lines", "nul", "rescued", "size"}

Catalog = namedtuple("Catalog", "head items gone errors end lines")


# ---- catalogs ------------------------------------------------------------------------------------------------------

def seconds(date):
    m = re.fullmatch(r"([ 123]\d)-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", date)
    must(m, "date %r", date)
    zone = (int(m[8]) * 60 + int(m[9])) * (-60 if m[7] == "-" else 60)
    return calendar.timegm((int(m[3]), MONTHS.index(m[2]) + 1, int(m[1]), int(m[4]), int(m[5]), int(m[6]))) - zone


def lower(text):
    """Lower case of ASCII alone."""
    return "".join(c.lower() if c.isascii() else c for c in text)


def content_name(head):
    name, prefix, delimiter = head["name"], head.get("prefix", ""), head.get("delimiter")
    if prefix and len(name.encode()) > len(prefix.encode()) and (name.startswith(prefix) or
            prefix[:5].upper() == "INBOX" == name[:5].upper() and name[5:].startswith(prefix[5:])):
        name = name[len(prefix):]
    components = [c.replace("=", "=3D").replace("/", "=2F") for c in (name.split(delimiter) if delimiter else [name])]
    if head["kind"] == "mail" and components[0].upper() == "INBOX":
        components[0] = "INBOX"
    return "/".join(components)


def content_line(kind, item):
    if kind != "mail":
        return "%s\n" % item["sha256"]
    words = [",".join(sorted(lower(w) for w in some)) or "-" for some in ([f[1:] for f in item.get("flags", [])], item.get("keywords", []))]
    return "%d %s %s %s\n" % (seconds(item.get("date", EPOCH)), item["sha256"], *words)


def content_root(head, items):
    lines = sorted(content_line(head["kind"], i).encode() for i in items)
    return sha256(b"".join([("%s %s\n" % (head["kind"], content_name(head))).encode()] + lines))


def check_item_path(kind, item):
    path = item["path"]
    if kind == "mail":
        letters = {LETTERS[f] for f in item.get("flags", [])} | {"P" for k in item.get("keywords", []) if lower(k) == "$forwarded"}
        begin = "cur/%d.V%s" % (max(0, seconds(item.get("date", EPOCH))), item["sha256"][:16])
        end = ".valise:2," + "".join(sorted(letters))
        m = re.fullmatch(re.escape(begin) + r"(_([2-9]|[1-9]\d+))?" + re.escape(end), path)
        must(m and int(m[2] or 2) < 1 << 32 and m[2] != "4294967295", "path %r of an item", path)
    else:
        check_component(path)
        must("/" not in path and path.endswith("." + KINDS[kind]), "path %r of an item", path)


def check_component(c):
    must(c and c[0] != "." and len(c.encode()) <= 255 and c.lower() not in ("cur", "new", "tmp"), "path component %r", c)
    must(not re.search(r"[\0-\x1f\x7f-\x9f\\]", c) and not c.lower().endswith((".jsonl", ".gz")), "path component %r", c)


def check_path(kind, path):
    components = path.split("/")
    for c in components:
        check_component(c)
    must(components[0] == kind and len(components) > 1 and len(path.encode()) <= 1024, "path %r", path)
    must(kind == "mail" or len(components) == 2, "path %r", path)


def check_item(kind, item):
    must(set(item) <= ITEM and set(item.get("warnings", [])) <= WARNINGS, "item %s", item)
    must(all(item.values()), "an empty member: %s", item)
    must(not any(" " in k for k in item.get("keywords", [])), "a keyword with a blank: %s", item)
    must(ROOT.fullmatch(item["sha256"]) and set(item["where"]) == {"member", "offset", "part"}, "item %s", item)
    must(item.get("flags", []) == [f for f in FLAGS if f in item.get("flags", [])], "flags %s", item)
    must(all(item.get(k, []) == sorted(set(item.get(k, []))) for k in ("keywords", "warnings")), "order in %s", item)
    check_item_path(kind, item)
    check_what(kind, item.get("what"))


def check_what(kind, what):
    """Named by what is known for the kind, in lines of their own without what acts on a terminal."""
    must(what is None or what and set(what) <= set(WHAT[kind].split()), "what names an item: %s", what)
    for key, value in (what or {}).items():
        must(isinstance(value, list) == (key in LISTS) and value, "what names an item: %s", what)
        values = value if key in LISTS else [value]
        must(len(values) <= LIST_VALUES and sum(len(v.encode()) for v in values) <= max(LIST_MAX, VALUE_MAX), "a list is too long: %s", what)
        must(all(v and len(v.encode()) <= VALUE_MAX and not UNSEEN.search(v) for v in values), "what names an item: %s", what)


def order(words):
    return lambda o: [o.get(w, 0 if w == "uid" else "") for w in words]


def check_order(objects, *words):
    keys = [order(words)(o) for o in objects]
    must(keys == sorted(keys), "lines are not sorted by %s", ", ".join(words))


def parse_catalog(text, count):
    """A catalog, checked line by line and as a whole; ${count} is that of the end member."""
    lines = text.split(b"\n")
    must(lines.pop() == b"" and len(lines) >= 2 and len(lines) == count, "%d lines, %d counted", len(lines), count)
    must(all(len(x) <= LINE_MAX for x in lines), "a line is too long")
    head, *rest, end = [parse(x) for x in lines]
    must(head["catalog"] <= 1, "catalog of version %d", head["catalog"])
    there = [o for o in rest if "error" not in o]
    errors = rest[len(there):]
    items = [o for o in there if "gone" not in o]
    gone = there[len(items):]
    must(all("gone" in o for o in gone) and (gone or "gone" not in head.get("attrs", [])), "what is gone stands elsewhere")
    must(not (items and "gone" in head.get("attrs", [])), "a collection that is gone has items")
    must(all("error" in o and all(o.values()) for o in errors) and all(head.values()), "lines out of order, or an empty member")
    must(head.get("attrs", []) == sorted(head.get("attrs", [])), "attrs are not sorted")
    base64.b64decode(head.get("raw", ""), validate=True)
    must(set(head) <= HEAD and set(head.get("attrs", [])) <= ATTRS and len(head.get("delimiter", "/")) == 1, "the head %s", head)
    must(head.get("status", "partial") in STATUS, "the status %s", head.get("status"))
    must(all(set(o) <= ERROR for o in errors), "an error line with another member")
    for item in there:
        check_item(head["kind"], item)
    must(len({i["path"] for i in there}) == len(there), "two items have the same path")
    check_order([dict(i, at=seconds(i.get("date", EPOCH))) for i in items], "uid", "href", "id", "sha256", "at")
    check_order([dict(i, at=seconds(i.get("date", EPOCH))) for i in gone], "uid", "href", "id", "sha256", "at")
    check_order(errors, "uid", "href", "date", "subject", "error", "from")
    bare = [x[:x.index(b',"where":')] + b"}" if b',"where":' in x else x for x in lines[:-1]]
    roots = {"content": content_root(head, items), "state": state_root(bare)}
    totals = {"bytes": sum(i.get("size", 0) for i in items), "end": len(items), "errors": len(errors), **some_gone(len(gone))}
    must(end == dict(totals, **roots), "the end line says %s, the lines say %s", end, dict(totals, **roots))
    return Catalog(head, items, gone, errors, end, bare + lines[-1:])


def state_root(lines):
    """Of lines without `where`: what names an item plays no part in it."""
    return sha256(b"".join((x[:x.index(b',"what":')] + b"}" if b',"what":' in x else x) + b"\n" for x in lines))


def some_gone(number):
    return {"gone": number} if number else {}


def without_gone(catalog):
    """The catalog of what the server showed; None for a collection that it did not show."""
    if "gone" in catalog.head.get("attrs", []):
        return None
    n, m = len(catalog.items), len(catalog.gone)
    lines = catalog.lines[:1 + n] + catalog.lines[1 + n + m:-1]
    end = {k: v for k, v in dict(catalog.end, state=state_root(lines)).items() if k != "gone"}
    return Catalog(catalog.head, catalog.items, [], catalog.errors, end, lines + [canonical(end)])


def with_gone(catalog):
    """The same lines, and what is gone among the items."""
    return catalog._replace(items=catalog.items + catalog.gone, gone=[])


def property_text(raw):
    """The text of a DAV property: references resolved, control characters as blanks, none at the ends."""
    named = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}

    def resolve(m):
        return named[m[1]] if m[1] in named else chr(int(m[2], 16)) if m[2] else chr(int(m[3])) if m[3] else m[0]
    return re.sub(r"[\0-\x1f]", " ", re.sub(r"&(?:(\w+)|#x([0-9a-fA-F]+)|#(\d+));", resolve, raw)).strip(" ")


def vdir_files(head):
    """The small files of a calendar or address book."""
    if head["kind"] == "mail":
        return {}
    props = head.get("props", {})
    name, color = props.get("{DAV:}displayname", ""), property_text(props.get("{http://apple.com/ns/ical/}calendar-color", ""))[:7]
    out = {"displayname": "<" not in name and property_text(name) or head["name"]}
    if re.fullmatch("#[0-9A-Fa-f]{6}", color):
        out["color"] = color
    return out


def directories(catalog):
    path, mail = catalog.head["path"], catalog.head["kind"] == "mail"
    parts = path.split("/")
    out = ["/".join(parts[:i]) for i in range(1, len(parts) + 1)]
    if mail and (catalog.items or "noselect" not in catalog.head.get("attrs", [])):
        out += ["%s/%s" % (path, d) for d in ("cur", "new", "tmp")]
    return out


def check_links(files, path, catalog):
    blocks, head = Blocks(files.members(path)), catalog.head
    if "gone" in head.get("attrs", []):
        must(blocks.block() + blocks.block() == bytes(1024) and blocks.count == 0, "links of a collection that is gone")
        return
    entries = [link_entry(d + "/", kind=b"5", mode=0o700) for d in directories(catalog)]
    entries += [link_entry("%s/%s" % (head["path"], n), text.encode()) for n, text in vdir_files(head).items()]
    entries += [link_entry("%s/%s" % (head["path"], i["path"]), kind=b"1", link=object_name(head["kind"], i).encode()) for i in catalog.items]
    for entry in entries + [bytes(1024)]:
        for at in range(0, len(entry), 512):
            must(blocks.block() == entry[at:at + 512], "an entry that the catalog does not give: %r", entry[:100].rstrip(b"\0"))
    must(blocks.count == len(entries), "%d entries, %s counted", len(entries), blocks.count)


# ---- seals ---------------------------------------------------------------------------------------------------------

class Seal(namedtuple("Seal", "number hash manifest sums")):
    def sizes(self):
        return {f["path"]: f["size"] for f in self.manifest["files"]}

    def parts(self, head):
        return next(f["parts"] for f in self.manifest["files"] if f["path"] == head["catalog"])


class Archive:
    def __init__(self, root):
        self.files, self.seals = Files(root), []
        names = sorted(n for n in os.listdir(os.path.join(root, "data")))
        must(names and all(re.fullmatch(r"\d{6}", n) and int(n) for n in names), "data/ holds %s", " ".join(names))
        for n in map(int, names):  # numbers that are missing were left out: then each seal still names the one before
            with within("snapshot %d" % n):
                self.seals.append(self.read_seal(n))

    def read_seal(self, n):
        directory = "data/%06d/" % n
        text = self.files.read(directory + "seal.sha256")
        lines = re.findall(r"([0-9a-f]{64})  ([^\n]+)\n", text.decode())
        must("".join("%s  %s\n" % x for x in lines).encode() == text, "seal.sha256 is not canonical")
        sums = {path: digest for digest, path in lines}
        seal = self.files.read(directory + "seal.json")
        must(sha256(seal) == sums.get(directory + "seal.json"), "seal.json has another sum")
        must(seal.endswith(b"\n"), "seal.json has no line end")
        manifest = parse(seal[:-1])
        must(manifest["format"] == 1 and set(manifest["requires"]) <= {"gone", "mapi"}, "a format that this reader does not know")
        must(manifest["snapshot"] == n, "this is the seal of snapshot %s", manifest["snapshot"])
        must(manifest["parent"] == (self.seals[-1].hash if self.seals else None), "the parent is another seal")
        must(ROOT.fullmatch(manifest.get("origin", "0" * 64)), "origin %s", manifest.get("origin"))
        must(self.seals or n == 1 or "origin" in manifest, "older snapshots are missing")
        check_manifest(manifest, n)
        paths = [path for _, path in lines]
        must(len(sums) == len(paths) and paths == sealed_paths(manifest, n), "the files are not those of the manifest, in order")
        return Seal(n, sha256(text), manifest, sums)

    def catalog(self, seal, head):
        """The catalog of a collection, which says what the seal says."""
        with within(head["catalog"]):
            *members, (_, count) = self.files.members(head["catalog"])
            catalog = parse_catalog(b"".join(data for _, data in members), count)
            must(all(catalog.head[k] == head[k] for k in ("kind", "name", "path")), "the catalog of another collection")
            said = dict({"gone": 0}, **dict(catalog.end, items=len(catalog.items), content_name=content_name(catalog.head)))
            must(said["gone"] == head.get("gone", 0), "the seal names another number of items that are gone")
            must(all(catalog.head.get(k) == head.get(k) for k in ("left_out", "selection")), "the seal says otherwise of what was left out")
            must(all(said[k] == head[k] for k in ("bytes", "content", "content_name", "errors", "items", "state")), "the seal says otherwise")
            must(seal.parts(head) == sorted({i["where"]["part"] for i in catalog.items + catalog.gone}), "the seal names other parts")
            return catalog

    def catalogs(self, seal):
        return ((head, self.catalog(seal, head)) for head in seal.manifest["collections"])

    # what --check reads

    def check(self, seals, sums=True):
        """Every byte that ${seals} name, each file once."""
        objects, seen, sizes = {}, {}, [s.sizes() for s in seals]
        for path, digest in self.sums(seals).items():
            with within(path):
                must(not sums or self.files.sha256(path) == digest, "another sum")
                must(all(s.get(path) in (None, self.files.size(path)) for s in sizes), "another size")
        for seal in seals:
            for path in seal.sums:
                if PART.fullmatch(path) and path not in objects:
                    with within(path):
                        objects[path] = part_objects(self.files, path)
            for head in seal.manifest["collections"]:
                said = dict({k: v for k, v in head.items() if k not in ("reason", "status")}, parts=seal.parts(head))
                if head["catalog"] not in seen:
                    self.check_collection(seal, head, objects)
                must(seen.setdefault(head["catalog"], said) == said, "%s: two seals say two things", head["catalog"])

    def sums(self, seals):
        """{path: SHA-256} of all that ${seals} name."""
        out = {}
        for path, digest in (x for seal in seals for x in seal.sums.items()):
            must(out.setdefault(path, digest) == digest, "%s: two seals give two sums", path)
        return out

    def check_collection(self, seal, head, objects):
        catalog = self.catalog(seal, head)
        with within(head["catalog"]):
            for item in catalog.items + catalog.gone:
                w = item["where"]
                found = objects["data/" + w["part"]].get((w["member"], w["offset"]))
                must(found == (object_name(head["kind"], item), item.get("size", 0)), "no such object: %s", item)
                if head["kind"] == "mapi":
                    check_mapi(read_object(self.files, head["kind"], item))
        with within(head["links"]):
            check_links(self.files, head["links"], catalog)

    def check_bag(self):
        """The bag's own files are those of the newest snapshot; after a crash, of the one before."""
        must(self.files.read("bagit.txt") == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", "bagit.txt")
        there = [self.files.read(n) if os.path.exists(os.path.join(self.files.root, n)) else None for n in ("manifest-sha256.txt", "bag-info.txt")]
        new, old = bag_files(self.files, self.seals), bag_files(self.files, self.seals[:-1])
        must(there in (new, old, [new[0], old[1]]), "manifest-sha256.txt or bag-info.txt is not what the seals say")

    # what the other commands print and write

    def list(self, seal, gone_too):
        for head, catalog in self.catalogs(seal):
            for o in catalog.items + (catalog.gone if gone_too else []) + catalog.errors:
                line = {k: v for k, v in o.items() if k in ("date", "error", "etag", "flags", "from", "gone", "href", "keywords", "note", "sha256", "subject", "uid", "warnings", "what")}
                if "error" not in o:
                    line["size"] = o.get("size", 0)
                    if head["kind"] == "mail":
                        line = dict({"date": EPOCH, "flags": [], "keywords": []}, **line)
                yield canonical(dict(line, collection=head["name"], kind=head["kind"]))

    def heads(self, seal):
        for head in seal.manifest["collections"]:
            line = {k: v for k, v in head.items() if k not in ("attrs", "catalog", "content_name", "links", "what")}
            yield canonical(dict(line, gone_collection=True) if "gone" in head.get("attrs", []) else line)

    def extract(self, seal, target, gone_too):
        manifest = {k: v for k, v in seal.manifest.items() if k not in ("files", "format", "origin", "parent", "requires", "snapshot")}
        manifest["collections"] = [{k: v for k, v in h.items() if k != "links"} for h in manifest["collections"]]
        pairs = [(h, with_gone(self.catalog(seal, h)) if gone_too else without_gone(self.catalog(seal, h))) for h in manifest["collections"]]
        if not gone_too:
            manifest["collections"] = [dict({k: v for k, v in h.items() if k != "gone"}, state=c.end["state"]) for h, c in pairs if c]
            manifest["counts"] = {k: v for k, v in manifest["counts"].items() if k != "gone"}
            manifest["state"] = account_root(manifest["collections"], "state", "name")
        written = {}
        for head, catalog in (p for p in pairs if p[1]):
            for d in directories(catalog):
                os.makedirs(os.path.join(target, d), exist_ok=True)
            for name, text in vdir_files(catalog.head).items():
                write(os.path.join(target, head["path"], name), text.encode())
            for item in sorted(catalog.items, key=lambda i: sorted(i["where"].items())):
                self.extract_item(head, item, os.path.join(target, head["path"], item["path"]), written)
            write(os.path.join(target, "catalog", head["path"] + ".jsonl"), b"".join(x + b"\n" for x in catalog.lines))
        for head in manifest["collections"]:
            head["catalog"] = "catalog/%s.jsonl" % head["path"]
        write(os.path.join(target, "catalog/tree.json"), canonical(dict(manifest, tree=1)) + b"\n")

    def extract_item(self, head, item, path, written):
        same = object_name(head["kind"], item)
        if same in written:
            os.link(written[same], path)
            return
        with within(item["where"]["part"]):
            write(path, read_object(self.files, head["kind"], item))
        if "date" in item:
            os.utime(path, (seconds(item["date"]),) * 2)
        written[same] = path


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "xb") as f:
        f.write(data)


def sealed_paths(manifest, n):
    """The paths of seal.sha256, in order; `files` must name the same."""
    heads, files = manifest["collections"], manifest["files"]
    own = [f["path"] for f in files if f["path"].startswith("data/%06d/part-" % n)]
    must(own == ["data/%06d/part-%06d.tar.gz" % (n, i) for i in range(1, len(own) + 1)], "parts are not numbered in order")
    parts = sorted(set(own) | {"data/" + p for f in files for p in f.get("parts", [])})
    must(all(PART.fullmatch(p) and 1 <= int(p[5:11]) <= n for p in parts), "the path of a part")
    collections = [h["links"] for h in heads] + [h["catalog"] for h in heads]
    must([f["path"] for f in files] == parts + collections + TAGS, "`files` are not those of the manifest, in order")
    must(all(("parts" in f) == f["path"].endswith(".jsonl.gz") for f in files), "`parts` of a file")
    return parts + collections + ["data/%06d/seal.json" % n] + TAGS


def check_manifest(manifest, n):
    datetime.datetime.strptime(manifest["created"], "%Y-%m-%dT%H:%M:%SZ")
    must(all(0 <= s.get("port", 0) < 1 << 16 for s in manifest["account"]["services"]), "a port of %s", manifest["account"])
    heads = manifest["collections"]
    must(all(h.get("what", 1) > 0 for h in heads), "a version of names")
    keys = [(list(KINDS).index(h["kind"]), h["name"].encode()) for h in heads]
    must(keys == sorted(set(keys)) and len({h["path"] for h in heads}) == len(heads), "collections out of order, or twice")
    for h in heads:
        check_path(h["kind"], h["path"])
        for member, end in (("catalog", ".jsonl.gz"), ("links", ".links.tar.gz")):
            must(re.fullmatch(r"data/\d{6}/" + re.escape(h["path"] + end), h[member]) and 1 <= int(h[member][5:11]) <= n, "path of %s", h["path"])
        must(h["status"] in ("complete", "partial", "stale", "skipped"), "status %s", h["status"])
    counts = {"bytes": sum(h["bytes"] for h in heads), "errors": sum(h["errors"] for h in heads),
              **some_gone(sum(h.get("gone", 0) for h in heads))}
    must(all(h.get("left_out", 1) > 0 and ("left_out" in h or "selection" not in h) for h in heads), "what was left out")
    if any("left_out" in h for h in heads):
        counts["left_out"] = sum(h.get("left_out", 0) for h in heads)
    for kind in [k for k in KINDS if k not in ("linked", "mapi") or any(h["kind"] == k for h in heads)]:
        counts[kind] = {"collections": sum(h["kind"] == kind and "gone" not in h.get("attrs", []) for h in heads), "items": sum(h["items"] for h in heads if h["kind"] == kind)}
    must(manifest["counts"] == counts, "counts: %s", counts)
    must(manifest["requires"] == [w for w in ("gone", "mapi") if w in counts], "what is required")
    complete = not counts["errors"] and all(h["status"] in ("complete", "skipped") for h in heads)
    must(manifest["verdict"] == ("complete" if complete else "incomplete"), "verdict")
    for root, name in (("content", "content_name"), ("state", "name")):
        must(manifest[root] == account_root(heads, root, name), "the account's root: %s", root)


def account_root(heads, root, name):
    some = [h for h in heads if root == "state" or "gone" not in h.get("attrs", [])]
    return sha256(b"".join(sorted(("%s %s %s\n" % (h["kind"], h[root], h[name])).encode() for h in some)))


def bag_files(files, seals):
    """[manifest-sha256.txt, bag-info.txt] as they follow from ${seals}."""
    if not seals:
        return [None, None]
    sums, octets = {}, 0
    for seal in seals:
        directory, sizes = "data/%06d/" % seal.number, seal.sizes()
        own = {p: d for p, d in seal.sums.items() if p.startswith(directory)}
        own[directory + "seal.sha256"] = seal.hash
        octets += sum(sizes[p] if p in sizes else files.size(p) for p in own)
        sums.update(own)
    lines = [b"%s  %s\n" % (sums[p].encode(), p.replace("%", "%25").encode()) for p in sorted(sums)]
    m = seals[-1].manifest
    info = [("Bag-Software-Agent", m.get("tool")), ("Bagging-Date", m["created"][:10]), ("External-Identifier", m["account"].get("name")), ("Payload-Oxum", "%d.%d" % (octets, len(sums)))]
    return [b"".join(lines), "".join("%s: %s\n" % x for x in info if x[1]).encode()]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("archive")
    p.add_argument("--snapshot", type=int)
    for command in ("--list", "--heads", "--check", "--no-sums", "--with-gone"):
        p.add_argument(command, action="store_true")
    p.add_argument("--extract", metavar="DIR")
    o = p.parse_args()
    with within(o.archive):
        archive = Archive(o.archive)
        must(o.snapshot is None or o.snapshot in [s.number for s in archive.seals], "no snapshot %s", o.snapshot)
        seals = [s for s in archive.seals if o.snapshot is None or s.number <= o.snapshot]
        if o.check:
            archive.check(seals, sums=not o.no_sums)
            archive.check_bag()
            print("%s: sound: %d snapshots, %d items in the last" % (o.archive, len(seals), sum(h["items"] for h in seals[-1].manifest["collections"])))
        if o.extract:
            archive.extract(seals[-1], o.extract, o.with_gone)
        lines = [*(archive.list(seals[-1], o.with_gone) if o.list else ()), *(archive.heads(seals[-1]) if o.heads else ())]
    sys.stdout.buffer.writelines(line + b"\n" for line in lines)


if __name__ == "__main__":
    try:
        main()
    except Damage as damage:
        print("DAMAGE: %s" % damage)
        sys.exit(1)
