/* A message with its winmail.dat opened: octets between, and parts in its place (RFC 2046). */
#include "winmail/internal.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"

enum { OPENED_MAX = 100, HEADER_MAX = 1 << 20, LINE_OCTETS = 57 };

bool winmail_is(const struct mime_part *p)
{
	if (p->multipart || p->message)
		return false;
	return strcmp(p->type, "application/ms-tnef") == 0 ||
	       strcmp(p->type, "application/vnd.ms-tnef") == 0 ||
	       (p->name && strcasecmp(p->name, "winmail.dat") == 0);
}

bool winmail_in(const struct mime_message *m)
{
	const struct mime_part *parts;
	size_t n = mime_parts(m, &parts);

	for (size_t i = 0; i < n; i++)
		if (winmail_is(&parts[i]))
			return true;
	return false;
}

struct opener {
	struct mime_message *m;
	const struct winmail_to *to;
	bool lf; /* its lines end in LF alone, and so will all that is put in */
	bool cr; /* that was held back */
	struct buf text; /* of the message */
};

/* What is put in: with the line ends of the message. */
static int put(void *ctx, const void *p, size_t n, struct err *err)
{
	struct opener *o = ctx;
	const char *s = p, *end = s + n;
	int rc = 0;

	if (!o->lf)
		return o->to->write(o->to->ctx, p, n, err);
	while (s < end && rc == 0) {
		const char *cr = memchr(s, '\r', (size_t)(end - s)), *to = cr ? cr : end;

		if (o->cr && *s != '\n')
			rc = o->to->write(o->to->ctx, "\r", 1, err);
		o->cr = cr != NULL;
		if (rc == 0 && to > s)
			rc = o->to->write(o->to->ctx, s, (size_t)(to - s), err);
		s = cr ? cr + 1 : end;
	}
	return rc;
}

static int puts_to(struct opener *o, const char *text, struct err *err)
{
	return put(o, text, strlen(text), err);
}

/* ---- the header ---- */

static int to_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	return buf_add(ctx, p, n) < 0
	               ? err_set(err, ERR_LIMIT, ERR_ITEM, "a header that is too long")
	               : 0;
}

/* The fields of a message's header but those that say what it holds; without the empty line. */
static int put_fields(struct opener *o, const struct mime_part *p, struct err *err)
{
	struct buf head = buf_of(HEADER_MAX);
	int rc = mime_octets(o->m, p->head, p->body, to_buf, &head, err);
	const char *s = buf_str(&head), *end = s + head.len;
	bool left_out = false;

	while (rc == 0 && s < end) {
		const char *lf = memchr(s, '\n', (size_t)(end - s)), *next = lf ? lf + 1 : end;

		if (*s == '\r' || *s == '\n')
			break;
		if (*s != ' ' && *s != '\t')
			left_out = strncasecmp(s, "Content-", 8) == 0;
		if (!left_out)
			rc = o->to->write(o->to->ctx, s, (size_t)(next - s), err);
		s = next;
	}
	buf_clear(&head);
	return rc;
}

/* Is part ${i} all that a message holds? */
static bool is_whole(const struct mime_part *parts, size_t i)
{
	return i == 0 || (parts[i - 1].message && parts[i].depth == parts[i - 1].depth + 1);
}

/* ---- what is put in ---- */

/* The parts of the message that was in it: what follows the text, and that. */
struct pieces {
	size_t list[MIME_PARTS_MAX], n;
	bool mixed; /* they are the parts of its multipart/mixed; else it is one */
};

static bool is_text(const struct mime_part *p)
{
	return !p->attachment && !p->message &&
	       (strncmp(p->type, "text/", 5) == 0 || strcmp(p->type, "multipart/alternative") == 0);
}

/* Has the text something that plain text has not: a picture, HTML, an invitation? */
static bool is_more_than_plain(const struct mime_part *parts, size_t n, size_t i)
{
	unsigned depth = parts[i].depth;

	do {
		if (!parts[i].multipart && strcmp(parts[i].type, "text/plain") != 0)
			return true;
		i++;
	} while (i < n && parts[i].depth > depth);
	return false;
}

