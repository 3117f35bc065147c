#ifndef VALISE_BASE_BUF_H
#define VALISE_BASE_BUF_H

#include <stdint.h>
#include <stddef.h>
#include <stdarg.h>
#include "valise/base/err.h"

/*
 * The one growable byte buffer. Its cap is given at init; what would exceed it yields
 * ERR_LIMIT and leaves the content as it was. The content is always followed by a NUL
 * that is not counted.
 */
struct buf {
	uint8_t *data; /* never NULL after buf_init */
	size_t len;
	size_t size; /* allocated */
	size_t cap;
};

void buf_init(struct buf *b, size_t cap);
struct buf buf_of(size_t cap); /* the same, for a definition */
void buf_clear(struct buf *b); /* frees; the buffer may be initialised again */
void buf_reset(struct buf *b); /* empties, keeps the memory */
int buf_add(struct buf *b, const void *p, size_t n) MUST_CHECK;
int buf_adds(struct buf *b, const char *s) MUST_CHECK;
int buf_addc(struct buf *b, char c) MUST_CHECK;
int buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_CHECK;
/* As much of it as the cap has room for; returns how much that was. */
size_t buf_fill(struct buf *b, const void *p, size_t n);
void buf_swap(struct buf *a, struct buf *b);
void buf_drop(struct buf *b, size_t n); /* removes the first n bytes */
/* lends the content as text, valid until the next change */
const char *buf_str(const struct buf *b);
char *buf_take(struct buf *b); /* gives the memory away; the buffer is empty, same cap */

/*
 * The same for text that we make ourselves and whose size is bounded by construction:
 * exceeding the cap is a programming fault and ends the process.
 */
void buf_puts(struct buf *b, const char *s);
void buf_putf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_put(struct buf *b, const void *p, size_t n);
void buf_putc(struct buf *b, char c);

#endif
