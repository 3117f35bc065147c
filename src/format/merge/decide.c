/* Which definitions of time zones are kept, and under which names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "internal.h"

enum { ROUNDS = 16 }; /* zones of one name that are chosen by how many objects they suit */

struct merge *merge_new(void)
{
	return xcalloc(1, sizeof(struct merge));
}

void merge_free(struct merge *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_definitions; i++) {
		buf_clear(&m->definitions[i].text);
		free(m->definitions[i].spans.list);
	}
	for (size_t i = 0; i < m->n_names; i++)
		free(m->names[i].tzid);
	for (size_t i = 0; i < m->n_zones; i++)
		buf_clear(&m->zones[i].text);
	text_index_clear(&m->name_index);
	free(m->definitions);
	free(m->names);
	free(m->uses);
	free(m->zones);
	free(m->objects);
	free(m);
}

/* Does the definition say of the object's times what its own one says? */
static bool suits(const struct merge *m, size_t definition, const struct merge_use *u)
{
	const struct merge_definition *own = &m->definitions[u->definition],
	                              *other = &m->definitions[definition];

	if (u->definition == definition || u->from > u->to)
		return true;
	return own->reckoned && other->reckoned &&
	       zone_spans_agree(&own->spans, &other->spans, u->from, u->to);
}

static bool is_taken(const struct merge *m, const char *tzid)
{
	size_t cursor = 0, at;

	while ((at = text_index_next(&m->name_index, tzid, &cursor)) != SIZE_MAX)
		if (strcmp(m->names[at].tzid, tzid) == 0)
			return true;
	return false;
}

/* Of the ${nth} zone of a name, from 1: "" or what makes the name one that nobody has. */
static void choose_suffix(struct merge *m, size_t name, struct merge_zone *z)
{
	unsigned *last = &m->names[name].suffix;

	z->suffix[0] = '\0';
	if (m->names[name].first == MERGE_NONE)
		return;
	for (bool taken = true; taken;) {
		char *tzid;

		*last = *last ? *last + 1 : 2;
		snprintf(z->suffix, sizeof z->suffix, " (%u)", *last);
		tzid = xasprintf("%s%s", m->names[name].tzid, z->suffix);
		taken = is_taken(m, tzid);
		if (!taken)
			(void)merge_name_of(m, tzid); /* nobody else gets it */
		free(tzid);
	}
}

static size_t add_zone(struct merge *m, size_t definition)
{
	struct merge_definition *d = &m->definitions[definition];
	struct merge_zone *z = ARR_PUSH(m->zones, m->n_zones, m->zones_cap);
	size_t name = d->name;

	z->text = buf_of(SIZE_MAX);
	choose_suffix(m, name, z);
	if (z->suffix[0])
		merge_rename_zone(&d->text, z->suffix, &z->text);
	else
		buf_put(&z->text, d->text.data, d->text.len);
	if (m->names[name].first == MERGE_NONE)
		m->names[name].first = m->n_zones - 1;
	d->zone = m->n_zones - 1;
	return d->zone;
}

/* Those of one name that are not settled yet. */
struct rivals {
	struct merge *m;
	size_t *definitions, n_definitions;
	size_t *uses, n_uses;
};

/* The one that suits the most uses that are left; of these the one that says more. */
static size_t best_of(const struct rivals *r)
{
	size_t best = MERGE_NONE, most = 0;

	for (size_t i = 0; i < r->n_definitions; i++) {
		size_t d = r->definitions[i], suited = 0;

		if (r->m->definitions[d].zone != MERGE_NONE)
			continue;
		for (size_t k = 0; k < r->n_uses; k++)
			suited += suits(r->m, d, &r->m->uses[r->uses[k]]);
		if (best == MERGE_NONE || suited > most ||
		        (suited == most &&
		                r->m->definitions[d].says > r->m->definitions[best].says)) {
			best = d;
			most = suited;
		}
	}
	return best;
}

/* Whom it suits has it. */
static void settle(struct rivals *r, size_t definition, size_t zone)
{
	size_t left = 0;

	for (size_t k = 0; k < r->n_uses; k++) {
		struct merge_use *u = &r->m->uses[r->uses[k]];

		if (suits(r->m, definition, u))
			u->zone = zone;
		else
			r->uses[left++] = r->uses[k];
	}
	r->n_uses = left;
}

static void decide_name(struct rivals *r, bool known)
{
	for (size_t i = 0; i < r->n_definitions; i++) {
		struct merge_definition *d = &r->m->definitions[r->definitions[i]];

		d->reckoned = zone_spans_of(&d->text, &d->spans);
	}
	for (unsigned round = 0; r->n_uses && round < (known ? 1 : ROUNDS); round++) {
		size_t best = best_of(r);

		settle(r, best, add_zone(r->m, best));
	}
	for (size_t k = 0; k < r->n_uses; k++) {
		struct merge_use *u = &r->m->uses[r->uses[k]];
		struct merge_definition *own = &r->m->definitions[u->definition];

		u->otherwise = known;
		if (known)
			u->zone = r->m->names[u->name].first;
		else
			u->zone =
			        own->zone == MERGE_NONE ? add_zone(r->m, u->definition) : own->zone;
	}
	for (size_t i = 0; i < r->n_definitions; i++) {
		struct merge_definition *d = &r->m->definitions[r->definitions[i]];

		free(d->spans.list);
		d->spans = (struct zone_spans){0};
	}
}

/* What is defined in several ways. */
static void decide_rivals(struct merge *m, size_t name)
{
	struct rivals r = {.m = m,
	        .definitions = xcalloc(m->names[name].definitions, sizeof(size_t)),
	        .uses = xcalloc(m->n_uses, sizeof(size_t))};

	for (size_t i = m->names[name].last; i != MERGE_NONE; i = m->definitions[i].before)
		r.definitions[r.n_definitions++] = i;
	/* in the order in which they came */
	for (size_t i = 0; i < r.n_definitions / 2; i++) {
		size_t other = r.definitions[r.n_definitions - 1 - i];

		r.definitions[r.n_definitions - 1 - i] = r.definitions[i];
		r.definitions[i] = other;
	}
	for (size_t i = 0; i < m->n_uses; i++)
		if (m->uses[i].name == name && m->uses[i].definition != MERGE_NONE)
			r.uses[r.n_uses++] = i;
	decide_name(&r, m->names[name].known);
	free(r.definitions);
	free(r.uses);
}

void merge_decide(struct merge *m)
{
	size_t names = m->n_names;

	for (size_t i = 0; i < names; i++)
		if (m->names[i].definitions == 1)
			(void)add_zone(m, m->names[i].last);
		else if (m->names[i].definitions > 1)
			decide_rivals(m, i);
	for (size_t i = 0; i < m->n_uses; i++)
		if (m->uses[i].zone == MERGE_NONE)
			m->uses[i].zone = m->names[m->uses[i].name].first;
}

const struct buf *merge_zone(const struct merge *m, size_t zone)
{
	return &m->zones[zone].text;
}

size_t merge_zones(const struct merge *m)
{
	return m->n_zones;
}
