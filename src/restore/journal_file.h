#ifndef VALISE_RESTORE_JOURNAL_FILE_H
#define VALISE_RESTORE_JOURNAL_FILE_H

#include <stdbool.h>
#include "valise/base/buf.h"
#include "valise/tree/journal.h"

/*
 * A record whose members have names of one letter, read several times as fast as by a
 * parser: by letter, text (NULL: none; who wants to keep it takes it out), number and truth.
 */
enum { FLAT_OTHER = 26, FLAT_SLOTS };
struct flat_record {
	char *text[FLAT_SLOTS];
	int64_t number[FLAT_SLOTS];
	bool has_number[FLAT_SLOTS], is_true[FLAT_SLOTS];
};
#define FLAT(letter) ((letter) - 'a')
/*
 * False if it is no flat object; members with other names count for nothing. To be cleared in
 * any case.
 */
bool flat_read(const char *json, size_t n, struct flat_record *out) MUST_CHECK;
void flat_clear(struct flat_record *r);

/*
 * The file of a restore journal (tree/journal.h): {"archive":<id>} says whose records
 * follow; those of other archives are passed over.
 */
struct journal_file {
	const char *archive_id; /* "" where there is none */
	/* one of these gets the records: parsed, or as flat ones */
	int (*replay)(void *ctx, const json_t *record, struct err *err);
	int (*replay_flat)(void *ctx, struct flat_record *record, struct err *err);
	void *ctx;
	struct journal *journal; /* NULL: nothing is to be written */
	bool ours; /* the records being read belong to this archive */
};

/*
 * Read the file at ${path} (NULL: there is none), for writing too but with ${dry}.
 * ${archive_id} may be NULL, and is borrowed.
 * f->journal is to be freed, also after an error.
 */
int journal_file_open(struct journal_file *f, const char *path, const char *archive_id, bool dry,
        struct err *err) MUST_CHECK;

/*
 * A record is written by hand, "{" first, its members in the order of their names: one
 * more of them; no ${text}, none.
 */
void record_text(struct buf *b, const char *name, const char *text);
void record_number(struct buf *b, const char *name, int64_t number);

/* Where collections of the archive went. Zeroed: empty. */
struct chosen {
	struct choice {
		char *name, *to;
	} * list;
	size_t n, cap;
};
/* The last word on a collection stands. */
void chosen_set(struct chosen *p, const char *name, const char *to);
const char *chosen_get(const struct chosen *p, const char *name); /* NULL: not known */
void chosen_clear(struct chosen *p);

#endif
