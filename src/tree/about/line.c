/* An item in one line: where it is, when, from whom, and its title. */
#include "valise/tree/about.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

enum { FOLDER_MAX = 120, WHO_MAX = 80, TITLE_MAX = 120 };

void about_clear(struct item_about *a)
{
	for (unsigned i = 0; i < ABOUT_FIELDS; i++)
		free(a->text[i]);
	memset(a, 0, sizeof *a);
}

static const enum about_field titles[] = {ABOUT_SUBJECT, ABOUT_SUMMARY, ABOUT_NAME};

/* The first of these fields that is there, and of a list its first value. */
static const char *first_of(
        const struct item_about *a, const enum about_field *fields, size_t n, size_t *len_out)
{
	for (size_t i = 0; a && i < n; i++)
		if (a->text[fields[i]]) {
			*len_out = strcspn(a->text[fields[i]], "\n");
			return a->text[fields[i]];
		}
	return NULL;
}

const char *about_title(const struct item_about *a)
{
	size_t n;

	return first_of(a, titles, COUNT(titles), &n);
}

/* Escaped, cut to ${max} bytes, after what stands there already. */
static void put_part(
        struct buf *out, size_t from, const char *quote, const char *text, size_t n, size_t max)
{
	char shown[FOLDER_MAX + 1];

	buf_puts(out, out->len > from ? ", " : "");
	buf_putf(out, "%s%s%s", quote, term_escape(text, n, shown, max + 1), quote);
}

void about_line(
        const char *folder, const struct date *date, const struct item_about *a, struct buf *out)
{
	static const enum about_field who[] = {ABOUT_FROM, ABOUT_ORGANIZER, ABOUT_MAIL},
	                              start[] = {ABOUT_START};
	size_t from = out->len, n;
	const char *text;
	char day[DATE_TEXT_SIZE];
	struct date own;

	if (folder)
		put_part(out, from, "", folder, strlen(folder), FOLDER_MAX);
	if (a && a->text[ABOUT_DATE] &&
	        date_parse_rfc5322(a->text[ABOUT_DATE], strlen(a->text[ABOUT_DATE]), &own))
		date = &own;
	text = first_of(a, start, COUNT(start), &n);
	if (text) {
		put_part(out, from, "", text, n, WHO_MAX);
	} else if (date && date->known) {
		date_format_day(date, day);
		put_part(out, from, "", day, strlen(day), WHO_MAX);
	}
	text = first_of(a, who, COUNT(who), &n);
	if (text)
		put_part(out, from, "", text, n, WHO_MAX);
	text = first_of(a, titles, COUNT(titles), &n);
	if (text)
		put_part(out, from, "\"", text, n, TITLE_MAX);
}
