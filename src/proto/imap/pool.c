/* The connections of a run: opened, and how they wait for the network and the server. */
#include "valise/base/clock.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include "valise/proto/imap/pool.h"

enum {
	PAUSE_FIRST_MS = 250, /* after a lost connection */
	PAUSE_MAX_MS = 16000,
	THROTTLE_FIRST_MS = 1000, /* where the server says no time */
	THROTTLE_MAX_MS = 60000,
	STEP_MS = 100,
	FIRST_TRIES = 3,
	/* where a failure comes at once: a wrong port must be told soon */
	FIRST_NET_TRIES = 3,
	AT_ONCE_MS = 5000,
	/* three quarters of a minute: nothing is known of this server yet */
	FIRST_BUSY_TRIES = 8,
	OPEN_TRIES = 5, /* as long as another connection lives */
	/* a server that took these credentials before deserves a second try, not five */
	AUTH_TRIES = 2,
};

void imap_pool_init(struct imap_pool *p)
{
	pthread_mutex_init(&p->lock, NULL);
	if (!p->max_wait_s)
		p->max_wait_s = POOL_MAX_WAIT_S;
}

void imap_pool_clear(struct imap_pool *p)
{
	pthread_mutex_destroy(&p->lock);
}

void imap_pool_gained(struct imap_pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->trouble_ms = 0;
	p->streak = 0;
	pthread_mutex_unlock(&p->lock);
}

unsigned imap_pool_allowed(struct imap_pool *p, unsigned want)
{
	pthread_mutex_lock(&p->lock);
	if (p->allowed && want > p->allowed)
		want = p->allowed;
	pthread_mutex_unlock(&p->lock);
	return want;
}

bool imap_pool_ended(struct imap_pool *p, struct err *err)
{
	bool ended;

	pthread_mutex_lock(&p->lock);
	ended = p->ended.code != ERR_OK;
	if (ended && err)
		*err = p->ended;
	pthread_mutex_unlock(&p->lock);
	return ended;
}

/* ---- patience ---- */

static char *time_text(int64_t ms, char out[32])
{
	if (ms < 10000)
		snprintf(out, 32, "%lld.%lld s", (long long)(ms / 1000),
		        (long long)(ms % 1000 / 100));
	else if (ms < 600000)
		snprintf(out, 32, "%lld s", (long long)(ms / 1000));
	else
		snprintf(out, 32, "%lld min", (long long)(ms / 60000));
	return out;
}

/*
 * With the lock held: ${ms} more without a gain, is that too long? Then the run is over.
 */
static int try_patience(struct imap_pool *p, int64_t ms, struct err *err)
{
	int64_t now = clock_ms(), limit = (int64_t)p->max_wait_s * 1000;
	struct err why = *err;
	char text[32];

	if (!p->trouble_ms)
		p->trouble_ms = now;
	if (now + ms - p->trouble_ms <= limit)
		return 0;
	if (!p->ended.code)
		err_set(&p->ended, ERR_BUSY, ERR_WHOLE,
		        "given up after %s without progress; run this again later, it goes on "
		        "from here (--max-wait allows for more): %s",
		        time_text(ms > limit ? limit : now + ms - p->trouble_ms, text), why.text);
	*err = p->ended;
	return err->code;
}

static bool has_failed(const struct imap_pool *p)
{
	return p->workers && workers_failed(p->workers);
}

/* Sleep until then, in slices: 0, or a stop or the end of the run. */
static int sleep_until(struct imap_pool *p, int64_t until_ms, struct err *err)
{
	const struct timespec step = {0, STEP_MS * 1000000L};

	for (;;) {
		int64_t left = until_ms - clock_ms();
		const struct timespec rest = {0, left * 1000000L};
		int rc = stop_check(err);

		if (rc < 0)
			return err_widen(err, ERR_WHOLE);
		if (imap_pool_ended(p, err))
			return err->code;
		if (left <= 0 || has_failed(p))
			return 0;
		nanosleep(left < STEP_MS ? &rest : &step, NULL);
	}
}

