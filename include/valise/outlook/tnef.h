#ifndef VALISE_OUTLOOK_TNEF_H
#define VALISE_OUTLOOK_TNEF_H

#include "valise/outlook/bag.h"

/* winmail.dat, application/ms-tnef: MS-OXTNEF. */

/* How octets come: 0 of *got is the end. */
typedef int (*tnef_source_fn)(void *ctx, void *p, size_t n, size_t *got, struct err *err);
/**
 * tnef_read(read, ctx, out, wrong, err): *out a bag, sorted, the caller's: as much as could be
 * read. ${wrong} gets a line of what was not as it should be, each ended by LF (checksums,
 * lengths, an end too early); empty: nothing.
 * ERR_DAMAGED: it is no TNEF; else the disk's, and those of ${read}.
 */
int tnef_read(tnef_source_fn read, void *ctx, struct bag **out, struct buf *wrong,
        struct err *err) MUST_CHECK;

#endif
