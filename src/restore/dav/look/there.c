/* What the target has already: everything of the kind is read before the first PUT. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "restore/dav/put/put.h"
#include "restore/dav/run.h"

struct listing {
	struct drun *r;
	uint32_t tcoll;
	struct reslist *out;
	bool peek;
};

static bool is_gone(int status)
{
	return status == 404 || status == 410;
}

/* A look: what the target does not list may be there. */
static void note_unlisted(struct tcoll *t, int status, const char *why)
{
	t->gone = is_gone(status);
	free(t->unlisted);
	t->unlisted = t->gone ? NULL : xstrdup(why);
}

/* One resource of a listing; collections are none. */
static int on_listed(void *ctx, struct dav_response *p, struct err *err)
{
	struct listing *l = ctx;
	const struct tcoll *t = &l->r->tcolls[l->tcoll];
	struct res *x;

	if (!*p->url || dav_prop_has(p, "{DAV:}resourcetype", "{DAV:}collection"))
		return 0;
	if (dav_key(p->url) == dav_key(t->url)) {
		if (l->r->looks && p->status >= 400)
			note_unlisted(&l->r->tcolls[l->tcoll], p->status,
			        "the server says that its listing is not whole");
		return 0;
	}
	/* One that is listed with an error may be there all the same. */
	if (p->status >= 400 && (!l->r->looks || is_gone(p->status)))
		return 0;
	x = reslist_add(l->out, l->tcoll, p->url, dav_prop_text(p, "{DAV:}getetag"));
	free(x->href);
	x->href = xstrdup(p->href);
	x->fresh = l->peek ? !keys_find(&l->r->names, x->key, NULL)
	                   : keys_add(&l->r->names, x->key, 1);
	return stop_check(err);
}

int dav_list_resources(
        struct drun *r, uint32_t tcoll, bool peek, struct reslist *out, struct err *err)
{
	static const char *const props[] = {"{DAV:}getetag", "{DAV:}resourcetype"};
	struct listing l = {r, tcoll, out, peek};
	struct dav_answer a;
	int rc = dav_propfind(r->http, r->tcolls[tcoll].url, 1, props, 2, on_listed, &l, &a, err);

	if (rc < 0 && r->looks && !err_ends(err)) {
		note_unlisted(&r->tcolls[tcoll], a.status, err->text);
		err_clear(err);
		rc = 0;
	}
	dav_answer_clear(&a);
	return rc;
}

/*
 * What the segment becomes so that every client of the target sees it: servers tell what
 * a resource is by the end of its name. Takes it.
 */
static char *with_extension(char *segment, const char *ext)
{
	static const char *const others[] = {".eml", ".txt", ".ics", ".vcf", ".ical", ".vcard"};
	size_t n = strlen(segment), k = strlen(ext);
	char *out;

	if (n > k + 1 && segment[n - k - 1] == '.' && strcmp(segment + n - k, ext) == 0)
		return segment;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		k = strlen(others[i]);
		if (n > k && strcasecmp(segment + n - k, others[i]) == 0) {
			n -= k;
			break;
		}
	}
	out = xasprintf("%.*s.%s", (int)n, segment, ext);
	free(segment);
	return out;
}

/* What an item is called in a URL: its own last segment where that is plain. */
static char *segment_for(const struct drun *r, const struct entry *e)
{
	char *segment = entry_segment(r, e), hex[SHA256_HEX_SIZE];

	if (segment_is_plain(segment))
		return with_extension(segment, coll_kind_ext(r->kind));
	free(segment);
	if (e->uid)
		return entry_made_name(r, e->uid, strlen(e->uid));
	hex_format(entry_item(r, e)->sha256, SHA256_LEN, hex);
	return xasprintf("%s.%s", hex, coll_kind_ext(r->kind));
}

