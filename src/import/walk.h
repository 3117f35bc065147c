#ifndef IMPORT_WALK_H
#define IMPORT_WALK_H

#include "import/run.h"

/* The way of an import through its files: import.c walks, take.c reads what is there. */

enum { SIDE_MAX = 1 << 20 }; /* octets of a text beside mail */

/* One PATH, or a zip or tar file that lies in one. */
struct root {
	struct import_files *files;
	struct import_seen seen;
	char *name;
	char *own; /* the place of the archive that is written, if it is below; or NULL */
};

struct walk {
	struct import_run *run;
	struct root *roots;
	size_t n, cap;
	struct root *at; /* the one in work */
	char *packed; /* a zip or tar file in a folder: what its names are below; or NULL */
	bool looking; /* the first time: names alone */
};

/*
 * A file whose first octets were read, from its beginning again; what is read is counted.
 */
struct again {
	struct import_file base;
	struct import_file *from;
	struct progress *progress;
	uint8_t head[IMPORT_HEAD];
	size_t n, at;
	struct err why; /* what is wrong with the file behind its first octets; 0: nothing */
	bool inner; /* octets of ${from} are not those of a file on disk */
};
int again_open(struct again *a, struct import_file *from, struct progress *progress,
        struct err *err) MUST_CHECK;

/* take.c */
/* Read the file and give what it holds. */
int take_file(struct walk *w, struct import_file *f, struct err *err) MUST_CHECK;
/* A file that holds nothing of an account: counted, and named where that is worth a word. */
void take_ignore(struct walk *w, const struct import_file *f, const char *why);
bool take_is_subscribed(const struct import_seen *s, const char *name, const char *into);

/* Is it by its name a zip or tar file? */
bool take_may_be_packed(const char *name);

/* import.c: a zip or tar file in a folder is looked into, too. */
int walk_packed(struct walk *w, const struct import_file *f, struct err *err) MUST_CHECK;

#endif
