/* What is asked about a domain, and what of it is wanted. */
#include "look.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <stdlib.h>
#include <string.h>

/* All that mail, calendars and contacts are found by, relative to the domain. */
static const struct {
	enum migration_kind kind;
	enum dns_type type;
	const char *name, *label;
} asked[] = {
        {KIND_MX, DNS_MX, "", "MX"},
        {KIND_SPF, DNS_TXT, "", "SPF"},
        {KIND_DMARC, DNS_TXT, "_dmarc", "DMARC"},
        {KIND_MTA_STS, DNS_TXT, "_mta-sts", "MTA-STS"},
        {KIND_TLS_RPT, DNS_TXT, "_smtp._tls", "TLS-RPT"},
        {KIND_HOST, DNS_A, "autoconfig", "autoconfig"},
        {KIND_HOST, DNS_A, "autodiscover", "autodiscover"},
        {KIND_SRV, DNS_SRV, "_imaps._tcp", NULL},
        {KIND_SRV, DNS_SRV, "_imap._tcp", NULL},
        {KIND_SRV, DNS_SRV, "_pop3s._tcp", NULL},
        {KIND_SRV, DNS_SRV, "_submissions._tcp", NULL},
        {KIND_SRV, DNS_SRV, "_submission._tcp", NULL},
        {KIND_SRV, DNS_SRV, "_caldavs._tcp", NULL},
        {KIND_SRV, DNS_SRV, "_carddavs._tcp", NULL},
        {KIND_SRV, DNS_SRV, "_autodiscover._tcp", NULL},
};

/* Of providers and programs that sign mail; where a key is called otherwise, --selector. */
static const char *const selectors[] = {"default", "dkim", "mail", "google", "selector1",
        "selector2", "s1", "s2", "s1024", "s2048", "k1", "k2", "k3", "key1", "key2", "sig1", "fm1",
        "fm2", "fm3", "mesmtp", "protonmail", "protonmail2", "protonmail3", "zoho", "zmail",
        "mxvault", "dk", "dkim1", "dkim2", "smtp", "email", "mailo", "ed25519", "rsa"};

static struct migration_row *add_row(
        struct look *l, enum migration_kind kind, enum dns_type type, const char *name, char *label)
{
	struct migration *m = l->m;
	struct migration_row *row = ARR_PUSH(m->rows, m->n_rows, m->rows_cap);

	row->kind = kind;
	row->type = type;
	row->name = xstrdup(name);
	row->label = label;
	return row;
}

/* Relative to the domain, for people: "_dmarc", "@". */
static char *short_name(const struct look *l, const char *name)
{
	size_t n = strlen(name), d = strlen(l->m->domain);

	if (n == d)
		return xstrdup("@");
	return n > d + 1 && text_ends_with(name, l->m->domain) ? xstrndup(name, n - d - 1)
	                                                       : xstrdup(name);
}

static struct migration_row *find_row(
        struct look *l, enum migration_kind kind, enum dns_type type, const char *name)
{
	for (size_t i = 0; i < l->m->n_rows; i++) {
		struct migration_row *row = &l->m->rows[i];

		if (row->kind == kind && row->type == type && strcmp(row->name, name) == 0)
			return row;
	}
	return NULL;
}

static void add_selector(struct look *l, const char *selector, bool guessed)
{
	char *name = xasprintf("%s._domainkey.%s", selector, l->m->domain);

	if (!find_row(l, KIND_DKIM, DNS_TXT, name))
		add_row(l, KIND_DKIM, DNS_TXT, name, xasprintf("DKIM %s", selector))->guessed =
		        guessed;
	free(name);
}

static char *label_of(
        struct look *l, enum migration_kind kind, enum dns_type type, const char *name)
{
	char *own = short_name(l, name), *label;

