/* The zone that a domain is in, and who is asked about it: its servers, one by one. */
#include "look.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <stdlib.h>
#include <string.h>

enum { SERVERS_MAX = 16, ADDRESSES_MAX = 4, PARENTS_MAX = 2 };

/* A name server that the zone or its parent names. */
struct named {
	char *name;
	char *glue; /* where its parent says it is; or NULL */
	uint32_t ttl;
	bool by_zone, by_parent;
};
struct names {
	struct named *list;
	size_t n, cap;
};

static void zone_note(struct look *l, enum migration_weight weight, char *text)
{
	note_add(&l->m->notes, &l->m->n_notes, &l->m->notes_cap, weight, text);
}

static void add_names(struct names *to, const struct dns_answer *a, bool by_parent)
{
	for (size_t i = 0; i < a->n; i++) {
		struct named *had = NULL;

		for (size_t k = 0; k < to->n && !had; k++)
			if (strcmp(to->list[k].name, a->list[i].target) == 0)
				had = &to->list[k];
		if (!had && to->n < SERVERS_MAX) {
			had = ARR_PUSH(to->list, to->n, to->cap);
			had->name = xstrdup(a->list[i].target);
		}
		if (!had)
			continue;
		if (!had->glue)
			had->glue = xstrdup(a->list[i].glue);
		had->ttl = a->list[i].ttl > had->ttl ? a->list[i].ttl : had->ttl;
		had->by_parent |= by_parent;
		had->by_zone |= !by_parent;
	}
}

/* In the same order each time, whatever the order of the answers. */
static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

/* The name without its first label; NULL: it has one alone. */
static const char *parent_of(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot && dot[1] ? dot + 1 : NULL;
}

/* The name at or above ${name} that has NS records, which are ${out}'s. */
static int find_zone(struct look *l, const char *name, bool own, const char **zone_out,
        struct dns_answer *out, struct err *err)
{
	int rc = 0;

	*zone_out = NULL;
	memset(out, 0, sizeof *out);
	for (const char *s = name; s && rc == 0 && !*zone_out; s = parent_of(s)) {
		dns_answer_clear(out);
		rc = look_resolve(l, s, DNS_NS, own, out, err);
		/* of one that cannot be asked the parent may say who its servers are */
		if (rc == 0 &&
		        ((out->outcome == DNS_FOUND && !out->alias) || out->outcome == DNS_FAILED))
			*zone_out = s;
		if (rc == 0 && s == name && own && out->outcome == DNS_NO_NAME)
			zone_note(l, NOTE_ONLY, xasprintf("there is no domain %s (NXDOMAIN)", s));
	}
	return rc;
}

/* "127.0.0.2:5300", as dns_open takes it: the port of --nameserver on this machine alone. */
static char *place_of(const struct look *l, const char *address)
{
	bool six = strchr(address, ':') != NULL;
	bool here = strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
	const char *port = here && l->port ? l->port : "53";

	if (six)
		return xasprintf("[%s]:%s", address, port);
	return strcmp(port, "53") == 0 ? xstrdup(address) : xasprintf("%s:%s", address, port);
}

static int open_server(
        struct look *l, const char *name, const char *place, uint32_t lag, struct err *err)
{
	struct migration_server *s;

	if (l->m->n_servers == SERVERS_MAX)
		return 0;
	s = ARR_PUSH(l->m->servers, l->m->n_servers, l->m->servers_cap);
	s->name = xstrdup(name);
	s->address = xstrdup(place);
	s->lag = lag;
	return dns_open(place, l->opts->timeout_ms, &s->dns, err);
}

static void add_silent(struct look *l, const char *name, char *why)
{
	struct migration_server *s;

	if (l->m->n_servers < SERVERS_MAX) {
		s = ARR_PUSH(l->m->servers, l->m->n_servers, l->m->servers_cap);
		s->name = xstrdup(name);
		s->address = xstrdup("");
		s->state = SERVER_SILENT;
		s->why = why;
	} else {
		free(why);
	}
}

