#ifndef VALISE_BASE_MEM_H
#define VALISE_BASE_MEM_H

#include <stddef.h>
#include <string.h>
#include "valise/base/err.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#ifndef MIN /* some systems have it in a header that others bring along */
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#endif

/*
 * Allocation that prints a message and exits with status 1 when memory is out: any moment
 * is a safe moment to die. Never for a size that comes from outside: use
 * a capped struct buf.
 */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s); /* NULL gives NULL */
char *xstrndup(const char *s, size_t n);
void *xmemdup(const void *p, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/**
 * arr_grow(items, cap, want, item_size):
 * Make the array ${items} (malloc'ed or NULL, room for *${cap} items) hold at least
 * ${want} items, growing by half; returns the new address and updates *${cap}.
 */
void *arr_grow(void *items, size_t *cap, size_t want, size_t item_size);

/* ARR_PUSH(items, n, cap): a pointer to a new zeroed last item; increments n. */
#define ARR_PUSH(items, n, cap)                                                                    \
	((items) = arr_grow((items), &(cap), (n) + 1, sizeof *(items)),                            \
	        memset(&(items)[(n)], 0, sizeof *(items)), &(items)[(n)++])

#endif
