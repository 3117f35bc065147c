#!/bin/bash
# apache.sh start DIR | stop DIR : Apache with mod_auth_gssapi as an HTTPS proxy before another server, with a Kerberos realm of its own (MIT), so that it takes
# Negotiate. The Debian packages are unpacked below VALISE_TEST_HOME, not installed.
# Choices at start:
#   UPSTREAM=PORT      the server behind it, on 127.0.0.1, HTTP (needed); it is told who signed in by X-Remote-User, and has a Basic of the first user
#   USERS="a b"        users with the passwords pw-a, pw-b; alice is alice@VALISE.TEST
# Ports: HTTPS_PORT takes Negotiate, BASIC_PORT also Basic, HTTP_PORT as the first, without TLS.
# CONFIG is krb5.conf, CCACHE has a ticket of the first user. One line a request in ACCESS: port connection request-of-the-connection user status method path
#
# NTLM by gss-ntlmssp was tried: version 1.2 of Debian 12 reads no message without the optional Version (MS-NLMP 2.2.1.1 and 2.2.1.3), neither the NEGOTIATE of 32
# octets that libcurl sends nor its AUTHENTICATE ("Failed to decode data"). ntlmhost.py plays that server instead.
. "$(dirname "$0")/common.sh"
INSTALL=openssl UNPACK="apache2-bin libapache2-mod-auth-gssapi krb5-kdc krb5-admin-server krb5-user"
REALM=VALISE.TEST
LIBS=$(gcc -print-multiarch 2>/dev/null || echo x86_64-linux-gnu)

realm() {
	cat > "$DIR/krb5.conf" <<C
[libdefaults]
 default_realm = $REALM
 dns_lookup_kdc = false
 dns_lookup_realm = false
 rdns = false
 dns_canonicalize_hostname = false
 udp_preference_limit = 1
[realms]
 $REALM = {
  kdc = 127.0.0.1:$((P0 + 4))
 }
[domain_realm]
 localhost = $REALM
C
	cat > "$DIR/kdc.conf" <<C
[kdcdefaults]
 kdc_listen = 127.0.0.1:$((P0 + 4))
 kdc_tcp_listen = 127.0.0.1:$((P0 + 4))
[realms]
 $REALM = {
  database_name = $DIR/kdc/principal
  key_stash_file = $DIR/kdc/stash
  max_life = 10h
 }
[dbmodules]
 db_module_dir = $UNPACKED/usr/lib/$LIBS/krb5/plugins/kdb
C
	export KRB5_CONFIG=$DIR/krb5.conf KRB5_KDC_PROFILE=$DIR/kdc.conf
	mkdir -p "$DIR/kdc"
	{
		echo "$UNPACKED/usr/sbin/kdb5_util" create -s -r $REALM -P master
		for u in $USERS; do echo "$UNPACKED/usr/sbin/kadmin.local" -r $REALM -q "'addprinc -pw pw-$u $u'"; done
		echo "$UNPACKED/usr/sbin/kadmin.local" -r $REALM -q "'addprinc -randkey HTTP/localhost'"
		echo "$UNPACKED/usr/sbin/kadmin.local" -r $REALM -q "'ktadd -k $DIR/keytab HTTP/localhost'"
	} > "$DIR/make-realm"
	bash -e "$DIR/make-realm" > "$DIR/realm.log" 2>&1 || { cat "$DIR/realm.log" >&2; die "no realm"; }
}

site() { # PORT TLS|plain BASIC
	cat <<C
Listen 127.0.0.1:$1
<VirtualHost 127.0.0.1:$1>
	$([ "$2" = tls ] && printf 'SSLEngine on\n\tSSLCertificateFile %s/tls/cert.pem\n\tSSLCertificateKeyFile %s/tls/key.pem' "$DIR" "$DIR")
	<Location />
		AuthType GSSAPI
		AuthName test
		Require valid-user
		GssapiAllowedMech krb5
		GssapiBasicAuth ${3:-Off}
		GssapiConnectionBound On
		GssapiLocalName Off
	</Location>
	RequestHeader set X-Remote-User "expr=%{REMOTE_USER}"
	RequestHeader set Authorization "Basic $(printf '%s:pw-%s' "$first" "$first" | base64 -w 0)"
	ProxyPass / http://127.0.0.1:$UPSTREAM/
	ProxyPreserveHost On
</VirtualHost>
C
}

conf() {
	local m=$UNPACKED/usr/lib/apache2/modules
	cat <<C
ServerRoot $DIR
ServerName localhost
PidFile $DIR/apache.pid
ErrorLog $DIR/error.log
LogLevel warn auth_gssapi:debug
Mutex file:$DIR default
KeepAlive On
MaxKeepAliveRequests 1000
KeepAliveTimeout 60
$(for x in mpm_event authn_core authz_core authz_user headers proxy proxy_http ssl socache_shmcb auth_gssapi; do echo "LoadModule ${x}_module $m/mod_$x.so"; done)
LogFormat "%{local}p %{c}L %k %u %>s %m %U" requests
CustomLog $DIR/access requests
SSLProtocol -all +TLSv1.2 +TLSv1.3
$(site $P0 tls)
$(site $((P0 + 1)) tls On)
$(site $((P0 + 2)) plain)
C
}

do_start() {
	local first USERS kinit=$UNPACKED/usr/bin/kinit
	[ -n "${UPSTREAM:-}" ] || die "UPSTREAM is not set"
	USERS=$(test_users) first=${USERS%% *}
	make_tls
	free_slot
	realm
	conf > "$DIR/apache.conf"
	hand_over
	export KRB5_KTNAME=FILE:$DIR/keytab
	spawn "$UNPACKED/usr/sbin/krb5kdc" -n -r $REALM -P "$DIR/kdc.pid"
	spawn "$UNPACKED/usr/sbin/apache2" -d "$DIR" -f "$DIR/apache.conf" -DFOREGROUND
	wait_ports $P0 $((P0 + 1)) $((P0 + 2)) $((P0 + 4))
	[ -x "$kinit" ] || kinit+=.mit # Debian 13 gives the plain name by an alternative, at installation
	echo "pw-$first" | KRB5CCNAME=FILE:$DIR/ccache "$kinit" "$first" > "$DIR/kinit.log" 2>&1 || { cat "$DIR/kinit.log" >&2; die "no ticket"; }
	chmod 644 "$DIR/ccache"
	emit SERVER=apache "VERSION=$(cat "$UNPACKED/.have-apache2-bin")" HOST=localhost "CA=$DIR/tls/ca.pem" "TLS=$DIR/tls" "LOG=$DIR/error.log" "ACCESS=$DIR/access" "CCACHE=$DIR/ccache" "CONFIG=$DIR/krb5.conf"
	emit HTTPS_PORT=$P0 BASIC_PORT=$((P0 + 1)) HTTP_PORT=$((P0 + 2))
}
server_main "$@"
