/* The pages at the top: all folders, all months. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "html.h"

/* Something of a month is in a folder. */
struct part {
	uint32_t month;
	size_t folder;
	uint64_t items;
};

static int by_month(const void *a, const void *b)
{
	const struct part *p = a, *q = b;

	return p->month != q->month ? ORDER_OF(p->month, q->month) : ORDER_OF(p->folder, q->folder);
}

/* "index.html", "index-2.html"; "2024-11.html", "2024-11-2.html". */
static void put_name(const char *stem, size_t number, struct buf *out)
{
	buf_puts(out, stem);
	if (number > 1)
		buf_putf(out, "-%zu", number);
	buf_puts(out, ".html");
}

/* Where a list has several pages of HTML_ROWS. */
static void put_numbers(struct buf *b, const char *stem, size_t n, size_t at)
{
	size_t pages = (n + HTML_ROWS - 1) / HTML_ROWS;

	if (pages < 2)
		return;
	buf_puts(b, "<nav class=\"steps\">");
	for (size_t i = 1; i <= pages; i++)
		if (i == at) {
			buf_putf(b, "<b>%zu</b> ", i);
		} else {
			buf_puts(b, "<a href=\"");
			put_name(stem, i, b);
			buf_putf(b, "\">%zu</a> ", i);
		}
	buf_puts(b, "</nav>\n");
}

/* ---- months ---- */

static int write_month(
        struct html *x, const struct part *parts, size_t n, size_t number, struct err *err)
{
	struct buf account = buf_of(HTML_PATH_CAP), path = buf_of(HTML_PATH_CAP), dir = buf_of(64);
	size_t from = (number - 1) * HTML_ROWS, to = MIN(n, from + HTML_ROWS);
	char title[40], count[32];
	struct buf *b = &x->page;
	const char *text = html_month_title(parts->month, COLL_MAIL, title);
	int rc;

	html_page_dir(COLL_MAIL, parts->month, 1, &dir);
	html_account(x, &account);
	buf_reset(b);
	html_begin(b, text, "../");
	buf_puts(b, "<nav class=\"crumbs\">");
	html_link(b, "../index.html", buf_str(&account));
	buf_puts(b, "</nav>\n");
	markup_element(b, "h1", text);
	put_numbers(b, buf_str(&dir), n, number);
	buf_puts(b, "<table>\n<thead><tr><th>Folder</th><th class=\"n\">Items</th></tr></thead>\n"
	            "<tbody>\n");
	for (size_t i = from; i < to; i++) {
		const struct html_folder *f = &x->folders[parts[i].folder];

		buf_putf(b, "<tr><td><a href=\"../%s/", f->dir);
		html_page_dir(f->kind, parts[i].month, 1, b);
		buf_puts(b, "/index.html\">");
		markup_text(b, f->name);
		buf_putf(b, "</a></td><td class=\"n\">%s</td></tr>\n",
		        human_count(parts[i].items, count));
	}
	buf_puts(b, "</tbody>\n</table>\n");
	html_end(b);
	buf_puts(&path, "months/");
	put_name(buf_str(&dir), number, &path);
	rc = html_write(x, buf_str(&path), err);
	buf_clear(&account);
	buf_clear(&path);
	buf_clear(&dir);
	return rc;
}

/* All that the folders have, by month; the caller frees. */
static struct part *gather(const struct html *x, size_t *n_out)
{
	struct part *parts = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < x->n_folders; i++)
		for (size_t k = 0;
		        k < x->folders[i].n_months && x->folders[i].kind != COLL_CONTACTS; k++)
			*ARR_PUSH(parts, n, cap) = (struct part){
			        x->folders[i].months[k].month, i, x->folders[i].months[k].items};
	SORT(parts, n, by_month);
	*n_out = n;
	return parts;
}

/* A page for each month, and how many items each has, for the grid. */
static int write_months(
        struct html *x, struct html_month **months_out, size_t *n_out, struct err *err)
{
	size_t n, n_months = 0, cap = 0;
	struct part *parts = gather(x, &n);
	struct html_month *months = NULL;
	int rc = 0;

	for (size_t i = 0, k; i < n && rc == 0; i = k) {
		struct html_month *m = ARR_PUSH(months, n_months, cap);

		m->month = parts[i].month;
		for (k = i; k < n && parts[k].month == parts[i].month; k++)
			m->items += parts[k].items;
		for (size_t page = 1; (page - 1) * HTML_ROWS < k - i && rc == 0; page++)
			rc = write_month(x, parts + i, k - i, page, err);
	}
	free(parts);
	*months_out = months;
	*n_out = n_months;
	return rc;
}

/* ---- the index ---- */

static void put_folders(struct html *x, size_t from, size_t to)
{
	struct buf *b = &x->page;
	char count[32], size[32];

	for (size_t i = from; i < to; i++) {
		const struct html_folder *f = &x->folders[i];

		if (i == from || f->kind != x->folders[i - 1].kind) {
			buf_puts(b, i == from ? "" : "</tbody>\n</table></section>\n");
			buf_puts(b, "<section>");
			markup_element(b, "h2", html_kind_title(f->kind));
			buf_puts(b,
			        "\n<table>\n<thead><tr><th>Folder</th><th class=\"n\">Items</th>"
			        "<th class=\"n\">Size</th></tr></thead>\n<tbody>\n");
		}
		buf_putf(b, "<tr><td><a href=\"%s/index.html\">", f->dir);
		markup_text(b, f->name);
		buf_putf(b, "</a></td><td class=\"n\">%s</td><td class=\"n\">%s</td></tr>\n",
		        human_count(f->items, count), human_bytes(f->bytes, size));
	}
	buf_puts(b, to > from ? "</tbody>\n</table></section>\n" : "");
}

static void put_head(struct html *x)
{
	const struct tree_manifest *m = x->run->from->ops->manifest(x->run->from);
	struct buf account = buf_of(HTML_PATH_CAP), services = buf_of(HTML_PAGE_CAP);
	struct buf *b = &x->page;
	char iso[DATE_TEXT_SIZE];

	html_account(x, &account);
	tree_account_text(&m->account, &services);
	date_format_iso(m->created, iso);
	buf_reset(b);
	html_begin(b, buf_str(&account), "");
	markup_element(b, "p class=\"kind\"", "valise export");
	markup_element(b, "h1", buf_str(&account));
	buf_puts(b, "\n<p class=\"when\">");
	markup_text(b, buf_str(&services));
	buf_putf(b, "<br>as it was on %.10s, %.5s UTC</p>\n", iso, iso + 11);
	buf_clear(&account);
	buf_clear(&services);
}

int html_index(struct html *x, struct err *err)
{
	struct html_month *months = NULL;
	size_t n_months = 0, pages = (x->n_folders + HTML_ROWS - 1) / HTML_ROWS;
	int rc = write_months(x, &months, &n_months, err);

	for (size_t page = 1; page <= MAX(pages, 1) && rc == 0; page++) {
		struct buf path = buf_of(64);

		put_head(x);
		put_numbers(&x->page, "index", x->n_folders, page);
		put_folders(x, (page - 1) * HTML_ROWS, MIN(x->n_folders, page * HTML_ROWS));
		if (page == 1 && n_months) {
			buf_puts(&x->page, "<section><h2>Months</h2>\n");
			html_grid(&x->page, months, n_months, "months/", ".html", COLL_MAIL);
			buf_puts(&x->page, "</section>\n");
		}
		html_end(&x->page);
		put_name("index", page, &path);
		rc = html_write(x, buf_str(&path), err);
		buf_clear(&path);
	}
	free(months);
	return rc;
}
