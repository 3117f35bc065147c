/*
 * One request on one libcurl handle: its options and callbacks. What its end means is
 * told in outcome.c.
 */
#include "internal.h"
#include "valise/net/proxy.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/net/rate.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/*
 * Below what any libcurl takes, 300 KiB in some releases, so that the limit is ours and
 * is named.
 */
#define HEAD_MAX ((size_t)128 << 10)
#define FIELD_MAX ((size_t)16 << 10)
#define AUTH_MAX ((size_t)64 << 10)
#define RESPONSE_DEFAULT ((uint64_t)64 << 20)
#define DRAIN_MAX ((uint64_t)1 << 20) /* of an answer that is not 2xx */

void xfer_answer_clear(struct xfer *x)
{
	free(x->rs.etag);
	free(x->rs.content_type);
	free(x->rs.location);
	free(x->rs.dav);
	free(x->rs.url);
	memset(&x->rs, 0, sizeof x->rs);
	challenges_clear(&x->offered);
	http_decoder_clear(&x->decoder);
	buf_reset(&x->error_body);
	x->retry_after = -1;
	x->head_done = x->enough = false;
}

static void touch_xfer(struct xfer *x)
{
	x->active_ms = x->h->active_ms = clock_ms();
}

/*
 * Between the handshake and the request: the last moment at which nothing was said yet.
 */
static int on_connected(void *ctx, char *ip, char *local_ip, int port, int local_port)
{
	struct xfer *x = ctx;

	(void)ip, (void)local_ip, (void)port, (void)local_port;
	touch_xfer(x);
	if (http_tls_check(x, &x->err) != 0)
		return CURL_PREREQFUNC_ABORT;
	/* libcurl tries a request again whose connection was closed unanswered. */
	/* What signs a connection in was answered, and sends nothing of the request. */
	if (x->sent && !http_guard_repeatable(x->h->guard, x->rq)) {
		err_set(&x->err, ERR_NET, ERR_ITEM,
		        "%s %s: the connection was lost: it is unknown whether the server did it",
		        x->rq->method, x->url);
		return CURL_PREREQFUNC_ABORT;
	}
	x->sent = true;
	return CURL_PREREQFUNC_OK;
}

/* libcurl has moved ${n} bytes: the others may have to wait for them. */
static int meter_octets(struct xfer *x, size_t n)
{
	struct rate *rate = x->h->service->at.rate;
	int64_t began = clock_ms();
	size_t any = 1;
	int rc;

	x->moved += n;
	rate_spend(rate, n);
	rc = rate_wait(rate, &any, &x->err);
	x->h->held_ms += clock_ms() - began;
	touch_xfer(x); /* that was no silence of the server's */
	return rc;
}

/* Of libcurl: octets of the body that is sent. */
static size_t on_give(char *p, size_t size, size_t n, void *ctx)
{
	struct xfer *x = ctx;
	size_t got = 0, want = size * n;

	touch_xfer(x);
	if (x->rq->give) {
		if (x->rq->give(x->rq->ctx, x->body_off, p, want, &got, &x->err) != 0)
			return CURL_READFUNC_ABORT;
	} else {
		got = want;
		if (got > x->rq->body_size - x->body_off)
			got = (size_t)(x->rq->body_size - x->body_off);
		memcpy(p, (const char *)x->rq->body + x->body_off, got);
	}
	x->body_off += got;
	return meter_octets(x, got) == 0 ? got : CURL_READFUNC_ABORT;
}

static int on_seek(void *ctx, curl_off_t off, int origin)
{
	struct xfer *x = ctx;

	if (origin != SEEK_SET || off < 0)
		return CURL_SEEKFUNC_CANTSEEK;
	x->body_off = (uint64_t)off;
	return CURL_SEEKFUNC_OK;
}

