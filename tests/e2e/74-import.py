#!/usr/bin/python3
"""valise import of what Python's mailbox wrote, and of files as Thunderbird, Apple Mail, mutt and Dovecot leave them: octets, flags, keywords, dates, mailboxes. Again it
adds only what is new, killed anywhere it goes on, what cannot be read is named; what an export wrote comes back as it was."""
import gzip
import json
import mailbox
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import VALISE, environment, expect, execute, run  # noqa: E402

TEXTS = ["plain\n", "From here on\n\nFrom now on\n", ">>quoted\n> From a friend\n", "no end", "\n\nempty lines\n\n\n", "8bit \xe9\xff\n", "x" * 100000 + "\n",
         "\nFrom bob Sat Nov  3 10:00:00 2018\nis how it began\n", "Status: RO\n\n--\n"]
FROM = "From a@example.org Sat Nov  3 10:00:00 2018\n"
HEAD = "From: a@example.org\nSubject: %s\n"


def message(i, flags=""):
    m = mailbox.mboxMessage()
    m["From"], m["Subject"], m["Message-ID"] = "a%d@example.org" % i, "number %d" % i, "<%d@example.org>" % i
    m.set_payload(TEXTS[i % len(TEXTS)].encode("latin-1").decode("ascii", "surrogateescape"))
    m.set_from("a@example.org", time.gmtime(1500000000 + i))
    m.set_flags(flags)
    return m


def crlf(octets):
    return re.sub(rb"\r?\n", b"\r\n", octets)


def catalog(archive):
    """{mailbox: [(octets, flags, keywords, seconds), ...] by UID} of the newest snapshot, by way of a tree."""
    shutil.rmtree("tree", ignore_errors=True)
    run(None, "unpack", archive, "-t", "tree")
    boxes = {}
    for at, _, names in os.walk("tree/catalog/mail"):
        for name in names:
            with open(os.path.join(at, name), encoding="utf-8") as f:
                head, *lines = map(json.loads, f)
            box = boxes[head["name"]] = []
            for o in lines:
                if "path" in o:
                    with open(os.path.join("tree", head["path"], o["path"]), "rb") as f:
                        box.append((f.read(), sorted(o.get("flags", [])), sorted(o.get("keywords", [])), o.get("date")))
    return boxes


def write(path, text):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode("latin-1"))
    return path


def done(code, *args):
    rc, out, err = execute("import", *args, "--json")
    expect(rc == code, "exit code %d instead of %d: %s\n%s%s" % (rc, code, args, out, err))
    return json.loads(out.splitlines()[-1])


def by_python():
    """mbox, Maildir and MH that Python wrote, read by Python and from the archive."""
    os.mkdir("py")
    box = mailbox.mbox("py/Sent.mbox")
    for i in range(20):
        box.add(message(i, ["", "RO", "ROA", "F", "RD"][i % 5]))
    box.add(message(3))
    box.flush()
    # what Python escaped it does not take back
    want = [(crlf(re.sub(rb"(?m)^>(>*From )", rb"\1", box.get_bytes(k))), sorted({"R": "\\Seen", "A": "\\Answered", "F": "\\Flagged", "D": "\\Deleted"}[c] for c in box[k].get_flags() if c in "RAFD"), [],
             time.strftime("%d-%b-%Y %H:%M:%S +0000", time.strptime(box[k].get_from().split(" ", 1)[1]))) for k in box.keys()]
    box.close()
    done(0, "py/Sent.mbox", "-o", "py.valise")
    got = catalog("py.valise")
    expect(list(got) == ["Sent"], list(got))
    for i, (a, b) in enumerate(zip(want, got["Sent"])):
        expect(a == b, "message %d: %r\nis %r" % (i, a, b))
    expect(len(got["Sent"]) == len(want) == 21, len(got["Sent"]))

    maildir = mailbox.Maildir("py/Maildir")
    for i, flags in enumerate(("", "S", "FS", "DRT")):
        m = mailbox.MaildirMessage(message(i))
        m.set_flags(flags)
        m.set_subdir("cur" if flags else "new")
        m.set_date(1400000000 + i)
        (maildir if i % 2 else maildir.add_folder("Work.2014") if i == 0 else maildir.get_folder("Work.2014")).add(m)
    mh = mailbox.MH("py/MH")
    inbox = mh.add_folder("inbox")
    for i in range(4):
        inbox.add(message(i))
    inbox.set_sequences({"unseen": [1, 3], "replied": [2], "flagged": [2, 3], "odd": [4]})
    done(0, "py/Maildir", "py/MH", "-o", "py.valise")
    got = catalog("py.valise")
    expect(sorted(got) == ["INBOX", "Sent", "Work/2014"], sorted(got))
    flags = sorted((f, k) for _, f, k, _ in got["INBOX"])
    expect(flags == sorted([(["\\Seen"], []), (["\\Answered", "\\Deleted", "\\Draft"], []), ([], []), (["\\Answered", "\\Flagged", "\\Seen"], []), (["\\Flagged"], []), (["\\Seen"], ["odd"])]), flags)
    dates = sorted(d for _, _, _, d in got["Work/2014"])
    expect(dates == ["13-May-2014 16:53:20 +0000", "13-May-2014 16:53:22 +0000"], dates)