int imap_pool_throttled(struct imap_pool *p, const char *next, struct err *err)
{
	int64_t now = clock_ms(), wait = err->wait_ms;
	char text[32];
	int rc = 0;

	pthread_mutex_lock(&p->lock);
	if (p->until_ms > now) { /* another connection was told so a moment ago */
		pthread_mutex_unlock(&p->lock);
		return 0;
	}
	if (!wait)
		wait = clock_pause_ms(THROTTLE_FIRST_MS, p->streak, THROTTLE_MAX_MS);
	p->streak++;
	rc = try_patience(p, wait, err);
	if (rc == 0) {
		p->until_ms = now + wait;
		p->allowed = p->open > 1 ? p->open / 2 : 1;
		if (p->progress)
			atomic_store(&p->progress->wait_until_ms, (uint64_t)p->until_ms);
	}
	pthread_mutex_unlock(&p->lock);
	if (rc == 0)
		progress_say(p->progress, SAY_NOTE, "the server asks to wait %s%s%s: %s",
		        time_text(wait, text), next ? "; going on at " : "", next ? next : "",
		        err->text);
	return rc;
}

static int64_t held_until(struct imap_pool *p)
{
	int64_t until;

	pthread_mutex_lock(&p->lock);
	until = p->until_ms;
	pthread_mutex_unlock(&p->lock);
	return until;
}

bool imap_pool_waiting(struct imap_pool *p)
{
	return held_until(p) > clock_ms();
}

int imap_pool_hold(struct imap_pool *p, struct err *err)
{
	return sleep_until(p, held_until(p), err);
}

/* Growing with ${nth}. */
static int pause_net(struct imap_pool *p, unsigned nth, struct err *err)
{
	int64_t ms = clock_pause_ms(PAUSE_FIRST_MS, nth ? nth - 1 : 0, PAUSE_MAX_MS);
	int rc;

	pthread_mutex_lock(&p->lock);
	rc = try_patience(p, ms, err);
	pthread_mutex_unlock(&p->lock);
	return rc ? rc : sleep_until(p, clock_ms() + ms, err);
}

int imap_pool_wait(struct imap_pool *p, int64_t ms, struct err *err)
{
	return sleep_until(p, clock_ms() + ms, err);
}

int imap_pool_pause(struct imap_pool *p, unsigned nth, const char *next, struct err *err)
{
	int rc;

	if (err->code != ERR_THROTTLED)
		return pause_net(p, nth, err);
	rc = imap_pool_throttled(p, next, err);
	return rc ? rc : imap_pool_hold(p, err);
}

/* ---- attempts ---- */

bool attempt_counts(struct attempts *a, int rc, bool lost)
{
	switch (rc) {
	case ERR_OK:
	case ERR_STOPPED:
	case ERR_GUARD:
		return false;
	case ERR_THROTTLED:
		return true;
	case ERR_BUSY:
		return ++a->failures < a->limit;
	default:
		return lost && ++a->failures < a->limit;
	}
}

static bool pause_attempt(
        struct imap_pool *p, const struct attempts *a, int *rc, const char *next, struct err *err)
{
	int paused = imap_pool_pause(p, a->failures, next, err);

	if (paused < 0)
		*rc = paused;
	return paused == 0;
}

bool attempt_again(struct imap_pool *p, struct attempts *a, int *rc, bool lost, const char *next,
        struct err *err)
{
	return attempt_counts(a, *rc, lost) && pause_attempt(p, a, rc, next, err);
}

/* ---- connections ---- */

/* How much a session is worth. */
enum need { NEED_FIRST, NEED_FURTHER, NEED_AGAIN };

