/* A file as lines, in a window of its octets. */
#include <stdlib.h>
#include <string.h>
#include "import/mail/mail.h"
#include "valise/base/mem.h"

void lines_open(struct lines *l, struct import_file *f)
{
	*l = (struct lines){.f = f, .room = xmalloc(LINES_ROOM)};
}

void lines_close(struct lines *l)
{
	free(l->room);
}

/* At least ${want} octets are there, or all that follow. */
static void fill(struct lines *l, size_t want)
{
	if (l->end - l->pos >= want || l->eof)
		return;
	memmove(l->room, l->room + l->pos, l->end - l->pos);
	l->end -= l->pos;
	l->pos = 0;
	while (l->end < LINES_ROOM && !l->eof && (l->end < want || l->end < LINE_PIECE)) {
		size_t got = 0;

		if (l->f->read(l->f, l->room + l->end, LINES_ROOM - l->end, &got, &l->why) < 0)
			got = 0;
		l->end += got;
		l->eof = got == 0;
	}
}

static size_t take(struct lines *l, size_t n, const char **p)
{
	*p = (const char *)l->room + l->pos;
	l->pos += n;
	l->at += n;
	return n;
}

size_t lines_next(struct lines *l, const char **p)
{
	size_t n = l->end - l->pos;
	const uint8_t *end = n ? memchr(l->room + l->pos, '\n', MIN(n, (size_t)LINE_PIECE)) : NULL;

	if (!end) {
		fill(l, LINE_PIECE);
		n = MIN(l->end - l->pos, (size_t)LINE_PIECE);
		end = n ? memchr(l->room + l->pos, '\n', n) : NULL;
	}
	return take(l, end ? (size_t)(end - (l->room + l->pos)) + 1 : n, p);
}

size_t lines_peek(struct lines *l, size_t n, const char **p)
{
	fill(l, n);
	*p = (const char *)l->room + l->pos;
	return l->end - l->pos;
}

size_t lines_take(struct lines *l, size_t n, const char **p)
{
	if (l->pos == l->end)
		fill(l, 1);
	return take(l, MIN(n, l->end - l->pos), p);
}
