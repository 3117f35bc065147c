#!/usr/bin/python3
"""Contacts and distribution lists of Outlook as cards: vobject reads each with the values that went in, khard lists and shows them, Radicale, Xandikos and Cyrus take
each and give it back with the same meaning."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import SERVERS, TESTS, TOOLS, Failed, expect, files, run  # noqa: E402
import comparedav  # noqa: E402
import vobject  # noqa: E402

assert TOOLS
TOOL = os.path.join(os.environ.get("VALISE_BUILD", os.path.join(TESTS, "../build/test")), "tests/outlook_contacts")
HOSTILE = 'x\nEND:VCARD\nBEGIN:VCARD\n ";:,\\\n\nNOTE:a'


def make(t):
    """The cards, {name: octets}, which are a vdir, too."""
    os.makedirs(t + "/cards/people")
    subprocess.run([TOOL, t + "/cards/people"], check=True, stdin=subprocess.DEVNULL)
    return {os.path.basename(k)[:-4]: v for k, v in files(t + "/cards/people").items()}


def read(octets):
    cards = list(vobject.readComponents(octets.decode()))
    expect(len(cards) == 1, "%d cards" % len(cards))
    return cards[0]


def values(card, name):
    return [x.value for x in card.contents.get(name, [])]


def typed(card, name, *types):
    return [x.value for x in card.contents.get(name, []) if set(types) == set(x.params.get("TYPE", []))]


def labelled(card, name, label):
    groups = {x.group for x in card.contents.get("x-ablabel", []) if x.value == label}
    return [x.value for x in card.contents.get(name, []) if x.group in groups]


def test_vobject(t):
    """A parser of others finds each value where a person would look for it."""
    cards = make(t)
    c = read(cards["whole"])
    n, adr = c.n.value, {x.value.city: x.value for x in c.contents["adr"]}
    expect((n.family, n.given, n.additional, n.prefix, n.suffix) == ("Müller", "Änne", "Maria", "Dr.", "II"), n)
    expect(c.fn.value == "Dr. Änne Müller" and c.org.value == ["Example; Sons, Ltd", "R&D"], c.org.value)
    expect(typed(c, "tel", "WORK", "VOICE") == ["+49 221 1", "+49 221 2"] and typed(c, "tel", "CELL", "VOICE") == ["+49 170 4"], "TEL")
    expect(typed(c, "tel", "WORK", "FAX") == ["+49 221 5"] and labelled(c, "tel", "Callback") == ["+49 221 6"], "TEL")
    expect(values(c, "email") == ["anne@example.org", "anne@corp.example"] and values(c, "x-outlook-ex-address") == ["/o=Example/cn=anne"], "EMAIL")
    expect(c.email.params["X-CN"] == ["Änne at work"], c.email.params)
    expect(adr["Köln"].street == "Domplatz 1\n2nd floor" and adr["Köln"].extended == "B 12" and adr["Köln"].code == "50667" and adr["Köln"].country == "Germany", adr["Köln"])
    expect([x.params["TYPE"] for x in c.contents["adr"]] == [["HOME"], ["WORK", "PREF"]], "types of ADR")
    expect(values(c, "bday") == ["1980-04-05"] and labelled(c, "x-abdate", "_$!<Anniversary>!$_") == ["2001-09-09"], "days")
    expect(labelled(c, "x-abrelatednames", "_$!<Child>!$_") == ["Flo", "Gus"] and labelled(c, "x-abrelatednames", "_$!<Spouse>!$_") == ["Otto"], "relations")
    expect(values(c, "note") == ["Likes: commas, semicolons; and \\ backslashes\nin two lines"], values(c, "note"))
    expect(values(c, "categories") == [["Work", "a, b"]] and values(c, "class") == ["PRIVATE"], values(c, "categories"))
    expect(c.photo.value[:10] == b"\xff\xd8\xff\xe0\0\x10JFIF" and len(c.photo.value) == 300, c.photo.value[:12])
    expect(c.key.value == b"\x30\x82\0\x03\1\2\3", c.key.value)
    group = read(cards["list"])
    expect(values(group, "x-addressbookserver-kind") == ["group"] and values(group, "x-addressbookserver-member") == ["mailto:ann@b.c"] * 2, group.contents)
    bad = read(cards["hostile"])
    expect(bad.fn.value == HOSTILE and values(bad, "note") == [HOSTILE] and len(bad.contents["version"]) == 1, bad.fn.value)


def test_again(t):
    """The same item, the same octets; and an import twice is an import once."""
    a, b = make(t + "/1"), make(t + "/2")
    expect(a == b and len(a) == 4, "other octets")
    run(0, "import", t + "/1/cards", "-o", t + "/a")
    expect("nothing new since snapshot 1" in run(0, "import", t + "/2/cards", "-o", t + "/a"), "something new")


def test_khard(t):
    cards = make(t)
    with open(t + "/khard.conf", "w") as f:
        f.write('[addressbooks]\n[[people]]\npath = "%s/cards/people"\n[general]\ndebug = no\n[vcard]\nskip_unparsable = no\n' % t)
    p = subprocess.run(["khard", "-c", t + "/khard.conf", "list", "--parsable", "--display", "formatted_name"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    expect(p.returncode == 0 and not p.stderr, p.stderr)
    expect(all(read(x).uid.value in p.stdout for x in cards.values()), p.stdout)
    p = subprocess.run(["khard", "-c", t + "/khard.conf", "show", "Müller"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    for text in "Anni", "Example; Sons, Ltd", "+49 221 1", "anne@example.org", "Domplatz 1", "Köln", "B 12", "Callback", "+49 221 6", "Work", "Birthday:":
        expect(text in p.stdout, "khard does not show %s: %s" % (text, p.stdout + p.stderr))


def meaning(octets):
    """Properties; of a URL, a backslash before , or ; says nothing."""
    lines = re.sub(rb"\r\n[ \t]", b"", octets).split(b"\r\n")
    return comparedav.properties(b"\r\n".join(re.sub(rb"\\([,;])", rb"\1", x) if re.match(rb"(item\d+\.)?(URL|FBURL|IMPP)\b", x) else x for x in lines))


def test_servers(t):
    """Each server holds each card with its meaning; what it alters is named by the restore."""
    make(t)
    run(0, "import", t + "/cards", "-o", t + "/a")
    run(0, "unpack", t + "/a", "-t", t + "/tree")
    have = {k: v for k, v in files(t + "/tree").items() if k.endswith(".vcf")}
    expect(len(have) == 4, sorted(have))
    for name in "radicale", "xandikos", "cyrus":
        script, where = os.path.join(SERVERS, name + ".sh"), t + "/" + name
        subprocess.run([script, "start", where], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            env = comparedav.read_env(where + "/env", "alice")
            base = "http://127.0.0.1:%d" % env[0]
            account = ["--carddav", base + env[2][1], "--user", "alice", "--password-command", "echo pw-alice", "--cleartext"]
            text = run(0, "restore", t + "/a", *account)
            there = {uid: [y for forms in x for y in forms] for (kind, _), (_, items, _) in comparedav.read_account(*env).items() if kind == "address book" for uid, x in items.items()}
            for path, body in have.items():
                uid, mine = comparedav.uid_of(body), meaning(body)
                other = [comparedav.names(mine, meaning(x)) for x in there.get(uid, [])]
                expect([] in [list(x) for x in other], "%s: %s is not there as it was: %s\n%s" % (name, path, other, text))
            expect(" 0 added" in run(0, "restore", t + "/a", *account), "a second restore finds something to do")
            print("ok", name)
        finally:
            subprocess.run([script, "stop", where], check=False)


def main():
    base, failed = tempfile.mkdtemp(prefix="valise-outlook-contacts-"), 0
    os.chmod(base, 0o755)
    try:
        for test in test_vobject, test_again, test_khard, test_servers:
            t = os.path.join(base, test.__name__)
            os.mkdir(t)
            os.chmod(t, 0o755)
            os.environ.update(XDG_STATE_HOME=t + "/state", XDG_CONFIG_HOME=t + "/config", XDG_CACHE_HOME=t + "/cache", HOME=t)
            try:
                test(t)
                print("ok", test.__name__)
            except Failed as e:
                failed += 1
                print("FAILED %s: %s" % (test.__name__, e))
    finally:
        shutil.rmtree(base, ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
