#!/bin/bash
# What vanishes from a server: ordinary life makes no noise, new mail is always in the newest snapshot, and what is lost all at once stays, marked
# as gone, until two further runs agree or the user says so. Maildrops that another client empties keep what was read. Calendars alike.
. "$(dirname "$0")/../lib.sh"
READER="$PYTHON -B $HERE/reader.py"
launch A dovecot SEP=/
launch B radicale USERS="alice bob"
landed A B

# put USER FOLDER COUNT SUBJECT [FIRST] : small messages, each of them another
put() {
	$PYTHON - "$A_IMAP_PORT" "$@" <<'P'
import imaplib, sys
port, user, folder, count, subject, *first = sys.argv[1:]
m = imaplib.IMAP4("127.0.0.1", int(port))
m.login(user, "pw-" + user)
m.create(folder)
for i in range(int(count)):
    i += int(first[0]) if first else 0
    m.append(folder, None, '"17-Jul-2016 02:44:%02d +0000"' % (i % 60), ("Message-ID: <%s%d@case.example>\r\nSubject: %s %d\r\n\r\nx\r\n" % (subject, i, subject, i)).encode())
P
}
lose() { run 0 doveadm -c "$A_CONF" expunge -u "$@"; } # USER mailbox FOLDER QUERY
backup() { # EXIT [OPTION...]
	local want=$1
	shift
	run "$want" "$VALISE" backup "${WHO[@]}" -o "$T/$ARCHIVE" "$@"
}
quiet() { ! grep -i 'warning\|gone\|incomplete' "$T/err" "$T/out" || fail "there was nothing to say"; }
# holds FOLDER ITEMS [GONE] : what the newest snapshot has of it
holds() {
	"$VALISE" list "$T/$ARCHIVE" --json | $PYTHON -c '
import json, sys
want = (int(sys.argv[2]), int(sys.argv[3]))
have = [(o["items"], o.get("gone", 0)) for o in map(json.loads, sys.stdin) if o["name"] == sys.argv[1]]
sys.exit(0 if have == [want] else "%s: %s instead of %s" % (sys.argv[1], have, want))' "$1" "$2" "${3:-0}" || fail "list"
}
# sound [SNAPSHOT] : to valise and to the second reader, which sees the same items and the same trees
sound() {
	local w name
	run 0 "$VALISE" verify "$T/$ARCHIVE"
	run 0 $READER "$T/$ARCHIVE" --check
	diff <("$VALISE" list "$T/$ARCHIVE" --json) <($READER "$T/$ARCHIVE" --heads) > "$T/out" || fail "the collections differ"
	for w in "" --with-gone; do
		name=t$RANDOM$w
		diff <("$VALISE" list "$T/$ARCHIVE" --json --items $w) <($READER "$T/$ARCHIVE" --list $w) > "$T/out" || fail "the items differ $w"
		run 0 "$VALISE" unpack "$T/$ARCHIVE" -t "$T/$name.a" $w
		run 0 $READER "$T/$ARCHIVE" --extract "$T/$name.b" $w
		diff -r --exclude=.lock "$T/$name.a" "$T/$name.b" > "$T/out" || fail "the trees differ $w"
		rm -rf "$T/$name.a" "$T/$name.b"
	done
}
# subjects DIR WORD : how many messages of that subject are in a tree
subjects() { grep -rlE "^Subject: $2 " "$1" | grep -v /objects/ | wc -l; }
is() { [ "$1" = "$2" ] || fail "$3: $1 instead of $2"; }

imap A alice
WHO=("${IMAP[@]}") ARCHIVE=a.valise
put alice INBOX 50 old
put alice Drafts 1 draft
put alice Trash 30 trash
put alice Trash/2020 30 below
put alice Spam 30 junk
put alice Small 5 small
put alice Work 25 work
backup 0

say "a draft is sent, the trash is emptied, junk expires, a small folder is deleted"
lose alice mailbox Drafts all
lose alice mailbox Trash all
lose alice mailbox Spam 1:20
run 0 "$TOOLS/imaptool.py" "$T/A/env" alice delete Trash/2020
run 0 "$TOOLS/imaptool.py" "$T/A/env" alice delete Small
backup 0
quiet
holds Spam 10
sound

