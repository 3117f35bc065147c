/* A body into a sink: opened with its first octet, an item only when it is whole. */
#include "valise/tree/intake.h"
#include <string.h>
#include "valise/format/header.h"

void intake_begin(struct intake *in, struct tree_sink *sink, enum coll_kind kind, size_t head_cap)
{
	*in = (struct intake){.sink = sink, .kind = kind};
	buf_init(&in->head, head_cap);
}

static int blame_sink(struct intake *in, int rc, struct err *err)
{
	if (rc == 0)
		return 0;
	in->failed = true;
	return err ? err_widen(err, ERR_WHOLE) : rc;
}

static int open_body(struct intake *in, struct err *err)
{
	int rc;

	buf_reset(&in->head);
	in->len = 0;
	rc = in->sink->ops->body_open(in->sink, in->kind, &in->body, err);
	if (rc < 0)
		in->body = NULL;
	return blame_sink(in, rc, err);
}

int intake_write(void *ctx, const void *p, size_t n, struct err *err)
{
	struct intake *in = ctx;
	int rc = in->body || n == 0 ? 0 : open_body(in, err);

	if (rc < 0 || n == 0)
		return rc;
	if (!in->dated)
		buf_fill(&in->head, p, n);
	in->len += n;
	return blame_sink(in, in->sink->ops->body_write(in->body, p, n, err), err);
}

void intake_drop(void *ctx)
{
	struct intake *in = ctx;

	if (in->body)
		in->sink->ops->body_abort(in->body);
	in->body = NULL;
	in->len = 0;
	buf_reset(&in->head);
}

void intake_clear(struct intake *in)
{
	if (!in->sink)
		return;
	intake_drop(in);
	buf_clear(&in->head);
	in->sink = NULL;
}

static void derive_date(const struct buf *head, struct tree_item *it)
{
	struct date d = {0};
	const char *source = NULL;

	it->warn |= WARN_DATE;
	if (header_arrival_date(buf_str(head), head->len, &d, &source)) {
		it->date_utc = d.utc;
		it->zone_min = d.zone_min;
	}
}

int intake_finish(struct intake *in, struct tree_item *it, unsigned told, struct err *err)
{
	struct tree_object o;
	int rc = in->body ? 0 : open_body(in, err);

	if (rc < 0)
		return rc;
	rc = in->sink->ops->body_close(in->body, &o, err);
	in->body = NULL;
	in->len = 0;
	if (rc < 0)
		return blame_sink(in, rc, err);
	if ((told & INTAKE_SIZE) && it->size != o.size)
		it->warn |= WARN_SIZE;
	if (o.has_nul)
		it->warn |= WARN_NUL;
	memcpy(it->sha256, o.sha256, sizeof it->sha256);
	it->size = o.size;
	if (in->kind == COLL_MAIL && !(told & INTAKE_DATE))
		derive_date(&in->head, it);
	return 0;
}
