/* Resources by GET: the one machine, whoever takes the octets. */
#include <stdlib.h>
#include <strings.h>
#include "internal.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include "valise/proto/dav/client.h"

/* A body begins, or begins again. */
static int begin_body(void *ctx, const struct http_response *rs, struct err *err)
{
	struct dav_get *g = ctx;

	(void)err;
	free(g->etag);
	g->etag = xstrdup(rs->etag);
	g->is_html = rs->content_type && strncasecmp(rs->content_type, "text/html", 9) == 0;
	if (g->into)
		buf_reset(g->into);
	else
		g->restart(g->ctx);
	return 0;
}

/* Octets of the body, into the buffer or to write(). */
static int take_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	struct dav_get *g = ctx;
	int rc = stop_check(err);

	if (rc < 0)
		return rc;
	if (!g->into)
		return g->write(g->ctx, p, n, err);
	return buf_add(g->into, p, n) == 0
	               ? 0
	               : err_set(err, ERR_LIMIT, ERR_ITEM, "it is larger than %zu MiB",
	                         g->into->cap >> 20);
}

static void end_get(struct http_request *rq, const struct http_response *rs, const char *error_body,
        const struct err *err)
{
	struct dav_get *g = rq->ctx;

	(void)error_body;
	g->status = rs->status;
	g->err = *err;
	if (g->done)
		g->done(g->ctx);
}

int dav_get_run(struct http *h, struct dav_get *list, size_t n, unsigned parallel, struct err *err)
{
	struct http_request *rq = xcalloc(n ? n : 1, sizeof *rq);
	int rc;

	for (size_t i = 0; i < n; i++)
		rq[i] = (struct http_request){.method = "GET",
		        .url = list[i].url,
		        .header = {list[i].accept},
		        .max_response = list[i].max,
		        .link = list[i].link,
		        .identity = true,
		        .begin = begin_body,
		        .body_fn = take_octets,
		        .done = end_get,
		        .ctx = &list[i]};
	rc = n ? http_run(h, rq, n, parallel, err) : 0;
	free(rq);
	return rc;
}

void dav_get_clear(struct dav_get *g)
{
	free(g->etag);
	g->etag = NULL;
}
