/* Which collection of the archive goes into which of the target. Nothing is changed. */
#include <stdlib.h>
#include <string.h>
#include "run.h"

/* What is not brought back, and why; NULL: it is. */
static const char *left_out(const struct tree_head *h)
{
	if (h->attrs & ATTR_GENERATED)
		return "made by the server itself from other data";
	if (h->attrs & ATTR_SUBSCRIPTION)
		return "a subscription: its address is in the archive";
	return NULL;
}

/* --map: where the collection goes by the user's wish, or NULL. */
static const char *wish_for(const struct drun *r, const struct tree_head *h)
{
	const char *rest;

	for (size_t i = 0; i < r->opts->n_maps; i++)
		if (target_map_names(&r->opts->maps[i], h, h->content_name, &rest))
			return r->opts->maps[i].to;
	return NULL;
}

void acoll_rename(struct acoll *a, char *name)
{
	struct buf xml;

	free(a->name);
	a->name = name;
	if (a->props.value[PROP_NAME] && strcmp(name, a->props.value[PROP_NAME]) == 0)
		return;
	buf_init(&xml, 1 << 20);
	if (dav_text_xml(name, &xml, NULL) == 0)
		props_set(&a->props, PROP_NAME, buf_str(&xml), name);
	buf_clear(&xml);
}

/* --under: its name before that of the collection, but for what --map names. */
static void set_name(struct drun *r, struct acoll *a)
{
	const char *name = a->props.value[PROP_NAME] ? a->props.value[PROP_NAME] : a->head->name;
	const char *wish = wish_for(r, a->head);

	a->mapped = wish != NULL;
	if (wish)
		acoll_rename(a, xstrdup(wish));
	else
		acoll_rename(a,
		        r->opts->under ? xasprintf("%s/%s", r->opts->under, name) : xstrdup(name));
}

