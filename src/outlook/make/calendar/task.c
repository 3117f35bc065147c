/* A VTODO as a task: MS-OXOTASK 2.2.2, RFC 5545 3.6.2. */
#include <stdlib.h>
#include <strings.h>
#include "outlook/make/calendar/event.h"
#include "valise/base/mem.h"

enum { DAY = 86400, ICON_TASK = 0x500, ICON_RECURS = 0x501, SIDE_EFFECTS = 0x110 };
enum { NOT_ASSIGNED = 1 }; /* PidLidTaskState */

/* A date as Outlook has it: midnight of the day, whatever the zone. */
static bool take_date(struct cal *c, const char *name, struct when *out)
{
	struct line *l = part_take(c->main, name);

	if (!l || !when_read(c, l, out))
		return false;
	if (!out->is_date) {
		into_kept(&c->k, "%s: a task has days, its time of day is kept as it was", name);
		keep_time(c, name, out->utc);
	}
	return true;
}

static int64_t midnight(const struct when *w)
{
	return w->local - (w->local % DAY + DAY) % DAY;
}

static void put_recurrence(struct cal *c, struct series *s)
{
	struct buf octets = buf_of(RECUR_BLOB_MAX);

	s->all_day = true;
	s->start.is_date = true;
	s->start.local = s->start.utc = midnight(&s->start);
	s->end = s->start;
	series_read(c, s);
	if (s->recurs) {
		s->r.appointment = false;
		recur_write(&s->r, &octets);
		into_octets(&c->k, c->b, (bag_key)PidLidTaskRecurrence, octets.data, octets.len);
	}
	buf_clear(&octets);
}

/* *when_out: what a reminder is before. */
static void put_dates(struct cal *c, struct series *s, struct when *when_out)
{
	struct when due;
	bool has_start = take_date(c, "DTSTART", &s->start), has_due = take_date(c, "DUE", &due);
	struct line *length = part_peek(c->main, "DURATION");
	struct span span;

	if (has_start && !has_due && length && span_read(length->value, &span)) {
		length->used = true;
		when_add(&s->start, &span, &due);
		has_due = true;
	}
	if (has_start) {
		into_time(&c->k, c->b, (bag_key)PidLidTaskStartDate, midnight(&s->start));
		into_time(&c->k, c->b, (bag_key)PidLidCommonStart, s->start.utc);
	}
	if (has_due) {
		into_time(&c->k, c->b, (bag_key)PidLidTaskDueDate, midnight(&due));
		into_time(&c->k, c->b, (bag_key)PidLidCommonEnd, due.utc);
	}
	if (!has_start && has_due)
		s->start = due;
	*when_out = s->start;
	if (has_start || has_due)
		put_recurrence(c, s);
}

static int status_of(struct cal *c)
{
	static const char *const words[] = {[NOT_STARTED] = "NEEDS-ACTION",
	        [IN_PROGRESS] = "IN-PROCESS",
	        [COMPLETE] = "COMPLETED",
	        NULL};
	struct line *l = part_peek(c->main, "STATUS");
	const struct line *ours = part_take(c->main, "X-OUTLOOK-STATUS");
	int place = l ? word_place(words, l->value) : NOT_STARTED;

	if (l && place >= 0)
		l->used = true;
	if (ours && strcasecmp(ours->value, "WAITING") == 0)
		return WAITING;
	if (ours && strcasecmp(ours->value, "DEFERRED") == 0)
		return DEFERRED;
	/* CANCELLED is kept as it was */
	return place < 0 ? NOT_STARTED : place;
}

static void put_status(struct cal *c)
{
	const struct line *done = part_take(c->main, "COMPLETED"),
	                  *percent = part_take(c->main, "PERCENT-COMPLETE");
	int status = status_of(c), part = percent ? atoi(percent->value) : 0;
	struct when w;

	part = MAX(MIN(part, 100), 0);
	/* what is complete is so in all its parts: MS-OXOTASK 2.2.2.2.3 */
	if (!percent && status == COMPLETE)
		part = 100;
	into_int(&c->k, c->b, (bag_key)PidLidTaskStatus, status);
	into_bool(&c->k, c->b, (bag_key)PidLidTaskComplete, status == COMPLETE);
	into_double(&c->k, c->b, (bag_key)PidLidPercentComplete, part / 100.0);
	if (done && when_read(c, done, &w))
		into_time(&c->k, c->b, (bag_key)PidLidTaskDateCompleted, w.utc);
}

/* Its reminder is at a time of its own: that of the alarm. */
static void put_task_reminder(struct cal *c, const struct when *start)
{
	int64_t minutes = take_alarm(c, c->main, start);

	into_bool(&c->k, c->b, (bag_key)PidLidReminderSet, minutes != INT64_MIN);
	if (minutes == INT64_MIN)
		return;
	into_time(&c->k, c->b, (bag_key)PidLidReminderTime, start->utc - minutes * 60);
	into_time(&c->k, c->b, (bag_key)PidLidReminderSignalTime, start->utc - minutes * 60);
}

void make_task(struct cal *c)
{
	struct series s = {0};
	struct when when;
	const struct line *sequence = part_take(c->main, "SEQUENCE");

	into_text(&c->k, c->b, PidTagMessageClass, "IPM.Task");
	into_int(&c->k, c->b, (bag_key)PidLidSideEffects, SIDE_EFFECTS);
	take_uid(c, c->main, 0);
	put_dates(c, &s, &when);
	into_bool(&c->k, c->b, (bag_key)PidLidTaskFRecurring, s.recurs);
	into_int(&c->k, c->b, PidTagIconIndex, s.recurs ? ICON_RECURS : ICON_TASK);
	into_int(&c->k, c->b, (bag_key)PidLidTaskState, NOT_ASSIGNED);
	if (sequence)
		into_int(&c->k, c->b, (bag_key)PidLidTaskVersion, atoi(sequence->value));
	put_status(c);
	put_task_reminder(c, &when);
	take_people(c, c->main, c->b);
	take_common(c, c->main, c->b);
	take_names(c, c->main, c->b, &task_names);
	take_attachments(c, c->main, c->b);
	series_clear(&s);
}
