#!/usr/bin/python3
"""valise dns, against nsd and knot as the servers of 25 zones, below a parent zone, and unbound as the resolver that validates: what is as it is to be, on its way,
old, or wrong in each way that docs/DNS.md names, with the next step, the exit code and JSON; nothing of a hostile zone reaches a terminal as it is.
Needs root: a network and mount namespace of its own."""
import base64
import calendar
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.dont_write_bytecode = True
from lib import TESTS, VALISE, environment, expect  # noqa: E402
from cases_target import Alike, Target  # noqa: E402
import jsonschema  # noqa: E402

NSD, KNOT, ODD, PARENT, RESOLVER = "127.0.0.2", "127.0.0.3", "127.0.0.5", "127.0.0.10", "127.0.0.1"
with open(os.path.join(os.environ.get("TESTED_SOURCE", os.path.dirname(TESTS)), "docs/valise.schema.json")) as f:
    SCHEMA = jsonschema.Draft202012Validator(json.load(f))


def rsa(bits):
    der = subprocess.run("openssl genrsa %d 2>/dev/null | openssl rsa -pubout -outform DER 2>/dev/null" % bits, shell=True, check=True, capture_output=True).stdout
    return base64.b64encode(der).decode()


def txt(text):
    return " ".join('"%s"' % text[i:i + 250].replace("\\", "\\\\").replace('"', '\\"') for i in range(0, len(text), 250))


GOOD = """@ 3600 MX 10 mx1.new.example.
@ TXT "v=spf1 include:spf.new.example -all"
_dmarc TXT "v=DMARC1; p=none"
"""
KEY, SMALL = rsa(2048), rsa(768)
ED = base64.b64encode(bytes(range(32))).decode()


def key(text):
    return GOOD + "s1._domainkey TXT " + txt(text) + "\n"


# name: what nsd has, and what knot has where that is something else
ZONES = {
    "good": GOOD + """@ TXT "proof=1"
@ TXT "proof=2"
s1._domainkey TXT %s
ed._domainkey TXT "v=DKIM1; k=ed25519; p=%s"
new1._domainkey CNAME key.new.example.
_mta-sts TXT "v=STSv1; id=20260101"
mta-sts A 192.0.2.7
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:t@new.example"
autoconfig CNAME auto.new.example.
autodiscover CNAME auto.new.example.
_imaps._tcp SRV 0 1 993 mail.new.example.
_pop3s._tcp SRV 0 0 0 .
_caldavs._tcp SRV 0 1 443 mail.new.example.
""" % (txt("v=DKIM1; k=rsa; p=" + KEY), ED),
    "stay": """@ 300 MX 10 mx1.old.example.
@ TXT "v=spf1 include:spf.old.example -all"
_dmarc TXT "v=DMARC1; p=none; rua=mailto:d@old.example"
autoconfig CNAME auto.old.example.
_imaps._tcp SRV 0 1 993 mail.old.example.
""",
    "slow": (GOOD, GOOD.replace("mx1.new", "mx1.old")),
    "split": (GOOD, GOOD.replace("mx1.new", "mx1.old")),
    "serial": GOOD,
    "moved": (GOOD.replace("mx1.new", "mx1.old"), GOOD),
    "cached": GOOD.replace("new.", "old."),
    "carried": GOOD.replace("new.", "old."),
    "lame": (GOOD, None),  # None: it has no such zone
    "silent": GOOD,
    "lost": GOOD,
    "nobody": (None, None),
    "twospf": GOOD + '@ TXT "v=spf1 mx -all"\n',
    "deep": GOOD.replace("spf.new", "d1.spf.new"),
    "loop": GOOD.replace("include:spf.new.example", "include:loop.example"),
    "void": GOOD.replace("include:spf.new.example", "a:v1.new.example a:v2.new.example mx:v3.new.example"),
    "badspf": GOOD.replace("include:spf.new.example", "ipv4:192.0.2.1"),
    "hop": GOOD.replace("include:spf.new.example -all", "redirect=hop2.spf.new.example"),
    "mxcname": GOOD.replace("mx1.new", "alias.new"),
    "mxnone": GOOD.replace("mx1.new", "nobody.new"),
    "mxempty": GOOD.replace("mx1.new", "txt.new"),
    "mxaddress": GOOD.replace("mx1.new.example.", "192.0.2.1."),
    "nullmx": GOOD.replace("10 mx1.new.example.", "0 ."),
    "nomx": GOOD.split("\n", 1)[1],
    "dkim": key("v=DKIM1; k=rsa; p=bm8ga2V5"),
    "revoked": key("v=DKIM1; p="),
    "small": key("v=DKIM1; p=" + SMALL),
    "dmarc": GOOD.replace("; p=none", "; rua=mailto:d@new.example"),
    "twodmarc": GOOD + '_dmarc TXT "v=DMARC1; p=reject"\n',
    "mtasts": GOOD + '_mta-sts TXT "v=STSv1; id=not-good"\n',
    "away": "@ MX 10 mx.elsewhere.test.\nautoconfig CNAME auto.elsewhere.test.\n",
    "wild": GOOD + "* CNAME mail.new.example.\n",
    "nowhere": GOOD + "autoconfig CNAME gone.new.example.\n",
    "srv": GOOD + "_imaps._tcp SRV 0 1 993 nobody.new.example.\n",
    "hostile": GOOD.replace("include:spf.new.example", r"\027]0;x\226\128\174") + r'''_dmarc TXT "v=DMARC1; p=none; rua=mailto:<script>\027[2Jx\194\155\226\128\174"
@ MX 20 ev\027\;il.new.example.
''',
}
BARE = {"signed": GOOD, "bogus": GOOD}  # knot alone has them, and signs
NEW = """@ MX 10 mx1
mx1 A 192.0.2.1
mail A 192.0.2.2
auto A 192.0.2.3
key TXT %s
alias CNAME mx1
txt TXT "no address"
spf TXT "v=spf1 ip4:192.0.2.0/24 a:mx1.new.example -all"
hop2.spf TXT "v=spf1 mx:new.example ~all"
d1.spf TXT "v=spf1 include:d2.spf.new.example include:spf.new.example include:spf.new.example -all"
d2.spf TXT "v=spf1 include:spf.new.example include:spf.new.example include:spf.new.example -all"
""" % txt("v=DKIM1; k=rsa; p=" + KEY)
OLD = """@ MX 10 mx1
mx1 A 192.0.2.9
mail A 192.0.2.9
auto A 192.0.2.9
spf TXT "v=spf1 a:mx1.old.example -all"
"""
WANTED = """; what the new provider asks for
[@]
MX = 10 mx1.new.example
TXT = v=spf1 include:spf.new.example -all
"""
# what the parent names as servers, and the zone itself, where that is not all
NAMED = {"moved": (["ns1"], ["ns2"])}
SERIALS = {"moved": (1, 2), "slow": (2, 1), "split": (5, 5), "serial": (2024, 2023)}
SECOND = {"silent": "127.0.0.9", "lost": "127.0.0.9"}  # where ns2 is, if not at knot


