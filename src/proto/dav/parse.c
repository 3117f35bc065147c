/*
 * Multistatus answers (RFC 4918 13, 14), sync-collection (RFC 6578), mkcol-response (RFC
 * 5689 3) and error bodies (RFC 4918 16), parsed while they come in.
 *
 * 	multistatus = response* responsedescription? sync-token?
 * 	response    = href ((href*, status) | propstat+) error? responsedescription?
 *              location?
 * 	propstat    = prop status error? responsedescription?
 *
 * Parts may come in any order, be missing or be foreign: what is not known is passed
 * over.
 */
#include "expat_compat.h"
#include "internal.h"
#include "valise/proto/dav/discover.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 65536
#define HREFS_MAX 10000 /* of one response */
/* a tag or comment: expat would look at it again and again */
#define TOKEN_MAX ((int64_t)4 << 20)

enum kind {
	EL_DOCUMENT,
	EL_OTHER,
	EL_MULTISTATUS,
	EL_RESPONSE,
	EL_PROPSTAT,
	EL_PROP,
	EL_VALUE, /* a property */
	EL_ERROR,
	EL_CONDITION, /* a child of error */
	/* with text */
	EL_HREF,
	EL_STATUS,
	EL_SYNC_TOKEN,
	EL_MESSAGE,
	EL_CONDITION_HREF,
};

struct dav_parser {
	XML_Parser xml;
	char *base_url;
	dav_response_fn fn;
	void *ctx;
	bool sync, begun, closed, root_known, mends;
	struct buf head; /* until it is known where the XML begins */
	struct dav_repair repair; /* when it mends and has begun */
	int64_t fed;
	struct err err;
	enum kind stack[DAV_DEPTH_MAX + 1];
	int depth;
	int value_depth; /* of the property that is being read; 0: none */
	char value_name[DAV_NAME_MAX];
	bool is_data;
	struct dav_raw raw;
	struct buf text, data;
	/* the response that is being read */
	struct dav_response r;
	size_t props_cap, props_size;
	char **hrefs;
	size_t n_hrefs, hrefs_cap;
	size_t first_prop; /* of the propstat */
	int propstat_status;
	bool data_pending;
	struct buf error; /* of the response, or of the answer */
	size_t delivered;
	/* outside of responses */
	struct dav_answer answer;
};

static const struct {
	enum kind parent;
	const char *name;
	enum kind kind;
} elements[] = {
        {EL_DOCUMENT, "{DAV:}multistatus", EL_MULTISTATUS},
        {EL_DOCUMENT, "{DAV:}error", EL_ERROR},
        {EL_DOCUMENT, "{DAV:}mkcol-response", EL_RESPONSE},
        {EL_DOCUMENT, "{" NS_CALDAV "}mkcalendar-response", EL_RESPONSE},
        {EL_DOCUMENT, "{DAV:}response", EL_RESPONSE}, /* servers that forget the root */
        {EL_MULTISTATUS, "{DAV:}response", EL_RESPONSE},
        {EL_MULTISTATUS, "{DAV:}sync-token", EL_SYNC_TOKEN},
        {EL_RESPONSE, "{DAV:}href", EL_HREF},
        {EL_RESPONSE, "{DAV:}status", EL_STATUS},
        {EL_RESPONSE, "{DAV:}propstat", EL_PROPSTAT},
        {EL_RESPONSE, "{DAV:}error", EL_ERROR},
        {EL_PROPSTAT, "{DAV:}prop", EL_PROP},
        {EL_PROPSTAT, "{DAV:}status", EL_STATUS},
        {EL_PROPSTAT, "{DAV:}error", EL_ERROR},
        {EL_RESPONSE, "{DAV:}responsedescription", EL_MESSAGE},
        {EL_ERROR, "{http://sabredav.org/ns}exception", EL_OTHER},
        {EL_CONDITION, "{DAV:}href", EL_CONDITION_HREF},
};

static void fail_parse(struct dav_parser *p, int rc)
{
	if (!p->err.code)
		err_set(&p->err, (enum err_code)rc, ERR_ITEM,
		        rc == ERR_LIMIT ? "a part of the answer is too large"
		                        : "the answer is not wanted");
	(void)XML_StopParser(p->xml, XML_FALSE);
}

/*
 * sabre's message, Cyrus' responsedescription, Apple's and SOGo's error-description: text
 * for people, in any namespace.
 */
static bool is_message(const char *name)
{
	static const char *const locals[] = {
	        "message", "responsedescription", "error-description", "description"};
	const char *brace = strrchr(name, '}');

	return text_among(brace ? brace + 1 : name, locals, COUNT(locals));
}

