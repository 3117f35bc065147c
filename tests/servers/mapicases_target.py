"""Mailboxes to restore into that misbehave. What each of them must come to: tests/e2e/94-mapi-cases.py."""
from fakemapi import Answer, Cut, FakeMapi
from mapi import fx, rops
from mapi.wire import u16, u32


class Target(FakeMapi):
    """An empty mailbox that takes everything."""
    name = "target"
    target = True
    attempts = 0

    def once(self, key=None):
        seen = self.__dict__.setdefault("onces", set())
        if key in seen:
            return False
        seen.add(key)
        return True

    def last_part(self, octets):
        return octets.endswith(fx.marker(fx.END_MESSAGE))


class PartlyTaken(Target):
    """RopFastTransferDestinationPutBuffer takes 1,000 octets of what it gets, and says so."""
    name = "target-takes-part"
    source = "MS-OXCFXICS 2.2.3.1.2.2.2: BufferUsedSize"
    code, rewrites = None, True  # an item may be taken in another form

    def put_buffer(self, context, up, octets):
        if len(octets) > 1000:
            code, used = super().put_buffer(context, up, octets[:1000])
            return code, used
        return super().put_buffer(context, up, octets)


class RefusedAtEnd(Target):
    """One item is refused with its last octets."""
    name = "target-refuses-at-end"
    source = "MS-OXCFXICS 3.2.5.8.2.2: ecFmtError"
    code, lost = 3, ("Inbox 3",)

    def put_buffer(self, context, up, octets):
        if "Inbox 3".encode("utf-16-le") in up.octets + octets and self.last_part(octets):
            return rops.FORMAT, 0
        return super().put_buffer(context, up, octets)


class RefusedEmbedded(Target):
    """Items within items are refused with 0x80040115."""
    name = "target-refuses-embedded"
    source = "gromox, by hand: a context that met an embedded message"
    code, lost = 3, ("With message",)

    def put_buffer(self, context, up, octets):
        return (0x80040115, 0) if fx.marker(fx.START_EMBED) in octets else super().put_buffer(context, up, octets)


class PutBusy(Target):
    """An upload is busy, once."""
    name = "target-busy"
    source = "MS-OXCFXICS 3.3.5.8.2: ecServerBusy"
    code = None

    def put_buffer(self, context, up, octets):
        return (rops.BUSY, 0) if self.once() else super().put_buffer(context, up, octets)


class FolderThere(Target):
    """A folder of that name comes into being while it is made."""
    name = "target-folder-meanwhile"
    source = "MS-OXCFOLD 2.2.1.2.2: ecDuplicateName"

    def create_folder(self, context, o, kind, name, existing):
        if name == "Work" and self.once():
            self.store.add_folder(name, o.folder, container="IPF.Note")
        return super().create_folder(context, o, kind, name, existing)


class FolderRefused(Target):
    """No folder can be made."""
    name = "target-no-folders"
    source = "MS-OXCFOLD 3.2.5.2: ecAccessDenied"
    code, lost = 3, ("Work 0", "Work 1", "Work 2", "With attachment", "With message")

    def create_folder(self, context, o, kind, name, existing):
        raise rops.Refused(rops.NO_ACCESS)


class NoClass(Target):
    """A new folder's class cannot be set."""
    name = "target-no-folder-class"
    source = "MS-OXCPRPT 2.2.5.2: PropertyProblem"
    code = None

    def set_properties(self, context, o, values):
        raise rops.Refused(rops.NO_ACCESS)


class Quota(Target):
    """The mailbox is full after some items."""
    name = "target-quota"
    source = "MS-OXCSTOR 2.2.2.1.2.1: ecQuotaExceeded"
    code, says, partial = 3, "(?i)quota|full|room|space", True

    def populate(self):
        self.store.quota = 4000


class WrongServer(Target):
    """The mailbox is on another server."""
    name = "target-wrong-server"
    source = "MS-OXCSTOR 2.2.1.1.2"
    code, says, partial = 1, "elsewhere", True

    def log_on(self, context, flags, dn):
        server = b"/o=Fake/cn=elsewhere\0"
        raise rops.Refused(rops.WRONG_SERVER, bytes([flags, len(server)]) + server)


