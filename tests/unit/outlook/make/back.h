#ifndef VALISE_TEST_OUTLOOK_BACK_H
#define VALISE_TEST_OUTLOOK_BACK_H

/* Objects and cards as items, and these as objects and cards again. All that fails ends the
 * program. */
#include "outlook/make.h"
#include "valise/base/spool.h"
#include "valise/format/content.h"
#include "valise/outlook/make.h"

struct back {
	struct bag *b;
	struct buf text; /* what is made of it once more */
	struct buf lost; /* a line each */
};

static inline void back_lost(void *ctx, const char *what)
{
	buf_putf(ctx, "%s\n", what);
}

/* The error, or 0. */
static inline int back_try(
        enum outlook_form form, const char *octets, size_t n, struct back *out, struct err *err)
{
	struct spool s;
	struct outlook_make m = {.form = form,
	        .octets = &s,
	        .date_utc = INT64_MIN,
	        .lost = back_lost,
	        .kept = back_lost,
	        .ctx = &out->lost};
	struct outlook_made made = {0};
	struct outlook_to to = {make_put, NULL, &out->text};
	int rc;

	*out = (struct back){.text = buf_of(64 << 20), .lost = buf_of(1 << 20)};
	spool_init(&s);
	make_check(spool_add(&s, octets, n, err), err);
	rc = outlook_make(&m, &out->b, err);
	if (rc == 0) {
		make_check(outlook_convert(out->b, &to, &made, err), err);
		outlook_made_clear(&made);
	}
	spool_clear(&s);
	return rc;
}

static inline struct back back_of(enum outlook_form form, const char *octets)
{
	struct back out;
	struct err err = {0};

	make_check(back_try(form, octets, strlen(octets), &out, &err), &err);
	return out;
}

static inline void back_clear(struct back *k)
{
	bag_free(k->b);
	buf_clear(&k->text);
	buf_clear(&k->lost);
}

/* A VCALENDAR of these lines, ended by LF. */
static inline struct back back_calendar(const char *lines)
{
	char *text = xasprintf(
	        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\n%sEND:VCALENDAR\n", lines);
	struct back out = back_of(OUTLOOK_CALENDAR, text);

	free(text);
	return out;
}

static inline struct back back_card(const char *lines)
{
	char *text = xasprintf("BEGIN:VCARD\nVERSION:3.0\nUID:u\n%sEND:VCARD\n", lines);
	struct back out = back_of(OUTLOOK_CONTACT, text);

	free(text);
	return out;
}

static inline void back_fail(const char *what, const char *line, const struct back *k)
{
	fprintf(stderr, "%s: \"%s\"\n%s%s", what, line, buf_str(&k->text), buf_str(&k->lost));
	abort();
}

/* What is written once more, unfolded, has the line (of its whole lines, LF); or has it not. */
static inline bool back_there(const struct back *k, const char *line)
{
	struct buf flat = buf_of(64 << 20);
	bool is;

	buf_putc(&flat, '\n');
	for (size_t i = 0; i < k->text.len; i++)
		if (k->text.data[i] == '\r' && k->text.data[i + 1] == '\n' &&
		        k->text.data[i + 2] == ' ')
			i += 2;
		else if (k->text.data[i] != '\r')
			buf_putc(&flat, (char)k->text.data[i]);
	is = strstr(buf_str(&flat), line) != NULL;
	buf_clear(&flat);
	return is;
}

static inline void back_has(const struct back *k, const char *line)
{
	if (!back_there(k, line))
		back_fail("not in it", line, k);
}

static inline void back_has_not(const struct back *k, const char *line)
{
	if (back_there(k, line))
		back_fail("in it", line, k);
}

static inline void back_tells(const struct back *k, const char *words)
{
	if (!strstr(buf_str(&k->lost), words))
		back_fail("not told", words, k);
}

/* The same object or card, but for what changes by itself (content.h). */
static inline void back_equal(const char *octets, size_t n, const struct back *k)
{
	enum content_grade grade;
	struct buf differences = buf_of(4096);
	struct err err = {0};

	make_check(
	        content_compare(octets, n, k->text.data, k->text.len, &grade, &differences, &err),
	        &err);
	if (grade > CONTENT_EQUIVALENT)
		back_fail("it came back otherwise", buf_str(&differences), k);
	buf_clear(&differences);
}

#endif
