/*
 * Where the XML of an answer begins and how it is encoded (XML 1.0 2.8, 4.3.3). Scripts
 * print warnings before it, and write names of encodings that no parser knows.
 */
#include "internal.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>

#define DECLARATION_MAX 1024
#define ROOT_MAX 128

static bool ends_name(char c)
{
	return c == '>' || c == '/' || isspace((unsigned char)c);
}

/* "<?xml " or the start tag of an answer that we know. */
static bool is_start(const char *s, size_t n)
{
	static const char *const roots[] = {
	        "multistatus", "error", "response", "mkcol-response", "mkcalendar-response"};
	const char *name = s + 1, *colon;
	size_t len = 0;

	if (n > 5 && memcmp(s, "<?xml", 5) == 0 && isspace((unsigned char)s[5]))
		return true;
	while (len + 1 < n && len < ROOT_MAX && !ends_name(name[len]) && name[len] != '<')
		len++;
	if (len + 1 >= n || !ends_name(name[len]))
		return false;
	colon = memchr(name, ':', len);
	if (colon) {
		len -= (size_t)(colon + 1 - name);
		name = colon + 1;
	}
	for (size_t i = 0; i < COUNT(roots); i++)
		if (strlen(roots[i]) == len && memcmp(roots[i], name, len) == 0)
			return true;
	return false;
}

/* Two octets a character: nothing here is to be looked for. */
static bool is_wide(const char *s, size_t n)
{
	return n >= 2 &&
	       (memcmp(s, "\xff\xfe", 2) == 0 || memcmp(s, "\xfe\xff", 2) == 0 || !s[0] || !s[1]);
}

/* Where it begins; n: not seen yet. */
static size_t find_start(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] == '<' && is_start(s + i, n - i))
			return i;
	return n;
}

/* The value of encoding="..." in the declaration. */
static void take_encoding(const char *s, size_t n, char out[DAV_ENCODING_MAX])
{
	const char *p = memmem(s, n, "encoding", 8), *end = s + n;
	size_t len = 0;
	char quote;

	out[0] = '\0';
	if (!p)
		return;
	for (p += 8; p < end && (isspace((unsigned char)*p) || *p == '='); p++)
		;
	quote = p < end ? *p : '\0';
	if (quote != '"' && quote != '\'')
		return;
	for (p++; p < end && *p != quote && len < DAV_ENCODING_MAX - 1; p++)
		out[len++] = *p;
	out[len] = '\0';
}

/* Letters and digits in lower case. */
static void squeeze_name(const char *name, char out[DAV_ENCODING_MAX])
{
	size_t n = 0;

	for (; *name; name++)
		if (isalnum((unsigned char)*name))
			out[n++] = (char)tolower((unsigned char)*name);
	out[n] = '\0';
}

static bool is_known(const char *name)
{
	iconv_t cd = iconv_open("UTF-8", name);

	if (cd == (iconv_t)-1)
		return false;
	iconv_close(cd);
	return true;
}

/* How an encoding of this name is to be read: as UTF-8 where no parser knows it. */
static void judge_encoding(const char *name, struct dav_head *out)
{
	static const char *const utf8[] = {"", "utf8", "utf8mb4", "utf8sig", "xutf8",
	        "unicode11utf8", "cp65001", "usascii", "ascii",
	        /* said in octets: so it is not */
	        "utf16", "utf16le", "utf16be", "utf32", "ucs2", "unicode"};
	static const char *const latin1[] = {"latin1", "l1", "iso8859", "iso88591"};
	char plain[DAV_ENCODING_MAX];

	squeeze_name(name, plain);
	out->override = strcasecmp(name, "utf-8") == 0 || !*name ? NULL : "UTF-8";
	out->utf8 = true;
	if (text_among(plain, utf8, COUNT(utf8)))
		return;
	out->utf8 = false;
	if (text_among(plain, latin1, COUNT(latin1)))
		out->override = "ISO-8859-1";
	else if (is_known(name))
		out->override = NULL;
	else
		out->utf8 = true;
}

bool dav_head_look(const char *s, size_t n, bool whole, struct dav_head *out)
{
	size_t blank = 0, at, left;
	char name[DAV_ENCODING_MAX] = "";
	const char *end;

	memset(out, 0, sizeof *out);
	out->wide = is_wide(s, n);
	if (out->wide)
		return true;
	at = find_start(s, n);
	while (blank < n && isspace((unsigned char)s[blank]))
		blank++;
	if (at == n && !whole)
		return false;
	/* A document type is refused, wherever it stands. */
	out->skip = at == n || memmem(s, at, "<!DOCTYPE", 9) ? blank : at;
	left = n - out->skip;
	out->utf8 = true;
	if (left <= 5 || memcmp(s + out->skip, "<?xml", 5) != 0)
		return true;
	if (left > DECLARATION_MAX)
		left = DECLARATION_MAX;
	end = memmem(s + out->skip, left, "?>", 2);
	if (!end && left < DECLARATION_MAX && !whole)
		return false;
	if (end)
		take_encoding(s + out->skip, (size_t)(end - s) - out->skip, name);
	judge_encoding(name, out);
	return true;
}

int dav_single_byte_map(const char *name, int map[256])
{
	iconv_t cd = iconv_open("UTF-32LE", name);
	int rc = 0;

	if (cd == (iconv_t)-1)
		return -1;
	for (int i = 0; i < 256; i++) {
		char in = (char)i, *from = &in;
		uint8_t out[8] = {0};
		char *to = (char *)out;
		size_t n_in = 1, n_out = sizeof out, n;

		n = iconv(cd, &from, &n_in, &to, &n_out);
		/* several octets a character */
		if (n == (size_t)-1 && errno == EINVAL)
			rc = -1;
		map[i] = n == (size_t)-1 || n_out != 4 ? -1 : out[0] | out[1] << 8 | out[2] << 16;
		(void)iconv(cd, NULL, NULL, NULL, NULL);
	}
	iconv_close(cd);
	return rc;
}
