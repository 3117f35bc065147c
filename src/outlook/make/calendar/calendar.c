/* A calendar object as a MAPI item: MS-OXCICAL 2.1 (import), RFC 5545. */
#include <stdlib.h>
#include <strings.h>
#include "outlook/make/calendar/cal.h"
#include "outlook/make/forms.h"
#include "outlook/calendar/lines.h"
#include "valise/base/date.h"
#include "valise/base/hash.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/outlook/make.h"

enum { DAYS_1601 = 134774 };
enum { ID_HEAD = 40, DATE_AT = 16, ID_MAX = 4096, UTF8 = 65001, READ = 1, PRIVATE = 2 };
/* What ids of meetings begin with, and the data of those made of a UID: MS-OXOCAL 2.2.1.27. */
static const uint8_t id_begin[16] = {
        0x04, 0, 0, 0, 0x82, 0, 0xe0, 0, 0x74, 0xc5, 0xb7, 0x10, 0x1a, 0x82, 0xe0, 0x08};
static const uint8_t foreign[12] = "vCal-Uid\x01";

/* ---- UID ---- */

/* An id in hexadecimal, if it comes back as it is: in capitals, of no instance. */
static bool id_of_hex(const char *uid, struct buf *out)
{
	size_t n = strlen(uid);

	if (n % 2 || n < 2 * ID_HEAD || n > 2 * ID_MAX || strspn(uid, "0123456789ABCDEF") != n)
		return false;
	for (size_t i = 0; i < n; i += 2)
		buf_putc(out, (char)hex_octet(uid + i));
	if (memcmp(out->data, id_begin, sizeof id_begin) == 0 && le32(out->data + DATE_AT) == 0)
		return true;
	buf_reset(out);
	return false;
}

static void id_of_uid(const char *uid, struct buf *out)
{
	static const uint8_t none[ID_HEAD - sizeof id_begin - 4];
	uint8_t size[4];
	size_t n = strlen(uid) + 1;

	buf_put(out, id_begin, sizeof id_begin);
	buf_put(out, none, sizeof none);
	le_put(size, sizeof foreign + n, sizeof size);
	buf_put(out, size, sizeof size);
	buf_put(out, foreign, sizeof foreign);
	buf_put(out, uid, n);
}

/* The day of the instance, year first: MS-OXOCAL 2.2.1.27. */
static void day_into_id(uint32_t minutes, uint8_t *out)
{
	struct day d = day_of(((int64_t)minutes - DAYS_1601 * 1440) * 60);

	out[0] = (uint8_t)(d.year >> 8);
	out[1] = (uint8_t)d.year;
	out[2] = (uint8_t)d.month;
	out[3] = (uint8_t)d.day;
}

void take_uid(struct cal *c, struct part *p, uint32_t minutes)
{
	char *uid = part_text(p, "UID");
	struct buf id = buf_of(ID_MAX + ID_HEAD);

	if (!uid)
		return;
	if (strlen(uid) > ID_MAX - ID_HEAD - sizeof foreign - 1) {
		into_lost(&c->k, "its UID: it is too long");
	} else {
		if (!id_of_hex(uid, &id))
			id_of_uid(uid, &id);
		into_octets(&c->k, c->b, (bag_key)PidLidCleanGlobalObjectId, id.data, id.len);
		if (minutes)
			day_into_id(minutes, id.data + DATE_AT);
		into_octets(&c->k, c->b, (bag_key)PidLidGlobalObjectId, id.data, id.len);
	}
	buf_clear(&id);
	free(uid);
}

/* ---- what all kinds have ---- */

/* "PT90M" as minutes; -1: it is none. */
static int64_t minutes_of_span(const char *value)
{
	struct span s;

	return span_read(value, &s) ? (s.days * 86400 + s.seconds) / 60 : -1;
}

static bool is_number(const char *s)
{
	size_t n = strlen(s), sign = *s == '-';

	return n > sign && n - sign <= 10 && strspn(s + sign, "0123456789") == n - sign;
}