/* Does the message say already what this text says? */
static int is_said(struct opener *o, struct mime_message *in, const struct mime_part *parts,
        size_t n, size_t i, bool *out, struct err *err)
{
	struct buf text = buf_of(WINMAIL_TEXT_MAX);
	int rc = 0;

	*out = false;
	if (is_text(&parts[i]) && !is_more_than_plain(parts, n, i)) {
		rc = winmail_text(in, &text, err);
		*out = rc == 0 &&
		       (text.len == 0 || (text.len == o->text.len &&
		                                 memcmp(text.data, o->text.data, text.len) == 0));
	}
	buf_clear(&text);
	return rc;
}

static int choose(struct opener *o, struct mime_message *in, struct pieces *out, struct err *err)
{
	const struct mime_part *parts;
	size_t n = mime_parts(in, &parts), first;
	bool said;
	int rc;

	out->n = 0;
	out->mixed = strcmp(parts[0].type, "multipart/mixed") == 0;
	for (size_t i = 0; i < n; i++)
		if (out->mixed ? parts[i].depth == 1 : i == 0)
			out->list[out->n++] = i;
	if (out->n == 0)
		return 0;
	first = out->list[0];
	rc = is_said(o, in, parts, n, first, &said, err);
	if (said)
		memmove(out->list, out->list + 1, --out->n * sizeof *out->list);
	return rc;
}

/* A part as it stands there; of the message itself its own fields stay away. */
static int put_piece(struct opener *o, struct mime_message *in, size_t i, struct err *err)
{
	const struct mime_part *parts;
	struct buf head = buf_of(HEADER_MAX);
	bool kept = false;
	const char *s, *end;
	int rc;

	mime_parts(in, &parts);
	if (i > 0) {
		buf_clear(&head);
		return mime_octets(in, parts[i].head, parts[i].end, put, o, err);
	}
	rc = mime_octets(in, parts[0].head, parts[0].body, to_buf, &head, err);
	for (s = buf_str(&head), end = s + head.len; rc == 0 && s < end;) {
		const char *lf = memchr(s, '\n', (size_t)(end - s)), *next = lf ? lf + 1 : end;

		if (*s != ' ' && *s != '\t')
			kept = strncasecmp(s, "Content-", 8) == 0;
		if (kept)
			rc = put(o, s, (size_t)(next - s), err);
		s = next;
	}
	buf_clear(&head);
	if (rc == 0)
		rc = puts_to(o, "\r\n", err);
	return rc ? rc : mime_octets(in, parts[0].body, parts[0].end, put, o, err);
}

/* Octets in lines of base64. */
struct coder {
	struct opener *o;
	uint8_t line[LINE_OCTETS];
	size_t n;
};

static int end_line(struct coder *c, struct err *err)
{
	char *text = base64_encode(c->line, c->n);
	int rc = c->n ? puts_to(c->o, text, err) : 0;

	free(text);
	if (rc == 0 && c->n)
		rc = puts_to(c->o, "\r\n", err);
	c->n = 0;
	return rc;
}

static int code(void *ctx, const void *p, size_t n, struct err *err)
{
	struct coder *c = ctx;
	const uint8_t *octets = p;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		c->line[c->n++] = octets[i];
		if (c->n == LINE_OCTETS)
			rc = end_line(c, err);
	}
	return rc;
}

/* An event or a card. */
static int put_object(struct opener *o, struct winmail_item *it, struct err *err)
{
	char *head = xasprintf("Content-Type: %s; charset=utf-8\r\n"
	                       "Content-Disposition: attachment; filename=\"%s\"\r\n"
	                       "Content-Transfer-Encoding: base64\r\n\r\n",
	        it->type, it->name);
	struct coder c = {.o = o};
	struct mime_message *raw = NULL;
	int rc = mime_spool_open(it->spool, &raw, err);

	if (rc == 0)
		rc = puts_to(o, head, err);
	if (rc == 0)
		rc = mime_octets(raw, 0, UINT64_MAX, code, &c, err);
	if (rc == 0)
		rc = end_line(&c, err);
	mime_free(raw);
	free(head);
	return rc;
}