def ask(server, name, kind, port=53):
    """The flags and the number of answers; None: silence."""
    wire = struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0" + struct.pack(">HH", kind, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(1)
        s.connect((server, port))
        try:
            s.send(wire)
            got = s.recv(4096)
        except OSError:
            return None
    return struct.unpack(">H", got[2:4])[0], struct.unpack(">H", got[6:8])[0], got


def serial_of(server, zone):
    got = ask(server, zone, 6)
    return struct.unpack(">I", got[2][got[2].rfind(struct.pack(">IIII", 600, 60, 86400, 60)) - 4:][:4])[0] if got and got[1] else None


def tool(name):
    """Servers are not in everybody's PATH."""
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    expect(found, name + " is not installed")
    return found


def name_wire(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"


def odd_server():
    """What no server of ours loads: a zone with a CNAME beside other records. Each type is answered by itself."""
    zone, soa = "beside.example", name_wire("ns1.beside.example") + name_wire("h.example") + struct.pack(">IIIII", 1, 600, 60, 86400, 60)
    has = {(zone, 6): [soa], (zone, 2): [name_wire("ns%d.beside.example" % i) for i in (1, 2)], (zone, 15): [b"\0\x0a" + name_wire("mx1.new.example")], (zone, 16): [b"\x0bv=spf1 -all"],
           ("_dmarc." + zone, 16): [b"\x10v=DMARC1; p=none"], ("_dmarc." + zone, 5): [name_wire("x.example")]}
    has.update({("ns%d.%s" % (i, zone), 1): [socket.inet_aton(ODD)] for i in (1, 2)})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((ODD, 53))
        while True:
            wire, peer = s.recvfrom(4096)
            end = wire.index(b"\0", 12) + 1
            labels, at = [], 12
            while wire[at]:
                labels.append(wire[at + 1:at + 1 + wire[at]].decode().lower())
                at += 1 + wire[at]
            kind = struct.unpack(">H", wire[end:end + 2])[0]
            found = has.get((".".join(labels), kind), [])
            there = any(n == ".".join(labels) for n, _ in has)
            body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(r)) + r for r in found)
            if not found:
                body = name_wire(zone) + struct.pack(">HHIH", 6, 1, 60, len(soa)) + soa
            s.sendto(wire[:2] + struct.pack(">HHHHH", 0x8400 | (0 if there else 3), 1, len(found), 0 if found else 1, 0) + wire[12:end + 4] + body, peer)


