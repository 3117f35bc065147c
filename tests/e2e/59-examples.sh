#!/bin/bash
# The examples of README and the man pages run as they stand: hosts are the suite's servers, /srv and /etc folders of this test; their options are all known.
. "$(dirname "$0")/../lib.sh"

root=${TESTED_SOURCE:-$HERE/..}
people="alice@old.example alice@new.example bob@old.example bob@new.example alice"
server d dovecot MASTER=1 SPECIAL=1 USERS="$people"
server r radicale USERS="$people" # by the same authority
mkdir -p "$T/bin" "$T/etc/valise" "$T/srv/archives" "$T/config/valise" "$T/work"
ln -s "$(realpath "$VALISE")" "$T/bin/valise"
# of the tools that the examples name: a password manager that knows these, a reader of mail
cat > "$T/bin/pass" <<'P'
#!/bin/sh
case $1 in
mail/alice | mail/old) echo pw-alice@old.example ;;
mail/new) echo pw-alice@new.example ;;
mail/master) echo pw-master ;;
*) exit 1 ;;
esac
P
printf '#!/bin/sh\n[ "$1" = -f ] && [ -d "$2/cur" ]\n' > "$T/bin/mutt"
chmod 755 "$T/bin/pass" "$T/bin/mutt"
export PATH=$T/bin:$PATH VALISE_CA_FILE=$d_CA

# what lies around as files
profile=$T/.thunderbird/abcd.default
mkdir -p "$profile/Mail/Local Folders" "$T/takeout/Takeout/Mail"
touch "$profile/prefs.js" "$profile/Mail/Local Folders/Inbox.msf"
printf 'From - Sat Nov  3 10:00:00 2018\nX-Mozilla-Status: 0001\nSubject: old\n\ntext\n\n' > "$profile/Mail/Local Folders/Inbox"
printf 'From 1@xxx Sat Nov  3 10:00:00 +0000 2018\nX-Gmail-Labels: Inbox\nSubject: older\n\ntext\n\n' > "$T/takeout/Takeout/Mail/All.mbox"
(cd "$T/takeout" && $PYTHON -m zipfile -c ../takeout-001.zip Takeout)

$PYTHON - "$T" "$TOOLS" "$root" "$d_IMAPS_PORT" "$r_HTTPS_PORT" "$d_CA" <<'P'
import base64, imaplib, os, re, shutil, ssl, subprocess, sys, urllib.request

t, tools, root, imaps, https, ca = sys.argv[1:]
trust = ssl.create_default_context(cafile=ca)
OLD = "alice@old.example"


def fill():
    """What the examples name: message 17 of INBOX, what Ann sent in 2023, and an event in the calendar Work."""
    m = imaplib.IMAP4_SSL("localhost", int(imaps), ssl_context=trust)
    m.login(OLD, "pw-" + OLD)
    for i in range(17):
        m.append("INBOX", None, None, b"Subject: %d\r\n\r\ntext\r\n" % i)
    m.append("INBOX", None, '"03-Nov-2023 10:00:00 +0000"', b"From: Ann <ann@example.org>\r\nSubject: invoice 2024\r\n\r\ntext\r\n")
    m.logout()

    def put(method, path, kind, body):
        r = urllib.request.Request("https://localhost:%s/%s/%s" % (https, OLD, path), body.encode(), {"Content-Type": kind}, method=method)
        r.add_header("Authorization", "Basic " + base64.b64encode(("%s:pw-%s" % (OLD, OLD)).encode()).decode())
        urllib.request.urlopen(r, context=trust).close()

    put("MKCALENDAR", "work/", "text/xml", '<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop><D:displayname>Work</D:displayname>'
        "</D:prop></D:set></C:mkcalendar>")
    put("PUT", "work/dinner.ics", "text/calendar", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:dinner\r\nDTSTAMP:20260101T000000Z\r\n"
        "DTSTART:20260101T190000Z\r\nSUMMARY:Dinner\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")


def here(text):
    """The same, on this machine."""
    text = re.sub(r"imaps://mail\.[a-z.]*example(\.org)?", "imaps://localhost:" + imaps, text)
    text = re.sub(r"https://dav\.[a-z.]*example(\.org)?", "https://localhost:" + https, text)
    text = re.sub(r"(?<![\w.])/(etc|srv)/", t + r"/\1/", text)
    text = re.sub(r" \[(--[a-z-]+)\]", r" \1", text)
    return text.replace("2f0c...", seal() if "2f0c..." in text else "")


def seal():
    out = subprocess.run(["valise", "verify", "alice.valise"], capture_output=True, text=True).stdout
    return re.search(r"^seal ([0-9a-f]{64})$", out, re.M).group(1)


def of_man(name):
    """Its examples, a text each, and commands within sentences."""
    with open(os.path.join(root, "docs", name)) as f:
        page = re.search(r"^\.SH EXAMPLES\n(.*?)^\.SH ", f.read(), re.M | re.S).group(1)
    plain = page.replace(r"\-", "-").replace(r"\e", "\\").replace(r"\&", "")
    blocks = re.findall(r"^\.nf\n\.RS\n(.*?)^\.RE\n", plain, re.M | re.S)
    return blocks, re.findall(r"^\.B (valise .*)$", plain, re.M)


def of_readme():
    """Its indented blocks."""
    with open(os.path.join(root, "README.md")) as f:
        page = f.read()
    return [re.sub(r"^ {4}", "", b, flags=re.M) for b in re.findall(r"(?:^ {4}.*\n|(?<=\n)\n(?= {4}))+", page, re.M)]


