/* What the newest snapshot says of itself. */
#include "internal.h"
#include "valise/base/mem.h"
#include <stdlib.h>

struct own {
	struct audit *audit;
	struct tree_reader *archive;
	uint64_t named;
	bool settled; /* the source was asked for this collection */
};

static void say_gone(struct own *o, const struct tree_coll *c, const struct tree_item *it)
{
	struct audit_finding f = finding_of(AUDIT_ARCHIVE, AUDIT_GONE, c, it);

	if (o->named++ < NAMED_MAX)
		name_from(o->archive, c, it, &f.name);
	audit_add(o->audit, &f);
}

void say_rescued(struct audit *a, struct tree_reader *archive, const struct tree_coll *c,
        const struct tree_item *it)
{
	struct audit_finding f = finding_of(AUDIT_ARCHIVE, AUDIT_RESCUED, c, it);
	const struct tree_ext *x = tree_item_ext(c, it);

	name_from(archive, c, it, &f.name);
	f.differs = x ? xstrdup(x->note) : NULL;
	audit_add(a, &f);
}

static void say_error(struct own *o, const struct tree_coll *c, const struct tree_error *e)
{
	struct audit_finding f = {.side = AUDIT_ARCHIVE,
	        .what = AUDIT_NOT_FETCHED,
	        .kind = c->kind,
	        .collection = xstrdup(c->name),
	        .of_item = e->uid || e->href,
	        .uid = e->uid,
	        .href = xstrdup(e->href),
	        .name = {.date = xstrdup(e->date), .subject = xstrdup(e->subject)},
	        .differs = xstrdup(e->reason)};

	audit_add(o->audit, &f);
}

static void look_coll(struct own *o, const struct tree_coll *c)
{
	for (size_t i = 0; i < c->n_gone; i++)
		say_gone(o, c, &c->gone[i]);
	for (size_t i = 0; i < c->n_errors && !o->settled; i++)
		say_error(o, c, &c->errors[i]);
}

/* What options of the newest backup left out of the collection. */
static void say_left_out(struct own *o, const struct tree_head *h)
{
	char n[COUNTED_SIZE], *why;

	why = xasprintf("%s left out by the newest backup: %s",
	        counted(h->left_out, "item was", "items were", n),
	        h->selection ? h->selection : "by its options");
	audit_say(o->audit, AUDIT_ARCHIVE, audit_excluded(h->kind, h->special_use, h->content_name),
	        h->kind, h->name, why);
	free(why);
}

/* Left out by the newest backup, or not read by it. */
static void look_head(struct own *o, const struct tree_head *h)
{
	if (o->settled)
		return;
	if (h->status == COLL_STALE)
		audit_say(o->audit, AUDIT_ARCHIVE, AUDIT_STALE, h->kind, h->name, h->reason);
	if (h->status == COLL_SKIPPED)
		audit_say(o->audit, AUDIT_ARCHIVE,
		        audit_excluded(h->kind, h->special_use, h->content_name), h->kind, h->name,
		        "by the newest backup");
	if (h->left_out)
		say_left_out(o, h);
}

int audit_archive(struct audit *a, struct tree_reader *archive, unsigned kinds,
        bool (*settled)(void *ctx, enum coll_kind kind, const char *name), void *ctx,
        struct err *err)
{
	const struct tree_manifest *m = archive->ops->manifest(archive);
	struct own o = {.audit = a, .archive = archive};

	for (size_t i = 0; i < m->n_heads; i++) {
		const struct tree_head *h = &m->heads[i];
		struct tree_coll *c = NULL;
		struct err why = {0};

		if (!(kinds & 1u << h->kind))
			continue;
		o.settled = settled && settled(ctx, h->kind, h->name);
		look_head(&o, h);
		/* most have neither, and a catalog takes time to be read */
		if (!h->roots.gone && (!h->roots.errors || o.settled))
			;
		else if (archive->ops->coll(archive, h, &c, &why) == 0)
			look_coll(&o, c);
		else if (why.code == ERR_STOPPED)
			return err_set(err, why.code, why.scope, "%s", why.text);
		else
			audit_say(a, AUDIT_ARCHIVE, AUDIT_DAMAGED, h->kind, h->name, why.text);
		audit_count(a, AUDIT_ARCHIVE,
		        &(struct audit_counts){.collections = 1, .items = h->roots.items});
		tree_coll_free(c);
	}
	return 0;
}
