/* The client of a DAV server, and OPTIONS (RFC 4918 10.1). */
#include "valise/proto/dav/client.h"
#include <stdlib.h>
#include "internal.h"
#include "valise/base/mem.h"

int dav_open(const struct service *service, enum guard_role role, struct progress *progress,
        struct http **out, struct err *err)
{
	return http_open(service, role, progress, out, err);
}

int dav_open_beside(struct http *first, struct http **out, struct err *err)
{
	return http_open_beside(first, out, err);
}

void dav_close(struct http *h)
{
	http_close(h);
}

/* Join the DAV field of one answer to the others. */
static void add_announced(struct http_request *rq, const struct http_response *rs,
        const char *error_body, const struct err *err)
{
	char **dav = rq->ctx, *before = *dav;

	(void)error_body;
	if (err->code || rs->status >= 400 || !rs->dav)
		return;
	*dav = before ? xasprintf("%s, %s", before, rs->dav) : xstrdup(rs->dav);
	free(before);
}

int dav_options(struct http *h, const char *const *urls, size_t n, char **out, struct err *err)
{
	struct http_request *list = xcalloc(n ? n : 1, sizeof *list);
	int rc;

	*out = NULL;
	for (size_t i = 0; i < n; i++)
		list[i] = (struct http_request){
		        .method = "OPTIONS", .url = urls[i], .done = add_announced, .ctx = out};
	rc = http_run(h, list, n, 0, err);
	free(list);
	return rc;
}
