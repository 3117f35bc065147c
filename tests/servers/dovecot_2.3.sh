# dovecot_2.3.sh - the configuration of Dovecot 2.3 (Debian 12) for dovecot.sh. Sourced.

FOREVER="service_count = 0" # of a login process, for any number of clients

plugins() {
	echo -n "$([ "${ESCAPE:-1}" = 0 ] || echo "listescape ")${ALL:+virtual }${MAX_MAIL:+quota}"
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
# its lock is at odds with itself where several sessions make mailboxes at once (fcntl: deadlock avoided; a panic in 2.3.19)
mailbox_list_index = no
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
introspection_url = $(introspect_at)
username_attribute = $(introspect_user)
active_attribute = active
active_value = true
C
}

