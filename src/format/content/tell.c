/* All that a person reads in a calendar object or card. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/escape.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"
#include "internal.h"
#include "tell.h"

enum { FIELDS_MAX = 500, NOTES_MAX = 64 << 10, WORDS_MAX = 200 };

enum manner { TEXT, NOTES, TIME, END, TIMES, DURATION, RULE, PERSON, TYPED, PARTS, LINK };

/* In the order in which they are told. */
static const struct {
	const char *name, *label;
	enum manner manner;
} fields[] = {{"SUMMARY", "Title", TEXT}, {"FN", "Name", TEXT}, {"STATUS", "Status", TEXT},
        {"RECURRENCE-ID", "Instead of", TIME}, {"DTSTART", "Start", TIME}, {"DTEND", "End", END},
        {"DUE", "Due", END}, {"DURATION", "Lasts", DURATION}, {"COMPLETED", "Done", TIME},
        {"RRULE", "Repeats", RULE}, {"RDATE", "Also on", TIMES}, {"EXDATE", "Not on", TIMES},
        {"LOCATION", "Where", TEXT}, {"ORGANIZER", "Organizer", PERSON},
        {"ATTENDEE", "Attendee", PERSON}, {"NICKNAME", "Nickname", TEXT},
        {"ORG", "Organization", PARTS}, {"TITLE", "Job", TEXT}, {"ROLE", "Role", TEXT},
        {"EMAIL", "Mail", TYPED}, {"TEL", "Phone", TYPED}, {"IMPP", "Chat", TYPED},
        {"ADR", "Address", PARTS}, {"BDAY", "Birthday", TIME}, {"ANNIVERSARY", "Anniversary", TIME},
        {"RELATED", "Related", TYPED}, {"MEMBER", "Member", TEXT},
        {"X-ADDRESSBOOKSERVER-MEMBER", "Member", TEXT}, {"CATEGORIES", "Categories", TEXT},
        {"URL", "Link", TEXT}, {"ATTACH", "Attached", LINK}, {"PHOTO", "Photo", LINK},
        {"DESCRIPTION", "Notes", NOTES}, {"NOTE", "Notes", NOTES}};

struct told {
	size_t rank, at; /* of the field; and of the line, where ranks are equal */
	char *text;
};

struct telling {
	void (*fn)(void *ctx, const char *label, const char *text);
	void *ctx;
	bool in_calendar;
	char *comp, *method; /* or NULL */
	int comp_depth;
	unsigned components;
	struct told *told;
	size_t n, cap;
};

static int by_rank(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	return x->rank != y->rank ? ORDER_OF(x->rank, y->rank) : ORDER_OF(x->at, y->at);
}

/* The value as text of several lines. */
static void put_notes(const struct content_line *l, struct buf *out)
{
	struct buf plain = buf_of(SIZE_MAX), text = buf_of(SIZE_MAX), utf8 = buf_of(SIZE_MAX);

	content_plain(l, NOTES_MAX, &plain);
	content_unescape(buf_str(&plain), plain.len, &text);
	for (size_t i = 0, n; i < text.len; i += n) {
		n = utf8_next(buf_str(&text) + i, text.len - i, NULL);
		if (n > 0)
			buf_put(&utf8, text.data + i, n);
		else
			buf_puts(&utf8, "\xef\xbf\xbd"), n = 1;
	}
	buf_put(out, utf8.data, utf8.len);
	buf_clear(&plain);
	buf_clear(&text);
	buf_clear(&utf8);
}

/* "Ann <ann@example.org> (accepted, optional)" */
static void put_person(const struct content_line *l, struct buf *out)
{
	static const char *const params[] = {"PARTSTAT", "ROLE", "CUTYPE"};
	const char *cn = content_param(l, "CN"), *before = " (";
	char *value = content_text(l), *at = value;

	if (strncasecmp(at, "mailto:", 7) == 0)
		at += 7;
	if (cn && *cn && strcmp(cn, at) != 0)
		buf_putf(out, "%.*s <%s>", WORDS_MAX, cn, at);
	else
		buf_puts(out, at);
	for (size_t i = 0; i < COUNT(params); i++) {
		const char *word = content_param(l, params[i]);

		if (!word || text_is(word, strlen(word), "REQ-PARTICIPANT") ||
		        text_is(word, strlen(word), "INDIVIDUAL") ||
		        text_is(word, strlen(word), "CHAIR") || !*word)
			continue;
		buf_putf(out, "%s%.*s", before, WORDS_MAX, word);
		before = ", ";
	}
	buf_puts(out, *before == ',' ? ")" : "");
	free(value);
}

/* "ann@example.org (home, work)" */
static void put_typed(const struct content_line *l, struct buf *out)
{
	const char *before = " (";
	char *value = content_text(l);

	buf_puts(out, strncasecmp(value, "tel:", 4) == 0 ? value + 4 : value);
	for (size_t i = 0; i < l->n_params; i++)
		if (strcmp(l->params[i].name, "TYPE") == 0 && *l->params[i].value &&
		        !text_in(l->params[i].value, "internet|INTERNET|VOICE|voice|pref|PREF")) {
			buf_putf(out, "%s%.*s", before, WORDS_MAX, l->params[i].value);
			before = ", ";
		}
	buf_puts(out, *before == ',' ? ")" : "");
	free(value);
}

