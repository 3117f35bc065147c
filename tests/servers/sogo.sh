#!/bin/bash
# sogo.sh start DIR | stop DIR : SOGo's CalDAV and CardDAV over a private PostgreSQL and memcached. HTTP alone, no mail. Needs root, for
# /etc/sogo is compiled in.
# Choices at start: USERS="alice bob ..."
. "$(dirname "$0")/common.sh"
INSTALL="postgresql memcached sogo"

conf() {
	local db="postgresql://sogo:pw-sogo@127.0.0.1:$((P0 + 5))/sogo"
	cat <<C
{
  SOGoProfileURL = "$db/sogo_user_profile";
  OCSFolderInfoURL = "$db/sogo_folder_info";
  OCSSessionsFolderURL = "$db/sogo_sessions_folder";
  OCSEMailAlarmsFolderURL = "$db/sogo_alarms_folder";
  SOGoUserSources = ( { type = sql; id = users; viewURL = "$db/sogo_users"; canAuthenticate = YES; isAddressBook = NO; userPasswordAlgorithm = none; } );
  SOGoTimeZone = UTC;
  SOGoMailDomain = "valise.test";
  SOGoAppointmentSendEMailNotifications = NO;
  SOGoEnableEMailAlarms = NO;
  SOGoMemcachedHost = "127.0.0.1:$((P0 + 6))";
  SOGoMaximumFailedLoginCount = 0;
  WOMaxUploadSize = 200000;
  SxVMemLimit = 2048;
}
C
}

database() {
	local u
	psql -q -c "create role sogo login password 'pw-sogo'" -c "create database sogo owner sogo" postgres
	export PGUSER=sogo
	psql -q -c "create table sogo_users (c_uid varchar(30) primary key, c_name varchar(30), c_password varchar(60), c_cn varchar(60), mail varchar(90))" sogo
	for u in $(test_users); do
		psql -q -v ON_ERROR_STOP=1 -c "insert into sogo_users values ('$u', '$u', 'pw-$u', '$u', '$u@valise.test')" sogo || die "could not add $u"
	done
}

do_start() {
	need_root
	free_slot
	mkdir -p "$DIR/etc" "$DIR/home" "$DIR/spool"
	conf > "$DIR/etc/sogo.conf"
	hand_over
	private_postgres $((P0 + 5))
	[ -z "$FRESH" ] || database >> "$DIR/out" 2>&1
	spawn /usr/bin/memcached -l 127.0.0.1 -p $((P0 + 6)) -m 32
	wait_ports $((P0 + 6))
	spawn_bound "$DIR/etc:/etc/sogo $DIR/home:/var/lib/sogo $DIR/spool:/var/spool/sogo" env HOME="$DIR/home" USER="$RUN_USER" /usr/sbin/sogod \
		-WONoDetach YES -WOLogFile - -WOPidFile "$DIR/sogo.pid" -WOPort "127.0.0.1:$P0" -WOWorkersCount 4
	wait_ports $P0
	emit SERVER=sogo "VERSION=$(dpkg-query -W -f='${Version}' sogo)" HOST=127.0.0.1 "LOG=$DIR/out"
	emit HTTP_PORT=$P0 DAV_URL=http://127.0.0.1:$P0 CALDAV_HOME1=/SOGo/dav/alice/Calendar/ CARDDAV_HOME1=/SOGo/dav/alice/Contacts/
}
server_main "$@"
