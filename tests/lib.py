"""What the tests in Python share, as lib.sh is for those in bash: where things are, and how a case fails. Whoever imports it has
servers/, tools/ and this folder to import from."""
import concurrent.futures
import os
import re
import subprocess
import sys

TESTS = os.path.dirname(os.path.abspath(__file__))
SERVERS, TOOLS = os.path.join(TESTS, "servers"), os.path.join(TESTS, "tools")
VALISE = os.environ.get("VALISE", os.path.join(TESTS, "../build/test/valise"))
sys.path[:0] = [SERVERS, TOOLS, TESTS]
os.environ["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"  # nobody's keyring is asked
os.environ["TERM"] = "xterm-256color"  # a terminal that a test opens is one, whatever the suite itself runs at
os.environ.pop("NO_COLOR", None)


class Failed(AssertionError):
    """What a case expected is not so."""


def expect(ok, what):
    if not ok:
        raise Failed(what)


def environment(home, state=None):
    """Ours, with all that valise writes below ${home}, or its state at ${state}."""
    return dict(os.environ, HOME=home, XDG_STATE_HOME=state or os.path.join(home, "state"), XDG_CONFIG_HOME=os.path.join(home, "config"))


def imap(port, password="echo pw-alice", kind="imap"):
    """Alice's account on a scripted server."""
    return ["--" + kind, "%s://127.0.0.1:%d" % (kind, port), "--user", "alice", "--password-command", password, "--cleartext"]


def pop3(port, password="echo pw-alice"):
    return imap(port, password, "pop3")


def execute(*args, **more):
    """valise ARGS: (exit code, stdout, stderr), each line end as it is."""
    p = subprocess.run([VALISE, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=300, **more)
    return p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace")


def run(code, *args, **more):
    """valise ARGS; its exit code must be ${code}, if one is given. Returns what it says, on either stream."""
    rc, out, err = execute(*args, **more)
    expect(code in (None, rc), "exit code %d instead of %s: %s\n%s%s" % (rc, code, " ".join(args), out, err))
    return out + err


def files(top):
    """What all files below ${top} hold, by their paths."""
    found = {}
    for at, _, names in os.walk(top):
        for name in names:
            with open(os.path.join(at, name), "rb") as f:
                found[os.path.join(at, name)] = f.read()
    return found


def side_by_side(groups, at_once=6):
    """This test once more for each group of names, several at a time, as they mostly wait; what each says, in their order. Did one fail?"""
    def one(names):
        p = subprocess.run([sys.executable, os.path.abspath(sys.argv[0]), *names], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return p.returncode, p.stdout.decode(errors="replace")
    failed = False
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        for rc, text in pool.map(one, groups):
            print(text, end="", flush=True)
            failed = failed or rc != 0
    return failed


def visible(secret):
    """Who on this machine could read ${secret} now: command lines, environments; and whether a core file could be made of the process that we started."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for name in "cmdline", "environ", "limits":
            try:
                with open("/proc/%s/%s" % (pid, name), "rb") as f:
                    data = f.read()
                with open("/proc/%s/stat" % pid) as f:  # of other tests, one may only just have begun
                    ours = os.path.samefile("/proc/%s/exe" % pid, VALISE) and int(f.read().rpartition(")")[2].split()[1]) == os.getpid()
            except (OSError, IndexError):  # it ended meanwhile
                continue
            if secret.encode() in data or (ours and name == "limits" and not re.search(rb"Max core file size +0 +0 ", data)):
                found.append("%s of %s: %r" % (name, pid, data))
    return found
