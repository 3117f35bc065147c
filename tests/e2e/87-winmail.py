#!/usr/bin/python3
"""winmail.dat (TNEF): it stays in its message octet for octet; show, find and export --open-winmail have what is in it. Files of it are those that another reader
(Debian's tnef) takes out of it, messages are read back by Python's email; what is damaged is named."""
import base64
import email
import email.policy
import glob
import hashlib
import json
import mailbox
import os
import subprocess
import sys
import tempfile
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import VALISE, environment, execute, expect, files, run  # noqa: E402
import make_tnef  # noqa: E402

TOP = b"From: Ada <ada@there.example>\r\nTo: bob@here.example\r\nSubject: %s\r\nX-Kept: octets,\r\n\tfolded\r\nDate: Mon, 2 Mar 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n"
TNEF = b'Content-Type: application/ms-tnef; name="winmail.dat"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="winmail.dat"\r\n\r\n'
# cases in which something is wrong, and what is said of it
WRONG = {"bad-checksum": "attSubject: its checksum is wrong", "cut-off": "attachment 1, attAttachData: the end is missing", "cut-head": "it ends within the head of an attribute",
         "garbage-at-end": "is no attribute", "lying-lengths": "less is in it than it says", "no-renddata": "begins without attAttachRenddata", "wrong-level": "attSubject stands at level 2"}
FILES = {"one-file": {"a.txt": b"octets of a\n"}, "two-files": {"a.txt": b"octets of a\n", "b.bin": bytes(range(256))}, "data-before-name": {"first.txt": b"first\n", "second.txt": b"second\n"},
         "empty-file": {"empty": b""}, "long-filename": {"a long name, café.txt": b"long\n"}, "MAPI_ATTACH_DATA_OBJ": {"inner.txt": b"in it\n"}, "two-deep": {"inner.txt": b"in it\n"},
         "unicode-mapi-attr": {"日本.txt": b"x"}, "bad-checksum": {"a.txt": b"octets of a\n"},
         "winmail": {"Bericht für März.txt": b"The report\r\nhas two lines\r\n", "b.bin": bytes(range(256)), "inner.txt": b"in it\n"}}
TEXTS = {"body": "café, a text", "rtf": "café in RTF", "rtf-html": "<p>HTML in RTF</p>", "html": "<p>café</p>", "code-page": "текст", "recipients": "to two", "unicode-mapi-attr": "日本語 text",
         "meeting": "SUMMARY:A meeting", "contact": "FN:Zoë Ζήνων", "MAPI_ATTACH_DATA_OBJ": "inner text"}


def message(name, octets):
    coded = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    body = b"--b\r\nContent-Type: text/plain\r\n\r\nWhat the message says\r\n--b\r\n" + TNEF + coded + b"--b--\r\n"
    return TOP % name.encode() + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + body


MESSAGES = {name: message(name, make()) for name, make in make_tnef.CASES.items()}
MESSAGES["whole"] = TOP % b"whole" + TNEF + base64.encodebytes(make_tnef.CASES["winmail"]()).replace(b"\n", b"\r\n")
MESSAGES["no-tnef"] = message("no-tnef", b"no TNEF at all")
MESSAGES["plain"] = TOP % b"plain" + b"Content-Type: text/plain\r\n\r\nnothing in it is called winmail.dat\r\n"


def parse(octets):
    return email.message_from_bytes(octets, policy=email.policy.default)


def leaves(m):
    return [p for p in m.walk() if not p.is_multipart()]


def attached(m):
    return {p.get_filename(): p.get_payload(decode=True) for p in leaves(m) if p.get_filename() and p.get_content_maintype() != "message"}


def check_opened(name, octets):
    """One message of an export --open-winmail."""
    got, was = parse(octets), parse(MESSAGES[name])
    expect([p for p in got.walk() if p.defects] == [], "%s: %r" % (name, [p.defects for p in got.walk()]))
    kept = [(k, v) for k, v in was.items() if not k.lower().startswith("content-")]
    expect([(k, v) for k, v in got.items() if not k.lower().startswith("content-")] == kept, name + ": header")
    if name in ("plain", "no-tnef"):
        expect(octets == MESSAGES[name], name)
        return
    expect(not [p for p in got.walk() if "tnef" in p.get_content_type()], name)
    if name == "whole":
        expect(attached(got) == FILES["winmail"], "%s: %r" % (name, attached(got)))
    if name in FILES:
        expect(attached(got) == FILES[name], "%s: %r" % (name, attached(got)))
    texts = [p.get_content() for p in leaves(got) if p.get_content_maintype() == "text" and (not p.get_filename() or p.get_content_subtype() == "vcard")]
    expect(name == "whole" or texts[0].strip() == "What the message says", name)
    if name in TEXTS:
        expect(any(TEXTS[name] in t for t in texts), "%s: %r" % (name, texts))


