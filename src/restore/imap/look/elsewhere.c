/*
 * Items that are not in their mailbox: each message of the target that is no item's is
 * held against them by Message-ID, From, To, Date and Subject, in every mailbox that there
 * is.
 */
#include <stdlib.h>
#include <string.h>
#include "look.h"
#include "restore/imap/map/name.h"

static const char not_given[] = "the target does not give a message that may be it";

/* A message of the target that is no item's, or an item that was not found. */
struct spare {
	struct seen seen;
	struct box *b;
	uint32_t index; /* of the tmsg, or the item */
	bool to_be_read, is_read; /* of an item: all octets of what it was found to be */
};

struct search {
	struct run *r;
	struct worker *w;
	struct box **boxes; /* with messages that are no item's */
	size_t n_boxes, boxes_cap;
	struct map_entry *entries; /* of the mailboxes that no mailbox of the archive goes to */
	size_t n_entries;
	struct spare *open, *there;
	size_t n_open, open_cap, n_there, there_cap;
	struct spare *unread; /* messages that the target does not give */
	size_t n_unread, unread_cap;
};

/* ---- what is to be found ---- */

static void list_open(struct search *s)
{
	const struct looking *l = &s->r->looking;

	for (size_t k = 0; k < l->n_kept; k++)
		for (uint32_t i = 0; i < l->kept[k]->coll->n_items; i++) {
			struct box *b = l->kept[k];
			struct spare *x;

			if (b->items[i].told)
				continue;
			x = ARR_PUSH(s->open, s->n_open, s->open_cap);
			x->b = b;
			x->index = i;
			item_look_head(b, i, &x->seen);
			b->items[i].broken = x->seen.broken;
		}
}

/* ---- where it may be ---- */

/* Was it listed for a mailbox of the archive? */
static bool was_looked_at(const struct run *r, const struct imap_mailbox *m)
{
	for (size_t i = 0; i < r->plan.n_map; i++) {
		const struct map_entry *e = &r->plan.map[i];

		if (r->plan.selected[i] && e->exists && e->raw_len == m->name_len &&
		        memcmp(e->raw, m->name, m->name_len) == 0)
			return true;
	}
	return false;
}

/* A mailbox of the target with all that is in it. */
static struct box *strange_box(struct search *s, const struct imap_mailbox *m)
{
	struct map_entry *e = &s->entries[s->n_entries++];
	struct box *b = xcalloc(1, sizeof *b);

	e->raw = m->name;
	e->raw_len = m->name_len;
	e->shown = name_shown(m->name, m->name_len);
	b->w = s->w;
	b->e = e;
	b->coll = tree_coll_new(COLL_MAIL, "");
	b->words = tree_coll_new(COLL_MAIL, "");
	return b;
}

static int list_strange(struct box *b, struct err *err)
{
	struct attempts a = {.limit = ATTEMPTS};
	int rc;

	do {
		rc = box_select(b, err);
		b->n_there = 0;
		if (rc == 0 && b->sel.exists)
			rc = there_from(b, 1, err);
	} while (box_again(b, &a, &rc, err));
	free(b->claimed);
	b->claimed = xcalloc(b->n_there + 1, 1);
	return rc;
}

/* Their fields. */
static int read_fields(struct search *s, struct box *b, struct err *err)
{
	uint8_t *wanted = xcalloc(b->n_there + 1, 1);
	struct seen *seen = NULL;
	size_t n = 0, any = 0;
	int rc;

	for (size_t i = 0; i < b->n_there; i++)
		any += wanted[i] = !b->claimed[i];
	rc = any ? box_reselect(b, err) : 0;
	if (rc == 0 && any)
		rc = there_hash_fields(b, wanted, &seen, &n, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct spare *x = ARR_PUSH(s->there, s->n_there, s->there_cap);

		x->seen = seen[i];
		x->b = b;
		x->index = seen[i].index;
		wanted[x->index] = 0;
	}
	for (uint32_t i = 0; i < b->n_there && rc == 0 && any > n; i++)
		if (wanted[i])
			*ARR_PUSH(s->unread, s->n_unread, s->unread_cap) =
			        (struct spare){.b = b, .index = i};
	free(seen);
	free(wanted);
	return rc;
}