/* An entry for each item of the archive, and their names on the target. */
static void index_archive(struct drun *r)
{
	for (uint32_t i = 0; i < r->n_acolls; i++) {
		const struct tree_coll *c = r->acolls[i].coll;

		for (uint32_t k = 0; c && k < c->n_items; k++) {
			struct entry *e = ARR_PUSH(r->entries, r->n_entries, r->cap_entries);

			e->acoll = i;
			e->item = k;
			e->uid = entry_ext(r, e) ? entry_ext(r, e)->uid : NULL;
			e->uid_key = e->uid ? key_of(e->uid) : 0;
			e->segment = segment_for(r, e);
			atomic_fetch_add(&r->progress->bytes_total, c->items[k].size);
		}
	}
	atomic_fetch_add(&r->progress->items_total, r->n_entries);
	index_uids(r);
}

/* What the journal knows of an unchanged resource needs no reading. */
static void recall_known(struct drun *r, struct res *x)
{
	const struct put_record *p = put_journal_find(r->journal, x->key);
	size_t from, n = 0;

	if (!p || !x->etag || strcmp(p->etag, x->etag) != 0)
		return;
	/* Read before it is replaced: an ETag may stand for two contents. */
	if (r->opts->update && p->grade == CONTENT_ALTERED && p->has_version &&
	        memcmp(p->version, p->archived, SHA256_LEN) != 0)
		return;
	/* What differs is told with its values, and so it is read. */
	if (r->looks && (r->opts->read_all || p->grade == CONTENT_ALTERED))
		return;
	from = entries_of(r, p->uid, &n);
	for (size_t i = 0; i < (p->uid ? n : r->n_entries); i++) {
		uint32_t e = p->uid ? r->by_uid[from + i] : (uint32_t)i;

		if (!entry_at_home(r, &r->entries[e], x->tcoll) || (!p->uid && r->entries[e].uid) ||
		        (r->entries[e].part != 0) != p->part ||
		        memcmp(entry_item(r, &r->entries[e])->sha256, p->archived, SHA256_LEN) !=
		                0 ||
		        (p->part && !p->uid && !entry_is_called(r, &r->entries[e], x->url)))
			continue;
		x->known = x->seen = x->fits = true;
		x->entry = e;
		x->uid = xstrdup(p->uid);
		x->grade = (enum content_grade)p->grade;
		x->differences = xstrdup(p->differences);
		memcpy(x->digest, p->held, SHA256_LEN);
		return;
	}
}

/* What each collection lists, as far as the journal knows it. */
static int list_all(struct drun *r, struct reslist *all, struct err *err)
{
	int rc = 0;

	for (uint32_t i = 0; i < r->n_tcolls && rc == 0; i++) {
		if (r->tcolls[i].aside)
			continue;
		progress_what(r->progress, r->tcolls[i].name);
		rc = dav_list_resources(r, i, false, all, err);
		if (rc < 0 && !err_ends(err))
			err_wrap(
			        err, "%s: what the target has cannot be listed", r->tcolls[i].name);
	}
	if (rc == 0)
		rc = apart_by_journal(r, all, err);
	for (size_t i = 0; i < all->n && rc == 0; i++)
		recall_known(r, &all->list[i]);
	return rc;
}

/* Resources that are to be read come first, those known last. */
static int known_cmp(const void *pa, const void *pb)
{
	const struct res *a = pa, *b = pb;
	int c = ORDER_OF(a->known, b->known);

	c = c ? c : ORDER_OF(a->tcoll, b->tcoll);
	return c ? c : strcmp(a->url, b->url);
}

int dav_read_there(struct drun *r, struct reslist *all, struct err *err)
{
	size_t n = 0;
	int rc;

	index_archive(r);
	rc = list_all(r, all, err);
	SORT(all->list, all->n, known_cmp);
	while (n < all->n && !all->list[n].known)
		n++;
	if (rc == 0)
		rc = dav_look(r, all->list, n, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		if (!all->list[i].seen && all->list[i].status != 404)
			say_coll(r, SAY_WARNING, r->tcolls[all->list[i].tcoll].name,
			        "%s on the target cannot be read, so it is not known what it is: "
			        "%s",
			        all->list[i].url,
			        all->list[i].why ? all->list[i].why : "it did not come");
	return rc == 0 ? apart_there(r, all, err) : rc;
}

int dav_there(struct drun *r, struct err *err)
{
	struct reslist all = {0};
	int rc = dav_read_there(r, &all, err);

	if (rc == 0)
		rc = dav_pair(r, &all, err);
	reslist_clear(&all);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}
