/* Allocation that ends the program when memory is out. */
#include "valise/base/mem.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * _exit, since other threads may be running and what exit handlers would flush is not
 * needed.
 */
static _Noreturn void out_of_memory(void)
{
	static const char text[] = "valise: out of memory\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);

	(void)ignored;
	_exit(1);
}

void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = n && size ? calloc(n, size) : calloc(1, 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xrealloc(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (!p)
		out_of_memory();
	return p;
}

char *xstrdup(const char *s)
{
	return s ? xmemdup(s, strlen(s) + 1) : NULL;
}

char *xstrndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = xmalloc(len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

void *xmemdup(const void *p, size_t n)
{
	void *q = xmalloc(n);

	if (n)
		memcpy(q, p, n);
	return q;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *p = NULL;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&p, fmt, ap);
	va_end(ap);
	if (n < 0)
		out_of_memory();
	return p;
}

void *arr_grow(void *items, size_t *cap, size_t want, size_t item_size)
{
	size_t size = *cap;

	if (want <= size && items)
		return items;
	if (size > SIZE_MAX / 4)
		out_of_memory();
	size += size / 2;
	if (size < 8)
		size = 8;
	if (size < want)
		size = want;
	if (item_size && size > SIZE_MAX / item_size)
		out_of_memory();
	items = xrealloc(items, size * item_size);
	*cap = size;
	return items;
}
