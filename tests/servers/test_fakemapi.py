#!/usr/bin/python3
"""The correct server of fakemapi.py by a small client of its own (mapi/client.py): what it serves is what it holds, its states are right, uploads
and folders arrive, what is recorded is replayed. DIR: a folder of recorded exchanges, if there is one."""
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fakemapi  # noqa: E402
from mapi import fx, ics, wire  # noqa: E402
from mapi.client import Client, Problem  # noqa: E402

RECORDED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../fixtures/mapi/recorded")
STATE = (0x40170003, 0x67960102, 0x67da0102, 0x67d20102)


def item(n, size=100, more=b""):
    """messageContent of a small message."""
    p = fx.number(0x00170003, 1) + fx.text(0x001a001f, "IPM.Note") + fx.text(0x0037001f, "Subject %d" % n) + fx.number(0x0e070003, n % 2)
    p += fx.text(0x1035001f, "<%d@fake.example>" % n) + fx.text(0x1000001f, "x" * size) + fx.number(0x0e060040, 134000000000000000 + n)
    r = fx.marker(fx.START_RECIPIENT) + fx.number(0x30000003, 0) + fx.number(0x0c150003, 1) + fx.text(0x3001001f, "Bob") + fx.marker(fx.END_RECIPIENT)
    return p + more + r


class Small(fakemapi.FakeMapi):
    name = "small"

    def populate(self):
        inbox = self.store.by_use("inbox")
        for n in range(40):
            self.store.add(inbox, item(n))
        self.store.add(inbox, item(99), associated=True)
        self.store.add(self.store.by_use("calendar"), item(100, 200_000))


def parsed(stream):
    """(changes [(header, Bag)], deleted, read, unread, state) of a content synchronisation."""
    lexer, changes, sets, state = fx.Lexer(stream), [], {}, {}
    while (t := lexer.next()) is not None:
        if t == fx.SYNC_CHANGE:
            head = fx.properties(lexer)
            fx.expect(lexer, fx.SYNC_MESSAGE)
            changes.append(({p.tag: p.value for p in head}, fx.content(lexer)))
        elif t in (fx.SYNC_DELETED, fx.SYNC_READ):
            sets.update({p.tag: ics.parse(p.value, 2).counters(wire.u16(1)) for p in fx.properties(lexer)})
        elif t == fx.STATE_BEGIN:
            state = {p.tag: p.value for p in fx.properties(lexer)}
            fx.expect(lexer, fx.STATE_END)
            fx.expect(lexer, fx.SYNC_END)
            assert lexer.next() is None
        else:
            fx.properties(lexer)
    assert tuple(state) == STATE, state
    return changes, sets.get(0x67e50102, []), sets.get(0x402d0102, []), sets.get(0x402e0102, []), state


def raises(kind, code, work, *args, **more):
    try:
        work(*args, **more)
    except Problem as e:
        assert e.args == (kind, code), e.args
    else:
        raise AssertionError("nothing was refused")


def test_read(server):
    store = server.store
    c = Client(server.url()).connect().logon()
    assert c.display == "Alice Example" and c.guid == store.guid and c.replica == store.replica
    names = [f[0x3001001f] for f in c.folders()]
    assert names[:4] == ["Inbox", "Outbox", "Sent Items", "Deleted Items"] and "Calendar" in names, names
    inbox = c.open_folder(c.ids[4])
    got = c.get(inbox, [0x36d00102, 0x36d81102, 0x3613001f, 0x36d90102])
    assert got[0x36d00102] == store.entry_id(store.by_use("calendar")) and len(got[0x36d81102]) == 5 and got[0x3613001f] == "IPF.Note"
    rows = c.rows(inbox, 0x05, 0, [0x674a0014, 0x0037001f, 0x0e070003, 0x65e00102, 0x300b0102, 0x0e060040, 0x5d01001f])
    assert [r[0x0037001f] for r in rows] == ["Subject %d" % n for n in range(40)] and 0x5d01001f not in rows[0]
    assert len(c.rows(inbox, 0x05, 2, [0x674a0014])) == 1
    copied = fx.messages(c.copy(inbox, [rows[3][0x674a0014], 1, rows[4][0x674a0014]]))
    assert [b.text(0x37) for _, b in copied] == ["Subject 3", "Subject 4"]
    raises("rop", 0x8004010f, c.open_folder, 0x9900000000000001)
    raises("rop", 0x4b9, c.rop, 0x04, 0, wire.u8(1), wire.u8(4), handles=[77, 0xffffffff])
    c.disconnect()
    raises("code", 10, c.open_folder, c.ids[4])


