#ifndef VALISE_TREE_USE_H
#define VALISE_TREE_USE_H

#include <stdbool.h>

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
 * Is this mailbox by its announced use, else by its name, one whose mail comes and goes:
 * Trash, Junk or Drafts?
 */
bool use_is_passing(const char *uses, const char *content);

#endif
