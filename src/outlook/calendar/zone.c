/* Time zones of items: reading, clocks, VTIMEZONE (RFC 5545 3.6.5). */
#include "outlook/calendar/zone.h"
#include <stdlib.h>
#include "valise/base/date.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"

enum { DAY = 86400, BASE_YEAR = 1970, OLD_YEAR = 1601, LAST_YEAR = 9999, NAME_MAX_OCTETS = 255 };

struct octets {
	const uint8_t *p;
	size_t n;
};

static unsigned word(const uint8_t *p)
{
	return (unsigned)p[0] | (unsigned)p[1] << 8;
}

static int bias(const uint8_t *p)
{
	return (int)(int32_t)(word(p) | (uint32_t)word(p + 2) << 16);
}

static int bad(struct err *err, const char *what)
{
	return err_set(err, ERR_DAMAGED, ERR_ITEM, "time zone: %s", what);
}

/* SYSTEMTIME, MS-DTYP 2.3.13. */
static bool read_onset(const uint8_t *p, struct zone_onset *out)
{
	unsigned hour = word(p + 8), minute = word(p + 10), second = word(p + 12);

	*out = (struct zone_onset){(int)word(p), word(p + 2), word(p + 4), word(p + 6),
	        hour * 3600 + minute * 60 + second};
	if (!out->month)
		return true;
	if (out->month > 12 || out->weekday > 6 || hour > 23 || minute > 59 || second > 59)
		return false;
	return out->nth >= 1 && out->nth <= (out->year ? 31 : 5);
}

/* Three biases, and both onsets. */
static bool read_rule(const uint8_t *biases, const uint8_t *to_standard, const uint8_t *to_daylight,
        struct zone_rule *out)
{
	const int most = 24 * 60 - 1;
	int64_t base = bias(biases), standard = base + bias(biases + 4),
	        daylight = base + bias(biases + 8);

	if (!read_onset(to_standard, &out->to_standard) ||
	        !read_onset(to_daylight, &out->to_daylight) || standard < -most ||
	        standard > most || daylight < -most || daylight > most)
		return false;
	if (!out->to_standard.month || !out->to_daylight.month) {
		out->to_standard.month = out->to_daylight.month = 0;
		daylight = standard;
	}
	out->standard = (int)-standard * 60;
	out->daylight = (int)-daylight * 60;
	return true;
}

/* UTF-16LE of a name, which is ASCII. */
static char *read_name(const uint8_t *p, size_t n)
{
	char *name = xmalloc(n + 1);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned c = word(p + 2 * i);

		if (c >= 0x20 && c < 0x7f && c != '"')
			name[len++] = (char)c;
	}
	name[len] = '\0';
	return name;
}

static int read_rules(struct octets o, struct zone *out, struct err *err)
{
	size_t n;

	if (o.n < 2 || (n = word(o.p)) == 0 || n > ZONE_RULES_MAX)
		return bad(err, "no rules");
	o = (struct octets){o.p + 2, o.n - 2};
	out->rules = xcalloc(n, sizeof *out->rules);
	for (size_t i = 0; i < n; i++) {
		struct zone_rule *r = &out->rules[i];
		size_t size = o.n >= 4 ? word(o.p + 2) + 4u : 0;

		if (size < 66 || size > o.n || o.p[0] != 2)
			return bad(err, "a rule is none");
		r->effective = (word(o.p + 4) & 2) != 0;
		r->from_year = (int)word(o.p + 6);
		if (!read_rule(o.p + 22, o.p + 34, o.p + 50, r))
			return bad(err, "a rule's times are none");
		if (i && r->from_year <= r[-1].from_year)
			return bad(err, "its rules are not in order");
		o = (struct octets){o.p + size, o.n - size};
		out->n_rules++;
	}
	return 0;
}

int zone_read_definition(const uint8_t *p, size_t n, struct zone *out, struct err *err)
{
	size_t header, flags, at = 6, len = 0;
	int rc;

	memset(out, 0, sizeof *out);
	if (n < 6 || p[0] != 2 || (header = word(p + 2)) < 4 || header > n - 4)
		return bad(err, "no definition of version 2");
	flags = word(p + 4);
	if (flags & 1)
		at += 16; /* a GUID */
	if (flags & 2) {
		if (at + 2 > header + 4 || (len = word(p + at)) * 2 + at + 2 > header + 4)
			return bad(err, "its name is longer than the definition");
		at += 2;
	}
	if (!len || len > NAME_MAX_OCTETS)
		return bad(err, "it has no name");
	rc = read_rules((struct octets){p + at + 2 * len, n - at - 2 * len}, out, err);
	if (rc == 0)
		out->name = read_name(p + at, len);
	if (rc == 0 && !*out->name)
		return bad(err, "it has no name");
	return rc;
}

