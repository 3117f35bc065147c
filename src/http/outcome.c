/*
 * What the end of a transfer means: an answer, another hop, a sign-in, a wait, another
 * try, an error.
 */
#include "internal.h"
#include "valise/base/date.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOPS_MAX 5
#define LOST_MAX 3
#define LOST_WAIT_MS 250
#define AT_ONCE_MS 5000
#define SILENCES_MAX 2 /* of minutes each */
#define AWAY_MAX_MS 60000 /* a server that was there once may be starting again */
#define AWAY_STEP_MS 2000
#define GATEWAY_TRIES_MAX 3
#define AUTH_TRIES_MAX 6
#define STALE_TRIES_MAX 32 /* of nonces that others used up */
#define REFUSED_MAX 20 /* in a row: the account is no longer ours */
#define BUSY_TRIES_MAX 6 /* of a server that does not say when */
#define WAIT_MAX_S 300
#define GOOD_FOR_MORE 30 /* answers until one more goes out at a time */
#define WAIT_ALL_MS ((int64_t)30 * 60 * 1000)

int64_t http_retry_after(const char *value, int64_t now_utc)
{
	size_t digits = strspn(value, "0123456789");
	struct date when;

	if (digits && !value[digits])
		return digits > 9 ? 999999999 : atoll(value);
	if (!date_parse_rfc5322(value, strlen(value), &when) || !when.known)
		return -1;
	return when.utc > now_utc ? when.utc - now_utc : 0;
}

static bool send_again(struct xfer *x, int64_t wake_ms)
{
	x->wake_ms = wake_ms;
	return true;
}

static bool fail_xfer(struct xfer *x, enum err_code code, const char *why)
{
	err_set(&x->err, code, ERR_ITEM, "%s %s: %s", x->rq->method, x->url, why);
	return false;
}

/* It takes no connection: is it worth while to wait for it? */
static bool may_come_back(struct xfer *x, const char *why)
{
	struct http_common *c = x->h->common;
	int64_t now = clock_ms(), since;

	pthread_mutex_lock(&c->lock);
	since = c->away_ms;
	if (!since)
		c->away_ms = now;
	pthread_mutex_unlock(&c->lock);
	if (!since && !x->away)
		progress_say(x->h->progress, SAY_NOTE,
		        "%s cannot be reached: %s: it is tried again for a minute", x->url, why);
	return ++x->away <= AWAY_MAX_MS / AWAY_STEP_MS && (!since || now - since < AWAY_MAX_MS);
}

/* Nobody waits for its server. */
static bool asks_once(const struct xfer *x)
{
	return x->rq->link || x->rq->once;
}

/* True: the request is sent again. ${hopeless}: it would not help. */
static bool lose_connection(struct xfer *x, const char *why, bool hopeless)
{
	if (x->sent && !http_guard_repeatable(x->h->guard, x->rq)) {
		err_set(&x->err, ERR_NET, ERR_ITEM,
		        "%s %s: %s; it is unknown whether the server did it", x->rq->method, x->url,
		        why);
		return false;
	}
	if (hopeless || x->rq->once || (x->given && !x->rq->begin))
		return fail_xfer(x, ERR_NET, why);
	if (!x->sent && x->h->common->reached && may_come_back(x, why))
		return send_again(x, clock_ms() + AWAY_STEP_MS);
	if (++x->lost >= LOST_MAX || x->silences >= SILENCES_MAX) {
		x->h->common->absent = !x->h->common->reached;
		return fail_xfer(x, ERR_NET, why);
	}
	if (!x->sent && x->lost == 1 && !x->h->common->reached)
		progress_say(x->h->progress, SAY_INFO, "%s: %s; trying again", x->url, why);
	return send_again(x, clock_ms() + ((int64_t)LOST_WAIT_MS << x->lost));
}

/* In GnuTLS' words. */
static bool is_broken_off(const char *why)
{
	return strstr(why, "push function") || strstr(why, "pull function") ||
	       strstr(why, "non-properly terminated") || strstr(why, "reset");
}

/*
 * The server never accepted a connection, and this attempt did not fail at once: do not
 * try again, as a wrong name or port must be reported soon.
 */
