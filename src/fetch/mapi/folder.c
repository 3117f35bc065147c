/* A folder from its past to its collections. */
#include "fetch/mapi/run.h"
#include <stdlib.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { STATE_KEPT_MAX = 2 << 20 /* octets of a state that a catalog keeps */ };

/* ---- what was here before ---- */

static int give_copy(struct box *b, struct tree_coll *to, const struct tree_coll *from, size_t at,
        const struct known *k, struct err *err)
{
	struct tree_item it;

	tree_item_copy(to, from, &from->items[at], &it);
	it.gone = 0;
	if (to->kind == COLL_MAIL && k->has_seen)
		it.flags = (uint16_t)(k->seen ? it.flags | FLAG_SEEN : it.flags & ~FLAG_SEEN);
	return run_item(&b->run->base, to, &it, err);
}

static int give_known(struct box *b, const struct known *k, struct err *err)
{
	int rc = 0;

	if (k->is_new) {
		struct tree_coll *made = b->pairs[k->form].made;

		if (k->made_in && made->kind == COLL_MAIL && k->has_seen)
			made->items[k->made].flags =
			        (uint16_t)(k->seen ? made->items[k->made].flags | FLAG_SEEN
			                           : made->items[k->made].flags & ~FLAG_SEEN);
		return 0;
	}
	if (k->made_in)
		rc = give_copy(b, folder_made(b, k->form), k->made_in, k->made, k, err);
	if (rc == 0)
		rc = give_copy(b, folder_raw(b, k->form), k->raw_in, k->raw, k, err);
	return rc;
}

/* What did not come over of items that are here as they were. */
static void give_errors(struct box *b, size_t form)
{
	const struct tree_coll *was = b->pairs[form].was;

	for (size_t i = 0; was && i < was->n_errors; i++) {
		const struct tree_error *e = &was->errors[i];
		const struct known *k = e->href ? folder_find(b, e->href) : NULL;

		if (!k || k->is_new || k->twin || !k->is_there)
			continue;
		tree_coll_error(
		        folder_made(b, form), e->uid, e->href, e->date, e->subject, e->reason);
		tree_coll_error_from(folder_made(b, form), e->from);
		run_count(&b->run->base, &(struct source_result){.errors = 1});
	}
}

static int give_past(struct box *b, struct err *err)
{
	uint64_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < b->n_known && rc == 0; i++) {
		if (!b->known[i].is_there || b->known[i].is_over || b->known[i].twin)
			continue;
		n += !b->known[i].is_new;
		rc = give_known(b, &b->known[i], err);
	}
	run_count(&b->run->base, &(struct source_result){.items = n});
	for (size_t i = 0; i < MAPI_FORMS && rc == 0; i++)
		give_errors(b, i);
	return rc;
}

/* ---- the collections ---- */

static void set_left_out(struct box *b)
{
	struct tree_coll *c = b->left_out ? folder_made(b, OUTLOOK_MAIL) : NULL;
	struct buf words = buf_of(SIZE_MAX);

	if (c) {
		c->left_out = b->left_out;
		selection_words(b->run->base.opts->selection, &words);
		c->selection = buf_take(&words);
		progress_say(b->run->base.progress, SAY_INFO, "%s: %s left out (%s)", c->name,
		        counted(b->left_out, "item is", "items are", (char[COUNTED_SIZE]){0}),
		        c->selection);
	}
	buf_clear(&words);
}

/* The state of the next time is of use only if all that it speaks of is here. */
static char *next_state(const struct box *b)
{
	if (!b->has_new_state || b->missing || b->left_out || b->new_state.len > STATE_KEPT_MAX)
		return NULL;
	return base64_encode(b->new_state.data, b->new_state.len);
}

static int give_colls(struct box *b, struct err *err)
{
	char *state = next_state(b), *props = folder_props(b);
	int rc = 0;

	for (size_t i = 0; i < MAPI_FORMS && rc == 0; i++) {
		struct pair *p = &b->pairs[i];

		if (p->made && p->kind == COLL_MAIL)
			p->made->uidnext = b->next_uid;
		if (p->raw) {
			p->raw->sync_token = xstrdup(state);
			p->raw->props = xstrdup(props);
		}
		if (p->made)
			rc = run_coll(&b->run->base, &p->made, err);
		if (rc == 0 && p->raw)
			rc = run_coll(&b->run->base, &p->raw, err);
	}
	free(state);
	free(props);
	return rc;
}

