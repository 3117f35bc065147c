/*
 * Messages to the target, in order of their UIDs, a batch in one imap_append. What the server took is made known to the journal before the
 * next batch goes out; what may or may not have arrived is looked for before it is sent again.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/format/header.h"
#include "imap.h"

enum { WORDS_MAX = 256 };

/* One message on its way. */
struct sending {
	struct box *b;
	uint32_t item;
	struct buf mem; /* small messages wholly, of large ones nothing */
	bool held;
	int broken; /* the archive does not give it: ERR_DAMAGED ... */
	struct err why;
	char *words;
	const char *word[WORDS_MAX];
};

struct batch {
	struct imap_append list[BATCH_MESSAGES];
	struct sending send[BATCH_MESSAGES];
	size_t n;
	uint64_t bytes;
};

static const struct tree_item *item_of(const struct box *b, uint32_t i)
{
	return &b->coll->items[i];
}

void item_altered(struct box *b, uint32_t item)
{
	if (!b->odd[item])
		b->sum.altered++;
	b->odd[item] = 1;
}

void item_failed(struct box *b, uint32_t item, const char *head, size_t head_len, const char *why)
{
	const struct tree_item *it = item_of(b, item);
	struct buf own;

	buf_init(&own, HEAD_CAP);
	if (!head) {
		buf_clear(&own);
		item_head(b, it, &own);
		head = (const char *)own.data;
		head_len = own.len;
	}
	say_item(b, SAY_WARNING, it, head, head_len, "not restored: %s", why);
	buf_clear(&own);
	b->state[item] = ITEM_FAILED;
	b->sum.failed++;
	atomic_fetch_add(&b->w->run->progress->items_done, 1);
}

static int hold_write(void *ctx, const void *p, size_t n, struct err *err)
{
	struct sending *s = ctx;

	if (buf_add(&s->mem, p, n) < 0)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "it is larger than the catalog says");
	return 0;
}

static int give(void *ctx, int (*write)(void *wctx, const void *p, size_t n, struct err *err),
        void *wctx, struct err *err)
{
	struct sending *s = ctx;
	struct tree_reader *r = s->b->w->run->reader;
	int rc;

	if (s->held)
		return s->mem.len ? write(wctx, s->mem.data, s->mem.len, err) : 0;
	rc = r->ops->body(r, s->b->coll, item_of(s->b, s->item), write, wctx, err);
	if (rc == ERR_DAMAGED || rc == ERR_NOTFOUND || rc == ERR_IO || rc == ERR_LIMIT) {
		s->broken = rc;
		s->why = *err;
	}
	return rc;
}

static bool is_small(const struct tree_item *it)
{
	return it->size <= HELD_MAX;
}

static void sending_clear(struct sending *s)
{
	buf_clear(&s->mem);
	free(s->words);
}

static void batch_clear(struct batch *t)
{
	for (size_t i = 0; i < t->n; i++)
		sending_clear(&t->send[i]);
	t->n = 0;
	t->bytes = 0;
}

/* NUL, and 8-bit header fields that Cyrus makes "X": the size stays, the octets do not. */
static bool is_fragile(struct box *b, const struct tree_item *it, const struct sending *s)
{
	struct buf own;
	const struct buf *head = &s->mem;
	size_t n;
	bool found = it->warn & WARN_NUL;

	buf_init(&own, 0);
	if (!s->held) {
		item_head(b, it, &own);
		head = &own;
	}
	n = head->len ? header_length((const char *)head->data, head->len) : 0;
	for (size_t i = 0; i < n && !found; i++)
		found = head->data[i] >= 0x80;
	buf_clear(&own);
	return found;
}

