#!/usr/bin/python3
"""What a person sees at a terminal of 40, 80 and 200 columns (tmux): the progress line is one line, cut at the width, says where it is, and leaves nothing
behind when a warning, ^C, another width or the end comes. The server waits in the middle of a mailbox until it was looked at."""
import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import VALISE, environment, expect, imap  # noqa: E402
import fakeimap  # noqa: E402

BOX = "Archiv/2019/Größere Vorhaben/日本の友人からの手紙"


def mutf7(text):
    return re.sub(r"[^ -~]+", lambda m: "&" + base64.b64encode(m[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-", text.replace("&", "&-"))


class Waiting(fakeimap.FakeImap):
    """One mailbox of seven messages; before the fifth the server waits. The second is refused by the case ${refused}."""
    refused = False
    extensions = [e for e in fakeimap.FakeImap.extensions if e != "LIST-EXTENDED"]

    def populate(self):
        self.mailbox("INBOX")
        box = self.mailbox(mutf7(BOX))
        for i in range(1, 8):
            box.add(b"Message-ID: <%d@fake.example>\r\nSubject: message %d\r\n\r\n%s\r\n" % (i, i, b"x" * 70))
        self.reached, self.go = threading.Event(), threading.Event()

    def fetch_answer(self, s, n, m, items):
        body = any(i.startswith("BODY.PEEK[") and "HEADER" not in i for i in items)
        if body and self.refused and m.uid == 2:
            return None
        if body and m.uid == 5 and not self.go.is_set():
            self.reached.set()
            while not self.go.wait(0.05):
                if self.stopping.is_set():
                    raise fakeimap.Cut()
        return super().fetch_answer(s, n, m, items)


def columns(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


class Terminal:
    """A shell in a tmux of its own."""

    def __init__(self, scratch, width):
        self.socket = os.path.join(scratch, "tmux")
        self.env = dict(environment(scratch), LC_ALL="C.UTF-8", TERM="xterm-256color", NO_COLOR="1")
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", "20", "-c", scratch, "/bin/sh")
        self.until("the shell begins", lambda s: s[0] in ("$", "#"))
        self.type("PS1='> '; clear; printf '\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n'")
        self.until("its prompt", lambda s: s == [">"])

    def tmux(self, *args):
        return subprocess.run(["tmux", "-u", "-S", self.socket, *args], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True).stdout.decode()

    def screen(self, *how):
        """Its lines and those that have left it, without the empty ones at both ends."""
        return self.tmux("capture-pane", "-p", "-S", "-500", *how).strip("\n").split("\n")

    def ended(self):
        """What is left at the end, as it was written: lines that the terminal broke are one."""
        self.until("the end", lambda s: s[-1] == ">" and len(s) > 2)
        return [x.rstrip() for x in self.screen("-J")]

    def until(self, what, happens):
        for _ in range(1200):
            lines = [x.rstrip() for x in self.screen()]
            if happens(lines):
                return lines
            time.sleep(0.05)
        expect(False, "%s: not on the screen:\n%s" % (what, "\n".join(lines)))

    def type(self, text):
        self.tmux("send-keys", "-l", text)
        self.tmux("send-keys", "Enter")

    def close(self):
        self.tmux("kill-server")


def start(t, server, scratch, account):
    """A backup, as a script of one short word, so that no width breaks the command."""
    with open(os.path.join(scratch, "b"), "w") as f:
        f.write("#!/bin/sh\nexec '%s' backup %s --connections 1 -o '%s/x.valise'\n" % (
            VALISE, " ".join("'%s'" % a for a in account), scratch))
    os.chmod(os.path.join(scratch, "b"), 0o755)
    t.type("./b")


def in_the_middle(lines):
    """Below the command there is the line alone."""
    return len(lines) == 2 and lines[0] == "> ./b" and re.search(r"^[34] of 7  ", lines[1])


def scene(width, refused=False, password=True):
    """A terminal in whose middle a backup waits: (terminal, server, directory)."""
    scratch = tempfile.mkdtemp(prefix="valise-")
    server = type("Case", (Waiting,), {"refused": refused})()
    server.start()
    t = Terminal(scratch, width)
    account = imap(server.port)
    start(t, server, scratch, account if password else [a for a in account if a not in ("--password-command", "echo pw-alice")])
    return t, server, scratch


def leave(t, server, scratch):
    server.go.set()
    t.close()
    server.stop()
    shutil.rmtree(scratch)


def progress(width):
    t, server, scratch = scene(width)
    try:
        line = t.until("a progress line at %d columns" % width, in_the_middle)[1]
        expect(columns(line) < width, "%d columns: %s" % (columns(line), line))
        want = {40: r"[34] of 7  (\d+ bytes  |\d+:\d\d left  )?Archiv/2019/Größe?\S* ?\S*\.\.\.",
                80: r"[34] of 7  \d+ bytes  (\d+ bytes/s  )?(\d+:\d\d left  )?Archiv/2019/Größere Vorh.*",
                200: r"[34] of 7  \d+ bytes  \d+ bytes/s  (\d+:\d\d left  )?" + BOX}[width]
        expect(re.fullmatch(want, line), line)
        server.go.set()
        end = t.ended()
        text = "\n".join(end)
        expect(re.fullmatch(r"> \./b\n\S*/x\.valise: snapshot 1 sealed: 7 messages in 2 mailboxes, .*\nseal .*\n>", text), text)
    finally:
        leave(t, server, scratch)


def resized():
    """Narrower and narrower while the line stands: a terminal breaks it in two, and nothing stays of it."""
    t, server, scratch = scene(200)
    try:
        t.until("a progress line", in_the_middle)
        for width in 80, 40, 30, 100:
            t.tmux("resize-window", "-x", str(width), "-y", "20")
            line = t.until("one line at %d columns" % width, lambda s: in_the_middle(s) and columns(s[1]) < width)[1]
            expect(columns(line) < width, line)
        server.go.set()
        end = t.ended()
        expect(len(end) == 4 and end[0] == "> ./b" and end[2].startswith("seal "), "litter:\n%s" % "\n".join(end))
    finally:
        leave(t, server, scratch)


def warned():
    """A warning comes while the line stands: on a line of its own, the line below it."""
    t, server, scratch = scene(80, refused=True)
    try:
        t.until("a progress line", lambda s: len(s) == 2 and " of 7  " in s[1])
        server.go.set()
        end = t.ended()
        text = "\n".join(end)
        expect(re.fullmatch(r"> \./b\n\S*/2019/[^\n]*: 1 message is not given; trying on a fresh connection\nwarning: [^\n]*UID 2, 17 Jul 1996, .message 2. [^\n]*\n[^\n]* snapshot 1 sealed: 6 messages .*\nseal .*\nINCOMPLETE: 1 item could not be fetched;.*\n>", text), text)
    finally:
        leave(t, server, scratch)


def interrupted():
    """^C: what it says stands alone; twice: at once, and the shell's prompt on a line of its own."""
    said = "valise backup: stopped as asked; the next run goes on from here"
    t, server, scratch = scene(80)
    try:
        t.until("a progress line", in_the_middle)
        t.tmux("send-keys", "C-c")
        t.until("^C alone", lambda s: s == ["> ./b", said, ">"])
    finally:
        leave(t, server, scratch)


def asked(width):
    """The question for a password stands, and is not drawn over."""
    t, server, scratch = scene(width, password=False)
    try:
        t.until("the question", lambda s: s[0] == "> ./b" and s[-1].endswith(":") and "Password for" in "".join(s))
        before = t.screen()
        time.sleep(1)  # the line would have been drawn twice
        expect(t.screen() == before, "drawn over:\n%s\n%s" % ("\n".join(before), "\n".join(t.screen())))
        question = [x.rstrip() for x in t.screen("-J")]
        expect(len(question) == 2 and question[1].startswith("Password for") and "alice" in question[1], question)
        t.type("pw-alice")
        line = t.until("a progress line below the answer", lambda s: re.match(r"[34] of 7  ", s[-1]))
        expect(sum(" of 7" in x for x in line) == 1, line)
        server.go.set()
        end = t.ended()
        expect(end[1] == question[1] and len(end) == 5 and "pw-alice" not in "".join(end), "\n".join(end))
    finally:
        leave(t, server, scratch)


def helped(width):
    """The help is broken between words, whatever the width; nothing of it is lost."""
    scratch = tempfile.mkdtemp(prefix="valise-")
    t = Terminal(scratch, width)
    try:
        whole = subprocess.run([VALISE, "help", "restore"], env=t.env, capture_output=True, timeout=60, check=True).stdout.decode()
        with open(os.path.join(scratch, "h"), "w") as f:
            f.write("#!/bin/sh\n'%s' help restore\necho the end\n" % VALISE)
        os.chmod(os.path.join(scratch, "h"), 0o755)
        t.type("./h")
        t.until("the end", lambda s: s[-2:] == ["the end", ">"])
        said = t.screen("-J")[1:-2]
        expect(all(columns(x.rstrip()) < width for x in said), [x for x in said if columns(x.rstrip()) >= width])
        expect(" ".join(said).split() == whole.split(), "other words")
    finally:
        t.close()
        shutil.rmtree(scratch)


def main():
    scenes = {"progress 40": lambda: progress(40), "progress 80": lambda: progress(80), "progress 200": lambda: progress(200),
              "resized": resized, "warned": warned, "interrupted": interrupted,
              "asked 40": lambda: asked(40), "asked 80": lambda: asked(80), "asked 200": lambda: asked(200),
              "helped 40": lambda: helped(40), "helped 80": lambda: helped(80), "helped 200": lambda: helped(200)}
    for name in sys.argv[1:] or scenes:
        print("--", name, flush=True)
        scenes[name]()
    print("ok")


main()
