/* The manifest in memory: heads of collections, the roots and totals over them. */
#include "valise/tree/manifest.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <stdlib.h>
#include <string.h>

void tree_manifest_init(struct tree_manifest *m)
{
	memset(m, 0, sizeof *m);
}

void tree_head_clear(struct tree_head *h)
{
	free(h->name);
	free(h->path);
	free(h->content_name);
	free(h->reason);
	free(h->catalog);
	free(h->links);
	free(h->special_use);
	free(h->selection);
	memset(h, 0, sizeof *h);
}

void tree_manifest_clear(struct tree_manifest *m)
{
	for (size_t i = 0; i < m->n_heads; i++)
		tree_head_clear(&m->heads[i]);
	free(m->heads);
	free(m->tool);
	tree_account_clear(&m->account);
	memset(m, 0, sizeof *m);
}

void tree_head_copy(struct tree_head *to, const struct tree_head *from)
{
	*to = *from;
	to->name = xstrdup(from->name);
	to->path = xstrdup(from->path);
	to->content_name = xstrdup(from->content_name);
	to->reason = xstrdup(from->reason);
	to->catalog = xstrdup(from->catalog);
	to->links = xstrdup(from->links);
	to->special_use = xstrdup(from->special_use);
	to->selection = xstrdup(from->selection);
}

void tree_head_of(struct tree_head *h, const struct tree_coll *c, const struct tree_roots *roots)
{
	struct buf name = buf_of(SIZE_MAX);

	memset(h, 0, sizeof *h);
	tree_content_name(c, &name);
	h->kind = c->kind;
	h->name = xstrdup(c->name);
	h->path = xstrdup(c->path);
	h->content_name = buf_take(&name);
	h->status = c->status;
	h->reason = xstrdup(c->reason);
	h->attrs = c->attrs;
	h->what = HEAD_WHAT;
	h->special_use = xstrdup(c->special_use);
	h->left_out = c->left_out;
	h->selection = xstrdup(c->left_out ? c->selection : NULL);
	h->roots = *roots;
}

void tree_head_keep(struct tree_head *h, enum coll_status status, const char *reason)
{
	char *text = status == COLL_STALE ? xstrdup(reason) : NULL;

	if (status == COLL_SKIPPED && h->status == COLL_STALE)
		return;
	h->status = status;
	if (status == COLL_COMPLETE && h->roots.errors > 0)
		h->status = COLL_PARTIAL;
	free(h->reason);
	h->reason = text;
}

struct tree_head *tree_manifest_add(struct tree_manifest *m, const struct tree_head *h)
{
	struct tree_head *slot = ARR_PUSH(m->heads, m->n_heads, m->heads_cap);

	tree_head_copy(slot, h);
	return slot;
}

struct tree_head *tree_manifest_find(
        const struct tree_manifest *m, enum coll_kind kind, const char *name)
{
	for (size_t i = 0; i < m->n_heads; i++)
		if (m->heads[i].kind == kind && strcmp(m->heads[i].name, name) == 0)
			return &m->heads[i];
	return NULL;
}

static int cmp_heads(const void *a, const void *b)
{
	const struct tree_head *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(x->name, y->name);
}

void tree_manifest_sort(struct tree_manifest *m)
{
	SORT(m->heads, m->n_heads, cmp_heads);
}

/*
 * SHA-256 over "<kind dir> <root> <name>\n" of each head, in byte order of these lines.
 */
static void account_root(const struct tree_manifest *m, bool content, uint8_t out[SHA256_LEN])
{
	char **lines = xcalloc(m->n_heads + 1, sizeof *lines);
	size_t n = 0;
	struct sha256 h;

	for (size_t i = 0; i < m->n_heads; i++) {
		const struct tree_head *head = &m->heads[i];
		char hex[SHA256_HEX_SIZE];

		if (content && (head->attrs & ATTR_GONE))
			continue;
		hex_format(content ? head->roots.content : head->roots.state, SHA256_LEN, hex);
		lines[n++] = xasprintf("%s %s %s\n", coll_kind_dir(head->kind), hex,
		        content ? head->content_name : head->name);
	}
	SORT(lines, n, text_by_bytes);
	sha256_start(&h);
	for (size_t i = 0; i < n; i++) {
		sha256_add(&h, lines[i], strlen(lines[i]));
		free(lines[i]);
	}
	sha256_end(&h, out);
	free(lines);
}

void tree_manifest_totals(const struct tree_manifest *m, struct tree_totals *out)
{
	memset(out, 0, sizeof *out);
	out->complete = true;
	for (size_t i = 0; i < m->n_heads; i++) {
		const struct tree_head *h = &m->heads[i];

		out->collections[h->kind] += !(h->attrs & ATTR_GONE);
		out->gone += h->roots.gone;
		out->left_out += h->left_out;
		out->items[h->kind] += h->roots.items;
		out->bytes += h->roots.bytes;
		out->errors += h->roots.errors;
		if ((h->status != COLL_COMPLETE && h->status != COLL_SKIPPED) ||
		        h->roots.errors > 0)
			out->complete = false;
	}
	account_root(m, true, out->content);
	account_root(m, false, out->state);
}

void tree_coll_take_status(struct tree_coll *c, const struct tree_head *h)
{
	c->status = h->status;
	free(c->reason);
	c->reason = xstrdup(h->reason);
}
