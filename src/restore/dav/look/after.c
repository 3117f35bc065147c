/*
 * A last look at each collection that something went into: what was stored, or was there,
 * must be listed; what could not be read back may be there under another name; and what
 * came up besides is read, for it may be a second copy.
 */
#include <stdlib.h>
#include <string.h>
#include "restore/dav/run.h"

static bool is_of(const struct drun *r, const struct entry *e, uint32_t tcoll)
{
	return r->acolls[e->acoll].to == tcoll;
}

/* Has an item that goes into the collection this state? */
static bool has_state(const struct drun *r, uint32_t tcoll, enum entry_state state)
{
	for (size_t i = 0; i < r->n_entries; i++)
		if (r->entries[i].state == state && is_of(r, &r->entries[i], tcoll))
			return true;
	return false;
}

/* What is new in the listing, and not where we put something. */
static void fresh_of(const struct drun *r, const struct reslist *there, struct reslist *fresh)
{
	struct keys ours = {0};

	for (size_t i = 0; i < r->n_entries; i++)
		if (r->entries[i].url)
			keys_add(&ours, dav_key(r->entries[i].url), 1);
	for (size_t i = 0; i < there->n; i++)
		if (there->list[i].fresh && !keys_find(&ours, there->list[i].key, NULL))
			reslist_add(fresh, there->list[i].tcoll, there->list[i].url,
			        there->list[i].etag);
	keys_clear(&ours);
}

int dav_take_fresh(struct drun *r, const struct reslist *there, bool taken, struct err *err)
{
	struct reslist fresh = {0};
	int rc;

	fresh_of(r, there, &fresh);
	rc = dav_look(r, fresh.list, fresh.n, err);
	for (size_t i = 0; i < fresh.n && rc == 0; i++) {
		const struct res *x = &fresh.list[i];
		struct entry *e = x->fits ? &r->entries[x->entry] : NULL;

		if (!e || !is_of(r, e, x->tcoll))
			continue;
		if (e->state == ENTRY_UNSEEN)
			entry_settle(r, e, x, ENTRY_ADDED);
		else if (e->state == ENTRY_NEW && taken)
			entry_settle(r, e, x, ENTRY_THERE);
		count_copy(r, x->entry, x);
	}
	if (rc == 0)
		rc = dav_alike(r, fresh.list, fresh.n, ALIKE_STORED, err);
	if (rc == 0)
		rc = dav_alike(r, fresh.list, fresh.n, taken ? ALIKE_THERE : ALIKE_COPIES, err);
	reslist_clear(&fresh);
	return rc;
}

int dav_meanwhile(struct drun *r, uint32_t tcoll, struct err *err)
{
	struct reslist there = {0};
	int rc = dav_list_resources(r, tcoll, true, &there, err);

	if (rc == 0)
		rc = dav_take_fresh(r, &there, true, err);
	reslist_clear(&there);
	return rc < 0 && !err_ends(err) ? 0 : rc;
}

/* An item that was there may be in another collection. */
static bool lies_in(const char *url, const char *coll)
{
	size_t n = strcspn(coll, "?#");

	return strncmp(url, coll, n) == 0;
}

/* What was stored, or was there, and is not listed any more has failed. */
static void check_listing(struct drun *r, uint32_t tcoll, const struct reslist *there)
{
	struct keys keys = {0};

	for (size_t i = 0; i < there->n; i++)
		keys_add(&keys, there->list[i].key, 1);
	for (size_t i = 0; i < r->n_entries; i++) {
		struct entry *e = &r->entries[i];

		if ((e->state != ENTRY_ADDED && e->state != ENTRY_THERE) || !is_of(r, e, tcoll) ||
		        !lies_in(e->url, r->tcolls[tcoll].url) ||
		        keys_find(&keys, dav_key(e->url), NULL))
			continue;
		*(e->state == ENTRY_ADDED ? &r->outcome.sum.added : &r->outcome.sum.already) -=
		        !e->more;
		r->outcome.sum.failed++;
		say_entry(r, SAY_WARNING, e, "%s, but the target does not list it any more",
		        e->state == ENTRY_ADDED ? "was stored" : "was there");
		e->state = ENTRY_FAILED;
	}
	keys_clear(&keys);
}

/* The last listing of a collection that something went into. */
static int look_again(struct drun *r, uint32_t tcoll, struct err *err)
{
	struct reslist there = {0};
	int rc = dav_list_resources(r, tcoll, false, &there, err);

	if (rc < 0 && !err_ends(err)) {
		say_coll(r, SAY_WARNING, r->tcolls[tcoll].name, "cannot be listed afterwards: %s",
		        err->text);
		rc = 0;
	} else if (rc == 0) {
		rc = dav_take_fresh(r, &there, false, err);
		check_listing(r, tcoll, &there);
	}
	reslist_clear(&there);
	return rc;
}

int dav_after(struct drun *r, struct err *err)
{
	int rc = 0;

	for (uint32_t t = 0; t < r->n_tcolls && rc == 0; t++)
		if (has_state(r, t, ENTRY_ADDED) || has_state(r, t, ENTRY_UNSEEN))
			rc = look_again(r, t, err);
	for (size_t i = 0; i < r->n_entries; i++)
		if (r->entries[i].state == ENTRY_UNSEEN)
			entry_failed(r, &r->entries[i], r->entries[i].why);
	if (rc == 0)
		rc = put_journal_commit(r->journal, err);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}
