#!/usr/bin/python3
"""Every option of every command, as the help has it, stands in valise.1 and in what bash, zsh and fish complete; bash and fish are asked for words,
values, accounts and files; every topic of the help says something, and a VALISE_ variable counts as its option does."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import TESTS, VALISE, environment, execute, expect  # noqa: E402

SOURCE = os.environ.get("TESTED_SOURCE", os.path.dirname(TESTS))


def say(*args, code=0, **more):
    rc, out, err = execute(*args, **more)
    expect(code in (None, rc), "exit code %d: %s\n%s%s" % (rc, args, out, err))
    return out + err


def options(command):
    """What the help says: {--name: its value or None}, and the letters."""
    found, letters = {}, set()
    for line in say("help", command).splitlines():
        m = re.match(r"  (?:-(\w), |    )--([a-z0-9-]+)(?: ?(\[?=?[^ ]+))?(?:  |$| )", line)
        if m:
            found["--" + m[2]] = m[3] if m[3] and (m[3].isupper() or re.search(r"[|=:A-Z]", m[3])) else None
            letters |= {"-" + m[1]} if m[1] else set()
    return found, letters


def manual(name):
    with open(os.path.join(SOURCE, "docs", name)) as f:
        return f.read().replace("\\-", "-")


class Shells:
    def __init__(self, home):
        self.env = dict(environment(home), PATH=os.path.dirname(VALISE) + ":" + os.environ["PATH"])
        self.home, self.text = home, {}
        for shell in "bash", "zsh", "fish":
            self.text[shell] = say("completion", shell)
            with open(os.path.join(home, "valise." + shell), "w") as f:
                f.write(self.text[shell])

    def run(self, *command):
        p = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, env=self.env, cwd=self.home)
        expect(p.returncode == 0, "%s: %s" % (command, p.stderr))
        return p.stdout

    def bash(self, *words):
        line = " ".join("'%s'" % w for w in words)
        return set(self.run("bash", "--norc", "-c", "source ./valise.bash; COMP_WORDS=(%s); COMP_CWORD=%d; _valise valise '%s' '%s'; printf '%%s\\n' \"${COMPREPLY[@]}\"" % (
            line, len(words) - 1, words[-1], words[-2])).split("\n")) - {""}

    def fish(self, text):
        return {line.split("\t")[0] for line in self.run("fish", "--no-config", "-c", "source ./valise.fish; complete -C '%s'" % text).splitlines()}


def check_options(shells):
    page = manual("valise.1")
    commands = re.findall(r"^  valise (\w+)  ", say("help"), re.M)
    expect(len(commands) > 10, commands)
    for c in commands:
        expect(re.search(r"^\.B\w* \"?%s\b" % c, page, re.M), "valise.1 has no %s" % c)
        named, letters = options(c)
        expect(("--json" in named) == (c != "setup") and "--help" in named, named)  # setup talks to people alone
        for o in named:
            expect(re.search(r"--%s(?![a-z0-9-])" % o[2:], page), "valise.1 has no %s of %s" % (o, c))
        lost = (set(named) | letters) - shells.bash("valise", c, "-")
        expect(not lost, "bash completes no %s of %s" % (lost, c))
        part = re.search(r"\n\t%s\)\n\t\t_arguments(.*?)\n\t\t;;" % c, shells.text["zsh"], re.S)[1]
        for o in named:
            expect(re.search(r"--%s(?![a-z0-9-])" % o[2:], part), "zsh completes no %s of %s" % (o, c))
        lost = set(named) - shells.fish("valise %s --" % c)
        expect(not lost, "fish completes no %s of %s" % (lost, c))
        for o, value in named.items():
            if value and "|" in value:
                expect(shells.bash("valise", c, o, "") == set(value.split("|")), "%s %s" % (c, o))
                expect(set(value.split("|")) <= shells.fish("valise %s %s " % (c, o)), "%s %s" % (c, o))
    expect(set(commands) <= shells.bash("valise", "") and set(commands) <= shells.fish("valise "), "commands")


def check_words(shells):
    expect(shells.bash("valise", "ba") == {"backup"} and "backup" in shells.fish("valise ba"), "a command")
    expect(shells.bash("valise", "backup", "--only", "mail,c") == {"mail,calendars", "mail,contacts"}, "a list")
    uses = {"junk", "trash", "drafts", "sent", "archive", "all", "flagged", "important"}
    expect(shells.bash("valise", "restore", "--exclude-use", "") == uses and shells.bash("valise", "restore", "--exclude-use", "junk,tr") == {"junk,trash"}, "uses")
    expect("junk" in {w.rpartition(",")[2] for w in shells.fish("valise restore --exclude-use ")}, shells.fish("valise restore --exclude-use "))
    expect("--oauth-client-id" in shells.bash("valise", "login", "--oa"), "OAuth")
    expect(shells.bash("valise", "backup", "--pop3-end", "=", "cl") == {"close"}, "a value after =")
    for words in ("backup", ""), ("backup", "--json", ""), ("restore", "old.valise", ""), ("backup", "-o", "x", ""):
        expect(shells.bash("valise", *words) == {"old", "new one"}, str(words) + str(shells.bash("valise", *words)))
    expect(shells.bash("valise", "backup", "--config", "other.ini", "") == {"else"}, "--config")
    expect(shells.bash("valise", "verify", "o") == {"old.valise"} and "old.valise/" in shells.fish("valise verify o"), "an archive")
    expect(shells.bash("valise", "backup", "--config", "o") == {"old.valise", "other.ini"}, "a file")
    expect({"old", "new one"} <= shells.fish("valise backup "), shells.fish("valise backup "))
    shells.run("zsh", "-n", "valise.zsh")
    shells.run("fish", "-n", "valise.fish")
    # zsh is asked through a terminal of its own
    seen = shells.run("zsh", "-f", "-c", r"""zmodload zsh/zpty; zpty z 'PS1=; TERM=dumb zsh -f -i'
        zpty -w z 'autoload -U compinit; compinit -u -d ./dump; zstyle ":completion:*" list-separator " "; source ./valise.zsh 2>/dev/null; compdef _valise valise; echo rea""dy'
        zpty -r -m z line '*ready*'; zpty -w -n z $'valise verify --qui\t'; zpty -r -m z line '*(--quick|--quiet)*'; print -r -- $line; zpty -d z""")
    expect("--qui" in seen, seen)


def check_help(home):
    topics = re.findall(r"^  valise help ([a-z-]+) ", say("help"), re.M)
    expect({"accounts", "exit-codes", "patterns", "passwords", "labels", "json", "environment", "marks"} <= set(topics), topics)
    for t in topics:
        expect(say("help", t).startswith(t + ": ") and len(say("help", t).splitlines()) > 4, t)
    with open(os.path.join(os.environ.get("TESTED_SOURCE", os.path.dirname(TESTS)), "src/tree/words.c")) as f:
        marks = re.findall(r'"(\w+)", WARN_', f.read())
    expect(len(marks) > 5 and all("\n  %s " % m in say("help", "marks") for m in marks), "a mark is not explained")
    expect(say("help", "exit", "codes") == say("help", "exit-codes"), "in two words")
    expect("there is no command \"nothing\"" in say("help", "nothing", code=2), "an unknown topic")


def check_environment(home):
    def valise(code, *args, **variables):
        return say(*args, code=code, env=dict(environment(home), **variables))
    for words in valise(0, "help", "environment").split("\n\n")[2].splitlines():
        name, option = words.split()[:2]
        expect(name == "VALISE_" + option[2:].upper().replace("-", "_"), words)
        expect("PASS" not in name and name not in ("VALISE_USER", "VALISE_IMAP", "VALISE_AUTHZID", "VALISE_CLEARTEXT", "VALISE_SAME_ACCOUNT"), name)
    expect(valise(10, "list", "x", VALISE_JSON="1").startswith("{"), "VALISE_JSON=1")
    expect(not valise(10, "list", "x", VALISE_JSON="0").startswith("{"), "VALISE_JSON=0")
    expect("VALISE_JSON is 1 or 0" in valise(2, "list", "x", VALISE_JSON="maybe"), "a flag")
    expect("VALISE_SNAPSHOT wants" in valise(2, "list", "x", VALISE_SNAPSHOT="new"), "a number")
    valise(10, "list", "x", "--snapshot", "1", VALISE_SNAPSHOT="new")  # the command line wins
    valise(10, "verify", "x", VALISE_SNAPSHOT="new", VALISE_JOBS="9", VALISE_PASSWORD="x", VALISE_PASSWORD_COMMAND="touch %s/ran" % home)
    at = ("check", "--imap", "imaps://localhost:1", "--user", "a", "--password-command", "echo")
    expect("VALISE_TIMEOUT is" in valise(2, *at, VALISE_TIMEOUT="soon"), "a number of the account")
    valise(1, *at, VALISE_TIMEOUT="3", VALISE_USER="b", VALISE_IMAP="no URL")
    expect("VALISE_CONNECTIONS wants" in valise(2, "backup", *at[1:], VALISE_CONNECTIONS="many"), "--connections")
    expect("VALISE_MAX_RATE" in valise(2, "backup", *at[1:], VALISE_MAX_RATE="fast"), "--max-rate")
    valise(1, "backup", *at[1:], VALISE_NAMES="portable", VALISE_JOBS="3", VALISE_SHARD="1/2", VALISE_DONE_WITHIN="1d", VALISE_POP3_END="quit")  # of no use here
    for name in "VALISE_TRACE", "VALISE_CONFIG":
        expect("(%s)" % name in valise(None, "check", "here", **{name: "/no/such/file"}), name)
    with open(home + "/env.ini", "w") as f:
        f.write("[here]\nimap = imaps://localhost:1\nuser = a\npassword-command = echo\n")
    expect("VALISE_SHARD takes" in valise(2, "check", "--accounts", home + "/env.ini", VALISE_SHARD="x"), "--shard")
    valise(1, "check", "--accounts", home + "/env.ini", VALISE_SHARD="1/1", VALISE_CONFIG="elsewhere.ini", VALISE_DONE_WITHIN="1d")
    expect("localhost:1" in valise(1, "check", "here", VALISE_CONFIG=home + "/env.ini"), "VALISE_CONFIG")
    expect(valise(0, "completion", "accounts", VALISE_CONFIG=home + "/env.ini") == "here\n", "VALISE_CONFIG")
    expect(not os.path.exists(home + "/ran"), "a password command of the environment ran")


def main():
    home = tempfile.mkdtemp(prefix="valise-")
    try:
        os.makedirs(home + "/config/valise")
        os.mkdir(home + "/old.valise")
        for name, accounts in ("config/valise/accounts.ini", ("old", "new one")), ("other.ini", ("else",)):
            with open(os.path.join(home, name), "w") as f:
                f.write("".join("[%s]\nimap = imaps://localhost\nuser = x\n" % a for a in accounts))
        shells = Shells(home)
        check_options(shells)
        check_words(shells)
        check_help(home)
        check_environment(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print("ok")


main()
