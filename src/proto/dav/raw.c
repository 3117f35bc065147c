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
	w->open = false;
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

static int put_escaped(struct buf *out, const char *s, size_t n, bool attribute)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		char c = s[i];

		if (c == '&')
			rc = buf_adds(out, "&amp;");
		else if (c == '<')
			rc = buf_adds(out, "&lt;");
		else if (c == '>')
			rc = buf_adds(out, "&gt;");
		else if (c == '\r' || (attribute && (c == '"' || c == '\t' || c == '\n')))
			rc = buf_addf(out, "&#%d;", c);
		else
			rc = buf_addc(out, c);
	}
	return rc;
}

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

static int declare_prefix(struct dav_raw *w, const struct name *n)
{
	struct dav_ns *ns;
	int rc;

	if (is_declared(w, n))
		return 0;
	ns = ARR_PUSH(w->ns, w->n_ns, w->cap_ns);
	ns->prefix = xstrdup(n->prefix);
	ns->uri = xstrndup(n->uri, (size_t)n->uri_len);
	ns->depth = w->depth;
	rc = buf_addf(&w->xml, " xmlns%s%s=\"", *n->prefix ? ":" : "", n->prefix);
	if (rc == 0)
		rc = put_escaped(&w->xml, n->uri, (size_t)n->uri_len, true);
	return rc == 0 ? buf_addc(&w->xml, '"') : rc;
}

static int put_name(struct dav_raw *w, const struct name *n)
{
	return buf_addf(
	        &w->xml, "%s%s%.*s", n->prefix, *n->prefix ? ":" : "", n->local_len, n->local);
}

static int put_attribute(struct dav_raw *w, const char *name, const char *value)
{
	struct name n = split_name(name);
	int rc = n.uri_len ? declare_prefix(w, &n) : 0;

	if (rc == 0)
		rc = buf_addc(&w->xml, ' ');
	if (rc == 0)
		rc = put_name(w, &n);
	if (rc == 0)
		rc = buf_adds(&w->xml, "=\"");
	if (rc == 0)
		rc = put_escaped(&w->xml, value, strlen(value), true);
	return rc == 0 ? buf_addc(&w->xml, '"') : rc;
}

static int close_tag(struct dav_raw *w)
{
	bool open = w->open;

	w->open = false;
	return open ? buf_addc(&w->xml, '>') : 0;
}

int dav_raw_start(struct dav_raw *w, const char *name, const char **atts)
{
	struct name n = split_name(name);
	int rc = close_tag(w);

	w->depth++;
	if (rc == 0)
		rc = buf_addc(&w->xml, '<');
	if (rc == 0)
		rc = put_name(w, &n);
	if (rc == 0)
		rc = declare_prefix(w, &n);
	for (; rc == 0 && *atts; atts += 2)
		rc = put_attribute(w, atts[0], atts[1]);
	w->open = true;
	return rc;
}

int dav_raw_text(struct dav_raw *w, const char *s, size_t n)
{
	int rc = close_tag(w);

	return rc == 0 ? put_escaped(&w->xml, s, n, false) : rc;
}

int dav_raw_end(struct dav_raw *w, const char *name)
{
	struct name n = split_name(name);
	int rc = 0;

	if (w->open) {
		rc = buf_adds(&w->xml, "/>");
	} else {
		rc = buf_adds(&w->xml, "</");
		if (rc == 0)
			rc = put_name(w, &n);
		if (rc == 0)
			rc = buf_addc(&w->xml, '>');
	}
	w->open = false;
	drop_ns(w, w->depth);
	w->depth--;
	return rc;
}
