/* Each row asked of the resolver and of every server of the zone. */
#include "look.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <stdlib.h>
#include <string.h>

/* Records of one name beyond these are a joke of somebody's. */
enum { RECORDS_MAX = 200 };

int look_resolve(struct look *l, const char *name, enum dns_type type, bool own,
        struct dns_answer *out, struct err *err)
{
	unsigned how = DNS_RECURSE | DNS_FOLLOW | DNS_SIGNED;
	struct dns_answer again;
	int rc = dns_query(l->resolver, name, type, how, out, err);

	if (rc != 0 || !out->servfail || !own)
		return rc;
	rc = dns_query(l->resolver, name, type, how | DNS_UNCHECKED, &again, err);
	if (rc != 0 || again.outcome == DNS_FAILED) {
		dns_answer_clear(&again);
		return rc;
	}
	l->m->dnssec = DNSSEC_BOGUS;
	dns_answer_clear(out);
	*out = again;
	return 0;
}

static void keep_records(
        const struct migration_row *row, const struct dns_answer *a, struct migration_view *v)
{
	for (size_t i = 0; i < a->n && v->n < RECORDS_MAX; i++)
		if (rr_is_of(row->kind, &a->list[i]))
			*ARR_PUSH(v->records, v->n, v->cap) = rr_text(row->kind, &a->list[i]);
	SORT(v->records, v->n, text_by_bytes);
}

/* How long others keep it: the shortest of what the answer is made of. */
static uint32_t ttl_of(const struct look *l, const struct dns_answer *a)
{
	uint32_t ttl = a->alias ? a->alias_ttl : UINT32_MAX;

	for (size_t i = 0; i < a->n; i++)
		ttl = MIN(ttl, a->list[i].ttl);
	return ttl == UINT32_MAX ? l->m->negative_ttl : ttl;
}

/* A CNAME that leads out of the zone: the resolver says what is there. */
static int follow_alias(
        struct look *l, const struct migration_row *row, struct migration_view *v, struct err *err)
{
	struct dns_answer a;
	int rc = look_resolve(l, v->alias, row->type, false, &a, err);

	if (rc == 0)
		keep_records(row, &a, v);
	v->unresolved = rc == 0 && a.outcome == DNS_FAILED;
	dns_answer_clear(&a);
	return rc;
}

/* What a server says of the row; ${at}: its place among the views. */
static int ask_view(struct look *l, struct migration_row *row, size_t at, struct err *err)
{
	struct migration_view *v = &row->views[at];
	struct dns_answer a;
	int rc =
	        at ? dns_query(l->m->servers[at - 1].dns, row->name, row->type, DNS_SIGNED, &a, err)
	           : look_resolve(l, row->name, row->type, true, &a, err);

	if (rc == 0) {
		v->outcome = a.outcome;
		v->why = a.why;
		a.why = NULL;
		v->alias = a.alias;
		if (v->alias && v->outcome == DNS_FAILED) {
			v->outcome = DNS_FOUND; /* of the CNAME; where it leads is another matter */
			v->unresolved = true;
		}
		keep_records(row, &a, v);
		v->ttl = ttl_of(l, &a);
		a.alias = NULL;
		if (a.alias_beside)
			row_note(row, NOTE_WRONG,
			        xasprintf("a CNAME stands beside other records of %s", row->name));
	}
	dns_answer_clear(&a);
	if (rc == 0 && at && v->alias && !v->n && v->outcome != DNS_FAILED)
		rc = follow_alias(l, row, v, err);
	return rc;
}

static bool is_good(const struct look *l, size_t at)
{
	return at == 0 || l->m->servers[at - 1].state == SERVER_GOOD;
}

int look_ask(struct look *l, struct migration_row *row, struct err *err)
{
	size_t asked = 0;
	bool there = false;
	int rc = 0;

	row->views = xcalloc(l->m->n_servers + 1, sizeof *row->views);
	for (size_t i = 0; i <= l->m->n_servers; i++)
		row->views[i].outcome = DNS_FAILED;
	for (size_t i = 0; i <= l->m->n_servers && rc == 0; i++) {
		if (!is_good(l, i))
			continue;
		rc = ask_view(l, row, i, err);
		/* a wildcard has something of everything, but no key */
		there |= row->views[i].n || (row->views[i].alias && !row->guessed);
		asked++;
		/* the resolver and one server of the zone are enough for a guess */
		if (row->guessed && !there && asked == 2)
			break;
	}
	row->absent = !there;
	return rc;
}
