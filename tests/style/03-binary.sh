#!/bin/sh
# What must not be in the program: library calls that lose, delete or crash, and POP3's DELE.
set -eu
bin=${VALISE:?}
bad=$(nm -D --undefined-only "$bin" | awk '{ print $NF }' | sed 's/@.*//' | grep -xE \
	'mailpop3_(dele|list|retr|quit|top|rset)|mailimap_(uid_)?(store|expunge|copy|move)|mailimap_(close|delete|rename|append|authenticate|oauth2.*|connect|idle|select|id_basic|compress|uidplus_.*)|mailimap_ssl_.*|mailimap_starttls|mailstream_ssl_.*|mailstream_socket_open|maildir_.*|mbox_.*|archive_read_support_(filter|format)_all|gets|sprintf|strcpy|strcat' || true)
if [ -n "$bad" ]; then
	printf 'calls that are not allowed:\n%s\n' "$bad"
	exit 1
fi
if strings -a "$bin" | grep -nE '(^|[^A-Z_])(DELE|EXPUNGE|UID MOVE|RENAME)( |$)'; then
	echo "the program holds a command that deletes"
	exit 1
fi
readelf -h "$bin" | grep -q 'DYN (Position-Independent' || { echo "not a PIE"; exit 1; }
echo "ok"