static void take_texts(struct cal *c, struct part *p, struct bag *b, const struct name *n)
{
	struct several all;
	struct line *l;
	char *text;
	size_t i = 0;

	several_init(&all);
	while ((l = part_each(p, n->name, &i)))
		for (size_t at = 0; (text = line_piece(l, ',', &at)); free(text))
			if (*text)
				several_text(&all, text);
	into_several(&c->k, b, n->key, BAG_UNICODE, &all);
}

/* False: the value is none of that kind. */
static bool take_value(struct cal *c, const struct line *l, struct bag *b, const struct name *n)
{
	struct when w;
	int64_t v;

	switch (n->kind) {
	case NAME_TEXT:
		into_own(&c->k, b, n->key, line_text(l));
		return true;
	case NAME_TIME:
		if (!when_read(c, l, &w))
			return false;
		into_time(&c->k, b, n->key, w.utc);
		return true;
	case NAME_TRUE:
		into_bool(&c->k, b, n->key, strcasecmp(l->value, "TRUE") == 0);
		return true;
	case NAME_MINUTES:
		v = minutes_of_span(l->value);
		if (v < 0 || v > INT32_MAX)
			return false;
		into_int(&c->k, b, n->key, v);
		return true;
	default:
		v = is_number(l->value) ? strtoll(l->value, NULL, 10) : INT64_MAX;
		if (v < INT32_MIN || v > INT32_MAX)
			return false;
		into_int(&c->k, b, n->key, v);
		return true;
	}
}

void take_names(struct cal *c, struct part *p, struct bag *b, const struct names *names)
{
	for (size_t i = 0; i < names->n; i++) {
		const struct name *n = &names->list[i];
		struct line *l;

		if (n->kind == NAME_TEXTS)
			take_texts(c, p, b, n);
		else if ((l = part_peek(p, n->name)))
			l->used = take_value(c, l, b, n);
	}
}

/* DTSTAMP says something only where it is none of the other two (put_stamps). */
static void take_stamps(struct cal *c, struct part *p, struct bag *b)
{
	const struct line *created = part_take(p, "CREATED"),
	                  *modified = part_take(p, "LAST-MODIFIED"),
	                  *stamp = part_take(p, "DTSTAMP");
	struct when w;
	int64_t said = INT64_MIN;

	if (created && when_read(c, created, &w)) {
		into_time(&c->k, b, PidTagCreationTime, w.utc);
		said = w.utc;
	}
	if (modified && when_read(c, modified, &w)) {
		into_time(&c->k, b, PidTagLastModificationTime, w.utc);
		said = w.utc;
	}
	if (stamp && when_read(c, stamp, &w) && w.utc != said &&
	        !part_peek(p, "X-MICROSOFT-CDO-OWNER-CRITICAL-CHANGE"))
		into_time(&c->k, b, (bag_key)PidLidOwnerCriticalChange, w.utc);
}

static void take_class(struct cal *c, struct part *p, struct bag *b)
{
	struct line *l = part_peek(p, "CLASS");
	int place = l ? word_place(class_words, l->value) : -1;

	if (l && strcasecmp(l->value, "X-PERSONAL") == 0)
		place = 1;
	if (place < 0)
		return;
	l->used = true;
	into_int(&c->k, b, PidTagSensitivity, place);
	if (place == PRIVATE)
		into_bool(&c->k, b, (bag_key)PidLidPrivate, true);
}

/* 1 to 4 are high, 5 is normal, 6 to 9 are low; 0 says nothing (MS-OXCICAL 2.1.3.1.1.20.17). */
static void take_priority(struct cal *c, struct part *p, struct bag *b)
{
	struct line *l = part_peek(p, "PRIORITY");
	long v = l && is_number(l->value) ? strtol(l->value, NULL, 10) : 0;

	if (v < 1 || v > 9)
		return;
	l->used = true;
	into_int(&c->k, b, PidTagImportance, v < 5 ? 2 : v == 5 ? 1 : 0);
	if (v != 1 && v != 5 && v != 9)
		into_lost(&c->k, "PRIORITY:%ld: MAPI has high, normal and low", v);
}

