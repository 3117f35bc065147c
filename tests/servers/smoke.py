#!/usr/bin/python3
"""smoke.py DIR/env... : asks each started server, with Python's own clients, for the little that every test needs.

Prints a line per check; exit 1 if one failed. Mail: STARTTLS and TLS with the server's CA, append and fetch, POP3. DAV:
password wanted, a calendar and an address book made, an object put and read back over HTTPS."""
import base64
import http.client
import imaplib
import poplib
import ssl
import sys

MESSAGE = b"From: a@example.org\r\nTo: b@example.org\r\nMessage-ID: <smoke@example.org>\r\nSubject: smoke\r\n\r\nbody\r\n.dot\r\n"
EVENT = (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//valise//test//EN\r\nBEGIN:VEVENT\r\nUID:smoke-1\r\nDTSTAMP:20240101T000000Z\r\n"
         b"DTSTART:20240102T030405Z\r\nDTEND:20240102T040405Z\r\nSUMMARY:smoke\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:smoke-1\r\nFN:Smoke Test\r\nN:Test;Smoke;;;\r\nEND:VCARD\r\n"
MKCOL = (b'<?xml version="1.0"?><mkcol xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><set><prop><resourcetype>'
         b"<collection/><c:addressbook/></resourcetype></prop></set></mkcol>")


class Smoke:
    def __init__(self, path):
        with open(path) as f:
            self.env = dict(line.rstrip("\n").split("=", 1) for line in f if "=" in line)
        self.context = ssl.create_default_context(cafile=self.env["CA"])

    def checks(self):
        out = []
        if "IMAP_PORT" in self.env:
            out += [self.starttls, self.imaps]
        if "POP3S_PORT" in self.env:
            out += [self.pop3s]
        if "DAV_URL" in self.env:
            out += [self.asks_for_a_password, self.calendar, self.address_book]
        return out

    def starttls(self):
        m = imaplib.IMAP4(self.env["HOST"], int(self.env["IMAP_PORT"]))
        m.starttls(self.context)
        m.login("bob", "pw-bob")
        m.logout()

    def imaps(self):
        m = imaplib.IMAP4_SSL(self.env["HOST"], int(self.env["IMAPS_PORT"]), ssl_context=self.context)
        m.login("alice", "pw-alice")
        assert m.append("INBOX", r"(\Seen)", '"03-Feb-1999 04:05:06 -0730"', MESSAGE)[0] == "OK", "APPEND"
        count = m.select("INBOX", readonly=True)[1][0].decode()
        got = [x for x in m.fetch(count, "(UID FLAGS INTERNALDATE BODY.PEEK[])")[1] if isinstance(x, tuple)]
        assert got[0][1] == MESSAGE, got
        m.logout()

    def pop3s(self):
        p = poplib.POP3_SSL(self.env["HOST"], int(self.env["POP3S_PORT"]), context=self.context)
        p.user("alice")
        p.pass_("pw-alice")
        assert p.stat()[0] >= 1, "no message"
        assert b"\r\n".join(p.retr(p.stat()[0])[1]) + b"\r\n" == MESSAGE
        p.quit()

    def dav(self, method, path, body=None, user="alice", **headers):
        c = http.client.HTTPSConnection("localhost", int(self.env["HTTPS_PORT"]), context=self.context, timeout=30)
        if user:
            headers["Authorization"] = "Basic " + base64.b64encode(("%s:pw-%s" % (user, user)).encode()).decode()
        c.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        r = c.getresponse()
        data = r.read()
        c.close()
        return r.status, data

    def asks_for_a_password(self):
        assert self.dav("PROPFIND", self.env["CALDAV_HOME1"], user=None)[0] == 401

    def collection(self, path, make, item, kind, data):
        status, text = make
        assert status in (200, 201, 207), (status, text[:200])
        assert self.dav("PUT", path + item, data, Content_Type=kind)[0] in (201, 204), "PUT"
        status, text = self.dav("GET", path + item)
        assert status == 200 and b"smoke-1" in text, (status, text[:200])
        self.dav("DELETE", path)

    def calendar(self):
        path = self.env["CALDAV_HOME1"] + "smoke/"
        self.collection(path, self.dav("MKCALENDAR", path), "1.ics", "text/calendar", EVENT)

    def address_book(self):
        path = self.env["CARDDAV_HOME1"] + "smoke-book/"
        self.collection(path, self.dav("MKCOL", path, MKCOL, Content_Type="application/xml"), "1.vcf", "text/vcard", CARD)


def main(paths):
    failed = 0
    for path in paths:
        smoke = Smoke(path)
        for check in smoke.checks():
            name = "%s %s" % (smoke.env["SERVER"], check.__name__)
            try:
                check()
                print("ok -", name)
            except Exception as e:
                failed += 1
                print("not ok - %s: %s: %s" % (name, type(e).__name__, str(e)[:300]))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
