#!/bin/bash
# 41-file-systems.py on the real ones, by hand and as root (packages exfat-fuse exfatprogs ntfs-3g): a memory stick with exFAT, and NTFS as Windows sees it.
. "$(dirname "$0")/../lib.sh"
trap 'rc=$?; umount "$T"/exfat "$T"/ntfs 2>/dev/null || true; [ -z "${LOOP:-}" ] || losetup -d "$LOOP"; kill "${SERVER:-}" 2>/dev/null || true; finish $rc' EXIT
for d in exfat ntfs; do mkdir "$T/$d"; truncate -s 64M "$T/$d.img"; done
mkfs.exfat "$T/exfat.img" >/dev/null
LOOP=$(losetup -f --show "$T/exfat.img")
mount.exfat-fuse "$LOOP" "$T/exfat" >/dev/null 2>&1
mkntfs -F -q "$T/ntfs.img" >/dev/null 2>&1
ntfs-3g -o windows_names "$T/ntfs.img" "$T/ntfs"
"$PYTHON" - "$HERE/e2e/41-file-systems.py" "$T/port" <<'P' &
import os, sys, time
source, port = sys.argv[1:]
lab = {"__file__": source, "__name__": "lab"}
exec(compile(open(source).read().replace("\nmain()\n", "\n"), source, "exec"), lab)
server = lab["Names"]().start()
with open(port + ".new", "w") as f:
    f.write(str(server.port))
os.rename(port + ".new", port)
time.sleep(600)
P
SERVER=$!
until [ -s "$T/port" ]; do sleep 0.1; done
login=(--imap "imap://127.0.0.1:$(cat "$T/port")" --user alice --cleartext --password-command 'echo pw-alice')
for d in exfat ntfs; do
	say "$d"
	run 0 "$VALISE" backup "${login[@]}" -o "$T/$d/a"
	run 0 "$VALISE" backup "${login[@]}" -o "$T/$d/a"
	says 'nothing changed'
	[ ! -e "$T/$d/a/.work" ] || fail ".work stayed"
	run 0 "$VALISE" verify "$T/$d/a"
	run 0 "$VALISE" unpack "$T/$d/a" -t "$T/$d/tree"
	says 'takes no colon'
	run 0 "$VALISE" fetch "${login[@]}" -t "$T/$d/tree"
	run 0 "$VALISE" pack "$T/$d/tree" -o "$T/$d/b"
	cp -r "$T/$d/a" "$T/copy-$d"
	run 0 "$VALISE" verify "$T/copy-$d"
	cp -r "$T/copy-$d" "$T/$d/back"
	run 0 "$VALISE" verify "$T/$d/back"
done
echo "PASSED"
