/*
 * The guard over outgoing requests, by method (RFC 9110 9, RFC 4918, RFC 3253, RFC 4791,
 * RFC 5689, RFC 8607): a source only reads, a target only adds. Fields that make another
 * method of a request, or another request of what follows, are refused with it. Where POST
 * is all that there is, the operations that its body asks for are held against a list.
 */
#include "guard.h"
#include "valise/base/mem.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SOURCE = 1, TARGET = 2, POSTS = 4 };

static const struct rule {
	const char *method;
	unsigned roles;
	bool repeatable;
} rules[] = {
        {"OPTIONS", SOURCE | TARGET | POSTS, true},
        {"GET", SOURCE | TARGET | POSTS, true},
        {"HEAD", SOURCE | TARGET | POSTS, true},
        {"PROPFIND", SOURCE | TARGET, true},
        {"REPORT", SOURCE | TARGET, true},
        {"PUT", TARGET, false},
        {"MKCALENDAR", TARGET, false},
        {"MKCOL", TARGET, false},
        {"PROPPATCH", TARGET, true},
        {"POST", TARGET | POSTS, false},
};

/*
 * What belongs to this room, or would let a request mean something else than its method
 * says.
 */
static const char *const refused_fields[] = {"Authorization", "Host", "Content-Length",
        "Transfer-Encoding", "Connection", "Upgrade", "TE", "Trailer", "Expect", "Cookie",
        "Accept-Encoding", "X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override", "If",
        "Destination", "Overwrite", "Proxy-Authorization"};

static const struct http_guard
        dav_source = {0},
        dav_target = {.target = true}, dav_update = {.target = true, .replaces = true},
        oauth = {.target = true, .posts = &http_oauth_posts, .one_url = true},
        autodiscover = {.posts = &http_autodiscover_posts, .one_url = true},
        mapi_source = {.posts = &http_mapi_posts, .one_url = true, .session = true},
        mapi_target = {.target = true, .posts = &http_mapi_posts, .one_url = true, .session = true};

const struct http_guard *http_guard_of(enum guard_role role)
{
	switch (role) {
	case GUARD_DAV_SOURCE:
		return &dav_source;
	case GUARD_DAV_TARGET:
		return &dav_target;
	case GUARD_DAV_UPDATE:
		return &dav_update;
	case GUARD_OAUTH:
		return &oauth;
	case GUARD_MAPI_SOURCE:
		return &mapi_source;
	case GUARD_MAPI_TARGET:
		return &mapi_target;
	case GUARD_AUTODISCOVER:
		return &autodiscover;
	case GUARD_NONE:
	case GUARD_IMAP_SOURCE:
	case GUARD_IMAP_TARGET:
	case GUARD_POP3_SOURCE:
		break;
	}
	return NULL;
}

static const struct rule *find_rule(const char *method)
{
	for (size_t i = 0; i < COUNT(rules); i++)
		if (strcmp(rules[i].method, method) == 0)
			return &rules[i];
	return NULL;
}

static int refuse_request(struct err *err, const char *method, const char *why)
{
	return err_set(
	        err, ERR_GUARD, ERR_ITEM, "the guard refused to send %.40s: %s", method, why);
}

static bool is_field(const char *header, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(header, name, n) == 0 && header[n] == ':';
}

/* field-name ":" value, without controls. */
static bool is_clean(const char *header)
{
	size_t name = strcspn(header, ":");

	if (!name || header[name] != ':')
		return false;
	for (size_t i = 0; i < name; i++)
		if (!isalnum((unsigned char)header[i]) && header[i] != '-' && header[i] != '_')
			return false;
	for (const char *s = header + name; *s; s++)
		if (((unsigned char)*s < 0x20 && *s != '\t') || *s == 0x7f)
			return false;
	return true;
}

/* One strong entity tag (RFC 9110 8.8.3) and nothing else. */
static bool is_one_tag(const char *value)
{
	size_t n;

	value += strspn(value, " ");
	n = strlen(value);
	return n > 2 && value[0] == '"' && strchr(value + 1, '"') == value + n - 1;
}

/* What a PUT is bound to. */
struct bound {
	bool only_new; /* If-None-Match: *: nothing is there */
	bool one_version; /* If-Match: what is there has this tag */
};

/* Are all header fields ones that may be sent? *out: what they bind the request to. */
static int check_fields(const struct http_guard *g, const struct http_request *rq,
        struct bound *out, struct err *err)
{
	*out = (struct bound){false, false};
	for (size_t i = 0; i < HTTP_HEADERS_MAX && rq->header[i]; i++) {
		const char *header = rq->header[i];

		if (!is_clean(header))
			return refuse_request(err, rq->method, "a header field is malformed");
		for (size_t j = 0; j < COUNT(refused_fields); j++)
			if (is_field(header, refused_fields[j]) &&
			        !(g->session && is_field(header, "Cookie")))
				return refuse_request(err, rq->method, refused_fields[j]);
		if (is_field(header, "If-Match")) {
			if (!g->replaces || out->one_version ||
			        !is_one_tag(header + strlen("If-Match:")))
				return refuse_request(err, rq->method, "If-Match");
			out->one_version = true;
		}
		if (!is_field(header, "If-None-Match"))
			continue;
		if (strcmp(header, "If-None-Match: *") != 0)
			return refuse_request(err, rq->method, "If-None-Match is not *");
		out->only_new = true;
	}
	return 0;
}

