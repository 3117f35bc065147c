/*
 * Messages to the target, in order of their UIDs, a batch in one imap_append. What the
 * server took is made known to the journal before the next batch goes out; what may or
 * may not have arrived is looked for before it is sent again.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/format/header.h"
#include "run.h"

enum { WORDS_MAX = 256 };

/* One message on its way. */
struct sending {
	struct box *b;
	uint32_t item;
	struct buf mem; /* small messages wholly, of large ones nothing */
	bool held;
	bool made; /* the mailbox was made for it */
	int broken; /* the archive does not give it: ERR_DAMAGED ... */
	struct err why;
	char *words;
	const char *word[WORDS_MAX];
	size_t n_words;
};

struct batch {
	struct imap_append list[BATCH_MESSAGES];
	struct sending send[BATCH_MESSAGES];
	size_t n;
	size_t n_list; /* of list, those on their way: the others are settled */
	uint64_t bytes;
	struct err busy; /* why some of them are to be sent again after a while */
};

static const struct tree_item *item_of(const struct box *b, uint32_t i)
{
	return &b->coll->items[i];
}

void item_altered(struct box *b, uint32_t item, enum odd how)
{
	if (!b->items[item].odd)
		b->sum.altered++;
	b->items[item].odd |= (uint8_t)how;
}

static void name_failed(struct box *b, uint32_t item, enum say_level level, const char *head,
        size_t head_len, const char *why)
{
	const struct tree_item *it = item_of(b, item);
	struct buf own = buf_of(HEAD_CAP);

	if (!head) {
		buf_clear(&own);
		item_head(b, it, &own);
		head = (const char *)own.data;
		head_len = own.len;
	}
	say_item(b, level, it, head, head_len, "not restored: %s", why);
	buf_clear(&own);
	b->items[item].state = ITEM_FAILED;
	b->sum.failed++;
	form_free(b->items[item].form);
	b->items[item].form = NULL;
	atomic_fetch_add(&b->w->run->progress->items_done, 1);
}

void item_failed(struct box *b, uint32_t item, const char *head, size_t head_len, const char *why)
{
	name_failed(b, item, SAY_WARNING, head, head_len, why);
}

void item_failed_too(struct box *b, uint32_t item, const char *why)
{
	name_failed(b, item, SAY_LISTED, "", 0, why);
}

static int hold_write(void *ctx, const void *p, size_t n, struct err *err)
{
	struct sending *s = ctx;

	if (buf_add(&s->mem, p, n) < 0)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "it is larger than the catalog says");
	return 0;
}

