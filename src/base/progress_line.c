/* A progress line for a terminal of a given width. */
#include <stdio.h>
#include <string.h>
#include "valise/base/columns.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"

enum { COUNT_PART, BYTES_PART, RATE_PART, LEFT_PART, PARTS };
enum {
	WHAT_MIN = 20, /* columns that the collection in work gets before numbers do */
	SETTLED_S = 2, /* before that nobody knows how long it takes */
};

static void put_left(const struct progress_view *v, double rate, char out[48])
{
	unsigned long s;

	if (v->bytes_total <= v->bytes || rate <= 0 || v->seconds < (double)SETTLED_S)
		return;
	s = (unsigned long)((double)(v->bytes_total - v->bytes) / rate);
	if (s < 3600)
		snprintf(out, 48, "%lu:%02lu left", s / 60, s % 60);
	else
		snprintf(out, 48, "%lu:%02lu:%02lu left", s / 3600, s / 60 % 60, s % 60);
}

static void put_parts(const struct progress_view *v, char parts[PARTS][48])
{
	double rate = v->seconds > 0 ? (double)v->bytes / v->seconds : 0;
	char a[32], b[32];

	memset(parts, 0, PARTS * sizeof *parts);
	if (v->items || v->items_total || v->bytes)
		snprintf(parts[COUNT_PART], 48, "%s%s%s", human_count(v->items, a),
		        v->items_total ? " of " : "",
		        v->items_total ? human_count(v->items_total, b) : "");
	if (!v->bytes)
		return;
	snprintf(parts[BYTES_PART], 48, "%s", human_bytes(v->bytes, a));
	snprintf(parts[RATE_PART], 48, "%s/s", human_bytes((uint64_t)rate, a));
	put_left(v, rate, parts[LEFT_PART]);
}

/* Columns of the parts, with two blanks behind each. */
static size_t width_of(char parts[PARTS][48])
{
	size_t sum = 0;

	for (unsigned i = 0; i < PARTS; i++)
		sum += parts[i][0] ? strlen(parts[i]) + 2 : 0;
	return sum;
}

char *progress_line(const struct progress_view *v, size_t columns, char *out, size_t size)
{
	static const unsigned first_to_go[] = {RATE_PART, BYTES_PART, LEFT_PART};
	size_t what = MIN(text_columns(v->what), WHAT_MIN);
	char parts[PARTS][48], text[512];
	size_t at = 0;

	put_parts(v, parts);
	for (size_t i = 0; i < COUNT(first_to_go) && width_of(parts) + what > columns; i++)
		parts[first_to_go[i]][0] = '\0';
	for (unsigned i = 0; i < PARTS; i++)
		if (parts[i][0])
			at += (size_t)snprintf(text + at, sizeof text - at, "%s  ", parts[i]);
	snprintf(text + at, sizeof text - at, "%s", v->what);
	return text_cut(text, columns, out, size);
}
