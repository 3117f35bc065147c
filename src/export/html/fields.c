/* What a calendar object or card says, for people: its properties by their usual names. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/escape.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/content.h"
#include "html.h"

enum { VALUE_MAX = 64 << 10, FIELDS_MAX = 2000, PHOTO_MAX = 4 << 20 };

enum shown_as { AS_TEXT, AS_TIME, AS_ADDRESS, AS_FIELDS, AS_PLAIN };

struct field {
	const char *property, *title;
	enum shown_as as;
};
static const struct field event_fields[] = {{"SUMMARY", "What", AS_TEXT},
        {"DTSTART", "Begins", AS_TIME}, {"DTEND", "Ends", AS_TIME}, {"DUE", "Due", AS_TIME},
        {"DURATION", "Lasts", AS_PLAIN}, {"RRULE", "Repeats", AS_PLAIN},
        {"RDATE", "Also on", AS_TIME}, {"EXDATE", "But not on", AS_TIME},
        {"RECURRENCE-ID", "Instead of", AS_TIME}, {"LOCATION", "Where", AS_TEXT},
        {"ORGANIZER", "Organizer", AS_ADDRESS}, {"ATTENDEE", "Attendee", AS_ADDRESS},
        {"STATUS", "Status", AS_PLAIN}, {"COMPLETED", "Completed", AS_TIME},
        {"PERCENT-COMPLETE", "Percent done", AS_PLAIN}, {"PRIORITY", "Priority", AS_PLAIN},
        {"CATEGORIES", "Categories", AS_TEXT}, {"CLASS", "Class", AS_PLAIN},
        {"TRANSP", "Free or busy", AS_PLAIN}, {"URL", "URL", AS_PLAIN}, {"GEO", "Place", AS_PLAIN},
        {"CONTACT", "Contact", AS_TEXT}, {"COMMENT", "Comment", AS_TEXT},
        {"DESCRIPTION", "Description", AS_TEXT}};
static const struct field card_fields[] = {{"FN", "Name", AS_TEXT},
        {"N", "Parts of the name", AS_FIELDS}, {"NICKNAME", "Nickname", AS_TEXT},
        {"ORG", "Organization", AS_FIELDS}, {"TITLE", "Title", AS_TEXT}, {"ROLE", "Role", AS_TEXT},
        {"EMAIL", "Mail", AS_TEXT}, {"TEL", "Phone", AS_TEXT}, {"ADR", "Address", AS_FIELDS},
        {"IMPP", "Chat", AS_TEXT}, {"URL", "URL", AS_TEXT}, {"BDAY", "Birthday", AS_TEXT},
        {"ANNIVERSARY", "Anniversary", AS_TEXT}, {"GENDER", "Gender", AS_FIELDS},
        {"LANG", "Language", AS_TEXT}, {"TZ", "Time zone", AS_TEXT}, {"GEO", "Place", AS_TEXT},
        {"RELATED", "Related", AS_TEXT}, {"CATEGORIES", "Categories", AS_TEXT},
        {"X-ADDRESSBOOKSERVER-MEMBER", "Member", AS_TEXT}, {"NOTE", "Note", AS_TEXT}};

struct showing {
	struct buf *b;
	const struct field *fields;
	size_t n_fields;
	int depth; /* of the properties that are shown */
	bool calendar, open;
	unsigned shown;
};

static const char *param(const struct content_line *l, const char *name)
{
	for (size_t i = 0; i < l->n_params; i++)
		if (strcmp(l->params[i].name, name) == 0)
			return l->params[i].value;
	return NULL;
}

/* Escapes undone; of AS_FIELDS each ';' begins another field, empty ones are left out. */
static void put_text(const struct content_line *l, bool fields, struct buf *out)
{
	const char *s = l->value;
	size_t n = MIN(l->value_len, VALUE_MAX);

	for (size_t i = 0; i < n; i++) {
		bool escaped = s[i] == '\\' && i + 1 < n && strchr("nN,;:\\", s[i + 1]);

		i += escaped;
		if (escaped && (s[i] | 0x20) == 'n')
			buf_putc(out, '\n');
		else if (fields && !escaped && s[i] == ';')
			buf_puts(out, out->len && buf_str(out)[out->len - 1] != ' ' ? ", " : "");
		else
			buf_putc(out, s[i]);
	}
	while (fields && out->len && strchr(", ", buf_str(out)[out->len - 1]))
		out->data[--out->len] = '\0';
}

/* "20240701T100000Z" as "2024-07-01 10:00 UTC"; each of a list. */
static void put_times(const struct content_line *l, struct buf *out)
{
	const char *s = l->value, *zone = param(l, "TZID");
	size_t n = MIN(l->value_len, VALUE_MAX);
	bool utc = false;

	for (size_t i = 0, k; i < n; i += k + 1) {
		for (k = 0; i + k < n && s[i + k] != ','; k++)
			;
		if (out->len)
			buf_puts(out, ", ");
		if (k >= 8 && strspn(s + i, "0123456789") >= 8)
			buf_putf(out, "%.4s-%.2s-%.2s", s + i, s + i + 4, s + i + 6);
		else
			buf_put(out, s + i, k);
		if (k >= 13 && (s[i + 8] | 0x20) == 't')
			buf_putf(out, " %.2s:%.2s", s + i + 9, s + i + 11);
		utc |= k == 16 && s[i + 15] == 'Z';
	}
	if (utc || zone)
		buf_putf(out, " %s", utc ? "UTC" : zone);
}