/* What an element of this name is below ${parent}. */
static enum kind classify_name(enum kind parent, const char *name)
{
	for (size_t i = 0; i < COUNT(elements); i++)
		if (elements[i].parent == parent && strcmp(elements[i].name, name) == 0)
			return elements[i].kind;
	if (parent == EL_PROP)
		return EL_VALUE;
	if (parent == EL_ERROR && is_message(name))
		return EL_MESSAGE;
	return parent == EL_ERROR ? EL_CONDITION : EL_OTHER;
}

static void free_response(struct dav_response *r)
{
	for (size_t i = 0; i < r->n_props; i++) {
		free(r->props[i].name);
		free(r->props[i].xml);
		free(r->props[i].text);
	}
	free(r->props);
	free(r->href);
	free(r->url);
	free(r->error);
	free(r->data);
	memset(r, 0, sizeof *r);
}

static void forget_response(struct dav_parser *p)
{
	for (size_t i = 0; i < p->n_hrefs; i++)
		free(p->hrefs[i]);
	p->n_hrefs = 0;
	free_response(&p->r);
	p->props_cap = p->props_size = 0;
	p->data_pending = false;
	buf_reset(&p->error);
}

/* ---- starts ---- */

static void start_value(struct dav_parser *p, const char *clark)
{
	p->value_depth = p->depth;
	memcpy(p->value_name, clark, strlen(clark) + 1);
	p->is_data = strcmp(clark, "{" NS_CALDAV "}calendar-data") == 0 ||
	             strcmp(clark, "{" NS_CARDDAV "}address-data") == 0;
	dav_raw_reset(&p->raw);
	buf_reset(&p->text);
	if (p->is_data)
		buf_reset(&p->data);
}

static void start_condition(struct dav_parser *p, const char *clark)
{
	if (buf_addf(&p->error, "%s%s", p->error.len ? " " : "", clark) != 0)
		fail_parse(p, ERR_LIMIT);
}

/* An element that is not inside of a property begins. */
static void start_known(struct dav_parser *p, enum kind kind, const char *clark)
{
	switch (kind) {
	case EL_RESPONSE:
		forget_response(p);
		break;
	case EL_PROPSTAT:
		p->first_prop = p->r.n_props;
		p->propstat_status = 0;
		p->data_pending = false;
		break;
	case EL_VALUE:
		start_value(p, clark);
		break;
	case EL_CONDITION:
		start_condition(p, clark);
		break;
	case EL_HREF:
	case EL_STATUS:
	case EL_SYNC_TOKEN:
	case EL_MESSAGE:
	case EL_CONDITION_HREF:
		buf_reset(&p->text);
		break;
	default:
		break;
	}
	if (p->depth == 1)
		p->root_known = kind != EL_OTHER;
}

/* A start tag; within a property it is written again. */
static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **atts)
{
	struct dav_parser *p = ctx;
	char clark[DAV_NAME_MAX];
	enum kind kind = EL_OTHER;

	if (p->err.code)
		return;
	if (p->depth == DAV_DEPTH_MAX || !dav_clark(name, clark)) {
		err_set(&p->err, ERR_LIMIT, ERR_ITEM,
		        p->depth == DAV_DEPTH_MAX ? "the XML is nested too deeply"
		                                  : "a name in the XML is too long");
		fail_parse(p, ERR_LIMIT);
		return;
	}
	if (!p->value_depth)
		kind = classify_name(p->stack[p->depth], clark);
	p->stack[++p->depth] = kind;
	if (!p->value_depth)
		start_known(p, kind, clark);
	else if (!p->is_data && !p->raw.full)
		dav_raw_start(&p->raw, name, atts);
}

/* ---- text ---- */

/* One property that is too large costs itself, too large data the answer. */
static int add_value_text(struct dav_parser *p, const char *s, size_t n)
{
	if (p->is_data)
		return buf_add(&p->data, s, n);
	if (!p->raw.full)
		dav_raw_text(&p->raw, s, n);
	p->raw.full = p->raw.full || buf_add(&p->text, s, n) != 0;
	return 0;
}

/* Text, where it is of use. */
static void XMLCALL on_text(void *ctx, const XML_Char *s, int len)
{
	struct dav_parser *p = ctx;
	int rc = 0;

	if (p->err.code || len <= 0)
		return;
	if (p->value_depth)
		rc = add_value_text(p, s, (size_t)len);
	else if (p->stack[p->depth] >= EL_HREF)
		rc = p->text.len + (size_t)len > TEXT_MAX ? ERR_LIMIT
		                                          : buf_add(&p->text, s, (size_t)len);
	if (rc != 0)
		fail_parse(p, ERR_LIMIT);
}

