/* The growable byte buffer with a cap. */
#include "valise/base/buf.h"
#include "valise/base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an empty buffer points at, so that data is never NULL; never written to. */
static uint8_t empty[1];

void buf_init(struct buf *b, size_t cap)
{
	b->data = empty;
	b->len = 0;
	b->size = 0;
	b->cap = cap < SIZE_MAX ? cap : SIZE_MAX - 1;
}

struct buf buf_of(size_t cap)
{
	struct buf b;

	buf_init(&b, cap);
	return b;
}

void buf_clear(struct buf *b)
{
	if (b->size)
		free(b->data);
	b->data = empty;
	b->len = 0;
	b->size = 0;
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->size)
		b->data[0] = '\0';
}

/* Room for n more bytes and the NUL. */
static int make_room(struct buf *b, size_t n)
{
	size_t want, size;

	if (n > b->cap - b->len)
		return ERR_LIMIT;
	want = b->len + n + 1;
	if (want <= b->size)
		return 0;
	size = b->size > SIZE_MAX / 2 ? want : b->size + b->size / 2;
	if (size < 64)
		size = 64;
	if (size < want)
		size = want;
	if (size > b->cap + 1)
		size = b->cap + 1;
	b->data = xrealloc(b->size ? b->data : NULL, size);
	b->size = size;
	return 0;
}

int buf_add(struct buf *b, const void *p, size_t n)
{
	if (make_room(b, n) != 0)
		return ERR_LIMIT;
	if (n)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

size_t buf_fill(struct buf *b, const void *p, size_t n)
{
	size_t fits = n < b->cap - b->len ? n : b->cap - b->len;

	buf_put(b, p, fits);
	return fits;
}

int buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int buf_addc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

static int add_format(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	char small[256];
	int n;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof small, fmt, ap);
	if (n < 0 || make_room(b, (size_t)n) != 0) {
		va_end(again);
		return ERR_LIMIT;
	}
	if ((size_t)n < sizeof small)
		memcpy(b->data + b->len, small, (size_t)n + 1);
	else
		vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, again);
	b->len += (size_t)n;
	va_end(again);
	return 0;
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = add_format(b, fmt, ap);
	va_end(ap);
	return rc;
}

void buf_swap(struct buf *a, struct buf *b)
{
	struct buf before = *a;

	*a = *b;
	*b = before;
}

void buf_drop(struct buf *b, size_t n)
{
	if (n > b->len)
		n = b->len;
	if (n == 0)
		return;
	b->len -= n;
	memmove(b->data, b->data + n, b->len);
	b->data[b->len] = '\0';
}

const char *buf_str(const struct buf *b)
{
	return (const char *)b->data;
}

char *buf_take(struct buf *b)
{
	char *p = b->size ? (char *)b->data : xstrdup("");

	b->data = empty;
	b->len = 0;
	b->size = 0;
	return p;
}

static void must_fit(int rc)
{
	if (rc == 0)
		return;
	fputs("valise: internal fault: a bounded text outgrew its buffer\n", stderr);
	abort();
}

void buf_puts(struct buf *b, const char *s)
{
	must_fit(buf_add(b, s, strlen(s)));
}

void buf_put(struct buf *b, const void *p, size_t n)
{
	must_fit(buf_add(b, p, n));
}

void buf_putc(struct buf *b, char c)
{
	must_fit(buf_add(b, &c, 1));
}

void buf_putf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = add_format(b, fmt, ap);
	va_end(ap);
	must_fit(rc);
}
