#ifndef VALISE_RESTORE_IMAP_MAP_MAP_H
#define VALISE_RESTORE_IMAP_MAP_MAP_H

#include "valise/proto/imap/imap.h"
#include "valise/restore/restore.h"
#include "valise/tree/manifest.h"

/*
 * Which mailbox of the target takes which mailbox of the archive.
 * Mailboxes are compared by name_place: the content name, where that is not INBOX's for a
 * mailbox that is not INBOX. In this order:
 *   1  what --map says
 *   2  where an earlier restore of this archive put it, if that is still there
 *   3  the mailbox of the same name (so INBOX is INBOX), unless both have a use
 *      (tree/use.h) and these differ; of several the one of the same full name. Where the
 *      target's prefix is INBOX, the archive's INBOX/x is its INBOX.x, unless
 *      INBOX.INBOX.x is there
 *   4  the mailbox with the same use, announced or by its name, if no other mailbox of
 *      the archive goes there; of several mailboxes of the archive the one that announces
 *      the use, else the one with the most messages
 *   5  an archive's INBOX.x (prefix INBOX) is the target's INBOX/x, if that is there and
 *      x is not
 *   6  a new one: the components under the personal namespace's prefix, joined by the
 *      target's delimiter (name_on_target); names that become equal get "_2", "_3" ...
 * With --under, 4 does not apply and everything, INBOX as well, goes below that mailbox.
 * Two mailboxes of the archive never share one of the target.
 */

struct map_target {
	const struct imap_mailbox *list;
	size_t n;
	/* of the personal namespace, UTF-8; NULL: the server has no NAMESPACE */
	const char *prefix;
	char delimiter; /* 0: flat */
	bool labels; /* Gmail: \All, \Important and \Flagged are mapped like a use */
};

/* What the user and the past have to say. */
struct map_wish {
	const char *under; /* content name or NULL */
	const struct target_map *maps; /* --map */
	size_t n_maps;
	/*
	 * The target's mailbox (as shown) where an earlier restore put the mailbox
	 * ${name} of the archive; NULL: none. May be NULL.
	 */
	const char *(*earlier)(const void *ctx, const char *name);
	const void *ctx;
};

struct map_entry {
	const struct tree_head *head;
	char *want; /* the name (name_place) that it should have there */
	size_t skip; /* so much of it is the target's own prefix: "INBOX/" */
	const char *use; /* tree/use.h, or NULL */
	bool use_by_name; /* not announced */
	uint8_t *raw; /* the target's mailbox, bytes on the wire */
	size_t raw_len;
	char *shown; /* the same for people, UTF-8 */
	char *content; /* name_place on the target */
	bool exists; /* and can be selected */
	bool fresh; /* made by this run: empty */
	bool show; /* to be subscribed: mail programs showed it at the source */
	bool unsure; /* messages went to it, and it is not known what became of them */
	bool unseen; /* the same, and whether they are as they were sent */
	bool subscribed; /* already */
	bool implied; /* a \Noselect parent: it is there when its children are */
	char *special_use; /* to be asked for in CREATE, or NULL */
	const char *why; /* it is not called as in the archive; or NULL */
};

/* The plan, one entry a head, in their order. */
struct map_entry *map_plan(const struct tree_head *const *heads, size_t n,
        const struct map_target *t, const struct map_wish *wish);
void map_free(struct map_entry *map, size_t n);
/* The mailbox of this very name, bytes on the wire; NULL: it is not in the list. Lent. */
const struct imap_mailbox *map_listed(
        const struct imap_mailbox *list, size_t n, const void *name, size_t name_len);
/* Is it called there as it is in the archive? */
bool map_keeps_name(const struct map_entry *e);

/* refused.c: when CREATE does not do what was planned. */

/**
 * map_soften(map, n, i, t, level): the next substitute for the name of a mailbox that the
 * target refuses to make; level 1 to MAP_LEVELS: below INBOX (servers without NAMESPACE);
 * NAME_PLAIN; that and NAME_SHORT; NAME_ASCII and NAME_SHORT; "_2", "_3" ... behind the
 * name; NAME_FLAT; all of these; the same below INBOX. Each made of the name that was
 * wanted; level 0 is that name again. Those that become equal, or that a target may take
 * for the same (name_key), get numbers, always the same ones. False: this level changes
 * nothing.
 */
enum { MAP_PLAIN = 2, MAP_NUMBERED = 5, MAP_LEVELS = 8 };
bool map_soften(
        struct map_entry *map, size_t n, size_t i, const struct map_target *t, unsigned level);
/*
 * Does another mailbox of the archive have a name that the target may take for the same
 * (name_key)?
 */
bool map_has_twin(const struct map_entry *map, size_t n, size_t i);
/**
 * map_adopt(map, n, i, list, n_list, t): the target has no mailbox of this very name:
 * take the one of the list that it may have meant (name_key) and that no other mailbox of
 * the archive goes to. False: there is none.
 */
bool map_adopt(struct map_entry *map, size_t n, size_t i, const struct imap_mailbox *list,
        size_t n_list, const struct map_target *t);

/* For refused.c. */
/* What its name on the target is made of: the rest of want. */
const char *map_base(const struct map_entry *e);
/* Give an entry the name ${shown} (taken over; the prefix is put before it). */
void map_name(struct map_entry *e, const struct map_target *t, char *shown);
bool map_is_shared(const struct map_entry *map, size_t n, size_t i);

#endif
