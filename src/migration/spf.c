/* SPF (RFC 7208): the whole tree of a record, its look-ups counted, no sender judged. */
#include "judge.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Counting ends there, however much is left; MX_HOSTS: RFC 7208 4.6.4. */
enum { COUNT_MAX = 50, DEPTH_MAX = 20, MX_HOSTS = 10, TERM_MAX = 512 };

struct walk {
	struct spf *out;
	spf_ask *ask;
	void *ctx;
	const char *path[DEPTH_MAX]; /* whose records are being read, for loops */
	size_t depth;
	unsigned inner; /* within so many includes: its "all" is not the sender's fate */
};

static int walk_record(struct walk *w, const char *domain, const char *record, struct err *err);

bool spf_is(const char *text)
{
	return strncasecmp(text, "v=spf1", 6) == 0 && (!text[6] || text[6] == ' ');
}

void spf_clear(struct spf *s)
{
	free(s->wrong);
	free(s->doubt);
	texts_free(s->domains, s->n_domains);
	memset(s, 0, sizeof *s);
}

/* The first one counts. */
static void set_once(char **to, char *text)
{
	if (*to)
		free(text);
	else
		*to = text;
}

static bool is_over(const struct walk *w)
{
	return w->out->lookups >= COUNT_MAX;
}

static bool has_macro(const char *name)
{
	return strchr(name, '%') != NULL;
}

/* A name that can be looked up; else it is said. */
static bool take_name(struct walk *w, const char *term, const char *name)
{
	size_t n = strlen(name);
	char host[256];

	if (has_macro(name)) {
		w->out->macros = true;
		return false;
	}
	if (n && n < sizeof host) {
		memcpy(host, name, n + 1);
		if (host[n - 1] == '.')
			host[n - 1] = '\0';
		if (dns_is_host(host))
			return true;
	}
	set_once(&w->out->wrong, xasprintf("\"%s\" names no domain", term));
	return false;
}

/* The SPF record of ${domain}, which has to have one. */
static int walk_domain(struct walk *w, const char *term, const char *domain, struct err *err)
{
	struct dns_answer a;
	const char *record = NULL;
	unsigned found = 0;
	int rc;

	for (size_t i = 0; i < w->depth; i++)
		if (strcasecmp(w->path[i], domain) == 0) {
			set_once(&w->out->wrong,
			        xasprintf("\"%s\" leads back to %s: it goes in a circle", term,
			                domain));
			return 0;
		}
	rc = w->ask(w->ctx, domain, DNS_TXT, &a, err);
	for (size_t i = 0; rc == 0 && i < a.n; i++)
		if (spf_is(a.list[i].text)) {
			record = a.list[i].text;
			found++;
		}
	if (rc == 0 && a.outcome == DNS_FAILED)
		set_once(&w->out->doubt,
		        xasprintf("\"%s\" could not be looked up: %s", term, a.why));
	else if (rc == 0 && found != 1)
		set_once(&w->out->wrong, xasprintf("\"%s\": %s has %s SPF record", term, domain,
		                                 found ? "more than one" : "no"));
	else if (rc == 0 && w->depth == DEPTH_MAX)
		set_once(&w->out->wrong, xasprintf("it goes deeper than %d levels", DEPTH_MAX));
	else if (rc == 0)
		rc = walk_record(w, domain, record, err);
	dns_answer_clear(&a);
	return rc;
}

/* Is there an answer to it? "a" asks for one of two types, by the sender. */
static int count_void(
        struct walk *w, const char *term, const char *name, enum dns_type type, struct err *err)
{
	struct dns_answer a;
	int rc = w->ask(w->ctx, name, type, &a, err);
	bool none = rc == 0 && (a.outcome == DNS_NO_DATA || a.outcome == DNS_NO_NAME);

