/* An item of the archive, as it goes to the target: its octets, its names, its UID. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "run.h"

bool entry_at_home(const struct drun *r, const struct entry *e, uint32_t tcoll)
{
	uint32_t to = r->acolls[e->acoll].to;
	unsigned takes = to == NONE ? 0 : r->tcolls[to].comps;

	return to == tcoll ||
	       (takes && r->tcolls[tcoll].comps && !(takes & r->tcolls[tcoll].comps));
}

struct tree_item *entry_item(const struct drun *r, const struct entry *e)
{
	return &r->acolls[e->acoll].coll->items[e->item];
}

const struct tree_ext *entry_ext(const struct drun *r, const struct entry *e)
{
	return tree_item_ext(r->acolls[e->acoll].coll, entry_item(r, e));
}

static int body_write(void *ctx, const void *p, size_t n, struct err *err)
{
	return buf_add(ctx, p, n) == 0 ? 0
	                               : err_set(err, ERR_LIMIT, ERR_ITEM,
	                                         "it is larger than %d MiB", ITEM_MAX >> 20);
}

/* The objects of one resource: the one that stands for it, or the one that is wanted. */
struct picking {
	const char *uid; /* of the item, or NULL */
	unsigned at, main;
	unsigned want; /* 0: none is taken */
	struct buf text;
};

static int on_part(void *ctx, const char *uid, const struct buf *text, struct err *err)
{
	struct picking *p = ctx;

	(void)err;
	p->at++;
	if (!p->main && p->uid && uid && strcmp(p->uid, uid) == 0)
		p->main = p->at;
	if (p->at == p->want)
		buf_put(&p->text, text->data, text->len);
	return 0;
}

unsigned entry_main_object(const struct entry *e, const struct buf *body, unsigned *n_out)
{
	struct picking p = {.uid = e->uid};

	if (e->part || content_apart(body->data, body->len, on_part, &p, NULL) != 1)
		return 0;
	*n_out = p.at;
	return p.main ? p.main : 1;
}

int entry_pick_object(struct buf *body, unsigned part, struct err *err)
{
	struct picking p = {.want = part};
	int rc;

	buf_init(&p.text, ITEM_MAX);
	rc = content_apart(body->data, body->len, on_part, &p, err);
	if (rc >= 0 && !p.text.len)
		rc = err_set(err, ERR_DAMAGED, ERR_ITEM, "its objects cannot be told apart");
	if (rc >= 0) {
		struct buf before = *body;

		*body = p.text;
		p.text = before;
	}
	buf_clear(&p.text);
	return rc < 0 ? rc : 0;
}

int entry_original(struct drun *r, const struct entry *e, struct buf *out, struct err *err)
{
	uint64_t size = entry_item(r, e)->size;

	int rc;

	buf_init(out, size < ITEM_MAX ? (size_t)size : ITEM_MAX);
	rc = r->reader->ops->body(
	        r->reader, r->acolls[e->acoll].coll, entry_item(r, e), body_write, out, err);
	return rc == 0 && e->part ? entry_pick_object(out, e->part, err) : rc;
}

static int uid_cmp(const void *pa, const void *pb, void *ctx)
{
	const struct entry *e = ctx;
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;

	if (e[a].uid_key != e[b].uid_key)
		return e[a].uid_key > e[b].uid_key ? 1 : -1;
	return (a > b) - (a < b);
}

void index_uids(struct drun *r)
{
	free(r->by_uid);
	r->by_uid = xcalloc(r->n_entries + 1, sizeof *r->by_uid);
	r->n_by_uid = 0;
	for (uint32_t i = 0; i < r->n_entries; i++)
		if (r->entries[i].uid)
			r->by_uid[r->n_by_uid++] = i;
	if (r->n_by_uid)
		qsort_r(r->by_uid, r->n_by_uid, sizeof *r->by_uid, uid_cmp, r->entries);
	for (size_t i = 1; i < r->n_by_uid; i++)
		if (r->entries[r->by_uid[i]].uid_key == r->entries[r->by_uid[i - 1]].uid_key)
			r->entries[r->by_uid[i]].second = true;
}

size_t entries_of(const struct drun *r, const char *uid, size_t *n_out)
{
	uint64_t key = uid ? key_of(uid) : 0;
	size_t first, end;

	*n_out = 0;
	if (!uid)
		return 0;
	LOOKUP_FIRST(first, r->n_by_uid, r->entries[r->by_uid[first]].uid_key < key);
	for (end = first; end < r->n_by_uid && r->entries[r->by_uid[end]].uid_key == key; end++)
		;
	*n_out = end - first;
	return first;
}

bool entry_is_called(const struct drun *r, const struct entry *e, const char *url)
{
	char *segment = dav_last_segment(url);
	const struct tree_ext *ext = entry_ext(r, e);
	char *own = dav_last_segment(ext && ext->href ? ext->href : "");
	bool same = (!e->more && strcmp(own, segment) == 0) || strcmp(e->segment, segment) == 0;

	free(segment);
	free(own);
	return same;
}

/* COMP_* of an item, 0: none that is known. */
unsigned entry_component(struct drun *r, const struct entry *e)
{
	struct content_summary s = {0};
	unsigned bit = 0;
	struct buf body;

	/* What cannot be read from the archive is named where it would be sent. */
	if (entry_original(r, e, &body, NULL) == 0 &&
	        content_summarize(body.data, body.len, &s, NULL) == 0) {
		bit = comp_bit(s.component);
		content_summary_clear(&s);
	}
	buf_clear(&body);
	return bit;
}
