#!/bin/bash
# By address: SRV, TXT, MX, autoconfig and .well-known, with nsd and web servers at the real ports, Dovecot and Radicale behind; what was
# found is said, and no password goes to a host that nothing speaks for.
# Needs root: a network and mount namespace of its own.
. "$(dirname "$0")/../lib.sh"

unshared "${1:-}" -n -m
ip link set lo up
echo '127.0.0.1 localhost' > "$T/hosts"
echo 'nameserver 127.0.0.1' > "$T/resolv.conf"
mount --bind "$T/hosts" /etc/hosts
mount --bind "$T/resolv.conf" /etc/resolv.conf
daemons=()
trap 'rc=$?; kill "${daemons[@]}" 2>/dev/null || true; wait "${daemons[@]}" 2>/dev/null || true; finish $rc' EXIT

# ---- certificates of one authority, for all hosts there are
names=(mail.old.example dav.old.example mail.new.example autoconfig.auto.example mail.auto.example autoconfig.plain.example mail.plain.example
	autoconfig.wordy.example busy.example mail.busy.example mail.shut.example autoconfig.tired.example wk.example dav.wk.example mail.hoster.test prio.example mail.prio.example mail.cut.example mail.wrongtxt.example xn--bcher-kva.example mail.xn--bcher-kva.example)
mkdir -p "$T/tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=ca -keyout "$T/tls/ca.key" -out "$T/tls/ca.pem" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=hosts -keyout "$T/tls/key.pem" -out "$T/tls/req" 2>/dev/null
openssl x509 -req -in "$T/tls/req" -CA "$T/tls/ca.pem" -CAkey "$T/tls/ca.key" -days 30 -out "$T/tls/cert.pem" \
	-extfile <(printf 'subjectAltName=DNS:localhost'; printf ',DNS:%s' "${names[@]}") 2>/dev/null
cat "$T/tls/cert.pem" "$T/tls/key.pem" > "$T/tls/both.pem"
echo made > "$T/tls/done"

users="alice@old.example bob@new.example carl"
launch M dovecot "USERS=$users"
launch R radicale "USERS=$users"
landed M R
for i in 1 2 3; do printf 'Message-ID: <%s@old.example>\nSubject: number %s\n\nbody\n' $i $i > "$T/m"; "$TOOLS/imaptool.py" "$T/M/env" alice@old.example append INBOX "$T/m"; done
dav() { curl -sf --cacert "$T/tls/ca.pem" --resolve "dav.old.example:$R_HTTPS_PORT:127.0.0.1" -u "$1:pw-$1" "https://dav.old.example:$R_HTTPS_PORT$2" "${@:3}" >/dev/null; }
for who in alice@old.example bob@new.example; do
	dav $who "/$who/work/" -X MKCALENDAR
	dav $who "/$who/friends/" -X MKCOL -H 'Content-Type: application/xml' -d '<mkcol xmlns="DAV:"><set><prop><resourcetype><collection/><addressbook xmlns="urn:ietf:params:xml:ns:carddav"/></resourcetype></prop></set></mkcol>'
done
dav alice@old.example /alice@old.example/work/e.ics -X PUT -H 'Content-Type: text/calendar' --data-binary $'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:e\r\nDTSTAMP:20240101T000000Z\r\nDTSTART:20240101T000000Z\r\nSUMMARY:s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n'
dav alice@old.example /alice@old.example/friends/c.vcf -X PUT -H 'Content-Type: text/vcard' --data-binary $'BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c\r\nFN:C\r\nN:C;;;;\r\nEND:VCARD\r\n'

# ---- zones
mkdir -p "$T/zones"
zone() { # DOMAIN : records from standard input, relative to it
	{ printf '$TTL 60\n@ IN SOA ns hostmaster 1 60 60 60 60\n@ IN NS ns\nns IN A 127.0.0.1\n'; cat; } > "$T/zones/$1"
	printf 'zone:\n name: "%s"\n zonefile: "%s"\n' "$1" "$T/zones/$1" >> "$T/nsd.conf"
}
cat > "$T/nsd.conf" <<C
server:
 ip-address: 127.0.0.1@53
 ip-address: 127.0.0.1@5300
 username: ""
 zonesdir: "$T/zones"
 pidfile: "$T/nsd.pid"
 logfile: "$T/nsd.log"
 zonelistfile: "$T/zone.list"
 xfrdfile: "$T/xfrd.state"
 xfrdir: "$T"
 server-count: 1
