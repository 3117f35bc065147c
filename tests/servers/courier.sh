#!/bin/bash
# courier.sh start DIR | stop DIR : Courier-IMAP 5, IMAP and POP3. All mailboxes are below "INBOX.".
# Its Debian packages conflict with Dovecot's: they are unpacked below VALISE_TEST_HOME, not installed. As it looks for
# its files in /etc and /usr/lib it starts in a private mount namespace, which needs root.
# Choices at start: KEYWORDS=0 (no keywords), ACL=1, CAPS="IMAP4rev1 ..." (capability string), USERS="alice bob ..."
. "$(dirname "$0")/common.sh"
INSTALL="openssl util-linux" UNPACK="courier-base courier-imap courier-pop courier-authdaemon courier-authlib courier-authlib-userdb"

accounts() {
	local u uid=$1 gid=$2
	for u in $(test_users); do
		printf '%s\tuid=%s|gid=%s|home=%s|mail=%s|shell=/bin/sh|systempw=%s\n' "$u" "$uid" "$gid" "$DIR/mail/$u" \
			"$DIR/mail/$u/Maildir" "$(openssl passwd -6 "pw-$u")"
	done
}

# inside : the script that runs in the namespace: the password daemon and a listener for each port
inside() {
	cat <<'C'
#!/bin/bash
set -a
DIR=$1 P0=$2
makeuserdb -f /etc/courier/userdb || exit 1
/usr/lib/courier/courier-authlib/authdaemond &
. /etc/courier/imapd
. "$DIR/imapenv"
TLS_CERTFILE=$DIR/tls/both.pem TLS_TRUSTCERTS=$DIR/tls/ca.pem TLS_VERIFYPEER=NONE COURIERTLS=/usr/bin/couriertls
TLS_PROTOCOL= TLS_CIPHER_LIST= TLS_CACHEFILE= IMAP_ULIMITD=2000000
lib=/usr/lib/courier/courier
tls="/usr/bin/couriertls -server -tcpd"
ident= # Courier 5.2 knows ident no more
! grep -q noidentlookup "$(command -v couriertcpd)" || ident=-noidentlookup
serve() { couriertcpd -address=127.0.0.1 -maxprocs=100 -maxperip=100 -nodnslookup $ident "$@" Maildir & }
PROTOCOL=IMAP IMAP_STARTTLS=YES IMAP_TLS_REQUIRED=0 IMAP_TLS=0 serve $P0 $lib/imaplogin /usr/bin/imapd
PROTOCOL=IMAP IMAP_TLS=1 serve $((P0 + 1)) $tls $lib/imaplogin /usr/bin/imapd
. /etc/courier/pop3d
POP3_STARTTLS=YES POP3_TLS_REQUIRED=0 POP3_TLS=0 serve $((P0 + 2)) $lib/courierpop3login $lib/courierpop3d
POP3_TLS=1 serve $((P0 + 3)) $tls $lib/courierpop3login $lib/courierpop3d
trap 'kill $(jobs -p); exit' TERM
wait
C
}

do_start() {
	local root=$UNPACKED u uid gid b binds
	need_root
	make_tls
	free_slot
	uid=$(id -u "$RUN_USER") gid=$(id -g "$RUN_USER")
	export LD_LIBRARY_PATH=$root/usr/lib
	mkdir -p "$DIR/etc/shared" "$DIR/run/authdaemon" "$DIR/mail"
	cp "$root"/etc/courier/* "$DIR/etc/" 2>/dev/null
	sed -i 's/^authmodulelist=.*/authmodulelist="authuserdb"/' "$DIR/etc/authdaemonrc"
	accounts "$uid" "$gid" > "$DIR/etc/userdb"
	chmod 700 "$DIR/etc/userdb"
	for u in $(test_users); do
		mkdir -p "$DIR/mail/$u"
		[ -d "$DIR/mail/$u/Maildir" ] || "$root/usr/bin/maildirmake.courier" "$DIR/mail/$u/Maildir"
	done
	# its programs ask for a user named courier
	{ grep -v '^courier:' /etc/passwd; echo "courier:x:$uid:$gid::/:/usr/sbin/nologin"; } > "$DIR/passwd"
	{ grep -v '^courier:' /etc/group; echo "courier:x:$gid:"; } > "$DIR/group"
	cat > "$DIR/imapenv" <<C
IMAP_CAPABILITY="${CAPS:-IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE}"
IMAP_CAPABILITY_TLS="\$IMAP_CAPABILITY AUTH=PLAIN"
IMAP_KEYWORDS=${KEYWORDS:-1}
IMAP_ACL=${ACL:-0}
C
	inside > "$DIR/inside.sh"
	chmod 755 "$DIR/inside.sh"
	hand_over
	binds="$DIR/passwd:/etc/passwd $DIR/group:/etc/group $DIR/etc:/etc/courier $DIR/run:/run/courier"
	for b in usr/lib/courier usr/lib/courier-authlib usr/bin/imapd usr/bin/couriertls; do binds+=" $root/$b:/$b"; done
	spawn_bound "$binds" env PATH="$root/usr/sbin:$root/usr/bin:$PATH" LD_LIBRARY_PATH="$root/usr/lib" "$DIR/inside.sh" "$DIR" $P0
	wait_ports $P0 $((P0 + 1)) $((P0 + 2)) $((P0 + 3))
	emit SERVER=courier "VERSION=$(cat "$root/.have-courier-imap")"
	emit_mail
	emit SEP=. PREFIX=INBOX. "LOG=$DIR/out"
}
server_main "$@"
