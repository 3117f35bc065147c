#!/bin/bash
# The archive without valise: sha256sum, gzip, tar and sed check it and get everything out, with GNU tar and with bsdtar;
# mutt opens the tree; the recipe is the one of the archive's own README.txt.
. "$(dirname "$0")/../lib.sh"

server A dovecot SEP=/
"$TOOLS/genaccount.py" small --env "$T/A/env"
imap A alice
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/a.valise"
printf 'From: x@example.org\r\nSubject: new\r\n\r\nnew\r\n' > "$T/new.eml"
"$TOOLS/imaptool.py" "$T/A/env" alice append INBOX "$T/new.eml"
run 0 "$VALISE" backup "${IMAP[@]}" -o "$T/a.valise"
run 0 "$VALISE" unpack "$T/a.valise" -t "$T/tree"

cd "$T/a.valise"
say "sums and gzip"
sha256sum --strict --quiet -c data/000001/seal.sha256
sha256sum --strict --quiet -c data/000002/seal.sha256
sha256sum --strict --quiet -c manifest-sha256.txt
find data -name '*.gz' -exec gzip -t {} +

# The three commands of README.txt run in the archive's folder and extract into ../out.
say "the README's own recipe"
sed -n 's/^    \(N=\|sha256sum\|sed \)/\1/p' README.txt | sed 's/N=000001/N=000002/' > "$T/recipe"
[ "$(wc -l < "$T/recipe")" = 3 ] || fail "README.txt has no recipe of three lines"
for tar in tar bsdtar; do
	mkdir -p "$T/bin" "$T/out-$tar"
	ln -sf "$(command -v $tar)" "$T/bin/tar"
	rm -rf "$T/out"
	(cd "$T/a.valise" && PATH="$T/bin:$PATH" sh -e "$T/recipe") > "$T/recipe.out" 2>&1 || { cat "$T/recipe" "$T/recipe.out"; fail "the recipe fails with $tar"; }
	[ -d "$T/out/mail" ] || { cat "$T/recipe"; fail "the recipe makes no ../out/mail"; }
	diff -r "$T/out/mail" "$T/tree/mail" || fail "by hand ($tar) and unpack differ"
	rm -rf "$T/out"
done

say "a BagIt validator's checks: every payload file in the manifest, and the Oxum"
$PYTHON - <<'P'
import os, re
names = {line.split("  ", 1)[1].rstrip("\n") for line in open("manifest-sha256.txt")}
there = {os.path.join(d, f) for d, _, fs in os.walk("data") for f in fs}
assert names == there, names ^ there
octets, files = re.search(r"Payload-Oxum: (\d+)\.(\d+)", open("bag-info.txt").read()).groups()
assert int(files) == len(there) and int(octets) == sum(os.path.getsize(f) for f in there)
assert open("bagit.txt").read() == "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
P

say "mutt reads the tree"
n=$("$TOOLS/imaptool.py" "$T/A/env" alice uids INBOX | wc -w)
mkdir -p "$T/Mail"
TERM=linux timeout 120 script -qec "stty rows 40 columns 120; mutt -n -F /dev/null -R -f '$T/tree/mail/INBOX' -e 'set timeout=1' -e 'push q'" "$T/typescript" </dev/null >/dev/null 2>&1 || true
grep -qE "Msgs:$n" "$T/typescript" || { head -c 2000 "$T/typescript"; fail "mutt does not show $n messages"; }
$PYTHON - "$T/tree/mail/INBOX" "$n" <<'P'
import mailbox, sys
box = mailbox.Maildir(sys.argv[1], create=False)
assert len(box) == int(sys.argv[2]), (len(box), sys.argv[2])
P

say "a flipped bit anywhere: valise verify says so, and sha256sum for what the seal names"
run 0 "$VALISE" verify "$T/a.valise"
$PYTHON - "$VALISE" <<'P'
import os, random, subprocess, sys
rng = random.Random(7)
files = sorted(os.path.join(d, f)[2:] for d, _, fs in os.walk(".") for f in fs)
sealed = {line.split("  ", 1)[1].rstrip("\n") for line in open("data/000002/seal.sha256")}
quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
for name in files + rng.choices(files, k=10):
    os.chmod(name, 0o600)
    with open(name, "r+b") as f:
        at, bit = rng.randrange(os.path.getsize(name)), 1 << rng.randrange(8)
        f.seek(at)
        was = f.read(1)[0]
        f.seek(at)
        f.write(bytes([was ^ bit]))
        f.flush()
        assert subprocess.run([sys.argv[1], "verify", "."], **quiet).returncode == 1, (name, at, bit)
        if name in sealed:
            assert subprocess.run(["sha256sum", "--strict", "-c", "data/000002/seal.sha256"], **quiet).returncode, name
        f.seek(at)
        f.write(bytes([was]))
print(len(files) + 10, "flips, each noticed")
P
run 0 "$VALISE" verify "$T/a.valise"