say "40 old messages are deleted, 5 new ones come: all that is there is in, what is lost stays beside it"
lose alice mailbox INBOX 1:40
put alice INBOX 5 NEW
backup 3
says 'mail INBOX: 40 of 50 items are not on the server any more'
is "$(grep -c warning: "$T/err")" 1 warnings
holds INBOX 15 40
sound
run 0 "$VALISE" list "$T/a.valise"
says 'INBOX .*40 gone'
run 0 "$VALISE" list "$T/a.valise" INBOX
is "$(grep -c '' "$T/out")" 15 lines
run 0 "$VALISE" list "$T/a.valise" INBOX --with-gone
is "$(grep -c '\[gone\]' "$T/out")" 40 "lines that are marked"
run 0 "$VALISE" unpack "$T/a.valise" -t "$T/without"
run 0 "$VALISE" unpack "$T/a.valise" -t "$T/with" --with-gone
is "$(subjects "$T/without" NEW) $(subjects "$T/without" old)" "5 10" "without --with-gone"
is "$(subjects "$T/with" NEW) $(subjects "$T/with" old)" "5 50" "with --with-gone"
run 0 "$VALISE" show "$T/a.valise" INBOX/1
says 'Subject: old 0'
say "by hand: the tree of what is there, and the objects of all"
mkdir "$T/byhand"
(cd "$T/a.valise" && sha256sum --quiet --strict -c data/000003/seal.sha256 &&
	sed -n 's/^[0-9a-f]\{64\}  \(.*\.tar\.gz\)$/\1/p' data/000003/seal.sha256 | while IFS= read -r f; do tar -xzf "$f" -C ../byhand || exit 1; done) || fail "by hand"
is "$(subjects "$T/byhand/mail" old) $(grep -rl '^Subject: old ' "$T/byhand/objects" | wc -l)" "10 50" "by hand"
say "what the server shows has the same content root as in a fresh archive"
ARCHIVE=fresh.valise backup 0
"$VALISE" list "$T/a.valise" --json | $PYTHON -c 'import json, sys; print(*sorted((o["name"], o["content"]) for o in map(json.loads, sys.stdin) if not o.get("gone_collection")), sep="\n")' > "$T/roots1"
"$VALISE" list "$T/fresh.valise" --json | $PYTHON -c 'import json, sys; print(*sorted((o["name"], o["content"]) for o in map(json.loads, sys.stdin)), sep="\n")' > "$T/roots2"
same "$T/roots1" "$T/roots2"

say "the next night: nothing to say; restored without what is gone, and with it"
backup 0
! grep -q warning: "$T/err" || fail "said twice"
holds INBOX 15 40
sound
imap A bob
run 0 "$VALISE" restore "$T/a.valise" "${IMAP[@]}"
says '^40 items that are marked as gone .*--with-gone'
is "$("$TOOLS/imaptool.py" "$T/A/env" bob uids INBOX | wc -w)" 15 restored
run 0 "$VALISE" restore "$T/a.valise" "${IMAP[@]}" --with-gone
says ' 40 added'
run 0 "$VALISE" restore "$T/a.valise" "${IMAP[@]}" --with-gone
says ' 0 added'
is "$("$TOOLS/imaptool.py" "$T/A/env" bob uids INBOX | wc -w)" 55 restored

say "the third night: believed"
backup 0
says 'three runs found that 40 items are gone'
holds INBOX 15
sound
backup 0
says 'nothing changed'
run 0 "$VALISE" unpack "$T/a.valise" --snapshot 3 -t "$T/third" --with-gone
is "$(subjects "$T/third" old)" 50 "snapshot 3"

