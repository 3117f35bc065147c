/* What our mboxes say of a message at the top of its header (mboxrd, RFC 4155). */
#include "valise/format/mbox.h"
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"

#define BASE "X-IMAPbase: "

void mbox_base_put(uint32_t uidvalidity, const char *keywords, struct buf *out)
{
	/* the last UID that was given: none */
	buf_putf(out, BASE "%u 0000000000 %s\n", uidvalidity, keywords);
}

void mbox_top_put(const struct mbox_top *top, struct buf *out)
{
	buf_putf(out, "Status: %sO\nX-Status: %s%s%s%s\nX-Keywords: ", top->seen ? "R" : "",
	        top->answered ? "A" : "", top->flagged ? "F" : "", top->deleted ? "D" : "",
	        top->draft ? "T" : "");
	buf_put(out, top->keywords, top->n_keywords);
	buf_putc(out, '\n');
}

/* The value of the next line, if it is this field; *p moves on. */
static bool take_field(
        const char **p, const char *end, const char *field, const char **value, size_t *n)
{
	size_t k = strlen(field);
	const char *lf = memchr(*p, '\n', (size_t)(end - *p));

	if (!lf || (size_t)(lf - *p) < k || memcmp(*p, field, k) != 0)
		return false;
	*value = *p + k;
	*n = (size_t)(lf - *value);
	*p = lf + 1;
	return true;
}

/* Letters of ${known} in its order, each at most once. */
static bool has_letters(const char *value, size_t n, const char *known, bool **flags)
{
	size_t at = 0;

	for (size_t i = 0; known[i]; i++)
		if (at < n && value[at] == known[i]) {
			*flags[i] = true;
			at++;
		}
	return at == n;
}

size_t mbox_top_read(const char *p, size_t n, struct mbox_top *out)
{
	const char *at = p, *end = p + n, *value;
	struct mbox_top top = {0};
	bool old = false, *status[] = {&top.seen, &old};
	bool *more[] = {&top.answered, &top.flagged, &top.deleted, &top.draft};
	size_t len;

	(void)take_field(&at, end, BASE, &value, &len);
	if (!take_field(&at, end, "Status: ", &value, &len) ||
	        !has_letters(value, len, "RO", status) || !old ||
	        !take_field(&at, end, "X-Status: ", &value, &len) ||
	        !has_letters(value, len, "AFDT", more) ||
	        !take_field(&at, end, "X-Keywords: ", &top.keywords, &top.n_keywords) ||
	        memchr(top.keywords, '\r', top.n_keywords))
		return 0;
	*out = top;
	return (size_t)(at - p);
}

bool mbox_is_field(const char *name, size_t n)
{
	static const char *const fields[] = {"Status", "X-Status", "X-Keywords", "X-IMAP",
	        "X-IMAPbase", "X-Mozilla-Status", "X-Mozilla-Status2", "X-Mozilla-Keys"};
	size_t k = strlen(MBOX_ORIGINAL);

	while (n > k && text_is(name, k, MBOX_ORIGINAL)) {
		name += k;
		n -= k;
	}
	for (size_t i = 0; i < COUNT(fields); i++)
		if (text_is(name, n, fields[i]))
			return true;
	return false;
}

bool mbox_is_quoted(const char *line, size_t n)
{
	size_t i = 0;

	while (i < n && line[i] == '>')
		i++;
	return i > 0 && n - i >= 5 && memcmp(line + i, "From ", 5) == 0;
}
