#ifndef VALISE_OUTLOOK_READ_PST_H
#define VALISE_OUTLOOK_READ_PST_H

#include <libpff.h>
#include "outlook/read/fence.h"

/* PST and OST files, by libpff, in the reading process: reading_fn. */
void pst_read(struct reading *r);

/* ---- between the files of this reader ---- */

enum {
	PST_PATH_MAX = 4096,
	PST_FOLDERS_DEEP = 64,
	PST_WHY = 300,
	PST_SPECIALS = 32,
	PST_NUMBERED_MAX = 65536
};

/* Node ids: their type is in the lower five bits (MS-PST 2.2.2.1). */
enum pst_nid_type {
	NID_FOLDER = 0x02,
	NID_SEARCH_FOLDER = 0x03,
	NID_MESSAGE = 0x04,
	NID_ASSOCIATED = 0x08,
	NID_TYPE_MASK = 0x1f,
};

/* A folder of an OST by its own number. */
struct pst_numbered {
	uint64_t number;
	uint32_t nid;
	bool own;
};

struct window;
struct pst {
	struct reading *r;
	struct send *to;
	libpff_file_t *file;
	struct window *window;
	uint16_t code_page; /* of the store */
	uint32_t subtree; /* the folder that is the top of the user's; 0: the store does not say */
	struct {
		uint32_t nid;
		enum special use;
	} special[PST_SPECIALS];
	size_t n_special;
	struct pst_numbered *numbered;
	size_t n_numbered, numbered_cap;
};

/* The text of an error, which is freed; ${why} has PST_WHY octets. */
const char *pst_why(libpff_error_t **error, char *why);

/* What was read since it was asked last: is it what its checksums say? If not, it is told. */
void pst_tell_sums(struct pst *p, int of);

/* What the store says of its folders: fills subtree, finder, special, code_page. */
void pst_store(struct pst *p, libpff_item_t *root);
enum special pst_special(const struct pst *p, uint32_t nid);

/* All of an item, from FRAME_ITEM to its end; ${shown} is "item 17 of 40". */
void pst_item(struct pst *p, libpff_item_t *item, const char *shown);

/*
 * Properties of a record set. What cannot be read is told as lost. -1: the set cannot be read
 * at all, *error says why.
 */
enum {
	PST_ROW = 1, /* of a table, which has an empty place for each value that a row lacks */
	PST_NO_OBJECT = 2, /* what refers to another node is left out */
};
int pst_props(struct pst *p, libpff_record_set_t *set, int flags, libpff_error_t **error);

/* A text of ${set}, as UTF-8 without NULs, malloc'ed; NULL: there is none. */
char *pst_text(libpff_record_set_t *set, uint16_t id);
/* A number; ${otherwise}: there is none. */
uint32_t pst_number(libpff_record_set_t *set, uint16_t id, uint32_t otherwise);
/* An entry: its whole value, if it has one of at most ${max} octets; malloc'ed. */
uint8_t *pst_entry(libpff_record_set_t *set, uint16_t id, uint16_t type, size_t max, size_t *n);

/*
 * Several values as a PST has them (MS-PST 2.3.3.4) as FastTransfer has them, appended.
 * false: the octets make no sense.
 */
bool pst_several(uint16_t type, const uint8_t *p, size_t n, struct buf *out);

#endif
