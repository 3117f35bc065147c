"""Quirks of stores, folders and tables. What each of them must come to: tests/e2e/94-mapi-cases.py."""
from mapi import items, rops, wire
from mapi.wire import u8, u16
from mapicases_wire import Case


class WrongServer(Case):
    """RopLogon says that the mailbox is on another server."""
    name = "logon-wrong-server"
    source = "MS-OXCSTOR 2.2.1.1.2: ecWrongServer"
    code, says = 1, "elsewhere"

    def log_on(self, context, flags, dn):
        server = b"/o=Fake/cn=elsewhere\0"
        raise rops.Refused(rops.WRONG_SERVER, u8(flags) + u8(len(server)) + server)


class LogonRefused(Case):
    """RopLogon is refused."""
    name = "logon-no-access"
    source = "MS-OXCSTOR 3.2.5.1.1: ecLoginPerm"
    code = 12

    def log_on(self, context, flags, dn):
        raise rops.Refused(0x3f2)


class LogonReplica(Case):
    """The replica that RopLogon names is not the one of the folders, as of gromox."""
    name = "logon-other-replica"
    source = "the recorded RopLogon: ReplId 5, folders of 1"

    def rop_answer(self, context, rop, answer):
        return answer[:-34] + u16(5) + b"\xbf" * 16 + answer[-16:] if rop == 0xfe and len(answer) > 100 else answer


class Cycle(Case):
    """The folders Work and Deep are below each other, and Deep is below itself in another row."""
    name = "hierarchy-cycle"
    source = "robustness: damaged stores"
    code = None

    def folder_values(self, store, f):
        v = super().folder_values(store, f)
        if f.name == "Work":
            v[0x67490014] = store.wire_id(next(x for x in store.folders.values() if x.name == "Deep").counter)
        return v

    def check(self):
        assert len(self.requests) < 200


class Orphan(Case):
    """The parent of a folder is none that is there."""
    name = "hierarchy-orphan"
    source = "robustness: folders that are shown without those above"

    def folder_values(self, store, f):
        v = super().folder_values(store, f)
        if f.name == "Work":
            v[0x67490014] = store.wire_id(0x777777)
        return v


class ChildrenFirst(Case):
    """Folders come before those that they are in."""
    name = "hierarchy-children-first"
    source = "MS-OXCTABL: no order without RopSortTable"

    def hierarchy(self, store, folder, deep):
        return super().hierarchy(store, folder, deep)[::-1]


class FolderTwice(Case):
    """A folder is in the table twice."""
    name = "hierarchy-folder-twice"
    source = "folders that move while a table is read"

    def hierarchy(self, store, folder, deep):
        rows = super().hierarchy(store, folder, deep)
        return rows + rows[-1:] + rows[:1]


class OneName(Case):
    """Two folders of one name in one place, and one that differs in case."""
    name = "folders-of-one-name"
    source = "MS-OXCFOLD 2.2.1.2: after synchronisations; stores of other servers"

    def populate(self):
        super().populate()
        for n, name in enumerate(("Twin", "Twin", "TWIN")):
            self.put(self.store.add_folder(name), items.mail("Twin %d" % n, number=40 + n))


class OddNames(Case):
    """Names with slashes, backslashes, control characters, dots, marks that turn text around, a lone surrogate, none at all, 16,000 characters."""
    name = "folder-names-odd"
    source = "MS-OXCFOLD 2.2.1.2.1: a name may have any character"
    table_text = 20_000
    names = ["a/b", "a\\b", "..", "", " blank ", "tab\tnew\nline\x1b[31m", "\u202egpj.exe", "\ud800", "CON", "n" * 3000, "\U0001f389" * 20, "INBOX", "x" * 16_000]

    def populate(self):
        super().populate()
        for n, name in enumerate(self.names):
            self.put(self.store.add_folder(name), items.mail("Odd %d" % n, number=40 + n))


