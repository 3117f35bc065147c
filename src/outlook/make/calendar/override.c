/* Modified instances as exceptions: MS-OXOCAL 2.2.1.44.2, 2.2.1.44.3, 2.2.10. */
#include <stdlib.h>
#include "outlook/make/calendar/event.h"
#include "outlook/wide.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"

enum { EMBEDDED = 5, HIDDEN_EXCEPTION = 2, TEXT_MAX = 32767 };
static const char exception_class[] = "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}";

/* PidTagAttachmentFlags, MS-OXCMSG 2.2.2.23. */
#define ATTACHMENT_FLAGS ((bag_key)0x7ffd)

/* Lines of the series, which each of its instances is compared with. */
struct master {
	const struct said *said;
	struct {
		const char *name;
		struct buf lines;
	} known[64];
	size_t n;
	uint32_t *days; /* that instances are replaced of: those that the rule has */
	size_t n_days;
};

/* One VEVENT, and what it is an exception of. */
struct override {
	struct cal *c;
	struct series *s;
	struct master *master;
	struct part *p;
	struct recur_exception x;
	struct series own; /* its times */
	struct said said;
	struct bag *attachment, *b;
};

/* The lines of that name, one behind the other, as they were written. */
static struct buf lines_of(const struct cal *c, const struct part *p, const char *name)
{
	struct buf out = buf_of(SIZE_MAX);

	for (size_t i = 0; i < p->n_lines; i++)
		if (strcmp(p->lines[i].name, name) == 0)
			object_raw_line(&c->o, &p->lines[i], &out);
	return out;
}

static const struct buf *lines_of_master(struct override *o, const char *name)
{
	struct master *m = o->master;
	size_t i = 0;

	while (i < m->n && strcmp(m->known[i].name, name) != 0)
		i++;
	if (i == m->n) {
		m->known[m->n].name = name;
		m->known[m->n++].lines = lines_of(o->c, o->c->main, name);
	}
	return &m->known[i].lines;
}

/* Do both components say the same by lines of that name? */
static bool is_same(struct override *o, const char *name)
{
	struct buf a = lines_of(o->c, o->p, name);
	const struct buf *b = lines_of_master(o, name);
	bool same = a.len == b->len && memcmp(a.data, b->data, a.len) == 0;

	buf_clear(&a);
	return same;
}

static void use(struct part *p, const char *name)
{
	size_t i = 0;

	while (part_each(p, name, &i))
		;
}

/* Text of the first line of that name; malloc'ed, "": none. */
static char *text_of(const struct part *p, const char *name)
{
	for (size_t i = 0; i < p->n_lines; i++)
		if (strcmp(p->lines[i].name, name) == 0)
			return line_text(&p->lines[i]);
	return xstrdup("");
}

/* A text that is not the series': as UTF-16LE, malloc'ed. */
static void own_text(
        struct override *o, const char *name, unsigned flag, const uint8_t **out, size_t *n)
{
	char *own = text_of(o->p, name),
	     *all = lines_of_master(o, name)->len ? text_of(o->c->main, name) : xstrdup("");
	struct buf wide = buf_of(SIZE_MAX);

	if (strcmp(own, all) != 0) {
		wide_put(&wide, own);
		o->x.flags |= flag;
		*n = MIN(wide.len, (size_t)2 * TEXT_MAX);
		*out = xmemdup(wide.data, wide.len + 1);
	}
	free(own);
	free(all);
	buf_clear(&wide);
}

static void compare(struct override *o)
{
	struct recur_exception *x = &o->x;

	own_text(o, "SUMMARY", OVERRIDE_SUBJECT, &x->subject, &x->subject_len);
	own_text(o, "LOCATION", OVERRIDE_LOCATION, &x->location, &x->location_len);
	if (o->said.busy != o->master->said->busy) {
		x->flags |= OVERRIDE_BUSY;
		x->busy = (uint32_t)o->said.busy;
	}
	if ((o->said.delta == INT64_MIN) != (o->master->said->delta == INT64_MIN)) {
		x->flags |= OVERRIDE_REMINDER;
		x->reminder_set = o->said.delta != INT64_MIN;
	}
	if (o->said.delta != INT64_MIN && o->said.delta != o->master->said->delta) {
		x->flags |= OVERRIDE_DELTA;
		x->reminder_delta = (uint32_t)o->said.delta;
	}
	if ((o->said.state ^ o->master->said->state) & STATE_CANCELED) {
		x->flags |= OVERRIDE_MEETING;
		x->meeting = (uint32_t)(o->said.state | (o->master->said->state & STATE_MEETING));
	}
	if (o->own.all_day != o->s->all_day) {
		x->flags |= OVERRIDE_ALL_DAY;
		x->all_day = o->own.all_day;
	}
	if (!is_same(o, "DESCRIPTION") || !is_same(o, "X-ALT-DESC"))
		x->flags |= OVERRIDE_BODY;
	if (part_peek(o->p, "ATTACH")) {
		x->flags |= OVERRIDE_ATTACHMENT;
		x->attachment = 1;
	}
}

