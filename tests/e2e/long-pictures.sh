#!/bin/bash
# long-pictures.sh [DIR] : by hand: pictures of reports and of exported pages in headless Chromium, to be looked at (DIR, else a new directory that stays): wide, on a phone, dark, and on
# paper (A4 and Letter). What can be judged without eyes is: no page is wider than its window, from 320 pixels on, and hostile text adds no element and runs nothing.
. "$(dirname "$0")/../lib.sh"

PAGE=${PAGE:-$HERE/../build/test/tests/test_cli_report_page} # makes the page of a report
BROWSER=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || fail "there is no Chromium (apt install chromium)"
out=${1:-$(mktemp -d "${TMPDIR:-/tmp}/valise-pictures-XXXXXX")}
mkdir -p "$out"
out=$(cd "$out" && pwd)

# chromium OPTION... : what it prints on standard output; its own messages are of no interest
chromium() { timeout 300 "$BROWSER" --headless=new --no-sandbox --disable-gpu --hide-scrollbars --allow-file-access-from-files --user-data-dir="$T/profile" "$@" 2> "$T/browser"; }
# framed PAGE WIDTH HEIGHT : a page that shows it at that width (a window is never narrower than 500), in $T/frame.html; its title becomes the width that it needs
framed() {
	cat > "$T/frame.html" <<H
<!doctype html><body style="margin:0"><iframe id="f" src="file://$1" style="width:$2px;height:$3px;border:0"></iframe>
<script>f.onload = () => { document.title = "needs " + f.contentDocument.documentElement.scrollWidth + " elements " + f.contentDocument.querySelectorAll("script,img,a,iframe,h1 ~ h1").length + " inside " + [...f.contentDocument.querySelectorAll("section")].filter(s => s.scrollWidth > s.clientWidth + 1).length + " title " + f.contentDocument.title }</script>
H
}

"$TOOLS/samplereport.py" "$out"
for json in "$out"/*.json; do
	name=$(basename "$json" .json)
	"$PAGE" "$json" > "$out/$name.html"
	say "$name"
	for width in 320 390 768 1100; do
		framed "$out/$name.html" "$width" 2400
		chromium --virtual-time-budget=20000 --dump-dom "file://$T/frame.html" > "$T/dom"
		title=$(grep -o '<title>needs [0-9]* elements [0-9]* inside [0-9]* title [^<]*' "$T/dom") || fail "$name: nothing was measured at $width"
		set -- $title
		[ "$2" -le "$width" ] || fail "$name needs $2 pixels of $width"
		[ "$4" = 0 ] || fail "$name: $4 elements that no report has"
		[ "$6" = 0 ] || [ "$name" = hostile ] || fail "$name: $6 sections are wider than $width"
		case $8 in owned*) fail "$name: a script ran" ;; esac
	done
	framed "$out/$name.html" 390 2400
	chromium --window-size=500,2400 --screenshot="$out/$name-phone.png" "file://$T/frame.html" > /dev/null
	chromium --window-size=1100,1800 --screenshot="$out/$name-wide.png" "file://$out/$name.html" > /dev/null
	chromium --window-size=1100,1800 --blink-settings=preferredColorScheme=0 --screenshot="$out/$name-dark.png" "file://$out/$name.html" > /dev/null
	chromium --no-pdf-header-footer --print-to-pdf="$out/$name-letter.pdf" "file://$out/$name.html" > /dev/null
	sed 's/@page{/@page{size:A4;/' "$out/$name.html" > "$T/a4.html"
	chromium --no-pdf-header-footer --print-to-pdf="$out/$name-a4.pdf" "file://$T/a4.html" > /dev/null
	for p in phone.png wide.png dark.png letter.pdf a4.pdf; do [ -s "$out/$name-$p" ] || fail "no $name-$p"; done
done

say "exported pages"
mkdir -p "$T/files"
"$PYTHON" - "$HERE/e2e/79-export-html.py" "$T/files" <<'P'
import importlib.util
import sys
sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("pages", sys.argv[1])
pages = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pages)
pages.make_mail(sys.argv[2])
pages.make_rest(sys.argv[2])
P
"$VALISE" import "$T/files" -o "$T/a.valise" > "$T/out" 2>&1 || true
run 0 "$VALISE" export "$T/a.valise" -o "$T/pages" --format html
one() { grep -rl -- "$1" "$T/pages/$2" | grep '/[0-9a-f]\{16\}\.html$' | head -1; } # one TEXT FOLDER : the page of an item that says so
declare -A page=([index]=$T/pages/index.html [folder]=$(ls "$T"/pages/mail/*/index.html) [list]=$(ls "$T"/pages/mail/*/2024-03-2/index.html) [message]=$(one page.html.txt mail)
	[hostile]=$(one 'Message-ID: &lt;2001@' mail) [event]=$(one '10:00 Europe' calendars) [card]=$(one photo.png contacts))
for name in "${!page[@]}"; do
	for width in 320 390 768 1100; do
		framed "${page[$name]}" "$width" 2400
		chromium --virtual-time-budget=20000 --dump-dom "file://$T/frame.html" > "$T/dom"
		title=$(grep -o '<title>needs [0-9]* elements [0-9]* inside [0-9]* title [^<]*' "$T/dom") || fail "$name: nothing was measured at $width"
		set -- $title
		[ "$2" -le "$width" ] || fail "$name needs $2 pixels of $width"
		case $8 in owned*) fail "$name: a script ran" ;; esac
	done
	framed "${page[$name]}" 390 2400
	chromium --window-size=500,2400 --screenshot="$out/pages-$name-phone.png" "file://$T/frame.html" > /dev/null
	chromium --window-size=1100,1800 --screenshot="$out/pages-$name-wide.png" "file://${page[$name]}" > /dev/null
	chromium --window-size=1100,1800 --blink-settings=preferredColorScheme=0 --screenshot="$out/pages-$name-dark.png" "file://${page[$name]}" > /dev/null
	chromium --no-pdf-header-footer --print-to-pdf="$out/pages-$name.pdf" "file://${page[$name]}" > /dev/null
done
# A click on a file that a stranger sent, or on a message, runs nothing.
for f in $(find "$T/pages/mail" -path '*/2023-11/*' -type f ! -name '*.html'); do
	chromium --dump-dom "file://$f" > "$T/dom" || true
	case $f in *.eml) active='<title>owned' ;; *) active='<title>owned|<script|<svg|<iframe' ;; esac # an .eml is shown as MHTML is: nothing in it runs
	! grep -qE "$active" "$T/dom" || fail "$f is run"
done
echo "pictures: $out"
