"""Servers that want to be treated well: throttling, lost connections, tokens, sign-in habits. Run by fakeimap.py, gathered by fakecases.py."""
import base64
import json
import socket
import threading

from fakeimap import FakeImap, raw


class Plan:
    """What happens to the n-th command of a kind, over all sessions: {n: action}."""

    def __init__(self, **actions):
        self.actions, self.counts, self.done, self.lock = actions, {}, [], threading.Lock()

    def next(self, kind):
        with self.lock:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            action = self.actions.get(kind, {}).get(self.counts[kind])
            self.done += [action] if action else []
            return action


class Many(FakeImap):
    """Enough messages for several commands."""
    name = "many"
    messages = 1000

    def populate(self):
        inbox = self.mailbox("INBOX")
        for i in range(1, self.messages + 1):
            inbox.add(b"Message-ID: <%d@many.example>\r\nSubject: message %d\r\n\r\n%s" % (i, i, b"body of %d\r\n" % i * 20), [[], [r"\Seen"]][i % 2],
                      "17-Jul-1996 %02d:%02d:%02d -0700" % (i // 3600, i // 60 % 60, i % 60))


class Throttles(Many):
    """Three connections are lost in the middle of an answer, and twice the server asks to wait."""
    name = "throttles"
    source = "Office 365 (imapsync#272), Yahoo (imapc-connection.c), Zoho (nixpkgs#352446)"
    messages = 2400
    backoff_ms = 300
    plan = {"UID_FETCH": {3: "cut", 7: "backoff", 11: "cut", 13: "bye", 16: "cut"}}

    def __init__(self, *args, **more):
        self.script = Plan(**self.plan)
        super().__init__(*args, **more)

    def before(self, s, tag, name, args):
        if name == "UID_FETCH" and "BODY" not in str(args[1]):
            return False
        return self.act(s, tag, self.script.next(name))

    def act(self, s, tag, action):
        if action == "backoff":
            s.send(tag + " NO Request is throttled. Suggested Backoff Time: %d milliseconds" % self.backoff_ms)
        elif action == "limit":
            s.send(tag + " NO [LIMIT] UID FETCH Rate limit hit")
        elif action == "bye":
            self.hang_up(s, "* BYE [THROTTLED] Session throttled, backoff time 200 ms")
        elif action == "cut":
            s.left = 3000
        return action in ("backoff", "limit")

    def hang_up(self, s, last_words):
        """End the connection so that the last words arrive: a close with commands unread would be a reset."""
        s.send(last_words)
        s.sock.shutdown(socket.SHUT_WR)
        while s.file.read1():
            pass
        s.cut()

    def mangle(self, s, data):
        """Cut in the middle of what is being sent."""
        left = getattr(s, "left", None)
        if left is None:
            return data
        if len(data) >= left:
            s.send_raw(data[:left])
            s.cut(reset=True)
        s.left = left - len(data)
        return data


class ThrottlesAppend(Throttles):
    """The same for what comes in: the answer to an APPEND is lost after the message was stored, or before it was."""
    name = "throttles-append"
    extensions = [e for e in Throttles.extensions if e != "MULTIAPPEND"]
    plan = {"APPEND": {20: "cut-after", 40: "backoff", 60: "cut-before", 61: "limit", 150: "cut-after"}}

    def populate(self):
        self.mailbox("INBOX")

    def before(self, s, tag, name, args):
        if name != "APPEND":
            return False
        action = self.script.next(name)
        if action == "cut-after":
            box = self.mailboxes[b"INBOX" if raw(args[0]).upper() == b"INBOX" else raw(args[0])]
            flags = args[1] if isinstance(args[1], list) else []
            date = next((a.decode() for a in args[1:-1] if isinstance(a, bytes)), None)
            box.add(bytes(args[-1]), flags, date)
        if action in ("cut-after", "cut-before"):
            s.cut(reset=True)
        return self.act(s, tag, action)


class ThrottlesAll(Throttles):
    """Every command is refused so, also those that list, after the tenth message."""
    name = "throttles-all"
    backoff_ms = 100
    plan = {name: {n: "backoff" for n in (1, 3, 4)} for name in ("EXAMINE", "LIST", "STATUS", "UID_FETCH", "CREATE", "SELECT", "APPEND", "UID_SEARCH", "SUBSCRIBE")}

    def before(self, s, tag, name, args):
        return self.act(s, tag, self.script.next(name))


class ThrottlesForEver(Throttles):
    """From the third command for bodies on nothing is given any more."""
    name = "throttles-for-ever"
    messages = 1000
    plan = {"UID_FETCH": {n: "backoff" for n in range(3, 10000)}}


class ConnectionLimit(Many):
    """One connection at a time; a second one is refused."""
    name = "connection-limit"
    source = "Gmail, Dovecot mail_max_userip_connections"

    def do_authenticate(self, s, tag, args):
        if sum(bool(x.user) for x in list(self.sessions)) >= 1:
            s.send(tag + " NO [ALERT] Too many simultaneous connections. (Failure)")
        else:
            super().do_authenticate(s, tag, args)


class OverQuota(FakeImap):
    """The account is full after three messages."""
    name = "over-quota"

    def populate(self):
        self.mailbox("INBOX")

    def before(self, s, tag, name, args):
        if name != "APPEND" or sum(len(b.messages) for b in self.mailboxes.values()) < 3:
            return False
        s.send(tag + " NO [OVERQUOTA] Quota exceeded (mailbox for user is full)")
        return True


class Tokens(Many):
    """XOAUTH2 and OAUTHBEARER with tokens that are good for so many commands for bodies."""
    name = "tokens"
    source = "imapsync#250, #422: the token expires in a long run"
    good_for = 7
    end = "bye"  # how an expired one is told: bye, no

    def __init__(self, *args, **more):
        self.valid, self.left, self.refused = "token-1", self.good_for, 0
        super().__init__(*args, **more)

    def capabilities(self, s):
        return ["IMAP4rev1"] + self.extensions + ["AUTH=XOAUTH2", "AUTH=OAUTHBEARER"]

    def do_authenticate(self, s, tag, args):
        answer = base64.b64decode(raw(args[1])).decode()
        with self.lock:
            good = "auth=Bearer %s\1" % self.valid in answer
            self.refused += not good
        if good:
            s.user, s.token = "alice", self.valid
            self.ok(s, tag, "signed in")
            return
        problem = {"status": "400" if args[0] == "XOAUTH2" else "invalid_token", "schemes": "Bearer"}
        s.send("+ " + base64.b64encode(json.dumps(problem).encode()).decode())
        end = s.line()
        if end != (b"" if args[0] == "XOAUTH2" else b"AQ=="):
            s.send(tag + " BAD what is that?")
        elif self.end == "bye":
            s.send("* BYE [EXPIRED] token")
            s.cut()
        else:
            s.send(tag + " NO [AUTHENTICATIONFAILED] token expired")

    def before(self, s, tag, name, args):
        if s.user and s.token != self.valid:
            s.send("* BYE Session invalidated - AccessTokenExpired")
            s.cut()
        if name == "UID_FETCH" and "BODY" in str(args[1]):
            with self.lock:
                self.left -= 1
                if self.left == 0:
                    self.valid, self.left = "token-%d" % (int(self.valid[6:]) + 1), self.good_for
        return False


class TokensNo(Tokens):
    """An expired token is refused by a tagged NO, and the connection lives on."""
    name = "tokens-no"
    end = "no"


class NetEase(FakeImap):
    """ID after the sign-in and before the first mailbox is opened, strictly written; else nothing is given."""
    name = "netease"
    source = "163.com, 126.com (modern-email/defects#15, offlineimap#696)"

    def do_id(self, s, tag, args):
        if not args or not isinstance(args[0], list) or not args[0] or len(args[0]) % 2 or not all(isinstance(x, bytes) for x in args[0]):
            s.send(tag + " BAD Parse command error")
            return
        s.known = bool(s.user)
        s.send("* ID NIL")
        self.ok(s, tag)

    def do_examine(self, s, tag, args, read_only=True):
        if not getattr(s, "known", False):
            s.send(tag + " NO EXAMINE Unsafe Login. Please contact kefu@188.com for help")
            return
        super().do_examine(s, tag, args, read_only)


class IdRefused(FakeImap):
    """ID is offered and then BAD."""
    name = "id-refused"
    source = "Exchange (modern-email/defects#13)"

    def do_id(self, s, tag, args):
        s.send(tag + " BAD Command Argument Error. 12")


class LoginDisabled(FakeImap):
    """No way to sign in with a password."""
    name = "login-disabled"

    def capabilities(self, s):
        return ["IMAP4rev1", "LOGINDISABLED", "AUTH=XOAUTH2", "AUTH=NTLM"]


class BasicAuthGone(FakeImap):
    """Passwords are not taken any more."""
    name = "basic-auth-gone"
    source = "Outlook.com since 2024-09-16 (omamail#31, go-imap#628)"

    def sign_in(self, s, tag, user, password):
        s.send(tag + " NO Basic authentication is disabled.")


class AppPassword(FakeImap):
    """An app password is wanted."""
    name = "app-password"
    source = "Gmail"

    def sign_in(self, s, tag, user, password):
        s.send(tag + " NO [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)")


class FirstSignIn(FakeImap):
    """The first sign-ins are refused as the server is busy; a wrong password never is."""
    name = "first-sign-in-busy"
    source = "twentyhq/twenty#20273, imapsync FAQ (Server Busy), RFC 5530"
    words = ["NO [UNAVAILABLE] Account is temporarily unavailable.", "NO Server Busy. Try again later", "NO [INUSE] in use", "NO [LIMIT] no room", "bye", "greeting"]
    each = 2

    def __init__(self, *args, **more):
        self.tried, self.queue = 0, [w for w in self.words for _ in range(self.each)]
        super().__init__(*args, **more)

    def greeting(self, s):
        with self.lock:
            if self.queue[:1] == ["greeting"]:
                self.queue.pop(0)
                s.send("* BYE no room now")
                s.cut()
        return super().greeting(s)

    def sign_in(self, s, tag, user, password):
        with self.lock:
            self.tried += 1
            if password != self.users.get(user) or not self.queue:
                return super().sign_in(s, tag, user, password)
            words = self.queue.pop(0)
        if words == "bye":
            s.send("* BYE [UNAVAILABLE] going down")
            s.cut()
        s.send("%s %s" % (tag, words))


class CapsChange(FakeImap):
    """What the server can differs before and after the sign-in, and it only says so when asked; no initial response, no LOGIN."""
    name = "caps-change"
    source = "Exchange, Zimbra"

    def capabilities(self, s):
        if s.user:
            return ["IMAP4rev1", "NAMESPACE", "UIDPLUS", "MULTIAPPEND", "LITERAL+"]
        return ["IMAP4rev1", "AUTH=PLAIN", "COMPRESS=DEFLATE", "SPECIAL-USE", "ID"]

    def greeting(self, s):
        return "* OK ready"

    def do_id(self, s, tag, args):
        s.send("* BYE ID is not offered after the sign-in")
        s.cut()

    def sign_in(self, s, tag, user, password):
        s.user = user
        self.ok(s, tag, "signed in")
