#ifndef VALISE_MIGRATION_LOOK_H
#define VALISE_MIGRATION_LOOK_H

#include "judge.h"

/* One look at a domain: who is asked, and what. */
struct look {
	struct migration *m;
	const struct migration_opts *opts;
	struct dns *resolver;
	const char *port; /* of --nameserver: where servers on this machine are asked, too */
};

/*
 * ask.c: of the resolver, CNAMEs followed. ${own}: a name of the zone; if the answer does
 * not validate, it is asked for once more without, and remembered.
 */
int look_resolve(struct look *l, const char *name, enum dns_type type, bool own,
        struct dns_answer *out, struct err *err) MUST_CHECK;
/* The views of one row; a row that is only tried is given up where nobody has it. */
int look_ask(struct look *l, struct migration_row *row, struct err *err) MUST_CHECK;

/* zone.c: the zone of the domain, its servers, their serials. */
int look_servers(struct look *l, struct err *err) MUST_CHECK;

/* rows.c: what is asked for, and what is wanted of it. */
void look_rows(struct look *l);

/* content.c: what is wrong with what the row's servers say. */
int look_content(struct look *l, struct migration_row *row, struct err *err) MUST_CHECK;
/* The view that is believed: of the first server of the zone that answers; or NULL. */
const struct migration_view *look_view(const struct look *l, const struct migration_row *row);

#endif
