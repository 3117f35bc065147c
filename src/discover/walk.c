/* POX Autodiscover: who is asked, in which order, and who may have the credentials. */
#include "walk.h"
#include <stdlib.h>
#include <string.h>
#include "facts.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/http/http.h"
#include "valise/net/proxy.h"

#define PATH "/autodiscover/autodiscover.xml"

enum {
	HOPS_MAX = 10, /* MS-OXDSCLI 3.1.5 */
	ANSWER_MAX = 256 << 10,
	TIMEOUT_MS = 15000, /* of a place that may not be there */
	ADDRESS_MAX = 512,
	PLACES = 4,
};

void walk_clear(struct walk *w)
{
	texts_free(w->seen, w->n_seen);
	texts_free(w->agreed, w->n_agreed);
	free(w->address);
	free(w->told_at);
	dns_close(w->dns);
	memset(w, 0, sizeof *w);
}

static bool has_text(char *const *list, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(list[i], text) == 0)
			return true;
	return false;
}

static bool is_seen(const struct walk *w, const char *what)
{
	return has_text(w->seen, w->n_seen, what);
}

static void mark_seen(struct walk *w, const char *what)
{
	*ARR_PUSH(w->seen, w->n_seen, w->seen_cap) = xstrdup(what);
}

static const char *domain_at(const char *address)
{
	const char *at = strrchr(address, '@');

	return at ? at + 1 : "";
}

bool walk_ends(int code, bool signs_in)
{
	return code == ERR_STOPPED || code == ERR_SECRET || code == ERR_USAGE ||
	       code == ERR_GUARD || (code == ERR_AUTH && signs_in);
}

/* ---- one question ---- */

struct reply {
	int status;
	char *location;
	struct buf body;
	struct err err;
};

static void reply_clear(struct reply *r)
{
	free(r->location);
	buf_clear(&r->body);
}

static int on_body(void *ctx, const void *p, size_t n, struct err *err)
{
	struct reply *r = ctx;

	return buf_add(&r->body, p, n) == 0
	               ? 0
	               : err_set(err, ERR_LIMIT, ERR_ITEM, "the answer is larger than it may be");
}

static void on_done(struct http_request *rq, const struct http_response *rs, const char *error_body,
        const struct err *err)
{
	struct reply *r = rq->ctx;

	(void)error_body;
	r->status = rs->status;
	r->location = xstrdup(rs->location);
	r->err = *err;
}

/* The service at another place; without ${sign_in} with nothing that it could sign in with. */
static int service_at(const struct walk *w, const struct url *u, bool sign_in, struct service *out,
        struct err *err)
{
	const struct endpoint *home = &w->home->at;
	bool same = !w->home->at_domain && strcasecmp(u->host, home->host) == 0;

	service_copy(out, w->home);
	free(out->at.host);
	free(out->at.path);
	out->at.host = xstrdup(u->host);
	out->at.port = u->port;
	out->at.security = u->tls ? SECURITY_TLS : SECURITY_NONE;
	out->at.path = xstrdup(u->path);
	if (!same) { /* they are those of the server itself */
		free(out->at.pin);
		free(out->at.address);
		out->at.pin = out->at.address = NULL;
	}
	out->at.connect_timeout_ms = MIN(out->at.connect_timeout_ms, TIMEOUT_MS);
	out->facts = NULL;
	if (!sign_in) {
		free(out->login.user);
		out->login.user = NULL;
		out->login.token = false;
		out->login.get_secret = NULL;
	}
	if (!w->opts->nameserver || out->at.address || url_host_is_address(u->host))
		return 0;
	return web_locate(w->dns, u->host, &out->at.address, err);
}

/* ${post}: the question, signed in; else where the URL leads. Clear ${out} in any case. */
static int ask(struct walk *w, const char *url, bool post, struct reply *out, struct err *err)
{
	struct buf body = buf_of(8 * ADDRESS_MAX);
	struct http_request rq = {.method = post ? "POST" : "GET",
	        .url = url,
	        .once = true,
	        .max_response = ANSWER_MAX,
	        .body_fn = on_body,
	        .done = on_done,
	        .ctx = out};
	struct service s = {0};
	struct http *h = NULL;
	struct url u;
	int rc;

	*out = (struct reply){.body = buf_of(ANSWER_MAX)};
	if (!url_cut(url, &u)) {
		(void)err_set(&out->err, ERR_PROTO, ERR_ITEM, "%s: not a URL", url);
		return 0;
	}
	if (post) {
		pox_request(w->address, &body);
		rq.header[0] = "Content-Type: text/xml; charset=utf-8";
		rq.header[1] = "X-MapiHttpCapability: 1";
		rq.body = body.data;
		rq.body_size = body.len;
	}
	rc = service_at(w, &u, post, &s, err);
	if (rc == 0)
		rc = http_open(&s, GUARD_AUTODISCOVER, w->opts->progress, &h, err);
	if (rc == 0 && http_run(h, &rq, 1, 1, &out->err) < 0 && walk_ends(out->err.code, post))
		rc = err_copy(err, &out->err);
	http_close(h);
	service_clear(&s);
	buf_clear(&body);
	return rc;
}

