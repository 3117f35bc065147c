#!/bin/bash
# Messages of Outlook's files: Python's email reads of them what another reader sees in the items, header fields in their order; Dovecot and Cyrus take each of them, and give it
# back as it is; mutt and mblaze list them; the same file gives the same octets.
. "$(dirname "$0")/../lib.sh"

mkdir -p "$T/Mail" # mutt asks for it
launch D dovecot SEP=/ LAYOUT=fs
launch C cyrus
launch O outlook
landed D C O

# mails ARCHIVE : number and content root of each mailbox that has messages
mails() { roots "$1" | awk '$1 == "mail" && $(NF - 2) > 0 { print $(NF - 2), $(NF - 1) }' | sort; }

n=0
for file in "$O_SAMPLES"/*.pst "$O_SAMPLES"/*.ost; do
	n=$((n + 1))
	say "$(basename "$file")"
	run 0 "$VALISE" import "$file" -o "$T/$n.valise"
	run 0 "$VALISE" export "$T/$n.valise" -o "$T/$n.eml" --format eml --only mail
	node "$O_NODE_READERS" "$file" > "$T/$n.items" 2> "$T/err" || fail "the other reader cannot read it"
	"$TOOLS/outlook_mail.py" "$T/$n.items" "$T/$n.eml" || fail "messages are not what the items are"
	run 0 "$VALISE" import "$file" -o "$T/again-$n.valise"
	mails "$T/$n.valise" > "$T/want"
	mails "$T/again-$n.valise" > "$T/got"
	same "$T/want" "$T/got"
	[ -s "$T/want" ] || fail "no mailbox"

	for s in D C; do
		imap $s "$([ $n = 1 ] && echo alice || echo bob)"
		[ $n -lt 3 ] || continue
		run 0 "$VALISE" restore "$T/$n.valise" "${IMAP[@]}" --only mail
		run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/$s$n.valise"
		mails "$T/$s$n.valise" > "$T/got"
		same "$T/want" "$T/got"
	done

	run 0 "$VALISE" export "$T/$n.valise" -o "$T/$n.mh" --format mh --only mail
	run 0 "$VALISE" export "$T/$n.valise" -o "$T/$n.maildir" --format maildir --only mail
	want=$(awk '{n += $1} END {print n}' "$T/want")
	got=$(find "$T/$n.maildir" -path '*/cur/*' -type f -o -path '*/new/*' -type f | mscan 2> /dev/null | wc -l)
	[ "$got" = "$want" ] || fail "mblaze lists $got of $want"
	find "$T/$n.mh" -mindepth 1 -type d > "$T/boxes"
	while IFS= read -r box; do
		got=$(find "$box" -maxdepth 1 -type f -name '[0-9]*' | wc -l)
		[ "$got" != 0 ] || continue
		TERM=linux timeout 120 script -qec "stty rows 40 columns 120; mutt -n -F /dev/null -R -f '$box' -e 'set timeout=1' -e 'push q'" "$T/typescript" </dev/null >/dev/null 2>&1 || true
		grep -qE "Msgs:$got" "$T/typescript" || { head -c 2000 "$T/typescript"; fail "mutt does not show $got messages"; }
	done < "$T/boxes"
done
echo ok
