#!/usr/bin/python3
"""h2log.py access FILE PORT | trace FILE : what HTTP was spoken, from the log of tests/servers/nginx.sh (of one of its ports) or from --trace.

Prints versions, requests, connections, the most requests of one connection, the most in flight together on one connection (a trace does
not tell connections: in all), and how many URLs were PUT more than once (with another outcome than 401)."""
import collections
import re
import sys


def most_at_once(spans):
    """The most of (start, end) that overlap."""
    now = most = 0
    for _, step in sorted([(a, 1) for a, b in spans] + [(b, -1) for a, b in spans]):
        now += step
        most = max(most, now)
    return most


def show(versions, connections, puts):
    sizes = [len(c) for c in connections]
    twice = sum(n > 1 for n in puts.values())
    print(*sorted(versions), sum(sizes), len(sizes), max(sizes), max(most_at_once(c) for c in connections), twice)


def access(path, port):
    versions, connections, puts = set(), collections.defaultdict(list), collections.Counter()
    with open(path) as f:
        for line in f:
            at, version, connection, _, method, status, end, seconds, uri = line.split(None, 8)
            if at != port:
                continue
            versions.add(version)
            connections[connection].append((float(end) - float(seconds), float(end)))
            puts[uri] += method == "PUT" and status != "401"
    show(versions, list(connections.values()), puts)


def trace(path):
    versions, open_at, spans, puts = set(), {}, [], collections.Counter()
    with open(path, errors="replace") as f:
        for n, line in enumerate(f):
            asked = re.match(r"(#\d+) C: ([A-Z]+) (\S+) (HTTP/\S+)$", line)
            said = re.match(r"(#\d+) S: (HTTP/\S+) (\d\d\d)", line)
            if asked:
                open_at[asked[1]] = (n, asked[2], asked[3])
                versions.add(asked[4])
            elif said and said[3][0] != "1" and said[1] in open_at:
                start, method, uri = open_at.pop(said[1])
                spans.append((start, n))
                versions.add(said[2])
                puts[uri] += method == "PUT" and said[3] != "401"
    show({v.replace("HTTP/2.0", "HTTP/2") for v in versions}, [spans], puts)


if __name__ == "__main__":
    {"access": access, "trace": trace}[sys.argv[1]](*sys.argv[2:])