/* Compression pays on any wire but none. */
static int compress_session(const struct imap_pool *p, struct imap *m, struct err *err)
{
	const char *host = p->service->at.host;

	if (strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
	        strcmp(host, "::1") == 0)
		return 0;
	return imap_compress(m, err);
}

/* Open a session and compress it. */
static int open_once(struct imap_pool *p, struct imap **out, struct err *err)
{
	int rc = imap_open(p->service, p->target, p->progress, out, err);

	if (rc == 0)
		rc = compress_session(p, *out, err);
	if (rc < 0) {
		imap_close(*out);
		*out = NULL;
	}
	pthread_mutex_lock(&p->lock);
	p->open += rc == 0;
	if (rc == ERR_BUDGET && !p->ended.code)
		p->ended = *err;
	pthread_mutex_unlock(&p->lock);
	return rc;
}

/* Once more, after the ${nth} failure in a row, which took ${took_ms}? */
static bool worth_trying(
        struct imap_pool *p, enum need need, unsigned nth, int64_t took_ms, const struct err *err)
{
	bool last;

	if (has_failed(p))
		return false;
	if (err->code == ERR_THROTTLED)
		return need == NEED_AGAIN || (need == NEED_FIRST && nth < FIRST_TRIES);
	if (err->code == ERR_BUSY && need == NEED_FIRST)
		return nth < FIRST_BUSY_TRIES;
	if (err->code == ERR_NET && need == NEED_FIRST)
		return nth < FIRST_NET_TRIES && took_ms < AT_ONCE_MS;
	if (need != NEED_AGAIN)
		return false;
	if (err->code == ERR_AUTH || err->code == ERR_SECRET)
		return nth < AUTH_TRIES;
	pthread_mutex_lock(&p->lock);
	last = p->open == 0;
	pthread_mutex_unlock(&p->lock);
	if (err->code == ERR_NET || err->code == ERR_BUSY)
		return last || nth < OPEN_TRIES;
	return nth < OPEN_TRIES && (err->code == ERR_PROTO || err->code == ERR_TLS);
}

/* The reason of a first contact that fails for good is told at its end, once. */
static void say_again(struct imap_pool *p, enum need need, const struct err *err)
{
	if (need == NEED_FIRST && err->code == ERR_NET)
		progress_say(p->progress, SAY_INFO, "%s: no connection yet; trying again",
		        p->service->at.host);
	else
		progress_say(p->progress, SAY_INFO, "%s; trying again", err->text);
}

/* Open a session, again as often as it is worth. */
static int open_session(struct imap_pool *p, enum need need, struct imap **out, struct err *err)
{
	for (unsigned nth = 1;; nth++) {
		int rc = imap_pool_hold(p, err);
		int64_t began = clock_ms();

		if (rc == 0 && (rc = open_once(p, out, err)) == 0)
			return 0;
		if (err->code == ERR_STOPPED || imap_pool_ended(p, NULL) ||
		        !worth_trying(p, need, nth, clock_ms() - began, err))
			return err_widen(err, ERR_WHOLE);
		if (err->code != ERR_THROTTLED && !(need == NEED_FIRST && nth > 1))
			say_again(p, need, err);
		rc = imap_pool_pause(p, nth, NULL, err);
		if (rc < 0)
			return err_widen(err, ERR_WHOLE);
	}
}

/* Say once that the server takes one command at a time. */
static void say_one_by_one(struct imap_pool *p)
{
	atomic_bool *found = p->service->one_by_one;
	bool first;

	if (!found || !atomic_load(found))
		return;
	pthread_mutex_lock(&p->lock);
	first = !p->one_by_one;
	p->one_by_one = true;
	pthread_mutex_unlock(&p->lock);
	if (first)
		progress_say(p->progress, SAY_NOTE,
		        "the server does not answer commands that are sent together; going on "
		        "with one at a time");
}

