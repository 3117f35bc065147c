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

/* The objects of one resource: the one that stands for it, or the one that is wanted. */
struct picking {
	const char *uid; /* of the item, or NULL */
	unsigned at, main;
	unsigned want; /* 0: none is taken */
	struct buf text;
};

/*
 * Counts the objects, finds the one with the UID of the item, and takes the wanted one.
 */
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
	if (rc >= 0)
		buf_swap(body, &p.text);
	buf_clear(&p.text);
	return rc < 0 ? rc : 0;
}

int entry_original(struct drun *r, const struct entry *e, struct buf *out, struct err *err)
{
	const struct tree_item *it = entry_item(r, e);
	int rc;

	buf_init(out, (size_t)MIN(it->size, ITEM_MAX));
	rc = tree_reader_octets(r->reader, r->acolls[e->acoll].coll, it, out, err);
	return rc == 0 && e->part ? entry_pick_object(out, e->part, err) : rc;
}

static int uid_cmp(const void *pa, const void *pb, void *ctx)
{
	const struct entry *e = ctx;
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	int c = ORDER_OF(e[a].uid_key, e[b].uid_key);

	return c ? c : ORDER_OF(a, b);
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

void entries_there(const struct drun *r, struct keys *out)
{
	for (size_t i = 0; i < r->n_entries; i++)
		if (r->entries[i].state == ENTRY_THERE)
			keys_add(out, dav_key(r->entries[i].url), 1);
}

char *entry_segment(const struct drun *r, const struct entry *e)
{
	const struct tree_ext *x = entry_ext(r, e);

	return dav_last_segment(x && x->href ? x->href : "");
}

char *entry_made_name(const struct drun *r, const void *data, size_t len)
{
	char hex[SHA256_HEX_SIZE];
	uint8_t sum[SHA256_LEN];

	sha256_of(data, len, sum);
	hex_format(sum, SHA256_LEN, hex);
	return xasprintf("%s.%s", hex, coll_kind_ext(r->kind));
}

bool entry_is_called(const struct drun *r, const struct entry *e, const char *url)
{
	char *segment = dav_last_segment(url), *own = entry_segment(r, e);
	bool same = (!e->more && strcmp(own, segment) == 0) || strcmp(e->segment, segment) == 0;

	free(segment);
	free(own);
	return same;
}

bool entry_summary(struct drun *r, const struct entry *e, struct content_summary *out)
{
	struct buf body;
	/* What cannot be read from the archive is named where it would be sent. */
	bool done = entry_original(r, e, &body, NULL) == 0 &&
	            content_summarize(body.data, body.len, out, NULL) == 0;

	buf_clear(&body);
	return done;
}

unsigned entry_component(struct drun *r, const struct entry *e)
{
	struct content_summary s;
	unsigned bit = 0;

	if (entry_summary(r, e, &s)) {
		bit = comp_bit(s.component);
		content_summary_clear(&s);
	}
	return bit;
}