static bool is_mended(const struct dav_parser *p)
{
	return p->mends && p->begun && p->repair.changed;
}

static char *trimmed_text(const struct buf *b)
{
	const char *s = buf_str(b);
	size_t n = b->len;

	text_trim(&s, &n);
	return xstrndup(s, n);
}

/* ---- ends ---- */

/* "HTTP/1.1 200 OK"; 0 when it is none. */
static int parse_status(const char *s)
{
	s += strspn(s, " \t\r\n");
	if (strncmp(s, "HTTP/", 5) == 0) {
		s += strcspn(s, " \t\r\n");
		s += strspn(s, " \t\r\n");
	}
	if (strspn(s, "0123456789") != 3)
		return 0;
	return (s[0] - '0') * 100 + (s[1] - '0') * 10 + (s[2] - '0');
}

static void mend_text(char **text)
{
	char *mended = dav_repaired_text(*text);

	free(*text);
	*text = mended;
}

/* A property is whole; one that is too large is noted without its value. */
static void end_value(struct dav_parser *p)
{
	const bool full = p->raw.full;
	struct dav_prop *prop;

	p->value_depth = 0;
	if (p->is_data) {
		p->data_pending = true;
		return;
	}
	if (full) {
		dav_raw_reset(&p->raw);
		buf_reset(&p->text);
	}
	p->props_size += p->raw.xml.len + p->text.len + strlen(p->value_name);
	if (p->r.n_props == DAV_PROPS_MAX || p->props_size > DAV_RESPONSE_MAX) {
		fail_parse(p, ERR_LIMIT);
		return;
	}
	prop = ARR_PUSH(p->r.props, p->r.n_props, p->props_cap);
	prop->name = xstrdup(p->value_name);
	prop->xml = xstrdup(buf_str(&p->raw.xml));
	prop->text = trimmed_text(&p->text);
	if (is_mended(p)) {
		mend_text(&prop->xml);
		mend_text(&prop->text);
	}
	prop->status = full ? DAV_TOO_LARGE : 0;
}

/* A propstat without a status gives its properties all the same. */
static void end_propstat(struct dav_parser *p)
{
	int status = p->propstat_status ? p->propstat_status : 200;

	for (size_t i = p->first_prop; i < p->r.n_props; i++)
		if (p->r.props[i].status != DAV_TOO_LARGE || status >= 300)
			p->r.props[i].status = status;
	if (p->data_pending && status >= 200 && status < 300) {
		free(p->r.data);
		p->r.data_len = p->data.len;
		p->r.data = (uint8_t *)buf_take(&p->data);
	}
	p->data_pending = false;
}

/* An href, with the octets that were no characters put back. */
static void end_href(struct dav_parser *p)
{
	char *href = NULL, *mended;

	if (p->n_hrefs == HREFS_MAX) {
		fail_parse(p, ERR_LIMIT);
		return;
	}
	href = trimmed_text(&p->text);
	if (is_mended(p)) {
		mended = dav_repaired_href(href);
		free(href);
		href = mended;
	}
	*ARR_PUSH(p->hrefs, p->n_hrefs, p->hrefs_cap) = href;
}

static void end_status(struct dav_parser *p)
{
	int status = parse_status(buf_str(&p->text));

	if (p->stack[p->depth] == EL_PROPSTAT)
		p->propstat_status = status;
	else
		p->r.status = status;
}

static char *absolute_url(const char *base, const char *href)
{
	struct buf url = buf_of(TEXT_MAX);
	char *s;

	s = dav_member_url(base, href, &url) ? buf_take(&url) : xstrdup("");
	buf_clear(&url);
	return s;
}

/* Give the response to fn as that of ${href}. */
static void deliver_response(struct dav_parser *p, const char *href)
{
	int rc = 0;

	free(p->r.href);
	free(p->r.url);
	p->r.href = xstrdup(href);
	p->r.url = absolute_url(p->base_url, href);
	if (p->sync && p->r.status == 507 && dav_key(p->r.url) == dav_key(p->base_url)) {
		p->answer.truncated = true;
		return;
	}
	p->delivered++;
	if (p->fn)
		rc = p->fn(p->ctx, &p->r, &p->err);
	if (rc != 0)
		fail_parse(p, rc);
}

/* Several hrefs share one status (RFC 4918 14.24): a response for each. */
static void end_response(struct dav_parser *p)
{
	if (p->error.len && !p->r.error)
		p->r.error = xstrdup(buf_str(&p->error));
	if (!p->n_hrefs)
		deliver_response(p, "");
	for (size_t i = 0; i < p->n_hrefs && !p->err.code; i++)
		deliver_response(p, p->hrefs[i]);
	forget_response(p);
}

