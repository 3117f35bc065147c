/*
 * What url_join gives is canonical: it can be cut, joins to itself, and holds no octet
 * that ends a line or a host. First line: the base; the rest: the reference.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "valise/net/url.h"
#include "valise/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *url)
{
	struct buf again;
	struct url u;

	for (const char *s = url; *s; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f || *s == '\\')
			abort();
	if (!url_cut(url, &u) || !*u.host || strpbrk(u.host, "@/?#\\%"))
		abort();
	buf_init(&again, 100000);
	if (url_join(url, url, &again, NULL) != 0 || strcmp(buf_str(&again), url) != 0)
		abort();
	buf_reset(&again);
	if (url_join(url, "", &again, NULL) != 0 || strcmp(buf_str(&again), url) != 0)
		abort();
	if (!url_same_origin(url, buf_str(&again)))
		abort();
	buf_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size), *ref = strchr(text, '\n');
	struct buf out, raw;

	buf_init(&out, 100000);
	buf_init(&raw, size + 1);
	if (ref)
		*ref++ = '\0';
	if (url_join(text, ref ? ref : "", &out, NULL) == 0)
		check(buf_str(&out));
	else if (out.len)
		abort();
	(void)url_unescape((const char *)data, size, &raw);
	buf_clear(&out);
	buf_clear(&raw);
	free(text);
	return 0;
}
