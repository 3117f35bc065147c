/* RRULE, EXDATE and RDATE as one recurrence: RFC 5545 3.8.5, MS-OXOCAL 2.2.1.44. */
#include <stdlib.h>
#include "outlook/make/calendar/event.h"
#include "outlook/calendar/rule.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"

enum { DAYS_1601 = 134774, DAY = 86400 };

void series_clear(struct series *s)
{
	for (size_t i = 0; i < s->r.n_exceptions; i++) {
		free((void *)s->r.exceptions[i].subject);
		free((void *)s->r.exceptions[i].location);
	}
	recur_clear(&s->r);
}

uint32_t minutes_of(int64_t local)
{
	int64_t t = local / 60 - (local % 60 < 0) + (int64_t)DAYS_1601 * RECUR_DAY_MINUTES;

	return t < 0 ? 0 : t > RECUR_END_OF_TIME ? RECUR_END_OF_TIME : (uint32_t)t;
}

int64_t seconds_of(uint32_t minutes)
{
	return ((int64_t)minutes - (int64_t)DAYS_1601 * RECUR_DAY_MINUTES) * 60;
}

void series_instances(const struct recur *r, uint32_t *days, size_t *n)
{
	struct rule_walk w;
	uint32_t day = 0;
	size_t kept = 0;
	bool more;

	SORT(days, *n, lookup_by_number);
	rule_walk_init(&w, r);
	more = rule_walk_next(&w, &day);
	for (size_t i = 0; i < *n && more; i++) {
		while (more && day < days[i])
			more = rule_walk_next(&w, &day);
		if (more && day == days[i] && (!kept || days[kept - 1] != day))
			days[kept++] = day;
	}
	*n = kept;
}

uint32_t series_day(const struct series *s, const struct when *w)
{
	uint32_t t = minutes_of(when_on(w, s->zone)), day = t - t % RECUR_DAY_MINUTES;
	bool timed = !w->is_date && !s->all_day;

	return timed && t - day != s->r.start_minute % RECUR_DAY_MINUTES ? UINT32_MAX : day;
}

static void take_exdates(struct cal *c, struct series *s, size_t *cap)
{
	struct recur *r = &s->r;
	struct line *l;
	char *value;
	size_t i = 0;
	bool over = false;

	while ((l = part_each(c->main, "EXDATE", &i)))
		for (size_t at = 0; (value = line_piece(l, ',', &at)); free(value)) {
			struct when w;
			uint32_t day = UINT32_MAX;

			if (when_value(c, l, value, &w))
				day = series_day(s, &w);
			if (day == UINT32_MAX)
				continue;
			over |= r->n_deleted == RECUR_INSTANCES_MAX;
			if (!over)
				*ARR_PUSH(r->deleted, r->n_deleted, *cap) = day;
		}
	if (over)
		into_lost(&c->k, "EXDATE: more than %d of them", RECUR_INSTANCES_MAX);
}

/* Rules that are several, or take out by rule, stay as they are. */
static const char *whole_rule(struct cal *c, const struct line **rule)
{
	const struct line *found = NULL;

	for (size_t i = 0; i < c->main->n_lines; i++)
		if (strcmp(c->main->lines[i].name, "RRULE") == 0) {
			if (found)
				return "several rules";
			found = &c->main->lines[i];
		}
	*rule = found;
	return part_peek(c->main, "EXRULE") ? "a rule that takes out" : NULL;
}

void series_read(struct cal *c, struct series *s)
{
	int64_t start = s->start.is_date ? s->start.local : when_on(&s->start, s->zone);
	const struct line *rule = NULL;
	const char *why = whole_rule(c, &rule);
	size_t cap;
	uint32_t first;

	if (!rule && !why)
		return;
	if (!why)
		why = rule_read(rule->value, start, s->all_day, s->zone, &s->r);
	if (why) {
		into_lost(&c->k, "its recurrence (%.200s): %s; only its first instance is made",
		        rule ? rule->value : "", why);
		return;
	}
	((struct line *)rule)->used = true;
	s->recurs = true;
	s->r.start_minute = s->all_day ? 0 : (uint32_t)((start % DAY + DAY) % DAY / 60);
	s->r.end_minute =
	        s->r.start_minute +
	        (uint32_t)(MAX(when_on(&s->end, s->zone) - when_on(&s->start, s->zone), 0) / 60);
	if (!s->all_day && start % 60)
		into_lost(&c->k, "the seconds of its beginning: a series has none");
	cap = s->r.n_deleted;
	take_exdates(c, s, &cap);
	series_instances(&s->r, s->r.deleted, &s->r.n_deleted);
	if (rule_first(&s->r, &first) && first != series_day(s, &s->start))
		into_lost(&c->k, "its first instance is none of its rule: that begins later");
}

bool series_last(const struct series *s, uint32_t *day_out)
{
	struct rule_walk w;
	uint32_t day;
	bool any = false;

	if (s->r.end == RECUR_NEVER)
		return false;
	rule_walk_init(&w, &s->r);
	while (rule_walk_next(&w, &day)) {
		*day_out = day;
		any = true;
	}
	return any;
}
