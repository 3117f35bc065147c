/*
 * MKCALENDAR (RFC 4791 5.3.1), MKCOL (RFC 4918 9.3, extended: RFC 5689), PROPPATCH (RFC
 * 4918 9.2).
 */
#include "internal.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

static int put_text(struct buf *out, const char *s, struct err *err)
{
	return buf_adds(out, s) == 0 ? 0
	                             : err_set(err, ERR_LIMIT, ERR_ITEM, "a request is too long");
}

static void take_worse(struct dav_answer *a, int status)
{
	/* 424 only says that another property failed. */
	if (status >= 300 && (!a->inner || a->inner == 424 || (status != 424 && status > a->inner)))
		a->inner = status;
}

/* What a multistatus says of a write: the worst of its statuses. */
static int on_response(void *ctx, struct dav_response *r, struct err *err)
{
	struct dav_call *c = ctx;

	(void)err;
	take_worse(c->answer, r->status);
	for (size_t i = 0; i < r->n_props; i++)
		take_worse(c->answer, r->props[i].status);
	if (r->error && !c->inner_error)
		c->inner_error = xstrdup(r->error);
	return 0;
}

/* Negative only when nothing came: a refusal is an answer. */
static int run_write(struct http *h, struct dav_call *c, struct err *err)
{
	int rc;

	rc = dav_call_run(h, c, 1, 1, err);
	if (rc == 0 && c->err.code) {
		rc = c->err.code;
		if (err)
			*err = c->err;
	}
	return rc;
}

static int put_types(struct buf *out, const char *types, struct err *err)
{
	int rc = put_text(out, "<D:resourcetype>", err);

	while (rc == 0 && *(types += strspn(types, " "))) {
		size_t n = strcspn(types, " ");
		char *one = xstrndup(types, n);

		rc = dav_put_empty(out, one, err);
		free(one);
		types += n;
	}
	return rc == 0 ? put_text(out, "</D:resourcetype>", err) : rc;
}

static int set_body(struct buf *out, const char *root, const char *types, const struct dav_set *set,
        size_t n, struct err *err)
{
	int rc = dav_put_root(out, root, err);

	if (rc == 0)
		rc = put_text(out, "<D:set><D:prop>", err);
	if (rc == 0 && types)
		rc = put_types(out, types, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = dav_put_set(out, &set[i], err);
	if (rc == 0)
		rc = put_text(out, "</D:prop></D:set></", err);
	if (rc == 0)
		rc = put_text(out, root, err);
	return rc == 0 ? put_text(out, ">", err) : rc;
}

/*
 * Each family of servers has its own word for "no invitations"; they mean nothing elsewhere:
 *   Scheduling-Enabled: F    Cyrus, Fastmail
 *   Schedule-Reply: F        sabre/dav (Baikal, Davis, Nextcloud, ownCloud), which heeds it
 *                            on PUT as well
 *   X-NC-Scheduling: false   Nextcloud
 *   X-SOGo-Send-Appointment-Notifications: NO
 *                            SOGo: no mail, but it still copies the event to colleagues
 */
static const char *const silence[] = {"Scheduling-Enabled: F", "Schedule-Reply: F",
        "X-NC-Scheduling: false", "X-SOGo-Send-Appointment-Notifications: NO"};

void dav_call_writes(struct dav_call *c, size_t header)
{
	for (size_t i = 0; i < sizeof silence / sizeof *silence; i++)
		c->rq.header[header + i] = silence[i];
	c->lenient = true;
	c->fn = on_response;
	c->fn_ctx = c;
}

int dav_mkcalendar(struct http *h, const char *url, const struct dav_set *set, size_t n,
        struct dav_answer *a, struct err *err)
{
	struct dav_call c;
	int rc;

	dav_call_init(&c, "MKCALENDAR", url, a);
	dav_call_writes(&c, 1);
	rc = set_body(&c.body, "C:mkcalendar", NULL, set, n, err);
	if (rc == 0)
		rc = run_write(h, &c, err);
	dav_call_clear(&c);
	return rc;
}

int dav_mkcol(struct http *h, const char *url, const char *resourcetype, const struct dav_set *set,
        size_t n, struct dav_answer *a, struct err *err)
{
	struct dav_call c;
	int rc = 0;

	dav_call_init(&c, "MKCOL", url, a);
	dav_call_writes(&c, 1);
	if (resourcetype || n)
		rc = set_body(&c.body, "D:mkcol", resourcetype, set, n, err);
	/* no body, no type of it */
	else
		c.rq.header[0] = "Accept: */*";
	if (rc == 0)
		rc = run_write(h, &c, err);
	dav_call_clear(&c);
	return rc;
}

int dav_proppatch(struct http *h, const char *url, const struct dav_set *set, bool *done_out,
        struct dav_answer *a, struct err *err)
{
	struct dav_call c;
	int rc;

	*done_out = false;
	dav_call_init(&c, "PROPPATCH", url, a);
	dav_call_writes(&c, 1);
	rc = set_body(&c.body, "D:propertyupdate", NULL, set, 1, err);
	if (rc == 0)
		rc = run_write(h, &c, err);
	if (rc == 0)
		*done_out = a->status >= 200 && a->status < 300 && a->inner == 0;
	dav_call_clear(&c);
	return rc;
}
