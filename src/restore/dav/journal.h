#ifndef VALISE_RESTORE_DAV_JOURNAL_H
#define VALISE_RESTORE_DAV_JOURNAL_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include "valise/base/err.h"
#include "valise/base/hash.h"

/*
 * What earlier restores of an archive brought to a DAV target: one record a resource, in
 * a file of tree/journal.h. A record is a claim: it counts as long as the server lists
 * the resource with the same ETag.
 *   {"archive":<id>}   what follows belongs to this archive
 *   {"e":<etag>,"g":<grade>,"h":<sha256 in the archive>,"i":<UID>,"m":<sha256 in the
 *   archive of the version that is there: a restore stored it, or it was equal>,"n":<number
 *   of the snapshot that this is of>,"p":true for one of several objects of the item,
 *   "s":<digest_text() of what the server holds>,"t":<UID there, where it is another>,
 *   "u":<URL>,"x":<differences>}   a later record of a URL stands for the earlier one
 *   {"c":<collection of the archive>,"u":<URL>}   where its items went
 *   {"o":<URL>}   a second copy that was there before the first restore of this archive
 *   {"n":<number>}   the newest snapshot that a restore has read so far
 */
struct put_record {
	char *url, *etag, *uid, *held_uid,
	        *differences; /* uid, held_uid, differences: may be NULL */
	uint8_t archived[SHA256_LEN], held[SHA256_LEN];
	int grade; /* enum content_grade */
	/* what is there is this version of the item, as this snapshot had it; or not */
	bool has_version;
	uint8_t version[SHA256_LEN];
	unsigned version_of;
	bool part; /* one of several objects of the item */
};

struct put_journal;
/* ${path} NULL: nothing is remembered. ${dry}: read only, and a missing file is empty. */
int put_journal_open(const char *path, const char *archive_id, bool dry, struct put_journal **out,
        struct err *err) MUST_CHECK;
void put_journal_free(struct put_journal *j);
/*
 * What an earlier run, or this one, said of the resource whose URL has this key; lent,
 * NULL: nothing.
 */
const struct put_record *put_journal_find(const struct put_journal *j, uint64_t url_key);
/* Each of them, until ${fn} returns another number than 0, which is the result. */
int put_journal_each(const struct put_journal *j,
        int (*fn)(void *ctx, const struct put_record *rec, struct err *err), void *ctx,
        struct err *err) MUST_CHECK;
/* A record for the next batch; without an ETag it would be no use and is dropped. */
void put_journal_add(struct put_journal *j, const struct put_record *rec);
/* Has an earlier run brought anything to this target? */
bool put_journal_is_new(const struct put_journal *j);
/* The URL of the collection that an earlier run chose, or NULL; lent. */
const char *put_journal_place(const struct put_journal *j, const char *collection);
void put_journal_add_place(struct put_journal *j, const char *collection, const char *url);
/* A second copy that the first run found. */
bool put_journal_had(const struct put_journal *j, uint64_t url_key);
void put_journal_add_had(struct put_journal *j, const char *url);
/*
 * A restore reads the snapshot of this number (0: not known). And what ${p} is of, does it
 * come before that, and that not before what any restore has read?
 */
void put_journal_begin(struct put_journal *j, unsigned snapshot);
bool put_journal_is_older(
        const struct put_journal *j, const struct put_record *p, unsigned snapshot);
int put_journal_commit(struct put_journal *j, struct err *err) MUST_CHECK;

#endif
