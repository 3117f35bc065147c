/* Two ways to the same items: what one of them gave, the other one leaves out. */
#include "beside.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/tree/use.h"

#define MARK " (MAPI)"

/* A collection of another service. */
struct shown_coll {
	enum coll_kind kind;
	char *name, *content; /* as people and servers call it, folded */
	const char *use; /* use.h; NULL: none */
	bool has_twin; /* a collection of MAPI stands for it */
};

/* An item of it; keys of one item are one after the other. */
struct shown_item {
	uint32_t coll;
	bool is_paired;
};
struct shown_key {
	uint8_t key[TWIN_KEY];
	uint32_t item, next; /* the next of the same key and one; 0: none */
};

/* A collection of MAPI and the one of another service that it stands for, if there is one. */
struct mapped {
	char *key; /* kind and name */
	size_t coll; /* SIZE_MAX: none */
};

struct watcher {
	struct tree_sink base; /* first */
	struct tree_sink_ops ops; /* those of ${to}, but for what is watched */
	struct tree_sink *to;
	struct beside *of;
};

struct beside {
	struct source_beside opts;
	struct tree_reader *last;
	bool is_for_names; /* the collections alone are seen */
	struct watcher watchers[SERVICE_KINDS];
	pthread_mutex_t lock; /* guards all below */
	struct shown_coll *colls;
	size_t n_colls, colls_cap;
	struct shown_item *items;
	size_t n_items, items_cap;
	struct shown_key *keys;
	size_t n_keys, keys_cap;
	uint32_t *slots; /* the first key and one, by open addressing; 0: empty */
	size_t size; /* a power of two */
	struct mapped *mapped;
	size_t n_mapped, mapped_cap;
	struct text_index by_key;
};

/* ---- keys ---- */

/* The slot of the key, or the free one where it belongs. */
static uint32_t *find_slot(const struct beside *b, const uint8_t key[TWIN_KEY])
{
	uint64_t hash;
	size_t i;

	memcpy(&hash, key, sizeof hash);
	for (i = (size_t)hash & (b->size - 1);
	        b->slots[i] && memcmp(b->keys[b->slots[i] - 1].key, key, TWIN_KEY) != 0;)
		i = (i + 1) & (b->size - 1);
	return &b->slots[i];
}

static void grow_slots(struct beside *b)
{
	uint32_t *old = b->slots;
	size_t size = b->size;

	b->size = size ? 2 * size : 1024;
	b->slots = xcalloc(b->size, sizeof *b->slots);
	for (size_t i = 0; i < size; i++)
		if (old[i])
			*find_slot(b, b->keys[old[i] - 1].key) = old[i];
	free(old);
}

static void add_item(struct beside *b, size_t coll, const struct item_twin *twin)
{
	if (!twin->n)
		return;
	*ARR_PUSH(b->items, b->n_items, b->items_cap) =
	        (struct shown_item){.coll = (uint32_t)coll, .is_paired = false};
	for (unsigned i = 0; i < twin->n; i++) {
		struct shown_key *k;
		uint32_t *slot;

		if (2 * b->n_keys >= b->size)
			grow_slots(b);
		slot = find_slot(b, twin->keys[i]);
		k = ARR_PUSH(b->keys, b->n_keys, b->keys_cap);
		memcpy(k->key, twin->keys[i], TWIN_KEY);
		k->item = (uint32_t)b->n_items - 1;
		k->next = *slot;
		*slot = (uint32_t)b->n_keys;
	}
}

/* ---- what others give ---- */

static char *content_of(const struct tree_coll *c)
{
	struct buf content = buf_of(SIZE_MAX), folded = buf_of(SIZE_MAX);
	char *text;

	tree_content_name(c, &content);
	path_fold(buf_str(&content), &folded);
	text = buf_take(&folded);
	buf_clear(&content);
	buf_clear(&folded);
	return text;
}

/* What a mailbox is for, announced or by its name. */
static const char *use_of(const struct tree_coll *c)
{
	struct buf content = buf_of(SIZE_MAX);
	const char *use = NULL;

	if (c->kind != COLL_MAIL)
		return NULL;
	use = use_announced(c->special_use);
	if (!use) {
		tree_content_name(c, &content);
		use = use_by_name(buf_str(&content));
	}
	buf_clear(&content);
	return use;
}

/* Under the lock. */
static size_t add_coll(struct beside *b, const struct tree_coll *c)
{
	*ARR_PUSH(b->colls, b->n_colls, b->colls_cap) = (struct shown_coll){.kind = c->kind,
	        .name = xstrdup(c->name),
	        .content = content_of(c),
	        .use = use_of(c)};
	return b->n_colls - 1;
}