static int give_body(void *ctx, int (*write)(void *wctx, const void *p, size_t n, struct err *err),
        void *wctx, struct err *err)
{
	struct sending *s = ctx;
	struct tree_reader *r = s->b->w->run->reader;
	int rc;

	if (s->b->items[s->item].form && s->b->items[s->item].form->mend)
		rc = form_give(s->b, s->item, write, wctx, err);
	else if (s->held)
		return s->mem.len ? write(wctx, s->mem.data, s->mem.len, err) : 0;
	else
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

/*
 * NUL, and 8-bit header fields that Cyrus makes "X": the size stays, the octets do not.
 */
bool item_is_fragile(struct box *b, const struct tree_item *it, const struct buf *head)
{
	struct buf own = buf_of(0);
	size_t n;
	bool found = it->warn & WARN_NUL;

	if (!head) {
		item_head(b, it, &own);
		head = &own;
	}
	n = head->len ? header_length((const char *)head->data, head->len) : 0;
	for (size_t i = 0; i < n && !found; i++)
		found = head->data[i] >= 0x80;
	buf_clear(&own);
	return found;
}

/* What goes out besides the octets, in the form that is tried now. */
static void set_flags(struct sending *s, struct imap_append *a)
{
	const struct tree_item *it = item_of(s->b, s->item);
	const struct form *f = s->b->items[s->item].form;

	a->n_keywords = f && f->bare_keywords ? 0 : s->n_words;
	a->flags = f && f->bare_flags ? 0 : it->flags;
	a->date = (struct date){it->date_utc, it->zone_min, !(f && f->no_date)};
	a->size = sent_size(s->b, s->item);
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
	b->items[item].read_back =
	        item_is_fragile(b, it, s->held ? &s->mem : NULL) ? READ_FRAGILE : 0;
	fit = tree_coll_keyword_text(
	        b->words, keywords_fit(b, tree_coll_keyword_text(b->coll, it->keywords)));
	s->words = xstrdup(fit);
	s->n_words = words_split(s->words, s->word, WORDS_MAX);
	a->keywords = s->word;
	a->give = give_body;
	a->ctx = s;
	set_flags(s, a);
	t->n++;
	t->bytes += it->size;
	return true;
}

/*
 * What the run knows to be too much, ${size} included; UINT64_MAX: it has not met a
 * quota.
 */
static uint64_t run_quota(struct run *r, uint64_t size)
{
	uint64_t limit;

	pthread_mutex_lock(&r->workers.lock);
	if (size < r->outcome.quota_refused)
		r->outcome.quota_refused = size;
	limit = r->outcome.quota_refused;
	pthread_mutex_unlock(&r->workers.lock);
	return limit;
}

/* Refused for a quota. The first is named in full; box_end tells how many they are. */
static void no_room(struct box *b, uint32_t item, uint64_t size, const char *why)
{
	uint64_t limit = run_quota(b->w->run, size);

	b->quota = limit < b->quota ? limit : b->quota;
	if (b->over_quota++)
		item_failed_too(b, item, why);
	else
		item_failed(b, item, NULL, 0, why);
}

/*
 * A mailbox may have a quota root of its own (RFC 9208): where another one is full, one
 * message is tried first.
 */
static bool tries_quota(struct box *b)
{
	return b->quota == UINT64_MAX && !b->sum.added &&
	       run_quota(b->w->run, UINT64_MAX) != UINT64_MAX;
}

/* What is known to be refused is not sent. */
static bool is_hopeless(struct box *b, uint32_t item)
{
	struct run *r = b->w->run;
	uint64_t size = item_of(b, item)->size;
	char why[120];

	if (r->plan.append_limit && size > r->plan.append_limit) {
		snprintf(why, sizeof why, "larger than the target's limit of %llu octets",
		        (unsigned long long)r->plan.append_limit);
		item_failed(b, item, NULL, 0, why);
		return true;
	}
	if (size >= b->quota) {
		no_room(b, item, size,
		        "the target is over quota; messages of this size are not tried again");
		return true;
	}
	return false;
}

/*
 * The next messages from *pos on; large ones, and those with NUL that make some servers
 * hang up, go alone.
 */
static void batch_fill(struct batch *t, struct box *b, size_t *pos, size_t max)
{
	for (; *pos < b->coll->n_items && t->n < max; ++*pos) {
		const struct tree_item *it = item_of(b, (uint32_t)*pos);
		bool alone = !is_small(it) || (it->warn & WARN_NUL);

		if (b->items[*pos].state != ITEM_TODO)
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
		k[i].uid = b->items[items[i]].got;
		k[i].from = b->items[items[i]].taken.from;
		k[i].to = b->items[items[i]].taken.to;
		k[i].source = b->e->head->name;
		k[i].src_uid = it->uid;
		k[i].flags = it->flags;
		k[i].form = (uint16_t)form_code(b, items[i]);
		k[i].octets = (b->items[items[i]].odd & ODD_OCTETS) != 0;
		k[i].lacks = (char *)(uintptr_t)tree_coll_keyword_text(
		        b->words, b->items[items[i]].lacks);
		b->items[items[i]].noted = b->items[items[i]].odd;
		/* lent */
		k[i].keywords = (char *)(uintptr_t)tree_coll_keyword_text(b->coll, it->keywords);
		if (b->w->run->plan.gmail)
			k[i].labels = (char *)(uintptr_t)tree_coll_keyword_text(
			        b->words, b->items[items[i]].labelled);
	}
	rc = kept_put(b->w->run->journal, b->e->shown, k, n, err);
	free(k);
	return rc < 0 ? workers_fail(&b->w->run->workers, err) : 0;
}

int box_remember_odd(struct box *b, struct err *err)
{
	uint32_t *items = xcalloc(b->coll->n_items + 1, sizeof *items);
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < b->coll->n_items; i++)
		if (b->items[i].got &&
		        (b->items[i].state == ITEM_ADDED || b->items[i].state == ITEM_THERE) &&
		        (b->items[i].odd & ~b->items[i].noted & (ODD_FLAGS | ODD_OCTETS)))
			items[n++] = (uint32_t)i;
	rc = box_remember(b, items, n, err);
	free(items);
	return rc;
}

bool is_sampled(uint64_t n)
{
	return n < 100 || n % 31 == 0;
}

static void choose_sample(struct box *b, uint32_t item)
{
	struct run *r = b->w->run;

	pthread_mutex_lock(&r->workers.lock);
	if (is_sampled(r->outcome.n_added++) || r->opts->read_all || r->outcome.alters)
		b->items[item].read_back |= READ_SAMPLE;
	pthread_mutex_unlock(&r->workers.lock);
}

