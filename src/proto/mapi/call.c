/* One request of a session: its fields, its cookies, and what the answer says. */
#include "wire.h"
#include "valise/base/clock.h"
#include "valise/base/mem.h"
#include "valise/base/secret.h"
#include "valise/base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum {
	FIELD_MAX = 16384,
	PAGE_MAX = 4096,
	LONG_MS = 60000,
};

void mapi_call_clear(struct mapi_call *c)
{
	free(c->location);
	free(c->server);
	buf_clear(&c->text);
	c->location = c->server = NULL;
}

/* A copy with "?" for what is no visible ASCII. */
static char *visible(const char *s, size_t n)
{
	char *out = xstrndup(s, n);

	for (char *p = out; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return out;
}

/* A field of an answer, also of one that is a 401. */
static void on_field(void *ctx, int status, const char *line, size_t n)
{
	struct mapi_call *c = ctx;
	struct mapi_session *s = c->s;
	const char *value;
	size_t len;

	value = mapi_field(line, n, "Set-Cookie", &len);
	if (value)
		c->full |= !mapi_cookies_take(&s->cookies, value, len);
	if (status >= 300)
		return;
	value = mapi_field(line, n, "X-ResponseCode", &len);
	if (value)
		c->response_code = mapi_field_number(value, len);
	value = mapi_field(line, n, "X-ExpirationInfo", &len);
	if (value)
		s->expires_ms = mapi_field_number(value, len);
	value = mapi_field(line, n, "X-ServerApplication", &len);
	if (value && !c->server)
		c->server = visible(value, MIN(len, FACT_MAX));
}

static bool is_binary(const char *type)
{
	/* Some send the type that the first servers had. */
	static const char *const types[] = {"application/mapi-http", "application/octet-stream"};

	for (size_t i = 0; type && i < COUNT(types); i++) {
		size_t n = strlen(types[i]);

		if (strncasecmp(type, types[i], n) == 0 && (!type[n] || strchr("; ", type[n])))
			return true;
	}
	return false;
}

/* The header of a 2xx answer is there. What an earlier try gave is void. */
static int on_begin(void *ctx, const struct http_response *rs, struct err *err)
{
	struct mapi_call *c = ctx;

	(void)err;
	mapi_body_reset(&c->s->body);
	buf_reset(&c->text);
	/* what a failure has for an answer is for people */
	c->binary = c->response_code <= 0 && is_binary(rs->content_type);
	return 0;
}

/* Say once that the server is at work, where it says so itself for long. */
static void tell_pending(struct mapi_call *c)
{
	if (c->told || !c->s->body.pending || clock_ms() - c->began_ms < LONG_MS)
		return;
	c->told = true;
	progress_say(c->s->progress, SAY_NOTE, "%s: the server is at work on a request: waiting",
	        c->s->service.at.host);
}

static int on_body(void *ctx, const void *p, size_t n, struct err *err)
{
	struct mapi_call *c = ctx;
	int rc = 0;

	if (c->binary)
		rc = mapi_body_feed(&c->s->body, p, n, err);
	else
		(void)buf_fill(&c->text, p, n);
	if (rc == 0)
		tell_pending(c);
	else
		(void)err_wrap(err, "%s", c->type);
	return rc;
}

static void on_done(struct http_request *rq, const struct http_response *rs, const char *error_body,
        const struct err *err)
{
	struct mapi_call *c = rq->ctx;

	c->err = *err;
	c->status = rs->status;
	c->location = xstrdup(rs->location);
	if (rs->status >= 300)
		(void)buf_fill(&c->text, error_body, strlen(error_body));
}

/*
 * The words of a page, or of the diagnostics of an answer, for an error's line: without
 * what stands in <>, and blanks where lines end.
 */
static void plain_words(const struct mapi_call *c, char *out, size_t size)
{
	const struct buf *from = c->text.len ? &c->text : &c->s->body.octets;
	size_t n = 0;
	bool in_tag = false, blank = false;

	for (size_t i = 0; i < from->len && i < PAGE_MAX && n + 2 < size; i++) {
		uint8_t o = from->data[i];

		if (o == '<' || in_tag) {
			in_tag = o != '>';
			blank = true;
		} else if (o <= ' ') {
			blank = true;
		} else {
			if (blank && n)
				out[n++] = ' ';
			out[n++] = (char)o;
			blank = false;
		}
	}
	out[n] = '\0';
}

/* For people: the URL as long as it may be a wrong one, then the host is enough. */
static const char *place(const struct mapi_call *c)
{
	return c->s->begun ? c->s->service.at.host : c->s->url;
}

/* An HTTP status that is none of success: the server did nothing. */
static int refused_status(struct mapi_call *c, struct err *err)
{
	enum err_code code = ERR_REFUSED;
	char words[200];

	plain_words(c, words, sizeof words);
	/* in a session that has begun it is no refusal of what was asked */
	if (c->status == 403)
		code = ERR_AUTH;
	else if (c->status >= 500 || c->s->begun)
		code = ERR_NET;
	if (c->status >= 300 && c->status < 400)
		return err_set(err, code, ERR_WHOLE, "%s: redirected to %.200s", place(c),
		        c->location ? c->location : "nowhere");
	return err_set(err, code, ERR_WHOLE, "%s %s: HTTP %d%s%s", c->type, place(c), c->status,
	        *words ? ": " : "", words);
}

/* A 2xx answer: is it one, and a success? */
static int judge_answer(struct mapi_call *c, struct err *err)
{
	const struct mapi_body *b = &c->s->body;
	int code = c->binary && b->response_code >= 0 ? b->response_code : c->response_code;
	struct mapi_code means = mapi_response_code(code, c->s->begun);
	char words[200];

	if (c->full)
		return err_set(err, ERR_LIMIT, ERR_WHOLE, "%s: the server sets too many cookies",
		        place(c));
	if (code == 0 && c->binary) {
		int rc = mapi_body_end(b, err);

		if (rc < 0)
			(void)err_wrap(err, "%s %s", c->type, place(c));
		return rc;
	}
	plain_words(c, words, sizeof words);
	if (code <= 0)
		return err_set(err, ERR_PROTO, ERR_WHOLE,
		        "%s %s: the answer is none of MAPI over HTTP%s%s", c->type, place(c),
		        *words ? ": " : "", words);
	return err_set(err, means.err, ERR_WHOLE, "%s %s: %s (X-ResponseCode %d)%s%s", c->type,
	        place(c), means.text, code, *words ? ": " : "", words);
}

static int send_call(struct mapi_session *s, struct mapi_call *c, struct err *err)
{
	char type[64], id[96], client[96];
	struct buf cookie = buf_of(FIELD_MAX + MAPI_COOKIES_MAX * (MAPI_COOKIE_MAX + 2));
	struct http_request rq = {.method = "POST",
	        .url = s->url,
	        .header = {"Content-Type: application/mapi-http", type, id, client,
	                /* a form that servers insist on, MS-OXCMAPIHTTP 2.2.3.3.4 */
	                "X-ClientApplication: Outlook/15.0.4815.1002"},
	        .body = s->out.data,
	        .body_size = s->out.len,
	        .max_response = (uint64_t)MAPI_ANSWER_MAX * 2,
	        .most_ms = c->most_ms,
	        .identity = true,
	        .field = on_field,
	        .begin = on_begin,
	        .body_fn = on_body,
	        .done = on_done,
	        .ctx = c};
	int rc;

	s->requests++;
	snprintf(type, sizeof type, "X-RequestType: %s", c->type);
	snprintf(id, sizeof id, "X-RequestId: %s:%llu", s->id, (unsigned long long)s->requests);
	snprintf(client, sizeof client, "X-ClientInfo: %s:1", s->client);
	mapi_cookies_put(&s->cookies, &cookie);
	if (cookie.len)
		rq.header[5] = buf_str(&cookie);
	rc = http_run(s->http, &rq, 1, 1, err);
	wipe(cookie.data, cookie.size);
	buf_clear(&cookie);
	return rc < 0 ? rc : err_copy(err, &c->err);
}

int mapi_call(struct mapi_session *s, struct mapi_call *c, struct err *err)
{
	int rc;

	c->s = s;
	c->response_code = -1;
	c->began_ms = clock_ms();
	buf_init(&c->text, PAGE_MAX);
	mapi_body_reset(&s->body);
	rc = send_call(s, c, err);
	if (rc == 0)
		rc = c->status < 300 ? judge_answer(c, err) : refused_status(c, err);
	if (rc < 0 && rc != ERR_GUARD && rc != ERR_BUSY)
		s->lost = true;
	if (rc == 0)
		s->last_ms = clock_ms();
	if (rc < 0)
		(void)err_widen(err, ERR_WHOLE);
	return rc;
}
