/*
 * Which parts of a message are its texts, and which its attachments (MS-OXCMAIL 2.2.3.3): an
 * item has one plain text and one HTML, which say the same. All else is a file.
 */
#include <string.h>
#include "outlook/make/mail.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"

struct choice {
	struct in_item *in;
	const struct in_all *all;
	enum in_role *roles;
	bool plain, html; /* there is one */
};

static bool is_type(const struct choice *c, size_t i, const char *type)
{
	return strcmp(c->all->parts[i].type, type) == 0;
}

/* A text that a reader shows where it stands. */
static bool is_text(const struct choice *c, size_t i)
{
	return !c->all->parts[i].attachment &&
	       (is_type(c, i, "text/plain") || is_type(c, i, "text/html"));
}

static void be_file(struct choice *c, size_t i, bool shown)
{
	const struct mime_part *p = &c->all->parts[i];

	c->roles[i] = p->message ? IN_MESSAGE : shown ? IN_SHOWN : IN_FILE;
}

/* A text, if the item has none of its kind. */
static void be_text(struct choice *c, size_t i)
{
	bool is_html = is_type(c, i, "text/html");
	bool *there = is_html ? &c->html : &c->plain;

	if (*there) {
		be_file(c, i, false);
	} else {
		*there = true;
		c->roles[i] = is_html ? IN_HTML : IN_PLAIN;
	}
}

/* All leaves below ${i} are files. */
static void all_files(struct choice *c, size_t i, bool shown)
{
	size_t end = in_after(c->all, i);

	while (i < end) {
		if (!c->all->parts[i].multipart)
			be_file(c, i, shown && c->all->parts[i].content_id);
		i = c->all->parts[i].message ? in_after(c->all, i) : i + 1;
	}
}

/* The child that the others belong to (RFC 2387 3.2). */
static int related_root(struct choice *c, size_t up, size_t *root_out, struct err *err)
{
	struct buf fields = buf_of(IN_FIELDS_MAX), value = buf_of(IN_FIELDS_MAX);
	struct buf start = buf_of(IN_TEXT_MAX);
	int rc = in_fields(c->all, up, &fields, err);

	*root_out = up + 1;
	if (rc == 0 && header_find(buf_str(&fields), fields.len, "Content-Type", &value))
		header_param(buf_str(&value), value.len, "start", &start);
	if (start.len > 2 && start.data[0] == '<' && start.data[start.len - 1] == '>') {
		start.data[start.len - 1] = '\0';
		for (size_t i = up + 1; i < in_after(c->all, up); i = in_after(c->all, i))
			if (text_same(c->all->parts[i].content_id, buf_str(&start) + 1)) {
				*root_out = i;
				break;
			}
	}
	buf_clear(&fields);
	buf_clear(&value);
	buf_clear(&start);
	return rc;
}

static int walk(struct choice *c, size_t i, bool may, struct err *err);

static int walk_related(struct choice *c, size_t up, bool may, struct err *err)
{
	size_t end = in_after(c->all, up), root;
	bool html = c->html; /* another one, which shows none of these */
	int rc = related_root(c, up, &root, err);

	if (rc == 0 && root < end)
		rc = walk(c, root, may, err);
	for (size_t i = up + 1; i < end; i = in_after(c->all, i))
		if (i != root)
			all_files(c, i, c->html && !html);
	return rc;
}

/* Each text of a kind that there is not yet: all say the same. */
static int walk_alternative(struct choice *c, size_t up, bool may, struct err *err)
{
	size_t end = in_after(c->all, up);
	int rc = 0;

	for (size_t i = up + 1; rc == 0 && i < end; i = in_after(c->all, i))
		rc = walk(c, i, may, err);
	return rc;
}

/* The first one that has a text gives it; what comes behind it has no place but as files. */
static int walk_mixed(struct choice *c, size_t up, bool may, struct err *err)
{
	size_t end = in_after(c->all, up);
	int rc = 0;

	for (size_t i = up + 1; rc == 0 && i < end; i = in_after(c->all, i)) {
		bool plain = c->plain, html = c->html;

		rc = walk(c, i, may, err);
		may = may && plain == c->plain && html == c->html;
	}
	return rc;
}

static int walk(struct choice *c, size_t i, bool may, struct err *err)
{
	const struct mime_part *p = &c->all->parts[i];

	if (!p->multipart) {
		if (may && is_text(c, i))
			be_text(c, i);
		else
			be_file(c, i, false);
		return 0;
	}
	if (strcmp(p->type, "multipart/signed") == 0)
		in_lost(c->all, "part %s: a signature, which holds no more", p->number);
	if (strcmp(p->type, "multipart/alternative") == 0)
		return walk_alternative(c, i, may, err);
	if (strcmp(p->type, "multipart/related") == 0)
		return walk_related(c, i, may, err);
	return walk_mixed(c, i, may, err);
}

int in_choose(struct in_item *in, enum in_role *roles, struct err *err)
{
	struct choice c = {.in = in, .all = in->all, .roles = roles};

	return walk(&c, in->root, true, err);
}
