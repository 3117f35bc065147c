#!/bin/bash
# POX Autodiscover: the four places of a domain and a host that was given, redirects, circles, hostile answers, other mailboxes, with nsd and web servers
# at the real ports; what was found is said, and credentials go to no host that nobody speaks for, before somebody agrees.
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

# ---- certificates: of all hosts but autodiscover.wrong.example, as many a web server has them
hosts=(old.example mail.old.example autodiscover.sub.example mail.sub.example redirect.example mail.hoster.test srv.example loop.example mail.loop.example err.example plain.example
	away.example refuse.example evil.example down.example deep.example archive.example wrong.example)
mkdir -p "$T/tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=ca -keyout "$T/tls/ca.key" -out "$T/tls/ca.pem" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=hosts -keyout "$T/tls/key.pem" -out "$T/tls/req" 2>/dev/null
openssl x509 -req -in "$T/tls/req" -CA "$T/tls/ca.pem" -CAkey "$T/tls/ca.key" -days 30 -out "$T/tls/cert.pem" \
	-extfile <(printf 'subjectAltName=DNS:localhost'; printf ',DNS:%s' "${hosts[@]}") 2>/dev/null

# ---- zones
mkdir -p "$T/zones"
zone() { # DOMAIN : records from standard input, relative to it
	{ printf '$TTL 60\n@ IN SOA ns hostmaster 1 60 60 60 60\n@ IN NS ns\nns IN A 127.0.0.1\n'; cat; } > "$T/zones/$1"
	printf 'zone:\n name: "%s"\n zonefile: "%s"\n' "$1" "$T/zones/$1" >> "$T/nsd.conf"
}
cat > "$T/nsd.conf" <<C
server:
 ip-address: 127.0.0.1@53
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
for d in old redirect loop err plain away refuse evil down deep archive; do zone $d.example <<<$'@ A 127.0.0.1\nmail A 127.0.0.1'; done
zone sub.example <<<$'@ A 127.0.0.1\nautodiscover A 127.0.0.1\nmail A 127.0.0.1'
zone http.example <<<'autodiscover A 127.0.0.1'
zone wrong.example <<<$'autodiscover A 127.0.0.1\n_autodiscover._tcp SRV 0 0 443 wrong.example.\n@ A 127.0.0.1'
zone srv.example <<<'_autodiscover._tcp SRV 0 0 443 mail.hoster.test.'
zone nothing.example <<<'_autodiscover._tcp SRV 0 0 0 .'
zone hoster.test <<<'mail A 127.0.0.1'
/usr/sbin/nsd -d -c "$T/nsd.conf" 2> "$T/nsd.err" &
daemons+=($!)

# ---- answers
RESPONSE='<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"><Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">'
settings() { # URL DN [MORE] : an answer
	printf '%s<User><LegacyDN>%s</LegacyDN></User><Account><Action>settings</Action><Protocol Type="mapiHttp"><MailStore><ExternalUrl>%s</ExternalUrl></MailStore></Protocol>%s</Account></Response></Autodiscover>' "$RESPONSE" "$2" "$1" "${3:-}"
}
DN=/o=Old/ou=x/cn=Recipients/cn=alice
settings "https://mail.old.example/mapi/emsmdb/?MailboxId=1@old.example" "$DN" > "$T/old"
settings "https://mail.sub.example/mapi/emsmdb/?MailboxId=1@sub.example" "$DN" > "$T/sub"
settings "https://mail.hoster.test/mapi/emsmdb/?MailboxId=1@hoster.test" "$DN" > "$T/hoster"
settings "https://mail.archive.example/mapi/emsmdb/?MailboxId=1@archive.example" "$DN" \
	'<AlternativeMailbox><Type>Archive</Type><LegacyDN>/o=Old/cn=alice/guid=2</LegacyDN><Server>2@archive.example</Server></AlternativeMailbox>' > "$T/archive"