class World:
    def __init__(self, home):
        self.home, self.daemons, self.env = home, {}, environment(home)
        for d in "nsd", "knot", "parent", "unbound", "odd":
            os.makedirs(self.at(d, "zones"))

    def at(self, *path):
        return os.path.join(self.home, *path)

    def write(self, path, text):
        with open(self.at(path), "w") as f:
            f.write(text)
        return self.at(path)

    def zone(self, where, name, text, serial=1, second=None):
        first = {"signed": KNOT, "bogus": KNOT, "lost": "127.0.0.9"}.get(name.split(".")[0], NSD)
        self.write("%s/zones/%s" % (where, name), """$ORIGIN %s.
$TTL 60
@ SOA ns1 hostmaster %d 600 60 86400 60
%sns1 A %s
ns2 A %s
%s""" % (name, serial, "".join("@ NS %s\n" % n for n in NAMED.get(name.split(".")[0], (0, ["ns1", "ns2"]))[1]), first, second or KNOT, text))

    def zones(self):
        for name, text in ZONES.items():
            a, b = text if isinstance(text, tuple) else (text, text)
            serials, second = SERIALS.get(name, (1, 1)), SECOND.get(name)
            if a:
                self.zone("nsd", name + ".example", a, serials[0], second)
            if b:
                self.zone("knot", name + ".example", b, serials[1], second)
        for name, text in dict(BARE, new=NEW).items():
            self.zone("knot", name + ".example", text)
        self.zone("nsd", "new.example", NEW)
        self.zone("nsd", "old.example", OLD)
        self.zone("knot", "old.example", OLD)
        below = ""
        self.names = [*ZONES, *BARE, "new", "old", "beside"]
        for name in self.names:
            first, second = KNOT if name in BARE else NSD, SECOND.get(name, KNOT)
            first, second = (ODD, ODD) if name == "beside" else (first, second)
            below += "".join("%s 7200 NS %s.%s\n" % (name, n, name) for n in NAMED.get(name, (["ns1", "ns2"], 0))[0])
            below += "ns1.{0} A {1}\nns2.{0} A {2}\n".format(name, first, second)
        self.write("parent/zones/example", "$ORIGIN example.\n$TTL 60\n@ SOA ns. h. 1 600 60 86400 60\n@ NS ns.example.\nns A %s\n%s" % (PARENT, below))

    def start(self, name, *command):
        log = open(self.at(name, "log"), "a")
        self.daemons[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.at(name))

    def wait(self, what, ready):
        end = time.monotonic() + 15
        while not ready():
            for name, p in self.daemons.items():
                if p.poll() is not None:
                    with open(self.at(name, "log")) as f:
                        expect(False, "%s ended: %s" % (name, f.read()[-2000:]))
            expect(time.monotonic() < end, "no " + what + "".join(open(self.at(d, "log")).read()[-1500:] for d in self.daemons))
            time.sleep(0.02)

    def nsd(self, name, *addresses):
        text = "server:\n%s username: \"\"\n database: \"\"\n zonesdir: \"%s\"\n pidfile: \"%s\"\n zonelistfile: \"%s\"\n xfrdfile: \"%s\"\n xfrdir: \"%s\"\n server-count: 1\nremote-control:\n control-enable: no\n" % (
            "".join(" ip-address: %s\n" % a for a in addresses), self.at(name, "zones"), self.at(name, "pid"), self.at(name, "list"), self.at(name, "xfrd"), self.at(name))
        for zone in os.listdir(self.at(name, "zones")):
            text += 'zone:\n name: "%s"\n zonefile: "%s"\n' % (zone, zone)
        self.start(name, tool("nsd"), "-d", "-c", self.write(name + "/conf", text))

    def knot(self):
        text = "server:\n  rundir: %s\n  listen: [%s@53, %s@5300]\nlog:\n  - target: stderr\n    any: warning\ndatabase:\n  storage: %s\ntemplate:\n  - id: default\n    storage: %s\n    semantic-checks: off\n    zonefile-sync: -1\n    zonefile-load: whole\n    journal-content: none\n" % (
            self.at("knot"), KNOT, KNOT, self.at("knot"), self.at("knot", "zones"))
        text += "zone:\n"
        for zone in os.listdir(self.at("knot", "zones")):
            text += "  - domain: %s\n    file: %s\n" % (zone, zone)
            if zone.split(".")[0] in BARE:
                text += "    dnssec-signing: on\n    zonefile-load: whole\n"
        self.start("knot", tool("knotd"), "-c", self.write("knot/conf", text))

    def anchors(self):
        found = ""
        for name in BARE:
            ds = subprocess.run([tool("keymgr"), "-c", self.at("knot/conf"), name + ".example", "ds"], check=True, capture_output=True, text=True).stdout
            line = [x for x in ds.splitlines() if " 13 2 " in x][0].split()
            digest = line[-1] if name == "signed" else "0" * len(line[-1])
            found += ' trust-anchor: "%s.example. DS %s 13 2 %s"\n' % (name, line[2], digest)
        return found

    def unbound(self):
        text = 'server:\n interface: %s@53\n interface: %s@5300\n username: ""\n chroot: ""\n directory: "%s"\n pidfile: "%s"\n use-syslog: no\n do-daemonize: no\n do-not-query-localhost: no\n do-ip6: no\n num-threads: 1\n module-config: "validator iterator"\n target-fetch-policy: "0 0 0 0 0"\n outgoing-range: 64\n%sremote-control:\n control-enable: no\nstub-zone:\n name: "example."\n stub-addr: %s\n' % (
            RESOLVER, RESOLVER, self.at("unbound"), self.at("unbound", "pid"), self.anchors(), PARENT)
        self.start("unbound", tool("unbound"), "-d", "-c", self.write("unbound/conf", text))
        self.wait("resolver", lambda: (ask(RESOLVER, "good.example", 6) or (0, 0))[1] > 0 or None)

    def up(self):
        self.zones()
        self.nsd("nsd", NSD + "@53", NSD + "@5300")
        self.nsd("parent", PARENT + "@53", PARENT + "@5300")
        self.knot()
        self.start("odd", sys.executable, os.path.abspath(__file__), "odd")
        self.wait("odd", lambda: ask(ODD, "beside.example", 6))
        self.wait("parent", lambda: ask(PARENT, "example", 6))
        self.wait("nsd", lambda: serial_of(NSD, "good.example"))
        self.wait("knot", lambda: serial_of(KNOT, "good.example") and (ask(KNOT, "bogus.example", 48) or (0, 0))[1])
        self.unbound()

    def down(self):
        for p in self.daemons.values():
            p.terminate()
        for p in self.daemons.values():
            p.wait()

    def dns(self, code, name, *args, nameserver=RESOLVER):
        more = ["--nameserver", nameserver] if nameserver else []
        p = subprocess.run([VALISE, "dns", name, *more, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=300, env=self.env, cwd=self.home)
        out, err = p.stdout.decode(), p.stderr.decode()
        expect(p.returncode == code, "exit code %d instead of %d: dns %s %s\n%s%s" % (p.returncode, code, name, args, out, err))
        return out + err

    def facts(self, code, name, *args, **more):
        """The outcome, by the names of records."""
        lines = [json.loads(line) for line in self.dns(code, name, "--json", *args, **more).splitlines() if line.startswith("{")]
        for line in lines:
            SCHEMA.validate(line)
        expect(len(lines) == 1 and lines[0]["exit"] == code, lines)
        dns = lines[0]["dns"]
        dns["by"] = {r["record"]: r for r in dns["records"]}
        return dns


def says(text, *patterns):
    for p in patterns:
        expect(re.search(p, text, re.M), "not said: %s\n%s" % (p, text))


def seconds(when):
    return calendar.timegm(time.strptime(when, "%Y-%m-%dT%H:%M:%SZ"))


def wrong(row):
    return " | ".join(n["text"] for n in row["notes"] if n["level"] == "wrong")


def good(w):
    """Nothing is left to do, by a file of settings, a zone file and lines; by the system's resolver, too."""
    ini = w.write("records.ini", WANTED + "[new1._domainkey]\nCNAME = key.new.example\n[autoconfig]\nCNAME = auto.new.example\n[_imaps._tcp]\nSRV = 0 1 993 mail.new.example.\n")
    zone = w.write("new.zone", """$TTL 300
@ SOA a b 1 2 3 4 5
  MX 10 mx1.new.example.
  TXT "v=spf1 include:" "spf.new.example -all"
_dmarc IN TXT ( "v=DMARC1;"
  "p=none" )
new1._domainkey CNAME key.new.example.
elsewhere.example. A 192.0.2.1
""")
    says(w.dns(0, "good.example", "--for", ini), "^good.example: zone good.example, DNSSEC: not signed$", "^  ns1.good.example 127.0.0.2: serial 1$", "^  ns2.good.example 127.0.0.3: serial 1$",
         r"^MX +new +10 mx1.new.example \(TTL 1 h\)$", "^SPF +new ", "^DKIM new1 +new +CNAME key.new.example", "^DMARC +there", "^autoconfig +new +CNAME auto", "^Next: nothing, DNS is done.$")
    expect(not w.dns(0, "good.example", "-q", "--for", ini), "-q said something")
    d = w.facts(0, "someone@GOOD.example.", "--for", zone, "--selector", "s1", "--selector", "ed", nameserver=None)
    expect(d["mx"] == "new" and d["step"] == "done" and "gone_at" not in d and d["longest_ttl"] == 3600, d)
    expect([r["state"] for r in map(d["by"].get, ("MX", "SPF", "DMARC", "DKIM new1", "DKIM s1", "DKIM ed"))] == ["new"] * 4 + ["there"] * 2, d)
    expect(not [r for r in d["records"] if wrong(r)] and len(d["by"]["MX"]["answers"]) == 3, d)
    d = w.facts(0, "good.example", "--expect", "MX 10 mx1.new.example", "--expect", "_dmarc TXT v=DMARC1;p=none", "--old", "old.example")
    expect(d["by"]["DMARC"]["state"] == "new", d)
    # nobody said what is wanted: what is right is all that can be said
    d = w.facts(0, "good.example")
    expect(d["mx"] == "unknown" and d["by"]["MX"]["state"] == "there" and "DKIM s1" in d["by"] and "DKIM ed" not in d["by"], d)
    says(w.dns(0, "good.example"), "nobody said")
    d = w.facts(0, "good.example", "--expect", "TXT proof=1")
    expect(d["by"]["@ TXT"]["state"] == "new" and d["by"]["SPF"]["state"] == "there", d)
    expect(w.facts(3, "good.example", "--expect", "TXT proof=3")["by"]["@ TXT"]["unpublished"], "a word that is not there")
    d = w.facts(3, "wild.example", "--old", "mail.new.example")
    expect([r["record"] for r in d["records"] if r["state"] == "old"] == ["autoconfig", "autodiscover"], d)
    d = w.facts(0, "wild.example")
    expect({r["record"] for r in d["records"] if r["state"] != "none"} == {"MX", "SPF", "DMARC", "autoconfig", "autodiscover", "NS"} and not any(wrong(r) for r in d["records"]), d)
    # a redirect, and a zone that names no servers of its own
    expect(w.facts(0, "hop.example")["by"]["SPF"]["state"] == "there", "redirect")
    says(w.dns(3, "sub.good.example", "--for", ini), "^sub.good.example: zone good.example", "that of _dmarc.good.example counts: v=DMARC1; p=none", "^MX +missing +nothing", "there is no domain sub.good.example")


def ports(w):
    """Another port is that of the servers, too; others may stand for them."""
    args = ["--expect", "MX 10 mx1.new.example"]
    d = w.facts(0, "good.example", *args, nameserver=RESOLVER + ":5300")
    expect([s["address"] for s in d["servers"]] == [NSD + ":5300", KNOT + ":5300"], d)
    d = w.facts(3, "slow.example", *args, "--authority", NSD + ":5300", "--authority", KNOT, nameserver=NSD + ":5300")
    expect([s["address"] for s in d["servers"]] == [NSD + ":5300", KNOT] and d["step"] == "wait", d)
    d = w.facts(3, "slow.example", *args, "--nameserver", KNOT, nameserver=NSD + ":5300")
    expect([s["address"] for s in d["servers"]] == [NSD + ":5300", KNOT], d)
    # who knows the zone alone says nothing about other hosts; what is wanted is right all the same
    d = w.facts(0, "away.example", "--expect", "MX 10 mx.elsewhere.test", "--expect", "autoconfig CNAME auto.elsewhere.test", nameserver=NSD)
    expect(d["by"]["MX"]["state"] == d["by"]["autoconfig"]["state"] == "new" and [n["level"] for n in d["by"]["autoconfig"]["notes"]] == ["doubt"], d)
    d = w.facts(1, "away.example", nameserver=NSD)
    expect(d["by"]["MX"]["state"] == "unknown" and d["step"] == "ask" and "could not be asked for" in d["next"], d)
    expect(w.facts(3, "away.example", "--expect", "www A 192.0.2.1", nameserver=NSD)["step"] == "publish", "what is missing goes before")
    # with no server to be found the given one stands for itself
    d = w.facts(3, "silent.example", *args, nameserver=NSD)
    expect([s["state"] for s in d["servers"]] == ["good", "silent"], d)
    d = w.facts(3, "lost.example", *args, nameserver=NSD)
    expect([s["state"] for s in d["servers"]] == ["silent", "silent", "good"] and d["by"]["MX"]["state"] == "new", d)
    expect(w.facts(0, "slow.example", *args, "--authority", NSD, nameserver=NSD)["mx"] == "new", "a server that stands for all")


def old(w):
    """All that names the old provider, said so in each way."""
    os.makedirs(w.at("config/valise"), exist_ok=True)
    w.write("config/valise/accounts.ini", "[home]\nimap = imaps://mail.old.example\nuser = x\n[own]\nimap = imaps://mail.stay.example\nuser = x\n")
    w.write("config/valise/providers.ini", "[oldies]\nmx = old.example\n")
    for name in "old.example", "home", "oldies":
        d = w.facts(3, "stay.example", "--old", name)
        expect([r["record"] for r in d["records"] if r["state"] == "old"] == ["MX", "SPF", "DMARC", "autoconfig", "_imaps._tcp"], d)
        expect(d["mx"] == "old" and d["step"] == "publish" and d["by"]["MX"]["unpublished"], d)
    says(w.dns(3, "stay.example", "--old", "old.example"), "^MX +old +10 mx1.old.example .TTL 5 min.$", r"^Next: change what still names the old provider: MX, SPF, DMARC, autoconfig, _imaps._tcp; done now, old answers are gone by [-0-9: ]+\.$")
    says(w.dns(3, "stay.example", "--for", w.write("new.ini", WANTED)), "^ +wanted: 10 mx1.new.example$", "^Next: publish these records: MX, SPF; done now, old answers are gone by ")
    expect(w.facts(3, "stay.example", "--expect", "MX 10 mx1.new.example", "--expect", "www A 192.0.2.1")["by"]["www A"]["state"] == "missing", "missing")
    # a host of the domain itself is no mark of all of it
    expect(w.facts(0, "stay.example", "--old", "own")["mx"] == "new", "the domain's own host")
    for name in "nothing", "a b":
        says(w.dns(2, "stay.example", "--old", name), "no host, no provider of the table, no account")


def going(w):
    """On its way: a server that lags behind, a serial, a resolver that remembers; what may never end."""
    args = ["--expect", "MX 10 mx1.new.example"]
    says(w.dns(3, "slow.example", *args), "^MX +propagating +10 mx1.new.example", "^ +ns2.slow.example: 10 mx1.old.example .TTL 1 h.$", "^ +old answers are gone by ", "ns2.slow.example has serial 1 of the zone, ns1.slow.example has 2",
         r"^Next: wait until [-0-9: ]+, then ask again: MX\.$")
    d = w.facts(3, "slow.example", *args)
    expect(d["mx"] == "old" and d["step"] == "wait" and d["gone_at"] > d["asked_at"] and not d["by"]["MX"]["unpublished"], d)
    d = w.facts(3, "serial.example", *args)
    expect(d["mx"] == "new" and d["step"] == "wait" and d["by"]["MX"]["state"] == "new", d)
    # new servers, of which the parent does not know yet
    text = w.dns(3, "moved.example", *args)
    says(text, "the parent zone names ns1.moved.example, the zone itself does not", "the zone names ns2.moved.example, its parent does not", "^MX +propagating ")
    d = w.facts(3, "moved.example", *args)
    expect(len(d["servers"]) == 2 and d["mx"] == "old" and seconds(d["gone_at"]) - seconds(d["asked_at"]) == 7200 + 3600, d)
    d = w.facts(3, "split.example", *args)
    expect(d["step"] == "wait" and any("differ with the same serial 5" in n["text"] for n in d["by"]["MX"]["notes"]), d)
    expect(w.facts(3, "cached.example", *args)["step"] == "publish", "not yet")
    for where in "nsd", "knot":
        w.zone(where, "cached.example", GOOD, 2)
        w.daemons[where].send_signal(signal.SIGHUP)
    w.wait("new zone", lambda: serial_of(NSD, "cached.example") == 2 and serial_of(KNOT, "cached.example") == 2)
    text = w.dns(3, "cached.example", *args)
    says(text, "^MX +propagating +10 mx1.new.example", "^ +the resolver: 10 mx1.old.example", "^Next: wait until ")
    expect(w.facts(3, "cached.example", *args)["mx"] == "old", "the resolver is somebody, too")
    w.daemons["unbound"].send_signal(signal.SIGHUP)  # which forgets
    w.wait("resolver", lambda: b"\3new" in (ask(RESOLVER, "cached.example", 15) or (0, 0, b""))[2])
    expect(w.facts(0, "cached.example", *args)["mx"] == "new", "nobody has the old one any more")


def servers(w):
    """Lame, silent, and servers of which none can be asked."""
    args = ["--expect", "MX 10 mx1.new.example"]
    for name, state, why in ("lame", "lame", "REFUSED"), ("silent", "silent", "it cannot be reached"):
        d = w.facts(3, name + ".example", *args)
        expect([s["state"] for s in d["servers"]] == ["good", state] and d["servers"][1]["why"] == why and d["step"] == "mend", d)
        expect(d["by"]["MX"]["state"] == "new" and d["mx"] == ("unknown" if state == "silent" else "new"), d)
    says(w.dns(3, "lame.example", *args), "^  ns2.lame.example 127.0.0.3: lame$", "wrong: the name server ns2.lame.example at 127.0.0.3 does not answer for the zone: REFUSED", "^Next: mend the zone's name servers.$")
    # no server has it, and the resolver gets nothing
    d = w.facts(1, "nobody.example", *args)
    expect(d["step"] == "ask" and d["by"]["MX"]["state"] == "unknown" and [s["state"] for s in d["servers"]] == ["lame", "lame"], d)
    says(w.dns(1, "nobody.example"), "SERVFAIL", "ask again: MX, ")
    says(w.dns(1, "good.example", "--timeout", "1", nameserver="127.0.0.8"), "it cannot be reached", "ask again")


def signed(w):
    d = w.facts(0, "signed.example", "--expect", "MX 10 mx1.new.example")
    expect(d["dnssec"] == "validated" and d["by"]["MX"]["state"] == "new", d)
    d = w.facts(3, "bogus.example", "--expect", "MX 10 mx1.new.example")
    expect(d["dnssec"] == "bogus" and d["by"]["MX"]["state"] == "new" and d["step"] == "mend", d)
    says(w.dns(3, "bogus.example"), "DNSSEC: the signatures do not validate")
    expect(w.facts(0, "signed.example", nameserver=KNOT)["dnssec"] == "signed", "signed, and nobody looked")


WRONG = {
    "twospf": ("SPF", "2 records, of which one is allowed"),
    "deep": ("SPF", "12 look-ups, and 10 is the limit"),
    "loop": ("SPF", "circle"),
    "void": ("SPF", "3 of its look-ups find nothing"),
    "badspf": ("SPF", '"ipv4:192.0.2.1" is nothing that SPF knows'),
    "mxcname": ("MX", "alias.new.example is a CNAME"),
    "mxnone": ("MX", "nobody.new.example: there is no such host"),
    "mxempty": ("MX", "txt.new.example has no address"),
    "mxaddress": ("MX", "192.0.2.1 is no host name"),
    "nullmx": ("MX", "a null MX"),
    "nomx": ("MX", "no MX"),
    "dkim": ("DKIM s1", "does not parse"),
    "small": ("DKIM s1", "768 bits"),
    "dmarc": ("DMARC", "p= is missing"),
    "twodmarc": ("DMARC", "2 records"),
    "mtasts": ("MTA-STS", "id="),
    "nowhere": ("autoconfig", "leads to gone.new.example"),
    "srv": ("_imaps._tcp", "nobody.new.example: there is no such host"),
    "beside": ("DMARC", "a CNAME stands beside other records of _dmarc.beside.example"),
}


def faults(w):
    """Each by itself, with nothing else found wrong."""
    for name, (record, text) in WRONG.items():
        d = w.facts(3, name + ".example")
        found = [r["record"] for r in d["records"] if wrong(r)]
        expect(found == [record] and text in wrong(d["by"][record]), "%s: %s" % (name, [(r["record"], wrong(r)) for r in d["records"]]))
        expect(d["by"][record]["state"] == "wrong" and d["step"] == "mend" and d["next"] == "mend " + record, "%s: %s" % (name, d))
    d = w.facts(3, "revoked.example", "--selector", "s1")
    expect("revoked" in wrong(d["by"]["DKIM s1"]), d)
    expect(w.facts(0, "revoked.example")["by"]["DKIM s1"]["state"] == "there", "an old selector that nobody asked for")


def hostile(w):
    text = w.dns(3, "hostile.example", "--old", "new.example")
    says(text, r"<script>\\x1b\[2Jx\\u009b\\u202e", r"the MX ev\\027.*il.new.example is no host name", r"wrong: .\\x1b\]0;x\\u202e. is nothing that SPF knows")
    expect(not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text), repr(text))
    text = w.dns(3, "hostile.example", "--json")
    expect(not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text) and "\\u001b[2J" in text, repr(text))
    w.dns(3, "hostile.example", "--report", "h.html", "--report", "h.json")
    with open(w.at("h.html")) as f, open(w.at("h.json")) as g:
        page, dns = f.read(), json.load(g)["dns"]
    expect(not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]|<script", page) and "&lt;script&gt;" in page, page)
    says(page, "<h1>DNS of hostile.example</h1>", "Not done: something is old, wrong or on its way", "MX, SPF, DMARC", "127.0.0.2")
    expect(dns["domain"] == "hostile.example" and dns["step"] == "mend", dns)


