#!/usr/bin/python3
"""valise find, held against Python's email as another decoder: words of the 2,000 hard messages are found where that finds them, and nowhere else; texts in
HTML, odd charsets, encodings, attachments' names, events and cards; words of a person are never syntax. The index is the user's alone, reads only what is new,
and is made again whatever becomes of it; where none can be kept, all items are read; what is damaged is named."""
import argparse
import base64
import collections
import email
import email.header
import email.policy
import glob
import json
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import unicodedata

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import VALISE, environment, execute, expect, run  # noqa: E402
import genaccount  # noqa: E402
import names  # noqa: E402
from fakedav import FakeDav, card, event  # noqa: E402
from fakeimap import FakeImap  # noqa: E402


# ---- what another program finds in a message ----------------------------------------------------

def fold(text):
    """Words as valise promises them: no case, no marks, an ideograph is a word."""
    if text.isascii():
        return [w[:60] for w in re.findall("[a-z0-9]+", text.lower())]
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold())
    text = "".join(c for c in text if unicodedata.category(c)[0] != "M" and c not in "\u00ad\u200b")
    text = re.sub("([\u3040-\u30ff\u3400-\u9fff])", r" \1 ", text)
    return [w[:60] for w in re.findall(r"[^\W_]+", text)]


def field(value):
    """8-bit text of no charset is UTF-8, else Windows-1252, as most mail programs have it."""
    octets = value.encode("ascii", "surrogateescape")
    try:
        value = octets.decode()
    except UnicodeDecodeError:
        value = octets.decode("cp1252", "replace")
    return str(email.header.make_header(email.header.decode_header(value.replace("\r\n", ""))))


def decoded(data):
    """Words of the header and the texts of a message, by Python's email; None: it is of no charset, so that anybody may guess."""
    m = email.message_from_bytes(data, policy=email.policy.default)
    out = []
    for part in m.walk():
        seen = set()
        for name, value in part.raw_items():
            if name.lower() in ("subject", "from", "to", "cc", "message-id") and name not in seen:
                seen.add(name)
                out.append(field(value))
        if part.get_filename():
            out.append(part.get_filename())
        if part.get_content_maintype() == "text":
            raw = part.get_payload(decode=True)
            try:
                out.append(raw.decode(part.get_content_charset("utf-8")))
            except (LookupError, UnicodeDecodeError):
                return None
    return fold("\n".join(out))


# ---- the account --------------------------------------------------------------------------------

def mime(kind, body, *more, encoding="7bit"):
    head = ["Content-Type: " + kind, "Content-Transfer-Encoding: " + encoding, *more]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body + b"\r\n"


def multi(kind, *parts):
    return mime('multipart/%s; boundary="b"' % kind, b"".join(b"--b\r\n" + p for p in parts) + b"--b--\r\n")


