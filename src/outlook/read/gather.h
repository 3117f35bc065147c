#ifndef VALISE_OUTLOOK_READ_GATHER_H
#define VALISE_OUTLOOK_READ_GATHER_H

#include "outlook/read/frames.h"

/*
 * Frames into bags and visits: the side that trusts nothing. The same octets in any pieces
 * give the same.
 */
struct gather;
/* ${octets}: of one item in all, at most. ${visit} is lent. */
struct gather *gather_new(const struct outlook_visit *visit, uint64_t octets);
void gather_free(struct gather *g);
/*
 * Octets of the pipe. An error and gather_broken: they are no frames; nothing more may be read
 * of this process. Else the errors of the visit and of the disk.
 */
int gather_read(struct gather *g, const void *p, size_t n, struct err *err) MUST_CHECK;
bool gather_broken(const struct gather *g);
bool gather_ended(const struct gather *g); /* FRAME_END came */

/*
 * The process is gone before the end, for the reason ${why}: what it was at is named as lost
 * and never tried again. What comes next is of a new process, which begins at the beginning
 * and says again what is known: that is passed over. false: it makes no sense to start one,
 * as it died where nothing had begun, or too often; the rest was named as lost.
 */
bool gather_died(struct gather *g, const char *why);
/* What the new process leaves out: the steps in which others died, and items before ${from}. */
uint32_t gather_from(const struct gather *g);
const uint32_t *gather_dead(const struct gather *g, size_t *n);

#endif
