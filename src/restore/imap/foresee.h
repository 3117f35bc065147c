#ifndef VALISE_RESTORE_IMAP_FORESEE_H
#define VALISE_RESTORE_IMAP_FORESEE_H

#include "valise/restore/predict.h"
#include "valise/tree/model.h"

/*
 * Pure decisions about what an IMAP server may refuse or change, without one. The servers that the
 * thresholds come from: docs/RESTORE.md.
 */

/*
 * Kinds as bits, 1 << PREDICT_x, of a message: by the catalog, MEND_x that would change it, and its
 * beginning, ${n} octets of ${head}; ${whole}: that is all of it.
 */
unsigned foresee_message(const struct tree_item *it, unsigned flaws, const char *head, size_t n,
        bool whole, int64_t now);
/* For people: "it holds NUL". */
const char *foresee_text(enum predict what);
/* Why a mailbox of this name (UTF-8, '/' between levels) may not be made so; NULL: it will be. */
const char *foresee_name(const char *content, char delimiter);
/* Why a keyword may not be kept, though the mailbox takes new ones; NULL: it will be. */
const char *foresee_keyword(const char *word);
enum { FORESEE_KEYWORDS = 26 }; /* so many of a mailbox all servers keep */

#endif
