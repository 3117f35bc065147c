#!/bin/bash
# davical.sh start DIR | stop DIR : DAViCal, CalDAV and CardDAV, by PHP's own web server over a private PostgreSQL. HTTP alone. Needs root,
# for /etc/davical is compiled in.
# Choices at start: USERS="alice bob ...", SCHEDULE=true (deliver invitations, as it does by default)
. "$(dirname "$0")/common.sh"
INSTALL="postgresql php-cli php-fpm php-pgsql php-xml php-curl davical"

conf() {
	cat <<C
<?php
\$c->pg_connect[] = "host=127.0.0.1 port=$((P0 + 5)) dbname=davical user=davical_app";
\$c->admin_email = 'admin@valise.test';
\$c->enable_auto_schedule = ${SCHEDULE:-false};
\$c->hide_older_than = 0;
C
}

# All of the web space belongs to caldav.php, as on a host for nothing else.
router() {
	cat <<'C'
<?php
$p = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (strpos($p, '/caldav.php') === 0) $p = substr($p, strlen('/caldav.php'));
$_SERVER['PATH_INFO'] = rawurldecode($p);
$_SERVER['SCRIPT_NAME'] = '/caldav.php';
$_SERVER['PHP_SELF'] = '/caldav.php' . $p;
chdir('/usr/share/davical/htdocs');
require '/usr/share/davical/htdocs/caldav.php';
C
}

database() {
	local u
	psql -q -c "create role postgres superuser" postgres
	(cd "$DIR" && as_user env DBAOPTS="--dbhost 127.0.0.1 --dbport $PGPORT" sh /usr/share/davical/dba/create-database.sh davical pw-admin)
	for u in $(test_users); do
		psql -q -v ON_ERROR_STOP=1 davical <<S || die "could not add $u"
insert into usr (active, email_ok, updated, username, password, fullname, email)
	values (true, current_date, current_date, '$u', '**pw-$u', '$u', '$u@valise.test');
insert into principal (type_id, user_no, displayname, default_privileges)
	select 1, user_no, fullname, 0::bit(24) from usr where username = '$u';
S
	done
}

do_start() {
	need_root
	free_slot
	mkdir -p "$DIR/etc" "$DIR/web"
	conf > "$DIR/etc/config.php"
	router > "$DIR/web/router.php"
	hand_over
	private_postgres $((P0 + 5))
	[ -z "$FRESH" ] || database >> "$DIR/out" 2>&1
	spawn_bound "$DIR/etc:/etc/davical" env PHP_CLI_SERVER_WORKERS=6 php -d memory_limit=512M -d post_max_size=200M -d enable_post_data_reading=Off \
		-d include_path=.:/usr/share/awl/inc:/usr/share/php -d display_errors=0 -d log_errors=1 -S 127.0.0.1:$P0 -t "$DIR/web" "$DIR/web/router.php"
	wait_ports $P0
	emit SERVER=davical "VERSION=$(dpkg-query -W -f='${Version}' davical)" HOST=127.0.0.1 "LOG=$DIR/out"
	emit HTTP_PORT=$P0 DAV_URL=http://127.0.0.1:$P0 CALDAV_HOME1=/caldav.php/alice/ CARDDAV_HOME1=/caldav.php/alice/
}
server_main "$@"
