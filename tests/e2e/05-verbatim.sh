#!/bin/bash
# What real servers rewrite on the wire, byte for byte from and to a scripted one: NUL, bare CR, bare LF, no line end at
# all. And a server that lies about sizes, leaves out UIDs, or plays foul before TLS: the mail arrives, or nothing is sent.
. "$(dirname "$0")/../lib.sh"

# sums CASE ARCHIVE : every item of the archive has the bytes that the case's model holds
check_bytes() {
	$PYTHON -B - "$1" "$2" "$VALISE" "$SERVERS" <<'P'
import hashlib, json, subprocess, sys
case, archive, valise, servers = sys.argv[1:]
sys.path.insert(0, servers)
import fakecases
model = fakecases.cases()[case]()
want = sorted((name.decode() if isinstance(name, bytes) else name, hashlib.sha256(m.body).hexdigest())
              for name, box in model.mailboxes.items() for m in box.messages)
out = subprocess.run([valise, "list", archive, "--json", "--items"], capture_output=True, check=True).stdout
got = sorted((o["collection"], o["sha256"]) for o in map(json.loads, out.splitlines()))
assert want == got, ("not verbatim", [w for w in want if w not in got], [g for g in got if g not in want])
print(f"{case}: {len(got)} messages, every byte as served")
P
}
fake() { server "$1" fake CASE="$2"; imap "$1" alice; }

for case in correct bytes-verbatim; do
	fake "S_${case%%-*}" $case
	run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/$case.valise"
	run 0 "$VALISE" verify "$T/$case.valise"
	check_bytes $case "$T/$case.valise"
done

say "into a server that keeps every byte, too"
fake TARGET empty
run 0 "$VALISE" restore "$T/bytes-verbatim.valise" "${IMAP[@]}"
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/back.valise"
a=$(roots "$T/bytes-verbatim.valise" | awk '$2 == "INBOX" { print $(NF-1) }')
b=$(roots "$T/back.valise" | awk '$2 == "INBOX" { print $(NF-1) }')
[ -n "$a" ] && [ "$a" = "$b" ] || fail "what was appended is not what was archived"
run 0 "$VALISE" restore "$T/bytes-verbatim.valise" "${IMAP[@]}"
says ' 0 added'

say "sizes that lie, answers without UID, answers before the OK of the command before"
for case in size-lies fetch-missing-uid ok-late; do
	fake "L_${case%%-*}" $case
	run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/$case.valise"
	check_bytes $case "$T/$case.valise"
done

say "foul play before TLS"
for case in preauth-before-tls starttls-injection; do
	fake "F_${case%%-*}" $case
	port=F_${case%%-*}_IMAP_PORT log=F_${case%%-*}_LOG
	run 1 "$VALISE" backup --imap "imap://localhost:${!port}" "${IMAP[@]:2}" -o "$T/foul.valise"
	says 'TLS|PREAUTH|trust'
	! grep -qiE 'LOGIN|AUTHENTICATE|pw-alice' "${!log}" || fail "credentials went out"
	[ ! -e "$T/foul.valise" ] || [ -z "$(find "$T/foul.valise" -name seal.json)" ] || fail "something was sealed"
done