/* A mailbox that does not open holds nothing that can be found. */
static int pass_over(const struct search *s, int rc, const struct err *err)
{
	return rc < 0 && imap_conn_is_over(&s->w->conn, err) ? rc : 0;
}

static int list_there(struct search *s, struct err *err)
{
	const struct plan *p = &s->r->plan;
	const struct looking *l = &s->r->looking;
	int rc = 0;

	for (size_t k = 0; k < l->n_kept && rc == 0; k++)
		rc = pass_over(s, read_fields(s, l->kept[k], err), err);
	s->entries = xcalloc(p->n_list + 1, sizeof *s->entries);
	for (size_t i = 0; i < p->n_list && rc == 0; i++) {
		const struct imap_mailbox *m = &p->list[i];
		struct box *b;

		if (m->noselect || m->nonexistent || was_looked_at(s->r, m))
			continue;
		b = strange_box(s, m);
		*ARR_PUSH(s->boxes, s->n_boxes, s->boxes_cap) = b;
		rc = list_strange(b, err);
		if (rc == 0)
			rc = read_fields(s, b, err);
		rc = pass_over(s, rc, err);
	}
	return rc;
}

/* ---- which is which ---- */

/* From the one that says most on. */
enum known_by { BY_ALL, BY_SIZE, BY_FIELDS, BY_MSGID, KNOWN_WAYS };

/* Its key; none where there is nothing to know it by in this way. */
static bool spare_key(const struct spare *x, enum known_by by, size_t index, struct match_key *out)
{
	struct {
		uint8_t msgid[SHA256_LEN], fields[SHA256_LEN];
		uint64_t size;
	} all;
	uint8_t sum[SHA256_LEN];

	memset(&all, 0, sizeof all);
	if (x->seen.broken || (by >= BY_FIELDS && !x->seen.has_msgid))
		return false;
	if (x->seen.has_msgid)
		memcpy(all.msgid, x->seen.msgid, SHA256_LEN);
	if (by <= BY_FIELDS)
		memcpy(all.fields, x->seen.fields, SHA256_LEN);
	if (by <= BY_SIZE)
		all.size = x->seen.size;
	sha256_of(&all, sizeof all, sum);
	*out = match_by_hash(sum, x->seen.date, x->seen.size, index);
	return true;
}

static struct match_key *new_keys(
        const struct spare *list, size_t n, enum known_by by, size_t *n_out)
{
	struct match_key *keys = xcalloc(n + 1, sizeof *keys);

	*n_out = 0;
	for (size_t i = 0; i < n; i++)
		*n_out += spare_key(&list[i], by, i, &keys[*n_out]);
	return keys;
}

/* mate[i]: in there + 1 of what open[i] is. */
static void pair_spares(struct search *s, uint32_t *mate)
{
	uint8_t *claimed = xcalloc(s->n_there + 1, 1);

	for (enum known_by by = 0; by < KNOWN_WAYS; by++) {
		size_t n, n_there;
		struct match_key *items = new_keys(s->open, s->n_open, by, &n);
		struct match_key *there = new_keys(s->there, s->n_there, by, &n_there);

		match_pairs(items, n, there, n_there, by == BY_ALL ? MATCH_DATE : 0, mate, claimed);
		free(items);
		free(there);
	}
	free(claimed);
}

/* ---- what differs ---- */

/* All of it is read where its size or fields are not the item's, or where everything is. */
static bool needs_octets(
        const struct search *s, const struct spare *item, const struct spare *there)
{
	return s->r->opts->read_all || there->seen.size != item->seen.size ||
	       memcmp(there->seen.fields, item->seen.fields, SHA256_LEN) != 0;
}