int zone_read_struct(
        const uint8_t *p, size_t n, const char *name, struct zone *out, struct err *err)
{
	struct buf line = buf_of(NAME_MAX_OCTETS + 1);

	memset(out, 0, sizeof *out);
	out->rules = xcalloc(1, sizeof *out->rules);
	out->n_rules = 1;
	if (n < 48 || !read_rule(p, p + 14, p + 32, out->rules)) {
		buf_clear(&line);
		return bad(err, "no PidLidTimeZoneStruct");
	}
	out->rules->effective = true;
	if (name)
		text_one_line(name, strlen(name), NAME_MAX_OCTETS, &line);
	if (!line.len)
		buf_puts(&line, "Customized Time Zone");
	out->name = buf_take(&line);
	buf_clear(&line);
	return 0;
}

void zone_clear(struct zone *z)
{
	free(z->name);
	free(z->rules);
	memset(z, 0, sizeof *z);
}

static bool has_daylight(const struct zone_rule *r)
{
	return r->to_daylight.month && r->standard != r->daylight;
}

bool zone_is_utc(const struct zone *z)
{
	if (z->name && (strcmp(z->name, "UTC") == 0 || strcmp(z->name, "Etc/UTC") == 0))
		return z->n_rules == 1 && !z->rules->standard && !has_daylight(z->rules);
	return false;
}

static bool same_onset(const struct zone_onset *a, const struct zone_onset *b)
{
	return a->month == b->month &&
	       (!a->month || (a->year == b->year && a->weekday == b->weekday && a->nth == b->nth &&
	                             a->second == b->second));
}

static bool same_rule(const struct zone_rule *a, const struct zone_rule *b)
{
	return a->standard == b->standard && a->daylight == b->daylight &&
	       same_onset(&a->to_standard, &b->to_standard) &&
	       same_onset(&a->to_daylight, &b->to_daylight);
}

bool zone_same(const struct zone *a, const struct zone *b)
{
	if (!a->name || !b->name || strcmp(a->name, b->name) != 0 || a->n_rules != b->n_rules)
		return false;
	for (size_t i = 0; i < a->n_rules; i++)
		if (a->rules[i].from_year != b->rules[i].from_year ||
		        !same_rule(&a->rules[i], &b->rules[i]))
			return false;
	return true;
}

bool zone_agrees(const struct zone *z, const struct zone *s)
{
	bool marked = false;

	for (size_t i = 0; i < z->n_rules; i++) {
		marked |= z->rules[i].effective;
		if (z->rules[i].effective && same_rule(&z->rules[i], s->rules))
			return true;
	}
	/* none is marked: the struct says which was meant, if it is one of them */
	for (size_t i = 0; !marked && i < z->n_rules; i++)
		if (same_rule(&z->rules[i], s->rules))
			return true;
	return false;
}

/* ---- clocks ---- */

static int year_of(int64_t seconds)
{
	return day_of(seconds).year;
}

static const struct zone_rule *rule_of(const struct zone *z, int year)
{
	size_t i = z->n_rules - 1;

	while (i && z->rules[i].from_year > year)
		i--;
	return &z->rules[i];
}

/* On the clock that ends there; false: not in that year. */
static bool onset_in(const struct zone_onset *o, int year, int64_t *out)
{
	struct day first = {year, (int)o->month, 1};
	int length;
	int64_t begin;
	unsigned weekday, day;

	if (!o->month || (o->year && o->year != year) || year < 1 || year > LAST_YEAR)
		return false;
	length = day_month_length(year, first.month);
	begin = day_start(&first);
	weekday = (unsigned)(((begin / DAY + 4) % 7 + 7) % 7);
	day = o->year ? o->nth - 1 : (o->weekday + 7 - weekday) % 7 + 7 * (o->nth - 1);
	while (day >= (unsigned)length)
		day -= 7;
	*out = begin + (int64_t)day * DAY + o->second;
	return true;
}

static int offset_at(const struct zone *z, int64_t utc)
{
	const struct zone_rule *r = rule_of(z, year_of(utc));
	int64_t on, off;
	int year = year_of(utc + r->standard);

	r = rule_of(z, year);
	if (!has_daylight(r) || !onset_in(&r->to_daylight, year, &on) ||
	        !onset_in(&r->to_standard, year, &off))
		return r->standard;
	on -= r->standard;
	off -= r->daylight;
	if (on < off)
		return utc >= on && utc < off ? r->daylight : r->standard;
	return utc >= off && utc < on ? r->standard : r->daylight;
}

int64_t zone_local(const struct zone *z, int64_t utc)
{
	return utc + offset_at(z, utc);
}

int64_t zone_utc(const struct zone *z, int64_t local)
{
	/* both offsets that there are around that time, the greater one (summer time) first */
	int a = offset_at(z, local - 2 * DAY), b = offset_at(z, local + 2 * DAY);

	if (offset_at(z, local - MAX(a, b)) == MAX(a, b))
		return local - MAX(a, b);
	if (offset_at(z, local - MIN(a, b)) == MIN(a, b))
		return local - MIN(a, b);
	return local - a; /* in the gap: by the offset before it */
}

