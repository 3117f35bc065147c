/* From an address to its services: the ways are asked one after the other, as few as do. */
#include "facts.h"
#include "valise/account/protocols.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/net/proxy.h"
#include "valise/net/transport.h"
#include "valise/net/url.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LOCAL_MAX = 255, DNS_TIMEOUT_S = 5, WEB_TIMEOUT_S = 15, NOTES_MAX = 32, HOSTS_MAX = 4 };

/* The labels of SRV, the one with TLS from the first octet first (RFC 8314). */
static const struct {
	const char *label;
	enum security security;
} labels[SERVICE_KINDS][2] = {
        [SERVICE_IMAP] = {{"_imaps", SECURITY_TLS}, {"_imap", SECURITY_STARTTLS}},
        [SERVICE_POP3] = {{"_pop3s", SECURITY_TLS}, {"_pop3", SECURITY_STARTTLS}},
        [SERVICE_CALDAV] = {{"_caldavs", SECURITY_TLS}, {"_caldav", SECURITY_NONE}},
        [SERVICE_CARDDAV] = {{"_carddavs", SECURITY_TLS}, {"_carddav", SECURITY_NONE}},
};

struct search {
	struct discovery *out;
	struct facts facts;
	struct dns *dns;
	struct web web;
	bool given_dns;
	int timeout_ms;
	const char *ca_file, *proxy;
	char **late; /* hosts of web servers that did not answer in time */
	size_t n_late, late_cap;
};

