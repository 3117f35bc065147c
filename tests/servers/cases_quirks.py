"""What a case of an IMAP quirk says about itself, for e2e/14-imap-quirks.py; the cases are in cases_quirks_*.py."""
from fakeimap import FakeImap


class Quirk(FakeImap):
    """The correct server; what a backup of it must come to."""
    name = "quirk-none"
    source = "RFC 3501"
    code = 0  # exit code of backup
    words = ""  # a regular expression that its output must match
    lost = {}  # {(mailbox, UID): regular expression of the reason}: error lines
    rescued = {}  # {(mailbox, UID): regular expression of the note}
    stale = {}  # {mailbox: regular expression of the reason}: could not be read
    warnings = {}  # {(mailbox, UID): list}, beside "rescued"
    dates = {}  # {(mailbox, UID): INTERNALDATE}, where another one is expected than the server holds
    code_again = stale_again = lost_again = None  # of the second run, where it is another
    options = ()
    minutes = False  # takes minutes: only when it is named
    slow = False  # waits, or has much to do: begun first
    again = "nothing"  # the second run: "nothing" is fetched; "some": it may fetch, and ends the same; None: there is none

    def held(self):
        """{(mailbox as text, UID): Message} that the archive must hold; called before the run."""
        return {(box.name.decode("utf-7" if b"&" in box.name else "utf-8"), m.uid): m for box in self.mailboxes.values() for m in box.messages}

    def check(self):
        """What is wrong after the first run, or None."""

    def next_run(self):
        """What happens to the account before the second run."""

    def held_again(self, held):
        """As held(), for the second run; ${held} is what the first had to hold."""
        return self.held()

    def commands(self, verb):
        """Lines of the log whose command is ${verb}."""
        return [line for _, line in self.log if line.split(b" ", 1)[-1].upper().startswith(verb)]


def is_body(item):
    """The whole message is asked for, at once or in pieces."""
    return item.startswith("BODY.PEEK[]")


def is_whole(item):
    return item == "BODY.PEEK[]"


def wants_body(items):
    return any(i.startswith("BODY.PEEK[") for i in items)
