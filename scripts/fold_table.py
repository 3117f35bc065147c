#!/usr/bin/env python3
"""Write src/base/fold_table.h: what path_fold replaces by what, from the Unicode data of Python.

A character maps to its decomposition, fully case-folded (as exFAT, NTFS, APFS and HFS+ compare names, or coarser), without combining
marks and without the characters that HFS+ ignores. Hangul syllables are computed in fold.c.
"""
import unicodedata

IGNORED = {0xAD, 0x34F, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10)}
ALSO = {0x131: "i"}  # some tables make it an I


def bare(text):
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c) and ord(c) not in IGNORED)


def fold(char):
    return ALSO.get(ord(char)) or bare(bare(char).casefold())


def main():
    rows = []
    for point in [*range(0x80, 0xAC00), *range(0xD7A4, 0xD800), *range(0xE000, 0x30000), *range(0xE0100, 0xE01F0)]:
        folded = fold(chr(point))
        if folded != chr(point):
            units = ([ord(c) for c in folded] + [0, 0, 0])[:3]
            rows.append("{0x%04x, {0x%04x, 0x%x, 0x%x}}" % (point, *units))
    print("/* Made by scripts/fold_table.py; sorted by the first member. */")
    print("/* clang-format off */")
    print("static const struct { uint32_t from, to[3]; } fold_table[] = {")
    for i in range(0, len(rows), 4):
        print("\t" + ", ".join(rows[i:i + 4]) + ",")
    print("};")
    print("/* clang-format on */")


main()
