/*
 * Writes of unknown outcome: looked for with growing pauses, as long as the server was
 * slow, before they are sent again.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/clock.h"
#include "put.h"

#define FIRST_PAUSE_MS 250
#define PAUSE_MAX_MS 30000
/*
 * Where a second PUT might be a second resource, a lost connection is no proof that the
 * server is done.
 */
#define AWAIT_MS 15000
#define AWAIT_MAX_MS (15 * 60 * 1000)

int64_t await_limit_ms(bool keeps_names, int64_t took_ms)
{
	int64_t ms = keeps_names || took_ms > AWAIT_MS ? took_ms : AWAIT_MS;

	return ms < AWAIT_MAX_MS ? ms : AWAIT_MAX_MS;
}

int64_t await_pause_ms(unsigned nth, int64_t left_ms)
{
	int64_t ms = clock_pause_ms(FIRST_PAUSE_MS, nth, PAUSE_MAX_MS);

	return ms < left_ms ? ms : left_ms;
}

/* Is it at its own URL by now? */
static int look_where_put(struct drun *r, const struct res *list, size_t n, struct err *err)
{
	struct reslist some = {0};
	int rc;

	for (size_t i = 0; i < n; i++) {
		struct res *x;

		if (!list[i].unknown || r->entries[list[i].entry].state != ENTRY_UNSEEN)
			continue;
		x = reslist_add(&some, list[i].tcoll, list[i].url, NULL);
		x->entry = list[i].entry;
		x->likely = true;
	}
	rc = dav_look(r, some.list, some.n, err);
	for (size_t i = 0; i < some.n && rc == 0; i++) {
		const struct res *x = &some.list[i];

		if (!x->seen || !x->fits)
			continue;
		entry_settle(r, &r->entries[x->entry], x, ENTRY_ADDED);
		count_copy(r, x->entry, x);
	}
	reslist_clear(&some);
	return rc;
}

/* Or under a name of the server's own? */
static int look_elsewhere(struct drun *r, const struct res *list, size_t n, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0 && !r->keeps_names; i++) {
		struct reslist there = {0};

		if (!list[i].unknown || r->entries[list[i].entry].state != ENTRY_UNSEEN ||
		        (i && list[i].tcoll == list[i - 1].tcoll && list[i - 1].unknown))
			continue;
		rc = dav_list_resources(r, list[i].tcoll, true, &there, err);
		if (rc < 0 && !err_ends(err))
			rc = 0;
		else if (rc == 0)
			rc = dav_take_fresh(r, &there, false, err);
		reslist_clear(&there);
	}
	return rc;
}

static bool any_open(const struct drun *r, const struct res *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].unknown && r->entries[list[i].entry].state == ENTRY_UNSEEN)
			return true;
	return false;
}

int dav_await(struct drun *r, struct res *list, size_t n, int64_t took_ms, struct err *err)
{
	int64_t left = await_limit_ms(r->keeps_names, took_ms);
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		if (list[i].unknown)
			r->entries[list[i].entry].state = ENTRY_UNSEEN;
	if (any_open(r, list, n) && left > 2 * PAUSE_MAX_MS)
		say_coll(r, SAY_INFO, NULL,
		        "it is not known what became of a write: it is looked for during up to "
		        "%lld s",
		        (long long)left / 1000);
	for (unsigned nth = 0; rc == 0 && any_open(r, list, n); nth++) {
		int64_t pause = await_pause_ms(nth, left);

		rc = look_elsewhere(r, list, n, err);
		if (rc < 0 || left <= 0 || !any_open(r, list, n))
			break;
		rc = clock_sleep(pause, err);
		left -= pause;
		if (rc == 0)
			rc = look_where_put(r, list, n, err);
	}
	for (size_t i = 0; i < n; i++)
		if (list[i].unknown && r->entries[list[i].entry].state == ENTRY_UNSEEN)
			r->entries[list[i].entry].state = ENTRY_NEW;
	return rc;
}