/* Its addresses, those of IPv4 where there are any. */
static int find_addresses(struct look *l, const char *name, struct dns_answer *out, struct err *err)
{
	int rc = look_resolve(l, name, DNS_A, false, out, err);

	if (rc == 0 && !out->n) {
		dns_answer_clear(out);
		rc = look_resolve(l, name, DNS_AAAA, false, out, err);
	}
	return rc;
}

static int open_named(struct look *l, const struct named *n, struct err *err)
{
	struct dns_answer a;
	uint32_t lag = n->by_zone && n->by_parent ? 0 : n->ttl;
	int rc = find_addresses(l, n->name, &a, err);

	if (rc == 0 && !a.n && n->glue) {
		/* of a zone that no resolver gets through to */
		char *place = place_of(l, n->glue);

		rc = open_server(l, n->name, place, lag, err);
		free(place);
	} else if (rc == 0 && !a.n)
		add_silent(l, n->name,
		        xasprintf("it has no address%s%s", a.why ? ": " : "", a.why ? a.why : ""));
	for (size_t i = 0; rc == 0 && i < MIN(a.n, ADDRESSES_MAX); i++) {
		char *place = place_of(l, a.list[i].target);

		rc = open_server(l, n->name, place, lag, err);
		free(place);
	}
	if (rc == 0 && a.alias)
		zone_note(l, NOTE_WRONG,
		        xasprintf("the name server %s is a CNAME, which it must not be", n->name));
	dns_answer_clear(&a);
	return rc;
}

/* Whom does a server of the parent zone refer to? */
static int ask_parent(
        struct look *l, const char *place, struct names *out, bool *done, struct err *err)
{
	struct dns *d = NULL;
	struct dns_answer a = {0};
	int rc = dns_open(place, l->opts->timeout_ms, &d, err);

	if (rc == 0)
		rc = dns_query(d, l->m->zone, DNS_NS, DNS_REFERRED, &a, err);
	if (rc == 0 && a.outcome == DNS_FOUND) {
		add_names(out, &a, true);
		*done = true;
	}
	dns_answer_clear(&a);
	dns_close(d);
	return rc;
}

static int ask_parents(struct look *l, struct names *out, struct err *err)
{
	const char *above = parent_of(l->m->zone), *zone = NULL;
	struct dns_answer ns = {0};
	bool done = false;
	int rc = above ? find_zone(l, above, false, &zone, &ns, err) : 0;

	for (size_t i = 0; rc == 0 && !done && i < MIN(ns.n, PARENTS_MAX); i++) {
		struct dns_answer a;

		rc = find_addresses(l, ns.list[i].target, &a, err);
		if (rc == 0 && a.n) {
			char *place = place_of(l, a.list[0].target);

			rc = ask_parent(l, place, out, &done, err);
			free(place);
		}
		dns_answer_clear(&a);
	}
	dns_answer_clear(&ns);
	/* nobody knows what the parent says: its silence counts for nothing */
	for (size_t i = 0; i < out->n; i++)
		out->list[i].by_parent |= !done;
	return rc;
}

static void note_one_sided(struct look *l, const struct names *names)
{
	bool zone_says = false;

	for (size_t i = 0; i < names->n; i++)
		zone_says |= names->list[i].by_zone;
	for (size_t i = 0; i < names->n && zone_says; i++) {
		const struct named *n = &names->list[i];

		if (!n->by_zone)
			zone_note(l, NOTE_ONLY,
			        xasprintf("the parent zone names %s, the zone itself does not",
			                n->name));
		else if (!n->by_parent)
			zone_note(l, NOTE_ONLY,
			        xasprintf("the zone names %s, its parent does not", n->name));
	}
}

static int find_servers(struct look *l, struct err *err)
{
	struct names names = {0};
	struct dns_answer ns;
	const char *zone;
	int rc = find_zone(l, l->m->domain, true, &zone, &ns, err);

	l->m->zone = xstrdup(zone ? zone : l->m->domain);
	if (rc == 0 && !l->opts->n_authorities) {
		add_names(&names, &ns, false);
		rc = ask_parents(l, &names, err);
		SORT(names.list, names.n, by_name);
		note_one_sided(l, &names);
	}
	dns_answer_clear(&ns);
	for (size_t i = 0; rc == 0 && i < names.n; i++)
		rc = open_named(l, &names.list[i], err);
	for (size_t i = 0; rc == 0 && i < l->opts->n_authorities; i++)
		rc = open_server(l, "", l->opts->authorities[i], 0, err);
	for (size_t i = 0; i < names.n; i++) {
		free(names.list[i].name);
		free(names.list[i].glue);
	}
	free(names.list);
	return rc;
}

