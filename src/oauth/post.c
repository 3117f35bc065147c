/* Requests to OAuth servers: each to one URL, with a client of its own in src/http. */
#include "post.h"
#include "answer.h"
#include "form.h"
#include "valise/base/mem.h"
#include "valise/http/http.h"
#include "valise/net/url.h"
#include <string.h>

void reply_clear(struct reply *r)
{
	if (r->text.size)
		wipe(r->text.data, r->text.size);
	buf_clear(&r->text);
}

struct sending {
	struct reply *reply;
	struct err err;
};

static int take_text(void *ctx, const void *p, size_t n, struct err *err)
{
	struct sending *s = ctx;

	return buf_add(&s->reply->text, p, n) == 0
	               ? 0
	               : err_set(err, ERR_LIMIT, ERR_ITEM, "the answer is too long");
}

static void take_end(struct http_request *rq, const struct http_response *rs,
        const char *error_body, const struct err *err)
{
	struct sending *s = rq->ctx;

	s->err = *err;
	s->reply->status = rs->status;
	if (rs->status >= 300)
		(void)buf_fill(&s->reply->text, error_body, strlen(error_body));
}

static int send_to(const struct oauth_client *c, const struct url *to, const char *url,
        const struct buf *form, struct reply *out, struct err *err)
{
	struct service s = {.name = "oauth"};
	struct sending sending = {.reply = out};
	struct http_request rq = {.method = form ? "POST" : "GET",
	        .url = url,
	        .header = {"Accept: application/json",
	                form ? "Content-Type: application/x-www-form-urlencoded" : NULL},
	        .body = form ? form->data : NULL,
	        .body_size = form ? form->len : 0,
	        .max_response = ANSWER_MAX,
	        .finish = form != NULL,
	        .once = true, /* a grant is used once, and locks are held meanwhile */
	        .body_fn = take_text,
	        .done = take_end,
	        .ctx = &sending};
	struct http *h = NULL;
	int rc;

	s.at = (struct endpoint){.host = (char *)(uintptr_t)to->host,
	        .port = to->port,
	        .security = to->tls ? SECURITY_TLS : SECURITY_NONE,
	        .path = (char *)(uintptr_t)to->path,
	        .ca_file = c->ca_file,
	        .proxy = c->proxy,
	        .connect_timeout_ms = c->timeout_ms,
	        .idle_timeout_ms = c->timeout_ms,
	        .trace = c->trace};
	rc = http_open(&s, GUARD_OAUTH, NULL, &h, err);
	if (rc != 0)
		return rc;
	rc = http_run(h, &rq, 1, 1, err);
	http_close(h);
	/* A 401 is an answer as others are: it says why. */
	if (out->status >= 400 && rc != ERR_STOPPED)
		return 0;
	if (rc == 0 && sending.err.code) {
		rc = sending.err.code;
		if (err)
			*err = sending.err;
	}
	return rc;
}

int oauth_send(const struct oauth_client *c, const char *what, const char *url,
        const struct buf *form, struct reply *out, struct err *err)
{
	const char *why = why_untrusted(url, c->cleartext && !c->proxy);
	struct buf plain = buf_of(URL_MAX);
	struct url to;
	int rc;

	out->status = 0;
	out->text = buf_of(ANSWER_MAX);
	if (why) {
		buf_clear(&plain);
		return err_set(err, ERR_TLS, ERR_WHOLE, "%s: %.200s is %s", what, url, why);
	}
	rc = url_join(NULL, url, &plain, err);
	if (rc == 0 && !url_cut(buf_str(&plain), &to))
		rc = err_set(err, ERR_USAGE, ERR_WHOLE, "%s: %.200s is no URL", what, url);
	if (rc == 0)
		rc = send_to(c, &to, buf_str(&plain), form, out, err);
	buf_clear(&plain);
	if (rc != 0 && rc != ERR_STOPPED)
		err_widen(err, ERR_WHOLE);
	return rc;
}
