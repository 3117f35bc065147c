/* The restore journal of the IMAP target. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "restore/journal_file.h"
#include "journal.h"

/* a batch has hundreds of records of a few hundred bytes */
#define PENDING_CAP (256u << 20)

/* Where a mailbox of the archive went. */
struct place {
	char *name, *shown;
};

/* What is known of a mailbox of the target beside its messages. */
struct past {
	char *box;
	uint32_t first, uidvalidity; /* kept_first */
	int64_t out; /* kept_out_since */
	bool unseen; /* kept_unseen */
};

struct kept_journal {
	struct journal_file file; /* its journal: of whoever has set committing */
	pthread_mutex_t lock; /* guards what follows, up to why */
	pthread_cond_t wake;
	struct buf pending; /* records to be written, each with its NUL */
	/* batches handed in; batches of which all is on the disk */
	uint64_t put, durable;
	bool committing, broken;
	bool sync; /* something that is pending is to be durable */
	struct err why;
	struct kept *recs; /* never changed after kept_open */
	size_t n, cap;
	char **boxes;
	size_t n_boxes, boxes_cap;
	char **sources; /* mailboxes of the archive that records name */
	size_t n_sources, sources_cap;
	struct place *places;
	size_t n_places, places_cap;
	struct past *pasts; /* never changed after kept_open */
	size_t n_pasts, pasts_cap;
};

/* The number of a mailbox; few are read at a time, the last one is the likely one. */
static uint32_t box_number(struct kept_journal *k, const char *name)
{
	for (size_t i = k->n_boxes; i-- > 0;)
		if (strcmp(k->boxes[i], name) == 0)
			return (uint32_t)i;
	*ARR_PUSH(k->boxes, k->n_boxes, k->boxes_cap) = xstrdup(name);
	return (uint32_t)(k->n_boxes - 1);
}

/* A name that many records share. */
static const char *share_source(struct kept_journal *k, const char *name)
{
	for (size_t i = k->n_sources; i-- > 0;)
		if (strcmp(k->sources[i], name) == 0)
			return k->sources[i];
	*ARR_PUSH(k->sources, k->n_sources, k->sources_cap) = xstrdup(name);
	return k->sources[k->n_sources - 1];
}

static struct past *find_past(const struct kept_journal *k, const char *box)
{
	for (size_t i = k->n_pasts; i-- > 0;)
		if (strcmp(k->pasts[i].box, box) == 0)
			return &k->pasts[i];
	return NULL;
}

/* A record of a mailbox; false: it is of a message. */
static bool keep_past(struct kept_journal *k, const json_t *o, const char *box)
{
	int64_t first = json_get_int(o, "b", -1), out = json_get_int(o, "o", -1);
	struct past *p;

	if (first < 0 && out < 0)
		return false;
	p = find_past(k, box);
	if (!p) {
		p = ARR_PUSH(k->pasts, k->n_pasts, k->pasts_cap);
		*p = (struct past){.box = xstrdup(box)};
	}
	if (out >= 0)
		p->out = out;
	if (out > 0 || json_is_true(json_object_get(o, "e")))
		p->unseen = out > 0;
	/* The first word on a mailbox counts, until it is another one. */
	if (first > 0 &&
	        (!p->first || (p->uidvalidity && p->uidvalidity != json_get_int(o, "v", 0)))) {
		p->first = (uint32_t)first;
		p->uidvalidity = (uint32_t)json_get_int(o, "v", 0);
	}
	return true;
}

/* The last record stands. */
static void keep_place(struct kept_journal *k, const char *name, const char *shown)
{
	struct place *p = NULL;

	for (size_t i = 0; i < k->n_places && !p; i++)
		if (strcmp(k->places[i].name, name) == 0)
			p = &k->places[i];
	if (!p) {
		p = ARR_PUSH(k->places, k->n_places, k->places_cap);
		p->name = xstrdup(name);
	} else {
		free(p->shown);
	}
	p->shown = xstrdup(shown);
}

