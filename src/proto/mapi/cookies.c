/* The cookies of a session: RFC 6265 5.2 and 5.4, as far as one URL needs it. */
#include "wire.h"
#include "valise/base/mem.h"
#include "valise/base/secret.h"
#include "valise/base/text.h"
#include <stdlib.h>
#include <strings.h>

static void forget(char *cookie)
{
	wipe(cookie, strlen(cookie));
	free(cookie);
}

void mapi_cookies_clear(struct mapi_cookies *c)
{
	for (size_t i = 0; i < c->n; i++)
		forget(c->list[i]);
	c->n = 0;
}

static size_t place_of(const struct mapi_cookies *c, const char *name, size_t n)
{
	size_t i = 0;

	while (i < c->n && (strncmp(c->list[i], name, n) != 0 || c->list[i][n] != '='))
		i++;
	return i;
}

static void drop(struct mapi_cookies *c, size_t i)
{
	if (i >= c->n)
		return;
	forget(c->list[i]);
	c->n--;
	memmove(c->list + i, c->list + i + 1, (c->n - i) * sizeof *c->list);
}

/* No controls: everything else goes back as it came (RFC 6265 5.2). */
static bool is_plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return false;
	return true;
}

/* The server takes it back: Max-Age=0, or as most write it, a day of 1970. */
static bool is_over(const char *s, size_t n)
{
	while (n) {
		const char *end = memchr(s, ';', n), *word = s;
		size_t len = end ? (size_t)(end - s) : n, step = len + (end != NULL);

		text_trim(&word, &len);
		if (len > 8 && strncasecmp(word, "Max-Age=", 8) == 0 &&
		        (word[8] == '0' || word[8] == '-'))
			return true;
		if (len > 8 && strncasecmp(word, "Expires=", 8) == 0 &&
		        memmem(word, len, "1970", 4))
			return true;
		s += step;
		n -= step;
	}
	return false;
}

bool mapi_cookies_take(struct mapi_cookies *c, const char *set, size_t n)
{
	const char *semi = memchr(set, ';', n), *name = set, *value;
	size_t pair = semi ? (size_t)(semi - set) : n, name_len, value_len, at;

	value = pair ? memchr(set, '=', pair) : NULL;
	if (!value)
		return true;
	name_len = (size_t)(value++ - name);
	value_len = pair - name_len - 1;
	text_trim(&name, &name_len);
	text_trim(&value, &value_len);
	if (name_len + value_len > MAPI_COOKIE_MAX)
		return false;
	if (!name_len)
		return true;
	at = place_of(c, name, name_len);
	if (!is_plain(name, name_len) || !is_plain(value, value_len) ||
	        (semi && is_over(semi + 1, n - pair - 1))) {
		drop(c, at);
		return true;
	}
	if (at == MAPI_COOKIES_MAX)
		return false;
	if (at == c->n)
		c->n++;
	else
		forget(c->list[at]);
	c->list[at] = xasprintf("%.*s=%.*s", (int)name_len, name, (int)value_len, value);
	return true;
}

void mapi_cookies_put(const struct mapi_cookies *c, struct buf *out)
{
	for (size_t i = 0; i < c->n; i++)
		buf_putf(out, "%s%s", i ? "; " : "Cookie: ", c->list[i]);
}
