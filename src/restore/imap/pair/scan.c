/*
 * What a mailbox of the target holds: its list, and the bodies of what could be messages
 * of the archive.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "valise/format/header.h"
#include "restore/imap/run.h"

static int by_uid(const void *a, const void *b)
{
	uint32_t x = ((const struct tmsg *)a)->uid, y = ((const struct tmsg *)b)->uid;

	return ORDER_OF(x, y);
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

struct tmsg *there_of(struct box *b, size_t item)
{
	return there_find(b, b->items[item].got);
}

uint8_t *there_claimed(struct box *b)
{
	uint8_t *claimed = xcalloc(b->n_there + 1, 1);

	for (size_t i = 0; i < b->coll->n_items; i++) {
		const struct tmsg *t = there_of(b, i);

		if (t)
			claimed[t - b->there] = 1;
	}
	return claimed;
}

uint8_t *there_strange(struct box *b, size_t *n_out)
{
	uint8_t *marks = there_claimed(b);

	*n_out = 0;
	for (size_t i = 0; i < b->n_there; i++)
		*n_out += marks[i] = !marks[i];
	return marks;
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

/* One message of the listing. */
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

/* "n:*" also gives the last message when it is before n. */
int there_from(struct box *b, uint32_t uid, struct err *err)
{
	char set[32];
	size_t n = 0;
	int rc;

	snprintf(set, sizeof set, "%u:*", uid ? uid : 1);
	rc = imap_fetch_send(b->w->conn.m, set, there_items(b->w->run), err);
	if (rc == 0)
		rc = there_take(b, err);
	for (size_t i = 0; i < b->n_there; i++)
		if (b->there[i].uid >= uid)
			b->there[n++] = b->there[i];
	b->n_there = n;
	return rc;
}

/* A message as it is read, but for the hash of all its octets. */
struct digest {
	struct loose loose;
	struct text text;
	struct buf head;
};

static void digest_start(struct digest *d)
{
	loose_start(&d->loose);
	text_start(&d->text);
	buf_reset(&d->head);
}

static int digest_add(void *ctx, const void *p, size_t n, struct err *err)
{
	struct digest *d = ctx;

	loose_add(&d->loose, p, n);
	text_add(&d->text, p, n);
	buf_fill(&d->head, p, n);
	return stop_check(err);
}

static void hash_head(const char *head, size_t n, uint8_t out[SHA256_LEN])
{
	struct loose l;

	loose_start(&l);
	loose_add(&l, head, n ? header_length(head, n) : 0);
	loose_end(&l, out);
}

static void digest_end(struct digest *d, struct seen *out)
{
	const char *head = (const char *)d->head.data;

	loose_end(&d->loose, out->loose);
	out->n_80 = d->loose.n_80;
	out->has_nul = d->loose.n_nul > 0;
	hash_head(head, d->head.len, out->head);
	out->has_msgid = there_msgid(head, d->head.len, out->msgid);
	out->has_text = text_end(&d->text, head, d->head.len, out->fields, out->body, out->text);
}

/* What of a message is asked for. */
struct part {
	const char *items;
	uint64_t most; /* octets that are counted for one */
};

/* The bodies that come in. */
struct hashing {
	struct box *b;
	const struct part *part;
	const uint8_t *wanted;
	uint8_t *done;
	struct seen *seen;
	size_t n, cap;
	size_t max; /* messages that one command asks for */
	bool refused; /* one of the commands was */
	bool open;
	struct sha256 hash;
	struct digest digest;
};

static void hash_open(struct hashing *h)
{
	sha256_start(&h->hash);
	digest_start(&h->digest);
	h->open = true;
}

static int on_body(void *ctx, const void *p, size_t n, struct err *err)
{
	struct hashing *h = ctx;

	if (!h->open)
		hash_open(h);
	sha256_add(&h->hash, p, n);
	return digest_add(&h->digest, p, n, err);
}

bool there_msgid(const char *head, size_t n, uint8_t out[SHA256_LEN])
{
	struct buf id = buf_of(2048);
	bool has = header_find(head, header_length(head, n), "Message-ID", &id) && id.len > 2;

	sha256_of(id.data, id.len, out);
	buf_clear(&id);
	return has;
}