def by_programs():
    """Files as mail programs leave them."""
    at = "home/.thunderbird/x.default/"
    write(at + "prefs.js", "")
    for name in "Inbox", "Inbox.sbd/Sub", "Sent", "Drafts":
        write(at + "Mail/Local Folders/%s.msf" % name, "// <!-- <mdb:mork:z v=\"1.4\"/> -->")
    tb = "From - Sat Nov  3 10:00:00 2018\nX-Mozilla-Status: %s\nX-Mozilla-Status2: 00000000\nX-Mozilla-Keys: %-40s\n" + HEAD + "Date: Sun, 09 Sep 2001 03:46:40 +0200\n\n>From x\n\n"
    write(at + "Mail/Local Folders/Inbox", (tb % ("0001", "$label1 todo", "a") + tb % ("0009", "", "deleted") + tb % ("1006", "", "b")).replace("\n", "\r\n"))
    write(at + "Mail/Local Folders/Inbox.sbd/Sub", tb % ("0000", "", "c"))
    write(at + "Mail/Local Folders/Drafts", "")
    write(at + "Mail/Local Folders/filterlog.html", "<html>")
    out = done(0, "home/.thunderbird/x.default", "-o", "tb.valise")
    got = catalog("tb.valise")
    expect(sorted(got) == ["Drafts", "INBOX", "INBOX/Sub"] and out["ignored"] == 1, (sorted(got), out))
    expect([g[1:] for g in got["INBOX"]] == [(["\\Seen"], ["$label1", "todo"], " 9-Sep-2001 03:46:40 +0200"), (["\\Answered", "\\Flagged"], ["$Forwarded"], " 9-Sep-2001 03:46:40 +0200")], got["INBOX"])
    expect(got["INBOX"][0][0].startswith(b"X-Mozilla-Status: 0001\r\n") and got["INBOX"][0][0].endswith(b"\r\n\r\nFrom x\r\n"), got["INBOX"][0])

    plist = '<?xml version="1.0"?>\n<plist><dict><key>flags</key><integer>17</integer><key>date-received</key><integer>1300000000</integer></dict></plist>\n'
    text = HEAD % "apple" + "\nbody\n"
    write("apple/INBOX.mbox/01234567-89AB-CDEF-0123-456789ABCDEF/Data/Messages/1.emlx", "%-10d\n%s%s" % (len(text), text, plist))
    write("apple/INBOX.mbox/01234567-89AB-CDEF-0123-456789ABCDEF/Data/Messages/2.partial.emlx", "%-10d\n%s%s" % (len(text), text, plist))
    write("apple/Old.mbox/mbox", FROM + HEAD % "old" + "\nx\n\n")
    write("apple/Old.mbox/table_of_contents", b"\0\0\1")
    out = done(3, "apple", "-o", "apple.valise")
    got = catalog("apple.valise")
    expect(sorted(got) == ["INBOX", "Old"] and len(got["INBOX"]) == 2 and out["failed"] == 1 and out["ignored"] == 0, out)
    expect(got["INBOX"][0] == (crlf(text.encode()), ["\\Flagged", "\\Seen"], [], "13-Mar-2011 07:06:40 +0000"), got["INBOX"])
    expect(b"attachments" in subprocess.run([VALISE, "list", "apple.valise", "--items"], capture_output=True).stdout, "not named")

    # mboxcl2: nothing escaped, the length counts
    body = "From x\n\n" + FROM + HEAD % "quoted" + "\nnone\n"
    write("cl2", FROM + HEAD % "first" + "Content-Length: %d\n\n" % len(body) + body + "\n" + FROM + HEAD % "second" + "Content-Length: 3\n\nwrong\n\n")
    done(0, "cl2", "-o", "cl2.valise")
    got = catalog("cl2.valise")["cl2"]
    expect(len(got) == 2 and got[0][0].endswith(crlf(b"\n\n" + body.encode())) and got[1][0].endswith(b"\r\n\r\nwrong\r\n"), got)

    # compressed as Dovecot's zlib does, in a Maildir that lies in a tar; single messages in a zip; an mbox in gzip
    write("d/Maildir/cur/1400000000.M1.x,S=50:2,Sa", gzip.compress((HEAD % "z" + "\nbody\n").encode()))
    write("d/Maildir/dovecot-keywords", "0 work\n")
    for sub in "new", "tmp", ".Empty/cur", ".Empty/new":
        os.makedirs("d/Maildir/" + sub)
    with tarfile.open("d.tgz", "w:gz") as t:
        t.add("d/Maildir", "Maildir")
    with zipfile.ZipFile("e.zip", "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("letters/1.eml", HEAD % "one" + "\nx\n")
        z.writestr("letters/2019/2.eml", HEAD % "two" + "\nx\n")
    with gzip.open("Old.mbox.gz", "wb") as f:
        f.write((FROM + HEAD % "gz" + "\nx\n\n").encode())
    done(0, "d.tgz", "e.zip", "Old.mbox.gz", "-o", "packed.valise")
    got = catalog("packed.valise")
    expect({n: len(b) for n, b in got.items()} == {"INBOX": 1, "Empty": 0, "letters": 1, "letters/2019": 1, "Old": 1}, {n: len(b) for n, b in got.items()})
    expect(got["INBOX"][0][:3] == (crlf((HEAD % "z" + "\nbody\n").encode()), ["\\Seen"], ["work"]), got["INBOX"])


def again():
    """Only what is new, as often as it is there; flags that are new."""
    os.mkdir("again")
    one = FROM + HEAD % "one" + "\nx\n\n"
    two = FROM + HEAD % "two" + "\nx\n\n"
    read = FROM + HEAD % "three" + "X-Status: F\n\nx\n\n"
    write("again/Box", one + one + two)
    out = done(0, "again", "-o", "again.valise")
    expect(out["added"] == 3 and out["snapshot"] == 1, out)
    for paths in ["again"], ["again/Box"], ["again", "again/Box"]:
        out = done(0, *paths, "-o", "again.valise")
        expect(out["added"] == 0 and not out["changed"] and out["found"] == 3 * len(paths), out)
    write("again/Box", one + one + one + two + read)
    out = done(0, "again", "-o", "again.valise")
    expect(out["added"] == 2 and out["snapshot"] == 2, out)
    write("again/Box", two)
    expect(not done(0, "again", "-o", "again.valise")["changed"], "something was taken away")
    expect(len(catalog("again.valise")["Box"]) == 5, "not all stayed")
    # the same message in a Maildir where it was read since
    for flags in "", "S", "FS", "":
        shutil.rmtree("again/M", ignore_errors=True)
        for sub in "new", "tmp":
            os.makedirs("again/M/" + sub)
        write("again/M/cur/1400000000.M1.x:2," + flags, HEAD % "m" + "\nx\n")
        out = done(0, "again/M", "-o", "again.valise", "--into", "Later")
    expect(not out["changed"] and catalog("again.valise")["Later/INBOX"][0][1] == ["\\Flagged", "\\Seen"], out)
    uids = [line.split()[0] for line in run(0, "list", "again.valise", "Box", "--items").splitlines() if re.match(r" +\d+ ", line)]
    expect(uids == ["1", "2", "3", "4", "5"], uids)
    expect("nothing was written" in run(0, "import", "again/Box", "-o", "nowhere.valise", "--dry-run") and not os.path.exists("nowhere.valise"), "a dry run")


def odd_ones():
    """What is no mail, cannot be read, or is somebody else's to take."""
    write("odd/notes.txt", "From here on this is prose.\n")
    expect("nothing of an account" in run(2, "import", "odd", "-o", "odd.valise") and not os.path.exists("odd.valise"), "odd")
    write("odd/mail.pst", b"!BDN\0\0")
    run(1, "import", "odd", "-o", "odd.valise")
    write("odd/a.eml", HEAD % "a" + "\nx\n")
    os.symlink("a.eml", "odd/link")
    write("odd/cut.mbox.gz", gzip.compress((FROM + HEAD % "cut" + "\n" + os.urandom(20000).hex()).encode())[:-9])
    rc, out, err = execute("import", "odd", "-o", "odd.valise")
    expect(rc == 3 and "PST" in err and "symbolic link" in err and "gzip" in err and "from message 1 on" in err, err)
    # named until the file is whole
    expect("INCOMPLETE" in run(3, "import", "odd/a.eml", "-o", "odd.valise", "--into", "odd"), "forgotten")
    os.remove("odd/mail.pst")
    os.remove("odd/link")
    write("odd/cut.mbox.gz", gzip.compress((FROM + HEAD % "cut" + "\nwhole\n").encode()))
    expect("INCOMPLETE" not in run(0, "import", "odd", "-o", "odd.valise"), "still named")
    # names that would move a terminal, or leave a folder
    write("evil/\x1b]0;x\x07\u202e.mbox".encode("utf-8", "surrogateescape").decode("latin-1").encode("latin-1"), FROM + HEAD % "e" + "\nx\n\n")
    out = run(0, "import", "evil", "-o", "evil.valise") + run(0, "list", "evil.valise")
    expect("\x1b" not in out and "\u202e" not in out, repr(out))
    expect("valise pack" in run(2, "import", "tree", "-o", "x.valise"), "a tree")
    run(0, "forget", "odd.valise", "--keep-last", "1")  # whatever snapshots it has
    expect("archive of valise" in run(2, "import", "odd.valise", "-o", "x.valise"), "an archive")
    # what lies beside mail may be called as mail is; a message in tmp was never delivered; archives in a folder are no mail
    write("sly/subscriptions", FROM + HEAD % "s" + "\nx\n\n")
    write("sly/couriers", FROM + HEAD % "c" + "\nx\n\n")
    write("sly/Maildir/cur/1400000000.M1.x:2,S", HEAD % "m" + "\nx\n")
    write("sly/Maildir/tmp/1400000000.M2.x", HEAD % "half" + "\nx\n")
    write("sly/Maildir/new/1400000000.M3.x", b"\x28\xb5\x2f\xfd\4")
    shutil.copytree("odd.valise", "sly/old.valise")
    shutil.copytree("tree", "sly/tree")
    out = done(3, "sly", "-o", "sly.valise")
    got = catalog("sly.valise")
    expect(sorted(got) == ["INBOX", "couriers", "subscriptions"] and [len(b) for b in got.values()] == [1, 1, 1] and out["unread"] == 3 and out["ignored"] == 1, (sorted(got), out))
    run(1, "import", "not-there", "-o", "x.valise")
    expect(not os.path.exists("x.valise"), "x.valise was left")


def killed():
    """Killed before any call of the system, the next run makes what an undisturbed one makes."""
    os.mkdir("kill")
    box = mailbox.mbox("kill/Box")
    for i in range(60):
        box.add(message(i % 50))
    box.close()
    done(0, "kill", "-o", "whole.valise")
    want = catalog("whole.valise")
    env = dict(os.environ, VALISE_FAULT="kill:0", VALISE_FAULT_COUNT="count")
    subprocess.run([VALISE, "import", "kill", "-o", "count.valise"], env=env, check=True, capture_output=True)
    with open("count") as f:
        calls = int(f.read())
    step = max(1, calls // 25)
    for n in range(1, calls + 1, step):
        shutil.rmtree("killed.valise", ignore_errors=True)
        p = subprocess.run([VALISE, "import", "kill", "-o", "killed.valise"], env=dict(os.environ, VALISE_FAULT="kill:%d" % n), capture_output=True)
        expect(p.returncode == -9, "kill:%d: %d" % (n, p.returncode))
        out = done(0, "kill", "-o", "killed.valise")
        expect(out["mail"]["items"] == 60, "kill:%d: %s" % (n, out))
        if n % (4 * step) == 1:
            run(0, "verify", "killed.valise")
            expect(catalog("killed.valise") == want, "kill:%d: another content" % n)


def back():
    """What an export writes is imported as it was."""
    for fmt in "mbox", "maildir":
        run(None, "export", "py.valise", "-o", "out-" + fmt, "--format", fmt)
        done(0, "out-" + fmt, "-o", "back-%s.valise" % fmt)
        a, b = ({o["name"]: o["content"] for o in map(json.loads, run(0, "list", x, "--json").splitlines())} for x in ("py.valise", "back-%s.valise" % fmt))
        if fmt == "mbox":  # "no end": it got one, as it was said
            changed = {n for n in a if a[n] != b.get(n)}
            expect(changed <= {"Sent", "INBOX"} and sorted(a) == sorted(b), (changed, a, b))
        else:
            expect(a == b, (a, b))


def main():
    home = tempfile.mkdtemp(prefix="valise-")
    try:
        os.chdir(home)
        os.environ.update(environment(home), LC_ALL="C.UTF-8")
        for part in by_python, by_programs, again, odd_ones, killed, back:
            begun = time.monotonic()
            part()
            print("-- %s (%.1f s)" % (part.__name__, time.monotonic() - begun), flush=True)
    finally:
        shutil.rmtree(home)


main()
