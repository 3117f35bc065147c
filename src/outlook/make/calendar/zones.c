/* Time zones of calendar objects as items define them: RFC 5545 3.6.5, MS-OXOCAL 2.2.1.41. */
#include <stdlib.h>
#include <strings.h>
#include "outlook/make/calendar/cal.h"
#include "valise/base/date.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum {
	CHANGES_MAX = 20000, /* of one zone */
	YEARS_MAX = 200, /* that are looked at behind that of the item */
	LAST = 5, /* of a month: MS-DTYP 2.3.13 */
	DAY = 86400,
	NAME_MAX_OCTETS = 255,
};

/* A change of the offset. */
struct change {
	int64_t local, utc; /* on the clock that ends there */
	int from, to;
	unsigned fits; /* bits: which of its weekdays in the month it is; LAST among them */
};
struct changes {
	struct change *list;
	size_t n, cap;
	int horizon; /* the last year that is looked at */
	int offset; /* of all times, where nothing changes */
	bool any;
};
/* How an observance recurs: one day of every year. */
struct yearly {
	unsigned month;
	int nth; /* 1 to 4, -1 the last one; 0: it is ${day} of the month */
	unsigned weekday, day;
	int until; /* a year; INT32_MAX: none */
	int64_t until_utc;
};

static bool read_offset(const struct part *p, const char *name, int *out)
{
	const struct line *l = part_peek(p, name);
	const char *s = l ? l->value : "";
	size_t n = strlen(s);
	int h, m, sec = 0;

	if ((n != 5 && n != 7) || (s[0] != '+' && s[0] != '-'))
		return false;
	h = text_number(s + 1, 2);
	m = text_number(s + 3, 2);
	if (n == 7)
		sec = text_number(s + 5, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 59)
		return false;
	*out = (h * 3600 + m * 60 + sec) * (s[0] == '-' ? -1 : 1);
	/* MAPI has minutes */
	*out -= *out % 60;
	return true;
}

static unsigned weekday_of(int64_t local)
{
	return (unsigned)(((local / DAY - (local % DAY < 0) + 4) % 7 + 7) % 7);
}

static unsigned fits_of(int64_t local)
{
	struct day d = day_of(local);
	unsigned nth = (unsigned)(d.day - 1) / 7 + 1, fits = nth < LAST ? 1u << nth : 0;

	return d.day + 7 > day_month_length(d.year, d.month) ? fits | 1u << LAST : fits;
}

static void add_change(struct changes *all, int64_t local, int from, int to, unsigned fits)
{
	if (all->n < CHANGES_MAX)
		*ARR_PUSH(all->list, all->n, all->cap) =
		        (struct change){local, local - from, from, to, fits};
}

/* ---- observances ---- */

static bool read_weekday(const char *s, struct yearly *out)
{
	static const char days[] = "SUMOTUWETHFRSA";
	size_t n = strspn(s, "+-0123456789");
	const char *at;

	out->nth = n ? atoi(s) : 0;
	if (strlen(s + n) != 2 || n > 3)
		return false;
	at = strstr(days, s + n);
	if (!at || (at - days) % 2)
		return false;
	out->weekday = (unsigned)(at - days) / 2;
	return true;
}

/* BYMONTHDAY beside a weekday: "8,9,10,11,12,13,14" is the second one. */
static int nth_of_days(const char *s, unsigned month)
{
	int first = atoi(s), last = first;

	for (s = strchr(s, ','); s; s = strchr(s + 1, ','))
		if (atoi(s + 1) != ++last)
			return 0;
	if (last - first != 6)
		return 0;
	if (first == -7 || (month && first > 1 && last == day_month_length(2001, (int)month)))
		return -1;
	return first >= 1 && first <= 22 && first % 7 == 1 ? first / 7 + 1 : 0;
}

