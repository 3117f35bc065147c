/* Which items are meant: what their octets say, where their names do not. */
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/content.h"
#include "valise/format/header.h"
#include <stdlib.h>
#include <string.h>
#include "internal.h"

#define FIELD_MAX (1u << 20)

/*
 * Is one of ${list} in the field, as people read it? A long one is decoded in pieces, of
 * addresses between two of them.
 */
static bool in_field(const char *const *list, const char *head, size_t n, const char *name)
{
	bool addresses = strcmp(name, "Subject") != 0;
	struct buf value = buf_of(FIELD_MAX), text = buf_of(4 * HEADER_TEXT_MAX);
	bool found = false;
	size_t at = 0;

	(void)header_find(head, n, name, &value);
	while (at < value.len && !found) {
		size_t piece = MIN(value.len - at, HEADER_TEXT_MAX);

		for (size_t i = piece; at + piece < value.len && i > 0; i--)
			if (value.data[at + i - 1] == ',') {
				piece = i;
				break;
			}
		buf_reset(&text);
		header_text((const char *)value.data + at, piece, text.cap, &text);
		found = select_in_text(list, buf_str(&text), addresses);
		at += piece;
	}
	buf_clear(&text);
	buf_clear(&value);
	return found;
}

static bool mail_is_meant(const struct selection *s, const char *head, size_t n)
{
	if (s->from && !in_field(s->from, head, n, "From"))
		return false;
	if (s->to && !in_field(s->to, head, n, "To") && !in_field(s->to, head, n, "Cc"))
		return false;
	return !s->subject || in_field(s->subject, head, n, "Subject");
}

/* What the names of a resource say. */
struct names {
	const struct selection *s;
	enum content_name from_is, title_is; /* by the kind */
	bool from, title;
	bool cut; /* the title may go on */
};

static void on_name(void *ctx, enum content_name what, const char *text)
{
	struct names *m = ctx;

	if (m->s->from && what == m->from_is)
		m->from = m->from || select_in_text(m->s->from, text, true);
	if (!m->s->subject || what != m->title_is)
		return;
	m->title = m->title || select_in_text(m->s->subject, text, false);
	m->cut = m->cut || select_is_cut(text);
}

/* The whole of a title that was too long for its name. */
static bool title_is_meant(const struct selection *s, enum coll_kind kind, const void *p, size_t n)
{
	struct content_summary sum = {0};
	bool yes = content_summarize(p, n, &sum, NULL) == 0 && sum.title &&
	           (kind == COLL_CONTACTS ? sum.card : sum.calendar) &&
	           select_in_text(s->subject, sum.title, false);

	content_summary_clear(&sum);
	return yes;
}

/* From when to when a calendar object is, on its own clock. */
struct span {
	int64_t first, last; /* last: where it ends; INT64_MAX: never */
	int64_t longest; /* the greatest DURATION: what begins at ${last} goes on for so long */
	bool known;
	int zone; /* depth of the VTIMEZONE around, 0: none */
	int alarm; /* of the VALARM */
};

/* "20241103" or "20241103T100000", as it stands at the beginning of ${v}. */
static bool read_time(const char *v, int64_t *out)
{
	char text[16];
	struct day d;

	if (!select_digits(v, "dddddddd"))
		return false;
	snprintf(text, sizeof text, "%.4s %.2s %.2s", v, v + 4, v + 6);
	d = (struct day){atoi(text), atoi(text + 5), atoi(text + 8)};
	if (!day_is_valid(&d))
		return false;
	*out = day_start(&d);
	if (select_digits(v + 8, "Tdddddd"))
		*out += ((v[9] - '0') * 10 + v[10] - '0') * 3600 +
		        ((v[11] - '0') * 10 + v[12] - '0') * 60 + (v[13] - '0') * 10 + v[14] - '0';
	return true;
}

