/* What names a resource for people: title, time and place of an event, who is on a card. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "internal.h"

struct naming {
	void (*fn)(void *ctx, enum content_name what, const char *text);
	void *ctx;
	bool in_calendar;
	char *comp; /* the main component being read, or NULL */
	int comp_depth;
	unsigned seen; /* bits of what comes once */
	char *n, *org; /* of a card, in case that it has no FN */
};

static void give(struct naming *k, enum content_name what, const char *text)
{
	struct buf out = buf_of(SIZE_MAX);

	text_one_line(text, strlen(text), CONTENT_NAME_MAX, &out);
	if (out.len > 0)
		k->fn(k->ctx, what, buf_str(&out));
	buf_clear(&out);
}

static void give_once(struct naming *k, enum content_name what, char *text)
{
	if (*text && !(k->seen & 1u << what)) {
		k->seen |= 1u << what;
		give(k, what, text);
	}
	free(text);
}

/* A date or date-time as people read it (RFC 3339); anything else as it is. */
static char *start_text(const struct content_line *l)
{
	const char *v = l->value, *zone = content_param(l, "TZID");
	size_t n = l->value_len;
	bool utc = n == 16 && v[15] == 'Z';

	if (n == 8 && text_number(v, 8) >= 0)
		return xasprintf("%.4s-%.2s-%.2s", v, v + 4, v + 6);
	if ((n == 15 || utc) && v[8] == 'T' && text_number(v, 8) >= 0 && text_number(v + 9, 6) >= 0)
		return xasprintf("%.4s-%.2s-%.2sT%.2s:%.2s:%.2s%s%s%s", v, v + 4, v + 6, v + 9,
		        v + 11, v + 13, utc ? "Z" : "", zone && !utc ? " " : "",
		        zone && !utc ? zone : "");
	return content_text(l);
}

/* "Ann <ann@example.org>" of an ORGANIZER. */
static char *organizer_text(const struct content_line *l)
{
	const char *cn = content_param(l, "CN");
	char *value = content_text(l), *at = value, *out;

	if (strncasecmp(at, "mailto:", 7) == 0)
		at += 7;
	out = cn && *cn ? xasprintf("%s <%s>", cn, at) : xstrdup(at);
	free(value);
	return out;
}

static void begin_component(struct naming *k, const struct content_line *l)
{
	char *name = content_component(l);

	if (l->depth == 0)
		k->in_calendar = strcmp(name, "VCALENDAR") == 0;
	if (!k->comp && content_is_main(name, k->in_calendar, l->depth)) {
		k->comp = name;
		k->comp_depth = l->depth + 1;
		name = NULL;
	}
	free(name);
}

static void event_line(struct naming *k, const struct content_line *l)
{
	if (strcmp(l->name, "SUMMARY") == 0)
		give_once(k, CONTENT_SUMMARY, content_text(l));
	else if (strcmp(l->name, "LOCATION") == 0)
		give_once(k, CONTENT_LOCATION, content_text(l));
	else if (strcmp(l->name, "ORGANIZER") == 0)
		give_once(k, CONTENT_ORGANIZER, organizer_text(l));
	else if (text_in(l->name, "DTSTART|DUE"))
		give_once(k, CONTENT_START, start_text(l));
}

static void keep_first(char **slot, char *text)
{
	if (!*slot && *text)
		*slot = text;
	else
		free(text);
}

static void card_line(struct naming *k, const struct content_line *l)
{
	char *text;

	if (strcmp(l->name, "FN") == 0) {
		give_once(k, CONTENT_NAME, content_text(l));
	} else if (strcmp(l->name, "N") == 0) {
		keep_first(&k->n, content_name_text(l));
	} else if (strcmp(l->name, "ORG") == 0) {
		keep_first(&k->org, content_text(l));
	} else if (text_in(l->name, "EMAIL|TEL")) {
		text = content_text(l);
		give(k, *l->name == 'E' ? CONTENT_MAIL : CONTENT_PHONE,
		        strncasecmp(text, "tel:", 4) == 0 ? text + 4 : text);
		free(text);
	}
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct naming *k = ctx;

	(void)err;
	if (strcmp(l->name, "BEGIN") == 0) {
		begin_component(k, l);
	} else if (strcmp(l->name, "END") == 0) {
		/* The first component is enough. */
		if (k->comp && l->depth < k->comp_depth)
			return 1;
	} else if (k->comp && l->depth == k->comp_depth) {
		if (strcmp(k->comp, "VCARD") == 0)
			card_line(k, l);
		else
			event_line(k, l);
	}
	return 0;
}

void content_names(const void *p, size_t n,
        void (*fn)(void *ctx, enum content_name what, const char *text), void *ctx)
{
	struct naming k = {.fn = fn, .ctx = ctx};

	(void)!content_read(p, n, on_line, &k, NULL, NULL);
	if (!(k.seen & 1u << CONTENT_NAME) && (k.n || k.org))
		give(&k, CONTENT_NAME, k.n ? k.n : k.org);
	free(k.comp);
	free(k.n);
	free(k.org);
}
