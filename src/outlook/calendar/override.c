/* Modified instances as VEVENTs with a RECURRENCE-ID: MS-OXOCAL 2.2.1.44.2, 2.2.10. */
#include <stdlib.h>
#include "outlook/calendar/calendar.h"
#include "valise/base/mem.h"

/* An attachment that holds what a modified instance has of its own. */
struct own {
	struct bag *at;
	size_t number; /* from 1 */
	int64_t start; /* on the clock; INT64_MIN: not said */
	int64_t replaced; /* the instance's first time, on the clock; INT64_MIN */
	bool taken;
};
struct owns {
	struct own *list;
	size_t n, cap;
};

static void find_owns(struct conv *c, struct owns *owns)
{
	for (size_t i = 0; i < c->b->n_attachments; i++) {
		struct bag *at = c->b->attachments[i];
		struct own *o;
		int64_t t;

		if (!is_exception(at))
			continue;
		o = ARR_PUSH(owns->list, owns->n, owns->cap);
		*o = (struct own){at, i + 1, INT64_MIN, INT64_MIN, false};
		if (bag_time(at, PidTagExceptionStartTime, &t))
			o->start = t;
		if (bag_time(at, PidTagExceptionReplaceTime, &t) ||
		        bag_time(at->embedded, (bag_key)PidLidExceptionReplaceTime, &t))
			o->replaced = c->zone.name ? zone_local(&c->zone, t) : t;
	}
}

/* By its start on the clock, else by the time that it replaces. */
static struct bag *take_own(struct owns *owns, const struct recur_exception *x)
{
	int64_t start = when_of_minutes(x->start), original = when_of_minutes(x->original);

	for (size_t i = 0; i < owns->n; i++) {
		struct own *o = &owns->list[i];

		if (o->taken || (o->start != start && o->replaced != original))
			continue;
		o->taken = true;
		cover(o->at,
		        (const bag_key[]){PidTagExceptionReplaceTime, PidTagExceptionStartTime,
		                PidTagExceptionEndTime, PidTagAttachMethod, PidTagDisplayName,
		                PidTagAttachmentHidden, PidTagAttachDataBinary},
		        7);
		return o->at->embedded;
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

/* A damaged item may modify an instance twice: servers refuse the whole of such an object. */
static bool is_again(const struct recur *r, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (r->exceptions[k].original / RECUR_DAY_MINUTES ==
		        r->exceptions[i].original / RECUR_DAY_MINUTES)
			return true;
	return false;
}

void put_overrides(struct conv *c)
{
	struct owns owns = {NULL, 0, 0};

	find_owns(c, &owns);
	for (size_t i = 0; i < c->recur.n_exceptions; i++) {
		struct event e = {c->b, NULL, &c->recur.exceptions[i]};

		if (c->l.total > OVERRIDES_ROOM || c->l.rc < 0) {
			conv_lost(c, "%zu modified instances: the object is too large with them",
			        c->recur.n_exceptions - i);
			break;
		}
		if (is_again(&c->recur, i)) {
			conv_lost(c, "modified instance %zu: it is one that was modified already",
			        i + 1);
			continue;
		}
		e.own = take_own(&owns, e.x);
		if (!e.own && (e.x->flags & (OVERRIDE_BODY | OVERRIDE_ATTACHMENT)))
			conv_lost(c,
			        "body or attachments of a modified instance: the item that holds "
			        "them is not there");
		event_put(c, &e);
		if (e.own)
			cover_repeated(e.own, c->b);
	}
	for (size_t i = 0; i < owns.n; i++)
		if (!owns.list[i].taken)
			conv_lost(c,
			        "attachment %zu: a modified instance that the series does not name",
			        owns.list[i].number);
	free(owns.list);
}
