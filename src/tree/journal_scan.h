#ifndef VALISE_TREE_JOURNAL_SCAN_H
#define VALISE_TREE_JOURNAL_SCAN_H

#include <stdbool.h>
#include "valise/tree/journal.h"

#define JOURNAL_LINE_MAX (1u << 20)
#define JOURNAL_BATCH_MAX (64u << 20)

/*
 * Takes the bytes of a journal as they come and gives out the records of whole batches.
 */
struct journal_scan {
	journal_text_fn replay;
	void *ctx;
	struct buf pending; /* a line that is not whole yet */
	struct buf batch; /* the records of a batch that is not whole yet, each with its LF */
	size_t records;
	size_t lines; /* bytes of their lines */
	uint64_t good; /* offset in the file where the last whole batch ends */
	bool torn; /* what follows counts no more */
};

void journal_scan_init(struct journal_scan *s, journal_text_fn replay, void *ctx);
/* An error is one of ${replay}. */
int journal_scan_add(struct journal_scan *s, const void *p, size_t n, struct err *err) MUST_CHECK;
void journal_scan_clear(struct journal_scan *s);

/* A journal_text_fn for who wants a record parsed. */
struct journal_parsing {
	int (*replay)(void *ctx, const json_t *record, struct err *err);
	void *ctx;
};
int journal_parse(void *parsing, const char *json, size_t n, struct err *err) MUST_CHECK;

/* CRC-32 as in gzip, RFC 1952 8. */
uint32_t journal_crc32(const void *p, size_t n);

#endif
