/* From the URL of a service to its home sets (RFC 5397, RFC 6764, RFC 4791, RFC 6352). */
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/proto/dav/discover.h"
#include "valise/http/http.h"

#define P_TYPE "{DAV:}resourcetype"
#define P_CURRENT "{DAV:}current-user-principal"
#define P_URL "{DAV:}principal-URL"

static const char *const home_sets[] = {
        "{" NS_CALDAV "}calendar-home-set", "{" NS_CARDDAV "}addressbook-home-set"};

struct search {
	struct http *http;
	bool contacts;
};

struct found {
	const struct http *http;
	const char *asked;
	char *prefix;
	int status;
	bool any; /* a response came */
	bool is_collection; /* of the kind that is looked for */
	bool unauthenticated;
	/*
	 * status of the home set's property, when that says more than that there is none
	 */
	int withheld;
	struct dav_home principals, homes, others; /* others: homes of the other kind */
	const char *home_prop, *other_prop;
	const char *type;
	char *url; /* effective */
};

uint64_t dav_key(const char *url)
{
	uint8_t sum[SHA256_LEN];
	uint64_t key = 0;
	struct buf b = buf_of(SIZE_MAX);

	if (!url_key(url, &b))
		buf_puts(&b, url);
	while (b.len && b.data[b.len - 1] == '/')
		b.len--;
	sha256_of(b.data, b.len, sum);
	memcpy(&key, sum, sizeof key);
	buf_clear(&b);
	return key;
}

char *dav_last_segment(const char *href)
{
	size_t end = strcspn(href, "?"), from;
	struct buf b = buf_of(SIZE_MAX);

	while (end && href[end - 1] == '/')
		end--;
	for (from = end; from && href[from - 1] != '/'; from--)
		;
	if (!url_unescape(href + from, end - from, &b) || !utf8_valid(buf_str(&b), b.len) ||
	        memchr(b.data, 0, b.len)) {
		buf_reset(&b);
		buf_put(&b, href + from, end - from);
	}
	return buf_take(&b);
}

void dav_home_clear(struct dav_home *h)
{
	texts_free(h->urls, h->n);
	free(h->principal);
	free(h->elsewhere);
	free(h->prefix);
	memset(h, 0, sizeof *h);
}

/* Take over ${url} unless it is there already. */
static void home_add(struct dav_home *h, char *url)
{
	for (size_t i = 0; i < h->n; i++)
		if (dav_key(h->urls[i]) == dav_key(url)) {
			free(url);
			return;
		}
	h->urls = xrealloc(h->urls, (h->n + 1) * sizeof *h->urls);
	h->urls[h->n++] = url;
}

static void found_clear(struct found *f)
{
	dav_home_clear(&f->principals);
	dav_home_clear(&f->homes);
	dav_home_clear(&f->others);
	free(f->url);
	free(f->prefix);
	memset(f, 0, sizeof *f);
}

/*
 * Servers behind a proxy name themselves: what may not have the password is looked for by
 * its path.
 */
static char *at_home(
        const struct found *f, const struct dav_response *r, char *named, struct dav_home *out)
{
	struct buf url = buf_of(1u << 16);

	if (!f->http || http_may_sign_in(f->http, named))
		return named;
	if (!dav_member_url(r->url, named, &url)) {
		buf_clear(&url);
		return named;
	}
	if (out->elsewhere)
		free(named);
	else
		out->elsewhere = named;
	return buf_take(&url);
}

static void add_hrefs(
        const struct found *f, const struct dav_response *r, const char *prop, struct dav_home *out)
{
	char **list = NULL;
	size_t n = dav_prop_hrefs(r, prop, r->url, &list);

	for (size_t i = 0; i < n; i++)
		home_add(out, at_home(f, r, list[i], out));
	free(list);
}

static void take_elsewhere(struct dav_home *from, struct dav_home *to)
{
	if (to->elsewhere || !from->elsewhere)
		return;
	to->elsewhere = from->elsewhere;
	from->elsewhere = NULL;
}