static void take_body(struct cal *c, struct part *p, struct bag *b)
{
	char *html = NULL;
	struct line *l;

	into_lines(&c->k, b, PidTagBody, part_text(p, "DESCRIPTION"));
	l = part_peek(p, "X-ALT-DESC");
	if (l && line_param(l, "FMTTYPE") &&
	        strcasecmp(line_param(l, "FMTTYPE"), "text/html") == 0) {
		l->used = true;
		html = line_text(l);
	}
	if (html && *html) {
		into_octets(&c->k, b, PidTagHtml, html, strlen(html));
		into_int(&c->k, b, PidTagInternetCodepage, UTF8);
	}
	free(html);
}

static void take_contacts(struct cal *c, struct part *p, struct bag *b)
{
	struct several all;
	struct line *l;
	size_t i = 0;

	several_init(&all);
	while ((l = part_each(p, "CONTACT", &i))) {
		char *text = line_text(l);

		if (*text)
			several_text(&all, text);
		free(text);
	}
	into_several(&c->k, b, (bag_key)PidLidContacts, BAG_UNICODE, &all);
}

void take_common(struct cal *c, struct part *p, struct bag *b)
{
	const struct name categories = {PidNameKeywords, "CATEGORIES", NAME_TEXTS};
	char *subject = part_text(p, "SUMMARY");

	take_stamps(c, p, b);
	into_text(&c->k, b, PidTagSubject, subject);
	into_text(&c->k, b, PidTagNormalizedSubject, subject);
	free(subject);
	take_body(c, p, b);
	take_class(c, p, b);
	take_priority(c, p, b);
	take_texts(c, p, b, &categories);
	take_contacts(c, p, b);
	take_names(c, p, b, &common_names);
}

/* ---- alarms ---- */

/* Minutes before the start, if a reminder says no more than the alarm does. */
static int64_t minutes_before(struct cal *c, const struct part *alarm, const struct when *start)
{
	const struct line *trigger = part_peek(alarm, "TRIGGER"),
	                  *action = part_peek(alarm, "ACTION");
	const char *related = trigger ? line_param(trigger, "RELATED") : NULL;
	struct span s;
	struct when w;
	int64_t t;

	if (!trigger || part_peek(alarm, "REPEAT") ||
	        (action && strcasecmp(action->value, "DISPLAY") != 0 &&
	                strcasecmp(action->value, "AUDIO") != 0) ||
	        (related && strcasecmp(related, "START") != 0))
		return INT64_MIN;
	if (span_read(trigger->value, &s))
		t = -(s.days * 86400 + s.seconds);
	else if (when_read(c, trigger, &w))
		t = start->utc - w.utc;
	else
		return INT64_MIN;
	return t % 60 == 0 && llabs(t / 60) < 10 * 366 * 1440 ? t / 60 : INT64_MIN;
}

int64_t take_alarm(struct cal *c, struct part *p, const struct when *start)
{
	for (size_t i = 0; i < p->n_parts; i++) {
		struct part *alarm = p->parts[i];
		int64_t minutes;

		if (strcmp(alarm->name, "VALARM") != 0)
			continue;
		minutes = minutes_before(c, alarm, start);
		if (minutes == INT64_MIN)
			continue;
		alarm->used = true;
		for (size_t k = 0; k < alarm->n_lines && k < 64; k++)
			if (!text_in(alarm->lines[k].name, "ACTION|TRIGGER|DESCRIPTION|SUMMARY"))
				into_lost(&c->k, "%.100s of its reminder", alarm->lines[k].name);
		return minutes;
	}
	return INT64_MIN;
}

/* ---- the object ---- */

void keep_time(struct cal *c, const char *name, int64_t utc)
{
	struct buf line = buf_of(128);
	char text[DATE_TEXT_SIZE];

	/* 2026-05-01T08:00:00Z */
	date_format_iso(utc, text);
	buf_putf(&line, "%s:", name);
	for (const char *s = text; *s; s++)
		if (*s != '-' && *s != ':')
			buf_putc(&line, *s);
	buf_puts(&line, "\r\n");
	buf_fill(&c->kept, line.data, line.len);
	buf_clear(&line);
}

/* The component that the item is of: one that is no modified instance, else the first. */
static struct part *find_main(const struct part *calendar)
{
	static const char *const names[] = {"VEVENT", "VTODO", "VJOURNAL"};
	struct part *first = NULL;

