#!/usr/bin/python3
"""valise export --format html: the pages hold together. A strict reader (html.parser) finds well-formed elements, no script, no handler of an event, nothing that is
loaded from elsewhere, whatever a mail says; each link leads to a file that is there, each item has a page with its text and its octets; names are ASCII, attachments
that browsers would run have names that are not run; long lists have several pages."""
import html.parser
import mailbox
import os
import posixpath
import re
import sys
import tempfile
import urllib.parse
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import environment, expect, files, run  # noqa: E402

CANARY = "canary.example"
EVIL = "\"><script>document.title='owned'</script><img src=http://canary.example/x onerror=a()>&amp;</title></pre><b>"
BIDI = "\u202egpj.exe\u2066\u2028\x07"
VOID = {"meta", "link", "img", "br", "wbr"}
TAGS = {"html", "head", "meta", "link", "title", "body", "main", "nav", "a", "h1", "h2", "p", "dl", "dt", "dd", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "section",
        "div", "span", "pre", "details", "summary", "img", "b", "br"}
ATTRIBUTES = {"href", "src", "alt", "class", "rel", "lang", "charset", "name", "content", "http-equiv", "loading", "scope"}


class Strict(html.parser.HTMLParser):
    """Elements that are closed in their order, of those that we write; what they lead to."""

    def __init__(self, what, text):
        super().__init__(convert_charrefs=True)
        self.what, self.open, self.links, self.text, self.csp = what, [], [], [], None
        self.feed(text)
        self.close()
        expect(not self.open, "%s: not closed: %s" % (what, self.open))

    def handle_starttag(self, tag, attrs):
        expect(tag in TAGS, "%s: <%s>" % (self.what, tag))
        for name, value in attrs:
            expect(name in ATTRIBUTES, "%s: <%s %s>" % (self.what, tag, name))
            if name in ("href", "src"):
                self.links.append(value)
            if name == "http-equiv":
                self.csp = dict(attrs)["content"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        expect(self.open and self.open[-1] == tag, "%s: </%s> within %s" % (self.what, tag, self.open))
        self.open.pop()

    def handle_data(self, data):
        self.text.append(data)

    def handle_comment(self, data):
        raise AssertionError("%s: a comment" % self.what)

    def unknown_decl(self, data):
        raise AssertionError("%s: %s" % (self.what, data))


def message(n, subject, date, body="Hello", headers="", sender="Ann <ann@example.org>"):
    return ("From: %s\r\nTo: bob@example.org\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%d@example.org>\r\n%s\r\n%s\r\n" % (sender, subject, date, n, headers or "\r\n".join(
        ("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "")), body)).encode()


def part(kind, name, body):
    return "--b\r\nContent-Type: %s; name=\"%s\"\r\nContent-Disposition: attachment; filename=\"%s\"\r\n\r\n%s\r\n" % (kind, name.replace('"', '\\"'), name.replace('"', '\\"'), body)


def make_mail(folder):
    box = mailbox.mbox(os.path.join(folder, "INBOX.mbox"))
    mixed = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    evil_html = "<html><body onload=a()>%s<p>HTML words</p><iframe src=http://canary.example></iframe></body></html>" % EVIL
    for k in range(1203):  # three pages of one month
        box.add(message(k, "Number %d" % k, "%d Mar 2024 10:%02d:%02d +0100" % (1 + k // 60, k % 60, k % 60)))
    box.add(message(2001, EVIL + BIDI.replace("\x07", ""), "3 Nov 2023 12:00:00 +0100", "text " + EVIL + BIDI + "\n\ttab\r\nFrom me\n", sender=EVIL + " <evil@example.org>"))
    box.add(message(2002, "attachments", "4 Nov 2023 12:00:00 +0100", "--b\r\nContent-Type: text/html\r\n\r\n" + evil_html + "\r\n"
                    + part("text/html", "page.html", evil_html) + part("image/svg+xml", "../../x.svg", "<svg onload=a()/>") + part("application/octet-stream", "setup.exe", "MZ")
                    + part("application/pdf", "Gr\u00f6\u00dfe \u202efdp.pdf", "%PDF") + part("image/png", "a'b\"<i>.png", "PNG") + part("text/x-foo", "noext", "<html>")
                    + part("image/png", "page.html", "<html>") + "--b--\r\n", mixed))
    box.add(message(2003, "=?utf-8?b?%s?=" % "R3LDvMOfZQ==", "not a date", "undated"))
    box.add(message(2004, "twin", "5 Nov 2023 12:00:00 +0100"))
    box.add(message(2004, "twin", "5 Nov 2023 12:00:00 +0100"))
    box.add(b"\r\n\x00\xff\xfe no header at all\r\n")
    box.close()


def make_rest(folder):
    with open(os.path.join(folder, "Work.ics"), "w", encoding="utf-8", newline="") as f:
        f.write("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n")
        for n, start in enumerate((";TZID=Europe/Berlin:20240701T100000", ";VALUE=DATE:20240801", ":20240801T100000Z", ":nothing")):
            f.write("BEGIN:VEVENT\r\nUID:e%d\r\nDTSTAMP:20240101T000000Z\r\nDTSTART%s\r\nSUMMARY:Event %d %s\r\nLOCATION:%s\r\nDESCRIPTION:a\\nb\\, c\r\nATTENDEE;CN=\"X Y\":mailto:x@example.org\r\n"
                    "END:VEVENT\r\n" % (n, start, n, EVIL.replace(";", "\\;").replace(",", "\\,"), BIDI.replace("\u2028\x07", "")))
        f.write("END:VCALENDAR\r\n")
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgAAIAAAUAAXpeqz8AAAAASUVORK5CYII="
    with open(os.path.join(folder, "People.vcf"), "w", encoding="utf-8", newline="") as f:
        for n in range(503):
            f.write("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c%d\r\nFN:Person %d\r\nN:%d;Person;;;\r\nTEL;TYPE=HOME:+49 %d\r\nEND:VCARD\r\n" % (n, n, n, n))
        f.write("BEGIN:VCARD\r\nVERSION:4.0\r\nUID:evil\r\nFN:%s\r\nNOTE:%s\r\nURL:http://canary.example/\r\nPHOTO:data:image/png;base64,%s\r\nEND:VCARD\r\n" % (EVIL, EVIL, png))
        f.write("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:link\r\nFN:Link\r\nPHOTO;VALUE=uri:http://canary.example/p.png\r\nEND:VCARD\r\n")


def check_pages(top):
    """{path: page} of all; every link of each leads to a file that is there."""
    have = {os.path.relpath(k, top): v for k, v in files(top).items()}
    pages, reached, todo = {}, {"index.html", "style.css"}, ["index.html"]
    for path in have:
        expect(re.fullmatch(r"[A-Za-z0-9._/-]+", path), "no ASCII name: %s" % path)
        expect(not re.search(r"\.(x?html?|svg|xml|js|exe|foo)$", path) or path.endswith(".html") and b"default-src 'none'" in have[path], "a file that is run: %s" % path)
    for at, dirs, names in os.walk(top):
        expect(len(dirs) + len(names) < 10000, "%s has %d entries" % (at, len(dirs) + len(names)))
    while todo:
        path = todo.pop()
        text = have[path].decode("utf-8")  # strict
        page = pages[path] = Strict(path, text)
        expect(page.csp and page.csp.startswith("default-src 'none'; style-src 'self' file:; img-src 'self' file:; base-uri 'none'"), "%s: %s" % (path, page.csp))
        expect(not re.search("[\u202a-\u202e\u2066-\u2069\u2028\u2029\x00-\x08\x0b-\x1f\x7f]", text), "%s: controls" % path)
        for link in page.links:
            expect(not re.match(r"[a-zA-Z][\w+.-]*:|/|\?|#", link) and CANARY not in link, "%s: leads to %s" % (path, link))
            to = posixpath.normpath(posixpath.join(posixpath.dirname(path), urllib.parse.unquote(link)))
            expect(to in have, "%s: %s is not there" % (path, link))
            if to not in reached and to.endswith(".html"):
                todo.append(to)
            reached.add(to)
    expect(reached == set(have), "nobody leads to %s" % sorted(set(have) - reached)[:5])
    css = have["style.css"].decode()
    expect("url(" not in css and "@import" not in css and "//" not in css and css.count("{") == css.count("}"), "style.css")
    return have, pages


def page_of(pages, title):
    found = [p for p in pages.items() if any(title in t for t in p[1].text) and re.search(r"/[0-9a-f]{16}[^/]*\.html$", p[0])]
    expect(len(found) == 1, "%d pages of %s" % (len(found), title))
    return found[0][0], "".join(found[0][1].text)


def check_mail(have, pages):
    lists = sorted((p for p in pages if re.search(r"^mail/[^/]+/2024-03(-\d+)?/index\.html$", p)), key=lambda p: (len(p), p))
    expect([len(re.findall(b"<tr", have[p])) - 1 for p in lists] == [500, 500, 203], "pages of March: %s" % lists)
    expect(all(len(have[p]) < 200000 for p in lists), "the size of a page")
    items = [p for p in pages if p.startswith("mail/") and re.search(r"/[0-9a-f]{16}\w*\.html$", p)]
    expect(len(items) == 1209 and all(p[:-5] + ".eml" in have for p in items), "%d messages" % len(items))
    _, evil = page_of(pages, "text \"><script>")
    expect(evil.count(EVIL) >= 2 and "gpj.exe" in evil and "\n\ttab\nFrom me" in evil, "what it says: %s" % evil[:600])
    path, text = page_of(pages, "HTML words")
    expect("onload" not in text and "iframe" not in text, "HTML as text: %s" % text)
    attached = sorted(os.path.basename(p) for p in have if p.startswith(path[:-5] + "/"))
    expect(attached == ["1-page.html.txt", "2-x.svg.txt", "3-setup.exe.bin", "4-Gr_e_fdp.pdf", "5-a_b_i.png", "6-noext.bin", "7-page.html.txt"], "files: %s" % attached)
    expect(have[path[:-5] + "/4-Gr_e_fdp.pdf"] == b"%PDF" and pages[path].links.count(os.path.basename(path)[:-5] + "/5-a_b_i.png") == 3, "the octets of a file, a picture")
    expect(len([p for p in pages if p.startswith("mail/") and "/undated/" in p]) == 0 and page_of(pages, "undated"), "a message without a date has the time of its arrival")
    twins = [p for p in items if "2023-11" in p and "twin" in "".join(pages[p].text)]
    expect(len(twins) == 2 and twins[0] != twins[1], "two of the same: %s" % twins)


def check_rest(have, pages):
    _, text = page_of(pages, "2024-07-01 10:00 Europe/Berlin")
    expect("Event 0 " + EVIL in text and "a\nb, c" in text and "X Y <x@example.org>" in text, text)
    expect(any(re.search(r"^calendars/[^/]+/undated/index.html", p) for p in pages), "an event without a date")
    listed = [len(re.findall(b"<tr", have[p])) - 1 for p in sorted(pages, key=len) if re.search(r"^contacts/[^/]+/all(-2)?/index.html", p)]
    expect(listed == [500, 5], "contacts: %s" % listed)
    path, text = page_of(pages, "NOTE:")  # as it is
    expect(path[:-5] + "/photo.png" in have and EVIL in text, "a card with a picture")


def main():
    with tempfile.TemporaryDirectory(prefix="valise-html-") as d:
        os.environ.update(environment(d))
        source, archive, out = os.path.join(d, "files"), os.path.join(d, "a.valise"), os.path.join(d, "html")
        os.mkdir(source)
        make_mail(source)
        make_rest(source)
        run(None, "import", source, "-o", archive)
        said = run(0, "export", archive, "-o", out, "--format", "html")
        expect("HTML is shown as text" in said, said)
        have, pages = check_pages(out)
        check_mail(have, pages)
        check_rest(have, pages)
        index = "".join(pages["index.html"].text)
        expect("Mail" in index and "INBOX" in index and "Work" in index and "People" in index and "1,209" in index, index)
        run(0, "export", archive, "-o", out + ".zip", "--format", "html")
        with zipfile.ZipFile(out + ".zip") as z:
            packed = {n: z.read(n) for n in z.namelist() if not n.endswith("/")}
        expect(packed == have, "the zip file has others")
        run(0, "export", archive, "-o", out + "2", "--format", "html")
        again = {os.path.relpath(k, out + "2"): v for k, v in files(out + "2").items()}
        expect(again == have, "a second export is another one")
    print("ok")


if __name__ == "__main__":
    main()
