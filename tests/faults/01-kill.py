#!/usr/bin/python3
"""SIGKILL at the n-th call of the seam, for rising n until a run ends unharmed: first backup, second backup, restore.
Then resumed: the same roots as undisturbed, sealed snapshots untouched, nothing doubled on the target.

VALISE_EVERY=1 tries every n (the long run); by default the n are spread so that some 16 of each are tried."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import TESTS, execute  # noqa: E402

EVERY = int(os.environ.get("VALISE_EVERY", "0"))
TRIES = 16


def command(*argv, fault=None, state="state", want=(0,)):
    env = dict(os.environ, XDG_STATE_HOME=os.path.join(T, state), HOME=T)
    env.pop("VALISE_FAULT", None)
    env.pop("VALISE_FAULT_COUNT", None)
    env.update(fault or {})
    rc, out, err = execute(*argv, env=env)
    if rc not in want:
        sys.exit(f"exit {rc}: {argv} with {fault}\n{out}{err}")
    return rc, out, err


def read_env(name):
    with open(f"{T}/{name}/env", encoding="utf-8") as f:
        return dict(line.rstrip("\n").split("=", 1) for line in f if "=" in line)


def login(env, user):
    return ["--imap", f"imaps://localhost:{env['IMAPS_PORT']}", "--user", user, "--ca-file", env["CA"],
            "--password-command", f"echo pw-{user}"]


def tool(name, *argv):
    p = subprocess.run([f"{TESTS}/tools/{name}", *argv], capture_output=True, text=True)
    if p.returncode != 0:
        sys.exit(f"{name} {argv}: exit {p.returncode}\n{p.stdout}{p.stderr}")
    return p.stdout


def roots(archive):
    out = command("list", archive, "--json")[1]
    return sorted((o["kind"], o["name"], o["status"], o["content"], o["state"]) for o in map(json.loads, out.splitlines()))


def sums(folder):
    result = {}
    for d, _, files in os.walk(folder):
        for f in files:
            path = os.path.join(d, f)
            with open(path, "rb") as h:
                result[os.path.relpath(path, folder)] = hashlib.sha256(h.read()).hexdigest()
    return result


def count_calls(*argv, **kw):
    path = os.path.join(T, "calls")
    command(*argv, fault={"VALISE_FAULT_COUNT": path}, **kw)
    with open(path, encoding="utf-8") as f:
        return int(f.read().split()[0])


def numbers(total):
    """Every n, or some that are spread and end beyond the last call."""
    step = 1 if EVERY else max(1, total // TRIES)
    n = 1
    while True:
        yield n
        n += step


def until_unharmed(total, attempt):
    """attempt(n) runs with kill:n and says whether it ended unharmed."""
    tried = 0
    for n in numbers(total):
        tried += 1
        if attempt(n):
            break
        if n > 20 * total + 1000:
            sys.exit("no run ended unharmed")
    return tried


def killed(n, *argv, **kw):
    return command(*argv, fault={"VALISE_FAULT": f"kill:{n}"}, want=(0, -9), **kw)[0] == -9


def first_backup(who):
    whole, trial = f"{T}/whole.valise", f"{T}/trial.valise"
    total = count_calls("backup", *who, "-o", whole)
    good = roots(whole)

    def attempt(n):
        shutil.rmtree(trial, ignore_errors=True)
        hurt = killed(n, "backup", *who, "-o", trial)
        if hurt and os.path.exists(f"{trial}/data/000001"):
            command("verify", trial)
        command("backup", *who, "-o", trial)
        command("verify", trial)
        if roots(trial) != good:
            sys.exit(f"kill:{n}: other roots after the first backup\n{roots(trial)}\n{good}")
        if os.path.exists(f"{trial}/data/000002"):
            sys.exit(f"kill:{n}: a second snapshot although nothing changed")
        return not hurt

    print(f"first backup: {total} calls, {until_unharmed(total, attempt)} kills", flush=True)
    return whole


def change(env):
    tool("imaptool.py", env, "alice", "append", "INBOX", f"{T}/new.eml", "11-Nov-2011 11:11:11 +0100", "later")
    uids = tool("imaptool.py", env, "alice", "uids", "INBOX").split()
    tool("imaptool.py", env, "alice", "store", "INBOX", uids[0], "+\\Flagged")
    tool("imaptool.py", env, "alice", "expunge", "INBOX", uids[1])


def second_backup(who, base):
    whole, trial = f"{T}/second.valise", f"{T}/trial.valise"
    before = sums(f"{base}/data/000001")
    shutil.copytree(base, whole)
    total = count_calls("backup", *who, "-o", whole)
    good = roots(whole)

    def attempt(n):
        shutil.rmtree(trial, ignore_errors=True)
        shutil.copytree(base, trial)
        hurt = killed(n, "backup", *who, "-o", trial)
        if sums(f"{trial}/data/000001") != before:
            sys.exit(f"kill:{n}: the sealed snapshot was touched")
        command("verify", trial)
        command("backup", *who, "-o", trial)
        command("verify", trial)
        if sums(f"{trial}/data/000001") != before or roots(trial) != good or os.path.exists(f"{trial}/data/000003"):
            sys.exit(f"kill:{n}: not as undisturbed after the second backup")
        return not hurt

    print(f"second backup: {total} calls, {until_unharmed(total, attempt)} kills", flush=True)
    return whole


def items(archive):
    """{(collection, SHA-256): by how many runs it is gone} of the newest snapshot."""
    out = command("list", archive, "--json", "--items", "--with-gone")[1]
    return {(o["collection"], o["sha256"]): o.get("gone", 0) for o in map(json.loads, out.splitlines()) if "sha256" in o}


def lossy_backup(env, who, base):
    """All mail is lost, and a message is new: whenever the run that sees it is killed, the next one has all of it, as gone."""
    trial = f"{T}/trial.valise"
    before = items(base)
    for folder in tool("imaptool.py", env, "alice", "list").splitlines():
        folder = folder.split(" \\")[0].strip()
        uids = tool("imaptool.py", env, "alice", "uids", folder).split() if folder else []
        if uids:
            tool("imaptool.py", env, "alice", "expunge", folder, ",".join(uids))
    tool("imaptool.py", env, "alice", "append", "INBOX", f"{T}/new2.eml")
    shutil.copytree(base, f"{T}/lossy.valise")
    total = count_calls("backup", *who, "-o", f"{T}/lossy.valise", want=(3,))

    def attempt(n):
        shutil.rmtree(trial, ignore_errors=True)
        shutil.copytree(base, trial)
        hurt = command("backup", *who, "-o", trial, fault={"VALISE_FAULT": f"kill:{n}"}, want=(0, 3, -9))[0] == -9
        command("backup", *who, "-o", trial, want=(0, 3))
        command("verify", trial)
        now = items(trial)
        if len(now) != len(before) + 1 or any(now.get(k) not in (1, 2) for k in before) or list(now.values()).count(0) != 1:
            sys.exit(f"kill:{n}: what is lost is not gone\n{now}\n{before}")
        return not hurt

    print(f"backup of a loss: {total} calls, {until_unharmed(total, attempt)} kills", flush=True)


def forget(user):
    while os.path.exists(f"{T}/B/mail/{user}"):  # a session that is about to end may write there
        shutil.rmtree(f"{T}/B/mail/{user}", ignore_errors=True)


def restore(source, target, archive):
    who = login(target, "bob")
    forget("bob")
    total = count_calls("restore", archive, *who, state="state0")

    def attempt(n):
        forget("bob")
        state = f"state{n}"
        hurt = killed(n, "restore", archive, *who, state=state)
        command("restore", archive, *who, state=state)
        tool("compare.py", "--env-a", f"{T}/A/env", "--user-a", "alice", "--env-b", f"{T}/B/env", "--user-b", "bob")
        shutil.rmtree(os.path.join(T, state), ignore_errors=True)
        return not hurt

    print(f"restore: {total} calls, {until_unharmed(total, attempt)} kills", flush=True)


def main():
    for name, sep in (("A", "/"), ("B", ".")):
        subprocess.run([f"{TESTS}/servers/dovecot.sh", "start", f"{T}/{name}"], check=True, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, SEP=sep))
    tool("genaccount.py", "small", "--env", f"{T}/A/env")
    with open(f"{T}/new.eml", "wb") as f:
        f.write(b"From: x@example.org\r\nSubject: new\r\n\r\nnew\r\n")
    source, target = read_env("A"), read_env("B")
    who = login(source, "alice")
    base = first_backup(who)
    change(f"{T}/A/env")
    newer = second_backup(who, base)
    restore(source, target, newer)
    with open(f"{T}/new2.eml", "wb") as f:
        f.write(b"From: x@example.org\r\nSubject: newest\r\n\r\nnewest\r\n")
    lossy_backup(f"{T}/A/env", who, newer)


T = tempfile.mkdtemp(prefix="valise-kill-")
os.chmod(T, 0o755)
try:
    main()
finally:
    for server in ("A", "B"):
        subprocess.run([f"{TESTS}/servers/dovecot.sh", "stop", f"{T}/{server}"], stdout=subprocess.DEVNULL)
    shutil.rmtree(T, ignore_errors=True)
