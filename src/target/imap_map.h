#ifndef VALISE_TARGET_IMAP_MAP_H
#define VALISE_TARGET_IMAP_MAP_H

#include "valise/proto/imap.h"
#include "valise/tree/manifest.h"

/*
 * Which mailbox of the target takes which mailbox of the archive. In this order:
 *   1  INBOX is INBOX
 *   2  the mailbox of the same content name, unless both have a special use and these differ
 *   3  the mailbox with the same special use (RFC 6154: \Sent \Drafts \Trash \Junk \Archive), if no other mailbox of
 *      the archive goes there
 *   4  a new one: the components under the personal namespace's prefix, joined by the target's delimiter; a delimiter inside
 *      a component becomes '_', an empty component "_"; names that become equal get "_2", "_3" ...
 * With --under, 3 does not apply and everything, INBOX as well, goes below that mailbox. Two mailboxes of the
 * archive never share one of the target.
 */

struct map_target {
	const struct imap_mailbox *list;
	size_t n;
	const char *prefix; /* personal namespace as sent, "" or NULL: none */
	char delimiter; /* 0: flat */
};

struct map_entry {
	const struct tree_head *head;
	uint8_t *raw; /* the target's mailbox, bytes on the wire */
	size_t raw_len;
	char *shown; /* the same for people, UTF-8 */
	char *content; /* content name on the target */
	bool exists; /* and can be selected */
	bool fresh; /* made by this run: empty */
	bool subscribed; /* already */
	bool implied; /* a \Noselect parent: it is there when its children are */
	char *special_use; /* to be asked for in CREATE, or NULL */
	const char *why; /* it is not called as in the archive; or NULL */
};

/* The plan, one entry a head, in their order. ${under}: content name or NULL. */
struct map_entry *map_plan(const struct tree_head *const *heads, size_t n,
        const struct map_target *t, const char *under);
void map_free(struct map_entry *map, size_t n);

/**
 * map_soften(e, t, level, ...): another name for a mailbox that the target refuses to make. level 1: in each component every character but letters,
 * digits, blank, '.', '_', '-', '(' and ')' becomes '_' (others than ASCII stay), blanks at both ends go; level 2: '.', '(', ')' and what is not ASCII as well, and more than 48 bytes
 * are cut and get '~' and 8 hexadecimal digits of the SHA-256. False: nothing changes, or another entry has that name.
 */
bool map_soften(
        struct map_entry *map, size_t n, size_t i, const struct map_target *t, unsigned level);

#endif
