/* Collections and items in memory: made, added, sorted, found, freed. */
#include "valise/tree/model.h"
#include "valise/base/escape.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/secret.h"
#include "valise/base/text.h"
#include "valise/tree/words.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *coll_kind_dir(enum coll_kind k)
{
	static const char *const dirs[] = {"mail", "calendars", "contacts", "linked", "mapi"};

	return dirs[k];
}

bool coll_is_beside(enum coll_kind k)
{
	return k >= COLL_LINKED;
}

bool coll_is_linked(enum coll_kind kind, const char *name)
{
	size_t n = strlen(coll_kind_dir(kind));

	return strncmp(name, coll_kind_dir(kind), n) == 0 && name[n] == ':';
}

const char *coll_kind_ext(enum coll_kind k)
{
	static const char *const exts[] = {"eml", "ics", "vcf", "bin", "fx"};

	return exts[k];
}

static const char *word_of(const struct word *w, unsigned bit)
{
	for (; w->text; w++)
		if (w->bit == bit)
			return w->text;
	return NULL;
}

const char *flag_name(unsigned bit)
{
	return word_of(flag_words, bit);
}

const char *warn_name(unsigned bit)
{
	return word_of(warn_words, bit);
}

struct tree_coll *tree_coll_new(enum coll_kind kind, const char *name)
{
	struct tree_coll *c = xcalloc(1, sizeof *c);

	c->kind = kind;
	c->name = xstrdup(name);
	*ARR_PUSH(c->keyword_sets, c->n_keyword_sets, c->keyword_sets_cap) = xstrdup("");
	(void)ARR_PUSH(c->ext, c->n_ext, c->ext_cap);
	return c;
}

struct tree_coll *tree_coll_like(const struct tree_coll *from)
{
	struct tree_coll *c = tree_coll_new(from->kind, from->name);

	if (from->raw) {
		c->raw = xmemdup(from->raw, from->raw_len);
		c->raw_len = from->raw_len;
	}
	c->delimiter = from->delimiter;
	c->prefix = xstrdup(from->prefix);
	c->special_use = xstrdup(from->special_use);
	c->attrs = from->attrs;
	c->uidvalidity = from->uidvalidity;
	c->uidnext = from->uidnext;
	c->highestmodseq = from->highestmodseq;
	c->href = xstrdup(from->href);
	c->sync_token = xstrdup(from->sync_token);
	c->props = xstrdup(from->props);
	c->path = xstrdup(from->path);
	c->status = from->status;
	c->reason = xstrdup(from->reason);
	c->left_out = from->left_out;
	c->selection = xstrdup(from->selection);
	return c;
}

void tree_ext_clear(struct tree_ext *e)
{
	free(e->href);
	free(e->etag);
	free(e->path);
	free(e->labels);
	free(e->note);
	free(e->uid);
}

void tree_coll_free(struct tree_coll *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_errors; i++) {
		free(c->errors[i].href);
		free(c->errors[i].date);
		free(c->errors[i].from);
		free(c->errors[i].subject);
		free(c->errors[i].reason);
	}
	for (size_t i = 0; i < c->n_keyword_sets; i++)
		free(c->keyword_sets[i]);
	for (size_t i = 0; i < c->n_ext; i++)
		tree_ext_clear(&c->ext[i]);
	free(c->items);
	free(c->gone);
	free(c->errors);
	free(c->keyword_sets);
	text_index_clear(&c->keyword_index);
	free(c->ext);
	free(c->name);
	free(c->raw);
	free(c->prefix);
	free(c->special_use);
	free(c->href);
	free(c->sync_token);
	free(c->props);
	free(c->path);
	free(c->reason);
	free(c->selection);
	free(c);
}

struct tree_ext *tree_coll_ext(struct tree_coll *c, uint32_t *index_out)
{
	struct tree_ext *e = ARR_PUSH(c->ext, c->n_ext, c->ext_cap);

	*index_out = (uint32_t)(c->n_ext - 1);
	return e;
}

const struct tree_ext *tree_item_ext(const struct tree_coll *c, const struct tree_item *it)
{
	return it->ext > 0 && it->ext < c->n_ext ? &c->ext[it->ext] : NULL;
}

struct tree_item *tree_coll_add(struct tree_coll *c, const struct tree_item *it)
{
	struct tree_item *slot = ARR_PUSH(c->items, c->n_items, c->items_cap);

	*slot = *it;
	return slot;
}

struct tree_item *tree_coll_any(const struct tree_coll *c, size_t i)
{
	return i < c->n_items ? &c->items[i] : &c->gone[i - c->n_items];
}

void tree_coll_copy_errors(struct tree_coll *to, const struct tree_coll *from)
{
	for (size_t i = 0; i < from->n_errors; i++) {
		const struct tree_error *e = &from->errors[i];

		tree_coll_error(to, e->uid, e->href, e->date, e->subject, e->reason);
		tree_coll_error_from(to, e->from);
	}
}

struct tree_coll *tree_coll_copy(const struct tree_coll *from)
{
	struct tree_coll *c = tree_coll_like(from);

	for (size_t i = 0; i < from->n_items; i++) {
		struct tree_item it;

		tree_item_copy(c, from, &from->items[i], &it);
		tree_coll_add(c, &it);
	}
	tree_coll_copy_errors(c, from);
	return c;
}

void tree_coll_add_gone(struct tree_coll *c, const struct tree_item *it)
{
	*ARR_PUSH(c->gone, c->n_gone, c->gone_cap) = *it;
}

void tree_coll_with_gone(struct tree_coll *c)
{
	for (size_t i = 0; i < c->n_gone; i++)
		tree_coll_add(c, &c->gone[i]);
	tree_coll_without_gone(c);
	tree_coll_sort(c);
}

