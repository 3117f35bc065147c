/*
 * MKCALENDAR (RFC 4791 5.3.1), MKCOL (RFC 4918 9.3, extended: RFC 5689), PROPPATCH (RFC
 * 4918 9.2).
 */
#include "internal.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

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

static int put_types(struct buf *out, const char *types, struct err *err)
{
	int rc = 0;

	buf_puts(out, "<D:resourcetype>");
	while (rc == 0 && *(types += strspn(types, " "))) {
		size_t n = strcspn(types, " ");
		char *one = xstrndup(types, n);

		rc = dav_put_empty(out, one, err);
		free(one);
		types += n;
	}
	buf_puts(out, "</D:resourcetype>");
	return rc;
}

static int set_body(struct buf *out, const char *root, const char *types, const struct dav_set *set,
        size_t n, struct err *err)
{
	int rc = 0;

	dav_put_root(out, root);
	buf_puts(out, "<D:set><D:prop>");
	if (types)
		rc = put_types(out, types, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = dav_put_set(out, &set[i], err);
	buf_puts(out, "</D:prop></D:set>");
	return rc == 0 ? dav_put_end(out, root, err) : rc;
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
	for (size_t i = 0; i < COUNT(silence); i++)
		c->rq.header[header + i] = silence[i];
	c->lenient = true;
	c->fn = on_response;
	c->fn_ctx = c;
}

/* With a body of this ${root}; NULL: none. */
static int write_set(struct http *h, const char *method, const char *url, const char *root,
        const char *types, const struct dav_set *set, size_t n, struct dav_answer *a,
        struct err *err)
{
	struct dav_call c;
	int rc = 0;

	dav_call_init(&c, method, url, a);
	dav_call_writes(&c, 1);
	if (root)
		rc = set_body(&c.body, root, types, set, n, err);
	else
		c.rq.header[0] = "Accept: */*"; /* no body, no type of it */
	if (rc == 0)
		rc = dav_call_one(h, &c, err);
	dav_call_clear(&c);
	return rc;
}

int dav_mkcalendar(struct http *h, const char *url, const struct dav_set *set, size_t n,
        struct dav_answer *a, struct err *err)
{
	return write_set(h, "MKCALENDAR", url, "C:mkcalendar", NULL, set, n, a, err);
}

int dav_mkcol(struct http *h, const char *url, const char *resourcetype, const struct dav_set *set,
        size_t n, struct dav_answer *a, struct err *err)
{
	const char *root = resourcetype || n ? "D:mkcol" : NULL;

	return write_set(h, "MKCOL", url, root, resourcetype, set, n, a, err);
}

int dav_proppatch(struct http *h, const char *url, const struct dav_set *set, bool *done_out,
        struct dav_answer *a, struct err *err)
{
	int rc = write_set(h, "PROPPATCH", url, "D:propertyupdate", NULL, set, 1, a, err);

	*done_out = rc == 0 && a->status >= 200 && a->status < 300 && a->inner == 0;
	return rc;
}