static int replay_line(void *ctx, const json_t *o, struct err *err)
{
	struct kept_journal *k = ctx;
	const char *sha = json_get_str(o, "h");
	const char *box = json_get_str(o, "m"), *words = json_get_str(o, "k");
	const char *from = json_get_str(o, "c"), *to = json_get_str(o, "t");
	const char *labels = json_get_str(o, "l"), *lacks = json_get_str(o, "n");
	struct kept *r, one = {0};

	if (from && to) {
		keep_place(k, from, to);
		return 0;
	}
	if (box && !sha && keep_past(k, o, box))
		return 0;
	if (!sha || !box || !hex_parse(sha, one.sha256, SHA256_LEN))
		return err_set(err, ERR_DAMAGED, ERR_WHOLE,
		        "the restore journal holds a line that is no record");
	one.date_utc = json_get_int(o, "d", 0);
	one.flags = (uint16_t)json_get_int(o, "f", 0);
	one.form = (uint16_t)json_get_int(o, "r", 0);
	one.src_uid = (uint32_t)json_get_int(o, "s", 0);
	one.uid = (uint32_t)json_get_int(o, "u", 0);
	one.uidvalidity = (uint32_t)json_get_int(o, "v", 0);
	one.keywords = words && *words ? xstrdup(words) : NULL;
	one.labels = labels && *labels ? xstrdup(labels) : NULL;
	one.lacks = lacks && *lacks ? xstrdup(lacks) : NULL;
	one.from = (uint32_t)json_get_int(o, "a", 0);
	one.to = (uint32_t)json_get_int(o, "z", 0);
	one.source = from ? share_source(k, from) : NULL;
	one.octets = json_is_true(json_object_get(o, "q"));
	one.box = box_number(k, box);
	one.order = (uint32_t)k->n;
	r = ARR_PUSH(k->recs, k->n, k->cap);
	*r = one;
	return 0;
}

static int compare_uids(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int same_mailbox(const struct kept *a, const struct kept *b)
{
	int c = compare_uids(a->box, b->box);

	return c ? c : compare_uids(a->uidvalidity, b->uidvalidity);
}

/* The same message of the archive. */
static int same_item(const struct kept *a, const struct kept *b)
{
	int c = same_mailbox(a, b);

	c = c ? c : compare_uids(a->src_uid, b->src_uid);
	c = c ? c : strcmp(a->source ? a->source : "", b->source ? b->source : "");
	return c ? c : memcmp(a->sha256, b->sha256, SHA256_LEN);
}

/* The same message of the target; what has no UID is one of its own. */
static int same_place(const struct kept *a, const struct kept *b)
{
	int c = same_mailbox(a, b);

	c = c ? c : compare_uids(a->uid, b->uid);
	return c || a->uid ? c : same_item(a, b);
}

static int by_item(const void *pa, const void *pb)
{
	const struct kept *a = pa, *b = pb;
	int c = same_item(a, b);

	return c ? c : compare_uids(a->order, b->order);
}

static int by_place(const void *pa, const void *pb)
{
	const struct kept *a = pa, *b = pb;
	int c = same_place(a, b);

	return c ? c : compare_uids(a->order, b->order);
}

static void rec_clear(struct kept *r)
{
	free(r->keywords);
	free(r->labels);
	free(r->lacks);
}

/* Let the last one stand of those that are the same, which stand together. */
static void let_last_stand(
        struct kept_journal *k, int (*same)(const struct kept *a, const struct kept *b))
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++) {
		if (n && same(&k->recs[n - 1], &k->recs[i]) == 0)
			rec_clear(&k->recs[--n]);
		k->recs[n++] = k->recs[i];
	}
	k->n = n;
}

/* Sort, and let the last record of a place stand, and of a message of the archive. */
static void settle_records(struct kept_journal *k)
{
	SORT(k->recs, k->n, by_place);
	let_last_stand(k, same_place);
	SORT(k->recs, k->n, by_item);
	let_last_stand(k, same_item);
	SORT(k->recs, k->n, by_place);
}

int kept_open(const char *path, const char *archive_id, bool dry, struct kept_journal **out,
        struct err *err)
{
	struct kept_journal *k = xcalloc(1, sizeof *k);
	int rc = 0;

	k->file.replay = replay_line;
	k->file.ctx = k;
	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->wake, NULL);
	buf_init(&k->pending, PENDING_CAP);
	rc = journal_file_open(&k->file, path, archive_id, dry, err);
	if (rc < 0) {
		kept_free(k);
		return rc;
	}
	settle_records(k);
	*out = k;
	return 0;
}

