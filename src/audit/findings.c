/* The list of findings, and what an item is called in it. */
#include "valise/audit/audit.h"
#include "valise/base/mem.h"
#include "valise/tree/about.h"
#include <stdlib.h>
#include <string.h>

void audit_name_clear(struct audit_name *n)
{
	free(n->date);
	free(n->from);
	free(n->subject);
	free(n->start);
	free(n->title);
	memset(n, 0, sizeof *n);
}

static void finding_clear(struct audit_finding *f)
{
	free(f->collection);
	free(f->href);
	audit_name_clear(&f->name);
	free(f->differs);
	free(f->place);
}

void audit_name_read(enum coll_kind kind, const char *p, size_t n, struct audit_name *out)
{
	struct item_about a;

	about_of_octets(kind, p, n, &a);
	*out = (struct audit_name){.from = xstrdup(a.text[ABOUT_FROM]),
	        .subject = xstrdup(a.text[ABOUT_SUBJECT]),
	        .start = xstrdup(a.text[ABOUT_START]),
	        .title = xstrdup(a.text[kind == COLL_CONTACTS ? ABOUT_NAME : ABOUT_SUMMARY])};
	about_clear(&a);
}

void audit_init(struct audit *a)
{
	memset(a, 0, sizeof *a);
	pthread_mutex_init(&a->lock, NULL);
}

void audit_clear(struct audit *a)
{
	for (size_t i = 0; i < a->n; i++)
		finding_clear(&a->items[i]);
	free(a->items);
	for (size_t i = 0; i < a->n_colls; i++)
		free(a->colls[i].name);
	free(a->colls);
	pthread_mutex_destroy(&a->lock);
}

void audit_add(struct audit *a, struct audit_finding *f)
{
	pthread_mutex_lock(&a->lock);
	f->accepted = a->accepts[f->what] && !audit_rules[f->what].safe;
	*ARR_PUSH(a->items, a->n, a->cap) = *f;
	if (a->found)
		a->found(a->ctx, f);
	pthread_mutex_unlock(&a->lock);
	memset(f, 0, sizeof *f);
}

void audit_say(struct audit *a, enum audit_side side, enum audit_what what, enum coll_kind kind,
        const char *collection, const char *differs)
{
	struct audit_finding f = {.side = side,
	        .what = what,
	        .kind = kind,
	        .collection = xstrdup(collection),
	        .differs = xstrdup(differs)};

	audit_add(a, &f);
}

void audit_count(struct audit *a, enum audit_side side, const struct audit_counts *add)
{
	struct audit_counts *c = &a->counts[side];

	pthread_mutex_lock(&a->lock);
	c->collections += add->collections;
	c->items += add->items;
	c->same += add->same;
	c->gone += add->gone;
	c->extra += add->extra;
	c->shared += add->shared;
	pthread_mutex_unlock(&a->lock);
}

static bool is_coll(const struct audit_coll *c, enum coll_kind kind, const char *name)
{
	return c->kind == kind && strcmp(c->name, name) == 0;
}

/* Its place, n_colls for none; items of one collection mostly come one after the other. */
static size_t find_coll(const struct audit *a, enum coll_kind kind, const char *name)
{
	size_t i = 0;

	if (a->last_coll < a->n_colls && is_coll(&a->colls[a->last_coll], kind, name))
		return a->last_coll;
	while (i < a->n_colls && !is_coll(&a->colls[i], kind, name))
		i++;
	return i;
}

void audit_count_coll(struct audit *a, enum audit_side side, enum coll_kind kind, const char *name,
        uint64_t items, uint64_t bytes)
{
	struct audit_coll *c;

	pthread_mutex_lock(&a->lock);
	a->last_coll = find_coll(a, kind, name);
	if (a->last_coll == a->n_colls) {
		c = ARR_PUSH(a->colls, a->n_colls, a->colls_cap);
		c->kind = kind;
		c->name = xstrdup(name);
	}
	c = &a->colls[a->last_coll];
	c->side[side].known = true;
	c->side[side].items += items;
	c->side[side].bytes += bytes;
	pthread_mutex_unlock(&a->lock);
}

const struct audit_coll *audit_coll_of(const struct audit *a, enum coll_kind kind, const char *name)
{
	size_t i = find_coll(a, kind, name);

	return i < a->n_colls ? &a->colls[i] : NULL;
}