/* The body that came in is known; one that was not asked for is dropped. */
static int on_hashed(void *ctx, const struct imap_msg *msg, struct err *err)
{
	struct hashing *h = ctx;
	struct tmsg *t = msg->has_body ? there_find(h->b, msg->uid) : NULL;
	struct seen *s;

	(void)err;
	if (!t || !h->wanted[t - h->b->there] || h->done[t - h->b->there]) {
		h->open = false;
		return 0;
	}
	/* a body of no octets */
	if (!h->open)
		hash_open(h);
	s = ARR_PUSH(h->seen, h->n, h->cap);
	s->index = (uint32_t)(t - h->b->there);
	s->date = there_date(t);
	s->size = t->size;
	sha256_end(&h->hash, s->sha256);
	digest_end(&h->digest, s);
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
		uint64_t size = MIN(t->size, h->part->most);

		if (!h->wanted[*at] || h->done[*at])
			continue;
		if (n && bytes + size > HASH_BYTES)
			break;
		bytes += size;
		buf_putf(set, "%s%u", n ? "," : "", t->uid);
		n++;
	}
	return n > 0;
}

/* All that is wanted and not done, several commands in flight. */
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
			rc = imap_fetch_send(m, buf_str(&set), h->part->items, err);
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

static int hash_part(struct box *b, const struct part *part, const uint8_t *wanted,
        struct seen **out, size_t *n_out, struct err *err)
{
	struct hashing h = {.b = b, .part = part, .wanted = wanted, .max = HASH_MESSAGES};
	struct attempts a = {.limit = ATTEMPTS};
	int rc;

	h.done = xcalloc(b->n_there + 1, 1);
	buf_init(&h.digest.head, HEAD_CAP);
	do {
		size_t before = h.n;

		rc = hash_run(&h, err);
		if (h.n > before) { /* one that brought something is no failure */
			a.failures = 0;
			imap_pool_gained(&b->w->run->pool);
		}
	} while (ask_singly(&h, rc) || box_again_in(b, &a, &rc, err));
	free(h.done);
	buf_clear(&h.digest.head);
	*out = h.seen;
	*n_out = h.n;
	return rc;
}

int there_hash(
        struct box *b, const uint8_t *wanted, struct seen **out, size_t *n_out, struct err *err)
{
	static const struct part whole = {"(UID BODY.PEEK[])", UINT64_MAX};

	return hash_part(b, &whole, wanted, out, n_out, err);
}

int there_hash_heads(
        struct box *b, const uint8_t *wanted, struct seen **out, size_t *n_out, struct err *err)
{
	static const struct part head = {"(UID BODY.PEEK[HEADER])", HEAD_CAP / 16};

	return hash_part(b, &head, wanted, out, n_out, err);
}

int there_hash_fields(
        struct box *b, const uint8_t *wanted, struct seen **out, size_t *n_out, struct err *err)
{
	static const struct part fields = {
	        "(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID FROM TO DATE SUBJECT)])",
	        HASH_BYTES / 1000};

	return hash_part(b, &fields, wanted, out, n_out, err);
}

int item_look(struct box *b, uint32_t item, struct seen *out, struct err *err)
{
	const struct tree_item *it = &b->coll->items[item];
	struct digest d = {.head = buf_of(HEAD_CAP)};
	int rc;

	*out = (struct seen){.index = item, .date = it->date_utc, .size = it->size};
	memcpy(out->sha256, it->sha256, SHA256_LEN);
	digest_start(&d);
	rc = item_read(b, item, digest_add, &d, err);
	digest_end(&d, out);
	out->broken = rc < 0;
	buf_clear(&d.head);
	/* a damaged one is named when it is to be sent */
	return rc == ERR_STOPPED ? rc : 0;
}

void item_look_head(struct box *b, uint32_t item, struct seen *out)
{
	const struct tree_item *it = &b->coll->items[item];
	struct digest d = {.head = buf_of(HEAD_CAP)};

	*out = (struct seen){.index = item, .date = it->date_utc, .size = it->size};
	memcpy(out->sha256, it->sha256, SHA256_LEN);
	loose_start(&d.loose);
	text_start(&d.text);
	item_head(b, item, &d.head);
	out->broken = d.head.len == 0 && it->size;
	digest_end(&d, out);
	buf_clear(&d.head);
}

size_t seen_keys(
        const struct seen *s, size_t n, enum alike by, const uint8_t *skip, struct match_key *out)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *const key[] = {[ALIKE_LOOSE] = s[i].loose,
		        [ALIKE_MSGID] = s[i].has_msgid ? s[i].msgid : NULL,
		        [ALIKE_TEXT] = s[i].has_text ? s[i].text : NULL,
		        [ALIKE_OCTETS] = s[i].sha256};

		if (key[by] && !s[i].broken && !(skip && skip[s[i].index]))
			out[k++] = match_by_hash(key[by], s[i].date, s[i].size, s[i].index);
	}
	return k;
}