	if (rc == 0 && a.outcome == DNS_FAILED)
		set_once(&w->out->doubt,
		        xasprintf("\"%s\" could not be looked up: %s", term, a.why));
	if (rc == 0 && type == DNS_MX && a.n > MX_HOSTS)
		set_once(&w->out->wrong,
		        xasprintf("\"%s\": %s has more than %d MX records", term, name, MX_HOSTS));
	dns_answer_clear(&a);
	if (none && type == DNS_A) {
		rc = w->ask(w->ctx, name, DNS_AAAA, &a, err);
		none = rc == 0 && (a.outcome == DNS_NO_DATA || a.outcome == DNS_NO_NAME);
		dns_answer_clear(&a);
	}
	w->out->voids += none;
	return rc;
}

/* "/24", "//64" or both, of a and mx; taken off the end of ${value}. */
static bool cut_prefix(char *value)
{
	char *slash = strchr(value, '/'), *six;
	bool good = true;

	if (!slash)
		return true;
	six = strstr(slash, "//");
	if (six != slash) {
		size_t n = six ? (size_t)(six - slash) - 1 : strlen(slash + 1);

		good = n && n <= 2 && strspn(slash + 1, "0123456789") == n && atoi(slash + 1) <= 32;
	}
	if (six)
		good = good && six[2] && strlen(six + 2) <= 3 &&
		       strspn(six + 2, "0123456789") == strlen(six + 2) && atoi(six + 2) <= 128;
	*slash = '\0';
	return good;
}

static bool is_network(const char *text, int family, int bits)
{
	uint8_t address[16];
	char host[64];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);

	if (!n || n >= sizeof host)
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (inet_pton(family, host, address) != 1)
		return false;
	return !slash || (slash[1] && strlen(slash + 1) <= 3 &&
	                         strspn(slash + 1, "0123456789") == strlen(slash + 1) &&
	                         atoi(slash + 1) <= bits);
}

/* What follows the mechanism's name: ${value} NULL: nothing. */
enum value { VALUE_NONE, VALUE_WANTED, VALUE_ALLOWED };
enum does { DOES_ALL, DOES_INCLUDE, DOES_ASK, DOES_NETWORK, DOES_COUNT };

static const struct mechanism {
	const char *name;
	enum value value;
	enum does does;
	enum dns_type type;
	bool prefix;
} mechanisms[] = {
        {"all", VALUE_NONE, DOES_ALL, DNS_TXT, false},
        {"include", VALUE_WANTED, DOES_INCLUDE, DNS_TXT, false},
        {"a", VALUE_ALLOWED, DOES_ASK, DNS_A, true},
        {"mx", VALUE_ALLOWED, DOES_ASK, DNS_MX, true},
        {"exists", VALUE_WANTED, DOES_ASK, DNS_A, false},
        {"ptr", VALUE_ALLOWED, DOES_COUNT, DNS_TXT, false},
        {"ip4", VALUE_WANTED, DOES_NETWORK, DNS_A, false},
        {"ip6", VALUE_WANTED, DOES_NETWORK, DNS_AAAA, false},
};

static const struct mechanism *find_mechanism(const char *s, size_t n)
{
	for (size_t i = 0; i < COUNT(mechanisms); i++)
		if (text_is(s, n, mechanisms[i].name))
			return &mechanisms[i];
	return NULL;
}

static int do_mechanism(struct walk *w, const struct mechanism *m, const char *term,
        const char *value, const char *domain, struct err *err)
{
	const char *name = value ? value : domain;
	int rc;

	if (m->does == DOES_ALL)
		return 0;
	if (m->does == DOES_NETWORK) {
		bool six = m->type == DNS_AAAA;

		if (!is_network(value, six ? AF_INET6 : AF_INET, six ? 128 : 32))
			set_once(&w->out->wrong, xasprintf("\"%s\" is no network", term));
		return 0;
	}
	w->out->lookups++;
	if (!take_name(w, term, name) || m->does == DOES_COUNT)
		return 0;
	if (m->does == DOES_ASK)
		return count_void(w, term, name, m->type, err);
	w->inner++;
	rc = walk_domain(w, term, name, err);
	w->inner--;
	return rc;
}