/* Put an item into the batch; false: the archive does not give it, and it is named. */
static bool batch_put(struct batch *t, struct box *b, uint32_t item)
{
	const struct tree_item *it = item_of(b, item);
	struct tree_reader *r = b->w->run->reader;
	struct sending *s = &t->send[t->n];
	struct imap_append *a = &t->list[t->n];
	const char *fit;

	memset(s, 0, sizeof *s);
	memset(a, 0, sizeof *a);
	s->b = b;
	s->item = item;
	s->held = is_small(it);
	buf_init(&s->mem, s->held ? (size_t)it->size : 0);
	if (s->held) {
		int rc = r->ops->body(r, b->coll, it, hold_write, s, &s->why);

		if (rc < 0 || s->mem.len != it->size) {
			item_failed(b, item, "", 0,
			        rc < 0 ? s->why.text : "it is shorter than the catalog says");
			sending_clear(s);
			return false;
		}
	}
	b->fragile[item] = is_fragile(b, it, s);
	fit = tree_coll_keyword_text(
	        b->words, keywords_fit(b, tree_coll_keyword_text(b->coll, it->keywords), NULL));
	s->words = xstrdup(fit);
	a->n_keywords = words_split(s->words, s->word, WORDS_MAX);
	a->keywords = s->word;
	a->flags = it->flags;
	a->date = (struct date){it->date_utc, it->zone_min, true};
	a->size = it->size;
	a->give = give;
	a->ctx = s;
	t->n++;
	t->bytes += it->size;
	return true;
}

static uint64_t over_quota(struct run *r, uint64_t size, bool refused)
{
	uint64_t limit;

	pthread_mutex_lock(&r->lock);
	if (refused && size < r->quota_refused)
		r->quota_refused = size;
	limit = r->quota_refused;
	pthread_mutex_unlock(&r->lock);
	return limit;
}

/* What is known to be refused is not sent. */
static bool is_hopeless(struct box *b, uint32_t item)
{
	struct run *r = b->w->run;
	uint64_t size = item_of(b, item)->size;
	char why[120];

	if (r->append_limit && size > r->append_limit) {
		snprintf(why, sizeof why, "larger than the target's limit of %llu octets",
		        (unsigned long long)r->append_limit);
		item_failed(b, item, NULL, 0, why);
		return true;
	}
	if (size >= over_quota(r, size, false)) {
		item_failed(b, item, "", 0,
		        "the target is over quota; messages of this size are not tried again");
		return true;
	}
	return false;
}

/* The next messages from *pos on; large ones, and those with NUL that make some servers hang up, go alone. */
static void batch_fill(struct batch *t, struct box *b, size_t *pos, bool one)
{
	for (; *pos < b->coll->n_items && t->n < (one ? 1 : BATCH_MESSAGES); ++*pos) {
		const struct tree_item *it = item_of(b, (uint32_t)*pos);
		bool alone = !is_small(it) || (it->warn & WARN_NUL);

		if (b->state[*pos] != ITEM_TODO)
			continue;
		if (t->n && (alone || t->bytes + it->size > BATCH_BYTES))
			return;
		if (!is_hopeless(b, (uint32_t)*pos) && batch_put(t, b, (uint32_t)*pos) && alone) {
			++*pos;
			return;
		}
	}
}

int box_remember(struct box *b, const uint32_t *items, size_t n, struct err *err)
{
	struct kept *k;
	int rc;

	if (n == 0 || b->w->run->opts->dry_run)
		return 0;
	k = xcalloc(n, sizeof *k);
	for (size_t i = 0; i < n; i++) {
		const struct tree_item *it = item_of(b, items[i]);

		memcpy(k[i].sha256, it->sha256, SHA256_LEN);
		k[i].date_utc = it->date_utc;
		k[i].uidvalidity = b->sel.uidvalidity;
		k[i].uid = b->got[items[i]];
		k[i].src_uid = it->uid;
		k[i].flags = it->flags;
		k[i].keywords =
		        (char *)(uintptr_t)tree_coll_keyword_text(b->coll, it->keywords); /* lent */
	}
	rc = kept_put(b->w->run->journal, b->e->shown, k, n, err);
	free(k);
	return rc < 0 ? restore_fail(b->w->run, err) : 0;
}

