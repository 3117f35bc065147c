#ifndef VALISE_CLI_REPORT_PAGE_H
#define VALISE_CLI_REPORT_PAGE_H

#include "cli/report/html.h"

/* A table that can be folded away, and is where it is long; its number is that of its rows. */
void page_folded(struct buf *b, const char *title, const json_t *rows, const struct column *columns,
        size_t n);

/* The parts of a report's page that are longer than a table; each nothing where ${o} has none. */

void page_folders(struct buf *b, const json_t *o); /* folders.c */
void page_dns(struct buf *b, const json_t *o); /* dns.c */
/* audit.c: what was held against what, for an audit */
void page_sides(struct buf *b, const json_t *o);
/* lists.c: what an audit found, what the run said, and what else the outcome lists. */
void page_findings(struct buf *b, const json_t *o);
void page_notes(struct buf *b, const json_t *o);
void page_more(struct buf *b, const json_t *o);

#endif