	for (size_t i = 0; i < calendar->n_parts; i++) {
		struct part *p = calendar->parts[i];

		if (!text_among(p->name, names, COUNT(names)))
			continue;
		if (!part_peek(p, "RECURRENCE-ID"))
			return p;
		first = first ? first : p;
	}
	return first;
}

static int first_year(const struct part *calendar)
{
	int year = 0;

	for (size_t i = 0; i < calendar->n_parts; i++) {
		const struct line *l = part_peek(calendar->parts[i], "DTSTART");
		int own;

		if (!l)
			l = part_peek(calendar->parts[i], "DUE");
		own = l && l->value_len >= 4 ? text_number(l->value, 4) : 0;
		if (own > 0 && (!year || own < year))
			year = own;
	}
	return year ? year : 1970;
}

/* A VJOURNAL without a day that looks like a note on a desktop: MS-OXONOTE. */
static bool is_note(const struct part *p)
{
	static const char *const marks[] = {"COLOR", "X-OUTLOOK-NOTE-X", "X-OUTLOOK-NOTE-Y",
	        "X-OUTLOOK-NOTE-WIDTH", "X-OUTLOOK-NOTE-HEIGHT", "X-MICROSOFT-NOTE-COLOR"};

	if (part_peek(p, "DTSTART"))
		return false;
	for (size_t i = 0; i < COUNT(marks); i++)
		if (part_peek(p, marks[i]))
			return true;
	return false;
}

/* What stands around the components is of the calendar, not of the item. */
static void pass_over(struct cal *c)
{
	static const char *const usual[] = {"PRODID", "VERSION", "CALSCALE"};

	for (size_t i = 0; i < c->calendar->n_lines; i++)
		if (!text_among(c->calendar->lines[i].name, usual, COUNT(usual)) && i < 64)
			into_lost(&c->k, "%.100s: it is of the calendar, not of the item",
			        c->calendar->lines[i].name);
}

/* Components beside it that nobody used: instances that the series does not take. */
static void keep_others(struct cal *c)
{
	struct buf *kept = &c->kept;
	struct buf one = buf_of(3 * OBJECT_MAX);

	for (size_t i = 0; i < c->calendar->n_parts; i++) {
		struct part *p = c->calendar->parts[i];

		if (p == c->main || p->used || strcmp(p->name, "VTIMEZONE") == 0)
			continue;
		object_raw_part(&c->o, p, &one);
		if (strcmp(p->name, "VEVENT") != 0 || strcmp(c->main->name, "VEVENT") != 0 ||
		        !part_peek(p, "RECURRENCE-ID"))
			into_lost(&c->k, "another component, %.50s", p->name);
		else if (buf_fill(kept, one.data, kept->len + one.len < kept->cap ? one.len : 0) ==
		         0)
			into_lost(&c->k, "a modified instance: too long to be kept");
		buf_reset(&one);
	}
	buf_clear(&one);
}

/* The definition of a zone that what is kept names, and the item's own times do not. */
static void keep_zone(struct cal *c, const char *tzid)
{
	struct buf one = buf_of(3 * OBJECT_MAX);
	struct part *p;

	for (size_t i = 0; tzid && i < COUNT(c->own_zones); i++)
		if (c->own_zones[i] && text_same(c->own_zones[i]->name, tzid))
			tzid = NULL;
	p = tzid && c->n_looked++ < ZONES_MAX ? zone_part(c, tzid) : NULL;
	if (p && !p->used) {
		p->used = true;
		object_raw_part(&c->o, p, &one);
		buf_fill(&c->kept, one.data, c->kept.len + one.len < c->kept.cap ? one.len : 0);
	}
	buf_clear(&one);
}

static void keep_zones_of(struct cal *c, const struct part *p)
{
	for (size_t i = 0; i < p->n_lines; i++)
		if (!p->lines[i].used)
			keep_zone(c, line_param(&p->lines[i], "TZID"));
}

static void keep_zones(struct cal *c)
{
	keep_zones_of(c, c->main);
	for (size_t i = 0; i < c->calendar->n_parts; i++) {
		struct part *p = c->calendar->parts[i];

		if (p != c->main && !p->used && strcmp(p->name, "VEVENT") == 0 &&
		        part_peek(p, "RECURRENCE-ID"))
			keep_zones_of(c, p);
	}
}

