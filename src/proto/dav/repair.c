/*
 * What cannot stand in XML 1.0 and comes all the same: a bare '&' or '<', control
 * characters, references to characters or entities that are not there, octets that are no
 * UTF-8. One of them in one name would cost the whole answer. What is well-formed passes
 * as it is; CDATA, comments and instructions are not touched, a document type is left to
 * be refused.
 *
 * A bad octet becomes a character of the private use plane that says which octet it was:
 * an href gets it back as an escape (dav_repaired_href), a name as a letter of ISO 8859-1
 * (dav_repaired_text).
 */
#include "internal.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define OCTET 0x10f000u /* and the octet */
#define REFERENCE_MAX 40
#define TAG_MAX 4096

void dav_repair_init(struct dav_repair *r, bool utf8)
{
	memset(r, 0, sizeof *r);
	buf_init(&r->held, SIZE_MAX);
	buf_init(&r->out, SIZE_MAX);
	r->utf8 = utf8;
}

void dav_repair_clear(struct dav_repair *r)
{
	buf_clear(&r->held);
	buf_clear(&r->out);
}

static void put_point(struct buf *out, uint32_t point)
{
	char text[4];

	buf_put(out, text, utf8_put(point, text));
}

static void put_octet(struct dav_repair *r, uint8_t octet)
{
	r->changed = true;
	if (r->utf8)
		put_point(&r->out, OCTET + octet);
	else
		buf_putf(&r->out, "&#%u;", OCTET + octet);
}

/* XML 1.0 2.2. */
static bool is_char(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0xd800) ||
	       (c >= 0xe000 && c < 0xfffe) || (c > 0xffff && c < 0x110000);
}

/* Entities of HTML that people meet; in order of their characters, from U+00A0 on. */
static const char *const latin1[] = {"nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar",
        "sect", "uml", "copy", "ordf", "laquo", "not", "shy", "reg", "macr", "deg", "plusmn",
        "sup2", "sup3", "acute", "micro", "para", "middot", "cedil", "sup1", "ordm", "raquo",
        "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc", "Atilde", "Auml",
        "Aring", "AElig", "Ccedil", "Egrave", "Eacute", "Ecirc", "Euml", "Igrave", "Iacute",
        "Icirc", "Iuml", "ETH", "Ntilde", "Ograve", "Oacute", "Ocirc", "Otilde", "Ouml", "times",
        "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN", "szlig", "agrave",
        "aacute", "acirc", "atilde", "auml", "aring", "aelig", "ccedil", "egrave", "eacute",
        "ecirc", "euml", "igrave", "iacute", "icirc", "iuml", "eth", "ntilde", "ograve", "oacute",
        "ocirc", "otilde", "ouml", "divide", "oslash", "ugrave", "uacute", "ucirc", "uuml",
        "yacute", "thorn", "yuml"};

static bool is_word(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && memcmp(s, word, n) == 0;
}

/* "&name;" of n octets. */
static void put_named(struct dav_repair *r, const char *s, size_t n)
{
	static const char *const own[] = {"amp", "lt", "gt", "quot", "apos"};

	for (size_t i = 0; i < COUNT(own); i++)
		if (is_word(s + 1, n - 2, own[i])) {
			buf_put(&r->out, s, n);
			return;
		}
	r->changed = true;
	for (size_t i = 0; i < COUNT(latin1); i++)
		if (is_word(s + 1, n - 2, latin1[i])) {
			buf_putf(&r->out, "&#%zu;", 0xa0 + i);
			return;
		}
	buf_puts(&r->out, "&amp;");
	buf_put(&r->out, s + 1, n - 1);
}

/* "&#11;" or "&#xB;" of n octets. */
static void put_number(struct dav_repair *r, const char *s, size_t n)
{
	bool hex = s[2] == 'x';
	char *end;
	unsigned long point = strtoul(s + (hex ? 3 : 2), &end, hex ? 16 : 10);

	if (end != s + n - 1 || !isxdigit((unsigned char)s[hex ? 3 : 2])) {
		r->changed = true;
		buf_puts(&r->out, "&amp;");
		buf_put(&r->out, s + 1, n - 1);
	} else if (is_char((uint32_t)point) && point < 0x110000) {
		buf_put(&r->out, s, n);
	} else {
		put_octet(r, point < 0x20 ? (uint8_t)point : '?');
	}
}

