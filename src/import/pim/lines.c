/* Content lines as they come in. */
#include <string.h>
#include <strings.h>
#include "import/pim/lines.h"
#include "valise/base/mem.h"

void pimlines_init(struct pim_lines *l, pim_line_fn *fn, void *ctx)
{
	memset(l, 0, sizeof *l);
	l->fn = fn;
	l->ctx = ctx;
	buf_init(&l->head, LINE_HEAD);
}

void pimlines_clear(struct pim_lines *l)
{
	buf_clear(&l->head);
}

static int give(struct pim_lines *l, struct err *err)
{
	struct pim_line line = {buf_str(&l->head), l->head.len, l->from, l->pos};
	int rc = 0;

	l->from = l->pos;
	l->ended = l->cr = l->soft = false;
	l->last = '\0';
	for (size_t i = 0; i < line.len; i++)
		if (line.text[i] != ' ' && line.text[i] != '\t') {
			rc = l->fn(l->ctx, &line, err);
			break;
		}
	buf_reset(&l->head);
	return rc;
}

/* Does the head say that a '=' at the end of the line goes on with it (vCard 2.1)? */
static bool is_quoted_printable(const struct pim_lines *l)
{
	const char *s = buf_str(&l->head), *colon = strchr(s, ':');
	const char *at = strcasestr(s, "QUOTED-PRINTABLE");

	return at && colon && at < colon;
}

/* What stands behind a line end. 1: the line goes on; 0: another octet; negative: an error. */
static int behind(struct pim_lines *l, const char *p, size_t *at, struct err *err)
{
	bool fold = (*p == ' ' || *p == '\t') && l->head.len;

	if (l->cr && *p == '\n') {
		l->cr = false;
		l->pos++;
		(*at)++;
		return 0;
	}
	if (l->soft || fold) {
		if (l->soft && l->head.len < LINE_HEAD)
			l->head.data[--l->head.len] = '\0';
		else if (!l->soft)
			(*at)++, l->pos++;
		l->ended = l->cr = l->soft = false;
		return 0;
	}
	return give(l, err);
}

int pimlines_add(struct pim_lines *l, const void *p, size_t n, struct err *err)
{
	const char *s = p;
	int rc = 0;

	for (size_t at = 0; at < n && rc == 0;) {
		size_t span;

		if (l->ended) {
			rc = behind(l, s + at, &at, err);
			continue;
		}
		span = n - at;
		for (size_t i = 0; i < 2; i++) {
			const char *end = memchr(s + at, i ? '\r' : '\n', span);

			span = end ? (size_t)(end - s) - at : span;
		}
		if (span) {
			(void)buf_fill(&l->head, s + at, span);
			l->last = s[at + span - 1];
		}
		at += span;
		l->pos += span;
		if (at < n) {
			l->ended = true;
			l->cr = s[at] == '\r';
			l->soft = l->last == '=' && l->head.len && is_quoted_printable(l);
			l->last = '\0';
			at++;
			l->pos++;
		}
	}
	return rc;
}

int pimlines_end(struct pim_lines *l, struct err *err)
{
	return l->pos > l->from ? give(l, err) : 0;
}

struct pim_name line_name(const struct pim_line *l)
{
	size_t n = strcspn(l->text, ";:");
	const char *dot = memchr(l->text, '.', n);
	size_t skip = dot ? (size_t)(dot - l->text) + 1 : 0;

	return (struct pim_name){l->text + skip, n - skip};
}

const char *line_value(const struct pim_line *l, size_t *n_out)
{
	bool quote = false;

	for (size_t i = 0; i < l->len; i++) {
		if (l->text[i] == '"')
			quote = !quote;
		if (l->text[i] != ':' || quote)
			continue;
		*n_out = l->len - i - 1;
		return l->text + i + 1;
	}
	*n_out = 0;
	return NULL;
}
