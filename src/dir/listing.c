/*
 * What is in a collection's directory, found by the part of the name that a mail client
 * does not change.
 */
#include "internal.h"
#include "valise/base/file.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include <stdlib.h>
#include <string.h>

/*
 * "cur/123.Vabc.valise:2,S" -> "123.Vabc.valise"; a plain name is all unique. Other
 * programs write ';' or '!' where a colon is refused.
 */
static size_t unique_part(const char *name, const char **start_out)
{
	const char *slash = strchr(name, '/');

	*start_out = slash ? slash + 1 : name;
	return slash ? strcspn(slash + 1, ":;!") : strlen(name);
}

static int cmp_text(const char *a, size_t n, const char *b, size_t m)
{
	int d = memcmp(a, b, MIN(n, m));

	return d != 0 ? d : n < m ? -1 : n > m;
}

/* By what is unique in them. */
static int cmp_names(const void *a, const void *b)
{
	const char *x, *y, *s = *(char *const *)a, *t = *(char *const *)b;
	size_t n = unique_part(s, &x), m = unique_part(t, &y);
	int d = cmp_text(x, n, y, m);

	return d != 0 ? d : strcmp(s, t); /* cur before new */
}

/* Its files but for hidden ones; no directory is none. */
static int add_dir(struct listing *l, int dirfd, const char *sub, struct err *err)
{
	char **names = NULL;
	size_t n = 0;
	int fd, rc = beneath_dir(dirfd, sub, &fd, err);

	if (rc == ERR_NOTFOUND) {
		err_clear(err);
		return 0;
	}
	if (rc != 0)
		return rc;
	rc = dir_list(fd, ".", &names, &n, err);
	sys_close(fd);
	for (size_t i = 0; i < n; i++) {
		if (*names[i] == '.')
			free(names[i]);
		else if (strcmp(sub, ".") == 0)
			*ARR_PUSH(l->names, l->n, l->cap) = names[i];
		else {
			*ARR_PUSH(l->names, l->n, l->cap) = xasprintf("%s/%s", sub, names[i]);
			free(names[i]);
		}
	}
	free(names);
	return rc;
}

int listing_read(
        int treefd, enum coll_kind kind, const char *path, struct listing *out, struct err *err)
{
	struct err why = {0};
	int fd, rc;

	memset(out, 0, sizeof *out);
	rc = beneath_dir(treefd, path, &fd, &why);
	if (rc == ERR_NOTFOUND)
		return 0;
	if (rc == 0) {
		rc = add_dir(out, fd, kind == COLL_MAIL ? "cur" : ".", &why);
		if (rc == 0 && kind == COLL_MAIL)
			rc = add_dir(out, fd, "new", &why);
		sys_close(fd);
	}
	if (rc != 0) {
		listing_clear(out);
		return err_set(err, rc, ERR_COLLECTION, "%s: %s", path, why.text);
	}
	SORT(out->names, out->n, cmp_names);
	return 0;
}

void listing_clear(struct listing *l)
{
	texts_free(l->names, l->n);
	memset(l, 0, sizeof *l);
}

/* Where what is unique of a name stands to ${unique}. */
static int cmp_unique(const char *name, const char *unique)
{
	const char *start;
	size_t n = unique_part(name, &start);

	return cmp_text(start, n, unique, strlen(unique));
}

const char *listing_find(const struct listing *l, const char *unique)
{
	size_t i;

	LOOKUP_FIRST(i, l->n, cmp_unique(l->names[i], unique) < 0);
	return i < l->n && cmp_unique(l->names[i], unique) == 0 ? l->names[i] : NULL;
}

size_t listing_strangers(const struct listing *l, const struct tree_coll *c, const char **first_out)
{
	size_t n = c->n_items + c->n_gone, found = 0;
	char **known = xcalloc(n + 1, sizeof *known);
	struct buf unique = buf_of(SIZE_MAX);

	for (size_t i = 0; i < n; i++) {
		buf_reset(&unique);
		item_unique_name(c, tree_coll_any(c, i), &unique);
		known[i] = xstrdup(buf_str(&unique));
	}
	SORT(known, n, text_by_bytes);
	for (size_t i = 0; i < l->n; i++) {
		const char *start;
		size_t len = unique_part(l->names[i], &start);
		char *key = xstrndup(start, len);

		if (!FIND(&key, known, n, text_by_bytes) && found++ == 0)
			*first_out = l->names[i];
		free(key);
	}
	texts_free(known, n);
	buf_clear(&unique);
	return found;
}

static int cmp_places(const void *a, const void *b, void *coll)
{
	const struct tree_coll *c = coll;

	return item_place_order(
	        c, &c->items[*(const uint32_t *)a], c, &c->items[*(const uint32_t *)b]);
}

void places_init(struct places *p, const struct tree_coll *c)
{
	p->c = c;
	p->order = NULL;
	if (!c || c->n_items == 0)
		return;
	p->order = xcalloc(c->n_items, sizeof *p->order);
	for (size_t i = 0; i < c->n_items; i++)
		p->order[i] = (uint32_t)i;
	qsort_r(p->order, c->n_items, sizeof *p->order, cmp_places, (void *)c);
}

void places_clear(struct places *p)
{
	free(p->order);
	p->order = NULL;
}

static const struct tree_item *place_at(const struct places *p, size_t i)
{
	return &p->c->items[p->order[i]];
}

const struct tree_item *places_find(
        const struct places *p, const struct tree_coll *c, const struct tree_item *it)
{
	size_t i, n = p->order ? p->c->n_items : 0;

	LOOKUP_FIRST(i, n, item_place_order(p->c, place_at(p, i), c, it) < 0);
	return i < n && item_place_order(p->c, place_at(p, i), c, it) == 0 ? place_at(p, i) : NULL;
}
