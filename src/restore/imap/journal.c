/* The restore journal of the IMAP target. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "restore/journal_file.h"
#include "journal.h"

/* a batch has hundreds of records of a few hundred bytes */
#define PENDING_CAP (256u << 20)

/* What is known of a mailbox of the target beside its messages. */
struct past {
	char *box;
	uint32_t first, uidvalidity; /* kept_first */
	int64_t out; /* kept_out_since */
	bool unseen; /* kept_unseen */
};

/* Names that many records share. */
struct names {
	char **list;
	size_t n, cap;
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
	struct names boxes;
	struct names sources; /* mailboxes of the archive that records name */
	struct chosen places; /* of mailboxes of the archive */
	struct past *pasts; /* never changed after kept_open */
	size_t n_pasts, pasts_cap;
};

/* The place of a name, n if it is none of them; the last one is the likely one. */
static size_t find_name(const struct names *l, const char *name)
{
	for (size_t i = l->n; i-- > 0;)
		if (strcmp(l->list[i], name) == 0)
			return i;
	return l->n;
}

static size_t share_name(struct names *l, const char *name)
{
	size_t i = find_name(l, name);

	if (i == l->n)
		*ARR_PUSH(l->list, l->n, l->cap) = xstrdup(name);
	return i;
}

static const char *share_source(struct kept_journal *k, const char *name)
{
	size_t i = share_name(&k->sources, name);

	return k->sources.list[i];
}

static struct past *find_past(const struct kept_journal *k, const char *box)
{
	for (size_t i = k->n_pasts; i-- > 0;)
		if (strcmp(k->pasts[i].box, box) == 0)
			return &k->pasts[i];
	return NULL;
}

static int64_t number_of(const struct flat_record *o, char letter, int64_t fallback)
{
	return o->has_number[FLAT(letter)] ? o->number[FLAT(letter)] : fallback;
}

/* A record of a mailbox; false: it is of a message. */
static bool keep_past(struct kept_journal *k, const struct flat_record *o, const char *box)
{
	int64_t first = number_of(o, 'b', -1), out = number_of(o, 'o', -1);
	uint32_t validity = (uint32_t)number_of(o, 'v', 0);
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
	if (out > 0 || o->is_true[FLAT('e')])
		p->unseen = out > 0;
	/* The first word on a mailbox counts, until it is another one. */
	if (first > 0 && (!p->first || (p->uidvalidity && p->uidvalidity != validity))) {
		p->first = (uint32_t)first;
		p->uidvalidity = validity;
	}
	return true;
}

/* The text is the caller's from now on; nothing for an empty one. */
static char *take_text(struct flat_record *o, char letter)
{
	char *text = o->text[FLAT(letter)];

	if (!text || !*text)
		return NULL;
	o->text[FLAT(letter)] = NULL;
	return text;
}

/* One line of the journal: where a mailbox went, what is known of one, or a message. */
static int replay_line(void *ctx, struct flat_record *o, struct err *err)
{
	struct kept_journal *k = ctx;
	const char *sha = o->text[FLAT('h')], *box = o->text[FLAT('m')];
	const char *from = o->text[FLAT('c')], *to = o->text[FLAT('t')];
	struct kept *r, one = {0};

	if (from && to) {
		chosen_set(&k->places, from, to);
		return 0;
	}
	if (box && !sha && keep_past(k, o, box))
		return 0;
	if (!sha || !box || !hex_parse(sha, one.sha256, SHA256_LEN))
		return err_set(err, ERR_DAMAGED, ERR_WHOLE,
		        "the restore journal holds a line that is no record");
	one.date_utc = number_of(o, 'd', 0);
	one.flags = (uint16_t)number_of(o, 'f', 0);
	one.form = (uint16_t)number_of(o, 'r', 0);
	one.src_uid = (uint32_t)number_of(o, 's', 0);
	one.uid = (uint32_t)number_of(o, 'u', 0);
	one.uidvalidity = (uint32_t)number_of(o, 'v', 0);
	one.keywords = take_text(o, 'k');
	one.labels = take_text(o, 'l');
	one.lacks = take_text(o, 'n');
	one.from = (uint32_t)number_of(o, 'a', 0);
	one.to = (uint32_t)number_of(o, 'z', 0);
	one.source = from ? share_source(k, from) : NULL;
	one.octets = o->is_true[FLAT('q')];
	one.box = (uint32_t)share_name(&k->boxes, box);
	one.order = (uint32_t)k->n;
	r = ARR_PUSH(k->recs, k->n, k->cap);
	*r = one;
	return 0;
}

static int same_mailbox(const struct kept *a, const struct kept *b)
{
	int c = ORDER_OF(a->box, b->box);

	return c ? c : ORDER_OF(a->uidvalidity, b->uidvalidity);
}