def audit(w):
    """An MX that is still the old one's makes the audit's verdict NO."""
    def judged(code, domain, *more):
        p = subprocess.run([VALISE, "audit", "a", "--source", "here", "--dns", domain, "--nameserver", RESOLVER, "--json", *more], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           timeout=300, env=w.env, cwd=w.home)
        lines = [json.loads(line) for line in p.stdout.splitlines()]
        for line in lines:
            SCHEMA.validate(line)
        expect(p.returncode == code, "exit code %d instead of %d: %s\n%s%s" % (p.returncode, code, domain, p.stdout, p.stderr))
        return lines[-1]
    with Alike() as source, open(w.at("config/valise/accounts.ini"), "a") as f:
        f.write("[here]\nimap = imap://127.0.0.1:%d\nuser = alice\npassword-command = echo pw-alice\ncleartext = yes\n" % source.port)
        f.flush()
        subprocess.run([VALISE, "backup", "here", "-o", "a", "-q"], check=True, timeout=300, env=w.env, cwd=w.home)
        o = judged(0, "good.example", "--old", "old.example")
        expect(o["verdict"] == "yes" and o["dns"]["mx"] == "new" and not any("MX" in e["what"] for e in o["not_examined"]), o)
        o = judged(3, "stay.example", "--old", "old.example")
        expect([(x["side"], x["finding"], x["collection"]) for x in o["findings"]] == [("dns", "old-dns", "stay.example")] and "10 mx1.old.example; if it is changed now, gone by " in o["findings"][0]["differs"], o)
        expect(o["verdict"] == "no" and o["reasons"] == 1, o)
        expect(judged(3, "slow.example", "--old", "home")["findings"][0]["finding"] == "old-dns", "one of the servers")
        # nobody said what is old, or could be asked
        for domain, *more in ("good.example",), ("nobody.example", "--old", "old.example"), ("silent.example", "--old", "old.example"):
            o = judged(3, domain, *more)
            expect([x["finding"] for x in o["findings"]] == ["dns-unread"], o)
        expect(judged(0, "good.example", "--accept", "dns-unread")["verdict"] == "yes", "accepted")
        p = subprocess.run([VALISE, "audit", "a", "--source", "here", "--dns", "stay.example", "--nameserver", RESOLVER, "--old", "old.example"], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=w.env, cwd=w.home)
        says(p.stdout, "^1 old-dns: the domain still sends mail to the old server", "^ +stay.example: the resolver: 10 mx1.old.example", "^SAFE TO DEACTIVATE: NO$")


