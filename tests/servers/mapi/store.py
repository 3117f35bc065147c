"""A mailbox of bags: folders, messages, their ids, change numbers and read states. Part of fakemapi.py.

On disk a mailbox is a directory: each directory in it is a folder, each *.fx a message (*.fai.fx an associated one), in the order of their names;
.folder in a directory is JSON of what else a folder is: name, class, use, hidden, search. A use is one of USES below. In .state are the ids that the
items were given, a line of JSON for each change, so that they are the same when the server is started again."""
import hashlib
import json
import os
import threading
import time

from mapi import fx, ics, wire

EPOCH = 116444736000000000  # of Unix, as FILETIME
# what a folder is for, and where its id is told: in the answer to RopLogon, or as an entry id in a property of Inbox and root (MS-OXOSFLD 2.2.3)
LOGON = ["root", "deferred", "spooler", "top", "inbox", "outbox", "sent", "trash", "views-common", "schedule", "finder", "views", "shortcuts"]
BY_PROPERTY = {"calendar": 0x36d00102, "contacts": 0x36d10102, "journal": 0x36d20102, "notes": 0x36d30102, "tasks": 0x36d40102, "reminders": 0x36d50102,
               "drafts": 0x36d70102}
ADDITIONAL = ["conflicts", "sync-issues", "local-failures", "server-failures", "junk"]  # PidTagAdditionalRenEntryIds
PERSIST = {"archive": 0x8001 + 0x0e}  # a block of PidTagAdditionalRenEntryIdsEx, MS-OXOSFLD 2.2.4
NAMES = {"root": "Root Container", "deferred": "Deferred Action", "spooler": "Spooler Queue", "top": "Top of Information Store", "inbox": "Inbox",
         "outbox": "Outbox", "sent": "Sent Items", "trash": "Deleted Items", "views-common": "Common Views", "schedule": "Schedule", "finder": "Finder",
         "views": "Views", "shortcuts": "Shortcuts", "calendar": "Calendar", "contacts": "Contacts", "journal": "Journal", "notes": "Notes",
         "tasks": "Tasks", "reminders": "Reminders", "drafts": "Drafts", "conflicts": "Conflicts", "sync-issues": "Sync Issues", "junk": "Junk Email",
         "local-failures": "Local Failures", "server-failures": "Server Failures", "archive": "Archive"}
CLASSES = {"inbox": "IPF.Note", "outbox": "IPF.Note", "sent": "IPF.Note", "trash": "IPF.Note", "drafts": "IPF.Note", "junk": "IPF.Note", "archive": "IPF.Note",
           "calendar": "IPF.Appointment", "contacts": "IPF.Contact", "tasks": "IPF.Task", "notes": "IPF.StickyNote", "journal": "IPF.Journal"}
BELOW_TOP = ["inbox", "outbox", "sent", "trash", "drafts", "calendar", "contacts", "tasks", "notes", "journal", "junk"]
READ = 1  # mfRead of PidTagMessageFlags
# what the server says of each message itself, and takes from no one
OWN = {0x65e0, 0x3008, 0x65e2, 0x65e3, 0x67aa, 0x674a, 0x0e08, 0x67a4, 0x65e1, 0x0fff, 0x0e09, 0x0ff6, 0x0ff4, 0x0ff7, 0x6748, 0x0e05}


def filetime():
    return EPOCH + time.time_ns() // 100


def guid(text):
    return hashlib.sha256(text.encode()).digest()[:16]


class Message:
    def __init__(self, folder, counter, octets=None, path=None, associated=False):
        self.folder, self.counter, self.associated, self.path = folder, counter, associated, path
        self.octets_here, self.parsed, self.own_flags, self.small = octets, None, 0, {}
        self.change = self.read_change = 0
        self.modified, self.pcl, self.read = 0, [], False
        self.size = len(octets) if octets is not None else os.path.getsize(path) - 8

    @property
    def octets(self):
        """messageContent: what stands between StartMessage and EndMessage."""
        if self.octets_here is not None:
            return self.octets_here
        with open(self.path, "rb") as f:
            return f.read()[4:-4]

    @property
    def bag(self):
        if self.parsed is None:
            self.parsed = fx.content(fx.Lexer(self.octets))
        return self.parsed

    def look(self):
        """What tables show, kept so that the item is not read again for each row."""
        self.own_flags, self.small = self.bag.number_of(0x0e07), {}
        for p in self.bag.props:
            if p.name is None and len(p.value) <= 1024 and p.number not in OWN and (v := wire.from_fx(p)) is not None:
                self.small[p.tag] = v
                if p.kind == 0x1e:
                    self.small[p.tag & 0xffff0000 | 0x1f] = v
        if self.octets_here is None:
            self.parsed = None

    def flags(self):
        return self.own_flags & ~READ | (READ if self.read else 0)


