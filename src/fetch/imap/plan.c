/* Decisions of a run without I/O: names, which mailboxes are read, what changed, jobs. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/lookup.h"
#include "valise/base/text.h"
#include "valise/format/mutf7.h"
#include "run.h"

#define NAME_CAP (64u << 10)

/*
 * Bytes of a name that cannot be text: what is UTF-8 stays, other bytes and NUL become
 * =XX.
 */
static void name_escape(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n;) {
		size_t k = s[i] ? utf8_next(s + i, n - i, NULL) : 0;

		if (k)
			buf_put(out, s + i, k);
		else
			buf_putf(out, "=%02X", (unsigned)(uint8_t)s[i]);
		i += k ? k : 1;
	}
}

char *plan_name(const uint8_t *raw, size_t n, bool *raw_out)
{
	const char *s = (const char *)raw;
	struct buf b = buf_of(4 * n + NAME_CAP);

	*raw_out = !mutf7_decode(s, n, &b) || memchr(b.data, 0, b.len);
	if (*raw_out) {
		buf_reset(&b);
		name_escape(s, n, &b);
	}
	if (b.len == 0) { /* a name of no octets: it still needs one */
		*raw_out = true;
		buf_puts(&b, "=");
	}
	return buf_take(&b);
}

static int raw_cmp(const struct imap_mailbox *a, const struct imap_mailbox *b)
{
	int c = memcmp(a->name, b->name, a->name_len < b->name_len ? a->name_len : b->name_len);

	return c ? c : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

/* By name, exactly decoded ones first, then by raw octets. */
static int name_cmp(const void *pa, const void *pb)
{
	const struct mbox *a = *(const struct mbox *const *)pa;
	const struct mbox *b = *(const struct mbox *const *)pb;
	int c = strcmp(a->name, b->name);

	if (c == 0)
		c = a->keep_raw - b->keep_raw;
	return c ? c : raw_cmp(a->box, b->box);
}

static bool name_taken(const struct mbox *boxes, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(boxes[i].name, name) == 0)
			return true;
	return false;
}

void plan_unique(struct mbox *boxes, size_t n)
{
	struct mbox **by_name = xcalloc(n ? n : 1, sizeof *by_name);
	/* the first name of a run of twins: it is never renamed */
	const char *last = NULL;

	for (size_t i = 0; i < n; i++)
		by_name[i] = &boxes[i];
	SORT(by_name, n, name_cmp);
	for (size_t i = 0; i < n; i++) {
		struct mbox *mb = by_name[i];
		char *name = NULL;

		if (!last || strcmp(last, mb->name) != 0) {
			last = mb->name;
			continue;
		}
		for (unsigned k = 2; !name || name_taken(boxes, n, name); k++) {
			free(name);
			name = xasprintf("%s_%u", last, k);
		}
		free(mb->name);
		mb->name = name;
		mb->keep_raw = true;
	}
	free(by_name);
}

void plan_names(const struct tree_coll *c, const char *content, struct pattern_name *out)
{
	*out = (struct pattern_name){.full = c->name,
	        .content = content,
	        .delimiter = c->delimiter,
	        .mail = true,
	        .uses = c->special_use};
}

struct tree_coll *plan_coll(const struct mbox *mb)
{
	const struct imap_mailbox *b = mb->box;
	struct tree_coll *c = tree_coll_new(COLL_MAIL, mb->name);

	if (mb->keep_raw) {
		c->raw = xmemdup(b->name, b->name_len);
		c->raw_len = b->name_len;
	}
	c->delimiter = b->delimiter;
	if (mb->prefix && strncmp(mb->name, mb->prefix, strlen(mb->prefix)) == 0)
		c->prefix = xstrdup(mb->prefix);
	c->special_use = xstrdup(b->special_use);
	if (b->noselect || b->nonexistent)
		c->attrs |= ATTR_NOSELECT;
	if (b->nonexistent)
		c->attrs |= ATTR_NONEXISTENT;
	if (b->noinferiors)
		c->attrs |= ATTR_NOINFERIORS;
	if (b->subscribed)
		c->attrs |= ATTR_SUBSCRIBED;
	if (b->foreign)
		c->attrs |= ATTR_SHARED;
	c->status = COLL_COMPLETE;
	if (b->gap)
		tree_coll_error(c, 0, NULL, NULL, NULL, b->gap);
	return c;
}

bool plan_same_raw(const struct tree_coll *a, const struct tree_coll *b)
{
	return a->raw_len == b->raw_len && !a->raw == !b->raw &&
	       (!a->raw || memcmp(a->raw, b->raw, a->raw_len) == 0);
}

static bool plan_same_head(const struct tree_coll *a, const struct tree_coll *b)
{
	return text_same(a->name, b->name) && plan_same_raw(a, b) && a->delimiter == b->delimiter &&
	       text_same(a->prefix, b->prefix) && text_same(a->special_use, b->special_use) &&
	       a->attrs == b->attrs;
}