/* What Outlook does not keep for an instance: there only where it is its own. */
static void put_common(struct override *o)
{
	static const char *const names[] = {"CLASS", "PRIORITY", "CATEGORIES", "CONTACT"};

	for (size_t i = 0; i < COUNT(names); i++)
		if (is_same(o, names[i]))
			use(o->p, names[i]);
	for (size_t i = 0; i < event_names.n; i++)
		if (is_same(o, event_names.list[i].name))
			use(o->p, event_names.list[i].name);
	for (size_t i = 0; i < common_names.n; i++)
		if (is_same(o, common_names.list[i].name))
			use(o->p, common_names.list[i].name);
}

static void put_people(struct override *o)
{
	if (is_same(o, "ORGANIZER"))
		use(o->p, "ORGANIZER");
	if (is_same(o, "ATTENDEE"))
		use(o->p, "ATTENDEE");
	else if (part_peek(o->p, "ATTENDEE"))
		take_people(o->c, o->p, o->b);
}

static void put_sequence(struct override *o)
{
	const struct line *l = part_take(o->p, "SEQUENCE");

	if (l && !is_same(o, "SEQUENCE"))
		into_int(&o->c->k, o->b, (bag_key)PidLidAppointmentSequence, atoi(l->value));
}

static void put_item(struct override *o, const struct when *replaced)
{
	struct making *k = &o->c->k;
	struct bag *b = o->b;

	into_text(k, b, PidTagMessageClass, exception_class);
	put_times(o->c, b, &o->own);
	into_time(k, b, (bag_key)PidLidExceptionReplaceTime, replaced->utc);
	into_own(k, b, (bag_key)PidLidLocation, part_text(o->p, "LOCATION"));
	into_int(k, b, (bag_key)PidLidBusyStatus, o->said.busy);
	put_reminder(o->c, b, &o->said, o->own.start.utc);
	if (o->x.flags & OVERRIDE_BODY)
		into_bool(k, b, (bag_key)PidLidFExceptionalBody, true);
	put_common(o);
	put_people(o);
	put_sequence(o);
	/* the texts, stamps, and whatever of the common ones differs */
	take_common(o->c, o->p, b);
	take_names(o->c, o->p, b, &event_names);
	take_attachments(o->c, o->p, b);
	use(o->p, "UID");
	use(o->p, "RECURRENCE-ID");
}

static void put_attachment(struct override *o, const struct when *replaced)
{
	struct making *k = &o->c->k;
	struct bag *a = o->attachment;

	into_int(k, a, PidTagAttachMethod, EMBEDDED);
	into_int(k, a, ATTACHMENT_FLAGS, HIDDEN_EXCEPTION);
	into_bool(k, a, PidTagAttachmentHidden, true);
	into_text(k, a, PidTagDisplayName, "Untitled");
	into_time(k, a, PidTagExceptionReplaceTime, replaced->utc);
	/* on the clock of the series */
	into_time(k, a, PidTagExceptionStartTime, seconds_of(o->x.start));
	into_time(k, a, PidTagExceptionEndTime, seconds_of(o->x.end));
}

static bool begin_item(struct override *o)
{
	o->attachment = into_attachment(&o->c->k, o->c->b);
	o->b = o->attachment ? bag_embed(o->attachment, o->c->k.err) : NULL;
	if (o->attachment && !o->b)
		o->c->k.rc = o->c->k.err->code;
	return o->b != NULL;
}

/* A place among the exceptions, which are in the order of the days that they replace. */
static void add(struct override *o, size_t *cap)
{
	struct recur *r = &o->s->r;
	struct cal *c = o->c;
	size_t at = r->n_exceptions;

	ARR_PUSH(r->exceptions, r->n_exceptions, *cap);
	ARR_PUSH(c->overrides, c->n_overrides, c->overrides_cap);
	for (; at > 0 && r->exceptions[at - 1].original > o->x.original; at--) {
		r->exceptions[at] = r->exceptions[at - 1];
		c->overrides[at] = c->overrides[at - 1];
	}
	r->exceptions[at] = o->x;
	c->overrides[at] = o->p;
}

