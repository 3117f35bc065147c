#ifndef VALISE_CLI_BESIDE_H
#define VALISE_CLI_BESIDE_H

#include "valise/base/service.h"
#include "valise/fetch/fetch.h"

/*
 * What all services but one gave in this run, or keep, so that this one, MAPI, gives none of it
 * again (valise/fetch/fetch.h, struct source_beside). Beside IMAP, CalDAV and CardDAV.
 */
struct beside;
/*
 * ${last} (lent, may be NULL): the last snapshot, whose names stay as they are.
 * ${is_for_names}: the collections alone are of interest, and nobody asks for items.
 */
struct beside *beside_new(struct tree_reader *last, bool is_for_names);
/* A sink for the service that hands everything on to ${to} (borrowed) and is watched. */
struct tree_sink *beside_watch(struct beside *b, enum service_kind kind, struct tree_sink *to);
/* Was a collection of that name given or kept by a service that is watched? */
bool beside_has_coll(struct beside *b, enum coll_kind kind, const char *name);
/* For source_opts.beside; lent. */
const struct source_beside *beside_opts(struct beside *b);
void beside_free(struct beside *b); /* NULL is fine */

/*
 * Did MAPI give the collection? A run without it leaves what it gave as it is, as a run with it
 * leaves what absent services gave.
 */
bool beside_is_mapi(const struct tree_coll *c);

/*
 * take_beside.c: the services of a run that are there beside MAPI, or MAPI beside them. Fill with
 * zeros first.
 */
struct take;
struct other_services {
	struct tree_reader *last; /* NULL: there is no snapshot */
	struct beside *beside; /* NULL: there is nothing to know */
	bool keeps_mapi; /* what MAPI gave, which is not read this time, stays */
};
/*
 * ${asked}: bits 1 << SERVICE_x of those that are read. What absent ones gave is kept at once,
 * where MAPI is read.
 */
int other_services_open(
        struct take *t, unsigned asked, struct other_services *o, struct err *err) MUST_CHECK;
/* What the service is to give to: ${sink}, or one before it. */
struct tree_sink *other_services_sink(
        struct other_services *o, enum service_kind kind, struct tree_sink *sink);
/* When all are read. */
int other_services_keep(struct take *t, struct other_services *o, struct err *err) MUST_CHECK;
void other_services_close(struct other_services *o);

#endif
