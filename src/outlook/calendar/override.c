/* Modified instances as VEVENTs with a RECURRENCE-ID: MS-OXOCAL 2.2.1.44.2, 2.2.10. */
#include <stdlib.h>
#include "outlook/calendar/calendar.h"
#include "valise/base/mem.h"

/*
 * Which attachment is of which exception: by its start on the clock, else by the time that it
 * replaces, in UTC.
 */
static bool belongs(struct conv *c, struct bag *at, const struct recur_exception *x)
{
	int64_t t;

	if (bag_time(at, PidTagExceptionStartTime, &t) && t == when_of_minutes(x->start))
		return true;
	if (!bag_time(at, PidTagExceptionReplaceTime, &t) &&
	        !bag_time(at->embedded, (bag_key)PidLidExceptionReplaceTime, &t))
		return false;
	if (c->zone.name)
		t = zone_local(&c->zone, t);
	return t == when_of_minutes(x->original);
}

static struct bag *find_own(struct conv *c, const struct recur_exception *x, bool *taken)
{
	for (size_t i = 0; i < c->b->n_attachments; i++) {
		struct bag *at = c->b->attachments[i];

		if (taken[i] || !is_exception(at) || !belongs(c, at, x))
			continue;
		taken[i] = true;
		cover(at,
		        (const bag_key[]){PidTagExceptionReplaceTime, PidTagExceptionStartTime,
		                PidTagExceptionEndTime, PidTagAttachMethod, PidTagDisplayName,
		                PidTagAttachmentHidden, PidTagAttachDataBinary},
		        7);
		return at->embedded;
	}
	return NULL;
}

static bool is_equal(const struct bag_prop *a, const struct bag_prop *b)
{
	return a && b && a->type == b->type && a->len == b->len && a->data && b->data &&
	       memcmp(a->data, b->data, a->len) == 0;
}

/* An instance repeats what the series says: that has its home there. */
static void cover_repeated(struct bag *own, struct bag *series)
{
	static const bag_key times[] = {(bag_key)PidLidAppointmentStartWhole,
	        (bag_key)PidLidAppointmentEndWhole, (bag_key)PidLidBusyStatus,
	        (bag_key)PidLidReminderDelta, (bag_key)PidLidReminderSet,
	        (bag_key)PidLidAppointmentSubType, (bag_key)PidLidAppointmentStateFlags,
	        (bag_key)PidLidLocation, (bag_key)PidLidAppointmentTimeZoneDefinitionStartDisplay,
	        (bag_key)PidLidAppointmentTimeZoneDefinitionEndDisplay,
	        (bag_key)PidLidAppointmentTimeZoneDefinitionRecur, (bag_key)PidLidTimeZoneStruct};

	cover(own, times, COUNT(times));
	for (size_t i = 0, k = 0; i < own->n_props; i++) {
		struct bag_prop *p = &own->props[i];

		if (p->used || p->name)
			continue;
		/* both are in one order */
		while (k < series->n_props && series->props[k].id < p->id)
			k++;
		if (k < series->n_props && series->props[k].id == p->id)
			p->used = is_equal(p, &series->props[k]);
	}
}

void put_overrides(struct conv *c)
{
	bool *taken = xcalloc(c->b->n_attachments + 1, sizeof *taken);

	for (size_t i = 0; i < c->recur.n_exceptions; i++) {
		struct event e = {c->b, NULL, &c->recur.exceptions[i]};

		e.own = find_own(c, e.x, taken);
		if (!e.own && (e.x->flags & (OVERRIDE_BODY | OVERRIDE_ATTACHMENT)))
			conv_lost(c,
			        "body or attachments of a modified instance: the item that holds "
			        "them is not there");
		event_put(c, &e);
		if (e.own)
			cover_repeated(e.own, c->b);
	}
	for (size_t i = 0; i < c->b->n_attachments; i++)
		if (!taken[i] && is_exception(c->b->attachments[i]))
			conv_lost(c,
			        "attachment %zu: a modified instance that the series does not name",
			        i + 1);
	free(taken);
}
