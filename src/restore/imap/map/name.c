/* Names of mailboxes: on the wire (RFC 3501 5.1.3), for people, and on the target. */
#include "name.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/escape.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/format/mutf7.h"
#include "valise/tree/model.h"

#define NAME_CAP (256u << 10)
enum { SHORT_LEN = 40 };

char *name_shown(const uint8_t *raw, size_t n)
{
	struct buf b = buf_of(NAME_CAP + 4 * n);

	if (!mutf7_decode((const char *)raw, n, &b) || memchr(b.data, 0, b.len)) {
		buf_reset(&b);
		for (size_t i = 0; i < n;) {
			size_t k = raw[i] ? utf8_next((const char *)raw + i, n - i, NULL) : 0;

			if (k)
				buf_put(&b, raw + i, k);
			else
				buf_putf(&b, "=%02X", (unsigned)raw[i]);
			i += k ? k : 1;
		}
	}
	return buf_take(&b);
}

uint8_t *name_wire(const char *shown, size_t *n_out)
{
	struct buf raw = buf_of(4 * NAME_CAP);

	if (!mutf7_encode(shown, strlen(shown), &raw)) {
		buf_reset(&raw);
		buf_puts(&raw, shown);
	}
	*n_out = raw.len;
	return (uint8_t *)buf_take(&raw);
}

char *name_content(const char *shown, char delimiter, const char *prefix)
{
	struct tree_coll *c = tree_coll_new(COLL_MAIL, shown);
	struct buf b;

	c->delimiter = delimiter;
	if (prefix && *prefix && strncmp(shown, prefix, strlen(prefix)) == 0)
		c->prefix = xstrdup(prefix);
	buf_init(&b, NAME_CAP);
	tree_content_name(c, &b);
	tree_coll_free(c);
	return buf_take(&b);
}

static size_t count_char(const char *s, char c)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == c;
	return n;
}

bool name_is_below_inbox(const char *name, const char *content)
{
	return strncasecmp(name, "INBOX", 5) == 0 && name[5] &&
	       count_char(name, name[5]) == count_char(content, '/') + 1;
}

char *name_place(const char *name, const char *content)
{
	const char *own = name + 6; /* INBOX and the delimiter */
	bool leaf = strcmp(content, "INBOX") == 0;

	if ((!leaf && strncmp(content, "INBOX/", 6) != 0) || !name_is_below_inbox(name, content) ||
	        (!leaf && strncmp(own, "INBOX", 5) == 0))
		return xstrdup(content);
	return xasprintf("INBOX/%.5s%s", own, content + 5);
}

char *name_key(const char *content)
{
	struct buf key = buf_of(4 * NAME_CAP);
	struct buf folded = buf_of(4 * NAME_CAP);

	path_fold(content, &folded);
	for (size_t i = 0; i < folded.len; i++)
		if (folded.data[i] != ' ')
			buf_put(&key, &folded.data[i], 1);
	buf_clear(&folded);
	return buf_take(&key);
}

/* "a=2Fb" back to "a/b". */
static void component_decode(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t c;

		if (s[i] == '=' && i + 2 < n &&
		        (strncmp(s + i, "=2F", 3) == 0 || strncmp(s + i, "=3D", 3) == 0)) {
			c = s[i + 1] == '2' ? '/' : '=';
			i += 2;
		} else {
			c = (uint8_t)s[i];
		}
		buf_put(out, &c, 1);
	}
}

static void cut_to(struct buf *b, size_t n)
{
	if (b->len > n)
		b->data[b->len = n] = 0;
}

static bool is_plain(uint8_t c, bool strict)
{
	if (c >= 0x80)
		return !strict;
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr(strict ? " _-" : " ._-()", c));
}

/* NAME_PLAIN, or (${strict}) NAME_ASCII, of one component. */
static void make_plain(struct buf *b, bool strict)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++) {
		uint8_t c = b->data[i];

		/* one '_' a character */
		if (strict && (c & 0xc0) == 0x80)
			continue;
		if (!is_plain(c, strict))
			c = '_';
		if (c != ' ' || (n && b->data[n - 1] != ' '))
			b->data[n++] = c;
	}
	while (n && b->data[n - 1] == ' ')
		n--;
	cut_to(b, n);
	if (n == 0)
		buf_putc(b, '_');
}

/* NAME_SHORT of one component. */
static void make_short(struct buf *b, const char *suffix)
{
	size_t n = SHORT_LEN;

	if (b->len <= SHORT_LEN)
		return;
	while (n && (b->data[n] & 0xc0) == 0x80) /* no character is cut in two */
		n--;
	cut_to(b, n);
	buf_puts(b, suffix);
}

/* One component as the target can take it; *why: what was in the way. */
static void change_component(struct buf *part, char delimiter, unsigned how, const char **why)
{
	uint8_t sum[SHA256_LEN];
	char hex[SHA256_HEX_SIZE], suffix[16];

	sha256_of(part->data, part->len, sum);
	hex_format(sum, sizeof sum, hex);
	snprintf(suffix, sizeof suffix, "~%.8s", hex);
	if (part->len == 0) {
		buf_putc(part, '_');
		*why = "a part of its name is empty";
	}
	for (size_t i = 0; i < part->len; i++)
		if (delimiter && part->data[i] == (uint8_t)delimiter) {
			part->data[i] = '_';
			*why = "the target's separator stands in the name";
		}
	if (how & (NAME_PLAIN | NAME_ASCII))
		make_plain(part, how & NAME_ASCII);
	if (how & NAME_SHORT)
		make_short(part, suffix);
}

char *name_on_target(const char *content, char delimiter, unsigned how, const char **why)
{
	bool flat = !delimiter || (how & NAME_FLAT);
	struct buf part = buf_of(NAME_CAP);
	struct buf out = buf_of(NAME_CAP);

	for (const char *p = content;; p++) {
		size_t n = strcspn(p, "/");

		buf_reset(&part);
		component_decode(p, n, &part);
		change_component(&part, delimiter, how, why);
		buf_put(&out, part.data, part.len);
		p += n;
		if (!*p)
			break;
		buf_putc(&out, flat ? '_' : delimiter);
		if (!delimiter)
			*why = "the target has no hierarchy";
	}
	buf_clear(&part);
	return buf_take(&out);
}
