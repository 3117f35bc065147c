/* The octets of a recurrence: MS-OXOCAL 2.2.1.44. */
#include "outlook/calendar/recur.h"
#include <stdlib.h>
#include "valise/base/mem.h"

struct octets {
	const uint8_t *p;
	size_t n, at;
	bool over; /* somebody read beyond the end */
};

static uint32_t take(struct octets *o, size_t size)
{
	uint32_t v = 0;

	if (o->over || o->n - o->at < size) {
		o->over = true;
		return 0;
	}
	for (size_t i = size; i-- > 0;)
		v = v << 8 | o->p[o->at + i];
	o->at += size;
	return v;
}

static const uint8_t *take_octets(struct octets *o, size_t n)
{
	const uint8_t *p = o->p + o->at;

	if (o->over || o->n - o->at < n) {
		o->over = true;
		return NULL;
	}
	o->at += n;
	return p;
}

static int bad(struct err *err, const char *what)
{
	return err_set(err, ERR_DAMAGED, ERR_ITEM, "recurrence: %s", what);
}

static int read_days(struct octets *o, uint32_t **list, size_t *n_out, struct err *err)
{
	uint32_t n = take(o, 4);

	if (o->over || n > (o->n - o->at) / 4)
		return bad(err, "it ends too early");
	if (n > RECUR_INSTANCES_MAX)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "recurrence: %u instances", n);
	*list = xcalloc(n + 1, sizeof **list);
	for (uint32_t i = 0; i < n; i++)
		(*list)[i] = take(o, 4);
	*n_out = n;
	return 0;
}

static int read_pattern(struct octets *o, struct recur *r, struct err *err)
{
	switch (r->pattern) {
	case RECUR_DAY:
		/* several writers give days in weeks' clothing: minutes that are no whole days */
		if (r->period % RECUR_DAY_MINUTES)
			return bad(err, "a daily period is no number of days");
		return 0;
	case RECUR_WEEK:
		r->days = take(o, 4);
		return r->days && r->days < 0x80 ? 0 : bad(err, "no days of the week");
	case RECUR_MONTH:
	case RECUR_MONTH_END:
	case RECUR_HIJRI_MONTH:
	case RECUR_HIJRI_END:
		r->day = take(o, 4);
		return r->day >= 1 && r->day <= 31 ? 0 : bad(err, "no day of the month");
	case RECUR_MONTH_NTH:
	case RECUR_HIJRI_NTH:
		r->days = take(o, 4);
		r->nth = take(o, 4);
		if (!r->days || r->days >= 0x80 || r->nth < 1 || r->nth > 5)
			return bad(err, "no days of the month");
		return 0;
	}
	return bad(err, "a pattern that is not known");
}

static int read_end(struct octets *o, struct recur *r, struct err *err)
{
	uint32_t type = take(o, 4);

	r->count = take(o, 4);
	switch (type) {
	case 0x2021:
		r->end = RECUR_UNTIL;
		break;
	case 0x2022:
		r->end = r->count ? RECUR_COUNT : RECUR_UNTIL;
		break;
	case 0x2023:
	case 0xffffffff:
		r->end = RECUR_NEVER;
		break;
	default:
		return bad(err, "an end that is not known");
	}
	r->week_start = take(o, 4);
	return r->week_start <= 6 ? 0 : bad(err, "no first day of the week");
}

/* RecurrencePattern. */
static int read_series(struct octets *o, struct recur *r, struct err *err)
{
	uint32_t reader = take(o, 2), pattern;
	int rc;

	take(o, 2); /* WriterVersion */
	r->frequency = take(o, 2);
	pattern = take(o, 2);
	r->calendar = take(o, 2);
	r->first = take(o, 4);
	r->period = take(o, 4);
	r->sliding = take(o, 4) != 0;
	if (o->over || reader != 0x3004)
		return bad(err, "it is none of version 0x3004");
	if (r->frequency < 0x200a || r->frequency > 0x200d)
		return bad(err, "a frequency that is not known");
	if (!r->period || (pattern != RECUR_DAY && r->period > 9999 * 12))
		return bad(err, "no period");
	r->pattern = (enum recur_pattern)pattern;
	if ((rc = read_pattern(o, r, err)) < 0 || (rc = read_end(o, r, err)) < 0 ||
	        (rc = read_days(o, &r->deleted, &r->n_deleted, err)) < 0 ||
	        (rc = read_days(o, &r->modified, &r->n_modified, err)) < 0)
		return rc;
	if (r->n_modified > r->n_deleted)
		return bad(err, "more instances modified than taken out");
	r->start_date = take(o, 4);
	r->end_date = take(o, 4);
	if (o->over)
		return bad(err, "it ends too early");
	/* the last minute of the time that it can name: it never ends, whatever the type says */
	if (r->end == RECUR_UNTIL && r->end_date >= RECUR_END_OF_TIME)
		r->end = RECUR_NEVER;
	if (r->end == RECUR_UNTIL && r->end_date < r->start_date)
		return bad(err, "it ends before it begins");
	return r->start_date < RECUR_END_OF_TIME ? 0 : bad(err, "no beginning");
}

/* Length with its NUL, length, octets. */
static void read_narrow(struct octets *o, const uint8_t **p, size_t *n)
{
	take(o, 2);
	*n = take(o, 2);
	*p = take_octets(o, *n);
}

