#ifndef VALISE_FORMAT_MERGE_H
#define VALISE_FORMAT_MERGE_H

#include "valise/base/buf.h"
#include "valise/base/err.h"

/*
 * Many calendar objects as components of one VCALENDAR (RFC 5545 3.6), in which a TZID stands
 * for one VTIMEZONE: who goes by the definitions finds every time where it was. The objects are
 * read twice: merge_note of each, merge_decide, merge_piece of each.
 *
 * Two definitions of one TZID are one where they give the same offsets for all times of an
 * object, from its first to its last one, to the end of 2037 where it recurs. Of several that
 * differ so the one that suits the most objects keeps the name, of these the one that says
 * more. What does not suit
 * - keeps its own definition under another name, "Customized Time Zone (2)", with its
 *   references;
 * - but not for a name of the tz database: programs know such a name by themselves, "10:00 in
 *   Istanbul" is what was meant, and a definition that says otherwise is an old one. It is
 *   told (merge_piece).
 * Who uses a name and does not define it has the zone that keeps the name. Where no table of
 * time zones has it, that is told, too: alone the object said no time.
 */
struct merge;
struct merge *merge_new(void);
void merge_free(struct merge *m);

/**
 * merge_note(m, p, n, object_out, err): the time zones of an object, and where it needs them;
 * *object_out names it for merge_piece. ERR_LIMIT: more definitions than can be held, as
 * content_read; nothing is noted then.
 */
int merge_note(
        struct merge *m, const void *p, size_t n, size_t *object_out, struct err *err) MUST_CHECK;
void merge_decide(struct merge *m); /* after the last merge_note */

struct merge_piece {
	/* its components but for time zones, octet for octet, but line ends are CRLF, and there are
	 * no empty lines; a line with a TZID that has another name now is folded again */
	struct buf text;
	size_t *zones; /* numbers of those that it needs, each once */
	size_t n_zones, zones_cap;
	/* "X-FOO, X-BAR": properties of the VCALENDAR itself that are not in the text, but for
	 * those that content_compare passes over, VERSION and NAME */
	struct buf left_out;
	/* "Asia/Tokyo": names of the tz database that it defines otherwise than the zone does */
	struct buf otherwise;
	/* names of no tz database that others define and it does not: it goes by the zone now */
	struct buf undefined;
};
/* ${text} has room for ${cap} octets. */
void merge_piece_init(struct merge_piece *piece, size_t cap);
void merge_piece_clear(struct merge_piece *piece);
/* ${p} as it was noted; ${piece} is emptied first. ERR_LIMIT. */
int merge_piece(struct merge *m, size_t object, const void *p, size_t n, struct merge_piece *piece,
        struct err *err) MUST_CHECK;
/* How many there are, after merge_decide. */
size_t merge_zones(const struct merge *m);
/* The VTIMEZONE of that number, with its CRLF; lent. */
const struct buf *merge_zone(const struct merge *m, size_t zone);

#endif
