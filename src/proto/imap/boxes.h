#ifndef VALISE_PROTO_IMAP_BOXES_H
#define VALISE_PROTO_IMAP_BOXES_H

#include "line.h"
#include "valise/proto/imap/imap.h"

/* A list of mailboxes that grows. */
struct boxes {
	struct imap_mailbox *list;
	size_t n, size;
};

void boxes_clear(struct boxes *b);
/* ${box} goes over into the list; its struct is emptied. */
void boxes_take(struct boxes *b, struct imap_mailbox *box);
int boxes_order(const void *a, const void *b); /* for qsort: by name */
/* In a sorted list, or NULL. */
struct imap_mailbox *boxes_find(const struct boxes *b, const struct imap_mailbox *like);
/* Sort by name; doubles become one, without a name none. */
void boxes_sort(struct boxes *b);
/**
 * boxes_join(to, from, to_is, from_is): ${from}, another command's answer to the same
 * question, goes over into ${to}. What one of them alone tells of is marked with that
 * one's name (static text) in only. Where they differ in \Noselect the mailbox is
 * doubtful.
 */
void boxes_join(struct boxes *to, struct boxes *from, const char *to_is, const char *from_is);
/**
 * boxes_subscribe(to, lsub, believe): subscriptions from LSUB, which also names what is
 * gone, and parents that are not subscribed (\Noselect). A name that ${to} (sorted) does
 * not hold is added: doubtful, unless LSUB is to be believed.
 */
void boxes_subscribe(struct boxes *to, struct boxes *lsub, bool believe);

#endif