class Folder:
    def __init__(self, store, counter, name, parent=None, container="IPF.Note", use=None, hidden=False, search=False):
        self.store, self.counter, self.name, self.parent, self.container, self.use = store, counter, name, parent, container, use
        self.hidden, self.search, self.path = hidden, search, None
        self.messages, self.deleted, self.extra = {}, [], {}
        self.modified = self.committed = filetime()

    def children(self):
        return [f for f in self.store.folders.values() if f.parent is self]

    def normal(self, associated=False):
        return [m for m in self.messages.values() if m.associated == associated]

    def where(self):
        return (self.parent.where() + "/" if self.parent and self.parent.parent else "") + self.name


class Store:
    """One mailbox, or the public folders."""

    def __init__(self, owner="alice", public=False, path=None, display="Alice Example"):
        self.lock, self.owner, self.public, self.path, self.display = threading.RLock(), owner, public, path, display
        self.dn = "/o=Fake/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=" + owner
        self.guid, self.replica = guid("mailbox of " + owner), guid("replica of " + owner)
        self.replica_id = 1 if not public else 5
        self.folders, self.names, self.name_ids = {}, {}, {}
        self.next_id, self.change = 0x10000, 0
        self.uploads, self.quota = 0, None
        for n, use in enumerate(LOGON, 1):
            parent = None if use == "root" else self.by_use("top" if use in ("inbox", "outbox", "sent", "trash") else "root")
            self.folders[n] = Folder(self, n, NAMES[use], parent, CLASSES.get(use, ""), use)
        if not public:
            self.by_use("finder").search = True

    # ---- ids ----

    def fresh(self):
        self.next_id += 1
        return self.next_id

    def next_change(self):
        self.change += 1
        return self.change

    def wire_id(self, counter):
        """An id as on the wire, as a number."""
        return int.from_bytes(wire.u16(self.replica_id) + counter.to_bytes(6, "big"), "little")

    def counter_of(self, wire_id):
        octets = wire_id.to_bytes(8, "little")
        return int.from_bytes(octets[2:], "big") if octets[:2] == wire.u16(self.replica_id) else None

    def xid(self, counter):
        return self.replica + counter.to_bytes(6, "big")

    def entry_id(self, folder):
        return bytes(4) + self.guid + wire.u16(1) + self.xid(folder.counter) + bytes(2)

    def message_entry_id(self, m):
        return bytes(4) + self.guid + wire.u16(7) + self.xid(m.folder.counter) + bytes(2) + self.xid(m.counter) + bytes(2)

    def search_key(self, m):
        return m.small.get(0x300b0102) or hashlib.sha256(self.xid(m.counter)).digest()[:16]

    def property_id(self, name, make=True):
        """The id of a named property (set, number or text) in this mailbox; 0: none."""
        name = (name[0], name[1].lower() if isinstance(name[1], str) else name[1])
        if name not in self.names and make:
            self.names[name] = 0x8000 + len(self.names)
            self.name_ids[self.names[name]] = name
        return self.names.get(name, 0)

    # ---- folders ----

    def by_use(self, use):
        return next((f for f in self.folders.values() if f.use == use), None)

    def add_folder(self, name, parent=None, **more):
        with self.lock:
            f = Folder(self, self.fresh(), name, parent or self.by_use("top"), **more)
            self.folders[f.counter] = f
            if self.path:
                self.make_directory(f)
            return f

    def special(self, use):
        """The folder of a use, made if it is not there yet."""
        f = self.by_use(use)
        return f or self.add_folder(NAMES[use], container=CLASSES.get(use, ""), use=use)

    def standard(self):
        for use in BELOW_TOP:
            self.special(use)
        return self

    def below(self, folder, deep=True):
        """Those in it, each followed by its own."""
        by_parent, out = {}, []
        for f in self.folders.values():
            by_parent.setdefault(f.parent, []).append(f)
        todo = by_parent.get(folder, [])[::-1]
        while todo:
            f = todo.pop()
            out.append(f)
            todo += by_parent.get(f, [])[::-1] if deep else []
        return out

    # ---- messages ----

    def add(self, folder, octets=None, path=None, associated=False, read=None, counter=None):
        """A new message from its messageContent."""
        with self.lock:
            m = Message(folder, counter or self.fresh(), octets, path, associated)
            self.touch(m)
            m.read_change = self.change
            m.look()
            m.read = bool(m.own_flags & READ) if read is None else read
            folder.messages[m.counter] = m
            return m

    def touch(self, m):
        """Another change number; read states have their own, and do not count as a change of the folder (the harsher reading of MS-OXCFOLD)."""
        m.change, m.modified = self.next_change(), filetime()
        m.folder.committed = m.modified
        m.pcl = [self.xid(m.change)]

    def alter(self, m, octets):
        with self.lock:
            m.octets_here, m.parsed, m.size = octets, None, len(octets)
            m.look()
            self.touch(m)

    def set_read(self, m, read):
        with self.lock:
            m.read, m.read_change = read, self.next_change()

    def remove(self, m):
        with self.lock:
            del m.folder.messages[m.counter]
            m.folder.committed = filetime()
            m.folder.deleted.append(m.counter)

    def upload(self, folder, bag, associated):
        """What RopFastTransferDestinationPutBuffer brought."""
        octets = fx.body(strip(bag))
        with self.lock:
            self.uploads += 1
            path = None
            if folder.path:
                path = os.path.join(folder.path, "u%06d%s.fx" % (self.uploads, ".fai" if associated else ""))
                with open(path, "wb") as f:
                    f.write(fx.marker(fx.START_FAI if associated else fx.START_MESSAGE) + octets + fx.marker(fx.END_MESSAGE))
            m = self.add(folder, None if path else octets, path, associated)
            self.note(m)
            return m

    def used(self):
        return sum(m.size for f in self.folders.values() for m in f.messages.values())

    def all(self):
        return [m for f in self.folders.values() for m in f.messages.values()]

    # ---- on disk ----

    def load(self):
        """What is below the path."""
        before = self.remembered()
        self.load_directory(self.path, self.by_use("top"), before)
        return self

    def remembered(self):
        out = {}
        try:
            with open(os.path.join(self.path, ".state")) as f:
                for line in f:
                    d = json.loads(line)
                    out[d["path"]] = d
                    self.next_id, self.change = max(self.next_id, d["id"]), max(self.change, d.get("change", 0), d.get("read_change", 0))
        except FileNotFoundError:
            pass
        return out

    def load_directory(self, path, folder, before):
        folder.path = path
        for name in sorted(os.listdir(path)):
            inner = os.path.join(path, name)
            if os.path.isdir(inner):
                self.load_folder(inner, name, folder, before)
            elif name.endswith(".fx"):
                d = before.get(os.path.relpath(inner, self.path))
                m = self.add(folder, path=inner, associated=name.endswith(".fai.fx"), counter=d and d["id"])
                if d:
                    m.change, m.read_change, m.modified, m.read = d["change"], d["read_change"], d["modified"], d["read"]
                    m.pcl = [self.xid(m.change)]
                else:
                    self.note(m)

    def load_folder(self, path, name, parent, before):
        d = {}
        if os.path.exists(os.path.join(path, ".folder")):
            with open(os.path.join(path, ".folder"), encoding="utf-8") as f:
                d = json.load(f)
        use = d.get("use")
        folder = self.by_use(use) if use else None
        if not folder:
            old = before.get(os.path.relpath(path, self.path))
            counter = old["id"] if old else self.fresh()
            folder = Folder(self, counter, name, parent, d.get("class", CLASSES.get(use, "IPF.Note")), use, d.get("hidden", False), d.get("search", False))
            self.folders[counter] = folder
        folder.name = d.get("name", name)
        folder.container = d.get("class", folder.container)
        self.write_state({"path": os.path.relpath(path, self.path), "id": folder.counter})
        self.load_directory(path, folder, before)

    def make_directory(self, folder):
        parent = folder.parent.path or self.path
        folder.path = os.path.join(parent, "f%06d" % folder.counter)
        os.makedirs(folder.path)
        self.rewrite(folder)
        self.write_state({"path": os.path.relpath(folder.path, self.path), "id": folder.counter})

    def rewrite(self, folder):
        """What is said of a folder on disk."""
        d = {"name": folder.name, "class": folder.container, "hidden": folder.hidden}
        if folder.use:
            d["use"] = folder.use
        with open(os.path.join(folder.path, ".folder"), "w", encoding="utf-8") as f:
            json.dump(d, f)

    def note(self, m):
        if self.path and m.path:
            self.write_state({"path": os.path.relpath(m.path, self.path), "id": m.counter, "change": m.change, "read_change": m.read_change,
                              "modified": m.modified, "read": m.read})

    def write_state(self, d):
        with open(os.path.join(self.path, ".state"), "a") as f:
            f.write(json.dumps(d) + "\n")

    # ---- for people and tests ----

    def dump(self):
        """A line for each folder and message: what a client that only reads must not alter."""
        out = []
        for f in sorted(self.folders.values(), key=lambda f: f.counter):
            out.append("folder %012x %r class=%s use=%s parent=%s" % (f.counter, f.name, f.container, f.use, "%012x" % f.parent.counter if f.parent else "-"))
            for m in f.messages.values():
                out.append("message %012x change=%d read_change=%d flags=%04x modified=%d size=%d associated=%d sha256=%s" %
                           (m.counter, m.change, m.read_change, m.flags(), m.modified, m.size, m.associated, hashlib.sha256(m.octets).hexdigest()[:16]))
            out += ["deleted %012x" % d for d in f.deleted]
        return "\n".join(out) + "\n"

    # ---- streams ----

    def header(self, m, extra=7):
        """messageChangeHeader, MS-OXCFXICS 2.2.4.3.11."""
        out = fx.prop(0x65e00102, self.xid(m.counter)) + fx.number(0x30080040, m.modified) + fx.prop(0x65e20102, self.xid(m.change))
        out += fx.prop(0x65e30102, b"".join(bytes([len(x)]) + x for x in m.pcl)) + fx.number(0x67aa000b, m.associated)
        if extra & 1:
            out += fx.number(0x674a0014, self.wire_id(m.counter))
        if extra & 2:
            out += fx.number(0x0e080003, m.size)
        return out + (fx.number(0x67a40014, self.wire_id(m.change)) if extra & 4 else b"")

    def content(self, m, header=False):
        """propList messageChildren as the server gives them: its own properties, the flags as they are now. In ${header}: what is in no header before."""
        octets = m.octets
        lexer = fx.Lexer(octets)
        some = [p for p in fx.properties(lexer) if p.name or p.number not in OWN]
        flags = wire.u32(m.flags())
        for p in some:
            if p.tag == 0x0e070003:
                p.value = flags
        if not any(p.tag == 0x0e070003 for p in some):
            some.append(fx.Property(0x0e070003, flags))
        if not any(p.tag == 0x300b0102 for p in some):
            some.append(fx.Property(0x300b0102, self.search_key(m)))
        if header:
            some += [fx.Property(0x674a0014, wire.u64(self.wire_id(m.counter))), fx.Property(0x0e080003, wire.u32(m.size)),
                     fx.Property(0x65e20102, self.xid(m.change)), fx.Property(0x67a40014, wire.u64(self.wire_id(m.change))),
                     fx.Property(0x67aa000b, wire.u16(m.associated)), fx.Property(0x65e00102, self.xid(m.counter))]
        some += [fx.Property(0x30080040, wire.u64(m.modified)), fx.Property(0x65e10102, self.xid(m.folder.counter))]
        some.sort(key=lambda p: (p.name is not None, p.number))
        for p in some:
            if p.name:
                p.tag = self.property_id(p.name) << 16 | p.tag & 0xffff
        return fx.props(some) + self.children(octets[lexer.at:])

    def children(self, octets):
        """messageChildren with MetaTagFXDelProp before recipients and attachments, as 2.2.4.3.16 lets a server do it and the recorded one does."""
        return fx.prop(0x40160003, wire.u32(0x0e12000d)) + octets if octets[:4] == fx.marker(fx.START_RECIPIENT) else octets

    def message_stream(self, m):
        """One message of RopFastTransferSourceCopyMessages."""
        return fx.marker(fx.START_FAI if m.associated else fx.START_MESSAGE) + self.content(m, True) + fx.marker(fx.END_MESSAGE)

    def new_state(self, ids, change, before):
        """The state behind a content synchronisation, 3.2.5.3: the ids that the client then has, the change numbers that it has seen."""
        given, seen = ics.IdSet(), ics.IdSet()
        for n in ids:
            given.add(self.replica, n)
        seen.add(self.replica, 1, change or 1)
        for replica, ranges in before.get(0x6796, ics.IdSet()).of.items():
            for low, high in ranges:
                seen.add(replica, low, high)
        return given, seen


def strip(bag):
    """A bag without what only a store gives, and with nothing that stands for another thing (0x4016)."""
    bag.props = [p for p in bag.props if p.name or p.number not in OWN and p.number != 0x4016]
    bag.recipients = [[p for p in r if p.number != 0x4016] for r in bag.recipients]
    for some, inner in bag.attachments:
        some[:] = [p for p in some if p.number != 0x4016]
        if inner:
            inner.props = [p for p in inner.props if p.number != 0x4016]
    return bag