void item_added(struct box *b, uint32_t item, uint32_t uid, uint32_t validity)
{
	struct run *r = b->w->run;
	const struct tree_item *it = item_of(b, item);

	if (b->sel.uidvalidity == 0)
		b->sel.uidvalidity = validity; /* a mailbox that was never selected */
	b->state[item] = ITEM_ADDED;
	b->got[item] = validity == 0 || validity == b->sel.uidvalidity ? uid : 0;
	if (b->got[item] >= b->next_uid)
		b->next_uid = b->got[item] + 1;
	b->sum.added++;
	b->sum.bytes += it->size;
	atomic_fetch_add(&r->progress->items_done, 1);
	atomic_fetch_add(&r->progress->bytes_done, it->size);
	if (kept_any(r->journal)) {
		struct placed *p;

		pthread_mutex_lock(&r->lock);
		p = ARR_PUSH(r->placed, r->n_placed, r->placed_cap);
		memcpy(p->sha256, it->sha256, SHA256_LEN);
		p->entry = b->entry;
		pthread_mutex_unlock(&r->lock);
	}
}

static bool is_quota(const struct imap_append *a)
{
	return strcasecmp(a->code, "OVERQUOTA") == 0 || strcasestr(a->text, "quota") != NULL;
}

static bool is_too_big(const struct imap_append *a)
{
	return strcasecmp(a->code, "TOOBIG") == 0;
}

/* Not now, but later (RFC 5530). */
static bool is_busy(const struct imap_append *a)
{
	static const char *const codes[] = {"THROTTLED", "UNAVAILABLE", "INUSE"};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (strcasecmp(a->code, codes[i]) == 0)
			return true;
	return false;
}

/* One more try, with less beside the message. Flags are set afterwards, one by one if need be. */
static int send_bare(struct box *b, struct imap_append *a, unsigned step, struct err *err)
{
	a->keywords = NULL;
	a->n_keywords = 0;
	if (step > 0) {
		a->flags = 0;
		a->date.known = false;
	}
	return imap_append(b->w->m, b->e->raw, b->e->raw_len, a, 1, err);
}

/* Flags and keywords that it lacks now are seen, and set, when all is looked at in the end. */
static void after_bare(struct box *b, const struct sending *s, unsigned step)
{
	if (step == 0)
		return;
	item_altered(b, s->item);
	say_item(b, SAY_NOTE, item_of(b, s->item), (const char *)s->mem.data, s->mem.len,
	        "restored without its date: the target refused it");
}

/* A refused message: once more alone without keywords, at last without flags and date; then it is named. */
static int refused(struct box *b, struct sending *s, struct imap_append *a, struct err *err)
{
	const char *head = s->held ? (const char *)s->mem.data : NULL;
	char why[300];
	int rc = 0;

	snprintf(why, sizeof why, "the target refuses it: %s%s%s", a->code, a->code[0] ? ", " : "",
	        a->text);
	for (unsigned step = 0; step < 2 && !is_quota(a) && !is_too_big(a); step++) {
		if (strcasecmp(a->code, "TRYCREATE") == 0) {
			b->e->exists = false;
			rc = box_make(b->w, b->e, &b->sum, err);
			if (rc < 0)
				return rc;
		}
		rc = send_bare(b, a, step, err);
		if (rc < 0)
			return rc;
		if (a->result == APPEND_OK) {
			item_added(b, s->item, a->uid, a->uidvalidity);
			after_bare(b, s, step);
			return 0;
		}
	}
	if (is_quota(a))
		over_quota(b->w->run, a->size, true);
	item_failed(b, s->item, head, s->mem.len, why);
	return 0;
}