printf '%s<Account><Action>redirectAddr</Action><RedirectAddr>alice@old.example</RedirectAddr></Account></Response></Autodiscover>' "$RESPONSE" > "$T/redirect"
printf '%s<Account><Action>redirectUrl</Action><RedirectUrl>https://mail.loop.example/autodiscover/autodiscover.xml</RedirectUrl></Account></Response></Autodiscover>' "$RESPONSE" > "$T/loop"
printf '%s<Account><Action>redirectUrl</Action><RedirectUrl>http://mail.old.example/autodiscover/autodiscover.xml</RedirectUrl></Account></Response></Autodiscover>' "$RESPONSE" > "$T/down"
printf '%s<Error Time="0" Id="1"><ErrorCode>500</ErrorCode><Message>The email address cannot be found.\x1b[2J</Message></Error></Response></Autodiscover>' "$RESPONSE" | tr -d '\033' > "$T/error.xml"
printf '%s<User><LegacyDN>/o=a</LegacyDN></User><Account><Protocol><Type>EXCH</Type></Protocol></Account></Response></Autodiscover>' "$RESPONSE" > "$T/plain"
printf '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><Autodiscover><Response>&b;</Response></Autodiscover>' > "$T/evil"
{ for i in $(seq 5000); do printf '<a>'; done; } > "$T/deep"
cat > "$T/table.json" <<J
{"https://old.example": [200, null, "$T/old", "auth"], "https://mail.old.example": [200, null, "$T/old", "auth"],
 "https://sub.example": [200, null, "$T/tls/ca.pem", ""], "https://autodiscover.sub.example": [200, null, "$T/sub", "auth"],
 "http://autodiscover.http.example": [302, "https://mail.hoster.test/autodiscover/autodiscover.xml", null, ""],
 "http://autodiscover.wrong.example": [302, "http://mail.hoster.test/autodiscover/autodiscover.xml", null, ""],
 "https://mail.hoster.test": [200, null, "$T/hoster", "auth"], "https://redirect.example": [200, null, "$T/redirect", "auth"],
 "https://loop.example": [302, "https://mail.loop.example/autodiscover/autodiscover.xml", null, "auth"], "https://mail.loop.example": [200, null, "$T/loop", "auth"],
 "https://err.example": [200, null, "$T/error.xml", "auth"], "https://plain.example": [200, null, "$T/plain", "auth"], "https://away.example": [200, null, "$T/hoster", "auth"],
 "https://refuse.example": [401, null, null, "auth"], "https://evil.example": [200, null, "$T/evil", "auth"], "https://down.example": [200, null, "$T/down", "auth"],
 "https://deep.example": [200, null, "$T/deep", "auth"], "https://archive.example": [200, null, "$T/archive", "auth"]}
J
"$SERVERS/posthost.py" "$T/table.json" "$T/log" --cert "$T/tls/cert.pem" --key "$T/tls/key.pem" > "$T/web.port" &
daemons+=($!)
for _ in $(seq 2400); do grep -q PORT "$T/web.port" && [ -s "$T/nsd.pid" ] && break; sleep 0.05; done

# find CODE ARG... : what is behind it is no server of MAPI, so the run fails (1) where a mailbox was found
find_it() {
	local want=$1
	shift
	: > "$T/log"
	run "$want" "$VALISE" check --ca-file "$T/tls/ca.pem" --password-command 'echo pw-alice' --user alice --timeout 5 "$@"
}
found() { says "^[^ ]*: mapi: $1 \(told by $2\)$"; }
# asked LINES : these requests of Autodiscover, in this order, and no other; of MAPI itself nothing is asked here
asked() { grep autodiscover.xml "$T/log" > "$T/got" || true; printf "$1" > "$T/want"; same "$T/want" "$T/got"; }
never() { ! grep -E "$1" "$T/log" || fail "$1"; }

say "the domain itself; where a web server is that knows nothing, autodiscover.DOMAIN"
find_it 1 --mapi alice@old.example
found 'https://mail.old.example/mapi/emsmdb/\?MailboxId=1@old.example' https://old.example/autodiscover/autodiscover.xml
asked 'POST https://old.example/autodiscover/autodiscover.xml - alice@old.example\nPOST https://old.example/autodiscover/autodiscover.xml alice alice@old.example\n'
find_it 1 --mapi alice@sub.example
found 'https://mail.sub.example/mapi/emsmdb/\?MailboxId=1@sub.example' https://autodiscover.sub.example/autodiscover/autodiscover.xml
never 'https://sub.example/.* alice '
find_it 1 --mapi alice@old.example --mapi-mailbox bob@old.example
grep -q ' alice bob@old.example$' "$T/log" || fail "bob was not asked for"

say "a host that was given"
find_it 1 --mapi mail.old.example --mapi-mailbox alice@old.example
asked 'POST https://mail.old.example/autodiscover/autodiscover.xml - alice@old.example\nPOST https://mail.old.example/autodiscover/autodiscover.xml alice alice@old.example\n'
find_it 2 --mapi mail.old.example
says 'whose mailbox\? alice is no address'
[ ! -s "$T/log" ] || fail "it was asked"
find_it 1 --mapi 'https://mail.old.example/mapi/emsmdb/?MailboxId=9@x' --mapi-mailbox /o=x/cn=alice
asked ''