int folder_end(struct box *b, struct err *err)
{
	int rc = give_past(b, err);

	if (rc < 0)
		return rc;
	/* one that another service has, too, is there for what that does not show */
	if (b->place.empty && !b->pairs[b->place.form].is_renamed)
		folder_made(b, (size_t)b->place.form);
	folder_raw(b, (size_t)b->place.form);
	set_left_out(b);
	run_count(&b->run->base, &(struct source_result){.collections = 1});
	b->state = BOX_GIVEN;
	return give_colls(b, err);
}

/* ---- all of it ---- */

/* A folder that cannot be read keeps its last state. */
static int keep_stale(struct box *b, struct err *err)
{
	struct err why = *err;

	err_clear(err);
	progress_say(b->run->base.progress, SAY_WARNING, "%s cannot be read: %s", b->place.name,
	        why.text);
	run_count(&b->run->base, &(struct source_result){.errors = 1});
	return folder_keep(b, COLL_STALE, why.text, err);
}

/*
 * The service failed, and the run is sealed with what others gave: what came of the folder is
 * given, with all that was here before, for nothing else would go on from there.
 */
static int give_what_came(struct box *b, const struct err *why, struct err *err)
{
	char *text = xasprintf("the rest was not fetched: %s", why->text);

	sync_ids_clear(&b->ids);
	for (size_t i = 0; i < b->n_known; i++)
		b->known[i].is_there = true;
	b->has_new_state = false;
	folder_lose(b, NULL, NULL, text);
	free(text);
	return folder_end(b, err);
}

/* What others show, what is broken, and the collections. */
static int finish(struct mapi_worker *w, struct box *b, struct err *err)
{
	bool changed;
	int rc;

	folder_apply_ids(b);
	folder_doubt(b);
	rc = twins_settle(w, b, &changed, err);
	if (rc == 0)
		rc = folder_copy_broken(w, b, err);
	return rc < 0 ? rc : folder_end(b, err);
}

static int take_one(struct mapi_worker *w, struct box *b, struct err *err)
{
	const struct selection *s = w->run->base.opts->selection;
	bool by_rows = s && selection_by_item(s) && b->place.form == OUTLOOK_MAIL;
	int rc = 0;

	progress_what(w->run->base.progress, b->place.name);
	if (b->is_same) {
		bool changed;

		rc = twins_settle(w, b, &changed, err);
		if (rc == 0 && !changed)
			return folder_keep_same(b, err);
		b->is_same = false;
	}
	if (rc == 0 && b->state == BOX_OPEN)
		rc = by_rows ? folder_by_rows(w, b, err) : folder_sync(w, b, err);
	if (rc == 0)
		rc = finish(w, b, err);
	return rc;
}

bool costs_service(const struct mapi_worker *w, const struct box *b, const struct err *err)
{
	switch (err->code) {
	case ERR_NET:
	case ERR_TLS:
	case ERR_AUTH:
	case ERR_SECRET:
	case ERR_GUARD:
	case ERR_BUDGET:
		return true;
	default: /* or no session is opened any more */
		return source_ends_run(err->code) || !w->stores[b->at];
	}
}

/*
 * An error that costs the folder alone; else the error of the service. What came of the folder
 * is given then, for the run is sealed with what there is.
 */
static int settle(struct mapi_worker *w, struct box *b, int rc, struct err *err)
{
	struct err why = *err;

	if (rc == 0 || b->state == BOX_GIVEN)
		return rc;
	if (!b->is_fatal && !costs_service(w, b, err))
		return keep_stale(b, err);
	if (b->is_fatal || source_ends_run(rc) || !b->gained)
		return rc;
	err_clear(err);
	rc = give_what_came(b, &why, err);
	return rc < 0 ? rc : err_copy(err, &why);
}

int folders_take(struct mapi_worker *w, struct box **list, size_t n, struct err *err)
{
	bool is_same = false;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = folder_open(list[i], err);
		is_same = is_same || list[i]->is_same;
	}
	if (rc == 0 && n > 1 && !is_same)
		rc = folder_sync_many(w, list, n, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = settle(w, list[i], take_one(w, list[i], err), err);
	for (size_t i = 0; i < n; i++)
		folder_close(list[i]);
	return rc;
}
