/* A sink that keeps nothing: what the source shows, collection by collection. */
#include "source.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

enum {
	HEAD_MAX = 64 << 10, /* of a message */
	OBJECT_MAX = 1 << 20, /* of a calendar object or card that is compared by content */
	OBJECTS_MAX = 256 << 20, /* of all of them */
	/* wrong sizes in a collection that are few: so many, or one of so many items */
	DOUBTFUL_MIN = 16,
	DOUBTFUL_PART = 5,
};

struct tree_body {
	struct audit_source *source;
	enum coll_kind kind;
	struct sha256 sum;
	uint64_t size;
	bool has_nul;
	struct buf head;
};

static struct audit_source *source_of(struct tree_sink *t)
{
	return (struct audit_source *)t;
}

static int by_sum(const void *a, const void *b)
{
	return memcmp(a, b, SHA256_LEN);
}

size_t source_head(const struct audit_source *s, enum coll_kind kind, const char *name)
{
	const struct tree_manifest *m = s->archive->ops->manifest(s->archive);
	const struct tree_head *h = tree_manifest_find(m, kind, name);

	return h ? (size_t)(h - m->heads) : m->n_heads;
}

/* Once for each collection. */
static void scan_rescued(struct audit_source *s, const struct tree_coll *c, struct seen_head *h)
{
	for (size_t i = 0; i < c->n_items && !h->scanned; i++)
		if (c->items[i].warn & WARN_RESCUED)
			say_rescued(s->audit, s->archive, c, &c->items[i]);
	h->scanned = true;
}

int source_load(struct audit_source *s, enum coll_kind kind, const char *name,
        struct tree_coll **out, struct err *err)
{
	const struct tree_manifest *m = s->archive->ops->manifest(s->archive);
	size_t i = source_head(s, kind, name);
	int rc;

	*out = NULL;
	if (i == m->n_heads)
		return 0;
	rc = s->archive->ops->coll(s->archive, &m->heads[i], out, err);
	if (rc == 0)
		scan_rescued(s, *out, &s->heads[i]);
	return rc;
}

/* What all collections hold; one that cannot be read has nothing. */
static void load_sums(struct audit_source *s)
{
	const struct tree_manifest *m = s->archive->ops->manifest(s->archive);

	for (size_t i = 0; i < m->n_heads; i++) {
		struct tree_coll *c = NULL;
		struct err ignored = {0};

		if (s->archive->ops->coll(s->archive, &m->heads[i], &c, &ignored) < 0)
			continue;
		for (size_t k = 0; k < c->n_items + c->n_gone; k++) {
			struct sum *sum = ARR_PUSH(s->sums, s->n_sums, s->sums_cap);

			memcpy(sum->sha256, tree_coll_any(c, k)->sha256, SHA256_LEN);
			sum->head = (uint32_t)i;
			sum->item = (uint32_t)k;
			sum->gone = k >= c->n_items;
		}
		tree_coll_free(c);
	}
	SORT(s->sums, s->n_sums, by_sum);
	if (!s->sums)
		s->sums = xcalloc(1, sizeof *s->sums);
}

const struct sum *source_sum(struct audit_source *s, const uint8_t sha256[SHA256_LEN])
{
	const struct sum *best = NULL;
	size_t i = 0;

	if (!s->sums)
		load_sums(s);
	LOOKUP_FIRST(i, s->n_sums, memcmp(s->sums[i].sha256, sha256, SHA256_LEN) < 0);
	for (; i < s->n_sums && by_sum(&s->sums[i], sha256) == 0; i++)
		if (!best || (best->gone && !s->sums[i].gone))
			best = &s->sums[i];
	return best;
}

struct fresh *source_fresh(struct audit_source *s, const uint8_t sha256[SHA256_LEN])
{
	if (s->n_sorted < s->n_fresh)
		SORT(s->fresh, s->n_fresh, by_sum);
	s->n_sorted = s->n_fresh;
	return FIND(sha256, s->fresh, s->n_fresh, by_sum);
}

/* NULL: it cannot be read. */
static const struct tree_coll *cached_coll(struct audit_source *s, size_t head)
{
	const struct tree_manifest *m = s->archive->ops->manifest(s->archive);
	struct err ignored = {0};

	if (s->cached && s->cached_head == head)
		return s->cached;
	tree_coll_free(s->cached);
	s->cached = NULL;
	s->cached_head = head;
	if (s->archive->ops->coll(s->archive, &m->heads[head], &s->cached, &ignored) < 0)
		s->cached = NULL;
	return s->cached;
}

void source_name(struct audit_source *s, size_t head, size_t item, struct audit_name *out)
{
	const struct tree_coll *c = cached_coll(s, head);

	if (c && item < c->n_items + c->n_gone)
		name_from(s->archive, c, tree_coll_any(c, item), out);
}

