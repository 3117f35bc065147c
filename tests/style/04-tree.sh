#!/bin/sh
# Nothing of one machine or one person in the files.
set -eu
cd "${TESTED_SOURCE:-$(dirname "$0")/../..}"
if git grep -nIE '(^|[^[:alnum:]_.})/])/(work|home|root)/[a-z]' -- . ':!tests/style/04-tree.sh'; then
	echo "paths of one machine"
	exit 1
fi
if git grep -nIE '\b(TODO|FIXME|XXX)\b' -- src include tests scripts docs ':!tests/style/04-tree.sh'; then
	echo "unfinished business is an issue, not a comment"
	exit 1
fi
for f in $(git ls-files 'src/*.c'); do
	n=$(wc -l < "$f")
	[ "$n" -le 900 ] || { echo "$f has $n lines"; exit 1; }
	case $(head -n 1 "$f") in
	"/*"*) ;;
	*) echo "$f does not open with a comment on what it is for"; exit 1 ;;
	esac
done
# Words that docs/STYLE.md replaces.
banned='\banew\b|\bof before\b|\b(could|can|may|might)( not)? be had\b|\bcannot be had\b|\bto be had\b|\b(was|were|is|are|messages?) had\b'
if git grep -nIE "$banned" -- README.md docs src include ':!docs/STYLE.md'; then
	echo "words that docs/STYLE.md replaces"
	exit 1
fi
echo ok