void kept_free(struct kept_journal *k)
{
	if (!k)
		return;
	journal_free(k->file.journal);
	for (size_t i = 0; i < k->n; i++)
		rec_clear(&k->recs[i]);
	for (size_t i = 0; i < k->n_boxes; i++)
		free(k->boxes[i]);
	for (size_t i = 0; i < k->n_sources; i++)
		free(k->sources[i]);
	for (size_t i = 0; i < k->n_places; i++) {
		free(k->places[i].name);
		free(k->places[i].shown);
	}
	for (size_t i = 0; i < k->n_pasts; i++)
		free(k->pasts[i].box);
	free(k->pasts);
	free(k->recs);
	free(k->boxes);
	free(k->sources);
	free(k->places);
	pthread_mutex_destroy(&k->lock);
	pthread_cond_destroy(&k->wake);
	buf_clear(&k->pending);
	free(k);
}

const struct kept *kept_of(
        const struct kept_journal *k, const char *mailbox, uint32_t uidvalidity, size_t *n_out)
{
	struct kept key = {.uidvalidity = uidvalidity};
	size_t first, end;

	*n_out = 0;
	for (key.box = 0; key.box < k->n_boxes; key.box++)
		if (strcmp(k->boxes[key.box], mailbox) == 0)
			break;
	if (key.box == k->n_boxes)
		return NULL;
	LOOKUP_FIRST(first, k->n, same_mailbox(&k->recs[first], &key) < 0);
	end = first;
	while (end < k->n && k->recs[end].box == key.box && k->recs[end].uidvalidity == uidvalidity)
		end++;
	*n_out = end - first;
	return end > first ? &k->recs[first] : NULL;
}

const char *kept_place_of(const void *journal, const char *name)
{
	const struct kept_journal *k = journal;

	for (size_t i = 0; i < k->n_places; i++)
		if (strcmp(k->places[i].name, name) == 0)
			return k->places[i].shown;
	return NULL;
}

uint32_t kept_first(const struct kept_journal *k, const char *mailbox, uint32_t uidvalidity)
{
	const struct past *p = find_past(k, mailbox);
	const struct kept *recs;
	size_t n;

	if (p && p->first && (!p->uidvalidity || p->uidvalidity == uidvalidity))
		return p->first;
	recs = kept_of(k, mailbox, uidvalidity, &n);
	for (size_t i = 0; i < n; i++)
		if (recs[i].uid)
			return recs[i].uid; /* an older version did not note it */
	return 0;
}

bool kept_unseen(const struct kept_journal *k, const char *mailbox)
{
	const struct past *p = find_past(k, mailbox);

	return p && p->unseen;
}

int64_t kept_out_since(const struct kept_journal *k, const char *mailbox)
{
	const struct past *p = find_past(k, mailbox);

	return p ? p->out : 0;
}

const char *kept_source_of(const struct kept_journal *k, const char *mailbox)
{
	const struct kept *last = NULL;
	size_t box = 0;

	while (box < k->n_boxes && strcmp(k->boxes[box], mailbox) != 0)
		box++;
	for (size_t i = 0; i < k->n; i++)
		if (k->recs[i].box == box && (!last || k->recs[i].order > last->order))
			last = &k->recs[i];
	return last ? last->source : NULL;
}

bool kept_any(const struct kept_journal *k)
{
	return k->n > 0;
}

const char *const *kept_mailboxes(const struct kept_journal *k, size_t *n_out)
{
	*n_out = k->n_boxes;
	return (const char *const *)k->boxes;
}

static void put_one(struct buf *b, const char *mailbox, const struct kept *r)
{
	char hex[SHA256_HEX_SIZE];
	const char *words = r->keywords ? r->keywords : "";

	hex_format(r->sha256, SHA256_LEN, hex);
	buf_putc(b, '{');
	if (!r->uid)
		buf_putf(b, "\"a\":%u,", r->from);
	if (r->source) {
		buf_puts(b, "\"c\":");
		json_puts(b, r->source);
		buf_putc(b, ',');
	}
	buf_putf(b, "\"d\":%lld,\"f\":%u,\"h\":\"%s\",\"k\":", (long long)r->date_utc,
	        (unsigned)r->flags, hex);
	json_puts(b, words);
	if (r->labels && *r->labels) {
		buf_puts(b, ",\"l\":");
		json_puts(b, r->labels);
	}
	buf_puts(b, ",\"m\":");
	json_puts(b, mailbox);
	if (r->lacks && *r->lacks) {
		buf_puts(b, ",\"n\":");
		json_puts(b, r->lacks);
	}
	if (r->octets)
		buf_puts(b, ",\"q\":true");
	if (r->form)
		buf_putf(b, ",\"r\":%u", r->form);
	buf_putf(b, ",\"s\":%u,\"u\":%u,\"v\":%u", r->src_uid, r->uid, r->uidvalidity);
	if (!r->uid)
		buf_putf(b, ",\"z\":%u", r->to);
	buf_put(b, "}", 2);
}

