#!/bin/bash
# dovecot.sh start DIR | stop DIR | crash DIR : Dovecot 2.3 or 2.4, as the machine has it, IMAP and POP3, each on a plain port with STARTTLS and a
# TLS port. The two have different configuration languages: dovecot_2.3.sh, dovecot_2.4.sh.
# Choices at start, from the environment:
#   SEP=/ (default) or .      hierarchy delimiter
#   LAYOUT=fs | maildir++     how mailboxes lie on disk (default fs). A name may hold the other delimiter in
#                             both (plugin listescape). With maildir++ a deleted parent of other mailboxes stays in
#                             LIST without \Noselect, although it cannot be opened
#   ESCAPE=0                  without listescape, as Dovecot is by itself
#   PREFIX=INBOX              prefix of the personal namespace, without delimiter (default none)
#   SPECIAL=1                 Drafts, Sent, Trash, Junk, Archive with special use, made and subscribed
#   ALL=1                     a virtual mailbox virtual/All with \All that shows every message
#   MECHS="plain login"       SASL mechanisms
#   CAPS="IMAP4rev1 ..."      replaces the capability string
#   COMPRESS=0                no COMPRESS=DEFLATE (2.4 always compresses: there it is taken out of the capabilities)
#   SAVE_CRLF=no              stores LF line ends, Dovecot's own default (2.4 knows no other); one CR of each CR CR LF is then lost
#   MAX_MAIL=BYTES            refuses larger messages
#   MAX_CONN=N                connections of a user from one address (50)
#   PLAIN=0                   no login without TLS; HOST is then 127.0.0.2, as Dovecot trusts its own address
#   FSYNC=optimized           syncs what is saved (never: throwaway accounts load faster)
#   CLOCK=+5y                 the server's clock runs ahead (libfaketime): Dovecot turns an INTERNALDATE of the
#                             future into now
#   OAUTH=1                   XOAUTH2 and OAUTHBEARER, with the tokens of the file TOKENS (tokens.py)
#   OAUTH=http://...          the same, with the tokens of an OpenID provider that is asked there (oidc.sh)
#   MASTER=1                  the master user "master" may sign in as anyone: --authzid, or alice*master
#   USERS="alice bob ..."     accounts; the password of NAME is pw-NAME
# CONF is for doveadm: doveadm -c "$CONF" ... -u alice
. "$(dirname "$0")/common.sh"
INSTALL="dovecot-core dovecot-imapd dovecot-pop3d openssl libfaketime"

conf_services() {
	local s port=$P0
	for s in imap pop3; do
		cat <<C
service $s-login {
  chroot =
  $FOREVER
  process_min_avail = 2
  inet_listener $s {
    port = $port
  }
  inet_listener ${s}s {
    port = $((port + 1))
    ssl = yes
  }
}
C
		port=$((port + 2))
	done
	cat <<C
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
C
}

# fake_clock : sets FAKE, the environment of a server whose clock is ${CLOCK} ahead, and which sees its files
fake_clock() {
	local lib
	FAKE=()
	[ -n "${CLOCK:-}" ] || return 0
	lib=$(dpkg -L libfaketime | grep 'libfaketime.so') || die "no libfaketime"
	FAKE=(LD_PRELOAD=$lib FAKETIME=$CLOCK FAKE_UTIME=1 DONT_FAKE_MONOTONIC=1)
}

introspect_at() { if [ "$OAUTH" = 1 ]; then echo "http://127.0.0.1:$((P0 + 4))/introspect"; else echo "$OAUTH"; fi; }
introspect_user() { if [ "$OAUTH" = 1 ]; then echo username; else echo sub; fi; }

do_start() {
	local u version
	version=$(/usr/sbin/dovecot --version | cut -d' ' -f1)
	. "$SERVERS/dovecot_$(echo "$version" | cut -d. -f1,2).sh" || die "no configuration for Dovecot $version"
	fake_clock
	make_tls
	free_slot
	LISTEN=127.0.0.1
	[ "${PLAIN:-1}" = 0 ] && LISTEN=127.0.0.2
	mkdir -p "$DIR/run" "$DIR/mail" "$DIR/virtual/All"
	printf '*\n-Trash\n-Trash/*\n  all\n' > "$DIR/virtual/All/dovecot-virtual"
	for u in $(test_users); do echo "$u:{PLAIN}pw-$u::::::"; done > "$DIR/passwd"
	[ -z "${OAUTH:-}" ] || conf_oauth > "$DIR/oauth2.conf"
	{ conf_base; conf_services; conf_namespaces; } > "$DIR/dovecot.conf"
	[ "${OAUTH:-}" != 1 ] || echo 'good-token alice' > "$DIR/tokens"
	echo 'master:{PLAIN}pw-master::::::' > "$DIR/master"
	hand_over
	[ "${OAUTH:-}" != 1 ] || spawn "$SERVERS/tokens.py" $((P0 + 4)) "$DIR/tokens"
	spawn env "${FAKE[@]}" /usr/sbin/dovecot -F -c "$DIR/dovecot.conf"
	wait_ports $P0 $((P0 + 1)) $((P0 + 2)) $((P0 + 3))
	[ "${OAUTH:-}" != 1 ] || wait_ports $((P0 + 4))
	emit SERVER=dovecot "VERSION=$version"
	emit_mail "$LISTEN"
	emit "SEP=${SEP:-/}" "PREFIX=${PREFIX:+$PREFIX${SEP:-/}}" "CLOCK=${CLOCK:-}" "CONF=$DIR/dovecot.conf" "LOG=$DIR/log" "TOKENS=$DIR/tokens"
}

# after_crash : the process is gone, but perhaps not yet waited for, and then it counts as running
after_crash() { rm -f "$DIR/run/master.pid"; }

# after_stop : libfaketime leaves shared memory of processes that ended by a signal
after_stop() {
	local f
	for f in /dev/shm/*faketime_*; do
		[ -O "$f" ] || [ "$(stat -c %U "$f" 2>/dev/null)" = "$RUN_USER" ] || continue
		grep -q '^State:.[^Z]' "/proc/${f##*_}/status" 2>/dev/null || rm -f "$f"
	done
}
server_main "$@"
