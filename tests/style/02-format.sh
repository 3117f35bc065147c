#!/bin/sh
# The checked-in style, the limits of length and complexity, and each public header compiles alone.
set -eu
cd "${TESTED_SOURCE:-$(dirname "$0")/../..}"
files=$(git ls-files '*.c' '*.h')
# One release decides about the layout, as each has other ideas of a few lines: that of Debian 12.
case $(clang-format --version) in
*"version 14."*)
	clang-format --dry-run -Werror $files
	echo "style: ok"
	;;
*) echo "style: left to clang-format 14" ;;
esac
scripts/figures --limits # columns of lines, lines and complexity of functions
for h in $(git ls-files 'include/*.h'); do
	for cc in gcc clang; do
		printf '#include "%s"\nextern int there; /* a header may be macros alone */\n' "${h#include/}" |
			$cc -std=gnu11 -D_GNU_SOURCE -Iinclude -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c -
	done
done
echo "headers: ok"
