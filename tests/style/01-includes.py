#!/usr/bin/python3
"""Each room includes only the rooms that the table allows (docs/ARCHITECTURE.md, "Rooms")."""
import os
import re
import sys

ALLOWED = {
    "base": [],
    "format": ["base"],
    "net": ["format", "base"],
    "proto": ["net", "format", "base"],
    "tree": ["format", "base"],
    "pack": ["tree", "base"],
    "source": ["proto", "tree", "format", "base"],
    "target": ["proto", "tree", "format", "base"],
    "audit": ["tree", "format", "base"],
    "account": ["net", "format", "base"],
    "cli": ["base", "format", "net", "proto", "tree", "pack", "source", "target", "audit", "account"],
}
# Which libraries a room may include, by the first path component or the header's name.
LIBRARIES = {
    "base": ["jansson", "nettle"],
    "format": ["libical"],
    "net": ["gnutls", "nettle", "libetpan", "zlib", "curl"],
    "proto": ["gnutls", "nettle", "libetpan", "expat"],
    "tree": ["zlib"],
    "pack": ["archive", "archive_entry", "libdeflate", "zlib"],
    "source": [], "target": [], "audit": [],
    "account": ["ini"],
    "cli": [],
}
KNOWN = {lib for libs in LIBRARIES.values() for lib in libs}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def check(root, room, path):
    bad = []
    with open(path, encoding="utf-8") as f:
        text = f.read()
    where = os.path.relpath(path, root)
    for kind, name in INCLUDE.findall(text):
        if name.startswith("valise/"):
            other = name.split("/")[1]
            if other != room and other not in ALLOWED[room]:
                bad.append(f"{where}: room {room} may not include {name}")
        elif kind == '"':
            if "/" in name:
                bad.append(f"{where}: private headers are included by name alone: {name}")
        else:
            lib = name.split("/")[0].removesuffix(".h")
            if lib in KNOWN and lib not in LIBRARIES[room]:
                bad.append(f"{where}: room {room} may not include <{name}>")
    return bad


def main():
    root = os.environ.get("VALISE_SOURCE") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    bad, seen = [], 0
    for top in ("src", "include/valise"):
        for room in sorted(os.listdir(os.path.join(root, top))):
            for folder, _, files in os.walk(os.path.join(root, top, room)):
                for name in sorted(files):
                    if not name.endswith((".c", ".h")):
                        continue
                    if room not in ALLOWED:
                        bad.append(f"{top}/{room}: not a room of the table")
                        continue
                    seen += 1
                    bad += check(root, room, os.path.join(folder, name))
    for line in bad:
        print(line)
    print(f"{seen} files, {len(bad)} includes that the table does not allow")
    return 1 if bad or not seen else 0


sys.exit(main())
