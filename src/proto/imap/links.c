/* The connections of a run: opened, and how they wait for the network and the server. */
#include "valise/base/clock.h"
#include <stdio.h>
#include <string.h>
#include "valise/proto/imap/links.h"

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

void imap_links_init(struct imap_links *l)
{
	pthread_mutex_init(&l->lock, NULL);
	if (!l->max_wait_s)
		l->max_wait_s = LINKS_MAX_WAIT_S;
}

void imap_links_clear(struct imap_links *l)
{
	pthread_mutex_destroy(&l->lock);
}

void imap_link_gained(struct imap_links *l)
{
	pthread_mutex_lock(&l->lock);
	l->trouble_ms = 0;
	l->streak = 0;
	pthread_mutex_unlock(&l->lock);
}

unsigned imap_links_allowed(struct imap_links *l, unsigned want)
{
	pthread_mutex_lock(&l->lock);
	if (l->allowed && want > l->allowed)
		want = l->allowed;
	pthread_mutex_unlock(&l->lock);
	return want;
}

bool imap_links_ended(struct imap_links *l, struct err *err)
{
	bool ended;

	pthread_mutex_lock(&l->lock);
	ended = l->ended.code != ERR_OK;
	if (ended && err)
		*err = l->ended;
	pthread_mutex_unlock(&l->lock);
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
static int try_patience(struct imap_links *l, int64_t ms, struct err *err)
{
	int64_t now = clock_ms(), limit = (int64_t)l->max_wait_s * 1000;
	struct err why = *err;
	char text[32];

	if (!l->trouble_ms)
		l->trouble_ms = now;
	if (now + ms - l->trouble_ms <= limit)
		return 0;
	if (!l->ended.code)
		err_set(&l->ended, ERR_BUSY, ERR_WHOLE,
		        "given up after %s without progress; run this again later, it goes on "
		        "from here (--max-wait allows for more): %s",
		        time_text(ms > limit ? limit : now + ms - l->trouble_ms, text), why.text);
	*err = l->ended;
	return err->code;
}

static int sleep_until(struct imap_links *l, int64_t until_ms, struct err *err)
{
	const struct timespec step = {0, STEP_MS * 1000000L};

	for (;;) {
		int64_t left = until_ms - clock_ms();
		const struct timespec rest = {0, left * 1000000L};
		int rc = stop_check(err);

		if (rc < 0)
			return err_widen(err, ERR_WHOLE);
		if (imap_links_ended(l, err))
			return err->code;
		if (left <= 0 || (l->over && l->over(l->ctx)))
			return 0;
		nanosleep(left < STEP_MS ? &rest : &step, NULL);
	}
}

int imap_link_throttled(struct imap_links *l, const char *next, struct err *err)
{
	int64_t now = clock_ms(), wait = err->wait_ms;
	char text[32];
	int rc = 0;

	pthread_mutex_lock(&l->lock);
	if (l->until_ms > now) { /* another connection was told so a moment ago */
		pthread_mutex_unlock(&l->lock);
		return 0;
	}
	if (!wait)
		wait = clock_pause_ms(THROTTLE_FIRST_MS, l->streak, THROTTLE_MAX_MS);
	l->streak++;
	rc = try_patience(l, wait, err);
	if (rc == 0) {
		l->until_ms = now + wait;
		l->allowed = l->open > 1 ? l->open / 2 : 1;
		if (l->progress)
			atomic_store(&l->progress->wait_until_ms, (uint64_t)l->until_ms);
	}
	pthread_mutex_unlock(&l->lock);
	if (rc == 0)
		progress_say(l->progress, SAY_NOTE, "the server asks to wait %s%s%s: %s",
		        time_text(wait, text), next ? "; going on at " : "", next ? next : "",
		        err->text);
	return rc;
}

static int64_t held_until(struct imap_links *l)
{
	int64_t until;

	pthread_mutex_lock(&l->lock);
	until = l->until_ms;
	pthread_mutex_unlock(&l->lock);
	return until;
}

bool imap_link_waiting(struct imap_links *l)
{
	return held_until(l) > clock_ms();
}

int imap_link_hold(struct imap_links *l, struct err *err)
{
	return sleep_until(l, held_until(l), err);
}

/* Growing with ${nth}. */
static int pause_net(struct imap_links *l, unsigned nth, struct err *err)
{
	int64_t ms = clock_pause_ms(PAUSE_FIRST_MS, nth ? nth - 1 : 0, PAUSE_MAX_MS);
	int rc;

	pthread_mutex_lock(&l->lock);
	rc = try_patience(l, ms, err);
	pthread_mutex_unlock(&l->lock);
	return rc ? rc : sleep_until(l, clock_ms() + ms, err);
}

int imap_link_wait(struct imap_links *l, int64_t ms, struct err *err)
{
	return sleep_until(l, clock_ms() + ms, err);
}

int imap_link_pause(struct imap_links *l, unsigned nth, const char *next, struct err *err)
{
	int rc;

	if (err->code != ERR_THROTTLED)
		return pause_net(l, nth, err);
	rc = imap_link_throttled(l, next, err);
	return rc ? rc : imap_link_hold(l, err);
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

bool attempt_again(struct imap_links *l, struct attempts *a, int *rc, bool lost, const char *next,
        struct err *err)
{
	int paused;

	if (!attempt_counts(a, *rc, lost))
		return false;
	paused = imap_link_pause(l, a->failures, next, err);
	if (paused < 0)
		*rc = paused;
	return paused == 0;
}

/* ---- connections ---- */

/* Compression pays on any wire but none. */
static int squeeze(const struct imap_links *l, struct imap *m, struct err *err)
{
	const char *host = l->service->at.host;

	if (strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
	        strcmp(host, "::1") == 0)
		return 0;
	return imap_compress(m, err);
}

static int open_once(struct imap_links *l, struct imap **out, struct err *err)
{
	int rc = imap_open(l->service, l->target, l->progress, out, err);

	if (rc == 0)
		rc = squeeze(l, *out, err);
	if (rc < 0) {
		imap_close(*out);
		*out = NULL;
	}
	pthread_mutex_lock(&l->lock);
	l->open += rc == 0;
	if (rc == ERR_BUDGET && !l->ended.code)
		l->ended = *err;
	pthread_mutex_unlock(&l->lock);
	return rc;
}

/* Once more, after the ${nth} failure in a row, which took ${took_ms}? */
static bool worth_trying(struct imap_links *l, enum link_need need, unsigned nth, int64_t took_ms,
        const struct err *err)
{
	bool last;

	if (l->over && l->over(l->ctx))
		return false;
	if (err->code == ERR_THROTTLED)
		return need == LINK_AGAIN || (need == LINK_FIRST && nth < FIRST_TRIES);
	if (err->code == ERR_BUSY && need == LINK_FIRST)
		return nth < FIRST_BUSY_TRIES;
	if (err->code == ERR_NET && need == LINK_FIRST)
		return nth < FIRST_NET_TRIES && took_ms < AT_ONCE_MS;
	if (need != LINK_AGAIN)
		return false;
	if (err->code == ERR_AUTH)
		return nth < AUTH_TRIES;
	pthread_mutex_lock(&l->lock);
	last = l->open == 0;
	pthread_mutex_unlock(&l->lock);
	if (err->code == ERR_NET || err->code == ERR_BUSY)
		return last || nth < OPEN_TRIES;
	return nth < OPEN_TRIES && (err->code == ERR_PROTO || err->code == ERR_TLS);
}

int imap_link_open(struct imap_links *l, enum link_need need, struct imap **out, struct err *err)
{
	*out = NULL;
	for (unsigned nth = 1;; nth++) {
		int rc = imap_link_hold(l, err);
		int64_t began = clock_ms();

		if (rc == 0 && (rc = open_once(l, out, err)) == 0)
			return 0;
		if (err->code == ERR_STOPPED || imap_links_ended(l, NULL) ||
		        !worth_trying(l, need, nth, clock_ms() - began, err))
			return err_widen(err, ERR_WHOLE);
		if (err->code != ERR_THROTTLED && !(need == LINK_FIRST && nth > 1))
			progress_say(l->progress, SAY_INFO, "%s; trying again", err->text);
		rc = imap_link_pause(l, nth, NULL, err);
		if (rc < 0)
			return err_widen(err, ERR_WHOLE);
	}
}

void imap_link_close(struct imap_links *l, struct imap **m)
{
	if (!*m)
		return;
	imap_close(*m);
	*m = NULL;
	pthread_mutex_lock(&l->lock);
	l->open--;
	pthread_mutex_unlock(&l->lock);
}