static void read_exception(struct octets *o, struct recur_exception *x)
{
	static const struct {
		unsigned flag;
		size_t at;
	} numbers[] = {
	        {OVERRIDE_BUSY, offsetof(struct recur_exception, busy)},
	        {OVERRIDE_ATTACHMENT, offsetof(struct recur_exception, attachment)},
	        {OVERRIDE_ALL_DAY, offsetof(struct recur_exception, all_day)},
	        {OVERRIDE_COLOR, offsetof(struct recur_exception, color)},
	};

	x->start = take(o, 4);
	x->end = take(o, 4);
	x->original = take(o, 4);
	x->flags = take(o, 2);
	if (x->flags & OVERRIDE_SUBJECT)
		read_narrow(o, &x->subject, &x->subject_len);
	if (x->flags & OVERRIDE_MEETING)
		x->meeting = take(o, 4);
	if (x->flags & OVERRIDE_DELTA)
		x->reminder_delta = take(o, 4);
	if (x->flags & OVERRIDE_REMINDER)
		x->reminder_set = take(o, 4);
	if (x->flags & OVERRIDE_LOCATION)
		read_narrow(o, &x->location, &x->location_len);
	for (size_t i = 0; i < COUNT(numbers); i++)
		if (x->flags & numbers[i].flag)
			*(uint32_t *)((char *)x + numbers[i].at) = take(o, 4);
}

static void read_wide(struct octets *o, const uint8_t **p, size_t *n, bool *wide)
{
	size_t len = (size_t)take(o, 2) * 2;
	const uint8_t *text = take_octets(o, len);

	if (o->over)
		return;
	*p = text;
	*n = len;
	*wide = true;
}

static void skip_block(struct octets *o)
{
	take_octets(o, take(o, 4));
}

/* ExtendedException; the highlight came with version 0x3009. */
static void read_extended(struct octets *o, uint32_t writer, struct recur_exception *x)
{
	const unsigned texts = OVERRIDE_SUBJECT | OVERRIDE_LOCATION;

	if (writer >= 0x3009) {
		uint32_t size = take(o, 4);
		struct octets value = {take_octets(o, size), size, 0, false};

		if (!o->over && size >= 4)
			x->highlight = take(&value, 4);
	}
	skip_block(o);
	if (!(x->flags & texts))
		return;
	take_octets(o, 12); /* the three times once more */
	if (x->flags & OVERRIDE_SUBJECT)
		read_wide(o, &x->subject, &x->subject_len, &x->wide_subject);
	if (x->flags & OVERRIDE_LOCATION)
		read_wide(o, &x->location, &x->location_len, &x->wide_location);
	skip_block(o);
}

static int read_appointment(struct octets *o, struct recur *r, struct err *err)
{
	uint32_t reader = take(o, 4), writer = take(o, 4);

	r->start_minute = take(o, 4);
	r->end_minute = take(o, 4);
	r->n_exceptions = take(o, 2);
	if (o->over || reader != 0x3006 || writer < 0x3006) {
		r->n_exceptions = 0;
		return bad(err, "the appointment's part is none");
	}
	if (r->start_minute > 366u * RECUR_DAY_MINUTES ||
	        r->end_minute > 9999u * RECUR_DAY_MINUTES || r->end_minute < r->start_minute)
		return bad(err, "no time of day");
	/* an instance that lies between here and the caps is no mistake of the number alone */
	if (r->n_exceptions > (o->n - o->at) / 14 || r->n_exceptions > RECUR_INSTANCES_MAX) {
		r->n_exceptions = 0;
		return bad(err, "it ends too early");
	}
	r->appointment = true;
	r->exceptions = xcalloc(r->n_exceptions + 1, sizeof *r->exceptions);
	for (size_t i = 0; i < r->n_exceptions; i++)
		read_exception(o, &r->exceptions[i]);
	if (o->over)
		return bad(err, "it ends within an exception");
	/* What follows are the same texts in Unicode: old writers leave it out. */
	skip_block(o);
	for (size_t i = 0; i < r->n_exceptions && !o->over && o->at < o->n; i++)
		read_extended(o, writer, &r->exceptions[i]);
	for (size_t i = 0; i < r->n_exceptions; i++)
		if (r->exceptions[i].end < r->exceptions[i].start)
			return bad(err, "an exception ends before it begins");
	return 0;
}

int recur_read(const uint8_t *p, size_t n, bool appointment, struct recur *out, struct err *err)
{
	struct octets o = {p, n, 0, false};
	int rc;

	memset(out, 0, sizeof *out);
	if (n > RECUR_BLOB_MAX)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "recurrence: %zu octets", n);
	rc = read_series(&o, out, err);
	return rc == 0 && appointment ? read_appointment(&o, out, err) : rc;
}

void recur_clear(struct recur *r)
{
	free(r->deleted);
	free(r->modified);
	free(r->exceptions);
	memset(r, 0, sizeof *r);
}

static uint32_t day_begin(uint32_t minutes)
{
	return minutes - minutes % RECUR_DAY_MINUTES;
}

bool recur_is_gone(const struct recur *r, uint32_t day)
{
	for (size_t i = 0; i < r->n_exceptions; i++)
		if (day_begin(r->exceptions[i].original) == day_begin(day))
			return false;
	for (size_t i = 0; i < r->n_deleted; i++)
		if (day_begin(r->deleted[i]) == day_begin(day))
			return true;
	return false;
}
