#!/bin/bash
# What an installation puts where: its files by name, links between documents that lead somewhere, pages without warnings, completions that each shell
# reads; uninstall takes away just that. The Debian package: the same dependencies as scripts/deps, in words that lintian and dpkg know.
. "$(dirname "$0")/../lib.sh"
SOURCE=${TESTED_SOURCE:-$HERE/..} BUILD=${VALISE_BUILD:-$HERE/../build/test}
cd "$T"

say "install"
mkdir -p d/usr/share/doc/valise d/usr/bin
echo mine > d/usr/share/doc/valise/mine
echo other > d/usr/bin/other
run 0 env DESTDIR="$T/d" cmake --install "$BUILD" --prefix /usr
(cd d/usr && find . -type f | sort) > got
cat > want <<'W'
./bin/other
./bin/valise
./share/bash-completion/completions/valise
./share/doc/valise/LICENSE
./share/doc/valise/README.md
./share/doc/valise/docs/ARCHITECTURE.md
./share/doc/valise/docs/AUDIT.md
./share/doc/valise/docs/DNS.md
./share/doc/valise/docs/EXPORT.md
./share/doc/valise/docs/FORMAT.md
./share/doc/valise/docs/IMPORT.md
./share/doc/valise/docs/INTEROP.md
./share/doc/valise/docs/JSON.md
./share/doc/valise/docs/MAPI.md
./share/doc/valise/docs/OUTLOOK.md
./share/doc/valise/docs/PERFORMANCE.md
./share/doc/valise/docs/RESTORE.md
./share/doc/valise/docs/STYLE.md
./share/doc/valise/docs/growth.svg
./share/doc/valise/docs/valise.schema.json
./share/doc/valise/examples/valise-backup@.service
./share/doc/valise/examples/valise-backup@.timer
./share/doc/valise/mine
./share/fish/vendor_completions.d/valise.fish
./share/man/man1/valise.1
./share/man/man5/valise-accounts.5
./share/man/man5/valise-archive.5
./share/valise/providers.ini
./share/zsh/site-functions/_valise
W
same want got

say "links between documents"
$PYTHON - d/usr/share/doc/valise <<'P'
import os, re, sys
for d, _, names in os.walk(sys.argv[1]):
    for n in (n for n in names if n.endswith(".md")):
        text = open(os.path.join(d, n)).read()
        for link in re.findall(r"\]\(([^)#:\s]+)\)", text):
            assert os.path.exists(os.path.join(d, link)), "%s leads to %s, which is not installed" % (n, link)
P

say "pages, completions, units"
for p in d/usr/share/man/man?/*; do
	LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$p" >page 2>warnings || fail "$p"
	[ ! -s warnings ] || { cat warnings; fail "$p has warnings"; }
	[ -s page ] || fail "$p is empty"
	for s in NAME DESCRIPTION FILES EXAMPLES "SEE ALSO"; do grep -q "^\.SH $s" "$p" || fail "$p has no $s"; done
done
grep -q '^\.SH ENVIRONMENT' d/usr/share/man/man1/valise.1 || fail "no ENVIRONMENT"
for shell in bash zsh fish; do "$VALISE" completion $shell > completion.$shell; done
same completion.bash d/usr/share/bash-completion/completions/valise
same completion.zsh d/usr/share/zsh/site-functions/_valise
same completion.fish d/usr/share/fish/vendor_completions.d/valise.fish
bash -n completion.bash
zsh -n completion.zsh
fish -n completion.fish
if command -v systemd-analyze >/dev/null; then
	cp d/usr/share/doc/valise/examples/* .
	cp valise-backup@.service valise-backup@old.service
	# that the program is not installed here is none of its mistakes
	{ systemd-analyze verify --man=no ./valise-backup@old.service ./valise-backup@.timer 2>&1 || true; } | grep -E '^[^ ]*valise-backup' | grep -v 'valise is not executable\|Failed to resolve\|not found' > units || true
	[ ! -s units ] || { cat units; fail "the units are not right"; }
fi

say "uninstall"
run 0 env DESTDIR="$T/d" cmake --build "$BUILD" --target uninstall
(cd d && find . -type f) | sort > got
printf '%s\n' ./usr/bin/other ./usr/share/doc/valise/mine > want
same want got
[ ! -e d/usr/share/valise ] || fail "an empty directory of ours stays"
run 1 env DESTDIR="$T/d" cmake -DMANIFEST="$BUILD/install_manifest.txt" -P "$SOURCE/cmake/uninstall.cmake"
says 'install_manifest.txt is missing'

say "the Debian package"
deps=$(sed -n '/^build="/,/"$/p' "$SOURCE/scripts/deps" | tr -d '"\t' | sed 's/^build=//' | tr ' ' '\n' | grep -vxE 'gcc|pkg-config' | sort)
sed -n '/^Build-Depends/,/^[^ B]/p' "$SOURCE/debian/control" | tr ', ' '\n\n' | grep -E -- '-dev$|^cmake$|^ninja-build$' | sort > got
printf '%s\n' "$deps" > want
same want got
grep -q '^Rules-Requires-Root: no$' "$SOURCE/debian/control" && grep -q 'debhelper-compat (= 13)' "$SOURCE/debian/control" || fail "control"
! ls "$SOURCE"/debian/*lintian-overrides "$SOURCE/debian/source/lintian-overrides" 2>/dev/null || fail "an override"
version=$(sed -n 's/^project(valise VERSION \([0-9.]*\) .*/\1/p' "$SOURCE/CMakeLists.txt")
head -n 1 "$SOURCE/debian/changelog" | grep -q "^valise ($version) " || fail "the changelog is not of $version"
grep -q "\"valise $version\"" "$SOURCE/docs/valise.1" "$SOURCE/docs/valise-accounts.5" "$SOURCE/docs/valise-archive.5" || fail "a page is not of $version"
say ok
