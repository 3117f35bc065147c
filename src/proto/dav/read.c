/*
 * PROPFIND (RFC 4918 9.1), sync-collection (RFC 6578 3.2), calendar-multiget (RFC 4791
 * 7.9), addressbook-multiget (RFC 6352 8.7).
 */
#include "internal.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

static int run_one(struct http *h, struct dav_call *c, struct err *err)
{
	int rc = dav_call_one(h, c, err);

	return rc == 0 ? dav_call_refused(c, err) : rc;
}

static int propfind_body(const char *const *props, size_t n, struct buf *out, struct err *err)
{
	int rc = 0;

	dav_put_root(out, "D:propfind");
	buf_puts(out, "<D:prop>");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = dav_put_empty(out, props[i], err);
	buf_puts(out, "</D:prop>");
	return rc == 0 ? dav_put_end(out, "D:propfind", err) : rc;
}

int dav_propfind(struct http *h, const char *url, int depth, const char *const *props, size_t n,
        dav_response_fn fn, void *ctx, struct dav_answer *a, struct err *err)
{
	struct dav_call c;
	int rc;

	dav_call_init(&c, "PROPFIND", url, a);
	c.fn = fn;
	c.fn_ctx = ctx;
	c.rq.header[1] = depth ? "Depth: 1" : "Depth: 0";
	/* Nextcloud then tells subscriptions from calendars. */
	c.rq.header[2] = "X-NC-CalDAV-Webcal-Caching: Off";
	rc = propfind_body(props, n, &c.body, err);
	if (rc == 0)
		rc = run_one(h, &c, err);
	dav_call_clear(&c);
	return rc;
}

int dav_sync(struct http *h, const char *url, const char *token, dav_response_fn fn, void *ctx,
        struct dav_answer *a, struct err *err)
{
	struct dav_call c;
	int rc;

	dav_call_init(&c, "REPORT", url, a);
	c.fn = fn;
	c.fn_ctx = ctx;
	c.sync = true;
	c.rq.header[1] = "Depth: 0";
	dav_put_root(&c.body, "D:sync-collection");
	buf_puts(&c.body, "<D:sync-token>");
	rc = dav_put_text(&c.body, token, strlen(token), err);
	/* No limit: Nextcloud refuses one for the first time with a 507. */
	buf_puts(&c.body, "</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/>"
	                  "<D:getcontentlength/><D:resourcetype/></D:prop>");
	if (rc == 0)
		rc = dav_put_end(&c.body, "D:sync-collection", err);
	if (rc == 0)
		rc = run_one(h, &c, err);
	dav_call_clear(&c);
	return rc;
}

static int multiget_body(const struct dav_multiget *m, struct buf *out, struct err *err)
{
	const char *name = m->contacts ? "CR:addressbook-multiget" : "C:calendar-multiget";
	int rc = 0;

	dav_put_root(out, name);
	buf_puts(out, "<D:prop><D:getetag/>");
	if (m->version)
		buf_putf(out, "<CR:address-data content-type=\"text/vcard\" version=\"%s\"/>",
		        m->version);
	else
		buf_puts(out, m->contacts ? "<CR:address-data/>" : "<C:calendar-data/>");
	buf_puts(out, "</D:prop>");
	for (size_t i = 0; rc == 0 && i < m->n_hrefs; i++) {
		buf_puts(out, "<D:href>");
		rc = dav_put_text(out, m->hrefs[i], strlen(m->hrefs[i]), err);
		buf_puts(out, "</D:href>");
	}
	return rc == 0 ? dav_put_end(out, name, err) : rc;
}

/* Those whose body can be made come first in ${calls}; the rest has its error already. */
static size_t prepare_calls(struct dav_multiget *list, size_t n, dav_response_fn fn, void *ctx,
        struct dav_call *calls, size_t *of)
{
	size_t made = 0;

	for (size_t i = 0; i < n; i++) {
		struct dav_call *c = &calls[made];

		err_clear(&list[i].err);
		dav_call_init(c, "REPORT", list[i].url, &list[i].answer);
		c->fn = fn;
		c->fn_ctx = ctx;
		c->verbatim = true;
		c->rq.header[1] = list[i].contacts ? "Depth: 0" : "Depth: 1";
		if (multiget_body(&list[i], &c->body, &list[i].err) == 0)
			of[made++] = i;
		else
			dav_call_clear(c);
	}
	return made;
}

int dav_multiget_run(struct http *h, struct dav_multiget *list, size_t n, unsigned parallel,
        dav_response_fn fn, void *ctx, struct err *err)
{
	struct dav_call *calls = xcalloc(n ? n : 1, sizeof *calls);
	size_t *of = xcalloc(n ? n : 1, sizeof *of);
	size_t made = prepare_calls(list, n, fn, ctx, calls, of);
	int rc = dav_call_run(h, calls, made, parallel, err);

	for (size_t i = 0; i < made; i++) {
		struct dav_multiget *m = &list[of[i]];

		m->err = calls[i].err;
		if (!m->err.code)
			(void)dav_call_refused(&calls[i], &m->err);
		dav_call_clear(&calls[i]);
	}
	free(calls);
	free(of);
	return rc;
}