bool plan_unchanged(const struct tree_coll *prev, size_t items, const struct mbox *mb,
        const struct tree_coll *now, const char *selection)
{
	const struct imap_status *s = &mb->status;

	if (!prev || prev->status != COLL_COMPLETE || prev->n_errors || now->n_errors ||
	        !plan_same_head(prev, now))
		return false;
	if (now->attrs & ATTR_NOSELECT)
		return items == 0;
	if (prev->left_out && text_cmp(prev->selection, selection) != 0)
		return false;
	/*
	 * Without a mod-sequence nothing tells of changed flags: they have to be listed.
	 */
	return s->ok && s->uidvalidity && s->uidvalidity == prev->uidvalidity && s->uidnext &&
	       s->uidnext == prev->uidnext && s->highestmodseq &&
	       s->highestmodseq == prev->highestmodseq && s->messages == items + prev->left_out;
}

bool plan_is_small(const struct mbox *mb)
{
	return mb->status.ok && mb->listings == 0 &&
	       (mb->since.modseq || mb->status.messages <= LIST_RANGE);
}

bool plan_is_listed(const struct rec *r)
{
	return (r->have & REC_KEPT) || (r->have & (REC_FLAGS | REC_SIZE)) == (REC_FLAGS | REC_SIZE);
}

bool plan_has_rescued(const struct tree_coll *c)
{
	for (size_t i = 0; i < c->n_items; i++)
		if (c->items[i].warn & WARN_RESCUED)
			return true;
	return false;
}

void plan_since(
        const struct tree_coll *prev, size_t items, const struct imap_status *s, struct since *out)
{
	uint32_t uids;

	*out = (struct since){0};
	/*
	 * What was not had, not verbatim, or left out by options is asked for again: that
	 * takes a whole listing.
	 */
	if (!prev || !s->ok || prev->n_errors || prev->left_out || !items || plan_has_rescued(prev))
		return;
	if (!s->uidvalidity || s->uidvalidity != prev->uidvalidity || !prev->uidnext ||
	        s->uidnext < prev->uidnext || !prev->highestmodseq ||
	        s->highestmodseq < prev->highestmodseq)
		return;
	uids = s->uidnext - prev->uidnext;
	if (uids > LIST_RANGE || s->messages > items + uids)
		return;
	/* Other numbers under the same mod-sequence: it means nothing. */
	if (s->highestmodseq == prev->highestmodseq && (uids || s->messages != items))
		return;
	*out = (struct since){.modseq = prev->highestmodseq,
	        .uidnext = prev->uidnext,
	        .items = (uint32_t)items,
	        .maybe_gone = s->messages < items + uids};
}

bool plan_since_fits(
        const struct since *since, const struct imap_selected *sel, size_t told, size_t gone)
{
	if (sel->highestmodseq < since->modseq || sel->uidnext < since->uidnext)
		return false;
	/* Something changed, and nothing is told of it. */
	return told || gone || sel->uidnext > since->uidnext || sel->highestmodseq == since->modseq;
}

void plan_changes(const struct tree_coll *prev, bool by_uid, struct uid_range *gone, size_t n_gone,
        struct rec **recs, size_t *n, size_t *cap)
{
	size_t told = *n, next = 0;
	/* the highest UID of the ranges that begin at or below the item */
	uint32_t gone_to = 0;

	SORT(gone, n_gone, lookup_by_number);
	for (size_t i = 0; i < prev->n_items; i++) {
		uint32_t uid = prev->items[i].uid;

		for (; next < n_gone && gone[next].first <= uid; next++)
			if (gone[next].last > gone_to)
				gone_to = gone[next].last;
		if (uid <= gone_to || (by_uid && !rec_find(*recs, told, uid)))
			continue;
		*ARR_PUSH(*recs, *n, *cap) = (struct rec){.uid = uid, .have = REC_KEPT};
	}
	rec_sort(*recs, n);
}

bool plan_never_used(const struct imap_status *s)
{
	return s->ok && s->messages == 0 && s->uidnext == 1 && s->uidvalidity;
}

unsigned plan_listers(const struct source_opts *o, size_t boxes, uint64_t messages)
{
	unsigned max = o->connections ? o->connections : CONNECTIONS;
	uint64_t want = 1 + messages / 50000 + boxes / 100;

	return want < max ? (unsigned)want : max;
}

unsigned plan_fetchers(const struct source_opts *o, uint64_t items, uint64_t bytes)
{
	unsigned max = o->connections ? o->connections : CONNECTIONS;
	uint64_t by_items = items / 2000, by_bytes = bytes / FLY_BYTES;
	uint64_t want = 1 + (by_items > by_bytes ? by_items : by_bytes);

	return want < max ? (unsigned)want : max;
}