static int see_items(struct watcher *w, const struct tree_coll *c, struct err *err)
{
	struct beside *b = w->of;
	struct abouts *names = NULL;
	int rc = w->to->ops->names && !b->is_for_names ? w->to->ops->names(w->to, c, &names, err)
	                                               : 0;
	size_t at;

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&b->lock);
	at = add_coll(b, c);
	for (size_t i = 0; i < c->n_items && !b->is_for_names; i++) {
		const struct tree_item *it = &c->items[i];
		const struct tree_ext *x = tree_item_ext(c, it);
		struct item_about about;
		struct item_twin twin;

		if (it->gone)
			continue;
		abouts_find(names, c->kind, it->sha256, &about);
		item_twin_of(c->kind, x ? x->uid : NULL, &about, &twin);
		about_clear(&about);
		add_item(b, at, &twin);
	}
	pthread_mutex_unlock(&b->lock);
	return 0;
}

static struct tree_sink *below(struct tree_sink *s)
{
	return ((struct watcher *)s)->to;
}

static int on_prev(struct tree_sink *s, enum tree_prev which, enum coll_kind kind, const char *name,
        struct tree_coll **out, struct err *err)
{
	return below(s)->ops->prev(below(s), which, kind, name, out, err);
}

static int on_head(struct tree_sink *s, enum coll_kind kind, const char *name,
        struct tree_coll **out, size_t *items_out, struct err *err)
{
	return below(s)->ops->head(below(s), kind, name, out, items_out, err);
}

static int on_last(struct tree_sink *s, struct tree_reader **out, struct err *err)
{
	return below(s)->ops->last(below(s), out, err);
}

static int on_body_open(
        struct tree_sink *s, enum coll_kind kind, struct tree_body **out, struct err *err)
{
	return below(s)->ops->body_open(below(s), kind, out, err);
}

static int on_item(
        struct tree_sink *s, struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	return below(s)->ops->item(below(s), c, it, err);
}

static int on_coll(struct tree_sink *s, struct tree_coll *c, struct err *err)
{
	int rc = see_items((struct watcher *)s, c, err);

	if (rc < 0) {
		tree_coll_free(c);
		return rc;
	}
	return below(s)->ops->coll(below(s), c, err);
}

static int on_keep(struct tree_sink *s, enum coll_kind kind, const char *name,
        enum coll_status status, const char *reason, struct err *err)
{
	struct tree_coll *c = NULL;
	int rc = name ? on_prev(s, PREV_SNAPSHOT, kind, name, &c, err) : 0;

	if (rc == 0 && c)
		rc = see_items((struct watcher *)s, c, err);
	tree_coll_free(c);
	return rc ? rc : below(s)->ops->keep(below(s), kind, name, status, reason, err);
}

static int on_names(
        struct tree_sink *s, const struct tree_coll *c, struct abouts **out, struct err *err)
{
	return below(s)->ops->names(below(s), c, out, err);
}

static int on_sync(struct tree_sink *s, struct err *err)
{
	return below(s)->ops->sync(below(s), err);
}

static int on_commit(struct tree_sink *s, struct tree_commit *out, struct err *err)
{
	return below(s)->ops->commit(below(s), out, err);
}

static void on_free(struct tree_sink *s)
{
	(void)s;
}

struct tree_sink *beside_watch(struct beside *b, enum service_kind kind, struct tree_sink *to)
{
	struct watcher *w = &b->watchers[kind];

	/* a body belongs to the sink that made it, and goes there directly */
	*w = (struct watcher){.ops = *to->ops, .to = to, .of = b};
	w->ops.prev = on_prev;
	w->ops.head = to->ops->head ? on_head : NULL;
	w->ops.last = to->ops->last ? on_last : NULL;
	w->ops.body_open = on_body_open;
	w->ops.item = on_item;
	w->ops.coll = on_coll;
	w->ops.keep = on_keep;
	w->ops.names = to->ops->names ? on_names : NULL;
	w->ops.sync = to->ops->sync ? on_sync : NULL;
	w->ops.commit = on_commit;
	w->ops.free = on_free;
	w->base.ops = &w->ops;
	return &w->base;
}

/* ---- what MAPI asks ---- */

static char *map_key(enum coll_kind kind, const char *name)
{
	return xasprintf("%u%s", (unsigned)kind, name);
}

/* The collection that it stands for: of its name, else of its use; SIZE_MAX: none. */
static size_t find_coll(const struct beside *b, const struct tree_coll *c)
{
	char *content = content_of(c);
	const char *use = use_of(c);
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < b->n_colls && found == SIZE_MAX; i++)
		if (b->colls[i].kind == c->kind && strcmp(b->colls[i].content, content) == 0)
			found = i;
	for (size_t i = 0; i < b->n_colls && found == SIZE_MAX && use; i++)
		if (b->colls[i].kind == c->kind && b->colls[i].use == use && !b->colls[i].has_twin)
			found = i;
	free(content);
	return found;
}

