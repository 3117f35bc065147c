/* What is wrong with a calendar object or card: our reading of it, and libical's of a copy. */
#include <libical/ical.h>
#include <stdlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "content_internal.h"

#define SECOND_MAX ((size_t)16 << 20)
#define SECOND_TOLD 3 /* complaints of one resource that are told one by one */
#define FOLD 72

struct check {
	void (*fn)(void *ctx, enum content_problem what, const char *text);
	void *ctx;
	unsigned complaints;
};

const char *content_problem_word(enum content_problem p)
{
	static const char *const words[CONTENT_PROBLEMS] = {"unreadable", "malformed", "no-uid",
	        "several-uids", "no-master", "no-zone", "link", "method", "second-opinion",
	        "doubled-uid"};

	return words[p];
}

static void say(struct check *c, enum content_problem what, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void say(struct check *c, enum content_problem what, const char *fmt, ...)
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
	say(ctx, CONTENT_LINK, "%s is a link: %.200s", name, url);
}

/* libical takes time with the square of a line's length: long lines are folded for it. */
static void folded(const char *s, size_t n, struct buf *out)
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

/* Empty values and properties of later RFCs are no mistakes, whatever libical 3 says. */
static bool is_mistaken(const char *text)
{
	return strncmp(text, "No value for", 12) == 0 ||
	       strncmp(text, "Parse error in property name", 28) == 0;
}

static void tell_errors(struct check *c, icalcomponent *comp)
{
	for (icalproperty *p = icalcomponent_get_first_property(comp, ICAL_XLICERROR_PROPERTY); p;
	        p = icalcomponent_get_next_property(comp, ICAL_XLICERROR_PROPERTY)) {
		const char *text = icalproperty_get_xlicerror(p);
		const char *end = text ? strstr(text, ". Removing entire property") : NULL;

		if (!text || is_mistaken(text) || ++c->complaints > SECOND_TOLD)
			continue;
		say(c, CONTENT_SECOND_OPINION, "libical: %.*s", end ? (int)(end - text) : 250,
		        text);
	}
	for (icalcomponent *k = icalcomponent_get_first_component(comp, ICAL_ANY_COMPONENT); k;
	        k = icalcomponent_get_next_component(comp, ICAL_ANY_COMPONENT))
		tell_errors(c, k);
}

static void second_opinion(struct check *c, const char *s, size_t n)
{
	icalcomponent *comp;
	struct buf copy;

	if (n > SECOND_MAX)
		return;
	buf_init(&copy, SIZE_MAX);
	folded(s, n, &copy);
	icalerror_set_errors_are_fatal(false);
	comp = icalparser_parse_string(buf_str(&copy));
	buf_clear(&copy);
	if (!comp) {
		say(c, CONTENT_SECOND_OPINION, "libical: cannot read it");
		return;
	}
	(void)icalrestriction_check(comp); /* writes what it finds into the copy */
	tell_errors(c, comp);
	if (c->complaints > SECOND_TOLD)
		say(c, CONTENT_SECOND_OPINION, "libical: and %u more", c->complaints - SECOND_TOLD);
	icalcomponent_free(comp);
}

void content_check(const void *p, size_t n,
        void (*fn)(void *ctx, enum content_problem what, const char *text), void *ctx)
{
	struct check c = {.fn = fn, .ctx = ctx};
	struct content_summary s = {0};
	struct err err = {0};

	if (content_summarize(p, n, &s, &err) < 0) {
		say(&c, CONTENT_UNREADABLE, "%s", err.text);
		return;
	}
	if (!s.calendar && !s.card)
		say(&c, CONTENT_UNREADABLE, "neither a calendar object nor a card");
	else if (s.wrong)
		say(&c, CONTENT_MALFORMED,
		        "%u lines that are none, or BEGIN and END that do not match", s.wrong);
	if (memchr(p, 0, n))
		say(&c, CONTENT_MALFORMED, "it holds NUL");
	else if (!utf8_valid(p, n))
		say(&c, CONTENT_MALFORMED, "it is not UTF-8");
	if (s.components && !s.uid)
		say(&c, CONTENT_NO_UID, "it has no UID");
	if (s.several_uids)
		say(&c, CONTENT_SEVERAL_UIDS, "its components have different UIDs");
	if (s.calendar && s.overrides && !s.master)
		say(&c, CONTENT_NO_MASTER,
		        "overrides of a series (RECURRENCE-ID) without the series");
	if (s.missing_zone)
		say(&c, CONTENT_NO_ZONE, "the time zone \"%.100s\" is not in it (no VTIMEZONE)",
		        s.missing_zone);
	if (s.method)
		say(&c, CONTENT_METHOD, "it has METHOD:%.40s, which is for mails", s.method);
	if (content_links(p, n, on_link, &c, &err) < 0)
		say(&c, CONTENT_UNREADABLE, "%s", err.text);
	if (s.calendar)
		second_opinion(&c, p, n);
	content_summary_clear(&s);
}
