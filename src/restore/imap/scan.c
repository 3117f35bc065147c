/*
 * What a mailbox of the target holds: its list, and the bodies of what could be messages
 * of the archive.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "valise/format/header.h"
#include "run.h"

static int by_uid(const void *a, const void *b)
{
	uint32_t x = ((const struct tmsg *)a)->uid, y = ((const struct tmsg *)b)->uid;

	return (x > y) - (x < y);
}

struct tmsg *there_find(struct box *b, uint32_t uid)
{
	size_t i;

	LOOKUP_FIRST(i, b->n_there, b->there[i].uid < uid);
	return i < b->n_there && b->there[i].uid == uid ? &b->there[i] : NULL;
}

int64_t there_date(const struct tmsg *t)
{
	return t->has_date ? t->date_utc : INT64_MIN;
}

uint32_t *there_unclaimed(const struct box *b, const uint8_t *claimed, size_t *n_out)
{
	uint32_t *uids = xcalloc(b->n_there + 1, sizeof *uids);

	*n_out = 0;
	for (size_t i = 0; i < b->n_there; i++)
		if (!claimed[i])
			uids[(*n_out)++] = b->there[i].uid;
	return uids;
}

static int on_listed(void *ctx, const struct imap_msg *msg, struct err *err)
{
	struct box *b = ctx;
	struct tmsg *t;
	int rc = stop_check(err);

	/* An answer without a size is not one to our question. */
	if (rc < 0 || msg->uid == 0 || !msg->has_size)
		return rc;
	if (b->n_there >= LIST_CAP)
		return err_set(err, ERR_LIMIT, ERR_COLLECTION, "the target's mailbox is too large");
	t = ARR_PUSH(b->there, b->n_there, b->there_cap);
	t->uid = msg->uid;
	t->size = msg->size;
	t->has_date = msg->has_date && msg->date.known;
	t->date_utc = t->has_date ? msg->date.utc : 0;
	if (msg->has_flags) {
		t->flags = (uint16_t)msg->flags;
		t->keywords = tree_coll_keywords(b->words, msg->keywords, msg->n_keywords);
	}
	if (msg->labels)
		t->labels = labels_there(b, msg->labels);
	return 0;
}

int there_take(struct box *b, struct err *err)
{
	static const struct imap_fetch_ops ops = {.message = on_listed};
	size_t n = 0;
	int rc;

	free(b->there);
	b->there = NULL;
	b->n_there = b->there_cap = 0;
	rc = imap_fetch_wait(b->w->conn.m, &ops, b, err);
	SORT(b->there, b->n_there, by_uid);
	for (size_t i = 0; i < b->n_there; i++) {
		if (n && b->there[n - 1].uid == b->there[i].uid)
			n--;
		b->there[n++] = b->there[i];
	}
	b->n_there = n;
	return rc;
}

int there_list(struct box *b, const char *set, struct err *err)
{
	int rc = imap_fetch_send(b->w->conn.m, set, there_items(b->w->run), err);

	return rc < 0 ? rc : there_take(b, err);
}

/* "n:*" also gives the last message when it is before n. */
int there_from(struct box *b, uint32_t uid, struct err *err)
{
	char set[32];
	size_t n = 0;
	int rc;

	snprintf(set, sizeof set, "%u:*", uid ? uid : 1);
	rc = there_list(b, set, err);
	for (size_t i = 0; i < b->n_there; i++)
		if (b->there[i].uid >= uid)
			b->there[n++] = b->there[i];
	b->n_there = n;
	return rc;
}

/* The bodies that come in. */
struct hashing {
	struct box *b;
	const uint8_t *wanted;
	uint8_t *done;
	struct seen *seen;
	size_t n, cap;
	size_t max; /* messages that one command asks for */
	bool refused; /* one of the commands was */
	bool open;
	struct sha256 hash;
	struct loose loose;
	struct text text;
	struct buf head;
};

static void hash_open(struct hashing *h)
{
	sha256_start(&h->hash);
	loose_start(&h->loose);
	text_start(&h->text);
	buf_reset(&h->head);
	h->open = true;
}

static int on_body(void *ctx, const void *p, size_t n, struct err *err)
{
	struct hashing *h = ctx;
	int rc = stop_check(err);

	if (!h->open)
		hash_open(h);
	sha256_add(&h->hash, p, n);
	loose_add(&h->loose, p, n);
	text_add(&h->text, p, n);
	buf_fill(&h->head, p, n);
	return rc;
}

