#!/usr/bin/python3
"""The comparer finds each of 12 planted differences, and none in what is only written differently. Against two accounts that
a small DAV server of this file serves."""
import copy
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import gendav  # noqa: E402


class Account:
    """path -> (properties as XML, {name: bytes}); served read-only."""

    def __init__(self):
        self.colls = {}
        for segment, name, comps, color, order, note, transparent in gendav.CALENDARS:
            props = ["<D:displayname>%s</D:displayname>" % gendav.xml(name), "<A:calendar-color>%s</A:calendar-color>" % color,
                     "<A:calendar-order>%d</A:calendar-order>" % order, "<C:calendar-description>%s</C:calendar-description>" % gendav.xml(note),
                     "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"]
            if transparent:
                props.append("<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>")
            self.colls["/cal/" + segment + "/"] = [props, {}]
        for segment, name, note in gendav.BOOKS:
            self.colls["/card/" + segment + "/"] = [["<D:displayname>%s</D:displayname>" % gendav.xml(name),
                                                     "<D:resourcetype><D:collection/><R:addressbook/></D:resourcetype>"], {}]
        for kind, segment, name, body in gendav.account(150, 0, 0):
            self.colls["/%s/%s/" % (kind, segment)][1][name] = body

    def find(self, text):
        """The place of the first resource that has the text."""
        for c in self.colls.values():
            for name in c[1]:
                if text in c[1][name]:
                    return c[1], name
        raise KeyError(text)

    def edit(self, old, new):
        where, name = self.find(old)
        where[name] = where[name].replace(old, new, 1)