def other_reader(work):
    """Files that tnef takes out, where it can read them."""
    for name in ("one-file", "two-files", "data-before-name", "empty-file", "winmail"):
        place = os.path.join(work, "tnef-" + name)
        os.mkdir(place)
        subprocess.run(["tnef", "-C", place], input=make_tnef.CASES[name](), check=True, capture_output=True)
        found = {os.path.basename(p): octets for p, octets in files(place).items() if not p.endswith("tnef-tmp")}
        want = {k: v for k, v in FILES[name].items() if k != "inner.txt"}
        expect(found == want, "tnef: %s: %r" % (name, found))


def show(archive, env):
    uids = {}
    for line in execute("list", archive, "mail", "--json", env=env)[1].splitlines():
        item = json.loads(line)
        if item.get("what"):
            uids[item["what"]["subject"]] = "mail/%d" % item["uid"]
    expect(set(uids) == set(MESSAGES), "%r" % sorted(uids))
    for name, place in uids.items():
        raw = subprocess.run([VALISE, "show", archive, place], env=env, capture_output=True, check=True).stdout
        expect(raw == MESSAGES[name], name + " is not in the archive as it was")
    told = json.loads(execute("show", archive, uids["winmail"], "--json", env=env)[1].splitlines()[-1])
    parts = {p["number"]: (p["type"], p.get("name")) for p in told["parts"]}
    expect(parts == {"1": ("text/plain", None), "2": ("application/ms-tnef", "winmail.dat"), "2.1": ("text/html", None), "2.2": ("text/plain", "Bericht für März.txt"),
                     "2.3": ("application/octet-stream", "b.bin"), "2.4": ("message/rfc822", "message.eml"), "2.4.1": ("text/plain", None), "2.4.2": ("text/plain", "inner.txt")}, "%r" % parts)
    expect("What the message says" in told["text"] and "HTML in RTF" in told["text"] and "inner text" in told["text"], told["text"])
    for number, want in (("2", make_tnef.CASES["winmail"]()), ("2.2", FILES["winmail"]["Bericht für März.txt"]), ("2.3", bytes(range(256)))):
        got = subprocess.run([VALISE, "show", archive, uids["winmail"], "--part", number], env=env, capture_output=True, check=True).stdout
        expect(got == want, "part %s: %r" % (number, got[:80]))
    expect("its parts are 1, 2, 2.1," in run(2, "show", archive, uids["winmail"], "--part", "9", env=env), "--part 9")
    place = os.path.join(env["HOME"], "saved")
    run(0, "show", archive, uids["winmail"], "--save", place, env=env)
    saved = {os.path.basename(p): octets for p, octets in files(place).items()}
    expect({k: v for k, v in saved.items() if k != "message.eml"} == FILES["winmail"], "%r" % sorted(saved))
    text = run(0, "show", archive, uids["winmail"], "--decoded", env=env)
    expect("winmail.dat  (opened: its parts follow)" in text and "2.3" in text, text)
    text = run(0, "show", archive, uids["bad-checksum"], "--decoded", env=env)
    expect("(part 2: attSubject: its checksum is wrong)" in text, text)
    told = json.loads(execute("show", archive, uids["no-tnef"], "--json", env=env)[1].splitlines()[-1])
    expect(told["winmail"] == ["part 2: it does not begin as TNEF does"], "%r" % told["winmail"])


def find(archive, env):
    for words, names in (("Bericht", {"winmail", "whole"}), ("inner", {"MAPI_ATTACH_DATA_OBJ", "two-deep", "winmail", "whole"}), ("текст", {"code-page"}), ("Ζήνων", {"contact"})):
        found = [json.loads(x) for x in execute("find", archive, words, "--json", env=env)[1].splitlines()]
        found = {x["what"]["subject"] for x in found if x.get("what")}
        expect(found == names, "%s: %r" % (words, found))


