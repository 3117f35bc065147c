/* The format html: a page an item, pages of months and folders, and an index of all. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "html.h"

static void *html_open(struct export_run *run)
{
	struct html *x = xcalloc(1, sizeof *x);

	x->run = run;
	buf_init(&x->page, HTML_PAGE_CAP);
	return x;
}

static struct html_folder *add_folder(struct html *x, const struct tree_head *h)
{
	struct html_folder *f = ARR_PUSH(x->folders, x->n_folders, x->folders_cap);
	struct buf dir = buf_of(HTML_PATH_CAP);

	buf_putf(&dir, "%s/", coll_kind_dir(h->kind));
	html_folder_dir(h->name, &dir);
	*f = (struct html_folder){.kind = h->kind, .name = xstrdup(h->name), .dir = buf_take(&dir)};
	buf_clear(&dir);
	return f;
}

static int html_coll(
        void *state, const struct tree_head *h, const struct tree_coll *c, struct err *err)
{
	struct html *x = state;
	struct html_folder *f = add_folder(x, h);
	struct html_entry *entries = xcalloc(c->n_items ? c->n_items : 1, sizeof *entries);
	int rc = 0;

	for (size_t i = 0; i < c->n_items && rc == 0; i++) {
		struct item_about about;

		tree_item_about(x->run->from, c, &c->items[i], &about);
		entries[i].item = i;
		html_date_entry(c->kind, &c->items[i], &about, &entries[i]);
		f->bytes += c->items[i].size;
		about_clear(&about);
		rc = stop_check(err);
	}
	f->items = c->n_items;
	html_plan_make(&x->plan, entries, c->n_items, c);
	f->n_months = x->plan.n_months;
	f->months = xmemdup(x->plan.months, f->n_months * sizeof *f->months);
	return rc;
}

static int html_item(
        void *state, const struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	struct html *x = state;
	const struct html_entry *e = &x->plan.entries[x->plan.place[it - c->items]];
	const struct html_folder *f = &x->folders[x->n_folders - 1];

	buf_reset(&x->page);
	return c->kind == COLL_MAIL ? html_message(x, f, c, it, e, err)
	                            : html_object(x, f, c, it, e, err);
}

static int html_coll_end(void *state, const struct tree_coll *c, struct err *err)
{
	struct html *x = state;

	return html_lists(x, &x->folders[x->n_folders - 1], c, err);
}

static int html_finish(void *state, struct err *err)
{
	struct html *x = state;
	int rc = html_index(x, err);

	if (rc < 0)
		return rc;
	for (const char *const *piece = markup_style; *piece; piece++)
		buf_puts(&x->page, *piece);
	for (const char *const *piece = html_style; *piece; piece++)
		buf_puts(&x->page, *piece);
	return html_write(x, "style.css", err);
}

static void html_free(void *state)
{
	struct html *x = state;

	for (size_t i = 0; i < x->n_folders; i++) {
		free(x->folders[i].name);
		free(x->folders[i].dir);
		free(x->folders[i].months);
	}
	free(x->folders);
	html_plan_clear(&x->plan);
	buf_clear(&x->page);
	free(x);
}

const struct export_format_ops export_html = {
        .word = "html",
        .kinds = 1u << COLL_MAIL | 1u << COLL_CALENDAR | 1u << COLL_CONTACTS,
        .loss = "pages are for reading: HTML is shown as text, no program takes items from them",
        .open = html_open,
        .coll = html_coll,
        .item = html_item,
        .coll_end = html_coll_end,
        .end = html_finish,
        .free = html_free,
};
