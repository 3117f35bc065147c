#!/bin/bash
# Increments: only what changed is fetched, sealed snapshots are never touched, an unchanged folder costs no new catalog;
# the newer snapshot goes over the older restore; accounts are not mixed up.
. "$(dirname "$0")/../lib.sh"

server A dovecot SEP=/
server B dovecot SEP=.
A() { "$TOOLS/imaptool.py" "$T/A/env" alice "$@"; }
"$TOOLS/genaccount.py" small --env "$T/A/env"
imap A alice
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/a.valise"
imap B bob
run 0 "$VALISE" restore "$T/a.valise" "${IMAP[@]}"
(cd "$T/a.valise/data" && find 000001 -type f -print0 | sort -z | xargs -0 sha256sum) > "$T/sums1"

say "new mail, flags, a move, an expunge, a new folder"
printf 'From: x@example.org\r\nSubject: new\r\n\r\nnew\r\n' > "$T/new.eml"
A append INBOX "$T/new.eml" '11-Nov-2011 11:11:11 +0100' '\Seen' fresh
first=$(A uids INBOX | cut -d' ' -f1); second=$(A uids INBOX | cut -d' ' -f2); third=$(A uids INBOX | cut -d' ' -f3)
A store INBOX "$first" '+\Flagged' '+later' '-\Seen'
A create "New folder"
A move INBOX "$second" "New folder"
A expunge INBOX "$third"
imap A alice
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/a.valise" --stats
says 'snapshot 2 sealed'
(cd "$T/a.valise/data" && find 000001 -type f -print0 | sort -z | xargs -0 sha256sum) > "$T/sums2"
same "$T/sums1" "$T/sums2"
run 0 "$VALISE" verify "$T/a.valise"
[ "$(find "$T/a.valise/data/000002/mail" -name '*.jsonl.gz' | wc -l)" = 2 ] || fail "catalogs of unchanged folders were written"
# one new body: the part holds one object
[ "$(tar tzf "$T/a.valise/data/000002/part-000001.tar.gz" | wc -l)" = 1 ] || fail "more than the new body was stored"
run 0 "$VALISE" show "$T/a.valise" "INBOX/$(A uids INBOX | awk '{ print $NF }')"
same "$T/out" "$T/new.eml"
run 0 "$VALISE" snapshots "$T/a.valise"
[ "$(wc -l < "$T/out")" = 2 ] || fail "snapshots"
run 0 "$VALISE" list "$T/a.valise" INBOX --snapshot 1
says "^ +$third "
run 0 "$VALISE" list "$T/a.valise" INBOX
! grep -q "^ *$third " "$T/out" || fail "the expunged message is still listed"

say "cut-over: the newer snapshot over the older restore"
imap B bob
run 0 "$VALISE" restore "$T/a.valise" "${IMAP[@]}" --trace "$T/trace"

says '2 added'
says '2 flags added'
says '(left|never)'
"$TOOLS/imaptool.py" "$T/B/env" bob uids INBOX > "$T/uids1"
run 0 "$VALISE" restore "$T/a.valise" "${IMAP[@]}"
says ' 0 added'
"$TOOLS/imaptool.py" "$T/B/env" bob uids INBOX > "$T/uids2"
same "$T/uids1" "$T/uids2"
imap B carol
run 0 "$VALISE" restore "$T/a.valise" "${IMAP[@]}"
"$TOOLS/compare.py" --env-a "$T/A/env" --user-a alice --env-b "$T/B/env" --user-b carol
imap B dave
run 0 "$VALISE" restore "$T/a.valise" "${IMAP[@]}" --folder INBOX --under "Old account"
"$TOOLS/imaptool.py" "$T/B/env" dave list > "$T/list"
grep -q 'Old account.INBOX\|Old account/INBOX' "$T/list" || { cat "$T/list"; fail "--under"; }

say "an emptied folder is nothing to speak of, as long as it was small (06-gone.sh has the others)"
A uids INBOX | tr ' ' '\n' | while read -r u; do [ -z "$u" ] || A expunge INBOX "$u"; done
imap A alice
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/a.valise"
run 0 "$VALISE" verify "$T/a.valise"

say "left out on purpose: the last state stays"
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/a.valise" --exclude 'New*'
run 0 "$VALISE" list "$T/a.valise"
says 'New folder'

say "another account is refused, a renamed host is asked about"
imap A bob
run 1 "$VALISE" backup "${IMAP[@]}" -o "$T/a.valise"
says 'bob'
imap A alice
run 1 "$VALISE" backup "${IMAP[@]/localhost/127.0.0.1}" -o "$T/a.valise"
says 'same-account'
run 0 "$VALISE" backup "${IMAP[@]/localhost/127.0.0.1}" -o "$T/a.valise" --same-account

say "tree: fetch, pack twice to the same bytes, unpack"
imap A alice
run 0 "$VALISE" fetch "${IMAP[@]}" -t "$T/tree"
run 0 "$VALISE" pack "$T/tree" -o "$T/p1.valise"
sleep 1.1
run 0 "$VALISE" pack "$T/tree" -o "$T/p2.valise"
diff -r "$T/p1.valise" "$T/p2.valise" || fail "packed twice, not the same"
run 0 "$VALISE" verify "$T/p1.valise"
run 0 "$VALISE" unpack "$T/p1.valise" -t "$T/tree2"
diff -r "$T/tree/mail" "$T/tree2/mail" || fail "unpack gives another tree"
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/t.valise" --tree "$T/tree3"
diff -r "$T/tree/mail" "$T/tree3/mail" || fail "backup --tree gives another tree"
run 0 "$VALISE" fetch "${IMAP[@]}" -t "$T/tree"
