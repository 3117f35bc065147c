/*
 * Octets to the server: PUT with If-None-Match: * (RFC 9110 9.3.4, 13.1.2), and POST of an
 * attachment (RFC 8607 3.3.1); what the answer says.
 */
#include <stdlib.h>
#include <string.h>
#include "internal.h"
#include "valise/base/clock.h"
#include "valise/base/mem.h"
#include "valise/proto/dav/client.h"

#define SAID_MAX (64u << 10)

/*
 * Each family of servers has its own word for "no invitations"; they mean nothing elsewhere:
 *   Scheduling-Enabled: F    Cyrus, Fastmail
 *   Schedule-Reply: F        sabre/dav (Baikal, Davis, Nextcloud, ownCloud), which heeds it
 *                            on PUT as well
 *   X-NC-Scheduling: false   Nextcloud
 *   X-SOGo-Send-Appointment-Notifications: NO
 *                            SOGo: no mail, but it still copies the event to colleagues
 */
const char *const dav_silence[] = {"Scheduling-Enabled: F", "Schedule-Reply: F",
        "X-NC-Scheduling: false", "X-SOGo-Send-Appointment-Notifications: NO", NULL};

/* One request, with what http_request only borrows. */
struct sending {
	struct dav_send *s;
	struct buf said; /* the body of a 207 */
	char *url, *type, *disposition;
};

/* RFC 6266: the name in ASCII, and as it is. */
static char *disposition_of(const char *name)
{
	bool plain = true;
	struct buf b;

	buf_init(&b, 4096);
	buf_puts(&b, "Content-Disposition: attachment; filename=\"");
	for (const char *s = name; *s; s++) {
		bool odd = (unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e || *s == '"' ||
		           *s == '\\';

		plain = plain && !odd;
		buf_putc(&b, odd ? '_' : *s);
	}
	buf_putc(&b, '"');
	if (!plain) {
		buf_puts(&b, "; filename*=UTF-8''");
		url_escape_segment(name, strlen(name), &b);
	}
	return buf_take(&b);
}

static int keep_said(void *ctx, const void *p, size_t n, struct err *err)
{
	struct sending *g = ctx;

	(void)err;
	buf_fill(&g->said, p, n);
	return 0;
}

static int note_inner(void *ctx, struct dav_response *x, struct err *err)
{
	struct dav_answer *a = ctx;

	(void)err;
	if (x->status >= 300 && x->status > a->inner)
		a->inner = x->status;
	for (size_t i = 0; i < x->n_props; i++)
		if (x->props[i].status >= 300 && x->props[i].status > a->inner)
			a->inner = x->props[i].status;
	if (x->error && !a->error)
		a->error = xstrdup(x->error);
	return 0;
}

/* Cut off, or no XML at all: what was understood counts. */
static void read_said(const char *url, const char *text, struct dav_answer *a)
{
	struct dav_answer said = {0};
	int rc = dav_parse(url, text, strlen(text), note_inner, a, &said, NULL);

	if (said.error) {
		free(a->error);
		a->error = said.error;
		said.error = NULL;
	}
	a->error_href = said.error_href;
	a->error_text = said.error_text;
	if (rc < 0 && !a->error_text)
		a->error_text = dav_plain_reason(text);
	said.error_href = said.error_text = NULL;
	dav_answer_clear(&said);
}

static void end_send(struct http_request *rq, const struct http_response *rs,
        const char *error_body, const struct err *err)
{
	struct sending *g = rq->ctx;
	struct dav_answer *a = &g->s->answer;
	const char *text = rs->status == 207 ? buf_str(&g->said) : error_body;

	g->s->took_ms = clock_ms() - g->s->took_ms;
	g->s->err = *err;
	a->status = rs->status;
	a->etag = xstrdup(rs->etag);
	a->location = xstrdup(rs->location);
	if (!err->code && text && (rs->status >= 300 || rs->status == 207))
		read_said(rq->url, text, a);
}

static struct http_request request_of(struct sending *g)
{
	struct dav_send *s = g->s;
	struct http_request rq = {.url = s->url,
	        .body = s->len ? s->data : "",
	        .body_size = s->len,
	        .body_fn = keep_said,
	        .done = end_send,
	        .ctx = g};
	size_t n = 0;

	buf_init(&g->said, SAID_MAX);
	g->type = xasprintf("Content-Type: %s", s->type);
	rq.header[n++] = g->type;
	if (s->file) {
		g->url = xasprintf("%s?action=attachment-add", s->url);
		g->disposition = disposition_of(s->file);
		rq.method = "POST";
		rq.url = g->url;
		rq.header[n++] = g->disposition;
	} else {
		rq.method = "PUT";
		rq.header[n++] = "If-None-Match: *";
	}
	for (size_t i = 0; dav_silence[i]; i++)
		rq.header[n++] = dav_silence[i];
	if (s->strict)
		rq.header[n++] = "Prefer: handling=strict";
	dav_answer_clear(&s->answer);
	err_clear(&s->err);
	s->took_ms = clock_ms();
	return rq;
}

int dav_send_run(
        struct http *h, struct dav_send *const *list, size_t n, unsigned parallel, struct err *err)
{
	struct http_request *rq = xcalloc(n ? n : 1, sizeof *rq);
	struct sending *g = xcalloc(n ? n : 1, sizeof *g);
	int rc;

	for (size_t i = 0; i < n; i++) {
		g[i].s = list[i];
		rq[i] = request_of(&g[i]);
	}
	rc = n ? http_run(h, rq, n, parallel, err) : 0;
	for (size_t i = 0; i < n; i++) {
		buf_clear(&g[i].said);
		free(g[i].url);
		free(g[i].type);
		free(g[i].disposition);
	}
	free(g);
	free(rq);
	return rc;
}
