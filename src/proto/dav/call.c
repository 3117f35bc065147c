/* One DAV request and what its answer says, over the HTTP client. */
#include "internal.h"
#include "valise/base/clock.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

void dav_answer_clear(struct dav_answer *a)
{
	free(a->url);
	free(a->sync_token);
	free(a->dav);
	free(a->etag);
	free(a->location);
	free(a->error);
	free(a->error_text);
	free(a->error_href);
	memset(a, 0, sizeof *a);
}

/* A word or two on a status, for people. */
static const char *status_name(int status)
{
	static const struct {
		int status;
		const char *name;
	} names[] = {{200, "a page that is no DAV answer"}, {400, "bad request"},
	        {401, "sign-in needed"}, {403, "forbidden"}, {404, "not found"},
	        {405, "method not allowed"}, {409, "conflict"}, {410, "gone"},
	        {412, "precondition failed"}, {413, "too large"}, {415, "content not supported"},
	        {423, "locked"}, {424, "failed dependency"}, {429, "too many requests"},
	        {500, "server error"}, {501, "not implemented"}, {502, "bad gateway"},
	        {503, "service unavailable"}, {504, "gateway time-out"}, {507, "no space left"}};

	for (size_t i = 0; i < COUNT(names); i++)
		if (names[i].status == status)
			return names[i].name;
	return "unexpected";
}

/*
 * The header is there: a parser for what may be a multistatus; too late after a
 * response.
 */
static int on_begin(void *ctx, const struct http_response *rs, struct err *err)
{
	struct dav_call *c = ctx;

	if (c->parser && dav_parser_delivered(c->parser))
		return err_set(err, ERR_NET, ERR_ITEM,
		        "%s %s: the connection was lost in the answer", c->rq.method, c->rq.url);
	dav_parser_free(c->parser);
	c->parser = NULL;
	c->status = rs->status;
	/* Some servers send a multistatus with the status 200: its root tells. */
	if (rs->status == 207 || rs->status == 200 || c->lenient) {
		c->parser = dav_parser_new(rs->url, c->fn, c->fn_ctx,
		        (c->verbatim ? 0 : DAV_MENDS) | (c->sync ? DAV_SYNC : 0));
	}
	return 0;
}

static bool is_multistatus(const struct dav_call *c)
{
	return c->status == 207 ||
	       (c->status == 200 && !c->lenient && dav_parser_is_answer(c->parser));
}

/* Octets of the answer; what cannot be parsed fails a multistatus alone. */
static int on_body(void *ctx, const void *p, size_t n, struct err *err)
{
	struct dav_call *c = ctx;
	int rc;

	if (!c->parser)
		return 0;
	rc = dav_parser_feed(c->parser, p, n, err);
	if (rc == 0)
		return 0;
	if (is_multistatus(c) && !c->forgiving)
		return err_wrap(err, "%s %s", c->rq.method, c->rq.url);
	err_clear(err);
	return 0;
}

/* What the body of a refusal says. */
static void read_error_body(struct dav_call *c, const struct http_response *rs, const char *body)
{
	/* Cut off or no XML at all: what was understood counts. */
	int rc = dav_parse(
	        rs->url, body, strlen(body), c->lenient ? c->fn : NULL, c->fn_ctx, c->answer, NULL);

	(void)rc;
	if (!c->answer->error_text)
		c->answer->error_text = dav_plain_reason(body);
}

/* The end of an answer below 300: parsed, or what is wrong with it in c->err. */
static void end_body(struct dav_call *c, uint64_t len)
{
	struct err err = {0};

	/* A PUT that is taken is answered with nothing: no XML is missing there. */
	if (!c->parser || (!len && c->status != 207))
		return;
	if (dav_parser_end(c->parser, &err) != 0 && is_multistatus(c) && !c->forgiving) {
		c->err = err;
		err_wrap(&c->err, "%s %s", c->rq.method, c->rq.url);
	} else if (is_multistatus(c)) {
		c->answer->status = 207;
	}
	dav_parser_take(c->parser, c->answer);
}

/* The request is done: all that its answer says. */
static void on_done(struct http_request *rq, const struct http_response *rs, const char *error_body,
        const struct err *err)
{
	struct dav_call *c = rq->ctx;
	struct dav_answer *a = c->answer;

	a->took_ms = clock_ms() - c->began_ms;
	a->status = rs->status;
	a->url = xstrdup(rs->url);
	a->dav = xstrdup(rs->dav);
	a->etag = xstrdup(rs->etag);
	a->location = xstrdup(rs->location);
	c->err = *err;
	if (err->code)
		return;
	if (rs->status < 300)
		end_body(c, rs->body_len);
	else
		read_error_body(c, rs, error_body);
	if (c->inner_error && !a->error) {
		a->error = c->inner_error;
		c->inner_error = NULL;
	}
	/* What a PUT is refused with is judged by its words, wherever they stand. */
	if (a->error_text && !c->forgiving) {
		char *line = dav_plain_reason(a->error_text);
		char *safe = term_escape_dup(line ? line : "");

		free(line);
		free(a->error_text);
		a->error_text = safe;
	}
}

void dav_call_init(struct dav_call *c, const char *method, const char *url, struct dav_answer *a)
{
	memset(c, 0, sizeof *c);
	c->answer = a ? a : &c->own;
	memset(c->answer, 0, sizeof *c->answer);
	c->rq.method = method;
	c->rq.url = url;
	c->rq.header[0] = "Content-Type: application/xml; charset=utf-8";
	c->rq.max_response = DAV_ANSWER_MAX;
	c->rq.begin = on_begin;
	c->rq.body_fn = on_body;
	c->rq.done = on_done;
	buf_init(&c->body, SIZE_MAX);
}

void dav_call_clear(struct dav_call *c)
{
	dav_parser_free(c->parser);
	buf_clear(&c->body);
	free(c->inner_error);
	dav_answer_clear(&c->own);
	memset(c, 0, sizeof *c);
}

int dav_call_run(struct http *h, struct dav_call *c, size_t n, unsigned parallel, struct err *err)
{
	struct http_request *list = xcalloc(n ? n : 1, sizeof *list);
	int rc;

	for (size_t i = 0; i < n; i++) {
		c[i].began_ms = clock_ms();
		list[i] = c[i].rq;
		list[i].ctx = &c[i];
		if (c[i].body.len) {
			list[i].body = c[i].body.data;
			list[i].body_size = c[i].body.len;
		}
	}
	rc = http_run(h, list, n, parallel, err);
	free(list);
	return rc;
}

int dav_call_one(struct http *h, struct dav_call *c, struct err *err)
{
	int rc = dav_call_run(h, c, 1, 1, err);

	return rc < 0 ? rc : err_copy(err, &c->err);
}

int dav_call_refused(struct dav_call *c, struct err *err)
{
	const struct dav_answer *a = c->answer;
	struct buf why = buf_of(SIZE_MAX);
	int rc;

	if (a->status == 207)
		return 0;
	if (a->error)
		dav_put_conditions(a->error, &why);
	if (a->error_text && *a->error_text)
		buf_putf(&why, "%s%s", why.len ? ": " : "", a->error_text);
	rc = err_set(err, ERR_REFUSED, ERR_ITEM, "%s %s: HTTP %d (%s)%s%.300s", c->rq.method,
	        a->url, a->status, status_name(a->status), why.len ? ": " : "", buf_str(&why));
	buf_clear(&why);
	return rc;
}
