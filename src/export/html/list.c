/* The pages of a folder: its months, and what is in each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/tree/use.h"
#include "html.h"

enum { SHOWN_MAX = 200, NAMES_MAX = 160, NEAR = 3 };

/* "2024-11-03 12:00" of local seconds. */
static void put_moment(struct buf *b, int64_t local)
{
	char iso[DATE_TEXT_SIZE];

	date_format_iso(local, iso);
	if (strlen(iso) < 16)
		return;
	buf_putf(b, "%.10s %.5s", iso, iso + 11);
}

/* Several values of a list, ", " between. */
static void put_values(struct buf *b, const char *list, size_t max)
{
	char *text = xstrdup(list);

	for (char *p = text; *p; p++)
		if (*p == '\n')
			*p = ';';
	html_short(b, text, max);
	free(text);
}

static void put_cell(struct buf *b, const char *class, const char *text)
{
	buf_putf(b, "<td class=\"%s\">", class);
	if (text)
		html_short(b, text, SHOWN_MAX);
	buf_puts(b, "</td>");
}

static void put_subject(
        struct buf *b, const struct html_entry *e, const char *title, const char *more)
{
	buf_putf(b, "<td class=\"s\"><a href=\"%s.html\">", e->name);
	html_short(b, title && *title ? title : "(without a title)", SHOWN_MAX);
	buf_puts(b, "</a>");
	if (more) {
		buf_puts(b, "<span class=\"more\">");
		put_values(b, more, NAMES_MAX);
		buf_puts(b, "</span>");
	}
	buf_puts(b, "</td>");
}

/* What is sent shows to whom. */
static bool is_sent(const struct tree_coll *c)
{
	const char *use = use_announced(c->special_use);

	return use && (strcmp(use, "\\Sent") == 0 || strcmp(use, "\\Drafts") == 0);
}

static void put_row(struct html *x, const struct tree_coll *c, const struct html_entry *e)
{
	const struct tree_item *it = &c->items[e->item];
	struct buf *b = &x->page;
	struct item_about about;
	bool unseen = c->kind == COLL_MAIL && !(it->flags & FLAG_SEEN);
	char size[32];

	tree_item_about(x->run->from, c, it, &about);
	buf_puts(b, unseen ? "<tr class=\"u\">" : "<tr>");
	if (c->kind == COLL_CONTACTS) {
		put_subject(b, e, about_title(&about), about.text[ABOUT_MAIL]);
		buf_puts(b, "<td class=\"f\">");
		if (about.text[ABOUT_PHONE])
			put_values(b, about.text[ABOUT_PHONE], NAMES_MAX);
		buf_puts(b, "</td>");
	} else {
		buf_puts(b, "<td class=\"d\">");
		if (e->month)
			put_moment(b, e->local);
		buf_puts(b, "</td>");
		if (c->kind == COLL_CALENDAR)
			put_cell(b, "f", about.text[ABOUT_LOCATION]);
		else
			put_cell(b, "f", about.text[is_sent(c) ? ABOUT_TO : ABOUT_FROM]);
		put_subject(b, e, about_title(&about), about.text[ABOUT_ATTACHMENTS]);
	}
	if (c->kind == COLL_MAIL)
		buf_putf(b, "<td class=\"n\">%s</td>", human_bytes(it->size, size));
	buf_puts(b, "</tr>\n");
	about_clear(&about);
}

static void put_heads(struct buf *b, const struct tree_coll *c)
{
	if (c->kind == COLL_CONTACTS)
		buf_puts(b, "<th>Name</th><th>Phone</th>");
	else if (c->kind == COLL_CALENDAR)
		buf_puts(b, "<th>When</th><th>Where</th><th>What</th>");
	else
		buf_putf(b, "<th>Date</th><th>%s</th><th>Subject</th><th class=\"n\">Size</th>",
		        is_sent(c) ? "To" : "From");
}

static void put_page_link(
        struct buf *b, const struct html_folder *f, const struct html_page *page, const char *text)
{
	buf_puts(b, "<a href=\"../");
	html_page_dir(f->kind, page->month, page->number, b);
	buf_puts(b, "/index.html\">");
	markup_text(b, text);
	buf_puts(b, "</a> ");
}

/* The pages before and after this one, and those of its month that are near. */
static void put_pager(const struct html *x, const struct html_folder *f, size_t at, struct buf *b)
{
	const struct html_page *pages = x->plan.pages;
	size_t first = at - (pages[at].number - 1), last = at;
	char title[40], text[60];

	while (last + 1 < x->plan.n_pages && pages[last + 1].month == pages[at].month)
		last++;
	buf_puts(b, "<nav class=\"steps\">");
	if (first > 0) {
		snprintf(text, sizeof text, "\u2190 %s",
		        html_month_title(pages[first - 1].month, f->kind, title));
		put_page_link(b, f, &pages[first - 1], text);
	}
	for (size_t i = first; i <= last && last > first; i++) {
		snprintf(text, sizeof text, "%u", pages[i].number);
		if (i == at)
			buf_putf(b, "<b>%s</b> ", text);
		else if (i == first || i == last || (i + NEAR >= at && i <= at + NEAR))
			put_page_link(b, f, &pages[i], text);
	}
	if (last + 1 < x->plan.n_pages) {
		snprintf(text, sizeof text, "%s \u2192",
		        html_month_title(pages[last + 1].month, f->kind, title));
		put_page_link(b, f, &pages[last + 1], text);
	}
	buf_puts(b, "</nav>\n");
}

