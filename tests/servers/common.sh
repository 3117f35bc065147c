# common.sh - what the server scripts of this folder share. Sourced, bash only.
#
#   SCRIPT start DIR    private configuration and state under DIR, loopback high ports; KEY=VALUE lines
#                       on stdout and in DIR/env
#   SCRIPT stop DIR     ends every process that start began; DIR stays
#   SCRIPT crash DIR    kills them all with SIGKILL and starts them again at once, with the same files and ports
#   SCRIPT packages     the Debian packages to be installed for it, libraries of unpacked ones included
#   SCRIPT unpack       downloads and unpacks what cannot be installed beside other servers
#
# As root the daemons run as the system user valise-test (made on first use), else as the caller.
# VALISE_TEST_PORT=N forces the first of the ten ports. VALISE_TEST_HOME holds unpacked packages.
# A script defines INSTALL (packages), perhaps UNPACK (packages that conflict with others' and are unpacked into UNPACKED), do_start,
# perhaps after_stop, and ends with: server_main "$@"
set -u
export LC_ALL=C.UTF-8
SERVERS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TEST_HOME=${VALISE_TEST_HOME:-/var/tmp/valise-test-$(id -u)}
UNPACKED=$TEST_HOME/$(basename "$0" .sh)

say() { echo "$(basename "$0"): $*" >&2; }
die() { say "$@"; exit 1; }
is_root() { [ "$(id -u)" = 0 ]; }
need_root() { is_root || die "this server needs root to start (its daemons then run as another user)"; }

# ---- packages -------------------------------------------------------------------------------------

# no_service CMD... : run CMD while policy-rc.d keeps packages from starting daemons; a policy-rc.d that
# was there before stays as it is.
no_service() {
	local policy=/usr/sbin/policy-rc.d made='' rc
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' > $policy && chmod 755 $policy && made=1
	fi
	"$@"
	rc=$?
	[ -n "$made" ] && rm -f $policy
	return $rc
}

APT=(apt-get -q -o DPkg::Lock::Timeout=600)

# libraries_of PACKAGE... : the libraries that they depend on, but for the C library's own
libraries_of() {
	apt-cache show --no-all-versions "$@" | sed -n -E 's/^(Pre-)?Depends: //p' | tr ',' '\n' | sed -E 's/\|.*//; s/\(.*//; s/:any//; s/ //g' |
		grep -E '^(lib|zlib)' | grep -vxF "$(printf '%s\n' "$@")" | sort -u
}

# packages : what has to be installed for this server
packages() { echo ${INSTALL:-} ${UNPACK:+$(libraries_of $UNPACK)}; }

# provide : what it needs and has not. In the test suite that is nothing: scripts/deps did it before.
provide() {
	if is_unpacked; then pkgs ${INSTALL:-}; else pkgs $(packages); fi
	unpack
}

