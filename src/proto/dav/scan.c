/* Raw inner XML, as dav_prop and dav_set hold it, looked into. */
#include "internal.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

struct scan {
	XML_Parser xml;
	dav_scan_fn fn;
	void *ctx;
	int depth;
	bool bad;
	struct buf text; /* of the innermost element, so far */
};

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **atts)
{
	struct scan *s = ctx;
	char clark[DAV_NAME_MAX];

	if (s->bad)
		return;
	buf_reset(&s->text);
	if (++s->depth > DAV_DEPTH_MAX || !dav_clark(name, clark)) {
		s->bad = true;
		(void)XML_StopParser(s->xml, XML_FALSE);
		return;
	}
	if (s->fn && s->depth > 1)
		s->fn(s->ctx, clark, atts, NULL);
}

static void XMLCALL on_text(void *ctx, const XML_Char *p, int n)
{
	struct scan *s = ctx;

	if (!s->bad && n > 0 && buf_add(&s->text, p, (size_t)n) != 0)
		s->bad = true;
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
	struct scan *s = ctx;
	char clark[DAV_NAME_MAX];

	if (s->bad)
		return;
	if (s->fn && s->depth > 1 && dav_clark(name, clark))
		s->fn(s->ctx, clark, NULL, buf_str(&s->text));
	buf_reset(&s->text);
	s->depth--;
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *system,
        const XML_Char *public, int internal)
{
	struct scan *s = ctx;

	(void)name, (void)system, (void)public, (void)internal;
	s->bad = true;
	(void)XML_StopParser(s->xml, XML_FALSE);
}

static bool feed_scan(struct scan *s, const char *text, bool last)
{
	size_t n = strlen(text);

	return !s->bad && n <= DAV_PROP_MAX &&
	       XML_Parse(s->xml, text, (int)n, last) == XML_STATUS_OK && !s->bad;
}

bool dav_scan(const char *xml, dav_scan_fn fn, void *ctx)
{
	struct scan s = {.fn = fn, .ctx = ctx, .xml = XML_ParserCreateNS("UTF-8", DAV_SEP)};
	bool ok;

	/* out of memory: the one way to end */
	if (!s.xml)
		(void)xmalloc(SIZE_MAX / 2);
	buf_init(&s.text, DAV_PROP_MAX);
	XML_SetUserData(s.xml, &s);
	XML_SetElementHandler(s.xml, on_start, on_end);
	XML_SetCharacterDataHandler(s.xml, on_text);
	XML_SetStartDoctypeDeclHandler(s.xml, on_doctype);
	/* depth 0 in between: the text closed our element and opened another */
	ok = feed_scan(&s, "<x>", false) && feed_scan(&s, xml, false) && s.depth == 1 &&
	     feed_scan(&s, "</x>", true);
	XML_ParserFree(s.xml);
	buf_clear(&s.text);
	return ok;
}

const struct dav_prop *dav_prop_find(const struct dav_response *r, const char *clark)
{
	for (size_t i = 0; i < r->n_props; i++)
		if (r->props[i].status == 200 && strcmp(r->props[i].name, clark) == 0)
			return &r->props[i];
	return NULL;
}

const char *dav_prop_text(const struct dav_response *r, const char *clark)
{
	const struct dav_prop *p = dav_prop_find(r, clark);

	return p ? p->text : NULL;
}

struct search {
	const char *element, *attribute, *base;
	bool found;
	char **list;
	size_t n, cap;
};

/* A dav_scan_fn: the element, and the values of its attribute. */
static void look_for(void *ctx, const char *clark, const char **atts, const char *text)
{
	struct search *s = ctx;

	(void)text;
	if (!atts || strcmp(clark, s->element) != 0)
		return;
	s->found = true;
	for (; s->attribute && *atts; atts += 2)
		if (strcmp(atts[0], s->attribute) == 0)
			*ARR_PUSH(s->list, s->n, s->cap) = xstrdup(atts[1]);
}

bool dav_prop_has(const struct dav_response *r, const char *clark, const char *element)
{
	const struct dav_prop *p = dav_prop_find(r, clark);
	struct search s = {.element = element};

	return p && dav_scan(p->xml, look_for, &s) && s.found;
}

size_t dav_prop_attributes(const struct dav_response *r, const char *clark, const char *element,
        const char *attribute, char ***out)
{
	const struct dav_prop *p = dav_prop_find(r, clark);
	struct search s = {.element = element, .attribute = attribute};

	if (p)
		(void)dav_scan(p->xml, look_for, &s);
	*out = s.list;
	return s.n;
}

/* A dav_scan_fn: the URL of each href. */
static void take_href(void *ctx, const char *clark, const char **atts, const char *text)
{
	struct search *s = ctx;
	struct buf url = buf_of(DAV_PROP_MAX);

	if (atts || strcmp(clark, "{DAV:}href") != 0 || !text[strspn(text, " \t\r\n")])
		return;
	if (url_join(s->base, text, &url, NULL) == 0)
		*ARR_PUSH(s->list, s->n, s->cap) = buf_take(&url);
	buf_clear(&url);
}

size_t dav_prop_hrefs(
        const struct dav_response *r, const char *clark, const char *base_url, char ***out)
{
	const struct dav_prop *p = dav_prop_find(r, clark);
	struct search s = {.base = base_url};

	if (p)
		(void)dav_scan(p->xml, take_href, &s);
	*out = s.list;
	return s.n;
}
