/* Lists a collection by sync-collection (RFC 6578) or PROPFIND; known or new. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/json.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "run.h"

#define P_ETAG "{DAV:}getetag"
#define P_LENGTH "{DAV:}getcontentlength"
#define P_TYPE "{DAV:}resourcetype"
#define P_TOKEN "{DAV:}sync-token"
#define P_CTAG "{" NS_CS "}getctag"
#define ROUNDS_MAX 100000 /* of a sync-collection that comes in pieces */

struct listing {
	struct dav_worker *w;
	struct davcoll *c;
	uint64_t self, asked,
	        full; /* keys: of the collection; of its URL; of what came with a 507 */
	bool sync;
	size_t sorted; /* of c->items; the rest was added since */
	size_t changes;
	bool unclear; /* a change of what is known by another href */
};

/* A resource as it is listed; a length that is no number counts as not said. */
static int add_item(struct listing *l, const struct dav_response *r, uint64_t key, struct err *err)
{
	const char *etag = dav_prop_text(r, P_ETAG), *length = dav_prop_text(r, P_LENGTH);
	struct davitem *i;
	char *end;

	if (l->c->n_items >= DAV_ITEMS_MAX)
		return err_set(err, ERR_LIMIT, ERR_COLLECTION,
		        "the collection has more than %u resources", DAV_ITEMS_MAX);
	i = ARR_PUSH(l->c->items, l->c->n_items, l->c->cap);
	i->href = xstrdup(r->href);
	i->etag = etag && etag[0] ? xstrdup(etag) : NULL;
	i->key = key;
	if (length && length[0] >= '0' && length[0] <= '9') {
		i->len = strtoull(length, &end, 10);
		i->has_len = *end == '\0';
		if (i->len > DAV_RESOURCE_MAX) /* is not read in any case */
			i->len = DAV_RESOURCE_MAX;
	}
	return 0;
}

/*
 * What a sync-collection says of a resource that is known. True: nothing is to be added.
 */
static bool change_item(struct listing *l, const struct dav_response *r, uint64_t key)
{
	struct davcoll *c = l->c;
	struct davitem *old = dav_find_among(c, l->sorted, key);

	if (old && strcmp(old->href, r->href) != 0) {
		/*
		 * One resource in another spelling, or another resource: a listing tells.
		 */
		struct davitem *other = dav_find_among(c, l->sorted, dav_href_key(r->href));

		l->unclear = l->unclear || !other;
		old = other ? other : old;
	}
	l->changes++;
	if (r->status == 404 || r->status == 410) {
		/* taken out at the end */
		if (old)
			old->failed = true;
		return true;
	}
	if (old) {
		const char *etag = dav_prop_text(r, P_ETAG);

		free(old->etag);
		old->etag = etag && etag[0] ? xstrdup(etag) : NULL;
		old->failed = false;
	}
	return old != NULL;
}

/* Of an href that is no URL: by itself, so that each is named. */
static uint64_t member_key(const struct dav_response *r)
{
	return dav_key(*r->url ? r->url : r->href);
}

/* A calendar below a calendar: RFC 4791 4.2 forbids it, some servers have it. */
static void add_nested(struct listing *l, const char *url)
{
	struct dav_run *run = l->w->run;

	l->c->holds = true;
	pthread_mutex_lock(&run->base.workers.lock);
	if (run->n_nested < DAV_COLLS_MAX)
		*ARR_PUSH(run->nested, run->n_nested, run->nested_cap) = xstrdup(url);
	pthread_mutex_unlock(&run->base.workers.lock);
}

/*
 * A response of a listing: a member, a change of one, the collection itself, or one
 * below.
 */
static int on_member(void *ctx, struct dav_response *r, struct err *err)
{
	struct listing *l = ctx;
	uint64_t key;
	int rc = stop_check(err);

	if (rc < 0)
		return rc;
	key = member_key(r);
	if (r->status == 507)
		l->full = key;
	if (key == l->self || key == l->asked)
		return 0;
	if (dav_prop_has(r, P_TYPE, "{DAV:}collection")) {
		if (dav_is_collection(r, l->w->run->base.kind == COLL_CONTACTS))
			add_nested(l, r->url);
		return 0;
	}
	if (l->sync && change_item(l, r, key))
		return 0;
	/* One that is listed with another error is tried, and named. */
	if (r->status == 404 || r->status == 410)
		return 0;
	return add_item(l, r, key, err);
}

