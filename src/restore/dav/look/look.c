/*
 * Resources of the target read and graded against the archive: multiget, then GET for
 * what is missing or seems altered.
 */
#include <stdlib.h>
#include <string.h>
#include "restore/dav/put/put.h"
#include "restore/dav/run.h"

#define ACCEPT_CALENDAR "Accept: text/calendar, */*;q=0.1"
#define ACCEPT_V4 "Accept: text/vcard; version=4.0, text/vcard;q=0.9, */*;q=0.1"
#define ACCEPT_V3 "Accept: text/vcard; version=3.0, text/vcard;q=0.9, */*;q=0.1"
#define COMPARED_MAX 8 /* items of one UID that a resource is held against */
#define DIFFERENCES_MAX 600
#define TOLD_MAX 4096 /* a line for people */

struct look {
	struct drun *r;
	struct res *list;
	struct keys at; /* key of the URL -> index */
};

static void res_clear(struct res *x)
{
	free(x->href);
	free(x->url);
	free(x->etag);
	free(x->uid);
	free(x->why);
	free(x->differences);
	free(x->told);
	memset(x, 0, sizeof *x);
}

void reslist_clear(struct reslist *l)
{
	for (size_t i = 0; i < l->n; i++)
		res_clear(&l->list[i]);
	free(l->list);
	memset(l, 0, sizeof *l);
}

/* The path of a URL, which is what servers expect in a multiget. */
static const char *path_of(const char *url)
{
	const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;

	return path ? path : url;
}

struct res *reslist_add(struct reslist *l, uint32_t tcoll, const char *url, const char *etag)
{
	struct res *x = ARR_PUSH(l->list, l->n, l->cap);

	x->tcoll = tcoll;
	x->url = xstrdup(url);
	x->href = xstrdup(path_of(url));
	x->etag = xstrdup(etag);
	x->key = dav_key(url);
	x->entry = NONE;
	return x;
}

/* What the target holds. */
struct text {
	const void *data;
	size_t len;
	uint8_t sha[SHA256_LEN]; /* with CRLF for each line end, as the archive has it */
};

/* What one item is, held against it. */
struct verdict {
	enum content_grade grade;
	struct buf differences;
	bool open; /* linked files are missing */
	/* a look: what differs, in so many properties; or why the archive does not give it */
	char *told;
	size_t n_told;
	bool unreadable;
};

struct graded {
	uint32_t entry;
	enum content_grade grade;
	char *differences, *told;
	bool any, open, unreadable;
};

/* A look: what differs from this form of the item, if that is less than from another. */
static void tell_altered(
        struct drun *r, struct verdict *v, const struct buf *body, const void *text, size_t len)
{
	struct buf line;
	size_t n;

	if (!r->looks || v->grade != CONTENT_ALTERED)
		return;
	buf_init(&line, TOLD_MAX);
	if (content_explain(body->data, body->len, text, len, &line, &n, NULL) == 0 && n &&
	        (!v->told || n < v->n_told)) {
		free(v->told);
		v->told = buf_take(&line);
		v->n_told = n;
	}
	buf_clear(&line);
}

/* As managed attachments: what it is without them. False: it has no such files. */
static bool grade_managed(
        struct drun *r, const struct entry *e, const struct text *text, struct verdict *v)
{
	struct attached a = {0};
	struct buf body, view;
	bool any = false;

	if (!r->managed)
		return false;
	buf_init(&view, ITEM_MAX);
	if (entry_original(r, e, &body, NULL) == 0 && dav_attach(r, e, true, &body, &a, NULL) == 0)
		any = a.n_wanted > 0;
	if (any) {
		bool less = managed_view(&a, text->data, text->len, &view);
		const void *seen = less ? view.data : text->data;
		size_t len = less ? view.len : text->len;

		if (content_compare(
		            body.data, body.len, seen, len, &v->grade, &v->differences, NULL) < 0)
			v->grade = CONTENT_ALTERED;
		tell_altered(r, v, &body, seen, len);
		v->open = managed_open(&a, text->data, text->len);
	}
	attached_clear(&a);
	buf_clear(&body);
	buf_clear(&view);
	return any;
}

/* The item as it is sent. */
static void grade_sent(
        struct drun *r, const struct entry *e, const struct text *text, struct verdict *v)
{
	struct err err = {0};
	struct buf body;
	int rc = entry_body(r, e, &body, &err);

	v->unreadable = rc < 0;
	if (rc == 0)
		rc = content_compare(body.data, body.len, text->data, text->len, &v->grade,
		        &v->differences, &err);
	if (rc < 0) {
		v->grade = CONTENT_ALTERED;
		buf_reset(&v->differences);
		buf_putf(&v->differences, "cannot be compared: %.300s", err.text);
		v->told = v->told ? v->told : xstrdup(err.text);
	} else {
		tell_altered(r, v, &body, text->data, text->len);
	}
	buf_clear(&body);
}