static bool never_there(const struct xfer *x, CURLcode rc)
{
	return !x->active_ms && !x->h->common->reached &&
	       (x->h->common->absent || rc == CURLE_OPERATION_TIMEDOUT ||
	               clock_ms() - x->began_ms >= AT_ONCE_MS);
}

/* Does nobody listen there? Not said of the proxy itself. */
static bool is_refusal(const struct xfer *x, CURLcode rc, bool proxy)
{
	long why = 0, socks = 0;

	(void)curl_easy_getinfo(x->easy, CURLINFO_OS_ERRNO, &why);
	(void)curl_easy_getinfo(x->easy, CURLINFO_PROXY_ERROR, &socks);
	return proxy ? rc == CURLE_PROXY && socks == CURLPX_REPLY_CONNECTION_REFUSED
	             : rc == CURLE_COULDNT_CONNECT && why == ECONNREFUSED;
}

/* True: it goes on; else x->err says what libcurl ended with. */
static bool transfer_failed(struct xfer *x, CURLcode rc)
{
	bool final, proxy = http_proxy_failed(x, rc, &final);
	const char *why = *x->curl_text ? x->curl_text : curl_easy_strerror(rc);

	x->rs.refused = is_refusal(x, rc, proxy);
	if (proxy)
		return lose_connection(x, why, final || asks_once(x) || never_there(x, rc));
	switch (rc) {
	case CURLE_SSL_CONNECT_ERROR:
		/*
		 * A connection that broke in the handshake is one like any other; a
		 * server that wants no TLS breaks it each time.
		 */
		if (x->h->common->reached || (is_broken_off(why) && x->lost < LOST_MAX - 1))
			return lose_connection(x, why, false);
		(void)http_tls_failed(x, rc, &x->err);
		return false;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_USE_SSL_FAILED:
		(void)http_tls_failed(x, rc, &x->err);
		return false;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_WRITE_ERROR:
		return fail_xfer(x, ERR_PROTO, why);
	/*
	 * Where libcurl is out of memory, it is its limit of a line that is meant: memory
	 * that lacks ends the process. Newer libcurl also counts the lines (5,000).
	 */
	case CURLE_OUT_OF_MEMORY:
#if LIBCURL_VERSION_NUM >= 0x080600
	case CURLE_TOO_LARGE:
#endif
		return fail_xfer(x, ERR_LIMIT,
		        "the header has thousands of lines, or one longer than the 100 kB allowed");
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
		return lose_connection(x, why, asks_once(x) || never_there(x, rc));
	default:
		return lose_connection(x, why, never_there(x, rc));
	}
}

/*
 * A server behind a proxy does not know that it is asked by https: the same there, if the
 * password may go along.
 */
static bool as_https(struct xfer *x, struct url *to, struct buf *next)
{
	const struct endpoint *at = &x->h->service->at;
	bool six = strchr(to->host, ':') != NULL;
	char *path = xstrdup(to->path);
	bool fits;

	to->tls = true;
	if (to->port == 80)
		to->port = at->port ? at->port : 443;
	buf_reset(next);
	fits = buf_addf(next, "https://%s%s%s:%u%s", six ? "[" : "", to->host, six ? "]" : "",
	               to->port, path) == 0;
	free(path);
	return fits && url_cut(buf_str(next), to) && url_may_sign_in(at, to);
}

static void refuse_plain(struct xfer *x)
{
	err_set(&x->err, ERR_TLS, ERR_ITEM, "%s %s: redirected to %.200s, without TLS: refused",
	        x->rq->method, x->url, x->rs.location);
}