/* Note collections that lie in this one. */
static int on_inside(void *ctx, struct dav_response *r, struct err *err)
{
	struct listing *l = ctx;
	uint64_t key = member_key(r);

	if (key != l->self && key != l->asked &&
	        dav_is_collection(r, l->w->run->base.kind == COLL_CONTACTS))
		add_nested(l, r->url);
	return stop_check(err);
}

int dav_look_inside(struct dav_worker *w, struct davcoll *c, struct err *err)
{
	static const char *const type[] = {P_TYPE};
	struct listing l = {.w = w, .c = c, .self = c->key, .asked = dav_key(c->url)};

	return dav_propfind(w->http, c->url, 1, type, 1, on_inside, &l, NULL, err);
}

/* The collection was redirected: what is asked for next is asked for there. */
static void follow_redirect(struct davcoll *c, const char *url)
{
	uint64_t key = dav_key(url);

	if (key == c->key)
		return;
	free(c->url);
	c->url = xstrdup(url);
	c->key = key;
}

/* List with the first ${n} properties; *status is that of the answer. */
static int list_props(
        struct dav_worker *w, struct davcoll *c, size_t n, int *status, struct err *err)
{
	static const char *const props[] = {P_TYPE, P_ETAG, P_LENGTH};
	struct listing l = {.w = w, .c = c, .self = c->key, .asked = dav_key(c->url)};
	struct dav_answer a;
	int rc;

	/* A listing that was cut off is started over: half a listing is none. */
	for (unsigned i = 0; i < DAV_TRIES; i++) {
		dav_items_clear(c);
		l.full = 0;
		rc = dav_propfind(w->http, c->url, 1, props, n, on_member, &l, &a, err);
		if (rc != ERR_NET || !c->n_items || i == DAV_TRIES - 1)
			break;
		dav_answer_clear(&a);
		err_clear(err);
	}
	*status = a.status;
	if (rc == 0) {
		dav_settle_items(c);
		if (dav_key(a.url) != l.asked)
			follow_redirect(c, a.url);
	}
	dav_answer_clear(&a);
	if (rc == 0 && l.full && (l.full == l.self || l.full == l.asked || l.full == c->key))
		dav_name_loss(&w->run->base, c->coll, NULL, "listing",
		        "the server says that it is not whole (HTTP 507)");
	return rc;
}

/*
 * Of a listing that ends in nonsense what came before it counts; what the last snapshot
 * has beyond that is asked for, too.
 */
static void take_part(struct dav_worker *w, struct davcoll *c, const struct err *why)
{
	size_t n;

	dav_settle_items(c);
	n = c->n_items;
	dav_name_loss(&w->run->base, c->coll, NULL, "listing", why->text);
	for (size_t i = 0; c->prev && i < c->prev->n_items; i++) {
		const struct tree_ext *x = tree_item_ext(c->prev, &c->prev->items[i]);

		if (x && x->href && !dav_find_among(c, n, dav_member_key(c, x->href)))
			dav_item_add(c, x->href, NULL);
	}
	if (c->n_items > n)
		dav_settle_items(c);
}

/* With fewer properties, when with all the answer is no XML. */
static int list_once(struct dav_worker *w, struct davcoll *c, int *status, struct err *err)
{
	int rc = list_props(w, c, 3, status, err);
	struct err why = *err;

	if (rc != ERR_PROTO)
		return rc;
	err_clear(err);
	rc = list_props(w, c, 1, status, err);
	if (rc == ERR_PROTO && c->n_items) {
		take_part(w, c, &why);
		err_clear(err);
		rc = 0;
	}
	return rc;
}

static bool is_nowhere(int status)
{
	return status == 400 || status == 404 || status == 405 || status == 410;
}

/* List the collection at another URL, which becomes its own where that works. */
static int list_at(struct dav_worker *w, struct davcoll *c, const char *url, struct err *err)
{
	char *before = c->url;
	int status = 0, rc;

	c->url = xstrdup(url);
	c->elsewhere = true;
	rc = list_once(w, c, &status, err);
	if (rc == 0) {
		free(before);
	} else {
		free(c->url);
		c->url = before;
		c->elsewhere = false;
	}
	return rc;
}

