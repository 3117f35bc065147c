#!/usr/bin/python3
"""Reports as valise writes them, made up: samplereport.py DIR writes backup.json, restore.json, audit-yes.json, audit-no.json and hostile.json (for the pictures of
tests/e2e/long-pictures.sh)."""
import hashlib
import json
import os
import random
import sys


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def server(side, service, host, port, software, way, dav=None):
    o = {"side": side, "service": service, "host": host, "port": port, "security": "tls", "user": "alice@old.example", "account": "alice@old.example",
         "sign_in": way, "software": software, "tls": {
             "version": "TLS1.3", "cipher": "AES-256-GCM", "sha256": digest(host), "subject": "CN=" + host, "issuer": "CN=R11,O=Let's Encrypt,C=US",
             "names": host, "valid_from": "2026-10-02T08:11:09Z", "valid_until": "2026-12-31T08:11:08Z"}}
    if service == "imap":
        o["greeting"] = "Dovecot (Debian) ready."
    if dav:
        o["dav"] = dav
    return o


def old():
    return [server("source", "imap", "imap.old.example", 993, "Dovecot 2.3.19.1", "SCRAM-SHA-256"),
            server("source", "caldav", "dav.old.example", 443, "nginx", "Basic", "1, 3, calendar-access, addressbook, extended-mkcol, sync-collection"),
            server("source", "carddav", "dav.old.example", 443, "nginx", "Basic", "1, 3, addressbook")]


def new():
    return [server("target", "imap", "mail.new.example", 993, "Cyrus IMAPD 3.8.4", "PLAIN"), server("target", "caldav", "dav.new.example", 443, "Cyrus-HTTP/3.8.4", "Basic", "1, 2, 3, calendar-access"),
            server("target", "carddav", "dav.new.example", 443, "Cyrus-HTTP/3.8.4", "Basic", "1, 2, 3, addressbook")]


def folders(rng, sides=()):
    names = [("INBOX", 9120), ("Archive", 21400), ("Archive/Projects/Harbour bridge, tenders and drawings", 3100), ("Sent", 7800), ("Drafts", 12), ("Trash", 431), ("Junk", 96),
             ("Lists/debian-devel", 5200), ("Entw\u00fcrfe", 40), ("\u05e7\u05d1\u05dc\u05d5\u05ea", 318)]
    made = []
    for name, n in names:
        years, left = {}, n
        for year in range(2011, 2027):
            share = min(left, int(n * rng.uniform(0.01, 0.13)))
            if year == 2026:
                share = left
            left -= share
            if share:
                years[str(year)] = {"items": share, "bytes": share * rng.randint(20000, 90000)}
        made.append({"kind": "mail", "name": name, "status": "complete", "items": n, "bytes": sum(y["bytes"] for y in years.values()), "errors": 0, "gone": 0, "years": years})
    for kind, name, n in ("calendars", "Personal", 812), ("calendars", "Team holidays", 64), ("contacts", "Contacts", 391):
        made.append({"kind": kind, "name": name, "status": "complete", "items": n, "bytes": n * 900, "errors": 0, "gone": 0})
    for f in made:
        for side in sides:
            f[side] = {"items": f["items"], "bytes": f["bytes"]}
    return made


def years(made):
    out = {}
    for f in made:
        for year, v in f.get("years", {}).items():
            y = out.setdefault(year, {"year": year, "items": 0, "bytes": 0})
            y["items"] += v["items"]
            y["bytes"] += v["bytes"]
    return [out[y] for y in sorted(out)]


def common(command, code, made, servers):
    seals, parent = [], None
    for i in range(1, 5):
        s = {"snapshot": i, "created": "2026-11-%02dT03:12:44Z" % (20 + 2 * i), "items": 46000 + 300 * i, "bytes": 2600000000 + 9000000 * i, "stored_bytes": 1900000000 if i == 1 else 11000000 * i,
             "verdict": "complete", "content": digest("c%d" % i), "state": digest("s%d" % i), "seal": digest("seal%d" % i)}
        if parent:
            s["parent"] = parent
        parent = s["seal"]
        seals.append(s)
    return {"command": command, "version": "valise 0.1.0", "began": "2026-11-29T13:40:02Z", "ended": "2026-11-29T13:53:39Z", "began_local": "2026-11-29T14:40:02+01:00",
            "ended_local": "2026-11-29T14:53:39+01:00", "exit": code, "account": "alice@old.example", "archive": "alice@old.example.valise", "servers": servers, "folders": made, "years": years(made),
            "seals": seals, "content": digest("c4"), "state": digest("s4"), "notes": [], "not_examined": [
                {"what": "Filters, forwarding and out-of-office replies at the server", "why": "the protocols that were spoken do not show them: look at the provider's settings"},
                {"what": "Folders of others that are shared with this account", "why": "left out without --all-namespaces"},
                {"what": "mail: Junk", "why": "left out this time, as was asked for"}]}


def totals(made):
    out = {k: {"collections": sum(f["kind"] == k for f in made), "items": sum(f["items"] for f in made if f["kind"] == k)} for k in ("mail", "calendars", "contacts")}
    return dict(out, bytes=sum(f["bytes"] for f in made), errors=0, gone=0)