static void put_address(const struct content_line *l, struct buf *out)
{
	const char *name = param(l, "CN"), *state = param(l, "PARTSTAT");
	struct buf text = buf_of(VALUE_MAX + 1);
	const char *at;

	put_text(l, false, &text);
	at = buf_str(&text);
	if (strncasecmp(at, "mailto:", 7) == 0)
		at += 7;
	buf_putf(out, name ? "%s <%s>" : "%s%s", name ? name : "", at);
	if (state)
		buf_putf(out, " (%s)", state);
	buf_clear(&text);
}

static void put_field(struct showing *k, const struct field *f, const struct content_line *l)
{
	const char *type = k->calendar ? NULL : param(l, "TYPE");
	struct buf text = buf_of(4 * VALUE_MAX + (1u << 20));

	if (f->as == AS_TIME)
		put_times(l, &text);
	else if (f->as == AS_ADDRESS)
		put_address(l, &text);
	else if (f->as == AS_PLAIN)
		buf_put(&text, l->value, MIN(l->value_len, VALUE_MAX));
	else
		put_text(l, f->as == AS_FIELDS, &text);
	if (text.len) {
		markup_element(k->b, "dt", f->title);
		buf_puts(k->b, "<dd><pre>");
		markup_lines(k->b, buf_str(&text), text.len);
		if (type) {
			buf_puts(k->b, " (");
			html_short(k->b, type, 100);
			buf_putc(k->b, ')');
		}
		buf_puts(k->b, "</pre></dd>\n");
		k->shown++;
	}
	buf_clear(&text);
}

/* A list of facts for each main component. */
static void open_list(struct showing *k, const struct content_line *l)
{
	if (k->open)
		buf_puts(k->b, "</dl>\n");
	k->open = !text_is(l->value, l->value_len, "VTIMEZONE");
	if (k->open)
		buf_puts(k->b, "<dl class=\"facts\">\n");
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct showing *k = ctx;

	(void)err;
	if (strcmp(l->name, "BEGIN") == 0 && l->depth == k->depth - 1)
		open_list(k, l);
	if (l->depth != k->depth || !k->open)
		return 0;
	for (size_t i = 0; i < k->n_fields; i++)
		if (strcmp(k->fields[i].property, l->name) == 0 && k->shown < FIELDS_MAX)
			put_field(k, &k->fields[i], l);
	return 0;
}

static void show(struct showing *k, const void *p, size_t n)
{
	(void)!content_read(p, n, on_line, k, NULL, NULL); /* as far as it goes */
	if (k->open)
		buf_puts(k->b, "</dl>\n");
	if (k->shown == FIELDS_MAX)
		markup_element(k->b, "p class=\"note\"", "There is more of it than is shown here.");
}

void html_event(const void *p, size_t n, struct buf *b)
{
	struct showing k = {.b = b,
	        .fields = event_fields,
	        .n_fields = COUNT(event_fields),
	        .depth = 2,
	        .calendar = true};

	show(&k, p, n);
}

void html_card(const void *p, size_t n, struct buf *b)
{
	struct showing k = {
	        .b = b, .fields = card_fields, .n_fields = COUNT(card_fields), .depth = 1};

	show(&k, p, n);
}

/* ---- the picture ---- */

static int on_photo(void *ctx, const struct content_line *l, struct err *err)
{
	const char *encoding = param(l, "ENCODING");
	struct buf *out = ctx;
	size_t room = l->value_len / 4 * 3 + 3;
	uint8_t *octets;
	long n;

	(void)err;
	if (strcmp(l->name, "PHOTO") != 0 || l->depth != 1 || !encoding || out->len ||
	        room > PHOTO_MAX)
		return 0;
	octets = xmalloc(room);
	n = base64_decode(l->value, l->value_len, octets, room);
	if (n > 0)
		(void)!buf_add(out, octets, (size_t)n);
	free(octets);
	return 0;
}

const char *html_photo(const void *p, size_t n, struct buf *out)
{
	static const struct {
		const char *ext, *magic;
		size_t n;
	} kinds[] = {
	        {"png", "\x89PNG\r\n\x1a\n", 8}, {"jpg", "\xff\xd8\xff", 3}, {"gif", "GIF8", 4}};

	(void)!content_read(p, n, on_photo, out, NULL, NULL);
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (out->len > kinds[i].n && memcmp(out->data, kinds[i].magic, kinds[i].n) == 0)
			return kinds[i].ext;
	return NULL;
}
