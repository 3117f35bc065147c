/*
 * Resources by GET: what a multiget did not bring, what is too large for one, and
 * everything with --exact.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/format/content.h"
#include "run.h"

#define HEAD_MAX (1u << 20) /* kept for the UID */
#define TAIL 64

/* How a resource is asked for. */
struct ask {
	const char *accept;
	bool listed_size; /* another size than the listed one is not taken */
};

struct get {
	const struct ask *ask;
	struct dav_worker *w;
	struct davcoll *c;
	struct davitem *item;
	const char *form; /* the URL, when it is not what the href means by itself */
	struct buf url;
	struct intake in; /* its head: for the UID */
	char tail[TAIL]; /* the last octets */
	size_t tail_len;
	struct dav_get *rq;
	struct err fatal;
};

/* The opaque part of an ETag, without what a server's encoder or proxy adds to it. */
static size_t etag_core(const char **tag)
{
	const char *s = *tag;
	size_t n;

	s += strncmp(s, "W/", 2) == 0 ? 2 : 0;
	s += *s == '"';
	n = strcspn(s, "\";");
	if (n > 5 && strncmp(s + n - 5, "-gzip", 5) == 0)
		n -= 5;
	*tag = s;
	return n;
}

bool dav_is_another_etag(const char *listed, const char *got)
{
	size_t a, b;

	if (!listed || !got)
		return false;
	a = etag_core(&listed);
	b = etag_core(&got);
	return a != b || memcmp(listed, got, a) != 0;
}

static void restart_get(void *ctx)
{
	struct get *g = ctx;

	intake_drop(&g->in);
	g->tail_len = 0;
}

/* Keep the last TAIL octets of what has come so far. */
static void keep_tail(struct get *g, const char *p, size_t n)
{
	size_t take = n < TAIL ? n : TAIL, keep = TAIL - take;

	if (keep > g->tail_len)
		keep = g->tail_len;
	memmove(g->tail, g->tail + g->tail_len - keep, keep);
	memcpy(g->tail + keep, p + n - take, take);
	g->tail_len = keep + take;
}

/*
 * NULL: it is to be taken. What is not whole is asked for once more. A server that gives
 * the same again has it so; but not if it is a page for people, or the listing said that
 * there is more.
 */
static const char *why_cut(struct get *g)
{
	struct davitem *i = g->item;
	uint8_t sum[SHA256_LEN];
	uint64_t cut, before = i->cut;

	if (content_is_whole(buf_str(&g->in.head), g->in.head.len, g->tail, g->tail_len))
		return NULL;
	if (g->rq->is_html)
		return "GET brought a web page (HTML)";
	sha256_of(g->in.head.data, g->in.head.len, sum);
	memcpy(&cut, sum, sizeof cut);
	i->cut = (cut ^ g->in.len) | 1;
	return i->cut != before || (i->has_len && i->len > g->in.len)
	               ? "GET brought an object without its beginning or its end"
	               : NULL;
}

static int take_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	struct get *g = ctx;

	keep_tail(g, p, n);
	return intake_write(&g->in, p, n, err);
}

/* What one answer came to. */
static int finish_get(struct get *g, struct err *err)
{
	struct davitem *i = g->item;
	struct tree_item it = {.warn = WARN_EXACT};
	const struct err *failed = &g->rq->err;
	const int status = g->rq->status;
	/* Where a URL may mean several, the ETag tells which one it is. */
	bool another = (g->form || i->shares) && dav_is_another_etag(i->etag, g->rq->etag);
	const char *cut;
	char why[200];
	bool came;
	int rc;

	if (g->in.failed || failed->code == ERR_STOPPED) {
		*err = *failed;
		return err_widen(err, ERR_WHOLE);
	}
	came = failed->code == 0 && status == 200;
	if (came && g->ask->listed_size && i->has_len && g->in.len != i->len)
		return 0;
	came = came && g->in.len > 0 && !another;
	cut = came ? why_cut(g) : NULL;
	if (came && !cut) {
		rc = intake_finish(&g->in, &it, 0, err);
		return rc < 0 ? rc
		              : dav_give(g->w, g->c, i, &it, g->in.head.data, g->in.head.len, err);
	}
	free(i->reason);
	if (failed->code) {
		i->reason = xstrdup(failed->text);
		i->lost = failed->code == ERR_NET || failed->code == ERR_BUSY;
	} else {
		if (cut)
			snprintf(why, sizeof why, "%s", cut);
		else if (status == 200)
			snprintf(why, sizeof why, "GET brought %s",
			        another ? "another resource (ETag)" : "nothing");
		else
			snprintf(why, sizeof why, "GET: HTTP %d%s", status,
			        status == 404 ? ", although it is listed" : "");
		i->reason = xstrdup(why);
	}
	return 0;
}

static void end_get(void *ctx)
{
	struct get *g = ctx;

	(void)finish_get(g, &g->fatal);
	intake_clear(&g->in);
}

