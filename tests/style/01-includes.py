#!/usr/bin/python3
"""Each folder includes only the folders that the table allows (docs/ARCHITECTURE.md, "Rooms"); what a header brings along counts."""
import os
import re
import sys

# A folder of src with its public headers in include/valise, and what it may reach. A room's own top folder is spelled out, too.
TREE = ["tree", "format", "base"]
CLI = ["cli", "discover", "migration", "dns", "account", "oauth", "audit", "find", "import", "export", "winmail", "mime", "outlook", "outlook/props", "restore", "fetch", "pack", "dir", "tree", "net", "format", "base"]
PROTO = ["base", "http", "net", "format"]
ALLOWED = {
    "base": [],
    "base/text": ["base"],
    "format": ["base"],
    "format/content": ["format", "base"],
    "format/mend": ["format", "base"],
    "format/amend": ["format", "format/content", "base"],
    "format/merge": ["format", "format/content", "base"],
    "net": ["format", "base"],
    "http": ["net", "format", "base"],
    "proto/sasl": ["base"],
    "proto/imap": ["proto/sasl", "net", "format", "base"],
    "proto/pop3": ["proto/sasl", "net", "format", "base"],
    "proto/dav": ["http", "net", "format", "base"],
    "proto/mapi": ["http", "net", "format", "base"],
    "tree": ["format", "base"],
    "tree/about": TREE,
    "tree/diff": TREE,
    "tree/catalog": TREE,
    "tree/select": TREE,
    "dir": TREE,
    "pack": ["pack/part", "tree", "base"],
    "pack/part": ["pack", "tree", "base"],
    "pack/sink": ["pack", "pack/part", "tree", "base"],
    "pack/forget": ["pack", "pack/sink", "pack/part", "tree", "base"],
    "pack/check": ["pack", "pack/part", "tree", "base"],
    "fetch": TREE,
    "fetch/imap": ["fetch", "proto/imap", *TREE],
    "fetch/pop3": ["fetch", "proto/pop3", *TREE],
    "fetch/dav": ["fetch", "proto/dav", *TREE],
    "fetch/mapi": ["fetch", "proto/mapi", "outlook", "outlook/props", *TREE],
    "restore": TREE,
    "restore/labels": ["restore", *TREE],
    "restore/imap/map": ["restore", "proto/imap", *TREE],
    "restore/imap": ["restore", "restore/imap/look", "restore/imap/map", "restore/imap/pair", "restore/labels", "proto/imap", *TREE],
    "restore/imap/look": ["restore", "restore/imap", "restore/imap/map", "restore/imap/pair", "restore/labels", "proto/imap", *TREE],
    "restore/imap/pair": ["restore", "restore/imap", "restore/imap/map", "proto/imap", *TREE],
    "restore/dav": ["restore", "restore/dav/put", "proto/dav", *TREE],
    "restore/dav/look": ["restore", "restore/dav", "restore/dav/put", "proto/dav", *TREE],
    "restore/dav/put": ["restore", "restore/dav", "proto/dav", *TREE],
    "restore/mapi/map": ["restore", "proto/mapi", *TREE],
    "restore/mapi": ["restore", "restore/labels", "restore/mapi/map", "proto/mapi", "outlook", "outlook/props", *TREE],
    "mime": ["format", "base"],
    "winmail": ["outlook", "outlook/props", "mime", *TREE],
    "find": ["winmail", "mime", *TREE],
    "outlook": ["outlook/props", "format", "base"],
    "outlook/props": [],
    "outlook/bag": ["outlook", "outlook/props", "format", "base"],
    "outlook/read": ["outlook", "outlook/props", "outlook/bag", "outlook/read/pst", "outlook/read/msg", "outlook/read/tnef", "format", "base"],
    "outlook/read/pst": ["outlook", "outlook/props", "outlook/read", "format", "base"],
    "outlook/read/msg": ["outlook", "outlook/props", "outlook/read", "format", "base"],
    "outlook/read/tnef": ["outlook", "outlook/props", "outlook/bag", "outlook/read", "format", "base"],
    "outlook/rtf": ["outlook", "outlook/props", "format", "base"],
    "outlook/body": ["outlook", "outlook/props", "outlook/rtf", "format", "base"],
    "outlook/mail": ["outlook", "outlook/props", "outlook/rtf", "format", "base"],
    "outlook/calendar": ["outlook", "outlook/props", "outlook/body", "outlook/rtf", "format", "base"],
    "outlook/contact": ["outlook", "outlook/props", "outlook/body", "format", "base"],
    "outlook/make": ["outlook", "outlook/props", "mime", "format", "format/content", "base"],
    "outlook/make/calendar": ["outlook/make", "outlook/calendar", "outlook/contact", "outlook", "outlook/props", "format", "base"],
    "outlook/make/contact": ["outlook/make", "outlook/contact", "outlook", "outlook/props", "format", "base"],
    "import": ["import/mail", "outlook", "outlook/props", *TREE],
    "import/mail": ["import", *TREE],
    "import/outlook": ["import", "outlook", "outlook/props", *TREE],
    "import/pim": ["import", *TREE],
    "export": ["mime", *TREE],
    "export/pim": ["export", *TREE],
    "export/html": ["export", "mime", *TREE],
    "audit": ["fetch", "restore", *TREE],
    "oauth": ["http", "net", "base"],
    "account": ["account/secret", "oauth", "net", "tree", "format", "base"],
    "account/secret": ["account", "oauth", "net", "tree", "format", "base"],
    "dns": ["base"],
    "migration": ["account", "dns", "net", "format", "base"],
    "discover": ["account", "dns", "http", "net", "tree", "format", "base"],
    "cli": ["cli/options", *CLI[1:]],
    "cli/audit": CLI,
    "cli/many": CLI,
    "cli/move": CLI,
    "cli/forget": ["cli", "pack", "tree", "format", "base"],
    "cli/options": CLI,
    "cli/tell": CLI,
    "cli/report": CLI,
    "cli/list": CLI,
    "cli/show": CLI,
    "cli/commands": ["cli", "cli/audit", "cli/forget", "cli/tell", "cli/move", "cli/list", "cli/options", "cli/show", "discover", "migration", "dns", "account", "oauth", "audit", "find", "import", "export", "winmail", "mime", "restore", "fetch", "pack", "dir", "tree", "format", "base"],
}
# Which libraries a folder may include, by the first path component or the header's name.
LIBRARIES = {
    "base": ["jansson", "nettle"],
    "format/content": ["libical"],
    "format/merge": ["libical"],
    "net": ["gnutls", "libetpan", "libpsl", "zlib"],
    "http": ["gnutls", "nettle", "curl", "zlib"],
    "proto/sasl": ["gnutls", "nettle"],
    "proto/mapi": ["gnutls"],
    "proto/imap": ["libetpan"],
    "proto/pop3": ["libetpan", "nettle"],
    "proto/dav": ["expat"],
    "tree": ["zlib"],
    "pack": ["archive", "archive_entry", "libdeflate", "zlib"],
    "mime": ["gmime", "glib", "libxml"],
    "find": ["sqlite3"],
    "outlook/read": ["libbfio"],
    "outlook/read/pst": ["libpff", "libbfio", "zlib"],
    "outlook/read/msg": ["libolecf", "libbfio"],
    "outlook/rtf": ["zlib"],
    "outlook/calendar": ["libical"],
    "import": ["archive", "archive_entry", "zlib"],
    "export": ["archive", "archive_entry"],
    "oauth": ["gnutls"],
    "account": ["ini"],
    "dns": ["ldns"],
    "migration": ["gnutls"],
    "discover": ["expat"],
}
KNOWN = {lib for libs in LIBRARIES.values() for lib in libs}
# What CMake writes: (name, who includes it).
GENERATED = {("texts.h", "pack"), ("commit.h", "cli")}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def folder_of(path):
    return os.path.dirname(re.sub(r"^(src|include/valise)/", "", path))


