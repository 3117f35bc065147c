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
	const char **word;
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

/*
 * The octets of a message on its way, in the form that is tried; notes if the archive fails.
 */
static int give_body(void *ctx, tree_write_fn write, void *wctx, struct err *err)
{
	struct sending *s = ctx;
	const struct form *f = s->b->items[s->item].form;
	int rc;

	if (s->held && !(f && f->mend))
		return s->mem.len ? write(wctx, s->mem.data, s->mem.len, err) : 0;
	rc = f && f->mend ? form_give(s->b, s->item, write, wctx, err)
	                  : item_read(s->b, s->item, write, wctx, err);
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
	free(s->word);
}

static void batch_clear(struct batch *t)
{
	for (size_t i = 0; i < t->n; i++)
		sending_clear(&t->send[i]);
	t->n = 0;
	t->bytes = 0;
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
	struct sending *s = &t->send[t->n];
	struct imap_append *a = &t->list[t->n];
	uint32_t fit;

	memset(s, 0, sizeof *s);
	memset(a, 0, sizeof *a);
	s->b = b;
	s->item = item;
	s->held = is_small(it);
	buf_init(&s->mem, s->held ? (size_t)it->size : 0);
	if (s->held) {
		int rc = tree_reader_octets(b->w->run->reader, b->coll, it, &s->mem, &s->why);

		if (rc < 0 || s->mem.len != it->size) {
			item_unreadable(b, item,
			        rc < 0 ? s->why.text : "it is shorter than the catalog says");
			sending_clear(s);
			return false;
		}
	}
	b->items[item].read_back =
	        item_is_fragile(b, item, s->held ? &s->mem : NULL) ? READ_FRAGILE : 0;
	fit = tree_coll_words(
	        b->words, tree_coll_keyword_text(b->coll, it->keywords), keyword_fits, b);
	s->words = xstrdup(tree_coll_keyword_text(b->words, fit));
	s->word = words_split(s->words, &s->n_words);
	item_words_cut(b, item, s->word, &s->n_words);
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
	item_failed(b, item, b->over_quota++ ? SAY_LISTED : SAY_WARNING, why);
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

bool item_is_too_large(struct box *b, uint32_t item)
{
	uint64_t limit = b->w->run->plan.append_limit;
	char why[120];

	if (!limit || item_of(b, item)->size <= limit)
		return false;
	snprintf(why, sizeof why, "larger than the target's limit of %llu octets",
	        (unsigned long long)limit);
	item_failed(b, item, SAY_WARNING, why);
	return true;
}

/* What is known to be refused is not sent. */
static bool is_hopeless(struct box *b, uint32_t item)
{
	uint64_t size = item_of(b, item)->size;

	if (item_is_too_large(b, item))
		return true;
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
		item_failed(b, s->item, SAY_WARNING, why);
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

/* Those that the server took, made known to the journal. */
static int note_added(struct box *b, struct batch *t, struct err *err)
{
	uint32_t took[BATCH_MESSAGES] = {0}, expected = b->next_uid;
	size_t n = 0, known = 0;

	for (size_t i = 0; i < t->n_list; i++) {
		struct sending *s = t->list[i].ctx;

		if (t->list[i].result != APPEND_OK)
			continue;
		item_added(b, s->item, t->list[i].uid, t->list[i].uidvalidity);
		form_count(b, s->item, "restored in another form");
		b->refused = 0;
		took[n++] = s->item;
		known += b->items[s->item].got != 0;
	}
	if (n)
		b->waits = 0;
	late_batch_done(b, expected, n, known);
	return box_remember(b, took, n, err);
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
	item_failed(b, s->item, SAY_WARNING, why);
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
			item_unreadable(b, s->item, s->why.text);
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

/*
 * Batch after batch to the last item; what is to be sent again begins where its batch began.
 */
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