/*
 * Of what POST can do only this adds and does nothing else (RFC 8607 3.4.1): one more
 * attachment of a resource.
 */
static bool is_attachment(const struct http_request *rq, const char *url)
{
	size_t path = strcspn(url, "?");

	if (strcmp(url + path, "?action=attachment-add") != 0 || path == 0 || url[path - 1] == '/')
		return false;
	for (size_t i = 0; i < HTTP_HEADERS_MAX && rq->header[i]; i++)
		if (is_field(rq->header[i], "Content-Disposition"))
			return true;
	return false;
}

/* What a request asks for, while its reader names it. */
struct asked {
	const struct http_guard *guard;
	size_t n;
	bool adds;
	bool refused;
	char name[41]; /* of the first that is refused */
};

/* A post_operation_fn: is this one allowed? */
static bool see_operation(void *ctx, const char *name, size_t len)
{
	struct asked *a = ctx;
	const struct post_operation *o = a->guard->posts->allowed;

	while (o->name && (strlen(o->name) != len || memcmp(o->name, name, len) != 0))
		o++;
	a->n++;
	a->adds |= o->adds;
	if (o->name && (a->guard->target || !o->adds))
		return true;
	if (!a->refused)
		snprintf(a->name, sizeof a->name, "%.*s", (int)(len < 40 ? len : 40), name);
	a->refused = true;
	return false;
}

/* Once, with this media type, and nothing that would make other octets of the body. */
static bool is_of_type(const struct http_request *rq, const char *type)
{
	size_t n = strlen(type), seen = 0;

	for (size_t i = 0; i < HTTP_HEADERS_MAX && rq->header[i]; i++) {
		const char *value = strchr(rq->header[i], ':') + 1;

		if (is_field(rq->header[i], "Content-Encoding"))
			return false;
		if (!is_field(rq->header[i], "Content-Type"))
			continue;
		value += strspn(value, " ");
		if (strncasecmp(value, type, n) != 0 || !strchr("; ", value[n]))
			return false;
		seen++;
	}
	return seen == 1;
}

/* NULL: all that it asks for is allowed; else why it is not. */
static const char *look_into_post(const struct http_request *rq, struct asked *a)
{
	const struct post_rules *posts = a->guard->posts;

	if (!rq->body || rq->give)
		return "its body cannot be looked into";
	if (!is_of_type(rq, posts->content_type))
		return "its body is of another type";
	if (!posts->read(rq, see_operation, a) && !a->refused)
		return "its body is not understood";
	if (a->refused)
		return a->name;
	return a->n ? NULL : "it asks for nothing";
}

static int check_post(
        const struct http_guard *g, const struct http_request *rq, const char *url, struct err *err)
{
	struct asked a = {.guard = g};
	const char *why;

	if (!g->posts)
		return is_attachment(rq, url)
		               ? 0
		               : refuse_request(err, rq->method, "it is not one more attachment");
	why = look_into_post(rq, &a);
	return why ? refuse_request(err, rq->method, why) : 0;
}

static bool is_post_of(const struct http_guard *g, const struct http_request *rq)
{
	return g && g->posts && strcmp(rq->method, "POST") == 0;
}

bool http_guard_reads(const struct http_guard *g, const struct http_request *rq)
{
	const struct rule *r = find_rule(rq->method);
	struct asked a = {.guard = g};

	if (is_post_of(g, rq))
		return !look_into_post(rq, &a) && !a.adds;
	return r && r->roles & SOURCE;
}

bool http_guard_repeatable(const struct http_guard *g, const struct http_request *rq)
{
	const struct rule *r = find_rule(rq->method);

	if (g && g->session)
		return false;
	return is_post_of(g, rq) ? http_guard_reads(g, rq) : r && r->repeatable;
}

static unsigned methods_of(const struct http_guard *g)
{
	if (!g)
		return 0;
	if (g->posts)
		return POSTS;
	return g->target ? TARGET : SOURCE;
}

int http_guard_check(
        const struct http_guard *g, const struct http_request *rq, const char *url, struct err *err)
{
	const struct rule *r = find_rule(rq->method);
	struct bound bound;
	bool put;

	if (!r || !(r->roles & methods_of(g)))
		return refuse_request(err, rq->method, "the method is not allowed here");
	if (check_fields(g, rq, &bound, err) != 0)
		return ERR_GUARD;
	if (strcmp(rq->method, "POST") == 0)
		return check_post(g, rq, url, err);
	put = strcmp(rq->method, "PUT") == 0;
	if (put && bound.only_new == bound.one_version)
		return refuse_request(
		        err, rq->method, "it could overwrite, If-None-Match: * is missing");
	/* Radicale takes a PUT to a collection for its whole new content. */
	if (put && url[strcspn(url, "?") - 1] == '/')
		return refuse_request(err, rq->method, "the URL is that of a collection");
	return 0;
}
