/* Properties of items that have no place in what was made of them: by item, counted by name. */
#include <stdlib.h>
#include <string.h>
#include "import/run.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum {
	NAMES_MAX = 10000,
	LINES_MAX = 100, /* of one item */
	LINES_OCTETS = 8000,
};

/* "PidTagImportance (attachment 2)": where in the item it is does not count. */
static char *name_of(const char *line)
{
	const char *where = strstr(line, " (");

	return xstrndup(line, where ? (size_t)(where - line) : strlen(line));
}

static void add_line(struct homeless *h, const char *line)
{
	size_t n = strlen(line);

	/* where one is left out, all behind it are: what is told is how they begin */
	if (h->more || h->n_lines == LINES_MAX || h->octets + n > LINES_OCTETS) {
		h->more++;
		return;
	}
	*ARR_PUSH(h->lines, h->n_lines, h->lines_cap) = xstrdup(line);
	h->octets += n;
}

void homeless_add(struct homeless *h, const char *line, const char *shown)
{
	char *name = name_of(line);
	size_t cursor = 0, at;

	add_line(h, line);
	while ((at = text_index_next(&h->by_name, name, &cursor)) != SIZE_MAX)
		if (strcmp(h->list[at].property, name) == 0)
			break;
	if (at == SIZE_MAX && h->n < NAMES_MAX) {
		at = h->n;
		(void)ARR_PUSH(h->list, h->n, h->cap);
		h->list[at].property = xstrdup(name);
		h->list[at].example = xstrdup(shown);
		text_index_add(&h->by_name, name, at);
	}
	if (at != SIZE_MAX) {
		h->list[at].items += h->list[at].last != h->looked_at;
		h->list[at].last = h->looked_at;
	}
	free(name);
}

void homeless_item_end(
        struct homeless *h, const struct import_opts *opts, struct import_homeless_item *of)
{
	of->properties = h->lines;
	of->n = h->n_lines;
	of->more = h->more;
	if (opts->homeless_item && (of->n || of->more))
		opts->homeless_item(opts->homeless_ctx, of);
	texts_free(h->lines, h->n_lines);
	h->lines = NULL;
	h->n_lines = h->lines_cap = h->octets = 0;
	h->more = 0;
}

static int by_items(const void *p, const void *q)
{
	const struct import_homeless *a = p, *b = q;

	return a->items != b->items ? ORDER_OF(b->items, a->items)
	                            : strcmp(a->property, b->property);
}

void homeless_end(struct homeless *h, const struct import_opts *opts)
{
	struct import_homeless *list = xcalloc(h->n + 1, sizeof *list);

	for (size_t i = 0; i < h->n; i++)
		list[i] = (struct import_homeless){
		        h->list[i].property, h->list[i].items, h->list[i].example};
	SORT(list, h->n, by_items);
	for (size_t i = 0; opts->homeless && i < h->n; i++)
		opts->homeless(opts->homeless_ctx, &list[i]);
	free(list);
	for (size_t i = 0; i < h->n; i++) {
		free(h->list[i].property);
		free(h->list[i].example);
	}
	free(h->list);
	text_index_clear(&h->by_name);
	memset(h, 0, sizeof *h);
}