/*
 * --attach-links, and it is there as an earlier restore without it left it, or one that
 * put the files in.
 */
static void grade_links(
        struct drun *r, const struct entry *e, const struct text *text, struct verdict *v)
{
	for (int in = 0; in < 2 && v->grade == CONTENT_ALTERED; in++) {
		enum content_grade other = CONTENT_ALTERED;
		struct buf body;
		struct buf unsaid = buf_of(DIFFERENCES_MAX);
		bool done = entry_original(r, e, &body, NULL) == 0 &&
		            (!in || dav_attach(r, e, false, &body, NULL, NULL) == 0) &&
		            content_compare(body.data, body.len, text->data, text->len, &other,
		                    &unsaid, NULL) == 0;

		if (done && other < CONTENT_ALTERED) {
			v->grade = other;
			buf_reset(&v->differences);
			buf_put(&v->differences, unsaid.data, unsaid.len);
		} else if (done) {
			tell_altered(r, v, &body, text->data, text->len);
		}
		buf_clear(&body);
		buf_clear(&unsaid);
		if (!r->managed)
			break;
	}
}

/* Of two items that it is as little the one that it is called as. */
static bool is_better(const struct drun *r, uint32_t entry, const char *url, enum content_grade g,
        const struct graded *best)
{
	if (!best->any || g != best->grade)
		return !best->any || g < best->grade;
	return g == CONTENT_ALTERED && url && entry_is_called(r, &r->entries[entry], url) &&
	       !entry_is_called(r, &r->entries[best->entry], url);
}

/* A look at all octets: are those of the archive what its catalog says? */
static void read_archived(struct drun *r, const struct entry *e, struct verdict *v)
{
	struct err err = {0};
	struct buf body;

	v->unreadable = entry_original(r, e, &body, &err) < 0;
	if (v->unreadable)
		v->told = xstrdup(err.text);
	buf_clear(&body);
}

/* Hold the text against one item; the better outcome stays. */
static void grade_text(struct drun *r, uint32_t entry, const char *url, const struct text *text,
        struct graded *best)
{
	const struct entry *e = &r->entries[entry];
	struct verdict v = {.grade = CONTENT_ALTERED, .differences = buf_of(DIFFERENCES_MAX)};

	if (memcmp(entry_item(r, e)->sha256, text->sha, SHA256_LEN) == 0)
		v.grade = CONTENT_IDENTICAL;
	else if (!grade_managed(r, e, text, &v))
		grade_sent(r, e, text, &v);
	if (v.grade == CONTENT_ALTERED && r->opts->attach_links && !v.unreadable)
		grade_links(r, e, text, &v);
	if (v.grade == CONTENT_IDENTICAL && r->looks && r->opts->read_all)
		read_archived(r, e, &v);
	if (is_better(r, entry, url, v.grade, best)) {
		free(best->differences);
		free(best->told);
		*best = (struct graded){.entry = entry,
		        .grade = v.grade,
		        .differences = v.differences.len ? buf_take(&v.differences) : NULL,
		        .told = v.grade == CONTENT_ALTERED || v.unreadable ? v.told : NULL,
		        .any = true,
		        .open = v.open,
		        .unreadable = v.unreadable};
		v.told = best->told ? NULL : v.told;
	}
	buf_clear(&v.differences);
	free(v.told);
}

/* One that the server gave another UID when an earlier restore stored it. */
static void by_journal(
        struct drun *r, const struct res *x, const struct text *text, struct graded *best)
{
	const struct put_record *p = put_journal_find(r->journal, x->key);
	size_t n, from;

	if (!p || !p->held_uid || !x->uid || strcmp(p->held_uid, x->uid) != 0)
		return;
	from = entries_of(r, p->uid, &n);
	for (size_t i = 0; i < n && i < COMPARED_MAX; i++)
		if (entry_at_home(r, &r->entries[r->by_uid[from + i]], x->tcoll))
			grade_text(r, r->by_uid[from + i], x->url, text, best);
}

/* An item without a UID is known by its name, where the server gave it one. */
static void by_name(
        struct drun *r, const struct res *x, const struct text *text, struct graded *best)
{
	if (r->n_by_uid == r->n_entries)
		return;
	/* By the name in the archive, too: earlier versions kept each. */
	for (uint32_t i = 0; i < r->n_entries; i++) {
		const struct entry *e = &r->entries[i];

		if (!e->uid && entry_at_home(r, e, x->tcoll) &&
		        (entry_is_called(r, e, x->url) ||
		                memcmp(entry_item(r, e)->sha256, text->sha, SHA256_LEN) == 0))
			grade_text(r, i, x->url, text, best);
	}
}

