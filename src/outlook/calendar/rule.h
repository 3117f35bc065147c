#ifndef VALISE_OUTLOOK_CALENDAR_RULE_H
#define VALISE_OUTLOOK_CALENDAR_RULE_H

#include "outlook/calendar/recur.h"
#include "valise/base/buf.h"

/* What a recurrence means: its days, and the RRULE (RFC 5545 3.3.10) that says them. */

enum rule_form {
	RULE_RRULE, /* an RRULE says it */
	RULE_DATES, /* months of the Hijri or Hebrew calendar: only the days themselves do */
	RULE_NONE, /* months of another calendar: its first instance is all that is known */
};
enum rule_form rule_form(const struct recur *r);

/*
 * "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;WKST=SU" with its COUNT; ${until}: what stands behind
 * UNTIL where the recurrence ends by date. ${first}: the day of its first instance.
 */
void rule_text(const struct recur *r, uint32_t first, const char *until, struct buf *out);

enum rule_months { MONTHS_GREGORIAN, MONTHS_HIJRI, MONTHS_HEBREW, MONTHS_OTHERS };
/* The days (minutes at midnight) of all instances, in order, deleted ones, too. */
struct rule_walk {
	const struct recur *r;
	uint64_t step; /* periods that were begun */
	unsigned at; /* day of the week within the step, RECUR_WEEK */
	uint32_t given;
	int shift; /* days between our Hijri calendar and that of who wrote it */
	enum rule_months months;
	bool ended;
};
void rule_walk_init(struct rule_walk *w, const struct recur *r);
bool rule_walk_next(struct rule_walk *w, uint32_t *day_out);
/* The first one; false: there is none. */
bool rule_first(const struct recur *r, uint32_t *day_out);

#endif
