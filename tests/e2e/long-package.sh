#!/bin/bash
# The Debian package, made by dpkg-buildpackage on a bare Debian 12 and 13, clean for that release's lintian; installed there, it runs, its pages open,
# and it goes without leaving anything. Minutes, and a mirror: not among the tests that "scripts/test" runs. SUITES="bookworm" for one alone.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ "${1:-}" != inside ]; then
	for suite in ${SUITES:-bookworm trixie}; do .ci/debian "$suite" tests/e2e/long-package.sh inside; done
	exit
fi
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
quiet() { "$@" >/tmp/log 2>&1 || { tail -40 /tmp/log | cut -c1-300; echo "failed: $*"; exit 1; }; }
lacks() { echo "the package has no $1"; exit 1; }

quiet apt-get -q update
quiet apt-get -q install -y --no-install-recommends dpkg-dev debhelper lintian man-db
quiet apt-get -q build-dep -y --no-install-recommends ./
quiet dpkg-buildpackage -us -uc -b
# nothing is overridden, and nothing is said but what is pedantic
lintian --allow-root --display-info --show-overrides ../valise_*.changes >/tmp/said 2>&1 || { cat /tmp/said; exit 1; }
cat /tmp/said
! grep -E '^[EWO]:' /tmp/said || exit 1
dpkg-deb -c ../valise_[0-9]*.deb | awk '{print $6}' | sort >/tmp/files
for f in bin/valise share/man/man1/valise.1.gz share/man/man5/valise-accounts.5.gz share/man/man5/valise-archive.5.gz share/doc/valise/README.md \
	share/doc/valise/LICENSE share/doc/valise/docs/RESTORE.md share/doc/valise/docs/valise.schema.json share/doc/valise/copyright \
	share/bash-completion/completions/valise share/zsh/vendor-completions/_valise share/fish/vendor_completions.d/valise.fish \
	share/doc/valise/examples/valise-backup@.timer share/valise/providers.ini; do
	grep -qx "./usr/$f" /tmp/files || lacks "$f"
done
! grep -E 'site-functions|/usr/local|\.a$|\.h$' /tmp/files || exit 1
find / -xdev -path '*valise*' -not -path '/opt/*' -not -path '/tmp/*' -not -path '/var/cache/man/*' | sort >/tmp/before
quiet apt-get -q install -y --no-install-recommends ../valise_[0-9]*.deb
valise --version
rc=0; valise verify /nowhere 2>/dev/null || rc=$?; [ $rc = 10 ]
VALISE_FAULT=kill:1 valise help >/dev/null # a release plays no faults
man valise-archive >/dev/null
bash -c 'source /usr/share/bash-completion/completions/valise; COMP_WORDS=(valise ver); COMP_CWORD=1; _valise valise ver valise; [ "${COMPREPLY[0]}" = verify ]'
quiet apt-get -q purge -y valise
find / -xdev -path '*valise*' -not -path '/opt/*' -not -path '/tmp/*' -not -path '/var/cache/man/*' | sort >/tmp/after
cmp /tmp/before /tmp/after || { diff /tmp/before /tmp/after; exit 1; }
echo "Debian $(cat /etc/debian_version): ok"
