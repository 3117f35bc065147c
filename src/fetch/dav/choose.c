/*
 * Which collections --include and --exclude mean. A calendar in a calendar (RFC 4791 4.2
 * forbids it, Zimbra and Bedework have it) is found by looking inside the upper one,
 * chosen or not, and is below it as a mailbox is below a mailbox.
 */
#include <string.h>
#include "run.h"

static bool coll_matches(const char *pattern, const struct davcoll *c)
{
	return pattern_matches(pattern, &(struct pattern_name){.full = c->coll->name}, false);
}

static bool is_included(const struct pattern_choice *o, const struct davcoll *c)
{
	for (size_t i = 0; i < o->n_include; i++)
		if (coll_matches(o->include[i], c))
			return true;
	return c->below;
}

bool dav_is_wanted(const struct dav_run *r, const struct davcoll *c)
{
	const struct pattern_choice *o = &r->base.opts->choice;

	for (size_t i = 0; i < o->n_exclude; i++)
		if (coll_matches(o->exclude[i], c))
			return false;
	return o->n_include == 0 || is_included(o, c);
}

static bool is_met(const struct dav_run *r, const char *pattern)
{
	for (size_t i = 0; i < r->n_colls; i++)
		if (coll_matches(pattern, &r->colls[i]))
			return true;
	return false;
}

bool dav_is_missed(const struct dav_run *r)
{
	const struct pattern_choice *o = &r->base.opts->choice;
	size_t wanted = 0;

	for (size_t i = 0; i < r->n_colls; i++)
		wanted += dav_is_wanted(r, &r->colls[i]);
	if (!wanted)
		return true;
	for (size_t i = 0; i < o->n_include; i++)
		if (!is_met(r, o->include[i]))
			return true;
	for (size_t i = 0; i < o->n_exclude; i++)
		if (!is_met(r, o->exclude[i]))
			return true;
	return false;
}

static bool may_hide(const struct dav_run *r)
{
	const struct pattern_choice *o = &r->base.opts->choice;

	for (size_t i = 0; i < o->n_include; i++)
		if (strpbrk(o->include[i], "*?") || !is_met(r, o->include[i]))
			return true;
	return o->n_include == 0;
}

void dav_mark_below(struct dav_run *r, size_t from)
{
	for (size_t i = from; i < r->n_colls; i++) /* by href: the upper one is first */
		for (size_t k = 0; k < r->n_colls && !r->colls[i].below; k++)
			r->colls[i].below = k != i && r->colls[k].coll &&
			                    is_included(&r->base.opts->choice, &r->colls[k]) &&
			                    dav_lies_in(r->colls[i].url, r->colls[k].url);
}

static bool is_seen(const struct dav_run *r, const char *name)
{
	for (size_t i = 0; i < r->n_colls; i++)
		if (r->colls[i].coll && strcmp(r->colls[i].coll->name, name) == 0)
			return true;
	return false;
}

static bool run_chooses(const struct dav_run *r, const struct tree_head *h)
{
	return run_wants(&r->base, h->name);
}

/* Something of any kind in the last snapshot: a mailbox, too. */
static bool was_met(const struct tree_manifest *m, const char *pattern)
{
	for (size_t i = 0; i < m->n_heads; i++) {
		const struct tree_head *h = &m->heads[i];
		const struct pattern_name name = {.full = h->name,
		        .content = h->content_name,
		        .delimiter = pattern_delimiter(h->name, h->content_name),
		        .mail = h->kind == COLL_MAIL};

		if (pattern_matches(pattern, &name, true))
			return true;
	}
	return false;
}

/*
 * Was something chosen in the last snapshot that no home set shows, or does a pattern
 * match nothing at all?
 */
static bool is_lacking(const struct dav_run *r, const struct tree_manifest *m)
{
	const struct pattern_choice *o = &r->base.opts->choice;

	for (size_t i = 0; i < m->n_heads; i++)
		if (m->heads[i].kind == r->base.kind && run_chooses(r, &m->heads[i]) &&
		        !is_seen(r, m->heads[i].name))
			return true;
	for (size_t i = 0; i < o->n_include; i++)
		if (!is_met(r, o->include[i]) && !was_met(m, o->include[i]))
			return true;
	return false;
}

int dav_decide_inside(struct dav_run *r, struct err *err)
{
	struct tree_reader *last = NULL;
	int rc;

	r->inside = may_hide(r);
	if (!r->inside || !(r->base.opts->choice.n_include + r->base.opts->choice.n_exclude))
		return 0;
	rc = run_last(&r->base, &last, err);
	if (rc < 0 || !last)
		return rc;
	r->inside = is_lacking(r, last->ops->manifest(last));
	tree_reader_free(last);
	return 0;
}

static bool is_any_blind(const struct dav_run *r)
{
	for (size_t i = 0; i < r->n_colls; i++)
		if (r->colls[i].blind)
			return true;
	return false;
}

/*
 * In another calendar than the one whose URL was given, or in one that could not be
 * looked into.
 */
static bool is_out_of_sight(const struct dav_run *r, const char *href)
{
	if (!href || (r->home.single && !dav_lies_in(href, r->home.urls[0])))
		return true;
	for (size_t i = 0; i < r->n_colls; i++)
		if (r->colls[i].blind && dav_lies_in(href, r->colls[i].url))
			return true;
	return false;
}

/* *out: the collection of the last snapshot lies where this run has not looked. */
static int lies_out_of_sight(const struct dav_run *r, struct tree_reader *last,
        const struct tree_head *h, bool *out, struct err *err)
{
	struct tree_coll *c = NULL;
	int rc = last->ops->coll(last, h, &c, err);

	if (rc == ERR_DAMAGED || rc == ERR_NOTFOUND) { /* nobody knows where it was */
		err_clear(err);
		rc = 0;
	}
	*out = is_out_of_sight(r, c ? c->href : NULL);
	tree_coll_free(c);
	return rc;
}

static int keep_unseen(struct dav_run *r, const struct tree_head *h, struct err *err)
{
	static const char why[] = "what it lies in could not be listed";
	bool stale = is_any_blind(r) && run_chooses(r, h);

	return run_keep(
	        &r->base, h->name, stale ? COLL_STALE : COLL_SKIPPED, stale ? why : NULL, err);
}

int dav_keep_unseen(struct dav_run *r, struct err *err)
{
	struct tree_reader *last = NULL;
	const struct tree_manifest *m;
	bool partly = r->home.single || is_any_blind(r);
	int rc = 0;

	if (r->inside && !partly)
		return 0;
	rc = run_last(&r->base, &last, err);
	if (rc < 0 || !last)
		return rc;
	m = last->ops->manifest(last);
	for (size_t i = 0; i < m->n_heads && rc == 0; i++) {
		const struct tree_head *h = &m->heads[i];
		bool left = !r->inside && !run_chooses(r, h);

		if (h->kind != r->base.kind || is_seen(r, h->name))
			continue;
		if (!left && partly)
			rc = lies_out_of_sight(r, last, h, &left, err);
		if (rc == 0 && left)
			rc = keep_unseen(r, h, err);
	}
	tree_reader_free(last);
	return rc;
}
