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

/* The ends of the MX of a provider of the table. */
static void add_old_provider(struct asked *q, const struct provider *p)
{
	char *words = xstrdup(p->mx ? p->mx : ""), *save = NULL;

	for (char *s = strtok_r(words, " \t", &save); s; s = strtok_r(NULL, " \t", &save))
		add_old(q, xstrdup(s));
	free(words);
}

/* Does the row give this host for one of its services? */
static bool has_host(const struct provider *p, const char *host)
{
	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		const char *at = p->urls[k] ? strstr(p->urls[k], "://") : NULL;
		size_t n = at ? strcspn(at + 3, ":/") : 0;

		if (n && text_is(at + 3, n, host))
			return true;
	}
	return false;
}

/* The hosts of its services, and what the table has of their provider. */
static void add_old_account(
        struct asked *q, const struct providers *table, const struct account *account)
{
	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		const char *host = account->present[k] ? account->services[k].at.host : NULL;

		if (!host || url_host_is_address(host))
			continue;
		add_old_host(q, host);
		for (size_t i = 0; i < table->n; i++)
			if (has_host(&table->list[i], host))
				add_old_provider(q, &table->list[i]);
	}
}

/* One --old: a provider of the table, an account of accounts.ini, or a host. */
static int add_given(
        const struct args *a, struct asked *q, const struct providers *table, const char *text)
{
	const struct provider *p = providers_by_id(table, text);
	struct account *account = find_known(a, text);
	struct err err = {0};

	if (account)
		add_old_account(q, table, account);
	else if (p)
		add_old_provider(q, p);
	else if (account_load(text, args_get(a, "config"), NULL, 0, NULL, &account, &err) == 0)
		add_old_account(q, table, account);
	else if (dns_is_host(text) && strchr(text, '.'))
		add_old(q, xstrdup(text));
	else
		return usage_error(
		        a, "--old %s: no host, no provider of the table, no account", text);
	account_free(account);
	return 0;
}

static int take_old(const struct args *a, const struct account *source, struct asked *q)
{
	const char *given[GIVEN_MAX];
	size_t n = args_all(a, "old", given, COUNT(given));
	struct providers *table = NULL;
	struct err err = {0};
	int rc = 0;

	if (!n && !source)
		return 0;
	if (providers_load(NULL, NULL, &table, &err) < 0)
		rc = fail(a, &err);
	if (rc == 0 && source)
		add_old_account(q, table, source);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = add_given(a, q, table, given[i]);
	providers_free(table);
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

/* --timeout of dns; that of an account where it is less than what is usual here. */
static int take_timeout(const struct args *a, int *out)
{
	const char *own = args_get(a, "timeout"), *account = args_setting(a, "timeout");
	const char *text = own ? own : account;
	size_t n = text ? strlen(text) : 0;

	*out = TIMEOUT_S * 1000;
	if (!text)
		return 0;
	if (!n || n > 5 || strspn(text, "0123456789") != n || atoi(text) < 1)
		return usage_error(a, "--timeout is a number of seconds, not \"%s\"", text);
	*out = MIN(atoi(text), own ? TIMEOUT_MAX : TIMEOUT_S) * 1000;
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

int look_at_dns(const struct args *a, const char *domain, const struct account *source,
        struct migration **out)
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
	rc = rc ? rc : take_old(a, source, &q);
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