say "a redirect without TLS, and the DNS: nobody unasked"
find_it 2 --mapi alice@http.example
says 'mail.hoster.test \(mapi\) would get the password of alice, and nothing speaks for it but a redirect that came without TLS: give --yes if it may, or write into accounts.ini: mapi = mail.hoster.test'
grep -q '^GET http://autodiscover.http.example/autodiscover/autodiscover.xml - -$' "$T/log" || fail "no redirect was asked for"
never 'hoster.test'
find_it 1 --mapi alice@http.example --yes
found 'https://mail.hoster.test/mapi/emsmdb/\?MailboxId=1@hoster.test' https://mail.hoster.test/autodiscover/autodiscover.xml
find_it 1 --mapi mail.hoster.test --mapi-mailbox alice@http.example
found 'https://mail.hoster.test/mapi/emsmdb/\?MailboxId=1@hoster.test' https://mail.hoster.test/autodiscover/autodiscover.xml
find_it 2 --mapi alice@srv.example
says "mail.hoster.test \(mapi\) would get the password of alice, and nothing but its domain.s DNS names it"
never .
find_it 1 --mapi alice@srv.example --yes
found 'https://mail.hoster.test/mapi/emsmdb/\?MailboxId=1@hoster.test' https://mail.hoster.test/autodiscover/autodiscover.xml
find_it 1 --mapi alice@wrong.example
says 'Autodiscover of alice@wrong.example: autodiscover.wrong.example: the certificate is for another name'
never 'POST https://autodiscover.wrong.example|hoster.test'

say "another address, another URL, another host for the mailbox"
find_it 2 --mapi alice@redirect.example
says 'old.example \(mapi\) would get the password .*a server of its domain says that the mailbox is there.*mapi = alice@old.example'
never 'https://old.example'
find_it 1 --mapi alice@redirect.example --yes
found 'https://mail.old.example/.*' https://old.example/autodiscover/autodiscover.xml
find_it 2 --mapi alice@away.example
says 'mail.hoster.test \(mapi\).*mapi = https://mail.hoster.test/mapi/emsmdb/\?MailboxId=1@hoster.test'
never hoster
find_it 1 --mapi alice@away.example --yes
find_it 1 --mapi alice@loop.example
says 'one redirect leads to another without end'
find_it 1 --mapi alice@down.example
says 'without TLS: refused'
never '^[A-Z]* http://'

say "no mailbox, no MAPI, a refused sign-in, hostile answers, nobody"
find_it 1 --mapi alice@err.example
says 'says: 500: The email address cannot be found'
find_it 1 --mapi alice@plain.example
says 'knows alice@plain.example, but says nothing of MAPI over HTTP'
find_it 12 --mapi alice@refuse.example
says 'refused the sign-in as alice'
[ "$(grep -c ' alice ' "$T/log")" = 1 ] || fail "the password was tried again"
for d in evil deep nothing; do
	find_it 1 --mapi alice@$d.example
	says "nobody answers Autodiscover of alice@$d.example"
done

say "an archive mailbox; beside other services a mailbox that is not found costs itself alone"
find_it 1 --mapi alice@archive.example
run 1 "$VALISE" fetch -t "$T/t" --mapi alice@old.example --archive-mailbox --ca-file "$T/tls/ca.pem" --password-command 'echo pw-alice' --timeout 5 --user alice
says 'note: alice@old.example has no archive mailbox'
run 1 "$VALISE" check --mapi alice@nothing.example --caldav https://mail.old.example/ --user alice --ca-file "$T/tls/ca.pem" --password-command 'echo pw-alice' --timeout 5
says 'nobody answers Autodiscover'
says 'caldav|mail.old.example/'

say "events"
run 1 "$VALISE" check --json --mapi alice@old.example --user alice --ca-file "$T/tls/ca.pem" --password-command 'echo pw-alice' --timeout 5
grep -q '"by":"autodiscover","event":"found","service":"mapi","state":"found","trust":"domain"' "$T/out" || fail "no event"
$PYTHON - "$T/out" "$HERE/../docs/valise.schema.json" <<'P' || fail "a line that the schema does not know"
import json, sys
import jsonschema
schema = json.load(open(sys.argv[2], encoding="utf-8"))
for line in open(sys.argv[1], encoding="utf-8"):
    jsonschema.validate(json.loads(line), schema)
P
say ok