	if (kind == KIND_DKIM)
		label = xasprintf("DKIM %.*s", (int)strcspn(own, "."), own);
	else if (kind == KIND_SRV)
		label = xstrdup(own);
	else if (kind == KIND_SPF)
		label = xasprintf("SPF %s", own);
	else
		label = xasprintf("%s %s", own, dns_type_word(type));
	free(own);
	return label;
}

static void want(struct migration_row *row, char *text)
{
	for (size_t i = 0; i < row->n_wanted; i++)
		if (strcmp(row->wanted[i], text) == 0) {
			free(text);
			return;
		}
	*ARR_PUSH(row->wanted, row->n_wanted, row->wanted_cap) = text;
}

/* A CNAME stands for whatever is asked for at its name. */
static void want_alias(struct look *l, const struct dns_named *w)
{
	enum migration_kind kind = kind_of(w->name, l->m->domain, DNS_CNAME, NULL);
	enum dns_type type = kind == KIND_HOST ? DNS_A : DNS_TXT;
	struct migration_row *row = NULL;

	for (size_t i = 0; i < l->m->n_rows && !row; i++)
		if (strcmp(l->m->rows[i].name, w->name) == 0)
			row = &l->m->rows[i];
	if (!row)
		row = add_row(l, kind, type, w->name, label_of(l, kind, DNS_CNAME, w->name));
	want(row, rr_text(kind, &w->record));
}

static void want_record(struct look *l, const struct dns_named *w)
{
	enum dns_type type = w->record.type;
	enum migration_kind kind;
	struct migration_row *row;

	if (type == DNS_SOA || (type == DNS_NS && strcmp(w->name, l->m->zone) != 0))
		return;
	if (type == DNS_CNAME) {
		want_alias(l, w);
		return;
	}
	kind = kind_of(w->name, l->m->domain, type, w->record.text);
	if ((kind == KIND_DKIM || kind == KIND_DMARC || kind == KIND_MTA_STS ||
	            kind == KIND_TLS_RPT) &&
	        type != DNS_TXT)
		kind = KIND_HOST;
	row = find_row(l, kind, type, w->name);
	if (!row)
		row = add_row(l, kind, type, w->name, label_of(l, kind, type, w->name));
	want(row, rr_text(kind, &w->record));
}

/* As people look for them: servers first, then what else there is. */
static int by_kind(const void *a, const void *b)
{
	const struct migration_row *x = a, *y = b;

	if (x->kind != y->kind)
		return ORDER_OF(x->kind, y->kind);
	return ORDER_OF(x->place, y->place);
}

static void add_asked(struct look *l)
{
	const char *domain = l->m->domain;

	for (size_t i = 0; i < COUNT(asked); i++) {
		char *name = xasprintf("%s%s%s", asked[i].name, *asked[i].name ? "." : "", domain);

		add_row(l, asked[i].kind, asked[i].type, name,
		        xstrdup(asked[i].label ? asked[i].label : asked[i].name));
		free(name);
	}
	for (size_t i = 0; i < l->opts->n_selectors; i++)
		add_selector(l, l->opts->selectors[i], false);
	add_row(l, KIND_NS, DNS_NS, l->m->zone, xstrdup("NS"));
}

void look_rows(struct look *l)
{
	const struct dns_zone *w = l->opts->wanted;
	bool keys = l->opts->n_selectors;

	add_asked(l);
	for (size_t i = 0; w && i < w->n; i++)
		want_record(l, &w->list[i]);
	for (size_t i = 0; i < l->m->n_rows; i++) {
		keys |= l->m->rows[i].kind == KIND_DKIM;
		SORT(l->m->rows[i].wanted, l->m->rows[i].n_wanted, text_by_bytes);
	}
	for (size_t i = 0; !keys && i < COUNT(selectors); i++)
		add_selector(l, selectors[i], true);
	for (size_t i = 0; i < l->m->n_rows; i++)
		l->m->rows[i].place = i;
	SORT(l->m->rows, l->m->n_rows, by_kind);
}