/*
 * The item of the archive that it is: one of the same UID, those whose place is here
 * first.
 */
static void find_entry(
        struct drun *r, const struct res *x, const struct text *text, struct graded *best)
{
	size_t n, from = entries_of(r, x->uid, &n), compared = 0;

	for (int here = 1; here >= 0 && !best->any; here--)
		for (size_t i = 0; i < n && compared < COMPARED_MAX; i++) {
			uint32_t at = r->by_uid[from + i];
			const struct entry *e = &r->entries[at];

			if (strcmp(e->uid, x->uid) != 0 || entry_at_home(r, e, x->tcoll) != here)
				continue;
			grade_text(r, at, x->url, text, best);
			compared++;
		}
	if (!best->any)
		by_journal(r, x, text, best);
	if (!best->any)
		by_name(r, x, text, best);
}

/* Hold it against the one item that it may be. */
static void prove_entry(
        struct drun *r, const struct res *x, const struct text *text, struct graded *best)
{
	const struct entry *e = &r->entries[x->entry];

	if (e->uid && !x->ours && !x->likely && !(x->uid && strcmp(e->uid, x->uid) == 0))
		return;
	grade_text(r, x->entry, x->url, text, best);
	if (x->likely && !x->ours && best->grade == CONTENT_ALTERED &&
	        !(x->uid && e->uid && strcmp(e->uid, x->uid) == 0))
		best->any = alike_holds(best->differences);
}

static int add_to_hash(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	sha256_add(ctx, p, n);
	return 0;
}

/* Is it what the journal noted, with the ETag that it has? */
static bool is_untouched(
        const struct drun *r, const struct res *x, const uint8_t digest[SHA256_LEN])
{
	const struct put_record *p = put_journal_find(r->journal, x->key);

	return p && x->etag && strcmp(p->etag, x->etag) == 0 &&
	       (x->untouched || memcmp(p->held, digest, SHA256_LEN) == 0);
}

/* The content of a resource came: what it is, held against the items that it may be. */
static void take_text(struct drun *r, struct res *x, const void *data, size_t len)
{
	struct graded best = {.any = false};
	struct content_summary s = {0};
	struct text text = {data, len, {0}};
	bool first = !x->seen;
	uint8_t digest[SHA256_LEN];
	struct sha256 sha;

	sha256_start(&sha);
	if (content_crlf(data, len, add_to_hash, &sha, NULL) < 0)
		return;
	sha256_end(&sha, text.sha);
	if (first && content_summarize(data, len, &s, NULL) == 0) {
		x->uid = xstrdup(s.uid);
		x->alike = alike_key(&s);
		content_summary_clear(&s);
	}
	x->seen = true;
	digest_text(data, len, digest);
	x->untouched = is_untouched(r, x, digest);
	if (x->entry == NONE)
		find_entry(r, x, &text, &best);
	else
		prove_entry(r, x, &text, &best);
	if (first || (best.any && best.grade < x->grade)) {
		memcpy(x->digest, digest, SHA256_LEN);
		x->fits = best.any;
		x->grade = best.any ? best.grade : CONTENT_ALTERED;
		x->open = best.any && best.open;
		if (best.any)
			x->entry = best.entry;
		free(x->differences);
		free(x->told);
		x->differences = best.differences;
		x->told = best.told;
		x->unreadable = best.unreadable;
		best.differences = best.told = NULL;
	}
	free(best.differences);
	free(best.told);
}

/* One response of a multiget; what was not asked for is passed over. */
static int on_data(void *ctx, struct dav_response *p, struct err *err)
{
	struct look *l = ctx;
	const char *etag;
	uint32_t at;

	if (!p->url || !keys_find(&l->at, dav_key(p->url), &at) || l->list[at].seen)
		return stop_check(err);
	if (!p->data || !p->data_len)
		return 0;
	etag = dav_prop_text(p, "{DAV:}getetag");
	if (etag) {
		free(l->list[at].etag);
		l->list[at].etag = xstrdup(etag);
	}
	take_text(l->r, &l->list[at], p->data, p->data_len);
	return stop_check(err);
}

/* One round of multigets from list[0..n); *done_out: how many it covered. */
static int run_multigets(
        struct look *l, struct res *list, size_t n, size_t *done_out, struct err *err)
{
	struct dav_multiget m[LOOK_BATCHES];
	const char *hrefs[LOOK_BATCHES * LOOK_BATCH];
	size_t n_m = 0, i;
	int rc;