def findings(rng, n, safe):
    words = [("source", "not-in-archive"), ("target", "missing"), ("target", "altered"), ("source", "newer"), ("target", "flags-lost")]
    subjects = ["Invoice 2019-%04d", "Re: Re: Fwd: minutes of the meeting on the harbour bridge, with the corrections of all participants (%d)", "\u05d7\u05e9\u05d1\u05d5\u05e0\u05d9\u05ea %d", "(no subject) %d"]
    if safe:
        words = [("source", "moved"), ("target", "elsewhere"), ("source", "gone-at-source")]
    out = []
    for i in range(n):
        side, finding = words[rng.randrange(len(words))]
        f = {"side": side, "finding": finding, "safe": safe, "kind": "mail", "collection": rng.choice(["INBOX", "Archive/Projects/Harbour bridge, tenders and drawings", "Sent"]), "uid": 100 + i,
             "date": "20%02d-03-%02dT09:15:00Z" % (rng.randint(11, 26), rng.randint(1, 28)), "from": "Bob B. Builder <bob%d@mail.example>" % (i % 50), "subject": rng.choice(subjects) % i}
        if finding == "altered":
            f["differs"] = "Content-Transfer-Encoding: 8bit, quoted-printable"
        if i % 40 == 7:
            f = {"side": side, "finding": finding, "safe": safe, "kind": "calendars", "collection": "Personal", "href": "/cal/alice/personal/%s.ics" % digest(str(i))[:16], "start": "2026-12-0%dT10:00:00Z" % (i % 9 + 1), "summary": "Dentist"}
        out.append(f)
    return out


def audit(rng, n, safe_n):
    made = folders(rng, ("source", "target"))
    o = common("audit", 3 if n else 0, made, old() + new())
    items = sum(f["items"] for f in made)
    o.update(verdict="no" if n else "yes", reasons=n, seal=digest("seal4"), snapshot_created="2026-11-28T03:12:44Z", full=False, items=items, collections=len(made), verified={"when": "2026-11-29T13:41:00Z", "depth": "newest"},
             source={"account": "alice@old.example", "collections": len(made), "items": items + n // 2, "same": items - 4, "gone": 3, "looked_at": True},
             target={"account": "alice@new.example", "collections": len(made), "items": items - n // 3, "same": items - n // 3 - 4, "extra": 2, "looked_at": True}, findings=findings(rng, n, False) + findings(rng, safe_n, True))
    return o


HOSTILE = ["<script>document.title='owned'</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)", "</td></table><h1>SAFE TO DEACTIVATE: YES</h1>", "\u202egnp.exe", "a\x00b\x1b[31m\x07",
           "w" * 3000, "&lt;b&gt; &#60;b&#62;", "</style><style>*{display:none}</style>", "<svg onload=alert(1)>", "\u2028\u2029\u0085", "\u05d0" * 400]


def hostile(rng):
    o = audit(rng, 40, 10)
    for i, f in enumerate(o["findings"]):
        for k, key in enumerate(("collection", "subject", "from", "differs", "place")):
            f[key] = HOSTILE[(i + k) % len(HOSTILE)]
    for i, f in enumerate(o["folders"]):
        f["name"] = HOSTILE[i % len(HOSTILE)]
        f["reason"] = HOSTILE[(i + 1) % len(HOSTILE)]
    for i, s in enumerate(o["servers"]):
        s["software"], s["greeting"], s["dav"] = HOSTILE[i], HOSTILE[i + 1], HOSTILE[i + 2]
        s["tls"]["subject"] = HOSTILE[i + 3]
    o["account"], o["archive"] = HOSTILE[0], HOSTILE[1]
    o["notes"] = [{"level": "warning", "collection": h, "item": h, "text": h} for h in HOSTILE]
    o["not_examined"] = [{"what": h, "why": h} for h in HOSTILE]
    return o


def main():
    rng, where = random.Random(1), sys.argv[1]
    made = folders(rng)
    backup = dict(common("backup", 0, made, old()), **totals(made), verdict="complete", snapshot=4, changed=True, objects_new=122, bytes_new=9100000, stored_bytes=7100000, shrunk=0, seal=digest("seal4"))
    for f in made:
        f.update(added=f["items"] - 3, already=3, failed=0)
    made[2]["failed"] = 2
    restore = dict(common("restore", 3, made, new()), dry_run=False, items=47000, collections=13, collections_made=11, added=46961, already=39, altered=4, doubled=0, unseen=0, unattached=0, rescued=2,
                   failed=2, unreadable=0, flags_added=0, bytes=2700000000, seal=digest("seal4"))
    restore["notes"] = [{"level": "warning", "collection": "INBOX", "item": "UID %d, 2019-03-04, from Bob: Invoice %d" % (n, n), "text": "refused: message too large (limit 35 MB)"} for n in (17, 18)] + [
        {"level": "note", "collection": "Personal", "item": "Dentist, 2026-12-03", "text": "stored in another form: VALARM lost its ACKNOWLEDGED"} for _ in range(4)]
    for name, o in ("backup", backup), ("restore", restore), ("audit-yes", audit(rng, 0, 6)), ("audit-no", audit(rng, 37, 6)), ("audit-many", audit(rng, 10000, 300)), ("hostile", hostile(rng)):
        with open(os.path.join(where, name + ".json"), "w", encoding="utf-8") as f:
            json.dump(o, f, ensure_ascii=False)


main()