void tree_coll_offer_gone(struct tree_coll *c)
{
	tree_coll_with_gone(c);
	c->uidnext = 0;
	c->highestmodseq = 0;
	free(c->sync_token);
	c->sync_token = NULL;
}

void tree_coll_part_gone(struct tree_coll *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_items; i++)
		if (c->items[i].gone)
			tree_coll_add_gone(c, &c->items[i]);
		else
			c->items[n++] = c->items[i];
	c->n_items = n;
}

void tree_coll_without_gone(struct tree_coll *c)
{
	c->n_gone = 0;
	c->attrs &= ~(unsigned)ATTR_GONE;
}

void tree_item_copy(struct tree_coll *to, const struct tree_coll *from, const struct tree_item *it,
        struct tree_item *out)
{
	const struct tree_ext *e = tree_item_ext(from, it);

	*out = *it;
	out->keywords = tree_coll_keywords_copy(to, from, it->keywords);
	out->ext = 0;
	if (e) {
		struct tree_ext copy = *e, *slot;

		copy.href = xstrdup(e->href);
		copy.etag = xstrdup(e->etag);
		copy.path = xstrdup(e->path);
		copy.labels = xstrdup(e->labels);
		copy.note = xstrdup(e->note);
		copy.uid = xstrdup(e->uid);
		slot = tree_coll_ext(to, &out->ext);
		*slot = copy;
	}
}

void tree_coll_error(struct tree_coll *c, uint32_t uid, const char *href, const char *date,
        const char *subject, const char *reason)
{
	struct tree_error *e = ARR_PUSH(c->errors, c->n_errors, c->errors_cap);

	e->uid = uid;
	e->href = xstrdup(href);
	e->date = xstrdup(date);
	e->subject = xstrdup(subject);
	e->reason = secret_mask(xstrdup(reason ? reason : ""), NULL);
	if (c->status == COLL_COMPLETE)
		c->status = COLL_PARTIAL;
}

void tree_coll_error_from(struct tree_coll *c, const char *from)
{
	struct tree_error *e = &c->errors[c->n_errors - 1];

	free(e->from);
	e->from = xstrdup(from);
}

int item_order(const struct tree_coll *ca, const struct tree_item *a, const struct tree_coll *cb,
        const struct tree_item *b)
{
	const struct tree_ext *ea, *eb;
	int d;

	if (a->uid != b->uid)
		return a->uid < b->uid ? -1 : 1;
	ea = tree_item_ext(ca, a);
	eb = tree_item_ext(cb, b);
	d = text_cmp(ea ? ea->href : NULL, eb ? eb->href : NULL);
	if (d == 0)
		d = text_cmp(ea ? ea->uid : NULL, eb ? eb->uid : NULL);
	return d;
}

int item_full_order(const struct tree_coll *c, const struct tree_item *a, const struct tree_item *b)
{
	int d = item_order(c, a, c, b);

	if (d == 0)
		d = memcmp(a->sha256, b->sha256, SHA256_LEN);
	if (d == 0 && a->date_utc != b->date_utc)
		d = a->date_utc < b->date_utc ? -1 : 1;
	return d;
}

static int cmp_items(const void *a, const void *b, void *coll)
{
	return item_full_order(coll, a, b);
}

int error_order(const struct tree_error *x, const struct tree_error *y)
{
	int d;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	d = text_cmp(x->href, y->href);
	if (d == 0)
		d = text_cmp(x->date, y->date);
	if (d == 0)
		d = text_cmp(x->subject, y->subject);
	if (d == 0)
		d = text_cmp(x->reason, y->reason);
	return d != 0 ? d : text_cmp(x->from, y->from);
}

static int cmp_errors(const void *a, const void *b)
{
	return error_order(a, b);
}

static void sort_items(struct tree_coll *c, struct tree_item *items, size_t n)
{
	bool sorted = true;

	for (size_t i = 1; sorted && i < n; i++)
		sorted = cmp_items(&items[i - 1], &items[i], c) <= 0;
	if (!sorted)
		qsort_r(items, n, sizeof *items, cmp_items, c);
}

void tree_coll_sort(struct tree_coll *c)
{
	sort_items(c, c->items, c->n_items);
	sort_items(c, c->gone, c->n_gone);
	SORT(c->errors, c->n_errors, cmp_errors);
}

const struct tree_item *tree_coll_find(const struct tree_coll *c, uint32_t uid)
{
	size_t i;

	LOOKUP_FIRST(i, c->n_items, c->items[i].uid < uid);
	return i < c->n_items && c->items[i].uid == uid ? &c->items[i] : NULL;
}

static const char *href_at(const struct tree_coll *c, size_t i)
{
	const struct tree_ext *e = tree_item_ext(c, &c->items[i]);

	return e ? e->href : NULL;
}

const struct tree_item *tree_coll_find_href(const struct tree_coll *c, const char *href)
{
	size_t i;

	LOOKUP_FIRST(i, c->n_items, text_cmp(href_at(c, i), href) < 0);
	return i < c->n_items && text_cmp(href_at(c, i), href) == 0 ? &c->items[i] : NULL;
}

const char *item_label(
        const struct tree_coll *c, const struct tree_item *it, char out[ITEM_LABEL_SIZE])
{
	const struct tree_ext *e = tree_item_ext(c, it);
	const char *name = e && e->href ? e->href : e ? e->uid : NULL;

	if (it->uid > 0 || !name)
		snprintf(out, ITEM_LABEL_SIZE, "UID %u", it->uid);
	else
		term_escape(name, strlen(name), out, ITEM_LABEL_SIZE);
	return out;
}
