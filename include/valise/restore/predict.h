#ifndef VALISE_RESTORE_PREDICT_H
#define VALISE_RESTORE_PREDICT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What a dry run foresees besides (target_opts.predictor): what the target will refuse or change,
 * by what it says of itself and by what the archive holds. What the dry run reports as every dry
 * run does is not said again here. What cannot be foreseen is listed in docs/RESTORE.md.
 */
enum predict {
	/* no item is another one for these: they are told, and no more */
	PREDICT_NAME, /* the mailbox may get another name */
	PREDICT_PROPERTY, /* of a collection: what the server may not keep */
	/* an item is refused, or is another one there */
	PREDICT_QUOTA,
	PREDICT_KEYWORD, /* keywords and flags */
	PREDICT_DATE,
	PREDICT_NUL,
	PREDICT_LINE_ENDS,
	PREDICT_FINAL_CRLF,
	PREDICT_HEADER, /* lines of the header that are no field */
	PREDICT_8BIT, /* of the header */
	PREDICT_LONG_LINES,
	PREDICT_FORM, /* an object against its RFC */
	PREDICT_REWRITTEN, /* an object that servers write otherwise, and lose something */
	PREDICT_UID,
	PREDICT_COMPONENT,
	PREDICT_PLACE, /* where collections may not be made */
	PREDICTS
};
const char *predict_word(enum predict what); /* "long-lines" */
/* Makes it a restore's exit code 3, if it comes to that? */
bool predict_counts(enum predict what);

struct prediction {
	enum predict what;
	bool sure; /* else: it depends on what the server does not say */
	const char *collection, *item; /* as a restore's report names them; may be NULL */
	const char *text; /* one line */
	uint64_t items; /* that it is about */
};

/* What the rest of the restore costs, for predict_seconds. */
struct predict_cost {
	uint64_t items, bytes; /* to be added */
	uint64_t trips; /* answers that will be waited for, one after the other */
	int64_t idle_us; /* the shortest answer; 0: not known */
	uint64_t item_us; /* that a slow server of the protocol needs for an item */
};

struct predictor {
	void *ctx;
	/* Called by one thread at a time; all is borrowed. */
	void (*said)(void *ctx, const struct prediction *p);
	void (*cost)(void *ctx, const struct predict_cost *c);
};
/* A prediction with this as its text. */
void predict_vsay(const struct predictor *to, struct prediction p, const char *fmt, va_list ap);

/**
 * predict_seconds(c, low, high): the low end: round trips as fast as the target just answered, and
 * PREDICT_FAST octets a second; the high end: twice that, PREDICT_SLOW, and what slow servers need.
 */
void predict_seconds(const struct predict_cost *c, uint64_t *low, uint64_t *high);
enum { PREDICT_FAST = 125000000, PREDICT_SLOW = 1250000 }; /* 1,000 and 10 Mbit/s */

#endif
