/*
 * The inner XML of a property, written again so that it stands alone (XML 1.0, Namespaces
 * in XML 1.0).
 */
#include "internal.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

void dav_raw_init(struct dav_raw *w, size_t cap)
{
	memset(w, 0, sizeof *w);
	buf_init(&w->xml, cap);
}

static void drop_ns(struct dav_raw *w, int depth)
{
	while (w->n_ns && w->ns[w->n_ns - 1].depth >= depth) {
		struct dav_ns *last = &w->ns[--w->n_ns];

		free(last->prefix);
		free(last->uri);
	}
}

void dav_raw_reset(struct dav_raw *w)
{
	drop_ns(w, 0);
	w->depth = 0;
	w->open = w->full = false;
	buf_reset(&w->xml);
}

void dav_raw_clear(struct dav_raw *w)
{
	drop_ns(w, 0);
	free(w->ns);
	buf_clear(&w->xml);
	memset(w, 0, sizeof *w);
}

/* "uri\nlocal\nprefix", "uri\nlocal" or "local". */
struct name {
	const char *uri, *local, *prefix;
	int uri_len, local_len;
};

static struct name split_name(const char *s)
{
	struct name n = {.uri = "", .local = s, .prefix = ""};
	const char *a = strchr(s, DAV_SEP), *b;

	n.local_len = (int)strlen(s);
	if (!a)
		return n;
	n.uri = s;
	n.uri_len = (int)(a - s);
	n.local = a + 1;
	b = strchr(n.local, DAV_SEP);
	n.local_len = (int)(b ? b - n.local : (ptrdiff_t)strlen(n.local));
	n.prefix = b ? b + 1 : "";
	return n;
}

bool dav_clark(const char *s, char out[DAV_NAME_MAX])
{
	struct name n = split_name(s);
	int len = snprintf(out, DAV_NAME_MAX, n.uri_len ? "{%.*s}%.*s" : "%.*s%.*s", n.uri_len,
	        n.uri, n.local_len, n.local);

	return len > 0 && len < DAV_NAME_MAX;
}

static void put_octets(struct dav_raw *w, const char *s, size_t n)
{
	w->full = w->full || buf_add(&w->xml, s, n) != 0;
}

static void put_text(struct dav_raw *w, const char *s)
{
	put_octets(w, s, strlen(s));
}

/* Text, or with ${attribute} the value of one. */
static void put_escaped(struct dav_raw *w, const char *s, size_t n, bool attribute)
{
	for (size_t i = 0; i < n && !w->full; i++) {
		char c = s[i];

		if (c == '&')
			put_text(w, "&amp;");
		else if (c == '<')
			put_text(w, "&lt;");
		else if (c == '>')
			put_text(w, "&gt;");
		else if (c == '\r' || (attribute && (c == '"' || c == '\t' || c == '\n')))
			w->full = buf_addf(&w->xml, "&#%d;", c) != 0;
		else
			put_octets(w, &c, 1);
	}
}

/* Does the prefix mean this namespace already? */
static bool is_declared(const struct dav_raw *w, const struct name *n)
{
	if (strcmp(n->prefix, "xml") == 0)
		return true;
	for (size_t i = w->n_ns; i > 0; i--) {
		const struct dav_ns *ns = &w->ns[i - 1];

		if (strcmp(ns->prefix, n->prefix) == 0)
			return strlen(ns->uri) == (size_t)n->uri_len &&
			       memcmp(ns->uri, n->uri, (size_t)n->uri_len) == 0;
	}
	return !n->uri_len; /* no default namespace */
}

/* Declare it in the open start tag, if it is not. */
static void declare_prefix(struct dav_raw *w, const struct name *n)
{
	struct dav_ns *ns;

	if (is_declared(w, n))
		return;
	ns = ARR_PUSH(w->ns, w->n_ns, w->cap_ns);
	ns->prefix = xstrdup(n->prefix);
	ns->uri = xstrndup(n->uri, (size_t)n->uri_len);
	ns->depth = w->depth;
	put_text(w, *n->prefix ? " xmlns:" : " xmlns");
	put_text(w, n->prefix);
	put_text(w, "=\"");
	put_escaped(w, ns->uri, (size_t)n->uri_len, true);
	put_text(w, "\"");
}

static void put_name(struct dav_raw *w, const struct name *n)
{
	put_text(w, n->prefix);
	put_text(w, *n->prefix ? ":" : "");
	put_octets(w, n->local, (size_t)n->local_len);
}

static void put_attribute(struct dav_raw *w, const char *name, const char *value)
{
	struct name n = split_name(name);

	if (n.uri_len)
		declare_prefix(w, &n);
	put_text(w, " ");
	put_name(w, &n);
	put_text(w, "=\"");
	put_escaped(w, value, strlen(value), true);
	put_text(w, "\"");
}

static void close_tag(struct dav_raw *w)
{
	if (w->open)
		put_text(w, ">");
	w->open = false;
}

void dav_raw_start(struct dav_raw *w, const char *name, const char **atts)
{
	struct name n = split_name(name);

	close_tag(w);
	w->depth++;
	put_text(w, "<");
	put_name(w, &n);
	declare_prefix(w, &n);
	for (; !w->full && *atts; atts += 2)
		put_attribute(w, atts[0], atts[1]);
	w->open = true;
}

void dav_raw_text(struct dav_raw *w, const char *s, size_t n)
{
	close_tag(w);
	put_escaped(w, s, n, false);
}

void dav_raw_end(struct dav_raw *w, const char *name)
{
	struct name n = split_name(name);

	if (w->open) {
		put_text(w, "/>");
	} else {
		put_text(w, "</");
		put_name(w, &n);
		put_text(w, ">");
	}
	w->open = false;
	drop_ns(w, w->depth);
	w->depth--;
}