def move(w):
    """A move says yes only once nobody is told of the old MX any more, and until when that is."""
    def moved(code, now, *more):
        p = subprocess.run([VALISE, "move", "leaving", "arriving", "-o", "m", "--domain", "carried.example", "--old", "old.example", "--nameserver", RESOLVER, "--json", *more],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, env=w.env, cwd=w.home)
        lines = [json.loads(line) for line in p.stdout.splitlines()]
        for line in lines:
            SCHEMA.validate(line)
        o = lines[-1]
        expect(p.returncode == code and o["now"] == now and o["safe"] == (now == "close"), "exit code %d: %s\n%s%s" % (p.returncode, o, p.stdout, p.stderr))
        expect([line["event"] for line in lines].count("done") == 1, p.stdout)
        return o["text"]
    wanted = w.write("carried.ini", WANTED)
    with Alike() as source, Target() as target:
        with open(w.at("config/valise/accounts.ini"), "a") as f:
            f.writelines("[%s]\nimap = imap://127.0.0.1:%d\nuser = alice\npassword-command = echo pw-alice\ncleartext = yes\n" % at for at in (("leaving", source.port), ("arriving", target.port)))
        says(moved(3, "switch", "--for", wanted), "Now let new mail come to the new server: publish these records: MX, SPF; done now, old answers are gone by [-0-9: ]+ and, when")
        says(moved(3, "resolve", "--for", wanted), "must not be closed yet: .*; publish these records: MX, SPF; done now, old answers are gone by ")
        for where in "nsd", "knot":
            w.zone(where, "carried.example", GOOD, 2)
            w.daemons[where].send_signal(signal.SIGHUP)
        w.wait("new zone", lambda: serial_of(NSD, "carried.example") == 2 and serial_of(KNOT, "carried.example") == 2)
        says(moved(3, "resolve"), "; wait until [-0-9: ]+, then ask again: ")
        w.daemons["unbound"].send_signal(signal.SIGHUP)  # which forgets
        w.wait("resolver", lambda: b"\3new" in (ask(RESOLVER, "carried.example", 15) or (0, 0, b""))[2])
        says(moved(0, "close"), "^leaving may be closed")


