/*
 * Whose calendars or address books these are. HTTP carries no authorization identity: an
 * administrator reads another person's by the URL, under one login for all. What tells
 * them apart is where the collections lie, and the catalogs of the archive have that
 * (href).
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "run.h"

/* Home sets move between hosts (iCloud's shards), and servers escape as they like. */
bool dav_lies_in(const char *href, const char *home)
{
	struct buf b = buf_of(SIZE_MAX);
	struct buf a = buf_of(SIZE_MAX);
	bool yes;

	dav_put_path(href, &a);
	dav_put_path(home, &b);
	yes = a.len >= b.len && memcmp(a.data, b.data, b.len) == 0 &&
	      (a.len == b.len || a.data[b.len] == '/');
	buf_clear(&a);
	buf_clear(&b);
	return yes;
}

/*
 * One collection is read, where its neighbours were too, or the other way round: the same
 * person's.
 */
static bool is_near(const char *href, const char *home, bool single)
{
	char *parent = xstrdup(home), *end;
	bool yes;

	for (end = parent + strlen(parent); end > parent && end[-1] == '/';)
		*--end = '\0';
	end = single ? strrchr(parent, '/') : NULL;
	if (end)
		end[1] = '\0';
	yes = dav_lies_in(href, parent);
	free(parent);
	return yes;
}

/* Does the collection at ${href} lie in one of the home sets, or beside one? */
static bool is_of(const char *href, const struct dav_home *home)
{
	struct buf outside = buf_of(SIZE_MAX); /* of a proxy that takes a part of the path away */
	bool yes = false;

	if (!home->prefix || !dav_prefixed_url(home->prefix, href, &outside))
		buf_puts(&outside, href);
	for (size_t i = 0; i < home->n && !yes; i++)
		yes = is_near(href, home->urls[i], home->single) ||
		      is_near(buf_str(&outside), home->urls[i], home->single);
	buf_clear(&outside);
	return yes;
}

/* Of a path relative to who knows what nothing can be said. */
static bool is_absolute(const char *href)
{
	return href && (*href == '/' || strstr(href, "://"));
}

/*
 * A place elsewhere in *elsewhere_out (the caller frees), or NULL where one of the last
 * collections is here, or none says where it was.
 */
static int look_back(
        const struct dav_run *r, struct tree_reader *last, char **elsewhere_out, struct err *err)
{
	const struct tree_manifest *m = last->ops->manifest(last);
	char *elsewhere = NULL;
	bool here = false;

	for (size_t i = 0; i < m->n_heads && !here; i++) {
		struct tree_coll *c = NULL;

		if (m->heads[i].kind != r->base.kind)
			continue;
		if (last->ops->coll(last, &m->heads[i], &c, err) < 0) {
			if (err->code != ERR_DAMAGED && err->code != ERR_NOTFOUND) {
				free(elsewhere);
				return err->code;
			}
			err_clear(err); /* says nothing; whoever needs it says so */
			continue;
		}
		if (is_absolute(c->href) && is_of(c->href, &r->home))
			here = true;
		else if (is_absolute(c->href) && !elsewhere)
			elsewhere = xstrdup(c->href);
		tree_coll_free(c);
	}
	if (here) {
		free(elsewhere);
		elsewhere = NULL;
	}
	*elsewhere_out = elsewhere;
	return 0;
}

int dav_check_owner(const struct dav_run *r, struct err *err)
{
	const struct dav_home *home = &r->home;
	struct tree_reader *last = NULL;
	char *elsewhere = NULL;
	int rc;

	if (r->base.opts->dry || r->base.opts->same_account || !home->n)
		return 0;
	rc = run_last(&r->base, &last, err);
	if (rc == 0 && last) {
		rc = look_back(r, last, &elsewhere, err);
		tree_reader_free(last);
	}
	if (rc == 0 && elsewhere)
		rc = err_set(err, ERR_ACCOUNT, ERR_WHOLE,
		        "this holds the %s at %s, and those at %s are another person's: give each "
		        "account a place of its own; if the server has moved them, say "
		        "--same-account",
		        r->base.kind == COLL_CONTACTS ? "address books" : "calendars", elsewhere,
		        home->urls[0]);
	free(elsewhere);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}