say "a folder is deleted, comes back, and is deleted for good"
run 0 "$TOOLS/imaptool.py" "$T/A/env" alice delete Work
backup 3
says 'mail Work: 25 of 25 items'
holds Work 0 25
sound
run 0 "$VALISE" list "$T/a.valise"
says 'Work .*25 gone, like the folder itself'
imap A carol
run 0 "$VALISE" restore "$T/a.valise" "${IMAP[@]}"
! "$TOOLS/imaptool.py" "$T/A/env" carol list | grep -q Work || fail "a folder that is gone was restored"
run 0 "$VALISE" restore "$T/a.valise" "${IMAP[@]}" --with-gone --folder Work
is "$("$TOOLS/imaptool.py" "$T/A/env" carol uids Work | wc -w)" 25 restored
put alice Work 25 work
backup 0
quiet
holds Work 25
sound
run 0 "$TOOLS/imaptool.py" "$T/A/env" alice delete Work
backup 3
backup 2 --accept-shrink=Nowhere
says 'no folder "Nowhere"'
backup 0 --accept-shrink Work
quiet
! "$VALISE" list "$T/a.valise" | grep -q Work || fail "Work is there still"
sound

say "which word is the folder, and which the account"
cat > "$T/ini" <<C
[me]
imap = imaps://localhost:$A_IMAPS_PORT
user = alice
ca-file = $A_CA
password-command = echo pw-alice
C
for words in "--accept-shrink me" "me --accept-shrink INBOX" "--accept-shrink INBOX me" "--accept-shrink=INBOX --accept-shrink Spam me"; do
	run 0 "$VALISE" backup --config "$T/ini" -o "$T/a.valise" $words
done
run 2 "$VALISE" backup --config "$T/ini" -o "$T/a.valise" --accept-shrink Nothing me
run 2 "$VALISE" backup --accounts "$T/ini" -o "$T/all" --accept-shrink=INBOX

say "moved to another folder, renamed: nothing is lost"
put alice Big 30 big
backup 0
run 0 "$TOOLS/imaptool.py" "$T/A/env" alice rename Big Bigger
backup 0
run 0 "$TOOLS/imaptool.py" "$T/A/env" alice create Else
run 0 "$TOOLS/imaptool.py" "$T/A/env" alice move Bigger 1:30 Else
backup 0
quiet
sound

say "the server shows an empty account, one time"
run 0 "$VALISE" list "$T/a.valise" --json
cp "$T/out" "$T/before"
for box in INBOX Spam Else; do lose alice mailbox $box all; done
backup 3
is "$(grep -c warning: "$T/err")" 1 warnings
says 'mail: nothing of what the last snapshot shows is on the server'
sound
run 0 "$VALISE" restore "$T/a.valise" "${WHO[@]}" --with-gone
backup 0
quiet
says '; 0 bytes of it new'
sound
run 0 "$VALISE" list "$T/a.valise" --json
for f in before out; do $PYTHON -c 'import json, sys; print(*sorted((o["name"], o["items"], o["content"]) for o in map(json.loads, sys.stdin)), sep="\n")' < "$T/$f" > "$T/$f.roots"; done
same "$T/before.roots" "$T/out.roots"

say "a tree keeps the files as long"
run 0 "$VALISE" fetch "${WHO[@]}" -t "$T/tree"
run 0 "$VALISE" backup "${WHO[@]}" -o "$T/a.valise" --tree "$T/beside"
lose alice mailbox Else all
put alice Else 1 newest
backup 3 --tree "$T/beside"
run 3 "$VALISE" fetch "${WHO[@]}" -t "$T/tree"
for t in tree beside; do is "$(subjects "$T/$t" big) $(subjects "$T/$t" newest)" "30 1" $t; done
run 0 "$VALISE" pack "$T/tree" -o "$T/packed.valise"
ARCHIVE=packed.valise holds Else 1 30
ARCHIVE=packed.valise sound
for night in 2 3; do
	backup 0 --tree "$T/beside"
	run 0 "$VALISE" fetch "${WHO[@]}" -t "$T/tree"
done
for t in tree beside; do is "$(subjects "$T/$t" big) $(subjects "$T/$t" newest)" "0 1" $t; done