/* At '&': octets taken, 0 when what follows has to be seen first. */
static size_t take_reference(struct dav_repair *r, const char *s, size_t n, bool last)
{
	size_t len = 1, most = MIN(n, REFERENCE_MAX);

	while (len < most && (isalnum((unsigned char)s[len]) || (len == 1 && s[len] == '#')))
		len++;
	if (len == n && n < REFERENCE_MAX && !last)
		return 0;
	if (len < most && s[len] == ';' && len > 1) {
		len++;
		if (s[1] == '#')
			put_number(r, s, len);
		else
			put_named(r, s, len);
		return len;
	}
	r->changed = true;
	buf_puts(&r->out, "&amp;");
	return 1;
}

enum tag { TAG_YES, TAG_NO, TAG_MORE };

static size_t skip_blanks(const char *s, size_t n, size_t i)
{
	while (i < n && isspace((unsigned char)s[i]))
		i++;
	return i;
}

static size_t skip_name(const char *s, size_t n, size_t i)
{
	while (i < n && !isspace((unsigned char)s[i]) && !strchr("/>=<\"'&", s[i]))
		i++;
	return i;
}

/* name="value" at ${i}; *i behind it. */
static enum tag skip_attribute(const char *s, size_t n, size_t *i)
{
	size_t at = skip_name(s, n, *i);
	const char *end;

	if (at == *i)
		return TAG_NO;
	at = skip_blanks(s, n, at);
	if (at >= n)
		return TAG_MORE;
	if (s[at] != '=')
		return TAG_NO;
	at = skip_blanks(s, n, at + 1);
	if (at >= n)
		return TAG_MORE;
	if (s[at] != '"' && s[at] != '\'')
		return TAG_NO;
	end = memchr(s + at + 1, s[at], n - at - 1);
	if (!end)
		return memchr(s + at + 1, '<', n - at - 1) ? TAG_NO : TAG_MORE;
	*i = (size_t)(end + 1 - s);
	return memchr(s + at + 1, '<', *i - at - 1) ? TAG_NO : TAG_YES;
}

/* Is the '<' at ${s} that of a start or end tag? *len_out: up to and with its '>'. */
static enum tag look_at_tag(const char *s, size_t n, size_t *len_out)
{
	size_t i = 1, name;

	if (n > TAG_MAX)
		n = TAG_MAX;
	if (i < n && s[i] == '/')
		i++;
	name = i;
	if (i >= n)
		return TAG_MORE;
	if (!isalpha((unsigned char)s[i]) && s[i] != '_' && s[i] != ':' && !((uint8_t)s[i] & 0x80))
		return TAG_NO;
	i = skip_name(s, n, i);
	if (i > name && i < n && !isspace((unsigned char)s[i]) && s[i] != '/' && s[i] != '>')
		return TAG_NO;
	for (;;) {
		enum tag t;

		i = skip_blanks(s, n, i);
		if (i >= n)
			return TAG_MORE;
		if (s[i] == '/' && i + 1 < n && s[i + 1] == '>')
			i++;
		if (s[i] == '>') {
			*len_out = i + 1;
			return TAG_YES;
		}
		if (s[i] == '/')
			return i + 1 < n ? TAG_NO : TAG_MORE;
		t = skip_attribute(s, n, &i);
		if (t != TAG_YES)
			return t;
	}
}

/*
 * What begins with '<' and is no element: where it ends, and how long its beginning is.
 */
static const struct section {
	const char *from, *to;
} sections[] = {{"<![CDATA[", "]]>"}, {"<!--", "-->"}, {"<?", "?>"}};

