#ifndef RESTORE_MAPI_JOURNAL_H
#define RESTORE_MAPI_JOURNAL_H

#include "restore/journal_file.h"
#include "valise/base/hash.h"
#include "valise/proto/mapi/store.h"

/*
 * What a restore to MAPI remembers (restore/journal_file.h): {"c":COLLECTION,"u":ID}, the folder
 * that a collection of the archive went to; {"c":COLLECTION,"h":SHA-256,"m":ID}, the message that
 * an item became, with "x" where it is not as it was sent: how; {"o":ID}, a message that was there
 * too often before the first restore. The archive is written with the GUIDs of the mailbox. Ids are
 * 16 hexadecimal digits. A COLLECTION is written "mail: INBOX".
 */
struct mapi_journal;
int mapi_journal_open(const char *path, const char *archive_id, bool dry, struct mapi_journal **out,
        struct err *err) MUST_CHECK;
void mapi_journal_free(struct mapi_journal *j); /* NULL is fine */
/* Has an earlier run brought anything to this target? */
bool mapi_journal_is_new(const struct mapi_journal *j);
/* 0: not known. */
mapi_id mapi_journal_place(const struct mapi_journal *j, const char *collection);
void mapi_journal_add_place(struct mapi_journal *j, const char *collection, mapi_id folder);

struct noted {
	uint32_t collection;
	uint8_t sha256[SHA256_LEN];
	mapi_id id;
	char *differs; /* or NULL */
	uint32_t number; /* the later one of an id counts */
};
/* What earlier runs noted of a collection, by SHA-256; lent. */
size_t mapi_journal_items(
        const struct mapi_journal *j, const char *collection, const struct noted **out);
/* For the next run. */
void mapi_journal_add(struct mapi_journal *j, const char *collection,
        const uint8_t sha256[SHA256_LEN], mapi_id id, const char *differs);
bool mapi_journal_had(const struct mapi_journal *j, mapi_id id);
void mapi_journal_add_had(struct mapi_journal *j, mapi_id id);
int mapi_journal_commit(struct mapi_journal *j, struct err *err) MUST_CHECK;

#endif