say "a tree that lost its mail has it again, and nothing is fetched twice"
put alice Else 30 again
run 0 "$VALISE" fetch "${WHO[@]}" -t "$T/tree"
put alice INBOX 1 other
lose alice mailbox Else subject again
run 3 "$VALISE" fetch "${WHO[@]}" -t "$T/tree"
put alice Else 30 again
run 0 "$VALISE" fetch "${WHO[@]}" -t "$T/tree"
! grep -q '"gone"' "$T/tree/catalog/tree.json" || fail "there is something gone in the tree"
is "$(subjects "$T/tree" again)" 30 "the tree"

say "POP3: another client takes the mail away; what was read stays until the user drops it"
WHO=(--pop3 "pop3s://localhost:$A_POP3S_PORT" --user dave --ca-file "$A_CA" --password-command "echo pw-dave") ARCHIVE=pop.valise
put dave INBOX 30 old
backup 0
run 0 "$VALISE" fetch "${WHO[@]}" -t "$T/poptree"
lose dave mailbox INBOX all
put dave INBOX 3 NEW
backup 0
quiet
run 0 "$VALISE" fetch "${WHO[@]}" -t "$T/poptree"
holds INBOX 33
lose dave mailbox INBOX all
put dave INBOX 2 NEWER
backup 0
quiet
holds INBOX 35
backup 0
says 'nothing changed'
lose dave mailbox INBOX all
backup 0
holds INBOX 35
backup 0
says 'nothing changed'
sound
run 0 "$VALISE" fetch "${WHO[@]}" -t "$T/poptree"
is "$(subjects "$T/poptree" old) $(subjects "$T/poptree" NEW)" "30 3" poptree
run 0 "$VALISE" unpack "$T/pop.valise" -t "$T/popped"
is "$(subjects "$T/popped" old) $(subjects "$T/popped" NEW) $(subjects "$T/popped" NEWER)" "30 3 2" unpacked
say "the same mail comes back: not twice"
put dave INBOX 30 old
backup 0
holds INBOX 35
put dave INBOX 1 last
backup 0 --accept-shrink INBOX
quiet
holds INBOX 31
sound

say "a calendar loses 25 of 30 events"
WHO=(--caldav "$B_DAV_URL$B_CALDAV_HOME1" --user alice --password-command 'echo pw-alice' --cleartext) ARCHIVE=cal.valise
events() { # METHOD FROM TO
	$PYTHON - "$B_DAV_URL$B_CALDAV_HOME1" "$@" <<'P'
import base64, sys, urllib.error, urllib.request
home, method, first, last = sys.argv[1:]
def ask(method, url, data=None):
    rq = urllib.request.Request(url, data, method=method, headers={"Authorization": "Basic " + base64.b64encode(b"alice:pw-alice").decode(), "Content-Type": "text/calendar"})
    try:
        urllib.request.urlopen(rq).read()
    except urllib.error.HTTPError as e:
        if method != "MKCALENDAR":
            raise
home = home.rstrip("/") + "/lossy/"
ask("MKCALENDAR", home)
for i in range(int(first), int(last) + 1):
    text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:e%d\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T100000Z\r\nSUMMARY:Event %d\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n" % (i, i)
    ask(method, "%se%d.ics" % (home, i), text.encode() if method == "PUT" else None)
P
}
events PUT 1 30
backup 0
events DELETE 1 25
events PUT 31 31
backup 3
says 'calendars .*: 25 of 30 items'
holds alice/lossy 6 25
sound
backup 0
holds alice/lossy 6 25
run 0 "$VALISE" restore "$T/cal.valise" --caldav "$B_DAV_URL$B_CALDAV_HOME2" --user bob --password-command 'echo pw-bob' --cleartext
says ' 6 added'
run 0 "$VALISE" restore "$T/cal.valise" --caldav "$B_DAV_URL$B_CALDAV_HOME2" --user bob --password-command 'echo pw-bob' --cleartext --with-gone
says ' 25 added'
events PUT 1 25
backup 0
holds alice/lossy 31
sound
events DELETE 1 25
backup 3
backup 0
backup 0
holds alice/lossy 6
sound