/*
 * Write all that is pending, the lock let go meanwhile: what others hand in then goes
 * with the next one.
 */
static void commit_pending(struct kept_journal *k)
{
	uint64_t upto = k->put;
	struct err err = {0};
	size_t n = k->pending.len;
	char *text = buf_take(&k->pending);
	bool sync = k->sync;
	int rc;

	k->committing = true;
	k->sync = false;
	pthread_mutex_unlock(&k->lock);
	for (const char *p = text; p < text + n; p += strlen(p) + 1)
		journal_add(k->file.journal, p);
	rc = sync ? journal_commit(k->file.journal, &err) : journal_write(k->file.journal, &err);
	free(text);
	pthread_mutex_lock(&k->lock);
	k->committing = false;
	k->durable = upto;
	if (rc < 0) {
		k->broken = true;
		k->why = err;
	}
	pthread_cond_broadcast(&k->wake);
}

/* With the lock held: until what was put into pending is written. */
static int wait_written(struct kept_journal *k, struct err *err)
{
	uint64_t mine = ++k->put;
	int rc = 0;

	while (k->durable < mine && !k->broken) {
		if (k->committing)
			pthread_cond_wait(&k->wake, &k->lock);
		else
			commit_pending(k);
	}
	if (k->broken) {
		*err = k->why;
		rc = err->code;
	}
	return rc;
}

int kept_put(struct kept_journal *k, const char *mailbox, const struct kept *list, size_t n,
        struct err *err)
{
	int rc;

	if (!k->file.journal || n == 0)
		return 0;
	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < n; i++)
		put_one(&k->pending, mailbox, &list[i]);
	k->sync = true;
	rc = wait_written(k, err);
	pthread_mutex_unlock(&k->lock);
	return rc;
}

static int put_out(
        struct kept_journal *k, const char *mailbox, int64_t now, const char *more, struct err *err)
{
	int rc;

	if (!k->file.journal)
		return 0;
	pthread_mutex_lock(&k->lock);
	buf_putf(&k->pending, "{%s\"m\":", more);
	json_puts(&k->pending, mailbox);
	buf_putf(&k->pending, ",\"o\":%lld}", (long long)now);
	buf_put(&k->pending, "", 1);
	rc = wait_written(k, err);
	pthread_mutex_unlock(&k->lock);
	return rc;
}

int kept_out(struct kept_journal *k, const char *mailbox, int64_t now, struct err *err)
{
	return put_out(k, mailbox, now, "", err);
}

int kept_seen(struct kept_journal *k, const char *mailbox, struct err *err)
{
	return put_out(k, mailbox, 0, "\"e\":true,", err);
}

void kept_begin(struct kept_journal *k, const char *mailbox, uint32_t uidvalidity, uint32_t first)
{
	if (!k->file.journal)
		return;
	pthread_mutex_lock(&k->lock);
	buf_putf(&k->pending, "{\"b\":%u,\"m\":", first);
	json_puts(&k->pending, mailbox);
	buf_putf(&k->pending, ",\"v\":%u}", uidvalidity);
	buf_put(&k->pending, "", 1);
	pthread_mutex_unlock(&k->lock);
}

void kept_place(struct kept_journal *k, const char *name, const char *shown)
{
	const char *was = kept_place_of(k, name);

	if (!k->file.journal || (was && strcmp(was, shown) == 0))
		return;
	pthread_mutex_lock(&k->lock);
	buf_puts(&k->pending, "{\"c\":");
	json_puts(&k->pending, name);
	buf_puts(&k->pending, ",\"t\":");
	json_puts(&k->pending, shown);
	buf_put(&k->pending, "}", 2);
	pthread_mutex_unlock(&k->lock);
}
