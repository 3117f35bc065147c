/*
 * The body of an answer: PROCESSING, PENDING and DONE, each a line, further fields, a
 * blank line, octets (MS-OXCMAPIHTTP 2.2.2.2 and 2.2.7).
 */
#include "wire.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <string.h>
#include <strings.h>

enum {
	LINE_MAX_OCTETS = 8192,
	PENDING_MAX = 100000, /* weeks of them, at one each 15 s */
};

void mapi_body_init(struct mapi_body *b)
{
	memset(b, 0, sizeof *b);
	buf_init(&b->line, LINE_MAX_OCTETS);
	buf_init(&b->octets, MAPI_ANSWER_MAX);
	b->response_code = -1;
}

void mapi_body_reset(struct mapi_body *b)
{
	struct buf line = b->line, octets = b->octets;

	buf_reset(&line);
	buf_reset(&octets);
	*b = (struct mapi_body){.line = line, .octets = octets, .response_code = -1};
}

void mapi_body_clear(struct mapi_body *b)
{
	buf_clear(&b->line);
	buf_clear(&b->octets);
}

const char *mapi_field(const char *line, size_t n, const char *name, size_t *n_out)
{
	size_t len = strlen(name);

	if (n <= len || strncasecmp(line, name, len) != 0 || line[len] != ':')
		return NULL;
	line += len + 1;
	n -= len + 1;
	text_trim(&line, &n);
	*n_out = n;
	return line;
}

int mapi_field_number(const char *value, size_t n)
{
	return n && n <= 9 ? text_number(value, n) : -1;
}

/* A line, without its end. */
static int take_line(struct mapi_body *b, struct err *err)
{
	const char *line = buf_str(&b->line), *value;
	size_t n = b->line.len;

	if (b->at == MAPI_BODY_LINES && strcmp(line, "PENDING") == 0) {
		b->prelude = 0;
		return ++b->pending <= PENDING_MAX
		               ? 0
		               : err_set(err, ERR_LIMIT, ERR_ITEM,
		                         "the server says PENDING without an end");
	}
	if (b->at == MAPI_BODY_LINES) {
		if (strcmp(line, "DONE") == 0)
			b->at = MAPI_BODY_FIELDS;
		else if (strcmp(line, "PROCESSING") != 0)
			return err_set(err, ERR_PROTO, ERR_ITEM,
			        "the answer is none of MAPI over HTTP: it has \"%.60s\" before "
			        "DONE",
			        line);
		return 0;
	}
	if (!n)
		b->at = MAPI_BODY_OCTETS;
	value = mapi_field(line, n, "X-ResponseCode", &n);
	if (value)
		b->response_code = mapi_field_number(value, n);
	return 0;
}

/* Up to the next end of a line; *used: how much of it was taken. */
static int take_text(struct mapi_body *b, const char *p, size_t n, size_t *used, struct err *err)
{
	const char *end = memchr(p, '\n', n);
	size_t len = end ? (size_t)(end - p) : n;
	int rc;

	*used = len + (end != NULL);
	b->prelude += *used;
	if (b->prelude > MAPI_PRELUDE_MAX || buf_add(&b->line, p, len) != 0)
		return err_set(
		        err, ERR_LIMIT, ERR_ITEM, "what is before the answer's octets is too long");
	if (!end)
		return 0;
	if (b->line.len && b->line.data[b->line.len - 1] == '\r')
		b->line.data[--b->line.len] = '\0';
	rc = take_line(b, err);
	buf_reset(&b->line);
	return rc;
}

int mapi_body_feed(struct mapi_body *b, const void *data, size_t n, struct err *err)
{
	const char *p = data;
	size_t used;

	while (n && b->at != MAPI_BODY_OCTETS) {
		int rc = take_text(b, p, n, &used, err);

		if (rc < 0)
			return rc;
		p += used;
		n -= used;
	}
	if (buf_add(&b->octets, p, n) != 0)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "the answer is longer than %d MiB",
		        MAPI_ANSWER_MAX >> 20);
	return 0;
}

int mapi_body_end(const struct mapi_body *b, struct err *err)
{
	if (b->at == MAPI_BODY_OCTETS)
		return 0;
	return err_set(err, ERR_PROTO, ERR_ITEM, "the answer ends before %s",
	        b->at == MAPI_BODY_LINES ? "DONE" : "its octets");
}
