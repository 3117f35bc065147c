#!/usr/bin/python3
"""test_compare.py : compare.py must name every planted difference, and none between equal accounts.

Starts a private Dovecot; every case fills an account of its own like alice's, changes one thing, and compares."""
import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile

import compare
import genaccount
import imaptool

SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "servers", "dovecot.sh")
EQUAL = "M\u00fcll & more"  # holds the same bytes three times, twice with the same flags
CASES = []


def case(*expected, options=()):
    """A case gets (account, folder content); ${expected}: the start of each line that compare.py must print."""
    def keep(function):
        CASES.append((function, expected, list(options)))
        return function
    return keep


def replace(account, folder, uid, change):
    """A changed copy takes the place of a message, so that nothing but the change differs."""
    m = account.fetch(folder, uid)[uid]
    flags = [f for f in m["FLAGS"] if f != "\\Recent"]
    data, flags, date = change(bytes(m["BODY[]"]), flags, m["INTERNALDATE"].decode())
    account.append(folder, data, flags, date)
    account.expunge(folder, uid)


def find(account, folder, accept):
    """The UID of the first message whose flags are accepted."""
    messages = account.fetch(folder, items="UID FLAGS")
    return next(uid for uid, m in sorted(messages.items()) if accept([f for f in m["FLAGS"] if f != "\\Recent"]))


@case()
def equal_accounts(account):
    pass


@case()
def other_uids_and_other_order(account):
    for uid in account.uids("Work")[:3]:
        replace(account, "Work", uid, lambda data, flags, date: (data, flags[::-1], date))


@case("missing Work: UID")
def missing_message(account):
    account.expunge("Work", account.uids("Work")[2])


@case("extra Work: UID")
def extra_message(account):
    account.append("Work", b"Subject: new\r\n\r\nbody\r\n")


@case("extra Empty: UID", "missing Work: UID")
def moved_message(account):
    account.move("Work", account.uids("Work")[2], "Empty")


@case("bytes Work: UID")
def flipped_byte(account):
    replace(account, "Work", account.uids("Work")[1], lambda data, flags, date: (data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], flags, date))


@case("bytes Work: UID")
def lost_last_line_end(account):
    replace(account, "Work", account.uids("Work")[1], lambda data, flags, date: (data[:-2], flags, date))


@case("flags INBOX: UID")
def lost_flag(account):
    account.store("INBOX", find(account, "INBOX", lambda f: r"\Answered" in f), "-FLAGS", [r"\Answered"])


@case("flags Work: UID")
def extra_flag(account):
    account.store("Work", find(account, "Work", lambda f: r"\Flagged" not in f), "+FLAGS", [r"\Flagged"])


@case("flags INBOX: UID", "flags INBOX: UID")
def exchanged_flags(account):
    account.store("INBOX", find(account, "INBOX", lambda f: f == [r"\Seen"]), "FLAGS", [r"\Draft"])
    account.store("INBOX", find(account, "INBOX", lambda f: r"\Answered" in f and "$Forwarded" in f), "-FLAGS", [r"\Answered"])


@case("keywords INBOX: UID")
def lost_keyword(account):
    account.store("INBOX", find(account, "INBOX", lambda f: "$Forwarded" in f), "-FLAGS", ["$Forwarded"])


@case("keywords INBOX: UID")
def changed_keyword(account):
    uid = find(account, "INBOX", lambda f: "$Forwarded" in f)
    account.store("INBOX", uid, "-FLAGS", ["$Forwarded"])
    account.store("INBOX", uid, "+FLAGS", ["Forwarded"])


@case("date Work: UID")
def date_off_by_a_second(account):
    def change(data, flags, date):
        return data, flags, date[:18] + "%02d" % ((int(date[18:20]) + 1) % 60) + date[20:]
    replace(account, "Work", account.uids("Work")[1], change)


@case("date Work: UID")
def date_with_the_zone_lost(account):
    replace(account, "Work", account.uids("Work")[1], lambda data, flags, date: (data, flags, date[:-5] + "-0930"))


@case("folder-missing Empty: ", "subscription Empty: ")
def missing_folder(account):
    account.delete("Empty")
    account.unsubscribe("Empty")


@case("folder-missing Work/2024: ", "missing Work/2024: ", "missing Work/2024: ", "missing Work/2024: ", "missing Work/2024: ", "subscription Work/2024: ")
def missing_folder_with_mail(account):
    account.delete("Work/2024")
    account.unsubscribe("Work/2024")


@case("folder-extra Work/2025: ")
def extra_folder(account):
    account.create("Work/2025")


@case("duplicate-added INBOX: UID")
def duplicate_added(account):
    account.copy("INBOX", account.uids("INBOX")[-1], "INBOX")


@case("duplicate-lost INBOX: UID")
def duplicate_lost(account):
    account.expunge("INBOX", account.uids("INBOX")[-1])


@case("duplicate-lost %s: UID" % EQUAL)
def duplicate_with_other_flags_lost(account):
    account.expunge(EQUAL, find(account, EQUAL, lambda f: "work" in f and r"\Flagged" in f))


@case("subscription Work/2024: ")
def subscription_lost(account):
    account.unsubscribe("Work/2024")


@case("noselect Work: ", *["missing Work: "] * 6, "missing Work: ", "subscription Work: ")
def parent_no_longer_selectable(account):
    account.delete("Work")
    account.unsubscribe("Work")


@case(options=["--map", "Work=Job"])
def mapped_folder(account):
    account.rename("Work", "Job")
    for old, new in (("Work", "Job"), ("Work/2024", "Job/2024")):
        account.unsubscribe(old)
        account.subscribe(new)


@case("missing Work: UID", options=["--allow", "allow"])
def excused_differences(account):
    account.unsubscribe("Work/2024")
    account.append("Empty", b"Subject: new\r\n\r\nbody\r\n")
    account.expunge("Work", account.uids("Work")[2])


def run(env, user, function, expected, options):
    fill(env, user)
    with imaptool.Account.open(env, user) as account:
        function(account)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = compare.main(["--env-a", env, "--env-b", env, "--user-b", user] + options)
    lines = out.getvalue().splitlines()[:-1]
    if code != bool(expected) or len(lines) != len(expected) or not all(l.startswith(e) for l, e in zip(lines, expected)):
        print("not ok - %s (exit %s)" % (function.__name__, code), *lines, "expected:", *expected, sep="\n    ")
        return False
    print("ok - %s%s" % (function.__name__, "".join("\n    " + l for l in lines)))
    return True


def fill(env, user):
    genaccount.generate(env, user, genaccount.arguments(["small", "--env", env, "--user", user]))


def main():
    work = tempfile.mkdtemp(prefix="valise-compare.")
    users = ["u%d" % i for i in range(len(CASES))]
    server = os.path.join(work, "dovecot")
    env = os.path.join(server, "env")
    os.environ["USERS"] = " ".join(["alice"] + users)
    os.environ["SEP"] = "/"
    try:
        subprocess.run([SERVER, "start", server], check=True, stdout=subprocess.DEVNULL)
        os.chdir(work)
        with open("allow", "w") as f:
            f.write("# two of three\nsubscription *\nextra Empty: *\n")
        fill(env, "alice")
        failed = [c[0].__name__ for c, user in zip(CASES, users) if not run(env, user, *c)]
    finally:
        subprocess.run([SERVER, "stop", server])
        os.chdir("/")
        shutil.rmtree(work, ignore_errors=True)
    print("%d of %d cases passed" % (len(CASES) - len(failed), len(CASES)))
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