def usage(w):
    bad = w.write("bad.ini", "[@]\nMX = nowhere\n")
    for args, text in ((["--for", bad], "bad.ini, line 2: no record"), (["--for", w.at("none")], "none"), (["--expect", "MX"], "no record such as"), (["--selector", "a/b"], "no selector"),
                       (["--timeout", "0"], "number of seconds"), (["--authority", "x:y"], "a name server is HOST:PORT")):
        says(w.dns(2, "good.example", *args), text)
    for name in "example", "a b.example", "192.0.2.1", "":
        says(w.dns(2, name), "a domain is wanted")


def main(home):
    w = World(home)
    try:
        w.up()
        for case in good, ports, old, servers, signed, faults, hostile, audit, usage, going, move:
            case(w)
            print("-- " + case.__name__, flush=True)
        expect(len(w.names) >= 25, "zones")
    finally:
        w.down()


if __name__ == "__main__":
    if sys.argv[1:2] == ["odd"]:
        odd_server()
    if sys.argv[1:2] != ["inside"]:
        expect(os.getuid() == 0, "needs root")
        os.execvp("unshare", ["unshare", "-n", "-m", "--propagation", "private", sys.executable, os.path.abspath(__file__), "inside"])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    home = tempfile.mkdtemp(prefix="valise-")
    os.chmod(home, 0o755)
    try:
        with open(home + "/resolv.conf", "w") as f:
            f.write("nameserver %s\n" % RESOLVER)
        subprocess.run(["mount", "--bind", home + "/resolv.conf", "/etc/resolv.conf"], check=True)
        main(home)
        print("ok")
    finally:
        shutil.rmtree(home, ignore_errors=True)
