#ifndef VALISE_RESTORE_IMAP_JOURNAL_H
#define VALISE_RESTORE_IMAP_JOURNAL_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include "valise/base/err.h"
#include "valise/base/hash.h"

/*
 * What earlier restores of an archive brought to a target: one record a message, in a
 * file of tree/journal.h. A record is a claim that is held against what the mailbox
 * really has.
 *   {"archive":<id>}   what follows belongs to this archive
 *   {["a":<UID>,]"c":<mailbox of the archive>,"d":<INTERNALDATE, UTC>,"f":<flags>,
 *   "h":<sha256>,"k":<keywords>,["l":<labels>,]"m":<mailbox of the target>,["n":<flags
 *   and keywords that the target did not keep>,]["q":true,]["r":<form>,]"s":<UID in the
 *   archive>,"u":<UID on the target>,"v":<UIDVALIDITY there>[,"z":<UID>]}
 *   {"c":<mailbox of the archive>,"t":<mailbox of the target>}   where it was put, if its
 *   name alone does not say so
 *   {"b":<UID>,"m":<mailbox of the target>,"v":<UIDVALIDITY, 0: it was made by that
 *   restore>}   the first plan saw it: older messages were there before
 *   {["e":true,]"m":<mailbox of the target>,"o":<time, UTC>}   messages went out to it,
 *   until "o":0 says that it is known what became of them, and "e" that it was looked
 *   whether they are as they were sent
 * "q": the target was seen to have other octets than were sent.
 * "r" (form_code of the IMAP target) is there if the target holds the message in another
 * form.
 * "u":0 with "a" and "z": the target took the message and shows it in no form that could
 * be recognised; it has one of the UIDs from "a" to "z".
 * "c" of messages: older versions did not write it.
 * A later record of the same mailbox, UIDVALIDITY and UID stands for the earlier one, and
 * so does one of the same message of the archive.
 */
struct kept {
	uint8_t sha256[SHA256_LEN];
	int64_t date_utc;
	uint32_t uidvalidity, uid; /* on the target; uid 0: it is one of from .. to */
	uint32_t from, to;
	uint32_t src_uid;
	uint32_t box; /* number of the mailbox, private */
	uint32_t order; /* private */
	uint16_t flags;
	uint16_t form; /* 0: as it is */
	bool octets; /* the target has other ones than were sent */
	const char *source; /* mailbox of the archive; NULL: not known */
	char *keywords; /* sorted, separated by one blank; NULL: none */
	char *lacks; /* the same: flags and keywords that the target did not keep */
	char *labels; /* the same, as labels.c has them */
};

struct kept_journal;

/* ${path} NULL: nothing is remembered. ${dry}: read only, and a missing file is empty. */
int kept_open(const char *path, const char *archive_id, bool dry, struct kept_journal **out,
        struct err *err) MUST_CHECK;
void kept_free(struct kept_journal *k);
/* The records that an earlier run left for a mailbox, ascending by UID; lent. */
const struct kept *kept_of(
        const struct kept_journal *k, const char *mailbox, uint32_t uidvalidity, size_t *n_out);
/*
 * Where the mailbox ${name} of the archive was put (kept_place), as shown; NULL: not
 * known. Lent. ${k} is a struct kept_journal.
 */
const char *kept_place_of(const void *k, const char *name);
/* Becomes durable with the first message that is put there. Thread-safe. */
void kept_place(struct kept_journal *k, const char *name, const char *shown);
bool kept_any(const struct kept_journal *k);
/*
 * The mailbox of the archive whose message was the last one that came to ${mailbox}; NULL:
 * not known. Lent.
 */
const char *kept_source_of(const struct kept_journal *k, const char *mailbox);
/* The mailboxes that have records; lent. */
const char *const *kept_mailboxes(const struct kept_journal *k, size_t *n_out);
/*
 * The first UID that a message may have that a restore of this archive brought there, as
 * the first plan noted it; 0: it did not.
 */
uint32_t kept_first(const struct kept_journal *k, const char *mailbox, uint32_t uidvalidity);
/* Note that; becomes durable with the next record of a message. Thread-safe. */
void kept_begin(struct kept_journal *k, const char *mailbox, uint32_t uidvalidity, uint32_t first);
/*
 * When an earlier run sent messages there of which it did not learn what became; 0: none.
 */
int64_t kept_out_since(const struct kept_journal *k, const char *mailbox);
/*
 * Messages go out at ${now}; 0: what became of them is known, and (${seen}) somebody has
 * looked at all that was brought there. Outlives the process, not a power loss.
 * Thread-safe.
 */
int kept_out(struct kept_journal *k, const char *mailbox, int64_t now, bool seen,
        struct err *err) MUST_CHECK;
/*
 * Did an earlier run bring messages there of which nobody has looked yet whether they are
 * as they were sent?
 */
bool kept_unseen(const struct kept_journal *k, const char *mailbox);
/* Make records durable, as one batch. Thread-safe. */
int kept_put(struct kept_journal *k, const char *mailbox, const struct kept *list, size_t n,
        struct err *err) MUST_CHECK;

#endif
