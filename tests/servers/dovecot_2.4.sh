# dovecot_2.4.sh - the configuration of Dovecot 2.4 (Debian 13) for dovecot.sh. Sourced.

FOREVER="restart_request_count = unlimited" # of a login process, for any number of clients

plugins() {
	local p
	for p in ${ALL:+virtual} ${MAX_MAIL:+quota}; do echo "  $p = yes"; done
}

# capability : the setting for CAPS, or to leave out COMPRESS, which 2.4 always has
capability() {
	if [ -n "${CAPS:-}" ]; then
		echo "  imap_capability = $CAPS"
	elif [ "${COMPRESS:-1}" = 0 ]; then
		printf '  imap_capability {\n    "COMPRESS=DEFLATE" = no\n  }\n'
	fi
}

conf_base() {
	local ssl=yes cleartext=yes m
	[ "${PLAIN:-1}" = 0 ] && ssl=required cleartext=no
	cat <<C
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
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
mail_home = $DIR/mail/%{user}
mail_driver = maildir
mail_path = %{home}/Maildir
mailbox_list_layout = ${LAYOUT:-fs}
# what the plugin listescape of 2.3 does
$([ "${ESCAPE:-1}" = 0 ] || echo 'mailbox_list_storage_escape_char = "\\"')
mail_save_crlf = ${SAVE_CRLF:-yes}
# its lock is at odds with itself where several sessions make mailboxes at once (fcntl: deadlock avoided; a panic in 2.3.19)
mailbox_list_index = no
mail_fsync = ${FSYNC:-never}
mail_max_userip_connections = ${MAX_CONN:-50}
mail_plugins {
$(plugins)
}
${CLOCK:+import_environment {
$(for m in "${FAKE[@]}"; do echo "  ${m%%=*} = ${m#*=}"; done)
\}}
auth_mechanisms = ${MECHS:-plain login scram-sha-1 scram-sha-256 cram-md5} ${OAUTH:+xoauth2 oauthbearer}
${MASTER:+auth_master_user_separator = *}
auth_failure_delay = 0
auth_allow_cleartext = $cleartext
ssl = $ssl
ssl_server_cert_file = $DIR/tls/cert.pem
ssl_server_key_file = $DIR/tls/key.pem
${MASTER:+passdb master {
  driver = passwd-file
  passwd_file_path = $DIR/master
  master = yes
  result_success = continue
\}}
${OAUTH:+oauth2 {
$(cat "$DIR/oauth2.conf")
\}
passdb oauth2 {
  mechanisms_filter = xoauth2 oauthbearer
\}}
passdb passwd-file {
  passwd_file_path = $DIR/passwd
}
userdb static {
  fields {
    uid = $RUN_USER
    gid = $RUN_GROUP
    home = $DIR/mail/%{user}
  }
}
protocol imap {
${MAX_MAIL:+  mail_plugins {
    imap_quota = yes
  \}}
$(capability)
}
${MAX_MAIL:+quota user {
  driver = count
  storage_size = 100G
\}
quota_mail_size = $MAX_MAIL}
C
}

conf_namespaces() {
	local sep=${SEP:-/} use
	printf 'namespace inbox {\n  inbox = yes\n  separator = "%s"\n  prefix = "%s"\n' "$sep" "${PREFIX:+$PREFIX$sep}"
	if [ -n "${SPECIAL:-}" ]; then
		for use in Drafts Sent Trash Junk Archive; do
			printf '  mailbox %s {\n    special_use = \\%s\n    auto = subscribe\n  }\n' $use $use
		done
	fi
	echo "}"
	[ -z "${ALL:-}" ] || cat <<C
namespace virtual {
  prefix = "virtual$sep"
  separator = "$sep"
  subscriptions = no
  mail_driver = virtual
  mail_path = $DIR/virtual
  mail_index_path = $DIR/virtual-index/%{user}
  mail_control_path = $DIR/virtual-index/%{user}
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