/* The first response: where it leads to. */
static int on_probe(void *ctx, struct dav_response *r, struct err *err)
{
	struct found *f = ctx;

	(void)err;
	if (f->any || r->status >= 400)
		return 0;
	f->any = true;
	f->prefix = dav_prefix_of(f->asked, r->url);
	f->url = xstrdup(r->url);
	f->is_collection = dav_prop_has(r, P_TYPE, f->type);
	f->unauthenticated = dav_prop_has(r, P_CURRENT, "{DAV:}unauthenticated");
	for (size_t i = 0; i < r->n_props; i++)
		if (r->props[i].status >= 400 && r->props[i].status != 404 &&
		        strcmp(r->props[i].name, f->home_prop) == 0)
			f->withheld = r->props[i].status;
	add_hrefs(f, r, f->home_prop, &f->homes);
	add_hrefs(f, r, f->other_prop, &f->others);
	add_hrefs(f, r, P_CURRENT, &f->principals);
	if (!f->principals.n)
		add_hrefs(f, r, P_URL, &f->principals);
	return 0;
}

/* PROPFIND of what tells the way from ${url}. A "no" is no error: f->any stays false. */
static int probe_url(const struct search *w, const char *url, struct found *f, struct err *err)
{
	bool contacts = w->contacts;
	struct dav_answer a;
	int rc, status;

	for (int i = 0; i < 2; i++) {
		found_clear(f);
		f->http = w->http;
		f->asked = url;
		f->home_prop = home_sets[contacts];
		f->other_prop = home_sets[!contacts];
		f->type = contacts ? "{" NS_CARDDAV "}addressbook" : "{" NS_CALDAV "}calendar";
		{
			const char *const props[] = {
			        P_TYPE, P_CURRENT, P_URL, f->home_prop, f->other_prop};

			rc = dav_propfind(w->http, url, 0, props, 5, on_probe, f, &a, err);
		}
		status = a.status;
		if (rc == 0 && a.url) {
			free(f->url);
			f->url = xstrdup(a.url);
		}
		dav_answer_clear(&a);
		if (rc < 0 || !f->unauthenticated)
			break;
		http_preempt(w->http); /* the server answers strangers: sign in unasked */
	}
	f->status = status;
	return rc;
}

bool dav_is_collection(const struct dav_response *r, bool contacts)
{
	/*
	 * Not schedule-outbox: SOGo's first calendar is that as well, and what is an
	 * outbox alone is no calendar.
	 */
	static const char *const others[] = {"{" NS_CALDAV "}schedule-inbox",
	        "{" NS_CS "}notification", "{" NS_CS "}dropbox-home",
	        "{http://nextcloud.com/ns}deleted-calendar", "{http://nextcloud.com/ns}trash-bin"};

	for (size_t i = 0; i < COUNT(others); i++)
		if (dav_prop_has(r, P_TYPE, others[i]))
			return false;
	if (contacts)
		return dav_prop_has(r, P_TYPE, "{" NS_CARDDAV "}addressbook");
	return dav_prop_has(r, P_TYPE, "{" NS_CALDAV "}calendar") ||
	       dav_prop_has(r, P_TYPE, "{" NS_CS "}subscribed");
}

bool dav_is_readonly(const struct dav_response *r)
{
	static const char *const writes[] = {
	        "{DAV:}all", "{DAV:}write", "{DAV:}write-content", "{DAV:}bind"};

	if (!dav_prop_find(r, "{DAV:}current-user-privilege-set"))
		return false;
	for (size_t i = 0; i < 4; i++)
		if (dav_prop_has(r, "{DAV:}current-user-privilege-set", writes[i]))
			return false;
	return true;
}

struct count {
	size_t n, others;
	bool contacts;
};

static int on_counted(void *ctx, struct dav_response *r, struct err *err)
{
	struct count *c = ctx;

	(void)err;
	c->n += r->status < 400 && dav_is_collection(r, c->contacts);
	c->others += r->status < 400 && dav_is_collection(r, !c->contacts);
	return 0;
}

