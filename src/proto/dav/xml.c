/* XML of requests: UTF-8 checked, escaped, every name with its namespace. */
#include "internal.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include <ctype.h>
#include <string.h>

static const struct {
	const char *prefix, *uri;
} known[] = {
        {"D", NS_DAV},
        {"C", NS_CALDAV},
        {"CR", NS_CARDDAV},
        {"CS", NS_CS},
        {"A", NS_APPLE},
};

/* XML 1.0 2.2: what no document may hold, escaped or not. */
static bool is_forbidden(uint32_t point)
{
	return (point < 0x20 && point != '\t' && point != '\n' && point != '\r') ||
	       point == 0xfffe || point == 0xffff;
}

int dav_put_text(struct buf *out, const char *s, size_t n, struct err *err)
{
	int rc = 0;

	while (n && rc == 0) {
		uint32_t point;
		size_t len = utf8_next(s, n, &point);

		if (!len || is_forbidden(point))
			return err_set(
			        err, ERR_PROTO, ERR_ITEM, "text that XML cannot hold: %.60s", s);
		if (*s == '&' || *s == '<' || *s == '>' || *s == '"' || *s == '\r')
			rc = buf_addf(out, "&#%d;", *s);
		else
			rc = buf_add(out, s, len);
		s += len;
		n -= len;
	}
	return rc == 0 ? 0 : err_set(err, ERR_LIMIT, ERR_ITEM, "text is too long for a request");
}

int dav_text_xml(const char *text, struct buf *out, struct err *err)
{
	return dav_put_text(out, text, strlen(text), err);
}

/* NCName, close enough: what could end the tag is not in it. */
static bool is_local_name(const char *s)
{
	if (!isalpha((unsigned char)*s) && *s != '_' && (unsigned char)*s < 0x80)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-_.", *s) && (unsigned char)*s < 0x80)
			return false;
	return true;
}

struct clark {
	const char *uri, *local, *prefix;
	size_t uri_len;
};

/* Parts of "{uri}local" or "local"; false when it is no name that XML can have. */
static bool split_clark(const char *s, struct clark *out)
{
	const char *end = *s == '{' ? strchr(s, '}') : NULL;

	memset(out, 0, sizeof *out);
	out->local = end ? end + 1 : s;
	out->prefix = "";
	if (end) {
		out->uri = s + 1;
		out->uri_len = (size_t)(end - out->uri);
		out->prefix = "X";
	}
	for (size_t i = 0; end && i < COUNT(known); i++)
		if (strlen(known[i].uri) == out->uri_len &&
		        memcmp(known[i].uri, out->uri, out->uri_len) == 0)
			out->prefix = known[i].prefix;
	return (!end || out->uri_len) && strlen(s) < DAV_NAME_MAX && is_local_name(out->local) &&
	       utf8_valid(s, strlen(s));
}

/* "<P:local xmlns:P=...", without its end. */
static int put_open(struct buf *out, const char *clark, struct clark *c, struct err *err)
{
	int rc = 0;

	if (!split_clark(clark, c))
		return err_set(err, ERR_PROTO, ERR_ITEM, "not a property name: %.200s", clark);
	buf_putf(out, "<%s%s%s", c->prefix, *c->prefix ? ":" : "", c->local);
	if (*c->prefix == 'X') {
		buf_puts(out, " xmlns:X=\"");
		rc = dav_put_text(out, c->uri, c->uri_len, err);
		buf_putc(out, '"');
	}
	return rc;
}

int dav_put_empty(struct buf *out, const char *clark, struct err *err)
{
	struct clark c;
	int rc = put_open(out, clark, &c, err);

	buf_puts(out, "/>");
	return rc;
}

void dav_put_root(struct buf *out, const char *name)
{
	buf_putf(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<%s", name);
	for (size_t i = 0; i < COUNT(known); i++)
		buf_putf(out, " xmlns:%s=\"%s\"", known[i].prefix, known[i].uri);
	buf_putc(out, '>');
}

int dav_put_end(struct buf *out, const char *name, struct err *err)
{
	buf_putf(out, "</%s>", name);
	return out->len <= DAV_BODY_MAX
	               ? 0
	               : err_set(err, ERR_LIMIT, ERR_ITEM, "a request is longer than %zu MiB",
	                         DAV_BODY_MAX >> 20);
}

/*
 * The value must be whole by itself: it comes from an archive and goes into our request.
 */
int dav_put_set(struct buf *out, const struct dav_set *set, struct err *err)
{
	struct clark c;
	int rc;

	if (!dav_scan(set->xml, NULL, NULL))
		return err_set(
		        err, ERR_PROTO, ERR_ITEM, "the value of %.200s is not XML", set->name);
	rc = put_open(out, set->name, &c, err);
	buf_putf(out, ">%s</%s%s%s>", set->xml, c.prefix, *c.prefix ? ":" : "", c.local);
	return rc;
}
