"""A report's page and its JSON, judged: what a page may hold, and that it leaves nothing out that the JSON has."""
import html.parser
import json
import os
import re
import unicodedata

import jsonschema

from lib import TESTS, expect

with open(os.path.join(os.environ.get("TESTED_SOURCE", os.path.dirname(TESTS)), "docs/valise.schema.json")) as f:
    SCHEMA = json.load(f)
REPORT = jsonschema.Draft202012Validator({"$ref": "#/$defs/report", "$defs": SCHEMA["$defs"]})
# Every tag that there is on a page, with its attributes.
ALLOWED = {"html": {"lang"}, "meta": {"charset", "name", "content", "http-equiv"}, "td": {"role", "class", "data-label"}, "th": {"role", "class", "scope"}, "table": {"role"}, "tr": {"role", "class"},
           "thead": {"role"}, "tbody": {"role"}, "tfoot": {"role"}, "details": {"open"}, "section": {"class"}, "div": {"class"}, "p": {"class"}, "dl": {"class"}, "dd": {"class"}, "ul": {"class"},
           "svg": {"class", "role", "width", "height", "viewbox", "aria-label", "aria-hidden"}, "path": {"d"}, "rect": {"class", "x", "y", "width", "height", "rx"}, "line": {"x1", "x2", "y1", "y2"},
           "text": {"class", "x", "y", "text-anchor"}}
ALLOWED.update((tag, set()) for tag in ("head", "style", "title", "body", "main", "header", "h1", "h2", "h3", "span", "b", "time", "dt", "li", "caption", "summary", "figure", "wbr"))
CSP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
# Members that the page shows otherwise than as they are.
ELSEWHERE = {"command", "kind", "status", "level", "verdict", "side", "finding", "security", "code", "service", "year", "parent", "size", "outcome"}


class Page(html.parser.HTMLParser):
    """What is wrong with it, its text, and its cells and facts."""

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong, self.text, self.tags, self.csp = [], [], [], set(), []
        self.feed(text)
        self.close()
        if self.open:
            self.wrong.append("open at the end: %s" % self.open)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in ALLOWED or not {k for k, _ in attrs} <= ALLOWED[tag]:
            self.wrong.append("<%s %s>" % (tag, attrs))
        if ("http-equiv", "Content-Security-Policy") in attrs:
            self.csp.append(dict(attrs)["content"])
        if tag not in ("meta", "wbr"):
            self.open.append(tag)
        if tag not in ("time", "wbr"):
            self.text.append("\n")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append("</%s>" % tag)

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    def handle_comment(self, data):
        self.wrong.append("<!--%s-->" % data)

    def unknown_decl(self, data):
        self.wrong.append("<![%s" % data)

    def handle_pi(self, data):
        self.wrong.append("<?%s" % data)


def shown(text):
    """As a page shows it: controls, and what turns a line round or ends it, made visible."""
    def one(c):
        n = ord(c)
        if n < 0x20 or 0x7F <= n < 0xA0:
            return "\\x%02x" % n if n < 0x80 else "\\u%04x" % n
        return "\\u%04x" % n if unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI") or c in "\u2028\u2029\u200e\u200f\u061c" else c
    return "".join(map(one, text))


def texts(o, key=None):
    """All texts of a report that its page has to show."""
    if isinstance(o, dict):
        for k, v in o.items():
            yield from texts(v, k)
    elif isinstance(o, list):
        for v in o:
            yield from texts(v, key)
    elif isinstance(o, str) and key not in ELSEWHERE:
        m = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(Z|[+-]\d\d:\d\d)", o)
        yield (m[1] if key.startswith("valid_") else "%s %s %s" % (m[1], m[2], "UTC" if m[3] == "Z" else m[3])) if m else shown(o)


def judge(path):
    """Both forms of the report at ${path} (without its ending): (page, its text, JSON)."""
    with open(path + ".html", encoding="utf-8") as f:
        page = f.read()
    with open(path + ".json", encoding="utf-8") as f:
        report = json.load(f)
    for e in REPORT.iter_errors(report):
        expect(False, "not in the schema: %s: %s" % (list(e.absolute_path), e.message[:500]))
    p = Page(page)
    expect(not p.wrong, p.wrong[:20])
    expect(p.csp == [CSP], p.csp)
    style = page[page.index("<style>"):page.index("</style>")]
    expect(not re.search(r"url\(|@import|expression|</", style), style)
    expect(not [c for c in page if (ord(c) < 0x20 and c != "\n") or c in "\u202e\u2028\u2029\u2066" or 0x7F <= ord(c) < 0xA0], "a character that should be hidden")
    text = "".join(p.text)
    for t in set(texts(report)):
        expect(t in text, "not on the page: %r" % t)
    return page, text, report
