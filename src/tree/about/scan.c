/* What names an item, found in its octets while they pass. */
#include "valise/tree/about.h"
#include "valise/base/mem.h"
#include "valise/format/content.h"
#include "valise/format/mail_scan.h"
#include <stdlib.h>
#include <string.h>

/* A list while it grows: its values and bytes. */
struct list {
	unsigned n;
	size_t size;
};

struct about_scan {
	enum coll_kind kind;
	struct mail_scan *mail; /* of a message */
	struct buf octets; /* of a resource, its beginning */
	struct item_about found;
	struct list lists[ABOUT_FIELDS];
};

static void set_text(struct about_scan *s, enum about_field field, const char *text)
{
	if (!s->found.text[field])
		s->found.text[field] = xstrdup(text);
}

/* False: the list is full. */
static bool add_text(struct about_scan *s, enum about_field field, const char *text)
{
	struct list *l = &s->lists[field];
	char **slot = &s->found.text[field], *longer;
	size_t n = strlen(text);

	if (l->n == ABOUT_LIST_VALUES || l->size + n > ABOUT_LIST_MAX)
		return false;
	longer = *slot ? xasprintf("%s\n%s", *slot, text) : xstrdup(text);
	free(*slot);
	*slot = longer;
	l->n++;
	l->size += n;
	return true;
}

static bool on_word(void *ctx, enum mail_word what, const char *text)
{
	static const enum about_field fields[MAIL_WORDS] = {[MAIL_CC] = ABOUT_CC,
	        [MAIL_DATE] = ABOUT_DATE,
	        [MAIL_FROM] = ABOUT_FROM,
	        [MAIL_MESSAGE_ID] = ABOUT_MESSAGE_ID,
	        [MAIL_SUBJECT] = ABOUT_SUBJECT,
	        [MAIL_TO] = ABOUT_TO,
	        [MAIL_FILE] = ABOUT_ATTACHMENTS};

	if (what == MAIL_FILE)
		return add_text(ctx, ABOUT_ATTACHMENTS, text);
	set_text(ctx, fields[what], text);
	return true;
}

static void on_name(void *ctx, enum content_name what, const char *text)
{
	static const enum about_field fields[] = {[CONTENT_LOCATION] = ABOUT_LOCATION,
	        [CONTENT_MAIL] = ABOUT_MAIL,
	        [CONTENT_NAME] = ABOUT_NAME,
	        [CONTENT_ORGANIZER] = ABOUT_ORGANIZER,
	        [CONTENT_PHONE] = ABOUT_PHONE,
	        [CONTENT_START] = ABOUT_START,
	        [CONTENT_SUMMARY] = ABOUT_SUMMARY};

	if (what == CONTENT_MAIL || what == CONTENT_PHONE)
		add_text(ctx, fields[what], text);
	else
		set_text(ctx, fields[what], text);
}

struct about_scan *about_scan_new(enum coll_kind kind)
{
	struct about_scan *s = xcalloc(1, sizeof *s);

	s->kind = kind;
	buf_init(&s->octets, ABOUT_OCTETS_MAX);
	if (kind == COLL_MAIL)
		s->mail = mail_scan_new(on_word, s);
	return s;
}

void about_scan_add(struct about_scan *s, const void *p, size_t n)
{
	if (s->kind == COLL_MAIL)
		mail_scan_add(s->mail, p, n);
	else if (!coll_is_beside(s->kind))
		buf_fill(&s->octets, p, n);
}

void about_scan_end(struct about_scan *s, struct item_about *out)
{
	if (s->mail)
		mail_scan_end(s->mail);
	else if (out && s->octets.len > 0)
		content_names(s->octets.data, s->octets.len, on_name, s);
	buf_reset(&s->octets);
	memset(s->lists, 0, sizeof s->lists);
	if (out) {
		*out = s->found;
		memset(&s->found, 0, sizeof s->found);
	} else {
		about_clear(&s->found);
	}
}

void about_scan_free(struct about_scan *s)
{
	if (!s)
		return;
	mail_scan_free(s->mail);
	about_clear(&s->found);
	buf_clear(&s->octets);
	free(s);
}

void about_of_octets(enum coll_kind kind, const void *p, size_t n, struct item_about *out)
{
	struct about_scan *s = about_scan_new(kind);

	about_scan_add(s, p, n);
	about_scan_end(s, out);
	about_scan_free(s);
}