/* ---- who may be asked ---- */

int walk_may_go(struct walk *w, const struct going *g, struct err *err)
{
	const struct service *home = w->home;
	int rc;

	if (has_text(w->agreed, w->n_agreed, g->host) ||
	        (!home->at_domain && strcasecmp(g->host, home->at.host) == 0))
		return 0;
	if (g->from &&
	        (url_host_trusted(home->at.host, g->host) || url_host_trusted(g->from, g->host)))
		return 0;
	rc = w->opts->may ? w->opts->may(w->opts->ctx, g->host, g->why, g->url, err)
	                  : err_set(err, ERR_USAGE, ERR_WHOLE,
	                            "%s would get the password, and %s: write mapi = %s if it may",
	                            g->host, g->why, g->url);
	if (rc != 0)
		return rc;
	w->asked = true;
	*ARR_PUSH(w->agreed, w->n_agreed, w->agreed_cap) = xstrdup(g->host);
	return 0;
}

/* The question goes to ${url}. */
static int may_ask_at(
        struct walk *w, const char *url, const char *from, const char *why, struct err *err)
{
	struct url u;

	if (!url_cut(url, &u))
		return err_set(err, ERR_PROTO, ERR_WHOLE, "no URL: %.200s", url);
	return walk_may_go(w, &(struct going){u.host, from, why, u.host}, err);
}

/* One more, and never in a circle. */
static int count_hop(struct walk *w, const char *to, struct err *err)
{
	if (++w->hops > HOPS_MAX || is_seen(w, to))
		return err_set(err, ERR_PROTO, ERR_WHOLE,
		        "Autodiscover of %s: one redirect leads to another without end, at last to "
		        "%.200s",
		        w->address, to);
	return 0;
}

int walk_join(const struct walk *w, const char *base, const char *ref, char **out, struct err *err)
{
	const struct endpoint *home = &w->home->at;
	struct buf b = buf_of(URL_CAP);
	struct url u;
	int rc = url_join(base, ref, &b, err);

	*out = NULL;
	if (rc == 0 && !url_cut(buf_str(&b), &u))
		rc = err_set(err, ERR_PROTO, ERR_WHOLE, "no URL: %.200s", ref);
	if (rc == 0 && !u.tls &&
	        (home->security != SECURITY_NONE || strcasecmp(u.host, home->host) != 0))
		rc = err_set(err, ERR_TLS, ERR_WHOLE,
		        "Autodiscover of %s leads to %.200s, without TLS: refused", w->address,
		        ref);
	if (rc == 0)
		*out = buf_take(&b);
	buf_clear(&b);
	return rc;
}

/* ---- an answer ---- */

static void note_why(struct walk *w, const char *url, const struct reply *r, const char *text)
{
	if (w->why.code)
		return;
	if (text)
		(void)err_set(&w->why, ERR_NOTFOUND, ERR_WHOLE, "%s says: %s", url, text);
	else if (r->err.code && r->err.code != ERR_NET)
		w->why = r->err;
	else if (r->status >= 500 || r->status == 429 || r->status == 403)
		(void)err_set(&w->why, r->status == 403 ? ERR_AUTH : ERR_BUSY, ERR_WHOLE,
		        "%s answers HTTP %d", url, r->status);
}

/* The answer of ${url}, and what follows; a redirect of HTTP is one of Autodiscover. */
static int hear(
        struct walk *w, const char *url, struct pox_answer *a, enum pox_step *step, struct err *err)
{
	bool answered = false;
	struct reply r;
	struct url u;
	int rc = ask(w, url, true, &r, err);

