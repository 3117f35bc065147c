#!/usr/bin/python3
"""A browser for tests of OAuth: follows redirects, keeps cookies, fills in the forms of oidc-provider's pages, and stops where it is sent to this machine.
    Browser(ca).sign_in(url, user) -> the URL at 127.0.0.1 that it was sent to, not fetched; None: the last page had no form any more (device flow)"""
import html.parser
import http.client
import http.cookies
import ssl
import urllib.parse


class Forms(html.parser.HTMLParser):
    """The forms of a page: [(action, method, {name: value})]."""
    def __init__(self, text):
        super().__init__()
        self.forms = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "form":
            self.forms.append((a.get("action", ""), a.get("method", "get").lower(), {}))
        elif tag in ("input", "button") and self.forms and a.get("name"):
            self.forms[-1][2][a["name"]] = a.get("value", "")


class Browser:
    def __init__(self, ca):
        self.tls = ssl.create_default_context(cafile=ca)
        self.cookies = {}
        self.text = ""

    def fetch(self, url, form=None):
        """(status, Location or None); the page is in self.text."""
        u = urllib.parse.urlsplit(url)
        c = http.client.HTTPSConnection(u.netloc, context=self.tls, timeout=60)
        headers = {"Cookie": "; ".join("%s=%s" % kv for kv in self.cookies.items())}
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        c.request("POST" if body is not None else "GET", u.path + ("?" + u.query if u.query else ""), body, headers)
        r = c.getresponse()
        self.text = r.read().decode()
        for line in r.headers.get_all("Set-Cookie") or []:
            for name, m in http.cookies.SimpleCookie(line).items():
                self.cookies[name] = m.value
        c.close()
        return r.status, r.headers["Location"]

    def sign_in(self, url, user, refuse=False):
        form = None
        for _ in range(30):
            status, where = self.fetch(url, form)
            form = None
            if where:
                url = urllib.parse.urljoin(url, where)
                if urllib.parse.urlsplit(url).hostname == "127.0.0.1":
                    return url
                continue
            forms = [f for f in Forms(self.text).forms if f[1] == "post"]
            if not forms or status >= 400:
                return None
            action, _, form = forms[0]
            if refuse and "/abort" in self.text:
                url, form = urllib.parse.urljoin(url, url.rstrip("/") + "/abort"), None
                continue
            if "login" in form:
                form.update(login=user, password="x")
            form.pop("abort", None)
            url = urllib.parse.urljoin(url, action)
        raise AssertionError("no end of pages: " + self.text[:500])


def get(url):
    """Any URL of http at this machine: (status, page)."""
    u = urllib.parse.urlsplit(url)
    c = http.client.HTTPConnection(u.netloc, timeout=60)
    c.request("GET", (u.path or "/") + ("?" + u.query if u.query else ""))
    r = c.getresponse()
    page = r.read().decode()
    c.close()
    return r.status, page