/* Collections at ${url} and below it. */
static int count_collections(
        const struct search *w, const char *url, size_t *n_out, bool *mixed_out, struct err *err)
{
	static const char *const props[] = {P_TYPE};
	struct count c = {.contacts = w->contacts};
	int rc = dav_propfind(w->http, url, 1, props, 1, on_counted, &c, NULL, err);

	*n_out = c.n;
	*mixed_out = c.n && c.others;
	return rc;
}

/* A refusal of one URL lets others be tried. */
static bool lets_pass(int rc, const struct err *err)
{
	return rc < 0 && err->scope != ERR_WHOLE && err->code != ERR_STOPPED &&
	       err->code != ERR_NET && err->code != ERR_BUSY;
}

/* The home sets that were found, and whether one is for both kinds. */
static void take_homes(struct found *f, struct dav_home *out)
{
	take_elsewhere(&f->homes, out);
	take_elsewhere(&f->principals, out);
	for (size_t i = 0; i < f->homes.n; i++) {
		home_add(out, xstrdup(f->homes.urls[i]));
		for (size_t k = 0; k < f->others.n; k++)
			out->mixed |= dav_key(f->homes.urls[i]) == dav_key(f->others.urls[k]);
	}
}

/* What is left when nothing is found. */
struct rest {
	int status; /* of the last URL */
	char *self; /* the first URL that answered */
	struct err refusal; /* why a principal could not be read */
};

/* Of what a proxy has shortened: with what it took away. */
static int probe_prefixed(const struct search *w, const char *prefix, const char *url,
        struct found *f, struct err *err)
{
	struct buf longer = buf_of(SIZE_MAX);
	int rc;

	if (!prefix || !dav_prefixed_url(prefix, url, &longer)) {
		buf_clear(&longer);
		return err->code;
	}
	err_clear(err);
	rc = probe_url(w, buf_str(&longer), f, err);
	buf_clear(&longer);
	return rc;
}

/* Ask each principal for its home sets; why one could not be read goes to ${rest}. */
static int homes_of_principals(const struct search *w, const struct dav_home *principals,
        struct dav_home *out, struct rest *rest, struct err *err)
{
	for (size_t i = 0; i < principals->n; i++) {
		struct found f = {0};
		int withheld, rc = probe_url(w, principals->urls[i], &f, err);

		if (lets_pass(rc, err))
			rc = probe_prefixed(w, out->prefix, principals->urls[i], &f, err);
		if (rc == 0 && f.homes.n) {
			free(out->principal);
			out->principal = xstrdup(principals->urls[i]);
		}
		if (rc == 0)
			take_homes(&f, out);
		withheld = f.withheld;
		found_clear(&f);
		if (rc < 0 && !lets_pass(rc, err))
			return rc;
		if (rc < 0)
			rest->refusal = *err;
		else if (withheld)
			err_set(&rest->refusal, ERR_REFUSED, ERR_ITEM, "%s: its home set: HTTP %d",
			        principals->urls[i], withheld);
	}
	return 0;
}

/* What ${url} leads to; out->n 0 if that is nothing. */
static int follow_url(const struct search *w, const char *url, bool given, struct dav_home *out,
        struct rest *rest, struct err *err)
{
	struct found f = {0};
	int rc = probe_url(w, url, &f, err);

	rest->status = f.status;
	if (f.prefix && !out->prefix) {
		out->prefix = f.prefix;
		f.prefix = NULL;
	}
	if (lets_pass(rc, err)) {
		found_clear(&f);
		return 0;
	}
	if (rc == 0 && f.any && given && f.is_collection) {
		home_add(out, xstrdup(f.url));
		out->single = true;
	} else if (rc == 0) {
		take_homes(&f, out);
		if (out->n && f.principals.n && !out->principal)
			out->principal = xstrdup(f.principals.urls[0]);
		if (!out->n && given && f.any) {
			/* A home set does not say that it is one. */
			size_t n = 0;

			rc = count_collections(w, f.url, &n, &out->mixed, err);
			if (lets_pass(rc, err))
				rc = 0;
			if (n)
				home_add(out, xstrdup(f.url));
			if (n && f.principals.n)
				out->principal = xstrdup(f.principals.urls[0]);
		}
		if (rc == 0 && !out->n)
			rc = homes_of_principals(w, &f.principals, out, rest, err);
	}
	if (rc == 0 && f.any && !rest->self)
		rest->self = xstrdup(f.url);
	found_clear(&f);
	return rc;
}

