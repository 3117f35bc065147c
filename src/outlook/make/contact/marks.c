/* Days of a contact, and what is marked on it: MS-OXOCNTC 2.2.1.5, MS-OXOFLAG, MS-OXCMSG. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include "outlook/make/contact/cont.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { NO_YEAR = 1604, FLAGGED = 2, COMPLETE = 1, PRIVATE = 2 };

/* "1980-04-05", "19800405", "--0405", "--04-05", each with a time behind it. */
static bool read_day(const struct line *l, int64_t *out)
{
	char digits[9] = "";
	const char *s = l->value;
	size_t n = 0;
	struct day d = {0, 0, 0};

	if (strncmp(s, "--", 2) == 0) {
		memcpy(digits, "1604", 4);
		n = 4;
		s += 2;
	}
	for (; *s && *s != 'T' && *s != 't' && *s != ' ' && n < 8; s++)
		if (*s != '-')
			digits[n++] = *s;
	if (n == 8 && text_number(digits, 4) >= 0)
		d = (struct day){text_number(digits, 4), text_number(digits + 4, 2),
		        text_number(digits + 6, 2)};
	if (line_param(l, "X-APPLE-OMIT-YEAR") &&
	        atoi(line_param(l, "X-APPLE-OMIT-YEAR")) == d.year)
		d.year = NO_YEAR;
	if (n != 8 || !day_is_valid(&d) || d.year <= 1601)
		return false;
	*out = day_start(&d);
	return true;
}

static void put_day(struct cont *c, struct line *l, bag_key local, bag_key somewhere)
{
	int64_t t;

	if (!l || bag_peek(c->b, local) || !read_day(l, &t))
		return;
	l->used = true;
	use_group(c, l);
	into_time(&c->k, c->b, local, t);
	into_time(&c->k, c->b, somewhere, t);
}

void cont_days(struct cont *c)
{
	static const char *const names[] = {"ANNIVERSARY", "X-ANNIVERSARY",
	        "X-EVOLUTION-ANNIVERSARY", "X-KADDRESSBOOK-X-ANNIVERSARY"};

	put_day(c, part_peek(c->p, "BDAY"), PidLidBirthdayLocal, PidTagBirthday);
	for (size_t i = 0; i < c->p->n_lines; i++) {
		struct line *l = &c->p->lines[i];
		const char *label =
		        strcmp(l->name, "X-ABDATE") == 0 && !l->used ? label_of(c, l) : NULL;

		if (label && strcasecmp(label, "_$!<Anniversary>!$_") == 0)
			put_day(c, l, PidLidWeddingAnniversaryLocal, PidTagWeddingAnniversary);
	}
	for (size_t i = 0; i < COUNT(names); i++)
		put_day(c, part_peek(c->p, names[i]), PidLidWeddingAnniversaryLocal,
		        PidTagWeddingAnniversary);
}

static void take_class(struct cont *c)
{
	struct line *l = part_peek(c->p, "CLASS");

	for (int i = 0; l && i < (int)COUNT(contact_classes); i++) {
		const char *word = contact_classes[i] ? contact_classes[i] : "PUBLIC";

		if (strcasecmp(l->value, word) != 0)
			continue;
		l->used = true;
		into_int(&c->k, c->b, PidTagSensitivity, i);
		into_bool(&c->k, c->b, PidLidPrivate, i == PRIVATE);
	}
}

static void take_categories(struct cont *c)
{
	struct several all;
	struct line *l;
	char *text;
	size_t i = 0;

	several_init(&all);
	while ((l = part_each(c->p, "CATEGORIES", &i)))
		for (size_t at = 0; (text = line_piece(l, ',', &at)); free(text))
			if (*text)
				several_text(&all, text);
	into_several(&c->k, c->b, PidNameKeywords, BAG_UNICODE, &all);
}

/* "2026-05-01T08:00:00Z", "20260501T080000Z". */
static bool read_time(const char *s, int64_t *out)
{
	char iso[DATE_TEXT_SIZE];

	if (strlen(s) != 16)
		return date_parse_iso(s, out);
	snprintf(iso, sizeof iso, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", s, s + 4, s + 6, s + 9, s + 11,
	        s + 13);
	return date_parse_iso(iso, out);
}

static bool take_time(struct cont *c, const char *name, int64_t *out)
{
	struct line *l = part_peek(c->p, name);

	if (!l || !read_time(l->value, out))
		return false;
	l->used = true;
	return true;
}

static void take_flag(struct cont *c)
{
	struct line *l = part_take(c->p, "X-OUTLOOK-FLAG"),
	            *color = part_take(c->p, "X-OUTLOOK-FLAG-COLOR");
	const char *status = l ? line_param(l, "X-STATUS") : NULL;
	int64_t t;

	if (l)
		into_own(&c->k, c->b, PidLidFlagRequest, line_text(l));
	if (status)
		into_int(&c->k, c->b, PidTagFlagStatus,
		        strcasecmp(status, "FLAGGED") == 0 ? FLAGGED : COMPLETE);
	if (color)
		into_int(&c->k, c->b, PidTagFollowupIcon, atoi(color->value));
	for (size_t i = 0; i < FLAG_TIMES; i++)
		if (take_time(c, contact_flag_times[i].name, &t))
			into_time(&c->k, c->b, contact_flag_times[i].key, t);
}

static void take_reminder(struct cont *c)
{
	int64_t t;

	if (!take_time(c, "X-OUTLOOK-REMINDER", &t))
		return;
	into_bool(&c->k, c->b, PidLidReminderSet, true);
	into_time(&c->k, c->b, PidLidReminderTime, t);
	into_time(&c->k, c->b, PidLidReminderSignalTime, t);
}

void cont_marks(struct cont *c)
{
	struct line *importance = part_take(c->p, "X-OUTLOOK-IMPORTANCE");
	int64_t t;

	take_class(c);
	take_categories(c);
	if (importance)
		into_int(&c->k, c->b, PidTagImportance,
		        strcasecmp(importance->value, "HIGH") == 0 ? 2 : 0);
	take_flag(c);
	take_reminder(c);
	if (take_time(c, "REV", &t))
		into_time(&c->k, c->b, PidTagLastModificationTime, t);
	into_lines(&c->k, c->b, PidTagBody, part_text(c->p, "NOTE"));
}
