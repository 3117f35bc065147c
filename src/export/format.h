#ifndef EXPORT_FORMAT_H
#define EXPORT_FORMAT_H

#include "valise/export/export.h"
#include "export/out.h"

/* What the writers of the formats are, and what they share. A format is a row of export.c. */

struct export_run {
	struct tree_reader *from;
	const struct export_opts *opts;
	struct export_out *out;
	struct progress *progress;
	struct export_result *result;
};

/*
 * A writer gets each collection of its kinds in the order of the manifest (kind, then name):
 * coll, its items in their order, coll_end; then end. An error ends the export, but for
 * item, which may fail with an error of reading (ERR_DAMAGED, ERR_NOTFOUND) as long as it has
 * written nothing of the item: that one is named, and the export goes on.
 */
struct export_format_ops {
	const char *word;
	unsigned kinds; /* bits 1 << COLL_x */
	const char *loss; /* of every item; see export_format_loss */
	bool times; /* INTERNALDATE is the time of a file */
	void *(*open)(struct export_run *run); /* the state that all others get */
	/* ${h}: its head, with its path in the tree, "mail/INBOX/Work" */
	int (*coll)(
	        void *state, const struct tree_head *h, const struct tree_coll *c, struct err *err);
	int (*item)(void *state, const struct tree_coll *c, const struct tree_item *it,
	        struct err *err);
	int (*coll_end)(void *state, const struct tree_coll *c, struct err *err); /* or NULL */
	int (*end)(void *state, struct err *err); /* or NULL */
	void (*free)(void *state);
};
extern const struct export_format_ops export_mbox, export_eml, export_maildir, export_mh,
        export_ics, export_vcf, export_html;

/* How many octets will be written of ${it}, if that is known. */
static inline uint64_t export_size(const struct export_run *run, const struct tree_item *it)
{
	return run->opts->resized ? EXPORT_SIZE_UNKNOWN : it->size;
}
/**
 * The octets of ${it} as a file of its own. A file is begun only once the octets were found
 * right: see body of struct tree_reader_ops.
 */
int export_item_file(struct export_run *run, const struct tree_coll *c, const struct tree_item *it,
        const char *path, struct err *err) MUST_CHECK;
/*
 * This item came out otherwise than it is, beyond what the format always loses: counted once
 * an item, named with the text. Of one item it is called at most once.
 */
void export_altered(struct export_run *run, const struct tree_coll *c, const struct tree_item *it,
        const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Say so where ${path} is not the collection's content name: people look for it. */
void export_called(struct export_run *run, const struct tree_head *h, const struct tree_coll *c,
        const char *path);

#endif