/*
 * How much an error tells of why nothing was found: a refused sign-in more than TLS,
 * redirects, XML and content codings, these more than another "no", and that more than a
 * path that is not there.
 */
static int dav_err_weight(const struct err *err, int status)
{
	switch (err->code) {
	case ERR_OK:
		return 0;
	case ERR_AUTH:
	case ERR_SECRET:
		return 4;
	case ERR_REFUSED:
	case ERR_NOTFOUND:
		return status == 404 || status == 405 || status == 410 || status == 501 ? 1 : 2;
	default:
		return 3;
	}
}

void dav_tell_elsewhere(const struct dav_home *home, struct err *err)
{
	struct err before = *err;

	if (home->elsewhere)
		err_set(err, before.code, before.scope,
		        "%.300s; the server names %.200s, another host or port, which does not get "
		        "the password: if it is the right one, give that URL itself",
		        before.text, home->elsewhere);
}

/* *tried_out: how many places were tried before the one that led there. */
static int discover_home(struct http *h, const struct service *s, struct dav_home *out,
        size_t *tried_out, struct err *err)
{
	const struct search w = {h, s->kind == SERVICE_CARDDAV};
	const char *path = s->at.path && s->at.path[0] ? s->at.path : "/";
	bool given = strcmp(path, "/") != 0;
	const char *const try[] = {path,
	        s->kind == SERVICE_CARDDAV ? "/.well-known/carddav" : "/.well-known/caldav", "/"};
	struct buf url = buf_of(1u << 16);
	struct buf origin = buf_of(4096);
	struct err first = {0};
	struct rest rest = {.self = NULL};
	int rc = 0, weight, most = 0;

	url_of_service(s, &origin);
	buf_putc(&origin, '/');
	for (size_t i = 0; i < 3 && rc == 0 && !out->n; i++) {
		*tried_out = i;
		/* was the first */
		if (i == 2 && !given)
			break;
		err_clear(err);
		buf_reset(&url);
		rc = url_join(buf_str(&origin), try[i], &url, err);
		if (rc == 0)
			rc = follow_url(&w, buf_str(&url), given && i == 0, out, &rest, err);
		weight = dav_err_weight(err, rest.status);
		if (rc == 0 && weight > most) {
			first = *err;
			most = weight;
		}
	}
	/* a server that knows no principals */
	if (rc == 0 && !out->n && rest.self && !rest.refusal.code)
		home_add(out, xstrdup(rest.self));
	if (rc == 0 && !out->n) {
		if (rest.refusal.code)
			*err = rest.refusal;
		else if (first.code)
			*err = first;
		else
			err_set(err, ERR_NOTFOUND, ERR_WHOLE, "nothing there");
		rc = err_wrap(err, "no %s found at %s%s",
		        w.contacts ? "address books" : "calendars", buf_str(&origin), path + 1);
		dav_tell_elsewhere(out, err);
	}
	free(rest.self);
	buf_clear(&origin);
	buf_clear(&url);
	if (rc < 0)
		return err_widen(err, ERR_WHOLE);
	err_clear(err);
	return 0;
}

int dav_discover(struct http *h, const struct service *s, struct dav_home *out, struct err *err)
{
	size_t tried = 0;
	int rc = discover_home(h, s, out, &tried, err);

	if (rc < 0 || !tried || !out->n || !s->at.path || !s->login.user ||
	        !dav_names_another(s->at.path, out->urls[0], s->login.user))
		return rc;
	return err_set(err, ERR_NOTFOUND, ERR_WHOLE,
	        "there is no home at %s that \"%s\" may use; the server's answer is %s, somebody "
	        "else's: name that URL if it is meant",
	        s->at.path, s->login.user, out->urls[0]);
}