static int compare_one(struct spare *item, const struct seen *there, struct err *err)
{
	struct seen own;
	int rc = 0;

	item->is_read = true;
	if (memcmp(item->seen.sha256, there->sha256, SHA256_LEN) == 0)
		return 0;
	rc = item_look(item->b, item->index, &own, err);
	if (rc == 0 && !own.broken)
		item->b->items[item->index].unlike = (uint8_t)seen_unlike(&own, there);
	return rc;
}

/* Those that were found in this mailbox. */
static int compare_box(struct search *s, struct box *b, const uint32_t *mate, struct err *err)
{
	uint8_t *wanted = xcalloc(b->n_there + 1, 1);
	size_t *open = xcalloc(b->n_there + 1, sizeof *open), any = 0, n = 0;
	struct seen *seen = NULL;
	int rc = 0;

	for (size_t i = 0; i < s->n_open; i++) {
		const struct spare *there = mate[i] ? &s->there[mate[i] - 1] : NULL;

		if (!there || there->b != b || !needs_octets(s, &s->open[i], there))
			continue;
		s->open[i].to_be_read = true;
		open[there->index] = i;
		any += wanted[there->index] = 1;
	}
	if (any)
		rc = box_reselect(b, err);
	if (any && rc == 0)
		rc = there_hash(b, wanted, &seen, &n, err);
	for (size_t k = 0; k < n && rc == 0; k++)
		rc = compare_one(&s->open[open[seen[k].index]], &seen[k], err);
	free(seen);
	free(open);
	free(wanted);
	return rc;
}

static int compare_all(struct search *s, const uint32_t *mate, struct err *err)
{
	const struct looking *l = &s->r->looking;
	int rc = 0;

	for (size_t k = 0; k < l->n_kept && rc == 0; k++)
		rc = pass_over(s, compare_box(s, l->kept[k], mate, err), err);
	for (size_t k = 0; k < s->n_boxes && rc == 0; k++)
		rc = pass_over(s, compare_box(s, s->boxes[k], mate, err), err);
	return rc;
}

/* One that was not found may be what the target does not give. */
static void tell_unread(const struct search *s, const struct spare *item)
{
	for (size_t i = 0; i < s->n_unread; i++) {
		const struct box *b = s->unread[i].b;
		const struct tmsg *t = &b->there[s->unread[i].index];

		if (t->size != item->seen.size && there_date(t) != item->seen.date)
			continue;
		imap_look_tell(item->b, item->index, LOOK_UNSEEN, b->e->shown, not_given);
		return;
	}
}

/* The flags are told by the words of the item's own box. */
static void tell_one(const struct spare *item, const struct spare *there)
{
	struct tmsg t = there->b->there[there->index];

	there->b->claimed[there->index] = 1;
	if (item->to_be_read && !item->is_read) {
		imap_look_tell(item->b, item->index, LOOK_UNSEEN, there->b->e->shown, not_given);
		return;
	}
	if (there->b != item->b)
		t.keywords = tree_coll_keywords_copy(item->b->words, there->b->words, t.keywords);
	if (there->b != item->b)
		t.labels = tree_coll_keywords_copy(item->b->words, there->b->words, t.labels);
	imap_look_tell_found(item->b, item->index, &t, there->b->e->shown, there->b != item->b);
}

int imap_look_elsewhere(struct run *r, struct worker *w, struct err *err)
{
	struct search s = {.r = r, .w = w};
	uint32_t *mate = NULL;
	int rc;

	list_open(&s);
	rc = list_there(&s, err);
	mate = xcalloc(s.n_open + 1, sizeof *mate);
	if (rc == 0) {
		pair_spares(&s, mate);
		rc = compare_all(&s, mate, err);
	}
	for (size_t i = 0; i < s.n_open && rc == 0; i++)
		if (mate[i])
			tell_one(&s.open[i], &s.there[mate[i] - 1]);
		else
			tell_unread(&s, &s.open[i]);
	for (size_t i = 0; i < s.n_boxes; i++)
		box_free(s.boxes[i]);
	for (size_t i = 0; i < s.n_entries; i++)
		free(s.entries[i].shown);
	free(s.boxes);
	free(s.entries);
	free(s.open);
	free(s.there);
	free(s.unread);
	free(mate);
	return rc;
}