/* Which instance it is; NULL: done, else why it is none. */
static const char *find_instance(struct override *o, struct when *replaced, uint32_t *day)
{
	struct line *id = part_peek(o->p, "RECURRENCE-ID");

	if (line_param(id, "RANGE"))
		return "it is of all that follow it, too";
	if (!when_read(o->c, id, replaced))
		return "its RECURRENCE-ID is no time";
	*day = series_day(o->s, replaced);
	if (!FIND(day, o->master->days, o->master->n_days, lookup_by_number))
		return "the series has no such instance";
	for (size_t i = 0; i < o->s->r.n_exceptions; i++)
		if (o->s->r.exceptions[i].original / RECUR_DAY_MINUTES == *day / RECUR_DAY_MINUTES)
			return "there are two of it";
	return o->s->r.n_exceptions == RECUR_INSTANCES_MAX ? "there are too many" : NULL;
}

static void set_times(struct override *o, const struct when *replaced, uint32_t day)
{
	struct series *own = &o->own;

	if (!event_times(o->c, o->p, &own->start, &own->end)) {
		own->start = *replaced;
		when_add(replaced,
		        &(struct span){0, (o->s->r.end_minute - o->s->r.start_minute) * 60},
		        &own->end);
	}
	own->zone = own->start.zone;
	own->all_day = own->start.is_date;
	o->x.start = minutes_of(when_on(&own->start, o->s->zone));
	o->x.end = MAX(minutes_of(when_on(&own->end, o->s->zone)), o->x.start);
	o->x.original = day + o->s->r.start_minute % RECUR_DAY_MINUTES;
}

static const char *read_override(struct override *o, size_t *cap)
{
	struct when replaced;
	uint32_t day = 0;
	const char *why = find_instance(o, &replaced, &day);

	if (why)
		return why;
	o->p->used = true;
	set_times(o, &replaced, day);
	event_said(o->c, o->p, &o->own.start, &o->said);
	compare(o);
	if (begin_item(o)) {
		put_item(o, &replaced);
		put_attachment(o, &replaced);
		into_rest(&o->c->k, o->b, &o->c->o, o->p, NULL);
	}
	add(o, cap);
	return NULL;
}

/* Days that are replaced are among those that are gone; those that replace them stand alone. */
static void put_days(struct recur *r)
{
	size_t cap = r->n_deleted, cap_modified = 0;

	for (size_t i = 0; i < r->n_exceptions; i++) {
		const struct recur_exception *x = &r->exceptions[i];
		uint32_t from = x->original - x->original % RECUR_DAY_MINUTES;

		*ARR_PUSH(r->deleted, r->n_deleted, cap) = from;
		*ARR_PUSH(r->modified, r->n_modified, cap_modified) =
		        x->start - x->start % RECUR_DAY_MINUTES;
	}
	series_instances(r, r->deleted, &r->n_deleted);
	if (r->n_modified)
		SORT(r->modified, r->n_modified, lookup_by_number);
}

static bool is_override(const struct cal *c, const struct part *p)
{
	return p != c->main && strcmp(p->name, c->main->name) == 0 && part_peek(p, "RECURRENCE-ID");
}

/* The days that are replaced, as far as the rule has them. */
static void find_days(struct cal *c, const struct series *s, struct master *m)
{
	size_t cap = 0;

	for (size_t i = 0; i < c->calendar->n_parts; i++) {
		struct when w;

		if (is_override(c, c->calendar->parts[i]) &&
		        when_read(c, part_peek(c->calendar->parts[i], "RECURRENCE-ID"), &w))
			*ARR_PUSH(m->days, m->n_days, cap) = series_day(s, &w);
	}
	if (m->n_days)
		series_instances(&s->r, m->days, &m->n_days);
}

void overrides_read(struct cal *c, struct series *s, const struct said *said)
{
	struct master m = {.said = said};
	size_t cap = 0;

	find_days(c, s, &m);
	for (size_t i = 0; i < c->calendar->n_parts && c->k.rc == 0; i++) {
		struct override o = {.c = c, .s = s, .master = &m, .p = c->calendar->parts[i]};
		const char *why = is_override(c, o.p) ? read_override(&o, &cap) : NULL;

		if (why)
			into_lost(&c->k, "a modified instance: %s; it is kept as it was written",
			        why);
	}
	put_days(&s->r);
	for (size_t i = 0; i < m.n; i++)
		buf_clear(&m.known[i].lines);
	free(m.days);
}
