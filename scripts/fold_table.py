#!/usr/bin/env python3
"""Write src/base/text/fold_table.h: what path_fold replaces by what, from the Unicode data of Python.

A character maps to its decomposition, fully case-folded (as exFAT, NTFS, APFS and HFS+ compare names, or coarser), without combining
marks and without the characters that HFS+ ignores. Hangul syllables are computed in fold.c.

Characters that follow one another, or every second one, and map to what goes up by a constant step are one row; where they map to
anything, their values stand in a list.
"""
import unicodedata

IGNORED = {0xAD, 0x34F, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10)}
ALSO = {0x131: "i"}  # some tables make it an I
POINTS = [*range(0x80, 0xAC00), *range(0xD7A4, 0xD800), *range(0xE000, 0x30000), *range(0xE0100, 0xE01F0)]
LISTED, SEVERAL = "LISTED", "SEVERAL"  # instead of a step; the target is then a place in that list
SEVERAL_MAX = 3
ROW, VALUE = 25, 8  # their widths in the text


def bare(text):
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c) and ord(c) not in IGNORED)


def fold(char):
    return ALSO.get(ord(char)) or bare(bare(char).casefold())


def runs_at(chars, i):
    """(how many, stride, step) of the rows that can begin with the i-th of ${chars}, [(point, what it becomes)]."""
    point, to = chars[i]
    if len(to) > 1:
        return [(1, 1, SEVERAL)]
    found = [(1, 1, 0)]
    for stride in (1, 2):
        n = 1
        while i + n < len(chars) and chars[i + n][0] == point + n * stride and len(chars[i + n][1]) < 2:
            n += 1
        found += [(k, stride, LISTED) for k in range(2, n + 1)] if stride == 1 else []
        for step in (0, 1, 2) if to else (0,):
            k = 1
            while k < n and chars[i + k][1] == (to and chr(ord(to) + k * step)):
                k += 1
            found.append((k, stride, step))
    return [f for f in found if f[2] != LISTED or all(chars[i + k][1] for k in range(f[0]))]


def cut(chars):
    """The rows (place in ${chars}, how many, stride, step) that take the least text."""
    best = [(0, None)]  # from the end
    for i in reversed(range(len(chars))):
        cost = lambda run: ROW + best[-run[0]][0] + (VALUE * run[0] if run[2] == LISTED else 0)
        run = min(runs_at(chars, i), key=cost)
        best.append((cost(run), run))
    i = 0
    while i < len(chars):
        run = best[-1 - i][1]
        yield i, *run
        i += run[0]


def put(declaration, items):
    print(declaration + " = {")
    line = "\t"
    for item in items:
        if len(line) + len(item) > 92:
            print(line.rstrip())
            line = "\t"
        line += item + " "
    print(line.rstrip() + "\n};")


def main():
    chars = [(p, fold(chr(p))) for p in POINTS if fold(chr(p)) != chr(p)]
    rows, listed, several = [], [], []
    for i, n, stride, step in cut(chars):
        point, to = chars[i]
        target = {LISTED: len(listed), SEVERAL: len(several)}.get(step, ord(to) if len(to) == 1 else 0)
        rows.append("{0x%x, %d, %d, %s, %s}," % (point, n, stride, step, target if step in (LISTED, SEVERAL) else "%#x" % target if target else 0))
        if step == LISTED:
            listed += ["0x%x," % ord(c[1]) for c in chars[i:i + n]]
        elif step == SEVERAL:
            several.append("{%s}," % ", ".join("0x%x" % ord(c) for c in to))
    print("/* Made by scripts/fold_table.py; the rows follow one another, and none overlaps the next. */")
    print("/* clang-format off */")
    print("enum { LISTED = 254, SEVERAL = 255 }; /* steps: to is a place in that list */")
    print("struct fold_row { uint32_t from; uint16_t n; uint8_t stride, step; uint32_t to; };")
    put("static const struct fold_row fold_rows[]", rows)
    put("static const uint32_t fold_listed[]", listed)
    put("static const uint32_t fold_several[][%d]" % SEVERAL_MAX, several)
    print("/* clang-format on */")


main()