static bool read_part(const char *name, const char *value, struct yearly *out, const char **days)
{
	if (strcasecmp(name, "BYMONTH") == 0)
		out->month = (unsigned)atoi(value);
	else if (strcasecmp(name, "BYDAY") == 0)
		return read_weekday(value, out);
	else if (strcasecmp(name, "BYMONTHDAY") == 0)
		*days = value;
	else if (strcasecmp(name, "UNTIL") == 0 && strlen(value) >= 4)
		out->until = text_number(value, 4);
	else
		return strcasecmp(name, "WKST") == 0 ||
		       (strcasecmp(name, "FREQ") == 0 && strcasecmp(value, "YEARLY") == 0) ||
		       (strcasecmp(name, "INTERVAL") == 0 && strcmp(value, "1") == 0);
	return true;
}

/* False: it recurs in a way that no rule of MAPI has. */
static bool read_yearly(const char *rule, int64_t start, struct yearly *out)
{
	struct day d = day_of(start);
	char *copy = xstrdup(rule), *save = NULL, *days_own = NULL;
	const char *days = NULL;
	bool ok = true, has_day = strstr(rule, "BYDAY") != NULL;

	*out = (struct yearly){.month = (unsigned)d.month, .until = INT32_MAX};
	for (char *s = strtok_r(copy, ";", &save); s && ok; s = strtok_r(NULL, ";", &save)) {
		char *value = strchr(s, '=');

		ok = value != NULL;
		if (ok)
			*value++ = '\0';
		ok = ok && read_part(s, value, out, &days);
	}
	if (ok && days)
		days_own = xstrdup(days);
	free(copy);
	ok = ok && out->month >= 1 && out->month <= 12;
	if (ok && has_day && !out->nth)
		out->nth = days_own ? nth_of_days(days_own, out->month) : 0;
	else if (ok && !has_day)
		out->day = days_own ? (unsigned)atoi(days_own) : (unsigned)d.day;
	free(days_own);
	return ok && (has_day ? out->nth == -1 || (out->nth >= 1 && out->nth <= 4)
	                      : out->day >= 1 && out->day <= 31);
}

static int64_t day_in(const struct yearly *y, int year)
{
	struct day first = {year, (int)y->month, 1};
	int length = day_month_length(year, first.month);
	int64_t begin = day_start(&first);
	int day = (int)((y->weekday + 7 - weekday_of(begin)) % 7);

	if (!y->nth)
		return begin + (MIN((int)y->day, length) - 1) * DAY;
	if (y->nth > 0)
		return begin + (day + 7 * (y->nth - 1)) * DAY;
	while (day + 7 < length)
		day += 7;
	return begin + (int64_t)day * DAY;
}

static void add_years(struct changes *all, const struct yearly *y, int64_t start, int from, int to)
{
	int64_t second = start - day_start(&(struct day){day_of(start).year, day_of(start).month,
	                                 day_of(start).day});
	int year = day_of(start).year;

	for (; year <= all->horizon && year <= y->until && all->n < CHANGES_MAX; year++) {
		int64_t local = day_in(y, year) + second;

		if (local > start)
			add_change(all, local, from, to,
			        y->nth ? 1u << (y->nth < 0 ? LAST : y->nth) : fits_of(local));
	}
}

static void add_observance(struct cal *c, struct changes *all, struct part *p)
{
	struct line *start = part_take(p, "DTSTART"), *rule = part_take(p, "RRULE"), *l;
	struct yearly y;
	struct when w;
	size_t i = 0, at;
	char *value;
	int from, to;

	if (!start || !when_read(c, start, &w) || !read_offset(p, "TZOFFSETTO", &to))
		return;
	if (!read_offset(p, "TZOFFSETFROM", &from))
		from = to;
	all->offset = to;
	all->any = true;
	add_change(all, w.local, from, to, fits_of(w.local));
	if (rule && read_yearly(rule->value, w.local, &y))
		add_years(all, &y, w.local, from, to);
	else if (rule)
		into_lost(&c->k, "time zone: the rule %.100s", rule->value);
	while ((l = part_each(p, "RDATE", &i)))
		for (at = 0; (value = line_piece(l, ',', &at)); free(value))
			if (when_value(c, l, value, &w))
				add_change(all, w.is_utc ? w.utc + from : w.local, from, to,
				        fits_of(w.is_utc ? w.utc + from : w.local));
}

