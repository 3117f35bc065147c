#!/usr/bin/env python3
"""Write src/base/fold_table.h: what path_fold replaces by what, from the Unicode data of Python.

A character maps to its decomposition without combining marks, lower-cased. Only scripts with case or
with precomposed letters in everyday use are covered; Hangul is computed in fold.c.
"""
import unicodedata

RANGES = [(0xC0, 0x24F), (0x386, 0x3FF), (0x400, 0x52F), (0x531, 0x556), (0x1E00, 0x1FFF),
          (0x2126, 0x212B), (0x3040, 0x30FF)]


def fold(char):
    marks_off = "".join(c for c in unicodedata.normalize("NFD", char) if not unicodedata.combining(c))
    folded = "".join(c for c in unicodedata.normalize("NFD", marks_off.casefold())
                     if not unicodedata.combining(c))
    return folded


def main():
    rows = []
    for first, last in RANGES:
        for point in range(first, last + 1):
            folded = fold(chr(point))
            if folded and folded != chr(point):
                units = [ord(c) for c in folded][:2] + [0]
                rows.append("{0x%04x, 0x%04x, 0x%04x}" % (point, units[0], units[1]))
    print("/* Made by scripts/fold_table.py; sorted by the first column. */")
    print("/* clang-format off */")
    print("static const uint16_t fold_table[][3] = {")
    for i in range(0, len(rows), 4):
        print("\t" + ", ".join(rows[i:i + 4]) + ",")
    print("};")
    print("/* clang-format on */")


main()
