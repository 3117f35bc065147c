#!/bin/bash
# cyrus.sh start DIR | stop DIR : Cyrus IMAPd 3.6 with IMAP, POP3, CalDAV and CardDAV.
# Its Debian packages conflict with Dovecot's: they are unpacked below VALISE_TEST_HOME, not installed.
# Choices at start, from the environment:
#   SEP=/ (default) or .   hierarchy delimiter
#   ALTNS=0                personal namespace below INBOX (default 1: beside it)
#   SPECIAL=1              Drafts, Sent, Trash, Junk, Archive with special use
#   REJECT8BIT=1           refuses 8-bit headers; MUNGE8BIT=1 replaces them by X (default: kept)
#   MAX_MAIL=BYTES         refuses larger messages
#   PLAIN=0                no login without TLS
#   SCHED_SMTP=PORT        scheduling on: invitations go to the SMTP server on that loopback port
#   USERS="alice bob ..."  accounts; the password of NAME is pw-NAME; admin is the administrator, proxy may sign in for anyone (--authzid)
. "$(dirname "$0")/common.sh"
INSTALL="python3 openssl sasl2-bin libsasl2-modules libsasl2-modules-db tzdata" UNPACK="cyrus-common cyrus-imapd cyrus-pop3d cyrus-caldav"

yes_if() { [ -n "$1" ] && echo yes || echo no; }

conf() {
	cat <<C
configdirectory: $DIR/conf
defaultpartition: default
partition-default: $DIR/spool
sievedir: $DIR/sieve
cyrus_user: $RUN_USER
cyrus_group: $RUN_GROUP
admins: admin
proxyservers: proxy
servername: valise-test
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: $DIR/sasldb2
sasl_mech_list: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256
allowplaintext: $([ "${PLAIN:-1}" = 0 ] && echo no || echo yes)
defaultdomain: valise-test
virtdomains: off
unixhierarchysep: $([ "${SEP:-/}" = / ] && echo yes || echo no)
altnamespace: $([ "${ALTNS:-1}" = 0 ] && echo no || echo yes)
reject8bit: $(yes_if "${REJECT8BIT:-}")
munge8bit: $(yes_if "${MUNGE8BIT:-}")
maxmessagesize: ${MAX_MAIL:-0}
autocreate_quota: 0
autocreate_quota_messages: -1
popminpoll: 0
tls_server_cert: $DIR/tls/cert.pem
tls_server_key: $DIR/tls/key.pem
tls_client_ca_file: $DIR/tls/ca.pem
tls_sessions_db_path: $DIR/conf/tls_sessions.db
httpmodules: caldav carddav
caldav_allowscheduling: $([ -n "${SCHED_SMTP:-}" ] && echo on || echo off)
smtp_backend: host
smtp_host: 127.0.0.1:${SCHED_SMTP:-9}/noauth
calendar_user_address_set: valise-test
http_h2_altsvc: off
duplicatesuppression: no
idlesocket: $DIR/conf/socket/idle
lmtpsocket: $DIR/conf/socket/lmtp
notifysocket: $DIR/conf/socket/notify
proc_path: $DIR/conf/proc
mboxname_lockpath: $DIR/conf/lock
syslog_facility: LOCAL6
C
}

services() {
	local bin=$1 name program port=$P0
	echo "START {"
	echo "  recover cmd=\"$bin/ctl_cyrusdb -r -C $DIR/imapd.conf\""
	printf '}\nSERVICES {\n'
	for name in "imap imapd" "imaps imapd -s" "pop3 pop3d" "pop3s pop3d -s" "http httpd" "https httpd -s"; do
		program=${name#* }
		echo "  ${name%% *} cmd=\"$bin/${program%% *} -C $DIR/imapd.conf -U 50${program#"${program%% *}"}\" listen=\"127.0.0.1:$port\" proto=\"tcp4\" prefork=0"
		port=$((port + 1))
	done
	echo "}"
}

# mailboxes : an INBOX for each user, and what SPECIAL asks for
mailboxes() {
	/usr/bin/python3 - "$P0" "${SEP:-/}" "${ALTNS:-1}" "${SPECIAL:-}" $(test_users) <<'P'
import imaplib, ssl, sys
port, sep, beside, special, *users = sys.argv[1:]
context = ssl._create_unverified_context()

def login(user):
    m = imaplib.IMAP4_SSL("127.0.0.1", int(port) + 1, ssl_context=context)
    m.login(user, "pw-" + user)
    return m

def create(m, *args):
    status, text = m._simple_command("CREATE", *args)
    if status != "OK":
        sys.exit("CREATE %s: %s" % (args, text))

admin = login("admin")
for user in users:
    create(admin, "user%s%s" % (sep, user))
    if special:
        m = login(user)
        for name in "Drafts", "Sent", "Trash", "Junk", "Archive":
            path = name if beside == "1" else "INBOX" + sep + name
            create(m, path, "(USE (\\%s))" % name)
            m.subscribe(path)
P
}

do_start() {
	local root=$UNPACKED u
	make_tls
	free_slot
	mkdir -p "$DIR"/conf/{socket,proc,lock,db,log,msg,ptclient,user,quota,zoneinfo} "$DIR"/{spool,sieve,run}
	export LD_LIBRARY_PATH=$root/usr/lib/$(dpkg-architecture -q DEB_HOST_MULTIARCH 2>/dev/null || echo x86_64-linux-gnu)
	for u in $(test_users) admin proxy; do
		printf 'pw-%s' "$u" | saslpasswd2 -p -c -f "$DIR/sasldb2" -u valise-test "$u" || die "saslpasswd2 failed"
	done
	conf > "$DIR/imapd.conf"
	services "$root/usr/lib/cyrus/bin" > "$DIR/cyrus.conf"
	hand_over
	spawn env CYRUS_VERBOSE=1 "$root/usr/lib/cyrus/bin/master" -M "$DIR/cyrus.conf" -C "$DIR/imapd.conf" -p "$DIR/run/master.pid" -D
	wait_ports $(seq $P0 $((P0 + 5)))
	mailboxes || die "could not make the mailboxes"
	emit SERVER=cyrus "VERSION=$(cat "$root/.have-cyrus-imapd")"
	emit_mail
	emit "SEP=${SEP:-/}" "PREFIX=$([ "${ALTNS:-1}" = 0 ] && echo "INBOX${SEP:-/}")" "LOG=$DIR/out"
	emit_dav /dav/calendars/user/%u/ /dav/addressbooks/user/%u/ $((P0 + 4))
}
server_main "$@"
