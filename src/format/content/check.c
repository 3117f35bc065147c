/*
 * What is wrong with a calendar object or card: our reading of it, and libical's of a
 * copy.
 */
#include <libical/ical.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "valise/base/date.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "internal.h"

#define SECOND_MAX ((size_t)16 << 20)
/*
 * libical takes time with the square of the lines that it cannot read, and of the time
 * zones
 */
#define SECOND_LINES 20000
/* dates, and complaints of libical, of one resource that are told one by one */
#define TOLD 3
#define FOLD 72

struct check {
	void (*fn)(void *ctx, enum content_problem what, const char *text);
	void *ctx;
	unsigned complaints, dates;
	size_t lines;
};

const char *content_problem_word(enum content_problem p)
{
	static const char *const words[CONTENT_PROBLEMS] = {"unreadable", "empty", "malformed",
	        "no-uid", "several-uids", "no-master", "no-zone", "date", "link", "method",
	        "second-opinion", "doubled-uid", "dangling-member"};

	return words[p];
}

static void say_problem(struct check *c, enum content_problem what, const char *fmt, ...)
        PRINTF_LIKE(3, 4);
static void say_problem(struct check *c, enum content_problem what, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	c->fn(c->ctx, what, text);
}

static void on_link(void *ctx, const char *name, const char *url)
{
	say_problem(ctx, CONTENT_LINK, "%s is a link: %.200s", name, url);
}

/* libical takes time with the square of a line's length: long lines are folded for it. */
static void fold_lines(const char *s, size_t n, struct buf *out)
{
	size_t column = 0;

	for (size_t i = 0; i < n; i++) {
		if (column == FOLD && s[i] != '\r' && s[i] != '\n') {
			buf_puts(out, "\r\n ");
			column = 1;
		}
		buf_putc(out, s[i]);
		column = s[i] == '\n' || s[i] == '\r' ? 0 : column + 1;
	}
}

/* 20260131, or with T and six digits and perhaps Z (RFC 5545 3.3.4, 3.3.5)? */
static bool is_date(const char *s, size_t n, bool with_time)
{
	char iso[DATE_TEXT_SIZE];
	int64_t utc;

	if (with_time ? n != 15 && !(n == 16 && (s[15] | 0x20) == 'z') : n != 8)
		return false;
	snprintf(iso, sizeof iso, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", s, s + 4, s + 6,
	        with_time ? s + 9 : "00", with_time ? s + 11 : "00", with_time ? s + 13 : "00");
	return (!with_time || (s[8] | 0x20) == 't') && date_parse_iso(iso, &utc);
}

static bool is_date_property(const char *name, size_t n)
{
	static const char *const names[] = {"DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "EXDATE",
	        "RDATE", "COMPLETED", "DTSTAMP", "CREATED", "LAST-MODIFIED"};

	for (size_t i = 0; i < COUNT(names); i++)
		if (strlen(names[i]) == n && strncmp(names[i], name, n) == 0)
			return true;
	return false;
}

/* Each date of a property that holds dates, told if it is none. */
static int on_date(void *ctx, const struct content_line *l, struct err *err)
{
	const char *form = content_param(l, "VALUE"), *s = l->value, *end = s + l->value_len;
	bool day = form && strcasecmp(form, "DATE") == 0;
	struct check *c = ctx;

	(void)err;
	c->lines++;
	if (!is_date_property(l->name, strlen(l->name)))
		return 0;
	for (; s <= end; s++) {
		const char *comma = memchr(s, ',', (size_t)(end - s)), *from = s;
		size_t n = (size_t)((comma ? comma : end) - s);
		const char *slash = memchr(s, '/', n);

		s += n;
		if (slash && form && strcasecmp(form, "PERIOD") == 0)
			n = (size_t)(slash - from);
		if (is_date(from, n, !day) || ++c->dates > TOLD)
			continue;
		if (is_date(from, n, day))
			say_problem(c, CONTENT_DATE, "%s:%.*s is not what VALUE=%s says", l->name,
			        (int)n, from, day ? "DATE" : "DATE-TIME");
		else
			say_problem(c, CONTENT_DATE, "%s:%.*s is no %s", l->name,
			        n > 40 ? 40 : (int)n, from, day ? "date" : "date and time");
	}
	return 0;
}

static void check_dates(struct check *c, const struct content_summary *s, const char *p, size_t n)
{
	struct err err = {0};

	if (content_read(p, n, on_date, c, NULL, &err) < 0)
		say_problem(c, CONTENT_UNREADABLE, "%s", err.text);
	if (c->dates > TOLD)
		say_problem(c, CONTENT_DATE, "and %u more", c->dates - TOLD);
	if (!s->start && !s->method && s->component && strcmp(s->component, "VEVENT") == 0)
		say_problem(c, CONTENT_DATE, "it has no DTSTART");
}

/*
 * Empty values and properties of later RFCs are no mistakes, whatever libical 3 says; of
 * dates we have spoken.
 */