/* The same message of the archive. */
static int same_item(const struct kept *a, const struct kept *b)
{
	int c = same_mailbox(a, b);

	c = c ? c : ORDER_OF(a->src_uid, b->src_uid);
	c = c ? c : text_cmp(a->source, b->source);
	return c ? c : memcmp(a->sha256, b->sha256, SHA256_LEN);
}

/* The same message of the target; what has no UID is one of its own. */
static int same_place(const struct kept *a, const struct kept *b)
{
	int c = same_mailbox(a, b);

	c = c ? c : ORDER_OF(a->uid, b->uid);
	return c || a->uid ? c : same_item(a, b);
}

static int by_item(const void *pa, const void *pb)
{
	const struct kept *a = pa, *b = pb;
	int c = same_item(a, b);

	return c ? c : ORDER_OF(a->order, b->order);
}

static int by_place(const void *pa, const void *pb)
{
	const struct kept *a = pa, *b = pb;
	int c = same_place(a, b);

	return c ? c : ORDER_OF(a->order, b->order);
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

	k->file.replay_flat = replay_line;
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
	texts_free(k->boxes.list, k->boxes.n);
	texts_free(k->sources.list, k->sources.n);
	chosen_clear(&k->places);
	for (size_t i = 0; i < k->n_pasts; i++)
		free(k->pasts[i].box);
	free(k->pasts);
	free(k->recs);
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
	key.box = (uint32_t)find_name(&k->boxes, mailbox);
	LOOKUP_FIRST(first, k->n, same_mailbox(&k->recs[first], &key) < 0);
	end = first;
	while (end < k->n && k->recs[end].box == key.box && k->recs[end].uidvalidity == uidvalidity)
		end++;
	*n_out = end - first;
	return end > first ? &k->recs[first] : NULL;
}

const char *kept_place_of(const void *journal, const char *name)
{
	return chosen_get(&((const struct kept_journal *)journal)->places, name);
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
	size_t box = find_name(&k->boxes, mailbox);

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
	*n_out = k->boxes.n;
	return (const char *const *)k->boxes.list;
}

static const char *some_text(const char *text)
{
	return text && *text ? text : NULL;
}

/* The line of a record, with its NUL. */
static void put_one(struct buf *b, const char *mailbox, const struct kept *r)
{
	char hex[SHA256_HEX_SIZE];

	hex_format(r->sha256, SHA256_LEN, hex);
	buf_putc(b, '{');
	if (!r->uid)
		record_number(b, "a", r->from);
	record_text(b, "c", r->source);
	record_number(b, "d", r->date_utc);
	record_number(b, "f", r->flags);
	record_text(b, "h", hex);
	record_text(b, "k", r->keywords ? r->keywords : "");
	record_text(b, "l", some_text(r->labels));
	record_text(b, "m", mailbox);
	record_text(b, "n", some_text(r->lacks));
	if (r->octets)
		buf_puts(b, ",\"q\":true");
	if (r->form)
		record_number(b, "r", r->form);
	record_number(b, "s", r->src_uid);
	record_number(b, "u", r->uid);
	record_number(b, "v", r->uidvalidity);
	if (!r->uid)
		record_number(b, "z", r->to);
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

int kept_out(struct kept_journal *k, const char *mailbox, int64_t now, bool seen, struct err *err)
{
	int rc;

	if (!k->file.journal)
		return 0;
	pthread_mutex_lock(&k->lock);
	buf_puts(&k->pending, seen ? "{\"e\":true" : "{");
	record_text(&k->pending, "m", mailbox);
	record_number(&k->pending, "o", now);
	buf_put(&k->pending, "}", 2);
	rc = wait_written(k, err);
	pthread_mutex_unlock(&k->lock);
	return rc;
}

void kept_begin(struct kept_journal *k, const char *mailbox, uint32_t uidvalidity, uint32_t first)
{
	if (!k->file.journal)
		return;
	pthread_mutex_lock(&k->lock);
	buf_putc(&k->pending, '{');
	record_number(&k->pending, "b", first);
	record_text(&k->pending, "m", mailbox);
	record_number(&k->pending, "v", uidvalidity);
	buf_put(&k->pending, "}", 2);
	pthread_mutex_unlock(&k->lock);
}

void kept_place(struct kept_journal *k, const char *name, const char *shown)
{
	const char *was = kept_place_of(k, name);

	if (!k->file.journal || (was && strcmp(was, shown) == 0))
		return;
	pthread_mutex_lock(&k->lock);
	buf_putc(&k->pending, '{');
	record_text(&k->pending, "c", name);
	record_text(&k->pending, "t", shown);
	buf_put(&k->pending, "}", 2);
	pthread_mutex_unlock(&k->lock);
}
