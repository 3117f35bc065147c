/*
 * What a resource points to: attachments and photos that are somewhere else (RFC 5545
 * 3.8.1.1, RFC 6350 6.2.4), members of a group.
 */
#include <string.h>
#include <strings.h>
#include "valise/base/text.h"
#include "internal.h"

struct links {
	void (*fn)(void *ctx, const char *name, const char *url);
	void *ctx;
};

/* scheme "://", so no data: and no cid: */
static bool is_url(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && ((s[i] | 0x20) >= 'a' && (s[i] | 0x20) <= 'z'))
		i++;
	return i > 0 && i + 3 <= n && memcmp(s + i, "://", 3) == 0;
}

bool content_link(const struct content_line *l, struct buf *url)
{
	bool named = text_in(l->name, "ATTACH|PHOTO|LOGO|SOUND");

	/* vCard 3.0 writers escape the colon */
	for (size_t j = 0; j < l->value_len && named; j++)
		if (l->value[j] != '\\' || j + 1 == l->value_len)
			buf_putc(url, l->value[j]);
	return named && is_url(buf_str(url), url->len);
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	const struct links *k = ctx;
	struct buf url = buf_of(SIZE_MAX);

	(void)err;
	if (content_link(l, &url))
		k->fn(k->ctx, l->name, buf_str(&url));
	buf_clear(&url);
	return 0;
}

int content_links(const void *p, size_t n, void (*fn)(void *ctx, const char *name, const char *url),
        void *ctx, struct err *err)
{
	struct links k = {fn, ctx};

	return content_read(p, n, on_line, &k, NULL, err);
}

struct members {
	void (*fn)(void *ctx, const char *uid);
	void *ctx;
};

static int on_member(void *ctx, const struct content_line *l, struct err *err)
{
	static const char urn[] = "urn:uuid:";
	const struct members *k = ctx;
	size_t n = sizeof urn - 1;

	(void)err;
	if (text_in(l->name, "MEMBER|X-ADDRESSBOOKSERVER-MEMBER") && l->value_len > n &&
	        strncasecmp(l->value, urn, n) == 0)
		k->fn(k->ctx, l->value + n);
	return 0;
}

int content_members(
        const void *p, size_t n, void (*fn)(void *ctx, const char *uid), void *ctx, struct err *err)
{
	struct members k = {fn, ctx};

	return content_read(p, n, on_member, &k, NULL, err);
}