static void keep_text(char **where, const struct buf *text)
{
	free(*where);
	*where = trimmed_text(text);
}

/* An element that is not inside of a property ends. */
static void end_known(struct dav_parser *p, enum kind kind)
{
	switch (kind) {
	case EL_RESPONSE:
		end_response(p);
		break;
	case EL_PROPSTAT:
		end_propstat(p);
		break;
	case EL_VALUE:
		end_value(p);
		break;
	case EL_HREF:
		end_href(p);
		break;
	case EL_STATUS:
		end_status(p);
		break;
	case EL_SYNC_TOKEN:
		keep_text(&p->answer.sync_token, &p->text);
		break;
	case EL_MESSAGE:
		if (!p->answer.error_text || !*p->answer.error_text)
			keep_text(&p->answer.error_text, &p->text);
		break;
	case EL_CONDITION_HREF:
		keep_text(&p->answer.error_href, &p->text);
		break;
	case EL_ERROR:
		if (p->depth == 0 && p->error.len)
			keep_text(&p->answer.error, &p->error);
		break;
	default:
		break;
	}
}

/* An end tag. */
static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
	struct dav_parser *p = ctx;
	enum kind kind;

	if (p->err.code)
		return;
	kind = p->stack[p->depth--];
	if (p->value_depth && p->depth + 1 > p->value_depth) {
		if (!p->is_data && !p->raw.full)
			dav_raw_end(&p->raw, name);
		return;
	}
	end_known(p, kind);
	p->closed = p->depth == 0;
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *system,
        const XML_Char *public, int internal)
{
	struct dav_parser *p = ctx;

	(void)name, (void)system, (void)public, (void)internal;
	if (!p->err.code)
		err_set(&p->err, ERR_PROTO, ERR_ITEM, "the answer has a document type: refused");
	fail_parse(p, ERR_PROTO);
}

/* Of a name that expat does not know. */
static int XMLCALL on_encoding(void *ctx, const XML_Char *name, XML_Encoding *info)
{
	(void)ctx;
	info->data = NULL;
	info->convert = NULL;
	info->release = NULL;
	return dav_single_byte_map(name, info->map) == 0 ? XML_STATUS_OK : XML_STATUS_ERROR;
}

/* ---- the parser ---- */

struct dav_parser *dav_parser_new(const char *base_url, dav_response_fn fn, void *ctx, unsigned how)
{
	struct dav_parser *p = xcalloc(1, sizeof *p);

	p->xml = XML_ParserCreateNS(NULL, DAV_SEP);
	/* out of memory: the one way to end */
	if (!p->xml)
		(void)xmalloc(SIZE_MAX / 2);
	p->base_url = xstrdup(base_url);
	p->fn = fn;
	p->ctx = ctx;
	p->mends = how & DAV_MENDS;
	p->sync = how & DAV_SYNC;
	dav_raw_init(&p->raw, DAV_PROP_MAX);
	buf_init(&p->text, DAV_PROP_MAX);
	buf_init(&p->data, DAV_DATA_MAX);
	buf_init(&p->error, TEXT_MAX);
	XML_SetReturnNSTriplet(p->xml, 1);
	XML_SetUserData(p->xml, p);
	XML_SetElementHandler(p->xml, on_start, on_end);
	XML_SetCharacterDataHandler(p->xml, on_text);
	XML_SetStartDoctypeDeclHandler(p->xml, on_doctype);
	XML_SetUnknownEncodingHandler(p->xml, on_encoding, NULL);
	buf_init(&p->head, DAV_HEAD_MAX);
	return p;
}

void dav_parser_free(struct dav_parser *p)
{
	if (!p)
		return;
	XML_ParserFree(p->xml);
	forget_response(p);
	free(p->hrefs);
	free(p->base_url);
	dav_raw_clear(&p->raw);
	buf_clear(&p->text);
	buf_clear(&p->data);
	buf_clear(&p->error);
	buf_clear(&p->head);
	if (p->mends && p->begun)
		dav_repair_clear(&p->repair);
	dav_answer_clear(&p->answer);
	free(p);
}

bool dav_parser_is_answer(const struct dav_parser *p)
{
	return p->root_known;
}

size_t dav_parser_delivered(const struct dav_parser *p)
{
	return p->delivered;
}