void there_msgid(const char *head, size_t n, uint8_t out[SHA256_LEN], bool *has_out)
{
	struct buf id = buf_of(2048);

	*has_out = header_find(head, header_length(head, n), "Message-ID", &id) && id.len > 2;
	sha256_of(id.data, id.len, out);
	buf_clear(&id);
}

static int on_hashed(void *ctx, const struct imap_msg *msg, struct err *err)
{
	struct hashing *h = ctx;
	struct tmsg key = {.uid = msg->uid}, *t = NULL;
	struct seen *s;

	(void)err;
	if (msg->has_body && msg->uid && h->b->n_there)
		t = FIND(&key, h->b->there, h->b->n_there, by_uid);
	if (!t || !h->wanted[t - h->b->there] || h->done[t - h->b->there]) {
		h->open = false;
		return 0;
	}
	/* a body of no octets */
	if (!h->open)
		hash_open(h);
	s = ARR_PUSH(h->seen, h->n, h->cap);
	s->index = (uint32_t)(t - h->b->there);
	sha256_end(&h->hash, s->sha256);
	loose_end(&h->loose, s->loose);
	there_msgid((const char *)h->head.data, h->head.len, s->msgid, &s->has_msgid);
	s->has_text =
	        text_end(&h->text, (const char *)h->head.data, h->head.len, s->fields, s->text);
	h->done[s->index] = 1;
	h->open = false;
	return 0;
}

/* The next set of wanted messages from *at on; false: none are left. */
static bool next_set(const struct hashing *h, size_t *at, struct buf *set)
{
	const struct box *b = h->b;
	uint64_t bytes = 0;
	size_t n = 0;

	buf_reset(set);
	for (; *at < b->n_there && n < h->max; ++*at) {
		const struct tmsg *t = &b->there[*at];

		if (!h->wanted[*at] || h->done[*at])
			continue;
		if (n && bytes + t->size > HASH_BYTES)
			break;
		bytes += t->size;
		buf_putf(set, "%s%u", n ? "," : "", t->uid);
		n++;
	}
	return n > 0;
}

static int hash_run(struct hashing *h, struct err *err)
{
	static const struct imap_fetch_ops ops = {.body = on_body, .message = on_hashed};
	struct imap *m = h->b->w->conn.m;
	struct buf set = buf_of(SET_MAX);
	size_t at = 0;
	bool more;
	int rc = 0;

	more = next_set(h, &at, &set);
	while (rc == 0 && (more || imap_in_flight(m))) {
		if (more && imap_in_flight(m) < HASH_FLY) {
			rc = imap_fetch_send(m, buf_str(&set), "(UID BODY.PEEK[])", err);
			more = next_set(h, &at, &set);
			continue;
		}
		h->open = false;
		rc = imap_fetch_wait(m, &ops, h, err);
		if ((rc == ERR_REFUSED || rc == ERR_BUSY) && imap_alive(m)) {
			h->refused = true;
			rc = 0;
		}
	}
	buf_clear(&set);
	return rc;
}

/*
 * A command was refused, perhaps for one of its messages: those that did not come are
 * asked for one by one. What is refused then is not recognised.
 */
static bool ask_singly(struct hashing *h, int rc)
{
	bool again = rc == 0 && h->refused && h->max > 1;

	if (again)
		h->max = 1;
	return again;
}

int there_hash(
        struct box *b, const uint8_t *wanted, struct seen **out, size_t *n_out, struct err *err)
{
	struct hashing h = {.b = b, .wanted = wanted, .max = HASH_MESSAGES};
	struct attempts a = {.limit = ATTEMPTS};
	int rc;

	h.done = xcalloc(b->n_there + 1, 1);
	buf_init(&h.head, HEAD_CAP);
	do {
		size_t before = h.n;

		rc = hash_run(&h, err);
		if (h.n > before) { /* one that brought something is no failure */
			a.failures = 0;
			imap_pool_gained(&b->w->run->pool);
		}
	} while (ask_singly(&h, rc) || box_again_in(b, &a, &rc, err));
	free(h.done);
	buf_clear(&h.head);
	*out = h.seen;
	*n_out = h.n;
	return rc;
}
