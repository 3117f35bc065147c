#!/usr/bin/python3
"""Are two calendar and address book accounts the same, by what they mean?

comparedav.py --env-a FILE --user-a NAME (--env-b FILE --user-b NAME [--report FILE.json])...

Reads both over HTTP with nothing but the standard library: collections (by display name), their properties, and
every resource by GET. Resources are paired by UID and compared property by property, apart from what servers may
write again without a loss: folding, line ends, order, case of names, split lists, PRODID, DTSTAMP, CREATED,
LAST-MODIFIED, REV, CLASS:PUBLIC (the default), VTIMEZONEs of names that every system has. Each difference is a line; exit code 1 when there is one.
With --report (of a restore from A to B) differences that the report names are shown but do not count: an item's by
UID and property, a collection's by property; and what it calls altered must be found different, by GET or by multiget
(Cyrus gives CATEGORIES with other blanks by each). Several second accounts are each held against the first, which is read once.
"""
import argparse
import base64
import collections
import http.client
import json
import re
import sys
import urllib.parse
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

D, C, R, A = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}", "{urn:ietf:params:xml:ns:carddav}", "{http://apple.com/ns/ical/}"
PROPS = {D + "displayname": "displayname", A + "calendar-color": "calendar-color", A + "calendar-order": "calendar-order",
         C + "calendar-description": "calendar-description", C + "schedule-calendar-transp": "schedule-calendar-transp",
         C + "supported-calendar-component-set": "supported-calendar-component-set", R + "addressbook-description": "addressbook-description"}
VOLATILE = {"PRODID", "DTSTAMP", "LAST-MODIFIED", "REV", "CREATED", "METHOD", "CALSCALE", "X-RADICALE-NAME"}
LISTS = {"CATEGORIES", "RESOURCES", "EXDATE", "RDATE", "NICKNAME"}
TEXTS = {"SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "CONTACT", "NOTE", "FN", "TITLE", "CATEGORIES", "RESOURCES", "NICKNAME", "N", "ORG", "ADR", "UID"}
DEFAULTS = {("TRIGGER", "DURATION"), ("ATTACH", "URI"), ("DTSTART", "DATE-TIME"), ("DTEND", "DATE-TIME"), ("DUE", "DATE-TIME"),
            ("EXDATE", "DATE-TIME"), ("RDATE", "DATE-TIME"), ("RECURRENCE-ID", "DATE-TIME"), ("URL", "URI")}

# ---- content ------------------------------------------------------------------------------------


def split(text, at):
    """Cut at characters that are not escaped by a backslash."""
    out, cur, i = [], "", 0
    while i < len(text):
        if text[i] == "\\" and i + 1 < len(text):
            cur += text[i:i + 2]
            i += 2
            continue
        if text[i] == at:
            out.append(cur)
            cur = ""
        else:
            cur += text[i]
        i += 1
    return out + [cur]


def unescape(text):
    return re.sub(r"\\(.)", lambda m: "\n" if m.group(1) in "nN" else m.group(1), text, flags=re.S)


def parse_line(line):
    """name, sorted parameters, raw value"""
    quoted, at = False, len(line)
    for i, ch in enumerate(line):
        if ch == '"':
            quoted = not quoted
        elif ch == ":" and not quoted:
            at = i
            break
    head, value = line[:at], line[at + 1:]
    parts, cur, quoted = [], "", False
    for ch in head:
        quoted ^= ch == '"'
        if ch == ";" and not quoted:
            parts.append(cur)
            cur = ""
        else:
            cur += ch
    parts.append(cur)
    name, params = parts[0].upper(), []
    for p in parts[1:]:
        k, eq, v = p.partition("=")
        if not eq:
            k, v = "TYPE", p
        k = k.upper()
        for one in (v.split(",") if k == "TYPE" else [v]):
            params.append((k, one.strip('"').upper() if k in ("TYPE", "VALUE", "ENCODING", "PARTSTAT", "ROLE") else one.strip('"')))
    return name, params, value


def duration(text):
    """Days and seconds of a duration: P0D is PT0S, but a day is not always 24 hours."""
    m = re.fullmatch(r"([-+]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", text.strip().upper())
    if not m or not any(m.groups()[1:]):
        return text
    w, d, h, mi, s = (int(x or 0) for x in m.groups()[1:])
    sign = -1 if m.group(1) == "-" else 1
    return "%d days %d seconds" % (sign * (7 * w + d), sign * (3600 * h + 60 * mi + s))


def plain(name, params, value):
    """One property as something that can be compared."""
    bare = name.rpartition(".")[2]
    params = sorted((k, v) for k, v in params if k != "SCHEDULE-STATUS" and not (k == "VALUE" and (bare, v) in DEFAULTS))
    if bare == "RRULE":
        value = ";".join(sorted(p for p in value.upper().split(";") if p not in ("INTERVAL=1", "WKST=MO")))
    elif bare in ("DURATION", "TRIGGER"):
        value = duration(value)
    elif bare == "GEO":
        try:
            value = ";".join(repr(float(x)) for x in value.split(";"))
        except ValueError:
            pass
    elif bare in ("N", "ADR", "ORG"):
        value = "\x1f".join(unescape(x) for x in split(value, ";"))
        if bare == "N":
            value = value.rstrip("\x1f")
    elif bare in TEXTS or bare.startswith("X-"): # Cyrus escapes the commas of X- properties in a GET and not in a multiget
        value = unescape(value)
    else:
        value = value.replace("\\:", ":") # as vCard 3.0 writers escape URLs
    return bare, tuple(params), value


def properties(body, blanks=False):
    """A multiset of (component path, property, parameters, value). blanks: those around the elements of a list count."""
    text = body.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"\n[ \t]", "", text)
    root = ["", collections.Counter()]
    stack = [root]
    for line in text.split("\n"):
        if not line.strip():
            continue
        name, params, value = parse_line(line)
        if name == "BEGIN":
            stack.append([value.strip().upper(), collections.Counter()])
        elif name == "END" and len(stack) > 1:
            comp, inside = stack.pop()
            if comp in ("VCALENDAR", "VCARD"):
                stack[-1][1].update(inside)
                continue
            tzid = [k[2] for k in inside if k[0] == "TZID"]
            if comp == "VTIMEZONE" and tzid and "/" in tzid[0]:
                continue
            stack[-1][1][(comp, (), tuple(sorted(inside.items())))] += 1
        elif name not in VOLATILE and (name, value.upper()) != ("CLASS", "PUBLIC"):
            if name.rpartition(".")[2] in LISTS:
                for one in split(value, ","):
                    # Cyrus serves "one, two" by multiget and "one", "two" by GET
                    stack[-1][1][plain(name, params, one if blanks else one.strip())] += 1
            else:
                stack[-1][1][plain(name, params, value)] += 1
    return root[1]


def names(a, b, into=""):
    """The names of the properties in which two multisets differ; inside components of the same kind, too."""
    out = set()
    gone, new = a - b, b - a
    for x, y in ((gone, new), (new, gone)):
        for key in x:
            if not isinstance(key[2], tuple):
                out.add(key[0])
                continue
            mates = [k for k in y if k[0] == key[0] and isinstance(k[2], tuple)]
            if key[0] not in ("VEVENT", "VTODO", "VJOURNAL") or not mates:
                out.add(key[0])
                continue
            best = min(mates, key=lambda m: sum(((collections.Counter(dict(m[2])) - collections.Counter(dict(key[2])))
                                                 + (collections.Counter(dict(key[2])) - collections.Counter(dict(m[2])))).values()))
            out |= names(collections.Counter(dict(key[2])), collections.Counter(dict(best[2])))
    return out


def uid_of(body):
    text = re.sub(rb"\r?\n[ \t]", b"", body)
    m = re.search(rb"(?im)^UID(?:;[^:\r\n]*)?:([^\r\n]*)", re.sub(rb"(?is)BEGIN:VTIMEZONE.*?END:VTIMEZONE", b"", text))
    return m.group(1).decode("utf-8", "replace").strip() if m else ""


# ---- accounts -----------------------------------------------------------------------------------


class Server:
    def __init__(self, port, user):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.auth = "Basic " + base64.b64encode(("%s:pw-%s" % (user, user)).encode()).decode()

    def call(self, method, path, body=None, headers=()):
        try:
            return self.once(method, path, body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):  # SOGo ends connections without a word
            self.http.close()
            return self.once(method, path, body, headers)

    def once(self, method, path, body, headers):
        # SOGo shows a client without a name only one address book
        self.http.request(method, path, body, dict(headers, Authorization=self.auth, **{"User-Agent": "comparedav"}))
        r = self.http.getresponse()
        return r.status, r.read()

    def propfind(self, path, depth, props):
        body = '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop>%s</D:prop></D:propfind>' % "".join(
            '<x:%s xmlns:x="%s"/>' % (p[p.index("}") + 1:], p[1:p.index("}")]) for p in props)
        status, text = self.call("PROPFIND", path, body.encode(), {"Depth": str(depth), "Content-Type": "application/xml; charset=utf-8"})
        if status != 207:
            sys.exit("PROPFIND %s: %d" % (path, status))
        for r in ET.fromstring(text).iter(D + "response"):
            href = urllib.parse.urlsplit(r.findtext(D + "href").strip()).path
            found = {}
            for ps in r.iter(D + "propstat"):
                if " 200" in (ps.findtext(D + "status") or " 200"):
                    for e in ps.find(D + "prop"):
                        found[e.tag] = e
            yield href, found


    def multiget(self, kind, path, hrefs):
        """The bodies as a REPORT gives them."""
        ns, what, data = (C, "calendar", "calendar-data") if kind == "calendar" else (R, "addressbook", "address-data")
        body = '<?xml version="1.0"?><x:%s-multiget xmlns:D="DAV:" xmlns:x="%s"><D:prop><D:getetag/><x:%s/></D:prop>%s</x:%s-multiget>' % (
            what, ns[1:-1], data, "".join("<D:href>%s</D:href>" % h.replace("&", "&amp;") for h in hrefs), what)
        status, text = self.call("REPORT", path, body.encode(), {"Depth": "1", "Content-Type": "application/xml; charset=utf-8"})
        if status != 207:
            sys.exit("REPORT %s: %d" % (path, status))
        return [e.text.encode() for e in ET.fromstring(text).iter(ns + data) if e.text]


def prop_value(name, e):
    if name == C + "supported-calendar-component-set":
        return " ".join(sorted(x.get("name", "") for x in e.iter(C + "comp")))
    if name == C + "schedule-calendar-transp":
        return "transparent" if e.find(C + "transparent") is not None else ""
    text = (e.text or "").strip()
    if name == A + "calendar-color":
        text = text.upper()
        return text[:7] if len(text) == 9 and text.endswith("FF") else text
    return text


def same(path, other):
    return urllib.parse.unquote(path).rstrip("/") == urllib.parse.unquote(other).rstrip("/")


def read_account(port, user, homes):
    """{(kind, display name): (properties, {UID: [[the forms in which a resource is served, bytes]]}, {UID: [bytes by multiget]})}"""
    s, out = Server(port, user), {}
    for kind, home, tag in (("calendar", homes[0], C + "calendar"), ("address book", homes[1], R + "addressbook")):
        colls = [(h, f) for h, f in s.propfind(home, 1, [D + "resourcetype"] + list(PROPS)) if f.get(D + "resourcetype") is not None
                 and f[D + "resourcetype"].find(tag) is not None]
        for href, found in colls:
            props = {PROPS[n]: prop_value(n, e) for n, e in found.items() if n in PROPS and (kind == "calendar" or n.startswith((D, R)))}
            name = props.get("displayname") or urllib.parse.unquote(href.rstrip("/").rpartition("/")[2])
            items, listed, hrefs = collections.defaultdict(list), collections.defaultdict(list), []
            for path, f in s.propfind(href, 1, [D + "getetag", D + "resourcetype"]):
                if same(path, href) or f.get(D + "resourcetype") is not None and f[D + "resourcetype"].find(D + "collection") is not None:
                    continue
                status, body = s.call("GET", path) # no Accept: as it is stored
                if status != 200:
                    sys.exit("GET %s: %d" % (path, status))
                forms = [body]
                if kind == "address book": # servers turn cards into another version for whoever does not ask for that which is stored
                    status, other = s.call("GET", path, headers={"Accept": "text/vcard; version=4.0, text/vcard;q=0.9, */*;q=0.1"})
                    if status == 200 and other != body:
                        forms.append(other)
                items[uid_of(body)].append(forms)
                hrefs.append(path)
            for body in s.multiget(kind, href, hrefs) if hrefs else []:
                listed[uid_of(body)].append(body)
            if (kind, name) in out:
                sys.exit("two collections are called %s" % name)
            out[kind, name] = (props, items, listed)
    return out


def least(mine, other):
    return min((names(x, y) for x in mine for y in other), key=len)


def differences(a, b):
    """(collection, UID or None, names of what differs, text)"""
    b = dict(b)
    for key in sorted(a):
        twice = key[0], escape(key[1])
        if key not in b and twice in b:  # DAViCal: the properties tell that the name is another
            b[key] = b.pop(twice)
        if key not in b:
            yield key[1], None, {"collection"}, "the %s is missing" % key[0]
            continue
        (pa, ia, _), (pb, ib, _) = a[key], b[key]
        for p in sorted(pa):
            if pa[p] and pa[p] != pb.get(p, ""):
                yield key[1], None, {p}, "%s %r became %r" % (p, pa[p], pb.get(p))
        for uid in sorted(ia):
            left = [[properties(f) for f in x] for x in ib.get(uid, [])]
            for forms in ia[uid]:
                mine = [properties(f) for f in forms]
                if not left:
                    yield key[1], uid, {"resource"}, "is missing"
                    continue
                best = min(left, key=lambda o: len(least(mine, o)))
                left.remove(best)
                differ = least(mine, best)
                if differ:
                    yield key[1], uid, differ, "differs in " + " ".join(sorted(differ))
            for _ in left:
                yield key[1], uid, {"resource"}, "is there more often"
        for uid in sorted(set(ib) - set(ia)):
            yield key[1], uid, {"resource"}, "is only in the second"
    for key in sorted(set(b) - set(a)):
        if b[key][1]:
            yield key[1], None, {"collection"}, "the %s is only in the second" % key[0]


def named(report, coll, uid, what):
    """Does the report of the restore say so?"""
    for n in report:
        if n.get("collection") != coll:
            continue
        text, item = n.get("text", ""), n.get("item")
        if uid is None:
            if item is None and what <= set(re.findall(r"[\w-]+", text)):
                return True
            continue
        if not item or ("UID %s" % uid) not in item:
            continue
        said = set(re.findall(r"[A-Z][A-Z0-9-]*", text))
        if "not restored" in text or what <= said or (what == {"resource"} and "not restored" in text):
            return True
    return False


def all_forms(account, coll, item):
    """Every form of the resources that the report means, as properties to the last blank."""
    out = []
    for key, (_, items, listed) in account.items():
        for uid in items if key[1] == coll else ():
            if (", UID %s," % uid) in item + ",":
                out += [properties(f, blanks=True) for forms in items[uid] + [listed.get(uid, [])] for f in forms]
    return out


def unfounded(a, b, report):
    """What the report calls altered although it is the same in every form."""
    for n in report:
        if n.get("item") and re.match("the server (altered|dropped|changed|added) ", n["text"]):
            mine, other = (all_forms(x, n["collection"], n["item"]) for x in (a, b))
            if not any(names(x, y) for x in mine for y in other):
                yield "%s, %s: %s" % (n["collection"], n["item"], n["text"])


def read_env(path, user):
    with open(path) as f:
        env = dict(line.rstrip("\n").split("=", 1) for line in f if "=" in line)
    return int(env["HTTP_PORT"]), user, [env[k].replace("/alice/", "/%s/" % user) for k in ("CALDAV_HOME1", "CARDDAV_HOME1")]


def compare(a, b, report):
    """Print what differs; how much of it the report does not name, or names without cause."""
    total, unnamed, wrong = 0, 0, list(unfounded(a, b, report))
    for coll, uid, what, text in differences(a, b):
        ok = named(report, coll, uid, what)
        total += 1
        unnamed += not ok
        print("%s%s%s: %s" % ("(named) " if ok else "", coll, ", UID %s" % uid if uid is not None else "", text))
    for text in wrong:
        print("reported, but the same: " + text)
    print("%d collections, %d resources: %d differences, %d of them not named, %d reported that are none" % (
        len(a), sum(len(x) for c in a.values() for x in c[1].values()), total, unnamed, len(wrong)))
    return unnamed + len(wrong)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--env-a", required=True)
    p.add_argument("--user-a", required=True)
    p.add_argument("--env-b", required=True, action="append")
    p.add_argument("--user-b", required=True, action="append")
    p.add_argument("--report", action="append")
    o = p.parse_args()
    if len(o.env_b) != len(o.user_b) or o.report and len(o.report) != len(o.env_b):
        p.error("each second account wants its --env-b and --user-b, and --report all of them or none")
    a = read_account(*read_env(o.env_a, o.user_a))
    bad = 0
    for i, (env, user) in enumerate(zip(o.env_b, o.user_b)):
        report = []
        if o.report:
            with open(o.report[i]) as f:
                report = json.load(f)["notes"]
        bad += compare(a, read_account(*read_env(env, user)), report)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