def read_includes(root):
    """{file: (files of ours that it includes, libraries)}, and what names no file."""
    files, lost = {}, []
    for top in ("src", "include/valise"):
        for at, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                if name.endswith((".c", ".h")):
                    files[os.path.relpath(os.path.join(at, name), root)] = None
    for path in files:
        with open(os.path.join(root, path), encoding="utf-8") as f:
            found = INCLUDE.findall(f.read())
        ours, libs = [], [name.split("/")[0].removesuffix(".h") for kind, name in found if kind == "<"]
        for name in (name for kind, name in found if kind == '"'):
            for there in (os.path.dirname(path) + "/" + name, "src/" + name, "include/" + name):
                if there in files:
                    ours.append(there)
                    break
            else:
                lost += [f"{path}: {name} is no file of ours"] if (name, folder_of(path)) not in GENERATED else []
        files[path] = (ours, libs)
    return files, lost


def reached(files, path):
    """{file: the way to it} of all that the file includes, directly or not."""
    way, todo = {}, [path]
    while todo:
        here = todo.pop()
        for there in files[here][0]:
            if there not in way and there != path:
                way[there] = way.get(here, "") + " -> " + there
                todo.append(there)
    return way


def check(files, path):
    bad, here = [], folder_of(path)
    if here not in ALLOWED:
        return [f"{path}: {here} is no folder of the table"]
    for there, way in reached(files, path).items():
        other = folder_of(there)
        if other != here and other not in ALLOWED[here]:
            bad.append(f"{path}: {here} may not reach {other}: {way[4:]}")
        elif other.split("/")[0] != here.split("/")[0] and there.startswith("src/"):
            bad.append(f"{path}: a private header of another room: {way[4:]}")
    libs = LIBRARIES.get(here, []) + LIBRARIES.get(here.split("/")[0], [])
    bad += [f"{path}: {here} may not include <{lib}>" for lib in files[path][1] if lib in KNOWN and lib not in libs]
    return bad


def main():
    root = os.environ.get("TESTED_SOURCE") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    files, bad = read_includes(root)
    for path in sorted(files):
        bad += check(files, path)
    for line in bad:
        print(line)
    print(f"{len(files)} files, {len(bad)} includes that the table does not allow")
    return 1 if bad or not files else 0


sys.exit(main())