/* The same with what a proxy took away before the path; as *err was, if there is none. */
static int list_prefixed(struct dav_worker *w, struct davcoll *c, struct err *err)
{
	const char *prefix = w->run->home.prefix;
	struct buf url = buf_of(SIZE_MAX);
	int rc = err->code;

	if (prefix && dav_prefixed_url(prefix, c->url, &url))
		rc = list_at(w, c, buf_str(&url), err);
	buf_clear(&url);
	return rc;
}

/*
 * Nothing is where its href says: by what else that may mean, unless it is another
 * collection.
 */
static int list_all(struct dav_worker *w, struct davcoll *c, struct err *err)
{
	char *list[DAV_FORMS_MAX];
	int status = 0, rc = list_once(w, c, &status, err);
	struct err first = *err;
	size_t n;

	if (rc == 0 || !is_nowhere(status))
		return rc;
	rc = list_prefixed(w, c, err);
	n = dav_member_forms(c->url, c->coll->href, list);
	for (size_t i = 1; i < n && rc != 0 && !err_ends(err); i++) {
		uint64_t key = dav_key(list[i]);

		if (key == c->key || !dav_is_known(w->run, key))
			rc = list_at(w, c, list[i], err);
	}
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	if (rc != 0 && !err_ends(err))
		*err = first;
	return rc;
}

/* Begin with what the last snapshot has. */
static void seed_items(struct davcoll *c)
{
	for (size_t i = 0; i < c->prev->n_items; i++) {
		const struct tree_ext *x = tree_item_ext(c->prev, &c->prev->items[i]);

		if (x && x->href)
			dav_item_add(c, x->href, x->etag)->len = c->prev->items[i].size;
	}
	dav_settle_items(c);
}

/* Take out what a sync-collection said is gone. */
static void drop_removed(struct davcoll *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_items; i++) {
		if (c->items[i].failed)
			dav_item_clear(&c->items[i]);
		else
			c->items[n++] = c->items[i];
	}
	c->n_items = n;
}

/* What changed since the last snapshot; ERR_NOTFOUND when that cannot be said. */
static int list_changes(struct dav_worker *w, struct davcoll *c, struct err *err)
{
	struct listing l = {.w = w, .c = c, .self = c->key, .asked = dav_key(c->url), .sync = true};
	char *token = xstrdup(c->prev->sync_token);
	bool moved = strcmp(token, c->coll->sync_token) != 0, more = true;
	int rc = 0;

	dav_items_clear(c);
	seed_items(c);
	for (unsigned i = 0; rc == 0 && more && i < ROUNDS_MAX; i++) {
		struct dav_answer a;

		l.sorted = c->n_items;
		rc = dav_sync(w->http, c->url, token, on_member, &l, &a, err);
		if (rc == 0 && c->n_items > l.sorted)
			dav_settle_items(c);
		if (rc == 0 && l.unclear)
			rc = err_set(err, ERR_PROTO, ERR_COLLECTION, "hrefs in another form");
		if (rc == 0 && dav_key(a.url) != l.asked)
			rc = err_set(err, ERR_PROTO, ERR_COLLECTION, "redirected");
		more = rc == 0 && a.truncated;
		if (rc == 0 && (!a.sync_token || (more && strcmp(token, a.sync_token) == 0)))
			rc = err_set(err, ERR_PROTO, ERR_COLLECTION, "no new sync-token came");
		if (rc == 0) {
			free(token);
			token = xstrdup(a.sync_token);
		}
		dav_answer_clear(&a);
	}
	drop_removed(c);
	/*
	 * Neither "all is gone" nor a new token without a change is believed: some say
	 * their changes in elements of their own.
	 */
	if (rc == 0 && (more || (c->n_items == 0 && c->prev->n_items) || (moved && !l.changes)))
		rc = err_set(err, ERR_PROTO, ERR_COLLECTION, "the changes are not to be believed");
	if (rc == 0) {
		free(c->coll->sync_token);
		c->coll->sync_token = token;
		token = NULL;
	}
	free(token);
	return rc;
}