def commands(block):
    return [c for c in block.replace("\\\n", " ").splitlines() if re.match(r"(\w+ && )?valise ", c)]


def known(command):
    """Each of its options is one that the help of its command has, or of OAuth, whose options the manual page alone has."""
    with open(os.path.join(root, "docs/valise.1")) as f:
        oauth = ["--" + key for key in re.findall(r"(?<![\w-])oauth-[a-z-]*", f.read().replace(r"\-", "-"))]
    for part in re.findall(r"valise +(\w+)([^&|]*)", command):
        text = subprocess.run(["valise", "help", part[0]], capture_output=True, text=True, check=True).stdout + " ".join(oauth)
        for option in re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", re.sub(r"'[^']*'", "", part[1])):
            assert re.search(r"(?<![\w-])" + re.escape(option) + r"(?![\w-])", text), (command, option)


def run(command, code=0):
    known(command)
    if "takeout-001.zip" in command:
        shutil.copy(t + "/takeout-001.zip", ".")
    at_home = here(command)
    asked = "--user " in command and "password-command" not in command  # once a place: each port of this machine is one
    places = set(re.findall(r"(?:imaps|https)://(localhost:\d+)", at_home)) if asked else []
    dialog = [tools + "/dialog.py"] + ["Password for", "pw-" + OLD] * len(places)
    if "valise move" in command:  # its first round: the copy
        dialog += ["Begin", "y"]
        code = 3
    p = subprocess.run([*dialog, "--", "sh", "-c", at_home], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert p.returncode == code, (command, p.returncode, p.stdout, p.stderr)
    print("ran:", command)


def afresh():
    """A directory in which nothing lies."""
    shutil.rmtree(t + "/work")
    os.mkdir(t + "/work")
    os.chdir(t + "/work")


def section(name, user, **more):
    lines = ["[%s]" % name, "imap = imaps://localhost:" + imaps, "user = " + user, "password-command = echo pw-" + user]
    return "\n".join(lines + ["%s = %s" % (k.replace("_", "-"), v) for k, v in more.items()]) + "\n"


def write(name, text, mode="w"):
    with open(os.open(name, os.O_CREAT | os.O_WRONLY | (os.O_APPEND if mode == "a" else os.O_TRUNC), 0o600), mode) as f:
        f.write(text)


ACCOUNTS = t + "/config/valise/accounts.ini"
# an address of the examples is a section here: nobody is asked who serves it
DAV = {"caldav": "https://localhost:" + https, "carddav": "https://localhost:" + https}
ADDRESSES = section(OLD, OLD) + section("alice@new.example", "alice@new.example") + section("old", OLD) + section("new", "alice@new.example", **DAV) + "".join(
    section(a, OLD) for a in ("alice@gmail.com", "alice@icloud.com", "alice@yahoo.com", "alice@fastmail.com", "alice@gmx.net", "alice@example.org"))


def man():
    afresh()
    write(ACCOUNTS, ADDRESSES)
    write(t + "/etc/valise/all.ini", section("one", OLD) + section("two", "alice@new.example"))
    blocks, _ = of_man("valise.1")
    ran = 0
    for n, block in enumerate(blocks):
        if n == 1:  # the other way to begin
            afresh()
        for command in commands(block):
            run(command)
            ran += 1
    assert ran >= 9 and os.path.exists(t + "/srv/archives/last.html") and os.path.exists(t + "/srv/archives/one.valise"), ran


def man_accounts():
    afresh()
    blocks, sentences = of_man("valise-accounts.5")
    write(ACCOUNTS, here(blocks[0]))
    assert len(sentences) == 2, sentences
    for command in sentences:
        run(command)
    write("people.csv", "name\n%s\nbob@old.example\n" % OLD)
    write(t + "/etc/valise/master", "pw-master\n")
    write("all.ini", here(blocks[1]))
    run("valise backup --accounts all.ini -o many")
    assert sorted(os.listdir("many")) == [OLD + ".valise", "bob@old.example.valise"], os.listdir("many")


# These ask, or open a browser: 56-setup, 51-oauth; or look for a server of MAPI by an address: 92- and 93-mapi, unit/discover.
ASKS = re.compile(r"valise setup|valise .* --mapi ")


def readme():
    write(ACCOUNTS, ADDRESSES)
    ran = 0
    for block in of_readme():
        if re.search(r"^\[\w+\]$", block, re.M):  # a file of accounts, and what is done with it
            afresh()
            ini = re.split(r"^valise ", block, maxsplit=1, flags=re.M)[0]
            if "[defaults]" in ini:
                write("old.ini", here(ini))
                write("new.csv", "name,imap,user,password-command\n" + "".join("%s,imaps://localhost:%s,%s@new.example,echo pw-%s@new.example\n" % (n, imaps, n, n) for n in ("alice", "bob")))
            else:
                write(ACCOUNTS, here(ini))
                run("valise backup old")
                write(ACCOUNTS, ADDRESSES)
        elif re.match("valise (backup|setup)", block):
            afresh()
        for command in commands(block):
            if ASKS.match(command):
                known(command)
                continue
            if "--user alice " in command:  # the same by URLs
                afresh()
                command = command.replace("--user alice ", "--user %s " % OLD)
            run(command)
            ran += 1
    assert ran >= 17, ran


fill()
man()
man_accounts()
readme()
P
