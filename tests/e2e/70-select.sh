#!/bin/bash
# One selection: what --since, --from, --item and so on restore from an archive, of mail, calendars and contacts; each option against what is there by hand; the rest is
# added by a later restore, nothing twice; what means nothing ends the command before anything is done.
. "$(dirname "$0")/../lib.sh"

launch d dovecot USERS="alice bob" FSYNC=never
launch r radicale USERS="alice bob"
landed d r
cd "$T"
cat > load.py <<'P'
import imaplib, ssl, sys
def account(user):
    m = imaplib.IMAP4_SSL("localhost", int(sys.argv[1]), ssl_context=ssl._create_unverified_context())
    m.login(user, "pw-" + user)
    return m
if sys.argv[2] == "load":
    m = account("alice")
    m.create("Work")
    m.create("Empty")
    long = ",\r\n ".join("person%d@example.net" % i for i in range(60))
    rows = [ # folder, date, flags, from, to, subject, size
        ("INBOX", "31-Dec-2022 23:59:59 +0000", r"(\Seen)", "Ann <ann@example.org>", "alice@example.org", "old year", 100),
        ("INBOX", "01-Jan-2023 00:00:00 +0000", r"(\Seen \Flagged)", "Ann <ANN@Example.org>", "alice@example.org", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", 100),
        ("INBOX", "30-Jun-2023 12:00:00 +0000", "()", "Bob <bob@example.org>", long + ", Zoe <zoe@example.org>", "lunch", 50000),
        ("INBOX", "31-Dec-2023 23:59:59 +0000", r"(\Seen)", "bob@example.org", "x@example.org\r\nCc: zoe@example.org", "end of year", 100),
        ("INBOX", "01-Jan-2024 00:00:00 +0000", r"(\Flagged)", "carol@example.org", "alice@example.org", "new year", 100),
        ("Work", "15-Mar-2023 08:00:00 +0000", r"(\Seen)", "boss@example.org", "alice@example.org", "Lunch at work", 100),
        ("Work", "15-Mar-2024 08:00:00 +0000", r"(\Seen)", "boss@example.org", "alice@example.org", "more work", 2000000)]
    for i, (folder, date, flags, sender, to, subject, size) in enumerate(rows):
        body = "From: %s\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%d@x>\r\n\r\n" % (sender, to, subject, i)
        body += ("%070d\r\n" % i) * (size // 72)
        m.append(folder, flags, '"%s"' % date, body.encode())
else: # what is there: subjects by folder, in one line
    m = account(sys.argv[2])
    out = []
    for line in m.list()[1]:
        name = line.decode().split(' "/" ')[-1]
        m.select(name, readonly=True)
        found = []
        if m.search(None, "ALL")[1][0]:
            for part in m.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]:
                if isinstance(part, tuple):
                    found.append(part[1].decode().split(":", 1)[1].strip())
        if found or "-a" in sys.argv:
            out.append(name + "=" + ",".join(sorted(found)))
    print(" ".join(sorted(out)))
P
there() { $PYTHON load.py "$d_IMAPS_PORT" "$@"; }
$PYTHON load.py "$d_IMAPS_PORT" load
curl_as() { curl -sS -o /dev/null --fail -k -u "$1:pw-$1" "${@:2}"; }
event() { printf 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:%s\r\n%bEND:VEVENT\r\nEND:VCALENDAR\r\n' "$1" "$2" "$3" | curl_as alice -X PUT -H 'Content-Type: text/calendar' --data-binary @- "$r_DAVS_URL/alice/cal/$1.ics"; }
curl_as alice -X MKCALENDAR "$r_DAVS_URL/alice/cal/"
curl_as alice -X MKCOL -H 'Content-Type: text/xml' --data '<D:mkcol xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:set><D:prop><D:resourcetype><D:collection/><C:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>' "$r_DAVS_URL/alice/book/"
event old 'old lunch' 'DTSTART:20200101T100000Z\r\nDTEND:20200101T110000Z\r\n'
event birthday birthday 'DTSTART;VALUE=DATE:19700501\r\nRRULE:FREQ=YEARLY\r\n'
event new lunch 'DTSTART:20230701T100000Z\r\nDTEND:20230701T110000Z\r\n'
printf 'BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c1\r\nFN:Ann Example\r\nN:Example;Ann;;;\r\nEMAIL:ann@example.org\r\nEND:VCARD\r\n' | curl_as alice -X PUT -H 'Content-Type: text/vcard' --data-binary @- "$r_DAVS_URL/alice/book/c1.vcf"
DAV=(--caldav "$r_DAVS_URL" --carddav "$r_DAVS_URL" --caldav-ca-file "$r_CA" --carddav-ca-file "$r_CA")
imap d alice
run 0 "$VALISE" backup "${IMAP[@]}" "${DAV[@]}" -o a.valise

say "what each option means, in a dry run"
imap d bob
ALL=("${IMAP[@]}" "${DAV[@]}")
means() { # NUMBER OPTION... : so many items are to be added
	local n=$1
	shift
	run 0 "$VALISE" restore a.valise "${ALL[@]}" --dry-run --json "$@"
	$PYTHON -c 'import json, sys; o = [json.loads(l) for l in open("out")][-1]; n = int(sys.argv[1]); assert (o["added"], o["items"]) == (n, n), o' "$n" || fail "$*"
}
means 11
means 9 --since 2023
means 7 --since 2023-01-01 --until 2023-12-31
means 7 --since 2023 --until 2023
means 4 --until 2022 # a birthday since 1970, and a card, which has no date
means 2 --larger 40K
means 9 --smaller 1K
means 2 --flagged
means 1 --flagged --unseen
means 3 --from 'Somebody Else <ann@example.org>'
means 5 --from ANN@ --from bob
means 2 --to zoe@example.org # of one in Cc, of one behind what a catalog keeps of a long To
means 4 --subject LUNCH
means 1 --subject GRÜSSE
means 4 --text lunch # two messages, two events
means 3 --text 'LUNCH -work'
means 1 --text lunch --text boss --no-index
means 2 --text lunch --since 2023-06
means 1 --item INBOX/3
means 2 --item calendars/alice/cal/birthday.ics --item Work/1
means 1 --folder Work --since 2024 --from boss
n=6
run 0 "$VALISE" restore a.valise "${IMAP[@]}" --only mail --since 2023 --dry-run
says "^dry run: $n items in 2 collections: $n to add"
says '1 item is not meant by the options'

say "an archive of before, whose catalogs name nothing: its items are read"
cp -r "${TESTED_SOURCE:-$HERE/..}/fixtures/archives/unnamed" unnamed
old() { # NUMBER OPTION... : the same of it
	run 0 "$VALISE" restore unnamed "${ALL[@]}" --dry-run --json "${@:2}"
	$PYTHON -c 'import json, sys; o = [json.loads(l) for l in open("out")][-1]; assert o["added"] == int(sys.argv[1]), o' "$1" || fail "$*"
}
old 6 --from ann@past.example
old 4 --subject 'grüße 1'
old 1 --subject 'event 1'
old 1 --from 1@past.example
old 1 --since 2026-01-02 --only calendars

say "one kind is enough for what is meant"
run 0 "$VALISE" restore a.valise "${IMAP[@]}" --item INBOX/3 --dry-run
run 0 "$VALISE" check --for a.valise "${IMAP[@]}" --item INBOX/3
run 2 "$VALISE" check "${IMAP[@]}" --item INBOX/3

say "what means nothing ends it before anything is done"
nothing() { # PATTERN OPTION...
	run 2 "$VALISE" restore a.valise "${ALL[@]}" "${@:2}"
	says "$1"
}
nothing 'no item "INBOX/99"' --item INBOX/99
nothing 'FOLDER/UID' --item Work
nothing 'nothing to look for' --text '%'
nothing 'leave nothing' --text neverthere
nothing 'since takes a day such as' --since soon
nothing 'nothing between' --since 2023 --until 2022
nothing 'between --larger and --smaller' --larger 2M --smaller 1M
nothing 'leave nothing' --subject 'nobody wrote this'
nothing 'from is empty' --from ''
nothing 'subject is empty' --subject ' '
nothing 'to is empty' --to $'\u0301' # a mark alone is part of everything
nothing 'number of bytes' --larger much
[ "$(there bob -a)" = "INBOX=" ] || fail "$(there bob -a)"

say "restored: nothing else, no mailbox for it; then the rest, nothing twice"
run 0 "$VALISE" restore a.valise "${ALL[@]}" --since 2024 --only mail
[ "$(there bob -a)" = "INBOX=new year Work=more work" ] || fail "$(there bob -a)"
run 0 "$VALISE" restore a.valise "${ALL[@]}" --json
$PYTHON -c 'import json; o = [json.loads(l) for l in open("out")][-1]; assert (o["added"], o["already"]) == (9, 2) and "left_out" not in o, o'
[ "$(there bob)" = "$(there alice)" ] || fail "$(there bob)"