def test_sync(server):
    store, inbox = server.store, server.store.by_use("inbox")
    c = Client(server.url()).connect().logon()
    h = c.open_folder(c.ids[4])
    changes, gone, read, unread, state = parsed(c.sync(h))
    assert len(changes) == 41 and not gone and not read and not unread
    for head, bag in changes:
        m = inbox.messages[int.from_bytes(head[0x65e00102][16:], "big")]
        assert head[0x65e20102] == store.xid(m.change) and bag.text(0x37) == m.bag.text(0x37) and bag.number_of(0x0e07) == m.flags()
        assert head[0x674a0014] == wire.u64(store.wire_id(m.counter)) and len(bag.recipients) == 1
    assert parsed(c.sync(h, state))[:4] == ([], [], [], []) and parsed(c.sync(h, state))[4] == state
    some = inbox.normal()
    store.set_read(some[0], True)
    store.set_read(some[1], False)
    store.remove(some[2])
    store.remove(some[3])
    store.alter(some[4], item(1000))
    new = store.add(inbox, item(1001))
    changes, gone, read, unread, state = parsed(c.sync(h, state))
    assert [b.text(0x37) for _, b in changes] == ["Subject 1000", "Subject 1001"] and gone == [some[2].counter, some[3].counter]
    assert read == [some[0].counter] and unread == [some[1].counter], (read, unread)
    assert parsed(c.sync(h, state))[:4] == ([], [], [], [])
    store.remove(new)
    assert parsed(c.sync(h, state))[1] == [new.counter]
    big = c.open_folder(store.wire_id(store.by_use("calendar").counter))
    assert len(parsed(c.sync(big))[0][0][1].text(0x1000)) == 200_000
    c.disconnect()


def test_store(server):
    c = Client(server.url(), "bob").connect().logon()
    before = server.store.dump()
    top = c.open_folder(c.ids[3])
    made, h = c.make_folder(top, "Größe/1", "IPF.Task")
    raises("rop", 0x80040604, c.make_folder, top, "GRÖSSE/1".replace("SS", "ß"), "IPF.Note")
    f = server.stores["bob"].folders[server.stores["bob"].counter_of(made)]
    assert (f.name, f.container) == ("Größe/1", "IPF.Task")
    octets = fx.marker(fx.START_MESSAGE) + item(7, 100_000) + fx.marker(fx.END_MESSAGE)
    c.put(h, octets)
    c.put(h, octets[:-4])  # without its end it is none
    (m,) = f.messages.values()
    assert fx.messages(c.copy(h, [server.stores["bob"].wire_id(m.counter)]))[0][1].text(0x37) == "Subject 7"
    assert len(parsed(c.sync(h))[0]) == 1 and server.store.dump() == before
    c.disconnect()


def test_errors(server):
    c = Client(server.url())
    c.auth = "Basic eDp5"
    raises("http", 401, c.connect)
    raises("connect", 0, Client(server.url(), dn="/o=Fake/cn=nobody").connect)
    c = Client(server.url()).connect()
    old = c.cookies["sequence"]
    c.logon()
    c.cookies["sequence"] = old
    raises("code", 15, c.logon)
    del c.cookies["sequence"]
    raises("code", 13, c.logon)
    raises("code", 5, c.post, "Explode", b"")
    c.post("PING", b"")


def test_replay(path):
    class Replay(fakemapi.FakeMapi):
        replay_from = path
    with Replay() as server:
        c = Client(server.url())
        for name, body, want, _ in server.replay.exchanges:
            c.post(name.partition("-")[2], body)
            assert c.raw == want, name
        assert not server.replay.problems
        raises("http", 400, c.post, "Execute", b"")
        assert server.replay.problems


def test_disk():
    with tempfile.TemporaryDirectory() as d:
        os.makedirs(d + "/One/Two")
        with open(d + "/One/Two/a.fx", "wb") as f:
            f.write(fx.marker(fx.START_MESSAGE) + item(5) + fx.marker(fx.END_MESSAGE))
        for turn in range(2):
            with fakemapi.FakeMapi(d) as server:
                dump, c = server.store.dump(), Client(server.url()).connect().logon()
                two = next(f for f in server.store.folders.values() if f.name == "Two")
                assert two.parent.name == "One" and len(two.messages) == 1 + turn, dump
                ids = {m.counter for m in two.messages.values()}
                if turn == 0:
                    c.put(c.open_folder(server.store.wire_id(two.counter)), fx.marker(fx.START_MESSAGE) + item(6) + fx.marker(fx.END_MESSAGE))
                    before = {m.counter: m.change for m in two.messages.values()}
                else:
                    assert {m.counter: m.change for m in two.messages.values()} == before and ids == set(before)


def test_alone():
    """As a program: it lists its cases, and serves one."""
    program = [sys.executable, "-B", os.path.join(os.path.dirname(os.path.abspath(__file__)), "fakemapi.py")]
    listed = subprocess.run([*program, "--list"], capture_output=True, text=True, check=True).stdout
    assert "\ncorrect - " in listed and listed.count("\n") > 150, listed
    p = subprocess.Popen([*program, "small-mailbox"], stdout=subprocess.PIPE, text=True)
    try:
        c = Client(p.stdout.readline().strip()).connect().logon()
        assert "Work" in [f[0x3001001f] for f in c.folders()]
    finally:
        p.terminate()
        p.wait()


def main():
    for flags in (7, 4):  # nothing, or XOR and compression
        for test in (test_read, test_sync, test_store, test_errors):
            class Packed(Small):
                xor, compress = flags == 4, flags == 4
            with Packed() as server:
                plain = Client.__init__.__defaults__
                Client.__init__.__defaults__ = plain[:-1] + (flags,)
                test(server)
                Client.__init__.__defaults__ = plain
                assert not server.problems, server.problems
    test_disk()
    test_alone()
    path = sys.argv[1] if len(sys.argv) > 1 else RECORDED
    if os.path.isdir(path):
        test_replay(path)
    print("ok")


if __name__ == "__main__":
    main()
