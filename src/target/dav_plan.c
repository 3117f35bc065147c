/* Which collection of the archive goes into which of the target. No request is sent. */
#include <stdlib.h>
#include <string.h>
#include "dav.h"

/* What is not brought back, and why; NULL: it is. */
static const char *left_out(const struct tree_head *h)
{
	if (h->attrs & ATTR_GENERATED)
		return "made by the server itself from other data";
	if (h->attrs & ATTR_SUBSCRIPTION)
		return "a subscription: its address is in the archive";
	return NULL;
}

/* --under: its name before that of the collection. */
static void set_name(struct drun *r, struct acoll *a)
{
	const char *name = a->props.value[PROP_NAME] ? a->props.value[PROP_NAME] : a->head->name;
	struct buf xml;

	a->name = r->opts->under ? xasprintf("%s/%s", r->opts->under, name) : xstrdup(name);
	if (a->props.value[PROP_NAME] && !r->opts->under)
		return;
	buf_init(&xml, 1 << 20);
	if (dav_text_xml(a->name, &xml, NULL) == 0)
		props_set(&a->props, PROP_NAME, buf_str(&xml), a->name);
	buf_clear(&xml);
}

static int load(struct drun *r, const struct tree_head *h, struct err *err)
{
	struct acoll *a;
	int rc;

	a = ARR_PUSH(r->acolls, r->n_acolls, r->cap_acolls);
	a->head = h;
	a->to = NONE;
	rc = r->reader->ops->coll(r->reader, h, &a->coll, err);
	if (rc < 0) {
		if (dav_ends(err))
			return rc;
		say_coll(r, SAY_WARNING, h->name, "cannot be read from the archive: %s", err->text);
		a->refused = xstrdup("its catalog cannot be read");
		r->sum.failed += h->roots.items;
		return 0;
	}
	if (h->status == COLL_STALE && !a->coll->href) {
		say_coll(r, SAY_WARNING, h->name, "was not read by the backup: %s",
		        a->coll->reason ? a->coll->reason : "no reason is known");
		tree_coll_free(a->coll);
		r->n_acolls--;
		return 0;
	}
	if (!props_of_json(a->coll->props, &a->props, &a->comps))
		say_coll(r, SAY_WARNING, h->name, "its properties cannot be understood");
	set_name(r, a);
	return 0;
}

void own_segment(const struct drun *r, const struct acoll *a, char out[OWN_SEGMENT_SIZE])
{
	char hex[SHA256_HEX_SIZE];
	uint8_t sum[SHA256_LEN];
	struct sha256 h;

	sha256_start(&h);
	sha256_add(&h, r->opts->archive_id ? r->opts->archive_id : "",
	        r->opts->archive_id ? strlen(r->opts->archive_id) : 0);
	sha256_add(&h, a->head->name, strlen(a->head->name) + 1);
	sha256_add(&h, a->name, strlen(a->name));
	sha256_end(&h, sum);
	hex_format(sum, SHA256_LEN, hex);
	snprintf(out, OWN_SEGMENT_SIZE, "valise-%.16s", hex);
}

enum how { BY_BOTH, BY_NAME, BY_SEGMENT };

static bool fits(const struct drun *r, const struct acoll *a, const struct tcoll *t, enum how how)
{
	bool same_name = strcmp(a->name, t->name) == 0, same_segment;
	char *segment = dav_last_segment(a->coll->href ? a->coll->href : "");
	char own[OWN_SEGMENT_SIZE];

	same_segment = strcmp(segment, t->segment) == 0;
	free(segment);
	own_segment(r, a, own);
	if (t->taken || t->readonly || t->aside)
		return false;
	switch (how) {
	case BY_BOTH:
		return same_name && same_segment;
	case BY_NAME:
		return same_name && (!a->comps || !t->comps || (a->comps & ~t->comps) == 0);
	default:
		/* made by an earlier restore, and the server keeps no names */
		return strcmp(own, t->segment) == 0 || (same_segment && !t->props.value[PROP_NAME]);
	}
}

/* The same name and last segment, the same name and components, the same segment. */
static void match(struct drun *r, struct acoll *a, enum how how)
{
	for (size_t i = 0; a->to == NONE && a->coll && i < r->n_tcolls; i++)
		if (fits(r, a, &r->tcolls[i], how)) {
			a->to = (uint32_t)i;
			r->tcolls[i].taken = true;
		}
}

static int into(struct drun *r, struct err *err)
{
	uint32_t to = NONE;

	for (size_t i = 0; i < r->n_tcolls && to == NONE; i++)
		if (strcmp(r->tcolls[i].name, r->opts->into) == 0)
			to = (uint32_t)i;
	for (size_t i = 0; i < r->n_tcolls && to == NONE; i++)
		if (strcmp(r->tcolls[i].segment, r->opts->into) == 0)
			to = (uint32_t)i;
	if (to == NONE)
		return err_set(err, ERR_NOTFOUND, ERR_WHOLE, "--into: the target has no %s \"%s\"",
		        r->contacts ? "address book" : "calendar", r->opts->into);
	if (r->tcolls[to].readonly || r->tcolls[to].aside)
		return err_set(err, ERR_USAGE, ERR_WHOLE, "--into: \"%s\" cannot be written to",
		        r->opts->into);
	r->tcolls[to].taken = true;
	for (size_t i = 0; i < r->n_acolls; i++)
		r->acolls[i].to = to;
	return 0;
}

int dav_plan(struct drun *r, struct err *err)
{
	const struct tree_manifest *mf = r->reader->ops->manifest(r->reader);
	int rc = 0;

	for (size_t i = 0; i < mf->n_heads && rc == 0; i++) {
		const struct tree_head *h = &mf->heads[i];

		if (h->kind != r->kind || !target_selects(r->opts, h))
			continue;
		if (left_out(h)) {
			say_coll(r, SAY_NOTE, h->name, "not restored (%llu items): %s",
			        (unsigned long long)h->roots.items, left_out(h));
			continue;
		}
		rc = load(r, h, err);
	}
	if (rc == 0 && r->opts->into)
		return into(r, err);
	for (int how = BY_BOTH; rc == 0 && how <= BY_SEGMENT; how++)
		for (size_t i = 0; i < r->n_acolls; i++)
			match(r, &r->acolls[i], (enum how)how);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}
