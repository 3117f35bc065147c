#ifndef VALISE_RESTORE_LABELS_PICK_H
#define VALISE_RESTORE_LABELS_PICK_H

#include "valise/restore/restore.h"

/*
 * Which of the places of a message in an archive are restored (view.h). Pure decisions.
 */

enum label_class {
	CLASS_INBOX,
	CLASS_DRAFTS,
	CLASS_SENT,
	CLASS_USER,
	CLASS_ALL,
	CLASS_IMPORTANT,
	CLASS_FLAGGED,
	CLASS_JUNK,
	CLASS_TRASH,
	CLASSES
};

enum label_class label_class_of(const struct tree_head *h);
/* By the name alone (tree/use.h). */
enum label_class label_class_by_name(const struct tree_head *h);
/* The class whose mailbox a system label ("\Inbox") stands for; CLASSES: none. */
enum label_class label_class_named(const char *label);

/* A message in a mailbox. */
struct place {
	uint8_t sha256[SHA256_LEN];
	uint64_t msgid; /* X-GM-MSGID or 0 */
	uint32_t coll, item;
};

#define PICK_NOT UINT32_MAX

struct pick_coll {
	enum label_class class;
	size_t n;
	/*
	 * per item: PICK_NOT, or which other mailboxes have the message: a set of numbers
	 * as keywords of ${sets}
	 */
	uint32_t *set;
};

struct pick_counts {
	uint64_t shared; /* messages of several mailboxes that are restored once */
	uint64_t equal; /* messages left out because the same mailbox has an equal one */
	uint64_t all_kept, all_left; /* of what is in \All */
	/* places in \Junk and \Trash of messages that are restored elsewhere */
	uint64_t spared;
};

/* How (view.h). */
enum pick_how {
	PICK_FOLDERS,
	PICK_FIRST,
	PICK_KEYWORDS,
	PICK_GMAIL,
	PICK_GMAIL_FOLDERS, /* a Gmail that does not show \All */
};

/*
 * Sorts ${places}. Sets of ${colls} are allocated and PICK_NOT for items that have no
 * place.
 */
void label_pick(enum pick_how how, struct place *places, size_t n, struct pick_coll *colls,
        struct tree_coll *sets, struct pick_counts *out);

#endif