/* What became of the messages of a batch. *again_out: some are to be sent again after a while. */
static int settle(struct box *b, struct batch *t, bool *again_out, struct err *err)
{
	uint32_t known[BATCH_MESSAGES] = {0};
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].result == APPEND_OK) {
			item_added(b, t->send[i].item, t->list[i].uid, t->list[i].uidvalidity);
			if (b->got[t->send[i].item])
				known[n++] = t->send[i].item;
		}
	rc = box_remember(b, known, n, err);
	if (rc < 0)
		return rc;
	if (n)
		b->waits = 0;
	n = 0;
	for (size_t i = 0; i < t->n && imap_alive(b->w->m); i++) {
		if (t->list[i].result != APPEND_REFUSED)
			continue;
		if (is_busy(&t->list[i]) && b->waits < OPEN_TRIES) {
			*again_out = true;
			continue;
		}
		rc = refused(b, &t->send[i], &t->list[i], err);
		if (rc < 0)
			return rc;
		if (b->state[t->send[i].item] == ITEM_ADDED && b->got[t->send[i].item])
			known[n++] = t->send[i].item;
	}
	return box_remember(b, known, n, err);
}

/* The connection broke: look what has arrived. One message that breaks it again and again is named. */
static int recover(struct box *b, struct batch *t, struct err *err)
{
	uint32_t unknown[BATCH_MESSAGES] = {0}, validity = b->sel.uidvalidity;
	struct err lost = *err;
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < t->n; i++) {
		struct sending *s = &t->send[i];

		if (b->state[s->item] != ITEM_TODO)
			continue;
		if (s->broken)
			item_failed(b, s->item, "", 0, s->why.text);
		else if (t->list[i].result == APPEND_UNKNOWN)
			unknown[n++] = s->item;
	}
	rc = tlink_pause(b->w, 1, err);
	if (rc == 0)
		rc = tlink_select(b, err);
	if (rc == 0 && validity && b->sel.uidvalidity != validity)
		return err_set(err, ERR_PROTO, ERR_COLLECTION,
		        "the target's UIDVALIDITY changed meanwhile");
	if (rc == 0 && n)
		rc = box_find_arrived(b, unknown, n, err);
	if (rc == 0 && t->n == 1 && b->state[t->send[0].item] == ITEM_TODO &&
	        ++b->tries[t->send[0].item] >= TRIES) {
		char why[700];

		snprintf(why, sizeof why, "the connection breaks when it is sent: %s", lost.text);
		item_failed(b, t->send[0].item,
		        t->send[0].held ? (const char *)t->send[0].mem.data : NULL,
		        t->send[0].mem.len, why);
	}
	return rc;
}

/* Send a batch; *again_out: what is still to do of it is to be taken up once more. */
static int append_batch(struct box *b, struct batch *t, bool *again_out, struct err *err)
{
	struct err sent;
	int rc = imap_append(b->w->m, b->e->raw, b->e->raw_len, t->list, t->n, err), settled;

	if (rc < 0 && imap_alive(b->w->m))
		return rc;
	sent = *err;
	settled = settle(b, t, again_out, err);
	if (settled < 0 && (imap_alive(b->w->m) || restore_failed(b->w->run)))
		return settled;
	if (settled == 0 && rc < 0)
		*err = sent;
	return settled < 0 ? settled : rc;
}

static int append_run(struct box *b, struct batch *t, struct err *err)
{
	size_t pos = 0, careful = 0;
	int rc = 0;

	while (rc == 0) {
		size_t from = pos;
		bool again = false;

		rc = stop_check(err);
		if (rc < 0)
			return err_widen(err, ERR_WHOLE);
		batch_fill(t, b, &pos, careful > 0);
		if (t->n == 0 && pos >= b->coll->n_items)
			return 0;
		if (t->n == 0)
			continue;
		rc = append_batch(b, t, &again, err);
		careful -= careful > 0;
		if (tlink_dead(b->w, rc) && err->code != ERR_STOPPED &&
		        !restore_failed(b->w->run)) {
			careful = t->n;
			again = true;
			rc = recover(b, t, err);
		} else if (rc == 0 && again) {
			progress_say(b->w->run->progress, SAY_INFO, "%s: the target asks to wait",
			        b->e->shown);
			rc = tlink_pause(b->w, ++b->waits, err);
		}
		if (again)
			pos = from;
		batch_clear(t);
	}
	return rc;
}

int box_append(struct box *b, struct err *err)
{
	struct batch *t = xcalloc(1, sizeof *t);
	int rc = append_run(b, t, err);

	batch_clear(t);
	free(t);
	return rc;
}
