/* Where a HYPERLINK field leads, for who has only its text. */
#include "outlook/rtf/internal.h"
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* A word or what stands between quotes, in which a backslash escapes. */
static const char *read_argument(const char *p, struct buf *out)
{
	buf_reset(out);
	if (*p != '"') {
		size_t n = strcspn(p, " \t\r\n");

		buf_fill(out, p, n);
		return p + n;
	}
	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && (p[1] == '\\' || p[1] == '"'))
			p++;
		buf_fill(out, p, 1);
	}
	return p + (*p == '"');
}

bool field_target(const struct buf *instruction, struct buf *target_out)
{
	const char *p = skip_blanks(buf_str(instruction));
	struct buf argument = buf_of(FIELD_SIZE);

	if (strncasecmp(p, "HYPERLINK", 9) != 0)
		return false;
	buf_reset(target_out);
	for (p = skip_blanks(p + 9); *p; p = skip_blanks(p)) {
		char letter = *p == '\\' ? p[1] : '\0';

		if (letter) /* \l "place in it", \o "tip", \t "frame"; \h, \m, \n have no argument
		             */
			p = skip_blanks(p + 2);
		if (letter && !strchr("lot", letter))
			continue;
		p = read_argument(p, &argument);
		if (letter == 'l' && argument.len > 0) {
			buf_fill(target_out, "#", 1);
			buf_fill(target_out, argument.data, argument.len);
		} else if (!letter && target_out->len == 0) {
			buf_fill(target_out, argument.data, argument.len);
		}
	}
	buf_clear(&argument);
	return target_out->len > 0;
}

static void strip(const char **s, size_t *n)
{
	static const char *const schemes[] = {"mailto:", "http://", "https://"};

	text_trim(s, n);
	for (size_t i = 0; i < COUNT(schemes); i++) {
		size_t len = strlen(schemes[i]);

		if (*n > len && strncasecmp(*s, schemes[i], len) == 0) {
			*s += len;
			*n -= len;
			break;
		}
	}
	if (*n > 0 && (*s)[*n - 1] == '/')
		(*n)--;
}

bool field_says(const char *text, size_t n, const struct buf *target)
{
	const char *t = buf_str(target);
	size_t n_t = target->len;

	if (n > 2 * n_t + 16)
		return false;
	strip(&text, &n);
	strip(&t, &n_t);
	return n == n_t && strncasecmp(text, t, n) == 0;
}