static int put_mark(struct opener *o, const char *mark, const char *end, struct err *err)
{
	char *text = xasprintf("\r\n--winmail-%s%s\r\n", mark, end);
	int rc = puts_to(o, text, err);

	free(text);
	return rc;
}

static int put_pieces(struct opener *o, struct winmail_item *it, struct err *err)
{
	struct pieces *p = xcalloc(1, sizeof *p);
	int rc = it->message ? choose(o, it->message, p, err) : 0;

	for (size_t k = 0; k < p->n && rc == 0; k++) {
		rc = put_mark(o, it->mark, "", err);
		if (rc == 0)
			rc = put_piece(o, it->message, p->list[k], err);
	}
	if (rc == 0 && p->n == 0)
		rc = put_mark(o, it->mark, "", err);
	if (rc == 0 && p->n == 0 && it->message) /* a multipart has at least one part */
		rc = puts_to(o, "Content-Type: text/plain; charset=us-ascii\r\n\r\n", err);
	if (rc == 0 && !it->message)
		rc = put_object(o, it, err);
	free(p);
	return rc ? rc : put_mark(o, it->mark, "--", err);
}

static int replace(struct opener *o, size_t i, struct winmail_item *it, struct err *err)
{
	const struct mime_part *parts;
	char *head =
	        xasprintf("Content-Type: multipart/mixed; boundary=\"winmail-%s\"\r\n", it->mark);
	int rc = 0;

	mime_parts(o->m, &parts);
	if (is_whole(parts, i))
		rc = put_fields(o, &parts[i], err);
	if (rc == 0)
		rc = puts_to(o, head, err);
	if (rc == 0)
		rc = put_pieces(o, it, err);
	if (rc == 0 && o->cr)
		rc = o->to->write(o->to->ctx, "\r", 1, err);
	o->cr = false;
	free(head);
	return rc;
}

/* ---- the message ---- */

static int first_line(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_fill(ctx, p, n);
	return 0;
}

/* Its line ends, and its text. */
static int look(struct opener *o, struct err *err)
{
	struct buf start = buf_of(1000);
	const char *lf;
	int rc = mime_octets(o->m, 0, start.cap, first_line, &start, err);

	lf = memchr(start.data, '\n', start.len);
	o->lf = lf && (lf == buf_str(&start) || lf[-1] != '\r');
	buf_clear(&start);
	return rc ? rc : winmail_text(o->m, &o->text, err);
}

int winmail_open(
        struct mime_message *m, const struct winmail_to *to, unsigned *opened_out, struct err *err)
{
	struct opener o = {.m = m, .to = to, .text = buf_of(WINMAIL_TEXT_MAX)};
	const struct mime_part *parts;
	size_t n = mime_parts(m, &parts);
	uint64_t at = 0;
	int rc = look(&o, err);

	*opened_out = 0;
	for (size_t i = 0; i < n && rc == 0 && *opened_out < OPENED_MAX; i++) {
		struct winmail_item it = {0};
		bool is = false;

		if (!winmail_is(&parts[i]) || parts[i].body - parts[i].head > HEADER_MAX)
			continue;
		rc = winmail_read(m, i, to, &it, &is, err);
		if (rc == 0 && is) {
			rc = mime_octets(m, at, parts[i].head, to->write, to->ctx, err);
			if (rc == 0)
				rc = replace(&o, i, &it, err);
			at = parts[i].end;
			++*opened_out;
		}
		winmail_clear(&it);
	}
	if (rc == 0)
		rc = mime_octets(m, at, UINT64_MAX, to->write, to->ctx, err);
	buf_clear(&o.text);
	return rc;
}