static void add_note(struct search *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void add_note(struct search *s, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (s->out->n_notes == NOTES_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	*ARR_PUSH(s->out->notes, s->out->n_notes, s->out->notes_cap) = term_escape_dup(text);
}

/* The domain in its ACE form; NULL: this is no address. */
static char *domain_of(const char *address)
{
	const char *at = address ? strrchr(address, '@') : NULL;
	size_t local = at ? (size_t)(at - address) : 0;
	char *domain;

	if (!local || local > LOCAL_MAX || !utf8_valid(address, strlen(address)) ||
	        strchr(address, '@') != at)
		return NULL;
	for (const char *s = address; *s; s++)
		if ((unsigned char)*s <= 0x20 || *s == 0x7f || strchr("\\\"<>()[],;:/", *s))
			return NULL;
	domain = url_host_ace(at + 1);
	for (char *s = domain; *s; s++)
		*s = (char)tolower((unsigned char)*s);
	if (dns_is_host(domain) && !url_host_is_address(domain))
		return domain;
	free(domain);
	return NULL;
}

bool discover_is_address(const char *text)
{
	char *domain = domain_of(text);

	free(domain);
	return domain != NULL;
}

static void decide_all(struct search *s)
{
	for (int k = 0; k < SERVICE_KINDS; k++) {
		finding_clear(&s->out->services[k]);
		facts_decide(&s->facts, (enum service_kind)k, &s->out->services[k]);
	}
}

/* Bits of the kinds that no way so far has found, or said that there is none. */
static unsigned open_kinds(struct search *s)
{
	unsigned open = 0;

	for (int k = 0; k < SERVICE_KINDS; k++) {
		const struct finding *f = &s->out->services[k];
		bool none = s->facts.srv[k].told == TOLD_NONE || s->facts.row ||
		            (s->facts.mx_row && !protocols[k].has_path);

		if (f->state == FOUND_UNKNOWN || (f->state == FOUND_NONE && !none))
			open |= 1u << k;
	}
	return open;
}

static void set_failed(struct fact *f, const char *name, const char *why)
{
	char shown[600];

	place_clear(&f->place);
	f->told = TOLD_FAILED;
	f->place.source = xasprintf("%s could not be looked up: %s", name,
	        term_escape(why, strlen(why), shown, sizeof shown));
}

/* Through a proxy that looks names up by itself there is nobody to ask. */
static int ask_dns(const struct search *s, const char *name, enum dns_type type,
        struct dns_answer *out, struct err *err)
{
	if (s->dns)
		return dns_ask(s->dns, name, type, out, err);
	*out = (struct dns_answer){.outcome = DNS_FAILED,
	        .why = xstrdup("a proxy does not answer such questions; --nameserver names who is "
	                       "asked without it")};
	return 0;
}

/* Does anything listen there? Only asked where there is another host to go to. */
static int takes_connection(
        const struct search *s, const struct dns_record *r, bool *out, struct err *err)
{
	struct endpoint at = {.host = r->target,
	        .port = r->port,
	        /* which waits for us to begin with TLS */
	        .security = SECURITY_STARTTLS,
	        .proxy = (char *)(uintptr_t)s->proxy,
	        .connect_timeout_ms = s->timeout_ms,
	        .idle_timeout_ms = s->timeout_ms};
	struct transport *t = NULL;
	struct err why = {0};
	int rc = web_locate(s->given_dns ? s->dns : NULL, r->target, &at.address, err);

	if (rc == 0)
		rc = transport_open(&at, GUARD_NONE, NULL, &t, &why);
	transport_free(t);
	free(at.address);
	*out = rc == 0;
	if (rc == ERR_STOPPED)
		*err = why;
	return rc == ERR_STOPPED ? rc : 0;
}

/*
 * The first of the ranked records whose host can be reached, the first if none of a few
 * can.
 */
static int pick_record(struct search *s, const char *name, const struct dns_answer *a,
        const struct dns_record **out, struct err *err)
{
	int rc = 0;

	*out = &a->list[0];
	for (size_t i = 0; i < MIN(a->n, HOSTS_MAX) && a->n > 1 && rc == 0; i++) {
		bool there;

		rc = takes_connection(s, &a->list[i], &there, err);
		if (rc == 0 && there) {
			*out = &a->list[i];
			break;
		}
		if (rc == 0)
			add_note(s, "%s: %s port %u takes no connection: the next one is tried",
			        name, a->list[i].target, a->list[i].port);
	}
	return rc;
}

/* RFC 6764 6: the path of the TXT record at the same name; else "/", and .well-known. */
static int find_path(struct search *s, const char *name, char **out, struct err *err)
{
	struct dns_answer a;
	char *note = NULL;
	int rc = ask_dns(s, name, DNS_TXT, &a, err);

	*out = NULL;
	if (rc == 0 && a.outcome == DNS_FOUND)
		*out = srv_path(&a, &note);
	if (rc == 0 && a.outcome == DNS_FAILED)
		add_note(s, "the TXT record of %s could not be looked up: %s", name, a.why);
	if (note)
		add_note(s, "%s: %s", name, note);
	free(note);
	dns_answer_clear(&a);
	return rc;
}

/* The URL that a host and the path of its TXT record make; NULL: none. */
static char *srv_url(enum service_kind kind, enum security security, const struct dns_record *r,
        const char *path)
{
	char *base = place_url(kind, security, r->target, r->port, NULL), *url = NULL;
	struct buf joined = buf_of(URL_CAP);

	if (!base || !path)
		url = xstrdup(base);
	else if (url_join(base, path, &joined, NULL) == 0)
		url = buf_take(&joined);
	buf_clear(&joined);
	free(base);
	return url;
}

static int take_records(struct search *s, enum service_kind kind, enum security security,
        const char *name, struct dns_answer *a, struct fact *f, struct err *err)
{
	const struct dns_record *r = NULL;
	char *note = NULL, *path = NULL;
	int rc = 0;

	f->told = srv_choose(a, &note);
	if (note)
		add_note(s, "the SRV record of %s: %s", name, note);
	free(note);
	if (f->told != TOLD_PLACE)
		return 0;
	if (security == SECURITY_NONE) {
		f->told = TOLD_NOTHING;
		add_note(s,
		        "%s: the domain names it without TLS alone (%s): to read it so, name it "
		        "yourself, with --cleartext",
		        protocols[kind].name, name);
		return 0;
	}
	rc = pick_record(s, name, a, &r, err);
	if (rc == 0 && protocols[kind].has_path)
		rc = find_path(s, name, &path, err);
	if (rc == 0)
		f->place.url = srv_url(kind, security, r, path);
	if (!f->place.url)
		f->told = TOLD_NOTHING;
	else
		f->place.source = xasprintf("SRV record %s", name);
	free(path);
	return rc;
}

static int ask_label(
        struct search *s, enum service_kind kind, int i, struct fact *f, struct err *err)
{
	char *name = xasprintf("%s._tcp.%s", labels[kind][i].label, s->out->domain);
	struct dns_answer a;
	int rc = ask_dns(s, name, DNS_SRV, &a, err);

	f->told = TOLD_NOTHING;
	if (rc == 0 && a.outcome == DNS_FAILED)
		set_failed(f, name, a.why);
	if (rc == 0 && a.outcome == DNS_FOUND)
		rc = take_records(s, kind, labels[kind][i].security, name, &a, f, err);
	dns_answer_clear(&a);
	free(name);
	return rc;
}

static int ask_srv(struct search *s, enum service_kind kind, struct err *err)
{
	struct fact first = {0}, second = {0}, *best = &first;
	int rc = ask_label(s, kind, 0, &first, err);

	if (rc == 0 && first.told != TOLD_PLACE)
		rc = ask_label(s, kind, 1, &second, err);
	if (srv_second_counts(first.told, second.told))
		best = &second;
	s->facts.srv[kind] = *best;
	place_clear(best == &first ? &second.place : &first.place);
	return rc;
}

static int ask_all_srv(struct search *s, struct err *err)
{
	unsigned open = open_kinds(s);
	int rc = 0;

	for (int k = 0; k < SERVICE_KINDS && rc == 0; k++)
		if (open & 1u << k && labels[k][0].label)
			rc = ask_srv(s, (enum service_kind)k, err);
	return rc;
}

static int by_preference(const void *a, const void *b)
{
	const struct dns_record *x = a, *y = b;

	return (x->preference > y->preference) - (x->preference < y->preference);
}

/* Who takes the domain's mail keeps the mailboxes, where the table knows him. */
static int ask_mx(struct search *s, struct err *err)
{
	struct facts *f = &s->facts;
	struct dns_answer a;
	int rc = ask_dns(s, s->out->domain, DNS_MX, &a, err);

	f->mx.told = TOLD_NOTHING;
	if (rc == 0 && a.outcome == DNS_FAILED)
		set_failed(&f->mx, "the MX record", a.why);
	if (a.n)
		qsort(a.list, a.n, sizeof *a.list, by_preference);
	for (size_t i = 0; i < a.n && !f->mx_row; i++) {
		if (a.list[i].odd || !*a.list[i].target)
			continue;
		f->mx_row = providers_by_mx(f->table, a.list[i].target);
		if (f->mx_row)
			f->mx_host = xstrdup(a.list[i].target);
	}
	dns_answer_clear(&a);
	return rc;
}

static void take_autoconfig(struct search *s, const char *url, struct autoconfig *a)
{
	for (int k = 0; k < SERVICE_KINDS; k++) {
		struct fact *f = &s->facts.autoconfig[k];

		if (!a->places[k].url) {
			if (a->plain & 1u << k)
				add_note(s,
				        "%s: autoconfig names it without TLS alone: passed over",
				        protocols[k].name);
			continue;
		}
		f->told = TOLD_PLACE;
		f->place = a->places[k];
		f->place.source = xasprintf("autoconfig of %s", url);
		memset(&a->places[k], 0, sizeof a->places[k]);
	}
}

/* *out: the name servers say that there is no such host. */
static int is_no_host(const struct search *s, const char *host, bool *out, struct err *err)
{
	static const enum dns_type types[] = {DNS_A, DNS_AAAA};
	int rc = 0;

	*out = true;
	for (size_t i = 0; i < COUNT(types) && rc == 0 && *out; i++) {
		struct dns_answer a;

		rc = ask_dns(s, host, types[i], &a, err);
		*out = rc == 0 && (a.outcome == DNS_NO_DATA || a.outcome == DNS_NO_NAME);
		dns_answer_clear(&a);
	}
	return rc;
}

/* A host that was waited for in vain is not waited for again. */
static int ask_web(struct search *s, const char *method, const char *url, struct web_answer *w,
        struct err *err)
{
	char *host = url_host_of(url);
	bool none = false;
	int rc = 0;

	memset(w, 0, sizeof *w);
	for (size_t i = 0; i < s->n_late && !w->failed; i++)
		w->failed = strcmp(s->late[i], host) == 0;
	if (w->failed) {
		snprintf(w->why, sizeof w->why, "%.200s did not answer before", host);
		free(host);
		return 0;
	}
	rc = web_ask(&s->web, method, url, w, err);
	if (rc == 0 && w->failed && !w->status)
		rc = is_no_host(s, host, &none, err);
	w->failed = w->failed && !none;
	if (rc == 0 && w->late && w->failed)
		*ARR_PUSH(s->late, s->n_late, s->late_cap) = xstrdup(host);
	free(host);
	return rc;
}

static char *web_failure(const char *url, const struct web_answer *w)
{
	return xasprintf("%s could not be asked: %s", url, w->why);
}

/*
 * True with *found_out: this was the domain's autoconfig, whatever is in it. *failed: why a
 * server could not be asked, the first that could not; the caller's.
 */
static int try_autoconfig(
        struct search *s, const char *url, bool *found_out, char **failed, struct err *err)
{
	struct web_answer w;
	struct autoconfig a = {0};
	int rc = ask_web(s, "GET", url, &w, err);

	*found_out = rc == 0 && w.status == 200 &&
	             autoconfig_read(w.body, w.len, s->out->address, s->out->domain, &a);
	if (*found_out)
		take_autoconfig(s, w.url ? w.url : url, &a);
	else if (rc == 0 && w.status == 200 && w.len && memchr(w.body, '<', w.len) &&
	         strstr(w.body, "clientConfig"))
		add_note(s, "%s: this autoconfig is not understood", url);
	else if (rc == 0 && w.failed && !*failed)
		*failed = web_failure(url, &w);
	autoconfig_clear(&a);
	web_answer_clear(&w);
	return rc;
}

/*
 * The address goes to the domain over https alone. What comes over http names hosts, and
 * hands out nothing: whoever changed it on the way gains a host that is asked about.
 */
static int ask_autoconfig(struct search *s, struct err *err)
{
	static const struct {
		const char *fmt;
		bool http;
	} places[] = {{"https://autoconfig.%s/mail/config-v1.1.xml?emailaddress=", false},
	        {"https://%s/.well-known/autoconfig/mail/config-v1.1.xml", false},
	        {"http://autoconfig.%s/mail/config-v1.1.xml", true},
	        {"http://%s/.well-known/autoconfig/mail/config-v1.1.xml", true}};
	bool found = false;
	char *failed = NULL;
	int rc = 0;

	for (int k = 0; k < SERVICE_KINDS; k++)
		s->facts.autoconfig[k].told = TOLD_NOTHING;
	for (size_t i = 0; i < COUNT(places) && rc == 0 && !found; i++) {
		struct buf url = buf_of(URL_CAP);
		const char *mark = strstr(places[i].fmt, "%s");

		buf_put(&url, places[i].fmt, (size_t)(mark - places[i].fmt));
		buf_putf(&url, "%s%s", s->out->domain, mark + 2);
		if (strchr(mark, '='))
			url_escape_segment(s->out->address, strlen(s->out->address), &url);
		rc = try_autoconfig(s, buf_str(&url), &found, &failed, err);
		if (found && places[i].http) {
			s->facts.autoconfig_http = true;
			add_note(s, "%s came without TLS: anybody on the way could have changed it",
			        buf_str(&url));
		}
		buf_clear(&url);
	}
	for (int k = 0; k < SERVICE_KINDS && failed && !found; k++) {
		s->facts.autoconfig[k].told = TOLD_FAILED;
		s->facts.autoconfig[k].place.source = xstrdup(failed);
	}
	free(failed);
	return rc;
}

/* An answer of a DAV server: a multistatus, or the wish that one signs in. */
static bool is_dav_answer(const struct web_answer *w)
{
	return w->status == 207 || w->status == 401 ||
	       (w->dav && w->status < 500 &&
	               (strstr(w->dav, "calendar-access") || strstr(w->dav, "addressbook")));
}

static int ask_well_known(struct search *s, enum service_kind kind, struct err *err)
{
	struct fact *f = &s->facts.well_known[kind];
	char *url = xasprintf("https://%s/.well-known/%s", s->out->domain, protocols[kind].name);
	struct web_answer w;
	struct url u;
	int rc = ask_web(s, "PROPFIND", url, &w, err);

	f->told = TOLD_NOTHING;
	if (rc == 0 && is_dav_answer(&w) && w.url && url_cut(w.url, &u) && u.tls) {
		f->told = TOLD_PLACE;
		f->place.url = xstrdup(w.url);
		f->place.source = xstrdup(url);
	} else if (rc == 0 && w.failed) {
		f->told = TOLD_FAILED;
		f->place.source = web_failure(url, &w);
	}
	web_answer_clear(&w);
	free(url);
	return rc;
}

static int ask_all_well_known(struct search *s, struct err *err)
{
	unsigned open = open_kinds(s);
	int rc = 0;

	for (int k = 0; k < SERVICE_KINDS && rc == 0; k++)
		if (open & 1u << k && protocols[k].has_path)
			rc = ask_well_known(s, (enum service_kind)k, err);
	return rc;
}

static int ask_ways(struct search *s, struct err *err)
{
	static int (*const ways[])(struct search *, struct err *) = {
	        ask_all_srv, ask_mx, ask_autoconfig, ask_all_well_known};
	int rc = 0;

	decide_all(s);
	for (size_t i = 0; i < COUNT(ways) && rc == 0 && open_kinds(s); i++) {
		rc = ways[i](s, err);
		decide_all(s);
	}
	return rc;
}

/* The row that the account is one of, for what else it says. */
static void find_provider(struct search *s)
{
	const struct facts *f = &s->facts;

	s->out->provider = f->row ? f->row : f->mx_row;
	for (size_t i = 0; i < f->table->n && !s->out->provider; i++)
		for (int k = 0; k < SERVICE_KINDS; k++) {
			const struct provider *p = &f->table->list[i];
			char *host = p->urls[k] ? url_host_of(p->urls[k]) : NULL;

			if (host && s->out->services[k].host &&
			        strcmp(host, s->out->services[k].host) == 0)
				s->out->provider = p;
			free(host);
		}
}

static int locate_hosts(struct search *s, struct err *err)
{
	int rc = 0;

	for (int k = 0; k < SERVICE_KINDS && rc == 0; k++) {
		struct finding *f = &s->out->services[k];

		if (f->state == FOUND_SERVICE && s->given_dns && dns_is_host(f->host) &&
		        !url_host_is_address(f->host))
			rc = web_locate(s->dns, f->host, &f->at, err);
	}
	return rc;
}

/* Autodiscover tells nothing to who does not sign in: what is found by it is not looked for. */
static unsigned searched_kinds(unsigned want)
{
	unsigned kinds = 0;

	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		if (!protocols[k].is_found && (!want || want & 1u << k))
			kinds |= 1u << k;
	return kinds;
}

static int begin_search(struct search *s, const struct discover_opts *opts, struct err *err)
{
	unsigned most = opts->timeout_s ? opts->timeout_s : WEB_TIMEOUT_S;
	int dns_ms = (int)MIN(most, DNS_TIMEOUT_S) * 1000;
	int rc = providers_load(opts->providers, opts->own_providers, &s->out->table, err);

	if (rc == 0 && (opts->nameserver || !proxy_resolves(opts->proxy)))
		rc = dns_open(opts->nameserver, dns_ms, &s->dns, err);
	s->proxy = opts->proxy;
	s->given_dns = opts->nameserver != NULL;
	s->timeout_ms = dns_ms;
	s->web = (struct web){.ca_file = opts->ca_file,
	        .proxy = opts->proxy,
	        .timeout_ms = (int)MIN(most, WEB_TIMEOUT_S) * 1000,
	        .trace = opts->trace,
	        .progress = opts->progress,
	        .dns = s->given_dns ? s->dns : NULL};
	s->facts = (struct facts){.address = s->out->address,
	        .domain = s->out->domain,
	        .table = s->out->table,
	        .want = searched_kinds(opts->want),
	        .stores = opts->stores};
	if (rc == 0)
		s->facts.row = providers_by_domain(s->out->table, s->out->domain);
	if (rc == 0 && !s->out->table->path)
		add_note(s, "the table of providers (providers.ini) was not found");
	return rc;
}

int discover(const char *address, const struct discover_opts *opts, struct discovery **out,
        struct err *err)
{
	static const struct discover_opts none;
	struct discovery *d = xcalloc(1, sizeof *d);
	struct search s = {.out = d};
	int rc = 0;

	*out = NULL;
	d->address = xstrdup(address);
	d->domain = domain_of(address);
	if (!d->domain)
		rc = err_set(err, ERR_USAGE, ERR_WHOLE, "\"%s\" is no address", address);
	if (rc == 0)
		rc = begin_search(&s, opts ? opts : &none, err);
	if (rc == 0)
		rc = ask_ways(&s, err);
	if (rc == 0)
		rc = locate_hosts(&s, err);
	if (rc == 0)
		find_provider(&s);
	facts_clear(&s.facts);
	texts_free(s.late, s.n_late);
	dns_close(s.dns);
	if (rc == 0)
		*out = d;
	else
		discovery_free(d);
	return rc;
}

void discovery_free(struct discovery *d)
{
	if (!d)
		return;
	for (int k = 0; k < SERVICE_KINDS; k++)
		finding_clear(&d->services[k]);
	for (size_t i = 0; i < d->n_notes; i++)
		free(d->notes[i]);
	free(d->notes);
	providers_free(d->table);
	free(d->address);
	free(d->domain);
	free(d);
}
