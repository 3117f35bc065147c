/* What is wrong with what a row's servers say; hosts that it names are looked up. */
#include "look.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/net/url.h"
#include <stdlib.h>
#include <string.h>

const struct migration_view *look_view(const struct look *l, const struct migration_row *row)
{
	for (size_t i = 1; i <= l->m->n_servers; i++)
		if (row->views[i].outcome != DNS_FAILED)
			return &row->views[i];
	return row->views[0].outcome != DNS_FAILED ? &row->views[0] : NULL;
}

/* ${what} is said of ${host} first: "the MX mail.old.example". */
static int check_host(struct look *l, struct migration_row *row, const char *what, const char *host,
        struct err *err)
{
	struct dns_answer a;
	int rc;

	if (!dns_is_host(host) || url_host_is_address(host)) {
		row_note(row, NOTE_WRONG, xasprintf("%s %s is no host name", what, host));
		return 0;
	}
	rc = look_resolve(l, host, DNS_A, false, &a, err);
	if (rc == 0 && a.outcome == DNS_NO_DATA && !a.alias) {
		dns_answer_clear(&a);
		rc = look_resolve(l, host, DNS_AAAA, false, &a, err);
	}
	if (rc == 0 && a.alias)
		row_note(row, NOTE_WRONG,
		        xasprintf("%s %s is a CNAME, which it must not be", what, host));
	else if (rc == 0 && a.outcome == DNS_NO_NAME)
		row_note(row, NOTE_WRONG, xasprintf("%s %s: there is no such host", what, host));
	else if (rc == 0 && a.outcome == DNS_NO_DATA)
		row_note(row, NOTE_WRONG, xasprintf("%s %s has no address", what, host));
	else if (rc == 0 && a.outcome == DNS_FAILED)
		row_note(row, NOTE_DOUBT,
		        xasprintf("%s %s could not be looked up: %s", what, host, a.why));
	dns_answer_clear(&a);
	return rc;
}

/* Behind the last blank of "10 mx1.new.example". */
static const char *target_of(const char *record)
{
	const char *blank = strrchr(record, ' ');

	return blank ? blank + 1 : record;
}

static int check_mx(
        struct look *l, struct migration_row *row, const struct migration_view *v, struct err *err)
{
	int rc = 0;

	if (!v->n && !row->n_wanted)
		row_note(row, NOTE_WRONG, xstrdup("no MX: mail goes to the domain's own address"));
	for (size_t i = 0; i < v->n && rc == 0; i++) {
		const char *host = target_of(v->records[i]);

		if (strcmp(host, ".") == 0)
			row_note(row, NOTE_WRONG,
			        xstrdup(v->n > 1 ? "a null MX beside others (RFC 7505)"
			                         : "a null MX: no mail is taken (RFC 7505)"));
		else
			rc = check_host(l, row, "the MX", host, err);
	}
	return rc;
}

static int check_srv(
        struct look *l, struct migration_row *row, const struct migration_view *v, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < v->n && rc == 0; i++)
		if (strcmp(target_of(v->records[i]), ".") != 0)
			rc = check_host(l, row, "the host", target_of(v->records[i]), err);
	return rc;
}

static int ask_spf(
        void *ctx, const char *name, enum dns_type type, struct dns_answer *out, struct err *err)
{
	return look_resolve(ctx, name, type, false, out, err);
}

static void note_spf(struct look *l, struct migration_row *row, struct spf *s)
{
	for (size_t i = 1; i < s->n_domains; i++)
		for (size_t k = 0; k < l->opts->n_old; k++)
			if (text_names_host(s->domains[i], l->opts->old[k])) {
				row->leads_to_old = true;
				row_note(row, NOTE_ONLY,
				        xasprintf("it takes in the record of %s", s->domains[i]));
			}
	if (s->wrong)
		row_note(row, NOTE_WRONG, xstrdup(s->wrong));
	if (s->doubt)
		row_note(row, NOTE_DOUBT, xstrdup(s->doubt));
	if (s->all == '+')
		row_note(row, NOTE_WRONG, xstrdup("it ends in +all: everybody may send"));
	if (!s->wrong)
		row_note(row, NOTE_ONLY,
		        xasprintf("%u of 10 look-ups%s", s->lookups,
		                s->macros ? ", and more that depend on the sender" : ""));
}

/* Who keeps the zone need not move along, but has to stay. */
static void check_ns(struct look *l, struct migration_row *row, const struct migration_view *v)
{
	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; k < l->opts->n_old; k++)
			if (text_names_host(v->records[i], l->opts->old[k]))
				row_note(row, NOTE_ONLY,
				        xstrdup("the old provider keeps the zone, too"));
}

static int check_spf(
        struct look *l, struct migration_row *row, const struct migration_view *v, struct err *err)
{
	struct spf s;
	int rc = 0;

	for (size_t i = 0; i < v->n && rc == 0; i++) {
		rc = spf_walk(row->name, v->records[i], ask_spf, l, &s, err);
		if (rc == 0)
			note_spf(l, row, &s);
		spf_clear(&s);
	}
	return rc;
}

