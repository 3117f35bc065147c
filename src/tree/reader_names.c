/* What names items, for who reads: of one collection at a time, read when it is asked for. */
#include "reader_names.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/tree/words.h"

struct reader_names {
	pthread_mutex_t lock;
	char *path; /* of the collection */
	struct abouts *names;
};

/* The reader's, made by whoever comes first. */
static struct reader_names *names_of(struct tree_reader *r)
{
	struct reader_names *have = atomic_load(&r->names), *made;

	if (have)
		return have;
	made = xcalloc(1, sizeof *made);
	pthread_mutex_init(&made->lock, NULL);
	if (atomic_compare_exchange_strong(&r->names, &have, made))
		return made;
	pthread_mutex_destroy(&made->lock);
	free(made);
	return have;
}

void reader_names_free(struct tree_reader *r)
{
	struct reader_names *n = atomic_load(&r->names);

	if (!n)
		return;
	abouts_free(n->names);
	free(n->path);
	pthread_mutex_destroy(&n->lock);
	free(n);
	atomic_store(&r->names, NULL);
}

void tree_item_what(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        struct buf *out)
{
	struct reader_names *n = r && r->ops->names && c->path ? names_of(r) : NULL;

	if (!n)
		return;
	pthread_mutex_lock(&n->lock);
	if (!n->path || strcmp(n->path, c->path) != 0) {
		abouts_free(n->names);
		free(n->path);
		n->path = xstrdup(c->path);
		n->names = abouts_new_temporary();
		(void)!r->ops->names(r, c, n->names, NULL); /* what there is of it */
	}
	(void)!abouts_get(n->names, c->kind, it->sha256, out, NULL);
	pthread_mutex_unlock(&n->lock);
}

void tree_item_about(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        struct item_about *out)
{
	struct buf json = buf_of(SIZE_MAX);

	memset(out, 0, sizeof *out);
	tree_item_what(r, c, it, &json);
	if (json.len > 0)
		(void)about_parse(buf_str(&json), json.len, out);
	buf_clear(&json);
}

void item_name(const struct tree_coll *c, const struct tree_item *it, const struct item_about *a,
        struct buf *out)
{
	struct date date = {it->date_utc, it->zone_min, it->date_utc != 0 || it->zone_min != 0};
	char label[ITEM_LABEL_SIZE];
	struct buf more = buf_of(SIZE_MAX);

	buf_puts(out, item_label(c, it, label));
	about_line(NULL, &date, a, &more);
	if (more.len > 0)
		buf_putf(out, ", %s", buf_str(&more));
	buf_clear(&more);
}

void tree_item_name(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        struct buf *out)
{
	struct item_about a;

	tree_item_about(r, c, it, &a);
	item_name(c, it, &a, out);
	about_clear(&a);
}

static bool is_named(const struct item_about *a)
{
	for (unsigned i = 0; i < ABOUT_FIELDS; i++)
		if (a->text[i])
			return true;
	return false;
}

void tree_item_line(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        struct buf *out)
{
	struct date date = {it->date_utc, it->zone_min, it->date_utc != 0 || it->zone_min != 0};
	struct item_about a;
	char label[ITEM_LABEL_SIZE];

	tree_item_about(r, c, it, &a);
	about_line(c->name, &date, &a, out);
	if (!is_named(&a))
		buf_putf(out, ", %s", item_label(c, it, label));
	about_clear(&a);
}
