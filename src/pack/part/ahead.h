#ifndef VALISE_PACK_PART_AHEAD_H
#define VALISE_PACK_PART_AHEAD_H

#include "pack/part/member.h"

/*
 * The members of a file in their order, read and inflated by threads of their own before
 * they are asked for. Memory: two members a thread and one more.
 */
struct members_ahead;

/*
 * From ${off} on, of ${f}, whose descriptor and name are lent until members_ahead_free.
 * NULL: no thread could be started.
 */
struct members_ahead *members_ahead_new(
        const struct member_file *f, uint64_t off, unsigned threads);

/*
 * The next member into f->head, f->raw and f->plain, in place of what was there; errors as
 * of member_read, at the place where it would have had them. Not to be called after the end
 * member or an error.
 */
int members_ahead_next(struct members_ahead *a, struct member_file *f, struct err *err) MUST_CHECK;

void members_ahead_free(struct members_ahead *a); /* NULL is fine */

#endif
