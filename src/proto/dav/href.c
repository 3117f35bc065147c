/*
 * What an href of a multistatus means (RFC 4918 8.3, 14.7). Servers list names as they
 * are stored, or escaped once too often or too little, and want them otherwise in a
 * request: so there are several ways to write one.
 */
#include "internal.h"
#include "valise/base/mem.h"
#include <string.h>
#include <strings.h>

/* Without scheme and authority. */
static const char *path_of(const char *href)
{
	const char *host = NULL, *path;

	if (strncasecmp(href, "http://", 7) == 0 || strncasecmp(href, "https://", 8) == 0)
		host = strchr(href, '/') + 2;
	else if (strncmp(href, "//", 2) == 0)
		host = href + 2;
	path = host ? strchr(host, '/') : href;
	return path ? path : "/";
}

bool dav_member_url(const char *base, const char *href, struct buf *out)
{
	struct buf path = buf_of(SIZE_MAX);
	bool ok;

	/* There is no fragment in it: a '#' belongs to the name. */
	for (const char *s = path_of(href); *s; s++)
		if (*s == '#')
			buf_puts(&path, "%23");
		else
			buf_putc(&path, *s);
	ok = url_join(base, buf_str(&path), out, NULL) == 0;
	buf_clear(&path);
	return ok;
}

bool dav_location_url(const char *base, const char *location, struct buf *out)
{
	buf_reset(out);
	if (url_join(base, location, out, NULL) == 0 && url_same_origin(base, buf_str(out)))
		return true;
	buf_reset(out);
	return false;
}

void dav_child_url(const char *collection, const char *segment, bool slash, struct buf *out)
{
	buf_reset(out);
	buf_puts(out, collection);
	if (!out->len || out->data[out->len - 1] != '/')
		buf_putc(out, '/');
	url_escape_segment(segment, strlen(segment), out);
	if (slash)
		buf_putc(out, '/');
}

void dav_put_path(const char *href, struct buf *out)
{
	const char *path = path_of(href);
	size_t from = out->len;

	if (!url_unescape(path, strlen(path), out)) {
		out->len = from;
		buf_puts(out, path);
	}
	while (out->len > from && out->data[out->len - 1] == '/')
		out->len--;
}

static void put_raw(const char *s, size_t n, const char *which, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		if (strchr(which, s[i]))
			url_escape_segment(s + i, 1, out);
		else
			buf_putc(out, s[i]);
}

/*
 * Decoded ${times} and everything, or what must be, escaped again; slashes that were
 * escaped stay so.
 */
static void put_decoded(const char *s, size_t n, int times, bool all, struct buf *out)
{
	struct buf b[2];

	for (int i = 0; i < 2; i++)
		buf_init(&b[i], SIZE_MAX);
	buf_put(&b[0], s, n);
	for (int i = 0; i < times; i++) {
		buf_reset(&b[(i + 1) % 2]);
		if (!url_unescape(buf_str(&b[i % 2]), b[i % 2].len, &b[(i + 1) % 2]))
			times = i;
	}
	if (all)
		url_escape_segment(buf_str(&b[times % 2]), b[times % 2].len, out);
	else
		put_raw(buf_str(&b[times % 2]), b[times % 2].len, "?#%/", out);
	for (int i = 0; i < 2; i++)
		buf_clear(&b[i]);
}

/* With "%40" and "@" exchanged. */
static void put_at(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		bool at = n - i >= 3 && strncmp(s + i, "%40", 3) == 0;

		if (s[i] == '@')
			buf_puts(out, "%40");
		else
			buf_putc(out, at ? '@' : s[i]);
		i += at ? 2 : 0;
	}
}

static void put_plus(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] == '+')
			buf_puts(out, "%20");
		else
			buf_putc(out, s[i]);
}

enum form { FORM_AT, FORM_QUESTION, FORM_ALL, FORM_LITTLE, FORM_PERCENT, FORM_TWICE, FORM_PLUS };
#define FORMS (FORM_PLUS + 1)

