/* The text of parts. */
#include "mime/internal.h"
#include "valise/base/mem.h"
#include <string.h>

/* What people read of a message in another one, and what they look for; ended by NULL. */
static const char *const shown[] = {"From", "To", "Cc", "Date", "Subject", NULL};
static const char *const searched[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc",
        "Delivered-To", "X-Original-To", "Subject", "Keywords", "Comments", "Message-ID", "List-Id",
        NULL};
enum { FIELD_MAX = 64 << 10 };

/* As much as is wanted. */
struct limit {
	struct mime_step to;
	uint64_t left;
};
enum { ENOUGH = 1 };

static int write_limited(void *ctx, const void *octets, size_t n, struct err *err)
{
	struct limit *l = ctx;
	const uint8_t *p = octets;
	size_t some = (size_t)MIN((uint64_t)n, l->left);
	int rc;

	while (some < n && some > 0 && (p[some] & 0xc0) == 0x80)
		some--;
	l->left = some < n ? 0 : l->left - some;
	rc = some > 0 ? l->to.write(l->to.ctx, p, some, err) : 0;
	return rc != 0 ? rc : some < n ? ENOUGH : 0;
}

static bool is_type(const struct mime_entry *e, const char *begin)
{
	return strncmp(e->part.type, begin, strlen(begin)) == 0;
}

static int html_part(
        struct mime_message *m, const struct mime_entry *e, struct mime_step to, struct err *err)
{
	struct mime_html *h = mime_html_new(e->charset, to);
	int rc = mime_decode(m, e, mime_html_write, h, err);

	if (rc == 0)
		rc = mime_html_end(h, err);
	mime_html_free(h);
	return rc;
}

static int plain_part(
        struct mime_message *m, const struct mime_entry *e, struct mime_step to, struct err *err)
{
	struct mime_plain *t = mime_plain_new(e->flowed, e->delsp, to);
	struct mime_charset *c =
	        mime_charset_new(e->charset, (struct mime_step){mime_plain_write, t});
	int rc = mime_decode(m, e, mime_charset_write, c, err);

	if (rc == 0)
		rc = mime_charset_end(c, err);
	if (rc == 0)
		rc = mime_plain_end(t, err);
	mime_charset_free(c);
	mime_plain_free(t);
	return rc;
}

/*
 * Fields of the message that entry ${i} is, or (NONE) of the whole one: each on a line, those
 * that are shown with their names.
 */
#define NONE SIZE_MAX
static int put_fields(struct mime_message *m, size_t i, const char *const *fields,
        struct mime_step to, struct err *err)
{
	struct buf b = buf_of(FIELD_MAX * COUNT(searched));
	bool named = fields == shown;
	int rc;

	for (; *fields; fields++) {
		struct buf text = buf_of(FIELD_MAX - 16);
		bool there = i == NONE ? mime_field(m, *fields, &text)
		                       : mime_message_field(m, i, *fields, &text);

		if (there && named)
			buf_putf(&b, "%s: ", *fields);
		if (there)
			buf_putf(&b, "%s\n", buf_str(&text));
		buf_clear(&text);
	}
	rc = b.len > 0 ? to.write(to.ctx, b.data, b.len, err) : 0;
	buf_clear(&b);
	return rc;
}

static int entry_text(struct mime_message *m, size_t i, struct mime_step to, struct err *err)
{
	const struct mime_entry *e = &m->entries[i];

	if (e->part.message)
		return put_fields(m, i, shown, to, err);
	if (e->part.multipart || !is_type(e, "text/"))
		return 0;
	return is_type(e, "text/html") ? html_part(m, e, to, err) : plain_part(m, e, to, err);
}

int mime_part_text(struct mime_message *m, size_t i, uint64_t max, mime_write_fn write, void *ctx,
        struct err *err)
{
	struct limit l = {{write, ctx}, max};
	int rc = entry_text(m, i, (struct mime_step){write_limited, &l}, err);

	return MIN(rc, 0);
}

/* What people look for in a part, or by it. */
static int search_entry(struct mime_message *m, size_t i, struct mime_step to, struct err *err)
{
	const struct mime_entry *e = &m->entries[i];
	int rc = 0;

	if (i == 0)
		rc = put_fields(m, NONE, searched, to, err);
	if (rc == 0 && e->part.message)
		rc = put_fields(m, i, searched, to, err);
	if (rc == 0 && e->part.name)
		rc = to.write(to.ctx, e->part.name, strlen(e->part.name), err);
	if (rc == 0 && e->part.name)
		rc = to.write(to.ctx, "\n", 1, err);
	if (rc == 0 && !e->part.message)
		rc = entry_text(m, i, to, err);
	return rc != 0 ? rc : to.write(to.ctx, "\n", 1, err);
}

int mime_search_text(
        struct mime_message *m, uint64_t max, mime_write_fn write, void *ctx, struct err *err)
{
	struct limit l = {{write, ctx}, max};
	int rc = 0;

	for (size_t i = 0; i < m->n && rc == 0; i++)
		rc = search_entry(m, i, (struct mime_step){write_limited, &l}, err);
	return MIN(rc, 0);
}

int html_text(const void *p, size_t n, const char *charset, uint64_t max, mime_write_fn write,
        void *ctx, struct err *err)
{
	struct limit l = {{write, ctx}, max};
	struct mime_html *h = mime_html_new(charset, (struct mime_step){write_limited, &l});
	int rc = mime_html_write(h, p, n, err);

	if (rc == 0)
		rc = mime_html_end(h, err);
	mime_html_free(h);
	return MIN(rc, 0);
}