# What is found by which word, and what by none: name, message, words, words that it has not
TEXTS = [
    ("html", mime("text/html; charset=utf-8", "<style>p {color: stylish}</style><script>var scripted</script><p>Gr&uuml;&szlig;e&nbsp;aus <b>K</b>&ouml;ln<br>un<i>interrupted</i>".encode()),
     ["Gr\u00fc\u00dfe", "grusse", "koln", '"aus k\u00f6ln"', "uninterrupted"], ["stylish", "scripted", "interrupted"]),
    ("soft line break", mime("text/plain; charset=iso-8859-15", b"a Quar=\r\ntalsbericht of 5 =A4, na=EFve", encoding="quoted-printable"), ["quartalsbericht", "naive", "quartals*", "*bericht"], ["quartals", "quar"]),
    ("base64", mime("text/plain; charset=utf-8", base64.b64encode("Donaudampfschifffahrt im Sommer".encode()), encoding="base64"), ["donaudampfschifffahrt", "*schifffahrt", "*dampf*"], ["dampf"]),
    ("japanese", mime("text/plain; charset=iso-2022-jp", "\u6765\u9031\u306e\u4f1a\u8b70\u306b\u3064\u3044\u3066".encode("iso-2022-jp")), ["\u4f1a\u8b70", "\u9031\u306e\u4f1a"], ["\u8b70\u4f1a"]),
    ("chinese", mime("text/plain; charset=gb18030", base64.b64encode("\u4e0b\u5468\u4f1a\u8bae".encode("gb18030")), encoding="base64"), ["\u4f1a\u8bae"], []),
    ("russian", mime("text/plain; charset=koi8-r", "\u041f\u0440\u043e\u0442\u043e\u043a\u043e\u043b \u0441\u043e\u0431\u0440\u0430\u043d\u0438\u044f".encode("koi8-r"), encoding="8bit"), ["\u043f\u0440\u043e\u0442\u043e\u043a\u043e\u043b"], []),
    ("charset that nobody knows", mime("text/plain; charset=x-martian", b"xylophon caf\xe9", encoding="8bit"), ["xylophon", "xylophon cafe"], []),
    ("alternatives", multi("alternative", mime("text/plain", b"plainest words"), mime("text/html", b"<b>richest</b> words")), ["plainest richest"], []),
    ("attachments", multi("mixed", mime("text/plain", b"see below"), mime("application/pdf", base64.b64encode(b"%PDF binarium"), "Content-Disposition: attachment;\r\n filename*0*=utf-8''Jahres%C3%BCbersicht;\r\n filename*1=\".pdf\"", encoding="base64"),
                          mime('text/csv; name="figures.csv"', b"quux;1234", "Content-Disposition: attachment")), ["jahresubersicht", "jahres\u00fcbersicht.pdf", "figures.csv", "quux 1234"], ["binarium"]),
    ("message in it", multi("mixed", mime("text/plain", b"forwarded"), mime("message/rfc822", b"From: Zacharias <zach@inner.example>\r\nSubject: =?utf-8?q?Innerm=C3=B6st?=\r\n\r\nkernel text")), ["zach@inner.example", "innermost", "kernel"], []),
    ("invitation", mime("text/calendar; charset=utf-8", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Kaffeekranz\r\nEND:VEVENT\r\nEND:VCALENDAR"), ["kaffeekranz"], []),
    ("header", b"Subject: =?utf-8?B?w4Q=?= =?iso-8859-1?q?rger=20mit=20dem?= Drucker\r\nTo: undisclosed\r\nCc: =?utf-8?q?J=C3=BCrgen?= <juergen@cc.example>\r\nReply-To: back@reply.example\r\nList-Id: <gardeners.list.example>\r\n\r\nx\r\n",
     ['"\u00e4rger mit dem drucker"', "jurgen", "juergen@cc.example", "back@reply.example", "gardeners"], []),
    ("no text at all", b"", [], []),
    ("bomb", mime("text/html", b"<div>" * 200000 + b"deepword"), [], []),
    ("hostile", b"Subject: \x1b]0;owned\x07 terminalword\r\n\r\nx\r\n", ["terminalword"], []),
]


class Mail(FakeImap):
    name = "find"

    def populate(self):
        options = argparse.Namespace(seed=1, until=2025, big=100000)
        for f in genaccount.hard(options, "/").folders:
            box = self.mailbox(names.to_wire(f.paths[0], "/", ""))
            for m in f.messages:
                box.add(m.data, m.flags, m.date)
        texts = self.mailbox("Texts")
        for i, (name, data, _, _) in enumerate(TEXTS):
            head = b"" if data.startswith((b"Subject", b"\r\n")) else b"Subject: text %d\r\n" % i
            texts.add(b"Message-ID: <%d@texts.example>\r\n" % i + head + (data or b"\r\n"), date="%02d-Mar-2024 10:00:00 +0000" % (i + 1))


class Dav(FakeDav):
    name = "find"

    def populate(self):
        self.work, self.people = self.add("calendar", "work", "Work"), self.add("addressbook", "people", "People")
        self.work.put("a.ics", event(1, more="LOCATION:Sitzungszimmer\\, 2. Stock\r\nATTENDEE;CN=\"Berta Beispiel\":mailto:berta@guest.example\r\nDESCRIPTION:Traktan\r\n denliste\r\n"))
        self.people.put("p.vcf", card(1, more="NOTE:Bienenz\u00fcchter\r\nORG:Imkerei Muster\r\nPHOTO;ENCODING=b:Zm90b3dvcmQ=\r\n"))


def backup(t, archive, imap, dav):
    url = "http://127.0.0.1:%d/" % dav.port
    run(0, "backup", "-o", archive, "--imap", "imap://127.0.0.1:%d" % imap.port, "--caldav", url, "--carddav", url, "--user", "alice", "--cleartext",
        "--same-account", "--password-command", "echo pw-alice", env=t.env)


class Test:
    def __init__(self, home):
        self.home, self.archive = home, os.path.join(home, "a.valise")
        self.env = dict(environment(home), XDG_CACHE_HOME=os.path.join(home, "cache"))

    def find(self, *words, code=0, archive=None, **more):
        """The places that hold the words: {collection: {UID or last segment}}; what is said on standard error."""
        rc, out, err = execute("find", archive or self.archive, "--json", *words, **dict({"env": self.env}, **more))
        expect(rc == code, "exit code %d instead of %d of find %s: %s%s" % (rc, code, words, out[-2000:], err))
        found = collections.defaultdict(set)
        for o in map(json.loads, out.splitlines()):
            if o.get("event") == "done":
                self.outcome = o
            elif "event" not in o:
                found[o["collection"]].add(o.get("uid") or o["href"].rpartition("/")[2])
        return found, out + err

    def index(self):
        found = glob.glob(os.path.join(self.env["XDG_CACHE_HOME"], "valise/find/*.db"))
        expect(len(found) == 1, "not one index: %s" % found)
        return found[0]

    def indexed(self):
        with sqlite3.connect(self.index()) as db:
            return db.execute("SELECT count(*) FROM item").fetchone()[0]


def other_decoder(t, imap):
    """Words of the hard messages: rare ones, usual ones, pairs of them, with and without."""
    rng = random.Random(15)
    words, unclear, total = collections.defaultdict(set), set(), 0
    for name, box in imap.mailboxes.items():
        if name == b"Texts":
            continue
        for m in box.messages:
            total += 1
            place = (names.from_mutf7(name), m.uid)
            for w in decoded(m.body) or unclear.add(place) or ():
                words[w].add(place)
    usable = sorted(w for w in words if re.fullmatch(r"[a-z0-9]{2,}|[^\W\d_]{3,}", w) and len(w) < 50)
    sample = rng.sample(usable, 30) + rng.sample(sorted(usable, key=lambda w: -len(words[w]))[:200], 10) + ["strasse", "cafe", "\u043f\u0440\u0438\u0432\u0435\u0442", "\u65e5", "\u65e5\u672c\u8a9e", "koln", "naive", "pdf"]
    queries = [([w], words[w] if len(w) < 2 or w[0] < "\u3000" else set.intersection(*(words[c] for c in w))) for w in sample]
    for _ in range(10):
        a, b = rng.sample(sorted(usable, key=lambda w: -len(words[w]))[:300], 2)
        queries += [([a, b], words[a] & words[b]), (["%s -%s" % (a, b)], words[a] - words[b])]
    for query, want in queries:
        got = {(c, uid) for c, uids in t.find(*query)[0].items() if c != "Texts" for uid in uids if isinstance(uid, int)} - unclear
        expect(got == want, "find %s: only there %s, only by email %s" % (query, sorted(got - want)[:5], sorted(want - got)[:5]))
    expect(total >= 2000 and len(unclear) < 50, "%d messages, %d of them unclear" % (total, len(unclear)))
    print("%d messages but for %d, %d words: %d searches as another decoder has them" % (total, len(unclear), len(words), len(queries)))


def texts(t):
    for i, (name, _, found, missed) in enumerate(TEXTS):
        for words in found:
            expect(i + 1 in t.find(words)[0]["Texts"], "%s: %s is not found" % (name, words))
        for words in missed:
            expect(i + 1 not in t.find(words)[0]["Texts"], "%s: %s is found" % (name, words))
    for words in "sitzungszimmer", "traktandenliste", "berta@guest.example", '"berta beispiel"':
        expect(t.find(words)[0].get("Work") == {"a.ics"}, "%s is not found in the event" % words)
    for words in "bienenz\u00fcchter", "imkerei":
        expect(t.find(words)[0].get("People") == {"p.vcf"}, "%s is not found on the card" % words)
    for words in "fotoword", "Zm90b3dvcmQ", "vcalendar", "vcard":
        expect(not t.find(words, "--only", "calendars,contacts")[0], "%s is found" % words)
    # options of a selection narrow it
    expect(set(t.find("quux", "xylophon")[0]) == set(), "all words are wanted")
    both = t.find("text", "--folder", "Texts", "--since", "2024-03-04", "--until", "2024-03-06")[0]
    expect(both == {"Texts": {4, 5, 6}}, "a selection does not narrow: %s" % both)


def cut(t):
    """What stands behind the 4 MiB that are searched of an item is not found, and that is said."""
    long, archive = os.path.join(t.home, "long"), os.path.join(t.home, "long.valise")
    os.mkdir(long)
    for i, (kind, text, n) in enumerate([("text/plain", b"filler words\r\n", 330000), ("text/html", b"<p>filler words</p>\r\n", 210000),
                                         ("multipart/mixed; boundary=b", b"--b\r\n\r\nfiller\r\n", 1100)]):
        with open(os.path.join(long, "%d.eml" % i), "wb") as f:
            f.write(b"Subject: %d\r\nContent-Type: %s\r\n\r\n" % (i, kind.encode()) + text * n + (b"--b\r\n\r\n" if i == 2 else b"") + b"behindthecap\r\n")
    run(0, "import", long, "-o", archive, env=t.env)
    for more in (), ("--no-index",):
        found, said = t.find("behindthecap", *more, archive=archive, env=dict(t.env, XDG_CACHE_HOME=os.path.join(t.home, "long")))
        expect(not found and "3 items of this archive that were not found have more than is searched" in said, "what is not searched is not said: %s" % said)
        found, said = t.find("filler", *more, archive=archive, env=dict(t.env, XDG_CACHE_HOME=os.path.join(t.home, "long")))
        expect(found and "4 MiB" not in said, "what was found is told as not searched: %s" % said)


def people(t):
    """Lines, newest first, as show takes them; nothing of a person is syntax, nothing of a message reaches the terminal."""
    out = run(0, "find", t.archive, "text", "--folder", "Texts", env=t.env)
    places = re.findall(r"^(\S+)  ", out, re.M)
    expect(places and places == sorted(places, key=lambda p: -int(p.rpartition("/")[2])) and "\x1b" not in run(0, "find", t.archive, "terminalword", env=t.env), out)
    for place in places[:2]:
        expect("texts.example" in run(0, "show", t.archive, place, env=t.env), "show does not take %s" % place)
    line = run(0, "find", t.archive, "sitzungszimmer", env=t.env)
    expect("Sitzungszimmer" in run(0, "show", t.archive, line.partition("  ")[0], env=t.env), "show does not take " + line)
    expect("nothing found" in run(0, "find", t.archive, "neverthere", env=t.env), "nothing says that nothing is found")
    for words in '"', 'a" OR "b', "text:x", "NEAR(a b)", "(", "^a", "'; DROP TABLE item; --", "a AND", "%", "-", "*":
        rc, out, err = execute("find", t.archive, "--", words, env=t.env)
        expect(rc == (0 if re.search("[a-z]", words) else 2) and "syntax" not in err, "find %s: %d %s" % (words, rc, err))


def exported(t):
    """--text of other commands is the same search."""
    out = os.path.join(t.home, "eml")
    run(0, "export", t.archive, "-o", out, "--format", "eml", "--text", "quartalsbericht", "--folder", "Texts", env=t.env)
    expect(len(glob.glob(out + "/**/*.eml", recursive=True)) == 1, "an export of --text is something else")


def kept(t):
    """What becomes of the index: it is the user's alone, and made again whatever happens to it."""
    index = t.index()
    for path, mode in (index, 0o600), (os.path.dirname(index), 0o700):
        expect(os.stat(path).st_mode & 0o777 == mode, "%s has mode %o" % (path, os.stat(path).st_mode))
    want = t.find("quartalsbericht")[0]
    with open(index, "rb") as f:
        whole = f.read()
    other = bytearray(whole)
    other[60:64] = (99).to_bytes(4, "big")  # its user_version
    holes = whole[:4096] + bytes(len(whole) - 4096)
    for name, data in ("empty", b""), ("garbage", b"no index " * 999), ("cut", whole[:len(whole) // 2]), ("of another version", bytes(other)), ("full of holes", holes):
        with open(index, "wb") as f:
            f.write(data)
        expect(t.find("quartalsbericht")[0] == want and t.indexed() > 1900, "an index that is %s is not made again" % name)
    os.unlink(index)
    expect(t.find("quartalsbericht")[0] == want, "an index that is gone is not made again")


def nowhere(t):
    """No index can be kept: all is read, and that is said."""
    want = t.find("quartalsbericht")[0]
    for env in dict(t.env, XDG_CACHE_HOME="/dev/null/x"), dict(t.env, XDG_CACHE_HOME="/proc"):
        found, said = t.find("quartalsbericht", env=env)
        expect(found == want and "no index can be kept" in said, "without a place for an index: %s" % said[-500:])
    found, said = t.find("quartalsbericht", "--no-index", env=dict(t.env, XDG_CACHE_HOME=os.path.join(t.home, "unused")))
    expect(found == want and not os.path.exists(os.path.join(t.home, "unused")), "--no-index leaves something")
    # the disk is full
    full = dict(t.env, XDG_CACHE_HOME=os.path.join(t.home, "full"))

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300000, 300000))
    found, said = t.find("quartalsbericht", env=full, preexec_fn=limit)
    expect(found == want and "no index can be kept" in said, "on a full disk: %s" % said[-500:])


def together(t):
    """Two at once, and one that is killed: the next one goes on."""
    os.unlink(t.index())
    runs = [subprocess.Popen([VALISE, "find", t.archive, "quartalsbericht"], env=t.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    outs = {(p.communicate()[0], p.returncode) for p in runs}
    expect(len(outs) == 1 and b"Texts/" in outs.pop()[0], "several at once do not find the same")
    os.unlink(t.index())
    rc, _, _ = execute("find", t.archive, "quartalsbericht", env=dict(t.env, VALISE_FAULT="kill:100:pread"))
    expect(rc == -9, "it was not killed: %d" % rc)
    expect(t.find("quartalsbericht")[0]["Texts"], "after a kill nothing is found")


def damage(t, imap, dav):
    """What is new is read alone; what is damaged is named, and costs itself."""
    before = t.indexed()
    imap.mailboxes[b"Texts"].add(b"Message-ID: <new@texts.example>\r\nSubject: brandnew\r\n\r\nx\r\n")
    imap.mailboxes[b"Texts"].messages = [m for m in imap.mailboxes[b"Texts"].messages if m.uid != 2]
    backup(t, t.archive, imap, dav)
    sound = os.path.join(t.home, "sound.valise")
    shutil.copytree(t.archive, sound)
    part = os.path.join(t.archive, "data/000001/part-000001.tar.gz")
    with open(part, "r+b") as f:
        f.seek(os.path.getsize(part) // 2)
        octet = f.read(1)
        f.seek(-1, 1)
        f.write(bytes([octet[0] ^ 1]))
    expect(t.find("brandnew")[0] == {"Texts": {len(TEXTS) + 1}} and t.indexed() == before + 1, "more than the new message was read")
    expect(not t.find("quartalsbericht")[0] and t.find("quartalsbericht", "--snapshot", "1")[0] == {"Texts": {2}}, "hits are not of the snapshot")
    expect(not t.find("brandnew", "--snapshot", "1")[0], "snapshot 1 has what came later")
    os.unlink(t.index())
    found, said = t.find("brandnew", code=3)
    expect(found == {"Texts": {len(TEXTS) + 1}} and re.search('"item":"UID [0-9]+.*"text":"not searched: ', said), "what is damaged is not named: %s" % said[-500:])
    unread = t.outcome["unread"]
    t.find("brandnew", code=3)
    expect(0 < unread == t.outcome["unread"], "it is named once alone")
    # what is forgotten is in no index either
    expect(t.find("quartalsbericht", "--snapshot", "1", archive=sound)[0], "snapshot 1 has it")
    run(0, "forget", sound, "--keep-last", "1", env=t.env)
    expect(not glob.glob(os.path.join(t.env["XDG_CACHE_HOME"], "valise/find/*.db")), "the index of an archive that forgot is there")
    expect(not t.find("quartalsbericht", archive=sound)[0] and t.find("brandnew", archive=sound)[0], "after forget")


def main():
    with tempfile.TemporaryDirectory(prefix="valise-") as home, Mail() as imap, Dav() as dav:
        t = Test(home)
        backup(t, t.archive, imap, dav)
        other_decoder(t, imap)
        texts(t)
        cut(t)
        people(t)
        exported(t)
        kept(t)
        nowhere(t)
        together(t)
        damage(t, imap, dav)
        expect(not os.path.exists(os.path.join(home, ".cache")), "something is in ~/.cache")
    print("ok")


if __name__ == "__main__":
    main()