static int status_of(struct xfer *x)
{
	long status = 0;

	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

/*
 * The value of the field ${name} in ${line}, blanks around it dropped; NULL if it is
 * another.
 */
static char *field_value(const char *line, size_t n, const char *name)
{
	size_t len = strlen(name);

	if (n <= len || strncasecmp(line, name, len) != 0 || line[len] != ':')
		return NULL;
	line += len + 1;
	n -= len + 1;
	text_trim(&line, &n);
	return n <= FIELD_MAX ? xstrndup(line, n) : NULL;
}

/* *where: the value, if the line is this field. */
static bool take_field(char **where, const char *line, size_t n, const char *name)
{
	char *value = field_value(line, n, name);

	if (!value)
		return false;
	free(*where);
	*where = value;
	return true;
}

/* DAV fields are joined. */
static bool take_dav(struct xfer *x, const char *line, size_t n)
{
	char *value = field_value(line, n, "DAV"), *old = x->rs.dav;

	if (!value)
		return false;
	if (!old || strlen(old) > FIELD_MAX) {
		free(old);
		x->rs.dav = value;
		return true;
	}
	x->rs.dav = xasprintf("%s, %s", old, value);
	free(old);
	free(value);
	return true;
}

static void take_next_nonce(struct xfer *x, const char *value)
{
	struct http_auth *a = &x->h->common->auth;

	pthread_mutex_lock(&x->h->common->lock);
	if (x->auth_serial == a->serial)
		auth_next(a, value);
	pthread_mutex_unlock(&x->h->common->lock);
}

/* What the service's own host says of its software. */
static void note_software(struct xfer *x, const char *line, size_t n)
{
	static const struct {
		enum service_fact fact;
		const char *field;
	} told[] = {{FACT_SOFTWARE, "Server"}, {FACT_DAV, "DAV"}};
	const struct service *s = x->h->service;
	struct url u;

	for (size_t i = 0; i < COUNT(told); i++) {
		char *value = facts_has(s->facts, told[i].fact)
		                      ? NULL
		                      : field_value(line, n, told[i].field);

		if (value && x->trusted && url_cut(x->url, &u) && !strcmp(u.host, s->at.host))
			facts_set(s->facts, told[i].fact, value);
		free(value);
	}
}

/* One header field of the answer; negative: it cannot be taken. */
static int take_line(struct xfer *x, const char *line, size_t n)
{
	char *value;

	note_software(x, line, n);
	if (x->rq->field) {
		size_t len = n;

		while (len && (line[len - 1] == '\r' || line[len - 1] == '\n'))
			len--;
		x->rq->field(x->rq->ctx, status_of(x), line, len);
	}
	if (take_field(&x->rs.etag, line, n, "ETag") ||
	        take_field(&x->rs.content_type, line, n, "Content-Type") ||
	        take_field(&x->rs.location, line, n, "Location") || take_dav(x, line, n))
		return 0;
	value = field_value(line, n, "WWW-Authenticate");
	if (value)
		challenges_parse(&x->offered, value);
	free(value);
	value = x->with_auth ? field_value(line, n, "Authentication-Info") : NULL;
	if (value)
		take_next_nonce(x, value);
	free(value);
	value = field_value(line, n, "Retry-After");
	if (value)
		x->retry_after = http_retry_after(value, (int64_t)time(NULL));
	free(value);
	value = field_value(line, n, "Content-Encoding");
	if (value && !http_decoder_set(&x->decoder, value)) {
		err_set(&x->err, ERR_PROTO, ERR_ITEM,
		        "%s: the answer has a content coding that was not asked for: %.40s", x->url,
		        value);
		free(value);
		return -1;
	}
	free(value);
	return 0;
}

/* The header is whole: begin() of a 2xx answer. */
static int head_ends(struct xfer *x)
{
	int status = status_of(x);

	/* interim */
	if (status < 200)
		return 0;
	x->head_done = true;
	if (x->by_connection && status == 401)
		x->sent = false;
	x->rs.status = status;
	free(x->rs.url);
	x->rs.url = xstrdup(x->url);
	if (status >= 300 || !x->rq->begin)
		return 0;
	return x->rq->begin(x->rq->ctx, &x->rs, &x->err);
}

/* Of libcurl: one line of the header. */
static size_t on_head(char *p, size_t size, size_t n, void *ctx)
{
	struct xfer *x = ctx;

	n *= size;
	if (meter_octets(x, n) != 0)
		return 0;
	x->head_len += n;
	if (x->head_len > HEAD_MAX) {
		err_set(&x->err, ERR_LIMIT, ERR_ITEM,
		        "%s: the header of the answer is longer than %zu KiB", x->url,
		        HEAD_MAX >> 10);
		return 0;
	}
	if (x->head_done && x->by_connection && x->rs.status == 401 && n >= 5 &&
	        memcmp(p, "HTTP/", 5) == 0)
		x->head_done = false;
	/* trailers */
	if (x->head_done)
		return n;
	if (n >= 5 && memcmp(p, "HTTP/", 5) == 0) {
		xfer_answer_clear(x);
		return n;
	}
	if (p[0] == '\r' || p[0] == '\n')
		return head_ends(x) == 0 ? n : 0;
	return take_line(x, p, n) == 0 ? n : 0;
}

/* Octets of the answer, decoded. */
static int take_body(void *ctx, const void *p, size_t n)
{
	struct xfer *x = ctx;
	uint64_t cap = x->rq->max_response ? x->rq->max_response : RESPONSE_DEFAULT;
	int rc;

	if (!n)
		return 0;
	if (x->rs.status >= 300) {
		x->drained += n;
		x->enough = x->drained > DRAIN_MAX;
		buf_fill(&x->error_body, p, n);
		return 0;
	}
	if (n > cap - x->rs.body_len)
		return err_set(&x->err, ERR_LIMIT, ERR_ITEM,
		        "%s: the answer is longer than %llu octets", x->url,
		        (unsigned long long)cap);
	x->rs.body_len += n;
	x->given += n;
	if (!x->rq->body_fn)
		return 0;
	rc = x->rq->body_fn(x->rq->ctx, p, n, &x->err);
	if (rc != 0 && !x->err.code)
		err_set(&x->err, (enum err_code)rc, ERR_ITEM, "%s: the answer is not wanted",
		        x->url);
	return rc;
}

/* Of libcurl: octets of the body, still coded. */
static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct xfer *x = ctx;

	n *= size;
	if (meter_octets(x, n) != 0)
		return CURL_WRITEFUNC_ERROR;
	if (http_decode(&x->decoder, p, n, take_body, x, &x->err) != 0 || x->enough)
		return CURL_WRITEFUNC_ERROR;
	return n;
}