def export(archive, work, env):
    def subject(octets):
        return parse(octets)["Subject"]
    plain = os.path.join(work, "as-it-is")
    run(0, "export", archive, "-o", plain, "--format", "eml", env=env)
    expect(sorted(files(plain).values()) == sorted(MESSAGES.values()), "an export without the option is another one")
    place = os.path.join(work, "eml")
    rc, out, err = execute("export", archive, "-o", place, "--format", "eml", "--open-winmail", "--json", env=env)
    done = json.loads(out.splitlines()[-1])
    expect(rc == 3 and done["opened"] == len(MESSAGES) - 2 and done["opened_in_part"] == len(WRONG) + 1, "%d %r" % (rc, done))
    said = [json.loads(x)["text"] for x in out.splitlines() if "winmail.dat: " in x]
    for name, what in WRONG.items():
        expect(any(what in t for t in said), "%s: %r" % (name, said))
    eml = {subject(octets): octets for octets in files(place).values()}
    expect(set(eml) == set(MESSAGES), "%r" % sorted(eml))
    for name, octets in eml.items():
        check_opened(name, octets)
    run(3, "export", archive, "-o", place + ".zip", "--format", "eml", "--open-winmail", env=env)
    with zipfile.ZipFile(place + ".zip") as z:
        expect(sorted(z.read(n) for n in z.namelist() if not n.endswith("/")) == sorted(eml.values()), "the zip file has other messages")
    run(3, "export", archive, "-o", os.path.join(work, "maildir"), "--format", "maildir", "--open-winmail", env=env)
    found = [octets for path, octets in files(os.path.join(work, "maildir")).items() if "/cur/" in path or "/new/" in path]
    expect(sorted(found) == sorted(eml.values()), "the Maildir has other messages")
    expect(not glob.glob(os.path.join(work, "maildir", "**", "*,S=*"), recursive=True), "a size that is not that of the file")
    run(3, "export", archive, "-o", os.path.join(work, "mbox"), "--format", "mbox", "--open-winmail", "--split", "9000", env=env)
    boxes = glob.glob(os.path.join(work, "mbox", "*.mbox"))
    found = [attached(parse(m.as_bytes())) for b in boxes for m in mailbox.mbox(b) if parse(m.as_bytes())["Subject"] == "winmail"]
    expect(found == [FILES["winmail"]] and len(boxes) > 1, "%r" % found)
    expect(all(os.path.getsize(b) <= 9000 for b in boxes), "a file that is larger than --split")
    run(3, "export", archive, "-o", os.path.join(work, "html"), "--format", "html", "--open-winmail", env=env)
    digests = {hashlib.sha256(octets).digest() for octets in files(os.path.join(work, "html")).values()}
    expect(all(hashlib.sha256(octets).digest() in digests for octets in FILES["winmail"].values()), "pages without the files")
    run(2, "export", archive, "-o", os.path.join(work, "ics"), "--format", "ics", "--open-winmail", env=env)
    again = os.path.join(work, "again")
    run(3, "export", archive, "-o", again, "--format", "eml", "--open-winmail", env=env)
    expect(sorted(files(again).values()) == sorted(eml.values()), "another time it is other octets")


def sound(work, env):
    """Where nothing is wrong the exit code is 0."""
    place, archive = os.path.join(work, "good"), os.path.join(work, "good.valise")
    os.mkdir(place)
    for name in ("winmail", "one-file", "meeting"):
        with open(os.path.join(place, name + ".eml"), "wb") as f:
            f.write(MESSAGES[name])
    run(0, "import", place, "-o", archive, env=env)
    out = run(0, "export", archive, "-o", os.path.join(work, "sound"), "--format", "eml", "--open-winmail", env=env)
    expect("winmail.dat opened in 3 messages" in out, out)


def main():
    with tempfile.TemporaryDirectory() as work:
        env = environment(os.path.join(work, "home"))
        env["XDG_CACHE_HOME"] = os.path.join(work, "cache")
        os.makedirs(env["HOME"])
        source, archive = os.path.join(work, "mail"), os.path.join(work, "a.valise")
        os.mkdir(source)
        for name, octets in MESSAGES.items():
            with open(os.path.join(source, name + ".eml"), "wb") as f:
                f.write(octets)
        run(0, "import", source, "-o", archive, env=env)
        other_reader(work)
        show(archive, env)
        find(archive, env)
        export(archive, work, env)
        sound(work, env)
    print("winmail.dat: %d kinds of it" % len(MESSAGES))


main()
