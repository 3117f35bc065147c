/*
 * Names of items and collections: files in the tree, objects, the name that is equal on
 * any server.
 */
#include "valise/tree/model.h"
#include "valise/tree/words.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

static uint64_t name_seconds(const struct tree_item *it)
{
	return it->date_utc > 0 ? (uint64_t)it->date_utc : 0;
}

int item_place_order(const struct tree_coll *ca, const struct tree_item *a,
        const struct tree_coll *cb, const struct tree_item *b)
{
	int d;

	if (ca->kind != COLL_MAIL) {
		const struct tree_ext *ea = tree_item_ext(ca, a), *eb = tree_item_ext(cb, b);

		return strcmp(ea && ea->path ? ea->path : "", eb && eb->path ? eb->path : "");
	}
	if (name_seconds(a) != name_seconds(b))
		return name_seconds(a) < name_seconds(b) ? -1 : 1;
	d = memcmp(a->sha256, b->sha256, 8);
	if (d == 0 && a->dup != b->dup)
		d = a->dup < b->dup ? -1 : 1;
	return d;
}

void item_unique_name(const struct tree_coll *c, const struct tree_item *it, struct buf *out)
{
	char hex[17];

	if (c->kind != COLL_MAIL) {
		const struct tree_ext *e = tree_item_ext(c, it);

		buf_puts(out, e && e->path ? e->path : "_");
		buf_putc(out, '.');
		buf_puts(out, coll_kind_ext(c->kind));
		return;
	}
	hex_format(it->sha256, 8, hex);
	put_u64(out, name_seconds(it));
	buf_puts(out, ".V");
	buf_puts(out, hex);
	if (it->dup > 0) {
		buf_putc(out, '_');
		put_u64(out, it->dup);
	}
	buf_puts(out, ".valise");
}

/* One of the blank-separated words? */
static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; (p = strcasestr(p, word)) != NULL; p += n)
		if ((p == text || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
			return true;
	return false;
}

void item_local_path(const struct tree_coll *c, const struct tree_item *it, struct buf *out)
{
	if (c->kind != COLL_MAIL) {
		item_unique_name(c, it, out);
		return;
	}
	buf_puts(out, "cur/");
	item_unique_name(c, it, out);
	buf_puts(out, ":2,");
	if (it->flags & FLAG_DRAFT)
		buf_putc(out, 'D');
	if (it->flags & FLAG_FLAGGED)
		buf_putc(out, 'F');
	if (it->keywords > 0 && has_word(tree_coll_keyword_text(c, it->keywords), "$Forwarded"))
		buf_putc(out, 'P');
	if (it->flags & FLAG_ANSWERED)
		buf_putc(out, 'R');
	if (it->flags & FLAG_SEEN)
		buf_putc(out, 'S');
	if (it->flags & FLAG_DELETED)
		buf_putc(out, 'T');
}

void tree_item_path(const struct tree_coll *c, const struct tree_item *it, struct buf *out)
{
	buf_puts(out, c->path);
	buf_putc(out, '/');
	item_local_path(c, it, out);
}

void tree_object_name(
        enum coll_kind kind, const uint8_t sha256[SHA256_LEN], char out[OBJECT_NAME_SIZE])
{
	char *hex = out + 11;

	memcpy(out, "objects/", 8);
	hex_format(sha256, SHA256_LEN, hex);
	memcpy(out + 8, hex, 2);
	out[10] = '/';
	snprintf(hex + SHA256_HEX_SIZE - 1, OBJECT_NAME_SIZE - 11 - (SHA256_HEX_SIZE - 1), ".%s",
	        coll_kind_ext(kind));
}

/* The bytes of the name that its prefix takes; INBOX is in any case (RFC 3501 5.1). */
static size_t prefix_length(const struct tree_coll *c)
{
	size_t n = c->prefix ? strlen(c->prefix) : 0, inbox = 0;

	if (n == 0 || strlen(c->name) <= n)
		return 0;
	if (n >= 5 && strncasecmp(c->prefix, "INBOX", 5) == 0)
		inbox = 5;
	if (strncasecmp(c->name, c->prefix, inbox) != 0 ||
	        strncmp(c->name + inbox, c->prefix + inbox, n - inbox) != 0)
		return 0;
	return n;
}

void tree_content_name(const struct tree_coll *c, struct buf *out)
{
	const char *p = c->name + prefix_length(c);
	const char *first_end = c->delimiter ? strchr(p, c->delimiter) : NULL;
	size_t first = first_end ? (size_t)(first_end - p) : strlen(p);

	if (c->kind == COLL_MAIL && first == 5 && strncasecmp(p, "INBOX", 5) == 0) {
		buf_puts(out, "INBOX");
		p += 5;
	}
	for (; *p; p++) {
		if (c->delimiter && *p == c->delimiter)
			buf_putc(out, '/');
		else if (*p == '=')
			buf_puts(out, "=3D");
		else if (*p == '/')
			buf_puts(out, "=2F");
		else
			buf_putc(out, *p);
	}
}
