/* Resources into the sink: new, known, or named as lost. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/format/content.h"
#include "run.h"

void dav_name_loss(struct fetch_run *r, struct tree_coll *c, const char *href, const char *what,
        const char *reason)
{
	char *text = href ? xstrdup(reason) : xasprintf("%s: %s", what, reason);

	run_lose(r, c, 0, href, text);
	progress_say(r->progress, SAY_WARNING, "%s, %s: %s", c->name, what, reason);
	free(text);
}

/* One resource that was listed by two hrefs, and fetched by both. */
static bool is_twin(struct davcoll *c, struct davitem *i, const struct tree_item *it)
{
	const struct davitem *first = dav_item_twin(c, i);

	if (i->shares && !i->sum) {
		i->sum = xmalloc(sizeof it->sha256);
		memcpy(i->sum, it->sha256, sizeof it->sha256);
	}
	if (!first || !first->sum || memcmp(first->sum, it->sha256, sizeof it->sha256) != 0)
		return false;
	return !first->etag || !i->etag || strcmp(first->etag, i->etag) == 0;
}

int dav_give(struct dav_worker *w, struct davcoll *c, struct davitem *i, struct tree_item *it,
        const void *text, size_t len, struct err *err)
{
	struct dav_run *r = w->run;
	struct content_summary s;
	struct tree_ext *x;
	int rc;

	if (is_twin(c, i, it)) {
		i->done = true;
		return 0;
	}
	x = tree_coll_ext(c->coll, &it->ext);
	x->href = xstrdup(i->href);
	x->etag = xstrdup(i->etag);
	/* What is no calendar object or card is kept all the same, without a UID. */
	if (content_summarize(text, len, &s, NULL) == 0) {
		x->uid = xstrdup(s.uid);
		content_summary_clear(&s);
	}
	rc = run_item(&r->base, c->coll, it, err);
	if (rc < 0)
		return rc;
	i->done = true;
	atomic_fetch_add(&r->base.progress->items_done, 1);
	atomic_fetch_add(&r->base.progress->bytes_done, i->has_len ? i->len : it->size);
	run_count(&r->base,
	        &(struct source_result){.fetched = 1, .items = 1, .bytes_fetched = it->size});
	return 0;
}

/* The last snapshot, if it is of this very collection: hrefs may be relative to it. */
static const struct tree_coll *coll_before(const struct davcoll *c)
{
	const char *href = c->prev ? c->prev->href : NULL;

	return href && strcmp(href, c->coll->href) == 0 ? c->prev : NULL;
}

/*
 * An error line for a resource that could not be fetched; the last snapshot's version of
 * it stays.
 */
static int lose_item(struct dav_worker *w, struct davcoll *c, struct davitem *i, const char *reason,
        bool say, struct err *err)
{
	const struct tree_coll *from = coll_before(c);
	const struct tree_item *old = from ? tree_coll_find_href(from, i->href) : NULL;
	char *text = xasprintf("%s%s", reason, old ? "; its last version stays" : "");
	struct tree_item it;

	i->failed = true;
	if (say)
		dav_name_loss(&w->run->base, c->coll, i->href, i->href, text);
	else
		run_lose(&w->run->base, c->coll, 0, i->href, text);
	free(text);
	if (!old)
		return 0;
	tree_item_copy(c->coll, from, old, &it);
	return run_item(&w->run->base, c->coll, &it, err);
}

int dav_lose(struct dav_worker *w, struct davcoll *c, struct davitem *i, struct err *err)
{
	return lose_item(w, c, i, i->reason ? i->reason : "could not be fetched", true, err);
}

int dav_lose_rest(struct dav_worker *w, struct davcoll *c, struct err *err)
{
	struct err why = *err;
	size_t n = 0;
	int rc = 0;

	err_clear(err);
	for (size_t i = 0; i < c->n_items && rc == 0; i++) {
		if (c->items[i].done || c->items[i].failed)
			continue;
		rc = lose_item(w, c, &c->items[i], why.text, false, err);
		n++;
	}
	progress_say(w->run->base.progress, SAY_WARNING, "%s: %zu of %s could not be fetched: %s",
	        c->coll->name, n,
	        counted(c->n_items, "resource", "resources", (char[COUNTED_SIZE]){0}), why.text);
	return rc;
}

/* An item that is the same as when its bytes were stored. */
static int give_one(struct dav_worker *w, struct davcoll *c, struct davitem *i,
        const struct tree_coll *from, struct err *err)
{
	const struct tree_item *old = from ? tree_coll_find_href(from, i->href) : NULL;
	const struct tree_ext *x = old ? tree_item_ext(from, old) : NULL;
	struct tree_item it;

	if (!x || !x->etag || !i->etag || strcmp(x->etag, i->etag) != 0)
		return 0;
	if (w->run->exact && !(old->warn & WARN_EXACT))
		return 0;
	tree_item_copy(c->coll, from, old, &it);
	i->done = true;
	return run_item(&w->run->base, c->coll, &it, err);
}

int dav_give_known(struct dav_worker *w, struct davcoll *c, struct err *err)
{
	uint64_t known = 0;
	int rc = 0;

	for (size_t i = 0; i < c->n_items && rc == 0; i++) {
		rc = give_one(w, c, &c->items[i], coll_before(c), err);
		if (rc == 0 && !c->items[i].done)
			rc = give_one(w, c, &c->items[i], c->last_run, err);
		known += c->items[i].done;
	}
	run_count(&w->run->base, &(struct source_result){.items = known});
	return rc;
}