/* True: to the Location; false: the answer stands, or x->err says why not. */
static bool follow_redirect(struct xfer *x)
{
	bool reads = http_guard_reads(x->h->guard, x->rq);
	struct url from, to;
	struct buf next = buf_of(URL_MAX);
	bool more = false;

	/* who has a session decides where it is */
	if (!x->rs.location || (x->h->guard && x->h->guard->session))
		return false;
	if (x->h->guard && x->h->guard->one_url)
		fail_xfer(x, ERR_REFUSED, "a redirect, which tokens do not follow");
	else if (++x->hops > HOPS_MAX)
		fail_xfer(x, ERR_PROTO, "more than 5 redirects");
	else if (url_join(x->url, x->rs.location, &next, &x->err) != 0)
		err_wrap(&x->err, "%s %s: redirect", x->rq->method, x->url);
	else if (!url_cut(x->url, &from) || !url_cut(buf_str(&next), &to))
		fail_xfer(x, ERR_PROTO, "the redirect leads nowhere");
	else if (from.tls && !to.tls && !as_https(x, &to, &next))
		refuse_plain(x);
	else if (!reads && !url_may_sign_in(&x->h->service->at, &to))
		fail_xfer(x, ERR_REFUSED, "redirected to another host or port, refused");
	else
		more = true;
	if (more) {
		free(x->url);
		x->url = buf_take(&next);
		x->auth_tries = 0;
		x->own_challenge = false;
	}
	buf_clear(&next);
	return more && send_again(x, 0);
}

/* Fewer at a time, once for all that were in flight together. */
static void slow_down(struct xfer *x, unsigned limit)
{
	struct http *h = x->h;

	if (x->began_ms < h->cut_ms)
		return;
	h->limit = limit ? limit : 1;
	h->good = 0;
	h->cut_ms = clock_ms();
}

/* ERR_AUTH: of the resource, or of the whole service. */
static bool auth_failed(struct xfer *x, const char *why)
{
	const struct login *login = &x->h->service->login;
	struct http_auth *a = &x->h->common->auth;

	/*
	 * Once in, a 401 is about this resource; when everything is refused, servers lock
	 * accounts that go on.
	 */
	err_set(&x->err, ERR_AUTH, a->proven && ++a->refused < REFUSED_MAX ? ERR_ITEM : ERR_WHOLE,
	        "%s %s: %s%s%s", x->rq->method, x->url, why, login->user ? " as " : "",
	        login->user ? login->user : "");
	return false;
}

static bool renew_token(struct xfer *x)
{
	if (x->renewed)
		return auth_failed(x, "the server refused the token");
	x->renewed = true;
	return auth_renew(&x->h->common->auth, &x->err) == 0 && send_again(x, 0);
}

/* It was typed wrong, perhaps. Who asks knows how often. */
static bool type_again(struct xfer *x)
{
	struct err why = {0};

	if (auth_renew(&x->h->common->auth, &why) == 0)
		return send_again(x, 0);
	if (why.code == ERR_STOPPED) {
		x->err = why;
		return false;
	}
	return auth_failed(x, "the server refused the sign-in");
}

/* A 401 that is about the nonce: it was too old, or used up by another request. */
static bool is_stale(const struct xfer *x)
{
	if (!x->with_auth || x->h->common->auth.used.scheme != AUTH_DIGEST)
		return false;
	for (size_t i = 0; i < x->offered.n; i++)
		if (x->offered.list[i].stale)
			return true;
	return !x->own_challenge;
}

/* A 401 from where the password does not go. */
static bool refuse_stranger(struct xfer *x)
{
	struct url u;
	bool port = url_cut(x->url, &u) && url_host_trusted(x->h->service->at.host, u.host);

	return fail_xfer(x, ERR_AUTH,
	        port ? "another port of the host wants a sign-in; it does not get the password: if "
	               "it is the right one, give this URL itself"
	             : "another host wants a sign-in; it does not get the password");
}

/*
 * A 401 in the middle of a session that the same credentials opened: of one of many
 * servers, perhaps, which was asked for nothing yet.
 */
static bool ask_once_more(struct xfer *x)
{
	bool more = !x->renewed && x->h->guard->session && x->h->common->auth.proven;

	x->renewed |= more;
	return more;
}

/* Of a 401 that names ways at all. */
static bool offers(const struct xfer *x, enum auth_scheme scheme)
{
	bool any = x->offered.n == 0;

	for (size_t i = 0; i < x->offered.n; i++)
		any |= x->offered.list[i].scheme == scheme;
	return any;
}

