#ifndef VALISE_OUTLOOK_CALENDAR_LINES_H
#define VALISE_OUTLOOK_CALENDAR_LINES_H

#include "valise/outlook/bag.h"

/*
 * Content lines as they are written (RFC 5545 3.1): CRLF, folded at 75 octets between
 * characters. The first error stays in ${rc}; what follows it writes nothing.
 */
struct lines {
	bag_write_fn write;
	void *ctx;
	struct err *err;
	int rc;
	size_t column;
	uint64_t total; /* octets so far */
	size_t n;
	char held[4096];
	struct forms *forms; /* of lines that were written otherwise; or NULL */
	struct buf line; /* held until it ends, if there are forms */
	bool is_long; /* its beginning was given on */
	unsigned begun; /* components but for time zones: lines are told apart by them */
};

void lines_init(struct lines *l, bag_write_fn write, void *ctx, struct err *err);
/* From now on lines that ${b} kept (kept.h) stand for those of its properties. */
void lines_keep(struct lines *l, struct bag *b);
/* Components by which the lines of several are told apart: not those of time zones. */
bool lines_counts(const char *component);
/* What is held goes out; returns ${rc}. */
int lines_flush(struct lines *l) MUST_CHECK;

/* Octets of the line as they are, and its end. */
void lines_put(struct lines *l, const char *s, size_t n);
void lines_puts(struct lines *l, const char *s);
void lines_putf(struct lines *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
void lines_end(struct lines *l);
/* A whole line whose value needs no escapes. */
void lines_add(struct lines *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* ";NAME=value", quoted where it must be (RFC 6868 for what quotes cannot have). */
void lines_param(struct lines *l, const char *name, const char *value);
/* A value of TEXT: escapes, no controls, any line end is \n. Blanks at the end are kept. */
void lines_value(struct lines *l, const char *text);
/* "NAME:text"; nothing where ${text} is NULL or empty. */
void lines_text(struct lines *l, const char *name, const char *text);
/* A value of URI: what it cannot have is percent-encoded. */
void lines_uri(struct lines *l, const char *uri);

#endif
