#ifndef VALISE_DIR_DIR_H
#define VALISE_DIR_DIR_H

#include "valise/base/progress.h"
#include "valise/tree/shrink.h"
#include "valise/tree/sink.h"

/*
 * The tree as a directory: TREE/mail/.../cur/, TREE/calendars, TREE/contacts,
 * TREE/catalog/tree.json and TREE/catalog/<coll path>.jsonl.
 * A mail client may read and change it: files are matched by unique name (what stands
 * before ":2," or ";2,", in cur and new), hashed before they are used again, and a file
 * that the client deleted is made again, never taken for the server's deletion.
 */

/*
 * How the names of messages end: ":2,FLAGS" as Maildir has it, or ";2,FLAGS", which
 * exFAT, NTFS and SMB take, too.
 */
enum dir_names {
	/*
	 * as the tree has it; a new one: Maildir's, unless the file system refuses them
	 */
	DIR_NAMES_AUTO,
	DIR_NAMES_MAILDIR,
	DIR_NAMES_PORTABLE,
};

struct tree_dir_opts {
	enum dir_names names;
	struct tree_accept accept; /* lent */
	bool same_account;
	/* a collection that is new: its directory must not hold foreign files */
	bool reset_new;
	int64_t created; /* 0: now */
};

/*
 * Open (or make) TREE for writing, under a lock (TREE/catalog/.lock). A directory that is
 * not empty and no tree is refused: ERR_EXISTS.
 */
int tree_dir_sink(const char *path, const struct tree_account *account,
        const struct tree_dir_opts *opts, struct progress *progress, struct tree_sink **out,
        struct err *err) MUST_CHECK;

/* Open TREE for reading. ERR_NOTFOUND if it is not a tree. */
int tree_dir_reader(const char *path, struct tree_reader **out, struct err *err) MUST_CHECK;
/**
 * tree_dir_strangers(r, progress, n_out, err): files in the mailboxes of a tree that its
 * catalog does not know (a mail program has put them there): no copy has them. The first
 * of each mailbox is named.
 */
int tree_dir_strangers(struct tree_reader *r, struct progress *progress, uint64_t *n_out,
        struct err *err) MUST_CHECK;

#endif
