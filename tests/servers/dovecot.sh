#!/bin/bash
# dovecot.sh start DIR | stop DIR : Dovecot 2.3, IMAP and POP3, each on a plain port with STARTTLS and a TLS port.
# Choices at start, from the environment:
#   SEP=/ (default) or .      hierarchy delimiter
#   LAYOUT=fs | maildir++     how mailboxes lie on disk (default fs). A name may hold the other delimiter in
#                             both (plugin listescape). With maildir++ a deleted parent of other mailboxes stays in
#                             LIST without \Noselect, although it cannot be opened
#   PREFIX=INBOX              prefix of the personal namespace, without delimiter (default none)
#   SPECIAL=1                 Drafts, Sent, Trash, Junk, Archive with special use, made and subscribed
#   ALL=1                     a virtual mailbox virtual/All with \All that shows every message
#   MECHS="plain login"       SASL mechanisms
#   CAPS="IMAP4rev1 ..."      replaces the capability string
#   COMPRESS=0                no COMPRESS=DEFLATE
#   SAVE_CRLF=no              stores LF line ends, Dovecot's own default; one CR of each CR CR LF is then lost
#   MAX_MAIL=BYTES            refuses larger messages
#   MAX_CONN=N                connections of a user from one address (50)
#   PLAIN=0                   no login without TLS; HOST is then 127.0.0.2, as Dovecot trusts its own address
#   FSYNC=optimized           syncs what is saved (never: throwaway accounts load faster)
#   CLOCK=+5y                 the server's clock runs ahead (libfaketime): Dovecot turns an INTERNALDATE of the
#                             future into now
#   OAUTH=1                   XOAUTH2 and OAUTHBEARER, with the tokens of the file TOKENS (tokens.py)
#   MASTER=1                  the master user "master" may sign in as anyone: --authzid, or alice*master
#   USERS="alice bob ..."     accounts; the password of NAME is pw-NAME
# CONF is for doveadm: doveadm -c "$CONF" ... -u alice
. "$(dirname "$0")/common.sh"
INSTALL="dovecot-core dovecot-imapd dovecot-pop3d openssl libfaketime"

plugins() {
	echo -n "listescape ${ALL:+virtual }${MAX_MAIL:+quota}"
}

conf_base() {
	local ssl=yes plaintext=no
	[ "${PLAIN:-1}" = 0 ] && ssl=required plaintext=yes
	cat <<C
base_dir = $DIR/run
state_dir = $DIR/run
log_path = $DIR/log
protocols = imap pop3
listen = $LISTEN
default_internal_user = $RUN_USER
default_internal_group = $RUN_GROUP
default_login_user = $RUN_USER
default_vsz_limit = 2G
mail_uid = $RUN_USER
mail_gid = $RUN_GROUP
first_valid_uid = 1
mail_home = $DIR/mail/%u
mail_location = maildir:$DIR/mail/%u/Maildir$([ "${LAYOUT:-fs}" = fs ] && echo :LAYOUT=fs)
mail_fsync = ${FSYNC:-never}
mail_save_crlf = ${SAVE_CRLF:-yes}
mail_max_userip_connections = ${MAX_CONN:-50}
mail_plugins = $(plugins)
${CLOCK:+import_environment = TZ ${FAKE[*]}}
auth_mechanisms = ${MECHS:-plain login scram-sha-1 scram-sha-256 cram-md5} ${OAUTH:+xoauth2 oauthbearer}
auth_master_user_separator = ${MASTER:+*}
auth_failure_delay = 0
disable_plaintext_auth = $plaintext
ssl = $ssl
ssl_cert = <$DIR/tls/cert.pem
ssl_key = <$DIR/tls/key.pem
${MASTER:+passdb {
  driver = passwd-file
  args = $DIR/master
  master = yes
  result_success = continue
\}}
${OAUTH:+passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $DIR/oauth2.conf
\}}
passdb {
  driver = passwd-file
  args = $DIR/passwd
}
userdb {
  driver = static
  args = uid=$RUN_USER gid=$RUN_GROUP home=$DIR/mail/%u
}
protocol imap {
  mail_plugins = \$mail_plugins $([ "${COMPRESS:-1}" = 0 ] || echo imap_zlib) ${MAX_MAIL:+imap_quota}
  ${CAPS:+imap_capability = $CAPS}
}
plugin {
  ${MAX_MAIL:+quota = count:user
  quota_vsizes = yes
  quota_rule = *:storage=100G
  quota_max_mail_size = $MAX_MAIL}
}
C
}