static bool is_mistaken(const char *text)
{
	const char *property = strstr(text, " value in ");

	if (strncmp(text, "Can't parse as DATE", 19) == 0 && property)
		return is_date_property(property + 10, strcspn(property + 10, " "));
	return strncmp(text, "No value for", 12) == 0 ||
	       strncmp(text, "Parse error in property name", 28) == 0;
}

/* A journal entry may have several descriptions (RFC 5545 3.6.3). */
static bool is_journal_text(icalcomponent *comp, const char *text)
{
	return icalcomponent_isa(comp) == ICAL_VJOURNAL_COMPONENT &&
	       strstr(text, "restrictions for DESCRIPTION") != NULL;
}

/* What libical found, of a component and those in it, but for its mistakes. */
static void tell_errors(struct check *c, icalcomponent *comp)
{
	for (icalproperty *p = icalcomponent_get_first_property(comp, ICAL_XLICERROR_PROPERTY); p;
	        p = icalcomponent_get_next_property(comp, ICAL_XLICERROR_PROPERTY)) {
		const char *text = icalproperty_get_xlicerror(p);
		const char *end = text ? strstr(text, ". Removing entire property") : NULL;

		if (!text || is_mistaken(text) || is_journal_text(comp, text) ||
		        ++c->complaints > TOLD)
			continue;
		say_problem(c, CONTENT_SECOND_OPINION, "libical: %.*s",
		        end ? (int)(end - text) : 250, text);
	}
	for (icalcomponent *k = icalcomponent_get_first_component(comp, ICAL_ANY_COMPONENT); k;
	        k = icalcomponent_get_next_component(comp, ICAL_ANY_COMPONENT))
		tell_errors(c, k);
}

/* What libical says of the calendar object, unless it is too large for it. */
static void second_opinion(struct check *c, const char *s, size_t n)
{
	icalcomponent *comp;
	struct buf copy = buf_of(SIZE_MAX);

	if (n > SECOND_MAX || c->lines > SECOND_LINES)
		return;
	fold_lines(s, n, &copy);
	icalerror_set_errors_are_fatal(false);
	comp = icalparser_parse_string(buf_str(&copy));
	buf_clear(&copy);
	if (!comp) {
		say_problem(c, CONTENT_SECOND_OPINION, "libical: cannot read it");
		return;
	}
	(void)icalrestriction_check(comp); /* writes what it finds into the copy */
	tell_errors(c, comp);
	if (c->complaints > TOLD)
		say_problem(
		        c, CONTENT_SECOND_OPINION, "libical: and %u more", c->complaints - TOLD);
	icalcomponent_free(comp);
}

void content_check(const void *p, size_t n,
        void (*fn)(void *ctx, enum content_problem what, const char *text), void *ctx)
{
	struct check c = {.fn = fn, .ctx = ctx};
	struct content_summary s = {0};
	struct err err = {0};

	if (content_summarize(p, n, &s, &err) < 0) {
		say_problem(&c, CONTENT_UNREADABLE, "%s", err.text);
		return;
	}
	if (!s.calendar && !s.card)
		say_problem(&c, CONTENT_UNREADABLE, "neither a calendar object nor a card");
	else if (s.wrong)
		say_problem(&c, CONTENT_MALFORMED,
		        "%u lines that are no content lines, or BEGIN and END that do not match",
		        s.wrong);
	if (s.calendar && !s.components)
		say_problem(
		        &c, CONTENT_EMPTY, "a calendar object without an event, task or journal");
	if (memchr(p, 0, n))
		say_problem(&c, CONTENT_MALFORMED, "it holds NUL");
	else if (!utf8_valid(p, n))
		say_problem(&c, CONTENT_MALFORMED, "it is not UTF-8");
	if (s.components && !s.uid)
		say_problem(&c, CONTENT_NO_UID, "it has no UID (of up to 64 KiB)");
	if (s.several_uids)
		say_problem(&c, CONTENT_SEVERAL_UIDS, "its components have different UIDs");
	if (s.calendar && s.overrides && !s.master)
		say_problem(&c, CONTENT_NO_MASTER,
		        "overrides of a series (RECURRENCE-ID) without the series");
	if (s.missing_zone)
		say_problem(&c, CONTENT_NO_ZONE,
		        "the time zone \"%.100s\" is not in it (no VTIMEZONE)", s.missing_zone);
	if (s.method)
		say_problem(
		        &c, CONTENT_METHOD, "it has METHOD:%.40s, which is for mails", s.method);
	if (content_links(p, n, on_link, &c, &err) < 0)
		say_problem(&c, CONTENT_UNREADABLE, "%s", err.text);
	if (s.calendar)
		check_dates(&c, &s, p, n);
	if (s.calendar && !s.wrong) /* libical shouts on stderr at an END of nothing */
		second_opinion(&c, p, n);
	content_summary_clear(&s);
}