/* "P1W", "P1DT2H30M", "PT90S" (RFC 5545 3.3.6); what is none, and one back in time: 0. */
static int64_t read_duration(const char *v)
{
	static const char units[] = "WDHMS";
	static const int seconds[] = {7 * 86400, 86400, 3600, 60, 1};
	int64_t all = 0;

	v += *v == '+';
	if (*v++ != 'P')
		return 0;
	while (*(v += *v == 'T')) {
		size_t n = strspn(v, "0123456789");
		const char *unit = n > 0 && n < 9 && v[n] ? strchr(units, v[n]) : NULL;

		if (!unit)
			break;
		all += (int64_t)atoi(v) * seconds[unit - units];
		v += n + 1;
	}
	return MIN(all, INT64_C(400000000000)); /* beyond any year */
}

static void see_duration(struct span *s, const char *value)
{
	s->longest = MAX(s->longest, read_duration(value));
}

static void see_time(struct span *s, const char *value, bool ends)
{
	int64_t at;

	if (!read_time(value, &at))
		return;
	if (!s->known) {
		s->first = at;
		s->last = INT64_MIN;
		s->known = true;
	}
	s->first = MIN(s->first, at);
	/* An end is the first second that is no part of it. */
	s->last = MAX(s->last, ends ? at - 1 : at);
}

/* Without an UNTIL it has no end that is worth to be reckoned. */
static void see_rule(struct span *s, const char *value)
{
	const char *until = strstr(value, "UNTIL=");

	if (until)
		see_time(s, until + 6, false);
	else
		s->last = INT64_MAX;
	if (!s->known)
		s->first = INT64_MIN;
	s->known = true;
}

/* RDATE: times, or periods, "20240301T100000/PT1H" or to another time. */
static void see_dates(struct span *s, const char *value)
{
	for (const char *p = value; p; p = strchr(p, ',')) {
		const char *end;

		p += *p == ',';
		see_time(s, p, false);
		end = p + strcspn(p, "/,");
		if (*end != '/')
			continue;
		see_time(s, end + 1, true);
		see_duration(s, end + 1);
	}
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct span *s = ctx;
	int *inside = text_is(l->value, l->value_len, "VTIMEZONE") ? &s->zone : &s->alarm;

	(void)err;
	if (text_in(l->name, "BEGIN|END")) {
		if (inside == &s->zone || text_is(l->value, l->value_len, "VALARM"))
			*inside = *l->name == 'B';
	} else if (s->zone || s->alarm) {
		return 0;
	} else if (text_in(l->name, "DTSTART|DUE")) {
		see_time(s, l->value, false);
	} else if (strcmp(l->name, "DTEND") == 0) {
		see_time(s, l->value, true);
	} else if (strcmp(l->name, "RRULE") == 0) {
		see_rule(s, l->value);
	} else if (strcmp(l->name, "RDATE") == 0) {
		see_dates(s, l->value);
	} else if (strcmp(l->name, "DURATION") == 0) {
		see_duration(s, l->value);
	}
	return 0;
}

static bool span_is_meant(const struct selection *s, const void *p, size_t n)
{
	struct span span = {0};

	(void)!content_read(p, n, on_line, &span, NULL, NULL);
	if (span.known && span.longest > 0 && span.last != INT64_MAX)
		span.last += span.longest - 1;
	return !span.known || (span.last >= s->since && span.first < s->until);
}

bool selection_octets(const struct selection *s, enum coll_kind kind, const void *p, size_t n)
{
	bool card = kind == COLL_CONTACTS;
	struct names names = {.s = s,
	        .from_is = card ? CONTENT_MAIL : CONTENT_ORGANIZER,
	        .title_is = card ? CONTENT_NAME : CONTENT_SUMMARY};

	if (kind == COLL_MAIL)
		return mail_is_meant(s, p, n);
	if (s->from || s->subject)
		content_names(p, n, on_name, &names);
	if ((s->from && !names.from) || s->to)
		return false;
	if (s->subject && !names.title && !(names.cut && title_is_meant(s, kind, p, n)))
		return false;
	return kind != COLL_CALENDAR || span_is_meant(s, p, n);
}
