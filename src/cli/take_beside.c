/*
 * MAPI has two ways to what other services give, too. A run over one of them leaves what the
 * other one gave as it is: of that it knows nothing.
 */
#include <string.h>
#include "valise/base/mem.h"
#include "beside.h"
#include "cli.h"
#include "protocols.h"

static bool has_service(const struct tree_account *a, enum service_kind kind)
{
	for (size_t i = 0; i < a->n_services; i++)
		if (strcmp(a->services[i].kind, protocols[kind].name) == 0)
			return true;
	return false;
}

/* Kinds (bits 1 << COLL_x) that others of ${services} give as well as MAPI. */
static unsigned shared_kinds(unsigned services)
{
	unsigned kinds = 0;

	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		if (k != SERVICE_MAPI && services & 1u << k)
			kinds |= protocols[k].kinds & protocols[SERVICE_MAPI].kinds;
	return kinds;
}

/* The collection of the last snapshot as far as it is MAPI's or not; NULL: it is the other. */
static int load_other(struct take *t, const struct tree_head *h, bool mapi, struct tree_coll **out,
        struct err *err)
{
	int rc = t->sink->ops->prev(t->sink, PREV_SNAPSHOT, h->kind, h->name, out, err);

	if (rc == 0 && *out && beside_is_mapi(*out) != mapi) {
		tree_coll_free(*out);
		*out = NULL;
	}
	return rc;
}

/* What services gave that are not read this time: it stays, and MAPI gives none of it again. */
static int keep_absent(struct take *t, struct other_services *o, unsigned kinds, struct err *err)
{
	const struct tree_manifest *m = o->last->ops->manifest(o->last);
	/* none of them is watched otherwise */
	struct tree_sink *sink = beside_watch(o->beside, SERVICE_MAPI, t->sink);
	int rc = 0;

	for (size_t i = 0; i < m->n_heads && rc == 0; i++) {
		const struct tree_head *h = &m->heads[i];
		struct tree_coll *c = NULL;

		if (!(kinds & 1u << h->kind) || tree_accepts_head(&t->accept, h))
			continue;
		rc = load_other(t, h, false, &c, err);
		if (rc == 0 && c)
			rc = sink->ops->keep(sink, h->kind, h->name, COLL_SKIPPED, NULL, err);
		tree_coll_free(c);
	}
	return rc;
}

int other_services_open(struct take *t, unsigned asked, struct other_services *o, struct err *err)
{
	bool mapi = asked & 1u << SERVICE_MAPI;
	unsigned before = 0, absent;
	int rc = t->sink->ops->last ? t->sink->ops->last(t->sink, &o->last, err) : 0;

	if (rc < 0)
		return rc;
	for (unsigned k = 0; k < SERVICE_KINDS && o->last; k++)
		if (has_service(&o->last->ops->manifest(o->last)->account, k))
			before |= 1u << k;
	absent = shared_kinds(before & ~asked) & ~shared_kinds(asked);
	o->keeps_mapi = !mapi && before & 1u << SERVICE_MAPI;
	if (o->keeps_mapi || (mapi && (shared_kinds(asked) || absent)))
		o->beside = beside_new(mapi ? o->last : NULL, !mapi);
	return mapi && absent ? keep_absent(t, o, absent, err) : 0;
}

struct tree_sink *other_services_sink(
        struct other_services *o, enum service_kind kind, struct tree_sink *sink)
{
	return o->beside && kind != SERVICE_MAPI ? beside_watch(o->beside, kind, sink) : sink;
}

int other_services_keep(struct take *t, struct other_services *o, struct err *err)
{
	const struct tree_manifest *m = o->keeps_mapi ? o->last->ops->manifest(o->last) : NULL;
	const unsigned kinds = protocols[SERVICE_MAPI].kinds & ~(1u << COLL_MAPI);
	int rc = 0;

	for (size_t i = 0; m && i < m->n_heads && rc == 0; i++) {
		const struct tree_head *h = &m->heads[i];
		struct tree_coll *c = NULL;

		if (!(kinds & 1u << h->kind) || tree_accepts_head(&t->accept, h) ||
		        beside_has_coll(o->beside, h->kind, h->name))
			continue;
		rc = load_other(t, h, true, &c, err);
		if (rc == 0 && c)
			rc = t->sink->ops->keep(t->sink, h->kind, h->name, COLL_SKIPPED, NULL, err);
		tree_coll_free(c);
	}
	return rc;
}

void other_services_close(struct other_services *o)
{
	beside_free(o->beside);
	tree_reader_free(o->last);
	memset(o, 0, sizeof *o);
}
