/*
 * Files behind the links of calendars and contacts: attachments, photos. Each once, into
 * a collection of kind "linked" beside theirs.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "fetch/run.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/content.h"
#include "valise/proto/dav/client.h"
#include "valise/tree/intake.h"
#include "run.h"

#define PARALLEL 4
#define FILE_MAX_BYTES (64u << 20)
#define BODY_MAX ((size_t)128 << 20)
#define LINKS_MAX 100000u /* of one collection */

struct pass {
	struct http *http;
	struct tree_reader *from;
	struct fetch_run base;
	/* the collection that is looked at */
	struct tree_coll *next, *prev, *last_run;
	char **urls;
	size_t n, cap;
	bool full; /* of LINKS_MAX different ones */
};

/* Each once. */
static void urls_unique(struct pass *p)
{
	size_t n = 0;

	SORT(p->urls, p->n, text_by_bytes);
	for (size_t i = 0; i < p->n; i++) {
		if (n && strcmp(p->urls[n - 1], p->urls[i]) == 0)
			free(p->urls[i]);
		else
			p->urls[n++] = p->urls[i];
	}
	p->n = n;
}

/* Note a link; beyond LINKS_MAX different ones of a collection that is said once. */
static void on_link(void *ctx, const char *name, const char *url)
{
	struct pass *p = ctx;

	(void)name;
	if (p->n == LINKS_MAX && !p->full) {
		urls_unique(p);
		p->full = p->n == LINKS_MAX;
		if (p->full)
			dav_name_loss(&p->base, p->next, url, url,
			        "so many links in one collection: this and further ones are not "
			        "fetched");
	}
	if (p->n < LINKS_MAX)
		*ARR_PUSH(p->urls, p->n, p->cap) = xstrdup(url);
}

static int keep_octets(void *ctx, const void *data, size_t n, struct err *err)
{
	return buf_add(ctx, data, n) == 0
	               ? 0
	               : err_set(err, ERR_LIMIT, ERR_ITEM,
	                         "larger than %zu MiB: no links are looked for", BODY_MAX >> 20);
}

/* The links of one resource; one that cannot be read was named by whoever fetched it. */
static int look_into(
        struct pass *p, const struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	const struct tree_ext *e = tree_item_ext(c, it);
	struct buf body = buf_of(BODY_MAX);
	int rc;

	rc = p->from->ops->body(p->from, c, it, keep_octets, &body, err);
	if (rc == 0)
		rc = content_links(buf_str(&body), body.len, on_link, p, err);
	buf_clear(&body);
	if (rc == ERR_LIMIT && e && e->href)
		dav_name_loss(&p->base, p->next, e->href, e->href, err->text);
	return rc < 0 && err_ends(err) ? rc : 0;
}

/* The links of all resources of ${c} into p->urls, each once. */
static int find_links(struct pass *p, const struct tree_coll *c, struct err *err)
{
	int rc = 0;

	p->full = false;
	for (size_t i = 0; i < c->n_items && rc == 0; i++) {
		rc = stop_check(err);
		if (rc == 0)
			rc = look_into(p, c, &c->items[i], err);
	}
	urls_unique(p);
	return rc;
}

/* A file becomes an item, or the reason why not an error line. */
static int take_answer(struct pass *p, const struct dav_get *rq, struct intake *in, struct err *err)
{
	const struct err *why = &rq->err;
	struct tree_item it = {0};
	struct tree_ext *x;
	char status[64];
	int rc;

	if (in->failed || why->code == ERR_STOPPED) {
		*err = *why;
		return err_widen(err, ERR_WHOLE);
	}
	if (why->code || rq->status != 200) {
		snprintf(status, sizeof status, "HTTP %d", rq->status);
		dav_name_loss(&p->base, p->next, rq->url, rq->url, why->code ? why->text : status);
		return 0;
	}
	rc = intake_finish(in, &it, 0, err);
	if (rc < 0)
		return rc;
	x = tree_coll_ext(p->next, &it.ext);
	x->href = xstrdup(rq->url);
	run_count(&p->base, &(struct source_result){.fetched = 1, .bytes_fetched = it.size});
	return run_item(&p->base, p->next, &it, err);
}