remote-control:
 control-enable: no
C
zone old.example <<Z
mail A 127.0.0.1
dav A 127.0.0.1
_imaps._tcp SRV 0 1 $M_IMAPS_PORT mail
_imap._tcp SRV 0 1 $M_IMAP_PORT mail
_pop3s._tcp SRV 0 0 0 .
_caldavs._tcp SRV 0 1 $R_HTTPS_PORT dav
_caldavs._tcp TXT "path=/"
_carddavs._tcp CNAME _caldavs._tcp
Z
zone new.example <<Z
mail A 127.0.0.1
_imap._tcp SRV 0 1 $M_IMAP_PORT mail
_imaps._tcp SRV 0 0 0 .
_pop3s._tcp SRV 0 1 $M_POP3S_PORT mail
_caldavs._tcp SRV 0 1 $R_HTTPS_PORT dav.old.example.
_carddavs._tcp SRV 0 1 $R_HTTPS_PORT dav.old.example.
Z
zone auto.example <<<$'mail A 127.0.0.1\nautoconfig A 127.0.0.1'
zone wordy.example <<<'autoconfig A 127.0.0.1'
zone evil.example <<<'autoconfig A 127.0.0.1'
zone plain.example <<<$'mail A 127.0.0.1\nautoconfig A 127.0.0.1'
zone wk.example <<<$'@ A 127.0.0.1\ndav A 127.0.0.1'
zone busy.example <<<$"@ A 127.0.0.1
mail A 127.0.0.1
_imaps._tcp SRV 0 1 $M_IMAPS_PORT mail"
zone tired.example <<<'autoconfig A 127.0.0.1'
zone shut.example <<<$"@ A 127.0.0.2
mail A 127.0.0.1
_imaps._tcp SRV 0 1 $M_IMAPS_PORT mail"
zone deaf.example <<<$'@ A 127.0.0.3\nautoconfig A 127.0.0.3'
zone hoster.test <<<'mail A 127.0.0.1'
zone foreign.example <<<"_imaps._tcp SRV 0 1 $M_IMAPS_PORT mail.hoster.test."
zone hosted.example <<<'@ MX 10 mx1.hoster.test.'
zone null.example <<<"$(for s in imap imaps pop3 pop3s caldav caldavs carddav carddavs; do echo "_$s._tcp SRV 0 0 0 ."; done)"
zone loop.example <<<$'_imaps._tcp CNAME a\na CNAME b\nb CNAME a'
zone prio.example <<<$"mail A 127.0.0.1
_imaps._tcp SRV 5 1 1 mail
_imaps._tcp SRV 9 1 $M_IMAPS_PORT mail"
zone cut.example <<<"$(echo "mail A 127.0.0.1"; echo "_imaps._tcp SRV 0 1 $M_IMAPS_PORT mail"; for i in $(seq 60); do echo "_imaps._tcp SRV 9 1 99 a-name-of-some-length-$i"; done)"
zone wrongtxt.example <<Z
mail A 127.0.0.1
_caldavs._tcp SRV 0 1 $R_HTTPS_PORT mail
_caldavs._tcp TXT "path=https://evil.example/"
Z
zone hostile.example <<'Z'
_imaps._tcp SRV 0 1 993 ev\027[2Jil
Z
zone xn--bcher-kva.example <<<$"mail A 127.0.0.1
_imaps._tcp SRV 0 1 $M_IMAPS_PORT mail"
printf 'zone:\n name: "broken.example"\n zonefile: "%s"\n' "$T/zones/none" >> "$T/nsd.conf"
/usr/sbin/nsd -d -c "$T/nsd.conf" 2> "$T/nsd.err" &
daemons+=($!)

# ---- web servers
web() { mkdir -p "$(dirname "$T/web/$1")"; cat > "$T/web/$1"; }
web https/autoconfig.auto.example/mail/config-v1.1.xml <<Z
<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="auto.example"><domain>auto.example</domain>
<incomingServer type="pop3"><hostname>mail.auto.example</hostname><port>$M_POP3S_PORT</port><socketType>SSL</socketType><username>%EMAILLOCALPART%</username></incomingServer>
<incomingServer type="imap"><hostname>mail.%EMAILDOMAIN%</hostname><port>$M_IMAP_PORT</port><socketType>STARTTLS</socketType><username>%EMAILLOCALPART%</username></incomingServer>
</emailProvider></clientConfig>
Z
web http/autoconfig.plain.example/mail/config-v1.1.xml <<Z
<clientConfig version="1.1"><emailProvider id="plain.example">
<incomingServer type="imap"><hostname>mail.plain.example</hostname><port>$M_IMAPS_PORT</port><socketType>SSL</socketType><username>%EMAILLOCALPART%</username></incomingServer>
</emailProvider></clientConfig>
Z
web http/autoconfig.evil.example/mail/config-v1.1.xml <<Z
<clientConfig version="1.1"><emailProvider id="evil.example">
<incomingServer type="imap"><hostname>imap.gmail.com</hostname><port>993</port><socketType>SSL</socketType><username>mallory@gmail.com</username></incomingServer>
</emailProvider></clientConfig>
Z
web https/autoconfig.wordy.example/mail/config-v1.1.xml <<Z
<clientConfig version="1.1"><emailProvider id="wordy.example">
<incomingServer type="imap"><hostname>mail.hoster.test</hostname><port>993</port><socketType>SSL</socketType><username>$(printf 'a%.0s' $(seq 500))</username></incomingServer>
</emailProvider></clientConfig>
Z
web https/busy.example/.well-known/caldav.status <<<503
web https/autoconfig.tired.example/mail/config-v1.1.xml.status <<<429
web https/wk.example/.well-known/caldav.status <<<"301 https://dav.wk.example:$R_HTTPS_PORT/"
"$SERVERS/webhost.py" "$T/web" --cert "$T/tls/cert.pem" --key "$T/tls/key.pem" > "$T/web.port" &
daemons+=($!)
for _ in $(seq 2400); do grep -q PORT "$T/web.port" && [ -s "$T/nsd.pid" ] && break; sleep 0.05; done

v() { # EXPECTED COMMAND ADDRESS ARG... : valise about it, with the password of its user
	local want=$1 command=$2 who=$3
	shift 3
	run "$want" "$VALISE" "$command" "${ARCHIVE[@]}" "$who" --ca-file "$T/tls/ca.pem" --password-command "echo pw-${USER_AS:-$who}" "$@"
}
ARCHIVE=()
silent() { ! says_quietly "$1" || { cat "$T/out" "$T/err"; fail "it said: $1"; }; }
says_quietly() { grep -qE -- "$1" "$T/out" "$T/err"; }

say "SRV and TXT: a whole backup by address alone"
v 0 backup alice@old.example -o "$T/a"
says "^alice@old.example: imap: imaps://mail.old.example:$M_IMAPS_PORT \(SRV record _imaps._tcp.old.example; its host is of the address's domain\)$"
says '^alice@old.example: pop3: not found: the domain says that it has none'
says "^alice@old.example: caldav: https://dav.old.example:$R_HTTPS_PORT/ \(SRV record"
says "^alice@old.example: carddav: https://dav.old.example:$R_HTTPS_PORT/ \(SRV record"
says '3 messages in .*1 resource in 1 calendar, 1 card in 1 address book'
v 0 backup alice@old.example -o "$T/a" -q
[ ! -s "$T/out" ] && [ ! -s "$T/err" ] || fail "-q said something"
"$VALISE" verify "$T/a" > /dev/null
run 0 "$VALISE" backup alice@old.example -o "$T/a" --ca-file "$T/tls/ca.pem" --password-command 'echo pw-alice@old.example' --json
grep -q '"by":"srv".*"event":"found".*"service":"imap".*"trust":"domain"' "$T/out" || fail "no event"
$PYTHON - "$T/out" "$HERE/../docs/valise.schema.json" <<'P' || fail "a line that the schema does not know"
import json, sys
import jsonschema
schema = json.load(open(sys.argv[2], encoding="utf-8"))
for line in open(sys.argv[1], encoding="utf-8"):
    jsonschema.validate(json.loads(line), schema)
P

say "restore by address; a host of another domain is asked about"
ARCHIVE=("$T/a")
v 2 restore bob@new.example
says 'dav.old.example \(caldav, carddav\) would get the password of bob@new.example.*--yes'
v 0 restore bob@new.example --yes
says "imap: imap://mail.new.example:$M_IMAP_PORT "
silent 'pop3'
says '5 items in .* 5 added'
ARCHIVE=()
v 0 check bob@new.example --yes
says "pop3: pop3s://mail.new.example:$M_POP3S_PORT, not read"

say "a foreign host: refused without an answer, not asked about with --yes or where the user names it"
USER_AS=alice@old.example
v 2 check x@foreign.example --user $USER_AS
says 'mail.hoster.test \(imap\) would get the password of x@foreign.example.*neither of the address.s domain nor in the table.*--yes'
v 0 check x@foreign.example --user $USER_AS --yes
says 'signed in as alice@old.example: 3 items'
v 0 check x@foreign.example --user $USER_AS --imap "imaps://mail.hoster.test:$M_IMAPS_PORT"
silent 'SRV|not found'
v 0 check x@old.example --user $USER_AS --imap "imaps://mail.hoster.test:$M_IMAPS_PORT" --yes
says "x@old.example: caldav: https://dav.old.example"
silent 'x@old.example: imap'
cat > "$T/ask.py" <<'P'
import os, pty, sys
word, argv = sys.argv[1], sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execv(argv[0], argv)
text = b""
while True:
    try:
        got = os.read(fd, 4096)
    except OSError:
        break
    if not got:
        break
    asked = b"[y/N]" in text
    text += got
    if b"[y/N]" in text and not asked:
        os.write(fd, word.encode() + b"\n")
sys.stdout.buffer.write(text)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
P
run 2 $PYTHON "$T/ask.py" n "$VALISE" check x@foreign.example --user $USER_AS --ca-file "$T/tls/ca.pem" --password-command "touch $T/asked; echo pw-$USER_AS"
says 'mail.hoster.test gets no password'
[ ! -e "$T/asked" ] || fail "the password was asked for before the answer"
run 0 $PYTHON "$T/ask.py" y "$VALISE" check x@foreign.example --user $USER_AS --ca-file "$T/tls/ca.pem" --password-command "echo pw-$USER_AS"

say "the user's own providers.ini speaks for a host, by the MX of a domain or by the domain itself"
mkdir -p "$T/config/valise"
printf '[hoster]\nname = The Hoster\nmx = hoster.test\nimap = imaps://mail.hoster.test:%s\nlimits = No more than 5 a day.\n' "$M_IMAPS_PORT" > "$T/config/valise/providers.ini"
v 0 check x@hosted.example --user $USER_AS
says 'x@hosted.example: imap: imaps://mail.hoster.test:[0-9]+ \(The Hoster, whose servers take the mail of hosted.example \(MX mx1.hoster.test\); its host is known by the table'
says 'pop3: not found: The Hoster has none'
says 'No more than 5 a day'
v 0 check x@foreign.example --user $USER_AS
says 'its host is known by the table'
rm "$T/config/valise/providers.ini"
v 1 check x@gmail.com
says 'x@gmail.com: imap: imaps://imap.gmail.com \(Google, in the table of providers\)$'
says 'app password, which is made at https://myaccount'
says 'Google lets 2,500 MB'
v 2 check x@proton.me
says 'imap: not found: Proton has none: Proton has IMAP only through Proton Mail Bridge'

say "autoconfig over https, with TLS of our authority; over http it is said"
USER_AS=carl
v 0 check carl@auto.example
says 'imap: imap://mail.auto.example:[0-9]+ \(autoconfig of https://autoconfig.auto.example/mail/config-v1.1.xml\?emailaddress=carl%40auto.example'
says 'signed in as carl:'
v 2 check carl@plain.example
says 'mail.plain.example \(imap\) would get the password of carl, and it was said without TLS'
v 0 check carl@plain.example --yes
says 'http://autoconfig.plain.example/mail/config-v1.1.xml came without TLS'
v 2 check x@evil.example
says 'imap.gmail.com \(imap\) would get the password of x@evil.example, and it was said without TLS'
! grep -q '^GET http:.*emailaddress' "$T/web/log" || fail "the address went out without TLS"
run 1 "$VALISE" check carl@auto.example
says 'imap is not known: https://autoconfig.auto.example/.* could not be asked: .*certificate'

say "a question is whole, whatever others chose in it"
run 2 $PYTHON "$T/ask.py" n "$VALISE" check carl@wordy.example --ca-file "$T/tls/ca.pem" --password-command 'echo x'
says 'mail.hoster.test \(imap\) would get the password of a{77}\.\.\.; its host is neither of .*\(autoconfig of https://autoconfig\.wordy.*Go on\? \[y/N\]'

say ".well-known"
USER_AS=alice@old.example
v 0 check x@wk.example --user $USER_AS
says "caldav: https://dav.wk.example:$R_HTTPS_PORT/ \(https://wk.example/.well-known/caldav"
says 'imap: not found: the domain has no SRV record for it, no autoconfig that names it'
says 'carddav: not found'
! grep -v ' - [0-9]*$' "$T/web/log" || fail "a sign-in went to a web server"

say "what is not there is said, what is not known ends the run"
v 2 check x@null.example
for s in imap pop3 caldav carddav; do says "$s: not found: the domain says that it has none"; done
says 'nothing was found for x@null.example'
v 1 check x@loop.example
says 'whether x@loop.example has imap is not known: _imaps._tcp.loop.example could not be looked up:.*CNAME'
v 1 check x@broken.example
says 'imap is not known: .*SERVFAIL'
silent 'imap: not found'
v 1 check x@unknown.test
says 'REFUSED'

say "a web server that fails has not said that there is nothing; one that is not there has"
v 1 check x@busy.example --user $USER_AS
says 'caldav is not known: https://busy.example/.well-known/caldav could not be asked: it answers HTTP 503; try again later'
silent 'caldav: not found'
v 0 backup x@busy.example -o "$T/busy" --user $USER_AS --only mail
v 1 check x@tired.example
says 'imap is not known: https://autoconfig.tired.example/.* could not be asked: it answers HTTP 429'
v 0 check x@shut.example --user $USER_AS
says 'caldav: not found'
$PYTHON - "$T/deaf" <<'P' &
import os, select, socket, sys
servers = [socket.create_server(("127.0.0.3", port)) for port in (80, 443)]
os.close(os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY))
taken = []
while True:
    for s in select.select(servers, [], [])[0]:
        taken.append(s.accept()[0])
        with open(sys.argv[1], "a") as f:
            f.write("taken\n")
