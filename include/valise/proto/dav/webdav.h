#ifndef VALISE_PROTO_DAV_WEBDAV_H
#define VALISE_PROTO_DAV_WEBDAV_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"

struct http; /* http/http.h: the client, see client.h */

/*
 * WebDAV (RFC 4918), CalDAV (RFC 4791), CardDAV (RFC 6352), sync-collection (RFC 6578)
 * and extended MKCOL (RFC 5689): requests and their multistatus answers, no policy.
 * XML is read by expat as it streams in; a DOCTYPE is refused; caps on depth (32), on
 * names and on the size of a property (64 MiB for data; one above 1 MiB comes as
 * DAV_TOO_LARGE, without its value).
 * Single characters that cannot stand in XML are mended, but for multigets. XML that is
 * not well-formed all the same makes the request fail with ERR_PROTO, though responses
 * before it were delivered: ask for less at a time.
 * A multistatus that came with the status 200 counts as 207; text before the XML is
 * passed over.
 * A connection lost after a response was delivered is ERR_NET, before it the request is
 * tried again.
 */

/*
 * One property of a response, in Clark notation ("{DAV:}getetag"). ${xml}: the raw inner
 * XML, each namespace prefix declared where it is first used, so that it stands alone;
 * ${text}: character data, entities resolved, blanks at both ends removed.
 */
struct dav_prop {
	char *name, *xml, *text;
	int status; /* of its propstat; 200 when that has none; DAV_TOO_LARGE */
};
#define DAV_TOO_LARGE (-1)
/* One <response>. */
struct dav_response {
	char *href; /* as sent, "" when missing */
	/* absolute: dav_member_url of the effective request URL; "" when it is no URL */
	char *url;
	int status; /* of the response itself, 0 when it only has propstats */
	struct dav_prop *props;
	size_t n_props;
	/* Clark names of the children of <error>, blank-separated, or NULL */
	char *error;
	/*
	 * calendar-data or address-data as octets, line ends as parsed (XML gives LF);
	 * NULL when not there
	 */
	uint8_t *data;
	size_t data_len;
};
/**
 * dav_member_url(base, href, out): append the URL that an ${href} in an answer from
 * ${base} means. It is on that very server, whatever scheme and host the href names:
 * servers behind a proxy name themselves there, and nobody shall send us elsewhere so.
 * False if it is none.
 */
bool dav_member_url(const char *base, const char *href, struct buf *out);
/*
 * The URL that the Location of an answer from ${base}, or an href in its error, means.
 * False, and nothing in ${out}, when it is none or on another server.
 */
bool dav_location_url(const char *base, const char *location, struct buf *out);
/* *out: the URL of a member of ${collection}; ${slash}: one that is a collection itself. */
void dav_child_url(const char *collection, const char *segment, bool slash, struct buf *out);
/*
 * Append the path of an href or URL, its escapes decoded, without slashes at its end: for
 * comparing only.
 */
void dav_put_path(const char *href, struct buf *out);
/*
 * The URLs that an ${href} may mean, the one of dav_member_url first: servers list names
 * with '?', '#', '%', '+', '@' or "//" in them in a form in which nobody has them. n
 * distinct ones, the caller frees each.
 */
#define DAV_FORMS_MAX 9
size_t dav_member_forms(const char *base, const char *href, char *list[DAV_FORMS_MAX]);
/*
 * As dav_member_url for a member of the collection that is listed as ${from} and was
 * found at the URL ${to}.
 */
bool dav_moved_url(const char *from, const char *to, const char *href, struct buf *out);
/* status 200 only; NULL */
const struct dav_prop *dav_prop_find(const struct dav_response *r, const char *clark);
const char *dav_prop_text(const struct dav_response *r, const char *clark);
/*
 * True if the property's XML has the element (resourcetype has
 * "{urn:ietf:params:xml:ns:caldav}calendar").
 */
bool dav_prop_has(const struct dav_response *r, const char *clark, const char *element);
/*
 * The values of ${attribute} (no namespace) of the elements ${element} in a property (the
 * component names of supported-calendar-component-set): n of them, caller frees each and
 * the array.
 */
size_t dav_prop_attributes(const struct dav_response *r, const char *clark, const char *element,
        const char *attribute, char ***out);
/*
 * The hrefs in a property (home sets): absolute URLs, n of them, caller frees each and
 * the array.
 */
size_t dav_prop_hrefs(
        const struct dav_response *r, const char *clark, const char *base_url, char ***out);
/*
 * What a proxy takes away from the path: ${asked} ends with the path that is listed for
 * it, ${listed}, and has this before it; NULL if not. The caller frees it.
 */
char *dav_prefix_of(const char *asked, const char *listed);
/* ${url} with the prefix before its path; false when that is there already. */
bool dav_prefixed_url(const char *prefix, const char *url, struct buf *out);