/* Fetch ${n} files, at most PARALLEL, together. */
static int get_some(struct pass *p, char *const *urls, size_t n, struct err *err)
{
	struct dav_get rq[PARALLEL];
	struct intake in[PARALLEL];
	int rc;

	for (size_t i = 0; i < n; i++) {
		intake_begin(&in[i], p->base.sink, COLL_LINKED, 0);
		rq[i] = (struct dav_get){.url = urls[i],
		        .accept = "Accept: */*",
		        .max = FILE_MAX_BYTES,
		        .link = true,
		        .write = intake_write,
		        .restart = intake_drop,
		        .ctx = &in[i]};
	}
	rc = dav_get_run(p->http, rq, n, PARALLEL, err);
	for (size_t i = 0; i < n; i++) {
		if (rc == 0)
			rc = take_answer(p, &rq[i], &in[i], err);
		intake_clear(&in[i]);
		dav_get_clear(&rq[i]);
	}
	return rc;
}

/* One that was fetched before stays: a file that changes under its URL is not noticed. */
static bool is_known(struct pass *p, const char *url, struct tree_item *it)
{
	const struct tree_coll *from[] = {p->prev, p->last_run};

	for (size_t i = 0; i < 2; i++) {
		const struct tree_item *old = from[i] ? tree_coll_find_href(from[i], url) : NULL;

		if (!old)
			continue;
		tree_item_copy(p->next, from[i], old, it);
		return true;
	}
	return false;
}

/* Give each file that is known, fetch the others; what is no http link is said. */
static int fetch_pass(struct pass *p, struct err *err)
{
	char *some[PARALLEL];
	size_t k = 0;
	int rc = 0;

	for (size_t i = 0; i < p->n && rc == 0; i++) {
		struct tree_item it;

		if (strncasecmp(p->urls[i], "http", 4) != 0)
			progress_say(p->base.progress, SAY_NOTE,
			        "%s, %s: not fetched, no http link", p->next->name, p->urls[i]);
		else if (is_known(p, p->urls[i], &it))
			rc = run_item(&p->base, p->next, &it, err);
		else
			some[k++] = p->urls[i];
		if (rc == 0 && k == PARALLEL) {
			rc = get_some(p, some, k, err);
			k = 0;
		}
	}
	return rc == 0 && k ? get_some(p, some, k, err) : rc;
}

/* The linked files of one collection as a collection of their own, if there are any. */
static int one_collection(struct pass *p, const struct tree_head *h, struct err *err)
{
	struct tree_coll *c = NULL;
	char *name = xasprintf("%s: %s", coll_kind_dir(h->kind), h->name);
	int rc = p->from->ops->coll(p->from, h, &c, err);

	progress_what(p->base.progress, name);
	p->next = tree_coll_new(COLL_LINKED, name);
	if (rc == 0)
		rc = find_links(p, c, err);
	if (rc == 0 && (p->n || p->next->n_errors)) {
		rc = run_load(&p->base, name, &p->prev, &p->last_run, err);
		if (rc == 0)
			rc = fetch_pass(p, err);
		if (rc == 0)
			rc = run_coll(&p->base, &p->next, err);
	}
	tree_coll_free(c);
	tree_coll_free(p->next);
	tree_coll_free(p->prev);
	tree_coll_free(p->last_run);
	p->next = p->prev = p->last_run = NULL;
	for (size_t i = 0; i < p->n; i++)
		free(p->urls[i]);
	p->n = 0;
	free(name);
	return rc;
}

int dav_links(const struct service *service, unsigned kinds, struct tree_reader *from,
        struct tree_sink *sink, struct progress *progress, struct source_result *out,
        struct err *err)
{
	struct pass p = {.from = from};
	const struct tree_manifest *m = from->ops->manifest(from);
	int rc = dav_open(service, GUARD_DAV_SOURCE, progress, &p.http, err);

	run_begin(&p.base, service, sink, NULL, progress, COLL_LINKED);
	for (size_t i = 0; i < m->n_heads && rc == 0; i++)
		if (kinds & 1u << m->heads[i].kind)
			rc = one_collection(&p, &m->heads[i], err);
	free(p.urls);
	dav_close(p.http);
	return run_finish(&p.base, rc, out, err);
}