/* False when the href gives no URL. */
static bool prepare_get(struct get *g, struct dav_get *rq)
{
	struct davitem *i = g->item;
	bool ok;

	buf_init(&g->url, SIZE_MAX);
	if (g->form)
		ok = buf_adds(&g->url, g->form) == 0;
	else if (g->c->elsewhere)
		ok = dav_moved_url(g->c->coll->href, g->c->url, i->href, &g->url);
	else
		ok = dav_member_url(g->c->url, i->href, &g->url);
	if (!ok) {
		if (!i->reason)
			i->reason = xstrdup("the href is no URL");
		buf_clear(&g->url);
		return false;
	}
	intake_begin(&g->in, g->w->run->base.sink, g->c->coll->kind, HEAD_MAX);
	*rq = (struct dav_get){.url = buf_str(&g->url),
	        .accept = g->ask->accept,
	        .max = DAV_RESOURCE_MAX,
	        .write = take_octets,
	        .restart = restart_get,
	        .done = end_get,
	        .ctx = g};
	g->rq = rq;
	return true;
}

/*
 * No GET got its answer, or none is there: is it these resources, or the server or the
 * collection?
 */
static int check_server(struct dav_worker *w, struct davcoll *c, struct err *err)
{
	static const char *const props[] = {"{DAV:}resourcetype"};
	int rc = dav_propfind(w->http, c->url, 0, props, 1, NULL, NULL, NULL, err);

	return rc < 0 ? err_widen(err, ERR_COLLECTION) : 0;
}

/* Up to DAV_ROUND resources. */
static int get_some(struct dav_worker *w, struct davcoll *c, struct davitem **list, size_t n,
        const struct ask *ask, const char *form, struct err *err)
{
	struct get g[DAV_ROUND];
	struct dav_get rq[DAV_ROUND];
	size_t n_rq = 0, unreached = 0, gone = 0;
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		g[n_rq] = (struct get){.ask = ask, .w = w, .c = c, .item = list[i], .form = form};
		n_rq += prepare_get(&g[n_rq], &rq[n_rq]);
	}
	if (n_rq)
		rc = dav_get_run(w->http, rq, n_rq, DAV_PARALLEL, err);
	for (size_t i = 0; i < n_rq; i++) {
		unreached += rq[i].err.code == ERR_NET || rq[i].err.code == ERR_BUSY;
		gone += !rq[i].err.code && (rq[i].status == 404 || rq[i].status == 410);
		if (rc == 0)
			rc = err_copy(err, &g[i].fatal);
		buf_clear(&g[i].url);
		dav_get_clear(&rq[i]);
	}
	if (rc == 0 && n_rq && (unreached == n_rq || (gone == n_rq && n_rq >= DAV_PARALLEL)))
		rc = check_server(w, c, err);
	return rc;
}

/*
 * Cards in the version that is stored: the one whose size is the listed one. Some servers
 * trip over a version that they do not know.
 */
static const struct ask card4[] = {{"Accept: text/vcard; version=4.0, text/vcard", true},
        {"Accept: text/vcard; version=3.0, text/vcard", true},
        {"Accept: text/vcard; version=4.0, text/vcard", false}, {"Accept: */*", false},
        {NULL, false}};
static const struct ask card[] = {
        {"Accept: text/vcard", false}, {"Accept: */*", false}, {NULL, false}};
static const struct ask calendar[] = {
        {"Accept: text/calendar", false}, {"Accept: */*", false}, {NULL, false}};

/* By what else the href may mean, unless that is listed by itself. */
static int get_by_form(struct dav_worker *w, struct davcoll *c, struct davitem *i, struct err *err)
{
	static const struct ask any = {"Accept: */*", false};
	char *list[DAV_FORMS_MAX], *reason = i->reason;
	size_t n = dav_member_forms(c->url, i->href, list);
	int rc = 0;

	i->reason = NULL; /* the first one is of use */
	for (size_t k = 1; k < n && !i->done && !i->lost && rc == 0; k++) {
		struct davitem *listed = dav_item_find(c, dav_key(list[k]));

		if (!listed || listed == i || (listed->shares && i->shares))
			rc = get_some(w, c, &i, 1, &any, list[k], err);
	}
	for (size_t k = 0; k < n; k++)
		free(list[k]);
	free(i->reason);
	i->reason = reason;
	return rc;
}

/* One that the first way of asking did not bring. */
static int get_otherwise(struct dav_worker *w, struct davcoll *c, struct davitem *i,
        const struct ask *ask, struct err *err)
{
	int rc = 0;

	for (; ask->accept && !i->done && !i->lost && rc == 0; ask++)
		rc = get_some(w, c, &i, 1, ask, NULL, err);
	if (rc == 0 && !i->done && !i->lost)
		rc = get_by_form(w, c, i, err);
	return rc == 0 && !i->done ? dav_lose(w, c, i, err) : rc;
}

int dav_get_all(
        struct dav_worker *w, struct davcoll *c, struct davitem **list, size_t n, struct err *err)
{
	const struct ask *ask = c->v4 ? card4 : card;
	int rc = 0;

	if (w->run->base.kind != COLL_CONTACTS)
		ask = calendar;
	for (size_t i = 0, k; i < n && rc == 0; i += k) {
		k = n - i < DAV_ROUND ? n - i : DAV_ROUND;
		rc = get_some(w, c, list + i, k, ask, NULL, err);
		for (size_t j = i; j < i + k && rc == 0; j++)
			if (!list[j]->done)
				rc = get_otherwise(w, c, list[j], ask + 1, err);
		if (rc == 0)
			rc = stop_check(err);
	}
	return rc;
}