/* Why it is none that can be relied on; the name of the server is said elsewhere. */
static const char *reason_of(const struct dns_answer *a)
{
	const char *behind = a->why ? strstr(a->why, ": ") : NULL;

	if (a->outcome == DNS_FOUND)
		return "its answer is not authoritative";
	return behind ? behind + 2 : a->why ? a->why : "it does not know the zone";
}

/* Is it a server of the zone, and with which serial? */
static int ask_soa(struct look *l, struct migration_server *s, struct err *err)
{
	struct migration *m = l->m;
	struct dns_answer a;
	int rc;

	if (!s->dns)
		return 0;
	rc = dns_query(s->dns, m->zone, DNS_SOA, 0, &a, err);
	if (rc == 0 && a.outcome == DNS_FOUND && a.authoritative) {
		s->serial = a.list[0].serial;
		s->lag = a.list[0].refresh > s->lag ? a.list[0].refresh : s->lag;
		if (MIN(a.list[0].minimum, a.list[0].ttl) > m->negative_ttl)
			m->negative_ttl = MIN(a.list[0].minimum, a.list[0].ttl);
	} else if (rc == 0) {
		s->state = a.silent ? SERVER_SILENT : SERVER_LAME;
		s->why = xstrdup(reason_of(&a));
	}
	dns_answer_clear(&a);
	return rc;
}

/*
 * Where none of its servers can be asked, the name server that was given may be one, as on
 * a machine on which it alone is there.
 */
static int ask_given(struct look *l, size_t *good, struct err *err)
{
	struct dns_answer a;
	int rc = dns_query(l->resolver, l->m->zone, DNS_SOA, 0, &a, err);
	bool is = rc == 0 && a.outcome == DNS_FOUND && a.authoritative;

	dns_answer_clear(&a);
	if (!is)
		return rc;
	rc = open_server(l, "", l->opts->nameserver, 0, err);
	if (rc == 0)
		rc = ask_soa(l, &l->m->servers[l->m->n_servers - 1], err);
	*good += rc == 0;
	return rc;
}

/* Does the resolver say that the zone is signed, and that it validates? */
static int ask_dnssec(struct look *l, struct err *err)
{
	struct dns_answer a;
	int rc = look_resolve(l, l->m->zone, DNS_SOA, true, &a, err);

	if (rc == 0 && l->m->dnssec != DNSSEC_BOGUS && a.outcome == DNS_FOUND)
		l->m->dnssec = a.authentic        ? DNSSEC_VALID
		               : a.has_signatures ? DNSSEC_SIGNED
		                                  : DNSSEC_UNSIGNED;
	dns_answer_clear(&a);
	return rc;
}

int look_servers(struct look *l, struct err *err)
{
	struct migration *m = l->m;
	size_t good = 0;
	int rc = find_servers(l, err);

	for (size_t i = 0; i < m->n_servers && rc == 0; i++) {
		struct migration_server *s = &m->servers[i];

		rc = ask_soa(l, s, err);
		good += s->state == SERVER_GOOD;
		if (rc == 0 && s->state != SERVER_GOOD)
			zone_note(l, NOTE_WRONG,
			        xasprintf("the name server %s%s%s does not answer for the zone: %s",
			                s->name, *s->name && *s->address ? " at " : "", s->address,
			                s->why));
	}
	if (rc == 0 && !good && l->opts->nameserver && m->n_servers < SERVERS_MAX)
		rc = ask_given(l, &good, err);
	if (rc == 0 && !good)
		zone_note(l, NOTE_DOUBT, xstrdup("no name server of the zone could be asked"));
	return rc == 0 ? ask_dnssec(l, err) : rc;
}
