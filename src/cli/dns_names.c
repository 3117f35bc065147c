/* What valise dns is asked about: a domain, the old provider's hosts, the new one's records. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/discover/providers.h"
#include "valise/migration/migration.h"
#include "valise/net/url.h"
#include "cli/cli.h"

enum { TIMEOUT_S = 5, TIMEOUT_MAX = 600, GIVEN_MAX = 64 };

/* What a look needs that was made for it. */
struct asked {
	char *domain; /* in ASCII */
	char **old;
	size_t n_old, old_cap;
	struct dns_zone wanted;
	const char *authorities[GIVEN_MAX], *selectors[GIVEN_MAX];
};

static void clear_asked(struct asked *q)
{
	free(q->domain);
	texts_free(q->old, q->n_old);
	dns_zone_clear(&q->wanted);
}

/* "old.example", or an address at it. */
static int take_domain(const struct args *a, const char *text, struct asked *q)
{
	const char *at = strrchr(text, '@'), *name = at ? at + 1 : text;
	size_t n = strlen(name);
	char *bare = xstrndup(name, n && name[n - 1] == '.' ? n - 1 : n);

	q->domain = text_lower(url_host_ace(bare));
	free(bare);
	if (dns_is_host(q->domain) && strchr(q->domain, '.') && !url_host_is_address(q->domain))
		return 0;
	return usage_error(a, "a domain is wanted, as old.example, not \"%s\"", text);
}

static void add_old(struct asked *q, char *host)
{
	*ARR_PUSH(q->old, q->n_old, q->old_cap) = host;
}

/*
 * The registrable domain, so that its other hosts count, too; the host alone where that
 * would be the domain that moves.
 */
static void add_old_host(struct asked *q, const char *host)
{
	char *all = url_host_registrable(host);

	if (url_host_trusted(q->domain, all)) {
		free(all);
		all = xstrdup(host);
	}
	add_old(q, all);
}

/* A provider of the table: the ends of its MX. */
static int add_old_provider(const struct args *a, struct asked *q, const char *id, bool *known)
{
	struct providers *table = NULL;
	struct err err = {0};
	int rc = providers_load(NULL, NULL, &table, &err);
	const struct provider *p = rc == 0 ? providers_by_id(table, id) : NULL;
	char *words = xstrdup(p && p->mx ? p->mx : ""), *save = NULL;

	for (char *s = strtok_r(words, " \t", &save); s; s = strtok_r(NULL, " \t", &save))
		add_old(q, xstrdup(s));
	*known = *known || p;
	free(words);
	providers_free(table);
	return rc < 0 ? fail(a, &err) : 0;
}

/* An account of accounts.ini: the hosts of its services. */
static void add_old_account(const struct args *a, struct asked *q, const char *name, bool *known)
{
	struct account *account = NULL;
	struct err err = {0};

	if (account_load(name, args_get(a, "config"), NULL, 0, NULL, &account, &err) < 0)
		return; /* then it is a host */
	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		if (account->present[k]) {
			add_old_host(q, account->services[k].at.host);
			*known = true;
		}
	account_free(account);
}

static int take_old(const struct args *a, struct asked *q)
{
	const char *given[GIVEN_MAX];
	size_t n = args_all(a, "old", given, COUNT(given));
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		bool known = false;

		rc = add_old_provider(a, q, given[i], &known);
		if (rc == 0 && !known)
			add_old_account(a, q, given[i], &known);
		if (rc == 0 && !known && (!dns_is_host(given[i]) || !strchr(given[i], '.')))
			rc = usage_error(a,
			        "--old %s: no host, no provider of the table, no account",
			        given[i]);
		else if (rc == 0 && !known)
			add_old(q, xstrdup(given[i]));
	}
	return rc;
}

static int take_wanted(const struct args *a, struct asked *q)
{
	const char *given[GIVEN_MAX], *path = args_get(a, "for");
	size_t n = args_all(a, "expect", given, COUNT(given));
	struct err err = {0};
	int rc = 0;

	if (path)
		rc = migration_wanted(path, q->domain, &q->wanted, &err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = migration_wanted_line(given[i], q->domain, &q->wanted, &err);
	if (rc < 0)
		return usage_error(a, "%s%s", path ? "" : "--expect: ", err.text);
	return 0;
}

static int check_selectors(const struct args *a, const struct asked *q, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!dns_is_host(q->selectors[i]) || strlen(q->selectors[i]) > 63)
			return usage_error(
			        a, "--selector %s: this is no selector of DKIM", q->selectors[i]);
	return 0;
}

static int take_timeout(const struct args *a, int *out)
{
	/* VALISE_TIMEOUT is a key of accounts, and stands there */
	const char *text =
	        args_get(a, "timeout") ? args_get(a, "timeout") : args_setting(a, "timeout");
	size_t n = text ? strlen(text) : 0;

	*out = TIMEOUT_S * 1000;
	if (!text)
		return 0;
	if (!n || n > 5 || strspn(text, "0123456789") != n || atoi(text) < 1)
		return usage_error(a, "--timeout is a number of seconds, not \"%s\"", text);
	*out = MIN(atoi(text), TIMEOUT_MAX) * 1000;
	return 0;
}

/* Several name servers: the first is the resolver, and all of them the zone's. */
static size_t take_authorities(const struct args *a, struct asked *q)
{
	size_t n = args_all(a, "authority", q->authorities, GIVEN_MAX);
	const char *given[GIVEN_MAX];
	size_t more = args_all(a, "nameserver", given, GIVEN_MAX);

	for (size_t i = 0; more > 1 && i < more && n < GIVEN_MAX; i++)
		q->authorities[n++] = given[i];
	return n;
}

/* The first one that is given; NULL: none is. */
static const char *resolver_of(const struct args *a)
{
	const char *given[GIVEN_MAX];

	return args_all(a, "nameserver", given, GIVEN_MAX) ? given[0] : NULL;
}

int look_at_dns(const struct args *a, const char *domain, struct migration **out)
{
	struct asked q = {0};
	struct migration_opts o = {.nameserver = resolver_of(a),
	        .authorities = q.authorities,
	        .n_authorities = take_authorities(a, &q),
	        .selectors = q.selectors,
	        .n_selectors = args_all(a, "selector", q.selectors, GIVEN_MAX)};
	struct err err = {0};
	int rc = take_domain(a, domain, &q);

	*out = NULL;
	rc = rc ? rc : take_old(a, &q);
	rc = rc ? rc : take_wanted(a, &q);
	rc = rc ? rc : check_selectors(a, &q, o.n_selectors);
	rc = rc ? rc : take_timeout(a, &o.timeout_ms);
	o.old = (const char *const *)q.old;
	o.n_old = q.n_old;
	o.wanted = q.wanted.n ? &q.wanted : NULL;
	if (rc == 0 && migration_look(q.domain, &o, out, &err) < 0)
		rc = fail(a, &err);
	clear_asked(&q);
	return rc;
}