	memset(m, 0, sizeof m);
	for (i = 0; i < n && i < LOOK_BATCHES * LOOK_BATCH; i++) {
		hrefs[i] = list[i].href;
		if (n_m == 0 || m[n_m - 1].n_hrefs == LOOK_BATCH ||
		        list[i].tcoll != list[i - 1].tcoll) {
			if (n_m == LOOK_BATCHES)
				break;
			m[n_m++] = (struct dav_multiget){.url = l->r->tcolls[list[i].tcoll].url,
			        .hrefs = hrefs + i,
			        .contacts = l->r->contacts};
		}
		m[n_m - 1].n_hrefs++;
	}
	*done_out = i;
	rc = dav_multiget_run(l->r->http, m, n_m, PARALLEL, on_data, l, err);
	for (size_t k = 0; k < n_m; k++) {
		if (rc == 0 && m[k].err.code && err_ends(&m[k].err)) {
			*err = m[k].err;
			rc = err->code;
		}
		dav_answer_clear(&m[k].answer);
	}
	return rc;
}

/* Ends the reading at VERSION of a card. */
static int on_version(void *ctx, const struct content_line *line, struct err *err)
{
	bool *v4 = ctx;

	if (strcmp(line->name, "VERSION") != 0)
		return 0;
	*v4 = strncmp(line->value, "4.0", 3) == 0;
	return err_set(err, ERR_LIMIT, ERR_ITEM, "enough");
}

/* Servers turn cards into the version that is asked for: ask for that of the archive. */
static const char *accept_for(struct drun *r, const struct res *x)
{
	struct buf body;
	bool v4 = true;

	if (!r->contacts)
		return ACCEPT_CALENDAR;
	if (x->entry == NONE)
		return ACCEPT_V4;
	if (entry_original(r, &r->entries[x->entry], &body, NULL) == 0) {
		int rc = content_read(body.data, body.len, on_version, &v4, NULL, NULL);

		(void)rc; /* it ends the reading */
	}
	buf_clear(&body);
	return v4 ? ACCEPT_V4 : ACCEPT_V3;
}

/* Takes what a GET brought; an error is one that ends the service. */
static int finish_get(struct drun *r, struct res *x, const struct dav_get *g, struct err *err)
{
	x->status = g->status;
	if (g->err.code && err_ends(&g->err)) {
		*err = g->err;
		return err->code;
	}
	free(x->why);
	x->why = NULL;
	if (g->err.code) {
		x->why = xstrdup(g->err.text);
	} else if (g->status != 200) {
		x->why = xasprintf("GET: HTTP %d", g->status);
	} else if (g->into->len) {
		if (g->etag) {
			free(x->etag);
			x->etag = xstrdup(g->etag);
		}
		take_text(r, x, g->into->data, g->into->len);
	}
	return 0;
}

/* One GET each, in flight together. */
static int get_some(struct drun *r, struct res **list, size_t n, struct err *err)
{
	struct dav_get g[PARALLEL];
	struct buf body[PARALLEL];
	int rc;

	for (size_t i = 0; i < n; i++) {
		buf_init(&body[i], ITEM_MAX);
		list[i]->blind = r->contacts && list[i]->entry == NONE;
		g[i] = (struct dav_get){.url = list[i]->url,
		        .accept = accept_for(r, list[i]),
		        .max = ITEM_MAX,
		        .into = &body[i]};
	}
	rc = dav_get_run(r->http, g, n, PARALLEL, err);
	for (size_t i = 0; i < n; i++) {
		if (rc == 0)
			rc = finish_get(r, list[i], &g[i], err);
		buf_clear(&body[i]);
		dav_get_clear(&g[i]);
	}
	return rc;
}

/*
 * What did not come by multiget, or not as it should be; or (${again}) came as a card of
 * another version.
 */
static int get_rest(struct drun *r, struct res *list, size_t n, bool again, struct err *err)
{
	struct res *some[PARALLEL];
	size_t k = 0;
	int rc = 0;

	for (size_t i = 0; i <= n && rc == 0; i++) {
		bool altered = i < n && list[i].fits && list[i].grade == CONTENT_ALTERED;

		if (i < n && (again ? list[i].blind && altered : !list[i].seen || altered))
			some[k++] = &list[i];
		if (k == PARALLEL || (i == n && k)) {
			rc = get_some(r, some, k, err);
			k = 0;
		}
	}
	return rc;
}

int dav_look_once(struct drun *r, struct res *list, size_t n, struct err *err)
{
	int rc = get_rest(r, list, n, false, err);

	return rc == 0 ? get_rest(r, list, n, true, err) : rc;
}

int dav_look(struct drun *r, struct res *list, size_t n, struct err *err)
{
	struct look l = {.r = r, .list = list};
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		keys_add(&l.at, list[i].key, (uint32_t)i);
	for (size_t i = 0, k; i < n && rc == 0; i += k)
		rc = run_multigets(&l, list + i, n - i, &k, err);
	if (rc == 0)
		rc = dav_look_once(r, list, n, err);
	keys_clear(&l.at);
	return rc;
}
