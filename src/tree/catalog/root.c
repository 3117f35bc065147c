/* The content root: the same for equal collections on any server and of any version. */
#include "internal.h"
#include "valise/tree/words.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL_FLAGS 32

struct lines {
	const struct tree_coll *c;
	const char *flags[ALL_FLAGS]; /* texts of all combinations */
	char **keywords; /* texts of the collection's sets */
};

/*
 * The words of a blank-separated text in lower case, sorted, joined by commas; "-" for
 * none.
 */
static char *keyword_text(const char *set)
{
	char *lower = text_lower(xstrdup(set)), **words = NULL, *rest = lower;
	size_t n = 0, cap = 0;
	struct buf out = buf_of(SIZE_MAX);

	for (char *w; (w = strsep(&rest, " ")) != NULL;)
		if (*w)
			*ARR_PUSH(words, n, cap) = w;
	SORT(words, n, text_by_bytes);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(&out, ',');
		buf_puts(&out, words[i]);
	}
	if (n == 0)
		buf_putc(&out, '-');
	free(words);
	free(lower);
	return buf_take(&out);
}

static char *flag_text(unsigned flags)
{
	struct buf words = buf_of(SIZE_MAX);
	char *text;

	for (const struct word *w = flag_words; w->text; w++)
		if (flags & w->bit)
			buf_putf(&words, "%s ", w->text + 1);
	text = keyword_text(buf_str(&words));
	buf_clear(&words);
	return text;
}

/* Dates are compared as the decimal text that they are in the line. */
static int cmp_dates(int64_t a, int64_t b)
{
	char x[24], y[24];

	if (a == b)
		return 0;
	if (a >= 1000000000 && a <= 9999999999 && b >= 1000000000 && b <= 9999999999)
		return a < b ? -1 : 1;
	snprintf(x, sizeof x, "%lld", (long long)a);
	snprintf(y, sizeof y, "%lld", (long long)b);
	return strcmp(x, y);
}

static const char *keywords_of(const struct lines *l, const struct tree_item *it)
{
	return l->keywords[it->keywords < l->c->n_keyword_sets ? it->keywords : 0];
}

/* The order of the lines that the root is over, without making them. */
static int cmp_lines(const void *a, const void *b, void *ctx)
{
	const struct lines *l = ctx;
	const struct tree_item *x = &l->c->items[*(const uint32_t *)a];
	const struct tree_item *y = &l->c->items[*(const uint32_t *)b];
	int d = 0;

	if (l->c->kind == COLL_MAIL)
		d = cmp_dates(x->date_utc, y->date_utc);
	if (d == 0)
		d = memcmp(x->sha256, y->sha256, SHA256_LEN);
	if (d != 0 || l->c->kind != COLL_MAIL)
		return d;
	/*
	 * A NUL for the blank that ends a text in the line: both are below every
	 * character of it.
	 */
	if (x->flags != y->flags)
		d = strcmp(l->flags[x->flags % ALL_FLAGS], l->flags[y->flags % ALL_FLAGS]);
	if (d == 0 && x->keywords != y->keywords)
		d = strcmp(keywords_of(l, x), keywords_of(l, y));
	return d;
}

/* The line of one item into the hash; ${line} is room for it. */
static void add_line(
        struct sha256 *h, const struct lines *l, const struct tree_item *it, struct buf *line)
{
	char hex[SHA256_HEX_SIZE];

	hex_format(it->sha256, SHA256_LEN, hex);
	buf_reset(line);
	if (l->c->kind == COLL_MAIL) {
		if (it->date_utc < 0)
			buf_putc(line, '-');
		put_u64(line, it->date_utc < 0 ? -(uint64_t)it->date_utc : (uint64_t)it->date_utc);
		buf_putc(line, ' ');
	}
	buf_put(line, hex, SHA256_HEX_SIZE - 1);
	if (l->c->kind == COLL_MAIL) {
		buf_putc(line, ' ');
		buf_puts(line, l->flags[it->flags % ALL_FLAGS]);
		buf_putc(line, ' ');
		buf_puts(line, keywords_of(l, it));
	}
	buf_putc(line, '\n');
	sha256_add(h, line->data, line->len);
}

/* Mail mostly comes in the order of its dates. */
static void sort_lines(uint32_t *order, size_t n, struct lines *l)
{
	size_t i = 1;

	while (i < n && cmp_lines(&order[i - 1], &order[i], l) <= 0)
		i++;
	if (i < n)
		qsort_r(order, n, sizeof *order, cmp_lines, l);
}

static void add_title(struct sha256 *h, const struct tree_coll *c)
{
	struct buf title = buf_of(SIZE_MAX);

	buf_puts(&title, coll_kind_dir(c->kind));
	buf_putc(&title, ' ');
	tree_content_name(c, &title);
	buf_putc(&title, '\n');
	sha256_add(h, title.data, title.len);
	buf_clear(&title);
}

void catalog_content_root(const struct tree_coll *c, uint8_t out[SHA256_LEN])
{
	struct lines l = {.c = c};
	uint32_t *order = xcalloc(c->n_items + 1, sizeof *order);
	struct buf line = buf_of(SIZE_MAX);
	struct sha256 h;

	l.keywords = xcalloc(c->n_keyword_sets, sizeof *l.keywords);
	for (size_t i = 0; i < c->n_keyword_sets; i++)
		l.keywords[i] = keyword_text(c->keyword_sets[i]);
	for (unsigned i = 0; i < ALL_FLAGS; i++)
		l.flags[i] = flag_text(i);
	for (size_t i = 0; i < c->n_items; i++)
		order[i] = (uint32_t)i;
	sort_lines(order, c->n_items, &l);
	sha256_start(&h);
	add_title(&h, c);
	for (size_t i = 0; i < c->n_items; i++)
		add_line(&h, &l, &c->items[order[i]], &line);
	buf_clear(&line);
	sha256_end(&h, out);
	for (unsigned i = 0; i < ALL_FLAGS; i++)
		free((char *)l.flags[i]);
	texts_free(l.keywords, c->n_keyword_sets);
	free(order);
}
