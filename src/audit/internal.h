#ifndef VALISE_AUDIT_INTERNAL_H
#define VALISE_AUDIT_INTERNAL_H

#include "valise/audit/audit.h"

/* What the sides share. */

enum {
	NAMED_MAX = 1000, /* safe findings whose names are read from the archive */
};

/* A finding about an item of ${c}, without its name but for the date of a message. */
struct audit_finding finding_of(enum audit_side side, enum audit_what what,
        const struct tree_coll *c, const struct tree_item *it);
/* The name, from the octets that the archive has; none where it does not give them. */
void name_from(struct tree_reader *archive, const struct tree_coll *c, const struct tree_item *it,
        struct audit_name *out);
/* AUDIT_RESCUED. */
void say_rescued(struct audit *a, struct tree_reader *archive, const struct tree_coll *c,
        const struct tree_item *it);

#endif
