/* A message out of a file into a box, its line ends as IMAP has them. */
#include <stdlib.h>
#include <string.h>
#include "import/mail/mail.h"
#include "valise/base/mem.h"

enum { ROOM = 65536 };

void mail_begin(struct mail_out *o, struct import_box *b)
{
	*o = (struct mail_out){.box = b, .in_head = true, .at_start = true, .room = xmalloc(ROOM)};
	buf_init(&o->head, MAIL_HEAD_MAX);
}

void mail_clear(struct mail_out *o)
{
	buf_clear(&o->head);
	free(o->room);
}

static void begin_next(struct mail_out *o)
{
	buf_reset(&o->head);
	o->in_head = o->at_start = true;
	o->made_lines = o->after_cr = o->as_it_is = o->told = false;
	o->len = 0;
	o->n = 0;
}

static int flush_room(struct mail_out *o, struct err *err)
{
	size_t n = o->n;

	o->n = 0;
	return n ? box_write(o->box, o->room, n, err) : 0;
}

static int add(struct mail_out *o, const char *p, size_t n, struct err *err)
{
	int rc = 0;

	o->len += n;
	while (n > 0 && rc == 0) {
		size_t k = MIN(n, ROOM - o->n);

		memcpy(o->room + o->n, p, k);
		o->n += k;
		p += k;
		n -= k;
		if (o->n == ROOM)
			rc = flush_room(o, err);
	}
	return rc;
}

/* The header is over with the first empty line. */
static void see_head(struct mail_out *o, const char *p, size_t n)
{
	if (o->at_start && (*p == '\n' || (n > 1 && p[0] == '\r' && p[1] == '\n')))
		o->in_head = false;
	else
		buf_fill(&o->head, p, n);
}

static int put_line(struct mail_out *o, const char *p, size_t n, struct err *err)
{
	bool ends = p[n - 1] == '\n', has_cr = n > 1 ? p[n - 2] == '\r' : o->after_cr;
	int rc;

	if (o->in_head)
		see_head(o, p, n);
	o->at_start = ends;
	o->after_cr = p[n - 1] == '\r';
	if (ends && !o->told) {
		o->told = true;
		o->as_it_is = has_cr;
	}
	if (!ends || has_cr || o->as_it_is)
		return add(o, p, n, err);
	o->made_lines = true;
	rc = add(o, p, n - 1, err);
	return rc ? rc : add(o, "\r\n", 2, err);
}

int mail_out_put(struct mail_out *o, const char *p, size_t n, struct err *err)
{
	int rc = 0;

	while (n > 0 && rc == 0) {
		const char *end = memchr(p, '\n', n);
		size_t k = end ? (size_t)(end - p) + 1 : n;

		rc = put_line(o, p, k, err);
		p += k;
		n -= k;
	}
	return rc;
}

int mail_end_as(struct mail_out *o, struct import_item *it, struct err *err)
{
	int rc = flush_room(o, err);

	it->warn |= o->made_lines ? WARN_LINES : 0;
	if (rc == 0)
		rc = box_item(o->box, it, err);
	begin_next(o);
	return rc;
}

int mail_end(struct mail_out *o, struct import_item *it, struct err *err)
{
	struct mail_status s;
	char *words = NULL;
	int rc;

	mail_status_read(buf_str(&o->head), o->head.len, &s);
	it->flags |= s.flags;
	if (s.keywords) {
		words = xasprintf("%s%s%s", it->keywords ? it->keywords : "",
		        it->keywords ? " " : "", s.keywords);
		it->keywords = words;
	}
	rc = mail_end_as(o, it, err);
	mail_status_clear(&s);
	free(words);
	return rc;
}

void mail_drop(struct mail_out *o)
{
	box_drop(o->box);
	begin_next(o);
}