void item_added(struct box *b, uint32_t item, uint32_t uid, uint32_t validity)
{
	struct run *r = b->w->run;
	const struct tree_item *it = item_of(b, item);

	/* a mailbox that was never selected */
	if (b->sel.uidvalidity == 0)
		b->sel.uidvalidity = validity;
	b->items[item].state = ITEM_ADDED;
	b->items[item].got = validity == 0 || validity == b->sel.uidvalidity ? uid : 0;
	if (b->items[item].got >= b->next_uid)
		b->next_uid = b->items[item].got + 1;
	b->sum.added++;
	b->sum.bytes += it->size;
	choose_sample(b, item);
	imap_pool_gained(&r->pool);
	atomic_fetch_add(&r->progress->items_done, 1);
	atomic_fetch_add(&r->progress->bytes_done, it->size);
	if (kept_any(r->journal)) {
		struct placed *p;

		pthread_mutex_lock(&r->workers.lock);
		p = ARR_PUSH(r->outcome.placed, r->outcome.n_placed, r->outcome.placed_cap);
		memcpy(p->sha256, it->sha256, SHA256_LEN);
		p->entry = b->entry;
		pthread_mutex_unlock(&r->workers.lock);
	}
}

static bool is_quota(const struct imap_append *a)
{
	return imap_classify(a->code, a->text) == IMAP_QUOTA;
}

/* Not now, but later: the refusal as an error. */
static bool is_busy(const struct box *b, const struct imap_append *a, struct err *why)
{
	enum imap_class class = imap_classify(a->code, a->text);

	if (class != IMAP_THROTTLE && (class != IMAP_TEMPORARY || b->waits >= ATTEMPTS_BUSY))
		return false;
	err_set(why, class == IMAP_THROTTLE ? ERR_THROTTLED : ERR_BUSY, ERR_ITEM, "%s%s%s", a->code,
	        a->code[0] ? " " : "", a->text);
	why->wait_ms = imap_asked_wait(a->text);
	return true;
}

/* No form of it was taken. */
static void name_refused(struct box *b, struct sending *s, const struct imap_append *a)
{
	const struct form *f = is_quota(a) ? NULL : b->items[s->item].form;
	char why[700];

	if (f)
		b->refused++;
	snprintf(why, sizeof why, "the target refuses it: %s%s%s%s", f ? f->why : a->code,
	        !f && a->code[0] ? ", " : "", f ? "" : a->text,
	        !f ? ""
	        : ladder_about(a->code, a->text) != ABOUT_LIMIT
	                ? "; and in every other form"
	                : "; and without its keywords and flags");
	if (is_quota(a))
		no_room(b, s->item, a->size, why);
	else
		item_failed(
		        b, s->item, s->held ? (const char *)s->mem.data : NULL, s->mem.len, why);
}

/* A refused message: its next form, if it has one. *out: it is to be sent again. */
static int take_refusal(struct box *b, struct imap_append *a, bool *out, struct err *err)
{
	struct sending *s = a->ctx;
	int rc = 0;

	*out = false;
	if (strcasecmp(a->code, "TRYCREATE") == 0 && !s->made) {
		b->e->exists = false;
		s->made = *out = true;
		return box_make(b->w, b->e, &b->sum, err);
	}
	while (!*out && !is_quota(a) && ladder_next(b, s->item, a->code, a->text)) {
		rc = form_ready(b, s->item, err);
		if (rc < 0 && rc != ERR_LIMIT)
			break;
		*out = rc == 0;
	}
	if (*out) {
		set_flags(s, a);
		return 0;
	}
	if (rc == ERR_STOPPED)
		return rc;
	name_refused(b, s, a);
	return 0;
}

static int note_added(struct box *b, struct batch *t, struct err *err)
{
	uint32_t known[BATCH_MESSAGES] = {0}, expected = b->next_uid;
	size_t n = 0, taken = 0;

	for (size_t i = 0; i < t->n_list; i++) {
		struct sending *s = t->list[i].ctx;

		if (t->list[i].result != APPEND_OK)
			continue;
		item_added(b, s->item, t->list[i].uid, t->list[i].uidvalidity);
		form_count(b, s->item, "restored in another form");
		b->refused = 0;
		taken++;
		if (b->items[s->item].got)
			known[n++] = s->item;
	}
	if (taken)
		b->waits = 0;
	late_batch_done(b, expected, taken, n);
	return box_remember(b, known, n, err);
}

/*
 * What became of the messages of a batch: those that are to be sent again in another form
 * stay in its list. *later_out: some are to be sent again after a while.
 */
