/* Asking the domain's web servers, without a sign-in. */
#include "facts.h"
#include "valise/base/clock.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/http/http.h"
#include "valise/net/url.h"
#include <stdlib.h>
#include <string.h>

#define BODY_MAX (256 << 10)

static const char propfind_body[] = "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
                                    "<propfind xmlns=\"DAV:\"><prop><current-user-principal/>"
                                    "</prop></propfind>";

struct asked {
	struct web_answer *out;
	struct buf body;
};

void web_answer_clear(struct web_answer *a)
{
	free(a->url);
	free(a->dav);
	free(a->body);
	memset(a, 0, sizeof *a);
}

bool web_is_trouble(int status)
{
	/* 501: a server that does not know of PROPFIND, and so nothing of DAV */
	return (status >= 500 && status != 501) || status == 429 || status == 408;
}

static int on_body(void *ctx, const void *p, size_t n, struct err *err)
{
	struct asked *a = ctx;

	return buf_add(&a->body, p, n) == 0
	               ? 0
	               : err_set(err, ERR_LIMIT, ERR_ITEM, "the answer is larger than it may be");
}

/* Who tells it names the URL. */
static void tell_why(const struct http_request *rq, const char *text, struct web_answer *out)
{
	char *asked = xasprintf("%s %s: ", rq->method, rq->url);
	size_t n = strlen(asked);

	if (strncmp(text, asked, n) == 0)
		text += n;
	term_escape(text, strlen(text), out->why, sizeof out->why);
	free(asked);
}

static void on_done(struct http_request *rq, const struct http_response *rs, const char *error_body,
        const struct err *err)
{
	struct asked *a = rq->ctx;

	(void)error_body;
	a->out->status = rs->status;
	a->out->url = xstrdup(rs->url);
	a->out->dav = xstrdup(rs->dav);
	/* A 401 is an answer, although it is an error of the client's. */
	if (err->code && err->code != ERR_AUTH) {
		a->out->status = 0;
		a->out->failed = err->code == ERR_TLS || (err->code == ERR_NET && !rs->refused);
		tell_why(rq, err->text, a->out);
	}
}

int web_locate(struct dns *dns, const char *host, char **out, struct err *err)
{
	static const enum dns_type types[] = {DNS_A, DNS_AAAA};
	int rc = 0;

	*out = NULL;
	for (size_t i = 0; dns && i < COUNT(types) && rc == 0 && !*out; i++) {
		struct dns_answer a;

		rc = dns_ask(dns, host, types[i], &a, err);
		if (rc == 0 && a.n)
			*out = xstrdup(a.list[0].target);
		dns_answer_clear(&a);
	}
	return rc;
}

static int run_request(
        const struct web *w, const struct service *s, struct http_request *rq, struct err *err)
{
	struct asked *a = rq->ctx;
	struct err why = {0};
	struct http *h = NULL;
	int64_t began = clock_ms();
	int rc = http_open(s, GUARD_DAV_SOURCE, w->progress, &h, &why);

	if (rc == 0)
		rc = http_run(h, rq, 1, 1, &why);
	http_close(h);
	/* All but all of the time: libcurl rounds, and ends some a millisecond early. */
	a->out->late = a->out->failed && clock_ms() - began >= w->timeout_ms / 10 * 9;
	if (web_is_trouble(a->out->status)) {
		a->out->failed = true;
		snprintf(a->out->why, sizeof a->out->why, "it answers HTTP %d", a->out->status);
	}
	if (rc == ERR_STOPPED)
		*err = why;
	return rc == ERR_STOPPED ? rc : 0;
}

int web_ask(const struct web *w, const char *method, const char *url, struct web_answer *out,
        struct err *err)
{
	struct asked a = {.out = out, .body = buf_of(BODY_MAX)};
	bool propfind = strcmp(method, "PROPFIND") == 0;
	struct http_request rq = {.method = method,
	        .url = url,
	        .once = true,
	        .max_response = BODY_MAX,
	        .body_fn = on_body,
	        .done = on_done,
	        .ctx = &a};
	struct service s = {.kind = SERVICE_CALDAV, .name = "autoconfig"};
	struct url u;
	int rc;

	memset(out, 0, sizeof *out);
	if (!url_cut(url, &u)) {
		snprintf(out->why, sizeof out->why, "not a URL");
		return 0;
	}
	if (propfind) {
		rq.header[0] = "Depth: 0";
		rq.header[1] = "Content-Type: application/xml; charset=utf-8";
		rq.body = propfind_body;
		rq.body_size = sizeof propfind_body - 1;
	}
	s.at = (struct endpoint){.host = u.host,
	        .port = u.port,
	        .security = u.tls ? SECURITY_TLS : SECURITY_NONE,
	        .path = "/",
	        .ca_file = (char *)w->ca_file,
	        .proxy = (char *)w->proxy,
	        .connect_timeout_ms = w->timeout_ms,
	        .idle_timeout_ms = w->timeout_ms,
	        .trace = w->trace};
	rc = web_locate(w->dns, u.host, &s.at.address, err);
	if (rc == 0)
		rc = run_request(w, &s, &rq, err);
	free(s.at.address);
	out->len = a.body.len;
	out->body = buf_take(&a.body);
	buf_clear(&a.body);
	return rc;
}