static void make_item(struct cal *c)
{
	into_int(&c->k, c->b, PidTagMessageFlags, READ);
	if (strcmp(c->main->name, "VEVENT") == 0)
		make_event(c);
	else if (strcmp(c->main->name, "VTODO") == 0)
		make_task(c);
	else
		make_journal(c, is_note(c->main));
	pass_over(c);
	if (strcmp(c->main->name, "VEVENT") == 0)
		keep_zones(c);
	keep_others(c);
	into_rest(&c->k, c->b, &c->o, c->main, &c->kept);
}

/* ---- as it comes back ---- */

static size_t alarms_of(const struct part *p, bool used, const struct part **last)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_parts; i++)
		if (strcmp(p->parts[i]->name, "VALARM") == 0) {
			n++;
			if (!used || p->parts[i]->used)
				*last = p->parts[i];
		}
	return n;
}

/* A component and its alarm; the alarm of a reminder is written last. */
static void lay_beside(struct beside *s, const struct part *was, const struct part *is)
{
	const struct part *alarm = NULL, *again = NULL;
	unsigned before = s->number;
	size_t left;
	size_t n = alarms_of(is, false, &again);

	s->number++;
	beside_part(s, was, is);
	s->number += (unsigned)n;
	left = s->left.len;
	if (n && n == alarms_of(was, true, &alarm) && alarm)
		beside_part(s, alarm, again);
	/* a reminder has no place for more */
	s->left.data[left] = '\0';
	s->left.len = left;
	s->number = before + 1 + (unsigned)n;
}

/* The modified instance that took the ${n}th place among them. */
static const struct part *override_at(const struct cal *c, size_t n)
{
	return n < c->n_overrides ? c->overrides[n] : NULL;
}

static int compare(struct cal *c)
{
	struct object again;
	struct beside s = {&c->o, &again, 0,
	        "BEGIN|END|UID|DTSTAMP|DTSTART|DTEND|DUE|RECURRENCE-ID|TRIGGER",
	        buf_of(BAG_TEXT_MAX), buf_of(BAG_TEXT_MAX)};
	int rc = beside_read(&c->k, c->b, "VCALENDAR", &again);
	const struct part *calendar = again.root ? part_child(again.root, "VCALENDAR") : NULL;
	size_t n = 0;

	for (size_t i = 0; calendar && i < calendar->n_parts; i++) {
		const struct part *p = calendar->parts[i],
		                  *was = n ? override_at(c, n - 1) : c->main;

		if (strcmp(p->name, c->main->name) != 0)
			continue;
		if (!was)
			break; /* what was kept whole */
		lay_beside(&s, was, p);
		/* what is left of an instance cannot be told from that of the series */
		if (n++)
			buf_reset(&s.left);
	}
	beside_end(&s, &c->k, c->b);
	object_clear(&again);
	return rc;
}

int outlook_make_calendar(const struct outlook_make *m, struct bag *into, struct err *err)
{
	struct err unheard = {0};
	struct cal c = {.k = {.m = m, .err = err ? err : &unheard},
	        .b = into,
	        .kept = buf_of(BAG_TEXT_MAX / 2)};
	int rc = object_read(m->octets, "VCALENDAR", &c.o, c.k.err);

	if (rc == 0) {
		c.calendar = part_child(c.o.root, "VCALENDAR");
		c.main = find_main(c.calendar);
		if (!c.main)
			rc = err_set(err, ERR_PROTO, ERR_ITEM, "no event, task or journal in it");
	}
	if (rc == 0) {
		c.year = first_year(c.calendar);
		make_item(&c);
		rc = c.k.rc < 0 || c.o.text.len > BESIDE_MAX ? c.k.rc : compare(&c);
		rc = rc < 0 ? rc : c.k.rc;
	}
	for (size_t i = 0; i < c.n_zones; i++)
		zone_clear(&c.zones[i]);
	object_clear(&c.o);
	buf_clear(&c.kept);
	free(c.overrides);
	return rc;
}