/* What is between semicolons, as far as there is something. */
static void put_parts(const struct content_line *l, struct buf *out)
{
	struct buf plain = buf_of(SIZE_MAX);
	const char *p, *end, *before = "";

	content_plain(l, NOTES_MAX, &plain);
	p = buf_str(&plain);
	end = p + plain.len;
	while (p < end) {
		size_t n = content_span(p, (size_t)(end - p), ';');

		if (n > 0) {
			buf_puts(out, before);
			content_unescape(p, n, out);
			before = ", ";
		}
		p += n + (p + n < end);
	}
	buf_clear(&plain);
}

/* Each of a list of times. */
static void put_times(const struct content_line *l, struct buf *out)
{
	char *value = content_text(l), *state = NULL;
	const char *before = "";

	for (char *s = strtok_r(value, ",", &state); s; s = strtok_r(NULL, ",", &state)) {
		buf_puts(out, before);
		tell_time(s, content_param(l, "TZID"), false, out);
		before = "; ";
	}
	free(value);
}

static void put_link(const struct content_line *l, struct buf *out)
{
	struct buf url = buf_of(SIZE_MAX);

	if (content_link(l, &url))
		buf_put(out, url.data, url.len);
	else
		buf_putf(out, "%zu characters of data in it", l->value_len);
	buf_clear(&url);
}

static void put_value(const struct content_line *l, enum manner manner, struct buf *out)
{
	char *text = content_text(l);

	switch (manner) {
	case NOTES:
		put_notes(l, out);
		break;
	case TIME:
	case END:
		tell_time(text, content_param(l, "TZID"), manner == END, out);
		break;
	case TIMES:
		put_times(l, out);
		break;
	case DURATION:
		tell_duration(text, out);
		break;
	case RULE:
		tell_rule(text, out);
		break;
	case PERSON:
		put_person(l, out);
		break;
	case TYPED:
		put_typed(l, out);
		break;
	case PARTS:
		put_parts(l, out);
		break;
	case LINK:
		put_link(l, out);
		break;
	default:
		buf_puts(out, text);
	}
	free(text);
}

/* Text that is not UTF-8 is read as ISO 8859-1, as content_text does. */
static char *take_text(struct buf *b)
{
	struct buf utf8 = buf_of(SIZE_MAX);
	char *text;

	if (utf8_valid(buf_str(b), b->len))
		return buf_take(b);
	charset_to_utf8("iso-8859-1", b, &utf8);
	text = buf_take(&utf8);
	buf_clear(&utf8);
	return text;
}

static void take_field(struct telling *t, const struct content_line *l)
{
	for (size_t i = 0; i < COUNT(fields); i++) {
		struct buf b = buf_of(SIZE_MAX);
		struct told *told;

		if (strcmp(fields[i].name, l->name) != 0 || t->n == FIELDS_MAX)
			continue;
		put_value(l, fields[i].manner, &b);
		if (b.len > 0) {
			told = ARR_PUSH(t->told, t->n, t->cap);
			*told = (struct told){i, t->n, take_text(&b)};
		}
		buf_clear(&b);
	}
}

/* What the component is, with what is asked of its reader. */
static void tell_kind(const struct telling *t)
{
	static const char names[] = "VEVENT|VTODO|VJOURNAL|VFREEBUSY|VCARD";
	static const char *const words[] = {
	        "Event", "Task", "Journal entry", "Free and busy times", "Contact"};
	static const struct {
		const char *method, *event, *other;
	} methods[] = {{"REQUEST", "Invitation to an event", "Request"},
	        {"CANCEL", "Cancellation of an event", "Cancellation"},
	        {"REPLY", "Answer to an invitation", "Answer"},
	        {"COUNTER", "Counter-proposal to an invitation", "Counter-proposal"}};
	int place = text_place(t->comp, names);
	const char *word = place < 0 ? "Entry" : words[place];

	for (size_t i = 0; t->method && i < COUNT(methods); i++)
		if (text_is(t->method, strlen(t->method), methods[i].method))
			word = place == 0 ? methods[i].event : methods[i].other;
	t->fn(t->ctx, NULL, word);
}

static void end_component(struct telling *t)
{
	SORT(t->told, t->n, by_rank);
	tell_kind(t);
	for (size_t i = 0; i < t->n; i++) {
		t->fn(t->ctx, fields[t->told[i].rank].label, t->told[i].text);
		free(t->told[i].text);
	}
	t->n = 0;
	free(t->comp);
	t->comp = NULL;
	t->components++;
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct telling *t = ctx;
	bool begin = strcmp(l->name, "BEGIN") == 0;

	(void)err;
	if (begin && !t->comp) {
		char *name = content_component(l);

		if (l->depth == 0)
			t->in_calendar = strcmp(name, "VCALENDAR") == 0;
		if (content_is_main(name, t->in_calendar, l->depth)) {
			t->comp = name;
			t->comp_depth = l->depth + 1;
			name = NULL;
		}
		free(name);
	} else if (t->comp && strcmp(l->name, "END") == 0 && l->depth < t->comp_depth) {
		end_component(t);
	} else if (t->comp && l->depth == t->comp_depth) {
		take_field(t, l);
	} else if (!t->comp && !t->method && strcmp(l->name, "METHOD") == 0) {
		t->method = content_text(l);
	}
	return t->components == CONTENT_TOLD_MAX;
}

void content_told(const void *p, size_t n,
        void (*fn)(void *ctx, const char *label, const char *text), void *ctx)
{
	struct telling t = {.fn = fn, .ctx = ctx};

	(void)!content_read(p, n, on_line, &t, NULL, NULL);
	if (t.comp) /* its end is missing */
		end_component(&t);
	free(t.told);
	free(t.method);
}