/* What was sent was refused. -1: another way is tried; else whether the request goes out again. */
static int handle_refusal(struct xfer *x)
{
	struct http_auth *a = &x->h->common->auth;
	bool ticket = a->used.scheme == AUTH_NEGOTIATE;

	if (!a->proven && a->used.scheme == AUTH_BASIC && !offers(x, AUTH_BASIC))
		return -1; /* it was sent unasked */
	if (a->login->typed && !a->proven && !ticket)
		return type_again(x);
	if (ask_once_more(x))
		return send_again(x, 0);
	if (auth_other_way(a, &x->offered))
		return -1;
	return auth_failed(
	        x, ticket ? "the server refused Negotiate, or there is no ticket for it (klist)"
	                  : "the server refused the sign-in");
}

/* Under the lock of what the clients share. */
static bool handle_unauthorized(struct xfer *x)
{
	struct http_auth *a = &x->h->common->auth;
	bool stale = is_stale(x);
	struct url u;
	int rc;

	if (!x->trusted)
		return refuse_stranger(x);
	if (!a->login->user && !auth_wants_bearer(a->login))
		return auth_failed(x, "the server wants a sign-in, but no user is set");
	/* another request learnt more meanwhile */
	if (x->auth_serial != a->serial)
		return send_again(x, 0);
	if (++x->auth_tries > (stale ? STALE_TRIES_MAX : AUTH_TRIES_MAX))
		return auth_failed(x, "the server asks for a sign-in again and again");
	if (auth_wants_bearer(a->login))
		return renew_token(x);
	if (x->with_auth && !stale && (rc = handle_refusal(x)) >= 0)
		return rc;
	/* nonces for one request only */
	if (x->auth_tries > 2)
		slow_down(x, 1);
	if (!url_cut(x->url, &u))
		return fail_xfer(x, ERR_PROTO, "not a URL");
	/* it does not say how: as most do */
	if (!x->offered.n && u.tls && !x->with_auth && auth_may_basic(a->login))
		challenges_parse(&x->offered, "Basic");
	if (auth_choose(a, &x->offered, x->url, !u.tls, &x->err) != 0) {
		err_wrap(&x->err, "%s %s", x->rq->method, x->url);
		return false;
	}
	x->own_challenge = true;
	return send_again(x, 0);
}

static bool too_busy(struct xfer *x)
{
	err_set(&x->err, ERR_BUSY, ERR_ITEM, "%s %s: the server is busy (HTTP %d): try again later",
	        x->rq->method, x->url, x->rs.status);
	return false;
}

/*
 * Nothing at all goes out before ${until}; false when that would be too long a wait in
 * all. *new_out: it is longer than was known.
 */
static bool hold_all(struct http_common *c, int64_t now, int64_t until, bool *new_out)
{
	int64_t from;
	bool ok;

	pthread_mutex_lock(&c->lock);
	from = c->hold_ms > now ? c->hold_ms : now;
	*new_out = until > from;
	ok = !*new_out || c->waited_ms + (until - from) <= WAIT_ALL_MS;
	if (ok && *new_out) {
		c->waited_ms += until - from;
		c->hold_ms = until;
	}
	pthread_mutex_unlock(&c->lock);
	return ok;
}

/* 429 or 503: wait as it is asked, but not for ever. */
static bool handle_busy(struct xfer *x)
{
	struct http *h = x->h;
	/* Retry-After: 0 gives no delay: use our own, doubled each time. */
	bool said = x->retry_after > 0, longer = true;
	int64_t now = clock_ms(), wait = said ? x->retry_after : (int64_t)1 << x->busy, until;

	if (wait > WAIT_MAX_S)
		wait = WAIT_MAX_S;
	until = now + wait * 1000;
	if (!said && x->busy >= BUSY_TRIES_MAX)
		return too_busy(x);
	x->busy++;
	slow_down(x, h->running / 2);
	if ((said || x->rs.status != 503) && !hold_all(h->common, now, until, &longer))
		return too_busy(x);
	if (longer)
		progress_say(h->progress, SAY_NOTE,
		        "%s: the server asks for a pause (HTTP %d): waiting %lld s",
		        h->service->at.host, x->rs.status, (long long)wait);
	return send_again(x, until);
}