bool plan_range(uint32_t exists, uint32_t uidnext, uint32_t i, char out[32])
{
	uint32_t n = exists / LIST_RANGE + (exists % LIST_RANGE != 0);
	uint64_t lo, width;

	if (n > 4096) /* EXISTS may lie */
		n = 4096;
	if (n <= 1 || uidnext <= 2) {
		snprintf(out, 32, "1:*");
		return i == 0;
	}
	width = ((uint64_t)uidnext - 1 + n - 1) / n;
	lo = 1 + i * width;
	if (lo >= uidnext)
		return false;
	if (lo + width >= uidnext)
		snprintf(out, 32, "%u:*", (unsigned)lo);
	else
		snprintf(out, 32, "%u:%u", (unsigned)lo, (unsigned)(lo + width - 1));
	return true;
}

static int rec_cmp(const void *a, const void *b)
{
	uint32_t x = ((const struct rec *)a)->uid, y = ((const struct rec *)b)->uid;

	return (x > y) - (x < y);
}

/* What ${from} knows goes into ${to}. */
static void rec_merge(struct rec *to, const struct rec *from)
{
	if (from->have & REC_FLAGS) {
		to->flags = from->flags;
		to->keywords = from->keywords;
	}
	if (from->have & REC_DATE) {
		to->date_utc = from->date_utc;
		to->zone_min = from->zone_min;
	}
	if (from->have & REC_SIZE)
		to->size = from->size;
	if (from->ext)
		to->ext = from->ext;
	to->have |= from->have;
}

void rec_sort(struct rec *recs, size_t *n)
{
	size_t kept = 0;

	SORT(recs, *n, rec_cmp);
	for (size_t i = 0; i < *n; i++) {
		if (kept && recs[kept - 1].uid == recs[i].uid)
			rec_merge(&recs[kept - 1], &recs[i]);
		else
			recs[kept++] = recs[i];
	}
	*n = kept;
}

struct rec *rec_find(struct rec *recs, size_t n, uint32_t uid)
{
	struct rec key = {.uid = uid};

	return FIND(&key, recs, n, rec_cmp);
}

void rec_error(struct mbox *mb, const struct rec *r, const char *subject, const char *reason)
{
	char text[DATE_TEXT_SIZE];
	struct date d = {r->date_utc, r->zone_min, true};

	tree_coll_error(mb->coll, r->uid, NULL,
	        r->have & REC_DATE ? date_format_imap(&d, text) : NULL, subject, reason);
}

void plan_weigh(struct mbox *mb)
{
	mb->bytes_left = 0;
	for (size_t i = 0; i < mb->n_recs; i++)
		mb->bytes_left += mb->recs[i].size;
}

struct tree_item plan_item(const struct rec *r)
{
	return (struct tree_item){.uid = r->uid,
	        .size = r->size,
	        .date_utc = r->date_utc,
	        .zone_min = r->zone_min,
	        .flags = r->flags,
	        .keywords = r->keywords,
	        .ext = r->ext};
}

bool plan_known(const struct tree_item *old, const struct rec *r)
{
	/* perhaps it can be fetched verbatim this time */
	if (old->warn & WARN_RESCUED)
		return false;
	/*
	 * Some servers use a UID again, or rewrite a message in place: size and date
	 * tell.
	 */
	if ((r->have & REC_SIZE) && !(old->warn & WARN_SIZE) && r->size != old->size)
		return false;
	return !(r->have & REC_DATE) || (old->warn & WARN_DATE) || r->date_utc == old->date_utc;
}

/* Characters of the set "4:6,9" as it grows by one record. */
struct set_text {
	size_t len;
	uint32_t last;
	bool run; /* it ends in ":6" */
};

static void set_grow(struct set_text *t, uint32_t uid)
{
	bool next = t->len && uid == t->last + 1;

	if (!next || !t->run)
		t->len += 1 + (size_t)snprintf(NULL, 0, "%u", uid);
	t->run = next;
	t->last = uid;
}

size_t plan_cut(const struct rec *recs, size_t first, size_t n, uint64_t *bytes_out)
{
	struct set_text set = {0};
	size_t i;

	*bytes_out = 0;
	for (i = first; i < n && i - first < JOB_MESSAGES; i++) {
		bool big = recs[i].size >= BIG_MESSAGE;

		set_grow(&set, recs[i].uid);
		if (i > first &&
		        (big || *bytes_out + recs[i].size > JOB_BYTES || set.len > SET_SHORT))
			break;
		*bytes_out += recs[i].size;
		if (big)
			return 1;
	}
	return i - first;
}

bool plan_set(const struct rec *recs, const struct job *j, struct buf *out)
{
	size_t end = j->first + j->n;

	buf_reset(out);
	for (size_t i = j->first; i < end; i++) {
		size_t last = i;

		if (recs[i].done)
			continue;
		while (last + 1 < end && !recs[last + 1].done &&
		        recs[last + 1].uid == recs[last].uid + 1)
			last++;
		buf_putf(out, "%s%u", out->len ? "," : "", recs[i].uid);
		if (last > i)
			buf_putf(out, ":%u", recs[last].uid);
		i = last;
	}
	return out->len > 0;
}