P
daemons+=($!)
for _ in $(seq 2400); do [ -e "$T/deaf" ] && break; sleep 0.05; done
v 1 check x@deaf.example --timeout 1
says 'imap is not known: https://autoconfig.deaf.example/.* could not be asked'
[ "$(wc -l < "$T/deaf")" = 2 ] || fail "a host that does not answer was asked again: $(wc -l < "$T/deaf")"

say "several records: by priority, whoever can be reached; cut answers over TCP; wrong TXT; no host"
v 0 check x@prio.example --user $USER_AS
says 'mail.prio.example port 1 takes no connection'
v 0 check x@cut.example --user $USER_AS
says "imap: imaps://mail.cut.example:$M_IMAPS_PORT "
v 0 check x@wrongtxt.example --user $USER_AS
says 'its TXT record names what is no path, "https://evil.example/": passed over'
says "caldav: https://mail.wrongtxt.example:$R_HTTPS_PORT/ "
v 2 check x@hostile.example
says 'it names what is no host, "ev\\027\[2jil.hostile.example": passed over'
! grep -q $'\033' "$T/out" "$T/err" || fail "raw octets on the terminal"
v 0 check x@bücher.example --user $USER_AS
says "imap: imaps://mail.xn--bcher-kva.example:$M_IMAPS_PORT "

say "--nameserver, also for the hosts themselves; one that does not answer is said"
echo 'nameserver 127.0.0.99' > "$T/resolv.conf"
v 1 check alice@old.example
says 'name server 127.0.0.99: it cannot be reached'
v 0 check alice@old.example --nameserver 127.0.0.1:5300
says 'imap: signed in as alice@old.example: 3 items'
says 'caldav: signed in'
$PYTHON - "$T/asked.times" <<'P' &
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 5301))
open(sys.argv[1], "w").close()
while s.recv(4096):
    with open(sys.argv[1], "a") as f:
        f.write("asked\n")
P
daemons+=($!)
for _ in $(seq 2400); do [ -e "$T/asked.times" ] && break; sleep 0.05; done
v 1 check alice@old.example --nameserver 127.0.0.1:5301 --timeout 1
says 'name server 127.0.0.1 port 5301: it does not answer'
[ "$(wc -l < "$T/asked.times")" = 2 ] || fail "asked more often than twice: $(wc -l < "$T/asked.times")"
v 2 check alice@old.example --nameserver 127.0.0.1:x
says 'a name server is HOST:PORT'