static void add_header(struct xfer *x, const char *line)
{
	struct curl_slist *list = curl_slist_append(x->headers, line);

	/* out of memory: the one way to end */
	if (!list)
		(void)xmalloc(SIZE_MAX / 2);
	x->headers = list;
}

/* Under the lock: libcurl signs the connection in, which is one of HTTP/1.1. */
static int sign_in_connection(struct xfer *x, struct err *err)
{
	struct http_auth *a = &x->h->common->auth;
	bool ticket = a->used.scheme == AUTH_NEGOTIATE;
	struct secret password = {0};
	int rc = auth_credentials(a, &password, err);

	if (rc != 0)
		return rc;
	curl_easy_setopt(x->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(x->easy, CURLOPT_HTTPAUTH, ticket ? CURLAUTH_NEGOTIATE : CURLAUTH_NTLM);
	curl_easy_setopt(x->easy, CURLOPT_USERNAME, ticket ? "" : a->login->user);
	curl_easy_setopt(x->easy, CURLOPT_PASSWORD, ticket ? "" : password.data);
	secret_clear(&password);
	x->by_connection = x->with_auth = true;
	return 0;
}

/* Authorization, where the password may go along. */
static int add_auth(struct xfer *x, struct err *err)
{
	struct http_auth *a = &x->h->common->auth;
	struct buf line = buf_of(AUTH_MAX);
	size_t name;
	int rc;

	x->with_auth = x->by_connection = false;
	if (!x->trusted)
		return 0;
	buf_puts(&line, "Authorization: ");
	name = line.len;
	pthread_mutex_lock(&x->h->common->lock);
	x->auth_serial = a->serial;
	rc = auth_by_connection(a) ? sign_in_connection(x, err)
	                           : auth_header(a, x->rq->method, x->url, &line, err);
	pthread_mutex_unlock(&x->h->common->lock);
	if (rc == 0 && line.len > name) {
		add_header(x, buf_str(&line));
		x->with_auth = true;
	}
	wipe(line.data, line.size);
	buf_clear(&line);
	return rc;
}

/* All header fields that go out. */
static int set_headers(struct xfer *x, struct err *err)
{
	add_header(x, "Expect:");
	add_header(x, x->rq->identity ? "Accept-Encoding: identity" : "Accept-Encoding: gzip");
	add_header(x, "User-Agent: valise/" VALISE_VERSION);
	for (size_t i = 0; i < HTTP_HEADERS_MAX && x->rq->header[i]; i++)
		add_header(x, x->rq->header[i]);
	if (add_auth(x, err) != 0)
		return err->code;
	curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
	return 0;
}

/* The method, and where its body comes from. */
static void set_method(struct xfer *x)
{
	const struct http_request *rq = x->rq;
	bool body = rq->body || rq->give || strcmp(rq->method, "PUT") == 0;
	bool unknown = rq->give && !rq->body_size;

	if (body) {
		curl_easy_setopt(x->easy, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(x->easy, CURLOPT_READFUNCTION, on_give);
		curl_easy_setopt(x->easy, CURLOPT_READDATA, x);
		curl_easy_setopt(x->easy, CURLOPT_SEEKFUNCTION, on_seek);
		curl_easy_setopt(x->easy, CURLOPT_SEEKDATA, x);
		curl_easy_setopt(x->easy, CURLOPT_INFILESIZE_LARGE,
		        unknown ? (curl_off_t)-1 : (curl_off_t)rq->body_size);
	}
	if (strcmp(rq->method, "HEAD") == 0)
		curl_easy_setopt(x->easy, CURLOPT_NOBODY, 1L);
	else if (strcmp(rq->method, "GET") != 0 || body)
		curl_easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, rq->method);
}

/* How libcurl connects: no redirects, proxies of the environment or codings of its own. */
static void set_connection(struct xfer *x)
{
	const struct endpoint *at = &x->h->service->at;
	bool clear = at->security == SECURITY_NONE;

	curl_easy_setopt(x->easy, CURLOPT_PROTOCOLS_STR, clear ? "https,http" : "https");
	curl_easy_setopt(x->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(x->easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(x->easy, CURLOPT_NOSIGNAL, 1L);
	http_proxy_options(x);
	curl_easy_setopt(x->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(x->easy, CURLOPT_PIPEWAIT, 1L);
	/* A connection that fell silent once is not trusted with the next try. */
	curl_easy_setopt(x->easy, CURLOPT_FRESH_CONNECT, x->lost ? 1L : 0L);
	curl_easy_setopt(x->easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
	curl_easy_setopt(x->easy, CURLOPT_BUFFERSIZE, 65536L);
	curl_easy_setopt(x->easy, CURLOPT_TCP_KEEPALIVE, 1L);
	if (x->rq->most_ms)
		curl_easy_setopt(x->easy, CURLOPT_TIMEOUT_MS, (long)x->rq->most_ms);
	if (at->connect_timeout_ms > 0)
		curl_easy_setopt(x->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)at->connect_timeout_ms);
	http_tls_options(x);
}

/* Where the service's own host is, when that is known. */
static void set_address(struct xfer *x)
{
	const struct endpoint *at = &x->h->service->at;
	bool six = at->address && strchr(at->address, ':');
	struct url u;
	char *line;

	if (!at->address || proxy_resolves(at->proxy) || !url_cut(x->url, &u) ||
	        strcasecmp(u.host, at->host) != 0)
		return;
	line = xasprintf(
	        "%s:%u:%s%s%s", u.host, u.port, six ? "[" : "", at->address, six ? "]" : "");
	x->resolve = curl_slist_append(NULL, line);
	free(line);
	curl_easy_setopt(x->easy, CURLOPT_RESOLVE, x->resolve);
}

/* Where libcurl tells what happens. */
static void set_callbacks(struct xfer *x)
{
	curl_easy_setopt(x->easy, CURLOPT_PRIVATE, x);
	curl_easy_setopt(x->easy, CURLOPT_ERRORBUFFER, x->curl_text);
	curl_easy_setopt(x->easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(x->easy, CURLOPT_PREREQDATA, x);
	curl_easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(x->easy, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(x->easy, CURLOPT_WRITEDATA, x);
	if (x->h->service->at.trace) {
		curl_easy_setopt(x->easy, CURLOPT_VERBOSE, 1L);
		curl_easy_setopt(x->easy, CURLOPT_DEBUGFUNCTION, http_trace);
		curl_easy_setopt(x->easy, CURLOPT_DEBUGDATA, x);
	}
}

/* Nothing is left of an earlier try. */
static void forget_try(struct xfer *x)
{
	xfer_answer_clear(x);
	x->sent = x->own_challenge = false;
	x->began_ms = clock_ms();
	x->held_before_ms = x->h->held_ms;
	x->active_ms = 0;
	x->moved = 0;
	x->head_len = 0;
	x->body_off = x->drained = 0;
	x->curl_text[0] = '\0';
	err_clear(&x->err);
}

static bool is_endpoint(const struct endpoint *at, const struct url *u)
{
	return u->tls == (at->security != SECURITY_NONE) && strcmp(u->host, at->host) == 0 &&
	       u->port == at->port && at->path && strcmp(u->path, at->path) == 0;
}

/* Where this hop goes: may it go there, and what may go along. */
static int look_at_url(struct xfer *x, struct err *err)
{
	const struct endpoint *at = &x->h->service->at;
	struct url u;

	if (!url_cut(x->url, &u))
		return err_set(err, ERR_PROTO, ERR_ITEM, "not an http URL: %.200s", x->url);
	if (!u.tls && at->security != SECURITY_NONE)
		return err_set(err, ERR_TLS, ERR_ITEM, "%.200s: refused without TLS", x->url);
	if (x->h->guard && x->h->guard->one_url && !is_endpoint(at, &u))
		return err_set(err, ERR_GUARD, ERR_ITEM,
		        "the guard refused to send this to another URL: %.200s", x->url);
	x->trusted = url_may_sign_in(at, &u);
	x->pinned = u.tls && at->pin && x->trusted;
	if (x->rq->link && http_link_check(x, u.tls, err) != 0)
		return err->code;
	return http_guard_check(x->h->guard, x->rq, x->url, err);
}

int xfer_start(struct xfer *x, struct err *err)
{
	bool own = x->own_challenge;

	forget_try(x);
	x->own_challenge = own;
	if (look_at_url(x, err) != 0)
		return err->code;
	if (!x->easy)
		x->easy = curl_easy_init();
	if (!x->easy)
		return err_set(err, ERR_NET, ERR_WHOLE, "libcurl has no handle for us");
	curl_easy_reset(x->easy);
	curl_easy_setopt(x->easy, CURLOPT_URL, x->url);
	set_connection(x);
	set_address(x);
	set_callbacks(x);
	http_link_options(x);
	set_method(x);
	if (set_headers(x, err) != 0) {
		xfer_stop(x);
		return err->code;
	}
	if (curl_multi_add_handle(x->h->multi, x->easy) != CURLM_OK) {
		xfer_stop(x);
		return err_set(err, ERR_NET, ERR_WHOLE, "libcurl does not take a request");
	}
	x->state = XFER_RUNNING;
	x->h->running++;
	return 0;
}

void xfer_stop(struct xfer *x)
{
	if (x->easy && x->state == XFER_RUNNING)
		(void)curl_multi_remove_handle(x->h->multi, x->easy);
	if (x->easy)
		curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, NULL);
	if (x->easy && x->by_connection)
		curl_easy_setopt(x->easy, CURLOPT_PASSWORD, NULL);
	for (struct curl_slist *s = x->headers; s; s = s->next)
		if (strncmp(s->data, "Authorization:", 14) == 0)
			wipe(s->data, strlen(s->data));
	curl_slist_free_all(x->headers);
	curl_slist_free_all(x->resolve);
	x->headers = x->resolve = NULL;
	x->h->running -= x->state == XFER_RUNNING;
	x->state = XFER_WAITING;
}
