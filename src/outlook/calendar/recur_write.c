/* A recurrence as octets: MS-OXOCAL 2.2.1.44. */
#include "outlook/calendar/recur.h"
#include "outlook/calendar/rule.h"
#include "valise/base/date.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"

enum { WEEK_MINUTES = 7 * RECUR_DAY_MINUTES, DAYS_1601 = 134774, FIRST_YEAR = 1601 };

static void put(struct buf *out, uint32_t v, size_t n)
{
	uint8_t octets[4];

	le_put(octets, v, n);
	buf_put(out, octets, n);
}

static uint32_t months_first(const struct recur *r)
{
	struct day d = day_of(((int64_t)(r->start_date / RECUR_DAY_MINUTES) - DAYS_1601) * 86400);
	unsigned months = (unsigned)(d.year - FIRST_YEAR) * 12 + (unsigned)d.month - 1;

	months %= r->period;
	d = (struct day){FIRST_YEAR + (int)(months / 12), (int)(months % 12) + 1, 1};
	return (uint32_t)(day_start(&d) / 86400 + DAYS_1601) * RECUR_DAY_MINUTES;
}

/* 2.2.1.44.1: where the pattern would have begun behind 1601-01-01, a Monday. */
static uint32_t first_of(const struct recur *r)
{
	unsigned weekday = (r->start_date / RECUR_DAY_MINUTES + 1) % 7;
	uint32_t week = (weekday + 7 - r->week_start) % 7 * RECUR_DAY_MINUTES;

	if (r->pattern == RECUR_DAY)
		return r->start_date % r->period;
	if (r->pattern == RECUR_WEEK)
		return (r->start_date - MIN(week, r->start_date)) % (r->period * WEEK_MINUTES);
	return months_first(r);
}

static void put_days(struct buf *out, const uint32_t *days, size_t n)
{
	put(out, (uint32_t)n, 4);
	for (size_t i = 0; i < n; i++)
		put(out, days[i], 4);
}

static void put_series(const struct recur *r, struct buf *out)
{
	const bool nth = r->pattern == RECUR_MONTH_NTH || r->pattern == RECUR_HIJRI_NTH;

	put(out, 0x3004, 2);
	put(out, 0x3004, 2);
	put(out, r->frequency, 2);
	put(out, (uint32_t)r->pattern, 2);
	put(out, r->calendar, 2);
	put(out, first_of(r), 4);
	put(out, r->period, 4);
	put(out, r->sliding, 4);
	if (r->pattern == RECUR_WEEK || nth)
		put(out, r->days, 4);
	else if (r->pattern != RECUR_DAY)
		put(out, r->day, 4);
	if (nth)
		put(out, r->nth, 4);
	put(out, 0x2021 + (uint32_t)r->end, 4);
	put(out, r->count, 4);
	put(out, r->week_start, 4);
	put_days(out, r->deleted, r->n_deleted);
	put_days(out, r->modified, r->n_modified);
	put(out, r->start_date, 4);
	put(out, r->end == RECUR_NEVER ? RECUR_END_OF_TIME : r->end_date, 4);
}

/* UTF-16LE in Latin-1, which any code page of the west has: who reads Unicode has it below. */
static void put_narrow(struct buf *out, const uint8_t *text, size_t n)
{
	put(out, (uint32_t)n / 2 + 1, 2);
	put(out, (uint32_t)n / 2, 2);
	for (size_t i = 0; i + 1 < n; i += 2) {
		unsigned unit = le16(text + i);

		buf_putc(out, (char)(unit < 0x80 || (unit >= 0xa0 && unit < 0x100) ? unit : '?'));
	}
}

static void put_exception(const struct recur_exception *x, struct buf *out)
{
	const uint32_t values[] = {x->busy, x->attachment, x->all_day, x->color};

	put(out, x->start, 4);
	put(out, x->end, 4);
	put(out, x->original, 4);
	put(out, x->flags, 2);
	if (x->flags & OVERRIDE_SUBJECT)
		put_narrow(out, x->subject, x->subject_len);
	if (x->flags & OVERRIDE_MEETING)
		put(out, x->meeting, 4);
	if (x->flags & OVERRIDE_DELTA)
		put(out, x->reminder_delta, 4);
	if (x->flags & OVERRIDE_REMINDER)
		put(out, x->reminder_set, 4);
	if (x->flags & OVERRIDE_LOCATION)
		put_narrow(out, x->location, x->location_len);
	for (unsigned i = 0; i < COUNT(values); i++)
		if (x->flags & (unsigned)OVERRIDE_BUSY << i)
			put(out, values[i], 4);
}

static void put_wide(struct buf *out, const uint8_t *text, size_t n)
{
	put(out, (uint32_t)n / 2, 2);
	buf_put(out, text, n);
}

static void put_extended(const struct recur_exception *x, struct buf *out)
{
	put(out, 4, 4);
	put(out, x->highlight, 4);
	put(out, 0, 4);
	if (!(x->flags & (OVERRIDE_SUBJECT | OVERRIDE_LOCATION)))
		return;
	put(out, x->start, 4);
	put(out, x->end, 4);
	put(out, x->original, 4);
	if (x->flags & OVERRIDE_SUBJECT)
		put_wide(out, x->subject, x->subject_len);
	if (x->flags & OVERRIDE_LOCATION)
		put_wide(out, x->location, x->location_len);
	put(out, 0, 4);
}

void recur_write(const struct recur *r, struct buf *out)
{
	put_series(r, out);
	if (!r->appointment)
		return;
	put(out, 0x3006, 4);
	put(out, 0x3009, 4);
	put(out, r->start_minute, 4);
	put(out, r->end_minute, 4);
	put(out, (uint32_t)r->n_exceptions, 2);
	for (size_t i = 0; i < r->n_exceptions; i++)
		put_exception(&r->exceptions[i], out);
	put(out, 0, 4);
	for (size_t i = 0; i < r->n_exceptions; i++)
		put_extended(&r->exceptions[i], out);
	put(out, 0, 4);
}
