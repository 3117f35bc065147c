/* What a person is told about a restore. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "run.h"
#include "valise/base/mem.h"

enum { NAMES_SHOWN = 8, NAMES_MAX = 1000 };

void mapi_say_coll(struct mrun *r, enum say_level level, const char *coll, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	target_vsay(r->opts, level, coll, NULL, fmt, ap);
	va_end(ap);
}

/* What stands beside another item is named by what was noted of it. */
static void name_item(const struct box *b, size_t i, struct buf *out)
{
	const struct acoll *a = b->a;
	const struct tree_item *it = mapi_item_of(a, b->items[i]);
	const struct tree_ext *e = a->coll->kind == COLL_MAPI ? tree_item_ext(a->coll, it) : NULL;

	if (e && e->note)
		buf_putf(out, "%.1000s", e->note);
	else
		tree_item_name(a->reader, a->coll, it, out);
}

void mapi_say_item(const struct box *b, enum say_level level, size_t i, const char *fmt, ...)
{
	struct buf item;
	va_list ap;

	if (!b->r->opts->report)
		return;
	item = buf_of(16384);
	name_item(b, i, &item);
	va_start(ap, fmt);
	target_vsay(b->r->opts, level, b->a->head->name, buf_str(&item), fmt, ap);
	va_end(ap);
	buf_clear(&item);
}

/* INBOX is the Inbox, in whatever language. */
static bool is_called_as_before(const struct map_coll *c, const char *path)
{
	const char *name = c->content;
	size_t n = strlen("INBOX");

	if (strncmp(name, "INBOX", n) == 0 && (!name[n] || name[n] == '/')) {
		name += n;
		path += strcspn(path, "/");
	}
	return strcmp(name, path) == 0;
}

void mapi_say_place(struct mrun *r, const struct map_coll *c, uint64_t items)
{
	bool fresh = !r->map.nodes[c->node].id;
	struct buf path = buf_of(SIZE_MAX);
	char n[COUNTED_SIZE];

	mapi_map_path(&r->map, c->node, &path);
	if (r->opts->dry_run || !is_called_as_before(c, buf_str(&path)))
		mapi_say_coll(r, SAY_INFO, c->head->name, "%s%s into %s folder \"%.600s\"",
		        counted(items, "item", "items", n),
		        c->kind == COLL_MAPI ? " of Outlook's without another form" : "",
		        fresh ? "a new" : "the", buf_str(&path));
	buf_clear(&path);
}

void mapi_count(struct counts *c, const char *name, size_t len)
{
	size_t i = 0;

	while (i < c->n && (strncmp(c->list[i].name, name, len) != 0 || c->list[i].name[len]))
		i++;
	if (i == c->n && c->n < NAMES_MAX)
		*ARR_PUSH(c->list, c->n, c->cap) = (struct count){xstrndup(name, len), 0};
	if (i < c->n)
		c->list[i].items++;
}

void mapi_counts_clear(struct counts *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->list[i].name);
	free(c->list);
	*c = (struct counts){0};
}

static void say_counts(
        struct mrun *r, enum say_level level, const struct counts *c, const char *what)
{
	struct buf names = buf_of(SIZE_MAX);
	char n[32];

	for (size_t i = 0; i < c->n && i < NAMES_SHOWN; i++)
		buf_putf(&names, "%s%.200s (%s)", i ? ", " : "", c->list[i].name,
		        human_count(c->list[i].items, n));
	if (c->n > NAMES_SHOWN)
		buf_putf(&names, " and %zu more", c->n - NAMES_SHOWN);
	if (c->n)
		mapi_say_coll(r, level, NULL, "%s: %s", what, buf_str(&names));
	buf_clear(&names);
}

void mapi_say_counts(struct mrun *r)
{
	say_counts(r, SAY_INFO, &r->adds, "the server gave stored items properties of its own");
	say_counts(r, SAY_NOTE, &r->losses,
	        "stored, but no property of an item says (items; --report names them)");
}