/* A domain without one has that of its organizational domain (RFC 7489 6.6.3). */
static int find_dmarc(struct look *l, struct migration_row *row, struct err *err)
{
	char *above = url_host_registrable(l->m->domain), *name = xasprintf("_dmarc.%s", above);
	struct dns_answer a = {0};
	int rc = 0;

	if (strcmp(above, l->m->domain) != 0)
		rc = look_resolve(l, name, DNS_TXT, false, &a, err);
	for (size_t i = 0; rc == 0 && i < a.n; i++)
		if (rr_is_of(KIND_DMARC, &a.list[i]))
			row_note(row, NOTE_ONLY,
			        xasprintf("that of %s counts: %s", name, a.list[i].text));
	dns_answer_clear(&a);
	free(above);
	free(name);
	return rc;
}

/* Where its policy lies (RFC 8461 3.2); the policy itself is not fetched. */
static int check_policy_host(struct look *l, struct migration_row *row, struct err *err)
{
	char *host = xasprintf("mta-sts.%s", l->m->domain);
	struct dns_answer a;
	int rc = look_resolve(l, host, DNS_A, true, &a, err);

	if (rc == 0 && a.outcome == DNS_NO_DATA) {
		dns_answer_clear(&a);
		rc = look_resolve(l, host, DNS_AAAA, true, &a, err);
	}
	if (rc == 0 && (a.outcome == DNS_NO_DATA || a.outcome == DNS_NO_NAME))
		row_note(row, NOTE_WRONG,
		        xasprintf("the host of its policy, %s, has no address", host));
	dns_answer_clear(&a);
	free(host);
	return rc;
}

/* One of each is allowed, and what it says is looked at. */
static int check_texts(
        struct look *l, struct migration_row *row, const struct migration_view *v, struct err *err)
{
	static void (*const judges[])(const char *text, struct migration_row *row) = {
	        [KIND_DKIM] = judge_dkim,
	        [KIND_DMARC] = judge_dmarc,
	        [KIND_MTA_STS] = judge_mta_sts,
	        [KIND_TLS_RPT] = judge_tls_rpt,
	};

	if (v->n > 1)
		row_note(row, NOTE_WRONG,
		        xasprintf("%zu records, of which one is allowed: none counts", v->n));
	for (size_t i = 0; row->kind != KIND_SPF && i < v->n; i++)
		judges[row->kind](v->records[i], row);
	if (row->kind == KIND_SPF)
		return check_spf(l, row, v, err);
	if (row->kind == KIND_MTA_STS && v->n)
		return check_policy_host(l, row, err);
	return row->kind == KIND_DMARC && !v->n ? find_dmarc(l, row, err) : 0;
}

/* Addresses of IPv6 alone are enough for a host. */
static int check_end(
        struct look *l, struct migration_row *row, const struct migration_view *v, struct err *err)
{
	struct dns_answer a = {0};
	int rc = 0;

	if (row->kind == KIND_HOST)
		rc = look_resolve(l, v->alias, DNS_AAAA, false, &a, err);
	if (rc == 0 && !a.n)
		row_note(row, NOTE_WRONG,
		        xasprintf("its CNAME leads to %s, where there is none", v->alias));
	dns_answer_clear(&a);
	return rc;
}

/* A server may give either one by itself, so the CNAME is asked for, too (RFC 1034 3.6.2). */
static int check_alias(
        struct look *l, struct migration_row *row, const struct migration_view *v, struct err *err)
{
	struct dns_answer a = {0};
	int rc = 0;

	if (v->alias && strcmp(row->name, l->m->zone) == 0)
		row_note(row, NOTE_WRONG,
		        xasprintf("a CNAME stands beside other records of %s", row->name));
	if (v->unresolved)
		row_note(row, NOTE_DOUBT,
		        xasprintf("its CNAME leads to %s, which could not be looked up", v->alias));
	else if (v->alias && !v->n &&
	         (row->kind == KIND_HOST || row->kind == KIND_DKIM || row->n_wanted))
		rc = check_end(l, row, v, err);
	for (size_t i = 0; i < l->m->n_servers && v->n && !v->alias && rc == 0; i++)
		if (l->m->servers[i].state == SERVER_GOOD) {
			rc = dns_query(l->m->servers[i].dns, row->name, DNS_CNAME, 0, &a, err);
			break;
		}
	if (rc == 0 && a.n)
		row_note(row, NOTE_WRONG,
		        xasprintf("a CNAME stands beside other records of %s", row->name));
	dns_answer_clear(&a);
	return rc;
}

int look_content(struct look *l, struct migration_row *row, struct err *err)
{
	const struct migration_view *v = look_view(l, row);
	int rc = v ? check_alias(l, row, v, err) : 0;

	if (!v || rc != 0)
		return rc;
	switch (row->kind) {
	case KIND_MX:
		return check_mx(l, row, v, err);
	case KIND_SRV:
		return check_srv(l, row, v, err);
	case KIND_SPF:
	case KIND_DKIM:
	case KIND_DMARC:
	case KIND_MTA_STS:
	case KIND_TLS_RPT:
		return check_texts(l, row, v, err);
	case KIND_NS:
		check_ns(l, row, v);
		break;
	case KIND_TXT:
	case KIND_HOST:
		break;
	}
	return 0;
}