/* Is the name that of another service's, or was it in the last snapshot? */
static bool is_taken(const struct beside *b, const struct tree_coll *c, const char *marked)
{
	char *content = content_of(c);
	bool taken = false;

	for (size_t i = 0; i < b->n_colls && !taken; i++)
		taken = b->colls[i].kind == c->kind &&
		        (strcmp(b->colls[i].name, c->name) == 0 ||
		                strcmp(b->colls[i].content, content) == 0);
	free(content);
	return taken ||
	       (b->last && tree_manifest_find(b->last->ops->manifest(b->last), c->kind, marked));
}

static void name_collection(void *ctx, struct tree_coll *c)
{
	struct beside *b = ctx;
	char *marked = xasprintf("%s" MARK, c->name);
	struct mapped *m;
	size_t coll;

	pthread_mutex_lock(&b->lock);
	coll = find_coll(b, c);
	if (coll != SIZE_MAX)
		b->colls[coll].has_twin = true;
	if (is_taken(b, c, marked)) {
		free(c->name);
		c->name = marked;
		marked = NULL;
	}
	m = ARR_PUSH(b->mapped, b->n_mapped, b->mapped_cap);
	*m = (struct mapped){map_key(c->kind, c->name), coll};
	text_index_add(&b->by_key, m->key, b->n_mapped - 1);
	pthread_mutex_unlock(&b->lock);
	free(marked);
}

static size_t find_mapped(const struct beside *b, const struct tree_coll *c)
{
	char *key = map_key(c->kind, c->name);
	size_t cursor = 0, at, coll = SIZE_MAX;

	while ((at = text_index_next(&b->by_key, key, &cursor)) != SIZE_MAX)
		if (strcmp(b->mapped[at].key, key) == 0) {
			coll = b->mapped[at].coll;
			break;
		}
	free(key);
	return coll;
}

/*
 * How well the item stands for one of that collection: 2 it is in it, 1 it is in one that no
 * collection of MAPI stands for, or its UID is its own wherever it is; 0 not at all.
 */
static int rank_item(
        const struct beside *b, const struct shown_item *it, enum coll_kind kind, size_t coll)
{
	const struct shown_coll *c = &b->colls[it->coll];

	if (it->is_paired || c->kind != kind)
		return 0;
	if (it->coll == coll)
		return 2;
	return kind != COLL_MAIL || !c->has_twin ? 1 : 0;
}

static bool has_item(void *ctx, const struct tree_coll *c, const struct item_twin *twin)
{
	struct beside *b = ctx;
	struct shown_item *best = NULL;
	int most = 0;
	size_t coll;

	pthread_mutex_lock(&b->lock);
	coll = find_mapped(b, c);
	for (unsigned i = 0; i < twin->n && b->size && most < 2; i++)
		for (uint32_t k = *find_slot(b, twin->keys[i]); k && most < 2;
		        k = b->keys[k - 1].next) {
			struct shown_item *it = &b->items[b->keys[k - 1].item];
			int rank = rank_item(b, it, c->kind, coll);

			if (rank > most) {
				most = rank;
				best = it;
			}
		}
	if (best)
		best->is_paired = true;
	pthread_mutex_unlock(&b->lock);
	return best != NULL;
}

/* ---- */

struct beside *beside_new(struct tree_reader *last, bool is_for_names)
{
	struct beside *b = xcalloc(1, sizeof *b);

	b->last = last;
	b->is_for_names = is_for_names;
	b->opts = (struct source_beside){name_collection, has_item, b};
	pthread_mutex_init(&b->lock, NULL);
	return b;
}

const struct source_beside *beside_opts(struct beside *b)
{
	return &b->opts;
}

void beside_free(struct beside *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->n_colls; i++) {
		free(b->colls[i].name);
		free(b->colls[i].content);
	}
	for (size_t i = 0; i < b->n_mapped; i++)
		free(b->mapped[i].key);
	free(b->colls);
	free(b->items);
	free(b->keys);
	free(b->slots);
	free(b->mapped);
	text_index_clear(&b->by_key);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

bool beside_has_coll(struct beside *b, enum coll_kind kind, const char *name)
{
	bool has = false;

	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->n_colls && !has; i++)
		has = b->colls[i].kind == kind && strcmp(b->colls[i].name, name) == 0;
	pthread_mutex_unlock(&b->lock);
	return has;
}

/* "STORE/FOLDER" in hexadecimal digits, as fetch/mapi writes it. */
bool beside_is_mapi(const struct tree_coll *c)
{
	static const char digits[] = "0123456789abcdef";
	const char *h = c->href;

	return h && strlen(h) == 49 && strspn(h, digits) == 32 && h[32] == '/' &&
	       strspn(h + 33, digits) == 16;
}