/* One term; *all: it was "all". */
static int walk_term(
        struct walk *w, const char *domain, const char *term, bool *all, struct err *err)
{
	const char *s = term + (strchr("+-~?", *term) ? 1 : 0);
	size_t n = strcspn(s, ":/");
	const struct mechanism *m = find_mechanism(s, n);
	char value[TERM_MAX], *given = NULL;
	bool good = true;

	if (s[n] == ':' || s[n] == '/') {
		snprintf(value, sizeof value, "%s", s + n + (s[n] == ':'));
		good = !m || !m->prefix || cut_prefix(value);
		given = *value ? value : NULL;
		good = good && (given || s[n] == '/');
	}
	if (!m) {
		set_once(&w->out->wrong, xasprintf("\"%s\" is nothing that SPF knows", term));
		return 0;
	}
	if (!good || (m->value == VALUE_NONE && s[n]) || (m->value == VALUE_WANTED && !given) ||
	        (s[n] == '/' && !m->prefix)) {
		set_once(&w->out->wrong, xasprintf("\"%s\" is malformed", term));
		return 0;
	}
	*all = m->does == DOES_ALL;
	if (*all && !w->inner)
		w->out->all = s == term ? '+' : *term;
	return do_mechanism(w, m, term, given, domain, err);
}

/* "name=value"; *redirect: where "redirect" leads, in ${term}. */
static bool take_modifier(struct walk *w, const char *term, const char **redirect)
{
	size_t n = strcspn(term, "=:/");

	if (term[n] != '=')
		return false;
	if (text_is(term, n, "redirect")) {
		if (*redirect)
			set_once(&w->out->wrong, xstrdup("it has two of \"redirect\""));
		*redirect = term + n + 1;
	}
	return true;
}

static int walk_terms(struct walk *w, const char *domain, char *text, struct err *err)
{
	const char *redirect = NULL;
	char *save = NULL, *term = strtok_r(text, " ", &save); /* the version comes first */
	bool all = false;
	int rc = 0;

	for (term = strtok_r(NULL, " ", &save); term && rc == 0;
	        term = strtok_r(NULL, " ", &save)) {
		if (strlen(term) >= TERM_MAX)
			set_once(&w->out->wrong, xstrdup("a term of it is too long"));
		else if (!take_modifier(w, term, &redirect) && !all && !is_over(w))
			rc = walk_term(w, domain, term, &all, err);
	}
	if (rc != 0 || !redirect || all || is_over(w))
		return rc;
	w->out->lookups++;
	return take_name(w, "redirect", redirect) ? walk_domain(w, "redirect", redirect, err) : 0;
}

static int walk_record(struct walk *w, const char *domain, const char *record, struct err *err)
{
	char *text = xstrdup(record);
	int rc;

	*ARR_PUSH(w->out->domains, w->out->n_domains, w->out->domains_cap) = xstrdup(domain);
	w->path[w->depth++] = domain;
	rc = walk_terms(w, domain, text, err);
	w->depth--;
	free(text);
	return rc;
}

int spf_walk(const char *domain, const char *record, spf_ask *ask, void *ctx, struct spf *out,
        struct err *err)
{
	struct walk w = {.out = out, .ask = ask, .ctx = ctx};
	int rc;

	memset(out, 0, sizeof *out);
	rc = walk_record(&w, domain, record, err);
	if (rc == 0 && out->lookups > SPF_LOOKUPS_MAX)
		set_once(&out->wrong, xasprintf("it takes %u%s look-ups, and 10 is the limit",
		                              out->lookups, is_over(&w) ? " or more" : ""));
	if (rc == 0 && out->voids > SPF_VOIDS_MAX)
		set_once(&out->wrong,
		        xasprintf(
		                "%u of its look-ups find nothing, and 2 is the limit", out->voids));
	return rc;
}
