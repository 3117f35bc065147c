#ifndef VALISE_FORMAT_MBOX_H
#define VALISE_FORMAT_MBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "valise/base/buf.h"

/* What our mboxes say of a message at the top of its header, for those who write and read them. */

struct mbox_top {
	bool seen, answered, flagged, deleted, draft;
	const char *keywords; /* ${n_keywords} octets, words with one blank between; lent */
	size_t n_keywords;
};
/*
 * X-IMAPbase, which the first message of an mbox has before these where there are keywords: Dovecot
 * believes no others than those that it names. ${keywords}: with one blank between.
 */
void mbox_base_put(uint32_t uidvalidity, const char *keywords, struct buf *out);
/*
 * The fields Status, X-Status and X-Keywords, each ended by LF: always all of them, in this
 * order, and just so. mbox_top_read: their octets, with those of X-IMAPbase where that is, if
 * ${p} begins with them, 0 if not.
 */
void mbox_top_put(const struct mbox_top *top, struct buf *out);
size_t mbox_top_read(const char *p, size_t n, struct mbox_top *out);

/*
 * Is this the name of a field that programs take for what an mbox says of a message (its flags,
 * or that it is to be hidden)? In a message of ours such a field has MBOX_ORIGINAL before its
 * name, and so has one more what is called so already.
 */
#define MBOX_ORIGINAL "X-Original-"
enum { MBOX_FIELD_MAX = 96 }; /* octets of such a name */
bool mbox_is_field(const char *name, size_t n);

/* ">From ", ">>From " ...: one '>' less is what it was (mboxrd). */
bool mbox_is_quoted(const char *line, size_t n);

#endif
