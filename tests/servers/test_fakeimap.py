#!/usr/bin/python3
"""test_fakeimap.py : the scripted server is correct where it should be, and each example case misbehaves as it says."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
import fakecases  # noqa: E402
import fakeimap  # noqa: E402
import imaptool  # noqa: E402
from imaptool import Message, quote  # noqa: E402


def account(server):
    return imaptool.Account(imaptool.Imap("127.0.0.1", server.port, timeout=10), "alice", "pw-alice")


def test_correct():
    with fakeimap.FakeImap() as server, account(server) as a:
        assert set(a.folders()) == {("INBOX",), ("Work",), ("Sent",), ("Empty",)}
        assert set(a.folders("LSUB")) == {("INBOX",), ("Work",), ("Sent",)}
        a.create("New/\u00fc & more")
        a.subscribe("New/\u00fc & more")
        sent = [Message(b"a\0\n\r", (r"\Seen", "k"), "01-Jan-2001 00:00:00 +1400"), Message(b""), Message(bytes(range(256)) * 999)]
        a.append_many("New/\u00fc & more", sent)
        a.imap.caps -= {"LITERAL+", "MULTIAPPEND"}
        a.append_many("New/\u00fc & more", sent)
        got = a.fetch("New/\u00fc & more")
        assert [m["BODY[]"] for m in got.values()] == [m.data for m in sent + sent]
        assert got[1]["FLAGS"] == [r"\Seen", "k"] and got[1]["INTERNALDATE"] == b"01-Jan-2001 00:00:00 +1400"
        a.store("INBOX", "2,4:*", "+FLAGS", ["z"])
        assert [u for u, m in a.fetch("INBOX", items="FLAGS").items() if "z" in m["FLAGS"]] == [2, 4, 5]
        assert a.imap.ok("UID", "SEARCH", "HEADER", "Message-ID", quote("<2@fake.example>"), "UNSEEN") == [["SEARCH", "2"]]
        part = a.imap.ok("UID", "FETCH", "1", "(BODY.PEEK[]<3.5> BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[0][2]
        assert part[3] == b"sage-" and part[5] == b"Subject: message 1\r\n\r\n"
        assert r"\Seen" not in server.mailboxes[b"Work"].messages[0].flags
        a.select("Work")
        a.imap.ok("UID", "FETCH", "1", "BODY[]")
        assert r"\Seen" in server.mailboxes[b"Work"].messages[0].flags
        for refused in (["EXPUNGE"], ["DELETE", "Work"], ["UID", "EXPUNGE", "1"], ["FETCH"], ["APPEND", "Work"], ["STATUS", "Work", "(X)"]):
            assert a.imap.wait(a.imap.send(*refused))[0] == "BAD", refused
        assert a.imap.wait(a.imap.send("EXAMINE", "None"))[0] == "NO"
    assert (1, b't2 LOGIN "alice" "pw-alice"') in server.log


def test_bytes_verbatim():
    with fakecases.BytesVerbatim() as server, account(server) as a:
        assert [m["BODY[]"] for m in a.fetch("INBOX").values()] == [m.body for m in server.mailboxes[b"INBOX"].messages]


def test_size_lies():
    with fakecases.cases()["size-lies"]() as server, account(server) as a:
        wrong = [u for u, m in a.fetch("INBOX", items="RFC822.SIZE BODY.PEEK[]").items() if int(m["RFC822.SIZE"]) != len(m["BODY[]"])]
        assert wrong == [1, 2, 3, 4, 5, 6, 7]


def test_fetch_missing_uid():
    with fakecases.FetchMissingUid() as server, account(server) as a:
        assert list(a.fetch("INBOX")) == [1, 3, 4, 5] and list(a.fetch("INBOX", 2)) == [2]


def test_preauth_before_tls():
    with fakecases.PreauthBeforeTls() as server:
        imap = imaptool.Imap("127.0.0.1", server.port, timeout=10)
        assert imap.ok("LIST", '""', "INBOX")


def test_starttls_injection(cert):
    with fakecases.StarttlsInjection(cert + "/cert.pem", cert + "/key.pem") as server:
        imap = imaptool.Imap("127.0.0.1", server.port, timeout=10)
        imap.sock.sendall(b"x STARTTLS\r\n")
        lines = [imap.file.readline() for _ in range(3)]
        assert lines[0] == b"x OK begin\r\n" and lines[2] == b"* OK [ALERT] injected\r\n"
        imap.ca = cert + "/ca.pem"
        imap._tls()
        imap.file = imap.sock.makefile("rb")
        imap.capability()
        assert "LOGINDISABLED" not in imap.caps
        over_tls = imaptool.Imap("localhost", server.tls_port, cert + "/ca.pem", timeout=10)
        assert "AUTH=PLAIN" in over_tls.caps and "STARTTLS" not in over_tls.caps


def certificates(folder):
    """A throwaway authority and certificate, made by common.sh."""
    import subprocess
    subprocess.run(["bash", "-c", '. "$1/common.sh"; DIR=$2; make_tls', "test", HERE, folder], check=True)
    return folder + "/tls"


def main():
    import tempfile
    with tempfile.TemporaryDirectory(prefix="valise-fake.") as folder:
        for test in (test_correct, test_bytes_verbatim, test_size_lies, test_fetch_missing_uid, test_preauth_before_tls):
            test()
            print("ok -", test.__name__)
        test_starttls_injection(certificates(folder))
        print("ok - test_starttls_injection")


if __name__ == "__main__":
    main()