/*
 * What came with another size than the source says, where few did: it may be cut, or another
 * message, and no backup fetches it again. What the source gives now counts.
 */
static void forget_doubtful(struct tree_coll *c)
{
	size_t wrong = 0, n = 0;

	for (size_t i = 0; i < c->n_items; i++)
		wrong += (c->items[i].warn & WARN_SIZE) != 0;
	if (!wrong || (wrong > DOUBTFUL_MIN && wrong > c->n_items / DOUBTFUL_PART))
		return;
	for (size_t i = 0; i < c->n_items; i++)
		if (!(c->items[i].warn & WARN_SIZE))
			c->items[n++] = c->items[i];
	c->n_items = n;
	c->uidnext = 0; /* so that all is listed */
	c->highestmodseq = 0;
}

/* As a source may believe it: what is gone is not on the server. */
static int on_prev(struct tree_sink *t, enum tree_prev which, enum coll_kind kind, const char *name,
        struct tree_coll **out, struct err *err)
{
	struct audit_source *s = source_of(t);
	int rc = 0;

	*out = NULL;
	if (which == PREV_RUN || s->full)
		return 0;
	pthread_mutex_lock(&s->lock);
	rc = source_load(s, kind, name, out, err);
	pthread_mutex_unlock(&s->lock);
	if (rc == ERR_DAMAGED || rc == ERR_NOTFOUND) { /* said by source_compare */
		err_clear(err);
		rc = 0;
	}
	if (*out) {
		tree_coll_without_gone(*out);
		forget_doubtful(*out);
	}
	return rc;
}

/* The snapshot as a reader of its own. */
struct last {
	struct tree_reader base; /* first */
	struct audit_source *source;
};

static const struct tree_manifest *last_manifest(struct tree_reader *r)
{
	const struct audit_source *s = ((struct last *)r)->source;

	return s->archive->ops->manifest(s->archive);
}

/* With s->full the items are not known, so that each comes. */
static int last_coll(
        struct tree_reader *r, const struct tree_head *h, struct tree_coll **out, struct err *err)
{
	struct audit_source *s = ((struct last *)r)->source;
	struct tree_coll *c = NULL;
	int rc;

	pthread_mutex_lock(&s->lock);
	rc = s->archive->ops->coll(s->archive, h, &c, err);
	pthread_mutex_unlock(&s->lock);
	*out = rc == 0 && s->full ? tree_coll_like(c) : c;
	if (*out != c) {
		tree_coll_free(c);
	} else if (c) {
		tree_coll_without_gone(c);
		forget_doubtful(c);
	}
	return rc;
}

static int last_body(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        tree_write_fn write, void *ctx, struct err *err)
{
	struct tree_reader *archive = ((struct last *)r)->source->archive;

	return archive->ops->body(archive, c, it, write, ctx, err);
}

static void last_free(struct tree_reader *r)
{
	free(r);
}

static int on_last(struct tree_sink *t, struct tree_reader **out, struct err *err)
{
	static const struct tree_reader_ops ops = {
	        .manifest = last_manifest, .coll = last_coll, .body = last_body, .free = last_free};
	struct last *l = xcalloc(1, sizeof *l);

	(void)err;
	l->base.ops = &ops;
	l->source = source_of(t);
	*out = &l->base;
	return 0;
}

static int on_body_open(
        struct tree_sink *t, enum coll_kind kind, struct tree_body **out, struct err *err)
{
	struct tree_body *b = xcalloc(1, sizeof *b);

	(void)err;
	b->source = source_of(t);
	b->kind = kind;
	sha256_start(&b->sum);
	buf_init(&b->head, kind == COLL_MAIL ? HEAD_MAX : OBJECT_MAX);
	*out = b;
	return 0;
}

static int on_body_write(struct tree_body *b, const void *p, size_t n, struct err *err)
{
	(void)err;
	sha256_add(&b->sum, p, n);
	b->has_nul |= memchr(p, 0, n) != NULL;
	b->size += n;
	buf_fill(&b->head, p, n);
	return 0;
}

static void on_body_abort(struct tree_body *b)
{
	buf_clear(&b->head);
	free(b);
}

/* With the lock held. */
static void keep_fresh(struct audit_source *s, struct tree_body *b, const uint8_t sum[SHA256_LEN])
{
	struct fresh *f = ARR_PUSH(s->fresh, s->n_fresh, s->fresh_cap);

	memcpy(f->sha256, sum, SHA256_LEN);
	audit_name_read(b->kind, buf_str(&b->head), b->head.len, &f->name);
	if (b->kind == COLL_MAIL || b->size > b->head.len ||
	        s->kept_octets + b->head.len > OBJECTS_MAX)
		return;
	f->len = b->head.len;
	s->kept_octets += f->len;
	f->octets = buf_take(&b->head);
}

