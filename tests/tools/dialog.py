#!/usr/bin/env python3
"""dialog.py QUESTION ANSWER ... -- COMMAND ...: run COMMAND on a terminal of its own, and answer each QUESTION (a text that is shown, in this order) by its
ANSWER. Prints what was shown; the exit code is COMMAND's, 99 if it ended before the last question. A question too many ends it after two minutes."""
import os
import pty
import signal
import sys


def converse(command, answer, **how):
    """Run COMMAND (a list) on a terminal of its own, in ${how}'s cwd and env; answer(shown) is what is typed when ${shown} is all that stands there: octets,
    or None, which ends the command. Two minutes at most. (exit code, all that was shown)"""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(how.get("cwd", "."))
        os.execvpe(command[0], command, how.get("env", os.environ))
    signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
    signal.alarm(120)
    shown = b""
    while True:
        try:
            more = os.read(fd, 9999)
        except OSError:  # the other end is closed
            more = b""
        if not more:
            break
        shown += more
        typed = answer(shown)
        if typed is None:
            os.kill(pid, signal.SIGKILL)
        elif typed:
            os.write(fd, typed)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    signal.alarm(0)
    os.close(fd)
    return code, shown


def main():
    at = sys.argv.index("--")
    pairs, seen = list(zip(sys.argv[1:at:2], sys.argv[2:at:2])), 0

    def answer(shown):
        nonlocal seen
        typed = b""
        while pairs and pairs[0][0].encode() in shown[seen:]:
            question, said = pairs.pop(0)
            seen = shown.index(question.encode(), seen) + len(question.encode())
            typed += said.encode() + b"\n"
        return typed

    code, shown = converse(sys.argv[at + 1:], answer)
    sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
    sys.exit(99 if pairs else code)


if __name__ == "__main__":
    main()