/*
 * Called for each response as it is complete; it is freed afterwards. A negative result
 * ends the request.
 */
typedef int (*dav_response_fn)(void *ctx, struct dav_response *r, struct err *err);

struct dav_answer {
	int status; /* HTTP */
	/*
	 * of a write that was answered with a multistatus: the worst status of 300 and
	 * above in it, 0 when there is none
	 */
	int inner;
	char *url; /* effective */
	int64_t took_ms; /* until it came, or was given up */
	char *sync_token; /* of a sync-collection */
	/* the collection itself came with status 507: ask again from sync_token */
	bool truncated;
	char *dav; /* DAV header */
	char *etag;
	char *location;
	/*
	 * Clark names in an <error> body (of a write: also in its multistatus), or NULL
	 */
	char *error;
	char *error_href; /* named in it (no-uid-conflict), as sent; or NULL */
	/*
	 * the server's own words: of elements in the error body (message,
	 * responsedescription, error-description), of JSON, or the first line of text; or
	 * NULL. One line, escaped; after dav_send_run() as they came.
	 */
	char *error_text;
};
void dav_answer_clear(struct dav_answer *a);
/*
 * What the body of a refusal says that is no XML: the message of a JSON object, else its
 * first line; NULL when it is of no use to a person. The caller frees it.
 */
char *dav_plain_reason(const char *body);

/*
 * PROPFIND with these properties (Clark notation). Depth 0 or 1. ERR_REFUSED for a status
 * that is not 207 (its number in the text; a->status). ${a} may be NULL.
 */
int dav_propfind(struct http *h, const char *url, int depth, const char *const *props, size_t n,
        dav_response_fn fn, void *ctx, struct dav_answer *a, struct err *err) MUST_CHECK;
/* sync-collection, level 1; ${token} "" for the first. */
int dav_sync(struct http *h, const char *url, const char *token, dav_response_fn fn, void *ctx,
        struct dav_answer *a, struct err *err) MUST_CHECK;

/* One multiget of several in flight. */
struct dav_multiget {
	const char *url; /* the collection */
	const char *const *hrefs; /* as the server sent them */
	size_t n_hrefs;
	bool contacts; /* addressbook-multiget */
	/* of vCard to ask for, NULL: none said (sabre then gives 3.0) */
	const char *version;
	struct dav_answer answer; /* out; clear it */
	struct err err; /* out; ERR_REFUSED when the answer is not 207 */
};
/* Carry out several at a time; ${fn} gets the responses of all (from this thread). */
int dav_multiget_run(struct http *h, struct dav_multiget *list, size_t n, unsigned parallel,
        dav_response_fn fn, void *ctx, struct err *err) MUST_CHECK;

/*
 * Append text as inner XML, escaped. ERR_PROTO when it is not UTF-8 or has controls that
 * XML cannot hold.
 */
int dav_text_xml(const char *text, struct buf *out, struct err *err) MUST_CHECK;

/*
 * A property to be set: raw inner XML as in dav_prop; ERR_PROTO when it is not
 * well-formed by itself.
 */
struct dav_set {
	const char *name; /* Clark */
	const char *xml;
};
/*
 * MKCALENDAR, extended MKCOL (with resourcetype; ${resourcetype}: Clark names
 * blank-separated), plain MKCOL (no props). The answer's status and errors say what came
 * of it; negative only when nothing came.
 */
int dav_mkcalendar(struct http *h, const char *url, const struct dav_set *set, size_t n,
        struct dav_answer *a, struct err *err) MUST_CHECK;
int dav_mkcol(struct http *h, const char *url, const char *resourcetype, const struct dav_set *set,
        size_t n, struct dav_answer *a, struct err *err) MUST_CHECK;
/* PROPPATCH of one property; *done_out: its propstat was 2xx. */
int dav_proppatch(struct http *h, const char *url, const struct dav_set *set, bool *done_out,
        struct dav_answer *a, struct err *err) MUST_CHECK;

/* Parse a multistatus (for answers that come elsewhere: a PUT answered with 207). */
int dav_parse(const char *base_url, const void *p, size_t n, dav_response_fn fn, void *ctx,
        struct dav_answer *a, struct err *err) MUST_CHECK;

#define NS_DAV "DAV:"
#define NS_CALDAV "urn:ietf:params:xml:ns:caldav"
#define NS_CARDDAV "urn:ietf:params:xml:ns:carddav"
#define NS_CS "http://calendarserver.org/ns/"
#define NS_APPLE "http://apple.com/ns/ical/"

/*
 * dav_put_conditions(error, out): append the local names of ${error}, Clark names parted
 * by blanks (RFC 4918 16), as "a, b".
 */
void dav_put_conditions(const char *error, struct buf *out);

#endif