/* Google says 403 for what others call 429. */
static bool is_rate_limit(const struct xfer *x)
{
	const char *text = buf_str(&x->error_body);

	return x->rs.status == 403 &&
	       (strstr(text, "usageLimits") || strstr(text, "rateLimitExceeded"));
}

/* An answer that is no 401. */
static void learn_answer(struct xfer *x)
{
	struct http_common *c = x->h->common;
	bool good = x->rs.status < 300;

	pthread_mutex_lock(&c->lock);
	c->settled = true;
	if (x->with_auth) {
		if (!c->auth.proven && c->auth.login->let_in && c->auth.have_secret)
			c->auth.login->let_in(c->auth.login->ctx, &c->auth.secret);
		c->auth.proven = true;
		facts_set(c->service.facts, FACT_SIGN_IN, auth_word(&c->auth));
		c->auth.refused = 0;
	}
	if (good)
		c->waited_ms = 0;
	if (good && x->busy)
		c->stuck = false;
	pthread_mutex_unlock(&c->lock);
	if (good && ++x->h->good >= GOOD_FOR_MORE) {
		x->h->limit++;
		x->h->good = 0;
	}
}

bool http_is_passing(int status, const char *text)
{
	static const char *const words[] = {"locked", "deadlock", "lock wait", "serializ", "busy",
	        "too many connections", "try again", "try restarting"};

	if (status == 423 || status == 504)
		return true;
	for (size_t i = 0; status == 500 && i < COUNT(words); i++)
		if (strcasestr(text, words[i]))
			return true;
	return false;
}

/* Reading requests are sent again; once that failed for one, the others hardly wait. */
static bool handle_passing(struct xfer *x)
{
	struct http_common *c = x->h->common;
	int tries = c->stuck ? 1 : BUSY_TRIES_MAX;

	if (asks_once(x) || !http_guard_reads(x->h->guard, x->rq) ||
	        !http_guard_repeatable(x->h->guard, x->rq) ||
	        !http_is_passing(x->rs.status, buf_str(&x->error_body)))
		return false;
	if (x->busy >= tries) {
		c->stuck = true;
		return false;
	}
	return send_again(x, clock_ms() + ((int64_t)1000 << x->busy++));
}

/* True: it goes on; else the answer stands, or x->err is set. */
static bool judge_answer(struct xfer *x)
{
	struct http_common *c = x->h->common;
	const char *method = x->rq->method;
	bool more;

	c->reached = true;
	pthread_mutex_lock(&c->lock);
	c->away_ms = 0;
	more = x->rs.status == 401 && handle_unauthorized(x);
	pthread_mutex_unlock(&c->lock);
	if (x->rs.status == 401)
		return more;
	learn_answer(x);
	switch (x->rs.status) {
	case 303:
		if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
			return false;
		return follow_redirect(x);
	case 301:
	case 302:
	case 307:
	case 308:
		return follow_redirect(x);
	case 429:
	case 503:
		return !asks_once(x) && handle_busy(x);
	case 502: /* the server behind a proxy is starting again */
		if (asks_once(x) || !http_guard_repeatable(x->h->guard, x->rq) ||
		        x->busy >= GATEWAY_TRIES_MAX)
			return false;
		return send_again(x, clock_ms() + ((int64_t)1000 << x->busy++));
	default:
		break;
	}
	return (is_rate_limit(x) && handle_busy(x)) || handle_passing(x);
}

bool xfer_outcome(struct xfer *x, CURLcode rc)
{
	/*
	 * A "no" counts though its text was cut off, or the connection with it because
	 * our body was on its way.
	 */
	bool no = x->head_done && x->rs.status >= 300;

	if (x->err.code)
		return false;
	if (rc != CURLE_OK && !no)
		return transfer_failed(x, rc);
	if (!x->head_done)
		return lose_connection(x, "no answer came", false);
	if (!no && !http_decoder_whole(&x->decoder))
		return lose_connection(x, "the answer was cut short", false);
	return judge_answer(x);
}
