#ifndef EXPORT_HTML_H
#define EXPORT_HTML_H

#include "valise/base/markup.h"
#include "export/format.h"
#include "export/html/plan.h"

/*
 * Pages without script, for any browser: index.html, a folder a collection, in it a folder for
 * each month (500 items at most), in it a page an item with its octets as a file. Everything
 * from outside passes markup.h; links are relative, names of files ASCII.
 *
 *   index.html, index-2.html ...    the account: its folders, its months
 *   style.css
 *   months/2024-11.html             which folders have something of that month
 *   mail/inbox-1a2b3c4d/index.html  a folder: its months
 *   mail/inbox-1a2b3c4d/2024-11/    a month: index.html, and of each item
 *     0123456789abcdef.html         its page
 *     0123456789abcdef.eml          its octets
 *     0123456789abcdef/1-report.pdf its attachments
 */
enum {
	HTML_PATH_CAP = 4096,
	HTML_PAGE_CAP = 64 << 20,
	HTML_TEXT_MAX = 512 << 10, /* of an item on its page */
	HTML_RAW_MAX = 64 << 10, /* of a header, or of a calendar object or card as it is */
	HTML_ITEM_MAX = 16 << 20, /* of a calendar object or card that is shown */
};

struct html_folder {
	enum coll_kind kind;
	char *name, *dir; /* "mail/inbox-1a2b3c4d" */
	uint64_t items, bytes;
	struct html_month *months;
	size_t n_months;
};

struct html {
	struct export_run *run;
	struct html_folder *folders;
	size_t n_folders, folders_cap;
	struct html_plan plan; /* of the collection at hand */
	struct buf page;
};

/* ---- page.c ---- */
/* The head of a page: ${up} leads to the top, "../../". */
void html_begin(struct buf *b, const char *title, const char *up);
void html_end(struct buf *b);
/* A page's file, made of ${x}->page, which is emptied. */
int html_write(struct html *x, const char *path, struct err *err) MUST_CHECK;
/* A file of ${n} octets. */
int html_file(struct html *x, const char *path, int64_t mtime, const void *p, size_t n,
        struct err *err) MUST_CHECK;
/* "<a href=...>text</a>"; ${href} is ours. */
void html_link(struct buf *b, const char *href, const char *text);
/* At most ${max} bytes of a text, cut at a character. */
void html_short(struct buf *b, const char *text, size_t max);
const char *html_kind_title(enum coll_kind kind); /* "Mail" */
const char *html_month_title(uint32_t month, enum coll_kind kind, char out[40]);
/* What an account is called. */
void html_account(const struct html *x, struct buf *out);
/* Where one is, and the way up. */
void html_crumbs(const struct html *x, const struct html_folder *f, const struct html_page *page,
        struct buf *b);
/* The octets of an item behind a fold. */
void html_raw(struct buf *b, const char *title, const void *p, size_t n, bool cut);
/* Links to the item before and after this one. */
void html_steps(const struct html *x, const struct html_folder *f, const struct html_entry *e,
        struct buf *b);
/* "mail/inbox-1a2b3c4d/2024-11/0123456789abcdef" */
void html_item_path(const struct html *x, const struct html_folder *f, const struct html_entry *e,
        struct buf *out);

/* ---- list.c, index.c ---- */
/* The pages of months and the folder's own, when all items are written. */
int html_lists(struct html *x, const struct html_folder *f, const struct tree_coll *c,
        struct err *err) MUST_CHECK;
int html_index(struct html *x, struct err *err) MUST_CHECK;
/* A grid of years and months that leads to ${before}2024-11${after}. */
void html_grid(struct buf *b, const struct html_month *months, size_t n, const char *before,
        const char *after, enum coll_kind kind);

/* ---- message.c, object.c: the page of an item, and its files ---- */
int html_message(struct html *x, const struct html_folder *f, const struct tree_coll *c,
        const struct tree_item *it, const struct html_entry *e, struct err *err) MUST_CHECK;
int html_object(struct html *x, const struct html_folder *f, const struct tree_coll *c,
        const struct tree_item *it, const struct html_entry *e, struct err *err) MUST_CHECK;

/* ---- fields.c ---- */
/* What an event, task or card says, as lists of facts. */
void html_event(const void *p, size_t n, struct buf *b);
void html_card(const void *p, size_t n, struct buf *b);
/* The picture on a card: its octets and "png"; NULL: none that browsers show. */
const char *html_photo(const void *p, size_t n, struct buf *out);

extern const char *const html_style[];

#endif
