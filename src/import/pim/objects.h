#ifndef IMPORT_PIM_OBJECTS_H
#define IMPORT_PIM_OBJECTS_H

#include "import/give.h"
#include "import/pim/lines.h"
#include "valise/base/spool.h"

/*
 * What read_ics and read_vcf have in common: a file is spooled while its lines are looked at;
 * its objects (events, tasks, cards) are noted by their places, and then given, those of one
 * UID together.
 */
enum { PIM_DEPTH = 16, PIM_KEY = 16, PIM_UID_MAX = 1000 };

struct pim_object {
	uint64_t from, to; /* in the spool */
	uint64_t head_to, tail_from; /* where its BEGIN ends and its END begins */
	uint64_t first; /* where the first object of the same UID begins */
	uint64_t instance; /* of an override, what tells it from the others; 0: none */
	int64_t changed; /* LAST-MODIFIED or REV as 20240131235959; 0: unknown */
	uint32_t sequence;
	uint32_t calendar, zones; /* of ics.c */
	uint8_t key[PIM_KEY]; /* of the UID; without one, of the octets */
	bool has_uid;
	char *uid; /* NULL: none, or longer than PIM_UID_MAX */
	/* Its first line UID, where that is longer than a line is looked at; else 0. */
	uint64_t uid_from, uid_to;
};

struct pim {
	struct import_file *f;
	struct import_box *box;
	struct spool spool;
	struct pim_lines lines;
	char *open[PIM_DEPTH]; /* names of what is open, capitals */
	int depth;
	int object_depth; /* of the object that is open; -1: none is */
	struct pim_object object; /* that one */
	struct pim_object *objects;
	size_t n, cap;
	uint64_t stray; /* lines that belong to nothing */
	bool broken; /* an object ended before its END */
	uint64_t equal; /* objects that were there twice, octet for octet */
	uint64_t older; /* others of one UID that are not the newest */
	uint64_t named; /* those that got a UID */
	/* of what is being written: its last octet */
	char last;
};

/* What to do with a BEGIN, with an END, with a property; depth: without the line itself. */
struct pim_ops {
	void (*begin)(struct pim *p, const struct pim_line *l, const char *name);
	void (*end)(struct pim *p, const struct pim_line *l, const char *name);
	void (*property)(struct pim *p, const struct pim_line *l);
};

void pimfile_init(struct pim *p, struct import_file *f, struct import_box *b);
void pimfile_clear(struct pim *p);
/* Read the whole file. What is wrong with it is told; an error costs the run. */
int pimfile_read(struct pim *p, const struct pim_ops *ops, struct err *err) MUST_CHECK;

/* An object begins with ${l}; its UID and so on; it ends with ${l}, or is broken. */
void object_begin(struct pim *p, const struct pim_line *l);
void object_property(struct pim *p, const struct pim_line *l);
void object_end(struct pim *p, const struct pim_line *l);
/* The UID of its line that is longer than a line is looked at, if it has one and that is one. */
int object_long_uid(struct pim *p, struct pim_object *o, struct err *err) MUST_CHECK;

/* A text value as one line of UTF-8, its escapes resolved; the caller frees. */
char *pim_line_text(const struct pim_line *l);

/* Those of one UID in a row (first), of these those of one instance, the newest first. */
int objects_sort(struct pim *p, struct err *err) MUST_CHECK;
/*
 * Of the ${n} objects of one UID at ${o}, as objects_sort leaves them: moves the newest of each
 * instance to the front, in the order of the file, how many; behind them what differs from
 * these, *older_out; what is the same octet for octet is left out.
 */
int objects_pick(struct pim *p, struct pim_object *o, size_t n, size_t *newest_out,
        size_t *older_out, struct err *err) MUST_CHECK;

/* Writing an item: octets of the spool, a text; a line end where the last octet is none. */
int pimfile_copy(struct pim *p, uint64_t from, uint64_t to, struct err *err) MUST_CHECK;
int pimfile_text(struct pim *p, const char *text, struct err *err) MUST_CHECK;
int pimfile_line_end(struct pim *p, struct err *err) MUST_CHECK;
/* Is the file one object with its UID and nothing else? It is kept octet for octet. */
bool pimfile_whole(const struct pim *p);
/* The line "UID:..." of an object that has none. */
int pimfile_uid_line(struct pim *p, const struct pim_object *o, struct err *err) MUST_CHECK;
/* What was written is this object's; ${older}: another version of it has its name. */
int pimfile_item(struct pim *p, const struct pim_object *o, bool older, struct err *err) MUST_CHECK;
/* What people should know at the end. ${what}: "event", "card". */
void pimfile_tell(struct pim *p, const char *what);

#endif
