#ifndef EXPORT_PIM_H
#define EXPORT_PIM_H

#include "valise/format/content.h"
#include "export/format.h"
#include "export/names.h"

/*
 * What the writers of .ics and .vcf share: one file a collection, or several with --split, of
 * which each is one by itself; an item that would damage the others in it goes into a file of
 * its own beside it, as it is.
 */
enum {
	PIM_PATH_CAP = 1 << 16,
	PIM_ITEM_MAX = 16 << 20, /* octets of an item in memory; larger ones stand by themselves */
	PIM_TEXT_MAX = 3 * PIM_ITEM_MAX, /* of its other form */
};

struct pim {
	struct export_run *run;
	const char *ext; /* ".ics" */
	struct export_names files;
	struct buf stem; /* of the collection's files */
	unsigned number; /* of the file; 0: none was begun */
	uint64_t in_file;
	bool has_item; /* one is in the file */
	struct buf octets; /* of the item at hand */
	struct buf other; /* its other form, where it needs one */
	/* what is to be said of the item at hand, "; " between; NULL: nothing */
	struct buf said;
};
void pim_init(struct pim *p, struct export_run *run, const char *ext);
void pim_clear(struct pim *p);
/* The stem for a collection. */
void pim_coll(struct pim *p, const struct tree_head *h, const struct tree_coll *c);
/* Begin the next file, after the one that is open, which was ended. */
int pim_begin(struct pim *p, struct err *err) MUST_CHECK;
int pim_write(struct pim *p, const void *s, size_t n, struct err *err) MUST_CHECK;
/* The octets of an item, up to PIM_ITEM_MAX: 1; 0: it has more. What reading says. */
int pim_read(struct pim *p, const struct tree_coll *c, const struct tree_item *it,
        struct err *err) MUST_CHECK;

/* Add to what is said of the item; pim_tell names it with all of that, if there is any. */
void pim_say(struct pim *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
void pim_tell(struct pim *p, const struct tree_coll *c, const struct tree_item *it);
/*
 * Into a file of its own, "Work (apart)/2024-03-05 1412 Lunch.ics", while no other is open: 1, and
 * it is named with ${why}. 0: it cannot be read.
 */
int pim_apart(struct pim *p, const struct tree_coll *c, const struct tree_item *it, const char *why,
        struct err *err) MUST_CHECK;

/*
 * Where the octets are such that programs refuse the whole file, their other form is put into
 * ${p}->other; what was done to them. NULL: they are fine, or cannot be helped.
 */
const char *pim_mend(struct pim *p);

#endif
