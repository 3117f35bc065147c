/*
 * The HTTP client on libcurl's multi interface: RFC 9110, 9112, 9113. libcurl carries
 * requests over connections that it keeps; what is sent, to whom and how often is decided
 * here.
 */
#include "internal.h"
#include "valise/net/patience.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PARALLEL_DEFAULT 8
#define PARALLEL_MAX 64
#define TICK_MS 200 /* how late a stop may be noticed */
#define FINISH_MS 10000 /* after a stop, for an answer that is given once */

static void start_curl(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static struct http_common *common_new(const struct service *service)
{
	struct http_common *c = xcalloc(1, sizeof *c);

	service_copy(&c->service, service);
	free(c->service.at.host);
	c->service.at.host = url_host_ace(service->at.host);
	c->auth.login = &c->service.login;
	c->auth.ticket = auth_has_ticket();
	c->bundle = http_tls_has_bundle();
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

/* One client less; the last one frees it. */
static void common_drop(struct http_common *c)
{
	unsigned left;

	pthread_mutex_lock(&c->lock);
	left = --c->users;
	pthread_mutex_unlock(&c->lock);
	if (left)
		return;
	auth_clear(&c->auth);
	for (size_t i = 0; i < VERIFIED_MAX; i++)
		free(c->verified[i]);
	service_clear(&c->service);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* A further client of ${c}. */
static int client_new(struct http_common *c, const struct http_guard *guard,
        struct progress *progress, struct http **out, struct err *err)
{
	struct http *h = xcalloc(1, sizeof *h);

	pthread_mutex_lock(&c->lock);
	c->users++;
	pthread_mutex_unlock(&c->lock);
	h->common = c;
	h->service = &c->service;
	h->guard = guard;
	h->progress = progress;
	h->limit = PARALLEL_MAX;
	h->multi = curl_multi_init();
	if (!h->multi) {
		http_close(h);
		return err_set(err, ERR_NET, ERR_WHOLE, "libcurl cannot be started");
	}
	curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	*out = h;
	return 0;
}

int http_open(const struct service *service, enum guard_role role, struct progress *progress,
        struct http **out, struct err *err)
{
	/* libcurl wants one call in a process. */
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	*out = NULL;
	if (!service->at.host || !*service->at.host)
		return err_set(err, ERR_USAGE, ERR_WHOLE, "%s: no host is set", service->name);
	(void)pthread_once(&once, start_curl);
	return client_new(common_new(service), http_guard_of(role), progress, out, err);
}

int http_open_beside(struct http *first, struct http **out, struct err *err)
{
	*out = NULL;
	return client_new(first->common, first->guard, first->progress, out, err);
}

void http_close(struct http *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->n_slots; i++) {
		curl_easy_cleanup(h->slots[i]->easy);
		buf_clear(&h->slots[i]->error_body);
		free(h->slots[i]);
	}
	free(h->slots);
	curl_multi_cleanup(h->multi);
	common_drop(h->common);
	free(h);
}

bool http_may_sign_in(const struct http *h, const char *url)
{
	struct url u;

	return url_cut(url, &u) && url_may_sign_in(&h->service->at, &u);
}

void http_preempt(struct http *h)
{
	struct http_auth *a = &h->common->auth;

	if (h->service->at.security == SECURITY_NONE || !auth_may_basic(a->login))
		return;
	pthread_mutex_lock(&h->common->lock);
	if (a->used.scheme == AUTH_NONE) {
		a->used.scheme = AUTH_BASIC;
		a->serial++;
	}
	pthread_mutex_unlock(&h->common->lock);
}

/* One http_run. */
struct run {
	struct http *h;
	struct http_request *list;
	size_t n, next; /* the next one to start */
	unsigned parallel;
	int64_t stop_ms; /* when a stop was noticed; 0: not yet */
	struct err fatal; /* ends the client */
};

/* At least ${n} of them. */
static void add_slots(struct http *h, size_t n)
{
	if (n <= h->n_slots)
		return;
	h->slots = xrealloc(h->slots, n * sizeof *h->slots);
	for (; h->n_slots < n; h->n_slots++) {
		struct xfer *x = xcalloc(1, sizeof *x);

		x->h = h;
		x->id = (unsigned)h->n_slots + 1;
		buf_init(&x->error_body, ERROR_BODY_MAX);
		h->slots[h->n_slots] = x;
	}
}

/* Count what crossed the wire for this try. */
static void count_octets(struct xfer *x)
{
	struct progress *p = x->h->progress;
	curl_off_t down = 0, up = 0;
	long head = 0, request = 0;

	if (!p)
		return;
	curl_easy_getinfo(x->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
	curl_easy_getinfo(x->easy, CURLINFO_SIZE_UPLOAD_T, &up);
	curl_easy_getinfo(x->easy, CURLINFO_HEADER_SIZE, &head);
	curl_easy_getinfo(x->easy, CURLINFO_REQUEST_SIZE, &request);
	p->wire_in += (uint64_t)down + (uint64_t)head;
	p->wire_out += (uint64_t)up + (uint64_t)request;
	p->round_trips++;
}

/* The request is done: its answer is told, and the slot is free. */
static void finish_xfer(struct run *r, struct xfer *x)
{
	if (!x->rs.url)
		x->rs.url = xstrdup(x->url);
	if (x->rq->link && x->err.code != ERR_STOPPED)
		x->err.scope = ERR_ITEM;
	if (x->err.code && x->err.scope == ERR_WHOLE && !r->fatal.code)
		r->fatal = x->err;
	if (x->rq->done)
		x->rq->done(x->rq, &x->rs, buf_str(&x->error_body), &x->err);
	xfer_answer_clear(x);
	free(x->url);
	x->url = NULL;
	x->state = XFER_FREE;
}

/* The slot forgets the request before; only its handle and buffer stay. */
static int take_request(struct xfer *x, struct http_request *rq)
{
	struct xfer fresh = {.h = x->h, .id = x->id, .easy = x->easy, .error_body = x->error_body};
	struct buf url = buf_of(URL_MAX);
	int rc;

	*x = fresh;
	x->rq = rq;
	x->state = XFER_WAITING;
	rc = url_join(NULL, rq->url, &url, &x->err);
	x->url = rc == 0 ? buf_take(&url) : xstrdup(rq->url);
	buf_clear(&url);
	return rc;
}

static void start_xfer(struct run *r, struct xfer *x)
{
	if (xfer_start(x, &x->err) != 0)
		finish_xfer(r, x);
}

/*
 * The first answer decides on the sign-in and on HTTP/2: until then one request goes
 * alone.
 */
static unsigned free_slots(const struct run *r)
{
	unsigned most = MIN(r->parallel, r->h->limit);

	return r->h->common->settled ? most : 1;
}

/* Start what waited long enough, then new requests, as far as there is room. */
static void start_what_may(struct run *r)
{
	struct http *h = r->h;
	int64_t now = clock_ms();

	if (now < h->common->hold_ms)
		return;
	for (size_t i = 0; i < r->parallel && h->running < free_slots(r); i++)
		if (h->slots[i]->state == XFER_WAITING && h->slots[i]->wake_ms <= now)
			start_xfer(r, h->slots[i]);
	for (size_t i = 0; i < r->parallel && h->running < free_slots(r) && r->next < r->n; i++) {
		struct xfer *x = h->slots[i];

		if (x->state != XFER_FREE || r->fatal.code)
			continue;
		if (take_request(x, &r->list[r->next++]) != 0)
			finish_xfer(r, x);
		else
			start_xfer(r, x);
	}
}

/* libcurl ended it with ${rc}: again later, or done. */
static void end_transfer(struct run *r, struct xfer *x, CURLcode rc)
{
	bool more;

	count_octets(x);
	more = xfer_outcome(x, rc);
	xfer_stop(x);
	if (!more)
		finish_xfer(r, x);
}

/* True if a transfer ended: then something else may start at once. */
static bool reap_ended(struct run *r)
{
	bool ended = false;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(r->h->multi, &left))) {
		CURLcode rc = m->data.result;
		void *x = NULL;

		if (m->msg == CURLMSG_DONE &&
		        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x) == CURLE_OK && x) {
			end_transfer(r, x, rc);
			ended = true;
		}
	}
	return ended;
}

