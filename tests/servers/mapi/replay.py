"""Recorded exchanges, given again: each request must be the recorded one but for what a client chooses itself, and the answer is the recorded one
octet for octet. Part of fakemapi.py."""
import os
import re


class Replay:
    def __init__(self, path):
        self.exchanges, self.at, self.problems = [], 0, []
        names = sorted(n[:-4] for n in os.listdir(path) if re.fullmatch(r"\d+-\w+\.req", n))
        for n in names:
            with open(os.path.join(path, n + ".req"), "rb") as q, open(os.path.join(path, n + ".rsp"), "rb") as s, open(os.path.join(path, n + ".hdr")) as h:
                self.exchanges.append((n, q.read(), s.read(), h.read().partition("\n\n200\n")[2]))

    def answer(self, rq, make):
        if self.at == len(self.exchanges):
            self.problems.append("a request more than was recorded: %s %s" % (rq.kind, rq.body.hex()))
            return make(400)
        name, want, body, headers = self.exchanges[self.at]
        if rq.kind != name.partition("-")[2] or rq.body != want:
            self.problems.append("%s: %s %s instead of %s" % (name, rq.kind, rq.body.hex(), want.hex()))
            return make(400)
        self.at += 1
        rs = make(200)
        for line in headers.splitlines():
            k, _, v = line.partition(": ")
            if k == "X-RequestId":
                v = rq.header(k)
            elif k == "X-ClientInfo":
                v = rq.header(k) or v
            if k not in ("Transfer-Encoding", "Date", ""):
                rs.headers.append((k, v))
        rs.chunks = [body]
        return rs
