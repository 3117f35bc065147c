/* Days and ages as people write them, and a selection in its words. */
#include "valise/base/mem.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"

#define DAY_SECONDS 86400

bool select_digits(const char *text, const char *form)
{
	for (; *form; form++, text++)
		if (*form == 'd' ? *text < '0' || *text > '9' : *text != *form)
			return false;
	return true;
}

static bool is_form(const char *text, const char *form)
{
	return strlen(text) == strlen(form) && select_digits(text, form);
}

/* "18m", "1y6m": the day on which it began. */
static bool read_age(const char *text, const struct day *today, int64_t *out)
{
	struct age age;
	struct day d;

	if (strchr(text, 'h') || !age_read(text, &age)) /* it knows days alone */
		return false;
	d = day_before(today, &age);
	*out = day_start(&d);
	return true;
}

bool select_date(const char *text, const struct day *today, bool end, int64_t *out)
{
	struct day d = {0, 1, 1};

	if (read_age(text, today, out)) {
		*out += end ? DAY_SECONDS : 0;
		return true;
	}
	if (!is_form(text, "dddd") && !is_form(text, "dddd-dd") && !is_form(text, "dddd-dd-dd"))
		return false;
	d.year = atoi(text);
	if (text[4])
		d.month = atoi(text + 5);
	if (text[4] && text[7])
		d.day = atoi(text + 8);
	if (!day_is_valid(&d))
		return false;
	*out = day_start(&d);
	if (!end)
		return true;
	if (text[4] && text[7])
		*out += DAY_SECONDS;
	else if (text[4])
		*out += (int64_t)day_month_length(d.year, d.month) * DAY_SECONDS;
	else
		*out = day_start(&(struct day){d.year, 12, 31}) + DAY_SECONDS;
	return true;
}

static void put_word(struct buf *out, const char *word)
{
	buf_putf(out, "%s--%s", out->len ? " " : "", word);
}

static void put_day(struct buf *out, const char *word, int64_t seconds)
{
	struct day d = day_of(seconds);

	put_word(out, word);
	buf_putf(out, " %04d-%02d-%02d", d.year, d.month, d.day);
}

static void put_size(struct buf *out, const char *word, uint64_t size)
{
	put_word(out, word);
	buf_putf(out, " %" PRIu64, size);
}

static void put_texts(struct buf *out, const char *word, const char *const *texts)
{
	for (; texts && *texts; texts++) {
		put_word(out, word);
		buf_puts(out, " \"");
		for (const char *s = *texts; *s; s++)
			buf_putf(out, "%s%c", strchr("\"\\", *s) ? "\\" : "", *s);
		buf_putc(out, '"');
	}
}

void selection_words(const struct selection *s, struct buf *out)
{
	if (s->since != INT64_MIN)
		put_day(out, "since", s->since);
	if (s->until != INT64_MAX)
		put_day(out, "until", s->until - 1);
	if (s->larger)
		put_size(out, "larger", s->larger);
	if (s->smaller != UINT64_MAX)
		put_size(out, "smaller", s->smaller);
	if (s->flagged)
		put_word(out, "flagged");
	if (s->unseen)
		put_word(out, "unseen");
	put_texts(out, "from", s->from);
	put_texts(out, "to", s->to);
	put_texts(out, "subject", s->subject);
}