/*
 * How long silence may last. On one HTTP/2 connection requests wait for each other, so it
 * is measured per client; is_silent also ends a trickle, by the patience of the other
 * transports.
 */
static int64_t silence_of(const struct xfer *x)
{
	int64_t idle = x->h->service->at.idle_timeout_ms;

	/* Listing and storing is work; giving out a token is none. */
	if (x->rq->once || x->rq->finish || strcmp(x->rq->method, "GET") == 0 ||
	        strcmp(x->rq->method, "OPTIONS") == 0)
		return idle;
	return slow_timeout_ms((int)idle, x->rq->body_size) << (x->silences ? 1 : 0);
}

/* Since its request began; what --max-rate held up is no fault of the server's. */
static int64_t waited_for(const struct xfer *x, int64_t now)
{
	return now - x->began_ms - (x->h->held_ms - x->held_before_ms);
}

static bool is_silent(const struct xfer *x, int64_t now)
{
	int64_t idle = x->h->service->at.idle_timeout_ms;

	if (x->state != XFER_RUNNING || !x->active_ms || idle <= 0)
		return false;
	return now - x->h->active_ms >= silence_of(x) ||
	       waited_for(x, now) >= patience_ms(idle, x->moved);
}

/* Tell people that the server is what the run waits for. */
static void tell_silence(struct xfer *x, int64_t now)
{
	int64_t idle = x->h->service->at.idle_timeout_ms;

	if (x->told || x->state != XFER_RUNNING || !x->active_ms || idle <= 0 ||
	        now - x->h->active_ms < idle || silence_of(x) <= idle)
		return;
	x->told = true;
	progress_say(x->h->progress, SAY_NOTE,
	        "%s %s: no answer for %d s; a server may have much to read: waiting up to %d s",
	        x->rq->method, x->url, (int)(idle / 1000), (int)(silence_of(x) / 1000));
}

