/* A sink before the sink, that remembers the content of all mail. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "cli.h"

struct recorder {
	struct tree_sink base; /* first */
	struct tree_sink_ops ops; /* those of ${to}, but for what is watched */
	struct tree_sink *to;
	pthread_mutex_t lock; /* guards the table */
	uint8_t (*slots)[SHA256_LEN]; /* open addressing; all zero: empty */
	size_t n, size; /* size: a power of two */
};

static const uint8_t empty[SHA256_LEN];

/* Where the sum is, or belongs; there is always a free slot. */
static uint8_t *find_slot(const struct recorder *r, const uint8_t sha256[SHA256_LEN])
{
	uint64_t key;
	size_t i;

	memcpy(&key, sha256, sizeof key);
	for (i = (size_t)key & (r->size - 1); memcmp(r->slots[i], empty, SHA256_LEN) != 0 &&
	                                      memcmp(r->slots[i], sha256, SHA256_LEN) != 0;)
		i = (i + 1) & (r->size - 1);
	return r->slots[i];
}

/* The content of one item of mail is known from now on. */
static void add_sum(struct recorder *r, const uint8_t sha256[SHA256_LEN])
{
	uint8_t *slot;

	pthread_mutex_lock(&r->lock);
	if (2 * r->n >= r->size) {
		struct recorder old = *r;

		r->size = old.size ? 2 * old.size : 1024;
		r->slots = xcalloc(r->size, SHA256_LEN);
		for (size_t i = 0; i < old.size; i++)
			if (memcmp(old.slots[i], empty, SHA256_LEN) != 0)
				memcpy(find_slot(r, old.slots[i]), old.slots[i], SHA256_LEN);
		free(old.slots);
	}
	slot = find_slot(r, sha256);
	r->n += memcmp(slot, empty, SHA256_LEN) == 0;
	memcpy(slot, sha256, SHA256_LEN);
	pthread_mutex_unlock(&r->lock);
}

bool recorder_seen(void *ctx, const uint8_t sha256[SHA256_LEN])
{
	struct recorder *r = ctx;
	bool yes;

	pthread_mutex_lock(&r->lock);
	yes = r->size && memcmp(find_slot(r, sha256), sha256, SHA256_LEN) == 0;
	pthread_mutex_unlock(&r->lock);
	return yes;
}

/* The sink that it hands on to. */
static struct tree_sink *sink_below(struct tree_sink *s)
{
	return ((struct recorder *)s)->to;
}

static int on_prev(struct tree_sink *s, enum tree_prev which, enum coll_kind kind, const char *name,
        struct tree_coll **out, struct err *err)
{
	return sink_below(s)->ops->prev(sink_below(s), which, kind, name, out, err);
}

static int on_head(struct tree_sink *s, enum coll_kind kind, const char *name,
        struct tree_coll **out, size_t *items_out, struct err *err)
{
	return sink_below(s)->ops->head(sink_below(s), kind, name, out, items_out, err);
}

static int on_last(struct tree_sink *s, struct tree_reader **out, struct err *err)
{
	return sink_below(s)->ops->last(sink_below(s), out, err);
}

static int on_body_open(
        struct tree_sink *s, enum coll_kind kind, struct tree_body **out, struct err *err)
{
	return sink_below(s)->ops->body_open(sink_below(s), kind, out, err);
}

static int on_item(
        struct tree_sink *s, struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	int rc = sink_below(s)->ops->item(sink_below(s), c, it, err);

	if (rc == 0)
		add_sum((struct recorder *)s, it->sha256);
	return rc;
}

static int on_coll(struct tree_sink *s, struct tree_coll *c, struct err *err)
{
	return sink_below(s)->ops->coll(sink_below(s), c, err);
}

/* A mailbox that stays as it was gives its mail, too. */
static int on_keep(struct tree_sink *s, enum coll_kind kind, const char *name,
        enum coll_status status, const char *reason, struct err *err)
{
	struct tree_coll *c = NULL;
	int rc = 0;

	if (name)
		rc = on_prev(s, PREV_SNAPSHOT, kind, name, &c, err);
	for (size_t i = 0; c && i < c->n_items; i++)
		if (!c->items[i].gone)
			add_sum((struct recorder *)s, c->items[i].sha256);
	tree_coll_free(c);
	return rc ? rc : sink_below(s)->ops->keep(sink_below(s), kind, name, status, reason, err);
}

static int on_names(
        struct tree_sink *s, const struct tree_coll *c, struct abouts **out, struct err *err)
{
	return sink_below(s)->ops->names(sink_below(s), c, out, err);
}

static int on_sync(struct tree_sink *s, struct err *err)
{
	return sink_below(s)->ops->sync(sink_below(s), err);
}

static int on_commit(struct tree_sink *s, struct tree_commit *out, struct err *err)
{
	return sink_below(s)->ops->commit(sink_below(s), out, err);
}

static void on_free(struct tree_sink *s)
{
	(void)s;
}

struct recorder *recorder_new(struct tree_sink *sink)
{
	struct recorder *r = xcalloc(1, sizeof *r);

	r->to = sink;
	/* a body belongs to the other sink, and goes there directly */
	r->ops = *sink->ops;
	r->ops.prev = on_prev;
	r->ops.head = sink->ops->head ? on_head : NULL;
	r->ops.last = sink->ops->last ? on_last : NULL;
	r->ops.body_open = on_body_open;
	r->ops.item = on_item;
	r->ops.coll = on_coll;
	r->ops.keep = on_keep;
	r->ops.names = sink->ops->names ? on_names : NULL;
	r->ops.sync = sink->ops->sync ? on_sync : NULL;
	r->ops.commit = on_commit;
	r->ops.free = on_free;
	r->base.ops = &r->ops;
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

struct tree_sink *recorder_sink(struct recorder *r)
{
	return &r->base;
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r->slots);
	free(r);
}