static int on_body_close(struct tree_body *b, struct tree_object *out, struct err *err)
{
	struct audit_source *s = b->source;

	(void)err;
	sha256_end(&b->sum, out->sha256);
	out->size = b->size;
	out->has_nul = b->has_nul;
	pthread_mutex_lock(&s->lock);
	if (!source_sum(s, out->sha256))
		keep_fresh(s, b, out->sha256);
	pthread_mutex_unlock(&s->lock);
	on_body_abort(b);
	return 0;
}

static int on_item(
        struct tree_sink *t, struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	struct tree_item copy = *it;

	(void)t;
	(void)err;
	copy.gone = 0;
	tree_coll_add(c, &copy);
	return 0;
}

static int on_coll(struct tree_sink *t, struct tree_coll *c, struct err *err)
{
	struct audit_source *s = source_of(t);
	struct tree_coll *was = NULL;
	size_t head;
	int rc;

	tree_coll_sort(c);
	pthread_mutex_lock(&s->lock);
	head = source_head(s, c->kind, c->name);
	rc = source_load(s, c->kind, c->name, &was, err);
	if (rc == ERR_DAMAGED || rc == ERR_NOTFOUND) {
		audit_say(s->audit, AUDIT_ARCHIVE, AUDIT_DAMAGED, c->kind, c->name, err->text);
		err_clear(err);
		rc = 0;
	}
	if (rc == 0)
		source_compare(s, c, was, head);
	pthread_mutex_unlock(&s->lock);
	tree_coll_free(was);
	tree_coll_free(c);
	return rc;
}

/* Left out: by an option, or since it is somebody else's. */
static void say_skipped(
        struct audit_source *s, enum coll_kind kind, const char *name, const char *whose)
{
	const struct tree_manifest *m = s->archive->ops->manifest(s->archive);
	const struct tree_head *h = tree_manifest_find(m, kind, name);
	const struct pattern_name n = {.full = name,
	        .content = h ? h->content_name : name,
	        .mail = kind == COLL_MAIL,
	        .uses = h ? h->special_use : NULL};
	bool chosen = whose || (pattern_chooses(s->choice, &n) && !s->choice->exclude_uses);

	if (!h && chosen)
		audit_count(s->audit, AUDIT_SOURCE, &(struct audit_counts){.shared = 1});
	else if (chosen)
		audit_say(s->audit, AUDIT_SOURCE, AUDIT_EXCLUDED, kind, name,
		        whose ? whose : "it lies where the audit did not look");
	else
		audit_say(s->audit, AUDIT_SOURCE,
		        audit_excluded(kind, h ? h->special_use : NULL, n.content), kind, name,
		        NULL);
}

/* With the lock held: one collection that the source leaves as it is. */
static void keep_one(struct audit_source *s, enum coll_kind kind, const char *name,
        enum coll_status status, const char *reason)
{
	const struct tree_manifest *m = s->archive->ops->manifest(s->archive);
	size_t i = source_head(s, kind, name);

	if (status == COLL_COMPLETE && i < m->n_heads) {
		uint64_t items = m->heads[i].roots.items, bytes = m->heads[i].roots.bytes;

		s->heads[i].given = true;
		audit_count(s->audit, AUDIT_SOURCE,
		        &(struct audit_counts){.collections = 1, .items = items, .same = items});
		audit_count_coll(s->audit, AUDIT_SOURCE, kind, name, items, bytes);
	} else if (status == COLL_SKIPPED) {
		say_skipped(s, kind, name, reason);
	} else if (status == COLL_STALE) {
		audit_say(s->audit, AUDIT_SOURCE, AUDIT_FOLDER_UNREAD, kind, name, reason);
	}
	if (i < m->n_heads && status != COLL_COMPLETE)
		s->heads[i].skipped = true;
}

static int on_keep(struct tree_sink *t, enum coll_kind kind, const char *name,
        enum coll_status status, const char *reason, struct err *err)
{
	struct audit_source *s = source_of(t);
	const struct tree_manifest *m = s->archive->ops->manifest(s->archive);

	(void)err;
	pthread_mutex_lock(&s->lock);
	if (name)
		keep_one(s, kind, name, status, reason);
	for (size_t i = 0; !name && i < m->n_heads; i++)
		if (m->heads[i].kind == kind && !s->heads[i].given && !s->heads[i].skipped)
			keep_one(s, kind, m->heads[i].name, status, reason);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

/* With the lock held: of all collections, as items move; one that cannot be read names nothing. */
static void load_names(struct audit_source *s)
{
	const struct tree_manifest *m = s->archive->ops->manifest(s->archive);

	s->names = abouts_new_temporary();
	for (size_t i = 0; i < m->n_heads && s->archive->ops->names; i++) {
		struct tree_coll *c = NULL;
		struct err ignored = {0};

		if (coll_is_beside(m->heads[i].kind))
			continue;
		if (s->archive->ops->coll(s->archive, &m->heads[i], &c, &ignored) == 0 &&
		        s->archive->ops->names(s->archive, c, s->names, &ignored) < 0)
			err_clear(&ignored);
		tree_coll_free(c);
	}
}

/* What is not in the snapshot has no name. */
static int on_names(
        struct tree_sink *t, const struct tree_coll *c, struct abouts **out, struct err *err)
{
	struct audit_source *s = source_of(t);