class LostAnswer(Target):
    """The connection ends behind the last part of an item: it stands there, and nobody said so."""
    name = "target-answer-lost"
    source = "networks; an upload of unknown outcome"
    code = None

    def taken(self, up, message):
        if message.small.get(0x0037001f) == "Inbox 3" and self.once():
            self.sessions.clear()
            raise Cut()


class LostRequest(Target):
    """The connection ends before the last part of an item is carried out: it does not stand there."""
    name = "target-request-lost"
    source = "networks; an upload of unknown outcome"
    code = None

    def put_buffer(self, context, up, octets):
        if "Inbox 3".encode("utf-16-le") in octets and self.once():
            self.sessions.clear()
            raise Cut()
        return super().put_buffer(context, up, octets)


class SaysNothing(Target):
    """The last part is carried out, and answered with an error all the same."""
    name = "target-stored-but-error"
    source = "servers behind timeouts"
    code, doubles = None, ("Inbox 3",)  # an answer that says no is believed

    def put_buffer(self, context, up, octets):
        code, used = super().put_buffer(context, up, octets)
        return (rops.ABORT, 0) if "Inbox 3".encode("utf-16-le") in octets and self.once() else (code, used)


class StoresNothing(Target):
    """One item is taken, and is not there afterwards."""
    name = "target-loses-item"
    source = "filters and rules of servers"
    code, lost = 3, ("Inbox 3",)

    def taken(self, up, message):
        if message.small.get(0x0037001f) == "Inbox 3":
            self.store.remove(message)


class Drops(Target):
    """Named properties are dropped."""
    name = "target-drops-named"
    source = "servers with a fixed set of properties"
    code, rewrites = 3, True

    def taken(self, up, message):
        bag = message.bag
        bag.props = [p for p in bag.props if not p.name]
        self.store.alter(message, fx.body(bag))


class Alters(Target):
    """Subjects are altered."""
    name = "target-alters-subject"
    source = "gateways that mark mail"
    code, rewrites, partial = 3, True, True

    def taken(self, up, message):
        p = message.bag.find(0x37)
        if p:
            p.value = ("[EXT] " + message.bag.text(0x37) + "\0").encode("utf-16-le")
            self.store.alter(message, fx.body(message.bag))


class Adds(Target):
    """The server adds properties of its own to each item: that is no difference that anybody must be told of."""
    name = "target-adds-properties"
    rewrites = True
    source = "gromox and Exchange: PidTagInternetArticleNumber, PidTagCreatorEntryId ..."

    def taken(self, up, message):
        bag = message.bag
        bag.props += [fx.Property(0x0e230003, u32(7)), fx.Property(0x3ff90102, b"creator"), fx.Property(0x3ffb0102, b"modifier"), fx.Property(0x3ff8001f, b"a\0\0\0"),
                      fx.Property(0x0e69000b, u16(0)), fx.Property(0x10150102, b"x")]
        self.store.alter(message, fx.body(bag))


class NoUpload(Target):
    """The server takes no uploads: ecNotSupported."""
    name = "target-no-upload"
    source = "MS-OXCROPS 2.2.12.1"
    code, partial = 3, True

    def may_upload(self, context, o, operation):
        raise rops.Refused(rops.NO_SUPPORT)


class Busy503(Target):
    """503 with Retry-After now and then."""
    name = "target-503"
    source = "Exchange throttling"
    turn = 0

    def do_execute(self, rq):
        self.turn += 1
        return Answer(503, Retry_After="0") if self.turn % 9 == 0 else super().do_execute(rq)


class Sessions(Target):
    """Each session lives for twenty requests."""
    name = "target-short-sessions"
    source = "MS-OXCMAPIHTTP 3.2.2"
    code = None

    def do_execute(self, rq):
        s = self.sessions.get(rq.cookies.get("sid"))
        if s:
            s.count = getattr(s, "count", 0) + 1
            if s.count > 20:
                del self.sessions[rq.cookies["sid"]]
        return super().do_execute(rq)