# pkgs NAME... : install the Debian packages that are missing; nothing is removed, nothing is started
pkgs() {
	local missing=() p log
	for p in "$@"; do
		dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
	done
	[ ${#missing[@]} = 0 ] && return 0
	is_root || die "missing packages (run once as root): ${missing[*]}"
	say "installing ${missing[*]}"
	log=$(mktemp)
	local install=("${APT[@]}" install -y --no-remove --no-install-recommends "${missing[@]}")
	export DEBIAN_FRONTEND=noninteractive
	if ! no_service "${install[@]}" > "$log" 2>&1; then
		"${APT[@]}" update >> "$log" 2>&1
		no_service "${install[@]}" > "$log" 2>&1 || { tail -5 "$log" >&2; die "apt-get failed"; }
	fi
	rm -f "$log"
}

is_unpacked() {
	local p
	for p in ${UNPACK:-}; do [ -e "$UNPACKED/.have-$p" ] || return; done
}

# unpack : the packages of UNPACK, without installing them, into UNPACKED; each once, two callers one after the other
unpack() {
	local p tmp
	is_unpacked && return
	mkdir -p "$UNPACKED" && chmod 755 "$TEST_HOME" "$UNPACKED" || die "cannot write to $TEST_HOME"
	exec 9> "$UNPACKED/.lock" && flock 9 || die "cannot lock $UNPACKED"
	for p in $UNPACK; do
		[ -e "$UNPACKED/.have-$p" ] && continue
		tmp=$(mktemp -d)
		is_root && chown _apt "$tmp" 2>/dev/null
		(cd "$tmp" && "${APT[@]}" download "$p" > /dev/null 2>&1) ||
			(is_root && "${APT[@]}" update && cd "$tmp" && "${APT[@]}" download "$p") >&2 ||
			die "cannot download $p"
		dpkg -x "$tmp"/*.deb "$UNPACKED" || die "cannot unpack $p"
		basename "$tmp"/*.deb | cut -d_ -f2 > "$UNPACKED/.have-$p"
		rm -rf "$tmp"
	done
	exec 9>&-
}

# ---- user and processes ---------------------------------------------------------------------------

# pick_user : sets RUN_USER and RUN_GROUP, who the daemons run as
pick_user() {
	RUN_USER=$(id -un) RUN_GROUP=$(id -gn)
	is_root || return 0
	getent group valise-test > /dev/null || make_user || die "cannot make the user valise-test"
	RUN_USER=valise-test RUN_GROUP=valise-test
}

# make_user : by one at a time, as the first tests on a new machine begin together
make_user() (
	mkdir -p "$TEST_HOME" && exec 9> "$TEST_HOME/.user" && flock 9 || exit 1
	getent group valise-test > /dev/null ||
		useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin valise-test
)

as_user() {
	if is_root; then setpriv --reuid "$RUN_USER" --regid "$RUN_GROUP" --clear-groups -- "$@"; else "$@"; fi
}

# hand_over : give DIR to the daemons' user, who must be able to reach it (mktemp -d makes closed folders)
hand_over() {
	local d=$DIR
	is_root || return 0
	chmod 755 "$DIR"
	chown -R "$RUN_USER:$RUN_GROUP" "$DIR"
	while ! as_user test -x "$DIR"; do
		d=$(dirname "$d")
		case $d in
		/tmp/?*|/var/tmp/?*|"${TMPDIR:-/tmp}"/?*) chmod o+x "$d" ;;
		*) die "$RUN_USER cannot reach $DIR" ;;
		esac
	done
}

# start_time PID : when the process began (clock ticks since boot); with the id it names one process
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# spawn CMD... : a daemon in a session of its own, as RUN_USER, in DIR, output to DIR/out, noted in DIR/pids, and in DIR/daemons for crash
spawn() {
	local drop=()
	echo "${*@Q}" >> "$DIR/daemons"
	is_root && drop=(setpriv --reuid "$RUN_USER" --regid "$RUN_GROUP" --clear-groups --)
	(cd "$DIR" && exec setsid "${drop[@]}" "$@") >> "$DIR/out" 2>&1 < /dev/null &
	note_pid $!
}

# spawn_bound BINDS CMD... : like spawn, in a private mount namespace where each SRC:TARGET of BINDS is
# bound, for programs whose paths are compiled in. See need_root. NS_GID: another group for the daemon.
spawn_bound() {
	local binds=$1 b gid=${NS_GID:-$RUN_GROUP}
	shift
	for b in $binds; do
		if [ -d "${b%%:*}" ]; then mkdir -p "${b##*:}"; else [ -e "${b##*:}" ] || : > "${b##*:}"; fi
	done
	(cd "$DIR" && exec setsid unshare -m --propagation private bash -c '
		binds=$1; user=$2; gid=$3; shift 3
		for b in $binds; do mount --bind "${b%%:*}" "${b##*:}" || exit 1; done
		exec setpriv --reuid "$user" --regid "$gid" --clear-groups -- "$@"
	' bound "$binds" "$(id -u "$RUN_USER")" "$gid" "$@") >> "$DIR/out" 2>&1 < /dev/null &
	note_pid $!
}

note_pid() { echo "$1 $(start_time "$1")" >> "$DIR/pids"; }

# session_of ID : every process of the session ID that is not a zombie
session_of() {
	cat /proc/[0-9]*/stat 2>/dev/null | sed 's/ (.*) / /' | awk -v id="$1" '$5 == id && $2 != "Z" { print $1 }'
}

# stop_all : end the sessions noted in DIR/pids: politely, then not; never by name
stop_all() {
	local pid began i left
	[ -s "$DIR/pids" ] || return 0
	while read -r pid began; do
		# an id that now belongs to somebody else is left alone
		[ -e "/proc/$pid" ] && [ "$(start_time "$pid")" != "$began" ] && continue
		kill "$pid" 2>/dev/null
	done < "$DIR/pids"
	while read -r pid began; do
		[ -e "/proc/$pid" ] && [ "$(start_time "$pid")" != "$began" ] && continue
		for i in $(seq 150); do
			left=$(session_of "$pid")
			[ -z "$left" ] && break
			[ "$i" = 20 ] && kill $left 2>/dev/null
			[ "$i" -ge 50 ] && kill -9 $left 2>/dev/null
			sleep 0.1
		done
		[ -z "$left" ] || say "still running: $left"
	done < "$DIR/pids"
	rm -f "$DIR/pids"
	! declare -F after_stop > /dev/null || after_stop
}

# crash_all : all of it killed, then started again; for daemons that spawn began
crash_all() {
	local pid began left daemons d
	while read -r pid began; do
		[ "$(start_time "$pid")" = "$began" ] || continue
		while left=$(session_of "$pid"); [ -n "$left" ]; do kill -9 $left 2>/dev/null; done
	done < "$DIR/pids"
	mapfile -t daemons < "$DIR/daemons"
	rm -f "$DIR/pids" "$DIR/daemons"
	! declare -F after_crash > /dev/null || after_crash
	for d in "${daemons[@]}"; do eval "spawn $d"; done
	wait_ports $(sed -n 's/^[A-Z0-9]*_PORT=//p' "$DIR/env")
}

# ---- ports ----------------------------------------------------------------------------------------

listens() { cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q "$(printf ':%04X [0-9A-F]*:0000 0A' "$1")"; }

# free_slot : sets P0, the first of ten ports without a listener, below the range of outgoing ports. They are nobody else's from here on: a lock on
# descriptor 8, which the daemons inherit, keeps others from choosing them, and afterwards the name of DIR, as long as there is one.
free_slot() {
	local try p owner
	[ -n "${VALISE_TEST_PORT:-}" ] && { P0=$VALISE_TEST_PORT; return; }
	mkdir -p "$TEST_HOME/ports" || die "cannot write to $TEST_HOME"
	for try in $(seq 200); do
		P0=$((20000 + RANDOM % 1000 * 10))
		exec 8>> "$TEST_HOME/ports/$P0" && flock -n 8 || continue
		owner=$(cat "$TEST_HOME/ports/$P0")
		[ ! -e "${owner:-/nobody}/env" ] || [ "$owner" = "$DIR" ] || continue
		for p in 0 1 2 3 4 5 6 7 8 9; do listens $((P0 + p)) && continue 2; done
		echo "$DIR" > "$TEST_HOME/ports/$P0"
		return
	done
	die "no free ports between 20000 and 29999"
}

# wait_ports PORT... : until each has a listener; names the log where one has none after 120 s
wait_ports() {
	local p i
	for p in "$@"; do
		for i in $(seq 2400); do listens "$p" && continue 2; sleep 0.05; done
		tail -5 "$DIR/out" "$DIR/log" >&2 2>/dev/null
		die "no listener on port $p, see $DIR/out and $DIR/log"
	done
}

# ---- PostgreSQL -----------------------------------------------------------------------------------

# private_postgres PORT : a PostgreSQL of our own in DIR/pg, for servers that need one; whoever comes from loopback is trusted.
# psql then finds it. FRESH=1 when there is nothing in it yet. DIR has to be the daemons' already (hand_over).
private_postgres() {
	local bin i
	bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
	FRESH=
	if [ ! -d "$DIR/pg" ]; then
		FRESH=1
		(cd "$DIR" && as_user "$bin/initdb" -D "$DIR/pg" -A trust -U "$RUN_USER" -E UTF8 --locale=C.UTF-8 -N) >> "$DIR/out" 2>&1 || die "initdb failed, see $DIR/out"
	fi
	spawn "$bin/postgres" -D "$DIR/pg" -h 127.0.0.1 -p "$1" -k "" -c fsync=off
	wait_ports "$1"
	export PGHOST=127.0.0.1 PGPORT=$1 PGUSER=$RUN_USER
	for i in $(seq 100); do psql -qc 'select 1' postgres > /dev/null 2>&1 && return; sleep 0.1; done
	die "PostgreSQL takes no connection, see $DIR/out"
}

# ---- certificates ---------------------------------------------------------------------------------

# A leaf: NAME SAN CA ["expired"] makes DIR/tls/NAME.pem and NAME.key, signed by CA
tls_leaf() {
	local t=$DIR/tls name=$1 san=$2 ca=$3 until=(-days 3650)
	# since OpenSSL 3.4 a certificate of the past has to be asked for by its dates
	if [ -n "${4:-}" ]; then
		until=(-days -1)
		! openssl x509 -help 2>&1 | grep -q -- -not_after || until=(-not_before 20200101000000Z -not_after 20200201000000Z)
	fi
	printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n' "$san" > "$t/ext"
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/O=valise test/CN=$name" \
		-keyout "$t/$name.key" -out "$t/req" 2>/dev/null &&
	openssl x509 -req -in "$t/req" -CA "$t/$ca.pem" -CAkey "$t/$ca.key" -CAcreateserial "${until[@]}" \
		-extfile "$t/ext" -out "$t/$name.pem" 2>/dev/null || die "openssl could not make $name.pem"
}

tls_ca() { # NAME
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
		-subj "/O=valise test/CN=valise test $1" -keyout "$DIR/tls/$1.key" -out "$DIR/tls/$1.pem" \
		-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null ||
		die "openssl could not make $1.pem"
}

# make_tls : in DIR/tls
#   ca.pem, cert.pem + key.pem (both.pem)     the server's own, good for localhost, 127.0.0.1, 127.0.0.2, ::1
#   expired, wrongname, selfsigned, other     .pem + .key for tests of refusals; other is signed by ca2,
#   ca2.pem                                   an unrelated authority
make_tls() {
	local t=$DIR/tls good=DNS:localhost,IP:127.0.0.1,IP:127.0.0.2,IP:::1
	[ -s "$t/done" ] && return
	mkdir -p "$t"
	tls_ca ca
	tls_ca ca2
	tls_leaf cert $good ca
	tls_leaf expired $good ca expired
	tls_leaf wrongname DNS:mail.elsewhere.example ca
	tls_leaf other $good ca2
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=localhost" \
		-addext "subjectAltName=$good" -keyout "$t/selfsigned.key" -out "$t/selfsigned.pem" 2>/dev/null ||
		die "openssl could not make selfsigned.pem"
	mv "$t/cert.key" "$t/key.pem"
	cat "$t/cert.pem" "$t/key.pem" > "$t/both.pem"
	rm -f "$t/req" "$t/ext" "$t"/*.srl
	echo made > "$t/done"
}

# ---- entry ----------------------------------------------------------------------------------------

# test_users : the names of the accounts; the password of NAME is pw-NAME
test_users() { echo ${USERS:-alice bob carol dave}; }

# emit KEY=VALUE... : print, and keep in DIR/env
emit() { printf '%s\n' "$@" | tee -a "$DIR/env"; }

# emit_mail [HOST] : the lines that all mail servers have
emit_mail() {
	emit "HOST=${1:-127.0.0.1}" IMAP_PORT=$P0 IMAPS_PORT=$((P0 + 1)) POP3_PORT=$((P0 + 2)) POP3S_PORT=$((P0 + 3)) \
		"CA=$DIR/tls/ca.pem" "TLS=$DIR/tls"
}

# emit_dav CALDAV-HOME CARDDAV-HOME HTTP-PORT : %u in a home stands for the user
emit_dav() {
	local http=$3 https=$(($3 + 1))
	emit HTTP_PORT=$http HTTPS_PORT=$https DAV_URL=http://127.0.0.1:$http DAVS_URL=https://localhost:$https
	emit "CALDAV_HOME1=${1//%u/alice}" "CARDDAV_HOME1=${2//%u/alice}" "CALDAV_HOME2=${1//%u/bob}" "CARDDAV_HOME2=${2//%u/bob}"
}

server_main() {
	local cmd=${1:-}
	DIR=${2:-}
	case $cmd in
	packages|unpack) $cmd; return ;;
	esac
	[ -n "$DIR" ] || die "usage: $(basename "$0") start|stop DIR"
	case $cmd in
	start)
		mkdir -p "$DIR" && DIR=$(cd "$DIR" && pwd) || die "cannot make $DIR"
		pick_user
		stop_all
		rm -f "$DIR/out" "$DIR/daemons"
		: > "$DIR/env"
		provide
		trap 'rc=$?; [ $rc = 0 ] || stop_all; exit $rc' EXIT
		do_start
		;;
	stop)
		[ -d "$DIR" ] || return 0
		DIR=$(cd "$DIR" && pwd)
		pick_user
		stop_all
		;;
	crash)
		DIR=$(cd "$DIR" && pwd) && [ -s "$DIR/daemons" ] || die "$DIR has no server that can be started again"
		pick_user
		crash_all
		;;
	*) die "usage: $(basename "$0") start|stop|crash DIR" ;;
	esac
}
