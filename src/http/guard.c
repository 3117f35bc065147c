/*
 * The guard over outgoing requests, by method (RFC 9110 9, RFC 4918, RFC 3253, RFC 4791,
 * RFC 5689, RFC 8607): a source only reads, a target only adds. Fields that make another
 * method of a request, or another request of what follows, are refused with it.
 */
#include "internal.h"
#include "valise/base/mem.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { SOURCE = 1, TARGET = 2 };

static const struct rule {
	const char *method;
	unsigned roles;
	bool repeatable;
} rules[] = {
        {"OPTIONS", SOURCE | TARGET, true},
        {"GET", SOURCE | TARGET, true},
        {"HEAD", SOURCE | TARGET, true},
        {"PROPFIND", SOURCE | TARGET, true},
        {"REPORT", SOURCE | TARGET, true},
        {"PUT", TARGET, false},
        {"MKCALENDAR", TARGET, false},
        {"MKCOL", TARGET, false},
        {"PROPPATCH", TARGET, true},
        {"POST", TARGET, false},
};

/*
 * What belongs to this room, or would let a request mean something else than its method
 * says.
 */
static const char *const refused_fields[] = {"Authorization", "Host", "Content-Length",
        "Transfer-Encoding", "Connection", "Upgrade", "TE", "Trailer", "Expect", "Cookie",
        "Accept-Encoding", "X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override",
        "If-Match", "If", "Destination", "Overwrite", "Proxy-Authorization"};

static const struct rule *find_rule(const char *method)
{
	for (size_t i = 0; i < COUNT(rules); i++)
		if (strcmp(rules[i].method, method) == 0)
			return &rules[i];
	return NULL;
}

bool http_guard_repeatable(const char *method)
{
	const struct rule *r = find_rule(method);

	return r && r->repeatable;
}

bool http_guard_reads(const char *method)
{
	const struct rule *r = find_rule(method);

	return r && r->roles & SOURCE;
}

static int refuse(struct err *err, const char *method, const char *why)
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

static int check_fields(const struct http_request *rq, bool *only_new, struct err *err)
{
	*only_new = false;
	for (size_t i = 0; i < HTTP_HEADERS_MAX && rq->header[i]; i++) {
		const char *header = rq->header[i];

		if (!is_clean(header))
			return refuse(err, rq->method, "a header field is malformed");
		for (size_t j = 0; j < COUNT(refused_fields); j++)
			if (is_field(header, refused_fields[j]))
				return refuse(err, rq->method, refused_fields[j]);
		if (!is_field(header, "If-None-Match"))
			continue;
		if (strcmp(header, "If-None-Match: *") != 0)
			return refuse(err, rq->method, "If-None-Match is not *");
		*only_new = true;
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

int http_guard_check(
        enum http_role role, const struct http_request *rq, const char *url, struct err *err)
{
	const struct rule *r = find_rule(rq->method);
	bool only_new, put;

	if (!r || !(r->roles & (role == HTTP_TARGET ? TARGET : SOURCE)))
		return refuse(err, rq->method, "the method is not allowed here");
	if (check_fields(rq, &only_new, err) != 0)
		return ERR_GUARD;
	if (strcmp(rq->method, "POST") == 0 && !is_attachment(rq, url))
		return refuse(err, rq->method, "it is not one more attachment");
	put = strcmp(rq->method, "PUT") == 0;
	if (put && !only_new)
		return refuse(err, rq->method, "it could overwrite, If-None-Match: * is missing");
	/* Radicale takes a PUT to a collection for its whole new content. */
	if (put && url[strcspn(url, "?") - 1] == '/')
		return refuse(err, rq->method, "the URL is that of a collection");
	return 0;
}
