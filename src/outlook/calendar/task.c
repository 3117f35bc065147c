/* A task as VTODO: MS-OXOTASK, RFC 5545 3.6.2. */
#include <stdlib.h>
#include "outlook/calendar/calendar.h"
#include "outlook/calendar/rule.h"
#include "valise/base/mem.h"

enum { TRIES = 4000 }; /* instances that are looked at for the task's own */
static const struct clock day_clock = {CLOCK_DATE, NULL};

/* How Outlook keeps and shows it, or what other properties say, too. */
static const bag_key covered[] = {PidTagMessageClass, PidTagSubject, PidTagNormalizedSubject,
        PidTagMessageFlags, PidTagIconIndex, PidTagStartDate, PidTagEndDate, PidTagRtfCompressed,
        PidTagCreationTime, PidTagLastModificationTime, PidTagSearchKey, (bag_key)PidLidSideEffects,
        (bag_key)PidLidCommonStart, (bag_key)PidLidCommonEnd, (bag_key)PidLidReminderTime,
        (bag_key)PidLidReminderSignalTime, (bag_key)PidLidReminderDelta,
        (bag_key)PidLidTaskComplete, (bag_key)PidLidTaskFRecurring, (bag_key)PidLidTaskNoCompute,
        (bag_key)PidLidTaskFFixOffline, (bag_key)PidLidTaskState, (bag_key)PidLidTaskMode,
        (bag_key)PidLidTaskGlobalId, (bag_key)PidLidTaskDeadOccurrence, (bag_key)PidLidTaskAccepted,
        (bag_key)PidLidTaskFCreator, (bag_key)PidLidTaskOwnership,
        (bag_key)PidLidTaskAcceptanceState, (bag_key)PidLidTaskHistory,
        (bag_key)PidLidTaskLastUpdate, (bag_key)PidLidTaskResetReminder,
        (bag_key)PidLidTaskMultipleRecipients, (bag_key)PidLidTaskOrdinal,
        (bag_key)PidLidTaskStatusOnComplete, (bag_key)PidLidTaskUpdates, PidTagSentRepresentingName,
        PidTagSentRepresentingAddressType, PidTagSentRepresentingEmailAddress,
        PidTagSentRepresentingSmtpAddress, PidTagSenderName, PidTagSenderAddressType,
        PidTagSenderEmailAddress, PidTagSenderSmtpAddress};

static void put_date(struct conv *c, const char *name, int64_t t)
{
	if (put_kept_time(c, name, t))
		return;
	lines_puts(&c->l, name);
	put_when(&c->l, &day_clock, t);
	lines_end(&c->l);
}

/* Is the day one of the rule's? Else the rule's first one is what it begins with. */
static int64_t begin_of_rule(const struct recur *r, int64_t own)
{
	struct rule_walk w;
	uint32_t day, first = 0;

	rule_walk_init(&w, r);
	for (int i = 0; i < TRIES && rule_walk_next(&w, &day); i++) {
		first = i ? first : day;
		if (when_of_minutes(day) == own)
			return own;
		if (when_of_minutes(day) > own)
			break;
	}
	return first ? when_of_minutes(first) : own;
}

/* The dates of it as a rule; false: it has none. */
static bool read_recurrence(struct conv *c)
{
	struct err err = {0};
	size_t n;
	const bag_key key = (bag_key)PidLidTaskRecurrence;
	const struct bag_prop *there = bag_peek(c->b, key);
	const uint8_t *p;

	if (!there || !there->len || !bag_int(c->b, (bag_key)PidLidTaskFRecurring, 1))
		return false;
	p = bag_octets(c->b, key, RECUR_BLOB_MAX, &n);
	if (!p || recur_read(p, n, false, &c->recur, &err) < 0) {
		conv_lost(
		        c, "%s; the task itself comes over", p ? err.text : "recurrence: too long");
		return false;
	}
	if (c->recur.sliding)
		conv_lost(c, "its recurrence: the next task is made when this one is done, for "
		             "which iCalendar has no words");
	return !c->recur.sliding;
}

static void put_dates(struct conv *c)
{
	int64_t start, due;
	bool has_start = bag_time(c->b, (bag_key)PidLidTaskStartDate, &start),
	     has_due = bag_time(c->b, (bag_key)PidLidTaskDueDate, &due);

	if (has_due && has_start && due < start)
		has_start = false;
	if (read_recurrence(c)) {
		int64_t own = has_start || !has_due ? start : due;

		if (!has_start && !has_due)
			own = when_of_minutes(c->recur.start_date);
		start = begin_of_rule(&c->recur, own);
		c->recurs = has_start = true;
		c->all_day = true;
		if (has_due && due < start)
			has_due = false;
	}
	if (has_start)
		put_date(c, "DTSTART", start);
	if (has_due)
		put_date(c, "DUE", due);
	if (c->recurs)
		put_series(c);
}

static void put_status(struct conv *c)
{
	static const char *const words[] = {[NOT_STARTED] = "NEEDS-ACTION",
	        [IN_PROGRESS] = "IN-PROCESS",
	        [COMPLETE] = "COMPLETED",
	        [WAITING] = "NEEDS-ACTION",
	        [DEFERRED] = "NEEDS-ACTION"};
	int64_t status = bag_int(c->b, (bag_key)PidLidTaskStatus, NOT_STARTED), done;
	double part = bag_double(c->b, (bag_key)PidLidPercentComplete, 0);

	if (bag_bool(c->b, (bag_key)PidLidTaskComplete))
		status = COMPLETE;
	if (status < 0 || status >= (int64_t)COUNT(words))
		status = NOT_STARTED;
	lines_add(&c->l, "STATUS:%s", words[status]);
	if (status == WAITING || status == DEFERRED)
		lines_add(&c->l, "X-OUTLOOK-STATUS:%s", status == WAITING ? "WAITING" : "DEFERRED");
	if (part > 0 && part <= 1)
		lines_add(&c->l, "PERCENT-COMPLETE:%d", (int)(part * 100 + 0.5));
	if (bag_time(c->b, (bag_key)PidLidTaskDateCompleted, &done))
		put_utc(&c->l, "COMPLETED", done);
}

void put_task(struct conv *c)
{
	const char *summary = bag_text(c->b, PidTagSubject);
	struct event e = {c->b, NULL, NULL};
	int64_t t;

	lines_add(&c->l, "BEGIN:VTODO");
	lines_text(&c->l, "UID", c->uid);
	put_stamps(c, c->b);
	put_dates(c);
	lines_text(&c->l, "SUMMARY", summary);
	put_body(c, "DESCRIPTION", c->b);
	lines_add(&c->l, "SEQUENCE:%lld",
	        (long long)MAX(bag_int(c->b, (bag_key)PidLidTaskVersion, 0), 0));
	put_status(c);
	put_common(c, c->b);
	put_names(c, c->b, &task_names);
	put_kept(c, c->b);
	if (c->b->n_recipients) {
		put_organizer(c, c->b);
		put_attendees(c, &e);
	}
	put_attachments(c, c->b);
	if (bag_bool(c->b, (bag_key)PidLidReminderSet) &&
	        (bag_time(c->b, (bag_key)PidLidReminderTime, &t) ||
	                bag_time(c->b, (bag_key)PidLidReminderSignalTime, &t)))
		put_alarm(c, 0, t, summary);
	lines_add(&c->l, "END:VTODO");
	cover(c->b, covered, COUNT(covered));
}