static int write_page(struct html *x, const struct html_folder *f, const struct tree_coll *c,
        size_t at, struct err *err)
{
	const struct html_page *page = &x->plan.pages[at];
	struct buf path = buf_of(HTML_PATH_CAP);
	struct buf *b = &x->page;
	char month[40], *title;
	int rc;

	html_month_title(page->month, f->kind, month);
	title = xasprintf("%s, %s", f->name, html_month_title(page->month, f->kind, month));
	buf_reset(b);
	html_begin(b, title, "../../../");
	html_crumbs(x, f, page, b);
	markup_element(b, "h1", title);
	put_pager(x, f, at, b);
	buf_puts(b, "<table class=\"list\">\n<thead><tr>");
	put_heads(b, c);
	buf_puts(b, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < page->n; i++)
		put_row(x, c, &x->plan.entries[page->first + i]);
	buf_puts(b, "</tbody>\n</table>\n");
	put_pager(x, f, at, b);
	html_end(b);
	buf_putf(&path, "%s/", f->dir);
	html_page_dir(f->kind, page->month, page->number, &path);
	buf_puts(&path, "/index.html");
	rc = html_write(x, buf_str(&path), err);
	free(title);
	buf_clear(&path);
	return rc;
}

void html_grid(struct buf *b, const struct html_month *months, size_t n, const char *before,
        const char *after, enum coll_kind kind)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct buf dir = buf_of(64);
	size_t i = 0;

	for (; i < n && !months[i].month; i++) {
		char title[40], count[32];

		html_page_dir(kind, 0, 1, &dir);
		buf_putf(b, "<p><a href=\"%s%s%s\">%s</a> (%s)</p>\n", before, buf_str(&dir), after,
		        html_month_title(0, kind, title), human_count(months[i].items, count));
		buf_reset(&dir);
	}
	if (i == n) {
		buf_clear(&dir);
		return;
	}
	buf_puts(b, "<table class=\"grid\">\n<thead><tr><th>Year</th>");
	for (int k = 0; k < 12; k++)
		buf_putf(b, "<th>%.3s</th>", names + 3 * k);
	buf_puts(b, "</tr></thead>\n<tbody>\n");
	while (i < n) {
		uint32_t year = months[i].month / 12;

		buf_putf(b, "<tr><th scope=\"row\">%u</th>", year);
		for (uint32_t k = 0; k < 12; k++) {
			char count[32];

			buf_puts(b, "<td>");
			if (i < n && months[i].month == year * 12 + k) {
				html_page_dir(kind, months[i].month, 1, &dir);
				buf_putf(b,
				        "<a href=\"%s%s%s\"><span class=\"m\">%.3s </span>%s</a>",
				        before, buf_str(&dir), after, names + 3 * k,
				        human_count(months[i].items, count));
				buf_reset(&dir);
				i++;
			}
			buf_puts(b, "</td>");
		}
		buf_puts(b, "</tr>\n");
	}
	buf_puts(b, "</tbody>\n</table>\n");
	buf_clear(&dir);
}

/* Cards stand by name: where each page begins. */
static void put_names(struct html *x, const struct html_folder *f, const struct tree_coll *c)
{
	buf_puts(&x->page, "<ul>\n");
	for (size_t i = 0; i < x->plan.n_pages; i++) {
		const struct html_page *page = &x->plan.pages[i];
		const struct tree_item *it = &c->items[x->plan.entries[page->first].item];
		struct item_about about;

		tree_item_about(x->run->from, c, it, &about);
		buf_puts(&x->page, "<li><a href=\"");
		html_page_dir(f->kind, page->month, page->number, &x->page);
		buf_puts(&x->page, "/index.html\">");
		html_short(&x->page, about_title(&about) ? about_title(&about) : "(without a name)",
		        NAMES_MAX);
		buf_putf(&x->page, " \u2026</a> (%zu)</li>\n", page->n);
		about_clear(&about);
	}
	buf_puts(&x->page, "</ul>\n");
}

static int write_folder(
        struct html *x, const struct html_folder *f, const struct tree_coll *c, struct err *err)
{
	struct buf account = buf_of(HTML_PATH_CAP), path = buf_of(HTML_PATH_CAP);
	char counted_text[COUNTED_SIZE], size[32];
	struct buf *b = &x->page;
	int rc;

	html_account(x, &account);
	buf_reset(b);
	html_begin(b, f->name, "../../");
	buf_puts(b, "<nav class=\"crumbs\">");
	html_link(b, "../../index.html", buf_str(&account));
	buf_puts(b, "</nav>\n");
	markup_element(b, "p class=\"kind\"", html_kind_title(f->kind));
	markup_element(b, "h1", f->name);
	buf_putf(b, "\n<p class=\"when\">%s, %s</p>\n",
	        counted(f->items, "item", "items", counted_text), human_bytes(f->bytes, size));
	if (f->kind == COLL_CONTACTS)
		put_names(x, f, c);
	else
		html_grid(b, f->months, f->n_months, "", "/index.html", f->kind);
	html_end(b);
	buf_putf(&path, "%s/index.html", f->dir);
	rc = html_write(x, buf_str(&path), err);
	buf_clear(&account);
	buf_clear(&path);
	return rc;
}

int html_lists(
        struct html *x, const struct html_folder *f, const struct tree_coll *c, struct err *err)
{
	int rc = write_folder(x, f, c, err);

	for (size_t i = 0; i < x->plan.n_pages && rc == 0; i++)
		rc = write_page(x, f, c, i, err);
	return rc;
}