def handler(account):
    class H(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, *a):
            pass

        def send(self, status, body):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            path, _, name = urllib.parse.unquote(self.path).rpartition("/")
            body = account.colls[path + "/"][1].get(name)
            self.send(200 if body is not None else 404, body or b"")

        def do_REPORT(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            text = '<D:multistatus %s>' % gendav.NS + "".join("<C:calendar-data>%s</C:calendar-data>" % gendav.xml(x.decode()) for x in account.colls[self.path][1].values())
            self.send(207, (text + "</D:multistatus>").encode())

        def do_PROPFIND(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            out = []
            for path, (props, items) in account.colls.items():
                if path.startswith(self.path):
                    out.append((path, "".join(props)))
                if path == self.path:
                    out += [(path + urllib.parse.quote(n), "<D:getetag>x</D:getetag><D:resourcetype/>") for n in items]
            text = '<D:multistatus %s>' % gendav.NS + "".join(
                "<D:response><D:href>%s</D:href><D:propstat><D:prop>%s</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>" % x for x in out) + "</D:multistatus>"
            self.send(207, text.encode())

    return H


def serve(account, folder, name):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(account))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    env = os.path.join(folder, name)
    with open(env, "w") as f:
        f.write("HTTP_PORT=%d\nCALDAV_HOME1=/cal/\nCARDDAV_HOME1=/card/\n" % server.server_address[1])
    return env


def compare(folder, a, b, report=None):
    args = [sys.executable, os.path.join(HERE, "comparedav.py"), "--env-a", serve(a, folder, "a"), "--user-a", "x", "--env-b", serve(b, folder, "b"), "--user-b", "x"]
    if report is not None:
        with open(os.path.join(folder, "report"), "w") as f:
            json.dump({"notes": report}, f)
        args += ["--report", f.name]
    r = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return r.returncode, r.stdout


def rewritten(body):
    """The same by meaning: LF, other folds, another order of properties, other case, volatile properties."""
    text = body.decode().replace("\r\n ", "").replace("\r\n", "\n")
    text = re.sub(r"(?m)^CATEGORIES:one\\, two,three(.*)$", r"CATEGORIES:three\1\nCATEGORIES:one\\, two", text)
    text = text.replace("PRODID:-//gendav//EN", "prodid:-//other//EN").replace("DTSTAMP:20260101T000000Z", "DTSTAMP:20270101T000000Z\nLAST-MODIFIED:20270101T000000Z")
    text = text.replace("RRULE:FREQ=WEEKLY;COUNT=10;BYDAY=MO", "RRULE:BYDAY=MO;INTERVAL=1;FREQ=WEEKLY;COUNT=10").replace("EMAIL;TYPE=INTERNET,HOME:", "email;type=home;type=internet:")
    text = re.sub(r"(SUMMARY:[^\n]*\n)(.*?)(LOCATION:[^\n]*\n)", r"\3\2\1", text, flags=re.S)
    return text.encode()


def planted():
    """(what, edit of an account, what the comparer has to say)"""
    def resource_gone(a):
        where, name = a.find(b"BEGIN:VJOURNAL")
        del where[name]

    def resource_more(a):
        a.colls["/cal/empty/"][1]["new.ics"] = a.colls["/cal/work/"][1]["plain-0.ics"].replace(b"UID:uid-0", b"UID:other")

    def uid_changed(a):
        a.edit(b"UID:with/slash/2", b"UID:with/slash/9999")

    yield "a resource is missing", resource_gone, "is missing"
    yield "a resource too many", resource_more, "only in the second"
    yield "another UID", uid_changed, "is missing"
    yield "SUMMARY", lambda a: a.edit(b"SUMMARY:Task 6", b"SUMMARY:Task 8"), "SUMMARY"
    yield "an override's start", lambda a: a.edit(b":20260112T110000", b":20260112T113000"), "DTSTART"
    yield "an exception is lost", lambda a: a.edit(b",20260202T080000", b""), "EXDATE"
    yield "the zone of a start", lambda a: a.edit(b"DTSTART;TZID=Europe/Berlin:20260105", b"DTSTART;TZID=Europe/Paris:20260105"), "DTSTART"
    yield "an alarm's trigger", lambda a: a.edit(b"TRIGGER:-PT15M", b"TRIGGER:-PT25M"), "VALARM|TRIGGER"
    yield "an escaped comma cut in two", lambda a: a.edit(b"CATEGORIES:one\\, two", b"CATEGORIES:one,two"), "CATEGORIES"
    yield "a photo's octet", lambda a: a.edit(b"PHOTO;ENCODING=b;TYPE=PNG:iVBOR", b"PHOTO;ENCODING=b;TYPE=PNG:iVBOS"), "PHOTO"
    yield "a member of a group", lambda a: a.edit(b"urn:uuid:dangling", b"urn:uuid:tangling"), "MEMBER"

    def color(a):
        props = a.colls["/cal/tasks/"][0]
        props[:] = [p.replace("#63DA38", "#63DA39") for p in props]

    yield "a calendar's colour", color, "calendar-color"


def main():
    base = Account()
    with tempfile.TemporaryDirectory() as folder:
        rc, out = compare(folder, base, copy.deepcopy(base))
        assert rc == 0, out
        other = copy.deepcopy(base)
        for c in other.colls.values():
            for name in c[1]:
                c[1][name] = rewritten(c[1][name])
        rc, out = compare(folder, base, other)
        assert rc == 0, "what is only written differently: " + out
        n = 0
        for what, edit, says in planted():
            other = copy.deepcopy(base)
            edit(other)
            rc, out = compare(folder, base, other)
            assert rc == 1 and re.search(says, out), "%s: not found: %s" % (what, out)
            n += 1
        assert n == 12
        other = copy.deepcopy(base)
        other.edit(b"TRIGGER:-PT15M", b"TRIGGER:-PT25M")
        uid = re.search("UID (.*?):", compare(folder, base, other)[1])[1]
        note = {"level": "note", "collection": "Work & <Play>", "item": "x.ics, UID %s, 2026" % uid, "text": "the server changed the reminder (VALARM)"}
        rc, out = compare(folder, base, other, [note])
        assert rc == 0, "it is named: " + out
        rc, out = compare(folder, base, other, [dict(note, text="the server changed the title (SUMMARY)")])
        assert rc == 1, "something else is named: " + out
        rc, out = compare(folder, base, copy.deepcopy(base), [note])
        assert rc == 1 and "reported, but the same" in out, "named without cause: " + out
    print("12 of 12 planted differences found")


if __name__ == "__main__":
    main()
