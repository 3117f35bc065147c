/* What names an item, as the member "what" of its line: written and scanned. */
#include "internal.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *key;
	bool list;
} fields[ABOUT_FIELDS] = {
        [ABOUT_ATTACHMENTS] = {"attachments", true},
        [ABOUT_CC] = {"cc", false},
        [ABOUT_DATE] = {"date", false},
        [ABOUT_FROM] = {"from", false},
        [ABOUT_LOCATION] = {"location", false},
        [ABOUT_MAIL] = {"mail", true},
        [ABOUT_MESSAGE_ID] = {"message-id", false},
        [ABOUT_NAME] = {"name", false},
        [ABOUT_ORGANIZER] = {"organizer", false},
        [ABOUT_PHONE] = {"phone", true},
        [ABOUT_START] = {"start", false},
        [ABOUT_SUBJECT] = {"subject", false},
        [ABOUT_SUMMARY] = {"summary", false},
        [ABOUT_TO] = {"to", false},
};

static void put_list(struct buf *out, const char *text)
{
	char sep = '[';

	for (size_t n; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		buf_putc(out, sep);
		json_put_string(out, text, n);
		sep = ',';
	}
	buf_putc(out, ']');
}

void about_put(const struct item_about *a, struct buf *out)
{
	const char *sep = "{\"";

	for (unsigned i = 0; i < ABOUT_FIELDS; i++) {
		if (!a->text[i])
			continue;
		buf_puts(out, sep);
		buf_puts(out, fields[i].key);
		buf_put(out, "\":", 2);
		if (fields[i].list)
			put_list(out, a->text[i]);
		else
			json_puts(out, a->text[i]);
		sep = ",\"";
	}
	if (*sep == ',')
		buf_putc(out, '}');
}

/* A value is what text_one_line makes of it, and within its cap. */
static void check_value(struct scan *s, const char *text, size_t n)
{
	if (!text_is_one_line(text, n, ABOUT_VALUE_MAX))
		s->bad = true;
}

struct list {
	struct buf *text; /* with a LF between; may be NULL */
	unsigned n;
	size_t size;
};

static void add_value(void *ctx, struct scan *s, const char *text, size_t n)
{
	struct list *l = ctx;

	check_value(s, text, n);
	if (l->n++ > 0 && l->text)
		buf_putc(l->text, '\n');
	if (l->text)
		buf_put(l->text, text, n);
	l->size += n;
	if (l->n > ABOUT_LIST_VALUES || l->size > ABOUT_LIST_MAX)
		s->bad = true;
}

/* Into *slot, if that is not NULL. */
static void scan_list(struct scan *s, char **slot)
{
	struct buf text = buf_of(SIZE_MAX);
	struct list l = {.text = slot ? &text : NULL};

	scan_strings(s, add_value, &l);
	if (slot)
		*slot = buf_take(&text);
	buf_clear(&text);
}

static void scan_value(struct scan *s, char **slot)
{
	size_t n;
	const char *text = scan_string(s, &n);

	check_value(s, text, n);
	if (slot)
		*slot = xstrndup(text, n);
}

void catalog_scan_what(struct scan *s, struct item_about *out)
{
	bool inside = s->inside;

	if (out)
		memset(out, 0, sizeof *out);
	s->inside = false;
	for (unsigned i = 0; i < ABOUT_FIELDS && !s->bad; i++) {
		char **slot = out ? &out->text[i] : NULL;

		if (!scan_member(s, fields[i].key))
			continue;
		if (fields[i].list)
			scan_list(s, slot);
		else
			scan_value(s, slot);
	}
	if (!s->inside)
		s->bad = true;
	scan_char(s, '}');
	s->inside = inside;
}

bool about_parse(const char *json, size_t n, struct item_about *out)
{
	struct buf text = buf_of(SIZE_MAX);
	struct scan s = {.p = json, .end = json + n, .text = &text};

	catalog_scan_what(&s, out);
	if (s.p != s.end)
		s.bad = true;
	if (s.bad)
		about_clear(out);
	buf_clear(&text);
	return !s.bad;
}
