"""What the tests in Python share, as lib.sh is for those in bash: where things are, and how a case fails. Whoever imports it has
servers/, tools/ and this folder to import from."""
import os
import subprocess
import sys

TESTS = os.path.dirname(os.path.abspath(__file__))
SERVERS, TOOLS = os.path.join(TESTS, "servers"), os.path.join(TESTS, "tools")
VALISE = os.environ.get("VALISE", os.path.join(TESTS, "../build/test/valise"))
sys.path[:0] = [SERVERS, TOOLS, TESTS]


class Failed(Exception):
    """What a case expected is not so."""


def expect(ok, what):
    if not ok:
        raise Failed(what)


def run(code, *args):
    """valise ARGS; its exit code must be ${code}, if one is given. Returns what it says, on either stream."""
    p = subprocess.run([VALISE, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    expect(code in (None, p.returncode), "exit code %d instead of %s: %s\n%s%s" % (p.returncode, code, " ".join(args), p.stdout, p.stderr))
    return p.stdout + p.stderr