/* One segment in the ${form}. */
static void put_form(const char *s, size_t n, enum form form, struct buf *out)
{
	switch (form) {
	case FORM_AT: /* iCloud and others list %40 and want @, or the other way */
		put_at(s, n, out);
		break;
	case FORM_QUESTION:
		put_raw(s, n, "?#", out);
		break;
	case FORM_ALL:
		put_decoded(s, n, 1, true, out);
		break;
	case FORM_LITTLE:
		put_decoded(s, n, 1, false, out);
		break;
	case FORM_PERCENT: /* what looks like an escape is a part of the name */
		put_raw(s, n, "%?#", out);
		break;
	case FORM_TWICE:
		put_decoded(s, n, 2, true, out);
		break;
	case FORM_PLUS:
		put_plus(s, n, out);
		break;
	}
}

/* All of ${path} from ${from} on in that form, segment by segment. */
static void put_path(const char *path, size_t from, enum form form, struct buf *out)
{
	buf_put(out, path, from);
	for (const char *s = path + from; *s;) {
		size_t n = strcspn(s, "/");

		put_form(s, n, form, out);
		if (s[n])
			buf_putc(out, s[n++]);
		s += n;
	}
}

/* Without the slashes at its end. */
static size_t bare_len(const char *path)
{
	size_t n = strlen(path);

	while (n && path[n - 1] == '/')
		n--;
	return n;
}

/* Where the last segment begins. */
static size_t last_segment(const char *path)
{
	size_t n = bare_len(path);

	while (n && path[n - 1] != '/')
		n--;
	return n;
}

struct forms {
	const char *base;
	char **list;
	size_t n;
};

/* Add the URL of this path unless it is there already. */
static void add_form(struct forms *f, const char *path)
{
	struct buf url = buf_of(SIZE_MAX);

	if (f->n < DAV_FORMS_MAX && dav_member_url(f->base, path, &url)) {
		size_t i = 0;

		while (i < f->n && strcmp(f->list[i], buf_str(&url)) != 0)
			i++;
		if (i == f->n)
			f->list[f->n++] = buf_take(&url);
	}
	buf_clear(&url);
}

/* "//remote.php/dav" is a path, too, where a prefix is empty. */
static void add_single_slashes(struct forms *f, const char *href)
{
	const char *s = strstr(href, "://") ? path_of(href) : href;
	struct buf path = buf_of(SIZE_MAX);

	if (!strstr(s, "//"))
		return;
	for (; *s; s++)
		if (*s != '/' || s[1] != '/')
			buf_putc(&path, *s);
	add_form(f, buf_str(&path));
	buf_clear(&path);
}

size_t dav_member_forms(const char *base, const char *href, char *list[DAV_FORMS_MAX])
{
	const char *path = path_of(href);
	struct forms f = {base, list, 0};
	struct buf form = buf_of(SIZE_MAX);

	add_form(&f, href);
	for (int i = 0; i < FORMS; i++) {
		buf_reset(&form);
		put_path(path, last_segment(path), (enum form)i, &form);
		if (strcmp(buf_str(&form), path) == 0) {
			buf_reset(&form);
			put_path(path, 0, (enum form)i, &form);
		}
		if (strncmp(buf_str(&form), "//", 2) != 0)
			add_form(&f, buf_str(&form));
	}
	add_single_slashes(&f, href);
	buf_clear(&form);
	return f.n;
}

bool dav_moved_url(const char *from, const char *to, const char *href, struct buf *out)
{
	const char *top = path_of(from), *path = path_of(href);
	size_t n = bare_len(top);

	if (strncmp(path, top, n) != 0 || (path[n] && path[n] != '/'))
		return dav_member_url(to, href, out);
	buf_put(out, to, bare_len(to));
	for (const char *s = path + n; *s; s++)
		put_raw(s, 1, "#", out);
	return true;
}

char *dav_prefix_of(const char *asked, const char *listed)
{
	const char *whole = path_of(asked), *part = path_of(listed);
	size_t n = bare_len(whole), k = bare_len(part);

	if (k < 2 || n <= k || *part != '/' || strncmp(whole + n - k, part, k) != 0)
		return NULL;
	return xstrndup(whole, n - k);
}

bool dav_prefixed_url(const char *prefix, const char *url, struct buf *out)
{
	const char *path = path_of(url);
	size_t n = strlen(prefix);

	if (strncmp(path, prefix, n) == 0 && path[n] == '/')
		return false;
	buf_put(out, url, (size_t)(path - url));
	buf_puts(out, prefix);
	buf_puts(out, path);
	return true;
}