/* End transfers that are silent for too long. */
static void check_idle(struct run *r)
{
	int64_t now = clock_ms(), active = r->h->active_ms;

	for (size_t i = 0; i < r->parallel; i++) {
		struct xfer *x = r->h->slots[i];

		tell_silence(x, now);
		if (!is_silent(x, now))
			continue;
		if (now - active >= silence_of(x))
			snprintf(x->curl_text, sizeof x->curl_text,
			        "nothing came for %d s (--timeout allows for more)",
			        (int)((now - active + 999) / 1000));
		else
			snprintf(x->curl_text, sizeof x->curl_text,
			        "less than %d octets a second came for %d s (--timeout allows for "
			        "more)",
			        PATIENCE_RATE, (int)((waited_for(x, now) + 999) / 1000));
		x->silences += silence_of(x) > x->h->service->at.idle_timeout_ms;
		/* The next one does not go over that connection. */
		curl_easy_setopt(x->easy, CURLOPT_FORBID_REUSE, 1L);
		end_transfer(r, x, CURLE_OPERATION_TIMEDOUT);
	}
}

/* Until something can happen: a socket, a wake-up, the next look at the stop flag. */
static int wait_for(struct run *r, struct err *err)
{
	int64_t now = clock_ms(), wait = TICK_MS;
	struct http *h = r->h;
	int n = 0;

	for (size_t i = 0; i < r->parallel; i++) {
		struct xfer *x = h->slots[i];
		int64_t hold = h->common->hold_ms, wake = x->wake_ms > hold ? x->wake_ms : hold;

		if (x->state == XFER_WAITING && wake - now < wait)
			wait = wake > now ? wake - now : 0;
	}
	/* what is due has no room yet */
	if (h->running >= free_slots(r) && wait == 0)
		wait = TICK_MS;
	if (curl_multi_poll(h->multi, NULL, 0, (int)wait, &n) != CURLM_OK)
		return err_set(err, ERR_NET, ERR_WHOLE, "libcurl cannot wait for its sockets");
	return 0;
}

static bool is_over(const struct run *r)
{
	if (r->next < r->n)
		return false;
	for (size_t i = 0; i < r->parallel; i++)
		if (r->h->slots[i]->state != XFER_FREE)
			return false;
	return true;
}

/* Is there one under way whose answer would be lost? */
static bool may_finish(struct run *r)
{
	bool any = false;

	r->stop_ms = r->stop_ms ? r->stop_ms : clock_ms();
	for (size_t i = 0; i < r->parallel; i++) {
		const struct xfer *x = r->h->slots[i];

		any |= x->state == XFER_RUNNING && x->rq->finish && x->sent;
	}
	return any && clock_ms() - r->stop_ms < FINISH_MS;
}

/* Until all are done, or r->fatal is set. */
static void run_loop(struct run *r)
{
	int running;

	while (!r->fatal.code && !is_over(r)) {
		if (stop_requested() && !may_finish(r) && stop_check(&r->fatal) != 0)
			return;
		start_what_may(r);
		if (curl_multi_perform(r->h->multi, &running) != CURLM_OK) {
			err_set(&r->fatal, ERR_NET, ERR_WHOLE, "libcurl does not go on");
			return;
		}
		if (reap_ended(r))
			continue;
		check_idle(r);
		if (!is_over(r) && !r->fatal.code && wait_for(r, &r->fatal) != 0)
			return;
	}
}

/*
 * The client is at its end: what is on its way and what was not begun gets the same
 * error.
 */
static void abandon_all(struct run *r)
{
	for (size_t i = 0; i < r->parallel; i++) {
		struct xfer *x = r->h->slots[i];

		if (x->state == XFER_FREE)
			continue;
		xfer_stop(x);
		x->err = r->fatal;
		finish_xfer(r, x);
	}
	while (r->next < r->n) {
		struct xfer *x = r->h->slots[0];

		(void)take_request(x, &r->list[r->next++]);
		x->err = r->fatal;
		finish_xfer(r, x);
	}
}

int http_run(
        struct http *h, struct http_request *list, size_t n, unsigned parallel, struct err *err)
{
	struct run r = {.h = h, .list = list, .n = n};

	r.parallel = MIN(parallel ? parallel : PARALLEL_DEFAULT, PARALLEL_MAX);
	add_slots(h, r.parallel);
	run_loop(&r);
	if (!r.fatal.code)
		return 0;
	abandon_all(&r);
	return err_copy(err, &r.fatal);
}
