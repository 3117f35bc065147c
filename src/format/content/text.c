/* Pieces of content lines: escapes, encodings, line ends. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "internal.h"

#define CRLF_PIECE 16384

const char *content_param(const struct content_line *l, const char *name)
{
	for (size_t i = 0; i < l->n_params; i++)
		if (strcmp(l->params[i].name, name) == 0)
			return l->params[i].value;
	return NULL;
}

enum content_encoding content_encoding(const struct content_line *l)
{
	for (size_t i = 0; i < l->n_params; i++) {
		const char *v = l->params[i].value;
		bool named = strcmp(l->params[i].name, "ENCODING") == 0;

		if (!named && strcmp(l->params[i].name, "TYPE") != 0)
			continue;
		if (strcasecmp(v, "QUOTED-PRINTABLE") == 0)
			return CONTENT_QP;
		if (strcasecmp(v, "BASE64") == 0 || (named && strcasecmp(v, "B") == 0))
			return CONTENT_BASE64;
	}
	return CONTENT_PLAIN;
}

void content_unescape(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		char next = i + 1 < n ? s[i + 1] : '\0';

		if (s[i] != '\\' || !next || !strchr("nN,;:\\", next)) {
			buf_putc(out, s[i]);
			continue;
		}
		buf_putc(out, next == 'n' || next == 'N' ? '\n' : next);
		i++;
	}
}

char *content_uid(const struct content_line *l)
{
	struct buf uid = buf_of(SIZE_MAX);

	if (l->value_len <= CONTENT_UID_MAX)
		content_unescape(l->value, l->value_len, &uid);
	if (strspn(buf_str(&uid), " \t") == strlen(buf_str(&uid))) {
		buf_clear(&uid);
		return NULL;
	}
	return buf_take(&uid);
}

/* Without blanks around it; NULL: nothing is left. */
static char *zone_name(const char *s)
{
	size_t n = strlen(s);

	text_trim(&s, &n);
	return n ? xstrndup(s, n) : NULL;
}

char *content_zone_defined(const struct content_line *l)
{
	struct buf name = buf_of(SIZE_MAX);
	char *out;

	content_unescape(l->value, l->value_len, &name);
	out = zone_name(buf_str(&name));
	buf_clear(&name);
	return out;
}

char *content_zone_used(const struct content_line *l)
{
	const char *zone = content_param(l, "TZID");

	return zone ? zone_name(zone) : NULL;
}

void content_qp_decode(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		int c = s[i] == '=' && i + 2 < n ? hex_octet(s + i + 1) : -1;

		if (c < 0) {
			buf_putc(out, s[i]);
			continue;
		}
		buf_putc(out, (char)c);
		i += 2;
	}
}

void content_plain(const struct content_line *l, size_t n, struct buf *out)
{
	if (content_encoding(l) == CONTENT_QP)
		content_qp_decode(l->value, MIN(n, l->value_len), out);
	else
		buf_put(out, l->value, MIN(n, l->value_len));
}

char *content_text(const struct content_line *l)
{
	struct buf utf8 = buf_of(SIZE_MAX);
	struct buf text = buf_of(SIZE_MAX);
	struct buf plain = buf_of(SIZE_MAX);

	content_plain(l, 4 * CONTENT_TEXT_MAX, &plain);
	content_unescape(buf_str(&plain), plain.len, &text);
	for (size_t i = 0; i < text.len && utf8.len < CONTENT_TEXT_MAX - 4;) {
		size_t k = utf8_next(buf_str(&text) + i, text.len - i, NULL);
		char latin[4];

		if (text.data[i] == '\0')
			buf_putc(&utf8, ' ');
		else if (k)
			buf_put(&utf8, text.data + i, k);
		else
			buf_put(&utf8, latin, utf8_put(text.data[i], latin));
		i += k ? k : 1;
	}
	buf_clear(&plain);
	buf_clear(&text);
	return buf_take(&utf8);
}

char *content_name_text(const struct content_line *l)
{
	size_t family = content_span(l->value, l->value_len, ';'), rest = family;
	struct content_line given = *l, last = *l;
	char *g, *f, *out;

	if (rest < l->value_len)
		rest++;
	given.value += rest;
	given.value_len = content_span(given.value, l->value_len - rest, ';');
	last.value_len = family;
	g = content_text(&given);
	f = content_text(&last);
	out = xasprintf("%s%s%s", g, *g && *f ? " " : "", f);
	free(g);
	free(f);
	return out;
}

bool content_is_main(const char *name, bool in_calendar, int depth)
{
	if (in_calendar)
		return depth == 1 && strcmp(name, "VTIMEZONE") != 0;
	return depth == 0 && strcmp(name, "VCALENDAR") != 0;
}

void content_without(const char *s, size_t n, const char *chars, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		if (!s[i] || !strchr(chars, s[i]))
			buf_putc(out, s[i]);
}

size_t content_span(const char *s, size_t n, char c)
{
	size_t i = 0;

	for (; i < n && s[i] != c; i++)
		if (s[i] == '\\' && i + 1 < n)
			i++;
	return i;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

bool content_is_whole(const char *head, size_t n, const char *tail, size_t m)
{
	size_t name = 0, bom = text_bom(head, n);

	head += bom;
	n -= bom;
	for (; n && is_blank(*head); n--)
		head++;
	while (m && is_blank(tail[m - 1]))
		m--;
	if (n < 7 || strncasecmp(head, "BEGIN:", 6) != 0)
		return false;
	while (6 + name < n && !is_blank(head[6 + name]))
		name++;
	if (!name || m < name + 4 || strncasecmp(tail + m - name, head + 6, name) != 0)
		return false;
	tail += m - name - 4;
	return strncasecmp(tail, "END:", 4) == 0 && (m == name + 4 || is_blank(tail[-1]));
}

int content_crlf(const void *p, size_t n,
        int (*write)(void *ctx, const void *p, size_t n, struct err *err), void *ctx,
        struct err *err)
{
	char out[CRLF_PIECE];
	const char *s = p;
	size_t len = 0;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		if (s[i] == '\r' || s[i] == '\n') {
			out[len++] = '\r';
			out[len++] = '\n';
			i += s[i] == '\r' && i + 1 < n && s[i + 1] == '\n';
		} else {
			out[len++] = s[i];
		}
		if (len > CRLF_PIECE - 2) {
			rc = write(ctx, out, len, err);
			len = 0;
		}
	}
	return rc == 0 && len ? write(ctx, out, len, err) : rc;
}
