/* Text of a charset as UTF-8, in pieces of any size. */
#include "mime/internal.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/format/header.h"
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Octets of a character that is not all there; what iconv gives at a time. */
enum { CARRY = 16, CHUNK = 4096 };
#define REPLACEMENT "\xef\xbf\xbd"

struct mime_charset {
	struct mime_step to;
	iconv_t conv; /* (iconv_t)-1: it is UTF-8 */
	bool guess; /* octets that are no UTF-8 are Windows-1252 */
	uint8_t carry[CARRY];
	size_t n_carry;
};

static bool is_utf8(const char *name)
{
	return strcasecmp(name, "utf-8") == 0 || strcasecmp(name, "utf8") == 0;
}

bool mime_charset_known(const char *name)
{
	return name && (is_utf8(name) || charset_known(name));
}

struct mime_charset *mime_charset_new(const char *name, struct mime_step to)
{
	struct mime_charset *c = xcalloc(1, sizeof *c);
	const char *known = name ? charset_known(name) : NULL;

	c->to = to;
	c->conv = known ? iconv_open("UTF-8", known) : (iconv_t)-1;
	c->guess = !name || !is_utf8(name);
	return c;
}

void mime_charset_free(struct mime_charset *c)
{
	if (c && c->conv != (iconv_t)-1)
		iconv_close(c->conv);
	free(c);
}

/* UTF-8, with what stands for NUL. */
static int give(struct mime_charset *c, const void *octets, size_t n, struct err *err)
{
	const char *p = octets, *end = p + n;
	int rc = 0;

	while (p < end && rc == 0) {
		const char *nul = memchr(p, '\0', (size_t)(end - p)), *to = nul ? nul : end;

		if (to > p)
			rc = c->to.write(c->to.ctx, p, (size_t)(to - p), err);
		if (nul && rc == 0)
			rc = c->to.write(c->to.ctx, REPLACEMENT, 3, err);
		p = nul ? nul + 1 : end;
	}
	return rc;
}

/* An octet that is no UTF-8. */
static int give_octet(struct mime_charset *c, uint8_t octet, struct err *err)
{
	/* 0x80 to 0x9f of Windows-1252; 0: not assigned */
	static const uint16_t letters[32] = {0x20ac, 0, 0x201a, 0x192, 0x201e, 0x2026, 0x2020,
	        0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0, 0x17d, 0, 0, 0x2018, 0x2019, 0x201c,
	        0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0, 0x17e,
	        0x178};
	uint32_t point = octet >= 0xa0 ? octet : letters[octet & 31];
	char text[4];

	if (!c->guess || point == 0)
		return give(c, REPLACEMENT, 3, err);
	return give(c, text, utf8_put(point, text), err);
}

/* Could these octets at the end be the beginning of a character? */
static bool is_beginning(const uint8_t *p, size_t n)
{
	size_t wants = *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : 2;

	if (*p < 0xc2 || *p > 0xf4 || n >= wants)
		return false;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* Returns the octets that were used up in *used_out: all but a character's beginning. */
static int pass_utf8(
        struct mime_charset *c, const uint8_t *p, size_t n, size_t *used_out, struct err *err)
{
	size_t from = 0, i = 0;
	int rc = 0;

	while (i < n && rc == 0) {
		size_t len = p[i] < 0x80 ? 1 : utf8_next((const char *)p + i, n - i, NULL);

		if (len > 0) {
			i += len;
			continue;
		}
		if (i > from)
			rc = give(c, p + from, i - from, err);
		from = i;
		if (is_beginning(p + i, n - i))
			break;
		if (rc == 0)
			rc = give_octet(c, p[i], err);
		from = ++i;
	}
	if (i > from && rc == 0)
		rc = give(c, p + from, i - from, err);
	*used_out = i;
	return rc;
}

/* The same of another charset. */
static int pass_iconv(
        struct mime_charset *c, const uint8_t *p, size_t n, size_t *used_out, struct err *err)
{
	char *from = (char *)p, chunk[CHUNK];
	size_t left = n;
	int rc = 0;

	while (left > 0 && rc == 0) {
		char *to = chunk;
		size_t room = sizeof chunk, done = iconv(c->conv, &from, &left, &to, &room);
		int why = done == (size_t)-1 ? errno : 0;

		rc = give(c, chunk, sizeof chunk - room, err);
		if (why == EINVAL && left < CARRY)
			break;
		if (why == EILSEQ || why == EINVAL) {
			if (rc == 0)
				rc = give(c, REPLACEMENT, 3, err);
			from++;
			left--;
		}
	}
	*used_out = n - left;
	return rc;
}

static int pass(
        struct mime_charset *c, const uint8_t *p, size_t n, size_t *used_out, struct err *err)
{
	return c->conv == (iconv_t)-1 ? pass_utf8(c, p, n, used_out, err)
	                              : pass_iconv(c, p, n, used_out, err);
}

int mime_charset_write(void *charset, const void *octets, size_t n, struct err *err)
{
	struct mime_charset *c = charset;
	const uint8_t *p = octets;
	size_t used;
	int rc;

	/* A character that was cut: octet by octet, until it is whole. */
	while (c->n_carry > 0 && n > 0) {
		c->carry[c->n_carry++] = *p++;
		n--;
		rc = pass(c, c->carry, c->n_carry, &used, err);
		if (rc < 0)
			return rc;
		memmove(c->carry, c->carry + used, c->n_carry - used);
		c->n_carry -= used;
	}
	if (n == 0)
		return 0;
	rc = pass(c, p, n, &used, err);
	if (rc < 0)
		return rc;
	c->n_carry = n - used;
	memcpy(c->carry, p + used, c->n_carry);
	return 0;
}

int mime_charset_end(struct mime_charset *c, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < c->n_carry && rc == 0; i++)
		rc = c->conv == (iconv_t)-1 ? give_octet(c, c->carry[i], err)
		                            : give(c, REPLACEMENT, 3, err);
	c->n_carry = 0;
	if (c->conv != (iconv_t)-1 && rc == 0) { /* a letter held back, for a mark to follow */
		char chunk[64], *to = chunk;
		size_t room = sizeof chunk;

		iconv(c->conv, NULL, NULL, &to, &room);
		rc = give(c, chunk, sizeof chunk - room, err);
	}
	return rc;
}