static int settle_batch(struct box *b, struct batch *t, bool *later_out, struct err *err)
{
	size_t left = 0;
	int rc = note_added(b, t, err);

	for (size_t i = 0; i < t->n_list && rc == 0 && imap_conn_alive(&b->w->conn); i++) {
		bool again;

		if (t->list[i].result != APPEND_REFUSED)
			continue;
		if (is_busy(b, &t->list[i], &t->busy)) {
			*later_out = true;
			continue;
		}
		rc = take_refusal(b, &t->list[i], &again, err);
		if (again)
			t->list[left++] = t->list[i];
	}
	if (rc == 0 && imap_conn_alive(&b->w->conn))
		t->n_list = left;
	return rc;
}

/*
 * One message alone, and the connection broke. That may be the network: the same is tried
 * again, unless the server named a reason that it could be. Then its next form; at last
 * it is named.
 */
static int take_break(
        struct box *b, struct sending *s, const char *said, const struct err *lost, struct err *err)
{
	char why[900];
	int rc = 0;

	if (!ladder_knows(b, s->item, said) && ++b->items[s->item].tries < TRIES)
		return 0;
	b->items[s->item].tries = 0;
	while (ladder_next_break(b, s->item, said)) {
		rc = form_ready(b, s->item, err);
		if (rc == 0 || rc == ERR_STOPPED)
			return rc;
		if (rc != ERR_LIMIT)
			break;
	}
	snprintf(why, sizeof why, "the connection breaks when it is sent: %s",
	        *said ? said : lost->text);
	item_failed(b, s->item, s->held ? (const char *)s->mem.data : NULL, s->mem.len, why);
	return 0;
}

/* The connection broke: look what has arrived. */
static int recover_batch(struct box *b, struct batch *t, struct err *err)
{
	uint32_t unknown[BATCH_MESSAGES] = {0};
	struct err lost = *err;
	struct sending *alone = t->n == 1 ? &t->send[0] : NULL;
	char said[200] = "";
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < t->n_list; i++) {
		struct sending *s = t->list[i].ctx;

		if (b->items[s->item].state != ITEM_TODO)
			continue;
		snprintf(said, sizeof said, "%s", t->list[i].text);
		if (s->broken)
			item_failed(b, s->item, "", 0, s->why.text);
		else if (t->list[i].result == APPEND_UNKNOWN)
			unknown[n++] = s->item;
	}
	rc = imap_pool_pause(&b->w->run->pool, 1, b->e->shown, err);
	if (rc == 0)
		rc = box_reselect(b, err);
	if (rc == 0 && n)
		rc = late_find(b, unknown, n, err);
	if (rc == 0 && alone && lost.code != ERR_THROTTLED &&
	        b->items[alone->item].state == ITEM_TODO)
		rc = take_break(b, alone, said, &lost, err);
	return rc;
}

/*
 * Send a batch, and what of it is refused in other forms; *again_out: what is still to do
 * of it is to be taken up once more.
 */
static int append_batch(struct box *b, struct batch *t, bool *again_out, struct err *err)
{
	int rc = 0;

	t->n_list = t->n;
	while (rc == 0 && t->n_list) {
		struct err sent;
		int settled;

		rc = late_going_out(b, err);
		if (rc < 0)
			return rc;
		rc = imap_append(b->w->conn.m, b->e->raw, b->e->raw_len, t->list, t->n_list, err);
		if (rc < 0 && imap_conn_alive(&b->w->conn))
			return rc;
		sent = *err;
		settled = settle_batch(b, t, again_out, err);
		if (settled < 0 &&
		        (imap_conn_alive(&b->w->conn) || imap_conn_is_over(&b->w->conn, err)))
			return settled;
		if (settled == 0 && rc < 0)
			*err = sent;
		rc = settled < 0 ? settled : rc;
		if (rc == 0)
			rc = stop_check(err);
	}
	return rc;
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
		rc = late_meanwhile(b, err);
		if (rc < 0)
			return rc;
		batch_fill(t, b, &pos, careful || tries_quota(b) ? 1 : late_batch_max(b));
		if (t->n == 0 && pos >= b->coll->n_items)
			return 0;
		if (t->n == 0)
			continue;
		rc = append_batch(b, t, &again, err);
		careful -= careful > 0;
		if (imap_conn_broke(&b->w->conn, rc) && !imap_conn_is_over(&b->w->conn, err)) {
			careful = t->n;
			again = true;
			rc = recover_batch(b, t, err);
		} else if (rc == 0 && again) {
			*err = t->busy;
			b->waits += err->code == ERR_BUSY;
			rc = imap_pool_pause(&b->w->run->pool, b->waits, b->e->shown, err);
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

	/* what has no UID is known once it was looked at */
	if (rc == 0 && !learn_any(b))
		late_settled(b);
	batch_clear(t);
	free(t);
	return rc;
}
