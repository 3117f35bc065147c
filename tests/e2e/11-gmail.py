#!/usr/bin/python3
"""Gmail, scripted after Google's documentation (servers/cases_gmail.py), as source and as target, and the three policies for its labels on a real Dovecot.
What is expected is worked out here from the account itself; servers are read by tools/imaptool.py."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import SERVERS, Failed, expect, imap, run  # noqa: E402
import fakecases  # noqa: E402
import imaptool  # noqa: E402
from cases_gmail import SYSTEM, from_mutf7, mutf7  # noqa: E402

CASES = fakecases.cases()
ON_DOVECOT = {r"\Inbox": "INBOX", r"\Sent": "Sent", r"\Draft": "Drafts", r"\Trash": "Trash", r"\Junk": "Junk", r"\Starred": "[Gmail]/Markiert", r"\Important": "[Gmail]/Wichtig"}
FIRST = [r"\Inbox", r"\Draft", r"\Sent", None, r"\Important", r"\Starred", r"\Junk", r"\Trash"]  # None: labels of the user, by name


def same(have, want, what):
    for key in sorted(set(have) | set(want), key=str):
        expect(have.get(key) == want.get(key), "%s: %s is %r instead of %r" % (what, key, have.get(key), want.get(key)))


def says(text, pattern):
    expect(re.search(pattern, text), "did not say %r\n%s" % (pattern, text))


def subject(body):
    return re.search(rb"Subject: ([^\r]*)", body)[1].decode()


def labels(server):
    """{subject: what is to be the same on any Gmail}"""
    return {subject(m.body): (sorted(m.labels), sorted(m.flags), m.date.strip().lstrip("0"), m.body) for m in server.stored}


def tree(path):
    """{folder: the bodies in it} of a directory tree, whose paths have =XX for what not every file system takes."""
    out = {}
    for d, _, names in os.walk(os.path.join(path, "mail")):
        if os.path.basename(d) == "cur":
            folder = os.path.relpath(os.path.dirname(d), os.path.join(path, "mail"))
            folder = re.sub("=([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), folder)
            out[folder] = Counter(open(os.path.join(d, n), "rb").read() for n in names)
    return {k: v for k, v in out.items() if v}


# ---- Gmail as a source -------------------------------------------------------------------------------


def test_each_body_once(t):
    """One fetch a message, however many mailboxes show it; also when it gets a label later. The tree is as the server shows it."""
    with CASES["gmail"]() as g:
        run(0, "backup", *imap(g.port), "-o", t + "/a")
        same({m.msgid: m.fetched for m in g.stored}, {m.msgid: 1 for m in g.stored}, "fetched")
        run(0, "unpack", t + "/a", "-t", t + "/tree")
        same(tree(t + "/tree"), {from_mutf7(b.name): Counter(m.body for m in b.messages) for b in g.mailboxes.values() if b.messages}, "tree")
        g.label(g.stored[2], "Späteres Label")
        g.unlabel(g.stored[0], r"\Inbox")
        run(0, "backup", *imap(g.port), "-o", t + "/a")
        new = g.store([r"\Inbox", "Ganz neu"])
        run(0, "backup", *imap(g.port), "-o", t + "/a")
        same({m.msgid: m.fetched for m in g.stored}, {m.msgid: 1 for m in g.stored}, "fetched with a new label")
        expect(new.fetched == 1, "the new message")
        says(run(0, "backup", *imap(g.port), "-o", t + "/a"), "nothing changed")
        run(0, "verify", t + "/a")


def test_asked_of_another_mailbox(t):
    """All Mail does not give it: INBOX is asked; the next run takes it from there for All Mail, too."""
    with CASES["gmail-keeps-one"]() as g:
        says(run(3, "backup", *imap(g.port), "-o", t + "/a"), "Alle Nachrichten: UID 2, .* could not be fetched")
        run(3, "unpack", t + "/a", "-t", t + "/tree")
        expect(g.stored[1].body in tree(t + "/tree")["INBOX"], "INBOX lacks it")
        run(0, "backup", *imap(g.port), "-o", t + "/a")
        expect(g.stored[1].fetched == 1, "fetched %d times" % g.stored[1].fetched)


def test_number_is_not_believed_alone(t):
    """Two messages with one X-GM-MSGID and different sizes are two."""
    with CASES["gmail-same-id"]() as g:
        run(0, "backup", *imap(g.port), "-o", t + "/a")
        run(0, "unpack", t + "/a", "-t", t + "/tree")
        have = set().union(*tree(t + "/tree").values())
        expect(have == {m.body for m in g.stored}, "%d contents of %d" % (len(have), len(g.stored)))


# ---- Gmail as a target -------------------------------------------------------------------------------


def test_labels_come_back(t):
    """Gmail to Gmail, German to English: each message appended once, all labels equal; again: nothing is sent."""
    with CASES["gmail"]() as g:
        run(0, "backup", *imap(g.port), "-o", t + "/a")
        want = labels(g)
        with CASES["gmail-empty"]() as e:
            says(run(0, "restore", t + "/a", *imap(e.port), "--dry-run"), "22 to add")
            expect(not e.stored, "the dry run wrote")
            says(run(0, "restore", t + "/a", *imap(e.port)), "22 added")
            same(labels(e), want, "restored")
            expect(e.appended == len(want), "%d appended" % e.appended)
            expect(b"Unbenutzt" in e.mailboxes, "the empty label")
            e.unlabel(next(m for m in e.stored if subject(m.body) == "message 1"), "Arbeit/Kunde")  # here, on purpose
            before, changed = labels(e), e.modseq
            says(run(0, "restore", t + "/a", *imap(e.port)), " 0 added")
            expect(e.modseq == changed, "the second run changed something")
            g.label(g.stored[2], "Neu & später")
            run(0, "backup", *imap(g.port), "-o", t + "/a")
            says(run(0, "restore", t + "/a", *imap(e.port)), " 0 added")
            before[subject(g.stored[2].body)][0].append("Neu & später")
            same(labels(e), before, "a label since")
            shutil.rmtree(t + "/state")
            says(run(0, "restore", t + "/a", *imap(e.port)), " 0 added")
            same(labels(e), labels(g), "without the journal")


def test_labels_interrupted(t):
    """The connection breaks while labels are set, and the server asks for time: they are all there in the end."""
    with CASES["gmail"]() as g:
        run(0, "backup", *imap(g.port), "-o", t + "/a")
        with CASES["gmail-cuts-store"]() as e:
            run(0, "restore", t + "/a", *imap(e.port))
            same(labels(e), labels(g), "restored")


def test_refused_label(t):
    """A label that Gmail keeps for itself costs itself, and is named."""
    with CASES["gmail"]() as g:
        g.stored[3].labels.add(r"\Muted")
        g.hidden.add("Chats")
        g.label(g.stored[9], "Chats")
        run(0, "backup", *imap(g.port), "-o", t + "/a")
        with CASES["gmail-empty"]() as e:
            text = run(3, "restore", t + "/a", *imap(e.port))
            says(text, r'does not take the label "\\Muted": 1 message is')
            says(text, r'does not take the label "Chats": 1 message is')
            says(text, "22 added")
            want = labels(g)
            for kept in want.values():
                kept[0][:] = [x for x in kept[0] if x not in (r"\Muted", "Chats")]
            same(labels(e), want, "the others")


def dovecot(t):
    """Dovecot, started; its env file."""
    script = os.path.join(SERVERS, "dovecot.sh")
    subprocess.run([script, "start", t + "/dovecot"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "SPECIAL": "1", "ALL": "1"})
    return t + "/dovecot/env"


def real(env, user):
    e = imaptool.read_env(env)
    return ["--imap", "imaps://localhost:" + e["IMAPS_PORT"], "--user", user, "--ca-file", e["CA"], "--password-command", "echo pw-" + user]


def held(env, user):
    """{folder: {subject: (body, flags and keywords) as often}} of what is not empty."""
    out = {}
    with imaptool.Account.open(env, user) as a:
        for path, attributes in a.folders().items():
            if r"\noselect" not in attributes and path[0] != "virtual":
                box = Counter((bytes(m["BODY[]"]), tuple(sorted(f for f in m["FLAGS"] if f != r"\Recent"))) for m in a.fetch(path).values())
                if box:
                    out["/".join(path)] = box
    return out


def flags_of(m):
    return sorted(m.flags | ({r"\Flagged"} if r"\Starred" in m.labels else set()))


def test_ordinary_account_to_gmail(t, env):
    """Folders become labels; equal messages of several folders are one message; a name that is reserved is another one."""
    bodies = {n: b"Message-ID: <%s@x>\r\nSubject: %s\r\n\r\n%s\r\n" % (n, n, n) for n in (b"one", b"two", b"three", b"four", b"five")}
    with imaptool.Account.open(env, "alice") as a:
        for folder, names in {"INBOX": ("one", "two", "two"), "Work": ("one", "three"), "Sent": ("four", "one"), "Trash": ("five", "three"), "Projekte/Größe": ("two",), "Important": ("one",)}.items():
            if folder in ("Work", "Projekte/Größe", "Important"):
                a.create(folder)
            for n in names:
                a.append(folder, bodies[n.encode()], [r"\Seen"], "01-Feb-2021 10:00:00 +0000")
    run(0, "backup", *real(env, "alice"), "-o", t + "/d", "--exclude", "virtual*")
    with CASES["gmail-empty"]() as e:
        text = run(0, "restore", t + "/d", *imap(e.port))
        says(text, "3 messages of several mailboxes become one message each")
        says(text, "1 message is left out: an equal one is in the same mailbox")
        says(text, "1 message of Trash or Junk is equal to others")
        want = {"one": ["Important_2", "Work", r"\Inbox", r"\Sent"], "two": ["Projekte/Größe", r"\Inbox"], "three": ["Work"], "four": [r"\Sent"], "five": [r"\Trash"]}
        same({k: v[0] for k, v in labels(e).items()}, want, "labels")
        changed = e.modseq
        says(run(0, "restore", t + "/d", *imap(e.port)), " 0 added")
        expect(e.modseq == changed, "the second run changed something")


# ---- Gmail's archive on another server -----------------------------------------------------------------


def wanted_folders(g):
    out = {}
    for m in g.stored:
        shown = [x for x in m.labels if x not in g.hidden]
        for label in shown or [None]:
            folder = "Archive" if label is None else ON_DOVECOT.get(label, label)
            out.setdefault(folder, Counter())[m.body, tuple(flags_of(m))] += 1
    return out


def first_of(m, g, order):
    for label in order:
        for x in sorted(m.labels - g.hidden, key=mutf7) if label is None else [label]:
            if x in m.labels and (label or x not in SYSTEM):
                return ON_DOVECOT.get(x, x)
    return "Archive"


def wanted_first(g):
    out = {}
    for m in g.stored:
        order = FIRST if m.labels - g.hidden - {r"\Important", r"\Starred"} else []  # before these comes All Mail
        out.setdefault(first_of(m, g, order), Counter())[m.body, tuple(flags_of(m))] += 1
    return out


def keyword(label):
    return {r"\Important": "$Important", r"\Sent": "$Sent"}.get(label) or re.sub(r'[ (){%*"\\\]]', "_", mutf7(label).decode())


def wanted_keywords(g):
    out = {}
    for m in g.stored:
        folder = first_of(m, g, [x for x in FIRST if x not in (None, r"\Important", r"\Starred")])
        words = [keyword(x) for x in m.labels if ON_DOVECOT.get(x) != folder and x not in (r"\Inbox", r"\Draft", r"\Starred", r"\Trash", r"\Junk")]
        out.setdefault(folder, Counter())[m.body, tuple(sorted(flags_of(m) + words))] += 1
    return out


def test_policies(t, env):
    """folders, first, keywords; each of them again adds nothing; and the archive still makes the labels on a Gmail."""
    with CASES["gmail"]() as g:
        run(0, "backup", *imap(g.port), "-o", t + "/g")
        for policy, user, wanted, words in (("folders", "bob", wanted_folders, "19 stand in other mailboxes, not restored twice; 1 stands in none"),
                                            ("first", "carol", wanted_first, "messages have several labels: restored once, in the first"),
                                            ("keywords", "dave", wanted_keywords, r"Müll \"x\": the label is restored as the keyword M&APw-ll__x_")):
            options = ["--labels", policy] if policy != "folders" else []
            says(run(0, "restore", t + "/g", *real(env, user), *options), words.replace(r"\"", '"'))
            same(held(env, user), wanted(g), policy)
            says(run(0, "restore", t + "/g", *real(env, user), *options), " 0 added")
            shutil.rmtree(t + "/state")
            says(run(0, "restore", t + "/g", *real(env, user), *options), " 0 added")
            same(held(env, user), wanted(g), policy + " again")
        with CASES["gmail-empty"]() as e:
            run(0, "restore", t + "/g", *imap(e.port), "--labels", "first")
            same(labels(e), labels(g), "to Gmail again")
        run(2, "restore", t + "/g", *real(env, "bob"), "--labels", "none")


def test_all_of_another_server(t, env):
    """A mailbox with \\All that is not Gmail's: what is in it alone goes to the archive mailbox, the rest not twice."""
    run(0, "backup", *real(env, "bob"), "-o", t + "/all")
    with imaptool.Account.open(env, "carol") as a:
        a.clear()
    run(0, "restore", t + "/all", *real(env, "carol"))
    same({k: v for k, v in held(env, "carol").items()}, held(env, "bob"), "the copy")


def main():
    alone = [test_each_body_once, test_asked_of_another_mailbox, test_number_is_not_believed_alone, test_labels_come_back, test_labels_interrupted, test_refused_label]
    served = [test_ordinary_account_to_gmail, test_policies, test_all_of_another_server]
    base, failed, env = tempfile.mkdtemp(prefix="valise-gmail-"), 0, None
    os.chmod(base, 0o755)
    try:
        for test in alone + served:
            if test in served and not env:
                env = dovecot(base)
            t = os.path.join(base, test.__name__)
            os.mkdir(t)
            os.environ.update(XDG_STATE_HOME=t + "/state", XDG_CONFIG_HOME=t + "/config", HOME=t)
            try:
                test(t, env) if test in served else test(t)
                print("ok", test.__name__)
            except Failed as e:
                failed += 1
                print("FAILED %s: %s" % (test.__name__, e))
    finally:
        if os.path.isdir(base + "/dovecot"):
            subprocess.run([os.path.join(SERVERS, "dovecot.sh"), "stop", base + "/dovecot"], check=False)
        shutil.rmtree(base, ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