/* A collection of the archive, with its properties and its name on the target. */
static int load_coll(struct drun *r, const struct tree_head *h, struct err *err)
{
	struct acoll *a;
	int rc;

	a = ARR_PUSH(r->acolls, r->n_acolls, r->cap_acolls);
	a->head = h;
	a->to = a->joins = NONE;
	rc = r->reader->ops->coll(r->reader, h, &a->coll, err);
	if (rc < 0) {
		if (err_ends(err))
			return rc;
		say_coll(r, SAY_WARNING, h->name, "cannot be read from the archive: %s", err->text);
		a->refused = xstrdup("its catalog cannot be read");
		r->outcome.sum.failed += h->roots.items;
		r->outcome.sum.unreadable += h->roots.items;
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

uint32_t made_before(const struct drun *r, const struct acoll *a)
{
	char own[OWN_SEGMENT_SIZE];

	own_segment(r, a, own);
	for (uint32_t i = 0; i < r->n_tcolls; i++)
		if (strcmp(r->tcolls[i].segment, own) == 0)
			return i;
	return NONE;
}

/* --under makes another place of it; what --map and --into say is said each time. */
static char *place_key(const struct drun *r, const struct acoll *a)
{
	const char *part = a->part ? strrchr(a->name, '(') : NULL;

	return xasprintf("%s%s%s%s%s", r->opts->under ? r->opts->under : "",
	        r->opts->under ? "/" : "", a->head->name, part ? " " : "", part ? part : "");
}

void remember_places(struct drun *r)
{
	for (size_t i = 0; i < r->n_acolls; i++) {
		const struct acoll *a = &r->acolls[i];
		char *key;

		if (a->to == NONE || a->mapped || r->opts->into)
			continue;
		key = place_key(r, a);
		put_journal_add_place(r->journal, key, r->tcolls[a->to].url);
		free(key);
	}
}

/* Did an earlier restore put the collection there? */
static bool is_place(const struct drun *r, const struct acoll *a, const struct tcoll *t)
{
	char *key = place_key(r, a);
	const char *url = put_journal_place(r->journal, key);
	bool same = url && dav_key(url) == dav_key(t->url);

	free(key);
	return same;
}

/* Is something in it called as an item of the archive? */
static int holds_any(
        struct drun *r, const struct acoll *a, uint32_t tcoll, bool *out, struct err *err)
{
	struct reslist there = {0};
	struct keys names = {0};
	int rc = dav_list_resources(r, tcoll, true, &there, err);

	for (size_t i = 0; i < there.n; i++) {
		char *segment = dav_last_segment(there.list[i].url);

		keys_add(&names, key_of(segment), 1);
		free(segment);
	}
	for (uint32_t i = 0; i < a->coll->n_items && there.n && !*out; i++) {
		const struct tree_ext *x = tree_item_ext(a->coll, &a->coll->items[i]);
		char *segment = dav_last_segment(x && x->href ? x->href : "");

		*out = keys_find(&names, key_of(segment), NULL);
		free(segment);
	}
	keys_clear(&names);
	reslist_clear(&there);
	return rc < 0 && err_ends(err) ? rc : 0;
}

/*
 * Did an earlier restore make it for this one? By the journal, by our own name for it, or
 * as it is called and by what is in it.
 */
static int was_made_for(
        struct drun *r, const struct acoll *a, uint32_t tcoll, bool *out, struct err *err)
{
	const struct tcoll *t = &r->tcolls[tcoll];
	char own[OWN_SEGMENT_SIZE], *segment;
	bool same;

	if (!a->coll)
		return 0;
	own_segment(r, a, own);
	*out = is_place(r, a, t) || strcmp(own, t->segment) == 0;
	if (*out || a->head->attrs & ATTR_SHARED)
		return 0;
	segment = dav_last_segment(a->coll->href ? a->coll->href : "");
	same = strcmp(segment, t->segment) == 0 && strcmp(a->name, t->name) == 0;
	free(segment);
	return same ? holds_any(r, a, tcoll, out, err) : 0;
}

/* What an earlier restore made is ours, whomever the server calls its owner. */
static int claim_made(struct drun *r, struct err *err)
{
	int rc = 0;

	for (uint32_t t = 0; t < r->n_tcolls && rc == 0; t++) {
		const struct tcoll *c = &r->tcolls[t];
		bool made = false;

		if (!c->aside || !c->foreign || c->shared || c->readonly)
			continue;
		for (size_t i = 0; i < r->n_acolls && rc == 0 && !made; i++)
			rc = was_made_for(r, &r->acolls[i], t, &made, err);
		if (made)
			r->tcolls[t].claimed = true;
		if (made)
			r->tcolls[t].aside = false;
	}
	return rc;
}

int dav_plan_unlisted(struct drun *r, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < r->n_acolls && rc == 0; i++) {
		struct acoll *a = &r->acolls[i];
		const char *place;
		uint32_t index;
		char *key;

		if (a->refused || a->to != NONE || a->mapped || r->opts->into)
			continue;
		key = place_key(r, a);
		place = put_journal_place(r->journal, key);
		if (place)
			rc = dav_probe_why(r, place, &index, &a->hidden, err);
		if (place && rc == 0 && index != NONE && !r->tcolls[index].taken)
			a->to = index;
		if (a->to != NONE)
			r->tcolls[a->to].taken = true;
		free(key);
	}
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

enum how { BY_PLACE, BY_BOTH, BY_NAME, BY_SEGMENT, BY_NAME_IN_PART, BY_BOTH_IN_VAIN, HOWS };

/* Everything that it may hold, as far as both sides say. */
static bool takes_all(const struct acoll *a, const struct tcoll *t)
{
	return !t->comps || (a->comps && !(a->comps & ~t->comps));
}

unsigned main_component(struct drun *r, struct acoll *a)
{
	const unsigned declared = a->comps ? a->comps : COMP_VEVENT | COMP_VTODO | COMP_VJOURNAL;
	const unsigned first = declared & (~declared + 1);
	unsigned found = 0;

	for (uint32_t i = 0; !a->main && i < a->coll->n_items && !(found & first); i++) {
		const struct entry e = {.acoll = (uint32_t)(a - r->acolls), .item = i};

		found |= entry_component(r, &e) & declared;
	}
	if (!a->main)
		a->main = found ? found & (~found + 1) : first;
	return a->main;
}

/*
 * The target's name for it, also where it shows the characters of XML escaped once too
 * often (DAViCal).
 */
static bool is_named(const struct tcoll *t, const char *name)
{
	static const char *const escapes[] = {"&&amp;", "<&lt;", ">&gt;"};
	const char *shown = t->name;

	if (strcmp(name, shown) == 0)
		return true;
	for (; *name; name++) {
		size_t n = 1;

		for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++)
			if (*name == escapes[i][0] &&
			        strncmp(shown, escapes[i] + 1, strlen(escapes[i]) - 1) == 0)
				n = strlen(escapes[i]) - 1;
		if (n == 1 && *shown != *name)
			return false;
		shown += n;
	}
	return *shown == '\0';
}

/* Is this collection of the target one for that of the archive, by the rule ${how}? */
static bool tcoll_fits(struct drun *r, struct acoll *a, const struct tcoll *t, enum how how)
{
	bool same_name = is_named(t, a->name), same_segment;
	char *segment = dav_last_segment(a->coll->href ? a->coll->href : "");
	char own[OWN_SEGMENT_SIZE];

	same_segment = strcmp(segment, t->segment) == 0;
	free(segment);
	own_segment(r, a, own);
	if (t->taken || t->readonly || t->aside)
		return false;
	switch (how) {
	case BY_PLACE:
		return is_place(r, a, t);
	case BY_BOTH:
		return same_name && same_segment &&
		       (takes_all(a, t) || t->comps & main_component(r, a));
	case BY_NAME:
		return same_name && takes_all(a, t);
	case BY_NAME_IN_PART:
		/* dav_split finds a place for the rest */
		return same_name && t->comps & main_component(r, a);
	case BY_BOTH_IN_VAIN:
		/*
		 * made by an earlier restore, of the kinds that the server has for all
		 * (SOGo: no journal)
		 */
		return same_name && same_segment && t->comps & (t->comps - 1);
	default:
		/* made by an earlier restore, and the server keeps no names */
		return strcmp(own, t->segment) == 0 || (same_segment && !t->props.value[PROP_NAME]);
	}
}

/*
 * The same name and last segment, the same name and components, the same segment, the
 * same name for some of its items, or none.
 */
static void match_coll(struct drun *r, struct acoll *a, enum how how)
{
	for (size_t i = 0; a->to == NONE && !a->refused && !a->mapped && i < r->n_tcolls; i++)
		if (tcoll_fits(r, a, &r->tcolls[i], how)) {
			a->to = (uint32_t)i;
			r->tcolls[i].taken = true;
		}
}

/*
 * The target's collection of that name, else of that last segment; *to_out NONE when
 * there is none.
 */
static int find_named(
        struct drun *r, const char *option, const char *name, uint32_t *to_out, struct err *err)
{
	uint32_t to = NONE;

	for (size_t i = 0; i < r->n_tcolls && to == NONE; i++)
		if (is_named(&r->tcolls[i], name))
			to = (uint32_t)i;
	for (size_t i = 0; i < r->n_tcolls && to == NONE; i++)
		if (strcmp(r->tcolls[i].segment, name) == 0)
			to = (uint32_t)i;
	*to_out = to;
	if (to != NONE && (r->tcolls[to].readonly || r->tcolls[to].aside))
		return err_set(
		        err, ERR_USAGE, ERR_WHOLE, "%s: \"%s\" cannot be written to", option, name);
	return 0;
}

/* A look: what a restore would not bring anywhere, for want of a collection. */
static void refuse_into(struct drun *r)
{
	for (size_t i = 0; i < r->n_acolls; i++)
		if (!r->acolls[i].mapped && !r->acolls[i].refused)
			r->acolls[i].refused = xasprintf("--into: the target has no %s \"%s\"",
			        r->contacts ? "address book" : "calendar", r->opts->into);
}

/* --into: everything that --map does not name. */
static int place_into(struct drun *r, struct err *err)
{
	uint32_t to;
	int rc = find_named(r, "--into", r->opts->into, &to, err);

	if (rc < 0)
		return rc;
	if (to == NONE && r->looks) {
		refuse_into(r);
		return 0;
	}
	for (size_t i = 0; i < r->n_acolls && to == NONE; i++)
		r->outcome.sum.failed += r->acolls[i].coll ? r->acolls[i].coll->n_items : 0;
	r->outcome.sum.no_into = to == NONE;
	if (to == NONE)
		return err_set(err, ERR_NOTFOUND, ERR_WHOLE, "--into: the target has no %s \"%s\"",
		        r->contacts ? "address book" : "calendar", r->opts->into);
	r->tcolls[to].taken = true;
	for (size_t i = 0; i < r->n_acolls; i++)
		if (!r->acolls[i].mapped)
			r->acolls[i].to = to;
	return 0;
}

/*
 * The collection of the archive that gets this name without ${a}: one that is called so,
 * else one mapped before.
 */
static uint32_t leader_of(const struct drun *r, const struct acoll *a)
{
	for (int mapped = 0; mapped < 2; mapped++)
		for (uint32_t i = 0; i < r->n_acolls; i++) {
			const struct acoll *o = &r->acolls[i];

			if (o->coll && o->mapped == mapped && (!mapped || o < a) &&
			        strcmp(o->name, a->name) == 0)
				return o->joins == NONE ? i : o->joins;
		}
	return NONE;
}

/* One new collection for both: of all components that either has. */
static void widen_comps(struct acoll *leader, const struct acoll *a)
{
	unsigned all = leader->comps | a->comps;

	if (leader->comps && (!a->comps || all != leader->comps))
		props_set_comps(&leader->props, a->comps ? all : 0);
	leader->comps = a->comps && leader->comps ? all : 0;
}

/* --map: into what is called so, else beside what will be. */
static int place_mapped(struct drun *r, struct acoll *a, struct err *err)
{
	uint32_t leader = leader_of(r, a);
	int rc = 0;

	if (leader != NONE)
		a->to = r->acolls[leader].to;
	if (a->to == NONE)
		rc = find_named(r, "--map", a->name, &a->to, err);
	if (a->to == NONE)
		a->to = made_before(r, a);
	if (a->to == NONE && leader != NONE) {
		a->joins = leader;
		widen_comps(&r->acolls[leader], a);
	}
	return rc;
}

int dav_plan(struct drun *r, struct err *err)
{
	const struct tree_manifest *mf = r->reader->ops->manifest(r->reader);
	char n[COUNTED_SIZE];
	int rc = 0;

	for (size_t i = 0; i < mf->n_heads && rc == 0; i++) {
		const struct tree_head *h = &mf->heads[i];

		if (h->kind != r->kind || !target_selects(r->opts, h))
			continue;
		if (left_out(h)) {
			if (r->looks)
				continue;
			say_coll(r, SAY_NOTE, h->name, "not restored (%s): %s",
			        counted(h->roots.items, "item", "items", n), left_out(h));
			continue;
		}
		rc = load_coll(r, h, err);
	}
	if (rc == 0)
		rc = claim_made(r, err);
	/* Where nothing of this kind is chosen, it needs no collection of that name. */
	if (rc == 0 && r->opts->into && r->n_acolls)
		rc = place_into(r, err);
	for (int how = BY_PLACE; rc == 0 && how < HOWS; how++)
		for (size_t i = 0; i < r->n_acolls; i++)
			match_coll(r, &r->acolls[i], (enum how)how);
	for (size_t i = 0; i < r->n_acolls && rc == 0; i++)
		if (r->acolls[i].mapped && r->acolls[i].coll)
			rc = place_mapped(r, &r->acolls[i], err);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}