/* The last year that a line of an observance speaks of; 0: none. */
static int year_in(const struct line *l)
{
	const char *s = l->value;

	if (strcmp(l->name, "RRULE") == 0)
		s = strstr(s, "UNTIL=") ? strstr(s, "UNTIL=") + 6 : "";
	else if (strcmp(l->name, "RDATE") == 0)
		s = strrchr(s, ',') ? strrchr(s, ',') + 1 : s;
	else if (strcmp(l->name, "DTSTART") != 0)
		return 0;
	return strlen(s) >= 4 ? text_number(s, 4) : 0;
}

static int last_year(const struct part *zone, int year)
{
	for (size_t i = 0; i < zone->n_parts; i++)
		for (size_t k = 0; k < zone->parts[i]->n_lines; k++)
			year = MAX(year, year_in(&zone->parts[i]->lines[k]));
	return year;
}

/* ---- rules ---- */

static int by_time(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	if (x->utc != y->utc)
		return x->utc < y->utc ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

static struct zone_onset onset_of(const struct change *ch)
{
	struct day d = day_of(ch->local);

	return (struct zone_onset){0, (unsigned)d.month, weekday_of(ch->local), 0,
	        (unsigned)(ch->local - day_start(&d))};
}

/* One change alone, for good: in that year it lies between its beginning and that time. */
static void rule_of_one(const struct change *ch, int year, struct zone_rule *out)
{
	struct zone_onset begin = {year, 1, 0, 1, 0}, at = onset_of(ch);

	at.year = year;
	at.nth = (unsigned)day_of(ch->local).day;
	out->standard = MIN(ch->from, ch->to);
	out->daylight = MAX(ch->from, ch->to);
	out->to_daylight = ch->to > ch->from ? at : begin;
	out->to_standard = ch->to > ch->from ? begin : at;
}

struct year_rule {
	struct zone_rule rule;
	unsigned fits[2]; /* of to_standard, to_daylight; 0: it has a year, or never happens */
};

/* What the year is like; ${before}: the offset that it begins with, and then ends with. */
static void rule_of_year(const struct changes *all, int year, int *before, struct year_rule *out)
{
	const struct change *up = NULL, *down = NULL, *last = NULL;

	*out = (struct year_rule){.rule = {.from_year = year}};
	for (size_t i = 0; i < all->n; i++) {
		const struct change *ch = &all->list[i];

		if (day_of(ch->local).year != year || ch->to == *before)
			continue;
		if (ch->to > *before)
			up = ch;
		else
			down = ch;
		last = ch;
		*before = ch->to;
	}
	if (up && down) {
		out->rule.standard = down->to;
		out->rule.daylight = up->to;
		out->rule.to_standard = onset_of(down);
		out->rule.to_daylight = onset_of(up);
		out->fits[0] = down->fits;
		out->fits[1] = up->fits;
	} else if (last) {
		rule_of_one(last, year, &out->rule);
	} else {
		out->rule.standard = out->rule.daylight = *before;
	}
}

static bool same_day(const struct zone_onset *a, const struct zone_onset *b)
{
	return a->year == b->year && a->month == b->month && a->weekday == b->weekday &&
	       a->second == b->second;
}

/* Can one rule say both years? Then ${a} says both. */
static bool joins(struct year_rule *a, const struct year_rule *b)
{
	bool fixed = !a->fits[0] && !b->fits[0] && !a->rule.to_standard.month &&
	             !b->rule.to_standard.month;

	if (a->rule.standard != b->rule.standard || a->rule.daylight != b->rule.daylight ||
	        !same_day(&a->rule.to_standard, &b->rule.to_standard) ||
	        !same_day(&a->rule.to_daylight, &b->rule.to_daylight))
		return false;
	if (fixed)
		return true;
	if (!(a->fits[0] & b->fits[0]) || !(a->fits[1] & b->fits[1]))
		return false;
	a->fits[0] &= b->fits[0];
	a->fits[1] &= b->fits[1];
	return true;
}

static unsigned nth_of(unsigned fits)
{
	if (fits & 1u << LAST)
		return LAST;
	for (unsigned n = 1; n < LAST; n++)
		if (fits >> n & 1)
			return n;
	return 1;
}

static void end_rule(struct zone *z, const struct year_rule *y, size_t *cap)
{
	struct zone_rule *r = ARR_PUSH(z->rules, z->n_rules, *cap);

	*r = y->rule;
	if (y->fits[0])
		r->to_standard.nth = nth_of(y->fits[0]);
	if (y->fits[1])
		r->to_daylight.nth = nth_of(y->fits[1]);
}

static void make_rules(const struct changes *all, int year, struct zone *z)
{
	int before = all->n ? all->list[0].from : all->offset;
	struct year_rule now, next;
	size_t cap = 0;

	for (size_t i = 0; i < all->n && day_of(all->list[i].local).year < year; i++)
		before = all->list[i].to;
	rule_of_year(all, year, &before, &now);
	for (int y = year + 1; y <= all->horizon; y++) {
		rule_of_year(all, y, &before, &next);
		if (joins(&now, &next))
			continue;
		end_rule(z, &now, &cap);
		now = next;
	}
	end_rule(z, &now, &cap);
	z->rules[0].from_year = 1601;
}

static void read_zone(struct cal *c, struct part *p, struct zone *out)
{
	struct changes all = {.n = 0};
	int year = MAX(c->year, 1601);

	all.horizon = MIN(last_year(p, year), year + YEARS_MAX) + 3;
	for (size_t i = 0; i < p->n_parts; i++)
		if (strcmp(p->parts[i]->name, "STANDARD") == 0 ||
		        strcmp(p->parts[i]->name, "DAYLIGHT") == 0)
			add_observance(c, &all, p->parts[i]);
	if (all.n)
		SORT(all.list, all.n, by_time);
	make_rules(&all, year, out);
	if (!all.any || all.n == CHANGES_MAX)
		into_lost(&c->k, "time zone %.100s: %s", out->name,
		        all.any ? "it changes too often" : "it says no offset: taken as UTC");
	free(all.list);
}

static char *zone_name(const char *tzid)
{
	char *name = xstrndup(tzid, NAME_MAX_OCTETS);

	for (char *s = name; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f || *s == '"')
			*s = '_';
	return name;
}

struct part *zone_part(const struct cal *c, const char *tzid)
{
	for (size_t i = 0; i < c->calendar->n_parts; i++) {
		struct part *p = c->calendar->parts[i];
		const struct line *l = NULL;
		char *name;
		bool is;

		if (strcmp(p->name, "VTIMEZONE") != 0)
			continue;
		for (size_t k = 0; k < p->n_lines && !l; k++)
			if (strcmp(p->lines[k].name, "TZID") == 0)
				l = &p->lines[k];
		name = l ? line_text(l) : xstrdup("");
		is = strcmp(name, tzid) == 0;
		free(name);
		if (is)
			return p;
	}
	return NULL;
}

const struct zone *zone_of(struct cal *c, const char *tzid)
{
	char *name = zone_name(tzid);
	struct zone *z = NULL;
	struct part *p;

	for (size_t i = 0; i < c->n_zones && !z; i++)
		if (strcmp(c->zones[i].name, name) == 0)
			z = &c->zones[i];
	if (z || c->n_zones == ZONES_MAX) {
		if (!z && !c->k.told++)
			into_lost(&c->k, "more than %d time zones: %.100s is taken as UTC",
			        ZONES_MAX, name);
		free(name);
		return z;
	}
	z = &c->zones[c->n_zones];
	p = zone_part(c, tzid);
	z->name = name;
	if (p) {
		c->within_zone = true;
		read_zone(c, p, z);
		c->within_zone = false;
	} else if (!zone_known(tzid, z)) {
		into_lost(&c->k,
		        "time zone %.100s: it is not defined, and nobody knows it: taken as UTC",
		        name);
		z->rules = xcalloc(1, sizeof *z->rules);
		z->rules->from_year = 1601;
		z->n_rules = 1;
	}
	c->n_zones++;
	return z;
}
