/* What follows from all that the ways said: which one counts, and what else is known. */
#include "facts.h"
#include "valise/account/protocols.h"
#include "valise/base/mem.h"
#include "valise/net/url.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void place_clear(struct place *p)
{
	free(p->url);
	free(p->user);
	free(p->source);
	memset(p, 0, sizeof *p);
}

void facts_clear(struct facts *f)
{
	for (int k = 0; k < SERVICE_KINDS; k++) {
		place_clear(&f->srv[k].place);
		place_clear(&f->autoconfig[k].place);
		place_clear(&f->well_known[k].place);
	}
	place_clear(&f->mx.place);
	free(f->mx_host);
}

void finding_clear(struct finding *f)
{
	free(f->url);
	free(f->host);
	free(f->user);
	free(f->at);
	free(f->why);
	memset(f, 0, sizeof *f);
}

char *url_host_of(const char *url)
{
	const char *s = strstr(url, "://"), *end, *at;
	char *host, *ace;

	if (!s)
		return NULL;
	s += 3;
	end = s + strcspn(s, "/?#");
	at = memchr(s, '@', (size_t)(end - s));
	if (at)
		s = at + 1;
	if (*s == '[') {
		s++;
		end = memchr(s, ']', (size_t)(end - s));
	} else if (memchr(s, ':', (size_t)(end - s))) {
		end = memchr(s, ':', (size_t)(end - s));
	}
	if (!end || end == s)
		return NULL;
	host = xstrndup(s, (size_t)(end - s));
	for (char *c = host; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	ace = url_host_ace(host);
	free(host);
	return ace;
}

char *place_url(enum service_kind kind, enum security security, const char *host, uint16_t port,
        const char *path)
{
	const struct protocol_scheme *s = &protocols[kind].schemes[security != SECURITY_TLS];
	struct buf out = buf_of(URL_CAP);
	char *url = NULL;
	int rc;

	if (!dns_is_host(host) || !port)
		return NULL;
	rc = buf_addf(&out, "%s://%s", s->name, host);
	if (rc == 0 && port != s->port)
		rc = buf_addf(&out, ":%u", port);
	if (rc == 0 && protocols[kind].has_path)
		rc = buf_adds(&out, path ? path : "/");
	if (rc == 0)
		url = buf_take(&out);
	buf_clear(&out);
	return url;
}

/* Does a row of the table read accounts at that host? */
static bool table_has_host(const struct providers *table, const char *host)
{
	bool has = false;

	for (size_t i = 0; i < table->n && !has; i++)
		for (int k = 0; k <= SERVICE_KINDS && !has; k++) {
			const struct provider *p = &table->list[i];
			const char *url = k < SERVICE_KINDS ? p->urls[k] : p->restore_imap;
			char *known = url ? url_host_of(url) : NULL;

			has = known && strcasecmp(known, host) == 0;
			free(known);
		}
	return has;
}

enum found_trust facts_trust(const struct facts *f, const char *host)
{
	if (url_host_trusted(f->domain, host))
		return TRUST_DOMAIN;
	return table_has_host(f->table, host) ? TRUST_TABLE : TRUST_ASK;
}

/* Over http the one on the way chooses no user, only how the address's own is written. */
static bool may_be_user(const struct facts *f, const char *user, enum found_by by)
{
	size_t local = strcspn(f->address, "@");

	return by != FOUND_AUTOCONFIG_HTTP || strcmp(user, f->address) == 0 ||
	       (strlen(user) == local && strncmp(user, f->address, local) == 0);
}

static void take_place(
        const struct facts *f, const struct place *p, enum found_by by, struct finding *out)
{
	out->state = FOUND_SERVICE;
	out->url = xstrdup(p->url);
	out->host = url_host_of(p->url);
	out->user = xstrdup(p->user && may_be_user(f, p->user, by) ? p->user : f->address);
	out->why = xstrdup(p->source);
	out->by = by;
	if (!out->host)
		out->host = xstrdup("");
	out->trust = by == FOUND_AUTOCONFIG_HTTP ? TRUST_ASK : facts_trust(f, out->host);
}

/* A row of the table has the service, or has none of the kind; ${how}: why it is the row. */
static void take_row(const struct facts *f, const struct provider *row, enum found_by by,
        enum service_kind kind, struct finding *out)
{
	struct place p = {.url = provider_url(row, kind, f->stores, f->address)};

	if (!p.url) {
		out->state = FOUND_NONE;
		out->why = xasprintf("%s has none%s%s", row->name, row->note ? ": " : "",
		        row->note ? row->note : "");
		return;
	}
	p.user = provider_user(row, f->address);
	p.source = by == FOUND_TABLE_MX ? xasprintf("%s, whose servers take the mail of %s (MX %s)",
	                                          row->name, f->domain, f->mx_host)
	                                : xasprintf("%s, %s", row->name,
	                                          row->own ? "in your own providers.ini"
	                                                   : "in the table of providers");
	take_place(f, &p, by, out);
	out->trust = TRUST_TABLE;
	place_clear(&p);
}

/* What of several failures is told: the first. */
static const char *find_failure(const struct facts *f, enum service_kind kind)
{
	const struct fact *const all[] = {
	        &f->srv[kind], &f->mx, &f->autoconfig[kind], &f->well_known[kind]};

	for (size_t i = 0; i < COUNT(all); i++)
		if (all[i]->told == TOLD_FAILED)
			return all[i]->place.source;
	return NULL;
}

static void take_nothing(const struct facts *f, enum service_kind kind, struct finding *out)
{
	const char *failure = find_failure(f, kind);
	struct buf why = buf_of(1024);

	out->state = failure ? FOUND_UNKNOWN : FOUND_NONE;
	if (failure) {
		out->why = xstrdup(failure);
		return;
	}
	buf_puts(&why, "the domain has no SRV record for it");
	if (f->autoconfig[kind].told == TOLD_NOTHING)
		buf_puts(&why, ", no autoconfig that names it");
	if (f->well_known[kind].told == TOLD_NOTHING)
		buf_puts(&why, ", nothing at .well-known");
	out->why = buf_take(&why);
	buf_clear(&why);
}

void facts_decide(const struct facts *f, enum service_kind kind, struct finding *out)
{
	bool mail = !protocols[kind].has_path;

	memset(out, 0, sizeof *out);
	if (!(f->want & 1u << kind)) {
		out->state = FOUND_UNWANTED;
	} else if (f->row) {
		take_row(f, f->row, f->row->own ? FOUND_OWN_TABLE : FOUND_TABLE, kind, out);
	} else if (f->srv[kind].told == TOLD_PLACE) {
		take_place(f, &f->srv[kind].place, FOUND_SRV, out);
	} else if (f->srv[kind].told == TOLD_NONE) {
		out->state = FOUND_NONE;
		out->why = xstrdup("the domain says that it has none (its SRV record names \".\")");
	} else if (f->mx_row && (mail || f->mx_row->urls[kind])) {
		take_row(f, f->mx_row, FOUND_TABLE_MX, kind, out);
	} else if (f->autoconfig[kind].told == TOLD_PLACE) {
		take_place(f, &f->autoconfig[kind].place,
		        f->autoconfig_http ? FOUND_AUTOCONFIG_HTTP : FOUND_AUTOCONFIG, out);
	} else if (f->well_known[kind].told == TOLD_PLACE) {
		take_place(f, &f->well_known[kind].place, FOUND_WELL_KNOWN, out);
	} else {
		take_nothing(f, kind, out);
	}
}

const char *found_by_name(enum found_by by)
{
	static const char *const names[FOUND_WAYS] = {
	        "own-table", "table", "srv", "mx", "autoconfig", "autoconfig-http", "well-known"};

	return names[by];
}

const char *found_trust_text(const struct finding *f)
{
	static const char *const texts[] = {"its host is of the address's domain",
	        "its host is known by the table of providers",
	        "its host is neither of the address's domain nor in the table of providers"};

	if (f->by == FOUND_AUTOCONFIG_HTTP)
		return "it was said without TLS, anybody on the way could have changed it";
	return texts[f->trust];
}
