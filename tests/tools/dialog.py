#!/usr/bin/env python3
"""dialog.py QUESTION ANSWER ... -- COMMAND ...: run COMMAND on a terminal of its own, and answer each QUESTION (a text that is shown, in this order) by its
ANSWER. Prints what was shown; the exit code is COMMAND's, 99 if it ended before the last question. A question too many ends it after two minutes."""
import os
import pty
import signal
import sys


def main():
    at = sys.argv.index("--")
    pairs = list(zip(sys.argv[1:at:2], sys.argv[2:at:2]))
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(sys.argv[at + 1], sys.argv[at + 1:])
    signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
    signal.alarm(120)
    shown, seen = b"", 0
    while True:
        try:
            more = os.read(fd, 9999)
        except OSError:  # the other end is closed
            more = b""
        if not more:
            break
        shown += more
        while pairs and pairs[0][0].encode() in shown[seen:]:
            question, answer = pairs.pop(0)
            seen = shown.index(question.encode(), seen) + len(question.encode())
            os.write(fd, answer.encode() + b"\n")
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
    sys.exit(99 if pairs else code)


main()
