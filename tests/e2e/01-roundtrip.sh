#!/bin/bash
# The main job: 2,000 hard messages of one Dovecot, archived, verified, and restored into another with the other
# delimiter; the independent comparer finds nothing different, the source is unchanged, a second restore adds nothing.
. "$(dirname "$0")/../lib.sh"

server A dovecot SEP=/ SPECIAL=1 CLOCK=+5y
server B dovecot SEP=. PREFIX=INBOX SPECIAL=1 CLOCK=+5y
"$TOOLS/genaccount.py" hard --env "$T/A/env"
"$TOOLS/snapshot_source.py" --env "$T/A/env" --user alice > "$T/before"

say backup
imap A alice
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/alice.valise" --report "$T/report.json" --report "$T/report.html" --stats
says 'snapshot 1 sealed'
"$TOOLS/snapshot_source.py" --env "$T/A/env" --user alice > "$T/after"
same "$T/before" "$T/after"
grep -q '"verdict":"complete"' "$T/report.json" || fail "report"
grep -q '<h1>Backup of ' "$T/report.html" || fail "report"
$PYTHON - "$T/report.json" "$(openssl s_client -connect "localhost:$A_IMAPS_PORT" < /dev/null 2> /dev/null | openssl x509 -outform DER | sha256sum | cut -d' ' -f1)" <<'P' || fail "the server in the report"
import json, sys
server, = json.load(open(sys.argv[1]))["servers"]
assert server["software"].startswith("Dovecot") and "Dovecot" in server["greeting"] and server["sign_in"] and server["tls"]["sha256"] == sys.argv[2], server
P

say verify
run 0 "$VALISE" verify "$T/alice.valise"
says 'sound'
run 0 "$VALISE" verify --quick "$T/alice.valise"
run 0 "$VALISE" verify --expect "$(sha256sum "$T/alice.valise/data/000001/seal.sha256" | cut -d' ' -f1)" "$T/alice.valise"
run 1 "$VALISE" verify --expect "$(echo x | sha256sum | cut -d' ' -f1)" "$T/alice.valise"

say "nothing changed: no new snapshot"
(cd "$T/alice.valise" && find . -type f -print0 | sort -z | xargs -0 sha256sum) > "$T/sums1"
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/alice.valise"
says 'nothing changed'
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/alice.valise" -q
[ ! -s "$T/out" ] && [ ! -s "$T/err" ] || fail "-q, and all is done"
run 0 "$VALISE" verify "$T/alice.valise" -q
[ ! -s "$T/out" ] && [ ! -s "$T/err" ] || fail "-q, and all is sound"
(cd "$T/alice.valise" && find . -type f -print0 | sort -z | xargs -0 sha256sum) > "$T/sums2"
same "$T/sums1" "$T/sums2"

say "restore, planned"
imap B bob
run 0 "$VALISE" restore "$T/alice.valise" "${IMAP[@]}" --dry-run
says '2,?[0-9]{3} to add'
"$TOOLS/imaptool.py" "$T/B/env" bob list > "$T/dry"
[ "$(wc -l < "$T/dry")" -le 6 ] || fail "the dry run made mailboxes"

say restore
run 0 "$VALISE" restore "$T/alice.valise" "${IMAP[@]}" --report "$T/restore.json"
says '2,?[0-9]{3} added'
says 'v1_2 notes'
"$TOOLS/compare.py" --env-a "$T/A/env" --user-a alice --env-b "$T/B/env" --user-b bob --map "v1.2 notes=v1_2 notes" --map "INBOX/under inbox=under inbox"

say "again, with and without the restore journal"
"$TOOLS/snapshot_source.py" --no-recent --env "$T/B/env" --user bob > "$T/before"
run 0 "$VALISE" restore "$T/alice.valise" "${IMAP[@]}" --quiet
[ ! -s "$T/out" ] || fail "--quiet, and all is done"
run 0 "$VALISE" restore "$T/alice.valise" "${IMAP[@]}"
says ' 0 added'
rm -r "$T/state"
run 0 "$VALISE" restore "$T/alice.valise" "${IMAP[@]}"
says ' 0 added'
"$TOOLS/snapshot_source.py" --no-recent --env "$T/B/env" --user bob > "$T/after"
same "$T/before" "$T/after"

say "the way back: equal content on either server"
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/bob.valise"
# The name that holds the other server's delimiter and the one below INBOX came out as other names; all else is equal.
contents() { roots "$1" | grep -v 'v1.2 notes\|under inbox\|INBOX.INBOX complete 0' | awk '{ print $(NF-1) }' | sort; }
contents "$T/alice.valise" > "$T/roots.a"
contents "$T/bob.valise" > "$T/roots.b"
cmp -s "$T/roots.a" "$T/roots.b" || { roots "$T/alice.valise"; roots "$T/bob.valise"; }
same "$T/roots.a" "$T/roots.b"