	(void)c;
	(void)err;
	pthread_mutex_lock(&s->lock);
	if (!s->names)
		load_names(s);
	*out = s->names;
	pthread_mutex_unlock(&s->lock);
	return 0;
}

static int on_sync(struct tree_sink *t, struct err *err)
{
	(void)t;
	(void)err;
	return 0;
}

/* There is nothing to be committed. */
static int on_commit(struct tree_sink *t, struct tree_commit *out, struct err *err)
{
	(void)t;
	(void)out;
	return err_set(err, ERR_USAGE, ERR_WHOLE, "an audit writes nothing");
}

static void on_free(struct tree_sink *t)
{
	(void)t; /* audit_source_free */
}

static const struct tree_sink_ops ops = {
        .prev = on_prev,
        .last = on_last,
        .body_open = on_body_open,
        .body_write = on_body_write,
        .body_close = on_body_close,
        .body_abort = on_body_abort,
        .item = on_item,
        .coll = on_coll,
        .keep = on_keep,
        .names = on_names,
        .sync = on_sync,
        .commit = on_commit,
        .free = on_free,
};

struct audit_source *audit_source_new(struct audit *a, struct tree_reader *archive, bool full,
        const struct pattern_choice *choice)
{
	struct audit_source *s = xcalloc(1, sizeof *s);

	s->base.ops = &ops;
	s->audit = a;
	s->archive = archive;
	s->full = full;
	s->choice = choice;
	s->heads = xcalloc(archive->ops->manifest(archive)->n_heads + 1, sizeof *s->heads);
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

/* What its collection shows no more; what was found in another one is there. */
static void say_absent(struct audit_source *s, const struct absent *a, uint64_t *named)
{
	const struct tree_coll *c = cached_coll(s, a->head);
	const struct tree_item *it;
	struct audit_finding f;

	if (!c || a->item >= c->n_items)
		return;
	it = &c->items[a->item];
	if (FIND(it->sha256, s->moved, s->n_moved, by_sum))
		return;
	f = finding_of(AUDIT_SOURCE, AUDIT_GONE_AT_SOURCE, c, it);
	if ((*named)++ < NAMED_MAX)
		name_from(s->archive, c, it, &f.name);
	audit_add(s->audit, &f);
	audit_count(s->audit, AUDIT_SOURCE, &(struct audit_counts){.gone = 1});
}

/* A collection that no service has said anything of. */
static void say_unseen_head(struct audit_source *s, const struct tree_head *h, bool unlisted)
{
	if (unlisted)
		audit_say(s->audit, AUDIT_SOURCE, AUDIT_FOLDER_UNREAD, h->kind, h->name,
		        "the server did not list everything");
	else if (!(h->attrs & (ATTR_GONE | ATTR_NOSELECT | ATTR_NONEXISTENT)))
		audit_say(s->audit, AUDIT_SOURCE, AUDIT_FOLDER_GONE, h->kind, h->name, NULL);
}

int audit_source_end(struct audit_source *s, unsigned kinds, unsigned unlisted, struct err *err)
{
	const struct tree_manifest *m = s->archive->ops->manifest(s->archive);
	uint64_t named = 0;
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	SORT(s->moved, s->n_moved, by_sum);
	for (size_t i = 0; i < s->n_absent && rc == 0; i++) {
		say_absent(s, &s->absent[i], &named);
		rc = stop_check(err);
	}
	for (size_t i = 0; i < m->n_heads; i++)
		if (kinds & 1u << m->heads[i].kind && !s->heads[i].given && !s->heads[i].skipped)
			say_unseen_head(s, &m->heads[i], unlisted & 1u << m->heads[i].kind);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

struct tree_sink *audit_source_sink(struct audit_source *s)
{
	return &s->base;
}

bool audit_source_settled(void *source, enum coll_kind kind, const char *name)
{
	struct audit_source *s = source;
	size_t i = source_head(s, kind, name);

	return i < s->archive->ops->manifest(s->archive)->n_heads && s->heads[i].given;
}

void audit_source_free(struct audit_source *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_fresh; i++) {
		audit_name_clear(&s->fresh[i].name);
		free(s->fresh[i].octets);
	}
	free(s->fresh);
	free(s->heads);
	free(s->sums);
	free(s->absent);
	free(s->moved);
	tree_coll_free(s->cached);
	abouts_free(s->names);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