	memset(a, 0, sizeof *a);
	mark_seen(w, url);
	if (rc == 0 && r.status >= 300 && r.status < 400 && r.location) {
		a->redirect_url = xstrdup(r.location);
		answered = true;
	} else if (rc == 0 && r.status == 200 && !r.err.code) {
		answered = pox_read(buf_str(&r.body), r.body.len, a);
	}
	*step = pox_decide(answered ? a : NULL);
	if (rc == 0 && *step == POX_NEXT)
		note_why(w, url, &r, answered ? a->error : NULL);
	reply_clear(&r);
	free(w->told_at);
	w->told_at = xstrdup(url);
	snprintf(w->told_by, sizeof w->told_by, "%s", url_cut(url, &u) ? u.host : "");
	return rc;
}

/* From ${first} on, wherever it leads; POX_ADDRESS: all begins again. */
static int follow(struct walk *w, const char *first, struct pox_answer *a, enum pox_step *step,
        struct err *err)
{
	char *url = xstrdup(first), *next;
	int rc = hear(w, url, a, step, err);

	while (rc == 0 && *step == POX_URL) {
		rc = walk_join(w, url, a->redirect_url, &next, err);
		if (rc == 0)
			rc = may_ask_at(
			        w, next, w->told_by, "a server of its domain sends on to it", err);
		if (rc == 0)
			rc = count_hop(w, next, err);
		pox_clear(a);
		free(url);
		url = next;
		if (rc == 0)
			rc = hear(w, url, a, step, err);
	}
	free(url);
	return rc;
}

/* ---- the places ---- */

/* Where http://autodiscover.DOMAIN leads; NULL: nowhere, or not to https. */
static int ask_redirect(struct walk *w, const char *domain, char **out, struct err *err)
{
	char *url = xasprintf("http://autodiscover.%s" PATH, domain);
	struct buf next = buf_of(URL_CAP);
	struct reply r;
	struct url u;
	int rc = ask(w, url, false, &r, err);

	if (rc == 0 && r.status >= 301 && r.status < 400 && r.location &&
	        url_join(url, r.location, &next, NULL) == 0 && url_cut(buf_str(&next), &u) && u.tls)
		*out = buf_take(&next);
	buf_clear(&next);
	reply_clear(&r);
	free(url);
	if (rc == 0 && *out && !is_seen(w, *out))
		rc = may_ask_at(w, *out, NULL,
		        "nothing speaks for it but a redirect that came without TLS", err);
	return rc;
}

static int ask_srv(struct walk *w, const char *domain, char **out, struct err *err)
{
	char *name = xasprintf("_autodiscover._tcp.%s", domain), *note = NULL;
	struct dns_answer a = {0};
	int rc = w->dns ? dns_ask(w->dns, name, DNS_SRV, &a, err) : 0;

	if (rc == 0 && w->dns && srv_choose(&a, &note) == TOLD_PLACE) {
		bool usual = a.list[0].port == 443;

		*out = usual ? xasprintf("https://%s" PATH, a.list[0].target)
		             : xasprintf("https://%s:%u" PATH, a.list[0].target, a.list[0].port);
		if (!is_seen(w, *out))
			rc = may_ask_at(
			        w, *out, domain, "nothing but its domain's DNS names it", err);
	}
	dns_answer_clear(&a);
	free(note);
	free(name);
	return rc;
}

/* Of the four of a domain. */
static int place_of_domain(struct walk *w, unsigned i, char **out, struct err *err)
{
	char *domain = text_lower(url_host_ace(domain_at(w->address)));
	int rc = 0;

	if (i == 0)
		*out = xasprintf("https://%s" PATH, domain);
	else if (i == 1)
		*out = xasprintf("https://autodiscover.%s" PATH, domain);
	else if (i == 2)
		rc = ask_redirect(w, domain, out, err);
	else
		rc = ask_srv(w, domain, out, err);
	free(domain);
	return rc;
}

static char *place_of_host(const struct endpoint *at)
{
	bool six = strchr(at->host, ':') != NULL;
	char *host = url_host_ace(at->host), *url;
	struct buf canonical = buf_of(URL_CAP);

	url = xasprintf("%s://%s%s%s:%u" PATH, at->security == SECURITY_NONE ? "http" : "https",
	        six ? "[" : "", host, six ? "]" : "", at->port);
	free(host);
	if (url_join(NULL, url, &canonical, NULL) == 0) {
		free(url);
		url = buf_take(&canonical);
	}
	buf_clear(&canonical);
	return url;
}

/* The URL of place ${i}; *out NULL: there is none, or it was asked already. */
static int find_place(struct walk *w, unsigned i, char **out, struct err *err)
{
	int rc = 0;

	*out = NULL;
	if (w->at_domain)
		rc = place_of_domain(w, i, out, err);
	else if (i == 0)
		*out = place_of_host(&w->home->at);
	if (*out && (rc != 0 || is_seen(w, *out))) {
		free(*out);
		*out = NULL;
	}
	return rc;
}

