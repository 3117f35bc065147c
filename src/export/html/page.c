/* What the pages share: their head and end, links, ways, files. */
#include <stdio.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "html.h"

void html_begin(struct buf *b, const char *title, const char *up)
{
	buf_puts(b, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	            "<meta name=\"color-scheme\" content=\"light dark\">\n"
	            "<meta name=\"referrer\" content=\"no-referrer\">\n"
	            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	            "style-src 'self' file:; img-src 'self' file:; base-uri 'none'; form-action "
	            "'none'\">\n");
	buf_putf(b, "<link rel=\"stylesheet\" href=\"%sstyle.css\">\n<title>", up);
	html_short(b, title, 200);
	buf_puts(b, "</title>\n</head>\n<body>\n<main>\n");
}

void html_end(struct buf *b)
{
	buf_puts(b, "</main>\n</body>\n</html>\n");
}

int html_file(
        struct html *x, const char *path, int64_t mtime, const void *p, size_t n, struct err *err)
{
	int rc = export_out_file(x->run->out, path, mtime, n, err);

	if (rc == 0)
		rc = export_out_write(x->run->out, p, n, err);
	return rc == 0 ? export_out_end(x->run->out, err) : rc;
}

int html_write(struct html *x, const char *path, struct err *err)
{
	int rc = html_file(x, path, x->run->from->ops->manifest(x->run->from)->created,
	        x->page.data, x->page.len, err);

	buf_reset(&x->page);
	return rc;
}

void html_link(struct buf *b, const char *href, const char *text)
{
	buf_putf(b, "<a href=\"%s\">", href);
	markup_text(b, text);
	buf_puts(b, "</a>");
}

void html_short(struct buf *b, const char *text, size_t max)
{
	size_t n = strlen(text);

	if (n <= max) {
		markup_octets(b, text, n);
		return;
	}
	for (n = max; n && (text[n] & 0xC0) == 0x80; n--)
		;
	markup_octets(b, text, n);
	buf_puts(b, "\u2026");
}

const char *html_kind_title(enum coll_kind kind)
{
	static const char *const titles[COLL_KINDS] = {
	        "Mail", "Calendars", "Contacts", "Files", "Raw"};

	return titles[kind];
}

const char *html_month_title(uint32_t month, enum coll_kind kind, char out[40])
{
	static const char *const names[] = {"January", "February", "March", "April", "May", "June",
	        "July", "August", "September", "October", "November", "December"};

	if (!month)
		return kind == COLL_CONTACTS ? "All" : "Without a date";
	snprintf(out, 40, "%s %u", names[month % 12], month / 12);
	return out;
}

void html_account(const struct html *x, struct buf *out)
{
	const struct tree_account *a = &x->run->from->ops->manifest(x->run->from)->account;

	if (a->name)
		buf_puts(out, a->name);
	else if (a->n_services)
		buf_puts(out, a->services[0].login);
	else
		buf_puts(out, "Account");
}

void html_crumbs(const struct html *x, const struct html_folder *f, const struct html_page *page,
        struct buf *b)
{
	struct buf account = buf_of(HTML_PATH_CAP);
	char month[40];

	html_account(x, &account);
	buf_puts(b, "<nav class=\"crumbs\">");
	html_link(b, "../../../index.html", buf_str(&account));
	buf_puts(b, " / ");
	html_link(b, "../index.html", f->name);
	buf_puts(b, " / ");
	html_link(b, "index.html", html_month_title(page->month, f->kind, month));
	buf_puts(b, "</nav>\n");
	buf_clear(&account);
}

void html_raw(struct buf *b, const char *title, const void *p, size_t n, bool cut)
{
	buf_puts(b, "<details>");
	markup_element(b, "summary", title);
	buf_puts(b, "\n<pre class=\"raw\">");
	markup_lines(b, p, n);
	buf_puts(b, cut ? "\n\u2026</pre></details>\n" : "</pre></details>\n");
}

/* From one page of the folder to another. */
static void put_way(
        const struct html *x, const struct html_folder *f, size_t from, size_t to, struct buf *b)
{
	const struct html_page *a = &x->plan.pages[x->plan.entries[from].page],
	                       *z = &x->plan.pages[x->plan.entries[to].page];

	if (a != z) {
		buf_puts(b, "../");
		html_page_dir(f->kind, z->month, z->number, b);
		buf_puts(b, "/");
	}
	buf_putf(b, "%s.html", x->plan.entries[to].name);
}

void html_steps(const struct html *x, const struct html_folder *f, const struct html_entry *e,
        struct buf *b)
{
	size_t at = (size_t)(e - x->plan.entries);

	buf_puts(b, "<nav class=\"steps\">");
	if (at > 0) {
		buf_puts(b, "<a rel=\"prev\" href=\"");
		put_way(x, f, at, at - 1, b);
		buf_puts(b, "\">Previous</a>");
	} else {
		buf_puts(b, "<span class=\"gone\">Previous</span>");
	}
	buf_puts(b, " <a href=\"index.html\">List</a> ");
	if (at + 1 < x->plan.n_entries) {
		buf_puts(b, "<a rel=\"next\" href=\"");
		put_way(x, f, at, at + 1, b);
		buf_puts(b, "\">Next</a>");
	} else {
		buf_puts(b, "<span class=\"gone\">Next</span>");
	}
	buf_puts(b, "</nav>\n");
}

void html_item_path(const struct html *x, const struct html_folder *f, const struct html_entry *e,
        struct buf *out)
{
	const struct html_page *page = &x->plan.pages[e->page];

	buf_putf(out, "%s/", f->dir);
	html_page_dir(f->kind, page->month, page->number, out);
	buf_putf(out, "/%s", e->name);
}
