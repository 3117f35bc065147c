#!/usr/bin/python3
"""outlook_damage.py DUMP COPIES SEED FILE...: copies of Outlook's files with octets that were changed at random, read by outlook_dump.

Each run must end by itself, without an error, and each item that is not there any more must be named, or its folder or the file."""
import collections
import json
import os
import random
import subprocess
import sys
import tempfile
import time

WORST = 60


def spoil(data, rng):
    """Another octet here and there, a run of zeros or noise, or an end too early."""
    out = bytearray(data)
    how = rng.choice(["octets", "octets", "bits", "zeros", "noise", "head", "cut"])
    if how == "cut":
        del out[rng.randrange(len(out) // 4, len(out)):]
    elif how in ("zeros", "noise"):
        n = rng.choice([64, 512, 4096])
        at = rng.randrange(max(1, len(out) - n))
        out[at:at + n] = bytes(n) if how == "zeros" else rng.randbytes(n)
    else:
        end = 0x400 if how == "head" else len(out)
        for _ in range(rng.choice([1, 4, 64, 1024]) if how != "head" else 2):
            at = rng.randrange(min(end, len(out)))
            out[at] = out[at] ^ (1 << rng.randrange(8)) if how == "bits" else rng.randrange(256)
    return how, bytes(out)


def dump(tool, path):
    began = time.monotonic()
    r = subprocess.run([tool, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=WORST * 10)
    items, lost = [], []
    for line in r.stdout.splitlines():
        o = json.loads(line)
        if "lost" in o:
            lost.append(o)
        elif "fx_sha256" in o:
            items.append(o)
    return r, items, lost, time.monotonic() - began


def main():
    tool, copies, seed, files = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    seen = collections.Counter()
    bad = 0
    whole = {f: dump(tool, f)[1] for f in files}
    blobs = {f: open(f, "rb").read() for f in files}
    longest = 0
    with tempfile.TemporaryDirectory() as d:
        for n in range(copies):
            f = files[n % len(files)]
            how, data = spoil(blobs[f], random.Random(seed + n))
            path = os.path.join(d, "x" + os.path.splitext(f)[1])
            with open(path, "wb") as out:
                out.write(data)
            r, items, lost, seconds = dump(tool, path)
            longest = max(longest, seconds)
            had = len(whole[f])
            wrong = None
            if r.returncode not in (0,) and b"not one of Outlook" not in r.stderr:
                wrong = f"status {r.returncode}: {r.stderr[-300:]!r}"
            elif len(items) < had and not lost and r.returncode == 0:
                wrong = f"{had - len(items)} of {had} items are gone, and nothing is said"
            elif r.returncode == 0 and not lost:
                a, b = (collections.Counter(i["fx_sha256"] for i in x) for x in (whole[f], items))
                if a - b:
                    seen["altered, and nothing is said"] += 1
                    if not path.endswith(".msg"):
                        wrong = "it gives something else, and nothing is said"
            for x in lost:
                if "died" in x["lost"] or "nothing came" in x["lost"] or "ended" in x["lost"]:
                    seen["process: " + x["lost"][:70]] += 1
                if "makes no sense" in x["lost"]:
                    seen["nonsense"] += 1
            seen["not an Outlook file" if r.returncode else "all there" if not lost and len(items) == had else "lost named"] += 1
            if wrong:
                bad += 1
                print(f"copy {n} of {os.path.basename(f)} ({how}, seed {seed + n}): {wrong}")
    for k, v in sorted(seen.items()):
        print(v, k)
    print(f"{copies} copies, {bad} wrong, the longest took {longest:.1f} s")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
