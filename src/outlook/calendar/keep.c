/* Lines that an item kept of the calendar object that it was made of. */
#include <stdlib.h>
#include <strings.h>
#include "outlook/calendar/calendar.h"
#include "outlook/kept.h"
#include "valise/base/date.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { NEAR = 2 * 86400 };

static void put_line(void *ctx, const char *line, size_t n)
{
	struct conv *c = ctx;

	lines_put(&c->l, line, n);
	lines_end(&c->l);
}

void put_kept(struct conv *c, struct bag *b)
{
	/* what the item says itself; a series has its rule in the pattern */
	const char *never =
	        c->recurs ? "UID|DTSTAMP|DTSTART|DTEND|DUE|DURATION|RECURRENCE-ID|RRULE|EXRULE"
	                    "|EXDATE"
	                  : "UID|DTSTAMP|DTSTART|DTEND|DUE|DURATION|RECURRENCE-ID";

	if (b)
		kept_lines(b, KEPT_WITHIN, never, put_line, c);
}

/* Whatever it is of, an object has one UID. */
static void put_event_line(void *ctx, const char *line, size_t n)
{
	struct conv *c = ctx;

	if (strncasecmp(line, "UID", 3) == 0 && (line[3] == ':' || line[3] == ';'))
		lines_text(&c->l, "UID", c->uid);
	else
		put_line(c, line, n);
}

void put_kept_events(struct conv *c)
{
	kept_lines(c->b, KEPT_EVENTS, "", put_event_line, c);
}

void put_kept_zones(struct conv *c)
{
	kept_lines(c->b, KEPT_ZONES, "", put_line, c);
}

/* "20260501T080000Z", "20260501". */
static bool read_time(const char *s, int64_t *out)
{
	size_t n = strlen(s);
	struct day d;

	if ((n != 8 && n != 16) || text_number(s, 8) < 0)
		return false;
	d = (struct day){text_number(s, 4), text_number(s + 4, 2), text_number(s + 6, 2)};
	if (!day_is_valid(&d))
		return false;
	*out = day_start(&d);
	return n == 8 || (s[8] == 'T' && text_number(s + 9, 6) >= 0 && s[15] == 'Z');
}

bool put_kept_time(struct conv *c, const char *name, int64_t t)
{
	char *line = kept_line(c->b, name);
	const char *value = line ? strrchr(line, ':') : NULL;
	int64_t kept;
	bool is = value && read_time(value + 1, &kept) && llabs(kept - t) < NEAR;

	if (is)
		put_line(c, line, strlen(line));
	free(line);
	return is;
}