void dav_parser_take(struct dav_parser *p, struct dav_answer *a)
{
	free(a->sync_token);
	free(a->error);
	free(a->error_href);
	free(a->error_text);
	a->sync_token = p->answer.sync_token;
	a->error = p->answer.error;
	a->error_href = p->answer.error_href;
	a->error_text = p->answer.error_text;
	a->truncated = p->answer.truncated;
	memset(&p->answer, 0, sizeof p->answer);
}

/* Octets through the parser; what follows the end of the document is passed over. */
static int parse_octets(struct dav_parser *p, const char *s, size_t n, bool last, struct err *err)
{
	enum XML_Status status = XML_Parse(p->xml, s, (int)n, last);
	enum XML_Error why;

	p->fed += (int64_t)n;
	if (!p->err.code && status != XML_STATUS_OK) {
		why = XML_GetErrorCode(p->xml);
		if (p->closed) /* what a server adds after the end of the document */
			return 0;
		err_set(&p->err, ERR_PROTO, ERR_ITEM,
		        "the XML of the answer is broken in line %lu: %s",
		        (unsigned long)xml_line(p->xml), XML_ErrorString(why));
	}
	if (!p->err.code && !last && !p->closed && p->fed - xml_offset(p->xml) > TOKEN_MAX)
		err_set(&p->err, ERR_LIMIT, ERR_ITEM, "a tag in the XML of the answer is too long");
	return err_copy(err, &p->err);
}

/* Octets of the XML itself. */
static int feed_pieces(struct dav_parser *p, const char *s, size_t n, bool last, struct err *err)
{
	while (n && !p->closed) {
		size_t part = MIN(n, 65536);
		const char *xml = s;
		size_t len = part;

		if (p->mends) {
			dav_repair_feed(&p->repair, s, part, false);
			xml = buf_str(&p->repair.out);
			len = p->repair.out.len;
		}
		if (len && parse_octets(p, xml, len, false, err) != 0)
			return p->err.code;
		s += part;
		n -= part;
	}
	if (!last || p->closed)
		return 0;
	if (p->mends)
		dav_repair_feed(&p->repair, "", 0, true);
	return parse_octets(p, p->mends ? buf_str(&p->repair.out) : "",
	        p->mends ? p->repair.out.len : 0, true, err);
}

/* The octets before it are known to be none of the XML: go on behind them. */
static int begin_xml(struct dav_parser *p, const struct dav_head *h, struct err *err)
{
	struct buf head = p->head;
	int rc;

	buf_init(&p->head, DAV_HEAD_MAX);
	p->begun = true;
	p->mends = p->mends && !h->wide;
	if (p->mends)
		dav_repair_init(&p->repair, h->utf8);
	if (h->override)
		(void)XML_SetEncoding(p->xml, h->override);
	rc = feed_pieces(p, buf_str(&head) + h->skip, head.len - h->skip, false, err);
	buf_clear(&head);
	return rc;
}

/* Warnings of scripts and blank lines may stand before it. */
static int feed_head(struct dav_parser *p, const char **s, size_t *n, struct err *err)
{
	size_t part = buf_fill(&p->head, *s, *n);
	struct dav_head h;

	*s += part;
	*n -= part;
	if (!dav_head_look(buf_str(&p->head), p->head.len, p->head.len == DAV_HEAD_MAX, &h))
		return 0;
	return begin_xml(p, &h, err);
}

int dav_parser_feed(struct dav_parser *p, const void *data, size_t n, struct err *err)
{
	const char *s = data;

	if (p->err.code)
		return err_copy(err, &p->err);
	while (n && !p->begun)
		if (feed_head(p, &s, &n, err) != 0)
			return p->err.code;
	return feed_pieces(p, s, n, false, err);
}

int dav_parser_end(struct dav_parser *p, struct err *err)
{
	int rc = p->err.code;

	if (rc == 0 && !p->begun) {
		struct dav_head h;

		(void)dav_head_look(buf_str(&p->head), p->head.len, true, &h);
		rc = begin_xml(p, &h, err);
	}
	if (rc == 0 && !p->closed)
		rc = feed_pieces(p, "", 0, true, err);
	if (rc != 0)
		return err_copy(err, &p->err);
	if (!p->root_known)
		return err_set(err, ERR_PROTO, ERR_ITEM, "the answer is no multistatus");
	return 0;
}

int dav_parse(const char *base_url, const void *s, size_t n, dav_response_fn fn, void *ctx,
        struct dav_answer *a, struct err *err)
{
	struct dav_parser *p = dav_parser_new(base_url, fn, ctx, 0);
	int rc = dav_parser_feed(p, s, n, err);

	if (rc == 0)
		rc = dav_parser_end(p, err);
	if (a)
		dav_parser_take(p, a);
	dav_parser_free(p);
	return rc;
}
