/* Content lines as they come in. */
#include <string.h>
#include "import/pim/lines.h"
#include "valise/base/mem.h"

void pimlines_init(struct pim_lines *l, pim_line_fn *fn, void *ctx)
{
	memset(l, 0, sizeof *l);
	l->fn = fn;
	l->ctx = ctx;
	l->parser = content_parser_new();
	buf_init(&l->head, LINE_HEAD);
}

void pimlines_clear(struct pim_lines *l)
{
	buf_clear(&l->head);
	content_parser_free(l->parser);
}

static int give(struct pim_lines *l, struct err *err)
{
	const char *s = buf_str(&l->head);
	size_t n = l->head.len;
	struct pim_line line = {.first = *s, .cut = l->cut, .from = l->from, .to = l->pos};
	struct content_line c;
	int rc = 0;

	l->from = l->pos;
	l->ended = l->cr = l->soft = l->cut = l->folded = l->soft_ends = false;
	l->last = '\0';
	for (size_t i = 0; i < n; i++)
		if (s[i] != ' ' && s[i] != '\t') {
			line.c = content_parse(l->parser, s, n, &c) ? &c : NULL;
			rc = l->fn(l->ctx, &line, err);
			break;
		}
	buf_reset(&l->head);
	return rc;
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
		if (l->soft && !l->cut)
			l->head.data[--l->head.len] = '\0';
		else if (!l->soft)
			(*at)++, l->pos++;
		l->ended = l->cr = l->soft = false;
		l->folded = true;
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
			l->cut |= buf_fill(&l->head, s + at, span) < span;
			l->last = s[at + span - 1];
		}
		at += span;
		l->pos += span;
		if (at < n) {
			l->ended = true;
			l->cr = s[at] == '\r';
			/* What it is stands before its first end. */
			if (!l->folded)
				l->soft_ends = content_soft_ends(buf_str(&l->head), l->head.len);
			l->soft = l->last == '=' && l->soft_ends;
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

bool line_is(const struct pim_line *l, const char *name)
{
	return l->c && strcmp(l->c->name, name) == 0;
}
