/* Lines of text: LF at their ends, and those of format=flowed put together (RFC 3676). */
#include "mime/internal.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

enum { OUT_SIZE = 8192 };

struct mime_plain {
	struct mime_step to;
	bool flowed, delsp;
	char out[OUT_SIZE];
	size_t n;
	bool cr; /* the octet before was one */
	/* of a flowed line: */
	enum { QUOTES, STUFFING, TEXT } at;
	unsigned quotes, quotes_before;
	bool joins; /* the line before flows into this one */
	size_t column; /* of its text */
	bool dashes, blank; /* it is "--" so far; its last octet is a blank, not given yet */
};

struct mime_plain *mime_plain_new(bool flowed, bool delsp, struct mime_step to)
{
	struct mime_plain *t = xcalloc(1, sizeof *t);

	t->to = to;
	t->flowed = flowed;
	t->delsp = delsp;
	return t;
}

void mime_plain_free(struct mime_plain *t)
{
	free(t);
}

static int flush(struct mime_plain *t, struct err *err)
{
	size_t n = t->n;

	t->n = 0;
	return n > 0 ? t->to.write(t->to.ctx, t->out, n, err) : 0;
}

static int put(struct mime_plain *t, char c, struct err *err)
{
	int rc = t->n == sizeof t->out ? flush(t, err) : 0;

	t->out[t->n++] = c;
	return rc;
}

/* The quotes of the line are known. */
static int begin_line(struct mime_plain *t, struct err *err)
{
	bool goes_on = t->joins && t->quotes == t->quotes_before;
	int rc = t->joins && !goes_on ? put(t, '\n', err) : 0;

	for (unsigned i = 0; i < t->quotes && !goes_on && rc == 0; i++)
		rc = put(t, '>', err);
	if (t->quotes > 0 && !goes_on && rc == 0)
		rc = put(t, ' ', err);
	t->joins = false;
	t->column = 0;
	t->blank = false;
	t->at = TEXT;
	return rc;
}

static int end_flowed_line(struct mime_plain *t, struct err *err)
{
	int rc = t->at == TEXT ? 0 : begin_line(t, err);
	bool signature = t->column == 3 && t->dashes;

	if (t->blank && (signature || !t->delsp) && rc == 0)
		rc = put(t, ' ', err);
	t->joins = t->blank && !signature;
	t->quotes_before = t->quotes;
	t->quotes = 0;
	t->at = QUOTES;
	t->blank = false;
	return t->joins || rc != 0 ? rc : put(t, '\n', err);
}

static int take_flowed(struct mime_plain *t, char c, struct err *err)
{
	int rc = 0;

	if (c == '\n')
		return end_flowed_line(t, err);
	if (t->at == QUOTES && c == '>') {
		t->quotes++;
		return 0;
	}
	if (t->at != TEXT) {
		rc = begin_line(t, err);
		if (c == ' ') /* stuffed */
			return rc;
	}
	if (t->blank && rc == 0)
		rc = put(t, ' ', err);
	t->dashes = t->column == 0 ? c == '-' : t->dashes && c == (t->column == 2 ? ' ' : '-');
	t->column += t->column < 4;
	t->blank = c == ' ';
	return t->blank || rc != 0 ? rc : put(t, c, err);
}

int mime_plain_write(void *plain, const void *octets, size_t n, struct err *err)
{
	struct mime_plain *t = plain;
	const char *p = octets;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		char c = p[i] == '\r' ? '\n' : p[i];

		if (!(p[i] == '\n' && t->cr))
			rc = t->flowed ? take_flowed(t, c, err) : put(t, c, err);
		t->cr = p[i] == '\r';
	}
	return rc;
}

int mime_plain_end(struct mime_plain *t, struct err *err)
{
	int rc = 0;

	if (t->flowed && (t->joins || t->at == TEXT || t->quotes > 0))
		rc = t->joins && t->at == QUOTES && t->quotes == 0 ? put(t, '\n', err)
		                                                   : end_flowed_line(t, err);
	return rc != 0 ? rc : flush(t, err);
}