int imap_conn_open(struct imap_conn *c, struct err *err)
{
	enum need need = c->number ? NEED_FURTHER : NEED_FIRST;
	int rc;

	if (c->was_open)
		need = NEED_AGAIN;
	imap_conn_close(c);
	rc = open_session(c->pool, need, &c->m, err);
	c->was_open |= rc == 0;
	c->lost = rc < 0;
	say_one_by_one(c->pool);
	return rc;
}

void imap_conn_close(struct imap_conn *c)
{
	struct imap_pool *p = c->pool;

	if (!c->m)
		return;
	if (c->closed)
		c->closed(c->ctx);
	imap_close(c->m);
	c->m = NULL;
	pthread_mutex_lock(&p->lock);
	p->open--;
	pthread_mutex_unlock(&p->lock);
}

bool imap_conn_alive(const struct imap_conn *c)
{
	return c->m && imap_alive(c->m);
}

bool imap_conn_broke(const struct imap_conn *c, int rc)
{
	return rc < 0 && !imap_conn_alive(c);
}

bool imap_conn_is_over(const struct imap_conn *c, const struct err *err)
{
	return c->lost || err->code == ERR_STOPPED || imap_pool_ended(c->pool, NULL) ||
	       has_failed(c->pool);
}

int imap_conn_ready(struct imap_conn *c, struct err *err)
{
	int rc = imap_pool_hold(c->pool, err);

	return rc == 0 && !imap_conn_alive(c) ? imap_conn_open(c, err) : rc;
}

int imap_conn_select(struct imap_conn *c, const uint8_t *name, size_t name_len, bool write,
        const char *shown, struct imap_selected *out, struct err *err)
{
	struct attempts a = {.limit = ATTEMPTS};
	int rc;

	do {
		imap_selected_clear(out);
		rc = imap_conn_ready(c, err);
		if (rc < 0)
			return rc;
		rc = imap_select(c->m, name, name_len, write, out, err);
		if (rc < 0)
			err_widen(err, err->code == ERR_STOPPED ? ERR_WHOLE : ERR_COLLECTION);
		if (rc < 0 && imap_waited_out(c->m)) /* for minutes: once more is enough */
			a.failures++;
	} while (imap_conn_retry(c, &a, &rc, shown, err));
	return rc;
}

bool imap_conn_retry(
        struct imap_conn *c, struct attempts *a, int *rc, const char *next, struct err *err)
{
	if (!attempt_counts(a, *rc, imap_conn_broke(c, *rc)))
		return false;
	if (imap_conn_alive(c) && imap_in_flight(c->m))
		imap_conn_close(c);
	return pause_attempt(c->pool, a, rc, next, err);
}

/* ---- workers ---- */

void imap_conn_begin(struct imap_conn *c)
{
	pthread_mutex_lock(&c->pool->lock);
	c->pool->at_work++;
	pthread_mutex_unlock(&c->pool->lock);
}

bool imap_conn_is_spare(struct imap_conn *c)
{
	struct imap_pool *p = c->pool;

	pthread_mutex_lock(&p->lock);
	if (!c->leaving && p->allowed && p->at_work > p->allowed) {
		c->leaving = true;
		p->at_work--;
	}
	pthread_mutex_unlock(&p->lock);
	return c->leaving;
}

bool imap_conn_end(struct imap_conn *c)
{
	struct imap_pool *p = c->pool;
	bool last;

	imap_conn_close(c);
	pthread_mutex_lock(&p->lock);
	p->at_work -= !c->leaving;
	last = p->at_work == 0;
	pthread_mutex_unlock(&p->lock);
	return last;
}

void imap_conn_tell_end(const struct imap_conn *c, int rc, const struct err *err)
{
	const struct imap_pool *p = c->pool;

	if (c->leaving)
		progress_say(p->progress, SAY_INFO, "going on with one connection less");
	else if (rc < 0 && !has_failed(p))
		progress_say(
		        p->progress, SAY_INFO, "going on with one connection less: %s", err->text);
}