conf_services() {
	local s port=$P0
	for s in imap pop3; do
		cat <<C
service $s-login {
  chroot =
  service_count = 0
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

conf_namespaces() {
	local sep=${SEP:-/} use
	printf 'namespace inbox {\n  inbox = yes\n  separator = %s\n  prefix = %s\n' "$sep" "${PREFIX:+$PREFIX$sep}"
	if [ -n "${SPECIAL:-}" ]; then
		for use in Drafts Sent Trash Junk Archive; do
			printf '  mailbox %s {\n    special_use = \\%s\n    auto = subscribe\n  }\n' $use $use
		done
	fi
	echo "}"
	[ -z "${ALL:-}" ] || cat <<C
namespace virtual {
  prefix = virtual$sep
  separator = $sep
  subscriptions = no
  location = virtual:$DIR/virtual:INDEX=$DIR/virtual-index/%u:CONTROL=$DIR/virtual-index/%u
  mailbox All {
    special_use = \All
  }
}
C
}

conf_oauth() {
	cat <<C
introspection_mode = post
introspection_url = http://127.0.0.1:$((P0 + 4))/introspect
username_attribute = username
active_attribute = active
active_value = true
C
	echo 'good-token alice' > "$DIR/tokens"
}

# fake_clock : sets FAKE, the environment of a server whose clock is ${CLOCK} ahead, and which sees its files
fake_clock() {
	local lib
	FAKE=()
	[ -n "${CLOCK:-}" ] || return 0
	lib=$(dpkg -L libfaketime | grep 'libfaketime.so') || die "no libfaketime"
	FAKE=(LD_PRELOAD=$lib FAKETIME=$CLOCK FAKE_UTIME=1 DONT_FAKE_MONOTONIC=1)
}

do_start() {
	local u
	fake_clock
	make_tls
	free_slot
	LISTEN=127.0.0.1
	[ "${PLAIN:-1}" = 0 ] && LISTEN=127.0.0.2
	mkdir -p "$DIR/run" "$DIR/mail" "$DIR/virtual/All"
	printf '*\n-Trash\n-Trash/*\n  all\n' > "$DIR/virtual/All/dovecot-virtual"
	for u in $(test_users); do echo "$u:{PLAIN}pw-$u::::::"; done > "$DIR/passwd"
	{ conf_base; conf_services; conf_namespaces; } > "$DIR/dovecot.conf"
	echo 'master:{PLAIN}pw-master::::::' > "$DIR/master"
	[ -z "${OAUTH:-}" ] || conf_oauth > "$DIR/oauth2.conf"
	hand_over
	[ -z "${OAUTH:-}" ] || spawn "$SERVERS/tokens.py" $((P0 + 4)) "$DIR/tokens"
	spawn env "${FAKE[@]}" /usr/sbin/dovecot -F -c "$DIR/dovecot.conf"
	wait_ports $P0 $((P0 + 1)) $((P0 + 2)) $((P0 + 3))
	[ -z "${OAUTH:-}" ] || wait_ports $((P0 + 4))
	emit SERVER=dovecot "VERSION=$(/usr/sbin/dovecot --version | cut -d' ' -f1)"
	emit_mail "$LISTEN"
	emit "SEP=${SEP:-/}" "PREFIX=${PREFIX:+$PREFIX${SEP:-/}}" "CLOCK=${CLOCK:-}" "CONF=$DIR/dovecot.conf" "LOG=$DIR/log" "TOKENS=$DIR/tokens"
}

# after_stop : libfaketime leaves shared memory of processes that ended by a signal
after_stop() {
	local f
	for f in /dev/shm/*faketime_*; do
		[ -O "$f" ] || [ "$(stat -c %U "$f" 2>/dev/null)" = "$RUN_USER" ] || continue
		grep -q '^State:.[^Z]' "/proc/${f##*_}/status" 2>/dev/null || rm -f "$f"
	done
}
server_main "$@"
