#!/bin/bash
# mailutils.sh start DIR | stop DIR : GNU mailutils imap4d and pop3d, a poor server: APPEND loses flags and INTERNALDATE,
# keywords are BAD, no UIDPLUS. It takes accounts from /etc/passwd, so it starts in a private mount namespace, which needs root.
# Choices at start: EXPIRE=DAYS (pop3d deletes what was retrieved and is older, at QUIT); TYPE=maildir (default), mbox or mh; SEP=/ or another delimiter; USERS="alice bob ..."
. "$(dirname "$0")/common.sh"
INSTALL="mailutils-imap4d mailutils-pop3d openssl util-linux"

conf() { # DAEMON PORT
	cat <<C
auth { authentication clear; authentication generic; authorization clear; authorization system; };
mailbox { mail-spool "$DIR/spool"; mailbox-type ${TYPE:-maildir}; };
logging { syslog no; severity info; };
tls-file-checks { key-file none; cert-file none; ca-file none; };
tls { ssl-certificate-file "$DIR/tls/cert.pem"; ssl-key-file "$DIR/tls/key.pem"; };
tcp-wrappers { enable no; };
mandatory-locking { enable yes; lock-directory "$DIR/lock"; };
mode daemon; foreground yes; max-children 60; timeout 1800;
pidfile "$DIR/run/$1.pid";
server 127.0.0.1:$2 { tls-mode ondemand; };
server 127.0.0.1:$(($2 + 1)) { tls-mode connection; };
C
	[ "$1" != pop3d ] || [ -z "${EXPIRE:-}" ] || echo "expire $EXPIRE; delete-expired yes;"
	[ "$1" = pop3d ] || echo "namespace personal { prefix \"\" { directory \"\$home/Mail\"; delimiter \"${SEP:-/}\"; mailbox-type ${TYPE:-maildir}; }; };"
}

do_start() {
	local u uid
	need_root
	make_tls
	free_slot
	uid=$(id -u "$RUN_USER")
	NS_GID=$(getent group mail | cut -d: -f3) # both daemons insist on the group mail
	mkdir -p "$DIR/spool" "$DIR/lock" "$DIR/run"
	cp /etc/passwd "$DIR/passwd"
	for u in $(test_users); do
		echo "$u:$(openssl passwd -6 "pw-$u"):$uid:$NS_GID:$u:$DIR/home/$u:/bin/sh" >> "$DIR/passwd"
		mkdir -p "$DIR/home/$u/Mail"
		case ${TYPE:-maildir} in # the server does not make an INBOX
		maildir) mkdir -p "$DIR/spool/$u"/{cur,new,tmp} ;;
		mh) mkdir -p "$DIR/spool/$u" ;;
		*) touch "$DIR/spool/$u" ;;
		esac
	done
	conf imap4d $P0 > "$DIR/imap4d.conf"
	conf pop3d $((P0 + 2)) > "$DIR/pop3d.conf"
	hand_over
	chgrp -R "$NS_GID" "$DIR/spool" "$DIR/home" "$DIR/lock" "$DIR/run"
	spawn_bound "$DIR/passwd:/etc/passwd" /usr/sbin/imap4d --config-file="$DIR/imap4d.conf" --foreground
	spawn_bound "$DIR/passwd:/etc/passwd" /usr/sbin/pop3d --config-file="$DIR/pop3d.conf" --foreground
	wait_ports $P0 $((P0 + 1)) $((P0 + 2)) $((P0 + 3))
	emit SERVER=mailutils "VERSION=$(dpkg-query -W -f='${Version}' mailutils-imap4d)"
	emit_mail
	emit "SEP=${SEP:-/}" PREFIX= "LOG=$DIR/out"
}
server_main "$@"
