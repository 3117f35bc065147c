/*
 * Whose collection is it: DAV:owner (RFC 3744 5.1) against the principal that signed in,
 * as identities. One person's principal is written in several ways: with the host inside
 * a proxy, at a "/users/" level or below "__uids__", with or without the domain of the
 * e-mail address, with "/user/" behind it, or as bare text.
 */
#include "internal.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/proto/dav/discover.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define P_OWNER "{DAV:}owner"
#define P_TYPE "{DAV:}resourcetype"

/*
 * A principal's path, decoded and in lower case, without scheme, host and slashes at its
 * end.
 */
static char *path_of(const char *href)
{
	const char *from = strstr(href, "://"), *path = href;
	size_t n;
	struct buf b = buf_of(SIZE_MAX);

	if (from || strncmp(href, "//", 2) == 0) {
		from = from ? from + 3 : href + 2;
		path = strchr(from, '/') ? strchr(from, '/') : "";
	} else if (strncasecmp(href, "mailto:", 7) == 0) {
		path = href + 7;
	}
	n = strcspn(path, "?#");
	if (!url_unescape(path, n, &b)) {
		buf_reset(&b);
		buf_put(&b, path, n);
	}
	while (b.len && (b.data[b.len - 1] == '/' || isspace((unsigned char)b.data[b.len - 1])))
		b.len--;
	for (size_t i = 0; i < b.len; i++)
		b.data[i] = (uint8_t)tolower(b.data[i]);
	buf_putc(&b, '\0');
	return buf_take(&b);
}

/* The segment of ${path} that names somebody, cut out of it. */
static char *name_in(char *path)
{
	/* what stands behind the name in some principals' paths */
	static const char *const levels[] = {"user", "users", "principal", "principals"};
	char *slash = strrchr(path, '/');

	while (slash && text_among(slash + 1, levels, COUNT(levels))) {
		while (slash > path && slash[-1] == '/')
			slash--;
		*slash = '\0';
		slash = strrchr(path, '/');
	}
	return slash ? slash + 1 : path;
}

/*
 * Digits and dashes, or a UUID: a number that some servers give to people whose names
 * they also use.
 */
static bool is_number(const char *s)
{
	size_t hex = strspn(s, "0123456789abcdef-"), digits = strcspn(s, "0123456789");

	return *s && !s[hex] && s[digits] && (hex >= 16 || !s[strspn(s, "0123456789-")]);
}

/* "alice" and "alice@example.org" are one, of two addresses all counts. */
static bool is_same(const char *a, const char *b)
{
	size_t la = strcspn(a, "@"), lb = strcspn(b, "@");

	if (!*a || !*b)
		return false;
	if (a[la] && b[lb])
		return strcmp(a, b) == 0;
	return la == lb && memcmp(a, b, la) == 0;
}

/* Principals of two forms do not tell whether they are two people. */
static bool is_comparable(const char *a, const char *b)
{
	return *a && *b && is_number(a) == is_number(b) && !strchr(a, '@') == !strchr(b, '@');
}

enum dav_owner dav_owner_of(const char *owner, const char *me, const char *user)
{
	char *his = path_of(owner), *mine = path_of(me ? me : ""),
	     *login = path_of(user ? user : "");
	bool placed = strchr(his, '/') != NULL;
	enum dav_owner out = DAV_OWNER_UNSAID;
	const char *name, *own;

	if (*his && strcmp(his, mine) == 0) {
		out = DAV_OWNER_ME;
	} else if (!strstr(his, "/groups/") && !strstr(his, "/resources/")) {
		name = name_in(his);
		own = name_in(mine);
		if (is_same(name, own) || is_same(name, login))
			out = DAV_OWNER_ME;
		else if (placed && is_comparable(name, own))
			out = DAV_OWNER_OTHER;
	} else if (*mine) {
		out = DAV_OWNER_OTHER;
	}
	free(his);
	free(mine);
	free(login);
	return out;
}

struct owners {
	const struct dav_home *home;
	const char *user;
	bool me, other, any;
};

/* What one href of DAV:owner says. */
static void take_owner(void *ctx, const char *clark, const char **atts, const char *text)
{
	struct owners *o = ctx;

	if (atts || strcmp(clark, "{DAV:}href") != 0)
		return;
	text += strspn(text, " \t\r\n");
	if (!*text)
		return;
	o->any = true;
	switch (dav_owner_of(text, o->home->principal, o->user)) {
	case DAV_OWNER_ME:
		o->me = true;
		break;
	case DAV_OWNER_OTHER:
		o->other = true;
		break;
	case DAV_OWNER_UNSAID:
		break;
	}
}

/* ${url} is one of the home sets or lies below one. */
static bool is_below(const struct dav_home *home, const char *url)
{
	char *path = path_of(url);
	bool below = false;

	for (size_t i = 0; i < home->n && !below; i++) {
		char *top = path_of(home->urls[i]);
		size_t n = strlen(top);

		below = strncmp(path, top, n) == 0 && (!path[n] || path[n] == '/');
		free(top);
	}
	free(path);
	return below;
}

bool dav_is_foreign(const struct dav_response *r, const struct dav_home *home, const char *user)
{
	const struct dav_prop *p = dav_prop_find(r, P_OWNER);
	struct owners o = {.home = home, .user = user};

	if (dav_prop_has(r, P_TYPE, "{" NS_CS "}shared"))
		return true;
	if (!p || !home->principal)
		return false;
	(void)dav_scan(p->xml, take_owner, &o);
	if (o.me || !o.any)
		return false;
	return o.other || dav_is_readonly(r) || !is_below(home, r->url);
}