class DeepFolders(Case):
    """Folders 100 deep."""
    name = "folders-100-deep"
    source = "robustness: MS-OXCFOLD has no limit, Exchange 300"
    code = None

    def populate(self):
        super().populate()
        f = None
        for n in range(100):
            f = self.store.add_folder("d%d" % n, f)
            if n % 25 == 24:
                self.put(f, items.mail("Depth %d" % n, number=n))


class ManyFolders(Case):
    """800 folders."""
    name = "folders-800"
    source = "users; MS-OXCFOLD"
    mails = 1

    def populate(self):
        super().populate()
        for n in range(800):
            self.store.add_folder("f%d" % n)

    def check(self):
        assert len(self.requests) < 1800, "%d requests" % len(self.requests)


class Flagged(Case):
    """Rows are flagged, and half of what was asked for is not there."""
    name = "rows-flagged"
    source = "MS-OXCDATA 2.8.1.2"

    def row(self, table, thing):
        values = self.folder_values(table.store, thing) if hasattr(thing, "messages") else self.message_values(table.store, thing, False)
        keep = {0x67480014, 0x67490014, 0x3001001f, 0x3613001f, 0x674a0014, 0x36010003}
        out = b"\1"
        for t in table.columns:
            out += b"\0" + wire.value(t, values[t]) if t in keep and t in values else (b"\1" if t & 1 else b"\x0a" + wire.u32(0x80070005))
        return out


class CountsLieLow(Case):
    """Folders and tables say that there is nothing in them."""
    name = "counts-zero"
    source = "caches of servers; MS-OXCFOLD 2.2.2.2.1.1"

    def folder_values(self, store, f):
        return {**super().folder_values(store, f), 0x36020003: 0, 0x360a000b: 0, 0x36030003: 0, 0x0e080014: 0}

    def row_count(self, n):
        return 0


class CountsLieHigh(Case):
    """They say that there are 4 G."""
    name = "counts-immense"
    source = "robustness"

    def folder_values(self, store, f):
        return {**super().folder_values(store, f), 0x36020003: 0xffffffff, 0x0e080014: 1 << 63}

    def row_count(self, n):
        return 0xffffffff


class NoHints(Case):
    """The server does not say when a folder was changed last, nor what was deleted."""
    name = "folders-without-hints"
    source = "gromox and others; MS-OXCFOLD 2.2.2.2.1: optional"

    def folder_values(self, store, f):
        v = super().folder_values(store, f)
        return {k: v[k] for k in v if k not in (0x670a0040, 0x670b0003, 0x36030003, 0x0e080014)}


class HintsFrozen(Case):
    """What tells of the last change of a folder never changes, as of a server that rounds it: a new item must still be found in the end."""
    name = "folder-hints-frozen"
    source = "MS-OXCFOLD 2.2.2.2.1.13: no precision is promised"
    code, again_code = 0, None

    def folder_values(self, store, f):
        return {**super().folder_values(store, f), 0x670a0040: 133_000_000_000_000_000}

    def changed(self):
        self.put("inbox", items.mail("New", number=60))


class EndlessRows(Case):
    """RopQueryRows of folders never ends: the same rows, for ever."""
    name = "rows-without-end"
    source = "robustness"
    code = None

    def hierarchy(self, store, folder, deep):
        class Rows(list):
            def __len__(self):
                return 1 << 40

            def __getitem__(self, i):
                return list.__getitem__(self, i % list.__len__(self))
        return Rows(super().hierarchy(store, folder, deep))

    def row_count(self, n):
        return min(n, 0xffffffff)

    def check(self):
        assert len(self.requests) < 5000, "%d requests" % len(self.requests)


class NoRows(Case):
    """RopQueryRows gives no row, and says that it is not at the end."""
    name = "rows-none-and-more"
    source = "robustness: MS-OXCTABL 2.2.2.5"
    code = 1

    def rop_answer(self, context, rop, answer):
        return answer[:6] + b"\1" + u16(0) if rop == 0x15 and answer[2:6] == bytes(4) else answer

    def check(self):
        assert len(self.requests) < 300, "%d requests" % len(self.requests)


