#ifndef VALISE_TREE_USE_H
#define VALISE_TREE_USE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What a mailbox is for: the special uses (RFC 6154) that are mapped between providers.
 * \All, \Flagged and \Important are views of a server and are mapped only between those
 * that have labels. The results are pointers to the same five strings, so they can be
 * compared as such.
 */

/*
 * The first of \Sent \Drafts \Trash \Junk \Archive that stands among the words of ${uses}
 * (may be NULL); NULL: none.
 */
const char *use_announced(const char *uses);

/* The same for \All \Important \Flagged. */
const char *use_view(const char *uses);

/**
 * use_by_name(content):
 * What mailboxes of this content name are for by custom: the names that providers and
 * mail programs give them in eighteen languages (docs/RESTORE.md), at the top, below
 * INBOX or below [Gmail]; case and accents do not count. NULL: none.
 */
const char *use_by_name(const char *content);

/*
 * Sets of uses (--exclude-use): a bit for each of these words, in their order. False of
 * use_set_read: *bad_out (in ${list}, of *bad_len octets) names no use.
 */
#define USE_WORDS "junk|trash|drafts|sent|archive|all|flagged|important"
bool use_set_read(const char *list, unsigned *set_out, const char **bad_out, size_t *bad_len);

/**
 * use_in_set(set, uses, content, announced_out):
 * The use of ${set} that this mailbox is for: one that is announced, else, where none is
 * announced at all, what its name means by custom. NULL: it is for none of them.
 * *announced_out (may be NULL): which of both.
 */
const char *use_in_set(unsigned set, const char *uses, const char *content, bool *announced_out);

/*
 * Is this mailbox by its announced use, else by its name, one whose mail comes and goes:
 * Trash, Junk or Drafts?
 */
bool use_is_passing(const char *uses, const char *content);

#endif
