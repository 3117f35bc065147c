#!/usr/bin/python3
"""exactdav.py --env FILE --user NAME --valise PROGRAM [--lines] ARCHIVE : does the archive hold the very octets that a GET gives?

Every resource that the archive lists is asked for with the standard library's HTTP client and the Accept header that valise names, and its SHA-256 is
held against the archive's. --lines: after the line ends of the answer were made CRLF, for an archive that was made
without --exact. Exit code 1 when one differs, or when there is none."""
import argparse
import hashlib
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from comparedav import Server, read_env  # noqa: E402

ACCEPT = {"calendars": ["text/calendar"], "contacts": ["text/vcard; version=4.0, text/vcard", "text/vcard; version=3.0, text/vcard", "text/vcard"]}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--env", required=True)
    p.add_argument("--user", required=True)
    p.add_argument("--valise", required=True)
    p.add_argument("--lines", action="store_true")
    p.add_argument("archive")
    o = p.parse_args()
    port, user, _ = read_env(o.env, o.user)
    server = Server(port, user)
    out = subprocess.run([o.valise, "list", o.archive, "--items", "--json"], stdout=subprocess.PIPE, check=True).stdout
    items = [json.loads(line) for line in out.splitlines()]
    bad = 0
    for item in items:
        hashes = []
        for accept in ACCEPT[item["kind"]]:
            status, body = server.call("GET", item["href"], headers={"Accept": accept})
            if o.lines:
                body = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            hashes.append(hashlib.sha256(body).hexdigest() if status == 200 else "status %d" % status)
        if item.get("sha256") not in hashes:
            bad += 1
            print(item["collection"], item["href"], item.get("sha256"), hashes)
    print("%d resources, %d differ" % (len(items), bad))
    sys.exit(1 if bad or not items else 0)


if __name__ == "__main__":
    main()