/* ---- VTIMEZONE ---- */

static void put_offset(struct lines *l, const char *name, int seconds)
{
	int minutes = abs(seconds) / 60;

	lines_add(l, "%s:%c%02d%02d", name, seconds < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

static void put_time(struct lines *l, const char *name, int64_t t, const char *end)
{
	struct day d = day_of(t);
	int second = (int)(t - day_start(&d));

	lines_putf(l, "%s%04d%02d%02dT%02d%02d%02d%s", name, d.year, d.month, d.day, second / 3600,
	        second / 60 % 60, second % 60, end);
}

struct observance {
	const char *kind; /* STANDARD, DAYLIGHT */
	const struct zone_onset *onset; /* NULL: once, at ${at} */
	int64_t at;
	int from, to; /* offsets */
	int first_year, last_year;
};

/*
 * The years after the first one: by a rule where there is no end to them, else one by one, as
 * python-icalendar reads no UNTIL of a time zone.
 */
static void write_years(struct lines *l, const struct observance *o)
{
	static const char *const days[7] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
	int64_t at;

	if (o->last_year == LAST_YEAR) {
		lines_add(l, "RRULE:FREQ=YEARLY;BYMONTH=%u;BYDAY=%d%s", o->onset->month,
		        o->onset->nth == 5 ? -1 : (int)o->onset->nth, days[o->onset->weekday]);
		return;
	}
	for (int year = o->first_year + 1; year <= o->last_year; year++)
		if (onset_in(o->onset, year, &at))
			put_time(l, year == o->first_year + 1 ? "RDATE:" : ",", at, "");
	if (o->last_year > o->first_year)
		lines_end(l);
}

static void write_observance(struct lines *l, struct observance o)
{
	if (o.onset && o.onset->year)
		o.first_year = o.last_year = o.onset->year;
	if (o.onset && !onset_in(o.onset, o.first_year, &o.at))
		return;
	lines_add(l, "BEGIN:%s", o.kind);
	put_time(l, "DTSTART:", o.at, "");
	lines_end(l);
	put_offset(l, "TZOFFSETFROM", o.from);
	put_offset(l, "TZOFFSETTO", o.to);
	if (o.onset)
		write_years(l, &o);
	lines_add(l, "END:%s", o.kind);
}

/* The offsets on both sides of the year's beginning, where one rule follows another. */
static void write_change(struct lines *l, const struct zone *z, size_t i)
{
	struct day d = {z->rules[i].from_year, 1, 1};
	int64_t at = day_start(&d);
	int before = offset_at(z, at - 1 - z->rules[i - 1].standard - DAY / 2);
	int after = offset_at(z, at - z->rules[i].standard + DAY / 2);

	if (before != after)
		write_observance(l,
		        (struct observance){after == z->rules[i].standard ? "STANDARD" : "DAYLIGHT",
		                NULL, at, before, after, 0, 0});
}

static void write_rule(struct lines *l, const struct zone_rule *r, int first, int last)
{
	struct day base = {first, 1, 1};

	if (!has_daylight(r))
		return;
	if (r->to_standard.year || r->to_daylight.year)
		write_observance(l, (struct observance){"STANDARD", NULL, day_start(&base),
		                            r->standard, r->standard, 0, 0});
	write_observance(l, (struct observance){"STANDARD", &r->to_standard, 0, r->daylight,
	                            r->standard, first, last});
	write_observance(l, (struct observance){"DAYLIGHT", &r->to_daylight, 0, r->standard,
	                            r->daylight, first, last});
}

void zone_write(struct lines *l, const struct zone *z, int first_year)
{
	int base = first_year > BASE_YEAR ? BASE_YEAR : OLD_YEAR;
	struct day begin = {base, 1, 1};
	size_t i = 0;

	/* rules that ended before the item's times say nothing of them */
	while (i + 1 < z->n_rules && z->rules[i + 1].from_year < first_year)
		i++;
	lines_puts(l, "BEGIN:VTIMEZONE");
	lines_end(l);
	lines_text(l, "TZID", z->name);
	if (!has_daylight(&z->rules[i]))
		write_observance(l, (struct observance){"STANDARD", NULL, day_start(&begin),
		                            z->rules[i].standard, z->rules[i].standard, 0, 0});
	/* what is written year by year begins with the year before the item's times */
	if (i + 1 < z->n_rules)
		base = MAX(first_year - 1, OLD_YEAR);
	for (size_t k = i; k < z->n_rules; k++) {
		if (k > i)
			write_change(l, z, k);
		write_rule(l, &z->rules[k], k == i ? base : z->rules[k].from_year,
		        k + 1 < z->n_rules ? z->rules[k + 1].from_year - 1 : LAST_YEAR);
	}
	lines_add(l, "END:VTIMEZONE");
}