/* Another address is asked for, whose domain may be another one. */
static int begin_again(struct walk *w, const struct pox_answer *a, struct err *err)
{
	const char *to = a->redirect_address, *domain = domain_at(to);
	int rc;

	if (!*domain || !dns_is_host(domain) || strlen(to) > ADDRESS_MAX)
		return err_set(err, ERR_PROTO, ERR_WHOLE,
		        "Autodiscover of %s leads to what is no address: %.200s", w->address, to);
	rc = count_hop(w, to, err);
	if (rc == 0)
		rc = walk_may_go(w,
		        &(struct going){domain, w->told_by,
		                "a server of its domain says that the mailbox is there", to},
		        err);
	if (rc != 0)
		return rc;
	mark_seen(w, to);
	free(w->address);
	w->address = xstrdup(to);
	w->at_domain = true;
	return 0;
}

static int say_nothing_found(struct walk *w, struct err *err)
{
	if (w->why.code) {
		(void)err_copy(err, &w->why);
		return err_wrap(err, "Autodiscover of %s", w->address);
	}
	return err_set(err, ERR_NOTFOUND, ERR_WHOLE,
	        "nobody answers Autodiscover of %s%s%s: give the URL and the name of the mailbox "
	        "(--mapi https://HOST/mapi/emsmdb/?MailboxId=..., --mapi-mailbox /o=...)",
	        w->address, w->at_domain ? "" : " at ", w->at_domain ? "" : w->home->at.host);
}

/* What ${step}, the last one, means. */
static int judge_end(struct walk *w, enum pox_step step, struct err *err)
{
	if (step == POX_FOUND)
		return 0;
	if (step == POX_NONE)
		return err_set(err, ERR_UNSUPPORTED, ERR_WHOLE,
		        "%s knows %s, but says nothing of MAPI over HTTP", w->told_by, w->address);
	return say_nothing_found(w, err);
}

int walk_search(struct walk *w, struct pox_answer *a, struct err *err)
{
	enum pox_step step = POX_ADDRESS;
	int rc = 0;

	while (rc == 0 && step == POX_ADDRESS) {
		step = POX_NEXT;
		for (unsigned i = 0; i < PLACES && rc == 0 && step == POX_NEXT; i++) {
			char *url;

			rc = find_place(w, i, &url, err);
			if (rc == 0 && url) {
				pox_clear(a);
				rc = follow(w, url, a, &step, err);
			}
			free(url);
		}
		if (rc == 0 && step == POX_ADDRESS)
			rc = begin_again(w, a, err);
	}
	return rc == 0 ? judge_end(w, step, err) : rc;
}

/* Nothing is left of the search for another address, but what was agreed to. */
static void look_for(struct walk *w, const char *address)
{
	texts_free(w->seen, w->n_seen);
	w->seen = NULL;
	w->n_seen = w->seen_cap = w->hops = 0;
	free(w->address);
	w->address = xstrdup(address);
	mark_seen(w, address);
	memset(&w->why, 0, sizeof w->why);
}

int walk_beside(struct walk *w, const char *address, struct pox_answer *a, struct err *err)
{
	char *first = xstrdup(w->told_at);
	enum pox_step step = POX_NEXT;
	int rc;

	look_for(w, address);
	rc = follow(w, first, a, &step, err);
	free(first);
	if (rc != 0)
		return rc;
	if (step != POX_ADDRESS)
		return judge_end(w, step, err);
	rc = begin_again(w, a, err);
	return rc == 0 ? walk_search(w, a, err) : rc;
}

int walk_begin(struct walk *w, const struct service *home, const struct autodiscover_opts *o,
        const char *address, struct err *err)
{
	int dns_ms = MIN(home->at.connect_timeout_ms, TIMEOUT_MS / 3);

	*w = (struct walk){.home = home, .opts = o, .at_domain = home->at_domain};
	if (!address || !*domain_at(address) || strlen(address) > ADDRESS_MAX ||
	        !utf8_valid(address, strlen(address)))
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "mapi: whose mailbox? %s is no address that Autodiscover could be asked "
		        "for: give --mapi-mailbox ADDRESS, or the name of the mailbox (/o=...)",
		        address ? address : "the user");
	look_for(w, address);
	if (o->nameserver || !proxy_resolves(home->at.proxy))
		return dns_open(o->nameserver, dns_ms, &w->dns, err);
	return 0;
}
