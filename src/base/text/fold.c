/* The key of a path component under which file systems that fold case see one name. */
#include "valise/base/escape.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include <string.h>
#include "fold_table.h"

#define HANGUL_FIRST 0xac00u
#define HANGUL_LAST 0xd7a3u

static void put_point(struct buf *out, uint32_t point)
{
	char text[4];

	buf_put(out, text, utf8_put(point, text));
}

/* The conjoining letters of a precomposed syllable (The Unicode Standard, 3.12). */
static void put_hangul(struct buf *out, uint32_t point)
{
	uint32_t index = point - HANGUL_FIRST;

	put_point(out, 0x1100 + index / 588);
	put_point(out, 0x1161 + index % 588 / 28);
	if (index % 28 > 0)
		put_point(out, 0x11a7 + index % 28);
}

/* NULL: the character stays as it is. */
static const struct fold_row *find_row(uint32_t point)
{
	const struct fold_row *row;
	size_t at;

	LOOKUP_FIRST(at, COUNT(fold_rows),
	        fold_rows[at].from + (fold_rows[at].n - 1u) * fold_rows[at].stride < point);
	row = &fold_rows[at];
	if (at == COUNT(fold_rows) || point < row->from || (point - row->from) % row->stride)
		return NULL;
	return row;
}

/* What its row of the table makes of a character: another one, several, or nothing. */
static void put_folded(struct buf *out, uint32_t point)
{
	const struct fold_row *row = find_row(point);
	uint32_t place = row ? (point - row->from) / row->stride : 0;

	if (!row)
		put_point(out, point);
	else if (row->step == LISTED)
		put_point(out, fold_listed[row->to + place]);
	else if (row->step == SEVERAL)
		for (unsigned i = 0; i < COUNT(*fold_several) && fold_several[row->to][i]; i++)
			put_point(out, fold_several[row->to][i]);
	else if (row->to)
		put_point(out, row->to + place * row->step);
}

void path_fold(const char *name, struct buf *out)
{
	size_t n = strlen(name);

	while (n > 0) {
		uint32_t point;
		size_t len = utf8_next(name, n, &point);

		if (len == 0)
			buf_putc(out, *name);
		else if (point < 0x80)
			buf_putc(out, (char)(point >= 'A' && point <= 'Z' ? point + 32 : point));
		else if (point >= HANGUL_FIRST && point <= HANGUL_LAST)
			put_hangul(out, point);
		else
			put_folded(out, point);
		name += len ? len : 1;
		n -= len ? len : 1;
	}
}
