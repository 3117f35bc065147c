#ifndef EXPORT_HTML_PLAN_H
#define EXPORT_HTML_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "valise/base/buf.h"
#include "valise/tree/about.h"

/*
 * In which order items stand, and on which pages: by time and month, cards by name. No month
 * has a page of more than HTML_ROWS items, and what is added later leaves the pages before it
 * as they are.
 */
enum { HTML_ROWS = 500 };

struct html_entry {
	int64_t local; /* seconds, as if its zone were UTC; of no meaning without a month */
	int64_t order; /* by which items of a month stand */
	int16_t zone; /* minutes */
	uint32_t month; /* year * 12 + month - 1; 0: none */
	uint32_t page; /* of the plan */
	size_t item;
	char *key; /* of a card: by which it stands */
	char name[32]; /* of its files */
};
struct html_month {
	uint32_t month;
	uint64_t items;
};
struct html_page {
	uint32_t month, number; /* number: within the month, from 1 */
	size_t first, n; /* entries */
};
struct html_plan {
	struct html_entry *entries; /* in their order */
	size_t n_entries;
	size_t *place; /* of each item among the entries */
	struct html_page *pages;
	size_t n_pages, pages_cap;
	struct html_month *months;
	size_t n_months, months_cap;
};
void html_plan_clear(struct html_plan *p);

/* The time of an item: that of its Date field or DTSTART, else INTERNALDATE. */
void html_date_entry(enum coll_kind kind, const struct tree_item *it,
        const struct item_about *about, struct html_entry *e);
/* ${entries}, one an item, of which item, times and key are known, become the plan's. */
void html_plan_make(
        struct html_plan *p, struct html_entry *entries, size_t n, const struct tree_coll *c);

/* "2024-11", "2024-11-2", "undated", "all": the folder of a page; of a month: its first one. */
void html_page_dir(enum coll_kind kind, uint32_t month, uint32_t number, struct buf *out);
/* "inbox-1a2b3c4d": lower-case ASCII of the name and the beginning of its SHA-256. */
void html_folder_dir(const char *name, struct buf *out);

/**
 * html_safe_file(number, name, type, out): append what an attachment's file is called,
 * "3-report.pdf", ASCII. Of what browsers or systems run when it is opened (HTML, SVG, scripts,
 * programs), and of what they do not know and may look into, the name ends in ".txt" or ".bin".
 * True: it is a picture that pages may show.
 */
bool html_safe_file(unsigned number, const char *name, const char *type, struct buf *out);

#endif