class RowsLie(Case):
    """RowCount of an answer is more than there is in it."""
    name = "rows-fewer-than-said"
    source = "robustness"
    code = 1

    def rop_answer(self, context, rop, answer):
        return answer[:7] + u16(500) + answer[9:] if rop == 0x15 and answer[2:6] == bytes(4) else answer


class FewRows(Case):
    """Rows come one at a time."""
    name = "rows-one-at-a-time"
    source = "MS-OXCTABL 2.2.2.5.2: RowCount may be less than was asked for"

    rows_at_once = 1


class SearchFolders(Case):
    """A search folder shows items of others."""
    name = "search-folder"
    source = "MS-OXCFOLD 1.3.2"

    def populate(self):
        super().populate()
        f = self.store.add_folder("Unread Mail", search=True)
        f.messages = dict(self.store.by_use("inbox").messages)

    hidden_items = 6


class Hidden(Case):
    """Hidden folders, and folders of settings with items in them."""
    name = "hidden-folders"
    source = "MS-OXCFOLD 2.2.2.2.2.1: PidTagAttributeHidden"

    def populate(self):
        super().populate()
        self.put(self.store.add_folder("Conversation Action Settings", container="IPF.Configuration", hidden=True), items.mail("Settings", number=45))

    hidden_items = 1


class OtherLanguage(Case):
    """Folders of other names than in English: what they are for is told by ids."""
    name = "folders-in-german"
    source = "MS-OXOSFLD 2.2.3"

    def populate(self):
        super().populate()
        for use, name in (("inbox", "Posteingang"), ("sent", "Gesendete Elemente"), ("trash", "Gelöschte Elemente"), ("calendar", "Kalender"), ("contacts", "Kontakte"),
                          ("drafts", "Entwürfe"), ("junk", "Junk-E-Mail"), ("tasks", "Aufgaben"), ("notes", "Notizen")):
            self.store.special(use).name = name
        self.put("sent", items.mail("Gesendet", number=46))

    def check(self):
        uses = {h.get("special_use") for h in self.manifest["collections"] if h["kind"] == "mail"}
        assert any("Sent" in str(u) for u in uses) and any("Trash" in str(u) for u in uses), uses


class NoDefaults(Case):
    """Inbox and root have none of the entry ids of default folders; some are garbage."""
    name = "default-folders-unknown"
    source = "MS-OXOSFLD 2.2.3: they may be missing"

    def default_ids(self, store):
        return {0x36d00102: b"\0" * 46, 0x36d10102: b"short", 0x36d81102: [b"", b"x"], 0x36d90102: b"\xff" * 40}


class FolderRenamed(Case):
    """A folder is renamed between the runs: its items are not fetched again."""
    name = "folder-renamed"
    source = "users"
    again = None

    def changed(self):
        next(f for f in self.store.folders.values() if f.name == "Work").name = "Play"


class FolderDeleted(Case):
    """A folder is deleted between the runs."""
    name = "folder-deleted"
    source = "users"

    def changed(self):
        work = next(f for f in self.store.folders.values() if f.name == "Work")
        for f in [work, *self.store.below(work)]:
            del self.store.folders[f.counter]


class FolderGone(Case):
    """A folder is deleted between the listing and its synchronisation."""
    name = "folder-gone-meanwhile"
    source = "other clients"
    code = None
    lost = ("With attachment", "With message")

    def open_folder(self, context, folder):
        if folder.name == "Deep":
            raise rops.Refused(rops.NOT_FOUND)
        return folder


class FolderEmpties(Case):
    """A folder is replaced by another one of its name, with the same items under other ids."""
    name = "folder-made-anew"
    source = "users who put mail back"

    def changed(self):
        s = self.store
        work = next(f for f in s.folders.values() if f.name == "Work")
        new = s.add_folder("Work")
        for m in list(work.messages.values()):
            s.add(new, m.octets)
        for f in s.below(work, False):
            f.parent = new
        del s.folders[work.counter]
