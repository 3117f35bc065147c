#!/bin/sh
# The checked-in style, the cyclomatic gate, and each public header compiles alone.
set -eu
cd "${VALISE_SOURCE:-$(dirname "$0")/../..}"
files=$(git ls-files '*.c' '*.h')
# One release decides about the layout, as each has other ideas of a few lines: that of Debian 12.
case $(clang-format --version) in
*"version 14."*)
	clang-format --dry-run -Werror $files
	echo "style: ok"
	;;
*) echo "style: left to clang-format 14" ;;
esac
# pmccabe prints: modified complexity, complexity, statements, first line, lines, file(line): function
worst=$(pmccabe $(git ls-files 'src/*.c') | awk '$1 > 25 { print }')
if [ -n "$worst" ]; then
	printf 'too complex (more than 25):\n%s\n' "$worst"
	exit 1
fi
long=$(pmccabe $(git ls-files 'src/*.c') | awk '$5 > 100 { print }')
if [ -n "$long" ]; then
	printf 'longer than 100 lines:\n%s\n' "$long"
	exit 1
fi
echo "complexity: ok"
for h in $(git ls-files 'include/*.h'); do
	for cc in gcc clang; do
		printf '#include "%s"\n' "${h#include/}" |
			$cc -std=gnu11 -D_GNU_SOURCE -Iinclude -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c -
	done
done
echo "headers: ok"
