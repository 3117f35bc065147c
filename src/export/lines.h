#ifndef EXPORT_LINES_H
#define EXPORT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "valise/base/err.h"
#include "valise/format/mbox.h"

/*
 * A message as files on Unix have it, while it passes: CRLF becomes LF, all else stays, as
 * far as it can. Of it nothing is held but a header field's name.
 */
enum {
	/* a line ends in bare LF, or in CR CR LF: who makes LF CRLF again gets other octets */
	LINES_NOT_CRLF = 1,
	LINES_NO_END = 2, /* the last line has no end */
	LINES_RENAMED = 4, /* a header field that speaks of an mbox is called X-Original-... */
	LINES_BLANK_FIRST = 8, /* the message begins with a blank or tab */
};
struct lines {
	int (*write)(void *ctx, const void *p, size_t n, struct err *err);
	void *ctx;
	/*
	 * for an mbox: lines that are "From ", or that after '>', get one more '>' (mboxrd);
	 * fields of the header that programs take for those of an mbox get another name
	 */
	bool mbox;
	unsigned seen; /* LINES_ */
	/* what follows is theirs */
	enum { LINES_START, LINES_FIELD, LINES_REST } state;
	bool in_body, any, empty; /* empty: the line so far */
	unsigned cr; /* CR that may belong to a line end */
	uint64_t quotes; /* '>' that the line began with */
	char name[MBOX_FIELD_MAX]; /* what the line began with */
	size_t n_name;
};
/* Set write, ctx and mbox; all else is zero. */
int export_lines_add(struct lines *l, const void *p, size_t n, struct err *err) MUST_CHECK;
/* The message is over: with ${mbox} its last line gets an end, and an empty one follows. */
int export_lines_end(struct lines *l, struct err *err) MUST_CHECK;

#endif
