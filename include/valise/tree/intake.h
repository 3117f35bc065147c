#ifndef VALISE_TREE_INTAKE_H
#define VALISE_TREE_INTAKE_H

#include "valise/tree/sink.h"

/*
 * The octets of one item on their way into a sink, wherever they come from: what every
 * item is made of is decided here. One intake serves any number of items, one after the
 * other, of one thread:
 *     intake_begin, (intake_write*, intake_finish or intake_drop)*, intake_clear
 * An error of the sink has the scope ERR_WHOLE and sets ${failed}: it costs the run, not
 * the item.
 */
struct intake {
	struct tree_sink *sink;
	enum coll_kind kind;
	struct tree_body *body; /* NULL: no octet came yet */
	/* the first octets, up to its cap; of a finished body until the next one begins */
	struct buf head;
	bool dated; /* set by the caller: what comes has a date, nothing of it is kept */
	uint64_t len; /* octets of the body that is coming in */
	bool failed;
};

/* ${head_cap}: how much of the beginning is kept; a message's date is looked for there. */
void intake_begin(struct intake *in, struct tree_sink *sink, enum coll_kind kind, size_t head_cap);
/* A tree_write_fn; the first call opens the body. */
int intake_write(void *in, const void *p, size_t n, struct err *err) MUST_CHECK;
/* What came is no item; for callbacks, too. */
void intake_drop(void *in);
/* Drops what is open; of a zeroed intake, too. */
void intake_clear(struct intake *in);

/* What of an item the server told, beside the octets. */
enum { INTAKE_SIZE = 1, INTAKE_DATE = 2 };

/**
 * intake_finish(in, it, told, err): all octets are here (none at all is an empty body):
 * the sink has them. Sets the item's sha256 and size, and adds to its warn: WARN_NUL;
 * with INTAKE_SIZE in ${told}, WARN_SIZE where it->size was another one; of a message
 * without INTAKE_DATE, WARN_DATE and the date of arrival, as far as its header has one.
 */
int intake_finish(
        struct intake *in, struct tree_item *it, unsigned told, struct err *err) MUST_CHECK;

#endif