/* The getctag among the properties of ${c}, or NULL; the caller frees it. */
static char *ctag_of(const struct tree_coll *c)
{
	json_t *o = NULL;
	char *tag = NULL;

	if (c->props && json_read(c->props, strlen(c->props), 16u << 20, &o, NULL) == 0)
		tag = xstrdup(json_get_str(o, P_CTAG));
	json_decref(o);
	return tag;
}

/* Is ${prev} a whole state of this very collection? */
static bool is_usable(const struct davcoll *c)
{
	return c->prev && c->prev->status == COLL_COMPLETE && c->prev->n_errors == 0 &&
	       text_same(c->prev->href, c->coll->href);
}

bool dav_unchanged(const struct davcoll *c)
{
	char *tag;
	bool tagged;

	if (!is_usable(c) || !text_same(c->prev->props, c->coll->props) ||
	        c->prev->attrs != c->coll->attrs)
		return false;
	if (c->no_list)
		return true;
	if (c->coll->sync_token || c->prev->sync_token)
		return text_same(c->coll->sync_token, c->prev->sync_token);
	tag = ctag_of(c->coll);
	tagged = tag && tag[0];
	free(tag);
	return tagged; /* the properties are equal, it among them */
}

/* ${xml}: its raw value, or NULL for none. */
static void set_ctag(struct davcoll *c, const char *xml)
{
	const char *props = c->coll->props ? c->coll->props : "{}";
	json_t *o = NULL;

	if (json_read(props, strlen(props), 16u << 20, &o, NULL) != 0)
		return;
	(void)json_object_del(o, P_CTAG);
	json_set_text(o, P_CTAG, xml);
	free(c->coll->props);
	c->coll->props = json_object_size(o) ? json_text(json_incref(o)) : NULL;
	json_decref(o);
}

/*
 * Leave nothing in the head by which the next run could take the collection for
 * unchanged.
 */
static void forget_state(struct davcoll *c)
{
	free(c->coll->sync_token);
	c->coll->sync_token = NULL;
	set_ctag(c, NULL);
}

struct state {
	const char *prop;
	char *text, *xml;
};

/* The first value of the property that is asked for. */
static int on_state(void *ctx, struct dav_response *r, struct err *err)
{
	struct state *s = ctx;
	const struct dav_prop *p = dav_prop_find(r, s->prop);

	(void)err;
	if (p && p->text[0] && !s->text) {
		s->text = xstrdup(p->text);
		s->xml = xstrdup(p->xml);
	}
	return 0;
}

/* A server that does not answer to this will say so when it is listed. */
static int ask_state(
        struct dav_worker *w, const struct davcoll *c, struct state *s, struct err *err)
{
	int rc = dav_propfind(w->http, c->url, 0, &s->prop, 1, on_state, s, NULL, err);

	if (rc == 0 || err_ends(err))
		return rc;
	err_clear(err);
	return 0;
}

int dav_ask_state(struct dav_worker *w, struct davcoll *c, struct err *err)
{
	struct state token = {.prop = P_TOKEN}, tag = {.prop = P_CTAG};
	int rc = 0;

	if (c->no_list || c->coll->sync_token)
		return 0;
	if (w->run->mixed)
		rc = ask_state(w, c, &token, err);
	if (rc == 0 && !token.text)
		rc = ask_state(w, c, &tag, err);
	c->coll->sync_token = token.text;
	if (tag.xml)
		set_ctag(c, tag.xml);
	free(token.xml);
	free(tag.text);
	free(tag.xml);
	return rc;
}

/* By its changes where there is a token, else in full. */
static int list_coll(struct dav_worker *w, struct davcoll *c, struct err *err)
{
	if (is_usable(c) && c->prev->sync_token && c->coll->sync_token) {
		int rc = list_changes(w, c, err);

		if (rc == 0 || err_ends(err))
			return rc;
		err_clear(err);
	}
	return list_all(w, c, err);
}

int dav_list(struct dav_worker *w, struct davcoll *c, struct err *err)
{
	int rc = list_coll(w, c, err);

	if (rc == 0 && c->holds)
		forget_state(c);
	return rc;
}
