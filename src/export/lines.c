/* CRLF to LF, and what an mbox wants besides (mboxrd). */
#include "lines.h"
#include <string.h>
#include "valise/base/mem.h"
#include "valise/format/mbox.h"

static const char from[] = "From ";

static int put(struct lines *l, const void *p, size_t n, struct err *err)
{
	return n ? l->write(l->ctx, p, n, err) : 0;
}

static int put_crs(struct lines *l, struct err *err)
{
	int rc = 0;

	for (; l->cr > 0 && rc == 0; l->cr--)
		rc = put(l, "\r", 1, err);
	return rc;
}

/* What is held of the line's beginning, with what it needs before it. */
static int put_name(struct lines *l, struct err *err)
{
	bool is_from =
	        l->mbox && l->n_name == strlen(from) && memcmp(l->name, from, l->n_name) == 0;
	int rc = is_from ? put(l, ">", 1, err) : 0;

	for (; l->quotes > 0 && rc == 0; l->quotes--)
		rc = put(l, ">", 1, err);
	if (rc == 0 && l->state == LINES_FIELD && mbox_is_field(l->name, l->n_name)) {
		l->seen |= LINES_RENAMED;
		rc = put(l, MBOX_ORIGINAL, strlen(MBOX_ORIGINAL), err);
	}
	if (rc == 0)
		rc = put(l, l->name, l->n_name, err);
	l->n_name = 0;
	l->state = LINES_REST;
	return rc;
}

/*
 * May ${c} go on with what is held: '>' and "From ", or the name of a field? It is taken, or what
 * is held is written first.
 */
static bool goes_on(struct lines *l, char c)
{
	if (l->state == LINES_START && c == '>' && l->n_name == 0) {
		l->quotes++;
		return true;
	}
	if (l->state == LINES_START && l->n_name < strlen(from) && c == from[l->n_name]) {
		l->name[l->n_name++] = c;
		return true;
	}
	if (l->state == LINES_START && (l->in_body || l->quotes || l->n_name))
		return false;
	if (c <= ' ' || c == ':' || c == 127 || l->n_name == MBOX_FIELD_MAX)
		return false;
	l->state = LINES_FIELD;
	l->name[l->n_name++] = c;
	return true;
}

static int end_line(struct lines *l, struct err *err)
{
	int rc = l->state == LINES_REST ? 0 : put_name(l, err);

	if (l->cr != 1)
		l->seen |= LINES_NOT_CRLF;
	l->cr -= l->cr > 0;
	if (rc == 0)
		rc = put_crs(l, err);
	l->in_body |= l->empty;
	l->empty = true;
	l->state = LINES_START;
	return rc == 0 ? put(l, "\n", 1, err) : rc;
}

/* The next octets, without LF; *took: how many. */
static int add_text(struct lines *l, const char *p, size_t n, size_t *took, struct err *err)
{
	const char *cr = l->state == LINES_REST ? memchr(p, '\r', n) : p;
	int rc = 0;

	*took = 1;
	if (*p == '\r') {
		if (l->state != LINES_REST)
			rc = put_name(l, err);
		l->cr++;
		return rc;
	}
	l->empty = false;
	rc = put_crs(l, err);
	if (rc != 0)
		return rc;
	if (l->state != LINES_REST) {
		if (l->mbox && goes_on(l, *p))
			return 0;
		rc = put_name(l, err);
		cr = rc == 0 ? memchr(p, '\r', n) : p;
	}
	*took = cr ? (size_t)(cr - p) : n;
	return rc == 0 ? put(l, p, *took, err) : rc;
}

int export_lines_add(struct lines *l, const void *p, size_t n, struct err *err)
{
	const char *at = p, *end = at + n;
	int rc = 0;

	if (n > 0 && !l->any) {
		l->empty = l->any = true;
		l->seen |= *at == ' ' || *at == '\t' ? LINES_BLANK_FIRST : 0;
	}
	while (at < end && rc == 0) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		const char *stop = lf ? lf : end;

		while (at < stop && rc == 0) {
			size_t took;

			rc = add_text(l, at, (size_t)(stop - at), &took, err);
			at += took;
		}
		if (lf && rc == 0) {
			rc = end_line(l, err);
			at = lf + 1;
		}
	}
	return rc;
}

int export_lines_end(struct lines *l, struct err *err)
{
	bool open = l->any && !(l->state == LINES_START && l->empty && l->cr == 0);
	int rc = l->state == LINES_REST ? 0 : put_name(l, err);

	if (open)
		l->seen |= LINES_NO_END;
	if (rc == 0)
		rc = put_crs(l, err);
	if (rc == 0 && l->mbox && open)
		rc = put(l, "\n", 1, err);
	return rc == 0 && l->mbox ? put(l, "\n", 1, err) : rc;
}