/* At '<': octets taken, 0 when more has to be seen. */
static size_t take_less(struct dav_repair *r, const char *s, size_t n, bool last)
{
	size_t len = 1;
	enum tag t;

	for (size_t i = 0; i < COUNT(sections); i++) {
		size_t from = strlen(sections[i].from);

		if (n < from && !last && memcmp(s, sections[i].from, n) == 0)
			return 0;
		if (n >= from && memcmp(s, sections[i].from, from) == 0) {
			r->section = sections[i].to;
			buf_put(&r->out, s, from);
			return from;
		}
	}
	if (n > 1 && s[1] == '!') { /* a document type: refused by the parser */
		buf_putc(&r->out, '<');
		return 1;
	}
	t = look_at_tag(s, n, &len);
	if (t == TAG_MORE && !last && n < TAG_MAX)
		return 0;
	if (t == TAG_NO) {
		r->changed = true;
		buf_puts(&r->out, "&lt;");
		return 1;
	}
	buf_putc(&r->out, '<'); /* its attributes pass as text does */
	return 1;
}

/* Inside of a section: all up to its end. */
static size_t take_section(struct dav_repair *r, const char *s, size_t n, bool last)
{
	size_t len = strlen(r->section);
	const char *end = memmem(s, n, r->section, len);

	if (end) {
		n = (size_t)(end - s) + len;
		r->section = NULL;
	} else if (!last) {
		n = n < len ? 0 : n - len + 1;
	}
	buf_put(&r->out, s, n);
	return n;
}

/* One character of text. */
static size_t take_char(struct dav_repair *r, const char *s, size_t n, bool last)
{
	uint32_t point = (uint8_t)*s;
	size_t len = 1;

	if (r->utf8 && point >= 0x80) {
		len = utf8_next(s, n, &point);
		if (!len && n < 4 && !last)
			return 0;
	}
	if (len && is_char(point)) {
		buf_put(&r->out, s, len);
		return len;
	}
	put_octet(r, (uint8_t)*s);
	return 1;
}

static size_t take_one(struct dav_repair *r, const char *s, size_t n, bool last)
{
	if (r->section)
		return take_section(r, s, n, last);
	if (*s == '<')
		return take_less(r, s, n, last);
	return *s == '&' ? take_reference(r, s, n, last) : take_char(r, s, n, last);
}

void dav_repair_feed(struct dav_repair *r, const char *p, size_t n, bool last)
{
	const char *s;
	size_t left;

	buf_reset(&r->out);
	buf_put(&r->held, p, n);
	s = buf_str(&r->held);
	left = r->held.len;
	while (left) {
		size_t run = 0, taken;

		/* Plain text in one go. */
		while (!r->section && run < left && (uint8_t)s[run] >= 0x20 &&
		        (uint8_t)s[run] < 0x80 && s[run] != '<' && s[run] != '&')
			run++;
		buf_put(&r->out, s, run);
		s += run;
		left -= run;
		taken = left ? take_one(r, s, left, last) : 0;
		s += taken;
		left -= taken;
		if (!taken)
			break;
	}
	buf_drop(&r->held, r->held.len - left);
}

/* The octet that the character at ${s} stands for, or -1. */
static int octet_at(const char *s, size_t n, size_t *len)
{
	uint32_t point = 0;

	*len = utf8_next(s, n, &point);
	return *len && point >= OCTET && point <= OCTET + 0xff ? (int)(point - OCTET) : -1;
}

/* The octets that were no characters: as escapes, or as letters; the caller frees it. */
static char *put_back(const char *s, bool escape)
{
	size_t n = strlen(s), len;
	struct buf out = buf_of(SIZE_MAX);

	while (n) {
		int octet = octet_at(s, n, &len);

		if (!len)
			len = 1;
		if (octet < 0)
			buf_put(&out, s, len);
		else if (escape)
			buf_putf(&out, "%%%02X", (unsigned)octet);
		else
			put_point(&out, octet >= 0xa0 ? (uint32_t)octet : 0xfffd);
		s += len;
		n -= len;
	}
	return buf_take(&out);
}

char *dav_repaired_href(const char *s)
{
	return put_back(s, true);
}

char *dav_repaired_text(const char *s)
{
	return put_back(s, false);
}
